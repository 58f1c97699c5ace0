/* Lines of containers' logs: a ring behind the engine's own, where they keep a number and the time until newer ones
 * push them out. Nothing is kept of who has read what: a client asks for the lines from a number on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage/resource.h"

/* A line in the ring: time in microseconds (6 bytes), id (2), length of the text (1), text. */
#define HEAD_BYTES 9u
#define LINE_MAX 255u

struct line {
    uint64_t time_us;
    uint32_t id, len;
    uint32_t at; /* where it begins, from log_first on */
};

static uint8_t *ring_byte(const struct atto_manage *manage, uint32_t at)
{
    return &manage->config->log[(manage->log_first + at) % manage->config->log_bytes];
}

static void ring_put(struct atto_manage *manage, const void *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        *ring_byte(manage, manage->log_used++) = ((const uint8_t *)bytes)[i];
}

/* The line at line->at; false: there is none. */
static bool ring_line(const struct atto_manage *manage, struct line *line)
{
    if (line->at >= manage->log_used)
        return false;
    line->time_us = 0;
    for (uint32_t i = 6; i-- != 0u;)
        line->time_us = line->time_us << 8 | *ring_byte(manage, line->at + i);
    line->id = (uint32_t)(*ring_byte(manage, line->at + 6u) | *ring_byte(manage, line->at + 7u) << 8);
    line->len = *ring_byte(manage, line->at + 8u);
    return true;
}

static void keep(struct atto_manage *manage, uint64_t time_us, uint16_t id, const char *text, uint32_t len)
{
    uint8_t head[HEAD_BYTES];
    struct line oldest = { .at = 0 };
    for (uint32_t i = 0; i < 6u; i++)
        head[i] = (uint8_t)(time_us >> 8u * i);
    head[6] = (uint8_t)id;
    head[7] = (uint8_t)(id >> 8);
    head[8] = (uint8_t)len;
    while (manage->log_used + HEAD_BYTES + len > manage->config->log_bytes && ring_line(manage, &oldest)) {
        manage->log_first = (manage->log_first + HEAD_BYTES + oldest.len) % manage->config->log_bytes;
        manage->log_used -= HEAD_BYTES + oldest.len;
        manage->log_number++;
    }
    ring_put(manage, head, sizeof head);
    ring_put(manage, text, len);
}

void atto_log_drain(struct atto_manage *manage)
{
    const struct atto_manage_config *config = manage->config;
    const struct atto_deploy_config *deploy = config->deploy->config;
    const struct atto_port *port = deploy->engine->config->port;
    char text[LINE_MAX];
    uint16_t id;
    for (int32_t len; (len = atto_engine_log_read(deploy->engine, &id, text, sizeof text)) >= 0;) {
        if (config->line != NULL)
            config->line(config->user, id, text, (uint32_t)len);
        if (config->log_bytes < HEAD_BYTES + LINE_MAX)
            continue;
        keep(manage, port->now_us(port->user), id, text, (uint32_t)len);
        atto_coap_changed(config->server, RESOURCE_LOG);
        for (uint32_t i = 0; i < deploy->component_count; i++) {
            const struct atto_container *container = deploy->components[i].container;
            if (container != NULL && atto_container_id(container) == id)
                atto_coap_changed(config->server, RESOURCE_CONTAINER_LOG(i));
        }
    }
}

/* ---- reading ---- */

uint32_t atto_view_from(const struct atto_view *view, uint32_t first, uint32_t end, uint32_t usual)
{
    struct atto_span digits;
    uint32_t from = 0;
    if (!atto_coap_query(view->request, "from", &digits))
        return usual;
    for (uint32_t i = 0; i < digits.len && i < 10u; i++)
        from = from * 10u + (digits.ptr[i] - '0') % 10u;
    return from - first <= end - first ? from : first;
}

/* Writes a line, of all containers or of one. */
static void write_line(struct atto_out *out, const struct atto_manage *manage, const struct line *line, uint32_t number,
                       bool all)
{
    uint8_t text[LINE_MAX];
    for (uint32_t i = 0; i < line->len; i++)
        text[i] = *ring_byte(manage, line->at + HEAD_BYTES + i);
    bool is_text = atto_cbor_is_plain_text(text, line->len);
    atto_out_array(out, all ? 4 : 3);
    atto_out_number(out, number);
    atto_out_head(out, ATTO_CBOR_UINT, line->time_us);
    if (all)
        atto_out_number(out, line->id);
    atto_out_string(out, is_text ? ATTO_CBOR_TEXT : ATTO_CBOR_BYTES, text, line->len);
}

/* Which lines are written: those from `from` up to `end`. */
struct range {
    uint32_t container, from, end, count;
};

/* Does the range have this line? */
static bool has(const struct range *range, uint32_t number, const struct line *line)
{
    return number - range->from < range->end - range->from && (range->container == 0u || line->id == range->container);
}

/* Bytes of the range as it would be written, all of it, counted with a writer that goes nowhere. */
static uint32_t measure(const struct atto_manage *manage, struct range *range)
{
    struct atto_out out = { .reply = NULL };
    struct line line = { .at = 0 };
    range->count = 0;
    for (uint32_t number = manage->log_number; ring_line(manage, &line); number++, line.at += HEAD_BYTES + line.len) {
        if (!has(range, number, &line))
            continue;
        write_line(&out, manage, &line, number, range->container == 0u);
        range->count++;
    }
    return out.len + 12u;
}

void atto_view_lines(struct atto_view *view, uint32_t container)
{
    const struct atto_manage *manage = view->manage;
    uint32_t room = atto_coap_block_bytes(manage->config->server), end = manage->log_number;
    struct line line = { .at = 0 };
    struct atto_span ignored;
    for (; ring_line(manage, &line); line.at += HEAD_BYTES + line.len)
        end++;
    struct range range = { container, 0, end, 0 };
    range.from = atto_view_from(view, manage->log_number, end, manage->log_number);
    bool newest = !atto_coap_query(view->request, "from", &ignored);
    while (measure(manage, &range) > room && range.count > 1u) {
        if (newest)
            range.from++;
        else
            range.end--;
    }
    struct atto_out out = atto_out_begin(view);
    atto_out_map(&out, 2, 0);
    atto_out_member(&out, range.end);
    atto_out_key(&out);
    atto_out_array(&out, range.count);
    line.at = 0;
    for (uint32_t number = manage->log_number; ring_line(manage, &line); number++, line.at += HEAD_BYTES + line.len) {
        if (has(&range, number, &line))
            write_line(&out, manage, &line, number, container == 0u);
    }
}

void atto_view_log(struct atto_view *view)
{
    view->reply->resource = RESOURCE_LOG;
    atto_view_lines(view, 0);
}
