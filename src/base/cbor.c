/* The CBOR reader: one head at a time, shortest form only. Each function either moves the cursor past a whole item
 * or leaves it where it was, so that the caller can say where something was refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/cbor.h"
#include "base/compiler.h"

#define NULL_BYTE 0xf6u /* RFC 8949 section 3.3 */

/* The value of `count` bytes, most significant first. count: 1, 2 or 4. */
/*@ requires readable(bytes, count);
    terminates \true; exits \false; assigns \nothing; */
static uint32_t big_endian(const uint8_t *bytes, uint32_t count)
{
    uint32_t value = 0;

    /*@ loop invariant 0 <= i <= count; loop assigns i, value; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Reads a head whose argument is at most `max`. A form longer than the argument needs is refused: one of a byte for less
 * than 24, one of two bytes or four where half of them are zeros. So are 64-bit arguments, indefinite lengths, and what is
 * reserved. */
/*@ requires \valid(cbor) && \valid(argument) && \separated(cbor, argument) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *argument;
    ensures sound_reader(cbor);
    ensures \result ? cbor->pos > \old(cbor->pos) && *argument <= max
                    : cbor->pos == \old(cbor->pos) && *argument == \old(*argument); */
static bool read_head(struct atto_cbor *cbor, enum atto_cbor_type type, uint32_t *argument, uint32_t max)
{
    const uint32_t left = cbor->len - cbor->pos;
    uint32_t value, count = 0;

    if (left == 0)
        return false;
    value = cbor->bytes[cbor->pos];
    if (value / 32u != (uint32_t)type)
        return false;
    value %= 32u;
    if (value >= 24) {
        if (value > 26)
            return false;
        count = 1u << (value - 24u);
        /*@ assert value == 24 ==> count == 1; */
        /*@ assert value == 25 ==> count == 2; */
        /*@ assert value == 26 ==> count == 4; */
        if (left <= count)
            return false;
        value = big_endian(cbor->bytes + cbor->pos + 1, count);
        if (value < 24 || value >> 4u * count == 0)
            return false;
    }
    if (value > max)
        return false;
    cbor->pos += 1u + count;
    *argument = value;
    return true;
}

bool atto_cbor_head(struct atto_cbor *cbor, enum atto_cbor_type type, uint32_t *argument)
{
    return read_head(cbor, type, argument, UINT32_MAX);
}

bool atto_cbor_uint(struct atto_cbor *cbor, uint32_t max, uint32_t *value)
{
    return read_head(cbor, ATTO_CBOR_UINT, value, max);
}

/* Are these `count` bytes continuation bytes of UTF-8? */
/*@ requires readable(bytes, count);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> (\forall integer k; 0 <= k < count ==> 0x80 <= bytes[k] <= 0xbf); */
static bool continues(const uint8_t *bytes, uint32_t count)
{
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer k; 0 <= k < i ==> 0x80 <= bytes[k] <= 0xbf;
        loop assigns i; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] / 64u != 2)
            return false;
    }
    return true;
}

/* The length of the UTF-8 character at the start of `left` bytes (1 or more), or 0 if it is not well-formed (Unicode
 * table 3-7) or a control character of ASCII. */
/*@ requires left >= 1 && readable(bytes, left);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <= 4 && \result <= left; */
static uint32_t character_bytes(const uint8_t *bytes, uint32_t left)
{
    uint32_t first = bytes[0];
    uint32_t count, second;

    if (first < 0x80)
        return first >= 0x20 && first != 0x7f ? 1 : 0;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    count = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (left < count || !continues(bytes + 1, count - 1u))
        return 0;
    second = bytes[1];
    /* Controls (U+0080 to U+009F), overlong forms, surrogates, and what is over U+10FFFF. */
    if ((first == 0xc2 && second < 0xa0) || (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
        return 0;
    return count;
}

bool atto_cbor_is_plain_text(const uint8_t *bytes, uint32_t len)
{
    uint32_t pos = 0;

    /*@ loop invariant 0 <= pos <= len; loop assigns pos; loop variant len - pos; */
    while (pos < len) {
        uint32_t count = character_bytes(bytes + pos, len - pos);

        if (count == 0)
            return false;
        pos += count;
    }
    return true;
}

/* Reads a string of either type. */
/*@ requires \valid(cbor) && \valid(span) && \separated(cbor, span) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, span->ptr, span->len;
    ensures sound_reader(cbor);
    ensures \result ? min <= span->len <= max && just_read(span, cbor, \old(cbor->pos))
                    : cbor->pos == \old(cbor->pos); */
static ATTO_APART bool read_string(struct atto_cbor *cbor, enum atto_cbor_type type, uint32_t min, uint32_t max,
                        struct atto_span *span)
{
    const uint32_t start = cbor->pos;
    uint32_t len;

    if (!read_head(cbor, type, &len, max))
        return false;
    span->ptr = cbor->bytes + cbor->pos;
    span->len = len;
    if (len < min || len > cbor->len - cbor->pos ||
        (type == ATTO_CBOR_TEXT && !atto_cbor_is_plain_text(span->ptr, len))) {
        cbor->pos = start;
        return false;
    }
    cbor->pos += len;
    return true;
}

bool atto_cbor_bytes(struct atto_cbor *cbor, uint32_t min, uint32_t max, struct atto_span *span)
{
    return read_string(cbor, ATTO_CBOR_BYTES, min, max, span);
}

bool atto_cbor_text(struct atto_cbor *cbor, uint32_t min, uint32_t max, struct atto_span *span)
{
    return read_string(cbor, ATTO_CBOR_TEXT, min, max, span);
}

bool atto_cbor_key(struct atto_cbor *cbor, uint32_t *next, uint32_t *key)
{
    const uint32_t start = cbor->pos;
    uint32_t value;

    if (!read_head(cbor, ATTO_CBOR_UINT, &value, ATTO_CBOR_MINUS(0))) {
        if (!read_head(cbor, ATTO_CBOR_NEGATIVE, &value, UINT32_MAX - ATTO_CBOR_MINUS(2)))
            return false;
        value += ATTO_CBOR_MINUS(1);
    }
    if (value < *next) {
        cbor->pos = start;
        return false;
    }
    *key = value;
    *next = value + 1u;
    return true;
}

bool atto_cbor_null(struct atto_cbor *cbor)
{
    if (cbor->pos == cbor->len || cbor->bytes[cbor->pos] != NULL_BYTE)
        return false;
    cbor->pos++;
    return true;
}

bool atto_cbor_enter(struct atto_cbor *cbor, uint32_t *outer)
{
    struct atto_span content;

    if (!atto_cbor_bytes(cbor, 0, UINT32_MAX, &content))
        return false;
    *outer = cbor->len;
    cbor->len = cbor->pos;
    cbor->pos -= content.len;
    return true;
}

bool atto_cbor_leave(struct atto_cbor *cbor, uint32_t outer)
{
    if (cbor->pos != cbor->len)
        return false;
    cbor->len = outer;
    return true;
}
