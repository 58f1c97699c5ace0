/* What changes a device: envelopes and signed commands, on their way from requests to the deployment. An envelope, and a
 * command that comes in blocks, takes the one working memory; who comes second is told when to come again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

#define MAX_AGE_BUSY_S 2u

static uint64_t now_us(const struct atto_manage *manage)
{
    const struct atto_port *port = manage->config->deploy->config->engine->config->port;
    return port->now_us(port->user);
}

/* ---- the working memory ---- */

static void release(struct atto_manage *manage)
{
    if (manage->task == ATTO_MANAGE_FETCHES)
        atto_coap_cancel(manage->config->client);
    if (manage->task >= ATTO_MANAGE_INSTALLS)
        atto_install_abandon(&manage->work.installer);
    manage->task = ATTO_MANAGE_FREE;
}

/* Nothing that was verified is pushed out; and what was not has its time. */
static bool may_be_pushed(const struct atto_manage *manage)
{
    if (manage->task == ATTO_MANAGE_FETCHES ||
        (manage->task == ATTO_MANAGE_INSTALLS && manage->work.installer.state == ATTO_INSTALL_IMAGE))
        return false;
    return now_us(manage) - manage->since_us >= ATTO_MANAGE_PATIENCE_MS * 1000u;
}

/* Takes the memory for the first piece of a payload, or goes on with it. False: refused. */
static bool take(struct atto_view *view, enum atto_manage_task task)
{
    struct atto_manage *manage = view->manage;
    const struct atto_coap_request *request = view->request;
    if (request->offset != 0u) {
        if (manage->task == task && manage->transfer == request->transfer)
            return true;
        atto_coap_refuse(view->reply, ATTO_COAP_REQUEST_ENTITY_INCOMPLETE, NULL);
        return false;
    }
    if (manage->task != ATTO_MANAGE_FREE && !may_be_pushed(manage)) {
        atto_coap_refuse(view->reply, ATTO_COAP_SERVICE_UNAVAILABLE, NULL);
        view->reply->max_age_s = MAX_AGE_BUSY_S;
        return false;
    }
    release(manage);
    manage->task = (uint8_t)task;
    manage->transfer = request->transfer;
    manage->since_us = now_us(manage);
    manage->collected = 0;
    return true;
}

/* More is to come. */
static void go_on(struct atto_view *view)
{
    atto_coap_answer(view->reply, ATTO_COAP_CONTINUE, ATTO_COAP_FORMAT_NONE);
}

void atto_manage_abandon(void *user, uint32_t transfer)
{
    struct atto_manage *manage = user;
    if (manage->transfer == transfer && manage->task != ATTO_MANAGE_FETCHES)
        release(manage);
}

/* ---- envelopes ---- */

/* {0: tenant, 1: container, 2: sequence, 3: state}; an answer that comes later has no names. */
static void write_installed(struct atto_out *out, const struct atto_manage *manage, bool with_names)
{
    const struct atto_deploy_config *deploy = manage->config->deploy->config;
    const struct atto_installer *installer = &manage->work.installer;
    const struct atto_component *component = &installer->envelope.component;
    struct atto_container_info info;
    atto_engine_info(deploy->engine, deploy->components[installer->component].container, &info);
    atto_out_map(out, with_names ? 4 : 2, with_names ? 0 : 2);
    if (with_names) {
        atto_out_member_string(out, ATTO_CBOR_TEXT, component->tenant.ptr, component->tenant.len);
        atto_out_member_string(out, ATTO_CBOR_TEXT, component->container.ptr, component->container.len);
    }
    atto_out_member(out, installer->order.sequence);
    atto_out_member(out, (uint32_t)info.state);
}

static void refuse_install(struct atto_view *view, enum atto_status status, const struct atto_report *report)
{
    const struct atto_refusal *refusal = &view->manage->work.installer.refusal;
    if (report != NULL && report->refusal.status != ATTO_OK)
        refusal = &report->refusal;
    atto_refuse_with(view->reply, status, refusal, report);
    release(view->manage);
}

/* The image is elsewhere. The answer comes when it is here, if it can come later. */
static enum atto_status fetch(struct atto_view *view)
{
    struct atto_manage *manage = view->manage;
    if (manage->config->client == NULL)
        return ATTO_E_UNSUPPORTED;
    enum atto_status status = atto_coap_fetch(manage->config->client, manage->work.installer.order.uri);
    if (status != ATTO_OK)
        return status;
    manage->task = ATTO_MANAGE_FETCHES;
    manage->ticket = 0;
    if (!atto_coap_later(view->reply, &manage->ticket))
        atto_coap_answer(view->reply, ATTO_COAP_CHANGED, ATTO_COAP_FORMAT_NONE);
    return ATTO_OK;
}

static void finish(struct atto_view *view)
{
    struct atto_report report;
    memset(&report, 0, sizeof report);
    enum atto_status status = atto_install_finish(&view->manage->work.installer, &report);
    if (status != ATTO_OK) {
        refuse_install(view, status, &report);
        return;
    }
    struct atto_out out = { .reply = view->reply };
    atto_coap_answer(view->reply, ATTO_COAP_CHANGED, ATTO_COAP_FORMAT_CBOR);
    write_installed(&out, view->manage, view->request != NULL);
    view->manage->task = ATTO_MANAGE_FREE;
}

void atto_take_envelope(struct atto_view *view)
{
    struct atto_manage *manage = view->manage;
    struct atto_installer *installer = &manage->work.installer;
    const struct atto_coap_request *request = view->request;
    uint32_t limit = manage->config->deploy->config->slots->slot_bytes + ATTO_ENVELOPE_HEAD_MAX;
    if (request->size > limit) {
        atto_coap_refuse(view->reply, ATTO_COAP_REQUEST_ENTITY_TOO_LARGE, NULL);
        view->reply->limit = limit;
        return;
    }
    if (!take(view, ATTO_MANAGE_INSTALLS))
        return;
    if (request->offset == 0u)
        atto_install_begin(installer, manage->config->deploy);
    enum atto_status status = atto_install_bytes(installer, request->piece.ptr, request->piece.len);
    if (status == ATTO_OK && !request->last) {
        go_on(view);
        return;
    }
    if (status == ATTO_OK && installer->state == ATTO_INSTALL_IMAGE && !installer->order.integrated)
        status = fetch(view);
    else if (status == ATTO_OK)
        finish(view);
    if (status != ATTO_OK)
        refuse_install(view, status, NULL);
}

/* ---- an image that is fetched ---- */

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
    struct atto_coap_reply reply;
    (void)code;
    manage->task = ATTO_MANAGE_INSTALLS;
    memset(&reply, 0, sizeof reply);
    reply.window = payload;
    reply.capacity = sizeof payload;
    struct atto_view view = { .manage = manage, .reply = &reply };
    if (status == ATTO_OK)
        finish(&view);
    else
        refuse_install(&view, status, NULL);
    if (manage->ticket != 0u)
        atto_coap_server_answer(manage->config->server, manage->ticket, (enum atto_coap_code)reply.code, reply.format,
                                payload, reply.total < sizeof payload ? reply.total : (uint32_t)sizeof payload);
}

/* ---- commands ---- */

/* The whole command; an empty span while it is not there, or refused. */
static struct atto_span collect(struct atto_view *view)
{
    struct atto_manage *manage = view->manage;
    const struct atto_coap_request *request = view->request;
    const struct atto_span piece = request->piece, none = { NULL, 0 };
    if (request->transfer == ATTO_COAP_WHOLE && piece.len != 0u && piece.len <= ATTO_COMMAND_MAX)
        return piece;
    if (piece.len > ATTO_COMMAND_MAX || request->offset + piece.len > ATTO_COMMAND_MAX || piece.len == 0u) {
        atto_coap_refuse(view->reply, piece.len != 0u ? ATTO_COAP_REQUEST_ENTITY_TOO_LARGE : ATTO_COAP_BAD_REQUEST, NULL);
        view->reply->limit = ATTO_COMMAND_MAX;
        if (request->offset != 0u)
            atto_manage_abandon(manage, request->transfer);
        return none;
    }
    if (!take(view, ATTO_MANAGE_COLLECTS))
        return none;
    memcpy(manage->work.command + request->offset, piece.ptr, piece.len);
    manage->collected = request->offset + piece.len;
    if (!request->last) {
        go_on(view);
        return none;
    }
    manage->task = ATTO_MANAGE_FREE; /* what is there stays until the handler returns */
    return (struct atto_span){ manage->work.command, manage->collected };
}

static bool same(struct atto_span a, struct atto_span b)
{
    return a.len == b.len && (a.len == 0u || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* What `call` has left for its answer. */
struct atto_manage_call {
    bool made;
    enum atto_status outcome;
    int64_t value;
    uint32_t len;
    _Alignas(8) uint8_t context[ATTO_MANAGE_CALL_BYTES];
};

void atto_take_command(struct atto_view *view, uint32_t operations)
{
    struct atto_manage *manage = view->manage;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    struct atto_manage_call call = { .made = false };
    struct atto_command command;
    const struct atto_span bytes = collect(view);
    if (bytes.len == 0u)
        return;
    if (operations != 0u && atto_command_read(bytes.ptr, bytes.len, &command, NULL) == ATTO_OK &&
        ((operations >> command.operation & 1u) == 0u ||
         !same(command.component.tenant, view->component.tenant) ||
         !same(command.component.container, view->component.container))) {
        atto_coap_refuse(view->reply, ATTO_COAP_UNPROCESSABLE_ENTITY, NULL);
        return;
    }
    manage->call = &call;
    enum atto_status status = atto_deploy_command(manage->config->deploy, bytes.ptr, bytes.len, &refusal);
    manage->call = NULL;
    if (status != ATTO_OK) {
        atto_refuse_with(view->reply, status, &refusal, NULL);
        return;
    }
    atto_coap_answer(view->reply, ATTO_COAP_CHANGED, ATTO_COAP_FORMAT_NONE);
    if (!call.made)
        return;
    struct atto_out out = { .reply = view->reply };
    view->reply->format = ATTO_COAP_FORMAT_CBOR;
    atto_out_array(&out, 3);
    atto_out_signed(&out, call.outcome);
    atto_out_signed(&out, call.value);
    atto_out_string(&out, ATTO_CBOR_BYTES, call.context, call.len);
}

bool atto_take_read(struct atto_view *view, struct atto_span name)
{
    const struct atto_span bytes = view->request->piece;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    struct atto_command command;
    enum atto_status status = ATTO_E_COMMAND;
    if (view->request->transfer == ATTO_COAP_WHOLE)
        status = atto_command_read(bytes.ptr, bytes.len, &command, &refusal);
    if (status == ATTO_OK && (command.operation != ATTO_COMMAND_READ || !same(command.argument, name)))
        status = ATTO_E_DENIED;
    if (status == ATTO_OK)
        status = atto_deploy_command(view->manage->config->deploy, bytes.ptr, bytes.len, &refusal);
    if (status != ATTO_OK) {
        atto_refuse_with(view->reply, status, &refusal, NULL);
        return false;
    }
    view->reader = command.tenant;
    return true;
}

/* ---- calls ---- */

enum atto_status atto_call_entry(struct atto_manage *manage, struct atto_container *container, const char *name,
                                 void *context, uint32_t len, int64_t *value, enum atto_status *outcome)
{
    struct atto_engine *engine = manage->config->deploy->config->engine;
    struct atto_hook_type type = { .name = name, .context_bytes = len, .access = ATTO_WRITE,
                                   .fuel = manage->config->call_fuel };
    struct atto_hook hook = ATTO_HOOK_INIT(&type);
    struct atto_attachment attachment;
    struct atto_container_info info;
    uint32_t entry;
    memset(&type.calls, 0xff, sizeof type.calls);
    memset(&attachment, 0, sizeof attachment);
    atto_engine_info(engine, container, &info);
    if (info.state != ATTO_STATE_RUNNING)
        return ATTO_E_STATE;
    enum atto_status status = atto_engine_find_entry(container, name, &entry);
    if (status == ATTO_OK)
        status = atto_engine_attach(engine, container, &hook, &attachment, entry, 0, ATTO_HOOK_SINGLE);
    if (status != ATTO_OK)
        return status;
    *value = atto_hook_fire(&hook, context, 0);
    atto_hook_detach(&hook, &attachment);
    if (attachment.skipped != 0u)
        return ATTO_E_BUSY;
    atto_engine_info(engine, container, &info);
    *outcome = attachment.runs != 0u ? ATTO_OK : (enum atto_status)info.counters.last_fault;
    return ATTO_OK;
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
    if (call == NULL)
        return ATTO_E_UNSUPPORTED;
    if (!atto_cbor_head(&cbor, ATTO_CBOR_ARRAY, &count) || count != 2u ||
        !atto_cbor_text(&cbor, 1, ATTO_NAME_MAX, &entry) ||
        !atto_cbor_bytes(&cbor, 0, ATTO_MANAGE_CALL_BYTES, &context) || cbor.pos != cbor.len)
        return ATTO_E_ARGUMENT;
    memcpy(name, entry.ptr, entry.len);
    name[entry.len] = '\0';
    if (context.len != 0u)
        memcpy(call->context, context.ptr, context.len);
    call->len = context.len;
    call->made = true;
    return atto_call_entry(manage, container, name, call->context, call->len, &call->value, &call->outcome);
}
