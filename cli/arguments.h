/* Values of command line options.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_ARGUMENTS_H
#define ATTO_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a whole number from min to max, decimal or hexadecimal with 0x. Reports and returns false if it is none. */
bool atto_parse_number(const char *option, const char *text, uint32_t min, uint32_t max, uint32_t *number);

/* Takes the file that is the one argument from index `first` on. Reports and returns false if there is none, or more
 * than one. */
bool atto_parse_file(int argc, char **argv, int first, const char **path);

/* Ends a command that was called wrongly, after the reason was reported: says where help is. Returns the exit
 * status. */
int atto_wrong_usage(const char *command);

#endif
