/* Runs scenarios: writes the images and a job into a directory, has the firmware program `scenario` run on that, as a
 * process or emulated by QEMU, and reads the JSON that it prints. Both are described in ports/qemu/scenario.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <string.h>

#include "firmware.h"
#include "report.h"

/* ---- the job ---- */

static void put_schedule(struct atto_buffer *job, const struct atto_schedule_json *schedule)
{
#define PUT_FIELD(key, name, most)            \
    if ((schedule->given >> (key) & 1u) != 0) \
        atto_buffer_print(job, "\t" #name "=%u", schedule->values.name);
    ATTO_SCHEDULE_FIELDS(PUT_FIELD)
#undef PUT_FIELD
}

static void put_rights(struct atto_buffer *job, const struct atto_rights_json *rights)
{
    for (size_t i = 0; i < rights->count; i++) {
        const struct atto_right *right = &rights->list[i].right;

        atto_buffer_print(job, "\t%u:%u:%u:%u:%u:%u:", right->operations, right->first, right->last, right->calls,
                          right->bytes, right->total);
        if (rights->list[i].endpoint != NULL)
            atto_buffer_print(job, "%s", rights->list[i].endpoint);
        else
            atto_buffer_print(job, "#%u", right->endpoint);
    }
}

/* Rights that a container gets, if they were given. */
static void put_given(struct atto_buffer *job, const struct atto_scenario_rights *rights)
{
    if (rights->given) {
        atto_buffer_print(job, "\trights");
        put_rights(job, &rights->json);
    }
}

static void put_data(struct atto_buffer *job, const struct atto_buffer *data)
{
    atto_buffer_print(job, data->len == 0 ? "\t-" : "\t");
    atto_buffer_print_hex(job, data);
}

static void put_action(struct atto_buffer *job, const struct atto_scenario *scenario,
                       const struct atto_scenario_action *action)
{
    atto_buffer_print(job, "at\t%u\t%s", action->at_ms, action->what);
    if (strcmp(action->what, "fire") == 0) {
        put_data(job, &action->data);
    } else if (strcmp(action->what, "set-pin") == 0) {
        atto_buffer_print(job, "\t%u\t%u", action->pin, action->level);
    } else if (strcmp(action->what, "set-sensor") == 0) {
        atto_buffer_print(job, "\t#%u\t%d", action->endpoint, action->value);
    } else if (strcmp(action->what, "set-ceiling") == 0) {
        atto_buffer_print(job, "\t%s", scenario->tenants[action->tenant].name);
        put_rights(job, &action->rights.json);
    } else if (strcmp(action->what, "set-rights") == 0) {
        atto_buffer_print(job, "\t%s\t%u", scenario->containers[action->container].name, action->first);
        put_rights(job, &action->rights.json);
    } else {
        atto_buffer_print(job, "\t%s", scenario->containers[action->container].name);
        if (strcmp(action->what, "update") == 0)
            atto_buffer_print(job, "\t%u\t%u", action->image, action->fuel);
        if (strcmp(action->what, "post") == 0) {
            atto_buffer_print(job, "\t%s", action->entry);
            put_data(job, &action->data);
        }
        put_schedule(job, &action->schedule);
        put_given(job, &action->rights);
    }
    atto_buffer_print(job, "\n");
}

/* Starts of containers that are due at this time, before the actions of the same time. */
static void put_starts(struct atto_buffer *job, const struct atto_scenario *scenario, uint32_t from_ms, uint32_t to_ms)
{
    for (uint32_t ms = from_ms; ms <= to_ms;) {
        uint32_t next_ms = ATTO_SCENARIO_NOT_STARTED;

        for (uint32_t i = 0; i < scenario->container_count; i++) {
            const struct atto_scenario_container *container = &scenario->containers[i];

            if (container->start_ms == ms)
                atto_buffer_print(job, "at\t%u\tstart\t%s\n", ms, container->name);
            else if (container->start_ms > ms && container->start_ms < next_ms)
                next_ms = container->start_ms;
        }
        if (next_ms == ATTO_SCENARIO_NOT_STARTED)
            return;
        ms = next_ms;
    }
}

static void put_job(struct atto_buffer *job, const struct atto_scenario *scenario,
                    const struct atto_firmware_files *images)
{
    uint32_t started_ms = 0; /* up to here, not included */

    atto_buffer_print(job, "duration\t%u\n", scenario->duration_ms);
    if (scenario->slice_fuel != 0)
        atto_buffer_print(job, "slice_fuel\t%u\n", scenario->slice_fuel);
    atto_buffer_print(job, "log_bytes\t%u\nfuel_per_ms\t%u\n", scenario->log_bytes, scenario->fuel_per_ms);
    for (uint32_t i = 0; i < scenario->image_count; i++)
        atto_buffer_print(job, "image\t%s\n", images->paths[i]);
    for (uint32_t i = 0; i < scenario->tenant_count; i++) {
        const struct atto_scenario_tenant *tenant = &scenario->tenants[i];

        atto_buffer_print(job, "tenant\t%s\t%u\t%u\t%u\t%u", tenant->name, tenant->ram_bytes, tenant->fuel_per_s,
                          tenant->priority_first, tenant->store_bytes);
        put_rights(job, &tenant->rights);
        atto_buffer_print(job, "\n");
    }
    for (uint32_t i = 0; i < scenario->container_count; i++) {
        const struct atto_scenario_container *container = &scenario->containers[i];

        atto_buffer_print(job, "container\t%s\t%s\t%u\t%u", container->name,
                          container->tenant == ATTO_SCENARIO_OWNER ? "*" : scenario->tenants[container->tenant].name,
                          container->image, container->fuel);
        put_schedule(job, &container->schedule);
        put_given(job, &container->rights);
        atto_buffer_print(job, "\n");
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

/* The path of the job, which names the images by number; NULL, reported, if there is none. */
static const char *write_job(struct atto_firmware_files *files, const struct atto_scenario *scenario)
{
    struct atto_buffer job = {0};
    const char *path = "";

    for (uint32_t i = 0; i < scenario->image_count && path != NULL; i++) {
        char *name = atto_format("%u", i);

        path = atto_firmware_files_add(files, name, &scenario->images[i].bytes);
        free(name);
    }
    if (path != NULL) {
        put_job(&job, scenario, files);
        path = atto_firmware_files_add(files, "job", &job);
        atto_buffer_free(&job);
    }
    return path;
}

/* ---- the result ---- */

/* The first member of an object says what it is about. */
static void take_object(void *user, json_t *object)
{
    struct atto_scenario_result *result = user;
    const char *kind = json_object_iter_key(json_object_iter(object));
    const struct {
        const char *kind;
        json_t *list;
    } lists[] = {
        {"install", result->installs},       {"container", result->containers}, {"action", result->actions},
        {"postmortem", result->postmortems}, {"trace", result->trace},          {"log", result->log},
        {"turn", result->turns},             {"audit", result->audit},
    };

    if (kind != NULL && strcmp(kind, "run") == 0)
        result->run = json_incref(object);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && kind != NULL; i++) {
        if (strcmp(lists[i].kind, kind) == 0)
            json_array_append(lists[i].list, object);
    }
}

bool atto_scenario_run(const struct atto_scenario *scenario, const char *board, struct atto_scenario_result *result)
{
    unsigned reports = atto_report_count();
    struct atto_firmware_files files;
    const char *job = NULL;
    int status = -1;

    *result = (struct atto_scenario_result){NULL,         json_array(), json_array(), json_array(), json_array(),
                                            json_array(), json_array(), json_array(), json_array()};
    if (atto_firmware_files_make(&files))
        job = write_job(&files, scenario);
    if (job != NULL) {
        status = atto_firmware_run(board, "scenario", "ATTO_SCENARIO", job, take_object, result);
        if ((result->run == NULL || status != 0) && reports == atto_report_count())
            atto_report("the scenario did not come to its end (exit status %d)", status);
    }
    atto_firmware_files_delete(&files);
    return result->run != NULL && status == 0;
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
    json_decref(result->turns);
    json_decref(result->audit);
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
