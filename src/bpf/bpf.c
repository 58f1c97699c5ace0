/* Executor `bpf`: makes an instance of a checked program in an arena, starts activations, and hands out the memory
 * behind guest addresses. The arena is cut in order: instance, frames of local calls, stack, data and bss.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/bpf.h"

#include <stddef.h>

#include "check.h"
#include "run.h"

_Static_assert(ATTO_READ == 0 && ATTO_WRITE == 1, "the right to write is the lowest bit of a region's span");

#define WINDOW_COUNT (ATTO_BPF_REGIONS - ATTO_BPF_WINDOW)

/*@ terminates \true; exits \false; assigns \nothing;
    ensures \result == machine(run); */
static const struct atto_bpf_run *const_vm_of(const struct atto_run *run)
{
    return (const struct atto_bpf_run *)run;
}

uint32_t atto_bpf_instance_bytes(uint32_t call_depth)
{
    return (uint32_t)sizeof(struct atto_bpf_run) + (call_depth - 1u) * (uint32_t)sizeof(struct atto_bpf_frame);
}

static const struct atto_context none = { NULL, 0, ATTO_READ };

/*@ requires \valid(region) && lendable(base, len, access) && len <= INT32_MAX;
    terminates \true; exits \false; assigns region->base, region->span;
    ensures sound_region(region) && region->base == base && region->span == 2 * len + access; */
static void set_region(struct atto_bpf_region *region, uint8_t *base, uint32_t len, enum atto_access access)
{
    region->base = base;
    region->span = len * 2u + (uint32_t)access;
}

static __attribute__((cold)) void open(const struct atto_image *image, const struct atto_receipt *receipt,
                                       const struct atto_host *host, void *arena)
{
    uint8_t *stack = (uint8_t *)arena + receipt->instance_bytes;
    uint8_t *data = stack + receipt->stack_bytes;
    struct atto_bpf_run *vm = arena;

    vm->run.host = host;
    vm->depth_limit = receipt->call_depth - 1u;
    vm->slot_count = image->text.len / (uint32_t)sizeof(struct atto_bpf_insn);
    vm->stack_end = ATTO_BPF_ADDRESS(ATTO_BPF_STACK) + receipt->stack_bytes;
    vm->text = (const struct atto_bpf_insn *)(const void *)image->text.ptr;
    set_region(&vm->region[ATTO_BPF_STACK], stack, receipt->stack_bytes, ATTO_WRITE);
    set_region(&vm->region[ATTO_BPF_DATA], data, image->data.len + image->bss_bytes, ATTO_WRITE);
    /* A read-only region is never written through this pointer. */
    set_region(&vm->region[ATTO_BPF_RODATA], (uint8_t *)(uintptr_t)image->rodata.ptr, image->rodata.len, ATTO_READ);
}

/* Any instruction will do for safety; whether a function begins there is for the image to say, once, at install. */
static enum atto_status start(struct atto_run *run, uint32_t entry, const struct atto_context *context)
{
    struct atto_bpf_run *vm = atto_bpf_vm_of(run);
    if (entry != 0u && (entry >= vm->slot_count || atto_bpf_opcode(vm->text[entry].fields) == 0u))
        return ATTO_E_ENTRY;
    uint64_t *r = vm->r;
    /* Spelled out: a libc's memset takes longer than a small activation. */
    r[0] = r[3] = r[4] = r[5] = r[6] = r[7] = r[8] = r[9] = 0;
    r[10] = vm->stack_end;
    r[1] = context != NULL ? ATTO_BPF_ADDRESS(ATTO_BPF_CONTEXT) : 0u;
    if (context == NULL)
        context = &none;
    r[2] = context->len;
    set_region(&vm->region[ATTO_BPF_CONTEXT], context->ptr, context->len, context->access);
    atto_run_begin(run, entry);
    return ATTO_OK;
}

static __attribute__((cold)) void memory(const struct atto_run *run, enum atto_memory which, struct atto_context *found)
{
    const struct atto_bpf_region *region = &const_vm_of(run)->region[ATTO_BPF_STACK + (uint32_t)which];
    found->ptr = region->base;
    found->len = region->span / 2u;
}

static void answer(struct atto_run *run, uint64_t result)
{
    atto_bpf_vm_of(run)->r[0] = result;
}

static __attribute__((cold)) enum atto_status window(struct atto_run *run, uint32_t number,
                                                     const struct atto_context *memory)
{
    if (number >= WINDOW_COUNT)
        return ATTO_E_ARGUMENT;
    if (memory == NULL)
        memory = &none;
    set_region(&atto_bpf_vm_of(run)->region[ATTO_BPF_WINDOW + number], memory->ptr, memory->len, memory->access);
    return ATTO_OK;
}

/* For the contract alone: the region and the offset that an address names. */
#define REGION (&machine(run)->region[address / ATTO_BPF_REGION_SIZE % ATTO_BPF_REGIONS])
#define OFFSET (address - address / ATTO_BPF_REGION_SIZE % ATTO_BPF_REGIONS * ATTO_BPF_REGION_SIZE)

/*@ requires valid_state(machine(run)) && sound_regions(machine(run)) && (access == ATTO_READ || access == ATTO_WRITE);
    terminates \true; exits \false; assigns \nothing;
    ensures \result != \null ==> \result == REGION->base + OFFSET && len < ATTO_BPF_REGION_SIZE;
    ensures \result != \null && len > 0 ==>
        (access == ATTO_WRITE ? writable_at(REGION, OFFSET, len) : readable_at(REGION, OFFSET, len)) &&
        \valid_read(\result + (0 .. len - 1));
    ensures \result != \null && access == ATTO_WRITE ==> \valid(\result + (0 .. len - 1)) &&
        (\forall integer k; 0 <= k < len ==> lent(\result + k)); */
static uint8_t *span(const struct atto_run *run, uint32_t address, uint32_t len, enum atto_access access)
{
    const struct atto_bpf_region *region = &const_vm_of(run)->region[atto_bpf_region_of(address)];
    const uint32_t offset = atto_bpf_offset_of(address);
    uint8_t *base = region->base;
    if (base == NULL || len >= ATTO_BPF_REGION_SIZE || !atto_bpf_readable(region, offset, len) ||
        (uint32_t)access > region->span % 2u)
        return NULL;
    return base + offset;
}

uint64_t atto_bpf_register(const struct atto_run *run, uint32_t number)
{
    return const_vm_of(run)->r[number];
}

const struct atto_executor atto_executor_bpf = {
    .number = ATTO_EXECUTOR_BPF,
    .register_count = 11,
    .registers_at = offsetof(struct atto_bpf_run, r),
    .name = "bpf",
    .check = atto_bpf_check,
    .open = open,
    .is_entry = atto_bpf_is_function,
    .start = start,
    .resume = atto_bpf_interpret,
    .answer = answer,
    .window = window,
    .span = span,
    .memory = memory,
};
