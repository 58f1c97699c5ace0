/* Writing to flash in whole program units. Everything that is programmed is read back at once, so that a worn or
 * half-programmed place is noticed by whoever writes and not by whoever reads.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/flash.h"

#include <string.h>

void atto_flash_begin(struct atto_flash_writer *writer, const struct atto_flash *flash, uint32_t offset)
{
    writer->flash = flash;
    writer->at = offset;
    writer->filled = 0;
}

enum atto_status atto_flash_flush(struct atto_flash_writer *writer)
{
    const struct atto_flash *flash = writer->flash;
    uint32_t len = (writer->filled + flash->unit_bytes - 1u) & ~(flash->unit_bytes - 1u);
    if (len == 0)
        return ATTO_OK;
    memset(writer->buffer + writer->filled, 0xff, len - writer->filled);
    enum atto_status status = flash->program(flash->user, writer->at, writer->buffer, len);
    if (status != ATTO_OK)
        return status;
    if (memcmp(flash->mapped + writer->at, writer->buffer, len) != 0)
        return ATTO_E_FLASH;
    writer->at += len;
    writer->filled = 0;
    return ATTO_OK;
}

enum atto_status atto_flash_write(struct atto_flash_writer *writer, const uint8_t *bytes, uint32_t len)
{
    while (len != 0) {
        /* A full buffer waits for the next byte, so that the last call is always that of flush. */
        if (writer->filled == ATTO_FLASH_BUFFER_BYTES) {
            enum atto_status status = atto_flash_flush(writer);
            if (status != ATTO_OK)
                return status;
        }
        uint32_t part = ATTO_FLASH_BUFFER_BYTES - writer->filled;
        part = part < len ? part : len;
        memcpy(writer->buffer + writer->filled, bytes, part);
        writer->filled += part;
        bytes += part;
        len -= part;
    }
    return ATTO_OK;
}

enum atto_status atto_flash_erase(const struct atto_flash *flash, uint32_t offset, uint32_t len)
{
    for (uint32_t at = 0; at < len; at += flash->block_bytes) {
        enum atto_status status = flash->erase(flash->user, offset + at);
        if (status != ATTO_OK)
            return status;
    }
    return ATTO_OK;
}
