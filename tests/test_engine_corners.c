/* Corners in which the engine went wrong, each by the smallest example, in simulated time. A unit of fuel takes a
 * microsecond, a slice has 100 of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "engine_world.h"
#include "harness.h"

static struct world world;
static uint32_t wakes;

#define AT_MS(ms) (1000000u + (ms) * 1000u)
#define SCHEDULE(...) (&(const struct atto_schedule){ __VA_ARGS__ })

/* ---- programs ---- */

static uint32_t loop_fuel, start_fuel, stop_fuel, event_fuel, longest_burn;

/* Uses so much fuel, slice by slice. */
static enum atto_outcome burn(struct atto_host_frame *frame, uint32_t total)
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
static uint32_t waits;
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

#define PROGRAM(program, longest, names, ...)                                                                     \
    static atto_host_fn *const program##_entries[] = { __VA_ARGS__ };                                             \
    static const struct atto_host_program program = { .entries = program##_entries, .longest_run = (longest),     \
        .entry_count = sizeof program##_entries / sizeof *program##_entries, .entry_names = (names) }
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

/* ---- */

static void wake(void *user)
{
    (void)user;
    wakes++;
}

static void begin(void)
{
    world_begin(&world);
    world.port.wake = wake;
    loop_fuel = start_fuel = stop_fuel = event_fuel = 10;
    wakes = longest_burn = waits = 0;
}

static struct atto_container *started(const struct atto_host_program *program, const struct atto_schedule *schedule)
{
    struct atto_container *container = world_install_host(&world, program, schedule);
    if (container == NULL || atto_engine_start(&world.engine, container) != ATTO_OK) {
        harness_fail(__FILE__, __LINE__, "installed and started");
        return NULL;
    }
    return container;
}

/* Runs what is due now, without letting time pass beyond what it takes. */
static void settle(void)
{
    while (atto_engine_poll(&world.engine) <= world_now(&world)) {
    }
}

/* ---- slices and budgets ---- */

static void slice_after_wait(void)
{
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
    struct atto_container *container = started(&plain, SCHEDULE(.events = 1));
    GO_ON();
    world_run(&world, AT_MS(50));
    EQUAL(atto_engine_set_schedule(&world.engine, container, SCHEDULE(.events = 1, .heartbeat_us = 10000), NULL),
          ATTO_OK);
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
}

static void lifetime_from_start(void)
{
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
    struct atto_container *container = world_install_host(&world, &plain, SCHEDULE(.log_bytes = 65535));
    CHECK(container != NULL);
    for (uint32_t i = 0; i < 65535u / 256u; i++)
        EQUAL(atto_engine_log(&world.engine, container, line, 255), ATTO_OK);
    EQUAL(atto_engine_log(&world.engine, container, line, 255), ATTO_E_QUOTA);
}

static void log_seconds_are_a_containers_own(void)
{
    begin();
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

/* ---- admission ---- */

/* Events may take the budget before the loop: nothing is promised, but others count with all of it. */
static void events_take_the_loops_budget(void)
{
    begin();
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
    begin();
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
    begin();
    struct atto_container *container = world_install_host(&world, &long_run, SCHEDULE(.period_us = 10000));
    EQUAL(world.report.fuel_between_yields, 600);
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    CHECK(world_install_host(&world, &plain, SCHEDULE(.period_us = 10000)) != NULL);
    EQUAL(world.report.fuel_between_yields, 100);
}

static void loop_and_stop_in_one_period(void)
{
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
    begin();
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
