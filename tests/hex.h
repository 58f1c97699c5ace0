/* Vectors of tests as they are printed in standards: digits in hex, with blanks and line ends anywhere.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include <stdint.h>

static inline uint32_t hex_digit(char digit)
{
    return digit >= '0' && digit <= '9' ? (uint32_t)(digit - '0') : ((uint32_t)digit | 32u) - 'a' + 10u;
}

/* Writes at most `capacity` bytes; answers how many there are. */
static inline uint32_t hex_read(const char *text, uint8_t *bytes, uint32_t capacity)
{
    uint32_t digits = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '\n')
            continue;
        if (digits / 2u < capacity)
            bytes[digits / 2u] = (uint8_t)((digits % 2u != 0 ? bytes[digits / 2u] * 16u : 0) + hex_digit(*text));
        digits++;
    }
    return digits / 2u;
}

#endif
