/* An eBPF instance as it lies at the start of its arena, and the guest's address space. Private to src/bpf.
 *
 * A guest address is 32 bits: region in the upper 4, offset in the lower 28. An access is one look-up in the table of
 * regions and one comparison, whatever the number of regions. The guest never sees a host address, and the only host
 * pointers made here are a region's base plus a checked offset.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BPF_RUN_H
#define ATTO_BPF_RUN_H

#include "atto/bpf.h"
#include "atto/exec.h"
#include "isa.h"

/* Memory that the guest can reach. span is twice the length, plus 1 if the guest may write; of a length of 2 GB or more
 * it loses the highest bit, which makes the region smaller. An unused region is 0. */
struct atto_bpf_region {
    uint8_t *base;
    uint32_t span;
};

/* A caller that waits for a local call to return. */
struct atto_bpf_frame {
    uint64_t saved[4];     /* r6 to r9 */
    uint32_t frame_pointer; /* r10 */
    uint32_t pc;           /* slot of the call */
};

struct atto_bpf_run {
    struct atto_run run;
    uint64_t r[11];
    const struct atto_bpf_insn *text;
    uint32_t slot_count;  /* of the text */
    uint32_t stack_end;   /* r10 of the entry point */
    uint32_t depth_limit; /* length of frame[] */
    struct atto_bpf_region region[ATTO_BPF_REGIONS];
    struct atto_bpf_frame frame[];
};

_Static_assert(ATTO_BPF_REGIONS == 8u || ATTO_BPF_REGIONS == 16u, "the region number is a bit field of the address");
_Static_assert(ATTO_BPF_CALL_DEPTH >= 1u && ATTO_BPF_CALL_DEPTH <= 255u, "a function record has 8 bits for it");
_Static_assert(ATTO_BPF_MAX_SLOTS <= 65535u, "a function record has 16 bits for a slot");
_Static_assert(sizeof(struct atto_bpf_frame) == 40, "the documents promise 40 bytes a level");

#define ATTO_BPF_REGION_SIZE 0x10000000u

/* The region that an address names, and the offset in it. If there are 8 regions, an address of region 8 to 15 gives an
 * offset that is larger than any region. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures \result == address / ATTO_BPF_REGION_SIZE % ATTO_BPF_REGIONS;
    ensures \result < ATTO_BPF_REGIONS; */
static inline uint32_t atto_bpf_region_of(uint32_t address)
{
    return address / ATTO_BPF_REGION_SIZE % ATTO_BPF_REGIONS;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures \result == address - address / ATTO_BPF_REGION_SIZE % ATTO_BPF_REGIONS * ATTO_BPF_REGION_SIZE;
    ensures \result < 0x90000000; */
static inline uint32_t atto_bpf_offset_of(uint32_t address)
{
    return address - atto_bpf_region_of(address) * ATTO_BPF_REGION_SIZE;
}

/* Do `size` bytes from offset on lie in the region, and may the guest read or write them? offset + size cannot wrap:
 * one of the upper four bits of the offset is always 0. */
/*@ requires \valid_read(region) && offset < 0x90000000 && size < ATTO_BPF_REGION_SIZE;
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> offset + size <= region->span / 2; */
static inline bool atto_bpf_readable(const struct atto_bpf_region *region, uint32_t offset, uint32_t size)
{
    return offset + size <= region->span / 2u;
}

/*@ requires \valid_read(region) && offset < 0x90000000 && size < ATTO_BPF_REGION_SIZE;
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> offset + size <= region->span / 2 && region->span % 2 == 1; */
static inline bool atto_bpf_writable(const struct atto_bpf_region *region, uint32_t offset, uint32_t size)
{
    return offset + size <= region->span / 2u && region->span % 2u != 0;
}

/* The instance that a run is the beginning of. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures \result == machine(run); */
static inline struct atto_bpf_run *atto_bpf_vm_of(struct atto_run *run)
{
    return (struct atto_bpf_run *)run;
}

/* Runs until the activation ends, waits or has used up its fuel: the `resume` of the executor contract. The instance
 * has been started; its text has passed the check against the same host calls and has not changed since. */
enum atto_outcome atto_bpf_interpret(struct atto_run *run);

#endif
