/* URIs of CoAP (RFC 7252 section 6.1), taken apart but not decoded: what is accepted has only good escapes and segments
 * that fit in an option.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/coap_client.h"

#define SEGMENT_MAX 255u

static bool is_hex(uint32_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20u) >= 'a' && (c | 0x20u) <= 'f');
}

/* The first byte in text[from, end) that is one of the stops, or end. */
static uint32_t find(struct atto_span text, uint32_t from, const char *stops)
{
    while (from < text.len && (text.ptr[from] == 0u || strchr(stops, text.ptr[from]) == NULL))
        from++;
    return from;
}

/* May these bytes be a path or a query, whose parts end with `separator`? */
static bool is_sound(struct atto_span text, uint8_t separator)
{
    uint32_t len = 0;

    for (uint32_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (c <= ' ' || c >= 0x7fu || c == '#')
            return false;
        len = c == separator ? 0u : len + 1u;
        if (len > SEGMENT_MAX)
            return false;
        if (c != '%')
            continue;
        if (text.len - i < 3u || !is_hex(text.ptr[i + 1u]) || !is_hex(text.ptr[i + 2u]))
            return false;
        i += 2u;
    }
    return true;
}

/* The port behind the host, at text[pos, end): nothing, or a colon and a number. */
static bool read_port(struct atto_span text, uint32_t pos, uint32_t end, uint16_t *port)
{
    uint32_t value = 0;

    *port = ATTO_COAP_PORT;
    if (pos == end)
        return true;
    if (text.ptr[pos] != ':')
        return false;
    if (pos + 1u == end)
        return true;
    for (uint32_t i = pos + 1u; i < end; i++) {
        uint32_t digit = text.ptr[i] - (uint32_t)'0';

        if (digit > 9u || value > 65535u)
            return false;
        value = value * 10u + digit;
    }
    *port = (uint16_t)value;
    return value != 0u && value <= 65535u;
}

enum atto_status atto_coap_uri_read(struct atto_span text, struct atto_coap_uri *uri)
{
    static const char scheme[] = "coap://";
    uint32_t from = sizeof scheme - 1u, end, host_end;
    struct atto_coap_uri read;

    for (uint32_t i = 0; i < from; i++) {
        if (i == text.len)
            return ATTO_E_FORMAT;
        if ((text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] | 0x20u : text.ptr[i]) != (uint32_t)scheme[i])
            return find(text, 0, ":") == text.len ? ATTO_E_FORMAT : ATTO_E_UNSUPPORTED;
    }
    end = find(text, from, "/?#");
    read.is_ipv6 = from < end && text.ptr[from] == '[';
    if (read.is_ipv6)
        from++;
    host_end = find(text, from, read.is_ipv6 ? "]/?#" : ":/?#");
    if (host_end == from || (read.is_ipv6 && (host_end == text.len || text.ptr[host_end] != ']')))
        return ATTO_E_FORMAT;
    read.host = (struct atto_span){ text.ptr + from, host_end - from };
    if (!is_sound(read.host, 0) || find(read.host, 0, "%@") != read.host.len ||
        !read_port(text, read.is_ipv6 ? host_end + 1u : host_end, end, &read.port))
        return ATTO_E_FORMAT;
    from = end;
    end = find(text, from, "?");
    read.path = (struct atto_span){ text.ptr + from, end - from };
    if (end < text.len)
        end++;
    read.query = (struct atto_span){ text.ptr + end, text.len - end };
    if (!is_sound(read.path, '/') || !is_sound(read.query, '&'))
        return ATTO_E_FORMAT;
    *uri = read;
    return ATTO_OK;
}
