/* What the frequent arithmetic and comparing instructions compute (RFC 9669 section 4): pure functions of two operands.
 * The operation is a constant wherever the interpreter calls them from a handler of one instruction.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BPF_ALU_H
#define ATTO_BPF_ALU_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/compiler.h"
#include "isa.h"

/* Shift right, keeping the sign; n below the width. */
/*@ requires n < 64;
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint64_t atto_bpf_arsh64(uint64_t a, uint32_t n)
{
    return (uint64_t)((int64_t)a >> n);
}

/*@ requires n < 32;
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint32_t atto_bpf_arsh32(uint32_t a, uint32_t n)
{
    return (uint32_t)((int32_t)a >> n);
}

/*@ terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint64_t atto_bpf_alu64(uint32_t operation, uint64_t a, uint64_t b)
{
    switch (operation) {
    case ATTO_BPF_ADD:
        return a + b;
    case ATTO_BPF_SUB:
        return a - b;
    case ATTO_BPF_MUL:
        return a * b;
    case ATTO_BPF_OR:
        return a | b;
    case ATTO_BPF_AND:
        return a & b;
    case ATTO_BPF_LSH:
        return a << (b % 64u);
    case ATTO_BPF_RSH:
        return a >> (b % 64u);
    case ATTO_BPF_XOR:
        return a ^ b;
    case ATTO_BPF_ARSH:
        return atto_bpf_arsh64(a, (uint32_t)(b % 64u));
    default: /* ATTO_BPF_MOV */
        return b;
    }
}

/*@ terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint32_t atto_bpf_alu32(uint32_t operation, uint32_t a, uint32_t b)
{
    switch (operation) {
    case ATTO_BPF_ADD:
        return a + b;
    case ATTO_BPF_SUB:
        return a - b;
    case ATTO_BPF_MUL:
        return a * b;
    case ATTO_BPF_OR:
        return a | b;
    case ATTO_BPF_AND:
        return a & b;
    case ATTO_BPF_LSH:
        return a << (b % 32u);
    case ATTO_BPF_RSH:
        return a >> (b % 32u);
    case ATTO_BPF_XOR:
        return a ^ b;
    case ATTO_BPF_ARSH:
        return atto_bpf_arsh32(a, b % 32u);
    default: /* ATTO_BPF_MOV */
        return b;
    }
}

/*@ terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE bool atto_bpf_jump64(uint32_t operation, uint64_t a, uint64_t b)
{
    switch (operation) {
    case ATTO_BPF_JEQ:
        return a == b;
    case ATTO_BPF_JGT:
        return a > b;
    case ATTO_BPF_JGE:
        return a >= b;
    case ATTO_BPF_JSET:
        return (a & b) != 0u;
    case ATTO_BPF_JNE:
        return a != b;
    case ATTO_BPF_JSGT:
        return (int64_t)a > (int64_t)b;
    case ATTO_BPF_JSGE:
        return (int64_t)a >= (int64_t)b;
    case ATTO_BPF_JLT:
        return a < b;
    case ATTO_BPF_JLE:
        return a <= b;
    case ATTO_BPF_JSLT:
        return (int64_t)a < (int64_t)b;
    default: /* ATTO_BPF_JSLE */
        return (int64_t)a <= (int64_t)b;
    }
}

/*@ terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE bool atto_bpf_jump32(uint32_t operation, uint32_t a, uint32_t b)
{
    switch (operation) {
    case ATTO_BPF_JEQ:
        return a == b;
    case ATTO_BPF_JGT:
        return a > b;
    case ATTO_BPF_JGE:
        return a >= b;
    case ATTO_BPF_JSET:
        return (a & b) != 0u;
    case ATTO_BPF_JNE:
        return a != b;
    case ATTO_BPF_JSGT:
        return (int32_t)a > (int32_t)b;
    case ATTO_BPF_JSGE:
        return (int32_t)a >= (int32_t)b;
    case ATTO_BPF_JLT:
        return a < b;
    case ATTO_BPF_JLE:
        return a <= b;
    case ATTO_BPF_JSLT:
        return (int32_t)a < (int32_t)b;
    default: /* ATTO_BPF_JSLE */
        return (int32_t)a <= (int32_t)b;
    }
}

#endif
