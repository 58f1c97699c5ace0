/* The guest SDK: everything that a container written in C or C++ includes. It gives the host calls as plain functions,
 * the context types of hooks, and a few memory functions; and it turns what cannot work in a container into compile
 * errors that say so. Compile with `atto build`.
 *
 *     #include <atto.h>
 *
 *     ATTO_ENTRY int64_t run(const struct my_context *context, uint64_t context_bytes)
 *     {
 *         return context->a + context->b;
 *     }
 *
 * An entry point gets the address and the length of its context (both 0 if there is none) and returns a 64-bit value.
 * Variables outside of functions keep their values from activation to activation.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SDK_ATTO_H
#define ATTO_SDK_ATTO_H

#ifndef __bpf__
#error "<atto.h> is for containers: compile this file with `atto build`, which runs clang -target bpf"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calls.h"
#include "hooks.h"

#ifdef __cplusplus
#define ATTO_STATIC_ASSERT(condition, text) static_assert(condition, text)
#define ATTO_ENTRY extern "C" __attribute__((used))
extern "C" {
#else
#define ATTO_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
/* Marks an entry point: a function that the device may start, by its name. */
#define ATTO_ENTRY __attribute__((used))
#endif

ATTO_STATIC_ASSERT(sizeof(void *) == 8 && sizeof(long) == 8, "pointers and long have 64 bits in a container");

/* Without debug information, so that what goes wrong in one of these is reported at the line that calls it. */
#define ATTO_INLINE static inline __attribute__((always_inline, nodebug))

/* Host calls. Each may be refused at install if the firmware does not grant it. Negative results are errors, numbered
 * as in enum atto_status of the device. */
enum {
#define ATTO_SDK_CALL_NUMBER(name, number) name##_number = (number),
    ATTO_SDK_CALLS(ATTO_SDK_CALL_NUMBER)
#undef ATTO_SDK_CALL_NUMBER
};

/* Writes a line of text to the device's log, which may cut it at 255 bytes. text: needs no 0 at its end. Returns 0, or a
 * negative number if the container has logged as much as it may in this second; then the line is dropped. */
ATTO_INLINE int64_t atto_log(const char *text, uint32_t text_bytes)
{
    return ((int64_t(*)(const char *, uint64_t))atto_log_number)(text, text_bytes);
}

/* Writes a string literal to the device's log. */
#define ATTO_LOG(literal) atto_log("" literal, sizeof(literal) - 1)

/* Microseconds since the device started; never runs backwards. */
ATTO_INLINE uint64_t atto_now_us(void)
{
    return ((uint64_t(*)(void))atto_now_us_number)();
}

/* Fills a buffer of at most 256 bytes with random numbers. Returns 0. */
ATTO_INLINE int64_t atto_random(void *buffer, uint32_t buffer_bytes)
{
    return ((int64_t(*)(void *, uint64_t))atto_random_number)(buffer, buffer_bytes);
}

/* Reads a sensor into *value, in the sensor's own unit. index: 0 for the first. Returns 0, or a negative number if the
 * device has no such sensor. */
ATTO_INLINE int64_t atto_sensor_read(uint32_t index, int32_t *value)
{
    return ((int64_t(*)(uint64_t, int32_t *))atto_sensor_read_number)(index, value);
}

/* Says that this container is alive, to a device that watches its heartbeat. Returns 0. */
ATTO_INLINE int64_t atto_heartbeat(void)
{
    return ((int64_t(*)(void))atto_heartbeat_number)();
}

/* A host call that only your firmware knows, by its number (64 to 255), which must be a constant. */
#define ATTO_HOST_CALL(number, a, b, c, d, e)                                                           \
    (((int64_t(*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t))(number))((uint64_t)(a), (uint64_t)(b), \
                                                                              (uint64_t)(c), (uint64_t)(d), \
                                                                              (uint64_t)(e)))

/* Memory. There is no C library behind these, only loops. Containers may access words at any address, so they go eight
 * bytes at a time. */
typedef uint64_t __attribute__((may_alias)) atto_any_word;

ATTO_INLINE void *memcpy(void *to, const void *from, size_t count)
{
    uint8_t *out = (uint8_t *)to;
    const uint8_t *in = (const uint8_t *)from;
    size_t i = 0;

    for (; count - i >= 8; i += 8)
        *(atto_any_word *)(void *)(out + i) = *(const atto_any_word *)(const void *)(in + i);
    for (; i < count; i++)
        out[i] = in[i];
    return to;
}

ATTO_INLINE void *memset(void *to, int value, size_t count)
{
    uint8_t *out = (uint8_t *)to;
    uint64_t word = (uint8_t)value * 0x0101010101010101u;
    size_t i = 0;

    for (; count - i >= 8; i += 8)
        *(atto_any_word *)(void *)(out + i) = word;
    for (; i < count; i++)
        out[i] = (uint8_t)value;
    return to;
}

ATTO_INLINE int memcmp(const void *left, const void *right, size_t count)
{
    const uint8_t *a = (const uint8_t *)left;
    const uint8_t *b = (const uint8_t *)right;

    for (size_t i = 0; i < count; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

ATTO_INLINE size_t strlen(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0')
        len++;
    return len;
}

/* What cannot work. A program that uses one of these does not compile, and reads why. */
#define ATTO_UNAVAILABLE(reason) __attribute__((unavailable(reason)))
#define ATTO_NO_HEAP ATTO_UNAVAILABLE("containers have no heap; use static variables")
#define ATTO_NO_OUTPUT ATTO_UNAVAILABLE("containers have no files and no standard output; use atto_log()")
#define ATTO_NO_JUMP ATTO_UNAVAILABLE("a container cannot jump out of functions; return instead")
#define ATTO_NO_EXIT ATTO_UNAVAILABLE("a container ends by returning from its entry point")
#define ATTO_NO_FLOAT ATTO_UNAVAILABLE("there is no floating point in containers; use integers or fixed point")

void *malloc(size_t) ATTO_NO_HEAP;
void *calloc(size_t, size_t) ATTO_NO_HEAP;
void *realloc(void *, size_t) ATTO_NO_HEAP;
void free(void *) ATTO_NO_HEAP;
void *alloca(size_t) ATTO_UNAVAILABLE("arrays on the stack need a constant size");
int printf(const char *, ...) ATTO_NO_OUTPUT;
int sprintf(char *, const char *, ...) ATTO_NO_OUTPUT;
int snprintf(char *, size_t, const char *, ...) ATTO_NO_OUTPUT;
int puts(const char *) ATTO_NO_OUTPUT;
int putchar(int) ATTO_NO_OUTPUT;
int setjmp(void *) ATTO_NO_JUMP;
void longjmp(void *, int) ATTO_NO_JUMP;
void abort(void) ATTO_NO_EXIT;
void exit(int) ATTO_NO_EXIT;

typedef int32_t floating_point ATTO_NO_FLOAT;
#define float floating_point
#define double floating_point

#ifdef __cplusplus
} /* extern "C" */

ATTO_NO_HEAP void *operator new(size_t);
ATTO_NO_HEAP void *operator new[](size_t);
ATTO_NO_HEAP void operator delete(void *) noexcept;
ATTO_NO_HEAP void operator delete[](void *) noexcept;
#endif

#endif
