/* Guests and their host calls; see guest.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define PLENTY_OF_FUEL 1000000u

static uint64_t mix(const uint64_t *r)
{
    return (r[1] * 3u + r[2]) ^ (r[3] << 7) ^ (r[4] - r[5]);
}

static uint64_t sum(const uint8_t *bytes, uint64_t len)
{
    uint64_t total = 0;
    if (bytes == NULL)
        return ~(uint64_t)0;
    for (uint64_t i = 0; i < len; i++)
        total += bytes[i];
    return total;
}

static void charge(struct atto_run *run, uint32_t price)
{
    struct guest_world *world = run->host->user;
    if (world != NULL) {
        world->price_sum += price;
        world->call_count += 1;
    }
}

static int32_t call_mix(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    charge(run, GUEST_PRICE_MIX);
    r[0] = mix(r);
    return ATTO_OK;
}

static int32_t call_later(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    struct guest_world *world = run->host->user;
    charge(run, GUEST_PRICE_LATER);
    if (world != NULL)
        world->pending = mix(r);
    return ATTO_CALL_WAIT;
}

static int32_t call_sum(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    charge(run, GUEST_PRICE_SUM);
    r[0] = sum(atto_run_span(run, r[1], (uint32_t)r[2], ATTO_READ), (uint32_t)r[2]);
    return ATTO_OK;
}

static int32_t call_fail(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    charge(run, GUEST_PRICE_FAIL);
    if (r[1] % 32u == 0)
        return ATTO_E_DENIED;
    r[0] = r[1];
    return ATTO_OK;
}

static int32_t call_zero(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    charge(run, 0);
    r[0] = 0;
    return ATTO_OK;
}

static int32_t call_load(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    charge(run, GUEST_PRICE_LOAD);
    const uint8_t *from = atto_run_span(run, r[1] + r[2], (uint32_t)r[4], ATTO_READ);
    uint8_t *to = atto_run_span(run, r[3], (uint32_t)r[4], ATTO_WRITE);
    if (from == NULL || to == NULL)
        return ATTO_E_ARGUMENT;
    memcpy(to, from, (size_t)r[4]);
    r[0] = 0;
    return ATTO_OK;
}

static const struct atto_call calls[ATTO_CALL_PAGE] = {
    [GENERATED_CALL_MIX] = { call_mix, GUEST_PRICE_MIX, 0 },
    [GENERATED_CALL_LATER] = { call_later, GUEST_PRICE_LATER, 0 },
    [GENERATED_CALL_SUM] = { call_sum, GUEST_PRICE_SUM, 0 },
    [GENERATED_CALL_FAIL] = { call_fail, GUEST_PRICE_FAIL, 0 },
    [GUEST_CALL_ZERO] = { call_zero, 0, 0 },
};
static const struct atto_call more_calls[ATTO_CALL_PAGE] = {
    [GENERATED_CALL_LOAD % ATTO_CALL_PAGE] = { call_load, GUEST_PRICE_LOAD, 0 },
};
const struct atto_call_table guest_calls = { { calls, [GENERATED_CALL_LOAD / ATTO_CALL_PAGE] = more_calls } };

bool guest_reference_call(struct reference *m, uint32_t number)
{
    switch (number) {
    case GENERATED_CALL_MIX:
    case GENERATED_CALL_LATER:
        m->r[0] = mix(m->r);
        return true;
    case GENERATED_CALL_SUM:
        m->r[0] = sum(reference_span(m, m->r[1], (uint32_t)m->r[2], false), (uint32_t)m->r[2]);
        return true;
    case GENERATED_CALL_FAIL:
        if (m->r[1] % 32u == 0)
            return false;
        m->r[0] = m->r[1];
        return true;
    case GUEST_CALL_ZERO:
        m->r[0] = 0;
        return true;
    case GENERATED_CALL_LOAD: {
        const uint8_t *from = reference_span(m, m->r[1] + m->r[2], (uint32_t)m->r[4], false);
        uint8_t *to = reference_span(m, m->r[3], (uint32_t)m->r[4], true);
        if (from == NULL || to == NULL)
            return false;
        memcpy(to, from, (size_t)m->r[4]);
        m->r[0] = 0;
        return true;
    }
    default:
        return false;
    }
}

void guest_begin(struct guest *guest, const uint64_t *slots, uint32_t slot_count)
{
    memset(guest, 0, sizeof *guest);
    atto_image_bare((const uint8_t *)slots, slot_count * 8u, &guest->image);
    guest->limits.calls = &guest_calls;
    for (uint32_t i = 0; i < ATTO_CALL_IDS; i++)
        atto_callset_add(&guest->limits.granted, i);
    guest->host.calls = &guest_calls;
}

void guest_function_table(struct guest *guest, const struct guest_function *functions, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *record = guest->functions + ATTO_FUNCTION_BYTES * i;
        record[0] = (uint8_t)(functions[i].start % 256u);
        record[1] = (uint8_t)(functions[i].start / 256u);
        record[2] = (uint8_t)(functions[i].frame_bytes % 256u);
        record[3] = (uint8_t)(functions[i].frame_bytes / 256u);
        record[4] = (uint8_t)(functions[i].stack_bytes % 256u);
        record[5] = (uint8_t)(functions[i].stack_bytes / 256u);
        record[6] = functions[i].depth;
    }
    guest->image.functions.ptr = guest->functions;
    guest->image.functions.len = ATTO_FUNCTION_BYTES * count;
}

enum atto_status guest_check(struct guest *guest)
{
    return atto_executor_bpf.check(&guest->image, &guest->limits, &guest->receipt, &guest->refusal);
}

enum atto_status guest_open_in(struct guest *guest, void *arena, uint32_t arena_bytes)
{
    return atto_run_open(&atto_executor_bpf, &guest->image, &guest->receipt, &guest->host, arena, arena_bytes,
                         &guest->run);
}

bool guest_open(struct guest *guest)
{
    static uint8_t *arena;
    enum atto_status status = guest_check(guest);
    if (status != ATTO_OK) {
        harness_fail_values(__FILE__, __LINE__, "refused at slot", guest->refusal.at, (uint64_t)(int64_t)status);
        return false;
    }
    free(arena);
    arena = malloc(guest->receipt.arena_bytes);
    if (arena == NULL) {
        harness_fail(__FILE__, __LINE__, "malloc");
        return false;
    }
    /* What open has to clear is not clear. */
    memset(arena, 0xa5, guest->receipt.arena_bytes);
    status = guest_open_in(guest, arena, guest->receipt.arena_bytes);
    if (status != ATTO_OK)
        harness_fail_values(__FILE__, __LINE__, "open", (uint64_t)(int64_t)status, ATTO_OK);
    return status == ATTO_OK;
}

enum atto_outcome guest_run(struct guest *guest, const struct atto_context *context)
{
    struct guest_world world = { 0, 0, 0 };
    guest->host.user = &world;
    if (atto_run_start(guest->run, 0, context) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "start");
    enum atto_outcome outcome = atto_run_resume(guest->run, PLENTY_OF_FUEL);
    while (outcome == ATTO_WAIT) {
        atto_run_answer(guest->run, world.pending);
        outcome = atto_run_resume(guest->run, PLENTY_OF_FUEL);
    }
    guest->host.user = NULL;
    return outcome;
}

uint64_t guest_value(const uint64_t *slots, uint32_t slot_count)
{
    struct guest guest;
    guest_begin(&guest, slots, slot_count);
    if (!guest_open(&guest))
        return 0;
    enum atto_outcome outcome = guest_run(&guest, NULL);
    if (outcome != ATTO_DONE)
        harness_fail_values(__FILE__, __LINE__, "outcome", outcome, ATTO_DONE);
    return atto_run_result(guest.run);
}

enum atto_status guest_refusal(const uint64_t *slots, uint32_t slot_count)
{
    struct guest guest;
    guest_begin(&guest, slots, slot_count);
    return guest_check(&guest);
}
