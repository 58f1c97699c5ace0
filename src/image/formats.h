/* What the parsers of the image formats share. Each format has a file of its own and is found by its magic.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_IMAGE_FORMATS_H
#define ATTO_IMAGE_FORMATS_H

#include <stddef.h>
#include <stdint.h>

#include "atto/image.h"

/*@ predicate refusal_slot(struct atto_refusal *refusal) = refusal == \null || \valid(refusal); */

/* Notes why and where (may be NULL), and gives the status back. */
/*@ requires refusal_slot(refusal);
    terminates \true; exits \false; assigns *refusal;
    ensures \result == status; */
static inline enum atto_status atto_refuse(struct atto_refusal *refusal, enum atto_status status, uint32_t at)
{
    if (refusal != NULL) {
        refusal->status = status;
        refusal->at = at;
    }
    return status;
}

/* Parses an image that starts with ATTO_FEMTO_MAGIC; contract as of atto_image_parse. */
/*@ requires len >= 4 && readable(bytes, len) && \valid(image) && refusal_slot(refusal);
    requires \separated(image, refusal, bytes + (0 .. len - 1));
    terminates \true; exits \false; assigns *image, *refusal;
    ensures \result == ATTO_OK ==> sections_inside(image, bytes, len); */
enum atto_status atto_image_parse_femto(const uint8_t *bytes, uint32_t len, struct atto_image *image,
                                        struct atto_refusal *refusal);

/*@ requires readable(bytes, ATTO_FEMTO_HEADER_BYTES);
    terminates \true; exits \false; assigns \nothing; */
struct atto_span atto_image_femto_data(const uint8_t *bytes);

/*@ requires readable(bytes, ATTO_FEMTO_HEADER_BYTES);
    terminates \true; exits \false; assigns \nothing; */
uint32_t atto_image_femto_length(const uint8_t *bytes);

#endif
