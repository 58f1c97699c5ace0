/* What there is to read about containers. Which there are is what flash says; how they are is what the engine says. One
 * that flash has and the engine has not (it failed, or is damaged) is there all the same, with state 255.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

#define STATE_NOT_RUN 255u

/* ---- finding ---- */

bool atto_same_bytes(struct atto_span a, struct atto_span b)
{
    return a.len == b.len && (a.len == 0u || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Fills in what flash and engine have of component view->number. False: it is not there, or not for the reader. */
static bool look(struct atto_view *view)
{
    const struct atto_deploy *deploy = view->manage->config->deploy;
    struct atto_engine *engine = atto_view_engine(view);
    memset(&view->component, 0, sizeof *view - offsetof(struct atto_view, component));
    if (atto_slots_get(deploy->config->slots, view->number, &view->versions) == ATTO_E_NOT_FOUND ||
        !atto_deploy_name(deploy, view->number, &view->component) ||
        (view->reader.len != 0u && !atto_same_bytes(view->reader, view->component.tenant)))
        return false;
    view->container = deploy->config->components[view->number].container;
    view->state = STATE_NOT_RUN;
    if (view->versions.previous.image_bytes != 0u)
        view->previous_sequence = view->versions.previous.sequence;
    if (deploy->config->store != NULL)
        view->store_bytes = deploy->config->store->container_bytes;
    if (view->container == NULL)
        return true;
    atto_engine_info(engine, view->container, &view->info);
    atto_engine_schedule(engine, view->container, &view->schedule);
    view->state = (uint32_t)view->info.state;
    view->fuel = atto_container_fuel(view->container);
    return true;
}

bool atto_view_next(struct atto_view *view)
{
    for (; view->number < view->manage->config->deploy->config->component_count; view->number++) {
        if (look(view))
            return true;
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
    struct atto_component *component = &view->component;
    if (!atto_coap_path_next(view->request, &component->tenant) ||
        !atto_coap_path_next(view->request, &component->container))
        return false;
    if (component->tenant.len == 1u && component->tenant.ptr[0] == '-')
        component->tenant.len = 0;
    return true;
}

bool atto_view_find(struct atto_view *view)
{
    int32_t number = atto_deploy_find(view->manage->config->deploy, &view->component);
    view->number = (uint32_t)number;
    return number >= 0 && look(view);
}

/* ---- state ---- */

#define ROW_MEMBERS 15u
#define ALL_MEMBERS 25u

static const uint16_t row_fields[] = {
    FIELD(TEXT, struct atto_view, component.tenant),
    FIELD(TEXT, struct atto_view, component.container),
    NUMBER(struct atto_view, state),
    NUMBER(struct atto_view, versions.state),
    NUMBER(struct atto_view, versions.current.sequence),
    NUMBER(struct atto_view, info.id),
    NUMBER(struct atto_view, info.ram_bytes),
    NUMBER(struct atto_view, info.counters.activations),
    NUMBER(struct atto_view, info.counters.faults),
    NUMBER(struct atto_view, info.counters.last_fault),
    NUMBER(struct atto_view, info.counters.misses),
    NUMBER(struct atto_view, info.counters.fuel),
    NUMBER(struct atto_view, info.counters.time_us),
    NUMBER(struct atto_view, schedule.period_us),
    NUMBER(struct atto_view, schedule.priority),
    0,
};
static const uint16_t more_fields[] = {
    FIELD(32, struct atto_view, versions.current.digest),
    NUMBER(struct atto_view, versions.current.image_bytes),
    NUMBER(struct atto_view, previous_sequence),
    NUMBER(struct atto_view, info.rights),
    NUMBER(struct atto_view, info.counters.denials),
    NUMBER(struct atto_view, info.counters.heartbeats),
    NUMBER(struct atto_view, info.stack_used_bytes),
    NUMBER(struct atto_view, info.restarts),
    NUMBER(struct atto_view, info.throttled),
    NUMBER(struct atto_view, info.waits),
    0,
};
_Static_assert(sizeof row_fields / 2u == ROW_MEMBERS + 1u, "as many as the map has");
_Static_assert(sizeof row_fields / 2u + sizeof more_fields / 2u == ALL_MEMBERS + 2u, "as many as the map has");

void atto_view_state(struct atto_view *view)
{
    static const uint16_t map[] = { MAP(ALL_MEMBERS, 0), 0 };
    struct atto_out out = atto_out_begin(view);
    view->reply->resource = RESOURCE_CONTAINER(view->number);
    atto_out_fields(&out, view, map);
    atto_out_fields(&out, view, row_fields);
    atto_out_fields(&out, view, more_fields);
}

void atto_view_list(struct atto_view *view)
{
    static const uint16_t map[] = { MAP(ROW_MEMBERS, 0), 0 };
    struct atto_out out = atto_out_array(view, atto_view_count(view));
    view->reply->resource = RESOURCE_CONTAINERS;
    for (view->number = 0; atto_view_next(view); view->number++) {
        atto_out_fields(&out, view, map);
        atto_out_fields(&out, view, row_fields);
    }
}

/* ---- rights, schedule, limits ---- */

/* A manifest that has rights alone. */
void atto_view_rights(struct atto_view *view)
{
    static const uint16_t row[] = { ROW(8), NUMBER(struct atto_right, endpoint), 0 };
    static const uint16_t limits[] = { NUMBER(struct atto_right, first), NUMBER(struct atto_right, last),
                                       NUMBER(struct atto_right, calls), NUMBER(struct atto_right, bytes), 0 };
    struct atto_right rights[ATTO_RIGHTS_MAX];
    uint32_t count = atto_engine_rights(atto_view_engine(view), view->container, rights, ATTO_RIGHTS_MAX);
    const uint16_t list[] = { MAP(1, 8), (uint16_t)LIST(count), 0 };
    struct atto_out out = atto_out_begin(view);
    atto_out_fields(&out, NULL, list);
    for (const struct atto_right *right = rights; right != rights + count; right++) {
        atto_out_fields(&out, right, row);
        atto_out_member(&out, atto_right_operations(right));
        atto_out_fields(&out, right, limits);
        atto_out_member(&out, atto_right_period(right));
        atto_out_member(&out, right->total);
    }
}

/* A manifest that has a schedule alone: what is not 0, but for the priority, which is always there. */
void atto_view_schedule(struct atto_view *view)
{
    const uint32_t *numbers = &view->schedule.priority;
    uint32_t count = 0;
    _Static_assert(sizeof view->schedule == ATTO_SCHEDULE_KEY_MAX * sizeof(uint32_t),
                   "the numbers of keys 1 to the last");
    for (uint32_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++)
        count += i == 0u || numbers[i] != 0u;
    struct atto_out out = atto_out_begin(view);
    atto_out_head(&out, ATTO_CBOR_MAP, 1);
    atto_out_head(&out, ATTO_CBOR_UINT, 7);
    atto_out_head(&out, ATTO_CBOR_MAP, count);
    for (uint32_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++) {
        out.key = i + 1u;
        if (i == 0u || numbers[i] != 0u)
            atto_out_member(&out, numbers[i]);
    }
}

void atto_view_limits(struct atto_view *view)
{
    static const uint16_t fields[] = { MAP(3, 0), NUMBER(struct atto_view, info.ram_bytes),
                                       NUMBER(struct atto_view, fuel), NUMBER(struct atto_view, store_bytes), 0 };
    struct atto_out out = atto_out_begin(view);
    atto_out_fields(&out, view, fields);
}

/* ---- counters: SenML (RFC 8428) in CBOR, with the labels of its section 6 ---- */

/* The name in front of all others, in the first of the maps: urn:dev:uuid:DEVICE:TENANT:CONTAINER: */
static void write_base(struct atto_out *out, const struct atto_view *view)
{
    static const char prefix[] = "urn:dev:uuid:", digits[] = "0123456789abcdef";
    const struct atto_component *component = &view->component;
    const uint8_t *id = view->manage->config->deploy->config->identity->device_id;
    char uuid[37], *at = uuid;
    for (uint32_t i = 0; i < ATTO_IDENTITY_BYTES; i++) {
        *at++ = digits[id[i] >> 4];
        *at++ = digits[id[i] & 15u];
        if ((0x2a8u >> i & 1u) != 0u) /* behind bytes 3, 5, 7 and 9 */
            *at++ = '-';
    }
    *at = ':';
    atto_out_head(out, ATTO_CBOR_NEGATIVE, 1); /* -2 */
    atto_out_head(out, ATTO_CBOR_TEXT,
                  sizeof prefix + sizeof uuid + component->tenant.len + component->container.len + 1u);
    atto_out_bytes(out, prefix, sizeof prefix - 1u);
    atto_out_bytes(out, uuid, sizeof uuid);
    atto_out_bytes(out, component->tenant.ptr, component->tenant.len);
    atto_out_bytes(out, ":", 1);
    atto_out_bytes(out, component->container.ptr, component->container.len);
    atto_out_bytes(out, ":", 1);
}

/* X(name, member) */
#define COUNTERS(X)                      \
    X("fuel", counters.fuel)             \
    X("time", counters.time_us)          \
    X("activations", counters.activations) \
    X("faults", counters.faults)         \
    X("misses", counters.misses)         \
    X("denials", counters.denials)       \
    X("calls", counters.host_calls)      \
    X("heartbeats", counters.heartbeats) \
    X("ram", ram_bytes)
#define TIME 1u /* its place; in seconds: so many times 10 to the -6 */

void atto_view_counters(struct atto_view *view)
{
    static const struct {
        const char *name;
        uint16_t fields[2];
    } rows[] = {
#define COUNTER(text, member) { text, { NUMBER(struct atto_container_info, member), 0 } },
        COUNTERS(COUNTER)
#undef COUNTER
    };
    static const uint16_t name[] = { FIELD_STRING << 12, 0 };
    struct atto_out out = atto_out_array(view, sizeof rows / sizeof *rows);
    view->reply->format = FORMAT_SENML_CBOR;
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        atto_out_head(&out, ATTO_CBOR_MAP, i <= TIME ? 3u : 2u);
        out.key = 0;
        atto_out_fields(&out, &rows[i], name);
        if (i == TIME)
            atto_out_bytes(&out, "\x01\x61s\x02\xc4\x82\x25", 7); /* {..., 1: "s", 2: 4([-6, value])} */
        else
            atto_out_head(&out, ATTO_CBOR_UINT, 2);
        out.items = 1;
        atto_out_fields(&out, &view->info, rows[i].fields);
        if (i == 0u)
            write_base(&out, view);
    }
}

/* ---- post-mortem ---- */

/* The engine's last one of this container, or the one that was kept over a reset. */
static bool find_postmortem(const struct atto_view *view, struct atto_postmortem *found)
{
    struct atto_engine *engine = atto_view_engine(view);
    for (uint32_t age = 0; view->container != NULL && atto_engine_postmortem(engine, age, found); age++) {
        if (found->container == view->info.id)
            return true;
    }
    return atto_deploy_postmortem(view->manage->config->deploy, view->number, found);
}

void atto_view_postmortem(struct atto_view *view)
{
#define PM(member) NUMBER(struct atto_postmortem, member)
    static const uint16_t fields[] = { MAP(7, 0),   PM(status),     PM(pc), PM(fault_address),
                                       PM(time_us), PM(activation), 0 };
    static const uint16_t registers[] = {
        LIST(ATTO_POSTMORTEM_REGISTERS), PM(registers[0]), PM(registers[1]), PM(registers[2]), PM(registers[3]),
        PM(registers[4]), PM(registers[5]), PM(registers[6]), PM(registers[7]), PM(registers[8]), PM(registers[9]),
        PM(registers[10]), 0,
    };
    static const uint16_t none[] = { LIST(0), 0 };
    static const uint16_t calls[] = { LIST(4), PM(last_calls[0]), PM(last_calls[1]), PM(last_calls[2]),
                                      PM(last_calls[3]), 0 };
    struct atto_postmortem found;
    if (!find_postmortem(view, &found))
        return;
    struct atto_out out = atto_out_begin(view);
    atto_out_fields(&out, &found, fields);
    atto_out_fields(&out, &found, found.register_count != 0u ? registers : none);
    atto_out_fields(&out, &found, calls);
}
