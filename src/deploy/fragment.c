/* Keys, rights and schedules in strings of something larger, see fragment.h: each is read by the one reader of its
 * kind, whose refusal is told as a place in the whole.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "deploy/fragment.h"

#include "atto/manifest.h"
#include "deploy/cose.h"

/* Members of a manifest. */
enum { MANIFEST_SCHEDULE = 7, MANIFEST_RIGHTS = 8 };
#define MAP_OF_ONE 0xa1u

bool atto_has_head(struct atto_cbor *cbor, enum atto_cbor_type type, uint32_t argument)
{
    uint32_t found;

    return atto_cbor_head(cbor, type, &found) && found == argument;
}

enum atto_status atto_known_key(struct atto_cbor *cbor, uint32_t known, uint32_t *next, enum atto_status otherwise)
{
    const uint32_t start = cbor->pos;
    uint32_t key;

    if (!atto_cbor_key(cbor, next, &key))
        return otherwise;
    if (key < 32u && (known & 1u << key) != 0)
        return ATTO_OK;
    cbor->pos = start;
    return ATTO_E_UNSUPPORTED;
}

/*@ requires readable(bytes.ptr, bytes.len) && \valid(refusal);
    requires \separated(refusal, bytes.ptr + (0 .. bytes.len - 1));
    terminates \true; exits \false; assigns *refusal; */
static enum atto_status read_manifest(struct atto_span bytes, uint32_t member, struct atto_refusal *refusal)
{
    struct atto_manifest manifest;

    if (bytes.len < 2 || bytes.ptr[0] != MAP_OF_ONE || bytes.ptr[1] != member)
        return atto_refuse(refusal, ATTO_E_MANIFEST, 0);
    return atto_manifest_parse(bytes, &manifest, refusal);
}

/*@ requires readable(bytes.ptr, bytes.len) && \valid(refusal);
    requires \separated(refusal, bytes.ptr + (0 .. bytes.len - 1));
    terminates \true; exits \false; assigns *refusal; */
static enum atto_status read_content(struct atto_span bytes, enum atto_command_arguments kind,
                                     struct atto_refusal *refusal)
{
    struct atto_key key;

    if (kind == ATTO_TAKES_KEY)
        return atto_key_read(bytes, &key, refusal);
    return read_manifest(bytes, kind == ATTO_TAKES_RIGHTS ? MANIFEST_RIGHTS : MANIFEST_SCHEDULE, refusal);
}

enum atto_status atto_fragment_read(struct atto_cbor *cbor, enum atto_command_arguments kind,
                                    struct atto_span *fragment)
{
    struct atto_refusal refusal = {ATTO_OK, 0};
    enum atto_status status;

    if (!atto_cbor_bytes(cbor, 0, UINT32_MAX, fragment))
        return ATTO_E_COMMAND;
    status = read_content(*fragment, kind, &refusal);
    if (status != ATTO_OK && refusal.at <= fragment->len)
        cbor->pos -= fragment->len - refusal.at;
    return status;
}

bool atto_component_read(struct atto_cbor *cbor, struct atto_component *component)
{
    uint32_t count;

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count < 1 || count > 2)
        return false;
    if (count == 2 && !atto_cbor_bytes(cbor, 1, ATTO_NAME_MAX, &component->tenant))
        return false;
    return atto_cbor_bytes(cbor, 1, ATTO_NAME_MAX, &component->container);
}
