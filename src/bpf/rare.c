/* The interpreter's seldom parts, out of the way of its loop: division, byte order, atomic operations, local calls.
 *
 * SPDX-License-Identifier: Apache-2.0 */
/* Seldom executed: small matters more than fast, whatever the rest is compiled for. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os")
#endif

#include "rare.h"

#include "memory.h"

/* Division by zero gives 0, remainder by zero the dividend; the one signed division that overflows gives the dividend,
 * its remainder is 0 (section 4.1). Signed operands are divided as magnitudes: no case is undefined in C. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures a != 0 ==> \result != 0; */
static uint64_t magnitude64(uint64_t a)
{
    return a > INT64_MAX ? UINT64_MAX - a + 1u : a;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures a != 0 ==> \result != 0; */
static uint32_t magnitude32(uint32_t a)
{
    return a > INT32_MAX ? UINT32_MAX - a + 1u : a;
}

/*@ terminates \true; exits \false; assigns \nothing; */
static uint64_t divide64(uint32_t operation, bool is_signed, uint64_t a, uint64_t b)
{
    bool modulo = operation == ATTO_BPF_MOD;
    if (b == 0u)
        return modulo ? a : 0u;
    if (!is_signed)
        return modulo ? a % b : a / b;
    uint64_t x = magnitude64(a), y = magnitude64(b);
    uint64_t q = modulo ? x % y : x / y;
    bool negative = a >> 63 != (modulo ? 0u : b >> 63);
    return negative ? 0u - q : q;
}

/*@ terminates \true; exits \false; assigns \nothing; */
static uint32_t divide32(uint32_t operation, bool is_signed, uint32_t a, uint32_t b)
{
    bool modulo = operation == ATTO_BPF_MOD;
    if (b == 0u)
        return modulo ? a : 0u;
    if (!is_signed)
        return modulo ? a % b : a / b;
    uint32_t x = magnitude32(a), y = magnitude32(b);
    uint32_t q = modulo ? x % y : x / y;
    bool negative = a >> 31 != (modulo ? 0u : b >> 31);
    return negative ? 0u - q : q;
}

void atto_bpf_divide64(uint64_t *d, uint32_t fields, uint64_t b)
{
    *d = divide64(atto_bpf_opcode(fields) / 16u, atto_bpf_offset(fields) != 0, *d, b);
}

void atto_bpf_divide32(uint64_t *d, uint32_t fields, uint32_t b)
{
    *d = divide32(atto_bpf_opcode(fields) / 16u, atto_bpf_offset(fields) != 0, (uint32_t)*d, b);
}

uint64_t atto_bpf_extend(uint64_t a, int32_t bits)
{
    switch (bits) {
    case 8:
        return (uint64_t)(int64_t)(int8_t)a;
    case 16:
        return (uint64_t)(int64_t)(int16_t)a;
    default:
        return (uint64_t)(int64_t)(int32_t)a;
    }
}

/*@ terminates \true; exits \false; assigns \nothing; */
static uint64_t swap64(uint64_t a)
{
    a = (a & 0x00ff00ff00ff00ffu) << 8 | (a >> 8 & 0x00ff00ff00ff00ffu);
    a = (a & 0x0000ffff0000ffffu) << 16 | (a >> 16 & 0x0000ffff0000ffffu);
    return a << 32 | a >> 32;
}

/* Section 4.2: the guest is little-endian, so `le` truncates and `be` and `bswap` swap. bits: 16, 32 or 64. */
/*@ requires bits == 16 || bits == 32 || bits == 64;
    terminates \true; exits \false; assigns \nothing; */
static uint64_t end(uint32_t opcode, uint64_t a, int32_t bits)
{
    if (opcode != 0xd4u)
        a = swap64(a) >> (64 - bits);
    return bits == 16 ? (uint16_t)a : bits == 32 ? (uint32_t)a : a;
}

void atto_bpf_order_bytes(uint64_t *d, uint32_t opcode, int32_t bits)
{
    *d = end(opcode, *d, bits);
}

/* The new value of the memory cell (section 5.3); r0 is compared by cmpxchg alone. */
/*@ terminates \true; exits \false; assigns \nothing; */
static uint64_t atomic(int32_t operation, uint64_t old, uint64_t source, uint64_t r0)
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
        if (old == r0)
            return source;
        return old;
    }
}

void atto_bpf_atomic(struct atto_bpf_run *vm, const struct atto_bpf_insn *insn, uint8_t *p, uint32_t bytes)
{
    uint64_t mask = bytes == 4u ? 0xffffffffu : ~(uint64_t)0;
    uint64_t *source = &vm->r[atto_bpf_src(insn->fields)];
    uint64_t old = atto_bpf_load32(p);
    if (bytes != 4u)
        old |= (uint64_t)atto_bpf_load32(p + 4) << 32;
    uint64_t new = atomic(insn->imm, old, *source, vm->r[0] & mask);
    atto_bpf_store32(p, (uint32_t)new);
    if (bytes != 4u)
        atto_bpf_store32(p + 4, (uint32_t)(new >> 32));
    if (insn->imm == ATTO_BPF_ATOMIC_CMPXCHG)
        vm->r[0] = old;
    else if (insn->imm % 2 == ATTO_BPF_ATOMIC_FETCH)
        *source = old;
}

bool atto_bpf_push_frame(struct atto_bpf_run *vm, uint32_t slot, uint32_t frame_bytes)
{
    uint32_t depth = vm->run.depth;
    if (depth >= vm->depth_limit)
        return false;
    struct atto_bpf_frame *frame = &vm->frame[depth];
    /*@ loop invariant 0 <= i <= 4; loop assigns i, frame->saved[0 .. 3]; loop variant 4 - i; */
    for (uint32_t i = 0; i < 4u; i++)
        frame->saved[i] = vm->r[6u + i];
    frame->frame_pointer = (uint32_t)vm->r[10];
    frame->pc = slot;
    vm->r[10] = frame->frame_pointer - (frame_bytes != 0u ? frame_bytes : ATTO_BPF_FRAME_BYTES_MAX);
    vm->run.depth = (uint16_t)(depth + 1u);
    /*@ assert same_frames{Here, Pre}(vm, depth) && same_limit{Here, Pre}(vm) && vm->frame[depth].pc == slot; */
    /*@ assert \forall struct atto_bpf_insn *text, integer count;
            text_apart{Pre}(vm, text, count) ==> unchanged{Here, Pre}(text, count); */
    return true;
}

uint32_t atto_bpf_pop_frame(struct atto_bpf_run *vm)
{
    uint32_t depth = vm->run.depth - 1u;
    const struct atto_bpf_frame *frame = &vm->frame[depth];
    /*@ loop invariant 0 <= i <= 4; loop assigns i, vm->r[6 .. 9]; loop variant 4 - i; */
    for (uint32_t i = 0; i < 4u; i++)
        vm->r[6u + i] = frame->saved[i];
    vm->r[10] = frame->frame_pointer;
    vm->run.depth = (uint16_t)depth;
    return frame->pc;
}
