/* A line of text, see line.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "line.h"

#include <string.h>

#include "board.h"

#define LINE_DIGITS 20u

void line_bytes(struct line *line, const uint8_t *bytes, uint32_t len)
{
    uint32_t room = (uint32_t)sizeof line->text - 1u - line->len; /* the last one is for the line end */
    if (len > room)
        len = room;
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

void line_text(struct line *line, const char *text)
{
    line_bytes(line, (const uint8_t *)text, (uint32_t)strlen(text));
}

void line_number(struct line *line, int64_t number)
{
    uint8_t digits[LINE_DIGITS];
    uint32_t at = LINE_DIGITS;
    uint64_t rest = number < 0 ? 0u - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (uint8_t)('0' + rest % 10u);
        rest /= 10u;
    } while (rest != 0);
    if (number < 0)
        line_text(line, "-");
    line_bytes(line, digits + at, LINE_DIGITS - at);
}

void line_end(struct line *line)
{
    line->text[line->len++] = '\n';
    board_write(line->text, line->len);
    line->len = 0;
}
