/* The crypto libraries behind their door, on every target: the vectors of the standards, each bit of a signature and of a
 * message changed, and keys and signatures that must not hold whatever they are of.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "board.h"
#include "harness.h"
#include "hex.h"
#include "libraries.h"

static const struct atto_crypto *const crypto = &atto_crypto_libraries;

static void sha256(const void *bytes, uint32_t len, uint32_t piece, uint8_t *digest)
{
    const uint8_t *at = bytes;
    struct atto_sha256 hash;
    crypto->sha256_begin(crypto->user, &hash);
    for (uint32_t pos = 0; pos < len; pos += piece)
        crypto->sha256_add(crypto->user, &hash, at + pos, len - pos < piece ? len - pos : piece);
    crypto->sha256_end(crypto->user, &hash, digest);
}

static void fips_180_sha256(void)
{
    static const struct {
        const char *message, *digest;
    } vectors[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    uint8_t digest[32], wanted[32];
    for (uint32_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        hex_read(vectors[i].digest, wanted, sizeof wanted);
        for (uint32_t piece = 1; piece <= 64; piece++) {
            harness_case(i, piece);
            sha256(vectors[i].message, (uint32_t)strlen(vectors[i].message), piece, digest);
            CHECK(memcmp(digest, wanted, sizeof digest) == 0);
        }
    }
}

/* RFC 8032 section 7.1: 1, 2, 3. RFC 6979 appendix A.2.5: "sample" and "test" with SHA-256. */
static const struct vector {
    enum atto_algorithm algorithm;
    const char *x, *y, *message, *signature;
} vectors[] = {
    { ATTO_EDDSA, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
      "655141438e7a100b" },
    { ATTO_EDDSA, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
      "b00d291612bb0c00" },
    { ATTO_EDDSA, "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
      "c027beceea1ec40a" },
    { ATTO_ES256, "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299", "73616d706c65",
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
    { ATTO_ES256, "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299", "74657374",
      "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
      "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083" },
};
#define VECTORS ((uint32_t)(sizeof vectors / sizeof *vectors))

static struct {
    struct atto_key key;
    uint8_t x[32], y[32], message[16], signature[64];
    struct atto_span span;
} taken;

static void take(const struct vector *vector)
{
    hex_read(vector->x, taken.x, sizeof taken.x);
    hex_read(vector->y, taken.y, sizeof taken.y);
    hex_read(vector->signature, taken.signature, sizeof taken.signature);
    taken.span.ptr = taken.message;
    taken.span.len = hex_read(vector->message, taken.message, sizeof taken.message);
    taken.key.algorithm = vector->algorithm;
    taken.key.x = taken.x;
    taken.key.y = vector->algorithm == ATTO_ES256 ? taken.y : NULL;
}

static bool holds(void)
{
    return crypto->verify(crypto->user, &taken.key, taken.span, taken.signature);
}

static void published_signatures_hold(void)
{
    for (uint32_t i = 0; i < VECTORS; i++) {
        harness_case(i, 0);
        take(&vectors[i]);
        CHECK(holds());
    }
}

static void no_changed_bit_holds(void)
{
    const uint32_t step = ON_LINUX_OR_BOARD(1u, 61u);
    for (uint32_t i = 1; i < VECTORS; i += 2) {
        take(&vectors[i]);
        for (uint32_t bit = 0; bit < 512u; bit += step) {
            harness_case(i, bit);
            taken.signature[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
            CHECK(!holds());
            taken.signature[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        }
        for (uint32_t bit = 0; bit < taken.span.len * 8u; bit += step) {
            taken.message[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
            CHECK(!holds());
            taken.message[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        }
        CHECK(holds());
    }
}

/* A signature with S + L, the order of the group: the same equation, another encoding (RFC 8032 section 8.4). */
static void ed25519_is_not_malleable(void)
{
    static const char order[] = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    uint8_t l[32];
    uint32_t carry = 0;
    hex_read(order, l, sizeof l);
    take(&vectors[1]);
    for (uint32_t i = 0; i < 32u; i++) {
        carry += (uint32_t)taken.signature[32u + i] + l[i];
        taken.signature[32u + i] = (uint8_t)carry;
        carry >>= 8;
    }
    CHECK(!holds());
}

/* Under the neutral element as key, R = the same and S = 0 satisfy the equation for every message. */
static void keys_of_small_order_sign_nothing(void)
{
    take(&vectors[1]);
    memset(taken.x, 0, sizeof taken.x);
    taken.x[0] = 1;
    memset(taken.signature, 0, sizeof taken.signature);
    taken.signature[0] = 1;
    CHECK(!holds());
    memset(taken.x, 0, sizeof taken.x);
    CHECK(!holds());
}

static void es256_refuses_zeros_and_strange_points(void)
{
    take(&vectors[3]);
    memset(taken.signature, 0, 32);
    CHECK(!holds());
    take(&vectors[3]);
    memset(taken.signature + 32, 0, 32);
    CHECK(!holds());
    memset(taken.signature, 0, 64);
    CHECK(!holds());
    take(&vectors[3]);
    taken.y[31] ^= 1; /* not on the curve */
    CHECK(!holds());
    memset(taken.x, 0, 32);
    memset(taken.y, 0, 32);
    CHECK(!holds());
}

static void an_algorithm_that_is_not_there_holds_nothing(void)
{
    take(&vectors[1]);
    CHECK(atto_crypto_ed25519.verify(NULL, &taken.key, taken.span, taken.signature));
    CHECK(!atto_crypto_es256.verify(NULL, &taken.key, taken.span, taken.signature));
    taken.key.algorithm = (enum atto_algorithm)3;
    CHECK(!holds());
    take(&vectors[3]);
    CHECK(atto_crypto_es256.verify(NULL, &taken.key, taken.span, taken.signature));
    CHECK(!atto_crypto_ed25519.verify(NULL, &taken.key, taken.span, taken.signature));
}

/* For people: machine instructions of a verification, where the board counts them. */
static void what_a_verification_takes(void)
{
    static const struct {
        uint32_t vector;
        const char *text;
    } rows[] = { { 2, "instructions to verify Ed25519" }, { 3, "instructions to verify ES256" } };
    const bool counts = board_counter_start();
    for (uint32_t i = 0; i < 2u; i++) {
        take(&vectors[rows[i].vector]);
        const uint32_t begin = board_counter();
        CHECK(holds());
        const uint32_t end = board_counter();
        if (counts)
            harness_note(rows[i].text, board_instructions(begin, end));
    }
}

static const struct harness_test tests[] = {
    TEST(fips_180_sha256, "SHA-256 is FIPS 180's, in pieces of every size"),
    TEST(published_signatures_hold, "the signatures of RFC 8032 and RFC 6979 hold"),
    TEST(no_changed_bit_holds, "with one bit of signature or message changed, they do not"),
    TEST(ed25519_is_not_malleable, "an S that is not reduced is refused"),
    TEST(keys_of_small_order_sign_nothing, "a key of small order, under which anything verifies, is refused"),
    TEST(es256_refuses_zeros_and_strange_points, "r or s of zero and points off the curve are refused"),
    TEST(an_algorithm_that_is_not_there_holds_nothing, "a door with one algorithm refuses the other"),
    TEST(what_a_verification_takes, "signatures hold while instructions are counted"),
};
HARNESS_MAIN(tests)
