/* Carries out signed commands, see atto/deploy.h. What a command changes is tried in the engine first, where a refusal
 * leaves everything as it was; then it becomes true in flash together with the counter; only a life that begins or ends
 * comes behind that. If flash refuses, the engine gets back what it had.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "deploy/deployment.h"

/* A command on its way. */
struct control {
    struct atto_deploy *deploy;
    const struct atto_command *command;
    uint32_t signer;          /* tenant */
    uint32_t number;          /* of the component, where there is one */
    struct atto_container *container; /* NULL: it is not in the engine */
    uint8_t counter[4];
};

static struct atto_engine *engine_of(const struct control *control)
{
    return control->deploy->config->engine;
}

/* Puts the counter, and another record if there is one. */
static enum atto_status put(struct control *control, const struct atto_record *record)
{
    struct atto_record records[2];
    for (uint32_t i = 0; i < 4u; i++)
        control->counter[i] = (uint8_t)(control->command->counter >> 8u * i);
    records[0] = (struct atto_record){ ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, control->signer), { control->counter, 4 } };
    if (record != NULL)
        records[1] = *record;
    return atto_records_put(control->deploy->config->records, records, record != NULL ? 2u : 1u);
}

static struct atto_record record_of(enum atto_record_kind kind, uint32_t number, struct atto_span value)
{
    return (struct atto_record){ ATTO_RECORD_KEY(kind, number), value };
}

/* ---- lives ---- */

/* Whether the component is to run is kept, for the next reset. */
static enum atto_status set_invoke(struct control *control, bool invoke)
{
    uint8_t bytes[ATTO_NAME_RECORD_MAX];
    struct atto_name_record name;
    enum atto_status status = atto_name_record_get(control->deploy, control->number, &name);
    if (status != ATTO_OK)
        return status;
    name.invoke = invoke;
    struct atto_record record = atto_name_record_make(control->number, &name, bytes);
    return put(control, &record);
}

static enum atto_status live(struct control *control)
{
    struct atto_container_info info;
    enum atto_command_operation operation = control->command->operation;
    enum atto_status status = ATTO_OK;
    if (control->container == NULL)
        return ATTO_E_NOT_FOUND;
    atto_engine_info(engine_of(control), control->container, &info);
    uint32_t state = 1u << info.state;
    const uint32_t over = 1u << ATTO_STATE_INSTALLED | 1u << ATTO_STATE_STOPPED | 1u << ATTO_STATE_FAULTED;
    const uint32_t runs = 1u << ATTO_STATE_STARTING | 1u << ATTO_STATE_RUNNING;
    switch (operation) {
    case ATTO_COMMAND_START:
        status = (state & over) != 0u ? set_invoke(control, true) : ATTO_E_STATE;
        if (status == ATTO_OK)
            status = atto_engine_start(engine_of(control), control->container);
        atto_deploy_watch(control->deploy, control->number, control->deploy->config->components[control->number].on_trial);
        return status;
    case ATTO_COMMAND_STOP:
        status = (state & (runs | 1u << ATTO_STATE_PAUSED | 1u << ATTO_STATE_FAULTED)) != 0u ? set_invoke(control, false)
                                                                                          : ATTO_E_STATE;
        return status == ATTO_OK ? atto_engine_stop(engine_of(control), control->container, false) : status;
    case ATTO_COMMAND_PAUSE:
        status = (state & runs) != 0u ? put(control, NULL) : ATTO_E_STATE;
        return status == ATTO_OK ? atto_engine_pause(engine_of(control), control->container) : status;
    default:
        status = state == 1u << ATTO_STATE_PAUSED ? put(control, NULL) : ATTO_E_STATE;
        return status == ATTO_OK ? atto_engine_resume(engine_of(control), control->container) : status;
    }
}

/* Out of the engine first: it would run from a slot that is free. */
static enum atto_status remove_component(struct control *control)
{
    struct atto_record records[4];
    const struct atto_deploy_config *config = control->deploy->config;
    struct atto_versions versions;
    if (atto_slots_get(config->slots, control->number, &versions) == ATTO_E_NOT_FOUND)
        return ATTO_E_NOT_FOUND;
    enum atto_status status = atto_deploy_take_out(control->deploy, control->number);
    if (status != ATTO_OK)
        return status;
    for (uint32_t i = 0; i < 4u; i++)
        control->counter[i] = (uint8_t)(control->command->counter >> 8u * i);
    records[1] = record_of(ATTO_RECORD_COUNTER, control->signer, (struct atto_span){ control->counter, 4 });
    records[2] = atto_record_without(ATTO_RECORD_RIGHTS, control->number);
    records[3] = atto_record_without(ATTO_RECORD_LIMITS, control->number);
    status = atto_slots_remove(config->slots, control->number, records, 4);
    if (status != ATTO_OK)
        atto_deploy_bring_up(control->deploy, control->number);
    else
        atto_deploy_tell(control->deploy, ATTO_DEPLOY_REMOVED, control->number, ATTO_OK);
    return status;
}

/* ---- rights and schedules ---- */

static enum atto_status set_rights(struct control *control)
{
    struct atto_right rows[ATTO_RIGHTS_MAX], before[ATTO_RIGHTS_MAX];
    const uint8_t actor = (uint8_t)control->signer;
    uint32_t count, had;
    if (control->container == NULL)
        return ATTO_E_NOT_FOUND;
    enum atto_status status = atto_deploy_rights(control->deploy, control->command->argument, rows, ATTO_RIGHTS_MAX,
                                                 &count);
    if (status != ATTO_OK)
        return status;
    had = atto_engine_rights(engine_of(control), control->container, before, ATTO_RIGHTS_MAX);
    for (; count < had; count++) { /* rights that it names no more are taken away: handles keep their numbers */
        rows[count] = before[count];
        rows[count].operations = 0;
        rows[count].calls = rows[count].bytes = 0;
    }
    status = atto_engine_set_rights(engine_of(control), control->container, 0, rows, count, actor);
    if (status != ATTO_OK)
        return status;
    const struct atto_record record = record_of(ATTO_RECORD_RIGHTS, control->number, control->command->argument);
    status = put(control, &record);
    if (status != ATTO_OK)
        atto_engine_set_rights(engine_of(control), control->container, 0, before, had, actor);
    return status;
}

static enum atto_status set_schedule(struct control *control)
{
    struct atto_manifest manifest;
    struct atto_schedule before;
    if (control->container == NULL)
        return ATTO_E_NOT_FOUND;
    enum atto_status status = atto_manifest_parse(control->command->argument, &manifest, NULL);
    if (status != ATTO_OK)
        return status;
    atto_engine_schedule(engine_of(control), control->container, &before);
    status = atto_engine_set_schedule(engine_of(control), control->container, &manifest.schedule, NULL);
    if (status != ATTO_OK)
        return status;
    const struct atto_record record = record_of(ATTO_RECORD_LIMITS, control->number, control->command->argument);
    status = put(control, &record);
    if (status != ATTO_OK)
        atto_engine_set_schedule(engine_of(control), control->container, &before, NULL);
    return status;
}

/* ---- tenants and keys ---- */

static enum atto_status rotate_key(struct control *control)
{
    const struct atto_deploy_config *config = control->deploy->config;
    struct atto_span key = control->command->argument, value;
    struct atto_tenant_record tenant;
    uint8_t bytes[1024];
    if (key.len > ATTO_KEY_RECORD_MAX)
        return ATTO_E_ARGUMENT;
    struct atto_deploy_tenant *memory = &control->deploy->owner;
    struct atto_record record = record_of(ATTO_RECORD_TENANT, control->signer, key);
    enum atto_status status = ATTO_OK;
    if (control->signer != ATTO_TENANT_OWNER) {
        memory = &config->tenants[control->signer - 1u];
        status = atto_records_get(config->records, record.key, &value);
        if (status == ATTO_OK)
            status = atto_tenant_record_read(value, &tenant, NULL);
        if (status != ATTO_OK)
            return status;
        tenant.key = key;
        record.value = (struct atto_span){ bytes, atto_tenant_record_write(&tenant, bytes, sizeof bytes) };
        if (record.value.len > sizeof bytes)
            return ATTO_E_NO_SPACE;
    }
    status = put(control, &record);
    return status == ATTO_OK ? atto_deploy_keep_key(memory, key) : status;
}

static enum atto_status set_tenant(struct control *control)
{
    struct atto_tenant_record tenant;
    struct atto_right rows[ATTO_CEILING_ROWS];
    uint32_t count;
    enum atto_status status = atto_tenant_record_read(control->command->argument, &tenant, NULL);
    if (status == ATTO_OK)
        status = atto_deploy_judge_tenant(control->deploy, &tenant, rows, &count);
    if (status != ATTO_OK)
        return status;
    const struct atto_record record = record_of(ATTO_RECORD_TENANT, tenant.id, control->command->argument);
    status = put(control, &record);
    if (status == ATTO_OK)
        atto_deploy_enrol(control->deploy, &tenant, rows, count);
    return status;
}

/* The tenant's record goes first: from then on nothing of it runs, whatever becomes of its containers. */
static enum atto_status revoke_tenant(struct control *control)
{
    struct atto_deploy *deploy = control->deploy;
    struct atto_component component;
    struct atto_record alone[1];
    int32_t tenant = atto_deploy_tenant_named(deploy, control->command->argument);
    if (tenant <= 0)
        return ATTO_E_NOT_FOUND;
    const struct atto_record record = atto_record_without(ATTO_RECORD_TENANT, (uint32_t)tenant);
    enum atto_status status = put(control, &record);
    if (status != ATTO_OK)
        return status;
    for (uint32_t i = 0; i < deploy->config->component_count; i++) {
        if (!atto_deploy_name(deploy, i, &component) ||
            !atto_same_span(component.tenant, control->command->argument))
            continue;
        if (atto_deploy_take_out(deploy, i) == ATTO_OK &&
            atto_slots_remove(deploy->config->slots, i, alone, 1) == ATTO_OK)
            atto_deploy_tell(deploy, ATTO_DEPLOY_REMOVED, i, ATTO_OK);
    }
    atto_deploy_expel(deploy, (uint32_t)tenant);
    return ATTO_OK;
}

/* ---- the way in ---- */

static enum atto_status carry_out(struct control *control)
{
    switch (control->command->operation) {
    case ATTO_COMMAND_START:
    case ATTO_COMMAND_STOP:
    case ATTO_COMMAND_PAUSE:
    case ATTO_COMMAND_RESUME:
        return live(control);
    case ATTO_COMMAND_REMOVE:
        return remove_component(control);
    case ATTO_COMMAND_SET_RIGHTS:
        return set_rights(control);
    case ATTO_COMMAND_SET_SCHEDULE:
        return set_schedule(control);
    case ATTO_COMMAND_ROTATE_KEY:
        return rotate_key(control);
    case ATTO_COMMAND_SET_TENANT:
        return set_tenant(control);
    case ATTO_COMMAND_REVOKE_TENANT:
        return revoke_tenant(control);
    }
    return ATTO_E_UNSUPPORTED;
}

/* The last counter of a signer; 0: there was none. */
static enum atto_status counter_of(const struct atto_deploy *deploy, uint32_t signer, uint32_t *counter)
{
    struct atto_span value;
    enum atto_status status = atto_records_get(deploy->config->records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, signer),
                                               &value);
    *counter = 0;
    if (status == ATTO_E_NOT_FOUND)
        return ATTO_OK;
    if (status != ATTO_OK || value.len != 4u)
        return ATTO_E_DAMAGED;
    for (uint32_t i = 0; i < 4u; i++)
        *counter |= (uint32_t)value.ptr[i] << 8u * i;
    return ATTO_OK;
}

static enum atto_status find_component(struct control *control)
{
    if (control->command->component.container.len == 0u)
        return ATTO_OK;
    int32_t number = atto_deploy_find(control->deploy, &control->command->component);
    if (number < 0)
        return (enum atto_status)number;
    control->number = (uint32_t)number;
    control->container = control->deploy->config->components[number].container;
    return ATTO_OK;
}

static enum atto_status take(struct atto_deploy *deploy, const uint8_t *bytes, uint32_t len, uint32_t *signer_number,
                             struct atto_refusal *refusal)
{
    const struct atto_deploy_config *config = deploy->config;
    struct atto_command_conditions conditions = { .identity = config->identity };
    struct atto_command command;
    enum atto_status status = atto_command_read(bytes, len, &command, refusal);
    if (status != ATTO_OK)
        return status;
    int32_t tenant = atto_deploy_tenant_named(deploy, command.tenant);
    if (tenant < 0)
        return ATTO_E_SIGNER;
    struct control control = { .deploy = deploy, .command = &command, .signer = (uint32_t)tenant };
    *signer_number = control.signer;
    struct atto_signer signer = atto_deploy_signer(deploy, control.signer);
    status = atto_command_verify(&command, &signer, config->crypto);
    if (status == ATTO_OK)
        status = counter_of(deploy, control.signer, &conditions.counter);
    if (config->now_s != NULL)
        conditions.now_s = config->now_s(config->user);
    if (status == ATTO_OK)
        status = atto_command_judge(&command, &conditions);
    if (status == ATTO_OK)
        status = find_component(&control);
    return status == ATTO_OK ? carry_out(&control) : status;
}

enum atto_status atto_deploy_command(struct atto_deploy *deploy, const uint8_t *bytes, uint32_t len,
                                     struct atto_refusal *refusal)
{
    uint32_t signer = ATTO_NO_TENANT;
    enum atto_status status = take(deploy, bytes, len, &signer, refusal);
    if (status != ATTO_OK)
        atto_deploy_tell(deploy, ATTO_DEPLOY_REFUSED, signer, status);
    return status;
}
