/* Loads and stores of little-endian numbers in guest memory, at any alignment, made of bytes: the only functions of the
 * interpreter that look behind a region's base. A compiler turns them into single instructions where the core allows
 * unaligned access; where it does not, an aligned address takes a path of its own that the compiler can merge, and any
 * other goes to a function.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BPF_MEMORY_H
#define ATTO_BPF_MEMORY_H

#include <stdint.h>

#include "alu.h"

#if defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
#define ATTO_BPF_UNALIGNED_IS_FINE 1
#define ATTO_BPF_ALIGNED(p, bytes) 0
#else
#define ATTO_BPF_UNALIGNED_IS_FINE 0
#define ATTO_BPF_ALIGNED(p, bytes) ((uintptr_t)(p) % (bytes) == 0u)
#endif

/* Hides from the compiler where a value comes from, for better code on Arm; it means nothing to the program. */
#if defined(__arm__) && defined(__GNUC__) && !defined(__FRAMAC__)
#define ATTO_BPF_OPAQUE(value) __asm__("" : "+r"(value))
#else
#define ATTO_BPF_OPAQUE(value)
#endif

ATTO_BPF_INLINE uint32_t atto_bpf_bytes_load16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

ATTO_BPF_INLINE uint32_t atto_bpf_bytes_load32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

ATTO_BPF_INLINE void atto_bpf_bytes_store16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

ATTO_BPF_INLINE void atto_bpf_bytes_store32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

static __attribute__((noinline, unused)) uint32_t atto_bpf_unaligned_load32(const uint8_t *p)
{
    return atto_bpf_bytes_load32(p);
}

static __attribute__((noinline, unused)) void atto_bpf_unaligned_store32(uint8_t *p, uint32_t value)
{
    atto_bpf_bytes_store32(p, value);
}

/* Two single bytes are no longer than a call. */
ATTO_BPF_INLINE uint32_t atto_bpf_load16(const uint8_t *p)
{
    if (ATTO_BPF_ALIGNED(p, 2u))
        return atto_bpf_bytes_load16(__builtin_assume_aligned(p, 2));
    return atto_bpf_bytes_load16(p);
}

ATTO_BPF_INLINE uint32_t atto_bpf_load32(const uint8_t *p)
{
    if (ATTO_BPF_UNALIGNED_IS_FINE)
        return atto_bpf_bytes_load32(p);
    if (ATTO_BPF_ALIGNED(p, 4u))
        return atto_bpf_bytes_load32(__builtin_assume_aligned(p, 4));
    return atto_bpf_unaligned_load32(p);
}

ATTO_BPF_INLINE uint64_t atto_bpf_load64(const uint8_t *p)
{
    return atto_bpf_load32(p) | (uint64_t)atto_bpf_load32(p + 4) << 32;
}

ATTO_BPF_INLINE void atto_bpf_store16(uint8_t *p, uint32_t value)
{
    if (ATTO_BPF_ALIGNED(p, 2u))
        atto_bpf_bytes_store16(__builtin_assume_aligned(p, 2), value);
    else
        atto_bpf_bytes_store16(p, value);
}

ATTO_BPF_INLINE void atto_bpf_store32(uint8_t *p, uint32_t value)
{
    if (ATTO_BPF_UNALIGNED_IS_FINE)
        atto_bpf_bytes_store32(p, value);
    else if (ATTO_BPF_ALIGNED(p, 4u))
        atto_bpf_bytes_store32(__builtin_assume_aligned(p, 4), value);
    else
        atto_bpf_unaligned_store32(p, value);
}

ATTO_BPF_INLINE void atto_bpf_store64(uint8_t *p, uint64_t value)
{
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    ATTO_BPF_OPAQUE(high); /* else gcc 12 takes the bytes out of the 64-bit value one by one */
    atto_bpf_store32(p, low);
    atto_bpf_store32(p + 4, high);
}

/* The size of an access, from its opcode: w, h, b, dw (section 5). */
ATTO_BPF_INLINE uint32_t atto_bpf_access_bytes(uint32_t opcode)
{
    switch (opcode / 8u % 4u) {
    case 0:
        return 4;
    case 1:
        return 2;
    case 2:
        return 1;
    default:
        return 8;
    }
}

ATTO_BPF_INLINE uint64_t atto_bpf_load(const uint8_t *p, uint32_t bytes)
{
    switch (bytes) {
    case 1:
        return p[0];
    case 2:
        return atto_bpf_load16(p);
    case 4:
        return atto_bpf_load32(p);
    default:
        return atto_bpf_load64(p);
    }
}

ATTO_BPF_INLINE void atto_bpf_store(uint8_t *p, uint32_t bytes, uint64_t value)
{
    switch (bytes) {
    case 1:
        p[0] = (uint8_t)value;
        break;
    case 2:
        atto_bpf_store16(p, (uint32_t)value);
        break;
    case 4:
        atto_bpf_store32(p, (uint32_t)value);
        break;
    default:
        atto_bpf_store64(p, value);
        break;
    }
}

#endif
