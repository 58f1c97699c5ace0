/* Femto-Container's helpers by their numbers, over the same services and the same gate. What they do with guest
 * pointers is what the table of signatures allows: an address that is not the guest's ends its activation. Their handles
 * of sensors are handles of rights and 1, so that 0 stands for none as it did.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "../../sdk/calls.h"

/* ---- text ---- */

#define LINE_BYTES 96u

/* The next character of a guest's string; 0 at its end, or where it is not the guest's. */
static char take(const struct atto_call_frame *call, uint64_t *address)
{
    const uint8_t *at = atto_run_span(call->run, (*address)++, 1, ATTO_READ);
    return at != NULL ? (char)*at : '\0';
}

static uint32_t put_number(char *line, uint32_t at, uint32_t value, uint32_t base)
{
    char digits[10];
    uint32_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0u);
    while (count != 0u && at < LINE_BYTES)
        line[at++] = digits[--count];
    return at;
}

/* printf with %d, %i, %u, %x, %c and %%, up to four numbers of 32 bits: a line of the log. */
static int32_t helper_printf(struct atto_call_frame *call)
{
    char line[LINE_BYTES];
    uint64_t format = call->r[1];
    uint32_t at = 0, argument = 2;
    for (char c = take(call, &format); c != '\0' && at < LINE_BYTES; c = take(call, &format)) {
        if (c == '\n')
            continue;
        if (c != '%') {
            line[at++] = c;
            continue;
        }
        c = take(call, &format);
        uint32_t value = argument < 6u && c != '%' ? (uint32_t)call->r[argument++] : 0u;
        if (c == 'd' || c == 'i') {
            if ((int32_t)value < 0) {
                line[at++] = '-';
                value = 0u - value;
            }
            at = put_number(line, at, value, 10);
        } else if (c == 'u' || c == 'x') {
            at = put_number(line, at, value, c == 'u' ? 10u : 16u);
        } else {
            line[at++] = c == 'c' ? (char)value : '%';
        }
    }
    call->span[0] = (struct atto_call_span){ (uint8_t *)line, at };
    return atto_service_log(call);
}

static int32_t helper_memcpy(struct atto_call_frame *call)
{
    uint32_t len = (uint32_t)call->r[3];
    if (call->r[3] > UINT32_MAX)
        return ATTO_E_ARGUMENT;
    uint8_t *to = len != 0u ? atto_run_span(call->run, call->r[1], len, ATTO_WRITE) : NULL;
    const uint8_t *from = len != 0u ? atto_run_span(call->run, call->r[2], len, ATTO_READ) : NULL;
    if (len != 0u && (to == NULL || from == NULL))
        return ATTO_E_ARGUMENT;
    if (len != 0u)
        memmove(to, from, len);
    call->r[0] = call->r[1];
    return ATTO_OK;
}

/* ---- stores: 32-bit keys and values ---- */

static int32_t helper_put(struct atto_call_frame *call)
{
    uint64_t *theirs = call->r, r[6] = { 0, 0, theirs[1] };
    uint32_t value = (uint32_t)theirs[2];
    call->r = r;
    call->span[0] = (struct atto_call_span){ (uint8_t *)&value, sizeof value };
    int32_t status = atto_service_store_put(call);
    theirs[0] = r[0] == 0u ? 0u : (uint64_t)-1;
    call->r = theirs;
    return status;
}

/* A key that has no value is made one of 0, as theirs does. */
static int32_t helper_fetch(struct atto_call_frame *call)
{
    uint64_t *theirs = call->r, r[6] = { 0, 0, theirs[1] };
    struct atto_call_span out = call->span[0];
    uint32_t value = 0;
    call->r = r;
    call->span[0] = (struct atto_call_span){ (uint8_t *)&value, sizeof value };
    int32_t status = atto_service_store_get(call);
    if ((int64_t)r[0] == ATTO_E_NOT_FOUND)
        status = atto_service_store_put(call);
    theirs[0] = (int64_t)r[0] >= 0 ? 0u : (uint64_t)-1;
    memcpy(out.ptr, &value, sizeof value);
    call->r = theirs;
    return status;
}

/* ---- clocks ---- */

static int32_t helper_now_ms(struct atto_call_frame *call)
{
    const struct atto_port *port = port_of(call);
    call->r[0] = (uint32_t)(port->now_us(port->user) / 1000u);
    return ATTO_OK;
}

static int32_t helper_now_us(struct atto_call_frame *call)
{
    const struct atto_port *port = port_of(call);
    call->r[0] = (uint32_t)port->now_us(port->user);
    return ATTO_OK;
}

/* ---- sensors ---- */

static int32_t helper_find_nth(struct atto_call_frame *call)
{
    uint64_t skip = call->r[1];
    call->r[0] = 0;
    for (uint32_t handle = 0; handle < ATTO_RIGHTS_MAX; handle++) {
        const struct atto_endpoint *endpoint = atto_service_endpoint(call, handle);
        if (endpoint != NULL && endpoint->kind == ATTO_KIND_DEVICE && skip-- == 0u) {
            call->r[0] = handle + 1u;
            break;
        }
    }
    return ATTO_OK;
}

/* The lower six bits of their types number the kinds of sensors. */
static int32_t helper_find_type(struct atto_call_frame *call)
{
    static const uint8_t types[] = { ATTO_DEVICE_OTHER,    ATTO_DEVICE_BUTTON, ATTO_DEVICE_TEMPERATURE,
                                     ATTO_DEVICE_HUMIDITY, ATTO_DEVICE_LIGHT,  ATTO_DEVICE_ACCELERATION };
    uint32_t kind = (uint32_t)call->r[1] & 63u;
    uint64_t r[6] = { 0, kind < sizeof types ? types[kind] : 255u, 0 };
    int32_t status = atto_service_pass(call, atto_find_type_number, r);
    call->r[0] = (int64_t)r[0] >= 0 ? r[0] + 1u : 0u;
    return status;
}

static int32_t helper_read(struct atto_call_frame *call)
{
    uint64_t r[6] = { 0, call->r[1] - 1u, call->r[2] };
    int32_t status = atto_service_pass(call, atto_sensor_read_number, r);
    call->r[0] = r[0];
    return status;
}

/* ---- numbers as text ---- */

/* Puts a number at an address, without a 0 at its end. */
static int32_t put_text(struct atto_call_frame *call, uint64_t address, int64_t value, uint32_t digits)
{
    uint8_t text[24];
    uint64_t *theirs = call->r, r[6] = { 0, 0, 0, (uint64_t)value, digits };
    call->r = r;
    call->span[0] = (struct atto_call_span){ text, sizeof text };
    int32_t status = atto_service_format(call);
    call->r = theirs;
    if (status != ATTO_OK || (int64_t)r[0] < 0)
        return ATTO_E_ARGUMENT;
    uint8_t *to = atto_run_span(call->run, address, (uint32_t)r[0], ATTO_WRITE);
    if (to == NULL)
        return ATTO_E_ARGUMENT;
    memcpy(to, text, (uint32_t)r[0]);
    theirs[0] = r[0];
    return ATTO_OK;
}

/* Their exponent is negative for digits behind the point; positive ones add zeros. */
static int32_t helper_format_s16(struct atto_call_frame *call)
{
    int64_t value = (int16_t)call->r[2];
    int32_t exponent = (int32_t)call->r[3];
    if (exponent > 7 || exponent < -7)
        return ATTO_E_ARGUMENT;
    for (; exponent > 0; exponent--)
        value *= 10;
    return put_text(call, call->r[1], value, (uint32_t)-exponent);
}

static int32_t helper_format_u32(struct atto_call_frame *call)
{
    return put_text(call, call->r[1], (uint32_t)call->r[2], 0);
}

#define KEY ATTO_NEEDS_ARGUMENTS(ATTO_ARG_RANGED, 0, 0, 0, 0)
#define KEY_AND_OUT ATTO_NEEDS_ARGUMENTS(ATTO_ARG_RANGED, ATTO_ARG_OUT_4, 0, 0, 0)
#define STORE(scope, operation) ATTO_NEEDS_RIGHT(ATTO_KIND_STORE, ATTO_SCOPE_##scope, ATTO_OPERATION_##operation)
#define CLOCK ATTO_NEEDS_RIGHT(ATTO_KIND_CLOCK, 0, ATTO_OPERATION_READ)

const struct atto_call atto_femto_calls[ATTO_FEMTO_PAGES * ATTO_CALL_PAGE] = {
    [0x01] = { helper_printf, 100, ATTO_NEEDS_RIGHT(ATTO_KIND_LOG, 0, ATTO_OPERATION_WRITE) },
    [0x02] = { helper_memcpy, 50, 0 },
    [0x10] = { helper_put, 300, KEY | STORE(CONTAINER, WRITE) },
    [0x11] = { helper_put, 300, KEY | STORE(DEVICE, WRITE) },
    [0x12] = { helper_fetch, 400, KEY_AND_OUT | STORE(CONTAINER, WRITE) },
    [0x13] = { helper_fetch, 400, KEY_AND_OUT | STORE(DEVICE, WRITE) },
    [0x20] = { helper_now_ms, 20, CLOCK },
    [0x30] = { helper_find_nth, 100, 0 },
    [0x31] = { helper_find_type, 100, 0 },
    [0x32] = { helper_read, 30, 0 },
    [0x50] = { helper_format_s16, 100, 0 },
    [0x51] = { helper_format_u32, 100, 0 },
    [0x60] = { helper_now_us, 10, CLOCK },
};
