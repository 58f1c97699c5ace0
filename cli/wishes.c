/* Reads the author's JSON, see wishes.h. Every value is checked here with the limits of the manifest format, so that
 * what is wrong is reported at its place in the file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wishes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "report.h"
#include "uuid.h"

#define STACK_BYTES_MAX 0xffff

const char *const atto_policy_names[4] = {"continue", "stop-on-negative", "stop-on-positive", "single"};

void atto_wishes_report(const struct atto_wishes *wishes, const char *key, size_t index, const char *format, ...)
{
    struct atto_json_at at = atto_json_at_member(atto_json_file_root(&wishes->file), key);
    va_list arguments;
    char *message;

    if (json_is_array(at.value))
        at = atto_json_at_element(at, index);
    va_start(arguments, format);
    message = atto_format_list(format, arguments);
    va_end(arguments);
    atto_json_refuse(&wishes->file, at.place, "%s", message);
    free(message);
}

static bool take_entries(struct atto_wishes *wishes, struct atto_json_at at)
{
    size_t count = json_array_size(at.value);

    if (at.value == NULL)
        return true;
    if (count == 0 || count > ATTO_ENTRIES_MAX)
        return atto_json_refuse(&wishes->file, at.place, "'entries' must be an array of 1 to %u names of functions",
                                ATTO_ENTRIES_MAX);
    for (size_t i = 0; i < count; i++) {
        struct atto_json_at element = atto_json_at_element(at, i);

        if (!atto_json_name(&wishes->file, element, "entries", &wishes->entries[i]))
            return false;
        wishes->entry_count++;
        for (size_t before = 0; before < i; before++) {
            if (strcmp(wishes->entries[before], wishes->entries[i]) == 0)
                return atto_json_refuse(&wishes->file, element.place, "'entries' has '%s' twice", wishes->entries[i]);
        }
    }
    wishes->entries_given = true;
    return true;
}

static bool take_call(struct atto_wishes *wishes, struct atto_json_at at)
{
    const char *name = json_string_value(at.value);
    uint32_t number;

    if (name != NULL && !atto_call_parse(name, &number))
        return atto_json_refuse(&wishes->file, at.place, "'calls': there is no host call '%s' (a name of the SDK, or a "
                                "number below %u)", name, ATTO_CALL_IDS);
    if (name == NULL && !atto_json_number(&wishes->file, at, "calls", 0, ATTO_CALL_IDS - 1, &number))
        return false;
    atto_callset_add(&wishes->calls, number);
    return true;
}

static bool take_calls(struct atto_wishes *wishes, struct atto_json_at at)
{
    bool fine = true;

    if (at.value == NULL)
        return true;
    if (!json_is_array(at.value))
        return atto_json_refuse(&wishes->file, at.place, "'calls' must be an array of names or numbers of host calls");
    for (size_t i = 0; i < json_array_size(at.value); i++)
        fine = take_call(wishes, atto_json_at_element(at, i)) && fine;
    wishes->calls_given = true;
    return fine;
}

static bool take_uuid(const struct atto_json_file *file, struct atto_json_at at, uint8_t *uuid)
{
    return atto_uuid_parse(json_string_value(at.value), uuid) ||
           atto_json_refuse(file, at.place, "'uuid' must be a UUID such as \"01234567-89ab-cdef-0123-456789abcdef\"");
}

static bool take_hook(const struct atto_json_file *file, struct atto_json_at at, struct atto_wished_hook *hook)
{
    struct atto_json_at uuid = atto_json_at_member(at, "uuid"), entry = atto_json_at_member(at, "entry");
    bool fine;

    if (!json_is_object(at.value))
        return atto_json_refuse(file, at.place, "a hook must be an object with uuid and entry");
    fine = atto_json_known_keys(file, at, "a hook", "uuid, entry, priority, policy");
    if (uuid.value == NULL || entry.value == NULL)
        return atto_json_refuse(file, at.place, "a hook needs 'uuid' and 'entry'");
    fine = take_uuid(file, uuid, hook->uuid) && fine;
    fine = atto_json_name(file, entry, "entry", &hook->entry) && fine;
    fine = atto_json_number(file, atto_json_at_member(at, "priority"), "priority", 0, 15, &hook->priority) && fine;
    return atto_json_word(file, atto_json_at_member(at, "policy"), "policy", atto_policy_names, 4, &hook->policy) &&
           fine;
}

static bool take_hooks(struct atto_wishes *wishes, struct atto_json_at at)
{
    size_t count = json_array_size(at.value);
    bool fine = true;

    if (at.value == NULL)
        return true;
    if (!json_is_array(at.value) || count > ATTO_HOOKS_MAX)
        return atto_json_refuse(&wishes->file, at.place, "'hooks' must be an array of at most %u objects",
                                ATTO_HOOKS_MAX);
    for (size_t i = 0; i < count; i++)
        fine = take_hook(&wishes->file, atto_json_at_element(at, i), &wishes->hooks[wishes->hook_count++]) && fine;
    return fine;
}

static bool take_all(struct atto_wishes *wishes)
{
    const struct atto_json_file *file = &wishes->file;
    struct atto_json_at root = atto_json_file_root(file), schedule = atto_json_at_member(root, "schedule");
    bool fine = atto_json_known_keys(file, root, "a manifest", "name, entries, stack, fuel, calls, hooks, "
                                     "schedule, rights");

    fine = atto_json_name(file, atto_json_at_member(root, "name"), "name", &wishes->name) && fine;
    fine = take_entries(wishes, atto_json_at_member(root, "entries")) && fine;
    fine = atto_json_number(file, atto_json_at_member(root, "stack"), "stack", 1, STACK_BYTES_MAX,
                            &wishes->stack_bytes) && fine;
    fine = atto_json_number(file, atto_json_at_member(root, "fuel"), "fuel", 1, ATTO_FUEL_MAX, &wishes->fuel) && fine;
    fine = take_calls(wishes, atto_json_at_member(root, "calls")) && fine;
    fine = take_hooks(wishes, atto_json_at_member(root, "hooks")) && fine;
    fine = (schedule.value == NULL || atto_schedule_json_read(file, schedule, &wishes->schedule)) && fine;
    return atto_rights_json_read(file, atto_json_at_member(root, "rights"), "rights", ATTO_RIGHTS_WISHED,
                                 &wishes->rights) && fine;
}

bool atto_wishes_read(struct atto_wishes *wishes, const char *path)
{
    *wishes = (struct atto_wishes){0};
    return atto_json_file_read(&wishes->file, path) && take_all(wishes);
}

void atto_wishes_free(struct atto_wishes *wishes)
{
    for (size_t i = 0; i < wishes->entry_count; i++)
        free(wishes->entries[i]);
    for (size_t i = 0; i < wishes->hook_count; i++)
        free(wishes->hooks[i].entry);
    free(wishes->name);
    atto_rights_json_free(&wishes->rights);
    atto_json_file_free(&wishes->file);
    *wishes = (struct atto_wishes){0};
}
