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

#if defined(ATTO_BPF_UNALIGNED_IS_FINE)
/* Someone else has decided. */
#elif defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
#define ATTO_BPF_UNALIGNED_IS_FINE 1
#define ATTO_BPF_ALIGNED(p, bytes) 0
#else
#define ATTO_BPF_UNALIGNED_IS_FINE 0
#define ATTO_BPF_ALIGNED(p, bytes) ((uintptr_t)(p) % (bytes) == 0u)
#endif

/*@ requires \valid_read(p + (0 .. 1));
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint32_t atto_bpf_bytes_load16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

/*@ requires \valid_read(p + (0 .. 3));
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint32_t atto_bpf_bytes_load32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/*@ requires \valid(p + (0 .. 1));
    terminates \true; exits \false; assigns p[0 .. 1]; */
ATTO_INLINE void atto_bpf_bytes_store16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

/*@ requires \valid(p + (0 .. 3));
    terminates \true; exits \false; assigns p[0 .. 3]; */
ATTO_INLINE void atto_bpf_bytes_store32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

/*@ requires \valid_read(p + (0 .. 3));
    terminates \true; exits \false; assigns \nothing; */
static __attribute__((noinline, unused)) uint32_t atto_bpf_unaligned_load32(const uint8_t *p)
{
    return atto_bpf_bytes_load32(p);
}

/*@ requires \valid(p + (0 .. 3));
    terminates \true; exits \false; assigns p[0 .. 3]; */
static __attribute__((noinline, unused)) void atto_bpf_unaligned_store32(uint8_t *p, uint32_t value)
{
    atto_bpf_bytes_store32(p, value);
}

/* Two single bytes are no longer than a call. */
/*@ requires \valid_read(p + (0 .. 1));
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint32_t atto_bpf_load16(const uint8_t *p)
{
    if (ATTO_BPF_ALIGNED(p, 2u))
        return atto_bpf_bytes_load16(__builtin_assume_aligned(p, 2));
    return atto_bpf_bytes_load16(p);
}

/*@ requires \valid_read(p + (0 .. 3));
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint32_t atto_bpf_load32(const uint8_t *p)
{
    if (ATTO_BPF_UNALIGNED_IS_FINE)
        return atto_bpf_bytes_load32(p);
    if (ATTO_BPF_ALIGNED(p, 4u))
        return atto_bpf_bytes_load32(__builtin_assume_aligned(p, 4));
    return atto_bpf_unaligned_load32(p);
}

/*@ requires \valid_read(p + (0 .. 7));
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint64_t atto_bpf_load64(const uint8_t *p)
{
    return atto_bpf_load32(p) | (uint64_t)atto_bpf_load32(p + 4) << 32;
}

/*@ requires \valid(p + (0 .. 1));
    terminates \true; exits \false; assigns p[0 .. 1]; */
ATTO_INLINE void atto_bpf_store16(uint8_t *p, uint32_t value)
{
    if (ATTO_BPF_ALIGNED(p, 2u))
        atto_bpf_bytes_store16(__builtin_assume_aligned(p, 2), value);
    else
        atto_bpf_bytes_store16(p, value);
}

/*@ requires \valid(p + (0 .. 3));
    terminates \true; exits \false; assigns p[0 .. 3]; */
ATTO_INLINE void atto_bpf_store32(uint8_t *p, uint32_t value)
{
    if (ATTO_BPF_UNALIGNED_IS_FINE)
        atto_bpf_bytes_store32(p, value);
    else if (ATTO_BPF_ALIGNED(p, 4u))
        atto_bpf_bytes_store32(__builtin_assume_aligned(p, 4), value);
    else
        atto_bpf_unaligned_store32(p, value);
}

/*@ requires \valid(p + (0 .. 7));
    terminates \true; exits \false; assigns p[0 .. 7]; */
ATTO_INLINE void atto_bpf_store64(uint8_t *p, uint64_t value)
{
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    ATTO_OPAQUE(high); /* else gcc 12 takes the bytes out of the 64-bit value one by one */
    atto_bpf_store32(p, low);
    atto_bpf_store32(p + 4, high);
}

/* The size of an access, from its opcode: w, h, b, dw (section 5). */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures \result == 1 || \result == 2 || \result == 4 || \result == 8;
    ensures opcode / 8 % 4 == 0 ==> \result == 4;
    ensures opcode / 8 % 4 == 3 ==> \result == 8; */
ATTO_INLINE uint32_t atto_bpf_access_bytes(uint32_t opcode)
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

/* The two ways to guest memory: `bytes` (1, 2, 4 or 8) bytes at offset `at` of a region,
 * which have been checked. */
/*@ requires \valid_read(base + (at .. at + bytes - 1));
    requires bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint64_t atto_bpf_load(const uint8_t *base, uint32_t at, uint32_t bytes)
{
    const uint8_t *p = base + at;
    uint64_t value;
    switch (bytes) {
    case 1:
        value = p[0];
        break;
    case 2:
        value = atto_bpf_load16(p);
        break;
    case 4:
        value = atto_bpf_load32(p);
        break;
    default:
        value = atto_bpf_load64(p);
        break;
    }
    return value;
}

/*@ requires \valid(base + (at .. at + bytes - 1));
    requires bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    terminates \true; exits \false; assigns base[at .. at + bytes - 1]; */
ATTO_INLINE void atto_bpf_store(uint8_t *base, uint32_t at, uint32_t bytes, uint64_t value)
{
    uint8_t *p = base + at;
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
