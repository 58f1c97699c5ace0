/* QEMU's mps2-an386, a Cortex-M4 with 4 MB of code memory at 0 and 4 MB of RAM at 0x20000000. It also runs code for a
 * Cortex-M0, and then traps unaligned accesses as that core does. Virtual time stands for instructions: with -icount
 * shift=8 each instruction takes 256 ns, which is 6.4 ticks of the CMSDK timer, so the number of instructions is
 * ticks * 5 / 32, rounded.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "cortex_m.h"
#include "machine.h"

const char *const board_name = "mps2-an386";

/* Two CMSDK timers that count down: the first one is the clock, the second one ends sleep. */
#define CLOCK_CTRL CORTEX_M_REGISTER(0x40000000u)
#define CLOCK_VALUE CORTEX_M_REGISTER(0x40000004u)
#define CLOCK_RELOAD CORTEX_M_REGISTER(0x40000008u)
#define ALARM_CTRL CORTEX_M_REGISTER(0x40001000u)
#define ALARM_VALUE CORTEX_M_REGISTER(0x40001004u)
#define ALARM_RELOAD CORTEX_M_REGISTER(0x40001008u)
#define ALARM_CLEAR CORTEX_M_REGISTER(0x4000100cu)
#define CTRL_ENABLE 1u
#define CTRL_INTERRUPT 8u
#define TICKS_PER_US 25u
#define ALARM_MAX_US 60000000u /* the clock must be read once in a while */
enum { INTERRUPT_ALARM = 9, INTERRUPT_ETHERNET = 13 };

const uint32_t machine_counter_numerator = 5;
const uint32_t machine_counter_denominator = 32;

void machine_counter_begin(void)
{
    if (CLOCK_CTRL == 0) {
        CLOCK_RELOAD = 0xffffffffu;
        CLOCK_VALUE = 0xffffffffu;
        CLOCK_CTRL = CTRL_ENABLE;
    }
}

uint32_t board_counter(void)
{
    return 0xffffffffu - CLOCK_VALUE;
}

/* The timer wraps every 171 s; whoever wants the time asks more often than that. */
uint64_t machine_now_us(void)
{
    static uint32_t last, wraps;
    uint32_t ticks = board_counter();
    wraps += ticks < last;
    last = ticks;
    return ((uint64_t)wraps << 32 | ticks) / TICKS_PER_US;
}

void machine_idle(uint64_t until_us)
{
    uint64_t now_us = machine_now_us();
    if (until_us <= now_us)
        return;
    uint32_t us = until_us - now_us < ALARM_MAX_US ? (uint32_t)(until_us - now_us) : ALARM_MAX_US;
    ALARM_VALUE = us * TICKS_PER_US;
    ALARM_CTRL = CTRL_ENABLE | CTRL_INTERRUPT;
    cortex_m_sleep(INTERRUPT_ALARM, INTERRUPT_ETHERNET);
    ALARM_CTRL = 0;
    ALARM_CLEAR = 1;
}

/* 16 MB that QEMU can keep in a file of the host. */
#define PSRAM ((uint8_t *)0x21000000u)

struct memory_flash *board_flash(const char *path)
{
    static struct memory_flash flash;
    (void)path;
    memory_flash_begin(&flash, PSRAM, BOARD_FLASH_BYTES, BOARD_FLASH_BLOCK_BYTES, BOARD_FLASH_UNIT_BYTES);
    return &flash;
}
