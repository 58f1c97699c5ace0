/* A flash in a file of the host: mapped, so that a process which ends, however it ends, leaves in the file what it did.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FLASH_FILE_H
#define FLASH_FILE_H

#include <stdbool.h>

#include "memory_flash.h"

/* Maps the first `len` bytes of the file `path` as a flash. The file is made, or made longer, if need be; new bytes are
 * zero. It is held for this process alone while the process lives. false: it cannot be opened, held or mapped. */
bool flash_file_open(struct memory_flash *memory, const char *path, uint32_t len, uint32_t block_bytes,
                     uint32_t unit_bytes);

#endif
