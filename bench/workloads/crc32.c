/* CRC-32 (reflected 0xEDB88320) over ctx->n bytes, one bit at a time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wl.h"
WL_EXPORT u64 wl_run(struct wl_ctx *c)
{
    u32 crc = 0xffffffffu;
    u32 n = c->n;

    for (u32 i = 0; i < n; i++) {
        crc ^= c->in[i];
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
    }
    return crc ^ 0xffffffffu;
}
