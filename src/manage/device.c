/* What there is to read about the device as a whole: itself, its tenants, and an inventory of what is installed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

/* What containers of a tenant have taken of the pool; UINT32_MAX: all containers. */
static uint32_t ram_of(struct atto_engine *engine, uint32_t tenant)
{
    struct atto_container_info info;
    uint32_t bytes = 0;
    for (struct atto_container *container = NULL; (container = atto_engine_next(engine, container)) != NULL;) {
        atto_engine_info(engine, container, &info);
        if (tenant == UINT32_MAX || info.tenant == tenant)
            bytes += info.ram_bytes;
    }
    return bytes;
}

static uint32_t bits(uint32_t set)
{
    uint32_t count = 0;
    for (; set != 0u; set &= set - 1u)
        count++;
    return count;
}

/* ---- the device ---- */

struct device_state {
    uint32_t uptime_s, now_s, pool_bytes, pool_used_bytes, slot_bytes, slots, free_slots;
    uint32_t area_bytes, room_bytes, damaged;
};

static const uint16_t identity_fields[] = { MAP(12, 1), FIELD(16, struct atto_identity, device_id),
                                            FIELD(16, struct atto_identity, vendor_id),
                                            FIELD(16, struct atto_identity, class_id), 0 };
static const uint16_t name_fields[] = { FIELD(STRING, struct atto_manage_config, name),
                                        FIELD(STRING, struct atto_manage_config, version), 0 };
static const uint16_t state_fields[] = {
    NUMBER(struct device_state, uptime_s),
    NUMBER(struct device_state, now_s),
    LIST(2),
    NUMBER(struct device_state, pool_bytes),
    NUMBER(struct device_state, pool_used_bytes),
    LIST(3),
    NUMBER(struct device_state, slot_bytes),
    NUMBER(struct device_state, slots),
    NUMBER(struct device_state, free_slots),
    LIST(3),
    NUMBER(struct device_state, area_bytes),
    NUMBER(struct device_state, room_bytes),
    NUMBER(struct device_state, damaged),
    0,
};
static const uint16_t endpoint_fields[] = { FIELD(STRING, struct atto_endpoint, name), 0 };
static const uint16_t open_fields[] = { NUMBER(struct atto_manage_config, reading_is_open), 0 };

void atto_view_device(struct atto_view *view)
{
    const struct atto_deploy_config *deploy = view->deploy;
    const struct atto_records *records = deploy->records;
    const struct atto_port *port = view->engine->config->port;
    const struct atto_host *host = &view->engine->host;
    const struct device_state state = {
        .uptime_s = (uint32_t)(port->now_us(port->user) / 1000000u),
        .now_s = deploy->now_s != NULL ? deploy->now_s(deploy->user) : 0u,
        .pool_bytes = view->engine->pool_bytes,
        .pool_used_bytes = ram_of(view->engine, UINT32_MAX),
        .slot_bytes = deploy->slots->slot_bytes,
        .slots = deploy->slots->slot_count,
        .free_slots = bits(atto_slots_free(deploy->slots)),
        .area_bytes = records->area_bytes,
        .room_bytes = atto_records_room(records),
        .damaged = records->damaged,
    };
    atto_out_fields(view, deploy->identity, identity_fields);
    atto_out_fields(view, view->config, name_fields);
    atto_out_fields(view, &state, state_fields);
    atto_out_array(view, host->endpoint_count);
    for (uint32_t i = 0; i < host->endpoint_count; i++)
        atto_out_fields(view, &host->endpoints[i], endpoint_fields);
    atto_out_fields(view, view->config, open_fields);
}

/* ---- tenants ---- */

struct tenant_state {
    const char *name;
    struct atto_span kid;
    uint32_t id, algorithm, counter, ram_used_bytes;
    struct atto_tenant ceilings;
};

static const uint16_t tenant_fields[] = {
    MAP(10, 0),
    NUMBER(struct tenant_state, id),
    FIELD(STRING, struct tenant_state, name),
    FIELD(BYTES, struct tenant_state, kid),
    NUMBER(struct tenant_state, algorithm),
    NUMBER(struct tenant_state, counter),
    NUMBER(struct tenant_state, ceilings.ram_bytes),
    NUMBER(struct tenant_state, ceilings.fuel_per_s),
    NUMBER(struct tenant_state, ceilings.priority_first),
    NUMBER(struct tenant_state, ceilings.store_bytes),
    NUMBER(struct tenant_state, ram_used_bytes),
    0,
};

/* Of tenant `id`; 0 is the owner. */
static bool write_tenant(struct atto_view *view, uint32_t id)
{
    const struct atto_deploy_config *config = view->deploy;
    const struct atto_deploy_tenant *memory = &view->config->deploy->owner;
    struct tenant_state state;
    memset(&state, 0, sizeof state);
    if (id != 0u) {
        memory = &config->tenants[id - 1u];
        if (memory->name[0] == '\0')
            return false;
        state.ceilings = view->engine->config->tenants[id - 1u];
    }
    state.id = id;
    state.name = memory->name;
    state.kid = memory->signer.key.kid;
    state.algorithm = (uint32_t)memory->signer.key.algorithm;
    atto_records_number(config->records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, id), &state.counter);
    state.ram_used_bytes = ram_of(view->engine, id);
    atto_out_fields(view, &state, tenant_fields);
    return true;
}

void atto_view_tenants(struct atto_view *view)
{
    atto_out_items(view, view->engine->config->tenant_count + 1u, write_tenant);
}

/* ---- inventory ---- */

static const uint16_t item_fields[] = {
    ROW(5),
    FIELD(TEXT, struct atto_view, component.tenant),
    FIELD(TEXT, struct atto_view, component.container),
    NUMBER(struct atto_view, versions.current.sequence),
    FIELD(32, struct atto_view, versions.current.digest),
    0,
};
static const uint16_t digest_fields[] = { (uint16_t)(FIELD_32 << 12), 0 };

/* Each with the SHA-256 of the rows of its rights, as they lie in memory of a little-endian machine. */
static bool write_item(struct atto_view *view, uint32_t number)
{
    const struct atto_crypto *crypto = view->deploy->crypto;
    struct atto_right rights[ATTO_RIGHTS_MAX];
    uint8_t digest[ATTO_SHA256_BYTES];
    struct atto_sha256 hash;
    uint32_t count = 0;
    if (!atto_view_look(view, number))
        return false;
    if (view->container != NULL)
        count = atto_engine_rights(view->engine, view->container, rights, ATTO_RIGHTS_MAX);
    crypto->sha256_begin(crypto->user, &hash);
    crypto->sha256_add(crypto->user, &hash, (const uint8_t *)rights, count * (uint32_t)sizeof *rights);
    crypto->sha256_end(crypto->user, &hash, digest);
    atto_out_fields(view, view, item_fields);
    atto_out_fields(view, digest, digest_fields);
    return true;
}

void atto_view_inventory(struct atto_view *view)
{
    atto_out_items(view, view->deploy->component_count, write_item);
}
