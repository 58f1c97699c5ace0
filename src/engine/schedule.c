/* Activations: when they begin, what they may use, how they end. A container of which nothing is under way is handed to
 * container_idle, which begins what is due or sets its timer; everything that can take an activation's time away from it
 * (durations, deadlines, life time, heartbeat) is one moment, activation_bound, looked at after each slice and, while it
 * sleeps, by its timer.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#define SECOND_US 1000000u

uint32_t budget_window_us(const struct atto_schedule *schedule)
{
    if (schedule->budget_window_us != 0u)
        return schedule->budget_window_us;
    return schedule->period_us != 0u ? schedule->period_us : SECOND_US;
}

/* ---- budget ---- */

static bool has_budget(const struct limits *limits)
{
    return limits != NULL && limits->schedule.budget_fuel != 0u;
}

/* Begins a new window if the old one is over. What was overdrawn comes off it. */
static void budget_refill(const struct atto_engine *engine, struct limits *limits)
{
    uint32_t window_us = budget_window_us(&limits->schedule);
    if (engine->now_us - limits->window_us < window_us)
        return;
    limits->window_us += (engine->now_us - limits->window_us) / window_us * window_us;
    int32_t debt = limits->budget_left < 0 ? limits->budget_left : 0;
    limits->budget_left = (int32_t)limits->schedule.budget_fuel + debt;
}

void budget_charge(const struct atto_engine *engine, struct atto_container *container, uint32_t fuel)
{
    struct limits *limits = limits_of(container);
    if (!has_budget(limits))
        return;
    budget_refill(engine, limits);
    limits->budget_left -= (int32_t)fuel;
}

uint32_t budget_limit(const struct atto_container *container, uint32_t fuel)
{
    const struct limits *limits = limits_of(container);
    if (!has_budget(limits) || limits->budget_left >= (int32_t)fuel)
        return fuel;
    return limits->budget_left > 0 ? (uint32_t)limits->budget_left : 0u;
}

/* Makes an activation ready, or puts it to sleep until there is a budget for it. */
static void proceed(struct atto_engine *engine, struct atto_container *container)
{
    struct limits *limits = limits_of(container);
    if (has_budget(limits)) {
        budget_refill(engine, limits);
        if (limits->budget_left <= 0) {
            uint64_t refill_us = limits->window_us + budget_window_us(&limits->schedule);
            if (limits->schedule.on_overrun == ATTO_OVERRUN_FAULT) {
                container_fault(engine, container, ATTO_FAULT_BUDGET);
                return;
            }
            if ((container->flags & FLAG_THROTTLED) == 0)
                trace(engine, container, ATTO_TRACE_THROTTLE, 0, (uint32_t)(refill_us - engine->now_us));
            container->flags |= FLAG_THROTTLED;
            activation_sleep(engine, container, refill_us);
            return;
        }
    }
    container->flags &= (uint8_t)~FLAG_THROTTLED;
    ready_push(engine, container);
}

/* ---- the moment at which an activation's time is over ---- */

static uint32_t deadline_us(const struct atto_container *container, const struct limits *limits)
{
    if (container->activation != ATTO_ACTIVATION_LOOP && container->activation != ATTO_ACTIVATION_EVENT)
        return 0;
    if (limits != NULL && limits->schedule.deadline_us != 0u)
        return limits->schedule.deadline_us;
    return container->activation == ATTO_ACTIVATION_LOOP ? container->period_us : 0u;
}

static uint32_t duration_max_us(const struct atto_engine *engine, const struct atto_container *container,
                                const struct limits *limits)
{
    const struct atto_schedule none = { 0 }, *schedule = limits != NULL ? &limits->schedule : &none;
    if (container->activation == ATTO_ACTIVATION_STOP)
        return schedule->stop_max_us != 0u ? schedule->stop_max_us : engine->config->stop_max_us;
    return container->activation == ATTO_ACTIVATION_START ? schedule->start_max_us : schedule->loop_max_us;
}

struct bound {
    uint64_t at_us; /* ATTO_NEVER: none */
    enum atto_status status; /* the fault; ATTO_OK: its life time is over */
};

static void tighten(struct bound *bound, uint64_t since_us, uint64_t most_us, enum atto_status status)
{
    if (most_us != 0u && since_us + most_us + 1u < bound->at_us)
        *bound = (struct bound){ since_us + most_us + 1u, status };
}

/* Life time and heartbeat, with or without an activation. */
static struct bound life_bound(const struct limits *limits)
{
    struct bound bound = { ATTO_NEVER, ATTO_OK };
    tighten(&bound, limits->started_us, limits->schedule.lifetime_ms * (uint64_t)1000u, ATTO_OK);
    tighten(&bound, limits->heartbeat_us, limits->schedule.heartbeat_us, ATTO_FAULT_HEARTBEAT);
    return bound;
}

/* release_us: of the activation. */
static struct bound activation_bound(const struct atto_engine *engine, const struct atto_container *container,
                                     uint64_t release_us)
{
    const struct limits *limits = limits_of(container);
    bool stopping = container->activation == ATTO_ACTIVATION_STOP;
    struct bound bound = { ATTO_NEVER, ATTO_OK };
    if (limits != NULL && !stopping)
        bound = life_bound(limits);
    if ((container->flags & FLAG_EXCUSED) != 0)
        return bound;
    tighten(&bound, release_us, duration_max_us(engine, container, limits), ATTO_FAULT_DURATION);
    if (limits != NULL && limits->schedule.on_miss != ATTO_MISS_CONTINUE)
        tighten(&bound, release_us, deadline_us(container, limits), ATTO_FAULT_DEADLINE);
    return bound;
}

static void miss(struct atto_engine *engine, struct atto_container *container, uint32_t how_many)
{
    if (how_many == 0u)
        return;
    count(&container->misses, how_many);
    trace(engine, container, ATTO_TRACE_MISS, 0, how_many);
}

/* Ends what went over its bound. */
static void overdue(struct atto_engine *engine, struct atto_container *container, enum atto_status status)
{
    if (container->activation == ATTO_ACTIVATION_STOP) {
        container_stopped(engine, container);
    } else if (status == ATTO_OK) {
        container_stop(engine, container, false, true);
    } else if (status == ATTO_FAULT_DEADLINE) {
        miss(engine, container, 1);
        if (limits_of(container)->schedule.on_miss == ATTO_MISS_FAULT) {
            container_fault(engine, container, status);
            return;
        }
        bool loop = container->activation == ATTO_ACTIVATION_LOOP;
        trace(engine, container, ATTO_TRACE_END, container->activation,
              (uint32_t)(engine->now_us - container->at_us));
        activation_drop(engine, container);
        if (loop) /* a release within the last period is served now */
            miss(engine, container, release_skip(container, engine->now_us - container->period_us));
        container_idle(engine, container);
    } else {
        container_fault(engine, container, status);
    }
}

/* ---- releases ---- */

uint32_t release_skip(struct atto_container *container, uint64_t at_us)
{
    if (container->period_us == 0u || at_us <= container->release_us)
        return 0;
    uint64_t skipped = (at_us - container->release_us + container->period_us - 1u) / container->period_us;
    container->release_us += skipped * container->period_us;
    return skipped < UINT32_MAX ? (uint32_t)skipped : UINT32_MAX;
}

/* ---- from begin to end ---- */

bool activation_begin(struct atto_engine *engine, struct atto_container *container, enum atto_activation kind,
                      uint32_t entry, uint64_t release_us)
{
    struct atto_context context, *given = NULL;
    if (kind == ATTO_ACTIVATION_EVENT) {
        struct event *event = &limits_of(container)->events[0];
        context = (struct atto_context){ event->data, event->len, ATTO_READ };
        given = &context;
    }
    if (atto_run_start(run_of(container), entry, given) != ATTO_OK)
        return false;
    container->activation = (uint8_t)kind & 15u;
    container->fuel_left = container->fuel;
    container->at_us = release_us;
    container->activations += container->activations != UINT32_MAX;
    if (engine->config->trace_count != 0u)
        trace(engine, container, ATTO_TRACE_ACTIVATE, kind, (uint32_t)(engine->now_us - release_us));
    if (container->limits == NULL)
        ready_push(engine, container);
    else
        proceed(engine, container);
    return true;
}

static void event_drop(struct limits *limits)
{
    limits->event_count--;
    for (uint32_t i = 0; i < limits->event_count; i++)
        limits->events[i] = limits->events[i + 1u];
}

uint32_t activation_fuel(const struct atto_container *container)
{
    const struct atto_run *run = (const struct atto_run *)(const void *)(container + 1);
    if (container->activation == ATTO_ACTIVATION_NONE)
        return 0;
    return container->fuel - container->fuel_left - (uint32_t)run->fuel;
}

void activation_drop(struct atto_engine *engine, struct atto_container *container)
{
    queue_leave(engine, container);
    container->fuel_used += activation_fuel(container);
    if (container->activation == ATTO_ACTIVATION_EVENT)
        event_drop(limits_of(container));
    container->activation = ATTO_ACTIVATION_NONE;
    container->flags &= (uint8_t)~(FLAG_WAITS | FLAG_THROTTLED | FLAG_EXCUSED);
    run_of(container)->outcome = ATTO_DONE;
    if ((container->flags & FLAG_CHANGE) != 0)
        limits_take_over(engine, container);
}

/* Is `loop` activated by time, or one after the other? */
static bool loops(const struct atto_container *container, const struct limits *limits)
{
    return container->loop_entry != ATTO_ENTRY_NONE &&
           (container->period_us != 0u || (limits != NULL && limits->schedule.loop_count != 0u));
}

static bool loop_begin(struct atto_engine *engine, struct atto_container *container)
{
    uint64_t release_us = container->release_us;
    container->release_us += container->period_us;
    if (container->period_us == 0u)
        release_us = engine->now_us;
    return activation_begin(engine, container, ATTO_ACTIVATION_LOOP, container->loop_entry, release_us);
}

/* What the limits say of a container without an activation: begins an event, or ends the life. Else answers when to
 * look again. */
static bool limits_idle(struct atto_engine *engine, struct atto_container *container, struct limits *limits,
                        uint64_t *wake_us)
{
    struct bound bound = life_bound(limits);
    if (engine->now_us >= bound.at_us) {
        overdue(engine, container, bound.status);
        return true;
    }
    *wake_us = bound.at_us;
    while (limits->event_count != 0u && limits->events[0].due_us <= engine->now_us) {
        if (activation_begin(engine, container, ATTO_ACTIVATION_EVENT, limits->events[0].entry,
                             limits->events[0].due_us))
            return true;
        event_drop(limits);
        count(&container->denials, 1);
    }
    if (limits->event_count != 0u && limits->events[0].due_us < *wake_us)
        *wake_us = limits->events[0].due_us;
    return false;
}

void container_idle(struct atto_engine *engine, struct atto_container *container)
{
    struct limits *limits = container->limits; /* no change waits while nothing is under way */
    uint64_t wake_us = ATTO_NEVER;
    if (limits != NULL && limits_idle(engine, container, limits, &wake_us))
        return;
    if (loops(container, limits)) {
        if (container->release_us <= engine->now_us && loop_begin(engine, container))
            return;
        if (container->release_us < wake_us)
            wake_us = container->release_us;
    }
    if (wake_us != ATTO_NEVER)
        timer_push(engine, container, wake_us);
}

static void activation_done(struct atto_engine *engine, struct atto_container *container)
{
    struct limits *limits = limits_of(container);
    enum atto_activation kind = (enum atto_activation)container->activation;
    uint64_t took_us = engine->now_us - container->at_us;
    uint32_t due_us = deadline_us(container, limits);
    trace(engine, container, ATTO_TRACE_END, kind, (uint32_t)took_us);
    if (due_us != 0u && took_us > due_us && (container->flags & FLAG_EXCUSED) == 0) {
        miss(engine, container, 1);
        if (limits != NULL && limits->schedule.on_miss == ATTO_MISS_FAULT) {
            container_fault(engine, container, ATTO_FAULT_DEADLINE);
            return;
        }
    }
    if (kind == ATTO_ACTIVATION_LOOP && engine->now_us > container->release_us) {
        uint32_t lost = release_skip(container, engine->now_us);
        if ((container->flags & FLAG_EXCUSED) == 0)
            miss(engine, container, lost);
    }
    bool last = kind == ATTO_ACTIVATION_LOOP && limits != NULL && limits->schedule.loop_count != 0u &&
                ++limits->loops >= limits->schedule.loop_count;
    activation_drop(engine, container);
    if (kind == ATTO_ACTIVATION_STOP) {
        container_stopped(engine, container);
        return;
    }
    if (kind == ATTO_ACTIVATION_START) {
        container_state(engine, container, ATTO_STATE_RUNNING);
        release_skip(container, engine->now_us);
    }
    if (last)
        container_stop(engine, container, false, true);
    else
        container_idle(engine, container);
}

/* ---- sleep and timers ---- */

void activation_sleep(struct atto_engine *engine, struct atto_container *container, uint64_t until_us)
{
    uint64_t bound_us = activation_bound(engine, container, container->at_us).at_us;
    if (bound_us < until_us)
        until_us = bound_us;
    if (until_us == ATTO_NEVER)
        return;
    if (limits_of(container) != NULL)
        limits_of(container)->release_us = container->at_us;
    timer_push(engine, container, until_us);
}

void activation_wake(struct atto_engine *engine, struct atto_container *container)
{
    if ((container->flags & FLAG_TIMER) == 0)
        return;
    queue_leave(engine, container);
    /* Without limits only the firmware's own limit of `stop` has set the timer. */
    if (limits_of(container) != NULL)
        container->at_us = limits_of(container)->release_us;
    else
        container->at_us -= (uint64_t)engine->config->stop_max_us + 1u;
}

void activation_go_on(struct atto_engine *engine, struct atto_container *container)
{
    struct bound bound = activation_bound(engine, container, container->at_us);
    if (engine->now_us >= bound.at_us)
        overdue(engine, container, bound.status);
    else if ((container->flags & FLAG_WAITS) != 0)
        activation_sleep(engine, container, ATTO_NEVER);
    else
        proceed(engine, container);
}

/* A container's timer has come. */
static void expire(struct atto_engine *engine, struct atto_container *container)
{
    if (container->activation != ATTO_ACTIVATION_NONE) {
        activation_wake(engine, container);
        activation_go_on(engine, container);
        return;
    }
    engine->timers = container->link;
    container->flags &= (uint8_t)~FLAG_TIMER;
    if ((container->flags & FLAG_RESTART) != 0)
        container_start(engine, container);
    else
        container_idle(engine, container);
}

/* ---- slices ---- */

/* What was asked of a container while it had the processor. */
void serve_request(struct atto_engine *engine, struct atto_container *container)
{
    uint8_t request = container->request;
    container->request = REQUEST_NONE;
    bool alive = container->state == ATTO_STATE_STARTING || container->state == ATTO_STATE_RUNNING;
    if (request == REQUEST_PAUSE && alive)
        container_pause(engine, container);
    else if (request == REQUEST_STOP && container->state == ATTO_STATE_STOPPING)
        container->flags &= (uint8_t)~FLAG_RESTART;
    else if (request >= REQUEST_STOP)
        container_stop(engine, container, request == REQUEST_FORCE, false);
}

/* The way on for a container that does not just go on. */
static void slice_end(struct atto_engine *engine, struct atto_container *container, enum atto_outcome outcome)
{
    if (outcome == ATTO_DONE) {
        activation_done(engine, container);
    } else if (outcome == ATTO_FAULT) {
        container_fault(engine, container, (enum atto_status)run_of(container)->fault);
    } else if (outcome == ATTO_YIELD && container->fuel_left == 0u) {
        container_fault(engine, container, ATTO_FAULT_FUEL);
    } else {
        queue_leave(engine, container);
        if (outcome == ATTO_WAIT) {
            struct atto_run *run = run_of(container);
            container->flags |= FLAG_WAITS;
            if (run->fuel > 0) { /* what was not used is given again, in slices */
                container->fuel_left += (uint32_t)run->fuel;
                run->fuel = 0;
            }
        }
        activation_go_on(engine, container);
    }
}

/* Runs a slice of the first container of a ring. It stays in its place as long as it has the processor. */
static inline void run_slice(struct atto_engine *engine, struct atto_container *container)
{
    const struct atto_engine_config *config = engine->config;
    const struct atto_port *port = config->port;
    struct atto_run *run = run_of(container);
    uint64_t began_us = engine->now_us;
    uint32_t fuel = config->slice_fuel;
    if (fuel > container->fuel_left)
        fuel = container->fuel_left;
    if (container->limits != NULL)
        fuel = budget_limit(container, fuel);
    int32_t given = (int32_t)((uint32_t)run->fuel + fuel);
    container->fuel_left -= fuel;
    container->flags |= FLAG_SLICE;
    leave_inline(port);
    enum atto_outcome outcome = atto_run_resume(run, fuel);
    enter_inline(engine, port);
    container->flags &= (uint8_t)~FLAG_SLICE;
    container->time_us += engine->now_us - began_us;
    if (config->trace_count != 0u)
        trace(engine, container, ATTO_TRACE_SLICE, 0, (uint32_t)(engine->now_us - began_us));
    if (outcome == ATTO_YIELD && container->limits == NULL && container->fuel_left != 0u &&
        container->activation != ATTO_ACTIVATION_STOP) {
        engine->ready[container->priority] = container; /* the ring turns */
    } else {
        budget_charge(engine, container, (uint32_t)given - (uint32_t)run->fuel);
        slice_end(engine, container, outcome);
    }
    if (container->request != REQUEST_NONE)
        serve_request(engine, container);
}

uint64_t atto_engine_poll_band(struct atto_engine *engine, uint32_t first, uint32_t last)
{
    uint32_t band = (2u << last) - (1u << first);
    uint32_t slices = engine->config->poll_slices;
    uint64_t wake_us = 0;
    enter_inline(engine, engine->config->port);
    do {
        while (engine->timers != NULL && engine->timers->at_us <= engine->now_us)
            expire(engine, engine->timers);
        uint32_t priorities = engine->ready_priorities & band;
        if (priorities == 0u) {
            wake_us = engine->timers != NULL ? engine->timers->at_us : ATTO_NEVER;
            break;
        }
        run_slice(engine, engine->ready[__builtin_ctz(priorities)]->link);
    } while (--slices != 0u);
    leave_inline(engine->config->port);
    return wake_us;
}

uint64_t atto_engine_poll(struct atto_engine *engine)
{
    return atto_engine_poll_band(engine, 0, ATTO_PRIORITIES - 1u);
}
