/* Semihosting: the firmware asks the emulator for files, arguments and its own end. Operation numbers and arguments are
 * those of Arm's semihosting specification (version 2), which RISC-V has taken over.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

enum semihosting_mode {
    SEMIHOSTING_READ_BINARY = 1,
    SEMIHOSTING_UPDATE_BINARY = 3, /* reading and writing; the file is there */
    SEMIHOSTING_WRITE = 4,
    SEMIHOSTING_CREATE_BINARY = 7, /* reading and writing; the file is empty at first */
    SEMIHOSTING_APPEND = 8
};

/* ":tt" opened for writing is the host's standard output, for appending its standard error. Negative: not opened. */
int32_t semihosting_open(const char *path, enum semihosting_mode mode);
void semihosting_close(int32_t handle);
int32_t semihosting_length(int32_t handle);

/* The next byte to be transferred is this one. 0 or negative. */
int32_t semihosting_seek(int32_t handle, uint32_t offset);

/* Both answer how many bytes were NOT transferred. */
uint32_t semihosting_read(int32_t handle, void *bytes, uint32_t len);
uint32_t semihosting_write(int32_t handle, const void *bytes, uint32_t len);

/* The command line as one string, the program's name first. 0 or negative. */
int32_t semihosting_command_line(char *line, uint32_t capacity);

void semihosting_exit(int32_t status) __attribute__((noreturn));

#endif
