/* The device that attod is, without the process around it: what a firmware has, with sizes for a Linux machine.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTOD_H
#define ATTOD_H

#include "atto/manage.h"
#include "board.h"
#include "endpoints.h"

#define ATTOD_VERSION "0.1.0"
#define ATTOD_TENANTS 8u
#define ATTOD_COMPONENTS 32u

/* How the flash is used, which `atto fsck` has to be told: --area 16384 --slot 32768 --slot-count 15. */
#define ATTOD_AREA_BYTES 16384u
#define ATTOD_SLOT_BYTES 32768u
#define ATTOD_SLOTS 15u
_Static_assert(2u * ATTOD_AREA_BYTES + ATTOD_SLOTS * ATTOD_SLOT_BYTES <= BOARD_FLASH_BYTES, "it fits");

struct attod_options {
    const char *address;
    uint16_t port;
    const char *flash;
    const char *name;
    uint8_t owner_key[ATTO_KEY_RECORD_MAX];
    uint32_t owner_key_len;
    struct atto_identity identity;
    bool reading_is_open, tinycontainer, tinycontainer_unsigned;
    uint32_t block_bytes;
    uint32_t trial_ms;
};

/* Reads the command line. Returns -1: go on; else the process's exit status, and what there is to say is said. */
int attod_options_read(struct attod_options *options, int argc, char **argv);

/* The endpoint that resources of containers are about, behind those of the board. */
#define ATTOD_ENDPOINT_COAP BOARD_ENDPOINTS
#define ATTOD_ENDPOINTS (BOARD_ENDPOINTS + 1u)

struct attod {
    const struct attod_options *options;
    uint64_t began_us;
    bool has_run;  /* the time of the first instruction was told */
    bool is_due;   /* the engine has said so since it was polled */
    uint32_t printed; /* number of the line of the log that is printed next */
    int udp;
    struct atto_port port;
    struct atto_endpoint endpoints[ATTOD_ENDPOINTS];
    struct atto_firmware firmware;
    struct atto_engine_config engine_config;
    struct atto_engine engine;
    struct atto_store store;
    struct atto_records records;
    struct atto_slots slots;
    struct atto_deploy_config deploy_config;
    struct atto_deploy deploy;
    struct atto_coap_config server_config;
    struct atto_coap_server server;
    struct atto_coap_client_config client_config;
    struct atto_coap_client client;
    struct atto_manage_config manage_config;
    struct atto_manage manage;
    struct atto_deploy_component components[ATTOD_COMPONENTS];
};

/* Boots. false: it cannot, and why is said. options: stay in use. began_us: when the process did. */
bool attod_begin(struct attod *device, const struct attod_options *options, int udp, uint64_t began_us);

/* Does what is due. Returns when there is more, if nothing comes before. */
uint64_t attod_work(struct attod *device);

#endif
