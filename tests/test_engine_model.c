/* Everything at once: random calls of the engine in random order, held against a small model that is written from the
 * headers. The model says which status each call must return and which state follows, and replays the trace: from it
 * alone it knows each container's state, activation and counters, and what it finds there must be what
 * atto_engine_info tells. Programs do the same calls from inside, in the middle of a slice.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "engine_world.h"
#include "guest.h"
#include "harness.h"
#include "rng.h"

#define CONTAINERS 7u
#define HOOK_PLACES 4u
#define RECORDS 1024u
#define OVERRUN 50u /* longest run of the host programs */

#define NEED(condition)                                             \
    do {                                                            \
        if (!(condition)) {                                         \
            harness_fail(__FILE__, __LINE__, #condition);           \
            return;                                                 \
        }                                                           \
    } while (0)

enum request { ASKED_NOTHING, ASKED_PAUSE, ASKED_STOP, ASKED_FORCE };

/* What the model knows of a container. */
struct model {
    struct atto_container *container; /* NULL: this place is free */
    const struct kind *kind;
    uint16_t id;
    struct atto_schedule held, last; /* in force; as last set */
    bool changes;                    /* `last` comes into force when the activation is over */
    enum atto_container_state state;
    enum atto_activation activation;
    bool excused;                    /* paused once */
    bool in_slice;
    bool due;                        /* a restart was when its schedule changed: it may come or not */
    bool may_force;                  /* stopped without `stop` in this step */
    enum request asked;              /* in the slice under way */
    enum request due_wish;           /* in a slice that has ended */
    uint64_t release_us, started_us;
    bool grid;                       /* last_loop_us is a release of the grid that is in force */
    uint64_t last_loop_us;
    uint64_t misses_since, late;     /* that release; late: of those, the activations that ended late */
    uint64_t beat_us;                /* last sign of life */
    uint64_t ended_us;               /* the life before */
    uint32_t restarts;               /* by itself, in a row */
    uint32_t activations, host_calls, faults, misses;
    uint64_t fuel, time_us, burned;  /* burned: in the slice under way */
    uint32_t denials;
    uint32_t attachments;
    bool budget_known;               /* budget as it was at install */
    uint64_t budget_us, window;
    uint64_t window_fuel;
};

/* ---- the world ---- */

static struct world world;
static struct rng rng;
static struct atto_trace_record records[RECORDS];
static struct model models[CONTAINERS];
static struct atto_hook hook;
static struct atto_attachment places[HOOK_PLACES];
static struct model *attached[HOOK_PLACES];
static uint32_t depth;    /* calls of containers within calls of containers */
static bool polling;
static bool clean;        /* no very long jump: differences fit into trace records */

static struct model *model_of(const struct atto_container *container)
{
    for (uint32_t i = 0; i < CONTAINERS; i++)
        if (models[i].container == container)
            return &models[i];
    return NULL;
}

static struct model *model_by_id(uint16_t id)
{
    for (uint32_t i = 0; i < CONTAINERS; i++)
        if (models[i].container != NULL && models[i].id == id)
            return &models[i];
    return NULL;
}

/* ---- programs ---- */

struct kind {
    const struct atto_host_program *program; /* NULL: image */
    const struct image_bytes *image;
    bool start, stop, loop;
    bool tame;         /* neither waits nor yields early */
    uint32_t entries[3]; /* for events and hooks */
    uint32_t entry_count;
};

static void random_call(bool in_slice);
static void drain(void);
static void call_pause(struct model *m);
static void call_resume(struct model *m);
static void call_stop(struct model *m, bool force);

/* Runs in this kind of activation: is that what the model knows of it? */
static void check_running(struct model *m, enum atto_activation activation)
{
    struct atto_container_info info;
    NEED(m != NULL);
    NEED(m->container != NULL);
    atto_engine_info(&world.engine, m->container, &info);
    bool other = activation == ATTO_ACTIVATION_EVENT &&
                 (info.activation == ATTO_ACTIVATION_HOOK || info.activation == ATTO_ACTIVATION_LOOP);
    NEED(info.activation == activation || other || info.activation == ATTO_ACTIVATION_HOOK ||
         info.activation == ATTO_ACTIVATION_EVENT);
    if (info.activation == ATTO_ACTIVATION_START)
        NEED(info.state == ATTO_STATE_STARTING);
    else if (info.activation == ATTO_ACTIVATION_STOP)
        NEED(info.state == ATTO_STATE_STOPPING);
    else
        NEED(info.state == ATTO_STATE_RUNNING);
    NEED(info.activation != ATTO_ACTIVATION_NONE);
    NEED(!info.waits);
    NEED(!info.throttled);
}

static enum atto_outcome act(struct atto_host_frame *frame, enum atto_activation activation, bool tame)
{
    struct model *m = model_of(atto_container_of(frame->run));
    drain();
    check_running(m, activation);
    if (harness_failed())
        return ATTO_FAULT;
    m->in_slice = true;
    if (frame->step == 0u)
        frame->step = 1u + (rng_once_in(&rng, 30) ? 1000000u : rng_below(&rng, 300));
    if (depth < 2u && rng_once_in(&rng, 6)) {
        depth++;
        random_call(true);
        depth--;
    }
    if (rng_once_in(&rng, 3)) {
        atto_engine_heartbeat(&world.engine, m->container);
        m->beat_us = world_now(&world);
    }
    if (rng_once_in(&rng, 20))
        call_pause(m);
    if (m->asked == ASKED_PAUSE && rng_once_in(&rng, 2))
        call_resume(m);
    if (rng_once_in(&rng, 40))
        call_stop(m, rng_once_in(&rng, 2));
    if (rng_once_in(&rng, 30))
        return ATTO_FAULT;
    bool waits = !tame && rng_once_in(&rng, 6), early = !tame && rng_once_in(&rng, 6);
    uint32_t rest = frame->step - 1u, most = (uint32_t)frame->run->fuel;
    if (waits || early)
        most = rng_below(&rng, most + 1u);
    else if (rng_once_in(&rng, 4))
        most += rng_below(&rng, OVERRUN + 1u);
    uint32_t now = rest < most ? rest : most;
    frame->run->fuel -= (int32_t)now;
    frame->step -= now;
    m->burned += now;
    m->fuel += now;
    if (waits)
        return ATTO_WAIT;
    return frame->step == 1u ? ATTO_DONE : ATTO_YIELD;
}

static enum atto_outcome tame_loop(struct atto_host_frame *frame)
{
    return act(frame, ATTO_ACTIVATION_LOOP, true);
}
static enum atto_outcome tame_event(struct atto_host_frame *frame)
{
    return act(frame, ATTO_ACTIVATION_EVENT, true);
}
static enum atto_outcome tame_start(struct atto_host_frame *frame)
{
    return act(frame, ATTO_ACTIVATION_START, true);
}
static enum atto_outcome tame_stop(struct atto_host_frame *frame)
{
    return act(frame, ATTO_ACTIVATION_STOP, true);
}
static enum atto_outcome wild_loop(struct atto_host_frame *frame)
{
    return act(frame, ATTO_ACTIVATION_LOOP, false);
}
static enum atto_outcome wild_event(struct atto_host_frame *frame)
{
    return act(frame, ATTO_ACTIVATION_EVENT, false);
}
static enum atto_outcome wild_start(struct atto_host_frame *frame)
{
    return act(frame, ATTO_ACTIVATION_START, false);
}
static enum atto_outcome wild_stop(struct atto_host_frame *frame)
{
    return act(frame, ATTO_ACTIVATION_STOP, false);
}

static const char *const two_names[] = { "loop", "event" }, *const four_names[] = { "start", "stop", "event", "loop" };
static const char *const no_loop_names[] = { "start", "event" };
static atto_host_fn *const tame_two[] = { tame_loop, tame_event };
static atto_host_fn *const tame_four[] = { tame_start, tame_stop, tame_event, tame_loop };
static atto_host_fn *const wild_two[] = { wild_loop, wild_event };
static atto_host_fn *const wild_four[] = { wild_start, wild_stop, wild_event, wild_loop };
static atto_host_fn *const wild_no_loop[] = { wild_start, wild_event };

#define HOST(table, names, bytes) \
    { .entries = (table), .entry_count = sizeof(table) / sizeof *(table), .state_bytes = (bytes), \
      .longest_run = OVERRUN, .name = #table, .entry_names = (names) }
static const struct atto_host_program host_programs[] = {
    HOST(tame_two, two_names, 8),   HOST(tame_four, four_names, 0),      HOST(wild_two, two_names, 300),
    HOST(wild_four, four_names, 8), HOST(wild_no_loop, no_loop_names, 0), HOST(tame_two, two_names, 1900),
};

static struct image_bytes images[3];
static struct kind kinds[9];

static void make_kinds(void)
{
    static const struct kind host_kinds[] = {
        { .loop = true, .tame = true, .entries = { 1 }, .entry_count = 1 },
        { .start = true, .stop = true, .loop = true, .tame = true, .entries = { 2 }, .entry_count = 1 },
        { .loop = true, .entries = { 1 }, .entry_count = 1 },
        { .start = true, .stop = true, .loop = true, .entries = { 2 }, .entry_count = 1 },
        { .start = true, .entries = { 1 }, .entry_count = 1 },
        { .loop = true, .tame = true, .entries = { 1 }, .entry_count = 1 },
    };
    for (uint32_t i = 0; i < 6u; i++) {
        kinds[i] = host_kinds[i];
        kinds[i].program = &host_programs[i];
    }
    /* Counts, logs, beats; waits in events; faults in `stop`. */
    world_image(&images[0], SLOTS(MOV(6, 20), ADD(6, -1), JUMP_IMM(IF_NE, 6, 0, -2), MOV(1, 5), CALL(WORLD_CALL_LOG),
                                  CALL(WORLD_CALL_BEAT), EXIT, CALL(WORLD_CALL_LATER), EXIT, MOV(1, 0),
                                  LOAD(SIZE_DW, 0, 1, 0), EXIT),
                ENTRIES({ "loop", 0 }, { "event", 7 }, { "stop", 9 }));
    kinds[6] = (struct kind){ .image = &images[0], .loop = true, .stop = true, .entries = { 0, 7 }, .entry_count = 2 };
    /* Never ends; waits in `start`. */
    world_image(&images[1], SLOTS(JUMP(-1), EXIT, CALL(WORLD_CALL_LATER), EXIT),
                ENTRIES({ "loop", 0 }, { "start", 2 }));
    kinds[7] = (struct kind){ .image = &images[1], .loop = true, .start = true, .entries = { 0, 2 }, .entry_count = 2 };
    /* `stop` never ends; no loop. */
    world_image(&images[2], SLOTS(CALL(WORLD_CALL_ZERO), EXIT, JUMP(-1), EXIT), ENTRIES({ "loop", 0 }, { "stop", 2 }));
    kinds[8] = (struct kind){ .image = &images[2], .loop = true, .stop = true, .entries = { 0 }, .entry_count = 1 };
}

/* ---- schedules ---- */

static uint32_t maybe(uint32_t times, uint32_t most)
{
    return rng_once_in(&rng, times) ? 1u + rng_below(&rng, most) : 0u;
}

static struct atto_schedule random_schedule(void)
{
    struct atto_schedule s = { 0 };
    s.priority = rng_below(&rng, ATTO_PRIORITIES);
    s.period_us = maybe(2, rng_once_in(&rng, 4) ? 20 : 20000);
    if (rng_once_in(&rng, 3))
        return s;
    s.deadline_us = maybe(3, s.period_us != 0u ? s.period_us : 1000);
    s.budget_fuel = maybe(4, rng_once_in(&rng, 3) ? 30 : 1000);
    s.budget_window_us = maybe(3, 5000);
    s.start_max_us = maybe(5, 1000);
    s.loop_max_us = maybe(5, 1000);
    s.stop_max_us = maybe(5, 1000);
    s.loop_count = maybe(5, 5);
    s.lifetime_ms = maybe(6, 50);
    s.heartbeat_us = maybe(6, 20000);
    s.restart = rng_below(&rng, 3);
    s.backoff_ms = maybe(3, 10);
    s.restarts_max = maybe(3, 4);
    s.on_miss = rng_below(&rng, 3);
    s.on_overrun = maybe(4, 1);
    s.log_bytes = maybe(4, 100);
    s.events = maybe(2, 4);
    return s;
}

/* Puts one number of it out of its range. */
static void spoil(struct atto_schedule *s)
{
    switch (rng_below(&rng, 6)) {
    case 0: s->priority = 16u + rng_below(&rng, 100); break;
    case 1: s->period_us = ATTO_INTERVAL_MAX_US + 1u; break;
    case 2: s->events = ATTO_EVENTS_MAX + 1u; break;
    case 3: s->restart = 3; break;
    case 4: s->log_bytes = 0x10000u; break;
    default: s->on_overrun = 2; break;
    }
}

static uint32_t window_us(const struct atto_schedule *s)
{
    return s->budget_window_us != 0u ? s->budget_window_us : s->period_us != 0u ? s->period_us : 1000000u;
}

/* ---- the trace is replayed ---- */

static bool follows(const struct model *m, enum atto_container_state next)
{
    static const uint8_t legal[] = {
        [ATTO_STATE_INSTALLED] = 1 << ATTO_STATE_STARTING | 1 << ATTO_STATE_RUNNING,
        [ATTO_STATE_STARTING] = 1 << ATTO_STATE_RUNNING | 1 << ATTO_STATE_PAUSED | 1 << ATTO_STATE_STOPPING |
                                1 << ATTO_STATE_STOPPED | 1 << ATTO_STATE_FAULTED,
        [ATTO_STATE_RUNNING] = 1 << ATTO_STATE_PAUSED | 1 << ATTO_STATE_STOPPING | 1 << ATTO_STATE_STOPPED |
                               1 << ATTO_STATE_FAULTED,
        [ATTO_STATE_PAUSED] = 1 << ATTO_STATE_STARTING | 1 << ATTO_STATE_RUNNING | 1 << ATTO_STATE_STOPPING |
                              1 << ATTO_STATE_STOPPED,
        [ATTO_STATE_STOPPING] = 1 << ATTO_STATE_STOPPED,
        [ATTO_STATE_STOPPED] = 1 << ATTO_STATE_STARTING | 1 << ATTO_STATE_RUNNING,
        [ATTO_STATE_FAULTED] = 1 << ATTO_STATE_STARTING | 1 << ATTO_STATE_RUNNING | 1 << ATTO_STATE_STOPPED,
    };
    if ((legal[m->state] >> next & 1) == 0)
        return false;
    if (next == ATTO_STATE_STARTING)
        return m->kind->start && (m->state != ATTO_STATE_PAUSED || m->activation == ATTO_ACTIVATION_START);
    if (next == ATTO_STATE_RUNNING)
        return m->state == ATTO_STATE_STARTING || m->state == ATTO_STATE_PAUSED || !m->kind->start;
    if (next == ATTO_STATE_STOPPING)
        return m->kind->stop;
    if (next == ATTO_STATE_STOPPED)
        return m->state == ATTO_STATE_STOPPING || m->state == ATTO_STATE_FAULTED || !m->kind->stop || m->may_force;
    return true;
}

/* The activation is over; a change of schedule comes into force. */
static void over(struct model *m)
{
    m->activation = ATTO_ACTIVATION_NONE;
    m->excused = false;
    if (!m->changes)
        return;
    m->changes = false;
    m->held = m->last;
    m->grid = false;
}

/* A restart by itself: only as its schedule says. */
static void replay_restart(struct model *m, uint64_t time_us)
{
    const struct atto_schedule *s = &m->held;
    uint64_t backoff_us = s->backoff_ms != 0u ? s->backoff_ms * (uint64_t)1000u : 1000u;
    if (m->due) {
        m->restarts = 0;
        return;
    }
    NEED(s->restart == ATTO_RESTART_ALWAYS ||
         (s->restart == ATTO_RESTART_ON_FAULT && m->state == ATTO_STATE_FAULTED));
    if (m->ended_us - m->started_us >= 256u * backoff_us)
        m->restarts = 0;
    if (m->budget_known) {
        NEED(s->restarts_max == 0u || m->restarts < s->restarts_max);
        NEED(time_us - m->ended_us >= backoff_us << (m->restarts < 7u ? m->restarts : 7u));
    }
    m->restarts++;
}

static void replay_state(struct model *m, enum atto_container_state next, uint64_t time_us)
{
    harness_case(m->state, next);
    NEED(follows(m, next));
    harness_case(0, 0);
    bool lives = next == ATTO_STATE_STARTING || next == ATTO_STATE_RUNNING;
    bool begins = lives && m->state != ATTO_STATE_STARTING && m->state != ATTO_STATE_PAUSED;
    if (begins) {
        NEED(m->activation == ATTO_ACTIVATION_NONE);
        if (polling && !m->in_slice && depth == 0u) /* by itself: only as its schedule says */
            replay_restart(m, time_us);
        else
            m->restarts = 0;
        GO_ON();
        m->due = false;
        NEED(m->due_wish < ASKED_STOP || m->state == ATTO_STATE_STOPPED);
        m->due_wish = ASKED_NOTHING;
        m->started_us = m->beat_us = time_us;
        m->grid = false;
    }
    if (m->state == ATTO_STATE_PAUSED && m->due_wish == ASKED_PAUSE)
        m->due_wish = ASKED_NOTHING;
    if (next == ATTO_STATE_PAUSED || m->state == ATTO_STATE_PAUSED) {
        m->excused = m->activation != ATTO_ACTIVATION_NONE;
        m->grid = false;
    }
    if (m->state == ATTO_STATE_PAUSED)
        m->beat_us = time_us;
    if (next == ATTO_STATE_FAULTED || next == ATTO_STATE_STOPPED)
        m->ended_us = time_us;
    if (!lives && next != ATTO_STATE_PAUSED)
        over(m);
    m->state = next;
}

static void replay_activate(struct model *m, enum atto_activation activation, uint64_t time_us, uint32_t value)
{
    NEED(m->activation == ATTO_ACTIVATION_NONE);
    if (activation == ATTO_ACTIVATION_START)
        NEED(m->state == ATTO_STATE_STARTING);
    else if (activation == ATTO_ACTIVATION_STOP)
        NEED(m->state == ATTO_STATE_STOPPING);
    else
        NEED(m->state == ATTO_STATE_RUNNING);
    m->activation = activation;
    m->activations++;
    m->release_us = time_us - value;
    if (clean)
        NEED(value < 0x80000000u); /* never before its release */
    if (activation == ATTO_ACTIVATION_EVENT)
        NEED(m->held.events != 0u);
    if (activation != ATTO_ACTIVATION_LOOP)
        return;
    NEED(m->kind->loop);
    uint32_t period_us = m->held.period_us;
    NEED(period_us != 0u || m->held.loop_count != 0u);
    if (m->grid && clean && period_us != 0u) {
        uint64_t apart = m->release_us - m->last_loop_us;
        NEED(m->release_us > m->last_loop_us);
        NEED(apart % period_us == 0u);
        harness_case(m->misses_since, m->late);
        /* known: dropped_event_and_loop. What a dropped event takes along is at least counted. */
        NEED(m->misses_since - m->late + 1u == apart / period_us);
        harness_case(0, 0);
    }
    m->grid = true;
    m->last_loop_us = m->release_us;
    m->misses_since = m->late = 0;
}

/* The deadline of the activation under way; 0: none. */
static uint32_t deadline_us(const struct model *m)
{
    if (m->activation != ATTO_ACTIVATION_LOOP && m->activation != ATTO_ACTIVATION_EVENT)
        return 0;
    if (m->held.deadline_us != 0u || m->activation == ATTO_ACTIVATION_EVENT)
        return m->held.deadline_us;
    return m->held.period_us;
}

/* The longest duration of the activation under way; 0: no limit. */
static uint32_t duration_us(const struct model *m)
{
    const struct atto_schedule *s = &m->held;
    if (m->activation == ATTO_ACTIVATION_STOP)
        return s->stop_max_us != 0u ? s->stop_max_us : world.config.stop_max_us;
    return m->activation == ATTO_ACTIVATION_START ? s->start_max_us : s->loop_max_us;
}

static void replay_fault(struct model *m, uint32_t detail, uint64_t time_us)
{
    uint64_t took_us = time_us - m->release_us;
    m->faults++;
    harness_case(detail, took_us);
    if (detail == (uint32_t)-ATTO_FAULT_DEADLINE) {
        /* the fault comes behind the end, or in its stead */
        NEED(m->held.on_miss == ATTO_MISS_FAULT || !m->budget_known);
        if (m->activation != ATTO_ACTIVATION_NONE)
            NEED(!m->excused && deadline_us(m) != 0u && took_us > deadline_us(m));
    } else if (detail == (uint32_t)-ATTO_FAULT_DURATION) {
        NEED(!m->excused && duration_us(m) != 0u && took_us > duration_us(m));
    } else if (detail == (uint32_t)-ATTO_FAULT_BUDGET) {
        NEED(m->held.on_overrun == ATTO_OVERRUN_FAULT && m->held.budget_fuel != 0u);
    } else if (detail == (uint32_t)-ATTO_FAULT_HEARTBEAT) {
        NEED(m->held.heartbeat_us != 0u);
        if (m->budget_known)
            NEED(time_us - m->beat_us > m->held.heartbeat_us);
    }
    harness_case(0, 0);
    over(m);
}

static void replay_slice(struct model *m, uint64_t time_us, uint32_t value)
{
    NEED(m->activation != ATTO_ACTIVATION_NONE);
    NEED(m->state == ATTO_STATE_STARTING || m->state == ATTO_STATE_RUNNING || m->state == ATTO_STATE_STOPPING);
    m->time_us += value;
    uint64_t fuel = m->burned;
    if (m->kind->image != NULL) {
        fuel = value;
        m->fuel += value;
    }
    m->burned = 0;
    m->in_slice = false;
    if (m->asked != ASKED_NOTHING)
        m->due_wish = m->asked;
    m->asked = ASKED_NOTHING;
    /* known: slice_after_wait. What waits and early yields leave may be used beyond the budget: tame ones alone. */
    if (!m->budget_known || !m->kind->tame || m->held.budget_fuel == 0u)
        return;
    uint64_t window = (time_us + value - m->budget_us) / window_us(&m->held);
    if (window != m->window)
        m->window_fuel = 0;
    m->window = window;
    m->window_fuel += fuel;
    NEED(m->window_fuel <= m->held.budget_fuel + OVERRUN);
}

static void replay_end(struct model *m, enum atto_activation activation, uint64_t time_us, uint32_t value)
{
    NEED(m->activation == activation);
    /* known: end_of_a_dropped_one. A dropped activation has value 0. */
    if (clean && value != 0u)
        NEED(value == (uint32_t)(time_us - m->release_us));
    m->late += value != 0u && !m->excused && deadline_us(m) != 0u && value > deadline_us(m);
    over(m);
}

static void replay(const struct atto_trace_record *record)
{
    struct model *m = model_by_id(record->container);
    NEED(m != NULL);
    uint64_t now_us = world_now(&world);
    uint64_t time_us = now_us - (uint32_t)((uint32_t)now_us - record->time_us);
    switch ((enum atto_trace_kind)record->kind) {
    case ATTO_TRACE_ACTIVATE:
        replay_activate(m, (enum atto_activation)record->detail, time_us, record->value);
        break;
    case ATTO_TRACE_SLICE:
        replay_slice(m, time_us, record->value);
        break;
    case ATTO_TRACE_CALL:
        m->host_calls++;
        if (record->detail == WORLD_CALL_BEAT)
            m->beat_us = time_us;
        break;
    case ATTO_TRACE_END:
        replay_end(m, (enum atto_activation)record->detail, time_us, record->value);
        break;
    case ATTO_TRACE_FAULT:
        replay_fault(m, record->detail, time_us);
        break;
    case ATTO_TRACE_MISS:
        NEED(record->value != 0u);
        m->misses = m->misses + record->value < m->misses ? UINT32_MAX : m->misses + record->value;
        m->misses_since += record->value;
        m->late += m->activation != ATTO_ACTIVATION_NONE; /* it is dropped */
        break;
    case ATTO_TRACE_THROTTLE:
        NEED(m->held.budget_fuel != 0u);
        NEED(record->value != 0u && record->value <= window_us(&m->held));
        break;
    case ATTO_TRACE_STATE:
        replay_state(m, (enum atto_container_state)record->detail, time_us);
        break;
    default:
        NEED(record->kind == ATTO_TRACE_STATE);
    }
}

static void drain(void)
{
    struct atto_trace_record record;
    uint32_t lost;
    while (atto_engine_trace_read(&world.engine, &record, &lost)) {
        NEED(lost == 0u);
        replay(&record);
        GO_ON();
    }
}

/* ---- invariants ---- */

static uint32_t sixteen_bits(uint32_t counter)
{
    return counter < 0xffffu ? counter : 0xffffu;
}

static void check_container(struct model *m, uint32_t *ram_bytes)
{
    struct atto_container_info info;
    struct atto_schedule schedule;
    atto_engine_info(&world.engine, m->container, &info);
    atto_engine_schedule(&world.engine, m->container, &schedule);
    NEED(memcmp(&schedule, &m->last, sizeof schedule) == 0);
    NEED(info.id == m->id);
    NEED(info.state == m->state);
    NEED(info.activation == m->activation);
    NEED(info.counters.activations == m->activations);
    NEED(info.counters.host_calls == m->host_calls);
    NEED(info.counters.faults == sixteen_bits(m->faults));
    NEED(info.counters.misses == sixteen_bits(m->misses));
    NEED(info.counters.denials >= m->denials);
    m->denials = info.counters.denials;
    if (!m->in_slice && m->burned == 0u) {
        NEED(info.counters.fuel == m->fuel);
        NEED(info.counters.time_us == m->time_us);
    }
    NEED(info.events <= m->held.events);
    NEED(!info.waits || m->activation != ATTO_ACTIVATION_NONE);
    NEED(!info.throttled || m->held.budget_fuel != 0u);
    NEED(!info.restarts || m->state == ATTO_STATE_FAULTED || m->state == ATTO_STATE_STOPPED ||
         m->state == ATTO_STATE_STOPPING);
    *ram_bytes += info.ram_bytes;
}

/* The longest free piece, neighbours put together, and all free bytes. */
static void check_pool(uint32_t ram_bytes, uint32_t *longest, uint32_t *free_bytes)
{
    uint32_t piece = 0, used = 0, bytes;
    *longest = *free_bytes = 0;
    for (uint32_t at = 0; at < world.engine.pool_bytes; at += bytes) {
        uint32_t head;
        memcpy(&head, world.engine.pool + at, sizeof head);
        bytes = head & ~7u;
        NEED(bytes != 0u && bytes <= world.engine.pool_bytes - at);
        piece = (head & 7u) == 0u ? piece + bytes : 0u;
        used += (head & 7u) == 0u ? 0u : bytes;
        if (piece > *longest)
            *longest = piece;
    }
    *free_bytes = world.engine.pool_bytes - used;
    NEED(used == ram_bytes);
}

static uint32_t longest_free, all_free;

static void check_all(void)
{
    uint32_t ram_bytes = 0, count = 0, found = 0;
    drain();
    GO_ON();
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        if (models[i].container == NULL)
            continue;
        count++;
        check_container(&models[i], &ram_bytes);
        GO_ON();
    }
    for (struct atto_container *c = NULL; (c = atto_engine_next(&world.engine, c)) != NULL; found++)
        NEED(model_of(c) != NULL);
    NEED(found == count);
    check_pool(ram_bytes, &longest_free, &all_free);
    GO_ON();
    NEED(world.locks == 0u);
    NEED(world.lock_errors == 0u);
}

/* ---- calls ---- */

static bool one_of(const struct model *m, uint32_t states)
{
    return (states >> m->state & 1u) != 0u;
}
#define IN(state) (1u << ATTO_STATE_##state)

static bool alive(const struct model *m)
{
    return one_of(m, IN(STARTING) | IN(RUNNING) | IN(PAUSED));
}

static struct atto_container_info info_of(const struct model *m)
{
    return world_info(&world, m->container);
}

/* A refusal changes nothing: what is compared before and after. */
struct picture {
    struct atto_engine engine;
    struct atto_container_info infos[CONTAINERS];
    uint32_t longest, all;
};

static void take_picture(struct picture *picture)
{
    memset(picture, 0, sizeof *picture);
    memcpy(&picture->engine, &world.engine, sizeof picture->engine);
    uint32_t ram_bytes = 0;
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        if (models[i].container != NULL)
            atto_engine_info(&world.engine, models[i].container, &picture->infos[i]);
        ram_bytes += picture->infos[i].ram_bytes;
    }
    check_pool(ram_bytes, &picture->longest, &picture->all);
}

static void check_unchanged(const struct picture *before)
{
    struct picture now;
    check_all();
    GO_ON();
    take_picture(&now);
    /* known: refused_for_memory. The longest run stays. */
    now.engine.now_us = before->engine.now_us;
    NEED(memcmp(&now.engine, &before->engine, sizeof now.engine) == 0);
    for (uint32_t i = 0; i < CONTAINERS; i++)
        NEED(now.infos[i].state == before->infos[i].state && now.infos[i].counters.denials == before->infos[i].counters.denials &&
             now.infos[i].ram_bytes == before->infos[i].ram_bytes && now.infos[i].events == before->infos[i].events);
    NEED(now.longest == before->longest && now.all == before->all);
}

static struct picture before;

/* The status that a judged request must have, from the report and the memory that was free. */
static void check_judged(enum atto_status status, bool in_range, const struct atto_report *report, uint32_t old_bytes)
{
    harness_case((uint64_t)(int64_t)status, report->ram_bytes);
    if (!in_range) {
        NEED(status == ATTO_E_ARGUMENT);
    } else if (world.config.fuel_per_ms != 0u && status == ATTO_E_ADMISSION) {
        NEED(report->constraint >= ATTO_CONSTRAINT_DEADLINE && report->constraint <= ATTO_CONSTRAINT_UNBOUNDED);
        NEED(report->culprit == NULL || model_of(report->culprit) != NULL);
        NEED(report->missing != 0u || report->constraint == ATTO_CONSTRAINT_UNBOUNDED);
    } else if (status == ATTO_E_NO_MEMORY) {
        NEED(report->constraint == ATTO_CONSTRAINT_MEMORY);
        NEED(report->missing != 0u);
        NEED(before.longest < report->ram_bytes);
    } else {
        NEED(status == ATTO_OK);
        NEED(report->constraint == ATTO_CONSTRAINT_NONE);
        NEED(before.all + old_bytes >= report->ram_bytes);
    }
    harness_case(0, 0);
}

static struct atto_install random_request(const struct kind **kind, struct atto_schedule *schedule, bool *in_range)
{
    *kind = &kinds[rng_below(&rng, 9)];
    *schedule = random_schedule();
    *in_range = !rng_once_in(&rng, 12);
    if (!*in_range)
        spoil(schedule);
    struct atto_install request = { .program = (*kind)->program, .schedule = schedule,
                                    .fuel = 1u + rng_below(&rng, rng_once_in(&rng, 3) ? 50 : 2000) };
    if ((*kind)->image != NULL) {
        request.bytes = (*kind)->image->bytes;
        request.len = (*kind)->image->len;
    }
    return request;
}

static void begin_budget(struct model *m)
{
    m->budget_known = true;
    m->budget_us = world_now(&world);
    m->window = 0;
    m->window_fuel = 0;
}

static void call_install(void)
{
    const struct kind *kind;
    struct atto_schedule schedule;
    bool in_range;
    struct model *m = model_of(NULL);
    if (m == NULL)
        return;
    struct atto_install request = random_request(&kind, &schedule, &in_range);
    struct atto_container *container = NULL;
    struct atto_report report;
    take_picture(&before);
    enum atto_status status = atto_engine_install(&world.engine, &request, &container, &report);
    check_judged(status, in_range, &report, 0);
    GO_ON();
    if (status != ATTO_OK) {
        check_unchanged(&before);
        return;
    }
    *m = (struct model){ .container = container, .kind = kind, .held = schedule, .last = schedule };
    struct atto_container_info info = info_of(m);
    m->id = info.id;
    begin_budget(m);
    NEED(info.state == ATTO_STATE_INSTALLED);
    NEED(info.ram_bytes == report.ram_bytes);
    NEED(info.counters.activations == 0u && info.counters.faults == 0u && info.counters.last_fault == ATTO_OK && info.events == 0u);
}

/* An update replays with the new program: the old one is over before its records come. */
static void call_update(struct model *m)
{
    const struct kind *kind;
    struct atto_schedule schedule;
    bool in_range, was_alive = alive(m);
    bool stopping = m->state == ATTO_STATE_STOPPING, busy = m->in_slice || m->attachments != 0u;
    struct atto_install request = random_request(&kind, &schedule, &in_range);
    struct atto_container *container = m->container;
    struct atto_report report;
    struct atto_container_info was = info_of(m);
    take_picture(&before);
    enum atto_status status = atto_engine_update(&world.engine, &container, &request, &report);
    if (stopping || busy)
        NEED((stopping && status == ATTO_E_STATE) || (busy && status == ATTO_E_BUSY) ||
             (!in_range && status == ATTO_E_ARGUMENT));
    else
        check_judged(status, in_range, &report, was.ram_bytes);
    GO_ON();
    if (status != ATTO_OK) {
        NEED(container == m->container);
        check_unchanged(&before);
        return;
    }
    struct atto_trace_record record;
    m->container = container;
    m->kind = kind;
    m->held = m->last = schedule;
    m->changes = m->excused = m->grid = m->due = false;
    m->due_wish = ASKED_NOTHING;
    m->restarts = 0;
    m->activation = ATTO_ACTIVATION_NONE;
    m->state = ATTO_STATE_INSTALLED;
    begin_budget(m);
    NEED(atto_engine_trace_read(&world.engine, &record, NULL));
    NEED(record.kind == ATTO_TRACE_STATE && record.detail == ATTO_STATE_INSTALLED && record.container == m->id);
    drain();
    GO_ON();
    enum atto_container_state next = kind->start ? ATTO_STATE_STARTING : ATTO_STATE_RUNNING;
    NEED(m->state == (was_alive ? next : ATTO_STATE_INSTALLED));
    NEED(info_of(m).counters.last_fault == was.counters.last_fault);
}

static void call_remove(struct model *m)
{
    bool allowed = one_of(m, IN(INSTALLED) | IN(STOPPED) | IN(FAULTED));
    enum atto_status status = atto_engine_remove(&world.engine, m->container);
    if (allowed && m->attachments == 0u) {
        NEED(status == ATTO_OK);
        m->container = NULL;
        return;
    }
    NEED((!allowed && status == ATTO_E_STATE) || (m->attachments != 0u && status == ATTO_E_BUSY));
}

/* May the budget or the life time have put an end to it at once? */
static bool may_end(const struct model *m)
{
    return m->held.on_overrun == ATTO_OVERRUN_FAULT || m->held.lifetime_ms != 0u || m->held.heartbeat_us != 0u;
}

static void call_start(struct model *m)
{
    bool allowed = one_of(m, IN(INSTALLED) | IN(STOPPED) | IN(FAULTED));
    enum atto_status status = atto_engine_start(&world.engine, m->container);
    NEED(status == (allowed ? ATTO_OK : ATTO_E_STATE));
    if (!allowed)
        return;
    drain();
    GO_ON();
    NEED(m->state == (m->kind->start ? ATTO_STATE_STARTING : ATTO_STATE_RUNNING) ||
         (m->state == ATTO_STATE_FAULTED && m->held.on_overrun == ATTO_OVERRUN_FAULT));
    if (m->state == ATTO_STATE_STARTING)
        NEED(m->activation == ATTO_ACTIVATION_START && m->release_us == world_now(&world));
    if (m->state == ATTO_STATE_RUNNING && m->held.period_us != 0u && m->kind->loop)
        NEED(m->activation == ATTO_ACTIVATION_LOOP && m->release_us == world_now(&world));
    NEED(info_of(m).events == 0u);
}

static void call_pause(struct model *m)
{
    bool allowed = one_of(m, IN(STARTING) | IN(RUNNING));
    enum atto_status status = atto_engine_pause(&world.engine, m->container);
    if (m->asked != ASKED_NOTHING && allowed) { /* the header leaves open what a second wish gets */
        NEED(status == ATTO_OK || status == ATTO_E_STATE);
        return;
    }
    NEED(status == (allowed ? ATTO_OK : ATTO_E_STATE));
    if (allowed && m->in_slice)
        m->asked = ASKED_PAUSE;
    drain();
    GO_ON();
    if (allowed && !m->in_slice)
        NEED(m->state == ATTO_STATE_PAUSED);
}

/* Has a schedule more than a priority and a period? */
static bool has_limits(struct atto_schedule s)
{
    static const struct atto_schedule none;
    s.priority = s.period_us = 0;
    return memcmp(&s, &none, sizeof s) != 0;
}

static void call_resume(struct model *m)
{
    /* known: resume_with_first_limits. */
    if (m->changes && !has_limits(m->held))
        return;
    bool allowed = one_of(m, IN(PAUSED)), starts = m->activation == ATTO_ACTIVATION_START, ends = may_end(m);
    enum atto_status status = atto_engine_resume(&world.engine, m->container);
    if (m->asked == ASKED_PAUSE) {
        NEED(status == ATTO_OK);
        m->asked = ASKED_NOTHING;
        return;
    }
    NEED(status == (allowed ? ATTO_OK : ATTO_E_STATE));
    drain();
    GO_ON();
    if (allowed && !ends && !may_end(m))
        NEED(m->state == (starts ? ATTO_STATE_STARTING : ATTO_STATE_RUNNING));
}

static void call_stop(struct model *m, bool force)
{
    bool was_faulted = m->state == ATTO_STATE_FAULTED, ends = may_end(m);
    bool allowed = one_of(m, IN(STARTING) | IN(RUNNING) | IN(PAUSED) | IN(FAULTED) | (force ? IN(STOPPING) : 0u));
    enum atto_status status = atto_engine_stop(&world.engine, m->container, force);
    NEED(status == (allowed ? ATTO_OK : ATTO_E_STATE));
    if (!allowed)
        return;
    if (force)
        m->may_force = true;
    if (m->in_slice) {
        enum request wish = force ? ASKED_FORCE : ASKED_STOP;
        m->asked = wish > m->asked ? wish : m->asked;
        return;
    }
    drain();
    GO_ON();
    struct atto_container_info info = info_of(m);
    NEED(!info.restarts);
    NEED(!info.waits);
    if (force || was_faulted || !m->kind->stop)
        NEED(m->state == ATTO_STATE_STOPPED);
    else
        NEED(m->state == ATTO_STATE_STOPPING || (m->state == ATTO_STATE_STOPPED && (ends || may_end(m))));
}

static void call_post(struct model *m)
{
    static const uint8_t data[16] = { 1, 2, 3 };
    bool bad = rng_once_in(&rng, 20);
    uint32_t len = bad ? 9u + rng_below(&rng, 3) : rng_below(&rng, 9);
    uint32_t delay_us = rng_once_in(&rng, 3) ? rng_below(&rng, 5000) : rng_once_in(&rng, 50) ? 0xffffffffu : 0u;
    uint32_t entry = m->kind->entries[rng_below(&rng, m->kind->entry_count)];
    struct atto_container_info was = info_of(m);
    bool allowed = alive(m) || (m->state == ATTO_STATE_FAULTED && was.restarts);
    bool full = was.events >= m->held.events, ends = may_end(m) || m->held.restart == ATTO_RESTART_ALWAYS;
    enum atto_status status = atto_engine_post(&world.engine, m->container, entry, delay_us, data, len);
    NEED(status == (bad ? ATTO_E_ARGUMENT : !allowed ? ATTO_E_STATE : full ? ATTO_E_QUOTA : ATTO_OK));
    drain();
    GO_ON();
    struct atto_container_info info = info_of(m);
    if (status == ATTO_OK)
        NEED(info.events == was.events + 1u || ends);
    else
        NEED(info.events == was.events);
    NEED(info.counters.denials == was.counters.denials + (status == ATTO_E_QUOTA) || info.counters.denials == 0xffffu || status == ATTO_OK);
    if (status == ATTO_OK && m->state == ATTO_STATE_RUNNING && delay_us == 0u && !m->in_slice)
        NEED(m->activation != ATTO_ACTIVATION_NONE || ends);
}

static void call_answer(struct model *m)
{
    struct atto_container_info was = info_of(m);
    enum atto_status status = atto_engine_answer(&world.engine, m->container, rng_next(&rng));
    if (m->in_slice) {
        NEED(status == ATTO_E_BUSY || status == ATTO_E_STATE);
        return;
    }
    NEED(status == (was.waits ? ATTO_OK : ATTO_E_STATE));
    drain();
    GO_ON();
    NEED(!info_of(m).waits);
}

static void call_set_schedule(struct model *m)
{
    struct atto_schedule schedule = random_schedule();
    struct atto_report report;
    bool in_range = !rng_once_in(&rng, 12), busy = m->activation != ATTO_ACTIVATION_NONE;
    /* known: last_loop_after_change. A life that ends by its loops or its time needs the block of limits. */
    if (busy && (m->held.loop_count != 0u || m->held.lifetime_ms != 0u) && schedule.log_bytes == 0u)
        schedule.log_bytes = 50;
    if (!in_range)
        spoil(&schedule);
    take_picture(&before);
    struct atto_schedule held = m->held, last = m->last;
    bool due = info_of(m).restarts || busy;
    bool changed = m->changes, grid = m->grid, known = m->budget_known;
    /* The records that follow are of the new schedule. */
    m->last = schedule;
    if (busy)
        m->changes = true;
    else
        m->held = schedule;
    m->grid = m->grid && busy;
    m->budget_known = false;
    enum atto_status status = atto_engine_set_schedule(&world.engine, m->container, &schedule, &report);
    harness_case((uint64_t)(int64_t)status, before.longest);
    NEED(in_range == (status != ATTO_E_ARGUMENT));
    NEED(status == ATTO_OK || status == ATTO_E_ARGUMENT ||
         (status == ATTO_E_ADMISSION && world.config.fuel_per_ms != 0u && report.constraint != 0u) ||
         (status == ATTO_E_NO_MEMORY && before.longest < 200u + 24u * schedule.events));
    /* known: change_refused_for_memory. The constraint is not reported. */
    harness_case(0, 0);
    if (status == ATTO_OK) {
        m->due = m->due || due;
        drain();
        return;
    }
    m->held = held;
    m->last = last;
    m->changes = changed;
    m->grid = grid;
    m->budget_known = known;
    check_unchanged(&before);
}

/* ---- hooks ---- */

static const struct atto_hook_type hook_type = {
    .name = "hook", .fuel = 200, .calls = { { 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu } }
};

static void call_attach(struct model *m)
{
    uint32_t place = rng_below(&rng, HOOK_PLACES);
    bool bad_entry = rng_once_in(&rng, 10), bad_priority = rng_once_in(&rng, 10);
    uint32_t entry = bad_entry ? 60u : m->kind->entries[rng_below(&rng, m->kind->entry_count)];
    enum atto_status status = atto_engine_attach(&world.engine, m->container, &hook, &places[place], entry,
                                                 bad_priority ? 16 : 3, ATTO_HOOK_CONTINUE);
    if (status == ATTO_OK) {
        NEED(!bad_entry && !bad_priority && attached[place] == NULL);
        attached[place] = m;
        m->attachments++;
        return;
    }
    NEED((bad_entry && status == ATTO_E_ENTRY) || (bad_priority && status == ATTO_E_ARGUMENT) ||
         (attached[place] != NULL && status == ATTO_E_STATE));
}

static void call_detach(void)
{
    uint32_t place = rng_below(&rng, HOOK_PLACES);
    enum atto_status status = atto_hook_detach(&hook, &places[place]);
    NEED(status == (attached[place] != NULL ? ATTO_OK : ATTO_E_NOT_FOUND));
    if (status != ATTO_OK)
        return;
    attached[place]->attachments--;
    attached[place] = NULL;
}

static void serve(struct model *m)
{
    enum request asked = m->due_wish;
    m->due_wish = ASKED_NOTHING;
    if (m->container == NULL || asked == ASKED_NOTHING)
        return;
    /* known: stopped_in_its_last_loop. That no restart is due then is not asked. */
    if (asked == ASKED_PAUSE)
        NEED(one_of(m, IN(PAUSED) | IN(STOPPING) | IN(STOPPED) | IN(FAULTED)));
    else if (asked == ASKED_STOP)
        NEED(one_of(m, IN(STOPPING) | IN(STOPPED)));
    else
        NEED(m->state == ATTO_STATE_STOPPED);
}

static void fire(void)
{
    struct atto_attachment was[HOOK_PLACES];
    bool idle[HOOK_PLACES];
    memcpy(was, places, sizeof was);
    for (uint32_t i = 0; i < HOOK_PLACES; i++)
        idle[i] = attached[i] != NULL && attached[i]->state == ATTO_STATE_RUNNING &&
                  attached[i]->activation == ATTO_ACTIVATION_NONE;
    uint32_t all = depth;
    depth = 2; /* what runs now makes no calls: who is attached stays as it is */
    atto_hook_fire(&hook, NULL, 0);
    depth = all;
    for (uint32_t i = 0; i < HOOK_PLACES; i++) {
        uint32_t runs = places[i].runs - was[i].runs + places[i].faults - was[i].faults;
        uint32_t skipped = places[i].skipped - was[i].skipped;
        NEED(runs + skipped == (attached[i] != NULL));
        if (attached[i] == NULL)
            continue;
        bool twice = false; /* attached at another place, too: what happened there has changed its state */
        for (uint32_t j = 0; j < HOOK_PLACES; j++)
            twice = twice || (j != i && attached[j] == attached[i]);
        if (!twice && !idle[i])
            NEED(skipped == 1u);
        if (!twice && idle[i] && attached[i]->held.budget_fuel == 0u)
            NEED(runs == 1u);
    }
    drain();
}

/* ---- polls ---- */

/* Nothing is ready at `now_us`: so nothing may be over its time, and `wake_us` is not too late. */
static void check_quiet(struct model *m, uint64_t now_us, uint64_t wake_us)
{
    const struct atto_schedule *s = &m->held;
    struct atto_container_info info = info_of(m);
    if (!one_of(m, IN(STARTING) | IN(RUNNING) | IN(STOPPING)))
        return;
    if (m->activation != ATTO_ACTIVATION_NONE)
        NEED(info.waits || info.throttled);
    if (m->activation == ATTO_ACTIVATION_NONE && m->grid && s->period_us != 0u && clean) {
        /* known: dropped_event_and_loop. An event that is dropped may take several releases along. */
        uint64_t next_us = m->last_loop_us + s->period_us;
        if (m->misses_since == 0u)
            NEED(next_us > now_us && wake_us <= next_us);
    }
    uint32_t most_us = duration_us(m);
    if (m->activation != ATTO_ACTIVATION_NONE && most_us != 0u && !m->excused && clean)
        NEED(now_us - m->release_us <= most_us && wake_us <= m->release_us + most_us + 1u);
    /* known: lifetime_from_start. After a change the life may count from the change. */
    if (m->budget_known && s->lifetime_ms != 0u && m->state != ATTO_STATE_STOPPING) {
        uint64_t end_us = m->started_us + s->lifetime_ms * (uint64_t)1000u;
        NEED(now_us <= end_us && wake_us <= end_us + 1u);
    }
    if (m->budget_known && s->heartbeat_us != 0u && m->state != ATTO_STATE_STOPPING)
        NEED(now_us - m->beat_us <= s->heartbeat_us && wake_us <= m->beat_us + s->heartbeat_us + 1u);
    if (m->activation != ATTO_ACTIVATION_NONE && !m->excused && clean && s->on_miss != ATTO_MISS_CONTINUE &&
        deadline_us(m) != 0u)
        NEED(now_us - m->release_us <= deadline_us(m) && wake_us <= m->release_us + deadline_us(m) + 1u);
    if (info.throttled && m->budget_known) {
        uint64_t window = window_us(s), next_us = m->budget_us + ((now_us - m->budget_us) / window + 1u) * window;
        NEED(wake_us <= next_us);
    }
}

static void poll(void)
{
    uint32_t polls = 1u + rng_below(&rng, 8);
    uint64_t wake_us = 0;
    for (uint32_t i = 0; i < polls && wake_us <= world_now(&world); i++) {
        uint32_t first = 0, last = ATTO_PRIORITIES - 1u;
        if (rng_once_in(&rng, 8)) {
            first = rng_below(&rng, ATTO_PRIORITIES);
            last = first + rng_below(&rng, ATTO_PRIORITIES - first);
        }
        polling = true;
        wake_us = atto_engine_poll_band(&world.engine, first, last);
        GO_ON();
        drain();
        GO_ON();
        polling = false;
        for (uint32_t j = 0; j < CONTAINERS; j++) {
            serve(&models[j]);
            GO_ON();
            models[j].may_force = false;
        }
        uint64_t now_us = world_now(&world);
        for (uint32_t j = 0; j < CONTAINERS && wake_us > now_us; j++) {
            uint32_t priority = models[j].held.priority;
            if (models[j].container != NULL && priority >= first && priority <= last)
                check_quiet(&models[j], now_us, wake_us);
            GO_ON();
        }
    }
    if (wake_us != ATTO_NEVER && wake_us > world_now(&world) && rng_once_in(&rng, 2) &&
        wake_us - world_now(&world) < 10000000u)
        world.clock_ns = wake_us * 1000u;
}

static void jump(void)
{
    if (rng_once_in(&rng, 2000)) { /* hours to a year */
        world.clock_ns += (uint64_t)rng_below(&rng, 32000000) * 1000000000u;
        clean = false;
    } else if (rng_once_in(&rng, 50)) {
        world.clock_ns += (uint64_t)rng_below(&rng, 2000000) * 1000u;
    } else {
        world.clock_ns += rng_below(&rng, 2000) * 1000u;
    }
}

/* ---- steps ---- */

static struct model *any(void)
{
    struct model *m = &models[rng_below(&rng, CONTAINERS)];
    return m->container != NULL ? m : NULL;
}

static void random_call(bool in_slice)
{
    struct model *m = any();
    drain(); /* the model is up to date */
    GO_ON();
    uint32_t what = rng_below(&rng, 24);
    if (what < 2u) {
        call_install();
        return;
    }
    if (what == 2u && !in_slice) {
        fire();
        for (uint32_t i = 0; i < CONTAINERS; i++)
            serve(&models[i]);
        return;
    }
    if (what == 3u) {
        call_detach();
        return;
    }
    if (m == NULL)
        return;
    switch (what) {
    case 4: call_update(m); break;
    case 5: call_remove(m); break;
    case 6: case 7: case 8: case 9: call_start(m); break;
    case 10: call_pause(m); break;
    case 11: case 12: call_resume(m); break;
    case 13: call_stop(m, false); break;
    case 14: call_stop(m, true); break;
    case 15: case 16: case 17: call_post(m); break;
    case 18: case 19: case 20: call_answer(m); break;
    case 21: case 22: call_set_schedule(m); break;
    default: call_attach(m); break;
    }
    if (!in_slice && m->container != NULL)
        m->may_force = false;
}

static void begin(uint32_t pool_bytes)
{
    world_begin(&world);
    world.config.trace = records;
    world.config.trace_count = RECORDS;
    world.config.poll_slices = 1u + rng_below(&rng, 3);
    world.config.stop_max_us = maybe(2, 2000);
    world.config.log_bytes = maybe(2, 100);
    world.config.fuel_per_ms = rng_once_in(&rng, 4) ? 1000u : 0u;
    atto_engine_init(&world.engine, &world.config, world.pool, pool_bytes);
    memset(models, 0, sizeof models);
    memset(places, 0, sizeof places);
    memset(attached, 0, sizeof attached);
    hook = (struct atto_hook)ATTO_HOOK_INIT(&hook_type);
    depth = 0;
    polling = false;
    clean = true;
}

/* The pool is one free piece: what a program that is too large lacks tells how long it is. */
static void check_whole_pool(void)
{
    struct atto_host_program huge = host_programs[0];
    struct atto_container *container;
    struct atto_report report;
    check_all();
    GO_ON();
    EQUAL(all_free, world.engine.pool_bytes);
    huge.state_bytes = 1000000;
    struct atto_schedule plain = { .priority = 1 };
    world.config.fuel_per_ms = 0;
    EQUAL(atto_engine_install(&world.engine, &(struct atto_install){ .program = &huge, .schedule = &plain },
                              &container, &report), ATTO_E_NO_MEMORY);
    EQUAL(report.ram_bytes - report.missing, world.engine.pool_bytes);
}

static void tear_down(void)
{
    for (uint32_t i = 0; i < HOOK_PLACES; i++) {
        if (attached[i] == NULL)
            continue;
        EQUAL(atto_hook_detach(&hook, &places[i]), ATTO_OK);
        attached[i]->attachments--;
    }
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        if (models[i].container == NULL)
            continue;
        if (one_of(&models[i], IN(STARTING) | IN(RUNNING) | IN(PAUSED) | IN(STOPPING)))
            call_stop(&models[i], true);
        GO_ON();
        call_remove(&models[i]);
        GO_ON();
    }
    check_whole_pool();
}

static void all_calls(void)
{
    uint32_t steps = harness_rounds(ON_LINUX_OR_BOARD(1000000, 2000)), per_world = ON_LINUX_OR_BOARD(1000, 200);
    uint64_t seed = harness_seed();
    make_kinds();
    for (uint32_t step = 0; step < steps; step++) {
        if (step % per_world == 0u) {
            if (step != 0u)
                tear_down();
            rng.state = seed + step / per_world;
            begin(1000u + 8u * rng_below(&rng, 500));
        }
        uint32_t what = rng_below(&rng, 10);
        if (what < 3u)
            poll();
        else if (what < 4u)
            jump();
        else
            random_call(false);
        if (!harness_failed())
            check_all();
        if (harness_failed()) {
            harness_note("seed", seed + step / per_world);
            harness_note("step", step % per_world);
            return;
        }
    }
    tear_down();
}

/* ---- cycles ---- */

static void run_cycles(void)
{
    uint32_t rounds = harness_rounds(ON_LINUX_OR_BOARD(1000000, 1000));
    rng.state = harness_seed();
    make_kinds();
    begin(4000);
    world.config.fuel_per_ms = 0;
    struct model *m = &models[0];
    for (uint32_t round = 0; round < rounds; round++) {
        harness_case(round, 0);
        if (m->container == NULL) {
            struct atto_schedule schedule = random_schedule();
            const struct kind *kind = &kinds[rng_below(&rng, 5)];
            *m = (struct model){ .kind = kind, .last = schedule, .held = schedule };
            EQUAL(atto_engine_install(&world.engine, &(struct atto_install){ .program = kind->program,
                                      .schedule = &schedule, .fuel = 500 }, &m->container, NULL), ATTO_OK);
            m->id = info_of(m).id;
            begin_budget(m);
        }
        depth = 2; /* no calls from inside */
        call_start(m);
        for (uint32_t i = rng_below(&rng, 6); i != 0u && !harness_failed(); i--) {
            uint64_t wake_us = atto_engine_poll(&world.engine);
            if (wake_us > world_now(&world) && wake_us - world_now(&world) < 100000u)
                world.clock_ns = wake_us * 1000u;
            drain();
            serve(m);
            m->may_force = false;
            if (rng_once_in(&rng, 4))
                call_set_schedule(m);
            if (rng_once_in(&rng, 2))
                call_post(m);
        }
        GO_ON();
        if (one_of(m, IN(STARTING) | IN(RUNNING) | IN(PAUSED) | IN(STOPPING)))
            call_stop(m, true);
        GO_ON();
        m->may_force = false;
        if (rng_once_in(&rng, 16))
            call_remove(m);
        if (round % 64u == 0u)
            check_all();
        GO_ON();
    }
    harness_case(0, 0);
    tear_down();
}

static void cycles(void)
{
    run_cycles();
    if (harness_failed())
        harness_note("seed", harness_seed());
}

static const struct harness_test tests[] = {
    TEST(all_calls, "Whatever is called in whatever order, the engine does what its headers say and loses no memory."),
    TEST(cycles, "A million lives that end at any point leave the pool as it was."),
};
HARNESS_MAIN(tests)
