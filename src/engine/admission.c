/* Admission: response-time analysis for fixed priorities (Joseph and Pandya 1986; with jitter Audsley et al. 1993). A
 * container is a task whose worst case is its fuel, turned into time by the device's speed; containers of the same
 * priority count as more urgent ones; a less urgent one can hold a task up for one slice. A budget is a task of its own
 * kind: its fuel may come at the end of one window and at the beginning of the next, which is jitter.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#define RESPONSE_MAX_US 0x7fffffffu

struct task {
    const struct atto_container *container; /* NULL: the new one */
    uint32_t priority;
    uint32_t cost_us;   /* 0: no bound, so it may take everything */
    uint32_t period_us;
    uint32_t jitter_us;
    uint32_t deadline_us; /* 0: nothing is promised */
    uint32_t lacks_fuel;  /* in the budget for one activation */
};

/* The container that is judged with the numbers that it is to have, and all others as they are. */
struct judgement {
    struct atto_engine *engine;
    const struct atto_container *subject; /* NULL: a new one */
    const struct atto_schedule *schedule;
    uint32_t fuel;
};

static uint32_t time_of(const struct atto_engine *engine, uint32_t fuel)
{
    const struct atto_engine_config *config = engine->config;
    uint64_t slices = fuel / config->slice_fuel + 2u;
    uint64_t all = (uint64_t)fuel + engine->longest_run + slices * config->switch_fuel;
    uint64_t us = (all * 1000u + config->fuel_per_ms - 1u) / config->fuel_per_ms;
    return us < RESPONSE_MAX_US ? (uint32_t)us : RESPONSE_MAX_US;
}

/* What a budget lacks for all releases within a window. Windows begin with a release. */
static uint32_t lacks(const struct atto_schedule *schedule, uint32_t fuel)
{
    uint32_t window_us = budget_window_us(schedule);
    uint64_t releases = window_us / schedule->period_us + (window_us % schedule->period_us != 0u ? 2u : 0u);
    uint64_t needed = releases * fuel;
    if (needed <= schedule->budget_fuel)
        return 0;
    return needed - schedule->budget_fuel < UINT32_MAX ? (uint32_t)(needed - schedule->budget_fuel) : UINT32_MAX;
}

static struct task task_of(const struct judgement *judgement, const struct atto_container *container)
{
    struct atto_schedule schedule;
    uint32_t fuel = judgement->fuel;
    if (container == judgement->subject) {
        schedule = *judgement->schedule;
    } else {
        schedule_of(container, &schedule);
        fuel = container->fuel;
    }
    struct task task = { .container = container, .priority = schedule.priority };
    if (schedule.period_us != 0u && schedule.events == 0u) {
        task.cost_us = time_of(judgement->engine, fuel);
        task.period_us = schedule.period_us;
    }
    if (schedule.period_us != 0u) {
        task.deadline_us = schedule.deadline_us != 0u ? schedule.deadline_us : schedule.period_us;
        task.lacks_fuel = schedule.budget_fuel != 0u ? lacks(&schedule, fuel) : 0u;
    }
    /* One that ends by itself and begins anew may run `stop` behind its loop. */
    if (schedule.restart == ATTO_RESTART_ALWAYS && (schedule.loop_count != 0u || schedule.lifetime_ms != 0u))
        task.cost_us = task.cost_us < RESPONSE_MAX_US / 2u ? 2u * task.cost_us : RESPONSE_MAX_US;
    if (task.cost_us == 0u && schedule.budget_fuel != 0u) {
        task.cost_us = time_of(judgement->engine, schedule.budget_fuel);
        task.period_us = budget_window_us(&schedule);
        task.jitter_us = task.period_us > task.cost_us ? task.period_us - task.cost_us : 0u;
    }
    return task;
}

/* All tasks, the new one last: *at is NULL at first, and after it when there is no more. */
static bool next_task(const struct judgement *judgement, const struct atto_container **at, bool *over,
                      struct task *task)
{
    if (*over)
        return false;
    *at = (const struct atto_container *)(const void *)pool_next(judgement->engine, (const void *)*at);
    *over = *at == NULL;
    if (*over && judgement->subject != NULL)
        return false;
    *task = task_of(judgement, *at);
    return true;
}
#define FOR_EACH_TASK(judgement, task)                                                                   \
    for (struct { const struct atto_container *at; bool over; } walk = { NULL, false };                  \
         next_task((judgement), &walk.at, &walk.over, (task));)

/* What all others take from a task within `time_us`. UINT64_MAX and *culprit: one of them has no bound. */
static uint64_t interference(const struct judgement *judgement, const struct task *task, uint64_t time_us,
                             struct task *culprit)
{
    uint64_t sum = 0;
    struct task other;
    FOR_EACH_TASK(judgement, &other)
    {
        if (other.container == task->container || other.priority > task->priority)
            continue;
        if (other.cost_us == 0u) {
            *culprit = other;
            return UINT64_MAX;
        }
        sum += (time_us + other.jitter_us + other.period_us - 1u) / other.period_us * other.cost_us;
    }
    return sum;
}

/* The bound on the response of a task; more than its deadline: as far as it was followed. */
static enum atto_constraint response(const struct judgement *judgement, const struct task *task, uint64_t *response_us,
                                     struct task *culprit)
{
    uint64_t own_us = (uint64_t)task->cost_us + time_of(judgement->engine, judgement->engine->config->slice_fuel);
    uint64_t before_us = 0;
    *response_us = own_us;
    while (*response_us != before_us && *response_us <= task->deadline_us) {
        before_us = *response_us;
        uint64_t others_us = interference(judgement, task, before_us, culprit);
        if (others_us == UINT64_MAX)
            return ATTO_CONSTRAINT_UNBOUNDED;
        *response_us = own_us + others_us;
    }
    *culprit = *task;
    return *response_us <= task->deadline_us ? ATTO_CONSTRAINT_NONE : ATTO_CONSTRAINT_DEADLINE;
}

static enum atto_status refuse(struct atto_report *report, enum atto_constraint constraint, const struct task *culprit,
                               uint64_t missing)
{
    report->constraint = constraint;
    report->culprit = culprit->container;
    report->missing = missing < UINT32_MAX ? (uint32_t)missing : UINT32_MAX;
    return ATTO_E_ADMISSION;
}

/* Is what this task was promised kept? */
static enum atto_status judge_task(const struct judgement *judgement, const struct task *task,
                                   struct atto_report *report)
{
    struct task culprit = *task;
    uint64_t response_us;
    if (task->deadline_us == 0u)
        return ATTO_OK;
    if (task->lacks_fuel != 0u)
        return refuse(report, ATTO_CONSTRAINT_BUDGET, task, task->lacks_fuel);
    if (task->cost_us == 0u)
        return refuse(report, ATTO_CONSTRAINT_UNBOUNDED, task, 0);
    enum atto_constraint constraint = response(judgement, task, &response_us, &culprit);
    if (task->container == judgement->subject)
        report->response_us = response_us < UINT32_MAX ? (uint32_t)response_us : UINT32_MAX;
    if (constraint == ATTO_CONSTRAINT_UNBOUNDED)
        return refuse(report, constraint, &culprit, task->priority - culprit.priority + 1u);
    if (constraint == ATTO_CONSTRAINT_DEADLINE)
        return refuse(report, constraint, &culprit, response_us - task->deadline_us);
    return ATTO_OK;
}

enum atto_status admission_judge(struct atto_engine *engine, const struct atto_container *container,
                                 const struct atto_schedule *schedule, uint32_t fuel, struct atto_report *report)
{
    const struct judgement judgement = { engine, container, schedule, fuel };
    struct task task;
    uint64_t permille = 0;
    enum atto_status status = ATTO_OK;
    report->fuel_between_yields = engine->config->slice_fuel + engine->longest_run;
    if (engine->config->fuel_per_ms == 0u)
        return ATTO_OK;
    FOR_EACH_TASK(&judgement, &task)
    {
        if (task.cost_us != 0u)
            permille += ((uint64_t)task.cost_us * 1000u + task.period_us - 1u) / task.period_us;
    }
    report->utilisation_permille = permille < UINT32_MAX ? (uint32_t)permille : UINT32_MAX;
    FOR_EACH_TASK(&judgement, &task)
    {
        if (status == ATTO_OK)
            status = judge_task(&judgement, &task, report);
    }
    return status;
}
