/* A hostile container that wants all the time there is: it computes, for as long as its fuel lasts, and begins anew. It
 * breaks no rule, so nothing ends it; but a device that gives it a budget lets it have that and no more, and the others
 * do not notice. examples/scenario.json shows how.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

static volatile uint64_t hash = 1;

ATTO_ENTRY int64_t run(void)
{
    for (uint32_t i = 0; i < 100; i++)
        hash = hash * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)hash;
}
