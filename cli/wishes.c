/* Reads the author's JSON, see wishes.h. Every value is checked here with the limits of the manifest format, so that
 * what is wrong is reported at its place in the file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wishes.h"

#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "json_place.h"
#include "report.h"
#include "schedule.h"

#define STACK_BYTES_MAX 0xffff
#define FUEL_MAX 0x3fff0000

const char *const atto_policy_names[4] = {"continue", "stop-on-negative", "stop-on-positive", "single"};

static const char *text_of(const struct atto_wishes *wishes)
{
    return (const char *)wishes->text.bytes;
}

static void report_place(const struct atto_wishes *wishes, const char *place, const char *format, va_list arguments)
{
    unsigned line, column;
    char message[512];

    vsnprintf(message, sizeof message, format, arguments);
    atto_json_line(text_of(wishes), place == NULL ? text_of(wishes) : place, &line, &column);
    atto_report_column(wishes->path, line, column, "%s", message);
}

void atto_wishes_report(const struct atto_wishes *wishes, const char *key, size_t index, const char *format, ...)
{
    const char *array = atto_json_member(text_of(wishes), key, NULL);
    va_list arguments;

    va_start(arguments, format);
    report_place(wishes, array != NULL && *array == '[' ? atto_json_element(array, index) : array, format, arguments);
    va_end(arguments);
}

/* Reports something about the value at `place`. Always false. */
static bool refuse(const struct atto_wishes *wishes, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool refuse(const struct atto_wishes *wishes, const char *place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report_place(wishes, place, format, arguments);
    va_end(arguments);
    return false;
}

/* A name that the manifest format can hold. */
static bool take_name(struct atto_wishes *wishes, const char *place, const char *key, const json_t *value, char **name)
{
    const char *text = json_string_value(value);

    if (text == NULL)
        return refuse(wishes, place, "'%s' must be a string", key);
    if (text[0] == '\0' || strlen(text) > ATTO_NAME_MAX)
        return refuse(wishes, place, "'%s' must have 1 to %u bytes", key, ATTO_NAME_MAX);
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return refuse(wishes, place, "'%s' must not contain control characters", key);
    }
    *name = atto_copy_string(text);
    return true;
}

static bool take_number(struct atto_wishes *wishes, const char *place, const char *key, const json_t *value,
                        json_int_t min, json_int_t max, uint32_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
        return refuse(wishes, place, "'%s' must be a whole number from %lld to %lld", key, (long long)min,
                      (long long)max);
    *number = (uint32_t)json_integer_value(value);
    return true;
}

static bool take_entries(struct atto_wishes *wishes, const char *place, const json_t *value)
{
    size_t count = json_array_size(value);

    if (!json_is_array(value) || count == 0 || count > ATTO_ENTRIES_MAX)
        return refuse(wishes, place, "'entries' must be an array of 1 to %u names of functions", ATTO_ENTRIES_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *element = atto_json_element(place, i);

        if (!take_name(wishes, element, "entries", json_array_get(value, i), &wishes->entries[i]))
            return false;
        wishes->entry_count++;
        for (size_t before = 0; before < i; before++) {
            if (strcmp(wishes->entries[before], wishes->entries[i]) == 0)
                return refuse(wishes, element, "'entries' has '%s' twice", wishes->entries[i]);
        }
    }
    wishes->entries_given = true;
    return true;
}

static bool take_calls(struct atto_wishes *wishes, const char *place, const json_t *value)
{
    if (!json_is_array(value))
        return refuse(wishes, place, "'calls' must be an array of names or numbers of host calls");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        const char *element = atto_json_element(place, i);
        uint32_t number;

        if (json_is_string(item)) {
            if (!atto_call_parse(json_string_value(item), &number))
                return refuse(wishes, element, "'calls': there is no host call '%s' (a name of the SDK, or a number "
                              "below %u)", json_string_value(item), ATTO_CALL_IDS);
        } else if (!take_number(wishes, element, "calls", item, 0, ATTO_CALL_IDS - 1, &number)) {
            return false;
        }
        atto_callset_add(&wishes->calls, number);
    }
    wishes->calls_given = true;
    return true;
}

static int hex_value(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return tolower((unsigned char)c) - 'a' + 10;
}

/* 8-4-4-4-12 hexadecimal digits. */
static bool parse_uuid(const char *text, uint8_t *uuid)
{
    static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t digits = 0;

    if (text == NULL || strlen(text) != sizeof pattern - 1)
        return false;
    for (size_t i = 0; pattern[i] != '\0'; i++) {
        if (pattern[i] == '-') {
            if (text[i] != '-')
                return false;
            continue;
        }
        if (!isxdigit((unsigned char)text[i]))
            return false;
        uuid[digits / 2] = (uint8_t)(uuid[digits / 2] * 16 + hex_value(text[i]));
        digits++;
    }
    return true;
}

static bool take_policy(struct atto_wishes *wishes, const char *place, const json_t *value, uint32_t *policy)
{
    const char *text = json_string_value(value);

    for (uint32_t i = 0; i < 4 && text != NULL; i++) {
        if (strcmp(atto_policy_names[i], text) == 0) {
            *policy = i;
            return true;
        }
    }
    return refuse(wishes, place, "'policy' must be \"continue\", \"stop-on-negative\", \"stop-on-positive\" or "
                  "\"single\"");
}

static bool take_hook_member(struct atto_wishes *wishes, const char *hook_place, const char *key, const json_t *value,
                             struct atto_wished_hook *hook)
{
    const char *name = NULL;
    const char *place = atto_json_member(hook_place, key, &name);

    if (strcmp(key, "uuid") == 0)
        return parse_uuid(json_string_value(value), hook->uuid) ||
               refuse(wishes, place, "'uuid' must be a UUID such as \"01234567-89ab-cdef-0123-456789abcdef\"");
    if (strcmp(key, "entry") == 0)
        return take_name(wishes, place, key, value, &hook->entry);
    if (strcmp(key, "priority") == 0)
        return take_number(wishes, place, key, value, 0, 15, &hook->priority);
    if (strcmp(key, "policy") == 0)
        return take_policy(wishes, place, value, &hook->policy);
    return refuse(wishes, name, "unknown key '%s' in a hook; there are uuid, entry, priority and policy", key);
}

static bool take_hooks(struct atto_wishes *wishes, const char *place, const json_t *value)
{
    size_t count = json_array_size(value);

    if (!json_is_array(value) || count > ATTO_HOOKS_MAX)
        return refuse(wishes, place, "'hooks' must be an array of at most %u objects", ATTO_HOOKS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct atto_wished_hook *hook = &wishes->hooks[i];
        json_t *object = json_array_get(value, i), *member;
        const char *element = atto_json_element(place, i);
        const char *key;

        if (!json_is_object(object))
            return refuse(wishes, element, "a hook must be an object with uuid and entry");
        wishes->hook_count++;
        json_object_foreach(object, key, member) {
            if (!take_hook_member(wishes, element, key, member, hook))
                return false;
        }
        if (json_object_get(object, "uuid") == NULL || hook->entry == NULL)
            return refuse(wishes, element, "a hook needs 'uuid' and 'entry'");
    }
    return true;
}

/* Adds item `index` to an enumeration that ends with item `last`: a, b or c. */
static void enumerate(struct atto_buffer *list, const char *item, const char *quote, size_t index, size_t last,
                      const char *conjunction)
{
    char *text = atto_format("%s%s%s%s", index == 0 ? "" : index == last ? conjunction : ", ", quote, item, quote);

    atto_buffer_put(list, text, strlen(text));
    free(text);
}

/* A number of a schedule that authors write as a word. */
static bool take_word(struct atto_wishes *wishes, const char *place, const struct atto_schedule_field *field,
                      const json_t *value, uint32_t *number)
{
    const char *text = json_string_value(value);
    struct atto_buffer list = {0};

    for (uint32_t i = 0; i <= field->most; i++) {
        if (text != NULL && strcmp(field->words[i], text) == 0) {
            *number = i;
            return true;
        }
    }
    for (uint32_t i = 0; i <= field->most; i++)
        enumerate(&list, field->words[i], "\"", i, field->most, " or ");
    refuse(wishes, place, "'%s' must be %.*s", field->name, (int)list.len, (const char *)list.bytes);
    atto_buffer_free(&list);
    return false;
}

/* Reports a key that no schedule has. Always false. */
static bool refuse_schedule_key(const struct atto_wishes *wishes, const char *name, const char *key)
{
    struct atto_buffer list = {0};

    for (size_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++)
        enumerate(&list, atto_schedule_fields[i].name, "", i, ATTO_SCHEDULE_KEY_MAX - 1, " and ");
    refuse(wishes, name, "unknown key '%s' in the schedule; there are %.*s", key, (int)list.len,
           (const char *)list.bytes);
    atto_buffer_free(&list);
    return false;
}

static bool take_schedule(struct atto_wishes *wishes, const char *place, json_t *value)
{
    struct atto_schedule *schedule = &wishes->schedule;
    json_t *member;
    const char *key;

    if (!json_is_object(value))
        return refuse(wishes, place, "'schedule' must be an object");
    *schedule = (struct atto_schedule)ATTO_SCHEDULE_INIT;
    json_object_foreach(value, key, member) {
        const char *name = NULL;
        const char *at = atto_json_member(place, key, &name);
        const struct atto_schedule_field *field = atto_schedule_find(key);
        uint32_t number;

        if (field == NULL)
            return refuse_schedule_key(wishes, name, key);
        if (!(field->words != NULL ? take_word(wishes, at, field, member, &number)
                                   : take_number(wishes, at, key, member, 0, field->most, &number)))
            return false;
        atto_schedule_set(schedule, field, number);
    }
    if (schedule->period_us != 0 && schedule->deadline_us > schedule->period_us)
        return refuse(wishes, atto_json_member(place, "deadline_us", NULL),
                      "'deadline_us' must not be over 'period_us', which is %u", schedule->period_us);
    wishes->schedule_given = true;
    return true;
}

static bool take_member(struct atto_wishes *wishes, const char *key, json_t *value)
{
    const char *name = NULL;
    const char *place = atto_json_member(text_of(wishes), key, &name);

    if (strcmp(key, "name") == 0)
        return take_name(wishes, place, key, value, &wishes->name);
    if (strcmp(key, "entries") == 0)
        return take_entries(wishes, place, value);
    if (strcmp(key, "stack") == 0)
        return take_number(wishes, place, key, value, 1, STACK_BYTES_MAX, &wishes->stack_bytes);
    if (strcmp(key, "fuel") == 0)
        return take_number(wishes, place, key, value, 1, FUEL_MAX, &wishes->fuel);
    if (strcmp(key, "calls") == 0)
        return take_calls(wishes, place, value);
    if (strcmp(key, "hooks") == 0)
        return take_hooks(wishes, place, value);
    if (strcmp(key, "schedule") == 0)
        return take_schedule(wishes, place, value);
    return refuse(wishes, name, "unknown key '%s'; there are name, entries, stack, fuel, calls, hooks and schedule",
                  key);
}

bool atto_wishes_read(struct atto_wishes *wishes, const char *path)
{
    unsigned reports = atto_report_count();
    json_error_t error;
    json_t *root, *member;
    const char *key;

    *wishes = (struct atto_wishes){.path = atto_copy_string(path)};
    if (!atto_buffer_read(&wishes->text, path))
        return false;
    atto_buffer_put(&wishes->text, "", 1);
    root = json_loadb(text_of(wishes), wishes->text.len - 1, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        atto_report_column(path, (unsigned)error.line, (unsigned)error.column, "%s", error.text);
        return false;
    }
    if (json_is_object(root)) {
        json_object_foreach(root, key, member)
            take_member(wishes, key, member);
    } else {
        atto_report_column(path, 1, 1, "the manifest must be an object");
    }
    json_decref(root);
    return reports == atto_report_count();
}

void atto_wishes_free(struct atto_wishes *wishes)
{
    for (size_t i = 0; i < wishes->entry_count; i++)
        free(wishes->entries[i]);
    for (size_t i = 0; i < wishes->hook_count; i++)
        free(wishes->hooks[i].entry);
    free(wishes->name);
    free(wishes->path);
    atto_buffer_free(&wishes->text);
    *wishes = (struct atto_wishes){0};
}
