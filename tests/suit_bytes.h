/* Envelopes and signed commands put together from pieces, any of which a test replaces: the strings around them get the
 * lengths that fit, and digest and signature are made anew. Written from docs/SPEC.md, without anything of src/. The
 * signatures are not real ones, so that every target can make them: hashes of the public key and the message. Real ones
 * are in test_cose, test_crypto and tests/deploy.sh.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUIT_BYTES_H
#define TESTS_SUIT_BYTES_H

#include "atto/cose.h"
#include "atto/crypto.h"
#include "atto/identity.h"

#define SUIT_BYTES_MAX 2048u

/* The pieces of an envelope, in their order; each holds a key of a map and what belongs to it, but for tag, map, image
 * and what comes behind. */
enum suit_piece {
    SUIT_TAG, SUIT_MAP,
    SUIT_PROTECTED,   /* header of the signature, in its string */
    SUIT_UNPROTECTED, /* the other one */
    SUIT_PAYLOAD,     /* of the COSE_Sign1: null */
    SUIT_MANIFEST_MAP,
    SUIT_VERSION, SUIT_NUMBER, /* key and value */
    SUIT_COMMON_MAP, SUIT_COMPONENTS, /* in the string of common; key and value */
    SUIT_SHARED,      /* the sequence alone */
    SUIT_VALIDATE, SUIT_INVOKE, SUIT_INSTALL, /* sequences alone; an empty one is not there */
    SUIT_MORE,        /* of the manifest: nothing */
    SUIT_IMAGE_KEY,   /* key in the envelope; empty: there is no image */
    SUIT_IMAGE,
    SUIT_BEHIND,      /* nothing */
    SUIT_PIECES
};

struct suit_bytes {
    struct {
        const uint8_t *bytes;
        uint32_t len;
    } pieces[SUIT_PIECES];
    uint8_t shared[160]; /* what SUIT_SHARED is at first */
    uint8_t bytes[SUIT_BYTES_MAX];
    uint32_t len;
};

/* An envelope for `suit_identity`: tenant "acme", container "blink", sequence 7, the image "#image", 11 bytes, to be
 * started at its entry point "main". */
void suit_begin(struct suit_bytes *suit);
#define SUIT_SET(suit, piece, string) suit_set(suit, piece, string, (uint32_t)(sizeof(string) - 1u))
void suit_set(struct suit_bytes *suit, enum suit_piece piece, const void *bytes, uint32_t len);
/* Signs with this key as `bytes` say; answers the length. */
uint32_t suit_build(struct suit_bytes *suit, const struct atto_key *key);

/* A COSE_Sign1 around a payload; answers its length, of at most `capacity`. */
uint32_t suit_sign1(uint8_t *bytes, uint32_t capacity, const void *protected_header, uint32_t protected_len,
                    const void *payload, uint32_t payload_len, const struct atto_key *key);

/* The signature alone, 64 bytes. */
void suit_sign(const struct atto_key *key, const uint8_t *message, uint32_t len, uint8_t *signature);

extern const struct atto_identity suit_identity;
extern const struct atto_key suit_acme, suit_other, suit_es256;
extern const struct atto_crypto suit_crypto; /* SHA-256 is real; verifies what is built here */
extern const char suit_image[11];

#endif
