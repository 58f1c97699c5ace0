/* Envelopes from pieces, see suit_bytes.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "suit_bytes.h"

#include <string.h>

#include "libraries.h"

#define VENDOR "\x11\x11\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55"
#define CLASS "\xc1\xc1\xc1\xc1\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55"
#define DEVICE "\xde\xde\xde\xde\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55"

const struct atto_identity suit_identity = {
    { 0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55 },
    { 0xc1, 0xc1, 0xc1, 0xc1, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55 },
    { 0xde, 0xde, 0xde, 0xde, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55 },
};
#define KID(string) { (const uint8_t *)(string), (uint32_t)(sizeof(string) - 1u) }
const struct atto_key suit_acme = { ATTO_EDDSA, KID("key-acme"), (const uint8_t *)"acme's public key of 32 bytes..", NULL };
const struct atto_key suit_other = { ATTO_EDDSA, KID("key-othr"), (const uint8_t *)"others' public key of 32 bytes.", NULL };
const struct atto_key suit_es256 = { ATTO_ES256, KID("key-acme"), (const uint8_t *)"acme's public key of 32 bytes..",
                                     (const uint8_t *)"and the other coordinate of it." };
const char suit_image[11] = { 'h', 'e', 'l', 'l', 'o', ' ', 'w', 'o', 'r', 'l', 'd' };

/* The signature's first half is of the message and the key, the second one of the first. */
void suit_sign(const struct atto_key *key, const uint8_t *message, uint32_t len, uint8_t *signature)
{
    struct atto_sha256 hash;
    atto_sha256_begin(NULL, &hash);
    atto_sha256_add(NULL, &hash, key->x, 32);
    atto_sha256_add(NULL, &hash, message, len);
    atto_sha256_end(NULL, &hash, signature);
    atto_sha256_begin(NULL, &hash);
    atto_sha256_add(NULL, &hash, signature, 32);
    atto_sha256_end(NULL, &hash, signature + 32);
}

static bool verify(void *user, const struct atto_key *key, struct atto_span message, const uint8_t *signature)
{
    uint8_t wanted[64];
    (void)user;
    suit_sign(key, message.ptr, message.len, wanted);
    return memcmp(signature, wanted, sizeof wanted) == 0;
}

const struct atto_crypto suit_crypto = { atto_sha256_begin, atto_sha256_add, atto_sha256_end, verify, NULL };

/* Bytes that grow. What does not fit is counted, not written. */
struct out {
    uint8_t *bytes;
    uint32_t capacity, len;
};

static void put(struct out *out, const void *bytes, uint32_t len)
{
    if (out->len + len <= out->capacity && len != 0)
        memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
}

/* The head of a string of bytes: type 2 of CBOR, in its shortest form. */
static void put_head(struct out *out, uint32_t len)
{
    const uint8_t head[3] = { (uint8_t)(len < 24u ? 0x40u + len : len < 256u ? 0x58u : 0x59u),
                              (uint8_t)(len < 256u ? len : len >> 8), (uint8_t)len };
    put(out, head, len < 24u ? 1u : len < 256u ? 2u : 3u);
}

static void put_string(struct out *out, const void *bytes, uint32_t len)
{
    put_head(out, len);
    put(out, bytes, len);
}

static void put_sign1(struct out *out, const void *protected_header, uint32_t protected_len, const void *unprotected,
                      uint32_t unprotected_len, const struct out *payload, const void *signed_bytes,
                      uint32_t signed_len, const struct atto_key *key)
{
    uint8_t structure[1024], signature[64];
    struct out message = { structure, sizeof structure, 0 };
    put(&message, "\x84\x6aSignature1", 12);
    put_string(&message, protected_header, protected_len);
    put(&message, "\x40", 1);
    put_string(&message, signed_bytes, signed_len);
    suit_sign(key, structure, message.len, signature);
    put(out, "\xd2\x84", 2);
    put_string(out, protected_header, protected_len);
    put(out, unprotected, unprotected_len);
    put(out, payload->bytes, payload->len);
    put_string(out, signature, sizeof signature);
}

uint32_t suit_sign1(uint8_t *bytes, uint32_t capacity, const void *protected_header, uint32_t protected_len,
                    const void *payload, uint32_t payload_len, const struct atto_key *key)
{
    uint8_t string[1024], unprotected[40];
    struct out out = { bytes, capacity, 0 }, as_string = { string, sizeof string, 0 },
               header = { unprotected, sizeof unprotected, 0 };
    put_string(&as_string, payload, payload_len);
    put(&header, key->kid.len != 0 ? "\xa1\x04" : "\xa0", key->kid.len != 0 ? 2u : 1u);
    if (key->kid.len != 0)
        put_string(&header, key->kid.ptr, key->kid.len);
    put_sign1(&out, protected_header, protected_len, unprotected, header.len, &as_string, payload, payload_len, key);
    return out.len;
}

void suit_set(struct suit_bytes *suit, enum suit_piece piece, const void *bytes, uint32_t len)
{
    suit->pieces[piece].bytes = bytes;
    suit->pieces[piece].len = len;
}

/* Override vendor, class, digest, size; compare vendor and class. */
static uint32_t shared_sequence(uint8_t *bytes, uint32_t capacity, const void *image, uint32_t image_len)
{
    struct out out = { bytes, capacity, 0 };
    struct atto_sha256 hash;
    uint8_t digest[32], size = (uint8_t)image_len;
    atto_sha256_begin(NULL, &hash);
    atto_sha256_add(NULL, &hash, image, image_len);
    atto_sha256_end(NULL, &hash, digest);
    put(&out, "\x86\x14\xa4\x01\x50" VENDOR "\x02\x50" CLASS "\x03\x58\x24\x82\x2f\x58\x20", 46);
    put(&out, digest, sizeof digest);
    put(&out, "\x0e", 1);
    put(&out, &size, 1);
    put(&out, "\x01\x0f\x02\x0f", 4);
    return out.len;
}

void suit_begin(struct suit_bytes *suit)
{
    memset(suit, 0, sizeof *suit);
    SUIT_SET(suit, SUIT_TAG, "\xd8\x6b");
    SUIT_SET(suit, SUIT_MAP, "\xa3");
    SUIT_SET(suit, SUIT_PROTECTED, "\xa1\x01\x27");
    SUIT_SET(suit, SUIT_UNPROTECTED, "\xa1\x04\x48" "key-acme");
    SUIT_SET(suit, SUIT_PAYLOAD, "\xf6");
    SUIT_SET(suit, SUIT_MANIFEST_MAP, "\xa6");
    SUIT_SET(suit, SUIT_VERSION, "\x01\x01");
    SUIT_SET(suit, SUIT_NUMBER, "\x02\x07");
    SUIT_SET(suit, SUIT_COMMON_MAP, "\xa2");
    SUIT_SET(suit, SUIT_COMPONENTS, "\x02\x81\x82\x44" "acme" "\x45" "blink");
    suit_set(suit, SUIT_SHARED, suit->shared,
             shared_sequence(suit->shared, sizeof suit->shared, suit_image, sizeof suit_image));
    SUIT_SET(suit, SUIT_VALIDATE, "\x82\x03\x0f");
    SUIT_SET(suit, SUIT_INVOKE, "\x82\x17\x02");
    SUIT_SET(suit, SUIT_INSTALL, "\x86\x14\xa1\x15\x66" "#image" "\x15\x02\x03\x0f");
    SUIT_SET(suit, SUIT_IMAGE_KEY, "\x66" "#image");
    suit_set(suit, SUIT_IMAGE, suit_image, sizeof suit_image);
}

static void put_piece(struct out *out, const struct suit_bytes *suit, enum suit_piece piece)
{
    put(out, suit->pieces[piece].bytes, suit->pieces[piece].len);
}

static void put_member(struct out *out, const char *key, const struct suit_bytes *suit, enum suit_piece piece)
{
    if (suit->pieces[piece].len == 0)
        return;
    put(out, key, 1);
    put_string(out, suit->pieces[piece].bytes, suit->pieces[piece].len);
}

static void put_manifest(struct out *out, const struct suit_bytes *suit)
{
    uint8_t bytes[SUIT_BYTES_MAX], inner[SUIT_BYTES_MAX];
    struct out manifest = { bytes, sizeof bytes, 0 }, common = { inner, sizeof inner, 0 };
    put_piece(&manifest, suit, SUIT_MANIFEST_MAP);
    put_piece(&manifest, suit, SUIT_VERSION);
    put_piece(&manifest, suit, SUIT_NUMBER);
    put_piece(&common, suit, SUIT_COMMON_MAP);
    put_piece(&common, suit, SUIT_COMPONENTS);
    put_member(&common, "\x04", suit, SUIT_SHARED);
    put(&manifest, "\x03", 1);
    put_string(&manifest, inner, common.len);
    put_member(&manifest, "\x07", suit, SUIT_VALIDATE);
    put_member(&manifest, "\x09", suit, SUIT_INVOKE);
    put_member(&manifest, "\x14", suit, SUIT_INSTALL);
    put_piece(&manifest, suit, SUIT_MORE);
    put_string(out, bytes, manifest.len);
}

uint32_t suit_build(struct suit_bytes *suit, const struct atto_key *key)
{
    uint8_t bytes[SUIT_BYTES_MAX], digest[36] = "\x82\x2f\x58\x20", wrapped[256], cose[200];
    struct out out = { suit->bytes, sizeof suit->bytes, 0 }, manifest = { bytes, sizeof bytes, 0 },
               wrapper = { wrapped, sizeof wrapped, 0 }, sign1 = { cose, sizeof cose, 0 };
    struct out payload = { (uint8_t *)(size_t)suit->pieces[SUIT_PAYLOAD].bytes, 0, suit->pieces[SUIT_PAYLOAD].len };
    struct atto_sha256 hash;
    put_manifest(&manifest, suit);
    atto_sha256_begin(NULL, &hash);
    atto_sha256_add(NULL, &hash, bytes, manifest.len);
    atto_sha256_end(NULL, &hash, digest + 4);
    put_sign1(&sign1, suit->pieces[SUIT_PROTECTED].bytes, suit->pieces[SUIT_PROTECTED].len,
              suit->pieces[SUIT_UNPROTECTED].bytes, suit->pieces[SUIT_UNPROTECTED].len, &payload, digest,
              sizeof digest, key);
    put(&wrapper, "\x82", 1);
    put_string(&wrapper, digest, sizeof digest);
    put_string(&wrapper, cose, sign1.len);
    put_piece(&out, suit, SUIT_TAG);
    put_piece(&out, suit, SUIT_MAP);
    put(&out, "\x02", 1);
    put_string(&out, wrapped, wrapper.len);
    put(&out, "\x03", 1);
    put(&out, bytes, manifest.len);
    put_piece(&out, suit, SUIT_IMAGE_KEY);
    if (suit->pieces[SUIT_IMAGE_KEY].len != 0)
        put_string(&out, suit->pieces[SUIT_IMAGE].bytes, suit->pieces[SUIT_IMAGE].len);
    put_piece(&out, suit, SUIT_BEHIND);
    return suit->len = out.len;
}
