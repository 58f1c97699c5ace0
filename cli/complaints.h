/* What clang has to say, in words for container authors. The front end speaks well and is passed on; the backend
 * speaks to the authors of compilers, if need be in a stack dump, and is boiled down to place and reason.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_COMPLAINTS_H
#define ATTO_CLI_COMPLAINTS_H

#include "buffer.h"

/* Prints the messages of the front end or of the assembler, with Atto's hints. */
void atto_complaints_pass_on(const struct atto_buffer *said);

/* Prints what the optimiser or the backend said about a module, with the places in the source that the module's debug
 * information knows. heard: what was said in earlier steps and need not be repeated. source: for messages without any
 * place. */
void atto_complaints_explain(const struct atto_buffer *said, const struct atto_buffer *heard,
                             const struct atto_buffer *module, const char *source);

#endif
