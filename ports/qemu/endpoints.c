/* Simulated endpoints, see endpoints.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "endpoints.h"

#include <string.h>

/* ---- a sensor and an actuator ---- */

struct board_sensor {
    uint32_t step;
    int16_t value;
    bool is_set; /* it measures `value` */
};

/* Made up, and the same in every run. */
static int32_t read_temperature(void *state, struct atto_reading *reading)
{
    struct board_sensor *sensor = state;
    uint32_t phase = sensor->step++ % 60u;
    uint32_t rise = phase < 30u ? phase : 60u - phase;
    int16_t value = sensor->is_set ? sensor->value : (int16_t)(2000u + 10u * rise);
    *reading = (struct atto_reading){ { value, 0, 0 }, ATTO_UNIT_CELSIUS, -2 };
    return 1;
}
static struct board_sensor temperature;
static const struct atto_device thermometer = { read_temperature, NULL, &temperature };

static int32_t read_switch(void *state, struct atto_reading *reading)
{
    *reading = (struct atto_reading){ { *(const int16_t *)state, 0, 0 }, ATTO_UNIT_BOOL, 0 };
    return 1;
}
static int32_t write_switch(void *state, const struct atto_reading *reading)
{
    if (reading->value[0] != 0 && reading->value[0] != 1)
        return ATTO_E_ARGUMENT;
    *(int16_t *)state = reading->value[0];
    return 1;
}
static int16_t heater_state;
static const struct atto_device heater = { read_switch, write_switch, &heater_state };

/* ---- pins: an output reads back what was written, an input what it was set to, else 1 if it is pulled up ---- */

static struct board_pin {
    uint8_t mode, level;
    uint8_t outside; /* 1 + the level that the world gives it; 0: none */
} pin_states[BOARD_PINS];

static int32_t pin_read(void *state, uint32_t number)
{
    const struct board_pin *pin = (const struct board_pin *)state + number;
    if (pin->mode == ATTO_PIN_OUTPUT)
        return pin->level;
    return pin->outside != 0u ? pin->outside - 1 : pin->mode == ATTO_PIN_PULL_UP;
}
static int32_t pin_write(void *state, uint32_t number, uint32_t level)
{
    ((struct board_pin *)state)[number].level = (uint8_t)level;
    return 0;
}
static int32_t pin_mode(void *state, uint32_t number, enum atto_pin_mode mode)
{
    ((struct board_pin *)state)[number].mode = (uint8_t)mode;
    return 0;
}
static const struct atto_pins pins = { pin_read, pin_write, pin_mode, pin_states, BOARD_PINS };

/* ---- memory, store, queues ---- */

static uint8_t memory_bytes[256];
static const struct atto_context memory = { memory_bytes, sizeof memory_bytes, ATTO_WRITE };

static _Alignas(4) uint8_t store_bytes[2048];
static struct atto_store_state store_state;
static struct atto_store store = {
    .memory = store_bytes, .bytes = sizeof store_bytes, .state = &store_state,
    .container_bytes = 256, .device_bytes = 512,
};

#define SLOTS 4u
#define SLOT_BYTES 32u
#define QUEUE_BYTES (SLOTS * (sizeof(struct atto_queue_slot) + SLOT_BYTES))
static _Alignas(4) uint8_t mailbox_bytes[QUEUE_BYTES], server_bytes[QUEUE_BYTES];
static struct atto_queue_state mailbox_state, server_state;
static const struct atto_queue mailbox = { &mailbox_state, mailbox_bytes, SLOTS, SLOT_BYTES };
static const struct atto_queue server = { &server_state, server_bytes, SLOTS, SLOT_BYTES };

#define READ ATTO_OPERATION_READ
#define WRITE ATTO_OPERATION_WRITE
const struct atto_endpoint board_endpoints[BOARD_ENDPOINTS] = {
    { "log", NULL, ATTO_KIND_LOG, 0, WRITE },
    { "clock", NULL, ATTO_KIND_CLOCK, 0, READ | WRITE },
    { "random", NULL, ATTO_KIND_RANDOM, 0, READ },
    { "temperature", &thermometer, ATTO_KIND_DEVICE, ATTO_DEVICE_TEMPERATURE, READ },
    { "heater", &heater, ATTO_KIND_DEVICE, ATTO_DEVICE_SWITCH, READ | WRITE },
    { "pins", &pins, ATTO_KIND_PINS, 0, READ | WRITE | ATTO_OPERATION_CONTROL },
    { "memory", &memory, ATTO_KIND_MEMORY, 0, READ | WRITE | ATTO_OPERATION_MAP },
    { "store.container", &store, ATTO_KIND_STORE, ATTO_SCOPE_CONTAINER, READ | WRITE },
    { "store.tenant", &store, ATTO_KIND_STORE, ATTO_SCOPE_TENANT, READ | WRITE },
    { "store.device", &store, ATTO_KIND_STORE, ATTO_SCOPE_DEVICE, READ | WRITE },
    { "mailbox", &mailbox, ATTO_KIND_MAILBOX, 0, READ | WRITE },
    { "server", &server, ATTO_KIND_SERVER, 0, READ | WRITE },
};

/* ---- by name, and from outside ---- */

uint32_t board_endpoint_find(const char *name, uint32_t name_bytes)
{
    uint32_t number = 0;
    while (number < BOARD_ENDPOINTS && (strlen(board_endpoints[number].name) != name_bytes ||
                                        memcmp(board_endpoints[number].name, name, name_bytes) != 0))
        number++;
    return number;
}

bool board_endpoint_is_sensor(uint32_t endpoint)
{
    return endpoint < BOARD_ENDPOINTS && board_endpoints[endpoint].object == &thermometer;
}

enum atto_status board_pin_set(uint32_t pin, uint32_t level)
{
    if (pin >= BOARD_PINS || level > 1u)
        return ATTO_E_ARGUMENT;
    pin_states[pin].outside = (uint8_t)(1u + level);
    return ATTO_OK;
}

enum atto_status board_sensor_set(uint32_t endpoint, int16_t value)
{
    if (!board_endpoint_is_sensor(endpoint))
        return ATTO_E_ARGUMENT;
    temperature.value = value;
    temperature.is_set = true;
    return ATTO_OK;
}

const struct atto_store *board_store_keep(void (*changed)(void *user, uint32_t owner, uint32_t key,
                                                          const uint8_t *value, uint32_t len),
                                          void *user)
{
    store.changed = changed;
    store.user = user;
    return &store;
}

/* ---- calls and rights ---- */

const struct atto_call_table board_call_table = {
    { [ATTO_SERVICE_PAGE] = atto_service_calls, [ATTO_SERVICE_PAGE + 1u] = atto_service_calls + ATTO_CALL_PAGE }
};

void board_calls_grant(struct atto_callset *set)
{
    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++) {
        if (atto_call_find(&board_call_table, number) != NULL)
            atto_callset_add(set, number);
    }
}

static uint32_t endpoint_number(const struct atto_right_wish *wish)
{
    if (wish->name_bytes == 0u)
        return wish->right.endpoint;
    return board_endpoint_find((const char *)wish->name, wish->name_bytes);
}

static void add(struct board_rights *rights, struct atto_right right)
{
    if (rights->rights.count < ATTO_RIGHTS_MAX)
        rights->right[rights->rights.count++] = right;
}

static bool has(const struct board_rights *rights, uint32_t endpoint)
{
    for (uint32_t i = 0; i < rights->rights.count; i++) {
        if (rights->right[i].endpoint == endpoint)
            return true;
    }
    return false;
}

void board_rights_make(struct board_rights *rights, const struct atto_manifest *manifest)
{
    struct atto_right_wish wish;
    memset(rights, 0, sizeof *rights);
    rights->rights.right = rights->right;
    rights->rights.meter = rights->meter;
    for (uint32_t i = 0; atto_manifest_right(manifest, i, &wish) == ATTO_OK; i++) {
        uint32_t number = endpoint_number(&wish);
        wish.right.endpoint = (uint8_t)(number < BOARD_ENDPOINTS ? number : 0u);
        if (number >= BOARD_ENDPOINTS)
            wish.right.operations = 0;
        add(rights, wish.right);
    }
    for (uint32_t number = 0; number < 3u; number++) {
        if (!has(rights, number))
            add(rights, (struct atto_right){ .endpoint = (uint8_t)number, .operations = READ | WRITE,
                                             .last = ATTO_RANGE_END });
    }
}
