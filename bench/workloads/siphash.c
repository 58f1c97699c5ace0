/* SipHash-2-4, 64-bit output, over ctx->n bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wl.h"
#define ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))
#define ROUND()                                                        \
    do {                                                               \
        v0 += v1; v1 = ROTL(v1, 13); v1 ^= v0; v0 = ROTL(v0, 32);      \
        v2 += v3; v3 = ROTL(v3, 16); v3 ^= v2;                         \
        v0 += v3; v3 = ROTL(v3, 21); v3 ^= v0;                         \
        v2 += v1; v1 = ROTL(v1, 17); v1 ^= v2; v2 = ROTL(v2, 32);      \
    } while (0)

WL_EXPORT u64 wl_run(struct wl_ctx *c)
{
    u64 k0 = c->key[0], k1 = c->key[1];
    u64 v0 = k0 ^ 0x736f6d6570736575ull;
    u64 v1 = k1 ^ 0x646f72616e646f6dull;
    u64 v2 = k0 ^ 0x6c7967656e657261ull;
    u64 v3 = k1 ^ 0x7465646279746573ull;
    const u64 *p = (const u64 *)(const void *)c->in;
    u32 n = c->n;
    u64 last = (u64)n << 56;

    for (u32 i = 0; i < n / 8; i++) {
        u64 m = p[i];
        v3 ^= m;
        ROUND();
        ROUND();
        v0 ^= m;
    }
    for (u32 i = 0; i < (n & 7); i++)
        last |= (u64)c->in[(n & ~7u) + i] << (8 * i);
    v3 ^= last;
    ROUND();
    ROUND();
    v0 ^= last;
    v2 ^= 0xff;
    ROUND();
    ROUND();
    ROUND();
    ROUND();
    return v0 ^ v1 ^ v2 ^ v3;
}
