/* Install, update and remove: everything is checked first, then memory is taken, then nothing can fail any more.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <string.h>

/* What is known about a program before it gets memory. */
struct candidate {
    struct atto_container container; /* as it will be */
    struct atto_instance instance; /* its manifest's schedule is the one that it gets */
    uint32_t ram_bytes; /* of the container's block */
    struct wished wished;
};

/* ---- entry points ---- */

bool atto_same_name(struct atto_span name, const char *wanted)
{
    return strlen(wanted) == name.len && memcmp(wanted, name.ptr, name.len) == 0;
}

static uint32_t host_entry(const struct atto_host_program *program, const char *name)
{
    for (uint32_t i = 0; i < program->entry_count && program->entry_names != NULL; i++) {
        if (strcmp(program->entry_names[i], name) == 0)
            return i;
    }
    return ATTO_ENTRY_NONE;
}

static uint32_t manifest_entry(const struct atto_manifest *manifest, const char *name)
{
    struct atto_entry entry;
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        if (atto_manifest_entry(manifest, i, &entry) == ATTO_OK && atto_same_name(entry.name, name))
            return entry.slot;
    }
    return ATTO_ENTRY_NONE;
}

static uint32_t entry_of(const struct candidate *candidate, const struct atto_install *request, const char *name)
{
    return request->bytes == NULL ? host_entry(request->program, name)
                                  : manifest_entry(&candidate->instance.manifest, name);
}

/* Finds `start`, `stop` and `loop`; without one of that name, loop is the first entry point, if that is neither of the
 * others. */
static void find_entries(struct candidate *candidate, const struct atto_install *request)
{
    struct atto_container *container = &candidate->container;
    const struct atto_manifest *manifest = &candidate->instance.manifest;
    struct atto_entry first = { .slot = 0 };
    container->start_entry = (uint16_t)entry_of(candidate, request, "start");
    container->stop_entry = (uint16_t)entry_of(candidate, request, "stop");
    container->loop_entry = (uint16_t)entry_of(candidate, request, "loop");
    if (container->loop_entry != ATTO_ENTRY_NONE)
        return;
    if (manifest->entry_count != 0u) /* not so for a host program */
        atto_manifest_entry(manifest, 0, &first);
    if (first.slot != container->start_entry && first.slot != container->stop_entry)
        container->loop_entry = (uint16_t)first.slot;
}

/* ---- judging ---- */

static OFF_PATH enum atto_status check(const struct atto_engine *engine, const struct atto_install *request,
                                       struct atto_instance *instance, struct atto_refusal *refusal)
{
    const struct atto_firmware *firmware = engine->config->firmware;
    if (request->bytes != NULL)
        return atto_instance_check(instance, firmware, request->bytes, request->len, refusal);
    if (request->program == NULL)
        return ATTO_E_ARGUMENT;
    struct atto_image image;
    atto_image_host(request->program, &image);
    return atto_instance_check_image(instance, firmware, &image, refusal);
}

static enum atto_status judge(struct atto_engine *engine, const struct atto_install *request,
                              struct candidate *candidate, struct atto_report *report)
{
    *report = (struct atto_report){ .refusal = { ATTO_OK, 0 } };
    enum atto_status status = check(engine, request, &candidate->instance, &report->refusal);
    report->receipt = candidate->instance.receipt;
    if (status != ATTO_OK)
        return status;
    struct atto_container *container = &candidate->container;
    struct atto_schedule *schedule = &candidate->instance.manifest.schedule;
    container->program = request->bytes != NULL ? (const void *)request->bytes : request->program;
    if (request->schedule != NULL)
        *schedule = *request->schedule;
    if (!atto_schedule_in_range(schedule))
        return ATTO_E_ARGUMENT;
    container->period_us = schedule->period_us;
    container->priority = schedule->priority & 15u;
    container->fuel = candidate->instance.fuel;
    if (request->fuel != 0u && request->fuel < container->fuel)
        container->fuel = request->fuel;
    find_entries(candidate, request);
    candidate->ram_bytes = atto_pool_rounded((uint32_t)sizeof(struct atto_container) +
                                             candidate->instance.receipt.arena_bytes);
    report->ram_bytes = candidate->ram_bytes;
    if (atto_limits_needed(schedule))
        report->ram_bytes += atto_limits_bytes(schedule);
    status = atto_wishes_judge(engine, &candidate->instance.manifest, request, &candidate->wished, &report->refusal);
    report->ram_bytes += candidate->wished.bytes;
    return status;
}

/* Judges the schedule beside the others'. */
static enum atto_status admit(struct atto_engine *engine, const struct atto_container *old,
                              const struct atto_install *request, struct candidate *candidate,
                              struct atto_report *report)
{
    const struct atto_container *subject = old != NULL ? old : &candidate->container;
    const struct atto_schedule *schedule = &candidate->instance.manifest.schedule;
    if (old != NULL && tenant_of(old) != request->tenant)
        return ATTO_E_DENIED;
    if (old != NULL && pool_bytes(&old->block) > candidate->ram_bytes) { /* it keeps the block, all of it */
        report->ram_bytes += pool_bytes(&old->block) - candidate->ram_bytes;
        candidate->ram_bytes = pool_bytes(&old->block);
    }
    enum atto_status status = atto_tenant_admit(engine, request->tenant, old, schedule,
                                                candidate->container.fuel, report->ram_bytes, report);
    if (status == ATTO_OK)
        status = atto_admission_judge(engine, subject, schedule, candidate->container.fuel, report);
    if (report->culprit == &candidate->container)
        report->culprit = NULL;
    return status;
}

/* ---- memory ---- */

enum atto_status atto_lacks_memory(struct atto_engine *engine, uint32_t bytes, struct atto_report *report)
{
    uint32_t longest = atto_pool_longest(engine);
    report->constraint = ATTO_CONSTRAINT_MEMORY;
    report->missing = bytes > longest ? bytes - longest : bytes;
    report->refusal.status = ATTO_E_NO_MEMORY;
    return ATTO_E_NO_MEMORY;
}

/* Takes the blocks of a candidate and notes them in its container; block: where that goes, or NULL for a new one. */
static enum atto_status take(struct atto_engine *engine, const struct atto_install *request,
                             struct candidate *candidate, struct pool_block **block, struct atto_report *report)
{
    const struct atto_schedule *schedule = &candidate->instance.manifest.schedule;
    struct atto_container *container = &candidate->container;
    struct pool_block *own = *block;
    bool taken = own != NULL || (own = atto_pool_take(engine, candidate->ram_bytes, POOL_CONTAINER)) != NULL;
    if (taken && atto_limits_needed(schedule))
        taken = (container->limits = atto_limits_make(engine, schedule)) != NULL;
    if (taken)
        taken = atto_wishes_grant(engine, &candidate->instance.manifest, request, &candidate->wished, container);
    if (!taken) {
        uint32_t lacking = report->ram_bytes;
        if (*block != NULL)
            lacking -= candidate->ram_bytes;
        else if (own != NULL)
            atto_pool_give(own);
        atto_limits_free(container);
        return atto_lacks_memory(engine, lacking, report);
    }
    *block = own;
    container->block = *own;
    return ATTO_OK;
}

/* Makes the container in its block. Nothing can fail here. */
static struct atto_container *place(struct atto_engine *engine, const struct candidate *candidate,
                                    struct pool_block *block)
{
    struct atto_container *container = (struct atto_container *)(void *)block;
    const struct atto_instance *instance = &candidate->instance;
    struct atto_run *run;
    *container = candidate->container;
    atto_run_open(instance->executor, &instance->image, &instance->receipt, &engine->host, container + 1,
                  instance->receipt.arena_bytes, &run);
    return container;
}

/* Ends what `old` does and keeps what outlives a program. */
static void inherit(struct atto_container *container, struct atto_container *old)
{
    atto_activation_drop(old);
    atto_limits_free(old);
    if (container->grants != NULL)
        container->grants->life = ++engine_of(old)->last_life;
    atto_grants_free(old);
    container->id = old->id;
    container->counters = old->counters;
}

/* May another program take its place now? */
static enum atto_status replaceable(const struct atto_container *container)
{
    if (container->state == ATTO_STATE_STOPPING)
        return ATTO_E_STATE;
    return (container->flags & FLAG_SLICE) != 0 || container->attachments != 0u ? ATTO_E_BUSY : ATTO_OK;
}

static uint16_t next_id(struct atto_engine *engine)
{
    if (++engine->last_id == 0u) /* is nobody */
        engine->last_id = 1;
    return engine->last_id;
}

/* Takes memory for a candidate that was admitted and makes its container, in the place of `old` if that is not NULL. */
static enum atto_status put(struct atto_engine *engine, struct atto_container *old,
                            const struct atto_install *request, struct candidate *candidate,
                            struct atto_container **container, struct atto_report *report)
{
    struct pool_block *block = NULL;
    if (old != NULL && pool_bytes(&old->block) >= candidate->ram_bytes)
        block = &old->block;
    enum atto_status status = take(engine, request, candidate, &block, report);
    if (status != ATTO_OK)
        return status;
    bool alive = false;
    if (old == NULL) {
        candidate->container.id = next_id(engine);
    } else {
        alive = is_in(old, ALIVE);
        inherit(&candidate->container, old);
        if (block != &old->block)
            atto_pool_give(&old->block);
        engine->removals++;
    }
    *container = place(engine, candidate, block);
    atto_wishes_audit(*container);
    if (old != NULL)
        atto_container_state(*container, ATTO_STATE_INSTALLED);
    if (alive)
        atto_container_start(*container, engine->now_us);
    return ATTO_OK;
}

/* Installs, or updates `old`. */
static enum atto_status install(struct atto_engine *engine, struct atto_container *old,
                                const struct atto_install *request, struct atto_container **container,
                                struct atto_report *report)
{
    struct candidate candidate = { 0 };
    struct atto_report ignored;
    if (report == NULL)
        report = &ignored;
    enum atto_status status = judge(engine, request, &candidate, report);
    if (status != ATTO_OK)
        return status;
    atto_enter(engine);
    if (old != NULL)
        status = replaceable(old);
    if (status == ATTO_OK)
        status = admit(engine, old, request, &candidate, report);
    if (status == ATTO_OK)
        status = put(engine, old, request, &candidate, container, report);
    if (status == ATTO_OK)
        engine->longest_run = report->fuel_between_yields - engine->config->slice_fuel;
    return atto_finish(engine, status);
}

enum atto_status atto_engine_install(struct atto_engine *engine, const struct atto_install *request,
                                     struct atto_container **container, struct atto_report *report)
{
    return install(engine, NULL, request, container, report);
}

enum atto_status atto_engine_update(struct atto_engine *engine, struct atto_container **container,
                                    const struct atto_install *request, struct atto_report *report)
{
    return install(engine, *container, request, container, report);
}

enum atto_status atto_engine_remove(struct atto_engine *engine, struct atto_container *container)
{
    enum atto_status status = ATTO_OK;
    atto_enter(engine);
    if (!is_in(container, OVER) || (container->flags & FLAG_SLICE) != 0)
        status = ATTO_E_STATE;
    else if (container->attachments != 0u)
        status = ATTO_E_BUSY;
    if (status == ATTO_OK) {
        atto_queue_leave(container);
        atto_limits_free(container);
        atto_grants_free(container);
        atto_pool_give(&container->block);
        engine->removals++;
        if (atto_pool_next(engine, NULL) == NULL)
            engine->longest_run = 0;
    }
    atto_leave(engine);
    return status;
}

/* ---- what is not kept in memory is read again ---- */

bool atto_container_is_host(const struct atto_container *container)
{
    return ((const struct atto_run *)(const void *)(container + 1))->executor->number == ATTO_EXECUTOR_HOST;
}

enum atto_status atto_container_judge(const struct atto_container *container, struct atto_instance *instance)
{
    struct atto_install request = { .program = container->program };
    struct atto_refusal refusal;
    if (!atto_container_is_host(container)) {
        request.bytes = container->program;
        request.len = atto_image_length(request.bytes);
    }
    return check(engine_of(container), &request, instance, &refusal);
}

bool atto_container_manifest(const struct atto_container *container, struct atto_manifest *manifest)
{
    struct atto_image image;
    const uint8_t *bytes = container->program;
    return atto_image_parse(bytes, atto_image_length(bytes), &image, NULL) == ATTO_OK &&
           atto_manifest_parse(image.manifest, manifest, NULL) == ATTO_OK;
}

struct atto_span atto_engine_name(const struct atto_container *container)
{
    struct atto_manifest manifest;
    if (atto_container_is_host(container)) {
        const char *name = ((const struct atto_host_program *)container->program)->name;
        return (struct atto_span){ (const uint8_t *)name, name != NULL ? (uint32_t)strlen(name) : 0u };
    }
    return atto_container_manifest(container, &manifest) ? manifest.name : (struct atto_span){ NULL, 0 };
}

enum atto_status atto_engine_find_entry(const struct atto_container *container, const char *name, uint32_t *entry)
{
    struct atto_manifest manifest;
    if (atto_container_is_host(container))
        *entry = host_entry(container->program, name);
    else
        *entry = atto_container_manifest(container, &manifest) ? manifest_entry(&manifest, name) : ATTO_ENTRY_NONE;
    return *entry != ATTO_ENTRY_NONE ? ATTO_OK : ATTO_E_NOT_FOUND;
}
