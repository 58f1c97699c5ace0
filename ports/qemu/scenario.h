/* What the files of the program `scenario` share: the job as scenario_job.c reads it, what scenario.c makes of it, and
 * what scenario_report.c prints. The job's format and that of the report are described in scenario.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/engine.h"
#include "../../sdk/hooks.h"

#define SCENARIO_IMAGES_MAX 64u
#define SCENARIO_CONTAINERS_MAX 32u
#define SCENARIO_ACTIONS_MAX 512u
#define SCENARIO_TENANTS_MAX 16u
#define SCENARIO_RIGHTS_MAX 4096u /* in all lists of a job */
#define SCENARIO_DATA_MAX sizeof(struct atto_scheduler_switch)
#define SCENARIO_DURATION_MAX_MS 3600000u /* so that 32 bits hold a time of the run */

struct scenario_image {
    const uint8_t *bytes;
    uint32_t len;
};

/* Numbers of a schedule that are to change. */
struct scenario_change {
    struct atto_schedule values;
    uint32_t given; /* bit n: values has the field with key n */
};

/* A list of rights; NULL: none was given, which is not the same as an empty one. */
struct scenario_rights {
    const struct atto_right *list;
    uint32_t count;
};

struct scenario_container {
    const char *name;
    uint32_t image, fuel, tenant;
    struct scenario_change change;
    struct scenario_rights given; /* in place of those of its manifest */
    /* of the run */
    struct atto_container *container; /* NULL: not installed, or removed */
    struct atto_attachment attachment;
    struct atto_container_info info;  /* as it was last looked at */
    struct atto_schedule schedule;
    struct atto_right rights[ATTO_RIGHTS_MAX]; /* that were in force then */
    uint32_t right_count;
    bool installed;                   /* at some time */
};

/* X(name in C, word of the job) */
#define SCENARIO_ACTIONS(X)         \
    X(START, "start")               \
    X(STOP, "stop")                 \
    X(FORCE_STOP, "force-stop")     \
    X(PAUSE, "pause")               \
    X(RESUME, "resume")             \
    X(REMOVE, "remove")             \
    X(UPDATE, "update")             \
    X(SET_SCHEDULE, "set-schedule") \
    X(POST, "post")                 \
    X(FIRE, "fire")                 \
    X(SET_RIGHTS, "set-rights")     \
    X(SET_CEILING, "set-ceiling")   \
    X(SET_PIN, "set-pin")           \
    X(SET_SENSOR, "set-sensor")

enum scenario_do {
#define SCENARIO_ACTION_ENUM(name, word) SCENARIO_##name,
    SCENARIO_ACTIONS(SCENARIO_ACTION_ENUM)
#undef SCENARIO_ACTION_ENUM
    SCENARIO_DO_COUNT
};
extern const char *const scenario_words[SCENARIO_DO_COUNT];

struct scenario_action {
    uint32_t at_us;
    enum scenario_do what;
    struct scenario_container *on; /* NULL: of no container */
    uint32_t image, fuel;          /* update */
    struct scenario_change change; /* update, set-schedule */
    const char *entry;             /* post */
    uint32_t tenant;               /* set-ceiling */
    uint32_t first;                /* set-rights */
    struct scenario_rights rights; /* set-rights, set-ceiling, update */
    uint32_t subject;              /* set-pin: the pin; set-sensor: the endpoint */
    int16_t value;                 /* set-pin, set-sensor */
    uint8_t data[SCENARIO_DATA_MAX];
    uint32_t data_bytes;
    /* of the run */
    uint32_t done_us;
    enum atto_status status;
    const char *culprit; /* of report: a name, or NULL */
    struct atto_report report;
};

struct scenario_job {
    uint32_t duration_us, slice_fuel, log_bytes, fuel_per_ms;
    struct scenario_image images[SCENARIO_IMAGES_MAX];
    struct scenario_container containers[SCENARIO_CONTAINERS_MAX];
    struct scenario_action actions[SCENARIO_ACTIONS_MAX];
    struct atto_tenant tenants[SCENARIO_TENANTS_MAX]; /* the first is tenant 1 */
    struct atto_right rights[SCENARIO_RIGHTS_MAX];    /* all lists, one behind the other */
    uint32_t image_count, container_count, action_count, tenant_count, right_count;
};

/* Reads the job, and the images that it names. Prints what is wrong and returns false. */
bool scenario_job_read(const char *path, struct scenario_job *job);

/* What is kept of a run until it is over, because printing takes the board's time. */
struct scenario_line {
    uint32_t time_us, at;
    uint16_t container;
    uint16_t len;
};
struct scenario_death {
    struct atto_postmortem postmortem;
    uint32_t time_us, image;
};

/* A right that an action has changed, as it was in force before and after. */
struct scenario_turn {
    uint32_t action; /* its number */
    const struct scenario_container *on;
    uint32_t handle;
    struct atto_right before, after;
};

#define SCENARIO_TRACE_MAX 131072u
#define SCENARIO_LINES_MAX 8192u
#define SCENARIO_LOG_BYTES (256u * 1024u)
#define SCENARIO_DEATHS_MAX 512u
#define SCENARIO_AUDIT_MAX 2048u /* refusals, and changes */
#define SCENARIO_TURNS_MAX 1024u

struct scenario_record {
    struct atto_trace_record trace[SCENARIO_TRACE_MAX]; /* time_us: of the run */
    struct scenario_line lines[SCENARIO_LINES_MAX];
    char log[SCENARIO_LOG_BYTES];
    struct scenario_death deaths[SCENARIO_DEATHS_MAX];
    struct atto_audit_record denials[SCENARIO_AUDIT_MAX], changes[SCENARIO_AUDIT_MAX]; /* the engine's rings */
    struct scenario_turn turns[SCENARIO_TURNS_MAX];
    uint32_t trace_count, trace_lost, line_count, lines_lost, log_used, death_count, deaths_lost;
    uint32_t turn_count, turns_lost;
    uint64_t begin_us; /* of the run, in the time of the port */
    uint32_t duration_us, pool_bytes;
};

/* Prints how a container's install ended. culprit: a name, or NULL. */
void scenario_print_install(const struct scenario_container *container, enum atto_status status,
                            const struct atto_report *report, const char *culprit);
void scenario_print(const struct scenario_job *job, const struct scenario_record *record, struct atto_engine *engine);

/* The part of it that tells of rights: what became of them, and the audit trail. */
void scenario_print_policy(const struct scenario_container *container);
void scenario_print_audit(const struct scenario_record *record, struct atto_engine *engine);

#endif
