/* Loading of images, see load.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "build.h"
#include "object.h"
#include "report.h"

static bool build(const char *path, struct atto_buffer *image)
{
    char *inputs[1] = {(char *)(size_t)path};
    struct atto_build build = {.inputs = inputs, .input_count = 1};

    return atto_build_image(&build, image);
}

bool atto_load(const char *path, struct atto_buffer *image)
{
    if (atto_build_takes(path))
        return build(path, image);
    if (!atto_buffer_read(image, path))
        return false;
    if (atto_object_is_elf(image->bytes, image->len)) {
        atto_report_at(path, 0, "an ELF file, not an image; eBPF objects have names that end in .o");
        return false;
    }
    if (image->len > UINT32_MAX) {
        atto_report_at(path, 0, "too large for an image");
        return false;
    }
    return true;
}
