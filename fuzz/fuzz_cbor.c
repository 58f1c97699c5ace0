/* Fuzz target: bytes as CBOR, read item by item by every function of the reader. A reading that fails does not move the
 * cursor; one that succeeds was in the one deterministic encoding, so writing it again gives the same bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cbor.h"
#include "harness.h"

#define STRING_MAX 40u

static void require(bool condition, const char *what)
{
    if (!condition)
        harness_fail(__FILE__, __LINE__, what);
}

/* Reads the next item as whatever it is; writes what was read. false: nothing could be read. */
static bool read_one(struct atto_cbor *cbor, struct atto_cbor_writer *writer)
{
    static const enum atto_cbor_type containers[] = { ATTO_CBOR_ARRAY, ATTO_CBOR_MAP };
    struct atto_span span;
    uint32_t value;
    if (atto_cbor_uint(cbor, 1000000, &value)) {
        require(value <= 1000000, "limit of an integer");
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, value);
        return true;
    }
    if (atto_cbor_bytes(cbor, 1, STRING_MAX, &span)) {
        atto_cbor_put_string(writer, ATTO_CBOR_BYTES, span.ptr, span.len);
        return true;
    }
    if (atto_cbor_text(cbor, 1, STRING_MAX, &span)) {
        require(span.len >= 1 && span.len <= STRING_MAX && memchr(span.ptr, 0, span.len) == NULL, "text");
        atto_cbor_put_string(writer, ATTO_CBOR_TEXT, span.ptr, span.len);
        return true;
    }
    if (atto_cbor_null(cbor)) {
        require(cbor->bytes[cbor->pos - 1u] == 0xf6u && writer->len < writer->capacity, "null");
        writer->bytes[writer->len++] = 0xf6u;
        return true;
    }
    for (uint32_t i = 0; i < 2u; i++) {
        if (atto_cbor_head(cbor, containers[i], &value)) {
            atto_cbor_put_head(writer, containers[i], value);
            return true;
        }
    }
    return false;
}

/* A string of bytes can be gone into, and out of again where its content ends. */
static void go_inside(struct atto_cbor cbor)
{
    struct atto_cbor inside = cbor;
    struct atto_span span;
    uint32_t outer;
    if (!atto_cbor_bytes(&cbor, 0, UINT32_MAX, &span)) {
        require(!atto_cbor_enter(&inside, &outer), "entered what is no string");
        return;
    }
    require(atto_cbor_enter(&inside, &outer) && outer == cbor.len && inside.len == cbor.pos, "entered");
    require(inside.len - inside.pos == span.len, "its content");
    require(span.len == 0 || !atto_cbor_leave(&inside, outer), "left too early");
    inside.pos = inside.len;
    require(atto_cbor_leave(&inside, outer) && inside.len == cbor.len && inside.pos == cbor.pos, "left");
}

/* Keys of a map, as far as they go: each is over the one before, and stands for a number that is written the same. */
static void read_keys(struct atto_cbor cbor)
{
    uint8_t bytes[5];
    uint32_t next = 0, key, before = cbor.pos, last = 0;
    while (atto_cbor_key(&cbor, &next, &key)) {
        struct atto_cbor_writer writer = { bytes, sizeof bytes, 0 };
        const bool negative = key >= ATTO_CBOR_MINUS(1u);
        atto_cbor_put_head(&writer, negative ? ATTO_CBOR_NEGATIVE : ATTO_CBOR_UINT,
                           negative ? key - ATTO_CBOR_MINUS(1u) : key);
        require(key >= last && next == key + 1u, "keys ascend");
        require(writer.len == cbor.pos - before && memcmp(bytes, cbor.bytes + before, writer.len) == 0, "key");
        before = cbor.pos;
        last = next;
    }
    require(cbor.pos == before, "a failed reading does not move the cursor");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len > 4096u)
        return 0;
    uint8_t *block = malloc(len != 0 ? len : 1u), *written = malloc(len != 0 ? len : 1u);
    if (block == NULL || written == NULL)
        abort();
    memcpy(block, bytes, len);
    struct atto_cbor cbor = { block, (uint32_t)len, 0 };
    struct atto_cbor_writer writer = { written, (uint32_t)len, 0 };
    uint32_t before = 0;
    read_keys(cbor);
    for (go_inside(cbor); read_one(&cbor, &writer); go_inside(cbor)) {
        require(cbor.pos > before && cbor.pos <= len, "the cursor moves on and stays inside");
        before = cbor.pos;
    }
    require(cbor.pos == before, "a failed reading does not move the cursor");
    require(writer.len == cbor.pos && memcmp(written, block, cbor.pos) == 0, "what was read is written the same");
    free(block);
    free(written);
    return 0;
}
