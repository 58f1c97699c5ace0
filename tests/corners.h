/* What the tests of the engine's corners share: an engine in simulated time, and programs of the firmware that use as
 * much fuel as the test says. A unit of fuel takes a microsecond, a slice has 100 of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CORNERS_H
#define TESTS_CORNERS_H

#include "engine_world.h"

#define AT_MS(ms) (1000000u + (ms) * 1000u)
#define SCHEDULE(...) (&(const struct atto_schedule){ __VA_ARGS__ })

extern struct world world;
extern uint32_t wakes; /* how often the engine has woken who sleeps */

/* Fuel that each entry point uses, 10 at first; the most that one slice has used. */
extern uint32_t loop_fuel, start_fuel, stop_fuel, event_fuel, longest_burn;
/* How often `with_wait` waits and `with_yield` yields before they compute, for one unit of fuel each; 0 at first. */
extern uint32_t waits;

/* Entry points: loop and event; start and loop; stop and loop; one that faults and loop; loop and event again for
 * with_wait, with_yield, long_run (which may run 500 units on) and other_loop (which uses start_fuel); and a loop that
 * uses 600 units at once, whatever it was given. */
extern const struct atto_host_program plain, with_start, with_stop, with_fault, with_wait, with_yield, long_run,
    other_loop, overdraws;

/* Defines a program with these entry points; longest: fuel of its longest run. */
#define PROGRAM(program, longest, names, ...)                                                                     \
    static atto_host_fn *const program##_entries[] = { __VA_ARGS__ };                                             \
    const struct atto_host_program program = { .entries = program##_entries, .longest_run = (longest),     \
        .entry_count = sizeof program##_entries / sizeof *program##_entries, .entry_names = (names) }

/* Uses so much fuel, slice by slice. */
enum atto_outcome burn(struct atto_host_frame *frame, uint32_t total);

void corners_begin(void);
/* Installs and starts. NULL, and the test has failed: it could not be. */
struct atto_container *started(const struct atto_host_program *program, const struct atto_schedule *schedule);
/* Runs what is due now, without letting time pass beyond what it takes. */
void settle(void);

#endif
