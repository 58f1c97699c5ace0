/* The pool: first fit, and free neighbours become one piece when somebody looks for memory, so giving back is a store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <stddef.h>

static struct pool_block *at(const struct atto_engine *engine, uint32_t offset)
{
    return (struct pool_block *)(void *)(engine->pool + offset);
}

uint32_t atto_pool_rounded(uint32_t bytes)
{
    return (bytes + 7u) / 8u * 8u;
}

void atto_pool_init(struct atto_engine *engine, uint8_t *memory, uint32_t bytes)
{
    engine->pool = memory;
    engine->pool_bytes = bytes / 8u * 8u;
    if (engine->pool_bytes != 0u)
        at(engine, 0)->head = engine->pool_bytes;
}

/* Makes one piece of a free block and all free ones behind it. */
static void merge(const struct atto_engine *engine, uint32_t offset)
{
    struct pool_block *block = at(engine, offset);
    for (uint32_t end = offset + block->head; end < engine->pool_bytes; end = offset + block->head) {
        if (pool_use(at(engine, end)) != POOL_FREE)
            break;
        block->head += at(engine, end)->head;
    }
}

struct pool_block *atto_pool_take(struct atto_engine *engine, uint32_t bytes, enum pool_use use)
{
    if (bytes > engine->pool_bytes)
        return NULL;
    bytes = atto_pool_rounded(bytes);
    for (uint32_t offset = 0; offset < engine->pool_bytes; offset += pool_bytes(at(engine, offset))) {
        struct pool_block *block = at(engine, offset);
        if (pool_use(block) != POOL_FREE)
            continue;
        merge(engine, offset);
        if (block->head < bytes)
            continue;
        if (block->head > bytes)
            at(engine, offset + bytes)->head = block->head - bytes;
        block->head = bytes | (uint32_t)use;
        return block;
    }
    return NULL;
}

void atto_pool_give(struct pool_block *block)
{
    block->head = pool_bytes(block);
}

uint32_t atto_pool_longest(struct atto_engine *engine)
{
    uint32_t longest = 0;
    for (uint32_t offset = 0; offset < engine->pool_bytes; offset += pool_bytes(at(engine, offset))) {
        struct pool_block *block = at(engine, offset);
        if (pool_use(block) != POOL_FREE)
            continue;
        merge(engine, offset);
        longest = block->head > longest ? block->head : longest;
    }
    return longest;
}

struct pool_block *atto_pool_next(const struct atto_engine *engine, const struct pool_block *block)
{
    uint32_t offset = 0;
    if (block != NULL)
        offset = (uint32_t)((const uint8_t *)block - engine->pool) + pool_bytes(block);
    for (; offset < engine->pool_bytes; offset += pool_bytes(at(engine, offset))) {
        if (pool_use(at(engine, offset)) == POOL_CONTAINER)
            return at(engine, offset);
    }
    return NULL;
}
