/* A program in Atto and in the reference model at once, kept in step: after each slice of fuel the model is moved
 * forward by as many instructions as Atto has charged for, and everything that can be seen is compared.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "guest.h"

#define PAIR_STACK_BYTES 4096u
#define PAIR_CONTEXT_BYTES 128u
#define PAIR_DATA_BYTES 64u

struct pair {
    struct guest guest;
    struct reference model;
    struct guest_world world;
    struct atto_context context;   /* of the guest; len 0: none */
    uint8_t guest_context[PAIR_CONTEXT_BYTES];
    /* the model's memory */
    uint8_t stack[PAIR_STACK_BYTES];
    uint8_t data[PAIR_DATA_BYTES];
    uint8_t model_context[PAIR_CONTEXT_BYTES];
    struct reference_function functions[GENERATED_FUNCTIONS];
};

/* From text alone, with a context of so many bytes that the caller fills in pair->guest_context. */
bool pair_open(struct pair *pair, const uint64_t *slots, uint32_t slot_count, uint32_t context_bytes);
/* From a generated program, with its function table, data and a context of random bytes. */
bool pair_open_generated(struct pair *pair, const struct generated *program, struct rng *rng);

/* The same once more, after the caller has changed text, table or format of pair->guest. */
bool pair_reopen(struct pair *pair, const struct generated *program);

/* Begins an activation in both. */
void pair_start(struct pair *pair);
/* One slice of fuel, and comparison; answers how it ended. A call that waits is answered within. Any difference fails
 * the test. */
enum atto_outcome pair_resume(struct pair *pair, uint32_t fuel);
/* Slices of one to slice_max fuel until the end or until fuel_total is given out. */
enum atto_outcome pair_run(struct pair *pair, struct rng *rng, uint32_t slice_max, uint32_t fuel_total);

#endif
