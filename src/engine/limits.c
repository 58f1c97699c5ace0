/* Schedules and the block of limits: what a container needs beside its struct, and how a change of its schedule comes
 * into force when nothing is under way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

bool schedule_in_range(const struct atto_schedule *schedule)
{
    bool fine = schedule->deadline_us == 0u || schedule->period_us == 0u ||
                schedule->deadline_us <= schedule->period_us;
#define IN_RANGE(key, name, most) fine = fine && schedule->name - 0u <= (most);
    ATTO_SCHEDULE_FIELDS(IN_RANGE)
#undef IN_RANGE
    return fine;
}

bool limits_needed(const struct atto_schedule *schedule)
{
    struct atto_schedule rest = *schedule;
    uint32_t all = 0;
    rest.priority = rest.period_us = 0;
#define COLLECT(key, name, most) all |= rest.name;
    ATTO_SCHEDULE_FIELDS(COLLECT)
#undef COLLECT
    return all != 0u;
}

uint32_t limits_bytes(const struct atto_schedule *schedule)
{
    return pool_rounded((uint32_t)(sizeof(struct limits) + schedule->events * sizeof(struct event)));
}

struct limits *limits_make(struct atto_engine *engine, const struct atto_schedule *schedule)
{
    struct limits *limits = (struct limits *)(void *)pool_take(engine, limits_bytes(schedule), POOL_LIMITS);
    if (limits == NULL)
        return NULL;
    struct pool_block block = limits->block;
    *limits = (struct limits){ .block = block, .schedule = *schedule };
    limits->started_us = limits->heartbeat_us = limits->window_us = engine->now_us;
    limits->budget_left = (int32_t)schedule->budget_fuel;
    return limits;
}

/* What a life has used up stays used up. */
static void inherit(struct atto_container *container, struct limits *limits, const struct limits *old)
{
    uint32_t kept = old->event_count < limits->schedule.events ? old->event_count : limits->schedule.events;
    limits->started_us = old->started_us;
    if (old->schedule.heartbeat_us != 0u)
        limits->heartbeat_us = old->heartbeat_us;
    limits->loops = old->loops;
    limits->restarts = old->restarts;
    if (old->schedule.budget_fuel != 0u) {
        limits->window_us = old->window_us;
        if (old->budget_left < limits->budget_left)
            limits->budget_left = old->budget_left;
    }
    for (uint32_t i = 0; i < kept; i++)
        limits->events[i] = old->events[i];
    limits->event_count = (uint8_t)kept;
    count(&container->denials, old->event_count - kept);
}

/* The numbers that the container itself has. The next release is one new period behind the last one. */
static void adopt(const struct atto_engine *engine, struct atto_container *container,
                  const struct atto_schedule *schedule)
{
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

void limits_take_over(const struct atto_engine *engine, struct atto_container *container)
{
    struct limits *limits = container->limits, *old = limits->next;
    adopt(engine, container, &limits->schedule);
    container->flags &= (uint8_t)~FLAG_CHANGE;
    if (old != NULL) {
        inherit(container, limits, old);
        pool_give(&old->block);
    }
    limits->next = NULL;
    if (!limits_needed(&limits->schedule)) {
        count(&container->denials, limits->event_count);
        container->limits = NULL;
        pool_give(&limits->block);
    }
}

void limits_free(struct atto_container *container)
{
    if (container->limits == NULL)
        return;
    if (container->limits->next != NULL)
        pool_give(&container->limits->next->block);
    pool_give(&container->limits->block);
    container->limits = NULL;
    container->flags &= (uint8_t)~FLAG_CHANGE;
}

/* Puts new limits in the place of those that wait or, if none do, in front of those that hold. */
static bool line_up(struct atto_engine *engine, struct atto_container *container,
                    const struct atto_schedule *schedule)
{
    struct limits *waiting = (container->flags & FLAG_CHANGE) != 0 ? container->limits : NULL;
    struct limits *limits = limits_make(engine, schedule);
    if (limits == NULL)
        return false;
    limits->next = limits_of(container);
    container->limits = limits;
    container->flags |= FLAG_CHANGE;
    if (waiting != NULL)
        pool_give(&waiting->block);
    return true;
}

static enum atto_status change(struct atto_engine *engine, struct atto_container *container,
                               const struct atto_schedule *schedule, struct atto_report *report)
{
    bool busy = container->activation != ATTO_ACTIVATION_NONE;
    if (!busy && container->limits == NULL && !limits_needed(schedule)) {
        queue_leave(engine, container);
        adopt(engine, container, schedule);
    } else if (!line_up(engine, container, schedule)) {
        return lacks_memory(engine, limits_bytes(schedule), report);
    } else if (!busy) {
        uint64_t at_us = container->at_us;
        queue_leave(engine, container);
        limits_take_over(engine, container);
        if ((container->flags & FLAG_RESTART) != 0)
            timer_push(engine, container, at_us);
    }
    if (busy || container->state != ATTO_STATE_RUNNING)
        return ATTO_OK;
    container_idle(engine, container);
    return ATTO_OK;
}

enum atto_status atto_engine_set_schedule(struct atto_engine *engine, struct atto_container *container,
                                          const struct atto_schedule *schedule, struct atto_report *report)
{
    struct atto_report ignored;
    if (report == NULL)
        report = &ignored;
    *report = (struct atto_report){ .refusal = { ATTO_OK, 0 } };
    if (!schedule_in_range(schedule))
        return ATTO_E_ARGUMENT;
    enter(engine);
    enum atto_status status = admission_judge(engine, container, schedule, container->fuel, report);
    if (status == ATTO_OK)
        status = change(engine, container, schedule, report);
    return finish(engine, status);
}

void schedule_of(const struct atto_container *container, struct atto_schedule *schedule)
{
    if (container->limits != NULL)
        *schedule = container->limits->schedule;
    else
        *schedule = (struct atto_schedule){ .priority = container->priority, .period_us = container->period_us };
}

void atto_engine_schedule(struct atto_engine *engine, const struct atto_container *container,
                          struct atto_schedule *schedule)
{
    enter(engine);
    schedule_of(container, schedule);
    leave(engine);
}
