/* Reads scenarios, see scenario.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "report.h"

#define SWITCH_BYTES 16u /* of the context of the scheduler's hook */
#define EVENT_BYTES 8u

/* What each action takes beside `at_ms` and `do`. */
struct action_kind {
    const char *word, *keys;
    size_t data_max;
};

static const struct action_kind kinds[] = {
    {"start", "at_ms, do, container", 0},
    {"stop", "at_ms, do, container", 0},
    {"force-stop", "at_ms, do, container", 0},
    {"pause", "at_ms, do, container", 0},
    {"resume", "at_ms, do, container", 0},
    {"remove", "at_ms, do, container", 0},
    {"update", "at_ms, do, container, image, schedule, fuel, rights", 0},
    {"set-schedule", "at_ms, do, container, schedule", 0},
    {"post", "at_ms, do, container, entry, data_hex", EVENT_BYTES},
    {"fire", "at_ms, do, data_hex", SWITCH_BYTES},
    {"set-rights", "at_ms, do, container, first, rights", 0},
    {"set-ceiling", "at_ms, do, tenant, rights", 0},
    {"set-pin", "at_ms, do, pin, level", 0},
    {"set-sensor", "at_ms, do, endpoint, value", 0},
};

/* ---- images ---- */

/* The path of an image, beside the scenario's file. */
static char *path_beside(const struct atto_scenario *scenario, const char *name)
{
    const char *slash = strrchr(scenario->path, '/');

    if (name[0] == '/' || slash == NULL)
        return atto_copy_string(name);
    return atto_format("%.*s/%s", (int)(slash - scenario->path), scenario->path, name);
}

/* Images that cannot be parsed are left to the device to refuse. */
static void parse(struct atto_scenario_image *image)
{
    image->has_listing =
        atto_image_parse(image->bytes.bytes, (uint32_t)image->bytes.len, &image->parsed, NULL) == ATTO_OK &&
        atto_manifest_parse(image->parsed.manifest, &image->manifest, NULL) == ATTO_OK;
    if (image->has_listing)
        atto_listing_open(&image->listing, &image->parsed, &image->manifest, image->path);
}

static bool take_image(const struct atto_json_file *file, struct atto_scenario *scenario, struct atto_json_at object,
                       uint32_t *number)
{
    struct atto_json_at at = atto_json_at_member(object, "image");
    struct atto_scenario_image *image = &scenario->images[scenario->image_count];
    const char *name = atto_json_text(file, object, "image");
    char *path;

    if (name == NULL)
        return false;
    path = path_beside(scenario, name);
    for (*number = 0; *number < scenario->image_count; (*number)++) {
        if (strcmp(scenario->images[*number].path, path) == 0) {
            free(path);
            return true;
        }
    }
    if (scenario->image_count == ATTO_SCENARIO_IMAGES_MAX) {
        free(path);
        return atto_json_refuse(file, at.place, "'image' is one too many, %u are possible", ATTO_SCENARIO_IMAGES_MAX);
    }
    scenario->image_count++;
    image->path = path;
    if (!atto_load(path, &image->bytes))
        return atto_json_refuse(file, at.place, "'image': %s cannot be used", path);
    parse(image);
    return true;
}

/* ---- containers ---- */

/* The number of the container with this name; if there is none, that of the next container. */
static uint32_t find_container(const struct atto_scenario *scenario, const char *name)
{
    uint32_t number = 0;

    while (number < scenario->container_count && (scenario->containers[number].name == NULL ||
                                                  strcmp(scenario->containers[number].name, name) != 0))
        number++;
    return number;
}

static bool take_schedule(const struct atto_json_file *file, struct atto_json_at object,
                          struct atto_schedule_json *schedule)
{
    struct atto_json_at at = atto_json_at_member(object, "schedule");

    return at.value == NULL || atto_schedule_json_read(file, at, schedule);
}

static bool take_name(const struct atto_json_file *file, struct atto_scenario *scenario, struct atto_json_at object,
                      struct atto_scenario_container *container)
{
    struct atto_json_at at = atto_json_at_member(object, "name");
    const char *name = atto_scenario_name(file, object);

    if (name == NULL)
        return false;
    if (find_container(scenario, name) < scenario->container_count)
        return atto_json_refuse(file, at.place, "'name': there is a container '%s' already", name);
    container->name = atto_copy_string(name);
    return true;
}

static bool take_container(const struct atto_json_file *file, struct atto_scenario *scenario, struct atto_json_at at)
{
    struct atto_scenario_container *container = &scenario->containers[scenario->container_count];
    struct atto_json_at start = atto_json_at_member(at, "start_ms");
    bool fine;

    if (!json_is_object(at.value))
        return atto_json_refuse(file, at.place, "'containers': each must be an object with name and image");
    fine = atto_json_known_keys(file, at, "a container", "name, tenant, rights, image, schedule, fuel, start_ms");
    fine = take_name(file, scenario, at, container) && fine;
    scenario->container_count++;
    fine = atto_scenario_take_tenant(file, scenario, at, false, &container->tenant) && fine;
    fine = atto_scenario_take_rights(file, at, false, &container->rights) && fine;
    fine = take_image(file, scenario, at, &container->image) && fine;
    fine = take_schedule(file, at, &container->schedule) && fine;
    fine = atto_json_number(file, atto_json_at_member(at, "fuel"), "fuel", 1, ATTO_FUEL_MAX, &container->fuel) && fine;
    if (json_is_null(start.value)) {
        container->start_ms = ATTO_SCENARIO_NOT_STARTED;
        return fine;
    }
    return atto_json_number(file, start, "start_ms", 0, (json_int_t)scenario->duration_ms - 1,
                            &container->start_ms) && fine;
}

static bool take_containers(const struct atto_json_file *file, struct atto_scenario *scenario, struct atto_json_at at)
{
    size_t count = json_array_size(at.value);
    bool fine = true;

    if (at.value == NULL)
        return atto_json_refuse(file, atto_json_file_root(file).place, "'containers' is missing");
    if (count == 0 || count > ATTO_SCENARIO_CONTAINERS_MAX)
        return atto_json_refuse(file, at.place, "'containers' must be an array of 1 to %u objects",
                                ATTO_SCENARIO_CONTAINERS_MAX);
    for (size_t i = 0; i < count; i++)
        fine = take_container(file, scenario, atto_json_at_element(at, i)) && fine;
    return fine;
}

/* ---- actions ---- */

static const struct action_kind *take_kind(const struct atto_json_file *file, struct atto_json_at object)
{
    struct atto_json_at at = atto_json_at_member(object, "do");
    const char *word = json_string_value(at.value);

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && word != NULL; i++) {
        if (strcmp(kinds[i].word, word) == 0)
            return &kinds[i];
    }
    atto_json_refuse(file, at.value == NULL ? object.place : at.place,
                     "'do' must be start, stop, force-stop, pause, resume, remove, update, set-schedule, post, fire, "
                     "set-rights, set-ceiling, set-pin or set-sensor");
    return NULL;
}

static bool take_target(const struct atto_json_file *file, const struct atto_scenario *scenario,
                        struct atto_json_at object, uint32_t *number)
{
    struct atto_json_at at = atto_json_at_member(object, "container");
    const char *name = atto_json_text(file, object, "container");
    uint32_t found;

    if (name == NULL)
        return false;
    found = find_container(scenario, name);
    if (found == scenario->container_count)
        return atto_json_refuse(file, at.place, "'container': there is no container '%s'", name);
    *number = found;
    return true;
}

static bool take_entry(const struct atto_json_file *file, struct atto_json_at object,
                       struct atto_scenario_action *action)
{
    struct atto_json_at at = atto_json_at_member(object, "entry");
    const char *entry = atto_json_text(file, object, "entry");

    if (entry == NULL)
        return false;
    if (strlen(entry) > ATTO_NAME_MAX || strpbrk(entry, "\t\r\n") != NULL)
        return atto_json_refuse(file, at.place, "'entry' must be the name of an entry point");
    action->entry = atto_copy_string(entry);
    return true;
}

static bool take_data(const struct atto_json_file *file, struct atto_json_at object, const struct action_kind *kind,
                      struct atto_buffer *data)
{
    struct atto_json_at at = atto_json_at_member(object, "data_hex");
    const char *digits = json_string_value(at.value);

    if (at.value == NULL)
        return true;
    if (digits == NULL || !atto_buffer_put_hex(data, digits) || data->len > kind->data_max)
        return atto_json_refuse(file, at.place, "'data_hex' must be a string with pairs of hexadecimal digits, at most "
                                "%zu", kind->data_max);
    return true;
}

/* What actions on rights, and on the board, have. */
static bool take_powers(const struct atto_json_file *file, const struct atto_scenario *scenario,
                        struct atto_json_at at, struct atto_scenario_action *action)
{
    bool fine = true;

    if (strcmp(action->what, "set-pin") == 0)
        return atto_scenario_take_pin(file, at, action);
    if (strcmp(action->what, "set-sensor") == 0)
        return atto_scenario_take_sensor(file, at, action);
    if (strcmp(action->what, "update") == 0)
        return atto_scenario_take_rights(file, at, false, &action->rights);
    if (strcmp(action->what, "set-rights") == 0)
        fine = atto_json_number(file, atto_json_at_member(at, "first"), "first", 0, ATTO_RIGHTS_MAX - 1,
                                &action->first);
    else if (strcmp(action->what, "set-ceiling") == 0)
        fine = atto_scenario_take_tenant(file, scenario, at, true, &action->tenant);
    else
        return true;
    return atto_scenario_take_rights(file, at, true, &action->rights) && fine;
}

static bool take_action(const struct atto_json_file *file, struct atto_scenario *scenario, struct atto_json_at at)
{
    struct atto_scenario_action *action = &scenario->actions[scenario->action_count];
    struct atto_json_at at_ms = atto_json_at_member(at, "at_ms");
    const struct action_kind *kind;
    bool fine = true;

    if (!json_is_object(at.value))
        return atto_json_refuse(file, at.place, "'actions': each must be an object with at_ms and do");
    kind = take_kind(file, at);
    if (kind == NULL)
        return false;
    scenario->action_count++;
    action->what = kind->word;
    fine = atto_json_known_keys(file, at, kind->word, kind->keys);
    if (at_ms.value == NULL)
        fine = atto_json_refuse(file, at.place, "'at_ms' is missing");
    fine = atto_json_number(file, at_ms, "at_ms", 0, (json_int_t)scenario->duration_ms - 1, &action->at_ms) && fine;
    if (strstr(kind->keys, "container") != NULL)
        fine = take_target(file, scenario, at, &action->container) && fine;
    if (strstr(kind->keys, "image") != NULL)
        fine = take_image(file, scenario, at, &action->image) && fine;
    if (strstr(kind->keys, "fuel") != NULL)
        fine = atto_json_number(file, atto_json_at_member(at, "fuel"), "fuel", 1, ATTO_FUEL_MAX, &action->fuel) && fine;
    if (strcmp(kind->word, "set-schedule") == 0 && json_object_get(at.value, "schedule") == NULL)
        fine = atto_json_refuse(file, at.place, "'schedule' is missing");
    if (strstr(kind->keys, "schedule") != NULL)
        fine = take_schedule(file, at, &action->schedule) && fine;
    if (strstr(kind->keys, "entry") != NULL)
        fine = take_entry(file, at, action) && fine;
    if (kind->data_max != 0)
        fine = take_data(file, at, kind, &action->data) && fine;
    return take_powers(file, scenario, at, action) && fine;
}

static bool take_actions(const struct atto_json_file *file, struct atto_scenario *scenario, struct atto_json_at at)
{
    size_t count = json_array_size(at.value);
    bool fine = true;

    if (at.value == NULL)
        return true;
    if (!json_is_array(at.value) || count > ATTO_SCENARIO_ACTIONS_MAX)
        return atto_json_refuse(file, at.place, "'actions' must be an array of at most %u objects",
                                ATTO_SCENARIO_ACTIONS_MAX);
    scenario->actions = atto_alloc(count, sizeof *scenario->actions);
    for (size_t i = 0; i < count; i++)
        fine = take_action(file, scenario, atto_json_at_element(at, i)) && fine;
    return fine;
}

/* By time; actions of the same time stay in the order of the file. */
static void sort_actions(struct atto_scenario *scenario)
{
    for (uint32_t i = 1; i < scenario->action_count; i++) {
        struct atto_scenario_action action = scenario->actions[i];
        uint32_t at = i;

        for (; at > 0 && scenario->actions[at - 1].at_ms > action.at_ms; at--)
            scenario->actions[at] = scenario->actions[at - 1];
        scenario->actions[at] = action;
    }
}

static bool take_all(const struct atto_json_file *file, struct atto_scenario *scenario)
{
    struct atto_json_at root = atto_json_file_root(file);
    struct atto_json_at duration = atto_json_at_member(root, "duration_ms");
    bool fine = atto_json_known_keys(file, root, "a scenario",
                                     "duration_ms, slice_fuel, log_bytes, fuel_per_ms, tenants, containers, actions");

    /* Other times are compared with it, so that nothing can be said of them without. */
    if (duration.value == NULL)
        return atto_json_refuse(file, root.place, "'duration_ms' is missing");
    if (!atto_json_number(file, duration, "duration_ms", 1, ATTO_SCENARIO_MS_MAX, &scenario->duration_ms))
        return false;
    fine = atto_json_number(file, atto_json_at_member(root, "slice_fuel"), "slice_fuel", 1, ATTO_FUEL_MAX,
                            &scenario->slice_fuel) && fine;
    fine = atto_json_number(file, atto_json_at_member(root, "log_bytes"), "log_bytes", 0, 0xffff,
                            &scenario->log_bytes) && fine;
    fine = atto_json_number(file, atto_json_at_member(root, "fuel_per_ms"), "fuel_per_ms", 1, ATTO_FUEL_MAX,
                            &scenario->fuel_per_ms) && fine;
    fine = atto_scenario_take_tenants(file, scenario, atto_json_at_member(root, "tenants")) && fine;
    fine = take_containers(file, scenario, atto_json_at_member(root, "containers")) && fine;
    return take_actions(file, scenario, atto_json_at_member(root, "actions")) && fine;
}

bool atto_scenario_read(struct atto_scenario *scenario, const char *path)
{
    struct atto_json_file file;
    bool fine;

    *scenario = (struct atto_scenario){.path = atto_copy_string(path)};
    fine = atto_json_file_read(&file, path) && take_all(&file, scenario);
    sort_actions(scenario);
    atto_json_file_free(&file);
    return fine;
}

void atto_scenario_free(struct atto_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->image_count; i++) {
        if (scenario->images[i].has_listing)
            atto_listing_close(&scenario->images[i].listing);
        atto_buffer_free(&scenario->images[i].bytes);
        free(scenario->images[i].path);
    }
    for (uint32_t i = 0; i < scenario->tenant_count; i++) {
        free(scenario->tenants[i].name);
        atto_rights_json_free(&scenario->tenants[i].rights);
    }
    for (uint32_t i = 0; i < scenario->container_count; i++) {
        free(scenario->containers[i].name);
        atto_rights_json_free(&scenario->containers[i].rights.json);
    }
    for (uint32_t i = 0; i < scenario->action_count; i++) {
        atto_rights_json_free(&scenario->actions[i].rights.json);
        free(scenario->actions[i].entry);
        atto_buffer_free(&scenario->actions[i].data);
    }
    free(scenario->actions);
    free(scenario->path);
    *scenario = (struct atto_scenario){0};
}
