/* The engine: lives, schedules, quotas and what is told about them, each by the smallest example, in simulated time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "engine_world.h"
#include "guest.h"
#include "harness.h"

static struct world world;
static struct image_bytes image;

#define AT_MS(ms) (1000000u + (ms) * 1000u)

/* Counts its activations in data, after `rounds` turns of a loop of 2 units of fuel each. */
static void make_counter(int32_t rounds)
{
    world_image(&image, SLOTS(MOV(1, rounds), ADD(1, -1), JUMP_IMM(IF_NE, 1, 0, -2), MOV(2, ADDRESS(REGION_DATA, 0)),
                              LOAD(SIZE_DW, 0, 2, 0), ADD(0, 1), STORE(SIZE_DW, 2, 0, 0), EXIT),
                ENTRIES({ "loop", 0 }));
}

static struct atto_container *begin(const struct atto_schedule *schedule)
{
    world_begin(&world);
    return world_install(&world, &image, schedule);
}

static void periodic_without_drift(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 10000;
    make_counter(100);
    struct atto_container *container = begin(&schedule);
    harness_case((uint64_t)world.report.refusal.status, world.report.refusal.at);
    EQUAL(world.report.constraint, 0);
    EQUAL(world.report.refusal.status, 0);
    CHECK(container != NULL);
    EQUAL(world_info(&world, container).state, ATTO_STATE_INSTALLED);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(1000));
    struct atto_container_info info = world_info(&world, container);
    EQUAL(info.counters.activations, 100);
    EQUAL(info.counters.misses, 0);
    EQUAL(info.counters.faults, 0);
    EQUAL(info.counters.fuel, 100u * 206u);
    EQUAL(info.counters.time_us, 100u * 206u);
    EQUAL(info.memory_bytes, 16);
    EQUAL(world.lock_errors, 0);
    EQUAL(atto_engine_stop(&world.engine, container, false), ATTO_OK);
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
    world_run(&world, AT_MS(2000));
    EQUAL(world_info(&world, container).counters.activations, 100);
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    CHECK(atto_engine_next(&world.engine, NULL) == NULL);
}


/* ---- lives ---- */

/* start: data[0] = 1; loop: counts data[1]; stop: data[0] = 2. data[0] begins at 7. */
static void make_life(void)
{
    world_image(&image, SLOTS(MOV(2, ADDRESS(REGION_DATA, 0)), STORE_IMM(SIZE_DW, 2, 0, 1), EXIT,
                              MOV(2, ADDRESS(REGION_DATA, 0)), LOAD(SIZE_DW, 0, 2, 8), ADD(0, 1),
                              STORE(SIZE_DW, 2, 0, 8), EXIT,
                              MOV(2, ADDRESS(REGION_DATA, 0)), STORE_IMM(SIZE_DW, 2, 0, 2), EXIT),
                ENTRIES({ "start", 0 }, { "loop", 3 }, { "stop", 8 }));
}

static uint64_t data_word(struct atto_container *container, uint32_t index)
{
    const uint8_t *bytes = atto_run_span((struct atto_run *)(void *)((uint8_t *)container + world_run_at()),
                                         ADDRESS(REGION_DATA, 8u * index), 8, ATTO_READ);
    uint64_t value = 0;
    if (bytes != NULL)
        memcpy(&value, bytes, sizeof value);
    return value;
}

static void start_loop_stop(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 10000;
    make_life();
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(data_word(container, 0), 7);
    for (uint32_t life = 0; life < 2u; life++) {
        EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
        EQUAL(world_info(&world, container).state, ATTO_STATE_STARTING);
        EQUAL(data_word(container, 0), 7); /* memory is as the image has it */
        EQUAL(data_word(container, 1), 0);
        EQUAL(atto_engine_start(&world.engine, container), ATTO_E_STATE);
        world_run(&world, world_now(&world) + 35000);
        EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
        EQUAL(data_word(container, 0), 1);
        EQUAL(data_word(container, 1), 3); /* the first release was start's */
        EQUAL(atto_engine_stop(&world.engine, container, false), ATTO_OK);
        EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPING);
        EQUAL(atto_engine_stop(&world.engine, container, false), ATTO_E_STATE);
        world_run(&world, world_now(&world) + 1000);
        EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
        EQUAL(data_word(container, 0), 2);
        EQUAL(atto_engine_pause(&world.engine, container), ATTO_E_STATE);
        EQUAL(atto_engine_resume(&world.engine, container), ATTO_E_STATE);
    }
    EQUAL(world_info(&world, container).counters.faults, 0);
    EQUAL(world_info(&world, container).counters.misses, 0);
}

static void pause_and_resume(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 10000;
    schedule.on_miss = ATTO_MISS_FAULT;
    make_counter(300);
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    atto_engine_poll(&world.engine); /* one slice: in the middle of the loop */
    EQUAL(world_info(&world, container).activation, ATTO_ACTIVATION_LOOP);
    EQUAL(atto_engine_pause(&world.engine, container), ATTO_OK);
    EQUAL(atto_engine_poll(&world.engine), ATTO_NEVER);
    world_run(&world, AT_MS(75));
    EQUAL(world_info(&world, container).activation, ATTO_ACTIVATION_LOOP);
    EQUAL(world_info(&world, container).state, ATTO_STATE_PAUSED);
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_E_STATE);
    EQUAL(atto_engine_resume(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(100));
    EQUAL(world_info(&world, container).counters.misses, 0); /* neither what the pause covered nor what it interrupted */
    EQUAL(world_info(&world, container).counters.faults, 0);
    EQUAL(data_word(container, 0), 7u + 1u + 2u); /* what was interrupted, and the releases at 80 and 90 ms */
}

/* loop: stop handler that never ends. */
static void stop_has_a_limit(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.stop_max_us = 5000;
    world_image(&image, SLOTS(EXIT, JUMP(-1)), ENTRIES({ "loop", 0 }, { "stop", 1 }));
    world_begin(&world);
    world.fuel = 100000;
    struct atto_container *container = world_install(&world, &image, &schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    EQUAL(atto_engine_stop(&world.engine, container, false), ATTO_OK);
    world_run(&world, AT_MS(5));
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPING);
    world_run(&world, AT_MS(6));
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
    EQUAL(world_info(&world, container).counters.faults, 0);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    EQUAL(atto_engine_stop(&world.engine, container, false), ATTO_OK);
    EQUAL(atto_engine_stop(&world.engine, container, true), ATTO_OK);
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
}

static void make_faulty(void)
{
    world_image(&image, SLOTS(MOV(7, 99), LOAD(SIZE_B, 0, 1, 3), EXIT), ENTRIES({ "loop", 0 }));
}

static void restarts_with_back_off(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.loop_count = 10;
    schedule.restart = ATTO_RESTART_ON_FAULT;
    schedule.backoff_ms = 10;
    schedule.restarts_max = 3;
    make_faulty();
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    static const uint32_t faults_at_ms[] = { 0, 10, 30, 70 };
    for (uint32_t i = 0; i < 4u; i++) {
        world_run(&world, AT_MS(faults_at_ms[i]) + 500u);
        EQUAL(world_info(&world, container).counters.faults, i + 1u);
        EQUAL(world_info(&world, container).state, ATTO_STATE_FAULTED);
        EQUAL(world_info(&world, container).restarts, i < 3u);
    }
    world_run(&world, AT_MS(10000));
    EQUAL(world_info(&world, container).counters.faults, 4);
    struct atto_postmortem postmortem;
    CHECK(atto_engine_postmortem(&world.engine, 0, &postmortem));
    EQUAL(postmortem.container, world_info(&world, container).id);
    EQUAL(postmortem.status, ATTO_FAULT_MEMORY);
    EQUAL(postmortem.pc, 1);
    EQUAL(postmortem.fault_address, 3);
    EQUAL(postmortem.register_count, 11);
    EQUAL(postmortem.registers[7], 99);
    EQUAL(postmortem.activation, ATTO_ACTIVATION_LOOP);
    CHECK(atto_engine_postmortem(&world.engine, 3, &postmortem));
    CHECK(!atto_engine_postmortem(&world.engine, 4, &postmortem));
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK); /* a person may try again */
    world_run(&world, world_now(&world) + 5000);
    CHECK(world_info(&world, container).restarts);
}

/* One that restarts without back-off gets no more than a release a period. */
static void restarts_keep_the_period(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 20000;
    schedule.restart = ATTO_RESTART_ON_FAULT;
    make_faulty();
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(99));
    EQUAL(world_info(&world, container).counters.activations, 5);
}

static void ends_and_begins_again(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 1000;
    schedule.loop_count = 4;
    make_life();
    world_begin(&world);
    world.fuel = 100;
    struct atto_container *container = world_install(&world, &image, &schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(20));
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
    EQUAL(data_word(container, 0), 2); /* `stop` has run */
    EQUAL(world_info(&world, container).counters.activations, 6);
    schedule.restart = ATTO_RESTART_ALWAYS;
    schedule.backoff_ms = 5;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(26));
    CHECK(world_info(&world, container).restarts);
    world_run(&world, AT_MS(35));
    EQUAL(world_info(&world, container).counters.activations, 6u + 6u + 6u);
    schedule.restart = ATTO_RESTART_NEVER;
    schedule.loop_count = 0;
    schedule.lifetime_ms = 7;
    EQUAL(atto_engine_stop(&world.engine, container, true), ATTO_OK); /* no restart */
    EQUAL(atto_engine_stop(&world.engine, container, true), ATTO_E_STATE);
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, world_now(&world) + 7000);
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
    world_run(&world, world_now(&world) + 100);
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
}

static void heartbeat(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 2000;
    schedule.heartbeat_us = 3000;
    world_image(&image, SLOTS(CALL(WORLD_CALL_BEAT), EXIT, MOV(0, 0), EXIT), ENTRIES({ "loop", 0 }, { "other", 2 }));
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(100));
    EQUAL(world_info(&world, container).counters.faults, 0);
    make_life(); /* no heartbeat in it */
    CHECK(atto_engine_update(&world.engine, &container,
                             &(struct atto_install){ .bytes = image.bytes, .len = image.len, .schedule = &schedule,
                                                     .fuel = 1000 }, NULL) == ATTO_OK);
    world_run(&world, AT_MS(104));
    EQUAL(world_info(&world, container).counters.last_fault, ATTO_FAULT_HEARTBEAT);
    EQUAL(world_info(&world, container).state, ATTO_STATE_FAULTED);
}

/* ---- time ---- */

static void budgets_throttle(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.loop_count = 1000000;
    schedule.budget_fuel = 500;
    schedule.budget_window_us = 10000;
    make_counter(300);
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    for (uint32_t window = 1; window <= 20u; window++) {
        harness_case(window, 0);
        world_run(&world, AT_MS(10u * window) - 1u);
        struct atto_container_info info = world_info(&world, container);
        CHECK(info.counters.fuel <= 500u * window + world.report.receipt.longest_run);
        CHECK(info.counters.fuel + 600u >= 500u * window);
        CHECK(info.throttled);
    }
    EQUAL(world_info(&world, container).counters.faults, 0);
    schedule.on_overrun = ATTO_OVERRUN_FAULT;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_OK);
    world_run(&world, AT_MS(300));
    EQUAL(world_info(&world, container).counters.last_fault, ATTO_FAULT_BUDGET);
}

/* A loop that takes longer than its period allows. */
static void deadlines(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 10000;
    schedule.deadline_us = 500;
    make_counter(300); /* 606 us */
    world_begin(&world);
    world.config.fuel_per_ms = 0; /* nobody judges whether it can be kept */
    struct atto_container *container = world_install(&world, &image, &schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(100));
    EQUAL(world_info(&world, container).counters.misses, 10);
    EQUAL(data_word(container, 0), 17);
    schedule.on_miss = ATTO_MISS_DROP;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_OK);
    world_run(&world, AT_MS(200));
    EQUAL(world_info(&world, container).counters.misses, 20);
    EQUAL(data_word(container, 0), 17);
    schedule.on_miss = ATTO_MISS_FAULT;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_OK);
    world_run(&world, AT_MS(300));
    EQUAL(world_info(&world, container).counters.misses, 21);
    EQUAL(world_info(&world, container).counters.last_fault, ATTO_FAULT_DEADLINE);
}

static void releases_that_are_lost(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 1000;
    make_counter(1249); /* 2504 us: the releases at 1000 and 2000 are lost, the next one begins at 3000 */
    world_begin(&world);
    world.config.fuel_per_ms = 0;
    world.fuel = 10000;
    struct atto_container *container = world_install(&world, &image, &schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(30));
    EQUAL(world_info(&world, container).counters.activations, 10);
    EQUAL(world_info(&world, container).counters.misses, 30);
}

static void durations(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.loop_count = 1;
    schedule.loop_max_us = 400;
    make_counter(300);
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(10));
    EQUAL(world_info(&world, container).counters.last_fault, ATTO_FAULT_DURATION);
    schedule.loop_max_us = 700;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(20));
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
    EQUAL(world_info(&world, container).counters.faults, 1);
}

static void fuel_of_an_activation(void)
{
    make_counter(1000);
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.loop_count = 1;
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(10));
    EQUAL(world_info(&world, container).counters.last_fault, ATTO_FAULT_FUEL);
    CHECK(world_info(&world, container).counters.fuel <= 1000u + world.report.receipt.longest_run);
}

/* The more urgent one has the processor whenever it wants it; equals share it. */
static void priorities(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.loop_count = 1000000;
    make_counter(300);
    struct atto_container *equal[2];
    world_begin(&world);
    for (uint32_t i = 0; i < 2u; i++) {
        equal[i] = world_install(&world, &image, &schedule);
        CHECK(equal[i] != NULL);
        EQUAL(atto_engine_start(&world.engine, equal[i]), ATTO_OK);
    }
    schedule.priority = 9;
    struct atto_container *last = world_install(&world, &image, &schedule);
    CHECK(last != NULL);
    EQUAL(atto_engine_start(&world.engine, last), ATTO_OK);
    schedule.priority = 1;
    schedule.loop_count = 0;
    schedule.period_us = 5000;
    struct atto_container *urgent = world_install(&world, &image, &schedule);
    CHECK(urgent != NULL);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_NONE);
    EQUAL(atto_engine_start(&world.engine, urgent), ATTO_OK);
    world_run(&world, AT_MS(1000));
    uint64_t first = world_info(&world, equal[0]).counters.time_us, second = world_info(&world, equal[1]).counters.time_us;
    CHECK(first - second + 200u < 400u);
    EQUAL(world_info(&world, last).counters.activations, 1);
    EQUAL(world_info(&world, last).counters.time_us, 0);
    EQUAL(world_info(&world, urgent).counters.activations, 200);
    EQUAL(world_info(&world, urgent).counters.misses, 0);
}

static void changes_while_it_runs(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT, read;
    schedule.period_us = 10000;
    make_counter(100);
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(100) + 500u);
    EQUAL(world_info(&world, container).counters.activations, 11);
    schedule.period_us = 2000;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_OK);
    world_run(&world, AT_MS(110) + 500u);
    EQUAL(world_info(&world, container).counters.activations, 11u + 5u);
    schedule.period_us = 100000;
    schedule.budget_fuel = 5000;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_OK);
    atto_engine_schedule(&world.engine, container, &read);
    EQUAL(memcmp(&read, &schedule, sizeof read), 0);
    world_run(&world, AT_MS(500));
    EQUAL(world_info(&world, container).counters.activations, 11u + 5u + 3u);
    schedule.priority = 16;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_E_ARGUMENT);
    schedule.priority = 3;
    schedule.deadline_us = 100001;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_E_ARGUMENT);
    schedule.deadline_us = 100;
    struct atto_report report;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, &report), ATTO_E_ADMISSION);
    EQUAL(report.constraint, ATTO_CONSTRAINT_DEADLINE);
    CHECK(report.culprit == container);
    CHECK(report.missing > 0);
    schedule = (struct atto_schedule)ATTO_SCHEDULE_INIT;
    schedule.period_us = 1000;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_E_ADMISSION);
    schedule.period_us = 2000;
    EQUAL(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_OK);
    EQUAL(world_info(&world, container).ram_bytes, world.report.ram_bytes); /* its limits are gone */
}

/* ---- events, answers, hooks ---- */

/* `on` adds its context's byte to data[1]. */
static void make_listener(void)
{
    world_image(&image, SLOTS(EXIT, MOV(2, ADDRESS(REGION_DATA, 0)), LOAD(SIZE_B, 3, 1, 0), LOAD(SIZE_DW, 0, 2, 8),
                              ALU64_IMM(OP_MUL, 0, 10), ADD_REG(0, 3), STORE(SIZE_DW, 2, 0, 8), EXIT),
                ENTRIES({ "loop", 0 }, { "on", 1 }));
}

static void events(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    uint32_t entry = 0;
    schedule.events = 3;
    make_listener();
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_find_entry(container, "on", &entry), ATTO_OK);
    EQUAL(entry, 1);
    EQUAL(atto_engine_find_entry(container, "off", &entry), ATTO_E_NOT_FOUND);
    EQUAL(atto_engine_post(&world.engine, container, 1, 0, "\x01", 1), ATTO_E_STATE);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    EQUAL(atto_engine_post(&world.engine, container, 1, 3000, "\x03", 1), ATTO_OK);
    EQUAL(atto_engine_post(&world.engine, container, 1, 0, "\x01", 1), ATTO_OK);
    EQUAL(atto_engine_post(&world.engine, container, 1, 1000, "\x02", 1), ATTO_OK);
    EQUAL(atto_engine_post(&world.engine, container, 1, 0, "\x04", 1), ATTO_E_QUOTA);
    EQUAL(atto_engine_post(&world.engine, container, 1, 0, "123456789", 9), ATTO_E_ARGUMENT);
    world_run(&world, AT_MS(2));
    EQUAL(data_word(container, 1), 12);
    EQUAL(world_info(&world, container).events, 1);
    EQUAL(atto_engine_pause(&world.engine, container), ATTO_OK);
    EQUAL(atto_engine_post(&world.engine, container, 1, 0, "\x04", 1), ATTO_OK);
    world_run(&world, AT_MS(5));
    EQUAL(data_word(container, 1), 12);
    EQUAL(atto_engine_resume(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(6));
    EQUAL(data_word(container, 1), 1243);
    EQUAL(world_info(&world, container).counters.denials, 1);
}

static void answers(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.loop_count = 2;
    schedule.loop_max_us = 5000;
    world_image(&image, SLOTS(CALL(WORLD_CALL_LATER), MOV(2, ADDRESS(REGION_DATA, 0)), STORE(SIZE_DW, 2, 0, 8), EXIT),
                ENTRIES({ "loop", 0 }));
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    EQUAL(atto_engine_answer(&world.engine, container, 5), ATTO_E_STATE);
    world_run(&world, AT_MS(1));
    CHECK(world_info(&world, container).waits);
    EQUAL(atto_engine_answer(&world.engine, container, 5), ATTO_OK);
    EQUAL(atto_engine_answer(&world.engine, container, 6), ATTO_E_STATE);
    world_run(&world, AT_MS(4));
    EQUAL(data_word(container, 1), 5);
    CHECK(world_info(&world, container).waits);
    world_run(&world, AT_MS(7));
    EQUAL(world_info(&world, container).counters.last_fault, ATTO_FAULT_DURATION); /* the second one waits too long */
    EQUAL(atto_engine_answer(&world.engine, container, 5), ATTO_E_STATE);
}

static void containers_at_hooks(void)
{
    static const struct atto_hook_type type = { .name = "test", .context_bytes = 1, .fuel = 100 };
    struct atto_hook hook = ATTO_HOOK_INIT(&type);
    struct atto_attachment attachment = { 0 };
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    uint8_t byte = 4;
    schedule.budget_fuel = 20;
    make_listener();
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_attach(&world.engine, container, &hook, &attachment, 2, 0, ATTO_HOOK_CONTINUE), ATTO_E_ENTRY);
    EQUAL(atto_engine_attach(&world.engine, container, &hook, &attachment, 1, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(atto_hook_fire(&hook, &byte, -1), -1); /* it does not run yet */
    EQUAL(attachment.skipped, 1);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    EQUAL(atto_hook_fire(&hook, &byte, -1), 4);
    EQUAL(atto_hook_fire(&hook, &byte, -1), 44);
    EQUAL(world_info(&world, container).counters.fuel, 14);
    EQUAL(atto_hook_fire(&hook, &byte, -1), 444); /* 6 units of its budget were left, and it ends within its longest run */
    EQUAL(atto_hook_fire(&hook, &byte, -1), -1);
    EQUAL(attachment.skipped, 2);
    world_run(&world, AT_MS(1001)); /* the next window */
    byte = 0;
    EQUAL(atto_hook_fire(&hook, &byte, -1), 4440);
    EQUAL(atto_engine_stop(&world.engine, container, false), ATTO_OK);
    EQUAL(atto_hook_fire(&hook, &byte, -1), -1);
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_E_BUSY);
    EQUAL(atto_hook_detach(&hook, &attachment), ATTO_OK);
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
}

/* ---- what is told ---- */

static void log_within_a_quota(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    char text[64];
    uint16_t id = 0;
    schedule.period_us = 100000;
    schedule.log_bytes = 60;
    world_image(&image, SLOTS(MOV(1, 26), CALL(WORLD_CALL_LOG), EXIT), ENTRIES({ "loop", 0 }));
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(2000));
    EQUAL(world_info(&world, container).counters.activations, 20);
    EQUAL(world_info(&world, container).counters.denials, 16); /* two lines a second are within 60 bytes */
    for (uint32_t i = 0; i < 4u; i++) {
        EQUAL(atto_engine_log_read(&world.engine, &id, text, sizeof text), 26);
        EQUAL(memcmp(text, "abcdefghijklmnopqrstuvwxyz", 26), 0);
        EQUAL(id, world_info(&world, container).id);
    }
    EQUAL(atto_engine_log_read(&world.engine, &id, text, sizeof text), -1);
    EQUAL(world_info(&world, container).counters.host_calls, 20);
    EQUAL(world_info(&world, container).last_calls[0], WORLD_CALL_LOG);
}

static void trace_of_an_activation(void)
{
    static const uint8_t expected[] = { ATTO_TRACE_STATE, ATTO_TRACE_ACTIVATE, ATTO_TRACE_CALL, ATTO_TRACE_SLICE,
                                        ATTO_TRACE_END };
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    struct atto_trace_record record;
    uint32_t lost = 9;
    schedule.period_us = 100000;
    world_image(&image, SLOTS(CALL(WORLD_CALL_ZERO), EXIT), ENTRIES({ "loop", 0 }));
    struct atto_container *container = begin(&schedule);
    CHECK(container != NULL);
    CHECK(!atto_engine_trace_read(&world.engine, &record, &lost));
    EQUAL(lost, 0);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(50));
    for (uint32_t i = 0; i < sizeof expected; i++) {
        harness_case(i, 0);
        CHECK(atto_engine_trace_read(&world.engine, &record, &lost));
        EQUAL(record.kind, expected[i]);
        EQUAL(record.container, world_info(&world, container).id);
        EQUAL(lost, 0);
    }
    CHECK(!atto_engine_trace_read(&world.engine, &record, &lost));
    world_run(&world, AT_MS(10000));
    CHECK(atto_engine_trace_read(&world.engine, &record, &lost));
    EQUAL(lost, 99u * 4u - WORLD_TRACE_RECORDS);
}

/* ---- install and update ---- */

static void refusals_leave_nothing(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    struct atto_container *container = NULL;
    make_counter(100);
    world_begin(&world);
    struct atto_install request = { .bytes = image.bytes, .len = image.len, .schedule = &schedule, .fuel = 1000 };
    EQUAL(atto_engine_install(&world.engine, &(struct atto_install){ 0 }, &container, NULL), ATTO_E_ARGUMENT);
    schedule.events = ATTO_EVENTS_MAX + 1u;
    EQUAL(atto_engine_install(&world.engine, &request, &container, NULL), ATTO_E_ARGUMENT);
    schedule = (struct atto_schedule)ATTO_SCHEDULE_INIT;
    image.bytes[4] = 9;
    EQUAL(atto_engine_install(&world.engine, &request, &container, &world.report), ATTO_E_VERSION);
    EQUAL(world.report.refusal.at, 4);
    image.bytes[4] = 1;
    schedule.period_us = 100;
    EQUAL(atto_engine_install(&world.engine, &request, &container, &world.report), ATTO_E_ADMISSION);
    CHECK(world.report.culprit == NULL);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_DEADLINE);
    CHECK(container == NULL);
    CHECK(atto_engine_next(&world.engine, NULL) == NULL);
    schedule = (struct atto_schedule)ATTO_SCHEDULE_INIT;
    schedule.events = 16; /* a second block */
    uint32_t count = 0;
    enum atto_status status;
    while ((status = atto_engine_install(&world.engine, &request, &container, &world.report)) == ATTO_OK)
        count++;
    EQUAL(status, ATTO_E_NO_MEMORY);
    EQUAL(world.report.constraint, ATTO_CONSTRAINT_MEMORY);
    CHECK(count > 10u && world.report.missing > 0 && world.report.missing <= world.report.ram_bytes);
    while ((container = atto_engine_next(&world.engine, NULL)) != NULL)
        EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    CHECK(world_pool_is_empty(&world));
}

static void update_in_place(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 10000;
    make_counter(100);
    struct atto_container *container = begin(&schedule), *before;
    CHECK(container != NULL);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(95));
    uint16_t id = world_info(&world, container).id;
    make_faulty();
    before = container;
    struct atto_install request = { .bytes = image.bytes, .len = image.len, .schedule = &schedule, .fuel = 1000 };
    image.bytes[40] = 0xff;
    EQUAL(atto_engine_update(&world.engine, &container, &request, &world.report), ATTO_E_OPCODE);
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
    make_faulty();
    EQUAL(atto_engine_update(&world.engine, &container, &request, &world.report), ATTO_OK);
    CHECK(container == before);
    EQUAL(world_info(&world, container).id, id);
    EQUAL(world_info(&world, container).state, ATTO_STATE_RUNNING);
    world_run(&world, AT_MS(96));
    EQUAL(world_info(&world, container).counters.faults, 1);
    EQUAL(world_info(&world, container).counters.activations, 11);
    EQUAL(atto_engine_update(&world.engine, &container, &request, &world.report), ATTO_OK);
    EQUAL(world_info(&world, container).state, ATTO_STATE_INSTALLED);
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    CHECK(world_pool_is_empty(&world));
}

static enum atto_outcome host_loop(struct atto_host_frame *frame)
{
    frame->run->fuel -= 40;
    if (frame->step++ < 9u)
        return ATTO_YIELD;
    frame->state[0]++;
    return ATTO_DONE;
}

static void functions_are_containers_too(void)
{
    static atto_host_fn *const entries[] = { host_loop };
    static const struct atto_host_program program = {
        .entries = entries, .entry_count = 1, .state_bytes = 8, .longest_run = 40, .name = "native"
    };
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 10000;
    make_counter(100);
    struct atto_container *guest = begin(&schedule);
    struct atto_container *native = world_install_host(&world, &program, &schedule);
    CHECK(guest != NULL && native != NULL);
    EQUAL(atto_engine_start(&world.engine, guest), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, native), ATTO_OK);
    world_run(&world, AT_MS(1000));
    EQUAL(world_info(&world, guest).counters.activations, 100);
    EQUAL(world_info(&world, native).counters.activations, 100);
    EQUAL(world_info(&world, native).counters.fuel, 100u * 400u);
    EQUAL(atto_engine_name(native).len, 6);
    EQUAL(atto_engine_name(guest).len, 4);
    EQUAL(world_info(&world, native).counters.faults + world_info(&world, native).counters.misses, 0);
}

static const struct harness_test tests[] = {
    TEST(periodic_without_drift, "A periodic container is activated on the grid of its period, however long it runs."),
    TEST(start_loop_stop, "A life has its start, loops and stop, on cleared memory, and can be lived again."),
    TEST(pause_and_resume, "A pause freezes an activation; what it covers is no miss."),
    TEST(stop_has_a_limit, "A stop that takes too long is ended, at its limit or by force."),
    TEST(restarts_with_back_off, "A broken container is restarted with growing pauses and then given up."),
    TEST(restarts_keep_the_period, "Restarts do not give a periodic container more than its releases."),
    TEST(ends_and_begins_again, "Loops and life time end a life, with `stop`, and `always` begins a new one."),
    TEST(heartbeat, "A container that does not say that it is alive is a faulty one."),
    TEST(budgets_throttle, "A container that has used up its budget waits, or faults if it is to."),
    TEST(deadlines, "Misses are counted; the policy says what becomes of the activation."),
    TEST(releases_that_are_lost, "An activation that covers releases does not make up for them."),
    TEST(durations, "An activation that lasts too long is a fault."),
    TEST(fuel_of_an_activation, "An activation ends at its fuel."),
    TEST(priorities, "The more urgent has the processor first, equals share it, the rest waits."),
    TEST(changes_while_it_runs, "Every number of the schedule can be changed, from the next activation on."),
    TEST(events, "Events come by time, with their data, as many as may be pending."),
    TEST(answers, "A host call is answered later, or too late."),
    TEST(containers_at_hooks, "A container at a hook runs inline, on its own budget, and may not go away."),
    TEST(log_within_a_quota, "A container logs as much as it may, each second."),
    TEST(trace_of_an_activation, "The trace tells what happened, in order, and how much of it was lost."),
    TEST(refusals_leave_nothing, "Whatever an install is refused for, nothing is left of it."),
    TEST(update_in_place, "A new program takes the old one's place, or nothing happens."),
    TEST(functions_are_containers_too, "Guests and functions of the firmware run side by side."),
};
HARNESS_MAIN(tests)
