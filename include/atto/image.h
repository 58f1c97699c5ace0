/* Container images: the bytes that travel, are stored in flash and run in place. Parsing finds the sections and copies
 * nothing, so the image must stay where it is, unchanged, for as long as anything made from it is in use. Formats:
 * Atto's own (docs/SPEC.md), Femto-Container's ("rBPF" header) and bare eBPF text.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_IMAGE_H
#define ATTO_IMAGE_H

#include <stdint.h>

#include "atto/span.h"
#include "atto/status.h"

#define ATTO_IMAGE_MAGIC 0x4f545441u /* "ATTO", little-endian */
#define ATTO_IMAGE_VERSION 1u
#define ATTO_IMAGE_HEADER_BYTES 40u
#define ATTO_IMAGE_ALIGN 8u /* of the image in memory and of each section in the image */

#define ATTO_FEMTO_MAGIC 0x46504272u /* "rBPF", little-endian */
#define ATTO_FEMTO_HEADER_BYTES 28u

enum atto_format { ATTO_FORMAT_ATTO = 1, ATTO_FORMAT_FEMTO = 2, ATTO_FORMAT_BARE = 3, ATTO_FORMAT_HOST = 4 };

/* Executor numbers as they stand in image headers. */
enum { ATTO_EXECUTOR_BPF = 1, ATTO_EXECUTOR_WASM = 2, ATTO_EXECUTOR_HOST = 3 };

/* A parsed image: spans into the caller's bytes. Sections that an image does not have are empty. */
struct atto_image {
    enum atto_format format;
    uint8_t executor;           /* ATTO_EXECUTOR_... */
    uint32_t bss_bytes;         /* zeroed memory behind data */
    struct atto_span text;      /* instructions */
    struct atto_span functions; /* records of ATTO_FUNCTION_BYTES, see struct atto_function */
    struct atto_span rodata;
    struct atto_span data;     /* initial values */
    struct atto_span manifest; /* CBOR, see atto/manifest.h */
    struct atto_span lines;    /* debug: source lines, not needed by the device */
};

/*@ predicate sections_inside(struct atto_image *image, uint8_t *bytes, integer len) =
        inside(image->text.ptr, image->text.len, bytes, len) &&
        inside(image->functions.ptr, image->functions.len, bytes, len) &&
        inside(image->rodata.ptr, image->rodata.len, bytes, len) &&
        inside(image->data.ptr, image->data.len, bytes, len) &&
        inside(image->manifest.ptr, image->manifest.len, bytes, len) &&
        inside(image->lines.ptr, image->lines.len, bytes, len);

    // Data and bss fit into one region, and the table of functions has whole records.
    predicate sections_sized(struct atto_image *image) =
        image->functions.len % 8 == 0 && image->data.len + image->bss_bytes <= 0x10000000; */

/* One function of an eBPF program. The table is sorted by start; function i ends where i + 1 starts. The sizes are
 * claims that the pre-flight check verifies, instruction by instruction. */
#define ATTO_FUNCTION_BYTES 8u
struct atto_function {
    uint16_t start;       /* slot in the text */
    uint16_t frame_bytes; /* 8 to 512, a multiple of 8 */
    uint16_t stack_bytes; /* this frame and those of everything that it calls */
    uint8_t depth;        /* 1 for a function without local calls; ATTO_BPF_CALL_DEPTH for a recursive one */
};

/* Finds the sections of an image, whichever of the known formats it has (Atto's or Femto-Container's, by the magic).
 * Every length is checked against `len`, every section against its alignment.
 * bytes:   the image, aligned to ATTO_IMAGE_ALIGN for Atto's format, to 4 for Femto-Container's
 * len:     its length in bytes
 * refusal: where it is refused, in bytes from the start of the image; may be NULL
 * Returns ATTO_OK, or ATTO_E_FORMAT, ATTO_E_VERSION, ATTO_E_LENGTH, ATTO_E_ALIGNMENT, ATTO_E_COMPRESSED; then *image is
 * not to be used. */
/*@ requires readable(bytes, len) && \valid(image) && (refusal == \null || \valid(refusal));
    requires \separated(image, refusal, bytes + (0 .. len - 1));
    terminates \true; exits \false; assigns *image, *refusal;
    ensures \result == ATTO_OK ==> sections_inside(image, bytes, len); */
enum atto_status atto_image_parse(const uint8_t *bytes, uint32_t len, struct atto_image *image,
                                  struct atto_refusal *refusal);

/* Describes bare eBPF text, as test suites and other tools have it: no manifest, no data, entry point at slot 0.
 * text: aligned to 4. Never fails; the pre-flight check judges the text. */
/*@ requires \valid(image);
    terminates \true; exits \false; assigns *image;
    ensures image->text.ptr == text && image->text.len == len;
    ensures image->functions.len == 0 && image->rodata.len == 0 && image->data.len == 0;
    ensures image->manifest.len == 0 && image->lines.len == 0; */
void atto_image_bare(const uint8_t *text, uint32_t len, struct atto_image *image);

/* The initial values of data of an image that atto_image_parse has accepted: what it found as image->data. For those who
 * keep no struct atto_image. */
/*@ requires readable(bytes, ATTO_FEMTO_HEADER_BYTES);
    terminates \true; exits \false; assigns \nothing; */
struct atto_span atto_image_data(const uint8_t *bytes);

/* The length of such an image, as its header has it. */
/*@ requires readable(bytes, ATTO_FEMTO_HEADER_BYTES);
    terminates \true; exits \false; assigns \nothing; */
uint32_t atto_image_length(const uint8_t *bytes);

/* How many functions the table has, and the one with number `index` (which must be smaller). */
/*@ requires \valid_read(image);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == image->functions.len / 8; */
uint32_t atto_image_function_count(const struct atto_image *image);
/*@ requires \valid_read(image) && readable(image->functions.ptr, image->functions.len);
    requires index < image->functions.len / 8;
    terminates \true; exits \false; assigns \nothing;
    ensures \result.start == le16(image->functions.ptr + 8 * index);
    ensures \result.frame_bytes == le16(image->functions.ptr + 8 * index + 2);
    ensures \result.stack_bytes == le16(image->functions.ptr + 8 * index + 4);
    ensures \result.depth == image->functions.ptr[8 * index + 6]; */
struct atto_function atto_image_function(const struct atto_image *image, uint32_t index);

#endif
