/* `atto tenant`: enrols and revokes tenants with signed commands of the owner's, over the network or by way of a file,
 * and lists those that a device has.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/tenant.h"

#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "atto/command.h"
#include "atto/tenant_record.h"
#include "cbor.h"
#include "commands.h"
#include "keyfile.h"
#include "manifest_write.h"
#include "remote.h"
#include "report.h"
#include "signed_command.h"
#include "target.h"
#include "tenants_list.h"

static const char usage[] =
    "usage: atto tenant add [options] NAME             enrol a tenant on a device, or change it\n"
    "       atto tenant revoke [options] NAME          end it, with its containers\n"
    "       atto tenant list [options] [FLASHFILE]     the tenants that a device has, or a flash file\n"
    "\n"
    "'atto tenant add --help' and so on tell more.\n";

#define FILE_HELP                                                                                              \
    "in place of sending the command to a device:\n"                                                           \
    "  -o, --output FILE       write it to a file, to be sent later; that takes --key, --counter and\n"         \
    "      --device UUID       for which device\n"                                                             \
    "\n" ATTO_EXIT_HELP

static const char add_usage[] =
    "usage: atto tenant add [options] NAME\n"
    "\n"
    "Enrols a tenant on a device by a signed command of the owner's, or changes the one with this id: who it is, with\n"
    "which key it signs, and what all its containers may have together.\n"
    "\n"
    "      --tenant-key FILE   the tenant's key; its public part is sent\n"
    "      --id NUMBER         its number on the device, 1 to 254\n"
    "      --ram BYTES         memory; without it no limit\n"
    "      --fuel NUMBER       fuel a second; without it no limit\n"
    "      --priority NUMBER   the first priority that its containers may have, 0 to 15; without it 0\n"
    "      --store BYTES       in the store, at most 65535; without it none\n"
    "      --containers NUMBER names of containers, removed ones included; without it no limit but the device's\n"
    "      --rights FILE       JSON with \"rights\", the most that its containers may be given; without it none\n"
    ATTO_REMOTE_HELP ATTO_CHANGE_HELP FILE_HELP;

static const char revoke_usage[] =
    "usage: atto tenant revoke [options] NAME\n"
    "\n"
    "Ends a tenant on a device by a signed command of the owner's. Its containers go; counters and sequence numbers\n"
    "stay, so that nothing old can be sent again if it is enrolled anew.\n"
    "\n" ATTO_REMOTE_HELP ATTO_CHANGE_HELP FILE_HELP;

/* Where a command goes: over the network, or to a file. */
struct sending {
    struct atto_remote_options remote;
    const char *output, *device;
};

#define SENDING_OPTIONS(sending)                                                                      \
    ATTO_REMOTE_OPTIONS((sending).remote), ATTO_CHANGE_OPTIONS((sending).remote),                     \
    {"output", 'o', .text = &(sending).output}, {"device", .text = &(sending).device}

struct tenant {
    struct sending sending;
    const char *key, *rights;
    struct atto_tenant_record record;
    struct atto_key cose; /* its key, as it is sent */
    uint8_t kid[ATTO_KID_MAX];
};

static bool take_rights(struct tenant *tenant, struct atto_buffer *rights)
{
    struct atto_wishes wishes = {.name = NULL};
    bool fine;

    if (tenant->rights == NULL)
        return true;
    fine = atto_wishes_read(&wishes, tenant->rights);
    if (fine && wishes.rights.count != 0)
        atto_manifest_write_rights(&wishes.rights, rights);
    atto_wishes_free(&wishes);
    tenant->record.rights = (struct atto_span){rights->bytes, (uint32_t)rights->len};
    return fine;
}

static bool put_record(struct tenant *tenant, struct atto_buffer *out)
{
    struct atto_buffer key = {0}, rights = {0}, record = {0};
    struct atto_keyfile keyfile = {.secret = NULL};
    bool fine = atto_keyfile_read(&keyfile, tenant->key) && take_rights(tenant, &rights);

    if (fine) {
        atto_keyfile_cose(&keyfile, &key);
        memcpy(tenant->kid, keyfile.key.kid.ptr, keyfile.key.kid.len);
        tenant->cose.kid = (struct atto_span){tenant->kid, keyfile.key.kid.len};
        tenant->record.key = (struct atto_span){key.bytes, (uint32_t)key.len};
        atto_buffer_put(&record, NULL, atto_tenant_record_write(&tenant->record, NULL, 0));
        atto_tenant_record_write(&tenant->record, record.bytes, (uint32_t)record.len);
        atto_cbor_add_nested(out, &record);
    }
    atto_keyfile_free(&keyfile);
    atto_buffer_free(&key);
    atto_buffer_free(&rights);
    return fine;
}

/* What is a mistake before anything is made? */
static bool check_sending(const struct sending *sending)
{
    const struct atto_signing signing = {.output = sending->output, .key = sending->remote.key,
                                         .device = sending->device, .counter = sending->remote.counter};

    if (sending->output == NULL && sending->device != NULL)
        atto_report("--device goes with --output; a device on the network says itself which one it is");
    else if (sending->output != NULL && sending->remote.to != NULL)
        atto_report("--output and --to do not go together");
    else
        return sending->output == NULL || atto_signing_is_complete(&signing);
    return false;
}

/* Writes the command, or carries it out. */
static int deliver(const struct sending *sending, struct atto_change *change)
{
    const struct atto_signing signing = {.output = sending->output, .key = sending->remote.key,
                                         .device = sending->device, .counter = sending->remote.counter,
                                         .expiry_s = sending->remote.expiry_s};
    struct atto_remote remote;

    if (sending->output != NULL)
        return atto_signed_command_write(&signing, change->operation, &change->arguments) ? ATTO_EXIT_FINE
                                                                                          : ATTO_EXIT_REFUSED;
    if (atto_remote_open(&remote, &sending->remote))
        atto_remote_change(&remote, change, NULL);
    atto_buffer_free(&change->arguments);
    atto_remote_close(&remote);
    return remote.status;
}

static bool is_number(const json_t *tenant, const char *key, uint32_t number)
{
    return json_integer_value(json_object_get(tenant, key)) == number;
}

static bool is_enrolled(struct atto_remote *remote, const struct atto_change *change)
{
    const struct tenant *wanted = change->user;
    const struct atto_tenant_record *record = &wanted->record;
    bool fine;
    json_t *tenant = atto_remote_tenant(remote, change->name->container, &fine);
    const char *key_id = json_string_value(json_object_get(tenant, "key_id"));
    struct atto_buffer kid = {0};

    atto_buffer_print_hex(&kid, &(struct atto_buffer){.bytes = (uint8_t *)(size_t)wanted->cose.kid.ptr,
                                                      .len = wanted->cose.kid.len});
    fine = key_id != NULL && strlen(key_id) == kid.len && memcmp(key_id, kid.bytes, kid.len) == 0 &&
           is_number(tenant, "id", record->id) && is_number(tenant, "ram_bytes", record->ram_bytes) &&
           is_number(tenant, "fuel_per_s", record->fuel_per_s) &&
           is_number(tenant, "priority_first", record->priority_first) &&
           is_number(tenant, "store_bytes", record->store_bytes);
    atto_buffer_free(&kid);
    json_decref(tenant);
    return fine;
}

static bool is_revoked(struct atto_remote *remote, const struct atto_change *change)
{
    bool fine;
    json_t *tenant = atto_remote_tenant(remote, change->name->container, &fine);
    const bool revoked = fine && tenant == NULL;

    json_decref(tenant);
    return revoked;
}

static bool is_tenant(struct atto_remote *remote, const struct atto_change *change)
{
    bool fine;
    json_t *tenant = atto_remote_tenant(remote, change->name->container, &fine);
    const bool there = tenant != NULL;

    json_decref(tenant);
    return there;
}

/* An enrolled tenant keeps its id and its name, and nobody else gets them. */
static void explain_add(struct atto_remote *remote, const struct atto_change *change, enum atto_status status)
{
    static const char *const path[] = {"tenants", NULL};
    const struct tenant *wanted = change->user;
    json_t *tenants = NULL, *tenant;
    size_t i;

    if (status == ATTO_E_ARGUMENT)
        tenants = atto_remote_read(remote, path, NULL, ATTO_REPLY_TENANTS);
    json_array_foreach(tenants, i, tenant) {
        const char *name = json_string_value(json_object_get(tenant, "name"));
        const bool same_name = name != NULL && strcmp(name, change->name->container) == 0;
        const bool same_id = is_number(tenant, "id", wanted->record.id);

        if (same_name && !same_id)
            atto_report("the device has tenant '%s' with id %lld, and a tenant keeps its id", change->name->container,
                        (long long)json_integer_value(json_object_get(tenant, "id")));
        else if (same_id && !same_name)
            atto_report("the device has a tenant of another name with id %u: 'atto tenant list'", wanted->record.id);
    }
    json_decref(tenants);
}

static void explain_revoke(struct atto_remote *remote, const struct atto_change *change, enum atto_status status)
{
    (void)remote;
    if (status == ATTO_E_NOT_FOUND)
        atto_report("the device has no tenant '%s': 'atto tenant list' lists them", change->name->container);
}

/* The name that the command is about; false, reported, if there is none. */
static bool take_tenant(int argc, char **argv, const char **name)
{
    return atto_take_name(argc, argv, name) && atto_target_name("NAME", *name);
}

static int add(int argc, char **argv)
{
    struct tenant tenant = {.sending = {.remote = ATTO_REMOTE_INIT}};
    struct atto_tenant_record *record = &tenant.record;
    const struct atto_option options[] = {
        SENDING_OPTIONS(tenant.sending),
        {"tenant-key", .text = &tenant.key},
        {"id", .number = &record->id, .min = 1, .max = ATTO_TENANTS_MAX},
        {"ram", .number = &record->ram_bytes, .min = 0, .max = UINT32_MAX},
        {"fuel", .number = &record->fuel_per_s, .min = 0, .max = UINT32_MAX},
        {"priority", .number = &record->priority_first, .min = 0, .max = ATTO_PRIORITIES - 1u},
        {"store", .number = &record->store_bytes, .min = 0, .max = 0xffff},
        {"containers", .number = &record->components, .min = 0, .max = UINT32_MAX},
        {"rights", .text = &tenant.rights},
        {0},
    };
    struct atto_change change = {.operation = ATTO_COMMAND_SET_TENANT, .is_true = is_enrolled,
                                 .explain = explain_add, .user = &tenant};
    struct atto_remote_name about = {.tenant = NULL};
    const char *name = NULL;
    int status;

    if (!atto_options_read(argc, argv, add_usage, options, &status))
        return status;
    if (!take_tenant(argc, argv, &name) || !check_sending(&tenant.sending))
        return atto_wrong_usage(argv[0]);
    if (tenant.key == NULL || record->id == 0) {
        atto_report("--%s is missing", tenant.key == NULL ? "tenant-key" : "id");
        return atto_wrong_usage(argv[0]);
    }
    record->name = (struct atto_span){(const uint8_t *)name, (uint32_t)strlen(name)};
    about.container = (char *)(size_t)name;
    change.name = &about;
    atto_cbor_add_head(&change.arguments, ATTO_CBOR_ARRAY, 1);
    if (put_record(&tenant, &change.arguments))
        return deliver(&tenant.sending, &change);
    atto_buffer_free(&change.arguments);
    return tenant.sending.output != NULL ? ATTO_EXIT_REFUSED : ATTO_EXIT_LOCAL;
}

static int revoke(int argc, char **argv)
{
    struct sending sending = {.remote = ATTO_REMOTE_INIT};
    const struct atto_option options[] = {SENDING_OPTIONS(sending), {0}};
    struct atto_change change = {.operation = ATTO_COMMAND_REVOKE_TENANT, .is_true = is_revoked,
                                 .is_there = is_tenant, .explain = explain_revoke};
    struct atto_remote_name about = {.tenant = NULL};
    const char *name = NULL;
    int status;

    if (!atto_options_read(argc, argv, revoke_usage, options, &status))
        return status;
    if (!take_tenant(argc, argv, &name) || !check_sending(&sending))
        return atto_wrong_usage(argv[0]);
    about.container = (char *)(size_t)name;
    change.name = &about;
    atto_cbor_add_head(&change.arguments, ATTO_CBOR_ARRAY, 1);
    atto_cbor_add_text(&change.arguments, name);
    return deliver(&sending, &change);
}

int atto_command_tenant(int argc, char **argv)
{
    static const struct {
        const char *name, *title;
        int (*run)(int argc, char **argv);
    } actions[] = {
        {"add", "atto tenant add", add},
        {"revoke", "atto tenant revoke", revoke},
        {"list", "atto tenant list", atto_tenants_list},
    };

    for (size_t i = 0; i < sizeof actions / sizeof actions[0] && argc > 1; i++) {
        if (strcmp(actions[i].name, argv[1]) == 0) {
            argv[1] = (char *)(size_t)actions[i].title;
            return actions[i].run(argc - 1, argv + 1);
        }
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return ATTO_EXIT_FINE;
    }
    atto_report(argc > 1 ? "there is no 'atto tenant %s'" : "add, revoke or list?", argc > 1 ? argv[1] : "");
    return atto_wrong_usage(argv[0]);
}
