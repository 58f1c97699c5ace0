/* Layouts of flash, see layout.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "atto/tenant.h"
#include "atto/tenant_record.h"
#include "base/bytes.h"
#include "base/crc32.h"
#include "damage.h"
#include "deploy/fragment.h"
#include "report.h"

#define HEADER_BYTES 16u /* of an area of the log */

const char atto_layout_impossible[] = "no such layout is possible: a block is a multiple of 32 bytes, areas and slots are "
                                      "whole blocks, and a unit is 1, 2, 4, 8, 16 or 32 bytes";

static enum atto_status refuse_program(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
    (void)user;
    (void)offset;
    (void)bytes;
    (void)len;
    return ATTO_E_FLASH;
}

static enum atto_status refuse_erase(void *user, uint32_t offset)
{
    (void)user;
    (void)offset;
    return ATTO_E_FLASH;
}

static uint32_t log_end(const struct atto_layout *layout)
{
    return layout->log + layout->area_count * layout->area_bytes;
}

static uint32_t slots_at(const struct atto_layout *layout)
{
    return layout->slots != UINT32_MAX ? layout->slots : log_end(layout);
}

/* With the largest numbers that the options take this is below 3 << 30. */
uint32_t atto_layout_end(const struct atto_layout *layout)
{
    const uint32_t log = log_end(layout), slots = slots_at(layout) + layout->slot_count * layout->slot_bytes;

    return layout->slot_count != 0 && slots > log ? slots : log;
}

void atto_layout_apply(const struct atto_layout *layout, struct atto_storage *storage)
{
    storage->records = (struct atto_records){.flash = &storage->flash,
                                             .offset = layout->log,
                                             .area_bytes = layout->area_bytes,
                                             .area_count = layout->area_count};
    storage->slots = (struct atto_slots){.records = &storage->records,
                                         .offset = slots_at(layout),
                                         .slot_bytes = layout->slot_bytes,
                                         .slot_count = layout->slot_count};
}

/* By the header of an area or its copy (SPEC.md section 18), which begin at whole units. */
bool atto_layout_find_log(const struct atto_buffer *file, struct atto_log_place *place)
{
    for (size_t at = 0; at + HEADER_BYTES <= file->len; at += HEADER_BYTES) {
        const uint8_t *header = file->bytes + at;

        if (memcmp(header, "ARL1", 4) != 0 || atto_le32(header + 12) != atto_crc32(0, header, 12))
            continue;
        *place = (struct atto_log_place){(uint32_t)at, atto_le32(header + 8)};
        return true;
    }
    return false;
}

static void report_damage(void *user, const struct atto_damage *damage)
{
    char *text = atto_damage_text(damage);

    atto_report_at(user, 0, "%s", text);
    free(text);
}

static void report_no_log(const char *path, const struct atto_buffer *file, const struct atto_records *records,
                          enum atto_status status)
{
    struct atto_log_place place;
    const bool other = atto_layout_find_log(file, &place) && place.area_bytes != records->area_bytes;

    atto_report_at(path, 0, "no log: %s", status == ATTO_E_NOT_FOUND || other ? "there is none with this layout"
                                                                              : atto_status_text(status));
    if (other)
        atto_report_at(path, 0, "at byte %u there is an area of a log, of %u bytes: --area %u?", place.offset,
                       place.area_bytes, place.area_bytes);
    else if (status == ATTO_E_DAMAGED)
        atto_damage_find(records, report_damage, (char *)(size_t)path);
}

bool atto_storage_read(struct atto_storage *storage, const struct atto_layout *layout, const char *path,
                       struct atto_buffer *file)
{
    enum atto_status status;

    if (!atto_buffer_read(file, path))
        return false;
    storage->flash = (struct atto_flash){refuse_program,
                                         refuse_erase,
                                         NULL,
                                         file->bytes,
                                         (uint32_t)file->len / layout->block_bytes * layout->block_bytes,
                                         layout->block_bytes,
                                         layout->unit_bytes};
    atto_layout_apply(layout, storage);
    if (file->len < log_end(layout)) {
        atto_report_at(path, 0, "no file of a flash with this layout: it has %zu bytes, and the log ends at %u",
                       file->len, log_end(layout));
        return false;
    }
    if (!atto_records_is_sound(&storage->records)) {
        atto_report_at(path, 0, "%s", atto_layout_impossible);
        return false;
    }
    status = atto_records_mount(&storage->records);
    if (status != ATTO_OK) {
        report_no_log(path, file, &storage->records, status);
        return false;
    }
    if (layout->slot_count != 0 && !atto_slots_is_sound(&storage->slots)) {
        atto_report_at(path, 0, "slots do not fit into the file beside the log");
        return false;
    }
    return true;
}

bool atto_storage_has_tenant(const struct atto_storage *storage, struct atto_span name)
{
    struct atto_tenant_record record;
    struct atto_span value;

    for (uint32_t id = ATTO_TENANT_OWNER + 1u; id <= ATTO_TENANTS_MAX; id++) {
        if (atto_records_get(&storage->records, ATTO_RECORD_KEY(ATTO_RECORD_TENANT, id), &value) == ATTO_OK &&
            atto_tenant_record_read(value, &record, NULL) == ATTO_OK && record.name.len == name.len &&
            memcmp(record.name.ptr, name.ptr, name.len) == 0)
            return true;
    }
    return false;
}

bool atto_storage_name(const struct atto_storage *storage, uint32_t number, struct atto_component *component,
                       bool *to_run)
{
    struct atto_span value;
    struct atto_cbor cbor;

    if (atto_records_get(&storage->records, ATTO_RECORD_KEY(ATTO_RECORD_NAME, number), &value) != ATTO_OK)
        return false;
    *to_run = (value.ptr[0] & 1u) != 0;
    *component = (struct atto_component){{NULL, 0}, {NULL, 0}};
    cbor = (struct atto_cbor){value.ptr, value.len, 1};
    return atto_component_read(&cbor, component) && cbor.pos == cbor.len;
}
