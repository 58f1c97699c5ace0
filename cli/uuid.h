/* UUIDs as people write them, and those that are made of names (RFC 9562 section 5.5).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_UUID_H
#define ATTO_CLI_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/manifest.h"

/* 8-4-4-4-12 hexadecimal digits. False if `text` is something else, or NULL. */
bool atto_uuid_parse(const char *text, uint8_t uuid[ATTO_UUID_BYTES]);

/* The same, to be freed. */
char *atto_uuid_text(const uint8_t uuid[ATTO_UUID_BYTES]);

/* The UUID of a name in a name space, version 5. */
void atto_uuid_of_name(const uint8_t space[ATTO_UUID_BYTES], const char *name, uint8_t uuid[ATTO_UUID_BYTES]);

#endif
