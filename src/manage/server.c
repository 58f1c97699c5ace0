/* The CoAP server's way from a datagram to its answer, and the exchanges: answers that are kept for duplicates of their
 * requests, that are put off, or that are sent until they are acknowledged. An exchange that nobody waits for is always
 * there to be used again, the oldest first, so there is no list of free ones.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "manage/server.h"

#define EXCHANGE_LIFETIME TIME_OF_S(247u) /* RFC 7252 section 4.8.2 */

_Static_assert(ATTO_COAP_EXCHANGE_BYTES > 16u && ATTO_COAP_EXCHANGE_BYTES <= 255u, "an answer without payload fits");
_Static_assert(ATTO_COAP_OBSERVED_BYTES <= 255u, "its length is one byte");

enum exchange_state {
    KEPT = 0,  /* for duplicates until it is due. len 0: they get an empty ACK */
    WAITS = 1, /* for atto_coap_server_answer until it is due; bytes: the token */
    SENDS = 2  /* bytes are a confirmable message, to be sent again when it is due */
};

bool atto_coap_same_peer(const struct atto_coap_peer *one, const struct atto_coap_peer *other)
{
    return memcmp(one, other, sizeof *one) == 0;
}

uint32_t atto_coap_now(const struct atto_coap_server *server)
{
    return (uint32_t)(server->config->port->now_us(server->config->port->user) / 1024u);
}

bool atto_coap_has_come(const struct agenda *agenda, uint32_t *time)
{
    if (*time - agenda->now - 1u < UINT32_MAX / 2u)
        return false;
    *time = agenda->now;
    return true;
}

void atto_coap_note(struct agenda *agenda, uint32_t time)
{
    if (time - agenda->now < agenda->next)
        agenda->next = time - agenda->now;
}

uint16_t atto_coap_new_id(struct atto_coap_server *server)
{
    if (++server->next_id == 0u)
        server->next_id = 1;
    return server->next_id;
}

uint32_t atto_coap_retry_at(const struct atto_coap_server *server, uint32_t tries)
{
    const struct atto_port *port = server->config->port;
    uint32_t timeout = TIME_OF_MS(ATTO_COAP_ACK_TIMEOUT_MS) << tries;
    uint8_t chance;

    port->random(port->user, &chance, 1);
    return atto_coap_now(server) + timeout + timeout * chance / 512u;
}

static void send(const struct atto_coap_server *server, const struct atto_coap_peer *peer, const uint8_t *bytes,
                 uint32_t len)
{
    server->config->send(server->config->user, peer, bytes, len);
}

void atto_coap_send_empty(const struct atto_coap_server *server, const struct atto_coap_peer *peer,
                          enum atto_coap_type type, uint16_t id)
{
    uint8_t bytes[ATTO_COAP_HEADER_BYTES];
    struct atto_coap_writer writer = { bytes, sizeof bytes, 0, 0 };

    atto_coap_begin(&writer, type, ATTO_COAP_EMPTY, id, NULL, 0);
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
    for (uint32_t i = 0; i < config->exchange_count; i++)
        config->exchanges[i].due = atto_coap_now(server);
    config->port->random(config->port->user, (uint8_t *)&server->next_id, sizeof server->next_id);
    return ATTO_OK;
}

uint32_t atto_coap_block_bytes(const struct atto_coap_server *server)
{
    return ATTO_COAP_BLOCK_BYTES(server->szx);
}

/* --- exchanges */

/* The exchange of this request, if it was answered, or is being answered. */
static struct atto_coap_exchange *find_exchange(const struct atto_coap_server *server,
                                                const struct atto_coap_peer *peer, uint16_t request_id)
{
    struct agenda agenda = { atto_coap_now(server), LONGEST_TIME };

    for (uint32_t i = 0; i < server->config->exchange_count; i++) {
        struct atto_coap_exchange *exchange = &server->config->exchanges[i];

        if (exchange->request_id == request_id && atto_coap_same_peer(&exchange->peer, peer) &&
            (exchange->state != KEPT || !atto_coap_has_come(&agenda, &exchange->due)))
            return exchange;
    }
    return NULL;
}

/* Begins an exchange for this request. It takes the place of the one for the last block of the same peer's, which has
 * no further use, or of the oldest that nobody waits for. */
static struct atto_coap_exchange *begin_exchange(const struct turn *turn, enum exchange_state state, uint32_t lasts)
{
    const struct atto_coap_server *server = turn->reply.server;
    const struct atto_coap_peer *peer = turn->request.peer;
    struct atto_coap_exchange *exchange = NULL;
    struct agenda agenda = { atto_coap_now(server), LONGEST_TIME };
    uint32_t least = UINT32_MAX;

    for (uint32_t i = 0; i < server->config->exchange_count; i++) {
        struct atto_coap_exchange *other = &server->config->exchanges[i];
        uint32_t left = atto_coap_has_come(&agenda, &other->due) ? 0u : other->due - agenda.now;

        if (other->bytes[1] == ATTO_COAP_CONTINUE && atto_coap_same_peer(&other->peer, peer))
            left = 0;
        if (other->state == KEPT && left < least) {
            exchange = other;
            least = left;
        }
    }
    exchange->state = (uint8_t)state;
    exchange->due = agenda.now + lasts;
    exchange->peer = *peer;
    exchange->request_id = turn->message->id;
    exchange->confirmable = turn->message->type != ATTO_COAP_NON;
    return exchange;
}

/* Nobody waits for this exchange any more; duplicates of its request get an empty ACK. */
static void settle(const struct atto_coap_server *server, struct atto_coap_exchange *exchange)
{
    exchange->state = KEPT;
    exchange->len = 0;
    exchange->bytes[1] = 0;
    exchange->due = atto_coap_now(server) + EXCHANGE_LIFETIME;
}

bool atto_coap_can_wait(const struct atto_coap_server *server)
{
    struct atto_coap_exchange *unheard = NULL;
    uint32_t waiting = 0;

    for (uint32_t i = 0; i < server->config->exchange_count; i++) {
        struct atto_coap_exchange *exchange = &server->config->exchanges[i];

        waiting += exchange->state != KEPT;
        if (exchange->state == SENDS && exchange->tries != 0u)
            unheard = exchange;
    }
    if (waiting < server->config->exchange_count / 2u)
        return true;
    if (unheard == NULL)
        return false;
    settle(server, unheard);
    return true;
}

enum atto_status atto_coap_server_answer(struct atto_coap_server *server, uint16_t ticket, enum atto_coap_code code,
                                         uint32_t format, const void *payload, uint32_t len)
{
    struct atto_coap_exchange *exchange = server->config->exchanges;
    const struct atto_coap_exchange *end = exchange + server->config->exchange_count;
    uint8_t token[ATTO_COAP_TOKEN_MAX];

    while (exchange->state != WAITS || exchange->ticket != ticket) {
        if (++exchange == end)
            return ATTO_E_NOT_FOUND;
    }
    if (len > ATTO_COAP_LATER_MAX)
        return ATTO_E_ARGUMENT;
    struct atto_coap_writer writer = { exchange->bytes, sizeof exchange->bytes, 0, 0 };

    memcpy(token, exchange->bytes, sizeof token);
    atto_coap_begin(&writer, exchange->confirmable ? ATTO_COAP_CON : ATTO_COAP_NON, code, ticket, token,
                    exchange->len);
    if (format != ATTO_COAP_FORMAT_NONE)
        atto_coap_put_uint(&writer, ATTO_COAP_CONTENT_FORMAT, format);
    atto_coap_put_payload(&writer, payload, len);
    send(server, &exchange->peer, exchange->bytes, writer.len);
    exchange->len = (uint8_t)writer.len;
    exchange->state = SENDS;
    exchange->tries = 0;
    exchange->due = atto_coap_retry_at(server, 0);
    if (!exchange->confirmable)
        settle(server, exchange);
    return ATTO_OK;
}

/* An ACK or RST has come. False: it is not for a later answer. */
static bool exchange_heard(struct atto_coap_server *server, const struct atto_coap_peer *peer, uint16_t id)
{
    for (uint32_t i = 0; i < server->config->exchange_count; i++) {
        struct atto_coap_exchange *exchange = &server->config->exchanges[i];

        if (exchange->state == SENDS && exchange->ticket == id && atto_coap_same_peer(&exchange->peer, peer)) {
            settle(server, exchange);
            return true;
        }
    }
    return false;
}

/* What is due of one exchange. */
static void exchange_due(struct atto_coap_server *server, struct atto_coap_exchange *exchange)
{
    if (exchange->state == WAITS) {
        (void)atto_coap_server_answer(server, exchange->ticket, ATTO_COAP_GATEWAY_TIMEOUT, ATTO_COAP_FORMAT_NONE, NULL,
                                      0);
    } else if (exchange->tries++ == ATTO_COAP_MAX_RETRANSMIT) {
        settle(server, exchange);
    } else {
        send(server, &exchange->peer, exchange->bytes, exchange->len);
        exchange->due = atto_coap_retry_at(server, exchange->tries);
    }
}

uint64_t atto_coap_server_tick(struct atto_coap_server *server)
{
    struct agenda agenda = { atto_coap_now(server), LONGEST_TIME };

    for (uint32_t i = 0; i < server->config->exchange_count; i++) {
        struct atto_coap_exchange *exchange = &server->config->exchanges[i];

        if (atto_coap_has_come(&agenda, &exchange->due) && exchange->state != KEPT)
            exchange_due(server, exchange);
        if (exchange->state != KEPT)
            atto_coap_note(&agenda, exchange->due);
    }
    atto_coap_observe_tick(server, &agenda);
    atto_coap_block1_tick(server, &agenda);
    if (server->requester != NULL)
        atto_coap_note(&agenda, agenda.now + server->requester->tick(server->requester));
    return server->config->port->now_us(server->config->port->user) / 1024u * 1024u + agenda.next * (uint64_t)1024u;
}

/* --- requests */

/* A request that was answered before, or is being answered. It gets no second answer of another content; an answer to
 * one that was not confirmable is not repeated. */
static void answer_again(const struct atto_coap_server *server, const struct atto_coap_exchange *exchange)
{
    if (!exchange->confirmable)
        return;
    if (exchange->state == KEPT && exchange->len != 0u)
        send(server, &exchange->peer, exchange->bytes, exchange->len);
    else
        atto_coap_send_empty(server, &exchange->peer, ATTO_COAP_ACK, exchange->request_id);
}

/* Fills in the reply: by what the options rule out, by the state of the transfer, or by the handler. */
static void make_reply(struct turn *turn, bool is_safe)
{
    const struct atto_coap_config *config = turn->reply.server->config;
    uint32_t code = turn->refusal;

    if (code == 0u && turn->request.code > ATTO_COAP_IPATCH)
        code = ATTO_COAP_METHOD_NOT_ALLOWED;
    if (code == 0u && !is_safe && turn->block2.offset != 0u)
        code = ATTO_COAP_BAD_OPTION;
    if (code == 0u)
        code = atto_coap_block1_piece(turn);
    if (code != 0u) {
        atto_coap_refuse(&turn->reply, (enum atto_coap_code)code, NULL);
        return;
    }
    turn->reply.may_be_later = turn->request.transfer == ATTO_COAP_WHOLE;
    config->handle(config->user, &turn->request, &turn->reply);
    atto_coap_block1_answered(turn);
}

static void serve(struct atto_coap_server *server, const struct atto_coap_peer *peer,
                  struct atto_coap_message *message)
{
    struct atto_coap_exchange *exchange = find_exchange(server, peer, message->id);
    const uint8_t *out = server->config->out;
    uint16_t request_id = message->id;
    bool is_safe = message->code == ATTO_COAP_GET || message->code == ATTO_COAP_FETCH; /* it can be answered again */
    struct turn turn;
    uint32_t len;

    if (exchange != NULL) {
        answer_again(server, exchange);
        return;
    }
    if (message->type == ATTO_COAP_NON)
        message->id = atto_coap_new_id(server);
    else
        message->type = ATTO_COAP_ACK;
    atto_coap_turn_begin(&turn, server, peer, message);
    make_reply(&turn, is_safe);
    if (turn.reply.ticket != 0u) {
        exchange = begin_exchange(&turn, WAITS, TIME_OF_MS(ATTO_COAP_LATER_MS));
        exchange->request_id = request_id;
        exchange->ticket = turn.reply.ticket;
        exchange->len = message->token_len;
        memcpy(exchange->bytes, message->token, message->token_len);
        if (exchange->confirmable)
            atto_coap_send_empty(server, peer, ATTO_COAP_ACK, request_id);
        return;
    }
    atto_coap_observe(&turn);
    len = atto_coap_turn_end(&turn);
    send(server, peer, out, len);
    if (is_safe)
        return;
    exchange = begin_exchange(&turn, KEPT, EXCHANGE_LIFETIME);
    exchange->request_id = request_id;
    if (len > sizeof exchange->bytes) /* its code alone is kept */
        len = ATTO_COAP_HEADER_BYTES + (uint32_t)message->token_len;
    exchange->len = (uint8_t)len;
    memcpy(exchange->bytes, out, len);
}

/* --- datagrams */

static void heard(struct atto_coap_server *server, const struct atto_coap_peer *peer,
                  const struct atto_coap_message *message)
{
    if (message->code == ATTO_COAP_EMPTY &&
        (exchange_heard(server, peer, message->id) ||
         atto_coap_observer_heard(server, peer, message->id, message->type == ATTO_COAP_RST)))
        return;
    if (server->requester != NULL && server->requester->input(server->requester, peer, message))
        return;
    if (message->type == ATTO_COAP_CON)
        atto_coap_send_empty(server, peer, ATTO_COAP_RST, message->id);
}

void atto_coap_server_input(struct atto_coap_server *server, const struct atto_coap_peer *peer, const uint8_t *bytes,
                            uint32_t len)
{
    struct atto_coap_message message;
    enum atto_status status = atto_coap_read(bytes, len, &message);

    if (status == ATTO_E_VERSION)
        return;
    if (status != ATTO_OK || (message.code == ATTO_COAP_EMPTY && message.type == ATTO_COAP_CON)) {
        if (message.type == ATTO_COAP_CON)
            atto_coap_send_empty(server, peer, ATTO_COAP_RST, message.id);
    } else if (message.code == ATTO_COAP_EMPTY || ATTO_COAP_CLASS(message.code) != 0u) {
        heard(server, peer, &message);
    } else if (message.type <= ATTO_COAP_NON) {
        serve(server, peer, &message);
    }
}
