/* Places in JSON texts, see json_place.h. Values are skipped by counting brackets, so nothing recurses.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "json_place.h"

#include <string.h>

const char *atto_json_value(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Behind the string that starts here. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '\0' && *at != '"'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
    }
    return *at == '"' ? at + 1 : at;
}

/* Behind the value that starts here. */
static const char *skip_value(const char *at)
{
    int depth = 0;

    while (*at != '\0') {
        if (depth == 0 && strchr(",]}", *at) != NULL)
            return at;
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        if (*at == '[' || *at == '{')
            depth++;
        else if (*at == ']' || *at == '}')
            depth--;
        at++;
    }
    return at;
}

const char *atto_json_member(const char *object, size_t index, const char **name)
{
    const char *at = atto_json_value(object);

    if (*at != '{')
        return NULL;
    at = atto_json_value(at + 1);
    for (size_t i = 0; *at == '"'; i++) {
        const char *start = at;
        const char *value = atto_json_value(skip_string(at));

        if (*value != ':')
            return NULL;
        value = atto_json_value(value + 1);
        if (i == index) {
            if (name != NULL)
                *name = start;
            return value;
        }
        at = skip_value(value);
        if (*at == ',')
            at = atto_json_value(at + 1);
    }
    return NULL;
}

const char *atto_json_element(const char *array, size_t index)
{
    const char *at = atto_json_value(array);

    if (*at != '[')
        return NULL;
    at = atto_json_value(at + 1);
    for (size_t i = 0; i < index; i++) {
        at = skip_value(at);
        if (*at != ',')
            return NULL;
        at = atto_json_value(at + 1);
    }
    return *at == ']' || *at == '\0' ? NULL : at;
}

void atto_json_line(const char *text, const char *place, unsigned *line, unsigned *column)
{
    *line = 1;
    *column = 1;
    for (const char *at = text; at < place && *at != '\0'; at++) {
        (*column)++;
        if (*at == '\n') {
            (*line)++;
            *column = 1;
        }
    }
}
