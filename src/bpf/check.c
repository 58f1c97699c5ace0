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
    SPECIAL = 1 << 10       /* has a rule of its own */
};
#define HAS(rule, bit) ((rule) / (uint32_t)(bit) % 2u != 0u)

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
#define RULE_JMP64_K (SRC_ZERO | JUMPS)
#define RULE_JMP64_X (IMM_ZERO | JUMPS)
#define RULE_JMP32_K RULE_JMP64_K
#define RULE_JMP32_X RULE_JMP64_X
#define RULE_JA (DST_ZERO | SRC_ZERO | IMM_ZERO | JUMPS | ENDS)
#define RULE_JA32 (DST_ZERO | SRC_ZERO | OFFSET_ZERO | JUMPS_FAR | ENDS)
#define RULE_CALL (DST_ZERO | SPECIAL)
#define RULE_EXIT (DST_ZERO | SRC_ZERO | IMM_ZERO | OFFSET_ZERO | ENDS)
#define RULE_LDX (WRITES_DST | IMM_ZERO)
#define RULE_LDXS RULE_LDX
#define RULE_ST SRC_ZERO
#define RULE_STX IMM_ZERO
#define RULE_ATOMIC SPECIAL
#define RULE_LDDW (WRITES_DST | SRC_ZERO | OFFSET_ZERO | SPECIAL)
#define RULE_LDDW_FEMTO RULE_LDDW

#define RULE_CASE(group)         \
    case ATTO_BPF_GROUP_##group: \
        return RULE_##group;
#define RULE_TERM(group) g == ATTO_BPF_GROUP_##group ? RULE_##group :
/*@ logic integer rule(integer g) = ATTO_BPF_GROUPS(RULE_TERM) 0;

    // What a rule says is what program.h says of the opcode.
    predicate describes(integer r, integer op) =
        (HAS(r, WRITES_DST) <==> writes_dst(op)) && (HAS(r, DST_ZERO) <==> dst_reserved(op)) &&
        (HAS(r, SRC_ZERO) <==> src_reserved(op)) && (HAS(r, IMM_ZERO) <==> imm_reserved(op)) &&
        (HAS(r, OFFSET_SIGNED) <==> arithmetic(op) && (op / 16 == 3 || op / 16 == 9)) &&
        (HAS(r, OFFSET_EXTEND) <==> op == 0xbf || op == 0xbc) &&
        (HAS(r, OFFSET_ZERO) <==> op == 0x06 || op == 0x95 || wide(op) ||
            (arithmetic(op) && op / 16 != 3 && op / 16 != 9 && op != 0xbf && op != 0xbc)) &&
        (HAS(r, JUMPS) <==> goes_perhaps(op) || op == 0x05) && (HAS(r, JUMPS_FAR) <==> op == 0x06) &&
        (HAS(r, ENDS) <==> goes_always(op) || op == 0x95) &&
        (HAS(r, SPECIAL) <==> byte_order(op) || op == 0x85 || atomic(op) || wide(op)); */

/*@ requires ATTO_BPF_GROUP_NONE < group < ATTO_BPF_GROUP_COUNT;
    terminates \true; exits \false; assigns \nothing; ensures \result == rule(group); */
static uint32_t rule_of(uint32_t group)
{
    switch (group) {
        ATTO_BPF_GROUPS(RULE_CASE)
    default:
        __builtin_unreachable();
    }
}

/* The group of an instruction from outside, whose opcode may be any. The compiler makes a table of it. */
#define OPCODE_CASE(arg, opcode, operation) case opcode:
#define GROUP_CASE(group) ATTO_BPF_##group(OPCODE_CASE, 0) return ATTO_BPF_GROUP_##group;
/*@ requires opcode <= 255;
    terminates \true; exits \false; assigns \nothing;
    ensures \result < ATTO_BPF_GROUP_COUNT && (\result == ATTO_BPF_GROUP_NONE <==> !known(opcode));
    ensures known(opcode) ==> describes(rule(\result), opcode);
    ensures \result == ATTO_BPF_GROUP_END <==> byte_order(opcode);
    ensures \result == ATTO_BPF_GROUP_CALL <==> opcode == 0x85;
    ensures \result == ATTO_BPF_GROUP_ATOMIC <==> atomic(opcode);
    ensures \result >= ATTO_BPF_GROUP_LDDW <==> wide(opcode);
    ensures \result == ATTO_BPF_GROUP_LDDW_FEMTO <==> opcode == 0xb8 || opcode == 0xd8; */
static uint32_t group_of(uint32_t opcode)
{
    switch (opcode) {
        ATTO_BPF_GROUPS(GROUP_CASE)
    default:
        return ATTO_BPF_GROUP_NONE;
    }
}

#define JUST_OPCODE(arg, opcode, operation) opcode
#define OPCODE_CALL ATTO_BPF_CALL(JUST_OPCODE, 0)

/* What a slot is judged against. Slots and sizes of functions fit into 16 bits. */
struct context {
    const struct atto_image *image;
    const struct atto_limits *limits;
    const struct atto_bpf_insn *text;
    uint16_t slot_count;
    uint16_t frame_max, stack_max, depth_max; /* largest in the function table */
    /* The function that the slot is in. Without a function table the whole text is one. */
    uint16_t index, begin, end, frame_bytes, stack_bytes, depth;
};
_Static_assert(ATTO_BPF_MAX_SLOTS <= UINT16_MAX, "a slot's number has 16 bits");

/*@ // What a context says of its image, and what is known of the image before any slot is judged.
    predicate sees(struct context *c) =
        \valid_read(c) && \valid_read(c->image) && \valid_read(c->limits) &&
        readable(c->image->functions.ptr, c->image->functions.len) &&
        c->text == slots(c->image->text.ptr) && c->slot_count == slot_count(c->image) && 0 < slot_count(c->image) &&
        \valid_read(c->text + (0 .. c->slot_count - 1));

    // The function table is legal, and its largest frame is known.
    predicate knows_table(struct context *c) =
        table_legal(c->image) && function_count(c->image) <= c->slot_count &&
        (\forall integer h; 0 <= h < function_count(c->image) ==> frame(c->image, h) <= c->frame_max) &&
        (function_count(c->image) != 0 ==>
            \exists integer h; 0 <= h < function_count(c->image) && frame(c->image, h) == c->frame_max);

    // It is at function c->index.
    predicate is_at_function(struct context *c) =
        c->index < functions(c->image) && c->begin == begin(c->image, c->index) && c->end == end(c->image, c->index) &&
        (function_count(c->image) != 0 ==> c->frame_bytes == frame(c->image, c->index) &&
            c->stack_bytes == stack(c->image, c->index) && c->depth == depth(c->image, c->index));

    // Function f's slots are in no other function.
    predicate has_slots_alone(struct atto_image *image, integer f) =
        \forall integer g, i; 0 <= g < functions(image) && begin(image, g) <= i < end(image, g) &&
            begin(image, f) <= i < end(image, f) ==> g == f; */

/*@ predicate special(struct atto_bpf_insn *text, integer i) =
        byte_order(opcode(text, i)) || opcode(text, i) == 0x85 || atomic(opcode(text, i)) || wide(opcode(text, i));

    // What instruction_legal() asks of the special ones alone.
    predicate special_legal(struct context *c, integer i) =
        imm_legal(opcode(c->text, i), c->text[i].imm) &&
        (atomic(opcode(c->text, i)) && atomic_fetches(c->text[i].imm) ==> src(c->text, i) != 10) &&
        (opcode(c->text, i) == 0x85 ==> call_legal(c->image, c->limits, c->text, c->index, i)) &&
        (wide(opcode(c->text, i)) ==> i + 1 < c->end && c->text[i + 1].fields == 0) &&
        (opcode(c->text, i) == 0xb8 || opcode(c->text, i) == 0xd8 ==> c->image->format == ATTO_FORMAT_FEMTO);

    // What it asks of where they go.
    predicate ways_legal(struct context *c, integer i) =
        (goes_perhaps(opcode(c->text, i)) || opcode(c->text, i) == 0x05 ==>
            starts(c->text, c->begin, c->end, i + 1 + offset(c->text, i))) &&
        (opcode(c->text, i) == 0x06 ==> starts(c->text, c->begin, c->end, i + 1 + c->text[i].imm)) &&
        (goes_always(opcode(c->text, i)) || opcode(c->text, i) == 0x95 || i + 1 < c->end); */

/*@ requires \valid(c) && \valid_read(image) && readable(image->text.ptr, image->text.len);
    requires \separated(c, image, limits, slots(image->text.ptr) + (0 .. slot_count(image) - 1));
    requires slot_count(image) <= ATTO_BPF_MAX_SLOTS;
    terminates \true; exits \false;
    assigns c->image, c->limits, c->text, c->slot_count, c->index, c->begin, c->end;
    ensures c->image == image && c->limits == limits && c->text == slots(image->text.ptr);
    ensures \valid_read(c->text + (0 .. slot_count(image) - 1));
    ensures c->slot_count == slot_count(image) && c->index == 0 && c->begin == 0 && c->end == slot_count(image); */
static void context_init(struct context *c, const struct atto_image *image, const struct atto_limits *limits)
{
    c->image = image;
    c->limits = limits;
    c->text = text_of(image);
    c->slot_count = (uint16_t)(image->text.len / ATTO_BPF_SLOT_BYTES);
    c->index = 0;
    c->begin = 0;
    c->end = c->slot_count;
}

/* Moves on to function `index` of the table. */
/*@ requires \valid(c) && sees(c) && knows_table(c) && index < function_count(c->image);
    requires \separated(c, c->image);
    terminates \true; exits \false;
    assigns c->index, c->begin, c->end, c->frame_bytes, c->stack_bytes, c->depth;
    ensures c->index == index && is_at_function(c) && c->begin < c->end <= c->slot_count;
    ensures has_slots_alone(c->image, c->index); */
static void enter_function(struct context *c, uint32_t index)
{
    /*@ assert record_legal(c->image, index); */
    /*@ assert index + 1 < function_count(c->image) ==>
            record_legal(c->image, index + 1) && start(c->image, index) < start(c->image, index + 1); */
    /*@ assert begin(c->image, index) < end(c->image, index) <= slot_count(c->image); */
    /*@ assert \forall integer g; 0 <= g < function_count(c->image) && g < index ==>
            end(c->image, g) <= begin(c->image, index); */
    /*@ assert \forall integer g; 0 <= g < function_count(c->image) && index < g ==>
            end(c->image, index) <= begin(c->image, g); */
    struct atto_function f = atto_image_function(c->image, index);
    c->index = (uint16_t)index;
    c->begin = f.start;
    c->frame_bytes = f.frame_bytes;
    c->stack_bytes = f.stack_bytes;
    c->depth = f.depth;
    c->end = c->slot_count;
    if (index + 1u < atto_image_function_count(c->image)) {
        f = atto_image_function(c->image, index + 1u);
        c->end = f.start;
    }
}

/* Moves on to the next function if the slot behind this one is reached. */
/*@ requires \valid(c) && sees(c) && knows_table(c) && is_at_function(c) && has_slots_alone(c->image, c->index);
    requires c->begin <= slot <= c->end <= c->slot_count && slot < c->slot_count;
    requires \separated(c, c->image);
    terminates \true; exits \false;
    assigns c->index, c->begin, c->end, c->frame_bytes, c->stack_bytes, c->depth;
    ensures is_at_function(c) && c->begin <= slot < c->end <= c->slot_count;
    ensures has_slots_alone(c->image, c->index);
    ensures \forall integer f; 0 <= f < functions(c->image) && begin(c->image, f) <= slot < end(c->image, f) ==>
        f == c->index; */
static void reach(struct context *c, uint32_t slot)
{
    if (slot >= c->end)
        enter_function(c, c->index + 1u);
}

/* The number of the function that contains a slot: binary search. */
/*@ requires \valid_read(image) && readable(image->functions.ptr, image->functions.len);
    requires 0 < function_count(image);
    terminates \true; exits \false; assigns \nothing;
    ensures \result < function_count(image);
    ensures \result == 0 || start(image, \result) <= slot;
    ensures \result + 1 == function_count(image) || slot < start(image, \result + 1); */
static uint32_t function_at(const struct atto_image *image, uint32_t slot)
{
    uint32_t low = 0, high = atto_image_function_count(image);
    /*@ loop invariant 0 <= low < high <= function_count(image);
        loop invariant low == 0 || start(image, low) <= slot;
        loop invariant high == function_count(image) || slot < start(image, high);
        loop assigns low, high; loop variant high - low; */
    while (high - low > 1u) {
        uint32_t middle = low + (high - low) / 2u;
        struct atto_function f = atto_image_function(image, middle);
        if (f.start <= slot)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/*@ requires \valid_read(image);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> text_legal(image); */
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

/* One record of the function table, which is number `index`; `next` is the first slot where it may start. */
/*@ requires sees(c) && index < function_count(c->image) && (index == 0 || next == start(c->image, index - 1) + 1);
    requires f.start == start(c->image, index) && f.frame_bytes == frame(c->image, index);
    requires f.stack_bytes == stack(c->image, index) && f.depth == depth(c->image, index);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> record_legal(c->image, index) &&
        (index == 0 ? f.start == 0 : start(c->image, index - 1) < f.start); */
static enum atto_status check_record(const struct context *c, struct atto_function f, uint32_t index,
                                     uint32_t next)
{
    if (index == 0u ? f.start != 0u : f.start < next)
        return ATTO_E_FUNCTIONS;
    if (f.start >= c->slot_count || atto_bpf_opcode(c->text[f.start].fields) == 0u)
        return ATTO_E_FUNCTIONS;
    if (f.frame_bytes == 0u || f.frame_bytes > ATTO_BPF_FRAME_BYTES_MAX || f.stack_bytes < f.frame_bytes ||
        f.frame_bytes % 8u != 0u || f.stack_bytes % 8u != 0u || f.depth == 0u || f.depth > ATTO_BPF_CALL_DEPTH)
        return ATTO_E_FRAME_SIZE;
    return ATTO_OK;
}

/* The table by itself: sorted, inside the text, sizes in range. `*at` is the slot of the function that is refused. */
/*@ requires \valid(c) && sees(c) && \valid(at) && \separated(c, c->image, c->limits, at);
    terminates \true; exits \false; assigns c->frame_max, c->stack_max, c->depth_max, *at;
    ensures \result == ATTO_OK <==> table_legal(c->image);
    ensures \result == ATTO_OK ==> knows_table(c);
    ensures \result == ATTO_OK ==> (c->stack_max <= c->limits->stack_bytes <==>
        \forall integer f; 0 <= f < function_count(c->image) ==> stack(c->image, f) <= c->limits->stack_bytes); */
static enum atto_status check_functions(struct context *c, uint16_t *at)
{
    uint32_t count = atto_image_function_count(c->image), next = 0;
    uint16_t frame_max = 0, stack_max = 0, depth_max = 0;
    /*@ ghost uint32_t widest = 0; */
    /*@ loop invariant 0 <= i <= count && i <= next <= \at(c->slot_count, Pre);
        loop invariant i == 0 ? next == 0 : next == start(c->image, i - 1) + 1 && start(c->image, 0) == 0;
        loop invariant \forall integer f; 0 <= f < i ==> start(c->image, f) < next && record_legal(c->image, f);
        loop invariant \forall integer f, g; 0 <= f < g < i ==> start(c->image, f) < start(c->image, g);
        loop invariant \forall integer h; 0 <= h < i ==> frame(c->image, h) <= frame_max;
        loop invariant i == 0 ? frame_max == 0 : 0 <= widest < i && frame(c->image, widest) == frame_max;
        loop invariant stack_max <= c->limits->stack_bytes <==>
            \forall integer f; 0 <= f < i ==> stack(c->image, f) <= c->limits->stack_bytes;
        loop assigns i, next, widest, frame_max, stack_max, depth_max, *at; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        struct atto_function f = atto_image_function(c->image, i);
        *at = f.start;
        enum atto_status status = check_record(c, f, i, next);
        if (status != ATTO_OK)
            return status;
        /*@ assert \forall integer g; 0 <= g < i ==> start(c->image, g) < start(c->image, i); */
        next = f.start + 1u;
        /*@ ghost if (f.frame_bytes > frame_max) widest = i; */
        if (f.frame_bytes > frame_max)
            frame_max = f.frame_bytes;
        if (f.stack_bytes > stack_max)
            stack_max = f.stack_bytes;
        if (f.depth > depth_max)
            depth_max = f.depth;
    }
    c->frame_max = frame_max;
    c->stack_max = stack_max;
    c->depth_max = depth_max;
    return ATTO_OK;
}

/* Is there an instruction `distance` slots behind the next one, and from begin up to end? */
/*@ requires sees(c) && slot < c->slot_count && begin <= end <= c->slot_count;
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> starts(c->text, begin, end, slot + 1 + distance); */
static bool is_instruction(const struct context *c, uint32_t slot, int32_t distance, uint32_t begin, uint32_t end)
{
    int32_t next = (int32_t)slot + 1;
    if (distance < (int32_t)begin - next || distance >= (int32_t)end - next)
        return false;
    return atto_bpf_opcode(c->text[next + distance].fields) != 0u;
}

/*@ requires sees(c) && sound_calls(c->limits->calls);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> provided(c->limits->calls, number) && in_callset(&c->limits->granted, number); */
static enum atto_status check_host_call(const struct context *c, int32_t number)
{
    if (number < 0 || atto_call_find(c->limits->calls, (uint32_t)number) == NULL)
        return ATTO_E_CALL;
    return atto_callset_has(&c->limits->granted, (uint32_t)number) ? ATTO_OK : ATTO_E_CALL_DENIED;
}

/* Does what the record of this function claims hold where it calls another? Its stack holds the callee's, and its depth
 * is larger; a recursive function claims the largest depth and room for so many of the largest frame. */
/*@ requires sees(c) && knows_table(c) && is_at_function(c) && function_count(c->image) != 0;
    terminates \true; exits \false; assigns \nothing;
    ensures \forall integer g; 0 <= g < function_count(c->image) && callee.depth == depth(c->image, g) &&
        callee.stack_bytes == stack(c->image, g) ==> (\result <==> claims_hold(c->image, c->index, g)); */
static bool claims_hold(const struct context *c, struct atto_function callee)
{
    if (c->depth == ATTO_BPF_CALL_DEPTH)
        return c->stack_bytes >= ATTO_BPF_CALL_DEPTH * c->frame_max;
    return callee.depth < c->depth && c->stack_bytes >= (uint32_t)c->frame_bytes + callee.stack_bytes;
}

/* May this function call what is at `target`? */
/*@ requires sees(c) && knows_table(c) && is_at_function(c) && function_count(c->image) != 0;
    requires target < slot_count(c->image);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> \forall integer g; 0 <= g < function_count(c->image) &&
        begin(c->image, g) <= target < end(c->image, g) ==>
            start(c->image, g) == target && claims_hold(c->image, c->index, g); */
static enum atto_status check_callee(const struct context *c, uint32_t target)
{
    uint32_t index = function_at(c->image, target);
    /*@ assert \forall integer g; 0 <= g < function_count(c->image) ==>
            (begin(c->image, g) <= target < end(c->image, g) <==> g == index); */
    struct atto_function callee = atto_image_function(c->image, index);
    if (callee.start != target)
        return ATTO_E_CALL_TARGET;
    return claims_hold(c, callee) ? ATTO_OK : ATTO_E_FRAME_SIZE;
}

/* A local call must lead to a function, and confirm what the caller's record claims. */
/*@ requires sees(c) && sound_calls(c->limits->calls) && knows_table(c) && is_at_function(c);
    requires c->begin <= slot < c->end <= c->slot_count;
    requires insn == c->text + slot;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> local_call_legal(c->image, c->text, c->index, slot, slot + 1 + insn->imm); */
static enum atto_status check_local_call(const struct context *c, uint32_t slot, const struct atto_bpf_insn *insn)
{
    if (!is_instruction(c, slot, insn->imm, 0, c->slot_count))
        return ATTO_E_CALL_TARGET;
    uint32_t target = (uint32_t)((int32_t)slot + 1 + insn->imm);
    /*@ assert target == slot + 1 + insn->imm; */
    if (atto_image_function_count(c->image) == 0u)
        return atto_bpf_offset(insn->fields) == 0 ? ATTO_OK : ATTO_E_RESERVED;
    enum atto_status status = check_callee(c, target);
    if (status == ATTO_OK && atto_bpf_offset(insn->fields) != c->frame_bytes)
        return ATTO_E_FRAME_SIZE;
    return status;
}

/*@ requires sees(c) && sound_calls(c->limits->calls) && knows_table(c) && is_at_function(c);
    requires c->begin <= slot < c->end <= c->slot_count;
    requires insn == c->text + slot;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> call_legal(c->image, c->limits, c->text, c->index, slot); */
static enum atto_status check_call(const struct context *c, uint32_t slot, const struct atto_bpf_insn *insn)
{
    switch (atto_bpf_src(insn->fields)) {
    case 0:
        if (atto_bpf_offset(insn->fields) != 0)
            return ATTO_E_RESERVED;
        return check_host_call(c, insn->imm);
    case 1:
        return check_local_call(c, slot, insn);
    default:
        return ATTO_E_OPCODE;
    }
}

/*@ requires \valid_read(insn);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==>
        imm_legal(0xc3, insn->imm) && (atomic_fetches(insn->imm) ==> src(insn, 0) != 10); */
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

/*@ requires sees(c) && is_at_function(c) && c->begin <= slot < c->end <= c->slot_count;
    requires wide(opcode(c->text, slot));
    requires group == ATTO_BPF_GROUP_LDDW_FEMTO <==> opcode(c->text, slot) == 0xb8 || opcode(c->text, slot) == 0xd8;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> slot + 1 < c->end && c->text[slot + 1].fields == 0 &&
        (opcode(c->text, slot) == 0x18 || c->image->format == ATTO_FORMAT_FEMTO); */
static enum atto_status check_wide(const struct context *c, uint32_t slot, uint32_t group)
{
    if (group == ATTO_BPF_GROUP_LDDW_FEMTO && c->image->format != ATTO_FORMAT_FEMTO)
        return ATTO_E_OPCODE;
    return slot + 1u < c->end && c->text[slot + 1u].fields == 0u ? ATTO_OK : ATTO_E_WIDE;
}

/*@ requires sees(c) && sound_calls(c->limits->calls) && knows_table(c) && is_at_function(c);
    requires c->begin <= slot < c->end <= c->slot_count && special(c->text, slot);
    requires group == ATTO_BPF_GROUP_END <==> byte_order(opcode(c->text, slot));
    requires group == ATTO_BPF_GROUP_CALL <==> opcode(c->text, slot) == 0x85;
    requires group == ATTO_BPF_GROUP_ATOMIC <==> atomic(opcode(c->text, slot));
    requires group == ATTO_BPF_GROUP_LDDW_FEMTO <==> opcode(c->text, slot) == 0xb8 || opcode(c->text, slot) == 0xd8;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> special_legal(c, slot); */
static enum atto_status check_special(const struct context *c, uint32_t slot, uint32_t group)
{
    const struct atto_bpf_insn *insn = &c->text[slot];
    switch (group) {
    case ATTO_BPF_GROUP_END:
        if (insn->imm == 16 || insn->imm == 32 || insn->imm == 64)
            return ATTO_OK;
        return ATTO_E_IMMEDIATE;
    case ATTO_BPF_GROUP_CALL:
        return check_call(c, slot, insn);
    case ATTO_BPF_GROUP_ATOMIC:
        return check_atomic(insn);
    default:
        break;
    }
    return check_wide(c, slot, group);
}

/*@ requires describes(rule, opcode);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> offset_legal(opcode, offset); */
static bool offset_ok(uint32_t rule, uint32_t opcode, int32_t offset)
{
    if (offset == 0)
        return true;
    if (HAS(rule, OFFSET_SIGNED))
        return offset == 1;
    if (HAS(rule, OFFSET_EXTEND))
        return offset == 8 || offset == 16 || (offset == 32 && opcode == 0xbfu);
    return !HAS(rule, OFFSET_ZERO);
}

/* The fields of one instruction, without regard to its neighbours. */
/*@ requires \valid_read(insn) && known(opcode(insn, 0)) && describes(rule, opcode(insn, 0));
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK && imm_legal(opcode(insn, 0), insn->imm) &&
        (atomic(opcode(insn, 0)) && atomic_fetches(insn->imm) ==> src(insn, 0) != 10) <==> fields_legal(insn, 0); */
static enum atto_status check_fields(const struct atto_bpf_insn *insn, uint32_t rule)
{
    uint32_t fields = insn->fields;
    uint32_t dst = atto_bpf_dst(fields), src = atto_bpf_src(fields);
    if (dst > 10u || src > 10u)
        return ATTO_E_REGISTER;
    if (HAS(rule, WRITES_DST) && dst == 10u)
        return ATTO_E_FRAME_WRITE;
    if ((HAS(rule, DST_ZERO) && dst != 0u) || (HAS(rule, SRC_ZERO) && src != 0u) ||
        (HAS(rule, IMM_ZERO) && insn->imm != 0) ||
        !offset_ok(rule, atto_bpf_opcode(fields), atto_bpf_offset(fields)))
        return ATTO_E_RESERVED;
    return ATTO_OK;
}

/*@ requires \valid_read(insn) && describes(rule, opcode(insn, 0));
    terminates \true; exits \false; assigns \nothing;
    ensures opcode(insn, 0) == 0x06 ==> \result == insn->imm;
    ensures goes_perhaps(opcode(insn, 0)) || opcode(insn, 0) == 0x05 ==> \result == offset(insn, 0); */
static int32_t distance_of(const struct atto_bpf_insn *insn, uint32_t rule)
{
    return HAS(rule, JUMPS) ? atto_bpf_offset(insn->fields) : insn->imm;
}

/* Where the instruction goes: to an instruction of its function. */
/*@ requires sees(c) && c->begin <= slot < c->end <= c->slot_count;
    requires describes(rule, opcode(c->text, slot));
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> ways_legal(c, slot); */
static enum atto_status check_ways(const struct context *c, uint32_t slot, uint32_t rule)
{
    if (HAS(rule, JUMPS) || HAS(rule, JUMPS_FAR)) {
        if (!is_instruction(c, slot, distance_of(&c->text[slot], rule), c->begin, c->end))
            return ATTO_E_JUMP;
    }
    return HAS(rule, ENDS) || slot + 1u < c->end ? ATTO_OK : ATTO_E_FALL_OFF;
}

/* A slot with opcode 0, or with one that no instruction has: may it be the second half of a wide instruction? */
/*@ requires sees(c) && is_at_function(c) && c->begin <= slot < c->end <= c->slot_count;
    requires !known(opcode(c->text, slot));
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> slot_legal(c->image, c->limits, c->text, c->index, slot); */
static enum atto_status check_half(const struct context *c, uint32_t slot)
{
    const struct atto_bpf_insn *insn = &c->text[slot];
    if (insn->fields != 0u || slot <= c->begin || group_of(atto_bpf_opcode(insn[-1].fields)) < ATTO_BPF_GROUP_LDDW)
        return ATTO_E_OPCODE;
    return slot + 1u < c->end ? ATTO_OK : ATTO_E_FALL_OFF;
}

/* One slot, which lies in the function that c is at. */
/*@ requires sees(c) && sound_calls(c->limits->calls) && knows_table(c) && is_at_function(c);
    requires c->begin <= slot < c->end <= c->slot_count;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> slot_legal(c->image, c->limits, c->text, c->index, slot);
    ensures \result == ATTO_OK ==> runnable_slot(c->text, slot_count(c->image), c->limits->calls, slot);
    ensures \result == ATTO_OK && opcode(c->text, slot) == 0x85 ==> src(c->text, slot) <= 1; */
static enum atto_status check_slot(const struct context *c, uint32_t slot)
{
    const struct atto_bpf_insn *insn = &c->text[slot];
    uint32_t group = group_of(atto_bpf_opcode(insn->fields));
    if (group == ATTO_BPF_GROUP_NONE)
        return check_half(c, slot);
    uint32_t rule = rule_of(group);
    enum atto_status status = check_fields(insn, rule);
    if (status == ATTO_OK && HAS(rule, SPECIAL))
        status = check_special(c, slot, group);
    return status == ATTO_OK ? check_ways(c, slot, rule) : status;
}

/*@ // Slots below `count` are legal.
    predicate slots_legal(struct context *c, integer count) =
        \forall integer f, i; 0 <= f < functions(c->image) && begin(c->image, f) <= i < end(c->image, f) && i < count ==>
            slot_legal(c->image, c->limits, c->text, f, i);

    // Slots below `count` can be run.
    predicate slots_runnable(struct context *c, integer count) = \forall integer i; 0 <= i < count ==>
        runnable_slot(c->text, slot_count(c->image), c->limits->calls, i) &&
        (opcode(c->text, i) == 0x85 ==> src(c->text, i) <= 1);

    // No way to one of the slots below `count` costs more than `most`.
    predicate run_within(struct context *c, integer count, integer most) =
        \forall integer i; 0 <= i < count ==> 0 <= spent(c->text, c->limits->calls, i) <= i &&
            spent(c->text, c->limits->calls, i) + price(c->text, c->limits->calls, i) <= most; */

/*@ requires \valid(c) && \valid(at) && sees(c) && knows_table(c) && sound_calls(c->limits->calls);
    requires \separated(at, c, c->image, c->limits);
    requires function_count(c->image) == 0 ==> is_at_function(c) && has_slots_alone(c->image, c->index);
    terminates \true; exits \false;
    assigns c->index, c->begin, c->end, c->frame_bytes, c->stack_bytes, c->depth, *at;
    ensures \result == ATTO_OK <==> slots_legal(c, c->slot_count);
    ensures \result == ATTO_OK ==> slots_runnable(c, c->slot_count); */
static enum atto_status check_slots(struct context *c, uint16_t *at)
{
    if (atto_image_function_count(c->image) != 0u)
        enter_function(c, 0);
    /*@ loop invariant 0 <= slot <= c->slot_count && c->begin <= slot <= c->end;
        loop invariant sees(c) && knows_table(c);
        loop invariant is_at_function(c) && has_slots_alone(c->image, c->index) && c->end <= c->slot_count;
        loop invariant slots_legal(c, slot);
        loop invariant slots_runnable(c, slot);
        loop assigns slot, c->index, c->begin, c->end, c->frame_bytes, c->stack_bytes, c->depth, *at;
        loop variant c->slot_count - slot; */
    for (uint32_t slot = 0; slot < c->slot_count; slot++) {
        *at = (uint16_t)slot;
        reach(c, slot);
        enum atto_status status = check_slot(c, slot);
        if (status != ATTO_OK)
            return status;
        /*@ assert \forall integer f; 0 <= f < functions(c->image) && begin(c->image, f) <= slot < end(c->image, f) ==>
                slot_legal(c->image, c->limits, c->text, f, slot); */
    }
    return ATTO_OK;
}

/* What a slot that is accepted costs: nothing if it is the second half of a wide instruction. */
/*@ requires \valid_read(insn) && callable(calls);
    requires host_call(insn, 0) ==> provided(calls, insn->imm);
    terminates \true; exits \false; assigns \nothing;
    ensures price(insn, calls, 0) <= 1 + ATTO_FUEL_MAX ==> \result == price(insn, calls, 0); */
static uint32_t cost_of(const struct atto_bpf_insn *insn, const struct atto_call_table *calls)
{
    uint32_t opcode = atto_bpf_opcode(insn->fields);
    if (opcode == OPCODE_CALL && atto_bpf_src(insn->fields) == 0u)
        return 1u + atto_call_find(calls, (uint32_t)insn->imm)->price;
    return opcode != 0u;
}

/* The interpreter looks at the fuel behind jumps, calls and exit: the two classes of section 4.3. */
/*@ terminates \true; exits \false; assigns \nothing; ensures \result <==> ends_block(opcode); */
static bool ends_block(uint32_t opcode)
{
    return opcode % 8u == 5u || opcode % 8u == 6u;
}

/* Makes the receipt of slots that are accepted, but for the sizes. Is there a local call? */
/*@ requires \valid(receipt) && sees(c) && sound_calls(c->limits->calls);
    requires apart(receipt, c->image, c->limits) && \separated(receipt, c, c->image, c->limits);
    requires slots_runnable(c, c->slot_count);
    terminates \true; exits \false;
    assigns receipt->instruction_count, receipt->longest_run, receipt->calls.bits[0 .. ATTO_CALL_IDS / 32 - 1];
    ensures run_within{Pre}(c, \old(c->slot_count), receipt->longest_run);
    ensures \result <==> \exists integer i; 0 <= i < \old(c->slot_count) && local_call{Pre}(\old(c->text), i); */
static bool count_slots(const struct context *c, struct atto_receipt *receipt)
{
    const struct atto_bpf_insn *text = c->text;
    const struct atto_call_table *calls = c->limits->calls;
    uint32_t count = c->slot_count, instructions = 0, run = 0, longest = 0;
    bool local_calls = false;
    /*@ loop invariant 0 <= slot <= count;
        loop invariant run_within{Pre}(c, slot, longest);
        loop invariant run == spent{Pre}(text, calls, slot) && run <= slot && run <= longest;
        loop invariant \forall integer i; 0 <= i < slot && local_call{Pre}(text, i) ==> local_calls;
        loop invariant local_calls ==> \exists integer i; 0 <= i < slot && local_call{Pre}(text, i);
        loop assigns slot, instructions, run, longest, local_calls, receipt->calls.bits[0 .. ATTO_CALL_IDS / 32 - 1];
        loop variant count - slot; */
    for (uint32_t slot = 0; slot < count; slot++) {
        const struct atto_bpf_insn *insn = &text[slot];
        /*@ assert opcode(text, slot) == opcode{Pre}(text, slot) && src(text, slot) == src{Pre}(text, slot); */
        /*@ assert opcode(text, slot) == 0x85 ==> src(text, slot) == 0 || local_call{Pre}(text, slot); */
        /*@ assert host_call(text, slot) ==> provided(calls, text[slot].imm); */
        /*@ assert host_call(text, slot) ==> price(text, calls, slot) == price{Pre}(text, calls, slot); */
        /*@ assert price(text, calls, slot) == price{Pre}(text, calls, slot) && price(text, calls, slot) <= 1 + ATTO_FUEL_MAX; */
        uint32_t cost = cost_of(insn, calls);
        /*@ assert cost == price{Pre}(text, calls, slot); */
        if (cost != 0u)
            instructions++;
        run += cost;
        if (run > longest)
            longest = run;
        if (ends_block(atto_bpf_opcode(insn->fields)))
            run = 0;
        if (atto_bpf_opcode(insn->fields) == OPCODE_CALL) {
            if (atto_bpf_src(insn->fields) == 0u)
                atto_callset_add(&receipt->calls, (uint32_t)insn->imm);
            else
                local_calls = true;
        }
    }
    receipt->instruction_count = instructions;
    receipt->longest_run = longest;
    return local_calls;
}

static enum atto_status check_image(const struct atto_image *image, const struct atto_limits *limits,
                                    struct atto_receipt *receipt, uint16_t *at)
{
    struct context c;
    enum atto_status status = check_text(image);
    if (status != ATTO_OK)
        return status;
    context_init(&c, image, limits);
    status = check_functions(&c, at);
    if (status == ATTO_OK)
        status = check_slots(&c, at);
    if (status != ATTO_OK)
        return status;
    *at = 0;
    bool local_calls = count_slots(&c, receipt);
    if (atto_image_function_count(image) == 0u) {
        c.depth_max = local_calls ? ATTO_BPF_CALL_DEPTH : 1u;
        c.stack_max = c.depth_max * ATTO_BPF_FRAME_BYTES_MAX;
    }
    receipt->call_depth = c.depth_max;
    receipt->stack_bytes = c.stack_max;
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
    uint16_t at = 0;
    *receipt = (struct atto_receipt){ 0 };
    enum atto_status status = check_image(image, limits, receipt, &at);
    if (refusal != NULL)
        *refusal = (struct atto_refusal){ status, at };
    return status;
}

enum atto_status atto_bpf_check_slot(const struct atto_image *image, const struct atto_limits *limits, uint32_t slot)
{
    struct context c;
    uint16_t at;
    enum atto_status status = check_text(image);
    if (status != ATTO_OK)
        return status;
    context_init(&c, image, limits);
    if (slot >= c.slot_count)
        return ATTO_E_ARGUMENT;
    status = check_functions(&c, &at);
    if (status != ATTO_OK)
        return status;
    if (atto_image_function_count(image) != 0u)
        enter_function(&c, function_at(image, slot));
    return check_slot(&c, slot);
}

bool atto_bpf_is_function(const struct atto_image *image, uint32_t slot)
{
    if (slot == 0u || atto_image_function_count(image) == 0u)
        return slot == 0u;
    struct atto_function f = atto_image_function(image, function_at(image, slot));
    return f.start == slot;
}
