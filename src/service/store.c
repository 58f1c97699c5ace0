/* The key-value store: values of containers, tenants and the device, one behind the other in memory of the firmware.
 * Reading takes nothing. What belongs to containers that are gone is dropped when room is needed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <string.h>

struct entry {
    uint32_t owner;
    uint32_t key;
    uint32_t len;
    uint8_t value[];
};

static uint32_t entry_bytes(uint32_t len)
{
    return (uint32_t)sizeof(struct entry) + (len + 3u) / 4u * 4u;
}

/* ---- walking ---- */

static struct entry *entry_at(const struct atto_store *store, uint32_t at)
{
    return at < store->state->used ? (struct entry *)(void *)(store->memory + at) : NULL;
}

static uint32_t place_of(const struct atto_store *store, const struct entry *entry)
{
    return (uint32_t)((const uint8_t *)entry - store->memory);
}

static struct entry *next(const struct atto_store *store, const struct entry *entry)
{
    return entry_at(store, entry != NULL ? place_of(store, entry) + entry_bytes(entry->len) : 0u);
}

static struct entry *find(const struct atto_store *store, uint32_t owner, uint32_t key)
{
    struct entry *entry = next(store, NULL);
    while (entry != NULL && (entry->owner != owner || entry->key != key))
        entry = next(store, entry);
    return entry;
}

static void drop(const struct atto_store *store, struct entry *entry)
{
    uint32_t at = place_of(store, entry), bytes = entry_bytes(entry->len);
    store->state->used -= bytes;
    memmove(entry, store->memory + at + bytes, store->state->used - at);
}

/* ---- quotas ---- */

/* Bytes of all entries whose owner is `owner` in the bits of `mask`. */
static uint32_t used_by(const struct atto_store *store, uint32_t owner, uint32_t mask)
{
    uint32_t bytes = 0;
    for (const struct entry *entry = next(store, NULL); entry != NULL; entry = next(store, entry)) {
        if ((entry->owner & mask) == owner)
            bytes += entry_bytes(entry->len);
    }
    return bytes;
}

/* Of a tenant: what it and its containers have, and what the device has not. */
static uint32_t used_by_tenant(const struct atto_store *store, uint32_t tenant)
{
    return used_by(store, (uint32_t)ATTO_SCOPE_CONTAINER << 24 | tenant << 16, 0xffff0000u) +
           used_by(store, (uint32_t)ATTO_SCOPE_TENANT << 24 | tenant << 16, 0xffff0000u);
}

/* Would so many bytes more be within the owner's quotas? */
static bool within(const struct atto_store *store, const struct atto_engine *engine, uint32_t owner, uint32_t bytes)
{
    uint32_t scope = owner >> 24, tenant = owner >> 16 & 0xffu;
    if (scope == ATTO_SCOPE_DEVICE)
        return store->device_bytes == 0u || used_by(store, owner, UINT32_MAX) + bytes <= store->device_bytes;
    if (scope == ATTO_SCOPE_CONTAINER && store->container_bytes != 0u &&
        used_by(store, owner, UINT32_MAX) + bytes > store->container_bytes)
        return false;
    return tenant == ATTO_TENANT_OWNER || tenant > engine->config->tenant_count ||
           used_by_tenant(store, tenant) + bytes <= engine->config->tenants[tenant - 1u].store_bytes;
}

/* Tells the firmware of a change; without the lock. */
static void tell(const struct atto_store *store, uint32_t owner, uint32_t key, const uint8_t *value, uint32_t len)
{
    if (store->changed != NULL)
        store->changed(store->user, owner, key, value, len);
}

/* Drops what belongs to containers that are gone. Called without the lock, which finding a container takes. */
static void collect(const struct atto_store *store, struct atto_engine *engine, const struct atto_port *port)
{
    uint32_t at = 0;
    for (;;) {
        lock(port);
        struct entry *entry = entry_at(store, at);
        uint32_t owner = entry != NULL ? entry->owner : 0u;
        unlock(port);
        if (entry == NULL)
            return;
        bool gone = owner >> 24 == ATTO_SCOPE_CONTAINER && atto_engine_find(engine, (uint16_t)owner) == NULL;
        lock(port);
        entry = entry_at(store, at);
        bool same = entry != NULL && entry->owner == owner;
        uint32_t key = same ? entry->key : 0u;
        if (same && gone)
            drop(store, entry);
        else if (same)
            at += entry_bytes(entry->len);
        unlock(port);
        if (same && gone)
            tell(store, owner, key, NULL, 0);
    }
}

/* ---- the calls of the firmware ---- */

int32_t atto_store_get(const struct atto_store *store, uint32_t owner, uint32_t key, uint8_t *value, uint32_t capacity)
{
    const struct entry *entry = find(store, owner, key);
    if (entry == NULL)
        return ATTO_E_NOT_FOUND;
    uint32_t len = entry->len < capacity ? entry->len : capacity;
    if (len != 0u)
        memcpy(value, entry->value, len);
    return (int32_t)entry->len;
}

void atto_store_forget(const struct atto_store *store, uint32_t owner)
{
    struct entry *entry = next(store, NULL);
    while (entry != NULL) {
        uint32_t at = place_of(store, entry);
        if (entry->owner == owner)
            drop(store, entry);
        else
            at += entry_bytes(entry->len);
        entry = entry_at(store, at);
    }
}

enum atto_status atto_store_put(const struct atto_store *store, uint32_t owner, uint32_t key, const uint8_t *value,
                                uint32_t len)
{
    struct entry *entry = find(store, owner, key);
    if (len > ATTO_VALUE_MAX)
        return ATTO_E_ARGUMENT;
    uint32_t had = entry != NULL ? entry_bytes(entry->len) : 0u, needs = entry_bytes(len);
    if (needs > had && needs - had > store->bytes - store->state->used)
        return ATTO_E_NO_MEMORY;
    if (needs != had) {
        if (entry != NULL)
            drop(store, entry);
        entry = (struct entry *)(void *)(store->memory + store->state->used);
        store->state->used += needs;
    }
    entry->owner = owner;
    entry->key = key;
    entry->len = len;
    if (len != 0u)
        memcpy(entry->value, value, len);
    return ATTO_OK;
}

/* ---- the calls of guests ---- */

/* With the lock held, for the caller's rights may get another place. */
static uint32_t owner_of(const struct atto_call_frame *call)
{
    const struct atto_container *container = atto_container_of(call->run);
    if (container == NULL)
        return 0;
    return atto_store_owner((enum atto_scope)call->endpoint->type, atto_container_tenant(container),
                            atto_container_id(container));
}

int32_t atto_service_store_get(struct atto_call_frame *call)
{
    const struct atto_port *port = port_of(call);
    lock(port);
    int32_t len = atto_store_get(call->endpoint->object, owner_of(call), (uint32_t)call->r[2], call->span[0].ptr,
                                 call->span[0].len);
    unlock(port);
    return result(call, len);
}

/* One try. */
static enum atto_status put(struct atto_call_frame *call, uint32_t owner)
{
    const struct atto_store *store = call->endpoint->object;
    const struct atto_engine *engine = atto_engine_of(call->run);
    const struct entry *entry = find(store, owner, (uint32_t)call->r[2]);
    uint32_t had = entry != NULL ? entry_bytes(entry->len) : 0u, needs = entry_bytes(call->span[0].len);
    if (needs > had && !within(store, engine, owner, needs - had))
        return ATTO_E_QUOTA;
    return atto_store_put(store, owner, (uint32_t)call->r[2], call->span[0].ptr, call->span[0].len);
}

int32_t atto_service_store_put(struct atto_call_frame *call)
{
    const struct atto_port *port = port_of(call);
    lock(port);
    uint32_t owner = owner_of(call);
    enum atto_status status = ATTO_E_ARGUMENT;
    if (owner != 0u && call->span[0].len <= ATTO_VALUE_MAX)
        status = put(call, owner);
    unlock(port);
    if (status == ATTO_E_NO_MEMORY || status == ATTO_E_QUOTA) {
        collect(call->endpoint->object, atto_engine_of(call->run), port);
        lock(port);
        status = put(call, owner);
        unlock(port);
    }
    if (status == ATTO_OK)
        tell(call->endpoint->object, owner, (uint32_t)call->r[2],
             call->span[0].len != 0u ? call->span[0].ptr : (const uint8_t *)"", call->span[0].len);
    return result(call, status);
}

int32_t atto_service_store_delete(struct atto_call_frame *call)
{
    const struct atto_port *port = port_of(call);
    const struct atto_store *store = call->endpoint->object;
    lock(port);
    uint32_t owner = owner_of(call);
    struct entry *entry = find(store, owner, (uint32_t)call->r[2]);
    if (entry != NULL)
        drop(store, entry);
    unlock(port);
    if (entry == NULL)
        return result(call, ATTO_E_NOT_FOUND);
    tell(store, owner, (uint32_t)call->r[2], NULL, 0);
    return result(call, ATTO_OK);
}

/* The smallest key from r[2] on that has a value and that the right allows. */
int32_t atto_service_store_next(struct atto_call_frame *call)
{
    const struct atto_port *port = port_of(call);
    const struct atto_store *store = call->endpoint->object;
    uint32_t from = (uint32_t)call->r[2], best = 0;
    bool found = false;
    lock(port);
    uint32_t owner = owner_of(call);
    for (const struct entry *entry = next(store, NULL); entry != NULL; entry = next(store, entry)) {
        if (entry->owner == owner && entry->key >= from && (entry->key <= call->last || call->last == ATTO_RANGE_END) && (!found || entry->key < best)) {
            best = entry->key;
            found = true;
        }
    }
    unlock(port);
    if (!found)
        return result(call, ATTO_E_NOT_FOUND);
    call->r[0] = best;
    return ATTO_OK;
}
