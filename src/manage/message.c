/* The CoAP codec. A walk over options either goes past a whole option or stays where it was; a message is well-formed
 * if that walk, begun behind the token, ends at the end of the datagram or at the marker of a payload.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/coap.h"
#include "base/compiler.h"

#define VERSION 1u

/* RFC 7252 section 3.1: what 4 bits for a delta or a length stand for. 15 is reserved. */
#define ONE_BYTE_MORE 13u
#define TWO_BYTES_MORE 14u
#define FROM_ONE_BYTE 13u
#define FROM_TWO_BYTES 269u

/* Reads a delta or a length: `bits` are its 4 bits, what they ask for stands at *pos, which goes past it. */
/*@ requires \valid(pos) && \valid(value) && \separated(pos, value) && readable(bytes, len);
    requires *pos <= len && bits <= 15;
    terminates \true; exits \false; assigns *pos, *value;
    ensures \old(*pos) <= *pos <= len && *value <= 65804; */
ATTO_INLINE bool read_extended(const uint8_t *bytes, uint32_t len, uint32_t bits, uint32_t *pos, uint32_t *value)
{
    uint32_t at = *pos;

    *value = bits;
    if (bits < ONE_BYTE_MORE)
        return true;
    if (bits == ONE_BYTE_MORE && len - at >= 1u) {
        *value = FROM_ONE_BYTE + bytes[at];
        *pos = at + 1u;
        return true;
    }
    if (bits == TWO_BYTES_MORE && len - at >= 2u) {
        *value = FROM_TWO_BYTES + bytes[at] * 256u + bytes[at + 1u];
        *pos = at + 2u;
        return true;
    }
    return false;
}

bool atto_coap_next(struct atto_coap_options *options, struct atto_coap_option *option)
{
    uint32_t pos = options->pos;
    uint32_t first, delta, len;

    if (pos == options->len)
        return false;
    first = options->bytes[pos++];
    if (!read_extended(options->bytes, options->len, first / 16u, &pos, &delta) ||
        !read_extended(options->bytes, options->len, first % 16u, &pos, &len) ||
        delta > 65535u - options->number || len > options->len - pos)
        return false;
    options->pos = pos + len;
    options->number += delta;
    option->number = options->number;
    option->value.ptr = options->bytes + pos;
    option->value.len = len;
    return true;
}

/* May a message have this code? Classes 1, 6 and 7 are reserved; an empty message is its header alone. */
/*@ requires code <= 255;
    terminates \true; exits \false; assigns \nothing; */
static bool code_is_sound(uint32_t code, uint32_t len)
{
    uint32_t class = ATTO_COAP_CLASS(code);

    return code == ATTO_COAP_EMPTY ? len == ATTO_COAP_HEADER_BYTES : class != 1u && class < 6u;
}

enum atto_status atto_coap_read(const uint8_t *bytes, uint32_t len, struct atto_coap_message *message)
{
    struct atto_coap_options walk = { bytes, len, 0, 0 };
    struct atto_coap_option option;
    uint32_t token_len;

    if (len < ATTO_COAP_HEADER_BYTES || bytes[0] / 64u != VERSION)
        return ATTO_E_VERSION;
    token_len = bytes[0] % 16u;
    message->type = (uint8_t)(bytes[0] / 16u % 4u);
    message->code = bytes[1];
    message->id = (uint16_t)(bytes[2] * 256u + bytes[3]);
    if (token_len > ATTO_COAP_TOKEN_MAX || token_len > len - ATTO_COAP_HEADER_BYTES || !code_is_sound(bytes[1], len))
        return ATTO_E_FORMAT;
    walk.pos = ATTO_COAP_HEADER_BYTES + token_len;
    /*@ loop invariant ATTO_COAP_HEADER_BYTES + token_len <= walk.pos <= len && walk.number <= 65535;
        loop assigns walk.pos, walk.number, option; loop variant len - walk.pos; */
    while (atto_coap_next(&walk, &option))
        ;
    if (walk.pos != len && (bytes[walk.pos] != ATTO_COAP_PAYLOAD_MARKER || walk.pos + 1u == len))
        return ATTO_E_FORMAT;
    message->token_len = (uint8_t)token_len;
    message->token = bytes + ATTO_COAP_HEADER_BYTES;
    message->options.ptr = message->token + token_len;
    message->options.len = walk.pos - ATTO_COAP_HEADER_BYTES - token_len;
    message->payload.ptr = bytes + walk.pos;
    message->payload.len = 0;
    if (walk.pos != len) {
        message->payload.ptr = bytes + walk.pos + 1;
        message->payload.len = len - walk.pos - 1u;
    }
    return ATTO_OK;
}

uint32_t atto_coap_uint(struct atto_span value)
{
    uint32_t number = 0;

    /*@ loop invariant 0 <= i <= value.len; loop assigns i, number; loop variant value.len - i; */
    for (uint32_t i = 0; i < value.len; i++)
        number = number << 8 | value.ptr[i];
    return number;
}

bool atto_coap_block_read(uint32_t value, struct atto_coap_block *block)
{
    uint32_t szx = value % 8u;

    if (szx > ATTO_COAP_SZX_MAX)
        return false;
    block->szx = (uint8_t)szx;
    block->more = (value & 8u) != 0u;
    block->offset = value / 16u % ATTO_COAP_BLOCK_COUNT * ATTO_COAP_BLOCK_BYTES(szx);
    return true;
}

uint32_t atto_coap_block_value(const struct atto_coap_block *block)
{
    return (block->offset >> (block->szx + 4u)) * 16u + (block->more ? 8u : 0u) + block->szx;
}

static void put_byte(struct atto_coap_writer *writer, uint32_t byte)
{
    if (writer->len < writer->capacity)
        writer->bytes[writer->len] = (uint8_t)byte;
    writer->len++;
}

void atto_coap_put_bytes(struct atto_coap_writer *writer, const void *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        put_byte(writer, ((const uint8_t *)bytes)[i]);
}

void atto_coap_begin(struct atto_coap_writer *writer, enum atto_coap_type type, uint32_t code, uint16_t id,
                     const uint8_t *token, uint32_t token_len)
{
    put_byte(writer, VERSION * 64u + (uint32_t)type * 16u + token_len);
    put_byte(writer, code);
    put_byte(writer, id / 256u);
    put_byte(writer, id % 256u);
    atto_coap_put_bytes(writer, token, token_len);
}

/* The 4 bits for a delta or a length, and the bytes that they ask for. */
static uint32_t bits_of(uint32_t value)
{
    return value < FROM_ONE_BYTE ? value : value < FROM_TWO_BYTES ? ONE_BYTE_MORE : TWO_BYTES_MORE;
}

static void put_extended(struct atto_coap_writer *writer, uint32_t value)
{
    if (value >= FROM_TWO_BYTES) {
        put_byte(writer, (value - FROM_TWO_BYTES) / 256u);
        put_byte(writer, (value - FROM_TWO_BYTES) % 256u);
    } else if (value >= FROM_ONE_BYTE) {
        put_byte(writer, value - FROM_ONE_BYTE);
    }
}

void atto_coap_put_head(struct atto_coap_writer *writer, uint32_t number, uint32_t len)
{
    uint32_t delta = number - writer->number;

    put_byte(writer, bits_of(delta) * 16u + bits_of(len));
    put_extended(writer, delta);
    put_extended(writer, len);
    writer->number = number;
}

void atto_coap_put(struct atto_coap_writer *writer, uint32_t number, const void *bytes, uint32_t len)
{
    atto_coap_put_head(writer, number, len);
    atto_coap_put_bytes(writer, bytes, len);
}

void atto_coap_put_uint(struct atto_coap_writer *writer, uint32_t number, uint32_t value)
{
    uint8_t bytes[4];
    uint32_t len = 0;

    for (uint32_t shift = 32; shift > 0; shift -= 8u) {
        uint32_t byte = value >> (shift - 8u) & 0xffu;

        if (byte != 0u || len != 0u)
            bytes[len++] = (uint8_t)byte;
    }
    atto_coap_put(writer, number, bytes, len);
}

void atto_coap_put_payload(struct atto_coap_writer *writer, const void *bytes, uint32_t len)
{
    if (len == 0u)
        return;
    put_byte(writer, ATTO_COAP_PAYLOAD_MARKER);
    atto_coap_put_bytes(writer, bytes, len);
}
