/* `atto fsck`: explains what lies in a flash, read from a file: areas and their wear, records, components and slots,
 * and what is damaged, for people and, with --json, for programs. Writes nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "damage.h"
#include "layout.h"
#include "report.h"

static const char usage[] =
    "usage: atto fsck [options] FILE\n"
    "\n"
    "Explains the contents of a device's flash: its record log, components and slots, and what is damaged there, with\n"
    "its place in the file. Writes nothing.\n"
    "\n"
    "      --json              print one JSON object\n"
    "  -h, --help              print this\n"
    "and " ATTO_LAYOUT_HELP
    "\n"
    "Exit status: 0 all is well, 1 there is no log, or something is damaged, 2 wrong usage.\n";

/* "erased 3 times" */
static void print_wear(uint32_t count)
{
    if (count == 0)
        puts("never erased");
    else if (count == 1)
        puts("erased once");
    else
        printf("erased %u times\n", count);
}

static void print_log(const struct atto_records *records)
{
    printf("log: %u areas of %u bytes at %u\n", records->area_count, records->area_bytes, records->offset);
    printf("  in force: area %u, generation %u, %u bytes used; room for a value of %u bytes\n",
           records->generation % records->area_count, records->generation, records->readable,
           atto_records_room(records));
    for (uint32_t area = 0; area < records->area_count; area++) {
        printf("  area %u at %u: ", area, records->offset + area * records->area_bytes);
        print_wear(atto_records_wear(records, area));
    }
    if (records->torn)
        puts("  the last record was cut off");
}

/* ---- damage ---- */

static void count_damage(void *user, const struct atto_damage *damage)
{
    uint32_t *count = user;

    (void)damage;
    ++*count;
}

static uint32_t damage_count(const struct atto_records *records)
{
    uint32_t count = 0;

    atto_damage_find(records, count_damage, &count);
    return count;
}

static void print_one_damage(void *user, const struct atto_damage *damage)
{
    char *text = atto_damage_text(damage);

    (void)user;
    printf("  %s\n", text);
    free(text);
}

static void print_damage(const struct atto_records *records)
{
    printf("  damaged: %u\n", damage_count(records));
    atto_damage_find(records, print_one_damage, NULL);
}

static void add_damage(void *user, const struct atto_damage *damage)
{
    json_t *list = user, *item;

    item = json_pack("{s:I,s:I,s:s,s:b}", "offset", (json_int_t)damage->offset, "bytes", (json_int_t)damage->bytes,
                     "what", damage->what, "in_force", damage->in_force);
    if (damage->key != 0) {
        json_object_set_new(item, "kind", json_string(atto_record_kind_name(ATTO_RECORD_KIND(damage->key))));
        json_object_set_new(item, "number", json_integer(ATTO_RECORD_NUMBER(damage->key)));
    }
    json_array_append_new(list, item);
}

static json_t *json_damage(const struct atto_records *records)
{
    json_t *list = json_array();

    atto_damage_find(records, add_damage, list);
    return list;
}

/* ---- what there is ---- */

/* Where a record's value lies in flash, damaged or not. */
static uint32_t offset_of(const struct atto_records *records, struct atto_span value)
{
    return (uint32_t)(value.ptr - records->flash->mapped);
}

static void print_records(const struct atto_records *records)
{
    struct atto_span value;
    enum atto_status status;

    puts("records:");
    for (uint32_t key = 0; (status = atto_records_next(records, &key, &value)) != ATTO_E_NOT_FOUND; key++) {
        printf("  %-11s (kind %2u) %8u at %u: ", atto_record_kind_name(ATTO_RECORD_KIND(key)), ATTO_RECORD_KIND(key),
               ATTO_RECORD_NUMBER(key), offset_of(records, value));
        if (status == ATTO_OK)
            printf("%u bytes\n", value.len);
        else
            puts("damaged");
    }
}

/* What is known of a component. */
struct component {
    uint32_t number, sequence;
    bool sequence_damaged;
    enum atto_status status; /* of its record */
    struct atto_versions versions;
};

/* The first one from component->number on; false: there are no more. */
static bool next_component(const struct atto_slots *slots, struct component *component)
{
    component->sequence = 0;
    component->status = atto_slots_next(slots, &component->number, &component->versions);
    if (component->status == ATTO_E_NOT_FOUND)
        return false;
    component->sequence_damaged = atto_slots_sequence(slots, component->number, &component->sequence) != ATTO_OK;
    return true;
}

/* Has its image the digest that its record says? */
static bool is_whole(const struct atto_slots *slots, const struct atto_version *version)
{
    struct atto_span image = atto_slots_image(slots, version);
    uint8_t digest[ATTO_DIGEST_BYTES];
    _Static_assert(crypto_hash_sha256_BYTES == ATTO_DIGEST_BYTES, "digests of images are SHA-256");

    crypto_hash_sha256(digest, image.ptr, image.len);
    return memcmp(digest, version->digest, sizeof digest) == 0;
}

static bool is_kept(const struct component *component)
{
    return component->versions.previous.image_bytes != 0;
}

static bool component_is_fine(const struct atto_slots *slots, const struct component *component)
{
    return component->status == ATTO_OK && !component->sequence_damaged &&
           is_whole(slots, &component->versions.current) &&
           (!is_kept(component) || is_whole(slots, &component->versions.previous));
}

static bool is_fine(const struct atto_storage *storage, const struct atto_layout *layout)
{
    struct component component = {.number = 0};
    bool fine = storage->records.damaged == 0 && damage_count(&storage->records) == 0;

    for (; layout->slot_count != 0 && next_component(&storage->slots, &component); component.number++)
        fine = fine && component_is_fine(&storage->slots, &component);
    return fine;
}

static const char *state_name(const struct component *component)
{
    static const char *const states[] = {"?", "on trial", "healthy", "failed"};

    return states[component->versions.state & 3u];
}

static void print_version(const struct atto_slots *slots, const char *what, const struct atto_version *version)
{
    printf("    %s: sequence number %u, slot %u, %u bytes at %u, SHA-256 %s\n", what, version->sequence,
           version->slot, version->image_bytes, slots->offset + version->slot * slots->slot_bytes,
           is_whole(slots, version) ? "is right" : "is wrong: the image is damaged");
}

/* " (acme/blink)" */
static void print_name(const struct atto_storage *storage, uint32_t number)
{
    struct atto_component names;
    bool to_run;

    if (atto_storage_name(storage, number, &names, &to_run))
        printf(" (%.*s%s%.*s%s)", (int)names.tenant.len, (const char *)names.tenant.ptr,
               names.tenant.len != 0 ? "/" : "", (int)names.container.len, (const char *)names.container.ptr,
               to_run ? "" : ", not to run");
}

static void print_components(const struct atto_storage *storage)
{
    const struct atto_slots *slots = &storage->slots;
    const uint32_t free = atto_slots_free(slots);
    struct component component = {.number = 0};

    puts("components:");
    for (; next_component(slots, &component); component.number++) {
        printf("  %u", component.number);
        print_name(storage, component.number);
        if (component.status != ATTO_OK) {
            printf(": damaged; highest sequence number %u\n", component.sequence);
            continue;
        }
        printf(": %s, started %u times on trial; highest sequence number %u\n", state_name(&component),
               component.versions.trials, component.sequence);
        print_version(slots, "current", &component.versions.current);
        if (is_kept(&component))
            print_version(slots, "kept", &component.versions.previous);
    }
    for (uint32_t slot = 0; slot < slots->slot_count; slot++) {
        printf("  slot %u at %u: %s, ", slot, slots->offset + slot * slots->slot_bytes,
               (free >> slot & 1u) != 0 ? "free" : "in use");
        print_wear(atto_slots_wear(slots, slot));
    }
}

/* ---- the same for programs ---- */

static json_t *json_log(const struct atto_records *records)
{
    json_t *wear = json_array();

    for (uint32_t area = 0; area < records->area_count; area++)
        json_array_append_new(wear, json_integer(atto_records_wear(records, area)));
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:o,s:o}", "offset", (json_int_t)records->offset, "area_bytes",
                     (json_int_t)records->area_bytes, "generation", (json_int_t)records->generation, "used_bytes",
                     (json_int_t)records->readable, "room_bytes", (json_int_t)atto_records_room(records), "damaged",
                     (json_int_t)records->damaged, "torn", records->torn, "erased", wear,
                     "damage", json_damage(records));
}

static json_t *json_records(const struct atto_records *records)
{
    json_t *list = json_array();
    struct atto_span value;
    enum atto_status status;

    for (uint32_t key = 0; (status = atto_records_next(records, &key, &value)) != ATTO_E_NOT_FOUND; key++)
        json_array_append_new(list, json_pack("{s:s,s:i,s:I,s:I,s:I,s:b}", "kind",
                                              atto_record_kind_name(ATTO_RECORD_KIND(key)), "kind_number",
                                              ATTO_RECORD_KIND(key), "number", (json_int_t)ATTO_RECORD_NUMBER(key),
                                              "offset", (json_int_t)offset_of(records, value), "bytes",
                                              (json_int_t)value.len, "damaged", status != ATTO_OK));
    return list;
}

static json_t *json_version(const struct atto_slots *slots, const struct atto_version *version)
{
    return json_pack("{s:I,s:i,s:I,s:b}", "sequence", (json_int_t)version->sequence, "slot", version->slot, "bytes",
                     (json_int_t)version->image_bytes, "whole", is_whole(slots, version));
}

static void add_name(const struct atto_storage *storage, uint32_t number, json_t *item)
{
    struct atto_component names;
    bool to_run;

    if (!atto_storage_name(storage, number, &names, &to_run))
        return;
    json_object_set_new(item, "tenant", json_stringn((const char *)names.tenant.ptr, names.tenant.len));
    json_object_set_new(item, "name", json_stringn((const char *)names.container.ptr, names.container.len));
    json_object_set_new(item, "to_run", json_boolean(to_run));
}

static json_t *json_components(const struct atto_storage *storage)
{
    const struct atto_slots *slots = &storage->slots;
    struct component component = {.number = 0};
    json_t *list = json_array(), *item;

    for (; next_component(slots, &component); component.number++) {
        item = json_pack("{s:I,s:I,s:b}", "number", (json_int_t)component.number, "highest_sequence",
                         (json_int_t)component.sequence, "damaged",
                         component.status != ATTO_OK || component.sequence_damaged);
        add_name(storage, component.number, item);
        if (component.status == ATTO_OK) {
            json_object_set_new(item, "state", json_string(state_name(&component)));
            json_object_set_new(item, "trials", json_integer(component.versions.trials));
            json_object_set_new(item, "current", json_version(slots, &component.versions.current));
        }
        if (component.status == ATTO_OK && is_kept(&component))
            json_object_set_new(item, "kept", json_version(slots, &component.versions.previous));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *json_slots(const struct atto_slots *slots)
{
    const uint32_t free = atto_slots_free(slots);
    json_t *list = json_array();

    for (uint32_t slot = 0; slot < slots->slot_count; slot++)
        json_array_append_new(list, json_pack("{s:I,s:b,s:I}", "offset",
                                              (json_int_t)(slots->offset + slot * slots->slot_bytes), "free",
                                              (int)(free >> slot & 1u), "erased",
                                              (json_int_t)atto_slots_wear(slots, slot)));
    return list;
}

static void print_json(const struct atto_storage *storage, const struct atto_layout *layout, bool fine)
{
    json_t *root = json_pack("{s:b,s:o,s:o}", "fine", fine, "log", json_log(&storage->records), "records",
                             json_records(&storage->records));

    if (layout->slot_count != 0) {
        json_object_set_new(root, "components", json_components(storage));
        json_object_set_new(root, "slots", json_slots(&storage->slots));
    }
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

int atto_command_fsck(int argc, char **argv)
{
    struct atto_layout layout = ATTO_LAYOUT_INIT;
    bool json = false, fine;
    const struct atto_option options[] = {{"json", .flag = &json}, ATTO_LAYOUT_OPTIONS(layout), {0}};
    struct atto_storage storage;
    struct atto_buffer file = {0};
    const char *path = NULL;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &path))
        return atto_wrong_usage(argv[0]);
    fine = atto_storage_read(&storage, &layout, path, &file);
    if (fine) {
        fine = is_fine(&storage, &layout);
        if (json) {
            print_json(&storage, &layout, fine);
        } else {
            print_log(&storage.records);
            print_damage(&storage.records);
            print_records(&storage.records);
            if (layout.slot_count != 0)
                print_components(&storage);
        }
    }
    atto_buffer_free(&file);
    return fine ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}
