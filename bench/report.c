/* Makes tables and files of what the benchmark's firmware and the size measurement printed.
 *
 * usage: report bench|sizes DIRECTORY OUT MODE [TARGET FLAGS LINES]...
 *
 * DIRECTORY has peers.json, expected.json, limits.json and bench.expected.json or sizes.expected.json. OUT is the file
 * to write: an array of objects, the LINES (one JSON object a line) of all targets. MODE: `show` prints tables; `check`
 * prints lines of a test run in place of the tables' limits, for each limit and for growth over 2 percent; `foreign` is
 * `show` for workloads that are not DIRECTORY's own. The exit status is 1 if a check or a workload failed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *file, const char *reason)
{
    fprintf(stderr, "report: %s: %s\n", file, reason);
    exit(2);
}

json_t *report_load(const char *directory, const char *file)
{
    char path[4096];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL)
        fail(path, error.text);
    return root;
}

json_t *report_lines(const char *file)
{
    char line[4096];
    json_error_t error;
    json_t *lines = json_array();
    FILE *stream = fopen(file, "r");
    if (stream == NULL)
        fail(file, "cannot be read");
    while (fgets(line, sizeof line, stream) != NULL) {
        json_t *object = json_loads(line, 0, &error);
        if (object == NULL)
            fail(file, line);
        json_array_append_new(lines, object);
    }
    fclose(stream);
    return lines;
}

void report_collect(json_t *all, json_t *lines, const char *target, const char *flags)
{
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line)
    {
        json_t *entry = json_object();
        json_object_set_new(entry, "target", json_string(target));
        json_object_set_new(entry, "flags", json_string(flags));
        json_object_update(entry, line);
        json_array_append_new(all, entry);
    }
    json_decref(lines);
}

const char *report_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

double report_number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

json_t *report_find(const json_t *entries, const json_t *like, const char *const *keys)
{
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        bool same = true;
        for (const char *const *key = keys; *key != NULL; key++)
            same = same && strcmp(report_string(entry, *key), report_string(like, *key)) == 0;
        if (same)
            return entry;
    }
    return NULL;
}

void report_limit(struct report *report, const char *name, const json_t *place, double is, double limit)
{
    const char *target = report_string(place, "target"), *flags = report_string(place, "flags");
    double goal = report_number(place, "goal");
    if (!report->strict) {
        printf("  %-10s %-9s %-36s %8.1f   limit %7.0f%s", target, flags, name, is, limit,
               is > limit ? ", over the limit" : "");
        if (goal > 0)
            printf("   goal %7.0f%s", goal, is > goal ? ", missed" : ", reached");
        printf("\n");
    } else if (is > limit) {
        printf("not ok limit %s %s %s: %.1f is over %.0f\n", target, flags, name, is, limit);
    } else {
        printf("ok limit %s %s %s\n", target, flags, name);
    }
    report->failures += report->strict && is > limit;
}

/* Prints what has grown too much in the new entry; answers whether anything has. */
static bool print_growth(const char *place, const json_t *old, const json_t *new, const char *const *values)
{
    bool has_grown = false;
    for (const char *const *value = values; *value != NULL; value++) {
        double was = report_number(old, *value), is = report_number(new, *value);
        if (is > was * (1.0 + GROWTH_MAX)) {
            printf("not ok growth %s: %s from %.0f to %.0f\n", place, *value, was, is);
            has_grown = true;
        }
    }
    return has_grown;
}

/* Compares with the committed table, which must have the same entries. */
static int compare(const json_t *before, const json_t *now, const char *const *keys, const char *const *values)
{
    char place[256];
    int failures = 0;
    size_t i;
    json_t *old;
    json_array_foreach(before, i, old)
    {
        const json_t *new = report_find(now, old, keys);
        int len = 0;
        for (const char *const *key = keys; *key != NULL; key++)
            len += snprintf(place + len, sizeof place - (size_t)len, "%s%s", len > 0 ? " " : "",
                            report_string(old, *key));
        if (new == NULL) {
            printf("not ok growth %s: was not measured\n", place);
            failures++;
        } else if (print_growth(place, old, new, values)) {
            failures++;
        }
    }
    if (json_array_size(before) != json_array_size(now)) {
        printf("not ok growth: %zu numbers were measured, %zu are committed\n", json_array_size(now),
               json_array_size(before));
        failures++;
    }
    return failures;
}

static int compare_with_committed(const char *directory, const char *what, const json_t *all)
{
    static const char *const bench_keys[] = { "target", "executor", "flags", "name", NULL };
    static const char *const bench_values[] = { "instructions", NULL };
    static const char *const sizes_keys[] = { "target", "flags", "part", NULL };
    static const char *const sizes_values[] = { "flash", "ram", NULL };
    bool is_bench = strcmp(what, "bench") == 0;
    json_t *before = report_load(directory, is_bench ? "bench.expected.json" : "sizes.expected.json");
    int failures = compare(before, all, is_bench ? bench_keys : sizes_keys, is_bench ? bench_values : sizes_values);
    json_decref(before);
    if (failures == 0)
        printf("ok growth of %s\n", what);
    else
        printf("  If this growth is meant: scripts/%s --accept, and say why in the commit.\n", what);
    return failures;
}

int main(int argc, char **argv)
{
    if (argc < 5 || (argc - 5) % 3 != 0) {
        fprintf(stderr, "usage: report bench|sizes DIRECTORY OUT show|check|foreign [TARGET FLAGS LINES]...\n");
        return 2;
    }
    const char *what = argv[1], *out = argv[3], *mode = argv[4];
    struct report report = {
        .directory = argv[2],
        .all = json_array(),
        .strict = strcmp(mode, "check") == 0,
        .foreign = strcmp(mode, "foreign") == 0,
    };
    for (int i = 5; i < argc; i += 3)
        report_collect(report.all, report_lines(argv[i + 2]), argv[i], argv[i + 1]);
    if (strcmp(what, "bench") == 0)
        report_bench(&report);
    else
        report_sizes(&report);
    if (json_dump_file(report.all, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) != 0)
        fail(out, "cannot be written");
    if (report.strict)
        report.failures += compare_with_committed(report.directory, what, report.all);
    json_decref(report.all);
    return report.failures > 0;
}
