/* The receipt of a pre-flight check, for people and for programs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_RECEIPT_H
#define ATTO_CLI_RECEIPT_H

#include <jansson.h>

#include "atto/exec.h"

/* One line for each fact, to stdout. */
void atto_receipt_print(const struct atto_receipt *receipt);

json_t *atto_receipt_json(const struct atto_receipt *receipt);
#endif
