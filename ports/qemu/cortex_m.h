/* What the boards with a Cortex-M core share beside board.c: vectors, faults, semihosting's trap, and sleep.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

#define CORTEX_M_REGISTER(address) (*(volatile uint32_t *)(address))

/* Sleeps until one of two interrupts is pending, or another one with a handler has come. They wake the core and no
 * more: they are enabled for as long as it sleeps, and none has a handler. An interrupt that came before does not
 * let it sleep, so nothing is lost between a look at a device and this call. */
void cortex_m_sleep(uint32_t interrupt, uint32_t other);

/* Of a board that needs one: the handler of SysTick. */
void cortex_m_systick(void);

#endif
