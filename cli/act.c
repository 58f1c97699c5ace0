/* The commands that change a container on a device by a signed command: start, stop, pause, resume, rm, call. Each is
 * an operation, and a way to see on the device that it was done.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "atto/command.h"
#include "cbor.h"
#include "commands.h"
#include "report.h"
#include "target.h"

#define USAGE(verb, what)                                                                       \
    "usage: atto " verb " [options] NAME\n"                                                     \
    "\n" what "\n"                                                                              \
    "NAME is a container of the signer's, or TENANT/NAME.\n"                                    \
    "\n" ATTO_REMOTE_HELP ATTO_CHANGE_HELP "\n" ATTO_EXIT_HELP

static const char start_usage[] = USAGE("start", "Starts a container on a device, now and after each reset.\n");
static const char stop_usage[] = USAGE("stop", "Stops a container on a device: its `stop` runs, and it stays stopped, "
                                               "over resets too.\n");
static const char pause_usage[] = USAGE("pause", "Freezes a container where it stands, until it is resumed or the "
                                                 "device is reset.\n");
static const char resume_usage[] = USAGE("resume", "Lets a paused container go on.\n");
static const char rm_usage[] = USAGE("rm", "Removes a container, its image and its values from a device. Its name and "
                                           "its sequence number\nstay, so that nothing old can be installed again.\n");

static const char call_usage[] =
    "usage: atto call [options] NAME ENTRY [HEX]\n"
    "\n"
    "Calls an entry point of a container on a device, and prints what it returns. HEX is its context, up to 64 bytes\n"
    "in hexadecimal digits, which it may change; its first argument points there.\n"
    "NAME is a container of the signer's, or TENANT/NAME.\n"
    "\n" ATTO_REMOTE_HELP ATTO_CHANGE_HELP "\n" ATTO_EXIT_HELP;

#define CONTEXT_MAX 64u

/* ---- what is shared ---- */

bool atto_act_put_component(const struct atto_remote_name *name, struct atto_buffer *out)
{
    const struct atto_target target = {.tenant = name->tenant, .container = name->container};

    return atto_target_component(&target, out);
}

void atto_act_explain(struct atto_remote *remote, const struct atto_change *change, const char *missing)
{
    const struct atto_remote_name *name = change->name;
    bool gone;
    json_t *container = atto_act_container(remote, name, &gone);

    if (gone)
        atto_report("the device has no container '%s%s%s': 'atto ps' lists them",
                    name->tenant != NULL ? name->tenant : "", name->tenant != NULL ? "/" : "", name->container);
    else if (container != NULL && missing != NULL)
        atto_report("%s", missing);
    json_decref(container);
}

static void explain(struct atto_remote *remote, const struct atto_change *change, enum atto_status status)
{
    if (status == ATTO_E_NOT_FOUND)
        atto_act_explain(remote, change, NULL);
}

static bool is_there(struct atto_remote *remote, const struct atto_change *change)
{
    bool gone;
    json_t *container = atto_act_container(remote, change->name, &gone);
    const bool there = container != NULL;

    json_decref(container);
    return there;
}

int atto_act_on_container(const struct atto_remote_options *options, const char *text, struct atto_change *change,
                          bool (*add)(struct atto_change *change), struct atto_buffer *answer)
{
    struct atto_remote remote;
    struct atto_remote_name name = {.tenant = NULL};
    bool fine = atto_remote_open(&remote, options) &&
                (atto_remote_name_read(&remote, text, &name) || atto_remote_fail(&remote, ATTO_EXIT_USAGE));

    if (change->explain == NULL)
        change->explain = explain;
    change->is_there = is_there;
    if (fine) {
        change->name = &name;
        atto_cbor_add_head(&change->arguments, ATTO_CBOR_ARRAY, add != NULL ? 2 : 1);
        if (!atto_act_put_component(&name, &change->arguments) || (add != NULL && !add(change)))
            fine = atto_remote_fail(&remote, ATTO_EXIT_LOCAL);
    }
    if (fine)
        atto_remote_change(&remote, change, answer);
    atto_buffer_free(&change->arguments);
    atto_remote_name_free(&name);
    atto_remote_close(&remote);
    return remote.status;
}

json_t *atto_act_container(struct atto_remote *remote, const struct atto_remote_name *name, bool *gone)
{
    struct atto_buffer bytes = {0};
    json_t *container = NULL;

    *gone = false;
    if (!atto_remote_read_bytes(remote, ATTO_CONTAINER_PATH(name, NULL), NULL, true, &bytes))
        return NULL;
    if (bytes.len == 0)
        *gone = true;
    else
        container = atto_reply_read(&bytes, ATTO_REPLY_CONTAINER);
    if (container == NULL && !*gone) {
        atto_report("%s: what it says of a container cannot be read", remote->context.uri);
        atto_remote_fail(remote, ATTO_EXIT_REFUSED);
    }
    atto_buffer_free(&bytes);
    return container;
}

/* ---- the verbs ---- */

static bool is_word(const char *list, const char *word)
{
    const char *found = strstr(list, word);

    return found != NULL && word[0] != '\0';
}

/* Is the container in one of the states of the list? */
static bool is_in(struct atto_remote *remote, const struct atto_change *change, const char *states)
{
    bool gone;
    json_t *container = atto_act_container(remote, change->name, &gone);
    const char *state = json_string_value(json_object_get(container, "state"));
    const bool is = state != NULL && is_word(states, state);

    json_decref(container);
    return is;
}

static bool is_started(struct atto_remote *remote, const struct atto_change *change)
{
    return is_in(remote, change, "starting running faulted");
}

static bool is_stopped(struct atto_remote *remote, const struct atto_change *change)
{
    return is_in(remote, change, "stopping stopped");
}

static bool is_paused(struct atto_remote *remote, const struct atto_change *change)
{
    return is_in(remote, change, "paused");
}

static bool is_resumed(struct atto_remote *remote, const struct atto_change *change)
{
    return is_in(remote, change, "starting running stopping stopped faulted");
}

static bool is_removed(struct atto_remote *remote, const struct atto_change *change)
{
    bool gone;

    json_decref(atto_act_container(remote, change->name, &gone));
    return gone;
}

static int act(int argc, char **argv, const char *usage, uint32_t operation,
               bool (*is_true)(struct atto_remote *remote, const struct atto_change *change))
{
    struct atto_remote_options remote = ATTO_REMOTE_INIT;
    const struct atto_option options[] = {ATTO_REMOTE_OPTIONS(remote), ATTO_CHANGE_OPTIONS(remote), {0}};
    struct atto_change change = {.operation = operation, .is_true = is_true};
    const char *name = NULL;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!atto_take_name(argc, argv, &name))
        return atto_wrong_usage(argv[0]);
    return atto_act_on_container(&remote, name, &change, NULL, NULL);
}

int atto_command_start(int argc, char **argv)
{
    return act(argc, argv, start_usage, ATTO_COMMAND_START, is_started);
}

int atto_command_stop(int argc, char **argv)
{
    return act(argc, argv, stop_usage, ATTO_COMMAND_STOP, is_stopped);
}

int atto_command_pause(int argc, char **argv)
{
    return act(argc, argv, pause_usage, ATTO_COMMAND_PAUSE, is_paused);
}

int atto_command_resume(int argc, char **argv)
{
    return act(argc, argv, resume_usage, ATTO_COMMAND_RESUME, is_resumed);
}

int atto_command_rm(int argc, char **argv)
{
    return act(argc, argv, rm_usage, ATTO_COMMAND_REMOVE, is_removed);
}

/* ---- call ---- */

struct call {
    const char *entry;
    struct atto_buffer context;
};

static bool add_call(struct atto_change *change)
{
    const struct call *call = change->user;
    struct atto_buffer bytes = {0};

    atto_cbor_add_head(&bytes, ATTO_CBOR_ARRAY, 2);
    atto_cbor_add_text(&bytes, call->entry);
    atto_cbor_add_bytes(&bytes, call->context.bytes, call->context.len);
    atto_cbor_add_nested(&change->arguments, &bytes);
    return true;
}

static void print_result(const json_t *called)
{
    const char *context = json_string_value(json_object_get(called, "output"));

    printf("result        %lld\n", (long long)json_integer_value(json_object_get(called, "result")));
    if (context != NULL && context[0] != '\0')
        printf("context       %s\n", context);
}

/* Prints what was returned, and says how the activation ended. */
static int print_called(const struct atto_buffer *answer, bool as_json)
{
    json_t *called = atto_reply_read(answer, ATTO_REPLY_CALLED);
    const char *status = json_string_value(json_object_get(called, "status"));
    const bool fine = status != NULL && strcmp(status, "ATTO_OK") == 0;

    if (status == NULL) {
        atto_report("what the device has answered cannot be read");
        json_decref(called);
        return ATTO_EXIT_REFUSED;
    }
    if (as_json) {
        json_object_set_new(called, "done", json_boolean(fine));
        atto_remote_print(called);
        return fine ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
    }
    if (fine)
        print_result(called);
    else
        atto_report("it was called, and ended with %s", status);
    json_decref(called);
    return fine ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}

static void explain_call(struct atto_remote *remote, const struct atto_change *change, enum atto_status status)
{
    const struct call *call = change->user;
    char *text = atto_format("'%s' has no entry point '%s'", change->name->container, call->entry);

    if (status == ATTO_E_NOT_FOUND)
        atto_act_explain(remote, change, text);
    free(text);
}

int atto_command_call(int argc, char **argv)
{
    struct atto_remote_options remote = ATTO_REMOTE_INIT;
    const struct atto_option options[] = {ATTO_REMOTE_OPTIONS(remote), ATTO_CHANGE_OPTIONS(remote), {0}};
    struct call call = {.entry = NULL};
    struct atto_change change = {.operation = ATTO_COMMAND_CALL, .explain = explain_call, .user = &call};
    struct atto_buffer answer = {0};
    size_t count;
    char **words;
    int status;

    if (!atto_options_read(argc, argv, call_usage, options, &status))
        return status;
    words = atto_files(argc, argv, &count);
    if (count < 2 || count > 3) {
        atto_report("a container, an entry point, and perhaps its context");
        return atto_wrong_usage(argv[0]);
    }
    call.entry = words[1];
    if (!atto_target_name("ENTRY", call.entry))
        return atto_wrong_usage(argv[0]);
    if (count == 3 && (!atto_buffer_put_hex(&call.context, words[2]) || call.context.len > CONTEXT_MAX)) {
        atto_report("'%s': a context is up to %u bytes, as pairs of hexadecimal digits", words[2], CONTEXT_MAX);
        atto_buffer_free(&call.context);
        return atto_wrong_usage(argv[0]);
    }
    status = atto_act_on_container(&remote, words[0], &change, add_call, &answer);
    if (status == ATTO_EXIT_FINE && !remote.dry_run)
        status = print_called(&answer, remote.json);
    atto_buffer_free(&call.context);
    atto_buffer_free(&answer);
    return status;
}
