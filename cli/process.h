/* Runs another program with its input and output in memory, so that nothing needs a file in between.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_PROCESS_H
#define ATTO_CLI_PROCESS_H

#include "buffer.h"

/* Runs arguments[0], which is looked for in $PATH, and waits for its end. input is what it reads; what it writes is
 * appended to output and errors. Any of these may be NULL: the program then has the stream of this process.
 * An interrupt from the keyboard ends the program alone, so that the caller can tidy up; a second one ends us too.
 * Returns its exit status, 128 + N if signal N ended it, or -1, reported, if it could not be run. */
int atto_process_run(const char *const *arguments, const struct atto_buffer *input, struct atto_buffer *output,
                     struct atto_buffer *errors);

#endif
