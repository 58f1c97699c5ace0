/* Keys in files, see keyfile.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "keyfile.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "cbor.h"
#include "report.h"

#define POINT_BYTES (1u + 2u * ATTO_COORDINATE_BYTES)

const char *atto_algorithm_name(enum atto_algorithm algorithm)
{
    return algorithm == ATTO_EDDSA ? "EdDSA" : "ES256";
}

/* The members of a COSE_Key that make the key, between them the key id if there is to be one. */
static void put_cose(const struct atto_keyfile *keyfile, bool with_kid, struct atto_buffer *cose)
{
    const bool ed25519 = keyfile->key.algorithm == ATTO_EDDSA;

    atto_cbor_add_head(cose, ATTO_CBOR_MAP, (ed25519 ? 3u : 4u) + with_kid);
    atto_cbor_add_uint(cose, 1);
    atto_cbor_add_uint(cose, ed25519 ? 1 : 2);
    if (with_kid) {
        atto_cbor_add_uint(cose, 2);
        atto_cbor_add_bytes(cose, keyfile->key.kid.ptr, keyfile->key.kid.len);
    }
    atto_cbor_add_negative(cose, 0);
    atto_cbor_add_uint(cose, ed25519 ? 6 : 1);
    atto_cbor_add_negative(cose, 1);
    atto_cbor_add_bytes(cose, keyfile->x, sizeof keyfile->x);
    if (!ed25519) {
        atto_cbor_add_negative(cose, 2);
        atto_cbor_add_bytes(cose, keyfile->y, sizeof keyfile->y);
    }
}

void atto_keyfile_cose(const struct atto_keyfile *keyfile, struct atto_buffer *cose)
{
    put_cose(keyfile, true, cose);
}

/* The pointers of the key into the struct, and a key id if it has none. */
static void settle(struct atto_keyfile *keyfile)
{
    struct atto_buffer cose = {0};
    uint8_t thumbprint[32];

    keyfile->key.x = keyfile->x;
    keyfile->key.y = keyfile->key.algorithm == ATTO_ES256 ? keyfile->y : NULL;
    if (keyfile->key.kid.len == 0) {
        put_cose(keyfile, false, &cose);
        EVP_Digest(cose.bytes, cose.len, thumbprint, NULL, EVP_sha256(), NULL);
        memcpy(keyfile->kid, thumbprint, ATTO_CLI_KID_BYTES);
        keyfile->key.kid.len = ATTO_CLI_KID_BYTES;
        atto_buffer_free(&cose);
    }
    keyfile->key.kid.ptr = keyfile->kid;
}

/* Takes the public part out of libcrypto's key; false if it is of another kind. */
static bool take_public(struct atto_keyfile *keyfile, EVP_PKEY *pkey)
{
    uint8_t point[POINT_BYTES];
    char group[32] = "";
    size_t len = sizeof point;

    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        keyfile->key.algorithm = ATTO_EDDSA;
        return EVP_PKEY_get_raw_public_key(pkey, keyfile->x, &(size_t){sizeof keyfile->x}) == 1;
    }
    if (!EVP_PKEY_is_a(pkey, "EC") || EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1 ||
        strcmp(group, "prime256v1") != 0 ||
        EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len) != 1 ||
        len != sizeof point)
        return false;
    keyfile->key.algorithm = ATTO_ES256;
    memcpy(keyfile->x, point + 1, sizeof keyfile->x);
    memcpy(keyfile->y, point + 1 + sizeof keyfile->x, sizeof keyfile->y);
    return true;
}

static bool read_pem(struct atto_keyfile *keyfile, const char *path, const struct atto_buffer *bytes)
{
    BIO *bio = BIO_new_mem_buf(bytes->bytes, (int)bytes->len);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(size_t) "");
    const bool is_private = pkey != NULL;
    bool fine;

    if (pkey == NULL) {
        BIO_reset(bio);
        pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    }
    BIO_free(bio);
    fine = pkey != NULL && take_public(keyfile, pkey);
    if (!fine)
        atto_report_at(path, 0, "not a key of Ed25519 or P-256");
    if (fine && is_private)
        keyfile->secret = pkey;
    else
        EVP_PKEY_free(pkey);
    return fine;
}

/* -4: a string of 32 bytes, behind all other members in the order of the deterministic encoding. */
#define PRIVATE_HEAD 3u
#define PRIVATE_BYTES (PRIVATE_HEAD + ATTO_COORDINATE_BYTES)

bool atto_keyfile_is_private(const struct atto_buffer *bytes)
{
    static const uint8_t head[PRIVATE_HEAD] = {0x23, 0x58, ATTO_COORDINATE_BYTES};

    return bytes->len > PRIVATE_BYTES && bytes->bytes[0] / 32u == ATTO_CBOR_MAP &&
           memcmp(bytes->bytes + bytes->len - PRIVATE_BYTES, head, sizeof head) == 0;
}

/* libcrypto's key on P-256 of both parts; NULL if they do not belong together. */
static EVP_PKEY *join_p256(const struct atto_keyfile *keyfile, const uint8_t *private)
{
    uint8_t point[POINT_BYTES] = {4}, number[ATTO_COORDINATE_BYTES];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(size_t) "P-256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number, sizeof number),
        OSSL_PARAM_construct_end(),
    };
    BIGNUM *big = BN_bin2bn(private, ATTO_COORDINATE_BYTES, NULL);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL), *check = NULL;
    EVP_PKEY *pkey = NULL;

    BN_bn2nativepad(big, number, sizeof number);
    memcpy(point + 1, keyfile->x, sizeof keyfile->x);
    memcpy(point + 1 + sizeof keyfile->x, keyfile->y, sizeof keyfile->y);
    if (EVP_PKEY_fromdata_init(context) == 1 && EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) == 1)
        check = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (check == NULL || EVP_PKEY_pairwise_check(check) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_CTX_free(check);
    BN_clear_free(big);
    OPENSSL_cleanse(number, sizeof number);
    return pkey;
}

/* The same on Ed25519. */
static EVP_PKEY *join_ed25519(const struct atto_keyfile *keyfile, const uint8_t *private)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private, ATTO_COORDINATE_BYTES);
    struct atto_keyfile found = {.secret = NULL};

    if (pkey != NULL && take_public(&found, pkey) && memcmp(found.x, keyfile->x, sizeof found.x) == 0)
        return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

static bool read_cose(struct atto_keyfile *keyfile, const char *path, const struct atto_buffer *bytes)
{
    const bool is_private = atto_keyfile_is_private(bytes);
    const uint32_t len = (uint32_t)bytes->len - (is_private ? PRIVATE_BYTES : 0u);
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_key key;

    if (is_private)
        bytes->bytes[0]--; /* one member less */
    if (atto_key_read((struct atto_span){bytes->bytes, len}, &key, &refusal) != ATTO_OK) {
        atto_report_at(path, 0, "not a key: as a COSE_Key, %s (byte %u)", atto_status_text(refusal.status), refusal.at);
        return false;
    }
    keyfile->key = key;
    memcpy(keyfile->x, key.x, sizeof keyfile->x);
    if (key.y != NULL)
        memcpy(keyfile->y, key.y, sizeof keyfile->y);
    if (key.kid.len != 0)
        memcpy(keyfile->kid, key.kid.ptr, key.kid.len);
    if (is_private)
        keyfile->secret = (key.algorithm == ATTO_EDDSA ? join_ed25519 : join_p256)(keyfile, bytes->bytes + len +
                                                                                                PRIVATE_HEAD);
    if (is_private && keyfile->secret == NULL)
        atto_report_at(path, 0, "not a key: its private part does not belong to its public part");
    return !is_private || keyfile->secret != NULL;
}

bool atto_keyfile_is_pem(const struct atto_buffer *bytes)
{
    static const char begin[] = "-----BEGIN ";

    return bytes->len > sizeof begin && memcmp(bytes->bytes, begin, sizeof begin - 1) == 0;
}

bool atto_keyfile_read(struct atto_keyfile *keyfile, const char *path)
{
    struct atto_buffer bytes = {0};
    bool fine;

    *keyfile = (struct atto_keyfile){.secret = NULL};
    fine = atto_buffer_read(&bytes, path);
    if (fine)
        fine = atto_keyfile_is_pem(&bytes) ? read_pem(keyfile, path, &bytes) : read_cose(keyfile, path, &bytes);
    if (fine)
        settle(keyfile);
    if (bytes.len != 0)
        OPENSSL_cleanse(bytes.bytes, bytes.len);
    atto_buffer_free(&bytes);
    return fine;
}

bool atto_keyfile_make(struct atto_keyfile *keyfile, enum atto_algorithm algorithm)
{
    EVP_PKEY *pkey = algorithm == ATTO_EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_EC_gen("P-256");

    *keyfile = (struct atto_keyfile){.secret = pkey};
    if (pkey == NULL || !take_public(keyfile, pkey)) {
        atto_report("no key could be made");
        return false;
    }
    settle(keyfile);
    return true;
}

void atto_keyfile_free(struct atto_keyfile *keyfile)
{
    EVP_PKEY_free(keyfile->secret);
    keyfile->secret = NULL;
}

/* From the DER of an ECDSA signature to its two numbers. */
static bool take_numbers(const uint8_t *der, size_t len, uint8_t *signature)
{
    ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool fine = numbers != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + 32, 32) == 32;

    ECDSA_SIG_free(numbers);
    return fine;
}

bool atto_keyfile_sign(const struct atto_keyfile *keyfile, const struct atto_buffer *message,
                       uint8_t signature[ATTO_SIGNATURE_BYTES])
{
    const bool ed25519 = keyfile->key.algorithm == ATTO_EDDSA;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t bytes[128];
    size_t len = sizeof bytes;
    bool fine = context != NULL &&
                EVP_DigestSignInit(context, NULL, ed25519 ? NULL : EVP_sha256(), NULL, keyfile->secret) == 1 &&
                EVP_DigestSign(context, bytes, &len, message->bytes, message->len) == 1;

    if (fine && ed25519)
        memcpy(signature, bytes, ATTO_SIGNATURE_BYTES);
    else if (fine)
        fine = take_numbers(bytes, len, signature);
    EVP_MD_CTX_free(context);
    if (!fine)
        atto_report("the key could not sign");
    return fine;
}

/* What was written to memory, behind what is in `pem`. */
static bool take_bio(BIO *bio, bool fine, struct atto_buffer *pem)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);

    if (fine)
        atto_buffer_put(pem, text, (size_t)len);
    else
        atto_report("the key could not be written");
    BIO_free(bio);
    return fine;
}

bool atto_keyfile_private_pem(const struct atto_keyfile *keyfile, struct atto_buffer *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());

    return take_bio(bio, PEM_write_bio_PKCS8PrivateKey(bio, keyfile->secret, NULL, NULL, 0, NULL, NULL) == 1, pem);
}

bool atto_keyfile_public_pem(const struct atto_keyfile *keyfile, struct atto_buffer *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());

    return take_bio(bio, PEM_write_bio_PUBKEY(bio, keyfile->secret) == 1, pem);
}

bool atto_keyfile_private_cose(const struct atto_keyfile *keyfile, struct atto_buffer *cose)
{
    uint8_t private[ATTO_COORDINATE_BYTES];
    size_t len = sizeof private;
    BIGNUM *big = NULL;
    bool fine;

    if (keyfile->key.algorithm == ATTO_EDDSA)
        fine = EVP_PKEY_get_raw_private_key(keyfile->secret, private, &len) == 1;
    else
        fine = EVP_PKEY_get_bn_param(keyfile->secret, OSSL_PKEY_PARAM_PRIV_KEY, &big) == 1 &&
               BN_bn2binpad(big, private, sizeof private) == sizeof private;
    if (fine) {
        atto_keyfile_cose(keyfile, cose);
        cose->bytes[0]++; /* one member more */
        atto_cbor_add_negative(cose, 3);
        atto_cbor_add_bytes(cose, private, sizeof private);
    } else {
        atto_report("the key could not be written");
    }
    BN_clear_free(big);
    OPENSSL_cleanse(private, sizeof private);
    return fine;
}
