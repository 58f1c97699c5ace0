/* URIs of CoAP (RFC 7252 section 6.1), taken apart but not decoded: what is accepted has only characters and escapes
 * that a URI may have, and is short enough for each of its segments to fit in an option.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/coap_client.h"

static bool is_hex(uint32_t c)
{
    return c - '0' < 10u || (c | 0x20u) - 'a' < 6u;
}

static bool is_sound(struct atto_span text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        uint32_t c = text.ptr[i];

        if (c <= ' ' || c >= 0x7fu || c == '#')
            return false;
        if (c == '%' && (text.len - i < 3u || !is_hex(text.ptr[i + 1u]) || !is_hex(text.ptr[i + 2u])))
            return false;
    }
    return text.len <= ATTO_COAP_URI_MAX;
}

/* The first byte in text from `from` on that is one of these, or the end. */
static uint32_t find(struct atto_span text, uint32_t from, const char *stops)
{
    while (from < text.len && memchr(stops, text.ptr[from], strlen(stops)) == NULL)
        from++;
    return from;
}

enum atto_status atto_coap_uri_read(struct atto_span text, struct atto_coap_uri *uri)
{
    static const char scheme[] = "coap://";
    uint32_t from = 0, end, port = 0;

    if (!is_sound(text))
        return ATTO_E_FORMAT;
    for (; scheme[from] != 0; from++) {
        if (from == text.len || (text.ptr[from] | 0x20) != scheme[from])
            return ATTO_E_UNSUPPORTED;
    }
    uri->is_ipv6 = from < text.len && text.ptr[from] == '[';
    if (uri->is_ipv6)
        from++;
    end = find(text, from, uri->is_ipv6 ? "]/?@%" : ":/?@%");
    uri->host.ptr = text.ptr + from;
    uri->host.len = end - from;
    if (uri->is_ipv6 && (end == text.len || text.ptr[end++] != ']'))
        return ATTO_E_FORMAT;
    from = find(text, end, "/?");
    uri->target.ptr = text.ptr + from;
    uri->target.len = text.len - from;
    uri->port = ATTO_COAP_PORT;
    if (uri->host.len == 0u || (end < from && text.ptr[end++] != ':'))
        return ATTO_E_FORMAT;
    if (end == from)
        return ATTO_OK;
    for (; end < from; end++) {
        uint32_t digit = text.ptr[end] - (uint32_t)'0';

        if (digit > 9u || port > 6553u)
            return ATTO_E_FORMAT;
        port = port * 10u + digit;
    }
    uri->port = (uint16_t)port;
    return port != 0u && port <= 65535u ? ATTO_OK : ATTO_E_FORMAT;
}
