/* The audit trail: what was refused to containers and to senders, and how their rights were changed. Two rings of
 * records in memory of the firmware, so that a container that is refused a thousand things cannot push the changes out.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_AUDIT_H
#define ATTO_AUDIT_H

#include <stdint.h>

#define ATTO_AUDIT_NO_HANDLE 255u /* as handle: the call takes none, or a larger number was given */

#define ATTO_AUDIT_NOBODY 255u    /* as actor: nobody who is known */

enum atto_audit_kind {
    ATTO_AUDIT_DENIED = 0,  /* a host call; code: its number; status says why */
    ATTO_AUDIT_RIGHT = 1,   /* a right was set; handle; code: the new generation */
    ATTO_AUDIT_CEILING = 2, /* a tenant's ceiling was set; container is 0; code: the tenant */
    ATTO_AUDIT_INSTALL = 3, /* a container got its first rights; code: its tenant */
    ATTO_AUDIT_REFUSED = 4  /* an envelope or a command; container is 0; code: the tenant that it names, 255 if there is
                               none such, which anybody can claim; actor: whose signature holds; status says why */
};

struct atto_audit_record {
    uint64_t time_us;   /* of the last one that it stands for */
    uint16_t container; /* its id */
    uint16_t count;     /* refusals that it stands for, all alike, of containers in a row; up to 65,535 */
    uint8_t kind;       /* enum atto_audit_kind */
    uint8_t code;
    uint8_t handle;
    int8_t status; /* enum atto_status of a refusal */
    uint8_t actor; /* who made the change, as the caller said: a tenant's number, 0 the owner; of ATTO_AUDIT_DENIED 0 */
};

#endif
