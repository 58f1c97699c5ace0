/* Host calls: the functions of the firmware that containers may call, by number. Tables are constant data in flash.
 * Each entry says what kind of thing every argument is and which right the call needs, so that the gate (atto/gate.h)
 * can judge a call before the function sees it; which numbers a container may use at all is a set that the pre-flight
 * check enforces at install.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CALL_H
#define ATTO_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "atto/callset.h"
#include "atto/status.h"

struct atto_run;
struct atto_endpoint;

/* Memory of a guest, checked: ptr is good for `len` bytes until the host call returns. */
struct atto_call_span {
    uint8_t *ptr; /* NULL if len is 0 */
    uint32_t len;
};

/* A host call as the gate hands it over: everything that its entry in the table promises has been checked. */
struct atto_call_frame {
    struct atto_run *run;
    uint64_t *r; /* r[1] to r[5]: arguments; r[0] takes the result */
    const struct atto_endpoint *endpoint; /* that the right is for; NULL: the call needs none */
    uint32_t handle;                      /* of the right; only with endpoint */
    uint32_t last;                        /* as the right has it; only with endpoint */
    struct atto_call_span span[2];        /* those of the arguments, in their order */
};

/* A host call. An address that is no span of the entry is an integer: turn it into memory with atto_run_span() and
 * nothing else.
 * Returns ATTO_OK; ATTO_CALL_WAIT if the answer will come later, through atto_engine_answer() for an engine's container
 * and atto_run_answer() else; or an error, which ends the activation with ATTO_FAULT_HOST_CALL. What a guest should be
 * able to deal with is no error but a negative result in r[0]. */
typedef int32_t atto_call_fn(struct atto_call_frame *call);
#define ATTO_CALL_WAIT 1

/* Kinds of arguments. */
enum atto_argument {
    ATTO_ARG_NONE = 0,
    ATTO_ARG_SCALAR = 1, /* any number: the function's own business */
    ATTO_ARG_HANDLE = 2, /* of a right; only as the first argument */
    ATTO_ARG_RANGED = 3, /* a number that must be in the range of the right */
    ATTO_ARG_OFFSET = 4, /* the same, for all bytes of the span that follows */
    ATTO_ARG_IN = 5,     /* address of bytes that the function reads; the next argument is their number */
    ATTO_ARG_OUT = 6,    /* the same for bytes that it writes */
    ATTO_ARG_LENGTH = 7, /* that number */
    ATTO_ARG_IN_4 = 8,   /* address of so many bytes */
    ATTO_ARG_OUT_4 = 9,
    ATTO_ARG_INOUT_4 = 10,
    ATTO_ARG_IN_8 = 11,
    ATTO_ARG_OUT_8 = 12
};

/* What a call needs, in 32 bits, packed so that the gate looks at no argument that it need not look at:
 *     0 to 5, 6 to 11   the two spans: register (0: none), 8 if it is written, 16 if it has 4 bytes, 32 if it has 8
 *     12 to 14          register of what is compared with the right's range; 0: none
 *     15                that is an offset of the first span
 *     16                r1 is a handle
 *     20 to 23          operation
 *     24 to 26, 27 to 31 type and kind of the endpoint */
#define ATTO_NEEDS_SPAN(kind, number)                                                                             \
    ((kind) == ATTO_ARG_IN || (kind) > ATTO_ARG_LENGTH || (kind) == ATTO_ARG_OUT                                  \
         ? (uint32_t)(number) |                                                                                   \
               ((kind) == ATTO_ARG_IN || (kind) == ATTO_ARG_IN_4 || (kind) == ATTO_ARG_IN_8 ? 0u : 8u) |          \
               ((kind) < ATTO_ARG_IN_4 ? 0u : (kind) < ATTO_ARG_IN_8 ? 16u : 32u)                                 \
         : 0u)
/* The first that is a span, and the next one. */
#define ATTO_NEEDS_FIRST(a, b, c, d, e) ((a) != 0u ? (a) : (b) != 0u ? (b) : (c) != 0u ? (c) : (d) != 0u ? (d) : (e))
#define ATTO_NEEDS_SECOND(a, b, c, d, e)                     \
    ((a) != 0u   ? ATTO_NEEDS_FIRST(b, c, d, e, 0u)          \
     : (b) != 0u ? ATTO_NEEDS_FIRST(c, d, e, 0u, 0u)         \
     : (c) != 0u ? ATTO_NEEDS_FIRST(d, e, 0u, 0u, 0u)        \
     : (d) != 0u ? (e)                                       \
                 : 0u)
#define ATTO_NEEDS_SPANS(a, b, c, d, e) (ATTO_NEEDS_FIRST(a, b, c, d, e) | ATTO_NEEDS_SECOND(a, b, c, d, e) << 6)
#define ATTO_NEEDS_RANGE(kind, number)                                                                            \
    ((kind) == ATTO_ARG_RANGED   ? (uint32_t)(number) << 12                                                        \
     : (kind) == ATTO_ARG_OFFSET ? (uint32_t)(number) << 12 | 1u << 15                                             \
                                 : 0u)
/* 1, or no constant at all if there are more than two spans or more than one number with a range, or if there is no
 * argument left that could say how long a span is. */
#define ATTO_NEEDS_IS_SPAN(kind) (ATTO_NEEDS_SPAN(kind, 1) != 0u)
#define ATTO_NEEDS_IS_RANGE(kind) (ATTO_NEEDS_RANGE(kind, 1) != 0u)
#define ATTO_NEEDS_COUNT(is, a, b, c, d, e) (is(a) + is(b) + is(c) + is(d) + is(e))
#define ATTO_NEEDS_FIT(a, b, c, d, e)                                           \
    (1u / (uint32_t)(ATTO_NEEDS_COUNT(ATTO_NEEDS_IS_SPAN, a, b, c, d, e) <= 2 && \
                     ATTO_NEEDS_COUNT(ATTO_NEEDS_IS_RANGE, a, b, c, d, e) <= 1 &&  \
                     (e) != ATTO_ARG_IN && (e) != ATTO_ARG_OUT))
/* Kinds of the five arguments. There may be two spans, and one number with a range. */
#define ATTO_NEEDS_ARGUMENTS(a, b, c, d, e)                                                                     \
    ((ATTO_NEEDS_SPANS(ATTO_NEEDS_SPAN(a, 1), ATTO_NEEDS_SPAN(b, 2), ATTO_NEEDS_SPAN(c, 3),                      \
                       ATTO_NEEDS_SPAN(d, 4), ATTO_NEEDS_SPAN(e, 5)) |                                          \
      ATTO_NEEDS_RANGE(a, 1) | ATTO_NEEDS_RANGE(b, 2) | ATTO_NEEDS_RANGE(c, 3) | ATTO_NEEDS_RANGE(d, 4) |        \
      ATTO_NEEDS_RANGE(e, 5) | ((a) == ATTO_ARG_HANDLE ? ATTO_NEEDS_HANDLE : 0u)) *                             \
     ATTO_NEEDS_FIT(a, b, c, d, e))
#define ATTO_NEEDS_RIGHT(kind, type, operation) \
    ((uint32_t)(operation) << 20 | (uint32_t)(type) << 24 | (uint32_t)(kind) << 27)
#define ATTO_NEEDS_HANDLE (1u << 16)

/* Is this something that the gate can judge? It relies on it for each entry of a table. A constant expression, for
 * static assertions and tests; the proof reads the same one. Spans and ranges are of registers that arguments have, with
 * the number of a span's bytes behind its address; an offset has a span; a handle, a range and an operation have a
 * right, and a right has an operation. */
#define ATTO_NEEDS_ARE_SOUND(needs)                                                           \
    (((needs) % 64 == 0 || ATTO_NEEDS_SPAN_SOUND((needs) % 64)) &&                            \
     ((needs) / 64 % 64 == 0 || ATTO_NEEDS_SPAN_SOUND((needs) / 64 % 64)) &&                  \
     (needs) / 4096 % 8 <= 5 &&                                                               \
     ((needs) / 32768 % 2 == 0 || ((needs) / 4096 % 8 != 0 && (needs) % 64 != 0)) &&          \
     ((needs) / 134217728 != 0 ? (needs) / 1048576 % 16 != 0                                  \
                               : (needs) / 1048576 == 0 && (needs) / 4096 % 32 == 0))
#define ATTO_NEEDS_SPAN_SOUND(packed) \
    ((packed) % 8 >= 1 && (packed) % 8 <= ((packed) / 16 == 0 ? 4 : 5) && (packed) / 16 <= 2)
/*@ predicate sound_needs(integer needs) = ATTO_NEEDS_ARE_SOUND(needs); */

/*@ terminates \true; exits \false; assigns \nothing; ensures \result == needs / 134217728; ensures \result < 32; */
static inline uint32_t atto_needs_kind(uint32_t needs)
{
    return needs / 0x8000000u;
}
/*@ terminates \true; exits \false; assigns \nothing; ensures \result == needs / 16777216 % 8; */
static inline uint32_t atto_needs_type(uint32_t needs)
{
    return needs / 0x1000000u % 8u;
}
/*@ terminates \true; exits \false; assigns \nothing; ensures \result == needs / 1048576 % 16; */
static inline uint32_t atto_needs_operation(uint32_t needs)
{
    return needs / 0x100000u % 16u;
}

/* The price is all that a call costs its caller: changing run->fuel in a call has no effect. */
struct atto_call {
    atto_call_fn *fn; /* NULL: this number is not in use */
    uint32_t price;   /* fuel that one call costs, beside the call instruction itself; at most ATTO_FUEL_MAX */
    uint32_t needs;   /* ATTO_NEEDS_ARGUMENTS(...) | ATTO_NEEDS_RIGHT(...); 0: numbers alone, and no right */
};

/* Calls come in pages, each an array of ATTO_CALL_PAGE of them: number n is page[n / ATTO_CALL_PAGE][n % ATTO_CALL_PAGE].
 * So a look-up is one step, however many numbers are in use, and a firmware puts its table together from the pages of
 * the libraries that it links. */
#define ATTO_CALL_PAGE 16u
struct atto_call_table {
    const struct atto_call *page[ATTO_CALL_IDS / ATTO_CALL_PAGE]; /* NULL: no number of this page is in use */
};
_Static_assert(ATTO_CALL_IDS % ATTO_CALL_PAGE == 0u, "call numbers fill whole pages");

/*@ predicate provided(struct atto_call_table *calls, integer number) =
        calls != \null && 0 <= number < ATTO_CALL_IDS && calls->page[number / ATTO_CALL_PAGE] != \null &&
        calls->page[number / ATTO_CALL_PAGE][number % ATTO_CALL_PAGE].fn != \null;

    predicate callable(struct atto_call_table *calls) =
        calls == \null || (\valid_read(calls) &&
        \forall integer p; 0 <= p < ATTO_CALL_IDS / ATTO_CALL_PAGE ==> calls->page[p] == \null ||
            \valid_read(calls->page[p] + (0 .. ATTO_CALL_PAGE - 1)));

    predicate sound_calls(struct atto_call_table *calls) = callable(calls) &&
        (calls != \null ==>
            \forall integer p, k; 0 <= p < ATTO_CALL_IDS / ATTO_CALL_PAGE && 0 <= k < ATTO_CALL_PAGE &&
                calls->page[p] != \null ==> calls->page[p][k].price <= ATTO_FUEL_MAX); */

/* The call with this number, or NULL. table: NULL if there are no calls at all. */
/*@ requires callable(table);
    terminates \true; exits \false; assigns \nothing;
    ensures \result != \null <==> provided(table, number);
    ensures \result != \null ==>
        \result == &table->page[number / ATTO_CALL_PAGE][number % ATTO_CALL_PAGE] && \valid_read(\result); */
static inline const struct atto_call *atto_call_find(const struct atto_call_table *table, uint32_t number)
{
    if (table == NULL || number >= ATTO_CALL_IDS)
        return NULL;
    const struct atto_call *page = table->page[number / ATTO_CALL_PAGE];
    if (page == NULL || page[number % ATTO_CALL_PAGE].fn == NULL)
        return NULL;
    return &page[number % ATTO_CALL_PAGE];
}

#endif
