/* A signed command that was made before, by `atto command` or `atto tenant -o`, and is sent as it is, see remote.h:
 * `atto_remote_send_made`. Nothing of it can be changed, so it cannot be tried with another counter; if the device says
 * that its counter is used up, an earlier copy of it may have done that, whose answer was lost on the way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atto/command.h"
#include "commands.h"
#include "remote.h"
#include "report.h"
#include "shape.h"

static bool is_done(struct atto_remote *remote, const char *path)
{
    if (remote->options->json)
        atto_remote_print(json_pack("{s:b}", "done", 1));
    else if (!remote->options->quiet)
        printf("%s: done\n", path);
    return true;
}

/* What the device says of the signer; NULL: he is not known, or it cannot be read, which is reported. */
static json_t *find_signer(struct atto_remote *remote, const struct atto_command *command)
{
    char name[ATTO_NAME_MAX + 1u] = "";
    bool fine;

    if (command->tenant.len != 0)
        memcpy(name, command->tenant.ptr, command->tenant.len);
    return atto_remote_tenant(remote, name, &fine);
}

/* Is the key in force that the command was to put there? */
static bool has_new_key(const struct atto_command *command, const json_t *signer)
{
    const char *there = json_string_value(json_object_get(signer, "key_id"));
    struct atto_buffer kid = {0};
    struct atto_key key;
    bool has = false;

    if (there != NULL && atto_key_read(command->argument, &key, NULL) == ATTO_OK) {
        atto_buffer_print_hex(&kid, &(struct atto_buffer){.bytes = (uint8_t *)(size_t)key.kid.ptr, .len = key.kid.len});
        has = strlen(there) == kid.len && memcmp(there, kid.bytes, kid.len) == 0;
    }
    atto_buffer_free(&kid);
    return has;
}

/* It was refused: has an earlier copy of it been accepted? After a change of keys, that copy has made the old key
 * unknown. */
static bool settle(struct atto_remote *remote, const char *path, const struct atto_buffer *bytes,
                   const struct atto_client_response *response)
{
    static const char lost[] = "its counter was accepted before, by this command or by another one; the answer is lost";
    struct atto_remote_refusal refusal;
    struct atto_command command;
    json_t *signer;
    bool done, may_be;

    atto_remote_refusal_read(response, &refusal);
    if ((refusal.status != ATTO_E_SEQUENCE && refusal.status != ATTO_E_SIGNER) ||
        atto_command_read(bytes->bytes, (uint32_t)bytes->len, &command, NULL) != ATTO_OK)
        return atto_remote_refuse(remote, path, response);
    signer = find_signer(remote, &command);
    done = command.operation == ATTO_COMMAND_ROTATE_KEY && has_new_key(&command, signer);
    may_be = refusal.status == ATTO_E_SEQUENCE &&
             json_integer_value(json_object_get(signer, "counter")) == command.counter;
    json_decref(signer);
    if (done)
        return is_done(remote, path);
    if (!may_be)
        return atto_remote_refuse(remote, path, response);
    atto_report("%s: %s", path, lost);
    if (remote->options->json)
        atto_remote_print(json_pack("{s:b,s:s}", "done", 0, "text", lost));
    return atto_remote_fail(remote, ATTO_EXIT_SILENT);
}

bool atto_remote_send_made(struct atto_remote *remote, const char *path, const struct atto_buffer *bytes)
{
    const struct atto_client_request request = {.method = ATTO_METHOD_POST, .path = {"command"},
                                                .format = ATTO_FORMAT_COSE, .payload = bytes};
    struct atto_client_response response;
    bool fine;

    if (remote->options->dry_run && remote->options->json) {
        atto_remote_print(json_pack("{s:b,s:b,s:I,s:o}", "done", 0, "dry_run", 1, "bytes", (json_int_t)bytes->len,
                                    "command", atto_shape_json(bytes)));
        return true;
    }
    if (remote->options->dry_run) {
        printf("would POST to %s/command, %zu bytes", remote->context.uri, bytes->len);
        atto_shape_print(bytes, stdout);
        return true;
    }
    if (!atto_remote_send(remote, &request, &response))
        return false;
    fine = response.code / 32u == 2 ? is_done(remote, path) : settle(remote, path, bytes, &response);
    atto_buffer_free(&response.payload);
    return fine;
}
