/* A CoAP server (RFC 7252) without sockets: datagrams come in by a call, and go out by a callback. One function of the
 * firmware answers all requests. It is called with a piece of a request's payload, and writes its whole representation
 * each time; blocks (RFC 7959), duplicates, entity tags and observation (RFC 7641) are the server's business.
 *
 * All state is in the tables of the configuration, so it is bounded: a server without room says so (5.03), or forgets
 * what is oldest. Not for several threads at a time: all functions belong into one loop, or under one lock.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_COAP_SERVER_H
#define ATTO_COAP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/coap.h"
#include "atto/config.h"
#include "atto/port.h"

/* Whom a datagram is from or for: the port's own form of address and UDP port, the same bytes for the same peer. What
 * it does not use must be 0. */
struct atto_coap_peer {
    uint8_t bytes[ATTO_COAP_PEER_BYTES];
};

/* A request, or a piece of one. Everything in it lasts until the handler returns. */
struct atto_coap_request {
    const struct atto_coap_peer *peer;
    uint8_t code;            /* method: ATTO_COAP_GET to ATTO_COAP_IPATCH */
    bool last;               /* the payload is whole with this piece */
    uint8_t transfer;        /* number of the Block1 transfer that the piece belongs to; ATTO_COAP_WHOLE: the payload
                                comes in one piece, offset is 0 and last is true */
    uint32_t content_format; /* ATTO_COAP_FORMAT_NONE: not told */
    uint32_t accept;         /* ATTO_COAP_FORMAT_NONE: any */
    uint32_t size;           /* of the whole payload, as the client tells it (Size1); 0: not told */
    uint32_t offset;         /* of the piece in the payload; pieces come in order and without gaps */
    struct atto_span piece;
    struct atto_coap_options path; /* the walk over Uri-Path; the server's */
    struct atto_coap_options all;  /* a walk over all options, from the first one */
};
#define ATTO_COAP_WHOLE 0xffu

/* Is the next segment of the path this text? If so, the walk goes past it. */
bool atto_coap_path_is(struct atto_coap_request *request, const char *segment);

/* Reads the next segment of the path and goes past it. False at the end of the path. */
bool atto_coap_path_next(struct atto_coap_request *request, struct atto_span *segment);

/* Is the walk at the end of the path? One empty segment, as in coap://host/device/, does not count. */
bool atto_coap_path_ends(const struct atto_coap_request *request);

/* Looks for a query `key=value`, or `key` alone with an empty value. False if there is none; else its first value. */
bool atto_coap_query(const struct atto_coap_request *request, const char *key, struct atto_span *value);

/* What a handler answers. The fields above the line are the handler's to set, the others the server's alone. */
struct atto_coap_reply {
    uint8_t code;         /* 4.04 at first; any success is sent as 2.31 if the payload is not whole yet */
    uint8_t own_value;
    uint16_t own_option;  /* an option of the firmware's own behind all others, an integer; 0 at first: none */
    uint16_t resource;    /* which resource this is, if it can be observed; 0 at first: it cannot be */
    uint32_t format;      /* content format of what is written; ATTO_COAP_FORMAT_NONE at first */
    uint32_t max_age_s;   /* seconds for which it is fresh; ATTO_COAP_MAX_AGE_S at first */
    uint32_t limit;       /* told with 4.13: bytes of payload that would do (Size1); 0 at first: not told */
    /* -- */
    bool may_be_later;
    uint8_t szx;               /* of the window */
    uint16_t ticket;           /* not 0: the answer comes later */
    uint32_t offset, capacity; /* the window of the representation that is sent */
    uint32_t total;            /* bytes written so far */
    uint32_t hash;             /* of them */
    uint8_t *window;
    struct atto_coap_server *server;
};

/* Answers with a representation, or with success without one (format: ATTO_COAP_FORMAT_NONE): sets code and format. */
static inline void atto_coap_answer(struct atto_coap_reply *reply, enum atto_coap_code code, uint32_t format)
{
    reply->code = (uint8_t)code;
    reply->format = format;
}

/* Writes the next bytes of the representation. The whole of it must be written each time, whatever block is asked for:
 * the server picks what it sends. An answer to anything but GET and FETCH has to fit in one block
 * (atto_coap_block_bytes), else 5.00 is sent. */
void atto_coap_write(struct atto_coap_reply *reply, const void *bytes, uint32_t len);

/* Refuses: sets the code, and makes the text a diagnostic payload (section 5.5.2) in place of all that was written.
 * text: may be NULL; a static string, or as long as the handler runs */
void atto_coap_refuse(struct atto_coap_reply *reply, enum atto_coap_code code, const char *text);

/* The answer comes later, by atto_coap_server_answer: what code says then does not count. Only for requests in one
 * piece.
 * ticket: what to name the answer by; never 0. It is good for ATTO_COAP_LATER_MS, then 5.04 is sent.
 * False, and nothing has changed, if no exchange is left for it: refuse with 5.03. */
bool atto_coap_later(struct atto_coap_reply *reply, uint16_t *ticket);

/* What is known of a peer begins with this. */
struct atto_coap_entry {
    uint32_t due;
    uint8_t state, tries; /* state 0: free */
    uint16_t id; /* of the last message that was sent to it */
    struct atto_coap_peer peer;
};

/* Memory for the tables, all zero when a server begins; it is the server's alone. */
struct atto_coap_exchange { /* an answer that was given, or is to be given later */
    struct atto_coap_entry entry;
    uint16_t request_id;
    uint8_t type, len; /* type: of the request */
    uint8_t bytes[ATTO_COAP_EXCHANGE_BYTES];
};
struct atto_coap_observer { /* somebody observes a resource */
    struct atto_coap_entry entry;
    uint8_t token_len, options_len;
    uint16_t resource;
    uint32_t confirm;
    uint8_t token[ATTO_COAP_TOKEN_MAX];
    uint8_t options[ATTO_COAP_OBSERVED_BYTES];
};
struct atto_coap_transfer { /* a payload on its way, block by block */
    struct atto_coap_entry entry;
    uint32_t key;
    uint32_t next; /* offset of the block that is awaited */
};

/* What the firmware decides. Constant, and in use as long as the server. */
struct atto_coap_config {
    const struct atto_port *port; /* now_us and random at least */
    /* Sends a datagram, or loses it. bytes: until it returns. It must not call the server. */
    void (*send)(void *user, const struct atto_coap_peer *peer, const uint8_t *bytes, uint32_t len);
    /* Answers a request: sets the reply. It may be called again for the same representation at any time, for a further
     * block or an observer; `request` is then a GET or FETCH like any other. It must not call the server, but for
     * atto_coap_changed. */
    void (*handle)(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply);
    /* A Block1 transfer will not go on: what was kept of it may be dropped. Not called after the last piece, nor after
     * one that the handler has answered with an error. NULL: nothing is kept. */
    void (*abandon)(void *user, uint32_t transfer);
    void *user;
    uint8_t *out;       /* where datagrams are made */
    uint32_t out_bytes; /* at least ATTO_COAP_OUT_BYTES(16): the largest block that fits is used */
    uint8_t exchange_count; /* at least 2. At most half of them wait for later answers */
    uint8_t observer_count; /* 0: nothing can be observed */
    uint8_t transfer_count; /* 0: no payloads in blocks */
    struct atto_coap_exchange *exchanges;
    struct atto_coap_observer *observers;
    struct atto_coap_transfer *transfers;
    uint16_t own_option;    /* the first of the firmware's own options, which the handler understands */
    uint16_t own_options;   /* how many there are; 0: none. They are found in request->all */
};
/* Bytes of a datagram with a block of so many bytes: header, token, options, marker. */
#define ATTO_COAP_OUT_BYTES(block) ((block) + 48u)

/* Somebody who gets the responses that are not the server's: see atto/coap_client.h. */
struct atto_coap_requester {
    struct atto_coap_entry entry;
    /* Takes a response of the peer. False: it is not for him. */
    bool (*input)(struct atto_coap_requester *requester, const struct atto_coap_message *message);
    /* It is due. again: the last message has to be sent again; else there will be no answer. */
    void (*due)(struct atto_coap_requester *requester, bool again);
};

struct atto_coap_server {
    const struct atto_coap_config *config;
    struct atto_coap_requester *requester; /* NULL: none */
    uint32_t sequence; /* of the next notification */
    uint16_t next_id;  /* of the next message */
    uint8_t szx;       /* of the largest block that is sent */
};

/* Makes a server.
 * Returns ATTO_OK; ATTO_E_ARGUMENT (fewer than 2 exchanges, more than 254 transfers, or `out` too small). */
enum atto_status atto_coap_server_init(struct atto_coap_server *server, const struct atto_coap_config *config);

/* A datagram has come. What there is to answer is sent before this returns. Any bytes may be given, but not in the
 * memory of the configuration's `out`. */
void atto_coap_server_input(struct atto_coap_server *server, const struct atto_coap_peer *peer, const uint8_t *bytes,
                            uint32_t len);

/* Sends what is due (notifications, retransmissions) and forgets what is over. Returns when it wants to be called next,
 * in the port's microseconds: a time that has passed if something is due now, one in twelve days if only another call
 * can make something due. To be called after every other call of the server, and again at that time. */
uint64_t atto_coap_server_tick(struct atto_coap_server *server);

/* The resource with this number has changed: who observes it is notified by the next tick that is due for him. 0: all
 * that are observed, and who does has to acknowledge it.
 * May be called from a handler. */
void atto_coap_changed(struct atto_coap_server *server, uint16_t resource);

/* Sends an answer that atto_coap_later has put off, again and again until it is acknowledged, if the request was
 * confirmable.
 * payload: copied; NULL if len is 0
 * Returns ATTO_OK; ATTO_E_NOT_FOUND (the ticket is not good, or not any more); ATTO_E_ARGUMENT (over
 * ATTO_COAP_LATER_MAX bytes; the ticket stays good). */
enum atto_status atto_coap_server_answer(struct atto_coap_server *server, uint16_t ticket, enum atto_coap_code code,
                                         uint32_t format, const void *payload, uint32_t len);
/* Header, token, content format and marker take the rest of an exchange. */
#define ATTO_COAP_LATER_MAX (ATTO_COAP_EXCHANGE_BYTES - 16u)

/* Bytes of the largest block that this server sends. */
uint32_t atto_coap_block_bytes(const struct atto_coap_server *server);

#endif
