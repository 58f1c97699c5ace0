/* The simulated engine with rights, see rights_world.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "rights_world.h"

#include <string.h>

#include "encode.h"

struct rights_world rw;
struct image_bytes rw_image;

static void came(const struct atto_call_frame *call, uint64_t result)
{
    memcpy(rw.last, call->r, sizeof rw.last);
    rw.came++;
    rw.endpoint = call->endpoint;
    call->r[0] = result;
}

static int32_t call_touch(struct atto_call_frame *call)
{
    came(call, 1);
    return ATTO_OK;
}

static int32_t call_write(struct atto_call_frame *call)
{
    came(call, 2);
    return ATTO_OK;
}

static int32_t call_act(struct atto_call_frame *call)
{
    came(call, 3);
    if (rw.act != NULL)
        rw.act(atto_container_of(call->run));
    return ATTO_OK;
}

static int32_t call_log(struct atto_call_frame *call)
{
    came(call, 4);
    return ATTO_OK;
}

static int32_t call_map(struct atto_call_frame *call)
{
    came(call, 0);
    call->r[0] = (uint64_t)(int64_t)atto_engine_map(ENGINE, atto_container_of(call->run), call->handle);
    return ATTO_OK;
}

void rights_world_begin(void)
{
    static const struct atto_call calls[ATTO_CALL_PAGE] = {
        [CALL_TOUCH] = { call_touch, 1, ATTO_NEEDS_RIGHT(ATTO_KIND_DEVICE, 0, READ) |
                                            ATTO_NEEDS_ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_RANGED, 0, 0, 0) },
        [CALL_WRITE] = { call_write, 1, ATTO_NEEDS_RIGHT(ATTO_KIND_DEVICE, 0, WRITE) |
                                            ATTO_NEEDS_ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_IN, ATTO_ARG_LENGTH, 0, 0) },
        [CALL_ACT] = { call_act, 1, 0 },
        [CALL_LOG] = { call_log, 1, ATTO_NEEDS_RIGHT(ATTO_KIND_LOG, 0, WRITE) },
        [CALL_MAP] = { call_map, 1, ATTO_NEEDS_RIGHT(ATTO_KIND_MEMORY, 0, MAP) |
                                        ATTO_NEEDS_ARGUMENTS(ATTO_ARG_HANDLE, 0, 0, 0, 0) },
    };
    static const struct atto_call_table table = { { calls } };
    static const struct atto_context memory = { rw.memory, MEMORY_BYTES, ATTO_WRITE };
    static const struct atto_context rom = { rw.rom, ROM_BYTES, ATTO_READ };
    memset(&rw, 0, sizeof rw);
    world_begin(&rw.world);
    rw.endpoints[DEVICE] = (struct atto_endpoint){ "device", NULL, ATTO_KIND_DEVICE, 1, READ | WRITE };
    rw.endpoints[MEMORY] = (struct atto_endpoint){ "memory", &memory, ATTO_KIND_MEMORY, 1, READ | WRITE | MAP };
    rw.endpoints[LOG] = (struct atto_endpoint){ "log", NULL, ATTO_KIND_LOG, 1, WRITE };
    rw.endpoints[ROM] = (struct atto_endpoint){ "rom", &rom, ATTO_KIND_MEMORY, 1, READ | WRITE | MAP };
    rw.endpoints[OTHER_DEVICE] = (struct atto_endpoint){ "other", NULL, ATTO_KIND_DEVICE, 2, ATTO_OPERATIONS };
    for (uint32_t i = 0; i < MEMORY_BYTES; i++)
        rw.memory[i] = (uint8_t)(0x40u + i);
    for (uint32_t i = 0; i < ROM_BYTES; i++)
        rw.rom[i] = (uint8_t)(0x80u + i);
    rw.world.firmware.host.calls = &table;
    rw.world.firmware.host.endpoints = rw.endpoints;
    rw.world.firmware.host.endpoint_count = ENDPOINTS;
    rw.world.config.tenants = rw.tenants;
    rw.world.config.tenant_count = TENANTS;
    rw.world.config.denials = rw.denials;
    rw.world.config.denial_count = DENIALS;
    rw.world.config.changes = rw.changes;
    rw.world.config.change_count = CHANGES;
    rw.world.config.trace_count = 0;
    rights_world_again(WORLD_POOL_BYTES);
}

void rights_world_again(uint32_t pool_bytes)
{
    memset(rw.world.pool, 0x5a, sizeof rw.world.pool);
    atto_engine_init(ENGINE, &rw.world.config, rw.world.pool, pool_bytes);
}

enum atto_status rights_install_status(uint32_t tenant, const struct atto_right *rights, uint32_t count,
                                       const struct atto_schedule *schedule, struct atto_container **container)
{
    const struct atto_install request = {
        .bytes = rw_image.bytes, .len = rw_image.len, .schedule = schedule, .fuel = rw.world.fuel, .tenant = tenant,
        .rights = rights, .right_count = count,
    };
    *container = NULL;
    return atto_engine_install(ENGINE, &request, container, &rw.world.report);
}

struct atto_container *rights_install(uint32_t tenant, const struct atto_right *rights, uint32_t count)
{
    struct atto_container *container;
    return rights_install_status(tenant, rights, count, NULL, &container) == ATTO_OK ? container : NULL;
}

struct atto_run *rights_run(struct atto_container *container)
{
    return (struct atto_run *)(void *)((uint8_t *)container + world_run_at());
}

int32_t rights_call(struct atto_container *container, uint32_t number, uint64_t r[6])
{
    return world_call(rights_run(container), atto_call_find(ENGINE->host.calls, number), number, r);
}

int64_t rights_touch(struct atto_container *container, uint64_t handle, uint64_t number)
{
    uint64_t r[6] = { 99, handle, number, 0, 0, 0 };
    int32_t status = rights_call(container, CALL_TOUCH, r);
    return status == ATTO_OK ? (int64_t)r[0] : status - 1000;
}

bool rights_same(const struct atto_right *left, const struct atto_right *right)
{
    return left->endpoint == right->endpoint && left->operations == right->operations &&
           left->first == right->first && left->last == right->last && left->calls == right->calls &&
           left->bytes == right->bytes && left->total == right->total;
}

bool rights_is(const struct atto_container *container, uint32_t handle, struct atto_right right)
{
    struct atto_right rights[ATTO_RIGHTS_MAX];
    uint32_t count = atto_engine_rights(ENGINE, container, rights, ATTO_RIGHTS_MAX);
    return handle < count && rights_same(&rights[handle], &right);
}

uint64_t rights_word(struct atto_container *container, uint32_t index)
{
    const uint8_t *bytes = atto_run_span(rights_run(container), ADDRESS(REGION_DATA, 8u * index), 8, ATTO_READ);
    uint64_t value = 0;
    if (bytes != NULL)
        memcpy(&value, bytes, sizeof value);
    return value;
}

static struct rights_world picture;

void rights_keep(void)
{
    memcpy(&picture, &rw, sizeof rw);
}

/* The clock and the report are not the engine's. */
bool rights_kept(void)
{
    picture.world.report = rw.world.report;
    picture.world.clock_ns = rw.world.clock_ns;
    picture.world.engine.now_us = rw.world.engine.now_us;
    return memcmp(&picture, &rw, sizeof rw) == 0;
}

/* What the engine needs for an empty program comes out by trying. */
struct atto_container *rights_fill(uint32_t left_bytes)
{
    static atto_host_fn *const entries[] = { NULL };
    static struct atto_host_program program;
    struct atto_container *container = NULL;
    struct atto_install request = { .program = &program };
    program = (struct atto_host_program){ .entries = entries, .entry_count = 1, .state_bytes = WORLD_POOL_BYTES };
    if (atto_engine_install(ENGINE, &request, &container, &rw.world.report) == ATTO_OK ||
        rw.world.report.missing + left_bytes > program.state_bytes)
        return NULL;
    program.state_bytes -= rw.world.report.missing + left_bytes;
    return atto_engine_install(ENGINE, &request, &container, &rw.world.report) == ATTO_OK ? container : NULL;
}
