/* Tokens of TinyContainer under real cryptography, libsodium's: sets that are signed here, in both forms, each thing
 * wrong in turn, and the set that their project ships, whose data's hash is wrong. On Linux alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/tinycontainer.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "harness.h"
#include "tinycontainer_bytes.h"

#define SPAN(string) { (const uint8_t *)(string), (uint32_t)(sizeof(string) - 1u) }

static const struct atto_span data = SPAN("some data"), code = SPAN("some code"), other = SPAN("other code");
static struct tiny_bytes built;
static uint8_t public_key[32], secret_key[64];

static void sha256(void *context, const uint8_t *bytes, uint32_t len, uint8_t *hash)
{
    (void)context;
    crypto_hash_sha256(hash, bytes, len);
}

static bool verify(void *context, const uint8_t *message, uint32_t len, const uint8_t *signature)
{
    return crypto_sign_verify_detached(signature, message, len, context) == 0;
}

static void sign(const uint8_t *payload, uint32_t len, enum atto_tinycontainer_signed over, uint8_t *signature)
{
    static const uint8_t head[] = "\x84\x6a" "Signature1" "\x40\x40";
    uint8_t message[64];
    uint32_t at = 0;
    if (over == ATTO_TINYCONTAINER_STRUCTURE) {
        memcpy(message, head, sizeof head - 1u);
        at = sizeof head - 1u;
        if (len >= 24u)
            message[at++] = 0x58;
        message[at++] = (uint8_t)(len < 24u ? 0x40u + len : len);
    }
    memcpy(message + at, payload, len);
    crypto_sign_detached(signature, NULL, message, at + len, secret_key);
}

static void hash_token(uint8_t *token, const uint8_t *bytes, uint32_t len, enum atto_tinycontainer_signed over)
{
    uint8_t hash[32], signature[64] = { 0 };
    crypto_hash_sha256(hash, bytes, len);
    tiny_hash_token(token, hash, signature);
    sign(token + TINY_PAYLOAD_AT, TINY_PAYLOAD_BYTES, over, token + TINY_TOKEN_BYTES - 64u);
}

/* A whole set, signed with the key of this program. */
static void build_signed(enum atto_tinycontainer_signed over)
{
    static uint8_t mask[76], tokens[3][TINY_TOKEN_BYTES];
    uint8_t signature[64] = { 0 };
    tiny_begin(&built);
    tiny_mask_token(mask, 0x1f, signature);
    sign(mask + 4, TINY_MASK_PAYLOAD_BYTES, over, mask + 12);
    hash_token(tokens[0], data.ptr, data.len, over);
    hash_token(tokens[1], code.ptr, code.len, over);
    tiny_set(&built, TINY_MASK, mask, sizeof mask);
    tiny_set(&built, TINY_DATA, tokens[0], TINY_TOKEN_BYTES);
    tiny_set(&built, TINY_CODE, tokens[1], TINY_TOKEN_BYTES);
    tiny_build(&built);
    hash_token(tokens[2], built.bytes, built.len - TINY_TOKEN_BYTES, over);
    tiny_set(&built, TINY_METADATA, tokens[2], TINY_TOKEN_BYTES);
    tiny_build(&built);
}

static enum atto_tinycontainer_verdict judge(const uint8_t *bytes, uint32_t len, struct atto_span with_data,
                                             struct atto_span with_code, enum atto_tinycontainer_signed over,
                                             uint8_t *key, enum atto_tinycontainer_which *failed)
{
    const struct atto_tinycontainer_crypto crypto = { sha256, verify, key };
    struct atto_tinycontainer tiny;
    *failed = ATTO_TINYCONTAINER_MASK;
    if (atto_tinycontainer_parse((struct atto_span){ bytes, len }, &tiny, NULL) != ATTO_OK)
        return (enum atto_tinycontainer_verdict)99;
    return atto_tinycontainer_verify(&tiny, with_data, with_code, over, &crypto, failed);
}

static bool begin(void)
{
    static const uint8_t seed[32] = { 1, 2, 3 };
    if (sodium_init() < 0) {
        harness_fail(__FILE__, __LINE__, "libsodium does not start");
        return false;
    }
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    return true;
}

static void signed_sets(void)
{
    enum atto_tinycontainer_which failed;
    uint8_t another_key[32], another_secret[64];
    static const uint8_t seed[32] = { 9 };
    if (!begin())
        return;
    crypto_sign_seed_keypair(another_key, another_secret, seed);
    for (uint32_t form = 0; form < 2u; form++) {
        enum atto_tinycontainer_signed over = (enum atto_tinycontainer_signed)form;
        harness_case(form, 0);
        build_signed(over);
        EQUAL(judge(built.bytes, built.len, data, code, over, public_key, &failed), ATTO_TINYCONTAINER_HOLDS);
        EQUAL(judge(built.bytes, built.len, data, code, (enum atto_tinycontainer_signed)(1u - form), public_key,
                    &failed),
              ATTO_TINYCONTAINER_BAD_SIGNATURE);
        EQUAL(judge(built.bytes, built.len, data, code, over, another_key, &failed), ATTO_TINYCONTAINER_BAD_SIGNATURE);
        EQUAL(failed, ATTO_TINYCONTAINER_MASK);
        EQUAL(judge(built.bytes, built.len, code, code, over, public_key, &failed), ATTO_TINYCONTAINER_BAD_HASH);
        EQUAL(failed, ATTO_TINYCONTAINER_DATA);
        EQUAL(judge(built.bytes, built.len, data, other, over, public_key, &failed), ATTO_TINYCONTAINER_BAD_HASH);
        EQUAL(failed, ATTO_TINYCONTAINER_CODE);
    }
}

/* No byte of a signed set can be changed: it is refused or does not verify. */
static void every_byte_is_signed(void)
{
    enum atto_tinycontainer_which failed;
    if (!begin())
        return;
    for (uint32_t form = 0; form < 2u; form++) {
        build_signed((enum atto_tinycontainer_signed)form);
        for (uint32_t at = 0; at < built.len; at++) {
            for (uint32_t bit = 0; bit < 8u; bit++) {
                harness_case(at, bit);
                built.bytes[at] ^= (uint8_t)(1u << bit);
                CHECK(judge(built.bytes, built.len, data, code, (enum atto_tinycontainer_signed)form, public_key,
                            &failed) != ATTO_TINYCONTAINER_HOLDS);
                built.bytes[at] ^= (uint8_t)(1u << bit);
            }
        }
        EQUAL(judge(built.bytes, built.len, data, code, (enum atto_tinycontainer_signed)form, public_key, &failed),
              ATTO_TINYCONTAINER_HOLDS);
    }
}

/* A hash token with the tag of a MAC, made with the public key as its secret. */
static void public_key_as_secret(void)
{
    static uint8_t token[1u + 45u + 2u + 32u] = { 0xd1 };
    enum atto_tinycontainer_which failed;
    if (!begin())
        return;
    build_signed(ATTO_TINYCONTAINER_PAYLOAD);
    memcpy(token + 1, built.pieces[TINY_CODE].bytes, 45);
    memcpy(token + 46, "\x58\x20", 2);
    crypto_auth_hmacsha256(token + 48, token + 1u + TINY_PAYLOAD_AT, TINY_PAYLOAD_BYTES, public_key);
    tiny_set(&built, TINY_METADATA, token, sizeof token);
    tiny_build(&built);
    EQUAL(judge(built.bytes, built.len, data, code, ATTO_TINYCONTAINER_PAYLOAD, public_key, &failed),
          ATTO_TINYCONTAINER_MAC);
    EQUAL(failed, ATTO_TINYCONTAINER_METADATA);
}

static int32_t read_shipped(const char *name, uint8_t *bytes, uint32_t capacity)
{
    char path[256];
    snprintf(path, sizeof path, "%s/tinycontainer/simple_container.%s",
             harness_argument("conformance", "../shared/conformance"), name);
    return board_file_read(path, bytes, capacity);
}

/* Their key, and their data with the line's end that makes its hash wrong, and without. */
static void shipped_set(void)
{
    static uint8_t key[32] = { 0x11, 0x2f, 0xf4, 0xc9, 0xcd, 0xde, 0xcb, 0xe1, 0x53, 0xd7, 0x2d,
                               0xcd, 0x7c, 0x5f, 0xfa, 0xf2, 0xbf, 0xc7, 0x76, 0x03, 0xfd, 0x84,
                               0x78, 0xe3, 0x00, 0xba, 0xfe, 0x8d, 0xd1, 0x94, 0x60, 0x78 };
    static uint8_t metadata[1024], content[256];
    const struct atto_tinycontainer_crypto crypto = { sha256, verify, key };
    enum atto_tinycontainer_which failed;
    struct atto_tinycontainer tiny;
    int32_t len = read_shipped("metadata", metadata, sizeof metadata);
    int32_t content_len = read_shipped("data", content, sizeof content);
    if (len < 0 || content_len < 1) {
        harness_skip("no tinycontainer/simple_container.metadata; set ATTO_CONFORMANCE, see tests/README.md");
        return;
    }
    const struct atto_span with_line_end = { content, (uint32_t)content_len };
    if (!begin())
        return;
    EQUAL(judge(metadata, (uint32_t)len, with_line_end, with_line_end, ATTO_TINYCONTAINER_PAYLOAD, key, &failed),
          ATTO_TINYCONTAINER_BAD_HASH);
    EQUAL(failed, ATTO_TINYCONTAINER_DATA); /* so the mask's and the metadata's token hold */
    EQUAL(judge(metadata, (uint32_t)len, with_line_end, with_line_end, ATTO_TINYCONTAINER_STRUCTURE, key, &failed),
          ATTO_TINYCONTAINER_BAD_SIGNATURE);
    EQUAL(failed, ATTO_TINYCONTAINER_MASK);
    EQUAL(judge(metadata, (uint32_t)len, with_line_end, with_line_end, ATTO_TINYCONTAINER_PAYLOAD, public_key, &failed),
          ATTO_TINYCONTAINER_BAD_SIGNATURE);
    EQUAL(atto_tinycontainer_parse((struct atto_span){ metadata, (uint32_t)len }, &tiny, NULL), ATTO_OK);
    const struct atto_span without = { content, (uint32_t)content_len - 1u };
    EQUAL(atto_tinycontainer_verify_token(&tiny, ATTO_TINYCONTAINER_DATA, without, ATTO_TINYCONTAINER_PAYLOAD, &crypto),
          ATTO_TINYCONTAINER_HOLDS);
    /* The code is not in the set: its signature holds, its hash is of something else. */
    EQUAL(atto_tinycontainer_verify_token(&tiny, ATTO_TINYCONTAINER_CODE, with_line_end, ATTO_TINYCONTAINER_PAYLOAD,
                                          &crypto),
          ATTO_TINYCONTAINER_BAD_HASH);
}

static const struct harness_test tests[] = {
    TEST(signed_sets, "Sets that are signed well hold; another form, key, data or code does not."),
    TEST(every_byte_is_signed, "Whatever bit of a signed set is changed, it does not hold."),
    TEST(public_key_as_secret, "A MAC made with the public key is refused as a MAC."),
    TEST(shipped_set, "Of the set that TinyContainer ships the tokens are signed, and the data's hash is wrong."),
};
HARNESS_MAIN(tests)
