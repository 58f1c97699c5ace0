/* Where a record log is damaged: `damaged` of atto/records.h says how much of it is, this says which bytes. It reads
 * the format by itself (SPEC.md section 18), older records that are not in force any more included.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_DAMAGE_H
#define ATTO_CLI_DAMAGE_H

#include "atto/records.h"

/* Bytes of the flash that are not what was written. */
struct atto_damage {
    uint32_t offset, bytes;
    uint32_t key;     /* of the record; 0: it is none */
    const char *what; /* a static string */
    bool in_force;    /* not replaced by a newer record, or by the copy of a header */
};

typedef void atto_damage_told(void *user, const struct atto_damage *damage);

/* Tells of each damaged part, in the order of the flash. The log was mounted, or answered ATTO_E_DAMAGED when it was
 * tried. What was only cut off at its end is not told. */
void atto_damage_find(const struct atto_records *records, atto_damage_told *told, void *user);

/* "bytes 56 to 63, counter 0: its value; a newer record is in force". To be freed. */
char *atto_damage_text(const struct atto_damage *damage);

/* "component", "counter", ... */
const char *atto_record_kind_name(uint8_t kind);

#endif
