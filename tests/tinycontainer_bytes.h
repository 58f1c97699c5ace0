/* TinyContainer metadata put together from pieces, any of which a test replaces: the strings around them get the
 * lengths that fit. Written from docs/SPEC.md, without anything of src/.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TINYCONTAINER_BYTES_H
#define TESTS_TINYCONTAINER_BYTES_H

#include <stdint.h>

#define TINY_BYTES_MAX 1024u

/* The pieces, in their order. A token is what stands in its string. */
enum tiny_piece {
    TINY_TAG, TINY_MAP,
    TINY_KEY_CONTAINER, TINY_CONTAINER, TINY_UID, TINY_TYPE, TINY_KEY_MASK, TINY_MASK, TINY_CONTAINER_END,
    TINY_KEY_ENDPOINTS, TINY_ENDPOINTS, /* neither, if the key is empty */
    TINY_KEY_SECURITY, TINY_SECURITY, TINY_NUMBERS, TINY_DATA, TINY_CODE, TINY_METADATA,
    TINY_SECURITY_END, /* none of these, if the key is empty */
    TINY_END,
    TINY_PIECES
};

struct tiny_bytes {
    struct {
        const uint8_t *bytes;
        uint32_t len;
    } pieces[TINY_PIECES];
    /* What tiny_build makes of them. */
    uint32_t at[TINY_PIECES]; /* where each piece is */
    uint8_t bytes[TINY_BYTES_MAX];
    uint32_t len;
};

/* The pieces of "demo": bpf, mask 0x1b, two endpoints, the schedule 100 1000 50 600 70, tokens that nobody signed. */
void tiny_begin(struct tiny_bytes *tiny);
void tiny_set(struct tiny_bytes *tiny, enum tiny_piece piece, const void *bytes, uint32_t len);
void tiny_build(struct tiny_bytes *tiny);

/* A token with a hash or a mask of these bytes; answers its length. */
uint32_t tiny_hash_token(uint8_t *token, const uint8_t *hash, const uint8_t *signature);
uint32_t tiny_mask_token(uint8_t *token, uint8_t mask, const uint8_t *signature);

#define TINY_TOKEN_BYTES 111u
#define TINY_PAYLOAD_AT 5u /* of a token with a hash, from its start; of one with a mask 1 less */
#define TINY_PAYLOAD_BYTES 40u
#define TINY_MASK_PAYLOAD_BYTES 6u

#endif
