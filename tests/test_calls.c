/* Local calls and host calls: frames, saved registers and depth of the former; prices, waiting, failing and rights of
 * the latter.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "guest.h"
#include "harness.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define FUNCTIONS(...) (const struct guest_function[]){ __VA_ARGS__ }, \
    (uint32_t)(sizeof((const struct guest_function[]){ __VA_ARGS__ }) / sizeof(struct guest_function))

static struct guest guest;

/* r6 + r7 + r8 + r9 after the call, with r0 to r5 as the callee left them. */
static void saved_registers_come_back(void)
{
    guest_begin(&guest, SLOTS(MOV(6, 60), MOV(7, 70), MOV(8, 80), MOV(9, 90), MOV(1, 11), CALL_LOCAL(1), EXIT,
                              /* callee */
                              MOV(6, -1), MOV(7, -1), MOV(8, -1), MOV(9, -1), ADD(1, 1), MOV(2, 22), MOV(0, 5), EXIT));
    CHECK(guest_open(&guest));
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    for (uint32_t i = 6; i < 10u; i++)
        EQUAL(atto_bpf_register(guest.run, i), 10u * i);
    EQUAL(atto_bpf_register(guest.run, 0), 5);
    EQUAL(atto_bpf_register(guest.run, 1), 12);
    EQUAL(atto_bpf_register(guest.run, 2), 22);
    EQUAL(atto_bpf_register(guest.run, 10), ADDRESS(REGION_STACK, 0) + guest.receipt.stack_bytes);
    EQUAL(guest.run->depth, 0);
}

static void callee_sees_the_callers_registers(void)
{
    EQUAL(guest_value(SLOTS(MOV(1, 1), MOV(2, 2), MOV(3, 3), MOV(4, 4), MOV(5, 5), MOV(6, 6), CALL_LOCAL(1), EXIT,
                            MOV_REG(0, 1), ADD_REG(0, 2), ADD_REG(0, 3), ADD_REG(0, 4), ADD_REG(0, 5), ADD_REG(0, 6),
                            EXIT)), 21);
}

/* Each function has a frame of its own below its caller's: 24, 40 and 8 bytes. */
static void frames_are_those_of_the_table(void)
{
    const uint64_t slots[] = {
        /* 0 */ MOV_REG(6, 10), CALL_FRAME(2, 24), ALU64_REG(OP_SUB, 6, 10), EXIT,
        /* 4 */ MOV_REG(7, 10), CALL_FRAME(1, 40), EXIT,
        /* 7 */ MOV_REG(0, 10), EXIT,
    };
    guest_begin(&guest, slots, COUNT(slots));
    guest_function_table(&guest, FUNCTIONS({ 0, 24, 72, 3 }, { 4, 40, 48, 2 }, { 7, 8, 8, 1 }));
    CHECK(guest_open(&guest));
    EQUAL(guest.receipt.stack_bytes, 72);
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(atto_run_result(guest.run), ADDRESS(REGION_STACK, 72 - 24 - 40));
    EQUAL(atto_bpf_register(guest.run, 6), 0);
}

static void frames_without_a_table_have_512_bytes(void)
{
    EQUAL(guest_value(SLOTS(MOV_REG(6, 10), CALL_LOCAL(2), ALU64_REG(OP_SUB, 0, 6), EXIT, MOV_REG(0, 10), EXIT)), -512);
}

static void callee_does_not_overwrite_its_callers_frame(void)
{
    EQUAL(guest_value(SLOTS(STORE_IMM(SIZE_DW, 10, -8, 7), STORE_IMM(SIZE_DW, 10, -512, 8), CALL_LOCAL(4),
                            LOAD(SIZE_DW, 0, 10, -8), LOAD(SIZE_DW, 1, 10, -512), ADD_REG(0, 1), EXIT,
                            STORE_IMM(SIZE_DW, 10, -8, -1), STORE_IMM(SIZE_DW, 10, -512, -1), EXIT)), 15);
}

static void callee_can_use_its_callers_memory(void)
{
    EQUAL(guest_value(SLOTS(MOV_REG(1, 10), ADD(1, -16), CALL_LOCAL(2), LOAD(SIZE_DW, 0, 10, -16), EXIT,
                            STORE_IMM(SIZE_DW, 1, 0, 123), EXIT)), 123);
}

static void recursion(void)
{
    /* r0 = r1 + (r1 - 1) + ... + 1 */
    const uint64_t slots[] = {
        MOV(1, ATTO_BPF_CALL_DEPTH - 2), CALL_LOCAL(1), EXIT,
        MOV(0, 0), JUMP_IMM(IF_EQ, 1, 0, 4), MOV_REG(6, 1), ADD(1, -1), CALL_LOCAL(-5), ADD_REG(0, 6), EXIT,
    };
    EQUAL(guest_value(slots, COUNT(slots)), (ATTO_BPF_CALL_DEPTH - 2) * (ATTO_BPF_CALL_DEPTH - 1) / 2);
}

/* How deep a function can call itself: r1 times. */
static enum atto_outcome recurse(int32_t times, bool has_table)
{
    const uint64_t slots[] = {
        MOV(1, times), JUMP_IMM(IF_EQ, 1, 0, 2), ADD(1, -1), has_table ? CALL_FRAME(3, 8) : CALL_LOCAL(3), EXIT,
        MOV(0, 0), EXIT,
        JUMP_IMM(IF_EQ, 1, 0, 2), ADD(1, -1), has_table ? CALL_FRAME(-3, 8) : CALL_LOCAL(-3), EXIT,
    };
    guest_begin(&guest, slots, COUNT(slots));
    if (has_table)
        guest_function_table(&guest, FUNCTIONS({ 0, 8, 8 * ATTO_BPF_CALL_DEPTH, ATTO_BPF_CALL_DEPTH },
                                               { 7, 8, 8 * ATTO_BPF_CALL_DEPTH, ATTO_BPF_CALL_DEPTH }));
    if (!guest_open(&guest))
        return ATTO_YIELD;
    return guest_run(&guest, NULL);
}

static void depth_limit_is_exact(void)
{
    for (uint32_t has_table = 0; has_table < 2u; has_table++) {
        harness_case(has_table, 0);
        EQUAL(recurse(ATTO_BPF_CALL_DEPTH - 1, has_table != 0), ATTO_DONE);
        EQUAL(recurse(ATTO_BPF_CALL_DEPTH, has_table != 0), ATTO_FAULT);
        EQUAL(guest.run->fault, ATTO_FAULT_CALL_DEPTH);
        EQUAL(guest.run->pc, 9);
        EQUAL(guest.run->depth, ATTO_BPF_CALL_DEPTH - 1);
        EQUAL(recurse(1000000, has_table != 0), ATTO_FAULT);
        EQUAL(recurse(0, has_table != 0), ATTO_DONE);
    }
}

static void an_activation_starts_at_depth_0(void)
{
    EQUAL(recurse(ATTO_BPF_CALL_DEPTH, false), ATTO_FAULT);
    EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
    EQUAL(guest.run->depth, 0);
    EQUAL(atto_bpf_register(guest.run, 10), ADDRESS(REGION_STACK, 0) + guest.receipt.stack_bytes);
}

static void entry_points_are_starts_of_functions(void)
{
    guest_begin(&guest, SLOTS(MOV(0, 1), EXIT, MOV(0, 2), EXIT, WIDE(0, 3), EXIT));
    CHECK(guest_open(&guest));
    CHECK(!atto_run_is_entry(&atto_executor_bpf, &guest.image, 2));
    CHECK(atto_run_is_entry(&atto_executor_bpf, &guest.image, 0));
    guest_begin(&guest, SLOTS(MOV(0, 1), EXIT, MOV(0, 2), EXIT, WIDE(0, 3), EXIT));
    guest_function_table(&guest, FUNCTIONS({ 0, 8, 8, 1 }, { 2, 8, 8, 1 }, { 4, 8, 8, 1 }));
    CHECK(guest_open(&guest));
    for (uint32_t slot = 0; slot < 10u; slot++) {
        harness_case(slot, 0);
        EQUAL(atto_run_is_entry(&atto_executor_bpf, &guest.image, slot), slot % 2u == 0 && slot < 5u);
        /* where no instruction begins, nothing is started even if nobody has asked before */
        EQUAL(atto_run_start(guest.run, slot, NULL), slot < 7u && slot != 5u ? ATTO_OK : ATTO_E_ENTRY);
        if (slot % 2u == 0 && slot < 5u) {
            EQUAL(atto_run_resume(guest.run, 100), ATTO_DONE);
            EQUAL(atto_run_result(guest.run), slot / 2u + 1u);
        }
    }
    EQUAL(atto_run_start(guest.run, 0xffffffffu, NULL), ATTO_E_ENTRY);
    EQUAL(atto_run_start(guest.run, 0x10000, NULL), ATTO_E_ENTRY);
}

static void host_call_prices(void)
{
    guest_begin(&guest, SLOTS(CALL(GENERATED_CALL_MIX), CALL(GUEST_CALL_ZERO), CALL(GENERATED_CALL_SUM), EXIT));
    CHECK(guest_open(&guest));
    EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
    EQUAL(atto_run_resume(guest.run, 1000), ATTO_DONE);
    EQUAL(guest.run->fuel, 1000 - 4 - GUEST_PRICE_MIX - GUEST_PRICE_SUM);
}

static void waiting_for_an_answer(void)
{
    static struct guest_world world;
    guest_begin(&guest, SLOTS(MOV(6, 6), MOV(1, 1), MOV(2, 2), MOV(3, 0), MOV(4, 0), MOV(5, 0),
                              CALL(GENERATED_CALL_LATER), ADD_REG(0, 6), EXIT));
    guest.host.user = &world;
    CHECK(guest_open(&guest));
    EQUAL(atto_run_answer(guest.run, 1), ATTO_E_STATE);
    EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
    EQUAL(atto_run_answer(guest.run, 1), ATTO_E_STATE);
    EQUAL(atto_run_resume(guest.run, 100), ATTO_WAIT);
    EQUAL(guest.run->fuel, 100 - 7 - GUEST_PRICE_LATER);
    for (uint32_t i = 0; i < 3u; i++)
        EQUAL(atto_run_resume(guest.run, 100), ATTO_WAIT);
    EQUAL(guest.run->fuel, 100 - 7 - GUEST_PRICE_LATER);
    EQUAL(world.pending, 5);
    EQUAL(atto_run_answer(guest.run, 0xfedcba9876543210), ATTO_OK);
    EQUAL(atto_run_answer(guest.run, 1), ATTO_E_STATE);
    EQUAL(atto_run_resume(guest.run, 1), ATTO_DONE);
    EQUAL(atto_run_result(guest.run), 0xfedcba9876543216);
    EQUAL(atto_run_answer(guest.run, 1), ATTO_E_STATE);
    EQUAL(world.call_count, 1);
}

static void a_new_activation_drops_the_wait(void)
{
    static struct guest_world world;
    guest_begin(&guest, SLOTS(CALL(GENERATED_CALL_LATER), EXIT));
    guest.host.user = &world;
    CHECK(guest_open(&guest));
    EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
    EQUAL(atto_run_resume(guest.run, 100), ATTO_WAIT);
    EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
    EQUAL(atto_run_answer(guest.run, 1), ATTO_E_STATE);
    EQUAL(guest.run->pc, 0);
    EQUAL(atto_run_resume(guest.run, 100), ATTO_WAIT);
}

static void a_failing_call_ends_the_activation(void)
{
    guest_begin(&guest, SLOTS(MOV(0, 3), MOV(1, 64), CALL(GENERATED_CALL_FAIL), MOV(0, 4), EXIT));
    CHECK(guest_open(&guest));
    EQUAL(guest_run(&guest, NULL), ATTO_FAULT);
    EQUAL(guest.run->fault, ATTO_FAULT_HOST_CALL);
    EQUAL(guest.run->pc, 2);
    EQUAL(atto_bpf_register(guest.run, 0), 3);
    EQUAL(atto_run_resume(guest.run, 100), ATTO_FAULT);
    EQUAL(atto_run_answer(guest.run, 100), ATTO_E_STATE);
    EQUAL(guest_value(SLOTS(MOV(1, 65), CALL(GENERATED_CALL_FAIL), EXIT)), 65);
}

static void arguments_and_registers_of_host_calls(void)
{
    guest_begin(&guest, SLOTS(MOV(1, 1), MOV(2, 2), MOV(3, 3), MOV(4, 4), MOV(5, 5), MOV(6, 6), MOV(9, 9),
                              CALL(GENERATED_CALL_MIX), EXIT));
    CHECK(guest_open(&guest));
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(atto_run_result(guest.run), (1u * 3u + 2u) ^ 3u << 7 ^ (uint64_t)-1);
    EQUAL(atto_bpf_register(guest.run, 6), 6);
    EQUAL(atto_bpf_register(guest.run, 9), 9);
    EQUAL(atto_bpf_register(guest.run, 10), ADDRESS(REGION_STACK, 512));
}

static void tables_are_chained(void)
{
    CHECK(atto_call_find(&guest_calls, GENERATED_CALL_MIX) != NULL);
    CHECK(atto_call_find(&guest_calls, GENERATED_CALL_LOAD) != NULL);
    EQUAL(atto_call_find(&guest_calls, GENERATED_CALL_LOAD)->price, GUEST_PRICE_LOAD);
    CHECK(atto_call_find(&guest_calls, 0) == NULL);
    CHECK(atto_call_find(&guest_calls, 6) == NULL); /* in the table, not in use */
    CHECK(atto_call_find(&guest_calls, 25) == NULL);
    CHECK(atto_call_find(&guest_calls, 27) == NULL);
    CHECK(atto_call_find(&guest_calls, 0xffffffffu) == NULL);
    CHECK(atto_call_find(NULL, 1) == NULL);
}

static void sets_of_calls(void)
{
    struct atto_callset part = { { 0 } }, whole = { { 0 } };
    atto_callset_add(&part, 0);
    atto_callset_add(&part, 255);
    atto_callset_add(&part, 256);
    atto_callset_add(&part, 0xffffffffu);
    for (uint32_t i = 0; i < 600u; i++)
        EQUAL(atto_callset_has(&part, i), i == 0 || i == 255u);
    CHECK(!atto_callset_has(&part, 0xffffffffu));
    CHECK(!atto_callset_within(&part, &whole));
    CHECK(atto_callset_within(&whole, &part));
    atto_callset_add(&whole, 0);
    CHECK(!atto_callset_within(&part, &whole));
    atto_callset_add(&whole, 255);
    atto_callset_add(&whole, 31);
    CHECK(atto_callset_within(&part, &whole));
}

static const struct harness_test tests[] = {
    TEST(saved_registers_come_back, "A local call keeps r6 to r10 and gives r0 to r5 as the callee left them."),
    TEST(callee_sees_the_callers_registers, "A callee gets its arguments, and finds r6 to r9 as they were."),
    TEST(frames_are_those_of_the_table, "Each function's frame has the size that the function table names."),
    TEST(frames_without_a_table_have_512_bytes, "Without a function table each frame has 512 bytes."),
    TEST(callee_does_not_overwrite_its_callers_frame, "Frames of caller and callee do not overlap."),
    TEST(callee_can_use_its_callers_memory, "A pointer into the caller's frame works in the callee."),
    TEST(recursion, "A recursive function computes its sum."),
    TEST(depth_limit_is_exact, "Exactly as many functions may be active as the limit says, with and without a table."),
    TEST(an_activation_starts_at_depth_0, "After a fault deep down the next activation starts afresh."),
    TEST(entry_points_are_starts_of_functions, "An activation begins at the start of a function or not at all."),
    TEST(host_call_prices, "A host call costs its price beside the call instruction."),
    TEST(waiting_for_an_answer, "A call that waits stops the activation until it is answered, once, with the answer."),
    TEST(a_new_activation_drops_the_wait, "A new activation forgets the call that the last one waited for."),
    TEST(a_failing_call_ends_the_activation, "A host call that fails ends the activation there, with its status."),
    TEST(arguments_and_registers_of_host_calls, "Arguments are r1 to r5, the result is r0, nothing else changes."),
    TEST(tables_are_chained, "A call is found in whichever table has its number, and nowhere else."),
    TEST(sets_of_calls, "Sets hold exactly the numbers below the limit that were added."),
};
HARNESS_MAIN(tests)
