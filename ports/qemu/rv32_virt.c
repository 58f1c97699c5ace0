/* QEMU's riscv32 virt board with one RV32IMAC hart in machine mode. With -icount shift=0 the counter minstret counts
 * executed instructions.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "board.h"
#include "machine.h"

const char *const board_name = "rv32-virt";

#define CLINT_MTIME_LOW (*(volatile uint32_t *)0x0200bff8u)
#define CLINT_MTIME_HIGH (*(volatile uint32_t *)0x0200bffcu)
#define CLINT_MTIMECMP_LOW (*(volatile uint32_t *)0x02004000u)
#define CLINT_MTIMECMP_HIGH (*(volatile uint32_t *)0x02004004u)
#define CLINT_TICKS_PER_US 10u
#define MIE_MTIE 0x80u

const uint32_t machine_counter_numerator = 1;
const uint32_t machine_counter_denominator = 1;

void machine_counter_begin(void)
{
}

__attribute__((noinline)) uint32_t board_counter(void)
{
    uint32_t count;
    __asm__ volatile("csrr %0, minstret" : "=r"(count) : : "memory");
    return count;
}

struct memory_flash *board_flash(const char *path)
{
    (void)path;
    return NULL;
}

uint64_t machine_now_us(void)
{
    uint32_t high, low;
    do {
        high = CLINT_MTIME_HIGH;
        low = CLINT_MTIME_LOW;
    } while (high != CLINT_MTIME_HIGH);
    return ((uint64_t)high << 32 | low) / CLINT_TICKS_PER_US;
}

/* Sleeps until the timer would interrupt: the emulator then lets virtual time jump, which would take a thousand million
 * instructions a second otherwise. Interrupts as such stay off, so `wfi` is all that the timer ends. */
void machine_idle(uint64_t until_us)
{
    uint64_t ticks = until_us * CLINT_TICKS_PER_US;
    CLINT_MTIMECMP_HIGH = 0xffffffffu;
    CLINT_MTIMECMP_LOW = (uint32_t)ticks;
    CLINT_MTIMECMP_HIGH = (uint32_t)(ticks >> 32);
    __asm__ volatile("csrs mie, %0\n"
                     "wfi\n"
                     "csrc mie, %0\n" : : "r"(MIE_MTIE) : "memory");
}

__attribute__((naked, noinline)) void machine_known_loop(uint32_t rounds)
{
    (void)rounds;
    __asm__ volatile("1: addi a0, a0, -1\n"
                     "   bnez a0, 1b\n"
                     "   ret\n");
}

/* The trap is recognised by the two instructions around it, which do nothing; all three must be uncompressed and in
 * one page. */
__attribute__((naked, noinline, aligned(16))) int32_t machine_semihosting(uint32_t operation, const void *argument)
{
    (void)operation;
    (void)argument;
    __asm__ volatile(".option push\n"
                     ".option norvc\n"
                     "slli zero, zero, 0x1f\n"
                     "ebreak\n"
                     "srai zero, zero, 7\n"
                     ".option pop\n"
                     "ret\n");
}

__attribute__((used)) static void trap_report(void)
{
    struct machine_fact facts[] = { { "cause", 0 }, { "pc", 0 }, { "value", 0 } };
    __asm__ volatile("csrr %0, mcause" : "=r"(facts[0].value));
    __asm__ volatile("csrr %0, mepc" : "=r"(facts[1].value));
    __asm__ volatile("csrr %0, mtval" : "=r"(facts[2].value));
    machine_fault(facts, sizeof facts / sizeof facts[0]);
}

/* Nothing returns from a trap, so the report may have the whole stack. */
__attribute__((naked, used, aligned(4))) static void trap_entry(void)
{
    __asm__ volatile("la sp, machine_stack_end\n"
                     "j trap_report\n");
}

/* A locked entry of the physical memory protection without rights, 4 KB below the stack: an overflow traps. */
__attribute__((naked, section(".vectors"), used)) void machine_reset(void)
{
    __asm__ volatile("la sp, machine_stack_end\n"
                     "la t0, trap_entry\n"
                     "csrw mtvec, t0\n"
                     "la t0, machine_guard\n"
                     "srli t0, t0, 2\n"
                     "ori t0, t0, 0x1ff\n"
                     "csrw pmpaddr0, t0\n"
                     "li t0, 0x98\n"
                     "csrw pmpcfg0, t0\n"
                     "j machine_main\n");
}
