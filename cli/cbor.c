/* CBOR into growing rows of bytes, see cbor.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"

#include <string.h>

void atto_cbor_add_head(struct atto_buffer *buffer, enum atto_cbor_type type, uint32_t argument)
{
    uint8_t head[5];
    struct atto_cbor_writer writer = {head, sizeof head, 0};

    atto_cbor_put_head(&writer, type, argument);
    atto_buffer_put(buffer, head, writer.len);
}

void atto_cbor_add_uint(struct atto_buffer *buffer, uint32_t number)
{
    atto_cbor_add_head(buffer, ATTO_CBOR_UINT, number);
}

void atto_cbor_add_negative(struct atto_buffer *buffer, uint32_t argument)
{
    atto_cbor_add_head(buffer, ATTO_CBOR_NEGATIVE, argument);
}

void atto_cbor_add_bytes(struct atto_buffer *buffer, const void *bytes, size_t len)
{
    atto_cbor_add_head(buffer, ATTO_CBOR_BYTES, (uint32_t)len);
    if (len != 0)
        atto_buffer_put(buffer, bytes, len);
}

void atto_cbor_add_text(struct atto_buffer *buffer, const char *text)
{
    atto_cbor_add_head(buffer, ATTO_CBOR_TEXT, (uint32_t)strlen(text));
    atto_buffer_put(buffer, text, strlen(text));
}

void atto_cbor_add_nested(struct atto_buffer *buffer, struct atto_buffer *content)
{
    atto_cbor_add_bytes(buffer, content->bytes, content->len);
    atto_buffer_free(content);
}
