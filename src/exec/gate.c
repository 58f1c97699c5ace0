/* The gate of instances that no engine runs, see atto/gate.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

uint32_t atto_first_fitting(const struct atto_host *host, const struct atto_rights *rights, uint32_t needs)
{
    uint32_t handle = 0;
    /*@ loop invariant 0 <= handle <= rights->count;
        loop invariant \forall integer k; 0 <= k < handle ==> !suits(ENDPOINTS, &rights->right[k], needs);
        loop assigns handle; loop variant rights->count - handle; */
    while (handle < rights->count && !suits(host, &rights->right[handle], needs))
        handle++;
    return handle;
}

bool atto_take_spans(uint32_t needs, struct atto_call_frame *frame)
{
    struct atto_call_span *span = frame->span;
    uint32_t first = needs % 64u, second = needs / 64u % 64u;
    span[0].ptr = span[1].ptr = NULL;
    span[0].len = span[1].len = 0;
    if (first != 0u && !take_span(frame->run, frame->r, &span[0], first))
        return false;
    return second == 0u || take_span(frame->run, frame->r, &span[1], second);
}

/*@ requires \valid_read(call) && sound_needs(call->needs) && ready(rights, frame);
    requires now_us == \null || \valid_read(now_us);
    terminates \true; exits \false;
    assigns atto_firmware_state, frame->endpoint, frame->handle, frame->last, frame->span[0 .. 1], METERS_OF(rights);
    ensures \result == ATTO_OK || \result == ATTO_E_DENIED || \result == ATTO_E_QUOTA || \result == ATTO_E_ARGUMENT;
    ensures \result == ATTO_OK ==> judged(\old(call->needs), rights, frame); */
enum atto_status atto_gate_judge(const struct atto_call *call, const struct atto_rights *rights,
                                 struct atto_call_frame *frame, const uint64_t *now_us)
{
    if (atto_needs_kind(call->needs) == ATTO_KIND_NONE) {
        frame->endpoint = NULL;
        return atto_take_spans(call->needs, frame) ? ATTO_OK : ATTO_E_ARGUMENT;
    }
    return atto_judge_right(call, rights, frame->run, frame->r, frame, now_us);
}

/* Not proved but assumed: a function of the firmware. What it may rely on is proved. */
/*@ requires \valid_read(call) && \valid(frame) && \valid(frame->r + (0 .. 5));
    requires call->needs == 0 ? frame->endpoint == \null : judged(call->needs, rights, frame);
    terminates \true; exits \false; assigns frame->r[0 .. 5], FIRMWARE_WRITES; */
ATTO_INLINE int32_t make(const struct atto_call *call, const struct atto_rights *rights, struct atto_call_frame *frame)
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
        status = atto_gate_judge(call, rights, &frame, NULL);
    if (status != ATTO_OK)
        return atto_gate_refuse(status, r);
    /*@ assert call->needs == \at(call->needs, Pre); */
    return make(call, rights, &frame);
}
