/* The world of the tests of CoAP.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "coap_world.h"

#include <string.h>

#include "harness.h"

#define TRAVEL_US 5000u
#define LATE_US 2000000u

struct coap_world cw;

struct atto_coap_peer coap_peer(uint32_t number)
{
    struct atto_coap_peer peer = { { 0 } };

    memcpy(peer.bytes, &number, sizeof number);
    return peer;
}

static uint32_t number_of(const struct atto_coap_peer *peer)
{
    uint32_t number;

    memcpy(&number, peer->bytes, sizeof number);
    return number;
}

static uint64_t now_us(void *user)
{
    (void)user;
    return cw.now_us;
}

static void fill_random(void *user, uint8_t *bytes, uint32_t len)
{
    (void)user;
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)rng_next(&cw.rng);
}

static bool once_in(uint32_t times)
{
    return times != 0u && rng_once_in(&cw.rng, times);
}

static void fly(uint32_t from, uint32_t to, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < COAP_FLYING_MAX; i++) {
        struct coap_datagram *datagram = &cw.flying[i];

        if (datagram->due_us != 0u)
            continue;
        datagram->due_us = cw.now_us + TRAVEL_US + (once_in(cw.delays) ? rng_below(&cw.rng, LATE_US) : 0u);
        datagram->from = from;
        datagram->to = to;
        datagram->len = len;
        memcpy(datagram->bytes, bytes, len);
        return;
    }
    harness_fail(__FILE__, __LINE__, "the network is full");
}

static void transmit(void *user, const struct atto_coap_peer *peer, const uint8_t *bytes, uint32_t len)
{
    const struct coap_device *device = user;
    uint32_t to = number_of(peer);

    if (len > COAP_DATAGRAM_MAX) {
        harness_fail(__FILE__, __LINE__, "a datagram is too long");
    } else if (to <= COAP_CLIENT) {
        if (!once_in(cw.loses))
            fly(device->number, to, bytes, len);
        if (once_in(cw.doubles))
            fly(device->number, to, bytes, len);
    } else {
        cw.heard++;
        cw.heard_bytes += len;
        cw.last.to = to;
        cw.last.len = len;
        memcpy(cw.last.bytes, bytes, len);
        if (atto_coap_read(cw.last.bytes, len, &cw.answer) != ATTO_OK)
            harness_fail(__FILE__, __LINE__, "what is sent is well-formed");
    }
}

static void handle(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    (void)user;
    coap_resources_handle(&cw.resources, request, reply);
}

static void abandon(void *user, uint32_t transfer)
{
    (void)user;
    coap_resources_abandon(&cw.resources, transfer);
}

static void begin_device(uint32_t number, uint32_t block)
{
    struct coap_device *device = &cw.devices[number];

    device->number = number;
    device->config = (struct atto_coap_config){
        &cw.port, transmit, handle, abandon, device, device->out, ATTO_COAP_OUT_BYTES(block),
        COAP_EXCHANGES, COAP_OBSERVERS, COAP_TRANSFERS, device->exchanges, device->observers, device->transfers, 0, 0,
    };
    if (atto_coap_server_init(&device->server, &device->config) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "a server begins");
}

void coap_world_begin(uint32_t block)
{
    memset(&cw, 0, sizeof cw);
    cw.now_us = 1000;
    cw.rng.state = harness_seed();
    cw.port.now_us = now_us;
    cw.port.random = fill_random;
    cw.resources.server = &cw.devices[COAP_SERVER].server;
    begin_device(COAP_SERVER, block);
    begin_device(COAP_CLIENT, 64);
}

void coap_request(enum atto_coap_type type, uint32_t code, uint16_t id, const char *path)
{
    uint8_t token[2] = { (uint8_t)(id >> 8), (uint8_t)id };

    cw.writer = (struct atto_coap_writer){ cw.request, sizeof cw.request, 0, 0 };
    atto_coap_begin(&cw.writer, type, code, id, token, sizeof token);
    while (path != NULL) {
        const char *slash = strchr(path, '/');
        uint32_t len = slash != NULL ? (uint32_t)(slash - path) : (uint32_t)strlen(path);

        coap_option(ATTO_COAP_URI_PATH, path, len);
        path = slash != NULL ? slash + 1 : NULL;
    }
}

void coap_option(uint32_t number, const void *bytes, uint32_t len)
{
    atto_coap_put(&cw.writer, number, bytes, len);
}

void coap_option_uint(uint32_t number, uint32_t value)
{
    atto_coap_put_uint(&cw.writer, number, value);
}

void coap_block(uint32_t number, uint32_t block_number, bool more, uint32_t szx)
{
    coap_option_uint(number, block_number * 16u + (more ? 8u : 0u) + szx);
}

void coap_payload(const void *bytes, uint32_t len)
{
    atto_coap_put_payload(&cw.writer, bytes, len);
}

void coap_send_bytes(uint32_t peer, const void *bytes, uint32_t len)
{
    struct atto_coap_peer from = coap_peer(peer);

    cw.heard = 0;
    cw.heard_bytes = 0;
    memset(&cw.answer, 0, sizeof cw.answer);
    atto_coap_server_input(&cw.devices[COAP_SERVER].server, &from, bytes, len);
}

void coap_send(uint32_t peer)
{
    if (cw.writer.len > cw.writer.capacity)
        harness_fail(__FILE__, __LINE__, "the request fits");
    else
        coap_send_bytes(peer, cw.request, cw.writer.len);
}

void coap_get(uint32_t peer, uint16_t id, const char *path)
{
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, id, path);
    coap_send(peer);
}

uint32_t coap_answer_uint(uint32_t number)
{
    struct atto_coap_options walk = atto_coap_options_of(&cw.answer);
    struct atto_coap_option option;

    while (atto_coap_next(&walk, &option)) {
        if (option.number == number)
            return atto_coap_uint(option.value);
    }
    return COAP_ABSENT;
}

bool coap_answer_is(const char *text)
{
    return cw.answer.payload.len == strlen(text) && memcmp(cw.answer.payload.ptr, text, strlen(text)) == 0;
}

/* The datagram that is due first; NULL: none flies. */
static struct coap_datagram *first_flying(void)
{
    struct coap_datagram *first = NULL;

    for (uint32_t i = 0; i < COAP_FLYING_MAX; i++) {
        if (cw.flying[i].due_us != 0u && (first == NULL || cw.flying[i].due_us < first->due_us))
            first = &cw.flying[i];
    }
    return first;
}

void coap_run(uint64_t for_us)
{
    static struct coap_datagram arrived;
    uint64_t until_us = cw.now_us + for_us;

    for (uint32_t steps = 0; steps < 1000000u && !harness_failed(); steps++) {
        uint64_t due_us = atto_coap_server_tick(&cw.devices[COAP_SERVER].server);
        uint64_t other_us = atto_coap_server_tick(&cw.devices[COAP_CLIENT].server);
        struct coap_datagram *datagram = first_flying();

        due_us = other_us < due_us ? other_us : due_us;
        if (datagram != NULL && datagram->due_us <= due_us)
            due_us = datagram->due_us;
        else
            datagram = NULL;
        if (due_us > until_us) {
            cw.now_us = until_us;
            return;
        }
        if (due_us > cw.now_us)
            cw.now_us = due_us;
        if (datagram == NULL)
            continue;
        arrived = *datagram;
        datagram->due_us = 0;
        struct atto_coap_peer from = coap_peer(arrived.from);
        atto_coap_server_input(&cw.devices[arrived.to].server, &from, arrived.bytes, arrived.len);
    }
    if (!harness_failed())
        harness_fail(__FILE__, __LINE__, "time goes on");
}
