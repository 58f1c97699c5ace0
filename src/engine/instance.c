/* A instance from its image to the end of an activation: install is parse, check, open, in that order, and nothing is
 * kept of an image that one of them refuses.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/instance.h"

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

/* The smaller of two limits, where 0 is none: less 1, that is the largest number. */
static uint32_t tighter(uint32_t a, uint32_t b)
{
    return b - 1u < a - 1u ? b : a;
}

/* What the program may have: what the firmware grants, and of that only what the manifest asks for. */
static void limits_for(const struct atto_firmware *firmware, const struct atto_instance *instance,
                       struct atto_limits *limits)
{
    limits->calls = firmware->host.calls;
    limits->granted = firmware->granted;
    limits->stack_bytes = tighter(firmware->stack_bytes, instance->manifest.stack_bytes);
    if (instance->image.manifest.len == 0u)
        return;
    for (uint32_t i = 0; i < ATTO_CALL_IDS / 32u; i++)
        limits->granted.bits[i] &= instance->manifest.calls.bits[i];
}

enum atto_status atto_instance_check_entry(struct atto_instance *instance, uint32_t entry)
{
    struct atto_run *run = instance->run;
    if (run == NULL)
        return ATTO_E_STATE;
    if (instance->busy != 0u)
        return ATTO_E_BUSY;
    return atto_run_is_entry(run->executor, &instance->image, entry) ? ATTO_OK : ATTO_E_ENTRY;
}

/* Entry points of the manifest must be ones that an activation can begin at. */
static enum atto_status check_entries(struct atto_instance *instance, struct atto_refusal *refusal)
{
    struct atto_entry entry;
    for (uint32_t i = 0; i < instance->manifest.entry_count; i++) {
        enum atto_status status = atto_manifest_entry(&instance->manifest, i, &entry);
        if (status == ATTO_OK)
            status = atto_run_is_entry(instance->executor, &instance->image, entry.slot) ? ATTO_OK : ATTO_E_ENTRY;
        if (status != ATTO_OK)
            return refuse(refusal, status, entry.slot);
    }
    return ATTO_OK;
}

enum atto_status atto_instance_check_image(struct atto_instance *instance, const struct atto_firmware *firmware,
                                           const struct atto_image *parsed, struct atto_refusal *refusal)
{
    *instance = (struct atto_instance){ 0 };
    instance->image = *parsed;
    const struct atto_image *image = &instance->image;
    enum atto_status status = atto_manifest_parse(image->manifest, &instance->manifest, refusal);
    if (status != ATTO_OK)
        return status;
    const struct atto_executor *executor = find_executor(firmware, image->executor);
    if (executor == NULL)
        return refuse(refusal, ATTO_E_EXECUTOR, 0);
    struct atto_limits limits;
    limits_for(firmware, instance, &limits);
    status = executor->check(image, &limits, &instance->receipt, refusal);
    if (status != ATTO_OK)
        return status;
    instance->fuel = tighter(firmware->fuel, instance->manifest.fuel);
    instance->executor = executor;
    status = check_entries(instance, refusal);
    return status == ATTO_OK ? refuse(refusal, ATTO_OK, 0) : status;
}

enum atto_status atto_instance_check(struct atto_instance *instance, const struct atto_firmware *firmware,
                                     const uint8_t *bytes, uint32_t len, struct atto_refusal *refusal)
{
    struct atto_image image;
    enum atto_status status = atto_image_parse(bytes, len, &image, refusal);
    if (status != ATTO_OK) {
        *instance = (struct atto_instance){ 0 };
        return status;
    }
    status = atto_instance_check_image(instance, firmware, &image, refusal);
    if (status == ATTO_E_MANIFEST && refusal != NULL)
        refusal->at += (uint32_t)(image.manifest.ptr - bytes);
    return status;
}

static enum atto_status open(struct atto_instance *instance, const struct atto_firmware *firmware, void *arena,
                             uint32_t arena_bytes, struct atto_refusal *refusal)
{
    enum atto_status status = atto_run_open(instance->executor, &instance->image, &instance->receipt, &firmware->host,
                                            arena, arena_bytes, &instance->run);
    return status == ATTO_OK ? ATTO_OK : refuse(refusal, status, 0);
}

enum atto_status atto_instance_install_image(struct atto_instance *instance, const struct atto_firmware *firmware,
                                             const struct atto_image *image, void *arena, uint32_t arena_bytes,
                                             struct atto_refusal *refusal)
{
    enum atto_status status = atto_instance_check_image(instance, firmware, image, refusal);
    return status == ATTO_OK ? open(instance, firmware, arena, arena_bytes, refusal) : status;
}

enum atto_status atto_instance_install(struct atto_instance *instance, const struct atto_firmware *firmware,
                                       const uint8_t *bytes, uint32_t len, void *arena, uint32_t arena_bytes,
                                       struct atto_refusal *refusal)
{
    enum atto_status status = atto_instance_check(instance, firmware, bytes, len, refusal);
    return status == ATTO_OK ? open(instance, firmware, arena, arena_bytes, refusal) : status;
}

enum atto_status atto_instance_call(struct atto_instance *instance, uint32_t entry,
                                    const struct atto_context *context, uint32_t fuel, uint64_t *value)
{
    struct atto_run *run = instance->run;
    if (run == NULL)
        return ATTO_E_STATE;
    if (instance->busy != 0u)
        return ATTO_E_BUSY;
    if (entry != 0u && !atto_run_is_entry(run->executor, &instance->image, entry))
        return ATTO_E_ENTRY;
    enum atto_status status = atto_run_start(run, entry, context);
    if (status != ATTO_OK)
        return status;
    if (fuel == 0u)
        fuel = instance->fuel;
    if (fuel > ATTO_FUEL_MAX)
        fuel = ATTO_FUEL_MAX;
    instance->busy = 1;
    instance->activations++;
    enum atto_outcome outcome = atto_run_resume(run, fuel);
    instance->busy = 0;
    instance->last_fuel = fuel - (uint32_t)run->fuel;
    instance->fuel_used += instance->last_fuel;
    if (outcome == ATTO_DONE) {
        if (value != NULL)
            *value = atto_run_result(run);
        return ATTO_OK;
    }
    instance->faults++;
    if (outcome == ATTO_FAULT)
        return (enum atto_status)run->fault;
    run->outcome = ATTO_FAULT;
    run->fault = outcome == ATTO_YIELD ? ATTO_FAULT_FUEL : ATTO_FAULT_WAIT;
    return (enum atto_status)run->fault;
}

enum atto_status atto_instance_remove(struct atto_instance *instance)
{
    if (instance->busy != 0u)
        return ATTO_E_BUSY;
    *instance = (struct atto_instance){ 0 };
    return ATTO_OK;
}
