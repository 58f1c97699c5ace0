/* Slots: where images lie in flash, and which version of each component is in force.
 *
 * The slots are one pool of equal size behind (or before) the record log, and not two for each component: n components
 * then need n + 1 slots, and one more for each that is on trial at the same time, in place of 2n; and each new image
 * goes to the free slot that was erased least, so a component that is updated often wears all slots and not its own two.
 * An image lies at the start of its slot and runs there. A slot has no header and no state: it is in use if the
 * record of a component names it, and free if not. So nothing can leak, and there is nothing to clean up after a
 * cut. A slot is erased when it is opened to be written.
 *
 * A component (a number that the caller chooses, such as an index of its own table) has at most two versions:
 *
 *    absent --commit--> TRIAL --confirm--> HEALTHY --commit--> TRIAL, the healthy version kept beside it
 *                         |  fault, or ATTO_SLOT_TRIALS starts without confirm:
 *                         +--> HEALTHY with the version kept; without one: FAILED, the image stays and is not to be run
 *
 * Every arrow is one put of the record log: true with one program operation, or not at all. The highest sequence number
 * ever committed is a record of its own: it outlives rollback and removal, and nothing that is not newer is committed.
 *
 * Nothing here judges an image: whoever installs compares the digest of what lies in the slot before the commit,
 * and whoever boots compares it again before anything runs. Formats: docs/SPEC.md, section 19.
 *
 * Not for several threads at a time. All functions that answer a status need a log that is mounted and answer ATTO_E_STATE otherwise;
 * those that put answer ATTO_E_NO_SPACE and ATTO_E_FLASH as atto_records_put does, and nothing has changed then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SLOTS_H
#define ATTO_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/config.h"
#include "atto/flash.h"
#include "atto/records.h"
#include "atto/span.h"

#define ATTO_SLOTS_MAX 32u
#define ATTO_COMPONENT_MAX 0xffffffu /* largest number of a component */
#define ATTO_DIGEST_BYTES 32u

_Static_assert(ATTO_SLOT_TRIALS >= 1u && ATTO_SLOT_TRIALS <= 255u, "starts on trial are counted in a byte");

/* Set by the caller but for the last two fields, which begin with 0. */
struct atto_slots {
    struct atto_records *records;
    uint32_t offset;     /* of slot 0 in the same flash: a multiple of block_bytes; no area of the log in between */
    uint32_t slot_bytes; /* a multiple of block_bytes */
    uint32_t slot_count; /* 1 to ATTO_SLOTS_MAX */
    uint32_t open;       /* slots that are being written: bit n for slot n */
    uint32_t runs;       /* slots that something runs from, whatever the records say */
};

enum atto_component_state {
    ATTO_COMPONENT_TRIAL = 1,
    ATTO_COMPONENT_HEALTHY = 2,
    ATTO_COMPONENT_FAILED = 3
};

/* A version of a component, as its record has it. */
struct atto_version {
    uint32_t sequence;
    uint32_t image_bytes;
    uint32_t slot;
    uint8_t digest[ATTO_DIGEST_BYTES]; /* what the image must have; any function of 32 bytes, SHA-256 as a rule */
};

struct atto_versions {
    uint8_t state;  /* enum atto_component_state, of the current version */
    uint8_t trials; /* how often the current version was started on trial */
    uint16_t reserved; /* 0 */
    struct atto_version current;
    struct atto_version previous; /* the good version that a rollback brings back; image_bytes 0: there is none */
};

/* A slot that is being written. Owned by the caller, 2 bytes beside its buffer and places; no field is to be touched but
 * `slot`, for reading. */
struct atto_slot_writer {
    struct atto_flash_writer writer;
    uint32_t image_bytes;
    uint32_t written;
    uint8_t slot;
};

/* Is the layout possible: the log's, and the slots inside the flash, aligned, apart from the log? A firmware's layout is
 * constant, and a wrong one is an error of the program: nothing else here looks at it. Ask in a test, or once at the
 * start. */
bool atto_slots_is_sound(const struct atto_slots *slots);

/* Opens the free slot that was erased least for an image of image_bytes, counts the erasing, and erases as much of it as
 * the image needs. ATTO_E_NO_SPACE: no slot is free, the image is longer than a slot, or the log has no room;
 * ATTO_E_ARGUMENT: no bytes. */
enum atto_status atto_slots_open(struct atto_slots *slots, struct atto_slot_writer *writer, uint32_t image_bytes);

/* Writes the next len bytes of the image. ATTO_E_LENGTH: more than were announced, nothing is written; ATTO_E_FLASH: give
 * this slot up. */
enum atto_status atto_slots_write(struct atto_slot_writer *writer, const uint8_t *bytes, uint32_t len);

/* Programs what is still in the buffer and tells where the image lies. ATTO_E_LENGTH: it is not complete. The slot stays
 * open until it is committed or abandoned. */
enum atto_status atto_slots_finish(const struct atto_slots *slots, struct atto_slot_writer *writer,
                                   struct atto_span *image);

/* Gives an open slot up; also one whose writing failed. */
void atto_slots_abandon(struct atto_slots *slots, const struct atto_slot_writer *writer);

/* Makes a finished slot the component's current version, on trial. What it replaces is kept if it is healthy; if it is on
 * trial itself, the version behind it is kept. `together`: `count` records, of which the first
 * ATTO_SLOTS_OWN_RECORDS are free for this function's own and the rest become true in the same moment. ATTO_E_SEQUENCE: `sequence` is not above all that the component ever had; ATTO_E_DAMAGED: the record
 * that tells is damaged; ATTO_E_LENGTH: the slot is not complete; ATTO_E_ARGUMENT: the
 * component's number is too large. The slot stays open unless the answer is 0. */
#define ATTO_SLOTS_OWN_RECORDS 2u
enum atto_status atto_slots_commit(struct atto_slots *slots, const struct atto_slot_writer *writer, uint32_t component,
                                   uint32_t sequence, const uint8_t digest[ATTO_DIGEST_BYTES],
                                   struct atto_record *together, uint32_t count);

/* What the device has of a component. ATTO_E_NOT_FOUND: nothing; ATTO_E_DAMAGED: its record is damaged or
 * names what does not exist: nothing of it is to be run; a newer version can be committed, or it can be removed. */
enum atto_status atto_slots_get(const struct atto_slots *slots, uint32_t component, struct atto_versions *found);

/* The first component from number *component on. ATTO_E_DAMAGED as above, and *component is set; ATTO_E_NOT_FOUND: there
 * are no more, or the log is not mounted. For boot: each one that is found is given to atto_slots_start. */
enum atto_status atto_slots_next(const struct atto_slots *slots, uint32_t *component, struct atto_versions *found);

/* Where an image lies. Its digest is still to be compared with the version's. */
struct atto_span atto_slots_image(const struct atto_slots *slots, const struct atto_version *version);

/* The slot that an image lies in, by its first byte. */
uint32_t atto_slots_slot_of(const struct atto_slots *slots, const uint8_t *image);

/* To be asked each time before a component is started after a reset: tells the version to run in found->current. If that
 * counts, one on trial is counted, and after ATTO_SLOT_TRIALS starts it is taken as faulted; otherwise nothing changes.
 * ATTO_E_STATE: it failed and there is no other version; ATTO_E_NOT_FOUND, ATTO_E_DAMAGED as above. */
enum atto_status atto_slots_start(struct atto_slots *slots, uint32_t component, bool counts,
                                  struct atto_versions *found);

/* The current version reports healthy: the one that was kept is let go. 0, also if it was healthy before; ATTO_E_STATE:
 * it failed. */
enum atto_status atto_slots_confirm(struct atto_slots *slots, uint32_t component);

/* The current version faulted, or its digest is wrong. On trial: the version that was kept is in force again, or none.
 * ATTO_E_STATE: it is not on trial, and nothing changes. */
enum atto_status atto_slots_fault(struct atto_slots *slots, uint32_t component);

/* Removes a component; its slots are free. `together` as with commit, with the first record free for this function's own.
 * 0, also if its record is damaged; ATTO_E_NOT_FOUND. */
enum atto_status atto_slots_remove(struct atto_slots *slots, uint32_t component, struct atto_record *together,
                                   uint32_t count);

/* The highest sequence number that was ever committed, 0 if none was. ATTO_E_DAMAGED: it is not known any more. */
enum atto_status atto_slots_sequence(const struct atto_slots *slots, uint32_t component, uint32_t *sequence);

/* How often a slot was erased; 0 if its count is damaged. An erasing that was cut off is counted. */
uint32_t atto_slots_wear(const struct atto_slots *slots, uint32_t slot);

/* Slots that can be opened: bit n for slot n. */
uint32_t atto_slots_free(const struct atto_slots *slots);

#endif
