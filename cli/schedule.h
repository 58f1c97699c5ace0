/* The numbers of a schedule as people know them, who write them into manifests and scenarios and read what `atto
 * inspect` shows: by names, and some of their values by words.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_SCHEDULE_H
#define ATTO_CLI_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atto/schedule.h"
#include "json_file.h"

struct atto_schedule_field {
    const char *name;
    uint32_t key, most;
    size_t offset;            /* of the number in struct atto_schedule */
    const char *const *words; /* for the values 0 to `most`; NULL: a number stands for itself */
};

/* In the order of their keys, which are 1 to ATTO_SCHEDULE_KEY_MAX. */
extern const struct atto_schedule_field atto_schedule_fields[ATTO_SCHEDULE_KEY_MAX];

uint32_t atto_schedule_get(const struct atto_schedule *schedule, const struct atto_schedule_field *field);
void atto_schedule_set(struct atto_schedule *schedule, const struct atto_schedule_field *field, uint32_t number);

/* The word for a value of the field with this name; NULL if it has numbers, or if there is no such value. */
const char *atto_schedule_word(const char *name, uint32_t value);

/* Is it another number than that of a manifest without it? */
bool atto_schedule_is_set(const struct atto_schedule *schedule, const struct atto_schedule_field *field);

/* The numbers that are other ones than those of a manifest without them, as atto_schedule_json_read takes them. */
json_t *atto_schedule_to_json(const struct atto_schedule *schedule);

/* A schedule as it stands in JSON: an object with the fields that somebody cares about. */
struct atto_schedule_json {
    struct atto_schedule values;
    uint32_t given; /* bit n: the field with key n */
};

/* Reads the object at `at`. Reports every field that is wrong and then returns false. */
bool atto_schedule_json_read(const struct atto_json_file *file, struct atto_json_at at,
                             struct atto_schedule_json *schedule);

#endif
