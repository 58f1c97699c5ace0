/* Shared declarations of the benchmark's workloads.
 *
 * Every workload is one function `wl_run` that gets a pointer to one flat
 * context block (no inner pointers, so the layout is the same for a 32-bit
 * native target, 64-bit eBPF and wasm32) and returns a 64-bit checksum.
 * Rules kept by all of them: no mutable globals, no constant tables in
 * .rodata (tables come in through ctx->tab), stack below 512 bytes,
 * everything inlined into one function.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WL_H
#define WL_H
typedef unsigned char      u8;
typedef unsigned short     u16;
typedef unsigned int       u32;
typedef unsigned long long u64;
typedef signed char        s8;
typedef short              s16;
typedef int                s32;

#define WL_IN_MAX  1024
#define WL_OUT_MAX 256

struct wl_ctx {
    u32 n;                 /* number of input elements or bytes */
    u32 aux;               /* workload specific */
    u64 key[2];            /* siphash key */
    u32 tab[64];           /* constant table (sha256 K) */
    u8  in[WL_IN_MAX];     /* input */
    u8  out[WL_OUT_MAX];   /* output */
};

#define WL_INLINE static inline __attribute__((always_inline))

#if defined(__bpf__)
#define WL_EXPORT __attribute__((section(".text"), used))
/* helper number 1 */
static u32 (*const host_tick)(u32) = (u32 (*)(u32))1;
#elif defined(__wasm__)
#define WL_EXPORT __attribute__((export_name("wl_run"), used))
__attribute__((import_module("env"), import_name("host_tick")))
extern u32 host_tick(u32 x);
#else
#define WL_EXPORT
extern u32 host_tick(u32 x);
#endif

#ifdef WL_NAME
#define WL_CAT2(a, b) a##b
#define WL_CAT(a, b)  WL_CAT2(a, b)
#define wl_run WL_CAT(wl_run_, WL_NAME)
#endif

u64 wl_run(struct wl_ctx *c);
#endif
