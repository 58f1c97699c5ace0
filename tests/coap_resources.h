/* Resources for the tests of CoAP: what the handler of a firmware does, as small as it can be and with everything in it
 * that a server offers. The same run in a simulated network and behind a socket (coap_device.c).
 *
 *   /.well-known/core   links
 *   /hello              a line of text that is fresh for 5 seconds
 *   /large?size=N       N bytes that are made while they are written; 3000 without a number
 *   /store              PUT or POST bytes, GET them; at most COAP_STORE_MAX of them, of any format but text for iPATCH
 *   /count              a number that can be observed; POST counts, DELETE ends it
 *   /later              POST: answered when coap_resources_answer is called
 *   /fetch              FETCH: the payload comes back, twice
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_COAP_RESOURCES_H
#define TESTS_COAP_RESOURCES_H

#include "atto/coap_server.h"

#define COAP_STORE_MAX 5000u
#define COAP_COUNT_RESOURCE 7u
#define COAP_TRANSFERS 2u

struct coap_resources {
    struct atto_coap_server *server;
    uint32_t count, stored_len;
    uint32_t handled, writes, abandoned; /* calls of the handler; payloads stored; transfers given up */
    uint16_t ticket;                     /* of the last request for /later that waits; 0: none */
    bool count_is_gone, stays;           /* stays: payloads on their way to /store do */
    uint8_t stored[COAP_STORE_MAX];
    uint8_t coming[COAP_TRANSFERS][COAP_STORE_MAX];
    uint32_t coming_len[COAP_TRANSFERS]; /* 0: nothing comes */
};

void coap_resources_handle(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply);
void coap_resources_abandon(void *user, uint32_t transfer);

/* Answers the request for /later. */
enum atto_status coap_resources_answer(struct coap_resources *resources);

/* Byte number i of /large. */
uint8_t coap_large_byte(uint32_t i);

#endif
