/* Counts how often each thread of the device gets the processor. It is attached to the scheduler's hook, so the
 * firmware calls it at each switch; the counts live in the container's own memory and last from one activation to the
 * next.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

#define THREADS 16

static uint32_t counts[THREADS];

/* The hook fires: the thread that runs from now on is counted. */
ATTO_ENTRY int64_t on_switch(const struct atto_scheduler_switch *event, uint64_t len)
{
    if (len < sizeof *event || event->next >= THREADS)
        return -1;
    return ++counts[event->next];
}

/* Somebody asks: the context holds the number of a thread. */
ATTO_ENTRY int64_t count(const uint64_t *thread, uint64_t len)
{
    if (len < sizeof *thread || *thread >= THREADS)
        return -1;
    return counts[*thread];
}
