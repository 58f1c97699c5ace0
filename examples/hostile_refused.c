/* A hostile container that asks for too much: it makes a host call that no firmware grants, in the hope that nobody
 * looks. The pre-flight check looks at every instruction, so the container is refused when it is installed, before any
 * of it has run, with this file and the line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

#define CALL_WRITE_FLASH 200

static const uint8_t payload[] = "no more signatures";

ATTO_ENTRY int64_t run(void)
{
    return ATTO_HOST_CALL(CALL_WRITE_FLASH, 0, payload, sizeof payload, 0, 0);
}
