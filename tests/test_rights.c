/* Rights of the engine's containers: given, cut, changed while they run, refused. Each by the smallest example.
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

/* Touches the device of handle 0 and keeps the answer in data[1]; data[0] counts. */
static void make_toucher(void)
{
    world_image(&rw_image, SLOTS(MOV(1, 0), MOV(2, 5), CALL(CALL_TOUCH), MOV(6, ADDRESS(REGION_DATA, 0)),
                                 STORE(SIZE_DW, 6, 0, 8), LOAD(SIZE_DW, 0, 6, 0), ADD(0, 1), STORE(SIZE_DW, 6, 0, 0),
                                 EXIT),
                ENTRIES({ "loop", 0 }));
}

static struct atto_container *begin(const struct atto_right *rights, uint32_t count)
{
    rights_world_begin();
    make_toucher();
    return rights_install(0, rights, count);
}

/* ---- by default nothing ---- */

static void nothing_is_allowed(void)
{
    for (uint32_t tenant = 0; tenant <= TENANTS; tenant++) {
        uint64_t r[6] = { 0, 0, 5, 4, 0, 0 };
        rights_world_begin();
        make_toucher();
        struct atto_container *container = rights_install(tenant, NOTHING);
        CHECK(container != NULL);
        EQUAL(world_info(&rw.world, container).tenant, tenant);
        EQUAL(world_info(&rw.world, container).rights, 0);
        for (uint32_t handle = 0; handle < 260u; handle++)
            EQUAL(rights_touch(container, handle, 0), ATTO_E_DENIED);
        EQUAL(rights_call(container, CALL_WRITE, r), ATTO_OK);
        EQUAL(r[0], ATTO_E_DENIED);
        EQUAL(rights_call(container, CALL_LOG, r), ATTO_OK);
        EQUAL(r[0], ATTO_E_DENIED);
        EQUAL(rights_call(container, CALL_MAP, r), ATTO_OK);
        EQUAL(r[0], ATTO_E_DENIED);
        EQUAL(atto_engine_map(ENGINE, container, 0), ATTO_E_DENIED);
        EQUAL(atto_engine_unmap(ENGINE, container, 0), ATTO_E_NOT_FOUND);
        EQUAL(rw.came, 0);
        EQUAL(rights_call(container, CALL_ACT, r), ATTO_OK);
        EQUAL(r[0], 3);
        EQUAL(world_info(&rw.world, container).counters.denials, 263);
        EQUAL(world_info(&rw.world, container).counters.host_calls, 264);
        EQUAL(rw.world.lock_errors, 0);
    }
}

static void refused_and_alive(void)
{
    struct atto_schedule schedule = { .priority = 8, .period_us = 10000 };
    struct atto_container *container;
    struct atto_audit_record record;
    rights_world_begin();
    make_toucher();
    EQUAL(rights_install_status(0, NOTHING, &schedule, &container), ATTO_OK);
    EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
    world_run(&rw.world, AT_MS(1000));
    struct atto_container_info info = world_info(&rw.world, container);
    EQUAL(info.state, ATTO_STATE_RUNNING);
    EQUAL(info.counters.activations, 100);
    EQUAL(info.counters.denials, 100);
    EQUAL(info.counters.host_calls, 100);
    EQUAL(info.counters.faults + info.counters.misses, 0);
    EQUAL(rights_word(container, 0), 107);
    EQUAL(rights_word(container, 1), ATTO_E_DENIED);
    CHECK(atto_engine_denial(ENGINE, 0, &record));
    EQUAL(record.count, 100);
    CHECK(!atto_engine_denial(ENGINE, 1, &record));
}

/* The counter of refusals ends at its largest value. */
static void denials_are_counted(void)
{
    struct atto_container *container = begin(NOTHING);
    struct atto_audit_record record;
    CHECK(container != NULL);
    for (uint32_t i = 0; i < 65540u; i++)
        EQUAL(rights_touch(container, 0, 0), ATTO_E_DENIED);
    EQUAL(world_info(&rw.world, container).counters.denials, 65535);
    CHECK(atto_engine_denial(ENGINE, 0, &record));
    EQUAL(record.count, 65535);
}

/* ---- what is given ---- */

static void given_at_install(void)
{
    struct atto_right copied[2] = { { 0 } };
    struct atto_container *container = begin(RIGHTS(RIGHT(DEVICE, READ, 3, 9), RIGHT(LOG, WRITE, 0, END),
                                                   RIGHT(OTHER_DEVICE, READ | WRITE, 0, 0)));
    uint64_t r[6] = { 0, 0, ADDRESS(REGION_DATA, 0), 16, 0, 0 };
    CHECK(container != NULL);
    EQUAL(world_info(&rw.world, container).rights, 3);
    EQUAL(atto_engine_rights(ENGINE, container, copied, 2), 3);
    CHECK(rights_same(&copied[1], &RIGHT(LOG, WRITE, 0, END)));
    EQUAL(atto_engine_rights(ENGINE, container, NULL, 0), 3);
    EQUAL(rights_touch(container, 0, 2), ATTO_E_DENIED);
    EQUAL(rights_touch(container, 0, 3), 1);
    CHECK(rw.endpoint == &rw.endpoints[DEVICE]);
    EQUAL(rights_touch(container, 0, 9), 1);
    EQUAL(rights_touch(container, 0, 10), ATTO_E_DENIED);
    EQUAL(rights_touch(container, 1, 5), ATTO_E_DENIED);
    EQUAL(rights_touch(container, 2, 0), 1);
    CHECK(rw.endpoint == &rw.endpoints[OTHER_DEVICE]);
    EQUAL(rights_touch(container, 3, 0), ATTO_E_DENIED);
    EQUAL(rights_touch(container, (uint64_t)1 << 32, 5), ATTO_E_DENIED);
    EQUAL(rights_call(container, CALL_WRITE, r), ATTO_OK);
    EQUAL(r[0], ATTO_E_DENIED);
    r[1] = 2;
    EQUAL(rights_call(container, CALL_WRITE, r), ATTO_OK);
    EQUAL(r[0], 2);
    r[3] = 17; /* of 16 bytes */
    EQUAL(rights_call(container, CALL_WRITE, r), ATTO_E_ARGUMENT);
    EQUAL(rights_call(container, CALL_LOG, r), ATTO_OK);
    EQUAL(r[0], 4);
}

static const struct atto_right bad_rights[] = {
    { ENDPOINTS, READ, 0, END, 0, 0, 0 },
    { 255, READ, 0, END, 0, 0, 0 },
    { DEVICE, READ, 6, 5, 0, 0, 0 },
    { DEVICE, READ, END, END - 1, 0, 0, 0 },
    { DEVICE, READ | PERIOD(9), 0, END, 1, 0, 0 },
    { DEVICE, READ | PERIOD(15), 0, END, 1, 0, 0 },
    { DEVICE, READ | PERIOD(1), 0, END, 0, 0, 0 },
    { DEVICE, READ | PERIOD(8), 0, END, 0, 0, 5 },
    { DEVICE, READ, 0, END, 1, 0, 0 },
    { DEVICE, READ, 0, END, 0, 1, 0 },
};

/* Rows that are fine, but for number `at`. */
static void make_rows(struct atto_right rows[ATTO_RIGHTS_MAX + 1u], uint32_t at, const struct atto_right *bad)
{
    for (uint32_t i = 0; i <= ATTO_RIGHTS_MAX; i++)
        rows[i] = RIGHT((uint8_t)(i % ENDPOINTS), READ | WRITE, 0, (uint16_t)(100u + i));
    if (bad != NULL)
        rows[at] = *bad;
}

static void bad_rights_at_install(void)
{
    struct atto_right rows[ATTO_RIGHTS_MAX + 1u];
    struct atto_container *container;
    rights_world_begin();
    make_toucher();
    for (uint32_t bad = 0; bad < COUNT(bad_rights); bad++) {
        for (uint32_t at = 0; at < ATTO_RIGHTS_MAX; at++) {
            harness_case(bad, at);
            make_rows(rows, at, &bad_rights[bad]);
            rights_keep();
            EQUAL(rights_install_status(at % 2u, rows, ATTO_RIGHTS_MAX, NULL, &container), ATTO_E_ARGUMENT);
            EQUAL(rw.world.report.refusal.at, at);
            CHECK(rights_kept());
        }
    }
    make_rows(rows, 0, NULL);
    EQUAL(rights_install_status(0, rows, ATTO_RIGHTS_MAX + 1u, NULL, &container), ATTO_E_ARGUMENT);
    EQUAL(rights_install_status(TENANTS + 1u, rows, 1, NULL, &container), ATTO_E_ARGUMENT);
    EQUAL(rights_install_status(UINT32_MAX, rows, 1, NULL, &container), ATTO_E_ARGUMENT);
    CHECK(rights_kept());
    EQUAL(rights_install_status(0, rows, ATTO_RIGHTS_MAX, NULL, &container), ATTO_OK);
    EQUAL(world_info(&rw.world, container).rights, ATTO_RIGHTS_MAX);
}

/* ---- cut ---- */

struct cut {
    struct atto_right asked, row[2], left;
};
#define P(name) PERIOD(PERIOD_##name)

/* Without a ceiling that fits, the period and numbers of what was asked for stay, beside no operation. */
static const struct cut cuts[] = {
    /* operations */
    { { DEVICE, READ | WRITE, 0, END, 0, 0, 0 }, { { DEVICE, READ, 0, END, 0, 0, 0 } },
      { DEVICE, READ, 0, END, 0, 0, 0 } },
    { { DEVICE, 15, 0, END, 0, 0, 0 }, { { DEVICE, 15, 0, END, 0, 0, 0 } }, { DEVICE, READ | WRITE, 0, END, 0, 0, 0 } },
    { { DEVICE, READ, 0, END, 0, 0, 0 }, { { DEVICE, WRITE, 0, END, 0, 0, 0 } }, { DEVICE, 0, 0, END, 0, 0, 0 } },
    { { DEVICE, READ, 0, END, 0, 0, 0 }, { { MEMORY, 15, 0, END, 0, 0, 0 } }, { DEVICE, 0, 0, END, 0, 0, 0 } },
    { { DEVICE, CONTROL, 0, END, 0, 0, 0 }, { { DEVICE, CONTROL, 0, END, 0, 0, 0 } }, { DEVICE, 0, 0, END, 0, 0, 0 } },
    { { DEVICE, 0, 4, 9, 0, 0, 7 }, { { DEVICE, 15, 0, END, 0, 0, 0 } }, { DEVICE, 0, 4, 9, 0, 0, 7 } },
    /* ranges */
    { { DEVICE, READ, 10, 20, 0, 0, 0 }, { { DEVICE, READ, 15, 30, 0, 0, 0 } }, { DEVICE, READ, 15, 20, 0, 0, 0 } },
    { { DEVICE, READ, 10, 20, 0, 0, 0 }, { { DEVICE, READ, 20, 20, 0, 0, 0 } }, { DEVICE, READ, 20, 20, 0, 0, 0 } },
    { { DEVICE, READ, 10, 20, 0, 0, 0 }, { { DEVICE, READ, 21, END, 0, 0, 0 } }, { DEVICE, 0, 10, 20, 0, 0, 0 } },
    { { DEVICE, READ, 10, 20, 0, 0, 0 }, { { DEVICE, READ, 0, 9, 0, 0, 0 } }, { DEVICE, 0, 10, 20, 0, 0, 0 } },
    { { DEVICE, READ, 10, END, 0, 0, 0 }, { { DEVICE, READ, 0, 10, 0, 0, 0 } }, { DEVICE, READ, 10, 10, 0, 0, 0 } },
    { { DEVICE, READ, 0, END, 0, 0, 0 }, { { DEVICE, READ, 7, END, 0, 0, 0 } }, { DEVICE, READ, 7, END, 0, 0, 0 } },
    /* the first row that has something in common, alone */
    { { DEVICE, READ | WRITE, 5, 50, 0, 0, 0 },
      { { DEVICE, READ, 0, 4, 0, 0, 0 }, { DEVICE, WRITE, 0, 40, 0, 0, 0 } }, { DEVICE, WRITE, 5, 40, 0, 0, 0 } },
    { { DEVICE, READ | WRITE, 5, 50, 0, 0, 0 },
      { { DEVICE, READ, 50, 60, 0, 0, 0 }, { DEVICE, READ | WRITE, 0, END, 0, 0, 0 } },
      { DEVICE, READ, 50, 50, 0, 0, 0 } },
    /* rates and totals */
    { { DEVICE, READ, 0, END, 0, 0, 0 }, { { DEVICE, READ | P(1S), 0, END, 5, 6, 7 } },
      { DEVICE, READ | P(1S), 0, END, 5, 6, 7 } },
    { { DEVICE, READ | P(1S), 0, END, 5, 6, 7 }, { { DEVICE, READ, 0, END, 0, 0, 0 } },
      { DEVICE, READ | P(1S), 0, END, 5, 6, 7 } },
    { { DEVICE, READ | P(1MS), 0, END, 9, 0, 8 }, { { DEVICE, READ | P(10S), 0, END, 5, 6, 0 } },
      { DEVICE, READ | P(10S), 0, END, 5, 6, 8 } },
    { { DEVICE, READ | P(10S), 0, END, 3, 0, 4 }, { { DEVICE, READ | P(100MS), 0, END, 5, 6, 3 } },
      { DEVICE, READ | P(10S), 0, END, 3, 6, 3 } },
    { { DEVICE, READ | P(1S), 0, END, END, 0, 0 }, { { DEVICE, READ | P(1S), 0, END, 0, END, END } },
      { DEVICE, READ | P(1S), 0, END, END, END, END } },
};

static void cut_to_the_ceiling(void)
{
    for (uint32_t i = 0; i < COUNT(cuts); i++) {
        uint32_t rows = cuts[i].row[1].last != 0u ? 2u : 1u;
        struct atto_right wide[] = { { DEVICE, 15, 0, END, 0, 0, 0 }, { MEMORY, 15, 0, END, 0, 0, 0 } };
        harness_case(i, 0);
        rights_world_begin();
        make_toucher();
        rw.tenants[1].rights = cuts[i].row;
        rw.tenants[1].right_count = rows;
        struct atto_container *container = rights_install(2, &cuts[i].asked, 1);
        CHECK(container != NULL);
        CHECK(rights_is(container, 0, cuts[i].left));
        EQUAL(atto_engine_set_rights(ENGINE, container, 1, &cuts[i].asked, 1, 0), ATTO_OK);
        CHECK(rights_is(container, 1, cuts[i].left));
        EQUAL(atto_engine_set_ceiling(ENGINE, 2, wide, 2, 0), ATTO_OK);
        CHECK(rights_is(container, 0, cuts[i].left)); /* nothing comes back */
        EQUAL(atto_engine_set_rights(ENGINE, container, 0, &cuts[i].asked, 1, 0), ATTO_OK);
        EQUAL(atto_engine_set_ceiling(ENGINE, 2, cuts[i].row, rows, 0), ATTO_OK);
        CHECK(rights_is(container, 0, cuts[i].left));
        /* What was cut is as legal as what was asked for. */
        EQUAL(atto_engine_set_rights(ENGINE, container, 0, &cuts[i].left, 1, 0), ATTO_OK);
        CHECK(rights_is(container, 0, cuts[i].left));
        EQUAL(atto_engine_set_ceiling(ENGINE, 2, NOTHING, 0), ATTO_OK);
        CHECK((cuts[i].left.operations & 15u) == 0u || !rights_is(container, 0, cuts[i].left));
        EQUAL(rights_touch(container, 0, cuts[i].left.first), ATTO_E_DENIED);
    }
}

static void ceilings_of_one_tenant(void)
{
    static const struct atto_right ceiling[] = { { DEVICE, READ, 0, 99, 0, 0, 0 } };
    rights_world_begin();
    make_toucher();
    for (uint32_t i = 0; i < TENANTS; i++) {
        rw.tenants[i].rights = ceiling;
        rw.tenants[i].right_count = 1;
    }
    struct atto_container *theirs[4], *owners = rights_install(0, RIGHTS(RIGHT(DEVICE, READ, 0, END)));
    CHECK(owners != NULL);
    for (uint32_t i = 0; i < 4u; i++) {
        theirs[i] = rights_install(i < 2u ? 1u : i, RIGHTS(RIGHT(DEVICE, READ, 0, END), RIGHT(DEVICE, READ, 60, 70)));
        CHECK(theirs[i] != NULL && rights_is(theirs[i], 0, RIGHT(DEVICE, READ, 0, 99)));
    }
    rights_keep();
    for (uint32_t bad = 0; bad < COUNT(bad_rights); bad++) {
        struct atto_right rows[4];
        for (uint32_t at = 0; at < 4u; at++) {
            for (uint32_t k = 0; k < 4u; k++)
                rows[k] = k == at ? bad_rights[bad] : RIGHT(DEVICE, READ, 0, 1);
            EQUAL(atto_engine_set_ceiling(ENGINE, 1, rows, 4, 0), ATTO_E_ARGUMENT);
            CHECK(rights_kept());
        }
    }
    EQUAL(atto_engine_set_ceiling(ENGINE, 0, ceiling, 1, 0), ATTO_E_ARGUMENT);
    EQUAL(atto_engine_set_ceiling(ENGINE, TENANTS + 1u, ceiling, 1, 0), ATTO_E_ARGUMENT);
    EQUAL(atto_engine_set_ceiling(ENGINE, UINT32_MAX, ceiling, 1, 0), ATTO_E_ARGUMENT);
    CHECK(rights_kept());
    static const struct atto_right lower[] = { { DEVICE, READ, 0, 49, 0, 0, 0 } };
    EQUAL(atto_engine_set_ceiling(ENGINE, 1, lower, 1, 0), ATTO_OK);
    for (uint32_t i = 0; i < 4u; i++) {
        EQUAL(rights_touch(theirs[i], 0, 49), 1);
        EQUAL(rights_touch(theirs[i], 0, 50), i < 2u ? (int64_t)ATTO_E_DENIED : 1);
        EQUAL(rights_touch(theirs[i], 1, 60), i < 2u ? (int64_t)ATTO_E_DENIED : 1);
    }
    EQUAL(rights_touch(owners, 0, 5000), 1);
}

/* ---- all or nothing ---- */

static void set_all_or_nothing(void)
{
    struct atto_right rows[ATTO_RIGHTS_MAX + 1u];
    for (uint32_t tenant = 0; tenant < 2u; tenant++) {
        rights_world_begin();
        make_toucher();
        make_rows(rows, 0, NULL);
        struct atto_container *container = rights_install(tenant, rows, 5);
        CHECK(container != NULL);
        rights_keep();
        for (uint32_t bad = 0; bad < COUNT(bad_rights); bad++) {
            for (uint32_t count = 1; count <= 7u; count++) {
                for (uint32_t at = 0; at < count; at++) {
                    harness_case(bad, count * 100u + at);
                    make_rows(rows, at, &bad_rights[bad]);
                    for (uint32_t first = 0; first <= 5u; first++)
                        EQUAL(atto_engine_set_rights(ENGINE, container, first, rows, count, 0), ATTO_E_ARGUMENT);
                    CHECK(rights_kept());
                }
            }
        }
        make_rows(rows, 0, NULL);
        EQUAL(atto_engine_set_rights(ENGINE, container, 6, rows, 1, 0), ATTO_E_ARGUMENT);
        EQUAL(atto_engine_set_rights(ENGINE, container, 6, rows, 0, 0), ATTO_E_ARGUMENT);
        EQUAL(atto_engine_set_rights(ENGINE, container, UINT32_MAX, rows, 1, 0), ATTO_E_ARGUMENT);
        EQUAL(atto_engine_set_rights(ENGINE, container, 0, rows, ATTO_RIGHTS_MAX + 1u, 0), ATTO_E_ARGUMENT);
        EQUAL(atto_engine_set_rights(ENGINE, container, 5, rows, ATTO_RIGHTS_MAX - 4u, 0), ATTO_E_ARGUMENT);
        EQUAL(atto_engine_set_rights(ENGINE, container, 5, rows, UINT32_MAX, 0), ATTO_E_ARGUMENT);
        EQUAL(atto_engine_set_rights(ENGINE, container, 1, rows, UINT32_MAX, 0), ATTO_E_ARGUMENT);
        EQUAL(atto_engine_set_rights(ENGINE, container, 5, NULL, 0, 0), ATTO_OK);
        CHECK(rights_kept());
        EQUAL(atto_engine_set_rights(ENGINE, container, 5, rows, ATTO_RIGHTS_MAX - 5u, 0), ATTO_OK);
        EQUAL(world_info(&rw.world, container).rights, ATTO_RIGHTS_MAX);
    }
}

/* ---- while it runs ---- */

/* Touches the device of handle 0 three times in one activation, and acts in between; answers in data[0] to data[2]. */
static void make_actor(void)
{
    world_image(&rw_image,
                SLOTS(MOV(6, ADDRESS(REGION_DATA, 0)), MOV(1, 0), MOV(2, 5), CALL(CALL_TOUCH),
                      STORE(SIZE_DW, 6, 0, 0), CALL(CALL_ACT), MOV(1, 0), MOV(2, 5), CALL(CALL_TOUCH),
                      STORE(SIZE_DW, 6, 0, 8), CALL(CALL_ACT), MOV(1, 0), MOV(2, 5), CALL(CALL_TOUCH), EXIT),
                ENTRIES({ "loop", 0 }));
}

static uint32_t acts;

static void take_and_give(struct atto_container *container)
{
    uint8_t operations = acts++ % 2u == 0u ? (uint8_t)0 : (uint8_t)READ;
    EQUAL(atto_engine_set_rights(ENGINE, container, 0, RIGHTS(RIGHT(DEVICE, operations, 0, END)), 7), ATTO_OK);
}

/* Changes, and lets the table grow too, so that it moves under the program's feet. */
static void give_and_grow(struct atto_container *container)
{
    struct atto_right rows[ATTO_RIGHTS_MAX + 1u];
    make_rows(rows, 0, NULL);
    take_and_give(container);
    uint32_t count = world_info(&rw.world, container).rights;
    EQUAL(atto_engine_set_rights(ENGINE, container, count, rows, 10, 7), ATTO_OK);
}

static void lower_and_raise(struct atto_container *container)
{
    static const struct atto_right wide[] = { { DEVICE, READ, 0, END, 0, 0, 0 } };
    if (acts++ % 2u == 0u) {
        EQUAL(atto_engine_set_ceiling(ENGINE, 1, NOTHING, 0), ATTO_OK);
    } else {
        EQUAL(atto_engine_set_ceiling(ENGINE, 1, wide, 1, 0), ATTO_OK);
        EQUAL(atto_engine_set_rights(ENGINE, container, 0, wide, 1, 0), ATTO_OK);
    }
}

static void at_the_next_call(void)
{
    static void (*const changes[])(struct atto_container *) = { take_and_give, give_and_grow, lower_and_raise };
    static const struct atto_right wide[] = { { DEVICE, READ, 0, END, 0, 0, 0 } };
    for (uint32_t i = 0; i < COUNT(changes); i++) {
        for (uint32_t slice = 2; slice < 100u; slice += 5u) {
            struct atto_schedule schedule = { .priority = 8, .loop_count = 1, .period_us = 10000 };
            struct atto_container *container;
            harness_case(i, slice);
            rights_world_begin();
            make_actor();
            rw.world.config.slice_fuel = slice;
            rw.tenants[0].rights = wide;
            rw.tenants[0].right_count = 1;
            rw.act = changes[i];
            acts = 0;
            EQUAL(rights_install_status(i == 2u, wide, 1, &schedule, &container), ATTO_OK);
            EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
            world_run(&rw.world, AT_MS(100));
            EQUAL(world_info(&rw.world, container).counters.faults, 0);
            EQUAL(acts, 2);
            EQUAL(rights_word(container, 0), 1);
            EQUAL(rights_word(container, 1), ATTO_E_DENIED);
            EQUAL(atto_run_result(rights_run(container)), 1);
            EQUAL(world_info(&rw.world, container).counters.denials, 1);
            EQUAL(world_info(&rw.world, container).rights, i == 1u ? 21 : 1);
            EQUAL(rw.world.lock_errors, 0);
        }
    }
}

/* ---- the table ---- */

/* What was used of a rate stays used when the table moves; another endpoint or a new total begins anew. */
static void a_longer_table(void)
{
    static const struct atto_right rated = { DEVICE, READ | P(1S), 0, END, 3, 0, 0 };
    static const struct atto_right total = { OTHER_DEVICE, READ, 0, END, 0, 0, 2 };
    for (uint32_t tenant = 0; tenant < 2u; tenant++) {
        static const struct atto_right wide[] = { { DEVICE, 15, 0, END, 0, 0, 0 },
                                                  { OTHER_DEVICE, 15, 0, END, 0, 0, 0 } };
        rights_world_begin();
        make_toucher();
        rw.tenants[0].rights = wide;
        rw.tenants[0].right_count = 2;
        struct atto_container *container = rights_install(tenant, NOTHING);
        CHECK(container != NULL);
        EQUAL(atto_engine_set_rights(ENGINE, container, 0, RIGHTS(RIGHT(DEVICE, READ, 0, 9)), 0), ATTO_OK);
        EQUAL(rights_touch(container, 0, 9), 1);
        EQUAL(atto_engine_set_rights(ENGINE, container, 1, &rated, 1, 0), ATTO_OK);
        EQUAL(atto_engine_set_rights(ENGINE, container, 2, &total, 1, 0), ATTO_OK);
        EQUAL(rights_touch(container, 1, 0), 1);
        EQUAL(rights_touch(container, 1, 0), 1);
        EQUAL(rights_touch(container, 2, 0), 1);
        for (uint32_t count = 3; count < ATTO_RIGHTS_MAX; count++) {
            EQUAL(atto_engine_set_rights(ENGINE, container, count, RIGHTS(RIGHT(OTHER_DEVICE, READ, 0, 1)), 0),
                  ATTO_OK);
            EQUAL(world_info(&rw.world, container).rights, count + 1u);
        }
        CHECK(rights_is(container, 0, RIGHT(DEVICE, READ, 0, 9)) && rights_is(container, 1, rated));
        CHECK(rights_is(container, 2, total));
        EQUAL(rights_touch(container, 1, 0), 1);
        EQUAL(rights_touch(container, 1, 0), ATTO_E_QUOTA);
        EQUAL(rights_touch(container, 2, 0), 1);
        EQUAL(rights_touch(container, 2, 0), ATTO_E_QUOTA);
        EQUAL(rights_touch(container, ATTO_RIGHTS_MAX - 1u, 1), 1);
        EQUAL(rights_touch(container, ATTO_RIGHTS_MAX, 1), ATTO_E_DENIED);
        EQUAL(atto_engine_set_rights(ENGINE, container, ATTO_RIGHTS_MAX, &rated, 1, 0), ATTO_E_ARGUMENT);
        /* Set again: the rate goes on, the total begins anew; from another endpoint, all does. */
        EQUAL(atto_engine_set_rights(ENGINE, container, 1, RIGHTS(rated, total), 0), ATTO_OK);
        EQUAL(rights_touch(container, 1, 0), ATTO_E_QUOTA);
        EQUAL(rights_touch(container, 2, 0), 1);
        EQUAL(rights_touch(container, 2, 0), 1);
        EQUAL(rights_touch(container, 2, 0), ATTO_E_QUOTA);
        EQUAL(atto_engine_set_rights(ENGINE, container, 1, RIGHTS(total, rated), 0), ATTO_OK);
        EQUAL(rights_touch(container, 2, 0), 1);
        EQUAL(rights_touch(container, 1, 0), 1);
        EQUAL(rights_touch(container, 1, 0), 1);
        EQUAL(rights_touch(container, 1, 0), ATTO_E_QUOTA);
        EQUAL(atto_engine_remove(ENGINE, container), ATTO_OK);
        CHECK(world_pool_is_empty(&rw.world));
    }
}

/* Meters survive the end of a life, and a total is no more after a restart. */
static void a_restart_gives_nothing_back(void)
{
    struct atto_right row = { DEVICE, READ | P(10S), 0, END, 2, 0, 0 };
    struct atto_container *container = begin(&row, 1);
    CHECK(container != NULL);
    EQUAL(rights_touch(container, 0, 0), 1);
    EQUAL(rights_touch(container, 0, 0), 1);
    EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
    EQUAL(atto_engine_stop(ENGINE, container, true), ATTO_OK);
    EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
    EQUAL(rights_touch(container, 0, 0), ATTO_E_QUOTA);
}

/* ---- no memory ---- */

static void no_room_for_a_longer_table(void)
{
    struct atto_right rows[ATTO_RIGHTS_MAX + 1u], rated = { DEVICE, READ | P(1S), 0, END, 3, 0, 0 };
    make_rows(rows, 0, NULL);
    /* A block of n rights takes `some` + 12 * n bytes; so free bytes decide how many rights there can be. */
    for (uint32_t left = 0; left < 600u; left += 8u) {
        struct atto_container *container = begin(rows, 2);
        CHECK(container != NULL);
        uint32_t ram = world_info(&rw.world, container).ram_bytes, most = 2;
        CHECK(rights_fill(left) != NULL);
        for (uint32_t count = 3; count <= ATTO_RIGHTS_MAX; count++) {
            rights_keep();
            enum atto_status status = atto_engine_set_rights(ENGINE, container, 0, rows, count, 0);
            harness_case(left, count);
            if (status == ATTO_OK) {
                most = count;
                break; /* its old block is free now */
            }
            EQUAL(status, ATTO_E_NO_MEMORY);
            CHECK(rights_kept());
        }
        uint32_t now = world_info(&rw.world, container).ram_bytes;
        CHECK(most == 2u ? now == ram : now >= ram && now - ram <= 16u && now <= left + ram);
        CHECK(most != 2u || left < 72u + 3u * 12u);
        /* What needs no more room can still be done; a meter needs some. */
        EQUAL(atto_engine_set_rights(ENGINE, container, 0, rows + 1, most, 0), ATTO_OK);
        rights_keep();
        enum atto_status status = atto_engine_set_rights(ENGINE, container, 1, &rated, 1, 0);
        CHECK(status == ATTO_OK || (status == ATTO_E_NO_MEMORY && rights_kept()));
        CHECK(left >= 24u || status == ATTO_E_NO_MEMORY);
    }
}

static void no_room_for_a_container(void)
{
    struct atto_right rows[ATTO_RIGHTS_MAX + 1u];
    struct atto_container *container;
    make_rows(rows, 0, NULL);
    for (uint32_t tenant = 0; tenant < 2u; tenant++) {
        rights_world_begin();
        make_toucher();
        EQUAL(rights_install_status(tenant, rows, 20, NULL, &container), ATTO_OK);
        uint32_t needed = rw.world.report.ram_bytes;
        EQUAL(world_info(&rw.world, container).ram_bytes, needed);
        EQUAL(rights_install_status(tenant, rows, 0, NULL, &container), ATTO_OK);
        EQUAL(needed - rw.world.report.ram_bytes >= 20u * 12u, true);
        for (uint32_t bytes = 0; bytes < needed; bytes += 8u) {
            rights_world_again(bytes);
            harness_case(tenant, bytes);
            EQUAL(rights_install_status(tenant, rows, 20, NULL, &container), ATTO_E_NO_MEMORY);
            EQUAL(rw.world.report.constraint, ATTO_CONSTRAINT_MEMORY);
            EQUAL(rw.world.report.missing, needed - bytes);
            CHECK(atto_engine_next(ENGINE, NULL) == NULL);
            CHECK(bytes < 400u || world_pool_is_empty(&rw.world));
        }
        rights_world_again(needed);
        EQUAL(rights_install_status(tenant, rows, 20, NULL, &container), ATTO_OK);
    }
}

static const struct harness_test tests[] = {
    TEST(nothing_is_allowed, "Without a right every call that needs one is refused, whatever its handle."),
    TEST(refused_and_alive, "A container that is refused everything keeps running."),
    TEST(denials_are_counted, "Refusals are counted, up to the counter's end."),
    TEST(given_at_install, "A container may do what its rights say and nothing else."),
    TEST(bad_rights_at_install, "One bad right at any place refuses the install, and says which it was."),
    TEST(cut_to_the_ceiling, "A right is what endpoint, request and ceiling have in common, whatever came first."),
    TEST(ceilings_of_one_tenant, "A ceiling cuts its tenant's containers at once, and nobody else's."),
    TEST(set_all_or_nothing, "One bad right at any place, and no byte has changed."),
    TEST(at_the_next_call, "A change is there at the next call, also within an activation."),
    TEST(a_longer_table, "A table grows with all that it has, rates that are used up included."),
    TEST(a_restart_gives_nothing_back, "A new life has the rights and the meters of the old one."),
    TEST(no_room_for_a_longer_table, "Without memory for a longer table nothing has changed."),
    TEST(no_room_for_a_container, "Rights are part of the memory that an install is refused for."),
};
HARNESS_MAIN(tests)
