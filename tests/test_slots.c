/* Slots and versions without power cuts: the life of a version arrow by arrow, what is refused in each state, slots
 * that are free, wear, layouts; and wrong bits anywhere in flash, after which nothing wrong runs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "harness.h"
#include "slots_world.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define PIECE 13u

static struct slots_world world;
static struct atto_record own[ATTO_SLOTS_OWN_RECORDS];

static const struct slots_geometry geometries[] = {
    { 512, 8, 1, 2, 2, 5 }, { 256, 1, 3, 2, 3, 6 }, { 1024, 4, 1, 3, 1, 4 }, { 512, 16, 2, 2, 2, 8 },
    { 1024, 32, 1, 2, 1, 3 },
};

static void begin(const struct slots_geometry *geometry)
{
    slots_world_begin(&world, geometry, 0xff);
    EQUAL(slots_world_boot(&world, 0, TEAR_NOTHING), ATTO_OK);
}

static uint32_t free_count(void)
{
    uint32_t count = 0;
    for (uint32_t free = atto_slots_free(&world.slots); free != 0; free &= free - 1u)
        count++;
    return count;
}

static enum atto_status install(uint32_t component, uint32_t sequence)
{
    return slots_install(&world, component, sequence, sequence, PIECE, 0);
}

/* The component has this image in this state as its current version, and that one kept (0: none), also after a boot. */
static void expect(uint32_t component, uint32_t state, uint32_t sequence, uint32_t previous)
{
    for (uint32_t boots = 0; boots < 2u; boots++) {
        struct atto_versions found;
        EQUAL(atto_slots_get(&world.slots, component, &found), ATTO_OK);
        EQUAL(found.state, state);
        EQUAL(found.current.sequence, sequence);
        struct atto_span image = atto_slots_image(&world.slots, &found.current);
        EQUAL(image.len, slots_image_bytes(sequence));
        for (uint32_t at = 0; at < image.len; at++)
            EQUAL(image.ptr[at], slots_image_byte(sequence, at));
        CHECK(slots_is_whole(&world, &found.current));
        EQUAL(found.previous.image_bytes != 0 ? found.previous.sequence : 0u, previous);
        EQUAL(slots_world_boot(&world, 0, TEAR_NOTHING), ATTO_OK);
        EQUAL(world.records.damaged, 0);
    }
}

#define EXPECT(...)          \
    do {                     \
        expect(__VA_ARGS__); \
        GO_ON();             \
    } while (0)

static void life_of_a_component(void)
{
    for (uint32_t i = 0; i < COUNT(geometries); i++) {
        struct atto_versions found;
        uint32_t all = geometries[i].slot_count, sequence;
        harness_case(i, 0);
        begin(&geometries[i]);
        EQUAL(free_count(), all);
        EQUAL(atto_slots_get(&world.slots, 7, &found), ATTO_E_NOT_FOUND);
        EQUAL(install(7, 1), ATTO_OK);
        EXPECT(7, ATTO_COMPONENT_TRIAL, 1, 0);
        EQUAL(free_count(), all - 1u);
        EQUAL(atto_slots_start(&world.slots, 7, true, &found), ATTO_OK);
        EQUAL(found.trials, 1);
        EQUAL(atto_slots_confirm(&world.slots, 7), ATTO_OK);
        EXPECT(7, ATTO_COMPONENT_HEALTHY, 1, 0);
        /* An update that does not work. */
        EQUAL(install(7, 2), ATTO_OK);
        EXPECT(7, ATTO_COMPONENT_TRIAL, 2, 1);
        EQUAL(free_count(), all - 2u);
        EQUAL(atto_slots_fault(&world.slots, 7), ATTO_OK);
        EXPECT(7, ATTO_COMPONENT_HEALTHY, 1, 0);
        EQUAL(free_count(), all - 1u);
        /* It cannot come back, nor anything older. */
        EQUAL(install(7, 2), ATTO_E_SEQUENCE);
        EQUAL(install(7, 1), ATTO_E_SEQUENCE);
        EXPECT(7, ATTO_COMPONENT_HEALTHY, 1, 0);
        /* One that works, and one that replaces it while it is on trial. */
        EQUAL(install(7, 4), ATTO_OK);
        EQUAL(install(7, 5), ATTO_OK);
        EXPECT(7, ATTO_COMPONENT_TRIAL, 5, 1);
        EQUAL(free_count(), all - 2u);
        EQUAL(atto_slots_confirm(&world.slots, 7), ATTO_OK);
        EXPECT(7, ATTO_COMPONENT_HEALTHY, 5, 0);
        EQUAL(free_count(), all - 1u);
        /* Gone, but not forgotten. */
        EQUAL(atto_slots_remove(&world.slots, 7, own, 1), ATTO_OK);
        EQUAL(atto_slots_get(&world.slots, 7, &found), ATTO_E_NOT_FOUND);
        EQUAL(free_count(), all);
        EQUAL(atto_slots_sequence(&world.slots, 7, &sequence), ATTO_OK);
        EQUAL(sequence, 5);
        EQUAL(install(7, 5), ATTO_E_SEQUENCE);
        EQUAL(install(7, 6), ATTO_OK);
        EXPECT(7, ATTO_COMPONENT_TRIAL, 6, 0);
        EQUAL(world.flash.violations, 0);
    }
}

static void first_version_that_faults(void)
{
    struct atto_versions found;
    begin(&geometries[0]);
    EQUAL(install(1, 1), ATTO_OK);
    EQUAL(atto_slots_fault(&world.slots, 1), ATTO_OK);
    EXPECT(1, ATTO_COMPONENT_FAILED, 1, 0);
    EQUAL(atto_slots_start(&world.slots, 1, true, &found), ATTO_E_STATE);
    EQUAL(atto_slots_confirm(&world.slots, 1), ATTO_E_STATE);
    EQUAL(atto_slots_fault(&world.slots, 1), ATTO_E_STATE);
    /* What failed is not kept behind the next version. */
    EQUAL(install(1, 2), ATTO_OK);
    EXPECT(1, ATTO_COMPONENT_TRIAL, 2, 0);
    EQUAL(free_count(), geometries[0].slot_count - 1u);
}

static void trials_are_counted(void)
{
    struct atto_versions found;
    begin(&geometries[0]);
    EQUAL(install(1, 1), ATTO_OK);
    EQUAL(atto_slots_confirm(&world.slots, 1), ATTO_OK);
    uint32_t operations = world.flash.operations;
    for (uint32_t start = 0; start < 10u; start++)
        EQUAL(atto_slots_start(&world.slots, 1, true, &found), ATTO_OK);
    EQUAL(world.flash.operations, operations); /* starting what is healthy costs no flash */
    EQUAL(install(1, 2), ATTO_OK);
    for (uint32_t start = 1; start <= ATTO_SLOT_TRIALS; start++) {
        EQUAL(slots_world_boot(&world, 0, TEAR_NOTHING), ATTO_OK);
        EQUAL(atto_slots_start(&world.slots, 1, true, &found), ATTO_OK);
        EQUAL(found.current.sequence, 2);
    }
    EQUAL(atto_slots_start(&world.slots, 1, true, &found), ATTO_OK);
    EQUAL(found.current.sequence, 1);
    EXPECT(1, ATTO_COMPONENT_HEALTHY, 1, 0);
    /* A first version that never reports healthy. */
    EQUAL(install(2, 1), ATTO_OK);
    for (uint32_t start = 1; start <= ATTO_SLOT_TRIALS; start++)
        EQUAL(atto_slots_start(&world.slots, 2, true, &found), ATTO_OK);
    EQUAL(atto_slots_start(&world.slots, 2, true, &found), ATTO_E_STATE);
    EXPECT(2, ATTO_COMPONENT_FAILED, 1, 0);
}

static void writing_in_any_pieces(void)
{
    for (uint32_t i = 0; i < COUNT(geometries); i++) {
        begin(&geometries[i]);
        for (uint32_t piece = 1; piece <= 130u; piece++) {
            harness_case(i, piece);
            EQUAL(slots_install(&world, 3, piece, piece, piece, piece), ATTO_OK);
            EQUAL(slots_counter(&world), piece);
            EQUAL(atto_slots_confirm(&world.slots, 3), ATTO_OK);
            EXPECT(3, ATTO_COMPONENT_HEALTHY, piece, 0);
        }
        EQUAL(world.flash.violations, 0);
    }
}

static void refused(void)
{
    static const uint8_t bytes[64];
    static const uint8_t digest[ATTO_DIGEST_BYTES];
    struct atto_slot_writer writer, other;
    struct atto_versions found;
    struct atto_span image;
    uint32_t slot_bytes = geometries[0].slot_blocks * geometries[0].block_bytes, sequence;
    begin(&geometries[0]);
    EQUAL(atto_slots_open(&world.slots, &writer, 0), ATTO_E_ARGUMENT);
    EQUAL(atto_slots_open(&world.slots, &writer, slot_bytes + 1u), ATTO_E_NO_SPACE);
    EQUAL(atto_slots_open(&world.slots, &writer, slot_bytes), ATTO_OK);
    atto_slots_abandon(&world.slots, &writer);
    EQUAL(atto_slots_open(&world.slots, &writer, 100), ATTO_OK);
    EQUAL(free_count(), 4);
    EQUAL(atto_slots_write(&writer, bytes, 64), ATTO_OK);
    EQUAL(atto_slots_write(&writer, bytes, 37), ATTO_E_LENGTH);
    EQUAL(atto_slots_finish(&world.slots, &writer, &image), ATTO_E_LENGTH);
    EQUAL(atto_slots_commit(&world.slots, &writer, 1, 1, digest, own, ATTO_SLOTS_OWN_RECORDS), ATTO_E_LENGTH);
    EQUAL(atto_slots_write(&writer, bytes, 36), ATTO_OK);
    EQUAL(atto_slots_commit(&world.slots, &writer, 1, 1, digest, own, ATTO_SLOTS_OWN_RECORDS), ATTO_E_LENGTH); /* not finished */
    EQUAL(atto_slots_finish(&world.slots, &writer, &image), ATTO_OK);
    EQUAL(image.len, 100);
    EQUAL(atto_slots_commit(&world.slots, &writer, ATTO_COMPONENT_MAX + 1u, 1, digest, own, ATTO_SLOTS_OWN_RECORDS), ATTO_E_ARGUMENT);
    EQUAL(atto_slots_commit(&world.slots, &writer, 1, 0, digest, own, ATTO_SLOTS_OWN_RECORDS), ATTO_E_SEQUENCE);
    EQUAL(atto_slots_get(&world.slots, 1, &found), ATTO_E_NOT_FOUND);
    EQUAL(atto_slots_commit(&world.slots, &writer, ATTO_COMPONENT_MAX, ~0u, digest, own, ATTO_SLOTS_OWN_RECORDS), ATTO_OK);
    EQUAL(atto_slots_get(&world.slots, ATTO_COMPONENT_MAX, &found), ATTO_OK);
    uint32_t behind_the_last = ATTO_COMPONENT_MAX + 1u;
    EQUAL(atto_slots_next(&world.slots, &behind_the_last, &found), ATTO_E_NOT_FOUND);
    EQUAL(install(0, 1), ATTO_OK);
    EQUAL(atto_slots_next(&world.slots, &behind_the_last, &found), ATTO_E_NOT_FOUND);
    EQUAL(atto_slots_remove(&world.slots, 0, own, 1), ATTO_OK);
    EQUAL(atto_slots_sequence(&world.slots, ATTO_COMPONENT_MAX, &sequence), ATTO_OK);
    EQUAL(sequence, ~0u);
    EQUAL(atto_slots_remove(&world.slots, 1, own, 1), ATTO_E_NOT_FOUND);
    EQUAL(atto_slots_fault(&world.slots, 1), ATTO_E_NOT_FOUND);
    EQUAL(atto_slots_confirm(&world.slots, 1), ATTO_E_NOT_FOUND);
    EQUAL(atto_slots_start(&world.slots, 1, true, &found), ATTO_E_NOT_FOUND);
    for (uint32_t slot = 0; slot < 4u; slot++)
        EQUAL(atto_slots_open(&world.slots, &other, 1), ATTO_OK);
    EQUAL(atto_slots_open(&world.slots, &other, 1), ATTO_E_NO_SPACE);
    /* Slots that were being written are free after a reset. */
    EQUAL(slots_world_boot(&world, 0, TEAR_NOTHING), ATTO_OK);
    EQUAL(free_count(), 4);
    world.records.mounted = false;
    EQUAL(atto_slots_open(&world.slots, &other, 1), ATTO_E_STATE);
    EQUAL(atto_slots_get(&world.slots, 1, &found), ATTO_E_STATE);
    EQUAL(atto_slots_remove(&world.slots, 1, own, 1), ATTO_E_STATE);
}

static void layouts(void)
{
    begin(&geometries[0]);
#define REFUSED(field, number)                           \
    do {                                                 \
        struct atto_slots slots = world.slots;           \
        slots.field = (number);                          \
        CHECK(!atto_slots_is_sound(&slots));      \
    } while (0)
    REFUSED(slot_count, 0);
    REFUSED(slot_count, ATTO_SLOTS_MAX + 1u);
    REFUSED(slot_count, 16);
    REFUSED(slot_bytes, 0);
    REFUSED(slot_bytes, 256);
    REFUSED(slot_bytes, 8192);
    REFUSED(offset, 512); /* over the log */
    REFUSED(offset, 1000);
    REFUSED(offset, 0x80000000u);
    struct atto_slots most = world.slots;
    most.slot_count = 15;
    CHECK(atto_slots_is_sound(&most));
    /* Slots before the log. */
    world.records.offset = 15360;
    most.offset = 0;
    CHECK(atto_slots_is_sound(&most));
    most.slot_count = 16;
    CHECK(!atto_slots_is_sound(&most));
}

static void wear_is_spread(void)
{
    for (uint32_t i = 0; i < COUNT(geometries); i++) {
        harness_case(i, 0);
        begin(&geometries[i]);
        for (uint32_t sequence = 1; sequence <= 200u; sequence++) {
            EQUAL(install(sequence == 1u ? 0 : 1, sequence), ATTO_OK); /* component 0 keeps its slot for good */
            EQUAL(atto_slots_confirm(&world.slots, sequence == 1u ? 0 : 1), ATTO_OK);
        }
        uint32_t least = ~0u, most = 0;
        for (uint32_t slot = 0; slot < geometries[i].slot_count; slot++) {
            uint32_t block = (world.slots.offset + slot * world.slots.slot_bytes) / geometries[i].block_bytes;
            uint32_t wear = atto_slots_wear(&world.slots, slot);
            EQUAL(wear, world.flash.erases[block]);
            if (slot == 0) {
                EQUAL(wear, 1); /* that of component 0 */
                continue;
            }
            least = wear < least ? wear : least;
            most = wear > most ? wear : most;
        }
        CHECK(most - least <= 1u);
        if (i == 0)
            harness_note("erases of the most worn of 4 slots after 199 updates", most);
    }
}

/* After one bit was turned: every component that would run has an image that was installed as its newest, or as the
 * one before if the log says that its end is torn; the rest is reported. */
static void judge_flip(uint32_t *runs, uint32_t *reports)
{
    enum atto_status status = slots_world_boot(&world, 0, TEAR_NOTHING);
    if (status != ATTO_OK) {
        EQUAL(status, ATTO_E_DAMAGED);
        ++*reports;
        return;
    }
    bool torn = world.records.torn, told = torn || world.records.damaged != 0;
    for (uint32_t component = 1; component <= 3u; component++) {
        struct atto_versions found;
        status = atto_slots_start(&world.slots, component, true, &found);
        if (status != ATTO_OK || !slots_is_whole(&world, &found.current)) {
            CHECK(status == ATTO_OK || told);
            ++*reports;
            continue;
        }
        /* 1: healthy 1, then healthy 2; 2: healthy 3, then 4 on trial; 3: 5 on trial. */
        uint32_t newest = component * 2u - (component == 3u ? 1u : 0u);
        CHECK(found.current.sequence == newest || torn);
        CHECK(found.current.sequence == newest || found.current.sequence + 1u == newest);
        struct atto_span image = atto_slots_image(&world.slots, &found.current);
        for (uint32_t at = 0; at < image.len; at++)
            EQUAL(image.ptr[at], slots_image_byte(found.current.sequence, at));
        ++*runs;
    }
}

static void one_wrong_bit_anywhere(void)
{
    static struct slots_world kept;
    uint32_t runs = 0, reports = 0;
    begin(&geometries[0]);
    for (uint32_t sequence = 1; sequence <= 5u; sequence++) {
        uint32_t component = (sequence + 1u) / 2u;
        EQUAL(install(component, sequence), ATTO_OK);
        if (sequence < 4u)
            EQUAL(atto_slots_confirm(&world.slots, component), ATTO_OK);
    }
    kept = world;
    for (uint32_t at = 0; at < world.slots.offset + 5u * world.slots.slot_bytes; at++)
        for (uint32_t bit = at % 3u; bit < 8u; bit += ON_LINUX_OR_BOARD(3u, 8u)) {
            harness_case(at, bit);
            world = kept;
            world.flash.flash.user = &world.flash;
            world.flash.bytes[at] ^= (uint8_t)(1u << bit);
            judge_flip(&runs, &reports);
            GO_ON();
        }
    CHECK(runs > reports && reports > 500u);
    harness_note("components that ran", runs);
    harness_note("components that were reported", reports);
}

static void damaged_component(void)
{
    static const uint8_t wrong[] = { 2, 0, 1, 2, 3 };
    uint8_t value[48] = { ATTO_COMPONENT_HEALTHY, 0, 0, 0, 1, 0, 0, 0, 50 };
    struct atto_versions found;
    begin(&geometries[0]);
    for (uint32_t i = 0; i < 4u; i++) {
        struct atto_record record = { ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, 9), { value, sizeof value } };
        harness_case(i, 0);
        EQUAL(atto_records_put(&world.records, &record, 1), ATTO_OK);
        EQUAL(atto_slots_get(&world.slots, 9, &found), ATTO_OK);
        uint8_t was = value[i == 2u ? 12 : 0];
        if (i == 0)
            record.value = (struct atto_span){ wrong, sizeof wrong }; /* length */
        else if (i == 1u)
            value[0] = 4; /* state */
        else if (i == 2u)
            value[12] = 5; /* slot */
        else
            value[0] = 0;
        EQUAL(atto_records_put(&world.records, &record, 1), ATTO_OK);
        EQUAL(atto_slots_get(&world.slots, 9, &found), ATTO_E_DAMAGED);
        EQUAL(atto_slots_start(&world.slots, 9, true, &found), ATTO_E_DAMAGED);
        EQUAL(atto_slots_confirm(&world.slots, 9), ATTO_E_DAMAGED);
        EQUAL(atto_slots_fault(&world.slots, 9), ATTO_E_DAMAGED);
        value[i == 2u ? 12 : 0] = was;
        if (i % 2u != 0) {
            EQUAL(install(9, i), ATTO_OK);
            EXPECT(9, ATTO_COMPONENT_TRIAL, i, 0);
        }
        EQUAL(atto_slots_remove(&world.slots, 9, own, 1), ATTO_OK);
    }
}

static const struct harness_test tests[] = {
    TEST(life_of_a_component, "install, confirm, update, rollback, removal do what they say, and no slot is lost"),
    TEST(first_version_that_faults, "a version that faults with none behind it is left as failed and never started"),
    TEST(trials_are_counted, "a version that never reports healthy is started ATTO_SLOT_TRIALS times and rolled back"),
    TEST(writing_in_any_pieces, "an image is the same whatever pieces it comes in"),
    TEST(refused, "what is not allowed is refused and changes nothing"),
    TEST(layouts, "slots that do not fit into the flash beside the log are refused"),
    TEST(wear_is_spread, "updates wear all free slots alike, and each erasing is counted"),
    TEST(one_wrong_bit_anywhere, "no wrong bit, in log or images, makes anything run but what was installed"),
    TEST(damaged_component, "a record that is no component's is reported, and can be replaced or removed"),
};

int main(int argc, char **argv)
{
    return harness_run(argc, argv, tests, COUNT(tests));
}
