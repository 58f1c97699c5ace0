/* The record log without power cuts: what is put is what is got, before and after mounting, for every geometry;
 * arguments, room, transactions, compaction, wear, formatting.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/records.h"
#include "base/crc32.h"
#include "flash_world.h"
#include "harness.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define KEY(number) ATTO_RECORD_KEY(ATTO_RECORD_FIRMWARE, number)

static struct flash_world world;
static struct atto_records records;

static const struct geometry {
    uint32_t block_bytes, unit_bytes, area_blocks, area_count;
} geometries[] = {
    { 512, 8, 1, 2 }, { 256, 1, 2, 3 }, { 1024, 4, 1, 4 }, { 2048, 16, 1, 2 }, { 512, 2, 2, 2 }, { 4096, 32, 1, 2 },
};

static void begin(const struct geometry *geometry, uint8_t fill)
{
    flash_world_begin(&world, FLASH_WORLD_BYTES, geometry->block_bytes, geometry->unit_bytes, fill);
    memset(&records, 0xee, sizeof records);
    records.flash = &world.flash;
    records.offset = geometry->block_bytes;
    records.area_bytes = geometry->area_blocks * geometry->block_bytes;
    records.area_count = geometry->area_count;
}

static void begin_formatted(const struct geometry *geometry)
{
    begin(geometry, 0xff);
    EQUAL(atto_records_mount(&records), ATTO_E_NOT_FOUND);
    EQUAL(atto_records_format(&records), ATTO_OK);
}

static enum atto_status put(uint32_t key, const void *bytes, uint32_t len)
{
    const struct atto_record record = { key, { bytes, len } };
    return atto_records_put(&records, &record, 1);
}

static enum atto_status put_number(uint32_t key, uint32_t number)
{
    return put(key, &number, sizeof number);
}

/* The number under a key; 0 if there is none, ~0 if it cannot be read. */
static uint32_t number_of(uint32_t key)
{
    struct atto_span value;
    uint32_t number;
    enum atto_status status = atto_records_get(&records, key, &value);
    if (status == ATTO_E_NOT_FOUND)
        return 0;
    if (status != ATTO_OK || value.len != sizeof number)
        return ~0u;
    memcpy(&number, value.ptr, sizeof number);
    return number;
}

static void put_get_delete(void)
{
    for (uint32_t i = 0; i < COUNT(geometries); i++) {
        struct atto_span value;
        harness_case(i, 0);
        begin_formatted(&geometries[i]);
        GO_ON();
        EQUAL(atto_records_get(&records, KEY(1), &value), ATTO_E_NOT_FOUND);
        EQUAL(put(KEY(1), "one", 3), ATTO_OK);
        EQUAL(put(KEY(2), "two", 3), ATTO_OK);
        EQUAL(put(KEY(1), "another one", 11), ATTO_OK);
        EQUAL(put(KEY(2), NULL, 0), ATTO_OK);
        EQUAL(put(KEY(3), "", 1), ATTO_OK);
        for (uint32_t mounts = 0; mounts < 2u; mounts++) {
            EQUAL(atto_records_get(&records, KEY(1), &value), ATTO_OK);
            EQUAL(value.len, 11);
            CHECK(memcmp(value.ptr, "another one", 11) == 0);
            EQUAL(atto_records_get(&records, KEY(2), &value), ATTO_E_NOT_FOUND);
            EQUAL(atto_records_get(&records, KEY(3), &value), ATTO_OK);
            EQUAL(value.len, 1);
            EQUAL(atto_records_mount(&records), ATTO_OK);
            EQUAL(records.damaged, 0);
            EQUAL(records.torn, false);
        }
        EQUAL(world.violations, 0);
    }
}

static void any_length(void)
{
    static uint8_t bytes[ATTO_RECORD_VALUE_MAX];
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7u + 1u);
    for (uint32_t i = 0; i < COUNT(geometries); i++) {
        begin_formatted(&geometries[i]);
        for (uint32_t len = 1; len <= 150u; len++) {
            struct atto_span value;
            harness_case(i, len);
            EQUAL(put(KEY(1), bytes + len, len), ATTO_OK);
            EQUAL(atto_records_get(&records, KEY(1), &value), ATTO_OK);
            EQUAL(value.len, len);
            CHECK(memcmp(value.ptr, bytes + len, len) == 0);
        }
        EQUAL(world.violations, 0);
    }
}

static void room_is_exact(void)
{
    static uint8_t bytes[ATTO_RECORD_VALUE_MAX + 1u];
    for (uint32_t i = 0; i < COUNT(geometries); i++) {
        harness_case(i, 0);
        begin_formatted(&geometries[i]);
        EQUAL(put_number(KEY(1), 77), ATTO_OK);
        uint32_t room = atto_records_room(&records);
        CHECK(room > 100u && room <= ATTO_RECORD_VALUE_MAX);
        EQUAL(put(KEY(2), bytes, room + 1u), room == ATTO_RECORD_VALUE_MAX ? ATTO_E_ARGUMENT : ATTO_E_NO_SPACE);
        EQUAL(number_of(KEY(1)), 77);
        EQUAL(put(KEY(2), bytes, room), ATTO_OK);
        for (uint32_t more = 1; atto_records_room(&records) != 0; more++)
            EQUAL(put(KEY(10u + more), bytes, atto_records_room(&records)), ATTO_OK);
        /* Full: what is there can still be replaced and deleted, any number of times. */
        EQUAL(put_number(KEY(3), 1), ATTO_E_NO_SPACE);
        for (uint32_t round = 1; round < 20u; round++) {
            EQUAL(put_number(KEY(1), round), ATTO_OK);
            EQUAL(put_number(KEY(3), 1), ATTO_E_NO_SPACE);
            EQUAL(number_of(KEY(1)), round);
        }
        EQUAL(put(KEY(2), NULL, 0), ATTO_OK);
        EQUAL(put_number(KEY(3), 5), ATTO_OK);
        EQUAL(number_of(KEY(3)), 5);
        EQUAL(world.violations, 0);
    }
}

static void together_or_not_at_all(void)
{
    begin_formatted(&geometries[0]);
    static uint8_t large[300];
    const struct atto_record both[] = {
        { KEY(1), { (const uint8_t *)"one", 3 } }, { KEY(2), { NULL, 0 } }, { KEY(3), { large, 100 } }
    };
    const struct atto_record too_much[] = { { KEY(1), { large, 150 } }, { KEY(4), { large, 300 } } };
    EQUAL(put_number(KEY(2), 2), ATTO_OK);
    EQUAL(atto_records_put(&records, both, 3), ATTO_OK);
    for (uint32_t mounts = 0; mounts < 2u; mounts++) {
        struct atto_span value;
        EQUAL(atto_records_get(&records, KEY(1), &value), ATTO_OK);
        EQUAL(value.len, 3);
        EQUAL(atto_records_get(&records, KEY(2), &value), ATTO_E_NOT_FOUND);
        EQUAL(atto_records_get(&records, KEY(3), &value), ATTO_OK);
        EQUAL(value.len, 100);
        EQUAL(atto_records_put(&records, too_much, 2), ATTO_E_NO_SPACE);
        EQUAL(atto_records_mount(&records), ATTO_OK);
    }
    EQUAL(world.violations, 0);
}

static void iteration_in_order(void)
{
    begin_formatted(&geometries[2]);
    /* 7 and 40 are coprime, so each number comes once. */
    for (uint32_t i = 0; i < 40u; i++)
        EQUAL(put_number(KEY(i * 7u % 40u), i + 1u), ATTO_OK);
    for (uint32_t i = 0; i < 40u; i += 3)
        EQUAL(put(KEY(i), NULL, 0), ATTO_OK);
    EQUAL(put_number(ATTO_RECORD_KEY(0, 0), 9), ATTO_OK);
    EQUAL(put_number(ATTO_RECORD_KEY(ATTO_RECORD_KINDS - 1u, 0xffffff), 9), ATTO_OK);
    uint32_t expected = 0, seen = 0;
    struct atto_span value;
    for (uint32_t key = 0; atto_records_next(&records, &key, &value) == ATTO_OK; key++, seen++) {
        if (seen == 0) {
            EQUAL(key, 0);
        } else if (seen <= 26u) {
            expected += expected % 3u == 0 ? 1u : 0u;
            EQUAL(key, KEY(expected));
            expected++;
        } else {
            EQUAL(key, ATTO_RECORD_KEY(ATTO_RECORD_KINDS - 1u, 0xffffff));
        }
    }
    EQUAL(seen, 28);
}

static void refuses_arguments(void)
{
    static uint8_t bytes[ATTO_RECORD_VALUE_MAX + 1u];
    static const struct geometry small = { 256, 8, 1, 2 };
    struct atto_span value;
    uint32_t key = 0;
    begin(&small, 0xff);
    EQUAL(atto_records_mount(&records), ATTO_E_NOT_FOUND);
    EQUAL(put_number(KEY(1), 1), ATTO_E_STATE);
    EQUAL(atto_records_get(&records, KEY(1), &value), ATTO_E_STATE);
    EQUAL(atto_records_next(&records, &key, &value), ATTO_E_NOT_FOUND);
    EQUAL(atto_records_room(&records), 0);
    EQUAL(atto_records_wear(&records, 0), 0);
    EQUAL(atto_records_format(&records), ATTO_OK);
    EQUAL(put_number(ATTO_RECORD_KEY(ATTO_RECORD_KINDS, 0), 1), ATTO_E_ARGUMENT);
    EQUAL(put(KEY(1), bytes, sizeof bytes), ATTO_E_ARGUMENT);
    EQUAL(atto_records_put(&records, NULL, 0), ATTO_E_ARGUMENT);
    EQUAL(put(KEY(1), bytes, ATTO_RECORD_VALUE_MAX), ATTO_E_NO_SPACE);

#define REFUSED(field, number)                                \
    begin(&small, 0xff);                                      \
    field = (number);                                         \
    CHECK(!atto_records_is_sound(&records))
    REFUSED(records.area_count, 1);
    REFUSED(records.area_count, FLASH_WORLD_BYTES / 256u);
    REFUSED(records.area_bytes, 0);
    REFUSED(records.area_bytes, 128);
    REFUSED(records.area_bytes, FLASH_WORLD_BYTES);
    REFUSED(records.offset, 128);
    REFUSED(records.offset, FLASH_WORLD_BYTES + 256u);
    REFUSED(records.offset, FLASH_WORLD_BYTES - 256u);
    REFUSED(world.flash.unit_bytes, 0);
    REFUSED(world.flash.unit_bytes, 3);
    REFUSED(world.flash.unit_bytes, 64);
    REFUSED(world.flash.block_bytes, 0);
    REFUSED(world.flash.block_bytes, 24);
    REFUSED(world.flash.bytes, FLASH_WORLD_BYTES - 8u);
    begin(&small, 0xff);
    records.area_count = FLASH_WORLD_BYTES / 256u - 1u;
    EQUAL(atto_records_mount(&records), ATTO_E_NOT_FOUND);
    EQUAL(world.operations + world.violations, records.mounted);
}

/* What flash holds before the first start: nothing, zeros, or anything. */
static void first_start(void)
{
    struct rng rng = { harness_seed() };
    for (uint32_t i = 0; i < COUNT(geometries); i++)
        for (uint32_t fill = 0; fill < 3u; fill++) {
            harness_case(i, fill);
            begin(&geometries[i], fill == 0 ? 0xff : 0);
            for (uint32_t at = 0; fill == 2u && at < FLASH_WORLD_BYTES; at++)
                world.bytes[at] = (uint8_t)rng_next(&rng);
            EQUAL(atto_records_mount(&records), ATTO_E_NOT_FOUND);
            EQUAL(world.operations, 0);
            EQUAL(atto_records_format(&records), ATTO_OK);
            EQUAL(put_number(KEY(1), 4), ATTO_OK);
            EQUAL(atto_records_mount(&records), ATTO_OK);
            EQUAL(number_of(KEY(1)), 4);
            EQUAL(world.violations, 0);
        }
}

static void wear_is_even_and_counted(void)
{
    for (uint32_t i = 0; i < COUNT(geometries); i++) {
        harness_case(i, 0);
        begin_formatted(&geometries[i]);
        memset(world.erases, 0, sizeof world.erases);
        for (uint32_t round = 0; round < 2000u; round++)
            EQUAL(put_number(KEY(round % 5u), round), ATTO_OK);
        EQUAL(atto_records_mount(&records), ATTO_OK);
        uint32_t least = ~0u, most = 0, first = geometries[i].block_bytes;
        for (uint32_t area = 0; area < records.area_count; area++)
            for (uint32_t block = 0; block < geometries[i].area_blocks; block++) {
                uint32_t at = records.offset + area * records.area_bytes + block * geometries[i].block_bytes;
                uint32_t erases = world.erases[at / geometries[i].block_bytes];
                least = erases < least ? erases : least;
                most = erases > most ? erases : most;
                /* Formatting counts area 0 once; it was done before the test began to count. */
                EQUAL(atto_records_wear(&records, area), erases + (area == 0 ? 1u : 0u));
            }
        CHECK(most - least <= 1u && least > 1u);
        EQUAL(world.erases[0] + world.erases[(first + records.area_count * records.area_bytes) / first], 0);
        if (i == 0)
            harness_note("erases of each area for 2000 counters in areas of 512 bytes, two areas", most);
    }
}

static void formatting_forgets(void)
{
    begin_formatted(&geometries[0]);
    EQUAL(put_number(KEY(1), 1), ATTO_OK);
    uint32_t generation = records.generation;
    records.mounted = false; /* whether mounted or not */
    EQUAL(atto_records_format(&records), ATTO_OK);
    EQUAL(records.generation, generation + 1u);
    EQUAL(number_of(KEY(1)), 0);
    EQUAL(put_number(KEY(2), 2), ATTO_OK);
    EQUAL(atto_records_format(&records), ATTO_OK);
    EQUAL(atto_records_mount(&records), ATTO_OK);
    EQUAL(number_of(KEY(1)) + number_of(KEY(2)), 0);
    EQUAL(world.violations, 0);
}

/* A log that is damaged as a whole is formatted; power is cut in each operation of it. What the other areas kept from
 * before does not come back. */
static void formatting_what_is_damaged(void)
{
    for (uint32_t round = 0; round < 8u; round++)
        for (uint32_t cut_at = 0; cut_at < 6u; cut_at++) {
            harness_case(round, cut_at);
            begin_formatted(&geometries[0]);
            for (uint32_t i = 0; records.generation < round % 4u + 2u; i++)
                EQUAL(put_number(KEY(1), i), ATTO_OK);
            EQUAL(put_number(KEY(1), 1000), ATTO_OK);
            EQUAL(put_number(KEY(2), 1000), ATTO_OK);
            /* The first head is ruined, or both headers are. */
            uint8_t *area = world.bytes + records.offset + records.generation % 2u * records.area_bytes;
            area[round < 4u ? 32 : 0] ^= 3u;
            if (round >= 4u)
                memset(area + 16, 0, 16);
            if (round >= 4u) /* and of the other area */
                memset(world.bytes + records.offset + (records.generation + 1u) % 2u * records.area_bytes, 0, 32);
            EQUAL(atto_records_mount(&records), ATTO_E_DAMAGED);
            flash_world_power_up(&world, cut_at, TEAR_NOTHING);
            CHECK(atto_records_format(&records) == ATTO_OK || world.dead);
            flash_world_power_up(&world, 0, TEAR_NOTHING);
            enum atto_status status = atto_records_mount(&records);
            CHECK(status == ATTO_OK || status == ATTO_E_DAMAGED || status == ATTO_E_NOT_FOUND);
            if (status != ATTO_OK)
                EQUAL(atto_records_format(&records), ATTO_OK);
            EQUAL(number_of(KEY(1)) + number_of(KEY(2)), 0);
            EQUAL(records.torn, false);
            EQUAL(put_number(KEY(1), 4), ATTO_OK);
            EQUAL(atto_records_mount(&records), ATTO_OK);
            EQUAL(number_of(KEY(1)), 4);
            EQUAL(world.violations, 0);
        }
}

/* A place that does not take what is programmed is left behind within the same put. */
static void worn_place(void)
{
    for (uint32_t at = 1; at < 60u; at++) {
        harness_case(at, 0);
        begin_formatted(&geometries[0]);
        EQUAL(put_number(KEY(1), 1), ATTO_OK);
        world.programmed[(records.offset + records.end) / 8u + at] = 1;
        for (uint32_t round = 0; round < 40u; round++) {
            EQUAL(put_number(KEY(2), round), ATTO_OK);
            EQUAL(number_of(KEY(2)), round);
            EQUAL(number_of(KEY(1)), 1);
        }
        EQUAL(world.refusals, at < 56u ? 1 : world.refusals);
        EQUAL(atto_records_mount(&records), ATTO_OK);
        EQUAL(number_of(KEY(2)), 39);
        EQUAL(world.violations, 0);
    }
}

/* A flash that did what it says that it did not. Whether the put that failed is true is open until the next one, which
 * must not get lost. */
static void done_though_refused(void)
{
    static const uint8_t large[100];
    for (uint32_t refused = 1; refused < 30u; refused++) {
        harness_case(refused, 0);
        begin_formatted(&geometries[0]);
        while (world.flash.block_bytes - records.end >= 16u + 96u)
            EQUAL(put_number(KEY(1), 5), ATTO_OK);
        flash_world_power_up(&world, refused, TEAR_ALL);
        enum atto_status status = put(KEY(2), large, sizeof large); /* has no room here; a number would have */
        flash_world_power_up(&world, 0, TEAR_NOTHING);
        EQUAL(status == ATTO_E_FLASH || status == ATTO_OK, true);
        EQUAL(number_of(KEY(1)), 5);
        EQUAL(put_number(KEY(1), 6), ATTO_OK);
        EQUAL(atto_records_mount(&records), ATTO_OK);
        EQUAL(number_of(KEY(1)), 6);
        EQUAL(world.violations, 0);
    }
}

/* A flash that fails for a while, in this area and in the next: later puts go where nothing was programmed. */
static void fails_for_a_while(void)
{
    for (uint32_t refused = 1; refused <= 2u; refused++)
        for (uint32_t tear = 0; tear < TEAR_COUNT; tear++) {
            harness_case(refused, tear);
            begin_formatted(&geometries[0]);
            EQUAL(put_number(KEY(1), 5), ATTO_OK);
            flash_world_power_up(&world, refused, (enum flash_tear)tear);
            EQUAL(put_number(KEY(1), 6), ATTO_E_FLASH);
            EQUAL(number_of(KEY(1)), 5);
            flash_world_power_up(&world, 0, TEAR_NOTHING);
            EQUAL(put_number(KEY(2), 7), ATTO_OK);
            EQUAL(world.violations + world.refusals, 0);
            EQUAL(number_of(KEY(1)), 5);
            EQUAL(atto_records_mount(&records), ATTO_OK);
            EQUAL(number_of(KEY(1)), 5);
            EQUAL(number_of(KEY(2)), 7);
        }
}

/* Cut off in the middle of a head, what is there may look like a good head: also like one that says of the put before that
 * it was cut off. That put was acknowledged. */
static void a_cut_looks_like_a_head(void)
{
    enum { RESUMES = 0x2000, HEAD_BYTES = 8 };
    begin_formatted(&geometries[0]);
    EQUAL(put_number(KEY(1), 1), ATTO_OK);
    EQUAL(put_number(KEY(1), 2), ATTO_OK);
    uint8_t *head = world.bytes + records.offset + records.end, field[2] = { 4, RESUMES >> 8 };
    const uint32_t key = KEY(2);
    memcpy(head, &key, 4);
    memcpy(head + 4, field, 2);
    uint32_t check = atto_crc32(records.end, head, HEAD_BYTES - 2u);
    head[6] = (uint8_t)check;
    head[7] = (uint8_t)(check >> 8);
    EQUAL(atto_records_mount(&records), ATTO_OK);
    CHECK(records.torn);
    EQUAL(number_of(KEY(1)), 2);
    EQUAL(number_of(KEY(2)), 0);
    EQUAL(put_number(KEY(3), 3), ATTO_OK);
    EQUAL(atto_records_mount(&records), ATTO_OK);
    EQUAL(number_of(KEY(1)), 2);
    EQUAL(number_of(KEY(3)), 3);
}

/* Cut off between two records of a put, all that is there is good; and yet nothing is written behind it. */
static void cut_between_records(void)
{
    const struct atto_record both[] = { { KEY(1), { (const uint8_t *)"new!", 4 } },
                                        { KEY(2), { (const uint8_t *)"new!", 4 } } };
    for (uint32_t i = 0; i < COUNT(geometries); i++) {
        harness_case(i, 0);
        begin_formatted(&geometries[i]);
        EQUAL(put_number(KEY(1), 1), ATTO_OK);
        uint32_t first = records.end;
        EQUAL(put_number(KEY(3), 1), ATTO_OK);
        uint32_t record = records.end - first, generation = records.generation;
        EQUAL(atto_records_put(&records, both, 2), ATTO_OK);
        EQUAL(records.end, first + 3u * record);
        memset(world.bytes + records.offset + first + 2u * record, 0xff, record);
        EQUAL(atto_records_mount(&records), ATTO_OK);
        CHECK(records.torn);
        EQUAL(records.readable, first + record);
        EQUAL(number_of(KEY(1)), 1);
        EQUAL(number_of(KEY(2)), 0);
        EQUAL(put_number(KEY(3), 3), ATTO_OK);
        EQUAL(records.generation, generation + 1u);
        for (uint32_t mounts = 0; mounts < 2u; mounts++) {
            EQUAL(number_of(KEY(1)), 1);
            EQUAL(number_of(KEY(2)), 0);
            EQUAL(number_of(KEY(3)), 3);
            EQUAL(atto_records_mount(&records), ATTO_OK);
            EQUAL(records.torn, false);
        }
        EQUAL(world.violations, 0);
    }
}

/* A bit of the last record that goes wrong while the log is mounted cannot be a cut. */
static void last_record_goes_bad(void)
{
    begin_formatted(&geometries[0]);
    EQUAL(put_number(KEY(1), 1), ATTO_OK);
    EQUAL(put_number(KEY(1), 2), ATTO_OK);
    world.bytes[records.offset + records.end - 1u] ^= 1u;
    EQUAL(number_of(KEY(1)), ~0u);
    EQUAL(put_number(KEY(2), 2), ATTO_OK);
    EQUAL(number_of(KEY(1)), ~0u);
    EQUAL(atto_records_mount(&records), ATTO_OK);
    EQUAL(records.damaged, 1);
    EQUAL(number_of(KEY(1)), ~0u);
}

/* Nothing was ever written behind a blank head, so bits that turn there are told and cost a compaction, no more. */
static void bits_of_blank_flash(void)
{
    for (uint32_t last = 0; last < 2u; last++) {
        begin_formatted(&geometries[0]);
        EQUAL(put_number(KEY(1), 1), ATTO_OK);
        const uint32_t generation = records.generation;
        world.bytes[records.offset + (last != 0 ? records.area_bytes - 1u : records.end + 64u)] ^= 0x11u;
        EQUAL(atto_records_mount(&records), ATTO_OK);
        EQUAL(records.damaged, 1);
        EQUAL(number_of(KEY(1)), 1);
        EQUAL(put_number(KEY(2), 2), ATTO_OK);
        EQUAL(records.generation, generation + 1u);
        EQUAL(atto_records_mount(&records), ATTO_OK);
        EQUAL(records.damaged, 0);
        EQUAL(number_of(KEY(1)), 1);
        EQUAL(number_of(KEY(2)), 2);
        EQUAL(world.violations, 0);
    }
}

/* But if there is a record behind, what reads as blank is a hole: nothing older comes back through it. */
static void a_hole_in_the_log(void)
{
    begin_formatted(&geometries[0]);
    EQUAL(put_number(KEY(1), 1), ATTO_OK);
    const uint32_t hole = records.end;
    EQUAL(put_number(KEY(2), 2), ATTO_OK);
    const uint32_t behind = records.end;
    EQUAL(put_number(KEY(1), 3), ATTO_OK);
    memset(world.bytes + records.offset + hole, 0xff, behind - hole);
    EQUAL(atto_records_mount(&records), ATTO_E_DAMAGED);
}

/* A log whose header is damaged in both copies is not taken for none, wherever its good records are. */
static void records_without_a_header(void)
{
    begin_formatted(&geometries[0]);
    EQUAL(put_number(KEY(1), 1), ATTO_OK);
    uint32_t second = records.end;
    EQUAL(put_number(KEY(1), 2), ATTO_OK);
    for (uint32_t copies = 1; copies <= 2u; copies++) {
        world.bytes[records.offset + (copies - 1u) * 16u] ^= 1u;
        EQUAL(atto_records_mount(&records), copies == 1u ? ATTO_OK : ATTO_E_DAMAGED);
        if (copies == 1u) {
            EQUAL(records.damaged, 1);
            EQUAL(number_of(KEY(1)), 2);
        }
    }
    world.bytes[records.offset + second - 4u] ^= 1u; /* of the first record's check; the second one is whole */
    EQUAL(atto_records_mount(&records), ATTO_E_DAMAGED);
}

static const struct harness_test tests[] = {
    TEST(put_get_delete, "what is put is got, the newest of a key wins, deleted keys are gone, also after mounting"),
    TEST(any_length, "values of every length survive in every geometry, through many compactions"),
    TEST(room_is_exact, "room is the longest value that fits; a full log still replaces and deletes"),
    TEST(together_or_not_at_all, "records put together are all in force, or none if they do not fit"),
    TEST(iteration_in_order, "iteration meets each living key once, in order"),
    TEST(refuses_arguments, "everything outside the documented ranges is refused before flash is touched"),
    TEST(first_start, "blank, zero and random flash is no log, and becomes one by formatting"),
    TEST(wear_is_even_and_counted, "areas are erased in turn and each erasing is counted, nothing else is erased"),
    TEST(formatting_forgets, "formatting gives an empty log and keeps the count of erasing"),
    TEST(formatting_what_is_damaged, "nothing older comes back when a damaged log is formatted, cut off or not"),
    TEST(done_though_refused, "a put that follows a failed one is not lost, even if the failed one was done after all"),
    TEST(fails_for_a_while, "a place that may be half programmed is not programmed again"),
    TEST(a_cut_looks_like_a_head, "a cut in the middle of a head does not undo the put before"),
    TEST(cut_between_records, "a put that lacks its last record has not happened, and is the last in its area"),
    TEST(last_record_goes_bad, "a wrong bit in the last record of a mounted log is told, and nothing older comes back"),
    TEST(bits_of_blank_flash, "bits that turn behind the end of the log are told, and what is in force stays"),
    TEST(a_hole_in_the_log, "a hole in the log hides no record"),
    TEST(records_without_a_header, "a damaged header is replaced by its copy; without both there was a log all the same"),
    TEST(worn_place, "a unit that refuses to be programmed costs a compaction and no record"),
};

int main(int argc, char **argv)
{
    return harness_run(argc, argv, tests, COUNT(tests));
}
