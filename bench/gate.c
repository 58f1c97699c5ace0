/* A firmware that measures the gate and the services in machine instructions: lines for scripts/bench, executor
 * "engine". Guests tick before and after what is measured, and again without it: the difference is the call as the guest
 * sees it, the call instruction included.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../sdk/calls.h"
#include "../tests/encode.h"
#include "atto/service.h"
#include "board.h"
#include "ticks.h"

static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[16384];
static struct atto_engine engine;

/* Keeps the result of the call before it. */
static uint64_t kept;
static int32_t call_keep(struct atto_call_frame *call)
{
    kept = call->r[0];
    return ATTO_OK;
}

enum {
    TICK = 1,
    KEEP = 2,
    READ = atto_read_number,
    LISTEN = atto_listen_number,
    SEND = atto_send_number
};
static const struct atto_call own_calls[ATTO_CALL_PAGE] = { [TICK] = { call_tick, 0, 0 }, [KEEP] = { call_keep, 0, 0 } };
static const struct atto_call_table table = {
    { [0] = own_calls, [ATTO_SERVICE_PAGE] = atto_service_calls,
      [ATTO_SERVICE_PAGE + 1u] = atto_service_calls + ATTO_CALL_PAGE }
};

static uint8_t bytes[64];
static const struct atto_context memory = { bytes, sizeof bytes, ATTO_WRITE };
static struct atto_queue_state mailbox_state;
static _Alignas(4) uint8_t mailbox_slots[2u * (sizeof(struct atto_queue_slot) + 32u)];
static const struct atto_queue mailbox = { &mailbox_state, mailbox_slots, 2, 32 };
static const struct atto_endpoint endpoints[] = {
    { "memory", &memory, ATTO_KIND_MEMORY, 0, ATTO_OPERATIONS },
    { "mailbox", &mailbox, ATTO_KIND_MAILBOX, 0, ATTO_OPERATION_READ | ATTO_OPERATION_WRITE },
};

static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &table, .endpoints = endpoints, .endpoint_count = 2 },
    .fuel = 1000000,
};
static struct atto_audit_record denials[8], changes[8];
static const struct atto_engine_config config = {
    .firmware = &firmware, .port = &ticks_port, .slice_fuel = 1000, .poll_slices = 2,
    .denials = denials, .denial_count = 8, .changes = changes, .change_count = 8,
};

static void begin(void)
{
    memset(&firmware.granted, 0xff, sizeof firmware.granted);
    memset(&mailbox_state, 0, sizeof mailbox_state);
    clock_us = 1000000;
    tick_count = 0;
    atto_engine_init(&engine, &config, pool, sizeof pool);
}

/* {2: [["start", 0], ["on", 4]], 5: [1, 2, 168, 181, 182, 183]} */
#define MANIFEST "\xa2\x02\x82\x82\x65start\x00\x82\x62on\x04\x05\x86\x01\x02\x18\xa8\x18\xb5\x18\xb6\x18\xb7"

/* An image of this text with two functions, at slots 0 and 4. */
static uint32_t make_image(uint8_t *image, const uint64_t *text, uint32_t slots)
{
    uint32_t functions = 40u + slots * 8u, manifest = functions + 16u;
    memcpy(image, "ATTO\x01\x01", 6);
    put_u32(image + 8, manifest + (sizeof MANIFEST - 1u + 7u) / 8u * 8u);
    put_u32(image + 12, slots * 8u);
    put_u32(image + 16, 16);
    put_u32(image + 32, sizeof MANIFEST - 1u);
    memcpy(image + 40, text, slots * 8u);
    for (uint32_t i = 0; i < 2u; i++) {
        put_u32(image + functions + 8u * i, 4u * i | 64u << 16);
        put_u32(image + functions + 8u * i + 4u, 1u << 16 | 64u);
    }
    memcpy(image + manifest, MANIFEST, sizeof MANIFEST - 1u);
    return manifest + (sizeof MANIFEST - 1u + 7u) / 8u * 8u;
}

static struct atto_container *install(const uint64_t *text, uint32_t slots, const struct atto_right *rights,
                                      uint32_t right_count, uint32_t events)
{
    static _Alignas(ATTO_IMAGE_ALIGN) uint8_t images[4][256];
    static uint32_t next;
    const struct atto_schedule schedule = { .priority = 8, .events = events };
    struct atto_container *container = NULL;
    struct atto_install request = { .bytes = images[next % 4u], .schedule = &schedule, .rights = rights,
                                    .right_count = right_count };
    memset(images[next % 4u], 0, sizeof images[0]);
    request.len = make_image(images[next++ % 4u], text, slots);
    all_ok = all_ok && atto_engine_install(&engine, &request, &container, NULL) == ATTO_OK &&
             atto_engine_start(&engine, container) == ATTO_OK;
    return container;
}

/* From tick to tick of a guest that makes a call with these rights, less that of one that makes none. */
static uint32_t call_costs(const struct atto_right *right, uint64_t expected)
{
    uint32_t spent[2];
    for (uint32_t with = 0; with < 2u; with++) {
        const uint64_t text[] = {
            MOV(0, 0), MOV(0, 0), MOV(0, 0), EXIT,
            CALL(TICK), MOV(1, 0), MOV(2, 8), MOV_REG(3, 10), ADD(3, -8), MOV(4, 8),
            with != 0u ? CALL(READ) : JUMP(0), CALL(TICK), CALL(KEEP), EXIT,
        };
        begin();
        struct atto_container *container = install(text, sizeof text / 8u, right, 1, 1);
        uint32_t entry = 0;
        all_ok = all_ok && atto_engine_find_entry(container, "on", &entry) == ATTO_OK;
        atto_engine_poll(&engine);
        tick_count = 0;
        all_ok = all_ok && atto_engine_post(&engine, container, entry, 0, NULL, 0) == ATTO_OK;
        atto_engine_poll(&engine);
        all_ok = all_ok && tick_count == 2u && (with == 0u || kept == expected);
        spent[with] = board_instructions(ticks[0], ticks[1]);
    }
    return spent[1] - spent[0];
}

/* From the sender's tick before the call to the receiver's, whose first instruction that is and which has the message as
 * its context; less what is spent from tick to tick when the sender sends nothing. */
static uint32_t message(void)
{
    const uint64_t sender[] = {
        MOV(0, 0), MOV(0, 0), MOV(0, 0), EXIT,
        CALL(TICK), MOV(1, 0), MOV_REG(2, 10), ADD(2, -32), MOV(3, 32), CALL(SEND), EXIT,
    };
    const uint64_t silent[] = {
        MOV(0, 0), MOV(0, 0), MOV(0, 0), EXIT,
        CALL(TICK), MOV(1, 0), MOV_REG(2, 10), ADD(2, -32), MOV(3, 32), CALL(TICK), EXIT,
    };
    const uint64_t receiver[] = {
        MOV(1, 0), MOV(2, 1), CALL(LISTEN), EXIT,
        CALL(TICK), EXIT,
    };
    const struct atto_right to_send = { 1, ATTO_OPERATION_WRITE, 0, ATTO_RANGE_END, 0, 0, 0 };
    const struct atto_right to_receive = { 1, ATTO_OPERATION_READ, 0, ATTO_RANGE_END, 0, 0, 0 };
    begin();
    struct atto_container *from = install(sender, sizeof sender / 8u, &to_send, 1, 1);
    struct atto_container *to = install(receiver, sizeof receiver / 8u, &to_receive, 1, 2);
    atto_engine_poll(&engine);
    all_ok = all_ok && mailbox_state.listener.container == to;
    tick_count = 0;
    all_ok = all_ok && atto_engine_post(&engine, from, 4, 0, NULL, 0) == ATTO_OK;
    atto_engine_poll(&engine);
    all_ok = all_ok && tick_count == 2u && mailbox_state.used == 0u;
    uint32_t spent = board_instructions(ticks[0], ticks[1]);
    from = install(silent, sizeof silent / 8u, &to_send, 1, 1);
    atto_engine_poll(&engine);
    tick_count = 0;
    all_ok = all_ok && atto_engine_post(&engine, from, 4, 0, NULL, 0) == ATTO_OK;
    atto_engine_poll(&engine);
    all_ok = all_ok && tick_count == 2u;
    return spent - board_instructions(ticks[0], ticks[1]);
}

static uint32_t change_costs(void)
{
    static const uint64_t nothing[] = { MOV(0, 0), MOV(0, 0), MOV(0, 0), EXIT, MOV(0, 0), EXIT };
    const struct atto_right right = { 0, ATTO_OPERATION_READ | 4u << 4, 0, 63, 100, 1000, 0 };
    const struct atto_right lower = { 0, ATTO_OPERATION_READ | 4u << 4, 0, 31, 10, 1000, 0 };
    begin();
    struct atto_container *container = install(nothing, 6, &right, 1, 0);
    uint32_t begin_count = board_counter();
    enum atto_status status = atto_engine_set_rights(&engine, container, 0, &lower, 1, 0);
    uint32_t spent = board_instructions(begin_count, board_counter());
    all_ok = all_ok && status == ATTO_OK;
    return spent;
}

int main(void)
{
    const struct atto_right rated = { 0, ATTO_OPERATION_READ | 4u << 4, 0, 63, 1000, 10000, 0 };
    const struct atto_right none = { 0, ATTO_OPERATION_WRITE, 0, 63, 0, 0, 0 };
    if (!board_counter_start()) {
        printf("gate: this machine does not count instructions exactly\n");
        return 2;
    }
    print_instructions("gate_read8", call_costs(&rated, 8), true);
    print_instructions("gate_refused", call_costs(&none, (uint64_t)(int64_t)ATTO_E_DENIED), true);
    print_instructions("message32", message(), true);
    print_instructions("right_change", change_costs(), true);
    return all_ok ? 0 : 1;
}
