/* Corners in which the engine went wrong, each by the smallest example: what it admits and then must keep, budgets in the
 * middle of changes, containers that have no turn, and what its reports say.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "corners.h"
#include "harness.h"

/* ---- admission ---- */

/* Events may take the budget before the loop: nothing is promised, but others count with all of it. */
static void events_take_the_loops_budget(void)
{
    corners_begin();
    struct atto_container *other = world_install_host(&world, &plain, SCHEDULE(.priority = 1, .period_us = 10000));
    CHECK(other != NULL);
    CHECK(world_install_host(&world, &plain, SCHEDULE(.period_us = 10000, .events = 1)) == NULL);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_UNBOUNDED);
    CHECK(world.report.culprit == NULL);
    CHECK(world_install_host(&world, &plain, SCHEDULE(.period_us = 10000, .events = 1, .budget_fuel = 9000)) == NULL);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_DEADLINE);
    CHECK(world.report.culprit == other);
    CHECK(world_install_host(&world, &plain, SCHEDULE(.period_us = 10000, .events = 1, .budget_fuel = 500)) != NULL);
    EQUAL(world.report.response_us, 0);
}

/* A budget of the activation's fuel alone would be overdrawn each time, and the debt make a later loop late. */
static void budget_of_a_long_run(void)
{
    corners_begin();
    world.fuel = 1000;
    const struct atto_schedule schedule = { .period_us = 10000, .budget_fuel = 1400 };
    CHECK(world_install_host(&world, &long_run, &schedule) == NULL);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_BUDGET);
    EQUAL(world.report.missing, 100);
    CHECK(world_install_host(&world, &long_run, SCHEDULE(.period_us = 10000, .budget_fuel = 1500)) != NULL);
    /* 1000 and its run of 500, and the slice that another one may be in: 100 and 500 */
    EQUAL(world.report.response_us, 2100);
}

static void last_one_takes_its_run_along(void)
{
    corners_begin();
    struct atto_container *container = world_install_host(&world, &long_run, SCHEDULE(.period_us = 10000));
    EQUAL(world.report.fuel_between_yields, 600);
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    CHECK(world_install_host(&world, &plain, SCHEDULE(.period_us = 10000)) != NULL);
    EQUAL(world.report.fuel_between_yields, 100);
}

static void loop_and_stop_in_one_period(void)
{
    corners_begin();
    world.fuel = 4000;
    loop_fuel = stop_fuel = 4000;
    struct atto_container *restarted = world_install_host(
        &world, &with_stop, SCHEDULE(.priority = 0, .period_us = 10000, .loop_count = 1, .restart = ATTO_RESTART_ALWAYS));
    struct atto_container *other = world_install_host(&world, &plain, SCHEDULE(.priority = 1, .period_us = 10000));
    CHECK(restarted != NULL);
    if (other == NULL) /* refused: that is right, too */
        return;
    atto_engine_start(&world.engine, restarted);
    atto_engine_start(&world.engine, other);
    world_run(&world, AT_MS(500));
    EQUAL(world_info(&world, other).counters.misses, 0);
}

static void window_longer_than_period(void)
{
    corners_begin();
    loop_fuel = 1000;
    struct atto_container *container = world_install_host(
        &world, &plain, SCHEDULE(.period_us = 10000, .budget_fuel = 1000, .budget_window_us = 100000));
    if (container == NULL) /* refused: that is right, too */
        return;
    atto_engine_start(&world.engine, container);
    world_run(&world, AT_MS(500));
    EQUAL(world_info(&world, container).counters.misses, 0);
}

/* Of a period of 10 ms, a window of 29 ms has three releases, and what a more urgent one keeps of the last window: that
 * of 140 is served at 145 in the fifth window, whose budget of three would be used up at 170, until 174. Then the urgent
 * one has the processor again. */
static void budget_for_what_came_late(void)
{
    corners_begin();
    world.fuel = loop_fuel = 5500;
    struct atto_container *urgent = world_install_host(&world, &plain, SCHEDULE(.priority = 0, .period_us = 34000));
    CHECK(urgent != NULL);
    world.fuel = start_fuel = 1000; /* of other_loop */
    CHECK(world_install_host(&world, &other_loop, SCHEDULE(.priority = 1, .period_us = 10000, .deadline_us = 7500,
                                                           .budget_fuel = 3000, .budget_window_us = 29000)) == NULL);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_BUDGET);
    EQUAL(world.report.missing, 1000);
    struct atto_container *container =
        world_install_host(&world, &other_loop, SCHEDULE(.priority = 1, .period_us = 10000, .deadline_us = 7500,
                                                         .budget_fuel = 4000, .budget_window_us = 29000));
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(3) + 900);
    EQUAL(atto_engine_start(&world.engine, urgent), ATTO_OK);
    world_run(&world, AT_MS(500));
    EQUAL(world_info(&world, container).counters.misses, 0);
}

/* The second activation meets the window in which the first one, which came late, has used the budget; when the next
 * window begins, the urgent one does, too. */
static void budget_of_one_activation(void)
{
    corners_begin();
    world.fuel = 4000;
    loop_fuel = 4000;
    struct atto_container *urgent = world_install_host(&world, &plain, SCHEDULE(.priority = 0, .period_us = 14000));
    struct atto_container *container = world_install_host(
        &world, &plain, SCHEDULE(.priority = 1, .period_us = 10000, .deadline_us = 8500, .budget_fuel = 4000));
    CHECK(urgent != NULL);
    if (container == NULL) /* refused: that is right, too */
        return;
    world.clock_ns += 6000000; /* releases 6 ms behind the windows */
    atto_engine_start(&world.engine, urgent);
    atto_engine_start(&world.engine, container);
    world_run(&world, AT_MS(500));
    EQUAL(world_info(&world, container).counters.misses, 0);
}

static void last_loop_after_change(void)
{
    corners_begin();
    loop_fuel = 150;
    struct atto_container *container = started(&plain, SCHEDULE(.period_us = 10000, .loop_count = 1));
    GO_ON();
    atto_engine_poll(&world.engine);
    EQUAL(atto_engine_set_schedule(&world.engine, container, SCHEDULE(.period_us = 10000), NULL), ATTO_OK);
    world_run(&world, AT_MS(5));
    CHECK(world_info(&world, container).activation == ATTO_ACTIVATION_NONE);
}

static void resume_with_first_limits(void)
{
    corners_begin();
    loop_fuel = 150;
    struct atto_container *container = started(&plain, SCHEDULE(.period_us = 10000));
    GO_ON();
    atto_engine_poll(&world.engine);
    EQUAL(atto_engine_pause(&world.engine, container), ATTO_OK);
    EQUAL(atto_engine_set_schedule(&world.engine, container, SCHEDULE(.period_us = 10000, .log_bytes = 9), NULL),
          ATTO_OK);
    EQUAL(atto_engine_resume(&world.engine, container), ATTO_OK);
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
}

/* ---- a clock that has just begun, and containers that have no turn ---- */

static void dropped_in_the_first_period(void)
{
    corners_begin();
    world.clock_ns = 0;
    world.config.fuel_per_ms = 0;
    loop_fuel = 5000;
    world.fuel = 10000;
    struct atto_container *container =
        started(&plain, SCHEDULE(.period_us = 500000, .deadline_us = 1000, .on_miss = ATTO_MISS_DROP));
    GO_ON();
    world_run(&world, 2900000);
    EQUAL(world_info(&world, container).counters.activations, 6);
    EQUAL(world_info(&world, container).counters.misses, 6);
}

/* Somebody who takes all the time: nobody behind it has a turn. */
static struct atto_container *greedy_first(void)
{
    world.config.fuel_per_ms = 0;
    loop_fuel = UINT32_MAX;
    world.fuel = 0;
    return started(&plain, SCHEDULE(.priority = 1, .loop_count = 1));
}

static void starved_is_watched(void)
{
    corners_begin();
    world.fuel = 50;
    struct atto_container *beats = world_install_host(&world, &plain, SCHEDULE(.priority = 9, .period_us = 1000,
                                                                               .heartbeat_us = 5000));
    struct atto_container *late = world_install_host(&world, &plain, SCHEDULE(.priority = 9, .period_us = 1000,
                                                                              .on_miss = ATTO_MISS_FAULT));
    struct atto_container *old = world_install_host(&world, &plain, SCHEDULE(.priority = 9, .period_us = 1000,
                                                                             .lifetime_ms = 20));
    CHECK(beats != NULL && late != NULL && old != NULL && greedy_first() != NULL);
    EQUAL(atto_engine_start(&world.engine, beats), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, late), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, old), ATTO_OK);
    world_run(&world, AT_MS(4));
    EQUAL(world_info(&world, beats).state, ATTO_STATE_RUNNING);
    EQUAL(world_info(&world, late).counters.last_fault, ATTO_FAULT_DEADLINE);
    EQUAL(world_info(&world, late).counters.misses, 1);
    world_run(&world, AT_MS(6));
    EQUAL(world_info(&world, beats).counters.last_fault, ATTO_FAULT_HEARTBEAT);
    EQUAL(world_info(&world, old).state, ATTO_STATE_RUNNING);
    world_run(&world, AT_MS(21));
    EQUAL(world_info(&world, old).state, ATTO_STATE_STOPPED);
    EQUAL(world_info(&world, beats).counters.time_us + world_info(&world, late).counters.time_us, 0);
}

static void starved_stop_is_forced(void)
{
    corners_begin();
    world.config.stop_max_us = 3000;
    world.fuel = 50;
    struct atto_container *limited = world_install_host(&world, &with_stop, SCHEDULE(.priority = 9,
                                                                                     .stop_max_us = 1000));
    struct atto_container *bare = world_install_host(&world, &with_stop, SCHEDULE(.priority = 9));
    CHECK(limited != NULL && bare != NULL && greedy_first() != NULL);
    EQUAL(atto_engine_start(&world.engine, limited), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, bare), ATTO_OK);
    EQUAL(atto_engine_stop(&world.engine, limited, false), ATTO_OK);
    EQUAL(atto_engine_stop(&world.engine, bare, false), ATTO_OK);
    world_run(&world, AT_MS(2));
    EQUAL(world_info(&world, limited).state, ATTO_STATE_STOPPED);
    EQUAL(world_info(&world, bare).state, ATTO_STATE_STOPPING);
    world_run(&world, AT_MS(4));
    EQUAL(world_info(&world, bare).state, ATTO_STATE_STOPPED);
}

static void duration_after_a_pause(void)
{
    corners_begin();
    waits = 1;
    struct atto_container *container = started(&with_wait, SCHEDULE(.period_us = 100000, .loop_max_us = 5000));
    GO_ON();
    settle();
    EQUAL(atto_engine_pause(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(20));
    EQUAL(atto_engine_resume(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(24));
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
    world_run(&world, AT_MS(26));
    EQUAL(world_info(&world, container).counters.last_fault, ATTO_FAULT_DURATION);
}

/* ---- budgets and changes ---- */

static void budget_from_the_middle_of_a_period(void)
{
    corners_begin();
    loop_fuel = world.fuel = 3200;
    struct atto_container *low = started(&plain, SCHEDULE(.priority = 1, .period_us = 10000));
    GO_ON();
    world_run(&world, AT_MS(2) + 300);
    start_fuel = world.fuel = 3500;
    CHECK(started(&other_loop, SCHEDULE(.period_us = 9000)) != NULL);
    world_run(&world, AT_MS(15) + 301);
    EQUAL(atto_engine_set_schedule(&world.engine, low,
                                   SCHEDULE(.priority = 1, .period_us = 10000, .budget_fuel = 3200), NULL), ATTO_OK);
    world_run(&world, AT_MS(3000));
    EQUAL(world_info(&world, low).counters.misses, 0);
    CHECK(world_info(&world, low).counters.activations >= 300u);
}

static void debt_is_of_one_window(void)
{
    corners_begin();
    struct atto_container *container =
        started(&overdraws, SCHEDULE(.events = 4, .budget_fuel = 100, .budget_window_us = 1000));
    GO_ON();
    EQUAL(atto_engine_post(&world.engine, container, 0, 0, NULL, 0), ATTO_OK);
    world_run(&world, AT_MS(10));
    EQUAL(world_info(&world, container).counters.fuel, 600);
    EQUAL(atto_engine_post(&world.engine, container, 0, 0, NULL, 0), ATTO_OK);
    settle();
    CHECK(!world_info(&world, container).throttled);
    EQUAL(world_info(&world, container).counters.fuel, 1200);
}

static void restart_due_is_cancelled(void)
{
    corners_begin();
    struct atto_container *container =
        started(&with_fault, SCHEDULE(.events = 1, .restart = ATTO_RESTART_ON_FAULT, .backoff_ms = 10));
    GO_ON();
    EQUAL(atto_engine_post(&world.engine, container, 0, 0, NULL, 0), ATTO_OK);
    world_run(&world, AT_MS(5));
    CHECK(world_info(&world, container).restarts);
    EQUAL(atto_engine_set_schedule(&world.engine, container, SCHEDULE(.events = 1), NULL), ATTO_OK);
    CHECK(!world_info(&world, container).restarts);
    world_run(&world, AT_MS(100));
    EQUAL(world_info(&world, container).state, ATTO_STATE_FAULTED);
}

/* ---- reports and programs ---- */

static void what_is_missing(void)
{
    corners_begin();
    struct atto_host_program filler = plain;
    filler.state_bytes = 8;
    struct atto_container *container = world_install_host(&world, &filler, SCHEDULE(.priority = 1));
    GO_ON();
    uint32_t beside = world.report.ram_bytes - 8u, needed;
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    container = world_install_host(&world, &plain, SCHEDULE(.events = 1));
    needed = world.report.ram_bytes;
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    filler.state_bytes = world.engine.pool_bytes - beside - (needed - 80u);
    CHECK(world_install_host(&world, &filler, SCHEDULE(.priority = 1)) != NULL);
    CHECK(world_install_host(&world, &plain, SCHEDULE(.events = 1)) == NULL);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_MEMORY);
    EQUAL(world.report.missing, 80);
}

static void programs_that_cannot_be(void)
{
    corners_begin();
    struct atto_host_program program = plain;
    program.entry_count = 0;
    CHECK(world_install_host(&world, &program, SCHEDULE(.priority = 1)) == NULL);
    program = plain;
    for (uint32_t i = 0; i < 512u; i += 4u) {
        program.state_bytes = UINT32_MAX - i;
        CHECK(world_install_host(&world, &program, SCHEDULE(.priority = 1)) == NULL);
    }
    CHECK(world_pool_is_empty(&world));
}

/* Nearly all of the time is taken, so the analysis goes up period by period; it gives up in time. */
static void analysis_that_does_not_end(void)
{
    corners_begin();
    world.config.slice_fuel = 1;
    world.fuel = 5;
    CHECK(world_install_host(&world, &plain, SCHEDULE(.priority = 15, .period_us = ATTO_INTERVAL_MAX_US)) != NULL);
    world.fuel = 9;
    CHECK(world_install_host(&world, &plain, SCHEDULE(.priority = 1, .period_us = 20)) != NULL);
    world.fuel = 11;
    CHECK(world_install_host(&world, &plain, SCHEDULE(.priority = 0, .period_us = 20)) == NULL);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_DEADLINE);
}

static void endless_trace(void)
{
    corners_begin();
    struct atto_trace_record record;
    uint32_t lost;
    world.fuel = 50;
    CHECK(started(&plain, SCHEDULE(.period_us = 1000)) != NULL);
    world.engine.trace_unread = UINT32_MAX;
    world_run(&world, AT_MS(3));
    CHECK(atto_engine_trace_read(&world.engine, &record, &lost));
    EQUAL(lost, UINT32_MAX - WORLD_TRACE_RECORDS);
}

static const struct harness_test tests[] = {
    TEST(events_take_the_loops_budget, "A container with events is promised nothing, and counts with its budget."),
    TEST(budget_of_a_long_run, "A budget must have room for the last run of each activation."),
    TEST(last_one_takes_its_run_along, "The longest run is forgotten with the last container."),
    TEST(loop_and_stop_in_one_period, "Loop and stop in one period, again and again, break no promise to others."),
    TEST(window_longer_than_period, "A budget that has no room for each period's activation is refused."),
    TEST(budget_for_what_came_late, "A budget has room for an activation that the last window has left over."),
    TEST(budget_of_one_activation, "A budget that is admitted does not make its own container late."),
    TEST(resume_with_first_limits, "A container goes on after a pause in which it was given its first limits."),
    TEST(last_loop_after_change, "A last loop ends well after its limits were taken away meanwhile."),
    TEST(dropped_in_the_first_period, "An activation that is dropped before the clock has come to its period."),
    TEST(starved_is_watched, "Deadline, heartbeat and life time hold for one that has no turn."),
    TEST(starved_stop_is_forced, "A `stop` that has no turn within its time is forced."),
    TEST(duration_after_a_pause, "A longest duration counts anew after a pause, but it counts."),
    TEST(budget_from_the_middle_of_a_period, "A budget given between two releases does not make its container late."),
    TEST(debt_is_of_one_window, "What was overdrawn comes off the next window, not off one long after."),
    TEST(restart_due_is_cancelled, "A schedule without restarts cancels the one that is due."),
    TEST(what_is_missing, "What is missing is what would have been enough, with both blocks."),
    TEST(programs_that_cannot_be, "Programs without entries, or with more state than can be, are refused."),
    TEST(analysis_that_does_not_end, "An analysis that does not come to an end is given up."),
    TEST(endless_trace, "A trace that nobody reads is not forgotten when its count is full."),
};
HARNESS_MAIN(tests)
