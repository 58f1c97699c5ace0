/* CoAP messages (RFC 7252 section 3): read from a datagram, and written into memory of the caller. A message that was
 * read points into its datagram, and all its options are known to be well-formed, so that walking them cannot fail.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_COAP_H
#define ATTO_COAP_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/span.h"
#include "atto/status.h"

#define ATTO_COAP_HEADER_BYTES 4u
#define ATTO_COAP_TOKEN_MAX 8u   /* bytes of a token */
#define ATTO_COAP_PAYLOAD_MARKER 0xffu
#define ATTO_COAP_PORT 5683u     /* of coap://, if a URI names none */
#define ATTO_COAP_MAX_AGE_S 60u  /* if a response does not say how long it is fresh */

/* Codes: RFC 7252 section 12.1, RFC 7959 section 2.9, RFC 8132 section 6. X(name, class, detail) */
#define ATTO_COAP_CODE_TABLE(X)             \
    X(EMPTY, 0, 0)                          \
    X(GET, 0, 1)                            \
    X(POST, 0, 2)                           \
    X(PUT, 0, 3)                            \
    X(DELETE, 0, 4)                         \
    X(FETCH, 0, 5)                          \
    X(PATCH, 0, 6)                          \
    X(IPATCH, 0, 7)                         \
    X(CREATED, 2, 1)                        \
    X(DELETED, 2, 2)                        \
    X(VALID, 2, 3)                          \
    X(CHANGED, 2, 4)                        \
    X(CONTENT, 2, 5)                        \
    X(CONTINUE, 2, 31)                      \
    X(BAD_REQUEST, 4, 0)                    \
    X(UNAUTHORIZED, 4, 1)                   \
    X(BAD_OPTION, 4, 2)                     \
    X(FORBIDDEN, 4, 3)                      \
    X(NOT_FOUND, 4, 4)                      \
    X(METHOD_NOT_ALLOWED, 4, 5)             \
    X(NOT_ACCEPTABLE, 4, 6)                 \
    X(REQUEST_ENTITY_INCOMPLETE, 4, 8)      \
    X(CONFLICT, 4, 9)                       \
    X(PRECONDITION_FAILED, 4, 12)           \
    X(REQUEST_ENTITY_TOO_LARGE, 4, 13)      \
    X(UNSUPPORTED_CONTENT_FORMAT, 4, 15)    \
    X(UNPROCESSABLE_ENTITY, 4, 22)          \
    X(TOO_MANY_REQUESTS, 4, 29)             \
    X(INTERNAL_SERVER_ERROR, 5, 0)          \
    X(NOT_IMPLEMENTED, 5, 1)                \
    X(SERVICE_UNAVAILABLE, 5, 3)            \
    X(GATEWAY_TIMEOUT, 5, 4)                \
    X(PROXYING_NOT_SUPPORTED, 5, 5)

enum atto_coap_code {
#define ATTO_COAP_CODE_ENUM(name, class, detail) ATTO_COAP_##name = (class)*32 + (detail),
    ATTO_COAP_CODE_TABLE(ATTO_COAP_CODE_ENUM)
#undef ATTO_COAP_CODE_ENUM
};

/* The class of a code: 0 requests, 2 success, 4 the client's error, 5 the server's. */
#define ATTO_COAP_CLASS(code) ((uint32_t)(code) / 32u)

enum atto_coap_type { ATTO_COAP_CON = 0, ATTO_COAP_NON = 1, ATTO_COAP_ACK = 2, ATTO_COAP_RST = 3 };

/* Options that are understood (RFC 7252 section 5.10, RFC 7641, RFC 7959, RFC 9175): what a server does with each is
 * in SPEC.md section 20. An option with another length counts as one that is not known (section 5.4.3); a longer
 * Proxy-Uri is refused either way.
 * X(name, number, fewest bytes, most bytes, may occur more than once) */
#define ATTO_COAP_OPTION_TABLE(X)   \
    X(URI_HOST, 3, 1, 255, 0)       \
    X(ETAG, 4, 1, 8, 1)             \
    X(OBSERVE, 6, 0, 3, 0)          \
    X(URI_PORT, 7, 0, 2, 0)         \
    X(URI_PATH, 11, 0, 255, 1)      \
    X(CONTENT_FORMAT, 12, 0, 2, 0)  \
    X(MAX_AGE, 14, 0, 4, 0)         \
    X(URI_QUERY, 15, 0, 255, 1)     \
    X(ACCEPT, 17, 0, 2, 0)          \
    X(BLOCK2, 23, 0, 3, 0)          \
    X(BLOCK1, 27, 0, 3, 0)          \
    X(SIZE2, 28, 0, 4, 0)           \
    X(PROXY_URI, 35, 1, 255, 0)     \
    X(PROXY_SCHEME, 39, 1, 255, 0)  \
    X(SIZE1, 60, 0, 4, 0)           \
    X(REQUEST_TAG, 292, 0, 8, 1)

enum atto_coap_option_number {
#define ATTO_COAP_OPTION_ENUM(name, number, min, max, many) ATTO_COAP_##name = (number),
    ATTO_COAP_OPTION_TABLE(ATTO_COAP_OPTION_ENUM)
#undef ATTO_COAP_OPTION_ENUM
};

/* Must an option be understood, or the message be refused? (section 5.4.6) */
#define ATTO_COAP_IS_CRITICAL(number) ((number) % 2u == 1u)

/* Content formats (section 12.3 and the registry). X(name, number) */
#define ATTO_COAP_FORMAT_TABLE(X)  \
    X(TEXT, 0)                     \
    X(COSE_SIGN1, 18)              \
    X(LINK, 40)                    \
    X(OCTETS, 42)                  \
    X(JSON, 50)                    \
    X(CBOR, 60)                    \
    X(CBOR_SEQUENCE, 63)

enum atto_coap_format {
#define ATTO_COAP_FORMAT_ENUM(name, number) ATTO_COAP_FORMAT_##name = (number),
    ATTO_COAP_FORMAT_TABLE(ATTO_COAP_FORMAT_ENUM)
#undef ATTO_COAP_FORMAT_ENUM
};
#define ATTO_COAP_FORMAT_NONE UINT32_MAX /* a message does not name one */

/* A message that was read. */
struct atto_coap_message {
    uint8_t type;  /* enum atto_coap_type */
    uint8_t code;
    uint8_t token_len;
    uint16_t id;   /* message id */
    const uint8_t *token;
    struct atto_span options; /* as they stand in the datagram */
    struct atto_span payload; /* empty: there is none */
};

/* Reads a message.
 * message: is filled in if this returns ATTO_OK; if ATTO_E_FORMAT, then type, code and id alone
 * Returns ATTO_OK; ATTO_E_VERSION (it is to be ignored without a word: too short for a header, or another version of
 * CoAP); ATTO_E_FORMAT (a message format error: it is to be rejected, RFC 7252 section 4.2 and 4.3). */
/*@ requires \valid(message) && readable(bytes, len) && \separated(message, bytes + (0 .. len - 1));
    terminates \true; exits \false; assigns *message;
    ensures \result == ATTO_OK || \result == ATTO_E_VERSION || \result == ATTO_E_FORMAT;
    ensures \result == ATTO_OK ==> message->type <= 3 && message->token_len <= ATTO_COAP_TOKEN_MAX &&
        message->token == bytes + ATTO_COAP_HEADER_BYTES &&
        message->options.ptr == bytes + (ATTO_COAP_HEADER_BYTES + message->token_len) &&
        ATTO_COAP_HEADER_BYTES + message->token_len + message->options.len + message->payload.len <= len &&
        message->payload.ptr == bytes + (len - message->payload.len); */
enum atto_status atto_coap_read(const uint8_t *bytes, uint32_t len, struct atto_coap_message *message);

/* A walk over options, and where it stands. pos is never over len. */
struct atto_coap_options {
    const uint8_t *bytes;
    uint32_t len, pos;
    uint32_t number; /* of the option before pos; at most 65535 */
};

struct atto_coap_option {
    uint32_t number;
    struct atto_span value;
};

/*@ predicate sound_walk(struct atto_coap_options *walk) =
        walk->pos <= walk->len && walk->number <= 65535 && readable(walk->bytes, walk->len); */

/* A walk from the first option of a message that was read. */
/*@ requires \valid_read(message) && readable(message->options.ptr, message->options.len);
    terminates \true; exits \false; assigns \nothing;
    ensures \result.pos == 0 && \result.number == 0 && \result.len == message->options.len &&
            \result.bytes == message->options.ptr; */
static inline struct atto_coap_options atto_coap_options_of(const struct atto_coap_message *message)
{
    return (struct atto_coap_options){ message->options.ptr, message->options.len, 0, 0 };
}

/* Reads the next option. False, and the walk has not moved, at the end of the options, or where the next one is not
 * well-formed. */
/*@ requires \valid(options) && \valid(option) && \separated(options, option) && sound_walk(options);
    terminates \true; exits \false;
    assigns options->pos, options->number, option->number, option->value.ptr, option->value.len;
    ensures sound_walk(options);
    ensures \result ? \old(options->pos) + option->value.len < options->pos &&
                      option->value.ptr == options->bytes + (options->pos - option->value.len) &&
                      option->number == options->number && option->number >= \old(options->number)
                    : options->pos == \old(options->pos) && options->number == \old(options->number); */
bool atto_coap_next(struct atto_coap_options *options, struct atto_coap_option *option);

/* The value of an option that is an unsigned integer (section 3.2), of its last 4 bytes. */
/*@ requires readable(value.ptr, value.len);
    terminates \true; exits \false; assigns \nothing; */
uint32_t atto_coap_uint(struct atto_span value);

/* A Block1 or Block2 option (RFC 7959 section 2.2). */
struct atto_coap_block {
    uint32_t offset; /* where the block begins, bytes */
    uint8_t szx;     /* a block has 16 << szx bytes; at most ATTO_COAP_SZX_MAX */
    bool more;
};
#define ATTO_COAP_SZX_MAX 6u
#define ATTO_COAP_BLOCK_BYTES(szx) (16u << (szx))
#define ATTO_COAP_BLOCK_COUNT (1u << 20) /* blocks are numbered in 20 bits */

/* Takes apart the value of a block option. False if its size is the reserved one. */
/*@ requires \valid(block);
    terminates \true; exits \false; assigns block->offset, block->szx, block->more;
    ensures \result ==> block->szx <= ATTO_COAP_SZX_MAX; */
bool atto_coap_block_read(uint32_t value, struct atto_coap_block *block);

/* The value of a block option. offset: a multiple of the block's size, below ATTO_COAP_BLOCK_COUNT of them */
/*@ requires \valid_read(block) && block->szx <= ATTO_COAP_SZX_MAX;
    terminates \true; exits \false; assigns \nothing; */
uint32_t atto_coap_block_value(const struct atto_coap_block *block);

/* A writer into memory of the caller. len counts what was asked for, so that it says what was needed when it ends over
 * capacity; nothing is written past capacity. */
struct atto_coap_writer {
    uint8_t *bytes;
    uint32_t capacity, len;
    uint32_t number; /* of the last option */
};

/* Begins a message with its header and token. token_len: at most ATTO_COAP_TOKEN_MAX */
void atto_coap_begin(struct atto_coap_writer *writer, enum atto_coap_type type, uint32_t code, uint16_t id,
                     const uint8_t *token, uint32_t token_len);

/* Writes an option: of bytes (at most 1034), or an integer. number: not below the one before, at most 65535 */
void atto_coap_put(struct atto_coap_writer *writer, uint32_t number, const void *bytes, uint32_t len);
void atto_coap_put_uint(struct atto_coap_writer *writer, uint32_t number, uint32_t value);

/* Writes the head of an option of `len` bytes, which follow piece by piece. */
void atto_coap_put_head(struct atto_coap_writer *writer, uint32_t number, uint32_t len);
void atto_coap_put_bytes(struct atto_coap_writer *writer, const void *bytes, uint32_t len);

/* Writes the payload, with the marker in front of it; nothing if it is empty. It ends the message. */
void atto_coap_put_payload(struct atto_coap_writer *writer, const void *bytes, uint32_t len);

#endif
