/* The engine's beginning, what can be seen of its containers, and containers at hooks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

void enter(struct atto_engine *engine)
{
    enter_inline(engine, engine->config->port);
}

void leave(struct atto_engine *engine)
{
    leave_inline(engine->config->port);
}

enum atto_status finish(struct atto_engine *engine, enum atto_status status)
{
    const struct atto_port *port = engine->config->port;
    if (status == ATTO_OK && port->wake != NULL)
        port->wake(port->user);
    leave(engine);
    return status;
}

void atto_engine_init(struct atto_engine *engine, const struct atto_engine_config *config, void *pool,
                      uint32_t pool_bytes)
{
    const struct atto_firmware *firmware = config->firmware;
    *engine = (struct atto_engine){ .config = config };
    engine->host = (struct atto_host){ firmware->host.calls, firmware->host.user, engine_observe };
    pool_init(engine, pool, pool_bytes);
}

/* An instance is the engine's if the engine watches its calls. */
struct atto_container *atto_container_of(const struct atto_run *run)
{
    if (run->host->observe != engine_observe)
        return NULL;
    return (struct atto_container *)(uintptr_t)run - 1;
}

struct atto_engine *atto_engine_of(const struct atto_run *run)
{
    return (struct atto_engine *)(uintptr_t)run->host; /* the engine's first member */
}
_Static_assert(offsetof(struct atto_engine, host) == 0u, "an engine is found by its host");

struct atto_container *atto_engine_next(struct atto_engine *engine, const struct atto_container *previous)
{
    enter(engine);
    struct pool_block *block = pool_next(engine, (const struct pool_block *)(const void *)previous);
    leave(engine);
    return (struct atto_container *)(void *)block;
}

void atto_engine_info(struct atto_engine *engine, const struct atto_container *container,
                      struct atto_container_info *info)
{
    struct atto_context memory;
    enter(engine);
    const struct limits *limits = limits_of(container);
    const struct atto_run *run = (const struct atto_run *)(const void *)(container + 1);
    run->executor->memory(run, ATTO_MEMORY_DATA, &memory);
    *info = (struct atto_container_info){
        .id = container->id,
        .state = (enum atto_container_state)container->state,
        .activation = (enum atto_activation)container->activation,
        .waits = (container->flags & FLAG_WAITS) != 0,
        .throttled = (container->flags & FLAG_THROTTLED) != 0,
        .restarts = (container->flags & FLAG_RESTART) != 0,
        .last_fault = (enum atto_status)container->last_fault,
        .activations = container->activations,
        .host_calls = container->host_calls,
        .faults = container->faults,
        .misses = container->misses,
        .denials = container->denials,
        .fuel = container->fuel_used + activation_fuel(container),
        .time_us = container->time_us,
        .ram_bytes = pool_bytes(&container->block),
        .stack_used_bytes = atto_run_stack_used(run),
        .memory_bytes = memory.len,
        .events = limits != NULL ? limits->event_count : 0u,
    };
    if (container->limits != NULL)
        info->ram_bytes += pool_bytes(&container->limits->block);
    if ((container->flags & FLAG_CHANGE) != 0 && limits != NULL)
        info->ram_bytes += pool_bytes(&limits->block);
    container_last_calls(container, info->last_calls);
    leave(engine);
}

/* ---- hooks ---- */

/* A firing activates the container inline: between its own activations, on what is left of its budget. */
static enum atto_status begin_hook(struct atto_engine *engine, struct atto_container *container, uint32_t entry,
                                   const struct atto_context *context, uint32_t *fuel)
{
    if (container->state != ATTO_STATE_RUNNING || container->activation != ATTO_ACTIVATION_NONE ||
        (container->flags & FLAG_SLICE) != 0)
        return ATTO_E_BUSY;
    if (container->fuel < *fuel)
        *fuel = container->fuel;
    budget_charge(engine, container, 0);
    *fuel = budget_limit(container, *fuel);
    if (*fuel == 0u)
        return ATTO_E_BUSY;
    enum atto_status status = atto_run_start(run_of(container), entry, context);
    if (status != ATTO_OK)
        return status;
    queue_leave(engine, container);
    container->activation = ATTO_ACTIVATION_HOOK;
    container->at_us = engine->now_us;
    container->fuel_left = container->fuel - *fuel;
    container->flags |= FLAG_SLICE;
    container->activations += container->activations != UINT32_MAX;
    trace(engine, container, ATTO_TRACE_ACTIVATE, ATTO_ACTIVATION_HOOK, 0);
    return ATTO_OK;
}

static enum atto_status end_hook(struct atto_engine *engine, struct atto_container *container,
                                 enum atto_outcome outcome)
{
    static const enum atto_status status_of[] = {
        [ATTO_DONE] = ATTO_OK, [ATTO_YIELD] = ATTO_FAULT_FUEL, [ATTO_WAIT] = ATTO_FAULT_WAIT
    };
    enum atto_status status = outcome == ATTO_FAULT ? (enum atto_status)run_of(container)->fault : status_of[outcome];
    container->flags &= (uint8_t)~FLAG_SLICE;
    if (status == ATTO_OK) {
        trace(engine, container, ATTO_TRACE_END, ATTO_ACTIVATION_HOOK, (uint32_t)(engine->now_us - container->at_us));
        activation_drop(engine, container);
        container_idle(engine, container);
    } else {
        container_fault(engine, container, status);
    }
    if (container->request != REQUEST_NONE)
        serve_request(engine, container);
    return status;
}

static enum atto_status run_attached(struct atto_attachment *attachment, const struct atto_context *context,
                                     uint32_t fuel, uint64_t *value)
{
    struct atto_container *container = attachment->target;
    struct atto_run *run = run_of(container);
    struct atto_engine *engine = atto_engine_of(run);
    enter(engine);
    uint64_t began_us = engine->now_us;
    enum atto_status status = begin_hook(engine, container, attachment->entry, context, &fuel);
    if (status == ATTO_OK) {
        leave(engine);
        enum atto_outcome outcome = atto_run_resume(run, fuel);
        enter(engine);
        *value = atto_run_result(run);
        container->time_us += engine->now_us - began_us;
        trace(engine, container, ATTO_TRACE_SLICE, 0, (uint32_t)(engine->now_us - began_us));
        budget_charge(engine, container, fuel - (uint32_t)run->fuel);
        status = end_hook(engine, container, outcome);
        finish(engine, ATTO_OK);
        return status;
    }
    leave(engine);
    return status;
}

static void left_hook(struct atto_attachment *attachment)
{
    struct atto_container *container = attachment->target;
    struct atto_engine *engine = atto_engine_of(run_of(container));
    enter(engine);
    container->attachments = (container->attachments - 1u) & ATTACHMENTS_MAX;
    leave(engine);
}

enum atto_status atto_engine_attach(struct atto_engine *engine, struct atto_container *container,
                                    struct atto_hook *hook, struct atto_attachment *attachment, uint32_t entry,
                                    uint8_t priority, enum atto_hook_policy policy)
{
    const struct atto_attachment filled = {
        .run = run_attached, .target = container, .left = left_hook,
        .entry = entry, .priority = priority, .policy = (uint8_t)policy
    };
    struct atto_instance instance;
    enum atto_status status = container_judge(engine, container, &instance);
    if (status != ATTO_OK)
        return status;
    if (!atto_run_is_entry(instance.executor, &instance.image, entry))
        return ATTO_E_ENTRY;
    enter(engine);
    if (container->attachments == ATTACHMENTS_MAX)
        status = ATTO_E_BUSY;
    else
        status = atto_hook_insert(hook, attachment, &filled, &instance.receipt.calls);
    if (status == ATTO_OK)
        container->attachments = (container->attachments + 1u) & ATTACHMENTS_MAX;
    leave(engine);
    return status;
}
