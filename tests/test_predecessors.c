/* Calls of the predecessors: Femto-Container's helpers and TinyContainer's calls under their numbers, over Atto's services
 * and through its gate.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/service.h"
#include "encode.h"
#include "engine_world.h"
#include "harness.h"

static struct world world;
static struct image_bytes image;

enum { LOG, CLOCK, SENSOR, OWN_STORE, DEVICE_STORE, MEMORY, MAILBOX, ENDPOINTS };

static int32_t read_sensor(void *state, struct atto_reading *reading)
{
    (void)state;
    *reading = (struct atto_reading){ { 27, 0, 0 }, ATTO_UNIT_CELSIUS, 0 };
    return 1;
}
static const struct atto_device sensor = { read_sensor, NULL, NULL };
static _Alignas(4) uint8_t store_bytes[128];
static struct atto_store_state store_state;
static const struct atto_store store = { store_bytes, sizeof store_bytes, &store_state, 32, 0, NULL, NULL };
static uint8_t bytes[8];
static const struct atto_context memory = { bytes, sizeof bytes, ATTO_WRITE };
static struct atto_queue_state mailbox_state;
static _Alignas(4) uint8_t mailbox_bytes[sizeof(struct atto_queue_slot) + 8u];
static const struct atto_queue mailbox = { &mailbox_state, mailbox_bytes, 1, 8 };

#define ALL ATTO_OPERATIONS
static const struct atto_endpoint endpoints[ENDPOINTS] = {
    { "log", NULL, ATTO_KIND_LOG, 0, ALL },
    { "clock", NULL, ATTO_KIND_CLOCK, 0, ALL },
    { "sensor", &sensor, ATTO_KIND_DEVICE, ATTO_DEVICE_TEMPERATURE, ALL },
    { "own", &store, ATTO_KIND_STORE, ATTO_SCOPE_CONTAINER, ALL },
    { "device", &store, ATTO_KIND_STORE, ATTO_SCOPE_DEVICE, ALL },
    { "memory", &memory, ATTO_KIND_MEMORY, 0, ALL },
    { "mailbox", &mailbox, ATTO_KIND_MAILBOX, 0, ALL },
};

static struct atto_container *begin(void)
{
    static struct atto_call_table table;
    static struct atto_right all[ENDPOINTS];
    struct atto_container *container = NULL;
    world_begin(&world);
    for (uint32_t i = 0; i < ATTO_FEMTO_PAGES; i++)
        table.page[i] = atto_femto_calls + i * ATTO_CALL_PAGE;
    table.page[ATTO_TINY_PAGE] = atto_tiny_calls;
    table.page[ATTO_SERVICE_PAGE] = atto_service_calls;
    table.page[ATTO_SERVICE_PAGE + 1u] = atto_service_calls + ATTO_CALL_PAGE;
    for (uint32_t i = 0; i < ENDPOINTS; i++)
        all[i] = (struct atto_right){ .endpoint = (uint8_t)i, .operations = ALL, .last = ATTO_RANGE_END };
    memset(&store_state, 0, sizeof store_state);
    memset(&mailbox_state, 0, sizeof mailbox_state);
    world.firmware.host.calls = &table;
    world.firmware.host.endpoints = endpoints;
    world.firmware.host.endpoint_count = ENDPOINTS;
    atto_engine_init(&world.engine, &world.config, world.pool, WORLD_POOL_BYTES);
    world_image(&image, (const uint64_t[]){ MOV(0, 0), EXIT }, 2, (const struct world_entry[]){ { "loop", 0 } }, 1);
    const struct atto_schedule schedule = { .priority = 8, .period_us = 1000000 };
    const struct atto_install request = { .bytes = image.bytes, .len = image.len, .schedule = &schedule, .fuel = 1000,
                                          .rights = all, .right_count = ENDPOINTS };
    if (atto_engine_install(&world.engine, &request, &container, NULL) != ATTO_OK ||
        atto_engine_start(&world.engine, container) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "the container starts");
    return container;
}

static struct atto_run *run_of(struct atto_container *container)
{
    return (struct atto_run *)(void *)((uint8_t *)container + world_run_at());
}

#define DATA ADDRESS(2, 0)
static uint8_t *data_of(struct atto_container *container)
{
    return atto_run_span(run_of(container), DATA, 16, ATTO_WRITE);
}

/* Makes a call; what the guest gets, or the end of its activation as -1000 and less. */
static int64_t call(struct atto_container *container, uint32_t number, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t r[6] = { 77, a, b, c, 0, 0 };
    const struct atto_call *entry = atto_call_find(world.firmware.host.calls, number);
    if (entry == NULL)
        return -2000;
    int32_t status = world_call(run_of(container), entry, number, r);
    return status == ATTO_OK ? (int64_t)r[0] : status - 1000;
}

static void take_away(struct atto_container *container, uint32_t handle)
{
    const struct atto_right none = { .endpoint = (uint8_t)handle, .last = ATTO_RANGE_END };
    EQUAL(atto_engine_set_rights(&world.engine, container, handle, &none, 1, 0), ATTO_OK);
}

static uint32_t word(struct atto_container *container)
{
    uint32_t value;
    memcpy(&value, data_of(container), sizeof value);
    return value;
}

static void helpers_print_and_copy(void)
{
    char text[64];
    uint16_t id;
    struct atto_container *container = begin();
    memcpy(data_of(container), "v=%d 0x%x %%\n", 14);
    EQUAL(call(container, 0x01, DATA, (uint32_t)-12, 255), 0);
    EQUAL(atto_engine_log_read(&world.engine, &id, text, sizeof text), 12);
    CHECK(memcmp(text, "v=-12 0xff %", 12) == 0);
    EQUAL(call(container, 0x02, DATA + 8u, DATA, 8), DATA + 8u);
    CHECK(memcmp(data_of(container) + 8, "v=%d 0x%", 8) == 0);
    EQUAL(call(container, 0x02, DATA + 9u, DATA, 8), ATTO_E_ARGUMENT - 1000); /* theirs does not look */
    EQUAL(call(container, 0x02, 0, DATA, 1), ATTO_E_ARGUMENT - 1000);
    take_away(container, LOG);
    EQUAL(call(container, 0x01, DATA, 0, 0), ATTO_E_DENIED);
}

static void helpers_store_and_fetch(void)
{
    struct atto_container *container = begin();
    EQUAL(call(container, 0x10, 5, 1234, 0), 0);
    EQUAL(call(container, 0x11, 5, 99, 0), 0);
    EQUAL(call(container, 0x12, 5, DATA, 0), 0);
    EQUAL(word(container), 1234);
    EQUAL(call(container, 0x13, 5, DATA, 0), 0);
    EQUAL(word(container), 99);
    EQUAL(call(container, 0x12, 6, DATA, 0), 0); /* there was none: it is 0 from now on */
    EQUAL(word(container), 0);
    EQUAL(call(container, 0x10, 7, 1, 0), -1); /* full */
    EQUAL(call(container, 0x12, 5, DATA + 13u, 0), ATTO_E_ARGUMENT - 1000);
    take_away(container, DEVICE_STORE);
    EQUAL(call(container, 0x13, 5, DATA, 0), ATTO_E_DENIED);
    EQUAL(call(container, 0x12, 5, DATA, 0), 0);
}

static void helpers_of_sensors_and_clocks(void)
{
    struct atto_container *container = begin();
    EQUAL(call(container, 0x30, 0, 0, 0), SENSOR + 1);
    EQUAL(call(container, 0x30, 1, 0, 0), 0);
    EQUAL(call(container, 0x31, 0x42, 0, 0), SENSOR + 1); /* a temperature */
    EQUAL(call(container, 0x31, 0x41, 0, 0), 0);
    EQUAL(call(container, 0x32, SENSOR + 1, DATA, 0), 1);
    EQUAL(data_of(container)[0], 27);
    EQUAL(call(container, 0x32, 0, DATA, 0), ATTO_E_DENIED);
    EQUAL(call(container, 0x32, CLOCK + 1, DATA, 0), ATTO_E_DENIED);
    EQUAL(call(container, 0x32, SENSOR + 1, DATA + 9u, 0), ATTO_E_ARGUMENT - 1000);
    EQUAL(call(container, 0x20, 0, 0, 0), (int64_t)(world_now(&world) / 1000u));
    EQUAL(call(container, 0x60, 0, 0, 0), (int64_t)world_now(&world));
    EQUAL(call(container, 0x61, 0, 0, 0), -2000); /* not there */
    take_away(container, SENSOR);
    EQUAL(call(container, 0x31, 0x42, 0, 0), 0);
    EQUAL(call(container, 0x32, SENSOR + 1, DATA, 0), ATTO_E_DENIED);
}

static void helpers_format(void)
{
    struct atto_container *container = begin();
    EQUAL(call(container, 0x50, DATA, (uint64_t)-1234, (uint32_t)-2), 6);
    CHECK(memcmp(data_of(container), "-12.34", 6) == 0);
    EQUAL(call(container, 0x50, DATA, 5, 2), 3);
    CHECK(memcmp(data_of(container), "500", 3) == 0);
    EQUAL(call(container, 0x51, DATA, 4294967295u, 0), 10);
    CHECK(memcmp(data_of(container), "4294967295", 10) == 0);
    EQUAL(call(container, 0x51, DATA + 7u, 4294967295u, 0), ATTO_E_ARGUMENT - 1000);
}

static void files_of_tinycontainer(void)
{
    struct atto_container *container = begin();
    EQUAL(call(container, 0x91, 0, 0, 0), 0);
    int64_t fd = call(container, 0x92, MEMORY, 0, 0);
    EQUAL(fd, MEMORY + 1);
    memcpy(data_of(container), "12345678", 8);
    EQUAL(call(container, 0x95, (uint64_t)fd, DATA, 8), 8);
    CHECK(memcmp(bytes, "12345678", 8) == 0);
    EQUAL(call(container, 0x95, (uint64_t)fd, DATA, 9), -1); /* theirs copies over the end */
    EQUAL(call(container, 0x94, (uint64_t)fd, DATA + 8u, 8), 8);
    CHECK(memcmp(data_of(container) + 8, "12345678", 8) == 0);
    EQUAL(call(container, 0x94, (uint64_t)fd, DATA + 9u, 8), ATTO_E_ARGUMENT - 1000);
    EQUAL(call(container, 0x93, (uint64_t)fd, 0, 0), 0);
    EQUAL(call(container, 0x93, 0, 0, 0), -1);
    EQUAL(call(container, 0x93, 200, 0, 0), -1);
    EQUAL(call(container, 0x92, 123, 0, 0), -1);
    EQUAL(call(container, 0x94, (uint64_t)call(container, 0x92, SENSOR, 0, 0), DATA, 8), 8);
    EQUAL(data_of(container)[0], 27);
    EQUAL(call(container, 0x95, MAILBOX + 1, DATA, 3), 3);
    EQUAL(call(container, 0x94, MAILBOX + 1, DATA, 8), 3);
    EQUAL(call(container, 0x96, DATA, 3, 0), 0);
    take_away(container, MEMORY);
    EQUAL(call(container, 0x94, (uint64_t)fd, DATA, 8), -1); /* open or not */
    EQUAL(call(container, 0x92, MEMORY, 0, 0), -1);
}

static const struct harness_test tests[] = {
    TEST(helpers_print_and_copy, "printf and memcpy reach what is the container's own."),
    TEST(helpers_store_and_fetch, "Local and global values are those of the store, within its quotas."),
    TEST(helpers_of_sensors_and_clocks, "Sensors are found and read by rights; clocks tell their time."),
    TEST(helpers_format, "Numbers become text in the guest's memory."),
    TEST(files_of_tinycontainer, "Open, read, write and close are looks at rights."),
};
HARNESS_MAIN(tests)
