/* The codec of CoAP: the messages of RFC 7252 appendix A, byte by byte; all that may be wrong with a datagram; what is
 * written is what is read.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/coap.h"
#include "harness.h"
#include "hex.h"
#include "rng.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static uint8_t bytes[2048];
static uint32_t len;
static struct atto_coap_message message;

static enum atto_status read_hex(const char *text)
{
    len = hex_read(text, bytes, sizeof bytes);
    return atto_coap_read(bytes, len, &message);
}

static bool is_text(struct atto_span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.ptr, text, span.len) == 0;
}

/* The options of the last message, as text: "number:value" each, with a space between. */
static bool has_options(const char *wanted)
{
    struct atto_coap_options walk = atto_coap_options_of(&message);
    struct atto_coap_option option;
    char text[128];
    uint32_t at = 0;

    while (atto_coap_next(&walk, &option) && at + option.value.len + 8u < sizeof text) {
        if (at != 0u)
            text[at++] = ' ';
        text[at++] = (char)('0' + option.number / 10u % 10u);
        text[at++] = (char)('0' + option.number % 10u);
        text[at++] = ':';
        memcpy(text + at, option.value.ptr, option.value.len);
        at += option.value.len;
    }
    text[at] = 0;
    return walk.pos == walk.len && strcmp(text, wanted) == 0;
}

/* Messages of figures 16 to 22. */
static void rfc_appendix_a(void)
{
    static const struct {
        const char *hex;
        uint32_t type, code, id;
        const char *token, *options, *payload;
    } golden[] = {
        { "40 01 7d34 bb 74656d7065726174757265", 0, 0x01, 0x7d34, "", "11:temperature", "" },
        { "60 45 7d34 ff 3232 2e33 2043", 2, 0x45, 0x7d34, "", "", "22.3 C" },
        { "41 01 7d35 20 bb 74656d7065726174757265", 0, 0x01, 0x7d35, " ", "11:temperature", "" },
        { "61 45 7d35 20 ff 3232 2e33 2043", 2, 0x45, 0x7d35, " ", "", "22.3 C" },
        { "41 01 7d36 31 bb 74656d7065726174757265", 0, 0x01, 0x7d36, "1", "11:temperature", "" },
        { "60 00 7d38", 2, 0x00, 0x7d38, "", "", "" },
        { "41 45 ad7b 53 ff 3232 2e33 2043", 0, 0x45, 0xad7b, "S", "", "22.3 C" },
        { "70 00 ad7c", 3, 0x00, 0xad7c, "", "", "" },
        { "51 01 7d40 75 bb 74656d7065726174757265", 1, 0x01, 0x7d40, "u", "11:temperature", "" },
        { "51 45 ad7d 75 ff 3232 2e33 2043", 1, 0x45, 0xad7d, "u", "", "22.3 C" },
    };
    for (uint32_t i = 0; i < COUNT(golden); i++) {
        harness_case(i, 0);
        EQUAL(read_hex(golden[i].hex), ATTO_OK);
        EQUAL(message.type, golden[i].type);
        EQUAL(message.code, golden[i].code);
        EQUAL(message.id, golden[i].id);
        CHECK(is_text((struct atto_span){ message.token, message.token_len }, golden[i].token));
        CHECK(has_options(golden[i].options));
        CHECK(is_text(message.payload, golden[i].payload));
    }
}

/* Deltas and lengths of one and two bytes more (section 3.1), by hand. */
static void long_options(void)
{
    struct atto_coap_options walk;
    struct atto_coap_option option;

    /* number 13 + 2 = 15, then 15 + 269 + 8 = 292; values of 0 and of 13 + 1 bytes */
    EQUAL(read_hex("40010001 d002 ed 0008 01 000102030405060708090a0b0c0d"), ATTO_OK);
    walk = atto_coap_options_of(&message);
    CHECK(atto_coap_next(&walk, &option));
    EQUAL(option.number, 15);
    EQUAL(option.value.len, 0);
    CHECK(atto_coap_next(&walk, &option));
    EQUAL(option.number, 292);
    EQUAL(option.value.len, 14);
    EQUAL(option.value.ptr[13], 13);
    CHECK(!atto_coap_next(&walk, &option));
    EQUAL(walk.pos, walk.len);
    /* the last number that there is, 65535 = 269 + 65266, and the next one */
    EQUAL(read_hex("40010001 e0 fef2"), ATTO_OK);
    EQUAL(read_hex("40010001 e0 fef3"), ATTO_E_FORMAT);
    EQUAL(read_hex("40010001 e0 fef2 10"), ATTO_E_FORMAT);
}

static void what_is_refused(void)
{
    static const struct {
        const char *hex;
        enum atto_status status;
    } cases[] = {
        { "", ATTO_E_VERSION },
        { "400100", ATTO_E_VERSION },
        { "00010001", ATTO_E_VERSION },
        { "80010001", ATTO_E_VERSION },
        { "c0010001", ATTO_E_VERSION },
        { "49010001 010203040506070809", ATTO_E_FORMAT }, /* token lengths from 9 on */
        { "4f010001 0102030405060708090a0b0c0d0e0f", ATTO_E_FORMAT },
        { "48010001 01020304050607", ATTO_E_FORMAT }, /* a token that is cut off */
        { "41000001 00", ATTO_E_FORMAT },             /* an empty message with something */
        { "40000001 ff00", ATTO_E_FORMAT },
        { "40200001", ATTO_E_FORMAT }, /* reserved classes */
        { "40c10001", ATTO_E_FORMAT },
        { "40e10001", ATTO_E_FORMAT },
        { "40010001 ff", ATTO_E_FORMAT },     /* a marker, and no payload */
        { "40010001 f0", ATTO_E_FORMAT },     /* 15 is reserved */
        { "40010001 0f", ATTO_E_FORMAT },
        { "40010001 b1", ATTO_E_FORMAT },     /* an option that is cut off */
        { "40010001 d0", ATTO_E_FORMAT },
        { "40010001 e000", ATTO_E_FORMAT },
        { "40010001 0d", ATTO_E_FORMAT },
        { "40010001 0e00", ATTO_E_FORMAT },
        { "40010001 0d00 000102030405060708090a0b", ATTO_E_FORMAT },
        { "40010001 0effff 00", ATTO_E_FORMAT },
    };
    for (uint32_t i = 0; i < COUNT(cases); i++) {
        harness_case(i, 0);
        EQUAL(read_hex(cases[i].hex), cases[i].status);
        if (cases[i].status == ATTO_E_FORMAT) { /* what a rejection needs */
            EQUAL(message.id, 1);
            EQUAL(message.type, ATTO_COAP_CON);
        }
    }
}

/* All datagrams of up to 6 bytes behind a header: read or refused, and never past their end, which the sanitizers watch
 * in the presets that have them. */
static void short_datagrams(void)
{
    uint32_t accepted = 0;

    memcpy(bytes, (const uint8_t[]){ 0x40, 0x01, 0x00, 0x01 }, 4);
    for (uint32_t i = 0; i < 0x10000u; i++) {
        uint8_t exact[6];

        bytes[4] = (uint8_t)(i >> 8);
        bytes[5] = (uint8_t)i;
        memcpy(exact, bytes, sizeof exact);
        if (atto_coap_read(exact, sizeof exact, &message) == ATTO_OK) {
            accepted++;
            EQUAL(message.options.len + (message.payload.len != 0u ? message.payload.len + 1u : 0u), 2);
        }
    }
    /* By hand: deltas 0 to 12 with no value and such a byte again (13 * 13), or a value of one byte (13 * 256), or one
     * more byte for the delta of no value (256); a marker and a byte (256). */
    EQUAL(accepted, 13u * 13u + 13u * 256u + 256u + 256u);
}

static void blocks(void)
{
    struct atto_coap_block block;

    /* RFC 7959 section 2.2, and its examples: 2:31/0/1024, 1:8/1/128 */
    CHECK(atto_coap_block_read(31u * 16u + 6u, &block));
    CHECK(block.offset == 31u * 1024u && !block.more && block.szx == 6u);
    CHECK(atto_coap_block_read(8u * 16u + 8u + 3u, &block));
    CHECK(block.offset == 1024u && block.more && ATTO_COAP_BLOCK_BYTES(block.szx) == 128u);
    EQUAL(atto_coap_block_value(&block), 8u * 16u + 8u + 3u);
    CHECK(!atto_coap_block_read(7, &block));
    CHECK(atto_coap_block_read(0xfffffeu, &block));
    EQUAL(block.offset, 0xfffffu * 1024u);
    EQUAL(atto_coap_block_value(&block), 0xfffffeu);
}

static void integers(void)
{
    static const struct {
        uint32_t value, len;
    } cases[] = { { 0, 0 }, { 1, 1 }, { 255, 1 }, { 256, 2 }, { 0x10000, 3 }, { 0xffffffu, 3 }, { 0x1000000, 4 } };

    for (uint32_t i = 0; i < COUNT(cases); i++) {
        struct atto_coap_writer writer = { bytes, sizeof bytes, 0, 0 };

        harness_case(i, 0);
        atto_coap_put_uint(&writer, 1, cases[i].value);
        EQUAL(writer.len, 1u + cases[i].len);
        EQUAL(bytes[0], 0x10u + cases[i].len);
        EQUAL(atto_coap_uint((struct atto_span){ bytes + 1, cases[i].len }), cases[i].value);
    }
}

/* A random message: its options, written and read again, and written into less memory than it needs. */
static void written_is_read(void)
{
    static uint8_t value[400], small[2048];
    struct rng rng = { harness_seed() };

    for (uint32_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)i;
    for (uint32_t round = 0; round < harness_rounds(ON_LINUX_OR_BOARD(5000u, 200u)); round++) {
        uint32_t numbers[8], lens[8], count = rng_below(&rng, 8), number = 0, payload = rng_below(&rng, 40);
        uint32_t token_len = rng_below(&rng, 9);
        struct atto_coap_writer writers[2] = { { bytes, sizeof bytes, 0, 0 }, { small, 0, 0, 0 } };
        struct atto_coap_option option;

        harness_case(round, 0);
        writers[1].capacity = rng_below(&rng, 60);
        memset(small, 0xa5, sizeof small);
        for (uint32_t i = 0; i < count; i++) {
            static const uint32_t deltas[] = { 0, 12, 13, 14, 268, 269, 270, 6000 };
            number += deltas[rng_below(&rng, COUNT(deltas))];
            numbers[i] = number;
            lens[i] = (uint32_t[]){ 0, 1, 12, 13, 14, 268, 269, 300 }[rng_below(&rng, 8)];
        }
        for (uint32_t which = 0; which < 2u; which++) {
            atto_coap_begin(&writers[which], ATTO_COAP_NON, ATTO_COAP_POST, (uint16_t)round, value, token_len);
            for (uint32_t i = 0; i < count && writers[which].len < 1600u; i++)
                atto_coap_put(&writers[which], numbers[i], value + i, lens[i]);
            atto_coap_put_payload(&writers[which], value, payload);
        }
        EQUAL(writers[1].len, writers[0].len);
        for (uint32_t i = 0; i < sizeof small; i++)
            EQUAL(small[i], i < writers[1].capacity && i < writers[0].len ? bytes[i] : 0xa5u);
        EQUAL(atto_coap_read(bytes, writers[0].len, &message), ATTO_OK);
        EQUAL(message.id, (uint16_t)round);
        EQUAL(message.token_len, token_len);
        EQUAL(message.payload.len, payload);
        struct atto_coap_options walk = atto_coap_options_of(&message);
        for (uint32_t i = 0; atto_coap_next(&walk, &option); i++) {
            EQUAL(option.number, numbers[i]);
            EQUAL(option.value.len, lens[i]);
            EQUAL(memcmp(option.value.ptr, value + i, lens[i]), 0);
        }
    }
}

static const struct harness_test tests[] = {
    TEST(rfc_appendix_a, "the messages of RFC 7252 appendix A are read as it says"),
    TEST(long_options, "deltas and lengths of one and two bytes are read, up to the last option number"),
    TEST(what_is_refused, "each message format error is refused, and what a rejection needs is known"),
    TEST(short_datagrams, "of all options in two bytes, those that are well-formed are accepted"),
    TEST(blocks, "block options are taken apart and put together as RFC 7959 says"),
    TEST(integers, "an integer takes as few bytes as it can"),
    TEST(written_is_read, "what is written is read, and nothing is written past the capacity"),
};
HARNESS_MAIN(tests)
