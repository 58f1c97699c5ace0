/* Source lines of a text: which line of which file the instruction in a slot comes from. Read from DWARF when objects
 * are linked, kept in an image's `lines` section (docs/SPEC.md), and read from there when something has to be shown.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_LINES_H
#define ATTO_CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

struct atto_line {
    uint32_t slot; /* from here up to the next row */
    uint32_t file; /* index of the file's name */
    uint32_t line; /* 1 for the first; 0: not known */
};

struct atto_lines {
    char **files;
    size_t file_count;
    struct atto_line *rows; /* ascending by slot, once sorted */
    size_t row_count;
};

/* Adds a row, in any order. file NULL: from this slot on nothing is known. */
void atto_lines_add(struct atto_lines *lines, uint32_t slot, const char *file, uint32_t line);

/* Sorts the rows. Of several for one slot the last one added counts, unless it is one without a file. */
void atto_lines_sort(struct atto_lines *lines);

/* The place of a slot in the source. False if it is not known. */
bool atto_lines_find(const struct atto_lines *lines, uint32_t slot, const char **file, uint32_t *line);

/* Writes sorted rows as a section; reads a section, with false if it is damaged (what was read until then stays). */
void atto_lines_encode(const struct atto_lines *lines, struct atto_buffer *section);
bool atto_lines_decode(struct atto_lines *lines, const uint8_t *section, size_t len);

void atto_lines_free(struct atto_lines *lines);

#endif
