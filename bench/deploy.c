/* A firmware that measures an installation in machine instructions, for scripts/bench: from the last byte of an envelope
 * with an image of 1 KB to the first instruction of its guest. Signatures are verified by a stand-in, because that is a
 * library's time; SHA-256 is the library's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "../tests/flash_world.h"
#include "atto/deploy.h"
#include "board.h"
#include "envelope.h"
#include "ticks.h"

#define AREA_BYTES 2048u
#define SLOT_BYTES 2048u

static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[8192];
static struct atto_engine engine;
static struct flash_world flash;
static struct atto_deploy_component components[2];
static struct atto_deploy deploy;
static struct atto_installer installer;
static struct suit_bytes suit;

static const struct atto_call calls[ATTO_CALL_PAGE] = { [ENVELOPE_TICK] = { call_tick, 0, 0 } };
static const struct atto_call_table table = { { calls } };
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static struct atto_firmware firmware = { .executors = executors, .host = { .calls = &table }, .fuel = 10000 };
static const struct atto_engine_config engine_config = {
    .firmware = &firmware, .port = &ticks_port, .slice_fuel = 1000, .poll_slices = 1
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

/* All of the envelope but its last byte, and the rest. */
static bool install(uint32_t *began)
{
    uint32_t last = suit.len - 1u;
    atto_install_begin(&installer, &deploy);
    bool fine = atto_install_bytes(&installer, suit.bytes, last) == ATTO_OK;
    *began = board_counter();
    return fine && atto_install_bytes(&installer, suit.bytes + last, 1) == ATTO_OK &&
           atto_install_finish(&installer, NULL) == ATTO_OK;
}

int main(void)
{
    if (!board_counter_start()) {
        printf("deploy: this machine does not count instructions exactly\n");
        return 2;
    }
    make_envelope(&suit);
    clock_us = 1000000;
    flash_world_begin(&flash, 2u * AREA_BYTES + 3u * SLOT_BYTES, 1024, 8, 0xff);
    atto_engine_init(&engine, &engine_config, pool, sizeof pool);
    memset(&firmware.granted, 0xff, sizeof firmware.granted);
    all_ok = atto_deploy_boot(&deploy, &config) == ATTO_OK;
    uint32_t began = 0;
    all_ok = all_ok && install(&began);
    atto_engine_poll(&engine);
    all_ok = all_ok && tick_count == 1u;
    print_instructions("install_1k", board_instructions(began, ticks[0]), true);
    return all_ok ? 0 : 1;
}
