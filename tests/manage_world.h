/* A device in a test with its resources, and clients that send it datagrams: what they get is taken apart here, with
 * nothing of what the device has made it with.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_MANAGE_WORLD_H
#define TESTS_MANAGE_WORLD_H

#include "atto/manage.h"
#include "deploy_world.h"

#define MANAGE_BLOCK 256u /* largest that the device sends */

struct manage_world {
    struct atto_manage manage;
    struct atto_manage_config config;
    struct atto_coap_server server;
    struct atto_coap_config server_config;
    struct atto_port port;
    struct atto_coap_exchange exchanges[6];
    struct atto_coap_observer observers[3];
    struct atto_coap_transfer transfers[2];
    uint32_t seen[DEPLOY_COMPONENTS];
    uint8_t out[ATTO_COAP_OUT_BYTES(MANAGE_BLOCK)];
    uint16_t next_id;
    uint32_t sent; /* datagrams from the device */
    /* The last one, and what is in it. */
    uint8_t datagram[sizeof(uint8_t[ATTO_COAP_OUT_BYTES(MANAGE_BLOCK)])];
    struct atto_coap_message message;
    uint8_t to; /* which client */
    uint32_t format, max_age_s, block1, block2, size1, observe; /* UINT32_MAX: no such option */
    /* A representation put together. */
    uint8_t whole[2048];
    uint32_t whole_len;
};
extern struct manage_world mw;

/* A device with its tenants, and acme's container "blink", which is served (PROGRAM_SERVED). Reading is open. */
void manage_begin(void);
/* The same without container. */
void manage_begin_empty(void);
/* Power goes and comes back. */
void manage_reset(void);

/* A request. Path with a query as in a URI. */
struct manage_ask {
    uint8_t client; /* its number: 0 or another one */
    uint8_t method;
    const char *path;
    uint32_t format; /* content format and 1; 0: none */
    const void *payload;
    uint32_t len;
    uint32_t block1, block2, observe; /* value of the option and 1; 0: none */
};
/* Sends it; the answer's code, 0 if there was none. */
uint32_t manage_ask(const struct manage_ask *ask);
#define ASK(...) manage_ask(&(struct manage_ask){ __VA_ARGS__ })
/* GETs all blocks into mw.whole. The code. */
uint32_t manage_get(const char *path);
/* Sends a payload in blocks of 16 << szx bytes, whatever the device says, until it refuses. The last code. */
uint32_t manage_send(uint8_t client, const char *path, const void *payload, uint32_t len, uint32_t szx);
/* Sends one block of a payload. */
uint32_t manage_send_block(uint8_t client, const char *path, const void *payload, uint32_t len, uint32_t szx,
                           uint32_t at);

/* Sends a command on a container as a whole. The code. */
uint32_t manage_order(const char *path, uint8_t method, const char *tenant, enum atto_command_operation operation,
                      const char *owner, const char *container, const void *more, uint32_t len);
/* FETCHes with a READ of `name`, signed by a tenant, with the key of another one. */
uint32_t manage_read(const char *path, const char *name, const char *tenant, const struct atto_key *key);

/* Lets the device run for so long. */
void manage_run(uint32_t ms);

/* The diagnostic payload is this text, or begins with these words. */
bool manage_says(const char *text);

/* ---- looking at CBOR ---- */

/* Walks in mw.whole (after manage_get) or in the last payload: `keys`, each a key of a map or an index of an array,
 * ends with LOOK_END. NULL: there is no such thing. */
#define LOOK_END INT32_MAX
const uint8_t *look(const int32_t *keys);
#define LOOK(...) look((const int32_t[]){ __VA_ARGS__ __VA_OPT__(,) LOOK_END })
/* What is there: a number (INT64_MIN: none), the count of an array or map (-1), the text (compared), the length of a
 * string. */
int64_t look_number(const uint8_t *at);
int32_t look_count(const uint8_t *at);
bool look_text(const uint8_t *at, const char *text);
bool look_bytes(const uint8_t *at, const void *bytes, uint32_t len);
/* One item from the beginning of what is looked at to its end, in deterministic encoding? */
bool look_is_sound(void);

#endif
