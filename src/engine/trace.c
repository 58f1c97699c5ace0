/* Trace, log and post-mortems: what the engine writes into the firmware's rings, and the calls that read them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <string.h>

/* ---- trace ---- */

void trace(struct atto_engine *engine, const struct atto_container *container, enum atto_trace_kind kind,
           uint32_t detail, uint32_t value)
{
    const struct atto_engine_config *config = engine->config;
    if (config->trace_count == 0u)
        return;
    struct atto_trace_record *record = &config->trace[engine->trace_at];
    record->time_us = (uint32_t)engine->now_us;
    if (kind == ATTO_TRACE_SLICE)
        record->time_us -= value;
    record->value = value;
    record->container = container->id;
    record->kind = (uint8_t)kind;
    record->detail = (uint8_t)detail;
    if (++engine->trace_at == config->trace_count)
        engine->trace_at = 0;
    engine->trace_unread++;
}

bool atto_engine_trace_read(struct atto_engine *engine, struct atto_trace_record *record, uint32_t *lost)
{
    uint32_t capacity = engine->config->trace_count;
    enter(engine);
    if (lost != NULL)
        *lost = engine->trace_unread > capacity ? engine->trace_unread - capacity : 0u;
    if (engine->trace_unread > capacity)
        engine->trace_unread = capacity;
    bool found = engine->trace_unread != 0u;
    if (found) {
        *record = engine->config->trace[(engine->trace_at + capacity - engine->trace_unread) % capacity];
        engine->trace_unread--;
    }
    leave(engine);
    return found;
}

void engine_observe(struct atto_run *run, uint32_t number)
{
    struct atto_container *container = atto_container_of(run);
    container->host_calls += container->host_calls != UINT32_MAX;
    container->last_calls = container->last_calls << 8 | (number & 0xffu);
    struct atto_engine *engine = atto_engine_of(run);
    if (engine->config->trace_count == 0u)
        return;
    enter(engine);
    trace(engine, container, ATTO_TRACE_CALL, number, 0);
    leave(engine);
}

/* ---- post-mortems ---- */

void container_last_calls(const struct atto_container *container, uint8_t last_calls[4])
{
    for (uint32_t i = 0; i < 4u; i++)
        last_calls[i] = (uint8_t)(container->last_calls >> (8u * i));
}

void postmortem_write(struct atto_engine *engine, struct atto_container *container, enum atto_status status)
{
    const struct atto_engine_config *config = engine->config;
    const struct atto_run *run = run_of(container);
    if (config->postmortem_count == 0u)
        return;
    struct atto_postmortem *postmortem = &config->postmortems[engine->postmortems_written % config->postmortem_count];
    engine->postmortems_written++;
    *postmortem = (struct atto_postmortem){
        .time_us = engine->now_us,
        .pc = run->pc,
        .fault_address = status == ATTO_FAULT_MEMORY ? run->fault_address : 0u,
        .container = container->id,
        .activation = container->activation,
        .status = (int8_t)status,
    };
    container_last_calls(container, postmortem->last_calls);
    for (uint32_t i = 0; i < ATTO_POSTMORTEM_REGISTERS; i++) {
        if (!atto_run_register(run, i, &postmortem->registers[i]))
            break;
        postmortem->register_count++;
    }
}

bool atto_engine_postmortem(struct atto_engine *engine, uint32_t age, struct atto_postmortem *postmortem)
{
    uint32_t capacity = engine->config->postmortem_count;
    enter(engine);
    bool found = age < capacity && age < engine->postmortems_written;
    if (found)
        *postmortem = engine->config->postmortems[(engine->postmortems_written - 1u - age) % capacity];
    leave(engine);
    return found;
}

/* ---- log ---- */

/* A line in the ring: id (2 bytes), length (1), text. */
#define LINE_HEAD_BYTES 3u
#define LINE_BYTES_MAX 255u

static uint8_t log_get(const struct atto_engine *engine, uint32_t at)
{
    return engine->config->log[(engine->log_first + at) % engine->config->log_ring_bytes];
}

static void log_put(struct atto_engine *engine, uint32_t byte)
{
    engine->config->log[(engine->log_first + engine->log_used) % engine->config->log_ring_bytes] = (uint8_t)byte;
    engine->log_used++;
}

static void log_drop(struct atto_engine *engine)
{
    uint32_t bytes = LINE_HEAD_BYTES + log_get(engine, 2);
    engine->log_first = (engine->log_first + bytes) % engine->config->log_ring_bytes;
    engine->log_used -= bytes;
}

static void log_line(struct atto_engine *engine, uint16_t id, const char *text, uint32_t len)
{
    uint32_t capacity = engine->config->log_ring_bytes;
    if (len + LINE_HEAD_BYTES > capacity)
        return;
    while (engine->log_used + len + LINE_HEAD_BYTES > capacity)
        log_drop(engine);
    log_put(engine, id);
    log_put(engine, id >> 8);
    log_put(engine, len);
    for (uint32_t i = 0; i < len; i++)
        log_put(engine, (uint8_t)text[i]);
}

int32_t atto_engine_log_read(struct atto_engine *engine, uint16_t *id, char *text, uint32_t capacity)
{
    int32_t len = -1;
    enter(engine);
    if (engine->log_used != 0u) {
        uint32_t line_bytes = log_get(engine, 2);
        len = (int32_t)(line_bytes < capacity ? line_bytes : capacity);
        *id = (uint16_t)(log_get(engine, 0) | log_get(engine, 1) << 8);
        for (uint32_t i = 0; i < (uint32_t)len; i++)
            text[i] = (char)log_get(engine, LINE_HEAD_BYTES + i);
        log_drop(engine);
    }
    leave(engine);
    return len;
}

#define LOG_QUOTA_MAX 0xffffu

/* A new second: all quotas are whole again. */
static void log_renew(struct atto_engine *engine)
{
    struct pool_block *block = NULL;
    while ((block = pool_next(engine, block)) != NULL)
        ((struct atto_container *)(void *)block)->log_used = 0;
}

/* Takes bytes off the quota of this second. A line costs one byte more than it has, so that empty ones are not free. */
static bool quota_take(struct atto_engine *engine, struct atto_container *container, uint32_t bytes)
{
    const struct limits *limits = limits_of(container);
    uint32_t most = limits != NULL && limits->schedule.log_bytes != 0u ? limits->schedule.log_bytes
                                                                       : engine->config->log_bytes;
    uint32_t second = (uint32_t)(engine->now_us / 1000000u);
    if (most == 0u)
        return true;
    if (most > LOG_QUOTA_MAX)
        most = LOG_QUOTA_MAX;
    if (second != engine->log_second) {
        engine->log_second = second;
        log_renew(engine);
    }
    if (bytes > most || container->log_used > most - bytes) {
        count(&container->denials, 1);
        return false;
    }
    container->log_used = (uint16_t)(container->log_used + bytes);
    return true;
}

enum atto_status atto_engine_log(struct atto_engine *engine, struct atto_container *container, const char *text,
                                 uint32_t len)
{
    const struct atto_port *port = engine->config->port;
    if (len > LINE_BYTES_MAX)
        len = LINE_BYTES_MAX;
    enter(engine);
    bool granted = quota_take(engine, container, len + 1u);
    if (granted)
        log_line(engine, container->id, text, len);
    leave(engine);
    if (granted && engine->config->log_ring_bytes == 0u && port->log != NULL)
        port->log(port->user, text, len);
    return granted ? ATTO_OK : ATTO_E_QUOTA;
}
