/* Slots and versions of components. The one idea: the records of components are all there is; which slots are free, and
 * what is to be run, follows from them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/slots.h"

#include <stddef.h>
#include <string.h>


/* A component's record is the front of struct atto_versions as it lies in memory, with the version that is kept only if
 * there is one. */
#define WITHOUT_PREVIOUS offsetof(struct atto_versions, previous)
_Static_assert(sizeof(struct atto_version) == 12u + ATTO_DIGEST_BYTES && WITHOUT_PREVIOUS == 4u + sizeof(struct atto_version) &&
                   __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "records are in memory as section 19 has them");

static bool is_possible(const struct atto_slots *slots, const struct atto_version *version)
{
    return version->image_bytes != 0 && version->image_bytes <= slots->slot_bytes && version->slot < slots->slot_count;
}

static enum atto_status read_component(const struct atto_slots *slots, struct atto_span value,
                                       struct atto_versions *found)
{
    bool kept = value.len == sizeof *found;
    if (!kept && value.len != WITHOUT_PREVIOUS)
        return ATTO_E_DAMAGED;
    memset(&found->previous, 0, sizeof found->previous);
    memcpy(found, value.ptr, value.len);
    bool fine = found->state >= ATTO_COMPONENT_TRIAL && found->state <= ATTO_COMPONENT_FAILED &&
                is_possible(slots, &found->current) &&
                (!kept || (found->state == ATTO_COMPONENT_TRIAL && is_possible(slots, &found->previous)));
    return fine ? ATTO_OK : ATTO_E_DAMAGED;
}

/* Puts the component's record as the first of `together`. */
static enum atto_status put_component(struct atto_slots *slots, uint32_t component, const struct atto_versions *found,
                                      struct atto_record *together, uint32_t count)
{
    together[0].key = ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, component);
    together[0].value.ptr = (const uint8_t *)found;
    together[0].value.len = found->previous.image_bytes != 0 ? sizeof *found : WITHOUT_PREVIOUS;
    return atto_records_put(slots->records, together, count);
}

/* ---- asking ---- */

enum atto_status atto_slots_sequence(const struct atto_slots *slots, uint32_t component, uint32_t *sequence)
{
    return atto_records_number(slots->records, ATTO_RECORD_KEY(ATTO_RECORD_SEQUENCE, component), sequence);
}

uint32_t atto_slots_wear(const struct atto_slots *slots, uint32_t slot)
{
    uint32_t wear;
    (void)atto_records_number(slots->records, ATTO_RECORD_KEY(ATTO_RECORD_WEAR, slot), &wear);
    return wear;
}

enum atto_status atto_slots_next(const struct atto_slots *slots, uint32_t *component, struct atto_versions *found)
{
    uint32_t key = ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, *component);
    struct atto_span value;
    if (*component > ATTO_COMPONENT_MAX)
        return ATTO_E_NOT_FOUND;
    enum atto_status status = atto_records_next(slots->records, &key, &value);
    if (status == ATTO_E_NOT_FOUND || ATTO_RECORD_KIND(key) != ATTO_RECORD_COMPONENT)
        return ATTO_E_NOT_FOUND;
    *component = ATTO_RECORD_NUMBER(key);
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

static struct atto_span span_of(const struct atto_slots *slots, uint32_t slot, uint32_t image_bytes)
{
    return (struct atto_span){ slots->records->flash->mapped + slots->offset + slot * slots->slot_bytes, image_bytes };
}

struct atto_span atto_slots_image(const struct atto_slots *slots, const struct atto_version *version)
{
    return span_of(slots, version->slot, version->image_bytes);
}

uint32_t atto_slots_slot_of(const struct atto_slots *slots, const uint8_t *image)
{
    return ((uint32_t)(image - slots->records->flash->mapped) - slots->offset) / slots->slot_bytes;
}

uint32_t atto_slots_free(const struct atto_slots *slots)
{
    uint32_t used = slots->open | slots->runs;
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
    uint32_t least = ~0u, best = 0, free = atto_slots_free(slots);
    if (image_bytes == 0)
        return ATTO_E_ARGUMENT;
    for (uint32_t slot = 0; slot < slots->slot_count; slot++) {
        uint32_t wear = (free >> slot & 1u) != 0 ? atto_slots_wear(slots, slot) : ~0u;
        if (wear < least) {
            least = wear;
            best = slot;
        }
    }
    if (image_bytes > slots->slot_bytes || least == ~0u)
        return ATTO_E_NO_SPACE;
    least++;
    const struct atto_record wear = { ATTO_RECORD_KEY(ATTO_RECORD_WEAR, best), { (const uint8_t *)&least, 4 } };
    enum atto_status status = atto_records_put(slots->records, &wear, 1);
    uint32_t offset = slots->offset + best * slots->slot_bytes;
    if (status == ATTO_OK)
        status = atto_flash_erase(flash, offset, image_bytes);
    if (status != ATTO_OK)
        return status;
    atto_flash_begin(&writer->writer, flash, offset);
    writer->image_bytes = image_bytes;
    writer->written = 0;
    writer->slot = (uint8_t)best;
    slots->open |= 1u << best;
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
    *image = span_of(slots, writer->slot, writer->image_bytes);
    return atto_flash_flush(&writer->writer);
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
    uint32_t last;
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

    together[1] = (struct atto_record){ ATTO_RECORD_KEY(ATTO_RECORD_SEQUENCE, component),
                                        { (const uint8_t *)&found.current.sequence, 4 } };
    status = put_component(slots, component, &found, together, count);
    if (status == ATTO_OK)
        atto_slots_abandon(slots, writer); /* the record names it from now on */
    return status;
}

/* What happens to a version. */
enum step { IS_ASKED_FOR, STARTS, IS_HEALTHY, HAS_FAULTED };

/* Does it to the current version, which is then that of `found`: the arrows of atto/slots.h. */
static enum atto_status advance(struct atto_slots *slots, uint32_t component, enum step step, struct atto_versions *found)
{
    enum atto_status status = atto_slots_get(slots, component, found);
    if (status != ATTO_OK)
        return status;
    if (found->state != ATTO_COMPONENT_TRIAL || step == IS_ASKED_FOR)
        return found->state == ATTO_COMPONENT_FAILED || step == HAS_FAULTED ? ATTO_E_STATE : ATTO_OK;
    if (step == STARTS && found->trials < ATTO_SLOT_TRIALS) {
        found->trials++;
    } else {
        found->trials = 0;
        found->state = ATTO_COMPONENT_HEALTHY;
        if (step != IS_HEALTHY && found->previous.image_bytes != 0)
            found->current = found->previous;
        else if (step != IS_HEALTHY)
            found->state = ATTO_COMPONENT_FAILED;
        found->previous.image_bytes = 0;
    }
    struct atto_record record;
    status = put_component(slots, component, found, &record, 1);
    return status == ATTO_OK && step == STARTS && found->state == ATTO_COMPONENT_FAILED ? ATTO_E_STATE : status;
}

enum atto_status atto_slots_confirm(struct atto_slots *slots, uint32_t component)
{
    struct atto_versions found;
    return advance(slots, component, IS_HEALTHY, &found);
}

enum atto_status atto_slots_fault(struct atto_slots *slots, uint32_t component)
{
    struct atto_versions found;
    return advance(slots, component, HAS_FAULTED, &found);
}

enum atto_status atto_slots_start(struct atto_slots *slots, uint32_t component, bool counts,
                                  struct atto_versions *found)
{
    return advance(slots, component, counts ? STARTS : IS_ASKED_FOR, found);
}

enum atto_status atto_slots_remove(struct atto_slots *slots, uint32_t component, struct atto_record *together,
                                   uint32_t count)
{
    struct atto_versions found;
    enum atto_status status = atto_slots_get(slots, component, &found);
    if (status != ATTO_OK && status != ATTO_E_DAMAGED)
        return status;
    together[0] = (struct atto_record){ ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, component), { NULL, 0 } };
    return atto_records_put(slots->records, together, count);
}
