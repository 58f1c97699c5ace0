/* Containers: what an install checks and in which order, whose limits hold, what an activation leaves behind, and what
 * a refusal leaves behind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/instance.h"

#include <stdlib.h>
#include <string.h>

#include "atto/host.h"
#include "encode.h"
#include "guest.h"
#include "harness.h"
#include "image_bytes.h"

#define MANIFEST(string) { (string), sizeof(string) - 1u }

static const struct atto_executor *const executors[] = { &atto_executor_bpf, &atto_executor_host, NULL };
static struct atto_firmware firmware;
static struct atto_instance container;
static struct image_bytes image;
static _Alignas(ATTO_ARENA_ALIGN) uint8_t arena[2048];
static struct atto_refusal refusal;

static void begin(void)
{
    memset(&firmware, 0, sizeof firmware);
    firmware.executors = executors;
    firmware.host.calls = &guest_calls;
    firmware.fuel = 1000;
    for (uint32_t i = 1; i <= 5u; i++)
        atto_callset_add(&firmware.granted, i);
    memset(&container, 0xab, sizeof container);
}

/* An image of this text, without a function table, with this manifest. */
static void make_image(const uint64_t *slots, uint32_t slot_count, struct section_bytes manifest)
{
    struct section_bytes sections[SECTIONS] = { { 0 } };
    sections[SECTION_TEXT] = (struct section_bytes){ slots, slot_count * 8u };
    sections[SECTION_MANIFEST] = manifest;
    image_bytes_write(&image, sections, 0);
}

static enum atto_status install(void)
{
    refusal = (struct atto_refusal){ (enum atto_status)99, 99 };
    return atto_instance_install(&container, &firmware, image.bytes, image.len, arena, sizeof arena, &refusal);
}

static const struct section_bytes no_manifest = { NULL, 0 };

static void from_bytes_to_a_value(void)
{
    uint64_t value = 0;
    begin();
    make_image(SLOTS(MOV(0, 5), EXIT), (struct section_bytes)MANIFEST("\xa1\x01\x61x"));
    EQUAL(install(), ATTO_OK);
    EQUAL(refusal.status, ATTO_OK);
    EQUAL(container.fuel, 1000);
    EQUAL(container.activations, 0);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_OK);
    EQUAL(value, 5);
    EQUAL(container.activations, 1);
    EQUAL(container.last_fuel, 2);
    EQUAL(atto_instance_call(&container, 0, NULL, 77, NULL), ATTO_OK);
    EQUAL(container.activations, 2);
    EQUAL(container.fuel_used, 4);
    EQUAL(container.faults, 0);
    EQUAL(container.busy, 0);
    EQUAL(atto_instance_call(&container, 1, NULL, 0, &value), ATTO_E_ENTRY);
    EQUAL(container.activations, 2);
    EQUAL(atto_instance_remove(&container), ATTO_OK);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_E_STATE);
    EQUAL(atto_instance_check_entry(&container, 0), ATTO_E_STATE);
    EQUAL(atto_instance_remove(&container), ATTO_OK);
}

static void refused_images_leave_nothing(void)
{
    begin();
    make_image(SLOTS(MOV(0, 5), EXIT), no_manifest);
    image.bytes[4] = 9;
    EQUAL(install(), ATTO_E_VERSION);
    EQUAL(refusal.status, ATTO_E_VERSION);
    EQUAL(refusal.at, 4);
    CHECK(container.run == NULL);
    make_image(SLOTS(MOV(0, 5), EXIT), (struct section_bytes)MANIFEST("\xa1\x01\x60"));
    EQUAL(install(), ATTO_E_MANIFEST);
    EQUAL(refusal.status, ATTO_E_MANIFEST);
    CHECK(container.run == NULL);
    make_image(SLOTS(MOV(0, 5), MOV(10, 1), EXIT), no_manifest);
    EQUAL(install(), ATTO_E_FRAME_WRITE);
    EQUAL(refusal.status, ATTO_E_FRAME_WRITE);
    EQUAL(refusal.at, 1);
    CHECK(container.run == NULL);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, NULL), ATTO_E_STATE);
    EQUAL(container.busy, 0);
    EQUAL(atto_instance_install(&container, &firmware, image.bytes, image.len, arena, sizeof arena, NULL),
          ATTO_E_FRAME_WRITE);
}

static void executors_of_the_firmware(void)
{
    static const struct atto_executor *const none[] = { NULL }, *const native[] = { &atto_executor_host, NULL };
    begin();
    make_image(SLOTS(EXIT), no_manifest);
    firmware.executors = none;
    EQUAL(install(), ATTO_E_EXECUTOR);
    firmware.executors = native;
    EQUAL(install(), ATTO_E_EXECUTOR);
    CHECK(container.run == NULL);
    begin();
    image.bytes[5] = 2; /* WebAssembly, which this firmware does not have */
    EQUAL(install(), ATTO_E_EXECUTOR);
    image.bytes[5] = 3;
    EQUAL(install(), ATTO_E_FORMAT);
}

/* A call must be granted by the firmware and asked for by the manifest, if there is one. */
static void calls_are_granted_twice(void)
{
    begin();
    make_image(SLOTS(CALL(GUEST_CALL_ZERO), EXIT), (struct section_bytes)MANIFEST("\xa1\x05\x81\x05"));
    EQUAL(install(), ATTO_OK);
    make_image(SLOTS(CALL(GUEST_CALL_ZERO), EXIT), (struct section_bytes)MANIFEST("\xa1\x05\x81\x04"));
    EQUAL(install(), ATTO_E_CALL_DENIED);
    make_image(SLOTS(CALL(GUEST_CALL_ZERO), EXIT), (struct section_bytes)MANIFEST("\xa1\x01\x61x"));
    EQUAL(install(), ATTO_E_CALL_DENIED);
    make_image(SLOTS(CALL(26), EXIT), (struct section_bytes)MANIFEST("\xa1\x05\x81\x18\x1a"));
    EQUAL(install(), ATTO_E_CALL_DENIED); /* asked for, exists, not granted */
    make_image(SLOTS(CALL(100), EXIT), (struct section_bytes)MANIFEST("\xa1\x05\x81\x18\x64"));
    EQUAL(install(), ATTO_E_CALL);
    make_image(SLOTS(CALL(GUEST_CALL_ZERO), EXIT), no_manifest);
    EQUAL(install(), ATTO_OK);
}

static void stacks_are_limited_twice(void)
{
    begin();
    make_image(SLOTS(EXIT), no_manifest);
    firmware.stack_bytes = 512;
    EQUAL(install(), ATTO_OK);
    firmware.stack_bytes = 504;
    EQUAL(install(), ATTO_E_STACK_LIMIT);
    firmware.stack_bytes = 0;
    make_image(SLOTS(EXIT), (struct section_bytes)MANIFEST("\xa1\x03\x19\x01\xf8"));
    EQUAL(install(), ATTO_E_STACK_LIMIT);
    make_image(SLOTS(EXIT), (struct section_bytes)MANIFEST("\xa1\x03\x19\x02\x00"));
    EQUAL(install(), ATTO_OK);
    firmware.stack_bytes = 504;
    EQUAL(install(), ATTO_E_STACK_LIMIT);
    firmware.stack_bytes = 1024;
    EQUAL(install(), ATTO_OK);
    make_image(SLOTS(EXIT), (struct section_bytes)MANIFEST("\xa1\x03\x19\x01\xf8"));
    EQUAL(install(), ATTO_E_STACK_LIMIT);
}

static void entry_points_of_the_manifest(void)
{
    begin();
    make_image(SLOTS(EXIT, EXIT), (struct section_bytes)MANIFEST("\xa1\x02\x81\x82\x61" "a" "\x00"));
    EQUAL(install(), ATTO_OK);
    make_image(SLOTS(EXIT, EXIT), (struct section_bytes)MANIFEST("\xa1\x02\x82\x82\x61" "a" "\x00\x82\x61" "b" "\x01"));
    EQUAL(install(), ATTO_E_ENTRY);
    EQUAL(refusal.status, ATTO_E_ENTRY);
    EQUAL(refusal.at, 1);
    CHECK(container.run == NULL);
}

static void fuel_of_an_activation(void)
{
    begin();
    make_image(SLOTS(JUMP(-1)), no_manifest);
    EQUAL(install(), ATTO_OK);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, NULL), ATTO_FAULT_FUEL);
    EQUAL(container.last_fuel, 1000);
    EQUAL(atto_instance_call(&container, 0, NULL, 30, NULL), ATTO_FAULT_FUEL);
    EQUAL(container.last_fuel, 30);
    EQUAL(container.faults, 2);
    EQUAL(container.fuel_used, 1030);
    EQUAL(container.run->fault, ATTO_FAULT_FUEL);
    EQUAL(container.run->outcome, ATTO_FAULT);
    make_image(SLOTS(JUMP(-1)), (struct section_bytes)MANIFEST("\xa1\x04\x18\x64"));
    EQUAL(install(), ATTO_OK);
    EQUAL(container.fuel, 100);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, NULL), ATTO_FAULT_FUEL);
    EQUAL(container.last_fuel, 100);
    make_image(SLOTS(JUMP(-1)), (struct section_bytes)MANIFEST("\xa1\x04\x19\x03\xe9"));
    EQUAL(install(), ATTO_OK);
    EQUAL(container.fuel, 1000);
}

static void faults_of_an_activation(void)
{
    uint64_t value = 123;
    begin();
    make_image(SLOTS(JUMP_IMM(IF_NE, 1, 0, 2), LOAD(SIZE_B, 0, 1, 0), EXIT, MOV(0, 9), EXIT), no_manifest);
    EQUAL(install(), ATTO_OK);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_FAULT_MEMORY);
    EQUAL(value, 123);
    EQUAL(container.run->pc, 1);
    EQUAL(container.run->fault_address, 0);
    const struct atto_context context = { &value, sizeof value, ATTO_READ };
    EQUAL(atto_instance_call(&container, 0, &context, 0, &value), ATTO_OK);
    EQUAL(value, 9);
    make_image(SLOTS(CALL(GENERATED_CALL_LATER), EXIT), no_manifest);
    EQUAL(install(), ATTO_OK);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_FAULT_WAIT);
    EQUAL(atto_run_answer(container.run, 1), ATTO_E_STATE);
    make_image(SLOTS(MOV(1, 0), CALL(GENERATED_CALL_FAIL), EXIT), no_manifest);
    EQUAL(install(), ATTO_OK);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_FAULT_HOST_CALL);
}

static void arenas_one_byte_too_small(void)
{
    begin();
    make_image(SLOTS(STORE_IMM(SIZE_DW, 10, -8, 1), EXIT), no_manifest);
    EQUAL(install(), ATTO_OK);
    uint32_t needed = container.receipt.arena_bytes;
    uint8_t *block = malloc(needed);
    CHECK(block != NULL);
    memset(block, 0x33, needed);
    for (uint32_t len = 0; len < needed; len++) {
        harness_case(len, 0);
        EQUAL(atto_instance_install(&container, &firmware, image.bytes, image.len, block, len, &refusal),
              ATTO_E_NO_MEMORY);
        EQUAL(refusal.status, ATTO_E_NO_MEMORY);
        EQUAL(container.receipt.arena_bytes, needed);
        CHECK(container.run == NULL);
    }
    for (uint32_t i = 0; i < needed; i++)
        EQUAL(block[i], 0x33);
    EQUAL(atto_instance_install(&container, &firmware, image.bytes, image.len, block, needed, &refusal), ATTO_OK);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, NULL), ATTO_OK);
    EQUAL(atto_instance_install(&container, &firmware, image.bytes, image.len, block + 4, needed - 4u, &refusal),
          ATTO_E_ALIGNMENT);
    free(block);
}

static enum atto_outcome host_seven(struct atto_host_frame *frame)
{
    frame->run->fuel -= 2;
    frame->result = 7;
    return ATTO_DONE;
}

static void host_functions_are_containers(void)
{
    static atto_host_fn *const entries[] = { host_seven };
    static const struct atto_host_program program = { .entries = entries, .entry_count = 1, .longest_run = 2 };
    struct atto_image native;
    uint64_t value = 0;
    begin();
    atto_image_host(&program, &native);
    EQUAL(atto_instance_install_image(&container, &firmware, &native, arena, sizeof arena, NULL), ATTO_OK);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_OK);
    EQUAL(value, 7);
    EQUAL(container.last_fuel, 2);
    EQUAL(atto_instance_call(&container, 1, NULL, 0, &value), ATTO_E_ENTRY);
}

/* The arena and the container are all there is; over and over they end as they began. */
static void start_and_stop_leave_nothing(void)
{
    begin();
    make_image(SLOTS(STORE_IMM(SIZE_DW, 10, -8, 1), MOV(0, 3), EXIT), no_manifest);
    for (uint32_t i = 0; i < ON_LINUX_OR_BOARD(100000u, 300u); i++) {
        uint64_t value = 0;
        EQUAL(install(), ATTO_OK);
        EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_OK);
        EQUAL(value, 3);
        EQUAL(atto_instance_remove(&container), ATTO_OK);
    }
}

static const struct harness_test tests[] = {
    TEST(from_bytes_to_a_value, "An image is installed, runs, is counted and removed."),
    TEST(refused_images_leave_nothing, "After a refusal at any step nothing is installed, and the refusal says where."),
    TEST(executors_of_the_firmware, "An image runs only where the firmware has its executor."),
    TEST(calls_are_granted_twice, "A host call needs the firmware's grant and the manifest's wish."),
    TEST(stacks_are_limited_twice, "The smaller one of the firmware's and the manifest's stack holds."),
    TEST(entry_points_of_the_manifest, "Every entry point that a manifest names can be entered."),
    TEST(fuel_of_an_activation, "An activation gets the fuel of the call, or the manifest's, the firmware's at most."),
    TEST(faults_of_an_activation, "Each way to fail gives its fault, leaves the value alone, and success may follow."),
    TEST(arenas_one_byte_too_small, "An arena that is too small is refused untouched; the receipt tells the size."),
    TEST(host_functions_are_containers, "A function of the firmware is a container like any other."),
    TEST(start_and_stop_leave_nothing, "Install, run and remove can be repeated without end."),
};
HARNESS_MAIN(tests)
