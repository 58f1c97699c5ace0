/* Memory that plays flash: RAM of an emulated board, or a file that is mapped. It keeps the rules of atto/flash.h, so
 * that what works here works on flash: whoever programs what is not erased, or half a unit, is refused. Power can be
 * cut off in the middle of an operation.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_FLASH_H
#define MEMORY_FLASH_H

#include "atto/flash.h"

struct memory_flash {
    struct atto_flash flash;
    uint8_t *bytes;
    uint32_t operations;        /* programmed and erased so far */
    uint32_t cut_at;            /* the operation in which power fails, counted from 1; 0: none */
    void (*power_fails)(void);  /* called then, when half of the operation is done; must not return */
};

/* Memory of `len` bytes as a flash of that geometry; content is left as it is. The memory stays the caller's. */
void memory_flash_begin(struct memory_flash *memory, uint8_t *bytes, uint32_t len, uint32_t block_bytes,
                        uint32_t unit_bytes);

#endif
