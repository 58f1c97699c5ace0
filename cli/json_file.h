/* A JSON file that a person has written: its text stays beside the values, so that what is wrong with one is reported
 * with its line and column.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_JSON_FILE_H
#define ATTO_CLI_JSON_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

struct atto_json_file {
    char *path;
    struct atto_buffer text; /* ends with 0 */
    json_t *root;
};

/* A value and where it stands. */
struct atto_json_at {
    const json_t *value; /* NULL: there is none */
    const char *place;
};

/* Reads a file whose value is an object. Reports what is wrong and returns false. */
bool atto_json_file_read(struct atto_json_file *file, const char *path);
void atto_json_file_free(struct atto_json_file *file);

struct atto_json_at atto_json_file_root(const struct atto_json_file *file);
struct atto_json_at atto_json_at_member(struct atto_json_at object, const char *key);
struct atto_json_at atto_json_at_element(struct atto_json_at array, size_t index);

/* Reports something about the value at `place`. Always false. */
bool atto_json_refuse(const struct atto_json_file *file, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes a whole number, if there is a value; what *number holds stays if there is none. Reports one that is out of
 * range, or something else than a number. */
bool atto_json_number(const struct atto_json_file *file, struct atto_json_at at, const char *key, json_int_t min,
                      json_int_t max, uint32_t *number);

/* The same for one of `count` words, of which the number is taken. */
bool atto_json_word(const struct atto_json_file *file, struct atto_json_at at, const char *key,
                    const char *const *words, uint32_t count, uint32_t *number);

/* The same for a name that a manifest can hold, which is copied; the caller frees *name. */
bool atto_json_name(const struct atto_json_file *file, struct atto_json_at at, const char *key, char **name);

/* The text of a member that must be there, and a string that is not empty; NULL, reported, if not. */
const char *atto_json_text(const struct atto_json_file *file, struct atto_json_at object, const char *key);

/* Are all keys of an object among these? known: keys, separated by ", ", for the message as well. */
bool atto_json_known_keys(const struct atto_json_file *file, struct atto_json_at object, const char *what,
                          const char *known);

#endif
