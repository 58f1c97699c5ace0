/* Fuzz target: bytes as an eBPF program. The first byte holds options (bits 0 and 1: functions in the table, bit 2: the
 * Femto-Container format, bit 3: no context), the second the largest slice of fuel, then come the records of the table
 * and the text.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct pair pair;
    static struct generated program;
    if (len < 2u || len > 4096u)
        return 0;
    uint32_t functions = bytes[0] % 4u, table_bytes = functions * ATTO_FUNCTION_BYTES;
    if (len < 2u + table_bytes)
        return 0;
    uint32_t text_bytes = (uint32_t)len - 2u - table_bytes;
    uint8_t *text = malloc(text_bytes != 0 ? text_bytes : 1u);
    if (text == NULL)
        return 0;
    memcpy(text, bytes + 2u + table_bytes, text_bytes);

    memset(&pair, 0, sizeof pair);
    memset(&program, 0x5c, sizeof program);
    guest_begin(&pair.guest, NULL, 0);
    atto_image_bare(text, text_bytes, &pair.guest.image);
    if ((bytes[0] & 4u) != 0)
        pair.guest.image.format = ATTO_FORMAT_FEMTO;
    if (functions != 0) {
        memcpy(pair.guest.functions, bytes + 2, table_bytes);
        pair.guest.image.functions = (struct atto_span){ pair.guest.functions, table_bytes };
    }
    pair.guest.image.data = (struct atto_span){ program.data, GENERATED_DATA_BYTES };
    pair.guest.image.bss_bytes = GENERATED_BSS_BYTES;
    pair.guest.image.rodata = (struct atto_span){ program.rodata, GENERATED_RODATA_BYTES };
    if ((bytes[0] & 8u) == 0)
        pair.context = (struct atto_context){ pair.guest_context, GENERATED_CONTEXT_BYTES, ATTO_WRITE };
    judge_and_run(&pair, &program, bytes[1]);
    free(text);
    return 0;
}
