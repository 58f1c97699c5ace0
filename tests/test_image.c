/* Image parsers: golden images written byte by byte, every byte of their headers changed to every value, every
 * truncation, every alignment; and the same for Femto-Container's format. What a parser accepts is held against a
 * second reading of the header that shares nothing with it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "atto/image.h"
#include "encode.h"
#include "guest.h"
#include "harness.h"
#include "image_bytes.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static struct image_bytes golden;

static const uint64_t text[] = { MOV(0, 1), EXIT, MOV(0, 2), EXIT };
static const uint8_t functions[] = { 0, 0, 8, 0, 8, 0, 1, 0, 2, 0, 16, 0, 16, 0, 1, 0 };
static const struct section_bytes sections[SECTIONS] = {
    [SECTION_TEXT] = { text, sizeof text }, [SECTION_FUNCTIONS] = { functions, sizeof functions },
    [SECTION_RODATA] = { "read-only", 9 },  [SECTION_DATA] = { "data", 4 },
    [SECTION_MANIFEST] = { "\xa0", 1 },     [SECTION_LINES] = { "lines", 5 },
};

static void make_golden(void)
{
    image_bytes_write(&golden, sections, 12);
}

static uint32_t get_u32(const uint8_t *at)
{
    return at[0] + 256u * at[1] + 65536u * at[2] + 16777216u * at[3];
}

/* The parser's work by other means: with 64-bit sums over the header's fields. */
static bool header_is_good(const uint8_t *bytes, uint32_t len)
{
    static const uint8_t length_at[SECTIONS] = { 12, 16, 20, 24, 32, 36 };
    uint64_t at = 40;
    if (len < 40u || memcmp(bytes, "ATTO\1", 5) != 0 || bytes[5] == 3u || bytes[6] != 0 || bytes[7] != 0 ||
        get_u32(bytes + 8) != len)
        return false;
    for (uint32_t i = 0; i < SECTIONS; i++) {
        uint64_t end = at + get_u32(bytes + length_at[i]);
        uint64_t padded = (end + 7u) / 8u * 8u;
        if (padded > len)
            return false;
        for (uint64_t k = end; k < padded; k++)
            if (bytes[k] != 0)
                return false;
        if (i == SECTION_FUNCTIONS)
            for (uint64_t k = at; k < end; k += 8u)
                if ((end - at) % 8u != 0 || bytes[k + 7u] != 0)
                    return false;
        at = padded;
    }
    return at == len && (uint64_t)get_u32(bytes + 24) + get_u32(bytes + 28) <= 0x10000000u;
}

/* Parses a copy in a block of exactly this length, in which a sanitizer sees every step outside. */
static enum atto_status parse_in_a_block(const uint8_t *bytes, uint32_t len, struct atto_image *image,
                                         struct atto_refusal *refusal)
{
    uint8_t *block = malloc(len != 0 ? len : 1u);
    if (block == NULL)
        return ATTO_E_NO_MEMORY;
    memcpy(block, bytes, len);
    enum atto_status status = atto_image_parse(block, len, image, refusal);
    free(block);
    return status;
}

static bool span_is(const struct atto_span *span, uint32_t section)
{
    return span->len == sections[section].len && span->ptr == golden.bytes + golden.begin[section];
}

static void golden_image(void)
{
    struct atto_image image;
    make_golden();
    EQUAL(atto_image_parse(golden.bytes, golden.len, &image, NULL), ATTO_OK);
    EQUAL(image.format, ATTO_FORMAT_ATTO);
    EQUAL(image.executor, ATTO_EXECUTOR_BPF);
    EQUAL(image.bss_bytes, 12);
    CHECK(span_is(&image.text, SECTION_TEXT));
    CHECK(span_is(&image.functions, SECTION_FUNCTIONS));
    CHECK(span_is(&image.rodata, SECTION_RODATA));
    CHECK(span_is(&image.data, SECTION_DATA));
    CHECK(span_is(&image.manifest, SECTION_MANIFEST));
    CHECK(span_is(&image.lines, SECTION_LINES));
    EQUAL(atto_image_function_count(&image), 2);
    struct atto_function function = atto_image_function(&image, 1);
    EQUAL(function.start, 2);
    EQUAL(function.frame_bytes, 16);
    EQUAL(function.stack_bytes, 16);
    EQUAL(function.depth, 1);
}

static void image_without_sections(void)
{
    static const struct section_bytes none[SECTIONS];
    struct atto_image image;
    image_bytes_write(&golden, none, 0);
    EQUAL(golden.len, 40);
    EQUAL(atto_image_parse(golden.bytes, golden.len, &image, NULL), ATTO_OK);
    EQUAL(image.text.len + image.functions.len + image.rodata.len + image.data.len + image.manifest.len +
          image.lines.len, 0);
}

static void every_truncation(void)
{
    struct atto_image image;
    struct atto_refusal refusal;
    make_golden();
    for (uint32_t len = 0; len < golden.len; len++) {
        refusal.status = ATTO_OK;
        harness_case(len, 0);
        enum atto_status status = parse_in_a_block(golden.bytes, len, &image, &refusal);
        EQUAL(status, len < 4u ? ATTO_E_FORMAT : ATTO_E_LENGTH);
        EQUAL(refusal.status, status);
        CHECK(refusal.at <= golden.len);
    }
    for (uint32_t more = 1; more <= 24u; more++)
        EQUAL(parse_in_a_block(golden.bytes, golden.len + more, &image, &refusal), ATTO_E_LENGTH);
    /* The same with a header that knows of it. */
    for (uint32_t len = 40; len < golden.len; len++) {
        put_u32(golden.bytes + 8, len);
        harness_case(len, 1);
        EQUAL(parse_in_a_block(golden.bytes, len, &image, &refusal), ATTO_E_LENGTH);
    }
}

static void every_byte_of_the_header(void)
{
    struct atto_image image;
    make_golden();
    for (uint32_t at = 0; at < 40u; at++) {
        for (uint32_t value = 0; value < 256u; value++) {
            uint8_t before = golden.bytes[at];
            golden.bytes[at] = (uint8_t)value;
            harness_case(at, value);
            bool good = header_is_good(golden.bytes, golden.len);
            EQUAL(parse_in_a_block(golden.bytes, golden.len, &image, NULL) == ATTO_OK, good);
            CHECK(!good || value == before || at == 5u || (at >= 12u && at < 40u));
            golden.bytes[at] = before;
        }
    }
}

static void reasons_of_refusal(void)
{
    static const struct {
        uint8_t at, value;
        enum atto_status status;
        uint8_t refused_at;
    } cases[] = {
        { 0, 'a', ATTO_E_FORMAT, 0 },   { 4, 0, ATTO_E_VERSION, 4 },  { 4, 2, ATTO_E_VERSION, 4 },
        { 5, 3, ATTO_E_FORMAT, 5 },     { 6, 1, ATTO_E_FORMAT, 6 },   { 7, 128, ATTO_E_FORMAT, 6 },
        { 8, 0, ATTO_E_LENGTH, 8 },     { 15, 255, ATTO_E_LENGTH, 12 }, { 19, 128, ATTO_E_LENGTH, 16 },
        { 23, 255, ATTO_E_LENGTH, 20 }, { 27, 255, ATTO_E_LENGTH, 24 }, { 31, 255, ATTO_E_LENGTH, 28 },
        { 35, 255, ATTO_E_LENGTH, 32 }, { 39, 255, ATTO_E_LENGTH, 36 }, { 16, 15, ATTO_E_LENGTH, 16 },
    };
    struct atto_image image;
    struct atto_refusal refusal;
    for (uint32_t i = 0; i < COUNT(cases); i++) {
        make_golden();
        golden.bytes[cases[i].at] = cases[i].value;
        harness_case(cases[i].at, cases[i].value);
        EQUAL(atto_image_parse(golden.bytes, golden.len, &image, &refusal), cases[i].status);
        EQUAL(refusal.status, cases[i].status);
        EQUAL(refusal.at, cases[i].refused_at);
    }
}

static void nothing_hides_in_padding(void)
{
    struct atto_image image;
    for (uint32_t i = 0; i < SECTIONS; i++) {
        for (uint32_t at = sections[i].len; at % 8u != 0; at++) {
            make_golden();
            golden.bytes[golden.begin[i] + at] = 1;
            harness_case(i, at);
            EQUAL(atto_image_parse(golden.bytes, golden.len, &image, NULL), ATTO_E_FORMAT);
        }
    }
    for (uint32_t record = 0; record < 2u; record++) {
        make_golden();
        golden.bytes[golden.begin[SECTION_FUNCTIONS] + 8u * record + 7u] = 1;
        EQUAL(atto_image_parse(golden.bytes, golden.len, &image, NULL), ATTO_E_FORMAT);
    }
}

static void random_headers(void)
{
    static const uint32_t lengths[] = { 0, 1, 4, 8, 16, 24, 32, 0x0ffffffc, 0x0ffffffd, 0x10000000, 0x7fffffff,
                                        0x80000000, 0xfffffff8, 0xffffffff };
    struct rng rng = { harness_seed() };
    struct atto_image image;
    uint32_t accepted = 0;
    for (uint32_t i = 0; i < harness_rounds(ON_LINUX_OR_BOARD(200000, 5000)); i++) {
        make_golden();
        uint32_t changes = 1u + rng_below(&rng, 3);
        for (uint32_t k = 0; k < changes; k++) {
            uint8_t *field = golden.bytes + 8u + 4u * rng_below(&rng, 8);
            if (rng_once_in(&rng, 2))
                put_u32(field, lengths[rng_below(&rng, COUNT(lengths))]);
            else
                put_u32(field, get_u32(field) + rng_below(&rng, 33) - 16u);
        }
        harness_case(i, 0);
        bool good = header_is_good(golden.bytes, golden.len);
        EQUAL(parse_in_a_block(golden.bytes, golden.len, &image, NULL) == ATTO_OK, good);
        accepted += good;
    }
    CHECK(accepted > 0);
}

static void misaligned_images(void)
{
    static _Alignas(8) uint8_t shifted[IMAGE_BYTES_MAX + 8u];
    struct atto_image image;
    make_golden();
    for (uint32_t shift = 1; shift < 8u; shift++) {
        memcpy(shifted + shift, golden.bytes, golden.len);
        EQUAL(atto_image_parse(shifted + shift, golden.len, &image, NULL), ATTO_E_ALIGNMENT);
    }
}

static void bare_text(void)
{
    struct atto_image image;
    memset(&image, 0xff, sizeof image);
    atto_image_bare((const uint8_t *)text, sizeof text, &image);
    EQUAL(image.format, ATTO_FORMAT_BARE);
    EQUAL(image.executor, ATTO_EXECUTOR_BPF);
    CHECK(image.text.ptr == (const uint8_t *)text);
    EQUAL(image.text.len, sizeof text);
    EQUAL(image.functions.len + image.rodata.len + image.data.len + image.manifest.len + image.lines.len +
          image.bss_bytes, 0);
}

/* Femto-Container's format. */
static const uint64_t femto_text[] = { SLOT(0xd8, 1, 0, 0, 1), 0, LOAD(SIZE_B, 0, 1, 0), SLOT(0xb8, 2, 0, 0, 0), 0,
                                       LOAD(SIZE_B, 3, 2, 0), STORE_IMM(SIZE_B, 2, 0, 'x'), ADD_REG(0, 3), EXIT };

static void make_femto(void)
{
    femto_bytes_write(&golden, &(struct section_bytes){ "DATADATA", 8 }, &(struct section_bytes){ "READONLY", 8 },
                      &(struct section_bytes){ femto_text, sizeof femto_text }, 2);
}

static void femto_golden_image(void)
{
    static struct guest guest;
    make_femto();
    guest_begin(&guest, NULL, 0);
    EQUAL(atto_image_parse(golden.bytes, golden.len, &guest.image, NULL), ATTO_OK);
    EQUAL(guest.image.format, ATTO_FORMAT_FEMTO);
    EQUAL(guest.image.executor, ATTO_EXECUTOR_BPF);
    CHECK(guest.image.data.ptr == golden.bytes + 28 && guest.image.data.len == 8);
    CHECK(guest.image.rodata.ptr == golden.bytes + 36 && guest.image.rodata.len == 8);
    CHECK(guest.image.text.ptr == golden.bytes + 44 && guest.image.text.len == sizeof femto_text);
    EQUAL(guest.image.functions.len + guest.image.manifest.len + guest.image.lines.len + guest.image.bss_bytes, 0);
    CHECK(guest_open(&guest));
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(atto_run_result(guest.run), 'E' + 'D');
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(atto_run_result(guest.run), 'E' + 'x');
    EQUAL(golden.bytes[28], 'D'); /* data is the instance's, not the image's */
}

static void femto_addresses_are_sums(void)
{
    static struct guest guest;
    static const uint64_t slots[] = { SLOT(0xd8, 1, 0, 0, -1), SLOT(0, 0, 0, 0, -1), SLOT(0xb8, 0, 0, 0, 0x7fffffff),
                                      SLOT(0, 0, 0, 0, 1), EXIT };
    static const struct section_bytes nothing = { NULL, 0 };
    femto_bytes_write(&golden, &nothing, &nothing, &(struct section_bytes){ slots, sizeof slots }, 0);
    guest_begin(&guest, NULL, 0);
    EQUAL(atto_image_parse(golden.bytes, golden.len, &guest.image, NULL), ATTO_OK);
    CHECK(guest_open(&guest));
    EQUAL(guest_run(&guest, NULL), ATTO_DONE);
    EQUAL(atto_bpf_register(guest.run, 1), 0x2fffffff);
    EQUAL(atto_bpf_register(guest.run, 0), 0x20000000u + 0x17fffffff);
}

static void femto_refusals(void)
{
    struct atto_image image;
    make_femto();
    for (uint32_t len = 0; len < golden.len; len++) {
        harness_case(len, 0);
        CHECK(parse_in_a_block(golden.bytes, len, &image, NULL) != ATTO_OK);
    }
    for (uint32_t more = 1; more < 20u; more++)
        CHECK(parse_in_a_block(golden.bytes, golden.len + more, &image, NULL) != ATTO_OK);
    golden.bytes[8] = 1; /* compressed text */
    EQUAL(atto_image_parse(golden.bytes, golden.len, &image, NULL), ATTO_E_COMPRESSED);
    golden.bytes[8] = 2;
    CHECK(atto_image_parse(golden.bytes, golden.len, &image, NULL) != ATTO_OK);
    make_femto();
    golden.bytes[4] = 1; /* a version that nobody wrote */
    EQUAL(atto_image_parse(golden.bytes, golden.len, &image, NULL), ATTO_E_VERSION);
}

static bool femto_is_good(const uint8_t *bytes, uint32_t len)
{
    uint64_t data = get_u32(bytes + 12), rodata = get_u32(bytes + 16), count = get_u32(bytes + 24);
    uint64_t end = 28u + data + rodata + get_u32(bytes + 20);
    return get_u32(bytes) == ATTO_FEMTO_MAGIC && get_u32(bytes + 4) == 0 && get_u32(bytes + 8) == 0 &&
           end + 6u * count == len && (data + rodata) % 4u == 0 && get_u32(bytes + 20) % 8u == 0;
}

static void femto_every_byte_of_the_header(void)
{
    struct atto_image image;
    make_femto();
    for (uint32_t at = 0; at < 28u; at++) {
        for (uint32_t value = 0; value < 256u; value++) {
            uint8_t before = golden.bytes[at];
            golden.bytes[at] = (uint8_t)value;
            harness_case(at, value);
            EQUAL(parse_in_a_block(golden.bytes, golden.len, &image, NULL) == ATTO_OK,
                  femto_is_good(golden.bytes, golden.len));
            golden.bytes[at] = before;
        }
    }
}

static void femto_random_headers(void)
{
    static const uint32_t lengths[] = { 0, 1, 4, 8, 16, 0x2aaaaaab, 0x80000000, 0xfffffff8, 0xffffffff };
    struct rng rng = { harness_seed() };
    struct atto_image image;
    for (uint32_t i = 0; i < harness_rounds(ON_LINUX_OR_BOARD(100000, 5000)); i++) {
        make_femto();
        for (uint32_t k = 0; k < 3u; k++) {
            uint8_t *field = golden.bytes + 12u + 4u * rng_below(&rng, 4);
            if (rng_once_in(&rng, 2))
                put_u32(field, lengths[rng_below(&rng, COUNT(lengths))]);
            else
                put_u32(field, get_u32(field) + 4u * rng_below(&rng, 9) - 16u);
        }
        harness_case(i, 0);
        EQUAL(parse_in_a_block(golden.bytes, golden.len, &image, NULL) == ATTO_OK,
              femto_is_good(golden.bytes, golden.len));
    }
}

static const struct harness_test tests[] = {
    TEST(golden_image, "An image written by hand is parsed into exactly its sections, in place."),
    TEST(image_without_sections, "A header alone is an image without sections."),
    TEST(every_truncation, "An image that is cut or has bytes behind it is refused, without a look outside."),
    TEST(every_byte_of_the_header, "Each byte of the header with each value is accepted only where it still adds up."),
    TEST(reasons_of_refusal, "A refusal names its reason and the field."),
    TEST(nothing_hides_in_padding, "Padding and reserved bytes are zero."),
    TEST(random_headers, "Random lengths are accepted exactly if they add up without overflow."),
    TEST(misaligned_images, "An image that is not aligned is refused."),
    TEST(bare_text, "Bare text becomes an image with nothing but text."),
    TEST(femto_golden_image, "A Femto-Container image runs, with data of its own and read-only data in place."),
    TEST(femto_addresses_are_sums, "Femto-Container's wide loads add their whole constant to the section's address."),
    TEST(femto_refusals, "Femto-Container images that are cut, compressed or of another version are refused."),
    TEST(femto_every_byte_of_the_header, "Each byte of a Femto header is accepted only where lengths still add up."),
    TEST(femto_random_headers, "Random Femto lengths are accepted exactly if they add up without overflow."),
};
HARNESS_MAIN(tests)
