/* TinyContainer metadata: golden bytes by hand and the file that its project ships, every truncation, every byte
 * changed to every value, the rules of the format one by one, what they mean to Atto, and which bytes are hashed and
 * verified, with a hash and a signature that only remember what they were given.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/tinycontainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "harness.h"
#include "rng.h"
#include "tinycontainer_bytes.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define BYTES(string) (string), (uint32_t)(sizeof(string) - 1u)

#define HASH(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define SIGNATURE HASH("s") HASH("s")
#define MASK_TOKEN "\x84\x40\xa0\x46\xa1\x39\xff\xff\x41\x1b\x58\x40" SIGNATURE
#define CLAIM(c) "\xa1\x3a\x00\x01\x00\x00\x58\x20" HASH(c)
#define HASH_TOKEN(c) "\x84\x40\xa0\x58\x28" CLAIM(c) "\x58\x40" SIGNATURE

/* 6082514239057121876({1: <<{1: 'demo', 2: 3, 3: <<[h'', {}, <<{-65536: h'1b'}>>, 64 bytes]>>}>>,
 *   2: <<[{1: 123, 2: 1, 4: 10, 5: 2}, {1: 7, 2: 0, 3: 'hi', 4: 9, 5: 1}]>>,
 *   3: <<[100, 1000, 50, 600, 70, <<[h'', {}, <<{-65537: 32 bytes}>>, 64 bytes]>>, ..., ...]>>}) */
static const char golden[] = "\xdb\x54\x69\x6e\x79\x50\x41\x52\x54" "\xa3"
                             "\x01\x58\x58" "\xa3" "\x01\x44\x64\x65\x6d\x6f" "\x02\x03" "\x03\x58\x4c" MASK_TOKEN
                             "\x02\x58\x18" "\x82" "\xa4\x01\x18\x7b\x02\x01\x04\x0a\x05\x02"
                             "\xa5\x01\x07\x02\x00\x03\x42\x68\x69\x04\x09\x05\x01"
                             "\x03\x59\x01\x60" "\x88" "\x18\x64\x19\x03\xe8\x18\x32\x19\x02\x58\x18\x46"
                             "\x58\x6f" HASH_TOKEN("d") "\x58\x6f" HASH_TOKEN("c") "\x58\x6f" HASH_TOKEN("m");

static struct tiny_bytes built;

static enum atto_status parse(const void *bytes, uint32_t len, struct atto_tinycontainer *tiny, uint32_t *at)
{
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    enum atto_status status = atto_tinycontainer_parse((struct atto_span){ bytes, len }, tiny, &refusal);
    if (status != ATTO_OK && (status != ATTO_E_MANIFEST || refusal.status != status || refusal.at > len))
        harness_fail_values(__FILE__, __LINE__, "refusal.at", refusal.at, len);
    if (at != NULL)
        *at = refusal.at;
    return status;
}

static bool inside(struct atto_span part, struct atto_span whole)
{
    return part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr <= whole.ptr + whole.len &&
            part.len <= (uint32_t)(whole.ptr + whole.len - part.ptr));
}

static bool span_is(struct atto_span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.ptr, text, span.len) == 0;
}

/* A hash that is the first byte, 32 times, and a signature that is good if its first byte is 's'; both remember. */
static struct {
    struct atto_span hashed;
    uint8_t message[128];
    uint32_t message_len, verified;
} seen;

static void remember_hash(void *context, const uint8_t *bytes, uint32_t len, uint8_t *hash)
{
    (void)context;
    seen.hashed = (struct atto_span){ bytes, len };
    memset(hash, len != 0 ? bytes[0] : 0, 32);
}

static bool remember_message(void *context, const uint8_t *message, uint32_t len, const uint8_t *signature)
{
    (void)context;
    if (len > sizeof seen.message) {
        harness_fail_values(__FILE__, __LINE__, "length of a message", len, sizeof seen.message);
        return false;
    }
    memcpy(seen.message, message, len);
    seen.message_len = len;
    seen.verified++;
    return signature[0] == 's' && signature[63] == 's';
}

static const struct atto_tinycontainer_crypto crypto = { remember_hash, remember_message, NULL };

static void check_token(const struct atto_tinycontainer_token *token, struct atto_span bytes, uint32_t most)
{
    CHECK(inside(token->payload, bytes) && inside(token->claim, bytes) && inside(token->signature, bytes));
    CHECK(token->claim.len >= 1 && token->claim.len <= most);
    EQUAL(token->signature.len, token->mac ? 32 : 64);
    CHECK(inside(token->claim, token->payload));
}

/* Everything that the header promises of metadata that were accepted. */
static void check_accepted(const struct atto_tinycontainer *tiny, struct atto_span bytes)
{
    struct atto_tinycontainer_endpoint endpoint, other;
    struct atto_manifest manifest = ATTO_MANIFEST_INIT;
    struct atto_right_wish wish;
    CHECK(tiny->bytes.ptr == bytes.ptr && tiny->bytes.len == bytes.len);
    CHECK(inside(tiny->uid, bytes) && tiny->uid.len >= 1 && tiny->uid.len <= 63);
    CHECK(tiny->type <= 7);
    check_token(&tiny->mask_token, bytes, 4);
    if (tiny->secured) {
        check_token(&tiny->data_token, bytes, 32);
        check_token(&tiny->code_token, bytes, 32);
        check_token(&tiny->metadata_token, bytes, 32);
        CHECK(tiny->data_token.claim.len == 32 && tiny->code_token.claim.len == 32 &&
              tiny->metadata_token.claim.len == 32);
    }
    CHECK(tiny->endpoint_count <= ATTO_TINYCONTAINER_ENDPOINTS_MAX && inside(tiny->endpoints, bytes));
    for (uint32_t i = 0; i < tiny->endpoint_count; i++) {
        EQUAL(atto_tinycontainer_endpoint(tiny, i, &endpoint), ATTO_OK);
        CHECK(endpoint.peer <= 2 && endpoint.direction <= 2 && endpoint.peer_uid.len <= 63);
        CHECK(inside(endpoint.peer_uid, bytes) && (endpoint.peer != 0 || endpoint.peer_uid.len > 0));
        for (uint32_t k = 0; k < i; k++)
            CHECK(atto_tinycontainer_endpoint(tiny, k, &other) == ATTO_OK && other.id != endpoint.id);
        if (atto_tinycontainer_wish(tiny, i, &wish, NULL) == ATTO_OK)
            CHECK(wish.right.operations <= 3 && endpoint.peer == 1 && wish.right.endpoint == endpoint.peer_endpoint);
    }
    EQUAL(atto_tinycontainer_endpoint(tiny, tiny->endpoint_count, &endpoint), ATTO_E_NOT_FOUND);
    EQUAL(atto_tinycontainer_wish(tiny, tiny->endpoint_count, &wish, NULL), ATTO_E_NOT_FOUND);
    if (atto_tinycontainer_manifest(tiny, &manifest, NULL) == ATTO_OK)
        CHECK(inside(manifest.name, bytes) && manifest.name.len >= 1 && manifest.name.len <= ATTO_NAME_MAX);
    atto_tinycontainer_verify(tiny, bytes, bytes, ATTO_TINYCONTAINER_STRUCTURE, &crypto, NULL);
}

/* In a block of exactly their size, so that the sanitizers see a step outside. */
static enum atto_status verdict(const void *bytes, uint32_t len, uint32_t *at)
{
    struct atto_tinycontainer tiny;
    uint8_t *block = malloc(len != 0 ? len : 1u);
    if (block == NULL)
        return ATTO_E_NO_MEMORY;
    memcpy(block, bytes, len);
    memset(&tiny, 0xa5, sizeof tiny);
    enum atto_status status = parse(block, len, &tiny, at);
    if (status == ATTO_OK)
        check_accepted(&tiny, (struct atto_span){ block, len });
    free(block);
    return status;
}

static void golden_metadata(void)
{
    struct atto_tinycontainer tiny;
    struct atto_tinycontainer_endpoint endpoint;
    memset(&tiny, 0xa5, sizeof tiny);
    EQUAL(parse(BYTES(golden), &tiny, NULL), ATTO_OK);
    CHECK(span_is(tiny.uid, "demo"));
    EQUAL(tiny.type, ATTO_TINYCONTAINER_BPF);
    EQUAL(tiny.syscalls, 0x1b);
    EQUAL(tiny.endpoint_count, 2);
    EQUAL(atto_tinycontainer_endpoint(&tiny, 0, &endpoint), ATTO_OK);
    CHECK(endpoint.id == 123 && endpoint.peer == ATTO_TINYCONTAINER_LOCAL && endpoint.peer_uid.len == 0);
    CHECK(endpoint.peer_endpoint == 10 && endpoint.direction == ATTO_TINYCONTAINER_BOTH && endpoint.at == 0);
    EQUAL(atto_tinycontainer_endpoint(&tiny, 1, &endpoint), ATTO_OK);
    CHECK(endpoint.id == 7 && endpoint.peer == ATTO_TINYCONTAINER_CONTAINER && span_is(endpoint.peer_uid, "hi"));
    CHECK(endpoint.peer_endpoint == 9 && endpoint.direction == ATTO_TINYCONTAINER_OUT && endpoint.at == 10);
    CHECK(tiny.secured);
    EQUAL(tiny.start_max_ms, 100);
    EQUAL(tiny.loop_period_ms, 1000);
    EQUAL(tiny.loop_max_ms, 50);
    EQUAL(tiny.loop_count, 600);
    EQUAL(tiny.stop_max_ms, 70);
    CHECK(span_is(tiny.mask_token.claim, "\x1b") && span_is(tiny.data_token.claim, HASH("d")));
    CHECK(span_is(tiny.code_token.claim, HASH("c")) && span_is(tiny.metadata_token.claim, HASH("m")));
    CHECK(span_is(tiny.metadata_token.signature, SIGNATURE) && !tiny.metadata_token.mac);
    EQUAL(tiny.data_token.payload.len, TINY_PAYLOAD_BYTES);
    EQUAL(memcmp(tiny.data_token.payload.ptr, CLAIM("d"), TINY_PAYLOAD_BYTES), 0);
    tiny_begin(&built);
    tiny_build(&built);
    EQUAL(built.len, sizeof golden - 1u);
    EQUAL(memcmp(built.bytes, golden, built.len), 0);
}

static void parts_left_out(void)
{
    struct atto_tinycontainer tiny;
    tiny_begin(&built);
    tiny_set(&built, TINY_MAP, "\xa2", 1);
    tiny_set(&built, TINY_KEY_SECURITY, "", 0);
    tiny_build(&built);
    EQUAL(parse(built.bytes, built.len, &tiny, NULL), ATTO_OK);
    CHECK(!tiny.secured && tiny.endpoint_count == 2 && tiny.loop_period_ms == 0);
    tiny_set(&built, TINY_MAP, "\xa1", 1);
    tiny_set(&built, TINY_KEY_ENDPOINTS, "", 0);
    tiny_build(&built);
    EQUAL(parse(built.bytes, built.len, &tiny, NULL), ATTO_OK);
    CHECK(!tiny.secured && tiny.endpoint_count == 0);
    tiny_set(&built, TINY_MAP, "\xa2", 1);
    tiny_set(&built, TINY_KEY_SECURITY, "\x03", 1);
    tiny_build(&built);
    EQUAL(parse(built.bytes, built.len, &tiny, NULL), ATTO_OK);
    CHECK(tiny.secured && tiny.endpoint_count == 0 && tiny.loop_period_ms == 1000);
}

static void every_truncation(void)
{
    uint8_t longer[sizeof golden];
    for (uint32_t len = 0; len < sizeof golden - 1u; len++) {
        harness_case(len, 0);
        EQUAL(verdict(golden, len, NULL), ATTO_E_MANIFEST);
        GO_ON();
    }
    EQUAL(verdict(golden, sizeof golden - 1u, NULL), ATTO_OK);
    memcpy(longer, golden, sizeof golden);
    EQUAL(verdict(longer, sizeof golden, NULL), ATTO_E_MANIFEST);
}

static void every_byte_changed(void)
{
    uint8_t bytes[sizeof golden - 1u];
    memcpy(bytes, golden, sizeof bytes);
    for (uint32_t at = 0; at < sizeof bytes; at++) {
        for (uint32_t value = 0; value < 256u; value += ON_LINUX_OR_BOARD(1u, 13u)) {
            harness_case(at, value);
            bytes[at] = (uint8_t)value;
            verdict(bytes, sizeof bytes, NULL);
            GO_ON();
        }
        bytes[at] = (uint8_t)golden[at];
    }
}

static void random_changes(void)
{
    static uint8_t bytes[sizeof golden + 15u];
    struct rng rng = { harness_seed() };
    uint32_t rounds = harness_rounds(ON_LINUX_OR_BOARD(100000u, 2000u));
    for (uint32_t round = 0; round < rounds; round++) {
        memset(bytes, 0, sizeof bytes);
        memcpy(bytes, golden, sizeof golden - 1u);
        for (uint32_t changes = 1u + rng_below(&rng, 4); changes > 0; changes--)
            bytes[rng_below(&rng, sizeof bytes)] = (uint8_t)rng_below(&rng, 256);
        harness_case(round, 0);
        verdict(bytes, sizeof golden - 1u - 8u + rng_below(&rng, 16), NULL);
        GO_ON();
    }
}

#define UID63 HASH("u") "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
#define ENDPOINT(id, direction) "\xa4\x01" id "\x02\x01\x04\x0a\x05" direction
#define TINY_GOOD 0xffffffffu /* accepted */

/* One piece replaced: accepted, or refused at this byte of the piece. */
static const struct {
    enum tiny_piece piece;
    const char *bytes;
    uint32_t len, at;
} rules[] = {
    /* the tag */
    { TINY_TAG, BYTES("\xdb" "TinyPARU"), 0 }, { TINY_TAG, BYTES("\xdb" "tinyPART"), 0 },
    { TINY_TAG, BYTES(""), 0 }, { TINY_TAG, BYTES("\xd8\x3d"), 0 },
    { TINY_TAG, BYTES("\xdb" "TinyPART" "\xdb" "TinyPART"), 9 }, { TINY_TAG, BYTES("\xdb" "TinyPART" "\xd8\x3d"), 9 },
    { TINY_TAG, BYTES("\xd8\x3d" "\xdb" "TinyPART"), 0 },
    /* the map: counts, order, keys doubled, unknown and of other types */
    { TINY_MAP, BYTES("\xa0"), 0 }, { TINY_MAP, BYTES("\xa4"), 0 }, { TINY_MAP, BYTES("\xbf"), 0 },
    { TINY_MAP, BYTES("\x83"), 0 }, { TINY_MAP, BYTES("\xb8\x03"), 0 }, { TINY_MAP, BYTES("\xba\xff\xff\xff\xff"), 0 },
    { TINY_KEY_CONTAINER, BYTES("\x02"), 0 }, { TINY_KEY_CONTAINER, BYTES("\x00"), 0 },
    { TINY_KEY_CONTAINER, BYTES("\x61" "1"), 0 }, { TINY_KEY_CONTAINER, BYTES("\x18\x01"), 0 },
    { TINY_KEY_ENDPOINTS, BYTES("\x01"), 0 }, { TINY_KEY_ENDPOINTS, BYTES("\x04"), 0 },
    { TINY_KEY_SECURITY, BYTES("\x02"), 0 }, { TINY_KEY_SECURITY, BYTES("\x01"), 0 },
    { TINY_KEY_SECURITY, BYTES("\x04"), 0 }, { TINY_KEY_SECURITY, BYTES("\x20"), 0 },
    { TINY_END, BYTES("\x00"), 0 }, { TINY_END, BYTES("\x04\x41\x00"), 0 },
    /* the container */
    { TINY_CONTAINER, BYTES("\xa2"), 0 }, { TINY_CONTAINER, BYTES("\xa4"), 0 }, { TINY_CONTAINER, BYTES("\x83"), 0 },
    { TINY_UID, BYTES("\x01\x40"), 1 }, { TINY_UID, BYTES("\x01\x58\x3f" UID63), TINY_GOOD },
    { TINY_UID, BYTES("\x01\x58\x40" "u" UID63), 1 }, { TINY_UID, BYTES("\x01\x64" "demo"), 1 },
    { TINY_UID, BYTES("\x01\x01"), 1 }, { TINY_UID, BYTES("\x01\x41\x00"), TINY_GOOD },
    { TINY_UID, BYTES("\x01\x58\x01" "a"), 1 }, { TINY_UID, BYTES("\x01\x5f\x41" "a" "\xff"), 1 },
    { TINY_UID, BYTES("\x02\x41" "a"), 0 }, { TINY_UID, BYTES("\x01\x41" "a" "\x01\x41" "a"), 3 },
    { TINY_TYPE, BYTES("\x02\x00"), TINY_GOOD }, { TINY_TYPE, BYTES("\x02\x07"), TINY_GOOD },
    { TINY_TYPE, BYTES("\x02\x08"), 1 }, { TINY_TYPE, BYTES("\x02\x20"), 1 }, { TINY_TYPE, BYTES("\x02\x41\x03"), 1 },
    { TINY_TYPE, BYTES("\x01\x03"), 0 }, { TINY_TYPE, BYTES(""), 0 }, { TINY_TYPE, BYTES("\x02\x18\x03"), 1 },
    { TINY_KEY_MASK, BYTES("\x02"), 0 }, { TINY_KEY_MASK, BYTES("\x04"), 0 },
    { TINY_CONTAINER_END, BYTES("\x00"), 0 }, { TINY_CONTAINER_END, BYTES("\x04\x00"), 0 },
    /* the token of the mask: tags, form, claim, length */
    { TINY_MASK, BYTES("\xd2" MASK_TOKEN), TINY_GOOD }, { TINY_MASK, BYTES("\xd8\x3d\xd2" MASK_TOKEN), TINY_GOOD },
    { TINY_MASK, BYTES("\xd8\x3d" MASK_TOKEN), 2 }, { TINY_MASK, BYTES("\xd8\x3d\xd8\x3d\xd2" MASK_TOKEN), 2 },
    { TINY_MASK, BYTES("\xd0" MASK_TOKEN), 0 }, { TINY_MASK, BYTES("\xd3" MASK_TOKEN), 0 },
    { TINY_MASK, BYTES("\xd8\x62" MASK_TOKEN), 0 }, { TINY_MASK, BYTES("\xd2\xd2" MASK_TOKEN), 1 },
    { TINY_MASK, BYTES("\xd2\xd8\x3d" MASK_TOKEN), 1 }, { TINY_MASK, BYTES("\xd8\x12" MASK_TOKEN), 0 },
    { TINY_MASK, BYTES("\xd1" MASK_TOKEN), 11 }, /* a MAC has 32 bytes */
    { TINY_MASK, BYTES("\xd1\x84\x40\xa0\x46\xa1\x39\xff\xff\x41\x1b\x58\x20" HASH("s")), TINY_GOOD },
    { TINY_MASK, BYTES("\xd8\x3d\xd1\x84\x40\xa0\x46\xa1\x39\xff\xff\x41\x1b\x58\x20" HASH("s")), TINY_GOOD },
    { TINY_MASK, BYTES("\x84\x40\xa0\x46\xa1\x39\xff\xff\x41\x1b\x58\x20" HASH("s")), 10 },
    { TINY_MASK, BYTES("\x83\x40\xa0\x46\xa1\x39\xff\xff\x41\x1b"), 0 },
    { TINY_MASK, BYTES("\x85\x40\xa0\x46\xa1\x39\xff\xff\x41\x1b\x58\x40" SIGNATURE "\x00"), 0 },
    { TINY_MASK, BYTES("\x84\x43\xa1\x01\x27\xa0\x46\xa1\x39\xff\xff\x41\x1b\x58\x40" SIGNATURE), 1 },
    { TINY_MASK, BYTES("\x84\xa0\xa0\x46\xa1\x39\xff\xff\x41\x1b\x58\x40" SIGNATURE), 1 },
    { TINY_MASK, BYTES("\x84\x40\xa1\x04\x41\x00\x46\xa1\x39\xff\xff\x41\x1b\x58\x40" SIGNATURE), 2 },
    { TINY_MASK, BYTES("\x84\x40\xa0\xf6\x58\x40" SIGNATURE), 3 },
    { TINY_MASK, BYTES("\x84\x40\xa0\x40\x58\x40" SIGNATURE), 3 },
    { TINY_MASK, BYTES("\x84\x40\xa0\x47\xa1\x39\xff\xff\x41\x1b\x00\x58\x40" SIGNATURE), 10 },
    { TINY_MASK, BYTES("\x84\x40\xa0\x45\xa1\x39\xff\xff\x40\x58\x40" SIGNATURE), 8 },
    { TINY_MASK, BYTES("\x84\x40\xa0\x49\xa1\x39\xff\xff\x44" "1234" "\x58\x40" SIGNATURE), TINY_GOOD },
    { TINY_MASK, BYTES("\x84\x40\xa0\x4a\xa1\x39\xff\xff\x45" "12345" "\x58\x40" SIGNATURE), 8 },
    { TINY_MASK, BYTES("\x84\x40\xa0\x46\xa1\x39\xff\xff\x18\x1b\x58\x40" SIGNATURE), 8 },
    { TINY_MASK, BYTES("\x84\x40\xa0\x46\xa1\x19\xff\xff\x41\x1b\x58\x40" SIGNATURE), 5 },
    { TINY_MASK, BYTES("\x84\x40\xa0\x4c\xa2\x39\xff\xff\x41\x1b\x39\xff\xff\x41\x1b\x00\x58\x40" SIGNATURE), 4 },
    { TINY_MASK, BYTES("\x84\x40\xa0\x41\xa0\x58\x40" SIGNATURE), 4 },
    { TINY_MASK, BYTES(HASH_TOKEN("d")), 6 }, /* a hash in place of a mask */
    { TINY_MASK, BYTES("\x84\x40\xa0\x48\xa1\x3a\x00\x01\x00\x01\x41\x1b\x58\x40" SIGNATURE), 5 }, /* a key's id */
    { TINY_MASK, BYTES(MASK_TOKEN "\x00"), 76 }, { TINY_MASK, BYTES(""), 0xfffffffeu },
    /* the endpoints */
    { TINY_ENDPOINTS, BYTES("\x80"), TINY_GOOD }, { TINY_ENDPOINTS, BYTES("\x81" ENDPOINT("\x01", "\x00")), TINY_GOOD },
    { TINY_ENDPOINTS, BYTES("\x81" ENDPOINT("\x1a\xff\xff\xff\xff", "\x01")), TINY_GOOD },
    { TINY_ENDPOINTS, BYTES("\x81" ENDPOINT("\x1b\0\0\0\x01\0\0\0\0", "\x01")), 3 },
    { TINY_ENDPOINTS, BYTES("\x81" ENDPOINT("\x20", "\x01")), 3 },
    { TINY_ENDPOINTS, BYTES("\x81" ENDPOINT("\x01", "\x03")), 9 },
    { TINY_ENDPOINTS, BYTES("\x82" ENDPOINT("\x01", "\x00") ENDPOINT("\x01", "\x01")), 10 },
    { TINY_ENDPOINTS, BYTES("\x83" ENDPOINT("\x01", "\x00") ENDPOINT("\x02", "\x00") ENDPOINT("\x01", "\x00")), 19 },
    { TINY_ENDPOINTS, BYTES("\x83" ENDPOINT("\x01", "\x00") ENDPOINT("\x02", "\x00") ENDPOINT("\x03", "\x00")),
      TINY_GOOD },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa4\x01\x01\x02\x03\x04\x0a\x05\x00"), 5 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa4\x01\x01\x02\x00\x04\x0a\x05\x00"), 6 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa5\x01\x01\x02\x00\x03\x41" "p" "\x04\x0a\x05\x00"), TINY_GOOD },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa5\x01\x01\x02\x02\x03\x41" "p" "\x04\x0a\x05\x00"), TINY_GOOD },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa4\x01\x01\x02\x02\x04\x0a\x05\x00"), TINY_GOOD },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa5\x01\x01\x02\x00\x03\x40\x04\x0a\x05\x00"), 7 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa5\x01\x01\x02\x00\x03\x58\x40" "u" UID63 "\x04\x0a\x05\x00"), 7 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa5\x01\x01\x02\x00\x03\x61" "p" "\x04\x0a\x05\x00"), 7 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa5\x01\x01\x02\x01\x04\x0a\x05\x00\x06\x00"), 6 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa6\x01\x01\x02\x00\x03\x41" "p" "\x04\x0a\x05\x00\x06\x40"), 1 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa3\x01\x01\x02\x01\x04\x0a"), 1 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa4\x01\x01\x02\x01\x05\x0a\x04\x00"), 6 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa4\x01\x01\x01\x01\x04\x0a\x05\x00"), 4 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa4\x01\x01\x02\x01\x04\x20\x05\x00"), 7 },
    { TINY_ENDPOINTS, BYTES("\x81" "\xa4\x01\x01\x02\x01\x04\x0a\x06\x00"), 8 },
    { TINY_ENDPOINTS, BYTES("\x81" "\x84\x01\x01\x02\x01"), 1 },
    { TINY_ENDPOINTS, BYTES("\x82" ENDPOINT("\x01", "\x00")), 10 },
    { TINY_ENDPOINTS, BYTES("\x80\x00"), 1 }, { TINY_ENDPOINTS, BYTES("\xa0"), 0 },
    { TINY_ENDPOINTS, BYTES("\x9f\xff"), 0 }, { TINY_ENDPOINTS, BYTES("\x98\x21"), 0 },
    { TINY_ENDPOINTS, BYTES("\x9a\xff\xff\xff\xff"), 0 },
    /* security */
    { TINY_SECURITY, BYTES("\x87"), 0 }, { TINY_SECURITY, BYTES("\x89"), 0 }, { TINY_SECURITY, BYTES("\xa4"), 0 },
    { TINY_NUMBERS, BYTES("\x00\x00\x00\x00\x00"), TINY_GOOD }, { TINY_NUMBERS, BYTES("\x00\x00\x00\x00"), 4 },
    { TINY_NUMBERS, BYTES("\x00\x00\x00\x00\x00\x00"), 5 }, { TINY_NUMBERS, BYTES("\x20\x00\x00\x00\x00"), 0 },
    { TINY_NUMBERS, BYTES("\x00\x40\x00\x00\x00"), 1 }, { TINY_NUMBERS, BYTES("\x00\x00\xf6\x00\x00"), 2 },
    { TINY_NUMBERS, BYTES("\x00\x00\x00\xf9\x3c\x00\x00"), 3 }, { TINY_NUMBERS, BYTES("\x00\x00\x00\x00\x18\x01"), 4 },
    { TINY_NUMBERS, BYTES("\x1a\xff\xff\xff\xff\x00\x00\x1a\xff\xff\xff\xff\x00"), TINY_GOOD },
    { TINY_NUMBERS, BYTES("\x1b\0\0\0\x01\0\0\0\0\x00\x00\x00\x00"), 0 },
    { TINY_DATA, BYTES("\xd2" HASH_TOKEN("d")), TINY_GOOD }, { TINY_CODE, BYTES("\xd2" HASH_TOKEN("d")), TINY_GOOD },
    { TINY_METADATA, BYTES("\xd8\x3d\xd2" HASH_TOKEN("d")), TINY_GOOD },
    { TINY_DATA, BYTES("\xd1\x84\x40\xa0\x58\x28" CLAIM("d") "\x58\x20" HASH("t")), TINY_GOOD },
    { TINY_DATA, BYTES("\x84\x40\xa0\x58\x27\xa1\x3a\x00\x01\x00\x00\x58\x1f" "1234567890123456789012345678901"
                       "\x58\x40" SIGNATURE), 11 },
    { TINY_CODE, BYTES("\x84\x40\xa0\x58\x29\xa1\x3a\x00\x01\x00\x00\x58\x21" "123456789012345678901234567890123"
                       "\x58\x40" SIGNATURE), 11 },
    { TINY_METADATA, BYTES("\x84\x40\xa0\x46\xa1\x39\xff\xff\x41\x1b\x58\x40" SIGNATURE), 5 },
    { TINY_METADATA, BYTES("\x84\x40\xa0\x58\x28" CLAIM("m") "\x58\x3f" "1234567890123456789012345678901" HASH("s")),
      45 },
    { TINY_METADATA, BYTES("\xd8\x12" HASH_TOKEN("m")), 0 },
    { TINY_METADATA, BYTES(""), 0xfffffffeu }, { TINY_DATA, BYTES(""), 0xfffffffeu },
    { TINY_METADATA, BYTES(HASH_TOKEN("m") "\x00"), 111 },
    { TINY_SECURITY_END, BYTES("\x00"), 0 },
};

static void rules_of_the_format(void)
{
    for (uint32_t i = 0; i < COUNT(rules); i++) {
        uint32_t at;
        harness_case(i, rules[i].piece);
        tiny_begin(&built);
        tiny_set(&built, rules[i].piece, rules[i].bytes, rules[i].len);
        tiny_build(&built);
        CHECK(built.len <= TINY_BYTES_MAX);
        enum atto_status status = verdict(built.bytes, built.len, &at);
        EQUAL(status, rules[i].at == TINY_GOOD ? ATTO_OK : ATTO_E_MANIFEST);
        if (status != ATTO_OK && rules[i].at != 0xfffffffeu)
            EQUAL(at, built.at[rules[i].piece] + rules[i].at);
        else if (status != ATTO_OK) /* an empty string, refused at its head */
            EQUAL(at, built.at[rules[i].piece] - 1u);
        GO_ON();
    }
}

/* 32 endpoints, and one more. */
static void limit_of_endpoints(void)
{
    uint8_t endpoints[2u + 33u * 10u];
    for (uint32_t count = 32; count <= 33u; count++) {
        uint32_t len = 0;
        endpoints[len++] = 0x98;
        endpoints[len++] = (uint8_t)count;
        for (uint32_t i = 0; i < count; i++) {
            const uint8_t endpoint[] = { 0xa4, 1, 0x18, (uint8_t)(100u + i), 2, 1, 4, 10, 5, 0 };
            memcpy(endpoints + len, endpoint, sizeof endpoint);
            len += (uint32_t)sizeof endpoint;
        }
        tiny_begin(&built);
        tiny_set(&built, TINY_ENDPOINTS, endpoints, len);
        tiny_build(&built);
        harness_case(count, 0);
        EQUAL(verdict(built.bytes, built.len, NULL), count == 32u ? ATTO_OK : ATTO_E_MANIFEST);
    }
}

/* A string that says it is longer than what is left, the last token for one. */
static void strings_over_the_end(void)
{
    uint32_t at;
    tiny_begin(&built);
    tiny_build(&built);
    built.bytes[built.at[TINY_METADATA] - 1u]++;
    EQUAL(verdict(built.bytes, built.len, &at), ATTO_E_MANIFEST);
    EQUAL(at, built.at[TINY_METADATA] - 2u);
    tiny_build(&built);
    built.bytes[built.at[TINY_CONTAINER] - 1u] = 0xff;
    EQUAL(verdict(built.bytes, built.len, &at), ATTO_E_MANIFEST);
    EQUAL(at, built.at[TINY_CONTAINER_END]);
    EQUAL(verdict("\xdb" "TinyPART\xa1\x01\x5a\xff\xff\xff\xff\xa3", 17, &at), ATTO_E_MANIFEST);
    EQUAL(at, 11);
}

static enum atto_status map(enum tiny_piece piece, const void *bytes, uint32_t len, struct atto_manifest *manifest,
                            uint32_t *at)
{
    static struct atto_tinycontainer tiny;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    tiny_begin(&built);
    tiny_set(&built, piece, bytes, len);
    tiny_build(&built);
    if (parse(built.bytes, built.len, &tiny, NULL) != ATTO_OK)
        return ATTO_E_FORMAT;
    enum atto_status status = atto_tinycontainer_manifest(&tiny, manifest, &refusal);
    *at = refusal.at - built.at[piece];
    return status;
}

static void meaning_as_a_manifest(void)
{
    struct atto_manifest manifest = ATTO_MANIFEST_INIT, before;
    uint32_t at;
    manifest.fuel = 77;
    manifest.schedule.deadline_us = 1000000;
    EQUAL(map(TINY_TYPE, BYTES("\x02\x03"), &manifest, &at), ATTO_OK);
    CHECK(span_is(manifest.name, "demo"));
    EQUAL(manifest.schedule.start_max_us, 100000);
    EQUAL(manifest.schedule.period_us, 1000000);
    EQUAL(manifest.schedule.loop_max_us, 50000);
    EQUAL(manifest.schedule.loop_count, 600);
    EQUAL(manifest.schedule.stop_max_us, 70000);
    CHECK(manifest.fuel == 77 && manifest.schedule.priority == 8 && manifest.schedule.deadline_us == 1000000);
    EQUAL(map(TINY_TYPE, BYTES("\x02\x04"), &manifest, &at), ATTO_OK);
    /* What is refused, and that nothing has changed then. */
    static const struct {
        enum tiny_piece piece;
        const char *bytes;
        uint32_t len;
        enum atto_status status;
        uint32_t at;
    } cases[] = {
        { TINY_UID, BYTES("\x01\x58\x20" HASH("u")), ATTO_OK, 0 },
        { TINY_UID, BYTES("\x01\x58\x21" "u" HASH("u")), ATTO_E_ARGUMENT, 3 },
        { TINY_UID, BYTES("\x01\x42\xc3\xa4"), ATTO_OK, 0 },
        { TINY_UID, BYTES("\x01\x41\xff"), ATTO_E_ARGUMENT, 2 },
        { TINY_UID, BYTES("\x01\x42" "a\n"), ATTO_E_ARGUMENT, 2 },
        { TINY_NUMBERS, BYTES("\x1a\x00\x20\xc4\x9b\x00\x00\x00\x00"), ATTO_OK, 0 }, /* 2147483 ms */
        { TINY_NUMBERS, BYTES("\x1a\x00\x20\xc4\x9c\x00\x00\x00\x00"), ATTO_E_ARGUMENT, 0 },
        { TINY_NUMBERS, BYTES("\x00\x1a\x00\x20\xc4\x9c\x00\x00\x00"), ATTO_E_ARGUMENT, 1 },
        { TINY_NUMBERS, BYTES("\x00\x00\x1a\xff\xff\xff\xff\x00\x00"), ATTO_E_ARGUMENT, 2 },
        { TINY_NUMBERS, BYTES("\x00\x00\x00\x1a\xff\xff\xff\xff\x00"), ATTO_OK, 0 }, /* a count, not a time */
        { TINY_NUMBERS, BYTES("\x00\x00\x00\x00\x1a\x00\x41\x89\x37"), ATTO_E_ARGUMENT, 4 }, /* 2^32 us and more */
        { TINY_NUMBERS, BYTES("\x00\x19\x03\xe7\x00\x00\x00"), ATTO_E_ARGUMENT, 1 }, /* under the deadline */
        { TINY_TYPE, BYTES("\x02\x00"), ATTO_E_EXECUTOR, 0 }, { TINY_TYPE, BYTES("\x02\x01"), ATTO_E_EXECUTOR, 0 },
        { TINY_TYPE, BYTES("\x02\x02"), ATTO_E_EXECUTOR, 0 }, { TINY_TYPE, BYTES("\x02\x05"), ATTO_E_EXECUTOR, 0 },
        { TINY_TYPE, BYTES("\x02\x06"), ATTO_E_EXECUTOR, 0 }, { TINY_TYPE, BYTES("\x02\x07"), ATTO_E_EXECUTOR, 0 },
    };
    for (uint32_t i = 0; i < COUNT(cases); i++) {
        harness_case(i, 0);
        before = manifest;
        EQUAL(map(cases[i].piece, cases[i].bytes, cases[i].len, &manifest, &at), cases[i].status);
        if (cases[i].status != ATTO_OK)
            EQUAL(memcmp(&manifest, &before, sizeof manifest), 0);
        if (cases[i].status == ATTO_E_ARGUMENT)
            EQUAL(at, cases[i].at);
    }
}

static void meaning_without_security(void)
{
    struct atto_manifest manifest = { .schedule = { .priority = 3, .period_us = 5, .loop_count = 6 } };
    struct atto_tinycontainer tiny;
    tiny_begin(&built);
    tiny_set(&built, TINY_MAP, "\xa2", 1);
    tiny_set(&built, TINY_KEY_SECURITY, "", 0);
    tiny_build(&built);
    EQUAL(parse(built.bytes, built.len, &tiny, NULL), ATTO_OK);
    EQUAL(atto_tinycontainer_manifest(&tiny, &manifest, NULL), ATTO_OK);
    CHECK(manifest.schedule.period_us == 0 && manifest.schedule.loop_count == 0 && manifest.schedule.priority == 3);
}

static enum atto_status wish_of(const void *endpoints, uint32_t len, uint8_t mask, struct atto_right_wish *wish,
                                uint32_t *at)
{
    static const uint8_t signature[64] = { 's' };
    uint8_t token[76];
    struct atto_tinycontainer tiny;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    tiny_mask_token(token, mask, signature);
    tiny_begin(&built);
    tiny_set(&built, TINY_MASK, token, sizeof token);
    tiny_set(&built, TINY_ENDPOINTS, endpoints, len);
    tiny_build(&built);
    if (parse(built.bytes, built.len, &tiny, NULL) != ATTO_OK)
        return ATTO_E_FORMAT;
    enum atto_status status = atto_tinycontainer_wish(&tiny, tiny.endpoint_count - 1u, wish, &refusal);
    *at = refusal.at - built.at[TINY_ENDPOINTS];
    return status;
}

static void meaning_as_rights(void)
{
    static const struct {
        uint8_t mask, direction, operations;
    } cases[] = {
        { 0x1b, 0, ATTO_OPERATION_WRITE }, { 0x1b, 1, ATTO_OPERATION_READ }, { 0x1b, 2, 3 }, { 0xff, 2, 3 },
        { 0x13, 2, ATTO_OPERATION_WRITE }, { 0x0b, 2, ATTO_OPERATION_READ }, { 0x03, 2, 0 }, { 0x13, 1, 0 },
        { 0x0b, 0, 0 }, { 0x19, 2, 0 }, { 0x1a, 2, 3 }, { 0, 2, 0 }, { 0xe0, 2, 0 },
    };
    static const uint8_t longest[] = { 0x81, 0xa4, 1, 1, 2, 1, 4, 0x18, 0xff, 5, 2 };
    struct atto_right_wish wish;
    uint32_t at;
    for (uint32_t i = 0; i < COUNT(cases); i++) {
        const uint8_t endpoint[] = { 0x81, 0xa4, 1, 1, 2, 1, 4, 10, 5, cases[i].direction };
        harness_case(i, 0);
        memset(&wish, 0xa5, sizeof wish);
        EQUAL(wish_of(endpoint, sizeof endpoint, cases[i].mask, &wish, &at), ATTO_OK);
        CHECK(wish.name == NULL && wish.name_bytes == 0);
        EQUAL(wish.right.endpoint, 10);
        EQUAL(wish.right.operations, cases[i].operations);
        CHECK(wish.right.first == 0 && wish.right.last == ATTO_RANGE_END);
        CHECK(wish.right.calls == 0 && wish.right.bytes == 0 && wish.right.total == 0);
    }
    EQUAL(wish_of(longest, sizeof longest, 0xff, &wish, &at), ATTO_OK);
    EQUAL(wish.right.endpoint, 255);
    /* Peers that have no meaning here, and a number that is too large: refused at the endpoint. */
    EQUAL(wish_of(BYTES("\x82" ENDPOINT("\x05", "\x00") "\xa4\x01\x01\x02\x01\x04\x19\x01\x00\x05\x02"), 0xff,
                  &wish, &at),
          ATTO_E_ARGUMENT);
    EQUAL(at, 10);
    EQUAL(wish_of(BYTES("\x82" ENDPOINT("\x05", "\x00") "\xa4\x01\x01\x02\x02\x04\x0a\x05\x02"), 0xff, &wish, &at),
          ATTO_E_NOT_FOUND);
    EQUAL(at, 10);
    EQUAL(wish_of(BYTES("\x81\xa5\x01\x01\x02\x00\x03\x41" "p\x04\x0a\x05\x02"), 0xff, &wish, &at), ATTO_E_NOT_FOUND);
    EQUAL(at, 1);
}

static void what_is_verified(void)
{
    static const char structure[] = "\x84\x6a" "Signature1" "\x40\x40\x58\x28" CLAIM("c");
    struct atto_tinycontainer tiny;
    struct atto_span data = { (const uint8_t *)"data", 4 }, code = { (const uint8_t *)"code", 4 };
    enum atto_tinycontainer_which failed = ATTO_TINYCONTAINER_CODE;
    EQUAL(parse(BYTES(golden), &tiny, NULL), ATTO_OK);
    EQUAL(atto_tinycontainer_verify_token(&tiny, ATTO_TINYCONTAINER_MASK, data, ATTO_TINYCONTAINER_PAYLOAD, &crypto),
          ATTO_TINYCONTAINER_HOLDS);
    EQUAL(seen.message_len, TINY_MASK_PAYLOAD_BYTES);
    EQUAL(memcmp(seen.message, "\xa1\x39\xff\xff\x41\x1b", seen.message_len), 0);
    EQUAL(atto_tinycontainer_verify_token(&tiny, ATTO_TINYCONTAINER_MASK, data, ATTO_TINYCONTAINER_STRUCTURE, &crypto),
          ATTO_TINYCONTAINER_HOLDS);
    EQUAL(memcmp(seen.message, "\x84\x6a" "Signature1" "\x40\x40\x46\xa1\x39\xff\xff\x41\x1b", 21), 0);
    EQUAL(seen.message_len, 21);
    EQUAL(atto_tinycontainer_verify_token(&tiny, ATTO_TINYCONTAINER_CODE, code, ATTO_TINYCONTAINER_PAYLOAD, &crypto),
          ATTO_TINYCONTAINER_HOLDS);
    CHECK(seen.hashed.ptr == code.ptr && seen.hashed.len == 4);
    EQUAL(seen.message_len, TINY_PAYLOAD_BYTES);
    EQUAL(memcmp(seen.message, CLAIM("c"), seen.message_len), 0);
    EQUAL(atto_tinycontainer_verify_token(&tiny, ATTO_TINYCONTAINER_CODE, code, ATTO_TINYCONTAINER_STRUCTURE, &crypto),
          ATTO_TINYCONTAINER_HOLDS);
    EQUAL(seen.message_len, sizeof structure - 1u);
    EQUAL(memcmp(seen.message, structure, seen.message_len), 0);
    /* The hash of this test is 0xdb 32 times, so the golden metadata's own does not hold. */
    EQUAL(atto_tinycontainer_verify(&tiny, data, code, ATTO_TINYCONTAINER_PAYLOAD, &crypto, &failed),
          ATTO_TINYCONTAINER_BAD_HASH);
    EQUAL(failed, ATTO_TINYCONTAINER_METADATA);
    CHECK(seen.hashed.ptr == (const uint8_t *)golden && seen.hashed.len == sizeof golden - 1u - TINY_TOKEN_BYTES);
    /* Another token is not accepted for a number that is none. */
    EQUAL(atto_tinycontainer_verify_token(&tiny, (enum atto_tinycontainer_which)4, code, ATTO_TINYCONTAINER_PAYLOAD,
                                          &crypto),
          ATTO_TINYCONTAINER_ABSENT);
}

static void which_token_fails(void)
{
    static const uint8_t bad[64], good[64] = { [0] = 's', [63] = 's' };
    static uint8_t token[4][111], hash[32], mac[80];
    static const enum tiny_piece pieces[] = { TINY_MASK, TINY_METADATA, TINY_DATA, TINY_CODE };
    struct atto_span data = { (const uint8_t *)"data", 4 }, code = { (const uint8_t *)"code", 4 };
    enum atto_tinycontainer_which failed;
    struct atto_tinycontainer tiny;
    /* wrong 4: nothing is; 5: the security part is missing */
    for (uint32_t wrong = 0; wrong < 6u; wrong++) {
        for (uint32_t how = 0; how < 3u; how++) {
            tiny_begin(&built);
            for (uint32_t i = 0; i < 4u; i++) {
                memset(hash, i == 1u ? 0xdb : i == 2u ? 'd' : 'c', 32);
                if (i == wrong && how == 1u && i != 0)
                    hash[31] ^= 1u;
                const uint8_t *signature = wrong == i && how < (i == 0 ? 2u : 1u) ? bad : good;
                tiny_set(&built, pieces[i], token[i], i == 0 ? tiny_mask_token(token[i], 0xff, signature)
                                                             : tiny_hash_token(token[i], hash, signature));
                if (i == wrong && how == 2u) {
                    uint32_t head = i == 0 ? 10u : 45u;
                    mac[0] = 0xd1;
                    memcpy(mac + 1, token[i], head);
                    memcpy(mac + 1 + head, "\x58\x20", 2);
                    memset(mac + 3 + head, 's', 32);
                    tiny_set(&built, pieces[i], mac, 35u + head);
                }
            }
            if (wrong == 5u) {
                tiny_set(&built, TINY_MAP, "\xa2", 1);
                tiny_set(&built, TINY_KEY_SECURITY, "", 0);
            }
            tiny_build(&built);
            harness_case(wrong, how);
            EQUAL(parse(built.bytes, built.len, &tiny, NULL), ATTO_OK);
            seen.verified = 0;
            failed = (enum atto_tinycontainer_which)9;
            enum atto_tinycontainer_verdict verdict_ =
                atto_tinycontainer_verify(&tiny, data, code, ATTO_TINYCONTAINER_STRUCTURE, &crypto, &failed);
            if (wrong == 4u) {
                EQUAL(verdict_, ATTO_TINYCONTAINER_HOLDS);
                EQUAL(seen.verified, 4);
                continue;
            }
            EQUAL(failed, wrong == 5u ? ATTO_TINYCONTAINER_METADATA : wrong);
            EQUAL(verdict_, wrong == 5u ? ATTO_TINYCONTAINER_ABSENT
                            : how == 2u ? ATTO_TINYCONTAINER_MAC
                            : how == 1u && wrong != 0 ? ATTO_TINYCONTAINER_BAD_HASH
                                                      : ATTO_TINYCONTAINER_BAD_SIGNATURE);
            EQUAL(seen.verified, wrong == 5u ? 1u : wrong + (how < 2u));
        }
    }
}

/* simple_container.metadata, made by TinyContainer's tools. */
static void shipped_file(void)
{
    static uint8_t bytes[1024];
    char path[256];
    struct atto_manifest manifest = ATTO_MANIFEST_INIT;
    struct atto_tinycontainer_endpoint endpoint;
    struct atto_tinycontainer tiny;
    struct atto_right_wish wish;
    snprintf(path, sizeof path, "%s/tinycontainer/simple_container.metadata",
             harness_argument("conformance", "../shared/conformance"));
    int32_t len = board_file_read(path, bytes, sizeof bytes);
    if (len < 0) {
        harness_skip("no tinycontainer/simple_container.metadata; set ATTO_CONFORMANCE, see tests/README.md");
        return;
    }
    EQUAL(parse(bytes, (uint32_t)len, &tiny, NULL), ATTO_OK);
    check_accepted(&tiny, (struct atto_span){ bytes, (uint32_t)len });
    CHECK(span_is(tiny.uid, "simple_container"));
    EQUAL(tiny.type, ATTO_TINYCONTAINER_WASM);
    EQUAL(tiny.syscalls, 0xff);
    EQUAL(tiny.endpoint_count, 1);
    EQUAL(atto_tinycontainer_endpoint(&tiny, 0, &endpoint), ATTO_OK);
    CHECK(endpoint.id == 123 && endpoint.peer == 1 && endpoint.peer_endpoint == 10 && endpoint.direction == 2);
    EQUAL(atto_tinycontainer_manifest(&tiny, &manifest, NULL), ATTO_OK);
    CHECK(span_is(manifest.name, "simple_container"));
    CHECK(manifest.schedule.start_max_us == 100000 && manifest.schedule.period_us == 1000000);
    CHECK(manifest.schedule.loop_max_us == 100000 && manifest.schedule.stop_max_us == 100000);
    EQUAL(manifest.schedule.loop_count, 1000);
    EQUAL(atto_tinycontainer_wish(&tiny, 0, &wish, NULL), ATTO_OK);
    CHECK(wish.right.endpoint == 10 && wish.right.operations == 3);
    for (uint32_t cut = 0; cut < (uint32_t)len; cut++)
        EQUAL(verdict(bytes, cut, NULL), ATTO_E_MANIFEST);
}

static const struct harness_test tests[] = {
    TEST(golden_metadata, "Metadata written by hand are read field by field."),
    TEST(parts_left_out, "Endpoints and security may be absent."),
    TEST(every_truncation, "Metadata that are cut or have a byte behind them are refused."),
    TEST(every_byte_changed, "Whatever byte is changed, what is accepted keeps every promise of the header."),
    TEST(random_changes, "The same for several bytes at once and other lengths."),
    TEST(rules_of_the_format, "Each rule refuses what breaks it, at its byte, and accepts the nearest neighbour."),
    TEST(limit_of_endpoints, "Exactly as many endpoints are accepted as the limit says."),
    TEST(strings_over_the_end, "Lengths that nothing backs are refused where they stand."),
    TEST(meaning_as_a_manifest, "Name and schedule become a manifest's; a refusal changes nothing."),
    TEST(meaning_without_security, "Without security there is no schedule."),
    TEST(meaning_as_rights, "Direction and mask both bound what a right allows; peers that are not local are refused."),
    TEST(what_is_verified, "The bytes that are hashed and verified, in both forms, are exactly those of the format."),
    TEST(which_token_fails, "Each token fails by itself, by signature, by hash and as a MAC, and is named."),
    TEST(shipped_file, "The file that TinyContainer ships is read as its authors wrote it."),
};
HARNESS_MAIN(tests)
