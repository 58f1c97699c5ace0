/* What the services share. Private to src/service.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SERVICE_PRIVATE_H
#define ATTO_SERVICE_PRIVATE_H

#include <stddef.h>
#include <string.h>

#include "atto/service.h"

/* The call ends well; the guest sees this number, negative for an error. */
static inline int32_t result(struct atto_call_frame *call, int32_t value)
{
    call->r[0] = (uint64_t)(int64_t)value;
    return ATTO_OK;
}

static inline const struct atto_port *port_of(const struct atto_call_frame *call)
{
    return call->run->host->port;
}

static inline void lock(const struct atto_port *port)
{
    if (port->lock != NULL)
        port->lock(port->user);
}

static inline void unlock(const struct atto_port *port)
{
    if (port->unlock != NULL)
        port->unlock(port->user);
}

/* Copies bytes, by words where it can: messages and readings are short, and a libc's memcpy is made for size. */
static inline void copy(void *to, const void *from, uint32_t len)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    for (; len >= 8u; len -= 8u, out += 8, in += 8)
        memcpy(out, in, 8);
    for (; len != 0u; len--)
        *out++ = *in++;
}

#define SERVICE_CALLS(X)  \
    X(atto_service_log) X(atto_service_now) X(atto_service_random) X(atto_service_heartbeat) X(atto_service_format)              \
    X(atto_service_find) X(atto_service_find_type) X(atto_service_timer)                                                   \
    X(atto_service_read) X(atto_service_write) X(atto_service_map) X(atto_service_unmap) X(atto_service_sensor_read)              \
    X(atto_service_actuator_write) X(atto_service_pin_read) X(atto_service_pin_write) X(atto_service_pin_mode)                 \
    X(atto_service_store_get) X(atto_service_store_put) X(atto_service_store_delete) X(atto_service_store_next)               \
    X(atto_service_listen) X(atto_service_send) X(atto_service_receive) X(atto_service_request) X(atto_service_take)              \
    X(atto_service_answer)
#define SERVICE_CALL_DECLARATION(name) int32_t name(struct atto_call_frame *call);
SERVICE_CALLS(SERVICE_CALL_DECLARATION)

#endif
