/* Fuzz target: bytes as the answer of a device, of a kind that the first byte chooses. Whatever is taken can be
 * printed, as JSON and as a table, and read again as JSON; and nothing of it is a control character then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"
#include "require.h"
#include "table.h"

static const enum atto_reply kinds[] = {
    ATTO_REPLY_DEVICE, ATTO_REPLY_TENANTS, ATTO_REPLY_CONTAINERS, ATTO_REPLY_CONTAINER, ATTO_REPLY_LIMITS,
    ATTO_REPLY_COUNTERS, ATTO_REPLY_LOG, ATTO_REPLY_ALL_LOG, ATTO_REPLY_POSTMORTEM, ATTO_REPLY_AUDIT,
    ATTO_REPLY_TRACE, ATTO_REPLY_INVENTORY, ATTO_REPLY_INSTALLED, ATTO_REPLY_CALLED,
};

/* What is printed on stdout goes here. */
static char *printed;
static size_t printed_bytes;

static void print_all(const json_t *value)
{
    static const struct atto_column columns[] = { { "NAME", "name" }, { "STATE", "state" }, { "VALUE", "v" }, { 0 } };
    FILE *real = stdout;
    stdout = open_memstream(&printed, &printed_bytes);
    require(stdout != NULL, "a place for what is printed");
    if (json_is_array(value))
        atto_table_print(value, columns);
    else
        atto_table_print_object(value);
    fclose(stdout);
    stdout = real;
    for (size_t i = 0; i < printed_bytes; i++)
        require((unsigned char)printed[i] >= 0x20 || printed[i] == '\n', "no control characters are printed");
    free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    struct atto_buffer answer = { 0 };
    atto_buffer_put(&answer, bytes + 1, len - 1);
    json_t *value = atto_reply_read(&answer, kinds[bytes[0] % (sizeof kinds / sizeof *kinds)]);
    if (value != NULL) {
        char *text = json_dumps(value, JSON_COMPACT);
        json_t *again = text == NULL ? NULL : json_loads(text, 0, NULL);
        require(again != NULL, "what was taken is JSON");
        print_all(value);
        json_decref(again);
        free(text);
    }
    json_decref(value);
    atto_buffer_free(&answer);
    return 0;
}
