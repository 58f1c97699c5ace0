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
#include "rights.h"
#include "schedule.h"

#define ATTO_SCENARIO_CONTAINERS_MAX 32u
#define ATTO_SCENARIO_IMAGES_MAX 64u
#define ATTO_SCENARIO_ACTIONS_MAX 480u /* beside the starts of the containers */
#define ATTO_SCENARIO_TENANTS_MAX 16u
#define ATTO_SCENARIO_OWNER UINT32_MAX /* in place of a tenant's number */
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

struct atto_scenario_tenant {
    char *name;
    uint32_t ram_bytes, fuel_per_s, priority_first, store_bytes;
    struct atto_rights_json rights; /* the ceiling */
};

/* Rights that may have been given or not; an empty list is one that was. */
struct atto_scenario_rights {
    struct atto_rights_json json;
    bool given;
};

struct atto_scenario_container {
    char *name;
    uint32_t tenant; /* or ATTO_SCENARIO_OWNER */
    struct atto_scenario_rights rights;
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
    uint32_t tenant;                    /* set-ceiling */
    uint32_t first;                     /* set-rights */
    struct atto_scenario_rights rights; /* set-rights, set-ceiling, update */
    uint32_t pin, level;                /* set-pin */
    uint32_t endpoint;                  /* set-sensor: its number */
    int32_t value;                      /* set-sensor */
};

struct atto_scenario {
    char *path;
    uint32_t duration_ms, slice_fuel, log_bytes, fuel_per_ms; /* 0: not given */
    struct atto_scenario_image images[ATTO_SCENARIO_IMAGES_MAX];
    struct atto_scenario_tenant tenants[ATTO_SCENARIO_TENANTS_MAX];
    struct atto_scenario_container containers[ATTO_SCENARIO_CONTAINERS_MAX];
    struct atto_scenario_action *actions; /* by time */
    uint32_t image_count, tenant_count, container_count, action_count;
};

/* Reads a file and loads the images that it names. Reports everything that is wrong and then returns false. */
bool atto_scenario_read(struct atto_scenario *scenario, const char *path);
void atto_scenario_free(struct atto_scenario *scenario);

/* The parts of a file that tell who may do what, see scenario_rights.c: the list of tenants; the member `tenant` of an
 * object, which must be there if it is `needed`; the member `rights`; what an action on the board has. As
 * atto_scenario_read. */
bool atto_scenario_take_tenants(const struct atto_json_file *file, struct atto_scenario *scenario,
                                struct atto_json_at at);
bool atto_scenario_take_tenant(const struct atto_json_file *file, const struct atto_scenario *scenario,
                               struct atto_json_at object, bool needed, uint32_t *tenant);
bool atto_scenario_take_rights(const struct atto_json_file *file, struct atto_json_at object, bool needed,
                               struct atto_scenario_rights *rights);
bool atto_scenario_take_pin(const struct atto_json_file *file, struct atto_json_at object,
                            struct atto_scenario_action *action);
bool atto_scenario_take_sensor(const struct atto_json_file *file, struct atto_json_at object,
                               struct atto_scenario_action *action);

/* A name that the tables can show: of a container, of a tenant. NULL, reported, if it is none. */
const char *atto_scenario_name(const struct atto_json_file *file, struct atto_json_at object);

/* The name of a tenant, or "owner". */
const char *atto_scenario_tenant_name(const struct atto_scenario *scenario, uint32_t tenant);

/* What the firmware printed (ports/qemu/scenario.c), sorted by what it is about; arrays of its objects. */
struct atto_scenario_result {
    json_t *run; /* NULL until it is there: then the run has come to its end */
    json_t *installs, *containers, *actions, *log, *postmortems, *trace, *turns, *audit;
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

/* Tables of the rights in force and of the audit trail; and the same for JSON, in which rights are as in the file.
 * The audit trail is a new list, the rights in objects of the firmware's are changed. */
void atto_scenario_print_policy(const struct atto_scenario *scenario, const struct atto_scenario_result *result);
void atto_scenario_print_audit(const struct atto_scenario *scenario, const struct atto_scenario_result *result);
void atto_scenario_policy_to_json(json_t *container);
void atto_scenario_turns_to_json(const struct atto_scenario_result *result, size_t action, json_t *object);
json_t *atto_scenario_audit_to_json(const struct atto_scenario *scenario, const struct atto_scenario_result *result);

/* "12.345 ms" of a time in microseconds. How wide the names of containers are, at most. */
void atto_scenario_print_time(json_int_t us);
int atto_scenario_name_width(const struct atto_scenario *scenario);

void atto_scenario_print(const struct atto_scenario *scenario, const struct atto_scenario_result *result);
void atto_scenario_print_json(const struct atto_scenario *scenario, const struct atto_scenario_result *result);

/* Writes the trace in the Trace Event Format. Reports and returns false if the file cannot be written. */
bool atto_scenario_trace_write(const struct atto_scenario *scenario, const struct atto_scenario_result *result,
                               const char *path);

/* Is this the command line of a scenario? And the command `atto run --scenario`. */
bool atto_scenario_is_asked(int argc, char *const *argv);
int atto_command_scenario(int argc, char **argv);

#endif
