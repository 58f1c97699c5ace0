/* The audit trail: two rings of records.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

static struct atto_audit_record *newest(struct atto_audit_record *ring, uint32_t capacity, uint32_t written,
                                        uint32_t age)
{
    return age < capacity && age < written ? &ring[(written - 1u - age) % capacity] : NULL;
}

/* Begins a record; NULL: the firmware wants none. */
static struct atto_audit_record *begin(struct atto_audit_record *ring, uint32_t capacity, uint32_t *written)
{
    if (capacity == 0u)
        return NULL;
    /* Counts on without a wrap that would make old records look new. */
    *written = *written < 2u * capacity ? *written + 1u : capacity + 1u + *written % capacity;
    return newest(ring, capacity, *written, 0);
}

void atto_audit_change(struct atto_engine *engine, const struct atto_audit_record *record)
{
    const struct atto_engine_config *config = engine->config;
    struct atto_audit_record *at = begin(config->changes, config->change_count, &engine->changes_written);
    if (at == NULL)
        return;
    *at = *record;
    at->time_us = engine->now_us;
    at->count = 1;
}

/* Refusals that are alike and come one behind the other are one record. */
void atto_audit_denial(const struct atto_container *container, uint32_t number, uint32_t handle,
                       enum atto_status status)
{
    struct atto_engine *engine = engine_of(container);
    const struct atto_engine_config *config = engine->config;
    struct atto_audit_record *at = newest(config->denials, config->denial_count, engine->denials_written, 0);
    if (at == NULL || at->container != container->id || at->code != number || at->handle != handle ||
        at->status != status) {
        at = begin(config->denials, config->denial_count, &engine->denials_written);
        if (at == NULL)
            return;
        at->container = container->id;
        at->count = 0;
        at->kind = ATTO_AUDIT_DENIED;
        at->code = (uint8_t)number;
        at->handle = (uint8_t)handle;
        at->status = (int8_t)status;
        at->actor = 0;
    }
    atto_count(&at->count, 1);
    at->time_us = engine->now_us;
}

/* Those that are alike are one record, and those of nobody known have a quarter of the ring: whoever can send anything
 * does not push out what is known. */
void atto_engine_refused(struct atto_engine *engine, uint32_t tenant, uint32_t actor, enum atto_status status)
{
    const struct atto_engine_config *config = engine->config;
    const struct atto_audit_record record = { .kind = ATTO_AUDIT_REFUSED, .code = (uint8_t)tenant, .actor = (uint8_t)actor,
                                              .handle = ATTO_AUDIT_NO_HANDLE, .status = (int8_t)status };
    struct atto_audit_record *at, *oldest = NULL;
    uint32_t unknown = 0;
    atto_enter(engine);
    for (uint32_t age = 0;; age++) {
        at = newest(config->denials, config->denial_count, engine->denials_written, age);
        if (at == NULL || (at->kind == ATTO_AUDIT_REFUSED && at->code == record.code && at->actor == record.actor &&
                           at->status == record.status))
            break;
        if (at->kind == ATTO_AUDIT_REFUSED && at->actor == ATTO_AUDIT_NOBODY) {
            oldest = at;
            unknown++;
        }
    }
    if (at == NULL) {
        at = oldest;
        if (record.actor != ATTO_AUDIT_NOBODY || oldest == NULL || unknown < config->denial_count / 4u)
            at = begin(config->denials, config->denial_count, &engine->denials_written);
        if (at != NULL)
            *at = record;
    }
    if (at != NULL) {
        atto_count(&at->count, 1);
        at->time_us = engine->now_us;
    }
    atto_leave(engine);
}

static bool look(struct atto_engine *engine, const struct atto_audit_record *found, struct atto_audit_record *record)
{
    if (found != NULL)
        *record = *found;
    atto_leave(engine);
    return found != NULL;
}

bool atto_engine_denial(struct atto_engine *engine, uint32_t age, struct atto_audit_record *record)
{
    const struct atto_engine_config *config = engine->config;
    atto_enter(engine);
    return look(engine, newest(config->denials, config->denial_count, engine->denials_written, age), record);
}

bool atto_engine_change(struct atto_engine *engine, uint32_t age, struct atto_audit_record *record)
{
    const struct atto_engine_config *config = engine->config;
    atto_enter(engine);
    return look(engine, newest(config->changes, config->change_count, engine->changes_written, age), record);
}
