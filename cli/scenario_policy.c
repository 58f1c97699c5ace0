/* Shows what a scenario tells of rights: the table of those in force at the end, and the audit trail, in which refusals
 * that are alike are told once between two changes of the container's rights.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "report.h"

/* ---- a right, as the firmware prints it ---- */

static struct atto_right right_of(const json_t *object)
{
    return (struct atto_right){
        .operations = (uint8_t)(atto_scenario_number(object, "operations") +
                                16 * atto_scenario_number(object, "period")),
        .first = (uint16_t)atto_scenario_number(object, "first"),
        .last = (uint16_t)atto_scenario_number(object, "last"),
        .calls = (uint16_t)atto_scenario_number(object, "calls"),
        .bytes = (uint16_t)atto_scenario_number(object, "bytes"),
        .total = (uint16_t)atto_scenario_number(object, "total"),
    };
}

/* The same as a file has it. */
static json_t *words_of(const json_t *object)
{
    const char *name = atto_scenario_word(object, "endpoint");
    struct atto_right_wish wish = {(const uint8_t *)name, (uint32_t)strlen(name), right_of(object)};

    return atto_right_to_json(&wish);
}

/* ---- the table of rights ---- */

#define POLICY_FORMAT "%-*s  %6s  %-15s  %-14s  %-11s  %-11s  %s\n"

/* Numbers and words of a row, none of which has a blank in it. */
struct row {
    char handle[24], operations[32], range[16], rate[40], total[12];
};

static void put_operations(struct row *row, const json_t *words)
{
    const json_t *operations = json_object_get(words, "operations");
    size_t len = 0;

    snprintf(row->operations, sizeof row->operations, "-");
    for (size_t i = 0; i < json_array_size(operations) && len < sizeof row->operations; i++)
        len += (size_t)snprintf(row->operations + len, sizeof row->operations - len, "%s%s", i == 0 ? "" : ",",
                                json_string_value(json_array_get(operations, i)));
}

static void put_rate(struct row *row, const struct atto_right *right, const json_t *words)
{
    const char *period = atto_scenario_word(json_object_get(words, "rate"), "period");

    if (period == NULL)
        snprintf(row->rate, sizeof row->rate, "-");
    else if (right->bytes == 0)
        snprintf(row->rate, sizeof row->rate, "%u/%s", right->calls, period);
    else if (right->calls == 0)
        snprintf(row->rate, sizeof row->rate, "%uB/%s", right->bytes, period);
    else
        snprintf(row->rate, sizeof row->rate, "%u,%uB/%s", right->calls, right->bytes, period);
}

static void print_right(const json_t *object, size_t handle, const char *container, int width)
{
    struct atto_right right = right_of(object);
    json_t *words = words_of(object);
    struct row row;

    snprintf(row.handle, sizeof row.handle, "%zu", handle);
    put_operations(&row, words);
    if (right.last != ATTO_RANGE_END)
        snprintf(row.range, sizeof row.range, "%u-%u", right.first, right.last);
    else if (right.first != 0)
        snprintf(row.range, sizeof row.range, "%u-", right.first);
    else
        snprintf(row.range, sizeof row.range, "all");
    put_rate(&row, &right, words);
    if (right.total != 0)
        snprintf(row.total, sizeof row.total, "%u", right.total);
    else
        snprintf(row.total, sizeof row.total, "-");
    printf(POLICY_FORMAT, width, container, row.handle, atto_scenario_word(object, "endpoint"), row.operations,
           row.range, row.rate, row.total);
    json_decref(words);
}

void atto_scenario_print_policy(const struct atto_scenario *scenario, const struct atto_scenario_result *result)
{
    int width = atto_scenario_name_width(scenario);
    size_t i, handle;
    json_t *container, *right;

    printf("\npolicy\n" POLICY_FORMAT, width, "container", "handle", "endpoint", "operations", "arguments", "rate",
           "total");
    json_array_foreach(result->containers, i, container) {
        const json_t *rights = json_object_get(container, "rights");
        const char *name = atto_scenario_word(container, "container");

        if (json_array_size(rights) == 0)
            printf(POLICY_FORMAT, width, name, "-", "-", "-", "-", "-", "-");
        json_array_foreach(rights, handle, right)
            print_right(right, handle, name, width);
    }
}

/* ---- the audit trail ---- */

/* Where one is in the trail: the firmware notes what an action has changed in the order in which the engine notes that
 * it was changed. */
struct teller {
    const struct atto_scenario *scenario;
    const struct atto_scenario_result *result;
    size_t turn;      /* the next one of set-rights */
    size_t action;    /* the next one, for set-ceiling */
    uint32_t in_file; /* the same in the file, which has no starts of containers */
    const struct atto_rights_json *ceilings[ATTO_SCENARIO_TENANTS_MAX]; /* up to there */
    bool knows_turns; /* none is missing */
};

static struct teller teller_of(const struct atto_scenario *scenario, const struct atto_scenario_result *result)
{
    struct teller teller = {.scenario = scenario, .result = result};

    teller.knows_turns = !json_is_true(json_object_get(result->run, "audit_full")) &&
                         atto_scenario_number(result->run, "turns_lost") == 0;
    for (uint32_t i = 0; i < scenario->tenant_count; i++)
        teller.ceilings[i] = &scenario->tenants[i].rights;
    return teller;
}

static bool is_action(const struct atto_scenario_result *result, size_t action, const char *word)
{
    const char *what = atto_scenario_word(json_array_get(result->actions, action), "action");

    return what != NULL && strcmp(what, word) == 0;
}

/* What a right was changed from and to. NULL: that is not known. */
static const json_t *next_turn(struct teller *teller)
{
    const json_t *turns = teller->result->turns;

    while (teller->knows_turns && teller->turn < json_array_size(turns)) {
        const json_t *turn = json_array_get(turns, teller->turn++);

        if (is_action(teller->result, (size_t)atto_scenario_number(turn, "turn"), "set-rights"))
            return turn;
    }
    return NULL;
}

/* The next action of the file that sets a ceiling. NULL: there is none. */
static const struct atto_scenario_action *next_in_file(struct teller *teller)
{
    while (teller->in_file < teller->scenario->action_count) {
        const struct atto_scenario_action *action = &teller->scenario->actions[teller->in_file++];

        if (strcmp(action->what, "set-ceiling") == 0)
            return action;
    }
    return NULL;
}

/* The action that has set a ceiling, and its number among those of the firmware. NULL: it is not known. */
static const struct atto_scenario_action *next_ceiling(struct teller *teller, size_t *number)
{
    const json_t *actions = teller->result->actions;

    while (teller->knows_turns && teller->action < json_array_size(actions)) {
        const char *status = atto_scenario_word(json_array_get(actions, teller->action), "status");

        *number = teller->action++;
        if (is_action(teller->result, *number, "set-ceiling")) {
            const struct atto_scenario_action *action = next_in_file(teller);

            if (strcmp(status, "ATTO_OK") == 0)
                return action;
        }
    }
    return NULL;
}

static const char *container_of(const struct teller *teller, const json_t *record)
{
    uint32_t index = atto_scenario_by_id(teller->scenario, teller->result, atto_scenario_number(record, "container"));

    return index == UINT32_MAX ? "?" : teller->scenario->containers[index].name;
}

/* The name of a tenant, by the number that the engine has for it: 0 is the owner. */
static const char *tenant_of(const struct teller *teller, const json_t *record, const char *key)
{
    json_int_t number = atto_scenario_number(record, key);

    return atto_scenario_tenant_name(teller->scenario, number == 0 ? ATTO_SCENARIO_OWNER : (uint32_t)number - 1);
}

static char *name_of_call(const json_t *record)
{
    uint32_t number = (uint32_t)atto_scenario_number(record, "call");
    const char *name = atto_call_name(number);

    return name != NULL ? atto_copy_string(name) : atto_format("call %u", number);
}

/* "0 mailbox: nothing -> write; 2 calls in 100ms" */
static void print_turn(const json_t *turn)
{
    const json_t *before = json_object_get(turn, "before"), *after = json_object_get(turn, "after");
    struct atto_right was = right_of(before), is = right_of(after);
    char *was_text = atto_right_text(&was), *is_text = atto_right_text(&is);
    bool same_endpoint = json_equal(json_object_get(before, "endpoint"), json_object_get(after, "endpoint"));

    printf("%lld, %s: ", (long long)atto_scenario_number(turn, "handle"), atto_scenario_word(after, "endpoint"));
    if (json_equal(before, after))
        printf("%s, as before", is_text);
    else if (same_endpoint)
        printf("%s -> %s", was_text, is_text);
    else
        printf("%s; before, %s: %s", is_text, atto_scenario_word(before, "endpoint"), was_text);
    free(was_text);
    free(is_text);
}

/* "log: write | mailbox: read" */
static void print_list(const struct atto_rights_json *rights)
{
    if (rights->count == 0)
        printf("nothing");
    for (size_t i = 0; i < rights->count; i++) {
        char *text = atto_right_text(&rights->list[i].right);

        printf("%s", i == 0 ? "" : " | ");
        if (rights->list[i].endpoint != NULL)
            printf("%s: %s", rights->list[i].endpoint, text);
        else
            printf("%u: %s", rights->list[i].right.endpoint, text);
        free(text);
    }
}

static void print_ceiling(struct teller *teller, const json_t *record)
{
    int width = atto_scenario_name_width(teller->scenario);
    size_t i, number = 0;
    const struct atto_scenario_action *action = next_ceiling(teller, &number);
    json_t *turn;

    printf("%-*s  ceiling    ", width, tenant_of(teller, record, "tenant"));
    if (action != NULL) {
        print_list(teller->ceilings[action->tenant]);
        printf(" -> ");
        print_list(&action->rights.json);
        putchar(' ');
        teller->ceilings[action->tenant] = &action->rights.json;
    }
    printf("(by %s)\n", tenant_of(teller, record, "actor"));
    json_array_foreach(teller->result->turns, i, turn) {
        if (action == NULL || (size_t)atto_scenario_number(turn, "turn") != number)
            continue;
        printf("  %13s  %-*s  cut        ", "", width, atto_scenario_word(turn, "container"));
        print_turn(turn);
        putchar('\n');
    }
}

static void print_right_set(struct teller *teller, const json_t *record)
{
    const json_t *turn = next_turn(teller);

    printf("%-*s  right      ", atto_scenario_name_width(teller->scenario), container_of(teller, record));
    if (turn != NULL)
        print_turn(turn);
    else
        printf("%lld", (long long)atto_scenario_number(record, "handle"));
    printf(" (by %s)\n", tenant_of(teller, record, "actor"));
}

static bool is_denial(const json_t *record)
{
    return strcmp(atto_scenario_word(record, "audit"), "denied") == 0;
}

/* Are these refusals of the same call, for the same reason? */
static bool is_alike(const json_t *left, const json_t *right)
{
    static const char *const members[] = {"audit", "container", "call", "handle", "status"};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!json_equal(json_object_get(left, members[i]), json_object_get(right, members[i])))
            return false;
    }
    return true;
}

/* Is a record one of a change of what the container of a refusal may do? */
static bool changes(const struct teller *teller, const json_t *record, const json_t *denial)
{
    uint32_t index = atto_scenario_by_id(teller->scenario, teller->result, atto_scenario_number(denial, "container"));

    if (strcmp(atto_scenario_word(record, "audit"), "ceiling") == 0)
        return index != UINT32_MAX && teller->scenario->containers[index].tenant + (json_int_t)1 ==
                                          atto_scenario_number(record, "tenant");
    return !is_denial(record) && json_equal(json_object_get(record, "container"), json_object_get(denial, "container"));
}

/* Has the like of a refusal come before it, with no change between them? */
static bool is_repeated(const struct teller *teller, size_t index)
{
    const json_t *audit = teller->result->audit, *denial = json_array_get(audit, index);

    for (size_t i = index; i-- > 0 && !changes(teller, json_array_get(audit, i), denial);) {
        if (is_alike(json_array_get(audit, i), denial))
            return true;
    }
    return false;
}

static const char *reason_of(const json_t *record)
{
    const char *status = atto_scenario_word(record, "status");

    if (strcmp(status, "ATTO_E_DENIED") == 0)
        return "no right";
    return strcmp(status, "ATTO_E_QUOTA") == 0 ? "rate or total used up" : atto_scenario_word(record, "text");
}

/* Of a refusal, and those like it up to the next change. */
static void print_denial(const struct teller *teller, size_t index)
{
    const json_t *audit = teller->result->audit, *first = json_array_get(audit, index);
    const json_t *handle = json_object_get(first, "handle");
    char *call = name_of_call(first);
    json_int_t times = 0, last_us = 0;

    for (size_t i = index; i < json_array_size(audit); i++) {
        const json_t *record = json_array_get(audit, i);

        if (changes(teller, record, first))
            break;
        if (is_alike(first, record)) {
            times += atto_scenario_number(record, "count");
            last_us = atto_scenario_number(record, "time_us");
        }
    }
    printf("%-*s  denied     %s", atto_scenario_name_width(teller->scenario), container_of(teller, first), call);
    if (json_is_integer(handle))
        printf(", handle %lld", (long long)json_integer_value(handle));
    printf(": %s", reason_of(first));
    if (times > 1)
        printf("; %lld times, last at %.3f ms", (long long)times, (double)last_us / 1000.0);
    putchar('\n');
    free(call);
}

void atto_scenario_print_audit(const struct atto_scenario *scenario, const struct atto_scenario_result *result)
{
    struct teller teller = teller_of(scenario, result);
    size_t i;
    json_t *record;

    if (json_array_size(result->audit) != 0)
        printf("\naudit\n");
    if (json_is_true(json_object_get(result->run, "audit_full")))
        printf("  (older records did not fit)\n");
    json_array_foreach(result->audit, i, record) {
        const char *kind = atto_scenario_word(record, "audit");

        if (is_denial(record) && is_repeated(&teller, i))
            continue;
        printf("  ");
        atto_scenario_print_time(atto_scenario_number(record, "time_us"));
        if (is_denial(record))
            print_denial(&teller, i);
        else if (strcmp(kind, "right") == 0)
            print_right_set(&teller, record);
        else if (strcmp(kind, "ceiling") == 0)
            print_ceiling(&teller, record);
        else
            printf("%-*s  installed  for %s\n", atto_scenario_name_width(scenario), container_of(&teller, record),
                   tenant_of(&teller, record, "tenant"));
    }
}

/* ---- JSON ---- */

void atto_scenario_policy_to_json(json_t *container)
{
    json_t *rights = json_object_get(container, "rights"), *right;
    size_t i;

    json_array_foreach(rights, i, right)
        json_array_set_new(rights, i, words_of(right));
}

void atto_scenario_turns_to_json(const struct atto_scenario_result *result, size_t action, json_t *object)
{
    json_t *changes = json_array(), *turn;
    size_t i;

    json_array_foreach(result->turns, i, turn) {
        if ((size_t)atto_scenario_number(turn, "turn") == action)
            json_array_append_new(changes, json_pack("{s:O,s:O,s:o,s:o}",
                                                     "container", json_object_get(turn, "container"),
                                                     "handle", json_object_get(turn, "handle"),
                                                     "before", words_of(json_object_get(turn, "before")),
                                                     "after", words_of(json_object_get(turn, "after"))));
    }
    if (is_action(result, action, "set-rights") || is_action(result, action, "set-ceiling"))
        json_object_set(object, "rights", changes);
    json_decref(changes);
}

json_t *atto_scenario_audit_to_json(const struct atto_scenario *scenario, const struct atto_scenario_result *result)
{
    struct teller teller = teller_of(scenario, result);
    json_t *audit = json_deep_copy(result->audit), *record;
    size_t i;

    json_array_foreach(audit, i, record) {
        bool is_ceiling = strcmp(atto_scenario_word(record, "audit"), "ceiling") == 0;

        json_object_set_new(record, "container", is_ceiling ? json_null() : json_string(container_of(&teller, record)));
        if (json_object_get(record, "call") != NULL) {
            char *call = name_of_call(record);

            json_object_set_new(record, "call_name", json_string(call));
            free(call);
        } else {
            json_object_set_new(record, "actor", json_string(tenant_of(&teller, record, "actor")));
        }
        if (json_object_get(record, "tenant") != NULL)
            json_object_set_new(record, "tenant", json_string(tenant_of(&teller, record, "tenant")));
    }
    return audit;
}
