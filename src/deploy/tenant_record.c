/* Tenant records, see atto/tenant_record.h. A record is a map; what is in a string of it is read by the reader of its
 * kind, so that a record that was accepted can be used to its end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/tenant_record.h"

#include "atto/manifest.h"
#include "atto/tenant.h"
#include "deploy/cose.h"
#include "deploy/fragment.h"

enum {
    RECORD_ID = 1,
    RECORD_NAME = 2,
    RECORD_KEY = 3,
    RECORD_RAM = 4,
    RECORD_FUEL = 5,
    RECORD_PRIORITY = 6,
    RECORD_STORE = 7,
    RECORD_RIGHTS = 8,
    RECORD_COMPONENTS = 9
};
#define KNOWN (((1u << RECORD_COMPONENTS) - 1u) * 2u) /* bits of all of them */
#define STORE_BYTES_MAX 0xffffu

/*@ requires \valid(cbor) && \valid(record) && \separated(cbor, record) && sound_reader(cbor);
    requires sound_record(record, cbor->bytes, cbor->len);
    terminates \true; exits \false;
    assigns cbor->pos, record->id, record->name.ptr, record->name.len, record->key.ptr, record->key.len,
            record->ram_bytes, record->fuel_per_s, record->priority_first, record->store_bytes, record->rights.ptr,
            record->rights.len, record->components;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> sound_record(record, cbor->bytes, cbor->len); */
static enum atto_status read_field(struct atto_cbor *cbor, uint32_t label, struct atto_tenant_record *record)
{
    bool fine;

    switch (label) {
    case RECORD_ID:
        fine = atto_cbor_uint(cbor, ATTO_TENANTS_MAX, &record->id);
        break;
    case RECORD_NAME:
        fine = atto_cbor_text(cbor, 1, ATTO_NAME_MAX, &record->name);
        break;
    case RECORD_KEY:
        return atto_fragment_read(cbor, ATTO_TAKES_KEY, &record->key);
    case RECORD_RAM:
        fine = atto_cbor_uint(cbor, UINT32_MAX, &record->ram_bytes);
        break;
    case RECORD_FUEL:
        fine = atto_cbor_uint(cbor, UINT32_MAX, &record->fuel_per_s);
        break;
    case RECORD_PRIORITY:
        fine = atto_cbor_uint(cbor, ATTO_PRIORITIES - 1u, &record->priority_first);
        break;
    case RECORD_STORE:
        fine = atto_cbor_uint(cbor, STORE_BYTES_MAX, &record->store_bytes);
        break;
    case RECORD_RIGHTS:
        return atto_fragment_read(cbor, ATTO_TAKES_RIGHTS, &record->rights);
    default:
        fine = atto_cbor_uint(cbor, UINT32_MAX, &record->components);
        break;
    }
    return fine ? ATTO_OK : ATTO_E_TENANT;
}

/*@ requires \valid(cbor) && \valid(record) && \separated(cbor, record) && sound_reader(cbor);
    requires sound_record(record, cbor->bytes, cbor->len);
    terminates \true; exits \false;
    assigns cbor->pos, record->id, record->name.ptr, record->name.len, record->key.ptr, record->key.len,
            record->ram_bytes, record->fuel_per_s, record->priority_first, record->store_bytes, record->rights.ptr,
            record->rights.len, record->components;
    ensures sound_reader(cbor);
    ensures \result == ATTO_OK ==> record->id >= 1 && sound_record(record, cbor->bytes, cbor->len); */
static enum atto_status read_record(struct atto_cbor *cbor, struct atto_tenant_record *record)
{
    uint32_t count, next = 0;
    enum atto_status status;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &count))
        return ATTO_E_TENANT;
    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && sound_record(record, cbor->bytes, cbor->len);
        loop assigns i, next, status, cbor->pos, record->id, record->name.ptr, record->name.len, record->key.ptr,
            record->key.len, record->ram_bytes, record->fuel_per_s, record->priority_first,
            record->store_bytes, record->rights.ptr, record->rights.len, record->components;
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        status = atto_known_key(cbor, KNOWN, &next, ATTO_E_TENANT);
        if (status == ATTO_OK)
            status = read_field(cbor, next - 1u, record);
        if (status != ATTO_OK)
            return status;
    }
    /* What is there is not empty, for its reader has accepted it. */
    if (record->id == 0 || record->name.len == 0 || record->key.len == 0 || cbor->pos != cbor->len)
        return ATTO_E_TENANT;
    return ATTO_OK;
}

/*@ requires \valid(record);
    terminates \true; exits \false; assigns *record;
    ensures record->id == 0 && record->name.len == 0 && record->key.len == 0 && record->rights.len == 0 &&
            record->ram_bytes == 0 && record->fuel_per_s == 0 && record->priority_first == 0 &&
            record->store_bytes == 0 && record->components == 0; */
static void clear(struct atto_tenant_record *record)
{
    record->id = record->ram_bytes = record->fuel_per_s = record->priority_first = record->store_bytes =
        record->components = 0;
    record->name.ptr = record->key.ptr = record->rights.ptr = NULL;
    record->name.len = record->key.len = record->rights.len = 0;
}

enum atto_status atto_tenant_record_read(struct atto_span bytes, struct atto_tenant_record *record,
                                         struct atto_refusal *refusal)
{
    struct atto_cbor cbor = {bytes.ptr, bytes.len, 0};
    enum atto_status status;

    clear(record);
    status = read_record(&cbor, record);
    return status == ATTO_OK ? ATTO_OK : atto_refuse(refusal, status, cbor.pos);
}

static void put_number(struct atto_cbor_writer *writer, uint32_t label, uint32_t number)
{
    if (number == 0)
        return;
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, label);
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, number);
}

static void put_string(struct atto_cbor_writer *writer, uint32_t label, enum atto_cbor_type type,
                       struct atto_span string)
{
    if (string.len == 0)
        return;
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, label);
    atto_cbor_put_string(writer, type, string.ptr, string.len);
}

uint32_t atto_tenant_record_write(const struct atto_tenant_record *record, uint8_t *bytes, uint32_t capacity)
{
    struct atto_cbor_writer writer = {bytes, capacity, 0};
    uint32_t count = 3u + (record->ram_bytes != 0) + (record->fuel_per_s != 0) + (record->priority_first != 0) +
                     (record->store_bytes != 0) + (record->rights.len != 0) + (record->components != 0);

    atto_cbor_put_head(&writer, ATTO_CBOR_MAP, count);
    put_number(&writer, RECORD_ID, record->id);
    put_string(&writer, RECORD_NAME, ATTO_CBOR_TEXT, record->name);
    put_string(&writer, RECORD_KEY, ATTO_CBOR_BYTES, record->key);
    put_number(&writer, RECORD_RAM, record->ram_bytes);
    put_number(&writer, RECORD_FUEL, record->fuel_per_s);
    put_number(&writer, RECORD_PRIORITY, record->priority_first);
    put_number(&writer, RECORD_STORE, record->store_bytes);
    put_string(&writer, RECORD_RIGHTS, ATTO_CBOR_BYTES, record->rights);
    put_number(&writer, RECORD_COMPONENTS, record->components);
    return writer.len;
}
