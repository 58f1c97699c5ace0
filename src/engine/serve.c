/* What services ask of the engine: containers by id, their entry points and endpoints, answers with bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <string.h>

struct atto_container *atto_container_find(struct atto_engine *engine, uint32_t id)
{
    struct pool_block *block = NULL;
    while ((block = atto_pool_next(engine, block)) != NULL) {
        if (((const struct atto_container *)(void *)block)->id == id)
            break;
    }
    return (struct atto_container *)(void *)block;
}

struct atto_container *atto_engine_find(struct atto_engine *engine, uint16_t id)
{
    atto_enter(engine);
    struct atto_container *container = atto_container_find(engine, id);
    atto_leave(engine);
    return container;
}

uint16_t atto_container_id(const struct atto_container *container)
{
    return container->id;
}

uint32_t atto_container_tenant(const struct atto_container *container)
{
    return tenant_of(container);
}

uint32_t atto_container_fuel(const struct atto_container *container)
{
    return container->fuel;
}

enum atto_status atto_engine_entry(const struct atto_container *container, uint32_t index, uint32_t *entry)
{
    struct atto_manifest manifest;
    struct atto_entry found = { .slot = index };
    if (atto_container_is_host(container)) {
        if (index >= ((const struct atto_host_program *)container->program)->entry_count)
            return ATTO_E_NOT_FOUND;
    } else if (!atto_container_manifest(container, &manifest) ||
               atto_manifest_entry(&manifest, index, &found) != ATTO_OK) {
        return ATTO_E_NOT_FOUND;
    }
    *entry = found.slot;
    return ATTO_OK;
}

static enum atto_status reply(struct atto_container *container, uint32_t address, const uint8_t *bytes, uint32_t len)
{
    if ((container->flags & (FLAG_SLICE | FLAG_WAITS)) != FLAG_WAITS)
        return atto_container_answer(container, 0);
    uint8_t *to = len != 0u ? atto_run_span(run_of(container), address, len, ATTO_WRITE) : NULL;
    if (len != 0u && to == NULL) {
        atto_container_answer(container, (uint64_t)(int64_t)ATTO_E_ARGUMENT);
        return ATTO_FAULT_MEMORY;
    }
    if (to != NULL)
        memcpy(to, bytes, len);
    return atto_container_answer(container, len);
}

enum atto_status atto_engine_reply(struct atto_engine *engine, struct atto_container *container, uint32_t address,
                                   const uint8_t *bytes, uint32_t len)
{
    atto_enter(engine);
    return atto_finish(engine, reply(container, address, bytes, len));
}

const struct atto_endpoint *atto_engine_endpoint(struct atto_engine *engine, const struct atto_container *container,
                                                 uint32_t handle)
{
    const struct atto_endpoint *endpoint = NULL;
    atto_enter(engine);
    const struct grants *grants = container->grants;
    if (grants != NULL && handle < grants->rights.count && atto_right_operations(&grants->rights.right[handle]) != 0u)
        endpoint = &engine->host.endpoints[grants->rights.right[handle].endpoint];
    atto_leave(engine);
    return endpoint;
}
