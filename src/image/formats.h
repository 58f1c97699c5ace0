/* What the parsers of the image formats share. Each format has a file of its own and is found by its magic.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_IMAGE_FORMATS_H
#define ATTO_IMAGE_FORMATS_H

#include <stddef.h>
#include <stdint.h>

#include "atto/image.h"

/* Notes why and where (may be NULL), and gives the status back. */
static inline enum atto_status atto_refuse(struct atto_refusal *refusal, enum atto_status status, uint32_t at)
{
    if (refusal != NULL) {
        refusal->status = status;
        refusal->at = at;
    }
    return status;
}

/* Parses an image that starts with ATTO_FEMTO_MAGIC; contract as of atto_image_parse. */
enum atto_status atto_image_parse_femto(const uint8_t *bytes, uint32_t len, struct atto_image *image,
                                        struct atto_refusal *refusal);

#endif
