/* `atto tenant`: writes a tenant's record, for the command that enrols it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "atto/tenant.h"
#include "atto/tenant_record.h"
#include "commands.h"
#include "keyfile.h"
#include "manifest_write.h"
#include "report.h"
#include "target.h"

static const char usage[] =
    "usage: atto tenant [options] NAME -o FILE\n"
    "\n"
    "Writes the record of a tenant: who it is, with which key it signs, and what all its containers may have together.\n"
    "'atto command set-tenant' sends it to a device.\n"
    "\n"
    "  -o, --output FILE       where to\n"
    "  -k, --key FILE          the tenant's key; its public part is written\n"
    "      --id NUMBER         its number on the device, 1 to 254\n"
    "      --ram BYTES         memory; without it no limit\n"
    "      --fuel NUMBER       fuel a second; without it no limit\n"
    "      --priority NUMBER   the first priority that its containers may have, 0 to 15; without it 0\n"
    "      --store BYTES       in the store, at most 65535; without it none\n"
    "      --json FILE         has \"rights\", the most that its containers may be given; without it none\n"
    "  -h, --help              print this\n";

struct tenant {
    const char *output, *key, *json;
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

static bool write_record(struct tenant *tenant)
{
    struct atto_buffer key = {0}, rights = {0}, record = {0};
    struct atto_keyfile keyfile = {.secret = NULL};
    bool fine = atto_keyfile_read(&keyfile, tenant->key) && take_rights(tenant, &rights);

    if (fine) {
        atto_keyfile_cose(&keyfile, &key);
        tenant->record.key = (struct atto_span){key.bytes, (uint32_t)key.len};
        atto_buffer_put(&record, NULL, atto_tenant_record_write(&tenant->record, NULL, 0));
        atto_tenant_record_write(&tenant->record, record.bytes, (uint32_t)record.len);
        fine = atto_buffer_write(&record, tenant->output);
    }
    atto_keyfile_free(&keyfile);
    atto_buffer_free(&key);
    atto_buffer_free(&rights);
    atto_buffer_free(&record);
    return fine;
}

int atto_command_tenant(int argc, char **argv)
{
    struct tenant tenant = {.output = NULL};
    const struct atto_option options[] = {
        {"output", 'o', .text = &tenant.output},
        {"key", 'k', .text = &tenant.key},
        {"id", .number = &tenant.record.id, .min = 1, .max = ATTO_TENANTS_MAX},
        {"ram", .number = &tenant.record.ram_bytes, .min = 0, .max = UINT32_MAX},
        {"fuel", .number = &tenant.record.fuel_per_s, .min = 0, .max = UINT32_MAX},
        {"priority", .number = &tenant.record.priority_first, .min = 0, .max = ATTO_PRIORITIES - 1u},
        {"store", .number = &tenant.record.store_bytes, .min = 0, .max = 0xffff},
        {"json", .text = &tenant.json},
        {0},
    };
    const char *name = NULL, *missing;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &name) || !atto_target_name("NAME", name))
        return atto_wrong_usage(argv[0]);
    missing = tenant.output == NULL ? "output" : tenant.key == NULL ? "key" : tenant.record.id == 0 ? "id" : NULL;
    if (missing != NULL) {
        atto_report("--%s is missing", missing);
        return atto_wrong_usage(argv[0]);
    }
    tenant.record.name = (struct atto_span){(const uint8_t *)name, (uint32_t)strlen(name)};
    return write_record(&tenant) ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}
