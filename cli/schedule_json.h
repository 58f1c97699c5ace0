/* A schedule as people write it: a JSON object with the fields of struct atto_schedule that they care about, each a
 * number, but `restart`, `on_miss` and `on_overrun`, which are words.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_SCHEDULE_JSON_H
#define ATTO_CLI_SCHEDULE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/schedule.h"
#include "json_file.h"

struct atto_schedule_json {
    struct atto_schedule values;
    uint32_t given; /* bit n: the field with key n */
};

/* Reads the object at `at`. Reports every field that is wrong and then returns false. */
bool atto_schedule_json_read(const struct atto_json_file *file, struct atto_json_at at,
                             struct atto_schedule_json *schedule);

/* The word for a value of `restart`, `on_miss` or `on_overrun`; NULL if the field has numbers. */
const char *atto_schedule_word(const char *field, uint32_t value);

#endif
