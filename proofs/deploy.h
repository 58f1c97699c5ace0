/* What the provers are told of the readers of deployment: what lies in a beginning lies in the whole. Seen by the prover
 * alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PROOFS_DEPLOY_H
#define ATTO_PROOFS_DEPLOY_H

#include "atto/command.h"
#include "base/cbor.h"

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
