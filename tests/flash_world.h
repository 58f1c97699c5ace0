/* A flash in RAM that keeps the rules of atto/flash.h, and whose power can be cut at any operation. Breaking a rule is
 * counted and refused. A cut leaves what real flash leaves: part of the bytes, part of the bits, garbage in place of a
 * block; after it everything fails until power is back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FLASH_WORLD_H
#define TESTS_FLASH_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/flash.h"
#include "rng.h"

#define FLASH_WORLD_BYTES 16384u
#define FLASH_WORLD_BLOCKS 256u

/* What an operation that is cut off leaves behind. */
enum flash_tear {
    TEAR_NOTHING, /* it did not begin */
    TEAR_TOUCHED, /* the bytes read as before, but the units do not take another program */
    TEAR_PREFIX,  /* program: the first bytes; erase: the first bytes are 0xff */
    TEAR_BITS,    /* program: some of the bits; erase: some of the bits are 1 already */
    TEAR_GARBAGE, /* program: the bytes from a random one on; erase: any bytes at all */
    TEAR_ALL,     /* it was done, and power failed before it could say so */
    TEAR_COUNT
};

struct flash_world {
    struct atto_flash flash;
    struct rng rng;
    uint32_t operations; /* since the last power-up, the one that is cut off included */
    uint32_t cut_at;     /* power fails in this operation, counted from 1; 0: never */
    enum flash_tear tear;
    bool dead;           /* power has failed */
    uint32_t refusals;   /* units that read blank and did not take a program: nobody could know */
    uint32_t violations; /* rules that were broken */
    uint32_t erases[FLASH_WORLD_BLOCKS];
    uint8_t programmed[FLASH_WORLD_BYTES]; /* by unit */
    _Alignas(8) uint8_t bytes[FLASH_WORLD_BYTES];
};

/* A flash of that geometry, filled with `fill`; bytes at most FLASH_WORLD_BYTES. */
void flash_world_begin(struct flash_world *world, uint32_t bytes, uint32_t block_bytes, uint32_t unit_bytes,
                       uint8_t fill);

/* Power is back; it will fail again at operation `cut_at`, leaving `tear`. */
void flash_world_power_up(struct flash_world *world, uint32_t cut_at, enum flash_tear tear);

#endif
