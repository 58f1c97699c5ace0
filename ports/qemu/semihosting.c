/* Semihosting calls: each puts its arguments into a block of words and traps into the emulator.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "semihosting.h"

#include <string.h>

#include "machine.h"

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0a,
    SYS_FLEN = 0x0c,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20
};
#define REASON_APPLICATION_EXIT 0x20026u

static uint32_t address(const void *pointer)
{
    return (uint32_t)(uintptr_t)pointer;
}

int32_t semihosting_open(const char *path, enum semihosting_mode mode)
{
    uint32_t block[3] = { address(path), (uint32_t)mode, (uint32_t)strlen(path) };
    return machine_semihosting(SYS_OPEN, block);
}

void semihosting_close(int32_t handle)
{
    uint32_t block[1] = { (uint32_t)handle };
    machine_semihosting(SYS_CLOSE, block);
}

int32_t semihosting_length(int32_t handle)
{
    uint32_t block[1] = { (uint32_t)handle };
    return machine_semihosting(SYS_FLEN, block);
}

int32_t semihosting_seek(int32_t handle, uint32_t offset)
{
    uint32_t block[2] = { (uint32_t)handle, offset };
    return machine_semihosting(SYS_SEEK, block);
}

uint32_t semihosting_read(int32_t handle, void *bytes, uint32_t len)
{
    uint32_t block[3] = { (uint32_t)handle, address(bytes), len };
    return (uint32_t)machine_semihosting(SYS_READ, block);
}

uint32_t semihosting_write(int32_t handle, const void *bytes, uint32_t len)
{
    uint32_t block[3] = { (uint32_t)handle, address(bytes), len };
    return (uint32_t)machine_semihosting(SYS_WRITE, block);
}

int32_t semihosting_command_line(char *line, uint32_t capacity)
{
    uint32_t block[2] = { address(line), capacity };
    return machine_semihosting(SYS_GET_CMDLINE, block);
}

void semihosting_exit(int32_t status)
{
    uint32_t block[2] = { REASON_APPLICATION_EXIT, (uint32_t)status };
    machine_semihosting(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}
