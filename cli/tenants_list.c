/* The tenants of a flash file or a device, see tenants_list.h. In flash a tenant is one record; who was revoked has left
 * its counter alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tenants_list.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "atto/manifest.h"
#include "atto/tenant.h"
#include "atto/tenant_record.h"
#include "base/bytes.h"
#include "commands.h"
#include "keyfile.h"
#include "layout.h"
#include "remote.h"
#include "report.h"
#include "rights.h"
#include "table.h"

static const char usage[] =
    "usage: atto tenant list [options]                      of a device on the network\n"
    "       atto tenant list [options] FLASHFILE            of a device whose flash is in a file\n"
    "\n"
    "Lists the tenants that a device has: id, name, key, ceilings, and the counter of the last command that each has\n"
    "signed. The owner's key is in the firmware, unless a command has rotated it.\n"
    "\n" ATTO_REMOTE_HELP
    "for a flash file " ATTO_LAYOUT_HELP
    "\n" ATTO_EXIT_HELP
    "Of a flash file 1: there is no log, or it is damaged.\n";

/* What is known of the owner (id 0) or of a tenant. */
struct known {
    uint32_t id, counter;
    bool has_record, damaged, counter_damaged; /* damaged: the counter or what the record says */
    struct atto_tenant_record record; /* of the owner the key alone */
    struct atto_key key;
};

/* False: nothing is known. */
static bool look_up(const struct atto_records *records, uint32_t id, struct known *known)
{
    struct atto_span value, key;
    enum atto_status rotated = atto_records_get(records, ATTO_RECORD_KEY(ATTO_RECORD_KEY_ROTATED, id), &key);
    enum atto_status status = rotated;

    *known = (struct known){.id = id};
    if (id != ATTO_TENANT_OWNER)
        status = atto_records_get(records, ATTO_RECORD_KEY(ATTO_RECORD_TENANT, id), &value);
    known->has_record = status == ATTO_OK;
    known->damaged = status == ATTO_E_DAMAGED || rotated == ATTO_E_DAMAGED;
    if (status == ATTO_OK && id != ATTO_TENANT_OWNER)
        known->damaged |= atto_tenant_record_read(value, &known->record, NULL) != ATTO_OK;
    if (rotated == ATTO_OK)
        known->record.key = key;
    if (status == ATTO_OK)
        known->damaged |= atto_key_read(known->record.key, &known->key, NULL) != ATTO_OK;
    status = atto_records_get(records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, id), &value);
    if (status == ATTO_OK && value.len == 4)
        known->counter = atto_le32(value.ptr);
    else
        known->counter_damaged = status != ATTO_E_NOT_FOUND;
    known->damaged |= known->counter_damaged;
    return known->has_record || known->damaged || status == ATTO_OK;
}

/* The ceiling of rights as a manifest; false: there is none. */
static bool rights_of(const struct known *known, struct atto_manifest *manifest)
{
    return known->record.rights.len != 0 && atto_manifest_parse(known->record.rights, manifest, NULL) == ATTO_OK;
}

static struct atto_buffer hex_of(const uint8_t *bytes, uint32_t len)
{
    const struct atto_buffer content = {(uint8_t *)(size_t)bytes, len, len};
    struct atto_buffer hex = {0};

    if (len != 0)
        atto_buffer_print_hex(&hex, &content);
    atto_buffer_put(&hex, "", 1);
    return hex;
}

static void print_key(const struct known *known)
{
    struct atto_buffer kid = hex_of(known->key.kid.ptr, known->key.kid.len);

    printf("%s, key id %s", atto_algorithm_name(known->key.algorithm), (const char *)kid.bytes);
    atto_buffer_free(&kid);
}

static void print_limit(const char *what, uint32_t limit, const char *unit)
{
    if (limit == 0)
        printf("%s without limit, ", what);
    else
        printf("%s %u %s, ", what, limit, unit);
}

static void print_rights(const struct known *known)
{
    struct atto_manifest manifest;
    struct atto_right_wish wish;
    char *text;

    for (uint32_t i = 0; rights_of(known, &manifest) && i < manifest.right_count; i++) {
        if (atto_manifest_right(&manifest, i, &wish) != ATTO_OK)
            continue;
        text = atto_right_text(&wish.right);
        if (wish.name_bytes != 0)
            printf("  right %.*s: %s\n", (int)wish.name_bytes, (const char *)wish.name, text);
        else
            printf("  right endpoint %u: %s\n", wish.right.endpoint, text);
        free(text);
    }
}

static void print_known(const struct known *known)
{
    const struct atto_tenant_record *record = &known->record;

    if (known->id == ATTO_TENANT_OWNER)
        printf("owner: ");
    else if (known->has_record && !known->damaged)
        printf("tenant %u %.*s: ", known->id, (int)record->name.len, (const char *)record->name.ptr);
    else
        printf("tenant %u: ", known->id);
    if (known->damaged)
        printf("damaged");
    else if (known->has_record)
        print_key(known);
    else
        printf(known->id == ATTO_TENANT_OWNER ? "the key of the firmware" : "revoked");
    if (known->counter_damaged)
        puts("; counter damaged");
    else
        printf("; counter %u\n", known->counter);
    if (!known->has_record || known->damaged || known->id == ATTO_TENANT_OWNER)
        return;
    printf("  ");
    print_limit("RAM", record->ram_bytes, "bytes");
    print_limit("fuel", record->fuel_per_s, "a second");
    print_limit("containers", record->components, "in all");
    printf("priorities from %u, store %u bytes\n", record->priority_first, record->store_bytes);
    print_rights(known);
}

static json_t *json_key(const struct known *known)
{
    const bool ed25519 = known->key.algorithm == ATTO_EDDSA;
    struct atto_buffer kid = hex_of(known->key.kid.ptr, known->key.kid.len);
    struct atto_buffer x = hex_of(known->key.x, ATTO_COORDINATE_BYTES);
    struct atto_buffer y = hex_of(known->key.y, ed25519 ? 0 : ATTO_COORDINATE_BYTES);
    json_t *key = json_pack("{s:s,s:s,s:s}", "algorithm", atto_algorithm_name(known->key.algorithm), "key_id",
                            (const char *)kid.bytes, "x", (const char *)x.bytes);

    if (!ed25519)
        json_object_set_new(key, "y", json_string((const char *)y.bytes));
    atto_buffer_free(&kid);
    atto_buffer_free(&x);
    atto_buffer_free(&y);
    return key;
}

static json_t *json_known(const struct known *known)
{
    const struct atto_tenant_record *record = &known->record;
    json_t *item = json_pack("{s:I,s:b,s:o}", "id", (json_int_t)known->id, "damaged", known->damaged, "counter",
                             known->counter_damaged ? json_null() : json_integer(known->counter));
    json_t *rights = json_array();
    struct atto_manifest manifest;
    struct atto_right_wish wish;

    for (uint32_t i = 0; rights_of(known, &manifest) && i < manifest.right_count; i++) {
        if (atto_manifest_right(&manifest, i, &wish) == ATTO_OK)
            json_array_append_new(rights, atto_right_to_json(&wish));
    }
    if (known->has_record && !known->damaged)
        json_object_set_new(item, "key", json_key(known));
    if (known->id != ATTO_TENANT_OWNER)
        json_object_set_new(item, "revoked", json_boolean(!known->has_record && !known->damaged));
    if (known->has_record && !known->damaged && known->id != ATTO_TENANT_OWNER) {
        json_t *more = json_pack("{s:o,s:I,s:I,s:I,s:I,s:I,s:O}", "name",
                                 json_stringn((const char *)record->name.ptr, record->name.len), "ram_bytes",
                                 (json_int_t)record->ram_bytes, "fuel_per_s", (json_int_t)record->fuel_per_s,
                                 "priority_first", (json_int_t)record->priority_first, "store_bytes",
                                 (json_int_t)record->store_bytes, "components",
                                 (json_int_t)record->components, "rights", rights);
        json_object_update(item, more);
        json_decref(more);
    }
    json_decref(rights);
    return item;
}

static bool list(const struct atto_records *records, bool json)
{
    json_t *tenants = json_array(), *root;
    struct known known;
    bool fine = records->damaged == 0; /* what is damaged may have been a tenant's */

    for (uint32_t id = ATTO_TENANT_OWNER + 1u; id <= ATTO_TENANTS_MAX && json; id++) {
        if (look_up(records, id, &known))
            json_array_append_new(tenants, json_known(&known));
    }
    for (uint32_t id = ATTO_TENANT_OWNER; id <= ATTO_TENANTS_MAX; id++) {
        if (!look_up(records, id, &known) && id != ATTO_TENANT_OWNER)
            continue;
        fine = fine && !known.damaged;
        if (!json)
            print_known(&known);
    }
    if (json) {
        look_up(records, ATTO_TENANT_OWNER, &known);
        root = json_pack("{s:o,s:O}", "owner", json_known(&known), "tenants", tenants);
        json_dumpf(root, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(root);
    }
    json_decref(tenants);
    return fine;
}

/* For people: 0 is no limit, and names are shown so that they look like nothing else. */
static void prepare_rows(json_t *tenants)
{
    static const char *const keys[] = {"ram_bytes", "fuel_per_s"};
    json_t *tenant;
    char *shown;
    size_t i;

    json_array_foreach(tenants, i, tenant) {
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            if (json_integer_value(json_object_get(tenant, keys[k])) == 0)
                json_object_set_new(tenant, keys[k], json_null());
        }
        shown = atto_table_name(NULL, json_string_value(json_object_get(tenant, "name")));
        json_object_set_new(tenant, "name", json_string(shown));
        free(shown);
    }
}

/* The owner is the first row. */
static int list_remote(const struct atto_remote_options *options)
{
    static const char *const path[] = {"tenants", NULL};
    static const struct atto_column columns[] = {
        {"ID", "id"}, {"NAME", "name"}, {"ALGORITHM", "algorithm"}, {"KEY ID", "key_id"}, {"COUNTER", "counter"},
        {"RAM", "ram_bytes"}, {"USED", "ram_used_bytes"}, {"FUEL/S", "fuel_per_s"}, {"PRIORITY", "priority_first"},
        {"STORE", "store_bytes"}, {0},
    };
    struct atto_remote remote;
    json_t *tenants;

    if (atto_remote_open(&remote, options) &&
        (tenants = atto_remote_read(&remote, path, NULL, ATTO_REPLY_TENANTS)) != NULL) {
        if (options->json) {
            atto_remote_print(json_incref(tenants));
        } else {
            prepare_rows(tenants);
            atto_table_print(tenants, columns);
        }
        json_decref(tenants);
    }
    atto_remote_close(&remote);
    return remote.status;
}

int atto_tenants_list(int argc, char **argv)
{
    struct atto_remote_options remote = ATTO_REMOTE_INIT;
    struct atto_layout layout = ATTO_LAYOUT_INIT;
    const struct atto_option options[] = {ATTO_REMOTE_OPTIONS(remote), ATTO_LAYOUT_OPTIONS(layout), {0}};
    struct atto_storage storage;
    struct atto_buffer file = {0};
    const char *path = NULL;
    size_t count;
    int status;
    bool fine;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    atto_files(argc, argv, &count);
    if (count == 0)
        return list_remote(&remote);
    if (!atto_take_file(argc, argv, &path))
        return atto_wrong_usage(argv[0]);
    fine = atto_storage_read(&storage, &layout, path, &file);
    if (fine && !list(&storage.records, remote.json)) {
        atto_report_at(path, 0, "it is damaged: 'atto fsck' tells where");
        fine = false;
    }
    atto_buffer_free(&file);
    return fine ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}
