/* Runs an image on an emulated board: writes it into a file beside a job list, has QEMU run the firmware `runner` on
 * that, and reads the JSON that the firmware prints. The job list and the report are described in
 * ports/qemu/runner.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "home.h"
#include "process.h"
#include "report.h"
#include "run.h"

struct board {
    const char *name, *preset;
};

static const struct board boards[] = {{"mps2-an386", "cortex-m4"}, {"rv32-virt", "rv32"}};

static const struct board *find_board(const char *name)
{
    for (size_t i = 0; i < sizeof boards / sizeof boards[0]; i++) {
        if (strcmp(boards[i].name, name) == 0)
            return &boards[i];
    }
    return NULL;
}

bool atto_run_is_board(const char *name)
{
    bool known = find_board(name) != NULL;

    if (!known)
        atto_report("'%s' is not a board; there are mps2-an386 and rv32-virt", name);
    return known;
}

char *atto_run_firmware(const char *name, const char *program, const char *variable)
{
    const char *named = getenv(variable);
    const struct board *board = find_board(name);
    const char *preset = board == NULL ? "linux-gcc" : board->preset;
    char *relative, *path;

    if (named != NULL && named[0] != '\0')
        return atto_buffer_check(named) ? atto_copy_string(named) : NULL;
    relative = atto_format("build/%s/%s%s", preset, program, board == NULL ? "" : ".elf");
    path = atto_home_path(relative);
    if (path == NULL)
        atto_report("there is no firmware for %s yet; build it with 'cmake --preset %s && cmake --build --preset %s', "
                    "or name it in $%s", name, preset, preset, variable);
    free(relative);
    return path;
}

static bool write_job(const char *directory, const struct atto_run_request *request)
{
    struct atto_buffer job = {0};
    char *image = atto_format("%s/image", directory);
    char *context = request->context == NULL ? atto_copy_string("-") : atto_format("%s/context", directory);
    char *path = atto_format("%s/jobs", directory);
    char *line = atto_format("%s\t%s\t%u\t%u\ttimes=%u\tshow", image, context, request->fuel, request->entry_slot,
                             request->times);
    bool fine;

    atto_buffer_put(&job, line, strlen(line));
    for (uint32_t i = 0; i < request->answers.count; i++) {
        char *stub = atto_format("\tstub=%u=%" PRIu64, request->answers.list[i].number, request->answers.list[i].value);

        atto_buffer_put(&job, stub, strlen(stub));
        free(stub);
    }
    atto_buffer_put(&job, "\n", 1);
    fine = atto_buffer_write(request->image, image) && atto_buffer_write(&job, path) &&
           (request->context == NULL || atto_buffer_write(request->context, context));
    atto_buffer_free(&job);
    free(image);
    free(context);
    free(path);
    free(line);
    return fine;
}

static void delete_files(const char *directory)
{
    static const char *const names[] = {"image", "context", "jobs"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = atto_format("%s/%s", directory, names[i]);

        unlink(path);
        free(path);
    }
    rmdir(directory);
}

static uint64_t number_of(const json_t *root, const char *key)
{
    const json_t *value = json_object_get(root, key);

    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 16);
    return (uint64_t)json_integer_value(value);
}

enum atto_status atto_run_status(const char *name)
{
#define STATUS_BY_NAME(status, value, sentence) \
    if (strcmp(name, #status) == 0)             \
        return status;
    ATTO_STATUS_TABLE(STATUS_BY_NAME)
#undef STATUS_BY_NAME
    return ATTO_E_STATE;
}

static void read_receipt(const json_t *root, struct atto_receipt *receipt)
{
    const json_t *calls = json_object_get(root, "calls");

    receipt->arena_bytes = (uint32_t)number_of(root, "arena_bytes");
    receipt->instance_bytes = (uint32_t)number_of(root, "instance_bytes");
    receipt->stack_bytes = (uint32_t)number_of(root, "stack_bytes");
    receipt->memory_bytes = (uint32_t)number_of(root, "memory_bytes");
    receipt->instruction_count = (uint32_t)number_of(root, "instruction_count");
    receipt->longest_run = (uint32_t)number_of(root, "longest_run");
    receipt->call_depth = (uint32_t)number_of(root, "call_depth");
    for (size_t i = 0; i < json_array_size(calls); i++)
        atto_callset_add(&receipt->calls, (uint32_t)json_integer_value(json_array_get(calls, i)));
}

static void read_registers(const json_t *list, struct atto_run_report *report)
{
    report->has_registers = json_array_size(list) == sizeof report->registers / sizeof report->registers[0];
    for (size_t i = 0; i < json_array_size(list) && report->has_registers; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        report->registers[i] = text == NULL ? 0 : strtoull(text, NULL, 16);
    }
}

/* Reads one line of the firmware. Returns true when it was the report. */
static bool read_line(const char *line, struct atto_run_report *report)
{
    json_t *root = json_loads(line, 0, NULL);
    const char *status = json_string_value(json_object_get(root, "status"));
    const char *error = json_string_value(json_object_get(root, "error"));
    json_t *log = json_object_get(root, "log");
    const char *context = json_string_value(json_object_get(root, "context"));

    if (log != NULL)
        json_array_append(report->log, log);
    if (error != NULL)
        atto_report("the board says: %s", error);
    if (root == NULL)
        fprintf(stderr, "%s\n", line);
    if (status != NULL) {
        report->status = atto_run_status(status);
        report->installed = json_is_true(json_object_get(root, "installed"));
        report->at = (uint32_t)number_of(root, "at");
        report->result = number_of(root, "result");
        report->pc = (uint32_t)number_of(root, "pc");
        report->fault_address = (uint32_t)number_of(root, "fault_address");
        report->fuel = (uint32_t)number_of(root, "fuel");
        if (json_is_integer(json_object_get(root, "machine_instructions")))
            report->machine_instructions = (int64_t)number_of(root, "machine_instructions");
        read_registers(json_object_get(root, "registers"), report);
        read_receipt(root, &report->receipt);
        if (context != NULL)
            atto_buffer_put_hex(&report->context, context);
    }
    json_decref(root);
    return status != NULL;
}

/* Runs the firmware and reads what it prints. */
static bool run_and_read(const char *const *arguments, struct atto_run_report *report)
{
    struct atto_buffer output = {0};
    bool reported = false;
    const char *line;
    unsigned reports = atto_report_count();
    int status = atto_process_run(arguments, NULL, &output, NULL);

    atto_buffer_put(&output, "", 1);
    line = (const char *)output.bytes;
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        char *copy = atto_format("%.*s", (int)len, line);

        reported = read_line(copy, report) || reported;
        free(copy);
        line += len + (line[len] == '\n');
    }
    atto_buffer_free(&output);
    if (!reported && reports == atto_report_count())
        atto_report("the board did not report (exit status %d)", status);
    return reported;
}

bool atto_run_board(const char *board, const struct atto_run_request *request, struct atto_run_report *report)
{
    const char *temporary = getenv("TMPDIR");
    char *directory = atto_format("%s/atto-XXXXXX", temporary == NULL || temporary[0] == '\0' ? "/tmp" : temporary);
    char *firmware = atto_run_firmware(board, "runner", "ATTO_RUNNER");
    char *script = atto_home_path("scripts/qemu-run");
    char *jobs = NULL;
    bool fine = false;

    *report = (struct atto_run_report){.machine_instructions = -1, .instructions = -1, .log = json_array()};
    if (firmware != NULL && script == NULL)
        atto_report("cannot find scripts/qemu-run; name Atto's directory in $ATTO_HOME");
    if (firmware != NULL && script != NULL && mkdtemp(directory) == NULL) {
        atto_report("cannot make a directory %s: %s", directory, strerror(errno));
    } else if (firmware != NULL && script != NULL) {
        const char *arguments[] = {script, board, firmware, NULL, NULL};

        jobs = atto_format("%s/jobs", directory);
        arguments[3] = jobs;
        fine = write_job(directory, request) && run_and_read(arguments, report);
        delete_files(directory);
    }
    free(directory);
    free(firmware);
    free(script);
    free(jobs);
    return fine;
}
