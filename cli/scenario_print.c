/* Shows what became of a scenario: a table of the containers, events, what could not be done, log lines, and
 * post-mortems with their source lines; or all of it as JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "constraint.h"
#include "report.h"
#include "run.h"

static const char *name_by_id(const struct atto_scenario *scenario, const struct atto_scenario_result *result,
                              const json_t *object)
{
    uint32_t index = atto_scenario_by_id(scenario, result, atto_scenario_number(object, "container"));

    return index == UINT32_MAX ? "?" : scenario->containers[index].name;
}

void atto_scenario_print_time(json_int_t us)
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
    return atto_constraint_text(atto_constraint_named(atto_scenario_word(object, "constraint")),
                                atto_scenario_word(object, "culprit"),
                                (uint32_t)atto_scenario_number(object, "missing"),
                                (uint32_t)atto_scenario_number(object, "needs_bytes"));
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

/* On what or whom an action was to be done. */
static const char *subject_of(const struct atto_scenario *scenario, const struct atto_scenario_action *action,
                              const json_t *object)
{
    const char *name = atto_scenario_word(object, "container");

    if (name != NULL)
        return name;
    if (action != NULL && strcmp(action->what, "set-ceiling") == 0)
        return atto_scenario_tenant_name(scenario, action->tenant);
    return action != NULL && strcmp(action->what, "fire") == 0 ? "the hook" : "the board";
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

        if (is_fine(object))
            continue;
        printf("%s  ", any ? "" : "\nnot done\n");
        any = true;
        atto_scenario_print_time(atto_scenario_number(object, "time_us"));
        printf("%s %s: ", atto_scenario_word(object, "action"), subject_of(scenario, action, object));
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

/* Microseconds as milliseconds, with as many decimals as they need, at most; negative: there are none. */
static void print_ms(json_int_t us, int width)
{
    char text[32];

    if (us < 0)
        snprintf(text, sizeof text, "-");
    else if (us % 1000 == 0)
        snprintf(text, sizeof text, "%lld", (long long)us / 1000);
    else
        snprintf(text, sizeof text, "%lld.%03lld", (long long)us / 1000, (long long)us % 1000);
    printf(" %*s", width, text);
}

int atto_scenario_name_width(const struct atto_scenario *scenario)
{
    size_t width = sizeof "container" - 1;

    for (uint32_t i = 0; i < scenario->container_count; i++) {
        if (strlen(scenario->containers[i].name) > width)
            width = strlen(scenario->containers[i].name);
    }
    return (int)width;
}

static int tenant_width(const struct atto_scenario *scenario)
{
    size_t width = sizeof "tenant" - 1;

    for (uint32_t i = 0; i < scenario->tenant_count; i++) {
        if (strlen(scenario->tenants[i].name) > width)
            width = strlen(scenario->tenants[i].name);
    }
    return (int)width;
}

/* No value has a blank in it, so that scripts can take the table apart, as they do with that of `ps`. */
static void print_container(const struct atto_scenario *scenario, const struct atto_scenario_history *history,
                            const struct atto_scenario_result *result, const json_t *container, size_t index)
{
    int width = atto_scenario_name_width(scenario);
    const char *tenant = atto_scenario_tenant_name(scenario, scenario->containers[index].tenant);
    const json_t *schedule = json_object_get(container, "schedule");
    json_int_t period_us = atto_scenario_number(schedule, "period_us");
    static const struct {
        const char *key;
        int width;
    } columns[] = {{"faults", 6}, {"denials", 7}, {"host_calls", 6}, {"ram_bytes", 6}, {"stack_used_bytes", 6}};

    if (!json_is_true(json_object_get(container, "installed"))) {
        printf("%2s  %-*s  %-*s  refused\n", "-", width, atto_scenario_word(container, "container"),
               tenant_width(scenario), tenant);
        return;
    }
    printf("%2lld  %-*s  %-*s  %-9s %4lld", (long long)atto_scenario_number(container, "id"), width,
           atto_scenario_word(container, "container"), tenant_width(scenario), tenant,
           atto_scenario_word(container, "state"), (long long)atto_scenario_number(schedule, "priority"));
    print_ms(period_us == 0 ? -1 : period_us, 6);
    printf(" %6lld", (long long)atto_scenario_number(container, "activations"));
    print_ms(history->worst_us[index], 8);
    printf(" %6lld %6.2f %8lld %9u", (long long)atto_scenario_number(container, "misses"), percent(result, container),
           (long long)atto_scenario_number(container, "fuel"), history->throttles[index]);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        printf(" %*lld", columns[i].width, (long long)atto_scenario_number(container, columns[i].key));
    putchar('\n');
}

static void print_table(const struct atto_scenario *scenario, const struct atto_scenario_result *result,
                        const struct atto_scenario_history *history)
{
    static const char format[] = "%2s  %-*s  %-*s  %-9s %4s %6s %6s %8s %6s %6s %8s %9s %6s %7s %6s %6s %6s\n";
    int width = atto_scenario_name_width(scenario), owner_width = tenant_width(scenario);
    size_t i;
    json_t *container;

    printf("ps\n");
    printf(format, "id", width, "container", owner_width, "tenant", "state", "prio", "period", "runs", "response",
           "misses", "CPU", "fuel", "throttled", "faults", "denials", "calls", "RAM", "stack");
    printf(format, "", width, "", owner_width, "", "", "", "ms", "", "worst ms", "", "%", "", "", "", "", "", "bytes",
           "bytes");
    json_array_foreach(result->containers, i, container)
        print_container(scenario, history, result, container, i);
}

/* Who and what there is, in two lines. */
static void print_head(const struct atto_scenario *scenario, const struct atto_scenario_result *result)
{
    json_int_t ram_bytes = 0;
    double busy = 0.0;
    size_t i, running = 0;
    json_t *container;

    json_array_foreach(result->containers, i, container) {
        const char *state = atto_scenario_word(container, "state");

        busy += percent(result, container);
        if (state != NULL && strcmp(state, "running") == 0)
            running++;
        if (state != NULL && strcmp(state, "removed") != 0)
            ram_bytes += atto_scenario_number(container, "ram_bytes");
    }
    printf("%s on %s, %.3f ms\n", scenario->path, atto_scenario_word(result->run, "run"),
           (double)atto_scenario_number(result->run, "duration_us") / 1000.0);
    printf("%zu containers, %zu of them running at the end; ", i, running);
    printf("they took %.2f %% of the CPU and %lld of %lld bytes of RAM\n\n", busy, (long long)ram_bytes,
           (long long)atto_scenario_number(result->run, "pool_bytes"));
}

/* ---- events ---- */

#define EVENTS_PRINTED_MAX 60u

static void print_events(const struct atto_scenario *scenario, const struct atto_scenario_history *history)
{
    int width = atto_scenario_name_width(scenario);
    size_t i, count = json_array_size(history->events);
    json_t *event;

    if (count != 0)
        printf("\nevents\n");
    json_array_foreach(history->events, i, event) {
        const char *text = atto_scenario_word(event, "text");

        if (i == EVENTS_PRINTED_MAX) {
            printf("  (%zu more; --json prints them all)\n", count - i);
            break;
        }
        printf("  ");
        atto_scenario_print_time(atto_scenario_number(event, "time_us"));
        printf("%-*s  ", width, atto_scenario_word(event, "container"));
        if (text[0] == '\0')
            printf("%s\n", atto_scenario_word(event, "event"));
        else
            printf("%-9s  %s\n", atto_scenario_word(event, "event"), text);
    }
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

/* Are these faults of the same place, in the same program of the same container? */
static bool is_alike(const json_t *left, const json_t *right)
{
    static const char *const members[] = {"container", "image", "activation", "pc", "postmortem"};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!json_equal(json_object_get(left, members[i]), json_object_get(right, members[i])))
            return false;
    }
    return true;
}

/* " (5 times, the last at 12.345 ms)" of the fault at an index, if it has come again. */
static void print_times(const json_t *deaths, size_t index)
{
    const json_t *first = json_array_get(deaths, index);
    json_int_t last_us = 0;
    unsigned times = 1;

    for (size_t i = index + 1; i < json_array_size(deaths); i++) {
        const json_t *other = json_array_get(deaths, i);

        if (is_alike(first, other)) {
            last_us = atto_scenario_number(other, "time_us");
            times++;
        }
    }
    if (times > 1)
        printf(" (%u times, the last at %.3f ms)", times, (double)last_us / 1000.0);
}

static bool is_repeated(const json_t *deaths, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_alike(json_array_get(deaths, i), json_array_get(deaths, index)))
            return true;
    }
    return false;
}

static void print_death(const struct atto_scenario *scenario, const struct atto_scenario_result *result, size_t index)
{
    const json_t *object = json_array_get(result->postmortems, index);
    const json_t *registers = json_object_get(object, "registers");
    char *place = describe_place(image_of_death(scenario, object), (uint32_t)atto_scenario_number(object, "pc"));
    size_t count = json_array_size(registers);

    printf("  ");
    atto_scenario_print_time(atto_scenario_number(object, "time_us"));
    printf("%s, %s: %s", name_by_id(scenario, result, object), atto_scenario_word(object, "activation"),
           atto_scenario_word(object, "text"));
    print_times(result->postmortems, index);
    putchar('\n');
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
    struct atto_scenario_history history;
    size_t i;
    json_t *object;

    atto_scenario_history_read(&history, scenario, result);
    print_head(scenario, result);
    print_table(scenario, result, &history);
    atto_scenario_print_policy(scenario, result);
    print_events(scenario, &history);
    atto_scenario_history_free(&history);
    print_lost(result, "trace_lost", "records of the trace");
    print_refusals(scenario, result);
    atto_scenario_print_audit(scenario, result);
    if (json_array_size(result->log) != 0)
        printf("\nlog\n");
    json_array_foreach(result->log, i, object) {
        printf("  ");
        atto_scenario_print_time(atto_scenario_number(object, "time_us"));
        printf("%s: %s\n", name_by_id(scenario, result, object), atto_scenario_word(object, "log"));
    }
    print_lost(result, "lines_lost", "lines");
    if (json_array_size(result->postmortems) != 0)
        printf("\nfaults\n");
    for (i = 0; i < json_array_size(result->postmortems); i++) {
        if (!is_repeated(result->postmortems, i))
            print_death(scenario, result, i);
    }
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

static json_t *json_container(const struct atto_scenario_result *result, const struct atto_scenario_history *history,
                              size_t index)
{
    json_t *copy = json_deep_copy(json_array_get(result->containers, index));
    json_int_t worst_us = history->worst_us[index];

    if (json_is_true(json_object_get(copy, "installed"))) {
        json_object_set_new(copy, "cpu_percent", json_real(percent(result, copy)));
        json_object_set_new(copy, "response_worst_us", worst_us < 0 ? json_null() : json_integer(worst_us));
        json_object_set_new(copy, "throttles", json_integer(history->throttles[index]));
    }
    set_words(json_object_get(copy, "schedule"));
    atto_scenario_policy_to_json(copy);
    return copy;
}

void atto_scenario_print_json(const struct atto_scenario *scenario, const struct atto_scenario_result *result)
{
    json_t *installs = json_array(), *containers = json_array(), *actions = json_array();
    json_t *log = json_deep_copy(result->log), *postmortems = json_deep_copy(result->postmortems);
    struct atto_scenario_history history;
    json_t *root, *object;
    uint32_t at = 0;
    size_t i;

    atto_scenario_history_read(&history, scenario, result);
    json_array_foreach(result->installs, i, object)
        json_array_append_new(installs, json_refused(&scenario->images[scenario->containers[i].image], object));
    json_array_foreach(result->containers, i, object) {
        json_array_append_new(containers, json_container(result, &history, i));
    }
    json_array_foreach(result->actions, i, object) {
        const struct atto_scenario_action *action = next_action(scenario, object, &at);

        json_t *copy = json_refused(image_of(scenario, action), object);

        atto_scenario_turns_to_json(result, i, copy);
        json_array_append_new(actions, copy);
    }
    json_array_foreach(log, i, object)
        set_name(scenario, result, object);
    json_array_foreach(postmortems, i, object) {
        add_place(object, image_of_death(scenario, object), (uint32_t)atto_scenario_number(object, "pc"));
        json_object_set_new(object, "image", json_string(image_of_death(scenario, object)->path));
        set_name(scenario, result, object);
    }
    root = json_pack("{s:O,s:o,s:o,s:O,s:o,s:o,s:o,s:o}", "run", result->run, "installs", installs, "containers",
                     containers, "events", history.events, "actions", actions,
                     "audit", atto_scenario_audit_to_json(scenario, result), "log", log, "postmortems", postmortems);
    atto_scenario_history_free(&history);
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(4));
    putchar('\n');
    json_decref(root);
}
