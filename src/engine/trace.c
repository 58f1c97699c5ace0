/* Trace, log and post-mortems: what the engine writes into the firmware's rings, and the calls that read them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <string.h>

void atto_count(uint16_t *counter, uint32_t more)
{
    *counter = (uint16_t)(more < 0xffffu - *counter ? *counter + more : 0xffffu);
}

/* ---- trace ---- */

void atto_trace(const struct atto_container *container, uint32_t what, uint32_t value)
{
    struct atto_engine *engine = engine_of(container);
    const struct atto_engine_config *config = engine->config;
    if (config->trace_count == 0u)
        return;
    struct atto_trace_record *record = &config->trace[engine->trace_at];
    record->time_us = (uint32_t)engine->now_us;
    if (what == ATTO_TRACE_SLICE)
        record->time_us -= value;
    record->value = value;
    record->container = container->id;
    record->kind = (uint8_t)what;
    record->detail = (uint8_t)(what >> 8);
    if (++engine->trace_at == config->trace_count)
        engine->trace_at = 0;
    engine->trace_unread += engine->trace_unread != UINT32_MAX;
    engine->trace_written++;
}

bool atto_engine_trace_read(struct atto_engine *engine, struct atto_trace_record *record, uint32_t *lost)
{
    uint32_t capacity = engine->config->trace_count;
    atto_enter(engine);
    if (lost != NULL)
        *lost = engine->trace_unread > capacity ? engine->trace_unread - capacity : 0u;
    if (engine->trace_unread > capacity)
        engine->trace_unread = capacity;
    bool found = engine->trace_unread != 0u;
    if (found) {
        *record = engine->config->trace[(engine->trace_at + capacity - engine->trace_unread) % capacity];
        engine->trace_unread--;
    }
    atto_leave(engine);
    return found;
}

bool atto_engine_trace(struct atto_engine *engine, uint32_t number, struct atto_trace_record *record)
{
    uint32_t capacity = engine->config->trace_count;
    atto_enter(engine);
    uint32_t age = engine->trace_written - number;
    bool found = age != 0u && age <= capacity && age <= engine->trace_written;
    if (found)
        *record = engine->config->trace[(engine->trace_at + capacity - age) % capacity];
    atto_leave(engine);
    return found;
}

/* ---- post-mortems ---- */

void atto_container_last_calls(const struct atto_container *container, uint8_t last_calls[4])
{
    for (uint32_t i = 0, calls = container->last_calls; i < 4u; i++, calls >>= 8)
        last_calls[i] = (uint8_t)calls;
}

void atto_postmortem_write(struct atto_container *container, enum atto_status status)
{
    struct atto_engine *engine = engine_of(container);
    const struct atto_engine_config *config = engine->config;
    const struct atto_run *run = run_of(container);
    if (config->postmortem_count == 0u)
        return;
    struct atto_postmortem *postmortem = &config->postmortems[engine->postmortems_written % config->postmortem_count];
    engine->postmortems_written++;
    postmortem->time_us = engine->now_us;
    postmortem->pc = run->pc;
    postmortem->fault_address = status == ATTO_FAULT_MEMORY ? run->fault_address : 0u;
    postmortem->container = container->id;
    postmortem->activation = container->activation;
    postmortem->status = (int8_t)status;
    atto_container_last_calls(container, postmortem->last_calls);
    uint32_t i = 0;
    while (i < ATTO_POSTMORTEM_REGISTERS && atto_run_register(run, i, &postmortem->registers[i]))
        i++;
    postmortem->register_count = (uint8_t)i;
}

bool atto_engine_postmortem(struct atto_engine *engine, uint32_t age, struct atto_postmortem *postmortem)
{
    uint32_t capacity = engine->config->postmortem_count;
    atto_enter(engine);
    bool found = age < capacity && age < engine->postmortems_written;
    if (found)
        *postmortem = engine->config->postmortems[(engine->postmortems_written - 1u - age) % capacity];
    atto_leave(engine);
    return found;
}

/* ---- log ---- */

/* What is in front of the text of a line in the ring, as it lies in memory. */
struct line_head {
    uint64_t time_us;
    uint16_t id;
    uint8_t len;
};
#define LINE_ID_AT ((uint32_t)offsetof(struct line_head, id))
#define LINE_LEN_AT ((uint32_t)offsetof(struct line_head, len))
#define LINE_HEAD_BYTES (LINE_LEN_AT + 1u)

static uint8_t *log_byte(const struct atto_engine *engine, uint32_t at)
{
    return &engine->config->log[(engine->log_first + at) % engine->config->log_ring_bytes];
}

static OFF_PATH void log_put(struct atto_engine *engine, const void *bytes, uint32_t len)
{
    for (const uint8_t *byte = bytes; len != 0u; len--)
        *log_byte(engine, engine->log_used++) = *byte++;
}

static void log_drop(struct atto_engine *engine)
{
    uint32_t bytes = LINE_HEAD_BYTES + *log_byte(engine, LINE_LEN_AT);
    engine->log_first = (engine->log_first + bytes) % engine->config->log_ring_bytes;
    engine->log_used -= bytes;
}

static void log_line(struct atto_engine *engine, uint16_t id, const char *text, uint32_t len)
{
    const struct line_head head = { engine->now_us, id, (uint8_t)len };
    uint32_t capacity = engine->config->log_ring_bytes, bytes = len + LINE_HEAD_BYTES;
    if (bytes > capacity)
        return;
    while (engine->log_used + bytes > capacity)
        log_drop(engine);
    log_put(engine, &head, LINE_HEAD_BYTES);
    log_put(engine, text, len);
    engine->log_written++;
}

int32_t atto_engine_log_read(struct atto_engine *engine, uint16_t *id, char *text, uint32_t capacity)
{
    int32_t len = -1;
    atto_enter(engine);
    if (engine->log_used != 0u) {
        uint32_t line_bytes = *log_byte(engine, LINE_LEN_AT);
        len = (int32_t)(line_bytes < capacity ? line_bytes : capacity);
        for (uint32_t i = 0; i < sizeof *id; i++)
            ((uint8_t *)id)[i] = *log_byte(engine, LINE_ID_AT + i);
        for (uint32_t i = 0; i < (uint32_t)len; i++)
            text[i] = (char)*log_byte(engine, LINE_HEAD_BYTES + i);
        log_drop(engine);
    }
    atto_leave(engine);
    return len;
}

/* Copies bytes out of the ring. */
static void log_get(const struct atto_engine *engine, uint32_t at, void *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        ((uint8_t *)bytes)[i] = *log_byte(engine, at + i);
}

/* Where the line behind this one begins. */
static uint32_t next_line(const struct atto_engine *engine, uint32_t at)
{
    return at + LINE_HEAD_BYTES + *log_byte(engine, at + LINE_LEN_AT);
}

static uint32_t oldest_line(const struct atto_engine *engine)
{
    uint32_t number = engine->log_written;
    for (uint32_t at = 0; at != engine->log_used; at = next_line(engine, at))
        number--;
    return number;
}

uint32_t atto_engine_log_first(struct atto_engine *engine)
{
    atto_enter(engine);
    uint32_t number = oldest_line(engine);
    atto_leave(engine);
    return number;
}

bool atto_engine_log_line(struct atto_engine *engine, uint32_t number, struct atto_log_line *line, char *text)
{
    struct line_head head;
    uint32_t at = 0;
    atto_enter(engine);
    uint32_t oldest = oldest_line(engine);
    bool found = number - oldest < engine->log_written - oldest;
    for (; found && oldest != number; oldest++)
        at = next_line(engine, at);
    if (found) {
        log_get(engine, at, &head, LINE_HEAD_BYTES);
        *line = (struct atto_log_line){ head.time_us, head.id, head.len };
        log_get(engine, at + LINE_HEAD_BYTES, text, line->len);
    }
    atto_leave(engine);
    return found;
}

/* Takes bytes off the quota of this second. A line costs one byte more than it has, so that empty ones are not free. */
static bool quota_take(struct atto_container *container, uint32_t bytes)
{
    struct limits *limits = atto_limits_of(container);
    uint16_t second = (uint16_t)(engine_of(container)->now_us / 1000000u);
    if (limits == NULL || limits->schedule.log_bytes == 0u)
        return true;
    if (limits->log_second != second)
        limits->log_used = 0;
    limits->log_second = second;
    if (limits->log_used + bytes > limits->schedule.log_bytes) {
        atto_count(&container->counters.denials, 1);
        return false;
    }
    limits->log_used = (uint16_t)(limits->log_used + bytes);
    return true;
}

enum atto_status atto_engine_log(struct atto_engine *engine, struct atto_container *container, const char *text,
                                 uint32_t len)
{
    const struct atto_port *port = engine->config->port;
    if (len > ATTO_LOG_LINE_MAX)
        len = ATTO_LOG_LINE_MAX;
    atto_enter(engine);
    bool granted = quota_take(container, len + 1u);
    if (granted)
        log_line(engine, container->id, text, len);
    atto_leave(engine);
    if (granted && engine->config->log_ring_bytes == 0u && port->log != NULL)
        port->log(port->user, text, len);
    return granted ? ATTO_OK : ATTO_E_QUOTA;
}
