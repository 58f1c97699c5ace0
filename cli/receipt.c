/* Receipts, see receipt.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "receipt.h"

#include <stdio.h>

#include "calls.h"

void atto_receipt_print(const struct atto_receipt *receipt)
{
    const char *separator = " ";

    printf("  instructions  %u\n", receipt->instruction_count);
    printf("  memory        %u bytes: instance %u, stack %u, data %u\n", receipt->arena_bytes, receipt->instance_bytes,
           receipt->stack_bytes, receipt->memory_bytes);
    printf("  call depth    %u\n", receipt->call_depth);
    printf("  longest run   %u (fuel between two checks)\n", receipt->longest_run);
    printf("  host calls   ");
    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++) {
        const char *name = atto_call_name(number);

        if (!atto_callset_has(&receipt->calls, number))
            continue;
        printf("%s%u%s%s", separator, number, name == NULL ? "" : " ", name == NULL ? "" : name);
        separator = ", ";
    }
    puts(separator[0] == ' ' ? " none" : "");
}

json_t *atto_receipt_json(const struct atto_receipt *receipt)
{
    json_t *calls = json_array();

    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++) {
        if (atto_callset_has(&receipt->calls, number))
            json_array_append_new(calls, json_integer(number));
    }
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "arena_bytes", (json_int_t)receipt->arena_bytes,
                     "instance_bytes", (json_int_t)receipt->instance_bytes, "stack_bytes",
                     (json_int_t)receipt->stack_bytes, "memory_bytes", (json_int_t)receipt->memory_bytes,
                     "instruction_count", (json_int_t)receipt->instruction_count, "longest_run",
                     (json_int_t)receipt->longest_run, "call_depth", (json_int_t)receipt->call_depth, "calls", calls);
}
