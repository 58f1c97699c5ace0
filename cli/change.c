/* Signed commands over the network, see remote.h: `atto_remote_change`. A command's counter makes it good for once; a
 * command that is refused because its counter is used up may have been done by an earlier try whose answer was lost.
 * Then the device's state decides: it is done if the device's counter has reached this command's, and what was asked
 * for is true.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "atto/command.h"
#include "commands.h"
#include "numbers.h"
#include "remote.h"
#include "report.h"
#include "shape.h"
#include "signed_command.h"

#define BUSY_PAUSE_US 100000u /* between tries, while the device is in the middle of something */

/* The counter of the signer's last command. False, reported, if it is not to be had. */
static bool last_counter(struct atto_remote *remote, uint32_t *counter)
{
    const char *signer = remote->signer != NULL ? remote->signer : "";
    bool fine, found;
    json_t *tenant = atto_remote_tenant(remote, signer, &fine);

    *counter = (uint32_t)json_integer_value(json_object_get(tenant, "counter"));
    found = tenant != NULL;
    json_decref(tenant);
    if (!fine || found)
        return found;
    atto_report("%s: the device has no tenant '%s'", remote->context.uri, signer);
    return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
}

static bool next_counter(struct atto_remote *remote, uint32_t *counter)
{
    uint32_t last = 0;

    *counter = remote->options->counter;
    if (*counter != 0)
        return true;
    if (remote->next == 0) { /* where reading is keyed it has been found already */
        if (!last_counter(remote, &last))
            return false;
        if (!atto_remote_believes(remote, last))
            return false;
        remote->next = atto_numbers_next_counter(last, remote->known);
        if (remote->next == 0) {
            atto_report("the counters of this signer are used up");
            return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
        }
    }
    *counter = remote->next;
    return true;
}

static char *title_of(const struct atto_change *change)
{
    const char *operation = atto_shape_operation(change->operation);

    if (change->name == NULL)
        return atto_copy_string(operation);
    return atto_format("%s %s%s%s", operation, change->name->tenant != NULL ? change->name->tenant : "",
                       change->name->tenant != NULL ? "/" : "", change->name->container);
}

static json_t *outcome(const struct atto_remote *remote, const struct atto_change *change, uint32_t counter)
{
    json_t *object = json_pack("{s:s,s:s,s:I}", "operation", atto_shape_operation(change->operation), "device",
                               remote->device, "counter", (json_int_t)counter);

    if (change->name != NULL) {
        json_object_set_new(object, "tenant", json_string(change->name->tenant != NULL ? change->name->tenant : ""));
        json_object_set_new(object, "name", json_string(change->name->container));
    }
    return object;
}

/* Shows a command in place of sending it. */
static void show(const struct atto_remote *remote, const struct atto_change *change, uint32_t counter,
                 const struct atto_buffer *command)
{
    if (remote->options->json) {
        json_t *object = outcome(remote, change, counter);

        json_object_set_new(object, "done", json_false());
        json_object_set_new(object, "dry_run", json_true());
        json_object_set_new(object, "bytes", json_integer((json_int_t)command->len));
        json_object_set_new(object, "command", atto_shape_json(command));
        atto_remote_print(object);
        return;
    }
    printf("would POST to %s/command, %zu bytes", remote->context.uri, command->len);
    atto_shape_print(command, stdout);
}

static bool unclear(struct atto_remote *remote, const char *title, const char *text, int status)
{
    atto_report("%s: %s", title, text);
    if (remote->options->json)
        atto_remote_print(json_pack("{s:b,s:s}", "done", 0, "text", text));
    return atto_remote_fail(remote, status);
}

/* The counter was refused: has an earlier try of this very command been accepted? */
static bool settle(struct atto_remote *remote, const struct atto_change *change, uint32_t counter, const char *title,
                   const struct atto_client_response *response)
{
    uint32_t last = counter;

    if (!remote->keyed && !last_counter(remote, &last))
        return false;
    if (last < counter) /* no such try: it has to do with something else */
        return atto_remote_refuse(remote, title, response);
    if (change->is_true == NULL)
        return unclear(remote, title,
                       "its counter was accepted before, by this command or by another one; the answer is lost",
                       ATTO_EXIT_SILENT);
    if (change->is_true(remote, change))
        return true;
    if (remote->status != ATTO_EXIT_FINE) /* it could not be read */
        return false;
    return unclear(remote, title,
                   "another command of the same signer came first, or has changed it since; nothing is done twice: "
                   "look, and send it again",
                   ATTO_EXIT_REFUSED);
}

/* Signs a command and sends it, or shows it. False: there is no answer, because none came or none was to come. */
static bool send_signed(struct atto_remote *remote, struct atto_change *change, uint32_t counter, const char *title,
                        struct atto_client_response *response)
{
    const struct atto_signing signing = {.key = remote->key, .device = remote->device, .signer = remote->signer,
                                         .counter = counter, .expiry_s = remote->options->expiry_s};
    struct atto_buffer command = {0};
    const struct atto_client_request request = {.method = ATTO_METHOD_POST, .path = {"command"},
                                                .format = ATTO_FORMAT_COSE, .payload = &command};
    bool fine = atto_signed_command_make(&signing, change->operation, &change->arguments, &command) ||
                atto_remote_fail(remote, ATTO_EXIT_REFUSED);

    if (fine && remote->options->dry_run) {
        show(remote, change, counter, &command);
        fine = false;
    }
    if (fine) {
        atto_numbers_keep_counter(remote->device, remote->signer, counter);
        fine = atto_client_request(remote->client, &request, response);
        if (!fine) {
            char *text = atto_format("%s: whether it was done is not known", atto_client_silence(remote->client));

            unclear(remote, title, text, ATTO_EXIT_SILENT);
            free(text);
        }
    }
    atto_buffer_free(&command);
    return fine;
}

/* "Not now": it is in the middle of something; or another call came in this turn, and then the counter is used up. */
static bool is_busy(const struct atto_remote *remote, const struct atto_change *change,
                    const struct atto_client_response *response)
{
    struct atto_remote_refusal refusal;

    atto_remote_refusal_read(response, &refusal);
    return response->code / 32u != 2 &&
           (refusal.status == ATTO_E_BUSY ||
            (refusal.status == ATTO_E_QUOTA && change->operation == ATTO_COMMAND_CALL &&
             remote->options->counter == 0));
}

/* Sends a command until the device is not busy. If being refused has used up its counter it gets the next one. If not,
 * it stays the same, so that it is not done twice should an earlier copy of it be on its way. */
static bool deliver(struct atto_remote *remote, struct atto_change *change, uint32_t *counter, const char *title,
                    struct atto_client_response *response)
{
    const time_t give_up = time(NULL) + (time_t)remote->options->timeout_s;

    for (;;) {
        if (!send_signed(remote, change, *counter, title, response))
            return false;
        if (!is_busy(remote, change, response) || time(NULL) >= give_up)
            return true;
        atto_buffer_free(&response->payload);
        usleep(BUSY_PAUSE_US);
        if (!atto_remote_forget_counter(remote) || !next_counter(remote, counter))
            return false;
    }
}

static void tell(const struct atto_remote *remote, const struct atto_change *change, uint32_t counter,
                 const char *title)
{
    if (remote->options->json) {
        json_t *object = outcome(remote, change, counter);

        json_object_set_new(object, "done", json_true());
        atto_remote_print(object);
    } else if (!remote->options->quiet) {
        printf("%s: done\n", title);
    }
}

/* The device's reason, and what there is to say beside it. */
static bool refuse(struct atto_remote *remote, const struct atto_change *change, const char *title,
                   const struct atto_client_response *response, enum atto_status status)
{
    atto_remote_refuse(remote, title, response);
    if (status == ATTO_E_SIGNER)
        atto_remote_explain_signer(remote);
    else if (change->explain != NULL)
        change->explain(remote, change, status);
    return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
}

/* A dry run asks the device whether there is what the command is about, for its refusal would say so. */
static bool is_there(struct atto_remote *remote, const struct atto_change *change, const char *title)
{
    if (!remote->options->dry_run || change->is_there == NULL || change->is_there(remote, change))
        return true;
    if (remote->status != ATTO_EXIT_FINE) /* it could not be read */
        return false;
    unclear(remote, title, "there is no such thing on the device", ATTO_EXIT_REFUSED);
    if (change->explain != NULL)
        change->explain(remote, change, ATTO_E_NOT_FOUND);
    return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
}

static bool carry_out(struct atto_remote *remote, struct atto_change *change, struct atto_buffer *answer)
{
    struct atto_client_response response = {.code = 0};
    struct atto_remote_refusal refusal;
    char *title = title_of(change);
    uint32_t counter = 0;
    bool fine = is_there(remote, change, title) && next_counter(remote, &counter) &&
                deliver(remote, change, &counter, title, &response);

    if (fine && response.code / 32u != 2) {
        atto_remote_refusal_read(&response, &refusal);
        fine = refusal.status == ATTO_E_SEQUENCE ? settle(remote, change, counter, title, &response)
                                                 : refuse(remote, change, title, &response, refusal.status);
        atto_buffer_free(&response.payload);
    }
    if (fine && answer == NULL)
        tell(remote, change, counter, title);
    if (fine)
        remote->next = counter == UINT32_MAX ? 0 : counter + 1;
    if (answer != NULL)
        *answer = response.payload;
    else
        atto_buffer_free(&response.payload);
    free(title);
    return fine;
}

bool atto_remote_change(struct atto_remote *remote, struct atto_change *change, struct atto_buffer *answer)
{
    const bool fine = atto_remote_has_key(remote) && atto_remote_meet(remote) && carry_out(remote, change, answer);

    atto_buffer_free(&change->arguments);
    return fine;
}
