/* Executor `host`: C functions of the firmware under the executor contract. The image is the table of functions itself;
 * the arena holds the common run, the function's frame and its state.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/host.h"

#include <stddef.h>

struct host_run {
    struct atto_run run;
    const struct atto_host_program *program;
    atto_host_fn *entry;
    struct atto_host_frame frame;
    uint64_t state[]; /* aligned for anything */
};

void atto_image_host(const struct atto_host_program *program, struct atto_image *image)
{
    *image = (struct atto_image){ .format = ATTO_FORMAT_HOST, .executor = ATTO_EXECUTOR_HOST };
    image->text.ptr = (const uint8_t *)program;
    image->text.len = sizeof *program;
}

static const struct atto_host_program *program_of(const struct atto_image *image)
{
    return (const struct atto_host_program *)(const void *)image->text.ptr;
}

#define STATE_BYTES_MAX 0x0fffffffu /* as much as a region of a guest */

static enum atto_status check(const struct atto_image *image, const struct atto_limits *limits,
                              struct atto_receipt *receipt, struct atto_refusal *refusal)
{
    enum atto_status status = ATTO_OK;
    /* Bytes from outside are never taken for a table of functions. */
    if (image->format != ATTO_FORMAT_HOST)
        status = ATTO_E_FORMAT;
    else if (!atto_callset_within(&program_of(image)->calls, &limits->granted))
        status = ATTO_E_CALL_DENIED;
    else if (program_of(image)->entry_count == 0u)
        status = ATTO_E_ENTRY;
    else if (program_of(image)->state_bytes > STATE_BYTES_MAX)
        status = ATTO_E_NO_MEMORY;
    *receipt = (struct atto_receipt){ 0 };
    if (refusal != NULL)
        *refusal = (struct atto_refusal){ status, 0 };
    if (status != ATTO_OK)
        return status;
    const struct atto_host_program *program = program_of(image);
    receipt->instance_bytes = (uint32_t)sizeof(struct host_run);
    receipt->memory_bytes = (program->state_bytes + 7u) / 8u * 8u;
    receipt->arena_bytes = receipt->instance_bytes + receipt->memory_bytes;
    receipt->longest_run = program->longest_run;
    receipt->call_depth = 1;
    receipt->calls = program->calls;
    return ATTO_OK;
}

static void open(const struct atto_image *image, const struct atto_receipt *receipt, const struct atto_host *host,
                 void *arena)
{
    struct host_run *vm = arena;
    (void)receipt;
    vm->run.host = host;
    vm->program = program_of(image);
    vm->frame.run = &vm->run;
    vm->frame.state = (uint8_t *)vm->state;
}

static bool is_entry(const struct atto_image *image, uint32_t entry)
{
    return entry < program_of(image)->entry_count;
}

static enum atto_status start(struct atto_run *run, uint32_t entry, const struct atto_context *context)
{
    struct host_run *vm = (struct host_run *)run;
    if (entry >= vm->program->entry_count)
        return ATTO_E_ENTRY;
    vm->entry = vm->program->entries[entry];
    vm->frame.context = context != NULL ? *context : (struct atto_context){ NULL, 0, ATTO_READ };
    vm->frame.step = 0;
    vm->frame.result = 0;
    atto_run_begin(run, entry);
    return ATTO_OK;
}

static enum atto_outcome resume(struct atto_run *run)
{
    struct host_run *vm = (struct host_run *)run;
    enum atto_outcome outcome = vm->entry(&vm->frame);
    if (outcome == ATTO_FAULT)
        run->fault = ATTO_FAULT_NATIVE;
    if (outcome == ATTO_DONE)
        run->result = vm->frame.result;
    run->outcome = (uint8_t)outcome;
    return outcome;
}

static void answer(struct atto_run *run, uint64_t result)
{
    ((struct host_run *)run)->frame.result = result;
}

/* A host function has the firmware's whole memory; it needs no windows and makes no guest addresses. */
static enum atto_status window(struct atto_run *run, uint32_t number, const struct atto_context *memory)
{
    (void)run;
    (void)number;
    (void)memory;
    return ATTO_E_ARGUMENT;
}

static uint8_t *span(const struct atto_run *run, uint32_t address, uint32_t len, enum atto_access access)
{
    (void)run;
    (void)address;
    (void)len;
    (void)access;
    return NULL;
}

/* The stack is the firmware's own. */
static void memory(const struct atto_run *run, enum atto_memory which, struct atto_context *found)
{
    struct host_run *vm = (struct host_run *)(uintptr_t)run;
    *found = (struct atto_context){ vm->state, which == ATTO_MEMORY_DATA ? vm->program->state_bytes : 0u, ATTO_WRITE };
}

const struct atto_executor atto_executor_host = {
    .number = ATTO_EXECUTOR_HOST,
    .name = "host",
    .check = check,
    .open = open,
    .is_entry = is_entry,
    .start = start,
    .resume = resume,
    .answer = answer,
    .window = window,
    .span = span,
    .memory = memory,
};
