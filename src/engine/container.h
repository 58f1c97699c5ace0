/* A container as it lies in its block of the pool: this struct, and directly behind it the executor's instance with
 * stack and data. What few containers need (budgets, durations, life time, events) is in a second block. Private to
 * src/engine; every function here is called with the lock held.
 *
 * A container is in one of the rings of ready containers, in the list of timers, in a slice, or nowhere (because it is
 * stopped or paused, or waits for an answer or an event). `at_us` is when a container in the timers wants to be woken;
 * for one that is in an activation it is the activation's release, and while such a one is in the timers (throttled,
 * or waiting with a limit) its release is in the limits.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CONTAINER_PRIVATE_H
#define ATTO_CONTAINER_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "atto/engine.h"
#include "pool.h"

enum container_flag {
    FLAG_READY = 1 << 0,    /* in the ring of its priority */
    FLAG_TIMER = 1 << 1,    /* in the timers */
    FLAG_SLICE = 1 << 2,    /* a slice or a hook runs it now: its block must not move, its run not be touched */
    FLAG_WAITS = 1 << 3,    /* for the answer to a host call */
    FLAG_THROTTLED = 1 << 4,
    FLAG_RESTART = 1 << 5,  /* will be started when its timer comes */
    FLAG_EXCUSED = 1 << 6,  /* the activation was paused: no deadline, no duration */
    FLAG_CHANGE = 1 << 7    /* limits are those of the next activation; limits->next is what holds now */
};

/* What was asked of a container in the middle of a slice: done at its end. */
enum container_request { REQUEST_NONE = 0, REQUEST_PAUSE = 1, REQUEST_STOP = 2, REQUEST_FORCE = 3 };

struct event {
    uint64_t due_us;
    uint16_t entry;
    uint16_t len;
    uint8_t data[ATTO_EVENT_BYTES];
};

struct limits {
    struct pool_block block;
    struct limits *next; /* with FLAG_CHANGE: those that hold until the activation under way is over, or NULL */
    struct atto_schedule schedule;
    uint64_t release_us;   /* of an activation that is in the timers */
    uint64_t started_us;   /* this life */
    uint64_t heartbeat_us; /* the last one */
    uint64_t window_us;    /* of the budget: begin */
    int32_t budget_left;   /* negative: overdrawn, which comes off the next window */
    uint32_t loops;        /* of this life */
    uint8_t restarts;      /* in a row */
    uint8_t event_count;
    struct event events[]; /* schedule.events of them; while one is served it is events[0] */
};

struct atto_container {
    struct pool_block block;
    struct atto_container *link; /* of the ring or list that it is in */
    uint64_t at_us;
    uint64_t release_us; /* next one of loop */
    uint64_t fuel_used;
    uint64_t time_us;
    const void *program; /* image bytes, or struct atto_host_program */
    struct limits *limits;
    uint32_t activations;
    uint32_t host_calls;
    uint32_t period_us;
    uint32_t fuel;       /* of an activation */
    uint32_t fuel_left;  /* not given yet to the one under way */
    uint32_t last_calls; /* numbers, a byte each, the latest in the lowest */
    uint16_t faults, misses, denials;
    uint16_t id;
    uint16_t start_entry, loop_entry, stop_entry;
    uint16_t log_used;   /* bytes, in engine->log_second */
    uint8_t state;
    uint8_t flags;
    uint8_t activation : 4, priority : 4;
    uint8_t request : 2, attachments : 6; /* hooks that it is attached to */
    int8_t last_fault;
};

#define ATTACHMENTS_MAX 63u

_Static_assert(sizeof(struct atto_container) % ATTO_ARENA_ALIGN == 0u, "the instance lies behind the container");

static inline struct atto_run *run_of(struct atto_container *container)
{
    return (struct atto_run *)(void *)(container + 1);
}

/* The limits that hold now; NULL: none. */
static inline struct limits *limits_of(const struct atto_container *container)
{
    return (container->flags & FLAG_CHANGE) != 0 ? container->limits->next : container->limits;
}

static inline void count(uint16_t *counter, uint32_t more)
{
    uint32_t sum = *counter + more;
    *counter = (uint16_t)(sum > 0xffffu || sum < more ? 0xffffu : sum);
}

/* ---- engine.c: the way in and out ---- */

/* Takes the lock and reads the clock: engine->now_us is the time of everything until `leave`. */
void enter(struct atto_engine *engine);
void leave(struct atto_engine *engine);
/* The same where each instruction counts. */
static inline void enter_inline(struct atto_engine *engine, const struct atto_port *port)
{
    if (port->lock != NULL)
        port->lock(port->user);
    engine->now_us = port->now_us(port->user);
}
static inline void leave_inline(const struct atto_port *port)
{
    if (port->unlock != NULL)
        port->unlock(port->user);
}
/* The end of a call that may have made something due: wakes who sleeps, and leaves. */
enum atto_status finish(struct atto_engine *engine, enum atto_status status);

/* ---- queue.c: where a container is ---- */

void ready_push(struct atto_engine *engine, struct atto_container *container);
void timer_push(struct atto_engine *engine, struct atto_container *container, uint64_t at_us);
/* Takes it out of the ring or list that it is in, if it is in one. */
void queue_leave(struct atto_engine *engine, struct atto_container *container);

/* ---- schedule.c: activations ---- */

/* Begins an activation; false: there is no such entry point, and nothing has happened. */
bool activation_begin(struct atto_engine *engine, struct atto_container *container, enum atto_activation kind,
                      uint32_t entry, uint64_t release_us);
/* What the activation under way has used so far; it comes to fuel_used at its end. */
uint32_t activation_fuel(const struct atto_container *container);
/* Forgets the activation that is under way, if there is one, and takes over a change of schedule. */
void activation_drop(struct atto_engine *engine, struct atto_container *container);
/* Goes on with a container that has nothing under way: begins what is due, or sets the timer. */
void container_idle(struct atto_engine *engine, struct atto_container *container);
/* If the next release is before `at_us`: moves it there or later, and answers how many are skipped. */
uint32_t release_skip(struct atto_container *container, uint64_t at_us);
/* Sets the timer of an activation that cannot go on now, at most until `until_us`. */
void activation_sleep(struct atto_engine *engine, struct atto_container *container, uint64_t until_us);
/* Takes an activation that sleeps out of the timers. */
void activation_wake(struct atto_engine *engine, struct atto_container *container);
/* Lets one that is in no ring or list go on: ready, asleep, or ended because its time is over. */
void activation_go_on(struct atto_engine *engine, struct atto_container *container);
/* Charges fuel that was used, and how much of `fuel` the budget allows now. */
void budget_charge(const struct atto_engine *engine, struct atto_container *container, uint32_t fuel);
uint32_t budget_limit(const struct atto_container *container, uint32_t fuel);
uint32_t budget_window_us(const struct atto_schedule *schedule);

/* Does what was asked of a container while a slice or a hook ran it. */
void serve_request(struct atto_engine *engine, struct atto_container *container);

/* ---- install.c ---- */

/* Notes how much memory is missing. Returns ATTO_E_NO_MEMORY. */
enum atto_status lacks_memory(struct atto_engine *engine, uint32_t bytes, struct atto_report *report);

/* Checks a container's program once more, for what is not kept of it. */
enum atto_status container_judge(const struct atto_engine *engine, const struct atto_container *container,
                                 struct atto_instance *instance);

/* ---- life.c: states ---- */

void container_state(struct atto_engine *engine, struct atto_container *container, enum atto_container_state state);
void container_start(struct atto_engine *engine, struct atto_container *container);
void container_fault(struct atto_engine *engine, struct atto_container *container, enum atto_status status);
/* Ends a life; `retire`: because its loops or its life time are over. */
void container_stop(struct atto_engine *engine, struct atto_container *container, bool force, bool retire);
void container_stopped(struct atto_engine *engine, struct atto_container *container);
void container_pause(struct atto_engine *engine, struct atto_container *container);

/* ---- limits.c ---- */

/* Does this schedule need a block of limits? */
bool limits_needed(const struct atto_schedule *schedule);
uint32_t limits_bytes(const struct atto_schedule *schedule);
struct limits *limits_make(struct atto_engine *engine, const struct atto_schedule *schedule);
/* Makes waiting limits those that hold. */
void limits_take_over(const struct atto_engine *engine, struct atto_container *container);
/* Gives back all blocks of limits. */
void limits_free(struct atto_container *container);
bool schedule_in_range(const struct atto_schedule *schedule);
/* As it was last set, whether it holds already or not. */
void schedule_of(const struct atto_container *container, struct atto_schedule *schedule);

/* ---- admission.c ---- */

/* Judges a schedule and fuel for `container` (NULL: a new one) beside all others. Fills the report's fields about it. */
enum atto_status admission_judge(struct atto_engine *engine, const struct atto_container *container,
                                 const struct atto_schedule *schedule, uint32_t fuel, struct atto_report *report);

/* ---- trace.c ---- */

/* Writes a record if the firmware wants any. */
void trace(struct atto_engine *engine, const struct atto_container *container, enum atto_trace_kind kind,
           uint32_t detail, uint32_t value);
void postmortem_write(struct atto_engine *engine, struct atto_container *container, enum atto_status status);
/* The numbers of its last host calls, the latest first. */
void container_last_calls(const struct atto_container *container, uint8_t last_calls[4]);
/* Told by the executors before each host call. */
void engine_observe(struct atto_run *run, uint32_t number);

#endif
