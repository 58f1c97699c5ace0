/* Runs an image in this process, with the same library that devices have.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atto/bpf.h"
#include "report.h"
#include "run.h"

#define REGISTER_COUNT 11u

static void keep_log(void *user, const char *text, uint32_t len)
{
    json_t *line = json_stringn(text, len);

    /* Guests may log any bytes. */
    json_array_append_new(user, line != NULL ? line : json_string("(not UTF-8)"));
}

static void read_registers(const struct atto_run *run, uint64_t registers[REGISTER_COUNT])
{
    for (uint32_t i = 0; i < REGISTER_COUNT; i++)
        registers[i] = atto_bpf_register(run, i);
}

/* Prints the instructions that a slice has run: `spent` fuel from slot `pc` on. Slices end at the first jump or call
 * that leaves the fuel check with nothing left, so what ran before the last of them went straight on. */
static void trace_instructions(const struct atto_listing *listing, const struct atto_local *local, uint32_t pc,
                               uint32_t spent)
{
    uint32_t slot = pc;

    while (spent > 0 && slot < listing->slot_count) {
        struct atto_slot insn = atto_slot_read(listing->image->text.ptr, slot);
        char text[ATTO_DISASM_BYTES];
        const char *file;
        uint32_t line, price = 0;
        int64_t target;

        atto_listing_instruction(listing, slot, text);
        if (atto_lines_find(&listing->lines, slot, &file, &line))
            fprintf(stderr, "%6u  %-44s  %s:%u\n", slot, text, file, line);
        else
            fprintf(stderr, "%6u  %s\n", slot, text);
        if (insn.opcode == 0x85 && insn.src == 0 && (uint32_t)insn.imm < ATTO_CALL_IDS)
            price = local->calls[insn.imm].price;
        spent -= spent < 1 + price ? spent : 1 + price;
        if (atto_disasm_target(&insn, slot, &target) &&
            (insn.opcode == 0x05 || insn.opcode == 0x06 || insn.opcode == 0x85))
            slot = (uint32_t)target;
        else
            slot += atto_slot_width(insn.opcode);
        if (insn.opcode == 0x95)
            return;
    }
}

static void trace_changes(const uint64_t before[REGISTER_COUNT], const uint64_t after[REGISTER_COUNT])
{
    bool any = false;

    for (uint32_t i = 0; i < REGISTER_COUNT; i++) {
        if (before[i] != after[i]) {
            fprintf(stderr, "%s r%u=0x%" PRIx64, any ? "" : "       ", i, after[i]);
            any = true;
        }
    }
    if (any)
        fputc('\n', stderr);
}

/* Runs an activation block by block. The balance is filled up to 1 each time, so every fuel check ends a slice. */
static enum atto_status call_traced(struct atto_instance *container, const struct atto_run_request *request,
                                    const struct atto_local *local, const struct atto_context *context, uint32_t fuel,
                                    uint64_t *value)
{
    struct atto_run *run = container->run;
    enum atto_status status = atto_run_start(run, request->entry_slot, context);
    enum atto_outcome outcome = ATTO_YIELD;
    uint64_t spent = 0;

    while (status == ATTO_OK && outcome == ATTO_YIELD && spent < fuel) {
        uint64_t before[REGISTER_COUNT], after[REGISTER_COUNT];
        uint32_t pc = run->pc, slice;

        read_registers(run, before);
        outcome = atto_run_resume(run, (uint32_t)(1 - run->fuel));
        slice = (uint32_t)(1 - run->fuel);
        spent += slice;
        read_registers(run, after);
        trace_instructions(request->listing, local, pc, slice);
        trace_changes(before, after);
    }
    if (status != ATTO_OK)
        return status;
    container->last_fuel = (uint32_t)spent;
    *value = atto_run_result(run);
    if (outcome == ATTO_DONE)
        return ATTO_OK;
    return outcome == ATTO_FAULT ? (enum atto_status)run->fault
                                 : outcome == ATTO_WAIT ? ATTO_FAULT_WAIT : ATTO_FAULT_FUEL;
}

static void activate(struct atto_instance *container, struct atto_local *local,
                     const struct atto_run_request *request, struct atto_run_report *report)
{
    struct atto_context context = {report->context.bytes, (uint32_t)report->context.len, ATTO_WRITE};
    const struct atto_context *given = request->context == NULL ? NULL : &context;
    uint32_t fuel = request->fuel != 0 ? request->fuel : container->fuel;

    for (uint32_t i = 0; i < request->times && report->status == ATTO_OK; i++) {
        local->prices = 0;
        if (request->trace)
            report->status = call_traced(container, request, local, given, fuel, &report->result);
        else
            report->status = atto_instance_call(container, request->entry_slot, given, fuel, &report->result);
    }
    report->fuel = container->last_fuel;
    report->instructions = (int64_t)report->fuel - (int64_t)local->prices;
    report->pc = container->run->pc;
    report->fault_address = container->run->fault_address;
    report->has_registers = true;
    read_registers(container->run, report->registers);
}

static enum atto_status install(const struct atto_run_request *request, struct atto_instance *container,
                                const struct atto_local *local, void *arena, uint32_t arena_bytes,
                                struct atto_refusal *refusal)
{
    return atto_instance_install(container, &local->firmware, request->image->bytes, (uint32_t)request->image->len,
                                  arena, arena_bytes, refusal);
}

void atto_run_local(const struct atto_run_request *request, struct atto_run_report *report)
{
    struct atto_local *local = atto_alloc(1, sizeof *local);
    struct atto_instance *container = atto_alloc(1, sizeof *container);
    struct atto_refusal refusal = {ATTO_OK, 0};
    void *arena = NULL;

    *report = (struct atto_run_report){.machine_instructions = -1, .instructions = -1, .log = json_array()};
    if (request->context != NULL)
        atto_buffer_put(&report->context, request->context->bytes, request->context->len);
    atto_local_init(local, request->parsed.format != ATTO_FORMAT_FEMTO, &request->answers, ATTO_RUN_FUEL);
    local->log = keep_log;
    local->log_user = report->log;
    report->status = install(request, container, local, NULL, 0, &refusal);
    if (report->status == ATTO_E_NO_MEMORY) {
        uint32_t arena_bytes = container->receipt.arena_bytes;

        arena = atto_alloc(arena_bytes, 1);
        report->status = install(request, container, local, arena, arena_bytes, &refusal);
    }
    report->at = refusal.at;
    report->receipt = container->receipt;
    report->installed = report->status == ATTO_OK;
    if (report->installed) {
        atto_local_rights(local, &container->manifest);
        activate(container, local, request, report);
    }
    free(arena);
    free(container);
    free(local);
}
