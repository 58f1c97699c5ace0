/* The smallest firmware to which containers can be sent: an engine, a deployment in flash, CoAP. Containers may log and
 * nothing else. docs/FIRMWARE.md goes through it from top to bottom.
 *
 * usage: smallest KEY     the owner's public key as a COSE_Key, `atto keygen --cose`; a product has it compiled in
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/bpf.h"
#include "atto/manage.h"
#include "atto/service.h"
#include "board.h"
#include "libraries.h"
#include "net.h"

/* 1. Which device it is, and whose. */
static const struct atto_identity identity = {
    .vendor_id = { 0xcf, 0xbf, 0xf0, 0xd1, 0x93, 0x75, 0x56, 0x85, 0x96, 0x8c, 0x48, 0xce, 0x8b, 0x15, 0xae, 0x17 },
    .class_id = { 0x79, 0x21, 0x95, 0xe9, 0x83, 0x94, 0x5a, 0x7a, 0xab, 0xfd, 0xe0, 0xf2, 0xdd, 0xdd, 0x7f, 0xee },
    .device_id = { 1 },
};
static uint8_t owner_key[ATTO_KEY_RECORD_MAX];

/* 2. What containers may reach. */
static const struct atto_endpoint endpoints[] = { { "log", NULL, ATTO_KIND_LOG, 0, ATTO_OPERATION_WRITE } };
static const struct atto_call_table calls = {
    { [ATTO_SERVICE_PAGE] = atto_service_calls, [ATTO_SERVICE_PAGE + 1u] = atto_service_calls + ATTO_CALL_PAGE }
};
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static struct atto_port port;
static struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &calls, .endpoints = endpoints, .endpoint_count = 1, .port = &port },
    .stack_bytes = 512,
    .fuel = 1000000,
};

/* 3. Where they run. */
#define TENANTS 2
#define CONTAINERS 4
static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[8192];
static uint8_t log_ring[512];
static struct atto_tenant engine_tenants[TENANTS];
static struct atto_engine engine;
static const struct atto_engine_config engine_config = {
    .firmware = &firmware, .port = &port, .slice_fuel = 10000, .poll_slices = 1, .stop_max_us = 1000000,
    .tenants = engine_tenants, .tenant_count = TENANTS, .log = log_ring, .log_ring_bytes = sizeof log_ring,
};

/* 4. Where they stay: two areas of the log, and for each container a slot, and one more for the one that is new. */
#define AREA_BYTES 4096u
static struct atto_records records = { .area_bytes = AREA_BYTES, .area_count = 2 };
static struct atto_slots slots = {
    .records = &records, .offset = 2u * AREA_BYTES, .slot_bytes = 4096, .slot_count = CONTAINERS + 1,
};
static struct atto_deploy_tenant tenants[TENANTS];
static struct atto_deploy_component components[CONTAINERS];
static struct atto_deploy deploy;
static struct atto_manage manage;
static struct atto_deploy_config deploy_config = {
    .engine = &engine, .records = &records, .slots = &slots, .crypto = &atto_crypto_ed25519, .identity = &identity,
    .tenants = tenants, .components = components, .component_count = CONTAINERS, .trial_ms = 10000,
    .call = atto_manage_call, .user = &manage,
};

/* 5. How they are reached. */
static void transmit(void *user, const struct atto_coap_peer *to, const uint8_t *bytes, uint32_t len)
{
    struct net_peer peer;
    (void)user;
    memcpy(peer.bytes, to->bytes, NET_PEER_BYTES);
    net_send(ATTO_COAP_PORT, &peer, bytes, len);
}

static uint8_t out[ATTO_COAP_OUT_BYTES(256)];
static struct atto_coap_exchange exchanges[4];
static struct atto_coap_transfer transfers[2];
static struct atto_coap_server server;
static const struct atto_coap_config coap_config = {
    .port = &port, .send = transmit, .handle = atto_manage_handle, .abandon = atto_manage_abandon, .user = &manage,
    .out = out, .out_bytes = sizeof out, .exchanges = exchanges, .exchange_count = 4,
    .transfers = transfers, .transfer_count = 2,
};
static const struct atto_manage_config manage_config = {
    .deploy = &deploy, .server = &server, .name = "smallest", .version = "1", .reading_is_open = true,
};

static bool received(void *user, const struct net_peer *peer, const uint8_t *bytes, uint32_t len)
{
    struct atto_coap_peer from;
    (void)user;
    memcpy(from.bytes, peer->bytes, NET_PEER_BYTES);
    atto_coap_server_input(&server, &from, bytes, len);
    return !atto_manage_has_called(&manage); /* an entry point has had its slice: others are next */
}

/* 6. The loop. */
static bool is_woken;
static void wake(void *user)
{
    (void)user;
    is_woken = true;
}

static bool begin(const char *key)
{
    static const struct net_ipv4 address = { { 10, 0, 2, 15 }, { 255, 255, 255, 0 }, { 10, 0, 2, 2 } };
    struct memory_flash *flash = board_flash(NULL);
    int32_t key_bytes = board_file_read(key, owner_key, sizeof owner_key);
    if (flash == NULL || key_bytes <= 0)
        return false;
    port = board_port;
    port.wake = wake;
    records.flash = &flash->flash;
    deploy_config.owner_key = (struct atto_span){ owner_key, (uint32_t)key_bytes };
    memset(&firmware.granted, 0xff, sizeof firmware.granted);
    atto_engine_init(&engine, &engine_config, pool, sizeof pool);
    if (atto_deploy_boot(&deploy, &deploy_config) != ATTO_OK ||
        atto_coap_server_init(&server, &coap_config) != ATTO_OK)
        return false;
    atto_manage_init(&manage, &manage_config);
    return net_start(&address, &port) && net_open(ATTO_COAP_PORT, received, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 2 || !begin(argv[1]))
        return 1;
    board_write("ready\n", 6);
    for (;;) {
        uint64_t network_us = net_poll();
        is_woken = false;
        uint64_t engine_us = atto_engine_poll(&engine), manage_us = atto_manage_tick(&manage);
        uint64_t wake_us = engine_us < manage_us ? engine_us : manage_us;
        if (!is_woken)
            net_sleep(wake_us < network_us ? wake_us : network_us);
    }
}
