/* The CoAP server's way from a datagram to its answer, and the exchanges: answers that are kept for duplicates of their
 * requests, that are put off, or that are sent until they are acknowledged. An exchange that nobody waits for is always
 * there to be used again, the oldest first, so there is no list of free ones.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "manage/server.h"

#define EXCHANGE_LIFETIME TIME_OF_S(247u) /* RFC 7252 section 4.8.2 */

_Static_assert(ATTO_COAP_EXCHANGE_BYTES > 16u && ATTO_COAP_EXCHANGE_BYTES <= 255u, "an answer without payload fits");
_Static_assert(ATTO_COAP_OBSERVED_BYTES <= 255u, "its length is one byte");

/* State of an exchange: KEPT for duplicates until it is due, UNACKED in addition if bytes are a message that is to be
 * acknowledged; or WAITS for atto_coap_server_answer: bytes are header and token alone. */

/* --- entries */

/* Entries of one table: where they are, and how many there are, as it stands in the configuration. */
#define TABLE(table, type, kind)                                          \
    [table] = { sizeof(type), offsetof(struct atto_coap_config, kind##s), \
                offsetof(struct atto_coap_config, kind##_count) }

struct atto_coap_entry *atto_coap_each(const struct atto_coap_server *server, enum table table,
                                       const struct atto_coap_peer *peer, void *after)
{
    static const struct {
        uint16_t bytes;
        uint8_t entries, count;
    } tables[] = { TABLE(EXCHANGES, struct atto_coap_exchange, exchange),
                   TABLE(OBSERVERS, struct atto_coap_observer, observer),
                   TABLE(TRANSFERS, struct atto_coap_transfer, transfer) };
    const uint8_t *config = (const uint8_t *)server->config;
    uint8_t *at = (uint8_t *)server->requester, *end;
    uint32_t count = at != NULL, bytes = 1;

    if (table != REQUESTER) {
        memcpy(&at, config + tables[table].entries, sizeof at);
        count = config[tables[table].count];
        bytes = tables[table].bytes;
    }
    if (count == 0u)
        return NULL;
    end = at + count * bytes;
    if (after != NULL)
        at = (uint8_t *)after + bytes;
    for (; at != end; at += bytes) {
        struct atto_coap_entry *entry = (struct atto_coap_entry *)at;

        if (peer == NULL || (entry->state != FREE && memcmp(&entry->peer, peer, sizeof *peer) == 0))
            return entry;
    }
    return NULL;
}

void atto_coap_hold(const struct turn *turn, struct atto_coap_entry *entry, uint32_t state, uint32_t lasts)
{
    entry->due = atto_coap_now(turn->reply.server) + lasts;
    entry->state = (uint8_t)state;
    entry->peer = *turn->request.peer;
}

static uint64_t now_us(const struct atto_coap_server *server)
{
    return server->config->port->now_us(server->config->port->user);
}

uint32_t atto_coap_now(const struct atto_coap_server *server)
{
    return (uint32_t)(now_us(server) / 1024u);
}

uint16_t atto_coap_new_id(struct atto_coap_server *server)
{
    if (++server->next_id == 0u)
        server->next_id = 1;
    return server->next_id;
}

void atto_coap_confirm(const struct atto_coap_server *server, struct atto_coap_entry *entry)
{
    const struct atto_port *port = server->config->port;
    uint32_t timeout = TIME_OF_MS(ATTO_COAP_ACK_TIMEOUT_MS) << entry->tries;
    uint8_t chance;

    port->random(port->user, &chance, 1);
    entry->due = atto_coap_now(server) + timeout + timeout * chance / 512u;
}

static void send(const struct atto_coap_server *server, const struct atto_coap_peer *peer, const uint8_t *bytes,
                 uint32_t len)
{
    server->config->send(server->config->user, peer, bytes, len);
}

void atto_coap_send_out(const struct atto_coap_server *server, const struct atto_coap_peer *peer, uint32_t len)
{
    send(server, peer, server->config->out, len);
}

void atto_coap_send_empty(const struct atto_coap_server *server, const struct atto_coap_peer *peer,
                          enum atto_coap_type type, uint32_t id)
{
    const uint8_t bytes[ATTO_COAP_HEADER_BYTES] = { (uint8_t)(0x40u + type * 16u), ATTO_COAP_EMPTY, (uint8_t)(id >> 8),
                                                    (uint8_t)id };

    send(server, peer, bytes, sizeof bytes);
}

enum atto_status atto_coap_server_init(struct atto_coap_server *server, const struct atto_coap_config *config)
{
    uint32_t szx = ATTO_COAP_SZX_MAX;

    if (config->exchange_count < 2u || config->transfer_count >= ATTO_COAP_WHOLE ||
        config->out_bytes < ATTO_COAP_OUT_BYTES(ATTO_COAP_BLOCK_BYTES(0)))
        return ATTO_E_ARGUMENT;
    while (ATTO_COAP_OUT_BYTES(ATTO_COAP_BLOCK_BYTES(szx)) > config->out_bytes)
        szx--;
    server->config = config;
    server->requester = NULL;
    server->sequence = 0;
    server->szx = (uint8_t)szx;
    config->port->random(config->port->user, (uint8_t *)&server->next_id, sizeof server->next_id);
    return ATTO_OK;
}

uint32_t atto_coap_block_bytes(const struct atto_coap_server *server)
{
    return ATTO_COAP_BLOCK_BYTES(server->szx);
}

/* --- exchanges */

static struct atto_coap_exchange *next_exchange(const struct atto_coap_server *server,
                                                const struct atto_coap_peer *peer, void *after)
{
    return (struct atto_coap_exchange *)atto_coap_each(server, EXCHANGES, peer, after);
}

/* Takes an exchange for a request: the oldest that nobody waits for. */
static struct atto_coap_exchange *begin_exchange(const struct atto_coap_server *server)
{
    struct atto_coap_exchange *exchange = NULL, *other = NULL;
    uint32_t now = atto_coap_now(server), least = UINT32_MAX;

    while ((other = next_exchange(server, NULL, other)) != NULL) {
        uint32_t left = other->entry.state == FREE ? 0u : other->entry.due - now;

        if ((other->entry.state & (WAITS | UNACKED)) == 0u && left <= least) {
            exchange = other;
            least = left;
        }
    }
    return exchange;
}

/* The last message of this entry is acknowledged, or it does not matter any more. */
static void settle(const struct atto_coap_server *server, enum table table, struct atto_coap_entry *entry)
{
    static const uint32_t lasts[] = { [EXCHANGES] = EXCHANGE_LIFETIME, [REQUESTER] = TIME_OF_MS(ATTO_COAP_LATER_MS) };

    entry->state &= (uint8_t)~UNACKED;
    entry->due = atto_coap_now(server) + lasts[table];
}

/* If there is no room, an exchange whose answer was sent more than once, and not heard of, is given up. */
bool atto_coap_later(struct atto_coap_reply *reply, uint16_t *ticket)
{
    struct atto_coap_server *server = reply->server;
    struct atto_coap_exchange *exchange = NULL, *unheard = NULL;
    uint32_t waiting = 0;

    if (!reply->may_be_later)
        return false;
    while ((exchange = next_exchange(server, NULL, exchange)) != NULL) {
        waiting += (exchange->entry.state & (WAITS | UNACKED)) != 0u;
        if ((exchange->entry.state & UNACKED) != 0u && exchange->entry.tries != 0u)
            unheard = exchange;
    }
    if (waiting >= server->config->exchange_count / 2u) {
        if (unheard == NULL)
            return false;
        settle(server, EXCHANGES, &unheard->entry);
    }
    if (reply->ticket == 0u)
        reply->ticket = atto_coap_new_id(server);
    *ticket = reply->ticket;
    return true;
}

enum atto_status atto_coap_server_answer(struct atto_coap_server *server, uint16_t ticket, enum atto_coap_code code,
                                         uint32_t format, const void *payload, uint32_t len)
{
    struct atto_coap_exchange *exchange = NULL;

    do {
        exchange = next_exchange(server, NULL, exchange);
        if (exchange == NULL)
            return ATTO_E_NOT_FOUND;
    } while ((exchange->entry.state & WAITS) == 0u || exchange->entry.id != ticket);
    if (len > ATTO_COAP_LATER_MAX)
        return ATTO_E_ARGUMENT;
    struct atto_coap_writer writer = { exchange->bytes, sizeof exchange->bytes, 0, 0 };

    atto_coap_begin(&writer, (enum atto_coap_type)exchange->type, code, ticket,
                    exchange->bytes + ATTO_COAP_HEADER_BYTES, exchange->len - ATTO_COAP_HEADER_BYTES);
    if (format != ATTO_COAP_FORMAT_NONE)
        atto_coap_put_uint(&writer, ATTO_COAP_CONTENT_FORMAT, format);
    atto_coap_put_payload(&writer, payload, len);
    send(server, &exchange->entry.peer, exchange->bytes, writer.len);
    exchange->len = (uint8_t)writer.len;
    exchange->entry.state = KEPT | UNACKED;
    exchange->entry.tries = 0;
    atto_coap_confirm(server, &exchange->entry);
    if (exchange->type == ATTO_COAP_NON)
        settle(server, EXCHANGES, &exchange->entry);
    return ATTO_OK;
}

static void exchange_due(struct atto_coap_server *server, struct atto_coap_exchange *exchange, bool again)
{
    if ((exchange->entry.state & WAITS) != 0u)
        (void)atto_coap_server_answer(server, exchange->entry.id, ATTO_COAP_GATEWAY_TIMEOUT, ATTO_COAP_FORMAT_NONE,
                                      NULL, 0);
    else if (again)
        send(server, &exchange->entry.peer, exchange->bytes, exchange->len);
    else if ((exchange->entry.state & UNACKED) != 0u)
        settle(server, EXCHANGES, &exchange->entry);
    else
        exchange->entry.state = FREE;
}

/* --- time */

/* An entry is due. What is not acknowledged is sent again, but not for ever. */
static void entry_due(struct atto_coap_server *server, enum table table, struct atto_coap_entry *entry)
{
    bool again = (entry->state & UNACKED) != 0u && entry->tries++ != ATTO_COAP_MAX_RETRANSMIT;

    if (again)
        atto_coap_confirm(server, entry);
    if (table == EXCHANGES)
        exchange_due(server, (struct atto_coap_exchange *)entry, again);
    else if (table == OBSERVERS)
        atto_coap_observer_due(server, (struct atto_coap_observer *)entry, again);
    else if (table == TRANSFERS)
        atto_coap_transfer_due(server, (struct atto_coap_transfer *)entry);
    else
        server->requester->due(server->requester, again);
}

uint64_t atto_coap_server_tick(struct atto_coap_server *server)
{
    return atto_coap_tick(server, LONGEST_TIME);
}

uint64_t atto_coap_tick(struct atto_coap_server *server, uint32_t next)
{
    uint32_t now = atto_coap_now(server);

    for (uint32_t table = EXCHANGES; table <= REQUESTER; table++) {
        struct atto_coap_entry *entry = NULL;

        while ((entry = atto_coap_each(server, (enum table)table, NULL, entry)) != NULL) {
            if (entry->due - now - 1u >= UINT32_MAX / 2u) { /* the time has come */
                entry->due = now;
                if (entry->state > QUIET)
                    entry_due(server, (enum table)table, entry);
            }
            if (entry->state > QUIET && entry->due - now < next)
                next = entry->due - now;
        }
    }
    return now_us(server) + next * (uint64_t)1024u;
}

/* --- requests */

/* A request that was answered before, or is being answered. It gets no second answer of another content; an answer to
 * one that was not confirmable is not repeated. */
static void answer_again(const struct atto_coap_server *server, const struct atto_coap_exchange *exchange)
{
    if (exchange->type == ATTO_COAP_NON)
        return;
    if (exchange->entry.state == KEPT && exchange->bytes[0] / 16u % 4u == ATTO_COAP_ACK)
        send(server, &exchange->entry.peer, exchange->bytes, exchange->len);
    else
        atto_coap_send_empty(server, &exchange->entry.peer, ATTO_COAP_ACK, exchange->request_id);
}

/* Fills in the reply: by what the options rule out, by the state of the transfer, or by the handler. */
static void make_reply(struct turn *turn)
{
    const struct atto_coap_config *config = turn->reply.server->config;
    uint32_t code = turn->refusal;

    if (code == 0u && turn->request.code > ATTO_COAP_IPATCH)
        code = ATTO_COAP_METHOD_NOT_ALLOWED;
    if (code == 0u && !turn->is_safe && turn->block2.offset != 0u)
        code = ATTO_COAP_BAD_OPTION;
    if (code == 0u)
        code = atto_coap_block1_piece(turn);
    if (code != 0u) {
        atto_coap_refuse(&turn->reply, (enum atto_coap_code)code, NULL);
        return;
    }
    turn->reply.may_be_later = turn->transfer == NULL;
    config->handle(config->user, &turn->request, &turn->reply);
    atto_coap_block1_answered(turn);
}

/* Keeps an answer for duplicates of its request, or the request for its answer. */
static void keep(const struct turn *turn, uint16_t ticket, uint32_t len)
{
    const struct atto_coap_server *server = turn->reply.server;
    struct atto_coap_exchange *exchange = begin_exchange(server);

    if (ticket != 0u)
        atto_coap_hold(turn, &exchange->entry, WAITS, TIME_OF_MS(ATTO_COAP_LATER_MS));
    else if (turn->reply.code == ATTO_COAP_CONTINUE)
        atto_coap_hold(turn, &exchange->entry, KEPT, TIME_OF_MS(ATTO_COAP_TRANSFER_MS));
    else
        atto_coap_hold(turn, &exchange->entry, KEPT, EXCHANGE_LIFETIME);
    exchange->entry.id = ticket;
    exchange->request_id = turn->message->id;
    exchange->type = turn->message->type;
    if (ticket != 0u || len > sizeof exchange->bytes) /* header and token alone are kept */
        len = ATTO_COAP_HEADER_BYTES + (uint32_t)turn->message->token_len;
    exchange->len = (uint8_t)len;
    memcpy(exchange->bytes, server->config->out, len);
}

static void serve(struct atto_coap_server *server, const struct atto_coap_peer *peer,
                  const struct atto_coap_message *message)
{
    struct atto_coap_exchange *exchange = NULL;
    struct turn turn;
    uint32_t len;
    uint16_t ticket;

    while ((exchange = next_exchange(server, peer, exchange)) != NULL) {
        if (exchange->request_id == message->id) {
            answer_again(server, exchange);
            return;
        }
    }
    atto_coap_turn_begin(&turn, server, peer, message);
    make_reply(&turn);
    ticket = turn.reply.ticket;
    if (ticket == 0u)
        atto_coap_observe(&turn);
    len = atto_coap_turn_end(&turn);
    if (ticket == 0u)
        atto_coap_send_out(server, peer, len);
    else if (message->type == ATTO_COAP_CON)
        atto_coap_send_empty(server, peer, ATTO_COAP_ACK, message->id);
    if (ticket != 0u || !turn.is_safe)
        keep(&turn, ticket, len);
}

/* --- datagrams */

/* An ACK or RST that is empty. */
static void heard(struct atto_coap_server *server, const struct atto_coap_peer *peer,
                  const struct atto_coap_message *message)
{
    bool is_reset = message->type == ATTO_COAP_RST;

    for (uint32_t table = EXCHANGES; table <= REQUESTER; table++) {
        struct atto_coap_entry *entry = NULL;

        while ((entry = atto_coap_each(server, (enum table)table, peer, entry)) != NULL) {
            if (entry->id != message->id)
                continue;
            if (is_reset && table == OBSERVERS)
                entry->state = FREE;
            else if ((entry->state & UNACKED) == 0u)
                continue;
            else if (is_reset && table == REQUESTER)
                server->requester->due(server->requester, false);
            else
                settle(server, (enum table)table, entry);
        }
    }
}

/* False: it is rejected. */
static bool take(struct atto_coap_server *server, const struct atto_coap_peer *peer,
                 const struct atto_coap_message *message)
{
    if (message->code == ATTO_COAP_EMPTY) {
        if (message->type >= ATTO_COAP_ACK)
            heard(server, peer, message);
        return false;
    }
    if (ATTO_COAP_CLASS(message->code) != 0u)
        return atto_coap_each(server, REQUESTER, peer, NULL) != NULL &&
               server->requester->input(server->requester, message);
    if (message->type <= ATTO_COAP_NON)
        serve(server, peer, message);
    return true;
}

void atto_coap_server_input(struct atto_coap_server *server, const struct atto_coap_peer *peer, const uint8_t *bytes,
                            uint32_t len)
{
    struct atto_coap_message message;
    enum atto_status status = atto_coap_read(bytes, len, &message);

    if (status == ATTO_E_VERSION)
        return;
    if ((status != ATTO_OK || !take(server, peer, &message)) && message.type == ATTO_COAP_CON)
        atto_coap_send_empty(server, peer, ATTO_COAP_RST, message.id);
}
