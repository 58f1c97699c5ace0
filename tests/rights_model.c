/* The model of rights, see rights_model.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "rights_model.h"

#include <string.h>

#include "encode.h"
#include "harness.h"

struct model_ceiling model_ceilings[TENANTS + 1u];
struct model_denial model_denials[DENIALS];

static const struct {
    uint32_t kind;
    bool may[MODEL_OPERATIONS];
    uint8_t *bytes;
    uint32_t len;
    bool writable;
} things[ENDPOINTS] = {
    [DEVICE] = { ATTO_KIND_DEVICE, { true, true, false, false }, NULL, 0, false },
    [MEMORY] = { ATTO_KIND_MEMORY, { true, true, true, false }, rw.memory, MEMORY_BYTES, true },
    [LOG] = { ATTO_KIND_LOG, { false, true, false, false }, NULL, 0, false },
    [ROM] = { ATTO_KIND_MEMORY, { true, true, true, false }, rw.rom, ROM_BYTES, false },
    [OTHER_DEVICE] = { ATTO_KIND_DEVICE, { true, true, true, true }, NULL, 0, false },
};

/* 64-microsecond units that a period lasts, rounded up. */
static const uint64_t period_units[] = { 0, 16, 157, 1563, 15625, 156250, 937500, 9375000, 56250000 };

void rights_model_begin(void)
{
    memset(model_ceilings, 0, sizeof model_ceilings);
    memset(model_denials, 0, sizeof model_denials);
}

bool model_legal(const struct atto_right *right)
{
    uint32_t period = right->operations >> 4;
    bool has_rate = right->calls > 0u || right->bytes > 0u;
    if (right->endpoint >= ENDPOINTS || right->last < right->first || period > 8u)
        return false;
    return has_rate ? period > 0u : period == 0u;
}

struct model_right model_of_row(const struct atto_right *right)
{
    struct model_right m = { .endpoint = right->endpoint, .first = right->first, .last = right->last,
                             .period = right->operations >> 4, .calls = right->calls, .bytes = right->bytes,
                             .total = right->total };
    for (uint32_t i = 0; i < MODEL_OPERATIONS; i++)
        m.may[i] = (right->operations & 1u << i) != 0u;
    if (right->last == 0xffffu)
        m.last = MODEL_NO_END;
    return m;
}

bool model_counts(const struct model_right *right)
{
    return right->calls != 0u || right->bytes != 0u || right->total != 0u;
}

static uint32_t smaller_limit(uint32_t a, uint32_t b)
{
    if (a == 0u)
        return b;
    if (b == 0u)
        return a;
    return a < b ? a : b;
}

/* Takes from `right` what `row` does not have; false: nothing would be left. */
static bool keep_common(struct model_right *right, const struct model_right *row)
{
    bool may[MODEL_OPERATIONS], any = false;
    uint64_t first = right->first > row->first ? right->first : row->first;
    uint64_t last = right->last < row->last ? right->last : row->last;
    for (uint32_t i = 0; i < MODEL_OPERATIONS; i++) {
        may[i] = right->may[i] && row->may[i];
        any = any || may[i];
    }
    if (right->endpoint != row->endpoint || !any || first > last)
        return false;
    memcpy(right->may, may, sizeof may);
    right->first = first;
    right->last = last;
    if (row->period > right->period)
        right->period = row->period;
    right->calls = smaller_limit(right->calls, row->calls);
    right->bytes = smaller_limit(right->bytes, row->bytes);
    right->total = smaller_limit(right->total, row->total);
    return true;
}

void model_cut(struct model_right *right, uint32_t tenant)
{
    for (uint32_t i = 0; i < MODEL_OPERATIONS; i++)
        right->may[i] = right->may[i] && things[right->endpoint].may[i];
    if (tenant == 0u)
        return;
    for (uint32_t i = 0; i < model_ceilings[tenant].count; i++)
        if (keep_common(right, &model_ceilings[tenant].row[i]))
            return;
    memset(right->may, 0, sizeof right->may);
}

void model_put(struct rights_model *m, uint32_t handle, const struct atto_right *right)
{
    struct model_right now = model_of_row(right), *before = &m->right[handle];
    model_cut(&now, m->tenant);
    if (handle < m->count && before->endpoint == now.endpoint) { /* what is used of a period stays so */
        now.period_began = before->period_began;
        now.period_calls = before->period_calls;
        now.period_bytes = before->period_bytes;
    }
    *before = now;
    if (handle >= m->count)
        m->count = handle + 1u;
}

void model_lower(struct rights_model *m)
{
    for (uint32_t i = 0; i < m->count; i++)
        model_cut(&m->right[i], m->tenant);
}

/* ---- windows ---- */

/* What is seen through a window of this right; len 0: nothing. */
static struct model_window view(const struct rights_model *m, uint32_t handle)
{
    struct model_window seen = { .handle = handle };
    const struct model_right *right = &m->right[handle];
    uint64_t end = things[right->endpoint].len;
    if (things[right->endpoint].kind != ATTO_KIND_MEMORY || !right->may[0] || !right->may[2])
        return seen;
    if (right->last < end)
        end = right->last + 1u;
    if (right->first >= end)
        return seen;
    seen.open = true;
    seen.ptr = things[right->endpoint].bytes + right->first;
    seen.len = (uint32_t)(end - right->first);
    seen.writes = right->may[1] && things[right->endpoint].writable;
    return seen;
}

void model_look(struct rights_model *m)
{
    for (uint32_t i = 0; i < MODEL_WINDOWS; i++)
        if (m->window[i].open)
            m->window[i] = view(m, m->window[i].handle);
}

void model_close(struct rights_model *m)
{
    memset(m->window, 0, sizeof m->window);
}

int32_t model_map(struct rights_model *m, uint32_t handle)
{
    if (handle >= m->count || !view(m, handle).open)
        return ATTO_E_DENIED;
    for (uint32_t i = 0; i < MODEL_WINDOWS; i++)
        if (m->window[i].open && m->window[i].handle == handle)
            return (int32_t)i;
    for (uint32_t i = 0; i < MODEL_WINDOWS; i++) {
        if (!m->window[i].open) {
            m->window[i] = view(m, handle);
            return (int32_t)i;
        }
    }
    return ATTO_E_QUOTA;
}

int32_t model_unmap(struct rights_model *m, uint32_t handle)
{
    for (uint32_t i = 0; i < MODEL_WINDOWS; i++) {
        if (m->window[i].open && m->window[i].handle == handle) {
            m->window[i].open = false;
            return ATTO_OK;
        }
    }
    return ATTO_E_NOT_FOUND;
}

/* ---- calls ---- */

static void deny(struct rights_model *m, uint32_t code, uint64_t handle, int32_t status)
{
    struct model_denial *newest = &model_denials[0];
    if (handle > 255u)
        handle = 255;
    m->denials++;
    if (newest->count == 0u || newest->id != m->id || newest->code != code || newest->handle != handle ||
        newest->status != status) {
        memmove(model_denials + 1, model_denials, sizeof model_denials - sizeof *model_denials);
        *newest = (struct model_denial){ m->id, code, (uint32_t)handle, 0, status };
    }
    newest->count++;
}

/* Has the right so much left? Then it is taken. */
static bool use_up(struct model_right *right, uint64_t now_us, uint32_t bytes)
{
    uint64_t now = now_us / 64u;
    if (!model_counts(right))
        return true;
    if (right->period != 0u && now >= right->period_began + period_units[right->period]) {
        right->period_began = now;
        right->period_calls = right->period_bytes = 0;
    }
    if (right->total != 0u && right->calls_in_all + 1u > right->total)
        return false;
    if (right->calls != 0u && right->period_calls + 1u > right->calls)
        return false;
    if (right->bytes != 0u && right->period_bytes + bytes > right->bytes)
        return false;
    /* What has no limit today may have one tomorrow. Meters have 16 bits for what is counted in a period. */
    right->calls_in_all++;
    right->period_calls = (right->period_calls + 1u) % 65536u;
    right->period_bytes = (right->period_bytes + bytes) % 65536u;
    return true;
}

/* Data of the world's images are 16 bytes. */
static bool reads_data(uint64_t address, uint64_t len)
{
    uint64_t low = address & 0xffffffffu;
    return len == 0u || (low >= 0x20000000u && low < 0x20000010u && len <= 0x20000010u - low);
}

int64_t model_call(struct rights_model *m, uint32_t number, const uint64_t r[6], uint64_t now_us, bool *end)
{
    static const struct { uint32_t kind, operation; int64_t result; } needs[] = {
        [CALL_TOUCH] = { ATTO_KIND_DEVICE, 0, 1 }, [CALL_WRITE] = { ATTO_KIND_DEVICE, 1, 2 },
        [CALL_LOG] = { ATTO_KIND_LOG, 1, 4 },      [CALL_MAP] = { ATTO_KIND_MEMORY, 2, 0 },
    };
    uint64_t handle = r[1];
    *end = false;
    if (m->in_slice)
        model_look(m);
    if (number == CALL_ACT)
        return 3;
    if (number == CALL_LOG) { /* names none: the first for a log that allows it */
        for (handle = 0; handle < m->count; handle++)
            if (things[m->right[handle].endpoint].kind == ATTO_KIND_LOG && m->right[handle].may[needs[number].operation])
                break;
    }
    uint64_t told = number == CALL_LOG ? ATTO_AUDIT_NO_HANDLE : handle;
    struct model_right *right = &m->right[handle % MODEL_ROWS];
    if (handle >= m->count || things[right->endpoint].kind != needs[number].kind ||
        !right->may[needs[number].operation] ||
        (number == CALL_TOUCH && (r[2] < right->first || r[2] > right->last || r[2] > UINT32_MAX))) {
        deny(m, number, told, ATTO_E_DENIED);
        return ATTO_E_DENIED;
    }
    if (number == CALL_WRITE && !reads_data(r[2], r[3])) {
        deny(m, number, told, ATTO_E_ARGUMENT);
        *end = true;
        return ATTO_E_ARGUMENT;
    }
    if (!use_up(right, now_us, number == CALL_WRITE ? (uint32_t)r[3] : 0u)) {
        deny(m, number, told, ATTO_E_QUOTA);
        return ATTO_E_QUOTA;
    }
    return number == CALL_MAP ? model_map(m, (uint32_t)handle) : needs[number].result;
}

/* ---- comparing ---- */

static void compare_right(const struct atto_right *is, const struct model_right *should)
{
    struct model_right right = model_of_row(is);
    EQUAL(right.endpoint, should->endpoint);
    CHECK(memcmp(right.may, should->may, sizeof right.may) == 0);
    EQUAL(right.first, should->first);
    EQUAL(right.last, should->last);
    EQUAL(right.period, should->period);
    EQUAL(right.calls, should->calls);
    EQUAL(right.bytes, should->bytes);
    EQUAL(right.total, should->total);
}

static void compare_window(const struct rights_model *m, uint32_t number)
{
    const struct atto_run *run = rights_run(m->container);
    const struct model_window *window = &m->window[number];
    uint64_t at = ADDRESS((uint32_t)REGION_WINDOW + number, 0);
    if (!window->open) {
        CHECK(atto_run_span(run, at, 1, ATTO_READ) == NULL);
        return;
    }
    CHECK(atto_run_span(run, at, window->len, ATTO_READ) == window->ptr);
    CHECK(atto_run_span(run, at, window->len + 1u, ATTO_READ) == NULL);
    CHECK((atto_run_span(run, at, 1, ATTO_WRITE) != NULL) == window->writes);
}

void model_compare(struct rights_model *m)
{
    struct atto_right rows[MODEL_ROWS];
    struct atto_audit_record record;
    struct atto_container_info info = world_info(&rw.world, m->container);
    EQUAL(info.id, m->id);
    EQUAL(info.tenant, m->tenant);
    EQUAL(info.rights, m->count);
    EQUAL(info.counters.denials, m->denials < 65535u ? m->denials : 65535u);
    EQUAL(atto_engine_rights(ENGINE, m->container, rows, MODEL_ROWS), m->count);
    for (uint32_t i = 0; i < m->count && !harness_failed(); i++)
        compare_right(&rows[i], &m->right[i]);
    for (uint32_t i = 0; i < MODEL_WINDOWS && !harness_failed(); i++)
        compare_window(m, i);
    for (uint32_t age = 0; age < DENIALS && !harness_failed(); age++) {
        const struct model_denial *denial = &model_denials[age];
        EQUAL(atto_engine_denial(ENGINE, age, &record), denial->count != 0u);
        if (denial->count == 0u)
            continue;
        EQUAL(record.container, denial->id);
        EQUAL(record.code, denial->code);
        EQUAL(record.handle, denial->handle);
        EQUAL(record.count, denial->count < 65535u ? denial->count : 65535u);
        EQUAL(record.status, denial->status);
    }
}
