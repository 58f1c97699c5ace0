/* What TinyContainer metadata mean to Atto: the name and the schedule of a manifest, and a right for each endpoint.
 * What has no meaning here is refused and never dropped.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/tinycontainer.h"

#include <stddef.h>

#include "base/cbor.h"
#include "image/formats.h"

#define MS 1000u /* microseconds */
#define TIME_MAX_MS (ATTO_INTERVAL_MAX_US / MS)
#define ENDPOINT_MAX 255u

int32_t atto_tinycontainer_executor(uint32_t type)
{
    switch (type) {
    case ATTO_TINYCONTAINER_BPF:
        return ATTO_EXECUTOR_BPF;
    case ATTO_TINYCONTAINER_WASM:
        return ATTO_EXECUTOR_WASM;
    default:
        return ATTO_E_EXECUTOR;
    }
}

/* The numbers in Atto's units. */
struct times {
    uint32_t start_max_us, period_us, loop_max_us, loop_count, stop_max_us;
};

/*@ predicate times_within(struct times *times) =
        times->start_max_us <= ATTO_INTERVAL_MAX_US && times->period_us <= ATTO_INTERVAL_MAX_US &&
        times->loop_max_us <= ATTO_INTERVAL_MAX_US && times->stop_max_us <= ATTO_INTERVAL_MAX_US; */

/* A time in milliseconds. The cursor does not move past one that is too long. */
/*@ requires \valid(cbor) && \valid(us) && \separated(cbor, us) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *us;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> *us <= ATTO_INTERVAL_MAX_US; */
static bool read_time(struct atto_cbor *cbor, uint32_t *us)
{
    uint32_t ms;

    if (!atto_cbor_uint(cbor, TIME_MAX_MS, &ms))
        return false;
    *us = ms * MS;
    return true;
}

/* False where the cursor then stands: a time is too long, or the period is shorter than the deadline. */
/*@ requires \valid(cbor) && \valid(times) && \separated(cbor, times) && sound_reader(cbor);
    terminates \true; exits \false;
    assigns cbor->pos, times->start_max_us, times->period_us, times->loop_max_us, times->loop_count,
            times->stop_max_us;
    ensures sound_reader(cbor);
    ensures \result ==> times_within(times) && (times->period_us == 0 || deadline_us <= times->period_us); */
static bool read_times(struct atto_cbor *cbor, uint32_t deadline_us, struct times *times)
{
    uint32_t period_at;

    if (!read_time(cbor, &times->start_max_us))
        return false;
    period_at = cbor->pos;
    if (!read_time(cbor, &times->period_us))
        return false;
    if (times->period_us != 0 && deadline_us > times->period_us) {
        cbor->pos = period_at;
        return false;
    }
    return read_time(cbor, &times->loop_max_us) && atto_cbor_uint(cbor, UINT32_MAX, &times->loop_count) &&
           read_time(cbor, &times->stop_max_us);
}

/* Everything that can be refused. *at: where. */
/*@ requires \valid_read(tiny) && \valid(times) && \valid(at) && \separated(tiny, times, at);
    requires sound_tinycontainer(tiny);
    terminates \true; exits \false;
    assigns times->start_max_us, times->period_us, times->loop_max_us, times->loop_count, times->stop_max_us, *at;
    ensures \result == ATTO_OK || \result == ATTO_E_EXECUTOR || \result == ATTO_E_ARGUMENT;
    ensures \result == ATTO_OK ==> tiny->uid.len <= ATTO_NAME_MAX && times_within(times);
    ensures \result == ATTO_OK ==> times->period_us == 0 || deadline_us <= times->period_us; */
static enum atto_status find_meaning(const struct atto_tinycontainer *tiny, uint32_t deadline_us, struct times *times,
                                     uint32_t *at)
{
    struct atto_cbor cbor = {tiny->schedule.ptr, tiny->schedule.len, 0};

    *at = 0;
    times->start_max_us = times->period_us = times->loop_max_us = times->loop_count = times->stop_max_us = 0;
    if (atto_tinycontainer_executor(tiny->type) < 0)
        return ATTO_E_EXECUTOR;
    *at = (uint32_t)(tiny->uid.ptr - tiny->bytes.ptr);
    if (tiny->uid.len > ATTO_NAME_MAX || !atto_cbor_is_plain_text(tiny->uid.ptr, tiny->uid.len))
        return ATTO_E_ARGUMENT;
    if (tiny->secured && !read_times(&cbor, deadline_us, times)) {
        *at = (uint32_t)(tiny->schedule.ptr - tiny->bytes.ptr) + cbor.pos;
        return ATTO_E_ARGUMENT;
    }
    return ATTO_OK;
}

/*@ requires \valid_read(times) && \valid(schedule) && \separated(times, schedule);
    terminates \true; exits \false;
    assigns schedule->start_max_us, schedule->period_us, schedule->loop_max_us, schedule->loop_count,
            schedule->stop_max_us;
    ensures schedule->start_max_us == times->start_max_us && schedule->period_us == times->period_us &&
            schedule->loop_max_us == times->loop_max_us && schedule->stop_max_us == times->stop_max_us; */
static void set_times(const struct times *times, struct atto_schedule *schedule)
{
    schedule->start_max_us = times->start_max_us;
    schedule->period_us = times->period_us;
    schedule->loop_max_us = times->loop_max_us;
    schedule->loop_count = times->loop_count;
    schedule->stop_max_us = times->stop_max_us;
}

enum atto_status atto_tinycontainer_manifest(const struct atto_tinycontainer *tiny, struct atto_manifest *manifest,
                                             struct atto_refusal *refusal)
{
    struct times times;
    uint32_t at;
    enum atto_status status = find_meaning(tiny, manifest->schedule.deadline_us, &times, &at);

    if (status != ATTO_OK)
        return atto_refuse(refusal, status, at);
    set_times(&times, &manifest->schedule);
    manifest->name.ptr = tiny->uid.ptr;
    manifest->name.len = tiny->uid.len;
    return ATTO_OK;
}

/* Does the mask have this one bit? */
/*@ requires bit > 0;
    terminates \true; exits \false; assigns \nothing;
    ensures \result <==> (mask / bit) % 2 == 1; */
static bool allows(uint32_t mask, uint32_t bit)
{
    return mask / bit % 2u != 0;
}

/* What a container may do that made these system calls with an endpoint of this direction. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures 0 <= \result <= ATTO_OPERATION_READ + ATTO_OPERATION_WRITE;
    ensures (syscalls / ATTO_TINYCONTAINER_OPEN) % 2 == 0 ==> \result == 0;
    ensures (syscalls / ATTO_TINYCONTAINER_READ) % 2 == 0 || direction == ATTO_TINYCONTAINER_IN ==> \result % 2 == 0;
    ensures (syscalls / ATTO_TINYCONTAINER_WRITE) % 2 == 0 || direction == ATTO_TINYCONTAINER_OUT ==>
        \result < ATTO_OPERATION_WRITE; */
static uint8_t operations_of(uint32_t syscalls, uint32_t direction)
{
    uint8_t operations = 0;

    if (!allows(syscalls, ATTO_TINYCONTAINER_OPEN))
        return 0;
    if (direction != ATTO_TINYCONTAINER_IN && allows(syscalls, ATTO_TINYCONTAINER_READ))
        operations = ATTO_OPERATION_READ;
    if (direction != ATTO_TINYCONTAINER_OUT && allows(syscalls, ATTO_TINYCONTAINER_WRITE))
        operations = (uint8_t)(operations + ATTO_OPERATION_WRITE);
    return operations;
}

enum atto_status atto_tinycontainer_wish(const struct atto_tinycontainer *tiny, uint32_t index,
                                         struct atto_right_wish *wish, struct atto_refusal *refusal)
{
    struct atto_tinycontainer_endpoint endpoint;
    uint32_t at;

    if (atto_tinycontainer_endpoint(tiny, index, &endpoint) != ATTO_OK)
        return atto_refuse(refusal, ATTO_E_NOT_FOUND, tiny->bytes.len);
    at = (uint32_t)(tiny->endpoints.ptr - tiny->bytes.ptr) + endpoint.at;
    if (endpoint.peer != ATTO_TINYCONTAINER_LOCAL)
        return atto_refuse(refusal, ATTO_E_NOT_FOUND, at);
    if (endpoint.peer_endpoint > ENDPOINT_MAX)
        return atto_refuse(refusal, ATTO_E_ARGUMENT, at);
    wish->name = NULL;
    wish->name_bytes = 0;
    wish->right.endpoint = (uint8_t)endpoint.peer_endpoint;
    wish->right.operations = operations_of(tiny->syscalls, endpoint.direction);
    wish->right.first = 0;
    wish->right.last = ATTO_RANGE_END;
    wish->right.calls = wish->right.bytes = wish->right.total = 0;
    return ATTO_OK;
}
