/* Fletcher's checksum with 32 bits over the context: the container is handed a piece of memory, looks at it and nothing
 * else, and returns one number. No data, no host calls.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

#define BLOCK_WORDS 359 /* so many additions fit into 32 bits before they must be reduced */

ATTO_ENTRY int64_t run(const uint16_t *words, uint64_t len)
{
    uint32_t low = 0xffff, high = 0xffff;
    uint64_t left = len / 2;

    while (left > 0) {
        uint64_t block = left < BLOCK_WORDS ? left : BLOCK_WORDS;

        left -= block;
        for (; block > 0; block--) {
            low += *words++;
            high += low;
        }
        low = (low & 0xffff) + (low >> 16);
        high = (high & 0xffff) + (high >> 16);
    }
    low = (low & 0xffff) + (low >> 16);
    high = (high & 0xffff) + (high >> 16);
    return (int64_t)((uint64_t)high << 16 | low);
}
