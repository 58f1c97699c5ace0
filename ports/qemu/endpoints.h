/* The endpoints of the reference firmware, all of them simulated, and its table of host calls: the services of the
 * library (sdk/calls.h). Containers ask for the endpoints by these names:
 *
 *     log, clock, random
 *     temperature   a sensor in hundredths of a degree Celsius that swings between 20 and 23 degrees, one step a
 *                   reading, until board_sensor_set says what it is
 *     heater        a switch
 *     pins          16 pins
 *     memory        256 bytes
 *     store.container, store.tenant, store.device
 *     mailbox       messages of up to 32 bytes
 *     server        requests of up to 32 bytes
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include "atto/service.h"

#define BOARD_ENDPOINTS 12u
#define BOARD_PINS 16u
extern const struct atto_endpoint board_endpoints[BOARD_ENDPOINTS];
extern const struct atto_call_table board_call_table;

/* The number of the endpoint with this name; BOARD_ENDPOINTS: there is none. */
uint32_t board_endpoint_find(const char *name, uint32_t name_bytes);

/* What the world around the board does. A pin that is an input reads this level from now on, instead of what its pull
 * makes of it; a sensor measures this value, in the unit that it has, and does not swing any more. A number that is
 * none of a pin, a level or a sensor is ATTO_E_ARGUMENT. */
bool board_endpoint_is_sensor(uint32_t endpoint);
enum atto_status board_pin_set(uint32_t pin, uint32_t level);
enum atto_status board_sensor_set(uint32_t endpoint, int16_t value);

/* Values of the store stay from now on: `changed` and `user` as in struct atto_store. Returns the store, for what boots
 * the device. To be called before anything uses the store. */
const struct atto_store *board_store_keep(void (*changed)(void *user, uint32_t owner, uint32_t key,
                                                          const uint8_t *value, uint32_t len),
                                          void *user);

/* Adds the numbers of all calls of the table to the set. */
void board_calls_grant(struct atto_callset *set);

/* Rights for an instance that no engine runs: those that the manifest asks for, and behind them log, clock and random
 * where it has not asked. Endpoints that there are not are left out. */
struct board_rights {
    struct atto_rights rights;
    struct atto_right right[ATTO_RIGHTS_MAX];
    struct atto_meter meter[ATTO_RIGHTS_MAX];
};
void board_rights_make(struct board_rights *rights, const struct atto_manifest *manifest);

#endif
