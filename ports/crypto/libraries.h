/* The crypto door over two libraries: Ed25519 by libsodium, ES256 and SHA-256 by BearSSL. Without state: a firmware hands
 * the address of atto_crypto_libraries to whatever asks for a struct atto_crypto.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_PORTS_CRYPTO_LIBRARIES_H
#define ATTO_PORTS_CRYPTO_LIBRARIES_H

#include "atto/crypto.h"

/* Both algorithms; or one alone, where flash is scarce: signatures of the other one then never hold. */
extern const struct atto_crypto atto_crypto_libraries;
extern const struct atto_crypto atto_crypto_ed25519;
extern const struct atto_crypto atto_crypto_es256;

/* Each library's part, with types of its own. */
bool atto_verify_ed25519(const struct atto_key *key, struct atto_span message, const uint8_t *signature);
bool atto_verify_es256(const struct atto_key *key, struct atto_span message, const uint8_t *signature);
void atto_sha256_begin(void *user, struct atto_sha256 *hash);
void atto_sha256_add(void *user, struct atto_sha256 *hash, const uint8_t *bytes, uint32_t len);
void atto_sha256_end(void *user, struct atto_sha256 *hash, uint8_t *digest);

#endif
