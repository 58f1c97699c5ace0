/* What each instruction computes, against the reference model: every opcode and field accepted or refused as RFC 9669
 * says, every operation on the values where operations go wrong, with every pair of registers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "harness.h"
#include "pair.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define REGISTER_BYTES 80u /* the context holds r0 to r9 */

static const uint64_t edges[] = {
    0, 1, 0xffffffffffffffff, 0x8000000000000000, 0x80000000, 0x7fffffff, 0xffffffff, 2, 0x7fffffffffffffff,
    0x123456789abcdef0,
#ifndef HARNESS_BOARD
    3, 7, 0x7f, 0x80, 0xff, 0x8000, 0xffff, 0x100000000, 0xffffffff80000000, 0xffffffff7fffffff, 0xfffffffffffffffe,
    0x8000000000000001, 0x00000001ffffffff, 31, 32, 63, 64,
#endif
};

static const int32_t immediates[] = {
    0, 1, -1, INT32_MIN, INT32_MAX, 16,
#ifndef HARNESS_BOARD
    2, 3, 7, -2, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 0x8000, 0xffff, 0x12345678,
#endif
};

/* An instruction under test: registers come from the context, then it runs, then the program ends. A taken jump of
 * distance 1 skips an instruction that shows in r0. */
struct probe {
    uint64_t slots[16];
    struct pair pair;
};

static bool probe_open(struct probe *probe, uint64_t insn, bool is_wide, uint64_t second)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < 10u; i++)
        if (i != 1u)
            probe->slots[at++] = LOAD(SIZE_DW, i, 1, 8 * (int32_t)i);
    probe->slots[at++] = LOAD(SIZE_DW, 1, 1, 8);
    probe->slots[at++] = insn;
    if (is_wide)
        probe->slots[at++] = second;
    probe->slots[at++] = ALU64_IMM(OP_XOR, 0, 0x5555);
    probe->slots[at++] = EXIT;
    return pair_open(&probe->pair, probe->slots, at, REGISTER_BYTES);
}

/* Runs it with a in register ra and b in register rb (b wins); the other registers hold values of their own. */
static void probe_values(struct probe *probe, uint32_t ra, uint64_t a, uint32_t rb, uint64_t b)
{
    uint64_t r[10];
    for (uint32_t i = 0; i < 10u; i++)
        r[i] = 0x0101010101010101u * (i + 1u);
    if (ra < 10u)
        r[ra] = a;
    if (rb < 10u)
        r[rb] = b;
    memcpy(probe->pair.guest_context, r, sizeof r);
    pair_start(&probe->pair);
    EQUAL(pair_resume(&probe->pair, 1000), ATTO_DONE);
}

/* All pairs of edge values for one pair of registers. */
static void probe_all_edges(struct probe *probe, uint32_t dst, uint32_t src)
{
    for (uint32_t i = 0; i < COUNT(edges) && !harness_failed(); i++)
        for (uint32_t k = 0; k < COUNT(edges) && !harness_failed(); k++)
            probe_values(probe, dst, edges[i], src, edges[k]);
}

/* One instruction with a source register: all values with two pairs of registers, some with all pairs. */
static void probe_register_form(uint32_t opcode, uint32_t offset, bool dst_may_be_r10)
{
    static struct probe probe;
    for (uint32_t dst = 0; dst < (dst_may_be_r10 ? 11u : 10u) && !harness_failed(); dst++) {
        for (uint32_t src = 0; src < 11u && !harness_failed(); src++) {
            harness_case(opcode, offset);
            if (!probe_open(&probe, SLOT(opcode, dst, src, offset, 0), false, 0))
                return;
            if ((dst == 3u && src == 7u) || (dst == 4u && src == 4u))
                probe_all_edges(&probe, dst, src);
            for (uint32_t i = 0; i < 6u && !harness_failed(); i++)
                probe_values(&probe, dst, edges[i], src, edges[5u - i]);
        }
    }
}

static void probe_immediate_form(uint32_t opcode, uint32_t offset, int32_t imm, bool dst_may_be_r10)
{
    static struct probe probe;
    for (uint32_t dst = 0; dst < (dst_may_be_r10 ? 11u : 10u) && !harness_failed(); dst++) {
        harness_case(opcode, (uint32_t)imm);
        if (!probe_open(&probe, SLOT(opcode, dst, 0, offset, imm), false, 0))
            return;
        for (uint32_t i = 0; i < (dst == 5u ? COUNT(edges) : 6u) && !harness_failed(); i++)
            probe_values(&probe, dst, edges[i], dst, edges[i]);
    }
}

static void arithmetic_with_registers(void)
{
    static const uint8_t operations[] = { OP_ADD, OP_SUB, OP_MUL, OP_OR, OP_AND, OP_LSH, OP_RSH, OP_XOR, OP_ARSH };
    for (uint32_t i = 0; i < COUNT(operations) && !harness_failed(); i++) {
        probe_register_form(0x0fu | operations[i], 0, false);
        probe_register_form(0x0cu | operations[i], 0, false);
    }
}

static void arithmetic_with_immediates(void)
{
    static const uint8_t operations[] = { OP_ADD, OP_SUB, OP_MUL, OP_OR, OP_AND, OP_LSH, OP_RSH, OP_XOR, OP_MOV,
                                          OP_ARSH };
    for (uint32_t i = 0; i < COUNT(operations) && !harness_failed(); i++) {
        for (uint32_t k = 0; k < COUNT(immediates) && !harness_failed(); k++) {
            probe_immediate_form(0x07u | operations[i], 0, immediates[k], false);
            probe_immediate_form(0x04u | operations[i], 0, immediates[k], false);
        }
    }
}

static void divisions(void)
{
    static const uint8_t opcodes[] = { 0x37, 0x97, 0x34, 0x94 };
    for (uint32_t i = 0; i < COUNT(opcodes) && !harness_failed(); i++) {
        for (uint32_t is_signed = 0; is_signed < 2u && !harness_failed(); is_signed++) {
            probe_register_form(opcodes[i] | 8u, is_signed, false);
            for (uint32_t k = 0; k < COUNT(immediates) && !harness_failed(); k++)
                probe_immediate_form(opcodes[i], is_signed, immediates[k], false);
        }
    }
}

/* The RFC's own words, not the model's: section 4.1. */
static void division_by_zero_and_overflow(void)
{
    const uint64_t many = 0x1122334455667788, lowest = 0x8000000000000000;
    EQUAL(guest_value(SLOTS(MOV(0, 7), MOV(1, 0), ALU64_REG(OP_DIV, 0, 1), EXIT)), 0);
    EQUAL(guest_value(SLOTS(WIDE(0, many), MOV(1, 0), ALU64_REG(OP_MOD, 0, 1), EXIT)), many);
    EQUAL(guest_value(SLOTS(WIDE(0, many), MOV(1, 0), ALU32_REG(OP_DIV, 0, 1), EXIT)), 0);
    EQUAL(guest_value(SLOTS(WIDE(0, many), MOV(1, 0), ALU32_REG(OP_MOD, 0, 1), EXIT)), 0x55667788);
    EQUAL(guest_value(SLOTS(WIDE(0, lowest), MOV(1, -1), SLOT(0x3f, 0, 1, 1, 0), EXIT)), lowest);
    EQUAL(guest_value(SLOTS(WIDE(0, lowest), MOV(1, -1), SLOT(0x9f, 0, 1, 1, 0), EXIT)), 0);
    EQUAL(guest_value(SLOTS(WIDE(0, 0x80000000), MOV(1, -1), SLOT(0x3c, 0, 1, 1, 0), EXIT)), 0x80000000);
    EQUAL(guest_value(SLOTS(WIDE(0, 0x80000000), MOV(1, -1), SLOT(0x9c, 0, 1, 1, 0), EXIT)), 0);
    EQUAL(guest_value(SLOTS(MOV(0, -13), SLOT(0x37, 0, 0, 1, 4), EXIT)), -3);
    EQUAL(guest_value(SLOTS(MOV(0, -13), SLOT(0x97, 0, 0, 1, 4), EXIT)), -1);
    EQUAL(guest_value(SLOTS(MOV(0, 13), SLOT(0x97, 0, 0, 1, -4), EXIT)), 1);
    EQUAL(guest_value(SLOTS(MOV(0, 5), ALU64_IMM(OP_DIV, 0, 0), EXIT)), 0);
}

static void shift_counts_0_to_255(void)
{
    static struct probe probe;
    static const uint8_t operations[] = { OP_LSH, OP_RSH, OP_ARSH };
    for (uint32_t i = 0; i < COUNT(operations); i++) {
        for (uint32_t class = 4; class <= 7u; class += 3u) {
            if (!probe_open(&probe, SLOT(operations[i] | class | 8u, 2, 8, 0, 0), false, 0))
                return;
            for (uint32_t count = 0; count < 256u && !harness_failed(); count += ON_LINUX_OR_BOARD(1, 5))
                for (uint32_t k = 2; k < 7u && !harness_failed(); k++)
                    probe_values(&probe, 2, edges[k], 8, count);
            for (uint32_t count = 0; count < 256u && !harness_failed(); count += ON_LINUX_OR_BOARD(1, 31)) {
                if (!probe_open(&probe, SLOT(operations[i] | class, 2, 0, 0, count), false, 0))
                    return;
                for (uint32_t k = 2; k < 7u && !harness_failed(); k++)
                    probe_values(&probe, 2, edges[k], 2, edges[k]);
            }
            GO_ON();
        }
    }
}

static void moves_with_sign_extension(void)
{
    static const uint8_t bits[] = { 0, 8, 16, 32 };
    for (uint32_t i = 0; i < COUNT(bits) && !harness_failed(); i++) {
        probe_register_form(0xbf, bits[i], false);
        if (bits[i] != 32)
            probe_register_form(0xbc, bits[i], false);
    }
}

static void negation_and_byte_order(void)
{
    static const uint8_t opcodes[] = { 0xd4, 0xdc, 0xd7 };
    probe_immediate_form(0x84, 0, 0, false);
    probe_immediate_form(0x87, 0, 0, false);
    for (uint32_t i = 0; i < COUNT(opcodes) && !harness_failed(); i++)
        for (int32_t bits = 16; bits <= 64 && !harness_failed(); bits *= 2)
            probe_immediate_form(opcodes[i], 0, bits, false);
}

static void conditional_jumps(void)
{
    static const uint8_t conditions[] = { IF_EQ, IF_GT, IF_GE, IF_SET, IF_NE, IF_SGT, IF_SGE, IF_LT, IF_LE, IF_SLT,
                                          IF_SLE };
    for (uint32_t i = 0; i < COUNT(conditions) && !harness_failed(); i++) {
        for (uint32_t class = 5; class <= 6u && !harness_failed(); class++) {
            probe_register_form(class | 8u | conditions[i], 1, true);
            for (uint32_t k = 0; k < COUNT(immediates) && !harness_failed(); k++)
                probe_immediate_form(class | conditions[i], 1, immediates[k], true);
        }
    }
}

static void wide_constants(void)
{
    static struct probe probe;
    static const uint64_t extra[] = { 0x180000000, 0x1ffffffff, 0xdeadbeef00000000, 0x00000000deadbeef };
    for (uint32_t dst = 0; dst < 10u; dst++) {
        for (uint32_t i = 0; i < COUNT(edges) + COUNT(extra) && !harness_failed(); i++) {
            uint64_t value = i < COUNT(edges) ? edges[i] : extra[i - COUNT(edges)];
            const uint64_t slots[2] = { WIDE(dst, value) };
            if (!probe_open(&probe, slots[0], true, slots[1]))
                return;
            probe_values(&probe, dst, 0, dst, 0);
            if (dst != 0)
                EQUAL(atto_bpf_register(probe.pair.guest.run, dst), value);
        }
    }
}

/* Is the instruction at slot 4 of this text defined? The model says so by carrying it out. */
static bool model_accepts(const uint64_t *slots, uint32_t slot_count)
{
    static uint8_t memory[64];
    struct reference model = { .text = (const uint8_t *)slots, .slot_count = slot_count, .default_frame_bytes = 512,
                               .depth_max = 8, .call = guest_reference_call };
    model.region[REGION_STACK] = (struct reference_region){ memory, sizeof memory, true };
    reference_start(&model, 0);
    for (uint32_t i = 0; i < 4u; i++)
        reference_step(&model);
    enum reference_outcome outcome = reference_step(&model);
    uint64_t insn = slots[4];
    if ((insn & 0xf0ff) == 0x85 && outcome == REFERENCE_CALL_FAILED)
        return insn >> 32 == GENERATED_CALL_FAIL;
    return outcome != REFERENCE_ILLEGAL;
}

static void every_encoding_is_refused_or_defined(void)
{
    static const int32_t dsts[] = { 0, 10, 11, ON_LINUX_OR_BOARD(9, 0), ON_LINUX_OR_BOARD(15, 0) };
    static const int32_t srcs[] = { 0, 10, 1, ON_LINUX_OR_BOARD(2, 0), ON_LINUX_OR_BOARD(11, 0) };
    static const int32_t offsets[] = { 0, 1, 16, -1, ON_LINUX_OR_BOARD(2, 0), ON_LINUX_OR_BOARD(8, 0),
                                       ON_LINUX_OR_BOARD(32, 0) };
    static const int32_t imms[] = { 0, 16, 0xe1, 1, 0x40, 0x41, 0xf1, 0xf0, 4, 32, 64, -1, 0x51, 0xa0, 0xa1, 0xb1 };
    const uint32_t imm_count = ON_LINUX_OR_BOARD(COUNT(imms), 3), src_count = ON_LINUX_OR_BOARD(COUNT(srcs), 2);
    const uint32_t dst_count = ON_LINUX_OR_BOARD(COUNT(dsts), 2), offset_count = ON_LINUX_OR_BOARD(COUNT(offsets), 4);
    uint64_t slots[48];
    for (uint32_t i = 0; i < COUNT(slots); i++)
        slots[i] = i + 1u < COUNT(slots) ? MOV(1, 1) : EXIT;
    for (uint32_t k = 0; k < 256u * dst_count * src_count * offset_count * imm_count; k++) {
        uint32_t opcode = k % 256u, rest = k / 256u;
        int32_t dst = dsts[rest % dst_count], src = srcs[rest / dst_count % src_count];
        int32_t offset = offsets[rest / dst_count / src_count % offset_count];
        int32_t imm = imms[rest / dst_count / src_count / offset_count];
        bool is_wide = opcode == 0x18u || opcode == 0xb8u || opcode == 0xd8u;
        slots[4] = SLOT(opcode, dst, src, offset, imm);
        slots[5] = is_wide ? SLOT(0, 0, 0, 0, 7) : MOV(1, 1);
        harness_case(opcode, slots[4] >> 8);
        EQUAL(guest_refusal(slots, COUNT(slots)) == ATTO_OK, model_accepts(slots, COUNT(slots)));
    }
}

static const struct harness_test tests[] = {
    TEST(every_encoding_is_refused_or_defined, "The check accepts an instruction if and only if the RFC defines it."),
    TEST(arithmetic_with_registers, "Arithmetic on registers is the model's, for edge values and all register pairs."),
    TEST(arithmetic_with_immediates, "Arithmetic with immediates is the model's, for edge values and all registers."),
    TEST(divisions, "Divisions, signed and unsigned, are the model's, zero and overflow included."),
    TEST(division_by_zero_and_overflow, "Division by zero and the overflowing division give what the RFC says."),
    TEST(shift_counts_0_to_255, "Shift counts are taken modulo the width, whatever the register holds."),
    TEST(moves_with_sign_extension, "Moves that extend a sign do so from the right bit."),
    TEST(negation_and_byte_order, "Negation and byte swaps are the model's in all widths."),
    TEST(conditional_jumps, "Each comparison, in both widths and both forms, is taken exactly when the model's is."),
    TEST(wide_constants, "A wide load puts exactly its 64 bits into the register."),
};
HARNESS_MAIN(tests)
