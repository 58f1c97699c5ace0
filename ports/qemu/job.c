/* Takes jobs apart, see job.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "job.h"

#include <stdlib.h>
#include <string.h>

char *job_next_line(char **rest, uint32_t *number)
{
    while (*rest != NULL) {
        char *line = *rest;
        *rest = strchr(line, '\n');
        if (*rest != NULL)
            *(*rest)++ = '\0';
        (*number)++;
        if (*line != '\0' && *line != '#')
            return line;
    }
    return NULL;
}

uint32_t job_split(char *line, const char *separators, char **fields, uint32_t most)
{
    uint32_t count = 0;
    for (char *field = strtok(line, separators); field != NULL; field = strtok(NULL, separators)) {
        if (count == most)
            return most + 1u;
        fields[count++] = field;
    }
    return count;
}

bool job_parse_number(const char *digits, uint32_t most, uint32_t *value)
{
    char *end;
    unsigned long long wide = strtoull(digits, &end, 0);
    *value = (uint32_t)wide;
    return end != digits && *end == '\0' && wide <= most;
}

static int digit_value(char digit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = digit == '\0' ? NULL : strchr(digits, digit);
    return at == NULL ? -1 : (int)(at - digits) % 16;
}

int32_t job_parse_hex(const char *digits, uint8_t *bytes, uint32_t capacity)
{
    uint32_t len = 0;
    for (; *digits != '\0'; digits += 2) {
        int high = digit_value(digits[0]);
        int low = high < 0 ? -1 : digit_value(digits[1]);
        if (low < 0 || len == capacity)
            return -1;
        bytes[len++] = (uint8_t)(high * 16 + low);
    }
    return (int32_t)len;
}
