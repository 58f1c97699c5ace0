/* Services: what each host call of the library does for a container that has the right to it, and what it refuses. Calls
 * are made through the engine's gate for containers of a simulated engine; programs make those that wait.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../sdk/calls.h"
#include "atto/service.h"
#include "encode.h"
#include "engine_world.h"
#include "harness.h"

enum {
#define NUMBER(name, number) name##_number = (number),
    ATTO_SDK_CALLS(NUMBER)
#undef NUMBER
};

static struct world world;
static struct image_bytes idle_image, client_image; /* in use as long as their containers */

/* ---- the device ---- */

enum { LOG, CLOCK, RANDOM, MEMORY, SENSOR, SWITCH, PINS, OWN_STORE, TENANT_STORE, DEVICE_STORE, MAILBOX, SERVER, ENDPOINTS };

static uint8_t bytes[16];
static int32_t read_sensor(void *state, struct atto_reading *reading)
{
    *reading = (struct atto_reading){ { 2150, -1, 7 }, ATTO_UNIT_CELSIUS, -2 };
    return state == NULL ? 3 : ATTO_E_BUSY;
}
static int16_t switched;
static int32_t write_switch(void *state, const struct atto_reading *reading)
{
    *(int16_t *)state = reading->value[0];
    return 1;
}
static uint32_t pin_levels[4], pin_modes[4];
static int32_t pin_read(void *state, uint32_t pin)
{
    (void)state;
    return (int32_t)pin_levels[pin];
}
static int32_t pin_write(void *state, uint32_t pin, uint32_t level)
{
    (void)state;
    pin_levels[pin] = level;
    return 0;
}
static int32_t pin_mode(void *state, uint32_t pin, enum atto_pin_mode mode)
{
    (void)state;
    pin_modes[pin] = (uint32_t)mode;
    return 0;
}

static uint32_t told_owner, told_key, told_len, told_count;
static void changed(void *user, uint32_t owner, uint32_t key, const uint8_t *value, uint32_t len)
{
    (void)user;
    told_owner = owner;
    told_key = key;
    told_len = value != NULL ? len : 999u;
    told_count++;
}

static const struct atto_context memory = { bytes, sizeof bytes, ATTO_WRITE };
static const struct atto_device sensor = { read_sensor, NULL, NULL };
static const struct atto_device lamp = { NULL, write_switch, &switched };
static const struct atto_pins pins = { pin_read, pin_write, pin_mode, NULL, 4 };
static _Alignas(4) uint8_t store_bytes[256];
static struct atto_store_state store_state;
static const struct atto_store store = { store_bytes, sizeof store_bytes, &store_state, 64, 32, changed, NULL };
static struct atto_queue_state mailbox_state, server_state;
#define SLOT_BYTES 8u
static _Alignas(4) uint8_t mailbox_bytes[2u * (sizeof(struct atto_queue_slot) + SLOT_BYTES)];
static _Alignas(4) uint8_t server_bytes[2u * (sizeof(struct atto_queue_slot) + SLOT_BYTES)];
static const struct atto_queue mailbox = { &mailbox_state, mailbox_bytes, 2, SLOT_BYTES };
static const struct atto_queue server = { &server_state, server_bytes, 2, SLOT_BYTES };

#define ALL ATTO_OPERATIONS
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

static void fill_random(void *user, uint8_t *to, uint32_t len)
{
    (void)user;
    memset(to, 0xaa, len);
}

/* Containers have rights to all that there is; the handle is the endpoint's number. */
static struct atto_right all[ENDPOINTS];
static struct atto_tenant tenants[2];

static void begin(void)
{
    static struct atto_call first_page[ATTO_CALL_PAGE];
    static struct atto_call_table table;
    world_begin(&world);
    /* The world's programs may call 2, 5, 6, 7 and 8. */
    first_page[2] = atto_service_calls[atto_request_number - 160];
    first_page[5] = atto_service_calls[atto_serve_number - 160];
    first_page[6] = atto_service_calls[atto_take_number - 160];
    first_page[7] = atto_service_calls[atto_answer_number - 160];
    first_page[8] = atto_service_calls[atto_receive_number - 160];
    table.page[0] = first_page;
    table.page[ATTO_SERVICE_PAGE] = atto_service_calls;
    table.page[ATTO_SERVICE_PAGE + 1u] = atto_service_calls + ATTO_CALL_PAGE;
    for (uint32_t i = 0; i < ENDPOINTS; i++)
        all[i] = (struct atto_right){ .endpoint = (uint8_t)i, .operations = ALL, .last = ATTO_RANGE_END };
    for (uint32_t i = 0; i < 2u; i++)
        tenants[i] = (struct atto_tenant){ .name = "t", .rights = all, .right_count = ENDPOINTS, .store_bytes = 96 };
    world.firmware.host.calls = &table;
    world.firmware.host.endpoints = endpoints;
    world.firmware.host.endpoint_count = ENDPOINTS;
    world.port.random = fill_random;
    world.config.tenants = tenants;
    world.config.tenant_count = 2;
    world.config.trace_count = 0;
    memset(&store_state, 0, sizeof store_state);
    memset(&mailbox_state, 0, sizeof mailbox_state);
    memset(&server_state, 0, sizeof server_state);
    memset(bytes, 0, sizeof bytes);
    told_count = 0;
    atto_engine_init(&world.engine, &world.config, world.pool, WORLD_POOL_BYTES);
}

static struct atto_container *install_for(uint32_t tenant, const struct image_bytes *image)
{
    const struct atto_schedule schedule = { .priority = 8, .period_us = 1000000, .events = 4 };
    const struct atto_install request = { .bytes = image->bytes, .len = image->len, .schedule = &schedule,
                                          .fuel = world.fuel, .tenant = tenant, .rights = all,
                                          .right_count = ENDPOINTS };
    struct atto_container *container = NULL;
    if (atto_engine_install(&world.engine, &request, &container, &world.report) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "the container is installed");
    return container;
}

/* Two entry points, of which neither does anything. */
static struct atto_container *idle(uint32_t tenant)
{
    world_image(&idle_image, (const uint64_t[]){ MOV(0, 0), EXIT, MOV(0, 0), EXIT }, 4,
                (const struct world_entry[]){ { "loop", 0 }, { "on", 2 } }, 2);
    struct atto_container *container = install_for(tenant, &idle_image);
    if (atto_engine_start(&world.engine, container) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "the container starts");
    return container;
}

static struct atto_run *run_of(struct atto_container *container)
{
    return (struct atto_run *)(void *)((uint8_t *)container + world_run_at());
}

/* Memory of the container's data (16 bytes, at 0x20000000) as the test sees it. */
static uint8_t *data_of(struct atto_container *container)
{
    return atto_run_span(run_of(container), ADDRESS(2, 0), 16, ATTO_WRITE);
}
#define DATA ADDRESS(2, 0)

/* Makes a call; what the guest gets, or the end of its activation as -1000 and less. */
static int64_t call(struct atto_container *container, uint32_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t r[6] = { 0, a, b, c, d, 0 };
    int32_t status = world.engine.host.gate(run_of(container), &atto_service_calls[number - 160u], number, r);
    return status == ATTO_OK ? (int64_t)r[0] : status - 1000;
}

/* ---- without objects ---- */

static void formats(struct atto_container *container, int64_t value, uint32_t digits, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    memset(data_of(container), '#', 16);
    if (len > 16u) {
        EQUAL(call(container, atto_format_number, DATA, 16, (uint64_t)value, digits), ATTO_E_ARGUMENT);
        return;
    }
    EQUAL(call(container, atto_format_number, DATA, len - 1u, (uint64_t)value, digits), ATTO_E_ARGUMENT);
    CHECK(data_of(container)[0] == '#');
    EQUAL(call(container, atto_format_number, DATA, len, (uint64_t)value, digits), len);
    CHECK(memcmp(data_of(container), text, len) == 0);
}

static void numbers_as_text(void)
{
    begin();
    struct atto_container *container = idle(0);
    formats(container, 0, 0, "0");
    formats(container, 0, 2, "0.00");
    formats(container, 7, 1, "0.7");
    formats(container, -5, 3, "-0.005");
    formats(container, 2150, 2, "21.50");
    formats(container, 1234567890123456, 0, "1234567890123456");
    formats(container, INT64_MIN, 0, "-9223372036854775808");
    EQUAL(call(container, atto_format_number, DATA, 16, 1, 20), ATTO_E_ARGUMENT);
    EQUAL(call(container, atto_format_number, DATA + 1u, 16, 1, 0), ATTO_E_ARGUMENT - 1000);
}

static void log_clock_random(void)
{
    char text[32];
    uint16_t id;
    begin();
    struct atto_container *container = idle(0);
    memcpy(data_of(container), "hello", 5);
    EQUAL(call(container, atto_log_number, DATA, 5, 0, 0), 0);
    EQUAL(atto_engine_log_read(&world.engine, &id, text, sizeof text), 5);
    CHECK(memcmp(text, "hello", 5) == 0);
    EQUAL(call(container, atto_log_number, 0, 0, 0, 0), 0);
    EQUAL(call(container, atto_now_us_number, 0, 0, 0, 0), (int64_t)world_now(&world));
    EQUAL(call(container, atto_random_number, DATA, 16, 0, 0), 0);
    EQUAL(data_of(container)[15], 0xaa);
    EQUAL(call(container, atto_heartbeat_number, 0, 0, 0, 0), 0);
}

static void handles_by_name_and_type(void)
{
    begin();
    struct atto_container *container = idle(0);
    memcpy(data_of(container), "pins", 4);
    EQUAL(call(container, atto_find_number, DATA, 4, 0, 0), PINS);
    EQUAL(call(container, atto_find_number, DATA, 3, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(call(container, atto_find_number, 0, 0, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(call(container, atto_find_type_number, ATTO_DEVICE_SWITCH, 0, 0, 0), SWITCH);
    EQUAL(call(container, atto_find_type_number, ATTO_DEVICE_SWITCH, 1, 0, 0), ATTO_E_NOT_FOUND);
    const struct atto_right none = { .endpoint = PINS, .last = ATTO_RANGE_END };
    EQUAL(atto_engine_set_rights(&world.engine, container, PINS, &none, 1, 0), ATTO_OK);
    EQUAL(call(container, atto_find_number, DATA, 4, 0, 0), ATTO_E_NOT_FOUND);
}

static void timers(void)
{
    begin();
    struct atto_container *container = idle(0);
    world_run(&world, world_now(&world) + 10);
    uint32_t before = world_info(&world, container).counters.activations;
    EQUAL(call(container, atto_timer_number, 1, 500, 42, 0), 0);
    EQUAL(call(container, atto_timer_number, 2, 500, 42, 0), ATTO_E_NOT_FOUND);
    EQUAL(call(container, atto_timer_number, UINT64_MAX, 500, 42, 0), ATTO_E_NOT_FOUND);
    EQUAL(call(container, atto_timer_number, 1, 0x80000000u, 42, 0), ATTO_E_ARGUMENT);
    world_run(&world, world_now(&world) + 499);
    EQUAL(world_info(&world, container).counters.activations, before);
    world_run(&world, world_now(&world) + 10);
    EQUAL(world_info(&world, container).counters.activations, before + 1u);
}

/* ---- things of the board ---- */

static void memory_at_its_edges(void)
{
    begin();
    struct atto_container *container = idle(0);
    memset(data_of(container), 0x11, 16);
    EQUAL(call(container, atto_write_number, MEMORY, 8, DATA, 8), 8);
    EQUAL(bytes[7], 0);
    EQUAL(bytes[8], 0x11);
    EQUAL(call(container, atto_write_number, MEMORY, 9, DATA, 8), ATTO_E_ARGUMENT);
    EQUAL(call(container, atto_read_number, MEMORY, 16, DATA, 0), 0);
    EQUAL(call(container, atto_read_number, MEMORY, 17, DATA, 0), ATTO_E_ARGUMENT);
    EQUAL(call(container, atto_read_number, MEMORY, UINT32_MAX, DATA, 1), ATTO_E_ARGUMENT);
    EQUAL(call(container, atto_read_number, MEMORY, (uint64_t)1 << 32, DATA, 1), ATTO_E_DENIED);
    EQUAL(call(container, atto_read_number, MEMORY, 0, DATA, 16), 16);
    EQUAL(data_of(container)[0], 0);
    const struct atto_right part = { .endpoint = MEMORY, .operations = ATTO_OPERATION_READ, .first = 4, .last = 7 };
    EQUAL(atto_engine_set_rights(&world.engine, container, MEMORY, &part, 1, 0), ATTO_OK);
    EQUAL(call(container, atto_read_number, MEMORY, 4, DATA, 4), 4);
    EQUAL(call(container, atto_read_number, MEMORY, 4, DATA, 5), ATTO_E_DENIED);
    EQUAL(call(container, atto_read_number, MEMORY, 3, DATA, 1), ATTO_E_DENIED);
    EQUAL(call(container, atto_write_number, MEMORY, 4, DATA, 4), ATTO_E_DENIED);
    EQUAL(call(container, atto_read_number, PINS, 4, DATA, 4), ATTO_E_DENIED);
}

static void windows_through_the_call(void)
{
    begin();
    struct atto_container *container = idle(0);
    int64_t window = call(container, atto_map_number, MEMORY, 0, 0, 0);
    CHECK(window >= 0 && window < 3);
    CHECK(atto_run_span(run_of(container), ADDRESS(5 + window, 15), 1, ATTO_WRITE) == &bytes[15]);
    EQUAL(call(container, atto_unmap_number, MEMORY, 0, 0, 0), 0);
    CHECK(atto_run_span(run_of(container), ADDRESS(5 + window, 15), 1, ATTO_READ) == NULL);
    EQUAL(call(container, atto_unmap_number, MEMORY, 0, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(call(container, atto_unmap_number, UINT64_MAX, 0, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(call(container, atto_map_number, SENSOR, 0, 0, 0), ATTO_E_DENIED);
}

static void devices_and_pins(void)
{
    struct atto_reading reading;
    begin();
    struct atto_container *container = idle(0);
    EQUAL(call(container, atto_sensor_read_number, SENSOR, DATA, 0, 0), 3);
    memcpy(&reading, data_of(container), sizeof reading);
    CHECK(reading.value[0] == 2150 && reading.value[1] == -1 && reading.unit == ATTO_UNIT_CELSIUS && reading.scale == -2);
    EQUAL(call(container, atto_sensor_read_number, SENSOR, DATA + 9u, 0, 0), ATTO_E_ARGUMENT - 1000);
    EQUAL(call(container, atto_sensor_read_number, SWITCH, DATA, 0, 0), ATTO_E_DENIED);
    EQUAL(call(container, atto_actuator_write_number, SENSOR, DATA, 0, 0), ATTO_E_DENIED);
    EQUAL(call(container, atto_actuator_write_number, SWITCH, DATA, 0, 0), 1);
    EQUAL(switched, 2150);
    EQUAL(call(container, atto_pin_write_number, PINS, 3, 1, 0), 0);
    EQUAL(call(container, atto_pin_read_number, PINS, 3, 0, 0), 1);
    EQUAL(call(container, atto_pin_write_number, PINS, 3, 2, 0), ATTO_E_ARGUMENT);
    EQUAL(call(container, atto_pin_read_number, PINS, 4, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(call(container, atto_pin_mode_number, PINS, 2, ATTO_PIN_OUTPUT, 0), 0);
    EQUAL(pin_modes[2], ATTO_PIN_OUTPUT);
    EQUAL(call(container, atto_pin_mode_number, PINS, 2, 3, 0), ATTO_E_ARGUMENT);
    const struct atto_right few = { .endpoint = PINS, .operations = ATTO_OPERATION_READ, .first = 1, .last = 2 };
    EQUAL(atto_engine_set_rights(&world.engine, container, PINS, &few, 1, 0), ATTO_OK);
    EQUAL(call(container, atto_pin_read_number, PINS, 3, 0, 0), ATTO_E_DENIED);
    EQUAL(call(container, atto_pin_write_number, PINS, 1, 0, 0), ATTO_E_DENIED);
    EQUAL(call(container, atto_pin_mode_number, PINS, 1, 0, 0), ATTO_E_DENIED);
}

/* ---- the store ---- */

static int64_t put(struct atto_container *container, uint32_t handle, uint32_t key, const char *value)
{
    memcpy(data_of(container), value, strlen(value));
    return call(container, atto_store_put_number, handle, key, DATA, strlen(value));
}

static bool has(struct atto_container *container, uint32_t handle, uint32_t key, const char *value)
{
    return call(container, atto_store_get_number, handle, key, DATA, 16) == (int64_t)strlen(value) &&
           memcmp(data_of(container), value, strlen(value)) == 0;
}

static void values_of_three_scopes(void)
{
    begin();
    struct atto_container *one = idle(1), *two = idle(1), *other = idle(2);
    EQUAL(put(one, OWN_STORE, 1, "mine"), 0);
    EQUAL(put(one, TENANT_STORE, 1, "ours"), 0);
    EQUAL(put(one, DEVICE_STORE, 1, "all"), 0);
    CHECK(has(one, OWN_STORE, 1, "mine") && has(one, TENANT_STORE, 1, "ours") && has(one, DEVICE_STORE, 1, "all"));
    EQUAL(call(two, atto_store_get_number, OWN_STORE, 1, DATA, 16), ATTO_E_NOT_FOUND);
    CHECK(has(two, TENANT_STORE, 1, "ours") && has(two, DEVICE_STORE, 1, "all"));
    EQUAL(call(other, atto_store_get_number, OWN_STORE, 1, DATA, 16), ATTO_E_NOT_FOUND);
    EQUAL(call(other, atto_store_get_number, TENANT_STORE, 1, DATA, 16), ATTO_E_NOT_FOUND);
    CHECK(has(other, DEVICE_STORE, 1, "all"));
    EQUAL(put(other, TENANT_STORE, 1, "x"), 0);
    CHECK(has(one, TENANT_STORE, 1, "ours"));
    EQUAL(call(other, atto_store_delete_number, TENANT_STORE, 1, 0, 0), 0);
    CHECK(has(two, TENANT_STORE, 1, "ours"));
}

static void values_are_replaced_and_listed(void)
{
    begin();
    struct atto_container *container = idle(0);
    EQUAL(put(container, OWN_STORE, 9, "nine"), 0);
    EQUAL(told_count, 1);
    EQUAL(told_key, 9);
    EQUAL(told_len, 4);
    EQUAL(told_owner, atto_store_owner(ATTO_SCOPE_CONTAINER, 0, atto_container_id(container)));
    EQUAL(put(container, OWN_STORE, 3, ""), 0);
    EQUAL(put(container, OWN_STORE, 9, "longer than"), 0);
    CHECK(has(container, OWN_STORE, 9, "longer than") && has(container, OWN_STORE, 3, ""));
    EQUAL(put(container, OWN_STORE, 9, "s"), 0);
    CHECK(has(container, OWN_STORE, 9, "s"));
    EQUAL(call(container, atto_store_get_number, OWN_STORE, 9, DATA, 0), 1);
    EQUAL(call(container, atto_store_next_number, OWN_STORE, 0, 0, 0), 3);
    EQUAL(call(container, atto_store_next_number, OWN_STORE, 4, 0, 0), 9);
    EQUAL(call(container, atto_store_next_number, OWN_STORE, 10, 0, 0), ATTO_E_NOT_FOUND);
    const struct atto_right few = { .endpoint = OWN_STORE, .operations = ATTO_OPERATION_READ, .first = 2, .last = 8 };
    EQUAL(atto_engine_set_rights(&world.engine, container, OWN_STORE, &few, 1, 0), ATTO_OK);
    EQUAL(call(container, atto_store_next_number, OWN_STORE, 4, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(call(container, atto_store_get_number, OWN_STORE, 9, DATA, 16), ATTO_E_DENIED);
    EQUAL(call(container, atto_store_delete_number, OWN_STORE, 3, 0, 0), ATTO_E_DENIED);
    EQUAL(atto_engine_set_rights(&world.engine, container, OWN_STORE, &all[OWN_STORE], 1, 0), ATTO_OK);
    EQUAL(call(container, atto_store_delete_number, OWN_STORE, 9, 0, 0), 0);
    EQUAL(told_len, 999);
    EQUAL(call(container, atto_store_delete_number, OWN_STORE, 9, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(store_state.used, 12);
}

/* 64 bytes for a container, 32 for the device, 96 for a tenant; a value of 4 bytes takes 16. */
static void quotas_of_the_store(void)
{
    begin();
    struct atto_container *one = idle(1), *two = idle(1), *other = idle(2);
    for (uint32_t key = 0; key < 4u; key++)
        EQUAL(put(one, OWN_STORE, key, "full"), 0);
    EQUAL(put(one, OWN_STORE, 4, "full"), ATTO_E_QUOTA);
    EQUAL(put(one, OWN_STORE, 3, "FULL"), 0);
    EQUAL(put(one, OWN_STORE, 3, "FULLER"), ATTO_E_QUOTA);
    CHECK(has(one, OWN_STORE, 3, "FULL"));
    EQUAL(put(two, OWN_STORE, 0, "full"), 0);
    EQUAL(put(two, TENANT_STORE, 0, "full"), 0);
    EQUAL(put(two, TENANT_STORE, 1, "full"), ATTO_E_QUOTA);
    EQUAL(put(two, OWN_STORE, 1, "full"), ATTO_E_QUOTA);
    for (uint32_t key = 0; key < 4u; key++)
        EQUAL(put(other, OWN_STORE, key, "full"), 0);
    EQUAL(put(other, DEVICE_STORE, 0, "full"), 0);
    EQUAL(put(other, DEVICE_STORE, 1, "full"), 0);
    EQUAL(put(other, DEVICE_STORE, 2, "full"), ATTO_E_QUOTA);
    EQUAL(atto_engine_stop(&world.engine, one, true), ATTO_OK);
    EQUAL(atto_engine_remove(&world.engine, one), ATTO_OK);
    EQUAL(put(two, OWN_STORE, 1, "full"), 0); /* what the other left is given back */
    CHECK(has(other, OWN_STORE, 3, "full") && has(two, OWN_STORE, 0, "full") && has(two, TENANT_STORE, 0, "full"));
}

/* ---- messages ---- */

static void messages(void)
{
    begin();
    struct atto_container *from = idle(1), *to = idle(2), *third = idle(0);
    EQUAL(call(from, atto_send_number, MAILBOX, DATA, 9, 0), ATTO_E_ARGUMENT);
    memcpy(data_of(from), "12345678", 8);
    EQUAL(call(from, atto_send_number, MAILBOX, DATA, 8, 0), 0); /* nobody listens yet */
    EQUAL(call(to, atto_listen_number, MAILBOX, 1, 0, 0), 0);
    EQUAL(call(third, atto_listen_number, MAILBOX, 1, 0, 0), ATTO_E_BUSY);
    EQUAL(call(to, atto_listen_number, MAILBOX, 2, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(world_info(&world, to).events, 0);
    EQUAL(call(from, atto_send_number, MAILBOX, DATA, 3, 0), 0);
    EQUAL(world_info(&world, to).events, 1);
    EQUAL(call(from, atto_send_number, MAILBOX, DATA, 3, 0), ATTO_E_QUOTA);
    EQUAL(call(to, atto_receive_number, MAILBOX, DATA, 16, 0), 8);
    CHECK(memcmp(data_of(to), "12345678", 8) == 0);
    EQUAL(call(to, atto_receive_number, MAILBOX, DATA, 2, 0), 3);
    EQUAL(call(to, atto_receive_number, MAILBOX, DATA, 16, 0), ATTO_E_NOT_FOUND);
    EQUAL(call(from, atto_send_number, MAILBOX, DATA, 0, 0), 0);
    EQUAL(world_info(&world, to).events, 2);
    /* Who has no right any more is not told, and makes room for another. */
    const struct atto_right none = { .endpoint = MAILBOX, .last = ATTO_RANGE_END };
    EQUAL(call(to, atto_receive_number, MAILBOX, DATA, 16, 0), 0);
    EQUAL(atto_engine_set_rights(&world.engine, to, MAILBOX, &none, 1, 0), ATTO_OK);
    EQUAL(call(from, atto_send_number, MAILBOX, DATA, 1, 0), 0);
    EQUAL(world_info(&world, to).events, 2);
    EQUAL(call(to, atto_receive_number, MAILBOX, DATA, 16, 0), ATTO_E_DENIED);
    EQUAL(call(third, atto_listen_number, MAILBOX, 1, 0, 0), 0);
    EQUAL(call(from, atto_send_number, MAILBOX, DATA, 1, 0), 0);
    EQUAL(world_info(&world, third).events, 1);
}

/* ---- requests ---- */

/* Asks with the 4 bytes of its data and wants the answer in the next 8; returns what it got. */
static struct atto_container *client(void)
{
    static const uint64_t text[] = { MOV(1, SERVER), WIDE(2, DATA), MOV(3, 4), WIDE(4, DATA + 4u), MOV(5, 8), CALL(2),
                                     EXIT };
    world_image(&client_image, text, sizeof text / sizeof *text, (const struct world_entry[]){ { "loop", 0 } }, 1);
    return install_for(1, &client_image);
}

static void requests_are_answered(void)
{
    begin();
    struct atto_container *serves = idle(2), *asks = client();
    EQUAL(call(serves, atto_serve_number, SERVER, 1, 0, 0), 0);
    memcpy(data_of(asks), "ping", 4);
    EQUAL(atto_engine_start(&world.engine, asks), ATTO_OK);
    memcpy(data_of(asks), "ping", 4);
    world_run(&world, world_now(&world) + 100);
    CHECK(world_info(&world, asks).waits);
    EQUAL(world_info(&world, serves).counters.activations > 1u, 1); /* told */
    EQUAL(call(serves, atto_answer_number, SERVER, DATA, 4, 0), ATTO_E_STATE);
    EQUAL(call(serves, atto_take_number, SERVER, DATA, 16, 0), 4);
    CHECK(memcmp(data_of(serves), "ping", 4) == 0);
    memcpy(data_of(serves), "pong-pong-pong", 14);
    EQUAL(call(serves, atto_answer_number, SERVER, DATA, 14, 0), 0);
    CHECK(!world_info(&world, asks).waits);
    CHECK(memcmp(data_of(asks) + 4, "pong-pon", 8) == 0); /* as much as there is room for */
    CHECK(memcmp(data_of(asks) + 12, "\0\0\0", 3) == 0);
    EQUAL(call(serves, atto_take_number, SERVER, DATA, 16, 0), ATTO_E_NOT_FOUND);
    world_run(&world, world_now(&world) + 100);
    EQUAL(atto_run_result(run_of(asks)), 8);
}

static void requests_without_a_server(void)
{
    begin();
    struct atto_container *asks = client();
    EQUAL(atto_engine_start(&world.engine, asks), ATTO_OK);
    world_run(&world, world_now(&world) + 100);
    EQUAL((int64_t)atto_run_result(run_of(asks)), ATTO_E_NOT_FOUND);
}

static void clients_and_servers_that_go(void)
{
    begin();
    struct atto_container *serves = idle(2), *asks = client();
    EQUAL(call(serves, atto_serve_number, SERVER, 1, 0, 0), 0);
    EQUAL(atto_engine_start(&world.engine, asks), ATTO_OK);
    world_run(&world, world_now(&world) + 100);
    EQUAL(call(serves, atto_take_number, SERVER, DATA, 16, 0), 4);
    EQUAL(atto_engine_stop(&world.engine, asks, true), ATTO_OK); /* the client goes */
    EQUAL(call(serves, atto_answer_number, SERVER, DATA, 4, 0), ATTO_E_NOT_FOUND);
    EQUAL(server_state.used, 0);
    EQUAL(atto_engine_start(&world.engine, asks), ATTO_OK);
    world_run(&world, world_now(&world) + 100);
    CHECK(world_info(&world, asks).waits);
    EQUAL(call(serves, atto_serve_number, SERVER, 1, 0, 0), 0); /* the server begins anew */
    world_run(&world, world_now(&world) + 100);
    EQUAL((int64_t)atto_run_result(run_of(asks)), ATTO_E_STATE);
    EQUAL(server_state.used, 0);
}

static const struct harness_test tests[] = {
    TEST(numbers_as_text, "Numbers become text, all or nothing."),
    TEST(log_clock_random, "Log, clock, random bytes and heartbeat do what they say."),
    TEST(handles_by_name_and_type, "Handles are found by name and type among rights that allow something."),
    TEST(timers, "A timer activates an entry point when its time has come."),
    TEST(memory_at_its_edges, "Memory is read and written within itself and within the right."),
    TEST(windows_through_the_call, "A window opens and closes."),
    TEST(devices_and_pins, "Sensors, actuators and pins: what they give, take and refuse."),
    TEST(values_of_three_scopes, "Values of a container, a tenant and the device are apart."),
    TEST(values_are_replaced_and_listed, "Values are replaced, listed within the right, deleted, and told of."),
    TEST(quotas_of_the_store, "Nobody stores more than the quota; who is gone makes room."),
    TEST(messages, "Messages come in order to whoever listens and may."),
    TEST(requests_are_answered, "A client waits for its answer and gets it."),
    TEST(requests_without_a_server, "Who asks nobody does not wait."),
    TEST(clients_and_servers_that_go, "Whoever goes in the middle of a request leaves nothing behind."),
};
HARNESS_MAIN(tests)
