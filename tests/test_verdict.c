/* The check against a second telling of its rules: for random programs with small changes, for random bytes, and with
 * function tables that are nearly right, both must accept exactly the same; and what they accept runs like the model,
 * which knows nothing of any check and must never come upon anything that is not defined.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "harness.h"
#include "mutate.h"
#include "pair.h"
#include "reference_check.h"

static struct generated program;
static struct pair pair;
static uint32_t accepted, refused;

static bool has_call(uint32_t number)
{
    return number < ATTO_CALL_IDS && atto_call_find(&guest_calls, number) != NULL;
}

static bool reference_verdict(const struct guest *guest)
{
    const struct reference_program reference = {
        .text = guest->image.text.ptr, .text_bytes = guest->image.text.len,
        .functions = guest->image.functions.ptr, .function_count = guest->image.functions.len / ATTO_FUNCTION_BYTES,
        .depth_max = ATTO_BPF_CALL_DEPTH, .femto = guest->image.format == ATTO_FORMAT_FEMTO, .has_call = has_call,
    };
    return reference_accepts(&reference);
}

/* Both verdicts on the guest; the common one. */
static bool same_verdict(struct guest *guest)
{
    bool good = guest_check(guest) == ATTO_OK, should = reference_verdict(guest);
    if (good != should)
        harness_fail_values(__FILE__, __LINE__, "accepted", good, should);
    accepted += good;
    refused += !good;
    return good;
}

/* Generated, changed in up to four places, judged; and run, if it is accepted. */
static void changed_program(struct rng *rng)
{
    generate(&program, rng, rng_once_in(rng, 2) ? GENERATE_EVERYTHING : GENERATE_EVERYTHING - GENERATE_LOCAL_CALLS);
    if (!pair_open_generated(&pair, &program, rng))
        return;
    uint32_t functions = program.function_count;
    for (uint32_t i = 0; i < 1u + rng_below(rng, 4); i++) {
        if (functions != 0 && rng_once_in(rng, 4))
            mutate_functions(pair.guest.functions, functions, rng);
        else
            mutate_text(program.slots, program.slot_count, rng);
    }
    if (rng_once_in(rng, 8))
        pair.guest.image.text.len -= 8u * rng_below(rng, program.slot_count);
    if (rng_once_in(rng, 8))
        pair.guest.image.format = ATTO_FORMAT_FEMTO;
    if (!same_verdict(&pair.guest) || pair.guest.receipt.stack_bytes > PAIR_STACK_BYTES)
        return;
    for (uint32_t i = 0; i < functions; i++)
        program.functions[i] = (struct reference_function){
            pair.guest.functions[8u * i] + 256u * pair.guest.functions[8u * i + 1u],
            pair.guest.functions[8u * i + 2u] + 256u * pair.guest.functions[8u * i + 3u]
        };
    if (!pair_reopen(&pair, &program))
        return;
    pair_start(&pair);
    pair_run(&pair, rng, 40, 300);
}

static void changed_programs(void)
{
    accepted = refused = 0;
    for (uint32_t i = 0; i < harness_rounds(ON_LINUX_OR_BOARD(30000, 400)); i++) {
        struct rng rng = { harness_seed() + i };
        harness_case(rng.state, i);
        changed_program(&rng);
        GO_ON();
    }
    CHECK(accepted > 0 && refused > 0);
}

static void random_bytes(void)
{
    static uint64_t slots[16];
    struct guest guest;
    accepted = refused = 0;
    for (uint32_t i = 0; i < harness_rounds(ON_LINUX_OR_BOARD(300000, 3000)); i++) {
        struct rng rng = { harness_seed() + i };
        uint32_t count = 1u + rng_below(&rng, 6);
        for (uint32_t k = 0; k < count; k++) {
            uint64_t mask = rng_once_in(&rng, 2) ? 0x00000000000000ff : 0x0000000f000700ff;
            slots[k] = rng_next(&rng) & (rng_once_in(&rng, 4) ? ~(uint64_t)0 : mask | 0x1100);
        }
        slots[count - 1u] = rng_once_in(&rng, 4) ? slots[count - 1u] : 0x95;
        guest_begin(&guest, slots, count);
        if (rng_once_in(&rng, 8))
            guest.image.format = ATTO_FORMAT_FEMTO;
        harness_case(rng.state, i);
        same_verdict(&guest);
        GO_ON();
    }
    CHECK(accepted > 0 && refused > 0);
}

/* Programs of generated functions, as they are: all good, and the claims are the smallest that are. */
static void claims_are_tight(void)
{
    for (uint32_t i = 0; i < harness_rounds(ON_LINUX_OR_BOARD(2000, 50)); i++) {
        struct rng rng = { harness_seed() + i };
        harness_case(rng.state, i);
        generate(&program, &rng, GENERATE_EVERYTHING);
        if (!pair_open_generated(&pair, &program, &rng))
            return;
        CHECK(reference_verdict(&pair.guest));
        for (uint32_t k = 0; k < program.function_count; k++) {
            uint8_t *record = pair.guest.functions + 8u * k;
            uint32_t stack = program.stack_bytes[k] - 8u;
            record[4] = (uint8_t)(stack % 256u);
            record[5] = (uint8_t)(stack / 256u);
            EQUAL(guest_check(&pair.guest), ATTO_E_FRAME_SIZE);
            record[4] = (uint8_t)(program.stack_bytes[k] % 256u);
            record[5] = (uint8_t)(program.stack_bytes[k] / 256u);
            record[6]--;
            EQUAL(guest_check(&pair.guest), ATTO_E_FRAME_SIZE);
            record[6]++;
        }
    }
}

static const struct harness_test tests[] = {
    TEST(changed_programs, "Programs with small changes are accepted exactly by the rules, and then run as defined."),
    TEST(random_bytes, "Random bytes are accepted exactly if the rules accept them."),
    TEST(claims_are_tight, "A function table with 8 bytes or one level less than needed is refused."),
};
HARNESS_MAIN(tests)
