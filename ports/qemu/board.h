/* What the programs of this repository need from the machine they run on, beside the C library: test programs, the
 * runner, the demo and the benchmark. The emulated boards implement it through semihosting, ports/linux/board.c with
 * system calls. On every board main() gets its arguments, printf writes to standard output, and the value of main() is
 * the exit status.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/port.h"
#include "memory_flash.h"

/* "mps2-an386", "lm3s6965evb", "rv32-virt" or "linux". */
extern const char *const board_name;

/* Clock, log and random numbers. Those of an emulated board repeat from run to run. */
extern const struct atto_port board_port;

/* Waits until the clock of board_port has come to `time_us`; returns at once if it has. The clock of an emulated board
 * is virtual, so there it takes hardly any time. */
void board_wait_until(uint64_t time_us);

/* Lets the processor sleep until then, or until a device interrupts; may return earlier. */
void board_sleep(uint64_t until_us);

/* Reads a file of the host into `buffer`. Returns its length in bytes, or BOARD_E_OPEN if it cannot be opened or read,
 * BOARD_E_SIZE if it is longer than `capacity`; then the buffer's content is undefined. */
#define BOARD_E_OPEN (-1)
#define BOARD_E_SIZE (-2)
int32_t board_file_read(const char *path, void *buffer, uint32_t capacity);

/* Writes `len` bytes to standard output, beside what printf writes; nothing is added or lost. */
void board_write(const char *text, uint32_t len);

/* Flash that outlives the program: BOARD_FLASH_BYTES in blocks of 4 KB, programmed 8 bytes at a time. On Linux it is
 * the file `path`; on mps2-an386 it is memory that lies in the host file which scripts/qemu-run was told of, and `path`
 * means nothing. On lm3s6965evb it is 22 KB of RAM in blocks of 1 KB, programmed 4 bytes at a time, which are read from
 * the file `path` and written to it through semihosting; NULL: they end with the program. It may contain anything at
 * first. The flash is the board's, one for a program. NULL: this board has none, or the file cannot be used. */
#define BOARD_FLASH_BYTES (512u * 1024u)
#define BOARD_FLASH_BLOCK_BYTES 4096u
#define BOARD_FLASH_UNIT_BYTES 8u
struct memory_flash *board_flash(const char *path);

/* Ends the program now. */
void board_exit(int status) __attribute__((noreturn));

/* Makes the instruction counter ready: runs loops of known length and answers whether every one was counted exactly.
 * false: this machine does not count (Linux; QEMU without -icount), and the functions below are not to be used. */
bool board_counter_start(void);

/* A reading of the counter, in a unit of its own. */
uint32_t board_counter(void);

/* Machine instructions executed between two readings, the reading itself not counted. Exact for up to 500 million. */
uint32_t board_instructions(uint32_t begin, uint32_t end);

#endif
