/* What tests of slots share: a device that consists of a flash, a record log and slots; images that can be told apart;
 * an installer and a boot as a firmware has them; and a fingerprint of all that the device would run or remember.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SLOTS_WORLD_H
#define TESTS_SLOTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/slots.h"
#include "flash_world.h"

struct slots_geometry {
    uint32_t block_bytes, unit_bytes;
    uint32_t area_blocks, area_count;
    uint32_t slot_blocks, slot_count;
};

struct slots_world {
    struct flash_world flash;
    struct atto_records records;
    struct atto_slots slots;
};

/* A device that was never started; its flash is all `fill`. */
void slots_world_begin(struct slots_world *world, const struct slots_geometry *geometry, uint8_t fill);

/* Power is back, for `cut_at` - 1 operations if it is not 0: mounts the log, makes one where there never was one. */
enum atto_status slots_world_boot(struct slots_world *world, uint32_t cut_at, enum flash_tear tear);

/* The image number `image`: its length, and its bytes; and what stands for its digest: 32 bytes that depend on each
 * bit. (No cryptography: nobody here forges images.) */
uint32_t slots_image_bytes(uint32_t image);
uint8_t slots_image_byte(uint32_t image, uint32_t at);
void slots_digest(struct atto_span image, uint8_t digest[ATTO_DIGEST_BYTES]);

/* Installs an image as an installer does: in pieces of `piece` bytes, compares the digest, commits. If `counter` is not
 * 0 it becomes the value of a record of its own in the same moment. */
enum atto_status slots_install(struct slots_world *world, uint32_t component, uint32_t sequence, uint32_t image,
                               uint32_t piece, uint32_t counter);
/* Removes a component, and puts the counter as above. */
enum atto_status slots_remove(struct slots_world *world, uint32_t component, uint32_t counter);
uint32_t slots_counter(const struct slots_world *world);

/* Is the image of this version whole, as its digest says? */
bool slots_is_whole(const struct slots_world *world, const struct atto_version *version);

/* All that there is, but for which slot an image lies in and how worn slots are. 0: an image that a component has is
 * not whole, or two versions share a slot, or something is damaged. */
uint64_t slots_fingerprint(const struct slots_world *world);

#endif
