/* Which programs are good, from docs/SPEC.md section 6 and RFC 9669, told a second time: with a table of forms, arrays
 * of marks and whole passes over the text where the device judges slot by slot. The check must accept exactly these.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_REFERENCE_CHECK_H
#define TESTS_REFERENCE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* The whole range of the format needs some megabytes, which a board does not have. */
#ifdef HARNESS_BOARD
#define REFERENCE_SLOTS_MAX 1024u
#else
#define REFERENCE_SLOTS_MAX 65535u
#endif

struct reference_program {
    const uint8_t *text;
    uint32_t text_bytes;
    const uint8_t *functions; /* records of 8 bytes, as in an image */
    uint32_t function_count;  /* 0: no table */
    uint32_t depth_max;
    bool femto;
    bool (*has_call)(uint32_t number); /* is this host call there, and granted? */
};

bool reference_accepts(const struct reference_program *program);

#endif
