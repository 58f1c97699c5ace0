/* What the engine tells about its containers: trace records, lines of their logs, and post-mortems. Each goes into a
 * ring of the firmware's, whose oldest entry gives way to the newest.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_TRACE_H
#define ATTO_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/status.h"

enum atto_trace_kind {
    ATTO_TRACE_ACTIVATE = 1, /* detail: enum atto_activation. value: microseconds since its release, lower half */
    ATTO_TRACE_SLICE = 2,    /* it had the processor from time_us on. value: for so many microseconds */
    ATTO_TRACE_CALL = 3,     /* detail: number of the host call */
    ATTO_TRACE_END = 4,      /* of an activation. detail and value: as above */
    ATTO_TRACE_FAULT = 5,    /* detail: -enum atto_status. value: pc */
    ATTO_TRACE_MISS = 6,     /* value: deadlines missed at once */
    ATTO_TRACE_THROTTLE = 7, /* value: microseconds until its next budget */
    ATTO_TRACE_STATE = 8     /* detail: enum atto_container_state */
};

struct atto_trace_record {
    uint32_t time_us; /* lower half of the clock */
    uint32_t value;
    uint16_t container; /* id */
    uint8_t kind;       /* enum atto_trace_kind */
    uint8_t detail;
};

#define ATTO_POSTMORTEM_REGISTERS 11u

/* What is left of an activation that faulted. The source line belongs to pc: `atto inspect` finds it in the image. */
struct atto_postmortem {
    uint64_t time_us;
    uint64_t registers[ATTO_POSTMORTEM_REGISTERS];
    uint32_t pc;
    uint32_t fault_address;
    uint16_t container;        /* id */
    uint8_t activation;        /* enum atto_activation */
    int8_t status;             /* enum atto_status */
    uint8_t register_count;    /* 0: the executor has none */
    uint8_t last_calls[4];     /* numbers of the last host calls, the latest first */
};

/* ---- reading what was not taken: for those who answer questions (atto/manage.h) ---- */

struct atto_engine;

/* The record with this number, taken or not: the engine counts them from 0, and the next one is engine->trace_written.
 * false: it was overwritten, or is not written yet. */
bool atto_engine_trace(struct atto_engine *engine, uint32_t number, struct atto_trace_record *record);

/* A line of the log as it lies in the ring. */
struct atto_log_line {
    uint64_t time_us; /* when it was written */
    uint16_t id;      /* of the container */
    uint8_t len;      /* of the text */
};
#define ATTO_LOG_LINE_MAX 255u

/* Lines are numbered from 0, too: those in the ring have the numbers from this one up to engine->log_written, which is
 * the next one. */
uint32_t atto_engine_log_first(struct atto_engine *engine);

/* The line with this number, without taking it. text: gets it; ATTO_LOG_LINE_MAX bytes. false: there is no such line, or
 * not any more. */
bool atto_engine_log_line(struct atto_engine *engine, uint32_t number, struct atto_log_line *line, char *text);

#endif
