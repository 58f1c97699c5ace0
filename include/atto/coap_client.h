/* Fetches a payload by its URI with CoAP: GET, block by block (RFC 7959), each request again until it is answered
 * (RFC 7252 section 4.2). It shares the datagrams of a server: what that does not know is the client's. One fetch at a
 * time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_COAP_CLIENT_H
#define ATTO_COAP_CLIENT_H

#include "atto/coap_server.h"

/* The parts of coap://host:port/path?query (RFC 7252 section 6.1); they point into the URI. */
struct atto_coap_uri {
    struct atto_span host;  /* a name, an IPv4 address, or an IPv6 address without its brackets */
    bool is_ipv6;
    uint16_t port;          /* ATTO_COAP_PORT if it names none */
    struct atto_span target; /* path and query, not decoded; may be empty */
};
#define ATTO_COAP_URI_MAX 255u /* bytes of a URI, so that each segment fits in an option */

/* Reads a URI. uri: is only good if this returns ATTO_OK
 * Returns ATTO_OK; ATTO_E_UNSUPPORTED (it does not begin with coap://); ATTO_E_FORMAT (not well-formed, too long, with
 * a fragment, user information, or escapes in the host). */
enum atto_status atto_coap_uri_read(struct atto_span text, struct atto_coap_uri *uri);

struct atto_coap_client_config {
    /* The peer at this host and port. False: there is no such peer. */
    bool (*resolve)(void *user, const struct atto_coap_uri *uri, struct atto_coap_peer *peer);
    /* Takes the next bytes, in order. Anything but ATTO_OK ends the fetch with that status. It may cancel the fetch,
     * but not begin another one. */
    enum atto_status (*take)(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len, bool last);
    /* The fetch is over. A new one may be begun from here. The statuses are those of atto_coap_fetch below.
     * code: of the last response; 0: there was none */
    void (*done)(void *user, enum atto_status status, uint32_t code);
    void *user;
};

/* A client; its fields are its own. */
struct atto_coap_client {
    struct atto_coap_requester requester; /* first, so that the one is the other */
    const struct atto_coap_client_config *config;
    struct atto_coap_server *server;
    struct atto_span uri;
    uint32_t offset;
    uint32_t etag; /* a hash of it */
    uint8_t token[4];
    uint8_t szx;
};

/* Makes a client that shares the datagrams of this server. Both structures stay where they are. */
void atto_coap_client_init(struct atto_coap_client *client, const struct atto_coap_client_config *config,
                           struct atto_coap_server *server);

/* Begins to fetch. `take` and `done` are called from atto_coap_server_input and atto_coap_server_tick.
 * uri: must stay as it is until `done` is called
 * Returns ATTO_OK: `done` will be called, with
 *   ATTO_OK             all bytes were taken
 *   ATTO_E_NOT_FOUND    no answer; or 4.04
 *   ATTO_E_DENIED       refused with another code
 *   ATTO_E_FORMAT       the answer makes no sense (blocks that do not follow, options that must be understood)
 *   ATTO_E_DIGEST       the payload changed between two blocks: its entity tag is another one
 *   anything that `take` returns.
 * Else `done` will not: ATTO_E_BUSY (there is a fetch), ATTO_E_NOT_FOUND (the host does not resolve), ATTO_E_NO_MEMORY
 * (the server's `out` is too small for a request with this URI), and as atto_coap_uri_read. */
enum atto_status atto_coap_fetch(struct atto_coap_client *client, struct atto_span uri);

/* Gives up without a call of `done`. Nothing happens if there is no fetch. */
void atto_coap_cancel(struct atto_coap_client *client);

#endif
