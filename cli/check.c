/* `atto check`: would a device take this image? If not, every reason, at its place in the source.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "commands.h"
#include "judge.h"
#include "load.h"
#include "receipt.h"
#include "report.h"

static const char usage[] =
    "usage: atto check [options] FILE\n"
    "\n"
    "Judges an image as a device does before it installs it, and says why, instruction by instruction, if it is\n"
    "refused.\n"
    "FILE is an image of Atto's or Femto-Container's format, an eBPF object (.o), or a source file.\n"
    "\n"
    "  -c, --call ID       the device offers this host call too (name, or number below 256); may be repeated.\n"
    "                      The calls of the SDK are offered to images of Atto's format anyway\n"
    "      --any-call      the device offers every host call\n"
    "  -s, --stack BYTES   the largest stack that the device allows\n"
    "      --json          print one JSON object\n"
    "  -h, --help          print this\n"
    "\n"
    "Exit status: 0 accepted, 1 refused, 2 wrong usage.\n";

struct arguments {
    struct atto_answers answers;
    uint32_t stack_bytes;
    bool any_call, json;
};

static json_t *json_refusal(const struct atto_judgement *judgement, const struct atto_refusal *refusal)
{
    json_t *item = json_pack("{s:s,s:s,s:I}", "status", atto_status_name(refusal->status), "text",
                             atto_status_text(refusal->status), judgement->at_slot ? "slot" : "byte",
                             (json_int_t)refusal->at);
    char text[ATTO_DISASM_BYTES];

    if (judgement->at_slot && refusal->at < judgement->listing.slot_count) {
        atto_listing_instruction(&judgement->listing, refusal->at, text);
        json_object_set_new(item, "instruction", json_string(text));
        atto_listing_add_line(&judgement->listing, refusal->at, item);
    }
    return item;
}

static void print_json(const struct atto_judgement *judgement)
{
    struct atto_refusal only = {judgement->status, judgement->at};
    json_t *refusals = json_array();
    json_t *root = json_pack("{s:b,s:s}", "accepted", judgement->status == ATTO_OK, "status",
                             atto_status_name(judgement->status));

    for (size_t i = 0; i < judgement->refusal_count; i++)
        json_array_append_new(refusals, json_refusal(judgement, &judgement->refusals[i]));
    if (judgement->status != ATTO_OK && judgement->refusal_count == 0)
        json_array_append_new(refusals, json_refusal(judgement, &only));
    json_object_set_new(root, "refusals", refusals);
    if (judgement->status == ATTO_OK)
        json_object_set_new(root, "receipt", atto_receipt_json(&judgement->receipt));
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

static void print_accepted(const char *path, const struct atto_receipt *receipt)
{
    printf("%s: accepted\n", path);
    atto_receipt_print(receipt);
}

static bool is_femto(const struct atto_buffer *image)
{
    struct atto_image parsed;

    return atto_image_parse(image->bytes, (uint32_t)image->len, &parsed, NULL) == ATTO_OK &&
           parsed.format == ATTO_FORMAT_FEMTO;
}

static int check(const char *path, const struct arguments *arguments)
{
    struct atto_local *local = atto_alloc(1, sizeof *local);
    struct atto_buffer image = {0};
    struct atto_judgement judgement;
    int result = ATTO_EXIT_REFUSED;

    if (atto_load(path, &image)) {
        if (arguments->any_call)
            atto_local_init_any(local);
        else
            atto_local_init(local, !is_femto(&image), &arguments->answers, 0);
        local->firmware.stack_bytes = arguments->stack_bytes;
        atto_judge(image.bytes, (uint32_t)image.len, local, &judgement);
        if (judgement.status == ATTO_OK)
            result = ATTO_EXIT_FINE;
        if (arguments->json)
            print_json(&judgement);
        else if (judgement.status == ATTO_OK)
            print_accepted(path, &judgement.receipt);
        else
            atto_judgement_report(&judgement, path);
        atto_judgement_free(&judgement);
    }
    atto_buffer_free(&image);
    free(local);
    return result;
}

int atto_command_check(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct atto_option options[] = {
        {"call", 'c', .answers = &arguments.answers},
        {"any-call", .flag = &arguments.any_call},
        {"stack", 's', .number = &arguments.stack_bytes, .min = 1, .max = UINT32_MAX},
        {"json", .flag = &arguments.json},
        {0},
    };
    const char *path = NULL;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &path))
        return atto_wrong_usage(argv[0]);
    return check(path, &arguments);
}
