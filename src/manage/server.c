/* The CoAP server's way from a datagram to its answer, and the exchanges: answers that are kept for duplicates of their
 * requests, that are put off, or that are sent until they are acknowledged. An exchange that nobody waits for is always
 * there to be used again, the oldest first, so there is no list of free ones.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "manage/server.h"

#define EXCHANGE_LIFETIME_US 247000000u /* RFC 7252 section 4.8.2 */

_Static_assert(ATTO_COAP_EXCHANGE_BYTES > 16u && ATTO_COAP_EXCHANGE_BYTES <= 255u, "an answer without payload fits");
_Static_assert(ATTO_COAP_OBSERVED_BYTES <= 255u, "its length is one byte");

enum exchange_state {
    KEPT = 0,  /* for duplicates until due_us. len 0: they get an empty ACK */
    WAITS = 1, /* for atto_coap_server_answer until due_us; bytes: the token */
    SENDS = 2  /* bytes are a confirmable message, to be sent again at due_us */
};

bool atto_coap_same_peer(const struct atto_coap_peer *one, const struct atto_coap_peer *other)
{
    return memcmp(one, other, sizeof *one) == 0;
}

uint64_t atto_coap_now(const struct atto_coap_server *server)
{
    return server->config->port->now_us(server->config->port->user);
}

uint16_t atto_coap_new_id(struct atto_coap_server *server)
{
    if (++server->next_id == 0u)
        server->next_id = 1;
    return server->next_id;
}

uint64_t atto_coap_retry_at(const struct atto_coap_server *server, uint32_t tries)
{
    const struct atto_port *port = server->config->port;
    uint32_t timeout_us = (ATTO_COAP_ACK_TIMEOUT_MS * 1000u) << tries;
    uint8_t chance;

    port->random(port->user, &chance, 1);
    return atto_coap_now(server) + timeout_us + timeout_us / 512u * chance;
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

    if (config->port == NULL || config->send == NULL || config->handle == NULL || config->exchange_count < 2u ||
        config->out_bytes < ATTO_COAP_OUT_BYTES(ATTO_COAP_BLOCK_BYTES(0)) || config->transfer_count >= ATTO_COAP_WHOLE)
        return ATTO_E_ARGUMENT;
    while (ATTO_COAP_OUT_BYTES(ATTO_COAP_BLOCK_BYTES(szx)) > config->out_bytes)
        szx--;
    server->config = config;
    server->requester = NULL;
    server->sequence = 0;
    server->szx = (uint8_t)szx;
    config->port->random(config->port->user, (uint8_t *)&server->next_id, sizeof server->next_id);
    memset(config->exchanges, 0, config->exchange_count * sizeof *config->exchanges);
    if (config->observer_count != 0u)
        memset(config->observers, 0, config->observer_count * sizeof *config->observers);
    if (config->transfer_count != 0u)
        memset(config->transfers, 0, config->transfer_count * sizeof *config->transfers);
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
    uint64_t now = atto_coap_now(server);

    for (uint32_t i = 0; i < server->config->exchange_count; i++) {
        struct atto_coap_exchange *exchange = &server->config->exchanges[i];

        if (exchange->request_id == request_id && atto_coap_same_peer(&exchange->peer, peer) &&
            (exchange->state != KEPT || exchange->due_us > now))
            return exchange;
    }
    return NULL;
}

/* Nobody waits for this exchange any more; duplicates of its request get an empty ACK. */
static void settle(const struct atto_coap_server *server, struct atto_coap_exchange *exchange)
{
    exchange->state = KEPT;
    exchange->len = 0;
    exchange->bytes[1] = 0;
    exchange->due_us = atto_coap_now(server) + EXCHANGE_LIFETIME_US;
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

/* An exchange that can be used again: the one of the last block of the same peer's, which has no further use, or the
 * oldest. */
static struct atto_coap_exchange *new_exchange(const struct atto_coap_server *server, const struct atto_coap_peer *peer)
{
    struct atto_coap_exchange *oldest = NULL;

    for (uint32_t i = 0; i < server->config->exchange_count; i++) {
        struct atto_coap_exchange *exchange = &server->config->exchanges[i];

        if (exchange->state != KEPT)
            continue;
        if (exchange->bytes[1] == ATTO_COAP_CONTINUE && atto_coap_same_peer(&exchange->peer, peer))
            return exchange;
        if (oldest == NULL || exchange->due_us < oldest->due_us)
            oldest = exchange;
    }
    return oldest;
}

static void begin_exchange(struct atto_coap_exchange *exchange, enum exchange_state state, uint64_t due_us,
                           const struct atto_coap_peer *peer, const struct atto_coap_message *message)
{
    exchange->state = (uint8_t)state;
    exchange->due_us = due_us;
    exchange->peer = *peer;
    exchange->request_id = message->id;
    exchange->ticket = 0;
    exchange->confirmable = message->type == ATTO_COAP_CON;
}

/* Keeps an answer for duplicates of its request; what is too long, as its code alone. */
static void keep(const struct atto_coap_server *server, const struct atto_coap_message *message,
                 const struct envelope *envelope, uint32_t len)
{
    struct atto_coap_exchange *exchange = new_exchange(server, envelope->peer);
    const uint8_t *out = server->config->out;

    begin_exchange(exchange, KEPT, atto_coap_now(server) + EXCHANGE_LIFETIME_US, envelope->peer, message);
    if (len > sizeof exchange->bytes)
        len = ATTO_COAP_HEADER_BYTES + envelope->token_len;
    memcpy(exchange->bytes, out, len);
    exchange->len = (uint8_t)len;
}

/* The handler will answer later: an empty ACK is all for now. */
static void put_off(const struct atto_coap_server *server, const struct atto_coap_message *message,
                    const struct atto_coap_peer *peer, uint16_t ticket)
{
    struct atto_coap_exchange *exchange = new_exchange(server, peer);

    begin_exchange(exchange, WAITS, atto_coap_now(server) + ATTO_COAP_LATER_MS * 1000u, peer, message);
    exchange->ticket = ticket;
    exchange->len = message->token_len;
    memcpy(exchange->bytes, message->token, message->token_len);
    if (exchange->confirmable)
        atto_coap_send_empty(server, peer, ATTO_COAP_ACK, message->id);
}

enum atto_status atto_coap_server_answer(struct atto_coap_server *server, uint16_t ticket, enum atto_coap_code code,
                                         uint32_t format, const void *payload, uint32_t len)
{
    struct atto_coap_exchange *exchange = NULL;
    uint8_t token[ATTO_COAP_TOKEN_MAX];

    for (uint32_t i = 0; i < server->config->exchange_count; i++) {
        if (server->config->exchanges[i].state == WAITS && server->config->exchanges[i].ticket == ticket)
            exchange = &server->config->exchanges[i];
    }
    if (exchange == NULL)
        return ATTO_E_NOT_FOUND;
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
    exchange->due_us = atto_coap_retry_at(server, 0);
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
    } else if (exchange->tries == ATTO_COAP_MAX_RETRANSMIT) {
        settle(server, exchange);
    } else {
        exchange->tries++;
        send(server, &exchange->peer, exchange->bytes, exchange->len);
        exchange->due_us = atto_coap_retry_at(server, exchange->tries);
    }
}

uint64_t atto_coap_server_tick(struct atto_coap_server *server)
{
    uint64_t now = atto_coap_now(server), next = UINT64_MAX, due;

    for (uint32_t i = 0; i < server->config->exchange_count; i++) {
        struct atto_coap_exchange *exchange = &server->config->exchanges[i];

        if (exchange->state != KEPT && exchange->due_us <= now)
            exchange_due(server, exchange);
        if (exchange->state != KEPT && exchange->due_us < next)
            next = exchange->due_us;
    }
    due = atto_coap_observe_tick(server);
    next = due < next ? due : next;
    due = atto_coap_block1_tick(server);
    next = due < next ? due : next;
    if (server->requester != NULL) {
        due = server->requester->tick(server->requester);
        next = due < next ? due : next;
    }
    return next;
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

/* Has answering it no effect, so that it can be answered any number of times? */
static bool is_safe(uint32_t code)
{
    return code == ATTO_COAP_GET || code == ATTO_COAP_FETCH;
}

/* Fills in the reply: by what the options rule out, by the state of the transfer, or by the handler. */
static void make_reply(struct atto_coap_server *server, struct atto_coap_request *request, const struct asked *asked,
                       struct atto_coap_reply *reply)
{
    uint32_t code = asked->refusal, wait_s = ATTO_COAP_MAX_AGE_S;

    if (code == 0u && request->code > ATTO_COAP_IPATCH)
        code = ATTO_COAP_METHOD_NOT_ALLOWED;
    if (code == 0u && !is_safe(request->code) && asked->has_block2 && asked->block2.offset != 0u)
        code = ATTO_COAP_BAD_OPTION;
    if (code == 0u)
        code = atto_coap_block1_piece(server, request, asked, &wait_s);
    if (code != 0u) {
        atto_coap_refuse(reply, (enum atto_coap_code)code, NULL);
        reply->max_age_s = wait_s;
        return;
    }
    reply->may_be_later = request->transfer == ATTO_COAP_WHOLE;
    server->config->handle(server->config->user, request, reply);
    atto_coap_block1_answered(server, request, reply);
}

static void serve(struct atto_coap_server *server, const struct atto_coap_peer *peer,
                  const struct atto_coap_message *message)
{
    const struct atto_coap_exchange *exchange = find_exchange(server, peer, message->id);
    struct envelope envelope = { peer, message->token, message->token_len, ATTO_COAP_ACK, message->id, NOT_OBSERVED };
    struct atto_coap_request request;
    struct atto_coap_reply reply;
    struct asked asked;
    uint32_t len;

    if (exchange != NULL) {
        answer_again(server, exchange);
        return;
    }
    if (message->type == ATTO_COAP_NON) {
        envelope.type = ATTO_COAP_NON;
        envelope.id = atto_coap_new_id(server);
    }
    atto_coap_begin_request(&request, peer, message->code, atto_coap_options_of(message), message->payload);
    atto_coap_read_options(&request, &asked);
    atto_coap_begin_reply(server, &reply, &asked);
    make_reply(server, &request, &asked, &reply);
    if (reply.ticket != 0u) {
        put_off(server, message, peer, reply.ticket);
        return;
    }
    if (request.code == ATTO_COAP_GET && asked.observe <= 1u && asked.block2.offset == 0u) {
        if (asked.observe == 1u || reply.code != ATTO_COAP_CONTENT || reply.resource == 0u)
            atto_coap_observe_no_more(server, &envelope);
        else if (atto_coap_observe(server, &request, &asked, &envelope, reply.resource))
            envelope.observe = server->sequence++;
    }
    len = atto_coap_compose(&request, &asked, &reply, &envelope);
    if (!is_safe(request.code))
        keep(server, message, &envelope, len);
    send(server, peer, server->config->out, len);
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
    bool is_confirmable, is_request;

    if (status == ATTO_E_VERSION)
        return;
    is_confirmable = message.type == ATTO_COAP_CON;
    if (status != ATTO_OK || (message.code == ATTO_COAP_EMPTY && is_confirmable)) {
        if (is_confirmable)
            atto_coap_send_empty(server, peer, ATTO_COAP_RST, message.id);
        return;
    }
    is_request = message.code != ATTO_COAP_EMPTY && ATTO_COAP_CLASS(message.code) == 0u;
    if (!is_request)
        heard(server, peer, &message);
    else if (message.type <= ATTO_COAP_NON)
        serve(server, peer, &message);
}
