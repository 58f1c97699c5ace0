/* A hostile container that looks innocent: every instruction of it is fine, and no check could tell that it will walk
 * out of its memory. It reads on and on behind its own 16 bytes, in the hope for somebody else's. The device ends it at
 * the first access that is not its own, and names this file and the line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

static volatile uint8_t mine[16] = {1};

ATTO_ENTRY int64_t run(void)
{
    int64_t loot = 0;

    for (uint32_t i = 0; i < 100000; i++)
        loot += mine[i]; /* the 17th is not mine */
    return loot;
}
