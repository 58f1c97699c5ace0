/* From flash to a running engine, see atto/deploy.h. The one idea: what runs is worked out from the records alone, by the
 * same function after a reset and after a version on trial has faulted.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "base/compiler.h"
#include "base/crc32.h"
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
    name->component.tenant = (struct atto_span){ NULL, 0 }; /* there may be none */
    name->invoke = (value.ptr[0] & ATTO_NAME_INVOKE) != 0u;
    return atto_component_read(&cbor, &name->component) && cbor.pos == cbor.len ? ATTO_OK : ATTO_E_DAMAGED;
}

void atto_name_record_make(struct atto_name_bytes *bytes, bool invoke, struct atto_span component)
{
    bytes->value.ptr = bytes->bytes;
    bytes->value.len = 1u + component.len;
    bytes->bytes[0] = invoke ? ATTO_NAME_INVOKE : 0u;
    memcpy(bytes->bytes + 1, component.ptr, component.len);
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

struct atto_deploy_tenant *atto_deploy_tenant(const struct atto_deploy *deploy, uint32_t tenant)
{
    return tenant == ATTO_TENANT_OWNER ? (struct atto_deploy_tenant *)&deploy->owner : &deploy->tenants[tenant - 1u];
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
    struct atto_deploy_tenant *memory = atto_deploy_tenant(deploy, tenant);
    if (bytes.len > ATTO_KEY_RECORD_MAX)
        return ATTO_E_ARGUMENT;
    memory->keys++;
    memset(&memory->signer.key, 0, sizeof memory->signer.key);
    copy(memory->key_bytes, bytes.ptr, bytes.len);
    bytes.ptr = memory->key_bytes;
    return atto_key_read(bytes, &memory->signer.key, NULL);
}

/* Reads the rights of a manifest that has nothing else, to rows; NULL: they are judged alone. Returns how many there are,
 * or a status that is negative. */
static ATTO_APART int32_t read_ceiling(const struct atto_deploy *deploy, struct atto_span rights, struct atto_right *rows)
{
    struct atto_manifest manifest;
    struct atto_right ignored;
    if (rights.len == 0u)
        return 0;
    enum atto_status status = atto_manifest_parse(rights, &manifest, NULL);
    if (status == ATTO_OK && manifest.right_count > ATTO_CEILING_ROWS)
        status = ATTO_E_ARGUMENT;
    for (uint32_t i = 0; status == ATTO_OK && i < manifest.right_count; i++)
        status = atto_engine_wish(deploy->engine, &manifest, i, rows != NULL ? &rows[i] : &ignored);
    return status == ATTO_OK ? (int32_t)manifest.right_count : (int32_t)status;
}

enum atto_status atto_deploy_read_tenant(const struct atto_deploy *deploy, struct atto_span bytes,
                                         struct atto_tenant_record *record)
{
    enum atto_status status = atto_tenant_record_read(bytes, record, NULL);
    if (status != ATTO_OK)
        return status;
    if (record->id > deploy->engine->config->tenant_count)
        return ATTO_E_ARGUMENT;
    int32_t same = atto_deploy_tenant_named(deploy, record->name);
    if (same >= 0 ? (uint32_t)same != record->id : atto_deploy_tenant(deploy, record->id)->name[0] != '\0')
        return ATTO_E_ARGUMENT;
    int32_t rows = read_ceiling(deploy, record->rights, NULL);
    return rows < 0 ? (enum atto_status)rows : ATTO_OK;
}

void atto_deploy_enrol(struct atto_deploy *deploy, const struct atto_tenant_record *record)
{
    struct atto_engine *engine = deploy->engine;
    struct atto_deploy_tenant *memory = atto_deploy_tenant(deploy, record->id);
    struct atto_tenant *tenant = &engine->config->tenants[record->id - 1u];
    uint32_t keys = memory->keys;
    memset(memory, 0, sizeof *memory);
    memory->keys = keys;
    memory->components = record->components;
    copy(memory->name, record->name.ptr, record->name.len);
    memory->signer.name = (struct atto_span){ (const uint8_t *)memory->name, record->name.len };
    (void)atto_deploy_keep_key(deploy, record->id, record->key);
    tenant->name = memory->name;
    tenant->ram_bytes = record->ram_bytes;
    tenant->fuel_per_s = record->fuel_per_s;
    tenant->priority_first = (uint8_t)record->priority_first;
    tenant->store_bytes = (uint16_t)record->store_bytes;
    atto_engine_set_ceiling(engine, record->id, memory->rights,
                            (uint32_t)read_ceiling(deploy, record->rights, memory->rights), ATTO_TENANT_OWNER);
}

/* A key that was rotated is in force for the one in the record; if it is damaged there is none. */
enum atto_status atto_deploy_boot_tenant(struct atto_deploy *deploy, uint32_t number, struct atto_span value)
{
    struct atto_tenant_record record;
    struct atto_span key;
    enum atto_status status = atto_deploy_read_tenant(deploy, value, &record);
    enum atto_status rotated = atto_records_get(deploy->records,
                                                ATTO_RECORD_KEY(ATTO_RECORD_KEY_ROTATED, number), &key);
    if (status != ATTO_OK)
        return status;
    if (record.id != number || rotated == ATTO_E_DAMAGED)
        return ATTO_E_DAMAGED;
    if (rotated == ATTO_OK)
        record.key = key;
    atto_deploy_enrol(deploy, &record);
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

/* Tells whose counter is damaged: nothing more is taken from this signer, because it could be an old command. */
static void boot_counters(const struct atto_deploy *deploy)
{
    uint32_t ignored;
    for (uint32_t i = 0; i <= deploy->engine->config->tenant_count; i++) {
        enum atto_status status = atto_records_number(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, i), &ignored);
        if (status != ATTO_OK)
            atto_deploy_tell(deploy, ATTO_DEPLOY_TENANT, i, status);
    }
}

/* The owner's key, if it was rotated. If that is damaged there is none: the firmware's may be known to others by now. */
static void boot_owner(struct atto_deploy *deploy)
{
    struct atto_span key;
    if (atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_KEY_ROTATED, 0), &key) != ATTO_E_NOT_FOUND &&
        atto_deploy_keep_key(deploy, ATTO_TENANT_OWNER, key) != ATTO_OK) /* damaged: it is empty */
        atto_deploy_tell(deploy, ATTO_DEPLOY_TENANT, ATTO_TENANT_OWNER, ATTO_E_DAMAGED);
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
        uint32_t pin = 1u << atto_slots_slot_of(slots, request->bytes);
        slots->runs ^= component->pin ^ pin; /* no two run from one slot */
        component->pin = pin;
    }
    return status;
}

ATTO_APART enum atto_status atto_deploy_set_rights(struct atto_deploy *deploy, struct atto_container *container,
                                                   struct atto_span changed, uint8_t actor)
{
    struct atto_manifest manifest;
    enum atto_status status = atto_manifest_parse(changed, &manifest, NULL);
    uint32_t count = manifest.right_count, had = atto_engine_rights(deploy->engine, container, NULL, 0);
    struct atto_right right;
    for (uint32_t i = 0; status == ATTO_OK && i < count; i++)
        status = atto_engine_wish(deploy->engine, &manifest, i, &right);
    for (uint32_t i = 0; status == ATTO_OK && (i < count || i < had); i++) {
        memset(&right, 0, sizeof right);
        (void)atto_engine_wish(deploy->engine, &manifest, i, &right); /* there is none from `count` on */
        status = atto_engine_set_rights(deploy->engine, container, i, &right, 1, actor);
    }
    return status;
}

/* What a boot is about to run. */
struct next {
    struct atto_install request;
    bool invoke;
    bool on_trial; /* false, too, while it is not known */
};

/* A schedule that was changed at run time. ATTO_E_NOT_FOUND: it was not. */
static ATTO_APART enum atto_status changed_schedule(const struct atto_deploy *deploy, uint32_t number,
                                                    struct atto_schedule *schedule)
{
    struct atto_manifest manifest;
    struct atto_span value;
    enum atto_status status = atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_LIMITS, number), &value);
    if (status == ATTO_OK)
        status = atto_manifest_parse(value, &manifest, NULL);
    if (status == ATTO_OK)
        *schedule = manifest.schedule;
    return status;
}

/* Runs an image with what was changed of it at run time. */
static ATTO_APART enum atto_status run_changed(struct atto_deploy *deploy, uint32_t number,
                                               struct atto_install *request)
{
    struct atto_schedule schedule;
    struct atto_span value;
    enum atto_status status = changed_schedule(deploy, number, &schedule);
    if (status == ATTO_OK)
        request->schedule = &schedule;
    if (status != ATTO_OK && status != ATTO_E_NOT_FOUND)
        return status;
    enum atto_status changed = atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_RIGHTS, number), &value);
    if (changed != ATTO_OK && changed != ATTO_E_NOT_FOUND)
        return changed;
    status = atto_deploy_run(deploy, number, request, NULL);
    if (status == ATTO_OK && changed == ATTO_OK)
        status = atto_deploy_set_rights(deploy, deploy->components[number].container, value, ATTO_TENANT_OWNER);
    return status;
}

uint32_t atto_deploy_now(const struct atto_deploy *deploy)
{
    const struct atto_port *port = deploy->engine->config->port;
    return ATTO_DEPLOY_TICKS(port->now_us(port->user));
}

void atto_deploy_watch(struct atto_deploy *deploy, uint32_t number, const struct atto_container_info *info)
{
    struct atto_deploy_component *component = &deploy->components[number];
    component->faults = info->counters.faults;
    component->heartbeats = info->counters.heartbeats;
    component->since = atto_deploy_now(deploy);
}

enum atto_status atto_deploy_take_out(struct atto_deploy *deploy, uint32_t number)
{
    struct atto_deploy_component *component = &deploy->components[number];
    struct atto_container_info info;
    if (component->container == NULL)
        return ATTO_OK;
    for (bool told = false; ; told = true) {
        atto_engine_info(deploy->engine, component->container, &info);
        if (info.attachments == 0u)
            break;
        if (told)
            return ATTO_E_BUSY;
        atto_deploy_tell(deploy, ATTO_DEPLOY_ATTACHED, number, ATTO_E_BUSY);
    }
    atto_engine_stop(deploy->engine, component->container, true);
    if (atto_engine_remove(deploy->engine, component->container) != ATTO_OK)
        return ATTO_E_BUSY;
    deploy->slots->runs &= ~component->pin;
    component->pin = 0;
    component->container = NULL;
    component->on_trial = false;
    return ATTO_OK;
}

void atto_deploy_begin(struct atto_deploy *deploy, uint32_t number, bool invoke, bool on_trial)
{
    struct atto_deploy_component *component = &deploy->components[number];
    struct atto_container_info info;
    enum atto_status status = ATTO_OK;
    atto_engine_info(deploy->engine, component->container, &info);
    component->on_trial = on_trial;
    component->due = ATTO_NOT_DUE;
    atto_deploy_watch(deploy, number, &info);
    if (info.state == ATTO_STATE_INSTALLED && invoke)
        status = atto_engine_start(deploy->engine, component->container);
    else if (info.state != ATTO_STATE_INSTALLED && !invoke)
        status = atto_engine_stop(deploy->engine, component->container, true);
    atto_deploy_tell(deploy, ATTO_DEPLOY_RUNS, number, status);
}

/* Is it the image's own fault that it does not run? No other image is to blame for what else is missing. */
static bool is_of_the_image(enum atto_status status)
{
    return status == ATTO_E_DIGEST || (status <= ATTO_E_FORMAT && status >= ATTO_E_ENTRY);
}

/* What is to be run as this component, whose image is as its digest says. */
static ATTO_APART enum atto_status find_next(struct atto_deploy *deploy, uint32_t number, uint32_t due, struct next *next)
{
    struct atto_versions versions;
    struct atto_name_record name;
    memset(next, 0, sizeof *next);
    enum atto_status status = atto_name_record_get(deploy, number, &name);
    if (status != ATTO_OK)
        return status;
    int32_t tenant = atto_deploy_tenant_named(deploy, name.component.tenant);
    if (tenant < 0)
        return ATTO_E_SIGNER;
    status = atto_slots_start(deploy->slots, number, name.invoke && due == ATTO_DUE_COUNTED, &versions);
    if (status != ATTO_OK)
        return status;
    struct atto_span image = atto_slots_image(deploy->slots, &versions.current);
    next->request.bytes = image.ptr;
    next->request.len = image.len;
    next->request.tenant = (uint32_t)tenant;
    next->invoke = name.invoke;
    next->on_trial = versions.state == ATTO_COMPONENT_TRIAL;
    return atto_digest_holds(deploy->config->crypto, image, versions.current.digest) ? ATTO_OK : ATTO_E_DIGEST;
}

/* Runs what flash says of a component. due: whether that counts as a start, if the version is on trial. */
static void bring_up(struct atto_deploy *deploy, uint32_t number, uint32_t due)
{
    struct next next;
    deploy->components[number].due = ATTO_NOT_DUE;
    for (;;) {
        enum atto_status status = find_next(deploy, number, due, &next);
        if (status == ATTO_OK)
            status = run_changed(deploy, number, &next.request);
        if (status == ATTO_OK) {
            atto_deploy_begin(deploy, number, next.invoke, next.on_trial);
            return;
        }
        bool was_tried = next.on_trial && is_of_the_image(status);
        if (was_tried) {
            atto_deploy_tell(deploy, ATTO_DEPLOY_ROLLED_BACK, number, status);
            status = atto_slots_fault(deploy->slots, number);
        }
        if (!was_tried || status != ATTO_OK) {
            atto_deploy_take_out(deploy, number);
            atto_deploy_tell(deploy, ATTO_DEPLOY_NOT_RUN, number, status);
            return;
        }
    }
}

/* ---- boot ---- */

#define LOG_MAGIC 0x314c5241u /* "ARL1" */

/* Is there a log whose areas have another size (area_bytes; 0: any size)? All begin with a header, at some block. */
static bool has_other_log(const struct atto_flash *flash, uint32_t area_bytes)
{
    const uint8_t *end = flash->mapped + flash->bytes;
    for (const uint8_t *header = flash->mapped; header < end; header += flash->block_bytes) {
        if (atto_le32(header) == LOG_MAGIC && atto_le32(header + 8) != area_bytes &&
            atto_le32(header + 12) == atto_crc32(0, header, 12))
            return true;
    }
    return false;
}

/* Nothing is written into a flash that is laid out otherwise. A log that ends with something that was cut off, or has a
 * bit that was put right, moves to the next area at once: what is wrong there must not be joined by more. */
static enum atto_status open_storage(const struct atto_deploy *deploy)
{
    struct atto_records *records = deploy->records;
    struct atto_slots *slots = deploy->slots;
    const uint32_t layout[] = { records->offset, records->area_bytes, records->area_count, slots->offset,
                                slots->slot_bytes, slots->slot_count, records->flash->unit_bytes };
    const struct atto_record record = { ATTO_RECORD_KEY(ATTO_RECORD_LAYOUT, 0),
                                        { (const uint8_t *)layout, sizeof layout } };
    struct atto_span kept;
    enum atto_status status = atto_records_mount(records);
    if (status != ATTO_OK && has_other_log(records->flash, status == ATTO_E_NOT_FOUND ? 0u : records->area_bytes))
        return ATTO_E_LAYOUT;
    if (status == ATTO_E_NOT_FOUND)
        status = atto_records_format(records);
    if (status != ATTO_OK)
        return status;
    slots->open = slots->runs = 0;
    if (records->damaged != 0u || records->torn)
        atto_deploy_tell(deploy, ATTO_DEPLOY_LOG, records->damaged, ATTO_E_DAMAGED);
    if (atto_records_get(records, record.key, &kept) == ATTO_OK) {
        if (!atto_same_span(kept, record.value))
            return ATTO_E_LAYOUT;
        if (records->end != records->area_bytes)
            return ATTO_OK;
    }
    (void)atto_records_put(records, &record, 1);
    return ATTO_OK;
}

bool atto_deploy_remove_all(struct atto_deploy *deploy, const struct atto_span *of)
{
    struct atto_component component;
    bool all = true;
    for (uint32_t i = 0; i < deploy->config->component_count; i++) {
        if (!atto_deploy_name(deploy, i, &component) ||
            (of != NULL ? !atto_same_span(component.tenant, *of) : atto_deploy_tenant_named(deploy, component.tenant) >= 0))
            continue;
        enum atto_status status = atto_deploy_remove(deploy, i, NULL);
        deploy->components[i].revoked = status != ATTO_OK && status != ATTO_E_NOT_FOUND;
        all = all && !deploy->components[i].revoked;
    }
    atto_deploy_forget(deploy);
    return all;
}

enum atto_status atto_deploy_remove(struct atto_deploy *deploy, uint32_t number, const struct atto_record *together)
{
    static const uint8_t kinds[] = { ATTO_RECORD_COMPONENT, ATTO_RECORD_RIGHTS, ATTO_RECORD_LIMITS,
                                     ATTO_RECORD_POST_MORTEM };
    struct atto_record records[sizeof kinds + 1u];
    enum atto_status status = atto_deploy_take_out(deploy, number);
    if (status != ATTO_OK)
        return status;
    for (uint32_t i = 0; i < sizeof kinds; i++)
        records[i] = atto_record_without((enum atto_record_kind)kinds[i], number);
    if (together != NULL)
        records[sizeof kinds] = *together;
    status = atto_slots_remove(deploy->slots, number, records, sizeof kinds + (together != NULL));
    deploy->components[number].due = status == ATTO_OK || status == ATTO_E_NOT_FOUND ? ATTO_NOT_DUE : ATTO_DUE;
    if (status == ATTO_OK)
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
        status = open_storage(deploy);
    if (status != ATTO_OK)
        return status;
    boot_owner(deploy);
    boot_counters(deploy);
    if (boot_tenants(deploy)) /* power may have failed while a tenant was revoked */
        atto_deploy_remove_all(deploy, NULL);
    atto_deploy_restore(deploy, ATTO_NO_COMPONENT);
    for (uint32_t i = 0; i < config->component_count; i++) {
        if (atto_slots_get(config->slots, i, &versions) != ATTO_E_NOT_FOUND)
            bring_up(deploy, i, ATTO_DUE_COUNTED);
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
    deploy->components[number].due = ATTO_DUE_COUNTED;
}

static ATTO_APART void look_after(struct atto_deploy *deploy, uint32_t number)
{
    const struct atto_deploy_component *component = &deploy->components[number];
    const uint32_t trial = ATTO_DEPLOY_TICKS(deploy->config->trial_ms * (uint64_t)1000u);
    struct atto_container_info info;
    atto_engine_info(deploy->engine, component->container, &info);
    bool runs = info.state == ATTO_STATE_STARTING || info.state == ATTO_STATE_RUNNING;
    if (info.counters.faults != component->faults)
        give_up(deploy, number, (enum atto_status)info.counters.last_fault);
    else if (info.counters.heartbeats != component->heartbeats ||
             (deploy->config->trial_ms != 0u && runs && atto_deploy_now(deploy) - component->since > trial))
        atto_deploy_confirm(deploy, number);
}

void atto_deploy_tick(struct atto_deploy *deploy)
{
    atto_deploy_keep_postmortems(deploy);
    for (uint32_t i = 0; i < deploy->config->component_count; i++) {
        struct atto_deploy_component *component = &deploy->components[i];
        if (component->revoked)
            component->revoked = atto_deploy_remove(deploy, i, NULL) != ATTO_OK;
        if (component->on_trial)
            look_after(deploy, i);
        if (component->due != ATTO_NOT_DUE)
            bring_up(deploy, i, component->due);
    }
}
