/* Reads the source lines of an object file from its DWARF.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_DWARF_LINES_H
#define ATTO_CLI_DWARF_LINES_H

#include "lines.h"
#include "object.h"

/* Adds the rows of an object to `lines`. Its debug sections must have been relocated to byte offsets in the linked
 * text; rows that lie outside of text_bytes are left out. An object without debug information adds nothing. */
void atto_dwarf_lines(const struct atto_object *object, uint32_t text_bytes, struct atto_lines *lines);

/* Finds where a global or static variable is declared. *file is to be freed. Returns false if nothing is known. */
bool atto_dwarf_variable(const struct atto_object *object, const char *name, char **file, unsigned *line);

#endif
