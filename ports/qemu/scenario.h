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

struct scenario_container {
    const char *name;
    uint32_t image, fuel;
    struct scenario_change change;
    /* of the run */
    struct atto_container *container; /* NULL: not installed, or removed */
    struct atto_attachment attachment;
    struct atto_container_info info;  /* as it was last looked at */
    struct atto_schedule schedule;
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
    X(FIRE, "fire")

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
    uint32_t image_count, container_count, action_count;
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

#define SCENARIO_TRACE_MAX 131072u
#define SCENARIO_LINES_MAX 8192u
#define SCENARIO_LOG_BYTES (256u * 1024u)
#define SCENARIO_DEATHS_MAX 512u

struct scenario_record {
    struct atto_trace_record trace[SCENARIO_TRACE_MAX]; /* time_us: of the run */
    struct scenario_line lines[SCENARIO_LINES_MAX];
    char log[SCENARIO_LOG_BYTES];
    struct scenario_death deaths[SCENARIO_DEATHS_MAX];
    uint32_t trace_count, trace_lost, line_count, lines_lost, log_used, death_count, deaths_lost;
    uint32_t duration_us, pool_bytes;
};

/* Prints how a container's install ended. culprit: a name, or NULL. */
void scenario_print_install(const struct scenario_container *container, enum atto_status status,
                            const struct atto_report *report, const char *culprit);
void scenario_print(const struct scenario_job *job, const struct scenario_record *record);

#endif
