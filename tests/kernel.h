/* The eBPF of the Linux kernel as an oracle, through bpf(2). Raw system calls, no library.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include <stdint.h>

/* Loads a program and runs it once over a packet. Answers 0 and the low 32 bits of r0; or the errno, positive if the
 * program was not loaded, negative if it could not be run. */
int kernel_run(const uint64_t *slots, uint32_t slot_count, uint8_t *packet, uint32_t packet_bytes, uint32_t *value);

/* What the verifier said about the last program that was not loaded; the end of it. */
const char *kernel_log(void);

#endif
