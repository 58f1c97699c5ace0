/* The benchmark's tables: instructions of each workload, natively and in Atto, their ratio, and the ratios of peers
 * that were measured in the same way (peers.json).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define PEERS_MAX 16
#define PEER_WIDTH_MIN 9

static const char check_price[] = "check_per_guest_instruction";
static const char *const key_name[] = { "executor", "name", NULL };

struct peer {
    const char *name;
    json_t *run; /* instructions by workload, at -O2 */
    int width;   /* of its column: the longest word of the name */
    double log_sum;
    int count;
};

struct table {
    struct report *report;
    json_t *entries; /* of one target and one set of flags */
    json_t *sums;    /* entries that are worked out here, of all targets */
    json_t *expected, *peer_native;
    struct peer peers[PEERS_MAX];
    int peer_count;
    double log_sum;
    int count;
    double check_instructions, guest_instructions;
};

/* Entry points and calls that compute nothing: a ratio would say nothing about execution. */
static bool is_overhead(const char *name)
{
    return strcmp(name, "empty") == 0 || strcmp(name, "hostcall") == 0;
}

static json_t *find(const json_t *entries, const char *executor, const char *name)
{
    json_t *like = json_pack("{s:s,s:s}", "executor", executor, "name", name);
    json_t *found = report_find(entries, like, key_name);
    json_decref(like);
    return found;
}

static int longest_word(const char *text)
{
    int longest = PEER_WIDTH_MIN;
    while (*text != '\0') {
        int len = (int)strcspn(text, " ");
        longest = len > longest ? len : longest;
        text += len;
        text += *text == ' ';
    }
    return longest;
}

/* The peers of the target that peers.json has: its own name for RV32 says which compressed and atomic extensions. */
static void find_peers(struct table *table, json_t *peers, const char *target)
{
    json_t *targets = json_object_get(peers, "targets");
    json_t *vms = json_object_get(targets, strcmp(target, "rv32") == 0 ? "rv32imc" : target);
    const char *name;
    json_t *vm;
    json_object_foreach(vms, name, vm)
    {
        json_t *run = json_object_get(json_object_get(vm, "-O2"), "run");
        if (strcmp(name, "native") == 0)
            table->peer_native = run;
        else if (run != NULL && table->peer_count < PEERS_MAX)
            table->peers[table->peer_count++] = (struct peer){ name, run, longest_word(name), 0.0, 0 };
    }
}

/* Names of several words go over several lines, one word in each. */
static void print_heading(const struct table *table)
{
    bool more = true;
    for (int line = 0; more; line++) {
        more = false;
        if (line == 0)
            printf("%-14s %9s %9s %7s ", "workload", "native", "atto", "ratio");
        else
            printf("%-14s %9s %9s %7s ", "", "", "", "");
        for (int i = 0; i < table->peer_count; i++) {
            const char *word = table->peers[i].name;
            for (int skip = line; skip > 0 && *word != '\0'; skip--) {
                word += strcspn(word, " ");
                word += *word == ' ';
            }
            int len = (int)strcspn(word, " ");
            printf(" %*.*s", table->peers[i].width, len, word);
            more = more || word[len] == ' ';
        }
        printf("\n");
    }
}

/* Does this entry stem from the program and the input that the expected result, and the peers' numbers, belong to? */
static bool is_known(const struct table *table, const json_t *native)
{
    const char *expected = report_string(table->expected, report_string(native, "name"));
    return strcmp(expected, report_string(native, "result")) == 0;
}

static void judge(struct table *table, json_t *entry, const json_t *native)
{
    const char *name = report_string(entry, "name"), *expected = report_string(table->expected, name);
    bool ok = json_is_true(json_object_get(entry, "ok"));
    const char *reason = "a run failed, or runs differed";
    if (!table->report->foreign && *expected != '\0' && strcmp(expected, report_string(entry, "result")) != 0) {
        reason = "result is not the expected one";
        ok = false;
    } else if (native != NULL && ok && strcmp(report_string(native, "result"), report_string(entry, "result")) != 0) {
        reason = "result is not the native one";
        ok = false;
    } else if (*report_string(entry, "error") != '\0') {
        reason = report_string(entry, "error");
    }
    if (!ok) {
        printf("not ok bench %s %s %s: %s\n", report_string(entry, "target"), report_string(entry, "executor"), name,
               reason);
        table->report->failures++;
    }
    json_object_set_new(entry, "ok", json_boolean(ok));
}

static void judge_all(struct table *table)
{
    size_t i;
    json_t *entry;
    json_array_foreach(table->entries, i, entry)
    {
        const json_t *native = find(table->entries, "native", report_string(entry, "name"));
        judge(table, entry, native != entry ? native : NULL);
    }
}

static void print_peers(struct table *table, const char *name, bool is_ratio)
{
    double native = json_number_value(json_object_get(table->peer_native, name));
    for (int i = 0; i < table->peer_count; i++) {
        struct peer *peer = &table->peers[i];
        double instructions = json_number_value(json_object_get(peer->run, name));
        if (instructions <= 0 || native <= 0) {
            printf(" %*s", peer->width, "-");
        } else if (!is_ratio) {
            printf(" %*.0f", peer->width, instructions);
        } else {
            printf(" %*.1f", peer->width, instructions / native);
            peer->log_sum += log(instructions / native);
            peer->count++;
        }
    }
    printf("\n");
}

static void print_workload(struct table *table, const json_t *native, const json_t *guest)
{
    const char *name = report_string(native, "name");
    double native_count = report_number(native, "instructions"), guest_count = report_number(guest, "instructions");
    printf("%-14s %9.0f ", name, native_count);
    if (!json_is_true(json_object_get(guest, "ok"))) {
        printf("%9s\n", "failed");
        return;
    }
    printf("%9.0f ", guest_count);
    if (is_overhead(name)) {
        printf("%7s ", "");
    } else {
        printf("%7.1f ", guest_count / native_count);
        table->log_sum += log(guest_count / native_count);
        table->count++;
    }
    if (is_known(table, native))
        print_peers(table, name, !is_overhead(name));
    else
        printf("\n");
}

static void print_workloads(struct table *table, bool overhead)
{
    size_t i;
    json_t *native;
    json_array_foreach(table->entries, i, native)
    {
        const char *name = report_string(native, "name");
        if (strcmp(report_string(native, "executor"), "native") != 0 || is_overhead(name) != overhead)
            continue;
        print_workload(table, native, find(table->entries, "bpf", name));
    }
}

static double mean(double log_sum, int count)
{
    return count > 0 ? exp(log_sum / count) : 0.0;
}

static void print_means(const struct table *table)
{
    printf("%-14s %9s %9s %7.1f ", "geometric mean", "", "", mean(table->log_sum, table->count));
    for (int i = 0; i < table->peer_count; i++) {
        if (table->peers[i].count == table->count)
            printf(" %*.1f", table->peers[i].width, mean(table->peers[i].log_sum, table->peers[i].count));
        else
            printf(" %*s", table->peers[i].width, "-");
    }
    printf("\n");
}

/* The entries of the pre-flight check count a whole program each; together they give the price of an instruction, which
 * becomes an entry of its own. */
static void add_up_checks(struct table *table)
{
    size_t i;
    json_t *entry;
    json_array_foreach(table->entries, i, entry)
    {
        double guest = report_number(entry, "guest_instructions");
        if (guest > 0) {
            table->check_instructions += report_number(entry, "instructions");
            table->guest_instructions += guest;
        }
    }
    const json_t *first = json_array_get(table->entries, 0);
    if (table->guest_instructions > 0) {
        double price = table->check_instructions / table->guest_instructions;
        json_t *sum = json_pack("{s:s,s:s,s:f,s:b}", "executor", "bpf", "name", check_price, "instructions", price,
                                "ok", 1);
        json_object_set(sum, "target", json_object_get(first, "target"));
        json_object_set(sum, "flags", json_object_get(first, "flags"));
        json_array_append_new(table->sums, sum);
    }
}

static double value_of(const struct table *table, const char *name)
{
    if (strcmp(name, "geometric_mean_over_native") == 0)
        return mean(table->log_sum, table->count);
    if (strcmp(name, check_price) == 0)
        return table->guest_instructions > 0 ? table->check_instructions / table->guest_instructions : 0.0;
    const json_t *entry = find(table->entries, "bpf", name);
    if (entry == NULL)
        entry = find(table->entries, "engine", name);
    return report_number(entry, "instructions");
}

/* The ways in and out, which have no native counterpart. */
static void print_paths(struct table *table)
{
    size_t i;
    json_t *entry;
    json_array_foreach(table->entries, i, entry)
    {
        const char *name = report_string(entry, "name");
        const char *executor = report_string(entry, "executor");
        if (strcmp(executor, "native") == 0 || find(table->entries, "native", name) != NULL ||
            report_number(entry, "guest_instructions") > 0)
            continue;
        printf("  %-7s %-34s %10.0f\n", executor, name, report_number(entry, "instructions"));
    }
}

static void print_limits(struct table *table, const json_t *limits)
{
    static const char *const key_target[] = { "target", "flags", NULL };
    size_t i;
    json_t *limit;
    printf("\n");
    json_array_foreach(json_object_get(limits, "bench"), i, limit)
    {
        const char *name = report_string(limit, "name");
        double value = value_of(table, name);
        if (report_find(table->entries, limit, key_target) == NULL)
            continue;
        if (value > 0) {
            report_limit(table->report, name, limit, value, report_number(limit, "limit"));
        } else if (!table->report->foreign) {
            printf("not ok limit %s %s %s: was not measured\n", report_string(limit, "target"),
                   report_string(limit, "flags"), name);
            table->report->failures++;
        }
    }
    printf("\n");
}

static void print_table(struct report *report, json_t *entries, json_t *sums)
{
    json_t *peers = report_load(report->directory, "peers.json");
    json_t *limits = report_load(report->directory, "limits.json");
    json_t *expected = report_load(report->directory, "expected.json");
    const json_t *first = json_array_get(entries, 0);
    struct table table = {
        .report = report,
        .entries = entries,
        .sums = sums,
        .expected = json_object_get(expected, "results"),
    };
    find_peers(&table, peers, report_string(first, "target"));
    printf("%s, %s: machine instructions of a run; peers at -O2, as ratio to native\n", report_string(first, "target"),
           report_string(first, "flags"));
    judge_all(&table);
    print_heading(&table);
    print_workloads(&table, false);
    print_means(&table);
    print_workloads(&table, true);
    printf("\n");
    print_paths(&table);
    add_up_checks(&table);
    print_limits(&table, limits);
    json_decref(expected);
    json_decref(limits);
    json_decref(peers);
}

void report_bench(struct report *report)
{
    static const char *const key_target[] = { "target", "flags", NULL };
    json_t *entries = json_array(), *sums = json_array(), *entry;
    size_t i;
    json_array_foreach(report->all, i, entry)
    {
        const json_t *next = json_array_get(report->all, i + 1);
        json_array_append(entries, entry);
        if (next == NULL || report_find(entries, next, key_target) == NULL) {
            print_table(report, entries, sums);
            json_array_clear(entries);
        }
    }
    json_array_extend(report->all, sums);
    json_decref(sums);
    json_decref(entries);
}
