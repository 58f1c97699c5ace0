/* Names of host calls, see calls.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../sdk/calls.h"
#include "atto/config.h"

struct named_call {
    const char *name;
    uint32_t number;
};

static const struct named_call named_calls[] = {
#define NAMED_CALL(call_name, call_number) {#call_name, (call_number)},
    ATTO_SDK_CALLS(NAMED_CALL)
#undef NAMED_CALL
};

const char *atto_call_name(uint32_t number)
{
    for (size_t i = 0; i < sizeof named_calls / sizeof named_calls[0]; i++) {
        if (named_calls[i].number == number)
            return named_calls[i].name;
    }
    return NULL;
}

bool atto_call_parse(const char *text, uint32_t *number)
{
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    unsigned long value;
    char *end;

    for (size_t i = 0; i < sizeof named_calls / sizeof named_calls[0]; i++) {
        if (strcmp(named_calls[i].name, text) == 0) {
            *number = named_calls[i].number;
            return true;
        }
    }
    if (!isdigit((unsigned char)text[0]))
        return false;
    value = strtoul(text, &end, hexadecimal ? 16 : 10);
    if (*end != '\0' || value >= ATTO_CALL_IDS)
        return false;
    *number = (uint32_t)value;
    return true;
}
