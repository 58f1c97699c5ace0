/* Fuzz target: bytes as an envelope, in a block of exactly their size. What is accepted must lie inside of it; and is
 * judged, whoever has signed it, for devices that it may be for, by its own words.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "atto/envelope.h"
#include "require.h"

static void judge(const struct atto_envelope *envelope, struct atto_span head)
{
    struct atto_identity identity;
    const struct atto_conditions conditions = { &identity, 0 };
    struct atto_order order;
    /* An identity for which the conditions may hold is anywhere in the envelope. */
    for (uint32_t at = 0; at + sizeof identity.vendor_id <= head.len; at++) {
        if (head.ptr[at] != 0x50u || at + 35u > head.len)
            continue;
        memcpy(identity.vendor_id, head.ptr + at + 1u, sizeof identity.vendor_id);
        memcpy(identity.class_id, head.ptr + at + 19u, sizeof identity.class_id);
        memcpy(identity.device_id, head.ptr + at + 1u, sizeof identity.device_id);
        struct atto_refusal refusal = { ATTO_OK, 0 };
        if (atto_envelope_judge(envelope, &conditions, &order, &refusal) != ATTO_OK) {
            require(refusal.status != ATTO_OK && refusal.at <= head.len, "refusal of the judge");
            return;
        }
        require(order.sequence == envelope->sequence && order.sequence != 0, "sequence");
        require(inside((struct atto_span){ order.digest, ATTO_SHA256_BYTES }, head), "digest");
        require(inside(order.uri, head) && order.uri.len >= 1 && order.uri.len <= ATTO_URI_MAX, "URI");
        require(order.image_bytes != 0, "size");
        require(!order.integrated || envelope->payload_bytes == order.image_bytes, "the image's size");
        return;
    }
}

static void read_all(const struct atto_envelope *envelope, struct atto_span all)
{
    const struct atto_span head = { envelope->head, envelope->head_bytes };
    const struct atto_piece *pieces = envelope->sequences;
    require(envelope->head == all.ptr && head.len <= all.len, "head");
    require(all.len - head.len <= envelope->payload_bytes, "payload");
    require(inside(envelope->component.tenant, head) && inside(envelope->component.container, head), "component");
    require(envelope->component.container.len >= 1, "container");
    require(inside(envelope->digest, head) && envelope->digest.len >= ATTO_SHA256_BYTES, "digest");
    require(inside(envelope->signature.protected_header, head) && inside(envelope->signature.kid, head), "headers");
    require(inside((struct atto_span){ envelope->signature.signature, ATTO_SIGNATURE_BYTES }, head), "signature");
    require(envelope->manifest.at <= envelope->manifest.end && envelope->manifest.end <= head.len, "the manifest");
    for (uint32_t i = 0; i < ATTO_SEQUENCES; i++)
        require(pieces[i].at <= pieces[i].end && pieces[i].end <= head.len, "a sequence");
    judge(envelope, head);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct atto_envelope envelope;
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    uint8_t *block = malloc(len != 0 ? len : 1u);
    if (block == NULL)
        return 0;
    memcpy(block, bytes, len);
    enum atto_status status = atto_envelope_read(block, (uint32_t)len, &envelope, &refusal);
    if (status == ATTO_OK)
        read_all(&envelope, (struct atto_span){ block, (uint32_t)len });
    else
        require(refusal.status == status && refusal.at <= len, "refusal");
    free(block);
    return 0;
}
