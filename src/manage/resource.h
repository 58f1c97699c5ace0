/* What the files of the resources share: what a request asks for, and the writer of representations. A representation is
 * written whole each time, item by item, in deterministic CBOR; keys of maps go up one by one, so the writer counts
 * them itself.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_MANAGE_RESOURCE_H
#define ATTO_MANAGE_RESOURCE_H

#include <string.h>

#include "atto/manage.h"
#include "base/cbor.h"

/* Content formats beside those of atto/coap.h. */
#define FORMAT_SENML_CBOR 112u

/* Numbers of resources that can be observed. */
#define RESOURCE_CONTAINERS 1u
#define RESOURCE_LOG 2u
#define RESOURCE_TRACE 3u
#define RESOURCE_CONTAINER(number) ((uint16_t)(4u + 2u * (number)))
#define RESOURCE_CONTAINER_LOG(number) ((uint16_t)(5u + 2u * (number)))

/* A request on its way. */
struct atto_view {
    struct atto_manage *manage;
    struct atto_coap_request *request;
    struct atto_coap_reply *reply;
    struct atto_span reader; /* the tenant who reads; empty: the owner, or anybody where reading is open */
    /* Of a path with a container: */
    struct atto_component component;
    uint32_t number;
    struct atto_versions versions;
    struct atto_container *container; /* NULL: it is not in the engine */
};

/* The handlers of paths: what is read. The walk of the path stands behind what has led there. */
void atto_view_device(struct atto_view *view);
void atto_view_tenants(struct atto_view *view);
void atto_view_containers(struct atto_view *view);
void atto_view_inventory(struct atto_view *view);
void atto_view_audit(struct atto_view *view);
void atto_view_trace(struct atto_view *view);
void atto_view_log(struct atto_view *view);
void atto_view_core(struct atto_view *view);

/* Finds the container that the next two segments of the path name. False: there is none, or the reader may not see it. */
bool atto_view_find(struct atto_view *view);
bool atto_view_names(struct atto_view *view); /* the names alone. False: the path has none */
/* Finds the first component from view->number on that the reader may see. False: none. */
bool atto_view_next(struct atto_view *view);
uint32_t atto_view_count(struct atto_view *view);
/* The lines of one container's log, or of all (container 0), which the query asks for. */
void atto_view_lines(struct atto_view *view, uint32_t container);
/* The number from which on entries are asked for (?from=), of those from `first` to `end`, which it does not reach: `first`
 * if it is none of them, and `usual` without that query. */
uint32_t atto_view_from(const struct atto_view *view, uint32_t first, uint32_t end, uint32_t usual);

/* What changes something: the body of a POST or iPATCH. */
void atto_take_envelope(struct atto_view *view);
/* A command; on a container (view->component) one of the set of operations, bit n for operation n. 0: on any, any */
void atto_take_command(struct atto_view *view, uint32_t operations);
/* A READ of `name`, which lets the request read. False: it is refused. */
bool atto_take_read(struct atto_view *view, struct atto_span name);
/* A container's own resource; and whether this container may have one. */
void atto_take_app(struct atto_view *view);
bool atto_app_granted(const struct atto_manage *manage, const struct atto_container *container);

/* Refuses with the code and the diagnostic payload of a status. */
void atto_refuse_with(struct atto_coap_reply *reply, enum atto_status status, const struct atto_refusal *refusal,
                      const struct atto_report *report);

/* Calls an entry point of a container inline. context: `len` bytes, which it may write. */
enum atto_status atto_call_entry(struct atto_manage *manage, struct atto_container *container, const char *entry,
                                 void *context, uint32_t len, int64_t *value, enum atto_status *outcome);

/* Takes the lines out of the engine, and tells observers. */
void atto_log_drain(struct atto_manage *manage);

/* ---- the writer ---- */

struct atto_out {
    struct atto_coap_reply *reply; /* NULL: only count */
    uint32_t len;                  /* bytes written so far */
    uint32_t key;                  /* of the next member */
};

/* Begins a representation in CBOR. */
struct atto_out atto_out_begin(struct atto_view *view);

void atto_out_bytes(struct atto_out *out, const void *bytes, uint32_t len); /* as they are */
void atto_out_head(struct atto_out *out, enum atto_cbor_type type, uint64_t argument);
void atto_out_number(struct atto_out *out, uint32_t value);
void atto_out_signed(struct atto_out *out, int64_t value);
void atto_out_string(struct atto_out *out, enum atto_cbor_type type, const void *bytes, uint32_t len);
void atto_out_text(struct atto_out *out, const char *text);

/* Simple values of RFC 8949 section 3.3. */
static inline void atto_out_bool(struct atto_out *out, bool value)
{
    atto_out_head(out, (enum atto_cbor_type)7, value ? 21u : 20u);
}
static inline void atto_out_array(struct atto_out *out, uint32_t count)
{
    atto_out_head(out, ATTO_CBOR_ARRAY, count);
}
/* Begins a map; its first key is `key`, and each member has the next one. */
void atto_out_map(struct atto_out *out, uint32_t count, uint32_t key);
void atto_out_key(struct atto_out *out);
/* Key and value. */
void atto_out_member(struct atto_out *out, uint32_t value);
void atto_out_member_string(struct atto_out *out, enum atto_cbor_type type, const void *bytes, uint32_t len);
void atto_out_numbers(struct atto_out *out, const uint32_t *numbers, uint32_t count); /* an array */
void atto_out_member_numbers(struct atto_out *out, const uint32_t *numbers, uint32_t count);

#endif
