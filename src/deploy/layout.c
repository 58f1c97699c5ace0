/* Is a layout of flash possible? It is constant in a firmware, so nothing here is called while a device runs: a firmware's
 * test or its start asks once, tools ask for what a person has typed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/slots.h"

#define AREA_BYTES_MAX (1u << 20)
#define AREA_BYTES_MIN 128u /* two headers in units of any size, and a record */

bool atto_flash_is_sound(const struct atto_flash *flash)
{
    uint32_t unit = flash->unit_bytes;
    return unit >= 1u && unit <= ATTO_FLASH_UNIT_MAX && (unit & (unit - 1u)) == 0 && flash->block_bytes != 0 &&
           flash->block_bytes % ATTO_FLASH_UNIT_MAX == 0 && flash->bytes % flash->block_bytes == 0;
}

bool atto_records_is_sound(const struct atto_records *records)
{
    const struct atto_flash *flash = records->flash;
    return atto_flash_is_sound(flash) && records->area_bytes >= AREA_BYTES_MIN && records->area_bytes <= AREA_BYTES_MAX &&
           records->area_bytes % flash->block_bytes == 0 && records->offset % flash->block_bytes == 0 &&
           records->offset <= flash->bytes && records->area_count >= 2u &&
           records->area_count <= (flash->bytes - records->offset) / records->area_bytes;
}

bool atto_slots_is_sound(const struct atto_slots *slots)
{
    const struct atto_records *records = slots->records;
    const struct atto_flash *flash = records->flash;
    if (!atto_records_is_sound(records) || slots->slot_count == 0 || slots->slot_count > ATTO_SLOTS_MAX ||
        slots->slot_bytes == 0 || slots->slot_bytes % flash->block_bytes != 0 ||
        slots->offset % flash->block_bytes != 0 || slots->offset > flash->bytes ||
        slots->slot_count > (flash->bytes - slots->offset) / slots->slot_bytes)
        return false;
    return slots->offset >= records->offset + records->area_count * records->area_bytes ||
           slots->offset + slots->slot_count * slots->slot_bytes <= records->offset;
}
