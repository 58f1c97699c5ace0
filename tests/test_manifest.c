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

/* {7: {1: 3, 2: 1000000, 3: 500000, 4: 70000, 5: 2000000, 6: 11, 7: 12, 8: 13, 9: 14, 10: 15, 11: 16, 12: 1, 13: 17,
 * 14: 18, 15: 2, 16: 1, 17: 512, 18: 4}} */
static const char golden_schedule[] = "\xa1\x07\xb2"
                                      "\x01\x03" "\x02\x1a\x00\x0f\x42\x40" "\x03\x1a\x00\x07\xa1\x20"
                                      "\x04\x1a\x00\x01\x11\x70" "\x05\x1a\x00\x1e\x84\x80" "\x06\x0b"
                                      "\x07\x0c" "\x08\x0d" "\x09\x0e" "\x0a\x0f" "\x0b\x10" "\x0c\x01"
                                      "\x0d\x11" "\x0e\x12" "\x0f\x02" "\x10\x01" "\x11\x19\x02\x00"
                                      "\x12\x04";

/* {8: [["temperature", 1, 0, 3, 10, 100, 4, 1000], [255, 15], ["led", 2, 7]]} */
static const char golden_rights[] = "\xa1\x08\x83"
                                    "\x88\x6b" "temperature" "\x01\x00\x03\x0a\x18\x64\x04\x19\x03\xe8"
                                    "\x82\x18\xff\x0f"
                                    "\x83\x63" "led" "\x02\x07";

/* The manifests that are cut and changed. */
static const struct {
    const char *bytes;
    uint32_t len;
} goldens[] = {
    { golden, sizeof golden - 1u },
    { golden_schedule, sizeof golden_schedule - 1u },
    { golden_rights, sizeof golden_rights - 1u },
};
#define GOLDEN_MAX 128u /* bytes of the longest */

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

static void golden_numbers_of_a_schedule(void)
{
    struct atto_manifest manifest;
    EQUAL(parse(BYTES(golden_schedule), &manifest), ATTO_OK);
    EQUAL(manifest.schedule.priority, 3);
    EQUAL(manifest.schedule.period_us, 1000000);
    EQUAL(manifest.schedule.deadline_us, 500000);
    EQUAL(manifest.schedule.budget_fuel, 70000);
    EQUAL(manifest.schedule.budget_window_us, 2000000);
    EQUAL(manifest.schedule.start_max_us, 11);
    EQUAL(manifest.schedule.loop_max_us, 12);
    EQUAL(manifest.schedule.stop_max_us, 13);
    EQUAL(manifest.schedule.loop_count, 14);
    EQUAL(manifest.schedule.lifetime_ms, 15);
    EQUAL(manifest.schedule.heartbeat_us, 16);
    EQUAL(manifest.schedule.restart, ATTO_RESTART_ON_FAULT);
    EQUAL(manifest.schedule.backoff_ms, 17);
    EQUAL(manifest.schedule.restarts_max, 18);
    EQUAL(manifest.schedule.on_miss, ATTO_MISS_FAULT);
    EQUAL(manifest.schedule.on_overrun, ATTO_OVERRUN_FAULT);
    EQUAL(manifest.schedule.log_bytes, 512);
    EQUAL(manifest.schedule.events, 4);
}

static bool wish_is(const struct atto_right_wish *wish, const char *name, struct atto_right should)
{
    const struct atto_right *right = &wish->right;
    return wish->name_bytes == strlen(name) && (wish->name_bytes == 0 || memcmp(wish->name, name, strlen(name)) == 0) &&
           memcmp(right, &should, sizeof should) == 0;
}

static void golden_list_of_rights(void)
{
    struct atto_manifest manifest;
    struct atto_right_wish wish;
    EQUAL(parse(BYTES(golden_rights), &manifest), ATTO_OK);
    EQUAL(manifest.right_count, 3);
    memset(&wish, 0xff, sizeof wish);
    EQUAL(atto_manifest_right(&manifest, 0, &wish), ATTO_OK);
    CHECK(wish_is(&wish, "temperature", (struct atto_right){ 0, 0x41, 0, 3, 10, 100, 1000 }));
    EQUAL(atto_right_operations(&wish.right), ATTO_OPERATION_READ);
    EQUAL(atto_right_period(&wish.right), 4);
    EQUAL(atto_manifest_right(&manifest, 1, &wish), ATTO_OK);
    CHECK(wish_is(&wish, "", (struct atto_right){ 255, 15, 0, ATTO_RANGE_END, 0, 0, 0 }));
    EQUAL(atto_right_operations(&wish.right), ATTO_OPERATIONS);
    EQUAL(atto_right_period(&wish.right), 0);
    EQUAL(atto_manifest_right(&manifest, 2, &wish), ATTO_OK);
    CHECK(wish_is(&wish, "led", (struct atto_right){ 0, 2, 7, ATTO_RANGE_END, 0, 0, 0 }));
    EQUAL(atto_manifest_right(&manifest, 3, &wish), ATTO_E_NOT_FOUND);
    EQUAL(atto_manifest_right(&manifest, 0xffffffffu, &wish), ATTO_E_NOT_FOUND);
    EQUAL(parse(BYTES(golden), &manifest), ATTO_OK);
    EQUAL(manifest.right_count, 0);
    EQUAL(atto_manifest_right(&manifest, 0, &wish), ATTO_E_NOT_FOUND);
}

static uint32_t put_uint(uint8_t *bytes, uint32_t len, uint32_t number)
{
    uint32_t count = number < 24u ? 0u : number < 0x100u ? 1u : number < 0x10000u ? 2u : 4u;
    bytes[len++] = (uint8_t)(count == 0u ? number : count == 1u ? 24u : count == 2u ? 25u : 26u);
    while (count-- > 0u)
        bytes[len++] = (uint8_t)(number >> 8u * count);
    return len;
}

/* A manifest with one right, of which these are the first `count` items. */
static uint32_t put_right(uint8_t *bytes, uint32_t count, const uint32_t *items)
{
    const uint8_t head[] = { 0xa1, 0x08, 0x81, (uint8_t)(0x80u + count) };
    uint32_t len = sizeof head;
    memcpy(bytes, head, sizeof head);
    for (uint32_t i = 0; i < count; i++)
        len = put_uint(bytes, len, items[i]);
    return len;
}

/* A right may end behind each of its items but the first. */
static void rights_of_any_length(void)
{
    static const uint32_t items[] = { 9, 3, 5, 6, 7, 8, 2, 4, 0 };
    static const struct atto_right should[] = {
        { 9, 3, 0, 0xffff, 0, 0, 0 }, { 9, 3, 5, 0xffff, 0, 0, 0 }, { 9, 3, 5, 6, 0, 0, 0 },
        { 0 }, { 0 }, /* a rate without a period */
        { 9, 0x23, 5, 6, 7, 8, 0 }, { 9, 0x23, 5, 6, 7, 8, 4 },
    };
    uint8_t bytes[64];
    for (uint32_t count = 0; count <= COUNT(items); count++) {
        struct atto_manifest manifest;
        struct atto_right_wish wish;
        uint32_t len = put_right(bytes, count, items);
        bool good = count >= 2u && count <= 8u && should[count - 2u].operations != 0;
        harness_case(count, 0);
        EQUAL(parse(bytes, len, &manifest), good ? ATTO_OK : ATTO_E_MANIFEST);
        if (!good)
            continue;
        EQUAL(atto_manifest_right(&manifest, 0, &wish), ATTO_OK);
        CHECK(wish_is(&wish, "", should[count - 2u]));
    }
}

/* From docs/SPEC.md: the smallest and the largest value of each item where the others are as in `fine`. */
static void limits_of_a_right(void)
{
    static const uint32_t fine[] = { 0, 1, 0, 0xffff, 1, 1, 1, 0 };
    static const uint32_t limits[][2] = {
        { 0, 255 }, { 1, 15 }, { 0, 65535 }, { 0, 65535 }, { 0, 65535 }, { 0, 65535 }, { 1, 8 }, { 0, 65535 },
    };
    uint8_t bytes[64];
    for (uint32_t i = 0; i < COUNT(limits); i++) {
        uint32_t items[COUNT(fine)];
        harness_case(i, 0);
        memcpy(items, fine, sizeof items);
        items[i] = limits[i][0];
        EQUAL(verdict(bytes, put_right(bytes, COUNT(items), items)), ATTO_OK);
        items[i] = limits[i][1];
        EQUAL(verdict(bytes, put_right(bytes, COUNT(items), items)), ATTO_OK);
        items[i] = limits[i][0] - 1u; /* 0xffffffff if there is none */
        EQUAL(verdict(bytes, put_right(bytes, COUNT(items), items)), ATTO_E_MANIFEST);
        items[i] = limits[i][1] + 1u;
        EQUAL(verdict(bytes, put_right(bytes, COUNT(items), items)), ATTO_E_MANIFEST);
    }
}

static void rules_of_a_right(void)
{
    static const struct {
        bool good;
        const uint8_t *bytes;
        uint32_t len;
    } cases[] = {
        { true, BYTES("\xa1\x08\x80") },
        { true, BYTES("\xa1\x08\x81\x82\x61" "a" "\x01") },
        { true, BYTES("\xa1\x08\x82\x82\x61" "a" "\x01\x82\x61" "a" "\x01") },        /* the same again */
        { false, BYTES("\xa1\x08\x00") },                                             /* not an array */
        { false, BYTES("\xa1\x08\xa0") },
        { false, BYTES("\xa1\x08\xf6") },
        { false, BYTES("\xa1\x08\x9f\xff") },                                         /* indefinite length */
        { false, BYTES("\xa1\x08\x81\x9f\x00\x01\xff") },
        { false, BYTES("\xa1\x08\x98\x01\x82\x00\x01") },                            /* not the shortest form */
        { false, BYTES("\xa1\x08\x81\x98\x02\x00\x01") },
        { false, BYTES("\xa1\x08\x81\x82\x18\x00\x01") },
        { false, BYTES("\xa1\x08\x81\x82\x00\x18\x01") },
        { false, BYTES("\xa1\x08\x81\x00") },                                         /* a right is an array */
        { false, BYTES("\xa1\x08\x81\xa1\x00\x01") },
        { false, BYTES("\xa1\x08\x81\x82\x60\x01") },                                 /* endpoints: an empty name */
        { false, BYTES("\xa1\x08\x81\x82\x41" "a" "\x01") },                          /* bytes are no text */
        { false, BYTES("\xa1\x08\x81\x82\x61\x0a\x01") },                             /* a control character */
        { false, BYTES("\xa1\x08\x81\x82\x61\xff\x01") },                             /* not UTF-8 */
        { true, BYTES("\xa1\x08\x81\x82\x62\xc3\xa4\x01") },
        { true, BYTES("\xa1\x08\x81\x82\x78\x20" "01234567890123456789012345678901" "\x01") },
        { false, BYTES("\xa1\x08\x81\x82\x78\x21" "012345678901234567890123456789012" "\x01") },
        { false, BYTES("\xa1\x08\x81\x82\x20\x01") },                                 /* a negative number */
        { false, BYTES("\xa1\x08\x81\x82\xf6\x01") },
        { false, BYTES("\xa1\x08\x81\x82\x00\x00") },                                 /* no operation */
        { false, BYTES("\xa1\x08\x81\x82\x00\x10") },                                 /* an unknown one */
        { false, BYTES("\xa1\x08\x81\x82\x00\x61" "1") },
        { true, BYTES("\xa1\x08\x81\x84\x00\x01\x05\x05") },                         /* the range */
        { false, BYTES("\xa1\x08\x81\x84\x00\x01\x05\x04") },
        { false, BYTES("\xa1\x08\x81\x84\x00\x01\x19\xff\xff\x19\xff\xfe") },
        { true, BYTES("\xa1\x08\x81\x83\x00\x01\x19\xff\xff") },
        { true, BYTES("\xa1\x08\x81\x87\x00\x01\x00\x00\x01\x00\x01") },            /* a rate and its period */
        { true, BYTES("\xa1\x08\x81\x87\x00\x01\x00\x00\x00\x01\x01") },
        { true, BYTES("\xa1\x08\x81\x87\x00\x01\x00\x00\x00\x00\x00") },
        { false, BYTES("\xa1\x08\x81\x87\x00\x01\x00\x00\x00\x00\x01") },
        { false, BYTES("\xa1\x08\x81\x87\x00\x01\x00\x00\x01\x00\x00") },
        { false, BYTES("\xa1\x08\x81\x87\x00\x01\x00\x00\x00\x01\x00") },
        { false, BYTES("\xa1\x08\x81\x88\x00\x01\x00\x00\x01\x01\x00\x01") },
        { true, BYTES("\xa1\x08\x81\x88\x00\x01\x00\x00\x00\x00\x00\x01") },       /* calls in all need none */
        { false, BYTES("\xa1\x08\x81\x83\x00\x01") },                                /* fewer items than it says */
        { false, BYTES("\xa1\x08\x81\x82\x00\x01\x00") },
        { false, BYTES("\xa1\x08\x82\x82\x00\x01") },                                /* fewer rights, or more */
        { false, BYTES("\xa1\x08\x81\x82\x00\x01\x82\x00\x01") },
        { false, BYTES("\xa1\x08\x81\x9a\xff\xff\xff\xff") },                        /* counts that nothing backs */
        { false, BYTES("\xa1\x08\x9a\xff\xff\xff\xff") },
        { true, BYTES("\xa2\x07\xa0\x08\x80") },                                     /* its place in the manifest */
        { false, BYTES("\xa2\x08\x80\x07\xa0") },
        { false, BYTES("\xa2\x08\x80\x08\x80") },
        { false, BYTES("\xa1\x08") },
    };
    for (uint32_t i = 0; i < COUNT(cases); i++) {
        harness_case(i, 0);
        EQUAL(verdict(cases[i].bytes, cases[i].len), cases[i].good ? ATTO_OK : ATTO_E_MANIFEST);
    }
}

static bool schedule_is(const struct atto_schedule *schedule, const struct atto_schedule *other)
{
    return memcmp(schedule, other, sizeof *schedule) == 0;
}

static void schedules_left_out(void)
{
    static const struct atto_schedule none = ATTO_SCHEDULE_INIT, urgent = { 0 };
    const struct atto_schedule periodic = { .priority = 8, .period_us = 9 };
    struct atto_manifest manifest;
    memset(&manifest, 0xff, sizeof manifest);
    EQUAL(parse(NULL, 0, &manifest), ATTO_OK);
    CHECK(schedule_is(&manifest.schedule, &none));
    EQUAL(manifest.schedule.priority, 8);
    memset(&manifest, 0xff, sizeof manifest);
    EQUAL(parse(BYTES(golden), &manifest), ATTO_OK);
    CHECK(schedule_is(&manifest.schedule, &none));
    EQUAL(parse(BYTES("\xa1\x07\xa0"), &manifest), ATTO_OK);
    CHECK(schedule_is(&manifest.schedule, &none));
    EQUAL(parse(BYTES("\xa1\x07\xa1\x02\x09"), &manifest), ATTO_OK);
    CHECK(schedule_is(&manifest.schedule, &periodic));
    EQUAL(parse(BYTES("\xa1\x07\xa1\x01\x00"), &manifest), ATTO_OK);
    CHECK(schedule_is(&manifest.schedule, &urgent));
}

/* A manifest with one number in its schedule. */
static uint32_t put_schedule(uint8_t *bytes, uint8_t key, uint32_t number)
{
    const uint8_t head[] = { 0xa1, 0x07, 0xa1, key };
    memcpy(bytes, head, sizeof head);
    return put_uint(bytes, sizeof head, number);
}

/* From docs/SPEC.md, not from the parser's table. */
static const uint32_t schedule_limits[] = {
    0, 15, 0x7fffffff, 0x7fffffff, 0x3fff0000, 0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff, 0xffffffff, 0x7fffffff,
    0x7fffffff, 2, 16777215, 255, 2, 1, 65535, 16,
};

static void limits_of_a_schedule(void)
{
    uint8_t bytes[16];
    EQUAL(COUNT(schedule_limits), ATTO_SCHEDULE_KEY_MAX + 1u);
    for (uint8_t key = 1; key < COUNT(schedule_limits); key++) {
        struct atto_schedule should = ATTO_SCHEDULE_INIT;
        struct atto_manifest manifest;
        uint32_t len = put_schedule(bytes, key, schedule_limits[key]);
        harness_case(key, schedule_limits[key]);
        EQUAL(parse(bytes, len, &manifest), ATTO_OK);
        /* the numbers stand in the struct in the order of their keys */
        memcpy((uint8_t *)&should + sizeof(uint32_t) * (key - 1u), &schedule_limits[key], sizeof(uint32_t));
        CHECK(schedule_is(&manifest.schedule, &should));
        EQUAL(verdict(bytes, len - 1u), ATTO_E_MANIFEST);
        if (schedule_limits[key] == 0xffffffffu)
            continue;
        EQUAL(verdict(bytes, put_schedule(bytes, key, schedule_limits[key] + 1u)), ATTO_E_MANIFEST);
        EQUAL(verdict(bytes, put_schedule(bytes, key, 0xffffffffu)), ATTO_E_MANIFEST);
    }
    EQUAL(verdict(bytes, put_schedule(bytes, 0, 0)), ATTO_E_MANIFEST);
    EQUAL(verdict(bytes, put_schedule(bytes, ATTO_SCHEDULE_KEY_MAX + 1u, 0)), ATTO_E_MANIFEST);
    EQUAL(verdict(BYTES("\xa1\x07\xa1\x09\x1b\x00\x00\x00\x01\x00\x00\x00\x00")), ATTO_E_MANIFEST);
}

static void rules_of_a_schedule(void)
{
    static const struct {
        bool good;
        const uint8_t *bytes;
        uint32_t len;
    } cases[] = {
        { true, BYTES("\xa1\x07\xa2\x01\x00\x12\x00") },
        { false, BYTES("\xa1\x07\xa2\x12\x00\x01\x00") },        /* keys ascend */
        { false, BYTES("\xa1\x07\xa2\x05\x00\x05\x00") },        /* no key twice */
        { false, BYTES("\xa1\x07\xa1\x13\x00") },                /* unknown keys */
        { false, BYTES("\xa1\x07\xa1\x18\x20\x00") },
        { false, BYTES("\xa1\x07\xa1\x00\x00") },
        { false, BYTES("\xa1\x07\xa1\x20\x00") },                /* a negative key */
        { false, BYTES("\xa1\x07\xa1\x61" "a" "\x00") },         /* a key that is text */
        { false, BYTES("\xa1\x07\x00") },                        /* not a map */
        { false, BYTES("\xa1\x07\x80") },
        { false, BYTES("\xa1\x07\xf6") },
        { false, BYTES("\xa1\x07\xbf\xff") },                     /* indefinite length */
        { false, BYTES("\xa1\x07\xb8\x01\x01\x00") },             /* not the shortest form */
        { false, BYTES("\xa1\x07\xa1\x18\x01\x00") },
        { false, BYTES("\xa1\x07\xa1\x01\x18\x08") },
        { false, BYTES("\xa1\x07\xa1\x01\x20") },                /* numbers of another type */
        { false, BYTES("\xa1\x07\xa1\x01\x41\x08") },
        { false, BYTES("\xa1\x07\xa1\x01\x61" "8") },
        { false, BYTES("\xa1\x07\xa1\x01\xf4") },
        { false, BYTES("\xa1\x07\xa1\x01\x81\x08") },
        { false, BYTES("\xa1\x07\xa1\x01\xa0") },
        { false, BYTES("\xa1\x07\xa2\x01\x00") },                /* fewer numbers than it says, or more */
        { false, BYTES("\xa1\x07\xa0\x01\x00") },
        { false, BYTES("\xa1\x07\xba\xff\xff\xff\xff") },
        { false, BYTES("\xa1\x07\xb3\x01\x00") },
        { true, BYTES("\xa2\x06\x80\x07\xa0") },                 /* its place in the manifest */
        { false, BYTES("\xa2\x07\xa0\x06\x80") },
        { false, BYTES("\xa2\x07\xa0\x07\xa0") },
        { false, BYTES("\xa1\x07") },
        { true, BYTES("\xa1\x07\xa2\x02\x0a\x03\x0a") },         /* the deadline is within the period */
        { true, BYTES("\xa1\x07\xa2\x02\x0a\x03\x00") },
        { true, BYTES("\xa1\x07\xa2\x02\x00\x03\x0a") },
        { true, BYTES("\xa1\x07\xa1\x03\x0a") },
        { false, BYTES("\xa1\x07\xa2\x02\x0a\x03\x0b") },
        { false, BYTES("\xa1\x07\xa2\x02\x01\x03\x1a\x7f\xff\xff\xff") },
    };
    for (uint32_t i = 0; i < COUNT(cases); i++) {
        harness_case(i, 0);
        EQUAL(verdict(cases[i].bytes, cases[i].len), cases[i].good ? ATTO_OK : ATTO_E_MANIFEST);
    }
}

/* Refusals name the first byte that is not taken. */
static void places_of_refusals(void)
{
    static const struct {
        const uint8_t *bytes;
        uint32_t len, at;
    } cases[] = {
        { BYTES("\xa1\x07\x80"), 2 },
        { BYTES("\xa1\x07\xa1\x13\x00"), 3 },
        { BYTES("\xa1\x07\xa1\x01\x10"), 4 },
        { BYTES("\xa1\x07\xa2\x01\x08\x02"), 6 },
        { BYTES("\xa1\x07\xa2\x02\x0a\x03\x0b"), 7 }, /* behind the numbers that contradict each other */
        { BYTES("\xa1\x08\xa0"), 2 },
        { BYTES("\xa1\x08\x81\x82\x60\x01"), 4 },
        { BYTES("\xa1\x08\x82\x82\x00\x01\x82\x00\x10"), 8 },
        { BYTES("\xa1\x08\x81\x84\x00\x01\x05\x04"), 8 }, /* behind those too */
        { BYTES("\xa1\x08\x81\x87\x00\x01\x00\x00\x00\x00\x09"), 10 },
        { BYTES("\xa1\x08\x81\x87\x00\x01\x00\x00\x00\x00\x01"), 11 },
    };
    for (uint32_t i = 0; i < COUNT(cases); i++) {
        struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
        struct atto_manifest manifest;
        harness_case(i, 0);
        EQUAL(atto_manifest_parse((struct atto_span){ cases[i].bytes, cases[i].len }, &manifest, &refusal),
              ATTO_E_MANIFEST);
        EQUAL(refusal.at, cases[i].at);
    }
}

static void empty_manifests(void)
{
    struct atto_manifest manifest;
    memset(&manifest, 0xff, sizeof manifest);
    EQUAL(parse(NULL, 0, &manifest), ATTO_OK);
    EQUAL(manifest.name.len + manifest.entry_count + manifest.hook_count + manifest.fuel + manifest.stack_bytes, 0);
    EQUAL(manifest.right_count + manifest.rights.len, 0);
    EQUAL(parse(BYTES("\xa0"), &manifest), ATTO_OK);
    EQUAL(atto_manifest_find_entry(&manifest, "x"), ATTO_E_NOT_FOUND);
}

static void every_truncation(void)
{
    for (uint32_t i = 0; i < COUNT(goldens); i++) {
        for (uint32_t len = 1; len < goldens[i].len; len++) {
            harness_case(len, i);
            EQUAL(verdict((const uint8_t *)goldens[i].bytes, len), ATTO_E_MANIFEST);
        }
        /* the terminating 0 of the string is one byte too many */
        EQUAL(verdict((const uint8_t *)goldens[i].bytes, goldens[i].len + 1u), ATTO_E_MANIFEST);
    }
}

static void check_right(const struct atto_right_wish *wish)
{
    const struct atto_right *right = &wish->right;
    CHECK(wish->name_bytes <= ATTO_NAME_MAX && (wish->name_bytes == 0 || right->endpoint == 0));
    CHECK(atto_right_operations(right) != 0 && right->first <= right->last);
    CHECK(atto_right_period(right) <= ATTO_PERIOD_MAX);
    EQUAL(atto_right_period(right) == 0, right->calls == 0 && right->bytes == 0);
}

/* Everything that is accepted keeps what the header promises. */
static void check_promises(const struct atto_manifest *manifest)
{
    struct atto_entry entry, other;
    struct atto_hook_wish hook;
    struct atto_right_wish wish;
    CHECK(manifest->name.len <= ATTO_NAME_MAX);
    CHECK(manifest->entry_count <= ATTO_ENTRIES_MAX && manifest->hook_count <= ATTO_HOOKS_MAX);
    CHECK(manifest->right_count <= ATTO_RIGHTS_MAX);
    CHECK(manifest->fuel <= ATTO_FUEL_MAX);
    for (uint32_t key = 1; key < COUNT(schedule_limits); key++) {
        uint32_t number;
        memcpy(&number, (const uint8_t *)&manifest->schedule + sizeof number * (key - 1u), sizeof number);
        CHECK(number <= schedule_limits[key]);
    }
    CHECK(manifest->schedule.period_us == 0 || manifest->schedule.deadline_us <= manifest->schedule.period_us);
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
    for (uint32_t i = 0; i < manifest->right_count; i++) {
        EQUAL(atto_manifest_right(manifest, i, &wish), ATTO_OK);
        check_right(&wish);
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
    uint8_t bytes[GOLDEN_MAX];
    for (uint32_t i = 0; i < COUNT(goldens); i++) {
        for (uint32_t at = 0; at < goldens[i].len; at++) {
            for (uint32_t value = 0; value < 256u && !harness_failed(); value++) {
                memcpy(bytes, goldens[i].bytes, goldens[i].len);
                bytes[at] = (uint8_t)value;
                harness_case(at, value);
                try_bytes(bytes, goldens[i].len);
            }
        }
    }
}

static void random_changes(void)
{
    struct rng rng = { harness_seed() };
    uint8_t bytes[GOLDEN_MAX];
    for (uint32_t i = 0; i < harness_rounds(ON_LINUX_OR_BOARD(200000, 5000)) && !harness_failed(); i++) {
        uint32_t len = goldens[i % COUNT(goldens)].len;
        memcpy(bytes, goldens[i % COUNT(goldens)].bytes, len);
        for (uint32_t k = 0; k <= rng_below(&rng, 4); k++)
            bytes[rng_below(&rng, len)] = (uint8_t)rng_next(&rng);
        harness_case(i, 0);
        try_bytes(bytes, rng_below(&rng, 2) == 0 ? len : 1u + rng_below(&rng, len));
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
        { false, BYTES("\xa1\x09\x08") },
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

/* As many entries, hooks and rights as are allowed, and one more. */
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
    for (uint32_t rights = ATTO_RIGHTS_MAX; rights <= ATTO_RIGHTS_MAX + 1u; rights++) {
        const uint8_t head[] = { 0xa1, 0x08, 0x98, (uint8_t)rights };
        uint32_t len = sizeof head;
        memcpy(bytes, head, len);
        for (uint32_t i = 0; i < rights; i++) {
            memcpy(bytes + len, "\x82\x05\x01", 3);
            len += 3u;
        }
        harness_case(rights, 2);
        EQUAL(verdict(bytes, len), rights <= ATTO_RIGHTS_MAX ? ATTO_OK : ATTO_E_MANIFEST);
    }
}

static const struct harness_test tests[] = {
    TEST(golden_manifest, "A manifest written by hand is read field by field."),
    TEST(golden_numbers_of_a_schedule, "Every number of a schedule arrives in its own field."),
    TEST(golden_list_of_rights, "Every number of a right arrives in its own field; what is left out limits nothing."),
    TEST(rights_of_any_length, "A right has two to eight items."),
    TEST(limits_of_a_right, "Each number of a right goes from its smallest to its largest value and no further."),
    TEST(rules_of_a_right, "Names, types, shortest encoding, the range in its order, a rate with its period."),
    TEST(schedules_left_out, "Numbers that are left out are 0, and the priority is 8."),
    TEST(limits_of_a_schedule, "Each number of a schedule goes up to its largest value and no further."),
    TEST(rules_of_a_schedule, "Order, types, shortest encoding, and the deadline within the period."),
    TEST(places_of_refusals, "A refusal of a schedule or a right names its byte."),
    TEST(empty_manifests, "A manifest may be absent or empty."),
    TEST(every_truncation, "A manifest that is cut or has bytes behind it is refused."),
    TEST(every_byte_changed, "Whatever byte is changed, what is accepted keeps every promise of the header."),
    TEST(random_changes, "The same for several bytes at once and any length."),
    TEST(rules_of_the_format, "Order, types, ranges and the shortest encoding are enforced."),
    TEST(limits_of_counts, "Exactly as many entry points, hooks and rights are accepted as the limits say."),
};
HARNESS_MAIN(tests)
