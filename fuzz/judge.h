/* What the targets for eBPF share: a guest is judged by the check and by the tests' second telling of its rules, and if
 * it is accepted it runs in step with the reference model, in blocks of exactly the sizes that it was promised.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_JUDGE_H
#define FUZZ_JUDGE_H

#include <stddef.h>

#include "harness.h"
#include "pair.h"
#include "reference_check.h"

#define FUZZ_FUEL 600u

static bool judge_has_call(uint32_t number)
{
    return number < ATTO_CALL_IDS && atto_call_find(&guest_calls, number) != NULL;
}

/* Text, function table and format are in pair->guest; program has data and read-only data and gets the functions. */
static void judge_and_run(struct pair *pair, struct generated *program, uint32_t slice_max)
{
    struct guest *guest = &pair->guest;
    const struct reference_program reference = {
        .text = guest->image.text.ptr, .text_bytes = guest->image.text.len,
        .functions = guest->image.functions.ptr, .function_count = guest->image.functions.len / ATTO_FUNCTION_BYTES,
        .depth_max = ATTO_BPF_CALL_DEPTH, .femto = guest->image.format == ATTO_FORMAT_FEMTO,
        .has_call = judge_has_call,
    };
    bool good = guest_check(guest) == ATTO_OK;
    if (good != reference_accepts(&reference))
        harness_fail_values(__FILE__, __LINE__, "accepted", good, !good);
    if (!good || guest->receipt.stack_bytes > PAIR_STACK_BYTES || reference.function_count > GENERATED_FUNCTIONS)
        return;
    program->function_count = reference.function_count;
    for (uint32_t i = 0; i < program->function_count; i++)
        program->functions[i] = (struct reference_function){
            reference.functions[8u * i] + 256u * reference.functions[8u * i + 1u],
            reference.functions[8u * i + 2u] + 256u * reference.functions[8u * i + 3u]
        };
    pair_reopen(pair, program);
    pair_start(pair);
    struct rng rng = { slice_max };
    pair_run(pair, &rng, slice_max + 1u, FUZZ_FUEL);
}

#endif
