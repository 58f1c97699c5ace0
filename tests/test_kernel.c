/* Random programs against the eBPF of the Linux kernel, an implementation that this project had no part in: arithmetic,
 * jumps, counted loops, stack accesses and atomics, with all registers unknown to the kernel's verifier at the start.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

#include <stdio.h>
#include <string.h>

#include "encode.h"
#include "harness.h"
#include "pair.h"

#define PACKET_BYTES 112u
#define ROUNDS 2000u

static char reason[400];

/* Can programs of this kind be run here at all? A skip says with which error they cannot. */
static bool kernel_answers(void)
{
    static const uint64_t slots[] = { MOV(0, 42), EXIT };
    uint8_t packet[PACKET_BYTES] = { 0 };
    uint32_t value = 0;
    int status = kernel_run(slots, 2, packet, sizeof packet, &value);
    if (status == 0 && value == 42u)
        return true;
    snprintf(reason, sizeof reason, "bpf(2) %s: errno %d (%s)", status < 0 ? "does not run programs" : "is not allowed",
             status < 0 ? -status : status, strerror(status < 0 ? -status : status));
    harness_skip(reason);
    return false;
}

/* Kernels before 6.6 lack the newest instructions of the RFC. */
static bool kernel_is_recent(void)
{
    static const uint64_t slots[] = { MOV(0, -13), SLOT(0x37, 0, 0, 1, 4), SLOT(0xbf, 0, 0, 8, 0), EXIT };
    uint8_t packet[PACKET_BYTES] = { 0 };
    uint32_t value = 0;
    return kernel_run(slots, 4, packet, sizeof packet, &value) == 0;
}

static void one_round(struct rng *rng)
{
    static struct pair pair;
    static struct generated program;
    uint8_t packet[PACKET_BYTES] = { 0 };
    uint32_t value = 0;
    generate(&program, rng, GENERATE_KERNEL | GENERATE_MEMORY | GENERATE_LOOPS);
    for (uint32_t i = 0; i < 10u; i++) {
        uint64_t input = rng_value(rng);
        memcpy(packet + GENERATED_KERNEL_INPUT_OFFSET + 8u * i, &input, 8);
    }
    int status = kernel_run(program.slots, program.slot_count, packet, sizeof packet, &value);
    if (status != 0) {
        snprintf(reason, sizeof reason, "the kernel refuses a program, errno %d: %s", status, kernel_log());
        harness_fail(__FILE__, __LINE__, reason);
        return;
    }
    if (!pair_open(&pair, program.slots, program.slot_count, sizeof packet))
        return;
    memcpy(pair.guest_context, packet, sizeof packet);
    pair_start(&pair);
    EQUAL(pair_run(&pair, rng, 500, 100000), ATTO_DONE);
    EQUAL((uint32_t)atto_run_result(pair.guest.run), value);
}

static void random_programs(void)
{
    if (!kernel_answers())
        return;
    if (!kernel_is_recent()) {
        harness_skip("this kernel does not have all of RFC 9669's instructions");
        return;
    }
    for (uint32_t i = 0; i < harness_rounds(ROUNDS) && !harness_failed(); i++) {
        struct rng rng = { harness_seed() + i };
        harness_case(rng.state, i);
        one_round(&rng);
    }
}

static const struct harness_test tests[] = {
    TEST(random_programs, "Random programs give the same value in Atto and in the kernel of this machine."),
};
HARNESS_MAIN(tests)
