/* TinyContainer metadata in `atto inspect`: what is in them, what they become in Atto, and whether their tokens hold.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_TINYCONTAINER_H
#define ATTO_CLI_TINYCONTAINER_H

#include <stdbool.h>

#include "buffer.h"

/* What is asked about them. Texts are NULL if they were not given. */
struct atto_tiny_question {
    const char *key;         /* Ed25519 public key in hex: verify */
    const char *data, *code; /* files, whose hashes are compared */
    bool json;
};

/* Prints the answer. With a key every token is verified in both forms that a signature may have. Returns the exit
 * status: refused if the metadata are not well-formed, or if there is no form in which all tokens hold. */
int atto_tiny_inspect(const char *path, const struct atto_buffer *bytes, const struct atto_tiny_question *question);

#endif
