/* A device to which containers are deployed: what is in flash becomes what runs. It takes envelopes and signed commands,
 * whoever brings them; what it accepts is true in flash with one program operation, and after a reset it runs what is
 * true there and nothing else. A new version is on trial until it reports healthy by its first heartbeat or has run for
 * a while; one that faults before, or does not survive ATTO_SLOT_TRIALS resets, is rolled back.
 *
 * Not for several threads at a time: all functions belong into the loop that polls the engine, or under one lock.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_DEPLOY_H
#define ATTO_DEPLOY_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/command.h"
#include "atto/crypto.h"
#include "atto/engine.h"
#include "atto/envelope.h"
#include "atto/service.h"
#include "atto/slots.h"
#include "atto/tenant_record.h"

#define ATTO_KEY_RECORD_MAX 128u /* bytes of a COSE_Key that a device keeps; none that can be read is longer */
#define ATTO_CEILING_ROWS 16u    /* of a tenant's ceiling of rights */

/* What is told to the firmware, for its log and for people; number: of the component, or of the tenant. */
enum atto_deploy_event {
    ATTO_DEPLOY_RUNS = 1,        /* a component is in the engine; status: ATTO_OK, or what starting it has answered */
    ATTO_DEPLOY_NOT_RUN = 2,     /* it is not: damaged, not as its digest says, refused by the engine, its tenant gone */
    ATTO_DEPLOY_ROLLED_BACK = 3, /* the version on trial is given up; status: its fault */
    ATTO_DEPLOY_HEALTHY = 4,
    ATTO_DEPLOY_REMOVED = 5,
    ATTO_DEPLOY_TENANT = 6,      /* a tenant's record, rotated key or counter is not to be used; status says why. 0: the
                                    owner's: none of its commands is taken any more */
    ATTO_DEPLOY_VALUE_LOST = 7,  /* there was no room to keep a value */
    ATTO_DEPLOY_REFUSED = 8,     /* an envelope or a command, which is in the audit trail too; number: of the tenant that
                                    it names, ATTO_NO_TENANT if it cannot be read or there is none */
    ATTO_DEPLOY_ATTACHED = 9,    /* it has to leave the engine, and is attached to hooks: if the firmware detaches it now,
                                    it leaves; else it stays, and whatever wanted that is refused or tried again */
    ATTO_DEPLOY_LOG = 10         /* boot has met a log that is not as it was left; number: of records that are damaged or
                                    were put right; 0: the last one alone, which power has cut off, or has a wrong bit */
};

#define ATTO_NO_TENANT UINT32_MAX
#define ATTO_COMPONENTS_MAX 255u

/* Memory for one tenant and for one component; the library's alone. Times are in ticks of 1.024 ms, the low 32 bits. */

/* Images that came for one sequence number or for lower ones. */
struct atto_deploy_tries {
    uint32_t sequence, count;
    uint32_t at; /* the last one */
};

struct atto_deploy_tenant {
    struct atto_signer signer; /* points into what follows */
    uint32_t keys;             /* how often its key was changed */
    uint8_t key_bytes[ATTO_KEY_RECORD_MAX];
    uint32_t components; /* names that it may have; 0: no limit */
    struct atto_deploy_tries tries; /* of names that are new */
    char name[ATTO_NAME_MAX + 1u];
    struct atto_right rights[ATTO_CEILING_ROWS];
};

struct atto_deploy_component {
    struct atto_container *container; /* NULL: it is not in the engine */
    uint32_t since;     /* that this version runs */
    uint32_t kept_at;   /* the last post-mortem */
    struct atto_deploy_tries tries;
    uint32_t pin;       /* bit of the slot that it runs from */
    uint16_t faults;    /* when it began */
    uint8_t heartbeats;
    uint8_t kept;  /* post-mortems, since the reset */
    uint8_t due;   /* what the next tick does */
    bool on_trial;
    bool revoked; /* its tenant is gone, and it goes as soon as it can */
};

struct atto_deploy_config {
    struct atto_engine *engine; /* without containers; its tenants are filled in */
    struct atto_records *records;
    struct atto_slots *slots;
    const struct atto_crypto *crypto;
    const struct atto_identity *identity;
    struct atto_span owner_key; /* the trust anchor: a COSE_Key; in force until the owner rotates it */
    uint32_t (*now_s)(void *user); /* seconds since 1970, 0 if not known; NULL: never known */
    void (*told)(void *user, enum atto_deploy_event event, uint32_t number, enum atto_status status); /* may be NULL */
    /* Carries out the command `call`: what its bytes mean is the firmware's affair. NULL: it is refused. */
    enum atto_status (*call)(void *user, struct atto_container *container, struct atto_span bytes);
    void *user;
    struct atto_deploy_tenant *tenants; /* as many as engine->config->tenant_count */
    struct atto_deploy_component *components;
    uint32_t component_count; /* names of containers that the device can ever know; at most ATTO_COMPONENTS_MAX */
    const struct atto_store *store; /* whose values stay; its `changed` is atto_deploy_value, its user the deployment */
    uint32_t trial_ms;        /* a version that has run so long (to 2 ms) without a fault is healthy; 0: a heartbeat alone
                                 says so */
};

struct atto_deploy {
    const struct atto_deploy_config *config;
    struct atto_engine *engine; /* these are the configuration's */
    struct atto_records *records;
    struct atto_slots *slots;
    struct atto_deploy_tenant *tenants;
    struct atto_deploy_component *components;
    uint32_t postmortems_seen;
    struct atto_deploy_tenant owner; /* its key; no more */
};

/* From any contents of flash to a running engine. Makes an empty log if there never was one.
 * Returns ATTO_OK, whatever became of single tenants and components, which is told; ATTO_E_ARGUMENT (component_count);
 * ATTO_E_COSE, ATTO_E_ALGORITHM or ATTO_E_UNSUPPORTED (the trust anchor); ATTO_E_LAYOUT (this flash was made for another
 * layout: nothing is written; only erasing the flash helps); or what keeps everything from running, as
 * atto_records_mount. Whether the layout is possible is not asked: atto_slots_is_sound. */
enum atto_status atto_deploy_boot(struct atto_deploy *deploy, const struct atto_deploy_config *config);

/* To be called now and then, at least once a second while a version is on trial: rolls back what has faulted, notes
 * what is healthy, and runs again what had to end because something failed in flash. */
void atto_deploy_tick(struct atto_deploy *deploy);

/* The version of the component with this number that runs is healthy, for a firmware that knows better.
 * Returns as atto_slots_confirm. */
enum atto_status atto_deploy_confirm(struct atto_deploy *deploy, uint32_t number);

/* The number of the component of these names, or ATTO_E_NOT_FOUND (negative). */
int32_t atto_deploy_find(const struct atto_deploy *deploy, const struct atto_component *component);

/* The names of component `number`; false: it has none. They point into flash, until something else is put there. */
bool atto_deploy_name(const struct atto_deploy *deploy, uint32_t number, struct atto_component *component);

/* ---- what stays ---- */

/* Keeps a value of a store, or that there is none any more: struct atto_store, `changed`. user: the deployment. Takes the
 * time that flash takes, in the slice of whoever has put the value; give rights to stores a rate, or a container wears
 * the flash out. */
void atto_deploy_value(void *user, uint32_t owner, uint32_t key, const uint8_t *value, uint32_t len);

/* The last post-mortem of a component that was kept: of the first fault since the reset; the next one is kept after a minute
 * at the soonest, and each time it takes twice as long, up to 17 hours. false: there is none. */
bool atto_deploy_postmortem(const struct atto_deploy *deploy, uint32_t number, struct atto_postmortem *postmortem);

/* ---- installing ---- */

enum atto_install_state {
    ATTO_INSTALL_HEAD = 0,  /* the head of an envelope is to come */
    ATTO_INSTALL_IMAGE = 1, /* the image is to come: from behind the head, or from order.uri; a slot is open for it */
    ATTO_INSTALL_OVER = 2   /* it was refused, or is done */
};

/* One envelope on its way. Owned by the caller; the first members, up to order, are to be read. */
struct atto_installer {
    struct atto_deploy *deploy;
    enum atto_install_state state;
    struct atto_refusal refusal; /* where in the head it was refused */
    uint32_t component; /* from ATTO_INSTALL_IMAGE on */
    int32_t tenant;     /* whose it is, once the head was read and there is such a one */
    uint32_t keys;      /* which one of its keys has verified the signature */
    uint32_t head_len; /* from ATTO_INSTALL_IMAGE on: of the whole head */
    struct atto_order order;
    struct atto_component names;  /* of the component */
    struct atto_span names_cbor;
    struct atto_slot_writer writer;
    _Alignas(8) uint8_t head[ATTO_ENVELOPE_HEAD_MAX];
};

void atto_install_begin(struct atto_installer *installer, struct atto_deploy *deploy);

/* Takes the next bytes of the envelope, or of the image that was fetched. Signature, conditions and sequence number are
 * judged as soon as the head is complete, and only then is flash touched. After a refusal the installer is over, and
 * nothing has changed. A head that cannot be read is refused when ATTO_ENVELOPE_HEAD_MAX bytes or all have come.
 * Returns ATTO_OK; what atto_envelope_read, _verify and _judge return; ATTO_E_SIGNER (no such tenant); ATTO_E_QUOTA (it
 * has as many containers as it may, or ATTO_INSTALL_TRIES images came for this sequence number or lower ones and none
 * was good); ATTO_E_LENGTH (more bytes than were announced); ATTO_E_NO_SPACE, ATTO_E_FLASH, ATTO_E_DAMAGED; ATTO_E_STATE
 * (it is over). */
enum atto_status atto_install_bytes(struct atto_installer *installer, const uint8_t *bytes, uint32_t len);

/* All bytes are there. Compares the digest of what is in flash, lets the engine judge the image where it lies, and makes
 * it true. The new version runs if the envelope says so; changes of rights and schedule that were made to an older one
 * are gone. The installer is over, whatever this returns.
 * report: of the engine; may be NULL
 * Returns ATTO_OK; ATTO_E_BUSY (another installer was faster, or a key was changed meanwhile: send it again);
 * ATTO_E_LENGTH (bytes are missing); as atto_envelope_read (the head is not one); ATTO_E_DIGEST; as atto_engine_install or
 * _update; as atto_slots_commit. With any but ATTO_OK nothing has changed; only if flash has no room or fails, the version
 * that ran has ended, and begins a new life in the next atto_deploy_tick. */
enum atto_status atto_install_finish(struct atto_installer *installer, struct atto_report *report);

/* Gives it up: to be called if atto_install_finish is not. */
void atto_install_abandon(struct atto_installer *installer);

/* ---- commands ---- */

/* Reads, verifies, judges and carries out a signed command. The counter and what the command changes become true
 * together.
 * refusal: where in the command; may be NULL
 * Returns ATTO_OK; what atto_command_read, _verify and _judge return; ATTO_E_SIGNER (no such tenant); ATTO_E_NOT_FOUND (no
 * such container or tenant); ATTO_E_BUSY (it is attached to a hook); ATTO_E_ARGUMENT (a tenant's id, name or ceiling that
 * this device has no room for, or whose id or name another one has); as the engine's call; what `call` of the
 * configuration returns, ATTO_E_UNSUPPORTED (there is none); ATTO_E_NO_SPACE, ATTO_E_FLASH. With any but ATTO_OK nothing
 * has changed; only a container that was to be removed begins a new life in the next atto_deploy_tick if flash has no
 * room or fails. But the counter is used up if all but the last step has succeeded: what was refused once is refused
 * for good. */
enum atto_status atto_deploy_command(struct atto_deploy *deploy, const uint8_t *bytes, uint32_t len,
                                     struct atto_refusal *refusal);

#endif
