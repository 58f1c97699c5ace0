/* What the files of the CoAP server share. A request is answered in one go: its options are read (struct asked), the
 * handler makes a reply, and the reply is made a message in `out`; nothing of that outlives the call.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_MANAGE_SERVER_H
#define ATTO_MANAGE_SERVER_H

#include "atto/coap_server.h"

#define NOT_OBSERVED UINT32_MAX

/* What the options of a request ask for. */
struct asked {
    uint32_t refusal; /* code to refuse it with; 0: none */
    uint32_t observe; /* value of the option; NOT_OBSERVED: it is not there */
    uint32_t key;     /* hash of what names the target and, where it has a Request-Tag, the transfer */
    bool has_block1, has_block2, wants_size;
    struct atto_coap_block block1, block2;
};

/* How an answer goes out. */
struct envelope {
    const struct atto_coap_peer *peer;
    const uint8_t *token;
    uint32_t token_len;
    enum atto_coap_type type;
    uint16_t id;
    uint32_t observe; /* sequence number; NOT_OBSERVED: no such option */
};

/* The hash (FNV-1a) of what gave `hash` before, followed by these bytes. */
#define ATTO_COAP_HASH_START 2166136261u
uint32_t atto_coap_hash(uint32_t hash, const void *bytes, uint32_t len);

bool atto_coap_same_peer(const struct atto_coap_peer *one, const struct atto_coap_peer *other);
uint64_t atto_coap_now(const struct atto_coap_server *server);
uint16_t atto_coap_new_id(struct atto_coap_server *server);

/* When a confirmable message that is sent now, after `tries` times before, has to be sent again. */
uint64_t atto_coap_retry_at(const struct atto_coap_server *server, uint32_t tries);

/* May one more exchange wait for a later answer? If it must be, one whose answer was sent more than once, and not heard
 * of, is given up for it. */
bool atto_coap_can_wait(const struct atto_coap_server *server);

/* Sends a message that is a header alone. */
void atto_coap_send_empty(const struct atto_coap_server *server, const struct atto_coap_peer *peer,
                          enum atto_coap_type type, uint16_t id);

/* A request with these options, before they are read; its payload in one piece. */
void atto_coap_begin_request(struct atto_coap_request *request, const struct atto_coap_peer *peer, uint32_t code,
                             struct atto_coap_options options, struct atto_span payload);

/* Reads the options of request->all, and fills in of the request what they say. */
void atto_coap_read_options(struct atto_coap_request *request, struct asked *asked);

/* A reply before the handler has seen it. */
void atto_coap_begin_reply(struct atto_coap_server *server, struct atto_coap_reply *reply, const struct asked *asked);

/* Makes a message of a reply, in `out`, and answers its length. Where conditions of the request ask for another code,
 * the reply has that then. */
uint32_t atto_coap_compose(struct atto_coap_request *request, const struct asked *asked, struct atto_coap_reply *reply,
                           const struct envelope *envelope);

/* Block1, before the handler: fills in the request's piece. Answers 0; 2.31 if there is nothing to do; or the code to
 * refuse it with, and for 5.03 in how many seconds to come again. */
uint32_t atto_coap_block1_piece(struct atto_coap_server *server, struct atto_coap_request *request,
                                const struct asked *asked, uint32_t *wait_s);
/* And after it. */
void atto_coap_block1_answered(struct atto_coap_server *server, const struct atto_coap_request *request,
                               struct atto_coap_reply *reply);
uint64_t atto_coap_block1_tick(struct atto_coap_server *server);

/* Registers whoever has asked to observe. False: there is no room. */
bool atto_coap_observe(struct atto_coap_server *server, const struct atto_coap_request *request,
                       const struct asked *asked, const struct envelope *envelope, uint16_t resource);
void atto_coap_observe_no_more(struct atto_coap_server *server, const struct envelope *envelope);

/* An ACK or RST has come. False: it is not for a notification. */
bool atto_coap_observer_heard(struct atto_coap_server *server, const struct atto_coap_peer *peer, uint16_t id,
                              bool is_reset);
uint64_t atto_coap_observe_tick(struct atto_coap_server *server);

#endif
