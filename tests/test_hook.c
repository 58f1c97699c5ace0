/* Hooks: the order of attached containers, the four policies, attaching and detaching while the hook fires, faults in
 * the middle, containers that are busy, the fuel bound and the host calls that a hook allows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/hook.h"

#include <string.h>

#include "encode.h"
#include "guest.h"
#include "harness.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define CONTAINERS 6u

/* Numbers of the host calls of this test. */
enum { CALL_TRACE = 10, CALL_ACT, CALL_OTHER, CALL_WAIT };

struct hook_context {
    uint64_t number;
    uint64_t sum;
};

static struct atto_instance containers[CONTAINERS];
static struct atto_attachment attachments[CONTAINERS];
static _Alignas(ATTO_ARENA_ALIGN) uint8_t arenas[CONTAINERS][1024];
static struct hook_context context;

/* What ran, as a number of decimal digits, and what a container's call of CALL_ACT is to do. */
static uint64_t trace;
static void (*act)(void);

static int32_t call_trace(struct atto_call_frame *call)
{
    uint64_t *r = call->r;
    trace = trace * 10u + r[1];
    return ATTO_OK;
}

static int32_t call_act(struct atto_call_frame *call)
{
    uint64_t *r = call->r;
    r[0] = 0;
    if (act != NULL)
        act();
    return ATTO_OK;
}

static int32_t call_wait(struct atto_call_frame *call)
{
    (void)call;
    return ATTO_CALL_WAIT;
}

static const struct atto_call calls[ATTO_CALL_PAGE] = {
    [CALL_TRACE] = { call_trace, 0, 0 }, [CALL_ACT] = { call_act, 0, 0 },
    [CALL_OTHER] = { call_trace, 0, 0 }, [CALL_WAIT] = { call_wait, 0, 0 },
};
static const struct atto_call_table call_table = { { calls } };
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
#define BITS(a, b, c) { { [0] = 1u << (a) | 1u << (b) | 1u << (c) } }
static const struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &call_table },
    .granted = { { [0] = 1u << CALL_TRACE | 1u << CALL_ACT | 1u << CALL_OTHER | 1u << CALL_WAIT } },
    .fuel = 1000,
};
static const struct atto_hook_type type = {
    .name = "test",
    .value_meaning = "the last container's number",
    .context_bytes = sizeof(struct hook_context),
    .access = ATTO_WRITE,
    .fuel = 50,
    .calls = BITS(CALL_TRACE, CALL_ACT, CALL_WAIT),
};
static struct atto_hook hook;

static enum atto_status install(uint32_t index, const uint64_t *slots, uint32_t slot_count)
{
    /* The text stays in use. */
    static uint64_t texts[CONTAINERS][32];
    struct atto_image image;
    memcpy(texts[index], slots, slot_count * 8u);
    atto_image_bare((const uint8_t *)texts[index], slot_count * 8u, &image);
    return atto_instance_install_image(&containers[index], &firmware, &image, arenas[index], sizeof arenas[index],
                                        NULL);
}

/* A container that leaves its digit in the trace and gives a value. */
static enum atto_status install_tracer(uint32_t index, int32_t value)
{
    return install(index, SLOTS(MOV(1, index), CALL(CALL_TRACE), MOV(0, value), EXIT));
}

/* One that calls CALL_ACT before it gives its digit as its value. */
static enum atto_status install_actor(uint32_t index)
{
    return install(index, SLOTS(MOV(1, index), CALL(CALL_TRACE), CALL(CALL_ACT), MOV(0, index), EXIT));
}

static enum atto_status attach(uint32_t index, uint8_t priority, enum atto_hook_policy policy)
{
    return atto_hook_attach(&hook, &attachments[index], &containers[index], 0, priority, policy);
}

/* An empty hook, no containers, no trace. */
static void begin(void)
{
    hook = (struct atto_hook)ATTO_HOOK_INIT(&type);
    memset(attachments, 0, sizeof attachments);
    memset(containers, 0, sizeof containers);
    context = (struct hook_context){ 0, 0 };
    trace = 0;
    act = NULL;
}

static int64_t fire(int64_t value)
{
    trace = 0;
    return atto_hook_fire(&hook, &context, value);
}

static void empty_hook(void)
{
    begin();
    EQUAL(fire(-5), -5);
    EQUAL(atto_hook_run(&hook, &context, 6), 6);
    EQUAL(hook.firing, 0);
}

static void order_of_priorities(void)
{
    begin();
    static const uint8_t priorities[CONTAINERS] = { 7, 3, 7, 0, 15, 3 };
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        EQUAL(install_tracer(i, (int32_t)i), ATTO_OK);
        EQUAL(attach(i, priorities[i], ATTO_HOOK_CONTINUE), ATTO_OK);
    }
    EQUAL(fire(9), 4);
    EQUAL(trace, 315024);
    EQUAL(atto_hook_detach(&hook, &attachments[5]), ATTO_OK);
    EQUAL(atto_hook_detach(&hook, &attachments[4]), ATTO_OK);
    EQUAL(atto_hook_detach(&hook, &attachments[3]), ATTO_OK);
    EQUAL(fire(9), 2);
    EQUAL(trace, 102);
    EQUAL(attach(3, 7, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(9), 3);
    EQUAL(trace, 1023);
    for (uint32_t i = 0; i < 4u; i++)
        EQUAL(atto_hook_detach(&hook, &attachments[i]), ATTO_OK);
    EQUAL(fire(9), 9);
    CHECK(hook.first == NULL);
}

/* Two containers; the first gives `value` under `policy`. Does the second run? */
static bool second_runs(int32_t value, enum atto_hook_policy policy)
{
    begin();
    if (install_tracer(1, value) != ATTO_OK || install_tracer(2, 77) != ATTO_OK ||
        attach(1, 0, policy) != ATTO_OK || attach(2, 1, ATTO_HOOK_CONTINUE) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "attach");
    int64_t result = fire(5);
    if (trace == 12 ? result != 77 : trace != 1 || result != value)
        harness_fail_values(__FILE__, __LINE__, "trace", trace, (uint64_t)result);
    return trace == 12;
}

static void policies(void)
{
    static const int32_t values[] = { INT32_MIN, -1, 0, 1, INT32_MAX };
    for (uint32_t i = 0; i < COUNT(values); i++) {
        harness_case(i, 0);
        CHECK(second_runs(values[i], ATTO_HOOK_CONTINUE));
        EQUAL(second_runs(values[i], ATTO_HOOK_STOP_ON_NEGATIVE), values[i] >= 0);
        EQUAL(second_runs(values[i], ATTO_HOOK_STOP_ON_POSITIVE), values[i] <= 0);
        CHECK(!second_runs(values[i], ATTO_HOOK_SINGLE));
    }
}

/* All 64 bits count for the sign. */
static void values_have_64_bits(void)
{
    begin();
    EQUAL(install(1, SLOTS(WIDE(0, 0x80000000), EXIT)), ATTO_OK);
    EQUAL(install(2, SLOTS(WIDE(0, 0x8000000000000000), EXIT)), ATTO_OK);
    EQUAL(install_tracer(3, 1), ATTO_OK);
    EQUAL(attach(1, 0, ATTO_HOOK_STOP_ON_NEGATIVE), ATTO_OK);
    EQUAL(attach(2, 1, ATTO_HOOK_STOP_ON_NEGATIVE), ATTO_OK);
    EQUAL(attach(3, 2, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(0), INT64_MIN);
    EQUAL(trace, 0);
}

static void refused_attachments(void)
{
    begin();
    EQUAL(attach(0, 0, ATTO_HOOK_CONTINUE), ATTO_E_STATE); /* nothing installed */
    EQUAL(install_tracer(0, 0), ATTO_OK);
    EQUAL(attach(0, 16, ATTO_HOOK_CONTINUE), ATTO_E_ARGUMENT);
    EQUAL(attach(0, 255, ATTO_HOOK_CONTINUE), ATTO_E_ARGUMENT);
    EQUAL(attach(0, 0, (enum atto_hook_policy)4), ATTO_E_ARGUMENT);
    EQUAL(attach(0, 0, (enum atto_hook_policy)-1), ATTO_E_ARGUMENT);
    EQUAL(atto_hook_attach(&hook, &attachments[0], &containers[0], 1, 0, ATTO_HOOK_CONTINUE), ATTO_E_ENTRY);
    CHECK(hook.first == NULL);
    EQUAL(attach(0, 15, ATTO_HOOK_SINGLE), ATTO_OK);
    EQUAL(attach(0, 15, ATTO_HOOK_SINGLE), ATTO_E_STATE);
    EQUAL(atto_hook_detach(&hook, &attachments[1]), ATTO_E_NOT_FOUND);
    EQUAL(atto_hook_detach(&hook, &attachments[0]), ATTO_OK);
    EQUAL(atto_hook_detach(&hook, &attachments[0]), ATTO_E_NOT_FOUND);
}

static void denied_calls(void)
{
    begin();
    EQUAL(install(0, SLOTS(MOV(1, 1), CALL(CALL_OTHER), MOV(0, 0), EXIT)), ATTO_OK);
    EQUAL(attach(0, 0, ATTO_HOOK_CONTINUE), ATTO_E_DENIED);
    EQUAL(fire(3), 3);
    EQUAL(install_actor(0), ATTO_OK);
    EQUAL(attach(0, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
}

static void context_of_a_hook(void)
{
    begin();
    EQUAL(install(1, SLOTS(LOAD(SIZE_DW, 3, 1, 0), STORE(SIZE_DW, 1, 3, 8), MOV_REG(0, 2), EXIT)), ATTO_OK);
    EQUAL(install(2, SLOTS(LOAD(SIZE_DW, 0, 1, 8), EXIT)), ATTO_OK);
    EQUAL(install(3, SLOTS(LOAD(SIZE_B, 0, 1, sizeof context), EXIT)), ATTO_OK);
    EQUAL(attach(1, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    context.number = 4711;
    EQUAL(fire(0), sizeof context);
    EQUAL(context.sum, 4711);
    EQUAL(attach(2, 1, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(attach(3, 2, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(0), 4711);
    EQUAL(attachments[3].faults, 1);
    EQUAL(containers[3].run->fault, ATTO_FAULT_MEMORY);
    /* The same with a hook that lets nobody write. */
    static const struct atto_hook_type read_type = { .name = "read", .context_bytes = 16, .access = ATTO_READ,
                                                     .fuel = 50 };
    struct atto_hook reading = ATTO_HOOK_INIT(&read_type);
    struct atto_attachment attachment = { 0 };
    context.sum = 0;
    EQUAL(atto_hook_attach(&reading, &attachment, &containers[1], 0, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(atto_hook_fire(&reading, &context, 6), 6);
    EQUAL(attachment.faults, 1);
    EQUAL(context.sum, 0);
}

static void faults_in_the_middle(void)
{
    begin();
    EQUAL(install_tracer(1, 11), ATTO_OK);
    EQUAL(install(2, SLOTS(MOV(1, 2), CALL(CALL_TRACE), LOAD(SIZE_B, 0, 0, 0), EXIT)), ATTO_OK);   /* memory */
    EQUAL(install(3, SLOTS(MOV(1, 3), CALL(CALL_TRACE), JUMP(-1))), ATTO_OK);                       /* fuel */
    EQUAL(install(4, SLOTS(MOV(1, 4), CALL(CALL_TRACE), CALL(CALL_WAIT), MOV(0, 1), EXIT)), ATTO_OK); /* waits */
    EQUAL(install_tracer(5, -5), ATTO_OK);
    for (uint32_t i = 1; i < CONTAINERS; i++)
        EQUAL(attach(i, 0, i == 1u || i == 5u ? ATTO_HOOK_CONTINUE : ATTO_HOOK_SINGLE), ATTO_OK);
    for (uint32_t round = 1; round <= 3u; round++) {
        EQUAL(fire(9), -5);
        EQUAL(trace, 12345);
        for (uint32_t i = 1; i < CONTAINERS; i++) {
            bool is_good = i == 1u || i == 5u;
            harness_case(i, round);
            EQUAL(attachments[i].runs, is_good ? round : 0);
            EQUAL(attachments[i].faults, is_good ? 0 : round);
            EQUAL(attachments[i].skipped, 0);
            EQUAL(containers[i].activations, round);
        }
    }
    EQUAL(containers[2].run->fault, ATTO_FAULT_MEMORY);
    EQUAL(containers[3].run->fault, ATTO_FAULT_FUEL);
    EQUAL(containers[4].run->fault, ATTO_FAULT_WAIT);
    EQUAL(atto_hook_detach(&hook, &attachments[5]), ATTO_OK);
    EQUAL(fire(9), 11);
    EQUAL(atto_hook_detach(&hook, &attachments[1]), ATTO_OK);
    EQUAL(fire(9), 9);
}

static void fuel_bound_of_a_hook(void)
{
    begin();
    EQUAL(install(1, SLOTS(JUMP(-1))), ATTO_OK);
    EQUAL(attach(1, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(2), 2);
    EQUAL(containers[1].last_fuel, type.fuel);
    /* 45 instructions in the loop, 3 around it: within the bound. One round more is not. */
    EQUAL(install(2, SLOTS(MOV(0, 15), ADD(0, -1), MOV(1, 0), JUMP_IMM(IF_NE, 0, 0, -3), MOV(0, 8), EXIT)), ATTO_OK);
    EQUAL(attach(2, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(2), 8);
    EQUAL(install(3, SLOTS(MOV(0, 17), ADD(0, -1), MOV(1, 0), JUMP_IMM(IF_NE, 0, 0, -3), MOV(0, 8), EXIT)), ATTO_OK);
    EQUAL(atto_hook_detach(&hook, &attachments[2]), ATTO_OK);
    EQUAL(attach(3, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(2), 2);
    EQUAL(containers[3].run->fault, ATTO_FAULT_FUEL);
}

static void smaller_fuel_of_the_container(void)
{
    begin();
    EQUAL(install(1, SLOTS(JUMP(-1))), ATTO_OK);
    containers[1].fuel = type.fuel / 2u;
    EQUAL(attach(1, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(2), 2);
    EQUAL(containers[1].last_fuel, type.fuel / 2u);
}

static void attached_elsewhere(void)
{
    begin();
    struct atto_hook other = ATTO_HOOK_INIT(&type);
    EQUAL(install_tracer(1, 1), ATTO_OK);
    EQUAL(install_tracer(2, 2), ATTO_OK);
    EQUAL(attach(1, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(attach(2, 1, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(atto_hook_attach(&other, &attachments[1], &containers[1], 0, 0, ATTO_HOOK_CONTINUE), ATTO_E_STATE);
    EQUAL(atto_hook_detach(&other, &attachments[1]), ATTO_E_NOT_FOUND);
    EQUAL(fire(0), 2);
    EQUAL(trace, 12);
    EQUAL(atto_hook_detach(&hook, &attachments[1]), ATTO_OK);
    EQUAL(atto_hook_attach(&other, &attachments[1], &containers[1], 0, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(0), 2);
    EQUAL(atto_hook_fire(&other, &context, 0), 1);
}

static void detach_1(void)
{
    atto_hook_detach(&hook, &attachments[1]);
}

static void detach_2(void)
{
    atto_hook_detach(&hook, &attachments[2]);
}

static void detach_all(void)
{
    for (uint32_t i = 1; i < 4u; i++)
        atto_hook_detach(&hook, &attachments[i]);
}

/* Containers 1 (which acts), 2 and 3, in this order. */
static bool begin_three(void (*action)(void))
{
    begin();
    act = action;
    return install_actor(1) == ATTO_OK && install_tracer(2, 2) == ATTO_OK && install_tracer(3, 3) == ATTO_OK &&
           attach(1, 1, ATTO_HOOK_CONTINUE) == ATTO_OK && attach(2, 2, ATTO_HOOK_CONTINUE) == ATTO_OK &&
           attach(3, 3, ATTO_HOOK_CONTINUE) == ATTO_OK;
}

static void detaching_while_the_hook_fires(void)
{
    CHECK(begin_three(detach_1));
    EQUAL(fire(0), 3);
    EQUAL(trace, 123);
    EQUAL(fire(0), 3);
    EQUAL(trace, 23);
    CHECK(begin_three(detach_2));
    EQUAL(fire(0), 3);
    EQUAL(trace, 13);
    EQUAL(fire(0), 3);
    EQUAL(trace, 13);
    EQUAL(attach(2, 4, ATTO_HOOK_CONTINUE), ATTO_OK);
    act = NULL;
    EQUAL(fire(0), 2);
    EQUAL(trace, 132);
    CHECK(begin_three(detach_all));
    EQUAL(fire(0), 1);
    EQUAL(trace, 1);
    CHECK(hook.first == NULL);
    EQUAL(fire(8), 8);
}

static enum atto_status attached_from_inside;

static void attach_0_before(void)
{
    act = NULL;
    attached_from_inside = attach(0, 0, ATTO_HOOK_CONTINUE);
}

static void attach_0_behind(void)
{
    act = NULL;
    attached_from_inside = attach(0, 15, ATTO_HOOK_CONTINUE);
}

static void detach_and_attach_again(void)
{
    act = NULL;
    atto_hook_detach(&hook, &attachments[2]);
    attached_from_inside = attach(2, 15, ATTO_HOOK_CONTINUE);
}

static void attaching_while_the_hook_fires(void)
{
    CHECK(begin_three(attach_0_behind));
    EQUAL(install_tracer(0, 0), ATTO_OK);
    EQUAL(fire(9), 0);
    EQUAL(attached_from_inside, ATTO_OK);
    EQUAL(trace, 1230);
    CHECK(begin_three(attach_0_before));
    EQUAL(install_tracer(0, 9), ATTO_OK);
    EQUAL(fire(9), 3);
    EQUAL(attached_from_inside, ATTO_OK);
    EQUAL(trace, 123);
    EQUAL(fire(9), 3);
    EQUAL(trace, 123); /* with a 0 in front */
    EQUAL(attachments[0].runs, 1);
    /* An attachment that is still part of this firing cannot be used again in it. */
    CHECK(begin_three(detach_and_attach_again));
    EQUAL(fire(9), 3);
    EQUAL(attached_from_inside, ATTO_E_STATE);
    EQUAL(trace, 13);
    EQUAL(attach(2, 15, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(9), 2);
}

static int64_t nested_value;

static void fire_again(void)
{
    nested_value = atto_hook_fire(&hook, &context, 70);
}

static void fire_again_and_detach(void)
{
    fire_again();
    detach_2();
    EQUAL(atto_hook_detach(&hook, &attachments[2]), ATTO_E_NOT_FOUND);
}

static void busy_containers_are_skipped(void)
{
    CHECK(begin_three(fire_again));
    EQUAL(fire(9), 3);
    EQUAL(trace, 12323);
    EQUAL(nested_value, 3);
    EQUAL(attachments[1].runs, 1);
    EQUAL(attachments[1].skipped, 1);
    EQUAL(attachments[1].faults, 0);
    EQUAL(attachments[2].runs, 2);
    EQUAL(containers[1].activations, 1);
    EQUAL(hook.firing, 0);
    CHECK(begin_three(fire_again_and_detach));
    EQUAL(fire(9), 3);
    EQUAL(trace, 1233);
    EQUAL(fire(9), 3);
    EQUAL(trace, 133);
}

static enum atto_status from_inside[4];

static void use_itself(void)
{
    uint64_t value = 0;
    from_inside[0] = atto_instance_call(&containers[1], 0, NULL, 10, &value);
    from_inside[1] = atto_instance_remove(&containers[1]);
    from_inside[2] = atto_instance_check_entry(&containers[1], 0);
    from_inside[3] = attach(4, 0, ATTO_HOOK_CONTINUE);
}

static void a_busy_container_is_left_alone(void)
{
    CHECK(begin_three(use_itself));
    EQUAL(fire(9), 3);
    for (uint32_t i = 0; i < 3u; i++)
        EQUAL(from_inside[i], ATTO_E_BUSY);
    EQUAL(from_inside[3], ATTO_E_STATE);
    EQUAL(trace, 123);
}

static void two_hooks_share_a_container(void)
{
    begin();
    struct atto_hook other = ATTO_HOOK_INIT(&type);
    struct atto_attachment attachment = { 0 };
    EQUAL(install_tracer(1, 1), ATTO_OK);
    EQUAL(attach(1, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(atto_hook_attach(&other, &attachment, &containers[1], 0, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(fire(0), 1);
    EQUAL(atto_hook_fire(&other, &context, 0), 1);
    EQUAL(containers[1].activations, 2);
    EQUAL(atto_hook_detach(&other, &attachments[1]), ATTO_E_NOT_FOUND);
}

static void a_removed_container_is_a_fault(void)
{
    begin();
    EQUAL(install_tracer(1, 1), ATTO_OK);
    EQUAL(attach(1, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(atto_instance_remove(&containers[1]), ATTO_OK);
    EQUAL(fire(4), 4);
    EQUAL(attachments[1].runs, 0);
}

static const struct harness_test tests[] = {
    TEST(empty_hook, "A hook without containers gives back the value that it was fired with."),
    TEST(order_of_priorities, "Containers run by priority, equals in the order of attaching, changes included."),
    TEST(policies, "Each policy stops or goes on as its sentence says, on both sides of 0."),
    TEST(values_have_64_bits, "The sign of a value is that of all 64 bits."),
    TEST(refused_attachments, "What cannot be attached is refused and changes nothing."),
    TEST(denied_calls, "A program that can make a call that the hook does not allow is not attached."),
    TEST(context_of_a_hook, "Containers see the context of the firing, and write to it if the hook lets them."),
    TEST(faults_in_the_middle, "A fault, used-up fuel or a wait loses that value alone; policies of others count."),
    TEST(fuel_bound_of_a_hook, "Each container gets the hook's fuel at each firing and not more."),
    TEST(smaller_fuel_of_the_container, "A container that may have less fuel than the hook gives has less."),
    TEST(attached_elsewhere, "An attachment is at one hook at a time."),
    TEST(detaching_while_the_hook_fires, "What is detached in a firing does not run again, the rest does."),
    TEST(attaching_while_the_hook_fires, "What is attached in a firing takes part if its place is still to come."),
    TEST(busy_containers_are_skipped, "A hook fired from a container skips this one and counts it."),
    TEST(a_busy_container_is_left_alone, "A container in an activation is not called, removed or attached."),
    TEST(two_hooks_share_a_container, "A container can be attached to several hooks."),
    TEST(a_removed_container_is_a_fault, "An attachment whose container was removed gives no value."),
};
HARNESS_MAIN(tests)
