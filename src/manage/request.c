/* What a handler calls: it walks the path of a request, and writes a reply. Of a representation only the window is kept
 * that the requested block is; all of it is counted and hashed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "manage/server.h"

uint32_t atto_coap_hash(uint32_t hash, const void *bytes, uint32_t len)
{
    const uint8_t *byte = bytes;

    for (uint32_t i = 0; i < len; i++)
        hash = (hash ^ byte[i]) * 16777619u;
    return hash;
}

/* Goes to the next option with this number. */
static bool next_of(struct atto_coap_options *walk, uint32_t number, struct atto_span *value)
{
    struct atto_coap_option option;

    while (atto_coap_next(walk, &option)) {
        if (option.number == number) {
            *value = option.value;
            return true;
        }
    }
    return false;
}

bool atto_coap_path_next(struct atto_coap_request *request, struct atto_span *segment)
{
    return next_of(&request->path, ATTO_COAP_URI_PATH, segment);
}

bool atto_coap_is_text(const struct atto_span *span, const char *text)
{
    return span->len == strlen(text) && memcmp(span->ptr, text, span->len) == 0;
}

bool atto_coap_path_is(struct atto_coap_request *request, const char *segment)
{
    struct atto_coap_options before = request->path;
    struct atto_span value;

    if (atto_coap_path_next(request, &value) && atto_coap_is_text(&value, segment))
        return true;
    request->path = before;
    return false;
}

bool atto_coap_path_ends(const struct atto_coap_request *request)
{
    struct atto_coap_options walk = request->path;
    struct atto_span value;

    return !next_of(&walk, ATTO_COAP_URI_PATH, &value) ||
           (value.len == 0u && !next_of(&walk, ATTO_COAP_URI_PATH, &value));
}

bool atto_coap_query(const struct atto_coap_request *request, const char *key, struct atto_span *value)
{
    struct atto_coap_options walk = request->all;
    uint32_t len = (uint32_t)strlen(key);
    struct atto_span query;

    while (next_of(&walk, ATTO_COAP_URI_QUERY, &query)) {
        if (query.len < len || memcmp(query.ptr, key, len) != 0 || (query.len > len && query.ptr[len] != '='))
            continue;
        if (query.len > len)
            len++;
        value->ptr = query.ptr + len;
        value->len = query.len - len;
        return true;
    }
    return false;
}

void atto_coap_write(struct atto_coap_reply *reply, const void *bytes, uint32_t len)
{
    reply->hash = atto_coap_hash(reply->hash, bytes, len);
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = reply->total++ - reply->offset;

        if (at < reply->capacity)
            reply->window[at] = ((const uint8_t *)bytes)[i];
    }
}

void atto_coap_refuse(struct atto_coap_reply *reply, enum atto_coap_code code, const char *text)
{
    uint32_t len = text != NULL ? (uint32_t)strlen(text) : 0u;

    atto_coap_answer(reply, code, ATTO_COAP_FORMAT_NONE);
    reply->ticket = 0;
    reply->total = 0;
    reply->offset = 0;
    atto_coap_write(reply, text, len < reply->capacity ? len : reply->capacity);
}
