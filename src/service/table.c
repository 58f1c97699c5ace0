/* The table of signatures: every service's number, price, arguments and right, once. Prices are in instructions of a
 * guest, roughly what the call costs the device.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "../../sdk/calls.h"
#include "service.h"

#define HANDLE ATTO_ARG_HANDLE
#define SCALAR ATTO_ARG_SCALAR
#define RANGED ATTO_ARG_RANGED
#define OFFSET ATTO_ARG_OFFSET
#define IN ATTO_ARG_IN, ATTO_ARG_LENGTH
#define OUT ATTO_ARG_OUT, ATTO_ARG_LENGTH
#define OUT_8 ATTO_ARG_OUT_8
#define IN_8 ATTO_ARG_IN_8
/* Fills up with nothing. */
#define FIVE(a, b, c, d, e, ...) ATTO_NEEDS_ARGUMENTS(a, b, c, d, e)
#define ARGUMENTS(...) FIVE(__VA_ARGS__, 0, 0, 0, 0, 0)
#define RIGHT(kind, operation) ATTO_NEEDS_RIGHT(ATTO_KIND_##kind, 0, ATTO_OPERATION_##operation)

const struct atto_call atto_service_calls[2u * ATTO_CALL_PAGE] = {
#define ENTRY(name, function, price, needs) \
    [name##_number - ATTO_SERVICE_PAGE * ATTO_CALL_PAGE] = { function, price, needs },
    ENTRY(atto_log, atto_service_log, 50, ARGUMENTS(IN) | RIGHT(LOG, WRITE))
    ENTRY(atto_now_us, atto_service_now, 10, RIGHT(CLOCK, READ))
    ENTRY(atto_random, atto_service_random, 50, ARGUMENTS(OUT) | RIGHT(RANDOM, READ))
    ENTRY(atto_heartbeat, atto_service_heartbeat, 10, 0)
    ENTRY(atto_format, atto_service_format, 100, ARGUMENTS(OUT, SCALAR, SCALAR))
    ENTRY(atto_find, atto_service_find, 200, ARGUMENTS(IN))
    ENTRY(atto_find_type, atto_service_find_type, 100, 0)
    ENTRY(atto_timer, atto_service_timer, 400, ARGUMENTS(SCALAR, SCALAR, SCALAR) | RIGHT(CLOCK, WRITE))
    ENTRY(atto_read, atto_service_read, 20, ARGUMENTS(HANDLE, OFFSET, OUT) | RIGHT(MEMORY, READ))
    ENTRY(atto_write, atto_service_write, 20, ARGUMENTS(HANDLE, OFFSET, IN) | RIGHT(MEMORY, WRITE))
    ENTRY(atto_map, atto_service_map, 30, ARGUMENTS(HANDLE) | RIGHT(MEMORY, MAP))
    ENTRY(atto_unmap, atto_service_unmap, 20, 0)
    ENTRY(atto_sensor_read, atto_service_sensor_read, 20, ARGUMENTS(HANDLE, OUT_8) | RIGHT(DEVICE, READ))
    ENTRY(atto_actuator_write, atto_service_actuator_write, 20, ARGUMENTS(HANDLE, IN_8) | RIGHT(DEVICE, WRITE))
    ENTRY(atto_pin_read, atto_service_pin_read, 15, ARGUMENTS(HANDLE, RANGED) | RIGHT(PINS, READ))
    ENTRY(atto_pin_write, atto_service_pin_write, 15, ARGUMENTS(HANDLE, RANGED, SCALAR) | RIGHT(PINS, WRITE))
    ENTRY(atto_pin_mode, atto_service_pin_mode, 15, ARGUMENTS(HANDLE, RANGED, SCALAR) | RIGHT(PINS, CONTROL))
    ENTRY(atto_store_get, atto_service_store_get, 100, ARGUMENTS(HANDLE, RANGED, OUT) | RIGHT(STORE, READ))
    ENTRY(atto_store_put, atto_service_store_put, 300, ARGUMENTS(HANDLE, RANGED, IN) | RIGHT(STORE, WRITE))
    ENTRY(atto_store_delete, atto_service_store_delete, 200, ARGUMENTS(HANDLE, RANGED) | RIGHT(STORE, WRITE))
    ENTRY(atto_store_next, atto_service_store_next, 100, ARGUMENTS(HANDLE, RANGED) | RIGHT(STORE, READ))
    ENTRY(atto_listen, atto_service_listen, 400, ARGUMENTS(HANDLE, SCALAR) | RIGHT(MAILBOX, READ))
    ENTRY(atto_send, atto_service_send, 50, ARGUMENTS(HANDLE, IN) | RIGHT(MAILBOX, WRITE))
    ENTRY(atto_receive, atto_service_receive, 20, ARGUMENTS(HANDLE, OUT) | RIGHT(MAILBOX, READ))
    ENTRY(atto_serve, atto_service_listen, 400, ARGUMENTS(HANDLE, SCALAR) | RIGHT(SERVER, READ))
    ENTRY(atto_request, atto_service_request, 60, ARGUMENTS(HANDLE, IN, OUT) | RIGHT(SERVER, WRITE))
    ENTRY(atto_take, atto_service_take, 40, ARGUMENTS(HANDLE, OUT) | RIGHT(SERVER, READ))
    ENTRY(atto_answer, atto_service_answer, 60, ARGUMENTS(HANDLE, IN) | RIGHT(SERVER, READ))
};

int32_t atto_service_pass(const struct atto_call_frame *call, uint32_t number, uint64_t r[6])
{
    const struct atto_host *host = call->run->host;
    const struct atto_call *ours = &atto_service_calls[number - ATTO_SERVICE_PAGE * ATTO_CALL_PAGE];
    return host->gate != NULL ? host->gate(call->run, ours, number, r) : atto_gate_pass(call->run, ours, r);
}
