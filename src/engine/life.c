/* The life of a container: which states follow on which, restarts, and the calls with which the firmware moves it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <string.h>

#define BACKOFF_STEPS_MAX 7u  /* doublings */
#define HEALTHY_BACKOFFS 256u /* after so long a life restarts are counted anew */

void atto_container_state(struct atto_container *container, enum atto_container_state state)
{
    container->state = (uint8_t)state;
    atto_trace(container, detailed(ATTO_TRACE_STATE, state), 0);
}

/* The initial values of its data. */
static struct atto_span data_of(struct atto_container *container)
{
    static const struct atto_span none = { NULL, 0 };
    if (run_of(container)->executor->number == ATTO_EXECUTOR_HOST)
        return none;
    return atto_image_data(container->program);
}

void atto_container_start(struct atto_container *container, uint64_t release_us)
{
    struct atto_engine *engine = engine_of(container);
    struct limits *limits = container->limits; /* no change waits: nothing is under way */
    container->flags &= (uint8_t)~FLAG_RESTART;
    atto_run_reset(run_of(container), data_of(container));
    atto_grants_renew(container);
    container->release_us = release_us;
    if (limits != NULL) {
        limits->started_us = limits->heartbeat_us = engine->now_us;
        limits->loops = 0;
    }
    if (container->start_entry != ATTO_ENTRY_NONE) {
        atto_container_state(container, ATTO_STATE_STARTING);
        container->release_us += container->period_us;
        atto_activation_begin(container, ATTO_ACTIVATION_START, container->start_entry, engine->now_us);
    } else {
        atto_container_state(container, ATTO_STATE_RUNNING);
        atto_container_idle(container);
    }
}

/* Sets the timer for a restart, if there is to be one. A periodic container waits for a release, so that it never runs
 * more often than it was admitted for. */
static void plan_restart(struct atto_container *container)
{
    struct atto_engine *engine = engine_of(container);
    struct limits *limits = container->limits;
    const struct atto_schedule *schedule = &limits->schedule;
    uint32_t backoff_ms = schedule->backoff_ms != 0u ? schedule->backoff_ms : 1u;
    if (engine->now_us - limits->started_us >= backoff_ms * (uint64_t)(HEALTHY_BACKOFFS * 1000u))
        limits->restarts = 0;
    if (schedule->restarts_max != 0u && limits->restarts >= schedule->restarts_max)
        return;
    uint32_t doublings = limits->restarts < BACKOFF_STEPS_MAX ? limits->restarts : BACKOFF_STEPS_MAX;
    uint64_t at_us = engine->now_us + (backoff_ms << doublings) * (uint64_t)1000u;
    atto_release_skip(container, at_us);
    if (container->period_us != 0u)
        at_us = container->release_us;
    if (limits->restarts != UINT8_MAX)
        limits->restarts++;
    container->flags |= FLAG_RESTART;
    atto_timer_push(container, at_us);
}

void atto_container_fault(struct atto_container *container, enum atto_status status)
{
    struct atto_run *run = run_of(container);
    bool stopping = container->activation == ATTO_ACTIVATION_STOP;
    atto_count(&container->counters.faults, 1);
    container->counters.last_fault = (int8_t)status;
    atto_postmortem_write(container, status);
    atto_trace(container, detailed(ATTO_TRACE_FAULT, (uint32_t)-status), run->pc);
    atto_activation_drop(container);
    if (stopping) {
        atto_container_stopped(container);
        return;
    }
    atto_container_state(container, ATTO_STATE_FAULTED);
    if (container->limits != NULL && container->limits->schedule.restart != ATTO_RESTART_NEVER)
        plan_restart(container);
}

void atto_container_stop(struct atto_container *container, bool force, bool retire)
{
    struct atto_engine *engine = engine_of(container);
    bool alive = container->state != ATTO_STATE_FAULTED && container->state != ATTO_STATE_STOPPED;
    atto_activation_wake(container);
    atto_activation_drop(container);
    container->flags &= (uint8_t)~FLAG_RESTART;
    if (retire && container->limits != NULL && container->limits->schedule.restart == ATTO_RESTART_ALWAYS)
        container->flags |= FLAG_RESTART;
    if (alive && !force && container->stop_entry != ATTO_ENTRY_NONE) {
        atto_container_state(container, ATTO_STATE_STOPPING);
        atto_activation_begin(container, ATTO_ACTIVATION_STOP, container->stop_entry, engine->now_us);
    } else {
        atto_container_stopped(container);
    }
}

void atto_container_stopped(struct atto_container *container)
{
    atto_activation_drop(container);
    atto_container_state(container, ATTO_STATE_STOPPED);
    if ((container->flags & FLAG_RESTART) == 0)
        return;
    container->flags &= (uint8_t)~FLAG_RESTART;
    if (container->limits != NULL && container->limits->schedule.restart == ATTO_RESTART_ALWAYS)
        plan_restart(container);
}

void atto_container_pause(struct atto_container *container)
{
    atto_activation_wake(container);
    atto_queue_leave(container);
    container->flags &= (uint8_t)~FLAG_THROTTLED;
    atto_container_state(container, ATTO_STATE_PAUSED);
}

static void container_resume(struct atto_container *container)
{
    struct atto_engine *engine = engine_of(container);
    bool starting = container->activation == ATTO_ACTIVATION_START;
    atto_container_state(container, starting ? ATTO_STATE_STARTING : ATTO_STATE_RUNNING);
    struct limits *limits = atto_limits_of(container);
    if (limits != NULL)
        limits->heartbeat_us = engine->now_us;
    atto_release_skip(container, engine->now_us);
    if (container->activation == ATTO_ACTIVATION_NONE) {
        atto_container_idle(container);
        return;
    }
    container->flags |= FLAG_EXCUSED;
    container->at_us = engine->now_us;
    atto_activation_go_on(container);
}

/* ---- calls of the firmware ---- */

void atto_container_ask(struct atto_container *container, enum container_request request)
{
    if (container->request < (uint32_t)request)
        container->request = (uint8_t)request & 7u;
}

enum atto_status atto_engine_start(struct atto_engine *engine, struct atto_container *container)
{
    enum atto_status status = ATTO_E_STATE;
    atto_enter(engine);
    if (is_in(container, OVER) && (container->flags & FLAG_SLICE) == 0) {
        atto_queue_leave(container);
        struct limits *limits = container->limits;
        if (limits != NULL) {
            limits->event_count = limits->restarts = 0;
            limits->window_us = engine->now_us; /* windows begin with releases */
            limits->budget_left = (int32_t)limits->schedule.budget_fuel;
        }
        atto_container_start(container, engine->now_us);
        status = ATTO_OK;
    }
    return atto_finish(engine, status);
}

enum atto_status atto_engine_pause(struct atto_engine *engine, struct atto_container *container)
{
    enum atto_status status = ATTO_E_STATE;
    atto_enter(engine);
    if (is_in(container, IN(ATTO_STATE_STARTING) | IN(ATTO_STATE_RUNNING)) && container->request < REQUEST_PAUSE) {
        if ((container->flags & FLAG_SLICE) != 0)
            atto_container_ask(container, REQUEST_PAUSE);
        else
            atto_container_pause(container);
        status = ATTO_OK;
    }
    return atto_finish(engine, status);
}

enum atto_status atto_engine_resume(struct atto_engine *engine, struct atto_container *container)
{
    enum atto_status status = ATTO_E_STATE;
    atto_enter(engine);
    if (container->request == REQUEST_PAUSE) {
        container->request = REQUEST_WINDOWS;
        status = ATTO_OK;
    } else if (is_in(container, IN(ATTO_STATE_PAUSED))) {
        container_resume(container);
        status = ATTO_OK;
    }
    return atto_finish(engine, status);
}

enum atto_status atto_engine_stop(struct atto_engine *engine, struct atto_container *container, bool force)
{
    uint32_t states = ALIVE |
                      IN(ATTO_STATE_FAULTED);
    enum atto_status status = ATTO_E_STATE;
    atto_enter(engine);
    if (container->state == ATTO_STATE_STOPPED && (container->flags & FLAG_RESTART) != 0)
        states |= IN(ATTO_STATE_STOPPED);
    if (is_in(container, force ? states | IN(ATTO_STATE_STOPPING) : states)) {
        if ((container->flags & FLAG_SLICE) != 0)
            atto_container_ask(container, force ? REQUEST_FORCE : REQUEST_STOP);
        else
            atto_container_stop(container, force, false);
        status = ATTO_OK;
    }
    return atto_finish(engine, status);
}

/* ---- events and answers ---- */

struct event *atto_event_insert(struct limits *limits, uint64_t due_us)
{
    struct event *event = &limits->events[limits->event_count++];
    for (; event > limits->events && event[-1].due_us > due_us; event--)
        *event = event[-1];
    event->due_us = due_us;
    return event;
}

void atto_event_go(struct atto_container *container)
{
    if (container->state == ATTO_STATE_RUNNING && container->activation == ATTO_ACTIVATION_NONE) {
        atto_queue_leave(container);
        atto_container_idle(container);
    }
}

/* May an event be posted to it? */
static enum atto_status accepts_event(struct atto_container *container, const struct limits *limits)
{
    if (!is_in(container, ALIVE) &&
        (container->state != ATTO_STATE_FAULTED || (container->flags & FLAG_RESTART) == 0))
        return ATTO_E_STATE;
    if (limits != NULL && limits->event_count < limits->schedule.events)
        return ATTO_OK;
    atto_count(&container->counters.denials, 1);
    return ATTO_E_QUOTA;
}

enum atto_status atto_engine_post(struct atto_engine *engine, struct atto_container *container, uint32_t entry,
                                  uint32_t delay_us, const void *data, uint32_t len)
{
    if (entry >= ATTO_ENTRY_NONE || len > ATTO_EVENT_BYTES)
        return ATTO_E_ARGUMENT;
    atto_enter(engine);
    struct limits *limits = atto_limits_of(container);
    enum atto_status status = accepts_event(container, limits);
    if (status == ATTO_OK) {
        struct event *event = atto_event_insert(limits, engine->now_us + delay_us);
        event->entry = (uint16_t)entry;
        event->len = (uint16_t)len;
        if (len != 0u)
            memcpy(event->data.bytes, data, len);
        atto_event_go(container);
    }
    return atto_finish(engine, status);
}

enum atto_status atto_container_answer(struct atto_container *container, uint64_t result)
{
    if ((container->flags & FLAG_SLICE) != 0)
        return ATTO_E_BUSY;
    if ((container->flags & FLAG_WAITS) == 0)
        return ATTO_E_STATE;
    container->flags &= (uint8_t)~FLAG_WAITS;
    atto_run_answer(run_of(container), result);
    if (container->state != ATTO_STATE_PAUSED) {
        atto_activation_wake(container);
        atto_activation_go_on(container);
    }
    return ATTO_OK;
}

enum atto_status atto_engine_answer(struct atto_engine *engine, struct atto_container *container, uint64_t result)
{
    atto_enter(engine);
    return atto_finish(engine, atto_container_answer(container, result));
}

void atto_engine_heartbeat(struct atto_engine *engine, struct atto_container *container)
{
    atto_enter(engine);
    struct limits *limits = atto_limits_of(container);
    if (limits != NULL)
        limits->heartbeat_us = engine->now_us;
    container->counters.heartbeats++;
    atto_leave(engine);
}
