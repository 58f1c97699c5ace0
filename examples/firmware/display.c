/* A firmware with a service of its own: a display of four lines that containers may write, each the lines that its right
 * is for. One entry in the table of host calls and one C function are all that a service takes; what the entry says is
 * judged before the function runs. docs/PORTING.md explains it line by line.
 *
 * usage: display IMAGE      e.g. of greeting.c beside this file; prints what is on the display after one activation
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "atto/service.h"
#include "board.h"

/* ---- the service ---- */

#define KIND_DISPLAY ATTO_KIND_FIRMWARE /* the first of the firmware's own kinds */
#define CALL_SHOW 208u                  /* the first of its own numbers: show(handle, line, text, text_bytes) */
#define LINES 4u
#define COLUMNS 20u

struct display {
    char (*line)[COLUMNS + 1u];
};

static int32_t call_show(struct atto_call_frame *call)
{
    const struct display *display = call->endpoint->object;
    uint32_t len = call->span[0].len < COLUMNS ? call->span[0].len : COLUMNS;
    if (call->r[2] >= LINES) {
        call->r[0] = (uint64_t)(int64_t)ATTO_E_NOT_FOUND;
        return ATTO_OK;
    }
    char *line = display->line[call->r[2]];
    memset(line, 0, COLUMNS + 1u);
    if (len != 0u)
        memcpy(line, call->span[0].ptr, len);
    call->r[0] = 0;
    return ATTO_OK;
}

#define SHOW_NEEDS                                                                            \
    (ATTO_NEEDS_ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_RANGED, ATTO_ARG_IN, ATTO_ARG_LENGTH, 0) | \
     ATTO_NEEDS_RIGHT(KIND_DISPLAY, 0, ATTO_OPERATION_WRITE))
_Static_assert(ATTO_NEEDS_ARE_SOUND(SHOW_NEEDS), "the gate can judge it");
static const struct atto_call own_calls[ATTO_CALL_PAGE] = {
    [CALL_SHOW % ATTO_CALL_PAGE] = { call_show, 50, SHOW_NEEDS },
};

/* ---- the firmware ---- */

static char lines[LINES][COLUMNS + 1u];
static const struct display display = { lines };
static const struct atto_endpoint endpoints[] = {
    { "log", NULL, ATTO_KIND_LOG, 0, ATTO_OPERATION_WRITE },
    { "display", &display, KIND_DISPLAY, 0, ATTO_OPERATION_WRITE },
};
static const struct atto_call_table table = {
    { [ATTO_SERVICE_PAGE] = atto_service_calls, [ATTO_SERVICE_PAGE + 1u] = atto_service_calls + ATTO_CALL_PAGE,
      [CALL_SHOW / ATTO_CALL_PAGE] = own_calls }
};
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &table, .endpoints = endpoints, .endpoint_count = sizeof endpoints / sizeof *endpoints },
    .fuel = 10000,
};
static struct atto_audit_record refused[4];
static const struct atto_engine_config config = {
    .firmware = &firmware, .port = &board_port, .slice_fuel = 1000, .denials = refused, .denial_count = 4,
};

int main(int argc, char **argv)
{
    static _Alignas(ATTO_IMAGE_ALIGN) uint8_t image[4096];
    static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[4096];
    static struct atto_engine engine;
    const struct atto_schedule once = { .loop_count = 1 };
    struct atto_install request = { .bytes = image, .schedule = &once };
    struct atto_container *container;
    struct atto_report report;
    struct atto_audit_record record;
    int32_t len = argc == 2 ? board_file_read(argv[1], image, sizeof image) : -1;
    if (len < 0) {
        printf("usage: display IMAGE\n");
        return 2;
    }
    request.len = (uint32_t)len;
    memset(&firmware.granted, 0xff, sizeof firmware.granted);
    atto_engine_init(&engine, &config, pool, sizeof pool);
    enum atto_status status = atto_engine_install(&engine, &request, &container, &report);
    if (status != ATTO_OK) {
        printf("refused: %s, at %" PRIu32 "\n", atto_status_text(status), report.refusal.at);
        return 1;
    }
    atto_engine_start(&engine, container);
    while (atto_engine_poll(&engine) != ATTO_NEVER) {
    }
    for (uint32_t i = 0; i < LINES; i++)
        printf("%" PRIu32 " |%-20s|\n", i, lines[i]);
    for (uint32_t age = 4; age-- != 0u;) {
        if (atto_engine_denial(&engine, age, &record))
            printf("refused: call %u, handle %u: %s\n", record.code, record.handle,
                   atto_status_text((enum atto_status)record.status));
    }
    return 0;
}
