/* Builder of TinyContainer metadata, see tinycontainer_bytes.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tinycontainer_bytes.h"

#include <string.h>

static void put(struct tiny_bytes *tiny, const void *bytes, uint32_t len)
{
    if (len != 0 && tiny->len + len <= TINY_BYTES_MAX)
        memcpy(tiny->bytes + tiny->len, bytes, len);
    tiny->len += len;
}

static uint32_t head_bytes(uint32_t len)
{
    return len < 24u ? 1u : len < 256u ? 2u : 3u;
}

static void put_head(struct tiny_bytes *tiny, uint32_t len)
{
    const uint8_t heads[3][3] = { { (uint8_t)(0x40u + len) }, { 0x58, (uint8_t)len },
                                  { 0x59, (uint8_t)(len / 256u), (uint8_t)len } };
    put(tiny, heads[head_bytes(len) - 1u], head_bytes(len));
}

static void put_piece(struct tiny_bytes *tiny, uint32_t piece)
{
    tiny->at[piece] = tiny->len;
    put(tiny, tiny->pieces[piece].bytes, tiny->pieces[piece].len);
}

static void put_string(struct tiny_bytes *tiny, uint32_t piece)
{
    put_head(tiny, tiny->pieces[piece].len);
    put_piece(tiny, piece);
}

static uint32_t is_string(uint32_t piece)
{
    return piece == TINY_MASK || piece == TINY_DATA || piece == TINY_CODE || piece == TINY_METADATA;
}

/* The pieces from the first to the last, in a string. */
static void put_part(struct tiny_bytes *tiny, uint32_t first, uint32_t last)
{
    uint32_t len = 0;
    for (uint32_t i = first; i <= last; i++)
        len += tiny->pieces[i].len + is_string(i) * head_bytes(tiny->pieces[i].len);
    put_head(tiny, len);
    for (uint32_t i = first; i <= last; i++) {
        if (is_string(i))
            put_string(tiny, i);
        else
            put_piece(tiny, i);
    }
}

void tiny_build(struct tiny_bytes *tiny)
{
    tiny->len = 0;
    put_piece(tiny, TINY_TAG);
    put_piece(tiny, TINY_MAP);
    put_piece(tiny, TINY_KEY_CONTAINER);
    put_part(tiny, TINY_CONTAINER, TINY_CONTAINER_END);
    put_piece(tiny, TINY_KEY_ENDPOINTS);
    if (tiny->pieces[TINY_KEY_ENDPOINTS].len != 0)
        put_string(tiny, TINY_ENDPOINTS);
    put_piece(tiny, TINY_KEY_SECURITY);
    if (tiny->pieces[TINY_KEY_SECURITY].len != 0)
        put_part(tiny, TINY_SECURITY, TINY_SECURITY_END);
    put_piece(tiny, TINY_END);
}

void tiny_set(struct tiny_bytes *tiny, enum tiny_piece piece, const void *bytes, uint32_t len)
{
    tiny->pieces[piece].bytes = bytes;
    tiny->pieces[piece].len = len;
}

uint32_t tiny_hash_token(uint8_t *token, const uint8_t *hash, const uint8_t *signature)
{
    static const uint8_t head[] = { 0x84, 0x40, 0xa0, 0x58, 0x28, 0xa1, 0x3a, 0x00, 0x01, 0x00, 0x00, 0x58, 0x20 };
    memcpy(token, head, sizeof head);
    memcpy(token + 13, hash, 32);
    memcpy(token + 45, "\x58\x40", 2);
    memcpy(token + 47, signature, 64);
    return 111;
}

uint32_t tiny_mask_token(uint8_t *token, uint8_t mask, const uint8_t *signature)
{
    static const uint8_t head[] = { 0x84, 0x40, 0xa0, 0x46, 0xa1, 0x39, 0xff, 0xff, 0x41 };
    memcpy(token, head, sizeof head);
    token[9] = mask;
    memcpy(token + 10, "\x58\x40", 2);
    memcpy(token + 12, signature, 64);
    return 76;
}

void tiny_begin(struct tiny_bytes *tiny)
{
    static uint8_t mask[76], data[111], code[111], metadata[111];
    uint8_t hash[32], signature[64];
    memset(signature, 's', sizeof signature);
    tiny_mask_token(mask, 0x1b, signature);
    memset(hash, 'd', sizeof hash);
    tiny_hash_token(data, hash, signature);
    memset(hash, 'c', sizeof hash);
    tiny_hash_token(code, hash, signature);
    memset(hash, 'm', sizeof hash);
    tiny_hash_token(metadata, hash, signature);

    memset(tiny, 0, sizeof *tiny);
    tiny_set(tiny, TINY_TAG, "\xdb" "TinyPART", 9);
    tiny_set(tiny, TINY_MAP, "\xa3", 1);
    tiny_set(tiny, TINY_KEY_CONTAINER, "\x01", 1);
    tiny_set(tiny, TINY_CONTAINER, "\xa3", 1);
    tiny_set(tiny, TINY_UID, "\x01\x44" "demo", 6);
    tiny_set(tiny, TINY_TYPE, "\x02\x03", 2);
    tiny_set(tiny, TINY_KEY_MASK, "\x03", 1);
    tiny_set(tiny, TINY_MASK, mask, sizeof mask);
    tiny_set(tiny, TINY_KEY_ENDPOINTS, "\x02", 1);
    tiny_set(tiny, TINY_ENDPOINTS, "\x82" "\xa4\x01\x18\x7b\x02\x01\x04\x0a\x05\x02"
             "\xa5\x01\x07\x02\x00\x03\x42" "hi\x04\x09\x05\x01", 24);
    tiny_set(tiny, TINY_KEY_SECURITY, "\x03", 1);
    tiny_set(tiny, TINY_SECURITY, "\x88", 1);
    tiny_set(tiny, TINY_NUMBERS, "\x18\x64\x19\x03\xe8\x18\x32\x19\x02\x58\x18\x46", 12);
    tiny_set(tiny, TINY_DATA, data, sizeof data);
    tiny_set(tiny, TINY_CODE, code, sizeof code);
    tiny_set(tiny, TINY_METADATA, metadata, sizeof metadata);
}
