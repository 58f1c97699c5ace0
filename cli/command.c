/* `atto command`: makes a signed command about a container, or about the signer's own key. Those about tenants are made
 * by `atto tenant`.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/command.h"

#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "cbor.h"
#include "commands.h"
#include "keyfile.h"
#include "manifest_write.h"
#include "report.h"
#include "signed_command.h"
#include "target.h"

static const char usage[] =
    "usage: atto command [options] OPERATION -o FILE\n"
    "\n"
    "Makes a signed command for one device. OPERATION is one of\n"
    "  start, stop, pause, resume, remove     a container\n"
    "  set-rights, set-schedule               of a container, to those of --json\n"
    "  rotate-key                             the signer's, to --new-key\n"
    "  call                                   of a container's entry point, with --data\n"
    "  read                                   what has the name --resource may be read, where reading is not open\n"
    "'atto tenant' makes those that enrol and revoke tenants.\n"
    "\n" ATTO_SIGNING_HELP
    "      --signer NAME       the tenant whose key it is; without it, the owner\n"
    "      --tenant NAME       whose container it is; without it the signer's\n"
    "      --component NAME    the container\n"
    "      --json FILE         has \"rights\" or \"schedule\", as beside a source (docs/SPEC.md)\n"
    "      --new-key FILE      a key; its public part is sent\n"
    "      --data FILE         bytes for a call (docs/SPEC.md)\n"
    "      --resource NAME     what is read\n"
    "  -h, --help              print this\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage.\n";

struct order {
    struct atto_signing signing;
    struct atto_target target;
    const char *json, *new_key, *data, *resource;
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
        if (strcmp(operations[i].name, name) == 0 && operations[i].number != ATTO_COMMAND_SET_TENANT &&
            operations[i].number != ATTO_COMMAND_REVOKE_TENANT)
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

static bool put_data(const struct order *order, struct atto_buffer *out)
{
    struct atto_buffer data = {0};
    bool fine = given("data", order->data) && atto_buffer_read(&data, order->data);

    atto_cbor_add_nested(out, &data);
    return fine;
}

/* What an operation on a container takes beside it. */
static bool put_rest(const struct order *order, enum atto_command_arguments arguments, struct atto_buffer *out)
{
    if (arguments == ATTO_TAKES_BYTES)
        return put_data(order, out);
    return arguments == ATTO_TAKES_COMPONENT || put_fragment(order, arguments == ATTO_TAKES_RIGHTS, out);
}

static bool put_arguments(const struct order *order, enum atto_command_arguments arguments, struct atto_buffer *out)
{
    struct atto_target target = order->target;

    if (target.tenant == NULL)
        target.tenant = order->signing.signer;
    atto_cbor_add_head(out, ATTO_CBOR_ARRAY,
                       arguments == ATTO_TAKES_RIGHTS || arguments == ATTO_TAKES_SCHEDULE ||
                               arguments == ATTO_TAKES_BYTES
                           ? 2
                           : 1);
    if (arguments == ATTO_TAKES_KEY)
        return put_new_key(order, out);
    if (arguments != ATTO_TAKES_NAME)
        return atto_target_component(&target, out) && put_rest(order, arguments, out);
    if (!given("resource", order->resource) || !atto_target_name("--resource", order->resource))
        return false;
    atto_cbor_add_text(out, order->resource);
    return true;
}

int atto_command_command(int argc, char **argv)
{
    struct order order = {.json = NULL};
    const struct atto_option options[] = {
        ATTO_SIGNING_OPTIONS(order.signing),
        {"signer", .text = &order.signing.signer},
        ATTO_COMPONENT_OPTIONS(order.target),
        {"json", .text = &order.json},
        {"new-key", .text = &order.new_key},
        {"data", .text = &order.data},
        {"resource", .text = &order.resource},
        {0},
    };
    const struct operation *operation;
    struct atto_buffer arguments = {0};
    const char *name = NULL;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &name) || !atto_signing_is_complete(&order.signing))
        return atto_wrong_usage(argv[0]);
    operation = find_operation(name);
    if (operation != NULL && put_arguments(&order, operation->arguments, &arguments))
        return atto_signed_command_write(&order.signing, operation->number, &arguments) ? ATTO_EXIT_FINE
                                                                                         : ATTO_EXIT_REFUSED;
    atto_buffer_free(&arguments);
    return ATTO_EXIT_REFUSED;
}
