/* What the files of the CoAP server share. A request is answered in one go, a turn: its options are read, the handler
 * makes a reply, and the reply is made a message in `out`; nothing of a turn outlives the call. A notification is the
 * turn of a request that came long ago.
 *
 * Times are counted in units of 1024 us, in 32 bits: a time has come if it is not ahead of now by less than half of the
 * range. Each tick pulls times that have come up to now, so that none of them ever looks as if it were to come.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_MANAGE_SERVER_H
#define ATTO_MANAGE_SERVER_H

#include "atto/coap_server.h"

#define TIME_OF_MS(ms) ((uint32_t)((uint64_t)(ms)*1000u / 1024u))
#define TIME_OF_S(s) TIME_OF_MS((s)*1000u)
#define LONGEST_TIME 0x40000000u /* about 12 days */

/* Options by their place in ATTO_COAP_OPTION_TABLE: ASKED_ETAG... */
enum asked_option {
#define ASKED_OPTION(name, number, min, max, many) ASKED_##name,
    ATTO_COAP_OPTION_TABLE(ASKED_OPTION)
#undef ASKED_OPTION
    ASKED_COUNT
};
#define ABSENT UINT32_MAX

struct turn {
    const struct atto_coap_message *message; /* the request; its type, id and token are those of the answer */
    uint32_t asked[ASKED_COUNT];             /* options as integers, the last of each; ABSENT: not there */
    uint32_t refusal; /* code to refuse the request with; 0: none */
    uint32_t observe; /* sequence number of the answer; ABSENT: it does not say that the client observes */
    uint32_t key;     /* hash of what names the target and, where it has a Request-Tag, the transfer; of a response: of
                         its code and entity tag */
    struct atto_coap_block block1, block2;
    struct atto_coap_request request;
    struct atto_coap_reply reply;
};

/* When the next thing is due, as a look through all of them finds it. */
struct agenda {
    uint32_t now, next; /* next: from now on */
};

/* Has this time come? If so, it becomes now. */
bool atto_coap_has_come(const struct agenda *agenda, uint32_t *time);

/* Something is due at this time. */
void atto_coap_note(struct agenda *agenda, uint32_t time);

uint32_t atto_coap_now(const struct atto_coap_server *server);
bool atto_coap_same_peer(const struct atto_coap_peer *one, const struct atto_coap_peer *other);
uint16_t atto_coap_new_id(struct atto_coap_server *server);

/* When a confirmable message that is sent now, after `tries` times before, has to be sent again. */
uint32_t atto_coap_retry_at(const struct atto_coap_server *server, uint32_t tries);

/* Sends a message that is a header alone. */
void atto_coap_send_empty(const struct atto_coap_server *server, const struct atto_coap_peer *peer,
                          enum atto_coap_type type, uint16_t id);

/* May one more exchange wait for a later answer? If it must be, one whose answer was sent more than once, and not heard
 * of, is given up for it. */
bool atto_coap_can_wait(const struct atto_coap_server *server);

/* The hash (FNV-1a) of what gave `hash` before, followed by these bytes. */
#define HASH_START 2166136261u
uint32_t atto_coap_hash(uint32_t hash, const void *bytes, uint32_t len);

/* Begins a turn: reads the request's options. The client reads a response by it. */
void atto_coap_turn_begin(struct turn *turn, struct atto_coap_server *server, const struct atto_coap_peer *peer,
                          const struct atto_coap_message *message);

/* Ends it: makes a message of the reply, in `out`, and answers its length. Where conditions of the request ask for
 * another code, the reply has that then. */
uint32_t atto_coap_turn_end(struct turn *turn);

/* Block1, before the handler: fills in the request's piece. Answers 0; 2.31 if there is nothing to do; or the code to
 * refuse it with, and for 5.03 when to come again. */
uint32_t atto_coap_block1_piece(struct turn *turn);
/* And after it. */
void atto_coap_block1_answered(struct turn *turn);
void atto_coap_block1_tick(struct atto_coap_server *server, struct agenda *agenda);

/* After the handler: registers whoever has asked to observe, or forgets him. */
void atto_coap_observe(struct turn *turn);

/* An ACK or RST has come. False: it is not for a notification. */
bool atto_coap_observer_heard(struct atto_coap_server *server, const struct atto_coap_peer *peer, uint16_t id,
                              bool is_reset);
void atto_coap_observe_tick(struct atto_coap_server *server, struct agenda *agenda);

#endif
