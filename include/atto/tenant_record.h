/* A tenant as the owner enrols it and as a device keeps it: who it is, with which key it signs, and the ceilings of all its
 * containers together. CBOR; docs/SPEC.md has the CDDL. The bytes of an enrolment are stored as they came.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_TENANT_RECORD_H
#define ATTO_TENANT_RECORD_H

#include <stdint.h>

#include "atto/cose.h"
#include "atto/span.h"
#include "atto/status.h"

/* A record that was read: spans into its bytes. Ceilings are as in struct atto_tenant (atto/tenant.h). */
struct atto_tenant_record {
    uint32_t id;               /* 1 to ATTO_TENANTS_MAX */
    struct atto_span name;     /* UTF-8, 1 to ATTO_NAME_MAX bytes */
    struct atto_span key;      /* a COSE_Key, for atto_key_read */
    uint32_t ram_bytes;        /* 0: no limit */
    uint32_t fuel_per_s;       /* 0: no limit */
    uint32_t priority_first;   /* 0 to 15 */
    uint32_t store_bytes;      /* at most 65535; 0: none */
    struct atto_span rights;   /* a manifest with rights alone, for atto_manifest_parse; empty: none */
    uint32_t components;       /* names of containers, removed ones included; 0: no limit */
};

/*@ predicate sound_record(struct atto_tenant_record *record, uint8_t *bytes, integer len) =
        inside(record->name.ptr, record->name.len, bytes, len) &&
        inside(record->key.ptr, record->key.len, bytes, len) &&
        inside(record->rights.ptr, record->rights.len, bytes, len) &&
        record->id <= 254 && record->priority_first <= 15 && record->store_bytes <= 0xffff; */

/* Reads a record. Refused are keys of the map that are unknown, missing, doubled or out of order, values out of range, a
 * COSE_Key that atto_key_read refuses, rights that atto_manifest_parse refuses.
 * record: points into `bytes`
 * refusal: where, in bytes; may be NULL
 * Returns ATTO_OK, ATTO_E_TENANT, ATTO_E_MANIFEST (the rights), or as atto_key_read. */
/*@ requires readable(bytes.ptr, bytes.len) && \valid(record) && (refusal == \null || \valid(refusal));
    requires \separated(record, refusal, bytes.ptr + (0 .. bytes.len - 1));
    terminates \true; exits \false; assigns *record, *refusal;
    ensures \result == ATTO_OK ==> record->id >= 1 && sound_record(record, bytes.ptr, bytes.len); */
enum atto_status atto_tenant_record_read(struct atto_span bytes, struct atto_tenant_record *record,
                                         struct atto_refusal *refusal);

/* Writes a record, with fields within their ranges. Returns its length; if that is over `capacity`, what is in `bytes` is
 * of no use. */
uint32_t atto_tenant_record_write(const struct atto_tenant_record *record, uint8_t *bytes, uint32_t capacity);

#endif
