/* CBOR into growing rows of bytes, for the files that the command makes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_CBOR_H
#define ATTO_CLI_CBOR_H

#include "base/cbor.h"
#include "buffer.h"

void atto_cbor_add_head(struct atto_buffer *buffer, enum atto_cbor_type type, uint32_t argument);
void atto_cbor_add_uint(struct atto_buffer *buffer, uint32_t number);
/* -1 - argument */
void atto_cbor_add_negative(struct atto_buffer *buffer, uint32_t argument);
void atto_cbor_add_bytes(struct atto_buffer *buffer, const void *bytes, size_t len);
void atto_cbor_add_text(struct atto_buffer *buffer, const char *text);
/* The content of another buffer as a byte string; frees that. */
void atto_cbor_add_nested(struct atto_buffer *buffer, struct atto_buffer *content);

#endif
