/* Defects that were found in other eBPF runtimes for microcontrollers, each as a test that Atto does not have it. The
 * tests are named after what goes wrong.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "atto/instance.h"
#include "atto/hook.h"
#include "encode.h"
#include "guest.h"
#include "harness.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static void jump_into_second_half_of_wide_load(void)
{
    /* The second half hides an instruction whose destination is register 15. */
    EQUAL(guest_refusal(SLOTS(JUMP(1), SLOT(0x18, 0, 0, 0, 0), SLOT(0xb7, 15, 0, 0, 1), EXIT)), ATTO_E_WIDE);
    EQUAL(guest_refusal(SLOTS(JUMP(0), SLOT(0x18, 0, 0, 0, 0), SLOT(0xb7, 15, 0, 0, 1), EXIT)), ATTO_E_WIDE);
    EQUAL(guest_refusal(SLOTS(JUMP(1), WIDE(0, 0), EXIT)), ATTO_E_JUMP);
    EQUAL(guest_refusal(SLOTS(JUMP(2), WIDE(0, 0), EXIT)), ATTO_OK);
}

static void jump_to_one_past_the_end(void)
{
    EQUAL(guest_refusal(SLOTS(JUMP_IMM(IF_EQ, 0, 0, 1), EXIT)), ATTO_E_JUMP);
    EQUAL(guest_refusal(SLOTS(JUMP_IMM(IF_EQ, 0, 0, 0), EXIT)), ATTO_OK);
}

static void loop_to_the_first_instruction(void)
{
    EQUAL(guest_value(SLOTS(ADD(0, 1), JUMP_IMM(IF_LT, 0, 10, -2), EXIT)), 10);
}

static void exit_hidden_in_the_final_wide_load(void)
{
    EQUAL(guest_refusal(SLOTS(SLOT(0x18, 0, 0, 0, 0), SLOT(0x95, 0, 0, 0, 0))), ATTO_E_WIDE);
    EQUAL(guest_refusal(SLOTS(SLOT(0x18, 0, 0, 0, 0), SLOT(0, 0, 0, 0, 0x95))), ATTO_E_FALL_OFF);
}

/* In a block of exactly the text's size: a sanitizer sees the byte before and the byte behind. */
static enum atto_status refusal_in_a_block(const uint64_t *slots, uint32_t slot_count)
{
    struct guest guest;
    uint64_t *block = malloc(slot_count != 0 ? slot_count * 8u : 1u);
    if (block == NULL)
        return ATTO_E_NO_MEMORY;
    memcpy(block, slots, slot_count * 8u);
    guest_begin(&guest, block, slot_count);
    enum atto_status status = guest_check(&guest);
    free(block);
    return status;
}

static void text_of_length_0(void)
{
    const uint64_t nothing[1] = { 0 };
    EQUAL(refusal_in_a_block(nothing, 0), ATTO_E_TEXT_LENGTH);
}

static void wide_load_as_the_last_word(void)
{
    EQUAL(refusal_in_a_block(SLOTS(SLOT(0x18, 0, 0, 0, 0))), ATTO_E_WIDE);
    EQUAL(refusal_in_a_block(SLOTS(MOV(0, 0), SLOT(0x18, 0, 0, 0, 0))), ATTO_E_WIDE);
}

static void put32(uint8_t *at, uint32_t value)
{
    for (uint32_t i = 0; i < 4u; i++)
        at[i] = (uint8_t)(value >> 8u * i);
}

/* A Femto-Container image: data of 8 bytes, read-only data of 8, and the given text. */
struct femto {
    _Alignas(8) uint8_t bytes[128];
    uint32_t len;
};

static void femto_image(struct femto *femto, const uint64_t *slots, uint32_t slot_count)
{
    memset(femto, 0, sizeof *femto);
    put32(femto->bytes, ATTO_FEMTO_MAGIC);
    put32(femto->bytes + 12, 8);
    put32(femto->bytes + 16, 8);
    put32(femto->bytes + 20, slot_count * 8u);
    memcpy(femto->bytes + 28, "DATA\1\2\3\4RODATA\5\6", 16);
    memcpy(femto->bytes + 44, slots, slot_count * 8u);
    femto->len = 44u + slot_count * 8u;
}

/* Runs a Femto-Container image; the value, or all bits set. */
static uint64_t femto_value(const struct femto *femto)
{
    static struct guest guest;
    guest_begin(&guest, NULL, 0);
    if (atto_image_parse(femto->bytes, femto->len, &guest.image, NULL) != ATTO_OK || !guest_open(&guest) ||
        guest_run(&guest, NULL) != ATTO_DONE)
        return ~(uint64_t)0;
    return atto_run_result(guest.run);
}

static void header_lengths_beyond_the_image(void)
{
    static struct femto femto;
    struct atto_image image;
    static const uint32_t lengths[] = { 0x10, 0x80, 0x7ffffff8, 0x80000000, 0xfffffff0, 0xfffffff8, 0xffffffff };
    for (uint32_t field = 12; field <= 24u; field += 4u) {
        for (uint32_t i = 0; i < COUNT(lengths); i++) {
            femto_image(&femto, SLOTS(EXIT));
            EQUAL(atto_image_parse(femto.bytes, femto.len, &image, NULL), ATTO_OK);
            put32(femto.bytes + field, lengths[i]);
            harness_case(field, lengths[i]);
            CHECK(atto_image_parse(femto.bytes, femto.len, &image, NULL) != ATTO_OK);
        }
    }
}

static void sections_found_by_the_size_of_the_instance(void)
{
    static struct femto femto;
    femto_image(&femto, SLOTS(SLOT(0xd8, 1, 0, 0, 0), 0, LOAD(SIZE_B, 0, 1, 0), EXIT));
    EQUAL(femto_value(&femto), 'R');
    femto_image(&femto, SLOTS(SLOT(0xb8, 1, 0, 0, 3), 0, LOAD(SIZE_B, 0, 1, 0), EXIT));
    EQUAL(femto_value(&femto), 'A');
}

static void low_half_of_a_wide_load_is_sign_extended(void)
{
    EQUAL(guest_value(SLOTS(WIDE(0, 0x180000000), EXIT)), 0x180000000);
    EQUAL(guest_value(SLOTS(WIDE(0, 0x00000000ffffffff), EXIT)), 0x00000000ffffffff);
    EQUAL(guest_value(SLOTS(WIDE(0, 0xffffffff00000000), EXIT)), 0xffffffff00000000);
}

static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static const struct atto_firmware firmware = { .executors = executors, .fuel = 10000 };
static _Alignas(ATTO_ARENA_ALIGN) uint8_t arena_a[2048], arena_b[2048];

static enum atto_status install(struct atto_instance *container, void *arena, const uint64_t *slots,
                                uint32_t slot_count)
{
    struct atto_image image;
    atto_image_bare((const uint8_t *)slots, slot_count * 8u, &image);
    return atto_instance_install_image(container, &firmware, &image, arena, sizeof arena_a, NULL);
}

static void new_image_runs_unchecked_after_an_update(void)
{
    struct atto_instance container;
    uint64_t value = 0;
    static const uint64_t good[] = { MOV(0, 1), EXIT }, bad[] = { MOV(0, 2), SLOT(0xff, 0, 0, 0, 0), EXIT };
    EQUAL(install(&container, arena_a, good, 2), ATTO_OK);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_OK);
    EQUAL(install(&container, arena_a, bad, 3), ATTO_E_OPCODE);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_E_STATE);
    EQUAL(value, 1);
}

static void memory_of_one_container_shows_in_another(void)
{
    struct atto_instance a, b;
    uint64_t value = 1;
    /* The first one fills its stack; then the second one gets the same arena, and looks. */
    static const uint64_t writes[] = { STORE_IMM(SIZE_DW, 10, -8, -1), STORE_IMM(SIZE_DW, 10, -512, -1), EXIT };
    static const uint64_t reads[] = { LOAD(SIZE_DW, 0, 10, -8), LOAD(SIZE_DW, 1, 10, -512), ALU64_REG(OP_OR, 0, 1),
                                      EXIT };
    EQUAL(install(&a, arena_a, writes, COUNT(writes)), ATTO_OK);
    EQUAL(atto_instance_call(&a, 0, NULL, 0, NULL), ATTO_OK);
    EQUAL(atto_instance_remove(&a), ATTO_OK);
    EQUAL(install(&b, arena_a, reads, COUNT(reads)), ATTO_OK);
    EQUAL(atto_instance_call(&b, 0, NULL, 0, &value), ATTO_OK);
    EQUAL(value, 0);
    /* Side by side: each has a stack of its own. */
    EQUAL(install(&a, arena_b, writes, COUNT(writes)), ATTO_OK);
    EQUAL(atto_instance_call(&a, 0, NULL, 0, NULL), ATTO_OK);
    EQUAL(atto_instance_call(&b, 0, NULL, 0, &value), ATTO_OK);
    EQUAL(value, 0);
}

static void granted_memory_is_lost_at_setup(void)
{
    /* What is granted before an activation is there in the activation, and in the next one. */
    static struct guest guest;
    static uint8_t bytes[300] = { [299] = 77 };
    const struct atto_context grant = { bytes, sizeof bytes, ATTO_READ };
    guest_begin(&guest, SLOTS(WIDE(1, ADDRESS(REGION_WINDOW, 299)), LOAD(SIZE_B, 0, 1, 0), EXIT));
    CHECK(guest_open(&guest));
    EQUAL(atto_run_window(guest.run, 0, &grant), ATTO_OK);
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(atto_run_result(guest.run), 77);
}

static void length_of_a_span_cut_to_8_bits(void)
{
    static struct guest guest;
    guest_begin(&guest, SLOTS(EXIT));
    CHECK(guest_open(&guest));
    CHECK(atto_run_span(guest.run, ADDRESS(REGION_STACK, 504), 8, ATTO_WRITE) != NULL);
    CHECK(atto_run_span(guest.run, ADDRESS(REGION_STACK, 504), 264, ATTO_WRITE) == NULL);
    CHECK(atto_run_span(guest.run, ADDRESS(REGION_STACK, 504), 65536 + 8, ATTO_WRITE) == NULL);
}

static void address_and_size_overflow(void)
{
    static struct guest guest;
    guest_begin(&guest, SLOTS(EXIT));
    CHECK(guest_open(&guest));
    CHECK(atto_run_span(guest.run, ADDRESS(REGION_STACK, 8), 0xfffffff8u, ATTO_READ) == NULL);
    CHECK(atto_run_span(guest.run, 0xffffffffffffffff, 2, ATTO_READ) == NULL);
    CHECK(atto_run_span(guest.run, ADDRESS(REGION_STACK, 0x0fffffff), 2, ATTO_READ) == NULL);
}

static void host_call_reads_arguments_from_r0_on(void)
{
    /* mix is (r1 * 3 + r2) ^ (r3 << 7) ^ (r4 - r5) */
    EQUAL(guest_value(SLOTS(MOV(0, 99), MOV(1, 5), MOV(2, 7), MOV(3, 1), MOV(4, 20), MOV(5, 4),
                            CALL(GENERATED_CALL_MIX), EXIT)), (5u * 3u + 7u) ^ 128u ^ 16u);
}

static void host_call_gets_an_unchecked_pointer(void)
{
    EQUAL(guest_value(SLOTS(MOV(1, 0), MOV(2, 4), CALL(GENERATED_CALL_SUM), EXIT)), ~(uint64_t)0);
    EQUAL(guest_value(SLOTS(WIDE(1, ADDRESS(REGION_STACK, 508)), MOV(2, 8), CALL(GENERATED_CALL_SUM), EXIT)),
          ~(uint64_t)0);
    EQUAL(guest_value(SLOTS(STORE_IMM(SIZE_DW, 10, -8, 9), MOV_REG(1, 10), ADD(1, -8), MOV(2, 8),
                            CALL(GENERATED_CALL_SUM), EXIT)), 9);
}

static void unaligned_access_faults_the_core(void)
{
    for (int32_t at = -16; at < -8; at++) {
        harness_case((uint32_t)at, 0);
        EQUAL(guest_value(SLOTS(WIDE(1, 0x1122334455667788), STORE(SIZE_DW, 10, 1, at), LOAD(SIZE_W, 0, 10, at + 1),
                                EXIT)), 0x44556677);
    }
}

static void shift_by_the_width_or_more(void)
{
    EQUAL(guest_value(SLOTS(MOV(0, 1), MOV(1, 64), ALU64_REG(OP_LSH, 0, 1), EXIT)), 1);
    EQUAL(guest_value(SLOTS(MOV(0, 1), ALU64_IMM(OP_LSH, 0, 65), EXIT)), 2);
    EQUAL(guest_value(SLOTS(MOV(0, -1), ALU32_IMM(OP_RSH, 0, 32), EXIT)), 0xffffffff);
    EQUAL(guest_value(SLOTS(MOV(0, -1), MOV(1, -1), ALU32_REG(OP_RSH, 0, 1), EXIT)), 1);
}

static void move_cut_to_32_bits(void)
{
    EQUAL(guest_value(SLOTS(WIDE(1, 0x1122334455667788), MOV_REG(0, 1), EXIT)), 0x1122334455667788);
    EQUAL(guest_value(SLOTS(MOV(0, -1), EXIT)), ~(uint64_t)0);
}

static void r10_is_writable(void)
{
    EQUAL(guest_refusal(SLOTS(MOV(10, 0), EXIT)), ATTO_E_FRAME_WRITE);
}

static void negation_gives_minus_one_as_a_status(void)
{
    EQUAL(guest_value(SLOTS(MOV(0, 5), SLOT(0x87, 0, 0, 0, 0), EXIT)), -5);
}

static void sign_of_32_bit_results_is_extended(void)
{
    EQUAL(guest_value(SLOTS(MOV(0, 1), SLOT(0x84, 0, 0, 0, 0), EXIT)), 0xffffffff);
    EQUAL(guest_value(SLOTS(WIDE(0, 0x80000000), ALU32_IMM(OP_ARSH, 0, 4), EXIT)), 0xf8000000);
}

/* Neither straight code, nor calls, nor jumps that are not taken go without fuel. */
static void only_taken_branches_cost(void)
{
    static struct guest guest;
    static uint64_t text[300];
    for (uint32_t form = 0; form < 3u; form++) {
        for (uint32_t i = 0; i + 1u < COUNT(text); i++)
            text[i] = form == 0 ? MOV(0, 0) : form == 1u ? JUMP_IMM(IF_NE, 0, 0, 0) : CALL(GUEST_CALL_ZERO);
        text[COUNT(text) - 1u] = EXIT;
        guest_begin(&guest, text, COUNT(text));
        CHECK(guest_open(&guest));
        EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
        EQUAL(atto_run_resume(guest.run, 1000), ATTO_DONE);
        harness_case(form, 0);
        EQUAL(guest.run->fuel, 1000 - (int32_t)COUNT(text));
        if (form != 0) {
            EQUAL(atto_run_start(guest.run, 0, NULL), ATTO_OK);
            EQUAL(atto_run_resume(guest.run, 100), ATTO_YIELD);
            EQUAL(guest.run->pc, 100);
        }
    }
}

static void register_form_of_division_listed_as_or(void)
{
    EQUAL(guest_value(SLOTS(MOV(0, 12), MOV(1, 4), SLOT(0x3f, 0, 1, 0, 0), EXIT)), 3);
    EQUAL(guest_value(SLOTS(MOV(0, 12), MOV(1, 3), SLOT(0x4f, 0, 1, 0, 0), EXIT)), 15);
}

static void wrong_magic_is_accepted(void)
{
    static struct femto femto;
    struct atto_image image;
    femto_image(&femto, SLOTS(EXIT));
    femto.bytes[0] ^= 1;
    EQUAL(atto_image_parse(femto.bytes, femto.len, &image, NULL), ATTO_E_FORMAT);
    /* The magic of the predecessor's C headers, which are in the other byte order. */
    put32(femto.bytes, 0x72425046u);
    EQUAL(atto_image_parse(femto.bytes, femto.len, &image, NULL), ATTO_E_FORMAT);
}

/* A fault in the middle of a hook's list: the value of the one that faulted is lost, the others count. */
static void value_of_a_fault_is_used_by_the_hook(void)
{
    static const struct atto_hook_type type = { .name = "test", .fuel = 100 };
    struct atto_hook hook = ATTO_HOOK_INIT(&type);
    struct atto_instance good, faulty;
    struct atto_attachment first = { 0 }, second = { 0 };
    static const uint64_t seven[] = { MOV(0, 7), EXIT };
    static const uint64_t fault[] = { MOV(0, 13), LOAD(SIZE_B, 1, 0, 0), EXIT };
    EQUAL(install(&good, arena_a, seven, 2), ATTO_OK);
    EQUAL(install(&faulty, arena_b, fault, 3), ATTO_OK);
    EQUAL(atto_hook_attach(&hook, &first, &good, 0, 1, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(atto_hook_attach(&hook, &second, &faulty, 0, 2, ATTO_HOOK_SINGLE), ATTO_OK);
    EQUAL(atto_hook_fire(&hook, NULL, 1), 7);
    EQUAL(second.faults, 1);
    EQUAL(atto_hook_detach(&hook, &second), ATTO_OK);
    EQUAL(atto_hook_fire(&hook, NULL, 1), 7);
    EQUAL(second.faults, 1);
}

static const struct harness_test tests[] = {
    TEST(jump_into_second_half_of_wide_load, "The half of a wide load is no target, and hides no instruction."),
    TEST(jump_to_one_past_the_end, "The slot behind the last one is no target."),
    TEST(loop_to_the_first_instruction, "Slot 0 is a target like any other."),
    TEST(exit_hidden_in_the_final_wide_load, "A program does not end in the constant of a wide load."),
    TEST(text_of_length_0, "Empty text is refused without a look at the byte before it."),
    TEST(wide_load_as_the_last_word, "Half a wide load at the end is refused without a look behind it."),
    TEST(header_lengths_beyond_the_image, "No length in a header reaches outside the image, by size or by overflow."),
    TEST(sections_found_by_the_size_of_the_instance, "Femto-Container's section loads give the sections' own bytes."),
    TEST(low_half_of_a_wide_load_is_sign_extended, "The halves of a wide constant do not touch each other."),
    TEST(new_image_runs_unchecked_after_an_update, "A container is checked at each install, empty after a refusal."),
    TEST(memory_of_one_container_shows_in_another, "An instance starts with a clear stack that is its own."),
    TEST(granted_memory_is_lost_at_setup, "A window stays granted from activation to activation, in its full length."),
    TEST(length_of_a_span_cut_to_8_bits, "A span is checked with all bits of its length."),
    TEST(address_and_size_overflow, "Address and length of a span do not wrap."),
    TEST(host_call_reads_arguments_from_r0_on, "A host call's first argument is r1."),
    TEST(host_call_gets_an_unchecked_pointer, "A host call reaches memory through a span or not at all."),
    TEST(unaligned_access_faults_the_core, "Accesses at any address of the guest work on every core."),
    TEST(shift_by_the_width_or_more, "Shift counts are taken modulo the width."),
    TEST(move_cut_to_32_bits, "A 64-bit move moves 64 bits."),
    TEST(r10_is_writable, "No instruction changes r10."),
    TEST(negation_gives_minus_one_as_a_status, "Opcode 0x87 is a negation."),
    TEST(sign_of_32_bit_results_is_extended, "32-bit results are zero-extended, negation and shifts too."),
    TEST(only_taken_branches_cost, "Every instruction costs a unit of fuel, taken branch or not."),
    TEST(register_form_of_division_listed_as_or, "Division by register is opcode 0x3f, 0x4f is or."),
    TEST(wrong_magic_is_accepted, "An image is known by its magic."),
    TEST(value_of_a_fault_is_used_by_the_hook, "A faulting container gives a hook no value and stops nobody else."),
};
HARNESS_MAIN(tests)
