/* `atto run`: runs an image once or several times, here or on an emulated board.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <stdio.h>

#include "arguments.h"
#include "atto/bpf.h"
#include "commands.h"
#include "firmware.h"
#include "load.h"
#include "report.h"
#include "scenario.h"

static const char usage[] =
    "usage: atto run [options] FILE\n"
    "       atto run --scenario FILE [options]   several containers; 'atto run --scenario --help' tells more\n"
    "\n"
    "Runs an image in this process, or on an emulated board. FILE is an image of Atto's or Femto-Container's format,\n"
    "an eBPF object (.o), or a source file.\n"
    "\n"
    "  -e, --entry NAME     entry point (or its slot); default: the first one of the manifest\n"
    "      --ctx FILE       the context, which the container may read and write\n"
    "      --ctx-hex HEX    the same, in hexadecimal digits\n"
    "  -f, --fuel N         fuel for an activation; default: as in the manifest, or 100000000\n"
    "  -n, --times N        activations, one after the other; data keeps its values. The last one is reported\n"
    "  -c, --call ID=VALUE  host call ID (name, or number below 256) exists and answers VALUE; may be repeated.\n"
    "                       The calls of the SDK exist for images of Atto's format anyway\n"
    "      --on BOARD       run on mps2-an386 (Cortex-M4), lm3s6965evb (Cortex-M3, 64 KB of RAM) or rv32-virt (RV32),\n"
    "                       emulated by QEMU\n"
    "      --show           print the context as it is after the run\n"
    "      --trace          print each instruction that is run, and the registers that change\n"
    "      --json           print one JSON object\n"
    "  -h, --help           print this\n"
    "\n"
    "Exit status: 0 it ended well, 1 it was refused or has faulted, 2 wrong usage.\n";

struct arguments {
    const char *path, *entry, *context_file, *context_hex, *board;
    uint32_t fuel, times;
    struct atto_answers answers;
    bool show, trace, json;
};

/* What no table can say. */
static bool check_arguments(const struct arguments *arguments)
{
    if (arguments->context_file != NULL && arguments->context_hex != NULL) {
        atto_report("--ctx and --ctx-hex do not go together");
        return false;
    }
    if (arguments->trace && arguments->board != NULL) {
        atto_report("--trace works in this process only, not with --on");
        return false;
    }
    return arguments->board == NULL || atto_firmware_is_board(arguments->board);
}

/* Returns the exit status if there is no context to be had. */
static int read_context(const struct arguments *arguments, struct atto_buffer *context)
{
    if (arguments->context_file != NULL && !atto_buffer_read(context, arguments->context_file))
        return ATTO_EXIT_REFUSED;
    if (arguments->context_hex != NULL && !atto_buffer_put_hex(context, arguments->context_hex)) {
        atto_report("--ctx-hex: not pairs of hexadecimal digits");
        return ATTO_EXIT_USAGE;
    }
    if (context->len > ATTO_BPF_REGION_MAX) {
        atto_report("the context has %zu bytes, at most %u are possible", context->len, ATTO_BPF_REGION_MAX);
        return ATTO_EXIT_REFUSED;
    }
    return ATTO_EXIT_FINE;
}

static bool starts_function(const struct atto_image *image, uint32_t slot)
{
    uint32_t count = atto_image_function_count(image);

    for (uint32_t i = 0; i < count; i++) {
        if (atto_image_function(image, i).start == slot)
            return true;
    }
    return count == 0 && slot == 0;
}

/* The slot to enter at: a name of the manifest, a slot, or by default the first entry point. */
static bool find_entry(const struct atto_run_request *request, const char *wanted, uint32_t *slot)
{
    const struct atto_manifest *manifest = &request->manifest;
    struct atto_entry entry;
    int32_t index = 0;

    *slot = 0;
    if (wanted == NULL && manifest->entry_count == 0)
        return true;
    if (wanted != NULL)
        index = atto_manifest_find_entry(manifest, wanted);
    if (index >= 0 && atto_manifest_entry(manifest, (uint32_t)index, &entry) == ATTO_OK) {
        *slot = entry.slot;
        return true;
    }
    if (wanted != NULL && wanted[0] >= '0' && wanted[0] <= '9') {
        if (!atto_parse_number("entry", wanted, 0, 0xffff, slot))
            return false;
        if (!starts_function(&request->parsed, *slot))
            atto_report("--entry: no function starts at slot %u", *slot);
        return starts_function(&request->parsed, *slot);
    }
    atto_report("there is no entry point '%s'", wanted == NULL ? "" : wanted);
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        if (atto_manifest_entry(manifest, i, &entry) == ATTO_OK)
            fprintf(stderr, "  there is '%.*s'\n", (int)entry.name.len, (const char *)entry.name.ptr);
    }
    return false;
}

static int run(const struct arguments *arguments, struct atto_run_request *request)
{
    struct atto_run_report report;
    bool done = true;
    int result;

    if (arguments->board == NULL)
        atto_run_local(request, &report);
    else
        done = atto_run_board(arguments->board, request, &report);
    result = done && report.installed && report.status == ATTO_OK ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
    if (done && arguments->json)
        atto_run_print_json(request, &report, arguments->show);
    else if (done)
        atto_run_print(request, &report, arguments->show);
    json_decref(report.log);
    atto_buffer_free(&report.context);
    return result;
}

static int load_and_run(const struct arguments *arguments, struct atto_buffer *image, struct atto_buffer *context)
{
    struct atto_run_request request = {
        .path = arguments->path,
        .image = image,
        .context = arguments->context_file == NULL && arguments->context_hex == NULL ? NULL : context,
        .fuel = arguments->fuel,
        .times = arguments->times,
        .answers = arguments->answers,
        .trace = arguments->trace,
    };
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_listing listing;
    int result = read_context(arguments, context);

    if (result != ATTO_EXIT_FINE)
        return result;
    result = ATTO_EXIT_REFUSED;
    if (!atto_load(arguments->path, image))
        return ATTO_EXIT_REFUSED;
    if (atto_image_parse(image->bytes, (uint32_t)image->len, &request.parsed, &refusal) != ATTO_OK ||
        atto_manifest_parse(request.parsed.manifest, &request.manifest, &refusal) != ATTO_OK) {
        if (refusal.status == ATTO_E_MANIFEST)
            refusal.at += (uint32_t)(request.parsed.manifest.ptr - image->bytes);
        atto_report_at(arguments->path, 0, "%s (byte %u)", atto_status_text(refusal.status), refusal.at);
        return ATTO_EXIT_REFUSED;
    }
    atto_listing_open(&listing, &request.parsed, &request.manifest, arguments->path);
    request.listing = &listing;
    if (find_entry(&request, arguments->entry, &request.entry_slot))
        result = run(arguments, &request);
    atto_listing_close(&listing);
    return result;
}

int atto_command_run(int argc, char **argv)
{
    struct arguments arguments = {.times = 1};
    const struct atto_option options[] = {
        {"entry", 'e', .text = &arguments.entry},
        {"ctx", .text = &arguments.context_file},
        {"ctx-hex", .text = &arguments.context_hex},
        {"fuel", 'f', .number = &arguments.fuel, .min = 1, .max = ATTO_FUEL_MAX},
        {"times", 'n', .number = &arguments.times, .min = 1, .max = 1000000},
        {"call", 'c', .answers = &arguments.answers},
        {"on", .text = &arguments.board},
        {"show", .flag = &arguments.show},
        {"trace", .flag = &arguments.trace},
        {"json", .flag = &arguments.json},
        {0},
    };
    struct atto_buffer image = {0}, context = {0};
    int status;

    if (atto_scenario_is_asked(argc, argv))
        return atto_command_scenario(argc, argv);
    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!check_arguments(&arguments) || !atto_take_file(argc, argv, &arguments.path))
        return atto_wrong_usage(argv[0]);
    status = load_and_run(&arguments, &image, &context);
    atto_buffer_free(&image);
    atto_buffer_free(&context);
    return status;
}
