/* What to do about the errors that authors meet most: a sentence for an undefined symbol, or for a line that clang
 * printed, in the words of Atto instead of those of the Linux kernel.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_HINTS_H
#define ATTO_CLI_HINTS_H

/* Static strings, or NULL if there is nothing to say. */
const char *atto_hint_symbol(const char *name);
const char *atto_hint_compiler(const char *line);

#endif
