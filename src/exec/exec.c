/* The executor contract's common part: arguments, states and the fuel balance are looked after here, once, so that an
 * executor has only its own work to do.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/exec.h"

#include <stddef.h>
#include <string.h>

/* Four words at a time: a libc's memset, made for size, takes longer than all the rest of a start. bytes: aligned as all
 * memory of an arena is. */
static void clear(uint8_t *bytes, uint32_t len)
{
    uint64_t *words = (uint64_t *)(void *)bytes;
    for (; len >= 4u * sizeof *words; len -= 4u * (uint32_t)sizeof *words) {
        words[0] = words[1] = words[2] = words[3] = 0;
        words += 4;
        __asm__("" : "+r"(words)); /* or the compiler would make a memset of it */
    }
    memset(words, 0, len);
}

static void fill(const struct atto_run *run, struct atto_span data)
{
    struct atto_context memory;
    run->executor->memory(run, ATTO_MEMORY_DATA, &memory);
    if (data.len != 0u)
        memcpy(memory.ptr, data.ptr, data.len);
}

enum atto_status atto_run_open(const struct atto_executor *executor, const struct atto_image *image,
                               const struct atto_receipt *receipt, const struct atto_host *host, void *arena,
                               uint32_t arena_bytes, struct atto_run **run)
{
    if ((uintptr_t)arena % ATTO_ARENA_ALIGN != 0u)
        return ATTO_E_ALIGNMENT;
    if (arena_bytes < receipt->arena_bytes)
        return ATTO_E_NO_MEMORY;
    clear(arena, receipt->arena_bytes);
    executor->open(image, receipt, host, arena);
    *run = arena;
    (*run)->executor = executor;
    fill(*run, image->data);
    return ATTO_OK;
}

enum atto_status atto_run_answer(struct atto_run *run, uint64_t result)
{
    if (run->outcome != ATTO_WAIT)
        return ATTO_E_STATE;
    run->executor->answer(run, result);
    run->outcome = ATTO_YIELD;
    return ATTO_OK;
}

enum atto_status atto_run_window(struct atto_run *run, uint32_t number, const struct atto_context *memory)
{
    return run->executor->window(run, number, memory);
}

bool atto_run_is_entry(const struct atto_executor *executor, const struct atto_image *image, uint32_t entry)
{
    return executor->is_entry(image, entry);
}

void atto_run_reset(struct atto_run *run, struct atto_span data)
{
    const struct atto_executor *executor = run->executor;
    struct atto_context memory;
    for (uint32_t which = ATTO_MEMORY_STACK; which <= ATTO_MEMORY_DATA; which++) {
        executor->memory(run, (enum atto_memory)which, &memory);
        clear(memory.ptr, memory.len);
    }
    fill(run, data);
    for (uint32_t i = 0; executor->window(run, i, NULL) == ATTO_OK; i++) {
    }
    run->outcome = ATTO_DONE;
    run->fault = ATTO_OK;
}

bool atto_run_register(const struct atto_run *run, uint32_t number, uint64_t *value)
{
    const struct atto_executor *executor = run->executor;
    if (number >= executor->register_count)
        return false;
    memcpy(value, (const uint8_t *)run + executor->registers_at + number * sizeof *value, sizeof *value);
    return true;
}

/* What was never written is still 0; stacks grow downwards. */
uint32_t atto_run_stack_used(const struct atto_run *run)
{
    struct atto_context stack;
    uint32_t untouched = 0;
    run->executor->memory(run, ATTO_MEMORY_STACK, &stack);
    while (untouched < stack.len && ((const uint8_t *)stack.ptr)[untouched] == 0u)
        untouched++;
    return stack.len - untouched;
}
