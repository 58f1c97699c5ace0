/* Carries out signed commands, see atto/deploy.h. What a command changes is tried in the engine first, where a refusal
 * leaves everything as it was; then it becomes true in flash together with the counter; only a life that begins or ends
 * comes behind that. If flash refuses, the engine gets back what it had.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "atto/trusted.h"
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
    return control->deploy->engine;
}

static struct atto_record record_of(enum atto_record_kind kind, uint32_t number, struct atto_span value)
{
    return (struct atto_record){ ATTO_RECORD_KEY(kind, number), value };
}

static struct atto_record counter_of(struct control *control)
{
    atto_put_le32(control->counter, control->command->counter);
    return record_of(ATTO_RECORD_COUNTER, control->signer, (struct atto_span){ control->counter, 4 });
}

/* Puts the counter as the first of `records`, which is free. */
static enum atto_status put(struct control *control, struct atto_record *records, uint32_t count)
{
    records[0] = counter_of(control);
    return atto_records_put(control->deploy->records, records, count);
}

/* ---- lives ---- */

/* Whether the component is to run is kept, for the next reset. */
static enum atto_status set_invoke(struct control *control, bool invoke)
{
    uint8_t bytes[ATTO_NAME_RECORD_MAX];
    struct atto_record records[2];
    struct atto_span old;
    enum atto_status status = atto_records_get(control->deploy->records,
                                               ATTO_RECORD_KEY(ATTO_RECORD_NAME, control->number), &old);
    if (status != ATTO_OK)
        return status;
    records[1] = atto_name_record_make(control->number, invoke, (struct atto_span){ old.ptr + 1, old.len - 1u }, bytes);
    return put(control, records, 2);
}

#define IN(state) (uint8_t)(1u << ATTO_STATE_##state)

static enum atto_status live(struct control *control)
{
    static const uint8_t allowed[] = { [ATTO_COMMAND_START] = IN(INSTALLED) | IN(STOPPED) | IN(FAULTED),
                                       [ATTO_COMMAND_STOP] = IN(STARTING) | IN(RUNNING) | IN(PAUSED) | IN(FAULTED),
                                       [ATTO_COMMAND_PAUSE] = IN(STARTING) | IN(RUNNING),
                                       [ATTO_COMMAND_RESUME] = IN(PAUSED) };
    struct atto_engine *engine = engine_of(control);
    enum atto_command_operation operation = control->command->operation;
    struct atto_container_info info;
    struct atto_record counter;
    enum atto_status status;
    atto_engine_info(engine, control->container, &info);
    if ((allowed[operation] >> info.state & 1u) == 0u && !(operation == ATTO_COMMAND_STOP && info.restarts))
        return ATTO_E_STATE;
    if (operation <= ATTO_COMMAND_STOP)
        status = set_invoke(control, operation == ATTO_COMMAND_START);
    else
        status = put(control, &counter, 1);
    if (status != ATTO_OK)
        return status;
    switch (operation) {
    case ATTO_COMMAND_STOP:
        return atto_engine_stop(engine, control->container, false);
    case ATTO_COMMAND_PAUSE:
        return atto_engine_pause(engine, control->container);
    case ATTO_COMMAND_START:
        status = atto_engine_start(engine, control->container);
        break;
    default:
        status = atto_engine_resume(engine, control->container);
    }
    atto_deploy_watch(control->deploy, control->number);
    return status;
}

static enum atto_status remove_component(struct control *control)
{
    struct atto_record records[ATTO_REMOVAL_RECORDS + 1u];
    records[ATTO_REMOVAL_RECORDS] = counter_of(control);
    enum atto_status status = atto_deploy_remove(control->deploy, control->number, records, ATTO_REMOVAL_RECORDS + 1u);
    if (status == ATTO_OK)
        atto_deploy_forget(control->deploy);
    return status;
}

/* ---- rights and schedules ---- */

/* Puts what the engine has accepted; if flash refuses, the caller undoes it. */
static enum atto_status put_argument(struct control *control, enum atto_record_kind kind)
{
    struct atto_record records[2];
    records[1] = record_of(kind, control->number, control->command->argument);
    return put(control, records, 2);
}

static enum atto_status set_rights(struct control *control)
{
    struct atto_right rows[ATTO_RIGHTS_MAX], before[ATTO_RIGHTS_MAX];
    struct atto_engine *engine = engine_of(control);
    const uint8_t actor = (uint8_t)control->signer;
    uint32_t count, had;
    enum atto_status status = atto_deploy_rights(control->deploy, control->command->argument, rows, ATTO_RIGHTS_MAX,
                                                 &count);
    if (status != ATTO_OK)
        return status;
    had = atto_engine_rights(engine, control->container, before, ATTO_RIGHTS_MAX);
    for (; count < had; count++) /* rights that it names no more are taken away: handles keep their numbers */
        rows[count] = (struct atto_right){ .endpoint = before[count].endpoint };
    status = atto_engine_set_rights(engine, control->container, 0, rows, count, actor);
    if (status != ATTO_OK)
        return status;
    status = put_argument(control, ATTO_RECORD_RIGHTS);
    if (status != ATTO_OK)
        atto_engine_set_rights(engine, control->container, 0, before, had, actor);
    return status;
}

static enum atto_status set_schedule(struct control *control)
{
    struct atto_engine *engine = engine_of(control);
    struct atto_manifest manifest;
    struct atto_schedule before;
    enum atto_status status = atto_manifest_parse(control->command->argument, &manifest, NULL);
    if (status != ATTO_OK)
        return status;
    atto_engine_schedule(engine, control->container, &before);
    status = atto_engine_set_schedule(engine, control->container, &manifest.schedule, NULL);
    if (status != ATTO_OK)
        return status;
    status = put_argument(control, ATTO_RECORD_LIMITS);
    if (status != ATTO_OK)
        atto_engine_set_schedule(engine, control->container, &before, NULL);
    return status;
}

/* ---- tenants and keys ---- */

static enum atto_status rotate_key(struct control *control)
{
    struct atto_span key = control->command->argument;
    struct atto_record records[2];
    if (key.len > ATTO_KEY_RECORD_MAX)
        return ATTO_E_ARGUMENT;
    records[1] = record_of(ATTO_RECORD_KEY_ROTATED, control->signer, key);
    enum atto_status status = put(control, records, 2);
    return status == ATTO_OK ? atto_deploy_keep_key(control->deploy, control->signer, key) : status;
}

static enum atto_status set_tenant(struct control *control)
{
    struct atto_deploy *deploy = control->deploy;
    struct atto_tenant_record tenant, old;
    struct atto_right rows[ATTO_CEILING_ROWS];
    struct atto_record records[3];
    struct atto_span value;
    uint32_t count;
    enum atto_status status = atto_tenant_record_read(control->command->argument, &tenant, NULL);
    if (status == ATTO_OK)
        status = atto_deploy_judge_tenant(deploy, &tenant, rows, &count);
    if (status != ATTO_OK)
        return status;
    /* What a tenant of this name has left, if power failed while it was revoked, is not the new one's. */
    if (!atto_deploy_is_tenant(deploy, tenant.id) && !atto_deploy_remove_all(deploy, &tenant.name))
        return ATTO_E_BUSY;
    records[1] = record_of(ATTO_RECORD_TENANT, tenant.id, control->command->argument);
    records[2] = atto_record_without(ATTO_RECORD_KEY_ROTATED, tenant.id);
    /* A key that was rotated stays, unless it is damaged or there is another one in the record than before. */
    bool same = atto_records_get(deploy->records, records[2].key, &value) != ATTO_E_DAMAGED &&
                atto_records_get(deploy->records, records[1].key, &value) == ATTO_OK &&
                atto_tenant_record_read(value, &old, NULL) == ATTO_OK && atto_same_span(old.key, tenant.key);
    status = put(control, records, same ? 2u : 3u);
    if (status == ATTO_OK)
        status = atto_records_get(deploy->records, records[1].key, &value);
    return status == ATTO_OK ? atto_deploy_boot_tenant(deploy, tenant.id, value) : status;
}

/* The tenant's record goes first: from then on nothing of it runs, whatever becomes of its containers. */
static enum atto_status revoke_tenant(struct control *control)
{
    struct atto_deploy *deploy = control->deploy;
    struct atto_record records[3];
    int32_t tenant = atto_deploy_tenant_named(deploy, control->command->argument);
    const struct atto_tenant_record none = { .id = (uint32_t)tenant };
    if (tenant <= 0)
        return ATTO_E_NOT_FOUND;
    records[1] = atto_record_without(ATTO_RECORD_TENANT, (uint32_t)tenant);
    records[2] = atto_record_without(ATTO_RECORD_KEY_ROTATED, (uint32_t)tenant);
    enum atto_status status = put(control, records, 3);
    if (status != ATTO_OK)
        return status;
    atto_deploy_enrol(deploy, &none, NULL, 0);
    (void)atto_deploy_remove_all(deploy, &control->command->argument);
    return ATTO_OK;
}

/* ---- what is not deployment's ---- */

static enum atto_status call(struct control *control)
{
    const struct atto_deploy_config *config = control->deploy->config;
    struct atto_record counter;
    if (config->call == NULL)
        return ATTO_E_UNSUPPORTED;
    enum atto_status status = put(control, &counter, 1);
    return status == ATTO_OK ? config->call(config->user, control->container, control->command->argument) : status;
}

/* ---- the way in ---- */

static enum atto_status carry_out(struct control *control)
{
    enum atto_command_operation operation = control->command->operation;
    if (control->container == NULL && operation != ATTO_COMMAND_REMOVE && control->command->component.container.len != 0u)
        return ATTO_E_NOT_FOUND;
    switch (operation) {
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
    case ATTO_COMMAND_CALL:
        return call(control);
    case ATTO_COMMAND_READ:
        return ATTO_OK;
    default:
        return live(control);
    }
}

static enum atto_status find_component(struct control *control)
{
    if (control->command->component.container.len == 0u)
        return ATTO_OK;
    int32_t number = atto_deploy_find(control->deploy, &control->command->component);
    if (number < 0 || atto_deploy_tenant_named(control->deploy, control->command->component.tenant) < 0)
        return ATTO_E_NOT_FOUND;
    control->number = (uint32_t)number;
    control->container = control->deploy->components[number].container;
    return ATTO_OK;
}

static enum atto_status take(struct atto_deploy *deploy, const uint8_t *bytes, uint32_t len, uint32_t *who,
                             struct atto_refusal *refusal)
{
    const struct atto_deploy_config *config = deploy->config;
    struct atto_command_conditions conditions = { .identity = config->identity };
    struct atto_command command;
    struct atto_record counter;
    enum atto_status status = atto_command_read(bytes, len, &command, refusal);
    if (status != ATTO_OK)
        return status;
    int32_t tenant = atto_deploy_tenant_named(deploy, command.tenant);
    if (tenant < 0)
        return ATTO_E_SIGNER;
    struct control control = { .deploy = deploy, .command = &command, .signer = (uint32_t)tenant };
    who[0] = control.signer;
    status = atto_command_verify(&command, &atto_deploy_tenant(deploy, control.signer)->signer, config->crypto);
    if (status != ATTO_OK)
        return status;
    who[1] = control.signer;
    status = atto_records_number(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, control.signer),
                                 &conditions.counter);
    if (config->now_s != NULL)
        conditions.now_s = config->now_s(config->user);
    if (status == ATTO_OK)
        status = atto_command_judge(&command, &conditions);
    if (status != ATTO_OK)
        return status;
    status = find_component(&control);
    if (status == ATTO_OK)
        status = carry_out(&control);
    /* What is refused now must not be done later, when it is sent again by whoever has seen it. */
    if (status != ATTO_OK)
        (void)put(&control, &counter, 1);
    return status;
}

enum atto_status atto_deploy_command(struct atto_deploy *deploy, const uint8_t *bytes, uint32_t len,
                                     struct atto_refusal *refusal)
{
    uint32_t who[] = { ATTO_NO_TENANT, ATTO_NO_TENANT }; /* it names, and has signed */
    enum atto_status status = take(deploy, bytes, len, who, refusal);
    if (status != ATTO_OK)
        atto_deploy_refused(deploy, who[0], who[1], status);
    return status;
}

enum atto_status atto_deploy_order(struct atto_deploy *deploy, enum atto_command_operation operation,
                                   const struct atto_component *component)
{
    struct atto_command command = { .operation = operation, .component = *component };
    struct control control = { .deploy = deploy, .command = &command, .signer = ATTO_TENANT_OWNER };
    if (operation < ATTO_COMMAND_START || operation > ATTO_COMMAND_REMOVE || component->container.len == 0u)
        return ATTO_E_ARGUMENT;
    /* The owner's counter is put with the change, as it is. */
    enum atto_status status = atto_records_number(deploy->config->records,
                                                  ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, ATTO_TENANT_OWNER),
                                                  &command.counter);
    if (status == ATTO_OK)
        status = find_component(&control);
    return status == ATTO_OK ? carry_out(&control) : status;
}
