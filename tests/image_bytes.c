/* The writers of test images; see image_bytes.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "image_bytes.h"

#include <string.h>

void put_u16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value % 256u);
    at[1] = (uint8_t)(value / 256u % 256u);
}

void put_u32(uint8_t *at, uint32_t value)
{
    put_u16(at, value % 65536u);
    put_u16(at + 2, value / 65536u);
}

static void append(struct image_bytes *image, const void *bytes, uint32_t len)
{
    if (len != 0)
        memcpy(image->bytes + image->len, bytes, len);
    image->len += len;
}

void image_bytes_write(struct image_bytes *image, const struct section_bytes sections[SECTIONS], uint32_t bss_bytes)
{
    /* The header has the lengths in this order, with that of bss between data and manifest. */
    static const uint8_t length_at[SECTIONS] = { 12, 16, 20, 24, 32, 36 };
    memset(image, 0, sizeof *image);
    memcpy(image->bytes, "ATTO", 4);
    image->bytes[4] = 1; /* version */
    image->bytes[5] = 1; /* executor: eBPF */
    put_u32(image->bytes + 28, bss_bytes);
    image->len = 40;
    for (uint32_t i = 0; i < SECTIONS; i++) {
        put_u32(image->bytes + length_at[i], sections[i].len);
        image->begin[i] = image->len;
        append(image, sections[i].ptr, sections[i].len);
        while (image->len % 8u != 0)
            image->len++;
    }
    put_u32(image->bytes + 8, image->len);
}

void femto_bytes_write(struct image_bytes *image, const struct section_bytes *data, const struct section_bytes *rodata,
                       const struct section_bytes *text, uint32_t function_count)
{
    memset(image, 0, sizeof *image);
    memcpy(image->bytes, "rBPF", 4);
    put_u32(image->bytes + 12, data->len);
    put_u32(image->bytes + 16, rodata->len);
    put_u32(image->bytes + 20, text->len);
    put_u32(image->bytes + 24, function_count);
    image->len = 28;
    append(image, data->ptr, data->len);
    append(image, rodata->ptr, rodata->len);
    append(image, text->ptr, text->len);
    image->len += 6u * function_count;
}
