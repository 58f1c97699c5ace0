/* What is shown of a text: names for its slots, and its instructions with the source lines that they come from.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_LISTING_H
#define ATTO_CLI_LISTING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "atto/image.h"
#include "atto/manifest.h"
#include "disasm.h"
#include "lines.h"

struct atto_listing {
    const struct atto_image *image;
    const struct atto_manifest *manifest; /* for the names of entry points */
    struct atto_lines lines;
    uint8_t *marks; /* for each slot: what leads to it */
    uint32_t slot_count;
};

/* Image and manifest must stay in use. A damaged `lines` section is reported and then ignored. */
void atto_listing_open(struct atto_listing *listing, const struct atto_image *image,
                       const struct atto_manifest *manifest, const char *path);
void atto_listing_close(struct atto_listing *listing);

/* The name of a slot: that of the entry point or function that starts there, or a label. False if it has none. */
bool atto_listing_name(const struct atto_listing *listing, uint32_t slot, char *name, size_t name_bytes);

/* The name of the function that a slot is in. */
void atto_listing_function(const struct atto_listing *listing, uint32_t slot, char *name, size_t name_bytes);

/* Is the slot the second half of a wide instruction? */
bool atto_listing_is_half(const struct atto_listing *listing, uint32_t slot);

/* The text of the instruction in a slot. */
void atto_listing_instruction(const struct atto_listing *listing, uint32_t slot, char text[ATTO_DISASM_BYTES]);

/* Adds the members `file` and `line` of a slot's source to an object, if they are known. */
void atto_listing_add_line(const struct atto_listing *listing, uint32_t slot, json_t *object);

/* Reports why a slot was refused, at its place in the source if that is known, or else at `path`. */
void atto_listing_refuse(const struct atto_listing *listing, const char *path, const struct atto_refusal *refusal);

/* Prints where a slot is: its source line if that is known, its function and its instruction. */
void atto_listing_print_place(const struct atto_listing *listing, uint32_t slot, int indent, FILE *out);

/* Prints all instructions, each source line before what came from it. */
void atto_listing_print(const struct atto_listing *listing, FILE *out);

#endif
