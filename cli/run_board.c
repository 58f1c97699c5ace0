/* Runs an image on an emulated board: writes it into a file beside a job list, has QEMU run the firmware `runner` on
 * that, and reads the JSON that the firmware prints. The job list and the report are described in
 * ports/qemu/runner.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "firmware.h"
#include "report.h"
#include "run.h"

static const char *write_job(struct atto_firmware_files *files, const struct atto_run_request *request)
{
    const char *image = atto_firmware_files_add(files, "image", request->image);
    const char *context = request->context == NULL ? "-" : atto_firmware_files_add(files, "context", request->context);
    struct atto_buffer job = {0};
    const char *path = NULL;

    if (image != NULL && context != NULL) {
        atto_buffer_print(&job, "%s\t%s\t%u\t%u\ttimes=%u\tshow", image, context, request->fuel, request->entry_slot,
                          request->times);
        for (uint32_t i = 0; i < request->answers.count; i++)
            atto_buffer_print(&job, "\tstub=%u=%" PRIu64, request->answers.list[i].number,
                              request->answers.list[i].value);
        atto_buffer_print(&job, "\n");
        path = atto_firmware_files_add(files, "jobs", &job);
    }
    atto_buffer_free(&job);
    return path;
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

/* What was heard from the board. */
struct hearing {
    struct atto_run_report *report;
    bool complete;
};

static void take_report(const json_t *root, struct atto_run_report *report)
{
    const char *context = json_string_value(json_object_get(root, "context"));

    report->status = atto_run_status(json_string_value(json_object_get(root, "status")));
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

static void take_object(void *user, json_t *object)
{
    struct hearing *hearing = user;
    json_t *log = json_object_get(object, "log");

    if (log != NULL)
        json_array_append(hearing->report->log, log);
    if (json_is_string(json_object_get(object, "status"))) {
        take_report(object, hearing->report);
        hearing->complete = true;
    }
}

bool atto_run_board(const char *board, const struct atto_run_request *request, struct atto_run_report *report)
{
    unsigned reports = atto_report_count();
    struct hearing hearing = {report, false};
    struct atto_firmware_files files;
    const char *job = NULL;
    int status;

    *report = (struct atto_run_report){.machine_instructions = -1, .instructions = -1, .log = json_array()};
    if (atto_firmware_files_make(&files))
        job = write_job(&files, request);
    if (job != NULL) {
        status = atto_firmware_run(board, "runner", "ATTO_RUNNER", job, take_object, &hearing);
        if (!hearing.complete && reports == atto_report_count())
            atto_report("the board did not report (exit status %d)", status);
    }
    atto_firmware_files_delete(&files);
    return hearing.complete;
}
