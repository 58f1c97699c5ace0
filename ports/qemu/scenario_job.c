/* Reads the job of the program `scenario`, line by line, and the images that it names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "endpoints.h"
#include "job.h"
#include "scenario.h"

#define JOB_BYTES (256u * 1024u)
#define STORE_BYTES (768u * 1024u) /* for all images */
#define FIELDS_MAX 64u

static char text[JOB_BYTES + 1u];
static _Alignas(ATTO_IMAGE_ALIGN) uint8_t store[STORE_BYTES];
static uint32_t store_used;

const char *const scenario_words[SCENARIO_DO_COUNT] = {
#define SCENARIO_WORD(name, word) [SCENARIO_##name] = word,
    SCENARIO_ACTIONS(SCENARIO_WORD)
#undef SCENARIO_WORD
};

/* The fields of a line; `at` is the next one to be read. A field that is not there is empty. */
struct line {
    char *fields[FIELDS_MAX];
    uint32_t count, at;
};

static char *next(struct line *line)
{
    static char empty[1];
    return line->at < line->count ? line->fields[line->at++] : empty;
}

static bool next_number(struct line *line, uint32_t most, uint32_t *value)
{
    return job_parse_number(next(line), most, value);
}

/* ---- rights ---- */

/* The next number of NUMBER:NUMBER:... */
static bool next_part(char **rest, uint32_t most, uint32_t *value)
{
    char *part = *rest, *colon = strchr(part, ':');
    if (colon == NULL)
        return false;
    *colon = '\0';
    *rest = colon + 1;
    return job_parse_number(part, most, value);
}

/* An endpoint by name, or by number behind a '#'. */
static const char *find_endpoint(const char *text, uint32_t *endpoint)
{
    static char error[64 + ATTO_NAME_MAX];
    *endpoint = text[0] == '#' ? BOARD_ENDPOINTS : board_endpoint_find(text, (uint32_t)strlen(text));
    if (text[0] == '#' && !job_parse_number(text + 1, BOARD_ENDPOINTS - 1u, endpoint))
        *endpoint = BOARD_ENDPOINTS;
    if (*endpoint < BOARD_ENDPOINTS)
        return NULL;
    snprintf(error, sizeof error, "this firmware has no endpoint %s", text);
    return error;
}

/* OPERATIONS:FIRST:LAST:CALLS:BYTES:TOTAL:ENDPOINT */
static const char *take_right(char *text_of_right, struct atto_right *right)
{
    uint32_t numbers[6], endpoint;
    for (uint32_t i = 0; i < 6u; i++) {
        if (!next_part(&text_of_right, i == 0u ? 0xffu : 0xffffu, &numbers[i]))
            return "a right is not OPERATIONS:FIRST:LAST:CALLS:BYTES:TOTAL:ENDPOINT";
    }
    const char *error = find_endpoint(text_of_right, &endpoint);
    *right = (struct atto_right){
        .endpoint = (uint8_t)endpoint, .operations = (uint8_t)numbers[0],
        .first = (uint16_t)numbers[1], .last = (uint16_t)numbers[2],
        .calls = (uint16_t)numbers[3], .bytes = (uint16_t)numbers[4], .total = (uint16_t)numbers[5],
    };
    return error;
}

/* The rest of the line: RIGHT... */
static const char *take_rights(struct scenario_job *job, struct line *line, struct scenario_rights *rights)
{
    rights->list = job->rights + job->right_count;
    for (rights->count = 0; line->at < line->count; rights->count++) {
        if (rights->count == ATTO_RIGHTS_MAX || job->right_count == SCENARIO_RIGHTS_MAX)
            return "there are too many rights";
        const char *error = take_right(next(line), &job->rights[job->right_count++]);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* The number of a tenant; 0: there is none of that name. */
static uint32_t find_tenant(const struct scenario_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->tenant_count; i++) {
        if (strcmp(job->tenants[i].name, name) == 0)
            return i + 1u;
    }
    return ATTO_TENANT_OWNER;
}

/* NAME RAM FUEL PRIORITY STORE RIGHT... */
static const char *take_tenant(struct scenario_job *job, struct line *line)
{
    struct scenario_rights rights;
    uint32_t priority, store;
    if (job->tenant_count == SCENARIO_TENANTS_MAX)
        return "there are too many tenants";
    struct atto_tenant *tenant = &job->tenants[job->tenant_count++];
    tenant->name = next(line);
    if (!next_number(line, UINT32_MAX, &tenant->ram_bytes) || !next_number(line, UINT32_MAX, &tenant->fuel_per_s) ||
        !next_number(line, ATTO_PRIORITIES - 1u, &priority) || !next_number(line, 0xffffu, &store))
        return "a tenant is not NAME RAM FUEL PRIORITY STORE RIGHT...";
    const char *error = take_rights(job, line, &rights);
    tenant->priority_first = (uint8_t)priority;
    tenant->store_bytes = (uint16_t)store;
    tenant->rights = rights.list;
    tenant->right_count = rights.count;
    return error;
}

/* ---- schedules, data, images ---- */

/* FIELD=NUMBER..., to the end of the line or to the word `rights`. */
static bool next_change(struct line *line, struct scenario_change *change)
{
    while (line->at < line->count && strcmp(line->fields[line->at], "rights") != 0) {
        char *field = next(line);
        char *number = strchr(field, '=');
        bool found = false;
        if (number == NULL)
            return false;
        *number++ = '\0';
#define TAKE_FIELD(key, name, most)                                              \
        if (strcmp(field, #name) == 0) {                                         \
            found = job_parse_number(number, (uint32_t)(most), &change->values.name); \
            change->given |= 1u << (key);                                        \
        }
        ATTO_SCHEDULE_FIELDS(TAKE_FIELD)
#undef TAKE_FIELD
        if (!found)
            return false;
    }
    return true;
}

static bool next_data(struct line *line, struct scenario_action *action)
{
    const char *digits = next(line);
    int32_t len = strcmp(digits, "-") == 0 ? 0 : job_parse_hex(digits, action->data, SCENARIO_DATA_MAX);
    action->data_bytes = len < 0 ? 0 : (uint32_t)len;
    return len >= 0;
}

static const char *take_image(struct scenario_job *job, struct line *line)
{
    if (job->image_count == SCENARIO_IMAGES_MAX)
        return "there are too many images";
    int32_t len = board_file_read(next(line), store + store_used, STORE_BYTES - store_used);
    if (len < 0)
        return len == BOARD_E_SIZE ? "the images are too long" : "an image cannot be read";
    job->images[job->image_count++] = (struct scenario_image){ store + store_used, (uint32_t)len };
    store_used += ((uint32_t)len + ATTO_IMAGE_ALIGN - 1u) / ATTO_IMAGE_ALIGN * ATTO_IMAGE_ALIGN;
    if (store_used > STORE_BYTES)
        store_used = STORE_BYTES;
    return NULL;
}

/* IMAGE FUEL FIELD=NUMBER... rights RIGHT... */
static const char *take_program(struct scenario_job *job, struct line *line, uint32_t *image, uint32_t *fuel,
                                struct scenario_change *change, struct scenario_rights *rights)
{
    if (!next_number(line, UINT32_MAX, image) || *image >= job->image_count ||
        !next_number(line, ATTO_FUEL_MAX, fuel) || !next_change(line, change))
        return "a program is not IMAGE FUEL [FIELD=NUMBER...] [rights RIGHT...]";
    return strcmp(next(line), "rights") == 0 ? take_rights(job, line, rights) : NULL;
}

static const char *take_container(struct scenario_job *job, struct line *line)
{
    if (job->container_count == SCENARIO_CONTAINERS_MAX)
        return "there are too many containers";
    struct scenario_container *container = &job->containers[job->container_count++];
    container->name = next(line);
    const char *tenant = next(line);
    container->tenant = find_tenant(job, tenant);
    if (container->tenant == ATTO_TENANT_OWNER && strcmp(tenant, "*") != 0)
        return "there is no such tenant";
    return take_program(job, line, &container->image, &container->fuel, &container->change, &container->given);
}

static struct scenario_container *find_container(struct scenario_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->container_count; i++) {
        if (strcmp(job->containers[i].name, name) == 0)
            return &job->containers[i];
    }
    return NULL;
}

/* PIN LEVEL */
static const char *take_pin(struct line *line, struct scenario_action *action)
{
    uint32_t level;
    if (!next_number(line, BOARD_PINS - 1u, &action->subject) || !next_number(line, 1, &level))
        return "a pin and its level are not PIN LEVEL";
    action->value = (int16_t)level;
    return NULL;
}

/* ENDPOINT VALUE, which may be negative */
static const char *take_sensor(struct line *line, struct scenario_action *action)
{
    uint32_t number;
    const char *error = find_endpoint(next(line), &action->subject), *digits = next(line);
    bool negative = digits[0] == '-';
    if (error != NULL)
        return error;
    if (!board_endpoint_is_sensor(action->subject))
        return "that endpoint is no sensor";
    if (!job_parse_number(digits + negative, INT16_MAX, &number))
        return "the value of a sensor is wrong";
    action->value = (int16_t)(negative ? -(int32_t)number : (int32_t)number);
    return NULL;
}

/* TENANT RIGHT... */
static const char *take_ceiling(struct scenario_job *job, struct line *line, struct scenario_action *action)
{
    action->tenant = find_tenant(job, next(line));
    return action->tenant != ATTO_TENANT_OWNER ? take_rights(job, line, &action->rights) : "there is no such tenant";
}

/* What an action has behind the container's name. */
static const char *take_details(struct scenario_job *job, struct line *line, struct scenario_action *action)
{
    switch (action->what) {
    case SCENARIO_UPDATE:
        return take_program(job, line, &action->image, &action->fuel, &action->change, &action->rights);
    case SCENARIO_SET_SCHEDULE:
        return next_change(line, &action->change) ? NULL : "a change of schedule is not FIELD=NUMBER...";
    case SCENARIO_SET_RIGHTS:
        return next_number(line, ATTO_RIGHTS_MAX - 1u, &action->first) ? take_rights(job, line, &action->rights)
                                                                       : "a handle is wrong";
    case SCENARIO_POST:
        action->entry = next(line);
        return next_data(line, action) && action->data_bytes <= ATTO_EVENT_BYTES ? NULL
                                                                                 : "an event is not ENTRY DATA";
    default:
        return NULL;
    }
}

static const char *take_action(struct scenario_job *job, struct line *line)
{
    uint32_t at_ms, what = 0;
    if (job->action_count == SCENARIO_ACTIONS_MAX)
        return "there are too many actions";
    struct scenario_action *action = &job->actions[job->action_count++];
    if (!next_number(line, SCENARIO_DURATION_MAX_MS, &at_ms))
        return "the time of an action is wrong";
    action->at_us = at_ms * 1000u;
    if (job->action_count > 1u && action->at_us < action[-1].at_us)
        return "actions are not in the order of their times";
    const char *word = next(line);
    while (what < SCENARIO_DO_COUNT && strcmp(scenario_words[what], word) != 0)
        what++;
    if (what == SCENARIO_DO_COUNT)
        return "there is no such action";
    action->what = (enum scenario_do)what;
    if (action->what == SCENARIO_FIRE)
        return next_data(line, action) ? NULL : "data is not in hexadecimal digits, or too long";
    if (action->what == SCENARIO_SET_PIN)
        return take_pin(line, action);
    if (action->what == SCENARIO_SET_SENSOR)
        return take_sensor(line, action);
    if (action->what == SCENARIO_SET_CEILING)
        return take_ceiling(job, line, action);
    action->on = find_container(job, next(line));
    return action->on != NULL ? take_details(job, line, action) : "there is no such container";
}

static const char *take_fields(struct scenario_job *job, struct line *line)
{
    const char *word = next(line);
    uint32_t duration_ms;
    if (strcmp(word, "image") == 0)
        return take_image(job, line);
    if (strcmp(word, "tenant") == 0)
        return take_tenant(job, line);
    if (strcmp(word, "container") == 0)
        return take_container(job, line);
    if (strcmp(word, "at") == 0)
        return take_action(job, line);
    if (strcmp(word, "slice_fuel") == 0)
        return next_number(line, ATTO_FUEL_MAX, &job->slice_fuel) && job->slice_fuel > 0u ? NULL : "wrong number";
    if (strcmp(word, "log_bytes") == 0)
        return next_number(line, 0xffffu, &job->log_bytes) ? NULL : "wrong number";
    if (strcmp(word, "fuel_per_ms") == 0)
        return next_number(line, ATTO_FUEL_MAX, &job->fuel_per_ms) ? NULL : "wrong number";
    if (strcmp(word, "duration") != 0 || !next_number(line, SCENARIO_DURATION_MAX_MS, &duration_ms))
        return "unknown word, or wrong number";
    job->duration_us = duration_ms * 1000u;
    return NULL;
}

/* NULL, or what is wrong with the line. */
static const char *take_line(struct scenario_job *job, char *text_of_line)
{
    struct line line = { .at = 0 };
    line.count = job_split(text_of_line, "\t", line.fields, FIELDS_MAX);
    if (line.count > FIELDS_MAX)
        return "a line has too many fields";
    const char *error = take_fields(job, &line);
    return error == NULL && line.at < line.count ? "a line has too many fields" : error;
}

bool scenario_job_read(const char *path, struct scenario_job *job)
{
    int32_t len = board_file_read(path, text, JOB_BYTES);
    uint32_t number = 0;
    if (len < 0) {
        printf("{\"error\":\"the job %s\"}\n", len == BOARD_E_SIZE ? "is too long" : "cannot be read");
        return false;
    }
    text[len] = '\0';
    char *rest = text;
    for (char *line = job_next_line(&rest, &number); line != NULL; line = job_next_line(&rest, &number)) {
        const char *error = take_line(job, line);
        if (error != NULL) {
            printf("{\"error\":\"line %" PRIu32 " of the job: %s\"}\n", number, error);
            return false;
        }
    }
    return true;
}
