/* Payloads that come in blocks (RFC 7959 section 2.5): each block goes to the handler as it comes, in order, so that a
 * transfer is no more than whose it is and which block is awaited. A peer has one transfer at a time; a block out of
 * order is refused and changes nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "manage/server.h"

static struct atto_coap_transfer *next_transfer(const struct atto_coap_server *server,
                                                const struct atto_coap_peer *peer, void *after)
{
    return (struct atto_coap_transfer *)atto_coap_each(server, TRANSFERS, peer, after);
}

void atto_coap_transfer_due(const struct atto_coap_server *server, struct atto_coap_transfer *transfer)
{
    const struct atto_coap_config *config = server->config;

    if (config->abandon != NULL)
        config->abandon(config->user, transfer->entry.tries);
    transfer->entry.state = FREE;
}

/* Takes a free entry for a new transfer. NULL if there is none, and when the first one may become free. */
static struct atto_coap_transfer *begin(struct turn *turn)
{
    const struct atto_coap_server *server = turn->reply.server;
    uint32_t now = atto_coap_now(server), first = TIME_OF_MS(ATTO_COAP_TRANSFER_MS);
    struct atto_coap_transfer *transfer = NULL;
    uint8_t number = 0;

    for (; (transfer = next_transfer(server, NULL, transfer)) != NULL; number++) {
        if (transfer->entry.state == FREE) {
            transfer->entry.tries = number;
            transfer->key = turn->key;
            return transfer;
        }
        if (transfer->entry.due - now < first)
            first = transfer->entry.due - now;
    }
    turn->reply.max_age_s = first / 1024u + 2u; /* rounded up */
    return NULL;
}

uint32_t atto_coap_block1_piece(struct turn *turn)
{
    struct atto_coap_request *request = &turn->request;
    uint32_t len = request->piece.len, full;
    struct atto_coap_transfer *transfer;
    struct atto_coap_block block;

    if (turn->asked[ASKED_BLOCK1] == ABSENT)
        return 0;
    if (!atto_coap_block_read(turn->asked[ASKED_BLOCK1], &block))
        return ATTO_COAP_BAD_REQUEST;
    full = ATTO_COAP_BLOCK_BYTES(block.szx);
    if (len > full || (block.more && len != full))
        return ATTO_COAP_BAD_REQUEST;
    transfer = next_transfer(turn->reply.server, request->peer, NULL);
    if (block.offset == 0u) {
        if (transfer != NULL)
            atto_coap_transfer_due(turn->reply.server, transfer);
        if (!block.more)
            return 0;
        transfer = begin(turn);
        if (transfer == NULL)
            return ATTO_COAP_SERVICE_UNAVAILABLE;
    } else {
        if (transfer == NULL || transfer->key != turn->key)
            return ATTO_COAP_REQUEST_ENTITY_INCOMPLETE;
        if (block.more && block.offset + len == transfer->next)
            return ATTO_COAP_CONTINUE;
        if (block.offset != transfer->next)
            return ATTO_COAP_REQUEST_ENTITY_INCOMPLETE;
    }
    request->offset = block.offset;
    request->last = !block.more;
    request->transfer = transfer->entry.tries;
    turn->transfer = transfer;
    return 0;
}

void atto_coap_block1_answered(struct turn *turn)
{
    const struct atto_coap_request *request = &turn->request;
    struct atto_coap_transfer *transfer = turn->transfer;

    if (transfer == NULL)
        return;
    transfer->entry.state = FREE;
    if (request->last || ATTO_COAP_CLASS(turn->reply.code) != 2u)
        return;
    transfer->next = request->offset + request->piece.len;
    atto_coap_hold(turn, &transfer->entry, WAITS, TIME_OF_MS(ATTO_COAP_TRANSFER_MS));
    atto_coap_refuse(&turn->reply, ATTO_COAP_CONTINUE, NULL);
}
