/* Tenants' ceilings of memory and time. What a tenant has is counted anew whenever it is asked, so that there is no sum
 * that could go wrong.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

const struct atto_tenant *atto_tenant_find(const struct atto_engine *engine, uint32_t tenant)
{
    if (tenant == ATTO_TENANT_OWNER || tenant > engine->config->tenant_count)
        return NULL;
    return &engine->config->tenants[tenant - 1u];
}

/* The most fuel in a second that a schedule allows; UINT32_MAX: there is no bound. */
static uint32_t fuel_per_s(const struct atto_schedule *schedule, uint32_t fuel)
{
    uint32_t window_us = schedule->period_us;
    if (schedule->budget_fuel != 0u) {
        window_us = atto_budget_window_us(schedule);
        fuel = schedule->budget_fuel;
    } else if (window_us == 0u || schedule->events != 0u || schedule->restart != ATTO_RESTART_NEVER) {
        return UINT32_MAX;
    }
    uint64_t rate = ((uint64_t)fuel * 1000000u + window_us - 1u) / window_us;
    return rate < UINT32_MAX ? (uint32_t)rate : UINT32_MAX;
}

static enum atto_status refuse(struct atto_report *report, enum atto_constraint constraint, uint64_t missing)
{
    report->constraint = constraint;
    report->missing = missing < UINT32_MAX ? (uint32_t)missing : UINT32_MAX;
    return ATTO_E_ADMISSION;
}

enum atto_status atto_tenant_admit(struct atto_engine *engine, uint32_t number, const struct atto_container *container,
                                   const struct atto_schedule *schedule, uint32_t fuel, uint32_t ram_bytes,
                                   struct atto_report *report)
{
    const struct atto_tenant *tenant = atto_tenant_find(engine, number);
    if (tenant == NULL)
        return ATTO_OK;
    uint64_t ram = ram_bytes, time = fuel_per_s(schedule, fuel);
    struct atto_schedule theirs;
    for (struct pool_block *block = NULL; (block = atto_pool_next(engine, block)) != NULL;) {
        const struct atto_container *other = (const struct atto_container *)(void *)block;
        if (other == container || tenant_of(other) != number)
            continue;
        atto_schedule_of(other, &theirs);
        ram += atto_container_ram(other);
        time += fuel_per_s(&theirs, other->fuel);
    }
    if (schedule->priority < tenant->priority_first)
        return refuse(report, ATTO_CONSTRAINT_TENANT_PRIORITY, tenant->priority_first - schedule->priority);
    if (tenant->ram_bytes != 0u && ram > tenant->ram_bytes)
        return refuse(report, ATTO_CONSTRAINT_TENANT_RAM, ram - tenant->ram_bytes);
    if (tenant->fuel_per_s != 0u && time > tenant->fuel_per_s)
        return refuse(report, ATTO_CONSTRAINT_TENANT_TIME, time < UINT32_MAX ? time - tenant->fuel_per_s : UINT32_MAX);
    return ATTO_OK;
}
