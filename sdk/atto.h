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
#include "devices.h"
#include "hooks.h"
#include "resource.h"

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
/* What a call returns if it is refused. */
#define ATTO_DENIED (-5)    /* the container has no right to it */
#define ATTO_QUOTA (-8)     /* its rate, total or room is used up */
#define ATTO_NOT_FOUND (-4) /* there is nothing of that name, key or number */

/* ---- what needs no handle: the right is found by the kind of the call ---- */

/* Writes a line of text to the device's log, which may cut it at 255 bytes. text: needs no 0 at its end. Returns 0, or a
 * negative number; then the line is dropped. */
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

/* Activates this container once, at an entry point (its place in the list of the manifest), after so many microseconds
 * (at most 2^31 - 1), with the 8 bytes of `value` as its context. Needs the right to write the clock. Returns 0, or
 * ATTO_QUOTA if as many events are pending as the schedule allows. */
ATTO_INLINE int64_t atto_timer(uint32_t entry, uint32_t delay_us, uint64_t value)
{
    return ((int64_t(*)(uint64_t, uint64_t, uint64_t))atto_timer_number)(entry, delay_us, value);
}

/* ---- what needs no right ---- */

/* Says that this container is alive, to a device that watches its heartbeat. Returns 0. */
ATTO_INLINE int64_t atto_heartbeat(void)
{
    return ((int64_t(*)(void))atto_heartbeat_number)();
}

/* Writes a number as text, with so many digits (at most 19) behind a decimal point; 0: without one. No 0 is put at the
 * end. Returns the number of characters, or a negative number if they do not fit. */
ATTO_INLINE int64_t atto_format(char *text, uint32_t capacity, int64_t value, uint32_t digits)
{
    return ((int64_t(*)(char *, uint64_t, int64_t, uint64_t))atto_format_number)(text, capacity, value, digits);
}

/* The handle of this container's right to the endpoint of that name, or ATTO_NOT_FOUND. `atto build` also defines
 * HANDLE_... for each right of the manifest. */
ATTO_INLINE int64_t atto_find(const char *name, uint32_t name_bytes)
{
    return ((int64_t(*)(const char *, uint64_t))atto_find_number)(name, name_bytes);
}

/* The handle of the right number `nth` (from 0) to a device of that type, or ATTO_NOT_FOUND. */
ATTO_INLINE int64_t atto_find_type(enum atto_device_type type, uint32_t nth)
{
    return ((int64_t(*)(uint64_t, uint64_t))atto_find_type_number)((uint64_t)type, nth);
}

/* ---- memory of the device ---- */

/* Copies bytes of a memory endpoint, from an offset on. Return how many, or a negative number: all or nothing. */
ATTO_INLINE int64_t atto_read(uint32_t handle, uint32_t offset, void *buffer, uint32_t bytes)
{
    return ((int64_t(*)(uint64_t, uint64_t, void *, uint64_t))atto_read_number)(handle, offset, buffer, bytes);
}
ATTO_INLINE int64_t atto_write(uint32_t handle, uint32_t offset, const void *buffer, uint32_t bytes)
{
    return ((int64_t(*)(uint64_t, uint64_t, const void *, uint64_t))atto_write_number)(handle, offset, buffer, bytes);
}

/* Opens a window onto it, as far as the right's range goes: the first byte of the window is the first of the range. NULL:
 * refused. It closes when the right is taken away or the container is started again; touching it then is a fault. */
ATTO_INLINE void *atto_map(uint32_t handle)
{
    int64_t window = ((int64_t(*)(uint64_t))atto_map_number)(handle);
    return window < 0 ? (void *)0 : (void *)((uint64_t)(5 + window) << 28);
}
ATTO_INLINE int64_t atto_unmap(uint32_t handle)
{
    return ((int64_t(*)(uint64_t))atto_unmap_number)(handle);
}

/* ---- sensors, actuators, pins ---- */

/* Both return how many of the values count, or a negative number. */
ATTO_INLINE int64_t atto_sensor_read(uint32_t handle, struct atto_reading *reading)
{
    return ((int64_t(*)(uint64_t, struct atto_reading *))atto_sensor_read_number)(handle, reading);
}
ATTO_INLINE int64_t atto_actuator_write(uint32_t handle, const struct atto_reading *reading)
{
    return ((int64_t(*)(uint64_t, const struct atto_reading *))atto_actuator_write_number)(handle, reading);
}

/* The level of a pin (0 or 1), or a negative number; setting it; its mode: 0 input, 1 output, 2 input with pull-up. */
ATTO_INLINE int64_t atto_pin_read(uint32_t handle, uint32_t pin)
{
    return ((int64_t(*)(uint64_t, uint64_t))atto_pin_read_number)(handle, pin);
}
ATTO_INLINE int64_t atto_pin_write(uint32_t handle, uint32_t pin, uint32_t level)
{
    return ((int64_t(*)(uint64_t, uint64_t, uint64_t))atto_pin_write_number)(handle, pin, level);
}
ATTO_INLINE int64_t atto_pin_mode(uint32_t handle, uint32_t pin, uint32_t mode)
{
    return ((int64_t(*)(uint64_t, uint64_t, uint64_t))atto_pin_mode_number)(handle, pin, mode);
}

/* ---- keys and values: of this container, its tenant or the device, as the endpoint says ---- */

/* The length of a value (at most 64 bytes), of which as many bytes are copied as there is room for; or
 * ATTO_NOT_FOUND. */
ATTO_INLINE int64_t atto_store_get(uint32_t handle, uint32_t key, void *value, uint32_t capacity)
{
    return ((int64_t(*)(uint64_t, uint64_t, void *, uint64_t))atto_store_get_number)(handle, key, value, capacity);
}
ATTO_INLINE int64_t atto_store_put(uint32_t handle, uint32_t key, const void *value, uint32_t bytes)
{
    return ((int64_t(*)(uint64_t, uint64_t, const void *, uint64_t))atto_store_put_number)(handle, key, value, bytes);
}
ATTO_INLINE int64_t atto_store_delete(uint32_t handle, uint32_t key)
{
    return ((int64_t(*)(uint64_t, uint64_t))atto_store_delete_number)(handle, key);
}
/* The smallest key from `key` on that has a value, or ATTO_NOT_FOUND. */
ATTO_INLINE int64_t atto_store_next(uint32_t handle, uint32_t key)
{
    return ((int64_t(*)(uint64_t, uint64_t))atto_store_next_number)(handle, key);
}

/* ---- messages ---- */

/* Sends a message to whoever listens. ATTO_QUOTA: as many wait as there is room for. */
ATTO_INLINE int64_t atto_send(uint32_t handle, const void *message, uint32_t bytes)
{
    return ((int64_t(*)(uint64_t, const void *, uint64_t))atto_send_number)(handle, message, bytes);
}
/* From now on, until it is started again, this container is activated at that entry point (its place in the list of the
 * manifest) for each message, in order: ATTO_ENTRY int64_t on_message(const uint8_t *message, uint32_t bytes). The
 * schedule needs room for an event. A negative number: another container listens. */
ATTO_INLINE int64_t atto_listen(uint32_t handle, uint32_t entry)
{
    return ((int64_t(*)(uint64_t, uint64_t))atto_listen_number)(handle, entry);
}
/* Takes the oldest message of a mailbox where nobody listens: its length, of which as many bytes are copied as there is
 * room for; or ATTO_NOT_FOUND. */
ATTO_INLINE int64_t atto_receive(uint32_t handle, void *message, uint32_t capacity)
{
    return ((int64_t(*)(uint64_t, void *, uint64_t))atto_receive_number)(handle, message, capacity);
}

/* ---- requests ---- */

/* Asks the server of an endpoint and waits for its answer. Returns the answer's length, or a negative number. */
ATTO_INLINE int64_t atto_request(uint32_t handle, const void *request, uint32_t bytes, void *answer, uint32_t capacity)
{
    return ((int64_t(*)(uint64_t, const void *, uint64_t, void *, uint64_t))atto_request_number)(handle, request, bytes,
                                                                                                 answer, capacity);
}
/* A server: atto_serve as atto_listen; atto_take gets the oldest request, as atto_receive; atto_answer answers it. */
ATTO_INLINE int64_t atto_serve(uint32_t handle, uint32_t entry)
{
    return ((int64_t(*)(uint64_t, uint64_t))atto_serve_number)(handle, entry);
}
ATTO_INLINE int64_t atto_take(uint32_t handle, void *request, uint32_t capacity)
{
    return ((int64_t(*)(uint64_t, void *, uint64_t))atto_take_number)(handle, request, capacity);
}
ATTO_INLINE int64_t atto_answer(uint32_t handle, const void *answer, uint32_t bytes)
{
    return ((int64_t(*)(uint64_t, const void *, uint64_t))atto_answer_number)(handle, answer, bytes);
}

/* A host call that only your firmware knows, by its number (208 to 255), which must be a constant. */
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
