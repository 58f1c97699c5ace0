/* What the services share. Private to src/service.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SERVICE_PRIVATE_H
#define ATTO_SERVICE_PRIVATE_H

#include <stddef.h>
#include <string.h>

#include "../base/compiler.h"
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
    while (len >= 8u) {
        memcpy(out, in, 8);
        out += 8, in += 8, len -= 8u;
        ATTO_OPAQUE(len); /* or gcc first works out where the end is, which takes longer than a short copy */
    }
    while (len != 0u) {
        *out++ = *in++;
        len--;
    }
}

/* The endpoint of the caller's right with this handle, if it allows anything; else NULL. */
const struct atto_endpoint *atto_service_endpoint(const struct atto_call_frame *call, uint64_t handle);

/* Makes a call of ours in the place of one of the predecessors', through the gate. r[0] has its result. */
int32_t atto_service_pass(const struct atto_call_frame *call, uint32_t number, uint64_t r[6]);

/* ---- the calls, by room ---- */
atto_call_fn atto_service_log, atto_service_now, atto_service_random, atto_service_heartbeat, atto_service_format,
    atto_service_find, atto_service_find_type, atto_service_timer; /* basic.c */
atto_call_fn atto_service_read, atto_service_write, atto_service_map, atto_service_unmap, atto_service_sensor_read,
    atto_service_actuator_write, atto_service_pin_read, atto_service_pin_write, atto_service_pin_mode; /* device.c */
atto_call_fn atto_service_store_get, atto_service_store_put, atto_service_store_delete,
    atto_service_store_next; /* store.c */
atto_call_fn atto_service_listen, atto_service_send, atto_service_receive, atto_service_request, atto_service_take,
    atto_service_answer; /* queue.c */

#endif
