/* Shows what became of a run: value, instructions, fuel and memory, or, after a fault, where in the source it happened
 * and with which registers; or all of it as JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "judge.h"
#include "receipt.h"
#include "report.h"
#include "run.h"

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

static void print_end(const struct atto_run_request *request, const struct atto_run_report *report, bool show)
{
    const struct atto_receipt *receipt = &report->receipt;
    struct atto_buffer context = {0};

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
        atto_buffer_print_hex(&context, &report->context);
        atto_buffer_put(&context, "\n", 2);
        printf("context       %s", (const char *)context.bytes);
        atto_buffer_free(&context);
    }
}

/* Refused at install: all reasons, as `atto check` has them, if the device that refused it is of the same mind. */
static void print_refusal(const struct atto_run_request *request, const struct atto_run_report *report)
{
    struct atto_local *local = atto_alloc(1, sizeof *local);
    struct atto_judgement judgement;

    atto_local_init(local, request->parsed.format != ATTO_FORMAT_FEMTO, &request->answers, ATTO_RUN_FUEL);
    atto_judge(request->image->bytes, (uint32_t)request->image->len, local, &judgement);
    if (judgement.status == report->status)
        atto_judgement_report(&judgement, request->path);
    else
        atto_report_at(request->path, 0, "%s (at %u)", atto_status_text(report->status), report->at);
    atto_judgement_free(&judgement);
    free(local);
}

void atto_run_print(const struct atto_run_request *request, const struct atto_run_report *report, bool show)
{
    if (report->installed)
        print_end(request, report, show);
    else
        print_refusal(request, report);
}

static json_t *json_fault(const struct atto_run_request *request, const struct atto_run_report *report)
{
    json_t *fault = json_pack("{s:s,s:I}", "text", atto_status_text(report->status), "slot", (json_int_t)report->pc);
    char text[ATTO_DISASM_BYTES];

    if (report->pc < request->listing->slot_count) {
        atto_listing_instruction(request->listing, report->pc, text);
        json_object_set_new(fault, "instruction", json_string(text));
    }
    atto_listing_add_line(request->listing, report->pc, fault);
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
    struct atto_buffer text = {0};
    json_t *value;

    atto_buffer_print_hex(&text, bytes);
    atto_buffer_put(&text, "", 1);
    value = json_string((const char *)text.bytes);
    atto_buffer_free(&text);
    return value;
}

void atto_run_print_json(const struct atto_run_request *request, const struct atto_run_report *report, bool show)
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
