/* The resources of a device: what each one answers, who may read and change what, and what a client without a key,
 * with a wrong one, or with no manners comes to.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "harness.h"
#include "manage_world.h"

#define SEC (ATTO_COAP_FORMAT_COSE_SIGN1 + 1u)
#define OTHER (&suit_other)

/* ---- reading ---- */

static void device(void)
{
    manage_begin();
    EQUAL(manage_get("device"), ATTO_COAP_CONTENT);
    CHECK(look_is_sound());
    EQUAL(mw.format, ATTO_COAP_FORMAT_CBOR);
    EQUAL(look_count(LOOK()), 12);
    CHECK(look_bytes(LOOK(1), suit_identity.device_id, 16));
    CHECK(look_bytes(LOOK(2), suit_identity.vendor_id, 16));
    CHECK(look_bytes(LOOK(3), suit_identity.class_id, 16));
    CHECK(look_text(LOOK(4), "a device"));
    CHECK(look_text(LOOK(5), "1.2"));
    EQUAL(look_number(LOOK(6)), 1);
    EQUAL(look_number(LOOK(7)), 1000);
    EQUAL(look_number(LOOK(8, 0)), WORLD_POOL_BYTES);
    EQUAL(look_number(LOOK(8, 1)), world_info(&dw.world, deploy_container("acme", "blink")).ram_bytes);
    EQUAL(look_number(LOOK(9, 0)), DEPLOY_SLOT_BYTES);
    EQUAL(look_number(LOOK(9, 2)), DEPLOY_SLOTS - 1u);
    EQUAL(look_number(LOOK(10, 1)), atto_records_room(&dw.records));
    CHECK(look_text(LOOK(11, 0), "memory"));
    CHECK(look_text(LOOK(11, 1), "coap"));
    EQUAL(look_number(LOOK(12)), 21); /* true */
}

static void tenants(void)
{
    manage_begin();
    EQUAL(manage_get("tenants"), ATTO_COAP_CONTENT);
    CHECK(look_is_sound());
    EQUAL(look_count(LOOK()), 3);
    EQUAL(look_number(LOOK(0, 0)), 0);
    CHECK(look_text(LOOK(0, 1), ""));
    EQUAL(look_number(LOOK(0, 4)), dw.counter - 1u);
    EQUAL(look_number(LOOK(1, 0)), 1);
    CHECK(look_text(LOOK(1, 1), "acme"));
    CHECK(look_bytes(LOOK(1, 2), "key-acme", 8));
    EQUAL(look_number(LOOK(1, 3)), ATTO_EDDSA);
    EQUAL(look_number(LOOK(1, 9)), world_info(&dw.world, deploy_container("acme", "blink")).ram_bytes);
    CHECK(look_text(LOOK(2, 1), "other"));
    EQUAL(look_number(LOOK(2, 9)), 0);
}

static void containers(void)
{
    manage_begin();
    EQUAL(manage_get("containers"), ATTO_COAP_CONTENT);
    CHECK(look_is_sound());
    EQUAL(look_count(LOOK()), 1);
    EQUAL(look_count(LOOK(0)), 15);
    CHECK(look_text(LOOK(0, 0), "acme"));
    CHECK(look_text(LOOK(0, 1), "blink"));
    EQUAL(look_number(LOOK(0, 2)), ATTO_STATE_RUNNING);
    EQUAL(look_number(LOOK(0, 3)), ATTO_COMPONENT_HEALTHY);
    EQUAL(look_number(LOOK(0, 4)), 7);
    EQUAL(look_number(LOOK(0, 7)), 1);
    EQUAL(look_number(LOOK(0, 14)), ATTO_PRIORITY_DEFAULT);
    EQUAL(manage_get("containers/acme/blink"), ATTO_COAP_CONTENT);
    CHECK(look_is_sound());
    EQUAL(look_count(LOOK()), 25);
    EQUAL(look_number(LOOK(16)), dw.image.len);
    EQUAL(look_number(LOOK(20)), 1);
    EQUAL(look_number(LOOK(24)), 20); /* false */
    EQUAL(deploy_install("", "own", 1, PROGRAM_QUIET), ATTO_OK);
    EQUAL(manage_get("containers/-/own"), ATTO_COAP_CONTENT);
    CHECK(look_text(LOOK(0), ""));
    EQUAL(look_number(LOOK(3)), ATTO_COMPONENT_TRIAL);
    EQUAL(manage_get("containers"), ATTO_COAP_CONTENT);
    EQUAL(look_count(LOOK()), 2);
    static const char *const none[] = { "containers/acme", "containers/acme/none", "containers/acme/blink/none",
                                        "containers/acme/blink/log/none", "containers/-/blink", "none", "device/none",
                                        "", "containers/acme/blink/postmortem" };
    for (uint32_t i = 0; i < sizeof none / sizeof *none; i++) {
        harness_case(i, 0);
        EQUAL(manage_get(none[i]), ATTO_COAP_NOT_FOUND);
    }
}

/* One that failed is in flash, and not in the engine. */
static void failed_container(void)
{
    manage_begin_empty();
    EQUAL(deploy_install("acme", "bad", 3, PROGRAM_BAD), ATTO_OK);
    manage_run(20);
    EQUAL(manage_get("containers/acme/bad"), ATTO_COAP_CONTENT);
    EQUAL(look_number(LOOK(2)), 255);
    EQUAL(look_number(LOOK(3)), ATTO_COMPONENT_FAILED);
    EQUAL(look_number(LOOK(4)), 3);
    EQUAL(manage_get("containers/acme/bad/rights"), ATTO_COAP_NOT_FOUND);
    EQUAL(manage_get("containers/acme/bad/log"), ATTO_COAP_NOT_FOUND);
    EQUAL(manage_get("containers/acme/bad/counters"), ATTO_COAP_NOT_FOUND);
}

static void postmortems(void)
{
    manage_begin();
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_CALL, "acme", "blink",
                       "\x46\x82\x63" "bad\x40", 7),
          ATTO_COAP_CHANGED);
    EQUAL(look_number(LOOK(0)), ATTO_FAULT_MEMORY);
    for (uint32_t kept = 0; kept < 2u; kept++) {
        EQUAL(manage_get("containers/acme/blink/postmortem"), ATTO_COAP_CONTENT);
        CHECK(look_is_sound());
        EQUAL(look_number(LOOK(0)), ATTO_FAULT_MEMORY);
        EQUAL(look_number(LOOK(1)), 10); /* pc */
        EQUAL(look_number(LOOK(4)), ATTO_ACTIVATION_HOOK);
        EQUAL(look_count(LOOK(5)), ATTO_POSTMORTEM_REGISTERS);
        EQUAL(look_count(LOOK(6)), 4);
        manage_run(10);
        manage_reset();
    }
}

static void rights_schedule_limits(void)
{
    static const uint8_t rights[] = { 0x4e, 0xa1, 8, 0x81, 0x88, 0, 3, 1, 9, 2, 0, 4, 0x19, 1, 0 };
    static const uint8_t schedule[] = { 0x4b, 0xa1, 7, 0xa2, 1, 9, 2, 0x1a, 0, 0x0f, 0x42, 0x40 };
    manage_begin();
    EQUAL(manage_order("containers/acme/blink/rights", ATTO_COAP_IPATCH, "acme", ATTO_COMMAND_SET_RIGHTS, "acme",
                       "blink",
                       rights, sizeof rights), ATTO_COAP_CHANGED);
    EQUAL(manage_get("containers/acme/blink/rights"), ATTO_COAP_CONTENT);
    CHECK(mw.whole_len == sizeof rights - 1u && memcmp(mw.whole, rights + 1, sizeof rights - 1u) == 0);
    EQUAL(manage_order("containers/acme/blink/schedule", ATTO_COAP_IPATCH, "acme", ATTO_COMMAND_SET_SCHEDULE, "acme",
                       "blink", schedule, sizeof schedule), ATTO_COAP_CHANGED);
    EQUAL(manage_get("containers/acme/blink/schedule"), ATTO_COAP_CONTENT);
    CHECK(mw.whole_len == sizeof schedule - 1u && memcmp(mw.whole, schedule + 1, sizeof schedule - 1u) == 0);
    EQUAL(manage_get("containers/acme/blink/limits"), ATTO_COAP_CONTENT);
    CHECK(look_is_sound());
    EQUAL(look_number(LOOK(0)), world_info(&dw.world, deploy_container("acme", "blink")).ram_bytes);
    EQUAL(look_number(LOOK(1)), 100000);
    /* Another operation, another container, another method. */
    uint32_t before = 0, counter = 0;
    EQUAL(atto_records_number(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, 1), &before), ATTO_OK);
    EQUAL(manage_order("containers/acme/blink/rights", ATTO_COAP_IPATCH, "acme", ATTO_COMMAND_SET_SCHEDULE, "acme",
                       "blink",
                       schedule, sizeof schedule), ATTO_COAP_UNPROCESSABLE_ENTITY);
    EQUAL(manage_order("containers/acme/other/rights", ATTO_COAP_IPATCH, "acme", ATTO_COMMAND_SET_RIGHTS, "acme",
                       "blink",
                       rights, sizeof rights), ATTO_COAP_UNPROCESSABLE_ENTITY);
    EQUAL(manage_order("containers/acme/blink/rights", ATTO_COAP_POST, "acme", ATTO_COMMAND_SET_RIGHTS, "acme", "blink",
                       rights, sizeof rights), ATTO_COAP_METHOD_NOT_ALLOWED);
    EQUAL(atto_records_number(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, 1), &counter), ATTO_OK);
    EQUAL(counter, before);
}

static void counters(void)
{
    static const char base[] = "urn:dev:uuid:dededede-2222-3333-4444-555555555555:acme:blink:";
    manage_begin();
    EQUAL(manage_get("containers/acme/blink/counters"), ATTO_COAP_CONTENT);
    CHECK(look_is_sound());
    EQUAL(mw.format, 112);
    EQUAL(look_count(LOOK()), 9);
    CHECK(look_text(LOOK(0, -2), base));
    CHECK(look_text(LOOK(0, 0), "fuel"));
    CHECK(look_number(LOOK(0, 2)) > 0);
    CHECK(look_text(LOOK(1, 1), "s"));
    CHECK(look_text(LOOK(2, 0), "activations"));
    EQUAL(look_number(LOOK(2, 2)), 1);
    CHECK(look_text(LOOK(7, 0), "heartbeats"));
    EQUAL(look_number(LOOK(7, 2)), 1);
    CHECK(look_text(LOOK(8, 0), "ram"));
}

/* So often the container logs 5 bytes. */
static void say(uint32_t times)
{
    struct atto_container *container = deploy_container("acme", "blink");
    for (uint32_t i = 0; i < times; i++) {
        const struct atto_context none = { NULL, 0, ATTO_READ };
        struct atto_attachment attachment = { .target = container };
        uint64_t value;
        EQUAL(atto_engine_find_entry(container, "say", &attachment.entry), ATTO_OK);
        EQUAL(atto_engine_run(&attachment, &none, 100, &value), ATTO_OK);
        EQUAL(value, 0);
    }
}

static void logs(void)
{
    char path[64] = "log?from=0";
    manage_begin();
    EQUAL(manage_get("log"), ATTO_COAP_CONTENT);
    EQUAL(look_number(LOOK(0)), 0);
    EQUAL(look_count(LOOK(1)), 0);
    say(30);
    GO_ON();
    EQUAL(manage_get("log"), ATTO_COAP_CONTENT); /* the newest alone */
    CHECK(look_is_sound());
    EQUAL(look_number(LOOK(0)), 30);
    EQUAL(look_count(LOOK(1)), 1);
    EQUAL(look_number(LOOK(1, 0, 0)), 29);
    EQUAL(look_number(LOOK(1, 0, 2)), world_info(&dw.world, deploy_container("acme", "blink")).id);
    CHECK(look_text(LOOK(1, 0, 3), "abcde"));
    /* All of them, block by block, without a gap; each answer is one block. */
    for (uint32_t next = 0, expected = 0, round = 0; next < 30u; round++) {
        harness_case(next, round);
        path[9] = (char)('0' + next / 10u);
        path[10] = (char)('0' + next % 10u);
        path[11] = '\0';
        EQUAL(manage_get(path), ATTO_COAP_CONTENT);
        CHECK(mw.whole_len <= MANAGE_BLOCK + 20u && round < 10u);
        for (int32_t i = 0; i < look_count(LOOK(1)); i++)
            EQUAL(look_number(LOOK(1, i, 0)), expected++);
        next = (uint32_t)look_number(LOOK(0));
        EQUAL(next, expected);
    }
    EQUAL(manage_get("log?from=30"), ATTO_COAP_CONTENT);
    EQUAL(look_count(LOOK(1)), 0);
    EQUAL(manage_get("log?from=4000000000"), ATTO_COAP_CONTENT); /* of before a reset: from the oldest on */
    EQUAL(look_number(LOOK(1, 0, 0)), 0);
    say(40); /* the ring has room for 32 */
    EQUAL(manage_get("log?from=1"), ATTO_COAP_CONTENT);
    EQUAL(look_number(LOOK(1, 0, 0)), 70 - 512 / 16);
}

static void log_of_one(void)
{
    manage_begin();
    EQUAL(deploy_install("acme", "mute", 1, PROGRAM_GOOD), ATTO_OK);
    say(2);
    EQUAL(manage_get("containers/acme/blink/log?from=0"), ATTO_COAP_CONTENT);
    EQUAL(look_count(LOOK(1)), 2);
    EQUAL(look_count(LOOK(1, 0)), 3);
    CHECK(look_text(LOOK(1, 0, 2), "abcde"));
    EQUAL(manage_get("containers/acme/mute/log?from=0"), ATTO_COAP_CONTENT);
    EQUAL(look_number(LOOK(0)), 2);
    EQUAL(look_count(LOOK(1)), 0);
    EQUAL(manage_get("containers/acme/mute/log"), ATTO_COAP_CONTENT);
    EQUAL(look_count(LOOK(1)), 0);
}

static void traces(void)
{
    static struct atto_trace_record ring[32];
    manage_begin();
    dw.world.config.trace = ring;
    dw.world.config.trace_count = 32;
    uint32_t expected = dw.world.engine.trace_written;
    say(6);
    EQUAL(manage_get("trace?from=0"), ATTO_COAP_CONTENT);
    CHECK(look_is_sound());
    CHECK(look_count(LOOK(1)) > 5);
    EQUAL(look_count(LOOK(1, 0)), 5);
    EQUAL(look_number(LOOK(1, 0, 1)), ATTO_TRACE_ACTIVATE);
    EQUAL(look_number(LOOK(0)), expected + (uint32_t)look_count(LOOK(1)));
    EQUAL(manage_get("trace"), ATTO_COAP_CONTENT);
    EQUAL(look_number(LOOK(0)), dw.world.engine.trace_written);
    EQUAL(look_count(LOOK(1)), 1);
}

static void audit_and_inventory(void)
{
    struct atto_right none[1];
    struct atto_sha256 hash;
    uint8_t digest[32];
    manage_begin();
    EQUAL(ASK(.method = ATTO_COAP_POST, .path = "command", .payload = "x", .len = 1), ATTO_COAP_BAD_REQUEST);
    EQUAL(manage_get("audit"), ATTO_COAP_CONTENT);
    CHECK(look_is_sound());
    EQUAL(look_count(LOOK(0)), 1);
    EQUAL(look_count(LOOK(0, 0)), 8);
    EQUAL(look_number(LOOK(0, 0, 1)), ATTO_AUDIT_REFUSED);
    EQUAL(look_number(LOOK(0, 0, 3)), 255);
    EQUAL(look_number(LOOK(0, 0, 5)), ATTO_E_COSE);
    EQUAL(look_count(LOOK(1)), 0); /* this firmware keeps no changes */
    EQUAL(manage_get("inventory"), ATTO_COAP_CONTENT);
    CHECK(look_is_sound());
    EQUAL(look_count(LOOK()), 1);
    CHECK(look_text(LOOK(0, 1), "blink"));
    EQUAL(look_number(LOOK(0, 2)), 7);
    suit_crypto.sha256_begin(NULL, &hash);
    suit_crypto.sha256_add(NULL, &hash, dw.image.bytes, dw.image.len);
    suit_crypto.sha256_end(NULL, &hash, digest);
    CHECK(look_bytes(LOOK(0, 3), digest, 32));
    suit_crypto.sha256_begin(NULL, &hash);
    suit_crypto.sha256_add(NULL, &hash, (const uint8_t *)none, 0);
    suit_crypto.sha256_end(NULL, &hash, digest);
    CHECK(look_bytes(LOOK(0, 4), digest, 32));
}

static void links(void)
{
    manage_begin();
    EQUAL(manage_get(".well-known/core"), ATTO_COAP_CONTENT);
    EQUAL(mw.format, ATTO_COAP_FORMAT_LINK);
    mw.whole[mw.whole_len] = '\0';
    CHECK(strstr((char *)mw.whole, "</containers>;rt=\"atto.containers\";obs,") != NULL);
    CHECK(strstr((char *)mw.whole, ",</audit>;rt=\"atto.audit\",") != NULL);
    CHECK(strstr((char *)mw.whole, ",</containers/acme/blink>;rt=\"atto.container\";obs") != NULL);
    CHECK(strstr((char *)mw.whole, "install") == NULL); /* there is nothing to GET */
    mw.config.reading_is_open = false;
    EQUAL(manage_get(".well-known/core"), ATTO_COAP_CONTENT);
    mw.whole[mw.whole_len] = '\0';
    CHECK(strstr((char *)mw.whole, "</device>") != NULL && strstr((char *)mw.whole, "blink") == NULL);
    /* A name cannot make links of its own. */
    manage_begin_empty();
    deploy_pack("acme", "x>,</evil", 7, PROGRAM_SERVED, &suit_acme);
    EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_CHANGED);
    EQUAL(manage_get(".well-known/core"), ATTO_COAP_CONTENT);
    mw.whole[mw.whole_len] = '\0';
    CHECK(strstr((char *)mw.whole, "</device>") != NULL && strstr((char *)mw.whole, "evil") == NULL);
}

static void methods(void)
{
    static const char *const paths[] = { "device", "tenants", "containers", "inventory", "audit", "log", "trace",
                                         "containers/acme/blink", "containers/acme/blink/log" };
    manage_begin();
    for (uint32_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        for (uint8_t method = ATTO_COAP_POST; method <= ATTO_COAP_IPATCH; method++) {
            harness_case(i, method);
            if (method != ATTO_COAP_FETCH)
                EQUAL(ASK(.method = method, .path = paths[i], .payload = "x", .len = 1), ATTO_COAP_METHOD_NOT_ALLOWED);
        }
    }
    EQUAL(ASK(.method = ATTO_COAP_GET, .path = "install"), ATTO_COAP_METHOD_NOT_ALLOWED);
    EQUAL(ASK(.method = ATTO_COAP_PUT, .path = "command"), ATTO_COAP_METHOD_NOT_ALLOWED);
    EQUAL(ASK(.method = ATTO_COAP_GET, .path = "containers/acme/blink/call"), ATTO_COAP_METHOD_NOT_ALLOWED);
}

/* ---- keyed reading ---- */

static void keyed_reading(void)
{
    static const char *const paths[] = { "device", "tenants", "containers", "inventory", "audit", "log", "trace",
                                         "containers/acme/blink", "containers/acme/blink/log",
                                         "containers/acme/blink/rights", "containers/acme/blink/counters" };
    manage_begin();
    mw.config.reading_is_open = false;
    for (uint32_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char name[16] = "";
        memcpy(name, paths[i], strcspn(paths[i], "/"));
        bool of_tenants = i == 0u || i == 2u || i == 3u || i >= 7u, of_one = i >= 7u;
        harness_case(i, 0);
        EQUAL(manage_get(paths[i]), ATTO_COAP_UNAUTHORIZED);
        EQUAL(ASK(.method = ATTO_COAP_FETCH, .path = paths[i]), ATTO_COAP_BAD_REQUEST);
        EQUAL(manage_read(paths[i], name, "", &deploy_owner), ATTO_COAP_CONTENT);
        EQUAL(manage_read(paths[i], name, "acme", &suit_acme), of_tenants ? ATTO_COAP_CONTENT : ATTO_COAP_FORBIDDEN);
        EQUAL(manage_read(paths[i], name, "other", OTHER),
              !of_tenants ? ATTO_COAP_FORBIDDEN : of_one ? ATTO_COAP_NOT_FOUND : ATTO_COAP_CONTENT);
        /* Signed for something else, by somebody else, for another name of a tenant. */
        EQUAL(manage_read(paths[i], i == 0u ? "log" : "device", "", &deploy_owner), ATTO_COAP_UNPROCESSABLE_ENTITY);
        EQUAL(manage_read(paths[i], name, "", OTHER), ATTO_COAP_UNAUTHORIZED);
        EQUAL(manage_read(paths[i], name, "acme", OTHER), ATTO_COAP_UNAUTHORIZED);
        EQUAL(manage_read(paths[i], name, "nobody", OTHER), ATTO_COAP_UNAUTHORIZED);
    }
    EQUAL(manage_read("containers", "containers", "acme", &suit_acme), ATTO_COAP_CONTENT);
    EQUAL(look_count(LOOK()), 1);
    EQUAL(manage_read("containers", "containers", "other", OTHER), ATTO_COAP_CONTENT);
    EQUAL(look_count(LOOK()), 0);
    EQUAL(manage_read("inventory", "inventory", "other", OTHER), ATTO_COAP_CONTENT);
    EQUAL(look_count(LOOK()), 0);
    /* The counter does not go on; but one that is below it is not good any more. */
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_PAUSE, "acme", "blink", NULL, 0),
          ATTO_COAP_CHANGED);
    dw.counter--;
    EQUAL(manage_read("device", "device", "acme", &suit_acme), ATTO_COAP_CONFLICT);
    CHECK(manage_says("-105"));
}

static void a_read_is_no_other_command(void)
{
    uint8_t arguments[64], bytes[ATTO_COMMAND_MAX];
    manage_begin();
    uint32_t at = deploy_arguments(ATTO_COMMAND_STOP, "acme", "blink", NULL, 0, arguments);
    uint32_t len = deploy_sign("acme", &suit_acme, arguments, at, bytes);
    EQUAL(ASK(.method = ATTO_COAP_FETCH, .path = "device", .format = SEC, .payload = bytes, .len = len),
          ATTO_COAP_UNPROCESSABLE_ENTITY);
    EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_RUNNING);
}

/* ---- installing ---- */

static void install_in_blocks(void)
{
    for (uint32_t szx = 0; szx <= 6u; szx++) {
        harness_case(szx, 0);
        manage_begin_empty();
        deploy_pack("acme", "blink", 7, PROGRAM_SERVED, &suit_acme);
        EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len, szx), ATTO_COAP_CHANGED);
        CHECK(look_is_sound());
        EQUAL(mw.format, ATTO_COAP_FORMAT_CBOR);
        CHECK(look_text(LOOK(0), "acme"));
        CHECK(look_text(LOOK(1), "blink"));
        EQUAL(look_number(LOOK(2)), 7);
        EQUAL(look_number(LOOK(3)), ATTO_STATE_STARTING);
        manage_run(10);
        EQUAL(deploy_version("acme", "blink"), 7);
        EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len, szx), ATTO_COAP_CONFLICT);
        CHECK(manage_says("-105 last 7"));
        EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0),
              ATTO_COAP_CHANGED);
        EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len, szx), ATTO_COAP_CONFLICT);
        CHECK(manage_says("-105 last 7")); /* it is used up though nothing is there */
        EQUAL(mw.manage.task, ATTO_MANAGE_FREE);
    }
}

static void install_whole(void)
{
    manage_begin_empty();
    deploy_pack("", "own", 1, PROGRAM_GOOD, &deploy_owner);
    EQUAL(ASK(.method = ATTO_COAP_POST, .path = "install", .payload = dw.suit.bytes, .len = dw.suit.len),
          ATTO_COAP_CHANGED);
    CHECK(look_text(LOOK(0), ""));
    manage_run(10);
    EQUAL(deploy_version("", "own"), 1);
    manage_reset();
    manage_run(10);
    EQUAL(deploy_version("", "own"), 1);
}

static void refused_installs(void)
{
    manage_begin();
    deploy_pack("acme", "blink", 8, PROGRAM_GOOD, OTHER);
    EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len, 2), ATTO_COAP_UNAUTHORIZED);
    deploy_pack("acme", "blink", 8, PROGRAM_ALIEN, &suit_acme);
    EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len, 2), ATTO_COAP_UNPROCESSABLE_ENTITY);
    CHECK(manage_says("-41 at 4"));
    deploy_pack("nobody", "blink", 8, PROGRAM_GOOD, OTHER);
    EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len, 2), ATTO_COAP_UNAUTHORIZED);
    CHECK(manage_says("-102"));
    deploy_pack("acme", "blink", 8, PROGRAM_GOOD, &suit_acme);
    dw.suit.bytes[dw.suit.len - 1u] ^= 1u;
    EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len, 3), ATTO_COAP_UNPROCESSABLE_ENTITY);
    CHECK(manage_says("-104"));
    EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len - 1u, 3), ATTO_COAP_UNPROCESSABLE_ENTITY);
    CHECK(manage_says("-18"));
    EQUAL(ASK(.method = ATTO_COAP_POST, .path = "install"), ATTO_COAP_UNPROCESSABLE_ENTITY);
    EQUAL(ASK(.method = ATTO_COAP_POST, .path = "install", .payload = "nonsense", .len = 8), ATTO_COAP_BAD_REQUEST);
    CHECK(manage_says("-96 at 0"));
    EQUAL(deploy_version("acme", "blink"), 7);
    EQUAL(dw.slots.open, 0);
    EQUAL(mw.manage.task, ATTO_MANAGE_FREE);
}

/* The second one has to wait; it may push the first one out as long as nobody knows who that is. */
static void two_installs(void)
{
    static uint8_t first[SUIT_BYTES_MAX];
    manage_begin_empty();
    deploy_pack("acme", "one", 1, PROGRAM_GOOD, &suit_acme);
    memcpy(first, dw.suit.bytes, dw.suit.len);
    uint32_t len = dw.suit.len;
    deploy_pack("other", "two", 1, PROGRAM_GOOD, OTHER);
    EQUAL(manage_send_block(1, "install", first, len, 2, 0), ATTO_COAP_CONTINUE);
    EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 2), ATTO_COAP_SERVICE_UNAVAILABLE);
    CHECK(mw.max_age_s != UINT32_MAX && mw.max_age_s > 0u);
    manage_run(4000);
    EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 2), ATTO_COAP_CHANGED);
    EQUAL(manage_send_block(1, "install", first, len, 2, 64), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
    /* With its signature verified the first one stays, and is not pushed out. */
    uint32_t at = 0;
    while (mw.manage.task != ATTO_MANAGE_INSTALLS || mw.manage.work.installer.state != ATTO_INSTALL_IMAGE) {
        EQUAL(manage_send_block(1, "install", first, len, 2, at), ATTO_COAP_CONTINUE);
        at += 64u;
    }
    manage_run(4000);
    deploy_pack("other", "two", 2, PROGRAM_GOOD, OTHER);
    EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 2), ATTO_COAP_SERVICE_UNAVAILABLE);
    for (; at < len; at += 64u)
        manage_send_block(1, "install", first, len, 2, at);
    EQUAL(mw.message.code, ATTO_COAP_CHANGED);
    EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 2), ATTO_COAP_CHANGED);
    manage_run(10);
    EQUAL(deploy_version("acme", "one"), 1);
    EQUAL(deploy_version("other", "two"), 2);
}

static void half_an_install(void)
{
    manage_begin_empty();
    deploy_pack("acme", "one", 1, PROGRAM_GOOD, &suit_acme);
    for (uint32_t at = 0; at + 64u < dw.suit.len; at += 64u)
        EQUAL(manage_send_block(1, "install", dw.suit.bytes, dw.suit.len, 2, at), ATTO_COAP_CONTINUE);
    CHECK(dw.slots.open != 0u);
    manage_run(11000);
    EQUAL(dw.slots.open, 0);
    EQUAL(mw.manage.task, ATTO_MANAGE_FREE);
    /* The same client begins again in the middle. */
    EQUAL(manage_send_block(1, "install", dw.suit.bytes, dw.suit.len, 2, 0), ATTO_COAP_CONTINUE);
    EQUAL(manage_send(1, "install", dw.suit.bytes, dw.suit.len, 2), ATTO_COAP_CHANGED);
    EQUAL(dw.slots.open, 0);
}

/* ---- commands ---- */

static void commands(void)
{
    manage_begin();
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_PAUSE, "acme", "blink", NULL, 0),
          ATTO_COAP_CHANGED);
    EQUAL(mw.format, UINT32_MAX);
    EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_PAUSED);
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_PAUSE, "acme", "blink", NULL, 0),
          ATTO_COAP_CONFLICT);
    CHECK(manage_says("-2"));
    EQUAL(manage_order("command", ATTO_COAP_POST, "other", ATTO_COMMAND_RESUME, "acme", "blink", NULL, 0),
          ATTO_COAP_FORBIDDEN);
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_RESUME, "acme", "none", NULL, 0),
          ATTO_COAP_NOT_FOUND);
    EQUAL(manage_order("command", ATTO_COAP_POST, "", ATTO_COMMAND_RESUME, "acme", "blink", NULL, 0),
          ATTO_COAP_CHANGED);
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0),
          ATTO_COAP_CHANGED);
    EQUAL(manage_get("containers/acme/blink"), ATTO_COAP_NOT_FOUND);
    EQUAL(manage_get("containers"), ATTO_COAP_CONTENT);
    EQUAL(look_count(LOOK()), 0);
}

static void hostile_commands(void)
{
    uint8_t arguments[64], bytes[ATTO_COMMAND_MAX], long_one[ATTO_COMMAND_MAX + 1u];
    manage_begin();
    uint32_t at = deploy_arguments(ATTO_COMMAND_STOP, "acme", "blink", NULL, 0, arguments);
    uint32_t len = deploy_sign("acme", &suit_acme, arguments, at, bytes);
    /* Not signed, by another key, changed on the way. */
    EQUAL(ASK(.method = ATTO_COAP_POST, .path = "command", .format = SEC), ATTO_COAP_BAD_REQUEST);
    for (uint32_t i = 0; i < len; i++) {
        harness_case(i, 0);
        bytes[i] ^= 1u;
        CHECK(ATTO_COAP_CLASS(ASK(.method = ATTO_COAP_POST, .path = "command", .format = SEC, .payload = bytes,
                                  .len = len)) == 4u);
        bytes[i] ^= 1u;
    }
    deploy_sign("acme", OTHER, arguments, at, bytes);
    EQUAL(ASK(.method = ATTO_COAP_POST, .path = "command", .format = SEC, .payload = bytes, .len = len),
          ATTO_COAP_UNAUTHORIZED);
    EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_RUNNING);
    /* Replayed. */
    deploy_sign("acme", &suit_acme, arguments, at, bytes);
    EQUAL(ASK(.method = ATTO_COAP_POST, .path = "command", .format = SEC, .payload = bytes, .len = len),
          ATTO_COAP_CHANGED);
    EQUAL(ASK(.client = 1, .method = ATTO_COAP_POST, .path = "command", .format = SEC, .payload = bytes, .len = len),
          ATTO_COAP_CONFLICT);
    CHECK(manage_says("-105"));
    /* Too long, in one piece and in blocks. */
    memset(long_one, 0, sizeof long_one);
    EQUAL(ASK(.method = ATTO_COAP_POST, .path = "command", .format = SEC, .payload = long_one, .len = sizeof long_one),
          ATTO_COAP_REQUEST_ENTITY_TOO_LARGE);
    EQUAL(mw.size1, ATTO_COMMAND_MAX);
    EQUAL(manage_send(1, "command", long_one, sizeof long_one, 4), ATTO_COAP_REQUEST_ENTITY_TOO_LARGE);
    EQUAL(mw.manage.task, ATTO_MANAGE_FREE);
}

static void command_in_blocks(void)
{
    uint8_t arguments[64], bytes[ATTO_COMMAND_MAX];
    for (uint32_t szx = 0; szx <= 4u; szx++) {
        harness_case(szx, 0);
        manage_begin();
        uint32_t at = deploy_arguments(ATTO_COMMAND_STOP, "acme", "blink", NULL, 0, arguments);
        uint32_t len = deploy_sign("acme", &suit_acme, arguments, at, bytes);
        EQUAL(manage_send(3, "command", bytes, len, szx), ATTO_COAP_CHANGED);
        EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_STOPPED);
        EQUAL(mw.manage.task, ATTO_MANAGE_FREE);
    }
}

/* ---- calls and resources of containers ---- */

static void calls(void)
{
    static const uint8_t add[] = { 0x4e, 0x82, 0x63, 'a', 'd', 'd', 0x48, 41, 0, 0, 0, 0, 0, 0, 0 };
    static const uint8_t none[] = { 0x47, 0x82, 0x64, 'n', 'o', 'n', 'e', 0x40 };
    static const uint8_t wrong[] = { 0x43, 0x82, 0x01, 0x40 };
    manage_begin();
    EQUAL(manage_order("containers/acme/blink/call", ATTO_COAP_POST, "acme", ATTO_COMMAND_CALL, "acme", "blink", add,
                       sizeof add), ATTO_COAP_CHANGED);
    CHECK(look_is_sound());
    EQUAL(look_count(LOOK()), 3);
    EQUAL(look_number(LOOK(0)), ATTO_OK);
    EQUAL(look_number(LOOK(1)), 42);
    CHECK(look_bytes(LOOK(2), "\x2a\0\0\0\0\0\0\0", 8));
    EQUAL(manage_order("command", ATTO_COAP_POST, "", ATTO_COMMAND_CALL, "acme", "blink", add, sizeof add),
          ATTO_COAP_CHANGED);
    EQUAL(look_number(LOOK(1)), 42);
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_CALL, "acme", "blink", none, sizeof none),
          ATTO_COAP_NOT_FOUND);
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_CALL, "acme", "blink", wrong, sizeof wrong),
          ATTO_COAP_BAD_REQUEST);
    EQUAL(manage_order("command", ATTO_COAP_POST, "other", ATTO_COMMAND_CALL, "acme", "blink", add, sizeof add),
          ATTO_COAP_FORBIDDEN);
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_STOP, "acme", "blink", NULL, 0),
          ATTO_COAP_CHANGED);
    EQUAL(manage_order("command", ATTO_COAP_POST, "acme", ATTO_COMMAND_CALL, "acme", "blink", add, sizeof add),
          ATTO_COAP_CONFLICT);
    CHECK(manage_says("-6"));
}

static void app(void)
{
    static const uint8_t rights[] = { 0x46, 0xa1, 8, 0x81, 0x82, 1, 1 };
    manage_begin_empty();
    EQUAL(deploy_install("", "web", 1, PROGRAM_SERVED), ATTO_OK);
    manage_run(10);
    EQUAL(ASK(.method = ATTO_COAP_GET, .path = "app/-/web/xyz"), ATTO_COAP_NOT_FOUND); /* it has no right */
    EQUAL(manage_order("command", ATTO_COAP_POST, "", ATTO_COMMAND_SET_RIGHTS, "", "web", rights, sizeof rights),
          ATTO_COAP_CHANGED);
    EQUAL(ASK(.method = ATTO_COAP_GET, .path = "app/-/web/xyz"), ATTO_COAP_CONTENT);
    EQUAL(mw.format, UINT32_MAX);
    EQUAL(mw.message.payload.len, 3);
    CHECK(memcmp(mw.message.payload.ptr, "\x01xy", 3) == 0);
    EQUAL(ASK(.method = ATTO_COAP_PUT, .path = "app/-/web/a/b", .format = 1, .payload = "q", .len = 1),
          ATTO_COAP_CONTENT);
    CHECK(memcmp(mw.message.payload.ptr, "\x03" "a/", 3) == 0);
    EQUAL(ASK(.method = ATTO_COAP_GET, .path = "app/-/none"), ATTO_COAP_NOT_FOUND);
    EQUAL(ASK(.method = ATTO_COAP_GET, .path = "app/-/web/a-path-that-is-longer-than-32-bytes"), ATTO_COAP_NOT_FOUND);
    EQUAL(ASK(.method = ATTO_COAP_PUT, .path = "app/-/web", .payload = dw.suit.bytes, .len = 89),
          ATTO_COAP_REQUEST_ENTITY_TOO_LARGE);
    EQUAL(mw.size1, 88);
    /* The right is taken away. */
    EQUAL(manage_order("command", ATTO_COAP_POST, "", ATTO_COMMAND_SET_RIGHTS, "", "web", "\x43\xa1\x08\x80", 4),
          ATTO_COAP_CHANGED);
    EQUAL(ASK(.method = ATTO_COAP_GET, .path = "app/-/web/xyz"), ATTO_COAP_NOT_FOUND);
}

/* ---- observing ---- */

static void observers(void)
{
    manage_begin();
    EQUAL(ASK(.client = 1, .method = ATTO_COAP_GET, .path = "containers/acme/blink", .observe = 1), ATTO_COAP_CONTENT);
    CHECK(mw.observe != UINT32_MAX);
    EQUAL(ASK(.client = 2, .method = ATTO_COAP_GET, .path = "containers/acme/blink/log", .observe = 1),
          ATTO_COAP_CONTENT);
    CHECK(mw.observe != UINT32_MAX);
    manage_run(3000);
    uint32_t sent = mw.sent;
    manage_run(3000);
    EQUAL(mw.sent, sent); /* nothing has changed */
    EQUAL(deploy_install("acme", "second", 1, PROGRAM_GOOD), ATTO_OK);
    manage_run(3000);
    EQUAL(mw.sent, sent); /* with another one */
    EQUAL(deploy_order("acme", ATTO_COMMAND_PAUSE, "acme", "blink", NULL, 0), ATTO_OK);
    manage_run(10);
    EQUAL(mw.sent, sent + 1u);
    EQUAL(mw.to, 1);
    EQUAL(mw.message.code, ATTO_COAP_CONTENT);
    EQUAL(look_number(LOOK(2)), ATTO_STATE_PAUSED);
    EQUAL(deploy_order("acme", ATTO_COMMAND_RESUME, "acme", "blink", NULL, 0), ATTO_OK);
    manage_run(3000);
    say(1);
    manage_run(10);
    EQUAL(mw.to, 2);
    EQUAL(look_count(LOOK(1)), 1);
    EQUAL(deploy_order("acme", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0), ATTO_OK);
    manage_run(3000);
    EQUAL(mw.message.code, ATTO_COAP_NOT_FOUND); /* and observes no more */
    CHECK(mw.observe == UINT32_MAX);
}

static const struct harness_test tests[] = {
    TEST(device, "The device tells who it is and what it has."),
    TEST(tenants, "Tenants are listed with keys, counters and ceilings, the owner first."),
    TEST(containers, "Containers are listed, and each is told in full; what is not there is not found."),
    TEST(failed_container, "One that failed is there, and has nothing that only the engine has."),
    TEST(postmortems, "A post-mortem is told, and after a reset too."),
    TEST(rights_schedule_limits,
         "Rights and schedule are read as they are set, and set for the named container alone."),
    TEST(counters, "Counters are a pack of SenML."),
    TEST(logs, "Lines come from any number on, as many as fit a block, without gaps."),
    TEST(log_of_one, "A container's log has its lines alone."),
    TEST(traces, "The trace comes from any number on."),
    TEST(audit_and_inventory, "Refusals are in the audit trail; the inventory has digests of images and rights."),
    TEST(links, "The resources are listed for discovery, where reading is not open too."),
    TEST(methods, "What cannot be done with a resource is refused."),
    TEST(keyed_reading, "Where reading is not open, who reads must sign, and a tenant reads what is its own."),
    TEST(a_read_is_no_other_command, "A FETCH carries out nothing but a READ."),
    TEST(install_in_blocks, "An envelope in blocks of every size is installed, once."),
    TEST(install_whole, "An envelope in one piece is installed, and stays."),
    TEST(refused_installs, "Envelopes that are refused change nothing, and why is told as a number."),
    TEST(two_installs, "A second install waits; who is not verified has no claim to the installer for long."),
    TEST(half_an_install, "Half an envelope leaves no slot behind."),
    TEST(commands, "Commands are done, or refused with a code for each kind of reason."),
    TEST(hostile_commands, "No command that is forged, changed, replayed or too long is done."),
    TEST(command_in_blocks, "A command may come in blocks."),
    TEST(calls, "An entry point is called, and its result and context come back."),
    TEST(app, "A container serves requests of its own if it may."),
    TEST(observers, "Who observes is told what has changed, and of nothing else."),
};
HARNESS_MAIN(tests)
