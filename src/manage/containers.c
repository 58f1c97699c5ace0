/* What there is to read about containers. Which there are is what flash says; how they are is what the engine says. One
 * that flash has and the engine has not (it failed, or is damaged) is there all the same, with state 255.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

#define STATE_NOT_RUN 255u

/* ---- finding ---- */

static bool same(struct atto_span a, struct atto_span b)
{
    return a.len == b.len && (a.len == 0u || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Fills in what flash and engine have of component view->number. False: it is not there, or not for the reader. */
static bool look(struct atto_view *view)
{
    const struct atto_deploy *deploy = view->manage->config->deploy;
    memset(&view->versions, 0, sizeof view->versions);
    if (atto_slots_get(deploy->config->slots, view->number, &view->versions) == ATTO_E_NOT_FOUND ||
        !atto_deploy_name(deploy, view->number, &view->component) ||
        (view->reader.len != 0u && !same(view->reader, view->component.tenant)))
        return false;
    view->container = deploy->config->components[view->number].container;
    return true;
}

bool atto_view_next(struct atto_view *view)
{
    while (view->number < view->manage->config->deploy->config->component_count) {
        if (look(view))
            return true;
        view->number++;
    }
    return false;
}

uint32_t atto_view_count(struct atto_view *view)
{
    uint32_t count = 0;
    for (view->number = 0; atto_view_next(view); view->number++)
        count++;
    return count;
}

bool atto_view_names(struct atto_view *view)
{
    if (!atto_coap_path_next(view->request, &view->component.tenant) ||
        !atto_coap_path_next(view->request, &view->component.container))
        return false;
    if (view->component.tenant.len == 1u && view->component.tenant.ptr[0] == '-')
        view->component.tenant.len = 0;
    return true;
}

bool atto_view_find(struct atto_view *view)
{
    int32_t number = atto_view_names(view) ? atto_deploy_find(view->manage->config->deploy, &view->component) : -1;
    view->number = (uint32_t)number;
    return number >= 0 && look(view);
}

/* ---- state ---- */

#define ROW_MEMBERS 15u
#define ALL_MEMBERS 25u

static void write_all(struct atto_out *out, const struct atto_view *view, const struct atto_container_info *info)
{
    const struct atto_versions *versions = &view->versions;
    atto_out_member_string(out, ATTO_CBOR_BYTES, versions->current.digest, ATTO_DIGEST_BYTES);
    atto_out_member(out, versions->current.image_bytes);
    atto_out_member(out, versions->previous.image_bytes != 0u ? versions->previous.sequence : 0u);
    atto_out_member(out, info->rights);
    atto_out_member(out, info->counters.denials);
    atto_out_member(out, info->counters.heartbeats);
    atto_out_member(out, info->stack_used_bytes);
    atto_out_key(out);
    atto_out_bool(out, info->restarts);
    atto_out_key(out);
    atto_out_bool(out, info->throttled);
    atto_out_key(out);
    atto_out_bool(out, info->waits);
}

static void write_container(struct atto_out *out, const struct atto_view *view, uint32_t members)
{
    struct atto_engine *engine = view->manage->config->deploy->config->engine;
    struct atto_schedule schedule;
    struct atto_container_info info;
    memset(&schedule, 0, sizeof schedule);
    memset(&info, 0, sizeof info);
    if (view->container != NULL) {
        atto_engine_info(engine, view->container, &info);
        atto_engine_schedule(engine, view->container, &schedule);
    }
    atto_out_map(out, members, 0);
    atto_out_member_string(out, ATTO_CBOR_TEXT, view->component.tenant.ptr, view->component.tenant.len);
    atto_out_member_string(out, ATTO_CBOR_TEXT, view->component.container.ptr, view->component.container.len);
    atto_out_member(out, view->container != NULL ? (uint32_t)info.state : STATE_NOT_RUN);
    atto_out_member(out, view->versions.state);
    atto_out_member(out, view->versions.current.sequence);
    atto_out_member(out, info.id);
    atto_out_member(out, info.ram_bytes);
    atto_out_member(out, info.counters.activations);
    atto_out_member(out, info.counters.faults);
    atto_out_key(out);
    atto_out_signed(out, info.counters.last_fault);
    atto_out_member(out, info.counters.misses);
    atto_out_key(out);
    atto_out_head(out, ATTO_CBOR_UINT, info.counters.fuel);
    atto_out_key(out);
    atto_out_head(out, ATTO_CBOR_UINT, info.counters.time_us);
    atto_out_member(out, schedule.period_us);
    atto_out_member(out, schedule.priority);
    if (members == ALL_MEMBERS)
        write_all(out, view, &info);
}

static void view_state(struct atto_view *view)
{
    struct atto_out out = atto_out_begin(view);
    view->reply->resource = RESOURCE_CONTAINER(view->number);
    write_container(&out, view, ALL_MEMBERS);
}

static void view_list(struct atto_view *view)
{
    uint32_t count = atto_view_count(view);
    struct atto_out out = atto_out_begin(view);
    if (view->reader.len == 0u)
        view->reply->resource = RESOURCE_CONTAINERS;
    atto_out_array(&out, count);
    for (view->number = 0; atto_view_next(view); view->number++)
        write_container(&out, view, ROW_MEMBERS);
}

/* ---- rights, schedule, limits ---- */

/* A manifest that has rights alone. */
static void view_rights(struct atto_view *view)
{
    struct atto_right rights[ATTO_RIGHTS_MAX];
    uint32_t count = atto_engine_rights(view->manage->config->deploy->config->engine, view->container, rights,
                                        ATTO_RIGHTS_MAX);
    struct atto_out out = atto_out_begin(view);
    while (count != 0u && atto_right_operations(&rights[count - 1u]) == 0u)
        count--;
    atto_out_map(&out, 1, 8);
    atto_out_key(&out);
    atto_out_array(&out, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct atto_right *right = &rights[i];
        const uint32_t row[] = { right->endpoint, atto_right_operations(right), right->first, right->last,
                                 right->calls, right->bytes, atto_right_period(right), right->total };
        atto_out_numbers(&out, row, sizeof row / sizeof *row);
    }
}

/* A manifest that has a schedule alone: what is not 0, but for the priority, which is always there. */
static void view_schedule(struct atto_view *view)
{
    struct atto_schedule schedule;
    struct atto_out out = atto_out_begin(view);
    uint32_t numbers[ATTO_SCHEDULE_KEY_MAX], count = 1;
    atto_engine_schedule(view->manage->config->deploy->config->engine, view->container, &schedule);
    _Static_assert(sizeof numbers == sizeof schedule, "a schedule is the numbers of keys 1 to the last one");
    memcpy(numbers, &schedule, sizeof numbers);
    for (uint32_t i = 1; i < ATTO_SCHEDULE_KEY_MAX; i++)
        count += numbers[i] != 0u;
    atto_out_map(&out, 1, 7);
    atto_out_key(&out);
    atto_out_map(&out, count, 1);
    for (uint32_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++) {
        out.key = i + 1u;
        if (i == 0u || numbers[i] != 0u)
            atto_out_member(&out, numbers[i]);
    }
}

static void view_limits(struct atto_view *view)
{
    const struct atto_deploy_config *deploy = view->manage->config->deploy->config;
    struct atto_container_info info;
    struct atto_out out = atto_out_begin(view);
    atto_engine_info(deploy->engine, view->container, &info);
    atto_out_map(&out, 3, 0);
    atto_out_member(&out, info.ram_bytes);
    atto_out_member(&out, info.fuel);
    atto_out_member(&out, deploy->store != NULL ? deploy->store->container_bytes : 0u);
}

/* ---- counters: SenML (RFC 8428), with labels of its section 6 ---- */

enum { SENML_BASE_NAME = -2, SENML_NAME = 0, SENML_UNIT = 1, SENML_VALUE = 2 };
#define TAG_DECIMAL 4u

/* The name in front of all others, in the middle of a map: the device and the container. */
static void write_base(struct atto_out *out, const struct atto_view *view)
{
    static const char prefix[] = "urn:dev:uuid:", digits[] = "0123456789abcdef";
    const struct atto_component *component = &view->component;
    const uint8_t *id = view->manage->config->deploy->config->identity->device_id;
    char uuid[36 + 1], *at = uuid;
    for (uint32_t i = 0; i < ATTO_IDENTITY_BYTES; i++) {
        if (i == 4u || i == 6u || i == 8u || i == 10u)
            *at++ = '-';
        *at++ = digits[id[i] >> 4];
        *at++ = digits[id[i] & 15u];
    }
    *at = ':';
    atto_out_signed(out, SENML_BASE_NAME);
    atto_out_head(out, ATTO_CBOR_TEXT, sizeof prefix - 1u + sizeof uuid + component->tenant.len + 1u +
                                           component->container.len + 1u);
    atto_out_bytes(out, prefix, sizeof prefix - 1u);
    atto_out_bytes(out, uuid, sizeof uuid);
    atto_out_bytes(out, component->tenant.ptr, component->tenant.len);
    atto_out_bytes(out, ":", 1);
    atto_out_bytes(out, component->container.ptr, component->container.len);
    atto_out_bytes(out, ":", 1);
}

static void view_counters(struct atto_view *view)
{
    struct atto_container_info info;
    const struct atto_counters *counters = &info.counters;
    atto_engine_info(view->manage->config->deploy->config->engine, view->container, &info);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        { "fuel", counters->fuel },         { "time", counters->time_us },         { "activations", counters->activations },
        { "faults", counters->faults },     { "misses", counters->misses },        { "denials", counters->denials },
        { "calls", counters->host_calls },  { "heartbeats", counters->heartbeats }, { "ram", info.ram_bytes },
    };
    struct atto_out out = atto_out_begin(view);
    view->reply->format = FORMAT_SENML_CBOR;
    atto_out_array(&out, sizeof rows / sizeof *rows);
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool in_seconds = rows[i].name[0] == 't';
        atto_out_map(&out, i == 0u || in_seconds ? 3 : 2, SENML_NAME);
        atto_out_key(&out);
        atto_out_text(&out, rows[i].name);
        if (in_seconds) {
            atto_out_key(&out);
            atto_out_text(&out, "s");
        }
        out.key = SENML_VALUE;
        atto_out_key(&out);
        if (in_seconds) { /* a decimal fraction: so many times 10 to the -6 */
            atto_out_head(&out, ATTO_CBOR_TAG, TAG_DECIMAL);
            atto_out_array(&out, 2);
            atto_out_signed(&out, -6);
        }
        atto_out_head(&out, ATTO_CBOR_UINT, rows[i].value);
        if (i == 0u)
            write_base(&out, view);
    }
}

/* ---- post-mortem ---- */

/* The engine's last one of this container, or the one that was kept over a reset. */
static bool find_postmortem(const struct atto_view *view, struct atto_postmortem *found)
{
    const struct atto_deploy *deploy = view->manage->config->deploy;
    struct atto_engine *engine = deploy->config->engine;
    for (uint32_t age = 0; view->container != NULL && atto_engine_postmortem(engine, age, found); age++) {
        if (found->container == atto_container_id(view->container))
            return true;
    }
    return atto_deploy_postmortem(deploy, view->number, found);
}

static void view_postmortem(struct atto_view *view)
{
    struct atto_postmortem found;
    if (!find_postmortem(view, &found))
        return;
    struct atto_out out = atto_out_begin(view);
    atto_out_map(&out, 7, 0);
    atto_out_key(&out);
    atto_out_signed(&out, found.status);
    atto_out_member(&out, found.pc);
    atto_out_member(&out, found.fault_address);
    atto_out_key(&out);
    atto_out_head(&out, ATTO_CBOR_UINT, found.time_us);
    atto_out_member(&out, found.activation);
    atto_out_key(&out);
    atto_out_array(&out, found.register_count);
    for (uint32_t i = 0; i < found.register_count && i < ATTO_POSTMORTEM_REGISTERS; i++)
        atto_out_head(&out, ATTO_CBOR_UINT, found.registers[i]);
    atto_out_key(&out);
    atto_out_array(&out, sizeof found.last_calls);
    for (uint32_t i = 0; i < sizeof found.last_calls; i++)
        atto_out_number(&out, found.last_calls[i]);
}

/* ---- the way in ---- */

static void view_log(struct atto_view *view)
{
    view->reply->resource = RESOURCE_CONTAINER_LOG(view->number);
    atto_view_lines(view, atto_container_id(view->container));
}

static const struct {
    const char *segment;
    void (*view)(struct atto_view *view);
    bool runs; /* only of one that is in the engine */
} parts[] = {
    { "rights", view_rights, true },     { "schedule", view_schedule, true }, { "limits", view_limits, true },
    { "counters", view_counters, true }, { "log", view_log, true },           { "postmortem", view_postmortem, false },
};

void atto_view_containers(struct atto_view *view)
{
    if (atto_coap_path_ends(view->request)) {
        view_list(view);
        return;
    }
    if (!atto_view_find(view))
        return;
    if (atto_coap_path_ends(view->request)) {
        view_state(view);
        return;
    }
    for (uint32_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!atto_coap_path_is(view->request, parts[i].segment))
            continue;
        if (atto_coap_path_ends(view->request) && (view->container != NULL || !parts[i].runs))
            parts[i].view(view);
        return;
    }
}
