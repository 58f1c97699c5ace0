/* Fuzz target: bytes as a signed command, as a tenant record and as a COSE_Key, in a block of exactly their size. What is
 * accepted must lie inside of it, and its parts be acceptable to their own readers; a record is written the same.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "atto/command.h"
#include "atto/manifest.h"
#include "atto/tenant.h"
#include "atto/tenant_record.h"
#include "require.h"

static void read_key(struct atto_span bytes)
{
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    struct atto_key key;
    enum atto_status status = atto_key_read(bytes, &key, &refusal);
    if (status != ATTO_OK) {
        require(refusal.status == status && refusal.at <= bytes.len, "refusal of a key");
        return;
    }
    require(key.algorithm == ATTO_EDDSA || key.algorithm == ATTO_ES256, "algorithm");
    require(inside(key.kid, bytes) && inside((struct atto_span){ key.x, ATTO_COORDINATE_BYTES }, bytes), "x");
    require((key.y != NULL) == (key.algorithm == ATTO_ES256), "y");
    require(key.y == NULL || inside((struct atto_span){ key.y, ATTO_COORDINATE_BYTES }, bytes), "y");
}

static void read_record(struct atto_span bytes)
{
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    struct atto_tenant_record record, again;
    struct atto_manifest manifest;
    uint8_t written[1024];
    enum atto_status status = atto_tenant_record_read(bytes, &record, &refusal);
    if (status != ATTO_OK) {
        require(refusal.status == status && refusal.at <= bytes.len, "refusal of a record");
        return;
    }
    require(record.id >= 1 && record.id <= ATTO_TENANTS_MAX && record.name.len >= 1, "id and name");
    require(inside(record.name, bytes) && inside(record.key, bytes) && inside(record.rights, bytes), "spans");
    read_key(record.key);
    require(record.rights.len == 0 || atto_manifest_parse(record.rights, &manifest, NULL) == ATTO_OK, "rights");
    uint32_t len = atto_tenant_record_write(&record, written, sizeof written);
    require(len <= bytes.len, "what is written is no longer: a 0 may be left out");
    if (len <= sizeof written)
        require(atto_tenant_record_read((struct atto_span){ written, len }, &again, NULL) == ATTO_OK, "written");
}

static void read_command(struct atto_span bytes)
{
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    struct atto_identity identity;
    const struct atto_command_conditions conditions = { &identity, 0, 0 };
    struct atto_command command;
    enum atto_status status = atto_command_read(bytes.ptr, bytes.len, &command, &refusal);
    if (status != ATTO_OK) {
        require(refusal.status == status && refusal.at <= bytes.len, "refusal of a command");
        return;
    }
    require(command.operation >= 1 && command.operation <= ATTO_COMMAND_LAST, "operation");
    require(inside((struct atto_span){ command.device_id, ATTO_IDENTITY_BYTES }, bytes), "device");
    require(inside(command.tenant, bytes) && inside(command.argument, bytes), "tenant and argument");
    require(inside(command.component.tenant, bytes) && inside(command.component.container, bytes), "component");
    require(inside(command.signature.payload, bytes) && command.signature.payload.len != 0, "payload");
    memcpy(identity.device_id, command.device_id, sizeof identity.device_id);
    status = atto_command_judge(&command, &conditions);
    require(status != ATTO_OK || command.counter != 0, "a counter of 0");
    require(status != ATTO_OK || command.expiry_s == 0, "expiry without a clock");
    require(status != ATTO_E_DEVICE, "its own device");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t *block = malloc(len != 0 ? len : 1u);
    if (block == NULL)
        return 0;
    memcpy(block, bytes, len);
    const struct atto_span span = { block, (uint32_t)len };
    read_command(span);
    read_record(span);
    read_key(span);
    free(block);
    return 0;
}
