/* A slow, obvious model of eBPF after RFC 9669, which the tests compare the executor with. It decodes each instruction
 * again each time, straight from the RFC's fields, shares no code and no table with src/, and knows nothing of fuel.
 * Packet access and calls by register are left out, as in Atto.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#define REFERENCE_REGIONS 16u
#define REFERENCE_DEPTH 64u

enum reference_outcome {
    REFERENCE_RUNNING,    /* the step went well; there is a next one */
    REFERENCE_EXIT,       /* the program ended; r[0] is its value */
    REFERENCE_MEMORY,     /* access outside the regions; fault_address says where */
    REFERENCE_DEPTH_OVER, /* one local call too many */
    REFERENCE_CALL_FAILED,/* a host call said so */
    REFERENCE_ILLEGAL     /* something that a check must never let through */
};

struct reference_region {
    uint8_t *ptr;
    uint32_t len;
    bool writable;
};

struct reference_function {
    uint32_t start;
    uint32_t frame_bytes;
};

struct reference;

/* A host call: arguments in r[1] to r[5], result in r[0]. false: it failed. */
typedef bool reference_call(struct reference *machine, uint32_t number);

struct reference {
    /* given by the caller */
    const uint8_t *text;
    uint32_t slot_count;
    const struct reference_function *functions; /* sorted by start; none: each frame has default_frame_bytes */
    uint32_t function_count;
    uint32_t default_frame_bytes;
    uint32_t depth_max; /* functions active at a time, the first one included; at most REFERENCE_DEPTH */
    bool femto;         /* the wide loads 0xb8 and 0xd8 exist */
    struct reference_region region[REFERENCE_REGIONS];
    reference_call *call;
    void *user;
    /* the machine's state */
    uint64_t r[11];
    uint32_t pc; /* slot */
    uint32_t depth;
    struct {
        uint32_t pc;
        uint64_t saved[5]; /* r6 to r10 */
    } frame[REFERENCE_DEPTH];
    uint32_t fault_address;
    uint64_t executed; /* instructions that were carried out, a wide one counted once */
};

/* Begins at a slot: clears the registers, sets r1 and r2 from the context region and r10 to the end of the stack. */
void reference_start(struct reference *machine, uint32_t entry);

/* Carries out one instruction. After a fault pc stands on the instruction that failed, which is not counted. */
enum reference_outcome reference_step(struct reference *machine);

/* Steps until it ends, or until `limit` instructions were carried out (then REFERENCE_RUNNING). */
enum reference_outcome reference_run(struct reference *machine, uint64_t limit);

/* The memory behind a guest address, or a null pointer. */
uint8_t *reference_span(const struct reference *machine, uint64_t address, uint32_t len, bool write);

#endif
