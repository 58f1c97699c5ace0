/* Pieces of the JSON that the runner and the scenario print.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_H
#define JSON_H

#include <stdint.h>

#include "atto/status.h"

/* A string; bytes that are not printable ASCII become dots. */
void json_text(const char *text, uint32_t len);

/* A string that needs no escapes, or null. */
void json_name(const char *name);

/* Members of an object, behind another one: status, text. */
void json_status(enum atto_status status);

/* A list of register values, in hex. */
void json_registers(const uint64_t *registers, uint32_t count);

#endif
