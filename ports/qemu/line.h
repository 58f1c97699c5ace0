/* A line of text for people, put together from pieces without printf, which would be a tenth of a firmware.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LINE_H
#define LINE_H

#include <stdint.h>

/* What does not fit is cut off. Zero at first; line_end writes it to the board's console and makes it empty again. */
struct line {
    char text[80];
    uint32_t len;
};

void line_text(struct line *line, const char *text);
void line_bytes(struct line *line, const uint8_t *bytes, uint32_t len);
void line_number(struct line *line, int64_t number);
void line_end(struct line *line);

#endif
