/* URIs of CoAP (RFC 7252 section 6.1), taken apart but not decoded: what is accepted has only characters and escapes
 * that a URI may have, and is short enough for each of its segments to fit in an option.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/coap_client.h"

#define SCHEME_BYTES 7u

static bool is_sound(struct atto_span text)
{
    uint32_t digits = 0; /* of an escape that are still to come */

    for (uint32_t i = 0; i < text.len; i++) {
        uint32_t c = text.ptr[i];

        if (digits != 0u) {
            if (c - '0' >= 10u && (c | 0x20u) - 'a' >= 6u)
                return false;
            digits--;
        } else if (c == '%') {
            digits = 2;
        } else if (c <= ' ' || c >= 0x7fu || c == '#') {
            return false;
        }
    }
    return digits == 0u && text.len <= ATTO_COAP_URI_MAX;
}

enum atto_status atto_coap_uri_read(struct atto_span text, struct atto_coap_uri *uri)
{
    static const char scheme[] = "coap://";
    const uint8_t *at = text.ptr, *end = text.ptr + text.len;
    uint32_t stop = ':', port = 0;

    if (!is_sound(text))
        return ATTO_E_FORMAT;
    for (uint32_t i = 0; i < SCHEME_BYTES; i++) {
        if (at == end || (*at++ | 0x20) != scheme[i])
            return ATTO_E_UNSUPPORTED;
    }
    for (uri->target.ptr = at; uri->target.ptr != end && *uri->target.ptr != '/' && *uri->target.ptr != '?';)
        uri->target.ptr++;
    uri->target.len = (uint32_t)(end - uri->target.ptr);
    end = uri->target.ptr;
    uri->port = ATTO_COAP_PORT;
    uri->is_ipv6 = at != end && *at == '[';
    if (uri->is_ipv6) {
        stop = ']';
        at++;
    }
    for (uri->host.ptr = at; at != end && *at != stop; at++) {
        if (*at == '@' || *at == '%')
            return ATTO_E_FORMAT;
    }
    uri->host.len = (uint32_t)(at - uri->host.ptr);
    if (uri->host.len == 0u || (uri->is_ipv6 && at++ == end))
        return ATTO_E_FORMAT;
    if (at == end)
        return ATTO_OK;
    if (*at++ != ':')
        return ATTO_E_FORMAT;
    if (at == end)
        return ATTO_OK;
    for (; at != end; at++) {
        uint32_t digit = *at - (uint32_t)'0';

        if (digit > 9u || port > 6553u)
            return ATTO_E_FORMAT;
        port = port * 10u + digit;
    }
    uri->port = (uint16_t)port;
    return port != 0u && port <= 65535u ? ATTO_OK : ATTO_E_FORMAT;
}
