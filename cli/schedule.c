/* The table of a schedule's numbers, see schedule.h. Made from that of the manifest's parser.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <string.h>

static const char *const restart_words[] = {"never", "on-fault", "always"};
static const char *const on_miss_words[] = {"continue", "drop", "fault"};
static const char *const on_overrun_words[] = {"throttle", "fault"};

_Static_assert(sizeof restart_words / sizeof *restart_words == ATTO_RESTART_ALWAYS + 1, "a word for each");
_Static_assert(sizeof on_miss_words / sizeof *on_miss_words == ATTO_MISS_FAULT + 1, "a word for each");
_Static_assert(sizeof on_overrun_words / sizeof *on_overrun_words == ATTO_OVERRUN_FAULT + 1, "a word for each");

/* The keys of the fields that have words. */
#define KEY_OF(key, name, most) KEY_##name = key,
enum { ATTO_SCHEDULE_FIELDS(KEY_OF) };
#undef KEY_OF

#define WORDS(key)                                       \
    ((key) == KEY_restart      ? restart_words           \
     : (key) == KEY_on_miss    ? on_miss_words           \
     : (key) == KEY_on_overrun ? on_overrun_words : NULL)

#define FIELD(key, name, most) [key - 1] = {#name, key, most, offsetof(struct atto_schedule, name), WORDS(key)},
const struct atto_schedule_field atto_schedule_fields[ATTO_SCHEDULE_KEY_MAX] = {ATTO_SCHEDULE_FIELDS(FIELD)};
#undef FIELD

const struct atto_schedule_field *atto_schedule_find(const char *name)
{
    for (size_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++) {
        if (strcmp(atto_schedule_fields[i].name, name) == 0)
            return &atto_schedule_fields[i];
    }
    return NULL;
}

uint32_t atto_schedule_get(const struct atto_schedule *schedule, const struct atto_schedule_field *field)
{
    uint32_t number;

    memcpy(&number, (const char *)schedule + field->offset, sizeof number);
    return number;
}

void atto_schedule_set(struct atto_schedule *schedule, const struct atto_schedule_field *field, uint32_t number)
{
    memcpy((char *)schedule + field->offset, &number, sizeof number);
}

bool atto_schedule_is_set(const struct atto_schedule *schedule, const struct atto_schedule_field *field)
{
    static const struct atto_schedule unset = ATTO_SCHEDULE_INIT;

    return atto_schedule_get(schedule, field) != atto_schedule_get(&unset, field);
}
