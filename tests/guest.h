/* A guest program on its way through check, open, start and resume, with the least ceremony, and the host calls that
 * test programs find. The same calls exist for the reference model, so that both can run the same program.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include "atto/bpf.h"
#include "atto/exec.h"
#include "generate.h"
#include "reference.h"

/* A function of a table: where it starts and what the table says about it. */
struct guest_function {
    uint16_t start, frame_bytes, stack_bytes;
    uint8_t depth;
};

#define GUEST_FUNCTIONS 16u

struct guest {
    struct atto_image image;
    struct atto_limits limits;
    struct atto_receipt receipt;
    struct atto_refusal refusal;
    struct atto_host host;
    struct atto_run *run;
    uint8_t functions[GUEST_FUNCTIONS * ATTO_FUNCTION_BYTES];
};

/* What the host calls remember; found through host.user and reference.user. */
struct guest_world {
    uint64_t pending;    /* the answer to the call that waits */
    uint64_t price_sum;  /* fuel that calls have cost */
    uint32_t call_count;
};

/* Prices of the host calls, in fuel. */
enum { GUEST_PRICE_MIX = 3, GUEST_PRICE_LATER = 10, GUEST_PRICE_SUM = 7, GUEST_PRICE_FAIL = 0, GUEST_PRICE_LOAD = 20 };
#define GUEST_CALL_ZERO 5 /* returns 0 */

extern const struct atto_call_table guest_calls;
bool guest_reference_call(struct reference *machine, uint32_t number);

/* A guest from text; nothing is checked yet. All host calls of guest_calls are granted, the stack has no limit. */
void guest_begin(struct guest *guest, const uint64_t *slots, uint32_t slot_count);
void guest_function_table(struct guest *guest, const struct guest_function *functions, uint32_t count);

enum atto_status guest_check(struct guest *guest);
/* Checks, and opens an instance in a block of exactly the size that the receipt tells, so that a sanitizer sees an
 * access behind it. Fails the test and answers false if that does not succeed. There is one such instance at a time. */
bool guest_open(struct guest *guest);
/* Opens a checked guest in the caller's memory. */
enum atto_status guest_open_in(struct guest *guest, void *arena, uint32_t arena_bytes);

/* Runs one activation with plenty of fuel, answering host calls that wait. */
enum atto_outcome guest_run(struct guest *guest, const struct atto_context *context);

/* Opens and runs a program without a context and answers r0; the test fails if it does not end well. */
uint64_t guest_value(const uint64_t *slots, uint32_t slot_count);
/* The status with which a program is refused, ATTO_OK if it is not. */
enum atto_status guest_refusal(const uint64_t *slots, uint32_t slot_count);

#define SLOTS(...) (const uint64_t[]){ __VA_ARGS__ }, (uint32_t)(sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8u)

#endif
