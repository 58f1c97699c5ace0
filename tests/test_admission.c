/* Admission: random sets of containers are installed as far as the engine takes them. What it takes runs in simulated
 * time, with all the fuel that each may use and released together while another one holds the processor; what it
 * refuses is judged a second time, by an analysis of response times that is written here.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "engine_world.h"
#include "harness.h"
#include "rng.h"

#define TASKS 9u
#define RECORDS 512u

struct task {
    struct atto_container *container;
    struct atto_host_program program;
    struct atto_schedule schedule;
    uint32_t fuel;
    uint32_t response_us; /* the engine's bound; 0: none */
};

static struct world world;
static struct rng rng;
static struct atto_trace_record records[RECORDS];
static struct task tasks[TASKS];
static uint32_t count;
static const struct task *blocker; /* in its first slice all others are started */

static struct task *task_of(const struct atto_container *container)
{
    for (uint32_t i = 0; i < count; i++)
        if (tasks[i].container == container)
            return &tasks[i];
    return NULL;
}

/* Uses its fuel and its longest run to the last, the latter at any time; costs the engine what it says of itself, once
 * more at the beginning where no budget pays for that. None of these programs waits: what that does to others is not
 * in the analysis (docs/ENGINE.md). */
static enum atto_outcome use_all(struct atto_host_frame *frame)
{
    struct task *task = task_of(atto_container_of(frame->run));
    uint32_t total = task->fuel + task->program.longest_run, rest = total - frame->step;
    uint32_t balance = (uint32_t)frame->run->fuel, now = rest;
    if (task == blocker) {
        blocker = NULL;
        for (uint32_t i = 0; i < count; i++)
            if (&tasks[i] != task)
                atto_engine_start(&world.engine, tasks[i].container);
    }
    bool twice = frame->step == 0u && task->schedule.budget_fuel == 0u;
    world.clock_ns += (uint64_t)world.config.switch_fuel * world.fuel_ns * (twice ? 2u : 1u);
    if (rest > balance + task->program.longest_run) {
        uint32_t over = rest - balance - task->program.longest_run - 1u; /* leave fuel for another slice */
        over = over < task->program.longest_run ? over : task->program.longest_run;
        now = balance + (rng_once_in(&rng, 2) ? over : 0u);
    }
    frame->run->fuel -= (int32_t)now;
    frame->step += now;
    return now == rest ? ATTO_DONE : ATTO_YIELD;
}
static atto_host_fn *const entries[] = { use_all, use_all };
static const char *const names[] = { "loop", "stop" };

static void begin(void)
{
    static const uint32_t nanoseconds[] = { 1000, 500, 250, 2000 };
    world_begin(&world);
    world.fuel_ns = nanoseconds[rng_below(&rng, 4)];
    world.config.fuel_per_ms = 1000000u / world.fuel_ns;
    world.config.trace = records;
    world.config.trace_count = RECORDS;
    world.config.slice_fuel = 20u + rng_below(&rng, 200);
    world.config.switch_fuel = rng_once_in(&rng, 2) ? rng_below(&rng, 20) : 0u;
    atto_engine_init(&world.engine, &world.config, world.pool, WORLD_POOL_BYTES);
    memset(tasks, 0, sizeof tasks);
    count = 0;
    blocker = NULL;
}

/* ---- the second analysis ---- */

static uint32_t longest_run(void)
{
    uint32_t longest = 0;
    for (uint32_t i = 0; i <= count; i++)
        longest = tasks[i].program.longest_run > longest ? tasks[i].program.longest_run : longest;
    return longest;
}

/* So much fuel, the longest run, and the engine's part for each slice, an unfinished one and the activation. */
static uint64_t microseconds(uint64_t fuel)
{
    uint64_t all = fuel + longest_run() + (fuel / world.config.slice_fuel + 2u) * world.config.switch_fuel;
    return (all * world.fuel_ns + 999u) / 1000u;
}

/* The response of task `at` beside all others up to the one at `count`, by trying times. */
static uint64_t response_of(uint32_t at)
{
    const struct task *task = &tasks[at];
    uint64_t own = microseconds(task->fuel) + microseconds(world.config.slice_fuel), time = own, before;
    do {
        before = time;
        time = own;
        for (uint32_t i = 0; i <= count; i++) {
            const struct task *other = &tasks[i];
            if (i != at && other->schedule.priority <= task->schedule.priority)
                time += (before + other->schedule.period_us - 1u) / other->schedule.period_us *
                        microseconds(other->fuel);
        }
    } while (time != before && time <= task->schedule.period_us);
    return time;
}

/* Does it have loops by time and no events, which could use up its budget before them? */
static bool is_promised(const struct task *task)
{
    return task->schedule.period_us != 0u && task->schedule.events == 0u;
}

static uint32_t deadline_of(const struct task *task)
{
    return task->schedule.deadline_us != 0u ? task->schedule.deadline_us : task->schedule.period_us;
}

static bool must_refuse(void)
{
    for (uint32_t i = 0; i <= count; i++)
        if (response_of(i) > deadline_of(&tasks[i]))
            return true;
    return false;
}

/* ---- sets ---- */

static struct atto_schedule periodic(bool distinct)
{
    struct atto_schedule s = { 0 };
    s.priority = distinct ? (count * 7u + 3u) % 15u : rng_below(&rng, 4);
    s.period_us = 1000u + rng_below(&rng, rng_once_in(&rng, 3) ? 3000 : 20000);
    if (rng_once_in(&rng, 2))
        s.deadline_us = s.period_us / 3u + rng_below(&rng, s.period_us * 2u / 3u);
    return s;
}

static bool plain;            /* all are periodic ones without a budget */
static uint32_t refusals[5];  /* by their constraints */

/* What is refused has no effect; the report names who would break and why. */
static void check_refusal(const struct atto_report *report)
{
    CHECK(report->constraint == ATTO_CONSTRAINT_DEADLINE || report->constraint == ATTO_CONSTRAINT_UNBOUNDED ||
          report->constraint == ATTO_CONSTRAINT_BUDGET);
    CHECK(report->missing != 0u);
    CHECK(report->culprit == NULL || task_of(report->culprit) != NULL);
    const struct task *culprit = report->culprit != NULL ? task_of(report->culprit) : &tasks[count];
    if (report->constraint == ATTO_CONSTRAINT_UNBOUNDED)
        CHECK(culprit->schedule.budget_fuel == 0u && !is_promised(culprit));
    else
        CHECK(is_promised(culprit));
    if (report->constraint == ATTO_CONSTRAINT_BUDGET)
        CHECK(culprit->schedule.budget_fuel != 0u);
    if (plain)
        CHECK(response_of((uint32_t)(culprit - tasks)) > deadline_of(culprit));
    refusals[report->constraint]++;
}

static uint8_t pool_before[WORLD_POOL_BYTES];

/* Tries to install the task at `count`; true: it was taken. */
static bool try(void)
{
    struct task *task = &tasks[count];
    struct atto_engine before;
    task->program = (struct atto_host_program){ .entries = entries, .entry_count = 1,
                                                .longest_run = rng_once_in(&rng, 2) ? rng_below(&rng, 60) : 0u };
    if (task->schedule.restart != ATTO_RESTART_NEVER) {
        task->program.entry_count = 2;
        task->program.entry_names = names;
    }
    memcpy(&before, &world.engine, sizeof before);
    memcpy(pool_before, world.pool, sizeof pool_before);
    const struct atto_install request = { .program = &task->program, .schedule = &task->schedule, .fuel = task->fuel };
    struct atto_container *container = NULL;
    struct atto_report report;
    enum atto_status status = atto_engine_install(&world.engine, &request, &container, &report);
    if (status == ATTO_OK) {
        task->container = container;
        return true;
    }
    if (status != ATTO_E_ADMISSION) {
        harness_fail_values(__FILE__, __LINE__, "status", (uint64_t)(int64_t)status,
                            (uint64_t)(int64_t)ATTO_E_ADMISSION);
        return false;
    }
    check_refusal(&report);
    before.now_us = world.engine.now_us;
    if (memcmp(&before, &world.engine, sizeof before) != 0 || memcmp(pool_before, world.pool, sizeof pool_before) != 0)
        harness_fail(__FILE__, __LINE__, "after a refusal nothing has changed");
    return false;
}

/* ---- running ---- */

static struct task *task_by_id(uint16_t id)
{
    for (uint32_t i = 0; i < count; i++)
        if (world_info(&world, tasks[i].container).id == id)
            return &tasks[i];
    return NULL;
}

static uint32_t ends, closest_permille; /* of all observed responses to their bounds */

static void check_records(void)
{
    struct atto_trace_record record;
    uint32_t lost;
    while (atto_engine_trace_read(&world.engine, &record, &lost)) {
        CHECK(lost == 0u);
        if (record.kind == ATTO_TRACE_FAULT)
            EQUAL((uint8_t)-record.detail, ATTO_OK);
        if (record.kind != ATTO_TRACE_END || record.detail != ATTO_ACTIVATION_LOOP)
            continue;
        const struct task *task = task_by_id(record.container);
        CHECK(task != NULL);
        if (task->response_us == 0u)
            continue;
        harness_case(record.value, task->response_us);
        CHECK(record.value <= task->response_us);
        CHECK(task->response_us <= deadline_of(task));
        ends++;
        uint32_t permille = record.value * 1000u / task->response_us;
        closest_permille = permille > closest_permille ? permille : closest_permille;
    }
}

static void fill_events(void)
{
    for (uint32_t i = 0; i < count; i++)
        while (tasks[i].schedule.events != 0u && rng_below(&rng, 3) != 0u &&
               atto_engine_post(&world.engine, tasks[i].container, 0, rng_once_in(&rng, 2) ? rng_below(&rng, 3000) : 0u,
                                NULL, 0) == ATTO_OK) {
        }
}

/* Runs what was taken; all begin together, in the first slice of one that is chosen. */
static void run(uint64_t for_us)
{
    uint64_t until_us = world_now(&world) + for_us;
    if (count == 0u)
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct atto_report report;
        EQUAL(atto_engine_set_schedule(&world.engine, tasks[i].container, &tasks[i].schedule, &report), ATTO_OK);
        tasks[i].response_us = report.response_us;
        /* who is behind all others blocks */
        if (tasks[i].schedule.events == 0u &&
            (blocker == NULL || tasks[i].schedule.priority >= blocker->schedule.priority))
            blocker = &tasks[i];
    }
    if (blocker == NULL)
        return;
    EQUAL(atto_engine_start(&world.engine, tasks[blocker - tasks].container), ATTO_OK);
    while (world_now(&world) < until_us) {
        uint64_t next_us = atto_engine_poll(&world.engine);
        if (blocker == NULL)
            fill_events();
        check_records();
        GO_ON();
        if (next_us > world_now(&world) && next_us <= until_us)
            world.clock_ns = next_us * 1000u;
        else if (next_us > until_us)
            break;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct atto_container_info info = world_info(&world, tasks[i].container);
        if (is_promised(&tasks[i]))
            EQUAL(info.counters.misses, 0);
        EQUAL(info.counters.faults, 0);
    }
}

/* ---- tests ---- */

static void report_seed(uint64_t seed)
{
    if (harness_failed())
        harness_note("seed", seed);
}

/* One set of plain periodic containers; the engine and the second analysis agree on each. */
static void periodic_set(uint32_t wanted)
{
    uint32_t longest_us = 0;
    bool distinct = rng_once_in(&rng, 2);
    begin();
    plain = true;
    for (uint32_t tries = 0; tries < 2u * wanted && count < wanted; tries++) {
        struct task *task = &tasks[count];
        *task = (struct task){ .schedule = periodic(distinct) };
        task->fuel = 1u + rng_below(&rng, task->schedule.period_us / wanted * 2u * 1000u / world.fuel_ns);
        bool taken = try();
        GO_ON();
        harness_case(count, taken);
        if (must_refuse() == taken) {
            harness_fail(__FILE__, __LINE__, "the second analysis agrees");
            return;
        }
        if (taken) {
            longest_us = task->schedule.period_us > longest_us ? task->schedule.period_us : longest_us;
            count++;
        } else {
            *task = (struct task){ 0 };
        }
    }
    run((uint64_t)longest_us * ON_LINUX_OR_BOARD(200u, 10u));
}

static void periodic_sets(void)
{
    uint32_t rounds = harness_rounds(ON_LINUX_OR_BOARD(500, 30));
    ends = closest_permille = 0;
    for (uint32_t round = 0; round < rounds && !harness_failed(); round++) {
        rng.state = harness_seed() + round;
        periodic_set(2u + rng_below(&rng, 7));
        report_seed(harness_seed() + round);
    }
    GO_ON();
    harness_note("activations", ends);
    harness_note("longest response, in thousandths of its bound", closest_permille);
}

/* Periodic ones beside some that serve events within a budget, and one behind all that never ends. */
static void mixed_set(uint32_t wanted)
{
    begin();
    plain = false;
    for (uint32_t tries = 0; tries < 2u * wanted && count < wanted; tries++) {
        struct task *task = &tasks[count];
        *task = (struct task){ .schedule = periodic(false) };
        struct atto_schedule *s = &task->schedule;
        uint32_t window_us = s->period_us;
        task->fuel = 1u + rng_below(&rng, window_us / wanted * 1000u / world.fuel_ns);
        switch (rng_below(&rng, 5)) {
        case 0: /* events, with loops or without */
            if (rng_once_in(&rng, 2))
                s->period_us = s->deadline_us = 0;
            s->events = 1u + rng_below(&rng, 4);
            s->budget_fuel = task->fuel * (1u + rng_below(&rng, 2));
            s->budget_window_us = window_us;
            break;
        case 1:
            s->budget_fuel = task->fuel + rng_below(&rng, 4u * task->fuel + 100u);
            s->budget_window_us = rng_once_in(&rng, 2) ? rng_below(&rng, 3u * window_us) : 0u;
            break;
        case 2: /* ends by itself again and again, with `stop` behind its last loop */
            s->loop_count = 1u + rng_below(&rng, 3);
            s->restart = ATTO_RESTART_ALWAYS;
            s->budget_fuel = rng_once_in(&rng, 3) ? task->fuel + rng_below(&rng, 3u * task->fuel + 100u) : 0u;
            break;
        default:
            break;
        }
        bool taken = try();
        GO_ON();
        if (taken)
            count++;
        else
            *task = (struct task){ 0 };
    }
    struct task *task = &tasks[count];
    *task = (struct task){ .schedule = { .priority = 15, .loop_count = 1000000 }, .fuel = 3000 };
    task->schedule.priority = rng_below(&rng, 2) * 15u;
    bool judged = false; /* is one promised something that this one could break? */
    for (uint32_t i = 0; i < count; i++)
        judged = judged || (is_promised(&tasks[i]) && task->schedule.priority <= tasks[i].schedule.priority);
    bool taken = try();
    GO_ON();
    if (judged)
        CHECK(!taken);
    if (taken)
        count++;
    else
        *task = (struct task){ 0 };
    run(ON_LINUX_OR_BOARD(2000000u, 50000u));
}

static void mixed_sets(void)
{
    uint32_t rounds = harness_rounds(ON_LINUX_OR_BOARD(1000, 30));
    ends = closest_permille = 0;
    memset(refusals, 0, sizeof refusals);
    for (uint32_t round = 0; round < rounds && !harness_failed(); round++) {
        rng.state = harness_seed() + round;
        mixed_set(2u + rng_below(&rng, 7));
        report_seed(harness_seed() + round);
    }
    GO_ON();
    CHECK(refusals[ATTO_CONSTRAINT_DEADLINE] != 0u && refusals[ATTO_CONSTRAINT_BUDGET] != 0u &&
          refusals[ATTO_CONSTRAINT_UNBOUNDED] != 0u);
    harness_note("activations", ends);
    harness_note("longest response, in thousandths of its bound", closest_permille);
}

/* Changes of schedule are judged alike: a container that is installed asks for something else. */
static void run_changes(void)
{
    uint32_t rounds = harness_rounds(ON_LINUX_OR_BOARD(10000, 200)), refused = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        rng.state = harness_seed() + round;
        begin();
        uint32_t wanted = 2u + rng_below(&rng, 4);
        for (uint32_t i = 0; i < 12u && count < wanted; i++) {
            tasks[count] = (struct task){ .schedule = periodic(true) };
            tasks[count].fuel = 1u + rng_below(&rng, tasks[count].schedule.period_us / 3u);
            if (try())
                count++;
            GO_ON();
        }
        if (count == 0u)
            continue;
        struct task *task = &tasks[rng_below(&rng, count)];
        struct atto_schedule old = task->schedule, found;
        struct atto_report report;
        tasks[count] = (struct task){ .schedule = { .priority = 15, .period_us = 1 } };
        task->schedule = periodic(false);
        task->schedule.priority = rng_below(&rng, 15);
        enum atto_status status = atto_engine_set_schedule(&world.engine, task->container, &task->schedule, &report);
        count--; /* the analysis looks at `count` and those before */
        bool must = must_refuse();
        count++;
        harness_case(round, 0);
        EQUAL(status, must ? ATTO_E_ADMISSION : ATTO_OK);
        atto_engine_schedule(&world.engine, task->container, &found);
        CHECK(memcmp(&found, must ? &old : &task->schedule, sizeof found) == 0);
        refused += must;
    }
    CHECK(refused != 0u && refused != rounds);
}

static void changes(void)
{
    run_changes();
    report_seed(harness_seed());
}

static const struct harness_test tests[] = {
    TEST(periodic_sets, "What is admitted never ends later than the bound it was told; what is refused had to be."),
    TEST(mixed_sets, "Budgets, events and one that never ends break no promise to periodic containers."),
    TEST(changes, "A change of schedule is judged as an install is, and a refused one changes nothing."),
};
HARNESS_MAIN(tests)
