/* Values of command line options.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_ARGUMENTS_H
#define ATTO_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a whole number from 0 to max, decimal or hexadecimal with 0x. Reports and returns false if it is none. */
bool atto_parse_number(const char *option, const char *text, uint32_t max, uint32_t *number);

#endif
