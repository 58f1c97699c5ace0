/* Tenants: who containers belong to, and the most that all containers of one may have together. Tenant 0 is the owner of
 * the device, who has no ceilings; tenant n is number n - 1 of the engine's table.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_TENANT_H
#define ATTO_TENANT_H

#include <stdint.h>

#include "atto/right.h"

#define ATTO_TENANT_OWNER 0u
#define ATTO_TENANTS_MAX 254u

/* A tenant's record. Written by the firmware before the engine begins; then by atto_engine_set_ceiling alone. */
struct atto_tenant {
    const char *name;
    const struct atto_right *rights; /* the ceiling: what its containers may be given; what is not here, they may not */
    uint32_t right_count;
    uint32_t ram_bytes;    /* of the pool, in all; 0: no limit */
    uint32_t fuel_per_s;   /* in all; 0: no limit. With a limit each container needs a budget, or a period and no events */
    uint8_t priority_first; /* the first priority that its containers may have */
    uint16_t store_bytes;  /* in the store, for all its containers and itself; 0: none */
};

#endif
