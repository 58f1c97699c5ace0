/* Messages of the command to people, and memory that it cannot go on without. Everything here writes to stderr; what
 * a command answers goes to stdout.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_REPORT_H
#define ATTO_CLI_REPORT_H

#include <stdarg.h>
#include <stddef.h>

#define ATTO_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))

/* "atto: message" */
void atto_report(const char *format, ...) ATTO_PRINTF(1, 2);

/* "atto: file:line: message"; the line is left out if it is 0. */
void atto_report_at(const char *file, unsigned line, const char *format, ...) ATTO_PRINTF(3, 4);

/* "atto: file:line:column: message" */
void atto_report_column(const char *file, unsigned line, unsigned column, const char *format, ...) ATTO_PRINTF(4, 5);

/* How many messages were written since the start. A step that reports as it goes has failed if this grew. */
unsigned atto_report_count(void);

/* Memory, cleared; a copy of a string; a formatted string. They end the command if there is no memory. The caller may
 * free them. */
void *atto_alloc(size_t count, size_t bytes_each);
void *atto_grow(void *old, size_t old_count, size_t new_count, size_t bytes_each);
char *atto_copy_string(const char *text);
char *atto_format(const char *format, ...) ATTO_PRINTF(1, 2);
char *atto_format_list(const char *format, va_list arguments) ATTO_PRINTF(1, 0);

#endif
