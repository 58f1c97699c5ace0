/* Verifies the tokens of TinyContainer metadata with the caller's hash and signature. Only what the parser has accepted
 * comes here, so every hash has its 32 bytes and every signature its 64, and a payload has one claim.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/tinycontainer.h"

#include <stddef.h>
#include <string.h>

#include "base/cbor.h"

/* The largest payload: a map of one claim, a hash. */
#define PAYLOAD_BYTES_MAX (1u + 5u + 2u + ATTO_TINYCONTAINER_HASH_BYTES)
/* ["Signature1", no protected header, no external data, payload] */
#define STRUCTURE_BYTES_MAX (1u + 11u + 1u + 1u + 2u + PAYLOAD_BYTES_MAX)

/* NULL: there is none. */
static const struct atto_tinycontainer_token *find_token(const struct atto_tinycontainer *tiny,
                                                         enum atto_tinycontainer_which which)
{
    if (which == ATTO_TINYCONTAINER_MASK)
        return &tiny->mask_token;
    if (!tiny->secured)
        return NULL;
    switch (which) {
    case ATTO_TINYCONTAINER_METADATA:
        return &tiny->metadata_token;
    case ATTO_TINYCONTAINER_DATA:
        return &tiny->data_token;
    case ATTO_TINYCONTAINER_CODE:
        return &tiny->code_token;
    default:
        return NULL;
    }
}

/* The header that is protected is the empty string, as the parser requires. */
static void put_structure(struct atto_cbor_writer *writer, struct atto_span payload)
{
    static const char context[] = "Signature1";

    atto_cbor_put_head(writer, ATTO_CBOR_ARRAY, 4);
    atto_cbor_put_string(writer, ATTO_CBOR_TEXT, context, sizeof context - 1u);
    atto_cbor_put_head(writer, ATTO_CBOR_BYTES, 0);
    atto_cbor_put_head(writer, ATTO_CBOR_BYTES, 0);
    atto_cbor_put_string(writer, ATTO_CBOR_BYTES, payload.ptr, payload.len);
}

static bool is_signed(const struct atto_tinycontainer_token *token, enum atto_tinycontainer_signed over,
                      const struct atto_tinycontainer_crypto *crypto)
{
    uint8_t bytes[STRUCTURE_BYTES_MAX];
    struct atto_cbor_writer writer = {bytes, sizeof bytes, 0};
    struct atto_span message = token->payload;

    if (over == ATTO_TINYCONTAINER_STRUCTURE) {
        put_structure(&writer, token->payload);
        if (writer.len > writer.capacity)
            return false;
        message.ptr = bytes;
        message.len = writer.len;
    }
    return crypto->verify(crypto->context, message.ptr, message.len, token->signature.ptr);
}

static bool has_hash(const struct atto_tinycontainer_token *token, struct atto_span content,
                     const struct atto_tinycontainer_crypto *crypto)
{
    uint8_t hash[ATTO_TINYCONTAINER_HASH_BYTES];

    crypto->sha256(crypto->context, content.ptr, content.len, hash);
    return token->claim.len == sizeof hash && memcmp(token->claim.ptr, hash, sizeof hash) == 0;
}

enum atto_tinycontainer_verdict atto_tinycontainer_verify_token(const struct atto_tinycontainer *tiny,
                                                                enum atto_tinycontainer_which which,
                                                                struct atto_span content,
                                                                enum atto_tinycontainer_signed over,
                                                                const struct atto_tinycontainer_crypto *crypto)
{
    const struct atto_tinycontainer_token *token = find_token(tiny, which);

    if (token == NULL)
        return ATTO_TINYCONTAINER_ABSENT;
    if (token->mac)
        return ATTO_TINYCONTAINER_MAC;
    if (!is_signed(token, over, crypto))
        return ATTO_TINYCONTAINER_BAD_SIGNATURE;
    if (which == ATTO_TINYCONTAINER_MASK)
        return ATTO_TINYCONTAINER_HOLDS;
    if (which == ATTO_TINYCONTAINER_METADATA) {
        if (tiny->bytes.len < ATTO_TINYCONTAINER_TOKEN_BYTES)
            return ATTO_TINYCONTAINER_BAD_HASH;
        content.ptr = tiny->bytes.ptr;
        content.len = tiny->bytes.len - ATTO_TINYCONTAINER_TOKEN_BYTES;
    }
    return has_hash(token, content, crypto) ? ATTO_TINYCONTAINER_HOLDS : ATTO_TINYCONTAINER_BAD_HASH;
}

enum atto_tinycontainer_verdict atto_tinycontainer_verify(const struct atto_tinycontainer *tiny, struct atto_span data,
                                                          struct atto_span code, enum atto_tinycontainer_signed over,
                                                          const struct atto_tinycontainer_crypto *crypto,
                                                          enum atto_tinycontainer_which *failed)
{
    for (uint32_t i = 0; i < ATTO_TINYCONTAINER_TOKEN_COUNT; i++) {
        enum atto_tinycontainer_which which = (enum atto_tinycontainer_which)i;
        struct atto_span content = which == ATTO_TINYCONTAINER_DATA ? data : code;
        enum atto_tinycontainer_verdict verdict =
            atto_tinycontainer_verify_token(tiny, which, content, over, crypto);

        if (verdict != ATTO_TINYCONTAINER_HOLDS) {
            if (failed != NULL)
                *failed = which;
            return verdict;
        }
    }
    return ATTO_TINYCONTAINER_HOLDS;
}
