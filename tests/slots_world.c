/* A device of flash, log and slots.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "slots_world.h"

#include <string.h>

#define COUNTER_KEY ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, 0)

void slots_world_begin(struct slots_world *world, const struct slots_geometry *geometry, uint8_t fill)
{
    uint32_t block = geometry->block_bytes;
    memset(world, 0, sizeof *world);
    flash_world_begin(&world->flash, FLASH_WORLD_BYTES, block, geometry->unit_bytes, fill);
    world->records.flash = &world->flash.flash;
    world->records.area_bytes = geometry->area_blocks * block;
    world->records.area_count = geometry->area_count;
    world->slots.records = &world->records;
    world->slots.offset = geometry->area_count * geometry->area_blocks * block;
    world->slots.slot_bytes = geometry->slot_blocks * block;
    world->slots.slot_count = geometry->slot_count;
}

enum atto_status slots_world_boot(struct slots_world *world, uint32_t cut_at, enum flash_tear tear)
{
    flash_world_power_up(&world->flash, cut_at, tear);
    enum atto_status status = atto_records_mount(&world->records);
    if (status == ATTO_E_NOT_FOUND)
        status = atto_records_format(&world->records);
    world->slots.open = 0;
    return status;
}

static uint64_t mix(uint64_t value, uint64_t with)
{
    value = (value ^ with) * 0x9fb21c651e98df25u;
    return value ^ value >> 29;
}

uint32_t slots_image_bytes(uint32_t image)
{
    return 100u + image * 97u % 600u;
}

uint8_t slots_image_byte(uint32_t image, uint32_t at)
{
    return (uint8_t)(mix(image + 1u, at) >> 11);
}

void slots_digest(struct atto_span image, uint8_t digest[ATTO_DIGEST_BYTES])
{
    uint64_t state[4] = { 1, 2, 3, 4 };
    for (uint32_t at = 0; at < image.len; at++)
        for (uint32_t i = 0; i < 4u; i++)
            state[i] = mix(state[i], image.ptr[at] + 256u * at);
    memcpy(digest, state, ATTO_DIGEST_BYTES);
}

static enum atto_status write_image(struct slots_world *world, struct atto_slot_writer *writer, uint32_t image,
                                    uint32_t piece, struct atto_span *written)
{
    static uint8_t bytes[1024];
    uint32_t len = slots_image_bytes(image);
    enum atto_status status = ATTO_OK;
    for (uint32_t at = 0; at < len; at++)
        bytes[at] = slots_image_byte(image, at);
    for (uint32_t at = 0; at < len && status == ATTO_OK; at += piece)
        status = atto_slots_write(writer, bytes + at, piece < len - at ? piece : len - at);
    return status == ATTO_OK ? atto_slots_finish(&world->slots, writer, written) : status;
}

enum atto_status slots_install(struct slots_world *world, uint32_t component, uint32_t sequence, uint32_t image,
                               uint32_t piece, uint32_t counter)
{
    struct atto_slot_writer writer;
    struct atto_span written;
    uint8_t digest[ATTO_DIGEST_BYTES];
    struct atto_record together[ATTO_SLOTS_OWN_RECORDS + 1u];
    enum atto_status status = atto_slots_open(&world->slots, &writer, slots_image_bytes(image));
    if (status != ATTO_OK)
        return status;
    status = write_image(world, &writer, image, piece, &written);
    if (status == ATTO_OK) {
        slots_digest(written, digest);
        together[ATTO_SLOTS_OWN_RECORDS] =
            (struct atto_record){ COUNTER_KEY, { (const uint8_t *)&counter, sizeof counter } };
        status = atto_slots_commit(&world->slots, &writer, component, sequence, digest, together,
                                   ATTO_SLOTS_OWN_RECORDS + (counter != 0));
    }
    if (status != ATTO_OK)
        atto_slots_abandon(&world->slots, &writer);
    return status;
}

enum atto_status slots_remove(struct slots_world *world, uint32_t component, uint32_t counter)
{
    struct atto_record together[] = { { 0 }, { COUNTER_KEY, { (const uint8_t *)&counter, sizeof counter } } };
    return atto_slots_remove(&world->slots, component, together, counter != 0 ? 2 : 1);
}

uint32_t slots_counter(const struct slots_world *world)
{
    struct atto_span value;
    uint32_t counter = 0;
    if (atto_records_get(&world->records, COUNTER_KEY, &value) == ATTO_OK)
        memcpy(&counter, value.ptr, sizeof counter);
    return counter;
}

bool slots_is_whole(const struct slots_world *world, const struct atto_version *version)
{
    uint8_t digest[ATTO_DIGEST_BYTES];
    slots_digest(atto_slots_image(&world->slots, version), digest);
    return memcmp(digest, version->digest, sizeof digest) == 0;
}

/* Adds a version to the fingerprint; false: it is not whole or its slot is another's. */
static bool add_version(const struct slots_world *world, const struct atto_version *version, uint64_t *print,
                        uint32_t *used)
{
    uint64_t part;
    if (!slots_is_whole(world, version) || (*used >> version->slot & 1u) != 0)
        return false;
    *used |= 1u << version->slot;
    memcpy(&part, version->digest, sizeof part);
    *print = mix(mix(*print, part), version->sequence * 65536u + version->image_bytes);
    return true;
}

uint64_t slots_fingerprint(const struct slots_world *world)
{
    uint64_t print = 1;
    uint32_t used = 0;
    struct atto_versions found;
    struct atto_span value;
    enum atto_status status;
    for (uint32_t number = 0; (status = atto_slots_next(&world->slots, &number, &found)) == ATTO_OK; number++) {
        print = mix(print, number * 65536u + found.state * 256u + found.trials);
        if (!add_version(world, &found.current, &print, &used) ||
            (found.previous.image_bytes != 0 && !add_version(world, &found.previous, &print, &used)))
            return 0;
    }
    if (status != ATTO_E_NOT_FOUND)
        return 0;
    for (uint32_t key = 0; (status = atto_records_next(&world->records, &key, &value)) == ATTO_OK; key++) {
        uint8_t kind = ATTO_RECORD_KIND(key);
        if (kind == ATTO_RECORD_WEAR || kind == ATTO_RECORD_COMPONENT)
            continue;
        print = mix(print, key);
        for (uint32_t at = 0; at < value.len; at++)
            print = mix(print, value.ptr[at]);
    }
    return status == ATTO_E_NOT_FOUND && world->records.damaged == 0 ? print | 1u : 0;
}
