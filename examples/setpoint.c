/* A container with a resource of its own: GET /app/TENANT/setpoint gives a number, PUT changes it, one digit for one degree.
 * It has a right to read of the endpoint "coap" and no other. Called as `half` it returns half of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

static uint8_t setpoint = 5;

ATTO_ENTRY int64_t coap(struct atto_resource *resource, uint64_t resource_bytes)
{
    if (resource_bytes < sizeof *resource || resource->path_len != 0)
        return ATTO_RESOURCE_NOT_FOUND;
    if (resource->method == ATTO_RESOURCE_PUT) {
        uint8_t digit = resource->bytes[0] - '0';
        if (resource->len != 1 || digit > 9)
            return ATTO_RESOURCE_BAD_REQUEST;
        setpoint = digit;
        resource->len = 0;
        resource->format = ATTO_RESOURCE_NO_FORMAT;
        return ATTO_RESOURCE_CHANGED;
    }
    if (resource->method != ATTO_RESOURCE_GET)
        return ATTO_RESOURCE_METHOD_NOT_ALLOWED;
    resource->bytes[0] = '0' + setpoint;
    resource->len = 1;
    resource->format = ATTO_RESOURCE_TEXT;
    return ATTO_RESOURCE_CONTENT;
}

/* Somebody asks: how much is half of it, times the number in the context, where the answer goes too? */
ATTO_ENTRY int64_t half(uint64_t *number, uint64_t number_bytes)
{
    if (number_bytes < sizeof *number)
        return -1;
    *number = *number * setpoint / 2;
    return setpoint;
}
