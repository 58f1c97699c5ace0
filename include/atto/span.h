/* A span is a piece of memory: where it starts and how many bytes it has. It never owns what it points at.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SPAN_H
#define ATTO_SPAN_H

#include <stdint.h>

struct atto_span {
    const uint8_t *ptr;
    uint32_t len; /* bytes */
};

/* What may be done with a piece of memory. Writing includes reading. */
enum atto_access { ATTO_READ = 0, ATTO_WRITE = 1 };

#endif
