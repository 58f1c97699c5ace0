/* Messages and memory of the command, see report.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned report_count;

static void finish(const char *format, va_list arguments)
{
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    report_count++;
}

void atto_report(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("atto: ", stderr);
    finish(format, arguments);
    va_end(arguments);
}

void atto_report_at(const char *file, unsigned line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (line != 0)
        fprintf(stderr, "atto: %s:%u: ", file, line);
    else
        fprintf(stderr, "atto: %s: ", file);
    finish(format, arguments);
    va_end(arguments);
}

void atto_report_column(const char *file, unsigned line, unsigned column, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "atto: %s:%u:%u: ", file, line, column);
    finish(format, arguments);
    va_end(arguments);
}

unsigned atto_report_count(void)
{
    return report_count;
}

static void *must_have(void *memory)
{
    if (memory == NULL) {
        fputs("atto: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void *atto_alloc(size_t count, size_t bytes_each)
{
    return must_have(calloc(count == 0 ? 1 : count, bytes_each));
}

void *atto_grow(void *old, size_t old_count, size_t new_count, size_t bytes_each)
{
    uint8_t *memory;

    if (bytes_each != 0 && new_count > SIZE_MAX / bytes_each)
        return must_have(NULL);
    memory = must_have(realloc(old, new_count == 0 ? 1 : new_count * bytes_each));
    if (new_count > old_count)
        memset(memory + old_count * bytes_each, 0, (new_count - old_count) * bytes_each);
    return memory;
}

char *atto_copy_string(const char *text)
{
    return must_have(strdup(text));
}

char *atto_format_list(const char *format, va_list arguments)
{
    char *text = NULL;

    return must_have(vasprintf(&text, format, arguments) < 0 ? NULL : text);
}

char *atto_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = atto_format_list(format, arguments);
    va_end(arguments);
    return text;
}
