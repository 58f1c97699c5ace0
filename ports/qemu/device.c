/* The reference firmware: a device to which containers are deployed, with all that this takes: engine, eBPF, services,
 * simulated endpoints, flash, signatures, network. Everything happens in one loop, which sleeps until something is
 * due or a frame comes.
 *
 * usage: device KEY [DEVICE [FLASH]]
 *
 *     KEY     a file with the owner's public key as a COSE_Key (`atto keygen --cose`). A firmware for a product has it
 *             compiled in; this one takes it from the host, so that each test can have its own
 *     DEVICE  the device's identifier: a UUID
 *     FLASH   on lm3s6965evb: the file that keeps what is in flash
 *
 * The vendor is example.com, the class the board's name (docs/SPEC.md says how they become UUIDs). Runs until it is
 * ended from outside.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/bpf.h"
#include "atto/coap_client.h"
#include "atto/coap_server.h"
#include "atto/deploy.h"
#include "atto/manage.h"
#include "board.h"
#include "endpoints.h"
#include "libraries.h"
#include "line.h"
#include "net.h"

/* How much of everything: for a board with megabytes, or with 64 KB of RAM. */
#ifdef BOARD_SMALL
#define TENANTS 2u
#define COMPONENTS 8u
#define SLOTS_MAX 9u
#define SLOT_BLOCKS 2u
#define POOL_BYTES (8u * (1024u + 448u)) /* 8 containers of 1 KB with budgets, limits and rights */
#define LOG_BYTES 512u
#define RECORDS 8u /* of each ring */
#define EXCHANGES 4u
#define OBSERVERS 2u
#else
#define TENANTS 4u
#define COMPONENTS 16u
#define SLOTS_MAX 17u
#define SLOT_BLOCKS 8u
#define POOL_BYTES 65536u
#define LOG_BYTES 2048u
#define RECORDS 32u
#define EXCHANGES 8u
#define OBSERVERS 8u
#endif
#define POSTMORTEMS 2u
#define AREA_BYTES_MIN 2048u
#define AREAS 2u
#define TRIAL_MS 10000u
#define TRANSFERS 2u
#define BLOCK_BYTES 1024u

static struct line line;

/* ---- who and where ---- */

#define UUID_DIGITS 32u
struct class_of {
    const char *board;
    uint8_t class_id[ATTO_IDENTITY_BYTES];
};
/* UUIDs of names (RFC 9562 section 5.5): the board's, in the vendor's name space. */
static const struct class_of classes[] = {
    { "mps2-an386",
      { 0x4e, 0x6c, 0xc6, 0x67, 0xf8, 0xe7, 0x5b, 0xd7, 0xb8, 0xd6, 0xfb, 0xd9, 0x51, 0x2d, 0x43, 0xba } },
    { "lm3s6965evb",
      { 0x1e, 0x15, 0xf6, 0xfb, 0x63, 0xad, 0x59, 0x10, 0x95, 0x29, 0xe2, 0xa2, 0x90, 0xc5, 0x0a, 0x6f } },
};
static struct atto_identity identity = {
    .vendor_id = { 0xcf, 0xbf, 0xf0, 0xd1, 0x93, 0x75, 0x56, 0x85, 0x96, 0x8c, 0x48, 0xce, 0x8b, 0x15, 0xae, 0x17 },
    .device_id = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef },
};
static const struct net_ipv4 ipv4 = { { 10, 0, 2, 15 }, { 255, 255, 255, 0 }, { 10, 0, 2, 2 } };
static uint8_t owner_key[ATTO_KEY_RECORD_MAX];

static bool parse_uuid(const char *text, uint8_t uuid[ATTO_IDENTITY_BYTES])
{
    uint32_t digits = 0;
    for (; *text != '\0'; text++) {
        uint32_t letter = (uint32_t)*text | 32u;
        uint32_t value = letter - (letter <= '9' ? '0' : 'a' - 10u);
        if (*text == '-')
            continue;
        if (value > 15u || digits == UUID_DIGITS)
            return false;
        uuid[digits / 2u] = (uint8_t)(uuid[digits / 2u] << 4 | value);
        digits++;
    }
    return digits == UUID_DIGITS;
}

static void set_class(void)
{
    for (uint32_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strcmp(classes[i].board, board_name) == 0)
            memcpy(identity.class_id, classes[i].class_id, ATTO_IDENTITY_BYTES);
    }
}

/* ---- engine ---- */

/* The board's, and it notes that the engine is to be polled again. */
static struct atto_port port;
static bool is_woken;

static void wake(void *user)
{
    (void)user;
    is_woken = true;
}

static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[POOL_BYTES];
static struct atto_engine engine;
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &board_call_table, .endpoints = board_endpoints, .endpoint_count = BOARD_ENDPOINTS,
              .port = &port },
    .stack_bytes = 512,
    .fuel = 1000000,
};
static struct atto_trace_record trace[RECORDS];
static struct atto_postmortem postmortems[POSTMORTEMS];
static struct atto_audit_record denials[RECORDS], changes[RECORDS];
static struct atto_tenant engine_tenants[TENANTS];
static uint8_t log_ring[LOG_BYTES];
static const struct atto_engine_config engine_config = {
    .firmware = &firmware,
    .port = &port,
    .slice_fuel = 10000,
    .poll_slices = 1, /* so that the network has its turn */
    .stop_max_us = 1000000,
    .trace = trace,
    .trace_count = RECORDS,
    .postmortems = postmortems,
    .postmortem_count = POSTMORTEMS,
    .tenants = engine_tenants,
    .tenant_count = TENANTS,
    .denials = denials,
    .denial_count = RECORDS,
    .changes = changes,
    .change_count = RECORDS,
    .log = log_ring,
    .log_ring_bytes = LOG_BYTES,
};

/* ---- deployment ---- */

static struct atto_records records;
static struct atto_slots slots = { .records = &records };
static struct atto_deploy_tenant tenants[TENANTS];
static struct atto_deploy_component components[COMPONENTS];
static struct atto_deploy deploy;

static void told(void *user, enum atto_deploy_event event, uint32_t number, enum atto_status status)
{
    static const char *const texts[] = {
        [ATTO_DEPLOY_RUNS] = "runs",
        [ATTO_DEPLOY_NOT_RUN] = "does not run",
        [ATTO_DEPLOY_ROLLED_BACK] = "rolled back",
        [ATTO_DEPLOY_HEALTHY] = "healthy",
        [ATTO_DEPLOY_REMOVED] = "removed",
        [ATTO_DEPLOY_TENANT] = "not usable",
        [ATTO_DEPLOY_VALUE_LOST] = "value lost",
        [ATTO_DEPLOY_REFUSED] = "refused",
        [ATTO_DEPLOY_ATTACHED] = "attached",
        [ATTO_DEPLOY_LOG] = "log not as it was left",
    };
    (void)user;
    bool of_tenant = event == ATTO_DEPLOY_TENANT || event == ATTO_DEPLOY_REFUSED;
    line_text(&line, of_tenant ? "tenant " : event == ATTO_DEPLOY_LOG ? "records " : "component ");
    if (number == ATTO_NO_TENANT)
        line_text(&line, "?");
    else
        line_number(&line, number);
    line_text(&line, ": ");
    line_text(&line, texts[event]);
    if (status != ATTO_OK) {
        line_text(&line, ", status ");
        line_number(&line, status);
    }
    line_end(&line);
}

static struct atto_deploy_config deploy_config = {
    .engine = &engine,
    .records = &records,
    .slots = &slots,
    .crypto = &atto_crypto_ed25519,
    .identity = &identity,
    .told = told,
    .tenants = tenants,
    .components = components,
    .component_count = COMPONENTS,
    .trial_ms = TRIAL_MS,
};

/* The log in front, then as many slots as there is room and use for. */
static void lay_out(const struct atto_flash *flash)
{
    uint32_t area_bytes = flash->block_bytes < AREA_BYTES_MIN ? AREA_BYTES_MIN : flash->block_bytes;
    records.flash = flash;
    records.area_bytes = area_bytes;
    records.area_count = AREAS;
    slots.offset = AREAS * area_bytes;
    slots.slot_bytes = SLOT_BLOCKS * flash->block_bytes;
    slots.slot_count = (flash->bytes - slots.offset) / slots.slot_bytes;
    if (slots.slot_count > SLOTS_MAX)
        slots.slot_count = SLOTS_MAX;
}

/* Tells when the first container's first instruction was reached, counted from when the clock began, at reset. */
static void tell_first_activation(void)
{
    static bool is_told;
    for (uint32_t i = 0; i < RECORDS && !is_told; i++) {
        if (trace[i].kind != ATTO_TRACE_ACTIVATE)
            continue;
        line_text(&line, "first container after ");
        line_number(&line, trace[i].time_us);
        line_text(&line, " us");
        line_end(&line);
        is_told = true;
    }
}

/* Containers' lines that are new go to the console as well, with the number of the container in front. */
static void tell_lines(void)
{
    static uint32_t told_lines;
    static char text[ATTO_LOG_LINE_MAX];
    struct atto_log_line of;
    if (told_lines != engine.log_written && !atto_engine_log_line(&engine, told_lines, &of, text))
        told_lines = atto_engine_log_first(&engine); /* some are gone */
    for (; atto_engine_log_line(&engine, told_lines, &of, text); told_lines++) {
        line_number(&line, of.id);
        line_text(&line, ": ");
        line_bytes(&line, (const uint8_t *)text, of.len);
        line_end(&line);
    }
}

/* ---- network ---- */

_Static_assert(ATTO_COAP_PEER_BYTES == NET_PEER_BYTES, "CoAP's peers are the network's");
_Static_assert(ATTO_COAP_OUT_BYTES(BLOCK_BYTES) <= NET_DATAGRAM_MAX, "a block is one datagram");

static struct atto_coap_server server;
static struct atto_coap_client client;
static struct atto_manage manage;

static void transmit(void *user, const struct atto_coap_peer *to, const uint8_t *bytes, uint32_t len)
{
    struct net_peer peer;
    (void)user;
    memcpy(peer.bytes, to->bytes, NET_PEER_BYTES);
    net_send(ATTO_COAP_PORT, &peer, bytes, len);
}

static bool received(void *user, const struct net_peer *peer, const uint8_t *bytes, uint32_t len)
{
    struct atto_coap_peer from;
    (void)user;
    memcpy(from.bytes, peer->bytes, NET_PEER_BYTES);
    atto_coap_server_input(&server, &from, bytes, len);
    return !atto_manage_has_called(&manage); /* an entry point has had its slice: others are next */
}

static bool resolve(void *user, const struct atto_coap_uri *uri, struct atto_coap_peer *to)
{
    struct net_peer peer;
    (void)user;
    if (!net_resolve((const char *)uri->host.ptr, uri->host.len, uri->port, &peer))
        return false;
    memcpy(to->bytes, peer.bytes, NET_PEER_BYTES);
    return true;
}

static uint8_t out[ATTO_COAP_OUT_BYTES(BLOCK_BYTES)];
static struct atto_coap_exchange exchanges[EXCHANGES];
static struct atto_coap_observer observers[OBSERVERS];
static struct atto_coap_transfer transfers[TRANSFERS];
static const struct atto_coap_config coap_config = {
    .port = &board_port,
    .send = transmit,
    .handle = atto_manage_handle,
    .abandon = atto_manage_abandon,
    .user = &manage,
    .out = out,
    .out_bytes = sizeof out,
    .exchanges = exchanges,
    .observers = observers,
    .transfers = transfers,
    .exchange_count = EXCHANGES,
    .observer_count = OBSERVERS,
    .transfer_count = TRANSFERS,
};
static const struct atto_coap_client_config client_config = { resolve, atto_manage_take, atto_manage_done, &manage };

static uint32_t seen[COMPONENTS];
static struct atto_manage_config manage_config = {
    .deploy = &deploy,
    .server = &server,
    .fetch = atto_coap_fetch,
    .client = &client,
    .version = "1",
    .reading_is_open = true,
    .seen = seen,
};

/* ---- start ---- */

static int fail(const char *what, enum atto_status status)
{
    line_text(&line, what);
    if (status != ATTO_OK) {
        line_text(&line, ", status ");
        line_number(&line, status);
    }
    line_end(&line);
    return 1;
}

static enum atto_status boot(struct memory_flash *flash, uint32_t key_bytes)
{
    port = board_port;
    port.wake = wake;
    board_calls_grant(&firmware.granted);
    set_class();
    lay_out(&flash->flash);
    deploy_config.owner_key = (struct atto_span){ owner_key, key_bytes };
    deploy_config.store = board_store_keep(atto_deploy_value, &deploy);
    deploy_config.call = atto_manage_call;
    deploy_config.user = &manage;
    atto_engine_init(&engine, &engine_config, pool, sizeof pool);
    return atto_deploy_boot(&deploy, &deploy_config);
}

static bool serve(void)
{
    manage_config.name = board_name;
    if (!net_start(&ipv4, &board_port) || !net_open(ATTO_COAP_PORT, received, NULL) ||
        atto_coap_server_init(&server, &coap_config) != ATTO_OK)
        return false;
    atto_coap_client_init(&client, &client_config, &server);
    atto_manage_init(&manage, &manage_config);
    return true;
}

static uint64_t earlier(uint64_t a_us, uint64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

int main(int argc, char **argv)
{
    int32_t key_bytes = argc > 1 ? board_file_read(argv[1], owner_key, sizeof owner_key) : BOARD_E_OPEN;
    if (key_bytes <= 0 || (argc > 2 && !parse_uuid(argv[2], identity.device_id)))
        return fail("usage: device KEY [DEVICE [FLASH]]", ATTO_OK);
    struct memory_flash *flash = board_flash(argc > 3 ? argv[3] : NULL);
    if (flash == NULL)
        return fail("no flash", ATTO_OK);
    enum atto_status status = boot(flash, (uint32_t)key_bytes);
    if (status != ATTO_OK)
        return fail("deployment does not begin", status);
    if (!serve())
        return fail("no network", ATTO_OK);
    line_text(&line, "ready");
    line_end(&line);
    for (;;) {
        uint64_t wake_us = net_poll();
        is_woken = false;
        wake_us = earlier(wake_us, atto_engine_poll(&engine));
        tell_first_activation();
        tell_lines();
        wake_us = earlier(wake_us, atto_manage_tick(&manage));
        if (!is_woken)
            net_sleep(wake_us);
    }
}
