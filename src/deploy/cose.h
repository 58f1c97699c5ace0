/* What the parsers of this room share: refusals, and reading a COSE_Sign1 in the middle of something else.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_DEPLOY_COSE_H
#define ATTO_DEPLOY_COSE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "atto/cose.h"
#include "base/cbor.h"

/* Notes why and where (may be NULL), and gives the status back. */
static inline enum atto_status atto_deploy_refuse(struct atto_refusal *refusal, enum atto_status status, uint32_t at)
{
    if (refusal != NULL) {
        refusal->status = status;
        refusal->at = at;
    }
    return status;
}

static inline bool atto_same_span(struct atto_span a, struct atto_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Reads a COSE_Sign1 with its tag. On a refusal the cursor stands where it was refused.
 * Returns ATTO_OK, ATTO_E_COSE, ATTO_E_ALGORITHM or ATTO_E_UNSUPPORTED. */
enum atto_status atto_cose_read(struct atto_cbor *cbor, struct atto_sign1 *sign1);

#endif
