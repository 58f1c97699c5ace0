/* A firmware that measures an installation in machine instructions, for scripts/bench: from the last byte of an envelope
 * with an image of 1 KB to the first instruction of its guest. Signatures are verified by a stand-in, because that is a
 * library's time; SHA-256 is the library's. With the argument `sizes`: what RAM that takes, struct atto_installer and the
 * deepest stack, a line for scripts/sizes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "../tests/encode.h"
#include "../tests/flash_world.h"
#include "../tests/suit_bytes.h"
#include "atto/deploy.h"
#include "board.h"
#include "ticks.h"

#define IMAGE_BYTES 1024u
#define AREA_BYTES 2048u
#define SLOT_BYTES 2048u
enum { TICK = 1 };

static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[8192];
static struct atto_engine engine;
static struct flash_world flash;
static struct atto_deploy_component components[2];
static struct atto_deploy deploy;
static struct atto_installer installer;
static struct suit_bytes suit;
static _Alignas(ATTO_IMAGE_ALIGN) uint8_t image[IMAGE_BYTES];

static const struct atto_call calls[ATTO_CALL_PAGE] = { [TICK] = { call_tick, 0, 0 } };
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
static const uint8_t owner_key[] = "\xa3\x01\x01\x20\x06\x21\x58\x20" "acme's public key of 32 bytes..";
static const struct atto_deploy_config config = {
    .engine = &engine, .records = &records, .slots = &slots, .crypto = &suit_crypto, .identity = &suit_identity,
    .owner_key = { owner_key, sizeof owner_key }, .components = components, .component_count = 2,
};

/* An image of 1 KB whose start ticks first: {2: [["start", 0]], 5: [1]} */
static void make_image(void)
{
    static const char manifest[] = "\xa2\x02\x81\x82\x65start\x00\x05\x81\x01";
    const uint32_t manifest_bytes = (sizeof manifest - 1u + 7u) / 8u * 8u;
    uint32_t slot_count = (IMAGE_BYTES - 40u - 8u - manifest_bytes) / 8u, functions = 40u + slot_count * 8u;
    uint64_t text[IMAGE_BYTES / 8u];
    for (uint32_t i = 0; i < slot_count; i++)
        text[i] = i == 0u ? CALL(TICK) : i + 1u == slot_count ? EXIT : ADD(0, 1);
    memcpy(image, "ATTO\x01\x01", 6);
    put_u32(image + 8, IMAGE_BYTES);
    put_u32(image + 12, slot_count * 8u);
    put_u32(image + 16, 8);
    put_u32(image + 32, sizeof manifest - 1u);
    memcpy(image + 40, text, slot_count * 8u);
    put_u32(image + functions, 64u << 16);
    put_u32(image + functions + 4u, 1u << 16 | 64u);
    memcpy(image + functions + 8u, manifest, sizeof manifest - 1u);
}

static void make_envelope(void)
{
    static uint8_t shared[160];
    struct atto_sha256 hash;
    suit_begin(&suit);
    memcpy(shared, suit.shared, 46);
    suit_crypto.sha256_begin(NULL, &hash);
    suit_crypto.sha256_add(NULL, &hash, image, sizeof image);
    suit_crypto.sha256_end(NULL, &hash, shared + 46);
    memcpy(shared + 78, "\x0e\x19\x04\x00\x01\x0f\x02\x0f", 8);
    suit_set(&suit, SUIT_SHARED, shared, 86);
    SUIT_SET(&suit, SUIT_COMPONENTS, "\x02\x81\x81\x45" "blink");
    SUIT_SET(&suit, SUIT_UNPROTECTED, "\xa0");
    suit_set(&suit, SUIT_IMAGE, image, sizeof image);
    suit_build(&suit, &suit_acme);
}

/* ---- the deepest stack ---- */

#define PAINTED_WORDS 1536u
#define PAINT 0x5afe5afeu

/* Paints the stack below the caller, or tells how many bytes of that were written since. */
static __attribute__((noinline)) uint32_t stack_below(bool paint)
{
    volatile uint32_t words[PAINTED_WORDS];
    uint32_t untouched = 0;
    __asm__ volatile("" : "=m"(words)); /* they are what they are */
    if (paint) {
        for (uint32_t i = 0; i < PAINTED_WORDS; i++)
            words[i] = PAINT;
        return 0;
    }
    while (untouched < PAINTED_WORDS && words[untouched] == PAINT)
        untouched++;
    return (PAINTED_WORDS - untouched) * 4u;
}

/* All of the envelope but its last byte, and the rest. */
static __attribute__((noinline)) bool install(uint32_t *began)
{
    uint32_t last = suit.len - 1u;
    atto_install_begin(&installer, &deploy);
    bool fine = atto_install_bytes(&installer, suit.bytes, last) == ATTO_OK;
    *began = board_counter();
    return fine && atto_install_bytes(&installer, suit.bytes + last, 1) == ATTO_OK &&
           atto_install_finish(&installer, NULL) == ATTO_OK;
}

int main(int argc, char **argv)
{
    if (!board_counter_start()) {
        printf("deploy: this machine does not count instructions exactly\n");
        return 2;
    }
    make_image();
    make_envelope();
    clock_us = 1000000;
    flash_world_begin(&flash, 2u * AREA_BYTES + 3u * SLOT_BYTES, 1024, 8, 0xff);
    atto_engine_init(&engine, &engine_config, pool, sizeof pool);
    memset(&firmware.granted, 0xff, sizeof firmware.granted);
    all_ok = atto_deploy_boot(&deploy, &config) == ATTO_OK;
    uint32_t began;
    stack_below(true);
    all_ok = all_ok && install(&began);
    uint32_t stack_bytes = stack_below(false);
    atto_engine_poll(&engine);
    all_ok = all_ok && tick_count == 1u;
    if (argc > 1 && strcmp(argv[1], "sizes") == 0) {
        printf("{\"part\":\"RAM while installing\",\"flash\":0,\"ram\":%lu}\n",
               (unsigned long)(sizeof installer + stack_bytes));
        return all_ok && stack_bytes < PAINTED_WORDS * 4u ? 0 : 1;
    }
    print_instructions("install_1k", board_instructions(began, ticks[0]), true);
    return all_ok ? 0 : 1;
}
