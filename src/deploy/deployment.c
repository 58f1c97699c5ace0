/* From flash to a running engine, see atto/deploy.h. The one idea: what runs is worked out from the records alone, by the
 * same function after a reset and after a version on trial has faulted.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "deploy/deployment.h"

/* from may be NULL if there is nothing to copy. */
static void copy(void *to, const void *from, size_t len)
{
    if (len != 0u)
        memcpy(to, from, len);
}

void atto_deploy_tell(const struct atto_deploy *deploy, enum atto_deploy_event event, uint32_t number,
                      enum atto_status status)
{
    const struct atto_deploy_config *config = deploy->config;
    if (config->told != NULL)
        config->told(config->user, event, number, status);
}

void atto_deploy_refused(const struct atto_deploy *deploy, uint32_t tenant, uint32_t actor, enum atto_status status)
{
    atto_engine_refused(deploy->engine, tenant, actor, status);
    atto_deploy_tell(deploy, ATTO_DEPLOY_REFUSED, actor, status);
}

/* ---- names of components ---- */

enum atto_status atto_name_record_get(const struct atto_deploy *deploy, uint32_t number, struct atto_name_record *name)
{
    struct atto_span value;
    enum atto_status status = atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_NAME, number), &value);
    if (status != ATTO_OK)
        return status;
    struct atto_cbor cbor = { value.ptr, value.len, 1 };
    memset(name, 0, sizeof *name);
    name->invoke = (value.ptr[0] & ATTO_NAME_INVOKE) != 0u;
    return atto_component_read(&cbor, &name->component) && cbor.pos == cbor.len ? ATTO_OK : ATTO_E_DAMAGED;
}

struct atto_record atto_name_record_make(uint32_t number, bool invoke, struct atto_span component, uint8_t *bytes)
{
    bytes[0] = invoke ? ATTO_NAME_INVOKE : 0u;
    memcpy(bytes + 1, component.ptr, component.len);
    return (struct atto_record){ ATTO_RECORD_KEY(ATTO_RECORD_NAME, number), { bytes, 1u + component.len } };
}

bool atto_deploy_name(const struct atto_deploy *deploy, uint32_t number, struct atto_component *component)
{
    struct atto_name_record name;
    if (atto_name_record_get(deploy, number, &name) != ATTO_OK)
        return false;
    *component = name.component;
    return true;
}

struct atto_place atto_deploy_look_up(const struct atto_deploy *deploy, const struct atto_component *component)
{
    struct atto_place place = { ATTO_E_NOT_FOUND, ATTO_E_NO_SPACE, 0 };
    struct atto_name_record name;
    for (uint32_t i = deploy->config->component_count; i-- != 0u;) {
        enum atto_status status = atto_name_record_get(deploy, i, &name);
        if (status == ATTO_E_DAMAGED) {
            place.free = ATTO_E_DAMAGED;
        } else if (status != ATTO_OK) {
            place.free = place.free != ATTO_E_DAMAGED ? (int32_t)i : ATTO_E_DAMAGED;
        } else if (atto_same_span(name.component.tenant, component->tenant)) {
            place.siblings++;
            if (atto_same_span(name.component.container, component->container))
                place.number = (int32_t)i;
        }
    }
    return place;
}

int32_t atto_deploy_find(const struct atto_deploy *deploy, const struct atto_component *component)
{
    return atto_deploy_look_up(deploy, component).number;
}

/* ---- tenants ---- */

const struct atto_deploy_tenant *atto_deploy_tenant(const struct atto_deploy *deploy, uint32_t tenant)
{
    return tenant == ATTO_TENANT_OWNER ? &deploy->owner : &deploy->tenants[tenant - 1u];
}

/* The owner comes first, whose name is empty as those of tenants that there are not. */
int32_t atto_deploy_tenant_named(const struct atto_deploy *deploy, struct atto_span name)
{
    for (uint32_t i = 0; i <= deploy->engine->config->tenant_count; i++) {
        if (atto_same_span(atto_deploy_tenant(deploy, i)->signer.name, name))
            return (int32_t)i;
    }
    return ATTO_E_NOT_FOUND;
}

enum atto_status atto_deploy_keep_key(struct atto_deploy *deploy, uint32_t tenant, struct atto_span bytes)
{
    struct atto_deploy_tenant *memory = (struct atto_deploy_tenant *)atto_deploy_tenant(deploy, tenant);
    if (bytes.len > ATTO_KEY_RECORD_MAX)
        return ATTO_E_ARGUMENT;
    memory->keys++;
    memset(&memory->signer.key, 0, sizeof memory->signer.key);
    copy(memory->key_bytes, bytes.ptr, bytes.len);
    enum atto_status status = atto_key_read((struct atto_span){ memory->key_bytes, bytes.len }, &memory->signer.key, NULL);
    if (tenant != ATTO_TENANT_OWNER)
        deploy->engine->config->tenants[tenant - 1u].key =
            memory->signer.key.algorithm == ATTO_EDDSA ? memory->signer.key.x : NULL;
    return status;
}

enum atto_status atto_deploy_rights(const struct atto_deploy *deploy, struct atto_span manifest,
                                    struct atto_right *rows, uint32_t capacity, uint32_t *count)
{
    struct atto_manifest parsed;
    *count = 0;
    if (manifest.len == 0u)
        return ATTO_OK;
    enum atto_status status = atto_manifest_parse(manifest, &parsed, NULL);
    if (status == ATTO_OK && parsed.right_count > capacity)
        status = ATTO_E_ARGUMENT;
    for (uint32_t i = 0; status == ATTO_OK && i < parsed.right_count; i++)
        status = atto_engine_wish(deploy->engine, &parsed, i, &rows[i]);
    if (status == ATTO_OK)
        *count = parsed.right_count;
    return status;
}

enum atto_status atto_deploy_judge_tenant(const struct atto_deploy *deploy, const struct atto_tenant_record *record,
                                          struct atto_right *rows, uint32_t *row_count)
{
    const struct atto_deploy_config *config = deploy->config;
    if (record->id > config->engine->config->tenant_count || record->key.len > ATTO_KEY_RECORD_MAX)
        return ATTO_E_ARGUMENT;
    int32_t same = atto_deploy_tenant_named(deploy, record->name);
    const char *before = config->tenants[record->id - 1u].name;
    if (same >= 0 ? (uint32_t)same != record->id : before[0] != '\0')
        return ATTO_E_ARGUMENT;
    return atto_deploy_rights(deploy, record->rights, rows, ATTO_CEILING_ROWS, row_count);
}

void atto_deploy_enrol(struct atto_deploy *deploy, const struct atto_tenant_record *record,
                       const struct atto_right *rows, uint32_t row_count)
{
    struct atto_engine *engine = deploy->engine;
    struct atto_deploy_tenant *memory = &deploy->tenants[record->id - 1u];
    struct atto_tenant *tenant = &engine->config->tenants[record->id - 1u];
    uint32_t keys = memory->keys;
    memset(memory, 0, sizeof *memory);
    memory->keys = keys;
    memory->components = record->components;
    copy(memory->name, record->name.ptr, record->name.len);
    memory->signer.name = (struct atto_span){ (const uint8_t *)memory->name, record->name.len };
    (void)atto_deploy_keep_key(deploy, record->id, record->key);
    copy(memory->rights, rows, row_count * sizeof *rows);
    tenant->name = memory->name;
    tenant->ram_bytes = record->ram_bytes;
    tenant->fuel_per_s = record->fuel_per_s;
    tenant->priority_first = (uint8_t)record->priority_first;
    tenant->store_bytes = (uint16_t)record->store_bytes;
    atto_engine_set_ceiling(engine, record->id, memory->rights, row_count, ATTO_TENANT_OWNER);
}

/* A key that was rotated is in force for the one in the record; if it is damaged there is none. */
enum atto_status atto_deploy_boot_tenant(struct atto_deploy *deploy, uint32_t number, struct atto_span value)
{
    struct atto_tenant_record record;
    struct atto_right rows[ATTO_CEILING_ROWS];
    struct atto_span key;
    uint32_t count;
    enum atto_status status = atto_tenant_record_read(value, &record, NULL);
    enum atto_status rotated = atto_records_get(deploy->records,
                                                ATTO_RECORD_KEY(ATTO_RECORD_KEY_ROTATED, number), &key);
    if (status == ATTO_OK && (record.id != number || rotated == ATTO_E_DAMAGED))
        status = ATTO_E_DAMAGED;
    if (status == ATTO_OK)
        status = atto_deploy_judge_tenant(deploy, &record, rows, &count);
    if (status != ATTO_OK)
        return status;
    if (rotated == ATTO_OK)
        record.key = key;
    atto_deploy_enrol(deploy, &record, rows, count);
    return ATTO_OK;
}

/* Are all tenants known? */
static bool boot_tenants(struct atto_deploy *deploy)
{
    const struct atto_records *records = deploy->records;
    uint32_t key = ATTO_RECORD_KEY(ATTO_RECORD_TENANT, 0);
    struct atto_span value;
    enum atto_status status;
    bool all_known = true;
    for (; (status = atto_records_next(records, &key, &value)) != ATTO_E_NOT_FOUND &&
           ATTO_RECORD_KIND(key) == ATTO_RECORD_TENANT; key++) {
        if (status == ATTO_OK)
            status = atto_deploy_boot_tenant(deploy, ATTO_RECORD_NUMBER(key), value);
        if (status == ATTO_OK)
            continue;
        all_known = false;
        atto_deploy_tell(deploy, ATTO_DEPLOY_TENANT, ATTO_RECORD_NUMBER(key), status);
    }
    return all_known;
}

/* The owner's key, if it was rotated. If that is damaged there is none: the firmware's may be known to others by now. */
static void boot_owner(struct atto_deploy *deploy)
{
    struct atto_span key;
    enum atto_status status = atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_KEY_ROTATED, 0), &key);
    if (status == ATTO_E_NOT_FOUND)
        return;
    if (status == ATTO_OK)
        status = atto_deploy_keep_key(deploy, ATTO_TENANT_OWNER, key);
    if (status == ATTO_OK)
        return;
    memset(&deploy->owner, 0, sizeof deploy->owner);
    atto_deploy_tell(deploy, ATTO_DEPLOY_TENANT, ATTO_TENANT_OWNER, status);
}

/* ---- components ---- */

enum atto_status atto_deploy_run(struct atto_deploy *deploy, uint32_t number, const struct atto_install *request,
                                 struct atto_report *report)
{
    struct atto_slots *slots = deploy->slots;
    struct atto_deploy_component *component = &deploy->components[number];
    enum atto_status status;
    if (component->container != NULL) {
        status = atto_engine_update(deploy->engine, &component->container, request, report);
    } else {
        status = atto_engine_install(deploy->engine, request, &component->container, report);
        if (status == ATTO_OK)
            atto_deploy_restore(deploy, (int32_t)number);
    }
    if (status == ATTO_OK) {
        slots->runs &= ~component->pin;
        component->pin = 1u << atto_slots_slot_of(slots, request->bytes);
        slots->runs |= component->pin;
    }
    return status;
}

/* Rights that were changed at run time, one after the other: those that the change does not name are taken away. */
static ATTO_APART enum atto_status apply_rights(struct atto_deploy *deploy, struct atto_container *container,
                                                struct atto_span changed)
{
    struct atto_manifest manifest;
    enum atto_status status = atto_manifest_parse(changed, &manifest, NULL);
    uint32_t had = atto_engine_rights(deploy->engine, container, NULL, 0);
    for (uint32_t i = 0; status == ATTO_OK && (i < manifest.right_count || i < had); i++) {
        struct atto_right right = { .endpoint = 0 };
        if (i < manifest.right_count)
            status = atto_engine_wish(deploy->engine, &manifest, i, &right);
        if (status == ATTO_OK)
            status = atto_engine_set_rights(deploy->engine, container, i, &right, 1, ATTO_TENANT_OWNER);
    }
    return status;
}

/* Runs an image with what was changed of it at run time. */
static enum atto_status run_changed(struct atto_deploy *deploy, uint32_t number, uint32_t tenant, struct atto_span image)
{
    struct atto_install request = { .bytes = image.ptr, .len = image.len, .tenant = tenant };
    struct atto_manifest manifest;
    struct atto_span value;
    enum atto_status status = atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_LIMITS, number), &value);
    if (status == ATTO_OK) {
        request.schedule = &manifest.schedule;
        status = atto_manifest_parse(value, &manifest, NULL);
    }
    if (status != ATTO_OK && status != ATTO_E_NOT_FOUND)
        return status;
    enum atto_status changed = atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_RIGHTS, number), &value);
    if (changed != ATTO_OK && changed != ATTO_E_NOT_FOUND)
        return changed;
    status = atto_deploy_run(deploy, number, &request, NULL);
    if (status == ATTO_OK && changed == ATTO_OK)
        status = apply_rights(deploy, deploy->components[number].container, value);
    return status;
}

void atto_deploy_watch(struct atto_deploy *deploy, uint32_t number)
{
    const struct atto_port *port = deploy->engine->config->port;
    struct atto_deploy_component *component = &deploy->components[number];
    struct atto_container_info info;
    atto_engine_info(deploy->engine, component->container, &info);
    component->faults = info.counters.faults;
    component->heartbeats = info.counters.heartbeats;
    component->since_us = port->now_us(port->user);
}

static bool is_attached(const struct atto_deploy *deploy, uint32_t number)
{
    struct atto_container_info info;
    atto_engine_info(deploy->engine, deploy->components[number].container, &info);
    return info.attachments != 0u;
}

enum atto_status atto_deploy_take_out(struct atto_deploy *deploy, uint32_t number)
{
    struct atto_engine *engine = deploy->engine;
    struct atto_deploy_component *component = &deploy->components[number];
    if (component->container == NULL)
        return ATTO_OK;
    if (is_attached(deploy, number))
        atto_deploy_tell(deploy, ATTO_DEPLOY_ATTACHED, number, ATTO_E_BUSY);
    if (is_attached(deploy, number))
        return ATTO_E_BUSY;
    atto_engine_stop(engine, component->container, true);
    if (atto_engine_remove(engine, component->container) != ATTO_OK)
        return ATTO_E_BUSY;
    deploy->slots->runs &= ~component->pin;
    component->pin = 0;
    component->container = NULL;
    component->on_trial = false;
    return ATTO_OK;
}

/* Starts what is in the engine, or stops it. */
static enum atto_status invoke_or_not(struct atto_engine *engine, struct atto_container *container, bool invoke)
{
    struct atto_container_info info;
    atto_engine_info(engine, container, &info);
    if ((info.state != ATTO_STATE_INSTALLED) == invoke)
        return ATTO_OK;
    return invoke ? atto_engine_start(engine, container) : atto_engine_stop(engine, container, true);
}

void atto_deploy_begin(struct atto_deploy *deploy, uint32_t number, bool invoke, bool on_trial)
{
    struct atto_deploy_component *component = &deploy->components[number];
    enum atto_status status = invoke_or_not(deploy->engine, component->container, invoke);
    component->on_trial = on_trial;
    atto_deploy_watch(deploy, number);
    atto_deploy_tell(deploy, ATTO_DEPLOY_RUNS, number, status);
}

/* The version that is to be in the engine. A reset counts against one on trial only if it runs. */
static enum atto_status version_of(struct atto_slots *slots, uint32_t number, bool invoke, struct atto_versions *versions)
{
    if (invoke)
        return atto_slots_start(slots, number, versions);
    enum atto_status status = atto_slots_get(slots, number, versions);
    return status == ATTO_OK && versions->state == ATTO_COMPONENT_FAILED ? ATTO_E_STATE : status;
}

/* Is it the image's own fault that it does not run? No other image is to blame for what else is missing. */
static bool is_of_the_image(enum atto_status status)
{
    return status == ATTO_E_DIGEST || (status <= ATTO_E_FORMAT && status >= ATTO_E_ENTRY);
}

void atto_deploy_bring_up(struct atto_deploy *deploy, uint32_t number, bool counts)
{
    struct atto_slots *slots = deploy->slots;
    struct atto_versions versions;
    struct atto_name_record name;
    int32_t tenant = ATTO_OK;
    enum atto_status status = atto_name_record_get(deploy, number, &name);
    if (status == ATTO_OK)
        tenant = atto_deploy_tenant_named(deploy, name.component.tenant);
    if (tenant < 0)
        status = ATTO_E_SIGNER;
    if (status == ATTO_OK)
        status = version_of(slots, number, name.invoke && counts, &versions);
    while (status == ATTO_OK) {
        struct atto_span image = atto_slots_image(slots, &versions.current);
        if (!atto_digest_holds(deploy->config->crypto, image, versions.current.digest))
            status = ATTO_E_DIGEST;
        else
            status = run_changed(deploy, number, (uint32_t)tenant, image);
        if (status == ATTO_OK) {
            atto_deploy_begin(deploy, number, name.invoke, versions.state == ATTO_COMPONENT_TRIAL);
            return;
        }
        if (versions.state != ATTO_COMPONENT_TRIAL || !is_of_the_image(status))
            break;
        atto_deploy_tell(deploy, ATTO_DEPLOY_ROLLED_BACK, number, status);
        status = atto_slots_fault(slots, number);
        if (status == ATTO_OK)
            status = version_of(slots, number, name.invoke && counts, &versions);
    }
    atto_deploy_take_out(deploy, number);
    atto_deploy_tell(deploy, ATTO_DEPLOY_NOT_RUN, number, status);
}

/* ---- boot ---- */

/* A log that ends with something that was cut off, or has a bit that was put right, moves to the next area at once: what is
 * wrong there must not be joined by more. */
static enum atto_status open_storage(const struct atto_deploy_config *config)
{
    const struct atto_record nothing = atto_record_without(ATTO_RECORD_VALUE, ATTO_COMPONENT_MAX);
    enum atto_status status = atto_records_mount(config->records);
    if (status == ATTO_E_NOT_FOUND)
        status = atto_records_format(config->records);
    if (status == ATTO_OK && config->records->end == config->records->area_bytes)
        (void)atto_records_put(config->records, &nothing, 1);
    config->slots->open = config->slots->runs = 0;
    return status;
}

bool atto_deploy_is_tenant(const struct atto_deploy *deploy, uint32_t tenant)
{
    struct atto_span value;
    return tenant == ATTO_TENANT_OWNER ||
           atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_TENANT, tenant), &value) != ATTO_E_NOT_FOUND;
}

bool atto_deploy_remove_all(struct atto_deploy *deploy, const struct atto_span *of)
{
    struct atto_component component;
    struct atto_record records[ATTO_REMOVAL_RECORDS];
    bool all = true;
    for (uint32_t i = 0; i < deploy->config->component_count; i++) {
        if (!atto_deploy_name(deploy, i, &component) ||
            (of != NULL ? !atto_same_span(component.tenant, *of) : atto_deploy_tenant_named(deploy, component.tenant) >= 0))
            continue;
        enum atto_status status = atto_deploy_remove(deploy, i, records, ATTO_REMOVAL_RECORDS);
        deploy->components[i].revoked = status != ATTO_OK && status != ATTO_E_NOT_FOUND;
        all = all && !deploy->components[i].revoked;
    }
    atto_deploy_forget(deploy);
    return all;
}

enum atto_status atto_deploy_remove(struct atto_deploy *deploy, uint32_t number, struct atto_record *records,
                                    uint32_t count)
{
    struct atto_versions versions;
    if (atto_slots_get(deploy->slots, number, &versions) == ATTO_E_NOT_FOUND)
        return ATTO_E_NOT_FOUND;
    enum atto_status status = atto_deploy_take_out(deploy, number);
    if (status != ATTO_OK)
        return status;
    records[1] = atto_record_without(ATTO_RECORD_RIGHTS, number);
    records[2] = atto_record_without(ATTO_RECORD_LIMITS, number);
    records[3] = atto_record_without(ATTO_RECORD_POST_MORTEM, number);
    status = atto_slots_remove(deploy->slots, number, records, count);
    if (status != ATTO_OK)
        atto_deploy_bring_up(deploy, number, false);
    else
        atto_deploy_tell(deploy, ATTO_DEPLOY_REMOVED, number, ATTO_OK);
    return status;
}

enum atto_status atto_deploy_boot(struct atto_deploy *deploy, const struct atto_deploy_config *config)
{
    uint32_t tenant_count = config->engine->config->tenant_count;
    struct atto_versions versions;
    if (config->component_count > ATTO_COMPONENTS_MAX)
        return ATTO_E_ARGUMENT;
    memset(deploy, 0, sizeof *deploy);
    deploy->config = config;
    deploy->engine = config->engine;
    deploy->records = config->records;
    deploy->slots = config->slots;
    deploy->tenants = config->tenants;
    deploy->components = config->components;
    deploy->postmortems_seen = config->engine->postmortems_written;
    if (tenant_count != 0u)
        memset(config->tenants, 0, tenant_count * sizeof *config->tenants);
    memset(config->components, 0, config->component_count * sizeof *config->components);
    enum atto_status status = atto_deploy_keep_key(deploy, ATTO_TENANT_OWNER, config->owner_key);
    if (status == ATTO_OK)
        status = open_storage(config);
    if (status != ATTO_OK)
        return status;
    boot_owner(deploy);
    if (boot_tenants(deploy)) /* power may have failed while a tenant was revoked */
        atto_deploy_remove_all(deploy, NULL);
    atto_deploy_restore(deploy, ATTO_NO_COMPONENT);
    for (uint32_t i = 0; i < config->component_count; i++) {
        if (atto_slots_get(config->slots, i, &versions) != ATTO_E_NOT_FOUND)
            atto_deploy_bring_up(deploy, i, true);
    }
    return ATTO_OK;
}

/* ---- trial ---- */

enum atto_status atto_deploy_confirm(struct atto_deploy *deploy, uint32_t number)
{
    enum atto_status status = atto_slots_confirm(deploy->slots, number);
    if (status == ATTO_OK && deploy->components[number].on_trial) {
        deploy->components[number].on_trial = false;
        atto_deploy_tell(deploy, ATTO_DEPLOY_HEALTHY, number, ATTO_OK);
    }
    return status;
}

/* Out of the engine first: its slot is free from the moment on in which it is given up in flash. */
static void give_up(struct atto_deploy *deploy, uint32_t number, enum atto_status status)
{
    if (atto_deploy_take_out(deploy, number) != ATTO_OK)
        return; /* the next tick tries again */
    atto_deploy_tell(deploy, ATTO_DEPLOY_ROLLED_BACK, number, status);
    (void)atto_slots_fault(deploy->slots, number); /* if flash refuses, the trial goes on */
    atto_deploy_bring_up(deploy, number, true);
}

static void look_after(struct atto_deploy *deploy, uint32_t number)
{
    const struct atto_deploy_config *config = deploy->config;
    const struct atto_port *port = config->engine->config->port;
    const struct atto_deploy_component *component = &config->components[number];
    struct atto_container_info info;
    atto_engine_info(config->engine, component->container, &info);
    uint64_t ran_us = port->now_us(port->user) - component->since_us;
    bool runs = info.state == ATTO_STATE_STARTING || info.state == ATTO_STATE_RUNNING;
    if (info.counters.faults != component->faults)
        give_up(deploy, number, (enum atto_status)info.counters.last_fault);
    else if (info.counters.heartbeats != component->heartbeats ||
             (config->trial_ms != 0u && runs && ran_us / 1000u >= config->trial_ms))
        atto_deploy_confirm(deploy, number);
}

void atto_deploy_tick(struct atto_deploy *deploy)
{
    atto_deploy_keep_postmortems(deploy);
    for (uint32_t i = 0; i < deploy->config->component_count; i++) {
        struct atto_deploy_component *component = &deploy->components[i];
        struct atto_record records[ATTO_REMOVAL_RECORDS];
        if (component->revoked)
            component->revoked = atto_deploy_remove(deploy, i, records, ATTO_REMOVAL_RECORDS) != ATTO_OK;
        if (component->on_trial && component->container != NULL)
            look_after(deploy, i);
    }
}
