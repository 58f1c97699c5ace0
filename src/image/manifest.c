/* Reader of manifests. One pass validates everything and counts; entries and hooks stay where they are in the image
 * and are decoded again, by the same functions, when somebody asks for one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/manifest.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/cbor.h"
#include "image/formats.h"

/* Keys of the map, ascending as they must stand. */
enum { KEY_NAME = 1, KEY_ENTRIES = 2, KEY_STACK = 3, KEY_FUEL = 4, KEY_CALLS = 5, KEY_HOOKS = 6 };

#define SLOT_MAX 0xffffu
#define STACK_BYTES_MAX 0xffffu
#define PRIORITY_MAX 15u
#define POLICY_MAX 3u

static struct atto_cbor reader(struct atto_span span)
{
    struct atto_cbor cbor = {span.ptr, span.len, 0};

    return cbor;
}

/* An array of exactly `count` items begins here. */
static bool read_array(struct atto_cbor *cbor, uint32_t count)
{
    uint32_t found;

    return atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &found) && found == count;
}

static bool read_entry(struct atto_cbor *cbor, struct atto_entry *entry)
{
    return read_array(cbor, 2) && atto_cbor_text(cbor, 1, ATTO_NAME_MAX, &entry->name) &&
           atto_cbor_uint(cbor, SLOT_MAX, &entry->slot);
}

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

static bool same_bytes(struct atto_span a, struct atto_span b)
{
    if (a.len != b.len)
        return false;
    for (uint32_t i = 0; i < a.len; i++) {
        if (a.ptr[i] != b.ptr[i])
            return false;
    }
    return true;
}

/* The index of the entry called `name`, or ATTO_E_NOT_FOUND. */
static int32_t find_name(const struct atto_manifest *manifest, struct atto_span name)
{
    struct atto_cbor cbor = reader(manifest->entries);
    struct atto_entry entry;

    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        if (!read_entry(&cbor, &entry))
            break;
        if (same_bytes(entry.name, name))
            return (int32_t)i;
    }
    return ATTO_E_NOT_FOUND;
}

/* Each name is compared with those before it: entry_count and the span grow as the loop goes on. */
static bool read_entries(struct atto_cbor *cbor, struct atto_manifest *manifest)
{
    struct atto_entry entry;
    uint32_t count;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count > ATTO_ENTRIES_MAX)
        return false;
    manifest->entries.ptr = cbor->bytes + cbor->pos;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t start = cbor->pos;

        if (!read_entry(cbor, &entry) || find_name(manifest, entry.name) >= 0)
            return false;
        manifest->entries.len += cbor->pos - start;
        manifest->entry_count++;
    }
    return true;
}

static bool read_calls(struct atto_cbor *cbor, struct atto_manifest *manifest)
{
    uint32_t count, number, smallest = 0;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count > ATTO_CALL_IDS)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!atto_cbor_uint(cbor, ATTO_CALL_IDS - 1u, &number) || number < smallest)
            return false;
        atto_callset_add(&manifest->calls, number);
        smallest = number + 1u;
    }
    return true;
}

static bool read_hooks(struct atto_cbor *cbor, struct atto_manifest *manifest)
{
    struct atto_hook_wish hook;
    uint32_t count, start;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count > ATTO_HOOKS_MAX)
        return false;
    start = cbor->pos;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_hook(cbor, &hook) || hook.entry >= manifest->entry_count)
            return false;
    }
    manifest->hooks.ptr = cbor->bytes + start;
    manifest->hooks.len = cbor->pos - start;
    manifest->hook_count = count;
    return true;
}

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
    default:
        return false;
    }
}

/* Ascending keys: none can come twice. */
static bool read_map(struct atto_cbor *cbor, struct atto_manifest *manifest)
{
    uint32_t count, key, smallest = KEY_NAME;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count) || count > KEY_HOOKS)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!atto_cbor_uint(cbor, KEY_HOOKS, &key) || key < smallest || !read_field(cbor, key, manifest))
            return false;
        smallest = key + 1u;
    }
    return cbor->pos == cbor->len;
}

enum atto_status atto_manifest_parse(struct atto_span bytes, struct atto_manifest *manifest,
                                     struct atto_refusal *refusal)
{
    const struct atto_manifest empty = {0};
    struct atto_cbor cbor = reader(bytes);

    *manifest = empty;
    if (bytes.len != 0 && !read_map(&cbor, manifest))
        return atto_refuse(refusal, ATTO_E_MANIFEST, cbor.pos);
    return ATTO_OK;
}

enum atto_status atto_manifest_entry(const struct atto_manifest *manifest, uint32_t index, struct atto_entry *entry)
{
    struct atto_cbor cbor = reader(manifest->entries);

    if (index >= manifest->entry_count)
        return ATTO_E_NOT_FOUND;
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
    for (uint32_t i = 0; i <= index; i++) {
        if (!read_hook(&cbor, hook))
            return ATTO_E_NOT_FOUND;
    }
    return ATTO_OK;
}

int32_t atto_manifest_find_entry(const struct atto_manifest *manifest, const char *name)
{
    uint8_t bytes[ATTO_NAME_MAX];
    struct atto_span wanted = {bytes, 0};

    while (name[wanted.len] != '\0') {
        if (wanted.len == ATTO_NAME_MAX)
            return ATTO_E_NOT_FOUND;
        bytes[wanted.len] = (uint8_t)name[wanted.len];
        wanted.len++;
    }
    return find_name(manifest, wanted);
}
