/* COSE_Sign1 and COSE_Key, see atto/cose.h. A header is a map with integer keys; of the few that are known each may
 * come once, in either header but for the algorithm, which must be under the signature. Everything else is refused, so
 * nothing that is critical is ever ignored.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "deploy/fragment.h"
#include "base/compiler.h"
#include "deploy/cose.h"

#define TAG_SIGN1 18u

/* Labels of headers (RFC 9052 section 3.1). */
enum { HEADER_ALGORITHM = 1, HEADER_KID = 4 };
#define BIT(number) (1u << (number))

/* Algorithms (RFC 9053 section 2, RFC 9864 section 2): with a curve of any key, and with a named one. */
#define ALGORITHM_ES256 ATTO_CBOR_MINUS(7u)
#define ALGORITHM_EDDSA ATTO_CBOR_MINUS(8u)
#define ALGORITHM_ESP256 ATTO_CBOR_MINUS(9u)
#define ALGORITHM_ED25519 ATTO_CBOR_MINUS(19u)

/* Labels of a COSE_Key (RFC 9052 section 7.1, RFC 9053 section 7). */
#define KEY_TYPE 1u
#define KEY_KID 2u
#define KEY_ALGORITHM 3u
#define KEY_CURVE ATTO_CBOR_MINUS(1u)
#define KEY_X ATTO_CBOR_MINUS(2u)
#define KEY_Y ATTO_CBOR_MINUS(3u)
enum { TYPE_OKP = 1, TYPE_EC2 = 2, CURVE_P256 = 1, CURVE_ED25519 = 6 };

/* Reads the number of an algorithm; 0 is none of the two. False: no number. */
/*@ requires \valid(cbor) && \valid(algorithm) && \separated(cbor, algorithm) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *algorithm;
    ensures sound_reader(cbor);
    ensures \result ==> *algorithm <= ATTO_ES256; */
static bool read_algorithm(struct atto_cbor *cbor, uint32_t *algorithm)
{
    uint32_t any = 0, number;

    if (!atto_cbor_key(cbor, &any, &number))
        return false;
    if (number == ALGORITHM_EDDSA || number == ALGORITHM_ED25519)
        *algorithm = ATTO_EDDSA;
    else if (number == ALGORITHM_ES256 || number == ALGORITHM_ESP256)
        *algorithm = ATTO_ES256;
    else
        *algorithm = 0;
    return true;
}

/* Reads a header in which these labels may stand. */
/*@ requires \valid(cbor) && \valid(sign1) && \separated(cbor, sign1) && sound_reader(cbor);
    requires inside(sign1->kid.ptr, sign1->kid.len, cbor->bytes, cbor->len);
    terminates \true; exits \false; assigns cbor->pos, sign1->algorithm, sign1->kid.ptr, sign1->kid.len;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK || \result == ATTO_E_COSE || \result == ATTO_E_ALGORITHM ||
            \result == ATTO_E_UNSUPPORTED;
    ensures \result == ATTO_OK ==> inside(sign1->kid.ptr, sign1->kid.len, cbor->bytes, cbor->len); */
static enum atto_status read_header(struct atto_cbor *cbor, uint32_t known, struct atto_sign1 *sign1)
{
    uint32_t count, algorithm, start, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_COSE;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor);
        loop invariant inside(sign1->kid.ptr, sign1->kid.len, cbor->bytes, cbor->len);
        loop assigns i, start, status, algorithm, next, cbor->pos, sign1->algorithm, sign1->kid.ptr, sign1->kid.len;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        status = atto_known_key(cbor, known, &next, ATTO_E_COSE);
        if (status != ATTO_OK)
            return status;
        if (next - 1u == HEADER_ALGORITHM) {
            start = cbor->pos;
            if (!read_algorithm(cbor, &algorithm))
                return ATTO_E_COSE;
            if (algorithm == 0) {
                cbor->pos = start;
                return ATTO_E_ALGORITHM;
            }
            sign1->algorithm = (enum atto_algorithm)algorithm;
        } else if (!atto_cbor_bytes(cbor, 1, ATTO_KID_MAX, &sign1->kid)) {
            return ATTO_E_COSE;
        }
    }
    return ATTO_OK;
}

/*@ requires \valid(cbor) && \valid(sign1) && \separated(cbor, sign1) && sound_reader(cbor);
    requires sign1->kid.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, sign1->algorithm, sign1->kid.ptr, sign1->kid.len, sign1->protected_header.ptr,
            sign1->protected_header.len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK || \result == ATTO_E_COSE || \result == ATTO_E_ALGORITHM ||
            \result == ATTO_E_UNSUPPORTED;
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) &&
        inside(sign1->kid.ptr, sign1->kid.len, cbor->bytes, cbor->len) &&
        inside(sign1->protected_header.ptr, sign1->protected_header.len, cbor->bytes, cbor->len); */
static enum atto_status read_headers(struct atto_cbor *cbor, struct atto_sign1 *sign1)
{
    enum atto_status status;
    uint32_t outer;

    if (!atto_cbor_enter(cbor, &outer))
        return ATTO_E_COSE;
    sign1->protected_header.ptr = cbor->bytes + cbor->pos;
    sign1->protected_header.len = cbor->len - cbor->pos;
    status = read_header(cbor, BIT(HEADER_ALGORITHM) | BIT(HEADER_KID), sign1);
    if (status != ATTO_OK)
        return status;
    if (sign1->algorithm == 0 || !atto_cbor_leave(cbor, outer))
        return ATTO_E_COSE;
    return read_header(cbor, sign1->kid.len == 0 ? BIT(HEADER_KID) : 0, sign1);
}

enum atto_status atto_cose_read(struct atto_cbor *cbor, struct atto_sign1 *sign1)
{
    struct atto_span signature;
    enum atto_status status;

    sign1->algorithm = (enum atto_algorithm)0;
    sign1->kid.ptr = sign1->payload.ptr = NULL;
    sign1->kid.len = sign1->payload.len = 0;
    if (!atto_has_head(cbor, ATTO_CBOR_TAG, TAG_SIGN1) || !atto_has_head(cbor, ATTO_CBOR_ARRAY, 4))
        return ATTO_E_COSE;
    status = read_headers(cbor, sign1);
    if (status != ATTO_OK)
        return status;
    if (!atto_cbor_null(cbor) && !atto_cbor_bytes(cbor, 1, ATTO_COSE_PAYLOAD_MAX, &sign1->payload))
        return ATTO_E_COSE;
    if (!atto_cbor_bytes(cbor, ATTO_SIGNATURE_BYTES, ATTO_SIGNATURE_BYTES, &signature))
        return ATTO_E_COSE;
    sign1->signature = signature.ptr;
    return ATTO_OK;
}

/* Sig_structure: an array of the context, the protected header, no external data, and the payload. */
static const char context[] = "Signature1";
#define STRUCTURE_BYTES(payload) (1u + sizeof context + 2u + ATTO_COSE_PROTECTED_MAX + 1u + 3u + (payload))
#define SHORT_PAYLOAD 40u /* the digest of an envelope's manifest */

/* What is verified, and how. */
struct question {
    const struct atto_sign1 *sign1;
    struct atto_span payload;
    const struct atto_key *key;
    const struct atto_crypto *crypto;
};

static enum atto_status verify_in(const struct question *question, uint8_t *bytes, uint32_t capacity)
{
    const struct atto_sign1 *sign1 = question->sign1;
    const struct atto_crypto *crypto = question->crypto;
    struct atto_cbor_writer writer = {bytes, capacity, 0};
    struct atto_span message = {bytes, 0};

    atto_cbor_put_head(&writer, ATTO_CBOR_ARRAY, 4);
    atto_cbor_put_string(&writer, ATTO_CBOR_TEXT, context, sizeof context - 1u);
    atto_cbor_put_string(&writer, ATTO_CBOR_BYTES, sign1->protected_header.ptr, sign1->protected_header.len);
    atto_cbor_put_head(&writer, ATTO_CBOR_BYTES, 0);
    atto_cbor_put_string(&writer, ATTO_CBOR_BYTES, question->payload.ptr, question->payload.len);
    message.len = writer.len;
    return crypto->verify(crypto->user, question->key, message, sign1->signature) ? ATTO_OK : ATTO_E_SIGNATURE;
}

/* With memory for the longest payload on the stack; who installs an envelope does without. */
static ATTO_APART enum atto_status verify_long(const struct question *question)
{
    uint8_t bytes[STRUCTURE_BYTES(ATTO_COSE_PAYLOAD_MAX)];

    return verify_in(question, bytes, sizeof bytes);
}

static ATTO_APART enum atto_status verify_short(const struct question *question)
{
    uint8_t bytes[STRUCTURE_BYTES(SHORT_PAYLOAD)];

    return verify_in(question, bytes, sizeof bytes);
}

enum atto_status atto_cose_verify(const struct atto_sign1 *sign1, struct atto_span payload, const struct atto_key *key,
                                  const struct atto_crypto *crypto)
{
    const struct question question = {sign1, payload, key, crypto};

    if (sign1->algorithm != key->algorithm)
        return ATTO_E_ALGORITHM;
    if (sign1->kid.len != 0 && key->kid.len != 0 && !atto_same_span(sign1->kid, key->kid))
        return ATTO_E_SIGNER;
    if (sign1->protected_header.len > ATTO_COSE_PROTECTED_MAX || payload.len > ATTO_COSE_PAYLOAD_MAX)
        return ATTO_E_ARGUMENT;
    return payload.len <= SHORT_PAYLOAD ? verify_short(&question) : verify_long(&question);
}

bool atto_digest_holds(const struct atto_crypto *crypto, struct atto_span bytes, const uint8_t *digest)
{
    uint8_t found[ATTO_SHA256_BYTES];
    struct atto_sha256 hash;

    crypto->sha256_begin(crypto->user, &hash);
    crypto->sha256_add(crypto->user, &hash, bytes.ptr, bytes.len);
    crypto->sha256_end(crypto->user, &hash, found);
    return memcmp(found, digest, sizeof found) == 0;
}

/* What is read of a COSE_Key, before it is known to be a whole one. */
struct parts {
    uint32_t type, curve, algorithm; /* 0: not there */
    struct atto_span kid, x, y;
};

/*@ predicate sound_parts(struct parts *parts, uint8_t *bytes, integer len) =
        inside(parts->kid.ptr, parts->kid.len, bytes, len) && inside(parts->x.ptr, parts->x.len, bytes, len) &&
        inside(parts->y.ptr, parts->y.len, bytes, len) &&
        (parts->x.len == 0 || parts->x.len == ATTO_COORDINATE_BYTES) &&
        (parts->y.len == 0 || parts->y.len == ATTO_COORDINATE_BYTES) && parts->type <= TYPE_EC2; */

/*@ requires \valid(cbor) && \valid(parts) && \separated(cbor, parts) && sound_reader(cbor);
    requires sound_parts(parts, cbor->bytes, cbor->len);
    terminates \true; exits \false;
    assigns cbor->pos, parts->type, parts->curve, parts->algorithm, parts->kid.ptr, parts->kid.len, parts->x.ptr,
            parts->x.len, parts->y.ptr, parts->y.len;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK || \result == ATTO_E_COSE || \result == ATTO_E_UNSUPPORTED;
    ensures \result == ATTO_OK ==> sound_parts(parts, cbor->bytes, cbor->len); */
static enum atto_status read_part(struct atto_cbor *cbor, uint32_t label, struct parts *parts)
{
    bool fine;

    switch (label) {
    case KEY_TYPE:
        fine = atto_cbor_uint(cbor, TYPE_EC2, &parts->type);
        break;
    case KEY_KID:
        fine = atto_cbor_bytes(cbor, 1, ATTO_KID_MAX, &parts->kid);
        break;
    case KEY_ALGORITHM:
        fine = read_algorithm(cbor, &parts->algorithm);
        fine = fine && parts->algorithm != 0;
        break;
    case KEY_CURVE:
        fine = atto_cbor_uint(cbor, CURVE_ED25519, &parts->curve);
        break;
    case KEY_X:
        fine = atto_cbor_bytes(cbor, ATTO_COORDINATE_BYTES, ATTO_COORDINATE_BYTES, &parts->x);
        break;
    case KEY_Y:
        fine = atto_cbor_bytes(cbor, ATTO_COORDINATE_BYTES, ATTO_COORDINATE_BYTES, &parts->y);
        break;
    default:
        return ATTO_E_UNSUPPORTED;
    }
    return fine ? ATTO_OK : ATTO_E_COSE;
}

/* Which algorithm this key is for, the number of its type; 0: it is not whole, or not of a known kind. */
_Static_assert((int)TYPE_OKP == (int)ATTO_EDDSA && (int)TYPE_EC2 == (int)ATTO_ES256, "types are algorithms");
/*@ requires \valid_read(parts) && parts->type <= TYPE_EC2;
    terminates \true; exits \false; assigns \nothing;
    ensures \result == 0 || (\result == ATTO_EDDSA && parts->x.len != 0) ||
            (\result == ATTO_ES256 && parts->x.len != 0 && parts->y.len != 0); */
static uint32_t kind_of(const struct parts *parts)
{
    const bool okp = parts->type == TYPE_OKP;

    if (parts->x.len == 0 || (parts->y.len == 0) != okp || parts->curve != (okp ? CURVE_ED25519 : CURVE_P256))
        return 0;
    return parts->type;
}

/*@ requires \valid(cbor) && \valid(parts) && \separated(cbor, parts) && sound_reader(cbor);
    requires sound_parts(parts, cbor->bytes, cbor->len);
    terminates \true; exits \false; assigns cbor->pos, *parts;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK || \result == ATTO_E_COSE || \result == ATTO_E_UNSUPPORTED;
    ensures \result == ATTO_OK ==> sound_parts(parts, cbor->bytes, cbor->len); */
static enum atto_status read_key(struct atto_cbor *cbor, struct parts *parts)
{
    uint32_t count, label, start, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_COSE;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && sound_parts(parts, cbor->bytes, cbor->len);
        loop assigns i, start, status, label, next, cbor->pos, *parts; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        start = cbor->pos;
        if (!atto_cbor_key(cbor, &next, &label))
            return ATTO_E_COSE;
        status = read_part(cbor, label, parts);
        if (status == ATTO_E_UNSUPPORTED)
            cbor->pos = start;
        if (status != ATTO_OK)
            return status;
    }
    return cbor->pos == cbor->len ? ATTO_OK : ATTO_E_COSE;
}

enum atto_status atto_key_read(struct atto_span bytes, struct atto_key *key, struct atto_refusal *refusal)
{
    struct atto_cbor cbor = {bytes.ptr, bytes.len, 0};
    struct parts parts = {0, 0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    enum atto_status status = read_key(&cbor, &parts);
    uint32_t kind = 0;

    if (status == ATTO_OK) {
        cbor.pos = 0;
        kind = kind_of(&parts);
        if (kind == 0)
            status = ATTO_E_UNSUPPORTED;
        else if (parts.algorithm != 0 && parts.algorithm != kind)
            status = ATTO_E_ALGORITHM;
    }
    if (status != ATTO_OK)
        return atto_refuse(refusal, status, cbor.pos);
    key->algorithm = (enum atto_algorithm)kind;
    key->kid = parts.kid;
    key->x = parts.x.ptr;
    key->y = parts.y.ptr;
    return ATTO_OK;
}
