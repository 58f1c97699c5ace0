/* SHA-256 over ctx->n bytes; round constants come in ctx->tab;
 * digest goes to ctx->out, first word is returned.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wl.h"
#define ROR(x, b) (((x) >> (b)) | ((x) << (32 - (b))))

WL_EXPORT u64 wl_run(struct wl_ctx *c)
{
    u32 w[16];
    u32 n = c->n;
    u32 blocks = (n + 9 + 63) / 64;
    u32 pos = 0;
    u32 *hs = (u32 *)(void *)c->out;

    hs[0] = 0x6a09e667u; hs[1] = 0xbb67ae85u;
    hs[2] = 0x3c6ef372u; hs[3] = 0xa54ff53au;
    hs[4] = 0x510e527fu; hs[5] = 0x9b05688cu;
    hs[6] = 0x1f83d9abu; hs[7] = 0x5be0cd19u;

    for (u32 blk = 0; blk < blocks; blk++) {
        u32 a = hs[0], b = hs[1], d = hs[3], e = hs[4];
        u32 cc = hs[2], f = hs[5], g = hs[6], h = hs[7];

#pragma clang loop unroll(disable)
        for (u32 i = 0; i < 16; i++) {
            u32 x = 0;
#pragma clang loop unroll(disable)
            for (u32 k = 0; k < 4; k++) {
                u32 byte = 0;
                if (pos < n)
                    byte = c->in[pos];
                else if (pos == n)
                    byte = 0x80;
                x = (x << 8) | byte;
                pos++;
            }
            w[i] = x;
        }
        if (blk + 1 == blocks)
            w[15] = n * 8;

#pragma clang loop unroll(disable)
        for (u32 i = 0; i < 64; i++) {
            u32 wi = w[i & 15];
            if (i >= 16) {
                u32 w15 = w[(i + 1) & 15], w2 = w[(i + 14) & 15];
                u32 s0 = ROR(w15, 7) ^ ROR(w15, 18) ^ (w15 >> 3);
                u32 s1 = ROR(w2, 17) ^ ROR(w2, 19) ^ (w2 >> 10);
                wi += s0 + w[(i + 9) & 15] + s1;
                w[i & 15] = wi;
            }
            u32 S1 = ROR(e, 6) ^ ROR(e, 11) ^ ROR(e, 25);
            u32 ch = (e & f) ^ (~e & g);
            u32 t1 = h + S1 + ch + c->tab[i] + wi;
            u32 S0 = ROR(a, 2) ^ ROR(a, 13) ^ ROR(a, 22);
            u32 mj = (a & b) ^ (a & cc) ^ (b & cc);
            u32 t2 = S0 + mj;
            h = g; g = f; f = e; e = d + t1;
            d = cc; cc = b; b = a; a = t1 + t2;
        }
        hs[0] += a; hs[1] += b; hs[2] += cc; hs[3] += d;
        hs[4] += e; hs[5] += f; hs[6] += g; hs[7] += h;
    }
    return hs[0];
}
