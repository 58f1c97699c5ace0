/* From the options of a request to what it asks for, and from a reply to the options of its message. An option that
 * must be understood, and is not, refuses the request (RFC 7252 section 5.4.1); one that is repeated or has a wrong
 * length counts as one that is not known.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/compiler.h"
#include "manage/server.h"

struct known_option {
    uint16_t number;
    uint8_t min, max; /* bytes; of one that may occur more than once, min has MANY in addition */
};
#define MANY 128u
static const struct known_option known[ASKED_COUNT] = {
#define KNOWN_OPTION(name, number, min, max, many) { number, (min) + (many)*MANY, max },
    ATTO_COAP_OPTION_TABLE(KNOWN_OPTION)
#undef KNOWN_OPTION
};

/* Notes an option in its place. False: it is not known, or may not stand here. */
static bool read_option(struct turn *turn, const struct atto_coap_option *option)
{
    const struct known_option *place = known;
    uint32_t *asked = turn->asked;

    for (; place->number != option->number; place++, asked++) {
        if (place == &known[ASKED_COUNT - 1u])
            return false;
    }
    if (option->value.len < place->min % MANY || option->value.len > place->max)
        return false;
    if (place->min >= MANY)
        turn->key = atto_coap_hash(turn->key + option->number, option->value.ptr, option->value.len);
    else if (*asked != ABSENT)
        return false;
    *asked = atto_coap_uint(option->value);
    return true;
}

static ATTO_APART void read_options(struct turn *turn, const struct atto_coap_config *config)
{
    struct atto_coap_options *walk = &turn->request.path;
    struct atto_coap_option option;
    uint32_t block2;

    memset(turn->asked, 0xff, sizeof turn->asked);
    turn->key = turn->request.code;
    while (atto_coap_next(walk, &option)) {
        if (!read_option(turn, &option) && ATTO_COAP_IS_CRITICAL(option.number) &&
            option.number - config->own_option >= config->own_options)
            turn->refusal = ATTO_COAP_BAD_OPTION;
    }
    block2 = turn->asked[ASKED_BLOCK2];
    if (!atto_coap_block_read(block2 == ABSENT ? ATTO_COAP_SZX_MAX : block2, &turn->block2))
        turn->refusal = ATTO_COAP_BAD_REQUEST;
    if (turn->asked[ASKED_PROXY_URI] != ABSENT || turn->asked[ASKED_PROXY_SCHEME] != ABSENT)
        turn->refusal = ATTO_COAP_PROXYING_NOT_SUPPORTED;
}

void atto_coap_turn_begin(struct turn *turn, struct atto_coap_server *server, const struct atto_coap_peer *peer,
                          const struct atto_coap_message *message)
{
    struct atto_coap_request *request = &turn->request;
    struct atto_coap_reply *reply = &turn->reply;

    memset(turn, 0, sizeof *turn);
    turn->message = message;
    turn->type = ATTO_COAP_ACK;
    turn->id = message->id;
    if (message->type != ATTO_COAP_CON) {
        turn->type = ATTO_COAP_NON;
        turn->id = atto_coap_new_id(server);
    }
    turn->observe = ABSENT;
    request->peer = peer;
    request->code = message->code;
    turn->is_safe = message->code == ATTO_COAP_GET || message->code == ATTO_COAP_FETCH;
    request->path = atto_coap_options_of(message);
    read_options(turn, server->config);
    request->path.pos = 0;
    request->path.number = 0;
    request->all = request->path;
    request->last = true;
    request->transfer = ATTO_COAP_WHOLE;
    request->content_format = turn->asked[ASKED_CONTENT_FORMAT];
    request->accept = turn->asked[ASKED_ACCEPT];
    request->size = turn->asked[ASKED_SIZE1] == ABSENT ? 0u : turn->asked[ASKED_SIZE1];
    request->piece = message->payload;
    reply->code = ATTO_COAP_NOT_FOUND;
    reply->format = ATTO_COAP_FORMAT_NONE;
    reply->max_age_s = ATTO_COAP_MAX_AGE_S;
    reply->szx = turn->block2.szx < server->szx ? turn->block2.szx : server->szx;
    reply->offset = turn->block2.offset;
    reply->capacity = ATTO_COAP_BLOCK_BYTES(reply->szx);
    reply->window = server->config->out + ATTO_COAP_OUT_BYTES(0);
    reply->server = server;
}

/* Changes a reply that conditions of the request, or its own length, rule out. Answers whether it is a representation:
 * what has an entity tag and blocks. */
static bool check_reply(struct turn *turn)
{
    struct atto_coap_reply *reply = &turn->reply;
    const uint32_t accept = turn->request.accept;

    if (reply->code == ATTO_COAP_CONTENT && accept != ATTO_COAP_FORMAT_NONE && accept != reply->format)
        atto_coap_refuse(reply, ATTO_COAP_NOT_ACCEPTABLE, NULL);
    if (reply->code == ATTO_COAP_CONTENT && turn->is_safe) {
        if (reply->offset == 0u || reply->offset < reply->total)
            return true;
        atto_coap_refuse(reply, ATTO_COAP_BAD_REQUEST, NULL); /* there is no such block */
    } else if (reply->total > reply->offset + reply->capacity) {
        atto_coap_refuse(reply, ATTO_COAP_INTERNAL_SERVER_ERROR, NULL);
    }
    return false;
}

uint32_t atto_coap_turn_end(struct turn *turn)
{
    struct atto_coap_reply *reply = &turn->reply;
    uint8_t *out = reply->server->config->out;
    struct atto_coap_writer writer = { out, ATTO_COAP_OUT_BYTES(0), 0, 0 };
    bool is_content = check_reply(turn);
    struct atto_coap_block block2 = { reply->offset, reply->szx, false };
    uint32_t block1 = turn->asked[ASKED_BLOCK1], len;
    uint32_t answer[ASKED_COUNT]; /* the options of the answer, in the same way as those of the request */

    memset(answer, 0xff, sizeof answer);
    if (is_content) {
        answer[ASKED_ETAG] = reply->hash | 1u; /* no 0 in front, so that it is an integer like the others */
        if (turn->asked[ASKED_ETAG] == answer[ASKED_ETAG]) {
            atto_coap_answer(reply, ATTO_COAP_VALID, ATTO_COAP_FORMAT_NONE);
            reply->total = 0;
            is_content = false;
        }
    }
    len = reply->total > reply->offset ? reply->total - reply->offset : 0u;
    if (len > reply->capacity) {
        len = reply->capacity;
        block2.more = true;
    }
    if (is_content) {
        if (block2.more || turn->asked[ASKED_BLOCK2] != ABSENT)
            answer[ASKED_BLOCK2] = atto_coap_block_value(&block2);
        if (turn->asked[ASKED_SIZE2] != ABSENT || (block2.more && block2.offset == 0u))
            answer[ASKED_SIZE2] = reply->total;
    }
    if (block1 / 8u == 1u && block1 % 8u > reply->server->szx)
        block1 = 8u + reply->server->szx; /* from the second block on, it asks for smaller ones */
    answer[ASKED_BLOCK1] = block1;
    answer[ASKED_OBSERVE] = turn->observe;
    answer[ASKED_CONTENT_FORMAT] = reply->format;
    if (reply->max_age_s != ATTO_COAP_MAX_AGE_S)
        answer[ASKED_MAX_AGE] = reply->max_age_s;
    if (reply->limit != 0u)
        answer[ASKED_SIZE1] = reply->limit;
    atto_coap_begin(&writer, (enum atto_coap_type)turn->type, reply->code, turn->id, turn->message->token,
                    turn->message->token_len);
    for (uint32_t i = 0; i < ASKED_COUNT; i++) {
        if (answer[i] != ABSENT)
            atto_coap_put_uint(&writer, known[i].number, answer[i]);
    }
    if (reply->own_option != 0u)
        atto_coap_put_uint(&writer, reply->own_option, reply->own_value);
    if (len != 0u) {
        /* The payload lies behind the room for options; now that it is known how many there are, it moves to them. */
        out[writer.len++] = ATTO_COAP_PAYLOAD_MARKER;
        memmove(out + writer.len, reply->window, len);
        writer.len += len;
    }
    return writer.len;
}
