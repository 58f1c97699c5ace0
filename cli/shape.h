/* What the parts of the CBOR files are called: envelopes, signed commands, tenant records, keys. One table knows the
 * members of each; it makes listings for people, and says in which field a byte is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_SHAPE_H
#define ATTO_CLI_SHAPE_H

#include <jansson.h>
#include <stdio.h>

#include "atto/status.h"
#include "buffer.h"

enum atto_shape {
    ATTO_SHAPE_NONE, /* none of these */
    ATTO_SHAPE_ENVELOPE,
    ATTO_SHAPE_COMMAND,
    ATTO_SHAPE_TENANT,
    ATTO_SHAPE_KEY
};

/* Which of them a file seems to be, by how it begins. */
enum atto_shape atto_shape_of(const struct atto_buffer *bytes);

/* The name of the field at a byte, with those that it is in: "manifest, common, shared sequence". To be freed. */
char *atto_shape_field(const struct atto_buffer *bytes, uint32_t at);

/* Reports a refusal of the file, and where in it: byte and field. Always false. */
bool atto_shape_refuse(const char *path, const struct atto_buffer *bytes, enum atto_status status, uint32_t at);

/* How many bytes at least are missing at the end of the file, by the lengths that are in it; 0: none, or it is none of
 * these. The second one reports it and returns false if there are any. */
uint32_t atto_shape_missing(const struct atto_buffer *bytes);
bool atto_shape_is_whole(const char *path, const struct atto_buffer *bytes);

/* The name of an operation of signed commands: "set-rights"; "unknown". */
const char *atto_shape_operation(uint32_t number);

/* Prints a listing, as far as the file can be read. */
void atto_shape_print(const struct atto_buffer *bytes, FILE *out);

/* The same as an object, with the fields' names in small letters. Bytes are hex digits. */
json_t *atto_shape_json(const struct atto_buffer *bytes);

#endif
