/* Executor `bpf`: makes an instance of a checked program in an arena, starts activations, and hands out the memory
 * behind guest addresses. The arena is cut in order: instance, frames of local calls, stack, data and bss.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/bpf.h"

#include <stddef.h>
#include <string.h>

#include "check.h"
#include "run.h"

#define WINDOW_COUNT (ATTO_BPF_REGIONS - ATTO_BPF_WINDOW)

static struct atto_bpf_run *vm_of(struct atto_run *run)
{
    return (struct atto_bpf_run *)run;
}

static const struct atto_bpf_run *const_vm_of(const struct atto_run *run)
{
    return (const struct atto_bpf_run *)run;
}

uint32_t atto_bpf_instance_bytes(uint32_t call_depth)
{
    return (uint32_t)sizeof(struct atto_bpf_run) + (call_depth - 1u) * (uint32_t)sizeof(struct atto_bpf_frame);
}

static void set_region(struct atto_bpf_region *region, uint8_t *base, uint32_t len, enum atto_access access)
{
    region->base = base;
    region->span = len * 2u + (access == ATTO_WRITE ? 1u : 0u);
}

/* Gives the guest memory of the firmware; nothing if `memory` is NULL, empty or not to be accessed. */
static inline enum atto_status grant(struct atto_bpf_region *region, const struct atto_context *memory)
{
    uint8_t *base = NULL;
    uint32_t span = 0;
    if (memory != NULL && memory->ptr != NULL && memory->access != ATTO_NO_ACCESS) {
        if (memory->len > ATTO_BPF_REGION_MAX)
            return ATTO_E_ARGUMENT;
        base = memory->ptr;
        span = memory->len * 2u + memory->access / ATTO_WRITE;
    }
    region->base = base;
    region->span = span;
    return ATTO_OK;
}

static enum atto_status open(const struct atto_image *image, const struct atto_receipt *receipt,
                             const struct atto_host *host, void *arena)
{
    uint8_t *stack = (uint8_t *)arena + receipt->instance_bytes;
    uint8_t *data = stack + receipt->stack_bytes;
    struct atto_bpf_run *vm = arena;

    memset(arena, 0, receipt->arena_bytes);
    vm->run.host = host;
    vm->run.depth_limit = (uint8_t)(receipt->call_depth - 1u);
    vm->image = image;
    vm->stack_end = ATTO_BPF_ADDRESS(ATTO_BPF_STACK) + receipt->stack_bytes;
    vm->text = (const struct atto_bpf_insn *)(const void *)image->text.ptr;
    if (image->data.len != 0u)
        memcpy(data, image->data.ptr, image->data.len);
    set_region(&vm->region[ATTO_BPF_STACK], stack, receipt->stack_bytes, ATTO_WRITE);
    set_region(&vm->region[ATTO_BPF_DATA], data, image->data.len + image->bss_bytes, ATTO_WRITE);
    /* A read-only region is never written through this pointer. */
    set_region(&vm->region[ATTO_BPF_RODATA], (uint8_t *)(uintptr_t)image->rodata.ptr, image->rodata.len, ATTO_READ);
    return ATTO_OK;
}

static enum atto_status start(struct atto_run *run, uint32_t entry, const struct atto_context *context)
{
    struct atto_bpf_run *vm = vm_of(run);
    struct atto_bpf_region *region = &vm->region[ATTO_BPF_CONTEXT];
    if (entry != 0u && !atto_bpf_is_function(vm->image, entry))
        return ATTO_E_ENTRY;
    enum atto_status status = grant(region, context);
    if (status != ATTO_OK)
        return status;
    /* Spelled out: a libc's memset takes longer than a small activation. */
    uint64_t *r = vm->r;
    r[0] = r[3] = r[4] = r[5] = r[6] = r[7] = r[8] = r[9] = 0;
    r[1] = region->base != NULL ? ATTO_BPF_ADDRESS(ATTO_BPF_CONTEXT) : 0u;
    r[2] = region->span / 2u;
    r[10] = vm->stack_end;
    atto_run_begin(run, entry);
    return ATTO_OK;
}

static void answer(struct atto_run *run, uint64_t result)
{
    vm_of(run)->r[0] = result;
}

static uint64_t result(const struct atto_run *run)
{
    return const_vm_of(run)->r[0];
}

static enum atto_status window(struct atto_run *run, uint32_t number, const struct atto_context *memory)
{
    if (number >= WINDOW_COUNT)
        return ATTO_E_ARGUMENT;
    return grant(&vm_of(run)->region[ATTO_BPF_WINDOW + number], memory);
}

static uint8_t *span(const struct atto_run *run, uint64_t address, uint32_t len, enum atto_access access)
{
    uint32_t low = (uint32_t)address;
    const struct atto_bpf_region *region = &const_vm_of(run)->region[atto_bpf_region_of(low)];
    uint32_t offset = atto_bpf_offset_of(low);
    if (len > ATTO_BPF_REGION_MAX || region->base == NULL)
        return NULL;
    if (access == ATTO_WRITE ? !atto_bpf_writable(region, offset, len) : !atto_bpf_readable(region, offset, len))
        return NULL;
    return region->base + offset;
}

uint64_t atto_bpf_register(const struct atto_run *run, uint32_t number)
{
    return const_vm_of(run)->r[number];
}

const struct atto_executor atto_executor_bpf = {
    .number = ATTO_EXECUTOR_BPF,
    .name = "bpf",
    .check = atto_bpf_check,
    .open = open,
    .start = start,
    .resume = atto_bpf_interpret,
    .answer = answer,
    .result = result,
    .window = window,
    .span = span,
};
