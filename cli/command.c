/* `atto command`: makes a signed command.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "cbor.h"
#include "commands.h"
#include "keyfile.h"
#include "manifest_write.h"
#include "report.h"
#include "seal.h"
#include "target.h"
#include "uuid.h"

static const char usage[] =
    "usage: atto command [options] OPERATION -o FILE\n"
    "\n"
    "Makes a signed command for one device. OPERATION is one of\n"
    "  start, stop, pause, resume, remove     a container\n"
    "  set-rights, set-schedule               of a container, to those of --json\n"
    "  rotate-key                             the signer's, to --new-key\n"
    "  set-tenant, revoke-tenant              by the owner: --record of one, or the name of --tenant\n"
    "  call                                   of a container's entry point, with --data\n"
    "  read                                   what has the name of --tenant may be read, where reading is not open\n"
    "\n"
    "  -o, --output FILE       where to\n"
    "  -k, --key FILE          the private key that signs\n"
    "      --device UUID       the device\n"
    "      --counter NUMBER    over that of the signer's last command to this device\n"
    "      --expires SECONDS   since 1970; a device that does not know the time refuses a command that expires\n"
    "      --signer NAME       the tenant whose key it is; without it, the owner\n"
    "      --tenant NAME       whose container it is, or who is revoked; without it the signer's\n"
    "      --component NAME    the container\n"
    "      --json FILE         has \"rights\" or \"schedule\", as beside a source (docs/SPEC.md)\n"
    "      --new-key FILE      a key; its public part is sent\n"
    "      --record FILE       a tenant record; 'atto tenant' makes one\n"
    "      --data FILE         bytes for a call (docs/SPEC.md)\n"
    "  -h, --help              print this\n";

struct order {
    const char *output, *key, *signer, *json, *new_key, *record, *data;
    struct atto_target target;
    struct atto_identity identity;
    uint32_t counter, expiry_s;
};

static const struct operation {
    const char *name;
    uint32_t number;
    enum atto_command_arguments arguments;
} operations[] = {
#define OPERATION(number, capitals, name, tenants, arguments) {#name, number, arguments},
    ATTO_COMMANDS(OPERATION)
#undef OPERATION
};

static const struct operation *find_operation(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    }
    atto_report("there is no operation '%s'", name);
    return NULL;
}

/* Is this there? It is the file that an operation needs. */
static bool given(const char *option, const char *value)
{
    if (value == NULL)
        atto_report("--%s is missing", option);
    return value != NULL;
}

static bool put_fragment(const struct order *order, bool rights, struct atto_buffer *out)
{
    struct atto_wishes wishes = {.name = NULL};
    struct atto_buffer manifest = {0};
    bool fine = given("json", order->json) && atto_wishes_read(&wishes, order->json);

    if (fine && rights)
        atto_manifest_write_rights(&wishes.rights, &manifest);
    else if (fine)
        atto_manifest_write_schedule(&wishes, &manifest);
    atto_cbor_add_nested(out, &manifest);
    atto_wishes_free(&wishes);
    return fine;
}

static bool put_new_key(const struct order *order, struct atto_buffer *out)
{
    struct atto_keyfile keyfile = {.secret = NULL};
    struct atto_buffer cose = {0};
    bool fine = given("new-key", order->new_key) && atto_keyfile_read(&keyfile, order->new_key);

    if (fine)
        atto_keyfile_cose(&keyfile, &cose);
    atto_keyfile_free(&keyfile);
    atto_cbor_add_nested(out, &cose);
    return fine;
}

static bool put_record(const struct order *order, struct atto_buffer *out)
{
    struct atto_buffer record = {0};
    bool fine = given("record", order->record) && atto_buffer_read(&record, order->record);

    atto_cbor_add_nested(out, &record);
    return fine;
}

static bool put_data(const struct order *order, struct atto_buffer *out)
{
    struct atto_buffer data = {0};
    bool fine = given("data", order->data) && atto_buffer_read(&data, order->data);

    atto_cbor_add_nested(out, &data);
    return fine;
}

static bool put_arguments(const struct order *order, enum atto_command_arguments arguments, struct atto_buffer *out)
{
    struct atto_target target = order->target;

    if (target.tenant == NULL)
        target.tenant = order->signer;
    atto_cbor_add_head(out, ATTO_CBOR_ARRAY,
                       arguments == ATTO_TAKES_RIGHTS || arguments == ATTO_TAKES_SCHEDULE || arguments == ATTO_TAKES_BYTES ? 2 : 1);
    switch (arguments) {
    case ATTO_TAKES_COMPONENT:
        return atto_target_component(&target, out);
    case ATTO_TAKES_RIGHTS:
    case ATTO_TAKES_SCHEDULE:
        return atto_target_component(&target, out) && put_fragment(order, arguments == ATTO_TAKES_RIGHTS, out);
    case ATTO_TAKES_KEY:
        return put_new_key(order, out);
    case ATTO_TAKES_TENANT:
        return put_record(order, out);
    case ATTO_TAKES_BYTES:
        return atto_target_component(&target, out) && put_data(order, out);
    default:
        if (!given("tenant", order->target.tenant) || !atto_target_name("tenant", order->target.tenant))
            return false;
        atto_cbor_add_text(out, order->target.tenant);
        return true;
    }
}

static bool put_payload(const struct order *order, const struct operation *operation, struct atto_buffer *out)
{
    atto_cbor_add_head(out, ATTO_CBOR_MAP, 4u + (order->signer != NULL) + (order->expiry_s != 0));
    atto_cbor_add_uint(out, 1);
    atto_cbor_add_bytes(out, order->identity.device_id, ATTO_IDENTITY_BYTES);
    if (order->signer != NULL) {
        atto_cbor_add_uint(out, 2);
        atto_cbor_add_text(out, order->signer);
    }
    atto_cbor_add_uint(out, 3);
    atto_cbor_add_uint(out, order->counter);
    if (order->expiry_s != 0) {
        atto_cbor_add_uint(out, 4);
        atto_cbor_add_uint(out, order->expiry_s);
    }
    atto_cbor_add_uint(out, 5);
    atto_cbor_add_uint(out, operation->number);
    atto_cbor_add_uint(out, 6);
    return put_arguments(order, operation->arguments, out);
}

/* Would a device read it, and may the signer do it? What is in a file that was given may be anything. */
static bool check(const struct order *order, const struct atto_buffer *bytes)
{
    const struct atto_command_conditions conditions = {&order->identity, 0, 0};
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_command command;
    enum atto_status status = atto_command_read(bytes->bytes, (uint32_t)bytes->len, &command, &refusal);

    if (status == ATTO_OK) {
        command.expiry_s = 0;
        status = atto_command_judge(&command, &conditions);
    }
    if (status != ATTO_OK)
        atto_report("a device would refuse this: %s", atto_status_text(status));
    return status == ATTO_OK;
}

static bool make(struct order *order, const char *name)
{
    struct atto_keyfile keyfile = {.secret = NULL};
    struct atto_buffer payload = {0}, command = {0};
    const struct operation *operation = find_operation(name);
    bool fine = operation != NULL && atto_target_identity(&order->target, &order->identity) &&
                atto_keyfile_read(&keyfile, order->key) && put_payload(order, operation, &payload);

    if (fine && payload.len > ATTO_COSE_PAYLOAD_MAX) {
        atto_report("the command has %zu bytes, and at most %u can be signed", payload.len, ATTO_COSE_PAYLOAD_MAX);
        fine = false;
    }
    fine = fine && atto_seal_sign1(&keyfile, &payload, false, &command) && check(order, &command) &&
           atto_buffer_write(&command, order->output);
    atto_keyfile_free(&keyfile);
    atto_buffer_free(&payload);
    atto_buffer_free(&command);
    return fine;
}

int atto_command_command(int argc, char **argv)
{
    struct order order = {.counter = 0};
    const struct atto_option options[] = {
        {"output", 'o', .text = &order.output},
        {"key", 'k', .text = &order.key},
        {"counter", .number = &order.counter, .min = 1, .max = UINT32_MAX},
        {"expires", .number = &order.expiry_s, .min = 1, .max = UINT32_MAX},
        {"signer", .text = &order.signer},
        ATTO_DEVICE_OPTION(order.target),
        ATTO_COMPONENT_OPTIONS(order.target),
        {"json", .text = &order.json},
        {"new-key", .text = &order.new_key},
        {"record", .text = &order.record},
        {"data", .text = &order.data},
        {0},
    };
    const char *name = NULL;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &name) || !given("output", order.output) || !given("key", order.key) ||
        !given("device", order.target.device) || !given("counter", order.counter != 0 ? "" : NULL) ||
        (order.signer != NULL && !atto_target_name("signer", order.signer)))
        return atto_wrong_usage(argv[0]);
    return make(&order, name) ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}
