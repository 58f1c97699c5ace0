/* A scenario: several containers in one engine, and what is done to them when. As it stands in its file, and what
 * became of it; docs/SCENARIO.md describes both.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_SCENARIO_H
#define ATTO_CLI_SCENARIO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "atto/image.h"
#include "atto/manifest.h"
#include "buffer.h"
#include "listing.h"
#include "schedule.h"

#define ATTO_SCENARIO_CONTAINERS_MAX 32u
#define ATTO_SCENARIO_IMAGES_MAX 64u
#define ATTO_SCENARIO_ACTIONS_MAX 480u /* beside the starts of the containers */
#define ATTO_SCENARIO_MS_MAX 3600000u
#define ATTO_SCENARIO_NOT_STARTED UINT32_MAX

struct atto_scenario_image {
    char *path;
    struct atto_buffer bytes;
    struct atto_image parsed;
    struct atto_manifest manifest;
    struct atto_listing listing;
    bool has_listing; /* it could be parsed */
};

struct atto_scenario_container {
    char *name;
    uint32_t image, fuel;
    uint32_t start_ms; /* or ATTO_SCENARIO_NOT_STARTED */
    struct atto_schedule_json schedule;
};

struct atto_scenario_action {
    uint32_t at_ms;
    const char *what; /* as in the file */
    uint32_t container;
    uint32_t image, fuel;              /* update */
    struct atto_schedule_json schedule; /* update, set-schedule */
    char *entry;                        /* post */
    struct atto_buffer data;            /* post, fire */
};

struct atto_scenario {
    char *path;
    uint32_t duration_ms, slice_fuel, log_bytes, fuel_per_ms; /* 0: not given */
    struct atto_scenario_image images[ATTO_SCENARIO_IMAGES_MAX];
    struct atto_scenario_container containers[ATTO_SCENARIO_CONTAINERS_MAX];
    struct atto_scenario_action *actions; /* by time */
    uint32_t image_count, container_count, action_count;
};

/* Reads a file and loads the images that it names. Reports everything that is wrong and then returns false. */
bool atto_scenario_read(struct atto_scenario *scenario, const char *path);
void atto_scenario_free(struct atto_scenario *scenario);

/* What the firmware printed (ports/qemu/scenario.c), sorted by what it is about; arrays of its objects. */
struct atto_scenario_result {
    json_t *run; /* NULL until it is there: then the run has come to its end */
    json_t *installs, *containers, *actions, *log, *postmortems, *trace;
};

/* Runs a scenario on a board, or on "linux". Returns false, reported, if that could not be done. */
bool atto_scenario_run(const struct atto_scenario *scenario, const char *board, struct atto_scenario_result *result);
void atto_scenario_result_free(struct atto_scenario_result *result);

/* The container with an id of the engine's; UINT32_MAX: none. */
uint32_t atto_scenario_by_id(const struct atto_scenario *scenario, const struct atto_scenario_result *result,
                             json_int_t id);

/* Members of an object of the firmware's. */
json_int_t atto_scenario_number(const json_t *object, const char *key);
const char *atto_scenario_word(const json_t *object, const char *key);

/* Could everything be installed, by updates as well? */
bool atto_scenario_all_installed(const struct atto_scenario_result *result);

/* What the trace tells of the run. */
struct atto_scenario_history {
    json_t *events; /* by time: objects with the members event, time_us, container and text */
    json_int_t worst_us[ATTO_SCENARIO_CONTAINERS_MAX]; /* longest from a release to the end of it; -1: there was none */
    uint32_t throttles[ATTO_SCENARIO_CONTAINERS_MAX];
};

void atto_scenario_history_read(struct atto_scenario_history *history, const struct atto_scenario *scenario,
                                const struct atto_scenario_result *result);
void atto_scenario_history_free(struct atto_scenario_history *history);

void atto_scenario_print(const struct atto_scenario *scenario, const struct atto_scenario_result *result);
void atto_scenario_print_json(const struct atto_scenario *scenario, const struct atto_scenario_result *result);

/* Writes the trace in the Trace Event Format. Reports and returns false if the file cannot be written. */
bool atto_scenario_trace_write(const struct atto_scenario *scenario, const struct atto_scenario_result *result,
                               const char *path);

/* Is this the command line of a scenario? And the command `atto run --scenario`. */
bool atto_scenario_is_asked(int argc, char *const *argv);
int atto_command_scenario(int argc, char **argv);

#endif
