/* The CoAP client: one request at a time, the same until it is answered, then the one for the next block. A request is made
 * from the URI whenever it is sent, so nothing of it is kept. Each has a token of its own, so that an answer that comes
 * twice is known by it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/coap_client.h"
#include "manage/server.h"

static uint32_t hex(uint8_t c)
{
    return c <= '9' ? c - (uint32_t)'0' : (c | 0x20u) - (uint32_t)'a' + 10u;
}

/* Writes an option with these bytes of a URI, their escapes resolved. */
static void put_decoded(struct atto_coap_writer *writer, uint32_t number, const uint8_t *bytes, uint32_t len)
{
    uint32_t decoded = len;

    for (uint32_t i = 0; i < len; i++)
        decoded -= bytes[i] == '%' ? 2u : 0u;
    atto_coap_put_head(writer, number, decoded);
    for (uint32_t i = 0; i < len; i++) {
        uint8_t byte = bytes[i];

        if (byte == '%') {
            byte = (uint8_t)(hex(bytes[i + 1u]) * 16u + hex(bytes[i + 2u]));
            i += 2u;
        }
        atto_coap_put_bytes(writer, &byte, 1);
    }
}

/* Writes an option for each part of a path or a query. */
static void put_parts(struct atto_coap_writer *writer, uint32_t number, struct atto_span text, uint8_t separator)
{
    uint32_t from = 0;

    for (uint32_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != separator)
            continue;
        put_decoded(writer, number, text.ptr + from, i - from);
        from = i + 1u;
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

    (void)atto_coap_uri_read(client->uri, &uri);
    atto_coap_begin(&writer, ATTO_COAP_CON, ATTO_COAP_GET, client->id, client->token, sizeof client->token);
    if (is_name(&uri))
        atto_coap_put(&writer, ATTO_COAP_URI_HOST, uri.host.ptr, uri.host.len);
    if (uri.path.len > 1u)
        put_parts(&writer, ATTO_COAP_URI_PATH, (struct atto_span){ uri.path.ptr + 1, uri.path.len - 1u }, '/');
    if (uri.query.len != 0u)
        put_parts(&writer, ATTO_COAP_URI_QUERY, uri.query, '&');
    atto_coap_put_uint(&writer, ATTO_COAP_BLOCK2, atto_coap_block_value(&block));
    return writer.len;
}

static void transmit(struct atto_coap_client *client)
{
    const struct atto_coap_config *config = client->server->config;

    config->send(config->user, &client->peer, config->out, compose(client));
    client->due_us = atto_coap_retry_at(client->server, client->tries);
}

/* Asks for the block at client->offset. */
static void request(struct atto_coap_client *client)
{
    client->id = atto_coap_new_id(client->server);
    client->token[0]++;
    client->tries = 0;
    client->acknowledged = 0;
    transmit(client);
}

static void finish(struct atto_coap_client *client, enum atto_status status, uint32_t code)
{
    client->uri.ptr = NULL;
    client->config->done(client->config->user, status, code);
}

/* Reads what a response says of its block. False if it cannot be understood. */
static bool read_block(const struct atto_coap_message *message, struct atto_coap_block *block, struct atto_span *etag)
{
    struct atto_coap_options walk = atto_coap_options_of(message);
    struct atto_coap_option option;

    *block = (struct atto_coap_block){ 0, ATTO_COAP_SZX_MAX, false };
    *etag = (struct atto_span){ NULL, 0 };
    while (atto_coap_next(&walk, &option)) {
        if (option.number == ATTO_COAP_ETAG && option.value.len <= ATTO_COAP_ETAG_MAX)
            *etag = option.value;
        else if (option.number == ATTO_COAP_BLOCK2 && option.value.len <= 3u) {
            if (!atto_coap_block_read(atto_coap_uint(option.value), block))
                return false;
        } else if (ATTO_COAP_IS_CRITICAL(option.number))
            return false;
    }
    return !block->more || message->payload.len == ATTO_COAP_BLOCK_BYTES(block->szx);
}

/* Takes a block; what is wrong with it, or ATTO_OK. */
static enum atto_status take(struct atto_coap_client *client, const struct atto_coap_message *message, bool *more)
{
    struct atto_coap_block block;
    struct atto_span etag;

    if (message->code != ATTO_COAP_CONTENT) {
        if (message->code == ATTO_COAP_NOT_FOUND)
            return ATTO_E_NOT_FOUND;
        return ATTO_COAP_CLASS(message->code) == 2u ? ATTO_E_FORMAT : ATTO_E_DENIED;
    }
    if (!read_block(message, &block, &etag) || block.offset != client->offset)
        return ATTO_E_FORMAT;
    if (block.offset == 0u) {
        client->etag_len = (uint8_t)etag.len;
        if (etag.len != 0u)
            memcpy(client->etag, etag.ptr, etag.len);
    } else if (etag.len != client->etag_len || (etag.len != 0u && memcmp(client->etag, etag.ptr, etag.len) != 0)) {
        return ATTO_E_DIGEST;
    }
    if (block.szx < client->szx)
        client->szx = block.szx;
    *more = block.more;
    client->offset += message->payload.len;
    return client->config->take(client->config->user, block.offset, message->payload.ptr, message->payload.len,
                                !block.more);
}

static void answered(struct atto_coap_client *client, const struct atto_coap_message *message)
{
    bool more = false;
    enum atto_status status = take(client, message, &more);

    if (client->uri.ptr == NULL) /* `take` has cancelled it */
        return;
    if (status != ATTO_OK || !more)
        finish(client, status, message->code);
    else
        request(client);
}

static bool input(struct atto_coap_requester *requester, const struct atto_coap_peer *peer,
                  const struct atto_coap_message *message)
{
    struct atto_coap_client *client = (struct atto_coap_client *)requester;
    bool is_ours = message->id == client->id;

    if (client->uri.ptr == NULL || !atto_coap_same_peer(&client->peer, peer) ||
        (message->type >= ATTO_COAP_ACK && !is_ours))
        return false;
    if (message->code == ATTO_COAP_EMPTY) {
        if (message->type == ATTO_COAP_RST) {
            finish(client, ATTO_E_NOT_FOUND, 0);
            return true;
        }
        client->acknowledged = 1;
        client->due_us = atto_coap_now(client->server) + ATTO_COAP_LATER_MS * 1000u;
        return true;
    }
    if (message->type == ATTO_COAP_RST || message->token_len != sizeof client->token ||
        memcmp(message->token, client->token, sizeof client->token) != 0)
        return false;
    if (message->type == ATTO_COAP_CON)
        atto_coap_send_empty(client->server, peer, ATTO_COAP_ACK, message->id);
    answered(client, message);
    return true;
}

static uint64_t tick(struct atto_coap_requester *requester)
{
    struct atto_coap_client *client = (struct atto_coap_client *)requester;

    if (client->uri.ptr != NULL && client->due_us <= atto_coap_now(client->server)) {
        if (client->acknowledged != 0u || client->tries == ATTO_COAP_MAX_RETRANSMIT) {
            finish(client, ATTO_E_NOT_FOUND, 0);
        } else {
            client->tries++;
            transmit(client);
        }
    }
    return client->uri.ptr != NULL ? client->due_us : UINT64_MAX;
}

void atto_coap_client_init(struct atto_coap_client *client, const struct atto_coap_client_config *config,
                           struct atto_coap_server *server)
{
    memset(client, 0, sizeof *client);
    client->requester.input = input;
    client->requester.tick = tick;
    client->config = config;
    client->server = server;
    server->requester = &client->requester;
}

enum atto_status atto_coap_fetch(struct atto_coap_client *client, struct atto_span uri)
{
    const struct atto_port *port = client->server->config->port;
    struct atto_coap_uri parts;
    enum atto_status status = atto_coap_uri_read(uri, &parts);

    if (client->uri.ptr != NULL)
        return ATTO_E_BUSY;
    if (status != ATTO_OK)
        return status;
    if (!client->config->resolve(client->config->user, &parts, &client->peer))
        return ATTO_E_NOT_FOUND;
    client->uri = uri;
    client->offset = 0;
    client->szx = client->server->szx;
    port->random(port->user, client->token, sizeof client->token);
    if (compose(client) > client->server->config->out_bytes) {
        client->uri.ptr = NULL;
        return ATTO_E_NO_MEMORY;
    }
    request(client);
    return ATTO_OK;
}

void atto_coap_cancel(struct atto_coap_client *client)
{
    client->uri.ptr = NULL;
}
