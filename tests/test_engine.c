/* The engine: lives, schedules, quotas and what is told about them, each by the smallest example, in simulated time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "engine_world.h"
#include "guest.h"
#include "harness.h"

static struct world world;
static struct image_bytes image;

#define AT_MS(ms) (1000000u + (ms) * 1000u)

/* Counts its activations in data, after `rounds` turns of a loop of 2 units of fuel each. */
static void make_counter(int32_t rounds)
{
    world_image(&image, SLOTS(MOV(1, rounds), ADD(1, -1), JUMP_IMM(IF_NE, 1, 0, -2), MOV(2, ADDRESS(REGION_DATA, 0)),
                              LOAD(SIZE_DW, 0, 2, 0), ADD(0, 1), STORE(SIZE_DW, 2, 0, 0), EXIT),
                ENTRIES({ "loop", 0 }));
}

static struct atto_container *begin(const struct atto_schedule *schedule)
{
    world_begin(&world);
    return world_install(&world, &image, schedule);
}

static void periodic_without_drift(void)
{
    struct atto_schedule schedule = ATTO_SCHEDULE_INIT;
    schedule.period_us = 10000;
    make_counter(100);
    struct atto_container *container = begin(&schedule);
    harness_case((uint64_t)world.report.refusal.status, world.report.refusal.at);
    EQUAL(world.report.constraint, 0);
    EQUAL(world.report.refusal.status, 0);
    CHECK(container != NULL);
    EQUAL(world_info(&world, container).state, ATTO_STATE_INSTALLED);
    EQUAL(atto_engine_start(&world.engine, container), ATTO_OK);
    world_run(&world, AT_MS(1000));
    struct atto_container_info info = world_info(&world, container);
    EQUAL(info.activations, 100);
    EQUAL(info.misses, 0);
    EQUAL(info.faults, 0);
    EQUAL(info.fuel, 100u * 206u);
    EQUAL(info.time_us, 100u * 206u);
    EQUAL(info.memory_bytes, 16);
    EQUAL(world.lock_errors, 0);
    EQUAL(atto_engine_stop(&world.engine, container, false), ATTO_OK);
    EQUAL(world_info(&world, container).state, ATTO_STATE_STOPPED);
    world_run(&world, AT_MS(2000));
    EQUAL(world_info(&world, container).activations, 100);
    EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    CHECK(atto_engine_next(&world.engine, NULL) == NULL);
}

static const struct harness_test tests[] = {
    TEST(periodic_without_drift, "A periodic container is activated on the grid of its period, however long it runs."),
};
HARNESS_MAIN(tests)
