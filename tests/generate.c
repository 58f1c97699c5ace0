/* The generator. A function is written as a row of segments, each one a small idea (an operation, an access, a call, a
 * counted loop); jumps and local calls are left open and get their targets when all instructions stand.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "generate.h"

#include <string.h>

#include "encode.h"

#define OPEN_MAX 64u

struct open_jump {
    uint16_t slot;
    uint8_t is_long;
};

struct open_call {
    uint16_t slot;
    uint8_t caller, callee;
};

struct writer {
    struct generated *program;
    struct rng *rng;
    uint32_t features;
    uint32_t function;
    uint32_t frame_bytes;
    bool begins[GENERATED_SLOTS];   /* an instruction begins at this slot */
    bool landing[GENERATED_SLOTS];  /* a segment begins at this slot */
    struct open_jump jumps[OPEN_MAX];
    uint32_t jump_count;
    struct open_call calls[OPEN_MAX];
    uint32_t call_count;
};

static bool has(const struct writer *w, uint32_t feature)
{
    return (w->features & feature) != 0;
}

static uint32_t below(struct writer *w, uint32_t count)
{
    return rng_below(w->rng, count);
}

static bool once_in(struct writer *w, uint32_t times)
{
    return rng_once_in(w->rng, times);
}

static void emit(struct writer *w, uint64_t slot)
{
    w->begins[w->program->slot_count] = true;
    w->program->slots[w->program->slot_count++] = slot;
}

static void emit_wide(struct writer *w, uint32_t dst, uint64_t value)
{
    const uint64_t slots[2] = { WIDE(dst, value) };
    emit(w, slots[0]);
    w->program->slots[w->program->slot_count++] = slots[1];
}

/* A register that may be written. r9 counts loops where the kernel has to understand them. */
static uint32_t any_target(struct writer *w)
{
    return below(w, has(w, GENERATE_KERNEL) ? 9 : 10);
}

static uint32_t any_source(struct writer *w)
{
    return !has(w, GENERATE_KERNEL) && once_in(w, 16) ? 10 : below(w, 10);
}

static void emit_arithmetic(struct writer *w)
{
    static const uint8_t operations[] = { OP_ADD, OP_SUB, OP_MUL, OP_OR, OP_AND, OP_XOR, OP_MOV, OP_LSH, OP_RSH,
                                          OP_ARSH, OP_DIV, OP_MOD };
    uint32_t operation = operations[below(w, sizeof operations)];
    bool is_wide = below(w, 2) == 0, from_register = below(w, 2) == 0;
    bool is_shift = operation == OP_LSH || operation == OP_RSH || operation == OP_ARSH;
    bool is_division = operation == OP_DIV || operation == OP_MOD;
    int32_t imm = from_register ? 0 : rng_value32(w->rng);
    uint32_t offset = is_division ? below(w, 2) : 0;
    if (operation == OP_MOV && from_register)
        offset = (const uint8_t[]){ 0, 0, 8, 16, is_wide ? 32 : 0 }[below(w, 5)];
    if (has(w, GENERATE_KERNEL) && is_shift && !from_register)
        imm = (int32_t)below(w, is_wide ? 64 : 32);
    if (has(w, GENERATE_KERNEL) && is_division && imm == 0 && !from_register)
        imm = 3;
    emit(w, SLOT(operation | (is_wide ? 7u : 4u) | (from_register ? 8u : 0u), any_target(w),
                 from_register ? any_source(w) : 0, offset, imm));
}

static void emit_unary(struct writer *w)
{
    static const uint8_t opcodes[] = { 0x84, 0x87, 0xd4, 0xdc, 0xd7 };
    uint32_t opcode = opcodes[below(w, sizeof opcodes)];
    emit(w, SLOT(opcode, any_target(w), 0, 0, opcode < 0xd0u ? 0 : 16 << below(w, 3)));
}

static void emit_constant(struct writer *w, uint32_t dst)
{
    if (below(w, 2) == 0)
        emit(w, MOV(dst, rng_value32(w->rng)));
    else
        emit_wide(w, dst, rng_value(w->rng));
}

/* A jump whose distance is filled in later. */
static void emit_jump(struct writer *w)
{
    static const uint8_t conditions[] = { IF_EQ, IF_GT, IF_GE, IF_SET, IF_NE, IF_SGT, IF_SGE, IF_LT, IF_LE, IF_SLT,
                                          IF_SLE };
    if (w->jump_count == OPEN_MAX)
        return;
    struct open_jump *jump = &w->jumps[w->jump_count++];
    bool always = !has(w, GENERATE_KERNEL) && once_in(w, 10), from_register = below(w, 2) == 0;
    jump->slot = (uint16_t)w->program->slot_count;
    jump->is_long = always && below(w, 2) == 0;
    uint32_t condition = always ? 0 : conditions[below(w, sizeof conditions)];
    if (always)
        emit(w, jump->is_long ? JUMP_LONG(0) : JUMP(0));
    else
        emit(w, SLOT(condition | 5u | below(w, 2) | (from_register ? 8u : 0u), any_source(w),
                     from_register ? any_source(w) : 0, 0, from_register ? 0 : rng_value32(w->rng)));
}

/* A memory access of a random kind at base + offset. */
static void emit_access(struct writer *w, uint32_t base, uint32_t bytes, int32_t offset, bool writable)
{
    static const uint8_t atomics[] = { 0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1 };
    uint32_t size = bytes == 1u ? SIZE_B : bytes == 2u ? SIZE_H : bytes == 4u ? SIZE_W : SIZE_DW;
    switch (below(w, writable ? 6 : 2)) {
    case 0:
        emit(w, LOAD(size, any_target(w), base, offset));
        break;
    case 1:
        if (bytes == 8u)
            emit(w, LOAD(size, any_target(w), base, offset));
        else
            emit(w, LOAD_SIGNED(size, any_target(w), base, offset));
        break;
    case 2:
        emit(w, STORE_IMM(size, base, offset, rng_value32(w->rng)));
        break;
    case 3:
        if (bytes >= 4u)
            emit(w, ATOMIC(size, atomics[below(w, sizeof atomics)], base, any_target(w), offset));
        break;
    default:
        emit(w, STORE(size, base, has(w, GENERATE_KERNEL) ? below(w, 10) : any_source(w), offset));
        break;
    }
}

/* Where the guest may go: a region, and how many bytes it has. */
static uint32_t any_region(struct writer *w, uint32_t *len, bool *writable)
{
    static const uint32_t bytes[] = { GENERATED_DATA_BYTES + GENERATED_BSS_BYTES, GENERATED_RODATA_BYTES,
                                      GENERATED_CONTEXT_BYTES };
    uint32_t which = below(w, 3);
    *len = bytes[which];
    *writable = which != 1u;
    return REGION_DATA + which;
}

static void emit_memory(struct writer *w)
{
    uint32_t bytes = 1u << below(w, 4), len;
    bool writable, is_wild = has(w, GENERATE_WILD) && once_in(w, 25);
    if (has(w, GENERATE_KERNEL)) {
        uint32_t below_input = bytes * (1u + below(w, 80u / bytes));
        emit_access(w, 10, bytes, -(int32_t)(GENERATED_KERNEL_INPUT_BYTES + below_input), true);
    } else if (below(w, 2) == 0) {
        int32_t offset = -(int32_t)(bytes + below(w, w->frame_bytes - bytes + 1u));
        emit_access(w, 10, bytes, is_wild ? (int32_t)below(w, 20) - 9 : offset, true);
    } else {
        uint32_t base = any_target(w), region = any_region(w, &len, &writable);
        uint32_t at = below(w, len - bytes + 1u);
        int32_t offset = (int16_t)rng_value32(w->rng);
        if (is_wild) {
            at = len - bytes + below(w, bytes + 1u);
            writable = true;
            region = once_in(w, 3) ? below(w, 16) : region;
        }
        uint64_t address = (uint64_t)ADDRESS(region, at) - (uint64_t)(int64_t)offset;
        emit_wide(w, base, below(w, 2) == 0 ? (uint32_t)address : address ^ rng_next(w->rng) << 32);
        emit_access(w, base, bytes, offset, writable);
    }
}

/* Runs a few operations a fixed number of times; r9 counts. */
static void emit_loop(struct writer *w)
{
    emit(w, MOV(9, 1 + (int32_t)below(w, 5)));
    uint32_t start = w->program->slot_count, count = 1u + below(w, 4);
    for (uint32_t i = 0; i < count; i++) {
        emit_arithmetic(w);
        uint64_t last = w->program->slots[w->program->slot_count - 1u];
        if ((last >> 8) % 16u == 9u)
            w->program->slots[w->program->slot_count - 1u] = MOV(0, 5);
    }
    emit(w, ADD(9, -1));
    emit(w, JUMP_IMM(IF_NE, 9, 0, (int32_t)start - (int32_t)w->program->slot_count - 1));
}

static void emit_host_call(struct writer *w)
{
    uint32_t len;
    bool writable;
    switch (below(w, 4)) {
    case 0:
        emit(w, CALL(GENERATED_CALL_LATER));
        break;
    case 1: {
        uint32_t region = any_region(w, &len, &writable);
        emit_wide(w, 1, ADDRESS(region, below(w, len)));
        emit(w, MOV(2, below(w, len)));
        emit(w, CALL(GENERATED_CALL_SUM));
        break;
    }
    case 2:
        emit(w, CALL(has(w, GENERATE_WILD) ? GENERATED_CALL_FAIL : GENERATED_CALL_MIX));
        break;
    default:
        emit(w, CALL(GENERATED_CALL_MIX));
        break;
    }
}

static void emit_local_call(struct writer *w)
{
    uint32_t count = w->program->function_count, after = count - 1u - w->function;
    if (w->call_count == OPEN_MAX || after == 0)
        return;
    struct open_call *call = &w->calls[w->call_count++];
    call->slot = (uint16_t)w->program->slot_count;
    call->caller = (uint8_t)w->function;
    call->callee = (uint8_t)(w->function + 1u + below(w, after));
    emit(w, CALL_FRAME(0, w->frame_bytes));
}

static void emit_segment(struct writer *w)
{
    w->landing[w->program->slot_count] = true;
    switch (below(w, 16)) {
    case 0: case 1: case 2:
        emit_jump(w);
        break;
    case 3: case 4: case 5: case 6:
        if (has(w, GENERATE_MEMORY))
            emit_memory(w);
        break;
    case 7:
        if (has(w, GENERATE_LOOPS))
            emit_loop(w);
        break;
    case 8:
        if (has(w, GENERATE_HOST_CALLS))
            emit_host_call(w);
        break;
    case 9:
        if (has(w, GENERATE_LOCAL_CALLS))
            emit_local_call(w);
        break;
    case 10:
        emit_unary(w);
        break;
    case 11:
        emit_constant(w, any_target(w));
        break;
    default:
        emit_arithmetic(w);
        break;
    }
}

/* The kernel has to see registers that it knows nothing about: they come from the packet. */
static void emit_kernel_start(struct writer *w)
{
    for (uint32_t at = 0; at < 160u; at += 8u)
        emit(w, STORE_IMM(SIZE_DW, 10, -8 - (int32_t)at, 0));
    emit(w, MOV(2, GENERATED_KERNEL_INPUT_OFFSET));
    emit(w, MOV_REG(3, 10));
    emit(w, ADD(3, -(int32_t)GENERATED_KERNEL_INPUT_BYTES));
    emit(w, MOV(4, GENERATED_KERNEL_INPUT_BYTES));
    emit(w, CALL(GENERATED_CALL_LOAD));
    for (uint32_t i = 0; i < 10u; i++)
        emit(w, LOAD(SIZE_DW, i, 10, 8 * (int32_t)i - (int32_t)GENERATED_KERNEL_INPUT_BYTES));
}

/* Folds all registers into 32 bits of r0, so that a wrong bit anywhere shows in the result. */
static void emit_fold(struct writer *w)
{
    w->landing[w->program->slot_count] = true;
    for (uint32_t i = 1; i < (has(w, GENERATE_KERNEL) ? 10u : 11u); i++) {
        emit(w, ALU64_IMM(OP_MUL, 0, 31));
        emit(w, ADD_REG(0, i));
    }
    emit(w, MOV_REG(1, 0));
    emit(w, ALU64_IMM(OP_RSH, 1, 32));
    emit(w, ALU64_REG(OP_XOR, 0, 1));
}

/* Gives each open jump of a function a target in it, mostly ahead. Only wild programs jump into the middle of a
 * segment, which may be between an address and its use. */
static void close_jumps(struct writer *w, uint32_t first)
{
    uint32_t end = w->program->slot_count;
    for (uint32_t i = 0; i < w->jump_count; i++) {
        uint32_t at = w->jumps[i].slot, target;
        bool backwards = has(w, GENERATE_LOOPS) && !has(w, GENERATE_KERNEL) && once_in(w, 5);
        uint32_t from = backwards ? first : at + 1u, to = once_in(w, 4) || at + 12u > end ? end : at + 12u;
        do
            target = from + below(w, (backwards ? end : to) - from);
        while (!w->begins[target] || (!has(w, GENERATE_WILD) && !w->landing[target] && target != end - 1u));
        uint64_t distance = (uint64_t)target - at - 1u;
        w->program->slots[at] |= w->jumps[i].is_long ? (distance & 0xffffffffu) << 32 : (distance & 0xffffu) << 16;
    }
    w->jump_count = 0;
}

/* Fills in the targets of local calls and what the function table claims about the stack. */
static void close_calls(struct writer *w)
{
    struct generated *program = w->program;
    for (uint32_t i = program->function_count; i-- > 0;) {
        uint32_t deepest = 0, levels = 0;
        for (uint32_t k = 0; k < w->call_count; k++) {
            const struct open_call *call = &w->calls[k];
            if (call->caller != i)
                continue;
            uint64_t distance = (uint64_t)program->functions[call->callee].start - call->slot - 1u;
            program->slots[call->slot] |= (distance & 0xffffffffu) << 32;
            if (program->stack_bytes[call->callee] > deepest)
                deepest = program->stack_bytes[call->callee];
            if (program->depth[call->callee] > levels)
                levels = program->depth[call->callee];
        }
        program->stack_bytes[i] = program->functions[i].frame_bytes + deepest;
        program->depth[i] = (uint8_t)(levels + 1u);
    }
}

static void write_function(struct writer *w, uint32_t segments)
{
    struct generated *program = w->program;
    uint32_t first = program->slot_count;
    if (has(w, GENERATE_KERNEL)) {
        emit_kernel_start(w);
    } else {
        for (uint32_t i = 0; i < 10u; i++)
            if (w->function == 0 || once_in(w, 6))
                emit_constant(w, i);
    }
    for (uint32_t i = 0; i < segments && program->slot_count < first + 70u; i++)
        emit_segment(w);
    if (w->function == 0)
        emit_fold(w);
    emit(w, EXIT);
    close_jumps(w, first);
}

void generate(struct generated *program, struct rng *rng, uint32_t features)
{
    struct writer w = { .program = program, .rng = rng, .features = features };
    memset(program, 0, sizeof *program);
    for (uint32_t i = 0; i < GENERATED_DATA_BYTES; i++)
        program->data[i] = (uint8_t)rng_next(rng);
    for (uint32_t i = 0; i < GENERATED_RODATA_BYTES; i++)
        program->rodata[i] = (uint8_t)rng_next(rng);
    if (has(&w, GENERATE_LOCAL_CALLS))
        program->function_count = 1u + rng_below(rng, GENERATED_FUNCTIONS);
    w.frame_bytes = 512;
    for (uint32_t i = 0; i < program->function_count || i == 0; i++) {
        if (program->function_count != 0)
            w.frame_bytes = 8u * (1u + rng_below(rng, 64));
        w.function = i;
        program->functions[i].start = program->slot_count;
        program->functions[i].frame_bytes = w.frame_bytes;
        write_function(&w, 5u + rng_below(rng, 25));
    }
    close_calls(&w);
}
