/* The gate, see atto/gate.h. A call is judged in three steps, each a function: the right, the arguments, the meter.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/gate.h"

#include <stddef.h>

#include "atto/exec.h"

/* One on the way of every host call: better in one piece. */
#define INLINE static inline __attribute__((always_inline))

/* ---- the right ---- */

INLINE bool fits(const struct atto_host *host, const struct atto_right *right, uint32_t needs)
{
    if (right->endpoint >= host->endpoint_count)
        return false;
    const struct atto_endpoint *endpoint = &host->endpoints[right->endpoint];
    uint32_t type = atto_needs_type(needs);
    return endpoint->kind == atto_needs_kind(needs) && (type == 0u || endpoint->type == type);
}

/* The first right to an endpoint of the kind, for calls that take no handle. Returns rights->count if there is none. */
static __attribute__((noinline)) uint32_t first_fitting(const struct atto_host *host, const struct atto_rights *rights,
                                                        uint32_t needs)
{
    uint32_t handle = 0;
    while (handle < rights->count && !fits(host, &rights->right[handle], needs))
        handle++;
    return handle;
}

/* The right that a call needs, or NULL. */
INLINE const struct atto_right *find(const struct atto_rights *rights, uint32_t needs, struct atto_call_frame *frame)
{
    const struct atto_host *host = frame->run->host;
    uint64_t handle = frame->r[1];
    if (rights == NULL)
        return NULL;
    if ((needs & ATTO_NEEDS_HANDLE) == 0u)
        handle = first_fitting(host, rights, needs);
    if (handle >= rights->count)
        return NULL;
    const struct atto_right *right = &rights->right[(uint32_t)handle];
    if (!fits(host, right, needs) || (right->operations & atto_needs_operation(needs)) == 0u)
        return NULL;
    frame->handle = (uint32_t)handle;
    frame->endpoint = &host->endpoints[right->endpoint];
    frame->last = right->last != ATTO_RANGE_END ? right->last : UINT32_MAX;
    return right;
}

/* ---- the arguments ---- */

/* Checks a span, as it is packed in `needs`. false: it is not the guest's. */
INLINE bool take_span(struct atto_call_frame *frame, struct atto_call_span *span, uint32_t packed)
{
    const uint64_t *at = &frame->r[packed & 7u];
    uint32_t len = (packed >> 4 & 3u) * 4u;
    if (len == 0u) {
        if (at[1] > UINT32_MAX)
            return false;
        len = (uint32_t)at[1];
    }
    span->ptr = NULL;
    span->len = len;
    if (len == 0u)
        return true;
    span->ptr = atto_run_span(frame->run, *at, len, (packed & 8u) != 0u ? ATTO_WRITE : ATTO_READ);
    return span->ptr != NULL;
}

/* Is the argument within the right's range, and if it is an offset, all of the first span? */
INLINE bool in_range(const struct atto_right *right, uint32_t needs, const struct atto_call_frame *frame)
{
    uint64_t value = frame->r[needs >> 12 & 7u];
    uint32_t len = (needs & 1u << 15) != 0u ? frame->span[0].len : 1u;
    if (value > UINT32_MAX || value < right->first)
        return false;
    uint32_t last = frame->last, first = (uint32_t)value;
    return len == 0u ? first <= last || first - last == 1u : first <= last && len - 1u <= last - first;
}

/* ---- the meter ---- */

/* Of a period, in units of 64 us. */
static const uint32_t period_units[ATTO_PERIOD_MAX + 1u] = {
    0,
#define PERIOD_UNITS(code, us, name) ((us) + 63u) / 64u,
    ATTO_PERIODS(PERIOD_UNITS)
#undef PERIOD_UNITS
};

/* Counts a call with so many bytes, if the right has that much left. */
INLINE bool count(const struct atto_right *right, struct atto_meter *meter, uint32_t now, uint32_t bytes)
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

INLINE enum atto_status take_share(const struct atto_rights *rights, const struct atto_right *right,
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
    uint32_t needs = call->needs, first = needs & 63u, second = needs >> 6 & 63u;
    const struct atto_right *right = NULL;
    frame->endpoint = NULL;
    if (atto_needs_kind(needs) != ATTO_KIND_NONE) {
        right = find(rights, needs, frame);
        if (right == NULL)
            return ATTO_E_DENIED;
    }
    frame->span[0] = frame->span[1] = (struct atto_call_span){ NULL, 0 };
    if (first != 0u && !take_span(frame, &frame->span[0], first))
        return ATTO_E_ARGUMENT;
    if (second != 0u && !take_span(frame, &frame->span[1], second))
        return ATTO_E_ARGUMENT;
    if (right == NULL)
        return ATTO_OK;
    if ((needs & 7u << 12) != 0u && !in_range(right, needs, frame))
        return ATTO_E_DENIED;
    return take_share(rights, right, frame);
}

int32_t atto_gate_pass(struct atto_run *run, const struct atto_call *call, uint64_t *r)
{
    struct atto_call_frame frame;
    enum atto_status status = ATTO_OK;
    frame.run = run;
    frame.r = r;
    frame.endpoint = NULL;
    if (call->needs != 0u)
        status = atto_gate_judge(call, run->host->rights, &frame);
    return status == ATTO_OK ? call->fn(&frame) : atto_gate_refuse(status, r);
}
