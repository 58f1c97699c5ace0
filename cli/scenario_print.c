/* Shows what became of a scenario: a table of the containers, what could not be done, log lines, and post-mortems with
 * their source lines; or all of it as JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "report.h"
#include "run.h"

static const char *name_by_id(const struct atto_scenario *scenario, const struct atto_scenario_result *result,
                              const json_t *object)
{
    uint32_t index = atto_scenario_by_id(scenario, result, atto_scenario_number(object, "container"));

    return index == UINT32_MAX ? "?" : scenario->containers[index].name;
}

/* "12.345 ms" of a time in microseconds. */
static void print_time(json_int_t us)
{
    printf("%6" JSON_INTEGER_FORMAT ".%03" JSON_INTEGER_FORMAT " ms  ", us / 1000, us % 1000);
}

/* ---- places in a program ---- */

/* "FILE:LINE in FUNCTION, slot N: INSTRUCTION", as far as it is known. The caller frees it. */
static char *describe_place(const struct atto_scenario_image *image, uint32_t slot)
{
    char text[ATTO_DISASM_BYTES] = "?", function[64];
    const char *file;
    uint32_t line;

    if (!image->has_listing || slot >= image->listing.slot_count)
        return atto_format("slot %u of %s", slot, image->path);
    atto_listing_instruction(&image->listing, slot, text);
    atto_listing_function(&image->listing, slot, function, sizeof function);
    if (!atto_lines_find(&image->listing.lines, slot, &file, &line))
        return atto_format("slot %u in %s: %s", slot, function, text);
    return atto_format("%s:%u in %s, slot %u: %s", file, line, function, slot, text);
}

static void add_place(json_t *object, const struct atto_scenario_image *image, uint32_t slot)
{
    char text[ATTO_DISASM_BYTES], function[64];
    const char *file;
    uint32_t line;

    if (!image->has_listing || slot >= image->listing.slot_count)
        return;
    atto_listing_instruction(&image->listing, slot, text);
    atto_listing_function(&image->listing, slot, function, sizeof function);
    json_object_set_new(object, "instruction", json_string(text));
    json_object_set_new(object, "function", json_string(function));
    if (atto_lines_find(&image->listing.lines, slot, &file, &line)) {
        json_object_set_new(object, "file", json_string(file));
        json_object_set_new(object, "line", json_integer(line));
    }
}

/* ---- refusals ---- */

static bool is_fine(const json_t *object)
{
    return strcmp(atto_scenario_word(object, "status"), "ATTO_OK") == 0;
}

/* Does a refusal with this status point into the text? */
static bool points_to_slot(const json_t *object)
{
    enum atto_status status = atto_run_status(atto_scenario_word(object, "status"));

    return status <= ATTO_E_TEXT_LENGTH && status > ATTO_FAULT_MEMORY;
}

static bool points_to_byte(const json_t *object)
{
    enum atto_status status = atto_run_status(atto_scenario_word(object, "status"));

    return status <= ATTO_E_FORMAT && status > ATTO_E_TEXT_LENGTH;
}

/* The promise that could not be made, in words. NULL: that was not the reason. The caller frees it. */
static char *describe_constraint(const json_t *object)
{
    const char *constraint = atto_scenario_word(object, "constraint");
    const char *culprit = atto_scenario_word(object, "culprit");
    json_int_t missing = atto_scenario_number(object, "missing");

    if (constraint == NULL || strcmp(constraint, "none") == 0)
        return NULL;
    if (culprit == NULL)
        culprit = "it";
    if (strcmp(constraint, "memory") == 0)
        return atto_format("memory: %lld bytes of the pool are missing; it needs %lld", (long long)missing,
                           (long long)atto_scenario_number(object, "needs_bytes"));
    if (strcmp(constraint, "deadline") == 0)
        return atto_format("deadline: %s would end %lld us late", culprit, (long long)missing);
    if (strcmp(constraint, "budget") == 0)
        return atto_format("budget: that of %s lacks %lld fuel for one activation", culprit, (long long)missing);
    return atto_format("unbounded: %s may take all the time from one with a deadline; it needs a budget, or a priority "
                       "number that is larger by at least %lld", culprit, (long long)missing);
}

/* What refused an action; the device says the same of a container and of an entry point that is not there. */
static const char *reason_of(const json_t *object)
{
    const char *action = atto_scenario_word(object, "action");

    if (action == NULL || strcmp(atto_scenario_word(object, "status"), "ATTO_E_NOT_FOUND") != 0)
        return atto_scenario_word(object, "text");
    return strcmp(action, "post") == 0 ? "there is no such entry point, or it is not installed" : "it is not installed";
}

/* image: of what was to be installed, NULL for a change of schedule. */
static void print_refusal(const json_t *object, const struct atto_scenario_image *image)
{
    uint32_t at = (uint32_t)atto_scenario_number(object, "at");
    char *constraint = describe_constraint(object);
    char *place = image != NULL && points_to_slot(object) ? describe_place(image, at) : NULL;

    printf("%s\n", reason_of(object));
    if (place != NULL)
        printf("    at  %s\n", place);
    if (image != NULL && points_to_byte(object))
        printf("    at  byte %u of %s\n", at, image->path);
    if (constraint != NULL)
        printf("    %s\n", constraint);
    free(constraint);
    free(place);
}

/* The action of the file that an action of the firmware's is; NULL: the start of a container. Both are by time, and
 * starts that the file does not have are the only ones that are more. */
static const struct atto_scenario_action *next_action(const struct atto_scenario *scenario, const json_t *object,
                                                      uint32_t *at)
{
    const struct atto_scenario_action *action = &scenario->actions[*at];
    const char *name = atto_scenario_word(object, "container");

    if (*at == scenario->action_count || strcmp(action->what, atto_scenario_word(object, "action")) != 0 ||
        action->at_ms * (json_int_t)1000 != atto_scenario_number(object, "at_us") ||
        (name != NULL && strcmp(name, scenario->containers[action->container].name) != 0))
        return NULL;
    (*at)++;
    return action;
}

static const struct atto_scenario_image *image_of(const struct atto_scenario *scenario,
                                                  const struct atto_scenario_action *action)
{
    return action != NULL && strcmp(action->what, "update") == 0 ? &scenario->images[action->image] : NULL;
}

static void print_refusals(const struct atto_scenario *scenario, const struct atto_scenario_result *result)
{
    bool any = false;
    uint32_t at = 0;
    size_t i;
    json_t *object;

    json_array_foreach(result->installs, i, object) {
        if (is_fine(object))
            continue;
        printf("%s", any ? "" : "\nnot done\n");
        any = true;
        printf("  install %s: ", atto_scenario_word(object, "install"));
        print_refusal(object, &scenario->images[scenario->containers[i].image]);
    }
    json_array_foreach(result->actions, i, object) {
        const struct atto_scenario_action *action = next_action(scenario, object, &at);
        const char *name = atto_scenario_word(object, "container");

        if (is_fine(object))
            continue;
        printf("%s  ", any ? "" : "\nnot done\n");
        any = true;
        print_time(atto_scenario_number(object, "time_us"));
        printf("%s %s: ", atto_scenario_word(object, "action"), name == NULL ? "the hook" : name);
        print_refusal(object, image_of(scenario, action));
    }
}

/* ---- containers ---- */

static double percent(const struct atto_scenario_result *result, const json_t *container)
{
    json_int_t duration_us = atto_scenario_number(result->run, "duration_us");

    return duration_us == 0 ? 0.0
                            : (double)atto_scenario_number(container, "time_us") * 100.0 / (double)duration_us;
}

static void print_period(json_int_t us)
{
    char text[32];

    if (us == 0)
        snprintf(text, sizeof text, "-");
    else if (us % 1000 == 0)
        snprintf(text, sizeof text, "%lld ms", (long long)us / 1000);
    else
        snprintf(text, sizeof text, "%lld us", (long long)us);
    printf(" %10s", text);
}

static void print_container(const struct atto_scenario_result *result, const json_t *container)
{
    const json_t *schedule = json_object_get(container, "schedule");
    static const char *const first[] = {"activations", "fuel"}, *const second[] = {"misses", "faults", "denials",
                                                                                   "host_calls", "ram_bytes",
                                                                                   "stack_used_bytes"};
    static const int widths[] = {7, 7, 8, 8, 7, 6};

    printf("%-16s ", atto_scenario_word(container, "container"));
    if (!json_is_true(json_object_get(container, "installed"))) {
        printf("refused\n");
        return;
    }
    printf("%-9s %4lld", atto_scenario_word(container, "state"), (long long)atto_scenario_number(schedule, "priority"));
    print_period(atto_scenario_number(schedule, "period_us"));
    for (size_t i = 0; i < 2; i++)
        printf(" %*lld", i == 0 ? 6 : 10, (long long)atto_scenario_number(container, first[i]));
    printf(" %6.2f", percent(result, container));
    for (size_t i = 0; i < sizeof second / sizeof second[0]; i++)
        printf(" %*lld", widths[i], (long long)atto_scenario_number(container, second[i]));
    putchar('\n');
}

static void print_table(const struct atto_scenario_result *result)
{
    size_t i;
    json_t *container;

    printf("%-16s %-9s %4s %10s %6s %10s %6s %7s %7s %8s %8s %7s %6s\n", "container", "state", "prio", "period", "runs",
           "fuel", "CPU %", "misses", "faults", "denials", "calls", "RAM", "stack");
    json_array_foreach(result->containers, i, container)
        print_container(result, container);
}

/* ---- post-mortems ---- */

static void print_calls(const json_t *calls)
{
    if (json_integer_value(json_array_get(calls, 0)) == 0)
        return;
    printf("    calls     ");
    for (size_t i = 0; i < json_array_size(calls); i++) {
        uint32_t number = (uint32_t)json_integer_value(json_array_get(calls, i));
        const char *name = atto_call_name(number);

        if (number == 0)
            break;
        if (name != NULL)
            printf("%s%s", i == 0 ? "" : ", ", name);
        else
            printf("%s%u", i == 0 ? "" : ", ", number);
    }
    printf(" (the latest first)\n");
}

static const struct atto_scenario_image *image_of_death(const struct atto_scenario *scenario, const json_t *object)
{
    json_int_t image = atto_scenario_number(object, "image");

    return image >= 0 && image < (json_int_t)scenario->image_count ? &scenario->images[image] : &scenario->images[0];
}

static void print_death(const struct atto_scenario *scenario, const struct atto_scenario_result *result,
                        const json_t *object)
{
    const json_t *registers = json_object_get(object, "registers");
    char *place = describe_place(image_of_death(scenario, object), (uint32_t)atto_scenario_number(object, "pc"));
    size_t count = json_array_size(registers);

    printf("  ");
    print_time(atto_scenario_number(object, "time_us"));
    printf("%s, %s: %s\n", name_by_id(scenario, result, object), atto_scenario_word(object, "activation"),
           atto_scenario_word(object, "text"));
    printf("    at        %s\n", place);
    if (strcmp(atto_scenario_word(object, "postmortem"), "ATTO_FAULT_MEMORY") == 0)
        printf("    address   %s\n", atto_scenario_word(object, "fault_address"));
    print_calls(json_object_get(object, "last_calls"));
    for (size_t i = 0; i < count; i++)
        printf("%sr%zu=%s%s", i % 4 == 0 ? "    " : " ", i, json_string_value(json_array_get(registers, i)),
               i % 4 == 3 || i + 1 == count ? "\n" : "");
    free(place);
}

static void print_lost(const struct atto_scenario_result *result, const char *key, const char *what)
{
    if (atto_scenario_number(result->run, key) != 0)
        printf("  (%lld more %s did not fit)\n", (long long)atto_scenario_number(result->run, key), what);
}

void atto_scenario_print(const struct atto_scenario *scenario, const struct atto_scenario_result *result)
{
    size_t i;
    json_t *object;

    printf("%s on %s, ", scenario->path, atto_scenario_word(result->run, "run"));
    printf("%.3f ms\n\n", (double)atto_scenario_number(result->run, "duration_us") / 1000.0);
    print_table(result);
    print_refusals(scenario, result);
    if (json_array_size(result->log) != 0)
        printf("\nlog\n");
    json_array_foreach(result->log, i, object) {
        printf("  ");
        print_time(atto_scenario_number(object, "time_us"));
        printf("%s: %s\n", name_by_id(scenario, result, object), atto_scenario_word(object, "log"));
    }
    print_lost(result, "lines_lost", "lines");
    if (json_array_size(result->postmortems) != 0)
        printf("\nfaults\n");
    json_array_foreach(result->postmortems, i, object)
        print_death(scenario, result, object);
    print_lost(result, "postmortems_lost", "post-mortems");
}

/* ---- JSON ---- */

/* The numbers of a schedule, but words where the file has words. */
static void set_words(json_t *schedule)
{
    static const char *const fields[] = {"restart", "on_miss", "on_overrun"};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0] && schedule != NULL; i++) {
        const char *word = atto_schedule_word(fields[i], (uint32_t)atto_scenario_number(schedule, fields[i]));

        if (word != NULL)
            json_object_set_new(schedule, fields[i], json_string(word));
    }
}

/* Objects that the firmware calls by id are called by name. */
static void set_name(const struct atto_scenario *scenario, const struct atto_scenario_result *result, json_t *object)
{
    json_object_set_new(object, "container", json_string(name_by_id(scenario, result, object)));
}

static json_t *json_refused(const struct atto_scenario_image *image, const json_t *object)
{
    json_t *copy = json_deep_copy(object);

    if (image != NULL && points_to_slot(object))
        add_place(copy, image, (uint32_t)atto_scenario_number(object, "at"));
    return copy;
}

void atto_scenario_print_json(const struct atto_scenario *scenario, const struct atto_scenario_result *result)
{
    json_t *installs = json_array(), *containers = json_array(), *actions = json_array();
    json_t *log = json_deep_copy(result->log), *postmortems = json_deep_copy(result->postmortems);
    json_t *root, *object;
    uint32_t at = 0;
    size_t i;

    json_array_foreach(result->installs, i, object)
        json_array_append_new(installs, json_refused(&scenario->images[scenario->containers[i].image], object));
    json_array_foreach(result->containers, i, object) {
        json_t *copy = json_deep_copy(object);

        if (json_is_true(json_object_get(object, "installed")))
            json_object_set_new(copy, "cpu_percent", json_real(percent(result, object)));
        set_words(json_object_get(copy, "schedule"));
        json_array_append_new(containers, copy);
    }
    json_array_foreach(result->actions, i, object) {
        const struct atto_scenario_action *action = next_action(scenario, object, &at);

        json_array_append_new(actions, json_refused(image_of(scenario, action), object));
    }
    json_array_foreach(log, i, object)
        set_name(scenario, result, object);
    json_array_foreach(postmortems, i, object) {
        add_place(object, image_of_death(scenario, object), (uint32_t)atto_scenario_number(object, "pc"));
        json_object_set_new(object, "image", json_string(image_of_death(scenario, object)->path));
        set_name(scenario, result, object);
    }
    root = json_pack("{s:O,s:o,s:o,s:o,s:o,s:o}", "run", result->run, "installs", installs, "containers", containers,
                     "actions", actions, "log", log, "postmortems", postmortems);
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(4));
    putchar('\n');
    json_decref(root);
}
