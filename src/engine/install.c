/* Install, update and remove: everything is checked first, then memory is taken, then nothing can fail any more.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <string.h>


/* What is known about a program before it gets memory. */
struct candidate {
    struct atto_instance instance;
    struct atto_schedule schedule;
    const void *program;
    uint32_t ram_bytes; /* of the container's block */
    uint16_t start_entry, loop_entry, stop_entry;
};

/* ---- entry points ---- */

static bool same_name(struct atto_span name, const char *wanted)
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
        if (atto_manifest_entry(manifest, i, &entry) == ATTO_OK && same_name(entry.name, name))
            return entry.slot;
    }
    return ATTO_ENTRY_NONE;
}

static uint32_t entry_of(const struct candidate *candidate, const struct atto_install *request, const char *name)
{
    return request->bytes == NULL ? host_entry(request->program, name)
                                  : manifest_entry(&candidate->instance.manifest, name);
}

/* `loop`, or the first entry point if that is not one of the others. */
static uint32_t find_loop(const struct candidate *candidate, const struct atto_install *request)
{
    struct atto_entry first = { .slot = 0 };
    uint32_t loop = entry_of(candidate, request, "loop");
    if (loop != ATTO_ENTRY_NONE)
        return loop;
    if (request->bytes != NULL && candidate->instance.manifest.entry_count != 0u)
        atto_manifest_entry(&candidate->instance.manifest, 0, &first);
    return first.slot == candidate->start_entry || first.slot == candidate->stop_entry ? ATTO_ENTRY_NONE : first.slot;
}

/* ---- judging ---- */

static enum atto_status check(const struct atto_engine *engine, const struct atto_install *request,
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
    candidate->program = request->bytes != NULL ? (const void *)request->bytes : request->program;
    candidate->schedule = request->bytes != NULL ? candidate->instance.manifest.schedule
                                                 : (struct atto_schedule)ATTO_SCHEDULE_INIT;
    if (request->schedule != NULL)
        candidate->schedule = *request->schedule;
    if (!schedule_in_range(&candidate->schedule))
        return ATTO_E_ARGUMENT;
    if (request->fuel != 0u && request->fuel < candidate->instance.fuel)
        candidate->instance.fuel = request->fuel;
    candidate->start_entry = (uint16_t)entry_of(candidate, request, "start");
    candidate->stop_entry = (uint16_t)entry_of(candidate, request, "stop");
    candidate->loop_entry = (uint16_t)find_loop(candidate, request);
    candidate->ram_bytes = pool_rounded((uint32_t)sizeof(struct atto_container) +
                                        candidate->instance.receipt.arena_bytes);
    report->ram_bytes = candidate->ram_bytes;
    if (limits_needed(&candidate->schedule))
        report->ram_bytes += limits_bytes(&candidate->schedule);
    return ATTO_OK;
}

/* Judges the schedule beside the others'. A longer run than any so far counts for all of them. */
static enum atto_status admit(struct atto_engine *engine, const struct atto_container *container,
                              const struct candidate *candidate, struct atto_report *report)
{
    if (candidate->instance.receipt.longest_run > engine->longest_run)
        engine->longest_run = candidate->instance.receipt.longest_run;
    return admission_judge(engine, container, &candidate->schedule, candidate->instance.fuel, report);
}

/* ---- memory ---- */

enum atto_status lacks_memory(struct atto_engine *engine, uint32_t bytes, struct atto_report *report)
{
    uint32_t longest = pool_longest(engine);
    report->constraint = ATTO_CONSTRAINT_MEMORY;
    report->missing = bytes > longest ? bytes - longest : bytes;
    report->refusal.status = ATTO_E_NO_MEMORY;
    return ATTO_E_NO_MEMORY;
}

/* Takes the blocks of a candidate; block: where the container goes, or NULL for a new one. */
static enum atto_status take(struct atto_engine *engine, const struct candidate *candidate, struct pool_block **block,
                             struct limits **limits, struct atto_report *report)
{
    struct pool_block *own = *block;
    *limits = NULL;
    if (own == NULL)
        own = pool_take(engine, candidate->ram_bytes, POOL_CONTAINER);
    if (own == NULL)
        return lacks_memory(engine, candidate->ram_bytes, report);
    if (limits_needed(&candidate->schedule)) {
        *limits = limits_make(engine, &candidate->schedule);
        if (*limits == NULL && *block == NULL)
            pool_give(own);
        if (*limits == NULL)
            return lacks_memory(engine, limits_bytes(&candidate->schedule), report);
    }
    *block = own;
    return ATTO_OK;
}

/* Makes the container in its block. Nothing can fail here. */
static struct atto_container *place(struct atto_engine *engine, const struct candidate *candidate,
                                    struct pool_block *block, struct limits *limits)
{
    struct atto_container *container = (struct atto_container *)(void *)block;
    const struct atto_instance *instance = &candidate->instance;
    struct atto_run *run;
    *container = (struct atto_container){
        .block = *block,
        .program = candidate->program,
        .limits = limits,
        .period_us = candidate->schedule.period_us,
        .priority = candidate->schedule.priority & 15u,
        .fuel = instance->fuel,
        .start_entry = candidate->start_entry,
        .loop_entry = candidate->loop_entry,
        .stop_entry = candidate->stop_entry,
    };
    atto_run_open(instance->executor, &instance->image, &instance->receipt, &engine->host, container + 1,
                  instance->receipt.arena_bytes, &run);
    return container;
}

static enum atto_status install(struct atto_engine *engine, const struct candidate *candidate,
                                struct atto_container **container, struct atto_report *report)
{
    struct pool_block *block = NULL;
    struct limits *limits;
    if (pool_next(engine, NULL) == NULL)
        engine->longest_run = 0;
    uint32_t longest = engine->longest_run;
    enum atto_status status = admit(engine, NULL, candidate, report);
    if (status == ATTO_OK)
        status = take(engine, candidate, &block, &limits, report);
    if (status != ATTO_OK) {
        engine->longest_run = longest;
        return status;
    }
    *container = place(engine, candidate, block, limits);
    engine->last_id = engine->last_id == UINT16_MAX ? 1u : (uint16_t)(engine->last_id + 1u); /* 0 is nobody */
    (*container)->id = engine->last_id;
    return ATTO_OK;
}

enum atto_status atto_engine_install(struct atto_engine *engine, const struct atto_install *request,
                                     struct atto_container **container, struct atto_report *report)
{
    struct candidate candidate = { 0 };
    struct atto_report ignored;
    if (report == NULL)
        report = &ignored;
    enum atto_status status = judge(engine, request, &candidate, report);
    if (status != ATTO_OK)
        return status;
    enter(engine);
    status = install(engine, &candidate, container, report);
    leave(engine);
    return status;
}

/* ---- update ---- */

/* Goes on counting where the old program stopped. */
static void carry_over(struct atto_container *container, const struct atto_container *old)
{
    container->id = old->id;
    container->activations = old->activations;
    container->fuel_used = old->fuel_used;
    container->time_us = old->time_us;
    container->host_calls = old->host_calls;
    container->faults = old->faults;
    container->misses = old->misses;
    container->denials = old->denials;
    container->last_fault = old->last_fault;
    container->log_used = old->log_used;
}

static enum atto_status update(struct atto_engine *engine, struct atto_container **container,
                               const struct candidate *candidate, struct atto_report *report)
{
    struct atto_container *old = *container;
    struct pool_block *block = pool_bytes(&old->block) >= candidate->ram_bytes ? &old->block : NULL;
    struct limits *limits;
    if (old->state == ATTO_STATE_STOPPING)
        return ATTO_E_STATE;
    if ((old->flags & FLAG_SLICE) != 0 || old->attachments != 0u)
        return ATTO_E_BUSY;
    uint32_t longest = engine->longest_run;
    enum atto_status status = admit(engine, old, candidate, report);
    if (status == ATTO_OK)
        status = take(engine, candidate, &block, &limits, report);
    if (status != ATTO_OK) {
        engine->longest_run = longest;
        return status;
    }
    bool alive = old->state == ATTO_STATE_STARTING || old->state == ATTO_STATE_RUNNING ||
                 old->state == ATTO_STATE_PAUSED;
    activation_drop(engine, old);
    limits_free(old);
    const struct atto_container before = *old;
    *container = place(engine, candidate, block, limits);
    if (block != &old->block)
        pool_give(&old->block);
    carry_over(*container, &before);
    container_state(engine, *container, ATTO_STATE_INSTALLED);
    if (alive)
        container_start(engine, *container);
    return ATTO_OK;
}

enum atto_status atto_engine_update(struct atto_engine *engine, struct atto_container **container,
                                    const struct atto_install *request, struct atto_report *report)
{
    struct candidate candidate = { 0 };
    struct atto_report ignored;
    if (report == NULL)
        report = &ignored;
    enum atto_status status = judge(engine, request, &candidate, report);
    if (status != ATTO_OK)
        return status;
    enter(engine);
    status = update(engine, container, &candidate, report);
    return finish(engine, status);
}

enum atto_status atto_engine_remove(struct atto_engine *engine, struct atto_container *container)
{
    enum atto_status status = ATTO_OK;
    enter(engine);
    bool over = container->state == ATTO_STATE_INSTALLED || container->state == ATTO_STATE_STOPPED ||
                container->state == ATTO_STATE_FAULTED;
    if (!over || (container->flags & FLAG_SLICE) != 0)
        status = ATTO_E_STATE;
    else if (container->attachments != 0u)
        status = ATTO_E_BUSY;
    if (status == ATTO_OK) {
        queue_leave(engine, container);
        limits_free(container);
        pool_give(&container->block);
    }
    leave(engine);
    return status;
}

/* ---- what is not kept in memory is read again ---- */

static bool is_host(const struct atto_container *container)
{
    return ((const struct atto_run *)(const void *)(container + 1))->executor->number == ATTO_EXECUTOR_HOST;
}

enum atto_status container_judge(const struct atto_engine *engine, const struct atto_container *container,
                                 struct atto_instance *instance)
{
    struct atto_install request = { .program = container->program };
    struct atto_refusal refusal;
    if (!is_host(container))
        request = (struct atto_install){ .bytes = container->program, .len = atto_image_length(container->program) };
    return check(engine, &request, instance, &refusal);
}

static bool read_manifest(const struct atto_container *container, struct atto_manifest *manifest)
{
    struct atto_image image;
    const uint8_t *bytes = container->program;
    return atto_image_parse(bytes, atto_image_length(bytes), &image, NULL) == ATTO_OK &&
           atto_manifest_parse(image.manifest, manifest, NULL) == ATTO_OK;
}

struct atto_span atto_engine_name(const struct atto_container *container)
{
    struct atto_manifest manifest;
    if (is_host(container)) {
        const char *name = ((const struct atto_host_program *)container->program)->name;
        return (struct atto_span){ (const uint8_t *)name, name != NULL ? (uint32_t)strlen(name) : 0u };
    }
    return read_manifest(container, &manifest) ? manifest.name : (struct atto_span){ NULL, 0 };
}

enum atto_status atto_engine_find_entry(const struct atto_container *container, const char *name, uint32_t *entry)
{
    struct atto_manifest manifest;
    if (is_host(container))
        *entry = host_entry(container->program, name);
    else
        *entry = read_manifest(container, &manifest) ? manifest_entry(&manifest, name) : ATTO_ENTRY_NONE;
    return *entry != ATTO_ENTRY_NONE ? ATTO_OK : ATTO_E_NOT_FOUND;
}
