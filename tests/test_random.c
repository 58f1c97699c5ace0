/* Random programs against the reference model, compared after every slice of fuel: registers, program counter, depth,
 * memory, fault and fault address, and the number of instructions charged.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "pair.h"

#define FUEL_TOTAL ON_LINUX_OR_BOARD(3000u, 600u)

static struct pair pair;
static struct generated program;

/* Seen in the rounds of a test: what ended how. */
static uint32_t ended[4];

static bool round_of(struct rng *rng, uint32_t features, uint32_t slice_max)
{
    generate(&program, rng, features);
    if (!pair_open_generated(&pair, &program, rng))
        return false;
    pair_start(&pair);
    enum atto_outcome outcome = pair_run(&pair, rng, slice_max, FUEL_TOTAL);
    ended[outcome] += 1;
    return !harness_failed();
}

/* Each round has a seed of its own, which a failure tells; with seed= it is the first one of the next run. */
static void rounds_of(uint32_t features, uint32_t slice_max, uint32_t rounds)
{
    rounds = harness_rounds(rounds);
    for (uint32_t i = 0; i < 4u; i++)
        ended[i] = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        struct rng rng = { harness_seed() + i };
        harness_case(rng.state, i);
        if (!round_of(&rng, features, slice_max)) {
            harness_fail(__FILE__, __LINE__, "round (case: its seed, number)");
            return;
        }
    }
}

static void arithmetic_and_jumps(void)
{
    rounds_of(GENERATE_LOOPS, 5000, ON_LINUX_OR_BOARD(8000, 200));
    GO_ON();
    CHECK(ended[ATTO_DONE] > 0 && ended[ATTO_FAULT] == 0);
}

static void memory_and_calls(void)
{
    rounds_of(GENERATE_EVERYTHING - GENERATE_WILD, 400, ON_LINUX_OR_BOARD(8000, 300));
    GO_ON();
    CHECK(ended[ATTO_DONE] > 0 && ended[ATTO_FAULT] == 0);
}

static void faults_too(void)
{
    rounds_of(GENERATE_EVERYTHING, 50, ON_LINUX_OR_BOARD(8000, 300));
    GO_ON();
    CHECK(ended[ATTO_DONE] > 0 && ended[ATTO_FAULT] > 0);
}

static void one_unit_of_fuel_at_a_time(void)
{
    rounds_of(GENERATE_EVERYTHING, 1, ON_LINUX_OR_BOARD(2000, 100));
    GO_ON();
    CHECK(ended[ATTO_DONE] > 0 && ended[ATTO_FAULT] > 0);
}

static const struct harness_test tests[] = {
    TEST(arithmetic_and_jumps, "Random arithmetic and loops give what the reference model gives."),
    TEST(memory_and_calls, "Random programs with memory, atomics, host and local calls give what the model gives."),
    TEST(faults_too, "Random programs that fault do so at the same instruction, for the same reason, as the model."),
    TEST(one_unit_of_fuel_at_a_time, "A program in slices of one unit of fuel does what the uninterrupted model does."),
};
HARNESS_MAIN(tests)
