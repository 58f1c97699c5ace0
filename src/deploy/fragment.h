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

/* Reads the head of an item of this type whose argument is this one. False: there is another one, or none. */
/*@ requires \valid(cbor) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> cbor->pos > \old(cbor->pos); */
bool atto_has_head(struct atto_cbor *cbor, enum atto_cbor_type type, uint32_t argument);

/* Reads the next key of a map, as atto_cbor_key does; *next - 1 is the key. It must be one of those whose bits `known` has.
 * Returns ATTO_OK; ATTO_E_UNSUPPORTED (another key), and the cursor has not moved; or `otherwise` (no key, or not in
 * order). */
/*@ requires \valid(cbor) && \valid(next) && \separated(cbor, next) && sound_reader(cbor) && otherwise != ATTO_OK;
    terminates \true; exits \false; assigns cbor->pos, *next;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK || \result == ATTO_E_UNSUPPORTED || \result == otherwise;
    ensures \result == ATTO_OK ==> 1 <= *next <= 32 && *next > \old(*next); */
enum atto_status atto_known_key(struct atto_cbor *cbor, uint32_t known, uint32_t *next, enum atto_status otherwise);

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
