/* Where a record log is damaged, see damage.h. The walk is that of the library's survey, which counts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "damage.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32.h"
#include "report.h"

#define HEADER_BYTES 16u
#define HEAD_BYTES 8u
#define CHECK_BYTES 4u
#define LENGTH_BITS 0xfffu /* of a head's field */
#define COPIED_DAMAGED 0x1000u

const char *atto_record_kind_name(uint8_t kind)
{
    static const char *const names[] = {
        [ATTO_RECORD_COMPONENT] = "component", [ATTO_RECORD_SEQUENCE] = "sequence", [ATTO_RECORD_WEAR] = "wear",
        [ATTO_RECORD_TENANT] = "tenant",       [ATTO_RECORD_COUNTER] = "counter",   [ATTO_RECORD_RIGHTS] = "rights",
        [ATTO_RECORD_LIMITS] = "limits",       [ATTO_RECORD_VALUE] = "value",
        [ATTO_RECORD_POST_MORTEM] = "post-mortem", [ATTO_RECORD_NAME] = "name",
        [ATTO_RECORD_KEY_ROTATED] = "rotated key",  [ATTO_RECORD_LAYOUT] = "layout",
    };
    const char *name = kind < sizeof names / sizeof *names ? names[kind] : NULL;

    return name != NULL ? name : kind >= ATTO_RECORD_FIRMWARE ? "firmware's" : "unknown";
}

char *atto_damage_text(const struct atto_damage *damage)
{
    const char *newer = damage->in_force   ? ""
                        : damage->key != 0 ? "; a newer record is in force"
                                           : "; the other one counts";
    char *record = damage->key == 0 ? atto_copy_string("")
                                    : atto_format(", %s %u", atto_record_kind_name(ATTO_RECORD_KIND(damage->key)),
                                                  ATTO_RECORD_NUMBER(damage->key));
    char *text = atto_format("bytes %u to %u%s: %s%s", damage->offset, damage->offset + damage->bytes - 1, record,
                             damage->what, newer);

    free(record);
    return text;
}

struct walk {
    const struct atto_records *records;
    atto_damage_told *told;
    void *user;
};

/* A record, or what lies in the place of one. */
struct record {
    uint32_t at; /* in bytes from the area's start */
    uint8_t head[HEAD_BYTES]; /* as it was written */
    bool good, mended, whole;
};

static uint32_t whole_units(const struct walk *walk, uint32_t bytes)
{
    const uint32_t unit = walk->records->flash->unit_bytes;

    return (bytes + unit - 1) / unit * unit;
}

static uint32_t area_offset(const struct walk *walk, uint32_t area)
{
    return walk->records->offset + area * walk->records->area_bytes;
}

static bool is_blank(const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        if (bytes[i] != 0xff)
            return false;
    }
    return true;
}

static bool is_header(const struct walk *walk, uint32_t offset)
{
    const uint8_t *header = walk->records->flash->mapped + offset;

    return memcmp(header, "ARL1", 4) == 0 && atto_le32(header + 8) == walk->records->area_bytes &&
           atto_le32(header + 12) == atto_crc32(0, header, 12);
}

static void tell(const struct walk *walk, uint32_t offset, uint32_t bytes, uint32_t key, const char *what,
                 bool in_force)
{
    walk->told(walk->user, &(struct atto_damage){offset, bytes, key, what, in_force});
}

/* ---- records ---- */

static uint32_t length_of(const struct record *record)
{
    return atto_le16(record->head + 4) & LENGTH_BITS;
}

static uint32_t record_bytes(const struct walk *walk, const struct record *record)
{
    return whole_units(walk, HEAD_BYTES) + whole_units(walk, length_of(record) + CHECK_BYTES);
}

static const uint8_t *area_of(const struct walk *walk)
{
    const struct atto_records *records = walk->records;

    return records->flash->mapped + area_offset(walk, records->generation % records->area_count);
}

static const uint8_t *value_of(const struct walk *walk, const struct record *record)
{
    return area_of(walk) + record->at + whole_units(walk, HEAD_BYTES);
}

static bool head_is_good(const struct walk *walk, const struct record *record)
{
    return (uint16_t)atto_crc32(record->at, record->head, HEAD_BYTES - 2) == atto_le16(record->head + 6) &&
           record_bytes(walk, record) <= walk->records->area_bytes - record->at &&
           record->head[3] < ATTO_RECORD_KINDS;
}

static bool body_is_good(const struct walk *walk, const struct record *record)
{
    const uint8_t *value = value_of(walk, record);
    const uint32_t len = length_of(record);

    return atto_crc32(atto_crc32(record->at, record->head, HEAD_BYTES), value, len) == atto_le32(value + len);
}

/* One wrong bit of a head is found by trying all. */
static bool mend(const struct walk *walk, struct record *record)
{
    for (uint32_t bit = 0; bit < 8 * HEAD_BYTES; bit++) {
        record->head[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (head_is_good(walk, record) && body_is_good(walk, record))
            return true;
        record->head[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    return false;
}

/* What lies at `at`; false: nothing more. */
static bool read_record(const struct walk *walk, uint32_t at, struct record *record)
{
    const uint32_t head = whole_units(walk, HEAD_BYTES);

    if (at > walk->records->area_bytes - head || is_blank(area_of(walk) + at, head))
        return false;
    *record = (struct record){.at = at};
    memcpy(record->head, area_of(walk) + at, HEAD_BYTES);
    record->good = head_is_good(walk, record);
    record->mended = !record->good && mend(walk, record);
    record->good = record->good || record->mended;
    record->whole = record->good && body_is_good(walk, record);
    return true;
}

static bool is_in_force(const struct walk *walk, const struct record *record)
{
    struct atto_span value = {NULL, 0};
    const enum atto_status status = atto_records_get(walk->records, atto_le32(record->head), &value);

    return status == ATTO_E_STATE || value.ptr == value_of(walk, record);
}

static void tell_record(const struct walk *walk, const struct record *record, bool is_last)
{
    const uint32_t key = atto_le32(record->head);
    const uint32_t offset = (uint32_t)(area_of(walk) - walk->records->flash->mapped) + record->at;
    const uint32_t value = offset + whole_units(walk, HEAD_BYTES);
    const bool damaged = !record->whole && !is_last, copied = (atto_le16(record->head + 4) & COPIED_DAMAGED) != 0;
    const bool in_force = (record->mended || damaged || copied) && is_in_force(walk, record);

    if (record->mended)
        tell(walk, offset, HEAD_BYTES, key, "one bit of its head, put right whenever it is read", in_force);
    if (damaged)
        tell(walk, value, length_of(record) + CHECK_BYTES, key, "its value", in_force);
    else if (copied)
        tell(walk, value, length_of(record), key, "its value, which was damaged before it was copied here", in_force);
}

/* The records of the area in force; what lies behind the last one that can be read. */
static void walk_records(const struct walk *walk)
{
    const uint32_t area = (uint32_t)(area_of(walk) - walk->records->flash->mapped);
    struct record record, next;
    uint32_t at = 2 * whole_units(walk, HEADER_BYTES), last;
    bool there = read_record(walk, at, &record);

    while (there && record.good) {
        at += record_bytes(walk, &record);
        there = read_record(walk, at, &next);
        tell_record(walk, &record, !there);
        record = next;
    }
    last = walk->records->area_bytes;
    while (last > at && area_of(walk)[last - 1] == 0xff)
        last--;
    /* A bad head with nothing behind it was cut off. */
    if (last > at + (there ? whole_units(walk, HEAD_BYTES) : 0))
        tell(walk, area + at, last - at, 0, there ? "the head of a record; what is behind it cannot be found"
                                                  : "behind the last record, where nothing was written", true);
}

/* ---- headers ---- */

void atto_damage_find(const struct atto_records *records, atto_damage_told *told, void *user)
{
    const struct walk walk = {records, told, user};
    const uint32_t copy = whole_units(&walk, HEADER_BYTES), area = records->generation % records->area_count;
    const uint32_t offset = area_offset(&walk, area);
    const bool first = is_header(&walk, offset), second = is_header(&walk, offset + copy);

    if (!first && !second) {
        for (uint32_t i = 0; i < records->area_count; i++)
            tell(&walk, area_offset(&walk, i), 2 * copy, 0, "the area's header, and its copy", true);
        return;
    }
    if (!first)
        tell(&walk, offset, HEADER_BYTES, 0, "the area's header", false);
    if (!second && !is_blank(records->flash->mapped + offset + copy, copy))
        tell(&walk, offset + copy, HEADER_BYTES, 0, "the copy of the area's header", false);
    walk_records(&walk);
}
