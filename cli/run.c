/* `atto run`: runs an image once or several times, here or on an emulated board, and says what came out: value,
 * instructions, fuel and memory, or, after a fault, where in the source it happened and with which registers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "atto/bpf.h"
#include "commands.h"
#include "firmware.h"
#include "judge.h"
#include "load.h"
#include "receipt.h"
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
    "      --on BOARD       run on mps2-an386 (Cortex-M4) or rv32-virt (RV32), emulated by QEMU\n"
    "      --show           print the context as it is after the run\n"
    "      --trace          print each instruction that is run, and the registers that change\n"
    "      --json           print one JSON object\n"
    "  -h, --help           print this\n";

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
        if (!atto_parse_number("--entry", wanted, 0, 0xffff, slot))
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

/* What a guest address means, for a fault. */
static char *describe_address(const struct atto_run_request *request, const struct atto_run_report *report)
{
    static const char *const names[] = {"no region (null pointer?)", "stack", "data", "read-only data", "context"};
    uint32_t region = report->fault_address >> 28, offset = report->fault_address & 0x0fffffffu;
    uint32_t lens[] = {0, report->receipt.stack_bytes, request->parsed.data.len + request->parsed.bss_bytes,
                       request->parsed.rodata.len, request->context == NULL ? 0 : (uint32_t)request->context->len};

    if (region == 0)
        return atto_copy_string(names[0]);
    if (region > 4)
        return atto_format("window %u, offset %u", region - 5, offset);
    return atto_format("%s, offset %u of %u bytes", names[region], offset, lens[region]);
}

static void print_fault(const struct atto_run_request *request, const struct atto_run_report *report)
{
    char text[ATTO_DISASM_BYTES] = "?", function[64];
    const char *file;
    uint32_t line;

    printf("fault         %s\n", atto_status_text(report->status));
    if (report->pc < request->listing->slot_count)
        atto_listing_instruction(request->listing, report->pc, text);
    atto_listing_function(request->listing, report->pc, function, sizeof function);
    if (atto_lines_find(&request->listing->lines, report->pc, &file, &line))
        printf("  at          %s:%u in %s, slot %u: %s\n", file, line, function, report->pc, text);
    else
        printf("  at          slot %u in %s: %s\n", report->pc, function, text);
    if (report->status == ATTO_FAULT_MEMORY) {
        char *meaning = describe_address(request, report);

        printf("  address     0x%08" PRIx32 ": %s\n", report->fault_address, meaning);
        free(meaning);
    }
    for (uint32_t i = 0; i < 11 && report->has_registers; i++)
        printf("%sr%u=0x%" PRIx64 "%s", i % 4 == 0 ? "  " : " ", i, report->registers[i],
               i % 4 == 3 || i == 10 ? "\n" : "");
}

static void print_report(const struct atto_run_request *request, const struct atto_run_report *report, bool show)
{
    const struct atto_receipt *receipt = &report->receipt;

    for (size_t i = 0; i < json_array_size(report->log); i++)
        printf("log: %s\n", json_string_value(json_array_get(report->log, i)));
    if (report->status == ATTO_OK)
        printf("result        %" PRId64 " (0x%" PRIx64 ")\n", (int64_t)report->result, report->result);
    else
        print_fault(request, report);
    if (report->instructions >= 0)
        printf("instructions  %" PRId64 "\n", report->instructions);
    if (report->machine_instructions >= 0)
        printf("machine       %" PRId64 " instructions of the board\n", report->machine_instructions);
    printf("fuel          %u\n", report->fuel);
    printf("memory        %u bytes: instance %u, stack %u, data %u\n", receipt->arena_bytes, receipt->instance_bytes,
           receipt->stack_bytes, receipt->memory_bytes);
    if (show) {
        printf("context       ");
        for (size_t i = 0; i < report->context.len; i++)
            printf("%02x", report->context.bytes[i]);
        putchar('\n');
    }
}

static json_t *json_fault(const struct atto_run_request *request, const struct atto_run_report *report)
{
    json_t *fault = json_pack("{s:s,s:I}", "text", atto_status_text(report->status), "slot", (json_int_t)report->pc);
    char text[ATTO_DISASM_BYTES];
    const char *file;
    uint32_t line;

    if (report->pc < request->listing->slot_count) {
        atto_listing_instruction(request->listing, report->pc, text);
        json_object_set_new(fault, "instruction", json_string(text));
    }
    if (atto_lines_find(&request->listing->lines, report->pc, &file, &line)) {
        json_object_set_new(fault, "file", json_string(file));
        json_object_set_new(fault, "line", json_integer(line));
    }
    if (report->status == ATTO_FAULT_MEMORY)
        json_object_set_new(fault, "address", json_sprintf("0x%08" PRIx32, report->fault_address));
    if (report->has_registers) {
        json_t *registers = json_array();

        for (uint32_t i = 0; i < 11; i++)
            json_array_append_new(registers, json_sprintf("0x%" PRIx64, report->registers[i]));
        json_object_set_new(fault, "registers", registers);
    }
    return fault;
}

static json_t *json_hex(const struct atto_buffer *bytes)
{
    char *text = atto_alloc(2 * bytes->len + 1, 1);
    json_t *value;

    for (size_t i = 0; i < bytes->len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes->bytes[i]);
    value = json_string(text);
    free(text);
    return value;
}

static void print_json(const struct atto_run_request *request, const struct atto_run_report *report, bool show)
{
    json_t *root = json_pack("{s:s,s:b,s:O}", "status", atto_status_name(report->status), "installed",
                             report->installed, "log", report->log);

    if (!report->installed) {
        json_object_set_new(root, "text", json_string(atto_status_text(report->status)));
        json_object_set_new(root, "at", json_integer(report->at));
    } else {
        if (report->status == ATTO_OK)
            json_object_set_new(root, "result", json_sprintf("0x%" PRIx64, report->result));
        else
            json_object_set_new(root, "fault", json_fault(request, report));
        if (report->instructions >= 0)
            json_object_set_new(root, "instructions", json_integer(report->instructions));
        if (report->machine_instructions >= 0)
            json_object_set_new(root, "machine_instructions", json_integer(report->machine_instructions));
        json_object_set_new(root, "fuel", json_integer(report->fuel));
        json_object_set_new(root, "receipt", atto_receipt_json(&report->receipt));
        if (show)
            json_object_set_new(root, "context", json_hex(&report->context));
    }
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

/* Refused at install: all reasons, as `atto check` has them, if the device that refused it is of the same mind. */
static void print_refusal(const char *path, const struct atto_run_request *request,
                          const struct atto_run_report *report)
{
    struct atto_local *local = atto_alloc(1, sizeof *local);
    struct atto_judgement judgement;

    atto_local_init(local, request->parsed.format != ATTO_FORMAT_FEMTO, &request->answers, ATTO_RUN_FUEL);
    atto_judge(request->image->bytes, (uint32_t)request->image->len, local, &judgement);
    if (judgement.status == report->status)
        atto_judgement_report(&judgement, path);
    else
        atto_report_at(path, 0, "%s (at %u)", atto_status_text(report->status), report->at);
    atto_judgement_free(&judgement);
    free(local);
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
        print_json(request, &report, arguments->show);
    else if (done && report.installed)
        print_report(request, &report, arguments->show);
    else if (done)
        print_refusal(arguments->path, request, &report);
    json_decref(report.log);
    atto_buffer_free(&report.context);
    return result;
}

/* Everything that has to be there before anything can run. */
static int prepare(const struct arguments *arguments, struct atto_buffer *image, struct atto_buffer *context)
{
    struct atto_run_request request = {
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
    status = prepare(&arguments, &image, &context);
    atto_buffer_free(&image);
    atto_buffer_free(&context);
    return status;
}
