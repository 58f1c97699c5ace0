/* The only door from Atto to the machine: a struct of functions that the firmware fills in. Small on purpose; it grows
 * with what the library needs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PORT_H
#define ATTO_PORT_H

#include <stdint.h>

struct atto_port {
    /* Microseconds since some fixed moment; never runs backwards. */
    uint64_t (*now_us)(void *user);
    /* One line of text for people, without a line end. text is not terminated. */
    void (*log)(void *user, const char *text, uint32_t len);
    /* Fills `len` bytes with random numbers. */
    void (*random)(void *user, uint8_t *bytes, uint32_t len);
    /* Keep threads and interrupts that call the engine apart; NULL where nothing does so but one main loop. Held for a
     * bounded time, never while a container runs; not nested. */
    void (*lock)(void *user);
    void (*unlock)(void *user);
    /* Something became due: whoever sleeps until the time that atto_engine_poll told should poll again. Called with the
     * lock held, possibly from an interrupt; NULL: nobody sleeps. */
    void (*wake)(void *user);
    void *user;
};

#endif
