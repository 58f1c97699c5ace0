/* A growing row of bytes, and reading and writing whole files with it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_BUFFER_H
#define ATTO_CLI_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct atto_buffer {
    uint8_t *bytes; /* from malloc, so aligned for anything */
    size_t len, capacity;
};

/* Appends. bytes NULL appends zeros. */
void atto_buffer_put(struct atto_buffer *buffer, const void *bytes, size_t len);
void atto_buffer_put_le(struct atto_buffer *buffer, uint32_t value, unsigned byte_count);
void atto_buffer_put_uleb(struct atto_buffer *buffer, uint64_t value);
void atto_buffer_put_sleb(struct atto_buffer *buffer, int64_t value);

/* Appends a formatted text, without the 0 at its end. */
void atto_buffer_print(struct atto_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends bytes as hex digits. */
void atto_buffer_print_hex(struct atto_buffer *buffer, const struct atto_buffer *bytes);

/* Appends zeros until the length is a multiple of `align`. */
void atto_buffer_align(struct atto_buffer *buffer, size_t align);

void atto_buffer_free(struct atto_buffer *buffer);

#define ATTO_FILE_MAX (64u << 20) /* bytes of the largest file that is read; a flash is the largest that there is */

/* Reads a whole file ("-": stdin) behind what is in the buffer; writes a whole file ("-": stdout), which on failure is
 * not left behind half written. Both report an error themselves and return false. */
bool atto_buffer_read(struct atto_buffer *buffer, const char *path);
bool atto_buffer_write(const struct atto_buffer *buffer, const char *path);

/* Is this a file that can be read? Reports and returns false if not. For files that another program is to read. */
bool atto_buffer_check(const char *path);

/* Appends bytes given as hex digits, with blanks anywhere between bytes and an optional 0x in front. False if it is
 * something else. */
bool atto_buffer_put_hex(struct atto_buffer *buffer, const char *text);

#endif
