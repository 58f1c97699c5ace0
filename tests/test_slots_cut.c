/* Power cuts in the life of components: every operation of flash that a story of installs, updates, trials, rollbacks
 * and removals takes is cut off in each way, and the recovery is cut off again. After each cut the device must be as
 * before or as after the step that was cut; the story must go on from there to the same end.
 *
 * What is before and after is known from a run without cuts (slots_fingerprint), which test_slots holds against hand.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "harness.h"
#include "slots_world.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define PIECE 100u

static struct slots_world world;

static const struct slots_geometry geometries[] = {
    { 512, 8, 1, 2, 2, 5 }, { 256, 1, 2, 2, 3, 6 }, { 512, 4, 1, 3, 2, 4 }, { 1024, 16, 1, 2, 1, 8 },
    { 1024, 32, 1, 2, 1, 4 },
};

enum act { INSTALL, START, CONFIRM, FAULT, REMOVE, GIVE_UP, COUNT_UP };

struct step {
    enum act act;
    uint32_t component;
    uint32_t number; /* INSTALL: sequence and image */
    uint32_t counter; /* becomes true together with the step; 0: none */
    enum atto_status status;
};

static const struct step story[] = {
    { INSTALL, 1, 1, 0, ATTO_OK },
    { START, 1, 0, 0, ATTO_OK },
    { CONFIRM, 1, 0, 0, ATTO_OK },
    { INSTALL, 2, 2, 11, ATTO_OK }, /* a counter becomes true together with it */
    { CONFIRM, 2, 0, 0, ATTO_OK },
    { INSTALL, 1, 3, 0, ATTO_OK }, /* an update that faults */
    { START, 1, 0, 0, ATTO_OK },
    { FAULT, 1, 0, 0, ATTO_OK },
    { INSTALL, 1, 3, 12, ATTO_E_SEQUENCE },
    { COUNT_UP, 0, 0, 13, ATTO_OK },
    { INSTALL, 1, 4, 0, ATTO_OK }, /* one that never reports healthy */
    { START, 1, 0, 0, ATTO_OK },
    { START, 1, 0, 0, ATTO_OK },
    { START, 1, 0, 0, ATTO_OK },
    { START, 1, 0, 0, ATTO_OK }, /* rolled back here */
    { GIVE_UP, 1, 9, 0, ATTO_OK },
    { INSTALL, 1, 5, 0, ATTO_OK },
    { INSTALL, 1, 6, 14, ATTO_OK }, /* while another one is on trial */
    { CONFIRM, 1, 0, 0, ATTO_OK },
    { REMOVE, 2, 0, 15, ATTO_OK },
    { INSTALL, 2, 2, 0, ATTO_E_SEQUENCE },
    { INSTALL, 2, 7, 0, ATTO_OK },
    { FAULT, 2, 0, 0, ATTO_OK }, /* failed, with nothing behind it */
    { START, 2, 0, 0, ATTO_E_STATE },
    { INSTALL, 2, 8, 0, ATTO_OK },
    { REMOVE, 1, 0, 0, ATTO_OK },
    { COUNT_UP, 0, 0, 16, ATTO_OK },
};
_Static_assert(ATTO_SLOT_TRIALS == 3u, "the story counts starts");

static uint64_t prints[COUNT(story) + 1u];
static uint32_t free_slots[COUNT(story) + 1u];

static enum atto_status give_up(uint32_t image)
{
    struct atto_slot_writer writer;
    uint8_t bytes[50];
    enum atto_status status = atto_slots_open(&world.slots, &writer, slots_image_bytes(image));
    if (status != ATTO_OK)
        return status;
    memset(bytes, 7, sizeof bytes);
    status = atto_slots_write(&writer, bytes, sizeof bytes);
    atto_slots_abandon(&world.slots, &writer);
    return status;
}

static enum atto_status tell(const struct step *step)
{
    struct atto_versions found;
    const struct atto_record counter = { ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, 0),
                                         { (const uint8_t *)&step->counter, sizeof step->counter } };
    switch (step->act) {
    case INSTALL:
        return slots_install(&world, step->component, step->number, step->number, PIECE, step->counter);
    case START:
        return atto_slots_start(&world.slots, step->component, true, &found);
    case CONFIRM:
        return atto_slots_confirm(&world.slots, step->component);
    case FAULT:
        return atto_slots_fault(&world.slots, step->component);
    case REMOVE:
        return slots_remove(&world, step->component, step->counter);
    case GIVE_UP:
        return give_up(step->number);
    case COUNT_UP:
        return atto_records_put(&world.records, &counter, 1);
    }
    return ATTO_E_ARGUMENT;
}

static uint32_t free_count(void)
{
    uint32_t count = 0;
    for (uint32_t free = atto_slots_free(&world.slots); free != 0; free &= free - 1u)
        count++;
    return count;
}

/* The state is that before step `at`, or that after it. */
static bool is_at(uint32_t at)
{
    return slots_fingerprint(&world) == prints[at] && free_count() == free_slots[at];
}

/* Every free slot can really be opened. */
static void no_slot_leaks(void)
{
    struct atto_slot_writer writer;
    for (uint32_t free = free_count(); free != 0; free--)
        EQUAL(atto_slots_open(&world.slots, &writer, 1), ATTO_OK);
    EQUAL(atto_slots_open(&world.slots, &writer, 1), ATTO_E_NO_SPACE);
    EQUAL(world.flash.violations, 0);
}

/* The story without cuts. */
static void note_states(const struct slots_geometry *geometry, uint32_t *operations)
{
    slots_world_begin(&world, geometry, 0);
    EQUAL(slots_world_boot(&world, 0, TEAR_NOTHING), ATTO_OK);
    for (uint32_t i = 0; i <= COUNT(story); i++) {
        prints[i] = slots_fingerprint(&world);
        free_slots[i] = free_count();
        CHECK(prints[i] != 0);
        if (i < COUNT(story))
            EQUAL(tell(&story[i]), story[i].status);
    }
    *operations = world.flash.operations;
    CHECK(world.records.generation >= 1u); /* it compacts too */
    no_slot_leaks();
}

/* After power failed in step `at`: boots, cut off again in operation again_at; true if the step has happened. */
static bool recover(uint32_t at, uint32_t again_at, enum flash_tear tear, uint32_t *recovery)
{
    enum atto_status status = slots_world_boot(&world, again_at, tear);
    if (status == ATTO_OK && is_at(at))
        status = tell(&story[at]);
    *recovery = world.flash.operations;
    if (!world.flash.dead) {
        world.flash.cut_at = 0; /* it may take an operation less than it did before */
        return is_at(at + 1u);
    }
    status = slots_world_boot(&world, 0, tear);
    if (status != ATTO_OK || !(is_at(at) || is_at(at + 1u)))
        return false;
    if (!is_at(at + 1u))
        (void)tell(&story[at]);
    return is_at(at + 1u);
}

static void cut_story(const struct slots_geometry *geometry, uint32_t cut_at, uint32_t again_at, enum flash_tear tear,
                      uint32_t *recovery)
{
    bool was_cut = false;
    slots_world_begin(&world, geometry, 0);
    world.flash.rng.state = cut_at * 1000u + again_at;
    if (slots_world_boot(&world, cut_at, tear) != ATTO_OK) {
        (void)slots_world_boot(&world, again_at, tear);
        *recovery = world.flash.operations;
        EQUAL(slots_world_boot(&world, 0, tear), ATTO_OK);
        CHECK(is_at(0));
        was_cut = true;
    }
    for (uint32_t i = 0; i < COUNT(story); i++) {
        enum atto_status status = tell(&story[i]);
        if (!was_cut && world.flash.dead) {
            was_cut = true;
            if (again_at == 0) {
                EQUAL(slots_world_boot(&world, 0, tear), ATTO_OK);
                CHECK(is_at(i) || is_at(i + 1u));
            }
            CHECK(recover(i, again_at, tear, recovery));
        } else {
            EQUAL(status, story[i].status);
            CHECK(is_at(i + 1u));
        }
    }
    CHECK(was_cut);
    no_slot_leaks();
}

static void cut_at_every_operation(void)
{
    uint32_t cuts = 0, pairs = 0;
    for (uint32_t i = 0; i < ON_LINUX_OR_BOARD(COUNT(geometries), 1u); i++) {
        uint32_t operations = 0, recovery, unused;
        harness_case(i, 0);
        note_states(&geometries[i], &operations);
        GO_ON();
        for (uint32_t cut_at = 1; cut_at <= operations; cut_at += ON_LINUX_OR_BOARD(harness_stride(7u), 3u))
            for (uint32_t tear = 0; tear < TEAR_COUNT; tear++) {
                harness_case(i * 10u + tear, cut_at);
                recovery = 0;
                cut_story(&geometries[i], cut_at, 0, (enum flash_tear)tear, &recovery);
                GO_ON();
                cuts++;
                /* Of the recoveries, one in 19; the first operations of each, and then some. */
                for (uint32_t again_at = 1; cut_at % 19u == tear && again_at <= recovery;
                     again_at += again_at < 4u ? 1u : 5u) {
                    harness_case(i * 10u + tear, cut_at * 1000u + again_at);
                    cut_story(&geometries[i], cut_at, again_at, (enum flash_tear)tear, &unused);
                    GO_ON();
                    pairs++;
                }
            }
    }
    harness_note("cuts", cuts);
    harness_note("pairs of cuts", pairs);
}

/* Sequence numbers and counters under random cuts: each is at least what was ever told to be true, at most what was
 * asked for. */
static void numbers_never_go_back(void)
{
    struct rng rng = { harness_seed() };
    uint32_t sequence = 0, counter = 0, cuts = 0;
    slots_world_begin(&world, &geometries[0], 0);
    EQUAL(slots_world_boot(&world, 0, TEAR_NOTHING), ATTO_OK);
    for (uint32_t round = 1; round <= harness_rounds(ON_LINUX_OR_BOARD(3000u, 150u)); round++) {
        uint32_t now;
        harness_case(round, 0);
        if (!world.flash.dead && rng_once_in(&rng, 3))
            flash_world_power_up(&world.flash, 1u + rng_below(&rng, 60), (enum flash_tear)rng_below(&rng, TEAR_COUNT));
        switch (rng_below(&rng, 4)) {
        case 0:
            (void)slots_remove(&world, 1, round);
            break;
        case 1:
            (void)atto_slots_confirm(&world.slots, 1);
            break;
        case 2:
            (void)atto_slots_fault(&world.slots, 1);
            break;
        default:
            (void)slots_install(&world, 1, round, round, PIECE, round);
        }
        cuts += world.flash.dead;
        while (world.flash.dead)
            (void)slots_world_boot(&world, rng_once_in(&rng, 2) ? 1u : 0u,
                                   (enum flash_tear)rng_below(&rng, TEAR_COUNT));
        EQUAL(atto_slots_sequence(&world.slots, 1, &now), ATTO_OK);
        CHECK(now == sequence || now == round);
        sequence = now;
        now = slots_counter(&world);
        CHECK(now == counter || now == round);
        counter = now;
        CHECK(slots_fingerprint(&world) != 0);
    }
    CHECK(cuts > harness_rounds(ON_LINUX_OR_BOARD(300u, 15u)));
    harness_note("cuts", cuts);
    EQUAL(world.flash.violations, 0);
}

static const struct harness_test tests[] = {
    TEST(cut_at_every_operation, "wherever power is cut, once or twice, the device is as before or after the step"),
    TEST(numbers_never_go_back, "sequence numbers and counters never go back, through 3,000 random steps with cuts"),
};

int main(int argc, char **argv)
{
    return harness_run(argc, argv, tests, COUNT(tests));
}
