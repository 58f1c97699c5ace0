/* Services on things of the board: memory, sensors and actuators, pins.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "service.h"


/* ---- memory ---- */

/* Is there memory for all of the span from the offset in r[2] on, which the gate has compared with the right's range? */
static inline bool is_there(const struct atto_call_frame *call, const struct atto_context *memory)
{
    uint32_t at = (uint32_t)call->r[2];
    return at <= memory->len && call->span[0].len <= memory->len - at;
}

int32_t atto_service_read(struct atto_call_frame *call)
{
    const struct atto_context *memory = call->endpoint->object;
    uint32_t len = call->span[0].len;
    if (!is_there(call, memory))
        return result(call, ATTO_E_ARGUMENT);
    copy(call->span[0].ptr, (const uint8_t *)memory->ptr + (uint32_t)call->r[2], len);
    return result(call, (int32_t)len);
}

int32_t atto_service_write(struct atto_call_frame *call)
{
    const struct atto_context *memory = call->endpoint->object;
    uint32_t len = call->span[0].len;
    if (!is_there(call, memory))
        return result(call, ATTO_E_ARGUMENT);
    if (memory->access != ATTO_WRITE)
        return result(call, ATTO_E_DENIED);
    copy((uint8_t *)memory->ptr + (uint32_t)call->r[2], call->span[0].ptr, len);
    return result(call, (int32_t)len);
}

int32_t atto_service_map(struct atto_call_frame *call)
{
    struct atto_container *container = atto_container_of(call->run);
    if (container == NULL)
        return result(call, ATTO_E_DENIED);
    return result(call, atto_engine_map(atto_engine_of(call->run), container, call->handle));
}

int32_t atto_service_unmap(struct atto_call_frame *call)
{
    struct atto_container *container = atto_container_of(call->run);
    if (container == NULL || call->r[1] >= ATTO_RIGHTS_MAX)
        return result(call, ATTO_E_NOT_FOUND);
    return result(call, atto_engine_unmap(atto_engine_of(call->run), container, (uint32_t)call->r[1]));
}

/* ---- sensors and actuators ---- */

int32_t atto_service_sensor_read(struct atto_call_frame *call)
{
    const struct atto_device *device = call->endpoint->object;
    struct atto_reading reading = { .unit = ATTO_UNIT_NONE };
    if (device->read == NULL)
        return result(call, ATTO_E_DENIED);
    int32_t count = device->read(device->state, &reading);
    if (count >= 0)
        copy(call->span[0].ptr, &reading, sizeof reading);
    return result(call, count);
}

int32_t atto_service_actuator_write(struct atto_call_frame *call)
{
    const struct atto_device *device = call->endpoint->object;
    struct atto_reading reading;
    copy(&reading, call->span[0].ptr, sizeof reading);
    return result(call, device->write != NULL ? device->write(device->state, &reading) : ATTO_E_DENIED);
}
_Static_assert(sizeof(struct atto_reading) == 8u, "the table promises 8 bytes");

/* ---- pins ---- */

static const struct atto_pins *pins_of(const struct atto_call_frame *call)
{
    const struct atto_pins *pins = call->endpoint->object;
    return call->r[2] < pins->count ? pins : NULL;
}

int32_t atto_service_pin_read(struct atto_call_frame *call)
{
    const struct atto_pins *pins = pins_of(call);
    return result(call, pins != NULL ? pins->read(pins->state, (uint32_t)call->r[2]) : ATTO_E_NOT_FOUND);
}

int32_t atto_service_pin_write(struct atto_call_frame *call)
{
    const struct atto_pins *pins = pins_of(call);
    if (call->r[3] > 1u)
        return result(call, ATTO_E_ARGUMENT);
    return result(call, pins != NULL ? pins->write(pins->state, (uint32_t)call->r[2], (uint32_t)call->r[3])
                                     : ATTO_E_NOT_FOUND);
}

int32_t atto_service_pin_mode(struct atto_call_frame *call)
{
    const struct atto_pins *pins = pins_of(call);
    if (call->r[3] > ATTO_PIN_PULL_UP)
        return result(call, ATTO_E_ARGUMENT);
    return result(call, pins != NULL ? pins->mode(pins->state, (uint32_t)call->r[2], (enum atto_pin_mode)call->r[3])
                                     : ATTO_E_NOT_FOUND);
}
