/* What the emulated boards share: from the reset code to main() and back, the console, the host's files, the port.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <picotls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "semihosting.h"

#define LINE_BYTES 2048u
#define ARGUMENTS_MAX 32

int main(int argc, char **argv);

static struct {
    bool is_open;
    int32_t handle;
    uint32_t used;
    char line[512];
} console;

static void console_flush(void)
{
    if (!console.is_open)
        console.handle = semihosting_open(":tt", SEMIHOSTING_WRITE);
    console.is_open = true;
    semihosting_write(console.handle, console.line, console.used);
    console.used = 0;
}

/* One trap a line: a trap costs the emulator far more than the characters do. */
static int console_put(char character, FILE *stream)
{
    (void)stream;
    console.line[console.used++] = character;
    if (character == '\n' || console.used == sizeof console.line)
        console_flush();
    return (unsigned char)character;
}

static FILE console_stream = FDEV_SETUP_STREAM(console_put, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdout = &console_stream;
FILE *const stderr = &console_stream;

void board_write(const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        console_put(text[i], &console_stream);
}

void board_exit(int status)
{
    console_flush();
    semihosting_exit(status);
}

/* The C library ends here from exit(), and from assert() in the function below. */
void _exit(int status)
{
    board_exit(status);
}

void abort(void)
{
    machine_fault(&(struct machine_fact){ "abort called from", (uint32_t)(uintptr_t)__builtin_return_address(0) }, 1);
}

int32_t board_file_read(const char *path, void *buffer, uint32_t capacity)
{
    int32_t handle = semihosting_open(path, SEMIHOSTING_READ_BINARY);
    if (handle < 0)
        return BOARD_E_OPEN;
    int32_t len = semihosting_length(handle);
    if (len > 0 && (uint32_t)len > capacity)
        len = BOARD_E_SIZE;
    else if (len < 0 || semihosting_read(handle, buffer, (uint32_t)len) != 0)
        len = BOARD_E_OPEN;
    semihosting_close(handle);
    return len;
}

/* Splits the command line at blanks, in place. A backslash makes the next character an ordinary one; scripts/qemu-run
 * writes them. */
static int split_arguments(char *line, char *argv[ARGUMENTS_MAX])
{
    int argc = 0;
    char *out = line;
    for (char *in = line; *in != '\0' && argc < ARGUMENTS_MAX - 1;) {
        if (*in == ' ') {
            in++;
            continue;
        }
        argv[argc++] = out;
        while (*in != '\0' && *in != ' ') {
            if (*in == '\\' && in[1] != '\0')
                in++;
            *out++ = *in++;
        }
        if (*in != '\0')
            in++;
        *out++ = '\0';
    }
    argv[argc] = NULL;
    return argc;
}

void machine_main(void)
{
    static char line[LINE_BYTES];
    static char *argv[ARGUMENTS_MAX];
    memcpy(machine_data_start, machine_data_source, (size_t)(machine_data_end - machine_data_start));
    memset(machine_bss_start, 0, (size_t)(machine_bss_end - machine_bss_start));
    _set_tls(machine_tls_start);
    machine_counter_begin();
    if (semihosting_command_line(line, LINE_BYTES) != 0)
        line[0] = '\0';
    int argc = split_arguments(line, argv);
    board_exit(main(argc, argv));
}

static void put_text(const char *text)
{
    board_write(text, (uint32_t)strlen(text));
}

/* Without printf, for firmware that has none. */
void machine_fault(const struct machine_fact *facts, uint32_t count)
{
    put_text("fault on ");
    put_text(board_name);
    put_text(":");
    for (uint32_t i = 0; i < count; i++) {
        put_text(" ");
        put_text(facts[i].name);
        put_text(" 0x");
        for (int32_t shift = 28; shift >= 0; shift -= 4)
            board_write(&"0123456789abcdef"[facts[i].value >> shift & 15u], 1);
    }
    put_text("\n");
    board_exit(MACHINE_FAULT_STATUS);
}

static uint64_t port_now_us(void *user)
{
    (void)user;
    return machine_now_us();
}

void board_sleep(uint64_t until_us)
{
    machine_idle(until_us);
}

void board_wait_until(uint64_t time_us)
{
    while (machine_now_us() < time_us)
        machine_idle(time_us);
}

static void port_log(void *user, const char *text, uint32_t len)
{
    (void)user;
    board_write(text, len);
    board_write("\n", 1);
}

/* xorshift32 with a fixed seed. These boards exist to be repeatable; they have no source of randomness and protect
 * nobody's secrets. */
static void port_random(void *user, uint8_t *bytes, uint32_t len)
{
    static uint32_t state = 0x9e3779b9u;
    (void)user;
    for (uint32_t i = 0; i < len; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes[i] = (uint8_t)(state >> 24);
    }
}

const struct atto_port board_port = { .now_us = port_now_us, .log = port_log, .random = port_random };
