/* One hostile container for each quota beside a control loop of another container that has a period of one millisecond:
 * the hostile one is hurt, the loop keeps its period. On an emulated board time is the board's, which stands for
 * instructions; on Linux it is simulated. The longest time from a release to the loop's first instruction, and to its
 * end, is shown.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../sdk/calls.h"
#include "atto/service.h"
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

/* ---- endpoints for the quotas of rights ---- */

static _Alignas(4) uint8_t store_bytes[512], mailbox_bytes[2u * (sizeof(struct atto_queue_slot) + 8u)], bytes[16];
static struct atto_store_state store_state;
static struct atto_queue_state mailbox_state;
static const struct atto_store store = {
    .memory = store_bytes, .bytes = sizeof store_bytes, .state = &store_state, .container_bytes = 64
};
static const struct atto_queue mailbox = { &mailbox_state, mailbox_bytes, 2, 8 };
static const struct atto_context piece = { bytes, sizeof bytes, ATTO_WRITE };
enum { STORE_ENDPOINT, MAILBOX_ENDPOINT, MEMORY_ENDPOINT };
static const struct atto_endpoint endpoints[] = {
    { "store", &store, ATTO_KIND_STORE, ATTO_SCOPE_CONTAINER, ATTO_OPERATIONS },
    { "mailbox", &mailbox, ATTO_KIND_MAILBOX, 0, ATTO_OPERATIONS },
    { "memory", &piece, ATTO_KIND_MEMORY, 0, ATTO_OPERATIONS },
};
/* Numbers that the world's images may call. */
enum { CALL_PUT = 2, CALL_SEND = 5, CALL_READ = 6 };

/* Gives the hostile container this right, its only one; NULL: none, and the world's own calls. */
static const struct atto_right *hostile_right;

static struct atto_call service(uint32_t number)
{
    return atto_service_calls[number - ATTO_SERVICE_PAGE * ATTO_CALL_PAGE];
}

static void offer_endpoints(void)
{
    static struct atto_call calls[ATTO_CALL_PAGE];
    static const struct atto_call_table table = { { calls } };
    memset(&store_state, 0, sizeof store_state);
    memset(&mailbox_state, 0, sizeof mailbox_state);
    calls[CALL_PUT] = service(atto_store_put_number);
    calls[CALL_SEND] = service(atto_send_number);
    calls[CALL_READ] = service(atto_read_number);
    world.firmware.host.calls = &table;
    world.firmware.host.endpoints = endpoints;
    world.firmware.host.endpoint_count = sizeof endpoints / sizeof *endpoints;
    atto_engine_init(&world.engine, &world.config, world.pool, WORLD_POOL_BYTES);
}

static struct atto_container *install_hostile(const struct atto_schedule *schedule)
{
    const struct atto_install request = {
        .bytes = hostile_image.bytes, .len = hostile_image.len, .schedule = schedule, .fuel = world.fuel,
        .rights = hostile_right, .right_count = 1
    };
    struct atto_container *container = NULL;
    if (hostile_right == NULL)
        return world_install(&world, &hostile_image, schedule);
    return atto_engine_install(&world.engine, &request, &container, &world.report) == ATTO_OK ? container : NULL;
}

/* ---- both containers ---- */

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
    if (hostile_right != NULL)
        offer_endpoints();
    world.fuel = 50;
    struct atto_container *victim = world_install(&world, &victim_image, &victim_schedule);
    world.fuel = hostile_fuel;
    struct atto_container *hostile = install_hostile(schedule);
    CHECK(victim != NULL && hostile != NULL);
    EQUAL(atto_engine_start(&world.engine, hostile), ATTO_OK);
    EQUAL(atto_engine_start(&world.engine, victim), ATTO_OK);
    uint64_t end_us = now_us() + RUN_US - PERIOD_US;
    uint16_t id = world_info(&world, victim).id;
    for (uint64_t us = now_us(); us <= end_us; us += PERIOD_US / 8u) { /* or the trace overflows */
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

/* ---- the quotas of rights ---- */

/* A program that makes calls for ever, with one right. */
static void run_calling(const uint64_t *text, uint32_t slots, const struct atto_right *right,
                        struct atto_container_info *info)
{
    const struct atto_schedule schedule = { .priority = 8, .loop_count = 1000000, .restart = ATTO_RESTART_ON_FAULT };
    world_image(&hostile_image, text, slots, ENTRIES({ "loop", 0 }));
    hostile_right = right;
    run_beside(&schedule, 1000000, info);
    hostile_right = NULL;
}

static void bytes_of_the_store(void)
{
    static const struct atto_right right = { .endpoint = STORE_ENDPOINT, .operations = ATTO_OPERATION_WRITE,
                                             .last = ATTO_RANGE_END };
    struct atto_container_info info;
    run_calling(SLOTS(MOV(6, 0), MOV(1, 0), MOV_REG(2, 6), MOV(3, ADDRESS(REGION_DATA, 0)), MOV(4, 4), CALL(CALL_PUT),
                      ADD(6, 1), JUMP(-7)), &right, &info);
    GO_ON();
    EQUAL(store_state.used, 64); /* four values */
    CHECK(info.counters.host_calls > 4u);
}

static void slots_of_a_mailbox(void)
{
    static const struct atto_right right = { .endpoint = MAILBOX_ENDPOINT, .operations = ATTO_OPERATION_WRITE,
                                             .last = ATTO_RANGE_END };
    struct atto_container_info info;
    run_calling(SLOTS(MOV(1, 0), MOV(2, ADDRESS(REGION_DATA, 0)), MOV(3, 8), CALL(CALL_SEND), JUMP(-5)), &right, &info);
    GO_ON();
    EQUAL(mailbox_state.used, 2);
    CHECK(info.counters.host_calls > 2u);
}

/* Reads 4 bytes for ever. Returns how many of its calls came through; 0: there were too many refusals to count. */
static uint32_t reads(const struct atto_right *right)
{
    struct atto_container_info info = { .counters = { .host_calls = 0 } };
    run_calling(SLOTS(MOV(1, 0), MOV(2, 0), MOV(3, ADDRESS(REGION_DATA, 0)), MOV(4, 4), CALL(CALL_READ), JUMP(-6)), right,
                &info);
    return info.counters.denials < 0xffffu ? info.counters.host_calls - info.counters.denials : 0u;
}

/* So many periods of a hundred milliseconds has a run, begun ones included. */
#define PERIODS (RUN_US / 100000u + 2u)

static void rate_of_calls(void)
{
    static const struct atto_right right = { .endpoint = MEMORY_ENDPOINT, .operations = ATTO_OPERATION_READ | 3u << 4,
                                             .last = ATTO_RANGE_END, .calls = 7 };
    uint32_t through = reads(&right);
    GO_ON();
    CHECK(through > 7u && through <= 7u * PERIODS);
}

static void rate_of_bytes(void)
{
    static const struct atto_right right = { .endpoint = MEMORY_ENDPOINT, .operations = ATTO_OPERATION_READ | 3u << 4,
                                             .last = ATTO_RANGE_END, .bytes = 22 };
    uint32_t through = reads(&right);
    GO_ON();
    CHECK(through > 5u && through <= 5u * PERIODS); /* of 4 bytes each */
}

static void total_of_calls(void)
{
    static const struct atto_right right = { .endpoint = MEMORY_ENDPOINT, .operations = ATTO_OPERATION_READ,
                                             .last = ATTO_RANGE_END, .total = 9 };
    uint32_t through = reads(&right);
    GO_ON();
    EQUAL(through, 9);
}

static const struct harness_test tests[] = {
    TEST(fuel_of_an_activation, "An endless loop faults again and again; the control loop beside it is on time."),
    TEST(fuel_of_a_window, "An endless loop is throttled, though it is as urgent; the control loop is on time."),
    TEST(memory, "A container that writes past its memory faults; the control loop is on time."),
    TEST(host_calls, "A container that calls without end pays for it; the control loop is on time."),
    TEST(log_bytes, "A container that floods the log is cut off; the control loop is on time."),
    TEST(events, "A container that floods its events is refused; the control loop is on time."),
    TEST(bytes_of_the_store, "A container that stores without end has its quota; the control loop is on time."),
    TEST(slots_of_a_mailbox, "A container that sends without end fills a mailbox; the control loop is on time."),
    TEST(rate_of_calls, "A container that calls too often is held to its rate; the control loop is on time."),
    TEST(rate_of_bytes, "A container that reads too much is held to its rate; the control loop is on time."),
    TEST(total_of_calls, "A container that has used up its calls gets no more; the control loop is on time."),
};
HARNESS_MAIN(tests)
