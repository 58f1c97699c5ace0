/* What the provers are told of the readers of deployment: what lies in a beginning lies in the whole. Seen by the prover
 * alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PROOFS_DEPLOY_H
#define ATTO_PROOFS_DEPLOY_H

#include "atto/command.h"

/*@ lemma inside_longer{L}: \forall uint8_t *part, *whole, integer n, m, k;
        inside(part, n, whole, m) && m <= k ==> inside(part, n, whole, k);

    lemma command_in_longer{L}: \forall struct atto_command *command, uint8_t *whole, integer m, k;
        sound_command(command, whole, m) && m <= k ==> sound_command(command, whole, k); */

#endif
