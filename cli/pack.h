/* Envelopes as they are made: for which devices, whose container, which image.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_PACK_H
#define ATTO_CLI_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "target.h"

struct atto_pack {
    struct atto_target target; /* device NULL: for all of that class */
    struct atto_identity identity;
    uint32_t sequence;
    const char *uri; /* NULL: the image is in the envelope */
    const char *key; /* a file; NULL: it is not signed */
    bool stopped;    /* installed, but not started */
    struct atto_buffer image;
};

/* Appends the envelope. Reports what goes wrong and returns false. */
bool atto_pack_make(const struct atto_pack *pack, struct atto_buffer *envelope);

/* The name in an image's manifest, empty if it has none; to be freed. NULL, reported, if it is no image. */
char *atto_pack_name(const char *path, const struct atto_buffer *image);

#endif
