/* Rewrites what clang's eBPF backend cannot compile, in the text form of LLVM's intermediate representation.
 *
 * Signed division: instruction sets up to v3, which is what clang-14 knows, have none; RFC 9669 has, and so have Atto's
 * devices. Counting leading and trailing zeros: no instruction set has it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_LOWER_H
#define ATTO_CLI_LOWER_H

#include "buffer.h"

/* Before optimisation, divisions by what is not a constant must be lowered, because to the optimiser a division by zero
 * cannot happen, while RFC 9669 gives it a result. After it, everything is. */
enum atto_lower_stage { ATTO_LOWER_BEFORE, ATTO_LOWER_AFTER };

/* Appends the text of a module, as LLVM prints it, to `lowered`. What cannot be rewritten (128 bits) stays, for the
 * backend to complain about. */
void atto_lower(const struct atto_buffer *module, enum atto_lower_stage stage, struct atto_buffer *lowered);

#endif
