/* Runs clang for one source file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_CLANG_H
#define ATTO_CLI_CLANG_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

/* Can clang make an object of a file with this name? */
bool atto_clang_takes(const char *source);

/* Compiles a source file and appends the eBPF object to `object`. options: more arguments for clang, such as -I and
 * -D. What clang has to say goes to stderr, with Atto's hints. Returns false, reported, if there is no object. */
bool atto_clang_compile(const char *source, char *const *options, size_t option_count, struct atto_buffer *object);

#endif
