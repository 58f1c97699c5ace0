/* Prints pieces of JSON, see json.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>

void json_text(const char *text, uint32_t len)
{
    printf("\"");
    for (uint32_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            printf("\\");
        printf("%c", text[i] >= ' ' && text[i] <= '~' ? text[i] : '.');
    }
    printf("\"");
}

void json_name(const char *name)
{
    if (name != NULL)
        printf("\"%s\"", name);
    else
        printf("null");
}

void json_status(enum atto_status status)
{
    printf(",\"status\":\"%s\",\"text\":\"%s\"", atto_status_name(status), atto_status_text(status));
}

void json_registers(const uint64_t *registers, uint32_t count)
{
    printf("[");
    for (uint32_t i = 0; i < count; i++)
        printf("%s\"0x%" PRIx64 "\"", i == 0 ? "" : ",", registers[i]);
    printf("]");
}
