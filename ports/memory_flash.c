/* Memory that plays flash.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory_flash.h"

#include <string.h>

static bool power_fails_now(struct memory_flash *memory)
{
    return ++memory->operations == memory->cut_at;
}

static enum atto_status program(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
    struct memory_flash *memory = user;
    const struct atto_flash *flash = &memory->flash;
    if (len == 0 || offset % flash->unit_bytes != 0 || len % flash->unit_bytes != 0 || offset > flash->bytes ||
        len > flash->bytes - offset)
        return ATTO_E_FLASH;
    for (uint32_t i = 0; i < len; i++)
        if (memory->bytes[offset + i] != 0xff)
            return ATTO_E_FLASH;
    if (power_fails_now(memory)) {
        memcpy(memory->bytes + offset, bytes, len / 2u);
        memory->power_fails();
    }
    memcpy(memory->bytes + offset, bytes, len);
    return ATTO_OK;
}

static enum atto_status erase(void *user, uint32_t offset)
{
    struct memory_flash *memory = user;
    const struct atto_flash *flash = &memory->flash;
    if (offset % flash->block_bytes != 0 || offset >= flash->bytes)
        return ATTO_E_FLASH;
    if (power_fails_now(memory)) {
        memset(memory->bytes + offset, 0x5a, flash->block_bytes / 2u);
        memory->power_fails();
    }
    memset(memory->bytes + offset, 0xff, flash->block_bytes);
    return ATTO_OK;
}

void memory_flash_begin(struct memory_flash *memory, uint8_t *bytes, uint32_t len, uint32_t block_bytes,
                        uint32_t unit_bytes)
{
    *memory = (struct memory_flash){
        .flash = { program, erase, memory, bytes, len, block_bytes, unit_bytes },
        .bytes = bytes,
    };
}
