/* COSE structures (RFC 9052, RFC 9053) as far as envelopes and commands need them: COSE_Sign1 with one of two
 * algorithms, and public keys as COSE_Key. The algorithm is the key's; what a message says of it must agree, so that no
 * message chooses how it is verified. docs/SPEC.md has the CDDL.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_COSE_H
#define ATTO_COSE_H

#include <stdint.h>

#include "atto/crypto.h"
#include "atto/span.h"
#include "atto/status.h"

#define ATTO_KID_MAX 32u             /* bytes of a key id */
#define ATTO_COSE_PAYLOAD_MAX 512u   /* bytes that can be signed */
#define ATTO_COSE_PROTECTED_MAX 48u  /* bytes of a protected header */

/* A COSE_Sign1 that was read: spans into its bytes. */
struct atto_sign1 {
    struct atto_span protected_header; /* the content of its string, as it is signed */
    struct atto_span kid;              /* empty: it names no key */
    struct atto_span payload;          /* ptr is NULL if it is detached */
    const uint8_t *signature;          /* ATTO_SIGNATURE_BYTES bytes */
    enum atto_algorithm algorithm;
};

/*@ predicate sound_sign1(struct atto_sign1 *sign1, uint8_t *bytes, integer len) =
        inside(sign1->protected_header.ptr, sign1->protected_header.len, bytes, len) &&
        inside(sign1->kid.ptr, sign1->kid.len, bytes, len) &&
        inside(sign1->payload.ptr, sign1->payload.len, bytes, len) &&
        inside(sign1->signature, ATTO_SIGNATURE_BYTES, bytes, len);

    predicate sound_key(struct atto_key *key, uint8_t *bytes, integer len) =
        inside(key->kid.ptr, key->kid.len, bytes, len) && inside(key->x, ATTO_COORDINATE_BYTES, bytes, len) &&
        (key->algorithm == ATTO_EDDSA ||
         (key->algorithm == ATTO_ES256 && inside(key->y, ATTO_COORDINATE_BYTES, bytes, len))); */

/* Who may have signed something: a tenant by its name, or the owner of the device, whose name is empty; and the key. */
struct atto_signer {
    struct atto_span name;
    struct atto_key key;
};

/* Verifies a signature of `payload` (RFC 9052 section 4.4, without external data).
 * Returns ATTO_OK; ATTO_E_ALGORITHM (not the key's); ATTO_E_SIGNER (key and signature both have a key id, and not the
 * same); ATTO_E_ARGUMENT (payload or protected header are longer than the maxima above); ATTO_E_SIGNATURE. */
enum atto_status atto_cose_verify(const struct atto_sign1 *sign1, struct atto_span payload, const struct atto_key *key,
                                  const struct atto_crypto *crypto);

/* Reads a public key: a COSE_Key (RFC 9052 section 7) of type OKP on Ed25519 or EC2 on P-256, uncompressed, in
 * deterministic encoding. Refused are private keys, other types and curves, coordinates that do not have 32 bytes, keys of
 * the map that are unknown, missing, doubled or out of order, and an algorithm that is not that of the curve.
 * key: points into `bytes`
 * refusal: where, in bytes; may be NULL
 * Returns ATTO_OK, ATTO_E_COSE, ATTO_E_ALGORITHM or ATTO_E_UNSUPPORTED. */
/*@ requires readable(bytes.ptr, bytes.len) && \valid(key) && (refusal == \null || \valid(refusal));
    requires \separated(key, refusal, bytes.ptr + (0 .. bytes.len - 1));
    terminates \true; exits \false; assigns *key, *refusal;
    ensures \result == ATTO_OK || \result == ATTO_E_COSE || \result == ATTO_E_ALGORITHM ||
            \result == ATTO_E_UNSUPPORTED;
    ensures \result == ATTO_OK ==> sound_key(key, bytes.ptr, bytes.len); */
enum atto_status atto_key_read(struct atto_span bytes, struct atto_key *key, struct atto_refusal *refusal);

#endif
