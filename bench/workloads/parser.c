/* Byte state machine: NMEA-like sentences "$....,....*hh\r\n".
 * Checks each sentence's xor checksum, splits fields, reads decimal
 * numbers with up to three fraction digits, mixes all into one hash.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wl.h"
enum { S_IDLE, S_FIELD, S_FRAC, S_CK1, S_CK2 };

WL_INLINE u32 hexval(u32 ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    if (ch >= 'A' && ch <= 'F')
        return ch - 'A' + 10;
    if (ch >= 'a' && ch <= 'f')
        return ch - 'a' + 10;
    return 255;
}

WL_EXPORT u64 wl_run(struct wl_ctx *c)
{
    u32 n = c->n;
    u32 st = S_IDLE, ck = 0, want = 0, val = 0, frac = 0, fields = 0;
    u32 good = 0, bad = 0, hash = 2166136261u, acc = 0;

    for (u32 i = 0; i < n; i++) {
        u32 ch = c->in[i];

        if (ch == '$') {
            st = S_FIELD;
            ck = 0;
            val = 0;
            frac = 0;
            acc = 0;
            fields = 0;
            continue;
        }
        switch (st) {
        case S_FIELD:
        case S_FRAC:
            if (ch == '*') {
                acc = (acc ^ val) * 16777619u;
                fields++;
                st = S_CK1;
                break;
            }
            ck ^= ch;
            if (ch == ',') {
                acc = (acc ^ val ^ (frac << 28)) * 16777619u;
                val = 0;
                frac = 0;
                fields++;
                st = S_FIELD;
            } else if (ch >= '0' && ch <= '9') {
                if (st == S_FIELD) {
                    val = val * 10 + (ch - '0');
                } else if (frac < 3) {
                    val = val * 10 + (ch - '0');
                    frac++;
                }
            } else if (ch == '.') {
                st = S_FRAC;
            } else if (ch == '\r' || ch == '\n') {
                bad++;
                st = S_IDLE;
            } else {
                val = (val << 5) ^ ch;
            }
            break;
        case S_CK1:
            want = hexval(ch) << 4;
            st = S_CK2;
            break;
        case S_CK2:
            want |= hexval(ch);
            if (want == ck) {
                good++;
                hash = (hash ^ acc ^ fields) * 16777619u;
            } else {
                bad++;
            }
            st = S_IDLE;
            break;
        default:
            break;
        }
    }
    return (hash ^ (good << 8) ^ bad) * 16777619u;
}
