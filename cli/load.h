/* Reads an image for a command, whatever form it has: an image file, or a source or object that is built on the way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_LOAD_H
#define ATTO_CLI_LOAD_H

#include <stdbool.h>

#include "buffer.h"

/* Appends the image to `image`, whose bytes then are aligned as atto_image_parse asks for. Reports what goes wrong and
 * returns false. Does not parse what it read. */
bool atto_load(const char *path, struct atto_buffer *image);

#endif
