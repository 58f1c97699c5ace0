/* Keys in files: as PEM (private ones PKCS #8, RFC 5958; public ones SubjectPublicKeyInfo) or as COSE_Key (RFC 9052
 * section 7), the form of public keys that devices take. Ed25519 and ECDSA on P-256; libcrypto makes keys and
 * signatures.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_KEYFILE_H
#define ATTO_CLI_KEYFILE_H

#include <stdbool.h>

#include "atto/cose.h"
#include "buffer.h"

#define ATTO_CLI_KID_BYTES 8u

struct atto_keyfile {
    struct atto_key key;           /* points into what follows */
    uint8_t x[ATTO_COORDINATE_BYTES], y[ATTO_COORDINATE_BYTES];
    uint8_t kid[ATTO_KID_MAX];
    void *secret;                  /* libcrypto's; NULL: there is a public key alone */
};

/* Reads a key of any of the forms. One without a key id gets the first 8 bytes of its thumbprint (RFC 9679). Reports
 * and returns false if it is none. */
bool atto_keyfile_read(struct atto_keyfile *keyfile, const char *path);

/* Is this PEM, whatever is in it? Is it a COSE_Key with a private part, which is its last member? */
bool atto_keyfile_is_pem(const struct atto_buffer *bytes);
bool atto_keyfile_is_private(const struct atto_buffer *bytes);

/* A new key. */
bool atto_keyfile_make(struct atto_keyfile *keyfile, enum atto_algorithm algorithm);

void atto_keyfile_free(struct atto_keyfile *keyfile);

/* Signs; there must be a secret. */
bool atto_keyfile_sign(const struct atto_keyfile *keyfile, const struct atto_buffer *message,
                       uint8_t signature[ATTO_SIGNATURE_BYTES]);

/* The key as it goes into a file. */
bool atto_keyfile_private_pem(const struct atto_keyfile *keyfile, struct atto_buffer *pem);
bool atto_keyfile_public_pem(const struct atto_keyfile *keyfile, struct atto_buffer *pem);
bool atto_keyfile_private_cose(const struct atto_keyfile *keyfile, struct atto_buffer *cose);
void atto_keyfile_cose(const struct atto_keyfile *keyfile, struct atto_buffer *cose);

/* "EdDSA" or "ES256" */
const char *atto_algorithm_name(enum atto_algorithm algorithm);

#endif
