/* The record log. The one idea: what is in force is decided by reading forwards from the area's start, and by position
 * alone; nothing is kept in memory but where the next record goes.
 *
 * A head is programmed before its value, so whatever is cut off has a length that later readers agree upon. Nothing is
 * ever written behind what was cut off: the next put goes to another area. So only the last put can be one that was cut
 * off, and reading ends before it; a bad record anywhere else was good once and is damaged.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/records.h"

#include <stddef.h>

#include "base/bytes.h"
#include "base/crc32.h"

#define AREA_HEAD_BYTES 16u
#define AREA_MAGIC 0x314c5241u /* "ARL1" */
#define GENERATION_MAX 0x7fffffffu /* no flash lives so long, but flash may contain anything */
#define HEAD_BYTES 8u
#define CRC_BYTES 4u

/* In the head's length field. */
#define JOINS 0x8000u   /* of the same put as the record before */
#define MORE 0x4000u    /* true only together with the record behind */
#define DAMAGED 0x1000u /* the value was damaged already when it was copied here */

_Static_assert(ATTO_RECORD_VALUE_MAX == DAMAGED - 1u, "lengths and flags share a field");

/* What lies at one place of the area. */
struct entry {
    uint32_t at, next; /* in bytes from the area's start */
    uint32_t key;
    uint16_t len, flags;
    bool mended; /* one of the head's bits was wrong */
    uint8_t head[HEAD_BYTES]; /* as it should be */
};

/* What is over whole units. Of a mask the provers know the range only if they are told which it is. */
/*@ requires sound_unit(unit);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == over(unit, len) && \result < unit; */
static uint32_t rest(uint32_t unit, uint32_t len)
{
    /*@ assert unit == 1 ==> (len & (uint32_t)(unit - 1)) < unit; */
    /*@ assert unit == 2 ==> (len & (uint32_t)(unit - 1)) < unit; */
    /*@ assert unit == 4 ==> (len & (uint32_t)(unit - 1)) < unit; */
    /*@ assert unit == 8 ==> (len & (uint32_t)(unit - 1)) < unit; */
    /*@ assert unit == 16 ==> (len & (uint32_t)(unit - 1)) < unit; */
    /*@ assert unit == 32 ==> (len & (uint32_t)(unit - 1)) < unit; */
    return len & (unit - 1u);
}

/*@ requires sound_log(r) && len <= 0x10000;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == whole(r->flash->unit_bytes, len) && len <= \result < len + r->flash->unit_bytes; */
static uint32_t whole_units(const struct atto_records *r, uint32_t len)
{
    uint32_t end = len + r->flash->unit_bytes - 1u;
    return end - rest(r->flash->unit_bytes, end);
}

/*@ requires sound_log(r) && len <= ATTO_RECORD_VALUE_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures \result <= len + 0x1000 && HEAD_BYTES + len + CRC_BYTES <= \result;
    ensures whole(r->flash->unit_bytes, HEAD_BYTES) + len + CRC_BYTES <= \result; */
static uint32_t record_bytes(const struct atto_records *r, uint32_t len)
{
    return whole_units(r, HEAD_BYTES) + whole_units(r, len + CRC_BYTES);
}

/* An area begins with its header, twice; then come its records. */
/*@ requires sound_log(r);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == 2 * whole(r->flash->unit_bytes, AREA_HEAD_BYTES) && \result < r->area_bytes; */
static uint32_t first_at(const struct atto_records *r)
{
    return 2u * whole_units(r, AREA_HEAD_BYTES);
}

/*@ requires sound_log(r);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == area_at(r->offset, r->area_bytes, r->area_count, generation);
    ensures \result + r->area_bytes <= r->flash->bytes; */
static uint32_t area_offset(const struct atto_records *r, uint32_t generation)
{
    return r->offset + generation % r->area_count * r->area_bytes;
}

/*@ requires sound_log(r);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == AREA_OF(r, generation) && readable(\result, r->area_bytes); */
static const uint8_t *area_of(const struct atto_records *r, uint32_t generation)
{
    return r->flash->mapped + area_offset(r, generation);
}

/*@ requires readable(bytes, len);
    terminates \true; exits \false; assigns \nothing; */
static bool all_are(const uint8_t *bytes, uint32_t len, uint8_t value)
{
    /*@ loop invariant 0 <= i <= len; loop assigns i; loop variant len - i; */
    for (uint32_t i = 0; i < len; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* ---- reading ---- */

/* The check of a head starts from its place, so that bytes of a value, which may look like anything, are no head. */
/*@ requires readable(head, HEAD_BYTES);
    terminates \true; exits \false; assigns \nothing; */
static uint16_t head_check(uint32_t at, const uint8_t *head)
{
    return (uint16_t)atto_crc32(at, head, HEAD_BYTES - 2u);
}

/*@ requires sound_log(r) && \valid(e) && \separated(e, r, r->flash);
    requires 2 * whole(r->flash->unit_bytes, AREA_HEAD_BYTES) <= e->at <= r->area_bytes;
    terminates \true; exits \false; assigns e->key, e->len, e->flags, e->next;
    ensures \result ==> SOUND_ENTRY(r, e); */
static bool decode(const struct atto_records *r, struct entry *e)
{
    uint32_t field = atto_le16(e->head + 4);
    e->key = atto_le32(e->head);
    e->len = (uint16_t)(field % DAMAGED);
    e->flags = (uint16_t)(field - e->len);
    e->next = e->at + record_bytes(r, e->len);
    return head_check(e->at, e->head) == atto_le16(e->head + 6) && e->next <= r->area_bytes &&
           e->key < ATTO_RECORD_KEY(ATTO_RECORD_KINDS, 0);
}

/*@ requires sound_log(r) && \valid_read(e) && SOUND_ENTRY(r, e);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == AREA_OF(r, r->generation) + (e->at + whole(r->flash->unit_bytes, HEAD_BYTES));
    ensures inside(\result, e->len + CRC_BYTES, AREA_OF(r, r->generation), r->area_bytes);
    ensures readable(\result, e->len + CRC_BYTES); */
static const uint8_t *value_of(const struct atto_records *r, const struct entry *e)
{
    return area_of(r, r->generation) + e->at + whole_units(r, HEAD_BYTES);
}

/*@ requires \valid_read(e) && readable(value, e->len);
    terminates \true; exits \false; assigns \nothing; */
static uint32_t body_check(const struct entry *e, const uint8_t *value)
{
    return atto_crc32(atto_crc32(e->at, e->head, HEAD_BYTES), value, e->len);
}

/*@ requires sound_log(r) && \valid_read(e) && SOUND_ENTRY(r, e);
    terminates \true; exits \false; assigns \nothing; */
static bool body_is_good(const struct atto_records *r, const struct entry *e)
{
    const uint8_t *value = value_of(r, e);
    return body_check(e, value) == atto_le32(value + e->len);
}

/* One wrong bit in a head is found by trying all; only the checksum of head and value together is believed. */
/*@ requires sound_log(r) && \valid(e) && \separated(e, r, r->flash);
    requires 2 * whole(r->flash->unit_bytes, AREA_HEAD_BYTES) <= e->at <= r->area_bytes;
    terminates \true; exits \false; assigns e->key, e->len, e->flags, e->next, e->head[0 .. HEAD_BYTES - 1];
    ensures \result ==> SOUND_ENTRY(r, e); */
static bool mend(const struct atto_records *r, struct entry *e)
{
    /*@ loop invariant 0 <= bit <= 8 * HEAD_BYTES;
        loop assigns bit, e->key, e->len, e->flags, e->next, e->head[0 .. HEAD_BYTES - 1];
        loop variant 8 * HEAD_BYTES - bit; */
    for (uint32_t bit = 0; bit < 8u * HEAD_BYTES; bit++) {
        uint8_t mask = (uint8_t)(1u << bit % 8u);
        e->head[bit / 8u] ^= mask;
        if (decode(r, e) && body_is_good(r, e))
            return true;
        e->head[bit / 8u] ^= mask;
    }
    return false;
}

/* Is nothing there any more: does the area end at `at`, or was nothing written there? */
/*@ requires sound_log(r) && r->readable <= r->area_bytes && at <= r->area_bytes;
    terminates \true; exits \false; assigns \nothing;
    ensures !\result ==> at + HEAD_BYTES <= r->readable;
    ensures !\result ==> at + whole(r->flash->unit_bytes, HEAD_BYTES) <= r->readable; */
static bool is_end(const struct atto_records *r, uint32_t at)
{
    uint32_t head = whole_units(r, HEAD_BYTES);
    return at + head > r->readable || all_are(area_of(r, r->generation) + at, head, 0xff);
}

/* Reads the record at `at`. false: nothing is there, or a bad head. */
/*@ requires sound_log(r) && r->readable <= r->area_bytes && \valid(e) && \separated(e, r, r->flash);
    requires 2 * whole(r->flash->unit_bytes, AREA_HEAD_BYTES) <= at <= r->area_bytes;
    terminates \true; exits \false;
    assigns e->at, e->key, e->len, e->flags, e->next, e->mended, e->head[0 .. HEAD_BYTES - 1];
    ensures \result ==> e->at == at && SOUND_ENTRY(r, e); */
static bool read_at(const struct atto_records *r, uint32_t at, struct entry *e)
{
    if (is_end(r, at))
        return false;
    const uint8_t *bytes = area_of(r, r->generation) + at;
    e->at = at;
    atto_put_le32(e->head, atto_le32(bytes));
    atto_put_le32(e->head + 4, atto_le32(bytes + 4));
    e->mended = !decode(r, e);
    return !e->mended || mend(r, e);
}

/*@ requires \valid(to) && \valid_read(from) && \separated(to, from);
    terminates \true; exits \false; assigns *to;
    ensures to->at == from->at;
    ensures to->next == from->next;
    ensures to->key == from->key;
    ensures to->len == from->len; */
static void copy(struct entry *to, const struct entry *from)
{
    *to = *from;
}

/* Of the keys from `key` on, the smallest that a record was ever written for, and its newest record; this may be a
 * deletion. The loop moves at least one unit with each round. */
/*@ requires sound_log(r) && r->readable <= r->area_bytes && \valid(found) && \separated(found, r, r->flash);
    terminates \true; exits \false; assigns *found;
    ensures \result ==> found->key >= key && SOUND_ENTRY(r, found); */
static bool search(const struct atto_records *r, uint32_t key, struct entry *found)
{
    struct entry e;
    bool any = false;
    /*@ loop invariant 2 * whole(r->flash->unit_bytes, AREA_HEAD_BYTES) <= at <= r->area_bytes;
        loop invariant any ==> found->key >= key && SOUND_ENTRY(r, found);
        loop assigns at, e, any, *found;
        loop variant r->area_bytes - at; */
    for (uint32_t at = first_at(r); read_at(r, at, &e); at = e.next)
        if (e.key >= key && (!any || e.key <= found->key)) {
            copy(found, &e);
            any = true;
        }
    return any;
}

/* The same without deletions. Each round meets a larger key. */
/*@ requires sound_log(r) && r->readable <= r->area_bytes && \valid(found) && \separated(found, r, r->flash);
    terminates \true; exits \false; assigns *found;
    ensures \result ==> found->key >= key && found->len != 0 && SOUND_ENTRY(r, found); */
static bool search_living(const struct atto_records *r, uint32_t key, struct entry *found)
{
    /*@ loop invariant key >= \at(key, Pre);
        loop assigns key, *found;
        loop variant UINT32_MAX - key; */
    while (search(r, key, found)) {
        if (found->len != 0)
            return true;
        key = found->key + 1u; /* no key is the largest number, its kind does not exist */
    }
    return false;
}

/*@ requires sound_log(r) && \valid_read(e) && SOUND_ENTRY(r, e);
    terminates \true; exits \false; assigns \nothing; */
static bool is_damaged(const struct atto_records *r, const struct entry *e)
{
    return (e->flags & DAMAGED) != 0 || !body_is_good(r, e);
}

/* ---- mounting ---- */

/*@ requires sound_log(r) && readable(header, AREA_HEAD_BYTES);
    terminates \true; exits \false; assigns \nothing; */
static bool is_header(const struct atto_records *r, uint32_t index, const uint8_t *header)
{
    uint32_t generation = atto_le32(header + 4);
    return atto_le32(header) == AREA_MAGIC && atto_le32(header + 8) == r->area_bytes &&
           atto_le32(header + 12) == atto_crc32(0, header, 12) && generation <= GENERATION_MAX &&
           generation % r->area_count == index;
}

/* The area's header; NULL: it has no good one. */
/*@ requires sound_log(r);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == \null || \result == AREA_OF(r, index) ||
            \result == AREA_OF(r, index) + whole(r->flash->unit_bytes, AREA_HEAD_BYTES);
    ensures \result != \null ==> readable(\result, AREA_HEAD_BYTES); */
static const uint8_t *header_of(const struct atto_records *r, uint32_t index)
{
    const uint8_t *area = area_of(r, index), *second = area + whole_units(r, AREA_HEAD_BYTES);
    return is_header(r, index, area) ? area : is_header(r, index, second) ? second : NULL;
}

/* Programs a header, in one call: it fits into the writer's buffer. */
/*@ requires sound_log(r) && readable(header, AREA_HEAD_BYTES) && offset + AREA_HEAD_BYTES <= r->flash->bytes;
    terminates \true; exits \false; assigns ATTO_RECORDS_FLASH(r); */
static enum atto_status program_at(const struct atto_records *r, uint32_t offset, const uint8_t *header)
{
    struct atto_flash_writer writer;
    atto_flash_begin(&writer, r->flash, offset);
    (void)atto_flash_write(&writer, header, AREA_HEAD_BYTES);
    return atto_flash_flush(&writer);
}

/* Is there a good record in the area, from there on, whatever stands before it? */
/*@ requires sound_log(r) && r->readable <= r->area_bytes;
    requires 2 * whole(r->flash->unit_bytes, AREA_HEAD_BYTES) <= from <= r->area_bytes;
    terminates \true; exits \false; assigns \nothing; */
static bool has_record(const struct atto_records *r, uint32_t from)
{
    struct entry e;
    /*@ loop invariant 2 * whole(r->flash->unit_bytes, AREA_HEAD_BYTES) <= at;
        loop assigns at, e;
        loop variant r->area_bytes - at; */
    for (uint32_t at = from; at < r->area_bytes; at += r->flash->unit_bytes)
        if (read_at(r, at, &e) && body_is_good(r, &e))
            return true;
    return false;
}

/* Finds the area in force. A second header that was cut off is written now; whether it was cut off or is damaged cannot
 * be told, if it is not blank. */
/*@ requires \valid(r) && sound_log(r);
    terminates \true; exits \false;
    assigns r->generation, r->end, r->readable, r->damaged, r->torn, r->mounted, ATTO_RECORDS_FLASH(r);
    ensures r->readable == r->area_bytes && r->end == r->area_bytes && !r->mounted; */
static enum atto_status find_area(struct atto_records *r)
{
    const uint8_t *header = NULL, *other;
    r->mounted = r->torn = false;
    r->generation = r->damaged = 0;
    r->readable = r->end = r->area_bytes;
    /*@ loop invariant 0 <= i <= r->area_count && (header == \null ==> r->generation == 0);
        loop invariant header != \null ==> readable(header, AREA_HEAD_BYTES);
        loop assigns i, header, other, r->generation;
        loop variant r->area_count - i; */
    for (uint32_t i = 0; i < r->area_count; i++) {
        other = header_of(r, i);
        if (other != NULL && (header == NULL || atto_le32(other + 4) > r->generation)) {
            header = other;
            r->generation = atto_le32(header + 4);
        }
    }
    if (header != NULL) {
        uint32_t bytes = whole_units(r, AREA_HEAD_BYTES);
        r->damaged = header != area_of(r, r->generation);
        if (r->damaged == 0 && all_are(header + bytes, bytes, 0xff))
            (void)program_at(r, area_offset(r, r->generation) + bytes, header);
        return ATTO_OK;
    }
    /* Records without a header: there was a log. */
    /*@ loop assigns r->generation; loop variant r->area_count - r->generation; */
    for (; r->generation < r->area_count; r->generation++)
        if (has_record(r, first_at(r)))
            return ATTO_E_DAMAGED;
    return ATTO_E_NOT_FOUND;
}

/* Reads the area through: where the last put ends that has happened, and what is damaged. Behind something that was cut
 * off, or put right, or where bits have turned, nothing is written any more. The loop moves at least one unit with each
 * round. */
/*@ requires \valid(r) && sound_log(r) && r->readable == r->area_bytes && r->end == r->area_bytes;
    terminates \true; exits \false; assigns r->damaged, r->torn, r->readable, r->end;
    ensures r->readable <= r->area_bytes && r->end <= r->area_bytes; */
static enum atto_status survey(struct atto_records *r)
{
    struct entry e;
    uint32_t at = first_at(r), happened = at, end;
    bool closed = false, more = false; /* more: of the last put the rest is missing */
    /*@ loop invariant 2 * whole(r->flash->unit_bytes, AREA_HEAD_BYTES) <= happened <= at <= r->area_bytes;
        loop assigns at, happened, e, closed, more, r->damaged, r->torn;
        loop variant r->area_bytes - at; */
    for (; read_at(r, at, &e); at = e.next) {
        if (!more)
            happened = at;
        r->damaged += (uint32_t)r->torn + e.mended + (e.flags & DAMAGED) / DAMAGED;
        r->torn = !body_is_good(r, &e);
        closed |= e.mended;
        more = (e.flags & MORE) != 0;
    }
    end = at;
    if (!is_end(r, at)) { /* a bad head: then what is before it was not cut off */
        end += whole_units(r, HEAD_BYTES);
        r->damaged += r->torn;
        r->torn = false;
    }
    if (!all_are(area_of(r, r->generation) + end, r->area_bytes - end, 0xff)) {
        if (end != at || has_record(r, at))
            return ATTO_E_DAMAGED; /* records that nobody can find: the older ones may not count any more */
        r->damaged++; /* bits of blank flash: nothing was written behind a blank head */
        closed = true;
    }
    r->readable = more || r->torn ? happened : at;
    r->torn = r->readable != end;
    if (!r->torn && !closed)
        r->end = at;
    return ATTO_OK;
}

enum atto_status atto_records_mount(struct atto_records *r)
{
    enum atto_status status = find_area(r);
    if (status == ATTO_OK)
        status = survey(r);
    r->mounted = status == ATTO_OK;
    return status;
}

/* ---- writing ---- */

/* Appends one record; moves `end`. */
/*@ requires \valid(r) && sound_log(r) && r->end <= r->area_bytes && \valid_read(put) && \separated(r, put);
    requires put->value.len <= ATTO_RECORD_VALUE_MAX && readable(put->value.ptr, put->value.len);
    terminates \true; exits \false; assigns r->end, ATTO_RECORDS_FLASH(r);
    ensures r->end <= r->area_bytes; */
static enum atto_status append(struct atto_records *r, const struct atto_record *put, uint32_t flags)
{
    const uint32_t end = r->end + record_bytes(r, put->value.len);
    if (end > r->area_bytes)
        return ATTO_E_NO_SPACE;
    struct entry e = { .at = r->end, .len = (uint16_t)put->value.len };
    struct atto_flash_writer writer;
    uint8_t crc[CRC_BYTES];
    atto_put_le32(e.head, put->key);
    uint32_t field = flags | put->value.len;
    atto_put_le32(e.head + 4, field);
    atto_put_le32(e.head + 4, field | (uint32_t)head_check(e.at, e.head) << 16);
    atto_put_le32(crc, body_check(&e, put->value.ptr));
    r->end = end;

    atto_flash_begin(&writer, r->flash, area_offset(r, r->generation) + e.at);
    (void)atto_flash_write(&writer, e.head, HEAD_BYTES); /* fits into the buffer */
    enum atto_status status = atto_flash_flush(&writer);
    if (status == ATTO_OK)
        status = atto_flash_write(&writer, put->value.ptr, put->value.len);
    if (status == ATTO_OK)
        status = atto_flash_write(&writer, crc, CRC_BYTES);
    return status == ATTO_OK ? atto_flash_flush(&writer) : status;
}

/* Appends what is put together behind the last record. */
/*@ requires \valid(r) && sound_log(r) && r->end <= r->area_bytes && sound_put(put, count);
    requires \separated(r, put + (0 .. count - 1));
    terminates \true; exits \false; assigns r->end, r->readable, ATTO_RECORDS_FLASH(r);
    ensures r->end <= r->area_bytes && (r->readable == \old(r->readable) || r->readable == r->end); */
static enum atto_status append_all(struct atto_records *r, const struct atto_record *put, uint32_t count)
{
    enum atto_status status = ATTO_OK;
    /*@ loop invariant 0 <= i <= count && r->end <= r->area_bytes;
        loop assigns i, status, r->end, ATTO_RECORDS_FLASH(r);
        loop variant count - i; */
    for (uint32_t i = 0; status == ATTO_OK && i < count; i++)
        status = append(r, &put[i], (i != 0 ? JOINS : 0u) | (i + 1u < count ? MORE : 0u));
    if (status == ATTO_OK)
        r->readable = r->end;
    return status;
}

/*@ requires \valid_read(put + (0 .. count - 1));
    terminates \true; exits \false; assigns \nothing; */
static bool is_among(uint32_t key, const struct atto_record *put, uint32_t count)
{
    /*@ loop invariant 0 <= i <= count; loop assigns i; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++)
        if (put[i].key == key)
            return true;
    return false;
}

/* Gives the area of `generation`, whose records are written, its header: it is in force. The second one is for the day on
 * which the first one is damaged, so failing there is no error. */
/*@ requires sound_log(r);
    terminates \true; exits \false; assigns ATTO_RECORDS_FLASH(r); */
static enum atto_status write_header(const struct atto_records *r)
{
    uint32_t offset = area_offset(r, r->generation);
    uint8_t header[AREA_HEAD_BYTES];
    atto_put_le32(header, AREA_MAGIC);
    atto_put_le32(header + 4, r->generation);
    atto_put_le32(header + 8, r->area_bytes);
    atto_put_le32(header + 12, atto_crc32(0, header, 12));
    enum atto_status status = program_at(r, offset, header);
    if (status == ATTO_OK)
        (void)program_at(r, offset + whole_units(r, AREA_HEAD_BYTES), header);
    return status;
}

/* Erases the area of the next generation. `next` becomes the log in it, for appending alone until it is in force. */
/*@ requires \valid(next) && sound_log(r) && \separated(next, r, r->flash);
    terminates \true; exits \false;
    assigns next->flash, next->offset, next->area_bytes, next->area_count, next->generation, next->end, next->damaged,
            ATTO_RECORDS_FLASH(r);
    ensures sound_log(next) && next->flash == r->flash && next->end <= next->area_bytes == r->area_bytes; */
static enum atto_status begin_area(const struct atto_records *r, struct atto_records *next)
{
    next->flash = r->flash;
    next->offset = r->offset;
    next->area_bytes = r->area_bytes;
    next->area_count = r->area_count;
    next->generation = r->generation + 1u;
    next->end = first_at(r);
    next->damaged = 0;
    if (next->generation > GENERATION_MAX)
        return ATTO_E_NO_SPACE;
    return atto_flash_erase(r->flash, area_offset(next, next->generation), r->area_bytes);
}

/* Puts it in force. */
/*@ requires \valid(r) && sound_log(r) && sound_log(next) && next->flash == r->flash && \separated(r, next);
    requires next->end <= next->area_bytes == r->area_bytes && r->readable <= r->area_bytes;
    terminates \true; exits \false;
    assigns r->generation, r->end, r->readable, r->damaged, r->torn, r->mounted, ATTO_RECORDS_FLASH(r);
    ensures mounted_log(r); */
static enum atto_status end_area(struct atto_records *r, const struct atto_records *next)
{
    enum atto_status status = write_header(next);
    if (status == ATTO_OK) {
        r->generation = next->generation;
        r->end = r->readable = next->end;
        r->damaged = next->damaged;
        r->torn = false;
        r->mounted = true;
    } else {
        r->end = r->area_bytes; /* the header may be good after all, so nothing is written before that area is erased */
    }
    return status;
}

/* Appends a record in force to the next area. */
/*@ requires \valid(next) && sound_log(next) && next->end <= next->area_bytes;
    requires sound_log(r) && \valid_read(e) && SOUND_ENTRY(r, e) && \separated(next, r, r->flash, e);
    terminates \true; exits \false; assigns next->end, next->damaged, ATTO_RECORDS_FLASH(next);
    ensures next->end <= next->area_bytes; */
static enum atto_status keep(struct atto_records *next, const struct atto_records *r, const struct entry *e)
{
    const struct atto_record record = { e->key, { value_of(r, e), e->len } };
    bool damaged = is_damaged(r, e);
    next->damaged += damaged;
    return append(next, &record, damaged ? DAMAGED : 0u);
}

/* Copies what is in force to the next area, with what is put in place of what had those keys. */
/*@ requires \valid(r) && mounted_log(r) && r->mounted && sound_put(put, count);
    requires \separated(r, put + (0 .. count - 1));
    terminates \true; exits \false;
    assigns r->generation, r->end, r->readable, r->damaged, r->torn, r->mounted, ATTO_RECORDS_FLASH(r);
    ensures mounted_log(r); */
static enum atto_status compact(struct atto_records *r, const struct atto_record *put, uint32_t count)
{
    struct atto_records next;
    struct entry e;
    enum atto_status status = begin_area(r, &next);
    /*@ loop invariant sound_log(&next) && next.flash == r->flash && next.end <= next.area_bytes;
        loop assigns key, status, e, next.end, next.damaged, ATTO_RECORDS_FLASH(&next);
        loop variant UINT32_MAX - key; */
    for (uint32_t key = 0; status == ATTO_OK && search_living(r, key, &e); key = e.key + 1u)
        if (!is_among(e.key, put, count))
            status = keep(&next, r, &e);
    if (status == ATTO_OK)
        status = append_all(&next, put, count);
    return status == ATTO_OK ? end_area(r, &next) : status;
}

/* What the records in force take in an area, but for those whose keys are put. */
/*@ requires sound_log(r) && r->readable <= r->area_bytes && \valid_read(put + (0 .. count - 1));
    terminates \true; exits \false; assigns \nothing; */
static uint32_t living_bytes(const struct atto_records *r, const struct atto_record *put, uint32_t count)
{
    uint32_t bytes = 0;
    struct entry e;
    /*@ loop assigns key, e, bytes; loop variant UINT32_MAX - key; */
    for (uint32_t key = 0; search_living(r, key, &e); key = e.key + 1u)
        bytes += is_among(e.key, put, count) ? 0u : record_bytes(r, e.len);
    return bytes;
}

enum atto_status atto_records_put(struct atto_records *r, const struct atto_record *put, uint32_t count)
{
    uint32_t bytes = 0;
    if (!r->mounted)
        return ATTO_E_STATE;
    if (count == 0)
        return ATTO_E_ARGUMENT;
    /*@ loop invariant 0 <= i <= count && bytes <= r->area_bytes;
        loop invariant \forall integer k; 0 <= k < i ==> put[k].value.len <= ATTO_RECORD_VALUE_MAX;
        loop assigns i, bytes;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (put[i].value.len > ATTO_RECORD_VALUE_MAX || ATTO_RECORD_KIND(put[i].key) >= ATTO_RECORD_KINDS)
            return ATTO_E_ARGUMENT;
        uint32_t each = record_bytes(r, put[i].value.len);
        if (each > r->area_bytes - bytes)
            return ATTO_E_NO_SPACE;
        bytes += each;
    }
    if (bytes <= r->area_bytes - r->end) {
        if (append_all(r, put, count) == ATTO_OK)
            return ATTO_OK;
        r->end = r->area_bytes; /* the place is spoilt; nothing more is written here */
    }
    if (living_bytes(r, put, count) + bytes > r->area_bytes - first_at(r))
        return ATTO_E_NO_SPACE;
    return compact(r, put, count);
}

enum atto_status atto_records_format(struct atto_records *r)
{
    struct atto_records next;
    enum atto_status status = r->mounted ? ATTO_OK : find_area(r);
    if (status != ATTO_OK || r->generation >= GENERATION_MAX) {
        r->generation = ~0u; /* the next one is 0, in the first area; the others are erased here */
        status = atto_flash_erase(r->flash, r->offset + r->area_bytes, (r->area_count - 1u) * r->area_bytes);
    }
    if (status == ATTO_OK)
        status = begin_area(r, &next);
    return status == ATTO_OK ? end_area(r, &next) : status;
}

/* ---- asking ---- */

enum atto_status atto_records_next(const struct atto_records *r, uint32_t *key, struct atto_span *value)
{
    struct entry e;
    if (!r->mounted || !search_living(r, *key, &e))
        return ATTO_E_NOT_FOUND;
    *key = e.key;
    value->ptr = value_of(r, &e);
    value->len = e.len;
    if (!is_damaged(r, &e))
        return ATTO_OK;
    value->len = 0;
    return ATTO_E_DAMAGED;
}

enum atto_status atto_records_get(const struct atto_records *r, uint32_t key, struct atto_span *value)
{
    uint32_t found = key;
    if (!r->mounted)
        return ATTO_E_STATE;
    enum atto_status status = atto_records_next(r, &found, value);
    return found == key ? status : ATTO_E_NOT_FOUND;
}

enum atto_status atto_records_number(const struct atto_records *r, uint32_t key, uint32_t *number)
{
    struct atto_span value;
    enum atto_status status = atto_records_get(r, key, &value);
    *number = 0;
    if (status != ATTO_OK)
        return status != ATTO_E_NOT_FOUND ? status : ATTO_OK;
    if (value.len != 4u)
        return ATTO_E_DAMAGED;
    *number = atto_le32(value.ptr);
    return ATTO_OK;
}

uint32_t atto_records_room(const struct atto_records *r)
{
    if (!r->mounted)
        return 0;
    uint32_t room = r->area_bytes - first_at(r), used = living_bytes(r, NULL, 0) + whole_units(r, HEAD_BYTES);
    if (used + r->flash->unit_bytes + CRC_BYTES > room)
        return 0;
    room -= used;
    room -= rest(r->flash->unit_bytes, room) + CRC_BYTES;
    return room < ATTO_RECORD_VALUE_MAX ? room : ATTO_RECORD_VALUE_MAX;
}

uint32_t atto_records_wear(const struct atto_records *r, uint32_t area)
{
    if (!r->mounted || area >= r->area_count || area > r->generation)
        return 0;
    return (r->generation - area) / r->area_count + 1u;
}
