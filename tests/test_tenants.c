/* Tenants' ceilings of memory, time and priority, whose containers are whose, and the audit trail.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "guest.h"
#include "harness.h"
#include "rights_world.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define NOTHING NULL, 0
#define AT_MS(ms) (1000000u + (ms) * 1000u)

static void begin(void)
{
    rights_world_begin();
    world_image(&rw_image, SLOTS(MOV(0, 0), EXIT), ENTRIES({ "loop", 0 }));
}

static enum atto_status install(uint32_t tenant, const struct atto_schedule *schedule,
                                struct atto_container **container)
{
    return rights_install_status(tenant, NOTHING, schedule, container);
}

/* Bytes of the pool that a tenant's containers have, counted by what is told of each. */
static uint32_t ram_of(uint32_t tenant)
{
    uint32_t bytes = 0;
    for (struct atto_container *at = NULL; (at = atto_engine_next(ENGINE, at)) != NULL;) {
        struct atto_container_info info = world_info(&rw.world, at);
        bytes += info.tenant == tenant ? info.ram_bytes : 0u;
    }
    return bytes;
}

/* ---- memory ---- */

static void memory_of_all_containers(void)
{
    struct atto_container *container, *other;
    begin();
    EQUAL(install(1, NULL, &container), ATTO_OK);
    uint32_t each = world_info(&rw.world, container).ram_bytes;
    EQUAL(each, rw.world.report.ram_bytes);
    for (uint32_t spare = 0; spare < 2u; spare++) {
        begin();
        rw.tenants[0].ram_bytes = 3u * each - spare;
        EQUAL(install(0, NULL, &other), ATTO_OK); /* not the tenant's */
        EQUAL(install(2, NULL, &other), ATTO_OK);
        EQUAL(install(1, NULL, &container), ATTO_OK);
        EQUAL(install(1, NULL, &container), ATTO_OK);
        EQUAL(install(1, NULL, &other), spare != 0u ? ATTO_E_ADMISSION : ATTO_OK);
        if (spare == 0u)
            EQUAL(install(1, NULL, &other), ATTO_E_ADMISSION);
        EQUAL(rw.world.report.constraint, ATTO_CONSTRAINT_TENANT_RAM);
        EQUAL(rw.world.report.missing, spare != 0u ? 1u : each);
        EQUAL(install(2, NULL, &other), ATTO_OK);
        EQUAL(atto_engine_remove(ENGINE, container), ATTO_OK);
        EQUAL(install(1, NULL, &other), ATTO_OK);
        CHECK(ram_of(1) <= rw.tenants[0].ram_bytes);
    }
}

/* Rights and limits count, and the ceiling holds whatever changes about a container. */
static void memory_after_changes(void)
{
    struct atto_schedule limits = { .priority = 8, .events = 8 };
    struct atto_container *container;
    struct atto_right row = { DEVICE, READ, 0, END, 0, 0, 0 };
    begin();
    EQUAL(install(1, NULL, &container), ATTO_OK);
    uint32_t each = world_info(&rw.world, container).ram_bytes;
    for (uint32_t more = 0; more < 400u; more += 8u) {
        begin();
        rw.tenants[0].ram_bytes = each + more;
        EQUAL(install(1, NULL, &container), ATTO_OK);
        harness_case(more, 0);
        rights_keep();
        enum atto_status status = atto_engine_set_schedule(ENGINE, container, &limits, &rw.world.report);
        CHECK(ram_of(1) <= rw.tenants[0].ram_bytes);
        if (status != ATTO_OK) {
            EQUAL(status, ATTO_E_ADMISSION);
            EQUAL(rw.world.report.constraint, ATTO_CONSTRAINT_TENANT_RAM);
            CHECK(rights_kept());
        }
        CHECK(more != 392u || status == ATTO_OK);
    }
    /* A larger table of rights is the firmware's gift; but new containers find it counted. */
    begin();
    rw.tenants[0].ram_bytes = 2u * each;
    EQUAL(install(1, NULL, &container), ATTO_OK);
    EQUAL(atto_engine_set_rights(ENGINE, container, 0, &row, 1, 0), ATTO_OK);
    EQUAL(install(1, NULL, &container), ATTO_E_ADMISSION);
    EQUAL(rw.world.report.missing, ram_of(1) - each);
}

/* In the middle of an activation, where the old limits stay until it is over. */
static void memory_after_late_changes(void)
{
    static const uint32_t counts[] = { 3, 0, 8, 5, 0, 12, 1 };
    for (uint32_t more = 0; more < 800u; more += 8u) {
        struct atto_schedule limits = { .priority = 8, .events = more / 8u % 3u };
        struct atto_container *container;
        uint32_t changed = 0;
        rights_world_begin();
        world_image(&rw_image, SLOTS(JUMP(-1)), ENTRIES({ "loop", 0 }));
        rw.world.fuel = 1000000;
        limits.period_us = 5000000;
        EQUAL(install(1, &limits, &container), ATTO_OK);
        rw.tenants[0].ram_bytes = ram_of(1) + more;
        EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
        world_run(&rw.world, AT_MS(1));
        for (uint32_t i = 0; i < COUNT(counts); i++) {
            harness_case(more, i);
            limits.events = counts[i];
            limits.budget_fuel = counts[i] != 0u ? 10000000 : 0;
            rights_keep();
            enum atto_status status = atto_engine_set_schedule(ENGINE, container, &limits, &rw.world.report);
            CHECK(status == ATTO_OK || rights_kept());
            CHECK(ram_of(1) <= rw.tenants[0].ram_bytes);
            changed += status == ATTO_OK;
        }
        CHECK(more < 792u || changed == COUNT(counts));
        EQUAL(world_info(&rw.world, container).activation, ATTO_ACTIVATION_LOOP);
    }
}

/* A small program in the block of a large one takes as much as the block. */
static void memory_after_an_update(void)
{
    static atto_host_fn *const entries[] = { NULL };
    static const struct atto_host_program large = { .entries = entries, .entry_count = 1, .state_bytes = 800 };
    static const struct atto_host_program small = { .entries = entries, .entry_count = 1, .state_bytes = 8 };
    struct atto_schedule limits = { .priority = 8, .events = 8 };
    struct atto_install request = { .program = &large, .tenant = 1 };
    struct atto_container *container;
    begin();
    EQUAL(atto_engine_install(ENGINE, &request, &container, &rw.world.report), ATTO_OK);
    rw.tenants[0].ram_bytes = ram_of(1) + 8u;
    request.program = &small;
    rights_keep();
    EQUAL(atto_engine_update(ENGINE, &container, &request, &rw.world.report), ATTO_OK);
    EQUAL(rw.world.report.ram_bytes, ram_of(1));
    request.schedule = &limits;
    rights_keep();
    EQUAL(atto_engine_update(ENGINE, &container, &request, &rw.world.report), ATTO_E_ADMISSION);
    EQUAL(rw.world.report.constraint, ATTO_CONSTRAINT_TENANT_RAM);
    CHECK(rights_kept());
    rw.tenants[0].ram_bytes = 4000;
    EQUAL(atto_engine_update(ENGINE, &container, &request, &rw.world.report), ATTO_OK);
    EQUAL(rw.world.report.ram_bytes, ram_of(1));
}

/* ---- time and priority ---- */

struct timing {
    struct atto_schedule schedule;
    uint32_t fuel;     /* of an activation */
    uint32_t per_s;    /* fuel in a second, at most; UINT32_MAX: no bound */
};

static const struct timing timings[] = {
    { { .priority = 8, .period_us = 10000 }, 100, 10000 },
    { { .priority = 8, .period_us = 1000000 }, 100, 100 },
    { { .priority = 8, .period_us = 3000000 }, 100, 34 },
    { { .priority = 8, .period_us = 7000 }, 100, 14286 },
    { { .priority = 8 }, 100, UINT32_MAX },
    { { .priority = 8, .period_us = 10000, .events = 1 }, 100, UINT32_MAX },
    { { .priority = 8, .period_us = 10000, .restart = ATTO_RESTART_ON_FAULT }, 100, UINT32_MAX },
    { { .priority = 8, .budget_fuel = 500 }, 100, 500 },
    { { .priority = 8, .budget_fuel = 500, .events = 3 }, 100, 500 },
    { { .priority = 8, .budget_fuel = 500, .budget_window_us = 10000 }, 100, 50000 },
    { { .priority = 8, .period_us = 20000, .budget_fuel = 500 }, 1000, 25000 },
    { { .priority = 8, .period_us = 20000, .budget_fuel = 500, .restart = ATTO_RESTART_ALWAYS }, 1000, 25000 },
};

static void time_of_all_containers(void)
{
    struct atto_container *container, *other;
    for (uint32_t i = 0; i < COUNT(timings); i++) {
        const struct timing *timing = &timings[i];
        bool bound = timing->per_s != UINT32_MAX;
        for (uint32_t spare = 0; spare < 2u; spare++) {
            harness_case(i, spare);
            begin();
            rw.world.config.fuel_per_ms = 0; /* response times are another subject */
            rw.world.fuel = timing->fuel;
            rw.tenants[0].fuel_per_s = bound ? 2u * timing->per_s - spare : UINT32_MAX - 1u;
            EQUAL(install(0, &timing->schedule, &other), ATTO_OK);
            EQUAL(install(2, &timing->schedule, &other), ATTO_OK);
            enum atto_status status = install(1, &timing->schedule, &container);
            if (!bound) {
                EQUAL(status, ATTO_E_ADMISSION);
                EQUAL(rw.world.report.constraint, ATTO_CONSTRAINT_TENANT_TIME);
                EQUAL(rw.world.report.missing, UINT32_MAX); /* there is no bound */
                continue;
            }
            EQUAL(status, ATTO_OK);
            EQUAL(install(1, &timing->schedule, &other), spare != 0u ? ATTO_E_ADMISSION : ATTO_OK);
            if (spare != 0u) {
                EQUAL(rw.world.report.constraint, ATTO_CONSTRAINT_TENANT_TIME);
                EQUAL(rw.world.report.missing, 1);
            } else {
                EQUAL(install(1, &timing->schedule, &other), ATTO_E_ADMISSION);
                EQUAL(rw.world.report.missing, timing->per_s);
            }
        }
    }
}

/* A ceiling that a change of schedule steps over would be none. */
static void time_after_changes(void)
{
    struct atto_container *container;
    for (uint32_t from = 0; from < COUNT(timings); from++) {
        for (uint32_t to = 0; to < COUNT(timings); to++) {
            const struct timing *old = &timings[from], *new = &timings[to];
            uint32_t per_s = new->per_s;
            if (old->per_s == UINT32_MAX || old->fuel != new->fuel)
                continue;
            harness_case(from, to);
            begin();
            rw.world.config.fuel_per_ms = 0;
            rw.world.fuel = old->fuel;
            rw.tenants[0].fuel_per_s = old->per_s;
            EQUAL(install(1, &old->schedule, &container), ATTO_OK);
            rights_keep();
            enum atto_status status = atto_engine_set_schedule(ENGINE, container, &new->schedule, &rw.world.report);
            EQUAL(status, per_s <= old->per_s ? ATTO_OK : ATTO_E_ADMISSION);
            if (status == ATTO_OK)
                continue;
            EQUAL(rw.world.report.constraint, ATTO_CONSTRAINT_TENANT_TIME);
            EQUAL(rw.world.report.missing, per_s != UINT32_MAX ? per_s - old->per_s : UINT32_MAX);
            CHECK(rights_kept());
        }
    }
}

static void priorities(void)
{
    struct atto_container *container, *other;
    begin();
    rw.tenants[0].priority_first = 6;
    for (uint32_t priority = 0; priority < ATTO_PRIORITIES; priority++) {
        struct atto_schedule schedule = { .priority = priority }, last = { .priority = ATTO_PRIORITIES - 1u };
        harness_case(priority, 0);
        EQUAL(install(0, &schedule, &other), ATTO_OK);
        EQUAL(atto_engine_remove(ENGINE, other), ATTO_OK);
        EQUAL(install(1, &schedule, &container), priority < 6u ? ATTO_E_ADMISSION : ATTO_OK);
        if (priority < 6u) {
            EQUAL(rw.world.report.constraint, ATTO_CONSTRAINT_TENANT_PRIORITY);
            EQUAL(rw.world.report.missing, 6u - priority);
        } else {
            EQUAL(atto_engine_remove(ENGINE, container), ATTO_OK);
        }
        EQUAL(install(1, &last, &container), ATTO_OK);
        EQUAL(atto_engine_set_schedule(ENGINE, container, &schedule, &rw.world.report),
              priority < 6u ? ATTO_E_ADMISSION : ATTO_OK);
        EQUAL(rw.world.report.constraint, priority < 6u ? ATTO_CONSTRAINT_TENANT_PRIORITY : ATTO_CONSTRAINT_NONE);
        EQUAL(atto_engine_remove(ENGINE, container), ATTO_OK);
    }
}

/* ---- whose it is ---- */

static void updates_by_others(void)
{
    struct atto_right row = { DEVICE, READ, 0, END, 0, 0, 0 };
    struct atto_container *container;
    for (uint32_t own = 0; own <= TENANTS; own++) {
        for (uint32_t other = 0; other <= TENANTS + 1u; other++) {
            struct atto_install request = { .bytes = rw_image.bytes, .len = rw_image.len, .tenant = other,
                                            .rights = &row, .right_count = 1 };
            begin();
            harness_case(own, other);
            EQUAL(install(own, NULL, &container), ATTO_OK);
            EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
            rights_keep();
            enum atto_status status = atto_engine_update(ENGINE, &container, &request, &rw.world.report);
            if (other == own) {
                EQUAL(status, ATTO_OK);
                CHECK(rights_is(container, 0, own == 0u ? row : RIGHT(DEVICE, 0, 0, END)));
            } else {
                EQUAL(status, other > TENANTS ? ATTO_E_ARGUMENT : ATTO_E_DENIED);
                CHECK(rights_kept());
            }
            EQUAL(world_info(&rw.world, container).tenant, own);
            EQUAL(world_info(&rw.world, container).rights, other == own);
            EQUAL(world_info(&rw.world, container).state, ATTO_STATE_RUNNING);
        }
    }
}

/* What is left of the rights after an update is what that one asked for, with meters at their beginning. */
static void update_with_other_rights(void)
{
    struct atto_right rows[] = { { DEVICE, READ, 0, END, 0, 0, 1 }, { LOG, WRITE, 0, END, 0, 0, 0 } };
    struct atto_container *container;
    struct atto_install request = { .bytes = rw_image.bytes, .len = rw_image.len };
    begin();
    EQUAL(rights_install_status(0, rows, 2, NULL, &container), ATTO_OK);
    EQUAL(rights_touch(container, 0, 0), 1);
    EQUAL(rights_touch(container, 0, 0), ATTO_E_QUOTA);
    request.rights = rows;
    request.right_count = 1;
    EQUAL(atto_engine_update(ENGINE, &container, &request, NULL), ATTO_OK);
    EQUAL(world_info(&rw.world, container).rights, 1);
    EQUAL(rights_touch(container, 0, 0), 1);
    EQUAL(rights_touch(container, 1, 0), ATTO_E_DENIED);
    request.rights = NULL;
    request.right_count = 0;
    EQUAL(atto_engine_update(ENGINE, &container, &request, NULL), ATTO_OK);
    EQUAL(world_info(&rw.world, container).rights, 0);
    EQUAL(rights_touch(container, 0, 0), ATTO_E_DENIED);
    EQUAL(atto_engine_remove(ENGINE, container), ATTO_OK);
    CHECK(world_pool_is_empty(&rw.world));
}

/* ---- the audit trail ---- */

static bool denied(uint32_t age, uint32_t id, uint32_t count, uint32_t code, uint32_t handle, enum atto_status status,
                   uint64_t time_us)
{
    struct atto_audit_record record;
    return atto_engine_denial(ENGINE, age, &record) && record.kind == ATTO_AUDIT_DENIED && record.container == id &&
           record.count == count && record.code == code && record.handle == handle && record.status == status &&
           record.time_us == time_us && record.actor == 0u;
}

static void refusals_in_a_row(void)
{
    struct atto_right rows[] = { { DEVICE, READ, 5, END, 0, 0, 1 }, { LOG, WRITE, 0, END, 0, 0, 0 } };
    struct atto_audit_record record;
    struct atto_container *first, *second;
    uint64_t r[6] = { 0, 9, 0, 0, 0, 0 };
    begin();
    EQUAL(rights_install_status(0, rows, 2, NULL, &first), ATTO_OK);
    EQUAL(rights_install_status(0, NOTHING, NULL, &second), ATTO_OK);
    uint32_t id = world_info(&rw.world, first).id, other = world_info(&rw.world, second).id;
    CHECK(id != other);
    CHECK(!atto_engine_denial(ENGINE, 0, &record));
    rights_touch(first, 7, 0);
    CHECK(denied(0, id, 1, CALL_TOUCH, 7, ATTO_E_DENIED, 1000000));
    rw.world.clock_ns += 5000000;
    rights_touch(first, 7, 0);
    rights_touch(first, 7, 99);
    CHECK(denied(0, id, 3, CALL_TOUCH, 7, ATTO_E_DENIED, 1005000) && !atto_engine_denial(ENGINE, 1, &record));
    rights_touch(first, 8, 0); /* another handle */
    CHECK(denied(0, id, 1, CALL_TOUCH, 8, ATTO_E_DENIED, 1005000));
    CHECK(denied(1, id, 3, CALL_TOUCH, 7, ATTO_E_DENIED, 1005000));
    rights_touch(second, 8, 0); /* another container */
    CHECK(denied(0, other, 1, CALL_TOUCH, 8, ATTO_E_DENIED, 1005000));
    rights_touch(second, 8, 0);
    EQUAL(rights_touch(first, 0, 5), 1); /* what is allowed is not in it and parts nothing */
    rights_touch(second, 8, 0);
    CHECK(denied(0, other, 3, CALL_TOUCH, 8, ATTO_E_DENIED, 1005000));
    rights_touch(first, 0, 5);
    CHECK(denied(0, id, 1, CALL_TOUCH, 0, ATTO_E_QUOTA, 1005000));
    rights_touch(first, 0, 4); /* another reason */
    CHECK(denied(0, id, 1, CALL_TOUCH, 0, ATTO_E_DENIED, 1005000));
    rights_call(first, CALL_MAP, r); /* another call */
    CHECK(denied(0, id, 1, CALL_MAP, 9, ATTO_E_DENIED, 1005000));
    r[1] = 254;
    rights_call(first, CALL_MAP, r);
    CHECK(denied(0, id, 1, CALL_MAP, 254, ATTO_E_DENIED, 1005000));
    r[1] = UINT64_MAX;
    rights_call(first, CALL_MAP, r);
    CHECK(denied(0, id, 1, CALL_MAP, 255, ATTO_E_DENIED, 1005000));
    rights_call(second, CALL_LOG, r); /* names none */
    CHECK(denied(0, other, 1, CALL_LOG, 255, ATTO_E_DENIED, 1005000));
}

/* Who can send anything fills no more than a quarter of the ring, and what is alike is one record, wherever that is. */
static void nobody_known(void)
{
    static const uint32_t sizes[] = { 0, 1, 2, 3, 4, DENIALS };
    for (uint32_t i = 0; i < COUNT(sizes); i++) {
        struct atto_audit_record record;
        uint32_t known = 0, unknown = 0, times = 0;
        begin();
        rw.world.config.denial_count = sizes[i];
        for (uint32_t n = 0; n < 3u; n++)
            atto_engine_refused(ENGINE, 1, 1, (enum atto_status)(ATTO_E_EXPIRED - (int32_t)n));
        for (uint32_t n = 0; n < 1000u; n++) {
            harness_case(sizes[i], n);
            atto_engine_refused(ENGINE, n % 3u == 0u ? 255u : n % 5u, UINT32_MAX, (enum atto_status)-(1 + (int32_t)(n % 120u)));
            if (n % 100u == 0u) /* a replay that is known */
                atto_engine_refused(ENGINE, 1, 1, ATTO_E_EXPIRED);
        }
        for (uint32_t age = 0; atto_engine_denial(ENGINE, age, &record); age++) {
            EQUAL(record.kind, ATTO_AUDIT_REFUSED);
            known += record.actor == 1u;
            unknown += record.actor == ATTO_AUDIT_NOBODY;
            times = record.status == ATTO_E_EXPIRED && record.actor == 1u ? record.count : times;
        }
        CHECK(unknown == (sizes[i] == 0u ? 0u : sizes[i] < 8u ? 1u : sizes[i] / 4u) || sizes[i] == 1u);
        if (sizes[i] >= 4u)
            CHECK(known == 3u && times == 11u);
    }
}

/* Each record in its place, after every number of records. */
static void rings_go_round(void)
{
    static const uint32_t sizes[] = { 0, 1, 2, 3, DENIALS };
    for (uint32_t i = 0; i < COUNT(sizes); i++) {
        struct atto_audit_record record;
        struct atto_container *container;
        struct atto_right row = { DEVICE, READ, 0, END, 0, 0, 0 };
        begin();
        rw.world.config.denial_count = sizes[i];
        rw.world.config.change_count = sizes[i];
        EQUAL(rights_install_status(0, &row, 1, NULL, &container), ATTO_OK);
        uint32_t id = world_info(&rw.world, container).id;
        for (uint32_t n = 1; n < 200u; n++) {
            harness_case(sizes[i], n);
            rights_touch(container, 100u + n % 100u, 0);
            EQUAL(atto_engine_set_rights(ENGINE, container, 0, &row, 1, (uint8_t)n), ATTO_OK);
            for (uint32_t age = 0; age < DENIALS + 2u; age++) {
                bool there = age < sizes[i] && age < n;
                EQUAL(atto_engine_denial(ENGINE, age, &record), there);
                CHECK(!there || denied(age, id, 1, CALL_TOUCH, 100u + (n - age) % 100u, ATTO_E_DENIED, 1000000));
                there = age < sizes[i] && age < n + 1u; /* the install came first */
                EQUAL(atto_engine_change(ENGINE, age, &record), there);
                CHECK(!there || age == n || (record.actor == n - age && record.kind == ATTO_AUDIT_RIGHT));
                CHECK(!there || age != n || record.kind == ATTO_AUDIT_INSTALL);
            }
            EQUAL(atto_engine_denial(ENGINE, UINT32_MAX, &record), false);
        }
        for (uint32_t k = sizes[i]; k < DENIALS; k++)
            CHECK(rw.denials[k].count == 0u && rw.changes[k].count == 0u);
    }
}

static void changes_of_every_sort(void)
{
    static const struct atto_right ceiling[] = { { DEVICE, READ, 0, END, 0, 0, 0 } };
    struct atto_right rows[3] = { { DEVICE, READ, 0, END, 0, 0, 0 }, { LOG, WRITE, 0, END, 0, 0, 0 },
                                  { DEVICE, READ, 9, 1, 0, 0, 0 } };
    struct atto_audit_record record;
    struct atto_container *container;
    begin();
    EQUAL(rights_install_status(3, rows, 2, NULL, &container), ATTO_OK);
    CHECK(atto_engine_change(ENGINE, 0, &record));
    EQUAL(record.kind, ATTO_AUDIT_INSTALL);
    EQUAL(record.code, 3);
    EQUAL(record.container, world_info(&rw.world, container).id);
    rw.world.clock_ns += 7000000;
    rights_touch(container, 0, 0); /* refusals are in another ring */
    EQUAL(atto_engine_set_rights(ENGINE, container, 1, rows, 2, 9), ATTO_OK);
    CHECK(atto_engine_change(ENGINE, 0, &record));
    EQUAL(record.kind, ATTO_AUDIT_RIGHT);
    EQUAL(record.handle, 2);
    EQUAL(record.actor, 9);
    EQUAL(record.time_us, 1007000);
    EQUAL(record.count, 1);
    uint32_t generation = record.code;
    CHECK(atto_engine_change(ENGINE, 1, &record));
    EQUAL(record.handle, 1);
    EQUAL(record.code, generation);
    CHECK(atto_engine_change(ENGINE, 2, &record) && record.kind == ATTO_AUDIT_INSTALL);
    CHECK(!atto_engine_change(ENGINE, 3, &record));
    EQUAL(atto_engine_set_rights(ENGINE, container, 0, rows, 3, 9), ATTO_E_ARGUMENT); /* no change, no record */
    CHECK(!atto_engine_change(ENGINE, 3, &record));
    EQUAL(atto_engine_set_ceiling(ENGINE, 3, ceiling, 1, 4), ATTO_OK);
    CHECK(atto_engine_change(ENGINE, 0, &record));
    EQUAL(record.kind, ATTO_AUDIT_CEILING);
    EQUAL(record.code, 3);
    EQUAL(record.actor, 4);
    EQUAL(record.container, 0);
    EQUAL(atto_engine_set_rights(ENGINE, container, 3, rows, 1, 1), ATTO_OK); /* and the table has moved */
    CHECK(atto_engine_change(ENGINE, 0, &record));
    EQUAL(record.code, generation + 2u); /* the ceiling changed it too */
    EQUAL(record.handle, 3);
    CHECK(atto_engine_denial(ENGINE, 0, &record) && !atto_engine_denial(ENGINE, 1, &record));
}

static const struct harness_test tests[] = {
    TEST(memory_of_all_containers, "A tenant's containers have no more memory than it may have, to the byte."),
    TEST(memory_after_changes, "That holds after a change of schedule."),
    TEST(memory_after_late_changes, "Also of one in the middle of an activation."),
    TEST(memory_after_an_update, "And after an update, which may keep a larger block than it needs."),
    TEST(time_of_all_containers, "A tenant's containers have no more fuel in a second than it may have."),
    TEST(time_after_changes, "That holds after a change of schedule."),
    TEST(priorities, "A tenant's containers have no priority in front of its first, by no way."),
    TEST(updates_by_others, "Nobody puts a program in the place of another one's."),
    TEST(update_with_other_rights, "A new program has the rights that it came with."),
    TEST(refusals_in_a_row, "Refusals that are alike are one record, others are not."),
    TEST(nobody_known, "Refusals of nobody known have a quarter of their ring, and push out nothing else."),
    TEST(rings_go_round, "Each ring has the last records, in their order, however many there were."),
    TEST(changes_of_every_sort, "Every change is recorded, with who made it, and no refused one is."),
};
HARNESS_MAIN(tests)
