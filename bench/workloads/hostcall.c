/* ctx->n calls to a trivial host function.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wl.h"
WL_EXPORT u64 wl_run(struct wl_ctx *c)
{
    u32 n = c->n;
    u32 x = c->aux;

#pragma clang loop unroll(disable)
    for (u32 i = 0; i < n; i++)
        x = host_tick(x);
    return x;
}
