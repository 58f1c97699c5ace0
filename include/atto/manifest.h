/* The manifest says what a container is called, where it can be entered and what it asks for. It is a CBOR map
 * (docs/SPEC.md has the CDDL) that the `atto` command writes from the author's JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_MANIFEST_H
#define ATTO_MANIFEST_H

#include <stdint.h>

#include "atto/callset.h"
#include "atto/right.h"
#include "atto/schedule.h"
#include "atto/span.h"
#include "atto/status.h"

#define ATTO_NAME_MAX 32u   /* bytes of the name of a container, an entry point or an endpoint */
#define ATTO_ENTRIES_MAX 16u
#define ATTO_HOOKS_MAX 8u
#define ATTO_UUID_BYTES 16u

/* A parsed manifest: spans into the image. A field that is absent is empty or 0, but for the schedule's priority. */
struct atto_manifest {
    struct atto_span name;      /* UTF-8, 1 to ATTO_NAME_MAX bytes */
    uint32_t stack_bytes;       /* stack wanted; 0: what the pre-flight check finds */
    uint32_t fuel;              /* fuel wanted for one activation; 0: what the firmware gives */
    struct atto_callset calls;  /* host calls wanted */
    uint32_t entry_count;
    uint32_t hook_count;
    uint32_t right_count;
    struct atto_span entries;   /* the CBOR items, read with atto_manifest_entry */
    struct atto_span hooks;     /* the CBOR items, read with atto_manifest_hook */
    struct atto_span rights;    /* the CBOR items, read with atto_manifest_right */
    struct atto_schedule schedule;
};

/* The manifest of an image that has none. */
#define ATTO_MANIFEST_INIT { .schedule = ATTO_SCHEDULE_INIT }

struct atto_entry {
    struct atto_span name;
    uint32_t slot; /* where it starts in the text */
};

struct atto_hook_wish {
    struct atto_span uuid; /* ATTO_UUID_BYTES bytes */
    uint32_t entry;        /* index of the entry point */
    uint8_t priority;      /* 0 (first) to 15 */
    uint8_t policy;        /* enum atto_hook_policy */
};

#define ATTO_SCHEDULE_WITHIN(key, name, most) schedule->name <= (most) &&
/*@ predicate within_limits(struct atto_schedule *schedule) = ATTO_SCHEDULE_FIELDS(ATTO_SCHEDULE_WITHIN) \true;

    predicate sound_schedule(struct atto_schedule *schedule) =
        within_limits(schedule) && (schedule->period_us == 0 || schedule->deadline_us <= schedule->period_us); */
#undef ATTO_SCHEDULE_WITHIN

/*@ predicate sound_right(struct atto_right *right) =
        right->operations % 16 != 0 && right->operations / 16 <= ATTO_PERIOD_MAX && right->first <= right->last &&
        (right->operations / 16 == 0 <==> right->calls == 0 && right->bytes == 0);

    predicate sound_wish(struct atto_right_wish *wish, uint8_t *bytes, integer len) =
        sound_right(&wish->right) && wish->name_bytes <= ATTO_NAME_MAX &&
        inside(wish->name, wish->name_bytes, bytes, len); */

/*@ predicate tables_readable(struct atto_manifest *manifest) =
        readable(manifest->entries.ptr, manifest->entries.len) &&
        readable(manifest->hooks.ptr, manifest->hooks.len) &&
        readable(manifest->rights.ptr, manifest->rights.len);

    predicate sound_fields(struct atto_manifest *manifest, uint8_t *bytes, integer len) =
        inside(manifest->name.ptr, manifest->name.len, bytes, len) && manifest->name.len <= ATTO_NAME_MAX &&
        manifest->stack_bytes <= 0xffff && manifest->fuel <= ATTO_FUEL_MAX &&
        inside(manifest->entries.ptr, manifest->entries.len, bytes, len) &&
        inside(manifest->hooks.ptr, manifest->hooks.len, bytes, len) &&
        inside(manifest->rights.ptr, manifest->rights.len, bytes, len) &&
        manifest->entry_count <= ATTO_ENTRIES_MAX && manifest->hook_count <= ATTO_HOOKS_MAX &&
        manifest->right_count <= ATTO_RIGHTS_MAX; */

/* Reads a manifest. Unknown keys, doubled keys, wrong types and values out of range are refused, and so are a deadline
 * that is longer than the period, a right whose range ends before it begins, and a rate without a period or a period
 * without a rate. Without a schedule it is ATTO_SCHEDULE_INIT.
 * refusal: where, in bytes from the start of `bytes`; may be NULL
 * Returns ATTO_OK or ATTO_E_MANIFEST. */
/*@ requires readable(bytes.ptr, bytes.len) && \valid(manifest) && (refusal == \null || \valid(refusal));
    requires \separated(manifest, refusal);
    requires \separated(manifest, bytes.ptr + (0 .. bytes.len - 1));
    terminates \true; exits \false; assigns *manifest, *refusal;
    ensures \result == ATTO_OK || \result == ATTO_E_MANIFEST;
    ensures \result == ATTO_OK ==> sound_fields(manifest, bytes.ptr, bytes.len);
    ensures \result == ATTO_OK ==> sound_schedule(&manifest->schedule); */
enum atto_status atto_manifest_parse(struct atto_span bytes, struct atto_manifest *manifest,
                                     struct atto_refusal *refusal);

/* The entry point, hook wish or right wish with number `index`, in the order of the manifest.
 * Returns ATTO_OK, or ATTO_E_NOT_FOUND if index is not below the count. */
/*@ requires \valid_read(manifest) && \valid(entry) && \separated(manifest, entry) && tables_readable(manifest);
    terminates \true; exits \false; assigns entry->name.ptr, entry->name.len, entry->slot;
    ensures \result == ATTO_OK ==> index < manifest->entry_count && entry->slot <= 0xffff &&
        1 <= entry->name.len <= ATTO_NAME_MAX &&
        inside(entry->name.ptr, entry->name.len, manifest->entries.ptr, manifest->entries.len); */
enum atto_status atto_manifest_entry(const struct atto_manifest *manifest, uint32_t index, struct atto_entry *entry);

/*@ requires \valid_read(manifest) && \valid(hook) && \separated(manifest, hook) && tables_readable(manifest);
    requires \separated(hook, manifest->hooks.ptr + (0 .. manifest->hooks.len - 1));
    terminates \true; exits \false;
    assigns hook->uuid.ptr, hook->uuid.len, hook->entry, hook->priority, hook->policy;
    ensures \result == ATTO_OK ==> index < manifest->hook_count && hook->entry < ATTO_ENTRIES_MAX &&
        hook->priority <= 15 && hook->policy <= 3 && hook->uuid.len == ATTO_UUID_BYTES &&
        inside(hook->uuid.ptr, hook->uuid.len, manifest->hooks.ptr, manifest->hooks.len); */
enum atto_status atto_manifest_hook(const struct atto_manifest *manifest, uint32_t index, struct atto_hook_wish *hook);

/* The wish's number is the handle of the right in the program. */
/*@ requires \valid_read(manifest) && \valid(wish) && \separated(manifest, wish) && tables_readable(manifest);
    requires \separated(wish, manifest->rights.ptr + (0 .. manifest->rights.len - 1));
    terminates \true; exits \false; assigns *wish;
    ensures \result == ATTO_OK ==> index < manifest->right_count &&
        sound_wish(wish, manifest->rights.ptr, manifest->rights.len); */
enum atto_status atto_manifest_right(const struct atto_manifest *manifest, uint32_t index,
                                     struct atto_right_wish *wish);

/* The index of the entry point called `name`, or ATTO_E_NOT_FOUND (negative). */
/*@ requires \valid_read(manifest) && tables_readable(manifest) && manifest->entry_count <= ATTO_ENTRIES_MAX;
    requires terminated(name);
    terminates \true; exits \false; assigns \nothing;
    ensures 0 <= \result < manifest->entry_count || \result == ATTO_E_NOT_FOUND; */
int32_t atto_manifest_find_entry(const struct atto_manifest *manifest, const char *name);

#endif
