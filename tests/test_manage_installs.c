/* The one installer of a device and who may have it: one at a time, but nobody for long, and those who can show a good
 * signature before those who cannot.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "harness.h"
#include "manage_world.h"
#include "rng.h"

#define SEC (ATTO_COAP_FORMAT_COSE_SIGN1 + 1u)
#define OTHER (&suit_other)
#define REVOKE "\x05\x0a\x06\x81"
#define NEW_KEY "\x05\x08\x06\x81\x58\x28\xa3\x01\x01\x20\x06\x21\x58\x20" "0123456789abcdef0123456789abcdef"

/* Makes the envelope of acme/one that comes first, in `bytes`; returns how long it is. */
static uint32_t pack_first(uint8_t *bytes, enum deploy_program program)
{
    deploy_pack("acme", "one", 1, program, &suit_acme);
    memcpy(bytes, dw.suit.bytes, dw.suit.len);
    return dw.suit.len;
}

/* The second one has to wait; it may push the first one out as long as nobody knows who that is. */
static void two_installs(void)
{
    static uint8_t first[SUIT_BYTES_MAX];
    manage_begin_empty();
    uint32_t len = pack_first(first, PROGRAM_GOOD);
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

/* Sends blocks of 16 bytes until the signature was verified; how many bytes that took. */
static uint32_t begin_image(const uint8_t *bytes, uint32_t len)
{
    uint32_t at = 0;
    while (at < len && (mw.manage.task != ATTO_MANAGE_INSTALLS || mw.manage.work.installer.state != ATTO_INSTALL_IMAGE)) {
        if (manage_send_block(1, "install", bytes, len, 0, at) != ATTO_COAP_CONTINUE)
            harness_fail(__FILE__, __LINE__, "a good envelope goes on");
        at += 16u;
    }
    return at;
}

/* An envelope whose signature holds does not wait for one of which nothing is known; the owner's for none but his own. */
static void good_signatures_first(void)
{
    static uint8_t first[SUIT_BYTES_MAX];
    manage_begin_empty();
    uint32_t len = pack_first(first, PROGRAM_SERVED);
    EQUAL(manage_send_block(1, "install", first, len, 2, 0), ATTO_COAP_CONTINUE);
    deploy_pack("other", "two", 1, PROGRAM_GOOD, &suit_acme); /* no key of theirs */
    EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_SERVICE_UNAVAILABLE);
    deploy_pack("other", "two", 1, PROGRAM_GOOD, OTHER);
    EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_CHANGED);
    EQUAL(manage_send_block(1, "install", first, len, 2, 64), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
    uint32_t at = begin_image(first, len);
    EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_SERVICE_UNAVAILABLE); /* the same again */
    deploy_pack("other", "two", 2, PROGRAM_GOOD, OTHER);
    EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_SERVICE_UNAVAILABLE);
    EQUAL(manage_send_block(1, "install", first, len, 0, at), ATTO_COAP_CONTINUE);
    deploy_pack("", "own", 1, PROGRAM_GOOD, &deploy_owner);
    EQUAL(manage_send(3, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_CHANGED);
    EQUAL(manage_send_block(1, "install", first, len, 0, at + 16u), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
    begin_image(first, len);
    EQUAL(manage_send(3, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_SERVICE_UNAVAILABLE); /* a replay */
    EQUAL(mw.manage.work.installer.state, ATTO_INSTALL_IMAGE);
}

/* Nor does who has seen an envelope of the owner's hold tenants up by sending it again and again: one that this device would
 * not install, or had too often. */
static void good_signatures_of_no_use(void)
{
    struct atto_identity another = suit_identity;
    static uint8_t first[SUIT_BYTES_MAX], owners[SUIT_BYTES_MAX];
    manage_begin_empty();
    EQUAL(deploy_install("acme", "one", 1, PROGRAM_SERVED), ATTO_OK); /* tries are counted for each component */
    deploy_pack("", "own", 1, PROGRAM_GOOD, &deploy_owner);
    uint32_t owners_len = dw.suit.len;
    memcpy(owners, dw.suit.bytes, owners_len);
    owners[owners_len - 1u] ^= 1u; /* its image is not good, and it is never used up */
    another.class_id[0] ^= 1u;
    for (uint32_t i = 0; i < ATTO_INSTALL_TRIES + 3u; i++) {
        harness_case(i, 0);
        deploy_pack("acme", "one", 2u + i, PROGRAM_SERVED, &suit_acme);
        memcpy(first, dw.suit.bytes, dw.suit.len);
        begin_image(first, dw.suit.len);
        dw.config.identity = &another;
        EQUAL(manage_send(3, "install", owners, owners_len, 6), ATTO_COAP_SERVICE_UNAVAILABLE);
        dw.config.identity = &suit_identity;
        EQUAL(manage_send(3, "install", owners, owners_len, 6),
              i < ATTO_INSTALL_TRIES ? ATTO_COAP_UNPROCESSABLE_ENTITY : ATTO_COAP_SERVICE_UNAVAILABLE);
    }
}

/* Who goes on slowly, but never stops, has ATTO_INSTALL_SECONDS. */
static void slow_installs(void)
{
    static uint8_t first[SUIT_BYTES_MAX];
    manage_begin_empty();
    uint32_t len = pack_first(first, PROGRAM_SERVED), at = begin_image(first, len);
    deploy_pack("other", "two", 1, PROGRAM_GOOD, OTHER);
    for (uint32_t s = 9; s < ATTO_INSTALL_SECONDS; s += 9u, at += 16u) {
        manage_run(9000);
        EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_SERVICE_UNAVAILABLE);
        EQUAL(manage_send_block(1, "install", first, len, 0, at), ATTO_COAP_CONTINUE);
    }
    manage_run(9000);
    EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_CHANGED);
    EQUAL(manage_send_block(1, "install", first, len, 0, at), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
}

static uint32_t send_command(const char *tenant, const void *arguments, uint32_t len)
{
    uint8_t bytes[ATTO_COMMAND_MAX];
    uint32_t total = deploy_sign(tenant, deploy_key(tenant), arguments, len, bytes);
    dw.counter++;
    return ASK(.client = 9, .method = ATTO_COAP_POST, .path = "command", .format = SEC, .payload = bytes, .len = total);
}

/* A tenant whose key goes has no install any more. */
static void keys_end_installs(void)
{
    for (uint32_t round = 0; round < 2u; round++) {
        harness_case(round, 0);
        manage_begin_empty();
        deploy_pack("acme", "one", 1, PROGRAM_SERVED, &suit_acme);
        uint32_t at = begin_image(dw.suit.bytes, dw.suit.len);
        EQUAL(send_command("", REVOKE "\x65other", sizeof REVOKE + 5u), ATTO_COAP_CHANGED);
        EQUAL(mw.manage.task, ATTO_MANAGE_INSTALLS); /* not his */
        if (round == 0u)
            EQUAL(send_command("", REVOKE "\x64" "acme", sizeof REVOKE + 4u), ATTO_COAP_CHANGED);
        else
            EQUAL(send_command("acme", NEW_KEY, sizeof NEW_KEY - 1u), ATTO_COAP_CHANGED);
        EQUAL(mw.manage.task, ATTO_MANAGE_FREE);
        EQUAL(dw.slots.open, 0);
        EQUAL(manage_send_block(1, "install", dw.suit.bytes, dw.suit.len, 0, at), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
    }
}

static struct atto_coap_client client;

static enum atto_status fetch(struct atto_coap_client *by, struct atto_span uri)
{
    (void)uri;
    by->requester.entry.state = 1; /* until somebody gives up */
    return ATTO_OK;
}

/* An envelope of "one" whose image a server far away has, which never answers. */
static uint32_t begin_fetch(void)
{
    mw.config.fetch = fetch;
    mw.config.client = &client;
    deploy_pack("acme", "one", 1, PROGRAM_SERVED, &suit_acme);
    SUIT_SET(&dw.suit, SUIT_MAP, "\xa2");
    SUIT_SET(&dw.suit, SUIT_IMAGE_KEY, "");
    SUIT_SET(&dw.suit, SUIT_IMAGE, "");
    SUIT_SET(&dw.suit, SUIT_INSTALL, "\x86\x14\xa1\x15\x6f" "coap://host/img" "\x15\x02\x03\x0f");
    suit_build(&dw.suit, &suit_acme);
    manage_send(1, "install", dw.suit.bytes, dw.suit.len, 6);
    return mw.manage.task;
}

/* A fetch ends as an install does: after ATTO_INSTALL_SECONDS if another one waits, for the owner, and with its key. */
static void slow_fetches(void)
{
    for (uint32_t round = 0; round < 3u; round++) {
        harness_case(round, 0);
        manage_begin_empty();
        EQUAL(begin_fetch(), ATTO_MANAGE_FETCHES);
        manage_run(ATTO_INSTALL_SECONDS * 1000u - 1000u);
        deploy_pack("other", "two", 1, PROGRAM_GOOD, OTHER);
        EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_SERVICE_UNAVAILABLE);
        EQUAL(client.requester.entry.state, 1);
        if (round == 0u) {
            manage_run(1500);
            EQUAL(manage_send(2, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_CHANGED);
        } else if (round == 1u) {
            deploy_pack("", "own", 1, PROGRAM_GOOD, &deploy_owner);
            EQUAL(manage_send(3, "install", dw.suit.bytes, dw.suit.len, 6), ATTO_COAP_CHANGED);
        } else {
            EQUAL(send_command("", REVOKE "\x64" "acme", sizeof REVOKE + 4u), ATTO_COAP_CHANGED);
        }
        EQUAL(mw.manage.task, ATTO_MANAGE_FREE);
        EQUAL(client.requester.entry.state, 0);
        EQUAL(dw.slots.open, 0);
    }
}

/* What cannot become a head is refused with its first block, and does not hold the installer. */
static void garbage_heads(void)
{
    static uint8_t bytes[64 * 2];
    struct rng rng = { harness_seed() };
    manage_begin_empty();
    deploy_pack("acme", "one", 1, PROGRAM_GOOD, &suit_acme);
    for (uint32_t i = 1; i < 200u; i++) {
        harness_case(i, 0);
        memcpy(bytes, dw.suit.bytes, sizeof bytes);
        if (i < 4u)
            bytes[i] ^= 0x10u; /* of tag, map or key */
        for (uint32_t at = 0; i >= 4u && at < sizeof bytes; at++)
            bytes[at] = (uint8_t)rng_next(&rng);
        uint32_t code = manage_send_block(1, "install", bytes, sizeof bytes, 2, 0);
        const uint32_t type = bytes[0] / 32u;
        if (i < 4u || (type != 2u && type != 3u && type != 6u)) /* a string, or one behind a tag, may be cut off */
            EQUAL(code, ATTO_COAP_BAD_REQUEST);
        EQUAL(mw.manage.task, code == ATTO_COAP_CONTINUE ? ATTO_MANAGE_INSTALLS : ATTO_MANAGE_FREE);
        EQUAL(ASK(.client = 3, .method = ATTO_COAP_POST, .path = "install", .payload = "x", .len = 1),
              code == ATTO_COAP_CONTINUE ? ATTO_COAP_SERVICE_UNAVAILABLE : ATTO_COAP_BAD_REQUEST);
        atto_manage_abandon(&mw.manage, mw.manage.transfer);
    }
    EQUAL(dw.slots.open, 0);
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

static const struct harness_test tests[] = {
    TEST(two_installs, "A second install waits; who is not verified has no claim to the installer for long."),
    TEST(good_signatures_first, "A good signature pushes out what has none yet, and the owner's a tenant's; a replay nothing."),
    TEST(good_signatures_of_no_use, "An envelope that this device would not install pushes nothing out."),
    TEST(slow_installs, "A slow install holds the installer for ATTO_INSTALL_SECONDS at most, if another one wants it."),
    TEST(keys_end_installs, "With its key a tenant's install ends."),
    TEST(slow_fetches, "A fetch that does not end is given up as a slow install is."),
    TEST(garbage_heads, "What cannot become a head is refused at once."),
    TEST(half_an_install, "Half an envelope leaves no slot behind."),
};
HARNESS_MAIN(tests)
