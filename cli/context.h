/* Contexts: devices by names, with the key that signs for them, in a file of the user's. A command is told by --to
 * which one it is about, or uses the one that `atto context use` has chosen.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_CONTEXT_H
#define ATTO_CLI_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

/* One of them. Strings are its own, NULL where there is none. */
struct atto_context_entry {
    char *name; /* NULL: a bare URI */
    char *uri;
    char *device; /* its device identifier; where it is known, another device is not talked to */
    char *key;    /* path of the private key */
    char *signer; /* the tenant whose key that is; NULL: the owner */
    uint32_t ack_ms; /* 0: as CoAP has it */
};

/* Finds the device that --to names: by its name, or by a coap:// URI; NULL: the current one.
 * config: the file; NULL: $XDG_CONFIG_HOME/atto/config.json, or in ~/.config
 * Reports what goes wrong and returns false. Free it either way. */
bool atto_context_find(struct atto_context_entry *entry, const char *config, const char *to);
void atto_context_free(struct atto_context_entry *entry);

/* A path below a directory of the user's: that of the environment variable, or else of `home_directory` in the home
 * directory, with atto/ and `name` behind it. To be freed. */
char *atto_context_path(const char *variable, const char *home_directory, const char *name);

/* Appends a name as a part of a path: whatever is not a letter, a digit, '-' or '_' becomes its hex digits behind a
 * '%'. */
void atto_context_put_part(struct atto_buffer *path, const char *name);

/* Makes the directories that a path is in, for the user alone. Reports and returns false if that is not possible. */
bool atto_context_make_directories(const char *path);

#endif
