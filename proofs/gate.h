/* What the gate promises of a host call that it lets pass. Seen by the prover alone. Predicates are of values, not of
 * places, wherever they can: what leaves the values as they were keeps all that is known of them, and the provers need
 * not look inside.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PROOFS_GATE_H
#define ATTO_PROOFS_GATE_H

#include "atto/exec.h"

/* ---- what it is given ---- */
/*@ predicate sound_host(struct atto_host *host, struct atto_port *port, struct atto_endpoint *endpoints,
                         integer endpoint_count) =
        \valid_read(host) && \valid_read(endpoints + (0 .. endpoint_count - 1)) &&
        (port != \null ==> \valid_read(port));

    predicate sound_rights(struct atto_rights *rights, struct atto_right *right, struct atto_meter *meter,
                           integer count) =
        rights != \null ==>
            \valid_read(rights) && count <= ATTO_RIGHTS_MAX && \valid_read(right + (0 .. count - 1)) &&
            (meter != \null ==> \valid(meter + (0 .. count - 1)) &&
                \separated(meter + (0 .. count - 1), rights) &&
                \separated(meter + (0 .. count - 1), right + (0 .. count - 1)));

    // The frame, which is written, is no part of what is read.
    predicate frame_apart(struct atto_call_frame *frame, struct atto_run *run, uint64_t *r, struct atto_host *host,
                          struct atto_port *port, struct atto_endpoint *endpoints, integer endpoint_count) =
        \separated(frame, run) && \separated(frame, r + (0 .. 5)) && \separated(frame, host) &&
        \separated(frame, port) && \separated(frame, endpoints + (0 .. endpoint_count - 1));
    predicate frame_apart_from_rights(struct atto_call_frame *frame, struct atto_rights *rights,
                                      struct atto_right *right, struct atto_meter *meter, integer count) =
        rights != \null ==> \separated(frame, rights) && \separated(frame, right + (0 .. count - 1)) &&
            (meter != \null ==> \separated(frame, meter + (0 .. count - 1)));

    // Nor are the meters.
    predicate meters_apart(struct atto_run *run, uint64_t *r, struct atto_host *host, struct atto_port *port,
                           struct atto_endpoint *endpoints, integer endpoint_count, struct atto_rights *rights,
                           struct atto_meter *meter, integer count) =
        rights != \null && meter != \null ==>
            \separated(meter + (0 .. count - 1), run) && \separated(meter + (0 .. count - 1), r + (0 .. 5)) &&
            \separated(meter + (0 .. count - 1), host) && \separated(meter + (0 .. count - 1), port) &&
            \separated(meter + (0 .. count - 1), endpoints + (0 .. endpoint_count - 1)); */
#define HOST_OF(run) (run)->host, (run)->host->port, (run)->host->endpoints, (run)->host->endpoint_count
#define ROWS_OF(rights) (rights), (rights)->right, (rights)->meter, (rights)->count
/* For `assigns`: the meters, where there are any. */
/*@ logic integer meter_count(struct atto_rights *rights, struct atto_meter *meter, integer count) =
        rights == \null || meter == \null ? 0 : count; */
#define METERS_OF(rights) (rights)->meter[0 .. meter_count(rights, (rights)->meter, (rights)->count) - 1]

/*@ predicate sound_frame(struct atto_call_frame *frame) =
        \valid(frame) && \valid_read(frame->run) && \valid_read(frame->r + (0 .. 5)) &&
        sound_host(HOST_OF(frame->run)) && frame_apart(frame, frame->run, frame->r, HOST_OF(frame->run));

    predicate ready(struct atto_rights *rights, struct atto_call_frame *frame) =
        sound_frame(frame) && sound_rights(ROWS_OF(rights)) && frame_apart_from_rights(frame, ROWS_OF(rights)) &&
        meters_apart(frame->run, frame->r, HOST_OF(frame->run), rights, rights->meter, rights->count);

    predicate same_frame{L1, L2}(struct atto_call_frame *frame) =
        \at(frame->run, L1) == \at(frame->run, L2) && \at(frame->r, L1) == \at(frame->r, L2) &&
        \at(frame->run->host, L1) == \at(frame->run->host, L2) &&
        \at(frame->run->host->port, L1) == \at(frame->run->host->port, L2) &&
        \at(frame->run->host->endpoints, L1) == \at(frame->run->host->endpoints, L2) &&
        \at(frame->run->host->endpoint_count, L1) == \at(frame->run->host->endpoint_count, L2);
    predicate same_rights{L1, L2}(struct atto_rights *rights) =
        rights != \null ==>
            \at(rights->right, L1) == \at(rights->right, L2) && \at(rights->meter, L1) == \at(rights->meter, L2) &&
            \at(rights->count, L1) == \at(rights->count, L2); */

/* ---- the right ---- */
/*@ logic integer kind_needed(integer needs) = needs / 134217728;
    logic integer type_needed(integer needs) = needs / 16777216 % 8;
    logic integer operation_needed(integer needs) = needs / 1048576 % 16;
    predicate takes_handle(integer needs) = needs / 65536 % 2 == 1;

    // The right is for an endpoint that exists and is of the kind and type that the call works on.
    predicate right_fits(struct atto_endpoint *endpoints, integer endpoint_count, struct atto_right *right,
                         integer needs) =
        right->endpoint < endpoint_count && endpoints[right->endpoint].kind == kind_needed(needs) &&
        (type_needed(needs) == 0 || endpoints[right->endpoint].type == type_needed(needs));
    predicate right_allows(struct atto_right *right, integer needs) =
        (right->operations & operation_needed(needs)) != 0;
    predicate suits(struct atto_endpoint *endpoints, integer endpoint_count, struct atto_right *right, integer needs) =
        right_fits(endpoints, endpoint_count, right, needs) && right_allows(right, needs);

    // A handle names a right that the container has, the one that the guest says where the call takes a handle; and
    // this is the endpoint of that right, and its last argument.
    predicate has_right(struct atto_right *right, integer count, struct atto_endpoint *endpoints, integer endpoint_count,
                        uint64_t *r, integer handle, struct atto_endpoint *endpoint, integer last, integer needs) =
        0 <= handle < count && right_fits(endpoints, endpoint_count, &right[handle], needs) &&
        right_allows(&right[handle], needs) && endpoint == &endpoints[right[handle].endpoint] &&
        last == right[handle].last &&
        (takes_handle(needs) ==> handle == r[1]); */
#define HAS_RIGHT                                                                                   \
    (rights != \null && has_right(rights->right, rights->count, frame->run->host->endpoints,        \
                                  frame->run->host->endpoint_count, frame->r, frame->handle,        \
                                  frame->endpoint, frame->last, needs))

/* ---- the arguments ---- */
/*@ // A span as it is packed: 0 is none.
    logic integer first_span(integer needs) = needs % 64;
    logic integer second_span(integer needs) = needs / 64 % 64;
    logic integer span_bytes(integer packed, integer next) =
        packed / 16 % 4 == 0 ? next : packed / 16 % 4 * 4;
    logic integer span_access(integer packed) = packed / 8 % 2 == 1 ? ATTO_WRITE : ATTO_READ;

    // Nothing, or memory of the guest that begins at the address and is good for so many bytes and the access.
    predicate span_is(uint8_t *ptr, integer len, struct atto_run *run, integer address, integer wanted, integer access) =
        len == wanted &&
        (len == 0 ? ptr == \null :
            granted(run, address, len, access, ptr) && \valid_read(ptr + (0 .. len - 1)) &&
            (access == ATTO_WRITE ==> \valid(ptr + (0 .. len - 1))));
    predicate span_holds(uint8_t *ptr, integer len, struct atto_run *run, uint64_t *r, integer packed) =
        packed == 0 ? ptr == \null && len == 0 :
            span_is(ptr, len, run, r[packed % 8], span_bytes(packed, r[packed % 8 + 1]), span_access(packed));

    // `len` numbers from `at` on are within the right's range.
    predicate in_range_of(integer first, integer last, integer at, integer len) =
        first <= at <= UINT32_MAX && at + len <= last + 1;
    logic integer range_register(integer needs) = needs / 4096 % 8;
    predicate in_right(integer first, integer last, integer needs, integer value, integer span_len) =
        in_range_of(first, last == ATTO_RANGE_END ? UINT32_MAX : last, value, needs / 32768 % 2 == 1 ? span_len : 1);
    predicate range_holds(integer first, integer last, integer needs, uint64_t *r, integer span_len) =
        range_register(needs) != 0 ==> in_right(first, last, needs, r[range_register(needs)], span_len); */

/* ---- the meter ---- */
/*@ // What a right counts is not above what it allows.
    predicate within_right(struct atto_right *right, struct atto_meter *meter) =
        (right->calls != 0 ==> meter->calls <= right->calls) && (right->bytes != 0 ==> meter->bytes <= right->bytes) &&
        (right->total != 0 ==> meter->total <= right->total);

    predicate unlimited(struct atto_right *right) = right->calls == 0 && right->bytes == 0 && right->total == 0;

    predicate metered(struct atto_rights *rights, integer handle) =
        unlimited(&rights->right[handle]) ||
        (rights->meter != \null && within_right(&rights->right[handle], &rights->meter[handle])); */

/* ---- the whole: what a function of the firmware may rely on ---- */
/*@ predicate judged(integer needs, struct atto_rights *rights, struct atto_call_frame *frame) =
        span_holds(frame->span[0].ptr, frame->span[0].len, frame->run, frame->r, first_span(needs)) &&
        span_holds(frame->span[1].ptr, frame->span[1].len, frame->run, frame->r, second_span(needs)) &&
        (kind_needed(needs) == ATTO_KIND_NONE ? frame->endpoint == \null :
            HAS_RIGHT && metered(rights, frame->handle) &&
            range_holds(rights->right[frame->handle].first, frame->last, needs, frame->r, frame->span[0].len));

    axiomatic Firmware {
      // What functions of the firmware may write of the memory of guests.
      predicate guests(uint8_t *byte);
    } */
/* Stands for memory of the firmware and of executors that the gate does not look at. */
extern int atto_firmware_state;
#define FIRMWARE_WRITES atto_firmware_state, { *byte | uint8_t *byte; guests(byte) }

#endif
