/* Fuzz target: a valid random program with changes. The first 8 bytes are the generator's seed, the next one holds its
 * features, then comes a change for each 10 bytes: a slot, or a byte of the function table, and what to flip in it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "judge.h"

#define CHANGE_BYTES 10u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct pair pair;
    static struct generated program;
    struct rng rng;
    if (len < 9u)
        return 0;
    memcpy(&rng.state, bytes, 8);
    generate(&program, &rng, bytes[8] % (GENERATE_EVERYTHING + 1u));
    if (!pair_open_generated(&pair, &program, &rng))
        return 0;
    for (size_t at = 9; at + CHANGE_BYTES <= len; at += CHANGE_BYTES) {
        uint32_t place = bytes[at] + 256u * bytes[at + 1u];
        uint64_t flips;
        memcpy(&flips, bytes + at + 2u, 8);
        if (place >= 0x8000u && program.function_count != 0)
            pair.guest.functions[place % (8u * program.function_count)] ^= (uint8_t)flips;
        else
            program.slots[place % program.slot_count] ^= flips;
    }
    judge_and_run(&pair, &program, 50);
    return 0;
}
