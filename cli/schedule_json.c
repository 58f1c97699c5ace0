/* Schedules in JSON, see schedule_json.h. Fields and their limits come from the table of atto/schedule.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "schedule_json.h"

#include <stddef.h>
#include <string.h>

#include "report.h"

struct words {
    const char *field, *words[4]; /* by value; NULL behind the last one */
};

static const struct words words[] = {
    {"restart",
     {[ATTO_RESTART_NEVER] = "never", [ATTO_RESTART_ON_FAULT] = "on-fault", [ATTO_RESTART_ALWAYS] = "always"}},
    {"on_miss", {[ATTO_MISS_CONTINUE] = "continue", [ATTO_MISS_DROP] = "drop", [ATTO_MISS_FAULT] = "fault"}},
    {"on_overrun", {[ATTO_OVERRUN_THROTTLE] = "throttle", [ATTO_OVERRUN_FAULT] = "fault"}},
};

struct field {
    uint32_t key, most;
    const char *name;
    size_t offset;
};

#define FIELD(key, name, most) {(key), (uint32_t)(most), #name, offsetof(struct atto_schedule, name)},
static const struct field fields[] = {ATTO_SCHEDULE_FIELDS(FIELD)};
#undef FIELD
#define FIELD_NAME(key, name, most) " " #name
static const char field_names[] = ATTO_SCHEDULE_FIELDS(FIELD_NAME);
#undef FIELD_NAME

static const struct words *words_of(const char *field)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].field, field) == 0)
            return &words[i];
    }
    return NULL;
}

const char *atto_schedule_word(const char *field, uint32_t value)
{
    const struct words *known = words_of(field);

    return known != NULL && value < 3 ? known->words[value] : NULL;
}

static bool take_word(const struct atto_json_file *file, struct atto_json_at at, const struct words *known,
                      uint32_t *value)
{
    const char *text = json_string_value(at.value);

    for (uint32_t i = 0; text != NULL && known->words[i] != NULL; i++) {
        if (strcmp(known->words[i], text) == 0) {
            *value = i;
            return true;
        }
    }
    return atto_json_refuse(file, at.place, "'%s' must be \"%s\", \"%s\"%s%s%s", known->field, known->words[0],
                            known->words[1], known->words[2] == NULL ? "" : " or \"",
                            known->words[2] == NULL ? "" : known->words[2], known->words[2] == NULL ? "" : "\"");
}

static bool take_field(const struct atto_json_file *file, struct atto_json_at object, const struct field *field,
                       struct atto_schedule_json *schedule)
{
    struct atto_json_at at = atto_json_at_member(object, field->name);
    uint32_t *value = (uint32_t *)(void *)((uint8_t *)&schedule->values + field->offset);
    const struct words *known = words_of(field->name);

    if (at.value == NULL)
        return true;
    schedule->given |= 1u << field->key;
    if (known != NULL)
        return take_word(file, at, known, value);
    return atto_json_number(file, at, field->name, 0, field->most, value);
}

bool atto_schedule_json_read(const struct atto_json_file *file, struct atto_json_at at,
                             struct atto_schedule_json *schedule)
{
    bool fine;

    *schedule = (struct atto_schedule_json){.values = ATTO_SCHEDULE_INIT};
    if (!json_is_object(at.value))
        return atto_json_refuse(file, at.place, "'schedule' must be an object");
    fine = atto_json_known_keys(file, at, "a schedule", field_names + 1);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        fine = take_field(file, at, &fields[i], schedule) && fine;
    if (fine && schedule->values.period_us != 0 && schedule->values.deadline_us > schedule->values.period_us)
        return atto_json_refuse(file, atto_json_at_member(at, "deadline_us").place,
                                "'deadline_us' must not be longer than 'period_us'");
    return fine;
}
