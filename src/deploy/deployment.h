/* What boot, installer and commands share. Private to src/deploy.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_DEPLOY_DEPLOYMENT_H
#define ATTO_DEPLOY_DEPLOYMENT_H

#include <string.h>

#include "atto/deploy.h"
#include "deploy/cose.h"
#include "deploy/fragment.h"

/* A component's name record: whether it is to run (1 byte), and the component in CBOR as in an envelope. */
#define ATTO_NAME_RECORD_MAX (1u + ATTO_COMPONENT_CBOR_MAX)
#define ATTO_NAME_INVOKE 1u

struct atto_name_record {
    bool invoke;
    struct atto_component component;
};

/* ATTO_OK, ATTO_E_NOT_FOUND or ATTO_E_DAMAGED. */
enum atto_status atto_name_record_get(const struct atto_deploy *deploy, uint32_t number, struct atto_name_record *name);
/* Writes one. component: in CBOR. */
struct atto_name_bytes {
    struct atto_span value;
    uint8_t bytes[ATTO_NAME_RECORD_MAX];
};
void atto_name_record_make(struct atto_name_bytes *bytes, bool invoke, struct atto_span component);

static inline struct atto_record atto_record_without(enum atto_record_kind kind, uint32_t number)
{
    return (struct atto_record){ ATTO_RECORD_KEY(kind, number), { NULL, 0 } };
}

/* What is known of a component's name. */
struct atto_place {
    int32_t number; /* its own, or ATTO_E_NOT_FOUND */
    int32_t free;   /* one that no name has; ATTO_E_NO_SPACE: all are taken; ATTO_E_DAMAGED: its own may be among those that
                       are damaged, and it must not begin anew */
    uint32_t siblings; /* names of its tenant */
};
struct atto_place atto_deploy_look_up(const struct atto_deploy *deploy, const struct atto_component *component);

void atto_deploy_tell(const struct atto_deploy *deploy, enum atto_deploy_event event, uint32_t number,
                      enum atto_status status);

/* An envelope or a command was refused. tenant: that it names, or ATTO_NO_TENANT. */
void atto_deploy_refused(const struct atto_deploy *deploy, uint32_t tenant, enum atto_status status);

/* The tenant of this name: its number, 0 for the empty name, which is the owner's; ATTO_E_NOT_FOUND (negative). */
int32_t atto_deploy_tenant_named(const struct atto_deploy *deploy, struct atto_span name);
/* What is in memory of a tenant, or of the owner, by its number. */
struct atto_deploy_tenant *atto_deploy_tenant(const struct atto_deploy *deploy, uint32_t tenant);

/* Keeps a tenant's key, or the owner's, whose bytes are a COSE_Key. ATTO_E_ARGUMENT: it is too long; else as
 * atto_key_read, and then there is none. */
enum atto_status atto_deploy_keep_key(struct atto_deploy *deploy, uint32_t tenant, struct atto_span bytes);
/* Reads a tenant's record; and can the device have such a tenant? */
enum atto_status atto_deploy_read_tenant(const struct atto_deploy *deploy, struct atto_span bytes,
                                         struct atto_tenant_record *record);
/* Puts a tenant's record, which was read so, in force, or one that is empty but for the id; its containers' rights are
 * cut. */
void atto_deploy_enrol(struct atto_deploy *deploy, const struct atto_tenant_record *record);
/* Puts in force what flash has of a tenant: its record, and its key if that was rotated. */
enum atto_status atto_deploy_boot_tenant(struct atto_deploy *deploy, uint32_t number, struct atto_span value);
/* Removes the containers of a tenant, or of all that there are not (of: NULL), and values that nobody has any more. What
 * cannot go now goes in a later tick; false: there is such a one. */
bool atto_deploy_remove_all(struct atto_deploy *deploy, const struct atto_span *of);
/* Removes one, from the engine and then from flash, where `together` becomes true in the same moment (NULL: nothing
 * does). If flash refuses, it is due. ATTO_E_NOT_FOUND: it is not installed; ATTO_E_BUSY, ATTO_E_NO_SPACE,
 * ATTO_E_FLASH. */
enum atto_status atto_deploy_remove(struct atto_deploy *deploy, uint32_t number, const struct atto_record *together);

/* Rights that are changed at run time, of a manifest that has nothing else, one after the other: those that it does not
 * name are taken away. Stops at the first that the engine refuses. */
enum atto_status atto_deploy_set_rights(struct atto_deploy *deploy, struct atto_container *container,
                                        struct atto_span changed, uint8_t actor);

/* Lets the engine run an image as this component, in place of what it runs as it. */
enum atto_status atto_deploy_run(struct atto_deploy *deploy, uint32_t number, const struct atto_install *request,
                                 struct atto_report *report);
/* A version has come into the engine: it is started if it is to run, and looked after. */
void atto_deploy_begin(struct atto_deploy *deploy, uint32_t number, bool invoke, bool on_trial);
/* A trial begins anew. info: of the container, from just before. */
void atto_deploy_watch(struct atto_deploy *deploy, uint32_t number, const struct atto_container_info *info);

/* Ticks of a component's times: a shift, and 32 bits, in place of a division of 64. */
#define ATTO_DEPLOY_TICKS(us) ((uint32_t)((uint64_t)(us) >> 10))
uint32_t atto_deploy_now(const struct atto_deploy *deploy);
/* Puts kept values back into the store: those of a component that has come into the engine; ATTO_NO_COMPONENT: the
 * device's and its tenants'. */
#define ATTO_NO_COMPONENT (-1)
void atto_deploy_restore(const struct atto_deploy *deploy, int32_t number);
/* Deletes values of components that are not installed, and of tenants that there are not: another one may get the
 * number. */
void atto_deploy_forget(struct atto_deploy *deploy);
/* Keeps post-mortems that are new. */
void atto_deploy_keep_postmortems(struct atto_deploy *deploy);
/* What the next tick does with a component: nothing; runs what flash says of it, because the engine does not have it any
 * more; the same, and it counts as a start if the version is on trial, because it has faulted. Not at once, because what
 * is under way then has taken its stack. */
enum { ATTO_NOT_DUE = 0, ATTO_DUE = 1, ATTO_DUE_COUNTED = 2 };

/* Takes a component out of the engine. ATTO_E_BUSY: it is attached to a hook, or in the middle of a slice. */
enum atto_status atto_deploy_take_out(struct atto_deploy *deploy, uint32_t number);

#endif
