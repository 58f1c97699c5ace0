/* Little-endian integers in byte arrays. Formats are read byte by byte, so that alignment and the machine's own byte
 * order never matter and no pointer is cast.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BASE_BYTES_H
#define ATTO_BASE_BYTES_H

#include <stdint.h>

#include "base/compiler.h"

/*@ requires readable(bytes, 2);
    terminates \true; exits \false; assigns \nothing;
    ensures \result == le16(bytes); */
static inline uint16_t atto_le16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] + 256u * bytes[1]);
}

/*@ requires readable(bytes, 4);
    terminates \true; exits \false; assigns \nothing; */
ATTO_INLINE uint32_t atto_le32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* One store where the machine allows it. */
/*@ requires \valid(bytes + (0 .. 3));
    terminates \true; exits \false; assigns bytes[0 .. 3]; */
ATTO_INLINE void atto_put_le32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
    bytes[2] = (uint8_t)(value >> 16);
    bytes[3] = (uint8_t)(value >> 24);
}

#endif
