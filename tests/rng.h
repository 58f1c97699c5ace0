/* Random numbers for tests: splitmix64, the same on every machine, so that a failing round can be run again by its
 * seed. Values are drawn so that the edges, where instructions go wrong, come up often.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RNG_H
#define TESTS_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
    rng->state += 0x9e3779b97f4a7c15u;
    uint64_t z = rng->state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 to count - 1. */
static inline uint32_t rng_below(struct rng *rng, uint32_t count)
{
    return (uint32_t)((rng_next(rng) >> 32) * count >> 32);
}

/* True once in `times`. */
static inline bool rng_once_in(struct rng *rng, uint32_t times)
{
    return rng_below(rng, times) == 0;
}

/* 64 bits: an edge, a neighbour of a power of two, something small or anything. */
static inline uint64_t rng_value(struct rng *rng)
{
    static const uint64_t edges[] = {
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
        0x7fffffffffffffff, 0x8000000000000000, 0xffffffff80000000, 0xfffffffffffffffe, 0xffffffffffffffff,
    };
    switch (rng_below(rng, 5)) {
    case 0:
        return edges[rng_below(rng, sizeof edges / sizeof *edges)];
    case 1:
        return ((uint64_t)1 << rng_below(rng, 64)) + rng_below(rng, 3) - 1u;
    case 2:
        return rng_below(rng, 300);
    case 3:
        return 0u - (uint64_t)rng_below(rng, 300);
    default:
        return rng_next(rng);
    }
}

/* 32 bits of the same kind. */
static inline int32_t rng_value32(struct rng *rng)
{
    uint64_t value = rng_value(rng);
    return (int32_t)(uint32_t)(rng_once_in(rng, 4) ? value >> 32 : value);
}

#endif
