/* Two tenants on one device. One has secrets in its memory, its stores, a mailbox and a memory endpoint; the other one
 * makes every host call with every handle and every sort of argument. Nothing of the first one's is read, changed, or
 * slower; and each refusal is in the audit trail.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "harness.h"
#include "rng.h"
#include "services_world.h"

#define SECRET "SECRET12"
#define SECRET_BYTES 8u
#define ATTEMPTS 100000u

static struct atto_container *victim, *attacker;

/* The attacker may use what everybody may, and its own stores. */
static void begin(void)
{
    struct atto_right none = { .last = ATTO_RANGE_END };
    services_begin();
    victim = services_idle(1);
    attacker = services_idle(2);
    memcpy(services_data(victim), SECRET, SECRET_BYTES);
    memcpy(sw.bytes, SECRET, SECRET_BYTES);
    services_call(victim, atto_store_put_number, OWN_STORE, 1, DATA, SECRET_BYTES);
    services_call(victim, atto_store_put_number, TENANT_STORE, 1, DATA, SECRET_BYTES);
    services_call(victim, atto_send_number, MAILBOX, DATA, SECRET_BYTES, 0);
    static const uint8_t forbidden[] = { MEMORY, MAILBOX, SERVER, PINS, SWITCH, DEVICE_STORE };
    for (uint32_t i = 0; i < sizeof forbidden; i++) {
        none.endpoint = forbidden[i];
        if (atto_engine_set_rights(&sw.world.engine, attacker, forbidden[i], &none, 1, 0) != ATTO_OK)
            harness_fail(__FILE__, __LINE__, "a right is taken away");
    }
}

/* Bytes that would be the secret anywhere in what the attacker can see. */
static bool sees_secret(void)
{
    const uint8_t *data = services_data(attacker);
    for (uint32_t i = 0; i + 4u <= 16u; i++) {
        if (memcmp(data + i, SECRET, 4) == 0)
            return true;
    }
    return false;
}

static bool secret_is_whole(void)
{
    uint8_t value[SECRET_BYTES];
    const struct atto_store store = { sw.store_bytes, STORE_BYTES, &sw.store_state, 0, 0, NULL, NULL };
    uint32_t own = atto_store_owner(ATTO_SCOPE_CONTAINER, 1, atto_container_id(victim));
    uint32_t tenant = atto_store_owner(ATTO_SCOPE_TENANT, 1, 0);
    return memcmp(services_data(victim), SECRET, SECRET_BYTES) == 0 && memcmp(sw.bytes, SECRET, SECRET_BYTES) == 0 &&
           sw.mailbox_state.used == 1u && sw.mailbox_state.listener.container == NULL && sw.switched == 0 &&
           atto_store_get(&store, own, 1, value, sizeof value) == (int32_t)SECRET_BYTES &&
           memcmp(value, SECRET, SECRET_BYTES) == 0 &&
           atto_store_get(&store, tenant, 1, value, sizeof value) == (int32_t)SECRET_BYTES &&
           memcmp(value, SECRET, SECRET_BYTES) == 0;
}

/* Numbers that an attacker would try. */
static uint64_t number(struct rng *rng)
{
    static const uint64_t tempting[] = { 0, 1, 8, 16, 31, 32, 255, 256, 65535, UINT32_MAX, (uint64_t)UINT32_MAX + 1u,
                                         UINT64_MAX };
    switch (rng_below(rng, 5)) {
    case 0:
        return tempting[rng_below(rng, sizeof tempting / sizeof *tempting)];
    case 1:
        return rng_below(rng, 20);
    case 2:
        return rng_below(rng, 16) << 28 | rng_below(rng, 40); /* an address of any region */
    case 3:
        return (uint64_t)(uintptr_t)services_data(victim); /* where it really is */
    default:
        return DATA + rng_below(rng, 20);
    }
}

static void nothing_crosses(void)
{
    struct rng rng = { harness_seed() };
    uint32_t refused = 0, noted = 0;
    struct atto_audit_record record;
    begin();
    CHECK(secret_is_whole());
    uint32_t attempts = harness_rounds(ATTEMPTS);
    for (uint32_t i = 0; i < attempts; i++) {
        uint32_t what = 160u + rng_below(&rng, 28);
        uint64_t handle = rng_once_in(&rng, 4) ? number(&rng) : rng_below(&rng, 40);
        uint32_t before = world_info(&sw.world, attacker).counters.denials;
        bool room = before < 65535u;
        harness_case(i, what);
        if (what == atto_request_number)
            continue; /* waits; it needs a right that is not there, as the others below */
        int64_t got = services_call(attacker, what, handle, number(&rng), number(&rng), number(&rng));
        uint32_t after = world_info(&sw.world, attacker).counters.denials;
        CHECK(secret_is_whole());
        CHECK(!sees_secret());
        if (what == atto_timer_number)
            continue; /* its refusals are the schedule's: as many events as that allows */
        if (after != before) {
            refused++;
            CHECK(atto_engine_denial(&sw.world.engine, 0, &record));
            EQUAL(record.container, atto_container_id(attacker));
            EQUAL(record.code, what);
            noted++;
        } else if (room) {
            CHECK(got != ATTO_E_DENIED || what == atto_map_number || what == atto_sensor_read_number ||
                  what == atto_actuator_write_number);
        }
    }
    harness_note("attempts", attempts);
    harness_note("refused", refused);
    EQUAL(noted, refused);
    CHECK(refused > attempts / 4u);
    EQUAL(world_info(&sw.world, victim).counters.denials, 0);
    EQUAL(world_info(&sw.world, victim).counters.faults, 0);
}

/* Every handle number there is, by every call that takes one, for endpoints that are the other's. */
static void every_handle(void)
{
    begin();
    for (uint32_t what = 160; what < 188u; what++) {
        for (uint64_t handle = 0; handle < 300u; handle++) {
            harness_case(what, handle);
            if (what == atto_request_number)
                continue;
            services_call(attacker, what, handle, DATA, 8, DATA);
            services_call(attacker, what, handle << 32 | MEMORY, 0, DATA, 8);
            CHECK(secret_is_whole());
            CHECK(!sees_secret());
        }
    }
}

/* No window and no region of the attacker's shows it, whatever it maps. */
static void every_window(void)
{
    begin();
    for (uint64_t handle = 0; handle < 64u; handle++)
        services_call(attacker, atto_map_number, handle, 0, 0, 0);
    for (uint32_t region = 0; region < 16u; region++) {
        for (uint32_t at = 0; at < 64u; at++) {
            const uint8_t *seen = atto_run_span(services_run(attacker), (uint64_t)region << 28 | at, 4, ATTO_READ);
            CHECK(seen == NULL || memcmp(seen, SECRET, 4) != 0);
        }
    }
}

static const struct harness_test tests[] = {
    TEST(nothing_crosses, "Whatever a tenant calls, the other one's secrets stay, and each refusal is in the trail."),
    TEST(every_handle, "No handle number reaches what is another tenant's."),
    TEST(every_window, "No window shows what is another tenant's."),
};
HARNESS_MAIN(tests)
