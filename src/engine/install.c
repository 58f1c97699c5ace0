/* Install, update and remove: everything is checked first, then memory is taken, then nothing can fail any more.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <string.h>

/* What is known about a program before it gets memory. */
struct candidate {
    struct atto_container container; /* as it will be */
    struct atto_schedule schedule;
    struct atto_instance instance;
    uint32_t ram_bytes; /* of the container's block */
    uint32_t right_count;
    bool metered; /* one of the rights has a rate or a total */
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

/* ---- rights ---- */

static uint32_t endpoint_named(const struct atto_host *host, const struct atto_right_wish *wish)
{
    struct atto_span name = { wish->name, wish->name_bytes };
    uint32_t number = 0;
    while (number < host->endpoint_count && !same_name(name, host->endpoints[number].name))
        number++;
    return number;
}

/* The right with this number that is asked for, cut to what can be given. Returns ATTO_OK, ATTO_E_NOT_FOUND or
 * ATTO_E_ARGUMENT. */
static enum atto_status right_wanted(const struct atto_engine *engine, const struct candidate *candidate,
                                     const struct atto_install *request, uint32_t number, struct atto_right *right)
{
    if (request->rights != NULL) {
        *right = request->rights[number];
    } else {
        struct atto_right_wish wish;
        if (atto_manifest_right(&candidate->instance.manifest, number, &wish) != ATTO_OK)
            return ATTO_E_NOT_FOUND;
        *right = wish.right;
        uint32_t endpoint = wish.right.endpoint;
        if (wish.name_bytes != 0u)
            endpoint = endpoint_named(&engine->host, &wish);
        if (endpoint >= engine->host.endpoint_count)
            return ATTO_E_NOT_FOUND;
        right->endpoint = (uint8_t)endpoint;
    }
    if (!atto_right_legal(engine, right))
        return ATTO_E_ARGUMENT;
    atto_right_cut(engine, request->tenant, right);
    return ATTO_OK;
}

static enum atto_status judge_rights(const struct atto_engine *engine, struct candidate *candidate,
                                     const struct atto_install *request, struct atto_report *report)
{
    struct atto_right right;
    enum atto_status status = ATTO_OK;
    candidate->right_count = request->right_count;
    if (request->rights == NULL)
        candidate->right_count = candidate->instance.manifest.right_count;
    if (candidate->right_count > ATTO_RIGHTS_MAX || request->tenant > engine->config->tenant_count)
        return ATTO_E_ARGUMENT;
    candidate->metered = request->tenant != ATTO_TENANT_OWNER; /* whose ceiling may bring rates at any time */
    for (uint32_t i = 0; i < candidate->right_count; i++) {
        status = right_wanted(engine, candidate, request, i, &right);
        report->refusal = (struct atto_refusal){ status, i };
        if (status != ATTO_OK)
            return status;
        candidate->metered = candidate->metered || right_metered(&right);
    }
    if (candidate->right_count != 0u || request->tenant != ATTO_TENANT_OWNER)
        report->ram_bytes += atto_grants_bytes(candidate->right_count, candidate->metered);
    return ATTO_OK;
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
    candidate->schedule.priority = ATTO_PRIORITY_DEFAULT;
    container->program = request->program;
    if (request->bytes != NULL) {
        candidate->schedule = candidate->instance.manifest.schedule;
        container->program = request->bytes;
    }
    if (request->schedule != NULL)
        candidate->schedule = *request->schedule;
    if (!atto_schedule_in_range(&candidate->schedule))
        return ATTO_E_ARGUMENT;
    container->period_us = candidate->schedule.period_us;
    container->priority = candidate->schedule.priority & 15u;
    container->fuel = candidate->instance.fuel;
    if (request->fuel != 0u && request->fuel < container->fuel)
        container->fuel = request->fuel;
    find_entries(candidate, request);
    candidate->ram_bytes = atto_pool_rounded((uint32_t)sizeof(struct atto_container) +
                                             candidate->instance.receipt.arena_bytes);
    report->ram_bytes = candidate->ram_bytes;
    if (atto_limits_needed(&candidate->schedule))
        report->ram_bytes += atto_limits_bytes(&candidate->schedule);
    return judge_rights(engine, candidate, request, report);
}

/* Judges the schedule beside the others'. */
static enum atto_status admit(struct atto_engine *engine, const struct atto_container *old,
                              const struct atto_install *request, const struct candidate *candidate,
                              struct atto_report *report)
{
    const struct atto_container *subject = old != NULL ? old : &candidate->container;
    if (old != NULL && tenant_of(old) != request->tenant)
        return ATTO_E_DENIED;
    enum atto_status status = atto_tenant_admit(engine, request->tenant, old, &candidate->schedule,
                                                candidate->container.fuel, report->ram_bytes, report);
    if (status == ATTO_OK)
        status = atto_admission_judge(engine, subject, &candidate->schedule, candidate->container.fuel, report);
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

/* Writes down the rights of a candidate in their block; they have been judged. */
static void fill_rights(const struct atto_engine *engine, const struct atto_install *request,
                        const struct candidate *candidate, struct grants *grants)
{
    grants->rights.count = candidate->right_count;
    for (uint32_t i = 0; i < candidate->right_count; i++)
        right_wanted(engine, candidate, request, i, &grants->rights.right[i]);
}

static void give(struct pool_block *block)
{
    if (block != NULL)
        atto_pool_give(block);
}

/* Takes the blocks of a candidate and notes them in its container; block: where that goes, or NULL for a new one. */
static enum atto_status take(struct atto_engine *engine, const struct atto_install *request,
                             struct candidate *candidate, struct pool_block **block, struct atto_report *report)
{
    struct pool_block *own = *block;
    struct limits *limits = NULL;
    struct grants *grants = NULL;
    bool needs_limits = atto_limits_needed(&candidate->schedule);
    bool needs_grants = candidate->right_count != 0u || request->tenant != ATTO_TENANT_OWNER;
    if (own == NULL)
        own = atto_pool_take(engine, candidate->ram_bytes, POOL_CONTAINER);
    if (own != NULL && needs_limits)
        limits = atto_limits_make(engine, &candidate->schedule);
    if (own != NULL && needs_grants)
        grants = atto_grants_make(engine, request->tenant, candidate->right_count, candidate->metered);
    if (own == NULL || (needs_limits && limits == NULL) || (needs_grants && grants == NULL)) {
        give(limits != NULL ? &limits->block : NULL);
        give(grants != NULL ? &grants->block : NULL);
        if (*block != NULL)
            return atto_lacks_memory(engine, report->ram_bytes - candidate->ram_bytes, report);
        give(own);
        return atto_lacks_memory(engine, report->ram_bytes, report);
    }
    if (grants != NULL)
        fill_rights(engine, request, candidate, grants);
    *block = own;
    candidate->container.limits = limits;
    candidate->container.grants = grants;
    candidate->container.block = *own;
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
    give(old->grants != NULL ? &old->grants->block : NULL);
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
    }
    *container = place(engine, candidate, block);
    if ((*container)->grants != NULL)
        atto_audit_change(engine, &(struct atto_audit_record){
                                      .kind = ATTO_AUDIT_INSTALL, .container = (*container)->id,
                                      .code = (uint8_t)request->tenant, .actor = (uint8_t)request->tenant });
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
        give(container->grants != NULL ? &container->grants->block : NULL);
        atto_pool_give(&container->block);
        if (atto_pool_next(engine, NULL) == NULL)
            engine->longest_run = 0;
    }
    atto_leave(engine);
    return status;
}

/* ---- what is not kept in memory is read again ---- */

static bool is_host(const struct atto_container *container)
{
    return ((const struct atto_run *)(const void *)(container + 1))->executor->number == ATTO_EXECUTOR_HOST;
}

enum atto_status atto_container_judge(const struct atto_container *container, struct atto_instance *instance)
{
    struct atto_install request = { .program = container->program };
    struct atto_refusal refusal;
    if (!is_host(container)) {
        request.bytes = container->program;
        request.len = atto_image_length(request.bytes);
    }
    return check(engine_of(container), &request, instance, &refusal);
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

enum atto_status atto_engine_entry(const struct atto_container *container, uint32_t index, uint32_t *entry)
{
    struct atto_manifest manifest;
    struct atto_entry found = { .slot = index };
    if (is_host(container)) {
        if (index >= ((const struct atto_host_program *)container->program)->entry_count)
            return ATTO_E_NOT_FOUND;
    } else if (!read_manifest(container, &manifest) || atto_manifest_entry(&manifest, index, &found) != ATTO_OK) {
        return ATTO_E_NOT_FOUND;
    }
    *entry = found.slot;
    return ATTO_OK;
}
