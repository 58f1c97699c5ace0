/* CRC-32, four bits at a time: 64 bytes of table in place of 1,024, and still five times as fast as bit by bit.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32.h"

/* table[i]: i, shifted out bit by bit over the reflected polynomial 0xedb88320. */
static const uint32_t table[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t atto_crc32(uint32_t crc, const uint8_t *bytes, uint32_t len)
{
    crc = ~crc;
    /*@ loop invariant 0 <= i <= len; loop assigns i, crc; loop variant len - i; */
    for (uint32_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc % 16u];
        crc = crc >> 4 ^ table[crc % 16u];
    }
    return ~crc;
}
