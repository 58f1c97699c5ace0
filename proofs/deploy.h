/* What the provers are told of the readers of deployment: what lies in a beginning lies in the whole. Seen by the prover
 * alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PROOFS_DEPLOY_H
#define ATTO_PROOFS_DEPLOY_H

#include <string.h>

#include "atto/command.h"
#include "base/cbor.h"
#include "deploy/cose.h"

/* Trusted of functions that are not proved: comparing, hashing and verifying read what they are given and write nothing
 * that a reader has. That they are given no more than there is, is proved of each call. */
/*@ requires readable(a, count) && readable(b, count);
    terminates \true; exits \false; assigns \nothing; */
int atto_memcmp(const uint8_t *a, const uint8_t *b, uint32_t count);
#define memcmp(a, b, count) atto_memcmp(a, b, count)

/*@ requires readable(bytes.ptr, bytes.len) && readable(digest, ATTO_SHA256_BYTES);
    terminates \true; exits \false; assigns \nothing; */
bool atto_digest_holds(const struct atto_crypto *crypto, struct atto_span bytes, const uint8_t *digest);

/*@ requires \valid_read(sign1) && readable(payload.ptr, payload.len);
    requires readable(sign1->protected_header.ptr, sign1->protected_header.len);
    requires readable(sign1->kid.ptr, sign1->kid.len) && readable(sign1->signature, ATTO_SIGNATURE_BYTES);
    terminates \true; exits \false; assigns \nothing; */
enum atto_status atto_cose_verify(const struct atto_sign1 *sign1, struct atto_span payload, const struct atto_key *key,
                                  const struct atto_crypto *crypto);

/*@ axiomatic Head {
      // Where the head of an envelope ends. Any number: what is proved is true of each.
      logic integer head_end;
    }

    // A reader somewhere in the head.
    predicate in_head(struct atto_cbor *cbor) =
        sound_reader(cbor) && cbor->len <= head_end && readable(cbor->bytes, head_end); */

/*@ lemma part_readable{L}: \forall uint8_t *part, *whole, integer n, m;
        inside(part, n, whole, m) && readable(whole, m) ==> readable(part, n);

    lemma inside_longer{L}: \forall uint8_t *part, *whole, integer n, m, k;
        inside(part, n, whole, m) && m <= k ==> inside(part, n, whole, k);

    lemma command_in_longer{L}: \forall struct atto_command *command, uint8_t *whole, integer m, k;
        sound_command(command, whole, m) && m <= k ==> sound_command(command, whole, k); */

#endif
