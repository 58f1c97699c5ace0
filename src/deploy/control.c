/* Carries out signed commands, see atto/deploy.h. What a command changes is tried in the engine first, where a refusal
 * leaves everything as it was; then it becomes true in flash together with the counter; only a life that begins or ends
 * comes behind that. If flash refuses, the engine gets back what it had.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
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
    return atto_records_put(control->deploy->config->records, records, count);
}

/* ---- lives ---- */

/* Whether the component is to run is kept, for the next reset. */
static enum atto_status set_invoke(struct control *control, bool invoke)
{
    uint8_t bytes[ATTO_NAME_RECORD_MAX];
    struct atto_record records[2];
    struct atto_span old;
    enum atto_status status = atto_records_get(control->deploy->config->records,
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
    if ((allowed[operation] >> info.state & 1u) == 0u)
        return ATTO_E_STATE;
    if (operation <= ATTO_COMMAND_STOP)
        status = set_invoke(control, operation == ATTO_COMMAND_START);
    else
        status = put(control, &counter, 1);
    if (status != ATTO_OK)
        return status;
    switch (operation) {
    case ATTO_COMMAND_START:
        status = atto_engine_start(engine, control->container);
        atto_deploy_watch(control->deploy, control->number, control->deploy->config->components[control->number].on_trial);
        return status;
    case ATTO_COMMAND_STOP:
        return atto_engine_stop(engine, control->container, false);
    case ATTO_COMMAND_PAUSE:
        return atto_engine_pause(engine, control->container);
    default:
        return atto_engine_resume(engine, control->container);
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
    records[1] = counter_of(control);
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
    struct atto_record records[2];
    uint32_t count, had;
    enum atto_status status = atto_deploy_rights(control->deploy, control->command->argument, rows, ATTO_RIGHTS_MAX,
                                                 &count);
    if (status != ATTO_OK)
        return status;
    had = atto_engine_rights(engine_of(control), control->container, before, ATTO_RIGHTS_MAX);
    while (count < had) /* rights that it names no more are taken away: handles keep their numbers */
        rows[count] = (struct atto_right){ .endpoint = before[count].endpoint }, count++;
    status = atto_engine_set_rights(engine_of(control), control->container, 0, rows, count, actor);
    if (status != ATTO_OK)
        return status;
    records[1] = record_of(ATTO_RECORD_RIGHTS, control->number, control->command->argument);
    status = put(control, records, 2);
    if (status != ATTO_OK)
        atto_engine_set_rights(engine_of(control), control->container, 0, before, had, actor);
    return status;
}

static enum atto_status set_schedule(struct control *control)
{
    struct atto_manifest manifest;
    struct atto_schedule before;
    struct atto_record records[2];
    enum atto_status status = atto_manifest_parse(control->command->argument, &manifest, NULL);
    if (status != ATTO_OK)
        return status;
    atto_engine_schedule(engine_of(control), control->container, &before);
    status = atto_engine_set_schedule(engine_of(control), control->container, &manifest.schedule, NULL);
    if (status != ATTO_OK)
        return status;
    records[1] = record_of(ATTO_RECORD_LIMITS, control->number, control->command->argument);
    status = put(control, records, 2);
    if (status != ATTO_OK)
        atto_engine_set_schedule(engine_of(control), control->container, &before, NULL);
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
    struct atto_tenant_record tenant;
    struct atto_right rows[ATTO_CEILING_ROWS];
    struct atto_record records[3];
    uint32_t count;
    enum atto_status status = atto_tenant_record_read(control->command->argument, &tenant, NULL);
    if (status == ATTO_OK)
        status = atto_deploy_judge_tenant(control->deploy, &tenant, rows, &count);
    if (status != ATTO_OK)
        return status;
    records[1] = record_of(ATTO_RECORD_TENANT, tenant.id, control->command->argument);
    records[2] = atto_record_without(ATTO_RECORD_KEY_ROTATED, tenant.id);
    status = put(control, records, 3);
    if (status == ATTO_OK)
        atto_deploy_enrol(control->deploy, &tenant, rows, count);
    return status;
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
    atto_deploy_remove_orphans(deploy);
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
        status = atto_records_number(config->records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, control.signer),
                                     &conditions.counter);
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
        atto_deploy_refused(deploy, signer, status);
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
