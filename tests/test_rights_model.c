/* Random changes of rights and ceilings, random calls, windows, lives and jumps of the clock, from outside and from the
 * middle of slices, held step by step against the model of rights_model.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "guest.h"
#include "harness.h"
#include "rights_model.h"
#include "rng.h"

#define CONTAINERS 6u
#define ASK_MAX 12u

static struct rng rng;
static struct rights_model models[CONTAINERS];
static struct atto_right ceilings[TENANTS + 1u][2][ASK_MAX]; /* in use, and the next one */
static uint32_t ceiling_in_use[TENANTS + 1u];
static uint32_t refused_memory, changes_made, calls_allowed, calls_refused, quotas, slices, windows_opened;

static uint32_t below(uint32_t count)
{
    return rng_below(&rng, count);
}

/* ---- random arguments ---- */

static uint16_t number(void)
{
    switch (below(8)) {
    case 0:
        return (uint16_t)(0xfffdu + below(3));
    case 1:
        return (uint16_t)rng_next(&rng);
    default:
        return (uint16_t)below(70);
    }
}

static struct atto_right random_right(void)
{
    struct atto_right right = { .endpoint = (uint8_t)below(ENDPOINTS), .operations = (uint8_t)below(16) };
    uint16_t a = number(), b = rng_once_in(&rng, 3) ? ATTO_RANGE_END : number();
    if (!rng_once_in(&rng, 4)) /* more often one that allows something */
        right.operations = ATTO_OPERATIONS;
    right.first = !rng_once_in(&rng, 3) ? 0 : a < b ? a : b;
    right.last = a < b ? b : a;
    if (rng_once_in(&rng, 3)) {
        right.operations |= (uint8_t)((1u + below(8)) << 4);
        right.calls = (uint16_t)below(6);
        right.bytes = (uint16_t)below(right.calls != 0u ? 40 : 20);
        if (right.calls == 0u && right.bytes == 0u)
            right.calls = 1;
    }
    if (rng_once_in(&rng, 6))
        right.total = (uint16_t)(1u + below(5));
    return right;
}

/* Rows, seldom with one that is not allowed. Returns whether all are. */
static bool random_rows(struct atto_right *rows, uint32_t count)
{
    bool legal = true;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = random_right();
    if (count != 0u && rng_once_in(&rng, 5)) {
        struct atto_right *row = &rows[below(count)];
        switch (below(4)) {
        case 0:
            row->endpoint = (uint8_t)(ENDPOINTS + below(251));
            break;
        case 1:
            row->operations = (uint8_t)rng_next(&rng);
            break;
        case 2:
            row->last = number();
            break;
        default:
            row->calls = (uint16_t)below(3);
            row->bytes = (uint16_t)below(3);
            break;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        legal = legal && model_legal(&rows[i]);
    return legal;
}

static struct rights_model *random_model(void)
{
    struct rights_model *m = &models[below(CONTAINERS)];
    return m->container != NULL ? m : NULL;
}

/* A handle, more often than not of a right to one of two endpoints. */
static uint64_t handle_for(const struct rights_model *m, uint32_t endpoint, uint32_t other)
{
    uint32_t handle = below(m->count + 2u);
    if (rng_once_in(&rng, 20))
        return rng_value(&rng);
    for (uint32_t i = 0; i < m->count && !rng_once_in(&rng, 10); i++) {
        uint32_t at = (handle + i) % m->count;
        if (m->right[at].endpoint == endpoint || m->right[at].endpoint == other)
            return at;
    }
    return handle;
}

/* ---- steps ---- */

static void compare_all(void)
{
    for (uint32_t i = 0; i < CONTAINERS && !harness_failed(); i++)
        if (models[i].container != NULL)
            model_compare(&models[i]);
}

static bool any_counts(const struct atto_right *rows, uint32_t count, uint32_t tenant)
{
    for (uint32_t i = 0; i < count; i++) {
        struct model_right right = model_of_row(&rows[i]);
        model_cut(&right, tenant);
        if (model_counts(&right))
            return true;
    }
    return false;
}

static void became(struct rights_model *m, const struct atto_right *rows, uint32_t count)
{
    m->count = 0;
    m->room = count;
    m->meters = m->tenant != 0u || any_counts(rows, count, m->tenant);
    memset(m->right, 0, sizeof m->right);
    model_close(m);
    for (uint32_t i = 0; i < count; i++)
        model_put(m, i, &rows[i]);
}

static void step_install(struct rights_model *m)
{
    static const struct atto_schedule schedule = { .priority = 8, .events = 1 };
    struct atto_right rows[ASK_MAX];
    struct atto_container *container = m->container;
    uint32_t count = below(ASK_MAX + 1u), tenant = below(TENANTS + 1u);
    bool legal = random_rows(rows, count), update = container != NULL;
    if (update && !rng_once_in(&rng, 4))
        tenant = m->tenant;
    struct atto_install request = { .bytes = rw_image.bytes, .len = rw_image.len, .schedule = &schedule, .fuel = 1000,
                                    .tenant = tenant, .rights = rows, .right_count = count };
    enum atto_status status = update ? atto_engine_update(ENGINE, &container, &request, &rw.world.report)
                                     : atto_engine_install(ENGINE, &request, &container, &rw.world.report);
    if (!legal) {
        EQUAL(status, ATTO_E_ARGUMENT);
        return;
    }
    if (update && (m->in_slice || tenant != m->tenant)) {
        EQUAL(status, m->in_slice ? ATTO_E_BUSY : ATTO_E_DENIED);
        return;
    }
    if (status == ATTO_E_NO_MEMORY) {
        refused_memory++;
        return;
    }
    EQUAL(status, ATTO_OK);
    m->container = container;
    m->tenant = tenant;
    if (!update) {
        m->denials = 0;
        m->id = world_info(&rw.world, container).id;
    }
    became(m, rows, count);
    if (!update)
        EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
}

static void step_remove(struct rights_model *m)
{
    if (m->in_slice) {
        EQUAL(atto_engine_remove(ENGINE, m->container), ATTO_E_STATE);
        return;
    }
    EQUAL(atto_engine_stop(ENGINE, m->container, true), ATTO_OK);
    if (rng_once_in(&rng, 2)) { /* begins again, without windows, with all that it had used */
        EQUAL(atto_engine_start(ENGINE, m->container), ATTO_OK);
        model_close(m);
        return;
    }
    EQUAL(atto_engine_remove(ENGINE, m->container), ATTO_OK);
    m->container = NULL;
}

static void step_set(struct rights_model *m)
{
    struct atto_right rows[ASK_MAX];
    uint32_t count = below(6), first = below(m->count + 2u);
    bool legal = random_rows(rows, count) && first <= m->count && first + count <= ATTO_RIGHTS_MAX;
    bool meters = m->meters || any_counts(rows, legal ? count : 0u, m->tenant);
    bool moves = first + count > m->room || meters != m->meters;
    enum atto_status status = atto_engine_set_rights(ENGINE, m->container, first, rows, count, 1);
    if (!legal) {
        EQUAL(status, ATTO_E_ARGUMENT);
        return;
    }
    if (status == ATTO_E_NO_MEMORY && moves) {
        refused_memory++;
        return;
    }
    EQUAL(status, ATTO_OK);
    for (uint32_t i = 0; i < count; i++)
        model_put(m, first + i, &rows[i]);
    if (first + count > m->room)
        m->room = first + count;
    m->meters = meters;
    changes_made++;
    if (!m->in_slice)
        model_look(m);
}

static void step_ceiling(void)
{
    uint32_t tenant = 1u + below(TENANTS), count = below(ASK_MAX), next = 1u - ceiling_in_use[tenant];
    struct atto_right *rows = ceilings[tenant][next];
    bool legal = random_rows(rows, count);
    if (legal && count >= ENDPOINTS && rng_once_in(&rng, 2)) { /* one that allows much */
        for (uint32_t i = 0; i < ENDPOINTS; i++)
            rows[count - 1u - i] = (struct atto_right){ (uint8_t)i, ATTO_OPERATIONS, 0, ATTO_RANGE_END, 0, 0, 0 };
    }
    enum atto_status status = atto_engine_set_ceiling(ENGINE, tenant, rows, count, 2);
    EQUAL(status, legal ? ATTO_OK : ATTO_E_ARGUMENT);
    if (!legal)
        return;
    ceiling_in_use[tenant] = next;
    model_ceilings[tenant].count = count;
    for (uint32_t i = 0; i < count; i++)
        model_ceilings[tenant].row[i] = model_of_row(&rows[i]);
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        if (models[i].container == NULL || models[i].tenant != tenant)
            continue;
        model_lower(&models[i]);
        if (!models[i].in_slice)
            model_look(&models[i]);
    }
}

static void step_call(struct rights_model *m)
{
    static const uint32_t numbers[] = { CALL_TOUCH, CALL_TOUCH, CALL_WRITE, CALL_WRITE, CALL_LOG, CALL_MAP };
    uint32_t call = numbers[below(6)];
    bool maps = call == CALL_MAP, ends;
    uint64_t r[6] = { 77, handle_for(m, maps ? MEMORY : DEVICE, maps ? ROM : OTHER_DEVICE), number(), below(18), 0, 0 };
    if (call == CALL_WRITE) /* in data, or where no memory is */
        r[2] = rng_once_in(&rng, 10) ? rng_value(&rng) & 0xffffffffafffffffu
                                     : ADDRESS(REGION_DATA, below(rng_once_in(&rng, 8) ? 18 : 3));
    else if (rng_once_in(&rng, 20))
        r[2] = rng_value(&rng);
    else if (r[1] < m->count && !rng_once_in(&rng, 3))
        r[2] = m->right[r[1]].first + below(4) - 1u;
    if (rng_once_in(&rng, 50))
        r[3] = rng_value(&rng);
    int64_t should = model_call(m, call, r, world_now(&rw.world), &ends);
    EQUAL(rights_call(m->container, call, r), ends ? (int64_t)ATTO_E_ARGUMENT : ATTO_OK);
    EQUAL(r[0], ends ? 77 : should);
    calls_allowed += should >= 0;
    calls_refused += should < 0;
    quotas += should == ATTO_E_QUOTA;
}

static void step_window(struct rights_model *m)
{
    uint32_t handle = (uint32_t)handle_for(m, MEMORY, ROM);
    if (rng_once_in(&rng, 3)) {
        EQUAL(atto_engine_unmap(ENGINE, m->container, handle), model_unmap(m, handle));
        return;
    }
    int32_t should = model_map(m, handle);
    EQUAL(atto_engine_map(ENGINE, m->container, handle), should);
    windows_opened += should >= 0;
}

/* Together below the 76 hours after which the meters' clock begins again. */
static void step_time(void)
{
    static const uint64_t spans_us[] = { 1, 63, 64, 961, 1024, 10000, 10048, 100032, 1000000, 10000000 };
    uint64_t span_us = spans_us[below(10)];
    if (rng_once_in(&rng, 20))
        span_us = rng_once_in(&rng, 8) ? 600000000u + below(2) * 3000000000u : 60000000u;
    rw.world.clock_ns += span_us * 1000u;
}

static void step_slice(struct rights_model *m);

/* One of them; a slice only from outside. */
static void step(bool inside)
{
    struct rights_model *m = random_model();
    uint32_t what = below(inside ? 38 : 42);
    if (what < 3u)
        step_time();
    else if (what == 3u)
        step_ceiling();
    else if (m == NULL)
        step_install(&models[below(CONTAINERS)]);
    else if (what == 4u && rng_once_in(&rng, 3))
        step_install(m);
    else if (what == 5u && rng_once_in(&rng, 6))
        step_remove(m);
    else if (what < 10u)
        step_set(m);
    else if (what < 13u)
        step_window(m);
    else if (what < 38u)
        step_call(m);
    else
        step_slice(m);
    GO_ON();
    if (what < 10u)
        compare_all();
    else if (m != NULL && m->container != NULL)
        model_compare(m);
}

/* ---- slices ---- */

static struct rights_model *running;
static uint64_t running_now_us;
static int64_t expected[2];

/* What is under way: the first call has been made and was predicted; other things happen; the second one follows. */
static void middle(struct atto_container *container)
{
    bool ends;
    CHECK(container == running->container);
    model_call(running, CALL_ACT, (const uint64_t[6]){ 0 }, 0, &ends);
    for (uint32_t i = below(5); i > 0u && !harness_failed(); i--)
        step(true);
    GO_ON();
    running_now_us = world_now(&rw.world);
}

/* A program touches, acts, and touches again. */
static void step_slice(struct rights_model *m)
{
    uint16_t data[2] = { (uint16_t)handle_for(m, DEVICE, OTHER_DEVICE), number() };
    const uint64_t r[6] = { 0, data[0], data[1], 0, 0, 0 };
    bool ends;
    slices++;
    EQUAL(atto_engine_post(ENGINE, m->container, 0, 0, data, sizeof data), ATTO_OK);
    running = m;
    m->in_slice = true;
    expected[0] = model_call(m, CALL_TOUCH, r, world_now(&rw.world), &ends);
    atto_engine_poll(ENGINE);
    GO_ON();
    expected[1] = model_call(m, CALL_TOUCH, r, running_now_us, &ends);
    m->in_slice = false;
    model_look(m);
    EQUAL(rights_word(m->container, 0), expected[0]);
    EQUAL(rights_word(m->container, 1), expected[1]);
    EQUAL(world_info(&rw.world, m->container).counters.faults, 0);
}

/* ---- worlds ---- */

static void make_program(void)
{
    world_image(&rw_image,
                SLOTS(MOV_REG(6, 1), MOV(7, ADDRESS(REGION_DATA, 0)), LOAD(SIZE_H, 1, 6, 0), LOAD(SIZE_H, 2, 6, 2),
                      CALL(CALL_TOUCH), STORE(SIZE_DW, 7, 0, 0), CALL(CALL_ACT), LOAD(SIZE_H, 1, 6, 0),
                      LOAD(SIZE_H, 2, 6, 2), CALL(CALL_TOUCH), STORE(SIZE_DW, 7, 0, 8), EXIT),
                ENTRIES({ "loop", 0 }));
}

static void one_world(uint32_t steps)
{
    rights_world_begin();
    make_program();
    rights_model_begin();
    memset(models, 0, sizeof models);
    memset(ceiling_in_use, 0, sizeof ceiling_in_use);
    rw.world.config.fuel_per_ms = 0;
    rw.world.config.slice_fuel = 1000;
    rw.world.fuel_ns = 0; /* the clock is the test's alone */
    rw.act = middle;
    rights_world_again(rng_once_in(&rng, 6) ? 2000u + 8u * below(500) : WORLD_POOL_BYTES);
    for (uint32_t i = 0; i < 5u; i++)
        step_ceiling();
    for (uint32_t i = 0; i < steps && !harness_failed(); i++)
        step(false);
    GO_ON();
    EQUAL(rw.world.lock_errors, 0);
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        if (models[i].container == NULL)
            continue;
        EQUAL(atto_engine_stop(ENGINE, models[i].container, true), ATTO_OK);
        EQUAL(atto_engine_remove(ENGINE, models[i].container), ATTO_OK);
    }
    CHECK(world_pool_is_empty(&rw.world));
}

static void everything_against_the_model(void)
{
    uint32_t worlds = harness_rounds(ON_LINUX_OR_BOARD(1000, 100)), steps = 1000;
    for (uint32_t i = 0; i < worlds && !harness_failed(); i++) {
        rng.state = harness_seed() + i;
        harness_case(harness_seed() + i, i);
        one_world(steps);
    }
    GO_ON();
    harness_note("changes of rights", changes_made);
    harness_note("calls allowed", calls_allowed);
    harness_note("calls refused", calls_refused);
    harness_note("of them for a rate or a total", quotas);
    harness_note("windows opened", windows_opened);
    harness_note("slices with changes in them", slices);
    harness_note("changes and installs without memory", refused_memory);
}

static const struct harness_test tests[] = {
    TEST(everything_against_the_model, "Whatever the order of changes and calls, the model says what is allowed."),
};
HARNESS_MAIN(tests)
