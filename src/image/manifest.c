/* Reader of manifests. One pass validates everything and counts; entries, hooks and rights stay where they are in the
 * image and are decoded again, by the same functions, when somebody asks for one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/manifest.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/cbor.h"
#include "image/formats.h"

/* Keys of the map, ascending as they must stand. */
enum {
    KEY_NAME = 1, KEY_ENTRIES = 2, KEY_STACK = 3, KEY_FUEL = 4, KEY_CALLS = 5, KEY_HOOKS = 6, KEY_SCHEDULE = 7,
    KEY_RIGHTS = 8
};

#define SLOT_MAX 0xffffu
#define STACK_BYTES_MAX 0xffffu
#define PRIORITY_MAX 15u
#define POLICY_MAX 3u
#define ENDPOINT_MAX 0xffu

/* Items of a right: endpoint and operations, which must be there, and six numbers. */
#define RIGHT_ITEMS_MIN 2u
#define RIGHT_ITEMS_MAX 8u

/*@ terminates \true; exits \false; assigns \nothing;
    ensures \result.bytes == span.ptr && \result.len == span.len && \result.pos == 0; */
static struct atto_cbor reader(struct atto_span span)
{
    struct atto_cbor cbor = {span.ptr, span.len, 0};

    return cbor;
}

/* An array of exactly `count` items begins here. */
/*@ requires \valid(cbor) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos); */
static bool read_array(struct atto_cbor *cbor, uint32_t count)
{
    uint32_t found;

    return atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &found) && found == count;
}

/*@ requires \valid(cbor) && \valid(entry) && \separated(cbor, entry) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, entry->name.ptr, entry->name.len, entry->slot;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> 1 <= entry->name.len <= ATTO_NAME_MAX && entry->slot <= SLOT_MAX &&
                        inside(entry->name.ptr, entry->name.len, cbor->bytes, cbor->len); */
static bool read_entry(struct atto_cbor *cbor, struct atto_entry *entry)
{
    return read_array(cbor, 2) && atto_cbor_text(cbor, 1, ATTO_NAME_MAX, &entry->name) &&
           atto_cbor_uint(cbor, SLOT_MAX, &entry->slot);
}

/*@ requires \valid(cbor) && \valid(hook) && \separated(cbor, hook) && sound_reader(cbor);
    requires \separated(hook, cbor->bytes + (0 .. cbor->len - 1));
    terminates \true; exits \false;
    assigns cbor->pos, hook->uuid.ptr, hook->uuid.len, hook->entry, hook->priority, hook->policy;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> hook->entry < ATTO_ENTRIES_MAX && hook->priority <= PRIORITY_MAX &&
                        hook->policy <= POLICY_MAX && hook->uuid.len == ATTO_UUID_BYTES &&
                        inside(hook->uuid.ptr, hook->uuid.len, cbor->bytes, cbor->len); */
static bool read_hook(struct atto_cbor *cbor, struct atto_hook_wish *hook)
{
    uint32_t priority, policy;

    if (!read_array(cbor, 4) || !atto_cbor_bytes(cbor, ATTO_UUID_BYTES, ATTO_UUID_BYTES, &hook->uuid) ||
        !atto_cbor_uint(cbor, ATTO_ENTRIES_MAX - 1u, &hook->entry) ||
        !atto_cbor_uint(cbor, PRIORITY_MAX, &priority) || !atto_cbor_uint(cbor, POLICY_MAX, &policy))
        return false;
    hook->priority = (uint8_t)priority;
    hook->policy = (uint8_t)policy;
    return true;
}

/* The endpoint of a right, by its number or by its name. */
/*@ requires \valid(cbor) && \valid(wish) && \separated(cbor, wish) && sound_reader(cbor);
    requires \separated(wish, cbor->bytes + (0 .. cbor->len - 1));
    terminates \true; exits \false; assigns cbor->pos, wish->name, wish->name_bytes, wish->right.endpoint;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> wish->name_bytes <= ATTO_NAME_MAX &&
                        inside(wish->name, wish->name_bytes, cbor->bytes, cbor->len); */
static bool read_endpoint(struct atto_cbor *cbor, struct atto_right_wish *wish)
{
    struct atto_span name = {NULL, 0};
    uint32_t number = 0;

    if (!atto_cbor_uint(cbor, ENDPOINT_MAX, &number) && !atto_cbor_text(cbor, 1, ATTO_NAME_MAX, &name))
        return false;
    wish->name = name.ptr;
    wish->name_bytes = name.len;
    wish->right.endpoint = (uint8_t)number;
    return true;
}

/* A number at the end of a right, which may be shorter: then *number stays what it is. */
/*@ requires \valid(cbor) && \valid(items) && \valid(number) && \separated(cbor, items, number) && sound_reader(cbor);
    requires *number <= most;
    terminates \true; exits \false; assigns cbor->pos, *items, *number;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures *number <= most; */
static bool read_item(struct atto_cbor *cbor, uint32_t *items, uint32_t most, uint32_t *number)
{
    if (*items == 0)
        return true;
    *items -= 1u;
    return atto_cbor_uint(cbor, most, number);
}

/*@ requires \valid(cbor) && \valid(wish) && \separated(cbor, wish) && sound_reader(cbor);
    requires \separated(wish, cbor->bytes + (0 .. cbor->len - 1));
    terminates \true; exits \false; assigns cbor->pos, *wish;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> sound_wish(wish, cbor->bytes, cbor->len); */
static bool read_right(struct atto_cbor *cbor, struct atto_right_wish *wish)
{
    uint32_t operations, first = 0, last = ATTO_RANGE_END, calls = 0, bytes = 0, period = 0, total = 0, items;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &items) || items < RIGHT_ITEMS_MIN || items > RIGHT_ITEMS_MAX ||
        !read_endpoint(cbor, wish) || !atto_cbor_uint(cbor, ATTO_OPERATIONS, &operations) || operations == 0)
        return false;
    items -= RIGHT_ITEMS_MIN;
    if (!read_item(cbor, &items, 0xffffu, &first) || !read_item(cbor, &items, 0xffffu, &last) || last < first ||
        !read_item(cbor, &items, 0xffffu, &calls) || !read_item(cbor, &items, 0xffffu, &bytes) ||
        !read_item(cbor, &items, ATTO_PERIOD_MAX, &period) || !read_item(cbor, &items, 0xffffu, &total) ||
        (period == 0) != (calls == 0 && bytes == 0))
        return false;
    wish->right.operations = (uint8_t)(operations + 16u * period);
    wish->right.first = (uint16_t)first;
    wish->right.last = (uint16_t)last;
    wish->right.calls = (uint16_t)calls;
    wish->right.bytes = (uint16_t)bytes;
    wish->right.total = (uint16_t)total;
    return true;
}

/*@ requires readable(a, len) && readable(b, len);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> (\forall integer k; 0 <= k < len ==> a[k] == b[k]); */
static bool same_bytes(const uint8_t *a, const uint8_t *b, uint32_t len)
{
    /*@ loop invariant 0 <= i <= len;
        loop invariant \forall integer k; 0 <= k < i ==> a[k] == b[k];
        loop assigns i; loop variant len - i; */
    for (uint32_t i = 0; i < len; i++) {
        if (a[i] != b[i])
            return false;
    }
    return true;
}

/* The index of the entry whose name is these bytes, or ATTO_E_NOT_FOUND. */
/*@ requires \valid_read(manifest) && manifest->entry_count <= ATTO_ENTRIES_MAX;
    requires readable(manifest->entries.ptr, manifest->entries.len) && readable(name, name_bytes);
    terminates \true; exits \false; assigns \nothing;
    ensures 0 <= \result < manifest->entry_count || \result == ATTO_E_NOT_FOUND; */
static int32_t find_name(const struct atto_manifest *manifest, const uint8_t *name, uint32_t name_bytes)
{
    struct atto_cbor cbor = reader(manifest->entries);
    struct atto_entry entry;

    /*@ loop invariant 0 <= i <= manifest->entry_count && sound_reader(&cbor);
        loop assigns i, cbor.pos, entry; loop variant manifest->entry_count - i; */
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        if (!read_entry(&cbor, &entry))
            break;
        if (entry.name.len == name_bytes && same_bytes(entry.name.ptr, name, name_bytes))
            return (int32_t)i;
    }
    return ATTO_E_NOT_FOUND;
}

/* Each name is compared with those before it: entry_count and the span grow as the loop goes on. */
/*@ requires \valid(cbor) && \valid(manifest) && \separated(cbor, manifest) && sound_reader(cbor);
    requires manifest->entry_count == 0 && manifest->entries.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, manifest->entries.ptr, manifest->entries.len, manifest->entry_count;
    ensures sound_reader(cbor) && manifest->entry_count <= ATTO_ENTRIES_MAX;
    ensures \result ==> inside(manifest->entries.ptr, manifest->entries.len, cbor->bytes, cbor->len); */
static bool read_entries(struct atto_cbor *cbor, struct atto_manifest *manifest)
{
    struct atto_entry entry;
    uint32_t count;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count > ATTO_ENTRIES_MAX)
        return false;
    manifest->entries.ptr = cbor->bytes + cbor->pos;
    /*@ loop invariant 0 <= i <= count && i == manifest->entry_count && sound_reader(cbor);
        loop invariant manifest->entries.len <= cbor->pos &&
                       manifest->entries.ptr == cbor->bytes + (cbor->pos - manifest->entries.len);
        loop assigns i, entry, cbor->pos, manifest->entries.len, manifest->entry_count;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t start = cbor->pos;

        if (!read_entry(cbor, &entry) || find_name(manifest, entry.name.ptr, entry.name.len) >= 0)
            return false;
        manifest->entries.len += cbor->pos - start;
        manifest->entry_count++;
    }
    return true;
}

/*@ requires \valid(cbor) && \valid(manifest) && \separated(cbor, manifest) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, manifest->calls.bits[0 .. ATTO_CALL_IDS / 32 - 1];
    ensures sound_reader(cbor); */
static bool read_calls(struct atto_cbor *cbor, struct atto_manifest *manifest)
{
    uint32_t count, number, smallest = 0;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count > ATTO_CALL_IDS)
        return false;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor);
        loop assigns i, number, smallest, cbor->pos, manifest->calls; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (!atto_cbor_uint(cbor, ATTO_CALL_IDS - 1u, &number) || number < smallest)
            return false;
        atto_callset_add(&manifest->calls, number);
        smallest = number + 1u;
    }
    return true;
}

/*@ requires \valid(cbor) && \valid(manifest) && \separated(cbor, manifest) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, manifest->hooks.ptr, manifest->hooks.len, manifest->hook_count;
    ensures sound_reader(cbor);
    ensures \result ==> manifest->hook_count <= ATTO_HOOKS_MAX &&
                        inside(manifest->hooks.ptr, manifest->hooks.len, cbor->bytes, cbor->len); */
static bool read_hooks(struct atto_cbor *cbor, struct atto_manifest *manifest)
{
    struct atto_hook_wish hook;
    uint32_t count, start;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count > ATTO_HOOKS_MAX)
        return false;
    start = cbor->pos;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && start <= cbor->pos;
        loop assigns i, hook, cbor->pos; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (!read_hook(cbor, &hook) || hook.entry >= manifest->entry_count)
            return false;
    }
    manifest->hooks.ptr = cbor->bytes + start;
    manifest->hooks.len = cbor->pos - start;
    manifest->hook_count = count;
    return true;
}

/*@ requires \valid(cbor) && \valid(manifest) && \separated(cbor, manifest) && sound_reader(cbor);
    terminates \true; exits \false;
    assigns cbor->pos, manifest->rights.ptr, manifest->rights.len, manifest->right_count;
    ensures sound_reader(cbor);
    ensures \result ==> manifest->right_count <= ATTO_RIGHTS_MAX &&
                        inside(manifest->rights.ptr, manifest->rights.len, cbor->bytes, cbor->len); */
static bool read_rights(struct atto_cbor *cbor, struct atto_manifest *manifest)
{
    struct atto_right_wish wish;
    uint32_t count, start;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count > ATTO_RIGHTS_MAX)
        return false;
    start = cbor->pos;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && start <= cbor->pos;
        loop assigns i, wish, cbor->pos; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (!read_right(cbor, &wish))
            return false;
    }
    manifest->rights.ptr = cbor->bytes + start;
    manifest->rights.len = cbor->pos - start;
    manifest->right_count = count;
    return true;
}

/* Reads the number that has this key in a schedule, and holds it to its largest value. */
/*@ requires \valid(cbor) && \valid(schedule) && \separated(cbor, schedule) && sound_reader(cbor);
    requires within_limits(schedule);
    terminates \true; exits \false; assigns cbor->pos, *schedule;
    ensures sound_reader(cbor);
    ensures within_limits(schedule); */
static bool read_number(struct atto_cbor *cbor, uint32_t key, struct atto_schedule *schedule)
{
    switch (key) {
#define READ_NUMBER(key, name, most) \
    case key:                        \
        return atto_cbor_uint(cbor, most, &schedule->name);
        ATTO_SCHEDULE_FIELDS(READ_NUMBER)
#undef READ_NUMBER
    default:
        return false;
    }
}

/* A map like the manifest's own: ascending keys. The deadline is compared when both numbers are known. */
/*@ requires \valid(cbor) && \valid(schedule) && \separated(cbor, schedule) && sound_reader(cbor);
    requires within_limits(schedule);
    terminates \true; exits \false; assigns cbor->pos, *schedule;
    ensures sound_reader(cbor) && cbor->bytes == \old(cbor->bytes) && cbor->len == \old(cbor->len);
    ensures \result ==> sound_schedule(schedule); */
static bool read_schedule(struct atto_cbor *cbor, struct atto_schedule *schedule)
{
    uint32_t count, key, smallest = 1;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count) || count > ATTO_SCHEDULE_KEY_MAX)
        return false;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && within_limits(schedule);
        loop assigns i, key, smallest, cbor->pos, *schedule; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (!atto_cbor_uint(cbor, ATTO_SCHEDULE_KEY_MAX, &key) || key < smallest || !read_number(cbor, key, schedule))
            return false;
        smallest = key + 1u;
    }
    return schedule->period_us == 0 || schedule->deadline_us <= schedule->period_us;
}

/* What sound_schedule says, one by one: a goal for all of it takes the provers too long. */
#define KEPT(key, name, most) ensures \result ==> manifest->schedule.name <= (most);
/*@ requires \valid(cbor) && \valid(manifest) && \separated(cbor, manifest) && sound_reader(cbor);
    requires key == KEY_ENTRIES ==> manifest->entry_count == 0 && manifest->entries.len == 0;
    requires sound_fields(manifest, cbor->bytes, cbor->len);
    requires sound_schedule(&manifest->schedule);
    terminates \true; exits \false; assigns cbor->pos, *manifest;
    ensures sound_reader(cbor);
    ensures key < KEY_ENTRIES ==> manifest->entry_count == \old(manifest->entry_count);
    ensures key < KEY_ENTRIES ==> manifest->entries.len == \old(manifest->entries.len);
    ensures limits: \result ==> manifest->stack_bytes <= STACK_BYTES_MAX && manifest->fuel <= ATTO_FUEL_MAX;
    ensures \result ==> sound_fields(manifest, cbor->bytes, cbor->len);
    ATTO_SCHEDULE_FIELDS(KEPT)
    ensures \result ==>
        manifest->schedule.period_us == 0 || manifest->schedule.deadline_us <= manifest->schedule.period_us; */
static bool read_field(struct atto_cbor *cbor, uint32_t key, struct atto_manifest *manifest)
{
    switch (key) {
    case KEY_NAME:
        return atto_cbor_text(cbor, 1, ATTO_NAME_MAX, &manifest->name);
    case KEY_ENTRIES:
        return read_entries(cbor, manifest);
    case KEY_STACK:
        return atto_cbor_uint(cbor, STACK_BYTES_MAX, &manifest->stack_bytes);
    case KEY_FUEL:
        return atto_cbor_uint(cbor, ATTO_FUEL_MAX, &manifest->fuel);
    case KEY_CALLS:
        return read_calls(cbor, manifest);
    case KEY_HOOKS:
        return read_hooks(cbor, manifest);
    case KEY_SCHEDULE:
        return read_schedule(cbor, &manifest->schedule);
    case KEY_RIGHTS:
        return read_rights(cbor, manifest);
    default:
        return false;
    }
}
#undef KEPT

/* Ascending keys: none can come twice. No bytes at all are a manifest too. */
/*@ requires \valid(cbor) && \valid(manifest) && \separated(cbor, manifest) && sound_reader(cbor);
    requires manifest->entry_count == 0 && manifest->entries.len == 0;
    requires sound_fields(manifest, cbor->bytes, cbor->len);
    requires sound_schedule(&manifest->schedule);
    terminates \true; exits \false; assigns cbor->pos, *manifest;
    ensures sound_reader(cbor);
    ensures cbor->bytes == \old(cbor->bytes) && cbor->len == \old(cbor->len);
    ensures \result ==> sound_fields(manifest, cbor->bytes, cbor->len);
    ensures \result ==> sound_schedule(&manifest->schedule); */
static bool read_map(struct atto_cbor *cbor, struct atto_manifest *manifest)
{
    uint32_t count, key, smallest = KEY_NAME;

    if (cbor->len == 0)
        return true;
    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count) || count > KEY_RIGHTS)
        return false;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && sound_fields(manifest, cbor->bytes, cbor->len);
        loop invariant sound_schedule(&manifest->schedule);
        loop invariant once: smallest <= KEY_ENTRIES ==> manifest->entry_count == 0 && manifest->entries.len == 0;
        loop assigns i, key, smallest, cbor->pos, *manifest; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (!atto_cbor_uint(cbor, KEY_RIGHTS, &key) || key < smallest || !read_field(cbor, key, manifest))
            return false;
        smallest = key + 1u;
    }
    return cbor->pos == cbor->len;
}

/*@ requires \valid(manifest);
    terminates \true; exits \false; assigns *manifest;
    ensures manifest->name.len == 0 && manifest->entry_count == 0 && manifest->entries.len == 0;
    ensures manifest->hook_count == 0 && manifest->hooks.len == 0;
    ensures manifest->right_count == 0 && manifest->rights.len == 0;
    ensures manifest->stack_bytes == 0 && manifest->fuel == 0;
    ensures sound_schedule(&manifest->schedule); */
static void clear(struct atto_manifest *manifest)
{
    const struct atto_callset no_calls = {{0}};

    manifest->name.ptr = manifest->entries.ptr = manifest->hooks.ptr = manifest->rights.ptr = NULL;
    manifest->name.len = manifest->entries.len = manifest->hooks.len = manifest->rights.len = 0;
    manifest->entry_count = manifest->hook_count = manifest->right_count = 0;
    manifest->stack_bytes = manifest->fuel = 0;
    manifest->calls = no_calls;
#define CLEAR_NUMBER(key, name, most) manifest->schedule.name = 0;
    ATTO_SCHEDULE_FIELDS(CLEAR_NUMBER)
#undef CLEAR_NUMBER
    manifest->schedule.priority = ATTO_PRIORITY_DEFAULT;
}

enum atto_status atto_manifest_parse(struct atto_span bytes, struct atto_manifest *manifest,
                                     struct atto_refusal *refusal)
{
    struct atto_cbor cbor = reader(bytes);

    clear(manifest);
    if (!read_map(&cbor, manifest))
        return atto_refuse(refusal, ATTO_E_MANIFEST, cbor.pos);
    return ATTO_OK;
}

enum atto_status atto_manifest_entry(const struct atto_manifest *manifest, uint32_t index, struct atto_entry *entry)
{
    struct atto_cbor cbor = reader(manifest->entries);

    if (index >= manifest->entry_count)
        return ATTO_E_NOT_FOUND;
    /*@ loop invariant 0 <= i <= index + 1 && sound_reader(&cbor);
        loop invariant i > 0 ==> entry->slot <= SLOT_MAX && 1 <= entry->name.len <= ATTO_NAME_MAX &&
            inside(entry->name.ptr, entry->name.len, cbor.bytes, cbor.len);
        loop assigns i, cbor.pos, entry->name.ptr, entry->name.len, entry->slot; loop variant index - i; */
    for (uint32_t i = 0; i <= index; i++) {
        if (!read_entry(&cbor, entry))
            return ATTO_E_NOT_FOUND;
    }
    return ATTO_OK;
}

enum atto_status atto_manifest_hook(const struct atto_manifest *manifest, uint32_t index, struct atto_hook_wish *hook)
{
    struct atto_cbor cbor = reader(manifest->hooks);

    if (index >= manifest->hook_count)
        return ATTO_E_NOT_FOUND;
    /*@ loop invariant 0 <= i <= index + 1 && sound_reader(&cbor);
        loop invariant i > 0 ==> hook->entry < ATTO_ENTRIES_MAX && hook->priority <= PRIORITY_MAX &&
            hook->policy <= POLICY_MAX && hook->uuid.len == ATTO_UUID_BYTES &&
            inside(hook->uuid.ptr, hook->uuid.len, cbor.bytes, cbor.len);
        loop assigns i, cbor.pos, hook->uuid.ptr, hook->uuid.len, hook->entry, hook->priority, hook->policy;
        loop variant index - i; */
    for (uint32_t i = 0; i <= index; i++) {
        if (!read_hook(&cbor, hook))
            return ATTO_E_NOT_FOUND;
    }
    return ATTO_OK;
}

enum atto_status atto_manifest_right(const struct atto_manifest *manifest, uint32_t index, struct atto_right_wish *wish)
{
    struct atto_cbor cbor = reader(manifest->rights);

    if (index >= manifest->right_count)
        return ATTO_E_NOT_FOUND;
    /*@ loop invariant 0 <= i <= index + 1 && sound_reader(&cbor);
        loop invariant i > 0 ==> sound_wish(wish, cbor.bytes, cbor.len);
        loop assigns i, cbor.pos, *wish; loop variant index - i; */
    for (uint32_t i = 0; i <= index; i++) {
        if (!read_right(&cbor, wish))
            return ATTO_E_NOT_FOUND;
    }
    return ATTO_OK;
}

int32_t atto_manifest_find_entry(const struct atto_manifest *manifest, const char *name)
{
    uint8_t bytes[ATTO_NAME_MAX];
    uint32_t len = 0;

    /*@ loop invariant 0 <= len <= ATTO_NAME_MAX;
        loop invariant \forall integer k; 0 <= k < len ==> name[k] != 0;
        loop assigns len, bytes[0 .. ATTO_NAME_MAX - 1]; loop variant ATTO_NAME_MAX - len; */
    while (name[len] != '\0') {
        if (len == ATTO_NAME_MAX)
            return ATTO_E_NOT_FOUND;
        bytes[len] = (uint8_t)name[len];
        len++;
    }
    return find_name(manifest, bytes, len);
}
