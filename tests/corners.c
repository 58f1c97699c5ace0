/* The engine of the corners, see corners.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "corners.h"

#include "harness.h"

struct world world;
uint32_t wakes;

/* ---- programs ---- */

uint32_t loop_fuel, start_fuel, stop_fuel, event_fuel, longest_burn, waits;

enum atto_outcome burn(struct atto_host_frame *frame, uint32_t total)
{
    uint32_t rest = total - frame->step, balance = (uint32_t)frame->run->fuel;
    uint32_t now = rest < balance ? rest : balance;
    if (now > longest_burn)
        longest_burn = now;
    frame->run->fuel -= (int32_t)now;
    frame->step += now;
    return frame->step == total ? ATTO_DONE : ATTO_YIELD;
}

static enum atto_outcome loop(struct atto_host_frame *frame)
{
    return burn(frame, loop_fuel);
}

static enum atto_outcome start(struct atto_host_frame *frame)
{
    return burn(frame, start_fuel);
}

static enum atto_outcome stop(struct atto_host_frame *frame)
{
    return burn(frame, stop_fuel);
}

static enum atto_outcome event(struct atto_host_frame *frame)
{
    return burn(frame, event_fuel);
}

static enum atto_outcome fault(struct atto_host_frame *frame)
{
    (void)frame;
    return ATTO_FAULT;
}

/* Uses 600 units of fuel at once, whatever it was given. */
static enum atto_outcome overdraw(struct atto_host_frame *frame)
{
    frame->run->fuel -= 600;
    return ATTO_DONE;
}

/* Waits `waits` times for one unit of fuel each, and then computes. */
static enum atto_outcome wait_and_burn(struct atto_host_frame *frame)
{
    if (frame->step < waits) {
        frame->step++;
        frame->run->fuel--;
        return ATTO_WAIT;
    }
    return burn(frame, loop_fuel);
}

/* Yields after each unit of fuel, `waits` times, and then computes. */
static enum atto_outcome yield_and_burn(struct atto_host_frame *frame)
{
    if (frame->step < waits) {
        frame->step++;
        frame->run->fuel--;
        return ATTO_YIELD;
    }
    return burn(frame, loop_fuel);
}

static const char *const names_loop_event[] = { "loop", "event" };
static const char *const names_start[] = { "start", "loop" };
static const char *const names_stop[] = { "stop", "loop" };
static const char *const names_other[] = { "other", "loop" };
PROGRAM(plain, 0, names_loop_event, loop, event);
PROGRAM(with_start, 0, names_start, start, loop);
PROGRAM(with_stop, 0, names_stop, stop, loop);
PROGRAM(with_fault, 0, names_other, fault, loop);
PROGRAM(with_wait, 0, names_loop_event, wait_and_burn, event);
PROGRAM(with_yield, 0, names_loop_event, yield_and_burn, event);
PROGRAM(long_run, 500, names_loop_event, loop, event);
PROGRAM(other_loop, 0, names_loop_event, start, event);
PROGRAM(overdraws, 600, names_loop_event, overdraw);

/* ---- the engine ---- */

static void wake(void *user)
{
    (void)user;
    wakes++;
}

void corners_begin(void)
{
    world_begin(&world);
    world.port.wake = wake;
    loop_fuel = start_fuel = stop_fuel = event_fuel = 10;
    wakes = longest_burn = waits = 0;
}

struct atto_container *started(const struct atto_host_program *program, const struct atto_schedule *schedule)
{
    struct atto_container *container = world_install_host(&world, program, schedule);
    if (container == NULL || atto_engine_start(&world.engine, container) != ATTO_OK) {
        harness_fail(__FILE__, __LINE__, "installed and started");
        return NULL;
    }
    return container;
}

void settle(void)
{
    while (atto_engine_poll(&world.engine) <= world_now(&world)) {
    }
}
