/* Layouts of flash, see layout.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include "deploy/fragment.h"
#include "report.h"

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

bool atto_storage_read(struct atto_storage *storage, const struct atto_layout *layout, const char *path,
                       struct atto_buffer *file)
{
    enum atto_status status;

    if (!atto_buffer_read(file, path))
        return false;
    if (file->len > UINT32_MAX) {
        atto_report_at(path, 0, "too large for a flash");
        return false;
    }
    storage->flash = (struct atto_flash){refuse_program,
                                         refuse_erase,
                                         NULL,
                                         file->bytes,
                                         (uint32_t)file->len / layout->block_bytes * layout->block_bytes,
                                         layout->block_bytes,
                                         layout->unit_bytes};
    atto_layout_apply(layout, storage);
    if (!atto_records_is_sound(&storage->records)) {
        atto_report_at(path, 0, "%s", atto_layout_impossible);
        return false;
    }
    status = atto_records_mount(&storage->records);
    if (status != ATTO_OK) {
        atto_report_at(path, 0, "no log: %s",
                       status == ATTO_E_NOT_FOUND ? "there is none with this layout" : atto_status_text(status));
        return false;
    }
    if (layout->slot_count != 0 && !atto_slots_is_sound(&storage->slots)) {
        atto_report_at(path, 0, "slots do not fit into the file beside the log");
        return false;
    }
    return true;
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
