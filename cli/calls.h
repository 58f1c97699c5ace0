/* Host calls by name: those of the guest SDK, and plain numbers for a firmware's own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_CALLS_H
#define ATTO_CLI_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "../sdk/calls.h"

/* The name of a host call, or NULL if the SDK has none of that number. */
const char *atto_call_name(uint32_t number);

/* Reads a name or a number (decimal, or hexadecimal with 0x) below ATTO_CALL_IDS. */
bool atto_call_parse(const char *text, uint32_t *number);

#endif
