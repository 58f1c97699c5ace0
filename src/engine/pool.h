/* Memory of the engine: blocks of any length in one piece of memory. Each begins with its header, and they lie one
 * behind the other, so that walking them finds all containers. Private to src/engine.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_POOL_H
#define ATTO_POOL_H

#include <stdint.h>

#include "atto/engine.h"

enum pool_use { POOL_FREE = 0, POOL_CONTAINER = 1, POOL_LIMITS = 2, POOL_GRANTS = 3 };

/* What every block begins with: its length, a multiple of 8, and in the lowest bits its use. */
struct pool_block {
    uint32_t head;
};

static inline uint32_t pool_bytes(const struct pool_block *block)
{
    return block->head & ~7u;
}

static inline enum pool_use pool_use(const struct pool_block *block)
{
    return (enum pool_use)(block->head & 7u);
}

void atto_pool_init(struct atto_engine *engine, uint8_t *memory, uint32_t bytes);

/* The length that a block for so many bytes has. */
uint32_t atto_pool_rounded(uint32_t bytes);

/* Takes the first free piece that is long enough. bytes: header included. NULL: there is none. */
struct pool_block *atto_pool_take(struct atto_engine *engine, uint32_t bytes, enum pool_use use);
void atto_pool_give(struct pool_block *block);

/* The longest free piece. */
uint32_t atto_pool_longest(struct atto_engine *engine);

/* The first container behind `block`, or of all if it is NULL; NULL: no more. */
struct pool_block *atto_pool_next(const struct atto_engine *engine, const struct pool_block *block);

#endif
