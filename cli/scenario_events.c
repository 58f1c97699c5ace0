/* Reads out of a scenario's trace what happened to whom: starts, faults, restarts, throttling, misses. A thing that
 * happens over and over, as throttling does, becomes one event, at its first time, that tells how often it was.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "run.h"

/* Something that may happen over and over. */
struct repeated {
    json_t *event; /* the first one; NULL: it did not happen */
    json_int_t last_us;
    uint32_t count;
};

struct life {
    const char *state; /* by the last record; NULL: none */
    json_int_t down_us; /* since when it is faulted or stopped */
    struct repeated throttles, misses;
};

struct teller {
    const struct atto_scenario *scenario;
    const struct atto_scenario_result *result;
    struct atto_scenario_history *history;
    struct life lives[ATTO_SCENARIO_CONTAINERS_MAX];
};

/* Puts an event behind all that are not later. text is freed; the event belongs to the history. */
static json_t *tell(struct teller *teller, uint32_t index, json_int_t time_us, const char *what, char *text)
{
    json_t *events = teller->history->events;
    json_t *event = json_pack("{s:s,s:I,s:s,s:s}", "event", what, "time_us", time_us, "container",
                              teller->scenario->containers[index].name, "text", text);
    size_t at = json_array_size(events);

    while (at > 0 && atto_scenario_number(json_array_get(events, at - 1), "time_us") > time_us)
        at--;
    json_array_insert_new(events, at, event);
    free(text);
    return event;
}

static void tell_repeated(struct teller *teller, uint32_t index, struct repeated *repeated, json_int_t time_us,
                          const char *what, char *text)
{
    repeated->count++;
    repeated->last_us = time_us;
    if (repeated->event == NULL)
        repeated->event = tell(teller, index, time_us, what, text);
    else
        free(text);
}

static void finish_repeated(struct repeated *repeated)
{
    char *text;

    if (repeated->count < 2)
        return;
    text = atto_format("%s; %u times, last at %.3f ms", atto_scenario_word(repeated->event, "text"),
                       repeated->count, (double)repeated->last_us / 1000.0);
    json_object_set_new(repeated->event, "text", json_string(text));
    json_object_set_new(repeated->event, "times", json_integer(repeated->count));
    json_object_set_new(repeated->event, "last_us", json_integer(repeated->last_us));
    free(text);
}

static bool is_done(const json_t *action)
{
    return strcmp(atto_scenario_word(action, "status"), "ATTO_OK") == 0;
}

/* Did the scenario itself start it since it went down? */
static bool was_told_to_start(const struct teller *teller, uint32_t index, json_int_t from_us, json_int_t to_us)
{
    size_t i;
    json_t *action;

    json_array_foreach(teller->result->actions, i, action) {
        const char *name = atto_scenario_word(action, "container");
        json_int_t time_us = atto_scenario_number(action, "time_us");

        if (strcmp(atto_scenario_word(action, "action"), "start") == 0 && is_done(action) && name != NULL &&
            strcmp(name, teller->scenario->containers[index].name) == 0 && time_us >= from_us && time_us <= to_us)
            return true;
    }
    return false;
}

static void tell_up(struct teller *teller, uint32_t index, json_int_t time_us)
{
    const struct life *life = &teller->lives[index];
    const char *before = life->state;

    if (before == NULL || strcmp(before, "installed") == 0) {
        tell(teller, index, time_us, "started", atto_copy_string(""));
    } else if (strcmp(before, "paused") == 0) {
        tell(teller, index, time_us, "resumed", atto_copy_string(""));
    } else if (strcmp(before, "faulted") == 0 || strcmp(before, "stopped") == 0) {
        if (was_told_to_start(teller, index, life->down_us, time_us))
            tell(teller, index, time_us, "started", atto_copy_string(""));
        else
            tell(teller, index, time_us, "restarted",
                 atto_format("%.3f ms after it %s", (double)(time_us - life->down_us) / 1000.0, before));
    }
}

static void take_state(struct teller *teller, uint32_t index, json_int_t time_us, const char *state)
{
    struct life *life = &teller->lives[index];

    if (strcmp(state, "starting") == 0 || strcmp(state, "running") == 0)
        tell_up(teller, index, time_us);
    else if (strcmp(state, "paused") == 0 || strcmp(state, "stopped") == 0)
        tell(teller, index, time_us, state, atto_copy_string(""));
    if (strcmp(state, "faulted") == 0 || strcmp(state, "stopped") == 0)
        life->down_us = time_us;
    life->state = state;
}

static void take_end(struct teller *teller, uint32_t index, const char *activation, json_int_t took_us)
{
    json_int_t *worst_us = &teller->history->worst_us[index];

    if ((strcmp(activation, "loop") == 0 || strcmp(activation, "event") == 0) && took_us > *worst_us)
        *worst_us = took_us;
}

static void take_record(struct teller *teller, const json_t *record)
{
    const char *kind = atto_scenario_word(record, "trace"), *detail = atto_scenario_word(record, "detail");
    json_int_t time_us = atto_scenario_number(record, "time_us"), value = atto_scenario_number(record, "value");
    uint32_t index = atto_scenario_by_id(teller->scenario, teller->result, atto_scenario_number(record, "container"));

    if (index == UINT32_MAX || kind == NULL)
        return;
    if (strcmp(kind, "throttle") == 0)
        tell_repeated(teller, index, &teller->lives[index].throttles, time_us, "throttled",
                      atto_format("budget used up, the next one is due in %.3f ms", (double)value / 1000.0));
    else if (strcmp(kind, "miss") == 0)
        tell_repeated(teller, index, &teller->lives[index].misses, time_us, "missed", atto_copy_string("a deadline"));
    else if (detail == NULL)
        return;
    else if (strcmp(kind, "end") == 0)
        take_end(teller, index, detail, value);
    else if (strcmp(kind, "fault") == 0)
        tell(teller, index, time_us, "fault", atto_copy_string(atto_status_text(atto_run_status(detail))));
    else if (strcmp(kind, "state") == 0)
        take_state(teller, index, time_us, detail);
}

/* What the states do not show. */
static void take_action(struct teller *teller, const json_t *action)
{
    static const char *const words[][2] = {
        {"update", "updated"}, {"set-schedule", "rescheduled"}, {"remove", "removed"}
    };
    const char *name = atto_scenario_word(action, "container");

    for (uint32_t index = 0; index < teller->scenario->container_count && name != NULL && is_done(action); index++) {
        if (strcmp(name, teller->scenario->containers[index].name) != 0)
            continue;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (strcmp(words[i][0], atto_scenario_word(action, "action")) == 0)
                tell(teller, index, atto_scenario_number(action, "time_us"), words[i][1], atto_copy_string(""));
        }
    }
}

/* Is it down for good, although it was to be restarted? */
static bool is_given_up(const json_t *container)
{
    const json_t *schedule = json_object_get(container, "schedule");
    const char *state = atto_scenario_word(container, "state");

    return state != NULL && strcmp(state, "faulted") == 0 && !json_is_true(json_object_get(container, "restarts")) &&
           atto_scenario_number(schedule, "restart") != ATTO_RESTART_NEVER &&
           atto_scenario_number(schedule, "restarts_max") != 0;
}

static void finish_life(struct teller *teller, uint32_t index)
{
    struct life *life = &teller->lives[index];
    const json_t *container = json_array_get(teller->result->containers, index);
    const json_t *schedule = json_object_get(container, "schedule");

    finish_repeated(&life->throttles);
    finish_repeated(&life->misses);
    teller->history->throttles[index] = life->throttles.count;
    if (is_given_up(container) && life->state != NULL && strcmp(life->state, "faulted") == 0)
        tell(teller, index, life->down_us, "given up",
             atto_format("after %lld restarts", (long long)atto_scenario_number(schedule, "restarts_max")));
}

void atto_scenario_history_read(struct atto_scenario_history *history, const struct atto_scenario *scenario,
                                const struct atto_scenario_result *result)
{
    struct teller teller = {.scenario = scenario, .result = result, .history = history};
    size_t i;
    json_t *object;

    *history = (struct atto_scenario_history){.events = json_array()};
    for (uint32_t index = 0; index < scenario->container_count; index++)
        history->worst_us[index] = -1;
    json_array_foreach(result->trace, i, object)
        take_record(&teller, object);
    json_array_foreach(result->actions, i, object)
        take_action(&teller, object);
    for (uint32_t index = 0; index < scenario->container_count; index++)
        finish_life(&teller, index);
}

void atto_scenario_history_free(struct atto_scenario_history *history)
{
    json_decref(history->events);
}
