/* Services: what each host call of the library does for a container that has the right to it, and what it refuses.
 * Calls are made through the engine's gate for containers of a simulated engine; programs make those that wait.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "harness.h"
#include "services_world.h"

/* ---- without objects ---- */

static void formats(struct atto_container *container, int64_t value, uint32_t digits, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    memset(services_data(container), '#', 16);
    if (len > 16u) {
        EQUAL(services_call(container, atto_format_number, DATA, 16, (uint64_t)value, digits), ATTO_E_ARGUMENT);
        return;
    }
    EQUAL(services_call(container, atto_format_number, DATA, len - 1u, (uint64_t)value, digits), ATTO_E_ARGUMENT);
    CHECK(services_data(container)[0] == '#');
    EQUAL(services_call(container, atto_format_number, DATA, len, (uint64_t)value, digits), len);
    CHECK(memcmp(services_data(container), text, len) == 0);
}

static void numbers_as_text(void)
{
    services_begin();
    struct atto_container *container = services_idle(0);
    formats(container, 0, 0, "0");
    formats(container, 0, 2, "0.00");
    formats(container, 7, 1, "0.7");
    formats(container, -5, 3, "-0.005");
    formats(container, 2150, 2, "21.50");
    formats(container, 1234567890123456, 0, "1234567890123456");
    formats(container, INT64_MIN, 0, "-9223372036854775808");
    EQUAL(services_call(container, atto_format_number, DATA, 16, 1, 20), ATTO_E_ARGUMENT);
    EQUAL(services_call(container, atto_format_number, DATA + 1u, 16, 1, 0), ATTO_E_ARGUMENT - 1000);
}

static void log_clock_random(void)
{
    char text[32];
    uint16_t id;
    services_begin();
    struct atto_container *container = services_idle(0);
    memcpy(services_data(container), "hello", 5);
    EQUAL(services_call(container, atto_log_number, DATA, 5, 0, 0), 0);
    EQUAL(atto_engine_log_read(&sw.world.engine, &id, text, sizeof text), 5);
    CHECK(memcmp(text, "hello", 5) == 0);
    EQUAL(services_call(container, atto_log_number, 0, 0, 0, 0), 0);
    EQUAL(services_call(container, atto_now_us_number, 0, 0, 0, 0), (int64_t)world_now(&sw.world));
    EQUAL(services_call(container, atto_random_number, DATA, 16, 0, 0), 0);
    EQUAL(services_data(container)[15], 0xaa);
    EQUAL(services_call(container, atto_heartbeat_number, 0, 0, 0, 0), 0);
}

/* A call without a handle is judged by the first right that allows it, not by one that was taken away. */
static void a_later_right(void)
{
    const struct atto_right none = { .endpoint = CLOCK, .last = ATTO_RANGE_END };
    services_begin();
    struct atto_container *container = services_idle(0);
    EQUAL(atto_engine_set_rights(&sw.world.engine, container, CLOCK, &none, 1, 0), ATTO_OK);
    EQUAL(services_call(container, atto_now_us_number, 0, 0, 0, 0), ATTO_E_DENIED);
    EQUAL(atto_engine_set_rights(&sw.world.engine, container, ENDPOINTS, &sw.all[CLOCK], 1, 0), ATTO_OK);
    CHECK(services_call(container, atto_now_us_number, 0, 0, 0, 0) > 0);
    EQUAL(world_info(&sw.world, container).counters.denials, 1);
}

static void handles_by_name_and_type(void)
{
    services_begin();
    struct atto_container *container = services_idle(0);
    memcpy(services_data(container), "pins", 4);
    EQUAL(services_call(container, atto_find_number, DATA, 4, 0, 0), PINS);
    EQUAL(services_call(container, atto_find_number, DATA, 3, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(services_call(container, atto_find_number, 0, 0, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(services_call(container, atto_find_type_number, ATTO_DEVICE_SWITCH, 0, 0, 0), SWITCH);
    EQUAL(services_call(container, atto_find_type_number, ATTO_DEVICE_SWITCH, 1, 0, 0), ATTO_E_NOT_FOUND);
    const struct atto_right none = { .endpoint = PINS, .last = ATTO_RANGE_END };
    EQUAL(atto_engine_set_rights(&sw.world.engine, container, PINS, &none, 1, 0), ATTO_OK);
    EQUAL(services_call(container, atto_find_number, DATA, 4, 0, 0), ATTO_E_NOT_FOUND);
}

static void timers(void)
{
    services_begin();
    struct atto_container *container = services_idle(0);
    world_run(&sw.world, world_now(&sw.world) + 10);
    uint32_t before = world_info(&sw.world, container).counters.activations;
    EQUAL(services_call(container, atto_timer_number, 1, 500, 42, 0), 0);
    EQUAL(services_call(container, atto_timer_number, 2, 500, 42, 0), ATTO_E_NOT_FOUND);
    EQUAL(services_call(container, atto_timer_number, UINT64_MAX, 500, 42, 0), ATTO_E_NOT_FOUND);
    EQUAL(services_call(container, atto_timer_number, 1, 0x80000000u, 42, 0), ATTO_E_ARGUMENT);
    world_run(&sw.world, world_now(&sw.world) + 499);
    EQUAL(world_info(&sw.world, container).counters.activations, before);
    world_run(&sw.world, world_now(&sw.world) + 10);
    EQUAL(world_info(&sw.world, container).counters.activations, before + 1u);
}

/* ---- things of the board ---- */

static void memory_at_its_edges(void)
{
    services_begin();
    struct atto_container *container = services_idle(0);
    memset(services_data(container), 0x11, 16);
    EQUAL(services_call(container, atto_write_number, MEMORY, 8, DATA, 8), 8);
    EQUAL(sw.bytes[7], 0);
    EQUAL(sw.bytes[8], 0x11);
    EQUAL(services_call(container, atto_write_number, MEMORY, 9, DATA, 8), ATTO_E_ARGUMENT);
    EQUAL(services_call(container, atto_read_number, MEMORY, 16, DATA, 0), 0);
    EQUAL(services_call(container, atto_read_number, MEMORY, 17, DATA, 0), ATTO_E_ARGUMENT);
    EQUAL(services_call(container, atto_read_number, MEMORY, UINT32_MAX, DATA, 1), ATTO_E_ARGUMENT);
    EQUAL(services_call(container, atto_read_number, MEMORY, (uint64_t)1 << 32, DATA, 1), ATTO_E_DENIED);
    EQUAL(services_call(container, atto_read_number, MEMORY, 0, DATA, 16), 16);
    EQUAL(services_data(container)[0], 0);
    const struct atto_right part = { .endpoint = MEMORY, .operations = ATTO_OPERATION_READ, .first = 4, .last = 7 };
    EQUAL(atto_engine_set_rights(&sw.world.engine, container, MEMORY, &part, 1, 0), ATTO_OK);
    EQUAL(services_call(container, atto_read_number, MEMORY, 4, DATA, 4), 4);
    EQUAL(services_call(container, atto_read_number, MEMORY, 4, DATA, 5), ATTO_E_DENIED);
    EQUAL(services_call(container, atto_read_number, MEMORY, 3, DATA, 1), ATTO_E_DENIED);
    EQUAL(services_call(container, atto_write_number, MEMORY, 4, DATA, 4), ATTO_E_DENIED);
    EQUAL(services_call(container, atto_read_number, PINS, 4, DATA, 4), ATTO_E_DENIED);
}

static void windows_through_the_call(void)
{
    services_begin();
    struct atto_container *container = services_idle(0);
    int64_t window = services_call(container, atto_map_number, MEMORY, 0, 0, 0);
    CHECK(window >= 0 && window < 3);
    CHECK(atto_run_span(services_run(container), ADDRESS(5 + window, 15), 1, ATTO_WRITE) == &sw.bytes[15]);
    EQUAL(services_call(container, atto_unmap_number, MEMORY, 0, 0, 0), 0);
    CHECK(atto_run_span(services_run(container), ADDRESS(5 + window, 15), 1, ATTO_READ) == NULL);
    EQUAL(services_call(container, atto_unmap_number, MEMORY, 0, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(services_call(container, atto_unmap_number, UINT64_MAX, 0, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(services_call(container, atto_map_number, SENSOR, 0, 0, 0), ATTO_E_DENIED);
}

static void devices_and_pins(void)
{
    struct atto_reading reading;
    services_begin();
    struct atto_container *container = services_idle(0);
    EQUAL(services_call(container, atto_sensor_read_number, SENSOR, DATA, 0, 0), 3);
    memcpy(&reading, services_data(container), sizeof reading);
    CHECK(reading.value[0] == 2150 && reading.value[1] == -1);
    CHECK(reading.unit == ATTO_UNIT_CELSIUS && reading.scale == -2);
    EQUAL(services_call(container, atto_sensor_read_number, SENSOR, DATA + 9u, 0, 0), ATTO_E_ARGUMENT - 1000);
    EQUAL(services_call(container, atto_sensor_read_number, SWITCH, DATA, 0, 0), ATTO_E_DENIED);
    EQUAL(services_call(container, atto_actuator_write_number, SENSOR, DATA, 0, 0), ATTO_E_DENIED);
    EQUAL(services_call(container, atto_actuator_write_number, SWITCH, DATA, 0, 0), 1);
    EQUAL(sw.switched, 2150);
    EQUAL(services_call(container, atto_pin_write_number, PINS, 3, 1, 0), 0);
    EQUAL(services_call(container, atto_pin_read_number, PINS, 3, 0, 0), 1);
    EQUAL(services_call(container, atto_pin_write_number, PINS, 3, 2, 0), ATTO_E_ARGUMENT);
    EQUAL(services_call(container, atto_pin_read_number, PINS, 4, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(services_call(container, atto_pin_mode_number, PINS, 2, ATTO_PIN_OUTPUT, 0), 0);
    EQUAL(sw.pin_modes[2], ATTO_PIN_OUTPUT);
    EQUAL(services_call(container, atto_pin_mode_number, PINS, 2, 3, 0), ATTO_E_ARGUMENT);
    const struct atto_right few = { .endpoint = PINS, .operations = ATTO_OPERATION_READ, .first = 1, .last = 2 };
    EQUAL(atto_engine_set_rights(&sw.world.engine, container, PINS, &few, 1, 0), ATTO_OK);
    EQUAL(services_call(container, atto_pin_read_number, PINS, 3, 0, 0), ATTO_E_DENIED);
    EQUAL(services_call(container, atto_pin_write_number, PINS, 1, 0, 0), ATTO_E_DENIED);
    EQUAL(services_call(container, atto_pin_mode_number, PINS, 1, 0, 0), ATTO_E_DENIED);
}

/* ---- the store ---- */

static int64_t put(struct atto_container *container, uint32_t handle, uint32_t key, const char *value)
{
    memcpy(services_data(container), value, strlen(value));
    return services_call(container, atto_store_put_number, handle, key, DATA, strlen(value));
}

static bool has(struct atto_container *container, uint32_t handle, uint32_t key, const char *value)
{
    return services_call(container, atto_store_get_number, handle, key, DATA, 16) == (int64_t)strlen(value) &&
           memcmp(services_data(container), value, strlen(value)) == 0;
}

static void values_of_three_scopes(void)
{
    services_begin();
    struct atto_container *one = services_idle(1), *two = services_idle(1), *other = services_idle(2);
    EQUAL(put(one, OWN_STORE, 1, "mine"), 0);
    EQUAL(put(one, TENANT_STORE, 1, "ours"), 0);
    EQUAL(put(one, DEVICE_STORE, 1, "all"), 0);
    CHECK(has(one, OWN_STORE, 1, "mine") && has(one, TENANT_STORE, 1, "ours") && has(one, DEVICE_STORE, 1, "all"));
    EQUAL(services_call(two, atto_store_get_number, OWN_STORE, 1, DATA, 16), ATTO_E_NOT_FOUND);
    CHECK(has(two, TENANT_STORE, 1, "ours") && has(two, DEVICE_STORE, 1, "all"));
    EQUAL(services_call(other, atto_store_get_number, OWN_STORE, 1, DATA, 16), ATTO_E_NOT_FOUND);
    EQUAL(services_call(other, atto_store_get_number, TENANT_STORE, 1, DATA, 16), ATTO_E_NOT_FOUND);
    CHECK(has(other, DEVICE_STORE, 1, "all"));
    EQUAL(put(other, TENANT_STORE, 1, "x"), 0);
    CHECK(has(one, TENANT_STORE, 1, "ours"));
    EQUAL(services_call(other, atto_store_delete_number, TENANT_STORE, 1, 0, 0), 0);
    CHECK(has(two, TENANT_STORE, 1, "ours"));
}

static void values_are_replaced_and_listed(void)
{
    services_begin();
    struct atto_container *container = services_idle(0);
    EQUAL(put(container, OWN_STORE, 9, "nine"), 0);
    EQUAL(sw.told_count, 1);
    EQUAL(sw.told_key, 9);
    EQUAL(sw.told_len, 4);
    EQUAL(sw.told_owner, atto_store_owner(ATTO_SCOPE_CONTAINER, 0, atto_container_id(container)));
    EQUAL(put(container, OWN_STORE, 3, ""), 0);
    EQUAL(put(container, OWN_STORE, 9, "longer than"), 0);
    CHECK(has(container, OWN_STORE, 9, "longer than") && has(container, OWN_STORE, 3, ""));
    EQUAL(put(container, OWN_STORE, 9, "s"), 0);
    CHECK(has(container, OWN_STORE, 9, "s"));
    EQUAL(services_call(container, atto_store_get_number, OWN_STORE, 9, DATA, 0), 1);
    EQUAL(services_call(container, atto_store_next_number, OWN_STORE, 0, 0, 0), 3);
    EQUAL(services_call(container, atto_store_next_number, OWN_STORE, 4, 0, 0), 9);
    EQUAL(services_call(container, atto_store_next_number, OWN_STORE, 10, 0, 0), ATTO_E_NOT_FOUND);
    const struct atto_right few = { .endpoint = OWN_STORE, .operations = ATTO_OPERATION_READ, .first = 2, .last = 8 };
    EQUAL(atto_engine_set_rights(&sw.world.engine, container, OWN_STORE, &few, 1, 0), ATTO_OK);
    EQUAL(services_call(container, atto_store_next_number, OWN_STORE, 4, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(services_call(container, atto_store_get_number, OWN_STORE, 9, DATA, 16), ATTO_E_DENIED);
    EQUAL(services_call(container, atto_store_delete_number, OWN_STORE, 3, 0, 0), ATTO_E_DENIED);
    EQUAL(atto_engine_set_rights(&sw.world.engine, container, OWN_STORE, &sw.all[OWN_STORE], 1, 0), ATTO_OK);
    EQUAL(services_call(container, atto_store_delete_number, OWN_STORE, 9, 0, 0), 0);
    EQUAL(sw.told_len, 999);
    EQUAL(services_call(container, atto_store_delete_number, OWN_STORE, 9, 0, 0), ATTO_E_NOT_FOUND);
    EQUAL(sw.store_state.used, 12);
}

/* 64 sw.bytes for a container, 32 for the device, 96 for a tenant; a value of 4 sw.bytes takes 16. */
static void quotas_of_the_store(void)
{
    services_begin();
    struct atto_container *one = services_idle(1), *two = services_idle(1), *other = services_idle(2);
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
    uint16_t one_id = atto_container_id(one);
    EQUAL(atto_engine_stop(&sw.world.engine, one, true), ATTO_OK);
    EQUAL(atto_engine_remove(&sw.world.engine, one), ATTO_OK);
    uint32_t gone = atto_store_owner(ATTO_SCOPE_CONTAINER, 1, one_id), told = sw.told_count;
    EQUAL(put(two, OWN_STORE, 1, "full"), 0); /* what the other left is given back */
    EQUAL(sw.told_count, told + 5u); /* four that went, and one that came */
    EQUAL(sw.gone_owner, gone);
    CHECK(has(other, OWN_STORE, 3, "full") && has(two, OWN_STORE, 0, "full") && has(two, TENANT_STORE, 0, "full"));
}

/* ---- requests ---- */

/* Asks with the 4 sw.bytes of its data and wants the answer in the next 8; returns what it got. */
static struct atto_container *client(void)
{
    static struct image_bytes client_image; /* in use as long as its containers */
    static const uint64_t text[] = { MOV(1, SERVER), WIDE(2, DATA), MOV(3, 4), WIDE(4, DATA + 4u), MOV(5, 8), CALL(2),
                                     EXIT };
    world_image(&client_image, text, sizeof text / sizeof *text, (const struct world_entry[]){ { "loop", 0 } }, 1);
    return services_install(1, &client_image);
}

static void requests_are_answered(void)
{
    services_begin();
    struct atto_container *serves = services_idle(2), *asks = client();
    EQUAL(services_call(serves, atto_serve_number, SERVER, 1, 0, 0), 0);
    memcpy(services_data(asks), "ping", 4);
    EQUAL(atto_engine_start(&sw.world.engine, asks), ATTO_OK);
    memcpy(services_data(asks), "ping", 4);
    world_run(&sw.world, world_now(&sw.world) + 100);
    CHECK(world_info(&sw.world, asks).waits);
    EQUAL(world_info(&sw.world, serves).counters.activations > 1u, 1); /* told */
    EQUAL(services_call(serves, atto_answer_number, SERVER, DATA, 4, 0), ATTO_E_STATE);
    EQUAL(services_call(serves, atto_take_number, SERVER, DATA, 16, 0), 4);
    CHECK(memcmp(services_data(serves), "ping", 4) == 0);
    memcpy(services_data(serves), "pong-pong-pong", 14);
    EQUAL(services_call(serves, atto_answer_number, SERVER, DATA, 14, 0), 0);
    CHECK(!world_info(&sw.world, asks).waits);
    CHECK(memcmp(services_data(asks) + 4, "pong-pon", 8) == 0); /* as much as there is room for */
    CHECK(memcmp(services_data(asks) + 12, "\0\0\0", 3) == 0);
    EQUAL(services_call(serves, atto_take_number, SERVER, DATA, 16, 0), ATTO_E_NOT_FOUND);
    world_run(&sw.world, world_now(&sw.world) + 100);
    EQUAL(atto_run_result(services_run(asks)), 8);
}

static void requests_without_a_server(void)
{
    services_begin();
    struct atto_container *asks = client();
    EQUAL(atto_engine_start(&sw.world.engine, asks), ATTO_OK);
    world_run(&sw.world, world_now(&sw.world) + 100);
    EQUAL((int64_t)atto_run_result(services_run(asks)), ATTO_E_NOT_FOUND);
}

static void clients_and_servers_that_go(void)
{
    services_begin();
    struct atto_container *serves = services_idle(2), *asks = client();
    EQUAL(services_call(serves, atto_serve_number, SERVER, 1, 0, 0), 0);
    EQUAL(atto_engine_start(&sw.world.engine, asks), ATTO_OK);
    world_run(&sw.world, world_now(&sw.world) + 100);
    EQUAL(services_call(serves, atto_take_number, SERVER, DATA, 16, 0), 4);
    EQUAL(atto_engine_stop(&sw.world.engine, asks, true), ATTO_OK); /* the client goes */
    EQUAL(services_call(serves, atto_answer_number, SERVER, DATA, 4, 0), ATTO_E_NOT_FOUND);
    EQUAL(sw.server_state.used, 0);
    EQUAL(atto_engine_start(&sw.world.engine, asks), ATTO_OK);
    world_run(&sw.world, world_now(&sw.world) + 100);
    CHECK(world_info(&sw.world, asks).waits);
    EQUAL(services_call(serves, atto_serve_number, SERVER, 1, 0, 0), 0); /* the server begins anew */
    world_run(&sw.world, world_now(&sw.world) + 100);
    EQUAL((int64_t)atto_run_result(services_run(asks)), ATTO_E_STATE);
    EQUAL(sw.server_state.used, 0);
}

/* As another thread may: the server begins anew after the request was queued, before the slice that has asked is over. */
static struct atto_container *hasty;
static int32_t request_and_serve(struct atto_call_frame *call)
{
    int32_t status = atto_service_calls[atto_request_number - 160].fn(call);
    services_call(hasty, atto_take_number, SERVER, DATA, 16, 0);
    services_call(hasty, atto_serve_number, SERVER, 1, 0, 0);
    return status;
}

static void a_server_that_is_faster_than_its_client(void)
{
    services_begin();
    sw.first_page[2].fn = request_and_serve;
    hasty = services_idle(2);
    struct atto_container *asks = client();
    EQUAL(services_call(hasty, atto_serve_number, SERVER, 1, 0, 0), 0);
    EQUAL(atto_engine_start(&sw.world.engine, asks), ATTO_OK);
    world_run(&sw.world, world_now(&sw.world) + 100);
    CHECK(world_info(&sw.world, asks).waits);
    EQUAL(services_call(hasty, atto_answer_number, SERVER, DATA, 4, 0), ATTO_E_STATE); /* not taken in this life */
    EQUAL(services_call(hasty, atto_take_number, SERVER, DATA, 16, 0), 4);
    EQUAL(services_call(hasty, atto_answer_number, SERVER, DATA, 4, 0), 0);
    world_run(&sw.world, world_now(&sw.world) + 100);
    EQUAL(atto_run_result(services_run(asks)), 4);
    EQUAL(sw.server_state.used, 0);
}

static const struct harness_test tests[] = {
    TEST(numbers_as_text, "Numbers become text, all or nothing."),
    TEST(log_clock_random, "Log, clock, random sw.bytes and heartbeat do what they say."),
    TEST(a_later_right, "Calls without a handle need one right that allows them, whichever it is."),
    TEST(handles_by_name_and_type, "Handles are found by name and type among rights that allow something."),
    TEST(timers, "A timer activates an entry point when its time has come."),
    TEST(memory_at_its_edges, "Memory is read and written within itself and within the right."),
    TEST(windows_through_the_call, "A window opens and closes."),
    TEST(devices_and_pins, "Sensors, actuators and pins: what they give, take and refuse."),
    TEST(values_of_three_scopes, "Values of a container, a tenant and the device are apart."),
    TEST(values_are_replaced_and_listed, "Values are replaced, listed within the right, deleted, and told of."),
    TEST(quotas_of_the_store, "Nobody stores more than the quota; who is gone makes room."),
    TEST(requests_are_answered, "A client waits for its answer and gets it."),
    TEST(requests_without_a_server, "Who asks nobody does not wait."),
    TEST(a_server_that_is_faster_than_its_client, "No request is lost that comes while a server begins anew."),
    TEST(clients_and_servers_that_go, "Whoever goes in the middle of a request leaves nothing behind."),
};
HARNESS_MAIN(tests)
