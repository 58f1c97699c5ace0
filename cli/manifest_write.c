/* From wishes and program to CBOR, see manifest_write.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manifest_write.h"

#include <assert.h>
#include <string.h>

#include "base/cbor.h"
#include "calls.h"
#include "report.h"
#include "schedule.h"

#define OPCODE_CALL 0x85
#define SRC_HOST_CALL 0
#define MANIFEST_BYTES_MAX 4096

struct entry {
    const char *name;
    uint32_t slot;
};

struct entries {
    struct entry list[ATTO_ENTRIES_MAX];
    size_t count;
};

/* Functions that can be started: global ones, by names that an author can write. */
static bool is_entry(const struct atto_program *program, const struct atto_program_function *function)
{
    uint32_t slot;

    return strncmp(function->name, "_Z", 2) != 0 && strcmp(function->name, "?") != 0 &&
           atto_program_find(program, function->name, &slot) && slot == function->start;
}

static bool default_entries(const struct atto_program *program, struct entries *entries)
{
    for (size_t i = 0; i < program->function_count; i++) {
        const struct atto_program_function *function = &program->functions[i];

        if (!is_entry(program, function))
            continue;
        if (entries->count == ATTO_ENTRIES_MAX) {
            atto_report_at(function->path, 0, "more than %u global functions; make those static that are no entry "
                           "points, or name the entry points in the manifest", ATTO_ENTRIES_MAX);
            return false;
        }
        if (strlen(function->name) > ATTO_NAME_MAX) {
            atto_program_report(program, function->start, "the name of entry point '%s' has more than %u bytes",
                                function->name, ATTO_NAME_MAX);
            return false;
        }
        entries->list[entries->count++] = (struct entry){function->name, function->start};
    }
    if (entries->count == 0)
        atto_report_at(program->functions[0].path, 0, "no entry point: there is no global function%s",
                       strncmp(program->functions[0].name, "_Z", 2) == 0 ? " with a C name; use ATTO_ENTRY" : "");
    return entries->count != 0;
}

static bool wished_entries(const struct atto_program *program, const struct atto_wishes *wishes,
                           struct entries *entries)
{
    bool fine = true;

    for (size_t i = 0; i < wishes->entry_count; i++) {
        uint32_t slot;

        if (atto_program_find(program, wishes->entries[i], &slot)) {
            entries->list[entries->count++] = (struct entry){wishes->entries[i], slot};
        } else {
            atto_wishes_report(wishes, "entries", i, "'entries': there is no global function '%s' in the program "
                               "(in C++ it needs ATTO_ENTRY)", wishes->entries[i]);
            fine = false;
        }
    }
    return fine;
}

static bool index_of(const struct entries *entries, const char *name, uint32_t *index)
{
    for (size_t i = 0; i < entries->count; i++) {
        if (strcmp(entries->list[i].name, name) == 0) {
            *index = (uint32_t)i;
            return true;
        }
    }
    return false;
}

/* Collects the host calls that the text makes; refuses those that the author did not ask for. */
static bool collect_calls(const struct atto_program *program, const struct atto_wishes *wishes,
                          struct atto_callset *calls)
{
    uint32_t slot_count = (uint32_t)(program->text.len / 8);
    bool fine = true;

    for (uint32_t slot = 0; slot < slot_count; slot += atto_slot_width(program->text.bytes[8 * (size_t)slot])) {
        struct atto_slot insn = atto_slot_read(program->text.bytes, slot);
        const char *name;

        if (insn.opcode != OPCODE_CALL || insn.src != SRC_HOST_CALL)
            continue;
        name = atto_call_name((uint32_t)insn.imm);
        if ((uint32_t)insn.imm >= ATTO_CALL_IDS) {
            atto_program_report(program, slot, "host call %u: numbers go up to %u", (uint32_t)insn.imm,
                                ATTO_CALL_IDS - 1);
            fine = false;
        } else if (wishes->calls_given && !atto_callset_has(&wishes->calls, (uint32_t)insn.imm)) {
            atto_program_report(program, slot, "host call %d%s%s%s is made here, but 'calls' in %s does not have it",
                                insn.imm, name == NULL ? "" : " (", name == NULL ? "" : name, name == NULL ? "" : ")",
                                wishes->file.path);
            fine = false;
        } else {
            atto_callset_add(calls, (uint32_t)insn.imm);
        }
    }
    if (wishes->calls_given)
        *calls = wishes->calls;
    return fine;
}

/* The device gives a container the stack of its hungriest function, whether an entry point reaches it or not. */
static bool check_stack(const struct atto_program *program, const struct atto_wishes *wishes)
{
    for (size_t i = 0; i < program->function_count && wishes->stack_bytes != 0; i++) {
        const struct atto_program_function *function = &program->functions[i];

        if (function->stack_bytes > wishes->stack_bytes) {
            atto_wishes_report(wishes, "stack", 0, "'stack' is %u bytes, but '%s' with all that it calls needs %u",
                               wishes->stack_bytes, function->name, function->stack_bytes);
            return false;
        }
    }
    return true;
}

static void put_entries(struct atto_cbor_writer *writer, const struct entries *entries)
{
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, 2);
    atto_cbor_put_head(writer, ATTO_CBOR_ARRAY, (uint32_t)entries->count);
    for (size_t i = 0; i < entries->count; i++) {
        const char *name = entries->list[i].name;

        atto_cbor_put_head(writer, ATTO_CBOR_ARRAY, 2);
        atto_cbor_put_string(writer, ATTO_CBOR_TEXT, name, (uint32_t)strlen(name));
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, entries->list[i].slot);
    }
}

static void put_calls(struct atto_cbor_writer *writer, const struct atto_callset *calls)
{
    uint32_t count = 0;

    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++)
        count += atto_callset_has(calls, number);
    if (count == 0)
        return;
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, 5);
    atto_cbor_put_head(writer, ATTO_CBOR_ARRAY, count);
    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++) {
        if (atto_callset_has(calls, number))
            atto_cbor_put_head(writer, ATTO_CBOR_UINT, number);
    }
}

static bool put_hooks(struct atto_cbor_writer *writer, const struct atto_wishes *wishes, const struct entries *entries)
{
    bool fine = true;

    if (wishes->hook_count == 0)
        return true;
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, 6);
    atto_cbor_put_head(writer, ATTO_CBOR_ARRAY, (uint32_t)wishes->hook_count);
    for (size_t i = 0; i < wishes->hook_count; i++) {
        const struct atto_wished_hook *hook = &wishes->hooks[i];
        uint32_t entry = 0;

        if (!index_of(entries, hook->entry, &entry)) {
            atto_wishes_report(wishes, "hooks", i, "'entry': '%s' is not an entry point of the program", hook->entry);
            fine = false;
        }
        atto_cbor_put_head(writer, ATTO_CBOR_ARRAY, 4);
        atto_cbor_put_string(writer, ATTO_CBOR_BYTES, hook->uuid, ATTO_UUID_BYTES);
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, entry);
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, hook->priority);
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, hook->policy);
    }
    return fine;
}

static void put_number(struct atto_cbor_writer *writer, uint32_t key, uint32_t number)
{
    if (number == 0)
        return;
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, key);
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, number);
}

/* Does a number of the schedule have to be written? */
static bool is_wished(const struct atto_wishes *wishes, const struct atto_schedule_field *field)
{
    return (wishes->schedule.given >> field->key & 1u) != 0 && atto_schedule_is_set(&wishes->schedule.values, field);
}

static uint32_t count_schedule(const struct atto_wishes *wishes)
{
    uint32_t count = 0;

    for (size_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++)
        count += is_wished(wishes, &atto_schedule_fields[i]);
    return count;
}

static void put_schedule(struct atto_cbor_writer *writer, const struct atto_wishes *wishes)
{
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, 7);
    atto_cbor_put_head(writer, ATTO_CBOR_MAP, count_schedule(wishes));
    for (size_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++) {
        const struct atto_schedule_field *field = &atto_schedule_fields[i];

        if (!is_wished(wishes, field))
            continue;
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, field->key);
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, atto_schedule_get(&wishes->schedule.values, field));
    }
}

/* Items that change nothing are left out from the end. */
static uint32_t count_items(const struct atto_right *right)
{
    if (right->total != 0)
        return 8;
    if (atto_right_period(right) != 0)
        return 7;
    if (right->last != ATTO_RANGE_END)
        return 4;
    return right->first != 0 ? 3 : 2;
}

static void put_right(struct atto_cbor_writer *writer, const struct atto_right_json *wish)
{
    const struct atto_right *right = &wish->right;
    const uint32_t items[] = {atto_right_operations(right), right->first, right->last, right->calls, right->bytes,
                              atto_right_period(right), right->total};
    uint32_t count = count_items(right);

    atto_cbor_put_head(writer, ATTO_CBOR_ARRAY, count);
    if (wish->endpoint != NULL)
        atto_cbor_put_string(writer, ATTO_CBOR_TEXT, wish->endpoint, (uint32_t)strlen(wish->endpoint));
    else
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, right->endpoint);
    for (uint32_t i = 0; i + 1 < count; i++)
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, items[i]);
}

/* Calls that take no handle, and what each needs the right to. A program that makes one asks for it by that. */
static const struct {
    uint8_t call;
    uint8_t operation;
    char *endpoint;
} implied[] = {
    {atto_log_number, ATTO_OPERATION_WRITE, "log"},
    {atto_now_us_number, ATTO_OPERATION_READ, "clock"},
    {atto_timer_number, ATTO_OPERATION_WRITE, "clock"},
    {atto_random_number, ATTO_OPERATION_READ, "random"},
};

/* Adds an operation on an endpoint, unless the author (who asks for the first rights) has said something about it.
 * false: there is no room for one right more. */
static bool imply(struct atto_rights_json *rights, size_t asked, char *endpoint, uint8_t operation)
{
    for (size_t i = 0; i < rights->count; i++) {
        if (rights->list[i].endpoint == NULL || strcmp(rights->list[i].endpoint, endpoint) != 0)
            continue;
        if (i >= asked)
            rights->list[i].right.operations |= operation;
        return true;
    }
    if (rights->count == ATTO_RIGHTS_MAX)
        return false;
    rights->list[rights->count++] =
        (struct atto_right_json){{.operations = operation, .last = ATTO_RANGE_END}, endpoint, NULL};
    return true;
}

/* What the author asks for, and behind it what the calls imply of which nothing was said. */
static bool all_rights(const struct atto_wishes *wishes, const struct atto_callset *calls,
                       struct atto_rights_json *rights)
{
    *rights = wishes->rights;
    for (size_t i = 0; i < sizeof implied / sizeof implied[0]; i++) {
        if (atto_callset_has(calls, implied[i].call) &&
            !imply(rights, wishes->rights.count, implied[i].endpoint, implied[i].operation)) {
            atto_wishes_report(wishes, "rights", 0, "'rights' leaves no room for the right to '%s', which '%s' needs",
                               implied[i].endpoint, atto_call_name(implied[i].call));
            return false;
        }
    }
    return true;
}

static void put_rights(struct atto_cbor_writer *writer, const struct atto_rights_json *rights)
{
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, 8);
    atto_cbor_put_head(writer, ATTO_CBOR_ARRAY, (uint32_t)rights->count);
    for (size_t i = 0; i < rights->count; i++)
        put_right(writer, &rights->list[i]);
}

bool atto_manifest_write(const struct atto_program *program, const struct atto_wishes *wishes,
                         const char *default_name, struct atto_buffer *manifest)
{
    uint8_t bytes[MANIFEST_BYTES_MAX];
    struct atto_cbor_writer writer = {bytes, sizeof bytes, 0};
    const char *name = wishes->name != NULL ? wishes->name : default_name;
    struct entries entries = {.count = 0};
    struct atto_callset calls = {{0}};
    bool entries_fine = wishes->entries_given ? wished_entries(program, wishes, &entries)
                                              : default_entries(program, &entries);
    bool calls_fine = collect_calls(program, wishes, &calls);
    bool has_calls = memcmp(&calls, &(struct atto_callset){{0}}, sizeof calls) != 0;

    struct atto_rights_json rights;

    if (!entries_fine || !calls_fine || !check_stack(program, wishes) || !all_rights(wishes, &calls, &rights))
        return false;
    atto_cbor_put_head(&writer, ATTO_CBOR_MAP,
                       2u + (wishes->stack_bytes != 0) + (wishes->fuel != 0) + has_calls + (wishes->hook_count != 0) +
                           (count_schedule(wishes) != 0) + (rights.count != 0));
    atto_cbor_put_head(&writer, ATTO_CBOR_UINT, 1);
    atto_cbor_put_string(&writer, ATTO_CBOR_TEXT, name, (uint32_t)strnlen(name, ATTO_NAME_MAX));
    put_entries(&writer, &entries);
    put_number(&writer, 3, wishes->stack_bytes);
    put_number(&writer, 4, wishes->fuel);
    put_calls(&writer, &calls);
    if (!put_hooks(&writer, wishes, &entries))
        return false;
    if (count_schedule(wishes) != 0)
        put_schedule(&writer, wishes);
    if (rights.count != 0)
        put_rights(&writer, &rights);
    assert(writer.len <= sizeof bytes);
    atto_buffer_put(manifest, bytes, writer.len);
    return true;
}

void atto_manifest_write_schedule(const struct atto_wishes *wishes, struct atto_buffer *manifest)
{
    uint8_t bytes[MANIFEST_BYTES_MAX];
    struct atto_cbor_writer writer = {bytes, sizeof bytes, 0};

    atto_cbor_put_head(&writer, ATTO_CBOR_MAP, 1);
    put_schedule(&writer, wishes);
    assert(writer.len <= sizeof bytes);
    atto_buffer_put(manifest, bytes, writer.len);
}

void atto_manifest_write_rights(const struct atto_rights_json *rights, struct atto_buffer *manifest)
{
    uint8_t bytes[MANIFEST_BYTES_MAX];
    struct atto_cbor_writer writer = {bytes, sizeof bytes, 0};

    atto_cbor_put_head(&writer, ATTO_CBOR_MAP, 1);
    put_rights(&writer, rights);
    assert(writer.len <= sizeof bytes);
    atto_buffer_put(manifest, bytes, writer.len);
}
