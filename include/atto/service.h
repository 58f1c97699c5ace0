/* The services of this library: host calls on endpoints of the firmware, and the objects that such endpoints have. A
 * firmware puts the two pages of calls into its table, and lists its endpoints:
 *
 *     static const struct atto_endpoint endpoints[] = {
 *         { "log", NULL, ATTO_KIND_LOG, 0, ATTO_OPERATION_WRITE },
 *         { "temperature", &thermometer, ATTO_KIND_DEVICE, ATTO_DEVICE_TEMPERATURE, ATTO_OPERATION_READ },
 *     };
 *
 * What the calls do is said in sdk/atto.h, where those who make them read it. They are made by containers of an engine;
 * an instance that none runs can log, read the clock, get random bytes, format numbers, and use memory, devices and pins.
 * A service of the firmware's own is one more entry of the table of calls and one C function (docs/PORTING.md).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SERVICE_H
#define ATTO_SERVICE_H

#include "../../sdk/devices.h"
#include "atto/engine.h"

/* Numbers of the calls: pages 10 and 11 of the table. */
#define ATTO_SERVICE_PAGE 10u
extern const struct atto_call atto_service_calls[2u * ATTO_CALL_PAGE];

/* Calls of the predecessors over the same services: pages 0 to 6 with Femto-Container's helpers by their numbers (log,
 * memcpy, stores, clocks, sensors, numbers as text; what waits and what is of gcoap is not there), and page 9 with
 * TinyContainer's: 0x91 heartbeat, 0x92 open, 0x93 close, 0x94 read, 0x95 write, 0x96 log. Each page is linked only where
 * a firmware names it. Programs have to be given the rights that the calls need, as any. */
#define ATTO_FEMTO_PAGES 7u
extern const struct atto_call atto_femto_calls[ATTO_FEMTO_PAGES * ATTO_CALL_PAGE];
#define ATTO_TINY_PAGE 9u
extern const struct atto_call atto_tiny_calls[ATTO_CALL_PAGE];

/* ---- ATTO_KIND_LOG, _CLOCK, _RANDOM: no object; the port has what they need ---- */

/* ---- ATTO_KIND_MEMORY: object is a struct atto_context: where, how long, and whether it may be written ---- */

/* ---- ATTO_KIND_DEVICE: object is a struct atto_device, type an enum atto_device_type (sdk/devices.h) ---- */

/* Both return how many of the values count (1 to 3), or a negative enum atto_status. NULL: it cannot be done. */
struct atto_device {
    int32_t (*read)(void *state, struct atto_reading *reading);
    int32_t (*write)(void *state, const struct atto_reading *reading);
    void *state;
};

/* ---- ATTO_KIND_PINS: object is a struct atto_pins; arguments of rights are numbers of pins ---- */

enum atto_pin_mode { ATTO_PIN_INPUT = 0, ATTO_PIN_OUTPUT = 1, ATTO_PIN_PULL_UP = 2 };

/* They return a level (0 or 1) or 0, or a negative enum atto_status. */
struct atto_pins {
    int32_t (*read)(void *state, uint32_t pin);
    int32_t (*write)(void *state, uint32_t pin, uint32_t level);
    int32_t (*mode)(void *state, uint32_t pin, enum atto_pin_mode mode);
    void *state;
    uint32_t count;
};

/* ---- ATTO_KIND_STORE: object is a struct atto_store, type the scope; arguments of rights are keys ---- */

enum atto_scope { ATTO_SCOPE_CONTAINER = 1, ATTO_SCOPE_TENANT = 2, ATTO_SCOPE_DEVICE = 3 };

#define ATTO_VALUE_MAX 64u /* bytes of a value */

struct atto_store_state {
    uint32_t used; /* bytes */
};

/* A store for all scopes. Values lie one behind the other; each takes 12 bytes and its own, rounded up to 4. */
struct atto_store {
    uint8_t *memory; /* aligned to 4 */
    uint32_t bytes;
    struct atto_store_state *state;
    uint32_t container_bytes; /* for one container, at most; 0: no limit but that of its tenant */
    uint32_t device_bytes;    /* for the scope of the device; 0: no limit */
    /* Told of each change, for persistence; value is NULL for one that was deleted. owner: as atto_store_owner makes it.
     * NULL: nobody is. Called without the lock. */
    void (*changed)(void *user, uint32_t owner, uint32_t key, const uint8_t *value, uint32_t len);
    void *user;
};

/* Whose a value is, in one number: scope, tenant, id of the container; what does not matter in the scope is 0. */
static inline uint32_t atto_store_owner(enum atto_scope scope, uint32_t tenant, uint32_t container)
{
    return (uint32_t)scope << 24 | (scope != ATTO_SCOPE_DEVICE ? tenant << 16 : 0u) |
           (scope == ATTO_SCOPE_CONTAINER ? container : 0u);
}

/* For the firmware: puts a value, as persistence needs it before the engine begins. No quota but the memory counts.
 * Returns ATTO_OK, ATTO_E_ARGUMENT (len) or ATTO_E_NO_MEMORY. */
enum atto_status atto_store_put(const struct atto_store *store, uint32_t owner, uint32_t key, const uint8_t *value,
                                uint32_t len);
/* For the firmware: deletes all values of an owner, without a word to `changed`. */
void atto_store_forget(const struct atto_store *store, uint32_t owner);
/* Gets a value: its length, of which at most `capacity` bytes are copied, or ATTO_E_NOT_FOUND. */
int32_t atto_store_get(const struct atto_store *store, uint32_t owner, uint32_t key, uint8_t *value, uint32_t capacity);

/* ---- ATTO_KIND_MAILBOX and ATTO_KIND_SERVER: object is a struct atto_queue ---- */

struct atto_queue_state {
    struct atto_listener listener;
    uint16_t first, used; /* slots */
    bool lent;            /* the first is a message that an activation reads */
};

/* In front of each slot. */
struct atto_queue_slot {
    uint16_t len;
    uint16_t sender;      /* id */
    uint32_t activation;  /* of a sender that waits for an answer: its number */
    uint32_t out, out_len; /* where that wants the answer */
    uint32_t taken;        /* by the server, to be answered */
};

/* Messages or requests that wait. memory: slots * (sizeof(struct atto_queue_slot) + slot_bytes), aligned to 4. */
struct atto_queue {
    struct atto_queue_state *state;
    uint8_t *memory;
    uint32_t slots;
    uint32_t slot_bytes; /* longest message; a multiple of 4, at most 65,532 */
};

#endif
