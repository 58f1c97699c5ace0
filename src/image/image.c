/* Parser of Atto's own image format (docs/SPEC.md), version 1. The header gives lengths only; sections lie one behind
 * the other in a fixed order, so they cannot overlap, and they must fill the image exactly, so nothing can hide.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/image.h"

#include <stdbool.h>

#include "base/bytes.h"
#include "image/formats.h"

/* Offsets of the header's fields. */
#define AT_MAGIC 0u
#define AT_VERSION 4u
#define AT_EXECUTOR 5u
#define AT_FLAGS 6u
#define AT_IMAGE_BYTES 8u
#define AT_TEXT_BYTES 12u
#define AT_FUNCTIONS_BYTES 16u
#define AT_RODATA_BYTES 20u
#define AT_DATA_BYTES 24u
#define AT_BSS_BYTES 28u
#define AT_MANIFEST_BYTES 32u
#define AT_LINES_BYTES 36u

/* Data and bss together: what a guest address can reach in one region. */
#define MEMORY_BYTES_MAX 0x10000000u

_Static_assert(AT_LINES_BYTES + 4u == ATTO_IMAGE_HEADER_BYTES, "the header ends behind its last field");
_Static_assert(ATTO_IMAGE_HEADER_BYTES % ATTO_IMAGE_ALIGN == 0, "the first section starts behind the header");

/* Where the parser stands. pos is a multiple of ATTO_IMAGE_ALIGN and never over len. */
struct cursor {
    const uint8_t *bytes;
    uint32_t len, pos;
    uint32_t refused_at;
    enum atto_status status;
};

/*@ predicate sound_cursor(struct cursor *cursor) = cursor->pos <= cursor->len && readable(cursor->bytes, cursor->len);

    predicate with_header(struct cursor *cursor) = sound_cursor(cursor) && cursor->len >= ATTO_IMAGE_HEADER_BYTES; */

/*@ requires readable(bytes, count);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> (\forall integer k; 0 <= k < count ==> bytes[k] == 0); */
static bool all_zero(const uint8_t *bytes, uint32_t count)
{
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer k; 0 <= k < i ==> bytes[k] == 0;
        loop assigns i; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

/*@ requires \valid(cursor) && status != ATTO_OK;
    terminates \true; exits \false; assigns cursor->status, cursor->refused_at;
    ensures !\result && cursor->status == status; */
static bool fail(struct cursor *cursor, enum atto_status status, uint32_t at)
{
    cursor->status = status;
    cursor->refused_at = at;
    return false;
}

/* Takes the section whose length stands at `field` in the header, and the padding behind it. */
/*@ requires \valid(cursor) && \valid(section) && \separated(cursor, section) && with_header(cursor);
    requires field <= ATTO_IMAGE_HEADER_BYTES - 4;
    terminates \true; exits \false;
    assigns cursor->pos, cursor->status, cursor->refused_at, section->ptr, section->len;
    ensures sound_cursor(cursor);
    ensures \result ? \old(cursor->pos) + section->len <= cursor->pos &&
                      section->ptr == cursor->bytes + \old(cursor->pos)
                    : cursor->pos == \old(cursor->pos);
    ensures \result ==> inside(section->ptr, section->len, cursor->bytes, cursor->len);
    ensures !\result ==> cursor->status != ATTO_OK; */
static bool take(struct cursor *cursor, uint32_t field, struct atto_span *section)
{
    uint32_t section_bytes = atto_le32(cursor->bytes + field);
    uint32_t padding_bytes = (0u - section_bytes) % ATTO_IMAGE_ALIGN;
    uint32_t left = cursor->len - cursor->pos;

    if (section_bytes > left || padding_bytes > left - section_bytes)
        return fail(cursor, ATTO_E_LENGTH, field);
    if (!all_zero(cursor->bytes + cursor->pos + section_bytes, padding_bytes))
        return fail(cursor, ATTO_E_FORMAT, cursor->pos + section_bytes);
    section->ptr = cursor->bytes + cursor->pos;
    section->len = section_bytes;
    cursor->pos += section_bytes + padding_bytes;
    return true;
}

/* Fields other than lengths of sections. The executor for host functions is never named by an image: its programs are
 * part of the firmware, and bytes from outside must not pass for one. */
/*@ requires \valid(cursor) && readable(cursor->bytes, cursor->len);
    terminates \true; exits \false; assigns cursor->status, cursor->refused_at;
    ensures \result ==> cursor->len >= ATTO_IMAGE_HEADER_BYTES;
    ensures !\result ==> cursor->status != ATTO_OK; */
static bool check_header(struct cursor *cursor)
{
    const uint8_t *bytes = cursor->bytes;

    if (cursor->len < ATTO_IMAGE_HEADER_BYTES)
        return fail(cursor, ATTO_E_LENGTH, cursor->len);
    if ((uintptr_t)bytes % ATTO_IMAGE_ALIGN != 0)
        return fail(cursor, ATTO_E_ALIGNMENT, 0);
    if (bytes[AT_VERSION] != ATTO_IMAGE_VERSION)
        return fail(cursor, ATTO_E_VERSION, AT_VERSION);
    if (bytes[AT_EXECUTOR] == ATTO_EXECUTOR_HOST)
        return fail(cursor, ATTO_E_FORMAT, AT_EXECUTOR);
    if (atto_le16(bytes + AT_FLAGS) != 0)
        return fail(cursor, ATTO_E_FORMAT, AT_FLAGS);
    if (atto_le32(bytes + AT_IMAGE_BYTES) != cursor->len)
        return fail(cursor, ATTO_E_LENGTH, AT_IMAGE_BYTES);
    return true;
}

/* Whole records only, and their last byte is reserved. */
/*@ requires \valid(cursor) && \valid_read(functions) && \separated(cursor, functions);
    requires readable(functions->ptr, functions->len);
    terminates \true; exits \false; assigns cursor->status, cursor->refused_at;
    ensures \result ==> functions->len % 8 == 0;
    ensures !\result ==> cursor->status != ATTO_OK; */
static bool check_functions(struct cursor *cursor, const struct atto_span *functions)
{
    if (functions->len % ATTO_FUNCTION_BYTES != 0)
        return fail(cursor, ATTO_E_LENGTH, AT_FUNCTIONS_BYTES);
    /*@ loop invariant 0 <= i <= functions->len / 8; loop assigns i; loop variant functions->len / 8 - i; */
    for (uint32_t i = 0; i < functions->len / ATTO_FUNCTION_BYTES; i++) {
        if (functions->ptr[ATTO_FUNCTION_BYTES * i + 7u] != 0)
            return fail(cursor, ATTO_E_FORMAT, cursor->pos - functions->len + ATTO_FUNCTION_BYTES * i + 7u);
    }
    return true;
}

/*@ requires \valid(cursor);
    terminates \true; exits \false; assigns cursor->status, cursor->refused_at;
    ensures \result ==> data_bytes + bss_bytes <= MEMORY_BYTES_MAX;
    ensures !\result ==> cursor->status != ATTO_OK; */
static bool check_memory(struct cursor *cursor, uint32_t data_bytes, uint32_t bss_bytes)
{
    if (data_bytes > MEMORY_BYTES_MAX || bss_bytes > MEMORY_BYTES_MAX - data_bytes)
        return fail(cursor, ATTO_E_LENGTH, AT_BSS_BYTES);
    return true;
}

/*@ requires \valid(cursor) && \valid(image) && \separated(cursor, image) && with_header(cursor);
    terminates \true; exits \false;
    assigns cursor->pos, cursor->status, cursor->refused_at,
            image->text.ptr, image->text.len, image->functions.ptr, image->functions.len;
    ensures sound_cursor(cursor);
    ensures \result ==> inside(image->text.ptr, image->text.len, cursor->bytes, cursor->len);
    ensures \result ==> inside(image->functions.ptr, image->functions.len, cursor->bytes, cursor->len);
    ensures \result ==> image->functions.len % 8 == 0;
    ensures !\result ==> cursor->status != ATTO_OK; */
static bool take_program(struct cursor *cursor, struct atto_image *image)
{
    return take(cursor, AT_TEXT_BYTES, &image->text) && take(cursor, AT_FUNCTIONS_BYTES, &image->functions) &&
           check_functions(cursor, &image->functions);
}

/*@ requires \valid(cursor) && \valid(image) && \separated(cursor, image) && with_header(cursor);
    terminates \true; exits \false;
    assigns cursor->pos, cursor->status, cursor->refused_at,
            image->rodata.ptr, image->rodata.len, image->data.ptr, image->data.len, image->bss_bytes;
    ensures sound_cursor(cursor);
    ensures \result ==> inside(image->rodata.ptr, image->rodata.len, cursor->bytes, cursor->len);
    ensures \result ==> inside(image->data.ptr, image->data.len, cursor->bytes, cursor->len);
    ensures \result ==> image->data.len + image->bss_bytes <= MEMORY_BYTES_MAX;
    ensures !\result ==> cursor->status != ATTO_OK; */
static bool take_memory(struct cursor *cursor, struct atto_image *image)
{
    image->bss_bytes = atto_le32(cursor->bytes + AT_BSS_BYTES);
    return take(cursor, AT_RODATA_BYTES, &image->rodata) && take(cursor, AT_DATA_BYTES, &image->data) &&
           check_memory(cursor, image->data.len, image->bss_bytes);
}

/*@ requires \valid(cursor) && \valid(image) && \separated(cursor, image) && with_header(cursor);
    terminates \true; exits \false;
    assigns cursor->pos, cursor->status, cursor->refused_at,
            image->manifest.ptr, image->manifest.len, image->lines.ptr, image->lines.len;
    ensures sound_cursor(cursor);
    ensures \result ==> inside(image->manifest.ptr, image->manifest.len, cursor->bytes, cursor->len);
    ensures \result ==> inside(image->lines.ptr, image->lines.len, cursor->bytes, cursor->len);
    ensures \result ==> cursor->pos == cursor->len;
    ensures !\result ==> cursor->status != ATTO_OK; */
static bool take_notes(struct cursor *cursor, struct atto_image *image)
{
    if (!take(cursor, AT_MANIFEST_BYTES, &image->manifest) || !take(cursor, AT_LINES_BYTES, &image->lines))
        return false;
    return cursor->pos == cursor->len || fail(cursor, ATTO_E_LENGTH, AT_IMAGE_BYTES);
}

/*@ requires \valid(cursor) && \valid(image) && \separated(cursor, image) && with_header(cursor);
    terminates \true; exits \false;
    assigns cursor->pos, cursor->status, cursor->refused_at, image->bss_bytes,
            image->text.ptr, image->text.len, image->functions.ptr, image->functions.len,
            image->rodata.ptr, image->rodata.len, image->data.ptr, image->data.len,
            image->manifest.ptr, image->manifest.len, image->lines.ptr, image->lines.len;
    ensures \result ==> sections_inside(image, cursor->bytes, cursor->len);
    ensures \result ==> sections_sized(image);
    ensures !\result ==> cursor->status != ATTO_OK; */
static bool take_sections(struct cursor *cursor, struct atto_image *image)
{
    cursor->pos = ATTO_IMAGE_HEADER_BYTES;
    return take_program(cursor, image) && take_memory(cursor, image) && take_notes(cursor, image);
}

/* Parses an image that starts with ATTO_IMAGE_MAGIC; contract as of atto_image_parse. */
/*@ requires len >= 4 && readable(bytes, len) && \valid(image) && refusal_slot(refusal);
    requires \separated(image, refusal, bytes + (0 .. len - 1));
    terminates \true; exits \false; assigns *image, *refusal;
    ensures \result == ATTO_OK ==> sections_inside(image, bytes, len);
    ensures \result == ATTO_OK ==> sections_sized(image); */
static enum atto_status parse_atto(const uint8_t *bytes, uint32_t len, struct atto_image *image,
                                   struct atto_refusal *refusal)
{
    struct cursor cursor = {bytes, len, 0, 0, ATTO_E_FORMAT};

    image->format = ATTO_FORMAT_ATTO;
    if (!check_header(&cursor) || !take_sections(&cursor, image))
        return atto_refuse(refusal, cursor.status, cursor.refused_at);
    image->executor = bytes[AT_EXECUTOR];
    return ATTO_OK;
}

enum atto_status atto_image_parse(const uint8_t *bytes, uint32_t len, struct atto_image *image,
                                  struct atto_refusal *refusal)
{
    if (len < 4u)
        return atto_refuse(refusal, ATTO_E_FORMAT, 0);
    if (atto_le32(bytes) == ATTO_FEMTO_MAGIC)
        return atto_image_parse_femto(bytes, len, image, refusal);
    if (atto_le32(bytes + AT_MAGIC) != ATTO_IMAGE_MAGIC)
        return atto_refuse(refusal, ATTO_E_FORMAT, AT_MAGIC);
    return parse_atto(bytes, len, image, refusal);
}

void atto_image_bare(const uint8_t *text, uint32_t len, struct atto_image *image)
{
    const struct atto_span none = {NULL, 0};

    image->format = ATTO_FORMAT_BARE;
    image->executor = ATTO_EXECUTOR_BPF;
    image->bss_bytes = 0;
    image->text.ptr = text;
    image->text.len = len;
    image->functions = none;
    image->rodata = none;
    image->data = none;
    image->manifest = none;
    image->lines = none;
}

uint32_t atto_image_function_count(const struct atto_image *image)
{
    return image->functions.len / ATTO_FUNCTION_BYTES;
}

struct atto_function atto_image_function(const struct atto_image *image, uint32_t index)
{
    const uint8_t *record = image->functions.ptr + ATTO_FUNCTION_BYTES * index;
    struct atto_function function;

    function.start = atto_le16(record);
    function.frame_bytes = atto_le16(record + 2);
    function.stack_bytes = atto_le16(record + 4);
    function.depth = record[6];
    return function;
}

/*@ terminates \true; exits \false; assigns \nothing; */
static uint32_t padded(uint32_t section_bytes)
{
    return (section_bytes + ATTO_IMAGE_ALIGN - 1u) / ATTO_IMAGE_ALIGN * ATTO_IMAGE_ALIGN;
}

struct atto_span atto_image_data(const uint8_t *bytes)
{
    struct atto_span data;

    if (atto_le32(bytes + AT_MAGIC) == ATTO_FEMTO_MAGIC)
        return atto_image_femto_data(bytes);
    data.len = atto_le32(bytes + AT_DATA_BYTES);
    data.ptr = bytes + ATTO_IMAGE_HEADER_BYTES + padded(atto_le32(bytes + AT_TEXT_BYTES)) +
               padded(atto_le32(bytes + AT_FUNCTIONS_BYTES)) + padded(atto_le32(bytes + AT_RODATA_BYTES));
    return data;
}

uint32_t atto_image_length(const uint8_t *bytes)
{
    if (atto_le32(bytes + AT_MAGIC) == ATTO_FEMTO_MAGIC)
        return atto_image_femto_length(bytes);
    return atto_le32(bytes + AT_IMAGE_BYTES);
}
