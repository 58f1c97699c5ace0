/* `atto postmortem`: what a device has kept of a container's last fault, with the line of the source where it happened.
 * The line comes from the image, which is the one that was sent from here, if it is still kept.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "atto/image.h"
#include "commands.h"
#include "history.h"
#include "listing.h"
#include "load.h"
#include "report.h"
#include "table.h"

static const char usage[] =
    "usage: atto postmortem [options] NAME\n"
    "\n"
    "Shows what a device has kept of a container's last fault: why, where, and with which registers.\n"
    "NAME is a container of the signer's, or TENANT/NAME.\n"
    "\n"
    "      --image FILE        the image, to tell the line of its source; without it the one that 'atto push' has\n"
    "                          kept when it was sent from this machine: of the installed version, or of a\n"
    "                          later one that was rolled back\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

/* An image, and what is needed to tell its lines. */
struct program {
    struct atto_buffer bytes;
    struct atto_image image;
    struct atto_manifest manifest;
    struct atto_listing listing;
    bool is_open;
};

static bool open_program(struct program *program, const char *path)
{
    struct atto_refusal refusal = {ATTO_OK, 0};

    if (!atto_load(path, &program->bytes))
        return false;
    if (atto_image_parse(program->bytes.bytes, (uint32_t)program->bytes.len, &program->image, &refusal) != ATTO_OK) {
        atto_report_at(path, 0, "%s (byte %u)", atto_status_text(refusal.status), refusal.at);
        return false;
    }
    if (atto_manifest_parse(program->image.manifest, &program->manifest, NULL) != ATTO_OK)
        program->manifest = (struct atto_manifest)ATTO_MANIFEST_INIT;
    atto_listing_open(&program->listing, &program->image, &program->manifest, path);
    program->is_open = true;
    return true;
}

static void close_program(struct program *program)
{
    if (program->is_open)
        atto_listing_close(&program->listing);
    atto_buffer_free(&program->bytes);
}

/* Which version has faulted, by its sequence number; 0: not known. It is the one that is installed, unless that has not
 * faulted yet and a later one was sent from here, which the device has rolled back then. */
static uint32_t faulted_version(struct atto_remote *remote, const struct atto_remote_name *name)
{
    bool gone;
    json_t *container = atto_act_container(remote, name, &gone);
    uint32_t sequence = (uint32_t)json_integer_value(json_object_get(container, "sequence"));
    const uint32_t sent = atto_history_before(remote->device, name, UINT32_MAX);

    if (container != NULL && json_integer_value(json_object_get(container, "faults")) == 0 && sent > sequence)
        sequence = sent;
    json_decref(container);
    return sequence;
}

/* The sentence for a status by its name; NULL: there is none. */
static const char *sentence_of(const char *name)
{
    for (int status = 0; status > -128; status--) {
        if (strcmp(atto_status_name((enum atto_status)status), name) == 0)
            return atto_status_text((enum atto_status)status);
    }
    return NULL;
}

static void print(const json_t *postmortem, const struct program *program)
{
    const uint32_t pc = (uint32_t)json_integer_value(json_object_get(postmortem, "pc"));
    const json_t *registers = json_object_get(postmortem, "registers");
    const json_t *calls = json_object_get(postmortem, "last_calls");
    const json_int_t address = json_integer_value(json_object_get(postmortem, "fault_address"));
    const char *status = json_string_value(json_object_get(postmortem, "status"));
    const char *activation = json_string_value(json_object_get(postmortem, "activation"));
    const json_int_t sequence = json_integer_value(json_object_get(postmortem, "sequence"));

    printf("fault         %s in %s", status != NULL ? status : "?", activation != NULL ? activation : "?");
    if (status != NULL && sentence_of(status) != NULL)
        printf(": %s", sentence_of(status));
    putchar('\n');
    if (sequence != 0)
        printf("version       sequence %lld\n", (long long)sequence);
    printf("after         %.6f s\n", (double)json_integer_value(json_object_get(postmortem, "time_us")) / 1e6);
    printf("at            ");
    if (program->is_open)
        atto_listing_print_place(&program->listing, pc, 14, stdout);
    else
        printf("slot %u\n", pc);
    printf("address       0x%08llx\n", (unsigned long long)address);
    for (size_t i = 0; i < json_array_size(registers); i++)
        printf("%sr%zu=%s%s", i % 4 == 0 ? "  " : " ", i, json_string_value(json_array_get(registers, i)),
               i % 4 == 3 || i + 1 == json_array_size(registers) ? "\n" : "");
    for (size_t i = 0; i < json_array_size(calls); i++) {
        const json_t *call = json_array_get(calls, i);

        printf("%s", i == 0 ? "last calls    " : ", ");
        if (json_is_string(call))
            atto_table_print_text(json_string_value(call));
        else
            printf("%lld", (long long)json_integer_value(call));
    }
    if (json_array_size(calls) != 0)
        putchar('\n');
}

/* NULL: reported. A container that has not faulted has none. */
static json_t *read_postmortem(struct atto_remote *remote, const struct atto_remote_name *name)
{
    static const char none[] = "there is no post-mortem: it has not faulted";
    struct atto_buffer bytes = {0};
    json_t *postmortem = NULL, *container;
    bool fine = atto_remote_read_bytes(remote, ATTO_CONTAINER_PATH(name, "postmortem"), NULL, true, &bytes);

    if (fine && bytes.len != 0) {
        postmortem = atto_reply_read(&bytes, ATTO_REPLY_POSTMORTEM);
        if (postmortem == NULL)
            atto_report("%s: what it says of a post-mortem cannot be read", remote->context.uri);
    } else if (fine && (container = atto_remote_read(remote, ATTO_CONTAINER_PATH(name, NULL), NULL,
                                                     ATTO_REPLY_CONTAINER)) != NULL) {
        atto_report("%s: %s", name->container, none);
        if (remote->options->json)
            atto_remote_print(json_pack("{s:b,s:s}", "done", 0, "text", none));
        json_decref(container);
    }
    if (postmortem == NULL && remote->status == ATTO_EXIT_FINE)
        atto_remote_fail(remote, ATTO_EXIT_REFUSED);
    atto_buffer_free(&bytes);
    return postmortem;
}

static void show(struct atto_remote *remote, const struct atto_remote_name *name, const char *image)
{
    json_t *postmortem = read_postmortem(remote, name);
    struct program program = {.is_open = false};
    uint32_t sequence = 0;
    char *kept = NULL;

    if (postmortem == NULL || !atto_remote_meet(remote)) {
        json_decref(postmortem);
        return;
    }
    if (image == NULL && (sequence = faulted_version(remote, name)) != 0)
        image = kept = atto_history_find(remote->device, name, sequence);
    if (sequence != 0)
        json_object_set_new(postmortem, "sequence", json_integer(sequence));
    if (image != NULL && !open_program(&program, image))
        atto_remote_fail(remote, ATTO_EXIT_LOCAL);
    if (remote->options->json) {
        if (program.is_open)
            atto_listing_add_line(&program.listing, (uint32_t)json_integer_value(json_object_get(postmortem, "pc")),
                                  postmortem);
        atto_remote_print(json_incref(postmortem));
    } else {
        print(postmortem, &program);
    }
    close_program(&program);
    json_decref(postmortem);
    free(kept);
}

int atto_command_postmortem(int argc, char **argv)
{
    struct atto_remote_options options = ATTO_REMOTE_INIT;
    const char *image = NULL, *text = NULL;
    const struct atto_option table[] = {ATTO_REMOTE_OPTIONS(options), {"image", .text = &image}, {0}};
    struct atto_remote_name name = {.tenant = NULL};
    struct atto_remote remote;
    int status;

    if (!atto_options_read(argc, argv, usage, table, &status))
        return status;
    if (!atto_take_name(argc, argv, &text))
        return atto_wrong_usage(argv[0]);
    if (atto_remote_open(&remote, &options) &&
        (atto_remote_name_read(&remote, text, &name) || atto_remote_fail(&remote, ATTO_EXIT_USAGE)))
        show(&remote, &name, image);
    atto_remote_name_free(&name);
    atto_remote_close(&remote);
    return remote.status;
}
