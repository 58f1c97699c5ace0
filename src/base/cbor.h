/* Reader and writer for CBOR in its deterministic encoding (RFC 8949 section 4.2.1), as far as Atto's formats need it:
 * integers and tags up to 32 bits, byte and text strings, arrays and maps of definite length. The reader is a cursor
 * that the caller moves from head to head and that never leaves its bytes; nesting is the caller's business, so there
 * is nothing here to recurse on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BASE_CBOR_H
#define ATTO_BASE_CBOR_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/span.h"

/* Major types of RFC 8949 section 3.1. */
enum atto_cbor_type {
    ATTO_CBOR_UINT = 0,
    ATTO_CBOR_NEGATIVE = 1, /* argument n stands for -1 - n */
    ATTO_CBOR_BYTES = 2,
    ATTO_CBOR_TEXT = 3,
    ATTO_CBOR_ARRAY = 4,
    ATTO_CBOR_MAP = 5,
    ATTO_CBOR_TAG = 6
};

/* A reader. pos is never over len. */
struct atto_cbor {
    const uint8_t *bytes;
    uint32_t len, pos;
};

/*@ predicate sound_reader(struct atto_cbor *cbor) = cbor->pos <= cbor->len && readable(cbor->bytes, cbor->len);

    // The span is what ends at the cursor, behind the head that was read at `start`.
    predicate just_read(struct atto_span *span, struct atto_cbor *cbor, integer start) =
        start + span->len < cbor->pos && span->ptr == cbor->bytes + (cbor->pos - span->len); */

/* Reads the head of an item and its argument: the value of an integer or tag, the length of a string, the count of an
 * array or map. False, and the cursor has not moved, if the bytes end, the item has another type, or the argument is
 * over 32 bits or not encoded in its shortest form. */
/*@ requires \valid(cbor) && \valid(argument) && \separated(cbor, argument) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *argument;
    ensures sound_reader(cbor);
    ensures \result ? cbor->pos > \old(cbor->pos) : cbor->pos == \old(cbor->pos); */
bool atto_cbor_head(struct atto_cbor *cbor, enum atto_cbor_type type, uint32_t *argument);

/* Reads an unsigned integer of at most `max`. False, and the cursor has not moved, if there is no such thing. */
/*@ requires \valid(cbor) && \valid(value) && \separated(cbor, value) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *value;
    ensures sound_reader(cbor);
    ensures \result ? cbor->pos > \old(cbor->pos) && *value <= max
                    : cbor->pos == \old(cbor->pos) && *value == \old(*value); */
bool atto_cbor_uint(struct atto_cbor *cbor, uint32_t max, uint32_t *value);

/* Reads a byte string, or a text string that is well-formed UTF-8 without control characters, of `min` to `max` bytes.
 * False, and the cursor has not moved, if there is no such thing. */
/*@ requires \valid(cbor) && \valid(span) && \separated(cbor, span) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, span->ptr, span->len;
    ensures sound_reader(cbor);
    ensures \result ? min <= span->len <= max && just_read(span, cbor, \old(cbor->pos))
                    : cbor->pos == \old(cbor->pos); */
bool atto_cbor_bytes(struct atto_cbor *cbor, uint32_t min, uint32_t max, struct atto_span *span);

/*@ requires \valid(cbor) && \valid(span) && \separated(cbor, span) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, span->ptr, span->len;
    ensures sound_reader(cbor);
    ensures \result ? min <= span->len <= max && just_read(span, cbor, \old(cbor->pos))
                    : cbor->pos == \old(cbor->pos); */
bool atto_cbor_text(struct atto_cbor *cbor, uint32_t min, uint32_t max, struct atto_span *span);

/* Reads the next key of a map whose keys are integers. *next starts as 0; each key must be over the one before, in the
 * order of the deterministic encoding, which puts negative numbers behind all others: ATTO_CBOR_MINUS(n) stands for -n.
 * False, and nothing has changed, if there is no such thing. */
#define ATTO_CBOR_MINUS(n) (0x7fffffffu + (n))
/*@ requires \valid(cbor) && \valid(next) && \valid(key) && \separated(cbor, next, key) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *next, *key;
    ensures sound_reader(cbor);
    ensures \result ? cbor->pos > \old(cbor->pos) && *key >= \old(*next) && *next == *key + 1
                    : cbor->pos == \old(cbor->pos) && *next == \old(*next); */
bool atto_cbor_key(struct atto_cbor *cbor, uint32_t *next, uint32_t *key);

/* Reads null. False, and the cursor has not moved, if there is something else. */
/*@ requires \valid(cbor) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos;
    ensures sound_reader(cbor);
    ensures \result ? cbor->pos > \old(cbor->pos) : cbor->pos == \old(cbor->pos); */
bool atto_cbor_null(struct atto_cbor *cbor);

/* Goes into a byte string whose content is CBOR: reads its head, and narrows the reader to its content. *outer becomes
 * the length that the reader had. False, and nothing has changed, if there is no such thing. */
/*@ requires \valid(cbor) && \valid(outer) && \separated(cbor, outer) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, cbor->len, *outer;
    ensures sound_reader(cbor);
    ensures \result ==> cbor->pos > \old(cbor->pos) && *outer == \old(cbor->len) && cbor->len <= *outer;
    ensures !\result ==> cbor->pos == \old(cbor->pos) && cbor->len == \old(cbor->len); */
bool atto_cbor_enter(struct atto_cbor *cbor, uint32_t *outer);

/* Goes out of it again. False, and nothing has changed, if there is content left. */
/*@ requires \valid(cbor) && sound_reader(cbor) && outer >= cbor->len && readable(cbor->bytes, outer);
    terminates \true; exits \false; assigns cbor->len;
    ensures sound_reader(cbor);
    ensures \result ? cbor->len == outer : cbor->len == \old(cbor->len); */
bool atto_cbor_leave(struct atto_cbor *cbor, uint32_t outer);

/* Are these bytes well-formed UTF-8 without control characters? */
/*@ requires readable(bytes, len);
    terminates \true; exits \false; assigns \nothing; */
bool atto_cbor_is_plain_text(const uint8_t *bytes, uint32_t len);

/* A writer into memory of the caller. len counts what was asked for, so that it says what was needed when it ends over
 * capacity; nothing is written past capacity. */
struct atto_cbor_writer {
    uint8_t *bytes;
    uint32_t capacity, len;
};

void atto_cbor_put_head(struct atto_cbor_writer *writer, enum atto_cbor_type type, uint32_t argument);

/* Writes a byte string or a text string: its head and its bytes. */
void atto_cbor_put_string(struct atto_cbor_writer *writer, enum atto_cbor_type type, const void *bytes, uint32_t len);

#endif
