/* The table of a schedule's numbers and their reader, see schedule.h. Made from the table of atto/schedule.h.
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

#define FIELD_NAME(key, name, most) ", " #name
static const char field_names[] = ATTO_SCHEDULE_FIELDS(FIELD_NAME);
#undef FIELD_NAME

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

const char *atto_schedule_word(const char *name, uint32_t value)
{
    for (size_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++) {
        const struct atto_schedule_field *field = &atto_schedule_fields[i];

        if (strcmp(field->name, name) == 0)
            return field->words != NULL && value <= field->most ? field->words[value] : NULL;
    }
    return NULL;
}

bool atto_schedule_is_set(const struct atto_schedule *schedule, const struct atto_schedule_field *field)
{
    static const struct atto_schedule unset = ATTO_SCHEDULE_INIT;

    return atto_schedule_get(schedule, field) != atto_schedule_get(&unset, field);
}

json_t *atto_schedule_to_json(const struct atto_schedule *schedule)
{
    json_t *object = json_object();

    for (size_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++) {
        const struct atto_schedule_field *field = &atto_schedule_fields[i];
        uint32_t number = atto_schedule_get(schedule, field);

        if (atto_schedule_is_set(schedule, field))
            json_object_set_new(object, field->name, field->words != NULL ? json_string(field->words[number])
                                                                          : json_integer(number));
    }
    return object;
}

static bool take_field(const struct atto_json_file *file, struct atto_json_at object,
                       const struct atto_schedule_field *field, struct atto_schedule_json *schedule)
{
    struct atto_json_at at = atto_json_at_member(object, field->name);
    uint32_t number;

    if (at.value == NULL)
        return true;
    if (!(field->words != NULL ? atto_json_word(file, at, field->name, field->words, field->most + 1, &number)
                               : atto_json_number(file, at, field->name, 0, field->most, &number)))
        return false;
    atto_schedule_set(&schedule->values, field, number);
    schedule->given |= 1u << field->key;
    return true;
}

bool atto_schedule_json_read(const struct atto_json_file *file, struct atto_json_at at,
                             struct atto_schedule_json *schedule)
{
    const struct atto_schedule *values = &schedule->values;
    bool fine;

    *schedule = (struct atto_schedule_json){.values = ATTO_SCHEDULE_INIT};
    if (!json_is_object(at.value))
        return atto_json_refuse(file, at.place, "'schedule' must be an object");
    fine = atto_json_known_keys(file, at, "a schedule", field_names + 2);
    for (size_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++)
        fine = take_field(file, at, &atto_schedule_fields[i], schedule) && fine;
    if (values->period_us != 0 && values->deadline_us > values->period_us)
        return atto_json_refuse(file, atto_json_at_member(at, "deadline_us").place,
                                "'deadline_us' must not be over 'period_us', which is %u", values->period_us);
    return fine;
}
