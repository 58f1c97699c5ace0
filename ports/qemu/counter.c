/* The instruction counter on top of a board's clock: proves at start that the clock counts instructions exactly, and
 * learns how many of them one reading costs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "machine.h"

static uint32_t overhead; /* instructions between two readings that follow each other */

static uint32_t raw_instructions(uint32_t begin, uint32_t end)
{
    uint64_t ticks = end - begin; /* modulo 2^32, so that the counter may wrap once in between */
    return (uint32_t)((ticks * machine_counter_numerator + machine_counter_denominator / 2u) /
                      machine_counter_denominator);
}

uint32_t board_instructions(uint32_t begin, uint32_t end)
{
    return raw_instructions(begin, end) - overhead;
}

static uint32_t measure_loop(uint32_t rounds)
{
    uint32_t begin = board_counter();
    machine_known_loop(rounds);
    return board_instructions(begin, board_counter());
}

bool board_counter_start(void)
{
    static const uint32_t rounds[] = { 1, 2, 3, 4, 5, 6, 7, 1000, 12345, 200001 };
    machine_counter_begin();
    uint32_t begin = board_counter();
    uint32_t end = board_counter();
    overhead = raw_instructions(begin, end);
    if (overhead < 2u || overhead > 50u)
        return false;
    uint32_t around = measure_loop(1) - 2u;
    for (uint32_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        if (measure_loop(rounds[i]) != rounds[i] * 2u + around)
            return false;
    }
    return around < 20u;
}
