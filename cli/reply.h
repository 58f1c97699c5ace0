/* What devices answer, for people and programs: CBOR with numbers for keys becomes JSON with names. One table has the
 * names of all resources (docs/SPEC.md, section 21). Answers come from the network, and may be anything.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_REPLY_H
#define ATTO_CLI_REPLY_H

#include <jansson.h>
#include <stdbool.h>

#include "buffer.h"

enum atto_reply {
    /* How a single value is shown. */
    ATTO_REPLY_PLAIN, /* as it is: numbers, texts, true and false; byte strings as hex digits */
    ATTO_REPLY_UUID,
    ATTO_REPLY_STATUS,     /* the name of an enum atto_status */
    ATTO_REPLY_ALGORITHM,
    ATTO_REPLY_STATE,      /* of a container */
    ATTO_REPLY_VERSION,    /* whether it is on trial */
    ATTO_REPLY_ACTIVATION,
    ATTO_REPLY_TRACE_KIND,
    ATTO_REPLY_AUDIT_KIND,
    ATTO_REPLY_REGISTERS,  /* numbers as hex digits */
    ATTO_REPLY_CALLS,      /* numbers of host calls, by their names */
    /* Resources, and parts of them. */
    ATTO_REPLY_DEVICE,
    ATTO_REPLY_POOL,
    ATTO_REPLY_SLOTS,
    ATTO_REPLY_LOG_AREA,
    ATTO_REPLY_TENANTS,
    ATTO_REPLY_TENANT,
    ATTO_REPLY_CONTAINERS,
    ATTO_REPLY_CONTAINER,
    ATTO_REPLY_LIMITS,
    ATTO_REPLY_COUNTERS, /* SenML (RFC 8428), with the names of its JSON form */
    ATTO_REPLY_RECORD,
    ATTO_REPLY_LOG,      /* of a container */
    ATTO_REPLY_LINES,
    ATTO_REPLY_LINE,
    ATTO_REPLY_ALL_LOG,  /* of all */
    ATTO_REPLY_ALL_LINES,
    ATTO_REPLY_ALL_LINE,
    ATTO_REPLY_POSTMORTEM,
    ATTO_REPLY_AUDIT,
    ATTO_REPLY_CHANGES,
    ATTO_REPLY_CHANGE,
    ATTO_REPLY_TRACE,
    ATTO_REPLY_EVENTS,
    ATTO_REPLY_EVENT,
    ATTO_REPLY_INVENTORY,
    ATTO_REPLY_ITEM,
    ATTO_REPLY_INSTALLED,
    ATTO_REPLY_CALLED
};

/* Reads an answer. What the table does not know keeps its number as its name. NULL, unreported, if it is not CBOR, or
 * not of the kind that it should be. */
json_t *atto_reply_read(const struct atto_buffer *bytes, enum atto_reply kind);

#endif
