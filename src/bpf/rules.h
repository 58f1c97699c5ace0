/* What the check asks of one instruction by itself, without regard to its neighbours: a rule for each group of the
 * table in isa.h. Included by check.c alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BPF_RULES_H
#define ATTO_BPF_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/status.h"
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
#define HAS(rule, bit) ((rule) % (2u * (uint32_t)(bit)) / (uint32_t)(bit) != 0u)

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

    predicate special(integer op) = byte_order(op) || op == 0x85 || atomic(op) || wide(op);

    // What a rule says is what program.h says of the opcode: of the fields, and of where the instruction goes.
    predicate describes_fields(integer r, integer op) =
        (HAS(r, WRITES_DST) <==> writes_dst(op)) && (HAS(r, DST_ZERO) <==> dst_reserved(op)) &&
        (HAS(r, SRC_ZERO) <==> src_reserved(op)) && (HAS(r, IMM_ZERO) <==> imm_reserved(op)) &&
        (HAS(r, OFFSET_SIGNED) <==> arithmetic(op) && (op / 16 == 3 || op / 16 == 9)) &&
        (HAS(r, OFFSET_EXTEND) <==> op == 0xbf || op == 0xbc) &&
        (HAS(r, OFFSET_ZERO) <==> op == 0x06 || op == 0x95 || wide(op) ||
            (arithmetic(op) && op / 16 != 3 && op / 16 != 9 && op != 0xbf && op != 0xbc));

    predicate describes_ways(integer r, integer op) =
        (HAS(r, JUMPS) <==> goes_perhaps(op) || op == 0x05) && (HAS(r, JUMPS_FAR) <==> op == 0x06) &&
        (HAS(r, ENDS) <==> goes_always(op) || op == 0x95);

    predicate describes(integer r, integer op) =
        describes_fields(r, op) && describes_ways(r, op) && (HAS(r, SPECIAL) <==> special(op)); */

/*@ requires ATTO_BPF_GROUP_NONE < group < ATTO_BPF_GROUP_COUNT;
    terminates \true; exits \false; assigns \nothing; ensures \result == rule(group); */
static uint32_t rule_of(uint32_t group)
{
    switch (group) {
        ATTO_BPF_GROUPS(RULE_CASE)
    default:
        __builtin_unreachable();
        return 0;
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

/*@ requires describes_fields(rule, opcode);
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
/*@ requires \valid_read(insn) && known(opcode(insn, 0)) && describes_fields(rule, opcode(insn, 0));
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

/* How far it jumps. */
/*@ requires \valid_read(insn) && describes_ways(rule, opcode(insn, 0));
    terminates \true; exits \false; assigns \nothing;
    ensures opcode(insn, 0) == 0x06 ==> \result == insn->imm;
    ensures goes_perhaps(opcode(insn, 0)) || opcode(insn, 0) == 0x05 ==> \result == offset(insn, 0); */
static int32_t distance_of(const struct atto_bpf_insn *insn, uint32_t rule)
{
    return HAS(rule, JUMPS) ? atto_bpf_offset(insn->fields) : insn->imm;
}

/* An atomic operation, by its imm (RFC 9669 section 5.3). */
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

#endif
