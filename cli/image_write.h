/* Writes images in Atto's format (docs/SPEC.md).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_IMAGE_WRITE_H
#define ATTO_CLI_IMAGE_WRITE_H

#include "buffer.h"
#include "program.h"

/* strip: leave the source lines out. */
void atto_image_write(const struct atto_program *program, const struct atto_buffer *manifest, bool strip,
                      struct atto_buffer *image);

#endif
