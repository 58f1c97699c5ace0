/* Manifests and the CBOR under them: golden bytes, every truncation, every byte changed to every value, and the rules
 * of the format one by one. What is accepted must be readable to the end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "rng.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define BYTES(string) (const uint8_t *)(string), (uint32_t)(sizeof(string) - 1u)

#define UUID "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"

/* {1: "demo", 2: [["tick", 0], ["stop", 300]], 3: 256, 4: 70000, 5: [1, 2, 255], 6: [[UUID, 1, 15, 3]]} */
static const char golden[] = "\xa6"
                             "\x01\x64" "demo"
                             "\x02\x82\x82\x64" "tick" "\x00" "\x82\x64" "stop" "\x19\x01\x2c"
                             "\x03\x19\x01\x00"
                             "\x04\x1a\x00\x01\x11\x70"
                             "\x05\x83\x01\x02\x18\xff"
                             "\x06\x81\x84\x50" UUID "\x01\x0f\x03";

static enum atto_status parse(const uint8_t *bytes, uint32_t len, struct atto_manifest *manifest)
{
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    enum atto_status status = atto_manifest_parse((struct atto_span){ bytes, len }, manifest, &refusal);
    if (status != ATTO_OK && (refusal.status != status || refusal.at > len))
        harness_fail_values(__FILE__, __LINE__, "refusal.at", refusal.at, len);
    return status;
}

static enum atto_status verdict(const uint8_t *bytes, uint32_t len)
{
    struct atto_manifest manifest;
    uint8_t *block = malloc(len != 0 ? len : 1u);
    if (block == NULL)
        return ATTO_E_NO_MEMORY;
    memcpy(block, bytes, len);
    enum atto_status status = parse(block, len, &manifest);
    free(block);
    return status;
}

static bool span_is(struct atto_span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.ptr, text, span.len) == 0;
}

static void golden_manifest(void)
{
    struct atto_manifest manifest;
    struct atto_entry entry;
    struct atto_hook_wish hook;
    EQUAL(parse(BYTES(golden), &manifest), ATTO_OK);
    CHECK(span_is(manifest.name, "demo"));
    EQUAL(manifest.stack_bytes, 256);
    EQUAL(manifest.fuel, 70000);
    for (uint32_t i = 0; i < ATTO_CALL_IDS; i++)
        EQUAL(atto_callset_has(&manifest.calls, i), i == 1u || i == 2u || i == 255u);
    EQUAL(manifest.entry_count, 2);
    EQUAL(atto_manifest_entry(&manifest, 0, &entry), ATTO_OK);
    CHECK(span_is(entry.name, "tick") && entry.slot == 0);
    EQUAL(atto_manifest_entry(&manifest, 1, &entry), ATTO_OK);
    CHECK(span_is(entry.name, "stop") && entry.slot == 300);
    EQUAL(atto_manifest_entry(&manifest, 2, &entry), ATTO_E_NOT_FOUND);
    EQUAL(atto_manifest_find_entry(&manifest, "tick"), 0);
    EQUAL(atto_manifest_find_entry(&manifest, "stop"), 1);
    EQUAL(atto_manifest_find_entry(&manifest, "tic"), ATTO_E_NOT_FOUND);
    EQUAL(atto_manifest_find_entry(&manifest, "ticks"), ATTO_E_NOT_FOUND);
    EQUAL(atto_manifest_find_entry(&manifest, ""), ATTO_E_NOT_FOUND);
    EQUAL(atto_manifest_find_entry(&manifest, "0123456789012345678901234567890123456789"), ATTO_E_NOT_FOUND);
    EQUAL(manifest.hook_count, 1);
    EQUAL(atto_manifest_hook(&manifest, 0, &hook), ATTO_OK);
    EQUAL(hook.uuid.len, 16);
    EQUAL(memcmp(hook.uuid.ptr, UUID, 16), 0);
    EQUAL(hook.entry, 1);
    EQUAL(hook.priority, 15);
    EQUAL(hook.policy, 3);
    EQUAL(atto_manifest_hook(&manifest, 1, &hook), ATTO_E_NOT_FOUND);
}

static void empty_manifests(void)
{
    struct atto_manifest manifest;
    memset(&manifest, 0xff, sizeof manifest);
    EQUAL(parse(NULL, 0, &manifest), ATTO_OK);
    EQUAL(manifest.name.len + manifest.entry_count + manifest.hook_count + manifest.fuel + manifest.stack_bytes, 0);
    EQUAL(parse(BYTES("\xa0"), &manifest), ATTO_OK);
    EQUAL(atto_manifest_find_entry(&manifest, "x"), ATTO_E_NOT_FOUND);
}

static void every_truncation(void)
{
    for (uint32_t len = 1; len < sizeof golden - 1u; len++) {
        harness_case(len, 0);
        EQUAL(verdict((const uint8_t *)golden, len), ATTO_E_MANIFEST);
    }
    /* the terminating 0 of the string is one byte too many */
    EQUAL(verdict((const uint8_t *)golden, sizeof golden), ATTO_E_MANIFEST);
}

/* Everything that is accepted keeps what the header promises. */
static void check_promises(const struct atto_manifest *manifest)
{
    struct atto_entry entry, other;
    struct atto_hook_wish hook;
    CHECK(manifest->name.len <= ATTO_NAME_MAX);
    CHECK(manifest->entry_count <= ATTO_ENTRIES_MAX && manifest->hook_count <= ATTO_HOOKS_MAX);
    CHECK(manifest->fuel <= ATTO_FUEL_MAX);
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        EQUAL(atto_manifest_entry(manifest, i, &entry), ATTO_OK);
        CHECK(entry.name.len >= 1 && entry.name.len <= ATTO_NAME_MAX && entry.slot <= 0xffffu);
        for (uint32_t k = 0; k < i; k++) {
            EQUAL(atto_manifest_entry(manifest, k, &other), ATTO_OK);
            CHECK(other.name.len != entry.name.len || memcmp(other.name.ptr, entry.name.ptr, entry.name.len) != 0);
        }
    }
    for (uint32_t i = 0; i < manifest->hook_count; i++) {
        EQUAL(atto_manifest_hook(manifest, i, &hook), ATTO_OK);
        CHECK(hook.uuid.len == ATTO_UUID_BYTES && hook.entry < manifest->entry_count);
        CHECK(hook.priority <= 15 && hook.policy <= 3);
    }
}

static void try_bytes(const uint8_t *bytes, uint32_t len)
{
    struct atto_manifest manifest;
    uint8_t *block = malloc(len);
    CHECK(block != NULL);
    memcpy(block, bytes, len);
    if (parse(block, len, &manifest) == ATTO_OK)
        check_promises(&manifest);
    free(block);
}

static void every_byte_changed(void)
{
    uint8_t bytes[sizeof golden];
    for (uint32_t at = 0; at + 1u < sizeof golden; at++) {
        for (uint32_t value = 0; value < 256u && !harness_failed(); value++) {
            memcpy(bytes, golden, sizeof golden);
            bytes[at] = (uint8_t)value;
            harness_case(at, value);
            try_bytes(bytes, sizeof golden - 1u);
        }
    }
}

static void random_changes(void)
{
    struct rng rng = { harness_seed() };
    uint8_t bytes[sizeof golden];
    for (uint32_t i = 0; i < harness_rounds(ON_LINUX_OR_BOARD(200000, 5000)) && !harness_failed(); i++) {
        memcpy(bytes, golden, sizeof golden);
        for (uint32_t k = 0; k <= rng_below(&rng, 4); k++)
            bytes[rng_below(&rng, sizeof golden - 1u)] = (uint8_t)rng_next(&rng);
        harness_case(i, 0);
        try_bytes(bytes, 1u + rng_below(&rng, sizeof golden - 1u));
    }
}

/* Small manifests, and whether each is good. */
static void rules_of_the_format(void)
{
    static const struct {
        bool good;
        const uint8_t *bytes;
        uint32_t len;
    } cases[] = {
        { true, BYTES("\xa1\x01\x61x") },
        { true, BYTES("\xa2\x01\x61x\x03\x08") },
        { false, BYTES("\xa2\x03\x08\x01\x61x") },             /* keys ascend */
        { false, BYTES("\xa2\x03\x08\x03\x08") },              /* no key twice */
        { false, BYTES("\xa1\x00\x08") },                      /* unknown keys */
        { false, BYTES("\xa1\x07\x08") },
        { false, BYTES("\xa1\x18\x20\x08") },
        { false, BYTES("\xa1\x20\x08") },                      /* a negative key */
        { false, BYTES("\x80") },                              /* not a map */
        { false, BYTES("\xbf\xff") },                          /* indefinite length */
        { false, BYTES("\xa1\x01\x7f\x61x\xff") },
        { false, BYTES("\xb8\x01\x01\x61x") },                 /* lengths not in their shortest form */
        { false, BYTES("\xa1\x01\x78\x01x") },
        { false, BYTES("\xa1\x03\x18\x08") },
        { false, BYTES("\xa1\x03\x19\x00\x08") },
        { false, BYTES("\xa1\x03\x1a\x00\x00\x00\x08") },
        { false, BYTES("\xa1\x03\x1b\x00\x00\x00\x00\x00\x00\x00\x08") },
        { false, BYTES("\xa1\x03\x1b\x00\x00\x00\x01\x00\x00\x00\x00") },
        { false, BYTES("\xa1\x03\x1c") },                      /* reserved lengths */
        { false, BYTES("\xa1\x01\x60") },                      /* an empty name */
        { false, BYTES("\xa1\x01\x41x") },                     /* bytes are no text */
        { false, BYTES("\xa1\x01\x62\xc3\x28") },              /* not UTF-8 */
        { false, BYTES("\xa1\x01\x62\xc2\x9b") },              /* a control character */
        { true, BYTES("\xa1\x01\x62\xc2\xa0") },
        { false, BYTES("\xa1\x01\x62\xc0\x80") },
        { false, BYTES("\xa1\x01\x63\xed\xa0\x80") },          /* a surrogate */
        { false, BYTES("\xa1\x01\x64\xf4\x90\x80\x80") },      /* over U+10FFFF */
        { false, BYTES("\xa1\x01\x61\x0a") },                  /* a control character */
        { true, BYTES("\xa1\x01\x62\xc3\xa4") },
        { true, BYTES("\xa1\x01\x64\xf0\x9f\x8c\xb1") },
        { true, BYTES("\xa1\x01\x78\x20" "01234567890123456789012345678901") },
        { false, BYTES("\xa1\x01\x78\x21" "012345678901234567890123456789012") },
        { true, BYTES("\xa1\x03\x19\xff\xff") },               /* stack */
        { false, BYTES("\xa1\x03\x1a\x00\x01\x00\x00") },
        { true, BYTES("\xa1\x04\x1a\x3f\xff\x00\x00") },       /* fuel */
        { false, BYTES("\xa1\x04\x1a\x3f\xff\x00\x01") },
        { true, BYTES("\xa1\x05\x80") },                       /* calls ascend */
        { true, BYTES("\xa1\x05\x82\x00\x18\xff") },
        { false, BYTES("\xa1\x05\x82\x02\x01") },
        { false, BYTES("\xa1\x05\x82\x02\x02") },
        { false, BYTES("\xa1\x05\x81\x19\x01\x00") },
        { true, BYTES("\xa1\x02\x81\x82\x61" "a" "\x19\xff\xff") },  /* entry points */
        { false, BYTES("\xa1\x02\x81\x82\x61" "a" "\x1a\x00\x01\x00\x00") },
        { false, BYTES("\xa1\x02\x81\x83\x61" "a" "\x00\x00") },
        { false, BYTES("\xa1\x02\x82\x82\x61" "a" "\x00\x82\x61" "a" "\x01") },
        { true, BYTES("\xa1\x02\x82\x82\x61" "a" "\x00\x82\x61" "b" "\x00") },
        { false, BYTES("\xa1\x06\x81\x84\x50" UUID "\x00\x00\x00") },  /* a hook without an entry point */
        { true, BYTES("\xa2\x02\x81\x82\x61" "a" "\x00\x06\x81\x84\x50" UUID "\x00\x00\x00") },
        { false, BYTES("\xa2\x02\x81\x82\x61" "a" "\x00\x06\x81\x84\x50" UUID "\x01\x00\x00") },
        { false, BYTES("\xa2\x02\x81\x82\x61" "a" "\x00\x06\x81\x84\x50" UUID "\x00\x10\x00") },
        { false, BYTES("\xa2\x02\x81\x82\x61" "a" "\x00\x06\x81\x84\x50" UUID "\x00\x00\x04") },
        { false, BYTES("\xa2\x02\x81\x82\x61" "a" "\x00\x06\x81\x84\x4f" "123456789012345" "\x00\x00\x00") },
        { false, BYTES("\xa1\x05\x9a\xff\xff\xff\xff") },      /* counts that nothing backs */
        { false, BYTES("\xa1\x02\x9a\xff\xff\xff\xff") },
        { false, BYTES("\xba\xff\xff\xff\xff") },
        { false, BYTES("\xa1\x01\x7a\xff\xff\xff\xff") },
        { false, BYTES("\xa0\x00") },                          /* something behind the map */
    };
    for (uint32_t i = 0; i < COUNT(cases); i++) {
        harness_case(i, 0);
        EQUAL(verdict(cases[i].bytes, cases[i].len), cases[i].good ? ATTO_OK : ATTO_E_MANIFEST);
    }
}

/* As many entries and hooks as are allowed, and one more. */
static void limits_of_counts(void)
{
    uint8_t bytes[512];
    for (uint32_t entries = ATTO_ENTRIES_MAX; entries <= ATTO_ENTRIES_MAX + 1u; entries++) {
        uint32_t len = 0;
        bytes[len++] = 0xa1;
        bytes[len++] = 2;
        bytes[len++] = (uint8_t)(0x80u + entries);
        for (uint32_t i = 0; i < entries; i++) {
            const uint8_t entry[] = { 0x82, 0x61, (uint8_t)('a' + i), 0 };
            memcpy(bytes + len, entry, 4);
            len += 4;
        }
        harness_case(entries, 0);
        EQUAL(verdict(bytes, len), entries <= ATTO_ENTRIES_MAX ? ATTO_OK : ATTO_E_MANIFEST);
    }
    for (uint32_t hooks = ATTO_HOOKS_MAX; hooks <= ATTO_HOOKS_MAX + 1u; hooks++) {
        static const char head[] = "\xa2\x02\x81\x82\x61" "a" "\x00\x06", hook[] = "\x84\x50" UUID "\x00\x00\x00";
        uint32_t len = sizeof head - 1u;
        memcpy(bytes, head, len);
        bytes[len++] = (uint8_t)(0x80u + hooks);
        for (uint32_t i = 0; i < hooks; i++) {
            memcpy(bytes + len, hook, sizeof hook - 1u);
            len += (uint32_t)sizeof hook - 1u;
        }
        harness_case(hooks, 1);
        EQUAL(verdict(bytes, len), hooks <= ATTO_HOOKS_MAX ? ATTO_OK : ATTO_E_MANIFEST);
    }
}

static const struct harness_test tests[] = {
    TEST(golden_manifest, "A manifest written by hand is read field by field."),
    TEST(empty_manifests, "A manifest may be absent or empty."),
    TEST(every_truncation, "A manifest that is cut or has bytes behind it is refused."),
    TEST(every_byte_changed, "Whatever byte is changed, what is accepted keeps every promise of the header."),
    TEST(random_changes, "The same for several bytes at once and any length."),
    TEST(rules_of_the_format, "Order, types, ranges and the shortest encoding are enforced."),
    TEST(limits_of_counts, "Exactly as many entry points and hooks are accepted as the limits say."),
};
HARNESS_MAIN(tests)
