/* A container arrives in an envelope: a SUIT manifest (draft-ietf-suit-manifest) under the signature of a tenant, and the
 * image behind it or a URI where it is. Three steps, each of which needs the one before: read it (is it well-formed?),
 * verify it (who has signed it?), judge it (is it for this device, and what is to be done?). Only the last one gives
 * orders. docs/SPEC.md has the subset of SUIT that is understood; everything else is refused.
 *
 * The order of keys in deterministic CBOR puts the manifest in front of the image. So the head, which all functions here
 * look at, lies in memory while the image goes from the network to a slot, and is hashed on its way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_ENVELOPE_H
#define ATTO_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/config.h"
#include "atto/cose.h"
#include "atto/identity.h"
#include "atto/manifest.h"
#include "atto/span.h"
#include "atto/status.h"

#define ATTO_URI_MAX 127u /* bytes of a URI */

/* A component is a container: its tenant's name, and its own. A container of the owner's has a tenant without a name. */
struct atto_component {
    struct atto_span tenant;    /* 0 to ATTO_NAME_MAX bytes */
    struct atto_span container; /* 1 to ATTO_NAME_MAX bytes */
};

#define ATTO_COMPONENT_CBOR_MAX (1u + 2u * (2u + ATTO_NAME_MAX)) /* bytes of one in CBOR */

/* A piece of the head: from byte `at` up to byte `end`. */
struct atto_piece {
    uint32_t at, end;
};

/* Command sequences, in the order in which they are judged. */
enum atto_sequence {
    ATTO_SEQUENCE_SHARED = 0,
    ATTO_SEQUENCE_INSTALL = 1,
    ATTO_SEQUENCE_VALIDATE = 2,
    ATTO_SEQUENCE_INVOKE = 3, /* may be empty */
    ATTO_SEQUENCES = 4
};

/* An envelope that was read: it points into the head. */
struct atto_envelope {
    const uint8_t *head;
    uint32_t head_bytes;    /* where the image begins, or the envelope ends */
    uint32_t payload_bytes; /* of the image behind the head; 0: it is not there */
    struct atto_span payload_key; /* the name that the manifest's URI calls that image by; empty: it is not there */
    struct atto_component component;
    struct atto_span component_cbor; /* as it was read */
    uint32_t sequence;
    struct atto_sign1 signature;
    struct atto_span digest;   /* what is signed: a SUIT_Digest */
    struct atto_piece manifest; /* with the head of its string, as it is hashed */
    struct atto_piece sequences[ATTO_SEQUENCES];
};

/*@ predicate sound_piece(struct atto_piece *piece, integer len) = piece->at <= piece->end <= len;

    predicate sound_sequences(struct atto_envelope *envelope, integer len) =
        sound_piece(&envelope->sequences[0], len) && sound_piece(&envelope->sequences[1], len) &&
        sound_piece(&envelope->sequences[2], len) && sound_piece(&envelope->sequences[3], len);

    predicate sound_names(struct atto_envelope *envelope, uint8_t *bytes, integer len) =
        inside(envelope->component.tenant.ptr, envelope->component.tenant.len, bytes, len) &&
        inside(envelope->component.container.ptr, envelope->component.container.len, bytes, len); */

/* Reads an envelope from its first `len` bytes: as many as there are, or a part that has the whole head.
 * envelope: points into `bytes`, which must stay as they are as long as it is used
 * refusal: where, in bytes; may be NULL. A head that is longer than `len` is refused at `len` or, where its parts say how
 * long they are, earlier.
 * Returns ATTO_OK; ATTO_E_ENVELOPE; ATTO_E_UNSUPPORTED (a part, command or parameter of SUIT that is not in the subset);
 * ATTO_E_SIGNATURE (it has none); ATTO_E_COSE, ATTO_E_ALGORITHM (of its signature). */
enum atto_status atto_envelope_read(const uint8_t *bytes, uint32_t len, struct atto_envelope *envelope,
                                    struct atto_refusal *refusal);

/* Verifies that the head is what the signer has signed, and that the component is the signer's own.
 * Returns ATTO_OK; ATTO_E_SIGNER (another tenant's component, or another key id); ATTO_E_DIGEST (the manifest is another
 * one); and as atto_cose_verify. */
enum atto_status atto_envelope_verify(const struct atto_envelope *envelope, const struct atto_signer *signer,
                                      const struct atto_crypto *crypto);

/* What an envelope is judged by. */
struct atto_conditions {
    const struct atto_identity *identity;
    uint32_t sequence; /* of the component as it is installed; 0: it never was. It outlives a removal. */
};

/* What an envelope orders. It points into the head. */
struct atto_order {
    uint32_t sequence;      /* to be kept with the component */
    uint32_t image_bytes;
    const uint8_t *digest;  /* SHA-256 of the image, ATTO_SHA256_BYTES bytes */
    bool integrated;        /* the image is behind the head; else it is at the URI */
    bool invoke;            /* the container is to be started, now and after each reboot */
    struct atto_span uri;
};

/*@ predicate sound_order(struct atto_order *order, uint8_t *bytes, integer len) =
        order->digest == \null ||
        (inside(order->digest, 32, bytes, len) && order->uri.len > 0 &&
         inside(order->uri.ptr, order->uri.len, bytes, len)); */

/* Judges an envelope that was verified, and changes nothing: the device must hold the image to digest and size before it
 * lets the order become true, and then keep the sequence number for good.
 * order: is filled in if this returns ATTO_OK
 * refusal: where in the head; may be NULL
 * Returns ATTO_OK; ATTO_E_SEQUENCE (not over the one that is installed); ATTO_E_VENDOR, ATTO_E_CLASS, ATTO_E_DEVICE,
 * ATTO_E_ABORT (a condition does not hold); ATTO_E_ARGUMENT (a name that is not plain text); ATTO_E_LENGTH
 * (the image behind the head does not have the size that the manifest says); ATTO_E_ENVELOPE (the commands do not make
 * sense: a vendor or class that is not looked at, a fetch of nothing, an image that is not compared with its digest). */
enum atto_status atto_envelope_judge(const struct atto_envelope *envelope, const struct atto_conditions *conditions,
                                     struct atto_order *order, struct atto_refusal *refusal);

#endif
