/* Deterministic inputs of every workload. The results that they lead to are in expected.json; they were computed
 * natively and checked against independent implementations.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "workloads/wl.h"

void wl_prepare(const char *workload, struct wl_ctx *context);

static const char sentence[] =
    "$GPGGA,123519.25,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*6E\r\n"
    "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n"
    "$XSENS,17,23.125,1013.25,48.5,OK*59\r\n"
    "$GPVTG,054.7,T,034.4,M,005.5,N,010.2,K*48\r\n"
    "$BAD,1,2,3*00\r\n$END,0*53\r\n";

static const uint32_t sha_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Inputs of one workload; fields that are not named are 0. */
struct input {
    const char *workload;
    uint32_t n, aux;
};

static const struct input inputs[] = {
    { "fletcher32", 360, 0 }, { "crc32", 1024, 0 },  { "heapsort", 64, 0 },   { "matmul", 16, 9 },
    { "siphash", 256, 0 },    { "sha256", 1024, 0 }, { "hostcall", 1000, 5 }, { "parser", sizeof sentence - 1, 0 },
};

/* A linear congruential generator fills the input of every workload with the same bytes. */
static void fill(u8 *bytes, uint32_t count)
{
    uint32_t state = 12345;
    for (uint32_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (u8)(state >> 8);
    }
}

void wl_prepare(const char *workload, struct wl_ctx *context)
{
    memset(context, 0, sizeof *context);
    fill(context->in, WL_IN_MAX);
    for (uint32_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (strcmp(workload, inputs[i].workload) == 0) {
            context->n = inputs[i].n;
            context->aux = inputs[i].aux;
        }
    }
    if (strcmp(workload, "parser") == 0)
        memcpy(context->in, sentence, sizeof sentence - 1);
    if (strcmp(workload, "sha256") == 0)
        memcpy(context->tab, sha_k, sizeof sha_k);
    if (strcmp(workload, "siphash") == 0) {
        context->key[0] = 0x0706050403020100u;
        context->key[1] = 0x0f0e0d0c0b0a0908u;
    }
}
