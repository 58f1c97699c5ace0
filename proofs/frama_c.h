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

#define __builtin_expect(condition, likely) (condition)
#define __builtin_assume_aligned(p, bytes) (p)
#define __builtin_unreachable() atto_unreachable()
/*@ requires \false;
    terminates \true; exits \false; assigns \nothing; */
void atto_unreachable(void);

/* Whether the machine can access unaligned memory: both are proved. */
extern int atto_unaligned_is_fine;
#define ATTO_BPF_UNALIGNED_IS_FINE atto_unaligned_is_fine
#define ATTO_BPF_ALIGNED(p, bytes) ((uintptr_t)(p) % (bytes) == 0u)

#endif
