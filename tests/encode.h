/* eBPF instructions as constants, written out from RFC 9669 section 3 and 4 for the tests. The tests must not take
 * their encodings from the instruction table that they judge, so this file includes nothing of src/.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENCODE_H
#define TESTS_ENCODE_H

#include <stdint.h>

/* Programs are written as arrays of 64-bit slots, which are the wire format on little-endian machines alone. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the tests need a little-endian machine"
#endif

#define SLOT(opcode, dst, src, offset, immediate)                                                    \
    ((uint64_t)(uint8_t)(opcode) | (uint64_t)((uint32_t)(dst)&15u) << 8 |                            \
     (uint64_t)((uint32_t)(src)&15u) << 12 | (uint64_t)(uint16_t)(offset) << 16 |                    \
     (uint64_t)(uint32_t)(immediate) << 32)

/* Arithmetic (section 4.1): the operation is the upper half of the opcode. */
enum {
    OP_ADD = 0x00, OP_SUB = 0x10, OP_MUL = 0x20, OP_DIV = 0x30, OP_OR = 0x40, OP_AND = 0x50, OP_LSH = 0x60,
    OP_RSH = 0x70, OP_NEG = 0x80, OP_MOD = 0x90, OP_XOR = 0xa0, OP_MOV = 0xb0, OP_ARSH = 0xc0, OP_END = 0xd0
};
#define ALU32_IMM(op, dst, imm) SLOT(0x04 | (op), dst, 0, 0, imm)
#define ALU32_REG(op, dst, src) SLOT(0x0c | (op), dst, src, 0, 0)
#define ALU64_IMM(op, dst, imm) SLOT(0x07 | (op), dst, 0, 0, imm)
#define ALU64_REG(op, dst, src) SLOT(0x0f | (op), dst, src, 0, 0)
#define MOV(dst, imm) ALU64_IMM(OP_MOV, dst, imm)
#define MOV_REG(dst, src) ALU64_REG(OP_MOV, dst, src)
#define ADD(dst, imm) ALU64_IMM(OP_ADD, dst, imm)
#define ADD_REG(dst, src) ALU64_REG(OP_ADD, dst, src)

/* Jumps (section 4.3). */
enum {
    IF_EQ = 0x10, IF_GT = 0x20, IF_GE = 0x30, IF_SET = 0x40, IF_NE = 0x50, IF_SGT = 0x60, IF_SGE = 0x70, IF_LT = 0xa0,
    IF_LE = 0xb0, IF_SLT = 0xc0, IF_SLE = 0xd0
};
#define JUMP_IMM(cond, dst, imm, offset) SLOT(0x05 | (cond), dst, 0, offset, imm)
#define JUMP_REG(cond, dst, src, offset) SLOT(0x0d | (cond), dst, src, offset, 0)
#define JUMP32_IMM(cond, dst, imm, offset) SLOT(0x06 | (cond), dst, 0, offset, imm)
#define JUMP32_REG(cond, dst, src, offset) SLOT(0x0e | (cond), dst, src, offset, 0)
#define JUMP(offset) SLOT(0x05, 0, 0, offset, 0)
#define JUMP_LONG(imm) SLOT(0x06, 0, 0, 0, imm)
#define CALL(number) SLOT(0x85, 0, 0, 0, number)
/* frame_bytes: of the calling function, if the image has a function table; else 0 (docs/SPEC.md). */
#define CALL_LOCAL(imm) SLOT(0x85, 0, 1, 0, imm)
#define CALL_FRAME(imm, frame_bytes) SLOT(0x85, 0, 1, frame_bytes, imm)
#define EXIT SLOT(0x95, 0, 0, 0, 0)

/* Memory (section 5). */
enum { SIZE_W = 0x00, SIZE_H = 0x08, SIZE_B = 0x10, SIZE_DW = 0x18 };
#define LOAD(size, dst, src, offset) SLOT(0x61 | (size), dst, src, offset, 0)
#define LOAD_SIGNED(size, dst, src, offset) SLOT(0x81 | (size), dst, src, offset, 0)
#define STORE(size, dst, src, offset) SLOT(0x63 | (size), dst, src, offset, 0)
#define STORE_IMM(size, dst, offset, imm) SLOT(0x62 | (size), dst, 0, offset, imm)

/* Atomic operations (section 5.3): the operation is the immediate; size W or DW. */
enum {
    ATOMIC_ADD = 0x00, ATOMIC_OR = 0x40, ATOMIC_AND = 0x50, ATOMIC_XOR = 0xa0, ATOMIC_FETCH = 0x01,
    ATOMIC_EXCHANGE = 0xe1, ATOMIC_COMPARE = 0xf1
};
#define ATOMIC(size, op, dst, src, offset) SLOT(0xc3 | (size), dst, src, offset, op)

/* The 64-bit constant load (section 5.4): two slots. */
#define WIDE(dst, value) SLOT(0x18, dst, 0, 0, (uint64_t)(value)), SLOT(0, 0, 0, 0, (uint64_t)(value) >> 32)

/* Guest addresses: the region's number and an offset. */
#define ADDRESS(region, offset) ((uint32_t)(region) << 28 | (uint32_t)(offset))
enum { REGION_STACK = 1, REGION_DATA = 2, REGION_RODATA = 3, REGION_CONTEXT = 4, REGION_WINDOW = 5 };

#endif
