/* int8 16x16 times 16x16 matrix product, requantised to int8.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wl.h"
#define DIM 16
WL_EXPORT u64 wl_run(struct wl_ctx *c)
{
    const s8 *a = (const s8 *)c->in;
    const s8 *b = (const s8 *)c->in + DIM * DIM;
    s8 *o = (s8 *)c->out;
    u32 shift = c->aux;
    u32 sum = 0;

    for (u32 i = 0; i < DIM; i++) {
        for (u32 j = 0; j < DIM; j++) {
            s32 acc = 0;
#pragma clang loop unroll(disable) vectorize(disable)
            for (u32 k = 0; k < DIM; k++)
                acc += a[i * DIM + k] * b[j * DIM + k];
            acc >>= shift;
            if (acc > 127)
                acc = 127;
            if (acc < -128)
                acc = -128;
            o[i * DIM + j] = (s8)acc;
            sum = sum * 33 + (u8)acc;
        }
    }
    return sum;
}
