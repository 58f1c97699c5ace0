/* The gate, see atto/gate.h. A call is judged in three steps, each a function: the right, the arguments, the meter.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/gate.h"

#include <stddef.h>

#include "atto/exec.h"

/* One on the way of every host call: better in one piece. */
#define INLINE static inline __attribute__((always_inline))

/* ---- the right ---- */

/* For contracts alone. */
#define ENDPOINTS host->endpoints, host->endpoint_count
#define SOUND_HOST sound_host(host, host->port, ENDPOINTS)

/*@ requires SOUND_HOST && \valid_read(right);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> right_fits(ENDPOINTS, right, needs); */
INLINE bool fits(const struct atto_host *host, const struct atto_right *right, uint32_t needs)
{
    if (right->endpoint >= host->endpoint_count)
        return false;
    const struct atto_endpoint *endpoint = &host->endpoints[right->endpoint];
    uint32_t type = atto_needs_type(needs);
    return endpoint->kind == atto_needs_kind(needs) && (type == 0u || endpoint->type == type);
}

/* The first right to an endpoint of the kind, for calls that take no handle. Returns rights->count if there is none. */
/*@ requires SOUND_HOST && sound_rights(ROWS_OF(rights)) && rights != \null;
    terminates \true; exits \false; assigns \nothing;
    ensures \result <= rights->count;
    ensures \result < rights->count ==> right_fits(ENDPOINTS, &rights->right[\result], needs);
    ensures \forall integer k; 0 <= k < \result ==> !right_fits(ENDPOINTS, &rights->right[k], needs); */
static __attribute__((noinline)) uint32_t first_fitting(const struct atto_host *host, const struct atto_rights *rights,
                                                        uint32_t needs)
{
    uint32_t handle = 0;
    /*@ loop invariant 0 <= handle <= rights->count;
        loop invariant \forall integer k; 0 <= k < handle ==> !right_fits(ENDPOINTS, &rights->right[k], needs);
        loop assigns handle; loop variant rights->count - handle; */
    while (handle < rights->count && !fits(host, &rights->right[handle], needs))
        handle++;
    return handle;
}

/* The right that a call needs, or NULL. */
/*@ requires ready(rights, frame);
    terminates \true; exits \false; assigns frame->handle, frame->endpoint, frame->last;
    ensures same_frame{Post, Pre}(frame) && same_rights{Post, Pre}(rights);
    ensures \result != \null ==> HAS_RIGHT;
    ensures \result != \null ==> \result == &rights->right[frame->handle] && \valid_read(\result) &&
        \separated(frame, \result); */
INLINE const struct atto_right *find(const struct atto_rights *rights, uint32_t needs, struct atto_call_frame *frame)
{
    const struct atto_host *host = frame->run->host;
    uint64_t handle = frame->r[1];
    if (rights == NULL)
        return NULL;
    if (needs / ATTO_NEEDS_HANDLE % 2u == 0u)
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
/*@ requires \valid(span) && \valid_read(run) && \valid_read(r + (0 .. 5));
    requires ATTO_NEEDS_SPAN_SOUND(packed);
    terminates \true; exits \false; assigns span->ptr, span->len;
    ensures \result ==> span_holds(span->ptr, span->len, run, r, packed) && span->len <= INT32_MAX; */
INLINE bool take_span(const struct atto_run *run, const uint64_t *r, struct atto_call_span *span, uint32_t packed)
{
    const uint64_t *at = &r[packed % 8u];
    uint32_t len = packed / 16u % 4u * 4u;
    if (len == 0u) {
        if (at[1] > UINT32_MAX)
            return false;
        len = (uint32_t)at[1];
    }
    span->ptr = NULL;
    span->len = len;
    if (len == 0u)
        return true;
    span->ptr = atto_run_span(run, *at, len, packed / 8u % 2u != 0u ? ATTO_WRITE : ATTO_READ);
    return span->ptr != NULL;
}

/* Is the argument within the right's range, and if it is an offset, all of the first span? */
/*@ requires \valid_read(frame) && \valid_read(frame->r + (0 .. 5)) && \valid_read(right);
    requires 1 <= range_register(needs) <= 5;
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> range_holds(right->first, frame->last, needs, frame->r, frame->span[0].len); */
INLINE bool in_range(const struct atto_right *right, uint32_t needs, const struct atto_call_frame *frame)
{
    uint64_t value = frame->r[needs / 4096u % 8u];
    uint32_t len = needs / 32768u % 2u != 0u ? frame->span[0].len : 1u;
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

/* For the contract alone: has the period ended, and what had been counted in the one that goes on? */
#define PERIOD (right->operations / 16)
#define ENDED (1 <= PERIOD <= ATTO_PERIOD_MAX && (uint32_t)(now - \old(meter->begin)) >= period_units[PERIOD])
#define CALLS_BEFORE (ENDED ? 0 : \old(meter->calls))
#define BYTES_BEFORE (ENDED ? 0 : \old(meter->bytes))

/* Counts a call with so many bytes, if the right has that much left. */
/*@ requires \valid_read(right) && \valid(meter) && \separated(meter, right);
    terminates \true; exits \false; assigns meter->begin, meter->calls, meter->bytes, meter->total;
    ensures \result <==> (right->total == 0 || \old(meter->total) < right->total) &&
        (right->calls == 0 || CALLS_BEFORE < right->calls) &&
        (right->bytes == 0 || BYTES_BEFORE + bytes <= right->bytes);
    ensures \result ==> within_right(right, meter);
    ensures \old(within_right(right, meter)) ==> within_right(right, meter);
    ensures meter->begin == (ENDED ? now : \old(meter->begin));
    ensures meter->calls == CALLS_BEFORE + (\result && right->calls != 0 ? 1 : 0);
    ensures meter->bytes == BYTES_BEFORE + (\result && right->bytes != 0 ? bytes : 0);
    ensures meter->total == \old(meter->total) + (\result && right->total != 0 ? 1 : 0); */
INLINE bool count(const struct atto_right *right, struct atto_meter *meter, uint32_t now, uint32_t bytes)
{
    uint32_t period = atto_right_period(right);
    if (period != 0u && period <= ATTO_PERIOD_MAX && now - meter->begin >= period_units[period]) {
        meter->begin = now;
        meter->calls = 0;
        meter->bytes = 0;
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

/* Not proved but assumed, for it calls the firmware: a clock writes nothing that Atto looks at. */
/*@ requires \valid_read(port);
    terminates \true; exits \false; assigns atto_firmware_state; */
INLINE uint32_t units_now(const struct atto_port *port)
{
    return (uint32_t)(port->now_us(port->user) / 64u);
}

/*@ requires ready(rights, frame);
    requires rights != \null && frame->handle < rights->count && right == &rights->right[frame->handle];
    requires frame->span[0].len <= INT32_MAX && frame->span[1].len <= INT32_MAX;
    terminates \true; exits \false; assigns atto_firmware_state, METERS_OF(rights);
    ensures \result == ATTO_OK || \result == ATTO_E_QUOTA;
    ensures \result == ATTO_OK ==> metered(rights, frame->handle);
    ensures frame->span[0].ptr == \old(frame->span[0].ptr) && frame->span[0].len == \old(frame->span[0].len);
    ensures frame->span[1].ptr == \old(frame->span[1].ptr) && frame->span[1].len == \old(frame->span[1].len);
    ensures frame->handle == \old(frame->handle) && frame->endpoint == \old(frame->endpoint) &&
        frame->last == \old(frame->last);
    ensures same_frame{Post, Pre}(frame) && same_rights{Post, Pre}(rights);
    ensures right->first == \old(right->first) && right->last == \old(right->last);
    ensures right->endpoint == \old(right->endpoint) && right->operations == \old(right->operations); */
INLINE enum atto_status take_share(const struct atto_rights *rights, const struct atto_right *right,
                                   const struct atto_call_frame *frame)
{
    const struct atto_port *port = frame->run->host->port;
    if ((right->calls | right->bytes | right->total) == 0u)
        return ATTO_OK;
    if (rights->meter == NULL || port == NULL)
        return ATTO_E_QUOTA;
    uint32_t now = units_now(port), bytes = frame->span[0].len + frame->span[1].len;
    /*@ assert bytes == frame->span[0].len + frame->span[1].len; */
    bool is_left = count(right, &rights->meter[frame->handle], now, bytes);
    return is_left ? ATTO_OK : ATTO_E_QUOTA;
}

/* ---- the whole ---- */

/* For the contracts alone. */
#define FIRST span_holds(frame->span[0].ptr, frame->span[0].len, frame->run, frame->r, first_span(needs))
#define SECOND span_holds(frame->span[1].ptr, frame->span[1].len, frame->run, frame->r, second_span(needs))

/* Fills the spans of a frame; false: one is not the guest's. */
/*@ requires sound_frame(frame) && sound_needs(needs);
    terminates \true; exits \false; assigns frame->span[0 .. 1];
    ensures \result ==> FIRST && SECOND && frame->span[0].len <= INT32_MAX && frame->span[1].len <= INT32_MAX;
    ensures same_frame{Post, Pre}(frame);
    ensures frame->handle == \old(frame->handle) && frame->endpoint == \old(frame->endpoint) &&
        frame->last == \old(frame->last);
    ensures \forall struct atto_rights *rights; \separated(frame, rights) ==> same_rights{Post, Pre}(rights); */
INLINE bool take_spans(uint32_t needs, struct atto_call_frame *frame)
{
    uint32_t first = needs % 64u, second = needs / 64u % 64u;
    frame->span[0].ptr = frame->span[1].ptr = NULL;
    frame->span[0].len = frame->span[1].len = 0;
    if (first != 0u && !take_span(frame->run, frame->r, &frame->span[0], first))
        return false;
    return second == 0u || take_span(frame->run, frame->r, &frame->span[1], second);
}

/*@ requires \valid_read(call) && sound_needs(call->needs) && ready(rights, frame);
    terminates \true; exits \false;
    assigns atto_firmware_state, frame->endpoint, frame->handle, frame->last, frame->span[0 .. 1], METERS_OF(rights);
    ensures \result == ATTO_OK || \result == ATTO_E_DENIED || \result == ATTO_E_QUOTA || \result == ATTO_E_ARGUMENT;
    ensures \result == ATTO_OK ==> judged(\old(call->needs), rights, frame); */
enum atto_status atto_gate_judge(const struct atto_call *call, const struct atto_rights *rights,
                                 struct atto_call_frame *frame)
{
    uint32_t needs = call->needs;
    const struct atto_right *right = NULL;
    frame->endpoint = NULL;
    if (atto_needs_kind(needs) != ATTO_KIND_NONE) {
        right = find(rights, needs, frame);
        if (right == NULL)
            return ATTO_E_DENIED;
    }
    /*@ assert same_frame{Here, Pre}(frame) && same_rights{Here, Pre}(rights); */
    /*@ assert ready(rights, frame); */
    if (!take_spans(needs, frame))
        return ATTO_E_ARGUMENT;
    /*@ assert same_frame{Here, Pre}(frame) && same_rights{Here, Pre}(rights); */
    /*@ assert ready(rights, frame); */
    /*@ assert right != \null ==> HAS_RIGHT; */
    /*@ assert FIRST && SECOND; */
    if (right == NULL) {
        /*@ assert kind_needed(needs) == ATTO_KIND_NONE; */
        /*@ assert frame->endpoint == \null; */
        /*@ assert judged(needs, rights, frame); */
        return ATTO_OK;
    }
    if (needs / 4096u % 8u != 0u && !in_range(right, needs, frame))
        return ATTO_E_DENIED;
    enum atto_status status = take_share(rights, right, frame);
    /*@ assert FIRST && SECOND; */
    /*@ assert right == &rights->right[frame->handle]; */
    /*@ assert range_holds(right->first, frame->last, needs, frame->r, frame->span[0].len); */
    /*@ assert HAS_RIGHT; */
    /*@ assert kind_needed(needs) != ATTO_KIND_NONE; */
    /*@ assert status == ATTO_OK ==> metered(rights, frame->handle); */
    /*@ assert status == ATTO_OK ==> judged(needs, rights, frame); */
    return status;
}

/* Not proved but assumed: a function of the firmware. What it may rely on is proved. */
/*@ requires \valid_read(call) && \valid(frame) && \valid(frame->r + (0 .. 5));
    requires call->needs == 0 ? frame->endpoint == \null : judged(call->needs, rights, frame);
    terminates \true; exits \false; assigns frame->r[0 .. 5], FIRMWARE_WRITES; */
INLINE int32_t make(const struct atto_call *call, const struct atto_rights *rights, struct atto_call_frame *frame)
{
    (void)rights;
    return call->fn(frame);
}

/* For the contract alone. */
#define RIGHTS (run->host->rights)

/*@ requires \valid_read(run) && sound_host(HOST_OF(run)) && sound_rights(ROWS_OF(RIGHTS)) && \valid(r + (0 .. 5));
    requires \valid_read(call) && sound_needs(call->needs);
    requires meters_apart(run, r, HOST_OF(run), RIGHTS, RIGHTS->meter, RIGHTS->count);
    requires RIGHTS != \null && RIGHTS->meter != \null ==> \separated(call, RIGHTS->meter + (0 .. RIGHTS->count - 1));
    terminates \true; exits \false; assigns r[0 .. 5], METERS_OF(RIGHTS), FIRMWARE_WRITES; */

int32_t atto_gate_pass(struct atto_run *run, const struct atto_call *call, uint64_t *r)
{
    const struct atto_rights *rights = run->host->rights;
    struct atto_call_frame frame;
    enum atto_status status = ATTO_OK;
    frame.run = run;
    frame.r = r;
    frame.endpoint = NULL;
    if (call->needs != 0u)
        status = atto_gate_judge(call, rights, &frame);
    if (status != ATTO_OK)
        return atto_gate_refuse(status, r);
    /*@ assert call->needs == \at(call->needs, Pre); */
    return make(call, rights, &frame);
}
