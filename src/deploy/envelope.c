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
#define MANIFEST_KNOWN                                                                                       \
    (BIT(MANIFEST_VERSION) | BIT(MANIFEST_SEQUENCE) | BIT(MANIFEST_COMMON) | BIT(MANIFEST_VALIDATE) | \
     BIT(MANIFEST_INVOKE) | BIT(MANIFEST_INSTALL))
#define MANIFEST_NEEDED 5u /* all of them but for the invoke sequence */
#define PAYLOAD_KEY_MAX 64u

/*@ // What has been read so far, but for the signature.
    predicate sound_parts(struct atto_envelope *envelope, uint8_t *bytes) =
        sound_sequences(envelope, head_end) && sound_names(envelope, bytes, head_end) &&
        inside(envelope->component_cbor.ptr, envelope->component_cbor.len, bytes, head_end);

    // Nothing has been read.
    predicate is_fresh(struct atto_envelope *envelope) =
        envelope->component.tenant.len == 0 && envelope->component.container.len == 0 &&
        envelope->component_cbor.len == 0 && envelope->payload_key.len == 0 &&
        envelope->sequences[0].at == 0 && envelope->sequences[0].end == 0 && envelope->sequences[1].at == 0 &&
        envelope->sequences[1].end == 0 && envelope->sequences[2].at == 0 && envelope->sequences[2].end == 0 &&
        envelope->sequences[3].at == 0 && envelope->sequences[3].end == 0;

    predicate sound_authentication(struct atto_envelope *envelope, uint8_t *bytes) =
        envelope->digest.len > ATTO_SHA256_BYTES &&
        inside(envelope->digest.ptr, envelope->digest.len, bytes, head_end) &&
        sound_sign1(&envelope->signature, bytes, head_end);

    // All of it.
    predicate sound_envelope(struct atto_envelope *envelope, uint8_t *bytes) =
        sound_parts(envelope, bytes) && sound_piece(&envelope->manifest, head_end) &&
        sound_authentication(envelope, bytes) &&
        inside(envelope->payload_key.ptr, envelope->payload_key.len, bytes, head_end); */

/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, envelope->digest.ptr, envelope->digest.len,
            envelope->signature.protected_header.ptr, envelope->signature.protected_header.len,
            envelope->signature.kid.ptr, envelope->signature.kid.len, envelope->signature.payload.ptr,
            envelope->signature.payload.len, envelope->signature.signature, envelope->signature.algorithm;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len);
    ensures \result == ATTO_OK ==> sound_authentication(envelope, cbor->bytes); */
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
    uint32_t start;

    if (!atto_has_head(cbor, ATTO_CBOR_ARRAY, 1))
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
    /*@ assert kind == 0 || kind == 1 || kind == 2 || kind == 3; */
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
    assigns cbor->pos, cbor->len, envelope->sequences[0].at, envelope->sequences[0].end,
            envelope->component_cbor.ptr, envelope->component_cbor.len, envelope->component.tenant.ptr,
            envelope->component.tenant.len, envelope->component.container.ptr, envelope->component.container.len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && sound_parts(envelope, cbor->bytes); */
static enum atto_status read_common(struct atto_cbor *cbor, struct atto_envelope *envelope)
{
    enum atto_status status;
    uint32_t outer, count, next = 0;

    if (!atto_cbor_enter(cbor, &outer) || !atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_ENVELOPE;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && cbor->len == \at(cbor->len, LoopEntry);
        loop invariant sound_parts(envelope, cbor->bytes);
        loop invariant next <= COMMON_COMPONENTS ==> envelope->component.tenant.len == 0;
        loop assigns i, status, next, cbor->pos, cbor->len, envelope->sequences[0 .. 0].at,
            envelope->sequences[0 .. 0].end, envelope->component_cbor.ptr, envelope->component_cbor.len,
            envelope->component.tenant.ptr, envelope->component.tenant.len, envelope->component.container.ptr,
            envelope->component.container.len;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        status = atto_known_key(cbor, BIT(COMMON_COMPONENTS) | BIT(COMMON_SHARED), &next, ATTO_E_ENVELOPE);
        if (status == ATTO_OK && next - 1u == COMMON_COMPONENTS)
            status = read_components(cbor, envelope) ? ATTO_OK : ATTO_E_ENVELOPE;
        else if (status == ATTO_OK)
            status = read_sequence(cbor, ATTO_SEQUENCE_SHARED, envelope);
        if (status != ATTO_OK)
            return status;
    }
    return count == 2 && atto_cbor_leave(cbor, outer) ? ATTO_OK : ATTO_E_ENVELOPE;
}

/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    requires sound_parts(envelope, cbor->bytes);
    requires key <= MANIFEST_COMMON ==> envelope->component.tenant.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, envelope->sequence,
          envelope->sequences[0].at, envelope->sequences[0].end, envelope->sequences[1].at, envelope->sequences[1].end,
          envelope->sequences[2].at, envelope->sequences[2].end, envelope->sequences[3].at, envelope->sequences[3].end,
            envelope->component_cbor.ptr, envelope->component_cbor.len, envelope->component.tenant.ptr,
            envelope->component.tenant.len, envelope->component.container.ptr, envelope->component.container.len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && sound_parts(envelope, cbor->bytes);
    ensures key < MANIFEST_COMMON ==> envelope->component.tenant.len == 0; */
static enum atto_status read_member(struct atto_cbor *cbor, uint32_t key, struct atto_envelope *envelope)
{
    enum atto_sequence kind;

    switch (key) {
    case MANIFEST_VERSION:
        return atto_has_head(cbor, ATTO_CBOR_UINT, 1) ? ATTO_OK : ATTO_E_ENVELOPE;
    case MANIFEST_SEQUENCE:
        return atto_cbor_uint(cbor, UINT32_MAX, &envelope->sequence) ? ATTO_OK : ATTO_E_ENVELOPE;
    case MANIFEST_COMMON:
        return read_common(cbor, envelope);
    case MANIFEST_VALIDATE:
        kind = ATTO_SEQUENCE_VALIDATE;
        break;
    case MANIFEST_INVOKE:
        kind = ATTO_SEQUENCE_INVOKE;
        break;
    default:
        kind = ATTO_SEQUENCE_INSTALL;
        break;
    }
    return read_sequence(cbor, kind, envelope);
}

/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    requires sound_parts(envelope, cbor->bytes) && envelope->component.tenant.len == 0;
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, envelope->sequence,
          envelope->sequences[0].at, envelope->sequences[0].end, envelope->sequences[1].at, envelope->sequences[1].end,
          envelope->sequences[2].at, envelope->sequences[2].end, envelope->sequences[3].at, envelope->sequences[3].end,
            envelope->component_cbor.ptr, envelope->component_cbor.len, envelope->component.tenant.ptr,
            envelope->component.tenant.len, envelope->component.container.ptr, envelope->component.container.len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && sound_parts(envelope, cbor->bytes); */
static enum atto_status read_manifest(struct atto_cbor *cbor, struct atto_envelope *envelope)
{
    uint32_t count, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_ENVELOPE;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && cbor->len == \at(cbor->len, LoopEntry);
        loop invariant sound_parts(envelope, cbor->bytes) && next <= 32;
        loop invariant next <= MANIFEST_COMMON ==> envelope->component.tenant.len == 0;
        loop assigns i, status, next, cbor->pos, cbor->len, envelope->sequence,
          envelope->sequences[0].at, envelope->sequences[0].end, envelope->sequences[1].at, envelope->sequences[1].end,
          envelope->sequences[2].at, envelope->sequences[2].end, envelope->sequences[3].at, envelope->sequences[3].end,
            envelope->component_cbor.ptr, envelope->component_cbor.len, envelope->component.tenant.ptr,
            envelope->component.tenant.len, envelope->component.container.ptr, envelope->component.container.len;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        status = atto_known_key(cbor, MANIFEST_KNOWN, &next, ATTO_E_ENVELOPE);
        if (status == ATTO_OK)
            status = read_member(cbor, next - 1u, envelope);
        if (status != ATTO_OK)
            return status;
    }
    /* Each of them is known and was there once, so their number tells whether one is missing. */
    return count == MANIFEST_NEEDED + (envelope->sequences[ATTO_SEQUENCE_INVOKE].end != 0) ? ATTO_OK : ATTO_E_ENVELOPE;
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
    requires is_fresh(envelope);
    terminates \true; exits \false;
    assigns *next, cbor->pos, cbor->len, envelope->digest.ptr, envelope->digest.len,
            envelope->signature.protected_header.ptr, envelope->signature.protected_header.len,
            envelope->signature.kid.ptr, envelope->signature.kid.len, envelope->signature.payload.ptr,
            envelope->signature.payload.len, envelope->signature.signature, envelope->signature.algorithm;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len);
    ensures \result == ATTO_OK ==> sound_authentication(envelope, cbor->bytes);
    ensures \result == ATTO_OK ==> envelope->component.tenant.len == 0;
    ensures \result == ATTO_OK ==> envelope->component.container.len == 0;
    ensures \result == ATTO_OK ==> envelope->component_cbor.len == 0;
    ensures \result == ATTO_OK ==> envelope->payload_key.len == 0;
    ensures \result == ATTO_OK ==> envelope->sequences[0].at == 0 && envelope->sequences[0].end == 0;
    ensures \result == ATTO_OK ==> envelope->sequences[1].at == 0 && envelope->sequences[1].end == 0;
    ensures \result == ATTO_OK ==> envelope->sequences[2].at == 0 && envelope->sequences[2].end == 0;
    ensures \result == ATTO_OK ==> envelope->sequences[3].at == 0 && envelope->sequences[3].end == 0; */
static enum atto_status enter_authentication(struct atto_cbor *cbor, uint32_t *next, struct atto_envelope *envelope)
{
    enum atto_status status = atto_known_key(cbor, BIT(ENVELOPE_AUTHENTICATION), next, ATTO_E_ENVELOPE);
    uint32_t outer;

    if (status != ATTO_OK)
        return status;
    if (!atto_cbor_enter(cbor, &outer))
        return ATTO_E_ENVELOPE;
    status = read_authentication(cbor, envelope);
    /*@ assert envelope->component.tenant.len == 0; */
    /*@ assert envelope->component.container.len == 0; */
    /*@ assert envelope->component_cbor.len == 0; */
    /*@ assert envelope->payload_key.len == 0; */
    /*@ assert envelope->sequences[0].at == 0 && envelope->sequences[0].end == 0; */
    /*@ assert envelope->sequences[1].at == 0 && envelope->sequences[1].end == 0; */
    /*@ assert envelope->sequences[2].at == 0 && envelope->sequences[2].end == 0; */
    /*@ assert envelope->sequences[3].at == 0 && envelope->sequences[3].end == 0; */
    if (status != ATTO_OK)
        return status;
    return atto_cbor_leave(cbor, outer) ? ATTO_OK : ATTO_E_ENVELOPE;
}

/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    requires sound_parts(envelope, cbor->bytes) && envelope->component.tenant.len == 0;
    requires sound_piece(&envelope->manifest, head_end) && envelope->payload_key.len == 0 &&
             envelope->digest.len > ATTO_SHA256_BYTES;
    requires inside(envelope->digest.ptr, envelope->digest.len, cbor->bytes, head_end);
    requires sound_sign1(&envelope->signature, cbor->bytes, head_end);
    terminates \true; exits \false;
    assigns cbor->pos, cbor->len, envelope->sequence, envelope->sequences[0 .. 3].at, envelope->sequences[0 .. 3].end,
            envelope->component_cbor.ptr, envelope->component_cbor.len, envelope->component.tenant.ptr,
            envelope->component.tenant.len, envelope->component.container.ptr, envelope->component.container.len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len) && sound_parts(envelope, cbor->bytes);
    ensures sound_piece(&envelope->manifest, head_end);
    ensures envelope->payload_key.len == 0;
    ensures envelope->digest.len > ATTO_SHA256_BYTES;
    ensures inside(envelope->digest.ptr, envelope->digest.len, cbor->bytes, head_end);
    ensures inside(envelope->signature.protected_header.ptr,
        envelope->signature.protected_header.len, cbor->bytes, head_end);
    ensures inside(envelope->signature.kid.ptr, envelope->signature.kid.len, cbor->bytes, head_end);
    ensures inside(envelope->signature.payload.ptr, envelope->signature.payload.len, cbor->bytes, head_end);
    ensures inside(envelope->signature.signature, ATTO_SIGNATURE_BYTES, cbor->bytes, head_end); */
static enum atto_status read_signed_manifest(struct atto_cbor *cbor, struct atto_envelope *envelope)
{
    return read_manifest(cbor, envelope);
}

/*@ requires \valid(cbor) && \valid(next) && \valid(envelope) && \separated(cbor, next, envelope) && in_head(cbor);
    requires sound_parts(envelope, cbor->bytes) && envelope->component.tenant.len == 0;
    requires sound_authentication(envelope, cbor->bytes) && envelope->payload_key.len == 0;
    terminates \true; exits \false;
    assigns *next, cbor->pos, cbor->len, envelope->manifest.at, envelope->manifest.end, envelope->sequence,
            envelope->sequences[0 .. 3].at, envelope->sequences[0 .. 3].end,
            envelope->component_cbor.ptr, envelope->component_cbor.len, envelope->component.tenant.ptr,
            envelope->component.tenant.len, envelope->component.container.ptr, envelope->component.container.len;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> cbor->len == \old(cbor->len);
    ensures \result == ATTO_OK ==> sound_parts(envelope, cbor->bytes);
    ensures \result == ATTO_OK ==> sound_piece(&envelope->manifest, head_end);
    ensures \result == ATTO_OK ==> envelope->payload_key.len == 0;
    ensures \result == ATTO_OK ==> envelope->digest.len > ATTO_SHA256_BYTES;
    ensures \result == ATTO_OK ==> inside(envelope->digest.ptr, envelope->digest.len, cbor->bytes, head_end);
    ensures \result == ATTO_OK ==> inside(envelope->signature.protected_header.ptr,
        envelope->signature.protected_header.len, cbor->bytes, head_end);
    ensures \result == ATTO_OK ==>
        inside(envelope->signature.kid.ptr, envelope->signature.kid.len, cbor->bytes, head_end);
    ensures \result == ATTO_OK ==>
        inside(envelope->signature.payload.ptr, envelope->signature.payload.len, cbor->bytes, head_end);
    ensures \result == ATTO_OK ==>
        inside(envelope->signature.signature, ATTO_SIGNATURE_BYTES, cbor->bytes, head_end); */
static enum atto_status enter_manifest(struct atto_cbor *cbor, uint32_t *next, struct atto_envelope *envelope)
{
    enum atto_status status = atto_known_key(cbor, BIT(ENVELOPE_MANIFEST), next, ATTO_E_ENVELOPE);
    uint32_t outer;

    if (status != ATTO_OK)
        return status;
    envelope->manifest.at = cbor->pos;
    if (!atto_cbor_enter(cbor, &outer))
        return ATTO_E_ENVELOPE;
    envelope->manifest.end = cbor->len;
    /*@ assert sound_sequences(envelope, head_end); */
    /*@ assert inside(envelope->component.tenant.ptr, envelope->component.tenant.len, cbor->bytes, head_end); */
    /*@ assert inside(envelope->component.container.ptr, envelope->component.container.len, cbor->bytes, head_end); */
    /*@ assert inside(envelope->component_cbor.ptr, envelope->component_cbor.len, cbor->bytes, head_end); */
    /*@ assert envelope->payload_key.len == 0; */
    /*@ assert envelope->digest.len > ATTO_SHA256_BYTES; */
    /*@ assert inside(envelope->digest.ptr, envelope->digest.len, cbor->bytes, head_end); */
    /*@ assert inside(envelope->signature.protected_header.ptr,
        envelope->signature.protected_header.len, cbor->bytes, head_end); */
    /*@ assert inside(envelope->signature.kid.ptr, envelope->signature.kid.len, cbor->bytes, head_end); */
    /*@ assert inside(envelope->signature.payload.ptr, envelope->signature.payload.len, cbor->bytes, head_end); */
    /*@ assert inside(envelope->signature.signature, ATTO_SIGNATURE_BYTES, cbor->bytes, head_end); */
    status = read_signed_manifest(cbor, envelope);
    if (status != ATTO_OK)
        return status;
    /*@ assert outer == \at(cbor->len, Pre); */
    /*@ assert sound_piece(&envelope->manifest, head_end); */
    /*@ assert sound_parts(envelope, cbor->bytes); */
    if (!atto_cbor_leave(cbor, outer))
        return ATTO_E_ENVELOPE;
    /*@ assert sound_piece(&envelope->sequences[0], head_end); */
    /*@ assert sound_piece(&envelope->sequences[1], head_end); */
    /*@ assert sound_piece(&envelope->sequences[2], head_end); */
    /*@ assert sound_piece(&envelope->sequences[3], head_end); */
    /*@ assert sound_sequences(envelope, head_end); */
    /*@ assert inside(envelope->component.tenant.ptr, envelope->component.tenant.len, cbor->bytes, head_end); */
    /*@ assert inside(envelope->component.container.ptr, envelope->component.container.len, cbor->bytes, head_end); */
    /*@ assert inside(envelope->component_cbor.ptr, envelope->component_cbor.len, cbor->bytes, head_end); */
    return ATTO_OK;
}

/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    requires sound_parts(envelope, cbor->bytes) && sound_piece(&envelope->manifest, head_end);
    requires envelope->payload_key.len == 0 && envelope->digest.len > ATTO_SHA256_BYTES;
    requires inside(envelope->digest.ptr, envelope->digest.len, cbor->bytes, head_end);
    requires sound_sign1(&envelope->signature, cbor->bytes, head_end);
    terminates \true; exits \false;
    assigns cbor->pos, envelope->payload_key.ptr, envelope->payload_key.len, envelope->payload_bytes;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==>
        inside(envelope->payload_key.ptr, envelope->payload_key.len, cbor->bytes, head_end);
    ensures sound_sequences(envelope, head_end);
    ensures sound_names(envelope, cbor->bytes, head_end);
    ensures inside(envelope->component_cbor.ptr, envelope->component_cbor.len, cbor->bytes, head_end);
    ensures sound_piece(&envelope->manifest, head_end);
    ensures sound_authentication(envelope, cbor->bytes); */
static enum atto_status read_signed_payload(struct atto_cbor *cbor, uint32_t next, struct atto_envelope *envelope)
{
    return read_payload(cbor, next, envelope);
}

/*@ requires \valid(cbor) && \valid(envelope) && \separated(cbor, envelope) && in_head(cbor);
    requires is_fresh(envelope);
    terminates \true; exits \false; assigns cbor->pos, cbor->len, *envelope;
    ensures sound_reader(cbor) && cbor->len <= \old(cbor->len);
    ensures \result == ATTO_OK ==> sound_envelope(envelope, cbor->bytes); */
static enum atto_status read_envelope(struct atto_cbor *cbor, struct atto_envelope *envelope)
{
    uint32_t count, next = 0;
    enum atto_status status;

    if (!atto_has_head(cbor, ATTO_CBOR_TAG, TAG_ENVELOPE) || !atto_cbor_head(cbor, ATTO_CBOR_MAP, &count) ||
        count < 2 || count > 3)
        return ATTO_E_ENVELOPE;
    /*@ assert is_fresh(envelope); */
    status = enter_authentication(cbor, &next, envelope);
    /*@ assert cbor->len <= \at(cbor->len, Pre) && sound_reader(cbor); */
    if (status != ATTO_OK)
        return status;
    /*@ assert sound_sequences(envelope, head_end); */
    /*@ assert sound_names(envelope, cbor->bytes, head_end); */
    /*@ assert inside(envelope->component_cbor.ptr, envelope->component_cbor.len, cbor->bytes, head_end); */
    status = enter_manifest(cbor, &next, envelope);
    /*@ assert cbor->len <= \at(cbor->len, Pre) && sound_reader(cbor); */
    if (status != ATTO_OK)
        return status;
    /*@ assert sound_authentication(envelope, cbor->bytes); */
    if (count == 3) {
        status = read_signed_payload(cbor, next, envelope);
        /*@ assert sound_authentication(envelope, cbor->bytes); */
        /*@ assert status == ATTO_OK ==> sound_envelope(envelope, cbor->bytes); */
        return status;
    }
    /*@ assert sound_envelope(envelope, cbor->bytes); */
    return cbor->pos == cbor->len ? ATTO_OK : ATTO_E_ENVELOPE;
}

/*@ requires \valid(envelope);
    terminates \true; exits \false; assigns *envelope;
    ensures is_fresh(envelope); */
static void clear(struct atto_envelope *envelope)
{
    *envelope = (struct atto_envelope){0};
    /* The prover does not see as much of a literal with an array; the compiler does, and makes no code of these. */
    envelope->payload_key.len = envelope->component_cbor.len = 0;
    envelope->component.tenant.len = envelope->component.container.len = 0;
    envelope->sequences[0].at = envelope->sequences[0].end = 0;
    envelope->sequences[1].at = envelope->sequences[1].end = 0;
    envelope->sequences[2].at = envelope->sequences[2].end = 0;
    envelope->sequences[3].at = envelope->sequences[3].end = 0;
}

/*@ requires \valid(envelope) && sound_envelope(envelope, bytes);
    terminates \true; exits \false; assigns envelope->head, envelope->head_bytes;
    ensures envelope->head == bytes && envelope->head_bytes == len;
    ensures sound_sequences(envelope, head_end);
    ensures sound_parts(envelope, bytes) && sound_piece(&envelope->manifest, head_end);
    ensures sound_authentication(envelope, bytes);
    ensures inside(envelope->payload_key.ptr, envelope->payload_key.len, bytes, head_end); */
static void note_head(struct atto_envelope *envelope, const uint8_t *bytes, uint32_t len)
{
    envelope->head = bytes;
    envelope->head_bytes = len;
}

/*@ requires readable(bytes, len) && len == head_end && \valid(envelope) && refusal_slot(refusal);
    requires \separated(envelope, refusal, bytes + (0 .. len - 1));
    terminates \true; exits \false; assigns *envelope, *refusal;
    ensures \result == ATTO_OK ==> envelope->head == bytes && envelope->head_bytes <= len;
    ensures \result == ATTO_OK ==> sound_envelope(envelope, bytes); */
enum atto_status atto_envelope_read(const uint8_t *bytes, uint32_t len, struct atto_envelope *envelope,
                                    struct atto_refusal *refusal)
{
    struct atto_cbor cbor = {bytes, len, 0};
    enum atto_status status;

    clear(envelope);
    status = read_envelope(&cbor, envelope);
    /*@ assert status == ATTO_OK ==> sound_envelope(envelope, bytes); */
    if (status != ATTO_OK)
        return atto_refuse(refusal, status, cbor.pos);
    note_head(envelope, bytes, cbor.pos);
    return ATTO_OK;
}

/*@ requires \valid_read(envelope) && readable(envelope->head, head_end) && sound_envelope(envelope, envelope->head);
    requires \valid_read(signer) && readable(signer->name.ptr, signer->name.len);
    terminates \true; exits \false; assigns \nothing; */
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
