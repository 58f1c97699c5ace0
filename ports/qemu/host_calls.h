/* The host calls of sdk/calls.h, as the runner and the demo offer them on every board. They reach the machine through
 * the struct atto_port that the firmware puts into struct atto_host as `user`.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_CALLS_H
#define HOST_CALLS_H

#include "atto/call.h"
#include "atto/port.h"

extern const struct atto_call board_calls[ATTO_CALL_PAGE]; /* the first page of the table */
extern const struct atto_call_table board_call_table;

/* Adds the numbers of these calls to a set. */
void board_calls_grant(struct atto_callset *set);

#endif
