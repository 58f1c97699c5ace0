/* Services that need no object: log, clock, random bytes, heartbeat, numbers as text, handles by name, timers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <string.h>

#define RANDOM_BYTES_MAX 256u

int32_t atto_service_log(struct atto_call_frame *call)
{
    const struct atto_port *port = port_of(call);
    struct atto_container *container = atto_container_of(call->run);
    const char *text = (const char *)call->span[0].ptr;
    uint32_t len = call->span[0].len < 255u ? call->span[0].len : 255u;
    if (container != NULL)
        return result(call, atto_engine_log(atto_engine_of(call->run), container, text, len));
    if (port->log != NULL)
        port->log(port->user, text, len);
    return result(call, 0);
}

int32_t atto_service_now(struct atto_call_frame *call)
{
    const struct atto_port *port = port_of(call);
    call->r[0] = port->now_us(port->user);
    return ATTO_OK;
}

int32_t atto_service_random(struct atto_call_frame *call)
{
    const struct atto_port *port = port_of(call);
    if (call->span[0].len > RANDOM_BYTES_MAX)
        return result(call, ATTO_E_ARGUMENT);
    if (port->random == NULL)
        return result(call, ATTO_E_NOT_FOUND);
    if (call->span[0].len != 0u)
        port->random(port->user, call->span[0].ptr, call->span[0].len);
    return result(call, 0);
}

int32_t atto_service_heartbeat(struct atto_call_frame *call)
{
    struct atto_container *container = atto_container_of(call->run);
    if (container != NULL)
        atto_engine_heartbeat(atto_engine_of(call->run), container);
    return result(call, 0);
}

/* ---- numbers as text ---- */

/* Divides by ten in place, sixteen bits at a time: no division of 64 bits is linked. Returns what is left over. */
static uint32_t divide_by_ten(uint64_t *value)
{
    uint64_t quotient = 0;
    uint32_t rest = 0;
    for (uint32_t shift = 64; shift != 0u;) {
        shift -= 16u;
        uint32_t part = rest << 16 | (uint32_t)(*value >> shift & 0xffffu);
        quotient = quotient << 16 | part / 10u;
        rest = part % 10u;
    }
    *value = quotient;
    return rest;
}

/* r[3] is the value, r[4] how many digits stand behind the point. */
int32_t atto_service_format(struct atto_call_frame *call)
{
    char digits[24];
    bool negative = (int64_t)call->r[3] < 0;
    uint64_t value = negative ? 0u - call->r[3] : call->r[3], point = call->r[4];
    uint32_t at = sizeof digits, count = 0;
    if (point > 19u)
        return result(call, ATTO_E_ARGUMENT);
    do {
        if (count == point && point != 0u)
            digits[--at] = '.';
        digits[--at] = (char)('0' + divide_by_ten(&value));
        count++;
    } while (value != 0u || count <= point);
    if (negative)
        digits[--at] = '-';
    uint32_t len = (uint32_t)sizeof digits - at;
    if (len > call->span[0].len)
        return result(call, ATTO_E_ARGUMENT);
    memcpy(call->span[0].ptr, digits + at, len);
    return result(call, (int32_t)len);
}

/* ---- handles ---- */

const struct atto_endpoint *atto_service_endpoint(const struct atto_call_frame *call, uint64_t handle)
{
    const struct atto_container *container = atto_container_of(call->run);
    if (container == NULL || handle >= ATTO_RIGHTS_MAX)
        return NULL;
    return atto_engine_endpoint(atto_engine_of(call->run), container, (uint32_t)handle);
}

int32_t atto_service_find(struct atto_call_frame *call)
{
    for (uint32_t handle = 0; handle < ATTO_RIGHTS_MAX; handle++) {
        const struct atto_endpoint *endpoint = atto_service_endpoint(call, handle);
        if (endpoint != NULL && strlen(endpoint->name) == call->span[0].len &&
            memcmp(endpoint->name, call->span[0].ptr, call->span[0].len) == 0)
            return result(call, (int32_t)handle);
    }
    return result(call, ATTO_E_NOT_FOUND);
}

/* r[1] is the type of a device, r[2] how many of them to pass over. */
int32_t atto_service_find_type(struct atto_call_frame *call)
{
    uint64_t skip = call->r[2];
    for (uint32_t handle = 0; handle < ATTO_RIGHTS_MAX; handle++) {
        const struct atto_endpoint *endpoint = atto_service_endpoint(call, handle);
        if (endpoint != NULL && endpoint->kind == ATTO_KIND_DEVICE && endpoint->type == call->r[1] && skip-- == 0u)
            return result(call, (int32_t)handle);
    }
    return result(call, ATTO_E_NOT_FOUND);
}

/* ---- timers ---- */

/* r[1] is an entry point's place in the manifest, r[2] microseconds, r[3] what it gets as context. */
int32_t atto_service_timer(struct atto_call_frame *call)
{
    struct atto_container *container = atto_container_of(call->run);
    uint32_t entry;
    if (container == NULL || call->r[1] >= ATTO_ENTRIES_MAX ||
        atto_engine_entry(container, (uint32_t)call->r[1], &entry) != ATTO_OK)
        return result(call, ATTO_E_NOT_FOUND);
    if (call->r[2] > ATTO_INTERVAL_MAX_US)
        return result(call, ATTO_E_ARGUMENT);
    return result(call, atto_engine_post(atto_engine_of(call->run), container, entry, (uint32_t)call->r[2],
                                         &call->r[3], ATTO_EVENT_BYTES));
}
