/* A device in a test: an engine in simulated time, flash in RAM whose power can be cut, envelopes and commands made from
 * pieces. What is in flash is all that stays over a reset.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DEPLOY_WORLD_H
#define TESTS_DEPLOY_WORLD_H

#include "atto/deploy.h"
#include "engine_world.h"
#include "flash_world.h"
#include "suit_bytes.h"

#define DEPLOY_COMPONENTS 4u
#define DEPLOY_TENANTS 2u
#define DEPLOY_SLOTS 7u
#define DEPLOY_SLOT_BYTES 1024u

/* What a program does. Each keeps its version in the first word of its data. */
enum deploy_program {
    PROGRAM_GOOD,  /* its start beats */
    PROGRAM_QUIET, /* its start does not */
    PROGRAM_BAD,   /* its start faults */
    PROGRAM_ALIEN, /* makes a host call that there is not */
    PROGRAM_SERVED /* has entry points that are called: add, bad, say, coap */
};

struct deploy_world {
    struct world world;
    struct flash_world flash;
    struct atto_records records;
    struct atto_slots slots;
    struct atto_audit_record denials[4];
    struct atto_tenant engine_tenants[DEPLOY_TENANTS];
    struct atto_deploy_tenant tenants[DEPLOY_TENANTS];
    struct atto_deploy_component components[DEPLOY_COMPONENTS];
    struct atto_deploy_config config;
    struct atto_deploy deploy;
    struct atto_store store;
    struct atto_store_state store_state;
    _Alignas(4) uint8_t store_bytes[512];
    struct atto_installer installer;
    struct atto_refusal refusal;
    struct image_bytes image; /* that the last envelope had */
    struct suit_bytes suit;
    uint32_t told[ATTO_DEPLOY_LOG + 1u], last_number;
    enum atto_status last_told;
    uint32_t counter; /* of the next command */
    struct atto_hook *hook; /* what is attached to it is detached when the deployment asks for that */
    struct atto_attachment *attachment;
    uint32_t called;  /* commands `call` that came here */
    uint32_t now_s;
};
extern struct deploy_world dw;

/* Flash is blank; the device has booted; tenants "acme" (1, key suit_acme) and "other" (2, key suit_other) are not
 * enrolled yet. The owner's key is `deploy_owner`. */
void deploy_begin(void);
extern const struct atto_key deploy_owner;
/* Power goes and comes back; it fails again at operation `cut_at` of flash (0: never). */
enum atto_status deploy_reset(uint32_t cut_at, enum flash_tear tear);
/* The same with dw.records, dw.slots and the geometry of dw.flash as they are, that is after another one has changed
 * where they are. */
enum atto_status deploy_boot(void);
/* Enrols one of the tenants, or both, each with the right to read and write of "memory" as its ceiling. */
enum atto_status deploy_enrol_one(uint32_t id);
/* Any other one, or the same with another record: with a key that has an id of 8 bytes, and these operations on "memory". */
enum atto_status deploy_enrol_as(uint32_t id, const char *name, const struct atto_key *key, uint32_t operations);
enum atto_status deploy_enrol(void);

/* Makes an envelope in dw.suit, for this tenant and container ("" for the owner's), signed with `key`. */
void deploy_pack(const char *tenant, const char *container, uint32_t sequence, enum deploy_program program,
                 const struct atto_key *key);
/* Sends dw.suit.bytes in pieces of so many bytes. */
enum atto_status deploy_send(uint32_t piece);
/* Both. */
enum atto_status deploy_install(const char *tenant, const char *container, uint32_t sequence,
                                enum deploy_program program);

/* A signed command: `tenant` signs ("" for the owner), with dw.counter, which goes on. arguments: keys 5
 * and 6 of the map. */
enum atto_status deploy_command(const char *tenant, const struct atto_key *key, const void *arguments, uint32_t len);
/* Its bytes alone, at most ATTO_COMMAND_MAX, with dw.counter, which stays; and the arguments of an operation on a container,
 * at most 256 - 200 + len. Both return the length. */
uint32_t deploy_sign(const char *tenant, const struct atto_key *key, const void *arguments, uint32_t len,
                     uint8_t *bytes);
uint32_t deploy_arguments(enum atto_command_operation operation, const char *owner, const char *container,
                          const void *more, uint32_t len, uint8_t *arguments);
const struct atto_key *deploy_key(const char *tenant); /* "": the owner's */
/* The same on a container, with the tenant's own key. more: behind the container, `len` bytes. */
enum atto_status deploy_order(const char *tenant, enum atto_command_operation operation, const char *owner,
                              const char *container, const void *more, uint32_t len);

/* Lets containers run for so long, and the deployment look after them. */
void deploy_run(uint32_t ms);

/* The container of this name in the engine, or NULL; and the version that its program has noted, 0 if it did not run. */
struct atto_container *deploy_container(const char *tenant, const char *container);
uint32_t deploy_version(const char *tenant, const char *container);

/* What is true on a device that has just booted: in flash, and what the engine has made of it. */
struct deploy_truth {
    uint32_t sequence[DEPLOY_COMPONENTS]; /* the highest ever */
    uint32_t version[DEPLOY_COMPONENTS];  /* that is installed; 0: none */
    uint32_t state[DEPLOY_COMPONENTS], engine[DEPLOY_COMPONENTS];
    uint32_t operations[DEPLOY_COMPONENTS], priority[DEPLOY_COMPONENTS];
    uint32_t key[DEPLOY_TENANTS + 1u];    /* from its middle, the owner's first; 0: there is none */
    uint32_t ceiling[DEPLOY_TENANTS];     /* operations of its first row; 0: none */
    uint32_t counter[DEPLOY_TENANTS + 1u];
    uint32_t free_slots;
};
struct deploy_truth deploy_truth_now(void);
bool deploy_same_truth(const struct deploy_truth *a, const struct deploy_truth *b);

#endif
