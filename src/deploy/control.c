/* Carries out signed commands, see atto/deploy.h. What a command changes is tried in the engine first, where a refusal
 * leaves everything as it was; then it becomes true in flash together with the counter; only a life that begins or ends
 * comes behind that. If flash refuses, the engine gets back what it had, at once or in the next tick.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/trusted.h"
#include "base/compiler.h"
#include "deploy/deployment.h"

/* A command on its way. */
struct control {
    struct atto_deploy *deploy;
    uint32_t signer;          /* tenant */
    uint32_t number;          /* of the component, where there is one */
    struct atto_container *container; /* NULL: it is not in the engine */
    uint32_t count;
    struct atto_record records[3]; /* that become true together; the counter is the first */
    struct atto_command command;
};

static struct atto_engine *engine_of(const struct control *control)
{
    return control->deploy->engine;
}

/* No value: the record is deleted. */
static void add(struct control *control, enum atto_record_kind kind, uint32_t number, const struct atto_span *value)
{
    struct atto_record *record = &control->records[control->count++];
    *record = atto_record_without(kind, number);
    if (value != NULL)
        record->value = *value;
}

/* Numbers in memory are little-endian, as in records: slots.c makes sure of it. */
static void add_counter(struct control *control)
{
    const struct atto_span value = { (const uint8_t *)&control->command.counter, 4 };
    add(control, ATTO_RECORD_COUNTER, control->signer, &value);
}

static enum atto_status put(const struct control *control)
{
    return atto_records_put(control->deploy->records, control->records, control->count);
}

/* Puts what the command has as its argument. */
static enum atto_status put_argument(struct control *control, enum atto_record_kind kind, uint32_t number)
{
    add(control, kind, number, &control->command.argument);
    return put(control);
}

/* ---- lives ---- */

/* Whether the component is to run is kept, for the next reset. */
static enum atto_status put_invoke(struct control *control, bool invoke)
{
    struct atto_name_bytes bytes;
    struct atto_span old;
    enum atto_status status = atto_records_get(control->deploy->records,
                                               ATTO_RECORD_KEY(ATTO_RECORD_NAME, control->number), &old);
    if (status != ATTO_OK)
        return status;
    old.ptr++;
    old.len--;
    atto_name_record_make(&bytes, invoke, old);
    add(control, ATTO_RECORD_NAME, control->number, &bytes.value);
    return put(control);
}

#define IN(state) (uint8_t)(1u << ATTO_STATE_##state)

static enum atto_status live(struct control *control)
{
    static const uint8_t allowed[] = { [ATTO_COMMAND_START] = IN(INSTALLED) | IN(STOPPED) | IN(FAULTED),
                                       [ATTO_COMMAND_STOP] = IN(STARTING) | IN(RUNNING) | IN(PAUSED) | IN(FAULTED),
                                       [ATTO_COMMAND_PAUSE] = IN(STARTING) | IN(RUNNING),
                                       [ATTO_COMMAND_RESUME] = IN(PAUSED) };
    struct atto_engine *engine = engine_of(control);
    enum atto_command_operation operation = control->command.operation;
    struct atto_container_info info;
    enum atto_status status;
    atto_engine_info(engine, control->container, &info);
    if ((allowed[operation] >> info.state & 1u) == 0u && !(operation == ATTO_COMMAND_STOP && info.restarts))
        return ATTO_E_STATE;
    status = operation <= ATTO_COMMAND_STOP ? put_invoke(control, operation == ATTO_COMMAND_START) : put(control);
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
    atto_deploy_watch(control->deploy, control->number, &info);
    return status;
}

static enum atto_status remove_component(struct control *control)
{
    enum atto_status status = atto_deploy_remove(control->deploy, control->number, control->records);
    if (status == ATTO_OK)
        atto_deploy_forget(control->deploy);
    return status;
}

/* ---- rights and schedules ---- */

/* If there is no room for a row, or flash refuses, all are as before, and rows that there were not allow nothing. */
static ATTO_APART enum atto_status set_rights(struct control *control)
{
    struct atto_right before[ATTO_RIGHTS_MAX];
    struct atto_engine *engine = engine_of(control);
    const uint8_t actor = (uint8_t)control->signer;
    memset(before, 0, sizeof before);
    uint32_t had = atto_engine_rights(engine, control->container, before, ATTO_RIGHTS_MAX);
    enum atto_status status = atto_deploy_set_rights(control->deploy, control->container, control->command.argument,
                                                     actor);
    if (status == ATTO_OK)
        status = put_argument(control, ATTO_RECORD_RIGHTS, control->number);
    if (status != ATTO_OK && status != ATTO_E_NOT_FOUND && status != ATTO_E_ARGUMENT) { /* with these none was set */
        uint32_t has = atto_engine_rights(engine, control->container, NULL, 0);
        atto_engine_set_rights(engine, control->container, 0, before, has > had ? has : had, actor);
    }
    return status;
}

static enum atto_status set_schedule(struct control *control)
{
    struct atto_engine *engine = engine_of(control);
    struct atto_manifest manifest;
    struct atto_schedule before;
    enum atto_status status = atto_manifest_parse(control->command.argument, &manifest, NULL);
    if (status != ATTO_OK)
        return status;
    atto_engine_schedule(engine, control->container, &before);
    status = atto_engine_set_schedule(engine, control->container, &manifest.schedule, NULL);
    if (status != ATTO_OK)
        return status;
    status = put_argument(control, ATTO_RECORD_LIMITS, control->number);
    if (status != ATTO_OK)
        atto_engine_set_schedule(engine, control->container, &before, NULL);
    return status;
}

/* ---- tenants and keys ---- */

static enum atto_status rotate_key(struct control *control)
{
    enum atto_status status = put_argument(control, ATTO_RECORD_KEY_ROTATED, control->signer);
    return status == ATTO_OK ? atto_deploy_keep_key(control->deploy, control->signer, control->command.argument) : status;
}

static enum atto_status set_tenant(struct control *control)
{
    struct atto_deploy *deploy = control->deploy;
    struct atto_tenant_record tenant, old;
    struct atto_span value;
    enum atto_status status = atto_deploy_read_tenant(deploy, control->command.argument, &tenant);
    if (status != ATTO_OK)
        return status;
    status = atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_TENANT, tenant.id), &value);
    bool is_same = status == ATTO_OK && atto_tenant_record_read(value, &old, NULL) == ATTO_OK &&
                   atto_same_span(old.name, tenant.name);
    /* It was another one's, or nobody knows whose, for it is damaged: values of that one are not for this one. */
    if (status != ATTO_E_NOT_FOUND && !is_same) {
        const struct atto_record without = atto_record_without(ATTO_RECORD_TENANT, tenant.id);
        enum atto_status gone = atto_records_put(deploy->records, &without, 1);
        if (gone != ATTO_OK)
            return gone;
        atto_deploy_forget(deploy);
    }
    /* What a tenant of this name has left, if power failed while it was revoked, is not the new one's. */
    if (!is_same && status != ATTO_E_DAMAGED && !atto_deploy_remove_all(deploy, &tenant.name))
        return ATTO_E_BUSY;
    /* A key that was rotated stays, unless it is damaged or there is another one in the record than before. */
    if (!is_same || !atto_same_span(old.key, tenant.key) ||
        atto_records_get(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_KEY_ROTATED, tenant.id), &value) == ATTO_E_DAMAGED)
        add(control, ATTO_RECORD_KEY_ROTATED, tenant.id, NULL);
    status = put_argument(control, ATTO_RECORD_TENANT, tenant.id);
    return status == ATTO_OK ? atto_deploy_boot_tenant(deploy, tenant.id, control->command.argument) : status;
}

/* The tenant's record goes first: from then on nothing of it runs, whatever becomes of its containers. */
static enum atto_status revoke_tenant(struct control *control)
{
    struct atto_deploy *deploy = control->deploy;
    int32_t tenant = atto_deploy_tenant_named(deploy, control->command.argument);
    const struct atto_tenant_record none = { .id = (uint32_t)tenant };
    if (tenant <= 0)
        return ATTO_E_NOT_FOUND;
    add(control, ATTO_RECORD_TENANT, (uint32_t)tenant, NULL);
    add(control, ATTO_RECORD_KEY_ROTATED, (uint32_t)tenant, NULL);
    enum atto_status status = put(control);
    if (status != ATTO_OK)
        return status;
    atto_deploy_enrol(deploy, &none);
    (void)atto_deploy_remove_all(deploy, &control->command.argument);
    return ATTO_OK;
}

/* ---- what is not deployment's ---- */

static enum atto_status call(struct control *control)
{
    const struct atto_deploy_config *config = control->deploy->config;
    if (config->call == NULL)
        return ATTO_E_UNSUPPORTED;
    enum atto_status status = put(control);
    return status == ATTO_OK ? config->call(config->user, control->container, control->command.argument) : status;
}

/* ---- the way in ---- */

static enum atto_status carry_out(struct control *control)
{
    switch (control->command.operation) {
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

/* Finds the component that the command is about, if it is about one, and does what it says. */
static enum atto_status find_and_carry_out(struct control *control)
{
    const struct atto_command *command = &control->command;
    if (command->component.container.len != 0u) {
        int32_t number = atto_deploy_find(control->deploy, &command->component);
        if (number < 0 || atto_deploy_tenant_named(control->deploy, command->component.tenant) < 0)
            return ATTO_E_NOT_FOUND;
        control->number = (uint32_t)number;
        control->container = control->deploy->components[number].container;
        if (control->container == NULL && command->operation != ATTO_COMMAND_REMOVE)
            return ATTO_E_NOT_FOUND;
    }
    return carry_out(control);
}

static enum atto_status take(struct atto_deploy *deploy, const uint8_t *bytes, uint32_t len, uint32_t *who,
                             struct atto_refusal *refusal)
{
    const struct atto_deploy_config *config = deploy->config;
    struct atto_command_conditions conditions = { .identity = config->identity };
    struct control control = { .deploy = deploy };
    enum atto_status status = atto_command_read(bytes, len, &control.command, refusal);
    if (status != ATTO_OK)
        return status;
    int32_t tenant = atto_deploy_tenant_named(deploy, control.command.tenant);
    if (tenant < 0)
        return ATTO_E_SIGNER;
    who[0] = control.signer = (uint32_t)tenant;
    status = atto_command_verify(&control.command, &atto_deploy_tenant(deploy, control.signer)->signer, config->crypto);
    if (status != ATTO_OK)
        return status;
    who[1] = control.signer;
    status = atto_records_number(deploy->records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, control.signer),
                                 &conditions.counter);
    if (config->now_s != NULL)
        conditions.now_s = config->now_s(config->user);
    if (status == ATTO_OK)
        status = atto_command_judge(&control.command, &conditions);
    if (status != ATTO_OK)
        return status;
    add_counter(&control);
    status = find_and_carry_out(&control);
    /* What is refused now must not be done later, when it is sent again by whoever has seen it. */
    if (status != ATTO_OK) {
        control.count = 1;
        (void)put(&control);
    }
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
    struct control control = { .deploy = deploy, .signer = ATTO_TENANT_OWNER,
                               .command = { .operation = operation, .component = *component } };
    if (operation < ATTO_COMMAND_START || operation > ATTO_COMMAND_REMOVE || component->container.len == 0u)
        return ATTO_E_ARGUMENT;
    /* The owner's counter is put with the change, as it is. */
    enum atto_status status = atto_records_number(deploy->records,
                                                  ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, ATTO_TENANT_OWNER),
                                                  &control.command.counter);
    add_counter(&control);
    return status == ATTO_OK ? find_and_carry_out(&control) : status;
}
