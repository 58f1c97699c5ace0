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

/* Reads a SUIT_Digest that is SHA-256. False, and the cursor stands where it was refused. */
bool atto_suit_digest(struct atto_cbor *cbor, struct atto_span *digest);

/* Reads a sequence of this kind, with all its alternatives, without looking at what its conditions say. On a refusal the
 * cursor stands where it was refused.
 * Returns ATTO_OK, ATTO_E_ENVELOPE, or ATTO_E_UNSUPPORTED for a command or a parameter that is not known here. */
enum atto_status atto_sequence_read(struct atto_cbor *cbor, enum atto_sequence kind);

#endif
