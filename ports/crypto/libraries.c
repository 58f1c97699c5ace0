/* Both algorithms behind one door, see libraries.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "libraries.h"

static bool verify(void *user, const struct atto_key *key, struct atto_span message, const uint8_t *signature)
{
    (void)user;
    return key->algorithm == ATTO_EDDSA   ? atto_verify_ed25519(key, message, signature)
           : key->algorithm == ATTO_ES256 ? atto_verify_es256(key, message, signature)
                                          : false;
}

const struct atto_crypto atto_crypto_libraries = {atto_sha256_begin, atto_sha256_add, atto_sha256_end, verify, 0};
