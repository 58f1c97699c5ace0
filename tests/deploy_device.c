/* A device that tests/device.sh starts on a flash that the command has written: a firmware as docs/DEPLOY.md has it,
 * with the endpoints of the reference boards. It boots, runs what is there for a while, and tells what it has.
 *
 * arguments: FILE OWNER-KEY MILLISECONDS       a COSE_Key Exit status: 0; 1 it does not start; 2 there is no flash.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "atto/deploy.h"
#include "board.h"
#include "endpoints.h"
#include "libraries.h"

#define STATUS_NO_FLASH 2
#define TENANTS 8u
#define COMPONENTS 5u

static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[8192];
static struct atto_engine engine;
static struct atto_records records = { .area_bytes = 8192, .area_count = 2 };
static struct atto_slots slots = { .records = &records, .offset = 16384, .slot_bytes = 8192, .slot_count = 6 };
static struct atto_tenant engine_tenants[TENANTS];
static struct atto_deploy_tenant tenants[TENANTS];
static struct atto_deploy_component components[COMPONENTS];
static struct atto_deploy deploy;
static uint8_t owner_key[ATTO_KEY_RECORD_MAX];

/* UUIDs of the names "example.com" and, of its classes, "board-1", as docs/SPEC.md makes them. */
static const struct atto_identity identity = {
    { 0xcf, 0xbf, 0xf0, 0xd1, 0x93, 0x75, 0x56, 0x85, 0x96, 0x8c, 0x48, 0xce, 0x8b, 0x15, 0xae, 0x17 },
    { 0x65, 0x21, 0x43, 0xa4, 0x87, 0xd6, 0x50, 0xf2, 0xb7, 0x31, 0x12, 0xbf, 0x0f, 0x51, 0xb0, 0xa0 },
    { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef },
};
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &board_call_table, .endpoints = board_endpoints, .endpoint_count = BOARD_ENDPOINTS },
    .fuel = 1000000,
};
static const struct atto_engine_config engine_config = {
    .firmware = &firmware, .port = &board_port, .slice_fuel = 1000, .tenants = engine_tenants, .tenant_count = TENANTS,
};

static void told(void *user, enum atto_deploy_event event, uint32_t number, enum atto_status status)
{
    static const char *const events[] = { "?",       "runs",            "not run",    "rolled back", "healthy",
                                          "removed", "tenant unusable", "value lost", "refused" };
    (void)user;
    printf("event: %s %" PRIu32 " %s\n", events[event], number, atto_status_name(status));
}

static struct atto_deploy_config config = {
    .engine = &engine, .records = &records, .slots = &slots, .crypto = &atto_crypto_libraries, .identity = &identity,
    .told = told, .tenants = tenants, .components = components, .component_count = COMPONENTS,
};

static void show(uint32_t number)
{
    static const char *const states[] = { "?", "on trial", "healthy", "failed" };
    struct atto_component name;
    struct atto_versions versions;
    struct atto_container_info info;
    if (!atto_deploy_name(&deploy, number, &name) || atto_slots_get(&slots, number, &versions) != ATTO_OK)
        return;
    printf("component %" PRIu32 " %.*s/%.*s: version %" PRIu32 " %s", number, (int)name.tenant.len,
           (const char *)name.tenant.ptr, (int)name.container.len, (const char *)name.container.ptr,
           versions.current.sequence, states[versions.state & 3u]);
    if (components[number].container != NULL) {
        atto_engine_info(&engine, components[number].container, &info);
        printf(", %s, %s", info.state == ATTO_STATE_RUNNING ? "running" : "not running",
               info.counters.activations != 0u ? "was activated" : "was never activated");
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 1;
    struct memory_flash *flash = board_flash(argv[1]);
    int32_t key_len = board_file_read(argv[2], owner_key, sizeof owner_key);
    if (flash == NULL)
        return STATUS_NO_FLASH;
    if (key_len < 0)
        return 1;
    records.flash = &flash->flash;
    config.owner_key = (struct atto_span){ owner_key, (uint32_t)key_len };
    board_calls_grant(&firmware.granted);
    atto_engine_init(&engine, &engine_config, pool, sizeof pool);
    enum atto_status status = atto_deploy_boot(&deploy, &config);
    if (status != ATTO_OK) {
        printf("%s\n", atto_status_name(status));
        return 1;
    }
    uint64_t end_us = board_port.now_us(board_port.user) + strtoul(argv[3], NULL, 10) * (uint64_t)1000u;
    for (uint64_t now_us = 0; now_us < end_us; now_us = board_port.now_us(board_port.user)) {
        uint64_t wake_us = atto_engine_poll(&engine);
        atto_deploy_tick(&deploy);
        board_wait_until(wake_us < end_us ? wake_us : end_us);
    }
    for (uint32_t i = 0; i < COMPONENTS; i++)
        show(i);
    return 0;
}
