/* The lemmas of the headers here, for the prover to prove: they are used in other files' proofs and are no axioms. Not
 * part of the library.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "proofs/deploy.h"
#include "proofs/machine.h"
