/* Sets of call numbers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/callset.h"

bool atto_callset_within(const struct atto_callset *part, const struct atto_callset *whole)
{
    /*@ loop invariant 0 <= i <= ATTO_CALL_IDS / 32; loop assigns i; loop variant ATTO_CALL_IDS / 32 - i; */
    for (uint32_t i = 0; i < ATTO_CALL_IDS / 32u; i++) {
        if ((part->bits[i] & ~whole->bits[i]) != 0u)
            return false;
    }
    return true;
}
