/* Ticks, see ticks.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ticks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "board.h"

uint32_t ticks[TICKS], tick_count;
uint64_t clock_us;
bool all_ok = true;

int32_t call_tick(struct atto_call_frame *call)
{
    (void)call;
    ticks[tick_count++ % TICKS] = board_counter();
    return ATTO_OK;
}

static uint64_t now_us(void *user)
{
    (void)user;
    return clock_us;
}
const struct atto_port ticks_port = { .now_us = now_us };

void print_instructions(const char *name, uint32_t instructions, bool ok)
{
    all_ok = all_ok && ok;
    printf("{\"executor\":\"engine\",\"name\":\"%s\",\"instructions\":%" PRIu32 ",\"ok\":%s}\n", name, instructions,
           all_ok ? "true" : "false");
}

void put_u32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, 4);
}
