/* The numbers of a schedule as the author's JSON and `atto inspect` know them: by names, and some of their values by
 * words.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_SCHEDULE_H
#define ATTO_CLI_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atto/schedule.h"

struct atto_schedule_field {
    const char *name;
    uint32_t key, most;
    size_t offset;            /* of the number in struct atto_schedule */
    const char *const *words; /* for the values 0 to `most`; NULL: a number stands for itself */
};

/* In the order of their keys, which are 1 to ATTO_SCHEDULE_KEY_MAX. */
extern const struct atto_schedule_field atto_schedule_fields[ATTO_SCHEDULE_KEY_MAX];

/* The field of this name; NULL if there is none. */
const struct atto_schedule_field *atto_schedule_find(const char *name);

uint32_t atto_schedule_get(const struct atto_schedule *schedule, const struct atto_schedule_field *field);
void atto_schedule_set(struct atto_schedule *schedule, const struct atto_schedule_field *field, uint32_t number);

/* Is it another number than that of a manifest without it? */
bool atto_schedule_is_set(const struct atto_schedule *schedule, const struct atto_schedule_field *field);

#endif
