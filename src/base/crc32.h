/* CRC-32 as in IEEE 802.3 and zlib: finds accidents, proves nothing about intent.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_BASE_CRC32_H
#define ATTO_BASE_CRC32_H

#include <stdint.h>

/* The CRC of what gave `crc` (0: nothing yet) followed by len bytes. */
/*@ requires readable(bytes, len);
    terminates \true; exits \false; assigns \nothing; */
uint32_t atto_crc32(uint32_t crc, const uint8_t *bytes, uint32_t len);

#endif
