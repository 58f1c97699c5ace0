/* Relocations of eBPF object files (LLVM's documentation of the BPF target).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_RELOCATION_H
#define ATTO_CLI_RELOCATION_H

#include <stdint.h>

/* Types. Compilers before LLVM 13 use 64_64 and 64_32 for data as well. */
enum {
    ATTO_RELOC_64_64 = 1,
    ATTO_RELOC_ABS64 = 2,
    ATTO_RELOC_ABS32 = 3,
    ATTO_RELOC_NODYLD32 = 4,
    ATTO_RELOC_64_32 = 10
};

/* How many bytes of data or debug information a relocation changes. */
static inline uint32_t atto_relocation_bytes(unsigned type)
{
    return type == ATTO_RELOC_ABS64 || type == ATTO_RELOC_64_64 ? 8 : 4;
}

/* Adds a value to a little-endian number. */
static inline void atto_relocation_add(uint8_t *at, uint32_t byte_count, uint64_t value)
{
    for (uint32_t i = 0; i < byte_count; i++) {
        value += at[i];
        at[i] = (uint8_t)value;
        value >>= 8;
    }
}

#endif
