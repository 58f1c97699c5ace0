/* A container's own resource, as its entry point `coap` gets it: a request in its context, which becomes the answer. A
 * container has one if it has a right to read of the endpoint "coap". Included by containers and by firmware alike,
 * so it is plain data of fixed size, the same on every machine.
 *
 *     ATTO_ENTRY int64_t coap(struct atto_resource *resource, uint64_t resource_bytes)
 *     {
 *         if (resource->method != ATTO_RESOURCE_GET)
 *             return ATTO_RESOURCE_METHOD_NOT_ALLOWED;
 *         resource->bytes[0] = '1';
 *         resource->len = 1;
 *         resource->format = ATTO_RESOURCE_TEXT;
 *         return ATTO_RESOURCE_CONTENT;
 *     }
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SDK_RESOURCE_H
#define ATTO_SDK_RESOURCE_H

#include <stdint.h>

#define ATTO_RESOURCE_PATH 32u
#define ATTO_RESOURCE_BYTES 88u

struct atto_resource {
    uint8_t method;      /* of CoAP (RFC 7252 section 12.1.1, RFC 8132 section 6): 1 GET, 2 POST, 3 PUT... */
    uint8_t path_len;
    uint16_t format;     /* content format of the bytes; ATTO_RESOURCE_NO_FORMAT: none */
    uint32_t len;        /* of the bytes: the request's payload, then the answer's */
    uint8_t path[ATTO_RESOURCE_PATH]; /* what is behind /app/TENANT/CONTAINER, with a slash between two segments */
    uint8_t bytes[ATTO_RESOURCE_BYTES];
};

enum {
    ATTO_RESOURCE_GET = 1,
    ATTO_RESOURCE_POST = 2,
    ATTO_RESOURCE_PUT = 3,
    ATTO_RESOURCE_DELETE = 4
};

#define ATTO_RESOURCE_NO_FORMAT 0xffffu
enum { ATTO_RESOURCE_TEXT = 0, ATTO_RESOURCE_OCTETS = 42, ATTO_RESOURCE_JSON = 50, ATTO_RESOURCE_CBOR = 60 };

/* Codes of answers, which the entry point returns: class * 32 + detail. What is none makes the answer 5.00. */
enum {
    ATTO_RESOURCE_CREATED = 65,
    ATTO_RESOURCE_DELETED = 66,
    ATTO_RESOURCE_CHANGED = 68,
    ATTO_RESOURCE_CONTENT = 69,
    ATTO_RESOURCE_BAD_REQUEST = 128,
    ATTO_RESOURCE_FORBIDDEN = 131,
    ATTO_RESOURCE_NOT_FOUND = 132,
    ATTO_RESOURCE_METHOD_NOT_ALLOWED = 133,
    ATTO_RESOURCE_INTERNAL_SERVER_ERROR = 160
};

#endif
