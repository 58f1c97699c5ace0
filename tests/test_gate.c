/* The gate alone: every argument of every call of a table at its edges, handles, kinds, operations and ranges; rates
 * are test_rates.c's. What must come of a call is worked out a second time here, from the headers' words, with
 * 64-bit sums.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/service.h"
#include "encode.h"
#include "guest.h"
#include "harness.h"
#include "rng.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

/* ---- the guest: memory of every sort ---- */

#define DATA_BYTES 24u
#define RODATA_BYTES 20u
#define WINDOW_BYTES 12u
#define STACK_BYTES 512u

static struct guest guest;
static const uint8_t data[DATA_BYTES], rodata[RODATA_BYTES];
static uint8_t window[2][WINDOW_BYTES];

/* What the guest can reach, in this test's own words. */
struct piece {
    const uint8_t *ptr;
    uint64_t len;
    bool writable;
};
static struct piece pieces[16];

static bool open_guest(void)
{
    static const uint64_t text[] = { EXIT };
    struct atto_context memory;
    guest_begin(&guest, text, 1);
    guest.image.data = (struct atto_span){ data, DATA_BYTES };
    guest.image.rodata = (struct atto_span){ rodata, RODATA_BYTES };
    if (!guest_open(&guest))
        return false;
    atto_run_window(guest.run, 0, &(struct atto_context){ window[0], WINDOW_BYTES, ATTO_WRITE });
    atto_run_window(guest.run, 1, &(struct atto_context){ window[1], WINDOW_BYTES, ATTO_READ });
    memset(pieces, 0, sizeof pieces);
    guest.run->executor->memory(guest.run, ATTO_MEMORY_STACK, &memory);
    pieces[REGION_STACK] = (struct piece){ memory.ptr, STACK_BYTES, true };
    guest.run->executor->memory(guest.run, ATTO_MEMORY_DATA, &memory);
    pieces[REGION_DATA] = (struct piece){ memory.ptr, DATA_BYTES, true };
    pieces[REGION_RODATA] = (struct piece){ rodata, RODATA_BYTES, false };
    pieces[REGION_WINDOW] = (struct piece){ window[0], WINDOW_BYTES, true };
    pieces[REGION_WINDOW + 1] = (struct piece){ window[1], WINDOW_BYTES, false };
    return true;
}

/* ---- what must come of a call ---- */

struct verdict {
    enum atto_status status;
    uint32_t handle;
    struct atto_call_span span[2];
};

/* What atto/call.h packs into `needs`, argument by argument. */
static uint32_t kind_of(uint32_t needs, uint32_t argument)
{
    static const uint32_t kinds[3][2] = {
        { ATTO_ARG_IN, ATTO_ARG_OUT }, { ATTO_ARG_IN_4, ATTO_ARG_OUT_4 }, { ATTO_ARG_IN_8, ATTO_ARG_OUT_8 }
    };
    for (uint32_t shift = 0; shift <= 6u; shift += 6u) {
        uint32_t at = needs >> shift & 7u, size = needs >> (shift + 4u) & 3u;
        if (at != 0u && at == argument)
            return kinds[size][needs >> (shift + 3u) & 1u];
        if (at != 0u && size == 0u && at + 1u == argument)
            return ATTO_ARG_LENGTH;
    }
    if (argument == 1u && (needs & ATTO_NEEDS_HANDLE) != 0u)
        return ATTO_ARG_HANDLE;
    if (argument != 0u && (needs >> 12 & 7u) == argument)
        return (needs >> 15 & 1u) != 0u ? ATTO_ARG_OFFSET : ATTO_ARG_RANGED;
    return argument >= 1u && argument <= 5u ? ATTO_ARG_SCALAR : ATTO_ARG_NONE;
}

/* Bytes of the span at this argument; 0 if there is none. */
static uint64_t span_bytes(uint32_t needs, const uint64_t *r, uint32_t argument)
{
    switch (kind_of(needs, argument)) {
    case ATTO_ARG_IN:
    case ATTO_ARG_OUT:
        return r[argument + 1u];
    case ATTO_ARG_IN_4:
    case ATTO_ARG_OUT_4:
    case ATTO_ARG_INOUT_4:
        return 4;
    case ATTO_ARG_IN_8:
    case ATTO_ARG_OUT_8:
        return 8;
    default:
        return 0;
    }
}

static bool is_span(uint32_t kind)
{
    return kind == ATTO_ARG_IN || kind == ATTO_ARG_OUT || kind >= ATTO_ARG_IN_4;
}

static bool is_written(uint32_t kind)
{
    return kind == ATTO_ARG_OUT || kind == ATTO_ARG_OUT_4 || kind == ATTO_ARG_INOUT_4 || kind == ATTO_ARG_OUT_8;
}

/* The memory behind an address, or NULL; docs/SPEC.md: region in the upper 4 of the lower 32 bits. */
static const uint8_t *reach(uint64_t address, uint64_t len, bool write)
{
    const struct piece *piece = &pieces[address >> 28 & 15u];
    uint64_t offset = address & 0x0fffffffu;
    if (piece->ptr == NULL || (write && !piece->writable) || len > piece->len || offset > piece->len - len)
        return NULL;
    return piece->ptr + offset;
}

/* Are the numbers from `from` on, so many, in the range? All numbers of 32 bits are, if it has no end. */
static bool within(const struct atto_right *right, uint64_t from, uint64_t count)
{
    uint64_t end = right->last == ATTO_RANGE_END ? (uint64_t)UINT32_MAX + 1u : (uint64_t)right->last + 1u;
    return from <= UINT32_MAX && count <= UINT32_MAX && from >= right->first && from <= end && count <= end - from;
}

static struct verdict refused(enum atto_status status, uint32_t handle)
{
    return (struct verdict){ .status = status, .handle = handle };
}

static bool is_for(const struct atto_right *right, uint32_t needs)
{
    if (right->endpoint >= guest.host.endpoint_count)
        return false;
    const struct atto_endpoint *endpoint = &guest.host.endpoints[right->endpoint];
    return endpoint->kind == needs >> 27 && ((needs >> 24 & 7u) == 0u || (needs >> 24 & 7u) == endpoint->type);
}

static bool allows(const struct atto_right *right, uint32_t needs)
{
    return (right->operations & (needs >> 20 & 15u)) != 0u;
}

static struct verdict expect(uint32_t needs, const struct atto_rights *rights, const uint64_t *r)
{
    struct verdict verdict = { .status = ATTO_OK, .handle = 255 };
    const struct atto_right *right = NULL;
    uint32_t spans = 0;
    if (kind_of(needs, 1) == ATTO_ARG_HANDLE && r[1] < 255u)
        verdict.handle = (uint32_t)r[1];
    if (needs >> 27 != 0u) {
        for (uint32_t i = 0; rights != NULL && i < rights->count && right == NULL; i++) {
            bool fits = is_for(&rights->right[i], needs) && allows(&rights->right[i], needs);
            if (kind_of(needs, 1) == ATTO_ARG_HANDLE ? r[1] == i : fits) {
                right = &rights->right[i];
                verdict.handle = i;
            }
        }
        if (right == NULL || !is_for(right, needs) || !allows(right, needs))
            return refused(ATTO_E_DENIED, verdict.handle);
    }
    for (uint32_t i = 1; i <= 5u; i++) {
        uint32_t kind = kind_of(needs, i);
        if (!is_span(kind))
            continue;
        uint64_t len = span_bytes(needs, r, i);
        const uint8_t *ptr = len != 0u ? reach(r[i], len, is_written(kind)) : NULL;
        if (len != 0u && ptr == NULL)
            return refused(ATTO_E_ARGUMENT, verdict.handle);
        verdict.span[spans++] = (struct atto_call_span){ (uint8_t *)(uintptr_t)ptr, (uint32_t)len };
    }
    for (uint32_t i = 1; i <= 5u; i++) {
        if (kind_of(needs, i) == ATTO_ARG_RANGED && !within(right, r[i], 1))
            return refused(ATTO_E_DENIED, verdict.handle);
        if (kind_of(needs, i) == ATTO_ARG_OFFSET && !within(right, r[i], span_bytes(needs, r, i + 1u)))
            return refused(ATTO_E_DENIED, verdict.handle);
    }
    return verdict;
}

/* ---- calls of any table ---- */

/* Is it an entry as atto/call.h describes them? */
static bool well_formed(const struct atto_call *call)
{
    uint32_t spans = 0, needs = call->needs;
    for (uint32_t i = 1; i <= 5u; i++) {
        uint32_t kind = kind_of(needs, i), next = kind_of(needs, i + 1u), before = kind_of(needs, i - 1u);
        bool counted = kind == ATTO_ARG_IN || kind == ATTO_ARG_OUT;
        spans += is_span(kind);
        if (kind > ATTO_ARG_OUT_8 || (kind == ATTO_ARG_NONE && next != ATTO_ARG_NONE))
            return false;
        if ((kind == ATTO_ARG_HANDLE && i != 1u) || (counted && next != ATTO_ARG_LENGTH))
            return false;
        if ((kind == ATTO_ARG_LENGTH && before != ATTO_ARG_IN && before != ATTO_ARG_OUT) ||
            (kind == ATTO_ARG_OFFSET && !is_span(next)))
            return false;
        if (needs >> 27 == 0u && (kind == ATTO_ARG_HANDLE || kind == ATTO_ARG_RANGED || kind == ATTO_ARG_OFFSET))
            return false;
    }
    return spans <= 2u && call->price <= ATTO_FUEL_MAX && (needs >> 27 == 0u || (needs >> 20 & 15u) != 0u);
}

enum {
    RIGHT_OTHER_KIND, RIGHT_ALL, RIGHT_LACKS, RIGHT_OTHER_TYPE, RIGHT_RANGE, RIGHT_NO_ENDPOINT, RIGHT_TAKEN, RIGHTS
};
#define RANGE_FIRST 100u
#define RANGE_LAST 300u

#define ENDPOINTS 3u
static struct atto_endpoint endpoints[ENDPOINTS + 1u]; /* one more than is told: it would fit */
static struct atto_right right[RIGHTS];

/* Endpoints and rights around what a call needs. `lead`: this right comes first, for calls that name none. */
static void surround(uint32_t needs, uint32_t lead)
{
    uint8_t kind = (uint8_t)(needs >> 27), type = (uint8_t)(needs >> 24 & 7u), operation = needs >> 20 & 15u;
    endpoints[0] = (struct atto_endpoint){ .kind = (uint8_t)(kind % 31u + 1u), .type = type, .operations = 15 };
    endpoints[1] = (struct atto_endpoint){ .kind = kind, .type = type, .operations = 15 };
    endpoints[2] = (struct atto_endpoint){ .kind = kind, .type = (uint8_t)(type % 7u + 1u), .operations = 15 };
    endpoints[ENDPOINTS] = endpoints[1];
    right[RIGHT_OTHER_KIND] = (struct atto_right){ .endpoint = 0, .operations = 15, .last = ATTO_RANGE_END };
    right[RIGHT_ALL] = (struct atto_right){ .endpoint = 1, .operations = 15, .last = ATTO_RANGE_END };
    right[RIGHT_LACKS] = right[RIGHT_ALL];
    right[RIGHT_LACKS].operations = (uint8_t)(15u - operation);
    right[RIGHT_OTHER_TYPE] = (struct atto_right){ .endpoint = 2, .operations = 15, .last = ATTO_RANGE_END };
    right[RIGHT_RANGE] = right[RIGHT_ALL];
    right[RIGHT_RANGE].first = RANGE_FIRST;
    right[RIGHT_RANGE].last = RANGE_LAST;
    right[RIGHT_NO_ENDPOINT] = (struct atto_right){ .endpoint = ENDPOINTS, .operations = 15,
                                                    .last = ATTO_RANGE_END };
    right[RIGHT_TAKEN] = (struct atto_right){ .endpoint = 1, .last = ATTO_RANGE_END };
    struct atto_right first = right[lead];
    right[lead] = right[0];
    right[0] = first;
    guest.host.endpoints = endpoints;
    guest.host.endpoint_count = ENDPOINTS;
}

/* Judges one call and compares all that the gate says of it. */
static void judge(const struct atto_call *call, const struct atto_rights *rights, const uint64_t r[6])
{
    struct atto_call_frame frame;
    uint64_t given[6];
    memset(&frame, 0xa5, sizeof frame);
    memcpy(given, r, sizeof given);
    frame.run = guest.run;
    frame.r = given;
    struct verdict verdict = expect(call->needs, rights, r);
    EQUAL(atto_gate_judge(call, rights, &frame, NULL), verdict.status);
    CHECK(memcmp(given, r, sizeof given) == 0);
    CHECK(frame.run == guest.run && frame.r == given);
    if (verdict.status != ATTO_OK)
        return;
    if (call->needs >> 27 != 0u)
        EQUAL(frame.handle, verdict.handle);
    if (call->needs >> 27 != 0u)
        CHECK(frame.endpoint == &guest.host.endpoints[rights->right[verdict.handle].endpoint]);
    else
        CHECK(frame.endpoint == NULL);
    for (uint32_t i = 0; i < 2u; i++) {
        EQUAL(frame.span[i].len, verdict.span[i].len);
        CHECK(frame.span[i].ptr == verdict.span[i].ptr);
    }
}

/* The numbers worth trying for an argument of this kind. Returns how many. */
#define EDGES_MAX 200u
static uint32_t edges_of(uint32_t kind, uint64_t *edges)
{
    static const uint64_t everywhere[] = { 0, 1, 254, 255, 256, UINT32_MAX - 1u, UINT32_MAX, (uint64_t)UINT32_MAX + 1u,
                                           (uint64_t)UINT32_MAX + 2u, UINT64_MAX - 1u, UINT64_MAX,
                                           (uint64_t)1 << 63 };
    static const uint64_t ranged[] = { RANGE_FIRST - 9u, RANGE_FIRST - 8u, RANGE_FIRST - 1u, RANGE_FIRST,
                                       RANGE_FIRST + 1u, RANGE_LAST - 8u, RANGE_LAST - 7u, RANGE_LAST - 4u,
                                       RANGE_LAST - 3u, RANGE_LAST - 1u, RANGE_LAST, RANGE_LAST + 1u, RANGE_LAST + 2u,
                                       ATTO_RANGE_END - 1u, ATTO_RANGE_END, ATTO_RANGE_END + 1u,
                                       ((uint64_t)1 << 32) + RANGE_FIRST };
    static const uint64_t lengths[] = { 2, 4, 8, RODATA_BYTES, DATA_BYTES - 1u, DATA_BYTES, DATA_BYTES + 1u,
                                        STACK_BYTES, STACK_BYTES + 1u, WINDOW_BYTES, RANGE_LAST - RANGE_FIRST,
                                        RANGE_LAST - RANGE_FIRST + 1u, 0x0fffffff, 0x10000000, 0x20000000,
                                        ((uint64_t)1 << 32) + 4u };
    uint32_t count = COUNT(everywhere);
    memcpy(edges, everywhere, sizeof everywhere);
    if (kind == ATTO_ARG_HANDLE) {
        for (uint32_t i = 0; i < RIGHTS + 2u; i++)
            edges[count++] = i;
        edges[count++] = ((uint64_t)1 << 32) + RIGHT_ALL;
        edges[count++] = ((uint64_t)1 << 8) + RIGHT_ALL;
    } else if (kind == ATTO_ARG_RANGED || kind == ATTO_ARG_OFFSET) {
        memcpy(edges + count, ranged, sizeof ranged);
        count += COUNT(ranged);
    } else if (kind == ATTO_ARG_LENGTH) {
        memcpy(edges + count, lengths, sizeof lengths);
        count += COUNT(lengths);
    } else if (is_span(kind)) {
        for (uint32_t region = 0; region < 16u; region++) {
            uint64_t begin = (uint64_t)region << 28, end = begin + pieces[region].len;
            const uint64_t near[] = { begin, begin + 1u, end - 9u, end - 8u, end - 7u, end - 4u, end - 3u, end - 1u,
                                      end, end + 1u, begin + 0x5a00000000u };
            memcpy(edges + count, near, pieces[region].len != 0u ? sizeof near : 2u * sizeof *near);
            count += pieces[region].len != 0u ? COUNT(near) : 2u;
        }
    }
    return count;
}

/* A call that passes with the right `handle`: what is varied from. */
static void pass(uint32_t needs, uint32_t handle, uint64_t r[6])
{
    r[0] = 0x0123456789abcdef;
    for (uint32_t i = 1; i <= 5u; i++) {
        uint32_t kind = kind_of(needs, i);
        r[i] = 5;
        if (kind == ATTO_ARG_HANDLE)
            r[i] = handle;
        else if (kind == ATTO_ARG_RANGED || kind == ATTO_ARG_OFFSET)
            r[i] = RANGE_FIRST + 50u;
        else if (is_span(kind))
            r[i] = ADDRESS(REGION_DATA, 8u * (i % 2u));
    }
}

static void try_edges(const struct atto_call *call, const struct atto_rights *rights, uint32_t handle)
{
    static uint64_t edges[EDGES_MAX], lengths[EDGES_MAX];
    uint64_t r[6];
    for (uint32_t i = 1; i <= 5u; i++) {
        uint32_t count = edges_of(kind_of(call->needs, i), edges), length_count = 1;
        bool counted = kind_of(call->needs, i + 1u) == ATTO_ARG_LENGTH;
        bool offset = kind_of(call->needs, i) == ATTO_ARG_OFFSET && kind_of(call->needs, i + 2u) == ATTO_ARG_LENGTH;
        if (counted || offset)
            length_count = edges_of(ATTO_ARG_LENGTH, lengths);
        for (uint32_t k = 0; k < count; k++) {
            for (uint32_t n = 0; n < length_count; n++) {
                pass(call->needs, handle, r);
                r[i] = edges[k];
                if (counted || offset)
                    r[i + (counted ? 1u : 2u)] = lengths[n];
                harness_case(call->needs, edges[k]);
                judge(call, rights, r);
                GO_ON();
            }
        }
    }
}

/* All arguments at edges at a time. */
static void try_mixtures(const struct atto_call *call, const struct atto_rights *rights)
{
    struct rng rng = { harness_seed() + call->needs };
    static uint64_t edges[EDGES_MAX];
    uint64_t r[6];
    for (uint32_t round = 0; round < harness_rounds(ON_LINUX_OR_BOARD(50000, 100)); round++) {
        pass(call->needs, rng_below(&rng, RIGHTS), r);
        for (uint32_t i = 1; i <= 5u; i++) {
            uint32_t count = edges_of(kind_of(call->needs, i), edges);
            if (!rng_once_in(&rng, 3))
                r[i] = rng_once_in(&rng, 8) ? rng_value(&rng) : edges[rng_below(&rng, count)];
        }
        harness_case(call->needs, round);
        judge(call, rights, r);
        GO_ON();
    }
}

static void try_table(const struct atto_call *calls, uint32_t count)
{
    uint64_t r[6];
    if (!open_guest())
        return;
    for (uint32_t i = 0; i < count && !harness_failed(); i++) {
        const struct atto_call *call = &calls[i];
        if (call->fn == NULL)
            continue;
        harness_case(call->needs, i);
        CHECK(well_formed(call));
        for (uint32_t lead = 0; lead < RIGHTS && !harness_failed(); lead++) {
            surround(call->needs, lead);
            const struct atto_rights all = { right, NULL, RIGHTS }, none = { right, NULL, 0 };
            for (uint32_t handle = 0; handle < RIGHTS && !harness_failed(); handle++) {
                pass(call->needs, handle, r);
                judge(call, &all, r);
                judge(call, &none, r);
                judge(call, NULL, r);
            }
            if (lead == RIGHT_ALL || lead == RIGHT_RANGE)
                try_edges(call, &all, 0);
        }
        surround(call->needs, RIGHT_RANGE);
        try_mixtures(call, &(struct atto_rights){ right, NULL, RIGHTS });
    }
}

/* ---- the tables ---- */

static uint32_t calls_made;
static struct atto_call_frame last_frame;

static int32_t note(struct atto_call_frame *frame)
{
    calls_made++;
    last_frame = *frame;
    frame->r[0] = 77;
    return ATTO_OK;
}

#define ARGUMENTS ATTO_NEEDS_ARGUMENTS
#define MEMORY(operation) ATTO_NEEDS_RIGHT(ATTO_KIND_MEMORY, 0, operation)
#define DEVICE(type) ATTO_NEEDS_RIGHT(ATTO_KIND_DEVICE, type, ATTO_OPERATION_READ)
#define OWN(operation) ATTO_NEEDS_RIGHT(ATTO_KIND_MAX, 7, operation)

/* Each kind of argument in each place that it can have. */
static const struct atto_call mine[] = {
    { note, 0, 0 },
    { NULL, 0, UINT32_MAX },
    { note, 0, ARGUMENTS(ATTO_ARG_SCALAR, 0, 0, 0, 0) },
    { note, 0, ARGUMENTS(ATTO_ARG_IN, ATTO_ARG_LENGTH, 0, 0, 0) },
    { note, 0, ARGUMENTS(ATTO_ARG_OUT, ATTO_ARG_LENGTH, ATTO_ARG_IN, ATTO_ARG_LENGTH, ATTO_ARG_SCALAR) },
    { note, 0, ARGUMENTS(ATTO_ARG_SCALAR, ATTO_ARG_SCALAR, ATTO_ARG_SCALAR, ATTO_ARG_IN, ATTO_ARG_LENGTH) },
    { note, 0, ARGUMENTS(ATTO_ARG_IN_4, ATTO_ARG_OUT_4, 0, 0, 0) },
    { note, 0, ARGUMENTS(ATTO_ARG_INOUT_4, ATTO_ARG_IN_8, 0, 0, 0) },
    { note, 0, ARGUMENTS(ATTO_ARG_SCALAR, ATTO_ARG_SCALAR, ATTO_ARG_SCALAR, ATTO_ARG_SCALAR, ATTO_ARG_OUT_8) },
    { note, 0, ATTO_NEEDS_RIGHT(ATTO_KIND_LOG, 0, ATTO_OPERATION_WRITE) },
    { note, 0, ATTO_NEEDS_RIGHT(ATTO_KIND_LOG, 0, ATTO_OPERATION_WRITE) |
                   ARGUMENTS(ATTO_ARG_IN, ATTO_ARG_LENGTH, 0, 0, 0) },
    { note, 0, ATTO_NEEDS_RIGHT(ATTO_KIND_CLOCK, 0, ATTO_OPERATION_READ) | ARGUMENTS(ATTO_ARG_SCALAR, 0, 0, 0, 0) },
    { note, 0, ATTO_NEEDS_RIGHT(ATTO_KIND_PINS, 0, ATTO_OPERATION_CONTROL) |
                   ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_RANGED, ATTO_ARG_SCALAR, 0, 0) },
    { note, 0, ATTO_NEEDS_RIGHT(ATTO_KIND_PINS, 0, ATTO_OPERATION_WRITE) |
                   ARGUMENTS(ATTO_ARG_SCALAR, ATTO_ARG_RANGED, 0, 0, 0) },
    { note, 0, MEMORY(ATTO_OPERATION_READ) |
                   ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_OFFSET, ATTO_ARG_OUT, ATTO_ARG_LENGTH, 0) },
    { note, 0, MEMORY(ATTO_OPERATION_WRITE) |
                   ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_OFFSET, ATTO_ARG_IN, ATTO_ARG_LENGTH, ATTO_ARG_SCALAR) },
    { note, 0, MEMORY(ATTO_OPERATION_READ | ATTO_OPERATION_WRITE) |
                   ARGUMENTS(ATTO_ARG_OFFSET, ATTO_ARG_IN, ATTO_ARG_LENGTH, ATTO_ARG_OUT, ATTO_ARG_LENGTH) },
    { note, 0, MEMORY(ATTO_OPERATION_MAP) | ARGUMENTS(ATTO_ARG_HANDLE, 0, 0, 0, 0) },
    { note, 0, DEVICE(0) | ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_OUT_8, 0, 0, 0) },
    { note, 0, DEVICE(1) | ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_RANGED, ATTO_ARG_OUT_4, ATTO_ARG_INOUT_4, 0) },
    { note, 0, DEVICE(7) | ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_IN_8, ATTO_ARG_OUT, ATTO_ARG_LENGTH, ATTO_ARG_RANGED) },
    { note, 0, OWN(ATTO_OPERATION_CONTROL) | ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_IN, ATTO_ARG_LENGTH, 0, 0) },
    { note, 0, OWN(ATTO_OPERATIONS) | ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_IN_4, ATTO_ARG_SCALAR, 0, 0) },
};

/* An offset belongs to the bytes of a span of fixed length, too. */
static const struct atto_call fixed_offsets[] = {
    { note, 0, MEMORY(ATTO_OPERATION_READ) | ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_OFFSET, ATTO_ARG_OUT_4, 0, 0) },
    { note, 0, MEMORY(ATTO_OPERATION_WRITE) |
                   ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_OFFSET, ATTO_ARG_IN_8, ATTO_ARG_SCALAR, 0) },
    { note, 0, MEMORY(ATTO_OPERATION_READ) |
                   ARGUMENTS(ATTO_ARG_SCALAR, ATTO_ARG_SCALAR, ATTO_ARG_SCALAR, ATTO_ARG_OFFSET, ATTO_ARG_OUT_8) },
};

static void arguments_at_every_edge(void)
{
    try_table(mine, COUNT(mine));
}

static void offsets_of_fixed_spans(void)
{
    try_table(fixed_offsets, COUNT(fixed_offsets));
}

/* ---- needs that the gate relies on ---- */

static bool table_is_sound(const struct atto_call *calls, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        harness_case(i, calls[i].needs);
        if (calls[i].fn != NULL && !ATTO_NEEDS_ARE_SOUND(calls[i].needs))
            return false;
    }
    return true;
}

static void tables_are_sound(void)
{
    CHECK(table_is_sound(mine, COUNT(mine)));
    CHECK(table_is_sound(fixed_offsets, COUNT(fixed_offsets)));
    CHECK(table_is_sound(atto_service_calls, COUNT(atto_service_calls)));
    CHECK(table_is_sound(atto_femto_calls, COUNT(atto_femto_calls)));
    CHECK(table_is_sound(atto_tiny_calls, COUNT(atto_tiny_calls)));
}

static void unsound_needs_are_told(void)
{
    static const uint32_t unsound[] = {
        UINT32_MAX,
        5, /* no argument has the number of its bytes: ARGUMENTS would not compile */
        17 | 13 << 6,
        8u,                                                /* a span at r0 */
        6u | 16u,                                          /* at r6 */
        1u | 48u,                                          /* of no size that there is */
        7u << 12 | DEVICE(0),                              /* a range of r7 */
        ARGUMENTS(ATTO_ARG_OFFSET, 0, 0, 0, 0) | DEVICE(0), /* an offset of nothing */
        ARGUMENTS(ATTO_ARG_RANGED, 0, 0, 0, 0),            /* no right to compare with */
        ARGUMENTS(ATTO_ARG_HANDLE, 0, 0, 0, 0),
        ATTO_NEEDS_RIGHT(ATTO_KIND_NONE, 0, ATTO_OPERATION_READ),
        ATTO_NEEDS_RIGHT(ATTO_KIND_DEVICE, 0, 0),          /* never allowed */
    };
    for (uint32_t i = 0; i < COUNT(unsound); i++) {
        harness_case(i, unsound[i]);
        CHECK(!ATTO_NEEDS_ARE_SOUND(unsound[i]));
    }
}
_Static_assert(ATTO_NEEDS_ARE_SOUND(DEVICE(1) | ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_RANGED, ATTO_ARG_OUT_4, 0, 0)),
               "it is a constant expression");

/* ---- the whole way ---- */

static void without_an_engine(void)
{
    static const struct atto_call_table table = { { mine } };
    struct atto_rights rights = { right, NULL, RIGHTS };
    uint64_t r[6];
    if (!open_guest())
        return;
    guest.host.calls = &table;
    for (uint32_t i = 0; i < COUNT(mine); i++) {
        if (mine[i].fn == NULL || i >= ATTO_CALL_PAGE)
            continue;
        harness_case(i, mine[i].needs);
        surround(mine[i].needs, RIGHT_ALL);
        pass(mine[i].needs, 0, r);
        calls_made = 0;
        guest.host.rights = NULL;
        EQUAL(atto_gate_pass(guest.run, &mine[i], r), ATTO_OK);
        EQUAL(calls_made, mine[i].needs >> 27 == 0u);
        EQUAL(r[0], mine[i].needs >> 27 == 0u ? 77 : ATTO_E_DENIED);
        guest.host.rights = &rights;
        calls_made = 0;
        EQUAL(atto_gate_pass(guest.run, &mine[i], r), ATTO_OK);
        EQUAL(calls_made, 1);
        EQUAL(r[0], 77);
        CHECK(last_frame.run == guest.run && last_frame.r == r);
        CHECK(last_frame.endpoint == (mine[i].needs >> 27 != 0u ? &endpoints[1] : NULL));
        for (uint32_t k = 1; k <= 5u; k++) {
            if (!is_span(kind_of(mine[i].needs, k)))
                continue;
            uint64_t kept = r[k];
            r[k] = ADDRESS(0, 0);
            r[0] = 5;
            calls_made = 0;
            EQUAL(atto_gate_pass(guest.run, &mine[i], r), ATTO_E_ARGUMENT);
            EQUAL(calls_made, 0);
            EQUAL(r[0], 5);
            r[k] = kept;
        }
    }
}

/* A program goes on after a refusal and ends after a bad address. */
static void as_a_program_sees_it(void)
{
    static const struct atto_call page[ATTO_CALL_PAGE] = {
        [1] = { note, 0, DEVICE(0) | ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_OUT_8, 0, 0, 0) },
    };
    static const struct atto_call_table table = { { page } };
    static const uint64_t text[] = { MOV(1, 0),  MOV_REG(2, 10), ADD(2, -8), CALL(1), MOV_REG(6, 0), MOV(1, 0),
                                     MOV(2, 16), CALL(1),        MOV_REG(0, 6), EXIT };
    struct atto_rights rights = { right, NULL, RIGHTS };
    guest_begin(&guest, text, COUNT(text));
    guest.limits.calls = guest.host.calls = &table;
    CHECK(guest_open(&guest));
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(atto_run_result(guest.run), ATTO_E_DENIED);
    surround(page[1].needs, RIGHT_ALL);
    guest.host.rights = &rights;
    calls_made = 0;
    EQUAL(guest_run(&guest, NULL), ATTO_FAULT);
    EQUAL(calls_made, 1);
    EQUAL(guest.run->fault, ATTO_FAULT_HOST_CALL);
    EQUAL(guest.run->pc, 7);
}

static const struct harness_test tests[] = {
    TEST(arguments_at_every_edge, "Every argument is judged by its kind, and a call gets what was judged."),
    TEST(offsets_of_fixed_spans, "An offset is judged with the length of a span whose length is fixed."),
    TEST(tables_are_sound, "What the calls of each table need is what the gate's proof relies on."),
    TEST(unsound_needs_are_told, "Needs that the gate cannot judge are known as such."),
    TEST(without_an_engine, "An instance of no engine passes the same gate, by the rights of its host."),
    TEST(as_a_program_sees_it, "A refusal is a result, a bad address is the end."),
};
HARNESS_MAIN(tests)
