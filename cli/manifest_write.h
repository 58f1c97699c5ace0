/* Writes the manifest of a program: what the author wishes, with defaults from the program for what was left out, and
 * checked against the program.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_MANIFEST_WRITE_H
#define ATTO_CLI_MANIFEST_WRITE_H

#include "buffer.h"
#include "program.h"
#include "wishes.h"

/* default_name: if the author gave none. Reports what does not fit, in the JSON file or in the source, and returns
 * false. */
bool atto_manifest_write(const struct atto_program *program, const struct atto_wishes *wishes,
                         const char *default_name, struct atto_buffer *manifest);

/* A manifest with one member, the schedule or the rights that are wished for, though there be none. */
void atto_manifest_write_schedule(const struct atto_wishes *wishes, struct atto_buffer *manifest);
void atto_manifest_write_rights(const struct atto_rights_json *rights, struct atto_buffer *manifest);

#endif
