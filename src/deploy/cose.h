/* What the parsers of this room share: reading a COSE_Sign1 in the middle of something else, and comparing names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_DEPLOY_COSE_H
#define ATTO_DEPLOY_COSE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "atto/cose.h"
#include "base/cbor.h"
#include "image/formats.h"

/* Have these bytes this SHA-256 (ATTO_SHA256_BYTES bytes)? */
bool atto_digest_holds(const struct atto_crypto *crypto, struct atto_span bytes, const uint8_t *digest);

/* Reads a COSE_Sign1 with its tag. On a refusal the cursor stands where it was refused.
 * Returns ATTO_OK, ATTO_E_COSE, ATTO_E_ALGORITHM or ATTO_E_UNSUPPORTED. */
/*@ requires \valid(cbor) && \valid(sign1) && \separated(cbor, sign1) && sound_reader(cbor);
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, sign1->protected_header.ptr, sign1->protected_header.len, sign1->kid.ptr,
            sign1->kid.len, sign1->payload.ptr, sign1->payload.len, sign1->signature, sign1->algorithm;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK || \result == ATTO_E_COSE || \result == ATTO_E_ALGORITHM ||
            \result == ATTO_E_UNSUPPORTED;
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && sound_sign1(sign1, cbor->bytes, cbor->len); */
enum atto_status atto_cose_read(struct atto_cbor *cbor, struct atto_sign1 *sign1);

#endif
