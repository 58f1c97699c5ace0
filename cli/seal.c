/* Signing, see seal.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "seal.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "cbor.h"
#include "report.h"

#define TAG_SIGN1 18u
#define TAG_ENVELOPE 107u

/* {1: alg} */
static void put_protected(const struct atto_keyfile *keyfile, struct atto_buffer *header)
{
    atto_cbor_add_head(header, ATTO_CBOR_MAP, 1);
    atto_cbor_add_uint(header, 1);
    atto_cbor_add_negative(header, keyfile->key.algorithm == ATTO_EDDSA ? 7 : 6);
}

bool atto_seal_sign1(const struct atto_keyfile *keyfile, const struct atto_buffer *payload, bool detached,
                     struct atto_buffer *out)
{
    struct atto_buffer header = {0}, structure = {0};
    uint8_t signature[ATTO_SIGNATURE_BYTES];
    bool fine;

    if (keyfile->secret == NULL) {
        atto_report("a public key cannot sign");
        return false;
    }
    put_protected(keyfile, &header);
    atto_cbor_add_head(&structure, ATTO_CBOR_ARRAY, 4);
    atto_cbor_add_text(&structure, "Signature1");
    atto_cbor_add_bytes(&structure, header.bytes, header.len);
    atto_cbor_add_bytes(&structure, NULL, 0);
    atto_cbor_add_bytes(&structure, payload->bytes, payload->len);
    fine = atto_keyfile_sign(keyfile, &structure, signature);
    if (fine) {
        atto_cbor_add_head(out, ATTO_CBOR_TAG, TAG_SIGN1);
        atto_cbor_add_head(out, ATTO_CBOR_ARRAY, 4);
        atto_cbor_add_bytes(out, header.bytes, header.len);
        atto_cbor_add_head(out, ATTO_CBOR_MAP, 1);
        atto_cbor_add_uint(out, 4);
        atto_cbor_add_bytes(out, keyfile->key.kid.ptr, keyfile->key.kid.len);
        if (detached)
            atto_buffer_put(out, "\xf6", 1);
        else
            atto_cbor_add_bytes(out, payload->bytes, payload->len);
        atto_cbor_add_bytes(out, signature, sizeof signature);
    }
    atto_buffer_free(&header);
    atto_buffer_free(&structure);
    return fine;
}

bool atto_seal_envelope(const struct atto_keyfile *keyfile, const struct atto_buffer *manifest,
                        const struct atto_buffer *behind, struct atto_buffer *out)
{
    struct atto_buffer digest = {0}, sign1 = {0}, wrapper = {0};
    uint8_t hash[32];
    bool fine = true;

    EVP_Digest(manifest->bytes, manifest->len, hash, NULL, EVP_sha256(), NULL);
    atto_cbor_add_head(&digest, ATTO_CBOR_ARRAY, 2);
    atto_cbor_add_negative(&digest, 15);
    atto_cbor_add_bytes(&digest, hash, sizeof hash);
    atto_cbor_add_head(&wrapper, ATTO_CBOR_ARRAY, keyfile != NULL ? 2 : 1);
    atto_cbor_add_bytes(&wrapper, digest.bytes, digest.len);
    if (keyfile != NULL) {
        fine = atto_seal_sign1(keyfile, &digest, true, &sign1);
        atto_cbor_add_bytes(&wrapper, sign1.bytes, sign1.len);
    }
    atto_cbor_add_head(out, ATTO_CBOR_TAG, TAG_ENVELOPE);
    atto_cbor_add_head(out, ATTO_CBOR_MAP, behind->len != 0 ? 3 : 2);
    atto_cbor_add_uint(out, 2);
    atto_cbor_add_nested(out, &wrapper);
    atto_cbor_add_uint(out, 3);
    atto_buffer_put(out, manifest->bytes, manifest->len);
    if (behind->len != 0)
        atto_buffer_put(out, behind->bytes, behind->len);
    atto_buffer_free(&digest);
    atto_buffer_free(&sign1);
    return fine;
}

bool atto_seal_open(const char *path, const struct atto_buffer *envelope, struct atto_buffer *manifest,
                    struct atto_buffer *behind)
{
    struct atto_cbor cbor = {envelope->bytes, (uint32_t)envelope->len, 0};
    uint32_t number, start;
    struct atto_span string;

    if (!atto_cbor_head(&cbor, ATTO_CBOR_TAG, &number) || number != TAG_ENVELOPE ||
        !atto_cbor_head(&cbor, ATTO_CBOR_MAP, &number) || number < 2 || number > 3 ||
        !atto_cbor_uint(&cbor, 2, &number) || number != 2 || !atto_cbor_bytes(&cbor, 1, UINT32_MAX, &string) ||
        !atto_cbor_uint(&cbor, 3, &number) || number != 3) {
        atto_report_at(path, 0, "not an envelope (byte %u)", cbor.pos);
        return false;
    }
    start = cbor.pos;
    if (!atto_cbor_bytes(&cbor, 1, UINT32_MAX, &string)) {
        atto_report_at(path, 0, "an envelope without a manifest (byte %u)", cbor.pos);
        return false;
    }
    atto_buffer_put(manifest, envelope->bytes + start, cbor.pos - start);
    atto_buffer_put(behind, envelope->bytes + cbor.pos, envelope->len - cbor.pos);
    return true;
}
