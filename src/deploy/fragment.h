/* Pieces that envelopes, commands and tenant records have in common: components, and strings whose content has a reader of
 * its own: keys, and manifests that have one member, rights or a schedule.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_DEPLOY_FRAGMENT_H
#define ATTO_DEPLOY_FRAGMENT_H

#include <string.h>

#include "atto/command.h"
#include "base/cbor.h"

/* The same bytes? */
/*@ requires readable(a.ptr, a.len) && readable(b.ptr, b.len);
    terminates \true; exits \false; assigns \nothing; */
static inline bool atto_same_span(struct atto_span a, struct atto_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Reads the head of a string and hands its content to its reader. kind: ATTO_TAKES_KEY, ATTO_TAKES_RIGHTS or
 * ATTO_TAKES_SCHEDULE.
 * On a refusal the cursor stands where it was refused, in the string.
 * Returns ATTO_OK; ATTO_E_COMMAND (no string); or what the reader says. */
/*@ requires \valid(cbor) && \valid(fragment) && \separated(cbor, fragment) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, fragment->ptr, fragment->len;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> inside(fragment->ptr, fragment->len, cbor->bytes, cbor->len); */
enum atto_status atto_fragment_read(struct atto_cbor *cbor, enum atto_command_arguments kind,
                                    struct atto_span *fragment);

/* Reads a component: a container's name, or its tenant's and its own. On a refusal the cursor stands where it was
 * refused. */
/*@ requires \valid(cbor) && \valid(component) && \separated(cbor, component) && sound_reader(cbor);
    requires component->tenant.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, component->tenant.ptr, component->tenant.len, component->container.ptr,
            component->container.len;
    ensures sound_reader(cbor);
    ensures \result ==> cbor->pos > \old(cbor->pos);
    ensures \result ==> inside(component->tenant.ptr, component->tenant.len, cbor->bytes, cbor->len) &&
                        inside(component->container.ptr, component->container.len, cbor->bytes, cbor->len); */
bool atto_component_read(struct atto_cbor *cbor, struct atto_component *component);

#endif
