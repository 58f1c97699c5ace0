/* The writing side of image format version 1, see image_write.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "image_write.h"

#include "atto/image.h"

static void put_functions(const struct atto_program *program, struct atto_buffer *functions)
{
    for (size_t i = 0; i < program->function_count; i++) {
        const struct atto_program_function *function = &program->functions[i];

        atto_buffer_put_le(functions, function->start, 2);
        atto_buffer_put_le(functions, function->frame_bytes, 2);
        atto_buffer_put_le(functions, function->stack_bytes, 2);
        atto_buffer_put_le(functions, function->depth, 1);
        atto_buffer_put_le(functions, 0, 1);
    }
}

static uint32_t padded(size_t len)
{
    return (uint32_t)((len + ATTO_IMAGE_ALIGN - 1) / ATTO_IMAGE_ALIGN * ATTO_IMAGE_ALIGN);
}

static void put_section(struct atto_buffer *image, const struct atto_buffer *section)
{
    atto_buffer_put(image, section->bytes, section->len);
    atto_buffer_align(image, ATTO_IMAGE_ALIGN);
}

void atto_image_write(const struct atto_program *program, const struct atto_buffer *manifest, bool strip,
                      struct atto_buffer *image)
{
    struct atto_buffer functions = {0}, lines = {0};

    put_functions(program, &functions);
    if (!strip)
        atto_lines_encode(&program->lines, &lines);
    atto_buffer_put_le(image, ATTO_IMAGE_MAGIC, 4);
    atto_buffer_put_le(image, ATTO_IMAGE_VERSION, 1);
    atto_buffer_put_le(image, ATTO_EXECUTOR_BPF, 1);
    atto_buffer_put_le(image, 0, 2);
    atto_buffer_put_le(image, ATTO_IMAGE_HEADER_BYTES + padded(program->text.len) + padded(functions.len) +
                       padded(program->rodata.len) + padded(program->data.len) + padded(manifest->len) +
                       padded(lines.len), 4);
    atto_buffer_put_le(image, (uint32_t)program->text.len, 4);
    atto_buffer_put_le(image, (uint32_t)functions.len, 4);
    atto_buffer_put_le(image, (uint32_t)program->rodata.len, 4);
    atto_buffer_put_le(image, (uint32_t)program->data.len, 4);
    atto_buffer_put_le(image, program->bss_bytes, 4);
    atto_buffer_put_le(image, (uint32_t)manifest->len, 4);
    atto_buffer_put_le(image, (uint32_t)lines.len, 4);
    put_section(image, &program->text);
    put_section(image, &functions);
    put_section(image, &program->rodata);
    put_section(image, &program->data);
    put_section(image, manifest);
    put_section(image, &lines);
    atto_buffer_free(&functions);
    atto_buffer_free(&lines);
}
