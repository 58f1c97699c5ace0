/* The simulated engine with an endpoint of each kind, and containers that have rights to all of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SERVICES_WORLD_H
#define TESTS_SERVICES_WORLD_H

#include "../sdk/calls.h"
#include "atto/service.h"
#include "engine_world.h"

/* Endpoints, by their numbers; also the handles of the containers' rights. */
enum { LOG, CLOCK, RANDOM, MEMORY, SENSOR, SWITCH, PINS, OWN_STORE, TENANT_STORE, DEVICE_STORE, MAILBOX, SERVER,
       ENDPOINTS };
#define ALL ATTO_OPERATIONS
#define PIN_COUNT 4u
#define STORE_BYTES 256u

struct services_world {
    struct world world;
    struct atto_call_table table;     /* the services */
    struct atto_call first_page[ATTO_CALL_PAGE]; /* 2, which the world's programs may call, is a request */
    struct atto_right all[ENDPOINTS]; /* to everything, without limits */
    struct atto_tenant tenants[2];    /* with 96 bytes of the store each, and a ceiling that is `all` */
    uint8_t bytes[16];                /* of the memory endpoint */
    int16_t switched;
    uint32_t pin_levels[PIN_COUNT], pin_modes[PIN_COUNT];
    _Alignas(4) uint8_t store_bytes[STORE_BYTES];
    struct atto_store_state store_state;
    uint32_t told_owner, told_key, told_len, told_count; /* by the store; told_len is 999 for what was deleted */
    uint32_t gone_owner;                                 /* of the last value that was deleted */
    struct atto_queue_state mailbox_state, server_state; /* two slots of 8 bytes each */
    struct atto_audit_record denials[32];
};
extern struct services_world sw;

void services_begin(void);

/* Installs an image that stays in use, with rights to all. */
struct atto_container *services_install(uint32_t tenant, const struct image_bytes *image);
/* Installs and starts one with two entry points that do nothing; it has a period of a second. */
struct atto_container *services_idle(uint32_t tenant);

struct atto_run *services_run(struct atto_container *container);
/* The container's data, 16 bytes, and their address for it. */
uint8_t *services_data(struct atto_container *container);
#define DATA 0x20000000u

/* Makes a call through the gate; what the guest gets, or the end of its activation as -1000 and less. */
int64_t services_call(struct atto_container *container, uint32_t number, uint64_t a, uint64_t b, uint64_t c,
                      uint64_t d);

#endif
