/* Hooks that firmwares of this project offer: identity and context. Included by containers (through <atto.h>) and by
 * firmware alike, so each context is plain data of fixed size, the same on every machine.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SDK_HOOKS_H
#define ATTO_SDK_HOOKS_H

#include <stdint.h>

/* Fired when the scheduler switches from one thread to another. Containers may read the context. The value that a
 * container returns is not used. */
#define ATTO_HOOK_SCHEDULER_SWITCH_UUID "5a1f0c3e-7d24-4b7e-9a53-2f6c8e0d4b11"
#define ATTO_HOOK_SCHEDULER_SWITCH_UUID_BYTES                                                                    \
    {                                                                                                            \
        0x5a, 0x1f, 0x0c, 0x3e, 0x7d, 0x24, 0x4b, 0x7e, 0x9a, 0x53, 0x2f, 0x6c, 0x8e, 0x0d, 0x4b, 0x11           \
    }

struct atto_scheduler_switch {
    uint64_t previous; /* id of the thread that stops running; 0: none */
    uint64_t next;     /* id of the thread that runs from now on; 0: none */
};

#endif
