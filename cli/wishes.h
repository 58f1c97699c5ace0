/* What an author asks for in the JSON file beside the source, read and checked as far as the file alone allows. Whether
 * the program keeps to it is checked when the manifest is written (manifest_write.h).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_WISHES_H
#define ATTO_CLI_WISHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atto/call.h"
#include "atto/manifest.h"
#include "json_file.h"
#include "rights.h"
#include "schedule.h"

struct atto_wished_hook {
    uint8_t uuid[ATTO_UUID_BYTES];
    char *entry;
    uint32_t priority, policy;
};

struct atto_wishes {
    struct atto_json_file file; /* all 0 if there is none */
    char *name; /* NULL: not given */
    bool entries_given, calls_given;
    char *entries[ATTO_ENTRIES_MAX];
    size_t entry_count;
    uint32_t stack_bytes, fuel; /* 0: not given */
    struct atto_callset calls;
    struct atto_wished_hook hooks[ATTO_HOOKS_MAX];
    size_t hook_count;
    struct atto_schedule_json schedule;
    struct atto_rights_json rights; /* each has a handle */
};

/* Reads a JSON file. Reports what is wrong with file, line, column and key, and returns false. */
bool atto_wishes_read(struct atto_wishes *wishes, const char *path);
void atto_wishes_free(struct atto_wishes *wishes);

/* Reports something about the value of `key`; about its element `index` if it is an array. */
void atto_wishes_report(const struct atto_wishes *wishes, const char *key, size_t index, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The names of the hook policies, by number. */
extern const char *const atto_policy_names[4];

#endif
