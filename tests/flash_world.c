/* A flash in RAM: rules, and what power cuts leave.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "flash_world.h"

#include <string.h>

static bool cut_now(struct flash_world *world)
{
    world->operations++;
    return world->cut_at != 0 && world->operations == world->cut_at;
}

/* Programs as a flash does: bits go from 1 to 0 and never back. */
static void clear_bits(struct flash_world *world, uint32_t at, uint8_t bits)
{
    world->bytes[at] = (uint8_t)(world->bytes[at] & bits);
}

static void tear_program(struct flash_world *world, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
    uint32_t part = rng_below(&world->rng, len + 1u);
    for (uint32_t i = 0; i < len; i++) {
        uint8_t random = (uint8_t)rng_next(&world->rng);
        if ((world->tear == TEAR_PREFIX && i < part) || (world->tear == TEAR_GARBAGE && i >= part) ||
            world->tear == TEAR_ALL)
            clear_bits(world, offset + i, bytes[i]);
        else if (world->tear == TEAR_BITS)
            clear_bits(world, offset + i, bytes[i] | random);
    }
    if (world->tear != TEAR_NOTHING)
        memset(world->programmed + offset / world->flash.unit_bytes, 1, len / world->flash.unit_bytes);
}

static enum atto_status program(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
    struct flash_world *world = user;
    uint32_t unit = world->flash.unit_bytes;
    if (world->dead)
        return ATTO_E_FLASH;
    if (len == 0 || len > ATTO_FLASH_BUFFER_BYTES || offset % unit != 0 || len % unit != 0 ||
        offset > world->flash.bytes || len > world->flash.bytes - offset) {
        world->violations++;
        return ATTO_E_FLASH;
    }
    for (uint32_t i = 0; i < len; i++) {
        if (world->bytes[offset + i] != 0xff) {
            world->violations++;
            return ATTO_E_FLASH;
        }
        if (world->programmed[(offset + i) / unit] != 0) {
            world->refusals++;
            return ATTO_E_FLASH;
        }
    }
    if (cut_now(world)) {
        world->dead = true;
        tear_program(world, offset, bytes, len);
        return ATTO_E_FLASH;
    }
    memcpy(world->bytes + offset, bytes, len);
    memset(world->programmed + offset / unit, 1, len / unit);
    return ATTO_OK;
}

static enum atto_status erase(void *user, uint32_t offset)
{
    struct flash_world *world = user;
    uint32_t block = world->flash.block_bytes, unit = world->flash.unit_bytes;
    if (world->dead)
        return ATTO_E_FLASH;
    if (offset % block != 0 || offset >= world->flash.bytes) {
        world->violations++;
        return ATTO_E_FLASH;
    }
    bool cut = cut_now(world);
    if (cut && world->tear == TEAR_NOTHING) {
        world->dead = true;
        return ATTO_E_FLASH;
    }
    world->erases[offset / block]++;
    if (!cut || world->tear == TEAR_ALL) {
        memset(world->bytes + offset, 0xff, block);
        memset(world->programmed + offset / unit, 0, block / unit);
    } else {
        uint32_t part = rng_below(&world->rng, block + 1u);
        for (uint32_t i = 0; i < block; i++) {
            uint8_t *byte = world->bytes + offset + i, random = (uint8_t)rng_next(&world->rng);
            if (world->tear == TEAR_PREFIX && i < part)
                *byte = 0xff;
            else if (world->tear == TEAR_BITS)
                *byte |= random;
            else if (world->tear == TEAR_GARBAGE)
                *byte = random;
        }
        memset(world->programmed + offset / unit, 1, block / unit);
    }
    world->dead = cut;
    return cut ? ATTO_E_FLASH : ATTO_OK;
}

void flash_world_begin(struct flash_world *world, uint32_t bytes, uint32_t block_bytes, uint32_t unit_bytes,
                       uint8_t fill)
{
    memset(world, 0, sizeof *world);
    memset(world->bytes, fill, bytes);
    memset(world->programmed, fill != 0xff, sizeof world->programmed);
    world->flash = (struct atto_flash){ program, erase, world, world->bytes, bytes, block_bytes, unit_bytes };
}

void flash_world_power_up(struct flash_world *world, uint32_t cut_at, enum flash_tear tear)
{
    world->operations = 0;
    world->cut_at = cut_at;
    world->tear = tear;
    world->dead = false;
}
