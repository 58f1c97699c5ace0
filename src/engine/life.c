/* The life of a container: which states follow on which, restarts, and the calls with which the firmware moves it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#define BACKOFF_STEPS_MAX 7u  /* doublings */
#define HEALTHY_BACKOFFS 256u /* after so long a life restarts are counted anew */

void container_state(struct atto_engine *engine, struct atto_container *container, enum atto_container_state state)
{
    container->state = (uint8_t)state;
    trace(engine, container, ATTO_TRACE_STATE, state, 0);
}

/* The initial values of its data. */
static struct atto_span data_of(struct atto_container *container)
{
    static const struct atto_span none = { NULL, 0 };
    if (run_of(container)->executor->number == ATTO_EXECUTOR_HOST)
        return none;
    return atto_image_data(container->program);
}

void container_start(struct atto_engine *engine, struct atto_container *container)
{
    struct limits *limits = container->limits; /* no change waits: nothing is under way */
    container->flags &= (uint8_t)~FLAG_RESTART;
    atto_run_reset(run_of(container), data_of(container));
    container->release_us = engine->now_us;
    if (limits != NULL) {
        limits->started_us = limits->heartbeat_us = engine->now_us;
        limits->loops = 0;
    }
    if (container->start_entry != ATTO_ENTRY_NONE) {
        container_state(engine, container, ATTO_STATE_STARTING);
        container->release_us += container->period_us;
        activation_begin(engine, container, ATTO_ACTIVATION_START, container->start_entry, engine->now_us);
    } else {
        container_state(engine, container, ATTO_STATE_RUNNING);
        container_idle(engine, container);
    }
}

/* Sets the timer for a restart, if there is to be one. A periodic container waits for a release, so that it never runs
 * more often than it was admitted for. */
static void plan_restart(struct atto_engine *engine, struct atto_container *container)
{
    struct limits *limits = container->limits;
    const struct atto_schedule *schedule = &limits->schedule;
    uint64_t backoff_us = schedule->backoff_ms != 0u ? schedule->backoff_ms * (uint64_t)1000u : 1000u;
    if (engine->now_us - limits->started_us >= backoff_us * HEALTHY_BACKOFFS)
        limits->restarts = 0;
    if (schedule->restarts_max != 0u && limits->restarts >= schedule->restarts_max)
        return;
    uint64_t at_us = engine->now_us + (backoff_us << (limits->restarts < BACKOFF_STEPS_MAX ? limits->restarts
                                                                                   : BACKOFF_STEPS_MAX));
    release_skip(container, at_us);
    if (container->period_us != 0u)
        at_us = container->release_us;
    if (limits->restarts != UINT8_MAX)
        limits->restarts++;
    container->flags |= FLAG_RESTART;
    timer_push(engine, container, at_us);
}

void container_fault(struct atto_engine *engine, struct atto_container *container, enum atto_status status)
{
    struct atto_run *run = run_of(container);
    bool stopping = container->activation == ATTO_ACTIVATION_STOP;
    count(&container->faults, 1);
    container->last_fault = (int8_t)status;
    postmortem_write(engine, container, status);
    trace(engine, container, ATTO_TRACE_FAULT, (uint32_t)-status, run->pc);
    activation_drop(engine, container);
    if (stopping) {
        container_stopped(engine, container);
        return;
    }
    container_state(engine, container, ATTO_STATE_FAULTED);
    if (container->limits != NULL && container->limits->schedule.restart != ATTO_RESTART_NEVER)
        plan_restart(engine, container);
}

void container_stop(struct atto_engine *engine, struct atto_container *container, bool force, bool retire)
{
    bool alive = container->state != ATTO_STATE_FAULTED && container->state != ATTO_STATE_STOPPED;
    activation_wake(engine, container);
    activation_drop(engine, container);
    container->flags &= (uint8_t)~FLAG_RESTART;
    if (retire && container->limits != NULL && container->limits->schedule.restart == ATTO_RESTART_ALWAYS)
        container->flags |= FLAG_RESTART;
    if (alive && !force && container->stop_entry != ATTO_ENTRY_NONE) {
        container_state(engine, container, ATTO_STATE_STOPPING);
        activation_begin(engine, container, ATTO_ACTIVATION_STOP, container->stop_entry, engine->now_us);
    } else {
        container_stopped(engine, container);
    }
}

void container_stopped(struct atto_engine *engine, struct atto_container *container)
{
    activation_drop(engine, container);
    container_state(engine, container, ATTO_STATE_STOPPED);
    if ((container->flags & FLAG_RESTART) == 0)
        return;
    container->flags &= (uint8_t)~FLAG_RESTART;
    if (container->limits != NULL && container->limits->schedule.restart == ATTO_RESTART_ALWAYS)
        plan_restart(engine, container);
}

void container_pause(struct atto_engine *engine, struct atto_container *container)
{
    activation_wake(engine, container);
    queue_leave(engine, container);
    container->flags &= (uint8_t)~FLAG_THROTTLED;
    container_state(engine, container, ATTO_STATE_PAUSED);
}

static void container_resume(struct atto_engine *engine, struct atto_container *container)
{
    bool starting = container->activation == ATTO_ACTIVATION_START;
    container_state(engine, container, starting ? ATTO_STATE_STARTING : ATTO_STATE_RUNNING);
    if (limits_of(container) != NULL)
        limits_of(container)->heartbeat_us = engine->now_us;
    release_skip(container, engine->now_us);
    if (container->activation == ATTO_ACTIVATION_NONE) {
        container_idle(engine, container);
        return;
    }
    container->flags |= FLAG_EXCUSED;
    activation_go_on(engine, container);
}

/* ---- calls of the firmware ---- */

#define IN(state) (1u << (state))

static bool is_in(const struct atto_container *container, uint32_t states)
{
    return (states >> container->state & 1u) != 0u;
}

/* Asks something of a container in the middle of a slice; the stronger wish stays. */
static void ask(struct atto_container *container, enum container_request request)
{
    if (container->request < (uint32_t)request)
        container->request = (uint8_t)request & 3u;
}

enum atto_status atto_engine_start(struct atto_engine *engine, struct atto_container *container)
{
    enum atto_status status = ATTO_E_STATE;
    enter(engine);
    if (is_in(container, IN(ATTO_STATE_INSTALLED) | IN(ATTO_STATE_STOPPED) | IN(ATTO_STATE_FAULTED)) &&
        (container->flags & FLAG_SLICE) == 0) {
        queue_leave(engine, container);
        struct limits *limits = container->limits;
        if (limits != NULL) {
            limits->event_count = limits->restarts = 0;
            limits->window_us = engine->now_us; /* windows begin with releases */
            limits->budget_left = (int32_t)limits->schedule.budget_fuel;
        }
        container_start(engine, container);
        status = ATTO_OK;
    }
    return finish(engine, status);
}

enum atto_status atto_engine_pause(struct atto_engine *engine, struct atto_container *container)
{
    enum atto_status status = ATTO_E_STATE;
    enter(engine);
    if (is_in(container, IN(ATTO_STATE_STARTING) | IN(ATTO_STATE_RUNNING)) && container->request == REQUEST_NONE) {
        if ((container->flags & FLAG_SLICE) != 0)
            ask(container, REQUEST_PAUSE);
        else
            container_pause(engine, container);
        status = ATTO_OK;
    }
    return finish(engine, status);
}

enum atto_status atto_engine_resume(struct atto_engine *engine, struct atto_container *container)
{
    enum atto_status status = ATTO_E_STATE;
    enter(engine);
    if (container->request == REQUEST_PAUSE) {
        container->request = REQUEST_NONE;
        status = ATTO_OK;
    } else if (is_in(container, IN(ATTO_STATE_PAUSED))) {
        container_resume(engine, container);
        status = ATTO_OK;
    }
    return finish(engine, status);
}

enum atto_status atto_engine_stop(struct atto_engine *engine, struct atto_container *container, bool force)
{
    uint32_t states = IN(ATTO_STATE_STARTING) | IN(ATTO_STATE_RUNNING) | IN(ATTO_STATE_PAUSED) |
                      IN(ATTO_STATE_FAULTED);
    enum atto_status status = ATTO_E_STATE;
    enter(engine);
    if (container->state == ATTO_STATE_STOPPED && (container->flags & FLAG_RESTART) != 0)
        states |= IN(ATTO_STATE_STOPPED);
    if (is_in(container, force ? states | IN(ATTO_STATE_STOPPING) : states)) {
        if ((container->flags & FLAG_SLICE) != 0)
            ask(container, force ? REQUEST_FORCE : REQUEST_STOP);
        else
            container_stop(engine, container, force, false);
        status = ATTO_OK;
    }
    return finish(engine, status);
}

/* ---- events and answers ---- */

/* By time, behind those of the same time; never before the one that is being served. */
static void event_insert(struct limits *limits, const struct event *event, bool serving)
{
    uint32_t at = limits->event_count++;
    uint32_t first = serving ? 1u : 0u;
    for (; at > first && limits->events[at - 1u].due_us > event->due_us; at--)
        limits->events[at] = limits->events[at - 1u];
    limits->events[at] = *event;
}

static enum atto_status post(struct atto_engine *engine, struct atto_container *container, struct event *event,
                             uint32_t delay_us)
{
    struct limits *limits = limits_of(container);
    uint32_t states = IN(ATTO_STATE_STARTING) | IN(ATTO_STATE_RUNNING) | IN(ATTO_STATE_PAUSED);
    if (!is_in(container, states) && (container->state != ATTO_STATE_FAULTED || !(container->flags & FLAG_RESTART)))
        return ATTO_E_STATE;
    if (limits == NULL || limits->event_count >= limits->schedule.events) {
        count(&container->denials, 1);
        return ATTO_E_QUOTA;
    }
    event->due_us = engine->now_us + delay_us;
    event_insert(limits, event, container->activation == ATTO_ACTIVATION_EVENT);
    if (container->state == ATTO_STATE_RUNNING && container->activation == ATTO_ACTIVATION_NONE) {
        queue_leave(engine, container);
        container_idle(engine, container);
    }
    return ATTO_OK;
}

enum atto_status atto_engine_post(struct atto_engine *engine, struct atto_container *container, uint32_t entry,
                                  uint32_t delay_us, const void *data, uint32_t len)
{
    struct event event = { .entry = (uint16_t)entry, .len = (uint16_t)len };
    if (entry >= ATTO_ENTRY_NONE || len > ATTO_EVENT_BYTES)
        return ATTO_E_ARGUMENT;
    for (uint32_t i = 0; i < len; i++)
        event.data[i] = ((const uint8_t *)data)[i];
    enter(engine);
    return finish(engine, post(engine, container, &event, delay_us));
}

static enum atto_status answer(struct atto_engine *engine, struct atto_container *container, uint64_t result)
{
    if ((container->flags & FLAG_SLICE) != 0)
        return ATTO_E_BUSY;
    if ((container->flags & FLAG_WAITS) == 0)
        return ATTO_E_STATE;
    container->flags &= (uint8_t)~FLAG_WAITS;
    atto_run_answer(run_of(container), result);
    if (container->state != ATTO_STATE_PAUSED) {
        activation_wake(engine, container);
        activation_go_on(engine, container);
    }
    return ATTO_OK;
}

enum atto_status atto_engine_answer(struct atto_engine *engine, struct atto_container *container, uint64_t result)
{
    enter(engine);
    return finish(engine, answer(engine, container, result));
}

void atto_engine_heartbeat(struct atto_engine *engine, struct atto_container *container)
{
    enter(engine);
    if (limits_of(container) != NULL)
        limits_of(container)->heartbeat_us = engine->now_us;
    leave(engine);
}
