/* Fuzz target: bytes as TinyContainer metadata, in a block of exactly their size. What is accepted must be readable to
 * the end and within its limits, what it becomes as well; its tokens are verified with a hash and a signature that read
 * every byte that they are handed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "atto/tinycontainer.h"
#include "require.h"

static uint8_t sum_of(const uint8_t *bytes, uint32_t len)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum;
}

static void hash_by_sum(void *context, const uint8_t *bytes, uint32_t len, uint8_t *hash)
{
    uint32_t *hashes = context;
    ++*hashes;
    memset(hash, sum_of(bytes, len), ATTO_TINYCONTAINER_HASH_BYTES);
}

/* Anything but all zeros is a signature, so that the hashes are looked at. */
static bool verify_by_sum(void *context, const uint8_t *message, uint32_t len, const uint8_t *signature)
{
    (void)context;
    require(len >= 6u, "length of a message");
    sum_of(message, len);
    return sum_of(signature, ATTO_TINYCONTAINER_SIGNATURE_BYTES) != 0;
}

static void read_token(const struct atto_tinycontainer_token *token, struct atto_span bytes, uint32_t least,
                       uint32_t most)
{
    require(inside(token->payload, bytes) && inside(token->claim, token->payload), "a claim");
    require(inside(token->signature, bytes) && token->signature.len == (token->mac ? 32u : 64u), "a signature");
    require(token->claim.len >= least && token->claim.len <= most, "length of a claim");
}

static void read_tokens(const struct atto_tinycontainer *tiny, struct atto_span bytes)
{
    read_token(&tiny->mask_token, bytes, 1, 4);
    if (!tiny->secured)
        return;
    read_token(&tiny->data_token, bytes, 32, 32);
    read_token(&tiny->code_token, bytes, 32, 32);
    read_token(&tiny->metadata_token, bytes, 32, 32);
}

static void read_endpoint(const struct atto_tinycontainer *tiny, uint32_t index)
{
    struct atto_tinycontainer_endpoint endpoint, other;
    struct atto_right_wish wish;
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    require(atto_tinycontainer_endpoint(tiny, index, &endpoint) == ATTO_OK, "endpoint");
    require(endpoint.peer <= 2u && endpoint.direction <= 2u && endpoint.peer_uid.len <= 63u, "endpoint's limits");
    require(inside(endpoint.peer_uid, tiny->endpoints), "uid of a peer");
    require(endpoint.peer != ATTO_TINYCONTAINER_CONTAINER || endpoint.peer_uid.len != 0, "a container without uid");
    for (uint32_t i = 0; i < index; i++)
        require(atto_tinycontainer_endpoint(tiny, i, &other) == ATTO_OK && other.id != endpoint.id, "ids differ");
    if (atto_tinycontainer_wish(tiny, index, &wish, &refusal) != ATTO_OK) {
        require(refusal.at < tiny->bytes.len, "refusal of a right");
        return;
    }
    require(endpoint.peer == ATTO_TINYCONTAINER_LOCAL && wish.right.endpoint == endpoint.peer_endpoint, "right");
    require(wish.right.operations <= 3u && wish.name_bytes == 0, "operations");
}

static void read_manifest(const struct atto_tinycontainer *tiny)
{
    struct atto_manifest manifest = ATTO_MANIFEST_INIT;
    const struct atto_manifest before = manifest;
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    if (atto_tinycontainer_manifest(tiny, &manifest, &refusal) != ATTO_OK) {
        require(refusal.at < tiny->bytes.len, "refusal of a manifest");
        require(memcmp(&manifest, &before, sizeof manifest) == 0, "changed by a refusal");
        return;
    }
    require(inside(manifest.name, tiny->bytes), "name");
    require(manifest.name.len >= 1u && manifest.name.len <= ATTO_NAME_MAX, "length of a name");
#define WITHIN(key, name, most) require(manifest.schedule.name <= (most), "a number of the schedule: " #name);
    ATTO_SCHEDULE_FIELDS(WITHIN)
#undef WITHIN
}

static void verify_all(const struct atto_tinycontainer *tiny)
{
    uint32_t hashes = 0;
    const struct atto_tinycontainer_crypto crypto = { hash_by_sum, verify_by_sum, &hashes };
    enum atto_tinycontainer_which failed = ATTO_TINYCONTAINER_MASK;
    for (uint32_t over = 0; over < 2u; over++) {
        enum atto_tinycontainer_signed form = (enum atto_tinycontainer_signed)over;
        enum atto_tinycontainer_verdict all =
            atto_tinycontainer_verify(tiny, tiny->uid, tiny->endpoints, form, &crypto, &failed);
        for (uint32_t i = 0; i < ATTO_TINYCONTAINER_TOKEN_COUNT; i++) {
            enum atto_tinycontainer_which which = (enum atto_tinycontainer_which)i;
            struct atto_span content = which == ATTO_TINYCONTAINER_DATA ? tiny->uid : tiny->endpoints;
            enum atto_tinycontainer_verdict one =
                atto_tinycontainer_verify_token(tiny, which, content, form, &crypto);
            require(all != ATTO_TINYCONTAINER_HOLDS || one == ATTO_TINYCONTAINER_HOLDS, "all hold, one does not");
            require(all == ATTO_TINYCONTAINER_HOLDS || which != failed || one == all, "the token that failed");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct atto_tinycontainer tiny;
    struct atto_refusal refusal = { ATTO_OK, 0xffffffffu };
    uint8_t *block = malloc(len != 0 ? len : 1u);
    if (block == NULL)
        return 0;
    memcpy(block, bytes, len);
    const struct atto_span span = { block, (uint32_t)len };
    enum atto_status status = atto_tinycontainer_parse(span, &tiny, &refusal);
    if (status == ATTO_OK) {
        require(tiny.endpoint_count <= ATTO_TINYCONTAINER_ENDPOINTS_MAX && inside(tiny.endpoints, span), "endpoints");
        require(inside(tiny.uid, span) && tiny.uid.len >= 1u && tiny.uid.len <= 63u && tiny.type <= 7u, "container");
        read_tokens(&tiny, span);
        for (uint32_t i = 0; i < tiny.endpoint_count; i++)
            read_endpoint(&tiny, i);
        read_manifest(&tiny);
        verify_all(&tiny);
    } else {
        require(status == ATTO_E_MANIFEST && refusal.status == status && refusal.at <= len, "refusal");
    }
    free(block);
    return 0;
}
