/* Schedules and the block of limits: what a container needs beside its struct, and how a change of its schedule comes
 * into force when nothing is under way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <string.h>

/* A schedule is a row of numbers, and these are their largest values. */
static const uint32_t most_of[] = {
#define MOST(key, name, most) (most),
    ATTO_SCHEDULE_FIELDS(MOST)
#undef MOST
};
#define NUMBERS (sizeof most_of / sizeof *most_of)
_Static_assert(sizeof(struct atto_schedule) == sizeof most_of, "a schedule has nothing but its numbers");
_Static_assert(offsetof(struct atto_schedule, period_us) == sizeof(uint32_t), "the priority and the period come first");

bool atto_schedule_in_range(const struct atto_schedule *schedule)
{
    const uint32_t *numbers = &schedule->priority;
    for (uint32_t i = 0; i < NUMBERS; i++) {
        if (numbers[i] > most_of[i])
            return false;
    }
    return schedule->period_us == 0u || schedule->deadline_us <= schedule->period_us;
}

/* The priority and the period are in the container itself. */
bool atto_limits_needed(const struct atto_schedule *schedule)
{
    const uint32_t *numbers = &schedule->priority;
    uint32_t all = 0;
    for (uint32_t i = 2; i < NUMBERS; i++)
        all |= numbers[i];
    return all != 0u;
}

uint32_t atto_limits_bytes(const struct atto_schedule *schedule)
{
    return atto_pool_rounded((uint32_t)(sizeof(struct limits) + schedule->events * sizeof(struct event)));
}

struct limits *atto_limits_make(struct atto_engine *engine, const struct atto_schedule *schedule)
{
    struct limits *limits = (struct limits *)(void *)atto_pool_take(engine, atto_limits_bytes(schedule), POOL_LIMITS);
    if (limits == NULL)
        return NULL;
    const struct pool_block block = limits->block;
    memset(limits, 0, sizeof *limits);
    limits->block = block;
    limits->schedule = *schedule;
    limits->started_us = limits->heartbeat_us = limits->window_us = engine->now_us;
    limits->budget_left = (int32_t)schedule->budget_fuel;
    limits->bound_us = ATTO_NEVER;
    limits->bounded = (schedule->start_max_us | schedule->loop_max_us | schedule->stop_max_us | schedule->lifetime_ms |
                       schedule->heartbeat_us | schedule->on_miss) != 0u;
    return limits;
}

/* What a life has used up stays used up. */
static void inherit(struct atto_container *container, struct limits *limits, const struct limits *old)
{
    uint8_t kept = old->event_count;
    if (kept > limits->schedule.events)
        kept = (uint8_t)limits->schedule.events;
    limits->started_us = old->started_us;
    if (old->schedule.heartbeat_us != 0u)
        limits->heartbeat_us = old->heartbeat_us;
    limits->loops = old->loops;
    if (old->schedule.log_bytes != 0u) {
        limits->log_second = old->log_second;
        limits->log_used = old->log_used;
    }
    limits->restarts = old->restarts;
    if (old->schedule.budget_fuel != 0u) {
        limits->window_us = old->window_us;
        if (old->budget_left < limits->budget_left)
            limits->budget_left = old->budget_left;
    }
    memcpy(limits->events, old->events, kept * sizeof *old->events);
    limits->event_count = kept;
    for (uint32_t i = kept; i < old->event_count; i++) {
        if (old->events[i].len == EVENT_MESSAGE)
            old->events[i].data.listener->told = 0;
    }
    atto_count(&container->counters.denials, (uint32_t)old->event_count - kept);
}

/* The numbers that the container itself has. The next release is one new period behind the last one. */
static void adopt(struct atto_container *container, const struct atto_schedule *schedule)
{
    struct atto_engine *engine = engine_of(container);
    if (container->period_us == 0u)
        container->release_us = engine->now_us;
    else
        container->release_us += (uint64_t)schedule->period_us - container->period_us;
    if (container->release_us < engine->now_us)
        container->release_us = engine->now_us;
    if (container->priority != schedule->priority && engine->config->port->wake != NULL)
        engine->config->port->wake(engine->config->port->user); /* it may be another thread's now */
    container->period_us = schedule->period_us;
    container->priority = schedule->priority & 15u;
}

void atto_limits_take_over(struct atto_container *container)
{
    struct limits *limits = container->limits, *old = limits->next;
    adopt(container, &limits->schedule);
    container->flags &= (uint8_t)~FLAG_CHANGE;
    if (old != NULL) {
        inherit(container, limits, old);
        atto_pool_give(&old->block);
    }
    limits->next = NULL;
    if (container->period_us != 0u) /* windows begin with releases */
        limits->window_us = container->release_us - atto_budget_window_us(&limits->schedule);
    if (!atto_limits_needed(&limits->schedule)) {
        atto_count(&container->counters.denials, limits->event_count);
        container->limits = NULL;
        atto_pool_give(&limits->block);
    }
}

void atto_limits_free(struct atto_container *container)
{
    for (struct limits *limits = container->limits; limits != NULL; limits = limits->next)
        atto_pool_give(&limits->block);
    container->limits = NULL;
    container->flags &= (uint8_t)~FLAG_CHANGE;
}

/* Puts new limits in the place of those that wait or, if none do, in front of those that hold. */
static bool line_up(struct atto_container *container, const struct atto_schedule *schedule)
{
    struct atto_engine *engine = engine_of(container);
    struct limits *waiting = (container->flags & FLAG_CHANGE) != 0 ? container->limits : NULL;
    struct limits *limits = atto_limits_make(engine, schedule);
    if (limits == NULL)
        return false;
    limits->next = atto_limits_of(container);
    container->limits = limits;
    container->flags |= FLAG_CHANGE;
    if (waiting != NULL)
        atto_pool_give(&waiting->block);
    return true;
}

static enum atto_status change(struct atto_container *container, const struct atto_schedule *schedule,
                               struct atto_report *report)
{
    struct atto_engine *engine = engine_of(container);
    bool busy = container->activation != ATTO_ACTIVATION_NONE;
    if (!busy && container->limits == NULL && !atto_limits_needed(schedule)) {
        atto_queue_leave(container);
        adopt(container, schedule);
    } else if (!line_up(container, schedule)) {
        return atto_lacks_memory(engine, atto_limits_bytes(schedule), report);
    } else if (!busy) {
        uint64_t at_us = container->at_us;
        atto_queue_leave(container);
        atto_limits_take_over(container);
        if (schedule->restart == ATTO_RESTART_NEVER)
            container->flags &= (uint8_t)~FLAG_RESTART;
        if ((container->flags & FLAG_RESTART) != 0)
            atto_timer_push(container, at_us);
    }
    if (busy || container->state != ATTO_STATE_RUNNING)
        return ATTO_OK;
    atto_container_idle(container);
    return ATTO_OK;
}

/* What it will have of the pool: limits that hold stay beside those that wait. */
static uint32_t ram_after(const struct atto_container *container, const struct atto_schedule *schedule)
{
    bool busy = container->activation != ATTO_ACTIVATION_NONE;
    const struct limits *holding = atto_limits_of(container);
    uint32_t bytes = pool_bytes(&container->block);
    if (container->grants != NULL)
        bytes += pool_bytes(&container->grants->block);
    if (busy && holding != NULL)
        bytes += pool_bytes(&holding->block);
    if (busy || atto_limits_needed(schedule))
        bytes += atto_limits_bytes(schedule);
    return bytes;
}

enum atto_status atto_engine_set_schedule(struct atto_engine *engine, struct atto_container *container,
                                          const struct atto_schedule *schedule, struct atto_report *report)
{
    struct atto_report ignored;
    if (report == NULL)
        report = &ignored;
    *report = (struct atto_report){ .refusal = { ATTO_OK, 0 } };
    if (!atto_schedule_in_range(schedule))
        return ATTO_E_ARGUMENT;
    atto_enter(engine);
    enum atto_status status = atto_tenant_admit(engine, tenant_of(container), container, schedule, container->fuel,
                                                ram_after(container, schedule), report);
    if (status == ATTO_OK)
        status = atto_admission_judge(engine, container, schedule, container->fuel, report);
    if (status == ATTO_OK)
        status = change(container, schedule, report);
    return atto_finish(engine, status);
}

void atto_schedule_of(const struct atto_container *container, struct atto_schedule *schedule)
{
    if (container->limits != NULL)
        *schedule = container->limits->schedule;
    else
        *schedule = (struct atto_schedule){ .priority = container->priority, .period_us = container->period_us };
}

void atto_engine_schedule(struct atto_engine *engine, const struct atto_container *container,
                          struct atto_schedule *schedule)
{
    atto_enter(engine);
    atto_schedule_of(container, schedule);
    atto_leave(engine);
}
