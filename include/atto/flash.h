/* The door to flash: geometry, where it is mapped, and two functions that the port gives. Reading needs no function:
 * flash that images run from in place is mapped in memory, and everything else is read there too, without a copy.
 *
 * What the port promises. Erasing a block makes all its bytes 0xff. A program unit is programmed at most once after its
 * block was erased; whoever calls keeps to that, and the port may refuse (ATTO_E_FLASH) what breaks it. When a function
 * has returned, what it did can be read at `mapped` and survives loss of power. When power fails during a call, the
 * bytes of that call may have any value, and no others have changed. Reading never traps: where a chip raises an
 * exception for a unit that was cut off (flash with ECC), the port's handler lets the read go on with any value.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_FLASH_H
#define ATTO_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/config.h"
#include "atto/status.h"

#define ATTO_FLASH_UNIT_MAX 32u

_Static_assert(ATTO_FLASH_BUFFER_BYTES >= ATTO_FLASH_UNIT_MAX &&
                   (ATTO_FLASH_BUFFER_BYTES & (ATTO_FLASH_BUFFER_BYTES - 1u)) == 0,
               "the buffer holds whole units of every size");

struct atto_flash {
    /* Programs len bytes at offset, both multiples of unit_bytes, inside the flash, len at least 1 unit and at most
     * ATTO_FLASH_BUFFER_BYTES. 0, or ATTO_E_FLASH: the flash refused or failed; those bytes may then have any value. */
    enum atto_status (*program)(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len);
    /* Erases the block that begins at offset, a multiple of block_bytes inside the flash. 0, or ATTO_E_FLASH. */
    enum atto_status (*erase)(void *user, uint32_t offset);
    void *user;            /* given to both */
    const uint8_t *mapped; /* where byte 0 is read; aligned to 8 */
    uint32_t bytes;        /* in all: a multiple of block_bytes */
    uint32_t block_bytes;  /* what is erased at a time: a multiple of 32 */
    uint32_t unit_bytes;   /* what is programmed at a time: 1, 2, 4, 8, 16 or 32 */
};

/* Is the geometry as described above? Asked as atto_slots_is_sound. */
bool atto_flash_is_sound(const struct atto_flash *flash);

/* Writes bytes in order, whatever the sizes of the pieces: gathers them into whole units. Owned by the caller; no field
 * is to be touched. */
struct atto_flash_writer {
    const struct atto_flash *flash;
    uint32_t at; /* where the buffer goes */
    uint32_t filled;
    uint8_t buffer[ATTO_FLASH_BUFFER_BYTES];
};

/*@ predicate sound_unit(integer unit) =
        unit == 1 || unit == 2 || unit == 4 || unit == 8 || unit == 16 || unit == 32;
    // `len` bytes in whole units, and what of them is over whole units.
    logic integer over(integer unit, integer len) = len & (unit - 1);
    logic integer whole(integer unit, integer len) = len + unit - 1 - over(unit, len + unit - 1); */

/* Begins at `offset`, a multiple of the unit. What is written from there on must be erased. */
/*@ requires \valid(writer) && \valid_read(flash) && offset <= flash->bytes;
    terminates \true; exits \false; assigns writer->flash, writer->at, writer->filled;
    ensures writer->flash == flash && writer->at == offset && writer->filled == 0; */
void atto_flash_begin(struct atto_flash_writer *writer, const struct atto_flash *flash, uint32_t offset);

/* Writes len bytes. They may be still in the buffer afterwards. The caller sees to it that they stay inside the flash.
 * 0, or ATTO_E_FLASH: the flash failed, or does not read back what was programmed; writing cannot go on. */
/*@ requires \valid(writer) && \valid_read(writer->flash) && readable(bytes, len);
    requires writer->at + writer->filled + len <= writer->flash->bytes;
    terminates \true; exits \false;
    assigns writer->at, writer->filled, writer->buffer[0 .. ATTO_FLASH_BUFFER_BYTES - 1],
            writer->flash->mapped[0 .. writer->flash->bytes - 1];
    ensures writer->at + writer->filled <= writer->flash->bytes;
    ensures \result == ATTO_OK ==>
                writer->at + writer->filled == \old(writer->at) + \old(writer->filled) + len;
    ensures len <= ATTO_FLASH_BUFFER_BYTES - \old(writer->filled) ==>
                writer->at == \old(writer->at) && writer->filled == \old(writer->filled) + len; */
enum atto_status atto_flash_write(struct atto_flash_writer *writer, const uint8_t *bytes, uint32_t len);

/* Programs what is left in the buffer, filled up with 0xff to a whole unit, in one call; nothing if it is empty. The
 * writer then stands at the next unit. Errors as above. */
/*@ requires \valid(writer) && \valid_read(writer->flash) && writer->at + writer->filled <= writer->flash->bytes;
    terminates \true; exits \false;
    assigns writer->at, writer->filled, writer->buffer[0 .. ATTO_FLASH_BUFFER_BYTES - 1],
            writer->flash->mapped[0 .. writer->flash->bytes - 1];
    ensures \result == ATTO_OK ==> writer->filled == 0 &&
                writer->at == \old(writer->at) + whole(writer->flash->unit_bytes, \old(writer->filled)); */
enum atto_status atto_flash_flush(struct atto_flash_writer *writer);

/* Erases the blocks that [offset, offset + len) lies in; offset is the start of a block. 0, or ATTO_E_FLASH. */
/*@ requires \valid_read(flash) && offset + len <= flash->bytes;
    terminates \true; exits \false; assigns flash->mapped[0 .. flash->bytes - 1]; */
enum atto_status atto_flash_erase(const struct atto_flash *flash, uint32_t offset, uint32_t len);

#endif
