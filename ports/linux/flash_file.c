/* A flash in a file of the host.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "flash_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool flash_file_open(struct memory_flash *memory, const char *path, uint32_t len, uint32_t block_bytes,
                     uint32_t unit_bytes)
{
    struct stat state;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0)
        return false;
    void *bytes = MAP_FAILED;
    if (flock(file, LOCK_EX | LOCK_NB) == 0 && fstat(file, &state) == 0 &&
        (state.st_size >= (off_t)len || ftruncate(file, (off_t)len) == 0))
        bytes = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) {
        close(file);
        return false;
    }
    /* The file stays open, and so held, until the process ends. */
    memory_flash_begin(memory, bytes, len, block_bytes, unit_bytes);
    return true;
}
