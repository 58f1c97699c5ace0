/* Signed commands, see atto/command.h. What is signed is a map that can be read for itself; its arguments are an array
 * whose shape the table of operations knows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/command.h"

#include "atto/tenant_record.h"
#include "deploy/cose.h"
#include "deploy/fragment.h"

enum {
    COMMAND_DEVICE = 1,
    COMMAND_TENANT = 2,
    COMMAND_COUNTER = 3,
    COMMAND_EXPIRY = 4,
    COMMAND_OPERATION = 5,
    COMMAND_ARGUMENTS = 6
};
#define NEEDED (1u << COMMAND_DEVICE | 1u << COMMAND_COUNTER | 1u << COMMAND_OPERATION | 1u << COMMAND_ARGUMENTS)

/* What is known of an operation: bits 0 to 6 what it takes, bit 7 whether tenants may do it. */
static const uint8_t operations[ATTO_COMMAND_LAST + 1u] = {
#define OPERATION(number, capitals, name, tenants, arguments) [number] = (uint8_t)((arguments) + 128 * (tenants)),
    ATTO_COMMANDS(OPERATION)
#undef OPERATION
};

static enum atto_command_arguments arguments_of(const struct atto_command *command)
{
    return (enum atto_command_arguments)(operations[command->operation] % 128u);
}

static bool tenants_may(const struct atto_command *command)
{
    return operations[command->operation] >= 128u;
}

static enum atto_status read_record(struct atto_cbor *cbor, struct atto_span *bytes)
{
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_tenant_record record;
    enum atto_status status;

    if (!atto_cbor_bytes(cbor, 0, UINT32_MAX, bytes))
        return ATTO_E_COMMAND;
    status = atto_tenant_record_read(*bytes, &record, &refusal);
    if (status != ATTO_OK && refusal.at <= bytes->len)
        cbor->pos -= bytes->len - refusal.at;
    return status;
}

static enum atto_status read_arguments(struct atto_cbor *cbor, struct atto_command *command)
{
    const enum atto_command_arguments kind = arguments_of(command);
    const bool on_container = kind <= ATTO_TAKES_SCHEDULE || kind == ATTO_TAKES_BYTES;
    uint32_t count;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count != 1u + (on_container && kind != ATTO_TAKES_COMPONENT))
        return ATTO_E_COMMAND;
    if (on_container && !atto_component_read(cbor, &command->component))
        return ATTO_E_COMMAND;
    if (kind == ATTO_TAKES_COMPONENT)
        return ATTO_OK;
    if (kind == ATTO_TAKES_NAME)
        return atto_cbor_text(cbor, 1, ATTO_NAME_MAX, &command->argument) ? ATTO_OK : ATTO_E_COMMAND;
    if (kind == ATTO_TAKES_BYTES)
        return atto_cbor_bytes(cbor, 0, UINT32_MAX, &command->argument) ? ATTO_OK : ATTO_E_COMMAND;
    if (kind == ATTO_TAKES_TENANT)
        return read_record(cbor, &command->argument);
    return atto_fragment_read(cbor, kind, &command->argument);
}

static enum atto_status read_operation(struct atto_cbor *cbor, struct atto_command *command)
{
    uint32_t start = cbor->pos, number;

    if (!atto_cbor_uint(cbor, UINT32_MAX, &number))
        return ATTO_E_COMMAND;
    if (number == 0 || number > ATTO_COMMAND_LAST) {
        cbor->pos = start;
        return ATTO_E_UNSUPPORTED;
    }
    command->operation = (enum atto_command_operation)number;
    return ATTO_OK;
}

/* Keys ascend, so the operation is known when its arguments come, if it is there at all. */
static enum atto_status read_field(struct atto_cbor *cbor, uint32_t label, struct atto_command *command)
{
    struct atto_span device;
    bool fine;

    switch (label) {
    case COMMAND_DEVICE:
        fine = atto_cbor_bytes(cbor, ATTO_IDENTITY_BYTES, ATTO_IDENTITY_BYTES, &device);
        if (fine)
            command->device_id = device.ptr;
        break;
    case COMMAND_TENANT:
        fine = atto_cbor_text(cbor, 1, ATTO_NAME_MAX, &command->tenant);
        break;
    case COMMAND_COUNTER:
        fine = atto_cbor_uint(cbor, UINT32_MAX, &command->counter);
        break;
    case COMMAND_EXPIRY:
        fine = atto_cbor_uint(cbor, UINT32_MAX, &command->expiry_s) && command->expiry_s != 0;
        break;
    case COMMAND_OPERATION:
        return read_operation(cbor, command);
    case COMMAND_ARGUMENTS:
        return command->operation != 0 ? read_arguments(cbor, command) : ATTO_E_COMMAND;
    default:
        return ATTO_E_UNSUPPORTED;
    }
    return fine ? ATTO_OK : ATTO_E_COMMAND;
}

static enum atto_status read_payload(struct atto_cbor *cbor, struct atto_command *command)
{
    uint32_t count, label, start, seen = 0, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_COMMAND;
    for (uint32_t i = 0; i < count; i++) {
        start = cbor->pos;

        if (!atto_cbor_key(cbor, &next, &label))
            return ATTO_E_COMMAND;
        status = read_field(cbor, label, command);
        if (status == ATTO_E_UNSUPPORTED && label > COMMAND_ARGUMENTS)
            cbor->pos = start;
        if (status != ATTO_OK)
            return status;
        seen |= 1u << label;
    }
    return (seen & NEEDED) == NEEDED && cbor->pos == cbor->len ? ATTO_OK : ATTO_E_COMMAND;
}

enum atto_status atto_command_read(const uint8_t *bytes, uint32_t len, struct atto_command *command,
                                   struct atto_refusal *refusal)
{
    struct atto_cbor cbor = {bytes, len, 0}, payload = {bytes, 0, 0};
    enum atto_status status;

    memset(command, 0, sizeof *command);
    status = atto_cose_read(&cbor, &command->signature);
    if (status == ATTO_OK && (command->signature.payload.ptr == NULL || cbor.pos != len))
        status = ATTO_E_COMMAND;
    if (status == ATTO_OK) {
        payload.bytes = command->signature.payload.ptr;
        payload.len = command->signature.payload.len;
        status = read_payload(&payload, command);
        cbor.pos = (uint32_t)(payload.bytes - bytes) + payload.pos;
    }
    return status == ATTO_OK ? ATTO_OK : atto_refuse(refusal, status, cbor.pos);
}

enum atto_status atto_command_verify(const struct atto_command *command, const struct atto_signer *signer,
                                     const struct atto_crypto *crypto)
{
    if (!atto_same_span(command->tenant, signer->name))
        return ATTO_E_SIGNER;
    return atto_cose_verify(&command->signature, command->signature.payload, &signer->key, crypto);
}

enum atto_status atto_command_judge(const struct atto_command *command,
                                    const struct atto_command_conditions *conditions)
{
    if (memcmp(command->device_id, conditions->identity->device_id, ATTO_IDENTITY_BYTES) != 0)
        return ATTO_E_DEVICE;
    if (command->counter <= conditions->counter)
        return ATTO_E_SEQUENCE;
    if (command->expiry_s != 0 && (conditions->now_s == 0 || conditions->now_s > command->expiry_s))
        return ATTO_E_EXPIRED;
    if (command->tenant.len == 0)
        return ATTO_OK;
    if (!tenants_may(command))
        return ATTO_E_DENIED;
    if (command->component.container.len != 0 && !atto_same_span(command->component.tenant, command->tenant))
        return ATTO_E_DENIED;
    return ATTO_OK;
}
