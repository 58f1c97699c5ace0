/* Prints what became of a scenario, one JSON object a line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "board.h"
#include "json.h"
#include "scenario.h"

static const char *const state_names[] = { "installed", "starting", "running", "paused",
                                           "stopping",  "stopped",  "faulted" };
static const char *const activation_names[] = { "none", "start", "loop", "event", "stop", "hook" };
static const char *const kind_names[] = { "?",     "activate", "slice",    "call", "end",
                                          "fault", "miss",     "throttle", "state" };
static const char *const constraint_names[] = { "none",      "memory",     "deadline",    "budget",
                                                "unbounded", "tenant-ram", "tenant-time", "tenant-priority" };

static const char *name_of(const char *const *names, uint32_t count, uint32_t number)
{
    return number < count ? names[number] : "?";
}
#define NAME_OF(names, number) name_of((names), sizeof(names) / sizeof((names)[0]), (uint32_t)(number))

static void print_report(const struct atto_report *report, const char *culprit)
{
    printf(",\"at\":%" PRIu32 ",\"constraint\":\"%s\",\"culprit\":", report->refusal.at,
           NAME_OF(constraint_names, report->constraint));
    json_name(culprit);
    printf(",\"missing\":%" PRIu32 ",\"needs_bytes\":%" PRIu32 ",\"longest_run\":%" PRIu32
           ",\"utilisation_permille\":%" PRIu32 ",\"response_us\":%" PRIu32,
           report->missing, report->ram_bytes, report->receipt.longest_run, report->utilisation_permille,
           report->response_us);
}

void scenario_print_install(const struct scenario_container *container, enum atto_status status,
                            const struct atto_report *report, const char *culprit)
{
    printf("{\"install\":\"%s\"", container->name);
    json_status(status);
    print_report(report, culprit);
    printf("}\n");
}

static void print_calls(const uint8_t calls[4])
{
    printf(",\"last_calls\":[%u,%u,%u,%u]", calls[0], calls[1], calls[2], calls[3]);
}

static const char *yes_no(bool yes)
{
    return yes ? "true" : "false";
}

static void print_schedule(const struct atto_schedule *schedule)
{
    const char *comma = "";
    printf(",\"schedule\":{");
#define PRINT_FIELD(key, name, most)                               \
    printf("%s\"" #name "\":%" PRIu32, comma, schedule->name); \
    comma = ",";
    ATTO_SCHEDULE_FIELDS(PRINT_FIELD)
#undef PRINT_FIELD
    printf("}");
}

static void print_info(const struct atto_container_info *info, bool removed)
{
    printf(",\"id\":%u,\"state\":\"%s\",\"activation\":\"%s\",\"waits\":%s,\"throttled\":%s,\"restarts\":%s",
           info->id, removed ? "removed" : NAME_OF(state_names, info->state),
           NAME_OF(activation_names, info->activation), yes_no(info->waits), yes_no(info->throttled),
           yes_no(info->restarts));
    const struct atto_counters *counters = &info->counters;
    printf(",\"last_fault\":\"%s\",\"activations\":%" PRIu32 ",\"host_calls\":%" PRIu32 ",\"faults\":%" PRIu32
           ",\"misses\":%" PRIu32 ",\"denials\":%" PRIu32 ",\"fuel\":%" PRIu64 ",\"time_us\":%" PRIu64,
           atto_status_name((enum atto_status)counters->last_fault), counters->activations, counters->host_calls,
           (uint32_t)counters->faults, (uint32_t)counters->misses, (uint32_t)counters->denials, counters->fuel,
           counters->time_us);
    printf(",\"ram_bytes\":%" PRIu32 ",\"stack_used_bytes\":%" PRIu32 ",\"memory_bytes\":%" PRIu32
           ",\"events\":%" PRIu32,
           info->ram_bytes, info->stack_used_bytes, info->memory_bytes, info->events);
    print_calls(info->last_calls);
}

static void print_container(const struct scenario_job *job, const struct scenario_container *container)
{
    const struct atto_attachment *hook = &container->attachment;
    printf("{\"container\":\"%s\",\"tenant\":", container->name);
    json_name(container->tenant != ATTO_TENANT_OWNER ? job->tenants[container->tenant - 1u].name : NULL);
    printf(",\"installed\":%s", yes_no(container->installed));
    if (container->installed) {
        print_info(&container->info, container->container == NULL);
        printf(",\"hook_runs\":%" PRIu32 ",\"hook_faults\":%" PRIu32 ",\"hook_skipped\":%" PRIu32, hook->runs,
               hook->faults, hook->skipped);
        print_schedule(&container->schedule);
        scenario_print_policy(container);
    }
    printf("}\n");
}

static void print_action(const struct scenario_action *action)
{
    printf("{\"action\":\"%s\",\"container\":", scenario_words[action->what]);
    json_name(action->on != NULL ? action->on->name : NULL);
    printf(",\"at_us\":%" PRIu32 ",\"time_us\":%" PRIu32, action->at_us, action->done_us);
    json_status(action->status);
    if (action->what == SCENARIO_UPDATE || action->what == SCENARIO_SET_SCHEDULE)
        print_report(&action->report, action->culprit);
    printf("}\n");
}

static void print_death(const struct scenario_death *death)
{
    const struct atto_postmortem *postmortem = &death->postmortem;
    printf("{\"postmortem\":\"%s\",\"text\":\"%s\",\"time_us\":%" PRIu32 ",\"container\":%u,\"image\":%" PRIu32
           ",\"activation\":\"%s\",\"pc\":%" PRIu32 ",\"fault_address\":\"0x%08" PRIx32 "\"",
           atto_status_name((enum atto_status)postmortem->status),
           atto_status_text((enum atto_status)postmortem->status), death->time_us, postmortem->container,
           death->image, NAME_OF(activation_names, postmortem->activation), postmortem->pc,
           postmortem->fault_address);
    print_calls(postmortem->last_calls);
    printf(",\"registers\":");
    json_registers(postmortem->registers, postmortem->register_count);
    printf("}\n");
}

static void print_trace(const struct atto_trace_record *trace)
{
    printf("{\"trace\":\"%s\",\"time_us\":%" PRIu32 ",\"container\":%u,\"detail\":", NAME_OF(kind_names, trace->kind),
           trace->time_us, trace->container);
    if (trace->kind == ATTO_TRACE_ACTIVATE || trace->kind == ATTO_TRACE_END)
        json_name(NAME_OF(activation_names, trace->detail));
    else if (trace->kind == ATTO_TRACE_STATE)
        json_name(NAME_OF(state_names, trace->detail));
    else if (trace->kind == ATTO_TRACE_FAULT)
        json_name(atto_status_name((enum atto_status)-(int32_t)trace->detail));
    else
        printf("%u", trace->detail);
    printf(",\"value\":%" PRIu32 "}\n", trace->value);
}

void scenario_print(const struct scenario_job *job, const struct scenario_record *record, struct atto_engine *engine)
{
    printf("{\"run\":\"%s\",\"duration_us\":%" PRIu32 ",\"pool_bytes\":%" PRIu32 ",\"trace_lost\":%" PRIu32
           ",\"lines_lost\":%" PRIu32 ",\"postmortems_lost\":%" PRIu32 ",\"turns_lost\":%" PRIu32
           ",\"audit_full\":%s}\n",
           board_name, record->duration_us, record->pool_bytes, record->trace_lost, record->lines_lost,
           record->deaths_lost, record->turns_lost,
           yes_no(engine->denials_written > SCENARIO_AUDIT_MAX || engine->changes_written > SCENARIO_AUDIT_MAX));
    for (uint32_t i = 0; i < job->container_count; i++)
        print_container(job, &job->containers[i]);
    for (uint32_t i = 0; i < job->action_count; i++)
        print_action(&job->actions[i]);
    for (uint32_t i = 0; i < record->line_count; i++) {
        const struct scenario_line *line = &record->lines[i];
        printf("{\"log\":");
        json_text(record->log + line->at, line->len);
        printf(",\"time_us\":%" PRIu32 ",\"container\":%u}\n", line->time_us, line->container);
    }
    for (uint32_t i = 0; i < record->death_count; i++)
        print_death(&record->deaths[i]);
    scenario_print_audit(record, engine);
    for (uint32_t i = 0; i < record->trace_count; i++)
        print_trace(&record->trace[i]);
}
