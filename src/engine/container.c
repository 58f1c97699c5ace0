/* A container from its image to the end of an activation: install is parse, check, open, in that order, and nothing is
 * kept of an image that one of them refuses.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/container.h"

#include <stddef.h>

static const struct atto_executor *find_executor(const struct atto_firmware *firmware, uint8_t number)
{
    for (const struct atto_executor *const *e = firmware->executors; *e != NULL; e++) {
        if ((*e)->number == number)
            return *e;
    }
    return NULL;
}

static enum atto_status refuse(struct atto_refusal *refusal, enum atto_status status, uint32_t at)
{
    if (refusal != NULL)
        *refusal = (struct atto_refusal){ status, at };
    return status;
}

/* The smaller of two limits, where 0 is none. */
static uint32_t tighter(uint32_t a, uint32_t b)
{
    return a == 0u || (b != 0u && b < a) ? b : a;
}

/* What the program may have: what the firmware grants, and of that only what the manifest asks for. */
static struct atto_limits limits_for(const struct atto_firmware *firmware, const struct atto_container *container)
{
    struct atto_limits limits = {
        .calls = firmware->host.calls,
        .granted = firmware->granted,
        .stack_bytes = tighter(firmware->stack_bytes, container->manifest.stack_bytes),
    };
    if (container->image.manifest.len != 0u) {
        for (uint32_t i = 0; i < ATTO_CALL_IDS / 32u; i++)
            limits.granted.bits[i] &= container->manifest.calls.bits[i];
    }
    return limits;
}

enum atto_status atto_container_check_entry(struct atto_container *container, uint32_t entry)
{
    struct atto_run *run = container->run;
    if (run == NULL)
        return ATTO_E_STATE;
    if (container->busy != 0u)
        return ATTO_E_BUSY;
    enum atto_status status = atto_run_start(run, entry, NULL);
    run->outcome = ATTO_DONE;
    return status;
}

/* Entry points of the manifest must be ones that an activation can begin at. */
static enum atto_status check_entries(struct atto_container *container, struct atto_refusal *refusal)
{
    struct atto_entry entry;
    for (uint32_t i = 0; i < container->manifest.entry_count; i++) {
        enum atto_status status = atto_manifest_entry(&container->manifest, i, &entry);
        if (status == ATTO_OK)
            status = atto_container_check_entry(container, entry.slot);
        if (status != ATTO_OK)
            return refuse(refusal, status, entry.slot);
    }
    return ATTO_OK;
}

static enum atto_status install(struct atto_container *container, const struct atto_firmware *firmware, void *arena,
                                uint32_t arena_bytes, struct atto_refusal *refusal)
{
    const struct atto_image *image = &container->image;
    enum atto_status status = ATTO_OK;
    if (image->manifest.len != 0u)
        status = atto_manifest_parse(image->manifest, &container->manifest, refusal);
    if (status != ATTO_OK)
        return status;
    const struct atto_executor *executor = find_executor(firmware, image->executor);
    if (executor == NULL)
        return refuse(refusal, ATTO_E_EXECUTOR, 0);
    struct atto_limits limits = limits_for(firmware, container);
    status = executor->check(image, &limits, &container->receipt, refusal);
    if (status != ATTO_OK)
        return status;
    container->fuel = tighter(firmware->fuel, container->manifest.fuel);
    status = atto_run_open(executor, image, &container->receipt, &firmware->host, arena, arena_bytes, &container->run);
    if (status != ATTO_OK)
        return refuse(refusal, status, 0);
    return check_entries(container, refusal);
}

enum atto_status atto_container_install_image(struct atto_container *container, const struct atto_firmware *firmware,
                                              const struct atto_image *image, void *arena, uint32_t arena_bytes,
                                              struct atto_refusal *refusal)
{
    *container = (struct atto_container){ .image = *image };
    enum atto_status status = install(container, firmware, arena, arena_bytes, refusal);
    if (status != ATTO_OK)
        container->run = NULL;
    else
        refuse(refusal, ATTO_OK, 0);
    return status;
}

enum atto_status atto_container_install(struct atto_container *container, const struct atto_firmware *firmware,
                                        const uint8_t *bytes, uint32_t len, void *arena, uint32_t arena_bytes,
                                        struct atto_refusal *refusal)
{
    struct atto_image image;
    enum atto_status status = atto_image_parse(bytes, len, &image, refusal);
    if (status != ATTO_OK) {
        *container = (struct atto_container){ 0 };
        return status;
    }
    status = atto_container_install_image(container, firmware, &image, arena, arena_bytes, refusal);
    if (status == ATTO_E_MANIFEST && refusal != NULL)
        refusal->at += (uint32_t)(image.manifest.ptr - bytes);
    return status;
}

enum atto_status atto_container_call(struct atto_container *container, uint32_t entry,
                                     const struct atto_context *context, uint32_t fuel, uint64_t *value)
{
    struct atto_run *run = container->run;
    if (run == NULL)
        return ATTO_E_STATE;
    if (container->busy != 0u)
        return ATTO_E_BUSY;
    enum atto_status status = atto_run_start(run, entry, context);
    if (status != ATTO_OK)
        return status;
    if (fuel == 0u)
        fuel = container->fuel;
    if (fuel > ATTO_FUEL_MAX)
        fuel = ATTO_FUEL_MAX;
    container->busy = 1;
    container->activations++;
    enum atto_outcome outcome = atto_run_resume(run, fuel);
    container->busy = 0;
    container->last_fuel = fuel - (uint32_t)run->fuel;
    container->fuel_used += container->last_fuel;
    if (outcome == ATTO_DONE) {
        if (value != NULL)
            *value = atto_run_result(run);
        return ATTO_OK;
    }
    container->faults++;
    if (outcome == ATTO_FAULT)
        return (enum atto_status)run->fault;
    run->outcome = ATTO_FAULT;
    run->fault = outcome == ATTO_YIELD ? ATTO_FAULT_FUEL : ATTO_FAULT_WAIT;
    return (enum atto_status)run->fault;
}

enum atto_status atto_container_remove(struct atto_container *container)
{
    if (container->busy != 0u)
        return ATTO_E_BUSY;
    *container = (struct atto_container){ 0 };
    return ATTO_OK;
}
