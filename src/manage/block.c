/* Payloads that come in blocks (RFC 7959 section 2.5): each block goes to the handler as it comes, in order, so that a
 * transfer is no more than whose it is and which block is awaited. Only what the handler asks to go on is one. A peer has
 * one transfer at a time; a block out of order is refused and changes nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "manage/server.h"

#define STAYS KEPT /* WAITS, and no other one may take its place */

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

/* Takes an entry for a new transfer: a free one, or the one that has waited for longest and does not stay. NULL: none. */
static struct atto_coap_transfer *begin(struct turn *turn)
{
    const struct atto_coap_server *server = turn->reply.server;
    uint32_t now = atto_coap_now(server), least = UINT32_MAX;
    struct atto_coap_transfer *transfer = NULL, *taken = NULL;
    uint8_t number = 0;

    for (; (transfer = next_transfer(server, NULL, transfer)) != NULL; number++) {
        uint32_t left = transfer->entry.state == FREE ? 0u : transfer->entry.due - now + 1u;

        if (transfer->entry.state == STAYS || left >= least)
            continue;
        transfer->entry.tries = number;
        taken = transfer;
        least = left;
    }
    if (least != 0u && taken != NULL)
        atto_coap_transfer_due(server, taken);
    return taken;
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
        if (transfer != NULL && transfer->entry.id == turn->message->id)
            return ATTO_COAP_CONTINUE; /* the first block came late once more */
        if (transfer != NULL)
            atto_coap_transfer_due(turn->reply.server, transfer);
        if (!block.more)
            return 0;
        transfer = begin(turn);
        if (transfer == NULL) {
            turn->reply.max_age_s = ATTO_COAP_TRANSFER_MS / 1000u;
            return ATTO_COAP_SERVICE_UNAVAILABLE;
        }
        transfer->key = turn->key;
        transfer->entry.id = turn->message->id;
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
    if (turn->reply.code != ATTO_COAP_CONTINUE) { /* it takes no pieces */
        atto_coap_refuse(&turn->reply, ATTO_COAP_REQUEST_ENTITY_TOO_LARGE, NULL);
        return;
    }
    transfer->next = request->offset + request->piece.len;
    atto_coap_hold(turn, &transfer->entry, turn->reply.stays ? STAYS : WAITS, TIME_OF_MS(ATTO_COAP_TRANSFER_MS));
}
