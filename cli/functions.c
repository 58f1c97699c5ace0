/* Works out the function table: which function calls which, how deep, and how much stack that takes. The device does
 * not search for the worst case; it verifies, call by call, the numbers that are worked out here (docs/SPEC.md,
 * "Function table"), so both must follow the same rule.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/config.h"
#include "program.h"
#include "report.h"

#define OPCODE_CALL 0x85
#define SRC_LOCAL_CALL 1
#define FRAME_REGISTER 10
#define FRAME_BYTES_MAX 512u
#define FRAME_BYTES_MIN 8u

/* Calls fn for each local call that is made in a function, with the function that it leads to. */
typedef void call_fn(struct atto_program *program, struct atto_program_function *caller,
                     struct atto_program_function *callee, uint32_t slot, void *user);

static void each_call(struct atto_program *program, struct atto_program_function *caller, call_fn *fn, void *user)
{
    for (uint32_t slot = caller->start; slot < caller->end;
         slot += atto_slot_width(program->text.bytes[8 * (size_t)slot])) {
        struct atto_slot insn = atto_slot_read(program->text.bytes, slot);

        if (insn.opcode == OPCODE_CALL && insn.src == SRC_LOCAL_CALL)
            fn(program, caller, atto_program_function_at(program, slot + 1 + (uint32_t)insn.imm), slot, user);
    }
}

/* Objects that do not say how large a frame is (assembly) get the largest if they use one. */
static void guess_frame(const struct atto_program *program, struct atto_program_function *function)
{
    if (function->frame_bytes != 0)
        return;
    function->frame_bytes = FRAME_BYTES_MIN;
    for (uint32_t slot = function->start; slot < function->end;
         slot += atto_slot_width(program->text.bytes[8 * (size_t)slot])) {
        struct atto_slot insn = atto_slot_read(program->text.bytes, slot);

        if (insn.dst == FRAME_REGISTER || insn.src == FRAME_REGISTER)
            function->frame_bytes = FRAME_BYTES_MAX;
    }
}

/* A local call says in `offset` how large its caller's frame is. */
static void set_call_frame(struct atto_program *program, struct atto_program_function *caller,
                           struct atto_program_function *callee, uint32_t slot, void *user)
{
    struct atto_slot insn = atto_slot_read(program->text.bytes, slot);
    uint8_t *bytes = program->text.bytes + 8 * (size_t)slot;

    (void)user;
    bytes[2] = (uint8_t)caller->frame_bytes;
    bytes[3] = (uint8_t)(caller->frame_bytes >> 8);
    if (callee == NULL || callee->start != slot + 1 + (uint32_t)insn.imm)
        atto_program_report(program, slot, "local call does not lead to the start of a function");
}

/* The most that the callees of one function need; complete is false if one of them is not worked out yet. */
struct need {
    uint32_t stack_bytes, depth;
    const struct atto_program_function *deepest;
    bool complete;
};

static void add_need(struct atto_program *program, struct atto_program_function *caller,
                     struct atto_program_function *callee, uint32_t slot, void *user)
{
    struct need *need = user;

    (void)program, (void)caller, (void)slot;
    if (callee->depth == 0)
        need->complete = false;
    if (callee->stack_bytes > need->stack_bytes)
        need->stack_bytes = callee->stack_bytes;
    if (callee->depth > need->depth) {
        need->depth = callee->depth;
        need->deepest = callee;
    }
}

/* Works out one function if everything that it calls has been. */
static bool work_out(struct atto_program *program, struct atto_program_function *function)
{
    struct need need = {0, 0, NULL, true};

    if (function->depth != 0)
        return false;
    each_call(program, function, add_need, &need);
    if (!need.complete)
        return false;
    function->stack_bytes = function->frame_bytes + need.stack_bytes;
    function->depth = need.depth + 1;
    if (function->depth == ATTO_BPF_CALL_DEPTH + 1)
        atto_program_report(program, function->start,
                            "function '%s' starts a chain of %u nested calls (through '%s'), at most %u are possible",
                            function->name, function->depth, need.deepest->name, ATTO_BPF_CALL_DEPTH);
    return true;
}

bool atto_functions_work_out(struct atto_program *program)
{
    unsigned reports = atto_report_count();
    uint32_t largest = 0;
    bool progress = true;

    for (size_t i = 0; i < program->function_count; i++) {
        guess_frame(program, &program->functions[i]);
        each_call(program, &program->functions[i], set_call_frame, NULL);
        if (program->functions[i].frame_bytes > largest)
            largest = program->functions[i].frame_bytes;
    }
    if (reports != atto_report_count())
        return false;
    while (progress) {
        progress = false;
        for (size_t i = 0; i < program->function_count; i++)
            progress = work_out(program, &program->functions[i]) || progress;
    }
    /* What is left calls itself, or something that does: it may nest as deep as the device allows. */
    for (size_t i = 0; i < program->function_count; i++) {
        struct atto_program_function *function = &program->functions[i];

        if (function->depth == 0)
            function->depth = ATTO_BPF_CALL_DEPTH;
        if (function->depth == ATTO_BPF_CALL_DEPTH)
            function->stack_bytes = ATTO_BPF_CALL_DEPTH * largest;
    }
    return reports == atto_report_count();
}
