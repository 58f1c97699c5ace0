/* Parser of Femto-Container images ("rBPF" header of 28 bytes, then data, read-only data, text and a table of
 * functions that no engine uses). The peers' engines never compare these lengths with the image; here they must fill
 * it exactly.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "base/bytes.h"
#include "image/formats.h"

#define AT_VERSION 4u
#define AT_FLAGS 8u
#define AT_DATA_BYTES 12u
#define AT_RODATA_BYTES 16u
#define AT_TEXT_BYTES 20u
#define AT_FUNCTION_COUNT 24u

#define FLAG_COMPRESSED 1u
#define FEMTO_FUNCTION_BYTES 6u

_Static_assert(AT_FUNCTION_COUNT + 4u == ATTO_FEMTO_HEADER_BYTES, "the header ends behind its last field");

/* Takes section_bytes off what is left. False if there is less. */
/*@ requires \valid(pos) && \valid(section) && \separated(pos, section) && *pos <= len;
    terminates \true; exits \false; assigns *pos, section->ptr, section->len;
    ensures *pos <= len;
    ensures \result ? section->ptr == bytes + \old(*pos) && section->len == section_bytes &&
                      *pos == \old(*pos) + section_bytes
                    : *pos == \old(*pos); */
static bool take(const uint8_t *bytes, uint32_t len, uint32_t *pos, uint32_t section_bytes, struct atto_span *section)
{
    if (section_bytes > len - *pos)
        return false;
    section->ptr = bytes + *pos;
    section->len = section_bytes;
    *pos += section_bytes;
    return true;
}

/*@ requires readable(bytes, len) && refusal_slot(refusal);
    terminates \true; exits \false; assigns *refusal;
    ensures \result == ATTO_OK ==> len >= ATTO_FEMTO_HEADER_BYTES; */
static enum atto_status check_header(const uint8_t *bytes, uint32_t len, struct atto_refusal *refusal)
{
    uint32_t flags;

    if (len < ATTO_FEMTO_HEADER_BYTES)
        return atto_refuse(refusal, ATTO_E_LENGTH, len);
    if (atto_le32(bytes + AT_VERSION) != 0)
        return atto_refuse(refusal, ATTO_E_VERSION, AT_VERSION);
    flags = atto_le32(bytes + AT_FLAGS);
    if (flags > FLAG_COMPRESSED)
        return atto_refuse(refusal, ATTO_E_FORMAT, AT_FLAGS);
    if (flags == FLAG_COMPRESSED)
        return atto_refuse(refusal, ATTO_E_COMPRESSED, AT_FLAGS);
    if (atto_le32(bytes + AT_TEXT_BYTES) % 8u != 0)
        return atto_refuse(refusal, ATTO_E_LENGTH, AT_TEXT_BYTES);
    return ATTO_OK;
}

enum atto_status atto_image_parse_femto(const uint8_t *bytes, uint32_t len, struct atto_image *image,
                                        struct atto_refusal *refusal)
{
    enum atto_status status = check_header(bytes, len, refusal);
    uint32_t pos = ATTO_FEMTO_HEADER_BYTES;

    if (status != ATTO_OK)
        return status;
    atto_image_bare(bytes, 0, image);
    image->format = ATTO_FORMAT_FEMTO;
    if (!take(bytes, len, &pos, atto_le32(bytes + AT_DATA_BYTES), &image->data))
        return atto_refuse(refusal, ATTO_E_LENGTH, AT_DATA_BYTES);
    if (!take(bytes, len, &pos, atto_le32(bytes + AT_RODATA_BYTES), &image->rodata))
        return atto_refuse(refusal, ATTO_E_LENGTH, AT_RODATA_BYTES);
    if (!take(bytes, len, &pos, atto_le32(bytes + AT_TEXT_BYTES), &image->text))
        return atto_refuse(refusal, ATTO_E_LENGTH, AT_TEXT_BYTES);
    /* Division, because the product of a hostile count could wrap. */
    if ((len - pos) % FEMTO_FUNCTION_BYTES != 0 ||
        (len - pos) / FEMTO_FUNCTION_BYTES != atto_le32(bytes + AT_FUNCTION_COUNT))
        return atto_refuse(refusal, ATTO_E_LENGTH, AT_FUNCTION_COUNT);
    if ((uintptr_t)image->text.ptr % 4u != 0)
        return atto_refuse(refusal, ATTO_E_ALIGNMENT, (uint32_t)(image->text.ptr - bytes));
    return ATTO_OK;
}

struct atto_span atto_image_femto_data(const uint8_t *bytes)
{
    struct atto_span data;

    data.ptr = bytes + ATTO_FEMTO_HEADER_BYTES;
    data.len = atto_le32(bytes + AT_DATA_BYTES);
    return data;
}

uint32_t atto_image_femto_length(const uint8_t *bytes)
{
    return ATTO_FEMTO_HEADER_BYTES + atto_le32(bytes + AT_DATA_BYTES) + atto_le32(bytes + AT_RODATA_BYTES) +
           atto_le32(bytes + AT_TEXT_BYTES) + atto_le32(bytes + AT_FUNCTION_COUNT) * FEMTO_FUNCTION_BYTES;
}
