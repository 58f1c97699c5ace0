/* Slots and versions of components. The one idea: the records of components are all there is; which slots are free, and
 * what is to be run, follows from them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/slots.h"

#include <string.h>

#include "base/bytes.h"

/* A component's record: state, trials, a version; another version if one is kept. */
#define VERSION_AT 2u
#define VERSION_BYTES (9u + ATTO_DIGEST_BYTES)
#define VALUE_BYTES_MAX (VERSION_AT + 2u * VERSION_BYTES)

static void put_le32(uint8_t *bytes, uint32_t value)
{
    for (uint32_t i = 0; i < 4u; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static void write_version(uint8_t *bytes, const struct atto_version *version)
{
    put_le32(bytes, version->sequence);
    put_le32(bytes + 4, version->image_bytes);
    bytes[8] = version->slot;
    memcpy(bytes + 9, version->digest, ATTO_DIGEST_BYTES);
}

static bool read_version(const struct atto_slots *slots, const uint8_t *bytes, struct atto_version *version)
{
    version->sequence = atto_le32(bytes);
    version->image_bytes = atto_le32(bytes + 4);
    version->slot = bytes[8];
    memcpy(version->digest, bytes + 9, ATTO_DIGEST_BYTES);
    return version->image_bytes != 0 && version->image_bytes <= slots->slot_bytes && version->slot < slots->slot_count;
}

static enum atto_status read_component(const struct atto_slots *slots, struct atto_span value,
                                       struct atto_versions *found)
{
    bool kept = value.len == VALUE_BYTES_MAX;
    memset(found, 0, sizeof *found);
    if (!kept && value.len != VALUE_BYTES_MAX - VERSION_BYTES)
        return ATTO_E_DAMAGED;
    found->state = value.ptr[0];
    found->trials = value.ptr[1];
    if (found->state < ATTO_COMPONENT_TRIAL || found->state > ATTO_COMPONENT_FAILED ||
        (kept && found->state != ATTO_COMPONENT_TRIAL) ||
        !read_version(slots, value.ptr + VERSION_AT, &found->current) ||
        (kept && !read_version(slots, value.ptr + VERSION_AT + VERSION_BYTES, &found->previous)))
        return ATTO_E_DAMAGED;
    return ATTO_OK;
}

/* Puts the component's record, as the first of `together`, which may be NULL. */
static enum atto_status put_component(struct atto_slots *slots, uint32_t component, const struct atto_versions *found,
                                      struct atto_record *together, uint32_t count)
{
    uint8_t value[VALUE_BYTES_MAX];
    struct atto_record alone;
    struct atto_record *first = together != NULL ? together : &alone;
    uint32_t len = VERSION_AT + VERSION_BYTES;
    value[0] = found->state;
    value[1] = found->trials;
    write_version(value + VERSION_AT, &found->current);
    if (found->previous.image_bytes != 0) {
        write_version(value + len, &found->previous);
        len += VERSION_BYTES;
    }
    *first = (struct atto_record){ ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, component), { value, len } };
    return atto_records_put(slots->records, first, together != NULL ? count : 1u);
}

/* ---- asking ---- */

enum atto_status atto_slots_check(struct atto_slots *slots)
{
    const struct atto_records *records = slots->records;
    const struct atto_flash *flash = records->flash;
    uint32_t log_end = records->offset + records->area_count * records->area_bytes;
    slots->open = 0;
    if (slots->slot_count == 0 || slots->slot_count > ATTO_SLOTS_MAX || slots->slot_bytes == 0 ||
        slots->slot_bytes % flash->block_bytes != 0 || slots->offset % flash->block_bytes != 0 ||
        slots->offset > flash->bytes || slots->slot_count > (flash->bytes - slots->offset) / slots->slot_bytes)
        return ATTO_E_ARGUMENT;
    uint32_t end = slots->offset + slots->slot_count * slots->slot_bytes;
    return slots->offset >= log_end || end <= records->offset ? ATTO_OK : ATTO_E_ARGUMENT;
}

/* A number that a record has as its value, 0 if there is no record. */
static enum atto_status get_number(const struct atto_slots *slots, uint32_t key, uint32_t *number)
{
    struct atto_span value;
    enum atto_status status = atto_records_get(slots->records, key, &value);
    *number = 0;
    if (status == ATTO_E_NOT_FOUND)
        return ATTO_OK;
    if (status == ATTO_OK && value.len != 4u)
        status = ATTO_E_DAMAGED;
    if (status == ATTO_OK)
        *number = atto_le32(value.ptr);
    return status;
}

enum atto_status atto_slots_sequence(const struct atto_slots *slots, uint32_t component, uint32_t *sequence)
{
    return get_number(slots, ATTO_RECORD_KEY(ATTO_RECORD_SEQUENCE, component), sequence);
}

uint32_t atto_slots_wear(const struct atto_slots *slots, uint32_t slot)
{
    uint32_t wear;
    (void)get_number(slots, ATTO_RECORD_KEY(ATTO_RECORD_WEAR, slot), &wear);
    return wear;
}

enum atto_status atto_slots_next(const struct atto_slots *slots, uint32_t *component, struct atto_versions *found)
{
    uint32_t key = ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, *component);
    struct atto_span value;
    if (*component > ATTO_COMPONENT_MAX)
        return ATTO_E_NOT_FOUND;
    enum atto_status status = atto_records_next(slots->records, &key, &value);
    if (status == ATTO_OK || status == ATTO_E_DAMAGED) {
        if (ATTO_RECORD_KIND(key) != ATTO_RECORD_COMPONENT)
            return ATTO_E_NOT_FOUND;
        *component = ATTO_RECORD_NUMBER(key);
    }
    return status == ATTO_OK ? read_component(slots, value, found) : status;
}

enum atto_status atto_slots_get(const struct atto_slots *slots, uint32_t component, struct atto_versions *found)
{
    uint32_t number = component;
    if (!slots->records->mounted)
        return ATTO_E_STATE;
    enum atto_status status = atto_slots_next(slots, &number, found);
    return number == component ? status : ATTO_E_NOT_FOUND;
}

struct atto_span atto_slots_image(const struct atto_slots *slots, const struct atto_version *version)
{
    const uint8_t *mapped = slots->records->flash->mapped;
    return (struct atto_span){ mapped + slots->offset + version->slot * slots->slot_bytes, version->image_bytes };
}

uint32_t atto_slots_free(const struct atto_slots *slots)
{
    uint32_t used = slots->open;
    struct atto_versions found;
    enum atto_status status;
    for (uint32_t number = 0; number <= ATTO_COMPONENT_MAX; number++) {
        status = atto_slots_next(slots, &number, &found);
        if (status == ATTO_E_NOT_FOUND)
            break;
        if (status == ATTO_OK) {
            used |= 1u << found.current.slot;
            used |= found.previous.image_bytes != 0 ? 1u << found.previous.slot : 0u;
        }
    }
    return ~used & (~0u >> (ATTO_SLOTS_MAX - slots->slot_count));
}

/* ---- writing ---- */

enum atto_status atto_slots_open(struct atto_slots *slots, struct atto_slot_writer *writer, uint32_t image_bytes)
{
    const struct atto_flash *flash = slots->records->flash;
    uint32_t least = ~0u, free = atto_slots_free(slots);
    uint8_t wear_bytes[4];
    if (!slots->records->mounted)
        return ATTO_E_STATE;
    if (image_bytes == 0)
        return ATTO_E_ARGUMENT;
    if (image_bytes > slots->slot_bytes || free == 0)
        return ATTO_E_NO_SPACE;
    for (uint8_t slot = 0; slot < slots->slot_count; slot++) {
        uint32_t wear = (free >> slot & 1u) != 0 ? atto_slots_wear(slots, slot) : ~0u;
        if (wear < least) {
            least = wear;
            writer->slot = slot;
        }
    }
    put_le32(wear_bytes, least + 1u);
    const struct atto_record wear = { ATTO_RECORD_KEY(ATTO_RECORD_WEAR, writer->slot), { wear_bytes, 4 } };
    enum atto_status status = atto_records_put(slots->records, &wear, 1);
    uint32_t offset = slots->offset + writer->slot * slots->slot_bytes;
    if (status == ATTO_OK)
        status = atto_flash_erase(flash, offset, image_bytes);
    if (status != ATTO_OK)
        return status;
    atto_flash_begin(&writer->writer, flash, offset);
    writer->image_bytes = image_bytes;
    writer->written = 0;
    slots->open |= 1u << writer->slot;
    return ATTO_OK;
}

enum atto_status atto_slots_write(struct atto_slot_writer *writer, const uint8_t *bytes, uint32_t len)
{
    if (len > writer->image_bytes - writer->written)
        return ATTO_E_LENGTH;
    writer->written += len;
    return atto_flash_write(&writer->writer, bytes, len);
}

enum atto_status atto_slots_finish(const struct atto_slots *slots, struct atto_slot_writer *writer,
                                   struct atto_span *image)
{
    if (writer->written != writer->image_bytes)
        return ATTO_E_LENGTH;
    enum atto_status status = atto_flash_flush(&writer->writer);
    const struct atto_version version = { .image_bytes = writer->image_bytes, .slot = writer->slot };
    *image = atto_slots_image(slots, &version);
    return status;
}

void atto_slots_abandon(struct atto_slots *slots, const struct atto_slot_writer *writer)
{
    slots->open &= ~(1u << writer->slot);
}

/* ---- the life of a version ---- */

enum atto_status atto_slots_commit(struct atto_slots *slots, const struct atto_slot_writer *writer, uint32_t component,
                                   uint32_t sequence, const uint8_t digest[ATTO_DIGEST_BYTES],
                                   struct atto_record *together, uint32_t count)
{
    struct atto_versions found;
    struct atto_record own[ATTO_SLOTS_OWN_RECORDS];
    uint32_t last;
    uint8_t sequence_bytes[4];
    if (component > ATTO_COMPONENT_MAX)
        return ATTO_E_ARGUMENT;
    enum atto_status status = atto_slots_sequence(slots, component, &last);
    if (status != ATTO_OK)
        return status;
    if (sequence <= last)
        return ATTO_E_SEQUENCE;
    if (writer->written != writer->image_bytes || writer->writer.filled != 0)
        return ATTO_E_LENGTH;
    if (atto_slots_get(slots, component, &found) != ATTO_OK)
        memset(&found, 0, sizeof found); /* a damaged one is replaced */
    if (found.state == ATTO_COMPONENT_HEALTHY)
        found.previous = found.current;
    found.state = ATTO_COMPONENT_TRIAL;
    found.trials = 0;
    found.current.sequence = sequence;
    found.current.image_bytes = writer->image_bytes;
    found.current.slot = writer->slot;
    memcpy(found.current.digest, digest, ATTO_DIGEST_BYTES);

    if (together == NULL) {
        together = own;
        count = ATTO_SLOTS_OWN_RECORDS;
    }
    put_le32(sequence_bytes, sequence);
    together[1] =
        (struct atto_record){ ATTO_RECORD_KEY(ATTO_RECORD_SEQUENCE, component), { sequence_bytes, 4 } };
    status = put_component(slots, component, &found, together, count);
    if (status == ATTO_OK)
        atto_slots_abandon(slots, writer); /* the record names it from now on */
    return status;
}

enum atto_status atto_slots_confirm(struct atto_slots *slots, uint32_t component)
{
    struct atto_versions found;
    enum atto_status status = atto_slots_get(slots, component, &found);
    if (status != ATTO_OK || found.state == ATTO_COMPONENT_HEALTHY)
        return status;
    if (found.state == ATTO_COMPONENT_FAILED)
        return ATTO_E_STATE;
    found.state = ATTO_COMPONENT_HEALTHY;
    found.trials = 0;
    found.previous.image_bytes = 0;
    return put_component(slots, component, &found, NULL, 0);
}

/* Gives the current version up, for the one that was kept if there is one. */
static enum atto_status roll_back(struct atto_slots *slots, uint32_t component, struct atto_versions *found)
{
    if (found->previous.image_bytes != 0) {
        found->current = found->previous;
        found->previous.image_bytes = 0;
        found->state = ATTO_COMPONENT_HEALTHY;
    } else {
        found->state = ATTO_COMPONENT_FAILED;
    }
    found->trials = 0;
    return put_component(slots, component, found, NULL, 0);
}

enum atto_status atto_slots_fault(struct atto_slots *slots, uint32_t component)
{
    struct atto_versions found;
    enum atto_status status = atto_slots_get(slots, component, &found);
    if (status != ATTO_OK)
        return status;
    return found.state == ATTO_COMPONENT_TRIAL ? roll_back(slots, component, &found) : ATTO_E_STATE;
}

enum atto_status atto_slots_start(struct atto_slots *slots, uint32_t component, struct atto_versions *found)
{
    enum atto_status status = atto_slots_get(slots, component, found);
    if (status != ATTO_OK)
        return status;
    if (found->state == ATTO_COMPONENT_TRIAL) {
        if (found->trials < ATTO_SLOT_TRIALS) {
            found->trials++;
            return put_component(slots, component, found, NULL, 0);
        }
        status = roll_back(slots, component, found);
    }
    return status == ATTO_OK && found->state == ATTO_COMPONENT_FAILED ? ATTO_E_STATE : status;
}

enum atto_status atto_slots_remove(struct atto_slots *slots, uint32_t component, struct atto_record *together,
                                   uint32_t count)
{
    struct atto_versions found;
    struct atto_record alone;
    struct atto_record *first = together != NULL ? together : &alone;
    enum atto_status status = atto_slots_get(slots, component, &found);
    if (status != ATTO_OK && status != ATTO_E_DAMAGED)
        return status;
    *first = (struct atto_record){ ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, component), { NULL, 0 } };
    return atto_records_put(slots->records, first, together != NULL ? count : 1u);
}
