/* Writes CBOR in its deterministic encoding into a reply, and refusals. An item goes out as it is written: the reply keeps
 * of it what the requested block needs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

void atto_out_bytes(struct atto_out *out, const void *bytes, uint32_t len)
{
    out->len += len;
    if (out->reply != NULL)
        atto_coap_write(out->reply, bytes, len);
}

struct atto_out atto_out_begin(struct atto_view *view)
{
    atto_coap_answer(view->reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_CBOR);
    return (struct atto_out){ .reply = view->reply };
}

void atto_out_head(struct atto_out *out, enum atto_cbor_type type, uint64_t argument)
{
    uint8_t bytes[9];
    uint32_t count = argument < 24u ? 0u : argument <= 0xffu ? 1u : argument <= 0xffffu ? 2u : argument <= UINT32_MAX ? 4u : 8u;
    uint32_t info = count == 0u ? (uint32_t)argument : count == 1u ? 24u : count == 2u ? 25u : count == 4u ? 26u : 27u;
    bytes[0] = (uint8_t)((uint32_t)type * 32u + info);
    for (uint32_t i = count; i != 0u; i--, argument >>= 8)
        bytes[i] = (uint8_t)argument;
    atto_out_bytes(out, bytes, 1u + count);
}

void atto_out_number(struct atto_out *out, uint32_t value)
{
    atto_out_head(out, ATTO_CBOR_UINT, value);
}

void atto_out_signed(struct atto_out *out, int64_t value)
{
    atto_out_head(out, value < 0 ? ATTO_CBOR_NEGATIVE : ATTO_CBOR_UINT, (uint64_t)(value < 0 ? -1 - value : value));
}

void atto_out_string(struct atto_out *out, enum atto_cbor_type type, const void *bytes, uint32_t len)
{
    atto_out_head(out, type, len);
    atto_out_bytes(out, bytes, len);
}

void atto_out_text(struct atto_out *out, const char *text)
{
    atto_out_string(out, ATTO_CBOR_TEXT, text, (uint32_t)strlen(text));
}

void atto_out_map(struct atto_out *out, uint32_t count, uint32_t key)
{
    atto_out_head(out, ATTO_CBOR_MAP, count);
    out->key = key;
}

void atto_out_key(struct atto_out *out)
{
    atto_out_number(out, out->key++);
}

void atto_out_member(struct atto_out *out, uint32_t value)
{
    atto_out_key(out);
    atto_out_number(out, value);
}

void atto_out_member_string(struct atto_out *out, enum atto_cbor_type type, const void *bytes, uint32_t len)
{
    atto_out_key(out);
    atto_out_string(out, type, bytes, len);
}

void atto_out_numbers(struct atto_out *out, const uint32_t *numbers, uint32_t count)
{
    atto_out_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        atto_out_number(out, numbers[i]);
}

void atto_out_member_numbers(struct atto_out *out, const uint32_t *numbers, uint32_t count)
{
    atto_out_key(out);
    atto_out_numbers(out, numbers, count);
}
