/* The CBOR writer: heads in their shortest form, which is all that the deterministic encoding asks for as long as the
 * caller writes the keys of a map in ascending order.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/cbor.h"

static void put_byte(struct atto_cbor_writer *writer, uint8_t byte)
{
    if (writer->len < writer->capacity)
        writer->bytes[writer->len] = byte;
    if (writer->len < UINT32_MAX)
        writer->len++;
}

void atto_cbor_put_head(struct atto_cbor_writer *writer, enum atto_cbor_type type, uint32_t argument)
{
    uint32_t count = argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x10000 ? 2 : 4;
    uint32_t info = count == 0 ? argument : count == 1 ? 24u : count == 2 ? 25u : 26u;

    put_byte(writer, (uint8_t)((uint32_t)type * 32u + info));
    for (uint32_t i = count; i > 0; i--)
        put_byte(writer, (uint8_t)(argument >> (8u * (i - 1u))));
}

void atto_cbor_put_string(struct atto_cbor_writer *writer, enum atto_cbor_type type, const void *bytes, uint32_t len)
{
    const uint8_t *from = bytes;

    atto_cbor_put_head(writer, type, len);
    for (uint32_t i = 0; i < len; i++)
        put_byte(writer, from[i]);
}
