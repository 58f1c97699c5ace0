/* Reader of TinyContainer metadata. CBOR lies in byte strings of CBOR there, three deep; each string is read by a
 * cursor of its own over the same bytes, so that positions always count from the start of the metadata. A cursor that
 * failed stands where it was refused. Endpoints stay where they are and are read again when somebody asks for one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/tinycontainer.h"

#include <stddef.h>

#include "base/cbor.h"
#include "image/formats.h"

/* Tags: a CWT, and what is in it. */
enum { TAG_MAC0 = 17, TAG_SIGN1 = 18, TAG_CWT = 61 };

/* Claims -65536 and -65537: their arguments. */
#define CLAIM_MASK 65535u
#define CLAIM_HASH 65536u

#define MASK_BYTES_MAX 4u
#define TAG_BYTES 9u

/* For contracts: the fields of a token, and of what the parts of the metadata fill. */
#define TOKEN_FIELDS(token)                                                                    \
    (token).payload.ptr, (token).payload.len, (token).claim.ptr, (token).claim.len,            \
        (token).signature.ptr, (token).signature.len, (token).mac
#define CONTAINER_FIELDS(tiny) \
    (tiny)->uid.ptr, (tiny)->uid.len, (tiny)->type, (tiny)->syscalls, TOKEN_FIELDS((tiny)->mask_token)
#define ENDPOINTS_FIELDS(tiny) (tiny)->endpoints.ptr, (tiny)->endpoints.len, (tiny)->endpoint_count
#define SCHEDULE_FIELDS(tiny)                                                                          \
    (tiny)->schedule.ptr, (tiny)->schedule.len, (tiny)->start_max_ms, (tiny)->loop_period_ms,          \
        (tiny)->loop_max_ms, (tiny)->loop_count, (tiny)->stop_max_ms
#define SECURITY_FIELDS(tiny)                                                                          \
    (tiny)->secured, SCHEDULE_FIELDS(tiny), TOKEN_FIELDS((tiny)->data_token),                          \
        TOKEN_FIELDS((tiny)->code_token), TOKEN_FIELDS((tiny)->metadata_token)

/* Is there an item of this type with exactly this argument? Else the cursor does not move. */
/*@ requires \valid(cbor) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos;
    ensures sound_reader(cbor);
    ensures \result ? cbor->pos > \old(cbor->pos) : cbor->pos == \old(cbor->pos); */
static bool take(struct atto_cbor *cbor, enum atto_cbor_type type, uint32_t argument)
{
    uint32_t start = cbor->pos, found;

    if (atto_cbor_head(cbor, type, &found) && found == argument)
        return true;
    cbor->pos = start;
    return false;
}

/* A number behind its key. */
/*@ requires \valid(cbor) && \valid(value) && \separated(cbor, value) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *value;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> *value <= max; */
static bool read_number(struct atto_cbor *cbor, uint32_t key, uint32_t max, uint32_t *value)
{
    return take(cbor, ATTO_CBOR_UINT, key) && atto_cbor_uint(cbor, max, value);
}

/* Begins to read the content of a byte string. The outer cursor then stands behind it. */
/*@ requires \valid(cbor) && \valid(content) && \separated(cbor, content) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, content->bytes, content->len, content->pos;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> sound_reader(content) && content->bytes == cbor->bytes && content->len == cbor->pos &&
                        content->pos > \old(cbor->pos); */
static bool enter(struct atto_cbor *cbor, struct atto_cbor *content)
{
    struct atto_span span;

    if (!atto_cbor_bytes(cbor, 1, UINT32_MAX, &span))
        return false;
    content->bytes = cbor->bytes;
    content->len = cbor->pos;
    content->pos = cbor->pos - span.len;
    return true;
}

/* Ends it: it must be used up. Where it is not fine, the outer cursor stands where the inner one was refused. */
/*@ requires \valid(cbor) && \valid_read(content) && \separated(cbor, content) && sound_reader(cbor);
    requires content->pos <= content->len <= cbor->len;
    terminates \true; exits \false; assigns cbor->pos;
    ensures sound_reader(cbor);
    ensures \result ==> fine && cbor->pos == \old(cbor->pos);
    ensures !\result ==> cbor->pos == content->pos; */
static bool leave(struct atto_cbor *cbor, const struct atto_cbor *content, bool fine)
{
    if (fine && content->pos == content->len)
        return true;
    cbor->pos = content->pos;
    return false;
}

/* A payload: a map with this claim alone, of `min` to `max` bytes. */
/*@ requires \valid(cbor) && \valid(token) && \separated(cbor, token) && sound_reader(cbor);
    requires min >= 1;
    terminates \true; exits \false;
    assigns cbor->pos, token->payload.ptr, token->payload.len, token->claim.ptr, token->claim.len;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> min <= token->claim.len <= max &&
                        inside(token->payload.ptr, token->payload.len, cbor->bytes, cbor->len) &&
                        inside(token->claim.ptr, token->claim.len, cbor->bytes, cbor->len); */
static bool read_payload(struct atto_cbor *cbor, uint32_t claim, uint32_t min, uint32_t max,
                         struct atto_tinycontainer_token *token)
{
    struct atto_cbor content;
    bool fine;

    if (!enter(cbor, &content))
        return false;
    token->payload.ptr = content.bytes + content.pos;
    token->payload.len = content.len - content.pos;
    fine = take(&content, ATTO_CBOR_MAP, 1) && take(&content, ATTO_CBOR_NEGATIVE, claim) &&
           atto_cbor_bytes(&content, min, max, &token->claim);
    return leave(cbor, &content, fine);
}

/* The tags of a token. Without any it is signed; that of a CWT stands before one of COSE (RFC 8392 section 6). */
/*@ requires \valid(cbor) && \valid(mac) && \separated(cbor, mac) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, *mac;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos); */
static bool read_tags(struct atto_cbor *cbor, bool *mac)
{
    bool cwt = take(cbor, ATTO_CBOR_TAG, TAG_CWT);

    *mac = take(cbor, ATTO_CBOR_TAG, TAG_MAC0);
    return *mac || take(cbor, ATTO_CBOR_TAG, TAG_SIGN1) || !cwt;
}

/* A token with this claim of `min` to `max` bytes, in a byte string. Both of its headers are empty. */
/*@ requires \valid(cbor) && \valid(token) && \separated(cbor, token) && sound_reader(cbor);
    requires 1 <= min && max <= ATTO_TINYCONTAINER_HASH_BYTES;
    terminates \true; exits \false; assigns cbor->pos, TOKEN_FIELDS(*token);
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> min <= token->claim.len <= max && sound_token(token, cbor->bytes, cbor->len); */
static bool read_token(struct atto_cbor *cbor, uint32_t claim, uint32_t min, uint32_t max,
                       struct atto_tinycontainer_token *token)
{
    struct atto_cbor content;
    uint32_t signature_bytes = ATTO_TINYCONTAINER_SIGNATURE_BYTES;
    bool fine;

    if (!enter(cbor, &content))
        return false;
    fine = read_tags(&content, &token->mac);
    if (token->mac)
        signature_bytes = ATTO_TINYCONTAINER_HASH_BYTES;
    fine = fine && take(&content, ATTO_CBOR_ARRAY, 4) && take(&content, ATTO_CBOR_BYTES, 0) &&
           take(&content, ATTO_CBOR_MAP, 0) && read_payload(&content, claim, min, max, token) &&
           atto_cbor_bytes(&content, signature_bytes, signature_bytes, &token->signature);
    return leave(cbor, &content, fine);
}

/*@ requires \valid(cbor) && \valid(token) && \separated(cbor, token) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, TOKEN_FIELDS(*token);
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> sound_hash_token(token, cbor->bytes, cbor->len); */
static bool read_hash_token(struct atto_cbor *cbor, struct atto_tinycontainer_token *token)
{
    return read_token(cbor, CLAIM_HASH, ATTO_TINYCONTAINER_HASH_BYTES, ATTO_TINYCONTAINER_HASH_BYTES, token);
}

/* The number that these bytes are, most significant first. */
/*@ requires len <= MASK_BYTES_MAX && readable(bytes, len);
    terminates \true; exits \false; assigns \nothing; */
static uint32_t mask_of(const uint8_t *bytes, uint32_t len)
{
    uint32_t mask = 0;

    /*@ loop invariant 0 <= i <= len; loop assigns i, mask; loop variant len - i; */
    for (uint32_t i = 0; i < len; i++)
        mask = mask << 8 | bytes[i];
    return mask;
}

/*@ requires \valid(cbor) && \valid(tiny) && \separated(cbor, tiny) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, CONTAINER_FIELDS(tiny);
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> sound_container(tiny, cbor->bytes, cbor->len); */
static bool read_container(struct atto_cbor *cbor, struct atto_tinycontainer *tiny)
{
    struct atto_cbor content;
    bool fine;

    if (!enter(cbor, &content))
        return false;
    fine = take(&content, ATTO_CBOR_MAP, 3) && take(&content, ATTO_CBOR_UINT, 1) &&
           atto_cbor_bytes(&content, 1, ATTO_TINYCONTAINER_UID_MAX, &tiny->uid) &&
           read_number(&content, 2, ATTO_TINYCONTAINER_TYPE_MAX, &tiny->type) && take(&content, ATTO_CBOR_UINT, 3) &&
           read_token(&content, CLAIM_MASK, 1, MASK_BYTES_MAX, &tiny->mask_token);
    if (fine)
        tiny->syscalls = mask_of(tiny->mask_token.claim.ptr, tiny->mask_token.claim.len);
    return leave(cbor, &content, fine);
}

/* The peer's uid, key 3, which a peer that is a container must have. */
/*@ requires \valid(cbor) && \valid(endpoint) && \separated(cbor, endpoint) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, endpoint->peer_uid.ptr, endpoint->peer_uid.len;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> endpoint->peer_uid.len <= ATTO_TINYCONTAINER_UID_MAX &&
        inside(endpoint->peer_uid.ptr, endpoint->peer_uid.len, cbor->bytes, cbor->len); */
static bool read_peer_uid(struct atto_cbor *cbor, bool there, struct atto_tinycontainer_endpoint *endpoint)
{
    endpoint->peer_uid.ptr = NULL;
    endpoint->peer_uid.len = 0;
    if (!there)
        return endpoint->peer != ATTO_TINYCONTAINER_CONTAINER;
    return take(cbor, ATTO_CBOR_UINT, 3) && atto_cbor_bytes(cbor, 1, ATTO_TINYCONTAINER_UID_MAX, &endpoint->peer_uid);
}

/*@ requires \valid(cbor) && \valid(endpoint) && \separated(cbor, endpoint) && sound_reader(cbor);
    terminates \true; exits \false;
    assigns cbor->pos, endpoint->id, endpoint->peer, endpoint->peer_uid.ptr, endpoint->peer_uid.len,
            endpoint->peer_endpoint, endpoint->direction, endpoint->at;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> sound_endpoint(endpoint, cbor->bytes, cbor->len); */
static bool read_endpoint(struct atto_cbor *cbor, struct atto_tinycontainer_endpoint *endpoint)
{
    bool with_uid;

    endpoint->at = cbor->pos;
    with_uid = take(cbor, ATTO_CBOR_MAP, 5);
    return (with_uid || take(cbor, ATTO_CBOR_MAP, 4)) && read_number(cbor, 1, UINT32_MAX, &endpoint->id) &&
           read_number(cbor, 2, ATTO_TINYCONTAINER_REMOTE, &endpoint->peer) &&
           read_peer_uid(cbor, with_uid, endpoint) && read_number(cbor, 4, UINT32_MAX, &endpoint->peer_endpoint) &&
           read_number(cbor, 5, ATTO_TINYCONTAINER_BOTH, &endpoint->direction);
}

/* Is there an endpoint with this id among the first `count`, from where `first` stands? */
/*@ requires \valid_read(first) && sound_reader(first);
    terminates \true; exits \false; assigns \nothing; */
static bool has_endpoint(const struct atto_cbor *first, uint32_t count, uint32_t id)
{
    struct atto_cbor cbor = {first->bytes, first->len, first->pos};
    struct atto_tinycontainer_endpoint endpoint;

    /*@ loop invariant 0 <= i <= count && sound_reader(&cbor);
        loop assigns i, cbor.pos, endpoint; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        if (!read_endpoint(&cbor, &endpoint))
            return false;
        if (endpoint.id == id)
            return true;
    }
    return false;
}

/* `count` endpoints, all with different ids. Refused is an endpoint that is there already at its start. */
/*@ requires \valid(cbor) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos;
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos); */
static bool read_different(struct atto_cbor *cbor, uint32_t count)
{
    struct atto_cbor first = {cbor->bytes, cbor->len, cbor->pos};
    struct atto_tinycontainer_endpoint endpoint;

    /*@ loop invariant 0 <= i <= count && sound_reader(cbor) && sound_reader(&first);
        loop invariant first.pos == \at(cbor->pos, Pre) && first.pos <= cbor->pos;
        loop assigns i, cbor->pos, endpoint; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t start = cbor->pos;

        if (!read_endpoint(cbor, &endpoint))
            return false;
        if (has_endpoint(&first, i, endpoint.id)) {
            cbor->pos = start;
            return false;
        }
    }
    return true;
}

/*@ requires \valid(cbor) && \valid(tiny) && \separated(cbor, tiny) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, ENDPOINTS_FIELDS(tiny);
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> sound_endpoints(tiny, cbor->bytes, cbor->len); */
static bool read_endpoints(struct atto_cbor *cbor, struct atto_tinycontainer *tiny)
{
    struct atto_cbor content;
    uint32_t count, start;
    bool fine;

    if (!enter(cbor, &content))
        return false;
    start = content.pos;
    if (!atto_cbor_head(&content, ATTO_CBOR_ARRAY, &count) || count > ATTO_TINYCONTAINER_ENDPOINTS_MAX) {
        content.pos = start;
        return leave(cbor, &content, false);
    }
    start = content.pos;
    fine = read_different(&content, count);
    tiny->endpoints.ptr = content.bytes + start;
    tiny->endpoints.len = content.pos - start;
    tiny->endpoint_count = count;
    return leave(cbor, &content, fine);
}

/* The five numbers of the schedule. */
/*@ requires \valid(cbor) && \valid(tiny) && \separated(cbor, tiny) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, SCHEDULE_FIELDS(tiny);
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures inside(tiny->schedule.ptr, tiny->schedule.len, cbor->bytes, cbor->len); */
static bool read_schedule(struct atto_cbor *cbor, struct atto_tinycontainer *tiny)
{
    uint32_t start = cbor->pos;
    bool fine = atto_cbor_uint(cbor, UINT32_MAX, &tiny->start_max_ms) &&
                atto_cbor_uint(cbor, UINT32_MAX, &tiny->loop_period_ms) &&
                atto_cbor_uint(cbor, UINT32_MAX, &tiny->loop_max_ms) &&
                atto_cbor_uint(cbor, UINT32_MAX, &tiny->loop_count) &&
                atto_cbor_uint(cbor, UINT32_MAX, &tiny->stop_max_ms);

    tiny->schedule.ptr = cbor->bytes + start;
    tiny->schedule.len = cbor->pos - start;
    return fine;
}

/* The metadata's token comes last, so that what its hash leaves out is the end of the metadata. */
/*@ requires \valid(cbor) && \valid(tiny) && \separated(cbor, tiny) && sound_reader(cbor);
    terminates \true; exits \false; assigns cbor->pos, SECURITY_FIELDS(tiny);
    ensures sound_reader(cbor) && cbor->pos >= \old(cbor->pos);
    ensures \result ==> tiny->secured && sound_security(tiny, cbor->bytes, cbor->len); */
static bool read_security(struct atto_cbor *cbor, struct atto_tinycontainer *tiny)
{
    struct atto_cbor content;
    bool fine;

    if (!enter(cbor, &content))
        return false;
    fine = take(&content, ATTO_CBOR_ARRAY, 8) && read_schedule(&content, tiny) &&
           read_hash_token(&content, &tiny->data_token) && read_hash_token(&content, &tiny->code_token) &&
           read_hash_token(&content, &tiny->metadata_token);
    tiny->secured = fine;
    return leave(cbor, &content, fine);
}

/*@ requires \valid(token);
    terminates \true; exits \false; assigns TOKEN_FIELDS(*token); */
static void clear_token(struct atto_tinycontainer_token *token)
{
    token->payload.ptr = token->claim.ptr = token->signature.ptr = NULL;
    token->payload.len = token->claim.len = token->signature.len = 0;
    token->mac = false;
}

/*@ requires \valid(tiny);
    terminates \true; exits \false; assigns *tiny;
    ensures tiny->bytes.ptr == bytes.ptr && tiny->bytes.len == bytes.len;
    ensures tiny->endpoint_count == 0 && tiny->endpoints.len == 0 && tiny->schedule.len == 0 && !tiny->secured; */
static void clear(struct atto_tinycontainer *tiny, struct atto_span bytes)
{
    clear_token(&tiny->mask_token);
    clear_token(&tiny->data_token);
    clear_token(&tiny->code_token);
    clear_token(&tiny->metadata_token);
    tiny->uid.ptr = tiny->endpoints.ptr = tiny->schedule.ptr = NULL;
    tiny->uid.len = tiny->endpoints.len = tiny->schedule.len = 0;
    tiny->type = tiny->syscalls = tiny->endpoint_count = 0;
    tiny->start_max_ms = tiny->loop_period_ms = tiny->loop_max_ms = tiny->loop_count = tiny->stop_max_ms = 0;
    tiny->secured = false;
    tiny->bytes.ptr = bytes.ptr;
    tiny->bytes.len = bytes.len;
}

bool atto_tinycontainer_is(const uint8_t *bytes, uint32_t len)
{
    return len >= TAG_BYTES && bytes[0] == 0xdb && bytes[1] == 'T' && bytes[2] == 'i' && bytes[3] == 'n' &&
           bytes[4] == 'y' && bytes[5] == 'P' && bytes[6] == 'A' && bytes[7] == 'R' && bytes[8] == 'T';
}

/* The map behind the tag: the container, and then, if they are there, endpoints and security. */
/*@ requires \valid(cbor) && \valid(tiny) && \separated(cbor, tiny) && sound_reader(cbor);
    requires tiny->endpoint_count == 0 && tiny->endpoints.len == 0 && tiny->schedule.len == 0 && !tiny->secured;
    terminates \true; exits \false;
    assigns cbor->pos, CONTAINER_FIELDS(tiny), ENDPOINTS_FIELDS(tiny), SECURITY_FIELDS(tiny);
    ensures sound_reader(cbor);
    ensures \result ==> sound_container(tiny, cbor->bytes, cbor->len);
    ensures \result ==> sound_endpoints(tiny, cbor->bytes, cbor->len);
    ensures \result ==>
        (tiny->secured ? sound_security(tiny, cbor->bytes, cbor->len) : tiny->schedule.len == 0); */
static bool read_map(struct atto_cbor *cbor, struct atto_tinycontainer *tiny)
{
    uint32_t start = cbor->pos, left;

    if (!atto_cbor_head(cbor, ATTO_CBOR_MAP, &left) || left == 0 || left > 3) {
        cbor->pos = start;
        return false;
    }
    if (!take(cbor, ATTO_CBOR_UINT, 1) || !read_container(cbor, tiny))
        return false;
    left--;
    if (left > 0 && take(cbor, ATTO_CBOR_UINT, 2)) {
        if (!read_endpoints(cbor, tiny))
            return false;
        left--;
    }
    if (left > 0 && take(cbor, ATTO_CBOR_UINT, 3)) {
        if (!read_security(cbor, tiny))
            return false;
        left--;
    }
    return left == 0 && cbor->pos == cbor->len;
}

enum atto_status atto_tinycontainer_parse(struct atto_span bytes, struct atto_tinycontainer *tiny,
                                          struct atto_refusal *refusal)
{
    struct atto_cbor cbor = {bytes.ptr, bytes.len, TAG_BYTES};

    clear(tiny, bytes);
    if (!atto_tinycontainer_is(bytes.ptr, bytes.len))
        return atto_refuse(refusal, ATTO_E_MANIFEST, 0);
    if (!read_map(&cbor, tiny))
        return atto_refuse(refusal, ATTO_E_MANIFEST, cbor.pos);
    return ATTO_OK;
}

enum atto_status atto_tinycontainer_endpoint(const struct atto_tinycontainer *tiny, uint32_t index,
                                             struct atto_tinycontainer_endpoint *endpoint)
{
    struct atto_cbor cbor = {tiny->endpoints.ptr, tiny->endpoints.len, 0};

    if (index >= tiny->endpoint_count)
        return ATTO_E_NOT_FOUND;
    /*@ loop invariant 0 <= i <= index + 1 && sound_reader(&cbor);
        loop invariant i > 0 ==> sound_endpoint(endpoint, cbor.bytes, cbor.len);
        loop assigns i, cbor.pos, endpoint->id, endpoint->peer, endpoint->peer_uid.ptr, endpoint->peer_uid.len,
                     endpoint->peer_endpoint, endpoint->direction, endpoint->at;
        loop variant index - i; */
    for (uint32_t i = 0; i <= index; i++) {
        if (!read_endpoint(&cbor, endpoint))
            return ATTO_E_NOT_FOUND;
    }
    return ATTO_OK;
}
