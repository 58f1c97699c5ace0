/* The simulated engine of the tests, see engine_world.h. Fuel becomes time when the engine reads the clock after a
 * slice: the world adds up what all containers have used.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "engine_world.h"

#include <stddef.h>
#include <string.h>

#include "engine/container.h"

static struct world *world_of(struct atto_run *run)
{
    return run->host->user;
}

static uint64_t now_us(void *user)
{
    struct world *world = user;
    return world->clock_ns / 1000u;
}

static void take_lock(void *user)
{
    struct world *world = user;
    world->lock_errors += world->locks != 0u;
    world->locks++;
}

static void release_lock(void *user)
{
    struct world *world = user;
    world->lock_errors += world->locks != 1u;
    world->locks--;
}

static int32_t call_later(struct atto_call_frame *call)
{
    (void)call;
    return ATTO_CALL_WAIT;
}

static int32_t call_beat(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    atto_engine_heartbeat(atto_engine_of(run), atto_container_of(run));
    r[0] = 0;
    return ATTO_OK;
}

static int32_t call_log(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    static const char line[256] = "abcdefghijklmnopqrstuvwxyz";
    r[0] = (uint64_t)(int64_t)atto_engine_log(atto_engine_of(run), atto_container_of(run), line, (uint32_t)r[1]);
    return ATTO_OK;
}

static int32_t call_zero(struct atto_call_frame *call)
{
    uint64_t *r = call->r;
    r[0] = 0;
    return ATTO_OK;
}

static int32_t call_post(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    r[0] = (uint64_t)(int64_t)atto_engine_post(atto_engine_of(run), atto_container_of(run), 0, 0, NULL, 0);
    return ATTO_OK;
}

/* The executors of the world are those of the library, but that fuel takes time. */
static enum atto_outcome timed(struct atto_run *run, enum atto_outcome (*resume)(struct atto_run *run))
{
    struct world *world = world_of(run);
    int32_t before = run->fuel;
    enum atto_outcome outcome = resume(run);
    world->clock_ns += (uint64_t)(uint32_t)(before - run->fuel) * world->fuel_ns;
    return outcome;
}

static enum atto_outcome resume_bpf(struct atto_run *run)
{
    return timed(run, atto_executor_bpf.resume);
}

static enum atto_outcome resume_host(struct atto_run *run)
{
    return timed(run, atto_executor_host.resume);
}

void world_begin(struct world *world)
{
    static const struct atto_call calls[ATTO_CALL_PAGE] = {
        [WORLD_CALL_LATER] = { call_later, 1, 0 },
        [WORLD_CALL_BEAT] = { call_beat, 1, 0 },
        [WORLD_CALL_LOG] = { call_log, 20, 0 },
        [WORLD_CALL_ZERO] = { call_zero, 5, 0 },
        [WORLD_CALL_POST] = { call_post, 20, 0 },
    };
    static const struct atto_call_table table = { { calls } };
    static struct atto_executor bpf, host;
    static const struct atto_executor *const executors[] = { &bpf, &host, NULL };
    bpf = atto_executor_bpf;
    bpf.resume = resume_bpf;
    host = atto_executor_host;
    host.resume = resume_host;
    memset(world, 0, sizeof *world);
    world->clock_ns = 1000000000u;
    world->fuel_ns = WORLD_NANOSECONDS;
    world->fuel = 1000;
    world->firmware = (struct atto_firmware){ .executors = executors, .fuel = 100000 };
    world->firmware.host.calls = &table;
    world->firmware.host.user = world;
    memset(&world->firmware.granted, 0xff, sizeof world->firmware.granted);
    world->port = (struct atto_port){ .now_us = now_us, .lock = take_lock, .unlock = release_lock, .user = world };
    world->config = (struct atto_engine_config){
        .firmware = &world->firmware,
        .port = &world->port,
        .slice_fuel = 100,
        .poll_slices = 1,
        .fuel_per_ms = 1000,
        .trace = world->trace,
        .trace_count = WORLD_TRACE_RECORDS,
        .postmortems = world->postmortems,
        .postmortem_count = 4,
        .log = world->log,
        .log_ring_bytes = sizeof world->log,
    };
    atto_engine_init(&world->engine, &world->config, world->pool, WORLD_POOL_BYTES);
}

/* {1: "test", 2: [[name, slot], ...], 5: [2, 5, 6, 7, 8, 160, ..., 187]}; names of at most 23 bytes, slots below 24. */
static uint32_t manifest(uint8_t *bytes, const struct world_entry *entries, uint32_t entry_count)
{
    static const uint8_t calls[] = { 0x05, 0x98, 5u + WORLD_SERVICES, WORLD_CALL_LATER, WORLD_CALL_BEAT,
                                     WORLD_CALL_LOG, WORLD_CALL_ZERO, WORLD_CALL_POST };
    uint32_t len = 0;
    memcpy(bytes, "\xa3\x01\x64test\x02", 8);
    len = 8;
    bytes[len++] = (uint8_t)(0x80u + entry_count);
    for (uint32_t i = 0; i < entry_count; i++) {
        uint32_t name_bytes = (uint32_t)strlen(entries[i].name);
        bytes[len++] = 0x82;
        bytes[len++] = (uint8_t)(0x60u + name_bytes);
        memcpy(bytes + len, entries[i].name, name_bytes);
        len += name_bytes;
        bytes[len++] = (uint8_t)entries[i].slot;
    }
    memcpy(bytes + len, calls, sizeof calls);
    len += (uint32_t)sizeof calls;
    for (uint32_t i = 0; i < WORLD_SERVICES; i++) {
        bytes[len++] = 0x18;
        bytes[len++] = (uint8_t)(160u + i);
    }
    return len;
}

void world_image(struct image_bytes *image, const uint64_t *slots, uint32_t slot_count,
                 const struct world_entry *entries, uint32_t entry_count)
{
    uint8_t cbor[256], functions[16 * 8] = { 0 };
    struct section_bytes sections[SECTIONS] = { { 0 } };
    for (uint32_t i = 0; i < entry_count; i++) {
        put_u16(functions + 8u * i, entries[i].slot);
        put_u16(functions + 8u * i + 2u, 64);
        put_u16(functions + 8u * i + 4u, 64);
        functions[8u * i + 6u] = 1;
    }
    sections[SECTION_TEXT] = (struct section_bytes){ slots, slot_count * 8u };
    sections[SECTION_FUNCTIONS] = (struct section_bytes){ functions, entry_count * 8u };
    sections[SECTION_DATA] = (struct section_bytes){ "\x07\0\0\0\0\0\0\0", 8 };
    sections[SECTION_MANIFEST] = (struct section_bytes){ cbor, manifest(cbor, entries, entry_count) };
    image_bytes_write(image, sections, 8);
}

static struct atto_container *install(struct world *world, const struct atto_install *request)
{
    struct atto_container *container = NULL;
    return atto_engine_install(&world->engine, request, &container, &world->report) == ATTO_OK ? container : NULL;
}

struct atto_container *world_install(struct world *world, const struct image_bytes *image,
                                     const struct atto_schedule *schedule)
{
    return install(world, &(struct atto_install){
        .bytes = image->bytes, .len = image->len, .schedule = schedule, .fuel = world->fuel });
}

struct atto_container *world_install_host(struct world *world, const struct atto_host_program *program,
                                          const struct atto_schedule *schedule)
{
    return install(world, &(struct atto_install){ .program = program, .schedule = schedule, .fuel = world->fuel });
}

uint64_t world_now(const struct world *world)
{
    return world->clock_ns / 1000u;
}

void world_run(struct world *world, uint64_t until_us)
{
    while (world_now(world) < until_us) {
        uint64_t next_us = atto_engine_poll(&world->engine);
        if (next_us > until_us)
            next_us = until_us;
        if (next_us > world_now(world))
            world->clock_ns = next_us * 1000u;
    }
}

struct atto_container_info world_info(struct world *world, const struct atto_container *container)
{
    struct atto_container_info info;
    atto_engine_info(&world->engine, container, &info);
    return info;
}

uint32_t world_run_at(void)
{
    return (uint32_t)sizeof(struct atto_container);
}

/* A host function whose state takes all that is left of the pool fits, and one of 8 bytes more does not. */
bool world_pool_is_empty(struct world *world)
{
    static atto_host_fn *const entries[] = { NULL };
    static struct atto_host_program program;
    struct atto_container *container;
    struct atto_install request = { .program = &program };
    program = (struct atto_host_program){ .entries = entries, .entry_count = 1, .state_bytes = 8 };
    if (atto_engine_install(&world->engine, &request, &container, &world->report) != ATTO_OK)
        return false;
    program.state_bytes += world->engine.pool_bytes - world->report.ram_bytes;
    if (atto_engine_remove(&world->engine, container) != ATTO_OK ||
        atto_engine_install(&world->engine, &request, &container, &world->report) != ATTO_OK)
        return false;
    return atto_engine_remove(&world->engine, container) == ATTO_OK;
}

int32_t world_call(struct atto_run *run, const struct atto_call *call, uint32_t number, uint64_t *r)
{
    struct atto_engine *engine = run->host->engine;
    const struct atto_port *port = engine->config->port;
    engine->now_us = port->now_us(port->user);
    return run->host->gate(run, call, number, r);
}
