/* The changes; see mutate.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "mutate.h"

#include "encode.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static uint64_t with_field(uint64_t slot, uint32_t at, uint32_t bits, uint64_t value)
{
    uint64_t mask = (bits == 64u ? 0 : (uint64_t)1 << bits) - 1u;
    return (slot & ~(mask << at)) | (value & mask) << at;
}

void mutate_text(uint64_t *slots, uint32_t slot_count, struct rng *rng)
{
    static const uint8_t opcodes[] = { 0x18, 0xb8, 0xd8, 0x85, 0x8d, 0x95, 0x05, 0x06, 0xc3, 0xdb, 0xdf, 0x99, 0x00 };
    static const uint32_t immediates[] = { 0, 1, 16, 32, 64, 0x41, 0xe1, 0xf1, 0xffffffff, 0x80000000, 0x7fffffff };
    uint32_t at = rng_below(rng, slot_count);
    uint64_t *slot = &slots[at];
    switch (rng_below(rng, 9)) {
    case 0:
        *slot = with_field(*slot, 0, 8, rng_next(rng));
        break;
    case 1:
        *slot = with_field(*slot, 0, 8, opcodes[rng_below(rng, COUNT(opcodes))]);
        break;
    case 2:
        *slot = with_field(*slot, 8, 4, rng_below(rng, 12));
        break;
    case 3:
        *slot = with_field(*slot, 12, 4, rng_below(rng, 12));
        break;
    case 4:
        *slot = with_field(*slot, 16, 16, (uint64_t)rng_below(rng, 33) - 16u);
        break;
    case 5:
        *slot = with_field(*slot, 32, 32, immediates[rng_below(rng, COUNT(immediates))]);
        break;
    case 6:
        *slot = with_field(*slot, 32, 32, (uint64_t)rng_below(rng, 33) - 16u);
        break;
    case 7:
        *slot = slots[rng_below(rng, slot_count)];
        break;
    default:
        *slot ^= (uint64_t)1 << rng_below(rng, 64);
        break;
    }
}

void mutate_functions(uint8_t *functions, uint32_t count, struct rng *rng)
{
    uint8_t *byte = functions + 8u * rng_below(rng, count) + rng_below(rng, 7);
    if (rng_once_in(rng, 2))
        *byte = (uint8_t)(*byte + (rng_once_in(rng, 2) ? 8u : 0u - 8u));
    else
        *byte = (uint8_t)(*byte + rng_below(rng, 5) - 2u);
}
