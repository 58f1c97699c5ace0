/* The instruction set of RFC 9669, without `packet` and `callx`, as one table. Each group holds the instructions that
 * are checked and executed alike; the check, the interpreter, the disassembler and the tests are all made from it.
 *
 * Every row is X(arg, opcode, operation): `arg` is handed through to X, the opcode is the first byte of the
 * instruction, the operation its name in the RFC's appendix. What the other fields may hold is told by the group.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BPF_ISA_H
#define ATTO_BPF_ISA_H

#include <stdint.h>

#include "atto/config.h"

/* One 8-byte slot of the text (RFC 9669 section 3), little-endian; a wide instruction takes two. The small fields stay
 * packed: opcode (8 bits), destination (4), source (4), offset (16, signed). */
struct atto_bpf_insn {
    uint32_t fields;
    int32_t imm;
};
_Static_assert(sizeof(struct atto_bpf_insn) == 8, "a slot has 8 bytes");
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Atto runs eBPF text in place and so needs a little-endian machine"
#endif

#define ATTO_BPF_OPCODE_MAX 0xdeu /* the largest in the table */
#define ATTO_BPF_SLOT_BYTES 8u
#define ATTO_BPF_FRAME_BYTES_MAX 512u

/* Arithmetic, section 4.1. _K: the operand is imm; _X: the operand is the source register. offset is 0. */
#define ATTO_BPF_ALU64_K(X, arg) \
    X(arg, 0x07, add) X(arg, 0x17, sub) X(arg, 0x27, mul) X(arg, 0x47, or) X(arg, 0x57, and) X(arg, 0x67, lsh) \
    X(arg, 0x77, rsh) X(arg, 0xa7, xor) X(arg, 0xb7, mov) X(arg, 0xc7, arsh)
#define ATTO_BPF_ALU64_X(X, arg) \
    X(arg, 0x0f, add) X(arg, 0x1f, sub) X(arg, 0x2f, mul) X(arg, 0x4f, or) X(arg, 0x5f, and) X(arg, 0x6f, lsh) \
    X(arg, 0x7f, rsh) X(arg, 0xaf, xor) X(arg, 0xcf, arsh)
#define ATTO_BPF_ALU32_K(X, arg) \
    X(arg, 0x04, add) X(arg, 0x14, sub) X(arg, 0x24, mul) X(arg, 0x44, or) X(arg, 0x54, and) X(arg, 0x64, lsh) \
    X(arg, 0x74, rsh) X(arg, 0xa4, xor) X(arg, 0xb4, mov) X(arg, 0xc4, arsh)
#define ATTO_BPF_ALU32_X(X, arg) \
    X(arg, 0x0c, add) X(arg, 0x1c, sub) X(arg, 0x2c, mul) X(arg, 0x4c, or) X(arg, 0x5c, and) X(arg, 0x6c, lsh) \
    X(arg, 0x7c, rsh) X(arg, 0xac, xor) X(arg, 0xcc, arsh)

/* Move a register; offset 8, 16 or (64 bits only) 32 extends the sign of so many bits. */
#define ATTO_BPF_MOV64_X(X, arg) X(arg, 0xbf, mov)
#define ATTO_BPF_MOV32_X(X, arg) X(arg, 0xbc, mov)

/* Division; offset 1 makes it signed. */
#define ATTO_BPF_DIV64_K(X, arg) X(arg, 0x37, div) X(arg, 0x97, mod)
#define ATTO_BPF_DIV64_X(X, arg) X(arg, 0x3f, div) X(arg, 0x9f, mod)
#define ATTO_BPF_DIV32_K(X, arg) X(arg, 0x34, div) X(arg, 0x94, mod)
#define ATTO_BPF_DIV32_X(X, arg) X(arg, 0x3c, div) X(arg, 0x9c, mod)

/* No operand but the destination. */
#define ATTO_BPF_NEG64(X, arg) X(arg, 0x87, neg)
#define ATTO_BPF_NEG32(X, arg) X(arg, 0x84, neg)

/* Byte order, section 4.2; imm is 16, 32 or 64. */
#define ATTO_BPF_END(X, arg) X(arg, 0xd4, le) X(arg, 0xdc, be) X(arg, 0xd7, bswap)

/* Conditional jumps, section 4.3; 64-bit and 32-bit comparison. */
#define ATTO_BPF_JMP64_K(X, arg) \
    X(arg, 0x15, jeq) X(arg, 0x25, jgt) X(arg, 0x35, jge) X(arg, 0x45, jset) X(arg, 0x55, jne) X(arg, 0x65, jsgt) \
    X(arg, 0x75, jsge) X(arg, 0xa5, jlt) X(arg, 0xb5, jle) X(arg, 0xc5, jslt) X(arg, 0xd5, jsle)
#define ATTO_BPF_JMP64_X(X, arg) \
    X(arg, 0x1d, jeq) X(arg, 0x2d, jgt) X(arg, 0x3d, jge) X(arg, 0x4d, jset) X(arg, 0x5d, jne) X(arg, 0x6d, jsgt) \
    X(arg, 0x7d, jsge) X(arg, 0xad, jlt) X(arg, 0xbd, jle) X(arg, 0xcd, jslt) X(arg, 0xdd, jsle)
#define ATTO_BPF_JMP32_K(X, arg) \
    X(arg, 0x16, jeq) X(arg, 0x26, jgt) X(arg, 0x36, jge) X(arg, 0x46, jset) X(arg, 0x56, jne) X(arg, 0x66, jsgt) \
    X(arg, 0x76, jsge) X(arg, 0xa6, jlt) X(arg, 0xb6, jle) X(arg, 0xc6, jslt) X(arg, 0xd6, jsle)
#define ATTO_BPF_JMP32_X(X, arg) \
    X(arg, 0x1e, jeq) X(arg, 0x2e, jgt) X(arg, 0x3e, jge) X(arg, 0x4e, jset) X(arg, 0x5e, jne) X(arg, 0x6e, jsgt) \
    X(arg, 0x7e, jsge) X(arg, 0xae, jlt) X(arg, 0xbe, jle) X(arg, 0xce, jslt) X(arg, 0xde, jsle)

/* Jumps without a condition: by offset, by imm. */
#define ATTO_BPF_JA(X, arg) X(arg, 0x05, ja)
#define ATTO_BPF_JA32(X, arg) X(arg, 0x06, ja)

/* source 0: host call number imm. source 1: local call of the slot imm behind the next one; offset is the caller's
 * frame size if the image has a function table, else 0. */
#define ATTO_BPF_CALL(X, arg) X(arg, 0x85, call)
#define ATTO_BPF_EXIT(X, arg) X(arg, 0x95, exit)

/* Memory, section 5.1 to 5.2: load, load with sign, store imm, store register; b, h, w, dw: 1, 2, 4, 8 bytes. */
#define ATTO_BPF_LDX(X, arg) X(arg, 0x71, b) X(arg, 0x69, h) X(arg, 0x61, w) X(arg, 0x79, dw)
#define ATTO_BPF_LDXS(X, arg) X(arg, 0x91, b) X(arg, 0x89, h) X(arg, 0x81, w)
#define ATTO_BPF_ST(X, arg) X(arg, 0x72, b) X(arg, 0x6a, h) X(arg, 0x62, w) X(arg, 0x7a, dw)
#define ATTO_BPF_STX(X, arg) X(arg, 0x73, b) X(arg, 0x6b, h) X(arg, 0x63, w) X(arg, 0x7b, dw)

/* Atomic operations, section 5.3; imm is one of enum atto_bpf_atomic, all but the exchanges with or without fetch. */
#define ATTO_BPF_ATOMIC(X, arg) X(arg, 0xc3, w) X(arg, 0xdb, dw)
enum atto_bpf_atomic {
    ATTO_BPF_ATOMIC_ADD = 0x00,
    ATTO_BPF_ATOMIC_OR = 0x40,
    ATTO_BPF_ATOMIC_AND = 0x50,
    ATTO_BPF_ATOMIC_XOR = 0xa0,
    ATTO_BPF_ATOMIC_FETCH = 0x01,
    ATTO_BPF_ATOMIC_XCHG = 0xe1,
    ATTO_BPF_ATOMIC_CMPXCHG = 0xf1
};

/* Wide instructions, section 5.4: load 64 bits. The other two are Femto-Container's, known in its images alone: the
 * constant is added to the address of the data, or of the read-only data. */
#define ATTO_BPF_LDDW(X, arg) X(arg, 0x18, lddw)
#define ATTO_BPF_LDDW_FEMTO(X, arg) X(arg, 0xb8, lddwd) X(arg, 0xd8, lddwr)

/* All groups: G(group) is expanded for each. The wide ones come last. */
#define ATTO_BPF_GROUPS(G) \
    G(ALU64_K) G(ALU64_X) G(ALU32_K) G(ALU32_X) G(MOV64_X) G(MOV32_X) G(DIV64_K) G(DIV64_X) G(DIV32_K) G(DIV32_X) \
    G(NEG64) G(NEG32) G(END) G(JMP64_K) G(JMP64_X) G(JMP32_K) G(JMP32_X) G(JA) G(JA32) G(CALL) G(EXIT) G(LDX) \
    G(LDXS) G(ST) G(STX) G(ATOMIC) G(LDDW) G(LDDW_FEMTO)

/* The group of an instruction; 0 is "no such instruction". */
enum atto_bpf_group {
    ATTO_BPF_GROUP_NONE,
#define ATTO_BPF_GROUP_ENUM(group) ATTO_BPF_GROUP_##group,
    ATTO_BPF_GROUPS(ATTO_BPF_GROUP_ENUM)
#undef ATTO_BPF_GROUP_ENUM
    ATTO_BPF_GROUP_COUNT
};

/* Operation of ALU and jump instructions: the upper half of the opcode (sections 4.1 and 4.3). */
enum atto_bpf_alu {
    ATTO_BPF_ADD = 0x0, ATTO_BPF_SUB = 0x1, ATTO_BPF_MUL = 0x2, ATTO_BPF_DIV = 0x3, ATTO_BPF_OR = 0x4,
    ATTO_BPF_AND = 0x5, ATTO_BPF_LSH = 0x6, ATTO_BPF_RSH = 0x7, ATTO_BPF_NEG = 0x8, ATTO_BPF_MOD = 0x9,
    ATTO_BPF_XOR = 0xa, ATTO_BPF_MOV = 0xb, ATTO_BPF_ARSH = 0xc
};
enum atto_bpf_jump {
    ATTO_BPF_JEQ = 0x1, ATTO_BPF_JGT = 0x2, ATTO_BPF_JGE = 0x3, ATTO_BPF_JSET = 0x4, ATTO_BPF_JNE = 0x5,
    ATTO_BPF_JSGT = 0x6, ATTO_BPF_JSGE = 0x7, ATTO_BPF_JLT = 0xa, ATTO_BPF_JLE = 0xb, ATTO_BPF_JSLT = 0xc,
    ATTO_BPF_JSLE = 0xd
};

/* The packed fields of a slot. */
/*@ terminates \true; exits \false; assigns \nothing; ensures \result == fields % 256; */
static inline uint32_t atto_bpf_opcode(uint32_t fields)
{
    return fields % 256u;
}

/*@ terminates \true; exits \false; assigns \nothing; ensures \result == fields / 256 % 16; */
static inline uint32_t atto_bpf_dst(uint32_t fields)
{
    return fields / 256u % 16u;
}

/*@ terminates \true; exits \false; assigns \nothing; ensures \result == fields / 4096 % 16; */
static inline uint32_t atto_bpf_src(uint32_t fields)
{
    return fields / 4096u % 16u;
}

/*@ terminates \true; exits \false; assigns \nothing; ensures \result == (int16_t)(fields / 65536); */
static inline int32_t atto_bpf_offset(uint32_t fields)
{
    return (int16_t)(fields / 65536u);
}

#endif
