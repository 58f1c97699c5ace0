/* The engine's beginning, what can be seen of its containers, and containers at hooks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

void atto_enter(struct atto_engine *engine)
{
    enter_inline(engine, engine->config->port);
}

void atto_leave(struct atto_engine *engine)
{
    leave_inline(engine->config->port);
}

enum atto_status atto_finish(struct atto_engine *engine, enum atto_status status)
{
    const struct atto_port *port = engine->config->port;
    if (status == ATTO_OK && port->wake != NULL)
        port->wake(port->user);
    atto_leave(engine);
    return status;
}

void atto_engine_init(struct atto_engine *engine, const struct atto_engine_config *config, void *pool,
                      uint32_t pool_bytes)
{
    const struct atto_firmware *firmware = config->firmware;
    *engine = (struct atto_engine){ .config = config, .watch_us = ATTO_NEVER };
    engine->host = firmware->host;
    engine->host.port = config->port;
    engine->host.engine = engine;
    engine->host.gate = calls_are_noted(config) ? atto_engine_gate_noted : atto_engine_gate;
    atto_pool_init(engine, pool, pool_bytes);
}

struct atto_container *atto_container_of(const struct atto_run *run)
{
    return run->host->engine != NULL ? container_of(run) : NULL;
}

struct atto_engine *atto_engine_of(const struct atto_run *run)
{
    return run->host->engine;
}
_Static_assert(offsetof(struct atto_engine, host) == 0u, "an engine is found by its host");

struct atto_container *atto_engine_next(struct atto_engine *engine, const struct atto_container *previous)
{
    atto_enter(engine);
    struct pool_block *block = atto_pool_next(engine, (const struct pool_block *)(const void *)previous);
    atto_leave(engine);
    return (struct atto_container *)(void *)block;
}

uint32_t atto_container_ram(const struct atto_container *container)
{
    uint32_t bytes = pool_bytes(&container->block);
    if (container->grants != NULL)
        bytes += pool_bytes(&container->grants->block);
    for (const struct limits *limits = container->limits; limits != NULL; limits = limits->next)
        bytes += pool_bytes(&limits->block);
    return bytes;
}

void atto_engine_info(struct atto_engine *engine, const struct atto_container *container,
                      struct atto_container_info *info)
{
    const struct atto_run *run = (const struct atto_run *)(const void *)(container + 1);
    struct atto_context memory;
    atto_enter(engine);
    const struct limits *limits = atto_limits_of(container);
    info->counters = container->counters;
    info->id = container->id;
    info->state = (enum atto_container_state)container->state;
    info->activation = (enum atto_activation)container->activation;
    info->waits = (container->flags & FLAG_WAITS) != 0;
    info->throttled = (container->flags & FLAG_THROTTLED) != 0;
    info->restarts = (container->flags & FLAG_RESTART) != 0;
    info->ram_bytes = atto_container_ram(container);
    info->attachments = (uint8_t)container->attachments;
    info->tenant = (uint8_t)tenant_of(container);
    info->rights = container->grants != NULL ? container->grants->rights.count : 0u;
    info->stack_used_bytes = 0;
    info->events = limits != NULL ? limits->event_count : 0u;
    if ((container->flags & FLAG_SLICE) == 0) {
        info->counters.fuel += atto_activation_fuel(container);
        info->stack_used_bytes = atto_run_stack_used(run);
    }
    run->executor->memory(run, ATTO_MEMORY_DATA, &memory);
    info->memory_bytes = memory.len;
    atto_container_last_calls(container, info->last_calls);
    atto_leave(engine);
}

/* ---- hooks ---- */

/* A firing activates the container inline: between its own activations, on what is left of its budget. */
static enum atto_status begin_hook(struct atto_container *container, uint32_t entry,
                                   const struct atto_context *context, uint32_t *fuel)
{
    if (container->state != ATTO_STATE_RUNNING || container->activation != ATTO_ACTIVATION_NONE ||
        (container->flags & FLAG_SLICE) != 0)
        return ATTO_E_BUSY;
    if (container->fuel < *fuel)
        *fuel = container->fuel;
    *fuel = atto_budget_limit(container, *fuel);
    if (*fuel == 0u)
        return ATTO_E_BUSY;
    enum atto_status status = atto_run_start(run_of(container), entry, context);
    if (status != ATTO_OK)
        return status;
    atto_queue_leave(container);
    atto_activation_note(container, ATTO_ACTIVATION_HOOK, engine_of(container)->now_us);
    container->fuel_left = container->fuel - *fuel;
    return ATTO_OK;
}

static enum atto_status end_hook(struct atto_container *container, enum atto_outcome outcome)
{
    enum atto_status status = ATTO_OK;
    if (outcome == ATTO_FAULT)
        status = (enum atto_status)run_of(container)->fault;
    else if (outcome != ATTO_DONE)
        status = outcome == ATTO_YIELD ? ATTO_FAULT_FUEL : ATTO_FAULT_WAIT;
    if (status == ATTO_OK)
        atto_activation_done(container);
    else
        atto_container_fault(container, status);
    if (container->request != REQUEST_NONE)
        atto_serve_request(container);
    return status;
}

enum atto_status atto_engine_run(struct atto_attachment *attachment, const struct atto_context *context, uint32_t fuel,
                                 uint64_t *value)
{
    struct atto_container *container = attachment->target;
    struct atto_run *run = run_of(container);
    struct atto_engine *engine = atto_engine_of(run);
    atto_enter(engine);
    enum atto_status status = begin_hook(container, attachment->entry, context, &fuel);
    if (status == ATTO_OK) {
        enum atto_outcome outcome = atto_slice(container, fuel);
        *value = atto_run_result(run);
        atto_budget_charge(container, fuel - (uint32_t)run->fuel);
        status = end_hook(container, outcome);
        atto_finish(engine, ATTO_OK);
        return status;
    }
    atto_leave(engine);
    return status;
}

static void left_hook(struct atto_attachment *attachment)
{
    struct atto_container *container = attachment->target;
    struct atto_engine *engine = atto_engine_of(run_of(container));
    atto_enter(engine);
    container->attachments = (container->attachments - 1u) & ATTACHMENTS_MAX;
    atto_leave(engine);
}

enum atto_status atto_engine_attach(struct atto_engine *engine, struct atto_container *container,
                                    struct atto_hook *hook, struct atto_attachment *attachment, uint32_t entry,
                                    uint8_t priority, enum atto_hook_policy policy)
{
    struct atto_instance instance;
    if (attachment->hook != NULL)
        return ATTO_E_STATE;
    enum atto_status status = atto_container_judge(container, &instance);
    if (status != ATTO_OK)
        return status;
    if (!atto_run_is_entry(instance.executor, &instance.image, entry))
        return ATTO_E_ENTRY;
    *attachment = (struct atto_attachment){
        .run = atto_engine_run, .target = container, .left = left_hook,
        .entry = entry, .priority = priority, .policy = (uint8_t)policy
    };
    atto_enter(engine);
    if (container->attachments == ATTACHMENTS_MAX)
        status = ATTO_E_BUSY;
    else
        status = atto_hook_insert(hook, attachment, &instance.receipt.calls);
    if (status == ATTO_OK)
        container->attachments = (container->attachments + 1u) & ATTACHMENTS_MAX;
    atto_leave(engine);
    return status;
}
