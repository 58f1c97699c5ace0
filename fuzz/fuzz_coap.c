/* Fuzz target: bytes as datagrams, each behind one byte that says from which of four peers it is, how much time goes by
 * and how long it is, given to a CoAP server with a handler of everything that there is. What it sends must be
 * well-formed and no longer than its `out`, its state must be sound, and after some minutes nothing may wait. Each
 * datagram lies in a block of exactly its size. The whole is given to the reader of URIs as well.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "atto/coap_client.h"
#include "require.h"

#define BLOCK 64u
#define EXCHANGES 4u
#define OBSERVERS 3u
#define TRANSFERS 2u
#define MINUTES_US 1000000000u

static struct {
    uint64_t now_us;
    uint32_t random;
    struct atto_coap_server server;
    struct atto_coap_client client;
    uint32_t transferred[TRANSFERS]; /* bytes; 0: none is under way */
    uint32_t taken, done;
    uint16_t ticket;
    uint8_t out[ATTO_COAP_OUT_BYTES(BLOCK)];
    struct atto_coap_exchange exchanges[EXCHANGES];
    struct atto_coap_observer observers[OBSERVERS];
    struct atto_coap_transfer transfers[TRANSFERS];
} world;

static uint64_t now_us(void *user)
{
    (void)user;
    return world.now_us;
}

static void fill_random(void *user, uint8_t *bytes, uint32_t len)
{
    (void)user;
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)((world.random = world.random * 1103515245u + 12345u) >> 16);
}

static void transmit(void *user, const struct atto_coap_peer *peer, const uint8_t *bytes, uint32_t len)
{
    struct atto_coap_message message;

    (void)user;
    (void)peer;
    require(len <= sizeof world.out, "what is sent is within out");
    require(atto_coap_read(bytes, len, &message) == ATTO_OK, "what is sent is well-formed");
    require(message.payload.len <= BLOCK, "no more than a block is sent");
}

/* Pieces of a transfer come in order; what a whole request has does not count. */
static void take_piece(const struct atto_coap_request *request)
{
    if (request->transfer == ATTO_COAP_WHOLE) {
        require(request->offset == 0u && request->last, "a whole payload");
        return;
    }
    require(request->transfer < TRANSFERS, "a transfer that there is");
    require(request->offset == world.transferred[request->transfer], "pieces in order");
    world.transferred[request->transfer] = request->last ? 0u : request->offset + request->piece.len;
}

static void handle(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    struct atto_span segment, value;
    uint32_t segments = 0;

    (void)user;
    take_piece(request);
    while (atto_coap_path_next(request, &segment) && segments < 2000u)
        segments++;
    require(segments < 2000u && atto_coap_path_ends(request), "a path ends");
    if (request->code == ATTO_COAP_POST && atto_coap_later(reply, &world.ticket))
        return;
    if (atto_coap_query(request, "e", &value)) {
        if (request->transfer != ATTO_COAP_WHOLE)
            world.transferred[request->transfer] = 0;
        atto_coap_refuse(reply, ATTO_COAP_REQUEST_ENTITY_TOO_LARGE, "a text that is longer than the block of 64 bytes "
                                                                    "that there is room for, so it is cut");
        reply->limit = 100;
        return;
    }
    atto_coap_answer(reply, request->code == ATTO_COAP_GET ? ATTO_COAP_CONTENT : ATTO_COAP_CHANGED,
                     ATTO_COAP_FORMAT_TEXT);
    reply->max_age_s = segments;
    reply->resource = (uint16_t)segments;
    for (uint32_t i = 0; i < segments; i++)
        atto_coap_write(reply, "some text again and again, until ", 33);
    atto_coap_changed(&world.server, (uint16_t)(segments - 1u));
}

static void abandon(void *user, uint32_t transfer)
{
    (void)user;
    require(transfer < TRANSFERS && world.transferred[transfer] != 0u, "a transfer that is under way is abandoned");
    world.transferred[transfer] = 0;
}

static bool resolve(void *user, const struct atto_coap_uri *uri, struct atto_coap_peer *peer)
{
    (void)user;
    (void)uri;
    memset(peer, 0, sizeof *peer);
    return true;
}

static enum atto_status take(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len, bool last)
{
    uint32_t sum = 0;

    (void)user;
    (void)last;
    require(offset == world.taken, "the client's pieces in order");
    world.taken += len;
    for (uint32_t i = 0; i < len; i++)
        sum += bytes[i];
    return sum % 64u == 63u ? ATTO_E_QUOTA : ATTO_OK;
}

static void done(void *user, enum atto_status status, uint32_t code)
{
    (void)user;
    (void)code;
    require(status <= ATTO_OK, "a status");
    world.done++;
}

static const struct atto_port port = { now_us, NULL, fill_random, NULL, NULL, NULL, NULL };
static const struct atto_coap_config config = {
    &port, transmit, handle, abandon, NULL, world.out, sizeof world.out,
    EXCHANGES, OBSERVERS, TRANSFERS, world.exchanges, world.observers, world.transfers, 0, 0,
};
static const struct atto_coap_client_config client_config = { resolve, take, done, NULL };

static void check_state(void)
{
    uint32_t waiting = 0;

    for (uint32_t i = 0; i < EXCHANGES; i++) {
        require(world.exchanges[i].len <= sizeof world.exchanges[i].bytes, "an exchange");
        waiting += (world.exchanges[i].entry.state & 6u) != 0u;
    }
    require(waiting <= EXCHANGES / 2u, "half of the exchanges wait at most");
    for (uint32_t i = 0; i < OBSERVERS; i++)
        require(world.observers[i].entry.state == 0u ||
                    (world.observers[i].options_len <= sizeof world.observers[i].options &&
                    world.observers[i].token_len <= ATTO_COAP_TOKEN_MAX),
                "an observer");
    for (uint32_t i = 0; i < TRANSFERS; i++)
        require((world.transfers[i].entry.state != 0u ? world.transfers[i].next : 0u) == world.transferred[i],
                "a transfer is what the handler thinks it is");
}

/* Time goes by as it does where the firmware ticks when it is asked to. */
static void pass(uint64_t for_us)
{
    uint64_t until_us = world.now_us + for_us;

    for (uint32_t steps = 0; steps < 1000u; steps++) {
        uint64_t due_us = atto_coap_server_tick(&world.server);

        check_state();
        if (due_us > until_us) {
            world.now_us = until_us;
            return;
        }
        world.now_us = due_us > world.now_us ? due_us : world.now_us;
    }
    require(false, "ticks come to an end");
}

static void give(uint32_t from, const uint8_t *bytes, uint32_t len)
{
    struct atto_coap_peer peer = { { (uint8_t)from } };
    uint8_t *block = malloc(len != 0u ? len : 1u);

    if (block == NULL)
        return;
    memcpy(block, bytes, len);
    /* So that the fuzzer need not guess them: an acknowledgement or a response to what was sent last. */
    if (len >= 8u && from == 0u && block[0] / 16u % 4u >= ATTO_COAP_ACK && block[2] == 0u) {
        block[2] = (uint8_t)(world.server.next_id >> 8);
        block[3] = (uint8_t)world.server.next_id;
        if (block[0] % 16u == sizeof world.client.token)
            memcpy(block + 4, world.client.token, sizeof world.client.token);
    }
    atto_coap_server_input(&world.server, &peer, block, len);
    free(block);
    check_state();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t uri[] = "coap://h/a%20b?c";
    struct atto_coap_uri parts;
    uint32_t at = 0, len = (uint32_t)size;

    if (atto_coap_uri_read((struct atto_span){ bytes, len }, &parts) == ATTO_OK)
        require(parts.host.len != 0u && parts.port != 0u && parts.host.len + parts.target.len < len,
                "a URI");
    memset(&world, 0, sizeof world);
    world.now_us = 1;
    require(atto_coap_server_init(&world.server, &config) == ATTO_OK, "a server begins");
    atto_coap_client_init(&world.client, &client_config, &world.server);
    require(atto_coap_fetch(&world.client, (struct atto_span){ uri, sizeof uri - 1u }) == ATTO_OK, "a fetch begins");
    while (len - at >= 2u) {
        uint32_t from = bytes[at] % 4u, pause = bytes[at] / 4u % 8u, datagram = bytes[at + 1u];

        if (bytes[at] >= 0x80u && world.ticket != 0u)
            (void)atto_coap_server_answer(&world.server, world.ticket, ATTO_COAP_CHANGED, ATTO_COAP_FORMAT_NONE, bytes,
                                          from);
        at += 2u;
        datagram = datagram < len - at ? datagram : len - at;
        give(from, bytes + at, datagram);
        at += datagram;
        pass(pause * pause * 100000u);
    }
    pass(MINUTES_US);
    for (uint32_t i = 0; i < EXCHANGES; i++)
        require(world.exchanges[i].entry.state == 0u, "nothing waits for ever");
    for (uint32_t i = 0; i < TRANSFERS; i++)
        require(world.transfers[i].entry.state == 0u, "no transfer stays for ever");
    require(world.done == 1u, "a fetch ends once");
    return 0;
}
