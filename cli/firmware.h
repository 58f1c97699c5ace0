/* Our firmware programs (ports/qemu): runs one of them on an emulated board, or as a process, on files that are written
 * for it, and hands over what it prints.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_FIRMWARE_H
#define ATTO_CLI_FIRMWARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

/* Is this the name of an emulated board? Reports and returns false if not. */
bool atto_firmware_is_board(const char *name);

/* A directory for the files of one run. */
struct atto_firmware_files {
    char *directory; /* NULL: it could not be made */
    char **paths;
    size_t count;
};

/* Makes the directory, adds a file, and deletes all of it. They report what goes wrong; adding returns NULL then, else
 * the path, which is valid until it is deleted. */
bool atto_firmware_files_make(struct atto_firmware_files *files);
const char *atto_firmware_files_add(struct atto_firmware_files *files, const char *name,
                                    const struct atto_buffer *bytes);
void atto_firmware_files_delete(struct atto_firmware_files *files);

/* Takes an object that the firmware printed; it is the caller's. */
typedef void atto_firmware_take_fn(void *user, json_t *object);

/* Runs `program` on a board, or on "linux", with one argument. Another file is run in its place if the environment
 * variable names one. Errors that the firmware tells of are reported, and lines that are not objects are shown, here.
 * Returns the exit status, or -1, reported, if it could not be run. */
int atto_firmware_run(const char *board, const char *program, const char *variable, const char *argument,
                      atto_firmware_take_fn *take, void *user);

#endif
