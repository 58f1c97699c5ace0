/* A Linux process as a board: what board.h asks for, with system calls.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "flash_file.h"

const char *const board_name = "linux";

int32_t board_file_read(const char *path, void *buffer, uint32_t capacity)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return BOARD_E_OPEN;
    size_t len = fread(buffer, 1, capacity, file);
    int32_t result = (int32_t)len;
    if (ferror(file))
        result = BOARD_E_OPEN;
    else if (len == capacity && fgetc(file) != EOF)
        result = BOARD_E_SIZE;
    fclose(file);
    return result;
}

void board_write(const char *text, uint32_t len)
{
    fwrite(text, 1, len, stdout);
}

struct memory_flash *board_flash(const char *path)
{
    static struct memory_flash flash;
    return flash_file_open(&flash, path, BOARD_FLASH_BYTES, BOARD_FLASH_BLOCK_BYTES, BOARD_FLASH_UNIT_BYTES) ? &flash
                                                                                                            : NULL;
}

void board_exit(int status)
{
    exit(status);
}

bool board_counter_start(void)
{
    return false;
}

uint32_t board_counter(void)
{
    return 0;
}

uint32_t board_instructions(uint32_t begin, uint32_t end)
{
    (void)begin;
    (void)end;
    return 0;
}

/* A board's clock begins when the board does: noted before main, so that threads may ask. */
static uint64_t began_us;

static uint64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

__attribute__((constructor)) static void note_begin(void)
{
    began_us = monotonic_us();
}

static uint64_t port_now_us(void *user)
{
    (void)user;
    return monotonic_us() - began_us;
}

void board_sleep(uint64_t until_us)
{
    board_wait_until(until_us);
}

void board_wait_until(uint64_t time_us)
{
    const uint64_t at_us = time_us < UINT64_MAX - began_us ? began_us + time_us : UINT64_MAX;
    const struct timespec until = { (time_t)(at_us / 1000000u), (long)(at_us % 1000000u) * 1000 };
    while (port_now_us(NULL) < time_us)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void port_log(void *user, const char *text, uint32_t len)
{
    (void)user;
    board_write(text, len);
    board_write("\n", 1);
}

static void port_random(void *user, uint8_t *bytes, uint32_t len)
{
    (void)user;
    for (uint32_t done = 0; done < len;) {
        ssize_t got = getrandom(bytes + done, len - done, 0);
        if (got < 0)
            abort();
        done += (uint32_t)got;
    }
}

const struct atto_port board_port = { .now_us = port_now_us, .log = port_log, .random = port_random };
