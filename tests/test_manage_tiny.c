/* TinyContainerNetwork's requests, by their options and codes: what they do where the owner lets them, and that
 * without a signature they do nothing where he does not.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "harness.h"
#include "manage_world.h"
#include "tinycontainer_bytes.h"

static const uint64_t code[] = { MOV(0, 7), EXIT };
static const uint8_t data[] = { 1, 2, 3 };
static struct tiny_bytes tiny;
static const char *query; /* of requests; NULL: none */
/* A key that the device does not know. */
static const struct atto_key nobody = { ATTO_EDDSA, { NULL, 0 }, (const uint8_t *)"nobody's public key of 32 bytes.",
                                       NULL };

static void hash_token(uint8_t *token, const struct atto_key *key, const void *bytes, uint32_t len)
{
    uint8_t digest[32], signature[64] = { 0 };
    struct atto_sha256 hash;
    suit_crypto.sha256_begin(NULL, &hash);
    suit_crypto.sha256_add(NULL, &hash, bytes, len);
    suit_crypto.sha256_end(NULL, &hash, digest);
    tiny_hash_token(token, digest, signature);
    suit_sign(key, token + TINY_PAYLOAD_AT, TINY_PAYLOAD_BYTES, token + TINY_TOKEN_BYTES - 64u);
}

/* Metadata of "demo", a loop of one second, with the right to read of endpoint 0; signed with this key. */
static void build(const struct atto_key *key)
{
    static uint8_t mask[76], tokens[3][TINY_TOKEN_BYTES];
    uint8_t signature[64] = { 0 };
    tiny_begin(&tiny);
    tiny_set(&tiny, TINY_ENDPOINTS, "\x81\xa4\x01\x01\x02\x01\x04\x00\x05\x01", 10);
    tiny_mask_token(mask, 0x1f, signature);
    suit_sign(key, mask + 4, TINY_MASK_PAYLOAD_BYTES, mask + 12);
    hash_token(tokens[0], key, data, sizeof data);
    hash_token(tokens[1], key, code, sizeof code);
    tiny_set(&tiny, TINY_MASK, mask, sizeof mask);
    tiny_set(&tiny, TINY_DATA, tokens[0], TINY_TOKEN_BYTES);
    tiny_set(&tiny, TINY_CODE, tokens[1], TINY_TOKEN_BYTES);
    tiny_build(&tiny);
    hash_token(tokens[2], key, tiny.bytes, tiny.len - TINY_TOKEN_BYTES);
    tiny_set(&tiny, TINY_METADATA, tokens[2], TINY_TOKEN_BYTES);
    tiny_build(&tiny);
}

static void begin(bool is_unsigned)
{
    query = NULL;
    manage_begin_empty();
    mw.config.more = atto_manage_tinycontainer;
    mw.config.tinycontainer_unsigned = is_unsigned;
    mw.server_config.own_option = ATTO_TINYCONTAINER_OPTION;
    mw.server_config.own_options = ATTO_TINYCONTAINER_OPTIONS;
}

/* Which options a request has. */
enum { WITH_METADATA = 1, WITH_DATA = 2, WITH_CODE = 4, WITH_UID = 8, WITH_ALL = 7 };

static uint32_t ask(uint8_t method, uint32_t action, uint32_t with)
{
    static uint8_t bytes[1200];
    struct atto_coap_writer writer = { bytes, sizeof bytes, 0, 0 };
    const struct atto_coap_peer peer = { { 1 } };
    uint32_t sent = mw.sent;
    atto_coap_begin(&writer, ATTO_COAP_CON, method, ++mw.next_id, NULL, 0);
    atto_coap_put(&writer, ATTO_COAP_URI_PATH, "container", 9);
    atto_coap_put(&writer, ATTO_COAP_URI_PATH, "", 0);
    if (query != NULL)
        atto_coap_put(&writer, ATTO_COAP_URI_QUERY, query, (uint32_t)strlen(query));
    if (action != 0u)
        atto_coap_put_uint(&writer, 65001, action);
    if ((with & WITH_METADATA) != 0u)
        atto_coap_put(&writer, 65002, tiny.bytes, tiny.len);
    if ((with & WITH_DATA) != 0u)
        atto_coap_put(&writer, 65003, data, sizeof data);
    if ((with & WITH_CODE) != 0u)
        atto_coap_put(&writer, 65004, code, sizeof code);
    if ((with & WITH_UID) != 0u)
        atto_coap_put(&writer, 65005, "demo", 4);
    atto_coap_server_input(&mw.server, &peer, bytes, writer.len);
    return mw.sent == sent + 1u ? mw.message.code : 0u;
}

/* The value of the option STATUS in the answer; UINT32_MAX: there is none. */
static uint32_t status_option(void)
{
    struct atto_coap_options walk = atto_coap_options_of(&mw.message);
    struct atto_coap_option option;
    while (atto_coap_next(&walk, &option)) {
        if (option.number == 65006u)
            return atto_coap_uint(option.value);
    }
    return UINT32_MAX;
}

static void whole_life(void)
{
    begin(true);
    build(&nobody);
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_CREATED);
    EQUAL(ask(ATTO_COAP_GET, 3, WITH_UID), ATTO_COAP_CONTENT);
    EQUAL(status_option(), 0);
    EQUAL(ask(ATTO_COAP_PUT, 2, WITH_UID), ATTO_COAP_CHANGED);
    manage_run(2500);
    EQUAL(ask(ATTO_COAP_GET, 3, WITH_UID), ATTO_COAP_CONTENT);
    EQUAL(status_option(), 1);
    EQUAL(world_info(&dw.world, deploy_container("", "demo")).counters.activations, 3);
    EQUAL(manage_get("containers/-/demo/schedule"), ATTO_COAP_CONTENT);
    EQUAL(look_number(LOOK(7, 2)), 1000000);
    EQUAL(manage_get("containers/-/demo/rights"), ATTO_COAP_CONTENT);
    EQUAL(look_count(LOOK(8)), 1);
    EQUAL(look_number(LOOK(8, 0, 1)), ATTO_OPERATION_READ);
    EQUAL(ask(ATTO_COAP_PUT, 4, WITH_UID), ATTO_COAP_CHANGED);
    EQUAL(ask(ATTO_COAP_GET, 3, WITH_UID), ATTO_COAP_CONTENT);
    EQUAL(status_option(), 0);
    EQUAL(ask(ATTO_COAP_PUT, 2, WITH_UID), ATTO_COAP_CHANGED);
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_INTERNAL_SERVER_ERROR); /* it has to be deleted first */
    EQUAL(ask(ATTO_COAP_DELETE, 5, WITH_UID), ATTO_COAP_DELETED);
    EQUAL(ask(ATTO_COAP_DELETE, 5, WITH_UID), ATTO_COAP_INTERNAL_SERVER_ERROR);
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_CREATED);
    EQUAL(dw.slots.open, 0);
    CHECK(dw.deploy.config != NULL && dw.world.lock_errors == 0u);
}

static void refusals(void)
{
    begin(true);
    build(&nobody);
    EQUAL(ask(ATTO_COAP_PUT, 1, WITH_ALL), ATTO_COAP_METHOD_NOT_ALLOWED);
    EQUAL(ask(ATTO_COAP_POST, 2, WITH_UID), ATTO_COAP_METHOD_NOT_ALLOWED);
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_METADATA | WITH_DATA), ATTO_COAP_BAD_OPTION);
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_METADATA | WITH_CODE), ATTO_COAP_BAD_OPTION);
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_DATA | WITH_CODE), ATTO_COAP_BAD_OPTION);
    EQUAL(ask(ATTO_COAP_POST, 0, 0), ATTO_COAP_BAD_OPTION);
    EQUAL(ask(ATTO_COAP_POST, 6, 0), ATTO_COAP_BAD_OPTION);
    EQUAL(ask(ATTO_COAP_PUT, 2, 0), ATTO_COAP_INTERNAL_SERVER_ERROR);
    for (uint32_t i = 0; i < tiny.len; i++) { /* each byte of the metadata: refused, or still a container */
        harness_case(i, 0);
        tiny.bytes[i] ^= 0x10u;
        uint32_t answer = ask(ATTO_COAP_POST, 1, WITH_ALL);
        CHECK(answer == ATTO_COAP_CREATED || answer == ATTO_COAP_INTERNAL_SERVER_ERROR);
        if (answer == ATTO_COAP_CREATED)
            ask(ATTO_COAP_DELETE, 5, WITH_UID);
        tiny.bytes[i] ^= 0x10u;
    }
    EQUAL(dw.slots.open, 0);
    mw.server_config.own_options = 0; /* a server that was not told of the options */
    EQUAL(ask(ATTO_COAP_GET, 3, WITH_UID), ATTO_COAP_BAD_OPTION);
}

static void without_a_signature(void)
{
    begin(false);
    build(&nobody);
    tiny.bytes[tiny.len - 1u] ^= 1u; /* the last token holds no more */
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_UNAUTHORIZED);
    build(&nobody);
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_UNAUTHORIZED);
    EQUAL(deploy_install("", "demo", 1, PROGRAM_GOOD), ATTO_OK);
    manage_run(10);
    EQUAL(ask(ATTO_COAP_PUT, 2, WITH_UID), ATTO_COAP_UNAUTHORIZED);
    EQUAL(ask(ATTO_COAP_PUT, 4, WITH_UID), ATTO_COAP_UNAUTHORIZED);
    EQUAL(ask(ATTO_COAP_DELETE, 5, WITH_UID), ATTO_COAP_UNAUTHORIZED);
    EQUAL(world_info(&dw.world, deploy_container("", "demo")).state, ATTO_STATE_RUNNING);
    mw.config.reading_is_open = false;
    EQUAL(ask(ATTO_COAP_GET, 3, WITH_UID), ATTO_COAP_UNAUTHORIZED);
}

static void with_a_signature(void)
{
    begin(false);
    build(&suit_acme);
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_UNAUTHORIZED); /* not the owner's key */
    query = "tenant=other";
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_UNAUTHORIZED);
    query = "tenant=nobody";
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_UNAUTHORIZED);
    query = "tenant=acme";
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_CREATED);
    CHECK(deploy_container("acme", "demo") != NULL);
    query = NULL;
    EQUAL(deploy_order("acme", ATTO_COMMAND_START, "acme", "demo", NULL, 0), ATTO_OK);
    manage_run(100);
    EQUAL(ask(ATTO_COAP_GET, 3, WITH_UID), ATTO_COAP_CONTENT);
    EQUAL(status_option(), 1);
    /* What is signed is no business of those who sign nothing, even where they may do something. */
    mw.config.tinycontainer_unsigned = true;
    EQUAL(ask(ATTO_COAP_PUT, 4, WITH_UID), ATTO_COAP_INTERNAL_SERVER_ERROR);
    EQUAL(ask(ATTO_COAP_DELETE, 5, WITH_UID), ATTO_COAP_INTERNAL_SERVER_ERROR);
    /* It stays over a reset, as everything that is deployed. */
    manage_reset();
    CHECK(deploy_container("acme", "demo") != NULL);
    EQUAL(world_info(&dw.world, deploy_container("acme", "demo")).state, ATTO_STATE_RUNNING);
}

static uint32_t verified;

static bool count_and_verify(void *user, const struct atto_key *key, struct atto_span message, const uint8_t *signature)
{
    verified++;
    return suit_crypto.verify(user, key, message, signature);
}

/* Who signs nothing costs the device one verification, however many keys it has. */
static void one_verification(void)
{
    static const char *const queries[] = { NULL, "tenant=acme", "tenant=", "tenant=nobody" };
    static struct atto_crypto crypto;
    begin(false);
    crypto = suit_crypto;
    crypto.verify = count_and_verify;
    dw.config.crypto = &crypto;
    build(&nobody);
    for (uint32_t i = 0; i < 4u; i++) {
        harness_case(i, 0);
        query = queries[i];
        verified = 0;
        EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_UNAUTHORIZED);
        EQUAL(verified, i < 3u);
    }
    build(&deploy_owner);
    query = NULL;
    EQUAL(ask(ATTO_COAP_POST, 1, WITH_ALL), ATTO_COAP_CREATED);
    CHECK(deploy_container("", "demo") != NULL);
}

/* None of this comes in blocks. */
static void no_blocks(void)
{
    begin(true);
    for (uint8_t method = ATTO_COAP_GET; method <= ATTO_COAP_DELETE; method++)
        EQUAL(ASK(.method = method, .path = "container", .payload = "0123456789abcdef", .len = 16, .block1 = 8u + 1u),
              ATTO_COAP_BAD_OPTION);
}

static void device_id(void)
{
    begin(true);
    EQUAL(ASK(.method = ATTO_COAP_GET, .path = "device-id"), ATTO_COAP_CONTENT);
    EQUAL(mw.message.payload.len, 16);
    EQUAL(ASK(.method = ATTO_COAP_POST, .path = "device-id", .payload = "x", .len = 1), ATTO_COAP_METHOD_NOT_ALLOWED);
    EQUAL(ASK(.method = ATTO_COAP_GET, .path = "other"), ATTO_COAP_NOT_FOUND);
}

static const struct harness_test tests[] = {
    TEST(whole_life, "A container is loaded, started, asked for, stopped and deleted, by options and codes."),
    TEST(refusals, "What is missing, wrong or changed is refused, and leaves nothing behind."),
    TEST(without_a_signature, "Without a signature nothing is changed."),
    TEST(with_a_signature,
         "Tokens that hold under a tenant's key make it the tenant's container, which commands rule."),
    TEST(one_verification, "Without a signature a load costs one verification, whatever it says."),
    TEST(no_blocks, "Requests in blocks are refused."),
    TEST(device_id, "The device's id is read, and not written."),
};
HARNESS_MAIN(tests)
