/* Host calls: the functions of the firmware that containers may call, by number. Tables are constant data in flash;
 * which numbers a container may use is a set that the pre-flight check enforces at install.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CALL_H
#define ATTO_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "atto/callset.h"
#include "atto/status.h"

struct atto_run;

/* A host call. r[1] to r[5] are the guest's arguments, r[0] takes the result. A guest address is an integer: turn it
 * into memory with atto_run_span() and nothing else.
 * Returns ATTO_OK; ATTO_CALL_WAIT if the answer will come later, through atto_engine_answer() for an engine's container
 * and atto_run_answer() else; or an error, which ends the activation with ATTO_FAULT_HOST_CALL. */
typedef int32_t atto_call_fn(struct atto_run *run, uint64_t r[6]);
#define ATTO_CALL_WAIT 1

/* The price is all that a call costs its caller: changing run->fuel in a call has no effect. */
struct atto_call {
    atto_call_fn *fn; /* NULL: this number is not in use */
    uint32_t price;   /* fuel that one call costs, beside the call instruction itself; at most ATTO_FUEL_MAX */
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
