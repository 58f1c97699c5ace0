/* What becomes of a device whose flash fails while it runs, has a wrong bit anywhere, or was made for another layout: it
 * goes on with what is true, says so, and runs nothing that is not.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "deploy_steps.h"

/* ---- flash fails ---- */

#define RIGHT_1 "\x82\x00\x01" /* to read the first endpoint */

/* {8: [...]}, one right and three of them, in a string */
#define ONE_RIGHT "\x46\xa1\x08\x81" RIGHT_1
#define THREE_RIGHTS "\x4c\xa1\x08\x83" RIGHT_1 RIGHT_1 RIGHT_1

static enum atto_status update(void)
{
    return deploy_install("acme", "blink", 8, PROGRAM_GOOD);
}

static enum atto_status remove_blink(void)
{
    return deploy_order("acme", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0);
}

static enum atto_status three_rights(void)
{
    return deploy_order("acme", ATTO_COMMAND_SET_RIGHTS, "acme", "blink", THREE_RIGHTS, sizeof THREE_RIGHTS - 1u);
}

static enum atto_status less_urgent(void)
{
    return deploy_order("acme", ATTO_COMMAND_SET_SCHEDULE, "acme", "blink", "\x45\xa1\x07\xa1\x01\x09", 6);
}

static enum atto_status revoke(void)
{
    static const char revoke[] = "\x05\x0a\x06\x81\x64" "acme";
    return deploy_command("", &deploy_owner, revoke, sizeof revoke - 1u);
}

static enum atto_status (*const changes[])(void) = { update, remove_blink, three_rights, less_urgent, revoke };
#define CHANGES (sizeof changes / sizeof *changes)

static uint32_t rows_in_force(void)
{
    struct atto_right rows[8];
    uint32_t count = atto_engine_rights(&dw.world.engine, deploy_container("acme", "blink"), rows, 8), in_force = 0;
    for (uint32_t i = 0; i < count; i++)
        in_force += rows[i].operations != 0u;
    return in_force;
}

/* Flash fails from one operation of a change on, and a moment later it works again, without a reset. What was refused has
 * changed nothing, what runs is what flash has, and the change can be made then. */
static void a_change_while_flash_fails(void)
{
    uint32_t refused = 0;
    for (uint32_t change = 0; change < CHANGES; change++) {
        bool failed = true;
        for (uint32_t at = 1; failed && !harness_failed(); at++) {
            harness_case(change, at);
            begin();
            install("acme", "blink", 7);
            EQUAL(deploy_order("acme", ATTO_COMMAND_SET_RIGHTS, "acme", "blink", ONE_RIGHT, sizeof ONE_RIGHT - 1u),
                  ATTO_OK);
            const struct deploy_truth before = deploy_truth_now();
            flash_world_power_up(&dw.flash, at, (enum flash_tear)(at % TEAR_COUNT));
            enum atto_status status = changes[change]();
            failed = dw.flash.dead;
            flash_world_power_up(&dw.flash, 0, TEAR_NOTHING);
            deploy_run(10);
            if (status != ATTO_OK) {
                refused++;
                deploy_run(10); /* a life that has begun anew gets there */
                struct deploy_truth after = deploy_truth_now();
                memcpy(after.counter, before.counter, sizeof after.counter); /* it may be used up */
                CHECK(deploy_same_truth(&before, &after));
                EQUAL(deploy_version("acme", "blink"), 7);
                EQUAL(rows_in_force(), 1);
                EQUAL(changes[change](), ATTO_OK);
                deploy_run(10);
            }
            /* What a reset makes of it is the same, but for lives that begin anew. */
            const struct deploy_truth now = deploy_truth_now();
            EQUAL(dw.slots.open, 0);
            reset();
            deploy_run(10);
            const struct deploy_truth booted = deploy_truth_now();
            CHECK(deploy_same_truth(&now, &booted));
            bool goes = changes[change] == remove_blink || changes[change] == revoke;
            CHECK((deploy_container("acme", "blink") == NULL) == goes);
            EQUAL(dw.flash.violations, 0);
        }
    }
    GO_ON();
    CHECK(refused > 2u * CHANGES);
}

/* ---- another layout ---- */

/* Nothing is written, and with the right layout all is there. */
static void refuses_to_boot(void)
{
    static uint8_t bytes[FLASH_WORLD_BYTES];
    memcpy(bytes, dw.flash.bytes, sizeof bytes);
    dw.flash.operations = 0;
    enum atto_status status = deploy_boot();
    CHECK(status == ATTO_E_LAYOUT || status == ATTO_E_DAMAGED);
    EQUAL(dw.flash.operations, 0);
    CHECK(memcmp(bytes, dw.flash.bytes, sizeof bytes) == 0);
    dw.flash.flash.unit_bytes = 8;
    reset();
    deploy_run(10);
    EQUAL(deploy_version("acme", "blink"), 7);
}

#define LAYOUTS 13u

/* Flash that was made for another layout is left alone: each number of it, with a log in its first area and in its second. */
static void other_layouts(void)
{
    static const uint8_t bytes[99] = { 1 };
    const struct atto_record more = { ATTO_RECORD_KEY(ATTO_RECORD_FIRMWARE, 0), { bytes, sizeof bytes } };
    for (uint32_t i = 0; i < 2u * LAYOUTS && !harness_failed(); i++) {
        harness_case(i, 0);
        begin();
        install("acme", "blink", 7);
        while (i >= LAYOUTS && dw.records.generation % 2u == 0u)
            EQUAL(atto_records_put(&dw.records, &more, 1), ATTO_OK);
        reset();
        switch (i % LAYOUTS) {
        case 0: dw.flash.flash.unit_bytes = 1; break;
        case 1: dw.flash.flash.unit_bytes = 4; break;
        case 2: dw.flash.flash.unit_bytes = 16; break;
        case 3: dw.flash.flash.unit_bytes = 32; break;
        case 4: dw.records.area_bytes = 1024; break;
        case 5: dw.records.area_bytes = 256; break;
        case 6: dw.records.area_count = 3; break;
        case 7: dw.records.offset = 256; break;
        case 8: dw.records.offset = 8192; break;
        case 9: dw.slots.offset += 256u; break;
        case 10: dw.slots.slot_bytes = 512; break;
        case 11: dw.slots.slot_count = 6; break;
        default: dw.records.area_bytes = 4096; break;
        }
        refuses_to_boot();
    }
}

/* ---- wrong bits ---- */

/* Whose counter is damaged is told at boot; nothing more is taken from that signer, and everything else goes on. */
static void damaged_counters(void)
{
    struct atto_span value;
    for (uint32_t signer = 0; signer < 2u; signer++) {
        begin();
        install("acme", "blink", 7);
        EQUAL(deploy_order("acme", ATTO_COMMAND_STOP, "acme", "blink", NULL, 0), ATTO_OK);
        EQUAL(atto_records_get(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, signer), &value), ATTO_OK);
        dw.flash.bytes[value.ptr - dw.flash.bytes] ^= 1u;
        install("other", "lamp", 3);
        reset();
        CHECK(dw.records.damaged != 0u);
        EQUAL(dw.told[ATTO_DEPLOY_TENANT], 1);
        EQUAL(deploy_order(signer == 0u ? "" : "acme", ATTO_COMMAND_START, "acme", "blink", NULL, 0), ATTO_E_DAMAGED);
        EQUAL(deploy_order(signer == 0u ? "acme" : "", ATTO_COMMAND_START, "acme", "blink", NULL, 0), ATTO_OK);
        EQUAL(deploy_install("acme", "blink", 8, PROGRAM_GOOD), ATTO_OK);
        deploy_run(10);
        EQUAL(deploy_version("acme", "blink"), 8);
    }
}

static bool is_told(enum atto_status booted)
{
    return booted != ATTO_OK || dw.told[ATTO_DEPLOY_LOG] != 0u || dw.told[ATTO_DEPLOY_NOT_RUN] != 0u ||
           dw.told[ATTO_DEPLOY_ROLLED_BACK] != 0u;
}

/* Does a byte lie in the image of a version that is in the engine? */
static bool is_running(uint32_t at)
{
    struct atto_versions versions;
    for (uint32_t i = 0; i < DEPLOY_COMPONENTS; i++) {
        if (dw.components[i].container == NULL || atto_slots_get(&dw.slots, i, &versions) != ATTO_OK)
            continue;
        struct atto_span image = atto_slots_image(&dw.slots, &versions.current);
        uint32_t begins = (uint32_t)(image.ptr - dw.flash.bytes);
        if (at >= begins && at < begins + image.len)
            return true;
    }
    return false;
}

/* A wrong bit in any place of flash has no effect, or it is told; and an image that has it does not run. */
static void a_bit_anywhere(void)
{
    static struct flash_world kept;
    uint32_t told = 0, harmless = 0;
    begin();
    install("other", "lamp", 3);
    install("acme", "blink", 7);
    EQUAL(three_rights(), ATTO_OK);
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_QUIET), ATTO_OK); /* on trial, with one to go back to */
    EQUAL(less_urgent(), ATTO_OK);
    kept = dw.flash;
    reset();
    const struct deploy_truth truth = deploy_truth_now();
    for (uint32_t bit = 0; bit < 8u * kept.flash.bytes && !harness_failed(); bit += ON_LINUX_OR_BOARD(1u, 211u)) {
        harness_case(bit / 8u, bit % 8u);
        dw.flash = kept;
        dw.flash.bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        enum atto_status booted = deploy_reset(0, TEAR_NOTHING);
        CHECK(!is_running(bit / 8u));
        if (is_told(booted)) {
            told++;
            continue;
        }
        harmless++;
        const struct deploy_truth now = deploy_truth_now();
        CHECK(deploy_same_truth(&truth, &now));
    }
    GO_ON();
    harness_note("wrong bits that are told", told);
    harness_note("wrong bits without effect", harmless);
    CHECK(told != 0u && harmless != 0u);
}

/* ---- numbers that are used up ---- */

/* Whoever holds the head of a version that was never installed can use its tries up, and those of lower numbers with it;
 * the tenant goes on with a number that nobody has seen. */
static void a_higher_head_holds_up(void)
{
    begin();
    install("acme", "blink", 6);
    deploy_pack("acme", "blink", 9, PROGRAM_GOOD, &suit_acme);
    dw.suit.bytes[dw.suit.len - 1u] ^= 1u;
    for (uint32_t i = 0; i < ATTO_INSTALL_TRIES; i++)
        EQUAL(deploy_send(100), ATTO_E_DIGEST);
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_E_QUOTA);
    EQUAL(deploy_version("acme", "blink"), 6);
    install("acme", "blink", 10);
}

/* A tenant that has used its last counter up, or the last sequence number of a container: the owner does it in its place,
 * enrols it with another id, or the container comes under another name. Nothing old comes back. */
static void the_last_numbers(void)
{
    begin();
    EQUAL(deploy_install("acme", "blink", UINT32_MAX, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("acme", "blink", UINT32_MAX, PROGRAM_GOOD), ATTO_E_SEQUENCE);
    install("acme", "blank", 1);
    /* The last counter is far away: steps are small. */
    const uint32_t counter = dw.counter;
    dw.counter = UINT32_MAX;
    EQUAL(deploy_order("acme", ATTO_COMMAND_STOP, "acme", "blank", NULL, 0), ATTO_E_SEQUENCE);
    const uint32_t before = UINT32_MAX - 1u;
    const struct atto_record far = { ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, 1), { (const uint8_t *)&before, 4 } };
    EQUAL(atto_records_put(&dw.records, &far, 1), ATTO_OK);
    dw.counter = UINT32_MAX;
    EQUAL(deploy_order("acme", ATTO_COMMAND_STOP, "acme", "blank", NULL, 0), ATTO_OK);
    dw.counter = UINT32_MAX;
    EQUAL(deploy_order("acme", ATTO_COMMAND_START, "acme", "blank", NULL, 0), ATTO_E_SEQUENCE);
    dw.counter = counter;
    EQUAL(deploy_order("", ATTO_COMMAND_START, "acme", "blank", NULL, 0), ATTO_OK);
    EQUAL(deploy_order("", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0), ATTO_OK);
    EQUAL(deploy_install("acme", "blink", UINT32_MAX, PROGRAM_GOOD), ATTO_E_SEQUENCE);
    /* Another id: other counters. */
    static const char revoke_other[] = "\x05\x0a\x06\x81\x65" "other";
    EQUAL(revoke(), ATTO_OK);
    EQUAL(deploy_command("", &deploy_owner, revoke_other, sizeof revoke_other - 1u), ATTO_OK);
    EQUAL(deploy_enrol_as(2, "acme", &suit_acme, ATTO_OPERATION_READ), ATTO_OK);
    install("acme", "blank", 2);
    EQUAL(deploy_order("acme", ATTO_COMMAND_STOP, "acme", "blank", NULL, 0), ATTO_OK);
    EQUAL(deploy_install("acme", "blink", UINT32_MAX, PROGRAM_GOOD), ATTO_E_SEQUENCE);
}

static const struct harness_test tests[] = {
    TEST(a_change_while_flash_fails, "What flash refuses has changed nothing, and can be done when it works again."),
    TEST(other_layouts, "Flash that was made for another layout is left alone."),
    TEST(damaged_counters, "A damaged counter is told, and lets nothing old in."),
    TEST(a_bit_anywhere, "A wrong bit anywhere in flash has no effect or is told, and never runs."),
    TEST(a_higher_head_holds_up, "Tries that an attacker has used up are the tenant's again with a higher number."),
    TEST(the_last_numbers, "Who has used the last number up goes on under another one."),
};
HARNESS_MAIN(tests)
