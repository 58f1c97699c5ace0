/* What there is to read about the device as a whole: itself, its tenants, its audit trail, its trace, and an inventory of
 * what is installed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

static uint32_t bits(uint32_t set)
{
    uint32_t count = 0;
    for (; set != 0u; set &= set - 1u)
        count++;
    return count;
}

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

void atto_view_device(struct atto_view *view)
{
    const struct atto_manage_config *config = view->manage->config;
    const struct atto_deploy_config *deploy = config->deploy->config;
    const struct atto_identity *identity = deploy->identity;
    const struct atto_host *host = &deploy->engine->config->firmware->host;
    const struct atto_port *port = deploy->engine->config->port;
    const uint32_t pool[] = { deploy->engine->pool_bytes, ram_of(deploy->engine, UINT32_MAX) };
    const uint32_t slots[] = { deploy->slots->slot_bytes, deploy->slots->slot_count,
                               bits(atto_slots_free(deploy->slots)) };
    const uint32_t records[] = { deploy->records->area_bytes, atto_records_room(deploy->records),
                                 deploy->records->damaged };
    struct atto_out out = atto_out_begin(view);
    atto_out_map(&out, 12, 1);
    atto_out_member_string(&out, ATTO_CBOR_BYTES, identity->device_id, ATTO_IDENTITY_BYTES);
    atto_out_member_string(&out, ATTO_CBOR_BYTES, identity->vendor_id, ATTO_IDENTITY_BYTES);
    atto_out_member_string(&out, ATTO_CBOR_BYTES, identity->class_id, ATTO_IDENTITY_BYTES);
    atto_out_key(&out);
    atto_out_text(&out, config->name);
    atto_out_key(&out);
    atto_out_text(&out, config->version);
    atto_out_member(&out, (uint32_t)(port->now_us(port->user) / 1000000u));
    atto_out_member(&out, deploy->now_s != NULL ? deploy->now_s(deploy->user) : 0u);
    atto_out_member_numbers(&out, pool, 2);
    atto_out_member_numbers(&out, slots, 3);
    atto_out_member_numbers(&out, records, 3);
    atto_out_key(&out);
    atto_out_array(&out, host->endpoint_count);
    for (uint32_t i = 0; i < host->endpoint_count; i++)
        atto_out_text(&out, host->endpoints[i].name);
    atto_out_key(&out);
    atto_out_bool(&out, config->reading_is_open);
}

/* ---- tenants ---- */

static void write_tenant(struct atto_out *out, const struct atto_deploy_config *deploy, uint32_t id,
                         const struct atto_deploy_tenant *memory)
{
    static const struct atto_tenant owner;
    const struct atto_tenant *tenant = id != 0u ? &deploy->engine->config->tenants[id - 1u] : &owner;
    uint32_t counter;
    if (atto_records_number(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, id), &counter) != ATTO_OK)
        counter = 0;
    atto_out_map(out, 10, 0);
    atto_out_member(out, id);
    atto_out_key(out);
    atto_out_text(out, memory->name);
    atto_out_member_string(out, ATTO_CBOR_BYTES, memory->key.kid.ptr, memory->key.kid.len);
    atto_out_member(out, memory->key.algorithm);
    atto_out_member(out, counter);
    atto_out_member(out, tenant->ram_bytes);
    atto_out_member(out, tenant->fuel_per_s);
    atto_out_member(out, tenant->priority_first);
    atto_out_member(out, tenant->store_bytes);
    atto_out_member(out, ram_of(deploy->engine, id));
}

void atto_view_tenants(struct atto_view *view)
{
    const struct atto_deploy *deploy = view->manage->config->deploy;
    uint32_t capacity = deploy->config->engine->config->tenant_count, count = 1;
    struct atto_out out = atto_out_begin(view);
    for (uint32_t i = 0; i < capacity; i++)
        count += deploy->config->tenants[i].name[0] != '\0';
    atto_out_array(&out, count);
    write_tenant(&out, deploy->config, 0, &deploy->owner);
    for (uint32_t i = 0; i < capacity; i++) {
        if (deploy->config->tenants[i].name[0] != '\0')
            write_tenant(&out, deploy->config, i + 1u, &deploy->config->tenants[i]);
    }
}

/* ---- audit ---- */

typedef bool audit_fn(struct atto_engine *engine, uint32_t age, struct atto_audit_record *record);

static void write_audit(struct atto_out *out, struct atto_engine *engine, audit_fn *read)
{
    struct atto_audit_record record;
    uint32_t count = 0;
    while (read(engine, count, &record))
        count++;
    atto_out_key(out);
    atto_out_array(out, count);
    for (uint32_t age = 0; age < count && read(engine, age, &record); age++) {
        atto_out_array(out, 8);
        atto_out_head(out, ATTO_CBOR_UINT, record.time_us);
        atto_out_number(out, record.kind);
        atto_out_number(out, record.container);
        atto_out_number(out, record.code);
        atto_out_number(out, record.handle);
        atto_out_signed(out, record.status);
        atto_out_number(out, record.actor);
        atto_out_number(out, record.count);
    }
}

void atto_view_audit(struct atto_view *view)
{
    struct atto_engine *engine = view->manage->config->deploy->config->engine;
    struct atto_out out = atto_out_begin(view);
    atto_out_map(&out, 2, 0);
    write_audit(&out, engine, atto_engine_denial);
    write_audit(&out, engine, atto_engine_change);
}

/* ---- trace ---- */

static void write_trace(struct atto_out *out, const struct atto_trace_record *record)
{
    atto_out_array(out, 5);
    atto_out_number(out, record->time_us);
    atto_out_number(out, record->kind);
    atto_out_number(out, record->container);
    atto_out_number(out, record->detail);
    atto_out_number(out, record->value);
}

/* So long a record can be in CBOR. */
#define TRACE_BYTES_MAX 18u

void atto_view_trace(struct atto_view *view)
{
    struct atto_engine *engine = view->manage->config->deploy->config->engine;
    uint32_t end = engine->trace_written, first = end - engine->config->trace_count, most, from;
    struct atto_trace_record record;
    while (first != end && !atto_engine_trace(engine, first, &record))
        first++;
    most = (atto_coap_block_bytes(view->manage->config->server) - 12u) / TRACE_BYTES_MAX + 1u;
    from = atto_view_from(view, first, end, end - first > most ? end - most : first);
    if (end - from > most)
        end = from + most;
    view->reply->resource = RESOURCE_TRACE;
    struct atto_out out = atto_out_begin(view);
    atto_out_map(&out, 2, 0);
    atto_out_member(&out, end);
    atto_out_key(&out);
    atto_out_array(&out, end - from);
    for (; from != end && atto_engine_trace(engine, from, &record); from++)
        write_trace(&out, &record);
}

/* ---- inventory ---- */

/* SHA-256 of the rows of its rights, as they lie in memory of a little-endian machine. */
static void rights_digest(const struct atto_view *view, uint8_t *digest)
{
    const struct atto_deploy_config *deploy = view->manage->config->deploy->config;
    const struct atto_crypto *crypto = deploy->crypto;
    struct atto_right rights[ATTO_RIGHTS_MAX];
    struct atto_sha256 hash;
    uint32_t count = 0;
    if (view->container != NULL)
        count = atto_engine_rights(deploy->engine, view->container, rights, ATTO_RIGHTS_MAX);
    crypto->sha256_begin(crypto->user, &hash);
    crypto->sha256_add(crypto->user, &hash, (const uint8_t *)rights, count * (uint32_t)sizeof *rights);
    crypto->sha256_end(crypto->user, &hash, digest);
}

void atto_view_inventory(struct atto_view *view)
{
    uint8_t digest[ATTO_SHA256_BYTES];
    uint32_t count = atto_view_count(view);
    struct atto_out out = atto_out_begin(view);
    atto_out_array(&out, count);
    for (view->number = 0; atto_view_next(view); view->number++) {
        rights_digest(view, digest);
        atto_out_array(&out, 5);
        atto_out_string(&out, ATTO_CBOR_TEXT, view->component.tenant.ptr, view->component.tenant.len);
        atto_out_string(&out, ATTO_CBOR_TEXT, view->component.container.ptr, view->component.container.len);
        atto_out_number(&out, view->versions.current.sequence);
        atto_out_string(&out, ATTO_CBOR_BYTES, view->versions.current.digest, ATTO_DIGEST_BYTES);
        atto_out_string(&out, ATTO_CBOR_BYTES, digest, sizeof digest);
    }
}
