/* A firmware that measures the engine in machine instructions: what lies between two containers, between a poll and a
 * guest, and what starting and stopping costs: lines for scripts/bench, executor "engine". With the argument `sizes`:
 * what containers take in RAM, lines for scripts/sizes.
 *
 * The guests call `tick`, which reads the counter, so that the way through the interpreter is in the numbers: `switch`
 * is the way from a tick of one container to that of the next, less the way from a tick to the next one of the same
 * container. The clock of this firmware is a variable: what reading a clock costs is the board's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "atto/engine.h"
#include "board.h"
#include "ticks.h"

#define POOL_BYTES 65536u

static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[POOL_BYTES];
static struct atto_engine engine;

static int32_t call_wait(struct atto_call_frame *call)
{
    (void)call;
    return ATTO_CALL_WAIT;
}

enum { CALL_TICK = 1, CALL_WAIT = 2 };
static const struct atto_call calls[ATTO_CALL_PAGE] = {
    [CALL_TICK] = { call_tick, 0, 0 }, [CALL_WAIT] = { call_wait, 0, 0 }
};
static const struct atto_call_table table = { { calls } };
static const struct atto_executor *const executors[] = { &atto_executor_bpf, &atto_executor_host, NULL };
static const struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &table },
    .granted = { { 1u << CALL_TICK | 1u << CALL_WAIT } },
    .fuel = 1000000,
};
static struct atto_engine_config config;

static void begin(uint32_t slice_fuel, uint32_t poll_slices)
{
    config = (struct atto_engine_config){
        .firmware = &firmware, .port = &ticks_port, .slice_fuel = slice_fuel, .poll_slices = poll_slices
    };
    clock_us = 1000000;
    tick_count = 0;
    atto_engine_init(&engine, &config, pool, sizeof pool);
}

/* ---- images ---- */

#define IMAGE_BYTES 128u
#define MANIFEST "\xa2\x02\x81\x82\x64loop\x00\x05\x82\x01\x02" /* {2: [["loop", 0]], 5: [1, 2]} */

/* An image of this text with one function of `frame_bytes` and so much zeroed data. */
static uint32_t make_image(uint8_t *image, const uint64_t *text, uint32_t text_bytes, uint32_t frame_bytes,
                           uint32_t bss_bytes)
{
    uint32_t len = 40u + text_bytes + 8u + (sizeof MANIFEST - 1u + 7u) / 8u * 8u;
    memset(image, 0, IMAGE_BYTES);
    memcpy(image, "ATTO\x01\x01", 6);
    put_u32(image + 8, len);
    put_u32(image + 12, text_bytes);
    put_u32(image + 16, 8);
    put_u32(image + 28, bss_bytes);
    put_u32(image + 32, sizeof MANIFEST - 1u);
    memcpy(image + 40, text, text_bytes);
    put_u32(image + 40u + text_bytes, frame_bytes << 16);
    put_u32(image + 44u + text_bytes, 1u << 16 | frame_bytes);
    memcpy(image + 48u + text_bytes, MANIFEST, sizeof MANIFEST - 1u);
    return len;
}

/* call tick; back */
static const uint64_t ticking[] = { 0x0000000100000085u, 0x00000000fffe0005u };
/* call tick; exit */
static const uint64_t ticking_once[] = { 0x0000000100000085u, 0x0000000000000095u };
/* call wait; exit */
static const uint64_t waiting[] = { 0x0000000200000085u, 0x0000000000000095u };

static struct atto_container *install(const uint64_t *text, uint32_t bss_bytes, const struct atto_schedule *schedule)
{
    static _Alignas(ATTO_IMAGE_ALIGN) uint8_t images[2][IMAGE_BYTES];
    static uint32_t next;
    uint8_t *image = images[next++ % 2u];
    struct atto_container *container = NULL;
    struct atto_install request = { .bytes = image, .schedule = schedule };
    request.len = make_image(image, text, 16, 256, bss_bytes);
    struct atto_report report;
    if (atto_engine_install(&engine, &request, &container, &report) != ATTO_OK)
        all_ok = false;
    return container;
}

/* ---- measurements ---- */

/* A schedule with a budget, a policy for deadlines and a life time, all far away. */
static struct atto_schedule limited_schedule(uint32_t period_us)
{
    return (struct atto_schedule){ .priority = ATTO_PRIORITY_DEFAULT, .period_us = period_us, .budget_fuel = 100000,
                                   .budget_window_us = 3000000, .on_miss = ATTO_MISS_DROP, .lifetime_ms = 1000000 };
}

static struct atto_schedule plain_schedule(uint32_t period_us)
{
    return (struct atto_schedule){ .priority = ATTO_PRIORITY_DEFAULT, .period_us = period_us };
}

/* From one tick to the next with slices of so much fuel; two containers of the same priority. */
static uint32_t tick_to_tick(uint32_t slice_fuel, bool limited)
{
    const struct atto_schedule schedule = limited ? limited_schedule(1000000) : plain_schedule(1000000);
    begin(slice_fuel, 0);
    config.poll_slices = 8u * 2u / slice_fuel;
    if (config.poll_slices == 0u)
        config.poll_slices = 1;
    for (uint32_t i = 0; i < 2u; i++) {
        struct atto_container *container = install(ticking, 0, &schedule);
        all_ok = all_ok && container != NULL && atto_engine_start(&engine, container) == ATTO_OK;
    }
    atto_engine_poll(&engine);
    uint32_t last = board_instructions(ticks[6], ticks[7]);
    all_ok = all_ok && tick_count >= 8u && board_instructions(ticks[5], ticks[6]) == last;
    return last;
}

static void measure_switch(void)
{
    print_instructions("switch", tick_to_tick(2, false) - tick_to_tick(100, false), true);
    print_instructions("switch_with_limits", tick_to_tick(2, true) - tick_to_tick(100, true), true);
}

/* Containers that have nothing to do for a second. */
static void add_idle(uint32_t count)
{
    const struct atto_schedule schedule = plain_schedule(1000000);
    for (uint32_t i = 0; i < count; i++) {
        struct atto_container *other = install(ticking_once, 0, &schedule);
        all_ok = all_ok && other != NULL && atto_engine_start(&engine, other) == ATTO_OK;
    }
}

/* A poll that finds one periodic container due, among `others` that are not. */
static uint32_t activate(uint32_t others, bool limited)
{
    const struct atto_schedule schedule = limited ? limited_schedule(1000) : plain_schedule(1000);
    uint32_t begin_count, spent[3];
    begin(1000, 0);
    add_idle(others);
    struct atto_container *container = install(ticking_once, 0, &schedule);
    all_ok = all_ok && container != NULL && atto_engine_start(&engine, container) == ATTO_OK;
    atto_engine_poll(&engine);
    for (uint32_t i = 0; i < 3u; i++) {
        clock_us += 1000;
        tick_count = 0;
        begin_count = board_counter();
        atto_engine_poll(&engine);
        spent[i] = board_instructions(begin_count, ticks[0]);
        all_ok = all_ok && tick_count == 1u;
    }
    all_ok = all_ok && (limited || spent[1] == spent[2]);
    return spent[1] > spent[2] ? spent[1] : spent[2];
}

enum standing { READY, IDLE, PAUSED, WAITING, THROTTLED, STANDINGS };

/* Brings a container into a state, beside `others` that were started before, and stops it. */
static uint32_t stop(enum standing standing, uint32_t bss_bytes, uint32_t others)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    begin(100, 1);
    add_idle(others);
    schedule.period_us = 1000000;
    if (standing == THROTTLED)
        schedule.budget_fuel = 50;
    struct atto_container *container = install(standing == WAITING ? waiting : standing == IDLE ? ticking_once : ticking,
                                               bss_bytes, &schedule);
    all_ok = all_ok && container != NULL && atto_engine_start(&engine, container) == ATTO_OK;
    for (uint32_t i = 0; i <= others; i++)
        atto_engine_poll(&engine);
    if (standing == PAUSED)
        all_ok = all_ok && atto_engine_pause(&engine, container) == ATTO_OK;
    struct atto_container_info info;
    atto_engine_info(&engine, container, &info);
    all_ok = all_ok && info.waits == (standing == WAITING) && info.throttled == (standing == THROTTLED) &&
             (info.activation == ATTO_ACTIVATION_NONE) == (standing == IDLE);
    uint32_t begin_count = board_counter();
    enum atto_status status = atto_engine_stop(&engine, container, false);
    uint32_t spent = board_instructions(begin_count, board_counter());
    atto_engine_info(&engine, container, &info);
    all_ok = all_ok && status == ATTO_OK && info.state == ATTO_STATE_STOPPED;
    return spent;
}

static void measure_stop(void)
{
    uint32_t most = 0;
    bool same = true;
    for (uint32_t standing = READY; standing < STANDINGS; standing++) {
        uint32_t spent = stop((enum standing)standing, 0, 0);
        same = same && spent == stop((enum standing)standing, 4096, 0);
        most = spent > most ? spent : most;
    }
    print_instructions("stop", most, same);
    print_instructions("stop_beside_20_others", stop(IDLE, 0, 20), true);
}

/* A container of 1 KB, stack and data together. */
static void measure_start(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    begin(100, 1);
    schedule.period_us = 1000;
    struct atto_container *container = install(ticking_once, 768, &schedule);
    uint32_t begin_count = board_counter();
    enum atto_status status = atto_engine_start(&engine, container);
    print_instructions("start", board_instructions(begin_count, board_counter()), status == ATTO_OK);
}

static void print_ram(const char *part, uint32_t bytes)
{
    printf("{\"part\":\"%s\",\"flash\":0,\"ram\":%" PRIu32 "}\n", part, bytes);
}

/* What a container with a stack of 256 bytes takes beside it. With all kinds of limits if `limited`. */
static uint32_t container_bytes(bool limited)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    struct atto_container_info info = { 0 };
    begin(100, 0);
    schedule.period_us = 1000;
    schedule.budget_fuel = limited ? 1000 : 0;
    struct atto_container *container = install(ticking_once, 0, &schedule);
    if (container != NULL)
        atto_engine_info(&engine, container, &info);
    return info.ram_bytes - 256u;
}

/* The memory in which 64 containers with stacks of 256 bytes ran, the engine included. */
static uint32_t many_bytes(void)
{
    enum { COUNT = 64 };
    static _Alignas(ATTO_IMAGE_ALIGN) uint8_t image[IMAGE_BYTES];
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    struct atto_install request = { .bytes = image, .schedule = &schedule };
    struct atto_container *container;
    struct atto_container_info info = { 0 };
    uint32_t bytes = sizeof engine;
    begin(100, 0);
    schedule.period_us = 1000000;
    request.len = make_image(image, ticking_once, 16, 256, 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        all_ok = all_ok && atto_engine_install(&engine, &request, &container, NULL) == ATTO_OK &&
                 atto_engine_start(&engine, container) == ATTO_OK;
        atto_engine_info(&engine, container, &info);
        bytes += info.ram_bytes;
    }
    atto_engine_poll(&engine);
    all_ok = all_ok && tick_count == COUNT;
    return bytes;
}

static void measure_ram(void)
{
    print_ram("container beside stack and data", container_bytes(false));
    print_ram("the same with budgets and limits", container_bytes(true));
    print_ram("64 containers of 256-byte stacks", many_bytes());
}

static void measure_instructions(void)
{
    measure_switch();
    print_instructions("activate", activate(0, false), true);
    print_instructions("activate_beside_20_others", activate(20, false), true);
    print_instructions("activate_with_limits", activate(0, true), true);
    measure_stop();
    measure_start();
}

int main(int argc, char **argv)
{
    if (!board_counter_start()) {
        printf("engine: this machine does not count instructions exactly\n");
        return 2;
    }
    if (argc > 1 && strcmp(argv[1], "sizes") == 0)
        measure_ram();
    else
        measure_instructions();
    return all_ok ? 0 : 1;
}
