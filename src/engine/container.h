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

/* For what is not on the way of a switch or an activation: there once, and that way is short. */
#define OFF_PATH __attribute__((noinline))

enum container_flag {
    FLAG_READY = 1 << 0,    /* in the ring of its priority */
    FLAG_TIMER = 1 << 1,    /* in the timers */
    FLAG_SLICE = 1 << 2,    /* a slice or a hook runs it now: its block must not move, its run not be touched */
    FLAG_WAITS = 1 << 3,    /* for the answer to a host call */
    FLAG_THROTTLED = 1 << 4,
    FLAG_RESTART = 1 << 5,  /* will be started when its timer comes */
    FLAG_EXCUSED = 1 << 6,  /* the activation was paused: no deadline, and durations count from the resume */
    FLAG_CHANGE = 1 << 7    /* limits are those of the next activation; limits->next is what holds now */
};

/* What was asked of a container in the middle of a slice: done at its end. */
enum container_request {
    REQUEST_NONE = 0,
    REQUEST_WINDOWS = 1, /* make them follow its rights; the others do so too */
    REQUEST_PAUSE = 2,
    REQUEST_STOP = 3,
    REQUEST_FORCE = 4
};

struct event {
    uint64_t due_us;
    uint16_t entry;
    uint16_t len;
    union {
        uint8_t bytes[ATTO_EVENT_BYTES];
        uint32_t words[2];
        struct atto_listener *listener; /* with EVENT_MESSAGE */
    } data;
};
#define EVENT_MESSAGE 0xffffu /* as len: the context is the first message of a mailbox */

#define WINDOWS 3u

/* Whose a container is and what it may. Its rights follow, and then, if one of them has a rate or a total, their
 * meters. */
struct grants {
    struct pool_block block;
    struct atto_rights rights;
    uint8_t tenant;
    uint8_t capacity;        /* rights that there is room for */
    uint8_t generation;      /* counts changes */
    uint8_t window[WINDOWS]; /* handle of what is seen through it, and 1; 0: closed */
    uint16_t life;           /* another one after each start and update */
};

struct limits {
    struct pool_block block;
    uint8_t restarts;      /* in a row */
    uint8_t event_count;
    uint16_t log_second;   /* of the clock, when it logged last */
    uint32_t loops;        /* begun in this life */
    int32_t budget_left;   /* negative: overdrawn, which comes off the next window */
    struct limits *next;   /* with FLAG_CHANGE: those that hold until the activation under way is over, or NULL */
    struct atto_schedule schedule;
    uint16_t log_used;     /* bytes, in that second */
    bool bounded;          /* the schedule has something that bound_of looks at */
    uint64_t release_us;   /* of an activation that is in the timers */
    uint64_t bound_us;     /* of one that is ready: nothing ends it before */
    uint64_t started_us;   /* this life */
    uint64_t heartbeat_us; /* the last one */
    uint64_t window_us;    /* of the budget: begin */
    struct event events[]; /* schedule.events of them; while one is served it is events[0] */
};

/* What is looked at most lies in front, where instructions reach it with short offsets. */
struct atto_container {
    struct pool_block block;
    struct atto_container *link; /* of the ring or list that it is in */
    uint8_t state;
    uint8_t flags;
    uint8_t activation : 4, priority : 4;
    uint8_t request : 3, attachments : 5; /* hooks that it is attached to */
    uint16_t start_entry, loop_entry, stop_entry;
    uint16_t id;
    struct grants *grants; /* NULL: it is the owner's, and has no rights */
    struct limits *limits;
    uint32_t fuel;       /* of an activation */
    uint32_t fuel_left;  /* not given yet to the one under way */
    uint32_t period_us;
    const void *program; /* image bytes, or struct atto_host_program */
    uint32_t last_calls; /* numbers, a byte each, the latest in the lowest */
    uint64_t at_us;
    uint64_t release_us; /* next one of loop */
    struct atto_counters counters; /* fuel: of the activation under way, at its end */
};

#define ATTACHMENTS_MAX 31u

_Static_assert(sizeof(struct atto_container) % ATTO_ARENA_ALIGN == 0u, "the instance lies behind the container");

static inline struct atto_run *run_of(struct atto_container *container)
{
    return (struct atto_run *)(void *)(container + 1);
}

/* The other way round. */
static inline struct atto_container *container_of(const struct atto_run *run)
{
    return (struct atto_container *)(uintptr_t)run - 1;
}

/* The engine of a container that is in its place. */
static inline struct atto_engine *engine_of(const struct atto_container *container)
{
    const struct atto_run *run = (const struct atto_run *)(const void *)(container + 1);
    return (struct atto_engine *)(uintptr_t)run->host; /* the engine's first member */
}

/* Sets of states. */
#define IN(state) (1u << (state))
#define ALIVE (IN(ATTO_STATE_STARTING) | IN(ATTO_STATE_RUNNING) | IN(ATTO_STATE_PAUSED))
#define OVER (IN(ATTO_STATE_INSTALLED) | IN(ATTO_STATE_STOPPED) | IN(ATTO_STATE_FAULTED))

static inline bool is_in(const struct atto_container *container, uint32_t states)
{
    return (states >> container->state & 1u) != 0u;
}

/* The limits that hold now; NULL: none. */
static inline struct limits *atto_limits_of(const struct atto_container *container)
{
    return (container->flags & FLAG_CHANGE) != 0 ? container->limits->next : container->limits;
}

/* Adds to a counter, up to its largest value. */
void atto_count(uint16_t *counter, uint32_t more);

/* ---- engine.c: the way in and out ---- */

/* Takes the lock and reads the clock: engine->now_us is the time of everything until `leave`. */
void atto_enter(struct atto_engine *engine);
void atto_leave(struct atto_engine *engine);
/* The same where each instruction counts. */
static inline void lock_inline(const struct atto_port *port)
{
    if (port->lock != NULL)
        port->lock(port->user);
}
static inline void enter_inline(struct atto_engine *engine, const struct atto_port *port)
{
    lock_inline(port);
    engine->now_us = port->now_us(port->user);
}
static inline void leave_inline(const struct atto_port *port)
{
    if (port->unlock != NULL)
        port->unlock(port->user);
}
/* The end of a call that may have made something due: wakes who sleeps, and leaves. */
enum atto_status atto_finish(struct atto_engine *engine, enum atto_status status);

/* ---- queue.c: where a container is ---- */

void atto_ready_push(struct atto_container *container);
void atto_timer_push(struct atto_container *container, uint64_t at_us);
/* Takes it out of the ring or list that it is in, if it is in one. */
void atto_queue_leave(struct atto_container *container);

/* ---- schedule.c: activations ---- */

/* Begins an activation; false: there is no such entry point, and nothing has happened. */
bool atto_activation_begin(struct atto_container *container, enum atto_activation kind, uint32_t entry,
                           uint64_t release_us);
/* Notes that one has begun. */
void atto_activation_note(struct atto_container *container, enum atto_activation kind, uint64_t release_us);
/* What the activation under way has used so far; it comes to the counter at its end. */
uint32_t atto_activation_fuel(const struct atto_container *container);
/* Forgets the activation that is under way, if there is one, and takes over a change of schedule. */
void atto_activation_drop(struct atto_container *container);
/* Goes on with a container that has nothing under way: begins what is due, or sets the timer. */
void atto_container_idle(struct atto_container *container);
/* If the next release is before `at_us`: moves it there or later, and answers how many are skipped. */
uint32_t atto_release_skip(struct atto_container *container, uint64_t at_us);
/* Sets the timer of an activation that cannot go on now, at most until `until_us`. */
void atto_activation_sleep(struct atto_container *container, uint64_t until_us);
/* Takes an activation that sleeps out of the timers. */
void atto_activation_wake(struct atto_container *container);
/* Lets one that is in no ring or list go on: ready, asleep, or ended because its time is over. */
void atto_activation_go_on(struct atto_container *container);
/* How much of `fuel` the budget allows now. */
uint32_t atto_budget_limit(const struct atto_container *container, uint32_t fuel);
/* Takes off the budget what a slice has used, and what it cost the engine. */
void atto_budget_charge(struct atto_container *container, uint32_t fuel);
uint32_t atto_budget_window_us(const struct atto_schedule *schedule);

/* Ends an activation that came to its end by itself, and goes on with what is due. */
void atto_activation_done(struct atto_container *container);
/* Lets it run with so much fuel, without the lock. */
enum atto_outcome atto_slice(struct atto_container *container, uint32_t fuel);

/* Does what was asked of a container while a slice or a hook ran it. */
void atto_serve_request(struct atto_container *container);

/* ---- install.c ---- */

/* The container with this id, or NULL. */
struct atto_container *atto_container_find(struct atto_engine *engine, uint32_t id);

/* Notes how much memory is missing. Returns ATTO_E_NO_MEMORY. */
enum atto_status atto_lacks_memory(struct atto_engine *engine, uint32_t bytes, struct atto_report *report);

bool atto_same_name(struct atto_span name, const char *wanted);
bool atto_container_is_host(const struct atto_container *container);
/* Reads the manifest again; false: it has none that can be read. Not for host programs. */
bool atto_container_manifest(const struct atto_container *container, struct atto_manifest *manifest);

/* Checks a container's program once more, for what is not kept of it. */
enum atto_status atto_container_judge(const struct atto_container *container, struct atto_instance *instance);

/* ---- life.c: states ---- */

enum atto_status atto_container_answer(struct atto_container *container, uint64_t result);
/* Makes room for an event in the order of their times, behind those of the same time: so behind one that is served. */
struct event *atto_event_insert(struct limits *limits, uint64_t due_us);
/* Begins what is due, if nothing is under way. */
void atto_event_go(struct atto_container *container);
/* Asks something of a container in the middle of a slice; the stronger wish stays. */
void atto_container_ask(struct atto_container *container, enum container_request request);
void atto_container_state(struct atto_container *container, enum atto_container_state state);
/* Begins a life; release_us: of its first loop, if it has no `start`. */
void atto_container_start(struct atto_container *container, uint64_t release_us);
void atto_container_fault(struct atto_container *container, enum atto_status status);
/* Ends a life; `retire`: because its loops or its life time are over. */
void atto_container_stop(struct atto_container *container, bool force, bool retire);
void atto_container_stopped(struct atto_container *container);
void atto_container_pause(struct atto_container *container);

/* ---- listen.c ---- */

/* Fills in where the message is that an event stands for; false: there is none any more, or nobody listens. */
bool atto_message_first(const struct atto_container *container, const struct event *event, struct atto_context *context);
/* Its activation is over. */
void atto_message_done(struct atto_container *container, struct atto_listener *listener);

/* ---- limits.c ---- */

/* Does this schedule need a block of limits? */
bool atto_limits_needed(const struct atto_schedule *schedule);
uint32_t atto_limits_bytes(const struct atto_schedule *schedule);
struct limits *atto_limits_make(struct atto_engine *engine, const struct atto_schedule *schedule);
/* Makes waiting limits those that hold. */
void atto_limits_take_over(struct atto_container *container);
/* Gives back all blocks of limits. */
void atto_limits_free(struct atto_container *container);
bool atto_schedule_in_range(const struct atto_schedule *schedule);
/* As it was last set, whether it holds already or not. */
void atto_schedule_of(const struct atto_container *container, struct atto_schedule *schedule);

/* ---- rights.c ---- */

/* Do host calls take the lock, because there are threads or a trace? If not, nobody else is at work while one is made. */
static inline bool calls_are_noted(const struct atto_engine_config *config)
{
    return config->trace_count != 0u || config->port->lock != NULL;
}
/* What every host call of a container passes: atto_host.gate. The second one takes the lock, writes the trace, and makes
 * windows follow a change of rights. */
int32_t atto_engine_gate(struct atto_run *run, const struct atto_call *call, uint32_t number, uint64_t *r);
int32_t atto_engine_gate_noted(struct atto_run *run, const struct atto_call *call, uint32_t number, uint64_t *r);
/* Takes a block for so many rights. */
struct grants *atto_grants_make(struct atto_engine *engine, uint32_t tenant, uint32_t count, bool metered);
void atto_grants_free(struct atto_container *container);
uint32_t atto_grants_bytes(uint32_t count, bool metered);
/* Cuts a right to what its endpoint and the tenant's ceiling have. */
void atto_right_cut(const struct atto_engine *engine, uint32_t tenant, struct atto_right *right);
bool atto_right_legal(const struct atto_engine *engine, const struct atto_right *right);
static inline bool right_metered(const struct atto_right *right)
{
    return (right->calls | right->bytes | right->total) != 0u;
}
static inline uint32_t tenant_of(const struct atto_container *container)
{
    return container->grants != NULL ? container->grants->tenant : ATTO_TENANT_OWNER;
}
/* Makes the windows show what the rights allow now, or closes them. */
void atto_windows_follow(struct atto_container *container);
/* A new life begins, without windows. */
void atto_grants_renew(struct atto_container *container);

/* ---- wishes.c ---- */

struct wished {
    uint32_t count;
    uint32_t bytes; /* of the block of grants; 0: none is needed */
    bool metered;   /* one has a rate or a total */
};
/* Judges the rights that are asked for. refusal: at is the number of the right. */
enum atto_status atto_wishes_judge(const struct atto_engine *engine, const struct atto_manifest *manifest,
                                   const struct atto_install *request, struct wished *wished,
                                   struct atto_refusal *refusal);
/* Takes the block with these rights, which were judged, if there are any. false: there is no memory. */
bool atto_wishes_grant(struct atto_engine *engine, const struct atto_manifest *manifest,
                       const struct atto_install *request, const struct wished *wished,
                       struct atto_container *container);
void atto_wishes_audit(const struct atto_container *container);

/* ---- tenant.c ---- */

/* NULL: the owner, or there is no such tenant. */
const struct atto_tenant *atto_tenant_find(const struct atto_engine *engine, uint32_t tenant);
/* May the tenant have a container with such a schedule and so much memory beside its others? `container`: the one that
 * it is, or whose place it takes; it does not count. Fills the constraint. */
enum atto_status atto_tenant_admit(struct atto_engine *engine, uint32_t tenant, const struct atto_container *container,
                                   const struct atto_schedule *schedule, uint32_t fuel, uint32_t ram_bytes,
                                   struct atto_report *report);
/* All that it has taken from the pool. */
uint32_t atto_container_ram(const struct atto_container *container);

/* ---- audit.c ---- */

void atto_audit_change(struct atto_engine *engine, const struct atto_audit_record *record);
void atto_audit_denial(const struct atto_container *container, uint32_t number, uint32_t handle,
                       enum atto_status status);

/* ---- admission.c ---- */

/* Judges a schedule and fuel for `container` (which may not be installed yet) beside all others. The longest run of the
 * report's receipt counts for all of them, if it is longer than any so far. Fills the report's fields about it. */
enum atto_status atto_admission_judge(struct atto_engine *engine, const struct atto_container *container,
                                      const struct atto_schedule *schedule, uint32_t fuel, struct atto_report *report);

/* ---- trace.c ---- */

/* Writes a record if the firmware wants any. what: enum atto_trace_kind, with the detail in the next byte. */
void atto_trace(const struct atto_container *container, uint32_t what, uint32_t value);
static inline uint32_t detailed(enum atto_trace_kind kind, uint32_t detail)
{
    return (uint32_t)kind | detail << 8;
}
void atto_postmortem_write(struct atto_container *container, enum atto_status status);
/* The numbers of its last host calls, the latest first. */
void atto_container_last_calls(const struct atto_container *container, uint8_t last_calls[4]);
#endif
