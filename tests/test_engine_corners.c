/* Corners in which the engine went wrong, each by the smallest example: slices and budgets, changes of schedule, lives,
 * waking and logs. What concerns promises is in test_engine_promises.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "corners.h"
#include "harness.h"

/* ---- slices and budgets ---- */

static void slice_after_wait(void)
{
    corners_begin();
    waits = 5;
    loop_fuel = 900;
    struct atto_container *container = started(&with_wait, SCHEDULE(.period_us = 100000));
    GO_ON();
    for (uint32_t i = 0; i < waits; i++) {
        settle();
        EQUAL(atto_engine_answer(&world.engine, container, 0), ATTO_OK);
    }
    settle();
    EQUAL(world.report.fuel_between_yields, 100);
    harness_case(longest_burn, 0);
    CHECK(longest_burn <= world.report.fuel_between_yields);
}

static void slice_after_yield(void)
{
    corners_begin();
    waits = 5;
    loop_fuel = 1000;
    struct atto_container *container = started(&with_yield, SCHEDULE(.period_us = 100000, .log_bytes = 1));
    GO_ON();
    settle();
    EQUAL(longest_burn, 100);
    EQUAL(world_info(&world, container).counters.faults, 0);
    EQUAL(world_info(&world, container).counters.fuel, 1000);
}

static void budget_after_yield(void)
{
    corners_begin();
    world.config.fuel_per_ms = 0;
    waits = 5;
    loop_fuel = 900;
    struct atto_container *container =
        started(&with_yield, SCHEDULE(.period_us = 100000, .budget_fuel = 50, .budget_window_us = 100000));
    GO_ON();
    settle();
    CHECK(world_info(&world, container).throttled);
    EQUAL(world_info(&world, container).counters.fuel, 50);
}

static void budget_after_wait(void)
{
    corners_begin();
    world.config.fuel_per_ms = 0;
    waits = 5;
    loop_fuel = 900;
    struct atto_container *container =
        started(&with_wait, SCHEDULE(.period_us = 100000, .budget_fuel = 50, .budget_window_us = 100000));
    GO_ON();
    for (uint32_t i = 0; i < waits; i++) {
        settle();
        EQUAL(atto_engine_answer(&world.engine, container, 0), ATTO_OK);
    }
    settle();
    CHECK(world_info(&world, container).throttled);
    harness_case(world_info(&world, container).counters.fuel, 0);
    CHECK(world_info(&world, container).counters.fuel <= 50);
}

/* Budget and window of a container that wants more than it has: what it has used at a moment. */
static uint64_t used_at(struct atto_container *container, uint64_t at_us)
{
    world_run(&world, at_us);
    return world_info(&world, container).counters.fuel;
}

static void switches_come_off_budgets(void)
{
    corners_begin();
    world.config.fuel_per_ms = 0;
    world.config.switch_fuel = 30;
    loop_fuel = 900;
    struct atto_container *container =
        started(&plain, SCHEDULE(.period_us = 100000, .budget_fuel = 300, .budget_window_us = 10000));
    GO_ON();
    EQUAL(used_at(container, AT_MS(5)), 240); /* 100 + 30, 100 + 30, 40 + 30: 30 too much */
    EQUAL(used_at(container, AT_MS(15)), 240 + 210); /* of 270: 100 + 30, 100 + 30, 10 + 30 */
}

/* A slice of 100 begins shortly before the next window and ends in it. */
static void slice_over_two_windows(void)
{
    corners_begin();
    world.config.fuel_per_ms = 0;
    loop_fuel = 300;
    struct atto_container *container = started(&plain, SCHEDULE(.period_us = 100000, .budget_fuel = 130,
                                                                .budget_window_us = 10000, .on_overrun = 0));
    GO_ON();
    world.clock_ns += 9950000; /* the window ends 50 us after this */
    EQUAL(used_at(container, AT_MS(12)), 100 + 130);
    EQUAL(used_at(container, AT_MS(22)), 300);
}

static void start_renews_the_budget(void)
{
    corners_begin();
    world.config.fuel_per_ms = 0;
    loop_fuel = 900;
    const struct atto_schedule schedule = { .period_us = 100000, .budget_fuel = 50, .budget_window_us = 10000 };
    struct atto_container *container = started(&plain, &schedule);
    GO_ON();
    EQUAL(used_at(container, AT_MS(4)), 50);
    EQUAL(atto_engine_stop(&world.engine, container, true), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    EQUAL(used_at(container, AT_MS(13)), 100); /* the window began at 4 ms */
    EQUAL(used_at(container, AT_MS(15)), 150);
}

static void restart_keeps_the_budget(void)
{
    corners_begin();
    world.config.fuel_per_ms = 0;
    world.fuel = 40;
    loop_fuel = 900;
    struct atto_container *container =
        started(&plain, SCHEDULE(.period_us = 1000, .budget_fuel = 50, .budget_window_us = 100000,
                                 .restart = ATTO_RESTART_ON_FAULT));
    GO_ON();
    EQUAL(used_at(container, AT_MS(50)), 50);
    EQUAL(world_info(&world, container).counters.faults, 1);
}

/* ---- refusals ---- */

static void refused_for_memory(void)
{
    corners_begin();
    CHECK(world_install_host(&world, &plain, SCHEDULE(.period_us = 100000)) != NULL);
    EQUAL(world.report.fuel_between_yields, 100);
    struct atto_host_program huge = long_run;
    huge.state_bytes = WORLD_POOL_BYTES;
    CHECK(world_install_host(&world, &huge, SCHEDULE(.period_us = 100000)) == NULL);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_MEMORY);
    CHECK(world_install_host(&world, &plain, SCHEDULE(.period_us = 100000)) != NULL);
    EQUAL(world.report.fuel_between_yields, 100);
}

static void change_refused_for_memory(void)
{
    corners_begin();
    struct atto_host_program filler = plain;
    CHECK(world_install_host(&world, &plain, SCHEDULE(.period_us = 0)) != NULL);
    struct atto_container *first = atto_engine_next(&world.engine, NULL);
    filler.state_bytes = WORLD_POOL_BYTES - 2u * world.report.ram_bytes;
    CHECK(world_install_host(&world, &filler, SCHEDULE(.period_us = 0)) != NULL);
    EQUAL(atto_engine_set_schedule(&world.engine, first, SCHEDULE(.events = 1), &world.report), ATTO_E_NO_MEMORY);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_MEMORY);
}

/* ---- changes of schedule ---- */

static void shorter_period(void)
{
    corners_begin();
    world.fuel = 100;
    struct atto_container *container = started(&plain, SCHEDULE(.period_us = 100000, .on_miss = ATTO_MISS_FAULT));
    GO_ON();
    world_run(&world, AT_MS(50));
    EQUAL(world_info(&world, container).counters.activations, 1);
    EQUAL(atto_engine_set_schedule(&world.engine, container,
                                   SCHEDULE(.period_us = 1000, .on_miss = ATTO_MISS_FAULT), NULL), ATTO_OK);
    world_run(&world, AT_MS(60));
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
    EQUAL(world_info(&world, container).counters.misses, 0);
}

static void heartbeat_from_now_on(void)
{
    corners_begin();
    struct atto_container *container = started(&plain, SCHEDULE(.events = 1));
    GO_ON();
    world_run(&world, AT_MS(50));
    EQUAL(atto_engine_set_schedule(&world.engine, container, SCHEDULE(.events = 1, .heartbeat_us = 10000), NULL),
          ATTO_OK);
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
}

static void lifetime_from_start(void)
{
    corners_begin();
    struct atto_container *container = started(&plain, SCHEDULE(.period_us = 10000));
    GO_ON();
    world_run(&world, AT_MS(50));
    EQUAL(atto_engine_set_schedule(&world.engine, container, SCHEDULE(.period_us = 10000, .lifetime_ms = 60), NULL),
          ATTO_OK);
    world_run(&world, AT_MS(109));
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
    world_run(&world, AT_MS(111));
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
}

/* ---- lives ---- */

static enum atto_outcome stop_itself(struct atto_host_frame *frame)
{
    atto_engine_stop(atto_engine_of(frame->run), atto_container_of(frame->run), false);
    return ATTO_DONE;
}
PROGRAM(stops_itself, 0, NULL, stop_itself);

static void stopped_in_its_last_loop(void)
{
    corners_begin();
    struct atto_container *container =
        started(&stops_itself, SCHEDULE(.period_us = 10000, .loop_count = 1, .restart = ATTO_RESTART_ALWAYS));
    GO_ON();
    settle();
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
    CHECK(!world_info(&world, container).restarts);
    world_run(&world, AT_MS(1000));
    EQUAL(world_info(&world, container).counters.activations, 1);
}

static void dropped_loops_are_counted(void)
{
    corners_begin();
    world.config.fuel_per_ms = 0;
    loop_fuel = 900;
    struct atto_container *container = started(
        &plain, SCHEDULE(.period_us = 10000, .deadline_us = 500, .loop_count = 3, .on_miss = ATTO_MISS_DROP));
    GO_ON();
    world_run(&world, AT_MS(100));
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
    EQUAL(world_info(&world, container).counters.activations, 3);
    EQUAL(world_info(&world, container).counters.misses, 3);
}

static void never_cancels_a_restart(void)
{
    corners_begin();
    struct atto_container *container = started(
        &plain, SCHEDULE(.period_us = 10000, .loop_count = 1, .restart = ATTO_RESTART_ALWAYS, .backoff_ms = 20));
    GO_ON();
    world_run(&world, AT_MS(15));
    CHECK(world_info(&world, container).restarts);
    /* one that has restarts leaves it due */
    EQUAL(atto_engine_set_schedule(&world.engine, container,
                                   SCHEDULE(.period_us = 10000, .restart = ATTO_RESTART_ON_FAULT), NULL), ATTO_OK);
    CHECK(world_info(&world, container).restarts);
    EQUAL(atto_engine_set_schedule(&world.engine, container, SCHEDULE(.period_us = 10000), NULL), ATTO_OK);
    CHECK(!world_info(&world, container).restarts);
    EQUAL(atto_engine_poll(&world.engine), ATTO_NEVER);
    world_run(&world, AT_MS(100));
    EQUAL(world_info(&world, container).counters.activations, 1);
    EQUAL(atto_engine_stop(&world.engine, container, false), ATTO_E_STATE);
}

static void event_without_entry(void)
{
    corners_begin();
    struct atto_container *container = started(&plain, SCHEDULE(.events = 3));
    GO_ON();
    EQUAL(atto_engine_post(&world.engine, container, 1, 100, NULL, 0), ATTO_OK);
    EQUAL(atto_engine_post(&world.engine, container, 9, 50, NULL, 0), ATTO_OK);
    EQUAL(atto_engine_post(&world.engine, container, 9, 0, NULL, 0), ATTO_OK);
    world_run(&world, AT_MS(1));
    EQUAL(world_info(&world, container).events, 0);
    EQUAL(world_info(&world, container).counters.activations, 1);
    EQUAL(world_info(&world, container).counters.denials, 2);
}

static void long_start_is_no_miss(void)
{
    corners_begin();
    world.config.fuel_per_ms = 0;
    world.fuel = 10000;
    start_fuel = 5500;
    struct atto_container *container = started(&with_start, SCHEDULE(.period_us = 1000, .on_miss = ATTO_MISS_FAULT));
    GO_ON();
    world_run(&world, AT_MS(20));
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
}

static void dropped_event_and_loop(void)
{
    corners_begin();
    world.config.fuel_per_ms = 0;
    event_fuel = 900;
    struct atto_container *container =
        started(&plain, SCHEDULE(.period_us = 10000, .deadline_us = 500, .events = 1, .on_miss = ATTO_MISS_DROP));
    GO_ON();
    EQUAL(atto_engine_post(&world.engine, container, 1, 9600, NULL, 0), ATTO_OK);
    world_run(&world, AT_MS(15));
    EQUAL(world_info(&world, container).counters.misses, 1);
    EQUAL(world_info(&world, container).counters.activations, 3); /* loop at 0, event at 9.6, dropped at 10.1, loop of 10.0 */
}

static void end_of_a_dropped_one(void)
{
    struct atto_trace_record record;
    corners_begin();
    world.config.fuel_per_ms = 0;
    loop_fuel = 900;
    CHECK(started(&plain, SCHEDULE(.period_us = 10000, .deadline_us = 500, .on_miss = ATTO_MISS_DROP)) != NULL);
    world_run(&world, AT_MS(5));
    while (atto_engine_trace_read(&world.engine, &record, NULL) && record.kind != ATTO_TRACE_END) {
    }
    EQUAL(record.kind, ATTO_TRACE_END);
    CHECK(record.value > 500u && record.value <= 600u);
}

/* ---- wake ---- */

static const struct atto_hook_type hook_type = { .name = "hook", .fuel = 100, .calls = { { 0 } } };

static void fault_at_a_hook_wakes(void)
{
    struct atto_hook hook = ATTO_HOOK_INIT(&hook_type);
    struct atto_attachment attachment = { 0 };
    corners_begin();
    struct atto_container *container =
        started(&with_fault, SCHEDULE(.restart = ATTO_RESTART_ON_FAULT, .backoff_ms = 10));
    GO_ON();
    EQUAL(atto_engine_attach(&world.engine, container, &hook, &attachment, 0, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(atto_engine_poll(&world.engine), ATTO_NEVER);
    wakes = 0;
    atto_hook_fire(&hook, NULL, 0);
    EQUAL(attachment.faults, 1);
    CHECK(world_info(&world, container).restarts);
    CHECK(wakes != 0u);
}

static void change_of_band_wakes(void)
{
    corners_begin();
    loop_fuel = 150;
    struct atto_container *container = started(&plain, SCHEDULE(.priority = 1, .period_us = 10000));
    GO_ON();
    atto_engine_poll_band(&world.engine, 0, 7);
    EQUAL(atto_engine_set_schedule(&world.engine, container, SCHEDULE(.priority = 9, .period_us = 10000), NULL),
          ATTO_OK);
    EQUAL(atto_engine_poll_band(&world.engine, 8, 15), ATTO_NEVER);
    wakes = 0;
    /* The first band ends the activation; the next one is the other band's, which sleeps. */
    atto_engine_poll_band(&world.engine, 0, 7);
    EQUAL(world_info(&world, container).activation, ATTO_ACTIVATION_NONE);
    CHECK(wakes != 0u);
}

/* ---- log ---- */

static void log_after_256_seconds(void)
{
    corners_begin();
    struct atto_container *container = world_install_host(&world, &plain, SCHEDULE(.log_bytes = 10));
    CHECK(container != NULL);
    EQUAL(atto_engine_log(&world.engine, container, "123456789", 9), ATTO_OK);
    EQUAL(atto_engine_log(&world.engine, container, "", 0), ATTO_E_QUOTA);
    world.clock_ns += 256000000000u;
    EQUAL(atto_engine_log(&world.engine, container, "123456789", 9), ATTO_OK);
}

static void log_quota_above_16_bits(void)
{
    static const char line[256];
    corners_begin();
    struct atto_container *container = world_install_host(&world, &plain, SCHEDULE(.log_bytes = 65535));
    CHECK(container != NULL);
    for (uint32_t i = 0; i < 65535u / 256u; i++)
        EQUAL(atto_engine_log(&world.engine, container, line, 255), ATTO_OK);
    EQUAL(atto_engine_log(&world.engine, container, line, 255), ATTO_E_QUOTA);
}

static void log_seconds_are_a_containers_own(void)
{
    corners_begin();
    struct atto_container *one = world_install_host(&world, &plain, SCHEDULE(.log_bytes = 10));
    struct atto_container *two = world_install_host(&world, &plain, SCHEDULE(.log_bytes = 10));
    CHECK(one != NULL && two != NULL);
    EQUAL(atto_engine_log(&world.engine, one, "123456789", 9), ATTO_OK);
    world.clock_ns += 1000000000u;
    EQUAL(atto_engine_log(&world.engine, two, "123456789", 9), ATTO_OK);
    EQUAL(atto_engine_log(&world.engine, two, "", 0), ATTO_E_QUOTA);
    EQUAL(atto_engine_log(&world.engine, one, "123456789", 9), ATTO_OK);
    EQUAL(atto_engine_log(&world.engine, two, "", 0), ATTO_E_QUOTA);
    EQUAL(atto_engine_log(&world.engine, one, "", 0), ATTO_E_QUOTA);
}

static const struct harness_test tests[] = {
    TEST(slice_after_wait, "What a wait leaves of a slice's fuel does not make the next slice longer."),
    TEST(slice_after_yield, "What an early yield leaves of a slice's fuel does not make the next slice longer."),
    TEST(budget_after_yield, "What an early yield leaves of a slice's fuel is not used beyond the budget."),
    TEST(budget_after_wait, "What a wait leaves of a slice's fuel is not used beyond the budget."),
    TEST(switches_come_off_budgets, "What slices cost the engine comes off the budget, and so does a debt."),
    TEST(slice_over_two_windows, "A slice is paid for by the window in which it began."),
    TEST(start_renews_the_budget, "A start gives a fresh budget and begins its window."),
    TEST(restart_keeps_the_budget, "A restart does not give a new budget."),
    TEST(refused_for_memory, "A program that found no memory has no part in later judgements."),
    TEST(change_refused_for_memory, "A change of schedule that finds no memory reports constraint MEMORY."),
    TEST(shorter_period, "A shorter period counts from the change on, not back to the last release."),
    TEST(heartbeat_from_now_on, "A heartbeat that was not asked for before is due after the change, not at once."),
    TEST(lifetime_from_start, "A life time that comes by a change of schedule counts from there."),
    TEST(stopped_in_its_last_loop, "A container that was told to stop in its last loop is not restarted."),
    TEST(dropped_loops_are_counted, "Loops that are dropped count among those after which a life ends."),
    TEST(never_cancels_a_restart, "A schedule without restarts cancels one that is due, another one does not."),
    TEST(event_without_entry, "An event at an entry point that there is not is dropped and counted."),
    TEST(long_start_is_no_miss, "A `start` longer than the period does not make the first loop late."),
    TEST(dropped_event_and_loop, "An event that is dropped does not take the loop's release with it."),
    TEST(end_of_a_dropped_one, "The trace tells how long a dropped activation took."),
    TEST(fault_at_a_hook_wakes, "A restart after a fault at a hook wakes who sleeps."),
    TEST(change_of_band_wakes, "A container that moves to another thread's band wakes that thread."),
    TEST(log_after_256_seconds, "A second's quota of log is fresh after any number of seconds."),
    TEST(log_quota_above_16_bits, "The firmware's quota of log holds whatever its size."),
    TEST(log_seconds_are_a_containers_own, "Each container has its own second of the log's quota."),
};
HARNESS_MAIN(tests)
