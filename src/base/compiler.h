/* What is said to the compiler alone, for better code; none of it means anything to the program.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BASE_COMPILER_H
#define ATTO_BASE_COMPILER_H

/* What is to be expected of a condition. */
#define ATTO_LIKELY(x) __builtin_expect((x) ? 1 : 0, 1)
#define ATTO_UNLIKELY(x) __builtin_expect((x) ? 1 : 0, 0)

/* On a way where each instruction counts: better in one piece. */
#define ATTO_INLINE static inline __attribute__((always_inline))

/* Has a frame of its own: what it needs of the stack is not there any more when its caller calls the next function. */
#define ATTO_APART __attribute__((noinline))

/* Hides where a value comes from, on Arm. */
#if defined(__arm__) && defined(__GNUC__) && !defined(__FRAMAC__)
#define ATTO_OPAQUE(value) __asm__("" : "+r"(value))
#else
#define ATTO_OPAQUE(value)
#endif

#endif
