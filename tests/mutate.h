/* Small changes to programs: the ways in which bytes on their way to a device, or a hostile author, turn a good program
 * into one that is nearly good.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include "guest.h"
#include "rng.h"

/* Changes one field of one slot. slot_count: at least 1. */
void mutate_text(uint64_t *slots, uint32_t slot_count, struct rng *rng);
/* Changes one byte or one size of a function table of `count` records. */
void mutate_functions(uint8_t *functions, uint32_t count, struct rng *rng);

#endif
