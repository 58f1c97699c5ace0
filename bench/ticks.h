/* What the firmwares that measure the engine share: guests call `tick`, which reads the counter, so that what lies
 * between two ticks is measured as the guest sees it. The clock is a variable: what reading a clock costs is the board's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_TICKS_H
#define BENCH_TICKS_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/engine.h"

#define TICKS 8u

/* The last ticks, in a ring, and how many there were. */
extern uint32_t ticks[TICKS], tick_count;
atto_call_fn call_tick;

extern uint64_t clock_us;
extern const struct atto_port ticks_port;

extern bool all_ok;
/* Prints a line for scripts/bench; ok: it was measured as it should be. */
void print_instructions(const char *name, uint32_t instructions, bool ok);

/* Writes a little-endian number of an image's header. */
void put_u32(uint8_t *at, uint32_t value);

#endif
