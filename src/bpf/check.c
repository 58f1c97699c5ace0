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

#include "rules.h"

#define JUST_OPCODE(arg, opcode, operation) opcode
#define OPCODE_CALL ATTO_BPF_CALL(JUST_OPCODE, 0)

/* Where the check stands. Numbers alone, so that what it reads and what it writes are never of one type. */
struct context {
    uint16_t slot_count;
    uint16_t frame_max, stack_max, depth_max; /* largest in the function table */
    /* The function that the slot is in. Without a function table the whole text is one. */
    uint16_t index, begin, end, frame_bytes, stack_bytes, depth;
};
_Static_assert(ATTO_BPF_MAX_SLOTS <= UINT16_MAX, "a slot's number has 16 bits");

#define TEXT slots(image->text.ptr) /* in contracts */
/*@ // What is known of the image before its function table is.
    predicate sees(struct atto_image *image, struct context *c) =
        \valid_read(c) && c->slot_count == slot_count(image) && 0 < slot_count(image) && checkable(image);

    // The function table is legal, and its largest frame is known.
    predicate knows_table(struct atto_image *image, struct context *c) =
        table_legal(image) && function_count(image) <= slot_count(image) &&
        (\forall integer f; 0 <= f < function_count(image) ==> frame(image, f) <= c->frame_max) &&
        (function_count(image) != 0 ==>
            \exists integer f; 0 <= f < function_count(image) && frame(image, f) == c->frame_max);

    // It stands in function c->index.
    predicate is_at_function(struct atto_image *image, struct context *c) =
        c->index < functions(image) && c->begin == begin(image, c->index) && c->end == end(image, c->index) &&
        (function_count(image) != 0 ==> c->frame_bytes == frame(image, c->index) &&
            c->stack_bytes == stack(image, c->index) && c->depth == depth(image, c->index));

    predicate is_at(struct atto_image *image, struct context *c, integer slot) =
        is_at_function(image, c) && c->begin <= slot < c->end <= c->slot_count;

    // Function f's slots are in no other function.
    predicate has_slots_alone(struct atto_image *image, integer f) =
        \forall integer g; 0 <= g < functions(image) && g != f ==>
            end(image, g) <= begin(image, f) || end(image, f) <= begin(image, g);

    predicate can_call(struct atto_limits *limits) = \valid_read(limits) && sound_calls(limits->calls); */

/* atto_image_function_count(), which is in another file: a call is dearer here than the work. */
/*@ requires \valid_read(image);
    terminates \true; exits \false; assigns \nothing; ensures \result == function_count(image); */
static uint32_t count_functions(const struct atto_image *image)
{
    return image->functions.len / ATTO_FUNCTION_BYTES;
}

/*@ requires \valid(c) && \valid_read(image) && \separated(c, image) && slot_count(image) <= ATTO_BPF_MAX_SLOTS;
    terminates \true; exits \false;
    assigns c->slot_count, c->index, c->begin, c->end;
    ensures c->slot_count == slot_count(image) && c->index == 0 && c->begin == 0 && c->end == slot_count(image); */
static void context_init(struct context *c, const struct atto_image *image)
{
    c->slot_count = (uint16_t)(image->text.len / ATTO_BPF_SLOT_BYTES);
    c->index = 0;
    c->begin = 0;
    c->end = c->slot_count;
}

/* Moves on to function `index` of the table. */
/*@ requires \valid(c) && \separated(c, image) && sees(image, c) && knows_table(image, c);
    requires index < function_count(image);
    terminates \true; exits \false;
    assigns c->index, c->begin, c->end, c->frame_bytes, c->stack_bytes, c->depth;
    ensures c->index == index && is_at_function(image, c) && c->begin < c->end <= c->slot_count;
    ensures c->begin == begin(image, index) && c->end == end(image, index);
    ensures has_slots_alone(image, index); */
static void enter_function(const struct atto_image *image, struct context *c, uint32_t index)
{
    /*@ assert record_legal(image, index); */
    /*@ assert index + 1 < function_count(image) ==>
            record_legal(image, index + 1) && start(image, index) < start(image, index + 1); */
    /*@ assert begin(image, index) < end(image, index) <= slot_count(image); */
    /*@ assert \forall integer g; 0 <= g < function_count(image) && g < index ==>
            end(image, g) <= begin(image, index); */
    /*@ assert \forall integer g; 0 <= g < function_count(image) && index < g ==>
            end(image, index) <= begin(image, g); */
    struct atto_function f = atto_image_function(image, index);
    c->index = (uint16_t)index;
    c->begin = f.start;
    c->frame_bytes = f.frame_bytes;
    c->stack_bytes = f.stack_bytes;
    c->depth = f.depth;
    c->end = c->slot_count;
    if (index + 1u < count_functions(image)) {
        f = atto_image_function(image, index + 1u);
        c->end = f.start;
    }
}

/* Moves on to the next function if the end of this one is reached. */
/*@ requires \valid(c) && \separated(c, image) && sees(image, c) && knows_table(image, c);
    requires is_at_function(image, c) && c->begin <= slot <= c->end <= c->slot_count && slot < c->slot_count;
    requires has_slots_alone(image, c->index);
    terminates \true; exits \false;
    assigns c->index, c->begin, c->end, c->frame_bytes, c->stack_bytes, c->depth;
    ensures is_at(image, c, slot) && has_slots_alone(image, c->index);
    ensures c->index < functions(image) && begin(image, c->index) <= slot < end(image, c->index);
    ensures \forall integer f; 0 <= f < functions(image) && begin(image, f) <= slot < end(image, f) ==>
        f == c->index; */
static void reach(const struct atto_image *image, struct context *c, uint32_t slot)
{
    if (slot >= c->end)
        enter_function(image, c, c->index + 1u);
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
    uint32_t low = 0, high = count_functions(image);
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
/*@ requires sees(image, c) && index < function_count(image) && (index == 0 || next == start(image, index - 1) + 1);
    requires f.start == start(image, index) && f.frame_bytes == frame(image, index);
    requires f.stack_bytes == stack(image, index) && f.depth == depth(image, index);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> record_legal(image, index) &&
        (index == 0 ? f.start == 0 : start(image, index - 1) < f.start); */
static enum atto_status check_record(const struct atto_image *image, const struct context *c, struct atto_function f,
                                     uint32_t index, uint32_t next)
{
    if (index == 0u ? f.start != 0u : f.start < next)
        return ATTO_E_FUNCTIONS;
    if (f.start >= c->slot_count || atto_bpf_opcode(text_of(image)[f.start].fields) == 0u)
        return ATTO_E_FUNCTIONS;
    if (f.frame_bytes == 0u || f.frame_bytes > ATTO_BPF_FRAME_BYTES_MAX || f.stack_bytes < f.frame_bytes ||
        f.frame_bytes % 8u != 0u || f.stack_bytes % 8u != 0u || f.depth == 0u || f.depth > ATTO_BPF_CALL_DEPTH)
        return ATTO_E_FRAME_SIZE;
    return ATTO_OK;
}

/* The table by itself: sorted, inside the text, sizes in range. `*at` is the slot of the function that is refused. */
/*@ requires \valid(c) && \valid(at) && \separated(c, image, at) && sees(image, c);
    terminates \true; exits \false; assigns c->frame_max, c->stack_max, c->depth_max, *at;
    ensures \result == ATTO_OK <==> table_legal(image);
    ensures \result == ATTO_OK ==> knows_table(image, c);
    ensures \result == ATTO_OK ==>
        (\forall integer f; 0 <= f < function_count(image) ==> stack(image, f) <= c->stack_max) &&
        (function_count(image) != 0 ==>
            \exists integer f; 0 <= f < function_count(image) && stack(image, f) == c->stack_max); */
static enum atto_status check_functions(const struct atto_image *image, struct context *c, uint16_t *at)
{
    uint32_t count = count_functions(image), next = 0;
    uint16_t frame_max = 0, stack_max = 0, depth_max = 0;
    /*@ ghost uint32_t widest = 0, deepest = 0; */
    /*@ loop invariant 0 <= i <= count && i <= next <= slot_count(image);
        loop invariant i == 0 ? next == 0 : next == start(image, i - 1) + 1 && start(image, 0) == 0;
        loop invariant \forall integer f; 0 <= f < i ==> start(image, f) < next && record_legal(image, f);
        loop invariant \forall integer f, g; 0 <= f < g < i ==> start(image, f) < start(image, g);
        loop invariant \forall integer f; 0 <= f < i ==> frame(image, f) <= frame_max && stack(image, f) <= stack_max;
        loop invariant i == 0 ? frame_max == 0 : 0 <= widest < i && frame(image, widest) == frame_max;
        loop invariant i == 0 ? stack_max == 0 : 0 <= deepest < i && stack(image, deepest) == stack_max;
        loop assigns i, next, widest, deepest, frame_max, stack_max, depth_max, *at; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        struct atto_function f = atto_image_function(image, i);
        *at = f.start;
        enum atto_status status = check_record(image, c, f, i, next);
        if (status != ATTO_OK)
            return status;
        /*@ assert \forall integer g; 0 <= g < i ==> start(image, g) < start(image, i); */
        next = f.start + 1u;
        /*@ ghost if (f.frame_bytes > frame_max) widest = i; */
        if (f.frame_bytes > frame_max)
            frame_max = f.frame_bytes;
        /*@ ghost if (f.stack_bytes > stack_max) deepest = i; */
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
/*@ requires \valid_read(image) && readable(image->text.ptr, image->text.len);
    requires slot < slot_count(image) <= ATTO_BPF_MAX_SLOTS && begin <= end <= slot_count(image);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> starts(TEXT, begin, end, slot + 1 + distance); */
static bool is_instruction(const struct atto_image *image, uint32_t slot, int32_t distance, uint32_t begin,
                           uint32_t end)
{
    int32_t next = (int32_t)slot + 1;
    if (distance < (int32_t)begin - next || distance >= (int32_t)end - next)
        return false;
    return atto_bpf_opcode(text_of(image)[next + distance].fields) != 0u;
}

/*@ requires can_call(limits);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> provided(limits->calls, number) && in_callset(&limits->granted, number); */
static enum atto_status check_host_call(const struct atto_limits *limits, int32_t number)
{
    if (number < 0 || atto_call_find(limits->calls, (uint32_t)number) == NULL)
        return ATTO_E_CALL;
    return atto_callset_has(&limits->granted, (uint32_t)number) ? ATTO_OK : ATTO_E_CALL_DENIED;
}

/* May this function call what is at `target`? That must be the start of a function, and what the caller's record claims
 * must hold: its stack holds the callee's, and its depth is larger; a recursive function claims the largest depth and
 * room for so many of the largest frame. */
/*@ requires sees(image, c) && knows_table(image, c) && is_at_function(image, c);
    requires function_count(image) != 0 && target < slot_count(image);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> \forall integer g; 0 <= g < function_count(image) &&
        begin(image, g) <= target < end(image, g) ==> start(image, g) == target && claims_hold(image, c->index, g); */
static enum atto_status check_callee(const struct atto_image *image, const struct context *c, uint32_t target)
{
    uint32_t index = function_at(image, target);
    /*@ assert \forall integer g; 0 <= g < function_count(image) ==>
            (begin(image, g) <= target < end(image, g) <==> g == index); */
    struct atto_function callee = atto_image_function(image, index);
    if (callee.start != target)
        return ATTO_E_CALL_TARGET;
    if (c->depth == ATTO_BPF_CALL_DEPTH)
        return c->stack_bytes >= ATTO_BPF_CALL_DEPTH * c->frame_max ? ATTO_OK : ATTO_E_FRAME_SIZE;
    if (callee.depth >= c->depth || c->stack_bytes < (uint32_t)c->frame_bytes + callee.stack_bytes)
        return ATTO_E_FRAME_SIZE;
    return ATTO_OK;
}

/*@ requires sees(image, c) && knows_table(image, c) && is_at(image, c, slot) && insn == TEXT + slot;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> local_call_legal(image, TEXT, c->index, slot, slot + 1 + insn->imm); */
static enum atto_status check_local_call(const struct atto_image *image, const struct context *c, uint32_t slot,
                                         const struct atto_bpf_insn *insn)
{
    if (!is_instruction(image, slot, insn->imm, 0, c->slot_count))
        return ATTO_E_CALL_TARGET;
    if (count_functions(image) == 0u)
        return atto_bpf_offset(insn->fields) == 0 ? ATTO_OK : ATTO_E_RESERVED;
    uint32_t target = (uint32_t)((int32_t)slot + 1 + insn->imm);
    /*@ assert target == slot + 1 + insn->imm; */
    enum atto_status status = check_callee(image, c, target);
    if (status == ATTO_OK && atto_bpf_offset(insn->fields) != c->frame_bytes)
        return ATTO_E_FRAME_SIZE;
    return status;
}

/*@ requires sees(image, c) && knows_table(image, c) && is_at(image, c, slot) && insn == TEXT + slot;
    requires can_call(limits);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> call_legal(image, limits, TEXT, c->index, slot); */
static enum atto_status check_call(const struct atto_image *image, const struct atto_limits *limits,
                                   const struct context *c, uint32_t slot, const struct atto_bpf_insn *insn)
{
    switch (atto_bpf_src(insn->fields)) {
    case 0:
        if (atto_bpf_offset(insn->fields) != 0)
            return ATTO_E_RESERVED;
        return check_host_call(limits, insn->imm);
    case 1:
        return check_local_call(image, c, slot, insn);
    default:
        return ATTO_E_OPCODE;
    }
}

/*@ requires sees(image, c) && is_at(image, c, slot) && insn == TEXT + slot && wide(opcode(TEXT, slot));
    requires group == ATTO_BPF_GROUP_LDDW_FEMTO <==> opcode(TEXT, slot) == 0xb8 || opcode(TEXT, slot) == 0xd8;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> slot + 1 < c->end && TEXT[slot + 1].fields == 0 &&
        (opcode(TEXT, slot) == 0x18 || image->format == ATTO_FORMAT_FEMTO); */
static enum atto_status check_wide(const struct atto_image *image, const struct context *c, uint32_t slot,
                                   const struct atto_bpf_insn *insn, uint32_t group)
{
    if (group == ATTO_BPF_GROUP_LDDW_FEMTO && image->format != ATTO_FORMAT_FEMTO)
        return ATTO_E_OPCODE;
    return slot + 1u < c->end && insn[1].fields == 0u ? ATTO_OK : ATTO_E_WIDE;
}

/*@ // What instruction_legal() asks of instructions that have a rule of their own, beside what the table has.
    predicate special_legal(struct atto_image *image, struct atto_limits *limits, struct context *c, integer i) =
        imm_legal(opcode(TEXT, i), TEXT[i].imm) &&
        (atomic(opcode(TEXT, i)) && atomic_fetches(TEXT[i].imm) ==> src(TEXT, i) != 10) &&
        (opcode(TEXT, i) == 0x85 ==> call_legal(image, limits, TEXT, c->index, i)) &&
        (wide(opcode(TEXT, i)) ==> i + 1 < c->end && TEXT[i + 1].fields == 0) &&
        (opcode(TEXT, i) == 0xb8 || opcode(TEXT, i) == 0xd8 ==> image->format == ATTO_FORMAT_FEMTO); */

/*@ requires sees(image, c) && knows_table(image, c) && is_at(image, c, slot) && insn == TEXT + slot;
    requires can_call(limits) && special(opcode(TEXT, slot));
    requires group == ATTO_BPF_GROUP_END <==> byte_order(opcode(TEXT, slot));
    requires group == ATTO_BPF_GROUP_CALL <==> opcode(TEXT, slot) == 0x85;
    requires group == ATTO_BPF_GROUP_ATOMIC <==> atomic(opcode(TEXT, slot));
    requires group == ATTO_BPF_GROUP_LDDW_FEMTO <==> opcode(TEXT, slot) == 0xb8 || opcode(TEXT, slot) == 0xd8;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> special_legal(image, limits, c, slot); */
static enum atto_status check_special(const struct atto_image *image, const struct atto_limits *limits,
                                      const struct context *c, uint32_t slot, const struct atto_bpf_insn *insn,
                                      uint32_t group)
{
    switch (group) {
    case ATTO_BPF_GROUP_END:
        if (insn->imm == 16 || insn->imm == 32 || insn->imm == 64)
            return ATTO_OK;
        return ATTO_E_IMMEDIATE;
    case ATTO_BPF_GROUP_CALL:
        return check_call(image, limits, c, slot, insn);
    case ATTO_BPF_GROUP_ATOMIC:
        return check_atomic(insn);
    default:
        break;
    }
    return check_wide(image, c, slot, insn, group);
}

/*@ // What instruction_legal() asks of where an instruction goes.
    predicate ways_legal(struct atto_image *image, struct context *c, integer i) =
        (goes_perhaps(opcode(TEXT, i)) || opcode(TEXT, i) == 0x05 ==>
            starts(TEXT, c->begin, c->end, i + 1 + offset(TEXT, i))) &&
        (opcode(TEXT, i) == 0x06 ==> starts(TEXT, c->begin, c->end, i + 1 + TEXT[i].imm)) &&
        (goes_always(opcode(TEXT, i)) || opcode(TEXT, i) == 0x95 || i + 1 < c->end); */

/* Where an instruction goes: to another of its function. */
/*@ requires sees(image, c) && c->begin <= slot < c->end <= c->slot_count && insn == TEXT + slot;
    requires describes_ways(rule, opcode(TEXT, slot));
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> ways_legal(image, c, slot); */
static enum atto_status check_ways(const struct atto_image *image, const struct context *c, uint32_t slot,
                                   const struct atto_bpf_insn *insn, uint32_t rule)
{
    if (HAS(rule, JUMPS) || HAS(rule, JUMPS_FAR)) {
        if (!is_instruction(image, slot, distance_of(insn, rule), c->begin, c->end))
            return ATTO_E_JUMP;
    }
    return HAS(rule, ENDS) || slot + 1u < c->end ? ATTO_OK : ATTO_E_FALL_OFF;
}

/* A slot that is no instruction: is it the second half of a wide one? */
/*@ requires sees(image, c) && is_at(image, c, slot);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> TEXT[slot].fields == 0 && c->begin < slot && wide(opcode(TEXT, slot - 1)) &&
        slot + 1 < c->end; */
static enum atto_status check_half(const struct atto_image *image, const struct context *c, uint32_t slot)
{
    const struct atto_bpf_insn *insn = text_of(image) + slot;
    if (insn->fields != 0u || slot <= c->begin || group_of(atto_bpf_opcode(insn[-1].fields)) < ATTO_BPF_GROUP_LDDW)
        return ATTO_E_OPCODE;
    return slot + 1u < c->end ? ATTO_OK : ATTO_E_FALL_OFF;
}

/*@ requires sees(image, c) && knows_table(image, c) && is_at(image, c, slot) && insn == TEXT + slot;
    requires can_call(limits) && known(opcode(TEXT, slot)) && describes(rule(group), opcode(TEXT, slot));
    requires ATTO_BPF_GROUP_NONE < group < ATTO_BPF_GROUP_COUNT;
    requires group == ATTO_BPF_GROUP_END <==> byte_order(opcode(TEXT, slot));
    requires group == ATTO_BPF_GROUP_CALL <==> opcode(TEXT, slot) == 0x85;
    requires group == ATTO_BPF_GROUP_ATOMIC <==> atomic(opcode(TEXT, slot));
    requires group == ATTO_BPF_GROUP_LDDW_FEMTO <==> opcode(TEXT, slot) == 0xb8 || opcode(TEXT, slot) == 0xd8;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> instruction_legal(image, limits, TEXT, c->index, slot); */
static enum atto_status check_instruction(const struct atto_image *image, const struct atto_limits *limits,
                                          const struct context *c, uint32_t slot, const struct atto_bpf_insn *insn,
                                          uint32_t group)
{
    uint32_t rule = rule_of(group);
    enum atto_status status = check_fields(insn, rule);
    if (status == ATTO_OK && HAS(rule, SPECIAL))
        status = check_special(image, limits, c, slot, insn, group);
    return status == ATTO_OK ? check_ways(image, c, slot, insn, rule) : status;
}

/* One slot, which lies in the function that c is at. */
/*@ requires sees(image, c) && knows_table(image, c) && is_at(image, c, slot) && can_call(limits);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> slot_legal(image, limits, TEXT, c->index, slot);
    ensures \result == ATTO_OK ==> runnable_slot(TEXT, slot_count(image), limits->calls, slot);
    ensures \result == ATTO_OK && opcode(TEXT, slot) == 0x85 ==> src(TEXT, slot) <= 1; */
static enum atto_status check_slot(const struct atto_image *image, const struct atto_limits *limits,
                                   const struct context *c, uint32_t slot)
{
    const struct atto_bpf_insn *insn = text_of(image) + slot;
    uint32_t group = group_of(atto_bpf_opcode(insn->fields));
    if (group == ATTO_BPF_GROUP_NONE)
        return check_half(image, c, slot);
    return check_instruction(image, limits, c, slot, insn, group);
}

/*@ // Slots below `count` are legal.
    predicate slots_legal(struct atto_image *image, struct atto_limits *limits, integer count) =
        \forall integer f, i; 0 <= f < functions(image) && begin(image, f) <= i < end(image, f) && i < count ==>
            slot_legal(image, limits, TEXT, f, i);

    // Slots below `count` can be run.
    predicate slots_runnable(struct atto_image *image, struct atto_limits *limits, integer count) =
        \forall integer i; 0 <= i < count ==> runnable_slot(TEXT, slot_count(image), limits->calls, i) &&
            (opcode(TEXT, i) == 0x85 ==> src(TEXT, i) <= 1); */

/*@ requires \valid(c) && \valid(at) && \separated(at, c, image, limits) && sees(image, c) && knows_table(image, c);
    requires can_call(limits);
    requires function_count(image) == 0 ==> is_at(image, c, 0) && has_slots_alone(image, c->index);
    terminates \true; exits \false;
    assigns c->index, c->begin, c->end, c->frame_bytes, c->stack_bytes, c->depth, *at;
    ensures \result == ATTO_OK <==> all_slots_legal(image, limits);
    ensures \result == ATTO_OK ==> slots_runnable(image, limits, slot_count(image)); */
static enum atto_status check_slots(const struct atto_image *image, const struct atto_limits *limits,
                                    struct context *c, uint16_t *at)
{
    /*@ assert \forall integer f; 0 <= f < function_count(image) ==> start(image, f) < slot_count(image); */
    /*@ assert \forall integer f; 0 <= f < functions(image) ==> end(image, f) <= slot_count(image); */
    if (count_functions(image) != 0u)
        enter_function(image, c, 0);
    /*@ loop invariant 0 <= slot <= slot_count(image) && c->begin <= slot <= c->end;
        loop invariant sees(image, c) && knows_table(image, c);
        loop invariant is_at_function(image, c) && has_slots_alone(image, c->index) && c->end <= c->slot_count;
        loop invariant slots_legal(image, limits, slot);
        loop invariant slots_runnable(image, limits, slot);
        loop assigns slot, c->index, c->begin, c->end, c->frame_bytes, c->stack_bytes, c->depth, *at;
        loop variant slot_count(image) - slot; */
    for (uint32_t slot = 0; slot < c->slot_count; slot++) {
        *at = (uint16_t)slot;
        reach(image, c, slot);
        enum atto_status status = check_slot(image, limits, c, slot);
        /*@ assert status == ATTO_OK <==> slot_legal(image, limits, TEXT, c->index, slot); */
        /*@ assert status != ATTO_OK ==> !all_slots_legal(image, limits); */
        if (status != ATTO_OK)
            return status;
        /*@ assert \forall integer f; 0 <= f < functions(image) && begin(image, f) <= slot < end(image, f) ==>
                slot_legal(image, limits, TEXT, f, slot); */
    }
    /*@ assert all_slots_legal(image, limits); */
    return ATTO_OK;
}

/* The interpreter looks at the fuel behind jumps, calls and exit: the two classes of section 4.3. */
/*@ terminates \true; exits \false; assigns \nothing; ensures \result <==> ends_block(opcode); */
static bool ends_block(uint32_t opcode)
{
    return opcode % 8u == 5u || opcode % 8u == 6u;
}

/* Makes the receipt of the first slots, which are accepted; all but the sizes. Is there a local call? */
/*@ requires \valid(receipt) && apart(receipt, image, limits) && \separated(receipt, image, limits);
    requires checkable(image) && can_call(limits) && slots_runnable(image, limits, count) && count <= slot_count(image);
    terminates \true; exits \false; assigns *receipt;
    ensures runs_within{Pre}(TEXT, limits->calls, count, receipt->longest_run);
    ensures \result <==> \exists integer i; 0 <= i < count && local_call{Pre}(TEXT, i); */
static bool count_slots(const struct atto_image *image, const struct atto_limits *limits, uint32_t count,
                        struct atto_receipt *receipt)
{
    const struct atto_call_table *calls = limits->calls;
    uint32_t instructions = 0, run = 0, longest = 0;
    bool local_calls = false;
    *receipt = (struct atto_receipt){ 0 };
    /*@ assert same: \forall integer i; 0 <= i < count ==> opcode(TEXT, i) == opcode{Pre}(TEXT, i) &&
            src(TEXT, i) == src{Pre}(TEXT, i) && price(TEXT, calls, i) == price{Pre}(TEXT, calls, i); */
    /*@ loop invariant 0 <= slot <= count;
        loop invariant runs_within{Pre}(TEXT, calls, slot, longest);
        loop invariant run == spent{Pre}(TEXT, calls, slot) && run <= slot && run <= longest;
        loop invariant \forall integer i; 0 <= i < slot && local_call{Pre}(TEXT, i) ==> local_calls;
        loop invariant local_calls ==> \exists integer i; 0 <= i < slot && local_call{Pre}(TEXT, i);
        loop assigns slot, instructions, run, longest, local_calls, receipt->calls.bits[0 .. ATTO_CALL_IDS / 32 - 1];
        loop variant count - slot; */
    for (uint32_t slot = 0; slot < count; slot++) {
        const struct atto_bpf_insn *insn = text_of(image) + slot;
        uint32_t opcode = atto_bpf_opcode(insn->fields);
        /*@ assert opcode == opcode{Pre}(TEXT, slot) && src(TEXT, slot) == src{Pre}(TEXT, slot); */
        /*@ assert opcode == 0x85 ==> host_call{Pre}(TEXT, slot) || local_call{Pre}(TEXT, slot); */
        /*@ assert host_call(TEXT, slot) ==> provided(calls, insn->imm) && insn->imm >= 0; */
        /*@ assert 0 <= price(TEXT, calls, slot) == price{Pre}(TEXT, calls, slot) <= 1 + ATTO_FUEL_MAX; */
        if (opcode == 0u)
            continue; /* second half of a wide instruction */
        instructions++;
        run += 1u;
        if (opcode == OPCODE_CALL) {
            if (atto_bpf_src(insn->fields) == 0u) {
                run += atto_call_find(calls, (uint32_t)insn->imm)->price;
                atto_callset_add(&receipt->calls, (uint32_t)insn->imm);
            } else {
                local_calls = true;
            }
        }
        /*@ assert run == spent{Pre}(TEXT, calls, slot) + price{Pre}(TEXT, calls, slot); */
        if (run > longest)
            longest = run;
        if (ends_block(opcode))
            run = 0;
    }
    receipt->instruction_count = instructions;
    receipt->longest_run = longest;
    return local_calls;
}

/* Everything that may be refused but the use of stack. */
/*@ requires \valid(c) && \valid(at) && \separated(at, c, image, limits);
    requires checkable(image) && can_call(limits);
    terminates \true; exits \false; assigns *c, *at;
    ensures \result == ATTO_OK <==> text_legal(image) && table_legal(image) && all_slots_legal(image, limits);
    ensures \result == ATTO_OK ==> sees(image, c) && slots_runnable(image, limits, slot_count(image));
    ensures \result == ATTO_OK ==>
        (\forall integer f; 0 <= f < function_count(image) ==> stack(image, f) <= c->stack_max) &&
        (function_count(image) != 0 ==>
            \exists integer f; 0 <= f < function_count(image) && stack(image, f) == c->stack_max); */
static enum atto_status judge(const struct atto_image *image, const struct atto_limits *limits, struct context *c,
                              uint16_t *at)
{
    enum atto_status status = check_text(image);
    if (status != ATTO_OK)
        return status;
    context_init(c, image);
    status = check_functions(image, c, at);
    return status == ATTO_OK ? check_slots(image, limits, c, at) : status;
}

/* The stack of a program that is accepted. */
/*@ requires \valid(c) && \valid_read(image) && \separated(c, image);
    terminates \true; exits \false; assigns c->depth_max, c->stack_max;
    ensures function_count(image) != 0 ? c->stack_max == \old(c->stack_max) :
        c->stack_max == (local_calls ? ATTO_BPF_CALL_DEPTH * 512 : 512); */
static void measure_stack(const struct atto_image *image, struct context *c, bool local_calls)
{
    if (count_functions(image) == 0u) {
        c->depth_max = local_calls ? ATTO_BPF_CALL_DEPTH : 1u;
        c->stack_max = c->depth_max * ATTO_BPF_FRAME_BYTES_MAX;
    }
}

/*@ requires \valid(receipt) && \valid(at) && \separated(receipt, at, image, limits);
    requires checkable(image) && can_call(limits) && apart(receipt, image, limits);
    terminates \true; exits \false; assigns *receipt, *at;
    ensures \result == ATTO_OK <==> well_formed{Pre}(image, limits);
    ensures \result == ATTO_OK ==> runnable{Pre}(TEXT, slot_count{Pre}(image), limits->calls);
    ensures \result == ATTO_OK ==>
        runs_within{Pre}(TEXT, limits->calls, slot_count{Pre}(image), receipt->longest_run); */
static enum atto_status check_image(const struct atto_image *image, const struct atto_limits *limits,
                                    struct atto_receipt *receipt, uint16_t *at)
{
    struct context c;
    enum atto_status status = judge(image, limits, &c, at);
    bool local_calls = count_slots(image, limits, status == ATTO_OK ? c.slot_count : 0u, receipt);
    if (status != ATTO_OK)
        return status;
    *at = 0;
    measure_stack(image, &c, local_calls);
    /*@ assert c.stack_max <= limits->stack_bytes <==>
            stack_within{Pre}(image, TEXT, \at(limits->stack_bytes, Pre)); */
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
    enum atto_status status = check_image(image, limits, receipt, &at);
    if (refusal != NULL)
        *refusal = (struct atto_refusal){ status, at };
    return status;
}

/* Moves on to the function that a slot is in. */
/*@ requires \valid(c) && \separated(c, image) && sees(image, c) && knows_table(image, c) && slot < slot_count(image);
    requires function_count(image) == 0 ==> is_at(image, c, 0) && has_slots_alone(image, c->index);
    terminates \true; exits \false;
    assigns c->index, c->begin, c->end, c->frame_bytes, c->stack_bytes, c->depth;
    ensures sees(image, c) && knows_table(image, c) && is_at(image, c, slot) && has_slots_alone(image, c->index);
    ensures c->index < functions(image) && begin(image, c->index) <= slot < end(image, c->index);
    ensures \forall integer f; 0 <= f < functions(image) && begin(image, f) <= slot < end(image, f) ==>
        f == c->index; */
static void go_to(const struct atto_image *image, struct context *c, uint32_t slot)
{
    if (count_functions(image) != 0u)
        enter_function(image, c, function_at(image, slot));
    /*@ assert has_slots_alone(image, c->index); */
    /*@ assert begin(image, c->index) <= slot < end(image, c->index); */
}

/*@ requires \valid(c) && \separated(c, image) && \separated(c, limits) && checkable(image) && can_call(limits);
    terminates \true; exits \false; assigns *c;
    ensures \result == ATTO_OK <==> text_legal(image) && table_legal(image) && slot < slot_count(image) &&
        \forall integer f; 0 <= f < functions(image) && begin(image, f) <= slot < end(image, f) ==>
            slot_legal(image, limits, TEXT, f, slot); */
static enum atto_status judge_slot(const struct atto_image *image, const struct atto_limits *limits, struct context *c,
                                   uint32_t slot)
{
    uint16_t at;
    enum atto_status status = check_text(image);
    if (status != ATTO_OK)
        return status;
    context_init(c, image);
    if (slot >= c->slot_count)
        return ATTO_E_ARGUMENT;
    status = check_functions(image, c, &at);
    if (status != ATTO_OK)
        return status;
    go_to(image, c, slot);
    status = check_slot(image, limits, c, slot);
    /*@ assert status == ATTO_OK <==> \forall integer f; 0 <= f < functions(image) &&
            begin(image, f) <= slot < end(image, f) ==> slot_legal(image, limits, TEXT, f, slot); */
    return status;
}

enum atto_status atto_bpf_check_slot(const struct atto_image *image, const struct atto_limits *limits, uint32_t slot)
{
    struct context c;
    return judge_slot(image, limits, &c, slot);
}

bool atto_bpf_is_function(const struct atto_image *image, uint32_t slot)
{
    if (slot == 0u || count_functions(image) == 0u)
        return slot == 0u;
    struct atto_function f = atto_image_function(image, function_at(image, slot));
    return f.start == slot;
}
