/* Random programs that the pre-flight check accepts: arithmetic on edge values, jumps forwards and backwards, memory
 * accesses in and around the regions, atomics, host calls and local calls. The same generator feeds the comparison with
 * the reference model, the comparison with the kernel, the fuel tests and the fuzzers' corpus.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_GENERATE_H
#define TESTS_GENERATE_H

#include "reference.h"
#include "rng.h"

#define GENERATED_SLOTS 400u
#define GENERATED_FUNCTIONS 4u

/* What the programs expect to find: sizes of the regions in bytes, and the host calls. */
#define GENERATED_DATA_BYTES 40u
#define GENERATED_BSS_BYTES 24u
#define GENERATED_RODATA_BYTES 32u
#define GENERATED_CONTEXT_BYTES 48u
enum {
    GENERATED_CALL_MIX = 1,  /* a value of r1 to r5 */
    GENERATED_CALL_LATER = 2,/* the same, but it has to be waited for */
    GENERATED_CALL_SUM = 3,  /* adds up r2 bytes at r1; all bits set if they cannot be read */
    GENERATED_CALL_FAIL = 4, /* fails if the lowest 5 bits of r1 are 0, else gives r1 */
    GENERATED_CALL_LOAD = 26 /* the kernel's skb_load_bytes(context, offset, to, len) */
};

enum {
    GENERATE_MEMORY = 1,
    GENERATE_LOOPS = 2,
    GENERATE_HOST_CALLS = 4,
    GENERATE_LOCAL_CALLS = 8,
    GENERATE_WILD = 16,    /* some accesses that fault, calls that fail, recursion */
    GENERATE_EVERYTHING = 31,
    GENERATE_KERNEL = 32   /* only what the verifier of Linux accepts as well; all registers start from the context */
};

/* Bytes of the context that a program made with GENERATE_KERNEL loads its registers from, and where they begin. */
#define GENERATED_KERNEL_INPUT_OFFSET 16u
#define GENERATED_KERNEL_INPUT_BYTES 80u

struct generated {
    uint64_t slots[GENERATED_SLOTS];
    uint32_t slot_count;
    uint32_t function_count; /* 0: no function table */
    struct reference_function functions[GENERATED_FUNCTIONS];
    uint32_t stack_bytes[GENERATED_FUNCTIONS]; /* the table's claims */
    uint8_t depth[GENERATED_FUNCTIONS];
    uint8_t data[GENERATED_DATA_BYTES];
    uint8_t rodata[GENERATED_RODATA_BYTES];
};

void generate(struct generated *program, struct rng *rng, uint32_t features);

#endif
