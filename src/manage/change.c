/* What changes a device: envelopes and signed commands, on their way from requests to the deployment. An envelope,
 * and a command that comes in blocks, takes the one working memory; who comes second is told when to come again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "manage/resource.h"

#define COME_AGAIN_S 2u

/* ---- the working memory ---- */

static ATTO_APART void release(struct atto_manage *manage)
{
    if (manage->task == ATTO_MANAGE_FETCHES)
        manage->config->client->requester.entry.state = FREE; /* as atto_coap_cancel, which would link the client */
    if (manage->task >= ATTO_MANAGE_INSTALLS)
        atto_install_abandon(&manage->work.installer);
    manage->task = ATTO_MANAGE_FREE;
}

/* Is the memory in use, so that this request has to wait? Only for so long; and an envelope whose signature holds does not
 * wait for one of which that is not known, nor the owner's for a tenant's. One of the same signer's does wait, for the
 * whole time: whoever has seen a head could push its own install out with it. */
static bool is_taken(const struct atto_view *view, enum atto_manage_task task, uint32_t now)
{
    const struct atto_manage *manage = view->manage;
    const struct atto_installer *installer = &manage->work.installer;
    const bool is_verified = manage->task >= ATTO_MANAGE_INSTALLS && installer->state == ATTO_INSTALL_IMAGE;
    if (manage->task == ATTO_MANAGE_FREE ||
        now - manage->since >= (is_verified ? TIME_OF_S(ATTO_INSTALL_SECONDS) : TIME_OF_MS(ATTO_MANAGE_PATIENCE_MS)))
        return false;
    if (task != ATTO_MANAGE_INSTALLS || (is_verified && installer->tenant == (int32_t)ATTO_TENANT_OWNER))
        return true;
    const struct atto_span *piece = &view->request->piece;
    const int32_t signer = atto_install_signer(view->config->deploy, piece->ptr, piece->len);
    return signer < 0 || (is_verified && signer != (int32_t)ATTO_TENANT_OWNER);
}

/* Takes the memory for the first piece of a payload, or goes on with it. False: refused. */
static bool take(struct atto_view *view, enum atto_manage_task task)
{
    struct atto_manage *manage = view->manage;
    const uint32_t now = atto_coap_now(view->config->server);
    if (view->request->offset != 0u) {
        if (manage->task == task && manage->transfer == view->request->transfer)
            return true;
        atto_view_code(view, ATTO_COAP_REQUEST_ENTITY_INCOMPLETE, 0);
        return false;
    }
    if (is_taken(view, task, now)) {
        atto_view_code(view, ATTO_COAP_SERVICE_UNAVAILABLE, 0);
        view->reply->max_age_s = COME_AGAIN_S;
        return false;
    }
    release(manage);
    manage->task = (uint8_t)task;
    manage->transfer = view->request->transfer;
    manage->since = now;
    if (task == ATTO_MANAGE_INSTALLS)
        atto_install_begin(&manage->work.installer, manage->config->deploy);
    return true;
}

void atto_manage_abandon(void *user, uint32_t transfer)
{
    struct atto_manage *manage = user;
    if (manage->transfer == transfer && manage->task != ATTO_MANAGE_FETCHES)
        release(manage);
}

/* ---- envelopes ---- */

/* All bytes are there, or `status` says why not. An answer that comes later has no names. */
static void finish(struct atto_view *view, enum atto_status status)
{
    static const uint16_t fields[] = { MAP(4, 0),
                                       FIELD(TEXT, struct atto_view, component.tenant),
                                       FIELD(TEXT, struct atto_view, component.container),
                                       NUMBER(struct atto_view, versions.current.sequence),
                                       NUMBER(struct atto_view, state), 0 };
    struct atto_manage *manage = view->manage;
    struct atto_installer *installer = &manage->work.installer;
    struct atto_report report;
    report.constraint = ATTO_CONSTRAINT_NONE;
    report.refusal.status = ATTO_OK;
    if (status == ATTO_OK)
        status = atto_install_finish(installer, &report);
    if (status == ATTO_E_SEQUENCE)
        (void)atto_slots_sequence(view->deploy->slots, installer->component, &installer->refusal.at);
    if (status != ATTO_OK) {
        atto_refuse_with(view->reply, status,
                         report.refusal.status != ATTO_OK ? &report.refusal : &installer->refusal, &report);
        release(manage);
        return;
    }
    view->component = installer->names;
    view->versions.current.sequence = installer->order.sequence;
    atto_engine_info(view->engine, view->deploy->components[installer->component].container, &view->info);
    view->state = (uint32_t)view->info.state;
    atto_out_begin(view, ATTO_COAP_CHANGED);
    if (view->request == NULL) {
        atto_out_map(view, 2);
        view->key = 2;
    }
    atto_out_fields(view, view, view->request != NULL ? fields : fields + 3);
    manage->task = ATTO_MANAGE_FREE;
}

/* The image is elsewhere. The answer comes when it is here, if it can come later. */
static enum atto_status fetch(struct atto_view *view)
{
    struct atto_manage *manage = view->manage;
    enum atto_status status = ATTO_E_UNSUPPORTED;
    if (manage->config->fetch != NULL)
        status = manage->config->fetch(manage->config->client, manage->work.installer.order.uri);
    if (status != ATTO_OK)
        return status;
    manage->task = ATTO_MANAGE_FETCHES;
    manage->ticket = 0;
    if (!atto_coap_later(view->reply, &manage->ticket))
        atto_view_code(view, ATTO_COAP_CHANGED, 0);
    return ATTO_OK;
}

void atto_take_envelope(struct atto_view *view)
{
    struct atto_installer *installer = &view->manage->work.installer;
    const struct atto_coap_request *request = view->request;
    if (!take(view, ATTO_MANAGE_INSTALLS))
        return;
    enum atto_status status = atto_install_bytes(installer, request->piece.ptr, request->piece.len);
    bool is_elsewhere = installer->state == ATTO_INSTALL_IMAGE && !installer->order.integrated;
    if (status == ATTO_OK && request->last && is_elsewhere)
        status = fetch(view);
    else if (status == ATTO_OK && request->last)
        finish(view, ATTO_OK);
    else if (status == ATTO_OK)
        atto_view_code(view, ATTO_COAP_CONTINUE, 0);
    view->reply->stays = installer->state == ATTO_INSTALL_IMAGE;
    if (status != ATTO_OK)
        finish(view, status);
}

enum atto_status atto_manage_take(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len, bool last)
{
    struct atto_manage *manage = user;
    (void)offset;
    (void)last;
    return atto_install_bytes(&manage->work.installer, bytes, len);
}

void atto_manage_done(void *user, enum atto_status status, uint32_t code)
{
    struct atto_manage *manage = user;
    uint8_t payload[ATTO_COAP_LATER_MAX];
    /* A reply that nobody has asked for, with the payload as its window. */
    struct atto_coap_reply reply = { .window = payload, .capacity = sizeof payload };
    struct atto_view view;
    (void)code;
    atto_view_begin(&view, manage, NULL, &reply);
    manage->task = ATTO_MANAGE_INSTALLS;
    finish(&view, status);
    if (manage->ticket != 0u)
        atto_coap_server_answer(manage->config->server, manage->ticket, (enum atto_coap_code)reply.code, reply.format,
                                payload, reply.total < sizeof payload ? reply.total : (uint32_t)sizeof payload);
}

/* ---- commands ---- */

/* Puts a command together. False while it is not whole, and if it is refused. */
static bool collect(struct atto_view *view, struct atto_span *whole)
{
    struct atto_manage *manage = view->manage;
    const struct atto_coap_request *request = view->request;
    const uint32_t len = request->offset + request->piece.len;
    *whole = request->piece;
    if (len > ATTO_COMMAND_MAX) {
        atto_view_code(view, ATTO_COAP_REQUEST_ENTITY_TOO_LARGE, ATTO_COMMAND_MAX);
        atto_manage_abandon(manage, request->transfer);
        return false;
    }
    if (request->transfer == ATTO_COAP_WHOLE)
        return true;
    if (!take(view, ATTO_MANAGE_COLLECTS))
        return false;
    memcpy(manage->work.command + request->offset, request->piece.ptr, request->piece.len);
    atto_view_code(view, ATTO_COAP_CONTINUE, 0);
    if (!request->last)
        return false;
    *whole = (struct atto_span){ manage->work.command, len };
    manage->task = ATTO_MANAGE_FREE; /* what is there stays until the handler returns */
    return true;
}

/* Does a command belong to this path: is it one of the operations, on the container or with the name? */
static bool belongs(const struct atto_view *view, const struct atto_command *command, uint32_t operations,
                    const char *name)
{
    if ((operations >> command->operation & 1u) == 0u)
        return false;
    if (name != NULL)
        return atto_coap_is_text(&command->argument, name);
    return atto_same_bytes(&command->component.tenant, &view->component.tenant) &&
           atto_same_bytes(&command->component.container, &view->component.container);
}

/* Carries out a command, and notes who has signed it. False: it is refused. */
static bool carry_out(struct atto_view *view, const struct atto_span *bytes, uint32_t operations, const char *name)
{
    struct atto_refusal refusal = { ATTO_OK, 0 };
    struct atto_command command;
    enum atto_status status = atto_command_read(bytes->ptr, bytes->len, &command, &refusal);
    if (status == ATTO_OK && operations != ANY_OPERATION && !belongs(view, &command, operations, name)) {
        atto_view_code(view, ATTO_COAP_UNPROCESSABLE_ENTITY, 0);
        return false;
    }
    /* Again, by who judges it; what cannot be read is for the audit trail. */
    status = atto_deploy_command(view->config->deploy, bytes->ptr, bytes->len, &refusal);
    if (status != ATTO_OK) {
        atto_refuse_with(view->reply, status, &refusal, NULL);
        return false;
    }
    if (view->manage->task >= ATTO_MANAGE_INSTALLS && atto_install_is_void(&view->manage->work.installer))
        release(view->manage);
    view->reader = command.tenant;
    return true;
}

void atto_take_command(struct atto_view *view, uint32_t operations)
{
    static const uint16_t fields[] = { ROW(3), NUMBER(struct atto_manage_call, status),
                                       NUMBER(struct atto_manage_call, value),
                                       FIELD(BYTES, struct atto_manage_call, output), 0 };
    struct atto_span bytes;
    struct atto_manage_call call;
    if (!collect(view, &bytes))
        return;
    call.status = 1; /* nothing was called */
    view->manage->call = &call;
    if (carry_out(view, &bytes, operations, NULL)) {
        atto_view_code(view, ATTO_COAP_CHANGED, 0);
        if (call.status <= 0) {
            atto_out_begin(view, ATTO_COAP_CHANGED);
            atto_out_fields(view, &call, fields);
        }
    }
    view->manage->call = NULL;
}

bool atto_take_read(struct atto_view *view, const char *name)
{
    if (view->request->transfer == ATTO_COAP_WHOLE)
        return carry_out(view, &view->request->piece, 1u << ATTO_COMMAND_READ, name);
    atto_view_code(view, ATTO_COAP_REQUEST_ENTITY_TOO_LARGE, 0);
    return false;
}

/* ---- calls ---- */

enum atto_status atto_call_entry(struct atto_manage *manage, struct atto_container *container, const char *name,
                                 void *context, uint32_t len, int64_t *value)
{
    const struct atto_context memory = { context, len, ATTO_WRITE };
    struct atto_attachment attachment = { .target = container };
    enum atto_status status = atto_engine_find_entry(container, name, &attachment.entry);
    if (status != ATTO_OK)
        return status;
    if (manage->has_called)
        return ATTO_E_QUOTA;
    manage->has_called = true;
    return atto_engine_run(&attachment, &memory, manage->config->deploy->config->engine->config->slice_fuel,
                           (uint64_t *)value);
}

/* [entry point, context] */
enum atto_status atto_manage_call(void *user, struct atto_container *container, struct atto_span bytes)
{
    struct atto_manage *manage = user;
    struct atto_manage_call *call = manage->call;
    struct atto_cbor cbor = { bytes.ptr, bytes.len, 0 };
    struct atto_span entry, context;
    char name[ATTO_NAME_MAX + 1u];
    uint32_t count;
    if (call == NULL || !atto_cbor_head(&cbor, ATTO_CBOR_ARRAY, &count) || count != 2u ||
        !atto_cbor_text(&cbor, 1, ATTO_NAME_MAX, &entry) ||
        !atto_cbor_bytes(&cbor, 0, ATTO_MANAGE_CALL_BYTES, &context) || cbor.pos != cbor.len)
        return ATTO_E_ARGUMENT;
    memcpy(name, entry.ptr, entry.len);
    name[entry.len] = '\0';
    if (context.len != 0u)
        memcpy(call->context, context.ptr, context.len);
    call->output = (struct atto_span){ call->context, context.len };
    enum atto_status status = atto_call_entry(manage, container, name, call->context, context.len, &call->value);
    if (status != ATTO_OK && status > ATTO_FAULT_MEMORY)
        return status;
    call->status = status;
    return ATTO_OK;
}
