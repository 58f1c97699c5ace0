/* The door to a crypto library: SHA-256 in pieces, and verification of signatures with a public key. Atto has no
 * cryptography of its own; ports/crypto has this door in front of well-kept libraries, and a firmware may put one in
 * front of its own or of the chip's hardware.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CRYPTO_H
#define ATTO_CRYPTO_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/span.h"

#define ATTO_SHA256_BYTES 32u
#define ATTO_SIGNATURE_BYTES 64u /* of both algorithms: R and S */
#define ATTO_COORDINATE_BYTES 32u

enum atto_algorithm {
    ATTO_EDDSA = 1, /* Ed25519 (RFC 8032), the key is x */
    ATTO_ES256 = 2  /* ECDSA on P-256 with SHA-256 (FIPS 186-4), the key is the point x, y */
};

/* A public key. It points into the bytes that it was read from. */
struct atto_key {
    enum atto_algorithm algorithm;
    struct atto_span kid; /* key id; empty: it has none */
    const uint8_t *x;     /* ATTO_COORDINATE_BYTES bytes */
    const uint8_t *y;     /* ATTO_COORDINATE_BYTES bytes; NULL for ATTO_EDDSA */
};

/* A hash that is being made; what is in it is the library's affair. */
struct atto_sha256 {
    uint64_t words[16];
};

/* `user` is handed to every function. None of them may keep what it points at. */
struct atto_crypto {
    void (*sha256_begin)(void *user, struct atto_sha256 *hash);
    void (*sha256_add)(void *user, struct atto_sha256 *hash, const uint8_t *bytes, uint32_t len);
    /* Writes ATTO_SHA256_BYTES bytes. The hash is of no more use then. */
    void (*sha256_end)(void *user, struct atto_sha256 *hash, uint8_t *digest);
    /* Is this (ATTO_SIGNATURE_BYTES bytes) the key's signature of the message? False also for a key that is no point of
     * its curve or of small order, for an encoding that is not the canonical one, and for an algorithm that there is
     * not. Takes most of the stack that Atto needs, up to 3.5 KB. */
    bool (*verify)(void *user, const struct atto_key *key, struct atto_span message, const uint8_t *signature);
    void *user;
};

#endif
