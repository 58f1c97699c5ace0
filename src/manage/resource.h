/* What the files of the resources share: a request on its way, and how representations are described. A representation
 * is written whole each time, in deterministic CBOR, from structures that the engine and the deployment fill in; which
 * members of them, and in which order, says a list of fields. So a resource is a list and the few lines that gather
 * what it needs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_MANAGE_RESOURCE_H
#define ATTO_MANAGE_RESOURCE_H

#include <stddef.h>
#include <string.h>

#include "atto/manage.h"
#include "base/cbor.h"
#include "manage/server.h"

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
    const struct atto_manage_config *config;
    const struct atto_deploy_config *deploy;
    struct atto_engine *engine;
    struct atto_coap_request *request;
    struct atto_coap_reply *reply;
    struct atto_span reader; /* the tenant who reads; empty: the owner, or anybody where reading is open */
    /* What is written: */
    bool is_counted; /* and not written */
    uint32_t len;    /* bytes so far */
    uint32_t room;   /* for items that are counted */
    uint32_t key;    /* of the next member of a map */
    uint32_t items;  /* of an array that are still to come: they have no keys */
    /* Of the container that the path names, or of one after the other: */
    uint32_t number;
    struct atto_container *container; /* NULL: it is not in the engine, and info and schedule are 0 */
    struct atto_component component;
    uint32_t state, previous_sequence, store_bytes, fuel;
    struct atto_container_info info;
    struct atto_schedule schedule;
    struct atto_versions versions;
};

void atto_view_begin(struct atto_view *view, struct atto_manage *manage, struct atto_coap_request *request,
                     struct atto_coap_reply *reply);

/* ---- fields ---- */

/* A list of fields ends with 0. Each is what it is (4 bits) and a number (12 bits): where the member is in its
 * structure, or what the comment says. In a map, keys go up one by one; the items of an array have none. */
enum atto_field {
    FIELD_END = 0,
    FIELD_MAP = 1,    /* a map begins, without a key itself; how many members, times 64, and the first key */
    FIELD_ROW = 2,    /* an array begins, without a key itself; how many items */
    FIELD_LIST = 3,   /* the same, as a member of a map */
    FIELD_U8 = 4,
    FIELD_U16 = 5,
    FIELD_U32 = 6,
    FIELD_U64 = 7,
    FIELD_S8 = 8,
    FIELD_S64 = 9,
    FIELD_BOOL = 10,
    FIELD_STRING = 11, /* const char *, text */
    FIELD_TEXT = 12,   /* struct atto_span */
    FIELD_BYTES = 13,  /* struct atto_span */
    FIELD_16 = 14,     /* 16 bytes */
    FIELD_32 = 15      /* 32 bytes */
};
#define FIELD(kind, structure, member) (uint16_t)((uint32_t)FIELD_##kind << 12 | offsetof(structure, member))
#define MAP(count, key) (uint16_t)((uint32_t)FIELD_MAP << 12 | (count) << 6 | (key))
#define ROW(count) (uint16_t)((uint32_t)FIELD_ROW << 12 | (count))
#define LIST(count) (uint16_t)((uint32_t)FIELD_LIST << 12 | (count))

/* A number by the type that it has. */
#define NUMBER(structure, member)                                                                            \
    (uint16_t)(_Generic(((structure *)0)->member, uint8_t: FIELD_U8, uint16_t: FIELD_U16, uint64_t: FIELD_U64, \
                        int8_t: FIELD_S8, int64_t: FIELD_S64, bool: FIELD_BOOL, default: FIELD_U32) * 4096u +  \
               offsetof(structure, member))

/* Begins a representation in CBOR. */
void atto_out_begin(struct atto_view *view, enum atto_coap_code code);
void atto_out_bytes(struct atto_view *view, const void *bytes, uint32_t len); /* as they are */
void atto_out_head(struct atto_view *view, enum atto_cbor_type type, uint32_t argument);
void atto_out_map(struct atto_view *view, uint32_t count);      /* a map begins; the first key is 0 */
void atto_out_array(struct atto_view *view, uint32_t count);    /* an array, in the place of an item or member */
void atto_out_member(struct atto_view *view, uint32_t value);   /* key and value */
void atto_out_string(struct atto_view *view, enum atto_cbor_type type, const void *bytes, uint32_t len);
void atto_out_fields(struct atto_view *view, const void *structure, const uint16_t *fields);

/* Writes what there is under this number. False: nothing. */
typedef bool atto_item_fn(struct atto_view *view, uint32_t number);
/* How many items there are from `from` up to *end, which becomes less where they have no room. */
uint32_t atto_out_count(struct atto_view *view, uint32_t from, uint32_t *end, atto_item_fn *item);
/* An array of them. */
void atto_out_items(struct atto_view *view, uint32_t end, atto_item_fn *item);

/* ---- reading ---- */

void atto_view_device(struct atto_view *view);
void atto_view_tenants(struct atto_view *view);
void atto_view_list(struct atto_view *view);
void atto_view_inventory(struct atto_view *view);
void atto_view_audit(struct atto_view *view);
void atto_view_trace(struct atto_view *view);
void atto_view_log(struct atto_view *view);
void atto_view_core(struct atto_view *view);
void atto_view_state(struct atto_view *view);
void atto_view_rights(struct atto_view *view);
void atto_view_schedule(struct atto_view *view);
void atto_view_limits(struct atto_view *view);
void atto_view_counters(struct atto_view *view);
void atto_view_postmortem(struct atto_view *view);

/* Reads two segments of the path, tenant and container. */
bool atto_view_names(struct atto_view *view);
/* Fills in what there is of the container of these names. False: there is none, or the reader may not see it. */
bool atto_view_find(struct atto_view *view);
/* The same for component `number`. */
bool atto_view_look(struct atto_view *view, uint32_t number);

/* Tells observers of what has come into the rings. */
void atto_rings_changed(struct atto_manage *manage);

/* ---- changing ---- */

#define ANY_OPERATION 0xffffu

/* Each takes the request's payload. Operations: bit n for those that are allowed, and then on view->component. */
void atto_take_envelope(struct atto_view *view);
void atto_take_command(struct atto_view *view, uint32_t operations);
/* A READ of what has this name, which lets the request read. False: it is refused. */
bool atto_take_read(struct atto_view *view, const char *name);
/* For a container's own resource. */
void atto_take_app(struct atto_view *view);

/* Calls an entry point. Returns as atto_engine_run, and ATTO_E_NOT_FOUND. */
enum atto_status atto_call_entry(const struct atto_manage *manage, struct atto_container *container, const char *name,
                                 void *context, uint32_t len, int64_t *value);

bool atto_same_bytes(const struct atto_span *a, const struct atto_span *b);

/* Answers with a code alone. limit: how long a payload may be, if that is why; or 0 */
void atto_view_code(struct atto_view *view, enum atto_coap_code code, uint32_t limit);

/* Refuses with the code and the diagnostic payload of a status. refusal, report: may be NULL. refusal->at: of
 * ATTO_E_SEQUENCE, the last number that was used */
void atto_refuse_with(struct atto_coap_reply *reply, enum atto_status status, const struct atto_refusal *refusal,
                      const struct atto_report *report);

#endif
