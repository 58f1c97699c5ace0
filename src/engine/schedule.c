/* Activations: when they begin, what they may use, how they end. A container of which nothing is under way is handed to
 * atto_container_idle, which begins what is due or sets its timer; everything that can take an activation's time away
 * from it (durations, deadlines, life time, heartbeat) is one moment, bound_of, looked at after each slice, by its
 * timer while it sleeps, and by `watch` while it is ready and others have the processor.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#define SECOND_US 1000000u

uint32_t atto_budget_window_us(const struct atto_schedule *schedule)
{
    if (schedule->budget_window_us != 0u)
        return schedule->budget_window_us;
    return schedule->period_us != 0u ? schedule->period_us : SECOND_US;
}

/* ---- budget ---- */

/* Begins a new window if the old one is over. What was overdrawn in the one before comes off it. */
static void budget_refill(const struct atto_engine *engine, struct limits *limits)
{
    uint32_t window_us = atto_budget_window_us(&limits->schedule);
    int64_t passed_us = (int64_t)(engine->now_us - limits->window_us); /* a new schedule's first window may be to come */
    if (passed_us < (int64_t)window_us)
        return;
    limits->window_us = engine->now_us - (uint64_t)passed_us % window_us;
    int32_t debt = limits->budget_left < 0 && (uint64_t)passed_us / window_us == 1u ? limits->budget_left : 0;
    limits->budget_left = (int32_t)limits->schedule.budget_fuel + debt;
}

static inline bool has_budget(const struct atto_container *container)
{
    const struct limits *limits = atto_limits_of(container);
    return limits != NULL && limits->schedule.budget_fuel != 0u;
}

uint32_t atto_budget_limit(const struct atto_container *container, uint32_t fuel)
{
    struct limits *limits = atto_limits_of(container);
    if (!has_budget(container))
        return fuel;
    budget_refill(engine_of(container), limits);
    if (limits->budget_left >= (int32_t)fuel)
        return fuel;
    return limits->budget_left > 0 ? (uint32_t)limits->budget_left : 0u;
}

void atto_budget_charge(struct atto_container *container, uint32_t fuel)
{
    struct limits *limits = atto_limits_of(container);
    if (has_budget(container))
        limits->budget_left -= (int32_t)(fuel + engine_of(container)->config->switch_fuel);
}

/* ---- the moment at which an activation's time is over ---- */

static inline uint32_t deadline_us(const struct atto_container *container, const struct limits *limits)
{
    if (container->activation != ATTO_ACTIVATION_LOOP && container->activation != ATTO_ACTIVATION_EVENT)
        return 0;
    if (limits != NULL && limits->schedule.deadline_us != 0u)
        return limits->schedule.deadline_us;
    return container->activation == ATTO_ACTIVATION_LOOP ? container->period_us : 0u;
}

static uint32_t duration_max_us(const struct atto_container *container, const struct limits *limits)
{
    struct atto_engine *engine = engine_of(container);
    if (container->activation == ATTO_ACTIVATION_STOP)
        return limits != NULL && limits->schedule.stop_max_us != 0u ? limits->schedule.stop_max_us
                                                                    : engine->config->stop_max_us;
    if (limits == NULL)
        return 0;
    return container->activation == ATTO_ACTIVATION_START ? limits->schedule.start_max_us
                                                          : limits->schedule.loop_max_us;
}

struct bound {
    uint64_t at_us; /* ATTO_NEVER: none */
    enum atto_status status; /* the fault; ATTO_OK: its life time is over */
};

static void sooner(struct bound *bound, uint64_t at_us)
{
    if (at_us < bound->at_us)
        bound->at_us = at_us;
}

static OFF_PATH void tighten(struct bound *bound, uint64_t since_us, uint64_t most_us, enum atto_status status)
{
    if (most_us != 0u && since_us + most_us + 1u < bound->at_us)
        *bound = (struct bound){ since_us + most_us + 1u, status };
}

/* Is there none for sure? */
static inline bool is_unbounded(const struct atto_container *container)
{
    const struct limits *limits = atto_limits_of(container);
    return limits != NULL && !limits->bounded && container->activation != ATTO_ACTIVATION_STOP;
}

/* Of the container's life and, if there is one, of the activation that is not asleep; noted in its limits. */
static OFF_PATH struct bound bound_of(const struct atto_container *container)
{
    struct limits *limits = atto_limits_of(container);
    struct bound bound = { ATTO_NEVER, ATTO_OK };
    if (is_unbounded(container))
        return bound; /* as limits->bound_us says */
    if (container->activation != ATTO_ACTIVATION_NONE)
        tighten(&bound, container->at_us, duration_max_us(container, limits), ATTO_FAULT_DURATION);
    if (limits == NULL)
        return bound;
    const struct atto_schedule *schedule = &limits->schedule;
    if (container->activation != ATTO_ACTIVATION_STOP) {
        tighten(&bound, limits->started_us, schedule->lifetime_ms * (uint64_t)1000u, ATTO_OK);
        tighten(&bound, limits->heartbeat_us, schedule->heartbeat_us, ATTO_FAULT_HEARTBEAT);
    }
    if (schedule->on_miss != ATTO_MISS_CONTINUE && (container->flags & FLAG_EXCUSED) == 0)
        tighten(&bound, container->at_us, deadline_us(container, limits), ATTO_FAULT_DEADLINE);
    limits->bound_us = bound.at_us;
    return bound;
}

/* Makes it ready. Somebody may keep the processor from it for long, so the engine watches its bound meanwhile. */
static void make_ready(struct atto_container *container)
{
    struct atto_engine *engine = engine_of(container);
    if (!is_unbounded(container)) {
        uint64_t bound_us = bound_of(container).at_us;
        if (bound_us < engine->watch_us)
            engine->watch_us = bound_us;
    }
    container->flags &= (uint8_t)~FLAG_THROTTLED;
    atto_ready_push(container);
}

/* Makes an activation ready, or puts it to sleep until there is a budget for it. */
static void proceed(struct atto_container *container)
{
    if (!has_budget(container) || atto_budget_limit(container, 1) != 0u) {
        make_ready(container);
        return;
    }
    const struct limits *limits = atto_limits_of(container);
    uint64_t refill_us = limits->window_us + atto_budget_window_us(&limits->schedule);
    if (limits->schedule.on_overrun == ATTO_OVERRUN_FAULT) {
        atto_container_fault(container, ATTO_FAULT_BUDGET);
        return;
    }
    if ((container->flags & FLAG_THROTTLED) == 0)
        atto_trace(container, ATTO_TRACE_THROTTLE, (uint32_t)(refill_us - engine_of(container)->now_us));
    container->flags |= FLAG_THROTTLED;
    atto_activation_sleep(container, refill_us);
}

static void miss(struct atto_container *container, uint32_t how_many)
{
    if (how_many == 0u)
        return;
    atto_count(&container->counters.misses, how_many);
    atto_trace(container, ATTO_TRACE_MISS, how_many);
}

/* Ends what went over its bound. */
static void overdue(struct atto_container *container, enum atto_status status)
{
    struct atto_engine *engine = engine_of(container);
    if (container->activation == ATTO_ACTIVATION_STOP) {
        atto_container_stopped(container);
    } else if (status == ATTO_OK) {
        atto_container_stop(container, false, true);
    } else if (status == ATTO_FAULT_DEADLINE) {
        miss(container, 1);
        if (atto_limits_of(container)->schedule.on_miss == ATTO_MISS_FAULT) {
            atto_container_fault(container, status);
            return;
        }
        bool loop = container->activation == ATTO_ACTIVATION_LOOP;
        atto_trace(container, detailed(ATTO_TRACE_END, container->activation),
                   (uint32_t)(engine->now_us - container->at_us));
        atto_activation_drop(container);
        if (loop && engine->now_us > container->period_us) /* a release within the last period is served now */
            miss(container, atto_release_skip(container, engine->now_us - container->period_us));
        atto_container_idle(container);
    } else {
        atto_container_fault(container, status);
    }
}

/* ---- releases ---- */

uint32_t atto_release_skip(struct atto_container *container, uint64_t at_us)
{
    if (container->period_us == 0u || at_us <= container->release_us)
        return 0;
    uint64_t skipped = (at_us - container->release_us + container->period_us - 1u) / container->period_us;
    container->release_us += skipped * container->period_us;
    return skipped < UINT32_MAX ? (uint32_t)skipped : UINT32_MAX;
}

/* ---- from begin to end ---- */

void atto_activation_note(struct atto_container *container, enum atto_activation kind, uint64_t release_us)
{
    container->activation = (uint8_t)kind & 15u;
    container->at_us = release_us;
    container->counters.activations++;
    const struct atto_engine *engine = engine_of(container);
    if (engine->config->trace_count != 0u)
        atto_trace(container, detailed(ATTO_TRACE_ACTIVATE, kind), (uint32_t)(engine->now_us - release_us));
}

bool atto_activation_begin(struct atto_container *container, enum atto_activation kind, uint32_t entry,
                           uint64_t release_us)
{
    struct atto_context context, *given = NULL;
    if (kind == ATTO_ACTIVATION_EVENT) {
        struct event *event = &atto_limits_of(container)->events[0];
        context.ptr = event->data.bytes;
        context.len = event->len;
        context.access = ATTO_READ;
        given = &context;
        if (context.len == EVENT_MESSAGE && !atto_message_first(container, event, given))
            return false;
    }
    if (atto_run_start(run_of(container), entry, given) != ATTO_OK)
        return false;
    atto_activation_note(container, kind, release_us);
    container->fuel_left = container->fuel;
    if (container->limits == NULL && kind != ATTO_ACTIVATION_STOP)
        atto_ready_push(container);
    else
        proceed(container);
    return true;
}

static void event_drop(struct limits *limits)
{
    limits->event_count--;
    for (uint32_t i = 0; i < limits->event_count; i++)
        limits->events[i] = limits->events[i + 1u];
}

static void event_end(struct atto_container *container)
{
    struct limits *limits = atto_limits_of(container);
    struct atto_listener *listener = limits->events[0].len == EVENT_MESSAGE ? limits->events[0].data.listener : NULL;
    event_drop(limits);
    if (listener != NULL)
        atto_message_done(container, listener);
}

uint32_t atto_activation_fuel(const struct atto_container *container)
{
    const struct atto_run *run = (const struct atto_run *)(const void *)(container + 1);
    if (container->activation == ATTO_ACTIVATION_NONE)
        return 0;
    return container->fuel - container->fuel_left - (uint32_t)run->fuel;
}

void atto_activation_drop(struct atto_container *container)
{
    atto_queue_leave(container);
    container->counters.fuel += atto_activation_fuel(container);
    if (container->activation == ATTO_ACTIVATION_EVENT)
        event_end(container);
    container->activation = ATTO_ACTIVATION_NONE;
    container->flags &= (uint8_t)~(FLAG_WAITS | FLAG_THROTTLED | FLAG_EXCUSED);
    run_of(container)->outcome = ATTO_DONE;
    if ((container->flags & FLAG_CHANGE) != 0)
        atto_limits_take_over(container);
}

/* Is `loop` activated by time, or one after the other? */
static bool loops(const struct atto_container *container, const struct limits *limits)
{
    return container->loop_entry != ATTO_ENTRY_NONE &&
           (container->period_us != 0u || (limits != NULL && limits->schedule.loop_count != 0u));
}

static void loop_begin(struct atto_container *container)
{
    uint64_t release_us = container->release_us;
    container->release_us += container->period_us;
    if (container->period_us == 0u)
        release_us = engine_of(container)->now_us;
    if (container->limits != NULL)
        container->limits->loops++;
    atto_activation_begin(container, ATTO_ACTIVATION_LOOP, container->loop_entry, release_us);
}

/* Begins the first event that is due, if there is one. */
static bool event_begin(struct atto_container *container, struct limits *limits)
{
    const struct event *event = &limits->events[0];
    while (limits->event_count != 0u && event->due_us <= engine_of(container)->now_us) {
        if (atto_activation_begin(container, ATTO_ACTIVATION_EVENT, event->entry, event->due_us))
            return true;
        if (event->len != EVENT_MESSAGE)
            atto_count(&container->counters.denials, 1);
        event_drop(limits);
    }
    return false;
}

void atto_container_idle(struct atto_container *container)
{
    uint64_t now_us = engine_of(container)->now_us;
    struct limits *limits = container->limits; /* no change waits while nothing is under way */
    struct bound wake = { ATTO_NEVER, ATTO_OK };
    if (limits != NULL) {
        if (!is_unbounded(container)) {
            wake = bound_of(container);
            if (now_us >= wake.at_us) {
                overdue(container, wake.status);
                return;
            }
        }
        if (limits->schedule.loop_count != 0u && limits->loops >= limits->schedule.loop_count) {
            atto_container_stop(container, false, true);
            return;
        }
        if (event_begin(container, limits))
            return;
        if (limits->event_count != 0u)
            sooner(&wake, limits->events[0].due_us);
    }
    if (loops(container, limits)) {
        if (container->release_us <= now_us) {
            loop_begin(container);
            return;
        }
        sooner(&wake, container->release_us);
    }
    if (wake.at_us != ATTO_NEVER)
        atto_timer_push(container, wake.at_us);
}

void atto_activation_done(struct atto_container *container)
{
    struct atto_engine *engine = engine_of(container);
    struct limits *limits = atto_limits_of(container);
    enum atto_activation kind = (enum atto_activation)container->activation;
    uint64_t took_us = engine->now_us - container->at_us;
    uint32_t due_us = deadline_us(container, limits);
    if (engine->config->trace_count != 0u)
        atto_trace(container, detailed(ATTO_TRACE_END, kind), (uint32_t)took_us);
    if (due_us != 0u && took_us > due_us && (container->flags & FLAG_EXCUSED) == 0) {
        miss(container, 1);
        if (limits != NULL && limits->schedule.on_miss == ATTO_MISS_FAULT) {
            atto_container_fault(container, ATTO_FAULT_DEADLINE);
            return;
        }
    }
    if (kind == ATTO_ACTIVATION_LOOP && engine->now_us > container->release_us) {
        uint32_t lost = atto_release_skip(container, engine->now_us);
        if ((container->flags & FLAG_EXCUSED) == 0)
            miss(container, lost);
    }
    atto_activation_drop(container);
    if (kind == ATTO_ACTIVATION_STOP) {
        atto_container_stopped(container);
        return;
    }
    if (kind == ATTO_ACTIVATION_START) {
        atto_container_state(container, ATTO_STATE_RUNNING);
        atto_release_skip(container, engine->now_us);
    }
    atto_container_idle(container);
}

/* ---- sleep and timers ---- */

void atto_activation_sleep(struct atto_container *container, uint64_t until_us)
{
    uint64_t bound_us = bound_of(container).at_us;
    if (bound_us < until_us)
        until_us = bound_us;
    if (until_us == ATTO_NEVER)
        return;
    struct limits *limits = atto_limits_of(container);
    if (limits != NULL)
        limits->release_us = container->at_us;
    atto_timer_push(container, until_us);
}

void atto_activation_wake(struct atto_container *container)
{
    const struct limits *limits = atto_limits_of(container);
    if ((container->flags & FLAG_TIMER) == 0)
        return;
    atto_queue_leave(container);
    /* Without limits only the firmware's own limit of `stop` has set the timer. */
    if (limits != NULL)
        container->at_us = limits->release_us;
    else
        container->at_us -= (uint64_t)engine_of(container)->config->stop_max_us + 1u;
}

void atto_activation_go_on(struct atto_container *container)
{
    struct atto_engine *engine = engine_of(container);
    struct bound bound = bound_of(container);
    if (engine->now_us >= bound.at_us)
        overdue(container, bound.status);
    else if ((container->flags & FLAG_WAITS) != 0)
        atto_activation_sleep(container, ATTO_NEVER);
    else
        proceed(container);
}

/* A container's timer has come. */
static void expire(struct atto_container *container)
{
    struct atto_engine *engine = engine_of(container);
    if (container->activation != ATTO_ACTIVATION_NONE) {
        atto_activation_wake(container);
        atto_activation_go_on(container);
        return;
    }
    engine->timers = container->link;
    container->flags &= (uint8_t)~FLAG_TIMER;
    if ((container->flags & FLAG_RESTART) != 0)
        atto_container_start(container, container->at_us);
    else
        atto_container_idle(container);
}

/* ---- slices ---- */

/* What was asked of a container while it had the processor. */
void atto_serve_request(struct atto_container *container)
{
    uint8_t request = container->request;
    container->request = REQUEST_NONE;
    atto_windows_follow(container);
    bool alive = container->state == ATTO_STATE_STARTING || container->state == ATTO_STATE_RUNNING;
    if (request == REQUEST_PAUSE && alive)
        atto_container_pause(container);
    else if (request == REQUEST_STOP && container->state == ATTO_STATE_STOPPING)
        container->flags &= (uint8_t)~FLAG_RESTART;
    else if (request >= REQUEST_STOP)
        atto_container_stop(container, request == REQUEST_FORCE, false);
}

/* Has it budget left, and is its bound still to come? */
static bool nothing_ends(const struct atto_container *container)
{
    const struct limits *limits = atto_limits_of(container);
    return limits != NULL && engine_of(container)->now_us < limits->bound_us &&
           (limits->budget_left > 0 || limits->schedule.budget_fuel == 0u);
}

/* What a slice leads to. used: fuel. */
static OFF_PATH void slice_end(struct atto_container *container, enum atto_outcome outcome, uint32_t used)
{
    struct atto_run *run = run_of(container);
    atto_budget_charge(container, used);
    if (outcome == ATTO_DONE) {
        atto_activation_done(container);
        return;
    }
    if (outcome == ATTO_FAULT) {
        atto_container_fault(container, (enum atto_status)run->fault);
        return;
    }
    if (run->fuel > 0) { /* what was not used is given again, in slices */
        container->fuel_left += (uint32_t)run->fuel;
        run->fuel = 0;
    }
    if (outcome == ATTO_YIELD && container->fuel_left == 0u) {
        atto_container_fault(container, ATTO_FAULT_FUEL);
    } else if (outcome == ATTO_YIELD && nothing_ends(container)) {
        engine_of(container)->ready[container->priority] = container; /* the ring turns */
    } else {
        atto_queue_leave(container);
        if (outcome == ATTO_WAIT)
            container->flags |= FLAG_WAITS;
        atto_activation_go_on(container);
    }
}

static inline enum atto_outcome slice_inline(struct atto_engine *engine, struct atto_container *container,
                                             uint32_t fuel)
{
    const struct atto_engine_config *config = engine->config;
    uint64_t began_us = engine->now_us;
    container->flags |= FLAG_SLICE;
    leave_inline(config->port);
    enum atto_outcome outcome = atto_run_resume(run_of(container), fuel);
    enter_inline(engine, config->port);
    container->flags &= (uint8_t)~FLAG_SLICE;
    container->counters.time_us += engine->now_us - began_us;
    if (config->trace_count != 0u)
        atto_trace(container, ATTO_TRACE_SLICE, (uint32_t)(engine->now_us - began_us));
    return outcome;
}

enum atto_outcome atto_slice(struct atto_container *container, uint32_t fuel)
{
    struct atto_engine *engine = engine_of(container);
    return slice_inline(engine, container, fuel);
}

/* Runs a slice of the first container of a ring. It stays in its place as long as it has the processor. */
static inline void run_slice(struct atto_engine *engine, struct atto_container *container)
{
    struct atto_run *run = run_of(container);
    uint32_t fuel = engine->config->slice_fuel;
    if (fuel > container->fuel_left)
        fuel = container->fuel_left;
    if (has_budget(container))
        fuel = atto_budget_limit(container, fuel);
    int32_t given = (int32_t)((uint32_t)run->fuel + fuel);
    container->fuel_left -= fuel;
    enum atto_outcome outcome = slice_inline(engine, container, fuel);
    if (outcome == ATTO_YIELD && container->limits == NULL && container->fuel_left != 0u &&
        container->activation != ATTO_ACTIVATION_STOP)
        engine->ready[container->priority] = container; /* the ring turns */
    else
        slice_end(container, outcome, (uint32_t)given - (uint32_t)run->fuel);
    if (container->request != REQUEST_NONE)
        atto_serve_request(container);
}

/* Ends what waits for the processor beyond its bound, and looks for the next such moment. */
static OFF_PATH void watch(struct atto_engine *engine)
{
    struct pool_block *block = NULL;
    engine->watch_us = ATTO_NEVER;
    while (engine->ready_priorities != 0u && (block = atto_pool_next(engine, block)) != NULL) {
        struct atto_container *container = (struct atto_container *)(void *)block;
        if ((container->flags & (FLAG_READY | FLAG_SLICE)) != FLAG_READY)
            continue; /* one in a slice is looked at when that ends */
        struct bound bound = bound_of(container);
        if (engine->now_us >= bound.at_us) {
            atto_queue_leave(container);
            overdue(container, bound.status);
        } else if (bound.at_us < engine->watch_us) {
            engine->watch_us = bound.at_us;
        }
    }
}

uint64_t atto_engine_poll_band(struct atto_engine *engine, uint32_t first, uint32_t last)
{
    uint32_t band = (2u << last) - (1u << first);
    uint32_t slices = engine->config->poll_slices;
    uint64_t wake_us = 0;
    enter_inline(engine, engine->config->port);
    do {
        if (engine->now_us >= engine->watch_us)
            watch(engine);
        while (engine->timers != NULL && engine->timers->at_us <= engine->now_us)
            expire(engine->timers);
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
