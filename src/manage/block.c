/* Payloads that come in blocks (RFC 7959 section 2.5): each block goes to the handler as it comes, in order, so that a
 * transfer is no more than whose it is and which block is awaited. A peer has one transfer at a time; a block out of
 * order is refused and changes nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "manage/server.h"

static void abandon(const struct atto_coap_server *server, struct atto_coap_transfer *transfer)
{
    const struct atto_coap_config *config = server->config;

    if (transfer->next != 0u && config->abandon != NULL)
        config->abandon(config->user, (uint32_t)(transfer - config->transfers));
    transfer->next = 0;
}

/* This peer's transfer; NULL if it has none. */
static struct atto_coap_transfer *find(const struct atto_coap_server *server, const struct atto_coap_peer *peer)
{
    for (uint32_t i = 0; i < server->config->transfer_count; i++) {
        struct atto_coap_transfer *transfer = &server->config->transfers[i];

        if (transfer->next != 0u && atto_coap_same_peer(&transfer->peer, peer))
            return transfer;
    }
    return NULL;
}

/* A free entry; NULL if there is none, and when the first one may become free. */
static struct atto_coap_transfer *find_free(const struct atto_coap_server *server, uint32_t *wait_s)
{
    uint32_t now = atto_coap_now(server), first = TIME_OF_MS(ATTO_COAP_TRANSFER_MS);

    for (uint32_t i = 0; i < server->config->transfer_count; i++) {
        struct atto_coap_transfer *transfer = &server->config->transfers[i];

        if (transfer->next == 0u)
            return transfer;
        if (transfer->due - now < first)
            first = transfer->due - now;
    }
    *wait_s = first / TIME_OF_S(1u) + 1u;
    return NULL;
}

uint32_t atto_coap_block1_piece(struct turn *turn)
{
    struct atto_coap_request *request = &turn->request;
    const struct atto_coap_server *server = turn->reply.server;
    const struct atto_coap_block *block = &turn->block1;
    uint32_t len = request->piece.len, full = ATTO_COAP_BLOCK_BYTES(block->szx);
    struct atto_coap_transfer *transfer;

    if (turn->asked[ASKED_BLOCK1] == ABSENT)
        return 0;
    if (len > full || (block->more && len != full))
        return ATTO_COAP_BAD_REQUEST;
    transfer = find(server, request->peer);
    if (block->offset == 0u) {
        if (transfer != NULL)
            abandon(server, transfer);
        if (!block->more)
            return 0;
        transfer = find_free(server, &turn->reply.max_age_s);
        if (transfer == NULL)
            return ATTO_COAP_SERVICE_UNAVAILABLE;
        transfer->peer = *request->peer;
        transfer->key = turn->key;
    } else {
        if (transfer == NULL || transfer->key != turn->key)
            return ATTO_COAP_REQUEST_ENTITY_INCOMPLETE;
        if (block->more && block->offset + len == transfer->next)
            return ATTO_COAP_CONTINUE;
        if (block->offset != transfer->next)
            return ATTO_COAP_REQUEST_ENTITY_INCOMPLETE;
    }
    request->offset = block->offset;
    request->last = !block->more;
    request->transfer = (uint8_t)(transfer - server->config->transfers);
    return 0;
}

void atto_coap_block1_answered(struct turn *turn)
{
    const struct atto_coap_request *request = &turn->request;
    const struct atto_coap_server *server = turn->reply.server;
    struct atto_coap_transfer *transfer;

    if (request->transfer == ATTO_COAP_WHOLE)
        return;
    transfer = &server->config->transfers[request->transfer];
    if (request->last || ATTO_COAP_CLASS(turn->reply.code) != 2u) {
        transfer->next = 0;
        return;
    }
    transfer->next = request->offset + request->piece.len;
    transfer->due = atto_coap_now(server) + TIME_OF_MS(ATTO_COAP_TRANSFER_MS);
    atto_coap_refuse(&turn->reply, ATTO_COAP_CONTINUE, NULL);
}

void atto_coap_block1_tick(struct atto_coap_server *server, struct agenda *agenda)
{
    for (uint32_t i = 0; i < server->config->transfer_count; i++) {
        struct atto_coap_transfer *transfer = &server->config->transfers[i];

        if (transfer->next != 0u && atto_coap_has_come(agenda, &transfer->due))
            abandon(server, transfer);
        if (transfer->next != 0u)
            atto_coap_note(agenda, transfer->due);
    }
}
