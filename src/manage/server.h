/* What the files of the CoAP server share. A request is answered in one go, a turn: its options are read, the handler
 * makes a reply, and the reply is made a message in `out`; nothing of a turn outlives the call. A notification is the
 * turn of a request that came long ago.
 *
 * What does outlive it is entries of the tables: who it is about, what state that is in, and when it goes on. Times are
 * counted in units of 1024 us, in 32 bits: a time has come if it is not ahead of now by less than half of the range.
 * Each tick pulls times that have come up to now, so that none of them ever looks as if it were to come.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_MANAGE_SERVER_H
#define ATTO_MANAGE_SERVER_H

#include "atto/coap_server.h"

#define TIME_OF_MS(ms) ((uint32_t)((uint64_t)(ms)*1000u / 1024u))
#define TIME_OF_S(s) TIME_OF_MS((s)*1000u)
#define LONGEST_TIME 0x40000000u /* about 12 days */

/* States of entries. Over QUIET, something is to be done when it is due. */
#define FREE 0u
#define QUIET 1u
#define WAITS 2u   /* for something else than an acknowledgement */
#define UNACKED 4u /* in addition: its last message is to be acknowledged; if not, it is sent again */
#define KEPT 8u    /* its end is due */

/* Where entries are; the requester is a table of one. */
enum table { EXCHANGES, OBSERVERS, TRANSFERS, REQUESTER };

struct turn;

/* The entry after that one, NULL: the first one. peer: skips what is free or another's; NULL: skips nothing. NULL if
 * there is none. */
struct atto_coap_entry *atto_coap_each(const struct atto_coap_server *server, enum table table,
                                       const struct atto_coap_peer *peer, void *after);

/* It is the peer's from now on, in this state, and due after this time. */
void atto_coap_hold(const struct turn *turn, struct atto_coap_entry *entry, uint32_t state, uint32_t lasts);

uint32_t atto_coap_now(const struct atto_coap_server *server);
uint16_t atto_coap_new_id(struct atto_coap_server *server);

/* As atto_coap_server_tick, which wants to be called again after this time at the latest. */
uint64_t atto_coap_tick(struct atto_coap_server *server, uint32_t next);

/* A confirmable message is sent now, after `tries` times before: it is due when it has to be sent again. */
void atto_coap_confirm(const struct atto_coap_server *server, struct atto_coap_entry *entry);

/* Sends what is in `out`. */
void atto_coap_send_out(const struct atto_coap_server *server, const struct atto_coap_peer *peer, uint32_t len);

/* Sends a message that is a header alone. */
void atto_coap_send_empty(const struct atto_coap_server *server, const struct atto_coap_peer *peer,
                          enum atto_coap_type type, uint32_t id);

/* The hash (FNV-1a) of what gave `hash` before, followed by these bytes; to begin with, any number. */
uint32_t atto_coap_hash(uint32_t hash, const void *bytes, uint32_t len);

bool atto_coap_is_text(const struct atto_span *span, const char *text);

/* Options by their place in ATTO_COAP_OPTION_TABLE: ASKED_ETAG... */
enum asked_option {
#define ASKED_OPTION(name, number, min, max, many) ASKED_##name,
    ATTO_COAP_OPTION_TABLE(ASKED_OPTION)
#undef ASKED_OPTION
    ASKED_COUNT
};
#define ABSENT UINT32_MAX

struct turn {
    const struct atto_coap_message *message; /* the request */
    uint8_t type;    /* of the answer, and its id */
    bool is_safe;    /* the request can be answered again, and its answer has blocks */
    uint16_t id;
    uint8_t refusal; /* code to refuse the request with; 0: none */
    struct atto_coap_transfer *transfer; /* NULL: the payload is whole */
    uint32_t observe; /* sequence number of the answer; ABSENT: it does not say that the client observes */
    uint32_t key;     /* hash of what names the target and, where it has a Request-Tag, the transfer; of a response: of
                         its code and entity tag */
    struct atto_coap_reply reply;
    struct atto_coap_block block2;
    struct atto_coap_request request;
    uint32_t asked[ASKED_COUNT]; /* options as integers, the last of each; ABSENT: not there */
};

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
/* No further block will come. */
void atto_coap_transfer_due(const struct atto_coap_server *server, struct atto_coap_transfer *transfer);

/* After the handler: registers whoever has asked to observe, or forgets him. */
void atto_coap_observe(struct turn *turn);
/* It is time for a notification: the last one again, or another. */
void atto_coap_observer_due(struct atto_coap_server *server, struct atto_coap_observer *observer, bool again);

#endif
