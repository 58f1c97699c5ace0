/* The executor contract's common part: arguments, states and the fuel balance are looked after here, once, so that an
 * executor has only its own work to do.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/exec.h"

#include <stddef.h>

enum atto_status atto_run_open(const struct atto_executor *executor, const struct atto_image *image,
                               const struct atto_receipt *receipt, const struct atto_host *host, void *arena,
                               uint32_t arena_bytes, struct atto_run **run)
{
    if ((uintptr_t)arena % ATTO_ARENA_ALIGN != 0u)
        return ATTO_E_ALIGNMENT;
    if (arena_bytes < receipt->arena_bytes)
        return ATTO_E_NO_MEMORY;
    enum atto_status status = executor->open(image, receipt, host, arena);
    if (status != ATTO_OK)
        return status;
    *run = arena;
    (*run)->executor = executor;
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

uint8_t *atto_run_span(const struct atto_run *run, uint64_t address, uint32_t len, enum atto_access access)
{
    return run->executor->span(run, address, len, access);
}
