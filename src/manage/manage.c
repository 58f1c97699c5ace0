/* From the path of a request to what answers it, and the device's regular work. Who may read is decided here, once,
 * before any representation is made; who may change something is decided by the deployment, from the signature.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"
#include "manage/server.h"

#define TRIAL_TICK TIME_OF_S(1u)

void atto_manage_init(struct atto_manage *manage, const struct atto_manage_config *config)
{
    memset(manage, 0, offsetof(struct atto_manage, work));
    manage->config = config;
}

/* ---- paths ---- */

/* Flags of what a path leads to; the method that changes something stands above them. */
#define FOR_TENANTS 1u /* they see what is theirs in it */
#define OBSERVED 2u
#define RUNS 4u        /* of a container that is in the engine */
#define METHOD(name) (ATTO_COAP_##name * 16u)

#define OPERATION(name) (1u << ATTO_COMMAND_##name)

#define NAMES(X)                                                                                              \
    X(containers) X(device) X(tenants) X(inventory) X(audit) X(log) X(trace) X(install) X(command) X(rights) \
    X(schedule) X(limits) X(counters) X(postmortem) X(call)
static const struct names {
#define NAME(name) char name[sizeof #name];
    NAMES(NAME)
#undef NAME
} names = {
#define NAME(name) #name,
    NAMES(NAME)
#undef NAME
};

struct route {
    void (*view)(struct atto_view *view); /* NULL: there is nothing to read */
    uint16_t operations; /* of commands that change something; 0: envelopes do */
    uint8_t name;        /* where it is in names */
    uint8_t flags;
};
#define ROUTE(name, view, flags, operations) { view, operations, offsetof(struct names, name), flags }

/* First segments of paths. The first one has more behind it; the last ones have nothing to read. */
static const struct route routes[] = {
    ROUTE(containers, atto_view_list, FOR_TENANTS | OBSERVED, 0),
    ROUTE(device, atto_view_device, FOR_TENANTS, 0),
    ROUTE(tenants, atto_view_tenants, 0, 0),
    ROUTE(inventory, atto_view_inventory, FOR_TENANTS, 0),
    ROUTE(audit, atto_view_audit, 0, 0),
    ROUTE(log, atto_view_log, OBSERVED, 0),
    ROUTE(trace, atto_view_trace, OBSERVED, 0),
    ROUTE(install, NULL, METHOD(POST), 0),
    ROUTE(command, NULL, METHOD(POST), ANY_OPERATION),
};

/* What a container has behind its names: first itself, which has none there. */
static const struct route parts[] = {
    ROUTE(containers, atto_view_state, FOR_TENANTS | OBSERVED, 0),
    ROUTE(rights, atto_view_rights, FOR_TENANTS | RUNS | METHOD(IPATCH), OPERATION(SET_RIGHTS)),
    ROUTE(schedule, atto_view_schedule, FOR_TENANTS | RUNS | METHOD(IPATCH), OPERATION(SET_SCHEDULE)),
    ROUTE(limits, atto_view_limits, FOR_TENANTS | RUNS | METHOD(IPATCH), OPERATION(SET_SCHEDULE)),
    ROUTE(counters, atto_view_counters, FOR_TENANTS | RUNS, 0),
    ROUTE(log, atto_view_log, FOR_TENANTS | RUNS | OBSERVED, 0),
    ROUTE(postmortem, atto_view_postmortem, FOR_TENANTS, 0),
    ROUTE(call, NULL, METHOD(POST), OPERATION(CALL)),
};

static const char *name_of(const struct route *route)
{
    return (const char *)&names + route->name;
}

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* The route that the next segment of the path is; NULL: none of them. */
static const struct route *find(struct atto_view *view, const struct route *route, uint32_t count)
{
    for (; count != 0u; count--, route++) {
        if (atto_coap_path_is(view->request, name_of(route)))
            return route;
    }
    return NULL;
}

/* ---- .well-known/core (RFC 6690) ---- */

/* Writes a text, with the name in the place of each '*'. */
static void put_text(struct atto_view *view, const char *text, const char *name)
{
    for (; *text != '\0'; text++) {
        if (*text == '*')
            atto_out_bytes(view, name, (uint32_t)strlen(name));
        else
            atto_out_bytes(view, text, 1);
    }
}

static bool is_plain(const struct atto_span *name)
{
    for (uint32_t i = 0; i < name->len; i++) {
        const uint32_t byte = name->ptr[i];
        if (byte - '0' >= 10u && (byte | 0x20u) - 'a' >= 26u && byte != '-' && byte != '_')
            return false;
    }
    return true;
}

/* What there is to read, and each container, for those who may read it. What is below one is always the same. */
void atto_view_core(struct atto_view *view)
{
    const struct atto_component *component = &view->component;
    atto_coap_answer(view->reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_LINK);
    for (const struct route *route = routes; route->view != NULL; route++) {
        put_text(view, &",</*>;rt=\"atto.*\""[route == routes], name_of(route)); /* no comma before the first one */
        put_text(view, (route->flags & OBSERVED) != 0u ? ";obs" : "", "");
    }
    for (uint32_t i = 0; view->config->reading_is_open && i < view->deploy->component_count; i++) {
        if (!atto_view_look(view, i) || !is_plain(&component->tenant) || !is_plain(&component->container))
            continue;
        put_text(view, component->tenant.len != 0u ? ",</containers/" : ",</containers/-", "");
        atto_out_bytes(view, component->tenant.ptr, component->tenant.len);
        atto_out_bytes(view, "/", 1);
        atto_out_bytes(view, component->container.ptr, component->container.len);
        put_text(view, ">;rt=\"atto.container\";obs", "");
    }
}

/* ---- requests ---- */

/* May the request read what the route is? If so, view->reader is set. */
static bool may_read(struct atto_view *view, const struct route *first, const struct route *route)
{
    uint32_t code = ATTO_COAP_UNAUTHORIZED;
    if (view->request->code == ATTO_COAP_FETCH) {
        if (!atto_take_read(view, name_of(first)))
            return false;
        if (view->reader.len == 0u || (route->flags & FOR_TENANTS) != 0u)
            return true;
        code = ATTO_COAP_FORBIDDEN;
    } else if (view->config->reading_is_open) {
        return true;
    }
    atto_view_code(view, (enum atto_coap_code)code, 0);
    return false;
}

static void serve(struct atto_view *view, const struct route *first, const struct route *route)
{
    const uint32_t code = view->request->code;
    if (code == route->flags / 16u) {
        if (route->operations != 0u)
            atto_take_command(view, route->operations);
        else
            atto_take_envelope(view);
    } else if (route->view == NULL || (code != ATTO_COAP_GET && code != ATTO_COAP_FETCH)) {
        atto_view_code(view, ATTO_COAP_METHOD_NOT_ALLOWED, 0);
    } else if (may_read(view, first, route) &&
               (first == route || (atto_view_find(view) && (view->container != NULL || (route->flags & RUNS) == 0u)))) {
        atto_out_begin(view, ATTO_COAP_CONTENT);
        route->view(view);
    }
}

void atto_view_begin(struct atto_view *view, struct atto_manage *manage, struct atto_coap_request *request,
                     struct atto_coap_reply *reply)
{
    memset(view, 0, sizeof *view);
    view->manage = manage;
    view->config = manage->config;
    view->deploy = view->config->deploy->config;
    view->engine = view->deploy->engine;
    view->request = request;
    view->reply = reply;
}

void atto_manage_handle(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    struct atto_view view;
    atto_view_begin(&view, user, request, reply);
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
    } else if (first == NULL && view.config->more != NULL) {
        view.config->more(view.manage, request, reply);
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
    const uint32_t facts[] = { (uint32_t)info.state, info.id, info.counters.faults + info.counters.misses * 65536u };
    return atto_coap_hash(component->since + component->on_trial, facts, sizeof facts);
}

uint64_t atto_manage_tick(struct atto_manage *manage)
{
    const struct atto_manage_config *config = manage->config;
    const struct atto_deploy_config *deploy = config->deploy->config;
    uint32_t longest = LONGEST_TIME;
    atto_deploy_tick(config->deploy);
    atto_rings_changed(manage);
    for (uint32_t i = 0; i < deploy->component_count; i++) {
        if (deploy->components[i].on_trial)
            longest = TRIAL_TICK;
        if (config->seen == NULL)
            continue;
        uint32_t digest = digest_of(deploy->engine, &deploy->components[i]);
        if (digest == config->seen[i])
            continue;
        config->seen[i] = digest;
        atto_coap_changed(config->server, RESOURCE_CONTAINERS);
        atto_coap_changed(config->server, RESOURCE_CONTAINER(i));
    }
    return atto_coap_tick(config->server, longest);
}
