/* The table of workloads that scripts/bench generates: each workload natively and as eBPF.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdint.h>

#include "wl.h"

struct workload {
    const char *name;
    u64 (*native)(struct wl_ctx *context);
    const uint64_t *bytes; /* bare text, or an image */
    uint32_t len;          /* of them */
    uint32_t entry;        /* slot of wl_run, in bare text */
    uint32_t is_image;
};

/* Ends with an entry without a name. */
extern const struct workload workloads[];

/* inputs.c of the directory with the workloads. */
void wl_prepare(const char *workload, struct wl_ctx *context);

#endif
