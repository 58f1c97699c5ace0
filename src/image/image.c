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

static bool all_zero(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static bool fail(struct cursor *cursor, enum atto_status status, uint32_t at)
{
    cursor->status = status;
    cursor->refused_at = at;
    return false;
}

/* Takes the section whose length stands at `field` in the header, and the padding behind it. */
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
static bool check_functions(struct cursor *cursor, const struct atto_span *functions)
{
    if (functions->len % ATTO_FUNCTION_BYTES != 0)
        return fail(cursor, ATTO_E_LENGTH, AT_FUNCTIONS_BYTES);
    for (uint32_t i = 0; i < functions->len / ATTO_FUNCTION_BYTES; i++) {
        if (functions->ptr[ATTO_FUNCTION_BYTES * i + 7u] != 0)
            return fail(cursor, ATTO_E_FORMAT, cursor->pos - functions->len + ATTO_FUNCTION_BYTES * i + 7u);
    }
    return true;
}

static bool check_memory(struct cursor *cursor, uint32_t data_bytes, uint32_t bss_bytes)
{
    if (data_bytes > MEMORY_BYTES_MAX || bss_bytes > MEMORY_BYTES_MAX - data_bytes)
        return fail(cursor, ATTO_E_LENGTH, AT_BSS_BYTES);
    return true;
}

static bool take_sections(struct cursor *cursor, struct atto_image *image)
{
    image->bss_bytes = atto_le32(cursor->bytes + AT_BSS_BYTES);
    cursor->pos = ATTO_IMAGE_HEADER_BYTES;
    if (!take(cursor, AT_TEXT_BYTES, &image->text) || !take(cursor, AT_FUNCTIONS_BYTES, &image->functions) ||
        !check_functions(cursor, &image->functions) || !take(cursor, AT_RODATA_BYTES, &image->rodata) ||
        !take(cursor, AT_DATA_BYTES, &image->data) || !check_memory(cursor, image->data.len, image->bss_bytes) ||
        !take(cursor, AT_MANIFEST_BYTES, &image->manifest) || !take(cursor, AT_LINES_BYTES, &image->lines))
        return false;
    if (cursor->pos != cursor->len)
        return fail(cursor, ATTO_E_LENGTH, AT_IMAGE_BYTES);
    return true;
}

enum atto_status atto_image_parse(const uint8_t *bytes, uint32_t len, struct atto_image *image,
                                  struct atto_refusal *refusal)
{
    struct cursor cursor = {bytes, len, 0, 0, ATTO_OK};

    if (len < 4u)
        return atto_refuse(refusal, ATTO_E_FORMAT, 0);
    if (atto_le32(bytes) == ATTO_FEMTO_MAGIC)
        return atto_image_parse_femto(bytes, len, image, refusal);
    if (atto_le32(bytes + AT_MAGIC) != ATTO_IMAGE_MAGIC)
        return atto_refuse(refusal, ATTO_E_FORMAT, AT_MAGIC);
    if (!check_header(&cursor) || !take_sections(&cursor, image))
        return atto_refuse(refusal, cursor.status, cursor.refused_at);
    image->format = ATTO_FORMAT_ATTO;
    image->executor = bytes[AT_EXECUTOR];
    return ATTO_OK;
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
