/* In-place heapsort of ctx->n int16 values, then a position checksum.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wl.h"
WL_INLINE void sift(s16 *a, u32 root, u32 end)
{
    s16 v = a[root];

    for (;;) {
        u32 child = 2 * root + 1;
        if (child >= end)
            break;
        if (child + 1 < end && a[child] < a[child + 1])
            child++;
        if (v >= a[child])
            break;
        a[root] = a[child];
        root = child;
    }
    a[root] = v;
}

WL_EXPORT u64 wl_run(struct wl_ctx *c)
{
    s16 *a = (s16 *)(void *)c->in;
    u32 n = c->n;
    u32 sum = 0;

    for (u32 i = n / 2; i-- > 0;)
        sift(a, i, n);
    for (u32 end = n; end-- > 1;) {
        s16 t = a[0];
        a[0] = a[end];
        a[end] = t;
        sift(a, 0, end);
    }
    for (u32 i = 0; i < n; i++)
        sum = sum * 31 + (u16)a[i];
    return sum;
}
