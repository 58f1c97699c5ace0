/* What the two reports share: reading lines of JSON, looking things up, comparing a table with the committed one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_H
#define REPORT_H

#include <jansson.h>
#include <stdbool.h>

/* Growth beyond this share of the committed value has to be accepted on purpose. */
#define GROWTH_MAX 0.02

/* Both end the program on failure. */
json_t *report_load(const char *directory, const char *file);
json_t *report_lines(const char *file);

/* Adds to each object of `lines` the fields target and flags, and each of them to `all`. */
void report_collect(json_t *all, json_t *lines, const char *target, const char *flags);

const char *report_string(const json_t *object, const char *key);
double report_number(const json_t *object, const char *key);

/* The first entry whose string fields equal those of `like` that `keys` names (ending with NULL); NULL if none does. */
json_t *report_find(const json_t *entries, const json_t *like, const char *const *keys);

/* One run of the program. */
struct report {
    const char *directory; /* with the committed files */
    json_t *all;           /* every entry of every target */
    bool strict;           /* print ok and not ok lines for limits */
    bool foreign;          /* workloads that are not the directory's own */
    int failures;
};

/* Says whether a limit is kept: a line of a table, or in strict mode a line of a test run. place: has the target and
 * the flags. */
void report_limit(struct report *report, const char *name, const json_t *place, double is, double limit);

/* Print the tables of one kind and judge them. */
void report_bench(struct report *report);
void report_sizes(struct report *report);

#endif
