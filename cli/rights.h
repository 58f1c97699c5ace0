/* Rights as people know them, who write lists of them into manifests and scenarios and read what `atto inspect` shows:
 * operations and periods are words, and numbers that limit nothing are left out. A program names a right by a macro.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_RIGHTS_H
#define ATTO_CLI_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "atto/right.h"
#include "json_file.h"

/* Who writes a list. */
enum atto_rights_author {
    ATTO_RIGHTS_WISHED, /* the author of a program: there are handles, and a right that allows nothing is a mistake */
    ATTO_RIGHTS_GIVEN   /* who runs it: no handles; a right may have no operations, which takes it away */
};

struct atto_right_json {
    struct atto_right right;
    char *endpoint; /* its name; NULL: the number in `right` counts */
    char *handle;   /* the macro that names it in a program; NULL: nobody has named it */
};

struct atto_rights_json {
    struct atto_right_json list[ATTO_RIGHTS_MAX];
    size_t count;
};

/* Reads the object at `at`. Reports everything that is wrong and then returns false. Free it either way. */
bool atto_right_json_read(const struct atto_json_file *file, struct atto_json_at at, enum atto_rights_author author,
                          struct atto_right_json *right);
void atto_right_json_free(struct atto_right_json *right);

/* The same for the array at `at`, which is the value of `key`. Without a value the list is empty. */
bool atto_rights_json_read(const struct atto_json_file *file, struct atto_json_at at, const char *key,
                           enum atto_rights_author author, struct atto_rights_json *rights);
void atto_rights_json_free(struct atto_rights_json *rights);

/* What a right allows, in a line for people. The caller frees it. */
char *atto_right_text(const struct atto_right *right);

/* A right as atto_rights_json_read takes it, without a handle. */
json_t *atto_right_to_json(const struct atto_right_wish *wish);

#endif
