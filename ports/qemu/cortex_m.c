/* A Cortex-M core: its vectors, what it knows about a fault, and how it sleeps.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cortex_m.h"

#include "machine.h"

#define SCB_CCR CORTEX_M_REGISTER(0xe000ed14u)
#define SCB_CCR_UNALIGN_TRP (1u << 3)
#define SCB_CFSR CORTEX_M_REGISTER(0xe000ed28u)
#define SCB_HFSR CORTEX_M_REGISTER(0xe000ed2cu)
#define SCB_BFAR CORTEX_M_REGISTER(0xe000ed38u)

/* One bit for each interrupt. */
#define NVIC_ENABLE(interrupt) CORTEX_M_REGISTER(0xe000e100u + (interrupt) / 32u * 4u)
#define NVIC_DISABLE(interrupt) CORTEX_M_REGISTER(0xe000e180u + (interrupt) / 32u * 4u)
#define NVIC_CLEAR(interrupt) CORTEX_M_REGISTER(0xe000e280u + (interrupt) / 32u * 4u)
#define NVIC_BIT(interrupt) (1u << (interrupt) % 32u)

void cortex_m_sleep(uint32_t interrupt, uint32_t other)
{
    __asm__ volatile("cpsid i" : : : "memory");
    NVIC_CLEAR(interrupt) = NVIC_BIT(interrupt); /* one that is still asked for stays pending */
    NVIC_CLEAR(other) = NVIC_BIT(other);
    NVIC_ENABLE(interrupt) = NVIC_BIT(interrupt);
    NVIC_ENABLE(other) = NVIC_BIT(other);
    __asm__ volatile("dsb\n"
                     "wfi" : : : "memory");
    NVIC_DISABLE(interrupt) = NVIC_BIT(interrupt);
    NVIC_DISABLE(other) = NVIC_BIT(other);
    __asm__ volatile("cpsie i" : : : "memory");
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
                     "b fault_report\n"
                     ".ltorg\n");
}

void cortex_m_systick(void) __attribute__((weak, alias("fault_entry")));

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
    [15] = cortex_m_systick,
};
