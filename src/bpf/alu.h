/* What the arithmetic and comparing instructions compute (RFC 9669 section 4): pure functions of two operands. The
 * operation is a constant wherever the interpreter calls them from a handler of one instruction.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BPF_ALU_H
#define ATTO_BPF_ALU_H

#include <stdbool.h>
#include <stdint.h>

#include "isa.h"

#define ATTO_BPF_INLINE static inline __attribute__((always_inline))

/* Shift right, keeping the sign; n below the width. */
ATTO_BPF_INLINE uint64_t atto_bpf_arsh64(uint64_t a, uint32_t n)
{
    return (uint64_t)((int64_t)a >> n);
}

ATTO_BPF_INLINE uint32_t atto_bpf_arsh32(uint32_t a, uint32_t n)
{
    return (uint32_t)((int32_t)a >> n);
}

ATTO_BPF_INLINE uint64_t atto_bpf_alu64(uint32_t operation, uint64_t a, uint64_t b)
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

ATTO_BPF_INLINE uint32_t atto_bpf_alu32(uint32_t operation, uint32_t a, uint32_t b)
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

/* Division by zero gives 0, remainder by zero the dividend; the one signed division that overflows gives the dividend,
 * its remainder is 0 (section 4.1). Signed operands are divided as magnitudes: no case is undefined in C. */
ATTO_BPF_INLINE uint64_t atto_bpf_magnitude64(uint64_t a)
{
    return a >> 63 ? 0u - a : a;
}

static inline uint64_t atto_bpf_div64(uint32_t operation, bool is_signed, uint64_t a, uint64_t b)
{
    bool modulo = operation == ATTO_BPF_MOD;
    if (b == 0u)
        return modulo ? a : 0u;
    if (!is_signed)
        return modulo ? a % b : a / b;
    uint64_t x = atto_bpf_magnitude64(a), y = atto_bpf_magnitude64(b);
    uint64_t q = modulo ? x % y : x / y;
    bool negative = a >> 63 != (modulo ? 0u : b >> 63);
    return negative ? 0u - q : q;
}

static inline uint32_t atto_bpf_div32(uint32_t operation, bool is_signed, uint32_t a, uint32_t b)
{
    bool modulo = operation == ATTO_BPF_MOD;
    if (b == 0u)
        return modulo ? a : 0u;
    if (!is_signed)
        return modulo ? a % b : a / b;
    uint32_t x = a >> 31 ? 0u - a : a, y = b >> 31 ? 0u - b : b;
    uint32_t q = modulo ? x % y : x / y;
    bool negative = a >> 31 != (modulo ? 0u : b >> 31);
    return negative ? 0u - q : q;
}

/* The low `bits` (8, 16 or 32) of a with their sign extended; a itself for 0. */
ATTO_BPF_INLINE uint64_t atto_bpf_movsx64(uint64_t a, int32_t bits)
{
    switch (bits) {
    case 8:
        return (uint64_t)(int64_t)(int8_t)a;
    case 16:
        return (uint64_t)(int64_t)(int16_t)a;
    case 32:
        return (uint64_t)(int64_t)(int32_t)a;
    default:
        return a;
    }
}

ATTO_BPF_INLINE uint64_t atto_bpf_swap64(uint64_t a)
{
    a = (a & 0x00ff00ff00ff00ffu) << 8 | (a >> 8 & 0x00ff00ff00ff00ffu);
    a = (a & 0x0000ffff0000ffffu) << 16 | (a >> 16 & 0x0000ffff0000ffffu);
    return a << 32 | a >> 32;
}

/* Section 4.2: the guest is little-endian, so `le` truncates and `be` and `bswap` swap. bits: 16, 32 or 64. */
static inline uint64_t atto_bpf_end(uint32_t opcode, uint64_t a, int32_t bits)
{
    if (opcode != 0xd4u)
        a = atto_bpf_swap64(a) >> (64 - bits);
    return bits == 16 ? (uint16_t)a : bits == 32 ? (uint32_t)a : a;
}

ATTO_BPF_INLINE bool atto_bpf_jump64(uint32_t operation, uint64_t a, uint64_t b)
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

ATTO_BPF_INLINE bool atto_bpf_jump32(uint32_t operation, uint32_t a, uint32_t b)
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

/* The new value of the memory cell (section 5.3); r0 is compared by cmpxchg alone. */
static inline uint64_t atto_bpf_atomic(int32_t operation, uint64_t old, uint64_t source, uint64_t r0)
{
    switch (operation & ~ATTO_BPF_ATOMIC_FETCH) {
    case ATTO_BPF_ATOMIC_ADD:
        return old + source;
    case ATTO_BPF_ATOMIC_OR:
        return old | source;
    case ATTO_BPF_ATOMIC_AND:
        return old & source;
    case ATTO_BPF_ATOMIC_XOR:
        return old ^ source;
    case ATTO_BPF_ATOMIC_XCHG & ~ATTO_BPF_ATOMIC_FETCH:
        return source;
    default: /* ATTO_BPF_ATOMIC_CMPXCHG */
        return old == r0 ? source : old;
    }
}

#endif
