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
#define KNOWN (((1u << COMMAND_ARGUMENTS) - 1u) * 2u) /* bits of all of them */
/* Arguments are not read without an operation, and whether there is a device its pointer tells. */
#define NEEDED (1u << COMMAND_COUNTER | 1u << COMMAND_ARGUMENTS)

/* What is known of an operation: bits 0 to 6 what it takes, bit 7 whether tenants may do it. */
static const uint8_t operations[ATTO_COMMAND_LAST + 1u] = {
#define OPERATION(number, capitals, name, tenants, arguments) [number] = (uint8_t)((arguments) + 128 * (tenants)),
    ATTO_COMMANDS(OPERATION)
#undef OPERATION
};

/*@ requires \valid_read(command) && command->operation <= ATTO_COMMAND_LAST;
    terminates \true; exits \false; assigns \nothing; */
static enum atto_command_arguments arguments_of(const struct atto_command *command)
{
    return (enum atto_command_arguments)(operations[command->operation] % 128u);
}

static bool tenants_may(const struct atto_command *command)
{
    return operations[command->operation] >= 128u;
}

/*@ requires readable(bytes.ptr, bytes.len) && \valid(refusal);
    requires \separated(refusal, bytes.ptr + (0 .. bytes.len - 1));
    terminates \true; exits \false; assigns *refusal; */
static enum atto_status check_record(struct atto_span bytes, struct atto_refusal *refusal)
{
    struct atto_tenant_record record;

    return atto_tenant_record_read(bytes, &record, refusal);
}

/*@ requires \valid(cbor) && \valid(bytes) && \separated(cbor, bytes) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, bytes->ptr, bytes->len;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> inside(bytes->ptr, bytes->len, cbor->bytes, cbor->len); */
static enum atto_status read_record(struct atto_cbor *cbor, struct atto_span *bytes)
{
    struct atto_refusal refusal = {ATTO_OK, 0};
    enum atto_status status;

    if (!atto_cbor_bytes(cbor, 0, UINT32_MAX, bytes))
        return ATTO_E_COMMAND;
    status = check_record(*bytes, &refusal);
    if (status != ATTO_OK && refusal.at <= bytes->len)
        cbor->pos -= bytes->len - refusal.at;
    return status;
}

/*@ requires \valid(cbor) && \valid(argument) && \separated(cbor, argument) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, argument->ptr, argument->len;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> inside(argument->ptr, argument->len, cbor->bytes, cbor->len); */
static enum atto_status read_argument(struct atto_cbor *cbor, enum atto_command_arguments kind,
                                      struct atto_span *argument)
{
    if (kind == ATTO_TAKES_NAME)
        return atto_cbor_text(cbor, 1, ATTO_NAME_MAX, argument) ? ATTO_OK : ATTO_E_COMMAND;
    if (kind == ATTO_TAKES_BYTES)
        return atto_cbor_bytes(cbor, 0, UINT32_MAX, argument) ? ATTO_OK : ATTO_E_COMMAND;
    if (kind == ATTO_TAKES_TENANT)
        return read_record(cbor, argument);
    return atto_fragment_read(cbor, kind, argument);
}

/*@ requires \valid(cbor) && \valid(command) && \separated(cbor, command) && sound_reader(cbor);
    requires sound_command(command, cbor->bytes, cbor->len) && command->component.tenant.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, command->argument.ptr, command->argument.len, command->component.tenant.ptr,
            command->component.tenant.len, command->component.container.ptr, command->component.container.len;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> sound_command(command, cbor->bytes, cbor->len); */
static enum atto_status read_arguments(struct atto_cbor *cbor, struct atto_command *command)
{
    const enum atto_command_arguments kind = arguments_of(command);
    const bool on_container = kind <= ATTO_TAKES_SCHEDULE || kind == ATTO_TAKES_BYTES;
    const bool more = kind != ATTO_TAKES_COMPONENT;

    if (!atto_has_head(cbor, ATTO_CBOR_ARRAY, (uint32_t)on_container + (uint32_t)more))
        return ATTO_E_COMMAND;
    if (on_container && !atto_component_read(cbor, &command->component))
        return ATTO_E_COMMAND;
    if (!more)
        return ATTO_OK;
    /*@ assert sound_command(command, cbor->bytes, cbor->len); */
    return read_argument(cbor, kind, &command->argument);
}

/*@ requires \valid(cbor) && \valid(command) && \separated(cbor, command) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, command->operation;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> 1 <= command->operation <= ATTO_COMMAND_LAST; */
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
/*@ requires \valid(cbor) && \valid(command) && \separated(cbor, command) && sound_reader(cbor);
    requires sound_command(command, cbor->bytes, cbor->len);
    requires label <= COMMAND_ARGUMENTS ==> command->component.tenant.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, command->device_id, command->tenant.ptr, command->tenant.len, command->counter, command->expiry_s,
            command->operation, command->argument.ptr, command->argument.len, command->component.tenant.ptr,
            command->component.tenant.len, command->component.container.ptr, command->component.container.len;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> COMMAND_DEVICE <= label <= COMMAND_ARGUMENTS &&
        sound_command(command, cbor->bytes, cbor->len) &&
        (label < COMMAND_ARGUMENTS ==> command->component.tenant.len == 0); */
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

/*@ requires \valid(cbor) && \valid(command) && \separated(cbor, command) && sound_reader(cbor);
    requires sound_command(command, cbor->bytes, cbor->len) && command->component.tenant.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, command->device_id, command->tenant.ptr, command->tenant.len, command->counter, command->expiry_s,
            command->operation, command->argument.ptr, command->argument.len, command->component.tenant.ptr,
            command->component.tenant.len, command->component.container.ptr, command->component.container.len;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> sound_command(command, cbor->bytes, cbor->len) && command->device_id != \null; */
static enum atto_status read_payload(struct atto_cbor *cbor, struct atto_command *command)
{
    uint32_t count, seen = 0, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_COMMAND;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && sound_command(command, cbor->bytes, cbor->len);
        loop invariant next <= COMMAND_ARGUMENTS ==> command->component.tenant.len == 0;
        loop assigns i, seen, next, status, cbor->pos, command->device_id, command->tenant.ptr, command->tenant.len, command->counter, command->expiry_s,
            command->operation, command->argument.ptr, command->argument.len, command->component.tenant.ptr,
            command->component.tenant.len, command->component.container.ptr, command->component.container.len;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        status = atto_known_key(cbor, KNOWN, &next, ATTO_E_COMMAND);
        if (status == ATTO_OK)
            status = read_field(cbor, next - 1u, command);
        if (status != ATTO_OK)
            return status;
        seen |= 1u << (next - 1u);
    }
    if (command->device_id == NULL || (seen & NEEDED) != NEEDED || cbor->pos != cbor->len)
        return ATTO_E_COMMAND;
    return ATTO_OK;
}

/* Goes into a payload that the reader has come past: its place is still counted from the start of all. */
/*@ requires \valid(cbor) && sound_reader(cbor) && payload.len > 0;
    requires inside(payload.ptr, payload.len, cbor->bytes, cbor->len);
    terminates \true; exits \false; assigns cbor->pos, cbor->len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len); */
static void enter_payload(struct atto_cbor *cbor, struct atto_span payload)
{
    cbor->pos = (uint32_t)(payload.ptr - cbor->bytes);
    cbor->len = cbor->pos + payload.len;
}

/*@ requires \valid(cbor) && \valid(command) && \separated(cbor, command) && sound_reader(cbor);
    requires command->device_id == \null && command->operation == 0 && command->tenant.len == 0;
    requires command->component.tenant.len == 0 && command->component.container.len == 0 && command->argument.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, command->signature.protected_header.ptr, command->signature.protected_header.len,
            command->signature.kid.ptr, command->signature.kid.len, command->signature.payload.ptr,
            command->signature.payload.len, command->signature.signature, command->signature.algorithm,
            command->device_id, command->tenant.ptr, command->tenant.len, command->counter,
            command->expiry_s, command->operation, command->argument.ptr, command->argument.len,
            command->component.tenant.ptr, command->component.tenant.len, command->component.container.ptr,
            command->component.container.len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> command->device_id != \null;
    ensures \result == ATTO_OK ==> sound_command(command, cbor->bytes, \old(cbor->len));
    ensures \result == ATTO_OK ==> sound_sign1(&command->signature, cbor->bytes, \old(cbor->len)); */
static enum atto_status read_signed(struct atto_cbor *cbor, struct atto_command *command)
{
    enum atto_status status = atto_cose_read(cbor, &command->signature);

    if (status != ATTO_OK)
        return status;
    if (command->signature.payload.len == 0 || cbor->pos != cbor->len)
        return ATTO_E_COMMAND;
    enter_payload(cbor, command->signature.payload);
    return read_payload(cbor, command);
}

/*@ requires \valid(command);
    terminates \true; exits \false; assigns *command;
    ensures command->device_id == \null && command->operation == 0 && command->tenant.len == 0 &&
            command->component.tenant.len == 0 && command->component.container.len == 0 && command->argument.len == 0; */
static void clear(struct atto_command *command)
{
    *command = (struct atto_command){0};
}

enum atto_status atto_command_read(const uint8_t *bytes, uint32_t len, struct atto_command *command,
                                   struct atto_refusal *refusal)
{
    struct atto_cbor cbor = {bytes, len, 0};
    enum atto_status status;

    clear(command);
    status = read_signed(&cbor, command);
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
    if (command->counter <= conditions->counter || command->counter - conditions->counter > ATTO_COUNTER_STEP_MAX)
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
