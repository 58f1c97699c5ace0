/* A device with its resources, and its clients, see manage_world.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "manage_world.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

struct manage_world mw;

/* ---- the device ---- */

static void fill_random(void *user, uint8_t *bytes, uint32_t len)
{
    (void)user;
    memset(bytes, 7, len);
}

/* Takes a datagram apart. */
static void take_apart(void)
{
    struct atto_coap_options options = atto_coap_options_of(&mw.message);
    struct atto_coap_option option;
    mw.format = mw.max_age_s = mw.block1 = mw.block2 = mw.size1 = mw.observe = UINT32_MAX;
    while (atto_coap_next(&options, &option)) {
        uint32_t value = atto_coap_uint(option.value);
        switch (option.number) {
        case ATTO_COAP_CONTENT_FORMAT: mw.format = value; break;
        case ATTO_COAP_MAX_AGE: mw.max_age_s = value; break;
        case ATTO_COAP_BLOCK1: mw.block1 = value; break;
        case ATTO_COAP_BLOCK2: mw.block2 = value; break;
        case ATTO_COAP_SIZE1: mw.size1 = value; break;
        case ATTO_COAP_OBSERVE: mw.observe = value; break;
        default: break;
        }
    }
}

static void transmit(void *user, const struct atto_coap_peer *peer, const uint8_t *bytes, uint32_t len)
{
    (void)user;
    mw.sent++;
    mw.to = peer->bytes[0];
    if (len > sizeof mw.datagram)
        abort();
    memcpy(mw.datagram, bytes, len);
    if (atto_coap_read(mw.datagram, len, &mw.message) != ATTO_OK)
        abort();
    take_apart();
}

static void serve(void)
{
    memset(&mw, 0, sizeof mw);
    dw.config.call = atto_manage_call;
    dw.config.user = &mw.manage;
    mw.port = dw.world.port;
    mw.port.random = fill_random;
    mw.config = (struct atto_manage_config){
        .deploy = &dw.deploy, .server = &mw.server, .name = "a device", .version = "1.2", .reading_is_open = true,
        .seen = mw.seen,
    };
    mw.server_config = (struct atto_coap_config){
        .port = &mw.port, .send = transmit, .handle = atto_manage_handle, .abandon = atto_manage_abandon,
        .user = &mw.manage, .out = mw.out, .out_bytes = sizeof mw.out, .exchanges = mw.exchanges,
        .observers = mw.observers, .transfers = mw.transfers, .exchange_count = 6, .observer_count = 3,
        .transfer_count = 2,
    };
    EQUAL(atto_coap_server_init(&mw.server, &mw.server_config), ATTO_OK);
    atto_manage_init(&mw.manage, &mw.config);
}

void manage_begin_empty(void)
{
    deploy_begin();
    EQUAL(deploy_enrol(), ATTO_OK);
    serve();
}

void manage_begin(void)
{
    manage_begin_empty();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_SERVED), ATTO_OK);
    manage_run(10);
}

void manage_reset(void)
{
    EQUAL(deploy_reset(0, TEAR_NOTHING), ATTO_OK);
    serve();
}

void manage_run(uint32_t ms)
{
    uint64_t until_us = world_now(&dw.world) + ms * (uint64_t)1000u;
    uint32_t step_us = ms > 250u ? ms * 20u : 5000u;
    while (world_now(&dw.world) < until_us) {
        atto_manage_tick(&mw.manage);
        uint64_t next_us = world_now(&dw.world) + step_us;
        world_run(&dw.world, next_us < until_us ? next_us : until_us);
    }
    atto_manage_tick(&mw.manage);
    EQUAL(dw.world.lock_errors, 0);
}

/* ---- clients ---- */

static void put_path(struct atto_coap_writer *writer, const char *path)
{
    while (*path != '\0' && *path != '?') {
        uint32_t len = (uint32_t)strcspn(path, "/?");
        atto_coap_put(writer, ATTO_COAP_URI_PATH, path, len);
        path += len;
        path += *path == '/';
    }
}

uint32_t manage_ask(const struct manage_ask *ask)
{
    static uint8_t bytes[1400]; /* a long one is another thing's trouble */
    struct atto_coap_writer writer = { bytes, sizeof bytes, 0, 0 };
    struct atto_coap_peer peer = { { ask->client } };
    uint8_t token = (uint8_t)(0x30 + ask->client);
    uint32_t sent = mw.sent;
    const char *query = strchr(ask->path, '?');
    uint16_t id = ++mw.next_id;
    atto_coap_begin(&writer, ATTO_COAP_CON, ask->method, id, &token, 1);
    if (ask->observe != 0u)
        atto_coap_put_uint(&writer, ATTO_COAP_OBSERVE, ask->observe - 1u);
    put_path(&writer, ask->path);
    if (ask->format != 0u)
        atto_coap_put_uint(&writer, ATTO_COAP_CONTENT_FORMAT, ask->format - 1u);
    if (query != NULL)
        atto_coap_put(&writer, ATTO_COAP_URI_QUERY, query + 1, (uint32_t)strlen(query + 1));
    if (ask->block2 != 0u)
        atto_coap_put_uint(&writer, ATTO_COAP_BLOCK2, ask->block2 - 1u);
    if (ask->block1 != 0u)
        atto_coap_put_uint(&writer, ATTO_COAP_BLOCK1, ask->block1 - 1u);
    atto_coap_put_payload(&writer, ask->payload, ask->len);
    atto_coap_server_input(&mw.server, &peer, bytes, writer.len);
    mw.whole_len = 0;
    if (mw.sent == sent)
        return 0;
    if (mw.sent != sent + 1u || mw.to != ask->client || mw.message.id != id || mw.message.type != ATTO_COAP_ACK)
        harness_fail(__FILE__, __LINE__, "one answer to one request");
    return mw.message.code;
}

uint32_t manage_get(const char *path)
{
    uint32_t len = 0, code;
    for (uint32_t number = 0;; number++) {
        code = ASK(.method = ATTO_COAP_GET, .path = path, .block2 = (number << 4 | 4u) + 1u);
        if (code != ATTO_COAP_CONTENT || len + mw.message.payload.len > sizeof mw.whole)
            break;
        memcpy(mw.whole + len, mw.message.payload.ptr, mw.message.payload.len);
        len += mw.message.payload.len;
        if (mw.block2 == UINT32_MAX || (mw.block2 & 8u) == 0u)
            break;
    }
    mw.whole_len = len;
    return code;
}

uint32_t manage_send_block(uint8_t client, const char *path, const void *payload, uint32_t len, uint32_t szx,
                           uint32_t at)
{
    uint32_t size = 16u << szx, piece = len - at > size ? size : len - at, more = len - at > size;
    return ASK(.client = client, .method = ATTO_COAP_POST, .path = path, .payload = (const uint8_t *)payload + at,
               .len = piece, .block1 = ((at / size) << 4 | more << 3 | szx) + 1u);
}

uint32_t manage_send(uint8_t client, const char *path, const void *payload, uint32_t len, uint32_t szx)
{
    uint32_t code = 0;
    for (uint32_t at = 0; at < len; at += 16u << szx) {
        code = manage_send_block(client, path, payload, len, szx, at);
        if (code != ATTO_COAP_CONTINUE)
            break;
    }
    return code;
}

uint32_t manage_order(const char *path, uint8_t method, const char *tenant, enum atto_command_operation operation,
                      const char *owner, const char *container, const void *more, uint32_t len)
{
    uint8_t arguments[256], bytes[ATTO_COMMAND_MAX];
    uint32_t at = deploy_arguments(operation, owner, container, more, len, arguments);
    uint32_t total = deploy_sign(tenant, deploy_key(tenant), arguments, at, bytes);
    uint32_t code = ASK(.method = method, .path = path, .format = ATTO_COAP_FORMAT_COSE_SIGN1 + 1u, .payload = bytes,
                        .len = total);
    dw.counter++;
    return code;
}

uint32_t manage_read(const char *path, const char *name, const char *tenant, const struct atto_key *key)
{
    uint8_t arguments[64] = { 5, ATTO_COMMAND_READ, 6, 0x81, (uint8_t)(0x60u + strlen(name)) };
    uint8_t bytes[ATTO_COMMAND_MAX];
    memcpy(arguments + 5, name, strlen(name));
    uint32_t len = deploy_sign(tenant, key, arguments, 5u + (uint32_t)strlen(name), bytes);
    return ASK(.method = ATTO_COAP_FETCH, .path = path, .format = ATTO_COAP_FORMAT_COSE_SIGN1 + 1u, .payload = bytes,
               .len = len);
}

bool manage_says(const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    return mw.format == UINT32_MAX && mw.message.payload.len >= len &&
           memcmp(mw.message.payload.ptr, text, len) == 0 &&
           (mw.message.payload.len == len || mw.message.payload.ptr[len] == ' ');
}

/* ---- looking at CBOR ---- */

struct item {
    uint32_t type;
    uint64_t argument;
    const uint8_t *behind; /* the head; NULL: it is not sound */
};

static const uint8_t *begin_of(void)
{
    return mw.whole_len != 0u ? mw.whole : mw.message.payload.ptr;
}

static const uint8_t *end_of(void)
{
    return mw.whole_len != 0u ? mw.whole + mw.whole_len : mw.message.payload.ptr + mw.message.payload.len;
}

static struct item head_at(const uint8_t *at)
{
    struct item item = { 8, 0, NULL };
    if (at == NULL || at >= end_of())
        return item;
    uint32_t info = *at & 31u, bytes = info < 24u ? 0u : 1u << (info - 24u);
    if (info > 27u || (uint32_t)(end_of() - at) < 1u + bytes)
        return item;
    uint64_t argument = info;
    for (uint32_t i = 0; i < bytes; i++)
        argument = (i == 0u ? 0u : argument << 8) | at[1u + i];
    if (bytes != 0u && argument < (bytes == 1u ? 24u : bytes == 2u ? 0x100u : bytes == 4u ? 0x10000u : 0x100000000u))
        return item; /* not the shortest form */
    return (struct item){ (uint32_t)*at >> 5, argument, at + 1u + bytes };
}

/* Behind a whole item. */
static const uint8_t *skip(const uint8_t *at)
{
    uint64_t items = 1;
    while (items-- != 0u) {
        struct item item = head_at(at);
        if (item.behind == NULL)
            return NULL;
        at = item.behind;
        if (item.type == 2u || item.type == 3u) {
            if ((uint64_t)(end_of() - at) < item.argument)
                return NULL;
            at += item.argument;
        } else if (item.type == 4u || item.type == 5u) {
            items += item.argument * (item.type - 3u);
        } else if (item.type == 6u) {
            items++;
        }
    }
    return at;
}

bool look_is_sound(void)
{
    return skip(begin_of()) == end_of();
}

int64_t look_number(const uint8_t *at)
{
    struct item item = head_at(at);
    if (item.behind == NULL || (item.type > 1u && item.type != 7u))
        return INT64_MIN;
    return item.type == 1u ? -1 - (int64_t)item.argument : (int64_t)item.argument;
}

int32_t look_count(const uint8_t *at)
{
    struct item item = head_at(at);
    return item.behind != NULL && (item.type == 4u || item.type == 5u) ? (int32_t)item.argument : -1;
}

const uint8_t *look(const int32_t *keys)
{
    const uint8_t *at = begin_of();
    for (; *keys != LOOK_END && at != NULL; keys++) {
        struct item item = head_at(at);
        if (item.behind == NULL || (item.type != 4u && item.type != 5u))
            return NULL;
        at = item.behind;
        bool found = false;
        for (uint64_t i = 0; i < item.argument && at != NULL && !found; i++) {
            if (item.type == 4u) {
                found = i == (uint64_t)(int64_t)*keys;
            } else {
                found = look_number(at) == *keys;
                at = skip(at);
            }
            if (!found)
                at = skip(at);
        }
        if (!found)
            return NULL;
    }
    return at;
}

bool look_bytes(const uint8_t *at, const void *bytes, uint32_t len)
{
    struct item item = head_at(at);
    return item.behind != NULL && (item.type == 2u || item.type == 3u) && item.argument == len &&
           (uint64_t)(end_of() - item.behind) >= len && memcmp(item.behind, bytes, len) == 0;
}

bool look_text(const uint8_t *at, const char *text)
{
    return look_bytes(at, text, (uint32_t)strlen(text)) && head_at(at).type == 3u;
}
