/* Growing rows of bytes, see buffer.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "buffer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static void reserve(struct atto_buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity;

    while (capacity - buffer->len < more)
        capacity *= 2;
    if (capacity != buffer->capacity)
        buffer->bytes = atto_grow(buffer->bytes, buffer->capacity, capacity, 1);
    buffer->capacity = capacity;
}

void atto_buffer_put(struct atto_buffer *buffer, const void *bytes, size_t len)
{
    reserve(buffer, len);
    if (bytes == NULL)
        memset(buffer->bytes + buffer->len, 0, len);
    else if (len != 0)
        memcpy(buffer->bytes + buffer->len, bytes, len);
    buffer->len += len;
}

void atto_buffer_put_le(struct atto_buffer *buffer, uint32_t value, unsigned byte_count)
{
    for (unsigned i = 0; i < byte_count; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));

        atto_buffer_put(buffer, &byte, 1);
    }
}

void atto_buffer_put_uleb(struct atto_buffer *buffer, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

        atto_buffer_put(buffer, &byte, 1);
        value >>= 7;
    } while (value != 0);
}

void atto_buffer_put_sleb(struct atto_buffer *buffer, int64_t value)
{
    bool more = true;

    while (more) {
        uint8_t low = (uint8_t)(value & 0x7f);
        uint8_t byte;

        value = value < 0 ? ~(~value >> 7) : value >> 7;
        more = !((value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0));
        byte = (uint8_t)(low | (more ? 0x80 : 0));
        atto_buffer_put(buffer, &byte, 1);
    }
}

void atto_buffer_print(struct atto_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = atto_format_list(format, arguments);
    va_end(arguments);
    atto_buffer_put(buffer, text, strlen(text));
    free(text);
}

void atto_buffer_print_hex(struct atto_buffer *buffer, const struct atto_buffer *bytes)
{
    for (size_t i = 0; i < bytes->len; i++)
        atto_buffer_print(buffer, "%02x", bytes->bytes[i]);
}

void atto_buffer_align(struct atto_buffer *buffer, size_t align)
{
    size_t over = align == 0 ? 0 : buffer->len % align;

    if (over != 0)
        atto_buffer_put(buffer, NULL, align - over);
}

void atto_buffer_free(struct atto_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct atto_buffer){0};
}

bool atto_buffer_read(struct atto_buffer *buffer, const char *path)
{
    bool from_stdin = strcmp(path, "-") == 0;
    FILE *file = from_stdin ? stdin : fopen(path, "rb");
    bool fine;

    if (file == NULL) {
        atto_report_at(path, 0, "cannot be read: %s", strerror(errno));
        return false;
    }
    for (;;) {
        size_t got;

        reserve(buffer, 4096);
        got = fread(buffer->bytes + buffer->len, 1, 4096, file);
        buffer->len += got;
        if (got < 4096 || buffer->len > ATTO_FILE_MAX)
            break;
    }
    fine = ferror(file) == 0;
    if (!fine)
        atto_report_at(path, 0, "cannot be read: %s", strerror(errno));
    else if (buffer->len > ATTO_FILE_MAX)
        atto_report_at(path, 0, "cannot be read: it has more than %u MB", ATTO_FILE_MAX >> 20);
    fine = fine && buffer->len <= ATTO_FILE_MAX;
    if (!from_stdin)
        fclose(file);
    return fine;
}

bool atto_buffer_check(const char *path)
{
    FILE *file = fopen(path, "rb");
    /* A directory can be opened, but not read. */
    bool fine = file != NULL && (fgetc(file) != EOF || ferror(file) == 0);

    if (!fine)
        atto_report_at(path, 0, "cannot be read: %s", strerror(errno));
    if (file != NULL)
        fclose(file);
    return fine;
}

bool atto_buffer_write(const struct atto_buffer *buffer, const char *path)
{
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *file = to_stdout ? stdout : fopen(path, "wb");
    bool fine;

    if (file == NULL) {
        atto_report_at(path, 0, "cannot be written: %s", strerror(errno));
        return false;
    }
    fine = fwrite(buffer->bytes, 1, buffer->len, file) == buffer->len;
    if ((to_stdout ? fflush(file) : fclose(file)) != 0)
        fine = false;
    if (!fine) {
        atto_report_at(path, 0, "cannot be written: %s", strerror(errno));
        if (!to_stdout)
            unlink(path);
    }
    return fine;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool atto_buffer_put_hex(struct atto_buffer *buffer, const char *text)
{
    const char *at = text;

    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
        at += 2;
    while (*at != '\0') {
        int high, low;
        uint8_t byte;

        if (isspace((unsigned char)*at)) {
            at++;
            continue;
        }
        high = hex_digit(at[0]);
        low = high < 0 ? -1 : hex_digit(at[1]);
        if (low < 0)
            return false;
        byte = (uint8_t)(high * 16 + low);
        atto_buffer_put(buffer, &byte, 1);
        at += 2;
    }
    return true;
}
