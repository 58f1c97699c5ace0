/* Runs scenarios: writes the images and a job into a directory, has the firmware program `scenario` run on that, as a
 * process or emulated by QEMU, and reads the JSON that it prints. Both are described in ports/qemu/scenario.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "home.h"
#include "process.h"
#include "report.h"
#include "run.h"

/* ---- the job ---- */

static void put(struct atto_buffer *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct atto_buffer *job, const char *format, ...)
{
    char text[4400];
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len > 0)
        atto_buffer_put(job, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
}

static void put_schedule(struct atto_buffer *job, const struct atto_schedule_json *schedule)
{
#define PUT_FIELD(key, name, most)            \
    if ((schedule->given >> (key) & 1u) != 0) \
        put(job, "\t" #name "=%u", schedule->values.name);
    ATTO_SCHEDULE_FIELDS(PUT_FIELD)
#undef PUT_FIELD
}

static void put_data(struct atto_buffer *job, const struct atto_buffer *data)
{
    put(job, data->len == 0 ? "\t-" : "\t");
    for (size_t i = 0; i < data->len; i++)
        put(job, "%02x", data->bytes[i]);
}

static void put_action(struct atto_buffer *job, const struct atto_scenario *scenario,
                       const struct atto_scenario_action *action)
{
    put(job, "at\t%u\t%s", action->at_ms, action->what);
    if (strcmp(action->what, "fire") == 0) {
        put_data(job, &action->data);
    } else {
        put(job, "\t%s", scenario->containers[action->container].name);
        if (strcmp(action->what, "update") == 0)
            put(job, "\t%u\t%u", action->image, action->fuel);
        if (strcmp(action->what, "post") == 0) {
            put(job, "\t%s", action->entry);
            put_data(job, &action->data);
        }
        put_schedule(job, &action->schedule);
    }
    put(job, "\n");
}

/* Starts of containers that are due at this time, before the actions of the same time. */
static void put_starts(struct atto_buffer *job, const struct atto_scenario *scenario, uint32_t from_ms, uint32_t to_ms)
{
    for (uint32_t ms = from_ms; ms <= to_ms;) {
        uint32_t next_ms = ATTO_SCENARIO_NOT_STARTED;

        for (uint32_t i = 0; i < scenario->container_count; i++) {
            const struct atto_scenario_container *container = &scenario->containers[i];

            if (container->start_ms == ms)
                put(job, "at\t%u\tstart\t%s\n", ms, container->name);
            else if (container->start_ms > ms && container->start_ms < next_ms)
                next_ms = container->start_ms;
        }
        if (next_ms == ATTO_SCENARIO_NOT_STARTED)
            return;
        ms = next_ms;
    }
}

static void put_job(struct atto_buffer *job, const struct atto_scenario *scenario, const char *directory)
{
    uint32_t started_ms = 0; /* up to here, not included */

    put(job, "duration\t%u\n", scenario->duration_ms);
    if (scenario->slice_fuel != 0)
        put(job, "slice_fuel\t%u\n", scenario->slice_fuel);
    put(job, "log_bytes\t%u\nfuel_per_ms\t%u\n", scenario->log_bytes, scenario->fuel_per_ms);
    for (uint32_t i = 0; i < scenario->image_count; i++)
        put(job, "image\t%s/%u\n", directory, i);
    for (uint32_t i = 0; i < scenario->container_count; i++) {
        const struct atto_scenario_container *container = &scenario->containers[i];

        put(job, "container\t%s\t%u\t%u", container->name, container->image, container->fuel);
        put_schedule(job, &container->schedule);
        put(job, "\n");
    }
    for (uint32_t i = 0; i < scenario->action_count; i++) {
        if (scenario->actions[i].at_ms >= started_ms) {
            put_starts(job, scenario, started_ms, scenario->actions[i].at_ms);
            started_ms = scenario->actions[i].at_ms + 1;
        }
        put_action(job, scenario, &scenario->actions[i]);
    }
    put_starts(job, scenario, started_ms, ATTO_SCENARIO_MS_MAX);
}

static bool write_files(const struct atto_scenario *scenario, const char *directory)
{
    struct atto_buffer job = {0};
    char *path = atto_format("%s/job", directory);
    bool fine;

    put_job(&job, scenario, directory);
    fine = atto_buffer_write(&job, path);
    free(path);
    for (uint32_t i = 0; i < scenario->image_count && fine; i++) {
        path = atto_format("%s/%u", directory, i);
        fine = atto_buffer_write(&scenario->images[i].bytes, path);
        free(path);
    }
    atto_buffer_free(&job);
    return fine;
}

static void delete_files(const struct atto_scenario *scenario, const char *directory)
{
    char *path = atto_format("%s/job", directory);

    unlink(path);
    free(path);
    for (uint32_t i = 0; i < scenario->image_count; i++) {
        path = atto_format("%s/%u", directory, i);
        unlink(path);
        free(path);
    }
    rmdir(directory);
}

/* ---- the result ---- */

static bool read_line(const char *line, size_t len, struct atto_scenario_result *result)
{
    json_t *object = json_loadb(line, len, 0, NULL);
    const char *error = atto_scenario_word(object, "error");
    const struct {
        const char *key;
        json_t *list;
    } lists[] = {
        {"install", result->installs},         {"container", result->containers}, {"action", result->actions},
        {"postmortem", result->postmortems}, {"trace", result->trace},          {"log", result->log},
    };
    json_t *list = NULL;

    if (object == NULL)
        fprintf(stderr, "%.*s\n", (int)len, line);
    if (error != NULL)
        atto_report("the board says: %s", error);
    /* `container` is a member of others too, where it is not the first one. */
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && object != NULL; i++) {
        const char *key = lists[i].key;

        if (len > strlen(key) + 2 && strncmp(line + 2, key, strlen(key)) == 0 && line[2 + strlen(key)] == '"')
            list = lists[i].list;
    }
    if (list != NULL)
        json_array_append(list, object);
    else if (json_object_get(object, "run") != NULL)
        result->run = json_incref(object);
    json_decref(object);
    return error == NULL;
}

static bool run_and_read(const char *const *arguments, struct atto_scenario_result *result)
{
    struct atto_buffer output = {0};
    unsigned reports = atto_report_count();
    int status = atto_process_run(arguments, NULL, &output, NULL);
    const char *line, *end;

    atto_buffer_put(&output, "", 1);
    line = (const char *)output.bytes;
    while (*line != '\0') {
        end = strchr(line, '\n');
        if (end == NULL)
            end = line + strlen(line);
        read_line(line, (size_t)(end - line), result);
        line = *end == '\0' ? end : end + 1;
    }
    atto_buffer_free(&output);
    if ((result->run == NULL || status != 0) && reports == atto_report_count())
        atto_report("the scenario did not come to its end (exit status %d)", status);
    return result->run != NULL && status == 0;
}

bool atto_scenario_run(const struct atto_scenario *scenario, const char *board, struct atto_scenario_result *result)
{
    const char *temporary = getenv("TMPDIR");
    bool emulated = strcmp(board, "linux") != 0;
    char *directory = atto_format("%s/atto-XXXXXX", temporary == NULL || temporary[0] == '\0' ? "/tmp" : temporary);
    char *firmware = atto_run_firmware(board, "scenario", "ATTO_SCENARIO");
    char *script = emulated ? atto_home_path("scripts/qemu-run") : atto_copy_string("");
    char *job = NULL;
    bool fine = false;

    *result = (struct atto_scenario_result){NULL,         json_array(), json_array(), json_array(),
                                            json_array(), json_array(), json_array()};
    if (firmware != NULL && script == NULL)
        atto_report("cannot find scripts/qemu-run; name Atto's directory in $ATTO_HOME");
    if (firmware != NULL && script != NULL && mkdtemp(directory) == NULL) {
        atto_report("cannot make a directory %s: %s", directory, strerror(errno));
    } else if (firmware != NULL && script != NULL) {
        const char *here[] = {firmware, NULL, NULL};
        const char *there[] = {script, board, firmware, NULL, NULL};

        job = atto_format("%s/job", directory);
        here[1] = there[3] = job;
        fine = write_files(scenario, directory) && run_and_read(emulated ? there : here, result);
        delete_files(scenario, directory);
    }
    free(directory);
    free(firmware);
    free(script);
    free(job);
    return fine;
}

void atto_scenario_result_free(struct atto_scenario_result *result)
{
    json_decref(result->run);
    json_decref(result->installs);
    json_decref(result->containers);
    json_decref(result->actions);
    json_decref(result->log);
    json_decref(result->postmortems);
    json_decref(result->trace);
}

json_int_t atto_scenario_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

const char *atto_scenario_word(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

uint32_t atto_scenario_by_id(const struct atto_scenario *scenario, const struct atto_scenario_result *result,
                             json_int_t id)
{
    for (uint32_t i = 0; i < scenario->container_count; i++) {
        const json_t *container = json_array_get(result->containers, i);

        if (json_is_true(json_object_get(container, "installed")) && atto_scenario_number(container, "id") == id)
            return i;
    }
    return UINT32_MAX;
}

static bool is_fine(const json_t *object)
{
    const char *status = atto_scenario_word(object, "status");

    return status != NULL && strcmp(status, "ATTO_OK") == 0;
}

bool atto_scenario_all_installed(const struct atto_scenario_result *result)
{
    size_t i;
    json_t *object;

    json_array_foreach(result->installs, i, object) {
        if (!is_fine(object))
            return false;
    }
    json_array_foreach(result->actions, i, object) {
        if (strcmp(atto_scenario_word(object, "action"), "update") == 0 && !is_fine(object))
            return false;
    }
    return true;
}
