/* From the options of a request to what it asks for, and from a reply to the options of its message. An option that
 * must be understood, and is not, refuses the request (RFC 7252 section 5.4.1); one that is repeated or has a wrong
 * length counts as one that is not known.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "manage/server.h"

struct known_option {
    uint16_t number, max;
    uint8_t min, many;
};
static const struct known_option known[] = {
#define KNOWN_OPTION(name, number, min, max, many) { number, max, min, many },
    ATTO_COAP_OPTION_TABLE(KNOWN_OPTION)
#undef KNOWN_OPTION
};
#define KNOWN_COUNT (sizeof known / sizeof *known)
_Static_assert(KNOWN_COUNT <= 32u, "one bit for each");

/* Is this option known, and may it stand here? seen: a bit for each known one that came before. */
static bool is_known(const struct atto_coap_option *option, uint32_t *seen)
{
    for (uint32_t i = 0; i < KNOWN_COUNT; i++) {
        uint32_t bit = (uint32_t)1 << i;

        if (known[i].number != option->number)
            continue;
        if (option->value.len < known[i].min || option->value.len > known[i].max ||
            ((*seen & bit) != 0u && known[i].many == 0u))
            return false;
        *seen |= bit;
        return true;
    }
    return false;
}

static void read_option(const struct atto_coap_option *option, struct atto_coap_request *request, struct asked *asked)
{
    uint32_t number = option->number;

    switch (number) {
    case ATTO_COAP_OBSERVE:
        asked->observe = atto_coap_uint(option->value);
        break;
    case ATTO_COAP_CONTENT_FORMAT:
        request->content_format = atto_coap_uint(option->value);
        break;
    case ATTO_COAP_ACCEPT:
        request->accept = atto_coap_uint(option->value);
        break;
    case ATTO_COAP_BLOCK1:
        asked->has_block1 = true;
        if (!atto_coap_block_read(atto_coap_uint(option->value), &asked->block1))
            asked->refusal = ATTO_COAP_BAD_REQUEST;
        break;
    case ATTO_COAP_BLOCK2:
        asked->has_block2 = true;
        if (!atto_coap_block_read(atto_coap_uint(option->value), &asked->block2))
            asked->refusal = ATTO_COAP_BAD_REQUEST;
        break;
    case ATTO_COAP_SIZE1:
        request->size = atto_coap_uint(option->value);
        break;
    case ATTO_COAP_SIZE2:
        asked->wants_size = true;
        break;
    case ATTO_COAP_PROXY_URI:
    case ATTO_COAP_PROXY_SCHEME:
        asked->refusal = ATTO_COAP_PROXYING_NOT_SUPPORTED;
        break;
    case ATTO_COAP_URI_PATH:
    case ATTO_COAP_URI_QUERY:
    case ATTO_COAP_REQUEST_TAG:
        asked->key = atto_coap_hash(asked->key, &number, sizeof number);
        asked->key = atto_coap_hash(asked->key, option->value.ptr, option->value.len);
        break;
    default:
        break;
    }
}

void atto_coap_begin_request(struct atto_coap_request *request, const struct atto_coap_peer *peer, uint32_t code,
                             struct atto_coap_options options, struct atto_span payload)
{
    memset(request, 0, sizeof *request);
    request->peer = peer;
    request->code = (uint8_t)code;
    request->last = true;
    request->transfer = ATTO_COAP_WHOLE;
    request->content_format = ATTO_COAP_FORMAT_NONE;
    request->accept = ATTO_COAP_FORMAT_NONE;
    request->piece = payload;
    request->path = options;
    request->all = options;
}

void atto_coap_read_options(struct atto_coap_request *request, struct asked *asked)
{
    struct atto_coap_options walk = request->all;
    struct atto_coap_option option;
    uint32_t seen = 0;

    memset(asked, 0, sizeof *asked);
    asked->observe = NOT_OBSERVED;
    asked->key = atto_coap_hash(ATTO_COAP_HASH_START, &request->code, 1);
    asked->block2.szx = ATTO_COAP_SZX_MAX;
    while (atto_coap_next(&walk, &option)) {
        if (is_known(&option, &seen))
            read_option(&option, request, asked);
        else if (ATTO_COAP_IS_CRITICAL(option.number))
            asked->refusal = ATTO_COAP_BAD_OPTION;
    }
}

void atto_coap_begin_reply(struct atto_coap_server *server, struct atto_coap_reply *reply, const struct asked *asked)
{
    uint32_t szx = asked->block2.szx < server->szx ? asked->block2.szx : server->szx;

    memset(reply, 0, sizeof *reply);
    reply->code = ATTO_COAP_NOT_FOUND;
    reply->format = ATTO_COAP_FORMAT_NONE;
    reply->max_age_s = ATTO_COAP_MAX_AGE_S;
    reply->offset = asked->block2.offset;
    reply->szx = (uint8_t)szx;
    reply->capacity = ATTO_COAP_BLOCK_BYTES(szx);
    reply->hash = ATTO_COAP_HASH_START;
    reply->window = server->config->out + ATTO_COAP_OUT_BYTES(0);
    reply->server = server;
}

/* Does the request name this entity tag among those that the client has? (section 5.10.6.2) */
static bool is_valid_there(const struct atto_coap_request *request, uint32_t etag)
{
    struct atto_coap_options walk = request->all;
    struct atto_coap_option option;

    while (atto_coap_next(&walk, &option)) {
        if (option.number == ATTO_COAP_ETAG && option.value.len == sizeof etag &&
            memcmp(option.value.ptr, &etag, sizeof etag) == 0)
            return true;
    }
    return false;
}

/* Changes a reply that conditions of the request, or its own length, rule out. Answers whether it is a representation. */
static bool check_reply(const struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    bool is_content = reply->code == ATTO_COAP_CONTENT &&
                      (request->code == ATTO_COAP_GET || request->code == ATTO_COAP_FETCH);

    if (reply->code == ATTO_COAP_CONTENT && request->accept != ATTO_COAP_FORMAT_NONE &&
        request->accept != reply->format)
        atto_coap_refuse(reply, ATTO_COAP_NOT_ACCEPTABLE, NULL);
    else if (is_content && reply->offset != 0u && reply->offset >= reply->total)
        atto_coap_refuse(reply, ATTO_COAP_BAD_REQUEST, "no such block");
    else if (!is_content && reply->total > reply->offset + reply->capacity)
        atto_coap_refuse(reply, ATTO_COAP_INTERNAL_SERVER_ERROR, "the answer is too long");
    else if (is_content && request->code == ATTO_COAP_GET && is_valid_there(request, reply->hash))
        reply->code = ATTO_COAP_VALID;
    else
        return is_content;
    return false;
}

uint32_t atto_coap_compose(struct atto_coap_request *request, const struct asked *asked, struct atto_coap_reply *reply,
                           const struct envelope *envelope)
{
    uint8_t *out = reply->server->config->out;
    struct atto_coap_writer writer = { out, ATTO_COAP_OUT_BYTES(0), 0, 0 };
    bool is_content = check_reply(request, reply);
    uint32_t len = reply->total > reply->offset ? reply->total - reply->offset : 0u;
    struct atto_coap_block block1 = asked->block1;
    struct atto_coap_block block2 = { reply->offset, reply->szx, len > reply->capacity };

    if (len > reply->capacity)
        len = reply->capacity;
    atto_coap_begin(&writer, envelope->type, reply->code, envelope->id, envelope->token, envelope->token_len);
    if (is_content || reply->code == ATTO_COAP_VALID)
        atto_coap_put(&writer, ATTO_COAP_ETAG, &reply->hash, sizeof reply->hash);
    if (envelope->observe != NOT_OBSERVED)
        atto_coap_put_uint(&writer, ATTO_COAP_OBSERVE, envelope->observe % (1u << 24));
    if (reply->format != ATTO_COAP_FORMAT_NONE && reply->code != ATTO_COAP_VALID)
        atto_coap_put_uint(&writer, ATTO_COAP_CONTENT_FORMAT, reply->format);
    if (reply->max_age_s != ATTO_COAP_MAX_AGE_S)
        atto_coap_put_uint(&writer, ATTO_COAP_MAX_AGE, reply->max_age_s);
    if (is_content && (block2.more || block2.offset != 0u || asked->has_block2))
        atto_coap_put_uint(&writer, ATTO_COAP_BLOCK2, atto_coap_block_value(&block2));
    if (block1.offset == 0u && block1.more && block1.szx > reply->server->szx)
        block1.szx = reply->server->szx; /* from the second block on, it asks for smaller ones */
    if (asked->has_block1)
        atto_coap_put_uint(&writer, ATTO_COAP_BLOCK1, atto_coap_block_value(&block1));
    if (is_content && (asked->wants_size || (block2.more && block2.offset == 0u)))
        atto_coap_put_uint(&writer, ATTO_COAP_SIZE2, reply->total);
    if (reply->code == ATTO_COAP_REQUEST_ENTITY_TOO_LARGE && reply->limit != 0u)
        atto_coap_put_uint(&writer, ATTO_COAP_SIZE1, reply->limit);
    if (reply->code != ATTO_COAP_VALID && len != 0u) {
        /* The payload lies behind the room for options; now that it is known how many there are, it moves to them. */
        out[writer.len++] = ATTO_COAP_PAYLOAD_MARKER;
        memmove(out + writer.len, reply->window, len);
        writer.len += len;
    }
    return writer.len;
}
