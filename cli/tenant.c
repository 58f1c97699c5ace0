/* `atto tenant`: enrols and revokes tenants with signed commands of the owner's, and lists those that a flash file has.
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
#include "report.h"
#include "signed_command.h"
#include "target.h"
#include "tenants_list.h"

static const char usage[] =
    "usage: atto tenant add [options] NAME -o FILE       the command that enrols a tenant, or changes it\n"
    "       atto tenant revoke [options] NAME -o FILE    the command that ends it, with its containers\n"
    "       atto tenant list [options] FLASHFILE         the tenants that a device has in its flash\n"
    "\n"
    "'atto tenant add --help' and so on tell more.\n";

static const char add_usage[] =
    "usage: atto tenant add [options] NAME -o FILE\n"
    "\n"
    "Makes the owner's signed command that enrols a tenant on one device, or changes the one with this id: who it is,\n"
    "with which key it signs, and what all its containers may have together.\n"
    "\n" ATTO_SIGNING_HELP
    "      --tenant-key FILE   the tenant's key; its public part is sent\n"
    "      --id NUMBER         its number on the device, 1 to 254\n"
    "      --ram BYTES         memory; without it no limit\n"
    "      --fuel NUMBER       fuel a second; without it no limit\n"
    "      --priority NUMBER   the first priority that its containers may have, 0 to 15; without it 0\n"
    "      --store BYTES       in the store, at most 65535; without it none\n"
    "      --containers NUMBER names of containers, removed ones included; without it no limit but the device's\n"
    "      --json FILE         has \"rights\", the most that its containers may be given; without it none\n"
    "  -h, --help              print this\n";

static const char revoke_usage[] =
    "usage: atto tenant revoke [options] NAME -o FILE\n"
    "\n"
    "Makes the owner's signed command that ends a tenant on one device. Its containers go; counters and sequence\n"
    "numbers stay, so that nothing old can be sent again if it is enrolled anew.\n"
    "\n" ATTO_SIGNING_HELP
    "  -h, --help              print this\n";

struct tenant {
    struct atto_signing signing;
    const char *key, *json;
    struct atto_tenant_record record;
};

static bool take_rights(struct tenant *tenant, struct atto_buffer *rights)
{
    struct atto_wishes wishes = {.name = NULL};
    bool fine;

    if (tenant->json == NULL)
        return true;
    fine = atto_wishes_read(&wishes, tenant->json);
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

static int add(int argc, char **argv)
{
    struct tenant tenant = {.key = NULL};
    struct atto_tenant_record *record = &tenant.record;
    const struct atto_option options[] = {
        ATTO_SIGNING_OPTIONS(tenant.signing),
        {"tenant-key", .text = &tenant.key},
        {"id", .number = &record->id, .min = 1, .max = ATTO_TENANTS_MAX},
        {"ram", .number = &record->ram_bytes, .min = 0, .max = UINT32_MAX},
        {"fuel", .number = &record->fuel_per_s, .min = 0, .max = UINT32_MAX},
        {"priority", .number = &record->priority_first, .min = 0, .max = ATTO_PRIORITIES - 1u},
        {"store", .number = &record->store_bytes, .min = 0, .max = 0xffff},
        {"containers", .number = &record->components, .min = 0, .max = UINT32_MAX},
        {"json", .text = &tenant.json},
        {0},
    };
    struct atto_buffer arguments = {0};
    const char *name = NULL;
    int status;

    if (!atto_options_read(argc, argv, add_usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &name) || !atto_target_name("NAME", name) ||
        !atto_signing_is_complete(&tenant.signing))
        return atto_wrong_usage(argv[0]);
    if (tenant.key == NULL || record->id == 0) {
        atto_report("--%s is missing", tenant.key == NULL ? "tenant-key" : "id");
        return atto_wrong_usage(argv[0]);
    }
    record->name = (struct atto_span){(const uint8_t *)name, (uint32_t)strlen(name)};
    atto_cbor_add_head(&arguments, ATTO_CBOR_ARRAY, 1);
    if (put_record(&tenant, &arguments))
        return atto_signed_command_write(&tenant.signing, ATTO_COMMAND_SET_TENANT, &arguments) ? ATTO_EXIT_FINE
                                                                                               : ATTO_EXIT_REFUSED;
    atto_buffer_free(&arguments);
    return ATTO_EXIT_REFUSED;
}

static int revoke(int argc, char **argv)
{
    struct atto_signing signing = {.key = NULL};
    const struct atto_option options[] = {ATTO_SIGNING_OPTIONS(signing), {0}};
    struct atto_buffer arguments = {0};
    const char *name = NULL;
    int status;

    if (!atto_options_read(argc, argv, revoke_usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &name) || !atto_target_name("NAME", name) || !atto_signing_is_complete(&signing))
        return atto_wrong_usage(argv[0]);
    atto_cbor_add_head(&arguments, ATTO_CBOR_ARRAY, 1);
    atto_cbor_add_text(&arguments, name);
    return atto_signed_command_write(&signing, ATTO_COMMAND_REVOKE_TENANT, &arguments) ? ATTO_EXIT_FINE
                                                                                      : ATTO_EXIT_REFUSED;
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
