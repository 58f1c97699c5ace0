/* Making signed commands, see signed_command.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "signed_command.h"

#include "atto/command.h"
#include "cbor.h"
#include "keyfile.h"
#include "report.h"
#include "seal.h"
#include "target.h"

bool atto_signing_is_complete(const struct atto_signing *signing)
{
    const char *missing = signing->output == NULL   ? "output"
                          : signing->key == NULL    ? "key"
                          : signing->device == NULL ? "device"
                          : signing->counter == 0   ? "counter"
                                                    : NULL;

    if (missing != NULL)
        atto_report("--%s is missing", missing);
    return missing == NULL && (signing->signer == NULL || atto_target_name("--signer", signing->signer));
}

static void put_payload(const struct atto_signing *signing, const struct atto_identity *identity, uint32_t operation,
                        const struct atto_buffer *arguments, struct atto_buffer *out)
{
    atto_cbor_add_head(out, ATTO_CBOR_MAP, 4u + (signing->signer != NULL) + (signing->expiry_s != 0));
    atto_cbor_add_uint(out, 1);
    atto_cbor_add_bytes(out, identity->device_id, ATTO_IDENTITY_BYTES);
    if (signing->signer != NULL) {
        atto_cbor_add_uint(out, 2);
        atto_cbor_add_text(out, signing->signer);
    }
    atto_cbor_add_uint(out, 3);
    atto_cbor_add_uint(out, signing->counter);
    if (signing->expiry_s != 0) {
        atto_cbor_add_uint(out, 4);
        atto_cbor_add_uint(out, signing->expiry_s);
    }
    atto_cbor_add_uint(out, 5);
    atto_cbor_add_uint(out, operation);
    atto_cbor_add_uint(out, 6);
    atto_buffer_put(out, arguments->bytes, arguments->len);
}

/* Would a device read it, and may the signer do it? What is in a file that was given may be anything. */
static bool check(const struct atto_identity *identity, const struct atto_buffer *bytes)
{
    struct atto_command_conditions conditions = {identity, 0, 0};
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_command command;
    enum atto_status status = atto_command_read(bytes->bytes, (uint32_t)bytes->len, &command, &refusal);

    if (status == ATTO_OK) {
        command.expiry_s = 0;
        conditions.counter = command.counter - 1; /* what the last one was is not known here */
        status = atto_command_judge(&command, &conditions);
    }
    if (status != ATTO_OK)
        atto_report("a device would refuse this: %s", atto_status_text(status));
    return status == ATTO_OK;
}

bool atto_signed_command_make(const struct atto_signing *signing, uint32_t operation, struct atto_buffer *arguments,
                              struct atto_buffer *command)
{
    const struct atto_target target = {.device = signing->device};
    struct atto_identity identity;
    struct atto_keyfile keyfile = {.secret = NULL};
    struct atto_buffer payload = {0};
    bool fine = atto_target_identity(&target, &identity) && atto_keyfile_read(&keyfile, signing->key);

    if (fine)
        put_payload(signing, &identity, operation, arguments, &payload);
    if (fine && payload.len > ATTO_COSE_PAYLOAD_MAX) {
        atto_report("the command has %zu bytes, and at most %u can be signed", payload.len, ATTO_COSE_PAYLOAD_MAX);
        fine = false;
    }
    fine = fine && atto_seal_sign1(&keyfile, &payload, false, command) && check(&identity, command);
    atto_keyfile_free(&keyfile);
    atto_buffer_free(&payload);
    return fine;
}

bool atto_signed_command_write(const struct atto_signing *signing, uint32_t operation, struct atto_buffer *arguments)
{
    struct atto_buffer command = {0};
    bool fine = atto_signed_command_make(signing, operation, arguments, &command) &&
                atto_buffer_write(&command, signing->output);

    atto_buffer_free(&command);
    atto_buffer_free(arguments);
    return fine;
}
