/* From sources to an image, in memory.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_BUILD_H
#define ATTO_CLI_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

struct atto_build {
    char *const *inputs; /* sources and eBPF objects */
    size_t input_count;
    char *const *options; /* for clang */
    size_t option_count;
    const char *manifest_path; /* NULL: the JSON file beside the first input, if there is one */
    bool strip;    /* leave the source lines out */
    bool no_check; /* do not ask the device's check */
};

/* Reads the manifest, compiles what has to be compiled, links, and appends the image to `image`. Reports all
 * problems of the first of these steps that has some, and then returns false. */
bool atto_build_image(const struct atto_build *build, struct atto_buffer *image);

/* Can an image be built from a file with this name? */
bool atto_build_takes(const char *path);

#endif
