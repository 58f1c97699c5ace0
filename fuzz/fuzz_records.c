/* Fuzz target: bytes as flash. The log is mounted and everything is read, components are started, records are put, and
 * it is mounted again: nothing outside of flash is read, no rule of flash is broken, and what was put is there.
 *
 * The first byte chooses the geometry; 0x80 of it sets the checks of what looks like a header or a record right first,
 * so that the fuzzer gets behind them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "flash_world.h"
#include "require.h"
#include "slots_world.h"

static const struct slots_geometry geometries[] = {
    { 256, 8, 1, 2, 1, 3 }, { 128, 1, 2, 3, 2, 4 }, { 256, 4, 2, 2, 1, 5 }, { 256, 16, 1, 4, 1, 3 },
    { 256, 32, 1, 2, 1, 3 },
};

static struct slots_world world;

static void put_le(uint8_t *bytes, uint32_t value, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> 8u * i);
}

static uint32_t whole(uint32_t len)
{
    uint32_t unit = world.flash.flash.unit_bytes;
    return (len + unit - 1u) / unit * unit;
}

/* Written from docs/SPEC.md, section 14. */
static void set_checks(uint8_t *area, uint32_t len)
{
    put_le(area, 0x314c5241u, 4);
    put_le(area + 8, len, 4);
    put_le(area + 12, atto_crc32(0, area, 12), 4);
    for (uint32_t at = whole(16) + whole(1); at + whole(8) + whole(4) <= len;) {
        uint8_t *head = area + at, *value = head + whole(8);
        uint32_t value_len = (head[4] + 256u * head[5]) & 0xfffu;
        if (head[3] == 0xffu)
            return;
        if (value_len + 4u > len - at - whole(8)) {
            value_len &= 15u;
            head[4] = (uint8_t)value_len;
            head[5] &= 0xf0u;
            if (value_len + 4u > len - at - whole(8))
                return;
        }
        /* Kind 254 stays as it is: damage. */
        if (head[3] != 0xfeu) {
            put_le(head + 6, atto_crc32(at, head, 6), 2);
            put_le(value + value_len, atto_crc32(atto_crc32(at, head, 8), value, value_len), 4);
        }
        at += whole(8) + whole(value_len + 4u);
    }
}

static void read_all(void)
{
    struct atto_span flash = { world.flash.bytes, world.flash.flash.bytes }, value;
    struct atto_versions found;
    enum atto_status status;
    uint32_t last = 0, count = 0;
    for (uint32_t key = 0; (status = atto_records_next(&world.records, &key, &value)) != ATTO_E_NOT_FOUND; key++) {
        require(count++ == 0 || key > last, "keys come in order");
        last = key;
        require(status == ATTO_OK || status == ATTO_E_DAMAGED, "status of a record");
        require(inside(value, flash), "values lie in flash");
    }
    for (uint32_t number = 0; (status = atto_slots_next(&world.slots, &number, &found)) != ATTO_E_NOT_FOUND; number++) {
        if (status != ATTO_OK)
            continue;
        require(inside(atto_slots_image(&world.slots, &found.current), flash), "images lie in flash");
        require(found.previous.image_bytes == 0 || inside(atto_slots_image(&world.slots, &found.previous), flash),
                "kept images lie in flash");
        (void)atto_slots_start(&world.slots, number, true, &found);
    }
    require(atto_records_room(&world.records) <= world.records.area_bytes, "room");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 1u || len > 4096u)
        return 0;
    const struct slots_geometry *geometry = &geometries[(bytes[0] & 0x7fu) % 5u];
    slots_world_begin(&world, geometry, 0xff);
    /* The flash ends where the slots end, so that a byte too far is a byte too far. */
    world.flash.flash.bytes = world.slots.offset + world.slots.slot_count * world.slots.slot_bytes;
    uint32_t log = world.slots.offset;
    memcpy(world.flash.bytes, bytes + 1, len - 1u < log ? len - 1u : log);
    for (uint32_t area = 0; (bytes[0] & 0x80u) != 0 && area < world.records.area_count; area++)
        set_checks(world.flash.bytes + area * world.records.area_bytes, world.records.area_bytes);
    for (uint32_t at = 0; at < log; at++)
        world.flash.programmed[at / world.flash.flash.unit_bytes] |= world.flash.bytes[at] != 0xff;

    enum atto_status status = slots_world_boot(&world, 0, TEAR_NOTHING);
    require(status == ATTO_OK || status == ATTO_E_DAMAGED, "status of mount");
    read_all();
    if (status == ATTO_OK) {
        const struct atto_record put = { ATTO_RECORD_KEY(100, len), { bytes, 1u + (uint32_t)len % 60u } };
        struct atto_span value;
        if (len >= 61u && atto_records_put(&world.records, &put, 1) == ATTO_OK) {
            require(atto_records_mount(&world.records) == ATTO_OK, "it mounts again");
            require(atto_records_get(&world.records, put.key, &value) == ATTO_OK && value.len == put.value.len &&
                        memcmp(value.ptr, put.value.ptr, value.len) == 0,
                    "what was put is there");
            read_all();
        }
    }
    require(world.flash.violations == 0, "no rule is broken");
    return 0;
}
