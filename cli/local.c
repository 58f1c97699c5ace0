/* The process as a device, see local.h. The calls of the SDK are those of the reference firmware, so that a container
 * behaves, and is charged, as on a board.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../sdk/calls.h"
#include "board.h"
#include "calls.h"
#include "endpoints.h"
#include "report.h"

bool atto_answers_add(struct atto_answers *answers, const char *text)
{
    const char *equals = strchr(text, '=');
    char *number = atto_format("%.*s", (int)(equals == NULL ? strlen(text) : (size_t)(equals - text)), text);
    struct atto_answer answer = {0, 0};
    char *end = NULL;
    bool known = atto_call_parse(number, &answer.number);

    free(number);
    errno = 0;
    if (equals != NULL) {
        /* "-1" is a fine answer; strtoull reads it as 64 bits. */
        answer.value = strtoull(equals + 1, &end, 0);
        known = known && end != equals + 1 && *end == '\0' && errno == 0;
    }
    if (!known) {
        atto_report("--call: '%s' is not %s; an ID is a name of the SDK or a number below %u", text,
                    equals == NULL ? "an ID" : "ID=VALUE", ATTO_CALL_IDS);
        return false;
    }
    if (answers->count == ATTO_ANSWERS_MAX) {
        atto_report("at most %u calls can be given", ATTO_ANSWERS_MAX);
        return false;
    }
    answers->list[answers->count++] = answer;
    return true;
}

static struct atto_local *local_of(const struct atto_run *run)
{
    return run->host->user;
}

/* A host call is not told its number, so each of the answers has a function of its own. */
#define ANSWERS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define ANSWER_FUNCTION(index)                                   \
    static int32_t answer_##index(struct atto_call_frame *call)  \
    {                                                            \
        call->r[0] = local_of(call->run)->answers[index];        \
        return ATTO_OK;                                          \
    }
ANSWERS(ANSWER_FUNCTION)
#define ANSWER_ENTRY(index) answer_##index,
static atto_call_fn *const answer_functions[ATTO_ANSWERS_MAX] = {ANSWERS(ANSWER_ENTRY)};

/* The gate, with the call's price on the bill. */
static int32_t charged(struct atto_run *run, const struct atto_call *call, uint32_t number, uint64_t *r)
{
    (void)number;
    local_of(run)->prices += call->price;
    return atto_gate_pass(run, call, r);
}

static void add_call(struct atto_local *local, uint32_t number, const struct atto_call *call)
{
    local->calls[number] = *call;
    atto_callset_add(&local->firmware.granted, number);
}

static void log_line(void *user, const char *text, uint32_t len)
{
    struct atto_local *local = user;

    if (local->log != NULL)
        local->log(local->log_user, text, len);
}

static void init(struct atto_local *local)
{
    static const struct atto_executor *const executors[] = {&atto_executor_bpf, NULL};

    *local = (struct atto_local){0};
    for (uint32_t page = 0; page < ATTO_CALL_IDS / ATTO_CALL_PAGE; page++)
        local->table.page[page] = &local->calls[page * ATTO_CALL_PAGE];
    local->port = board_port;
    local->port.log = log_line;
    local->port.user = local;
    local->firmware.executors = executors;
    local->firmware.host = (struct atto_host){
        .calls = &local->table,
        .user = local,
        .endpoints = board_endpoints,
        .endpoint_count = BOARD_ENDPOINTS,
        .port = &local->port,
        .rights = &local->rights.rights,
        .gate = charged,
    };
}

void atto_local_init(struct atto_local *local, bool sdk_calls, const struct atto_answers *answers, uint32_t fuel)
{
    init(local);
    local->firmware.fuel = fuel;
    for (uint32_t number = 0; number < ATTO_CALL_IDS && sdk_calls; number++) {
        const struct atto_call *call = atto_call_find(&board_call_table, number);

        if (call != NULL)
            add_call(local, number, call);
    }
    for (uint32_t i = 0; i < answers->count; i++) {
        local->answers[i] = answers->list[i].value;
        add_call(local, answers->list[i].number, &(struct atto_call){answer_functions[i], 0, 0});
    }
}

void atto_local_rights(struct atto_local *local, const struct atto_manifest *manifest)
{
    board_rights_make(&local->rights, manifest);
}

void atto_local_init_any(struct atto_local *local)
{
    init(local);
    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++)
        add_call(local, number, &(struct atto_call){answer_functions[0], 0, 0});
}
