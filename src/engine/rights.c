/* Rights of containers: the gate that their host calls pass, changes while they run, windows, ceilings of tenants.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "../exec/judge.h"
#include "container.h"

#include <string.h>

/* ---- the block of grants ---- */

static uint32_t row_bytes(bool metered)
{
    return (uint32_t)(sizeof(struct atto_right) + (metered ? sizeof(struct atto_meter) : 0u));
}

uint32_t atto_grants_bytes(uint32_t count, bool metered)
{
    return atto_pool_rounded((uint32_t)sizeof(struct grants) + count * row_bytes(metered));
}

struct grants *atto_grants_make(struct atto_engine *engine, uint32_t tenant, uint32_t count, bool metered)
{
    uint32_t bytes = atto_grants_bytes(count, metered);
    struct grants *grants = (struct grants *)(void *)atto_pool_take(engine, bytes, POOL_GRANTS);
    if (grants == NULL)
        return NULL;
    struct atto_right *right = (struct atto_right *)(void *)(grants + 1);
    memset(&grants->block + 1, 0, bytes - sizeof grants->block);
    grants->rights.right = right;
    grants->rights.meter = metered ? (struct atto_meter *)(void *)(right + count) : NULL;
    grants->capacity = (uint8_t)count;
    grants->tenant = (uint8_t)tenant;
    return grants;
}
_Static_assert(sizeof(struct grants) % sizeof(uint32_t) == 0u, "rights and meters lie behind it");

void atto_grants_free(struct atto_container *container)
{
    if (container->grants != NULL)
        atto_pool_give(&container->grants->block);
    container->grants = NULL;
}

void atto_grants_renew(struct atto_container *container)
{
    struct grants *grants = container->grants;
    if (grants == NULL)
        return;
    memset(grants->window, 0, sizeof grants->window);
    grants->life = ++engine_of(container)->last_life;
}

/* ---- judging and cutting a right ---- */

bool atto_right_legal(const struct atto_engine *engine, const struct atto_right *right)
{
    uint32_t period = atto_right_period(right);
    bool rated = (right->calls | right->bytes) != 0u;
    return right->endpoint < engine->host.endpoint_count && right->first <= right->last &&
           period <= ATTO_PERIOD_MAX && rated == (period != 0u);
}

/* The smaller of two numbers of which 0 stands for no limit. */
static uint16_t tighter(uint16_t left, uint16_t right)
{
    if (left == 0u || (right != 0u && right < left))
        return right;
    return left;
}

/* Has the row of a ceiling something in common with a right? */
static bool overlaps(const struct atto_right *row, const struct atto_right *right)
{
    return row->endpoint == right->endpoint && (row->operations & right->operations & ATTO_OPERATIONS) != 0u &&
           row->first <= right->last && right->first <= row->last;
}

static void intersect(struct atto_right *right, const struct atto_right *row)
{
    uint32_t period = atto_right_period(right), other = atto_right_period(row);
    right->operations = (uint8_t)((right->operations & row->operations & ATTO_OPERATIONS) |
                                  (period > other ? period : other) << 4);
    if (right->first < row->first)
        right->first = row->first;
    if (right->last > row->last)
        right->last = row->last;
    right->calls = tighter(right->calls, row->calls);
    right->bytes = tighter(right->bytes, row->bytes);
    right->total = tighter(right->total, row->total);
}

void atto_right_cut(const struct atto_engine *engine, uint32_t number, struct atto_right *right)
{
    const struct atto_tenant *tenant = atto_tenant_find(engine, number);
    right->operations &= (uint8_t)(engine->host.endpoints[right->endpoint].operations | 0xf0u);
    if (tenant == NULL)
        return;
    for (uint32_t i = 0; i < tenant->right_count; i++) {
        if (overlaps(&tenant->rights[i], right)) {
            intersect(right, &tenant->rights[i]);
            return;
        }
    }
    right->operations &= 0xf0u;
}

/* ---- the gate ---- */

static inline void tally(struct atto_container *container, uint32_t number)
{
    container->counters.host_calls++;
    container->last_calls = container->last_calls << 8 | (number & 0xffu);
}

/* Notes a refusal. */
static OFF_PATH void note_refusal(struct atto_run *run, const struct atto_call *call, uint32_t number,
                                  const uint64_t *r, enum atto_status status)
{
    struct atto_container *container = container_of(run);
    uint32_t handle = ATTO_AUDIT_NO_HANDLE;
    if ((call->needs & ATTO_NEEDS_HANDLE) != 0u && r[1] < ATTO_AUDIT_NO_HANDLE)
        handle = (uint32_t)r[1];
    container->counters.denials = (uint16_t)(container->counters.denials + (container->counters.denials != UINT16_MAX));
    atto_audit_denial(container, number, handle, status);
}

static inline const struct atto_rights *rights_of(const struct atto_container *container)
{
    return container->grants != NULL ? &container->grants->rights : NULL;
}

/* Judges a call that needs no right, and one that does. */
static inline enum atto_status judge_plain(const struct atto_call *call, struct atto_call_frame *frame)
{
    frame->endpoint = NULL;
    return call->needs == 0u || atto_take_spans(call->needs, frame) ? ATTO_OK : ATTO_E_ARGUMENT;
}

static inline enum atto_status judge_right(const struct atto_call *call, const struct atto_run *run, const uint64_t *r,
                                           struct atto_call_frame *frame)
{
    const struct atto_container *container = container_of(run);
    const uint64_t *now_us = &engine_of(container)->now_us;
#if ATTO_ENGINE_JUDGES
    return atto_judge_right(call, rights_of(container), run, r, frame, now_us);
#else
    (void)r;
    return atto_gate_judge(call, rights_of(container), frame, now_us);
#endif
}

/* Time does not pass in a slice for rates: a period that ends in it ends with it. */
int32_t atto_engine_gate(struct atto_run *run, const struct atto_call *call, uint32_t number, uint64_t *r)
{
    struct atto_container *container = container_of(run);
    struct atto_call_frame frame;
    frame.run = run;
    frame.r = r;
    tally(container, number);
    enum atto_status status = atto_needs_kind(call->needs) == ATTO_KIND_NONE ? judge_plain(call, &frame)
                                                                             : judge_right(call, run, r, &frame);
    if (ATTO_LIKELY(status == ATTO_OK))
        return call->fn(&frame);
    note_refusal(run, call, number, r, status);
    return atto_gate_refuse(status, r);
}

int32_t atto_engine_gate_noted(struct atto_run *run, const struct atto_call *call, uint32_t number, uint64_t *r)
{
    struct atto_container *container = container_of(run);
    struct atto_engine *engine = engine_of(container);
    const struct atto_engine_config *config = engine->config;
    struct atto_call_frame frame;
    frame.run = run;
    frame.r = r;
    lock_inline(config->port);
    tally(container, number);
    if (config->trace_count != 0u) {
        engine->now_us = config->port->now_us(config->port->user);
        atto_trace(container, detailed(ATTO_TRACE_CALL, number), 0);
    }
    if (container->request != REQUEST_NONE)
        atto_windows_follow(container);
    enum atto_status status = atto_gate_judge(call, rights_of(container), &frame, &engine->now_us);
    if (status != ATTO_OK)
        note_refusal(run, call, number, r, status);
    leave_inline(config->port);
    return status == ATTO_OK ? call->fn(&frame) : atto_gate_refuse(status, r);
}

enum atto_status atto_engine_use(struct atto_engine *engine, struct atto_container *container, uint32_t needs)
{
    const struct atto_call call = { NULL, 0, needs };
    uint64_t registers[6] = { 0 };
    struct atto_call_frame frame = { .run = run_of(container), .r = registers };
    atto_enter(engine);
    enum atto_status status = atto_gate_judge(&call, rights_of(container), &frame, &engine->now_us);
    atto_leave(engine);
    return status;
}

/* ---- windows ---- */

/* What a right lets a container see of an endpoint's memory; 0 bytes: nothing. */
static struct atto_context view(const struct atto_engine *engine, const struct atto_right *right)
{
    const struct atto_endpoint *endpoint = &engine->host.endpoints[right->endpoint];
    const struct atto_context none = { NULL, 0, ATTO_READ };
    /* What can be written through a window can be read as well. */
    if (endpoint->kind != ATTO_KIND_MEMORY || (right->operations & ATTO_OPERATION_MAP) == 0u ||
        (right->operations & ATTO_OPERATION_READ) == 0u)
        return none;
    struct atto_context memory = *(const struct atto_context *)endpoint->object;
    uint32_t end = right->last == ATTO_RANGE_END || right->last + 1u > memory.len ? memory.len : right->last + 1u;
    if (right->first >= end)
        return none;
    memory.ptr = (uint8_t *)memory.ptr + right->first;
    memory.len = end - right->first;
    if ((right->operations & ATTO_OPERATION_WRITE) == 0u)
        memory.access = ATTO_READ;
    return memory;
}

void atto_windows_follow(struct atto_container *container)
{
    struct grants *grants = container->grants;
    if (grants == NULL)
        return;
    for (uint32_t i = 0; i < WINDOWS; i++) {
        if (grants->window[i] == 0u)
            continue;
        struct atto_context memory = view(engine_of(container), &grants->rights.right[grants->window[i] - 1u]);
        atto_run_window(run_of(container), i, memory.len != 0u ? &memory : NULL);
        if (memory.len == 0u)
            grants->window[i] = 0;
    }
}

static int32_t map(struct atto_container *container, uint32_t handle)
{
    struct grants *grants = container->grants;
    int32_t free = ATTO_E_QUOTA;
    if (grants == NULL || handle >= grants->rights.count)
        return ATTO_E_DENIED;
    struct atto_context memory = view(engine_of(container), &grants->rights.right[handle]);
    if (memory.len == 0u)
        return ATTO_E_DENIED;
    for (uint32_t i = WINDOWS; i-- != 0u;) {
        if (grants->window[i] == handle + 1u)
            return (int32_t)i;
        if (grants->window[i] == 0u)
            free = (int32_t)i;
    }
    /* A function of the firmware has none at all. */
    if (free < 0 || atto_run_window(run_of(container), (uint32_t)free, &memory) != ATTO_OK)
        return ATTO_E_QUOTA;
    grants->window[free] = (uint8_t)(handle + 1u);
    return free;
}

int32_t atto_engine_map(struct atto_engine *engine, struct atto_container *container, uint32_t handle)
{
    atto_enter(engine);
    int32_t number = map(container, handle);
    atto_leave(engine);
    return number;
}

int32_t atto_engine_unmap(struct atto_engine *engine, struct atto_container *container, uint32_t handle)
{
    int32_t status = ATTO_E_NOT_FOUND;
    atto_enter(engine);
    struct grants *grants = container->grants;
    for (uint32_t i = 0; i < WINDOWS && grants != NULL; i++) {
        if (grants->window[i] == handle + 1u && handle < ATTO_RIGHTS_MAX) {
            atto_run_window(run_of(container), i, NULL);
            grants->window[i] = 0;
            status = ATTO_OK;
        }
    }
    atto_leave(engine);
    return status;
}

/* ---- changes ---- */

/* Puts a right in the place of another. What is used up of a period stays used up, if it is the same endpoint's. */
static void put(struct grants *grants, uint32_t handle, const struct atto_right *right)
{
    struct atto_meter *meter = grants->rights.meter != NULL ? &grants->rights.meter[handle] : NULL;
    if (meter != NULL && grants->rights.right[handle].endpoint != right->endpoint)
        *meter = (struct atto_meter){ 0, 0, 0, 0 };
    else if (meter != NULL)
        meter->total = 0;
    grants->rights.right[handle] = *right;
}

/* Closes windows at once, or tells the slice that is under way to. */
static void changed(struct atto_container *container)
{
    if ((container->flags & FLAG_SLICE) != 0 && calls_are_noted(engine_of(container)->config))
        atto_container_ask(container, REQUEST_WINDOWS);
    else
        atto_windows_follow(container);
}

/* A longer table with the same rights, in the old one's place. false: there is no memory. */
static bool grow(struct atto_container *container, uint32_t count, bool metered)
{
    struct grants *old = container->grants;
    struct grants *grants = atto_grants_make(engine_of(container), tenant_of(container), count, metered);
    if (grants == NULL)
        return false;
    if (old != NULL) {
        grants->rights.count = old->rights.count;
        grants->generation = old->generation;
        grants->life = old->life;
        memcpy(grants->window, old->window, sizeof old->window);
        for (uint32_t i = 0; i < old->rights.count; i++) {
            grants->rights.right[i] = old->rights.right[i];
            if (grants->rights.meter != NULL && old->rights.meter != NULL)
                grants->rights.meter[i] = old->rights.meter[i];
        }
        atto_pool_give(&old->block);
    }
    container->grants = grants;
    return true;
}

static enum atto_status set_rights(struct atto_engine *engine, struct atto_container *container, uint32_t first,
                                   const struct atto_right *rights, uint32_t count, uint8_t actor)
{
    const struct grants *grants = container->grants;
    uint32_t capacity = grants != NULL ? grants->capacity : 0u, had = grants != NULL ? grants->rights.count : 0u;
    bool has_meters = grants != NULL && grants->rights.meter != NULL, metered = has_meters;
    struct atto_right right;
    if (first > had || count > ATTO_RIGHTS_MAX - first)
        return ATTO_E_ARGUMENT;
    for (uint32_t i = 0; i < count; i++) {
        if (!atto_right_legal(engine, &rights[i]))
            return ATTO_E_ARGUMENT;
        right = rights[i];
        atto_right_cut(engine, tenant_of(container), &right);
        metered = metered || right_metered(&right);
    }
    if (count == 0u)
        return ATTO_OK;
    if (first + count > capacity || metered != has_meters) {
        uint32_t longer = first + count > capacity ? first + count : capacity;
        if (!grow(container, longer, metered))
            return ATTO_E_NO_MEMORY;
    }
    if (container->grants->rights.count < first + count)
        container->grants->rights.count = first + count;
    container->grants->generation++;
    for (uint32_t i = 0; i < count; i++) {
        right = rights[i];
        atto_right_cut(engine, tenant_of(container), &right);
        put(container->grants, first + i, &right);
        atto_audit_change(engine, &(struct atto_audit_record){
                                      .kind = ATTO_AUDIT_RIGHT, .container = container->id, .actor = actor,
                                      .handle = (uint8_t)(first + i), .code = container->grants->generation });
    }
    changed(container);
    return ATTO_OK;
}

enum atto_status atto_engine_set_rights(struct atto_engine *engine, struct atto_container *container, uint32_t first,
                                        const struct atto_right *rights, uint32_t count, uint8_t actor)
{
    atto_enter(engine);
    enum atto_status status = set_rights(engine, container, first, rights, count, actor);
    atto_leave(engine);
    return status;
}

uint32_t atto_engine_rights(struct atto_engine *engine, const struct atto_container *container,
                            struct atto_right *rights, uint32_t capacity)
{
    uint32_t count = 0;
    atto_enter(engine);
    if (container->grants != NULL) {
        count = container->grants->rights.count;
        if (capacity > count)
            capacity = count;
        if (capacity != 0u) /* else `rights` may be NULL */
            memcpy(rights, container->grants->rights.right, capacity * sizeof *rights);
    }
    atto_leave(engine);
    return count;
}

static void cut_all(struct atto_engine *engine, uint32_t tenant)
{
    for (struct pool_block *block = NULL; (block = atto_pool_next(engine, block)) != NULL;) {
        struct atto_container *container = (struct atto_container *)(void *)block;
        if (tenant_of(container) != tenant)
            continue;
        for (uint32_t i = 0; i < container->grants->rights.count; i++)
            atto_right_cut(engine, tenant, &container->grants->rights.right[i]);
        container->grants->generation++;
        changed(container);
    }
}

enum atto_status atto_engine_set_ceiling(struct atto_engine *engine, uint32_t tenant, const struct atto_right *rights,
                                         uint32_t count, uint8_t actor)
{
    enum atto_status status = atto_tenant_find(engine, tenant) != NULL ? ATTO_OK : ATTO_E_ARGUMENT;
    for (uint32_t i = 0; i < count; i++) {
        if (!atto_right_legal(engine, &rights[i]))
            status = ATTO_E_ARGUMENT;
    }
    if (status != ATTO_OK)
        return status;
    atto_enter(engine);
    engine->config->tenants[tenant - 1u].rights = rights;
    engine->config->tenants[tenant - 1u].right_count = count;
    cut_all(engine, tenant);
    atto_audit_change(engine, &(struct atto_audit_record){ .kind = ATTO_AUDIT_CEILING, .actor = actor,
                                                           .code = (uint8_t)tenant });
    atto_leave(engine);
    return ATTO_OK;
}
