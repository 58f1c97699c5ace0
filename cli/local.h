/* This process as a device: a firmware that offers the host calls of the SDK, and those that the user made up with
 * --call. Commands judge and run images against it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_LOCAL_H
#define ATTO_CLI_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/instance.h"
#include "atto/port.h"
#include "endpoints.h"

#define ATTO_ANSWERS_MAX 16u

/* A host call that answers a constant. */
struct atto_answer {
    uint32_t number;
    uint64_t value;
};

struct atto_answers {
    struct atto_answer list[ATTO_ANSWERS_MAX];
    uint32_t count;
};

/* Reads "ID=VALUE" (ID alone: answers 0). Reports and returns false if it is something else or one too many. */
bool atto_answers_add(struct atto_answers *answers, const char *text);

typedef void atto_log_fn(void *user, const char *text, uint32_t len);

struct atto_local {
    struct atto_firmware firmware;
    struct atto_call calls[ATTO_CALL_IDS];
    struct atto_call_table table;
    struct atto_port port;
    uint64_t answers[ATTO_ANSWERS_MAX];
    uint64_t prices; /* fuel that host calls have cost */
    struct board_rights rights; /* of what is installed: atto_local_rights */
    atto_log_fn *log;
    void *log_user;
};

/* A device with the calls of the SDK, unless the image is one of Femto-Container's, which number their calls
 * differently; and with the given answers. fuel: for an activation whose manifest names none. */
void atto_local_init(struct atto_local *local, bool sdk_calls, const struct atto_answers *answers, uint32_t fuel);

/* Gives what the manifest of an installed image asks for, see board_rights_make. */
void atto_local_rights(struct atto_local *local, const struct atto_manifest *manifest);

/* A device on which every host call exists. Nothing can be run on it. */
void atto_local_init_any(struct atto_local *local);

#endif
