/* One hostile container for each quota beside a control loop of another container that has a period of one millisecond:
 * the hostile one is hurt, the loop keeps its period. On an emulated board time is the board's, which stands for
 * instructions; on Linux it is simulated. The longest time from a release to the loop's first instruction, and to its
 * end, is shown.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "encode.h"
#include "engine_world.h"
#include "guest.h"
#include "harness.h"

/* The emulated Cortex-M executes 3.9 million instructions a second: a millisecond is enough for code that is made for
 * speed, not for that of a Cortex-M0 or of -Os. */
#if defined(__arm__) && (defined(__OPTIMIZE_SIZE__) || !defined(__ARM_FEATURE_UNALIGNED))
#define PERIOD_US 5000u
#else
#define PERIOD_US 1000u
#endif
#define RUN_US (200u * PERIOD_US)
#define SLICE_FUEL 20u

static struct world world;
static struct image_bytes victim_image, hostile_image;
static const struct atto_schedule victim_schedule = { .priority = 0, .period_us = PERIOD_US };

#ifdef HARNESS_BOARD
static uint64_t now_us(void)
{
    return board_port.now_us(board_port.user);
}

static void use_clock(void)
{
    static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
    world.firmware.executors = executors;
    world.config.port = &board_port;
}

static void run_until(uint64_t end_us)
{
    while (now_us() < end_us)
        atto_engine_poll(&world.engine);
}
#else
static uint64_t now_us(void)
{
    return world_now(&world);
}

static void use_clock(void)
{
}

static void run_until(uint64_t end_us)
{
    world_run(&world, end_us);
}
#endif

/* The longest times that the trace tells of the victim. */
struct worst {
    uint32_t begin_us, end_us, ends;
};

static void drain(uint16_t id, struct worst *worst)
{
    struct atto_trace_record record;
    while (atto_engine_trace_read(&world.engine, &record, NULL)) {
        if (record.container != id)
            continue;
        if (record.kind == ATTO_TRACE_ACTIVATE && record.value > worst->begin_us)
            worst->begin_us = record.value;
        if (record.kind == ATTO_TRACE_END && record.value > worst->end_us)
            worst->end_us = record.value;
        worst->ends += record.kind == ATTO_TRACE_END;
    }
}

/* Runs both; *hostile is what became of the hostile one. */
static void run_beside(const struct atto_schedule *schedule, uint32_t hostile_fuel,
                       struct atto_container_info *hostile_info)
{
    struct worst worst = { 0, 0, 0 };
    world_image(&victim_image, SLOTS(MOV(2, ADDRESS(REGION_DATA, 0)), LOAD(SIZE_DW, 0, 2, 0), ADD(0, 1),
                                     STORE(SIZE_DW, 2, 0, 0), EXIT), ENTRIES({ "loop", 0 }));
    world_begin(&world);
    use_clock();
    world.config.slice_fuel = SLICE_FUEL;
    world.config.fuel_per_ms = 0;
    world.fuel = 50;
    struct atto_container *victim = world_install(&world, &victim_image, &victim_schedule);
    world.fuel = hostile_fuel;
    struct atto_container *hostile = world_install(&world, &hostile_image, schedule);
    CHECK(victim != NULL && hostile != NULL);
    EQUAL(atto_engine_start(&world.engine, hostile), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, victim), ATTO_OK);
    uint64_t end_us = now_us() + RUN_US;
    uint16_t id = world_info(&world, victim).id;
    for (uint64_t us = now_us(); us < end_us; us += PERIOD_US) {
        run_until(us);
        drain(id, &worst);
    }
    struct atto_container_info info = world_info(&world, victim);
    *hostile_info = world_info(&world, hostile);
    harness_note("microseconds from release to first instruction, at most", worst.begin_us);
    harness_note("microseconds from release to end, at most", worst.end_us);
    EQUAL(info.counters.misses, 0);
    EQUAL(info.counters.faults, 0);
    CHECK(worst.ends + 2u >= RUN_US / PERIOD_US);
    CHECK(worst.end_us < PERIOD_US);
    CHECK(hostile_info->counters.activations != 0u);
}

static void fuel_of_an_activation(void)
{
    struct atto_container_info info;
    struct atto_schedule schedule = { .priority = 8, .loop_count = 1000000, .restart = ATTO_RESTART_ON_FAULT };
    world_image(&hostile_image, SLOTS(JUMP(-1)), ENTRIES({ "loop", 0 }));
    run_beside(&schedule, 200, &info);
    GO_ON();
    EQUAL(info.counters.last_fault, ATTO_FAULT_FUEL);
    CHECK(info.counters.faults > 3u);
}

static void fuel_of_a_window(void)
{
    struct atto_container_info info;
    struct atto_schedule schedule = {
        .priority = 0, .loop_count = 1000000, .budget_fuel = 40, .budget_window_us = 5u * PERIOD_US
    };
    world_image(&hostile_image, SLOTS(JUMP(-1)), ENTRIES({ "loop", 0 }));
    run_beside(&schedule, 100000, &info); /* it is as urgent as the victim */
    GO_ON();
    CHECK(info.throttled);
    CHECK(info.counters.fuel <= (RUN_US / PERIOD_US / 5u + 1u) * 40u + 1u);
}

static void memory(void)
{
    struct atto_container_info info;
    struct atto_schedule schedule = { .priority = 8, .loop_count = 1000000, .restart = ATTO_RESTART_ON_FAULT };
    world_image(&hostile_image, SLOTS(MOV(1, ADDRESS(REGION_DATA, 0)), STORE_IMM(SIZE_DW, 1, 0, -1), ADD(1, 8), JUMP(-3)),
                ENTRIES({ "loop", 0 }));
    run_beside(&schedule, 1000, &info);
    GO_ON();
    EQUAL(info.counters.last_fault, ATTO_FAULT_MEMORY);
}

static void host_calls(void)
{
    struct atto_container_info info;
    struct atto_schedule schedule = { .priority = 8, .loop_count = 1000000, .restart = ATTO_RESTART_ON_FAULT };
    world_image(&hostile_image, SLOTS(CALL(WORLD_CALL_ZERO), JUMP(-2)), ENTRIES({ "loop", 0 }));
    run_beside(&schedule, 300, &info);
    GO_ON();
    EQUAL(info.counters.last_fault, ATTO_FAULT_FUEL);
    CHECK(info.counters.host_calls <= info.counters.fuel / 2u); /* each is paid for */
}

static void log_bytes(void)
{
    struct atto_container_info info;
    struct atto_schedule schedule = { .priority = 8, .loop_count = 1000000, .log_bytes = 100 };
    world_image(&hostile_image, SLOTS(MOV(1, 9), CALL(WORLD_CALL_LOG), JUMP(-3)), ENTRIES({ "loop", 0 }));
    run_beside(&schedule, 1000000, &info);
    GO_ON();
    char text[16];
    uint16_t id;
    uint32_t lines = 0;
    while (atto_engine_log_read(&world.engine, &id, text, sizeof text) >= 0)
        lines++;
    CHECK(lines == 10u || lines == 20u || lines == 30u); /* of 10 bytes each, within a second or two */
    EQUAL(info.counters.denials, info.counters.host_calls < 0xffffu + lines ? info.counters.host_calls - lines : 0xffffu);
}

static void events(void)
{
    struct atto_container_info info;
    struct atto_schedule schedule = { .priority = 8, .loop_count = 1000000, .events = 4 };
    world_image(&hostile_image, SLOTS(CALL(WORLD_CALL_POST), JUMP(-2)), ENTRIES({ "loop", 0 }));
    run_beside(&schedule, 1000000, &info);
    GO_ON();
    EQUAL(info.events, 4);
    CHECK(info.counters.denials != 0u);
}

static const struct harness_test tests[] = {
    TEST(fuel_of_an_activation, "An endless loop faults again and again; the control loop beside it is on time."),
    TEST(fuel_of_a_window, "An endless loop is throttled, though it is as urgent; the control loop is on time."),
    TEST(memory, "A container that writes past its memory faults; the control loop is on time."),
    TEST(host_calls, "A container that calls without end pays for it; the control loop is on time."),
    TEST(log_bytes, "A container that floods the log is cut off; the control loop is on time."),
    TEST(events, "A container that floods its events is refused; the control loop is on time."),
};
HARNESS_MAIN(tests)
