/* Rights: which operations a container may do on an endpoint of the firmware, with which arguments, how often and how
 * much. A container has a table of them; a program names a right by its place in the table, which is the handle that its
 * host calls take. Nothing is allowed that no right allows. atto/engine.h changes them while containers run.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_RIGHT_H
#define ATTO_RIGHT_H

#include <stdint.h>

/* Rights of a container, at most. */
#define ATTO_RIGHTS_MAX 32u

/* What can be done with an endpoint; a set of these. What each means is the service's: atto/service.h. */
#define ATTO_OPERATION_READ 1u
#define ATTO_OPERATION_WRITE 2u
#define ATTO_OPERATION_MAP 4u     /* see memory through a window instead of by copies */
#define ATTO_OPERATION_CONTROL 8u /* change how it works: the direction of a pin */
#define ATTO_OPERATIONS 15u

/* The period in which a rate is counted. X(code, microseconds, name) */
#define ATTO_PERIODS(X)      \
    X(1, 1000u, "1ms")       \
    X(2, 10000u, "10ms")     \
    X(3, 100000u, "100ms")   \
    X(4, 1000000u, "1s")     \
    X(5, 10000000u, "10s")   \
    X(6, 60000000u, "1min")  \
    X(7, 600000000u, "10min") \
    X(8, 3600000000u, "1h")
#define ATTO_PERIOD_MAX 8u

#define ATTO_RANGE_END 0xffffu /* as `last`: to the end */

/* One right. Numbers that are 0 limit nothing, but for the range. */
struct atto_right {
    uint8_t endpoint;   /* its number in the firmware's table */
    uint8_t operations; /* the lower four bits: what is allowed, 0 nothing; the upper four: period, 0 without a rate */
    uint16_t first;     /* smallest argument: a key, a pin, an offset in bytes */
    uint16_t last;      /* largest argument; ATTO_RANGE_END: no limit */
    uint16_t calls;     /* in a period, at most */
    uint16_t bytes;     /* in a period, at most: of the spans that the calls have */
    uint16_t total;     /* calls in all, from this right's last change on, restarts included */
};
_Static_assert(sizeof(struct atto_right) == 12u, "a right takes 12 bytes");

/*@ requires \valid_read(right);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == right->operations % 16; */
static inline uint32_t atto_right_operations(const struct atto_right *right)
{
    return right->operations % 16u;
}

/*@ requires \valid_read(right);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == right->operations / 16; */
static inline uint32_t atto_right_period(const struct atto_right *right)
{
    return right->operations / 16u;
}

/* A right as a manifest asks for it: the endpoint by its name, or by its number where the name is empty. */
struct atto_right_wish {
    const uint8_t *name;
    uint32_t name_bytes;
    struct atto_right right;
};

#endif
