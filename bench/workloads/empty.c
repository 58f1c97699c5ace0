/* Nothing: what a call costs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wl.h"
WL_EXPORT u64 wl_run(struct wl_ctx *c)
{
    (void)c;
    return 0;
}
