/* Runs of firmware programs, see firmware.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "firmware.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "home.h"
#include "process.h"
#include "report.h"

struct board {
    const char *name, *preset;
};

static const struct board boards[] = {
    {"mps2-an386", "cortex-m4"}, {"lm3s6965evb", "cortex-m3"}, {"rv32-virt", "rv32"}};

static const struct board *find_board(const char *name)
{
    for (size_t i = 0; i < sizeof boards / sizeof boards[0]; i++) {
        if (strcmp(boards[i].name, name) == 0)
            return &boards[i];
    }
    return NULL;
}

bool atto_firmware_is_board(const char *name)
{
    bool known = find_board(name) != NULL;

    if (!known)
        atto_report("'%s' is not a board; there are mps2-an386, lm3s6965evb and rv32-virt", name);
    return known;
}

bool atto_firmware_files_make(struct atto_firmware_files *files)
{
    const char *temporary = getenv("TMPDIR");
    char *directory = atto_format("%s/atto-XXXXXX", temporary == NULL || temporary[0] == '\0' ? "/tmp" : temporary);

    *files = (struct atto_firmware_files){.directory = directory};
    if (mkdtemp(directory) != NULL)
        return true;
    atto_report("cannot make a directory %s: %s", directory, strerror(errno));
    free(directory);
    files->directory = NULL;
    return false;
}

const char *atto_firmware_files_add(struct atto_firmware_files *files, const char *name,
                                    const struct atto_buffer *bytes)
{
    char *path = atto_format("%s/%s", files->directory, name);

    files->paths = atto_grow(files->paths, files->count, files->count + 1, sizeof files->paths[0]);
    files->paths[files->count++] = path;
    return atto_buffer_write(bytes, path) ? path : NULL;
}

void atto_firmware_files_delete(struct atto_firmware_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        unlink(files->paths[i]);
        free(files->paths[i]);
    }
    free(files->paths);
    if (files->directory != NULL)
        rmdir(files->directory);
    free(files->directory);
    *files = (struct atto_firmware_files){0};
}

/* The program's file: what the environment variable names, or where the preset builds it. NULL, reported, if there is
 * none. The caller frees it. */
static char *find_program(const char *board_name, const char *program, const char *variable)
{
    const char *named = getenv(variable);
    const struct board *board = find_board(board_name);
    const char *preset = board == NULL ? "linux-gcc" : board->preset;
    char *relative, *path;

    if (named != NULL && named[0] != '\0')
        return atto_buffer_check(named) ? atto_copy_string(named) : NULL;
    relative = atto_format("build/%s/%s%s", preset, program, board == NULL ? "" : ".elf");
    path = atto_home_path(relative);
    if (path == NULL)
        atto_report("there is no firmware for %s yet; build it with 'cmake --preset %s && cmake --build --preset %s', "
                    "or name it in $%s", board_name, preset, preset, variable);
    free(relative);
    return path;
}

/* Has QEMU run a program; without a board the program is run as it is. Returns the exit status, -1 for none. */
static int run_program(const char *board, const char *path, const char *argument, struct atto_buffer *output)
{
    char *script;
    int status = -1;

    if (find_board(board) == NULL)
        return atto_process_run((const char *const[]){path, argument, NULL}, NULL, output, NULL);
    script = atto_home_path("scripts/qemu-run");
    if (script == NULL)
        atto_report("cannot find scripts/qemu-run; name Atto's directory in $ATTO_HOME");
    else
        status = atto_process_run((const char *const[]){script, board, path, argument, NULL}, NULL, output, NULL);
    free(script);
    return status;
}

static void read_line(const char *line, atto_firmware_take_fn *take, void *user)
{
    json_t *object = json_loads(line, 0, NULL);
    const char *error = json_string_value(json_object_get(object, "error"));

    if (error != NULL)
        atto_report("the board says: %s", error);
    if (object != NULL)
        take(user, object);
    else
        fprintf(stderr, "%s\n", line);
    json_decref(object);
}

int atto_firmware_run(const char *board, const char *program, const char *variable, const char *argument,
                      atto_firmware_take_fn *take, void *user)
{
    char *path = find_program(board, program, variable);
    struct atto_buffer output = {0};
    int status = path == NULL ? -1 : run_program(board, path, argument, &output);
    char *rest, *line;

    atto_buffer_put(&output, "", 1);
    rest = (char *)output.bytes;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (rest != NULL || line[0] != '\0')
            read_line(line, take, user);
    }
    atto_buffer_free(&output);
    free(path);
    return status;
}
