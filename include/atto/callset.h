/* What manifests, checks and firmware say about host calls and fuel: sets of call numbers, and the unit of fuel.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CALLSET_H
#define ATTO_CALLSET_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/config.h"

/* Fuel counts guest instructions. The most that is given at a time; twice as much and a whole text fit into 31 bits. */
#define ATTO_FUEL_MAX 0x3fff0000u

/* A set of call numbers. */
struct atto_callset {
    uint32_t bits[ATTO_CALL_IDS / 32u];
};
_Static_assert(ATTO_CALL_IDS % 32u == 0u && ATTO_CALL_IDS <= 65536u, "call numbers fill whole words and 16 bits");

/*@ predicate in_callset(struct atto_callset *calls, integer number) =
        0 <= number < ATTO_CALL_IDS && (calls->bits[number / 32] >> (number % 32) & 1) != 0; */

/*@ requires \valid_read(set);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> in_callset(set, number); */
static inline bool atto_callset_has(const struct atto_callset *set, uint32_t number)
{
    return number < ATTO_CALL_IDS && (set->bits[number / 32u] >> (number % 32u) & 1u) != 0;
}

/* Adds a number; one that is not below ATTO_CALL_IDS is ignored. */
/*@ requires \valid(set);
    terminates \true; exits \false; assigns set->bits[0 .. ATTO_CALL_IDS / 32 - 1]; */
static inline void atto_callset_add(struct atto_callset *set, uint32_t number)
{
    if (number < ATTO_CALL_IDS)
        set->bits[number / 32u] |= (uint32_t)1 << (number % 32u);
}

/* Is every member of `part` in `whole`? */
/*@ requires \valid_read(part) && \valid_read(whole);
    terminates \true; exits \false; assigns \nothing; */
bool atto_callset_within(const struct atto_callset *part, const struct atto_callset *whole);

#endif
