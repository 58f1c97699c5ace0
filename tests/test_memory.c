/* The guest's memory: every region at every edge, each size, each alignment, each kind of access, with addresses that
 * wrap; regions that are missing, empty or read-only; and what memory holds at the start.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "harness.h"
#include "pair.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define WINDOW_BYTES 24u

static struct pair pair;
static struct generated program;
static uint8_t window[WINDOW_BYTES], model_window[WINDOW_BYTES];

/* Opens a program that loads r3 (the base), r4 and r0 from the context and then makes one access. Region 5 is a window
 * of WINDOW_BYTES that may be written. */
static bool open_access(uint64_t access)
{
    struct rng rng = { 1 };
    const uint64_t slots[] = { LOAD(SIZE_DW, 3, 1, 0), LOAD(SIZE_DW, 4, 1, 8), LOAD(SIZE_DW, 0, 1, 16), access,
                               ADD(0, 1), EXIT };
    memset(&program, 0, sizeof program);
    memcpy(program.slots, slots, sizeof slots);
    program.slot_count = COUNT(slots);
    for (uint32_t i = 0; i < GENERATED_RODATA_BYTES; i++)
        program.rodata[i] = (uint8_t)(0x81u + i);
    for (uint32_t i = 0; i < GENERATED_DATA_BYTES; i++)
        program.data[i] = (uint8_t)(0xf1u - i);
    if (!pair_open_generated(&pair, &program, &rng))
        return false;
    for (uint32_t i = 0; i < WINDOW_BYTES; i++)
        window[i] = model_window[i] = (uint8_t)(0x70u + i);
    pair.model.region[REGION_WINDOW] = (struct reference_region){ model_window, WINDOW_BYTES, true };
    struct atto_context grant = { window, WINDOW_BYTES, ATTO_WRITE };
    return atto_run_window(pair.guest.run, 0, &grant) == ATTO_OK;
}

static void run_access(uint64_t base, uint64_t r4, uint64_t r0)
{
    memcpy(pair.guest_context, &base, 8);
    memcpy(pair.guest_context + 8, &r4, 8);
    memcpy(pair.guest_context + 16, &r0, 8);
    pair_start(&pair);
    pair_resume(&pair, 100);
    if (memcmp(window, model_window, WINDOW_BYTES) != 0)
        harness_fail(__FILE__, __LINE__, "the window differs");
}

/* Accesses of one kind with every position around both ends of every region, expressed through every sort of offset. */
static void around_the_edges(uint64_t access)
{
    static const int16_t offsets[] = { 0, INT16_MIN, 3, -1, INT16_MAX };
    static const uint32_t lengths[16] = { [REGION_STACK] = 512, [REGION_DATA] = PAIR_DATA_BYTES,
                                          [REGION_RODATA] = GENERATED_RODATA_BYTES,
                                          [REGION_CONTEXT] = GENERATED_CONTEXT_BYTES, [REGION_WINDOW] = WINDOW_BYTES };
    for (uint32_t i = 0; i < ON_LINUX_OR_BOARD(COUNT(offsets), 2); i++) {
        if (!open_access(access | (uint64_t)(uint16_t)offsets[i] << 16))
            return;
        for (uint32_t region = 0; region < 16u; region += region < 6u ? 1u : ON_LINUX_OR_BOARD(1u, 3u)) {
            for (uint32_t k = 0; k < 40u; k++) {
                uint32_t at = k < 20u ? ADDRESS(region, 0) + k - 10u : ADDRESS(region, lengths[region]) + k - 30u;
                uint64_t base = (uint64_t)at - (uint64_t)(int64_t)offsets[i];
                harness_case(access, at);
                run_access((uint32_t)base, 0x8899aabbccddeeff, base);
                run_access(base + 0x5a5a5a5a00000000u, 0x0123456789abcdef, 0);
                GO_ON();
            }
        }
    }
}

static void loads_at_every_edge(void)
{
    static const uint8_t opcodes[] = { 0x71, 0x69, 0x61, 0x79, 0x91, 0x89, 0x81 };
    for (uint32_t i = 0; i < COUNT(opcodes) && !harness_failed(); i++)
        around_the_edges(SLOT(opcodes[i], 0, 3, 0, 0));
    for (uint32_t i = 0; i < COUNT(opcodes) && !harness_failed(); i++)
        around_the_edges(SLOT(opcodes[i], 3, 3, 0, 0));
}

static void stores_at_every_edge(void)
{
    static const uint8_t sizes[] = { SIZE_B, SIZE_H, SIZE_W, SIZE_DW };
    for (uint32_t i = 0; i < COUNT(sizes) && !harness_failed(); i++) {
        around_the_edges(STORE(sizes[i], 3, 4, 0));
        around_the_edges(STORE(sizes[i], 3, 3, 0));
        around_the_edges(STORE_IMM(sizes[i], 3, 0, -0x12345678));
    }
}

static void atomics_at_every_edge(void)
{
    static const uint8_t operations[] = { 0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1 };
    for (uint32_t i = 0; i < COUNT(operations) && !harness_failed(); i++) {
        around_the_edges(ATOMIC(SIZE_W, operations[i], 3, 4, 0));
        around_the_edges(ATOMIC(SIZE_DW, operations[i], 3, 4, 0));
    }
    for (uint32_t i = 4; i < COUNT(operations) && !harness_failed(); i++) {
        around_the_edges(ATOMIC(SIZE_DW, operations[i], 3, 3, 0));
        around_the_edges(ATOMIC(SIZE_W, operations[i], 3, 0, 0));
    }
}

/* Compare and exchange where the values match, in the low half alone too. */
static void compare_and_exchange_matches(void)
{
    uint64_t word = 0x0000000074737271;
    if (!open_access(ATOMIC(SIZE_W, ATOMIC_COMPARE, 3, 4, 0)))
        return;
    run_access(ADDRESS(REGION_WINDOW, 1), 0xaaaaaaaa55555555, word | 0xffffffff00000000);
    GO_ON();
    EQUAL(window[1] + 256u * window[4], 0x5555);
    EQUAL(atto_run_result(pair.guest.run), word + 1u);
    if (!open_access(ATOMIC(SIZE_DW, ATOMIC_COMPARE, 3, 4, 0)))
        return;
    run_access(ADDRESS(REGION_WINDOW, 1), 7, 0x7877767574737271);
    GO_ON();
    EQUAL(window[1], 7);
    EQUAL(window[8], 0);
}

/* How a bare program ends; and where, if it is a memory fault. */
static enum atto_status fault_of(const uint64_t *slots, uint32_t slot_count, uint32_t *address)
{
    static struct guest guest;
    guest_begin(&guest, slots, slot_count);
    if (!guest_open(&guest))
        return ATTO_E_ARGUMENT;
    guest_run(&guest, NULL);
    *address = guest.run->fault_address;
    return (enum atto_status)guest.run->fault;
}

static void address_0_faults(void)
{
    uint32_t address = 1;
    EQUAL(fault_of(SLOTS(MOV(1, 0), LOAD(SIZE_B, 0, 1, 0), EXIT), &address), ATTO_FAULT_MEMORY);
    EQUAL(address, 0);
    EQUAL(fault_of(SLOTS(MOV(1, 0), STORE_IMM(SIZE_DW, 1, 8, 1), MOV(0, 0), EXIT), &address), ATTO_FAULT_MEMORY);
    EQUAL(address, 8);
}

static void regions_that_do_not_exist_fault(void)
{
    for (uint32_t region = 2; region < 16u; region++) {
        uint32_t address = 0;
        harness_case(region, 0);
        EQUAL(fault_of(SLOTS(WIDE(1, ADDRESS(region, 0)), LOAD(SIZE_B, 0, 1, 0), EXIT), &address), ATTO_FAULT_MEMORY);
        EQUAL(address, ADDRESS(region, 0));
        EQUAL(fault_of(SLOTS(WIDE(1, ADDRESS(region, 0x0fffffff)), STORE(SIZE_DW, 1, 1, 0), EXIT), &address),
              ATTO_FAULT_MEMORY);
    }
}

/* What one activation of `slots` over this context ends with. */
static enum atto_status context_fault(const struct atto_context *context, const uint64_t *slots, uint32_t slot_count)
{
    static struct guest guest;
    guest_begin(&guest, slots, slot_count);
    if (!guest_open(&guest))
        return ATTO_E_ARGUMENT;
    guest_run(&guest, context);
    return (enum atto_status)guest.run->fault;
}

static void empty_regions_have_no_byte(void)
{
    static uint8_t bytes[1] = { 9 };
    struct atto_context empty = { bytes, 0, ATTO_WRITE };
    EQUAL(context_fault(&empty, SLOTS(LOAD(SIZE_B, 0, 1, 0), EXIT)), ATTO_FAULT_MEMORY);
    EQUAL(context_fault(&empty, SLOTS(STORE_IMM(SIZE_B, 1, 0, 1), EXIT)), ATTO_FAULT_MEMORY);
    EQUAL(context_fault(&empty, SLOTS(JUMP_IMM(IF_EQ, 2, 0, 1), LOAD(SIZE_B, 0, 2, 0), EXIT)), ATTO_OK);
    EQUAL(bytes[0], 9);
}

static void read_only_context(void)
{
    static uint8_t bytes[16] = { 5 };
    struct atto_context context = { bytes, sizeof bytes, ATTO_READ };
    EQUAL(context_fault(&context, SLOTS(LOAD(SIZE_DW, 0, 1, 8), EXIT)), ATTO_OK);
    EQUAL(context_fault(&context, SLOTS(STORE_IMM(SIZE_B, 1, 0, 1), EXIT)), ATTO_FAULT_MEMORY);
    EQUAL(context_fault(&context, SLOTS(ATOMIC(SIZE_W, ATOMIC_ADD, 1, 1, 0), EXIT)), ATTO_FAULT_MEMORY);
    context.access = ATTO_WRITE;
    EQUAL(context_fault(&context, SLOTS(STORE_IMM(SIZE_B, 1, 15, 7), EXIT)), ATTO_OK);
    EQUAL(bytes[0] + 256 * bytes[15], 5 + 256 * 7);
}

static void context_at_odd_host_addresses(void)
{
    static uint8_t bytes[32];
    for (uint32_t at = 0; at < 8u; at++) {
        memset(bytes, 0, sizeof bytes);
        struct atto_context context = { bytes + at, 16, ATTO_WRITE };
        EQUAL(context_fault(&context, SLOTS(WIDE(3, 0x1122334455667788), STORE(SIZE_DW, 1, 3, 5), LOAD(SIZE_W, 0, 1, 7),
                                            STORE(SIZE_H, 1, 0, 1), ATOMIC(SIZE_W, ATOMIC_ADD, 1, 3, 0), EXIT)),
              ATTO_OK);
        EQUAL(bytes[at + 5] + 256u * bytes[at + 12], 0x1188);
        /* 00 66 55 00 plus 88 77 66 55 */
        EQUAL(bytes[at], 0x88);
        EQUAL(bytes[at + 1], (0x66u + 0x77u) % 256u);
        EQUAL(bytes[at + 2], 0x55u + 0x66u);
        EQUAL(bytes[at + 3], 0x55u);
    }
}

static int32_t take_window(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    r[0] = 0;
    return atto_run_window(run, 0, NULL);
}

static void windows_come_and_go(void)
{
    static struct guest guest;
    static uint8_t bytes[8] = { 3, 4, 0 };
    static const struct atto_call calls[ATTO_CALL_PAGE] = { [9] = { take_window, 0, 0 } };
    static const struct atto_call_table table = { { calls } };
    const struct atto_context grant = { bytes, sizeof bytes, ATTO_READ };
    guest_begin(&guest, SLOTS(WIDE(6, ADDRESS(REGION_WINDOW, 0)), LOAD(SIZE_B, 7, 6, 0), CALL(9),
                              LOAD(SIZE_B, 8, 6, 1), EXIT));
    guest.limits.calls = guest.host.calls = &table;
    CHECK(guest_open(&guest));
    EQUAL(guest_run(&guest, NULL), ATTO_FAULT);
    EQUAL(guest.run->pc, 2);
    EQUAL(atto_run_window(guest.run, 0, &grant), ATTO_OK);
    EQUAL(guest_run(&guest, NULL), ATTO_FAULT);
    EQUAL(guest.run->pc, 4);
    EQUAL(atto_bpf_register(guest.run, 7), 3);
    EQUAL(atto_run_window(guest.run, ATTO_BPF_REGIONS - REGION_WINDOW - 1u, &grant), ATTO_OK);
    CHECK(atto_run_span(guest.run, ADDRESS(ATTO_BPF_REGIONS - 1u, 7), 1, ATTO_READ) == bytes + 7);
    EQUAL(atto_run_window(guest.run, ATTO_BPF_REGIONS - REGION_WINDOW, &grant), ATTO_E_ARGUMENT);
}

/* Only addresses are looked at here: there is no such memory. */
static void windows_of_any_length(void)
{
    static struct guest guest;
    static uint8_t byte;
    static const uint32_t lengths[] = { 1, 0x0fffffff, 0x10000000, 0x10000001, 0x7fffffff, 0x80000000, 0x80000001,
                                        0xffffffff };
    guest_begin(&guest, SLOTS(EXIT));
    CHECK(guest_open(&guest));
    for (uint32_t i = 0; i < COUNT(lengths); i++) {
        const struct atto_context grant = { &byte, lengths[i], ATTO_READ };
        harness_case(lengths[i], 0);
        EQUAL(atto_run_window(guest.run, 0, &grant), ATTO_OK);
        CHECK(atto_run_span(guest.run, ADDRESS(REGION_WINDOW, 0), 1, ATTO_WRITE) == NULL);
        for (uint32_t region = 0; region < 16u; region++)
            CHECK(region == REGION_STACK || region == REGION_WINDOW ||
                  atto_run_span(guest.run, ADDRESS(region, 0x0fffffff), 1, ATTO_READ) == NULL);
        if (lengths[i] < 0x10000000u)
            CHECK(atto_run_span(guest.run, ADDRESS(REGION_WINDOW, lengths[i]), 1, ATTO_READ) == NULL);
    }
}

/* Spans for host calls, at every edge of every region, against arithmetic that cannot wrap. */
static void spans_at_every_edge(void)
{
    static const uint32_t lens[] = { 0, 1, 2, 7, 8, 9, 47, 48, 49, 63, 64, 65, 512, 0x0ffffff8, 0x0fffffff, 0x10000000,
                                     0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };
    if (!open_access(MOV(5, 0)))
        return;
    pair_start(&pair);
    for (uint32_t region = 0; region < 16u; region++) {
        const struct reference_region *model = &pair.model.region[region];
        for (uint32_t k = 0; k < COUNT(lens) * 24u; k++) {
            uint32_t len = lens[k / 24u], offset = k % 24u < 12u ? k % 24u : model->len + k % 24u - 18u;
            uint64_t address = (uint64_t)region << 28 | (offset & 0x0fffffffu);
            bool inside = region != 0 && model->ptr != NULL && (uint64_t)(offset & 0x0fffffffu) + len <= model->len;
            harness_case(address, len);
            /* An empty span of a region that is there may be answered either way. */
            if (len == 0)
                continue;
            EQUAL(atto_run_span(pair.guest.run, address, len, ATTO_READ) != NULL, inside);
            EQUAL(atto_run_span(pair.guest.run, address, len, ATTO_WRITE) != NULL, inside && model->writable);
            EQUAL(atto_run_span(pair.guest.run, address | 0x0100000000000000, len, ATTO_READ) != NULL, inside);
        }
    }
}

static void memory_at_the_start(void)
{
    static struct guest guest;
    static const uint8_t data[3] = { 1, 2, 3 };
    guest_begin(&guest, SLOTS(WIDE(1, ADDRESS(REGION_DATA, 0)), LOAD(SIZE_B, 0, 1, 2), LOAD(SIZE_B, 3, 1, 3),
                              LOAD(SIZE_W, 4, 1, 6), ADD_REG(0, 3), ADD_REG(0, 4), STORE_IMM(SIZE_B, 1, 2, 40),
                              STORE_IMM(SIZE_DW, 10, -8, -1), EXIT));
    guest.image.data = (struct atto_span){ data, sizeof data };
    guest.image.bss_bytes = 7;
    CHECK(guest_open(&guest));
    EQUAL(guest.receipt.memory_bytes, 16);
    for (uint32_t i = 0; i < 512u; i++)
        EQUAL(*atto_run_span(guest.run, ADDRESS(REGION_STACK, i), 1, ATTO_READ), 0);
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(atto_run_result(guest.run), 3);
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(atto_run_result(guest.run), 40);
    CHECK(atto_run_span(guest.run, ADDRESS(REGION_DATA, 9), 1, ATTO_WRITE) != NULL);
    CHECK(atto_run_span(guest.run, ADDRESS(REGION_DATA, 10), 1, ATTO_WRITE) == NULL);
    EQUAL(data[2], 3);
}

static void registers_at_the_start(void)
{
    static struct guest guest;
    static uint8_t bytes[24];
    const struct atto_context context = { bytes, sizeof bytes, ATTO_READ };
    guest_begin(&guest, SLOTS(MOV(0, 1), MOV(1, 1), MOV(2, 2), MOV(3, 3), MOV(4, 4), MOV(5, 5), MOV(6, 6), MOV(7, 7),
                              MOV(8, 8), MOV(9, 9), EXIT));
    CHECK(guest_open(&guest));
    for (uint32_t has_context = 0; has_context < 2u; has_context++) {
        EQUAL(guest_run(&guest, NULL), ATTO_DONE); /* all registers hold something */
        EQUAL(atto_run_start(guest.run, 0, has_context != 0 ? &context : NULL), ATTO_OK);
        for (uint32_t i = 0; i < 10u; i++) {
            uint64_t expected = has_context == 0 ? 0u : i == 1u ? 0x40000000u : i == 2u ? 24u : 0u;
            harness_case(i, has_context);
            EQUAL(atto_bpf_register(guest.run, i), expected);
        }
        EQUAL(atto_bpf_register(guest.run, 10), 0x10000000u + 512u);
    }
}

static const struct harness_test tests[] = {
    TEST(loads_at_every_edge, "A load succeeds exactly inside a region, and gives what lies there."),
    TEST(stores_at_every_edge, "A store succeeds exactly inside a writable region and changes nothing else."),
    TEST(atomics_at_every_edge, "An atomic operation obeys the same limits and does what the model does."),
    TEST(compare_and_exchange_matches, "Compare and exchange compares at its own width and answers the old value."),
    TEST(address_0_faults, "Nothing is at address 0, whatever is stored or loaded there."),
    TEST(regions_that_do_not_exist_fault, "Regions without memory fault; none is an alias of another."),
    TEST(empty_regions_have_no_byte, "A context of length 0 has no byte that can be accessed."),
    TEST(read_only_context, "A context that was given for reading is not written."),
    TEST(context_at_odd_host_addresses, "Every access works whatever the alignment of the firmware's memory."),
    TEST(windows_come_and_go, "A window is seen from its grant on and gone from the next access after it is taken."),
    TEST(windows_of_any_length, "A window that is longer than a region reaches into no other one."),
    TEST(spans_at_every_edge, "Host calls get a span exactly if all of it lies in one region that allows the access."),
    TEST(memory_at_the_start, "Stack and bss are zero in a fresh instance, data is the image's and keeps its values."),
    TEST(registers_at_the_start, "Registers start with the context's address and length, the stack's end, else 0."),
};
HARNESS_MAIN(tests)
