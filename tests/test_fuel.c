/* Fuel: what an activation may spend, for every form of branch; that slices of any size change nothing; and that ten
 * thousand instances, interleaved at random with random fuel, do what each of them does alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "harness.h"
#include "pair.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static struct pair pair;

/* Gives a program slices of `fuel` for some hundred instructions and holds it against the model, which also looks at
 * the overrun of each slice. Answers how it ended. */
static enum atto_outcome slices_of(const uint64_t *slots, uint32_t slot_count, uint32_t fuel)
{
    const uint32_t total = ON_LINUX_OR_BOARD(300u, 100u);
    enum atto_outcome outcome = ATTO_YIELD;
    if (!pair_open(&pair, slots, slot_count, 0))
        return ATTO_FAULT;
    pair_start(&pair);
    for (uint32_t given = 0; given < total && outcome == ATTO_YIELD && !harness_failed(); given += fuel)
        outcome = pair_resume(&pair, fuel);
    return outcome;
}

/* Values of r1 and r2 with which a condition holds: found by asking the model. */
static bool find_taken(uint64_t jump, int32_t *r1, int32_t *r2)
{
    static const int32_t values[] = { 0, 1, -1, 2, -2 };
    for (uint32_t i = 0; i < 25u; i++) {
        const uint64_t slots[] = { MOV(1, values[i % 5u]), MOV(2, values[i / 5u]), jump, EXIT, EXIT };
        struct reference model = { .text = (const uint8_t *)slots, .slot_count = 5, .depth_max = 8 };
        reference_start(&model, 0);
        reference_run(&model, 3);
        *r1 = values[i % 5u];
        *r2 = values[i / 5u];
        if (model.pc == 4u)
            return true;
    }
    return false;
}

/* A loop that is closed by the given jump, with a block of `straight` instructions before it. */
static void loop_closed_by(uint64_t jump, uint32_t straight)
{
    uint64_t slots[40];
    uint32_t at = 0;
    int32_t r1 = 0, r2 = 0;
    bool is_conditional = (jump & 0xf0) != 0, is_long = (jump & 0xff) == 0x06;
    if (is_conditional && !find_taken(jump | (uint64_t)1 << 16, &r1, &r2)) {
        harness_fail(__FILE__, __LINE__, "no values for which the condition holds");
        return;
    }
    slots[at++] = MOV(1, r1);
    slots[at++] = MOV(2, r2);
    uint32_t start = at;
    for (uint32_t i = 0; i < straight; i++)
        slots[at++] = ADD(0, 1);
    uint64_t distance = (uint64_t)start - at - 1u;
    slots[at++] = jump | (is_long ? (distance & 0xffffffff) << 32 : (distance & 0xffff) << 16);
    slots[at++] = EXIT;
    for (uint32_t fuel = 1; fuel <= ON_LINUX_OR_BOARD(64u, 8u); fuel += fuel < 8u ? 1u : 7u) {
        harness_case(jump & 0xff, fuel);
        EQUAL(slices_of(slots, at, fuel), ATTO_YIELD);
        EQUAL(pair.guest.receipt.longest_run, straight + 3u);
    }
}

static void every_backward_jump(void)
{
    static const uint8_t conditions[] = { IF_EQ, IF_GT, IF_GE, IF_SET, IF_NE, IF_SGT, IF_SGE, IF_LT, IF_LE, IF_SLT,
                                          IF_SLE };
    static const uint32_t lengths[] = { 0, 1, 9, 30 };
    for (uint32_t k = 0; k < COUNT(lengths); k++) {
        for (uint32_t i = 0; i < COUNT(conditions) && !harness_failed(); i++) {
            loop_closed_by(JUMP_REG(conditions[i], 1, 2, 0), lengths[k]);
            loop_closed_by(JUMP32_REG(conditions[i], 1, 2, 0), lengths[k]);
            for (int32_t imm = -1; imm <= 1 && !harness_failed(); imm++) {
                bool never = (conditions[i] == IF_SET && imm == 0) || (conditions[i] == IF_GT && imm == -1) ||
                             (conditions[i] == IF_LT && imm == 0);
                if (never)
                    continue;
                loop_closed_by(JUMP_IMM(conditions[i], 1, imm, 0), lengths[k]);
                loop_closed_by(JUMP32_IMM(conditions[i], 1, imm, 0), lengths[k]);
            }
        }
        loop_closed_by(JUMP(0), lengths[k]);
        loop_closed_by(JUMP_LONG(0), lengths[k]);
        GO_ON();
    }
}

/* Recursion that never returns ends at the depth limit; calls and returns in a loop go on for ever. */
static void calls_and_returns(void)
{
    for (uint32_t fuel = 1; fuel < 20u && !harness_failed(); fuel++) {
        harness_case(fuel, 0);
        EQUAL(slices_of(SLOTS(ADD(0, 1), CALL_LOCAL(-2), EXIT), fuel), ATTO_FAULT);
        GO_ON();
        EQUAL(slices_of(SLOTS(CALL_LOCAL(1), JUMP(-2), ADD(0, 1), EXIT), fuel), ATTO_YIELD);
        GO_ON();
        EQUAL(slices_of(SLOTS(CALL_LOCAL(1), JUMP(-2), CALL_LOCAL(1), EXIT, EXIT), fuel), ATTO_YIELD);
        GO_ON();
        EQUAL(slices_of(SLOTS(CALL(GENERATED_CALL_MIX), MOV(0, 0), JUMP(-3)), fuel), ATTO_YIELD);
        GO_ON();
        EQUAL(slices_of(SLOTS(CALL(GUEST_CALL_ZERO), CALL(GUEST_CALL_ZERO), JUMP(-3)), fuel), ATTO_YIELD);
        GO_ON();
        EQUAL(slices_of(SLOTS(WIDE(1, 5), WIDE(2, 6), JUMP(-5)), fuel), ATTO_YIELD);
        GO_ON();
    }
}

/* In total, whatever the slices: an activation never spends more than it got and one longest run. */
static void never_more_than_given_and_one_run(void)
{
    static struct generated program;
    for (uint32_t i = 0; i < harness_rounds(ON_LINUX_OR_BOARD(3000, 100)); i++) {
        struct rng rng = { harness_seed() + i };
        harness_case(rng.state, i);
        generate(&program, &rng, GENERATE_EVERYTHING);
        if (!pair_open_generated(&pair, &program, &rng))
            return;
        uint32_t total = 0;
        struct atto_run *run = pair.guest.run;
        pair_start(&pair);
        enum atto_outcome outcome = ATTO_YIELD;
        while (total < 500u && (outcome == ATTO_YIELD || outcome == ATTO_WAIT)) {
            uint32_t fuel = rng_once_in(&rng, 3) ? 1u : 1u + rng_below(&rng, 60);
            total += fuel;
            outcome = pair_resume(&pair, fuel);
            uint64_t spent = pair.model.executed + (outcome == ATTO_FAULT ? 1u : 0u) + pair.world.price_sum;
            GO_ON();
            EQUAL((int64_t)total - run->fuel, spent);
            CHECK(spent <= total + pair.guest.receipt.longest_run);
            CHECK(outcome != ATTO_YIELD || run->fuel <= 0);
        }
    }
}

static void no_fuel_is_no_step(void)
{
    static struct guest guest;
    guest_begin(&guest, SLOTS(MOV(0, 1), EXIT));
    CHECK(guest_open(&guest));
    EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
    for (uint32_t i = 0; i < 3u; i++)
        EQUAL(atto_run_resume(guest.run, 0), ATTO_YIELD);
    EQUAL(guest.run->pc, 0);
    EQUAL(atto_bpf_register(guest.run, 0), 0);
    EQUAL(guest.run->fuel, 0);
    EQUAL(atto_run_resume(guest.run, 1), ATTO_DONE);
    EQUAL(guest.run->fuel, -1);
}

/* A debt is paid before the program goes on. */
static void overruns_are_paid_back(void)
{
    static struct guest guest;
    guest_begin(&guest, SLOTS(MOV(0, 1), MOV(0, 2), MOV(0, 3), MOV(0, 4), JUMP(-5)));
    CHECK(guest_open(&guest));
    EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
    EQUAL(atto_run_resume(guest.run, 1), ATTO_YIELD);
    EQUAL(guest.run->fuel, -4);
    EQUAL(atto_run_resume(guest.run, 4), ATTO_YIELD);
    EQUAL(guest.run->fuel, 0);
    EQUAL(atto_run_resume(guest.run, 1), ATTO_YIELD);
    EQUAL(guest.run->fuel, -4);
}

/* Twice the largest slice, which a program can have that waits at once; and far behind in the text. */
static void largest_fuel(void)
{
    static struct guest guest;
    static struct guest_world world;
    static uint64_t slots[60];
    for (uint32_t i = 0; i < 3u; i++) {
        uint32_t waits_at = 1u + 25u * i;
        slots[0] = JUMP((int32_t)waits_at - 1);
        for (uint32_t k = 1; k < waits_at; k++)
            slots[k] = MOV(0, 0);
        slots[waits_at] = CALL(GENERATED_CALL_LATER);
        slots[waits_at + 1u] = JUMP(0);
        slots[waits_at + 2u] = EXIT;
        guest_begin(&guest, slots, waits_at + 3u);
        guest.host.user = &world;
        harness_case(waits_at, 0);
        CHECK(guest_open(&guest));
        EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
        EQUAL(atto_run_resume(guest.run, ATTO_FUEL_MAX), ATTO_WAIT);
        EQUAL(guest.run->fuel, ATTO_FUEL_MAX - 2u - GUEST_PRICE_LATER);
        EQUAL(atto_run_answer(guest.run, 7), ATTO_OK);
        EQUAL(atto_run_resume(guest.run, ATTO_FUEL_MAX), ATTO_DONE);
        EQUAL(atto_run_result(guest.run), 7);
        EQUAL(guest.run->fuel, 2u * ATTO_FUEL_MAX - 4u - GUEST_PRICE_LATER);
    }
}

/* The interleaving test: instances of some programs, each with a context and an arena of its own. */
#define PROGRAMS ON_LINUX_OR_BOARD(200u, 20u)
#define INSTANCES ON_LINUX_OR_BOARD(10000u, 200u)
#define ALONE_FUEL 4000u

struct instance {
    struct guest *guest;
    struct atto_run *run;
    struct atto_host host;
    struct guest_world world;
    uint8_t context[GENERATED_CONTEXT_BYTES];
    uint32_t given;
    bool ended;
};

/* What an instance leaves behind. */
struct trace {
    uint64_t result, memory;
    int32_t spent;
    uint32_t pc;
    int8_t fault;
    uint8_t outcome;
};

static struct guest *guests;
static struct generated *programs;
static struct instance *instances;
static struct trace *alone;

static void fill_context(struct instance *instance, uint32_t number)
{
    struct rng rng = { number };
    for (uint32_t i = 0; i < GENERATED_CONTEXT_BYTES; i++)
        instance->context[i] = (uint8_t)rng_next(&rng);
}

static bool start_instance(struct instance *instance, uint32_t number, void *arena)
{
    struct guest *guest = &guests[number % PROGRAMS];
    *instance = (struct instance){ .guest = guest };
    instance->host = (struct atto_host){ .calls = &guest_calls, .user = &instance->world };
    fill_context(instance, number);
    const struct atto_context context = { instance->context, GENERATED_CONTEXT_BYTES, ATTO_WRITE };
    return atto_run_open(&atto_executor_bpf, &guest->image, &guest->receipt, &instance->host, arena,
                         guest->receipt.arena_bytes, &instance->run) == ATTO_OK &&
           atto_run_start(instance->run, 0, &context) == ATTO_OK;
}

static enum atto_outcome slice_of_instance(struct instance *instance, uint32_t fuel)
{
    if (instance->run->outcome == ATTO_WAIT)
        atto_run_answer(instance->run, instance->world.pending);
    instance->given += fuel;
    return atto_run_resume(instance->run, fuel);
}

static uint64_t hash(uint64_t sum, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; bytes != NULL && i < len; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u;
    return sum;
}

static struct trace trace_of(const struct instance *instance)
{
    const struct atto_run *run = instance->run;
    struct trace trace;
    memset(&trace, 0, sizeof trace);
    trace.result = run->outcome == ATTO_DONE ? atto_run_result(run) : 0;
    trace.memory = hash(1, instance->context, GENERATED_CONTEXT_BYTES);
    trace.memory = hash(trace.memory, atto_run_span(run, ADDRESS(REGION_DATA, 0), PAIR_DATA_BYTES, ATTO_READ),
                        PAIR_DATA_BYTES);
    trace.memory = hash(trace.memory, atto_run_span(run, ADDRESS(REGION_STACK, 0), instance->guest->receipt.stack_bytes,
                                                    ATTO_READ), instance->guest->receipt.stack_bytes);
    trace.spent = (int32_t)instance->given - run->fuel;
    trace.pc = run->pc;
    trace.fault = run->fault;
    trace.outcome = run->outcome;
    return trace;
}

/* Programs that end within ALONE_FUEL with the context of each of their instances. */
static bool make_program(uint32_t index, struct rng *rng)
{
    struct generated *program = &programs[index];
    struct guest *guest = &guests[index];
    generate(program, rng, GENERATE_EVERYTHING);
    guest_begin(guest, program->slots, program->slot_count);
    struct guest_function table[GENERATED_FUNCTIONS];
    for (uint32_t i = 0; i < program->function_count; i++)
        table[i] = (struct guest_function){ (uint16_t)program->functions[i].start,
                                            (uint16_t)program->functions[i].frame_bytes,
                                            (uint16_t)program->stack_bytes[i], program->depth[i] };
    if (program->function_count != 0)
        guest_function_table(guest, table, program->function_count);
    guest->image.data = (struct atto_span){ program->data, GENERATED_DATA_BYTES };
    guest->image.bss_bytes = GENERATED_BSS_BYTES;
    guest->image.rodata = (struct atto_span){ program->rodata, GENERATED_RODATA_BYTES };
    if (guest_check(guest) != ATTO_OK)
        return false;
    void *arena = malloc(guest->receipt.arena_bytes);
    bool ends = arena != NULL;
    for (uint32_t i = index; i < INSTANCES && ends; i += PROGRAMS) {
        struct instance *instance = &instances[i];
        enum atto_outcome outcome = ATTO_WAIT;
        ends = start_instance(instance, i, arena);
        while (ends && outcome == ATTO_WAIT)
            outcome = slice_of_instance(instance, ALONE_FUEL);
        ends = ends && outcome != ATTO_YIELD;
        if (ends)
            alone[i] = trace_of(instance);
    }
    free(arena);
    return ends;
}

static void run_interleaved(struct rng *rng)
{
    uint32_t left = INSTANCES, *order = malloc(INSTANCES * sizeof *order);
    CHECK(order != NULL);
    for (uint32_t i = 0; i < INSTANCES; i++)
        order[i] = i;
    while (left != 0) {
        uint32_t at = rng_below(rng, left);
        struct instance *instance = &instances[order[at]];
        enum atto_outcome outcome = slice_of_instance(instance, 1u + rng_below(rng, 200));
        if (outcome != ATTO_YIELD && outcome != ATTO_WAIT)
            order[at] = order[--left];
    }
    free(order);
}

static void interleaved_instances(void)
{
    struct rng rng = { harness_seed() };
    guests = malloc(PROGRAMS * sizeof *guests);
    programs = malloc(PROGRAMS * sizeof *programs);
    instances = malloc(INSTANCES * sizeof *instances);
    alone = malloc(INSTANCES * sizeof *alone);
    if (guests == NULL || programs == NULL || instances == NULL || alone == NULL) {
        harness_skip("the board has too little memory");
        return;
    }
    for (uint32_t i = 0; i < PROGRAMS; i++)
        while (!make_program(i, &rng))
            continue;
    for (uint32_t i = 0; i < INSTANCES; i++) {
        void *arena = malloc(guests[i % PROGRAMS].receipt.arena_bytes);
        CHECK(arena != NULL && start_instance(&instances[i], i, arena));
    }
    run_interleaved(&rng);
    uint32_t faults = 0;
    for (uint32_t i = 0; i < INSTANCES; i++) {
        struct trace together = trace_of(&instances[i]);
        harness_case(i, 0);
        EQUAL(together.outcome, alone[i].outcome);
        EQUAL(together.fault, alone[i].fault);
        EQUAL(together.pc, alone[i].pc);
        EQUAL(together.result, alone[i].result);
        EQUAL(together.spent, alone[i].spent);
        EQUAL(together.memory, alone[i].memory);
        faults += together.outcome == ATTO_FAULT;
        free(instances[i].run);
    }
    CHECK(faults > INSTANCES / 100u && faults < INSTANCES - INSTANCES / 100u);
    free(guests);
    free(programs);
    free(instances);
    free(alone);
}

static const struct harness_test tests[] = {
    TEST(every_backward_jump, "A loop closed by any form of jump stops within its fuel and one block."),
    TEST(calls_and_returns, "Loops through calls, returns and host calls stop within their fuel and one block."),
    TEST(never_more_than_given_and_one_run, "In all slices together nothing spends more than its fuel and one run."),
    TEST(no_fuel_is_no_step, "Without fuel no instruction is carried out."),
    TEST(overruns_are_paid_back, "What a slice spent too much comes off the next one."),
    TEST(largest_fuel, "The largest balance does not overflow."),
    TEST(interleaved_instances, "Instances interleaved at random with random fuel do what each does alone."),
};
HARNESS_MAIN(tests)
