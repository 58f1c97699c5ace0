/* Tests of the board itself, on every target: arguments, files, the clock, sleep, random bytes, the instruction counter.
 * What the other tests and all numbers rest on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <stdio.h>
#include <string.h>

static int failures;

static void report(const char *name, bool passed, const char *reason)
{
    if (passed) {
        printf("ok %s\n", name);
    } else {
        printf("not ok %s: %s\n", name, reason);
        failures++;
    }
}

static uint32_t initialised = 0x12345678u, cleared;

static __attribute__((noinline)) uint32_t busy(uint32_t rounds)
{
    uint32_t sum = 0;
    for (volatile uint32_t i = 0; i < rounds; i++)
        sum += i;
    return sum;
}

static void test_counter(void)
{
    if (!board_counter_start()) {
        /* a Linux process never counts, nor does the board with the short timer */
        if (strcmp(board_name, "linux") != 0 && strcmp(board_name, "lm3s6965evb") != 0)
            report("board_counter", false, "the machine does not count exactly");
        return;
    }
    uint32_t nothing_from = board_counter();
    uint32_t nothing = board_instructions(nothing_from, board_counter());
    uint32_t spent[3];
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t begin = board_counter();
        busy(1000);
        spent[i] = board_instructions(begin, board_counter());
    }
    report("board_counter", nothing == 0 && spent[0] == spent[1] && spent[1] == spent[2] && spent[0] > 3000u,
           "the same work was counted differently");
}

/* Sleep ends in time, and hardly ever before: nothing ticks. */
static void test_sleep(void)
{
    uint64_t until_us = board_port.now_us(board_port.user) + 3000000u;
    uint32_t wakes = 0;
    while (board_port.now_us(board_port.user) < until_us) {
        board_sleep(until_us);
        wakes++;
    }
    report("board_sleep", wakes <= 10u && board_port.now_us(board_port.user) < until_us + 500000u,
           "it woke too often, or too late");
}

int main(int argc, char **argv)
{
    report("board_memory", initialised == 0x12345678u && cleared == 0, "data or bss is not as it should be");

    report("board_arguments", argc == 3 && strcmp(argv[1], "two words,and a comma") == 0 && argv[3] == NULL,
           "expected: 'two words,and a comma' FILE");

    uint8_t bytes[64];
    int32_t len = argc == 3 ? board_file_read(argv[2], bytes, sizeof bytes) : BOARD_E_OPEN;
    report("board_file", len == 6 && memcmp(bytes, "hello\n", 6) == 0, "file was not read");
    report("board_file_too_long", argc == 3 && board_file_read(argv[2], bytes, 5) == BOARD_E_SIZE, "no refusal");
    report("board_file_missing", board_file_read("/nonexistent", bytes, sizeof bytes) == BOARD_E_OPEN, "no refusal");

    uint64_t before = board_port.now_us(board_port.user);
    busy(100000);
    uint64_t passed = board_port.now_us(board_port.user) - before;
    report("board_clock", passed > 10 && passed < 10000000, "the clock stands still or races");

    uint8_t other[64];
    board_port.random(board_port.user, bytes, sizeof bytes);
    board_port.random(board_port.user, other, sizeof other);
    report("board_random", memcmp(bytes, other, sizeof bytes) != 0, "the same bytes twice");

    test_counter();
    test_sleep();
    return failures != 0;
}
