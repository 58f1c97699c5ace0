/* The executor contract: the same test bodies for every executor. Each executor brings a program with the same five
 * entry points, written in its own way; what the firmware sees must be the same.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "atto/bpf.h"
#include "atto/host.h"
#include "encode.h"
#include "guest.h"
#include "harness.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

enum { ENTRY_SUM, ENTRY_SPIN, ENTRY_ASK, ENTRY_FAULT, ENTRY_COUNT, ENTRIES };

/* An executor with its program: the sum of the context's bytes; a loop without end; a host call that waits, plus 1; a
 * fault; how often it was asked this. */
struct subject {
    const struct atto_executor *executor;
    struct atto_image image;
    uint32_t entries[ENTRIES]; /* as atto_run_start takes them */
    uint32_t no_entry;   /* judged by is_entry */
    uint32_t not_there;  /* refused even by start */
    enum atto_status fault;
};

static enum atto_outcome host_sum(struct atto_host_frame *frame)
{
    const uint8_t *bytes = frame->context.ptr;
    uint64_t sum = 0;
    for (uint32_t i = 0; bytes != NULL && i < frame->context.len; i++)
        sum += bytes[i];
    frame->run->fuel -= 3;
    frame->result = sum;
    return ATTO_DONE;
}

static enum atto_outcome host_spin(struct atto_host_frame *frame)
{
    while (frame->run->fuel > 0)
        frame->run->fuel -= 2;
    frame->step++;
    return ATTO_YIELD;
}

static enum atto_outcome host_ask(struct atto_host_frame *frame)
{
    frame->run->fuel -= 1;
    if (frame->step++ == 0)
        return ATTO_WAIT;
    frame->result += 1;
    return ATTO_DONE;
}

static enum atto_outcome host_fault(struct atto_host_frame *frame)
{
    frame->run->fuel -= 1;
    return ATTO_FAULT;
}

static enum atto_outcome host_count(struct atto_host_frame *frame)
{
    frame->run->fuel -= 1;
    frame->result = ++frame->state[7];
    return ATTO_DONE;
}

static atto_host_fn *const host_entries[ENTRIES] = { host_sum, host_spin, host_ask, host_fault, host_count };
static const struct atto_host_program host_program = {
    .entries = host_entries,
    .entry_count = ENTRIES,
    .state_bytes = 9,
    .longest_run = 3,
};

static const uint64_t bpf_slots[] = {
    /* 0: sum */ MOV(0, 0), JUMP_IMM(IF_EQ, 2, 0, 5), LOAD(SIZE_B, 3, 1, 0), ADD_REG(0, 3), ADD(1, 1), ADD(2, -1),
    /* 6 */ JUMP_IMM(IF_NE, 2, 0, -5), EXIT,
    /* 8: spin */ JUMP(-1),
    /* 9: ask */ CALL(GENERATED_CALL_LATER), ADD(0, 1), EXIT,
    /* 12: fault */ LOAD(SIZE_B, 0, 3, 0), EXIT,
    /* 14: count */ WIDE(1, ADDRESS(REGION_DATA, 0)), LOAD(SIZE_B, 0, 1, 7), ADD(0, 1), STORE(SIZE_B, 1, 0, 7), EXIT,
};
static const struct guest_function bpf_functions[ENTRIES] = {
    { 0, 8, 8, 1 }, { 8, 8, 8, 1 }, { 9, 8, 8, 1 }, { 12, 8, 8, 1 }, { 14, 8, 8, 1 },
};

static struct guest bpf_guest;
static struct subject subjects[2];
static struct guest_world world;
static const struct atto_host host = { .calls = &guest_calls, .user = &world };

static void make_subjects(void)
{
    struct subject *bpf = &subjects[0], *native = &subjects[1];
    guest_begin(&bpf_guest, bpf_slots, COUNT(bpf_slots));
    guest_function_table(&bpf_guest, bpf_functions, ENTRIES);
    *bpf = (struct subject){ &atto_executor_bpf, bpf_guest.image, { 0, 8, 9, 12, 14 }, 1, 0xffff, ATTO_FAULT_MEMORY };
    bpf->image.bss_bytes = 9;
    *native = (struct subject){ &atto_executor_host, { 0 }, { 0, 1, 2, 3, 4 }, ENTRIES, ENTRIES, ATTO_FAULT_NATIVE };
    atto_image_host(&host_program, &native->image);
}

static enum atto_status check_subject(const struct subject *subject, struct atto_receipt *receipt)
{
    struct atto_refusal refusal;
    return subject->executor->check(&subject->image, &bpf_guest.limits, receipt, &refusal);
}

/* Opens an instance in a block of its own. */
static struct atto_run *open_subject(const struct subject *subject)
{
    struct atto_receipt receipt;
    struct atto_run *run = NULL;
    if (check_subject(subject, &receipt) != ATTO_OK)
        return NULL;
    void *arena = malloc(receipt.arena_bytes);
    if (arena == NULL)
        return NULL;
    memset(arena, 0x5a, receipt.arena_bytes);
    enum atto_status status = atto_run_open(subject->executor, &subject->image, &receipt, &host, arena,
                                            receipt.arena_bytes, &run);
    return status == ATTO_OK ? run : NULL;
}

static struct atto_run *begin(const struct subject *subject, uint32_t entry, const struct atto_context *context)
{
    struct atto_run *run = open_subject(subject);
    if (run != NULL && atto_run_start(run, subject->entries[entry], context) != ATTO_OK)
        return NULL;
    return run;
}

/* Each body below is run for each executor. */
#define FOR_EACH_SUBJECT(body)                                                          \
    static void body##_of_each(void)                                                    \
    {                                                                                   \
        make_subjects();                                                                \
        for (uint32_t i = 0; i < COUNT(subjects) && !harness_failed(); i++) {           \
            harness_case(i, 0);                                                         \
            body(&subjects[i]);                                                         \
        }                                                                               \
    }

static void arenas(const struct subject *subject)
{
    struct atto_receipt receipt;
    struct atto_run *run = NULL;
    EQUAL(check_subject(subject, &receipt), ATTO_OK);
    CHECK(receipt.arena_bytes >= receipt.instance_bytes + receipt.stack_bytes + receipt.memory_bytes);
    uint8_t *arena = malloc(receipt.arena_bytes + 16u);
    CHECK(arena != NULL);
    memset(arena, 0xee, receipt.arena_bytes + 16u);
    for (uint32_t bytes = 0; bytes < receipt.arena_bytes; bytes++)
        EQUAL(atto_run_open(subject->executor, &subject->image, &receipt, &host, arena, bytes, &run), ATTO_E_NO_MEMORY);
    for (uint32_t shift = 1; shift < ATTO_ARENA_ALIGN; shift++)
        EQUAL(atto_run_open(subject->executor, &subject->image, &receipt, &host, arena + shift,
                            receipt.arena_bytes, &run), ATTO_E_ALIGNMENT);
    for (uint32_t i = 0; i < receipt.arena_bytes + 16u; i++)
        EQUAL(arena[i], 0xee);
    CHECK(run == NULL);
    EQUAL(atto_run_open(subject->executor, &subject->image, &receipt, &host, arena, receipt.arena_bytes + 8u, &run),
          ATTO_OK);
    CHECK((uint8_t *)run == arena);
    for (uint32_t i = 0; i < 16u; i++)
        EQUAL(arena[receipt.arena_bytes + i], 0xee);
    free(arena);
}
FOR_EACH_SUBJECT(arenas)

static void fresh_instance(const struct subject *subject)
{
    struct atto_run *run = open_subject(subject);
    CHECK(run != NULL);
    CHECK(run->executor == subject->executor && run->host == &host);
    EQUAL(run->outcome, ATTO_DONE);
    EQUAL(run->fault, ATTO_OK);
    EQUAL(run->fuel, 0);
    EQUAL(atto_run_resume(run, 100), ATTO_DONE);
    EQUAL(run->fuel, 0);
    EQUAL(atto_run_answer(run, 1), ATTO_E_STATE);
    CHECK(!atto_run_is_entry(subject->executor, &subject->image, subject->no_entry));
    CHECK(atto_run_is_entry(subject->executor, &subject->image, subject->entries[0]));
    EQUAL(atto_run_start(run, subject->not_there, NULL), ATTO_E_ENTRY);
    EQUAL(run->outcome, ATTO_DONE);
    free(run);
}
FOR_EACH_SUBJECT(fresh_instance)

static void done_with_a_value(const struct subject *subject)
{
    uint8_t bytes[5] = { 1, 2, 3, 4, 250 };
    const struct atto_context context = { bytes, sizeof bytes, ATTO_READ };
    struct atto_run *run = begin(subject, ENTRY_SUM, &context);
    CHECK(run != NULL);
    EQUAL(atto_run_resume(run, 1000), ATTO_DONE);
    EQUAL(atto_run_result(run), 260);
    EQUAL(run->outcome, ATTO_DONE);
    CHECK(run->fuel < 1000);
    int32_t fuel = run->fuel;
    EQUAL(atto_run_resume(run, 1000), ATTO_DONE);
    EQUAL(run->fuel, fuel);
    EQUAL(atto_run_result(run), 260);
    EQUAL(atto_run_start(run, subject->entries[ENTRY_SUM], NULL), ATTO_OK);
    EQUAL(run->fuel, 0);
    EQUAL(atto_run_resume(run, 1000), ATTO_DONE);
    EQUAL(atto_run_result(run), 0);
    free(run);
}
FOR_EACH_SUBJECT(done_with_a_value)

static void yields_when_fuel_is_used_up(const struct subject *subject)
{
    struct atto_receipt receipt;
    struct atto_run *run = begin(subject, ENTRY_SPIN, NULL);
    CHECK(run != NULL);
    EQUAL(check_subject(subject, &receipt), ATTO_OK);
    for (uint32_t fuel = 0; fuel < 40u; fuel++) {
        EQUAL(atto_run_resume(run, fuel), ATTO_YIELD);
        EQUAL(run->outcome, ATTO_YIELD);
        CHECK(run->fuel <= 0 && -(int64_t)run->fuel <= (int64_t)receipt.longest_run);
    }
    EQUAL(atto_run_start(run, subject->entries[ENTRY_SUM], NULL), ATTO_OK);
    EQUAL(run->fuel, 0);
    EQUAL(atto_run_resume(run, 1000), ATTO_DONE);
    free(run);
}
FOR_EACH_SUBJECT(yields_when_fuel_is_used_up)

static void waits_and_goes_on(const struct subject *subject)
{
    struct atto_run *run = begin(subject, ENTRY_ASK, NULL);
    CHECK(run != NULL);
    EQUAL(atto_run_answer(run, 1), ATTO_E_STATE);
    EQUAL(atto_run_resume(run, 1000), ATTO_WAIT);
    int32_t fuel = run->fuel;
    EQUAL(atto_run_resume(run, 1000), ATTO_WAIT);
    EQUAL(run->fuel, fuel);
    EQUAL(atto_run_answer(run, 41), ATTO_OK);
    EQUAL(atto_run_answer(run, 43), ATTO_E_STATE);
    EQUAL(atto_run_resume(run, 1000), ATTO_DONE);
    EQUAL(atto_run_result(run), 42);
    EQUAL(atto_run_start(run, subject->entries[ENTRY_ASK], NULL), ATTO_OK);
    EQUAL(atto_run_resume(run, 1000), ATTO_WAIT);
    free(run);
}
FOR_EACH_SUBJECT(waits_and_goes_on)

static void faults_and_starts_again(const struct subject *subject)
{
    struct atto_run *run = begin(subject, ENTRY_FAULT, NULL);
    CHECK(run != NULL);
    EQUAL(atto_run_resume(run, 1000), ATTO_FAULT);
    EQUAL(run->fault, subject->fault);
    EQUAL(run->outcome, ATTO_FAULT);
    EQUAL(atto_run_resume(run, 1000), ATTO_FAULT);
    EQUAL(atto_run_answer(run, 1), ATTO_E_STATE);
    CHECK(!atto_run_is_entry(subject->executor, &subject->image, subject->no_entry));
    CHECK(atto_run_is_entry(subject->executor, &subject->image, subject->entries[0]));
    EQUAL(atto_run_start(run, subject->not_there, NULL), ATTO_E_ENTRY);
    EQUAL(run->fault, subject->fault);
    EQUAL(atto_run_start(run, subject->entries[ENTRY_COUNT], NULL), ATTO_OK);
    EQUAL(run->fault, ATTO_OK);
    EQUAL(atto_run_resume(run, 1000), ATTO_DONE);
    free(run);
}
FOR_EACH_SUBJECT(faults_and_starts_again)

static void data_stays(const struct subject *subject)
{
    struct atto_run *run = open_subject(subject), *other = open_subject(subject);
    CHECK(run != NULL && other != NULL);
    for (uint32_t i = 1; i < 6u; i++) {
        EQUAL(atto_run_start(run, subject->entries[ENTRY_COUNT], NULL), ATTO_OK);
        EQUAL(atto_run_resume(run, 1000), ATTO_DONE);
        EQUAL(atto_run_result(run), i);
    }
    EQUAL(atto_run_start(other, subject->entries[ENTRY_COUNT], NULL), ATTO_OK);
    EQUAL(atto_run_resume(other, 1000), ATTO_DONE);
    EQUAL(atto_run_result(other), 1);
    free(run);
    free(other);
}
FOR_EACH_SUBJECT(data_stays)

static void windows_and_spans(const struct subject *subject)
{
    uint8_t byte = 1;
    const struct atto_context context = { &byte, 1, ATTO_READ };
    struct atto_run *run = open_subject(subject);
    CHECK(run != NULL);
    EQUAL(atto_run_window(run, 1000, &context), ATTO_E_ARGUMENT);
    CHECK(atto_run_span(run, 0, 1, ATTO_READ) == NULL);
    free(run);
}
FOR_EACH_SUBJECT(windows_and_spans)

static void rights_of_host_programs(void)
{
    struct atto_host_program program = host_program;
    struct atto_limits limits = { .calls = &guest_calls };
    struct atto_receipt receipt;
    struct atto_image image;
    atto_callset_add(&program.calls, 3);
    atto_image_host(&program, &image);
    EQUAL(atto_executor_host.check(&image, &limits, &receipt, NULL), ATTO_E_CALL_DENIED);
    atto_callset_add(&limits.granted, 3);
    EQUAL(atto_executor_host.check(&image, &limits, &receipt, NULL), ATTO_OK);
    CHECK(atto_callset_has(&receipt.calls, 3));
}

static void bytes_are_no_host_program(void)
{
    struct atto_receipt receipt;
    make_subjects();
    struct atto_image image = subjects[0].image;
    image.executor = ATTO_EXECUTOR_HOST;
    CHECK(atto_executor_host.check(&image, &bpf_guest.limits, &receipt, NULL) != ATTO_OK);
}

static void status_names(void)
{
    EQUAL(strcmp(atto_status_name(ATTO_E_OPCODE), "ATTO_E_OPCODE"), 0);
    EQUAL(strcmp(atto_status_name(ATTO_FAULT_NATIVE), "ATTO_FAULT_NATIVE"), 0);
    EQUAL(strcmp(atto_status_name((enum atto_status)-15), "?"), 0);
    EQUAL(strcmp(atto_status_text(ATTO_OK), "success"), 0);
    EQUAL(strcmp(atto_status_text((enum atto_status)1), "unknown status"), 0);
}

static const struct harness_test tests[] = {
    TEST(arenas_of_each, "An arena too small by a byte or not aligned is refused untouched; one that fits is enough."),
    TEST(fresh_instance_of_each, "A fresh instance is over before it has begun and refuses entries that are none."),
    TEST(done_with_a_value_of_each, "An activation ends with its value, which stays."),
    TEST(yields_when_fuel_is_used_up_of_each, "A loop yields whenever its fuel is used up, and can be dropped."),
    TEST(waits_and_goes_on_of_each, "An activation waits until it is answered and goes on with the answer."),
    TEST(faults_and_starts_again_of_each, "After a fault the reason stays until a new activation begins."),
    TEST(data_stays_of_each, "Data is kept from activation to activation, for each instance by itself."),
    TEST(windows_and_spans_of_each, "A window that does not exist cannot be granted, address 0 has no span."),
    TEST(rights_of_host_programs, "A host program needs the rights that it names."),
    TEST(bytes_are_no_host_program, "An image from outside never passes for a host program."),
    TEST(status_names, "Every status has its name and its sentence."),
};
HARNESS_MAIN(tests)
