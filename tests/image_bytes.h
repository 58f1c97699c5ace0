/* Images written byte by byte from docs/SPEC.md, for tests: the header's fields, the sections in their order, padding.
 * Independent of the command's writer and of the device's parser.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_IMAGE_BYTES_H
#define TESTS_IMAGE_BYTES_H

#include <stdint.h>

#define IMAGE_BYTES_MAX 1024u

/* The sections of an image in the order in which they lie in it. */
enum { SECTION_TEXT, SECTION_FUNCTIONS, SECTION_RODATA, SECTION_DATA, SECTION_MANIFEST, SECTION_LINES, SECTIONS };

struct image_bytes {
    _Alignas(8) uint8_t bytes[IMAGE_BYTES_MAX];
    uint32_t len;
    uint32_t begin[SECTIONS]; /* where each section begins */
};

struct section_bytes {
    const void *ptr;
    uint32_t len;
};

void put_u16(uint8_t *at, uint32_t value);
void put_u32(uint8_t *at, uint32_t value);

/* Writes an image of Atto's own format, version 1, for the eBPF executor. */
void image_bytes_write(struct image_bytes *image, const struct section_bytes sections[SECTIONS], uint32_t bss_bytes);

/* An image of Femto-Container's format; function_count records of zeros. */
void femto_bytes_write(struct image_bytes *image, const struct section_bytes *data, const struct section_bytes *rodata,
                       const struct section_bytes *text, uint32_t function_count);

#endif
