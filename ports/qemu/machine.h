/* What the file of each emulated board (mps2_an386.c, rv32_virt.c) gives to the code that all of them share, and the
 * symbols of the linker script.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

/* The counter behind board_counter(), started and read; and readings turned into instructions: instructions =
 * ticks * machine_counter_numerator / machine_counter_denominator, rounded. */
void machine_counter_begin(void);
extern const uint32_t machine_counter_numerator, machine_counter_denominator;

/* Executes exactly `rounds` * 2 instructions and a constant number around them. rounds: at least 1. */
void machine_known_loop(uint32_t rounds);

uint64_t machine_now_us(void);

/* Does nothing for a while, but not for longer than until `until_us`. */
void machine_idle(uint64_t until_us);

/* A semihosting call: one trap instruction (and its markers on RISC-V) that QEMU answers. */
int32_t machine_semihosting(uint32_t operation, const void *argument);

/* Where start-up in assembly ends and C begins: board.c. */
void machine_main(void) __attribute__((noreturn));

/* Prints what the core knows about a fault and ends with a failure. */
struct machine_fact {
    const char *name;
    uint32_t value;
};
void machine_fault(const struct machine_fact *facts, uint32_t count) __attribute__((noreturn));
#define MACHINE_FAULT_STATUS 70

extern uint8_t machine_stack_start[], machine_stack_end[];
extern uint8_t machine_data_source[], machine_data_start[], machine_data_end[];
extern uint8_t machine_bss_start[], machine_bss_end[], machine_tls_start[];

#endif
