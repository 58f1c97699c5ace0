/* Signed commands: everything that changes a device and is not an envelope. A COSE_Sign1 over the device, the tenant that
 * signs, a counter and an operation with its arguments. Read, verify and judge are three steps, as for envelopes; after
 * them the caller stores the counter, and only then does what the command says. docs/SPEC.md has the CDDL.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_COMMAND_H
#define ATTO_COMMAND_H

#include <stdint.h>

#include "atto/cose.h"
#include "atto/envelope.h"
#include "atto/identity.h"
#include "atto/span.h"
#include "atto/status.h"

#define ATTO_COMMAND_MAX 672u /* bytes of the longest command there can be */

/* What an operation has as arguments. */
enum atto_command_arguments {
    ATTO_TAKES_COMPONENT = 0, /* a container */
    ATTO_TAKES_RIGHTS = 1,    /* a container, and a manifest with rights alone */
    ATTO_TAKES_SCHEDULE = 2,  /* a container, and a manifest with a schedule alone */
    ATTO_TAKES_KEY = 3,       /* a COSE_Key */
    ATTO_TAKES_TENANT = 4,    /* a tenant record */
    ATTO_TAKES_NAME = 5,      /* a name */
    ATTO_TAKES_BYTES = 6      /* a container, and bytes */
};

/* X(number, NAME, name, whether tenants may, arguments). The owner may do each of them, and to every container; a tenant
 * those that say so, and to its own containers.
 *
 * start, stop, pause, resume   the life of a container
 * remove         it and its image go; its sequence number and its store stay
 * set_rights     its rights become these, as far as its tenant's ceiling allows
 * set_schedule   its schedule, with all limits of time and fuel, becomes this one
 * rotate_key     the signer's key becomes this one; the counter goes on
 * set_tenant     a tenant is enrolled, or the one with this id gets another key or other ceilings
 * revoke_tenant  a tenant goes, with its containers; its counter and sequence numbers stay
 * call           one of its entry points is called; what the bytes mean is said where the answer goes: SPEC.md, section 21
 * read           nothing is changed, and the counter does not go on: the signer may read what has this name */
#define ATTO_COMMANDS(X)                                            \
    X(1, START, start, 1, ATTO_TAKES_COMPONENT)                     \
    X(2, STOP, stop, 1, ATTO_TAKES_COMPONENT)                       \
    X(3, PAUSE, pause, 1, ATTO_TAKES_COMPONENT)                     \
    X(4, RESUME, resume, 1, ATTO_TAKES_COMPONENT)                   \
    X(5, REMOVE, remove, 1, ATTO_TAKES_COMPONENT)                   \
    X(6, SET_RIGHTS, set-rights, 1, ATTO_TAKES_RIGHTS)              \
    X(7, SET_SCHEDULE, set-schedule, 1, ATTO_TAKES_SCHEDULE)        \
    X(8, ROTATE_KEY, rotate-key, 1, ATTO_TAKES_KEY)                 \
    X(9, SET_TENANT, set-tenant, 0, ATTO_TAKES_TENANT)              \
    X(10, REVOKE_TENANT, revoke-tenant, 0, ATTO_TAKES_NAME)         \
    X(11, CALL, call, 1, ATTO_TAKES_BYTES)                          \
    X(12, READ, read, 1, ATTO_TAKES_NAME)
#define ATTO_COMMAND_LAST 12u

enum atto_command_operation {
#define ATTO_COMMAND_ENUM(number, capitals, name, tenants, arguments) ATTO_COMMAND_##capitals = (number),
    ATTO_COMMANDS(ATTO_COMMAND_ENUM)
#undef ATTO_COMMAND_ENUM
};

/* A command that was read: it points into its bytes. */
struct atto_command {
    const uint8_t *device_id;     /* ATTO_IDENTITY_BYTES bytes */
    struct atto_span tenant;      /* who signs, by name; empty: the owner */
    uint32_t counter;
    uint32_t expiry_s;            /* the last second in which it may be done, since 1970; 0: it does not expire */
    enum atto_command_operation operation;
    struct atto_component component; /* of operations on a container */
    struct atto_span argument;    /* what the operation takes else: bytes that its own reader has accepted, or a name */
    struct atto_sign1 signature;
};

/*@ predicate sound_command(struct atto_command *command, uint8_t *bytes, integer len) =
        (command->device_id == \null || inside(command->device_id, ATTO_IDENTITY_BYTES, bytes, len)) &&
        inside(command->tenant.ptr, command->tenant.len, bytes, len) &&
        inside(command->component.tenant.ptr, command->component.tenant.len, bytes, len) &&
        inside(command->component.container.ptr, command->component.container.len, bytes, len) &&
        inside(command->argument.ptr, command->argument.len, bytes, len) &&
        0 <= command->operation <= ATTO_COMMAND_LAST; */

/* Reads a command: all of it, and nothing behind it. Arguments are read by the readers of what they are.
 * command: points into `bytes`, which must stay as they are as long as it is used
 * refusal: where, in bytes; may be NULL
 * Returns ATTO_OK; ATTO_E_COMMAND; ATTO_E_UNSUPPORTED (an operation or a key that is not known); ATTO_E_COSE,
 * ATTO_E_ALGORITHM (its signature); ATTO_E_MANIFEST (rights, schedule); and as atto_key_read and atto_tenant_record_read. */
/*@ requires readable(bytes, len) && \valid(command) && (refusal == \null || \valid(refusal));
    requires \separated(command, refusal, bytes + (0 .. len - 1));
    terminates \true; exits \false; assigns *command, *refusal;
    ensures \result == ATTO_OK ==> sound_command(command, bytes, len);
    ensures \result == ATTO_OK ==> command->device_id != \null;
    ensures \result == ATTO_OK ==> sound_sign1(&command->signature, bytes, len); */
enum atto_status atto_command_read(const uint8_t *bytes, uint32_t len, struct atto_command *command,
                                   struct atto_refusal *refusal);

/* Verifies that the command is what the signer has signed.
 * Returns ATTO_OK; ATTO_E_SIGNER (it says that another one has); and as atto_cose_verify. */
enum atto_status atto_command_verify(const struct atto_command *command, const struct atto_signer *signer,
                                     const struct atto_crypto *crypto);

/* So far over the last counter may the next one be: whoever signs goes by a number that a device has told, and nobody
 * signs for that; an answer that lies cannot use all counters up. */
#define ATTO_COUNTER_STEP_MAX 65536u

/* What a command is judged by. */
struct atto_command_conditions {
    const struct atto_identity *identity;
    uint32_t counter; /* of the last command of this signer that was accepted; 0: there was none */
    uint32_t now_s;   /* seconds since 1970; 0: not known, and then a command that expires is refused */
};

/* Judges a command that was verified, and changes nothing.
 * Returns ATTO_OK; ATTO_E_DEVICE (for another one); ATTO_E_SEQUENCE (the counter is not over the last one: replayed, or
 * overtaken; or it is more than ATTO_COUNTER_STEP_MAX over it); ATTO_E_EXPIRED; ATTO_E_DENIED (a tenant may not do that, or the container is not the tenant's). */
enum atto_status atto_command_judge(const struct atto_command *command,
                                    const struct atto_command_conditions *conditions);

#endif
