/* What there is to read of the engine's rings: log, trace and audit trail. Entries of log and trace have numbers, and
 * nothing is kept of who has read what: a client asks for entries from a number on, gets as many as fit one block,
 * and is told where to go on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

/* ?from=: the number of one of the entries from `first` up to `end`, `first` for any other; without it, the newest that
 * there is. */
static uint32_t begin(struct atto_view *view, uint32_t first, uint32_t end, atto_item_fn *entry)
{
    struct atto_span digits;
    uint32_t from = end;
    if (!atto_coap_query(view->request, "from", &digits)) {
        while (from != first && atto_out_count(view, from - 1u, &end, entry) == 0u)
            end = --from;
        return from != first ? from - 1u : first;
    }
    from = 0;
    for (uint32_t i = 0; i < digits.len; i++)
        from = from * 10u + digits.ptr[i] - '0';
    return from - first <= end - first ? from : first;
}

static void view_entries(struct atto_view *view, uint32_t first, uint32_t end, atto_item_fn *entry)
{
    /* The heads around the entries take 12 bytes at most. */
    view->room = atto_coap_block_bytes(view->config->server) - 12u;
    uint32_t from = begin(view, first, end, entry), count = atto_out_count(view, from, &end, entry);
    atto_out_map(view, 2);
    atto_out_member(view, end);
    atto_out_array(view, count);
    for (; from != end; from++)
        entry(view, from);
}

/* ---- log ---- */

/* Of the container view->container, or of all. */
static bool write_line(struct atto_view *view, uint32_t number)
{
    static const uint16_t time[] = { NUMBER(struct atto_log_line, time_us), 0 };
    char text[ATTO_LOG_LINE_MAX];
    struct atto_log_line line;
    const bool is_one = view->container != NULL;
    if (!atto_engine_log_line(view->engine, number, &line, text) || (is_one && line.id != view->info.id))
        return false;
    view->items = 1;
    atto_out_array(view, is_one ? 3u : 4u);
    atto_out_member(view, number);
    atto_out_fields(view, &line, time);
    if (!is_one)
        atto_out_member(view, line.id);
    atto_out_string(view, atto_cbor_is_plain_text((const uint8_t *)text, line.len) ? ATTO_CBOR_TEXT : ATTO_CBOR_BYTES,
                    text, line.len);
    return true;
}

void atto_view_log(struct atto_view *view)
{
    struct atto_engine *engine = view->engine;
    view->reply->resource = view->container != NULL ? RESOURCE_CONTAINER_LOG(view->number) : (uint16_t)RESOURCE_LOG;
    view_entries(view, atto_engine_log_first(engine), engine->log_written, write_line);
}

/* ---- trace ---- */

static const uint16_t trace_fields[] = {
    ROW(5),
    NUMBER(struct atto_trace_record, time_us),
    NUMBER(struct atto_trace_record, kind),
    NUMBER(struct atto_trace_record, container),
    NUMBER(struct atto_trace_record, detail),
    NUMBER(struct atto_trace_record, value),
    0,
};

static bool write_trace(struct atto_view *view, uint32_t number)
{
    struct atto_trace_record record;
    if (!atto_engine_trace(view->engine, number, &record))
        return false;
    atto_out_fields(view, &record, trace_fields);
    return true;
}

void atto_view_trace(struct atto_view *view)
{
    const struct atto_engine *engine = view->engine;
    uint32_t end = engine->trace_written, kept = engine->config->trace_count;
    view->reply->resource = RESOURCE_TRACE;
    view_entries(view, end - (kept < end ? kept : end), end, write_trace);
}

/* ---- audit ---- */

static const uint16_t audit_fields[] = {
    ROW(8),
    NUMBER(struct atto_audit_record, time_us),
    NUMBER(struct atto_audit_record, kind),
    NUMBER(struct atto_audit_record, container),
    NUMBER(struct atto_audit_record, code),
    NUMBER(struct atto_audit_record, handle),
    NUMBER(struct atto_audit_record, status),
    NUMBER(struct atto_audit_record, actor),
    NUMBER(struct atto_audit_record, count),
    0,
};

/* Of the refusals where view->number is 0, else of the changes. */
static bool write_note(struct atto_view *view, uint32_t age)
{
    struct atto_audit_record record;
    if (!(view->number == 0u ? atto_engine_denial : atto_engine_change)(view->engine, age, &record))
        return false;
    atto_out_fields(view, &record, audit_fields);
    return true;
}

void atto_view_audit(struct atto_view *view)
{
    const struct atto_engine_config *config = view->engine->config;
    atto_out_map(view, 2);
    atto_out_items(view, config->denial_count, write_note);
    view->number = 1;
    atto_out_items(view, config->change_count, write_note);
}

/* ---- observers ---- */

void atto_rings_changed(struct atto_manage *manage)
{
    const struct atto_manage_config *config = manage->config;
    const struct atto_deploy_config *deploy = config->deploy->config;
    struct atto_engine *engine = deploy->engine;
    struct atto_log_line line;
    char text[ATTO_LOG_LINE_MAX];
    if (manage->trace_seen != engine->trace_written)
        atto_coap_changed(config->server, RESOURCE_TRACE);
    manage->trace_seen = engine->trace_written;
    if (manage->log_seen != engine->log_written && !atto_engine_log_line(engine, manage->log_seen, &line, text))
        manage->log_seen = atto_engine_log_first(engine); /* those between are gone */
    for (; atto_engine_log_line(engine, manage->log_seen, &line, text); manage->log_seen++) {
        atto_coap_changed(config->server, RESOURCE_LOG);
        for (uint32_t i = 0; i < deploy->component_count; i++) {
            const struct atto_container *container = deploy->components[i].container;
            if (container != NULL && atto_container_id(container) == line.id)
                atto_coap_changed(config->server, RESOURCE_CONTAINER_LOG(i));
        }
    }
}
