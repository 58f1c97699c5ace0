/* Reads and verifies SUIT envelopes, see atto/envelope.h. The cursor counts bytes from the start of the head wherever
 * it is, for it goes into the strings of CBOR that are nested in the envelope and out of them again; so a refusal's
 * place is always the cursor's. What the command sequences mean is in sequence.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "deploy/fragment.h"
#include "deploy/sequence.h"

#define TAG_ENVELOPE 107u

enum { ENVELOPE_AUTHENTICATION = 2, ENVELOPE_MANIFEST = 3 };
enum {
    MANIFEST_VERSION = 1,
    MANIFEST_SEQUENCE = 2,
    MANIFEST_COMMON = 3,
    MANIFEST_VALIDATE = 7,
    MANIFEST_INVOKE = 9,
    MANIFEST_INSTALL = 20
};
enum { COMMON_COMPONENTS = 2, COMMON_SHARED = 4 };
#define BIT(number) (1u << (number))
#define MANIFEST_NEEDED                                                                                     \
    (BIT(MANIFEST_VERSION) | BIT(MANIFEST_SEQUENCE) | BIT(MANIFEST_COMMON) | BIT(MANIFEST_VALIDATE) | \
     BIT(MANIFEST_INSTALL))
#define PAYLOAD_KEY_MAX 64u

/*@ // What has been read so far, but for the signature.
    predicate sound_parts(struct atto_envelope *envelope, uint8_t *bytes) =
        sound_sequences(envelope, head_end) && sound_names(envelope, bytes, head_end) &&
        inside(envelope->component_cbor.ptr, envelope->component_cbor.len, bytes, head_end); */

/* Reads the next key of a map, of the numbers whose bits are in `known`. */
/*@ requires \valid(cbor) && \valid(next) && \valid(key) && \separated(cbor, next, key) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *next, *key;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> *key < 32 && *key >= \old(*next) && *next == *key + 1; */
static enum atto_status read_known(struct atto_cbor *cbor, uint32_t known, uint32_t *next, uint32_t *key)
{
    uint32_t start = cbor->pos;

    if (!atto_cbor_key(cbor, next, key))
        return ATTO_E_ENVELOPE;
    if (*key < 32u && (known & BIT(*key)) != 0)
        return ATTO_OK;
    cbor->pos = start;
    return ATTO_E_UNSUPPORTED;
}

/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, envelope->digest.ptr, envelope->digest.len,
            envelope->signature.protected_header.ptr, envelope->signature.protected_header.len,
            envelope->signature.kid.ptr, envelope->signature.kid.len, envelope->signature.payload.ptr,
            envelope->signature.payload.len, envelope->signature.signature, envelope->signature.algorithm;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && envelope->digest.len > ATTO_SHA256_BYTES;
    ensures \result == ATTO_OK ==> inside(envelope->digest.ptr, envelope->digest.len, cbor->bytes, head_end);
    ensures \result == ATTO_OK ==> sound_sign1(&envelope->signature, cbor->bytes, head_end); */
static enum atto_status read_authentication(struct atto_cbor *cbor, struct atto_envelope *envelope)
{
    enum atto_status status;
    const uint8_t *digest;
    uint32_t outer, count;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count < 1 || count > 2 || !atto_cbor_enter(cbor, &outer))
        return ATTO_E_ENVELOPE;
    envelope->digest.ptr = cbor->bytes + cbor->pos;
    envelope->digest.len = cbor->len - cbor->pos;
    if (!atto_suit_digest(cbor, &digest) || !atto_cbor_leave(cbor, outer))
        return ATTO_E_ENVELOPE;
    if (count == 1)
        return ATTO_E_SIGNATURE;
    if (!atto_cbor_enter(cbor, &outer))
        return ATTO_E_ENVELOPE;
    status = atto_cose_read(cbor, &envelope->signature);
    if (status != ATTO_OK)
        return status;
    if (envelope->signature.payload.ptr != NULL || !atto_cbor_leave(cbor, outer))
        return ATTO_E_COSE;
    return ATTO_OK;
}

/* One component, no more. */
/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    requires sound_parts(envelope, cbor->bytes) && envelope->component.tenant.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, envelope->component_cbor.ptr, envelope->component_cbor.len, envelope->component.tenant.ptr,
            envelope->component.tenant.len, envelope->component.container.ptr, envelope->component.container.len;
    ensures sound_reader(cbor);
    ensures \result ==> sound_parts(envelope, cbor->bytes); */
static bool read_components(struct atto_cbor *cbor, struct atto_envelope *envelope)
{
    uint32_t count, start;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count != 1)
        return false;
    start = cbor->pos;
    if (!atto_component_read(cbor, &envelope->component))
        return false;
    envelope->component_cbor.ptr = cbor->bytes + start;
    envelope->component_cbor.len = cbor->pos - start;
    return true;
}

/* Reads a string with a command sequence, all of it, for no device. */
/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    requires sound_parts(envelope, cbor->bytes) && kind < ATTO_SEQUENCES;
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, envelope->sequences[kind].at, envelope->sequences[kind].end;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures sound_sequences(envelope, head_end);
    ensures sound_names(envelope, cbor->bytes, head_end);
    ensures inside(envelope->component_cbor.ptr, envelope->component_cbor.len, cbor->bytes, head_end);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len); */
static enum atto_status read_sequence(struct atto_cbor *cbor, enum atto_sequence kind, struct atto_envelope *envelope)
{
    struct atto_piece *piece = &envelope->sequences[kind];
    enum atto_status status;
    uint32_t outer;

    if (!atto_cbor_enter(cbor, &outer)) {
        /* Severed: its digest stands in its place. */
        return atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &outer) ? ATTO_E_UNSUPPORTED : ATTO_E_ENVELOPE;
    }
    piece->at = cbor->pos;
    piece->end = cbor->len;
    /*@ assert sound_sequences(envelope, head_end); */
    status = atto_sequence_read(cbor, kind);
    /*@ assert sound_sequences(envelope, head_end); */
    if (status != ATTO_OK)
        return status;
    return atto_cbor_leave(cbor, outer) ? ATTO_OK : ATTO_E_ENVELOPE;
}

/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    requires sound_parts(envelope, cbor->bytes) && envelope->component.tenant.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, envelope->sequences[0 .. 3].at, envelope->sequences[0 .. 3].end,
            envelope->component_cbor.ptr, envelope->component_cbor.len, envelope->component.tenant.ptr,
            envelope->component.tenant.len, envelope->component.container.ptr, envelope->component.container.len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && sound_parts(envelope, cbor->bytes); */
static enum atto_status read_common(struct atto_cbor *cbor, struct atto_envelope *envelope)
{
    enum atto_status status;
    uint32_t outer, count, key, next = 0;

    if (!atto_cbor_enter(cbor, &outer) || !atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_ENVELOPE;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && cbor->len == \at(cbor->len, LoopEntry);
        loop invariant sound_parts(envelope, cbor->bytes);
        loop invariant next <= COMMON_COMPONENTS ==> envelope->component.tenant.len == 0;
        loop assigns i, status, next, key, cbor->pos, cbor->len, envelope->sequences[0 .. 3].at, envelope->sequences[0 .. 3].end,
            envelope->component_cbor.ptr, envelope->component_cbor.len, envelope->component.tenant.ptr,
            envelope->component.tenant.len, envelope->component.container.ptr, envelope->component.container.len;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        status = read_known(cbor, BIT(COMMON_COMPONENTS) | BIT(COMMON_SHARED), &next, &key);
        if (status == ATTO_OK && key == COMMON_COMPONENTS)
            status = read_components(cbor, envelope) ? ATTO_OK : ATTO_E_ENVELOPE;
        else if (status == ATTO_OK)
            status = read_sequence(cbor, ATTO_SEQUENCE_SHARED, envelope);
        if (status != ATTO_OK)
            return status;
    }
    return count == 2 && atto_cbor_leave(cbor, outer) ? ATTO_OK : ATTO_E_ENVELOPE;
}

static enum atto_status read_member(struct atto_cbor *cbor, uint32_t key, struct atto_envelope *envelope)
{
    uint32_t version;

    switch (key) {
    case MANIFEST_VERSION:
        return atto_cbor_uint(cbor, 1, &version) && version == 1 ? ATTO_OK : ATTO_E_ENVELOPE;
    case MANIFEST_SEQUENCE:
        return atto_cbor_uint(cbor, UINT32_MAX, &envelope->sequence) ? ATTO_OK : ATTO_E_ENVELOPE;
    case MANIFEST_COMMON:
        return read_common(cbor, envelope);
    case MANIFEST_VALIDATE:
        return read_sequence(cbor, ATTO_SEQUENCE_VALIDATE, envelope);
    case MANIFEST_INVOKE:
        return read_sequence(cbor, ATTO_SEQUENCE_INVOKE, envelope);
    default:
        return read_sequence(cbor, ATTO_SEQUENCE_INSTALL, envelope);
    }
}

static enum atto_status read_manifest(struct atto_cbor *cbor, struct atto_envelope *envelope)
{
    uint32_t count, key, seen = 0, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_ENVELOPE;
    for (uint32_t i = 0; i < count; i++) {
        status = read_known(cbor, MANIFEST_NEEDED | BIT(MANIFEST_INVOKE), &next, &key);
        if (status == ATTO_OK)
            status = read_member(cbor, key, envelope);
        if (status != ATTO_OK)
            return status;
        seen |= BIT(key);
    }
    return (seen & MANIFEST_NEEDED) == MANIFEST_NEEDED ? ATTO_OK : ATTO_E_ENVELOPE;
}

/* The name and the head of an image behind the manifest. Any other part of an envelope has a number. */
/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    terminates \true; exits \false;
    assigns cbor->pos, envelope->payload_key.ptr, envelope->payload_key.len, envelope->payload_bytes;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==>
        inside(envelope->payload_key.ptr, envelope->payload_key.len, cbor->bytes, head_end); */
static enum atto_status read_payload(struct atto_cbor *cbor, uint32_t next, struct atto_envelope *envelope)
{
    uint32_t number;

    if (!atto_cbor_text(cbor, 1, PAYLOAD_KEY_MAX, &envelope->payload_key))
        return atto_cbor_key(cbor, &next, &number) ? ATTO_E_UNSUPPORTED : ATTO_E_ENVELOPE;
    if (!atto_cbor_head(cbor, ATTO_CBOR_BYTES, &envelope->payload_bytes) || envelope->payload_bytes == 0)
        return ATTO_E_ENVELOPE;
    /* As much of it as there is may be there, and nothing behind it. */
    return cbor->len - cbor->pos <= envelope->payload_bytes ? ATTO_OK : ATTO_E_ENVELOPE;
}

/*@ requires \valid(cbor) && \valid(next) && \valid(envelope) && \separated(cbor, next, envelope) && in_head(cbor);
    terminates \true; exits \false;
    assigns *next, cbor->pos, cbor->len, envelope->digest.ptr, envelope->digest.len,
            envelope->signature.protected_header.ptr, envelope->signature.protected_header.len,
            envelope->signature.kid.ptr, envelope->signature.kid.len, envelope->signature.payload.ptr,
            envelope->signature.payload.len, envelope->signature.signature, envelope->signature.algorithm;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && envelope->digest.len > ATTO_SHA256_BYTES;
    ensures \result == ATTO_OK ==> inside(envelope->digest.ptr, envelope->digest.len, cbor->bytes, head_end);
    ensures \result == ATTO_OK ==> sound_sign1(&envelope->signature, cbor->bytes, head_end); */
static enum atto_status enter_authentication(struct atto_cbor *cbor, uint32_t *next, struct atto_envelope *envelope)
{
    enum atto_status status;
    uint32_t number, outer;

    status = read_known(cbor, BIT(ENVELOPE_AUTHENTICATION), next, &number);
    if (status != ATTO_OK)
        return status;
    if (!atto_cbor_enter(cbor, &outer))
        return ATTO_E_ENVELOPE;
    status = read_authentication(cbor, envelope);
    if (status != ATTO_OK)
        return status;
    return atto_cbor_leave(cbor, outer) ? ATTO_OK : ATTO_E_ENVELOPE;
}

static enum atto_status enter_manifest(struct atto_cbor *cbor, uint32_t *next, struct atto_envelope *envelope)
{
    enum atto_status status;
    uint32_t number, outer;

    status = read_known(cbor, BIT(ENVELOPE_MANIFEST), next, &number);
    if (status != ATTO_OK)
        return status;
    envelope->manifest.at = cbor->pos;
    if (!atto_cbor_enter(cbor, &outer))
        return ATTO_E_ENVELOPE;
    status = read_manifest(cbor, envelope);
    if (status != ATTO_OK)
        return status;
    envelope->manifest.end = cbor->pos;
    return atto_cbor_leave(cbor, outer) ? ATTO_OK : ATTO_E_ENVELOPE;
}

static enum atto_status read_envelope(struct atto_cbor *cbor, struct atto_envelope *envelope)
{
    uint32_t number, count, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_TAG, &number) || number != TAG_ENVELOPE ||
        !atto_cbor_head(cbor, ATTO_CBOR_MAP, &count) || count < 2 || count > 3)
        return ATTO_E_ENVELOPE;
    status = enter_authentication(cbor, &next, envelope);
    if (status != ATTO_OK)
        return status;
    status = enter_manifest(cbor, &next, envelope);
    if (status != ATTO_OK)
        return status;
    if (count == 3)
        return read_payload(cbor, next, envelope);
    return cbor->pos == cbor->len ? ATTO_OK : ATTO_E_ENVELOPE;
}

enum atto_status atto_envelope_read(const uint8_t *bytes, uint32_t len, struct atto_envelope *envelope,
                                    struct atto_refusal *refusal)
{
    struct atto_cbor cbor = {bytes, len, 0};
    enum atto_status status;

    memset(envelope, 0, sizeof *envelope);
    status = read_envelope(&cbor, envelope);
    if (status != ATTO_OK)
        return atto_refuse(refusal, status, cbor.pos);
    envelope->head = bytes;
    envelope->head_bytes = cbor.pos;
    return ATTO_OK;
}

enum atto_status atto_envelope_verify(const struct atto_envelope *envelope, const struct atto_signer *signer,
                                      const struct atto_crypto *crypto)
{
    const struct atto_span manifest = { envelope->head + envelope->manifest.at,
                                        envelope->manifest.end - envelope->manifest.at };

    if (!atto_same_span(envelope->component.tenant, signer->name))
        return ATTO_E_SIGNER;
    /* The digest ends with its bytes, as it was read. */
    if (!atto_digest_holds(crypto, manifest, envelope->digest.ptr + (envelope->digest.len - ATTO_SHA256_BYTES)))
        return ATTO_E_DIGEST;
    return atto_cose_verify(&envelope->signature, envelope->digest, &signer->key, crypto);
}
