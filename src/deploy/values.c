/* What containers leave behind over a reset: values of their stores and their last post-mortem, as records.
 *
 * A value's record says whose it is: scope, component or tenant, key; a container's number in the engine is another one
 * after each reset. Which number the record itself has means nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "deploy/deployment.h"

/* ---- values ---- */

#define PREFIX_BYTES 6u /* scope, component or tenant, key */

/* The component that a container is, or ATTO_E_NOT_FOUND (negative). */
static int32_t component_of(const struct atto_deploy *deploy, uint32_t container)
{
    const struct atto_deploy_config *config = deploy->config;
    for (uint32_t i = 0; i < config->component_count; i++) {
        if (deploy->components[i].container != NULL && atto_container_id(deploy->components[i].container) == container)
            return (int32_t)i;
    }
    return ATTO_E_NOT_FOUND;
}

/* The record that begins like this, or one that is free. */
static uint32_t record_for(const struct atto_records *records, const uint8_t *prefix, bool *found)
{
    uint32_t key = ATTO_RECORD_KEY(ATTO_RECORD_VALUE, 0), free = key;
    struct atto_span value;
    *found = false;
    for (; atto_records_next(records, &key, &value) != ATTO_E_NOT_FOUND && ATTO_RECORD_KIND(key) == ATTO_RECORD_VALUE;
         key++) {
        if (value.len >= PREFIX_BYTES && memcmp(value.ptr, prefix, PREFIX_BYTES) == 0) {
            *found = true;
            return key;
        }
        if (key == free)
            free = key + 1u;
    }
    return free;
}

void atto_deploy_value(void *user, uint32_t owner, uint32_t key, const uint8_t *value, uint32_t len)
{
    const struct atto_deploy *deploy = user;
    uint8_t bytes[PREFIX_BYTES + ATTO_VALUE_MAX] = { (uint8_t)(owner >> 24), (uint8_t)(owner >> 16) };
    struct atto_record record = { 0, { NULL, 0 } };
    bool found;
    if (bytes[0] == ATTO_SCOPE_CONTAINER) {
        int32_t number = component_of(deploy, owner & 0xffffu);
        if (number < 0)
            return;
        bytes[1] = (uint8_t)number;
    }
    atto_put_le32(bytes + 2, key);
    record.key = record_for(deploy->records, bytes, &found);
    if (value != NULL) {
        memcpy(bytes + PREFIX_BYTES, value, len);
        record.value = (struct atto_span){ bytes, PREFIX_BYTES + len };
    }
    if ((value != NULL || found) && atto_records_put(deploy->records, &record, 1) != ATTO_OK)
        atto_deploy_tell(deploy, ATTO_DEPLOY_VALUE_LOST, bytes[1], ATTO_E_NO_SPACE);
}

void atto_deploy_restore(const struct atto_deploy *deploy, int32_t number)
{
    const struct atto_deploy_config *config = deploy->config;
    uint32_t key = ATTO_RECORD_KEY(ATTO_RECORD_VALUE, 0);
    struct atto_span value;
    for (; config->store != NULL && atto_records_next(deploy->records, &key, &value) != ATTO_E_NOT_FOUND &&
           ATTO_RECORD_KIND(key) == ATTO_RECORD_VALUE; key++) {
        if (value.len < PREFIX_BYTES || (value.ptr[0] == ATTO_SCOPE_CONTAINER ? value.ptr[1] != number : number >= 0))
            continue;
        uint32_t tenant = value.ptr[1], id = 0;
        if (number >= 0) {
            const struct atto_container *container = deploy->components[number].container;
            tenant = atto_container_tenant(container);
            id = atto_container_id(container);
        }
        atto_store_put(config->store, atto_store_owner((enum atto_scope)value.ptr[0], tenant, id), atto_le32(value.ptr + 2),
                       value.ptr + PREFIX_BYTES, value.len - PREFIX_BYTES);
    }
}

/* Is there a record of it, damaged or not? */
static bool is_tenant(const struct atto_deploy *deploy, uint32_t tenant)
{
    struct atto_span value;
    return tenant == ATTO_TENANT_OWNER ||
           atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_TENANT, tenant), &value) != ATTO_E_NOT_FOUND;
}

void atto_deploy_forget(struct atto_deploy *deploy)
{
    const struct atto_deploy_config *config = deploy->config;
    struct atto_record gone = { ATTO_RECORD_KEY(ATTO_RECORD_VALUE, 0), { NULL, 0 } };
    struct atto_versions versions;
    struct atto_span value;
    for (; atto_records_next(deploy->records, &gone.key, &value) != ATTO_E_NOT_FOUND &&
           ATTO_RECORD_KIND(gone.key) == ATTO_RECORD_VALUE; gone.key++) {
        if (value.len < PREFIX_BYTES)
            continue;
        uint32_t scope = value.ptr[0], whose = value.ptr[1];
        if (scope == ATTO_SCOPE_CONTAINER ? atto_slots_get(deploy->slots, whose, &versions) != ATTO_E_NOT_FOUND
                                          : scope == ATTO_SCOPE_DEVICE || is_tenant(deploy, whose))
            continue;
        if (scope == ATTO_SCOPE_TENANT && config->store != NULL)
            atto_store_forget(config->store, atto_store_owner(ATTO_SCOPE_TENANT, whose, 0));
        (void)atto_records_put(deploy->records, &gone, 1);
    }
}

/* ---- post-mortems ---- */

/* The next one is kept after a minute at the soonest, and each time it takes twice as long, up to 17 hours: a container that
 * faults must not wear the flash out. */
#define MINUTE ATTO_DEPLOY_TICKS(60000000u)
#define DOUBLED_MAX 10u

void atto_deploy_keep_postmortems(struct atto_deploy *deploy)
{
    uint32_t written = deploy->engine->postmortems_written, count = written - deploy->postmortems_seen;
    struct atto_postmortem postmortem;
    deploy->postmortems_seen = written;
    if (count > deploy->engine->config->postmortem_count)
        count = deploy->engine->config->postmortem_count;
    for (uint32_t age = count; age-- != 0u;) {
        if (!atto_engine_postmortem(deploy->engine, age, &postmortem))
            continue;
        int32_t number = component_of(deploy, postmortem.container);
        if (number < 0)
            continue;
        struct atto_deploy_component *component = &deploy->components[number];
        uint32_t at = ATTO_DEPLOY_TICKS(postmortem.time_us);
        if (component->kept != 0u && at - component->kept_at < MINUTE << (component->kept - 1u))
            continue;
        const struct atto_record record = { ATTO_RECORD_KEY(ATTO_RECORD_POST_MORTEM, number),
                                            { (const uint8_t *)&postmortem, sizeof postmortem } };
        if (atto_records_put(deploy->records, &record, 1) != ATTO_OK)
            continue;
        component->kept_at = at;
        component->kept = (uint8_t)(component->kept + (component->kept <= DOUBLED_MAX));
    }
}

bool atto_deploy_postmortem(const struct atto_deploy *deploy, uint32_t number, struct atto_postmortem *postmortem)
{
    struct atto_span value;
    if (atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_POST_MORTEM, number), &value) != ATTO_OK ||
        value.len != sizeof *postmortem)
        return false;
    memcpy(postmortem, value.ptr, sizeof *postmortem);
    return true;
}
