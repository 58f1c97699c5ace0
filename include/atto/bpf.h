/* Executor `bpf`: eBPF programs (RFC 9669, all but `packet` and `callx`), checked once and interpreted in place.
 *
 * Guest addresses are 32 bits: region (upper 4 bits) and offset (lower 28). Only the lower half of a register counts
 * as an address. At start r1 is the address of the context and r2 its length, r10 the end of the stack; the other
 * registers are 0. docs/SPEC.md has the whole of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BPF_H
#define ATTO_BPF_H

#include "atto/exec.h"

enum atto_bpf_region_number {
    ATTO_BPF_STACK = 1,
    ATTO_BPF_DATA = 2,
    ATTO_BPF_RODATA = 3,
    ATTO_BPF_CONTEXT = 4,
    ATTO_BPF_WINDOW = 5 /* window 0 of atto_run_window; the last is ATTO_BPF_REGIONS - 1 */
};

/* The first guest address of a region. */
#define ATTO_BPF_ADDRESS(region) ((uint32_t)(region) << 28)

/* Longest region in bytes. */
#define ATTO_BPF_REGION_MAX 0x0ffffff8u

/* Judges one slot of a text, as check does for each of them: ATTO_OK, or why it is refused. For tools that want all
 * refusals and not the first alone. slot: below the number of slots of image->text. */
/*@ requires checkable(image) && \valid_read(limits) && sound_calls(limits->calls);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == ATTO_OK <==> text_legal(image) && table_legal(image) && slot < slot_count(image) &&
        \forall integer f; 0 <= f < functions(image) && begin(image, f) <= slot < end(image, f) ==>
            slot_legal(image, limits, slots(image->text.ptr), f, slot); */
enum atto_status atto_bpf_check_slot(const struct atto_image *image, const struct atto_limits *limits, uint32_t slot);

/* Register `number` (0 to 10) of an instance, for post-mortems. */
uint64_t atto_bpf_register(const struct atto_run *run, uint32_t number);

#endif
