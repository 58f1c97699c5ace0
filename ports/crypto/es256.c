/* ES256 and SHA-256 by BearSSL.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "libraries.h"

#include <bearssl_ec.h>
#include <bearssl_hash.h>
#include <string.h>

#define POINT_UNCOMPRESSED 0x04u /* SEC 1 section 2.3.3 */

_Static_assert(sizeof(br_sha256_context) <= sizeof(struct atto_sha256), "a hash in the making has room");
_Static_assert(_Alignof(br_sha256_context) <= _Alignof(struct atto_sha256), "and is aligned");

void atto_sha256_begin(void *user, struct atto_sha256 *hash)
{
    (void)user;
    br_sha256_init((br_sha256_context *)hash->words);
}

void atto_sha256_add(void *user, struct atto_sha256 *hash, const uint8_t *bytes, uint32_t len)
{
    (void)user;
    br_sha256_update((br_sha256_context *)hash->words, bytes, len);
}

void atto_sha256_end(void *user, struct atto_sha256 *hash, uint8_t *digest)
{
    (void)user;
    br_sha256_out((br_sha256_context *)hash->words, digest);
}

bool atto_verify_es256(const struct atto_key *key, struct atto_span message, const uint8_t *signature)
{
    uint8_t point[1u + 2u * ATTO_COORDINATE_BYTES], digest[ATTO_SHA256_BYTES];
    const br_ec_public_key public_key = {BR_EC_secp256r1, point, sizeof point};
    struct atto_sha256 hash;

    atto_sha256_begin(NULL, &hash);
    atto_sha256_add(NULL, &hash, message.ptr, message.len);
    atto_sha256_end(NULL, &hash, digest);
    point[0] = POINT_UNCOMPRESSED;
    memcpy(point + 1, key->x, ATTO_COORDINATE_BYTES);
    memcpy(point + 1u + ATTO_COORDINATE_BYTES, key->y, ATTO_COORDINATE_BYTES);
    return br_ecdsa_i31_vrfy_raw(&br_ec_p256_m31, digest, sizeof digest, &public_key, signature,
                                 ATTO_SIGNATURE_BYTES) == 1;
}

static bool verify(void *user, const struct atto_key *key, struct atto_span message, const uint8_t *signature)
{
    (void)user;
    return key->algorithm == ATTO_ES256 && atto_verify_es256(key, message, signature);
}

const struct atto_crypto atto_crypto_es256 = {atto_sha256_begin, atto_sha256_add, atto_sha256_end, verify, 0};
