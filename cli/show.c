/* The commands that show what a device has and does: ps, top, stats, device, image. Each reads one resource.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "act.h"
#include "commands.h"
#include "report.h"
#include "table.h"

static const char ps_usage[] =
    "usage: atto ps [options] [NAME]\n"
    "\n"
    "Lists the containers of a device, or tells all about one.\n"
    "NAME is a container of the signer's, or TENANT/NAME.\n"
    "\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

static const char top_usage[] =
    "usage: atto top [options]\n"
    "\n"
    "Shows again and again what the containers of a device do: share of the processor, fuel and activations in a\n"
    "second.\n"
    "\n"
    "  -d, --delay SECONDS     between two looks, 0.1 to 3600; default 2\n"
    "  -n, --times COUNT       ends after so many\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

static const char stats_usage[] =
    "usage: atto stats [options] NAME\n"
    "\n"
    "Shows the counters of a container on a device. With --json they are SenML (RFC 8428).\n"
    "NAME is a container of the signer's, or TENANT/NAME.\n"
    "\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

static const char device_usage[] =
    "usage: atto device info [options]\n"
    "\n"
    "Tells what a device is and what room it has.\n"
    "\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

static const char image_usage[] =
    "usage: atto image ls [options]\n"
    "\n"
    "Lists what is installed on a device: sequence numbers, digests (SHA-256) of images and of rights.\n"
    "\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

/* Rows for people: a container as they name it, as one more member of each, and no fault where there was none. */
static void add_names(json_t *rows)
{
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        const char *tenant = json_string_value(json_object_get(row, "tenant"));
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *fault = json_string_value(json_object_get(row, "last_fault"));
        char *shown;

        if (fault != NULL && strcmp(fault, "ATTO_OK") == 0)
            json_object_set_new(row, "last_fault", json_null());
        shown = atto_table_name(tenant, name);
        json_object_set_new(row, "container", json_string(shown));
        free(shown);
    }
}

static void print_rows(json_t *rows, bool as_json, const struct atto_column *columns)
{
    if (as_json) {
        atto_remote_print(rows);
        return;
    }
    add_names(rows);
    atto_table_print(rows, columns);
    json_decref(rows);
}

/* ---- ps ---- */

static void list_containers(struct atto_remote *remote)
{
    static const char *const path[] = {"containers", NULL};
    static const struct atto_column columns[] = {
        {"CONTAINER", "container"}, {"STATE", "state"},   {"VERSION", "version"}, {"SEQUENCE", "sequence"},
        {"ID", "id"},               {"RAM", "ram_bytes"}, {"PERIOD_US", "period_us"}, {"PRIORITY", "priority"},
        {"ACTIVATIONS", "activations"}, {"FAULTS", "faults"}, {"LAST FAULT", "last_fault"}, {0},
    };
    json_t *rows = atto_remote_read(remote, path, NULL, ATTO_REPLY_CONTAINERS);

    if (rows != NULL)
        print_rows(rows, remote->options->json, columns);
}

static void show_container(struct atto_remote *remote, const char *text)
{
    struct atto_remote_name name;
    json_t *container;

    if (!atto_remote_name_read(remote, text, &name)) {
        atto_remote_fail(remote, ATTO_EXIT_USAGE);
        return;
    }
    container = atto_remote_read(remote, ATTO_CONTAINER_PATH(&name, NULL), NULL, ATTO_REPLY_CONTAINER);
    if (container != NULL && remote->options->json) {
        atto_remote_print(container);
    } else if (container != NULL) {
        atto_table_print_object(container);
        json_decref(container);
    }
    atto_remote_name_free(&name);
}

int atto_command_ps(int argc, char **argv)
{
    struct atto_remote_options options = ATTO_REMOTE_INIT;
    const struct atto_option table[] = {ATTO_REMOTE_OPTIONS(options), {0}};
    struct atto_remote remote;
    size_t count;
    char **words;
    int status;

    if (!atto_options_read(argc, argv, ps_usage, table, &status))
        return status;
    words = atto_files(argc, argv, &count);
    if (count > 1) {
        atto_report("one name at a time: '%s' is too many", words[1]);
        return atto_wrong_usage(argv[0]);
    }
    if (atto_remote_open(&remote, &options)) {
        if (count == 0)
            list_containers(&remote);
        else
            show_container(&remote, words[0]);
    }
    atto_remote_close(&remote);
    return remote.status;
}

/* ---- top ---- */

struct look {
    json_t *rows;
    double seconds; /* since some time or other */
};

static bool take_look(struct atto_remote *remote, struct look *look)
{
    static const char *const path[] = {"containers", NULL};
    struct timespec now;

    look->rows = atto_remote_read(remote, path, NULL, ATTO_REPLY_CONTAINERS);
    clock_gettime(CLOCK_MONOTONIC, &now);
    look->seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    return look->rows != NULL;
}

/* How much a counter has grown since the look before, for the container with this id; a new container's from 0. */
static double growth(const json_t *row, const json_t *before, const char *key)
{
    const json_int_t now = json_integer_value(json_object_get(row, key));
    const json_t *old;
    size_t i;

    json_array_foreach((json_t *)(size_t)before, i, old) {
        if (json_equal(json_object_get(old, "id"), json_object_get(row, "id")) &&
            json_integer_value(json_object_get(old, key)) <= now)
            return (double)(now - json_integer_value(json_object_get(old, key)));
    }
    return (double)now;
}

/* What one look can tell, for a share and a rate are made of times that are not exact. */
static json_t *rate(double value)
{
    return json_real(round(value * 1e3) / 1e3);
}

static void add_rates(json_t *rows, const json_t *before, double seconds)
{
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        json_object_set_new(row, "cpu_percent", rate(growth(row, before, "time_us") / seconds / 1e4));
        json_object_set_new(row, "fuel_per_s", json_integer((json_int_t)(growth(row, before, "fuel") / seconds)));
        json_object_set_new(row, "activations_per_s", rate(growth(row, before, "activations") / seconds));
    }
}

static void print_top(const struct atto_remote *remote, json_t *rows)
{
    static const struct atto_column columns[] = {
        {"CONTAINER", "container"}, {"STATE", "state"}, {"CPU%", "cpu_percent"}, {"FUEL/S", "fuel_per_s"},
        {"ACT/S", "activations_per_s"}, {"RAM", "ram_bytes"}, {"MISSES", "misses"}, {"FAULTS", "faults"},
        {"DENIALS", "denials"}, {0},
    };

    if (remote->options->json) {
        atto_remote_print(json_incref(rows));
        return;
    }
    if (isatty(STDOUT_FILENO))
        fputs("\033[H\033[2J", stdout);
    add_names(rows);
    atto_table_print(rows, columns);
    fflush(stdout);
}

/* Reads what --delay says. Reports what is none. */
static bool read_delay(const char *text, double *seconds)
{
    char *end;

    *seconds = strtod(text, &end);
    if (end != text && *end == '\0' && *seconds >= 0.1 && *seconds <= 3600)
        return true;
    atto_report("--delay must be a number of seconds from 0.1 to 3600, not '%s'", text);
    return false;
}

static void watch(struct atto_remote *remote, double delay_s, uint32_t times)
{
    const struct timespec pause = {(time_t)delay_s, (long)((delay_s - floor(delay_s)) * 1e9)};
    struct look last = {NULL, 0}, now;

    if (!take_look(remote, &last))
        return;
    for (uint32_t i = 0; times == 0 || i < times; i++) {
        nanosleep(&pause, NULL);
        if (!take_look(remote, &now))
            break;
        json_t *shown = json_deep_copy(now.rows);

        add_rates(shown, last.rows, now.seconds - last.seconds);
        print_top(remote, shown);
        json_decref(shown);
        json_decref(last.rows);
        last = now;
    }
    json_decref(last.rows);
}

int atto_command_top(int argc, char **argv)
{
    struct atto_remote_options options = ATTO_REMOTE_INIT;
    const char *delay = "2";
    double delay_s;
    uint32_t times = 0;
    const struct atto_option table[] = {ATTO_REMOTE_OPTIONS(options),
                                        {"delay", 'd', .text = &delay},
                                        {"times", 'n', .number = &times, .min = 1, .max = UINT32_MAX},
                                        {0}};
    struct atto_remote remote;
    int status;

    if (!atto_options_read(argc, argv, top_usage, table, &status))
        return status;
    if (!atto_take_nothing(argc, argv) || !read_delay(delay, &delay_s))
        return atto_wrong_usage(argv[0]);
    if (atto_remote_open(&remote, &options))
        watch(&remote, delay_s, times);
    atto_remote_close(&remote);
    return remote.status;
}

/* ---- stats ---- */

/* One line for each record: its name, its value, its unit. */
static void print_senml(const json_t *pack)
{
    const json_t *record;
    size_t i;

    json_array_foreach((json_t *)(size_t)pack, i, record) {
        const json_t *value = json_object_get(record, "v");
        const char *name = json_string_value(json_object_get(record, "n"));
        const char *unit = json_string_value(json_object_get(record, "u"));

        if (value == NULL)
            value = json_object_get(record, "vs");
        if (name == NULL || value == NULL)
            continue;
        printf("%-18s ", name);
        if (json_is_string(value))
            atto_table_print_text(json_string_value(value));
        else if (json_is_integer(value))
            printf("%lld", (long long)json_integer_value(value));
        else
            printf("%.6f", json_real_value(value));
        printf("%s%s\n", unit != NULL ? " " : "", unit != NULL ? unit : "");
    }
}

int atto_command_stats(int argc, char **argv)
{
    struct atto_remote_options options = ATTO_REMOTE_INIT;
    const struct atto_option table[] = {ATTO_REMOTE_OPTIONS(options), {0}};
    struct atto_remote_name name = {.tenant = NULL};
    struct atto_remote remote;
    const char *text = NULL;
    int status;

    if (!atto_options_read(argc, argv, stats_usage, table, &status))
        return status;
    if (!atto_take_name(argc, argv, &text))
        return atto_wrong_usage(argv[0]);
    if (atto_remote_open(&remote, &options) &&
        (atto_remote_name_read(&remote, text, &name) || atto_remote_fail(&remote, ATTO_EXIT_USAGE))) {
        json_t *pack = atto_remote_read(&remote, ATTO_CONTAINER_PATH(&name, "counters"), NULL, ATTO_REPLY_COUNTERS);

        if (pack != NULL && options.json)
            atto_remote_print(json_incref(pack));
        else if (pack != NULL)
            print_senml(pack);
        json_decref(pack);
    }
    atto_remote_name_free(&name);
    atto_remote_close(&remote);
    return remote.status;
}

/* ---- device and image ---- */

static void show_device(struct atto_remote *remote)
{
    if (!atto_remote_meet(remote))
        return;
    if (remote->options->json)
        atto_remote_print(json_incref(remote->about));
    else
        atto_table_print_object(remote->about);
}

static void list_images(struct atto_remote *remote)
{
    static const char *const path[] = {"inventory", NULL};
    static const struct atto_column columns[] = {
        {"CONTAINER", "container"}, {"SEQUENCE", "sequence"}, {"IMAGE", "image_digest"}, {"RIGHTS", "rights_digest"},
        {0},
    };
    json_t *rows = atto_remote_read(remote, path, NULL, ATTO_REPLY_INVENTORY);

    if (rows != NULL)
        print_rows(rows, remote->options->json, columns);
}

/* A command with one word behind it, which says what it does. */
static int with_word(int argc, char **argv, const char *usage, const char *word,
                     void (*show)(struct atto_remote *remote))
{
    struct atto_remote_options options = ATTO_REMOTE_INIT;
    const struct atto_option table[] = {ATTO_REMOTE_OPTIONS(options), {0}};
    struct atto_remote remote;
    size_t count;
    char **words;
    int status;

    if (!atto_options_read(argc, argv, usage, table, &status))
        return status;
    words = atto_files(argc, argv, &count);
    if (count != 1 || strcmp(words[0], word) != 0) {
        atto_report("'%s %s' is what there is", argv[0], word);
        return atto_wrong_usage(argv[0]);
    }
    if (atto_remote_open(&remote, &options))
        show(&remote);
    atto_remote_close(&remote);
    return remote.status;
}

int atto_command_device(int argc, char **argv)
{
    return with_word(argc, argv, device_usage, "info", show_device);
}

int atto_command_image(int argc, char **argv)
{
    return with_word(argc, argv, image_usage, "ls", list_images);
}
