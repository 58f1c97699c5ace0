/* TinyContainer's calls over the same services and the same gate: heartbeat, open, read, write, close, log. Endpoints
 * are those of the container's rights; a file descriptor is the handle of a right and 1. Bytes go to and from memory
 * endpoints from offset 0 on, readings of 8 bytes to and from devices, and messages to and from mailboxes. There is
 * nothing behind `open` and `close` but a look at the rights: nothing can be leaked, and nobody can close what is
 * another one's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "../../sdk/calls.h"

/* r[1] is the endpoint's number in the firmware's table. */
static int32_t call_open(struct atto_call_frame *call)
{
    const struct atto_host *host = call->run->host;
    for (uint32_t fd = 1; fd <= ATTO_RIGHTS_MAX; fd++) {
        const struct atto_endpoint *endpoint = atto_service_endpoint(call, fd - 1u);
        if (endpoint != NULL && call->r[1] == (uint64_t)(endpoint - host->endpoints))
            return result(call, (int32_t)fd);
    }
    return result(call, -1);
}

static int32_t call_close(struct atto_call_frame *call)
{
    return result(call, atto_service_endpoint(call, call->r[1] - 1u) != NULL ? 0 : -1);
}

/* read(fd, buffer, length) or write: the call of ours that does so with this kind of endpoint, through the gate. */
static int32_t transfer(struct atto_call_frame *call, bool writes)
{
    const struct atto_endpoint *endpoint = atto_service_endpoint(call, call->r[1] - 1u);
    uint64_t r[6] = { 0, call->r[1] - 1u, call->r[2], call->r[3] };
    uint32_t kind = endpoint != NULL ? endpoint->kind : (uint32_t)ATTO_KIND_NONE, number;
    if (kind == ATTO_KIND_MEMORY) {
        r[2] = 0;
        r[3] = call->r[2];
        r[4] = call->r[3];
        number = writes ? atto_write_number : atto_read_number;
    } else if (kind == ATTO_KIND_DEVICE && call->r[3] >= sizeof(struct atto_reading)) {
        number = writes ? atto_actuator_write_number : atto_sensor_read_number;
    } else if (kind == ATTO_KIND_MAILBOX) {
        number = writes ? atto_send_number : atto_receive_number;
    } else {
        return result(call, -1);
    }
    int32_t status = atto_service_pass(call, number, r);
    if ((int64_t)r[0] < 0)
        return status == ATTO_OK ? result(call, -1) : status;
    if (kind == ATTO_KIND_DEVICE)
        r[0] = sizeof(struct atto_reading);
    call->r[0] = kind == ATTO_KIND_MAILBOX && writes ? call->r[3] : r[0];
    return status;
}

static int32_t call_read(struct atto_call_frame *call)
{
    return transfer(call, false);
}

static int32_t call_write(struct atto_call_frame *call)
{
    return transfer(call, true);
}

#define LOG_IN                                                   \
    (ATTO_NEEDS_ARGUMENTS(ATTO_ARG_IN, ATTO_ARG_LENGTH, 0, 0, 0) | \
     ATTO_NEEDS_RIGHT(ATTO_KIND_LOG, 0, ATTO_OPERATION_WRITE))

const struct atto_call atto_tiny_calls[ATTO_CALL_PAGE] = {
    [1] = { atto_service_heartbeat, 10, 0 }, [2] = { call_open, 100, 0 },  [3] = { call_close, 20, 0 },
    [4] = { call_read, 40, 0 },              [5] = { call_write, 40, 0 },  [6] = { atto_service_log, 50, LOG_IN },
};
