/* From the path of a request to what answers it, and the device's regular work. Who may read is decided here, once,
 * before any representation is made; who may change something is decided by the deployment, from the signature.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"
#include "manage/server.h"

#define TRIAL_TICK_US 1000000u

void atto_manage_init(struct atto_manage *manage, const struct atto_manage_config *config)
{
    memset(manage, 0, offsetof(struct atto_manage, work));
    manage->config = config;
}

/* ---- paths ---- */

#define FOR_TENANTS 1u /* they see what is theirs in it */
#define OBSERVED 2u
#define RUNS 4u        /* of a container that is in the engine */

#define OPERATION(name) (1u << ATTO_COMMAND_##name)

struct route {
    const char *name;
    void (*view)(struct atto_view *view); /* NULL: there is nothing to read */
    uint8_t flags;
    uint8_t method;      /* that changes something; 0: none does */
    uint16_t operations; /* of commands that do; 0: envelopes do */
};

/* First segments of paths. The first few have more behind them. */
static const struct route routes[] = {
    { "containers", atto_view_list, FOR_TENANTS | OBSERVED, 0, 0 },
    { "device", atto_view_device, FOR_TENANTS, 0, 0 },
    { "tenants", atto_view_tenants, 0, 0, 0 },
    { "inventory", atto_view_inventory, FOR_TENANTS, 0, 0 },
    { "audit", atto_view_audit, 0, 0, 0 },
    { "log", atto_view_log, OBSERVED, 0, 0 },
    { "trace", atto_view_trace, OBSERVED, 0, 0 },
    { "install", NULL, 0, ATTO_COAP_POST, 0 },
    { "command", NULL, 0, ATTO_COAP_POST, ANY_OPERATION },
};

/* What a container has behind its names. */
static const struct route parts[] = {
    { "", atto_view_state, FOR_TENANTS, 0, 0 },
    { "rights", atto_view_rights, FOR_TENANTS | RUNS, ATTO_COAP_IPATCH, OPERATION(SET_RIGHTS) },
    { "schedule", atto_view_schedule, FOR_TENANTS | RUNS, ATTO_COAP_IPATCH, OPERATION(SET_SCHEDULE) },
    { "limits", atto_view_limits, FOR_TENANTS | RUNS, ATTO_COAP_IPATCH, OPERATION(SET_SCHEDULE) },
    { "counters", atto_view_counters, FOR_TENANTS | RUNS, 0, 0 },
    { "log", atto_view_log, FOR_TENANTS | RUNS, 0, 0 },
    { "postmortem", atto_view_postmortem, FOR_TENANTS, 0, 0 },
    { "call", NULL, FOR_TENANTS, ATTO_COAP_POST, OPERATION(CALL) },
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* The route that the next segment of the path is; NULL: none of them. */
static const struct route *find(struct atto_view *view, const struct route *route, uint32_t count)
{
    for (; count != 0u; count--, route++) {
        if (atto_coap_path_is(view->request, route->name))
            return route;
    }
    return NULL;
}

/* ---- .well-known/core (RFC 6690) ---- */

static void put_text(struct atto_view *view, const char *text)
{
    atto_coap_write(view->reply, text, (uint32_t)strlen(text));
}

void atto_view_core(struct atto_view *view)
{
    atto_coap_answer(view->reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_LINK);
    for (const struct route *route = routes; route != routes + COUNT(routes); route++) {
        put_text(view, route != routes ? ",</" : "</");
        put_text(view, route->name);
        put_text(view, ">;rt=\"atto.");
        put_text(view, route->name);
        put_text(view, (route->flags & OBSERVED) != 0u ? "\";obs" : "\"");
    }
}

/* ---- requests ---- */

/* May the request read what the route is? If so, view->reader is set. */
static bool may_read(struct atto_view *view, const struct route *first, const struct route *route)
{
    const struct atto_span name = { (const uint8_t *)first->name, (uint32_t)strlen(first->name) };
    uint32_t code = ATTO_COAP_UNAUTHORIZED;
    if (view->request->code == ATTO_COAP_FETCH) {
        if (!atto_take_read(view, name))
            return false;
        if (view->reader.len == 0u || (route->flags & FOR_TENANTS) != 0u)
            return true;
        code = ATTO_COAP_FORBIDDEN;
    } else if (view->manage->config->reading_is_open) {
        return true;
    }
    atto_coap_refuse(view->reply, (enum atto_coap_code)code, NULL);
    return false;
}

static void serve(struct atto_view *view, const struct route *first, const struct route *route)
{
    const uint32_t code = view->request->code;
    if (code == route->method) {
        if (route->operations != 0u)
            atto_take_command(view, route->operations);
        else
            atto_take_envelope(view);
    } else if (route->view == NULL || (code != ATTO_COAP_GET && code != ATTO_COAP_FETCH)) {
        atto_coap_refuse(view->reply, ATTO_COAP_METHOD_NOT_ALLOWED, NULL);
    } else if (may_read(view, first, route) &&
               (first == route || (atto_view_find(view) && (view->container != NULL || (route->flags & RUNS) == 0u)))) {
        route->view(view);
    }
}

void atto_manage_handle(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    struct atto_view view;
    memset(&view, 0, sizeof view);
    view.manage = user;
    view.request = request;
    view.reply = reply;
    const struct route *first = find(&view, routes, COUNT(routes)), *route = first;
    if (first == routes && !atto_coap_path_ends(request)) {
        route = NULL;
        if (atto_view_names(&view))
            route = atto_coap_path_ends(request) ? parts : find(&view, parts + 1, COUNT(parts) - 1u);
    }
    if (route != NULL) {
        if (atto_coap_path_ends(request))
            serve(&view, first, route);
    } else if (first == NULL && atto_coap_path_is(request, "app")) {
        atto_take_app(&view);
    } else if (first == NULL && atto_coap_path_is(request, ".well-known")) {
        if (request->code == ATTO_COAP_GET && atto_coap_path_is(request, "core"))
            atto_view_core(&view);
    } else if (first == NULL && view.manage->config->more != NULL) {
        view.manage->config->more(view.manage, request, reply);
    }
}

/* ---- regular work ---- */

/* Something that changes when what is worth telling of a component does: its version, trial, state, faults, misses. */
static uint32_t digest_of(struct atto_engine *engine, const struct atto_deploy_component *component)
{
    struct atto_container_info info;
    if (component->container == NULL)
        return 0;
    atto_engine_info(engine, component->container, &info);
    const uint32_t facts[] = { component->since, component->on_trial, (uint32_t)info.state, info.id,
                               info.counters.faults, info.counters.misses };
    return atto_coap_hash(HASH_START, facts, sizeof facts);
}

uint64_t atto_manage_tick(struct atto_manage *manage)
{
    const struct atto_manage_config *config = manage->config;
    const struct atto_deploy_config *deploy = config->deploy->config;
    const struct atto_port *port = deploy->engine->config->port;
    bool on_trial = false;
    atto_deploy_tick(config->deploy);
    atto_rings_changed(manage);
    for (uint32_t i = 0; i < deploy->component_count; i++) {
        on_trial |= deploy->components[i].on_trial;
        if (config->seen == NULL)
            continue;
        uint32_t digest = digest_of(deploy->engine, &deploy->components[i]);
        if (digest == config->seen[i])
            continue;
        config->seen[i] = digest;
        atto_coap_changed(config->server, RESOURCE_CONTAINERS);
        atto_coap_changed(config->server, RESOURCE_CONTAINER(i));
    }
    uint64_t next_us = atto_coap_server_tick(config->server), trial_us = port->now_us(port->user) + TRIAL_TICK_US;
    return on_trial && trial_us < next_us ? trial_us : next_us;
}
