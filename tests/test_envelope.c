/* Envelopes under attack: what is accepted, and for each thing that may be wrong with one, that it is refused, with the
 * reason, and orders nothing. Signatures are made and verified on every target; see suit_bytes.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/envelope.h"

#include <string.h>

#include "harness.h"
#include "suit_bytes.h"

#define SPAN(string) { (const uint8_t *)(string), (uint32_t)(sizeof(string) - 1u) }
#define IS(span, string) ((span).len == sizeof(string) - 1u && memcmp((span).ptr, string, sizeof(string) - 1u) == 0)

static struct suit_bytes suit;
static struct atto_envelope envelope;
static struct atto_order order;
static struct atto_refusal refusal;
static struct atto_conditions conditions;
static struct atto_signer acme;

static void begin(void)
{
    suit_begin(&suit);
    conditions = (struct atto_conditions){ &suit_identity, 6 };
    acme = (struct atto_signer){ SPAN("acme"), suit_acme };
}

/* What a device does with bytes from the network. A refusal must leave the order as it was. */
static enum atto_status take_bytes(const uint8_t *bytes, uint32_t len, const struct atto_signer *signer)
{
    struct atto_order before;
    memset(&order, 0x5a, sizeof order);
    before = order;
    refusal = (struct atto_refusal){ ATTO_OK, 0 };
    enum atto_status status = atto_envelope_read(bytes, len, &envelope, &refusal);
    if (status == ATTO_OK)
        status = atto_envelope_verify(&envelope, signer, &suit_crypto);
    if (status == ATTO_OK)
        status = atto_envelope_judge(&envelope, &conditions, &order, &refusal);
    if (status != ATTO_OK && memcmp(&order, &before, sizeof order) != 0)
        harness_fail(__FILE__, __LINE__, "a refusal has changed the order");
    if (refusal.at > len)
        harness_fail_values(__FILE__, __LINE__, "refusal.at", refusal.at, len);
    return status;
}

static enum atto_status take(void)
{
    suit_build(&suit, &suit_acme);
    if (suit.len > sizeof suit.bytes)
        harness_fail(__FILE__, __LINE__, "the envelope is too long for this test");
    return take_bytes(suit.bytes, suit.len, &acme);
}

/* One piece replaced in an envelope that is fine otherwise, and signed like that. */
#define WITH(piece, string) (begin(), SUIT_SET(&suit, piece, string), take())

static void an_envelope_is_accepted(void)
{
    begin();
    EQUAL(take(), ATTO_OK);
    EQUAL(order.sequence, 7);
    EQUAL(order.image_bytes, sizeof suit_image);
    CHECK(order.integrated && order.invoke);
    CHECK(IS(order.uri, "#image"));
    CHECK(IS(envelope.component.tenant, "acme") && IS(envelope.component.container, "blink"));
    CHECK(IS(envelope.signature.kid, "key-acme"));
    EQUAL(envelope.payload_bytes, sizeof suit_image);
    CHECK(memcmp(suit.bytes + envelope.head_bytes, suit_image, sizeof suit_image) == 0);
    EQUAL(envelope.head_bytes + envelope.payload_bytes, suit.len);
}

/* The head alone, and with each length of the image's beginning. */
static void the_head_is_enough(void)
{
    begin();
    EQUAL(take(), ATTO_OK);
    for (uint32_t len = envelope.head_bytes; len <= suit.len; len++) {
        harness_case(len, 0);
        EQUAL(take_bytes(suit.bytes, len, &acme), ATTO_OK);
    }
}

static void by_uri_and_without_invocation(void)
{
    begin();
    SUIT_SET(&suit, SUIT_MAP, "\xa2");
    SUIT_SET(&suit, SUIT_IMAGE_KEY, "");
    SUIT_SET(&suit, SUIT_MANIFEST_MAP, "\xa5");
    SUIT_SET(&suit, SUIT_INVOKE, "");
    SUIT_SET(&suit, SUIT_INSTALL, "\x86\x14\xa1\x15\x6f" "coap://host/img" "\x15\x02\x03\x0f");
    EQUAL(take(), ATTO_OK);
    CHECK(!order.integrated && !order.invoke && IS(order.uri, "coap://host/img"));
    EQUAL(envelope.head_bytes, suit.len);
    /* A name of an image in the envelope that has none. */
    SUIT_SET(&suit, SUIT_INSTALL, "\x86\x14\xa1\x15\x66" "#image" "\x15\x02\x03\x0f");
    EQUAL(take(), ATTO_E_ENVELOPE);
}

static void the_owners_component_has_one_part(void)
{
    const struct atto_signer owner = { { NULL, 0 }, suit_acme };
    begin();
    SUIT_SET(&suit, SUIT_COMPONENTS, "\x02\x81\x81\x45" "blink");
    suit_build(&suit, &suit_acme);
    EQUAL(take_bytes(suit.bytes, suit.len, &owner), ATTO_OK);
    EQUAL(envelope.component.tenant.len, 0);
    EQUAL(take_bytes(suit.bytes, suit.len, &acme), ATTO_E_SIGNER);
}

/* The digest of the manifest, and nothing that signs it. */
static void no_signature(void)
{
    uint8_t bare[SUIT_BYTES_MAX];
    begin();
    EQUAL(take(), ATTO_OK);
    const uint32_t manifest = envelope.manifest.at - 1u;
    memcpy(bare, "\xd8\x6b\xa3\x02\x58\x27\x81", 7);
    memcpy(bare + 7, suit.bytes + 7, 38); /* the digest in its string */
    memcpy(bare + 45, suit.bytes + manifest, suit.len - manifest);
    EQUAL(take_bytes(bare, 45 + suit.len - manifest, &acme), ATTO_E_SIGNATURE);
}

static void every_byte_flipped(void)
{
    begin();
    EQUAL(take(), ATTO_OK);
    const uint32_t head = envelope.head_bytes;
    for (uint32_t at = 0; at < head; at++) {
        for (uint32_t bit = 0; bit < 8u; bit++) {
            harness_case(at, bit);
            suit.bytes[at] ^= (uint8_t)(1u << bit);
            enum atto_status status = take_bytes(suit.bytes, suit.len, &acme);
            /* The image's name and length are not signed; they must agree with what is. */
            CHECK(status != ATTO_OK);
            GO_ON();
            suit.bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
    EQUAL(take_bytes(suit.bytes, suit.len, &acme), ATTO_OK);
}

static void every_byte_replaced(void)
{
    static const uint8_t values[] = { 0x00, 0x1b, 0x3b, 0x5f, 0x7f, 0x80, 0x9f, 0xbf, 0xc1, 0xf4, 0xf6, 0xfb, 0xff };
    begin();
    EQUAL(take(), ATTO_OK);
    const uint32_t head = envelope.head_bytes;
    for (uint32_t at = 0; at < head; at++) {
        const uint8_t was = suit.bytes[at];
        for (uint32_t i = 0; i < sizeof values; i++) {
            harness_case(at, values[i]);
            suit.bytes[at] = values[i];
            CHECK(values[i] == was || take_bytes(suit.bytes, suit.len, &acme) != ATTO_OK);
        }
        suit.bytes[at] = was;
    }
}

static void truncation_at_every_byte(void)
{
    begin();
    EQUAL(take(), ATTO_OK);
    const uint32_t head = envelope.head_bytes;
    for (uint32_t len = 0; len < head; len++) {
        harness_case(len, 0);
        CHECK(take_bytes(suit.bytes, len, &acme) != ATTO_OK);
        GO_ON();
    }
}

static void trailing_bytes(void)
{
    CHECK(WITH(SUIT_BEHIND, "\x00") == ATTO_E_ENVELOPE);
    begin();
    SUIT_SET(&suit, SUIT_MAP, "\xa2");
    SUIT_SET(&suit, SUIT_IMAGE_KEY, "");
    SUIT_SET(&suit, SUIT_INSTALL, "\x86\x14\xa1\x15\x63" "a:b" "\x15\x02\x03\x0f");
    EQUAL(take(), ATTO_OK);
    SUIT_SET(&suit, SUIT_BEHIND, "\x00");
    EQUAL(take(), ATTO_E_ENVELOPE);
    /* In nested strings. */
    CHECK(WITH(SUIT_MORE, "\x00") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x82\x03\x0f\x00") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_PROTECTED, "\xa1\x01\x27\x00") == ATTO_E_COSE);
}

static void replay(void)
{
    begin();
    EQUAL(take(), ATTO_OK);
    conditions.sequence = order.sequence;
    EQUAL(take_bytes(suit.bytes, suit.len, &acme), ATTO_E_SEQUENCE);
}

static void downgrade(void)
{
    begin();
    conditions.sequence = 8;
    EQUAL(take(), ATTO_E_SEQUENCE);
    conditions.sequence = 0xffffffffu;
    SUIT_SET(&suit, SUIT_NUMBER, "\x02\x1a\xff\xff\xff\xff");
    EQUAL(take(), ATTO_E_SEQUENCE);
    conditions.sequence = 0xfffffffeu;
    EQUAL(take(), ATTO_OK);
    conditions.sequence = 0;
    SUIT_SET(&suit, SUIT_NUMBER, "\x02\x00");
    EQUAL(take(), ATTO_E_SEQUENCE);
}

static void wrong_vendor(void)
{
    begin();
    suit.shared[5] ^= 1;
    EQUAL(take(), ATTO_E_VENDOR);
    /* Told at the condition, which is the first command behind the parameters. */
    EQUAL(refusal.at, envelope.sequences[ATTO_SEQUENCE_SHARED].at + 80u);
}

static void wrong_class(void)
{
    begin();
    suit.shared[23] ^= 1;
    EQUAL(take(), ATTO_E_CLASS);
}

#define DEVICE "\xde\xde\xde\xde\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55"
#define NO_DEVICE "\xde\xde\xde\xde\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x56"

static void wrong_device(void)
{
    CHECK(WITH(SUIT_INSTALL, "\x88\x14\xa2\x15\x66" "#image" "\x18\x18\x50" DEVICE "\x18\x18\x00\x15\x02\x03\x0f") ==
          ATTO_OK);
    CHECK(WITH(SUIT_INSTALL, "\x88\x14\xa2\x15\x66" "#image" "\x18\x18\x50" NO_DEVICE "\x18\x18\x00\x15\x02\x03\x0f") ==
          ATTO_E_DEVICE);
}

/* Signed by its own tenant, and by another one for this tenant's component. */
static void wrong_tenant(void)
{
    struct atto_signer other = { SPAN("other"), suit_other };
    begin();
    suit_build(&suit, &suit_other);
    EQUAL(take_bytes(suit.bytes, suit.len, &other), ATTO_E_SIGNER);
    EQUAL(take_bytes(suit.bytes, suit.len, &acme), ATTO_E_SIGNATURE);
    SUIT_SET(&suit, SUIT_UNPROTECTED, "\xa1\x04\x48" "key-othr");
    suit_build(&suit, &suit_other);
    EQUAL(take_bytes(suit.bytes, suit.len, &acme), ATTO_E_SIGNER);
    SUIT_SET(&suit, SUIT_UNPROTECTED, "\xa0");
    suit_build(&suit, &suit_other);
    EQUAL(take_bytes(suit.bytes, suit.len, &acme), ATTO_E_SIGNATURE);
}

static void other_tenants_component(void)
{
    begin();
    SUIT_SET(&suit, SUIT_COMPONENTS, "\x02\x81\x82\x45" "other" "\x45" "blink");
    EQUAL(take(), ATTO_E_SIGNER);
    /* Names that begin like it, or hide it. */
    SUIT_SET(&suit, SUIT_COMPONENTS, "\x02\x81\x82\x43" "acm" "\x45" "blink");
    EQUAL(take(), ATTO_E_SIGNER);
    SUIT_SET(&suit, SUIT_COMPONENTS, "\x02\x81\x82\x45" "acme\0" "\x45" "blink");
    EQUAL(take(), ATTO_E_SIGNER);
    SUIT_SET(&suit, SUIT_COMPONENTS, "\x02\x81\x81\x44" "acme");
    EQUAL(take(), ATTO_E_SIGNER);
}

/* The digest that is signed is of another manifest: what was signed once, in front of what was not. */
static void digest_of_other_content(void)
{
    static struct suit_bytes signed_one;
    begin();
    EQUAL(take(), ATTO_OK);
    signed_one = suit;
    SUIT_SET(&suit, SUIT_NUMBER, "\x02\x08");
    EQUAL(take(), ATTO_OK);
    const uint32_t wrapper = envelope.manifest.at;
    memcpy(suit.bytes, signed_one.bytes, wrapper);
    EQUAL(take_bytes(suit.bytes, suit.len, &acme), ATTO_E_DIGEST);
}

static void a_digest_of_another_algorithm_or_length(void)
{
    begin();
    suit.shared[42] = 0x2e; /* -15 */
    EQUAL(take(), ATTO_E_ENVELOPE);
    begin();
    suit.shared[44] = 0x1f;
    CHECK(take() != ATTO_OK);
    begin();
    EQUAL(take(), ATTO_OK);
    CHECK(suit.bytes[4] == 0x58 && suit.bytes[9] == 0x82 && suit.bytes[10] == 0x2f);
    suit.bytes[10] = 0x2e;
    EQUAL(take_bytes(suit.bytes, suit.len, &acme), ATTO_E_ENVELOPE);
}

static void two_components_one_slot(void)
{
    CHECK(WITH(SUIT_COMPONENTS, "\x02\x82\x82\x44" "acme" "\x45" "blink" "\x82\x44" "acme" "\x45" "blank") ==
          ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_COMPONENTS, "\x02\x80") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_COMPONENTS, "\x02\x81\x80") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_COMPONENTS, "\x02\x81\x83\x44" "acme" "\x41" "a\x41" "b") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_COMPONENTS, "\x02\x81\x82\x40\x45" "blink") == ATTO_E_ENVELOPE);
    /* The second component of one, or all of them. */
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0c\x00\x03\x0f") == ATTO_OK);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0c\x01\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0c\xf5\x03\x0f") == ATTO_E_ENVELOPE);
}

/* Arrays in arrays where a sequence stands, and try-each in try-each. */
static void deep_cbor(void)
{
    static uint8_t deep[1000];
    memset(deep, 0x81, sizeof deep);
    begin();
    suit_set(&suit, SUIT_VALIDATE, deep, sizeof deep);
    EQUAL(take(), ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0f\x81\x43\x82\x03\x0f\x03\x0f") == ATTO_OK);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0f\x81\x47\x82\x0f\x81\x43\x82\x03\x0f\x03\x0f") == ATTO_E_UNSUPPORTED);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x18\x20\x43\x82\x03\x0f\x03\x0f") == ATTO_E_UNSUPPORTED);
}

static void indefinite_cbor(void)
{
    CHECK(WITH(SUIT_MAP, "\xbf") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_MANIFEST_MAP, "\xbf") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x9f\x03\x0f\xff") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_COMPONENTS, "\x02\x81\x82\x44" "acme" "\x5f\x45" "blink\xff") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_UNPROTECTED, "\xbf\xff") == ATTO_E_COSE);
}

static void duplicate_and_disordered_keys(void)
{
    begin();
    SUIT_SET(&suit, SUIT_MANIFEST_MAP, "\xa7");
    SUIT_SET(&suit, SUIT_NUMBER, "\x02\x07\x02\x08");
    EQUAL(take(), ATTO_E_ENVELOPE);
    begin();
    SUIT_SET(&suit, SUIT_VERSION, "\x02\x07");
    SUIT_SET(&suit, SUIT_NUMBER, "\x01\x01");
    EQUAL(take(), ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x14\xa2\x0e\x0b\x0e\x0b\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_PROTECTED, "\xa2\x01\x27\x01\x27") == ATTO_E_COSE);
    /* The key id, in both headers. */
    CHECK(WITH(SUIT_PROTECTED, "\xa2\x01\x27\x04\x48" "key-acme") == ATTO_E_UNSUPPORTED);
    begin();
    SUIT_SET(&suit, SUIT_PROTECTED, "\xa2\x01\x27\x04\x48" "key-acme");
    SUIT_SET(&suit, SUIT_UNPROTECTED, "\xa0");
    EQUAL(take(), ATTO_OK);
}

static void missing_members(void)
{
    begin();
    SUIT_SET(&suit, SUIT_MANIFEST_MAP, "\xa5");
    SUIT_SET(&suit, SUIT_VERSION, "");
    EQUAL(take(), ATTO_E_ENVELOPE);
    begin();
    SUIT_SET(&suit, SUIT_MANIFEST_MAP, "\xa5");
    SUIT_SET(&suit, SUIT_VALIDATE, "");
    EQUAL(take(), ATTO_E_ENVELOPE);
    begin();
    SUIT_SET(&suit, SUIT_MANIFEST_MAP, "\xa5");
    SUIT_SET(&suit, SUIT_INSTALL, "");
    EQUAL(take(), ATTO_E_ENVELOPE);
    begin();
    SUIT_SET(&suit, SUIT_COMMON_MAP, "\xa1");
    SUIT_SET(&suit, SUIT_SHARED, "");
    EQUAL(take(), ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VERSION, "\x01\x02") == ATTO_E_ENVELOPE);
}

static void floats_and_other_types(void)
{
    CHECK(WITH(SUIT_NUMBER, "\x02\xf9\x47\x00") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_NUMBER, "\x02\xfa\x40\xe0\x00\x00") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_NUMBER, "\x02\xf5") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_NUMBER, "\x02\x26") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_NUMBER, "\x02\xc2\x41\x07") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_PAYLOAD, "\xf7") == ATTO_E_COSE);
    CHECK(WITH(SUIT_PAYLOAD, "\x41\x00") == ATTO_E_COSE);
}

static void huge_integers(void)
{
    CHECK(WITH(SUIT_NUMBER, "\x02\x1b\x00\x00\x00\x01\x00\x00\x00\x00") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_NUMBER, "\x02\x1b\xff\xff\xff\xff\xff\xff\xff\xff") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x9b\xff\xff\xff\xff\xff\xff\xff\xfe\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x9a\xff\xff\xff\xfe\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_MANIFEST_MAP, "\xba\xff\xff\xff\xff") == ATTO_E_ENVELOPE);
    /* Not in their shortest form. */
    CHECK(WITH(SUIT_NUMBER, "\x02\x18\x07") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_NUMBER, "\x18\x02\x07") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_NUMBER, "\x02\x1a\x00\x00\x00\x07") == ATTO_E_ENVELOPE);
}

static void bad_utf8(void)
{
    begin();
    SUIT_SET(&suit, SUIT_COMPONENTS, "\x02\x81\x82\x44" "acme" "\x45" "bl\xffnk");
    EQUAL(take(), ATTO_E_ARGUMENT);
    SUIT_SET(&suit, SUIT_COMPONENTS, "\x02\x81\x82\x44" "acme" "\x45" "bl\nnk");
    EQUAL(take(), ATTO_E_ARGUMENT);
    CHECK(WITH(SUIT_INSTALL, "\x86\x14\xa1\x15\x66" "#i\xc0\xafge" "\x15\x02\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_IMAGE_KEY, "\x66" "#i\xed\xa0\x80" "e") == ATTO_E_ENVELOPE);
}

/* Tags, members, commands and parameters that this subset does not have. */
static void unknown_critical_elements(void)
{
    CHECK(WITH(SUIT_TAG, "\xd8\x6c") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_TAG, "") == ATTO_E_ENVELOPE);
    static const char *const members[] = { "\x15\x00", "\x16\x00", "\x17\x00", "\x18\x18\x00", "\x20\x00" };
    for (uint32_t i = 0; i < sizeof members / sizeof *members; i++) {
        harness_case(i, 0);
        begin();
        SUIT_SET(&suit, SUIT_MANIFEST_MAP, "\xa7");
        suit_set(&suit, SUIT_MORE, members[i], 3);
        EQUAL(take(), ATTO_E_UNSUPPORTED);
    }
    begin();
    SUIT_SET(&suit, SUIT_MANIFEST_MAP, "\xa7");
    SUIT_SET(&suit, SUIT_NUMBER, "\x02\x07\x04\x61" "x");
    CHECK(take() != ATTO_OK);
    /* Commands: check content, set parameters, copy, swap, wait, one of a private range. */
    static const char *const commands[] = { "\x06\x00", "\x13\xa0", "\x16\x00", "\x18\x1f", "\x18\x1d", "\x20\x00" };
    for (uint32_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        uint8_t sequence[8] = { 0x84, 0x03, 0x0f };
        harness_case(i, 1);
        begin();
        memcpy(sequence + 3, commands[i], 2);
        suit_set(&suit, SUIT_VALIDATE, sequence, sequence[3] == 0x18 ? 6 : 5);
        EQUAL(take(), ATTO_E_UNSUPPORTED);
    }
    /* Parameters: content, encryption, source component, soft failure, one of a private range. */
    static const char parameters[] = { 0x12, 0x13, 0x16, 0x0d, 0x20 };
    for (uint32_t i = 0; i < sizeof parameters; i++) {
        uint8_t sequence[] = { 0x84, 0x14, 0xa1, (uint8_t)parameters[i], 0x00, 0x03, 0x0f };
        harness_case(i, 2);
        begin();
        suit_set(&suit, SUIT_VALIDATE, sequence, sizeof sequence);
        EQUAL(take(), ATTO_E_UNSUPPORTED);
    }
    CHECK(WITH(SUIT_PROTECTED, "\xa2\x01\x27\x02\x81\x04") == ATTO_E_UNSUPPORTED);
    CHECK(WITH(SUIT_UNPROTECTED, "\xa1\x03\x00") == ATTO_E_UNSUPPORTED);
}

/* An install sequence that is severed: its digest in the manifest, the sequence in the envelope. */
static void severed_members(void)
{
    begin();
    SUIT_SET(&suit, SUIT_INSTALL, "");
    SUIT_SET(&suit, SUIT_MORE, "\x14\x82\x2f\x58\x20" "0123456789abcdef0123456789abcdef");
    EQUAL(take(), ATTO_E_UNSUPPORTED);
    begin();
    SUIT_SET(&suit, SUIT_IMAGE_KEY, "\x14");
    EQUAL(take(), ATTO_E_UNSUPPORTED);
    SUIT_SET(&suit, SUIT_IMAGE_KEY, "\x17");
    EQUAL(take(), ATTO_E_UNSUPPORTED);
    SUIT_SET(&suit, SUIT_IMAGE_KEY, "\x02");
    EQUAL(take(), ATTO_E_ENVELOPE);
    /* A delegation in front. */
    begin();
    SUIT_SET(&suit, SUIT_MAP, "\xa3\x01\x40");
    EQUAL(take(), ATTO_E_UNSUPPORTED);
}

static void algorithm_confusion(void)
{
    struct atto_signer es256 = acme;
    begin();
    es256 = acme;
    es256.key = suit_es256;
    EQUAL(take(), ATTO_OK);
    EQUAL(take_bytes(suit.bytes, suit.len, &es256), ATTO_E_ALGORITHM);
    CHECK(WITH(SUIT_PROTECTED, "\xa1\x01\x26") == ATTO_E_ALGORITHM);
    EQUAL(take_bytes(suit.bytes, suit.len, &es256), ATTO_OK);
    /* The other names of the same. */
    CHECK(WITH(SUIT_PROTECTED, "\xa1\x01\x32") == ATTO_OK);
    CHECK(WITH(SUIT_PROTECTED, "\xa1\x01\x28") == ATTO_E_ALGORITHM);
    /* ES384, HMAC, none, a text, and one that is not under the signature. */
    CHECK(WITH(SUIT_PROTECTED, "\xa1\x01\x38\x22") == ATTO_E_ALGORITHM);
    CHECK(WITH(SUIT_PROTECTED, "\xa1\x01\x05") == ATTO_E_ALGORITHM);
    CHECK(WITH(SUIT_PROTECTED, "\xa1\x01\x00") == ATTO_E_ALGORITHM);
    CHECK(WITH(SUIT_PROTECTED, "\xa1\x01\x65" "EdDSA") == ATTO_E_COSE);
    CHECK(WITH(SUIT_PROTECTED, "\xa0") == ATTO_E_COSE);
    CHECK(WITH(SUIT_PROTECTED, "") == ATTO_E_COSE);
    begin();
    SUIT_SET(&suit, SUIT_PROTECTED, "\xa0");
    SUIT_SET(&suit, SUIT_UNPROTECTED, "\xa1\x01\x27");
    EQUAL(take(), ATTO_E_COSE);
}

static void orders_that_make_no_sense(void)
{
    /* No fetch, two, no digest compared, before the fetch, with another digest. */
    CHECK(WITH(SUIT_INSTALL, "\x84\x14\xa1\x15\x66" "#image" "\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_INSTALL, "\x88\x14\xa1\x15\x66" "#image" "\x15\x02\x15\x02\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_INSTALL, "\x84\x14\xa1\x15\x66" "#image" "\x15\x02") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_INSTALL, "\x86\x14\xa1\x15\x66" "#image" "\x03\x0f\x15\x02") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_INSTALL, "\x84\x15\x02\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x14\xa1\x03\x58\x24\x82\x2f\x58\x20" "0123456789abcdef0123456789abcdef"
                              "\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x80") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x81\x03") == ATTO_E_ENVELOPE);
    /* Commands where they do not belong. */
    CHECK(WITH(SUIT_VALIDATE, "\x84\x03\x0f\x15\x02") == ATTO_E_UNSUPPORTED);
    CHECK(WITH(SUIT_INVOKE, "\x84\x15\x02\x17\x02") == ATTO_E_UNSUPPORTED);
    CHECK(WITH(SUIT_INSTALL, "\x88\x14\xa1\x15\x66" "#image" "\x15\x02\x03\x0f\x17\x02") == ATTO_E_UNSUPPORTED);
    CHECK(WITH(SUIT_INVOKE, "\x80") == ATTO_E_ENVELOPE);
    /* A size of nothing, an image of another size, another name. */
    begin();
    suit.shared[79] = 0;
    EQUAL(take(), ATTO_E_ENVELOPE);
    begin();
    suit.shared[79] = 12;
    EQUAL(take(), ATTO_E_LENGTH);
    CHECK(WITH(SUIT_IMAGE_KEY, "\x66" "#imagf") == ATTO_E_ENVELOPE);
}

/* Vendor and class must be compared; a way around that is none. */
static void conditions_cannot_be_left_out(void)
{
    begin();
    suit.shared[0] = 0x84;
    suit.pieces[SUIT_SHARED].len -= 2;
    EQUAL(take(), ATTO_E_ENVELOPE);
    begin();
    suit.shared[0] = 0x82;
    suit.pieces[SUIT_SHARED].len -= 4;
    EQUAL(take(), ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_SHARED, "\x84\x01\x0f\x02\x0f") == ATTO_E_ENVELOPE); /* nothing to compare with */
    /* Alternatives that swallow a condition that fails. */
    begin();
    suit.shared[5] ^= 1;
    suit.shared[0] = 0x84;
    suit.pieces[SUIT_SHARED].len -= 4;
    memcpy(suit.shared + suit.pieces[SUIT_SHARED].len, "\x0f\x82\x45\x84\x01\x0f\x02\x0f\xf6", 9);
    suit.pieces[SUIT_SHARED].len += 9;
    EQUAL(take(), ATTO_E_ENVELOPE);
    suit.shared[5] ^= 1;
    EQUAL(take(), ATTO_OK);
}

/* For one device one URI, for another one another URI, for others none. */
static void alternatives_by_device(void)
{
    /* override {device}, condition device, override {URI} */
#define FOR(device, uri) "\x58\x1f\x86\x14\xa1\x18\x18\x50" device "\x18\x18\x0f\x14\xa1\x15\x62" uri
    static const char install[] = "\x86\x0f\x82" FOR("device number 01", "a:") FOR("device number 02", "b:")
                                  "\x15\x02\x03\x0f";
    static struct atto_identity identity;
    begin();
    identity = suit_identity;
    memcpy(identity.device_id, "device number 01", ATTO_IDENTITY_BYTES);
    conditions.identity = &identity;
    SUIT_SET(&suit, SUIT_MAP, "\xa2");
    SUIT_SET(&suit, SUIT_IMAGE_KEY, "");
    SUIT_SET(&suit, SUIT_INSTALL, install);
    EQUAL(take(), ATTO_OK);
    CHECK(IS(order.uri, "a:"));
    identity.device_id[15] = '2';
    EQUAL(take(), ATTO_OK);
    CHECK(IS(order.uri, "b:"));
    identity.device_id[15] = '3';
    EQUAL(take(), ATTO_E_DEVICE);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x05\x0f\x03\x0f") == ATTO_E_UNSUPPORTED); /* component slot */
    conditions.identity = &identity;
    identity.device_id[15] = '1';
    CHECK(WITH(SUIT_VALIDATE, "\x84\x03\x0f\x0e\x0f") == ATTO_E_ABORT);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0f\x82\x43\x82\x0e\x0f\xf6\x03\x0f") == ATTO_OK);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0f\x81\x43\x82\x0e\x0f\x03\x0f") == ATTO_E_ABORT);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0f\x80\x03\x0f") == ATTO_E_ENVELOPE);
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0f\x82\xf6\x43\x82\x0e\x0f\x03\x0f") == ATTO_E_ENVELOPE);
    /* An alternative that is not taken is read all the same. */
    CHECK(WITH(SUIT_VALIDATE, "\x84\x0f\x82\x43\x82\x05\x01\x43\x82\x06\x0f\x03\x0f") == ATTO_E_UNSUPPORTED);
}

static const struct harness_test tests[] = {
    TEST(an_envelope_is_accepted, "a whole envelope is accepted and says what to do"),
    TEST(the_head_is_enough, "the head is read whatever has come of the image"),
    TEST(by_uri_and_without_invocation, "an image may be elsewhere, a container need not be started"),
    TEST(the_owners_component_has_one_part, "what the owner signs is the owner's, and no tenant's"),
    TEST(no_signature, "without a signature an envelope is refused"),
    TEST(every_byte_flipped, "no bit of the head can change"),
    TEST(every_byte_replaced, "nor can a byte become the beginning of something else"),
    TEST(truncation_at_every_byte, "no beginning of a head is accepted"),
    TEST(trailing_bytes, "nothing may stand behind an envelope or in it behind what is known"),
    TEST(replay, "an envelope is accepted once"),
    TEST(downgrade, "sequence numbers never go back, at either end of their range"),
    TEST(wrong_vendor, "an envelope for another vendor is refused"),
    TEST(wrong_class, "an envelope for another class is refused"),
    TEST(wrong_device, "an envelope for another device is refused"),
    TEST(wrong_tenant, "another tenant's signature does not do"),
    TEST(other_tenants_component, "a tenant's signature is good for its own components alone"),
    TEST(digest_of_other_content, "a signature of one manifest does not carry over to another"),
    TEST(a_digest_of_another_algorithm_or_length, "digests are SHA-256"),
    TEST(two_components_one_slot, "an envelope has one component"),
    TEST(deep_cbor, "depth is bounded"),
    TEST(indefinite_cbor, "indefinite lengths are refused"),
    TEST(duplicate_and_disordered_keys, "keys come once and in order"),
    TEST(missing_members, "members that are needed are there"),
    TEST(floats_and_other_types, "values have their types"),
    TEST(huge_integers, "integers have their ranges and their shortest form"),
    TEST(bad_utf8, "names and URIs are text"),
    TEST(unknown_critical_elements, "what is not understood is refused"),
    TEST(severed_members, "severed members and delegations are refused"),
    TEST(algorithm_confusion, "the key says which algorithm it is, and the message must agree"),
    TEST(orders_that_make_no_sense, "an order is whole or none"),
    TEST(conditions_cannot_be_left_out, "vendor and class are always compared"),
    TEST(alternatives_by_device, "the first alternative that holds is taken, and all are read"),
};
HARNESS_MAIN(tests)
