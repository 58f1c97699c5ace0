/* The table of signatures: every service's number, price, arguments and right, once. Prices are in instructions of a
 * guest, roughly what the call costs the device.
 *
 * SPDX-License-Identifier: Apache-2.0 */
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
#define ENTRY(number, function, price, needs) \
    [(number) - ATTO_SERVICE_PAGE * ATTO_CALL_PAGE] = { function, price, needs },
    ENTRY(160, atto_service_log, 50, ARGUMENTS(IN) | RIGHT(LOG, WRITE))
    ENTRY(161, atto_service_now, 10, RIGHT(CLOCK, READ))
    ENTRY(162, atto_service_random, 50, ARGUMENTS(OUT) | RIGHT(RANDOM, READ))
    ENTRY(163, atto_service_heartbeat, 10, 0)
    ENTRY(164, atto_service_format, 100, ARGUMENTS(OUT, SCALAR, SCALAR))
    ENTRY(165, atto_service_find, 200, ARGUMENTS(IN))
    ENTRY(166, atto_service_find_type, 100, 0)
    ENTRY(167, atto_service_timer, 400, ARGUMENTS(SCALAR, SCALAR, SCALAR) | RIGHT(CLOCK, WRITE))
    ENTRY(168, atto_service_read, 20, ARGUMENTS(HANDLE, OFFSET, OUT) | RIGHT(MEMORY, READ))
    ENTRY(169, atto_service_write, 20, ARGUMENTS(HANDLE, OFFSET, IN) | RIGHT(MEMORY, WRITE))
    ENTRY(170, atto_service_map, 30, ARGUMENTS(HANDLE) | RIGHT(MEMORY, MAP))
    ENTRY(171, atto_service_unmap, 20, 0)
    ENTRY(172, atto_service_sensor_read, 20, ARGUMENTS(HANDLE, OUT_8) | RIGHT(DEVICE, READ))
    ENTRY(173, atto_service_actuator_write, 20, ARGUMENTS(HANDLE, IN_8) | RIGHT(DEVICE, WRITE))
    ENTRY(174, atto_service_pin_read, 15, ARGUMENTS(HANDLE, RANGED) | RIGHT(PINS, READ))
    ENTRY(175, atto_service_pin_write, 15, ARGUMENTS(HANDLE, RANGED, SCALAR) | RIGHT(PINS, WRITE))
    ENTRY(176, atto_service_pin_mode, 15, ARGUMENTS(HANDLE, RANGED, SCALAR) | RIGHT(PINS, CONTROL))
    ENTRY(177, atto_service_store_get, 100, ARGUMENTS(HANDLE, RANGED, OUT) | RIGHT(STORE, READ))
    ENTRY(178, atto_service_store_put, 300, ARGUMENTS(HANDLE, RANGED, IN) | RIGHT(STORE, WRITE))
    ENTRY(179, atto_service_store_delete, 200, ARGUMENTS(HANDLE, RANGED) | RIGHT(STORE, WRITE))
    ENTRY(180, atto_service_store_next, 100, ARGUMENTS(HANDLE, RANGED) | RIGHT(STORE, READ))
    ENTRY(181, atto_service_listen, 400, ARGUMENTS(HANDLE, SCALAR) | RIGHT(MAILBOX, READ))
    ENTRY(182, atto_service_send, 50, ARGUMENTS(HANDLE, IN) | RIGHT(MAILBOX, WRITE))
    ENTRY(183, atto_service_receive, 20, ARGUMENTS(HANDLE, OUT) | RIGHT(MAILBOX, READ))
    ENTRY(184, atto_service_listen, 400, ARGUMENTS(HANDLE, SCALAR) | RIGHT(SERVER, READ))
    ENTRY(185, atto_service_request, 60, ARGUMENTS(HANDLE, IN, OUT) | RIGHT(SERVER, WRITE))
    ENTRY(186, atto_service_take, 40, ARGUMENTS(HANDLE, OUT) | RIGHT(SERVER, READ))
    ENTRY(187, atto_service_answer, 60, ARGUMENTS(HANDLE, IN) | RIGHT(SERVER, READ))
};
