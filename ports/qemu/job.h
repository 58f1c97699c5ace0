/* Jobs: text files that the host writes for the runner and for the scenario, a line for each thing to do, with fields
 * in each. Taken apart in place.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stdint.h>

/* The next line, which ends with 0; NULL: there is none. Empty lines and lines that begin with # are passed over, but
 * counted. *rest is what is behind it. */
char *job_next_line(char **rest, uint32_t *number);

/* Cuts a line into fields. Returns how many, or `most` + 1 if there are more than that. */
uint32_t job_split(char *line, const char *separators, char **fields, uint32_t most);

/* A number up to `most`, decimal, or in hex with 0x; false if it is something else. */
bool job_parse_number(const char *digits, uint32_t most, uint32_t *value);

/* Pairs of hex digits. Returns how many bytes they are, or -1 if they are something else or more than `capacity`. */
int32_t job_parse_hex(const char *digits, uint8_t *bytes, uint32_t capacity);

#endif
