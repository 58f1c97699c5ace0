/* Reads the job of the program `scenario`, line by line, and the images that it names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "job.h"
#include "scenario.h"

#define JOB_BYTES (256u * 1024u)
#define STORE_BYTES (768u * 1024u) /* for all images */
#define FIELDS_MAX 32u

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

/* The rest of the line: FIELD=NUMBER... */
static bool next_change(struct line *line, struct scenario_change *change)
{
    while (line->at < line->count) {
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

/* IMAGE FUEL FIELD=NUMBER... */
static bool next_program(const struct scenario_job *job, struct line *line, uint32_t *image, uint32_t *fuel,
                         struct scenario_change *change)
{
    return next_number(line, UINT32_MAX, image) && *image < job->image_count &&
           next_number(line, ATTO_FUEL_MAX, fuel) && next_change(line, change);
}

static const char *take_container(struct scenario_job *job, struct line *line)
{
    if (job->container_count == SCENARIO_CONTAINERS_MAX)
        return "there are too many containers";
    struct scenario_container *container = &job->containers[job->container_count++];
    container->name = next(line);
    return next_program(job, line, &container->image, &container->fuel, &container->change)
               ? NULL
               : "a container is not NAME IMAGE FUEL [FIELD=NUMBER...]";
}

static struct scenario_container *find_container(struct scenario_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->container_count; i++) {
        if (strcmp(job->containers[i].name, name) == 0)
            return &job->containers[i];
    }
    return NULL;
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
    action->on = find_container(job, next(line));
    if (action->on == NULL)
        return "there is no such container";
    if (action->what == SCENARIO_UPDATE && !next_program(job, line, &action->image, &action->fuel, &action->change))
        return "an update is not IMAGE FUEL [FIELD=NUMBER...]";
    if (action->what == SCENARIO_SET_SCHEDULE && !next_change(line, &action->change))
        return "a change of schedule is not FIELD=NUMBER...";
    if (action->what == SCENARIO_POST) {
        action->entry = next(line);
        if (!next_data(line, action) || action->data_bytes > ATTO_EVENT_BYTES)
            return "an event is not ENTRY DATA";
    }
    return NULL;
}

static const char *take_fields(struct scenario_job *job, struct line *line)
{
    const char *word = next(line);
    uint32_t duration_ms;
    if (strcmp(word, "image") == 0)
        return take_image(job, line);
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
