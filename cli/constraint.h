/* Why an engine does not admit a container, in words.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_CONSTRAINT_H
#define ATTO_CLI_CONSTRAINT_H

#include "atto/container.h"

/* The constraint of this name, such as "tenant-ram", as the firmware prints it; ATTO_CONSTRAINT_NONE for others and for
 * NULL. */
enum atto_constraint atto_constraint_named(const char *name);

/* The promise that could not be made. culprit: a container's name, NULL for the one that is not admitted; missing: as
 * in struct atto_report; needs_bytes: of the pool. NULL: no constraint. The caller frees it. */
char *atto_constraint_text(enum atto_constraint constraint, const char *culprit, uint32_t missing,
                           uint32_t needs_bytes);

#endif
