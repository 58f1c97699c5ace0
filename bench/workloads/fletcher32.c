/* Fletcher-32 over ctx->n bytes (16-bit little-endian words).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wl.h"
WL_EXPORT u64 wl_run(struct wl_ctx *c)
{
    const u16 *p = (const u16 *)(const void *)c->in;
    u32 words = c->n / 2;
    u32 a = 0xffff, b = 0xffff;

    while (words) {
        u32 chunk = words > 359 ? 359 : words;
        words -= chunk;
        do {
            a += *p++;
            b += a;
        } while (--chunk);
        a = (a & 0xffff) + (a >> 16);
        b = (b & 0xffff) + (b >> 16);
    }
    a = (a & 0xffff) + (a >> 16);
    b = (b & 0xffff) + (b >> 16);
    return (b << 16) | a;
}
