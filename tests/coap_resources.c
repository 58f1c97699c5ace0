/* The resources that the tests of CoAP ask for.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "coap_resources.h"

#include <string.h>

#define LARGE_BYTES 3000u

static void write_text(struct atto_coap_reply *reply, const char *text)
{
    atto_coap_write(reply, text, (uint32_t)strlen(text));
}

static void write_number(struct atto_coap_reply *reply, uint32_t number)
{
    char digits[10];
    uint32_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number != 0u);
    atto_coap_write(reply, digits + at, (uint32_t)sizeof digits - at);
}

uint8_t coap_large_byte(uint32_t i)
{
    return (uint8_t)('a' + (i / 16u + i) % 26u);
}

static void large(struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    struct atto_span query;
    uint32_t size = LARGE_BYTES;

    if (atto_coap_query(request, "size", &query)) {
        size = 0;
        for (uint32_t i = 0; i < query.len && i < 6u; i++)
            size = size * 10u + (query.ptr[i] - (uint32_t)'0') % 10u;
    }
    atto_coap_answer(reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_TEXT);
    for (uint32_t i = 0; i < size; i++) {
        uint8_t byte = coap_large_byte(i);
        atto_coap_write(reply, &byte, 1);
    }
}

static void put(struct coap_resources *resources, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    bool whole = request->transfer == ATTO_COAP_WHOLE;

    if (request->size > COAP_STORE_MAX || request->piece.len > COAP_STORE_MAX - request->offset) {
        if (!whole)
            resources->coming_len[request->transfer] = 0;
        atto_coap_refuse(reply, ATTO_COAP_REQUEST_ENTITY_TOO_LARGE, "too much");
        reply->limit = COAP_STORE_MAX;
        return;
    }
    if (!whole) {
        memcpy(resources->coming[request->transfer] + request->offset, request->piece.ptr, request->piece.len);
        resources->coming_len[request->transfer] = request->offset + request->piece.len;
    }
    atto_coap_answer(reply, request->last ? ATTO_COAP_CHANGED : ATTO_COAP_CONTINUE, ATTO_COAP_FORMAT_NONE);
    reply->stays = resources->stays;
    if (!request->last)
        return;
    resources->writes++;
    resources->stored_len = request->offset + request->piece.len;
    memcpy(resources->stored, whole ? request->piece.ptr : resources->coming[request->transfer],
           resources->stored_len);
    if (!whole)
        resources->coming_len[request->transfer] = 0;
}

static void store(struct coap_resources *resources, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    if (request->code == ATTO_COAP_GET) {
        atto_coap_answer(reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_OCTETS);
        atto_coap_write(reply, resources->stored, resources->stored_len);
    } else if (request->code == ATTO_COAP_IPATCH && request->content_format == ATTO_COAP_FORMAT_TEXT) {
        atto_coap_refuse(reply, ATTO_COAP_UNSUPPORTED_CONTENT_FORMAT, NULL);
    } else if (request->code == ATTO_COAP_PUT || request->code == ATTO_COAP_POST ||
               request->code == ATTO_COAP_IPATCH) {
        put(resources, request, reply);
    } else {
        atto_coap_refuse(reply, ATTO_COAP_METHOD_NOT_ALLOWED, NULL);
    }
}

static void count(struct coap_resources *resources, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    if (resources->count_is_gone)
        return;
    if (request->code == ATTO_COAP_GET) {
        atto_coap_answer(reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_TEXT);
        reply->resource = COAP_COUNT_RESOURCE;
        write_number(reply, resources->count);
    } else if (request->code == ATTO_COAP_POST || request->code == ATTO_COAP_DELETE) {
        resources->count++;
        resources->count_is_gone = request->code == ATTO_COAP_DELETE;
        atto_coap_answer(reply, resources->count_is_gone ? ATTO_COAP_DELETED : ATTO_COAP_CHANGED,
                         ATTO_COAP_FORMAT_TEXT);
        write_number(reply, resources->count);
        atto_coap_changed(resources->server, COAP_COUNT_RESOURCE);
    }
}

void coap_resources_handle(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    struct coap_resources *resources = user;

    resources->handled++;
    if (atto_coap_path_is(request, ".well-known")) {
        if (!atto_coap_path_is(request, "core") || !atto_coap_path_ends(request))
            return;
        atto_coap_answer(reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_LINK);
        write_text(reply, "</hello>,</large>;sz=3000,</store>,</count>;obs,</later>");
    } else if (atto_coap_path_is(request, "hello") && atto_coap_path_ends(request)) {
        atto_coap_answer(reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_TEXT);
        reply->max_age_s = 5;
        write_text(reply, "hello, world");
    } else if (atto_coap_path_is(request, "large") && atto_coap_path_ends(request)) {
        large(request, reply);
    } else if (atto_coap_path_is(request, "store") && atto_coap_path_ends(request)) {
        store(resources, request, reply);
    } else if (atto_coap_path_is(request, "count") && atto_coap_path_ends(request)) {
        count(resources, request, reply);
    } else if (atto_coap_path_is(request, "fetch") && request->code == ATTO_COAP_FETCH) {
        atto_coap_answer(reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_OCTETS);
        atto_coap_write(reply, request->piece.ptr, request->piece.len);
        atto_coap_write(reply, request->piece.ptr, request->piece.len);
    } else if (atto_coap_path_is(request, "later") && request->code == ATTO_COAP_POST) {
        resources->writes++;
        if (!atto_coap_later(reply, &resources->ticket))
            atto_coap_refuse(reply, ATTO_COAP_SERVICE_UNAVAILABLE, NULL);
    }
}

void coap_resources_abandon(void *user, uint32_t transfer)
{
    struct coap_resources *resources = user;

    resources->abandoned++;
    resources->coming_len[transfer] = 0;
}

enum atto_status coap_resources_answer(struct coap_resources *resources)
{
    static const char text[] = "here it is";
    uint16_t ticket = resources->ticket;

    resources->ticket = 0;
    return atto_coap_server_answer(resources->server, ticket, ATTO_COAP_CHANGED, ATTO_COAP_FORMAT_TEXT, text,
                                   sizeof text - 1u);
}
