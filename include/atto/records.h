/* The record log: what must persist, as values under keys, in a part of flash. A value is replaced by appending a newer
 * one, so a change becomes true with the last program operation of its record, and until then the older value is in
 * force. When the area that is written to is full, the records in force are copied to the next one (compaction), which
 * becomes true with the one program operation that gives the new area its header. The areas are used in turn, so that
 * wear is even.
 *
 * One record is in force for each key: the newest that was written whole. Records that are put together become true
 * together. Formats: docs/SPEC.md, section 18.
 *
 * A damaged record is not the same as none: its key answers ATTO_E_DAMAGED until it is put again, and never with
 * an older value; compaction keeps that. One wrong bit in a record's head is put right. Only in the last record of all
 * a wrong bit cannot be told from a cut: the older value is in force then, and `torn` says so.
 *
 * Not for several threads at a time. The caller owns struct atto_records, sets the fields of the first part and leaves
 * the others alone. Spans that are given out point into flash; they are good until the next put.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_RECORDS_H
#define ATTO_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/flash.h"
#include "atto/span.h"

/* A key: what kind of record it is and which of them. The kinds and the numbers within them are the firmware's, but
 * for those that the library uses itself. */
#define ATTO_RECORD_KEY(kind, number) ((uint32_t)(kind) << 24 | (uint32_t)(number)) /* number: at most 0xffffff */
#define ATTO_RECORD_KIND(key) ((uint8_t)((key) >> 24))
#define ATTO_RECORD_NUMBER(key) ((key) & 0xffffffu)

enum atto_record_kind {
    ATTO_RECORD_COMPONENT = 1,   /* atto/slots.h */
    ATTO_RECORD_SEQUENCE = 2,    /* atto/slots.h: highest sequence number that a component ever had */
    ATTO_RECORD_WEAR = 3,        /* atto/slots.h: how often a slot was erased */
    ATTO_RECORD_TENANT = 4,      /* who may install what */
    ATTO_RECORD_COUNTER = 5,     /* counters of signed commands */
    ATTO_RECORD_RIGHTS = 6,      /* rights changed at run time */
    ATTO_RECORD_LIMITS = 7,      /* schedules and limits changed at run time */
    ATTO_RECORD_VALUE = 8,       /* values of containers' stores */
    ATTO_RECORD_POST_MORTEM = 9, /* last faults */
    ATTO_RECORD_NAME = 10,       /* atto/deploy.h: what a component is called, and whether it is to run */
    ATTO_RECORD_KEY_ROTATED = 11, /* atto/deploy.h: a signer's key, once it was rotated */
    ATTO_RECORD_LAYOUT = 12,      /* atto/deploy.h: where log and slots are */
    ATTO_RECORD_FIRMWARE = 64,   /* first of the firmware's own */
    ATTO_RECORD_KINDS = 255      /* kinds are below this */
};

#define ATTO_RECORD_VALUE_MAX 4095u /* bytes; an area may hold less */

struct atto_record {
    uint32_t key;
    struct atto_span value; /* 1 to ATTO_RECORD_VALUE_MAX bytes; 0: the key is deleted */
};

struct atto_records {
    const struct atto_flash *flash;
    uint32_t offset;     /* of the first area in flash: a multiple of the flash's block_bytes */
    uint32_t area_bytes; /* a multiple of block_bytes, at most 1 MB. All records in force must fit into one area */
    uint32_t area_count; /* at least 2; more spread the wear further */

    /* From here on for reading alone, once mounted. */
    uint32_t generation; /* how many areas were begun before this one: the area is generation % area_count */
    uint32_t end;        /* where the next record goes, in bytes from the area's start */
    uint32_t readable;   /* where reading ends: `end`, or where the area is damaged so that nothing can follow */
    uint32_t damaged;    /* records and headers found damaged at mount */
    bool torn;           /* the last record was cut off, or its last bits are wrong */
    bool mounted;
};

/* Are the fields of the first part, and the flash, as described? They are constant in a firmware, and a wrong one is an error
 * of the program: nothing else here looks at them. Ask in a test, or once at the start. */
bool atto_records_is_sound(const struct atto_records *records);

/* Finds what is in force, whatever the flash contains. Reads each byte of the areas a few times at most, and programs
 * at most one unit, to finish a compaction that was cut off.
 * 0: mounted; `damaged` and `torn` say what was met;
 * ATTO_E_NOT_FOUND: there is no log and never was one, or it was cut off when it was made: format it;
 * ATTO_E_DAMAGED: there are records but no header that says which are in force: nothing is touched; only formatting
 *   helps, and what was kept is lost. */
enum atto_status atto_records_mount(struct atto_records *records);

/* Makes an empty log, whatever is there; all records are gone. Allowed mounted or not. If it is cut off, the log
 * is as it was, or empty, or has to be formatted again. 0, ATTO_E_FLASH. */
enum atto_status atto_records_format(struct atto_records *records);

/* Puts `count` records, at least 1, keys all different, which become true together with one program operation, the last
 * one. Compacts if need be. Values must not be spans that this log has given out. ATTO_E_STATE: not mounted;
 * ATTO_E_ARGUMENT: a kind or a length is out of range; ATTO_E_NO_SPACE: no room even after compaction; nothing has
 * changed then. ATTO_E_FLASH: the flash failed, in this area and in the next; what was in force is still in force. Only
 * if power is lost before the next put, what was put may turn out to be true. */
enum atto_status atto_records_put(struct atto_records *records, const struct atto_record *put, uint32_t count);

/* The value of a key. ATTO_E_NOT_FOUND: none; ATTO_E_DAMAGED: there is one and it is damaged; ATTO_E_STATE: not
 * mounted. Reads the head of each record in the area, and the value. */
enum atto_status atto_records_get(const struct atto_records *records, uint32_t key, struct atto_span *value);

/* A value of 4 bytes as a number, little-endian; 0 if there is none. 0, ATTO_E_DAMAGED (also if it has another length),
 * ATTO_E_STATE. */
enum atto_status atto_records_number(const struct atto_records *records, uint32_t key, uint32_t *number);

/* The smallest key from *key on, and its value: for (key = 0; next(...) != ATTO_E_NOT_FOUND; key++) meets all. 0;
 * ATTO_E_DAMAGED: *key is set, the value is damaged and empty; ATTO_E_NOT_FOUND: there are no more, or the log is not
 * mounted. */
enum atto_status atto_records_next(const struct atto_records *records, uint32_t *key, struct atto_span *value);

/* The longest value that a new key can have now, in bytes; 0 if there is no room, or not mounted. Takes as long as a
 * compaction without its writing. */
uint32_t atto_records_room(const struct atto_records *records);

/* How often an area (0 to area_count - 1) was erased to be written, compactions that were cut off and formatting over
 * something unreadable not counted; 0 if not mounted. */
uint32_t atto_records_wear(const struct atto_records *records, uint32_t area);

#endif
