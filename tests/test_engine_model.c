/* Everything at once: random calls of the engine in random order, from outside and from containers in the middle of a
 * slice, held against the model of engine_model.h. The driver knows which status each call must return and tells the
 * model what was done; the trace tells what became of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "engine_model.h"
#include "guest.h"
#include "harness.h"
#include "rng.h"

#define CONTAINERS 7u
#define HOOK_PLACES 4u
#define RECORDS 1024u
#define OVERRUN 50u /* longest run of the host programs */

static struct world world;
static struct rng rng;
static struct atto_trace_record records[RECORDS];
static struct model models[CONTAINERS];
static struct atto_hook hook;
static struct atto_attachment places[HOOK_PLACES];
static struct model *attached[HOOK_PLACES];
static uint32_t depth;              /* calls of containers within calls of containers */
static uint32_t band_first, band_last; /* that is polled */

static struct model *model_of(const struct atto_container *container)
{
    for (uint32_t i = 0; i < CONTAINERS; i++)
        if (models[i].container == container)
            return &models[i];
    return NULL;
}

static struct atto_container_info info_of(const struct model *m)
{
    return world_info(&world, m->container);
}

/* Replays what was traced since. */
static void drain(void)
{
    struct atto_trace_record record;
    uint32_t lost;
    while (atto_engine_trace_read(&world.engine, &record, &lost)) {
        struct model *m = NULL;
        EQUAL(lost, 0);
        for (uint32_t i = 0; i < CONTAINERS; i++)
            if (models[i].container != NULL && models[i].id == record.container)
                m = &models[i];
        CHECK(m != NULL);
        model_replay(m, &record, world_now(&world));
        GO_ON();
    }
}

/* ---- programs ---- */

static void random_call(bool in_slice);
static void call_pause(struct model *m);
static void call_resume(struct model *m);
static void call_stop(struct model *m, bool force);

/* Nobody who is more urgent is ready. */
static void check_most_urgent(const struct model *m)
{
    if (m->activation == ATTO_ACTIVATION_HOOK)
        return;
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        const struct model *other = &models[i];
        if (other->container == NULL || other->activation == ATTO_ACTIVATION_NONE ||
            other->held.priority >= m->held.priority || other->held.priority < band_first ||
            !model_in(other, IN(STARTING) | IN(RUNNING) | IN(STOPPING)))
            continue;
        struct atto_container_info info = info_of(other);
        CHECK(info.waits || info.throttled);
    }
}

/* A slice begins: is it that of an activation that the model knows? */
static void check_running(const struct model *m, const char *entry)
{
    CHECK(m != NULL && m->container != NULL);
    enum atto_activation activation = m->activation;
    if (strcmp(entry, "event") == 0)
        CHECK(activation == ATTO_ACTIVATION_EVENT || activation == ATTO_ACTIVATION_HOOK);
    else if (strcmp(entry, "loop") == 0)
        EQUAL(activation, ATTO_ACTIVATION_LOOP);
    else
        EQUAL(activation, entry[2] == 'a' ? ATTO_ACTIVATION_START : ATTO_ACTIVATION_STOP);
    if (activation != ATTO_ACTIVATION_HOOK)
        CHECK(m->held.priority >= band_first && m->held.priority <= band_last);
    if (rng_once_in(&rng, 8))
        check_most_urgent(m);
}

/* An event brings its data. */
static void check_context(const struct atto_context *context, uint64_t number)
{
    EQUAL(context->len, sizeof number);
    CHECK(memcmp(context->ptr, &number, sizeof number) == 0);
}

/* What a container does in a slice, beside using fuel. */
static void meddle(struct model *m)
{
    if (depth < 2u && rng_once_in(&rng, 6)) {
        depth++;
        random_call(true);
        depth--;
    }
    if (rng_once_in(&rng, 3)) {
        atto_engine_heartbeat(&world.engine, m->container);
        m->beat_us = world_now(&world);
    }
    if (rng_once_in(&rng, 10)) {
        uint32_t len = rng_below(&rng, 60);
        EQUAL(atto_engine_log(&world.engine, m->container, "", 0), model_log(m, 0, world_now(&world)));
        EQUAL(atto_engine_log(&world.engine, m->container, (const char *)records, len),
              model_log(m, len, world_now(&world)));
    }
    if (rng_once_in(&rng, 20))
        call_pause(m);
    if (m->asked == WISH_PAUSE && rng_once_in(&rng, 2))
        call_resume(m);
    if (rng_once_in(&rng, 40))
        call_stop(m, rng_once_in(&rng, 2));
}

static enum atto_outcome act(struct atto_host_frame *frame)
{
    struct atto_container *container = atto_container_of(frame->run);
    struct model *m = model_of(container);
    drain();
    if (!harness_failed())
        check_running(m, m->program->host->entry_names[frame->run->pc]);
    if (!harness_failed() && m->activation == ATTO_ACTIVATION_EVENT)
        check_context(&frame->context, m->events[0].number);
    if (harness_failed())
        return ATTO_FAULT;
    m->in_slice = true;
    if (frame->step == 0u)
        frame->step = 1u + (rng_once_in(&rng, 30) ? 1000000u : rng_below(&rng, 300));
    meddle(m);
    if (rng_once_in(&rng, 30))
        return ATTO_FAULT;
    /* Yields early, with a budget: without limits the next slice is longer by what is left. */
    bool waits = rng_once_in(&rng, 8), early = m->held.budget_fuel != 0u && rng_once_in(&rng, 4);
    uint32_t rest = frame->step - 1u, most = (uint32_t)frame->run->fuel;
    if (waits || early)
        most = rng_below(&rng, most + 1u);
    else if (rng_once_in(&rng, 4))
        most += rng_below(&rng, OVERRUN + 1u);
    uint32_t now = rest < most ? rest : most;
    frame->run->fuel -= (int32_t)now;
    frame->step -= now;
    if (waits)
        return ATTO_WAIT;
    return frame->step == 1u ? ATTO_DONE : ATTO_YIELD;
}

static const char *const two_names[] = { "loop", "event" }, *const four_names[] = { "start", "stop", "event", "loop" };
static const char *const no_loop_names[] = { "start", "event" };
static atto_host_fn *const all_act[] = { act, act, act, act };

#define HOST(names, bytes) \
    { .entries = all_act, .entry_count = sizeof(names) / sizeof *(names), .state_bytes = (bytes), \
      .longest_run = OVERRUN, .entry_names = (names) }
static const struct atto_host_program host_programs[] = {
    HOST(two_names, 8), HOST(two_names, 300), HOST(two_names, 1900), HOST(four_names, 0), HOST(no_loop_names, 0)
};
static struct image_bytes images[3];
#define HOSTS 5u
static const struct model_program programs[] = {
    { .host = &host_programs[0], .loop = true, .entries = { 1, 1 }, .longest_run = OVERRUN },
    { .host = &host_programs[1], .loop = true, .entries = { 1, 1 }, .longest_run = OVERRUN },
    { .host = &host_programs[2], .loop = true, .entries = { 1, 1 }, .longest_run = OVERRUN },
    { .host = &host_programs[3], .start = true, .stop = true, .loop = true, .entries = { 2, 2 },
      .longest_run = OVERRUN },
    { .host = &host_programs[4], .start = true, .entries = { 1, 1 }, .longest_run = OVERRUN },
    { .image = &images[0], .loop = true, .stop = true, .entries = { 7, 0 }, .longest_run = OVERRUN },
    { .image = &images[1], .loop = true, .start = true, .entries = { 2, 0 }, .longest_run = OVERRUN },
    { .image = &images[2], .loop = true, .stop = true, .entries = { 0, 0 }, .longest_run = OVERRUN },
};
#define PROGRAMS (sizeof programs / sizeof *programs)

static void write_images(void)
{
    /* Counts, logs, beats; waits in events; faults in `stop`. */
    world_image(&images[0], SLOTS(MOV(6, 20), ADD(6, -1), JUMP_IMM(IF_NE, 6, 0, -2), MOV(1, MODEL_LINE_BYTES),
                                  CALL(WORLD_CALL_LOG), CALL(WORLD_CALL_BEAT), EXIT, CALL(WORLD_CALL_LATER), EXIT, MOV(1, 0),
                                  LOAD(SIZE_DW, 0, 1, 0), EXIT),
                ENTRIES({ "loop", 0 }, { "event", 7 }, { "stop", 9 }));
    /* Never ends; waits in `start`. */
    world_image(&images[1], SLOTS(JUMP(-1), EXIT, CALL(WORLD_CALL_LATER), EXIT),
                ENTRIES({ "loop", 0 }, { "start", 2 }));
    /* `stop` never ends. */
    world_image(&images[2], SLOTS(CALL(WORLD_CALL_ZERO), EXIT, JUMP(-1), EXIT), ENTRIES({ "loop", 0 }, { "stop", 2 }));
}

/* ---- schedules ---- */

static uint32_t maybe(uint32_t times, uint32_t most)
{
    return rng_once_in(&rng, times) ? 1u + rng_below(&rng, most) : 0u;
}

static struct atto_schedule random_schedule(void)
{
    struct atto_schedule s = { .priority = rng_below(&rng, ATTO_PRIORITIES) };
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

/* ---- the pool ---- */

/* What a walk through the pool finds: its longest free piece, neighbours put together, and all free bytes. */
static uint32_t longest_free, all_free;

static void look_at_pool(void)
{
    uint32_t piece = 0, bytes;
    longest_free = all_free = 0;
    for (uint32_t at = 0; at < world.engine.pool_bytes; at += bytes) {
        uint32_t head;
        memcpy(&head, world.engine.pool + at, sizeof head);
        bytes = head & ~7u;
        CHECK(bytes != 0u && bytes <= world.engine.pool_bytes - at);
        piece = (head & 7u) == 0u ? piece + bytes : 0u;
        all_free += (head & 7u) == 0u ? bytes : 0u;
        if (piece > longest_free)
            longest_free = piece;
    }
}

static void check_all(void)
{
    uint32_t ram_bytes = 0, count = 0, found = 0;
    drain();
    GO_ON();
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        struct atto_schedule schedule;
        if (models[i].container == NULL)
            continue;
        struct atto_container_info info = info_of(&models[i]);
        atto_engine_schedule(&world.engine, models[i].container, &schedule);
        CHECK(memcmp(&schedule, &models[i].last, sizeof schedule) == 0);
        model_check(&models[i], &info);
        GO_ON();
        ram_bytes += info.ram_bytes;
        count++;
    }
    for (struct atto_container *c = NULL; (c = atto_engine_next(&world.engine, c)) != NULL; found++)
        CHECK(model_of(c) != NULL);
    EQUAL(found, count);
    look_at_pool();
    GO_ON();
    EQUAL(world.engine.pool_bytes - all_free, ram_bytes);
    EQUAL(world.locks, 0);
    EQUAL(world.lock_errors, 0);
}

/* ---- refusals ---- */

/* What a refusal must leave as it was. */
struct picture {
    struct atto_engine engine;
    uint32_t ram_bytes[CONTAINERS];
    uint32_t longest_free, all_free;
};
static struct picture before;

static void take_picture(struct picture *picture)
{
    memset(picture, 0, sizeof *picture);
    memcpy(&picture->engine, &world.engine, sizeof picture->engine);
    picture->engine.now_us = 0;
    for (uint32_t i = 0; i < CONTAINERS; i++)
        picture->ram_bytes[i] = models[i].container != NULL ? info_of(&models[i]).ram_bytes : 0u;
    look_at_pool();
    picture->longest_free = longest_free;
    picture->all_free = all_free;
}

static void check_unchanged(void)
{
    struct picture now;
    check_all();
    GO_ON();
    take_picture(&now);
    CHECK(memcmp(&now, &before, sizeof now) == 0);
}

/* The status that a judged request must have, from the report and the memory that was free. */
static void check_judged(enum atto_status status, bool in_range, const struct atto_report *report, uint32_t old_bytes,
                         uint32_t ram_bytes)
{
    harness_case((uint64_t)(int64_t)status, ram_bytes);
    if (!in_range) {
        EQUAL(status, ATTO_E_ARGUMENT);
    } else if (world.config.fuel_per_ms != 0u && status == ATTO_E_ADMISSION) {
        CHECK(report->constraint >= ATTO_CONSTRAINT_DEADLINE && report->constraint <= ATTO_CONSTRAINT_UNBOUNDED);
        CHECK(report->culprit == NULL || model_of(report->culprit) != NULL);
        CHECK(report->missing != 0u);
    } else if (status == ATTO_E_NO_MEMORY) {
        EQUAL(report->constraint, ATTO_CONSTRAINT_MEMORY);
        CHECK(report->missing != 0u);
        CHECK(before.longest_free < ram_bytes);
    } else {
        EQUAL(status, ATTO_OK);
        EQUAL(report->constraint, ATTO_CONSTRAINT_NONE);
        CHECK(before.all_free + old_bytes >= ram_bytes);
    }
    harness_case(0, 0);
}

/* ---- install, update, remove ---- */

struct request {
    const struct model_program *program;
    struct atto_schedule schedule;
    bool in_range;
    struct atto_install install;
};

static void random_request(struct request *request)
{
    request->program = &programs[rng_below(&rng, PROGRAMS)];
    request->schedule = random_schedule();
    request->in_range = !rng_once_in(&rng, 12);
    if (!request->in_range)
        spoil(&request->schedule);
    request->install = (struct atto_install){ .program = request->program->host, .schedule = &request->schedule,
                                              .fuel = 1u + rng_below(&rng, rng_once_in(&rng, 3) ? 50 : 2000) };
    if (request->program->image != NULL) {
        request->install.bytes = request->program->image->bytes;
        request->install.len = request->program->image->len;
    }
}

static void begin_model(struct model *m, struct atto_container *container, const struct request *request)
{
    *m = (struct model){ .container = container, .config = &world.config };
    model_program(m, request->program, request->install.fuel, &request->schedule, world_now(&world));
    m->id = info_of(m).id;
}

static void call_install(void)
{
    struct request request;
    struct atto_container *container = NULL;
    struct atto_report report;
    struct model *m = model_of(NULL);
    if (m == NULL)
        return;
    random_request(&request);
    take_picture(&before);
    enum atto_status status = atto_engine_install(&world.engine, &request.install, &container, &report);
    check_judged(status, request.in_range, &report, 0, report.ram_bytes);
    GO_ON();
    if (status != ATTO_OK) {
        check_unchanged();
        return;
    }
    begin_model(m, container, &request);
    EQUAL(info_of(m).ram_bytes, report.ram_bytes);
    CHECK(world.engine.longest_run >= before.engine.longest_run);
}

static void call_update(struct model *m)
{
    struct request request;
    struct atto_container *container = m->container;
    struct atto_report report;
    struct atto_trace_record record;
    bool alive = model_in(m, ALIVE), stopping = m->state == ATTO_STATE_STOPPING;
    bool busy = m->in_slice || m->attachments != 0u;
    uint32_t old_bytes = info_of(m).ram_bytes;
    random_request(&request);
    take_picture(&before);
    enum atto_status status = atto_engine_update(&world.engine, &container, &request.install, &report);
    if (request.in_range && (stopping || busy))
        EQUAL(status, stopping ? ATTO_E_STATE : ATTO_E_BUSY);
    else
        check_judged(status, request.in_range, &report, old_bytes, report.ram_bytes);
    GO_ON();
    if (status != ATTO_OK) {
        CHECK(container == m->container);
        check_unchanged();
        return;
    }
    m->container = container;
    model_program(m, request.program, request.install.fuel, &request.schedule, world_now(&world));
    CHECK(atto_engine_trace_read(&world.engine, &record, NULL));
    CHECK(record.kind == ATTO_TRACE_STATE && record.detail == ATTO_STATE_INSTALLED && record.container == m->id);
    m->called = true;
    drain();
    m->called = false;
    GO_ON();
    if (!alive)
        EQUAL(m->state, ATTO_STATE_INSTALLED);
    else
        CHECK(m->state != ATTO_STATE_INSTALLED);
}

static void call_remove(struct model *m)
{
    enum atto_status status = atto_engine_remove(&world.engine, m->container);
    EQUAL(status, !model_in(m, OVER) ? ATTO_E_STATE : m->attachments != 0u ? ATTO_E_BUSY : ATTO_OK);
    if (status == ATTO_OK)
        m->container = NULL;
    if (atto_engine_next(&world.engine, NULL) == NULL)
        EQUAL(world.engine.longest_run, 0);
}

/* ---- life ---- */

/* May a limit that is over already have put an end to it within the call? */
static bool may_end(const struct model *m)
{
    const struct atto_schedule *s = &m->held;
    return s->on_overrun == ATTO_OVERRUN_FAULT || s->lifetime_ms != 0u || s->heartbeat_us != 0u ||
           s->loop_count != 0u;
}

static void call_start(struct model *m)
{
    bool allowed = model_in(m, OVER);
    m->called = allowed;
    EQUAL(atto_engine_start(&world.engine, m->container), allowed ? ATTO_OK : ATTO_E_STATE);
    drain();
    m->called = false;
    GO_ON();
    if (!allowed)
        return;
    EQUAL(m->state, m->program->start ? ATTO_STATE_STARTING : ATTO_STATE_RUNNING);
    if (m->program->loop && !m->program->start && m->held.period_us != 0u)
        EQUAL(m->activation, ATTO_ACTIVATION_LOOP);
}

static void call_pause(struct model *m)
{
    bool allowed = model_in(m, IN(STARTING) | IN(RUNNING)) && m->asked == WISH_NOTHING;
    EQUAL(atto_engine_pause(&world.engine, m->container), allowed ? ATTO_OK : ATTO_E_STATE);
    if (allowed && m->in_slice) {
        m->asked = WISH_PAUSE;
        return;
    }
    drain();
    GO_ON();
    if (allowed)
        EQUAL(m->state, ATTO_STATE_PAUSED);
}

static void call_resume(struct model *m)
{
    bool allowed = model_in(m, IN(PAUSED)), starts = m->activation == ATTO_ACTIVATION_START, ends = may_end(m);
    enum atto_status status = atto_engine_resume(&world.engine, m->container);
    if (m->asked == WISH_PAUSE) {
        EQUAL(status, ATTO_OK);
        m->asked = WISH_NOTHING;
        return;
    }
    EQUAL(status, allowed ? ATTO_OK : ATTO_E_STATE);
    drain();
    GO_ON();
    if (allowed && !ends && !may_end(m))
        EQUAL(m->state, starts ? ATTO_STATE_STARTING : ATTO_STATE_RUNNING);
}

static void call_stop(struct model *m, bool force)
{
    bool faulted = m->state == ATTO_STATE_FAULTED, due = m->state == ATTO_STATE_STOPPED && m->restart_us != 0u;
    bool allowed = model_in(m, ALIVE) || faulted || due || (force && m->state == ATTO_STATE_STOPPING);
    bool has_stop = m->program->stop;
    EQUAL(atto_engine_stop(&world.engine, m->container, force), allowed ? ATTO_OK : ATTO_E_STATE);
    if (!allowed)
        return;
    if (m->in_slice) {
        enum model_wish wish = force ? WISH_FORCE : WISH_STOP;
        m->asked = wish > m->asked ? wish : m->asked;
        return;
    }
    m->called = true;
    m->forced = force;
    drain();
    m->called = m->forced = false;
    GO_ON();
    CHECK(!info_of(m).waits);
    if (force || faulted || due || !has_stop)
        EQUAL(m->state, ATTO_STATE_STOPPED);
    else
        CHECK(m->state == ATTO_STATE_STOPPING || (m->state == ATTO_STATE_STOPPED && may_end(m)));
}

/* ---- events, answers, schedules ---- */

static void call_post(struct model *m)
{
    static uint64_t numbers[2];
    bool bad = rng_once_in(&rng, 20);
    uint32_t len = bad ? 9u + rng_below(&rng, 3) : 8u;
    uint32_t delay_us = rng_once_in(&rng, 3) ? rng_below(&rng, 5000) : rng_once_in(&rng, 50) ? 0xffffffffu : 0u;
    uint32_t entry = m->program->entries[rng_below(&rng, 2)];
    bool allowed = model_in(m, ALIVE) || (m->state == ATTO_STATE_FAULTED && m->restart_us != 0u);
    bool full = m->event_count >= m->held.events;
    enum atto_status status = atto_engine_post(&world.engine, m->container, entry, delay_us, numbers, len);
    EQUAL(status, bad ? ATTO_E_ARGUMENT : !allowed ? ATTO_E_STATE : full ? ATTO_E_QUOTA : ATTO_OK);
    if (status == ATTO_OK)
        model_post(m, (struct model_event){ world_now(&world) + delay_us, numbers[0] });
    else if (status == ATTO_E_QUOTA)
        model_count(&m->counters.denials, 1);
    numbers[0]++;
    drain();
}

static void call_answer(struct model *m)
{
    bool waits = info_of(m).waits;
    enum atto_status status = atto_engine_answer(&world.engine, m->container, rng_next(&rng));
    EQUAL(status, m->in_slice ? ATTO_E_BUSY : waits ? ATTO_OK : ATTO_E_STATE);
    drain();
    GO_ON();
    if (!m->in_slice)
        CHECK(!info_of(m).waits);
}

static void call_set_schedule(struct model *m)
{
    struct atto_schedule schedule = random_schedule();
    struct atto_report report;
    bool in_range = !rng_once_in(&rng, 12);
    if (!in_range)
        spoil(&schedule);
    take_picture(&before);
    enum atto_status status = atto_engine_set_schedule(&world.engine, m->container, &schedule, &report);
    check_judged(status, in_range, &report, UINT32_MAX - before.all_free, 200u + 24u * schedule.events);
    GO_ON();
    if (status != ATTO_OK) {
        check_unchanged();
        return;
    }
    model_change(m, &schedule, world_now(&world));
    drain();
}

/* ---- hooks ---- */

static const struct atto_hook_type hook_type = {
    .name = "hook", .fuel = 200, .calls = { { 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu } }
};

static void call_attach(struct model *m)
{
    uint32_t place = rng_below(&rng, HOOK_PLACES);
    bool bad_entry = rng_once_in(&rng, 10), bad_priority = rng_once_in(&rng, 10);
    uint32_t entry = bad_entry ? 60u : m->program->entries[rng_below(&rng, 2)];
    enum atto_status status = atto_engine_attach(&world.engine, m->container, &hook, &places[place], entry,
                                                 bad_priority ? 16 : 3, ATTO_HOOK_CONTINUE);
    EQUAL(status, attached[place] != NULL ? ATTO_E_STATE
                  : bad_entry             ? ATTO_E_ENTRY
                  : bad_priority          ? ATTO_E_ARGUMENT
                                          : ATTO_OK);
    if (status != ATTO_OK)
        return;
    attached[place] = m;
    m->attachments++;
}

static void call_detach(uint32_t place)
{
    enum atto_status status = atto_hook_detach(&hook, &places[place]);
    EQUAL(status, attached[place] != NULL ? ATTO_OK : ATTO_E_NOT_FOUND);
    if (status != ATTO_OK)
        return;
    attached[place]->attachments--;
    attached[place] = NULL;
}

/* The slice or the hook has ended: what was asked in it is done. */
static void check_wishes(void)
{
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        struct model *m = &models[i];
        enum model_wish wish = m->wish;
        m->wish = WISH_NOTHING;
        if (m->container == NULL || wish == WISH_NOTHING)
            continue;
        if (wish == WISH_PAUSE)
            CHECK(model_in(m, IN(PAUSED) | IN(STOPPING) | IN(STOPPED) | IN(FAULTED)));
        else if (wish == WISH_STOP)
            CHECK(model_in(m, IN(STOPPING) | IN(STOPPED)));
        else
            EQUAL(m->state, ATTO_STATE_STOPPED);
    }
}

static void fire(void)
{
    struct atto_attachment was[HOOK_PLACES];
    int runs_now[HOOK_PLACES]; /* 1: it must run, 0: it must not, -1: unknown */
    memcpy(was, places, sizeof was);
    for (uint32_t i = 0; i < HOOK_PLACES; i++) {
        struct model *m = attached[i];
        runs_now[i] = m != NULL && m->state == ATTO_STATE_RUNNING && m->activation == ATTO_ACTIVATION_NONE;
        if (runs_now[i] == 1 && m->held.budget_fuel != 0u) {
            int64_t left = model_budget(m, world_now(&world));
            runs_now[i] = m->vague ? -1 : left > 0;
        }
        if (m != NULL && m->attachments > 1u) /* what happens at one place changes its state at the next */
            runs_now[i] = -1;
    }
    uint32_t all = depth;
    depth = 2; /* what runs now makes no calls: who is attached stays as it is */
    atto_hook_fire(&hook, NULL, 0);
    depth = all;
    drain();
    GO_ON();
    for (uint32_t i = 0; i < HOOK_PLACES; i++) {
        uint32_t runs = places[i].runs - was[i].runs + places[i].faults - was[i].faults;
        EQUAL(runs + places[i].skipped - was[i].skipped, attached[i] != NULL);
        if (runs_now[i] >= 0)
            EQUAL(runs, runs_now[i]);
    }
    check_wishes();
}

/* ---- polls ---- */

/* Nothing is ready now: so nothing may be over its time, and `wake_us` is not too late. */
static void check_quiet(struct model *m, uint64_t wake_us)
{
    uint64_t now_us = world_now(&world);
    if (m->container == NULL || m->held.priority < band_first || m->held.priority > band_last)
        return;
    struct atto_container_info info = info_of(m);
    model_check(m, &info);
    GO_ON();
    harness_case(m->state, m->activation);
    if (m->activation != ATTO_ACTIVATION_NONE && model_in(m, IN(STARTING) | IN(RUNNING) | IN(STOPPING)))
        CHECK(info.waits || info.throttled);
    uint64_t due_us = model_wake_us(m, info.throttled, now_us);
    CHECK(now_us < due_us);
    CHECK(wake_us <= due_us);
    harness_case(0, 0);
}

/* Whatever was due when the poll began has happened, in any band, to those without a turn as well. An activation that
 * began in this poll may be late already. */
static void check_nothing_missed(const struct model *m, uint64_t began_us)
{
    struct model copy = *m; /* the engine need not have looked at its budget yet */
    if (m->container != NULL && (m->activation == ATTO_ACTIVATION_NONE || m->begun_us < began_us))
        CHECK(began_us < model_wake_us(&copy, info_of(m).throttled, world_now(&world)));
}

static void poll_band(uint64_t *wake_us)
{
    uint64_t began_us = world_now(&world);
    band_first = 0;
    band_last = ATTO_PRIORITIES - 1u;
    if (rng_once_in(&rng, 8)) {
        band_first = rng_below(&rng, ATTO_PRIORITIES);
        band_last = band_first + rng_below(&rng, ATTO_PRIORITIES - band_first);
    }
    *wake_us = atto_engine_poll_band(&world.engine, band_first, band_last);
    drain();
    GO_ON();
    check_wishes();
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        GO_ON();
        check_nothing_missed(&models[i], began_us);
        GO_ON();
        if (*wake_us > world_now(&world))
            check_quiet(&models[i], *wake_us);
    }
}

static void poll(void)
{
    uint64_t wake_us = 0;
    for (uint32_t polls = 1u + rng_below(&rng, 8); polls != 0u && wake_us <= world_now(&world); polls--) {
        poll_band(&wake_us);
        GO_ON();
    }
    if (wake_us > world_now(&world) && wake_us - world_now(&world) < 10000000u && rng_once_in(&rng, 2))
        world.clock_ns = wake_us * 1000u;
}

/* A little; up to two seconds; hours to a year. */
static void jump(void)
{
    uint64_t us = rng_below(&rng, 2000);
    if (rng_once_in(&rng, 50))
        us *= 1000u;
    if (rng_once_in(&rng, 1000))
        us = rng_below(&rng, 32000000) * (uint64_t)1000000u;
    world.clock_ns += us * 1000u;
}

/* ---- steps ---- */

static void random_call(bool in_slice)
{
    struct model *m = &models[rng_below(&rng, CONTAINERS)];
    drain(); /* the model is up to date */
    GO_ON();
    uint32_t what = rng_below(&rng, 24);
    if (what < 2u)
        call_install();
    else if (what == 2u && !in_slice)
        fire();
    else if (what == 3u)
        call_detach(rng_below(&rng, HOOK_PLACES));
    if (what < 4u || m->container == NULL)
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
}

static void begin(uint32_t pool_bytes)
{
    world_begin(&world);
    write_images();
    world.config.trace = records;
    world.config.trace_count = RECORDS;
    world.config.poll_slices = 1u + rng_below(&rng, 3);
    world.config.stop_max_us = maybe(2, 2000);
    world.config.switch_fuel = maybe(2, 20);
    world.config.fuel_per_ms = rng_once_in(&rng, 4) ? 1000u : 0u;
    atto_engine_init(&world.engine, &world.config, world.pool, pool_bytes);
    memset(models, 0, sizeof models);
    memset(places, 0, sizeof places);
    memset(attached, 0, sizeof attached);
    hook = (struct atto_hook)ATTO_HOOK_INIT(&hook_type);
    depth = 0;
}

/* All containers go; the pool is one free piece again. */
static void tear_down(void)
{
    for (uint32_t i = 0; i < HOOK_PLACES; i++)
        call_detach(i);
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        GO_ON();
        if (models[i].container == NULL)
            continue;
        if (!model_in(&models[i], OVER))
            call_stop(&models[i], true);
        GO_ON();
        call_remove(&models[i]);
    }
    GO_ON();
    check_all();
    GO_ON();
    EQUAL(longest_free, world.engine.pool_bytes);
}

static void random_step(void)
{
    uint32_t what = rng_below(&rng, 10);
    if (what < 3u)
        poll();
    else if (what < 4u)
        jump();
    else
        random_call(false);
    if (!harness_failed())
        check_all();
}

static void all_calls(void)
{
    uint32_t worlds = harness_rounds(ON_LINUX_OR_BOARD(1000, 200)), steps = ON_LINUX_OR_BOARD(1000, 500);
    for (uint32_t round = 0; round < worlds && !harness_failed(); round++) {
        uint32_t step = 0;
        rng.state = harness_seed() + round;
        begin(1000u + 8u * rng_below(&rng, 500));
        for (; step < steps && !harness_failed(); step++)
            random_step();
        if (!harness_failed())
            tear_down();
        if (harness_failed()) {
            harness_note("seed", harness_seed() + round);
            harness_note("step", step);
        }
    }
}

/* ---- cycles ---- */

static void cycle(struct model *m)
{
    depth = 2; /* no calls from inside */
    if (m->container == NULL) {
        struct atto_container *container;
        struct request request;
        random_request(&request);
        request.schedule = random_schedule();
        EQUAL(atto_engine_install(&world.engine, &request.install, &container, NULL), ATTO_OK);
        begin_model(m, container, &request);
    }
    call_start(m);
    for (uint32_t i = rng_below(&rng, 6); i != 0u && !harness_failed(); i--) {
        poll();
        if (rng_once_in(&rng, 4) && !harness_failed())
            call_set_schedule(m);
        if (rng_once_in(&rng, 2) && !harness_failed())
            call_post(m);
    }
    GO_ON();
    if (!model_in(m, OVER))
        call_stop(m, true);
    GO_ON();
    if (rng_once_in(&rng, 16))
        call_remove(m);
}

static void cycles(void)
{
    uint32_t rounds = harness_rounds(ON_LINUX_OR_BOARD(1000000, 1000));
    rng.state = harness_seed();
    begin(4000);
    world.config.fuel_per_ms = 0;
    for (uint32_t round = 0; round < rounds && !harness_failed(); round++) {
        cycle(&models[0]);
        if (round % 64u == 0u && !harness_failed())
            check_all();
    }
    if (!harness_failed())
        tear_down();
    if (harness_failed())
        harness_note("seed", harness_seed());
}

static const struct harness_test tests[] = {
    TEST(all_calls, "Whatever is called in whatever order, the engine does what its headers say and loses no memory."),
    TEST(cycles, "A million lives that end at any point leave the pool as it was."),
};
HARNESS_MAIN(tests)
