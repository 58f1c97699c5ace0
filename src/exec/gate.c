/* The gate, see atto/gate.h. A call is judged in three steps, each a function: the right, the arguments, the meter.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/gate.h"

#include <stddef.h>

#include "atto/exec.h"

/* ---- the right ---- */

static bool fits(const struct atto_host *host, const struct atto_right *right, uint32_t needs)
{
    if (right->endpoint >= host->endpoint_count)
        return false;
    const struct atto_endpoint *endpoint = &host->endpoints[right->endpoint];
    uint32_t type = atto_needs_type(needs);
    return endpoint->kind == atto_needs_kind(needs) && (type == 0u || endpoint->type == type);
}

/* The first right to an endpoint of the kind, for calls that take no handle. Returns rights->count if there is none. */
static uint32_t first_fitting(const struct atto_host *host, const struct atto_rights *rights, uint32_t needs)
{
    uint32_t handle = 0;
    while (handle < rights->count && !fits(host, &rights->right[handle], needs))
        handle++;
    return handle;
}

/* The right that a call needs, or NULL. */
static const struct atto_right *find(const struct atto_rights *rights, uint32_t needs, struct atto_call_frame *frame)
{
    const struct atto_host *host = frame->run->host;
    uint64_t handle = frame->r[1];
    if (rights == NULL)
        return NULL;
    if (needs % 16u != ATTO_ARG_HANDLE)
        handle = first_fitting(host, rights, needs);
    if (handle >= rights->count)
        return NULL;
    const struct atto_right *right = &rights->right[handle];
    frame->handle = (uint32_t)handle;
    if (!fits(host, right, needs) || (right->operations & atto_needs_operation(needs)) == 0u)
        return NULL;
    frame->endpoint = &host->endpoints[right->endpoint];
    return right;
}

/* ---- the arguments ---- */

/* Are `len` arguments from `first` on within the right's range? */
static bool in_range(const struct atto_right *right, uint64_t first, uint32_t len)
{
    if (first < right->first || first > UINT32_MAX)
        return false;
    return right->last == ATTO_RANGE_END || first + len <= (uint64_t)right->last + 1u;
}

/* What is known of an argument that is an address; 0 bytes: the next one says how many. */
struct shape {
    uint8_t bytes;
    uint8_t access; /* enum atto_access */
};
static const struct shape shapes[] = {
    [ATTO_ARG_IN] = { 0, ATTO_READ },    [ATTO_ARG_OUT] = { 0, ATTO_WRITE },
    [ATTO_ARG_IN_4] = { 4, ATTO_READ },  [ATTO_ARG_OUT_4] = { 4, ATTO_WRITE }, [ATTO_ARG_INOUT_4] = { 4, ATTO_WRITE },
    [ATTO_ARG_IN_8] = { 8, ATTO_READ },  [ATTO_ARG_OUT_8] = { 8, ATTO_WRITE },
};

/* Checks the span at argument i; false: it is not the guest's. */
static bool take_span(struct atto_call_frame *frame, struct atto_call_span *span, uint32_t kind, uint32_t i)
{
    uint64_t len = shapes[kind].bytes != 0u ? shapes[kind].bytes : frame->r[i + 1u];
    if (len == 0u)
        return true;
    if (len > UINT32_MAX)
        return false;
    span->len = (uint32_t)len;
    span->ptr = atto_run_span(frame->run, frame->r[i], span->len, (enum atto_access)shapes[kind].access);
    return span->ptr != NULL;
}

static enum atto_status take_arguments(const struct atto_right *right, uint32_t needs, struct atto_call_frame *frame)
{
    uint32_t kinds = needs & 0xfffffu, spans = 0;
    for (uint32_t i = 1; kinds != 0u; i++, kinds >>= 4) {
        uint32_t kind = kinds & 15u;
        uint64_t value = frame->r[i];
        if (kind == ATTO_ARG_RANGED) {
            if (!in_range(right, value, 1))
                return ATTO_E_DENIED;
        } else if (kind == ATTO_ARG_OFFSET) {
            uint64_t len = frame->r[i + 2u];
            if (len > UINT32_MAX || !in_range(right, value, (uint32_t)len))
                return ATTO_E_DENIED;
        } else if (kind == ATTO_ARG_IN || kind == ATTO_ARG_OUT || kind > ATTO_ARG_LENGTH) {
            if (!take_span(frame, &frame->span[spans++], kind, i))
                return ATTO_E_ARGUMENT;
        }
    }
    return ATTO_OK;
}

/* ---- the meter ---- */

/* Of a period, in units of 64 us. */
static const uint32_t period_units[] = {
    0,
#define PERIOD_UNITS(code, us, name) ((us) + 63u) / 64u,
    ATTO_PERIODS(PERIOD_UNITS)
#undef PERIOD_UNITS
};

/* Counts a call with so many bytes, if the right has that much left. */
static bool count(const struct atto_right *right, struct atto_meter *meter, uint32_t now, uint32_t bytes)
{
    uint32_t period = atto_right_period(right);
    if (period != 0u && period <= ATTO_PERIOD_MAX && now - meter->begin >= period_units[period]) {
        meter->begin = now;
        meter->calls = meter->bytes = 0;
    }
    if (right->total != 0u && meter->total >= right->total)
        return false;
    if (right->calls != 0u && meter->calls >= right->calls)
        return false;
    if (right->bytes != 0u) {
        if (bytes > right->bytes || meter->bytes + bytes > right->bytes)
            return false;
        meter->bytes = (uint16_t)(meter->bytes + bytes);
    }
    meter->calls = (uint16_t)(meter->calls + (right->calls != 0u));
    meter->total += right->total != 0u;
    return true;
}

static enum atto_status take_share(const struct atto_rights *rights, const struct atto_right *right,
                                   struct atto_call_frame *frame)
{
    const struct atto_port *port = frame->run->host->port;
    if ((right->calls | right->bytes | right->total) == 0u)
        return ATTO_OK;
    if (rights->meter == NULL || port == NULL)
        return ATTO_E_QUOTA;
    uint32_t now = (uint32_t)(port->now_us(port->user) / 64u);
    return count(right, &rights->meter[frame->handle], now, frame->span[0].len + frame->span[1].len) ? ATTO_OK
                                                                                                     : ATTO_E_QUOTA;
}

/* ---- the whole ---- */

enum atto_status atto_gate_judge(const struct atto_call *call, const struct atto_rights *rights,
                                 struct atto_call_frame *frame)
{
    uint32_t needs = call->needs;
    const struct atto_right *right = NULL;
    frame->endpoint = NULL;
    frame->handle = (uint32_t)(frame->r[1] < 255u ? frame->r[1] : 255u);
    frame->span[0] = frame->span[1] = (struct atto_call_span){ NULL, 0 };
    if (needs == 0u)
        return ATTO_OK;
    if (atto_needs_kind(needs) != ATTO_KIND_NONE) {
        right = find(rights, needs, frame);
        if (right == NULL)
            return ATTO_E_DENIED;
    }
    enum atto_status status = take_arguments(right, needs, frame);
    return status == ATTO_OK && right != NULL ? take_share(rights, right, frame) : status;
}

int32_t atto_gate_pass(struct atto_run *run, uint32_t number, uint64_t *r)
{
    const struct atto_host *host = run->host;
    const struct atto_call *call = &host->calls->page[number / ATTO_CALL_PAGE][number % ATTO_CALL_PAGE];
    struct atto_call_frame frame = { .run = run, .r = r };
    enum atto_status status = atto_gate_judge(call, host->rights, &frame);
    return status == ATTO_OK ? call->fn(&frame) : atto_gate_refuse(status, r);
}
