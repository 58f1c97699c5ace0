/* The resources of a device, over CoAP: what runs on it, and everything that changes it. A handler for the server of
 * atto/coap_server.h in front of a deployment (atto/deploy.h). What changes something is an envelope or a signed
 * command, whoever sends it; reading is open, or takes a signed command too. docs/SPEC.md, section 21, has the
 * resources.
 *
 * A firmware has one loop:
 *
 *     for (;;) {
 *         engine_us = atto_engine_poll(&engine);
 *         manage_us = atto_manage_tick(&manage);
 *         wait until a datagram comes, or the earlier of the two, or port->wake was called since the poll;
 *         if one has come: atto_coap_server_input(&server, &peer, bytes, len);
 *     }
 *
 * atto_manage_tick calls atto_deploy_tick and atto_coap_server_tick. Nothing here is for several threads at a time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_MANAGE_H
#define ATTO_MANAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/coap_client.h"
#include "atto/coap_server.h"
#include "atto/deploy.h"

#define ATTO_MANAGE_CALL_BYTES 64u   /* context of a called entry point, at most */
#define ATTO_MANAGE_NO_ENDPOINT 255u /* as config.coap_endpoint: containers have no resources */

/* How long an envelope may hold the installer before its signature has been verified, if another one wants it. */
#define ATTO_MANAGE_PATIENCE_MS 3000u

struct atto_manage;

/* What the firmware decides. Constant, and in use as long as the resources. */
struct atto_manage_config {
    struct atto_deploy *deploy;      /* booted. Where its callbacks get `user`, `call` is atto_manage_call */
    struct atto_coap_server *server; /* its handler is atto_manage_handle, or calls it; its `abandon` likewise */
    /* Fetches images by their URI: atto_coap_fetch and a client whose `take` and `done` are those below. NULL: none are
     * fetched, and no client is linked. */
    enum atto_status (*fetch)(struct atto_coap_client *client, struct atto_span uri);
    struct atto_coap_client *client;
    const char *name, *version;      /* of the device and its firmware, for people */
    bool reading_is_open;            /* else reading is for the owner, and for tenants what is theirs */
    uint8_t coap_endpoint;           /* who may read of it has resources under /app; or ATTO_MANAGE_NO_ENDPOINT */
    uint32_t call_fuel;              /* for an entry point that is called by a command or as a resource, at most */
    uint32_t *seen;                  /* one for each component: what was seen of it; NULL: none is observed */
    /* Further resources: answers and returns true, or returns false for a path that is not its own. NULL: none. */
    bool (*more)(struct atto_manage *manage, struct atto_coap_request *request, struct atto_coap_reply *reply);
    bool tinycontainer_unsigned; /* of atto_manage_tinycontainer */
};

enum atto_manage_task {
    ATTO_MANAGE_FREE = 0,
    ATTO_MANAGE_COLLECTS = 1, /* a command that comes in blocks */
    ATTO_MANAGE_INSTALLS = 2, /* an envelope */
    ATTO_MANAGE_FETCHES = 3   /* the image of one, from its URI */
};

/* What an entry point that was called has left for the answer. */
struct atto_manage_call {
    int64_t status, value;
    struct atto_span output;
    _Alignas(8) uint8_t context[ATTO_MANAGE_CALL_BYTES];
};

/* Owned by the firmware; fields are the library's alone. */
struct atto_manage {
    const struct atto_manage_config *config;
    struct atto_manage_call *call; /* where `call` leaves its result; NULL: no command is being carried out */
    uint32_t since;      /* that the task is under way, in the server's units of time */
    uint32_t transfer;   /* of the task */
    uint32_t log_seen, trace_seen; /* numbers of the entries of the rings that observers do not know of */
    uint16_t ticket;     /* of the answer to the envelope whose image is fetched; 0: none */
    uint8_t task;        /* enum atto_manage_task */
    union {
        struct atto_installer installer;
        uint8_t command[ATTO_COMMAND_MAX];
    } work;
};

/* Makes the resources of a device that has booted. */
void atto_manage_init(struct atto_manage *manage, const struct atto_manage_config *config);

/* The handler: struct atto_coap_config, `handle` and `abandon`. user: the struct atto_manage. */
void atto_manage_handle(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply);
void atto_manage_abandon(void *user, uint32_t transfer);

/* Looks after everything that is not the engine's: trials, log, observers, retransmissions. To be called after every
 * poll of the engine and every datagram. Returns when it wants to be called next, in the port's microseconds;
 * ATTO_NEVER: not before something happens. */
uint64_t atto_manage_tick(struct atto_manage *manage);

/* Carries out the command `call`: struct atto_deploy_config, `call`. user: the struct atto_manage.
 * Returns ATTO_OK, whatever becomes of the activation; ATTO_E_ARGUMENT (the bytes are not those of SPEC.md section 21);
 * ATTO_E_NOT_FOUND (no such entry point); ATTO_E_STATE (the container is not running); ATTO_E_BUSY (it is in the
 * middle of an activation); as atto_engine_attach. */
enum atto_status atto_manage_call(void *user, struct atto_container *container, struct atto_span bytes);

/* TinyContainerNetwork's resource /container, as `more`: linked only where a firmware names it. Its options have to
 * be the server's own_option and own_options. Loads are verified by the tokens in their metadata; without tokens that
 * hold, and for all requests that have none (start, stop, delete), nothing is changed unless
 * config.tinycontainer_unsigned says so. docs/SPEC.md, section 22. */
#define ATTO_TINYCONTAINER_OPTION 65001u
#define ATTO_TINYCONTAINER_OPTIONS 6u
bool atto_manage_tinycontainer(struct atto_manage *manage, struct atto_coap_request *request,
                               struct atto_coap_reply *reply);

/* The client's callbacks: struct atto_coap_client_config. user: the struct atto_manage. */
enum atto_status atto_manage_take(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len, bool last);
void atto_manage_done(void *user, enum atto_status status, uint32_t code);

#endif
