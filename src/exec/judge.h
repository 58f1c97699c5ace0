/* How a host call is judged, in three steps, each a function: the right, the arguments, the meter. Compiled into the gate
 * of bare instances and into the engine's, because every instruction here is on the way of every call.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_EXEC_JUDGE_H
#define ATTO_EXEC_JUDGE_H

#include <stddef.h>

#include "../base/compiler.h"
#include "atto/exec.h"
#include "atto/gate.h"

/* ---- the right ---- */

/* For contracts alone. */
#define ENDPOINTS host->endpoints, host->endpoint_count
#define SOUND_HOST sound_host(host, host->port, ENDPOINTS)

/*@ requires SOUND_HOST && \valid_read(right);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> right_fits(ENDPOINTS, right, needs); */
ATTO_INLINE bool fits(const struct atto_host *host, const struct atto_right *right, uint32_t needs)
{
    if (right->endpoint >= host->endpoint_count)
        return false;
    const struct atto_endpoint *endpoint = &host->endpoints[right->endpoint];
    uint32_t type = atto_needs_type(needs);
    return ATTO_LIKELY(endpoint->kind == atto_needs_kind(needs)) && ATTO_LIKELY(type == 0u || endpoint->type == type);
}

/* Does it also allow what the call does? */
/*@ requires SOUND_HOST && \valid_read(right);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> suits(ENDPOINTS, right, needs); */
ATTO_INLINE bool suits(const struct atto_host *host, const struct atto_right *right, uint32_t needs)
{
    return fits(host, right, needs) && ATTO_LIKELY((right->operations & atto_needs_operation(needs)) != 0u);
}

/* The first right that suits, for calls that take no handle. Returns rights->count if there is none. */
/*@ requires SOUND_HOST && sound_rights(ROWS_OF(rights)) && rights != \null;
    terminates \true; exits \false; assigns \nothing;
    ensures \result <= rights->count;
    ensures \result < rights->count ==> suits(ENDPOINTS, &rights->right[\result], needs);
    ensures \forall integer k; 0 <= k < \result ==> !suits(ENDPOINTS, &rights->right[k], needs); */
uint32_t atto_first_fitting(const struct atto_host *host, const struct atto_rights *rights, uint32_t needs);

/* The right that a call needs, or NULL. */
/*@ requires ready(rights, frame) && run == frame->run && r == frame->r;
    terminates \true; exits \false; assigns frame->handle, frame->endpoint, frame->last;
    ensures same_frame{Post, Pre}(frame) && same_rights{Post, Pre}(rights);
    ensures \result != \null ==> HAS_RIGHT;
    ensures \result != \null ==> \result == &rights->right[frame->handle] && \valid_read(\result) &&
        \separated(frame, \result); */
ATTO_INLINE const struct atto_right *find(const struct atto_rights *rights, uint32_t needs, const struct atto_run *run,
                                     const uint64_t *r, struct atto_call_frame *frame)
{
    const struct atto_host *host = run->host;
    uint64_t named = r[1];
    if (rights == NULL)
        return NULL;
    if (needs / ATTO_NEEDS_HANDLE % 2u == 0u)
        named = atto_first_fitting(host, rights, needs);
    uint32_t handle = (uint32_t)named;
    if (named != handle || handle >= rights->count)
        return NULL;
    const struct atto_right *right = &rights->right[handle];
    if (ATTO_UNLIKELY(!suits(host, right, needs)))
        return NULL;
    frame->handle = handle;
    frame->endpoint = &host->endpoints[right->endpoint];
    frame->last = right->last;
    return right;
}

/* ---- the arguments ---- */

/* Checks a span, as it is packed in `needs`. false: it is not the guest's. */
/*@ requires \valid(span) && \valid_read(run) && \valid_read(r + (0 .. 5));
    requires ATTO_NEEDS_SPAN_SOUND(packed);
    terminates \true; exits \false; assigns span->ptr, span->len;
    ensures \result ==> span_holds(span->ptr, span->len, run, r, packed) && span->len <= ATTO_SPAN_MAX; */
ATTO_INLINE bool take_span(const struct atto_run *run, const uint64_t *r, struct atto_call_span *span, uint32_t packed)
{
    const uint64_t *at = &r[packed % 8u];
    uint32_t len = packed / 16u * 4u;
    if (ATTO_LIKELY(packed / 16u == 0u)) {
        len = (uint32_t)at[1];
        if (ATTO_UNLIKELY(at[1] != len))
            return false;
    }
    span->ptr = NULL;
    span->len = len;
    if (ATTO_UNLIKELY(len == 0u))
        return true;
    span->ptr = atto_run_span(run, *at, len, packed / 8u % 2u != 0u ? ATTO_WRITE : ATTO_READ);
    return span->ptr != NULL;
}

/* Is the argument within the right's range, and if it is an offset, all of the first span? */
/*@ requires \valid_read(right);
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> in_right(right->first, right->last, needs, value, span_len); */
ATTO_INLINE bool in_range(const struct atto_right *right, uint32_t needs, uint64_t value, uint32_t span_len)
{
    uint32_t last = right->last, first = (uint32_t)value;
    uint32_t len = needs / 32768u % 2u != 0u ? span_len : 1u;
    if (ATTO_UNLIKELY(value != first || first < right->first))
        return false;
    if (ATTO_LIKELY(first <= last && len - 1u <= last - first))
        return true;
    if (len == 0u)
        return first <= last || first - last == 1u || last == ATTO_RANGE_END;
    return last == ATTO_RANGE_END && len - 1u <= UINT32_MAX - first;
}

/* ---- the meter ---- */

/* Of a period, in units of 64 us, which is how meters count time; without a rate it never ends. */
static const uint32_t period_units[16] = {
    UINT32_MAX,
#define PERIOD_UNITS(code, us, name) ((us) + 63u) / 64u,
    ATTO_PERIODS(PERIOD_UNITS)
#undef PERIOD_UNITS
    UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX
};
_Static_assert(ATTO_PERIOD_MAX == 8u, "the rest has no code");

/* For the contract alone: has the period ended, and what had been counted in the one that goes on? */
#define ENDED ((uint32_t)(now - \at(meter->begin, Pre)) >= period_units[right->operations / 16])
#define CALLS_BEFORE (ENDED ? 0 : \at(meter->calls, Pre))
#define BYTES_BEFORE (ENDED ? 0 : \at(meter->bytes, Pre))

/* Counts a call whose spans have so many bytes, if the right has that much left. What has no limit is counted too, and
 * wraps. */
/*@ requires \valid_read(right) && \valid(meter) && \separated(meter, right);
    requires first <= ATTO_SPAN_MAX && second <= ATTO_SPAN_MAX;
    terminates \true; exits \false; assigns meter->begin, meter->calls, meter->bytes, meter->total;
    ensures \result <==> (right->total == 0 || \old(meter->total) < right->total) &&
        (right->calls == 0 || CALLS_BEFORE < right->calls) &&
        (right->bytes == 0 || BYTES_BEFORE + first + second <= right->bytes);
    ensures \result ==> within_right(right, meter);
    ensures \old(within_right(right, meter)) ==> within_right(right, meter);
    ensures meter->begin == (ENDED ? now : \old(meter->begin));
    ensures meter->calls == (uint16_t)(CALLS_BEFORE + (\result ? 1 : 0));
    ensures meter->bytes == (uint16_t)(BYTES_BEFORE + (\result ? first + second : 0));
    ensures meter->total == (uint32_t)(\old(meter->total) + (\result ? 1 : 0)); */
ATTO_INLINE bool count(const struct atto_right *right, struct atto_meter *meter, uint32_t now, uint32_t first,
                  uint32_t second)
{
    if (ATTO_UNLIKELY(now - meter->begin >= period_units[right->operations / 16u])) {
        meter->begin = now;
        meter->calls = 0;
        meter->bytes = 0;
    }
    uint32_t calls = meter->calls, total = meter->total, bytes = meter->bytes + first + second;
    /* One less than no limit is more than any count. */
    /*@ assert right->calls == 0 ==> (uint32_t)(right->calls - 1) == 0xffffffff; */
    /*@ assert right->calls > 0 ==> (uint32_t)(right->calls - 1) == right->calls - 1; */
    /*@ assert right->total == 0 ==> (uint32_t)(right->total - 1) == 0xffffffff; */
    /*@ assert right->total > 0 ==> (uint32_t)(right->total - 1) == right->total - 1; */
    /*@ assert bytes == BYTES_BEFORE + first + second; */
    if (ATTO_UNLIKELY(total > right->total - 1u || calls > right->calls - 1u || (bytes > right->bytes && right->bytes != 0u)))
        return false;
    meter->calls = (uint16_t)(calls + 1u);
    meter->bytes = (uint16_t)bytes;
    meter->total = total + 1u;
    return true;
}

/* Not proved but assumed, for it calls the firmware: a clock writes nothing that Atto looks at. */
/*@ requires \valid_read(port);
    terminates \true; exits \false; assigns atto_firmware_state; */
ATTO_INLINE uint32_t units_now(const struct atto_port *port)
{
    return (uint32_t)(port->now_us(port->user) / 64u);
}

/*@ requires ready(rights, frame) && (now_us == \null || \valid_read(now_us));
    requires rights != \null && frame->handle < rights->count && right == &rights->right[frame->handle];
    requires frame->span[0].len <= ATTO_SPAN_MAX && frame->span[1].len <= ATTO_SPAN_MAX;
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
ATTO_INLINE enum atto_status take_share(const struct atto_rights *rights, const struct atto_right *right,
                                   const struct atto_call_frame *frame, const uint64_t *now_us)
{
    const struct atto_port *port = frame->run->host->port;
    if ((right->calls | right->bytes | right->total) == 0u)
        return ATTO_OK;
    if (ATTO_UNLIKELY(rights->meter == NULL || (now_us == NULL && port == NULL)))
        return ATTO_E_QUOTA;
    uint32_t now = now_us != NULL ? (uint32_t)(*now_us / 64u) : units_now(port);
    bool is_left = count(right, &rights->meter[frame->handle], now, frame->span[0].len, frame->span[1].len);
    return is_left ? ATTO_OK : ATTO_E_QUOTA;
}

/* ---- the whole ---- */

/* For the contracts alone. */
#define FIRST span_holds(frame->span[0].ptr, frame->span[0].len, frame->run, frame->r, first_span(needs))
#define SECOND span_holds(frame->span[1].ptr, frame->span[1].len, frame->run, frame->r, second_span(needs))

/* Fills the spans of a frame; false: one is not the guest's. */
/*@ requires sound_frame(frame) && sound_needs(needs);
    terminates \true; exits \false; assigns frame->span[0 .. 1];
    ensures \result ==> FIRST && SECOND && frame->span[0].len <= ATTO_SPAN_MAX && frame->span[1].len <= ATTO_SPAN_MAX;
    ensures same_frame{Post, Pre}(frame);
    ensures frame->handle == \old(frame->handle) && frame->endpoint == \old(frame->endpoint) &&
        frame->last == \old(frame->last);
    ensures \forall struct atto_rights *rights; \separated(frame, rights) ==> same_rights{Post, Pre}(rights); */
bool atto_take_spans(uint32_t needs, struct atto_call_frame *frame);

/* The same, short for calls that have one span or none. */
/*@ requires sound_frame(frame) && sound_needs(needs) && run == frame->run && r == frame->r;
    terminates \true; exits \false; assigns frame->span[0 .. 1];
    ensures \result ==> FIRST && SECOND && frame->span[0].len <= ATTO_SPAN_MAX && frame->span[1].len <= ATTO_SPAN_MAX;
    ensures same_frame{Post, Pre}(frame);
    ensures frame->handle == \old(frame->handle) && frame->endpoint == \old(frame->endpoint) &&
        frame->last == \old(frame->last);
    ensures \forall struct atto_rights *rights; \separated(frame, rights) ==> same_rights{Post, Pre}(rights); */
ATTO_INLINE bool take_spans(uint32_t needs, const struct atto_run *run, const uint64_t *r, struct atto_call_frame *frame)
{
    struct atto_call_span *span = frame->span;
    if (ATTO_UNLIKELY(needs / 64u % 64u != 0u))
        return atto_take_spans(needs, frame);
    span[1].ptr = NULL;
    span[1].len = 0;
    if (ATTO_LIKELY(needs % 64u != 0u))
        return take_span(run, r, &span[0], needs % 64u);
    span[0].ptr = NULL;
    span[0].len = 0;
    return true;
}

/* Judges a call that needs a right. now_us: see atto_gate_judge. */
/*@ requires \valid_read(call) && sound_needs(call->needs) && ready(rights, frame);
    requires run == frame->run && r == frame->r && kind_needed(call->needs) != ATTO_KIND_NONE;
    requires now_us == \null || \valid_read(now_us);
    terminates \true; exits \false;
    assigns atto_firmware_state, frame->endpoint, frame->handle, frame->last, frame->span[0 .. 1], METERS_OF(rights);
    ensures \result == ATTO_OK || \result == ATTO_E_DENIED || \result == ATTO_E_QUOTA || \result == ATTO_E_ARGUMENT;
    ensures \result == ATTO_OK ==> judged(\old(call->needs), rights, frame); */
ATTO_INLINE enum atto_status atto_judge_right(const struct atto_call *call, const struct atto_rights *rights,
                                         const struct atto_run *run, const uint64_t *r,
                                         struct atto_call_frame *frame, const uint64_t *now_us)
{
    uint32_t needs = call->needs;
    const struct atto_right *right = find(rights, needs, run, r, frame);
    if (ATTO_UNLIKELY(right == NULL))
        return ATTO_E_DENIED;
    /*@ assert same_frame{Here, Pre}(frame) && same_rights{Here, Pre}(rights); */
    /*@ assert ready(rights, frame); */
    if (ATTO_UNLIKELY(!take_spans(needs, run, r, frame)))
        return ATTO_E_ARGUMENT;
    /*@ assert same_frame{Here, Pre}(frame) && same_rights{Here, Pre}(rights); */
    /*@ assert ready(rights, frame); */
    /*@ assert HAS_RIGHT; */
    /*@ assert FIRST && SECOND; */
    uint32_t number = needs / 4096u % 8u;
    ATTO_OPAQUE(number); /* or it is looked at twice */
    if (number != 0u && ATTO_UNLIKELY(!in_range(right, needs, r[number], frame->span[0].len)))
        return ATTO_E_DENIED;
    enum atto_status status = take_share(rights, right, frame, now_us);
    /*@ assert FIRST && SECOND; */
    /*@ assert right == &rights->right[frame->handle]; */
    /*@ assert range_holds(right->first, frame->last, needs, frame->r, frame->span[0].len); */
    /*@ assert HAS_RIGHT; */
    /*@ assert kind_needed(needs) != ATTO_KIND_NONE; */
    /*@ assert status == ATTO_OK ==> metered(rights, frame->handle); */
    /*@ assert status == ATTO_OK ==> judged(needs, rights, frame); */
    return status;
}

#endif
