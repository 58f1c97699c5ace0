/* Fuzz target: bytes as a COSE_Sign1, and as a COSE_Key. What is accepted lies inside, is of the lengths that the
 * library that verifies is promised, and is not accepted without its last byte.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "deploy/cose.h"
#include "require.h"

static bool is_status(enum atto_status status)
{
    return status == ATTO_OK || status == ATTO_E_COSE || status == ATTO_E_ALGORITHM || status == ATTO_E_UNSUPPORTED;
}

static bool has(struct atto_span whole, const uint8_t *part, uint32_t len)
{
    return part != NULL && inside((struct atto_span){ part, len }, whole);
}

static void read_sign1(struct atto_span bytes)
{
    struct atto_cbor cbor = { bytes.ptr, bytes.len, 0 };
    struct atto_sign1 sign1;
    enum atto_status status = atto_cose_read(&cbor, &sign1);
    require(is_status(status) && cbor.pos <= cbor.len && cbor.len <= bytes.len, "status and place");
    if (status != ATTO_OK)
        return;
    require(cbor.len == bytes.len && inside(sign1.protected_header, bytes) && inside(sign1.kid, bytes), "headers");
    require(inside(sign1.payload, bytes) && sign1.kid.len <= ATTO_KID_MAX, "payload and key id");
    require(has(bytes, sign1.signature, ATTO_SIGNATURE_BYTES), "signature");
    require(sign1.algorithm == ATTO_EDDSA || sign1.algorithm == ATTO_ES256, "algorithm");
    struct atto_cbor shorter = { bytes.ptr, cbor.pos - 1u, 0 };
    require(atto_cose_read(&shorter, &sign1) != ATTO_OK, "a signature without its last byte");
}

static void read_key(struct atto_span bytes)
{
    struct atto_refusal refusal = { ATTO_OK, 0 };
    struct atto_key key;
    enum atto_status status = atto_key_read(bytes, &key, &refusal);
    require(is_status(status) && (status == ATTO_OK || (refusal.status == status && refusal.at <= bytes.len)), "refusal");
    if (status != ATTO_OK)
        return;
    require(inside(key.kid, bytes) && has(bytes, key.x, ATTO_COORDINATE_BYTES), "key id and x");
    require(key.algorithm == ATTO_EDDSA ||
                (key.algorithm == ATTO_ES256 && has(bytes, key.y, ATTO_COORDINATE_BYTES)), "y");
    bytes.len--;
    require(atto_key_read(bytes, &key, NULL) != ATTO_OK, "a key without its last byte");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len > 1024u)
        return 0;
    uint8_t *block = malloc(len != 0 ? len : 1u);
    if (block == NULL)
        abort();
    memcpy(block, bytes, len);
    read_sign1((struct atto_span){ block, (uint32_t)len });
    read_key((struct atto_span){ block, (uint32_t)len });
    free(block);
    return 0;
}
