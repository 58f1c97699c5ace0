/* The pre-flight check: decides once, at install, whether a text is one that the interpreter can run without looking.
 * Each slot is judged by itself, from the table of instructions and the bounds of the function that it is in; so the
 * check needs no memory, takes one pass, and a refusal names its slot.
 *
 * What makes that possible: the second half of a wide instruction is the only slot with opcode 0, and the function
 * table carries claims (frame, stack, depth) that each call instruction confirms or refutes on its own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
/* Runs once at install: small matters more than fast, whatever the rest is compiled for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os")
#endif

#include "check.h"

#include <stddef.h>

#include "isa.h"

/* What the check asks of an instruction, by group. */
enum {
    WRITES_DST = 1 << 0, /* the destination is written: not r10 */
    DST_ZERO = 1 << 1,
    SRC_ZERO = 1 << 2,
    IMM_ZERO = 1 << 3,
    OFFSET_ZERO = 1 << 4,
    OFFSET_SIGNED = 1 << 5, /* 0 or 1 */
    OFFSET_EXTEND = 1 << 6, /* 0, 8, 16 or, for 64 bits, 32 */
    JUMPS = 1 << 7,         /* to offset */
    JUMPS_FAR = 1 << 8,     /* to imm */
    ENDS = 1 << 9,          /* the next slot is not reached */
    ENDS_BLOCK = 1 << 10,   /* the interpreter looks at the fuel */
    SPECIAL = 1 << 11       /* has a rule of its own */
};

#define RULE_ALU64_K (WRITES_DST | SRC_ZERO | OFFSET_ZERO)
#define RULE_ALU64_X (WRITES_DST | IMM_ZERO | OFFSET_ZERO)
#define RULE_ALU32_K RULE_ALU64_K
#define RULE_ALU32_X RULE_ALU64_X
#define RULE_MOV64_X (WRITES_DST | IMM_ZERO | OFFSET_EXTEND)
#define RULE_MOV32_X RULE_MOV64_X
#define RULE_DIV64_K (WRITES_DST | SRC_ZERO | OFFSET_SIGNED)
#define RULE_DIV64_X (WRITES_DST | IMM_ZERO | OFFSET_SIGNED)
#define RULE_DIV32_K RULE_DIV64_K
#define RULE_DIV32_X RULE_DIV64_X
#define RULE_NEG64 (WRITES_DST | SRC_ZERO | IMM_ZERO | OFFSET_ZERO)
#define RULE_NEG32 RULE_NEG64
#define RULE_END (WRITES_DST | SRC_ZERO | OFFSET_ZERO | SPECIAL)
#define RULE_JMP64_K (SRC_ZERO | JUMPS | ENDS_BLOCK)
#define RULE_JMP64_X (IMM_ZERO | JUMPS | ENDS_BLOCK)
#define RULE_JMP32_K RULE_JMP64_K
#define RULE_JMP32_X RULE_JMP64_X
#define RULE_JA (DST_ZERO | SRC_ZERO | IMM_ZERO | JUMPS | ENDS | ENDS_BLOCK)
#define RULE_JA32 (DST_ZERO | SRC_ZERO | OFFSET_ZERO | JUMPS_FAR | ENDS | ENDS_BLOCK)
#define RULE_CALL (DST_ZERO | ENDS_BLOCK | SPECIAL)
#define RULE_EXIT (DST_ZERO | SRC_ZERO | IMM_ZERO | OFFSET_ZERO | ENDS | ENDS_BLOCK)
#define RULE_LDX (WRITES_DST | IMM_ZERO)
#define RULE_LDXS RULE_LDX
#define RULE_ST SRC_ZERO
#define RULE_STX IMM_ZERO
#define RULE_ATOMIC SPECIAL
#define RULE_LDDW (WRITES_DST | SRC_ZERO | OFFSET_ZERO | SPECIAL)
#define RULE_LDDW_FEMTO RULE_LDDW

#define GROUP_RULE(group) [ATTO_BPF_GROUP_##group] = RULE_##group,
static const uint16_t rule_of[ATTO_BPF_GROUP_COUNT] = { ATTO_BPF_GROUPS(GROUP_RULE) };

#define OPCODE_GROUP(group, opcode, operation) [opcode] = group,
#define OPCODE_GROUPS(group) ATTO_BPF_##group(OPCODE_GROUP, ATTO_BPF_GROUP_##group)
static const uint8_t group_of[ATTO_BPF_OPCODE_MAX + 1u] = { ATTO_BPF_GROUPS(OPCODE_GROUPS) };

/* The group of an instruction from outside, whose opcode may be any. */
static uint32_t group_at(const struct atto_bpf_insn *insn)
{
    uint32_t opcode = atto_bpf_opcode(insn->fields);
    return opcode <= ATTO_BPF_OPCODE_MAX ? group_of[opcode] : (uint32_t)ATTO_BPF_GROUP_NONE;
}

/* What a slot is judged against. */
struct context {
    const struct atto_image *image;
    const struct atto_limits *limits;
    const struct atto_bpf_insn *text;
    uint32_t slot_count;
    uint32_t function_count;
    /* The function that the slot is in. Without a function table the whole text is one. */
    uint32_t begin, end; /* slots */
    struct atto_function function;
    uint32_t frame_max; /* largest frame in the table */
};

static void context_init(struct context *c, const struct atto_image *image, const struct atto_limits *limits)
{
    c->image = image;
    c->limits = limits;
    c->text = (const struct atto_bpf_insn *)(const void *)image->text.ptr;
    c->slot_count = image->text.len / ATTO_BPF_SLOT_BYTES;
    c->function_count = atto_image_function_count(image);
    c->begin = 0;
    c->end = c->slot_count;
    c->frame_max = ATTO_BPF_FRAME_BYTES_MAX;
}

/* Moves on to function `index` of the table. */
static void enter_function(struct context *c, uint32_t index)
{
    c->function = atto_image_function(c->image, index);
    c->begin = c->function.start;
    c->end = index + 1u < c->function_count ? atto_image_function(c->image, index + 1u).start : c->slot_count;
}

/* The number of the function that contains a slot: binary search. */
static uint32_t function_at(const struct atto_image *image, uint32_t count, uint32_t slot)
{
    uint32_t low = 0, high = count;
    while (high - low > 1u) {
        uint32_t middle = low + (high - low) / 2u;
        if (atto_image_function(image, middle).start <= slot)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static enum atto_status check_text(const struct atto_image *image)
{
    uint32_t slots = image->text.len / ATTO_BPF_SLOT_BYTES;
    if (image->text.len % ATTO_BPF_SLOT_BYTES != 0u || slots == 0u || slots > ATTO_BPF_MAX_SLOTS)
        return ATTO_E_TEXT_LENGTH;
    if ((uintptr_t)image->text.ptr % sizeof(uint32_t) != 0u)
        return ATTO_E_ALIGNMENT;
    if (image->data.len > ATTO_BPF_REGION_MAX || image->bss_bytes > ATTO_BPF_REGION_MAX - image->data.len ||
        image->rodata.len > ATTO_BPF_REGION_MAX)
        return ATTO_E_LENGTH;
    return ATTO_OK;
}

/* The table by itself: sorted, inside the text, sizes in range. `*at` is the slot of the function that is refused. */
static enum atto_status check_functions(struct context *c, struct atto_receipt *receipt, uint32_t *at)
{
    uint32_t next = 0;
    c->frame_max = 0;
    for (uint32_t i = 0; i < c->function_count; i++) {
        struct atto_function f = atto_image_function(c->image, i);
        *at = f.start;
        if (i == 0u ? f.start != 0u : f.start < next)
            return ATTO_E_FUNCTIONS;
        if (f.start >= c->slot_count || atto_bpf_opcode(c->text[f.start].fields) == 0u)
            return ATTO_E_FUNCTIONS;
        next = f.start + 1u;
        if (f.frame_bytes == 0u || f.frame_bytes > ATTO_BPF_FRAME_BYTES_MAX || f.stack_bytes < f.frame_bytes ||
            (f.frame_bytes | f.stack_bytes) % 8 != 0 || f.depth == 0u || f.depth > ATTO_BPF_CALL_DEPTH)
            return ATTO_E_FRAME_SIZE;
        if (f.frame_bytes > c->frame_max)
            c->frame_max = f.frame_bytes;
        if (f.stack_bytes > receipt->stack_bytes)
            receipt->stack_bytes = f.stack_bytes;
        if (f.depth > receipt->call_depth)
            receipt->call_depth = f.depth;
    }
    return ATTO_OK;
}

static bool is_instruction(const struct context *c, int64_t slot, uint32_t begin, uint32_t end)
{
    return slot >= (int64_t)begin && slot < (int64_t)end && atto_bpf_opcode(c->text[slot].fields) != 0u;
}

static enum atto_status check_host_call(const struct context *c, uint32_t number)
{
    if (atto_call_find(c->limits->calls, number) == NULL)
        return ATTO_E_CALL;
    return atto_callset_has(&c->limits->granted, number) ? ATTO_OK : ATTO_E_CALL_DENIED;
}

/* A local call must lead to a function, and confirm what the caller's record claims: that its stack holds the callee's,
 * and its depth is larger; a recursive function claims the largest depth and room for so many of the largest frame. */
static enum atto_status check_local_call(const struct context *c, uint32_t slot, const struct atto_bpf_insn *insn)
{
    int64_t target = (int64_t)slot + 1 + insn->imm;
    if (!is_instruction(c, target, 0, c->slot_count))
        return ATTO_E_CALL_TARGET;
    if (c->function_count == 0u)
        return atto_bpf_offset(insn->fields) == 0 ? ATTO_OK : ATTO_E_RESERVED;
    uint32_t index = function_at(c->image, c->function_count, (uint32_t)target);
    struct atto_function callee = atto_image_function(c->image, index);
    if (callee.start != target)
        return ATTO_E_CALL_TARGET;
    if (atto_bpf_offset(insn->fields) != c->function.frame_bytes)
        return ATTO_E_FRAME_SIZE;
    if (c->function.depth == ATTO_BPF_CALL_DEPTH)
        return c->function.stack_bytes >= ATTO_BPF_CALL_DEPTH * c->frame_max ? ATTO_OK : ATTO_E_FRAME_SIZE;
    if (callee.depth >= c->function.depth ||
        c->function.stack_bytes < (uint32_t)c->function.frame_bytes + callee.stack_bytes)
        return ATTO_E_FRAME_SIZE;
    return ATTO_OK;
}

static enum atto_status check_call(const struct context *c, uint32_t slot, const struct atto_bpf_insn *insn)
{
    switch (atto_bpf_src(insn->fields)) {
    case 0:
        if (atto_bpf_offset(insn->fields) != 0)
            return ATTO_E_RESERVED;
        return check_host_call(c, (uint32_t)insn->imm);
    case 1:
        return check_local_call(c, slot, insn);
    default:
        return ATTO_E_OPCODE;
    }
}

static enum atto_status check_atomic(const struct atto_bpf_insn *insn)
{
    switch (insn->imm) {
    case ATTO_BPF_ATOMIC_ADD:
    case ATTO_BPF_ATOMIC_OR:
    case ATTO_BPF_ATOMIC_AND:
    case ATTO_BPF_ATOMIC_XOR:
    case ATTO_BPF_ATOMIC_CMPXCHG:
        return ATTO_OK;
    case ATTO_BPF_ATOMIC_ADD | ATTO_BPF_ATOMIC_FETCH:
    case ATTO_BPF_ATOMIC_OR | ATTO_BPF_ATOMIC_FETCH:
    case ATTO_BPF_ATOMIC_AND | ATTO_BPF_ATOMIC_FETCH:
    case ATTO_BPF_ATOMIC_XOR | ATTO_BPF_ATOMIC_FETCH:
    case ATTO_BPF_ATOMIC_XCHG: /* these write the source register */
        return atto_bpf_src(insn->fields) == 10u ? ATTO_E_FRAME_WRITE : ATTO_OK;
    default:
        return ATTO_E_IMMEDIATE;
    }
}

static enum atto_status check_wide(const struct context *c, uint32_t slot, uint32_t group)
{
    if (group == ATTO_BPF_GROUP_LDDW_FEMTO && c->image->format != ATTO_FORMAT_FEMTO)
        return ATTO_E_OPCODE;
    return slot + 1u < c->end && c->text[slot + 1u].fields == 0u ? ATTO_OK : ATTO_E_WIDE;
}

static enum atto_status check_special(const struct context *c, uint32_t slot, uint32_t group)
{
    const struct atto_bpf_insn *insn = &c->text[slot];
    switch (group) {
    case ATTO_BPF_GROUP_END:
        return insn->imm == 16 || insn->imm == 32 || insn->imm == 64 ? ATTO_OK : ATTO_E_IMMEDIATE;
    case ATTO_BPF_GROUP_CALL:
        return check_call(c, slot, insn);
    case ATTO_BPF_GROUP_ATOMIC:
        return check_atomic(insn);
    default:
        return check_wide(c, slot, group);
    }
}

static bool offset_ok(uint32_t rule, uint32_t opcode, int32_t offset)
{
    if (offset == 0 || (rule & (OFFSET_ZERO | OFFSET_SIGNED | OFFSET_EXTEND)) == 0u)
        return true;
    if ((rule & OFFSET_SIGNED) != 0u)
        return offset == 1;
    if ((rule & OFFSET_EXTEND) != 0u)
        return offset == 8 || offset == 16 || (offset == 32 && opcode == 0xbfu);
    return false;
}

/* The fields of one instruction, without regard to its neighbours. */
static enum atto_status check_fields(const struct atto_bpf_insn *insn, uint32_t rule)
{
    uint32_t fields = insn->fields;
    uint32_t dst = atto_bpf_dst(fields), src = atto_bpf_src(fields);
    if (dst > 10u || src > 10u)
        return ATTO_E_REGISTER;
    if ((rule & WRITES_DST) != 0u && dst == 10u)
        return ATTO_E_FRAME_WRITE;
    if (((rule & DST_ZERO) != 0u && dst != 0u) || ((rule & SRC_ZERO) != 0u && src != 0u) ||
        ((rule & IMM_ZERO) != 0u && insn->imm != 0) ||
        !offset_ok(rule, atto_bpf_opcode(fields), atto_bpf_offset(fields)))
        return ATTO_E_RESERVED;
    return ATTO_OK;
}

/* One slot, which lies in the function that c is at. */
static enum atto_status check_slot(const struct context *c, uint32_t slot)
{
    const struct atto_bpf_insn *insn = &c->text[slot];
    uint32_t group = group_at(insn);
    if (group == ATTO_BPF_GROUP_NONE) {
        bool second_half = insn->fields == 0u && slot > c->begin && group_at(insn - 1) >= ATTO_BPF_GROUP_LDDW;
        if (!second_half)
            return ATTO_E_OPCODE;
        return slot + 1u < c->end ? ATTO_OK : ATTO_E_FALL_OFF;
    }
    uint32_t rule = rule_of[group];
    enum atto_status status = check_fields(insn, rule);
    if (status == ATTO_OK && (rule & SPECIAL) != 0u)
        status = check_special(c, slot, group);
    if (status != ATTO_OK)
        return status;
    if ((rule & (JUMPS | JUMPS_FAR)) != 0u) {
        int32_t distance = (rule & JUMPS) != 0u ? atto_bpf_offset(insn->fields) : insn->imm;
        if (!is_instruction(c, (int64_t)slot + 1 + distance, c->begin, c->end))
            return ATTO_E_JUMP;
    }
    return (rule & ENDS) != 0u || slot + 1u < c->end ? ATTO_OK : ATTO_E_FALL_OFF;
}

/* What an accepted slot adds to the receipt; `*run` is the fuel since the last look at it. */
static void count_slot(const struct context *c, uint32_t slot, struct atto_receipt *receipt, uint32_t *run)
{
    const struct atto_bpf_insn *insn = &c->text[slot];
    uint32_t opcode = atto_bpf_opcode(insn->fields);
    if (opcode == 0u)
        return; /* second half of a wide instruction */
    uint32_t group = group_of[opcode];
    receipt->instruction_count++;
    *run += 1u;
    if (group == ATTO_BPF_GROUP_CALL && atto_bpf_src(insn->fields) == 0u) {
        *run += atto_call_find(c->limits->calls, (uint32_t)insn->imm)->price;
        atto_callset_add(&receipt->calls, (uint32_t)insn->imm);
    } else if (group == ATTO_BPF_GROUP_CALL && c->function_count == 0u) {
        receipt->call_depth = ATTO_BPF_CALL_DEPTH;
        receipt->stack_bytes = ATTO_BPF_CALL_DEPTH * ATTO_BPF_FRAME_BYTES_MAX;
    }
    if (*run > receipt->longest_run)
        receipt->longest_run = *run;
    if ((rule_of[group] & ENDS_BLOCK) != 0u)
        *run = 0;
}

static enum atto_status check_slots(struct context *c, struct atto_receipt *receipt, uint32_t *at)
{
    uint32_t run = 0, function = 0;
    if (c->function_count == 0u) {
        receipt->call_depth = 1;
        receipt->stack_bytes = ATTO_BPF_FRAME_BYTES_MAX;
    } else {
        enter_function(c, 0);
    }
    for (uint32_t slot = 0; slot < c->slot_count; slot++) {
        if (slot >= c->end)
            enter_function(c, ++function);
        *at = slot;
        enum atto_status status = check_slot(c, slot);
        if (status != ATTO_OK)
            return status;
        count_slot(c, slot, receipt, &run);
    }
    return ATTO_OK;
}

static enum atto_status check_image(const struct atto_image *image, const struct atto_limits *limits,
                                    struct atto_receipt *receipt, uint32_t *at)
{
    struct context c;
    enum atto_status status = check_text(image);
    if (status != ATTO_OK)
        return status;
    context_init(&c, image, limits);
    status = check_functions(&c, receipt, at);
    if (status == ATTO_OK)
        status = check_slots(&c, receipt, at);
    if (status != ATTO_OK)
        return status;
    *at = 0;
    if (limits->stack_bytes != 0u && receipt->stack_bytes > limits->stack_bytes)
        return ATTO_E_STACK_LIMIT;
    receipt->memory_bytes = (image->data.len + image->bss_bytes + 7u) / 8u * 8u;
    receipt->instance_bytes = atto_bpf_instance_bytes(receipt->call_depth);
    receipt->arena_bytes = receipt->instance_bytes + receipt->stack_bytes + receipt->memory_bytes;
    return ATTO_OK;
}

enum atto_status atto_bpf_check(const struct atto_image *image, const struct atto_limits *limits,
                                struct atto_receipt *receipt, struct atto_refusal *refusal)
{
    uint32_t at = 0;
    *receipt = (struct atto_receipt){ 0 };
    enum atto_status status = check_image(image, limits, receipt, &at);
    if (refusal != NULL)
        *refusal = (struct atto_refusal){ status, at };
    return status;
}

enum atto_status atto_bpf_check_slot(const struct atto_image *image, const struct atto_limits *limits, uint32_t slot)
{
    struct context c;
    struct atto_receipt receipt = { 0 };
    uint32_t at;
    enum atto_status status = check_text(image);
    if (status != ATTO_OK)
        return status;
    context_init(&c, image, limits);
    if (slot >= c.slot_count)
        return ATTO_E_ARGUMENT;
    status = check_functions(&c, &receipt, &at);
    if (status != ATTO_OK)
        return status;
    if (c.function_count != 0u)
        enter_function(&c, function_at(c.image, c.function_count, slot));
    return check_slot(&c, slot);
}

bool atto_bpf_is_function(const struct atto_image *image, uint32_t slot)
{
    uint32_t count = atto_image_function_count(image);
    if (slot == 0u || count == 0u)
        return slot == 0u;
    return atto_image_function(image, function_at(image, count, slot)).start == slot;
}
