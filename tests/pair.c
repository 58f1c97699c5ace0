/* Atto and the reference model in step.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <string.h>

#include "encode.h"
#include "harness.h"

static bool differ(int line, const char *what, uint64_t is, uint64_t should)
{
    if (is != should)
        harness_fail_values(__FILE__, line, what, is, should);
    return is != should;
}
#define DIFFER(what, is, should) differ(__LINE__, what, (uint64_t)(int64_t)(is), (uint64_t)(int64_t)(should))

static void begin_model(struct pair *pair)
{
    struct reference *model = &pair->model;
    const struct guest *guest = &pair->guest;
    model->text = guest->image.text.ptr;
    model->slot_count = guest->image.text.len / 8u;
    model->default_frame_bytes = 512;
    model->depth_max = guest->receipt.call_depth;
    model->call = guest_reference_call;
    model->user = &pair->world;
    model->region[REGION_STACK] = (struct reference_region){ pair->stack, guest->receipt.stack_bytes, true };
    if (pair->context.len != 0)
        model->region[REGION_CONTEXT] =
            (struct reference_region){ pair->model_context, pair->context.len, pair->context.access == ATTO_WRITE };
}

static bool open_both(struct pair *pair)
{
    if (!guest_open(&pair->guest))
        return false;
    if (pair->guest.receipt.stack_bytes > PAIR_STACK_BYTES) {
        harness_fail(__FILE__, __LINE__, "stack is larger than PAIR_STACK_BYTES");
        return false;
    }
    pair->guest.host.user = &pair->world;
    begin_model(pair);
    return true;
}

bool pair_open(struct pair *pair, const uint64_t *slots, uint32_t slot_count, uint32_t context_bytes)
{
    memset(pair, 0, sizeof *pair);
    guest_begin(&pair->guest, slots, slot_count);
    pair->context = (struct atto_context){ pair->guest_context, context_bytes, ATTO_WRITE };
    return open_both(pair);
}

bool pair_reopen(struct pair *pair, const struct generated *program)
{
    if (!open_both(pair))
        return false;
    memset(pair->stack, 0, sizeof pair->stack);
    memset(pair->data, 0, sizeof pair->data);
    memcpy(pair->data, program->data, GENERATED_DATA_BYTES);
    for (uint32_t i = 0; i < program->function_count; i++)
        pair->functions[i] = program->functions[i];
    pair->model.functions = pair->functions;
    pair->model.function_count = program->function_count;
    pair->model.femto = pair->guest.image.format == ATTO_FORMAT_FEMTO;
    pair->model.region[REGION_DATA] =
        (struct reference_region){ pair->data, GENERATED_DATA_BYTES + GENERATED_BSS_BYTES, true };
    pair->model.region[REGION_RODATA] =
        (struct reference_region){ (uint8_t *)(uintptr_t)program->rodata, GENERATED_RODATA_BYTES, false };
    return true;
}

bool pair_open_generated(struct pair *pair, const struct generated *program, struct rng *rng)
{
    struct guest_function table[GENERATED_FUNCTIONS];
    memset(pair, 0, sizeof *pair);
    guest_begin(&pair->guest, program->slots, program->slot_count);
    for (uint32_t i = 0; i < program->function_count; i++) {
        table[i].start = (uint16_t)program->functions[i].start;
        table[i].frame_bytes = (uint16_t)program->functions[i].frame_bytes;
        table[i].stack_bytes = (uint16_t)program->stack_bytes[i];
        table[i].depth = program->depth[i];
    }
    if (program->function_count != 0)
        guest_function_table(&pair->guest, table, program->function_count);
    pair->guest.image.data = (struct atto_span){ program->data, GENERATED_DATA_BYTES };
    pair->guest.image.bss_bytes = GENERATED_BSS_BYTES;
    pair->guest.image.rodata = (struct atto_span){ program->rodata, GENERATED_RODATA_BYTES };
    pair->context = (struct atto_context){ pair->guest_context, GENERATED_CONTEXT_BYTES, ATTO_WRITE };
    for (uint32_t i = 0; i < PAIR_CONTEXT_BYTES; i++)
        pair->guest_context[i] = (uint8_t)rng_next(rng);
    return pair_reopen(pair, program);
}

void pair_start(struct pair *pair)
{
    memset(&pair->world, 0, sizeof pair->world);
    memcpy(pair->model_context, pair->guest_context, PAIR_CONTEXT_BYTES);
    if (atto_run_start(pair->guest.run, 0, pair->context.len != 0 ? &pair->context : NULL) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "start");
    reference_start(&pair->model, 0);
}

/* Memory of one region, seen from both sides. */
static bool same_memory(const struct pair *pair, uint32_t number)
{
    const struct reference_region *region = &pair->model.region[number];
    if (region->ptr == NULL || region->len == 0)
        return true;
    const uint8_t *bytes = atto_run_span(pair->guest.run, ADDRESS(number, 0), region->len, ATTO_READ);
    if (bytes == NULL || memcmp(bytes, region->ptr, region->len) != 0) {
        harness_fail_values(__FILE__, __LINE__, "memory differs, region", number, number);
        return false;
    }
    return true;
}

static void compare(const struct pair *pair)
{
    const struct atto_run *run = pair->guest.run;
    const struct reference *model = &pair->model;
    bool wrong = DIFFER("pc", run->pc, model->pc) || DIFFER("depth", run->depth, model->depth);
    for (uint32_t i = 0; i < 11u && !wrong; i++) {
        uint64_t value = atto_bpf_register(run, i);
        if (value != model->r[i])
            harness_case(i, run->pc);
        wrong = differ(__LINE__, "register (case: register, pc)", value, model->r[i]);
    }
    for (uint32_t i = REGION_STACK; i <= REGION_CONTEXT && !wrong; i++)
        wrong = !same_memory(pair, i);
    if (!wrong && memcmp(pair->guest_context, pair->model_context, PAIR_CONTEXT_BYTES) != 0)
        harness_fail(__FILE__, __LINE__, "memory behind the context differs");
}

/* How the model must have ended where Atto ended so. */
static enum reference_outcome counterpart(const struct atto_run *run, enum atto_outcome outcome)
{
    if (outcome == ATTO_DONE)
        return REFERENCE_EXIT;
    if (outcome != ATTO_FAULT)
        return REFERENCE_RUNNING;
    switch (run->fault) {
    case ATTO_FAULT_MEMORY:
        return REFERENCE_MEMORY;
    case ATTO_FAULT_CALL_DEPTH:
        return REFERENCE_DEPTH_OVER;
    case ATTO_FAULT_HOST_CALL:
        return REFERENCE_CALL_FAILED;
    default:
        return REFERENCE_ILLEGAL;
    }
}

enum atto_outcome pair_resume(struct pair *pair, uint32_t fuel)
{
    struct atto_run *run = pair->guest.run;
    int64_t before = run->fuel, prices = (int64_t)pair->world.price_sum;
    enum atto_outcome outcome = atto_run_resume(run, fuel);
    int64_t spent = before + fuel - run->fuel - ((int64_t)pair->world.price_sum - prices);
    if (outcome == ATTO_WAIT && atto_run_answer(run, pair->world.pending) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "answer");
    if (-(int64_t)run->fuel > (int64_t)pair->guest.receipt.longest_run)
        harness_fail_values(__FILE__, __LINE__, "overrun against longest_run", (uint64_t)-(int64_t)run->fuel,
                            pair->guest.receipt.longest_run);
    /* The instruction that faults is charged. */
    uint64_t carried_out = pair->model.executed + (uint64_t)spent - (outcome == ATTO_FAULT ? 1u : 0u);
    enum reference_outcome model_outcome = reference_run(&pair->model, carried_out);
    if (outcome == ATTO_FAULT && model_outcome == REFERENCE_RUNNING)
        model_outcome = reference_step(&pair->model);
    if (DIFFER("the model's outcome", model_outcome, counterpart(run, outcome)) ||
        DIFFER("instructions charged", carried_out, pair->model.executed))
        return outcome;
    if (outcome == ATTO_FAULT && run->fault == ATTO_FAULT_MEMORY)
        DIFFER("fault address", run->fault_address, pair->model.fault_address);
    if (outcome == ATTO_DONE)
        DIFFER("result", atto_run_result(run), pair->model.r[0]);
    compare(pair);
    return outcome;
}

enum atto_outcome pair_run(struct pair *pair, struct rng *rng, uint32_t slice_max, uint32_t fuel_total)
{
    enum atto_outcome outcome = ATTO_YIELD;
    uint32_t given = 0;
    while ((outcome == ATTO_YIELD || outcome == ATTO_WAIT) && given < fuel_total && !harness_failed()) {
        uint32_t fuel = 1u + rng_below(rng, slice_max);
        given += fuel;
        outcome = pair_resume(pair, fuel);
    }
    return outcome;
}
