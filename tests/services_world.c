/* The simulated engine with services, see services_world.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "services_world.h"

#include <string.h>

#include "encode.h"
#include "harness.h"

struct services_world sw;
static struct image_bytes idle_image; /* in use as long as its containers */

static int32_t read_sensor(void *state, struct atto_reading *reading)
{
    (void)state;
    *reading = (struct atto_reading){ { 2150, -1, 7 }, ATTO_UNIT_CELSIUS, -2 };
    return 3;
}
static int32_t write_switch(void *state, const struct atto_reading *reading)
{
    *(int16_t *)state = reading->value[0];
    return 1;
}
static int32_t pin_read(void *state, uint32_t pin)
{
    (void)state;
    return (int32_t)sw.pin_levels[pin];
}
static int32_t pin_write(void *state, uint32_t pin, uint32_t level)
{
    (void)state;
    sw.pin_levels[pin] = level;
    return 0;
}
static int32_t pin_mode(void *state, uint32_t pin, enum atto_pin_mode mode)
{
    (void)state;
    sw.pin_modes[pin] = (uint32_t)mode;
    return 0;
}
static void changed(void *user, uint32_t owner, uint32_t key, const uint8_t *value, uint32_t len)
{
    (void)user;
    sw.told_owner = owner;
    sw.told_key = key;
    sw.told_len = value != NULL ? len : 999u;
    sw.told_count++;
    if (value == NULL)
        sw.gone_owner = owner;
}
static void fill_random(void *user, uint8_t *to, uint32_t len)
{
    (void)user;
    memset(to, 0xaa, len);
}

static const struct atto_context memory = { sw.bytes, sizeof sw.bytes, ATTO_WRITE };
static const struct atto_device sensor = { read_sensor, NULL, NULL };
static const struct atto_device lamp = { NULL, write_switch, &sw.switched };
static const struct atto_pins pins = { pin_read, pin_write, pin_mode, NULL, PIN_COUNT };
static const struct atto_store store = { sw.store_bytes, STORE_BYTES, &sw.store_state, 64, 32, changed, NULL };
#define SLOT_BYTES 8u
#define QUEUE_BYTES (2u * (sizeof(struct atto_queue_slot) + SLOT_BYTES))
static _Alignas(4) uint8_t mailbox_bytes[QUEUE_BYTES], server_bytes[QUEUE_BYTES];
static const struct atto_queue mailbox = { &sw.mailbox_state, mailbox_bytes, 2, SLOT_BYTES };
static const struct atto_queue server = { &sw.server_state, server_bytes, 2, SLOT_BYTES };

static const struct atto_endpoint endpoints[ENDPOINTS] = {
    { "log", NULL, ATTO_KIND_LOG, 0, ALL },
    { "clock", NULL, ATTO_KIND_CLOCK, 0, ALL },
    { "random", NULL, ATTO_KIND_RANDOM, 0, ALL },
    { "memory", &memory, ATTO_KIND_MEMORY, 0, ALL },
    { "sensor", &sensor, ATTO_KIND_DEVICE, ATTO_DEVICE_TEMPERATURE, ALL },
    { "lamp", &lamp, ATTO_KIND_DEVICE, ATTO_DEVICE_SWITCH, ALL },
    { "pins", &pins, ATTO_KIND_PINS, 0, ALL },
    { "own", &store, ATTO_KIND_STORE, ATTO_SCOPE_CONTAINER, ALL },
    { "tenant", &store, ATTO_KIND_STORE, ATTO_SCOPE_TENANT, ALL },
    { "device", &store, ATTO_KIND_STORE, ATTO_SCOPE_DEVICE, ALL },
    { "mailbox", &mailbox, ATTO_KIND_MAILBOX, 0, ALL },
    { "server", &server, ATTO_KIND_SERVER, 0, ALL },
};

void services_begin(void)
{
    memset(&sw, 0, sizeof sw);
    world_begin(&sw.world);
    sw.first_page[2] = atto_service_calls[atto_request_number - 160];
    sw.table.page[0] = sw.first_page;
    sw.table.page[ATTO_SERVICE_PAGE] = atto_service_calls;
    sw.table.page[ATTO_SERVICE_PAGE + 1u] = atto_service_calls + ATTO_CALL_PAGE;
    for (uint32_t i = 0; i < ENDPOINTS; i++)
        sw.all[i] = (struct atto_right){ .endpoint = (uint8_t)i, .operations = ALL, .last = ATTO_RANGE_END };
    for (uint32_t i = 0; i < 2u; i++)
        sw.tenants[i] = (struct atto_tenant){ .name = "t", .rights = sw.all, .right_count = ENDPOINTS,
                                              .store_bytes = 96 };
    sw.world.firmware.host.calls = &sw.table;
    sw.world.firmware.host.endpoints = endpoints;
    sw.world.firmware.host.endpoint_count = ENDPOINTS;
    sw.world.port.random = fill_random;
    sw.world.config.tenants = sw.tenants;
    sw.world.config.tenant_count = 2;
    sw.world.config.denials = sw.denials;
    sw.world.config.denial_count = sizeof sw.denials / sizeof *sw.denials;
    sw.world.config.trace_count = 0;
    atto_engine_init(&sw.world.engine, &sw.world.config, sw.world.pool, WORLD_POOL_BYTES);
}

struct atto_container *services_install(uint32_t tenant, const struct image_bytes *image)
{
    const struct atto_schedule schedule = { .priority = 8, .period_us = 1000000, .events = 4 };
    const struct atto_install request = { .bytes = image->bytes, .len = image->len, .schedule = &schedule,
                                          .fuel = sw.world.fuel, .tenant = tenant, .rights = sw.all,
                                          .right_count = ENDPOINTS };
    struct atto_container *container = NULL;
    if (atto_engine_install(&sw.world.engine, &request, &container, &sw.world.report) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "the container is installed");
    return container;
}

struct atto_container *services_idle(uint32_t tenant)
{
    static const uint64_t text[] = { MOV(0, 0), EXIT, MOV(0, 0), EXIT };
    world_image(&idle_image, text, 4, (const struct world_entry[]){ { "loop", 0 }, { "on", 2 } }, 2);
    struct atto_container *container = services_install(tenant, &idle_image);
    if (atto_engine_start(&sw.world.engine, container) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "the container starts");
    return container;
}

struct atto_run *services_run(struct atto_container *container)
{
    return (struct atto_run *)(void *)((uint8_t *)container + world_run_at());
}

uint8_t *services_data(struct atto_container *container)
{
    return atto_run_span(services_run(container), DATA, 16, ATTO_WRITE);
}

int64_t services_call(struct atto_container *container, uint32_t number, uint64_t a, uint64_t b, uint64_t c,
                      uint64_t d)
{
    uint64_t r[6] = { 0, a, b, c, d, 0 };
    const struct atto_call *call = &atto_service_calls[number - ATTO_SERVICE_PAGE * ATTO_CALL_PAGE];
    int32_t status = world_call(services_run(container), call, number, r);
    return status == ATTO_OK ? (int64_t)r[0] : status - 1000;
}
