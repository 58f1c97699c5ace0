/* Admission: response-time analysis for fixed priorities (Joseph and Pandya 1986; with jitter Audsley et al. 1993). A
 * container is a task whose worst case is its fuel, turned into time by the device's speed; containers of the same
 * priority count as more urgent ones; a less urgent one can hold a task up for one slice. A budget is a task of its own
 * kind: its fuel may come at the end of one window and at the beginning of the next, which is jitter.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#define TIME_MAX_US 0x7fffffffu
#define ROUNDS_MAX 64u /* of the analysis; what takes more is refused, for the lock is held meanwhile */

/* Times are at most TIME_MAX_US, so two of them can be added. */
struct task {
    const struct atto_container *container;
    uint32_t priority;
    uint32_t cost_us;     /* 0: no bound, so it may take everything */
    uint32_t period_us;
    uint32_t jitter_us;
    uint32_t deadline_us; /* 0: nothing is promised */
    uint32_t lacks_fuel;  /* in the budget, for what is promised */
};

/* The container that is judged with the numbers that it is to have, and all others as they are. */
struct judgement {
    struct atto_engine *engine;
    const struct atto_container *subject;
    const struct atto_schedule *schedule;
    uint32_t fuel;
    uint32_t longest_run; /* of all of them */
};

static OFF_PATH uint32_t saturated(uint64_t value, uint32_t most)
{
    return value < most ? (uint32_t)value : most;
}

static OFF_PATH uint32_t time_of(const struct judgement *judgement, uint32_t fuel)
{
    uint32_t per_ms = judgement->engine->config->fuel_per_ms;
    return saturated((fuel * (uint64_t)1000u + per_ms - 1u) / per_ms, TIME_MAX_US);
}

/* Fuel of an activation, of the last run of instructions that goes over it, and of the engine that divides it into
 * slices. */
static OFF_PATH uint32_t whole(const struct judgement *judgement, uint32_t fuel)
{
    const struct atto_engine_config *config = judgement->engine->config;
    uint32_t slices = fuel / config->slice_fuel + 2u;
    return saturated((uint64_t)fuel + judgement->longest_run + (uint64_t)slices * config->switch_fuel, UINT32_MAX);
}

/* Releases within a window at most. Windows begin with a release. */
static uint32_t releases(uint32_t window_us, uint32_t period_us)
{
    return window_us / period_us + (window_us % period_us != 0u ? 2u : 0u);
}

static void task_of(const struct judgement *judgement, const struct atto_container *container, struct task *task)
{
    const struct atto_engine *engine = judgement->engine;
    struct atto_schedule schedule = *judgement->schedule;
    uint32_t fuel = judgement->fuel;
    if (container != judgement->subject) {
        atto_schedule_of(container, &schedule);
        fuel = container->fuel;
    }
    *task = (struct task){ .container = container, .priority = schedule.priority };
    fuel = whole(judgement, fuel);
    if (schedule.period_us != 0u && schedule.events == 0u) {
        /* One that ends by itself and begins anew may run `stop` behind its loop. */
        if (schedule.restart == ATTO_RESTART_ALWAYS && (schedule.loop_count != 0u || schedule.lifetime_ms != 0u))
            fuel = saturated(fuel * (uint64_t)2u, UINT32_MAX);
        uint64_t needed = releases(atto_budget_window_us(&schedule), schedule.period_us) * (uint64_t)fuel;
        task->cost_us = time_of(judgement, fuel);
        task->period_us = schedule.period_us;
        task->deadline_us = schedule.deadline_us != 0u ? schedule.deadline_us : schedule.period_us;
        if (schedule.budget_fuel != 0u && needed > schedule.budget_fuel)
            task->lacks_fuel = saturated(needed - schedule.budget_fuel, UINT32_MAX);
    } else if (schedule.budget_fuel != 0u) {
        uint64_t most = (uint64_t)schedule.budget_fuel + engine->config->switch_fuel + judgement->longest_run;
        task->cost_us = time_of(judgement, saturated(most, UINT32_MAX));
        task->period_us = atto_budget_window_us(&schedule);
        if (task->period_us > task->cost_us)
            task->jitter_us = task->period_us - task->cost_us;
    }
}

/* All containers, the subject first. */
static const struct atto_container *next(const struct judgement *judgement, const struct atto_container *at)
{
    const void *subject = judgement->subject;
    const void *block = atto_pool_next(judgement->engine, at != subject ? (const void *)at : NULL);
    return block != subject || block == NULL ? block : atto_pool_next(judgement->engine, block);
}

/* What a task and all that come before it take within `time_us`, followed until it is over the task's deadline.
 * UNBOUNDED: *other may take everything. */
#define UNBOUNDED UINT32_MAX
static uint32_t demand(const struct judgement *judgement, const struct task *task, uint32_t time_us,
                       struct task *other)
{
    const struct atto_engine *engine = judgement->engine;
    uint64_t sum = (uint64_t)task->cost_us + time_of(judgement, whole(judgement, engine->config->slice_fuel));
    for (const struct atto_container *at = judgement->subject; at != NULL; at = next(judgement, at)) {
        task_of(judgement, at, other);
        if (at == task->container || other->priority > task->priority)
            continue;
        if (other->cost_us == 0u)
            return UNBOUNDED;
        if (sum <= task->deadline_us)
            sum += ((time_us + other->jitter_us - 1u) / other->period_us + 1u) * (uint64_t)other->cost_us;
    }
    return saturated(sum, UNBOUNDED - 1u);
}

static enum atto_status refuse(struct atto_report *report, enum atto_constraint constraint, const struct task *culprit,
                               uint32_t missing)
{
    report->constraint = constraint;
    report->culprit = culprit->container;
    report->missing = missing;
    return ATTO_E_ADMISSION;
}

/* Is what this task was promised kept? */
static enum atto_status judge_task(const struct judgement *judgement, const struct task *task,
                                   struct atto_report *report)
{
    struct task other;
    uint32_t response_us = 1, before_us;
    if (task->deadline_us == 0u)
        return ATTO_OK;
    if (task->lacks_fuel != 0u)
        return refuse(report, ATTO_CONSTRAINT_BUDGET, task, task->lacks_fuel);
    uint32_t rounds = 0;
    do {
        before_us = response_us;
        response_us = demand(judgement, task, before_us, &other);
    } while (response_us != before_us && response_us <= task->deadline_us && ++rounds != ROUNDS_MAX);
    if (rounds == ROUNDS_MAX)
        response_us = UNBOUNDED - 1u;
    if (response_us == UNBOUNDED)
        return refuse(report, ATTO_CONSTRAINT_UNBOUNDED, &other, task->priority - other.priority + 1u);
    if (task->container == judgement->subject)
        report->response_us = response_us;
    if (response_us > task->deadline_us)
        return refuse(report, ATTO_CONSTRAINT_DEADLINE, task, response_us - task->deadline_us);
    return ATTO_OK;
}

enum atto_status atto_admission_judge(struct atto_engine *engine, const struct atto_container *container,
                                      const struct atto_schedule *schedule, uint32_t fuel, struct atto_report *report)
{
    struct judgement judgement = { engine, container, schedule, fuel, report->receipt.longest_run };
    uint64_t permille = 0;
    enum atto_status status = ATTO_OK;
    if (judgement.longest_run < engine->longest_run)
        judgement.longest_run = engine->longest_run;
    report->fuel_between_yields = engine->config->slice_fuel + judgement.longest_run;
    if (engine->config->fuel_per_ms == 0u)
        return ATTO_OK;
    for (const struct atto_container *at = container; at != NULL; at = next(&judgement, at)) {
        struct task task;
        task_of(&judgement, at, &task);
        if (task.cost_us != 0u)
            permille += ((uint64_t)task.cost_us * 1000u + task.period_us - 1u) / task.period_us;
        if (status == ATTO_OK)
            status = judge_task(&judgement, &task, report);
    }
    report->utilisation_permille = saturated(permille, UINT32_MAX);
    return status;
}
