/* The CoAP client: one request at a time, the same until it is answered, then the one for the next block. A request is
 * made from the URI whenever it is sent, so nothing of it is kept. Each has a token of its own, so that an answer that
 * comes twice is known by it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/coap_client.h"
#include "base/compiler.h"
#include "manage/server.h"

static uint32_t hex(uint32_t c)
{
    return c % 32u + (c < 'A' ? -16u : 9u); /* '0' is 16 more than a multiple of 32, 'A' and 'a' are 1 */
}

/* Writes an option for each part of a URI that a separator is in front of, escapes resolved (RFC 7252 section 6.4). */
static void put_parts(struct atto_coap_writer *writer, uint32_t number, uint32_t separator, const uint8_t *at,
                      const uint8_t *end)
{
    while (at != end) {
        const uint8_t *from = ++at;
        uint32_t len = 0;

        for (; at != end && *at != separator; at++)
            len += *at == '%' ? -1u : 1u; /* two digits follow */
        atto_coap_put_head(writer, number, len);
        for (; from != at; from++) {
            uint8_t byte = *from;

            if (byte == '%') {
                byte = (uint8_t)(hex(from[1]) * 16u + hex(from[2]));
                from += 2;
            }
            atto_coap_put_bytes(writer, &byte, 1);
        }
    }
}

static bool is_name(const struct atto_coap_uri *uri)
{
    for (uint32_t i = 0; i < uri->host.len; i++) {
        if (uri->host.ptr[i] != '.' && (uri->host.ptr[i] < '0' || uri->host.ptr[i] > '9'))
            return !uri->is_ipv6;
    }
    return false;
}

/* Makes the request for the next block in the server's `out`; its length. */
static uint32_t compose(const struct atto_coap_client *client)
{
    const struct atto_coap_config *config = client->server->config;
    struct atto_coap_writer writer = { config->out, config->out_bytes, 0, 0 };
    struct atto_coap_block block = { client->offset, client->szx, false };
    struct atto_coap_uri uri;
    const uint8_t *query, *end;

    (void)atto_coap_uri_read(client->uri, &uri);
    end = uri.target.ptr + uri.target.len;
    query = memchr(uri.target.ptr, '?', uri.target.len);
    if (query == NULL)
        query = end;
    atto_coap_begin(&writer, ATTO_COAP_CON, ATTO_COAP_GET, client->requester.entry.id, client->token,
                    sizeof client->token);
    if (is_name(&uri))
        atto_coap_put(&writer, ATTO_COAP_URI_HOST, uri.host.ptr, uri.host.len);
    if (query - uri.target.ptr > 1) /* a path of one slash is none */
        put_parts(&writer, ATTO_COAP_URI_PATH, '/', uri.target.ptr, query);
    put_parts(&writer, ATTO_COAP_URI_QUERY, '&', query, end);
    atto_coap_put_uint(&writer, ATTO_COAP_BLOCK2, atto_coap_block_value(&block));
    return writer.len;
}

static void transmit(struct atto_coap_client *client)
{
    atto_coap_send_out(client->server, &client->requester.entry.peer, compose(client));
}

/* Asks for the block at client->offset. */
static void request(struct atto_coap_client *client)
{
    client->requester.entry.id = atto_coap_new_id(client->server);
    client->requester.entry.state = WAITS | UNACKED;
    client->requester.entry.tries = 0;
    client->token[0]++;
    atto_coap_confirm(client->server, &client->requester.entry);
    transmit(client);
}

static ATTO_APART void finish(struct atto_coap_client *client, enum atto_status status, uint32_t code)
{
    if (client->requester.entry.state == FREE) /* `take` has cancelled it */
        return;
    client->requester.entry.state = FREE;
    client->config->done(client->config->user, status, code);
}

/* Takes a block; what is wrong with it, or ATTO_OK. */
static enum atto_status take(struct atto_coap_client *client, const struct atto_coap_message *message, bool *last)
{
    const struct atto_span *piece = &message->payload;
    const uint32_t offset = client->offset;
    struct turn turn;

    if (message->code != ATTO_COAP_CONTENT)
        return message->code == ATTO_COAP_NOT_FOUND   ? ATTO_E_NOT_FOUND
               : ATTO_COAP_CLASS(message->code) == 2u ? ATTO_E_FORMAT
                                                      : ATTO_E_DENIED;
    atto_coap_turn_begin(&turn, client->server, &client->requester.entry.peer, message);
    *last = !turn.block2.more;
    if (turn.refusal != 0u || turn.block2.offset != offset ||
        (!*last && piece->len != ATTO_COAP_BLOCK_BYTES(turn.block2.szx)))
        return ATTO_E_FORMAT;
    if (offset == 0u)
        client->etag = turn.key;
    if (client->etag != turn.key)
        return ATTO_E_DIGEST;
    if (turn.block2.szx < client->szx)
        client->szx = turn.block2.szx;
    client->offset += piece->len;
    return client->config->take(client->config->user, offset, piece->ptr, piece->len, *last);
}

static void answered(struct atto_coap_client *client, const struct atto_coap_message *message)
{
    bool last = true;
    enum atto_status status = take(client, message, &last);

    if (status != ATTO_OK || last)
        finish(client, status, message->code);
    else if (client->requester.entry.state != FREE)
        request(client);
}

static bool input(struct atto_coap_requester *requester, const struct atto_coap_message *message)
{
    struct atto_coap_client *client = (struct atto_coap_client *)requester;

    if (message->type == ATTO_COAP_RST || (message->type == ATTO_COAP_ACK && message->id != requester->entry.id) ||
        message->token_len != sizeof client->token || memcmp(message->token, client->token, sizeof client->token) != 0)
        return false;
    if (message->type == ATTO_COAP_CON)
        atto_coap_send_empty(client->server, &requester->entry.peer, ATTO_COAP_ACK, message->id);
    answered(client, message);
    return true;
}

static void due(struct atto_coap_requester *requester, bool again)
{
    struct atto_coap_client *client = (struct atto_coap_client *)requester;

    if (again)
        transmit(client);
    else
        finish(client, ATTO_E_NOT_FOUND, 0);
}

void atto_coap_client_init(struct atto_coap_client *client, const struct atto_coap_client_config *config,
                           struct atto_coap_server *server)
{
    memset(client, 0, sizeof *client);
    client->requester.input = input;
    client->requester.due = due;
    client->config = config;
    client->server = server;
    server->requester = &client->requester;
}

enum atto_status atto_coap_fetch(struct atto_coap_client *client, struct atto_span uri)
{
    const struct atto_port *port = client->server->config->port;
    struct atto_coap_uri parts;
    enum atto_status status = atto_coap_uri_read(uri, &parts);

    if (client->requester.entry.state != FREE)
        return ATTO_E_BUSY;
    if (status != ATTO_OK)
        return status;
    if (!client->config->resolve(client->config->user, &parts, &client->requester.entry.peer))
        return ATTO_E_NOT_FOUND;
    client->uri = uri;
    client->offset = 0;
    client->szx = client->server->szx;
    port->random(port->user, client->token, sizeof client->token);
    if (compose(client) > client->server->config->out_bytes)
        return ATTO_E_NO_MEMORY;
    request(client);
    return ATTO_OK;
}

void atto_coap_cancel(struct atto_coap_client *client)
{
    client->requester.entry.state = FREE;
}
