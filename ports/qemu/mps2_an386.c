/* QEMU's mps2-an386, a Cortex-M4 with 4 MB of code memory at 0 and 4 MB of RAM at 0x20000000. It also runs code for a
 * Cortex-M0, and then traps unaligned accesses as that core does. Virtual time stands for instructions: with -icount
 * shift=8 each instruction takes 256 ns, which is 6.4 ticks of the CMSDK timer, so the number of instructions is
 * ticks * 5 / 32, rounded.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "machine.h"

const char *const board_name = "mps2-an386";

#define TIMER_CTRL (*(volatile uint32_t *)0x40000000u)
#define TIMER_VALUE (*(volatile uint32_t *)0x40000004u)
#define TIMER_RELOAD (*(volatile uint32_t *)0x40000008u)
#define TIMER_TICKS_PER_US 25u

#define SCB_CCR (*(volatile uint32_t *)0xe000ed14u)
#define SCB_CCR_UNALIGN_TRP (1u << 3)
#define SCB_CFSR (*(volatile uint32_t *)0xe000ed28u)
#define SCB_HFSR (*(volatile uint32_t *)0xe000ed2cu)
#define SCB_BFAR (*(volatile uint32_t *)0xe000ed38u)

const uint32_t machine_counter_numerator = 5;
const uint32_t machine_counter_denominator = 32;

void machine_counter_begin(void)
{
    if (TIMER_CTRL == 0) {
        TIMER_RELOAD = 0xffffffffu;
        TIMER_VALUE = 0xffffffffu;
        TIMER_CTRL = 1;
    }
}

uint32_t board_counter(void)
{
    return 0xffffffffu - TIMER_VALUE;
}

/* The timer wraps every 171 s; whoever wants the time asks more often than that. */
uint64_t machine_now_us(void)
{
    static uint32_t last, wraps;
    uint32_t ticks = board_counter();
    wraps += ticks < last;
    last = ticks;
    return ((uint64_t)wraps << 32 | ticks) / TIMER_TICKS_PER_US;
}

/* Instructions take so long here that a second has few of them. */
void machine_idle(uint64_t until_us)
{
    (void)until_us;
}

__attribute__((naked, noinline)) void machine_known_loop(uint32_t rounds)
{
    (void)rounds;
    __asm__ volatile(".syntax unified\n"
                     "1: subs r0, r0, #1\n"
                     "   bne 1b\n"
                     "   bx lr\n");
}

int32_t machine_semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
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

/* frame: what the core pushed: r0 to r3, r12, lr, pc, xpsr. */
__attribute__((used)) static void fault_report(const uint32_t *frame)
{
    const struct machine_fact facts[] = {
        { "pc", frame[6] }, { "lr", frame[5] }, { "cfsr", SCB_CFSR }, { "hfsr", SCB_HFSR }, { "bfar", SCB_BFAR },
    };
    machine_fault(facts, sizeof facts / sizeof facts[0]);
}

/* The stack lies at the bottom of RAM: when it overflows there is nothing left to report on, so the report gets the
 * stack from its top. */
__attribute__((naked)) static void fault_entry(void)
{
    __asm__ volatile(".syntax unified\n"
                     "mov r0, sp\n"
                     "ldr r1, =machine_stack_start\n"
                     "ldr r2, =machine_stack_end\n"
                     "cmp r0, r1\n"
                     "bhs 1f\n"
                     "mov r0, r2\n"
                     "subs r0, r0, #32\n"
                     "1: subs r2, r2, #64\n"
                     "mov sp, r2\n"
                     "b fault_report\n");
}

__attribute__((used)) static void reset(void)
{
#ifndef __ARM_FEATURE_UNALIGNED
    SCB_CCR |= SCB_CCR_UNALIGN_TRP;
#endif
    machine_main();
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))machine_stack_end,
    reset,
    fault_entry, /* NMI */
    fault_entry, /* HardFault */
    fault_entry, /* MemManage */
    fault_entry, /* BusFault */
    fault_entry, /* UsageFault */
    [11] = fault_entry, /* SVCall */
    [12] = fault_entry, /* debug monitor */
    [14] = fault_entry, /* PendSV */
    [15] = fault_entry, /* SysTick */
};
