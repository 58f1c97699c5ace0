/* Windows of containers onto memory of the firmware: opened by a right, as large as the right says, and closed when the
 * right goes.
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
#define WINDOWS (ATTO_BPF_REGIONS - (uint32_t)REGION_WINDOW)
#define ALL (READ | WRITE | MAP)

static void make_idler(void)
{
    world_image(&rw_image, SLOTS(MOV(0, 0), EXIT), ENTRIES({ "loop", 0 }));
}

static struct atto_container *begin(const struct atto_right *rights, uint32_t count)
{
    rights_world_begin();
    make_idler();
    return rights_install(0, rights, count);
}

/* Does the container see exactly these bytes through a window, and may it write them? NULL: it sees nothing. */
static bool sees(struct atto_container *container, uint32_t window, const uint8_t *ptr, uint32_t len, bool writes)
{
    const struct atto_run *run = rights_run(container);
    uint32_t base = ADDRESS((uint32_t)REGION_WINDOW + window, 0);
    if (ptr == NULL)
        return atto_run_span(run, base, 1, ATTO_READ) == NULL && atto_run_span(run, base, 1, ATTO_WRITE) == NULL;
    return atto_run_span(run, base, len, ATTO_READ) == ptr && atto_run_span(run, base, len + 1u, ATTO_READ) == NULL &&
           atto_run_span(run, base + len, 1, ATTO_READ) == NULL &&
           (atto_run_span(run, base, len, ATTO_WRITE) != NULL) == writes;
}

/* ---- open and closed ---- */

struct view {
    struct atto_right right;
    uint32_t first, len; /* bytes; 0: none */
    bool writes;
};

static const struct view views[] = {
    { { MEMORY, ALL, 0, END, 0, 0, 0 }, 0, 64, true },
    { { MEMORY, READ | MAP, 0, END, 0, 0, 0 }, 0, 64, false },
    { { MEMORY, ALL, 0, 63, 0, 0, 0 }, 0, 64, true },
    { { MEMORY, ALL, 0, 64, 0, 0, 0 }, 0, 64, true },
    { { MEMORY, ALL, 0, 62, 0, 0, 0 }, 0, 63, true },
    { { MEMORY, ALL, 0, END - 1, 0, 0, 0 }, 0, 64, true },
    { { MEMORY, ALL, 8, 15, 0, 0, 0 }, 8, 8, true },
    { { MEMORY, ALL, 0, 0, 0, 0, 0 }, 0, 1, true },
    { { MEMORY, ALL, 63, END, 0, 0, 0 }, 63, 1, true },
    { { MEMORY, ALL, 63, 63, 0, 0, 0 }, 63, 1, true },
    { { MEMORY, ALL, 64, END, 0, 0, 0 }, 0, 0, false },
    { { MEMORY, ALL, 64, 64, 0, 0, 0 }, 0, 0, false },
    { { MEMORY, ALL, END, END, 0, 0, 0 }, 0, 0, false },
    { { MEMORY, MAP, 0, END, 0, 0, 0 }, 0, 0, false },
    { { MEMORY, WRITE | MAP, 0, END, 0, 0, 0 }, 0, 0, false },
    { { MEMORY, READ | WRITE, 0, END, 0, 0, 0 }, 0, 0, false },
    { { MEMORY, 0, 0, END, 0, 0, 0 }, 0, 0, false },
    { { ROM, ALL, 0, END, 0, 0, 0 }, 0, 32, false },
    { { ROM, READ | MAP, 31, END, 0, 0, 0 }, 31, 1, false },
    { { ROM, READ | MAP, 32, END, 0, 0, 0 }, 0, 0, false },
    { { OTHER_DEVICE, 15, 0, END, 0, 0, 0 }, 0, 0, false },
    { { LOG, 15, 0, END, 0, 0, 0 }, 0, 0, false },
};

static const uint8_t *shown(const struct view *view)
{
    if (view->len == 0u)
        return NULL;
    return (view->right.endpoint == ROM ? rw.rom : rw.memory) + view->first;
}

static void as_large_as_the_right(void)
{
    for (uint32_t i = 0; i < COUNT(views); i++) {
        harness_case(i, 0);
        struct atto_container *container = begin(&views[i].right, 1);
        CHECK(container != NULL);
        CHECK(sees(container, 0, NULL, 0, false)); /* a right alone shows nothing */
        EQUAL(atto_engine_map(ENGINE, container, 0), views[i].len != 0u ? 0 : ATTO_E_DENIED);
        CHECK(sees(container, 0, shown(&views[i]), views[i].len, views[i].writes));
        CHECK(sees(container, 1, NULL, 0, false) && sees(container, 2, NULL, 0, false));
        EQUAL(atto_engine_unmap(ENGINE, container, 0), views[i].len != 0u ? ATTO_OK : ATTO_E_NOT_FOUND);
        EQUAL(atto_engine_unmap(ENGINE, container, 0), ATTO_E_NOT_FOUND);
        CHECK(sees(container, 0, NULL, 0, false));
    }
}

/* From every right to every other one: the window shows what the new one allows, or is closed and free again. */
static void follows_its_right(void)
{
    for (uint32_t from = 0; from < COUNT(views); from++) {
        for (uint32_t to = 0; to < COUNT(views); to++) {
            if (views[from].len == 0u)
                continue;
            harness_case(from, to);
            struct atto_container *container = begin(RIGHTS(views[from].right, RIGHT(ROM, READ | MAP, 0, END)));
            CHECK(container != NULL);
            EQUAL(atto_engine_map(ENGINE, container, 0), 0);
            EQUAL(atto_engine_map(ENGINE, container, 1), 1);
            EQUAL(atto_engine_set_rights(ENGINE, container, 0, &views[to].right, 1, 0), ATTO_OK);
            CHECK(sees(container, 0, shown(&views[to]), views[to].len, views[to].writes));
            CHECK(sees(container, 1, rw.rom, ROM_BYTES, false));
            EQUAL(atto_engine_unmap(ENGINE, container, 0), views[to].len != 0u ? ATTO_OK : ATTO_E_NOT_FOUND);
            EQUAL(atto_engine_set_rights(ENGINE, container, 0, &views[from].right, 1, 0), ATTO_OK);
            CHECK(sees(container, 0, NULL, 0, false)); /* a right that comes back does not open it */
            EQUAL(atto_engine_map(ENGINE, container, 0), 0);
        }
    }
}

static void as_many_as_there_are(void)
{
    struct atto_right rows[ATTO_RIGHTS_MAX];
    for (uint32_t i = 0; i < ATTO_RIGHTS_MAX; i++)
        rows[i] = RIGHT(MEMORY, READ | MAP, (uint16_t)i, (uint16_t)i);
    struct atto_container *container = begin(rows, ATTO_RIGHTS_MAX);
    CHECK(container != NULL);
    EQUAL(WINDOWS, 3);
    EQUAL(atto_engine_map(ENGINE, container, ATTO_RIGHTS_MAX), ATTO_E_DENIED);
    EQUAL(atto_engine_map(ENGINE, container, UINT32_MAX), ATTO_E_DENIED);
    EQUAL(atto_engine_unmap(ENGINE, container, UINT32_MAX), ATTO_E_NOT_FOUND);
    EQUAL(atto_engine_map(ENGINE, container, 31), 0);
    EQUAL(atto_engine_map(ENGINE, container, 7), 1);
    EQUAL(atto_engine_map(ENGINE, container, 0), 2);
    EQUAL(atto_engine_map(ENGINE, container, 8), ATTO_E_QUOTA);
    EQUAL(atto_engine_map(ENGINE, container, 7), 1);
    EQUAL(atto_engine_map(ENGINE, container, 0), 2);
    EQUAL(atto_engine_map(ENGINE, container, 31), 0);
    CHECK(sees(container, 0, rw.memory + 31, 1, false) && sees(container, 1, rw.memory + 7, 1, false) &&
          sees(container, 2, rw.memory, 1, false));
    EQUAL(atto_engine_unmap(ENGINE, container, 8), ATTO_E_NOT_FOUND);
    EQUAL(atto_engine_unmap(ENGINE, container, 7), ATTO_OK);
    EQUAL(atto_engine_map(ENGINE, container, 0), 2);
    EQUAL(atto_engine_map(ENGINE, container, 8), 1);
    CHECK(sees(container, 1, rw.memory + 8, 1, false));
    for (uint32_t i = 0; i < ATTO_RIGHTS_MAX; i++) /* by a bare number that is no handle */
        EQUAL(atto_engine_unmap(ENGINE, container, 0u - i - 1u), ATTO_E_NOT_FOUND);
}

/* Windows stay where they are when the table moves; a ceiling closes them. */
static void tables_and_ceilings(void)
{
    static const struct atto_right wide[] = { { MEMORY, ALL, 0, END, 0, 0, 0 } };
    static const struct atto_right low[] = { { MEMORY, READ | MAP, 0, 9, 0, 0, 0 } };
    rights_world_begin();
    make_idler();
    rw.tenants[2].rights = wide;
    rw.tenants[2].right_count = 1;
    struct atto_container *container = rights_install(3, wide, 1);
    CHECK(container != NULL);
    EQUAL(atto_engine_map(ENGINE, container, 0), 0);
    EQUAL(atto_engine_set_rights(ENGINE, container, 1, wide, 1, 0), ATTO_OK);
    CHECK(sees(container, 0, rw.memory, MEMORY_BYTES, true));
    EQUAL(atto_engine_map(ENGINE, container, 1), 1);
    EQUAL(atto_engine_set_ceiling(ENGINE, 3, low, 1, 0), ATTO_OK);
    CHECK(sees(container, 0, rw.memory, 10, false) && sees(container, 1, rw.memory, 10, false));
    EQUAL(atto_engine_set_ceiling(ENGINE, 3, wide, 1, 0), ATTO_OK);
    CHECK(sees(container, 0, rw.memory, 10, false) && sees(container, 1, rw.memory, 10, false));
    EQUAL(atto_engine_set_ceiling(ENGINE, 3, NOTHING, 0), ATTO_OK);
    CHECK(sees(container, 0, NULL, 0, false) && sees(container, 1, NULL, 0, false));
}

/* ---- ends of lives ---- */

static void closed_by_a_new_life(void)
{
    struct atto_container *container = begin(RIGHTS(RIGHT(MEMORY, ALL, 0, END)));
    const struct atto_install request = { .bytes = rw_image.bytes, .len = rw_image.len,
                                          .rights = &views[0].right, .right_count = 1 };
    CHECK(container != NULL);
    EQUAL(atto_engine_map(ENGINE, container, 0), 0);
    EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
    CHECK(sees(container, 0, NULL, 0, false));
    EQUAL(atto_engine_unmap(ENGINE, container, 0), ATTO_E_NOT_FOUND);
    EQUAL(atto_engine_map(ENGINE, container, 0), 0);
    EQUAL(atto_engine_update(ENGINE, &container, &request, NULL), ATTO_OK);
    CHECK(sees(container, 0, NULL, 0, false));
    EQUAL(atto_engine_unmap(ENGINE, container, 0), ATTO_E_NOT_FOUND);
    EQUAL(atto_engine_map(ENGINE, container, 0), 0);
}

/* A fault, and a restart by itself. */
static void closed_by_a_restart(void)
{
    struct atto_schedule schedule = { .priority = 8, .period_us = 10000, .restart = ATTO_RESTART_ON_FAULT };
    struct atto_container *container;
    rights_world_begin();
    /* Opens the window, fails at its first access in the second life. */
    world_image(&rw_image, SLOTS(MOV(6, ADDRESS(REGION_WINDOW, 0)), LOAD(SIZE_DW, 0, 6, 0), EXIT),
                ENTRIES({ "loop", 0 }));
    EQUAL(rights_install_status(0, &views[0].right, 1, &schedule, &container), ATTO_OK);
    EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
    EQUAL(atto_engine_map(ENGINE, container, 0), 0);
    world_run(&rw.world, AT_MS(55));
    EQUAL(world_info(&rw.world, container).counters.faults, 0);
    EQUAL(atto_engine_stop(ENGINE, container, true), ATTO_OK);
    EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
    world_run(&rw.world, AT_MS(100));
    CHECK(world_info(&rw.world, container).counters.faults > 1u);
    EQUAL(world_info(&rw.world, container).counters.last_fault, ATTO_FAULT_MEMORY);
}

/* ---- in the middle of a slice ---- */

static struct atto_right next_right;

static void change(struct atto_container *container)
{
    EQUAL(atto_engine_set_rights(ENGINE, container, 0, &next_right, 1, 0), ATTO_OK);
}

/* Maps, reads; acts; then calls `calls` times more or turns `turns` rounds; reads again. */
static void run_changer(uint32_t calls, int32_t turns, uint32_t slice, struct atto_container **container)
{
    const uint64_t call = calls != 0u ? CALL(CALL_LOG) : MOV(0, 0);
    struct atto_schedule schedule = { .priority = 8, .period_us = 1000000, .loop_count = 1 };
    rights_world_begin();
    world_image(&rw_image,
                SLOTS(MOV(1, 0), CALL(CALL_MAP), MOV(6, ADDRESS(REGION_WINDOW, 0)), LOAD(SIZE_B, 7, 6, 9),
                      CALL(CALL_ACT), call, MOV(8, turns), ADD(8, -1), JUMP_IMM(IF_SGT, 8, 0, -2),
                      LOAD(SIZE_B, 8, 6, 9), MOV_REG(0, 8), EXIT),
                ENTRIES({ "loop", 0 }));
    rw.act = change;
    rw.world.config.slice_fuel = slice;
    EQUAL(rights_install_status(0, &views[0].right, 1, &schedule, container), ATTO_OK);
    EQUAL(atto_engine_start(ENGINE, *container), ATTO_OK);
    world_run(&rw.world, AT_MS(500));
}

/* The firmware's promise: at the next call, or at the end of the slice. */
static void closed_in_the_middle(void)
{
    struct atto_container *container;
    next_right = RIGHT(MEMORY, 0, 0, END);
    for (uint32_t slice = 1; slice < 60u; slice++) { /* whatever is between, the call is enough */
        harness_case(slice, 0);
        run_changer(1, 0, slice, &container);
        GO_ON();
        EQUAL(world_info(&rw.world, container).counters.last_fault, ATTO_FAULT_MEMORY);
        EQUAL(rights_run(container)->pc, 9);
    }
    for (uint32_t slice = 1; slice < 60u; slice++) { /* so is the end of the slice */
        harness_case(slice, 1);
        run_changer(0, 100, slice, &container);
        GO_ON();
        EQUAL(world_info(&rw.world, container).counters.last_fault, ATTO_FAULT_MEMORY);
    }
    run_changer(0, 0, 1000, &container);
    GO_ON();
    CHECK(sees(container, 0, NULL, 0, false)); /* at the latest */
    next_right = RIGHT(MEMORY, READ | MAP, 0, 8); /* one byte too few */
    run_changer(1, 0, 1000, &container);
    GO_ON();
    EQUAL(world_info(&rw.world, container).counters.last_fault, ATTO_FAULT_MEMORY);
    next_right = RIGHT(MEMORY, READ | MAP, 0, 9);
    run_changer(1, 0, 1000, &container);
    GO_ON();
    EQUAL(world_info(&rw.world, container).counters.faults, 0);
    EQUAL(atto_run_result(rights_run(container)), 0x49);
}

/* A change in the middle of a slice does not undo what else was asked for in it, nor the other way round. */
static void pause_and_change(struct atto_container *container)
{
    EQUAL(atto_engine_pause(ENGINE, container), ATTO_OK);
    change(container);
}

static void change_and_pause(struct atto_container *container)
{
    change(container);
    EQUAL(atto_engine_pause(ENGINE, container), ATTO_OK);
}

static void change_pause_resume(struct atto_container *container)
{
    change(container);
    EQUAL(atto_engine_pause(ENGINE, container), ATTO_OK);
    EQUAL(atto_engine_resume(ENGINE, container), ATTO_OK);
}

static void change_and_stop(struct atto_container *container)
{
    EQUAL(atto_engine_stop(ENGINE, container, false), ATTO_OK);
    change(container);
}

static void other_wishes(void)
{
    static void (*const acts[])(struct atto_container *) = { pause_and_change, change_and_pause, change_pause_resume,
                                                             change_and_stop };
    static const enum atto_container_state states[] = { ATTO_STATE_PAUSED, ATTO_STATE_PAUSED, ATTO_STATE_FAULTED,
                                                        ATTO_STATE_STOPPED };
    for (uint32_t i = 0; i < COUNT(acts); i++) {
        struct atto_schedule schedule = { .priority = 8, .period_us = 1000000 };
        struct atto_container *container;
        harness_case(i, 0);
        rights_world_begin();
        world_image(&rw_image,
                    SLOTS(MOV(1, 0), CALL(CALL_MAP), MOV(6, ADDRESS(REGION_WINDOW, 0)), CALL(CALL_ACT), MOV(8, 500),
                          ADD(8, -1), JUMP_IMM(IF_NE, 8, 0, -2), LOAD(SIZE_B, 8, 6, 9), EXIT),
                    ENTRIES({ "loop", 0 }));
        next_right = RIGHT(MEMORY, 0, 0, END);
        rw.act = acts[i];
        rw.world.fuel = 10000;
        EQUAL(rights_install_status(0, &views[0].right, 1, &schedule, &container), ATTO_OK);
        EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
        world_run(&rw.world, AT_MS(500));
        GO_ON();
        EQUAL(world_info(&rw.world, container).state, states[i]);
        CHECK(sees(container, 0, NULL, 0, false));
    }
}

/* Through a hook: the container's right is taken while the hook runs it. */
static void closed_in_a_hook(void)
{
    static const struct atto_hook_type type = { .fuel = 1000, .calls = { { UINT32_MAX } } };
    struct atto_hook hook = { .type = &type };
    struct atto_attachment attachment = { 0 };
    struct atto_container *container;
    rights_world_begin();
    world_image(&rw_image, SLOTS(MOV(1, 0), CALL(CALL_MAP), CALL(CALL_ACT), MOV(0, 6), EXIT), ENTRIES({ "loop", 0 }));
    next_right = RIGHT(MEMORY, 0, 0, END);
    rw.act = change;
    EQUAL(rights_install_status(0, &views[0].right, 1, NULL, &container), ATTO_OK);
    EQUAL(atto_engine_start(ENGINE, container), ATTO_OK);
    EQUAL(atto_engine_attach(ENGINE, container, &hook, &attachment, 0, 0, ATTO_HOOK_CONTINUE), ATTO_OK);
    EQUAL(atto_hook_run(&hook, NULL, 0), 6);
    EQUAL(attachment.faults + attachment.skipped, 0);
    CHECK(sees(container, 0, NULL, 0, false));
}

/* Functions of the firmware have no windows: to ask for one must not look like success. */
static void functions_have_none(void)
{
    static atto_host_fn *const entries[] = { NULL };
    static const struct atto_host_program program = { .entries = entries, .entry_count = 1 };
    struct atto_container *container;
    const struct atto_install request = { .program = &program, .rights = &views[0].right, .right_count = 1 };
    rights_world_begin();
    EQUAL(atto_engine_install(ENGINE, &request, &container, NULL), ATTO_OK);
    EQUAL(atto_engine_map(ENGINE, container, 0), ATTO_E_QUOTA);
    EQUAL(atto_engine_unmap(ENGINE, container, 0), ATTO_E_NOT_FOUND);
}

static const struct harness_test tests[] = {
    TEST(as_large_as_the_right, "A window shows what its right's range and operations say, to the byte."),
    TEST(follows_its_right, "A window is as its right is, and a right that has gone has no window."),
    TEST(as_many_as_there_are, "There are three, each for one right."),
    TEST(tables_and_ceilings, "Windows stay when the table moves; a ceiling cuts them too."),
    TEST(closed_by_a_new_life, "A start and an update close all windows."),
    TEST(closed_by_a_restart, "So does a restart."),
    TEST(closed_in_the_middle, "A right that is taken in a slice closes the window at the next call, or at its end."),
    TEST(other_wishes, "It closes it whatever else is asked for in that slice."),
    TEST(closed_in_a_hook, "It closes it in a hook."),
    TEST(functions_have_none, "A function of the firmware gets no window."),
};
HARNESS_MAIN(tests)
