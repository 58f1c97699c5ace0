/* What there is to read about containers. Which there are is what flash says; how they are is what the engine says. One
 * that flash has and the engine has not (it failed, or is damaged) is there all the same, with state 255.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

#define STATE_NOT_RUN 255u

/* ---- finding ---- */

bool atto_same_bytes(const struct atto_span *a, const struct atto_span *b)
{
    return a->len == b->len && (a->len == 0u || memcmp(a->ptr, b->ptr, a->len) == 0);
}

bool atto_view_look(struct atto_view *view, uint32_t number)
{
    const struct atto_deploy_config *deploy = view->deploy;
    memset(&view->container, 0, sizeof *view - offsetof(struct atto_view, container));
    view->number = number;
    if (atto_slots_get(deploy->slots, number, &view->versions) == ATTO_E_NOT_FOUND ||
        !atto_deploy_name(view->config->deploy, number, &view->component) ||
        (view->reader.len != 0u && !atto_same_bytes(&view->reader, &view->component.tenant)))
        return false;
    view->container = deploy->components[number].container;
    view->state = STATE_NOT_RUN;
    if (view->versions.previous.image_bytes != 0u)
        view->previous_sequence = view->versions.previous.sequence;
    if (deploy->store != NULL)
        view->store_bytes = deploy->store->container_bytes;
    if (view->container == NULL)
        return true;
    atto_engine_info(view->engine, view->container, &view->info);
    atto_engine_schedule(view->engine, view->container, &view->schedule);
    view->state = (uint32_t)view->info.state;
    view->fuel = atto_container_fuel(view->container);
    return true;
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
    int32_t number = atto_deploy_find(view->config->deploy, &view->component);
    return number >= 0 && atto_view_look(view, (uint32_t)number);
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
    view->reply->resource = RESOURCE_CONTAINER(view->number);
    atto_out_map(view, ALL_MEMBERS);
    atto_out_fields(view, view, row_fields);
    atto_out_fields(view, view, more_fields);
}

static bool write_row(struct atto_view *view, uint32_t number)
{
    if (!atto_view_look(view, number))
        return false;
    atto_out_map(view, ROW_MEMBERS);
    atto_out_fields(view, view, row_fields);
    return true;
}

void atto_view_list(struct atto_view *view)
{
    view->reply->resource = RESOURCE_CONTAINERS;
    atto_out_items(view, view->deploy->component_count, write_row);
}

/* ---- rights, schedule, limits ---- */

/* A manifest that has rights alone. */
void atto_view_rights(struct atto_view *view)
{
    static const uint16_t row[] = { ROW(8), NUMBER(struct atto_right, endpoint), 0 };
    static const uint16_t limits[] = { NUMBER(struct atto_right, first), NUMBER(struct atto_right, last),
                                       NUMBER(struct atto_right, calls), NUMBER(struct atto_right, bytes), 0 };
    struct atto_right rights[ATTO_RIGHTS_MAX];
    uint32_t count = atto_engine_rights(view->engine, view->container, rights, ATTO_RIGHTS_MAX);
    atto_out_map(view, 1);
    view->key = 8;
    atto_out_array(view, count);
    for (const struct atto_right *right = rights; right != rights + count; right++) {
        atto_out_fields(view, right, row);
        atto_out_member(view, atto_right_operations(right));
        atto_out_fields(view, right, limits);
        atto_out_member(view, atto_right_period(right));
        atto_out_member(view, right->total);
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
    atto_out_map(view, 1);
    atto_out_head(view, ATTO_CBOR_UINT, 7);
    atto_out_map(view, count);
    for (uint32_t i = 0; i < ATTO_SCHEDULE_KEY_MAX; i++) {
        view->key = i + 1u;
        if (i == 0u || numbers[i] != 0u)
            atto_out_member(view, numbers[i]);
    }
}

void atto_view_limits(struct atto_view *view)
{
    static const uint16_t fields[] = { MAP(3, 0), NUMBER(struct atto_view, info.ram_bytes),
                                       NUMBER(struct atto_view, fuel), NUMBER(struct atto_view, store_bytes), 0 };
    atto_out_fields(view, view, fields);
}

/* ---- counters: SenML (RFC 8428) in CBOR, with the labels of its section 6 ---- */

#define URN "urn:dev:uuid:"
#define UUID_CHARACTERS 36u

/* A UUID in the form of RFC 9562 section 4. */
static void write_uuid(struct atto_view *view, const uint8_t *id)
{
    for (uint32_t i = 0; i < 2u * ATTO_IDENTITY_BYTES; i++) {
        const uint32_t digit = id[i / 2u] >> (i % 2u != 0u ? 0u : 4u) & 15u;
        const uint32_t dash = 0x111100u >> i & 1u; /* in front of digits 8, 12, 16 and 20 */
        const char text[] = { '-', (char)(digit < 10u ? digit + '0' : digit + 'a' - 10u) };
        atto_out_bytes(view, text + 1u - dash, 1u + dash);
    }
}

/* The name in front of all others, in the first of the maps: urn:dev:uuid:DEVICE:TENANT:CONTAINER: */
static void write_base(struct atto_view *view)
{
    const struct atto_component *component = &view->component;
    atto_out_head(view, ATTO_CBOR_NEGATIVE, 1); /* -2 */
    atto_out_head(view, ATTO_CBOR_TEXT,
                  (uint32_t)sizeof URN + UUID_CHARACTERS + component->tenant.len + component->container.len + 2u);
    atto_out_bytes(view, URN, sizeof URN - 1u);
    write_uuid(view, view->deploy->identity->device_id);
    atto_out_bytes(view, ":", 1);
    atto_out_bytes(view, component->tenant.ptr, component->tenant.len);
    atto_out_bytes(view, ":", 1);
    atto_out_bytes(view, component->container.ptr, component->container.len);
    atto_out_bytes(view, ":", 1);
}

/* X(name, member) */
#define COUNTERS(X)                        \
    X("fuel", counters.fuel)               \
    X("time", counters.time_us)            \
    X("activations", counters.activations) \
    X("faults", counters.faults)           \
    X("misses", counters.misses)           \
    X("denials", counters.denials)         \
    X("calls", counters.host_calls)        \
    X("heartbeats", counters.heartbeats)   \
    X("ram", ram_bytes)
#define TIME 1u /* its place; in seconds: so many times 10 to the -6 */

void atto_view_counters(struct atto_view *view)
{
#define COUNTER_NAME(text, member) text "\0"
#define COUNTER_FIELD(text, member) NUMBER(struct atto_container_info, member),
    static const char names[] = COUNTERS(COUNTER_NAME);
    static const uint16_t members[] = { COUNTERS(COUNTER_FIELD) };
    const uint32_t count = sizeof members / sizeof *members;
    const char *name = names;
    atto_out_array(view, count);
    view->reply->format = FORMAT_SENML_CBOR;
    for (uint32_t i = 0; i < count; i++) {
        const uint16_t field[] = { members[i], 0 };
        const uint32_t len = (uint32_t)strlen(name);
        atto_out_map(view, i <= TIME ? 3u : 2u);
        atto_out_string(view, ATTO_CBOR_TEXT, name, len);
        name += len + 1u;
        view->key = 2;
        if (i == TIME) {
            atto_out_bytes(view, "\x01\x61s\x02\xc4\x82\x25", 7); /* {..., 1: "s", 2: 4([-6, value])} */
            view->items = 1;
        }
        atto_out_fields(view, &view->info, field);
        if (i == 0u)
            write_base(view);
    }
}

/* ---- post-mortem ---- */

/* The engine's last one of this container, or the one that was kept over a reset. */
static bool find_postmortem(const struct atto_view *view, struct atto_postmortem *found)
{
    for (uint32_t age = 0; view->container != NULL && atto_engine_postmortem(view->engine, age, found); age++) {
        if (found->container == view->info.id)
            return true;
    }
    return atto_deploy_postmortem(view->config->deploy, view->number, found);
}

void atto_view_postmortem(struct atto_view *view)
{
#define PM(member) NUMBER(struct atto_postmortem, member)
    static const uint16_t fields[] = { MAP(7, 0),   PM(status),     PM(pc), PM(fault_address),
                                       PM(time_us), PM(activation), 0 };
    static const uint16_t one[] = { FIELD_U64 << 12, 0 };
    static const uint16_t calls[] = { LIST(4), PM(last_calls[0]), PM(last_calls[1]), PM(last_calls[2]),
                                      PM(last_calls[3]), 0 };
    struct atto_postmortem found;
    if (!find_postmortem(view, &found)) {
        atto_view_code(view, ATTO_COAP_NOT_FOUND, 0);
        return;
    }
    atto_out_fields(view, &found, fields);
    atto_out_array(view, found.register_count);
    for (uint32_t i = 0; i < found.register_count; i++)
        atto_out_fields(view, &found.registers[i], one);
    atto_out_fields(view, &found, calls);
}
