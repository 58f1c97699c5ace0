/* QEMU's lm3s6965evb, a Cortex-M3 with 256 KB of flash at 0 and 64 KB of RAM at 0x20000000: the size of chip that Atto
 * is for. SysTick is the clock: it has 24 bits and wraps every 1.3 s, so that its interrupt looks at it then. It counts
 * 80 ns at a time, too coarse and too short for the instruction counter, which this board does not have.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "board.h"
#include "cortex_m.h"
#include "machine.h"
#include "semihosting.h"

const char *const board_name = "lm3s6965evb";

#define SYSTICK_CTRL CORTEX_M_REGISTER(0xe000e010u)
#define SYSTICK_RELOAD CORTEX_M_REGISTER(0xe000e014u)
#define SYSTICK_VALUE CORTEX_M_REGISTER(0xe000e018u)
#define SYSTICK_ENABLED 1u
#define SYSTICK_RUN (4u | 2u | SYSTICK_ENABLED) /* by the core's clock, with its interrupt */
#define SYSTICK_MASK 0xffffffu

/* General-purpose timer 0 as one of 32 bits ends sleep. */
#define TIMER_CFG CORTEX_M_REGISTER(0x40030000u)
#define TIMER_TAMR CORTEX_M_REGISTER(0x40030004u)
#define TIMER_CTL CORTEX_M_REGISTER(0x4003000cu)
#define TIMER_IMR CORTEX_M_REGISTER(0x40030018u)
#define TIMER_ICR CORTEX_M_REGISTER(0x40030024u)
#define TIMER_TAILR CORTEX_M_REGISTER(0x40030028u)
#define TIMER_ONE_SHOT 1u
#define TIMER_TIMEOUT 1u
#define ALARM_MAX_US 60000000u
enum { INTERRUPT_ALARM = 19, INTERRUPT_ETHERNET = 42 };

/* Of the system control: the core's clock, and clocks of peripherals. */
#define SYSCTL_RIS CORTEX_M_REGISTER(0x400fe050u)
#define SYSCTL_RIS_PLL_LOCKED (1u << 6)
#define SYSCTL_RCC CORTEX_M_REGISTER(0x400fe060u)
#define SYSCTL_RCGC1 CORTEX_M_REGISTER(0x400fe104u)
#define SYSCTL_RCGC2 CORTEX_M_REGISTER(0x400fe108u)
#define RCC_BYPASS (1u << 11)
#define RCC_12500_KHZ (15u << 23 | 1u << 22 | 14u << 6) /* the PLL's 200 MHz through 16; crystal of 8 MHz */
#define RCGC1_TIMER0 (1u << 16)
#define RCGC2_ETHERNET (1u << 30 | 1u << 28)
#define TICKS_PER_2US 25u

const uint32_t machine_counter_numerator = 0;
const uint32_t machine_counter_denominator = 1;

void machine_counter_begin(void)
{
    if ((SYSTICK_CTRL & SYSTICK_ENABLED) != 0)
        return;
    SYSCTL_RCC = RCC_12500_KHZ | RCC_BYPASS;
    while ((SYSCTL_RIS & SYSCTL_RIS_PLL_LOCKED) == 0) {
    }
    SYSCTL_RCC = RCC_12500_KHZ;
    SYSCTL_RCGC1 |= RCGC1_TIMER0;
    SYSCTL_RCGC2 |= RCGC2_ETHERNET;
    SYSTICK_RELOAD = SYSTICK_MASK;
    SYSTICK_VALUE = 0;
    SYSTICK_CTRL = SYSTICK_RUN;
    while (SYSTICK_VALUE == 0) {
    }
}

uint32_t board_counter(void)
{
    return SYSTICK_MASK - SYSTICK_VALUE;
}

uint64_t machine_now_us(void)
{
    static uint32_t last, wraps;
    __asm__ volatile("cpsid i" : : : "memory");
    uint32_t ticks = board_counter();
    wraps += ticks < last;
    last = ticks;
    uint64_t all = (uint64_t)wraps << 24 | ticks;
    __asm__ volatile("cpsie i" : : : "memory");
    return all * 2u / TICKS_PER_2US;
}

void cortex_m_systick(void)
{
    machine_now_us();
}

void machine_idle(uint64_t until_us)
{
    uint64_t now_us = machine_now_us();
    if (until_us <= now_us)
        return;
    uint32_t us = until_us - now_us < ALARM_MAX_US ? (uint32_t)(until_us - now_us) : ALARM_MAX_US;
    TIMER_CFG = 0;
    TIMER_TAMR = TIMER_ONE_SHOT;
    TIMER_TAILR = (us * TICKS_PER_2US + 1u) / 2u;
    TIMER_IMR = TIMER_TIMEOUT;
    TIMER_CTL = 1;
    cortex_m_sleep(INTERRUPT_ALARM, INTERRUPT_ETHERNET);
    TIMER_CTL = 0;
    TIMER_ICR = TIMER_TIMEOUT;
}

/* RAM in the place of the upper part of the chip's flash, whose controller is not emulated: blocks of 1 KB, units of 4
 * bytes. What changes there goes to a file of the host's at once. */
#define FLASH_BYTES (22u * 1024u)
#define FLASH_BLOCK_BYTES 1024u
#define FLASH_UNIT_BYTES 4u

static struct {
    struct memory_flash memory;
    enum atto_status (*program)(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len);
    enum atto_status (*erase)(void *user, uint32_t offset);
    int32_t file;
    _Alignas(8) uint8_t bytes[FLASH_BYTES];
} flash;

static enum atto_status keep(enum atto_status status, uint32_t offset, uint32_t len)
{
    if (status != ATTO_OK || flash.file < 0)
        return status;
    return semihosting_seek(flash.file, offset) == 0 && semihosting_write(flash.file, flash.bytes + offset, len) == 0
               ? ATTO_OK
               : ATTO_E_FLASH;
}

static enum atto_status program(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
    return keep(flash.program(user, offset, bytes, len), offset, len);
}

static enum atto_status erase(void *user, uint32_t offset)
{
    return keep(flash.erase(user, offset), offset, FLASH_BLOCK_BYTES);
}

/* A file that is not as long as the flash is a new one. */
static bool load(const char *path)
{
    memset(flash.bytes, 0xff, FLASH_BYTES);
    flash.file = -1;
    if (path == NULL)
        return true;
    flash.file = semihosting_open(path, SEMIHOSTING_UPDATE_BINARY);
    if (flash.file >= 0 && semihosting_length(flash.file) == (int32_t)FLASH_BYTES)
        return semihosting_read(flash.file, flash.bytes, FLASH_BYTES) == 0;
    if (flash.file >= 0)
        semihosting_close(flash.file);
    flash.file = semihosting_open(path, SEMIHOSTING_CREATE_BINARY);
    return flash.file >= 0 && keep(ATTO_OK, 0, FLASH_BYTES) == ATTO_OK;
}

struct memory_flash *board_flash(const char *path)
{
    if (!load(path))
        return NULL;
    memory_flash_begin(&flash.memory, flash.bytes, FLASH_BYTES, FLASH_BLOCK_BYTES, FLASH_UNIT_BYTES);
    flash.program = flash.memory.flash.program;
    flash.erase = flash.memory.flash.erase;
    flash.memory.flash.program = program;
    flash.memory.flash.erase = erase;
    return &flash.memory;
}
