/* A firmware that measures CoAP in machine instructions, for scripts/bench: a device answers GET /device, and takes a
 * block of an envelope in the middle of its image, which goes to flash. Counted is from the datagram that comes to the one
 * that goes, both in memory: what a network stack takes is its own affair.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "../tests/flash_world.h"
#include "atto/manage.h"
#include "board.h"
#include "envelope.h"
#include "ticks.h"

#define AREA_BYTES 2048u
#define SLOT_BYTES 2048u
#define BLOCK_SZX 5u
#define BLOCK_BYTES ATTO_COAP_BLOCK_BYTES(BLOCK_SZX)

static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[8192];
static struct atto_engine engine;
static struct flash_world flash;
static struct atto_deploy_component components[2];
static struct atto_deploy deploy;
static struct suit_bytes suit;
static struct atto_coap_server server;
static struct atto_manage manage;
static struct atto_port port;

static const struct atto_call calls[ATTO_CALL_PAGE] = { [ENVELOPE_TICK] = { call_tick, 0, 0 } };
static const struct atto_call_table table = { { calls } };
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static struct atto_firmware firmware = { .executors = executors, .host = { .calls = &table }, .fuel = 10000 };
static const struct atto_engine_config engine_config = {
    .firmware = &firmware, .port = &port, .slice_fuel = 1000, .poll_slices = 1
};
static struct atto_records records = { .flash = &flash.flash, .area_bytes = AREA_BYTES, .area_count = 2 };
static struct atto_slots slots = { .records = &records, .offset = 2u * AREA_BYTES, .slot_bytes = SLOT_BYTES,
                                   .slot_count = 3 };
/* The key ends with the 0 of the string. */
static const uint8_t owner_key[] = ENVELOPE_OWNER_KEY;
static const struct atto_deploy_config config = {
    .engine = &engine, .records = &records, .slots = &slots, .crypto = &suit_crypto, .identity = &suit_identity,
    .owner_key = { owner_key, sizeof owner_key }, .components = components, .component_count = 2,
};
static const struct atto_manage_config manage_config = {
    .deploy = &deploy, .server = &server, .name = "bench", .version = "1", .reading_is_open = true,
};

/* ---- the network ---- */

static struct {
    uint32_t len, at; /* at: what the counter said when it was sent */
    uint8_t bytes[ATTO_COAP_OUT_BYTES(1024)];
} answer;

static void transmit(void *user, const struct atto_coap_peer *peer, const uint8_t *bytes, uint32_t len)
{
    answer.at = board_counter();
    (void)user;
    (void)peer;
    answer.len = len;
    memcpy(answer.bytes, bytes, len);
}

static void fill_random(void *user, uint8_t *bytes, uint32_t len)
{
    (void)user;
    memset(bytes, 7, len);
}

static struct atto_coap_exchange exchanges[8];
static struct atto_coap_transfer transfers[2];
static uint8_t out[ATTO_COAP_OUT_BYTES(1024)];
static const struct atto_coap_config server_config = {
    .port = &port, .send = transmit, .handle = atto_manage_handle, .abandon = atto_manage_abandon, .user = &manage,
    .out = out, .out_bytes = sizeof out, .exchanges = exchanges, .transfers = transfers, .exchange_count = 8,
    .transfer_count = 2,
};

static uint8_t datagram[ATTO_COAP_OUT_BYTES(1024)];
static struct atto_coap_writer writer;

static void begin(enum atto_coap_code method, const char *path)
{
    static uint16_t id;
    writer = (struct atto_coap_writer){ datagram, sizeof datagram, 0, 0 };
    atto_coap_begin(&writer, ATTO_COAP_CON, method, ++id, (const uint8_t *)"to", 2);
    atto_coap_put(&writer, ATTO_COAP_URI_PATH, path, (uint32_t)strlen(path));
}

/* Instructions from the datagram to its answer, which must have this code. */
static uint32_t serve(enum atto_coap_code code)
{
    static const struct atto_coap_peer peer = { { 4 } };
    uint32_t began = board_counter();
    atto_coap_server_input(&server, &peer, datagram, writer.len);
    all_ok = all_ok && answer.len >= ATTO_COAP_HEADER_BYTES && answer.bytes[1] == code;
    return board_instructions(began, answer.at);
}

static uint32_t send_block(uint32_t number)
{
    struct atto_coap_block block = { number * BLOCK_BYTES, BLOCK_SZX, true };
    begin(ATTO_COAP_POST, "install");
    atto_coap_put_uint(&writer, ATTO_COAP_BLOCK1, atto_coap_block_value(&block));
    atto_coap_put_payload(&writer, suit.bytes + block.offset, BLOCK_BYTES);
    return serve(ATTO_COAP_CONTINUE);
}

static bool boot(void)
{
    port = ticks_port;
    port.random = fill_random;
    clock_us = 1000000;
    make_envelope(&suit);
    flash_world_begin(&flash, 2u * AREA_BYTES + 3u * SLOT_BYTES, 1024, 8, 0xff);
    atto_engine_init(&engine, &engine_config, pool, sizeof pool);
    memset(&firmware.granted, 0xff, sizeof firmware.granted);
    if (atto_deploy_boot(&deploy, &config) != ATTO_OK || atto_coap_server_init(&server, &server_config) != ATTO_OK)
        return false;
    atto_manage_init(&manage, &manage_config);
    return suit.len > 2u * BLOCK_BYTES;
}

int main(void)
{
    if (!board_counter_start()) {
        printf("manage: this machine does not count instructions exactly\n");
        return 2;
    }
    all_ok = boot();
    begin(ATTO_COAP_GET, "device");
    serve(ATTO_COAP_CONTENT);
    uint32_t get = serve(ATTO_COAP_CONTENT); /* answered anew, as GETs are */
    all_ok = all_ok && answer.len > 100u;
    print_instructions("coap_get_device", get, true);
    send_block(0); /* verifies the signature, and erases a slot */
    uint32_t block = send_block(1);
    print_instructions("coap_block_512", block, manage.work.installer.state == ATTO_INSTALL_IMAGE);
    return all_ok ? 0 : 1;
}
