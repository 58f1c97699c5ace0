/* From the path of a request to what answers it, and the device's regular work. Who may read is decided here, once, before
 * any representation is made; who may change something is decided by the deployment, from the signature.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

#define TRIAL_TICK_US 1000000u

void atto_manage_init(struct atto_manage *manage, const struct atto_manage_config *config)
{
    memset(manage, 0, offsetof(struct atto_manage, work));
    manage->config = config;
    manage->trace_seen = config->deploy->config->engine->trace_written;
    if (config->seen != NULL && config->deploy->config->component_count != 0u)
        memset(config->seen, 0, config->deploy->config->component_count * sizeof *config->seen);
}

/* ---- what can be read ---- */

static const struct {
    const char *name;
    void (*view)(struct atto_view *view);
    bool for_tenants; /* they see what is theirs in it */
    const char *link; /* its attributes */
} readable[] = {
    { "device", atto_view_device, true, ";rt=\"atto.device\"" },
    { "tenants", atto_view_tenants, false, ";rt=\"atto.tenants\"" },
    { "containers", atto_view_containers, true, ";rt=\"atto.containers\";obs" },
    { "inventory", atto_view_inventory, true, ";rt=\"atto.inventory\"" },
    { "audit", atto_view_audit, false, ";rt=\"atto.audit\"" },
    { "log", atto_view_log, false, ";rt=\"atto.log\";obs" },
    { "trace", atto_view_trace, false, ";rt=\"atto.trace\";obs" },
};
#define READABLE_COUNT (sizeof readable / sizeof *readable)

static void put_text(struct atto_view *view, const char *text)
{
    atto_coap_write(view->reply, text, (uint32_t)strlen(text));
}

/* A segment of a path, in which everything but letters, digits and "-._~" is escaped (RFC 3986 section 2.1). */
static void put_segment(struct atto_view *view, struct atto_span segment)
{
    static const char digits[] = "0123456789ABCDEF";
    put_text(view, "/");
    for (uint32_t i = 0; i < segment.len; i++) {
        uint8_t byte = segment.ptr[i], letter = (uint8_t)((byte | 32u) - 'a');
        const char escaped[] = { '%', digits[byte >> 4], digits[byte & 15u] };
        bool plain = letter < 26u || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
        atto_coap_write(view->reply, plain ? (const void *)&segment.ptr[i] : escaped, plain ? 1u : 3u);
    }
}

static void put_container(struct atto_view *view, const char *before, const char *behind)
{
    static const struct atto_span owner = { (const uint8_t *)"-", 1 };
    put_text(view, before);
    put_segment(view, view->component.tenant.len != 0u ? view->component.tenant : owner);
    put_segment(view, view->component.container);
    put_text(view, behind);
}

/* RFC 6690. Containers are named where anybody may read of them. */
void atto_view_core(struct atto_view *view)
{
    atto_coap_answer(view->reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_LINK);
    put_text(view, "</install>;rt=\"atto.install\",</command>;rt=\"atto.command\"");
    for (uint32_t i = 0; i < READABLE_COUNT; i++) {
        put_text(view, ",</");
        put_text(view, readable[i].name);
        put_text(view, ">");
        put_text(view, readable[i].link);
    }
    if (!view->manage->config->reading_is_open)
        return;
    for (view->number = 0; atto_view_next(view); view->number++) {
        put_container(view, ",</containers", ">;rt=\"atto.container\";obs");
        if (atto_app_granted(view->manage, view->container))
            put_container(view, ",</app", ">;rt=\"atto.app\"");
    }
}

/* ---- requests ---- */

static void wrong_method(struct atto_view *view)
{
    atto_coap_refuse(view->reply, ATTO_COAP_METHOD_NOT_ALLOWED, NULL);
}

static void read(struct atto_view *view, uint32_t index)
{
    const struct atto_span name = { (const uint8_t *)readable[index].name, (uint32_t)strlen(readable[index].name) };
    if (view->request->code == ATTO_COAP_FETCH) {
        if (!atto_take_read(view, name))
            return;
        if (view->reader.len != 0u && !readable[index].for_tenants) {
            atto_coap_refuse(view->reply, ATTO_COAP_FORBIDDEN, NULL);
            return;
        }
    } else if (!view->manage->config->reading_is_open) {
        atto_coap_refuse(view->reply, ATTO_COAP_UNAUTHORIZED, NULL);
        return;
    }
    readable[index].view(view);
}

/* What is sent to a part of a container: a command on this container, of the operations that belong there. */
static void change_container(struct atto_view *view)
{
    static const struct {
        const char *segment;
        uint8_t method;
        uint16_t operations;
    } parts[] = {
        { "rights", ATTO_COAP_IPATCH, 1u << ATTO_COMMAND_SET_RIGHTS },
        { "schedule", ATTO_COAP_IPATCH, 1u << ATTO_COMMAND_SET_SCHEDULE },
        { "limits", ATTO_COAP_IPATCH, 1u << ATTO_COMMAND_SET_SCHEDULE },
        { "call", ATTO_COAP_POST, 1u << ATTO_COMMAND_CALL },
    };
    if (!atto_view_names(view)) {
        wrong_method(view);
        return;
    }
    for (uint32_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!atto_coap_path_is(view->request, parts[i].segment) || !atto_coap_path_ends(view->request))
            continue;
        if (view->request->code == parts[i].method)
            atto_take_command(view, parts[i].operations);
        else
            wrong_method(view);
        return;
    }
    wrong_method(view);
}

static bool is_alone(struct atto_view *view, const char *segment)
{
    struct atto_coap_options path = view->request->path;
    if (atto_coap_path_is(view->request, segment) && atto_coap_path_ends(view->request))
        return true;
    view->request->path = path;
    return false;
}

void atto_manage_handle(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    struct atto_manage *manage = user;
    struct atto_view view = { .manage = manage, .request = request, .reply = reply };
    const bool reads = request->code == ATTO_COAP_GET || request->code == ATTO_COAP_FETCH;
    if (is_alone(&view, "install")) {
        if (request->code == ATTO_COAP_POST)
            atto_take_envelope(&view);
        else
            wrong_method(&view);
        return;
    }
    if (is_alone(&view, "command")) {
        if (request->code == ATTO_COAP_POST)
            atto_take_command(&view, 0);
        else
            wrong_method(&view);
        return;
    }
    if (atto_coap_path_is(request, "app")) {
        atto_take_app(&view);
        return;
    }
    if (atto_coap_path_is(request, ".well-known") && is_alone(&view, "core")) {
        if (request->code == ATTO_COAP_GET)
            atto_view_core(&view);
        else
            wrong_method(&view);
        return;
    }
    for (uint32_t i = 0; i < READABLE_COUNT; i++) {
        bool is_containers = readable[i].view == atto_view_containers;
        if (!(is_containers ? atto_coap_path_is(request, readable[i].name) : is_alone(&view, readable[i].name)))
            continue;
        if (reads)
            read(&view, i);
        else if (is_containers)
            change_container(&view);
        else
            wrong_method(&view);
        return;
    }
    if (manage->config->more != NULL)
        manage->config->more(manage, request, reply);
}

/* ---- regular work ---- */

static uint32_t mix(uint32_t hash, uint32_t value)
{
    return (hash ^ value) * 16777619u;
}

/* Something that changes when what is worth telling of a component does: its version, state, faults, trial. Never 0. */
static uint16_t digest_of(struct atto_engine *engine, const struct atto_deploy_component *component)
{
    struct atto_container_info info;
    uint32_t hash = mix(2166136261u, (uint32_t)component->since_us);
    hash = mix(hash, component->on_trial);
    if (component->container != NULL) {
        atto_engine_info(engine, component->container, &info);
        hash = mix(hash, info.id);
        hash = mix(hash, (uint32_t)info.state);
        hash = mix(hash, info.counters.faults);
        hash = mix(hash, info.counters.misses);
    }
    return (uint16_t)(hash ^ hash >> 16);
}

static void tell_changes(struct atto_manage *manage)
{
    const struct atto_manage_config *config = manage->config;
    const struct atto_deploy_config *deploy = config->deploy->config;
    uint32_t trace = deploy->engine->trace_written;
    if (trace != manage->trace_seen)
        atto_coap_changed(config->server, RESOURCE_TRACE);
    manage->trace_seen = trace;
    for (uint32_t i = 0; config->seen != NULL && i < deploy->component_count; i++) {
        uint16_t digest = digest_of(deploy->engine, &deploy->components[i]);
        if (digest == config->seen[i])
            continue;
        config->seen[i] = digest;
        atto_coap_changed(config->server, RESOURCE_CONTAINERS);
        atto_coap_changed(config->server, RESOURCE_CONTAINER(i));
    }
}

uint64_t atto_manage_tick(struct atto_manage *manage)
{
    const struct atto_deploy_config *deploy = manage->config->deploy->config;
    const struct atto_port *port = deploy->engine->config->port;
    atto_deploy_tick(manage->config->deploy);
    atto_log_drain(manage);
    tell_changes(manage);
    uint64_t next_us = atto_coap_server_tick(manage->config->server);
    for (uint32_t i = 0; i < deploy->component_count; i++) {
        uint64_t due_us = port->now_us(port->user) + TRIAL_TICK_US;
        if (deploy->components[i].on_trial && deploy->components[i].container != NULL && due_us < next_us)
            next_us = due_us;
    }
    return next_us;
}
