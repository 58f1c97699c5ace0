/* A CoAP client (RFC 7252): requests whose payload and answer may be of any length (RFC 7959), over a network that may
 * lose, double, reorder and delay datagrams. libcoap makes, sends and takes apart single messages; what makes a
 * whole request of them, when one is sent again, and when to give up, is decided here. A request ends in an answer or
 * in "no answer"; after "no answer" nobody knows whether it has had an effect, and finding out is the caller's business
 * (remote.h).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_CLIENT_H
#define ATTO_CLI_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

#define ATTO_PATH_MAX 6u

/* Content formats of the IANA registry that are used here. */
#define ATTO_FORMAT_NONE 0xffffu
#define ATTO_FORMAT_OCTETS 42u
#define ATTO_FORMAT_COSE 18u /* application/cose; cose-type="cose-sign1" */

/* Codes as they are sent: the class in the upper three bits. */
#define ATTO_COAP_CODE(class_, detail) ((class_) * 32u + (detail))
enum { ATTO_METHOD_GET = 1, ATTO_METHOD_POST = 2, ATTO_METHOD_FETCH = 5, ATTO_METHOD_IPATCH = 7 };

struct atto_client;

struct atto_client_request {
    uint8_t method;
    const char *path[ATTO_PATH_MAX + 1]; /* its segments; NULL behind the last one */
    const char *query;                   /* NULL: none */
    uint32_t format;                     /* of the payload */
    const struct atto_buffer *payload;   /* NULL: none */
    bool progress;                       /* show how much of the payload is sent */
};

struct atto_client_response {
    uint8_t code;
    struct atto_buffer payload; /* to be freed */
};

/* Opens a way to a device.
 * uri: coap://host[:port], without a path
 * timeout_s: a device that gives no sign for so long does not answer
 * ack_ms: until a message is sent again for the first time, then twice as long each time (ACK_TIMEOUT); 0: 2000
 * NULL, reported, if it is no such URI, or its host is not known. */
struct atto_client *atto_client_open(const char *uri, uint32_t timeout_s, uint32_t ack_ms);
void atto_client_close(struct atto_client *client);

/* Is this a URI that atto_client_open takes? Says nothing about its host. */
bool atto_client_is_uri(const char *uri);

/* Sends a request and waits for the whole answer. False: none came; the payload is empty then. */
bool atto_client_request(struct atto_client *client, const struct atto_client_request *request,
                         struct atto_client_response *response);

/* Why the last request had no answer, for people: a static string. */
const char *atto_client_silence(const struct atto_client *client);

/* Asks to be told when a resource changes (RFC 7641); only one at a time. It is a hint and not more: notifications may
 * be lost, and a device may refuse, so ask for the resource itself now and then. */
void atto_client_observe(struct atto_client *client, const struct atto_client_request *request);

/* Waits until there is a notification, or for so long. */
void atto_client_wait(struct atto_client *client, uint32_t ms);

#endif
