/* The pre-flight check: for every reason to refuse a program, the smallest program that gives it and the nearest
 * neighbour that is accepted; where the refusal points to; and what the receipt says.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "guest.h"
#include "harness.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

/* A program of a few slots, why it is refused and where. ATTO_OK: it is accepted. */
struct verdict {
    enum atto_status status;
    uint32_t at;
    uint32_t slot_count;
    uint64_t slots[6];
};
#define PROGRAM(...) sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8u, { __VA_ARGS__ }

static void judge(const struct verdict *verdicts, uint32_t count)
{
    static struct guest guest;
    for (uint32_t i = 0; i < count; i++) {
        harness_case(i, 0);
        guest_begin(&guest, verdicts[i].slots, verdicts[i].slot_count);
        EQUAL(guest_check(&guest), verdicts[i].status);
        EQUAL(guest.refusal.status, verdicts[i].status);
        EQUAL(guest.refusal.at, verdicts[i].at);
    }
}

static void text_length(void)
{
    static struct guest guest;
    static const uint64_t slots[2] = { MOV(0, 0), EXIT };
    for (uint32_t len = 0; len <= 16u; len++) {
        guest_begin(&guest, slots, 2);
        guest.image.text.len = len;
        harness_case(len, 0);
        EQUAL(guest_check(&guest), len == 16u ? ATTO_OK : len == 8u ? ATTO_E_FALL_OFF : ATTO_E_TEXT_LENGTH);
    }
    for (uint32_t shift = 0; shift < 8u; shift++) {
        static uint64_t shifted[4];
        memcpy((uint8_t *)shifted + shift, slots, 16);
        guest_begin(&guest, shifted, 2);
        guest.image.text.ptr += shift;
        EQUAL(guest_check(&guest), shift % 4u == 0 ? ATTO_OK : ATTO_E_ALIGNMENT);
    }
}

static void text_too_long(void)
{
    static struct guest guest;
    const uint32_t slots = ATTO_BPF_MAX_SLOTS + 1u;
    uint64_t *text = malloc(slots * 8u);
    if (text == NULL) {
        harness_skip("the board has too little memory");
        return;
    }
    for (uint32_t i = 0; i < slots; i++)
        text[i] = EXIT;
    guest_begin(&guest, text, slots);
    enum atto_status over = guest_check(&guest);
    guest_begin(&guest, text, slots - 1u);
    enum atto_status just = guest_check(&guest);
    free(text);
    EQUAL(over, ATTO_E_TEXT_LENGTH);
    EQUAL(just, ATTO_OK);
}

static void sections_too_long(void)
{
    static struct guest guest;
    guest_begin(&guest, SLOTS(EXIT));
    guest.image.bss_bytes = ATTO_BPF_REGION_MAX;
    EQUAL(guest_check(&guest), ATTO_OK);
    guest.image.bss_bytes = ATTO_BPF_REGION_MAX + 1u;
    EQUAL(guest_check(&guest), ATTO_E_LENGTH);
    guest.image.bss_bytes = 0xffffffffu;
    guest.image.data = (struct atto_span){ (const uint8_t *)"x", 1 };
    EQUAL(guest_check(&guest), ATTO_E_LENGTH);
    guest.image.bss_bytes = 0;
    guest.image.data.len = ATTO_BPF_REGION_MAX + 1u;
    EQUAL(guest_check(&guest), ATTO_E_LENGTH);
    guest.image.data.len = 1;
    guest.image.rodata = (struct atto_span){ (const uint8_t *)"x", ATTO_BPF_REGION_MAX + 1u };
    EQUAL(guest_check(&guest), ATTO_E_LENGTH);
}

static void opcodes(void)
{
    static const struct verdict verdicts[] = {
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x8d, 0, 1, 0, 0), EXIT) },     /* call by register */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x20, 0, 0, 0, 0), EXIT) },     /* packet access, absolute */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x40, 0, 0, 0, 0), EXIT) },     /* packet access, indirect */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x00, 0, 0, 0, 0), EXIT) },     /* second half of nothing */
        { ATTO_E_OPCODE, 1, PROGRAM(MOV(0, 0), SLOT(0, 0, 0, 0, 0), EXIT) },
        { ATTO_E_OPCODE, 2, PROGRAM(WIDE(0, 1), SLOT(0, 0, 0, 0, 0), EXIT) },
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0xdf, 0, 0, 0, 16), EXIT) },    /* byte swap in the register form */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x8f, 0, 0, 0, 0), EXIT) },     /* negation in the register form */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x8c, 0, 0, 0, 0), EXIT) },
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x96, 0, 0, 0, 0), EXIT) },     /* exit and call in the 32-bit class */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x86, 0, 0, 0, 5), EXIT) },
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x99, 0, 1, 0, 0), EXIT) },     /* signed load of 64 bits */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0xcb, 0, 1, 0, 0), EXIT) },     /* atomic on 16 bits */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0xd3, 0, 1, 0, 0), EXIT) },     /* atomic on 8 bits */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0xb8, 0, 0, 0, 0), 0, EXIT) },  /* Femto-Container's, in no such image */
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0xd8, 0, 0, 0, 0), 0, EXIT) },
        { ATTO_E_OPCODE, 0, PROGRAM(SLOT(0x85, 0, 2, 0, 5), EXIT) },     /* call of a BTF number */
        { ATTO_OK, 0, PROGRAM(SLOT(0x87, 0, 0, 0, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(SLOT(0xd7, 0, 0, 0, 16), EXIT) },
        { ATTO_OK, 0, PROGRAM(SLOT(0x81, 0, 1, 0, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(SLOT(0x18, 0, 0, 0, 0), 0, EXIT) },
        { ATTO_OK, 0, PROGRAM(SLOT(0x85, 0, 0, 0, 5), EXIT) },
    };
    judge(verdicts, COUNT(verdicts));
}

static void registers(void)
{
    static const uint8_t opcodes_used[] = { 0x07, 0x0f, 0x04, 0x0c, 0xbf, 0xbc, 0x37, 0x3f, 0x34, 0x3c, 0x87, 0x84,
                                            0xd4, 0x15, 0x1d, 0x16, 0x1e, 0x71, 0x91, 0x72, 0x73, 0xc3, 0xdb, 0x05,
                                            0x06, 0x85, 0x95, 0x18 };
    for (uint32_t i = 0; i < COUNT(opcodes_used); i++) {
        for (uint32_t number = 11; number < 16u; number++) {
            const int32_t imm = opcodes_used[i] == 0xd4 ? 16 : 0;
            const uint64_t second = opcodes_used[i] == 0x18 ? 0 : EXIT;
            harness_case(opcodes_used[i], number);
            EQUAL(guest_refusal(SLOTS(SLOT(opcodes_used[i], number, 0, 0, imm), second, EXIT)), ATTO_E_REGISTER);
            EQUAL(guest_refusal(SLOTS(SLOT(opcodes_used[i], 0, number, 0, imm), second, EXIT)), ATTO_E_REGISTER);
        }
    }
    EQUAL(guest_refusal(SLOTS(ALU64_REG(OP_ADD, 9, 10), EXIT)), ATTO_OK);
    EQUAL(guest_refusal(SLOTS(STORE(SIZE_DW, 10, 10, -8), EXIT)), ATTO_OK);
}

static void writes_to_r10(void)
{
    static const struct verdict verdicts[] = {
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(MOV(10, 0), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(ADD_REG(10, 1), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(ALU32_IMM(OP_SUB, 10, 8), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(MOV_REG(10, 1), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(SLOT(0x87, 10, 0, 0, 0), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(SLOT(0xdc, 10, 0, 0, 64), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(ALU64_IMM(OP_DIV, 10, 1), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(LOAD(SIZE_DW, 10, 1, 0), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(LOAD_SIGNED(SIZE_B, 10, 1, 0), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(WIDE(10, 0), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(ATOMIC(SIZE_DW, ATOMIC_ADD | ATOMIC_FETCH, 1, 10, 0), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(ATOMIC(SIZE_W, ATOMIC_XOR | ATOMIC_FETCH, 1, 10, 0), EXIT) },
        { ATTO_E_FRAME_WRITE, 0, PROGRAM(ATOMIC(SIZE_DW, ATOMIC_EXCHANGE, 1, 10, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(ATOMIC(SIZE_DW, ATOMIC_ADD, 1, 10, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(ATOMIC(SIZE_DW, ATOMIC_COMPARE, 10, 10, -8), EXIT) },
        { ATTO_OK, 0, PROGRAM(ATOMIC(SIZE_DW, ATOMIC_EXCHANGE, 10, 9, -8), EXIT) },
        { ATTO_OK, 0, PROGRAM(JUMP_IMM(IF_EQ, 10, 0, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(STORE_IMM(SIZE_DW, 10, -8, 0), EXIT) },
    };
    judge(verdicts, COUNT(verdicts));
}

/* Each reserved field of each form, set to something. */
static void reserved_fields(void)
{
    static const struct verdict verdicts[] = {
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x07, 0, 1, 0, 0), EXIT) },   /* immediate form: source, offset */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x07, 0, 0, 1, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0xb4, 0, 0, 8, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0xb7, 0, 0, 32, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x0f, 0, 1, 0, 1), EXIT) },   /* register form: immediate, offset */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x0c, 0, 1, 1, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0xbc, 0, 1, 32, 0), EXIT) },  /* moves with sign: 8, 16, in 64 bits 32 */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0xbf, 0, 1, 64, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0xbf, 0, 1, 1, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0xbf, 0, 1, -8, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x37, 0, 0, 2, 1), EXIT) },   /* division: offset 0 or 1 */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x9c, 0, 0, -1, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x87, 0, 1, 0, 0), EXIT) },   /* negation */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x84, 0, 0, 1, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x84, 0, 0, 0, 1), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0xd4, 0, 1, 0, 16), EXIT) },  /* byte order */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0xd7, 0, 0, 1, 16), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x15, 0, 1, 0, 0), EXIT) },   /* jumps */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x1e, 0, 1, 0, 1), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x05, 1, 0, 0, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x05, 0, 1, 0, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x05, 0, 0, 0, 1), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x06, 0, 0, 1, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x95, 1, 0, 0, 0)) },         /* exit */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x95, 0, 1, 0, 0)) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x95, 0, 0, 1, 0)) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x95, 0, 0, 0, 1)) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x85, 1, 0, 0, 5), EXIT) },   /* calls */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x85, 0, 0, 1, 5), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x85, 0, 1, 1, 0), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x71, 0, 1, 0, 1), EXIT) },   /* memory */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x91, 0, 1, 0, 1), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x7b, 1, 1, 0, 1), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x7a, 1, 1, 0, 1), EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x18, 0, 1, 0, 0), 0, EXIT) }, /* map numbers and the like */
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x18, 0, 6, 0, 0), 0, EXIT) },
        { ATTO_E_RESERVED, 0, PROGRAM(SLOT(0x18, 0, 0, 1, 0), 0, EXIT) },
        { ATTO_OK, 0, PROGRAM(SLOT(0xbf, 0, 1, 32, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(SLOT(0xbc, 0, 1, 16, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(SLOT(0x37, 0, 0, 1, 1), EXIT) },
        { ATTO_OK, 0, PROGRAM(SLOT(0x7a, 10, 0, -8, 1), EXIT) },
    };
    judge(verdicts, COUNT(verdicts));
}

static void immediates(void)
{
    static const int32_t atomics[] = { 0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1 };
    for (int32_t imm = -1; imm <= 0x1ff; imm++) {
        bool is_atomic = false;
        for (uint32_t i = 0; i < COUNT(atomics); i++)
            is_atomic = is_atomic || imm == atomics[i];
        enum atto_status expected = is_atomic ? ATTO_OK : ATTO_E_IMMEDIATE;
        harness_case((uint32_t)imm, 0);
        EQUAL(guest_refusal(SLOTS(ATOMIC(SIZE_W, imm, 1, 2, 0), EXIT)), expected);
        EQUAL(guest_refusal(SLOTS(ATOMIC(SIZE_DW, imm, 1, 2, 0), EXIT)), expected);
        expected = imm == 16 || imm == 32 || imm == 64 ? ATTO_OK : ATTO_E_IMMEDIATE;
        EQUAL(guest_refusal(SLOTS(SLOT(0xd4, 1, 0, 0, imm), EXIT)), expected);
        EQUAL(guest_refusal(SLOTS(SLOT(0xdc, 1, 0, 0, imm), EXIT)), expected);
        EQUAL(guest_refusal(SLOTS(SLOT(0xd7, 1, 0, 0, imm), EXIT)), expected);
    }
    EQUAL(guest_refusal(SLOTS(ATOMIC(SIZE_W, 0x100, 1, 2, 0), EXIT)), ATTO_E_IMMEDIATE);
    EQUAL(guest_refusal(SLOTS(ATOMIC(SIZE_W, 0x10000, 1, 2, 0), EXIT)), ATTO_E_IMMEDIATE);
}

static void jump_targets(void)
{
    static const uint8_t forms[] = { 0x05, 0x06, 0x15, 0x1d, 0x16, 0x1e, 0xd5, 0xdd, 0xd6, 0xde };
    /* Slots 0 to 5; the wide instruction is at 2 and 3, the jump at 4. */
    for (uint32_t i = 0; i < COUNT(forms); i++) {
        for (int32_t target = -3; target < 10; target++) {
            int32_t distance = target - 5;
            bool far = forms[i] == 0x06;
            uint64_t jump = SLOT(forms[i], 0, 0, far ? 0 : distance, far ? distance : 0);
            harness_case(forms[i], (uint32_t)target);
            enum atto_status expected = target < 0 || target > 5 || target == 3 ? ATTO_E_JUMP : ATTO_OK;
            EQUAL(guest_refusal(SLOTS(MOV(0, 0), MOV(1, 0), WIDE(2, 0), jump, EXIT)), expected);
        }
    }
}

static void jump_distances_at_their_limits(void)
{
    static const struct verdict verdicts[] = {
        { ATTO_E_JUMP, 0, PROGRAM(JUMP(INT16_MAX), EXIT) },
        { ATTO_E_JUMP, 0, PROGRAM(JUMP(INT16_MIN), EXIT) },
        { ATTO_E_JUMP, 0, PROGRAM(JUMP_LONG(INT32_MAX), EXIT) },
        { ATTO_E_JUMP, 0, PROGRAM(JUMP_LONG(INT32_MIN), EXIT) },
        { ATTO_E_JUMP, 0, PROGRAM(JUMP_LONG(-2), EXIT) },
        { ATTO_E_JUMP, 0, PROGRAM(JUMP_IMM(IF_EQ, 0, 0, INT16_MIN), EXIT) },
        { ATTO_E_JUMP, 1, PROGRAM(MOV(0, 0), JUMP_LONG(0x1fffffff), EXIT) }, /* wraps to itself as a byte address */
        { ATTO_E_CALL_TARGET, 0, PROGRAM(CALL_LOCAL(INT32_MAX), EXIT) },
        { ATTO_E_CALL_TARGET, 0, PROGRAM(CALL_LOCAL(INT32_MIN), EXIT) },
        { ATTO_E_CALL_TARGET, 0, PROGRAM(CALL_LOCAL(1), EXIT) },
        { ATTO_E_CALL_TARGET, 0, PROGRAM(CALL_LOCAL(-2), EXIT) },
        { ATTO_E_CALL_TARGET, 0, PROGRAM(CALL_LOCAL(1), WIDE(0, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(CALL_LOCAL(2), WIDE(0, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(CALL_LOCAL(0), EXIT) },
        { ATTO_OK, 0, PROGRAM(JUMP(-1)) },
        { ATTO_OK, 0, PROGRAM(JUMP_LONG(-1)) },
        { ATTO_OK, 0, PROGRAM(JUMP(0), EXIT) },
    };
    judge(verdicts, COUNT(verdicts));
}

static void wide_instructions(void)
{
    static const struct verdict verdicts[] = {
        { ATTO_E_WIDE, 0, PROGRAM(SLOT(0x18, 0, 0, 0, 0)) },
        { ATTO_E_WIDE, 1, PROGRAM(EXIT, SLOT(0x18, 0, 0, 0, 0)) },
        { ATTO_E_WIDE, 0, PROGRAM(SLOT(0x18, 0, 0, 0, 0), EXIT) },
        { ATTO_E_WIDE, 0, PROGRAM(SLOT(0x18, 0, 0, 0, 0), SLOT(0x10, 0, 0, 0, 0), EXIT) }, /* CertFC's second half */
        { ATTO_E_WIDE, 0, PROGRAM(SLOT(0x18, 0, 0, 0, 0), SLOT(0, 1, 0, 0, 0), EXIT) },
        { ATTO_E_WIDE, 0, PROGRAM(SLOT(0x18, 0, 0, 0, 0), SLOT(0, 0, 1, 0, 0), EXIT) },
        { ATTO_E_WIDE, 0, PROGRAM(SLOT(0x18, 0, 0, 0, 0), SLOT(0, 0, 0, 1, 0), EXIT) },
        { ATTO_OK, 0, PROGRAM(SLOT(0x18, 0, 0, 0, 0), SLOT(0, 0, 0, 0, -1), EXIT) },
        { ATTO_OK, 0, PROGRAM(WIDE(0, 0), WIDE(1, 0), EXIT) },
    };
    judge(verdicts, COUNT(verdicts));
}

static void falling_off_the_end(void)
{
    static const struct verdict verdicts[] = {
        { ATTO_E_FALL_OFF, 0, PROGRAM(MOV(0, 0)) },
        { ATTO_E_FALL_OFF, 1, PROGRAM(MOV(0, 0), JUMP_IMM(IF_EQ, 0, 0, -2)) },
        { ATTO_E_FALL_OFF, 0, PROGRAM(CALL(5)) },
        { ATTO_E_FALL_OFF, 1, PROGRAM(EXIT, CALL_LOCAL(-2)) },
        { ATTO_E_FALL_OFF, 1, PROGRAM(EXIT, LOAD(SIZE_B, 0, 1, 0)) },
        { ATTO_E_FALL_OFF, 2, PROGRAM(EXIT, WIDE(0, 0)) },
        { ATTO_OK, 0, PROGRAM(MOV(0, 0), JUMP(-2)) },
        { ATTO_OK, 0, PROGRAM(MOV(0, 0), JUMP_LONG(-2)) },
        { ATTO_OK, 0, PROGRAM(EXIT) },
        { ATTO_OK, 0, PROGRAM(EXIT, EXIT) },
    };
    judge(verdicts, COUNT(verdicts));
}

static void host_calls(void)
{
    static struct guest guest;
    static const int32_t unknown[] = { 0, 6, 7, 25, 27, 255, 256, 257, 256 + 5, 65536 + 5, -1, INT32_MIN };
    for (uint32_t i = 0; i < COUNT(unknown); i++) {
        harness_case((uint32_t)unknown[i], 0);
        EQUAL(guest_refusal(SLOTS(CALL(unknown[i]), EXIT)), ATTO_E_CALL);
    }
    static const uint8_t known[] = { 1, 2, 3, 4, 5, 26 };
    for (uint32_t i = 0; i < COUNT(known); i++) {
        harness_case(known[i], 0);
        guest_begin(&guest, SLOTS(MOV(0, 0), CALL(known[i]), EXIT));
        EQUAL(guest_check(&guest), ATTO_OK);
        for (uint32_t number = 0; number < ATTO_CALL_IDS; number++)
            EQUAL(atto_callset_has(&guest.receipt.calls, number), number == known[i]);
        guest.limits.granted.bits[known[i] / 32u] &= ~((uint32_t)1 << known[i] % 32u);
        EQUAL(guest_check(&guest), ATTO_E_CALL_DENIED);
        EQUAL(guest.refusal.at, 1);
        guest.limits.calls = NULL;
        EQUAL(guest_check(&guest), ATTO_E_CALL);
    }
}

/* Two functions: the first one calls the second; with what the table says about both. */
static enum atto_status judge_table(const struct guest_function *functions, uint32_t count, uint32_t stack_limit)
{
    static struct guest guest;
    static const uint64_t slots[] = { CALL_FRAME(2, 16), EXIT, JUMP(-2), MOV(0, 2), EXIT, WIDE(1, 2), EXIT };
    guest_begin(&guest, slots, COUNT(slots));
    guest.limits.stack_bytes = stack_limit;
    guest_function_table(&guest, functions, count);
    return guest_check(&guest);
}
#define TABLE(...) (const struct guest_function[]){ __VA_ARGS__ }, \
    (uint32_t)(sizeof((const struct guest_function[]){ __VA_ARGS__ }) / sizeof(struct guest_function))

static void function_tables(void)
{
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 1 }), 0), ATTO_OK);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 1 }, { 5, 8, 8, 1 }), 0), ATTO_OK);
    EQUAL(judge_table(TABLE({ 1, 16, 48, 2 }, { 3, 32, 32, 1 }), 0), ATTO_E_FUNCTIONS);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 1 }, { 3, 8, 8, 1 }), 0), ATTO_E_FUNCTIONS);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 5, 32, 32, 1 }, { 3, 8, 8, 1 }), 0), ATTO_E_FUNCTIONS);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 1 }, { 6, 8, 8, 1 }), 0), ATTO_E_FUNCTIONS);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 1 }, { 8, 8, 8, 1 }), 0), ATTO_E_FUNCTIONS);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 1 }, { 65535, 8, 8, 1 }), 0), ATTO_E_FUNCTIONS);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 4, 32, 32, 1 }), 0), ATTO_E_CALL_TARGET);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }), 0), ATTO_E_CALL_TARGET);
}

static void claims_about_the_stack(void)
{
    /* sizes */
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 0, 32, 1 }), 0), ATTO_E_FRAME_SIZE);
    EQUAL(judge_table(TABLE({ 0, 16, 64, 2 }, { 3, 36, 40, 1 }), 0), ATTO_E_FRAME_SIZE);
    EQUAL(judge_table(TABLE({ 0, 16, 1040, 2 }, { 3, 520, 520, 1 }), 0), ATTO_E_FRAME_SIZE);
    EQUAL(judge_table(TABLE({ 0, 16, 528, 2 }, { 3, 512, 512, 1 }), 0), ATTO_OK);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 24, 1 }), 0), ATTO_E_FRAME_SIZE);
    EQUAL(judge_table(TABLE({ 0, 16, 50, 2 }, { 3, 32, 32, 1 }), 0), ATTO_E_FRAME_SIZE);
    /* the caller's stack must hold the callee's */
    EQUAL(judge_table(TABLE({ 0, 16, 40, 2 }, { 3, 32, 32, 1 }), 0), ATTO_E_FRAME_SIZE);
    EQUAL(judge_table(TABLE({ 0, 16, 56, 2 }, { 3, 32, 32, 1 }), 0), ATTO_OK);
    /* the call names the caller's frame */
    EQUAL(judge_table(TABLE({ 0, 24, 56, 2 }, { 3, 32, 32, 1 }), 0), ATTO_E_FRAME_SIZE);
    /* depth */
    EQUAL(judge_table(TABLE({ 0, 16, 48, 1 }, { 3, 32, 32, 1 }), 0), ATTO_E_FRAME_SIZE);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 2 }), 0), ATTO_E_FRAME_SIZE);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 0 }), 0), ATTO_E_FRAME_SIZE);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 1 }, { 5, 8, 8, ATTO_BPF_CALL_DEPTH + 1u }), 0),
          ATTO_E_FRAME_SIZE);
    /* the firmware's limit */
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 1 }), 48), ATTO_OK);
    EQUAL(judge_table(TABLE({ 0, 16, 48, 2 }, { 3, 32, 32, 1 }), 47), ATTO_E_STACK_LIMIT);
}

/* A function that calls itself. */
static enum atto_status judge_recursion(uint32_t frame_bytes, uint32_t stack_bytes, uint32_t depth)
{
    static struct guest guest;
    const uint64_t slots[] = { JUMP_IMM(IF_EQ, 1, 0, 1), CALL_FRAME(-2, frame_bytes), EXIT };
    const struct guest_function function = { 0, (uint16_t)frame_bytes, (uint16_t)stack_bytes, (uint8_t)depth };
    guest_begin(&guest, slots, COUNT(slots));
    guest_function_table(&guest, &function, 1);
    return guest_check(&guest);
}

static void recursion_claims_the_largest_depth(void)
{
    EQUAL(judge_recursion(64, 64 * ATTO_BPF_CALL_DEPTH, ATTO_BPF_CALL_DEPTH), ATTO_OK);
    EQUAL(judge_recursion(64, 64 * ATTO_BPF_CALL_DEPTH - 8, ATTO_BPF_CALL_DEPTH), ATTO_E_FRAME_SIZE);
    EQUAL(judge_recursion(64, 64 * ATTO_BPF_CALL_DEPTH, ATTO_BPF_CALL_DEPTH - 1), ATTO_E_FRAME_SIZE);
    EQUAL(judge_recursion(64, 64, 1), ATTO_E_FRAME_SIZE);
    /* Two functions that call each other: the larger frame counts for both. */
    static struct guest guest;
    static const uint64_t slots[] = { CALL_FRAME(1, 8), EXIT, CALL_FRAME(-3, 64), EXIT };
    for (uint32_t stack = 64; stack <= 64u * ATTO_BPF_CALL_DEPTH; stack += 8u) {
        const struct guest_function functions[] = { { 0, 8, (uint16_t)stack, ATTO_BPF_CALL_DEPTH },
                                                    { 2, 64, 64u * ATTO_BPF_CALL_DEPTH, ATTO_BPF_CALL_DEPTH } };
        guest_begin(&guest, slots, COUNT(slots));
        guest_function_table(&guest, functions, 2);
        harness_case(stack, 0);
        EQUAL(guest_check(&guest), stack == 64u * ATTO_BPF_CALL_DEPTH ? ATTO_OK : ATTO_E_FRAME_SIZE);
    }
}

static void functions_do_not_run_into_each_other(void)
{
    static struct guest guest;
    static const struct verdict verdicts[] = {
        { ATTO_OK, 0, PROGRAM(MOV(0, 0), EXIT, MOV(0, 0), EXIT) },
        { ATTO_E_FALL_OFF, 1, PROGRAM(MOV(0, 0), MOV(0, 1), MOV(0, 0), EXIT) },
        { ATTO_E_FALL_OFF, 1, PROGRAM(MOV(0, 0), CALL_FRAME(0, 8), MOV(0, 0), EXIT) },
        { ATTO_E_JUMP, 0, PROGRAM(JUMP(1), EXIT, MOV(0, 0), EXIT) },
        { ATTO_E_JUMP, 2, PROGRAM(MOV(0, 0), EXIT, JUMP_IMM(IF_EQ, 0, 0, -2), EXIT) },
        { ATTO_E_JUMP, 3, PROGRAM(MOV(0, 0), EXIT, MOV(0, 0), JUMP_LONG(-3)) },
        { ATTO_OK, 0, PROGRAM(MOV(0, 0), JUMP(-2), MOV(0, 0), JUMP_LONG(-2)) },
    };
    for (uint32_t i = 0; i < COUNT(verdicts); i++) {
        harness_case(i, 0);
        guest_begin(&guest, verdicts[i].slots, verdicts[i].slot_count);
        guest_function_table(&guest, TABLE({ 0, 8, 16, 2 }, { 2, 8, 8, 1 }));
        EQUAL(guest_check(&guest), verdicts[i].status);
        EQUAL(guest.refusal.at, verdicts[i].at);
    }
    /* A wide instruction may not lie across the border. */
    guest_begin(&guest, SLOTS(EXIT, SLOT(0x18, 0, 0, 0, 0), SLOT(0, 0, 0, 0, 0), EXIT));
    guest_function_table(&guest, TABLE({ 0, 8, 8, 1 }, { 2, 8, 8, 1 }));
    CHECK(guest_check(&guest) != ATTO_OK);
}

static void what_the_receipt_says(void)
{
    static struct guest guest;
    guest_begin(&guest, SLOTS(MOV(0, 0), WIDE(1, 1), JUMP_IMM(IF_EQ, 0, 0, 0), MOV(2, 0), EXIT));
    EQUAL(guest_check(&guest), ATTO_OK);
    EQUAL(guest.receipt.instruction_count, 5);
    EQUAL(guest.receipt.longest_run, 3);
    EQUAL(guest.receipt.stack_bytes, 512);
    EQUAL(guest.receipt.memory_bytes, 0);
    EQUAL(guest.receipt.call_depth, 1);
    EQUAL(guest.receipt.arena_bytes, guest.receipt.instance_bytes + 512u);
    uint32_t smallest = guest.receipt.instance_bytes;
#ifdef HARNESS_BOARD
    CHECK(smallest <= 200); /* the promise about RAM is one about microcontrollers */
#endif
    guest_begin(&guest, SLOTS(MOV(0, 0), CALL(GENERATED_CALL_LATER), MOV(0, 0), CALL(GENERATED_CALL_MIX), EXIT));
    EQUAL(guest_check(&guest), ATTO_OK);
    EQUAL(guest.receipt.longest_run, 2 + GUEST_PRICE_LATER);
    guest_begin(&guest, SLOTS(CALL_LOCAL(0), EXIT));
    EQUAL(guest_check(&guest), ATTO_OK);
    EQUAL(guest.receipt.call_depth, ATTO_BPF_CALL_DEPTH);
    EQUAL(guest.receipt.stack_bytes, ATTO_BPF_CALL_DEPTH * 512u);
    EQUAL(guest.receipt.instance_bytes, smallest + (ATTO_BPF_CALL_DEPTH - 1u) * 40u);
    guest_begin(&guest, SLOTS(CALL_FRAME(1, 16), EXIT, EXIT));
    guest_function_table(&guest, TABLE({ 0, 16, 48, 2 }, { 2, 32, 32, 1 }));
    guest.image.bss_bytes = 9;
    EQUAL(guest_check(&guest), ATTO_OK);
    EQUAL(guest.receipt.call_depth, 2);
    EQUAL(guest.receipt.stack_bytes, 48);
    EQUAL(guest.receipt.memory_bytes, 16);
    EQUAL(guest.receipt.arena_bytes, smallest + 40u + 48u + 16u);
}

/* The tool's view, slot by slot, agrees with the verdict on the whole. */
static void single_slots_are_judged_alike(void)
{
    static struct guest guest;
    guest_begin(&guest, SLOTS(MOV(10, 0), WIDE(0, 0), JUMP(7), SLOT(0xff, 0, 0, 0, 0), EXIT));
    static const enum atto_status expected[] = { ATTO_E_FRAME_WRITE, ATTO_OK, ATTO_OK, ATTO_E_JUMP, ATTO_E_OPCODE,
                                                 ATTO_OK };
    for (uint32_t i = 0; i < COUNT(expected); i++)
        EQUAL(atto_bpf_check_slot(&guest.image, &guest.limits, i), expected[i]);
    EQUAL(guest_check(&guest), ATTO_E_FRAME_WRITE);
    EQUAL(atto_bpf_check_slot(&guest.image, &guest.limits, 6), ATTO_E_ARGUMENT);
}

static const struct harness_test tests[] = {
    TEST(text_length, "Text that is empty, not in whole slots or not aligned is refused."),
    TEST(text_too_long, "Text of more slots than the limit is refused, of exactly so many accepted."),
    TEST(sections_too_long, "Data and bss, or read-only data, of more than a region holds are refused."),
    TEST(opcodes, "What is no instruction of base, divmul, atomic and their 32-bit sets is refused."),
    TEST(registers, "Register numbers over 10 are refused in every instruction and both fields."),
    TEST(writes_to_r10, "No instruction that would change r10 is accepted; reading it is."),
    TEST(reserved_fields, "A reserved field that is not zero is refused."),
    TEST(immediates, "Immediates that select an operation have exactly the values of the RFC."),
    TEST(jump_targets, "Jumps of every form lead to instructions of the text, never into a wide one or outside."),
    TEST(jump_distances_at_their_limits, "The largest distances neither wrap nor get through."),
    TEST(wide_instructions, "A wide instruction is complete and its second half holds nothing but a constant."),
    TEST(falling_off_the_end, "Whatever can run past the last slot is refused."),
    TEST(host_calls, "Calls that do not exist or were not granted are refused, each with its own status."),
    TEST(function_tables, "A function table is sorted, starts at 0 and names instructions of the text."),
    TEST(claims_about_the_stack, "Wrong claims about frames, stacks and depths are refused."),
    TEST(recursion_claims_the_largest_depth, "A recursive function needs room for the largest depth."),
    TEST(functions_do_not_run_into_each_other, "Control passes from function to function by calls alone."),
    TEST(what_the_receipt_says, "The receipt's numbers are those of the program."),
    TEST(single_slots_are_judged_alike, "Judging one slot gives what the whole check would say about it."),
};
HARNESS_MAIN(tests)
