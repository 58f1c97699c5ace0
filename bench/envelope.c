/* The envelope of the firmwares that measure deployment, see envelope.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "envelope.h"

#include <string.h>

#include "../tests/encode.h"
#include "atto/image.h"
#include "ticks.h"

static _Alignas(ATTO_IMAGE_ALIGN) uint8_t image[ENVELOPE_IMAGE_BYTES];

/* Its manifest: {2: [["start", 0]], 5: [1]} */
static void make_image(void)
{
    static const char manifest[] = "\xa2\x02\x81\x82\x65start\x00\x05\x81\x01";
    const uint32_t manifest_bytes = (sizeof manifest - 1u + 7u) / 8u * 8u;
    uint32_t slot_count = (ENVELOPE_IMAGE_BYTES - 40u - 8u - manifest_bytes) / 8u, functions = 40u + slot_count * 8u;
    uint64_t text[ENVELOPE_IMAGE_BYTES / 8u];
    for (uint32_t i = 0; i < slot_count; i++)
        text[i] = i == 0u ? CALL(ENVELOPE_TICK) : i + 1u == slot_count ? EXIT : ADD(0, 1);
    memcpy(image, "ATTO\x01\x01", 6);
    put_u32(image + 8, ENVELOPE_IMAGE_BYTES);
    put_u32(image + 12, slot_count * 8u);
    put_u32(image + 16, 8);
    put_u32(image + 32, sizeof manifest - 1u);
    memcpy(image + 40, text, slot_count * 8u);
    put_u32(image + functions, 64u << 16);
    put_u32(image + functions + 4u, 1u << 16 | 64u);
    memcpy(image + functions + 8u, manifest, sizeof manifest - 1u);
}

void make_envelope(struct suit_bytes *suit)
{
    static uint8_t shared[160];
    struct atto_sha256 hash;
    make_image();
    suit_begin(suit);
    memcpy(shared, suit->shared, 46);
    suit_crypto.sha256_begin(NULL, &hash);
    suit_crypto.sha256_add(NULL, &hash, image, sizeof image);
    suit_crypto.sha256_end(NULL, &hash, shared + 46);
    memcpy(shared + 78, "\x0e\x19\x04\x00\x01\x0f\x02\x0f", 8);
    suit_set(suit, SUIT_SHARED, shared, 86);
    SUIT_SET(suit, SUIT_COMPONENTS, "\x02\x81\x81\x45" "blink");
    SUIT_SET(suit, SUIT_UNPROTECTED, "\xa0");
    suit_set(suit, SUIT_IMAGE, image, sizeof image);
    suit_build(suit, &suit_acme);
}
