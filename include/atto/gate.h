/* The gate: what every host call of every executor passes before a function of the firmware sees it. It looks up the
 * right that the call needs, compares its operation, its argument range, its rate and its total, and turns the addresses
 * that the guest gave into memory of the guest. A guest gets no pointer of the host's, and no number that a guest gives
 * is used as an index before it was compared with the length of the table.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_GATE_H
#define ATTO_GATE_H

#include <stdint.h>

#include "atto/call.h"
#include "atto/right.h"

/* What an endpoint is; a host call works on endpoints of one kind. Kinds from ATTO_KIND_FIRMWARE on are the firmware's
 * own. */
enum atto_kind {
    ATTO_KIND_NONE = 0,
    ATTO_KIND_LOG = 1,
    ATTO_KIND_CLOCK = 2,
    ATTO_KIND_RANDOM = 3,
    ATTO_KIND_MEMORY = 4,  /* bytes of the firmware */
    ATTO_KIND_DEVICE = 5,  /* a sensor or actuator */
    ATTO_KIND_PINS = 6,
    ATTO_KIND_STORE = 7,   /* keys and values */
    ATTO_KIND_MAILBOX = 8, /* messages from containers to a container */
    ATTO_KIND_SERVER = 9,  /* requests that a container answers */
    ATTO_KIND_COAP = 10,   /* resources over CoAP that a container has (atto/manage.h); no object */
    ATTO_KIND_FIRMWARE = 16,
    ATTO_KIND_MAX = 31
};

/* Something of the firmware that containers may be given rights to. Constant, in a table; its place there is its number
 * for rights. */
struct atto_endpoint {
    const char *name;   /* as manifests ask for it */
    const void *object; /* what the host calls of its kind work on */
    uint8_t kind;       /* enum atto_kind */
    uint8_t type;       /* what the kind makes of it; 1 to 7 can be asked for by a call */
    uint8_t operations; /* those that there are */
};

/* How much of a right with a rate or a total is used up. Counted too is what has no limit today: it wraps. */
struct atto_meter {
    uint32_t begin; /* of the period, in units of 64 us */
    uint16_t calls; /* in this period */
    uint16_t bytes; /* in this period */
    uint32_t total; /* calls since the right was changed */
};

/* The rights of a container. */
struct atto_rights {
    struct atto_right *right;
    struct atto_meter *meter; /* one for each right; NULL: none has a rate or a total */
    uint32_t count;           /* at most ATTO_RIGHTS_MAX */
};

/* Judges a host call: finds the right, checks the arguments, fills the frame, and then counts the call and its bytes in
 * the right's meter. Nothing is counted for a call that is refused. The caller keeps changes of the rights away.
 * call: an entry of the host's table, with needs that are sound (ATTO_NEEDS_ARE_SOUND). rights: NULL for none. now_us:
 * the time by which rates are counted; NULL: the clock of the host's port is asked.
 * A call that takes no handle is judged by the first right to an endpoint of its kind that allows its operation.
 * Returns ATTO_OK; ATTO_E_DENIED (no right of that handle, or it is for another kind of endpoint, or does not allow the
 * operation or the argument); ATTO_E_QUOTA (rate or total are used up); ATTO_E_ARGUMENT (a span is not the guest's, or
 * may not be written). */
enum atto_status atto_gate_judge(const struct atto_call *call, const struct atto_rights *rights,
                                 struct atto_call_frame *frame, const uint64_t *now_us);

/* The gate of instances that no engine runs: judges by host->rights, and makes the call. Returns as atto_call_fn. */
int32_t atto_gate_pass(struct atto_run *run, const struct atto_call *call, uint64_t *r);

/* What a refusal means to the guest: a result in r[0], or the end of its activation. Returns as atto_call_fn. */
/*@ requires \valid(r);
    terminates \true; exits \false; assigns *r;
    ensures status == ATTO_E_ARGUMENT ? \result == status && *r == \old(*r) :
                                        \result == ATTO_OK && *r == (uint64_t)status; */
static inline int32_t atto_gate_refuse(enum atto_status status, uint64_t *r)
{
    if (status == ATTO_E_ARGUMENT)
        return status;
    r[0] = (uint64_t)(int64_t)status;
    return ATTO_OK;
}

#endif
