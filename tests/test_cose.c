/* COSE under real cryptography on every target: examples that others have published, and keys of every wrong kind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "deploy/cose.h"

#include <string.h>

#include "atto/envelope.h"
#include "harness.h"
#include "hex.h"
#include "libraries.h"

static uint8_t bytes[512];
static struct atto_sign1 sign1;
static struct atto_key key;

static enum atto_status read_key(const char *hex)
{
    static uint8_t key_bytes[256];
    return atto_key_read((struct atto_span){ key_bytes, hex_read(hex, key_bytes, sizeof key_bytes) }, &key, NULL);
}

static enum atto_status read_sign1(const char *hex)
{
    struct atto_cbor cbor = { bytes, hex_read(hex, bytes, sizeof bytes), 0 };
    enum atto_status status = atto_cose_read(&cbor, &sign1);
    return status == ATTO_OK && cbor.pos != cbor.len ? ATTO_E_LENGTH : status;
}

static enum atto_status verify(void)
{
    return atto_cose_verify(&sign1, sign1.payload, &key, &atto_crypto_libraries);
}

/* The key "11" of RFC 9052 appendix C.7.1, as a COSE_Key in deterministic encoding. */
#define KEY_11                                                                                                       \
    "a5 01 02 02 42 3131 20 01 21 58 20 bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff 22 58 20 " \
    "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"
/* RFC 8032 section 7.1, test 1. */
#define KEY_ED25519 "a3 01 01 20 06 21 58 20 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

static void rfc_9052_c_2_1(void)
{
    EQUAL(read_key(KEY_11), ATTO_OK);
    EQUAL(read_sign1("d2 84 43 a10126 a1 04 42 3131 54 546869732069732074686520636f6e74656e742e 58 40"
                     "8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e"
                     "2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"), ATTO_OK);
    EQUAL(sign1.algorithm, ATTO_ES256);
    EQUAL(verify(), ATTO_OK);
    bytes[20] ^= 1; /* of the payload */
    EQUAL(verify(), ATTO_E_SIGNATURE);
    bytes[20] ^= 1;
    EQUAL(verify(), ATTO_OK);
    bytes[9] ^= 1; /* of the key id, which is not signed but must agree */
    EQUAL(verify(), ATTO_E_SIGNER);
}

/* github.com/cose-wg/Examples: their protected headers have a content type, which the reader refuses; verification takes
 * the header as it is. */
static void cose_wg_examples(void)
{
    static const char content[] = "This is the content.";
    uint8_t header[5], signature[64];
    EQUAL(read_sign1("d2 84 45 a201260300 a1 04 42 3131 54 546869732069732074686520636f6e74656e742e 58 40"
                     "eae868ecc176883766c5dc5ba5b8dca25dab3c2e56a551ce5705b793914348e1"
                     "72727f48461fabbba2e343492ddecac3983686250bc68e9f1a7a07d41225b59f"), ATTO_E_UNSUPPORTED);
    hex_read("a201260300", header, sizeof header);
    hex_read("eae868ecc176883766c5dc5ba5b8dca25dab3c2e56a551ce5705b793914348e1"
             "72727f48461fabbba2e343492ddecac3983686250bc68e9f1a7a07d41225b59f", signature, sizeof signature);
    sign1 = (struct atto_sign1){ { header, 5 }, { (const uint8_t *)"11", 2 }, { (const uint8_t *)content, 20 }, signature,
                                 ATTO_ES256 };
    EQUAL(read_key(KEY_11), ATTO_OK);
    EQUAL(verify(), ATTO_OK); /* ecdsa-sig-01 */
    hex_read("a201270300", header, sizeof header);
    hex_read("7142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87"
             "11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d", signature, sizeof signature);
    sign1.algorithm = ATTO_EDDSA;
    EQUAL(verify(), ATTO_E_ALGORITHM);
    EQUAL(read_key(KEY_ED25519), ATTO_OK);
    EQUAL(verify(), ATTO_OK); /* eddsa-sig-01 */
    /* sign1-tests/sign-fail-02, -03, -04: another payload, unknown algorithms, one as text. */
    EQUAL(read_key(KEY_11), ATTO_OK);
    EQUAL(read_sign1("d2 84 43 a10126 a1 04 42 3131 54 546869732069732074686520636f6e74656e742f 58 40"
                     "eae868ecc176883766c5dc5ba5b8dca25dab3c2e56a551ce5705b793914348e1"
                     "9f43d6c6ba654472da301b645b293c9ba939295b97c4bdb847782bff384c5794"), ATTO_OK);
    EQUAL(verify(), ATTO_E_SIGNATURE);
    EQUAL(read_sign1("d2 84 45 a1013903e6 a1 04 42 3131 41 00 58 40"), ATTO_E_ALGORITHM);
    EQUAL(read_sign1("d2 84 4a a10167756e6b6e6f776e a1 04 42 3131 41 00 58 40"), ATTO_E_COSE);
    /* sign-fail-06 and -07: a header was added, or left out, after signing. */
    EQUAL(read_sign1("d2 84 45 a201260300 a1 04 42 3131 54 546869732069732074686520636f6e74656e742e 58 40"
                     "eae868ecc176883766c5dc5ba5b8dca25dab3c2e56a551ce5705b793914348e1"
                     "9f43d6c6ba654472da301b645b293c9ba939295b97c4bdb847782bff384c5794"), ATTO_E_UNSUPPORTED);
    EQUAL(read_sign1("d2 84 43 a10126 a1 04 42 3131 54 546869732069732074686520636f6e74656e742e 58 40"
                     "eae868ecc176883766c5dc5ba5b8dca25dab3c2e56a551ce5705b793914348e1"
                     "72727f48461fabbba2e343492ddecac3983686250bc68e9f1a7a07d41225b59f"), ATTO_OK);
    EQUAL(verify(), ATTO_E_SIGNATURE);
    /* sign-fail-01, sign-pass-03: with another tag, and with none; ecdsa-sig-02: ES384. */
    EQUAL(read_sign1("d9 03e6 84 43 a10126 a1 04 42 3131 41 00 58 40"), ATTO_E_COSE);
    EQUAL(read_sign1("84 43 a10126 a1 04 42 3131 41 00 58 40"), ATTO_E_COSE);
    EQUAL(read_sign1("d2 84 44 a1013822 a1 04 44 50333834 41 00 58 60"), ATTO_E_ALGORITHM);
    /* sign-pass-02 signs external data as well, and we sign none. */
    EQUAL(read_sign1("d2 84 43 a10126 a1 04 42 3131 54 546869732069732074686520636f6e74656e742e 58 40"
                     "eae868ecc176883766c5dc5ba5b8dca25dab3c2e56a551ce5705b793914348e1"
                     "55388b10c4f1b59a6733eab416870a945111a4b2fbdbef33a77234b1deff2f9b"), ATTO_OK);
    EQUAL(verify(), ATTO_E_SIGNATURE);
    /* sign-pass-01: the algorithm is not under the signature. */
    EQUAL(read_sign1("d2 84 41 a0 a2 01 26 04 42 3131 41 00 58 40"), ATTO_E_COSE);
}

/* Examples of draft-ietf-suit-manifest, appendix B, as they stand in github.com/kentakayama/libcsuit, testfiles/: 0
 * (Secure Boot) and 5 (Two Images) of draft 19, put together from their diagnostic notation, 1 (Simultaneous Download
 * and Installation of Payload) and 3 (A/B images) of draft 27; and the draft's key. */
static const char suit_example_0[] =
    "d86ba2025873825824822f58206658ea560262696dd1f13b782239a064da7c6c5cbaf52fded428a6fc83c7e5af584ad28443a10126a0f658"
    "4068113f1e76731330fea16136cead2be4fa8d4bb3e327e3f9232eb4f13b5d118f2ea6e31d9a09a240f6f5770776916e15a4ebca1b6262cf"
    "6e40a44353bd8161d9035871a50101020003585fa202818141000458568614a40150fa6b4a53d5ad5fdfbe9de663e4d41ffe02501492af14"
    "25695e48bf429b2d51f2ab45035824822f582000112233445566778899aabbccddeeff0123456789abcdeffedcba98765432100e1987d001"
    "0f020f074382030f0943821702";
static const char suit_example_1[] =
    "d86ba2025873825824822f58201f2e7acca0dc2786f2fe4eb947f50873a6a3cfaa98866c5b02e621f42074daf2584ad28443a10128a0f658"
    "4099149241cc392690aa15590cc0d97b8bf5084b3efbf2ca82f33179eed6e7370e44517bdd75f5bab97773fca4601e1ada8a5068619de0c6"
    "48c1208e5a16141d21035894a50101020103585fa202818141000458568614a40150fa6b4a53d5ad5fdfbe9de663e4d41ffe02501492af14"
    "25695e48bf429b2d51f2ab45035824822f582000112233445566778899aabbccddeeff0123456789abcdeffedcba98765432100e1987d001"
    "0f020f074382030f1458258614a115781b687474703a2f2f6578616d706c652e636f6d2f66696c652e62696e1502030f";

static const char suit_example_3[] =
    "d86ba2025873825824822f5820f6d44a62ec906b392500c242e78e908e9cc5057f3f04104a06a8566200da2ee0584ad28443a10128a0f658"
    "40ea86dc90cf2c9e20123d44499b826b2e8f40d6da700bfc8a8f3b52baccbdaab81107d93c7a4a360cc25221adf98f596de0aeb856fb5b61"
    "4bc552443f2c50328e0359010fa5010102030358a4a2028181410004589b8814a20150fa6b4a53d5ad5fdfbe9de663e4d41ffe02501492af"
    "1425695e48bf429b2d51f2ab450f8258348614a10500050514a2035824822f582000112233445566778899aabbccddeeff0123456789abcd"
    "effedcba98765432100e1987d058368614a10501050514a2035824822f58200123456789abcdeffedcba9876543210001122334455667788"
    "99aabbccddeeff0e1a00012c22010f020f074382030f14585b860f8258288614a10500050514a115781c687474703a2f2f6578616d706c65"
    "2e636f6d2f66696c65312e62696e58288614a10501050514a115781c687474703a2f2f6578616d706c652e636f6d2f66696c65322e62696e"
    "1502030f";
static const char suit_example_5[] =
    "d86ba2025873825824822f5820264dc89eb4a39ae7a8ed05e4d6232153bce4fb9a111a31310b90627d1edfc3bb584ad28443a10126a0f658"
    "40c0bf1b20b847292dc45015a013edbc56915b22fe81a8aec825eac2fb3b084fa6fa08761461987c92189ec6b8b5ab361d2588b05070b3ed"
    "03943549bafd355bf003590101a601010205035895a202828141008141010458898c0c0014a40150fa6b4a53d5ad5fdfbe9de663e4d41ffe"
    "02501492af1425695e48bf429b2d51f2ab45035824822f582000112233445566778899aabbccddeeff0123456789abcdeffedcba98765432"
    "100e1987d0010f020f0c0114a2035824822f58200123456789abcdeffedcba987654321000112233445566778899aabbccddeeff0e1a0001"
    "2c220749880c00030f0c01030f0945840c00170211584f900c0014a115781c687474703a2f2f6578616d706c652e636f6d2f66696c65312e"
    "62696e1502030f0c0114a115781c687474703a2f2f6578616d706c652e636f6d2f66696c65322e62696e1502030f";
#define SUIT_KEY                                                                                                  \
    "a4 01 02 20 01 21 58 20 8496811aae0baaabd26157189eecda26beaa8bf11b6f3fe6e2b5659c85dbc0ad 22 58 20 "         \
    "3b1f2a4b6c098131c0a36dacd1d78bd381dcdfb09c052db33991db7338b4a896"
static const struct atto_identity identity = {
    { 0xfa, 0x6b, 0x4a, 0x53, 0xd5, 0xad, 0x5f, 0xdf, 0xbe, 0x9d, 0xe6, 0x63, 0xe4, 0xd4, 0x1f, 0xfe },
    { 0x14, 0x92, 0xaf, 0x14, 0x25, 0x69, 0x5e, 0x48, 0xbf, 0x42, 0x9b, 0x2d, 0x51, 0xf2, 0xab, 0x45 },
    { 0 },
};

/* Verifies the signature of an example, whatever its manifest is made of: the wrapper of all of them has 115 bytes, and
 * has in byte 9 the digest of the manifest, a string of 36 bytes. */
static enum atto_status verify_wrapper(uint32_t len)
{
    struct atto_cbor cbor = { bytes, len, 47 }; /* the content of the second string */
    enum atto_status status = read_key(SUIT_KEY);
    if (status == ATTO_OK)
        status = atto_cose_read(&cbor, &sign1);
    if (status != ATTO_OK || cbor.pos != 121u)
        return ATTO_E_COSE;
    return atto_cose_verify(&sign1, (struct atto_span){ bytes + 9, 36 }, &key, &atto_crypto_libraries);
}

/* It starts what is there and installs nothing, which is no envelope of ours. */
static void suit_draft_example_0(void)
{
    const uint32_t len = hex_read(suit_example_0, bytes, sizeof bytes);
    struct atto_envelope envelope;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    EQUAL(verify_wrapper(len), ATTO_OK);
    EQUAL(atto_envelope_read(bytes, len, &envelope, &refusal), ATTO_E_ENVELOPE);
    EQUAL(refusal.at, len); /* where `install` is missing */
    bytes[20] ^= 1; /* of the digest */
    EQUAL(verify_wrapper(len), ATTO_E_SIGNATURE);
}

/* It has an image for each of two slots. */
static void suit_draft_example_3(void)
{
    const uint32_t len = hex_read(suit_example_3, bytes, sizeof bytes);
    struct atto_envelope envelope;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    EQUAL(verify_wrapper(len), ATTO_OK);
    EQUAL(atto_envelope_read(bytes, len, &envelope, &refusal), ATTO_E_UNSUPPORTED);
    EQUAL(bytes[refusal.at], 5); /* the parameter component slot */
    bytes[20] ^= 1;
    EQUAL(verify_wrapper(len), ATTO_E_SIGNATURE);
}

/* It has two components. */
static void suit_draft_example_5(void)
{
    const uint32_t len = hex_read(suit_example_5, bytes, sizeof bytes);
    struct atto_envelope envelope;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    EQUAL(verify_wrapper(len), ATTO_OK);
    EQUAL(atto_envelope_read(bytes, len, &envelope, &refusal), ATTO_E_ENVELOPE);
    EQUAL(refusal.at, 0x88); /* the list of components */
    bytes[20] ^= 1;
    EQUAL(verify_wrapper(len), ATTO_E_SIGNATURE);
}

static void suit_draft_example_1(void)
{
    const uint32_t len = hex_read(suit_example_1, bytes, sizeof bytes);
    const struct atto_conditions conditions = { &identity, 0 };
    struct atto_envelope envelope;
    struct atto_signer owner = { { NULL, 0 }, { 0 } };
    struct atto_order order;
    EQUAL(len, 272);
    EQUAL(atto_envelope_read(bytes, len, &envelope, NULL), ATTO_OK);
    EQUAL(read_key(SUIT_KEY), ATTO_OK);
    owner.key = key;
    EQUAL(atto_envelope_verify(&envelope, &owner, &atto_crypto_libraries), ATTO_OK);
    EQUAL(envelope.sequence, 1);
    /* Its component is called by a byte of 0, which is no container's name. */
    EQUAL(atto_envelope_judge(&envelope, &conditions, &order, NULL), ATTO_E_ARGUMENT);
    envelope.component.container.ptr = (const uint8_t *)"0";
    EQUAL(atto_envelope_judge(&envelope, &conditions, &order, NULL), ATTO_OK);
    EQUAL(order.image_bytes, 34768);
    CHECK(!order.integrated && !order.invoke && order.uri.len == 27);
    CHECK(memcmp(order.uri.ptr, "http://example.com/file.bin", 27) == 0);
    CHECK(order.digest[0] == 0x00 && order.digest[31] == 0x10);
    bytes[len - 8u] ^= 1; /* a letter of the URI */
    EQUAL(atto_envelope_read(bytes, len, &envelope, NULL), ATTO_OK);
    EQUAL(atto_envelope_verify(&envelope, &owner, &atto_crypto_libraries), ATTO_E_DIGEST);
}

#define X32 "58 20 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define X33 "58 21 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a00"
#define X31 "58 1f d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751"

static void keys_of_both_kinds(void)
{
    EQUAL(read_key(KEY_ED25519), ATTO_OK);
    CHECK(key.algorithm == ATTO_EDDSA && key.kid.len == 0 && key.x[0] == 0xd7 && key.y == NULL);
    EQUAL(read_key(KEY_11), ATTO_OK);
    CHECK(key.algorithm == ATTO_ES256 && key.kid.len == 2 && key.x[0] == 0xba && key.y[0] == 0x20);
    EQUAL(read_key("a4 01 01 03 27 20 06 21" X32), ATTO_OK);
    EQUAL(read_key("a4 01 01 03 32 20 06 21" X32), ATTO_OK);
}

static void empty_and_oversized_keys(void)
{
    EQUAL(read_key(""), ATTO_E_COSE);
    EQUAL(read_key("a0"), ATTO_E_UNSUPPORTED);
    EQUAL(read_key("a3 01 01 20 06 21 40"), ATTO_E_COSE);
    EQUAL(read_key("a3 01 01 20 06 21" X31), ATTO_E_COSE);
    EQUAL(read_key("a3 01 01 20 06 21" X33), ATTO_E_COSE);
    EQUAL(read_key("a4 01 02 20 01 21" X32 "22" X33), ATTO_E_COSE);
    EQUAL(read_key("a3 01 02 20 01 21" X32), ATTO_E_UNSUPPORTED);           /* no y */
    EQUAL(read_key("a4 01 02 20 01 21" X32 "22 f5"), ATTO_E_COSE);          /* y compressed to its sign */
    EQUAL(read_key("a2 01 01 20 06"), ATTO_E_UNSUPPORTED);                  /* no x */
    EQUAL(read_key("a3 01 01 20 06 21" X32 "00"), ATTO_E_COSE);             /* bytes behind */
    EQUAL(read_key("a4 01 01 02 40 20 06 21" X32), ATTO_E_COSE);            /* an empty key id */
    EQUAL(read_key("a4 01 01 02 58 21" X33 "20 06 21" X32), ATTO_E_COSE);
}

static void keys_of_other_kinds(void)
{
    EQUAL(read_key("a3 01 01 20 04 21" X32), ATTO_E_UNSUPPORTED);           /* X25519 */
    EQUAL(read_key("a3 01 01 20 07 21" X32), ATTO_E_COSE);                  /* Ed448 */
    EQUAL(read_key("a3 01 04 20 06 21" X32), ATTO_E_COSE);                  /* symmetric */
    EQUAL(read_key("a3 01 02 20 06 21" X32), ATTO_E_UNSUPPORTED);           /* EC2 on Ed25519 */
    EQUAL(read_key("a4 01 01 20 06 21" X32 "22" X32), ATTO_E_UNSUPPORTED);  /* OKP with y */
    EQUAL(read_key("a4 01 02 20 02 21" X32 "22" X32), ATTO_E_UNSUPPORTED);  /* P-384 */
    EQUAL(read_key("a4 01 01 03 26 20 06 21" X32), ATTO_E_ALGORITHM);       /* ES256 with Ed25519 */
    EQUAL(read_key("a5 01 02 03 27 20 01 21" X32 "22" X32), ATTO_E_ALGORITHM);
    EQUAL(read_key("a4 01 01 03 05 20 06 21" X32), ATTO_E_COSE);            /* an HMAC's */
    EQUAL(read_key("a4 01 01 20 06 21" X32 "23" X32), ATTO_E_UNSUPPORTED);  /* a private key */
    EQUAL(read_key("a4 01 01 04 81 02 20 06 21" X32), ATTO_E_UNSUPPORTED);  /* key operations */
    EQUAL(read_key("a3 01 01 21" X32 "20 06"), ATTO_E_COSE);                /* out of order */
    EQUAL(read_key("a4 01 01 01 01 20 06 21" X32), ATTO_E_COSE);            /* doubled */
    EQUAL(read_key("a3 00 01 20 06 21" X32), ATTO_E_UNSUPPORTED);
}

static void a_payload_that_is_too_long(void)
{
    static uint8_t payload[ATTO_COSE_PAYLOAD_MAX + 1u];
    EQUAL(read_key(KEY_11), ATTO_OK);
    sign1 = (struct atto_sign1){ { bytes, 3 }, { NULL, 0 }, { payload, sizeof payload }, bytes, ATTO_ES256 };
    EQUAL(verify(), ATTO_E_ARGUMENT);
    sign1.payload.len--;
    EQUAL(verify(), ATTO_E_SIGNATURE);
    sign1.protected_header.len = ATTO_COSE_PROTECTED_MAX + 1u;
    EQUAL(verify(), ATTO_E_ARGUMENT);
    sign1.protected_header.len--;
    EQUAL(verify(), ATTO_E_SIGNATURE);
}

static const struct harness_test tests[] = {
    TEST(rfc_9052_c_2_1, "the standard's example of a COSE_Sign1 holds, and no other payload does"),
    TEST(cose_wg_examples, "the working group's examples are judged as they say"),
    TEST(suit_draft_example_0, "the draft's example of a secure boot is verified, and refused: it installs nothing"),
    TEST(suit_draft_example_1, "the draft's example of an installation is read, verified and understood"),
    TEST(suit_draft_example_3, "the draft's example of two slots is verified, and refused: an image here is for any slot"),
    TEST(suit_draft_example_5, "the draft's example of two images is verified, and refused"),
    TEST(keys_of_both_kinds, "keys of both kinds are read"),
    TEST(empty_and_oversized_keys, "coordinates have 32 bytes, and are there"),
    TEST(keys_of_other_kinds, "keys of other kinds, and private ones, are refused"),
    TEST(a_payload_that_is_too_long, "nothing is signed that does not fit, and what fits is"),
};
HARNESS_MAIN(tests)
