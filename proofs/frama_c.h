/* Read before each file under proof, and by nothing else: two words of C11 that the prover's front end does not know.
 * The compiler has checked every static assertion; none of them makes code. Alignment is asked of the machine's widest
 * integer in its stead. Nothing here, and no other macro, may change what a function does.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PROOFS_FRAMA_C_H
#define ATTO_PROOFS_FRAMA_C_H

#include "proofs/bytes.h"

#define _Static_assert(condition, sentence)
#define _Alignof(type) 8u

#endif
