/* Signing what the command makes: a COSE_Sign1, and an envelope around a manifest.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_SEAL_H
#define ATTO_CLI_SEAL_H

#include "buffer.h"
#include "keyfile.h"

/* Appends a COSE_Sign1 of the payload, which is in it unless it is detached. */
bool atto_seal_sign1(const struct atto_keyfile *keyfile, const struct atto_buffer *payload, bool detached,
                     struct atto_buffer *out);

/* Appends an envelope: the manifest (with the head of its string), then what stands behind it, as it is: key and image,
 * or nothing. keyfile NULL: it is not signed. */
bool atto_seal_envelope(const struct atto_keyfile *keyfile, const struct atto_buffer *manifest,
                        const struct atto_buffer *behind, struct atto_buffer *out);

/* Finds those two parts in an envelope, signed or not. False, reported, if it is none. */
bool atto_seal_open(const char *path, const struct atto_buffer *envelope, struct atto_buffer *manifest,
                    struct atto_buffer *behind);

#endif
