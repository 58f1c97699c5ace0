/* The model of a container, see engine_model.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "engine_model.h"

#include <string.h>

#include "harness.h"

/* ---- schedules ---- */

static bool has_limits(struct atto_schedule s)
{
    static const struct atto_schedule none;
    s.priority = s.period_us = 0;
    return memcmp(&s, &none, sizeof s) != 0;
}

static uint32_t budget_window_us(const struct atto_schedule *s)
{
    return s->budget_window_us != 0u ? s->budget_window_us : s->period_us != 0u ? s->period_us : 1000000u;
}

/* The deadline of the activation under way; 0: none. */
static uint32_t deadline_us(const struct model *m)
{
    if (m->activation == ATTO_ACTIVATION_EVENT)
        return m->held.deadline_us;
    if (m->activation != ATTO_ACTIVATION_LOOP)
        return 0;
    return m->held.deadline_us != 0u ? m->held.deadline_us : m->held.period_us;
}

/* Its longest duration; 0: no limit. */
static uint32_t duration_us(const struct model *m)
{
    const struct atto_schedule *s = &m->held;
    if (m->activation == ATTO_ACTIVATION_STOP)
        return s->stop_max_us != 0u ? s->stop_max_us : m->config->stop_max_us;
    return m->activation == ATTO_ACTIVATION_START ? s->start_max_us : s->loop_max_us;
}

/* Has it taken longer than that? */
static bool longer(const struct model *m, uint32_t most_us, uint64_t now_us)
{
    return most_us != 0u && now_us - m->release_us > most_us;
}

static bool is_late(const struct model *m, uint64_t now_us)
{
    return !m->excused && longer(m, deadline_us(m), now_us);
}

/* ---- what is counted ---- */

void model_count(uint16_t *counter, uint64_t more)
{
    *counter = (uint16_t)(*counter + more < 0xffffu ? *counter + more : 0xffffu);
}

int64_t model_budget(struct model *m, uint64_t now_us)
{
    uint32_t length_us = budget_window_us(&m->held);
    if (now_us < m->window_us + length_us) /* the first window of a new schedule may be still to come */
        return m->left;
    uint64_t windows = (now_us - m->window_us) / length_us;
    m->window_us += windows * length_us;
    m->vague = m->vague || (m->left < 0 && windows > 1u); /* debt comes off the next window, if the engine has looked */
    m->left = m->held.budget_fuel + (m->left < 0 && windows == 1u ? m->left : 0);
    return m->left;
}

/* Moves the next release of loop to `at_us` or behind. Returns how many it skips. */
static uint64_t skip(struct model *m, uint64_t at_us)
{
    uint64_t skipped = 0;
    if (m->held.period_us != 0u && at_us > m->next_us)
        skipped = (at_us - m->next_us + m->held.period_us - 1u) / m->held.period_us;
    m->next_us += skipped * m->held.period_us;
    return skipped;
}

enum atto_status model_log(struct model *m, uint32_t len, uint64_t now_us)
{
    uint32_t most = m->held.log_bytes;
    uint16_t second = (uint16_t)(now_us / 1000000u);
    if (most == 0u)
        return ATTO_OK;
    if (m->log_second != second)
        m->log_used = 0;
    m->log_second = second;
    if (m->log_used + len + 1u > most) {
        model_count(&m->counters.denials, 1);
        return ATTO_E_QUOTA;
    }
    m->log_used += len + 1u;
    return ATTO_OK;
}

/* ---- what the firmware does ---- */

/* `last` comes into force. What a life has used up stays used up; what has had no limit counts from the change. */
static void take_over(struct model *m, uint64_t now_us)
{
    const struct atto_schedule old = m->held;
    m->changes = false;
    m->held = m->last;
    if (m->held.log_bytes == 0u)
        m->log_used = 0;
    m->next_us = old.period_us != 0u ? m->next_us + m->held.period_us - old.period_us : now_us;
    if (m->next_us < now_us)
        m->next_us = now_us;
    if (!has_limits(old)) {
        m->started_us = m->changed_us;
        m->loops = m->restarts = 0;
    }
    if (old.heartbeat_us == 0u)
        m->beat_us = m->changed_us;
    if (old.budget_fuel == 0u) {
        m->window_us = m->changed_us;
        m->left = m->held.budget_fuel;
        m->vague = false;
    } else {
        m->left = m->left < m->held.budget_fuel ? m->left : m->held.budget_fuel;
        m->vague = m->vague || budget_window_us(&old) != budget_window_us(&m->held) ||
                   now_us >= m->window_us + budget_window_us(&old);
    }
    if (m->held.period_us != 0u) /* windows begin with releases */
        m->window_us = m->next_us - budget_window_us(&m->held);
    if (m->event_count > m->held.events) {
        model_count(&m->counters.denials, m->event_count - m->held.events);
        m->event_count = m->held.events;
    }
}

void model_change(struct model *m, const struct atto_schedule *schedule, uint64_t now_us)
{
    m->last = *schedule;
    m->changes = true;
    m->changed_us = now_us;
    if (m->activation != ATTO_ACTIVATION_NONE)
        return;
    take_over(m, now_us);
    if (schedule->restart == ATTO_RESTART_NEVER)
        m->restart_us = 0;
}

void model_post(struct model *m, struct model_event event)
{
    uint32_t first = m->activation == ATTO_ACTIVATION_EVENT, i = m->event_count++;
    for (; i > first && m->events[i - 1u].due_us > event.due_us; i--)
        m->events[i] = m->events[i - 1u];
    m->events[i] = event;
}

/* ---- activations ---- */

static void activate(struct model *m, enum atto_activation activation, uint64_t now_us, uint32_t since_us)
{
    const struct atto_schedule *s = &m->held;
    bool event_due = m->event_count != 0u && m->events[0].due_us <= now_us;
    EQUAL(m->activation, ATTO_ACTIVATION_NONE);
    CHECK(m->state == (activation == ATTO_ACTIVATION_START  ? ATTO_STATE_STARTING
                       : activation == ATTO_ACTIVATION_STOP ? ATTO_STATE_STOPPING
                                                            : ATTO_STATE_RUNNING));
    m->activation = activation;
    m->release_us = m->begun_us = now_us;
    m->spent = 0;
    m->counters.activations++;
    if (activation == ATTO_ACTIVATION_EVENT) {
        CHECK(event_due);
        m->release_us = m->events[0].due_us;
    }
    if (activation == ATTO_ACTIVATION_LOOP) {
        CHECK(m->program->loop && (s->period_us != 0u || s->loop_count != 0u));
        CHECK(!event_due); /* events come before loops */
        CHECK(s->loop_count == 0u || m->loops < s->loop_count);
        m->loops++;
        if (s->period_us != 0u)
            m->release_us = m->next_us;
        m->next_us += s->period_us;
    }
    CHECK(m->release_us <= now_us);
    EQUAL(since_us, (uint32_t)(now_us - m->release_us));
}

/* The activation is over; a change of schedule comes into force. */
static void over(struct model *m, uint64_t now_us)
{
    if (m->activation == ATTO_ACTIVATION_EVENT)
        memmove(m->events, m->events + 1, --m->event_count * sizeof *m->events);
    m->activation = ATTO_ACTIVATION_NONE;
    m->excused = m->dropped = m->fails = false;
    if (m->changes)
        take_over(m, now_us);
}

void model_program(struct model *m, const struct model_program *program, uint32_t fuel,
                   const struct atto_schedule *schedule, uint64_t now_us)
{
    over(m, now_us);
    const struct model old = *m;
    *m = (struct model){
        .container = old.container, .config = old.config, .id = old.id, .counters = old.counters,
        .misses_told = old.misses_told,
        .program = program, .fuel = fuel, .held = *schedule, .last = *schedule,
        .started_us = now_us, .beat_us = now_us, .window_us = now_us, .left = schedule->budget_fuel,
    };
}

/* By itself, or because its deadline is over. */
static void end(struct model *m, enum atto_activation activation, uint64_t now_us, uint32_t took_us)
{
    bool loop = activation == ATTO_ACTIVATION_LOOP, excused = m->excused;
    EQUAL(m->activation, activation);
    EQUAL(took_us, (uint32_t)(now_us - m->release_us));
    if (m->dropped) {
        CHECK(m->held.on_miss == ATTO_MISS_DROP);
        over(m, now_us);
        if (loop && now_us > m->held.period_us)
            model_count(&m->counters.misses, skip(m, now_us - m->held.period_us));
        return;
    }
    if (is_late(m, now_us)) {
        model_count(&m->counters.misses, 1);
        m->fails = m->held.on_miss == ATTO_MISS_FAULT;
    }
    if (m->fails)
        return;
    uint64_t lost = loop ? skip(m, now_us) : 0u;
    if (!excused)
        model_count(&m->counters.misses, lost);
    over(m, now_us);
}

static void slice(struct model *m, uint64_t began_us, uint32_t fuel)
{
    uint32_t given = m->config->slice_fuel;
    CHECK(m->activation != ATTO_ACTIVATION_NONE);
    CHECK(model_in(m, IN(STARTING) | IN(RUNNING) | IN(STOPPING)));
    m->in_slice = false;
    m->counters.time_us += fuel;
    m->counters.fuel += fuel;
    m->spent += fuel;
    m->wish = m->asked != WISH_NOTHING ? m->asked : m->wish;
    m->asked = WISH_NOTHING;
    if (m->held.budget_fuel != 0u) {
        int64_t left = model_budget(m, began_us);
        CHECK(left > 0 || m->vague);
        if (left < given && !m->vague)
            given = (uint32_t)left;
        m->left -= fuel + m->config->switch_fuel;
    }
    if (m->activation != ATTO_ACTIVATION_HOOK)
        CHECK(fuel <= given + m->program->longest_run);
    CHECK(m->spent <= m->fuel + m->program->longest_run);
}

/* A deadline is over, or releases are lost: `end` has counted them, unless the activation still goes on. */
static void miss(struct model *m, uint64_t now_us, uint32_t how_many)
{
    CHECK(how_many != 0u);
    m->misses_told = m->misses_told + how_many < how_many ? UINT32_MAX : m->misses_told + how_many;
    if (m->activation == ATTO_ACTIVATION_NONE || m->fails)
        return;
    CHECK(m->held.on_miss != ATTO_MISS_CONTINUE);
    CHECK(is_late(m, now_us));
    model_count(&m->counters.misses, 1);
    m->dropped = true;
}

static void fault(struct model *m, enum atto_status status, uint64_t now_us)
{
    model_count(&m->counters.faults, 1);
    m->counters.last_fault = (int8_t)status;
    CHECK(!m->fails || status == ATTO_FAULT_DEADLINE);
    if (status == ATTO_FAULT_DEADLINE) {
        CHECK(m->fails || m->dropped);
        EQUAL(m->held.on_miss, ATTO_MISS_FAULT);
    } else if (status == ATTO_FAULT_DURATION) {
        CHECK(longer(m, duration_us(m), now_us));
        CHECK(m->activation != ATTO_ACTIVATION_STOP);
    } else if (status == ATTO_FAULT_BUDGET) {
        CHECK(m->held.on_overrun == ATTO_OVERRUN_FAULT && m->held.budget_fuel != 0u);
        CHECK(model_budget(m, now_us) <= 0 || m->vague);
    } else if (status == ATTO_FAULT_HEARTBEAT) {
        CHECK(m->held.heartbeat_us != 0u && now_us - m->beat_us > m->held.heartbeat_us);
    } else if (status == ATTO_FAULT_FUEL && m->activation != ATTO_ACTIVATION_HOOK) {
        CHECK(m->spent >= m->fuel);
    }
    over(m, now_us);
}

/* ---- lives ---- */

static uint64_t lifetime_end_us(const struct model *m)
{
    return m->held.lifetime_ms != 0u ? m->started_us + m->held.lifetime_ms * (uint64_t)1000u : ATTO_NEVER;
}

static bool loops_are_over(const struct model *m)
{
    return m->held.loop_count != 0u && m->loops >= m->held.loop_count;
}

/* When it will be restarted. */
static void plan_restart(struct model *m, uint64_t now_us)
{
    const struct atto_schedule *s = &m->held;
    uint64_t backoff_us = (s->backoff_ms != 0u ? s->backoff_ms : 1u) * (uint64_t)1000u;
    if (now_us - m->started_us >= 256u * backoff_us)
        m->restarts = 0;
    if (s->restarts_max != 0u && m->restarts >= s->restarts_max)
        return;
    m->restart_us = now_us + (backoff_us << (m->restarts < 7u ? m->restarts : 7u));
    m->restarts++;
    skip(m, m->restart_us);
    if (s->period_us != 0u)
        m->restart_us = m->next_us;
}

static void begin_life(struct model *m, uint64_t now_us)
{
    uint64_t release_us = m->called ? now_us : m->restart_us;
    CHECK(m->called || (m->restart_us != 0u && now_us >= m->restart_us));
    EQUAL(m->activation, ATTO_ACTIVATION_NONE);
    m->restart_us = 0;
    m->wish = WISH_NOTHING;
    m->started_us = m->beat_us = now_us;
    m->next_us = release_us + (m->program->start ? m->held.period_us : 0u);
    m->loops = 0;
    if (!m->called)
        return;
    m->event_count = m->restarts = 0;
    m->window_us = now_us;
    m->left = m->held.budget_fuel;
    m->vague = false;
}

/* May a life end so now? next: STOPPING or STOPPED; told: somebody has called atto_engine_stop. */
static bool may_stop(const struct model *m, enum atto_container_state next, bool told, uint64_t now_us)
{
    bool by_itself = loops_are_over(m) || now_us > lifetime_end_us(m);
    bool has_stop = m->program->stop && model_in(m, ALIVE);
    if (m->state == ATTO_STATE_STOPPING)
        return m->forced || m->wish == WISH_FORCE || m->activation == ATTO_ACTIVATION_NONE ||
               longer(m, duration_us(m), now_us);
    if (next == ATTO_STATE_STOPPING)
        return has_stop && !m->forced && (by_itself || (told && m->wish != WISH_FORCE));
    return told ? !has_stop || m->forced || m->wish == WISH_FORCE : by_itself && !has_stop;
}

static void end_life(struct model *m, enum atto_container_state next, uint64_t now_us)
{
    bool told = m->called || m->wish >= WISH_STOP;
    if (next == ATTO_STATE_FAULTED) {
        CHECK(model_in(m, IN(STARTING) | IN(RUNNING)));
        EQUAL(m->activation, ATTO_ACTIVATION_NONE);
        if (m->held.restart != ATTO_RESTART_NEVER)
            plan_restart(m, now_us);
        return;
    }
    CHECK(may_stop(m, next, told, now_us));
    over(m, now_us);
    m->restart_us = 0;
    m->again = !told && (m->state != ATTO_STATE_STOPPING || m->again) && m->held.restart == ATTO_RESTART_ALWAYS;
    if (next == ATTO_STATE_STOPPED && m->again)
        plan_restart(m, now_us);
}

static void change_state(struct model *m, enum atto_container_state next, uint64_t now_us)
{
    bool begins = next == ATTO_STATE_STARTING || next == ATTO_STATE_RUNNING;
    if (next == ATTO_STATE_PAUSED) {
        CHECK(model_in(m, IN(STARTING) | IN(RUNNING)));
    } else if (!begins) {
        end_life(m, next, now_us);
    } else if (m->state == ATTO_STATE_PAUSED) {
        EQUAL(next == ATTO_STATE_STARTING, m->activation == ATTO_ACTIVATION_START);
        m->excused = m->activation != ATTO_ACTIVATION_NONE;
        m->release_us = now_us; /* durations count from here */
        m->beat_us = now_us;
        m->wish = WISH_NOTHING;
        skip(m, now_us);
    } else if (m->state == ATTO_STATE_STARTING) {
        EQUAL(next, ATTO_STATE_RUNNING);
        EQUAL(m->activation, ATTO_ACTIVATION_NONE);
        skip(m, now_us);
    } else {
        CHECK(model_in(m, OVER));
        EQUAL(next == ATTO_STATE_STARTING, m->program->start);
        begin_life(m, now_us);
    }
    m->state = next;
}

/* ---- all together ---- */

void model_replay(struct model *m, const struct atto_trace_record *record, uint64_t now_us)
{
    uint64_t time_us = now_us - (uint32_t)((uint32_t)now_us - record->time_us);
    harness_case(record->kind, record->detail);
    switch ((enum atto_trace_kind)record->kind) {
    case ATTO_TRACE_ACTIVATE:
        activate(m, (enum atto_activation)record->detail, time_us, record->value);
        break;
    case ATTO_TRACE_SLICE:
        slice(m, time_us, record->value);
        break;
    case ATTO_TRACE_CALL:
        m->counters.host_calls++;
        if (record->detail == WORLD_CALL_BEAT)
            m->beat_us = time_us;
        if (record->detail == WORLD_CALL_LOG)
            model_log(m, MODEL_LINE_BYTES, time_us);
        break;
    case ATTO_TRACE_END:
        end(m, (enum atto_activation)record->detail, time_us, record->value);
        break;
    case ATTO_TRACE_FAULT:
        fault(m, (enum atto_status)-(int32_t)record->detail, time_us);
        break;
    case ATTO_TRACE_MISS:
        miss(m, time_us, record->value);
        break;
    case ATTO_TRACE_THROTTLE:
        CHECK(m->held.budget_fuel != 0u && (model_budget(m, time_us) <= 0 || m->vague));
        break;
    case ATTO_TRACE_STATE:
        change_state(m, (enum atto_container_state)record->detail, time_us);
        break;
    default:
        harness_fail(__FILE__, __LINE__, "a known kind of record");
    }
}

void model_check(const struct model *m, const struct atto_container_info *info)
{
    const struct atto_counters *is = &info->counters, *should = &m->counters;
    harness_case(m->state, m->activation);
    EQUAL(info->id, m->id);
    EQUAL(info->state, m->state);
    EQUAL(info->activation, m->activation);
    EQUAL(info->restarts, m->restart_us != 0u || (m->state == ATTO_STATE_STOPPING && m->again));
    EQUAL(info->events, m->event_count);
    EQUAL(is->activations, should->activations);
    EQUAL(is->host_calls, should->host_calls);
    EQUAL(is->faults, should->faults);
    EQUAL(is->last_fault, should->last_fault);
    EQUAL(is->misses, should->misses);
    EQUAL(is->misses, m->misses_told < 0xffffu ? m->misses_told : 0xffffu);
    EQUAL(is->denials, should->denials);
    if (!m->in_slice) {
        EQUAL(is->fuel, should->fuel);
        EQUAL(is->time_us, should->time_us);
    }
    CHECK(!info->waits || m->activation != ATTO_ACTIVATION_NONE);
    CHECK(!info->throttled || (m->activation != ATTO_ACTIVATION_NONE && m->held.budget_fuel != 0u));
    if (m->state == ATTO_STATE_RUNNING && m->activation == ATTO_ACTIVATION_NONE)
        CHECK(!loops_are_over(m));
    harness_case(0, 0);
}

static uint64_t sooner(uint64_t at_us, uint64_t since_us, uint64_t most_us)
{
    uint64_t end_us = since_us + most_us + 1u;
    return most_us != 0u && end_us < at_us ? end_us : at_us;
}

uint64_t model_wake_us(struct model *m, bool throttled, uint64_t now_us)
{
    const struct atto_schedule *s = &m->held;
    uint64_t wake_us = ATTO_NEVER;
    if (m->restart_us != 0u)
        return m->restart_us;
    if (!model_in(m, IN(STARTING) | IN(RUNNING) | IN(STOPPING)))
        return ATTO_NEVER;
    if (m->state != ATTO_STATE_STOPPING) {
        wake_us = sooner(wake_us, m->started_us, s->lifetime_ms * (uint64_t)1000u);
        wake_us = sooner(wake_us, m->beat_us, s->heartbeat_us);
    }
    if (m->activation == ATTO_ACTIVATION_NONE) {
        if (m->event_count != 0u && m->events[0].due_us < wake_us)
            wake_us = m->events[0].due_us;
        if (m->program->loop && s->period_us != 0u && m->next_us < wake_us)
            wake_us = m->next_us;
        return wake_us;
    }
    wake_us = sooner(wake_us, m->release_us, duration_us(m));
    if (s->on_miss != ATTO_MISS_CONTINUE && !m->excused)
        wake_us = sooner(wake_us, m->release_us, deadline_us(m));
    if (throttled && model_budget(m, now_us) <= 0 && !m->vague)
        wake_us = sooner(wake_us, m->window_us, budget_window_us(s) - 1u);
    return wake_us;
}
