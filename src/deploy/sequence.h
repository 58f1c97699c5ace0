/* Command sequences of SUIT manifests (draft-ietf-suit-manifest section 8.4): lists of commands that compare the device
 * with parameters, set parameters, and say what is to be done. Which commands may stand in a sequence depends on what it
 * is for.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_DEPLOY_SEQUENCE_H
#define ATTO_DEPLOY_SEQUENCE_H

#include "atto/envelope.h"
#include "atto/manifest.h"
#include "deploy/cose.h"

/* Commands; a sequence's are a set of their bits. */
enum {
    SUIT_VENDOR = 1,
    SUIT_CLASS = 2,
    SUIT_IMAGE_MATCH = 3,
    SUIT_ABORT = 14,
    SUIT_SET_COMPONENT = 12,
    SUIT_TRY_EACH = 15,
    SUIT_OVERRIDE = 20,
    SUIT_FETCH = 21,
    SUIT_INVOKE = 23,
    SUIT_DEVICE = 24
};

/* Reads a SUIT_Digest that is SHA-256: where its ATTO_SHA256_BYTES bytes are. False, and the cursor stands where it was
 * refused. */
/*@ requires \valid(cbor) && \valid(digest) && \separated(cbor, digest) && in_head(cbor);
    terminates \true; exits \false; assigns cbor->pos, *digest;
    ensures sound_reader(cbor);
    ensures \result ==> cbor->pos > \old(cbor->pos) + ATTO_SHA256_BYTES &&
                        inside(*digest, ATTO_SHA256_BYTES, cbor->bytes, head_end); */
bool atto_suit_digest(struct atto_cbor *cbor, const uint8_t **digest);

/* Reads a sequence of this kind, with all its alternatives, without looking at what its conditions say. On a refusal the
 * cursor stands where it was refused.
 * Returns ATTO_OK, ATTO_E_ENVELOPE, or ATTO_E_UNSUPPORTED for a command or a parameter that is not known here. */
/*@ requires \valid(cbor) && in_head(cbor) && kind < ATTO_SEQUENCES;
    terminates \true; exits \false; assigns cbor->pos, cbor->len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len); */
enum atto_status atto_sequence_read(struct atto_cbor *cbor, enum atto_sequence kind);

#endif
