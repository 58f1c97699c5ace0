/* Writes a scenario's trace in the Trace Event Format (its JSON object form), which Perfetto and chrome://tracing open:
 *
 *     one process, the board; one thread for each container, and one for the actions of the scenario
 *     "X"       on a container's thread: a slice, in which it had the processor
 *     "b", "e"  an activation, from its release to its end. They are asynchronous events with an id each, because an
 *               activation lasts over several slices, and may be released before the last one is over
 *     "i"       host calls, faults, misses, throttling, changes of state, log lines and actions
 *
 * Events are written in the order of their times. docs/SCENARIO.md tells how they look.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "report.h"

#define PROCESS 1
#define ACTIONS_THREAD 1 /* the containers' come behind it */
#define FIRST_THREAD 2

/* An activation that has begun and not ended. */
struct activation {
    json_int_t id; /* 0: none */
    char *name;
    bool missed; /* its deadline, before its end: it is dropped */
};

struct event {
    json_t *object;
    json_int_t ts;
    size_t number;
};

struct writer {
    const struct atto_scenario *scenario;
    const struct atto_scenario_result *result;
    struct activation open[ATTO_SCENARIO_CONTAINERS_MAX];
    json_int_t last_id;
    struct event *events;
    size_t count, capacity;
};

/* Takes an event's own members, as json_pack has made them, and adds what all have. */
static void add(struct writer *writer, const char *phase, const char *name, uint32_t thread, json_int_t ts,
                json_t *more)
{
    json_t *object = json_pack("{s:s,s:s,s:i,s:i,s:I}", "name", name, "ph", phase, "pid", PROCESS, "tid", (int)thread,
                               "ts", ts < 0 ? (json_int_t)0 : ts);

    json_object_update(object, more);
    json_decref(more);
    if (writer->count == writer->capacity) {
        size_t capacity = writer->capacity * 2 + 64;

        writer->events = atto_grow(writer->events, writer->capacity, capacity, sizeof writer->events[0]);
        writer->capacity = capacity;
    }
    writer->events[writer->count] = (struct event){object, ts < 0 ? 0 : ts, writer->count};
    writer->count++;
}

static void add_instant(struct writer *writer, const char *category, const char *name, uint32_t thread, json_int_t ts,
                        json_t *args)
{
    add(writer, "i", name, thread, ts, json_pack("{s:s,s:s,s:o}", "cat", category, "s", "t", "args", args));
}

/* ---- activations ---- */

static json_t *with_id(json_int_t id, json_t *args)
{
    return json_pack("{s:s,s:o,s:o}", "cat", "activation", "id",
                     json_sprintf("0x%llx", (unsigned long long)id), "args", args);
}

/* how: what ended it. */
static void end_activation(struct writer *writer, uint32_t index, json_int_t ts, const char *how)
{
    struct activation *open = &writer->open[index];

    if (open->id == 0)
        return;
    add(writer, "e", open->name, FIRST_THREAD + index, ts, with_id(open->id, json_pack("{s:s}", "end", how)));
    free(open->name);
    *open = (struct activation){0};
}

/* A release from before the scenario's begin cannot be: the first one is that of a start. */
static void begin_activation(struct writer *writer, uint32_t index, json_int_t ts, const char *kind, json_int_t late_us)
{
    struct activation *open = &writer->open[index];

    end_activation(writer, index, ts, "not known");
    open->id = ++writer->last_id;
    open->name = atto_format("%s %s", writer->scenario->containers[index].name, kind);
    add(writer, "b", open->name, FIRST_THREAD + index, ts - late_us,
        with_id(open->id, json_pack("{s:I}", "late_us", late_us)));
}

/* States in which no activation is under way that began before. */
static bool ends_activation(const char *state)
{
    return strcmp(state, "installed") == 0 || strcmp(state, "stopping") == 0 || strcmp(state, "stopped") == 0 ||
           strcmp(state, "faulted") == 0;
}

/* ---- records of the engine ---- */

static void add_call(struct writer *writer, uint32_t thread, json_int_t ts, uint32_t number)
{
    const char *known = atto_call_name(number);
    char *name = known == NULL ? atto_format("call %u", number) : atto_copy_string(known);

    add_instant(writer, "call", name, thread, ts, json_pack("{s:i}", "number", (int)number));
    free(name);
}

static void add_record(struct writer *writer, const json_t *record)
{
    const char *kind = atto_scenario_word(record, "trace"), *detail = atto_scenario_word(record, "detail");
    json_int_t ts = atto_scenario_number(record, "time_us"), value = atto_scenario_number(record, "value");
    uint32_t index = atto_scenario_by_id(writer->scenario, writer->result, atto_scenario_number(record, "container"));
    uint32_t thread = FIRST_THREAD + index;

    if (index == UINT32_MAX || kind == NULL)
        return;
    if (strcmp(kind, "slice") == 0) {
        add(writer, "X", "slice", thread, ts, json_pack("{s:s,s:I}", "cat", "slice", "dur", value));
    } else if (strcmp(kind, "call") == 0) {
        add_call(writer, thread, ts, (uint32_t)atto_scenario_number(record, "detail"));
    } else if (strcmp(kind, "miss") == 0) {
        writer->open[index].missed = writer->open[index].id != 0;
        add_instant(writer, "miss", "deadline missed", thread, ts, json_pack("{s:I}", "deadlines", value));
    } else if (strcmp(kind, "throttle") == 0) {
        add_instant(writer, "throttle", "throttled", thread, ts, json_pack("{s:I}", "for_us", value));
    } else if (detail == NULL) {
        return;
    } else if (strcmp(kind, "activate") == 0) {
        begin_activation(writer, index, ts, detail, value);
    } else if (strcmp(kind, "end") == 0) {
        end_activation(writer, index, ts, writer->open[index].missed ? "dropped" : "done");
    } else if (strcmp(kind, "fault") == 0) {
        add_instant(writer, "fault", detail, thread, ts, json_pack("{s:I}", "slot", value));
        end_activation(writer, index, ts, "fault");
    } else if (strcmp(kind, "state") == 0) {
        if (ends_activation(detail))
            end_activation(writer, index, ts, detail);
        add_instant(writer, "state", detail, thread, ts, json_object());
    }
}

static void add_all(struct writer *writer)
{
    const struct atto_scenario_result *result = writer->result;
    size_t i;
    json_t *object;

    json_array_foreach(result->trace, i, object)
        add_record(writer, object);
    for (uint32_t index = 0; index < writer->scenario->container_count; index++)
        end_activation(writer, index, atto_scenario_number(result->run, "duration_us"), "not over");
    json_array_foreach(result->log, i, object) {
        uint32_t index = atto_scenario_by_id(writer->scenario, result, atto_scenario_number(object, "container"));

        if (index != UINT32_MAX)
            add_instant(writer, "log", "log", FIRST_THREAD + index, atto_scenario_number(object, "time_us"),
                        json_pack("{s:O}", "text", json_object_get(object, "log")));
    }
    json_array_foreach(result->actions, i, object) {
        json_t *container = json_object_get(object, "container");
        json_t *args = json_pack("{s:O,s:O}", "status", json_object_get(object, "status"), "container", container);
        char *name = atto_format("%s %s", atto_scenario_word(object, "action"),
                                 json_is_string(container) ? json_string_value(container) : "the hook");

        add_instant(writer, "action", name, ACTIONS_THREAD, atto_scenario_number(object, "time_us"), args);
        free(name);
    }
}

/* ---- the file ---- */

static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;

    if (a->ts != b->ts)
        return a->ts < b->ts ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static void add_metadata(json_t *list, const char *what, uint32_t thread, json_t *args)
{
    json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:i,s:o}", "name", what, "ph", "M", "pid", PROCESS, "tid",
                                          (int)thread, "args", args));
}

static void add_thread(json_t *list, uint32_t thread, const char *name)
{
    add_metadata(list, "thread_name", thread, json_pack("{s:s}", "name", name));
    add_metadata(list, "thread_sort_index", thread, json_pack("{s:i}", "sort_index", (int)thread));
}

static json_t *list_events(struct writer *writer)
{
    json_t *list = json_array();
    json_t *name = json_sprintf("Atto on %s", atto_scenario_word(writer->result->run, "run"));

    add_metadata(list, "process_name", ACTIONS_THREAD, json_pack("{s:o}", "name", name));
    add_thread(list, ACTIONS_THREAD, "actions");
    for (uint32_t i = 0; i < writer->scenario->container_count; i++)
        add_thread(list, FIRST_THREAD + i, writer->scenario->containers[i].name);
    if (writer->count > 1)
        qsort(writer->events, writer->count, sizeof writer->events[0], by_time);
    for (size_t i = 0; i < writer->count; i++)
        json_array_append_new(list, writer->events[i].object);
    return list;
}

/* One event a line: for people, and for tools that go by lines. */
static void put_events(struct atto_buffer *text, const json_t *list)
{
    static const char head[] = "{\"traceEvents\":[\n", tail[] = "\n],\"displayTimeUnit\":\"ms\"}\n";
    size_t i;
    json_t *event;

    atto_buffer_put(text, head, sizeof head - 1);
    json_array_foreach(list, i, event) {
        char *line = json_dumps(event, JSON_COMPACT);

        if (i != 0)
            atto_buffer_put(text, ",\n", 2);
        if (line != NULL)
            atto_buffer_put(text, line, strlen(line));
        free(line);
    }
    atto_buffer_put(text, tail, sizeof tail - 1);
}

bool atto_scenario_trace_write(const struct atto_scenario *scenario, const struct atto_scenario_result *result,
                               const char *path)
{
    struct writer writer = {.scenario = scenario, .result = result};
    struct atto_buffer text = {0};
    json_int_t lost = atto_scenario_number(result->run, "trace_lost");
    json_t *list;
    bool fine;

    add_all(&writer);
    list = list_events(&writer);
    put_events(&text, list);
    fine = atto_buffer_write(&text, path);
    if (lost != 0)
        atto_report_at(path, 0, "%lld more records did not fit; a shorter scenario has all of them", (long long)lost);
    atto_buffer_free(&text);
    json_decref(list);
    free(writer.events);
    return fine;
}
