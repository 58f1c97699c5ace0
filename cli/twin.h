/* A device with a flash, in this process: the library's own deployment on a flash in memory, with the endpoints and
 * host calls of the reference firmware. It judges and stores what it is given as any device does, and runs nothing of
 * it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_TWIN_H
#define ATTO_CLI_TWIN_H

#include "atto/deploy.h"
#include "buffer.h"
#include "keyfile.h"
#include "layout.h"
#include "memory_flash.h"

/* What its firmware decides. */
struct atto_twin_options {
    struct atto_layout layout;
    struct atto_identity identity;
    struct atto_keyfile owner; /* its public part */
    uint32_t tenant_count, component_count, pool_bytes;
    uint32_t now_s; /* seconds since 1970; 0: it has no clock */
};

struct atto_twin {
    const struct atto_twin_options *options;
    struct memory_flash memory;
    struct atto_storage storage;
    struct atto_firmware firmware;
    struct atto_engine_config engine_config;
    struct atto_engine engine;
    struct atto_deploy_config config;
    struct atto_deploy deploy;
    struct atto_buffer owner_key;
    void *pool;
    struct atto_twin_trial {       /* of each component */
        struct atto_buffer before;    /* its record before the boot, if it was on trial */
        enum atto_status rolled_back; /* why; ATTO_OK: it was not */
    } *trials;
};

/* Boots on the flash, whose bytes must stay in use and are changed. A flash without a log gets one if it is blank. A
 * boot here is no reset of the device: versions on trial keep their count. Reports what goes wrong and returns false;
 * also if the boot would give up a version that is on trial. Components that do not run are reported and are no
 * failure. Free the device in either case. */
bool atto_twin_boot(struct atto_twin *twin, const struct atto_twin_options *options, const char *path,
                      struct atto_buffer *flash);
void atto_twin_free(struct atto_twin *twin);

/* Installs an envelope; image: a file for one that names a URI in place of its image, or NULL. Says what was done, or
 * reports the refusal with its place and returns false. */
bool atto_twin_install(struct atto_twin *twin, const char *path, const struct atto_buffer *envelope,
                         const char *image);

/* The same with a signed command. */
bool atto_twin_command(struct atto_twin *twin, const char *path, const struct atto_buffer *command);

#endif
