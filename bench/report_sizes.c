/* The table of sizes: flash and RAM of each part of the library on each target, at each optimisation.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "report.h"

static void print_limits(struct report *report, const json_t *limits)
{
    static const char *const keys[] = { "target", "flags", "part", NULL }, *const values[] = { "flash", "ram" };
    size_t i;
    json_t *entry;
    printf("\n");
    json_array_foreach(report->all, i, entry)
    {
        const json_t *limit = report_find(limits, entry, keys);
        for (size_t j = 0; limit != NULL && j < sizeof values / sizeof values[0]; j++) {
            char name[128];
            if (json_object_get(limit, values[j]) == NULL)
                continue;
            snprintf(name, sizeof name, "%s, %s", report_string(entry, "part"), values[j]);
            report_limit(report, name, limit, report_number(entry, values[j]), report_number(limit, values[j]));
        }
    }
    printf("\n");
}

void report_sizes(struct report *report)
{
    json_t *limits = report_load(report->directory, "limits.json");
    const char *target = "", *flags = "";
    size_t i;
    json_t *entry;
    json_array_foreach(report->all, i, entry)
    {
        if (strcmp(report_string(entry, "target"), target) != 0 || strcmp(report_string(entry, "flags"), flags) != 0) {
            target = report_string(entry, "target");
            flags = report_string(entry, "flags");
            printf("%s%-55s %8s %8s\n", i == 0 ? "" : "\n", "bytes", "flash", "RAM");
        }
        printf("%-10s %-9s %-34s %8.0f %8.0f\n", target, flags, report_string(entry, "part"),
               report_number(entry, "flash"), report_number(entry, "ram"));
    }
    print_limits(report, json_object_get(limits, "sizes"));
    json_decref(limits);
}
