/* Fuzz target: bytes as a manifest, in a block of exactly their size. What is accepted must be readable to the end and
 * within its limits.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "atto/manifest.h"
#include "require.h"

static void read_schedule(const struct atto_schedule *schedule)
{
#define WITHIN(key, name, most) require(schedule->name <= (most), "a number of the schedule: " #name);
    ATTO_SCHEDULE_FIELDS(WITHIN)
#undef WITHIN
    require(schedule->period_us == 0 || schedule->deadline_us <= schedule->period_us, "deadline and period");
}

static void read_rights(const struct atto_manifest *manifest, struct atto_span bytes)
{
    struct atto_right_wish wish;
    require(manifest->right_count <= ATTO_RIGHTS_MAX, "count of rights");
    for (uint32_t i = 0; i < manifest->right_count; i++) {
        const struct atto_right *right = &wish.right;
        require(atto_manifest_right(manifest, i, &wish) == ATTO_OK, "right");
        require(inside((struct atto_span){ wish.name, wish.name_bytes }, bytes), "name of an endpoint");
        require(wish.name_bytes <= ATTO_NAME_MAX && (wish.name_bytes == 0 || right->endpoint == 0), "endpoint");
        require(atto_right_operations(right) != 0 && right->first <= right->last, "operations and range");
        require(atto_right_period(right) <= ATTO_PERIOD_MAX, "period");
        require((atto_right_period(right) != 0) == (right->calls != 0 || right->bytes != 0), "rate and period");
    }
    require(atto_manifest_right(manifest, manifest->right_count, &wish) == ATTO_E_NOT_FOUND, "one right too many");
}

static void read_all(const struct atto_manifest *manifest, struct atto_span bytes)
{
    char name[ATTO_NAME_MAX + 1u];
    struct atto_entry entry;
    struct atto_hook_wish hook;
    require(inside(manifest->name, bytes) && manifest->name.len <= ATTO_NAME_MAX, "name");
    require(manifest->entry_count <= ATTO_ENTRIES_MAX && manifest->hook_count <= ATTO_HOOKS_MAX, "counts");
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        require(atto_manifest_entry(manifest, i, &entry) == ATTO_OK && inside(entry.name, bytes), "entry");
        require(entry.name.len >= 1 && entry.name.len <= ATTO_NAME_MAX && entry.slot <= 0xffffu, "entry's limits");
        memcpy(name, entry.name.ptr, entry.name.len);
        name[entry.name.len] = '\0';
        require(strlen(name) == entry.name.len, "a zero in a name");
        require(atto_manifest_find_entry(manifest, name) == (int32_t)i, "entry found by its name");
    }
    for (uint32_t i = 0; i < manifest->hook_count; i++) {
        require(atto_manifest_hook(manifest, i, &hook) == ATTO_OK && inside(hook.uuid, bytes), "hook");
        require(hook.uuid.len == ATTO_UUID_BYTES && hook.entry < manifest->entry_count, "hook's limits");
        require(hook.priority <= 15 && hook.policy <= 3, "hook's limits");
    }
    read_schedule(&manifest->schedule);
    read_rights(manifest, bytes);
    require(atto_manifest_entry(manifest, manifest->entry_count, &entry) == ATTO_E_NOT_FOUND, "one entry too many");
    require(atto_manifest_hook(manifest, manifest->hook_count, &hook) == ATTO_E_NOT_FOUND, "one hook too many");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct atto_manifest manifest;
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    uint8_t *block = malloc(len != 0 ? len : 1u);
    if (block == NULL)
        return 0;
    memcpy(block, bytes, len);
    const struct atto_span span = { block, (uint32_t)len };
    enum atto_status status = atto_manifest_parse(span, &manifest, &refusal);
    if (status == ATTO_OK)
        read_all(&manifest, span);
    else
        require(status == ATTO_E_MANIFEST && refusal.status == status && refusal.at <= len, "refusal");
    free(block);
    return 0;
}
