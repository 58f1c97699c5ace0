/* The world of the tests of CoAP: a virtual clock, a device with the resources of coap_resources.h, and peers without
 * number that speak to it in datagrams that a test makes. Whatever the device sends is read and must be well-formed.
 *
 * A second device is a client of the first. Between the two, and only there, datagrams may get lost, come twice, late,
 * and in another order.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_COAP_WORLD_H
#define TESTS_COAP_WORLD_H

#include "atto/coap_client.h"
#include "coap_resources.h"
#include "rng.h"

#define COAP_DATAGRAM_MAX 1200u
#define COAP_FLYING_MAX 64u
#define COAP_EXCHANGES 4u
#define COAP_OBSERVERS 4u
#define COAP_SERVER 0u      /* numbers of peers: the two devices, and from 2 on everybody else */
#define COAP_CLIENT 1u

struct coap_datagram {
    uint64_t due_us; /* 0: free */
    uint32_t from, to, len;
    uint8_t bytes[COAP_DATAGRAM_MAX];
};

struct coap_device {
    struct atto_coap_server server;
    struct atto_coap_config config;
    struct atto_coap_exchange exchanges[COAP_EXCHANGES];
    struct atto_coap_observer observers[COAP_OBSERVERS];
    struct atto_coap_transfer transfers[COAP_TRANSFERS];
    uint8_t out[ATTO_COAP_OUT_BYTES(1024)];
    uint32_t number;
};

struct coap_world {
    uint64_t now_us;
    struct rng rng;
    struct atto_port port;
    struct coap_device devices[2];
    struct coap_resources resources;
    /* What the network between the devices does, once in so many datagrams; 0: never. Late: by up to 2 seconds. */
    uint32_t loses, doubles, delays;
    struct coap_datagram flying[COAP_FLYING_MAX];
    /* What the server has sent to others since the last request: how much, and the last one. */
    uint32_t heard, heard_bytes;
    struct coap_datagram last;
    struct atto_coap_message answer; /* last, read */
    /* The request that a test makes. */
    struct atto_coap_writer writer;
    uint8_t request[COAP_DATAGRAM_MAX];
};
extern struct coap_world cw;

/* Begins anew. block: most bytes of a block that the server sends; the client's are of 64 */
void coap_world_begin(uint32_t block);

struct atto_coap_peer coap_peer(uint32_t number);

/* Makes a request: token is the message id, twice. Options must be added in the order of their numbers. path: segments
 * with slashes between them, or NULL */
void coap_request(enum atto_coap_type type, uint32_t code, uint16_t id, const char *path);
void coap_option(uint32_t number, const void *bytes, uint32_t len);
void coap_option_uint(uint32_t number, uint32_t value);
void coap_block(uint32_t number, uint32_t block_number, bool more, uint32_t szx);
void coap_payload(const void *bytes, uint32_t len);

/* Sends it; what is answered at once is in cw then. */
void coap_send(uint32_t peer);
/* Sends other bytes. */
void coap_send_bytes(uint32_t peer, const void *bytes, uint32_t len);

/* A request with a path alone: GET, confirmable. */
void coap_get(uint32_t peer, uint16_t id, const char *path);

/* What the last answer has: the value of an option, COAP_ABSENT if it is not there; whether this is its payload. */
#define COAP_ABSENT UINT32_MAX
uint32_t coap_answer_uint(uint32_t number);
bool coap_answer_is(const char *text);

/* Time goes on, step by step from one thing that is due to the next, for so long. */
void coap_run(uint64_t for_us);

#endif
