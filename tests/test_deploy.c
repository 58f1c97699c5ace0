/* A device that is deployed to: envelopes, trials, commands and resets, each by the smallest story, and what must not
 * happen.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "deploy_steps.h"

/* The container of acme called blink has come to this version, and runs. */
static void runs(uint32_t version)
{
    deploy_run(10);
    EQUAL(deploy_version("acme", "blink"), version);
    EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_RUNNING);
}

static void install_in_pieces(void)
{
    static const uint32_t pieces[] = { 1, 7, 64, 1000, SUIT_BYTES_MAX };
    for (uint32_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        harness_case(pieces[i], 0);
        begin();
        deploy_pack("acme", "blink", 7, PROGRAM_GOOD, &suit_acme);
        EQUAL(deploy_send(pieces[i]), ATTO_OK);
        EQUAL(dw.told[ATTO_DEPLOY_RUNS], 1);
        EQUAL(dw.told[ATTO_DEPLOY_HEALTHY], 0);
        runs(7);
        EQUAL(dw.told[ATTO_DEPLOY_HEALTHY], 1);
        for (uint32_t k = 0; k < 5u; k++) {
            reset();
            EQUAL(dw.told[ATTO_DEPLOY_RUNS], 1);
            runs(7);
        }
    }
}

static void updates_and_replays(void)
{
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    EQUAL(deploy_send(100), ATTO_E_SEQUENCE);
    EQUAL(deploy_install("acme", "blink", 6, PROGRAM_GOOD), ATTO_E_SEQUENCE);
    runs(7);
    for (uint32_t sequence = 8; sequence < 40u; sequence++) { /* more often than there are slots */
        EQUAL(deploy_install("acme", "blink", sequence, PROGRAM_GOOD), ATTO_OK);
        runs(sequence);
        if (sequence % 5u == 0u)
            reset();
    }
    EQUAL(deploy_install("acme", "blink", 39, PROGRAM_GOOD), ATTO_E_SEQUENCE);
    /* Once more before the one on trial is healthy. */
    EQUAL(deploy_install("acme", "blink", 50, PROGRAM_QUIET), ATTO_OK);
    EQUAL(deploy_install("acme", "blink", 51, PROGRAM_GOOD), ATTO_OK);
    runs(51);
    EQUAL(atto_slots_free(&dw.slots), (1u << DEPLOY_SLOTS) - 1u - (1u << dw.installer.writer.slot));
}

static void a_bad_version_is_rolled_back(void)
{
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_BAD), ATTO_OK);
    deploy_run(10);
    EQUAL(dw.told[ATTO_DEPLOY_ROLLED_BACK], 1);
    runs(7);
    EQUAL(deploy_send(100), ATTO_E_SEQUENCE); /* its number is used up */
    reset();
    runs(7);
    EQUAL(dw.told[ATTO_DEPLOY_ROLLED_BACK], 0);
    EQUAL(deploy_install("acme", "blink", 9, PROGRAM_GOOD), ATTO_OK);
    runs(9);
}

static void a_bad_first_version(void)
{
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_BAD), ATTO_OK);
    deploy_run(10);
    EQUAL(dw.told[ATTO_DEPLOY_NOT_RUN], 1);
    CHECK(deploy_container("acme", "blink") == NULL);
    reset();
    EQUAL(dw.told[ATTO_DEPLOY_NOT_RUN], 1);
    CHECK(deploy_container("acme", "blink") == NULL);
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_GOOD), ATTO_OK);
    runs(8);
}

static void resets_end_a_trial(void)
{
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_QUIET), ATTO_OK);
    runs(8);
    for (uint32_t i = 0; i < ATTO_SLOT_TRIALS; i++) {
        reset();
        runs(8);
    }
    reset();
    runs(7);
    /* One that is left alone long enough is healthy. */
    EQUAL(deploy_install("acme", "blink", 9, PROGRAM_QUIET), ATTO_OK);
    deploy_run(4999);
    EQUAL(dw.told[ATTO_DEPLOY_HEALTHY], 0);
    deploy_run(1);
    EQUAL(dw.told[ATTO_DEPLOY_HEALTHY], 1);
    for (uint32_t i = 0; i < 2u * ATTO_SLOT_TRIALS; i++) {
        reset();
        runs(9);
    }
}

/* What does not run is not tried, and its trial begins when it is started. */
static void a_version_that_does_not_run(void)
{
    begin();
    deploy_pack("acme", "blink", 7, PROGRAM_QUIET, &suit_acme);
    suit_set(&dw.suit, SUIT_INVOKE, NULL, 0);
    SUIT_SET(&dw.suit, SUIT_MANIFEST_MAP, "\xa5");
    suit_build(&dw.suit, &suit_acme);
    EQUAL(deploy_send(100), ATTO_OK);
    for (uint32_t i = 0; i < 2u * ATTO_SLOT_TRIALS; i++) {
        deploy_run(9000);
        EQUAL(dw.told[ATTO_DEPLOY_HEALTHY], 0);
        EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_INSTALLED);
        reset();
    }
    deploy_run(9000);
    EQUAL(deploy_order("acme", ATTO_COMMAND_START, "acme", "blink", NULL, 0), ATTO_OK);
    deploy_run(4000);
    EQUAL(dw.told[ATTO_DEPLOY_HEALTHY], 0);
    deploy_run(1000);
    EQUAL(dw.told[ATTO_DEPLOY_HEALTHY], 1);
}

/* Nothing has changed: one good container runs, and no slot is lost. */
static void unchanged(void)
{
    EQUAL(dw.told[ATTO_DEPLOY_RUNS], 0);
    EQUAL(dw.told[ATTO_DEPLOY_NOT_RUN], 0);
    runs(7);
    EQUAL(dw.slots.open, 0);
    EQUAL(__builtin_popcount(atto_slots_free(&dw.slots)), DEPLOY_SLOTS - 1u);
    CHECK(deploy_container("acme", "spy") == NULL);
}

static void refused_envelopes(void)
{
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    reset();
    deploy_run(10);
    memset(dw.told, 0, sizeof dw.told);
    deploy_pack("acme", "spy", 8, PROGRAM_GOOD, &suit_other); /* another tenant's key */
    EQUAL(deploy_send(100), ATTO_E_SIGNER);
    unchanged();
    EQUAL(dw.told[ATTO_DEPLOY_REFUSED], 1);
    EQUAL(dw.last_number, ATTO_NO_TENANT); /* acme is named, but has not signed */
    EQUAL(dw.last_told, ATTO_E_SIGNER);
    deploy_pack("nobody", "spy", 8, PROGRAM_GOOD, &suit_acme);
    EQUAL(deploy_send(100), ATTO_E_SIGNER);
    unchanged();
    EQUAL(dw.told[ATTO_DEPLOY_REFUSED], 2);
    EQUAL(dw.last_number, ATTO_NO_TENANT);
    deploy_pack("", "spy", 8, PROGRAM_GOOD, &suit_acme); /* the owner's, by a tenant */
    CHECK(deploy_send(100) != ATTO_OK);
    unchanged();
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_ALIEN), ATTO_E_CALL);
    unchanged();
    EQUAL(deploy_install("acme", "spy", 8, PROGRAM_ALIEN), ATTO_E_CALL);
    unchanged();
    reset();
    EQUAL(dw.told[ATTO_DEPLOY_RUNS], 1);
    runs(7);
    EQUAL(deploy_install("", "spy", 8, PROGRAM_GOOD), ATTO_OK); /* the owner's own */
    deploy_run(10);
    EQUAL(deploy_version("", "spy"), 8);
}

/* As many images may come for a sequence number as in a reset; `tries_are_counted` is about that. */
static void try_again(void)
{
    for (uint32_t i = 0; i < DEPLOY_COMPONENTS; i++)
        dw.components[i].tries.count = 0;
    for (uint32_t i = 0; i < sizeof dw.tenants / sizeof *dw.tenants; i++)
        dw.tenants[i].tries.count = 0;
}

/* Every byte of the envelope is flipped, and it ends at every byte. */
static void damaged_envelopes(void)
{
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    memset(dw.told, 0, sizeof dw.told);
    deploy_pack("acme", "spy", 8, PROGRAM_GOOD, &suit_acme);
    for (uint32_t i = 0; i < dw.suit.len && !harness_failed(); i++) {
        harness_case(i, 1);
        dw.suit.bytes[i] ^= (uint8_t)(1u << i % 8u);
        CHECK(deploy_send(dw.suit.len) != ATTO_OK);
        dw.suit.bytes[i] ^= (uint8_t)(1u << i % 8u);
        EQUAL(dw.slots.open, 0);
        try_again();
    }
    GO_ON();
    const uint32_t whole = dw.suit.len;
    for (dw.suit.len = 0; dw.suit.len < whole && !harness_failed(); dw.suit.len++) {
        harness_case(dw.suit.len, 2);
        CHECK(deploy_send(whole) != ATTO_OK);
        EQUAL(dw.slots.open, 0);
        try_again();
    }
    GO_ON();
    dw.suit.len = whole + 1u;
    CHECK(deploy_send(whole + 1u) != ATTO_OK);
    unchanged();
    dw.suit.len = whole;
    EQUAL(deploy_send(50), ATTO_OK);
    deploy_run(10);
    EQUAL(deploy_version("acme", "spy"), 8);
}

static void lives_by_command(void)
{
    begin();
    EQUAL(deploy_order("acme", ATTO_COMMAND_START, "acme", "blink", NULL, 0), ATTO_E_NOT_FOUND);
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    EQUAL(deploy_order("acme", ATTO_COMMAND_START, "acme", "blink", NULL, 0), ATTO_E_STATE);
    EQUAL(deploy_order("other", ATTO_COMMAND_STOP, "acme", "blink", NULL, 0), ATTO_E_DENIED);
    EQUAL(deploy_order("acme", ATTO_COMMAND_STOP, "acme", "blink", NULL, 0), ATTO_OK);
    EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_STOPPED);
    reset(); /* what was stopped stays so */
    deploy_run(10);
    EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_INSTALLED);
    EQUAL(deploy_order("", ATTO_COMMAND_START, "acme", "blink", NULL, 0), ATTO_OK);
    runs(7);
    reset();
    runs(7);
    EQUAL(deploy_order("", ATTO_COMMAND_PAUSE, "acme", "blink", NULL, 0), ATTO_OK);
    EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_PAUSED);
    EQUAL(deploy_order("acme", ATTO_COMMAND_RESUME, "acme", "blink", NULL, 0), ATTO_OK);
    EQUAL(deploy_order("acme", ATTO_COMMAND_RESUME, "acme", "blink", NULL, 0), ATTO_E_STATE);
    runs(7);
    EQUAL(deploy_order("acme", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0), ATTO_OK);
    CHECK(deploy_container("acme", "blink") == NULL);
    EQUAL(atto_slots_free(&dw.slots), (1u << DEPLOY_SLOTS) - 1u);
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_E_SEQUENCE); /* that stays */
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_GOOD), ATTO_OK);
    runs(8);
}

static void commands_once(void)
{
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    EQUAL(deploy_order("acme", ATTO_COMMAND_PAUSE, "acme", "blink", NULL, 0), ATTO_OK);
    EQUAL(deploy_order("acme", ATTO_COMMAND_RESUME, "acme", "blink", NULL, 0), ATTO_OK);
    dw.counter -= 2u; /* the same bytes once more */
    EQUAL(deploy_order("acme", ATTO_COMMAND_PAUSE, "acme", "blink", NULL, 0), ATTO_E_SEQUENCE);
    EQUAL(dw.told[ATTO_DEPLOY_REFUSED], 1);
    EQUAL(dw.last_number, 1);
    reset();
    EQUAL(deploy_order("acme", ATTO_COMMAND_PAUSE, "acme", "blink", NULL, 0), ATTO_E_SEQUENCE);
    /* Each signer counts for itself. */
    EQUAL(deploy_order("", ATTO_COMMAND_PAUSE, "acme", "blink", NULL, 0), ATTO_OK);
}

/* {8: [["memory", 1]]}, and no right at all */
#define READ_ALONE "\x4c\xa1\x08\x81\x82\x66" "memory" "\x01"
#define NO_RIGHTS "\x43\xa1\x08\x80"
/* To read endpoint 0, and one that there is not. */
#define UNKNOWN_RIGHT "\x4a\xa1\x08\x82\x82\x00\x01\x82\x18\x63\x01"
/* {7: {2: 1000000}}: a period */
#define SLOWER "\x49\xa1\x07\xa1\x02\x1a\x00\x0f\x42\x40"

static void rights_and_schedules_stay(void)
{
    static struct atto_audit_record trail[16];
    struct atto_right right;
    struct atto_schedule schedule;
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    dw.world.config.changes = trail;
    dw.world.config.change_count = sizeof trail / sizeof *trail;
    EQUAL(deploy_order("acme", ATTO_COMMAND_SET_RIGHTS, "acme", "blink", READ_ALONE, 13), ATTO_OK);
    EQUAL(deploy_order("", ATTO_COMMAND_SET_SCHEDULE, "acme", "blink", SLOWER, 10), ATTO_OK);
    const uint32_t changes = dw.world.engine.changes_written; /* what is refused touches no row */
    EQUAL(deploy_order("acme", ATTO_COMMAND_SET_RIGHTS, "acme", "blink", UNKNOWN_RIGHT, 11), ATTO_E_NOT_FOUND);
    CHECK(changes != 0u && dw.world.engine.changes_written == changes);
    for (uint32_t i = 0; i < 2u; i++) {
        EQUAL(atto_engine_rights(&dw.world.engine, deploy_container("acme", "blink"), &right, 1), 1);
        EQUAL(right.operations, ATTO_OPERATION_READ);
        atto_engine_schedule(&dw.world.engine, deploy_container("acme", "blink"), &schedule);
        EQUAL(schedule.period_us, 1000000);
        reset();
        runs(7);
    }
    EQUAL(deploy_order("", ATTO_COMMAND_SET_RIGHTS, "acme", "blink", NO_RIGHTS, 4), ATTO_OK);
    atto_engine_rights(&dw.world.engine, deploy_container("acme", "blink"), &right, 1);
    EQUAL(right.operations, 0);
    reset();
    EQUAL(atto_engine_rights(&dw.world.engine, deploy_container("acme", "blink"), &right, 1), 0);
    /* A new version has what it asks for. */
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_GOOD), ATTO_OK);
    atto_engine_schedule(&dw.world.engine, deploy_container("acme", "blink"), &schedule);
    EQUAL(schedule.period_us, 0);
}

#define NEW_X "acme's next public key, 32 bytes"
#define NEW_KEY "\x05\x08\x06\x81\x58\x28\xa3\x01\x01\x20\x06\x21\x58\x20" NEW_X

static void keys_and_tenants(void)
{
    static const struct atto_key next = { ATTO_EDDSA, { NULL, 0 }, (const uint8_t *)NEW_X, NULL };
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("other", "blink", 7, PROGRAM_GOOD), ATTO_OK); /* a name for each tenant */
    runs(7);
    EQUAL(deploy_command("acme", &suit_acme, NEW_KEY, sizeof NEW_KEY - 1u), ATTO_OK);
    for (uint32_t i = 0; i < 2u; i++) {
        CHECK(deploy_install("acme", "blink", 8u + i, PROGRAM_GOOD) != ATTO_OK); /* the old key */
        deploy_pack("acme", "blink", 8u + i, PROGRAM_GOOD, &next);
        EQUAL(deploy_send(100), ATTO_OK);
        runs(8u + i);
        reset();
    }
    runs(9);
    EQUAL(deploy_order("other", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0), ATTO_E_DENIED);
    /* {5: revoke, 6: ["acme"]}, which no tenant may */
#define REVOKE "\x05\x0a\x06\x81\x64" "acme"
    EQUAL(deploy_command("other", &suit_other, REVOKE, sizeof REVOKE - 1u), ATTO_E_DENIED);
    EQUAL(deploy_command("", &deploy_owner, REVOKE, sizeof REVOKE - 1u), ATTO_OK);
    for (uint32_t i = 0; i < 2u; i++) {
        CHECK(deploy_container("acme", "blink") == NULL);
        CHECK(deploy_container("other", "blink") != NULL);
        deploy_pack("acme", "blink", 20, PROGRAM_GOOD, &next);
        EQUAL(deploy_send(100), ATTO_E_SIGNER);
        reset();
    }
    EQUAL(deploy_command("", &deploy_owner, REVOKE, sizeof REVOKE - 1u), ATTO_E_NOT_FOUND);
    /* Enrolled again, with numbers that go on. */
    EQUAL(deploy_enrol(), ATTO_OK);
    EQUAL(deploy_install("acme", "blink", 9, PROGRAM_GOOD), ATTO_E_SEQUENCE);
    EQUAL(deploy_install("acme", "blink", 10, PROGRAM_GOOD), ATTO_OK);
    runs(10);
}

/* What is refused is in the audit trail; the command `read` leaves its counter free, and `call` goes to the firmware. */
static void refusals_and_calls(void)
{
    struct atto_audit_record record;
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    CHECK(!atto_engine_denial(&dw.world.engine, 0, &record));
    EQUAL(deploy_order("other", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0), ATTO_E_DENIED);
    EQUAL(deploy_order("other", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0), ATTO_E_DENIED);
    CHECK(atto_engine_denial(&dw.world.engine, 0, &record));
    EQUAL(record.kind, ATTO_AUDIT_REFUSED);
    EQUAL(record.code, 2);
    EQUAL(record.actor, 2);
    EQUAL(record.status, ATTO_E_DENIED);
    EQUAL(record.count, 2);
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_E_SEQUENCE);
    CHECK(atto_engine_denial(&dw.world.engine, 0, &record));
    EQUAL(record.code, 1);
    EQUAL(record.actor, 1);
    EQUAL(record.status, ATTO_E_SEQUENCE);
    deploy_pack("", "own", 1, PROGRAM_GOOD, &suit_acme); /* somebody names the owner */
    EQUAL(deploy_send(100), ATTO_E_SIGNATURE);
    CHECK(atto_engine_denial(&dw.world.engine, 0, &record));
    EQUAL(record.code, 0);
    EQUAL(record.actor, ATTO_AUDIT_NOBODY);
    static const char pause[] = "\x05\x03\x06\x81\x82\x44" "acme" "\x45" "blink";
    EQUAL(deploy_command("", &suit_other, pause, sizeof pause - 1u), ATTO_E_SIGNATURE);
    CHECK(atto_engine_denial(&dw.world.engine, 0, &record));
    EQUAL(record.code, 0);
    EQUAL(record.actor, ATTO_AUDIT_NOBODY);
    EQUAL(atto_deploy_command(&dw.deploy, (const uint8_t *)"x", 1, NULL), ATTO_E_COSE);
    CHECK(atto_engine_denial(&dw.world.engine, 0, &record));
    EQUAL(record.code, 255);
    EQUAL(record.actor, ATTO_AUDIT_NOBODY);

    static const char read[] = "\x05\x0c\x06\x81\x65" "trace";
    static const char call[] = "\x05\x0b\x06\x82\x82\x44" "acme" "\x45" "blink" "\x42" "hi";
    uint32_t counter = dw.counter;
    for (uint32_t i = 0; i < 2u; i++) {
        dw.counter = counter; /* the same one again */
        EQUAL(deploy_command("acme", &suit_acme, read, sizeof read - 1u), i == 0 ? ATTO_OK : ATTO_E_SEQUENCE);
        dw.counter = counter;
        EQUAL(deploy_command("acme", &suit_acme, call, sizeof call - 1u), i == 0 ? ATTO_OK : ATTO_E_SEQUENCE);
    }
    EQUAL(dw.called, 1);
    EQUAL(deploy_order("acme", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0), ATTO_OK);
    EQUAL(deploy_command("acme", &suit_acme, call, sizeof call - 1u), ATTO_E_NOT_FOUND);
}

/* A rotated key that is damaged is not taken for none: the old one, which may be known to others, does not come back. */
static void damaged_keys(void)
{
    static const struct atto_key next = { ATTO_EDDSA, { NULL, 0 }, (const uint8_t *)NEW_X, NULL };
    struct atto_span key;
    begin();
    EQUAL(deploy_command("acme", &suit_acme, NEW_KEY, sizeof NEW_KEY - 1u), ATTO_OK);
    EQUAL(atto_records_get(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_KEY_ROTATED, 1), &key), ATTO_OK);
    dw.flash.bytes[key.ptr + key.len / 2u - dw.flash.bytes] ^= 1u;
    EQUAL(deploy_install("other", "lamp", 3, PROGRAM_GOOD), ATTO_OK); /* so that the key is not the last record */
    reset();
    EQUAL(dw.told[ATTO_DEPLOY_TENANT], 1);
    CHECK(deploy_install("acme", "blink", 7, PROGRAM_GOOD) != ATTO_OK);
    deploy_pack("acme", "blink", 7, PROGRAM_GOOD, &next);
    CHECK(deploy_send(100) != ATTO_OK);
    CHECK(deploy_container("other", "lamp") != NULL);
    EQUAL(deploy_enrol(), ATTO_OK); /* the owner helps */
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
}

/* Each bit of an image in flash is flipped: it does not run, and the other one does. */
static void damaged_images(void)
{
    begin();
    EQUAL(deploy_install("other", "lamp", 3, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    deploy_run(10);
    uint8_t *image = dw.flash.bytes + dw.slots.offset + dw.installer.writer.slot * DEPLOY_SLOT_BYTES;
    for (uint32_t bit = 0; bit < dw.image.len * 8u && !harness_failed(); bit += 1u + bit % 7u) {
        harness_case(bit, 0);
        image[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        reset();
        EQUAL(dw.told[ATTO_DEPLOY_NOT_RUN], 1);
        EQUAL(dw.last_told, ATTO_E_DIGEST);
        CHECK(deploy_container("acme", "blink") == NULL);
        deploy_run(10);
        EQUAL(deploy_version("other", "lamp"), 3);
        image[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    }
    GO_ON();
    reset();
    runs(7);
}

/* A value as a container puts it; len 0: it deletes it. */
static void put(enum atto_scope scope, uint32_t tenant, struct atto_container *container, uint32_t key, const char *value)
{
    uint32_t owner = atto_store_owner(scope, tenant, container != NULL ? atto_container_id(container) : 0u);
    uint32_t len = (uint32_t)strlen(value);
    if (len != 0u)
        EQUAL(atto_store_put(&dw.store, owner, key, (const uint8_t *)value, len), ATTO_OK);
    dw.store.changed(dw.store.user, owner, key, len != 0u ? (const uint8_t *)value : NULL, len);
}

static bool has(enum atto_scope scope, uint32_t tenant, struct atto_container *container, uint32_t key,
                const char *value)
{
    uint8_t found[ATTO_VALUE_MAX];
    uint32_t owner = atto_store_owner(scope, tenant, container != NULL ? atto_container_id(container) : 0u);
    int32_t len = atto_store_get(&dw.store, owner, key, found, sizeof found);
    return value == NULL ? len == ATTO_E_NOT_FOUND
                         : len == (int32_t)strlen(value) && memcmp(found, value, strlen(value)) == 0;
}

static void values_stay(void)
{
    begin();
    EQUAL(deploy_install("other", "lamp", 3, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    struct atto_container *blink = deploy_container("acme", "blink"), *lamp = deploy_container("other", "lamp");
    put(ATTO_SCOPE_CONTAINER, 1, blink, 5, "mine");
    put(ATTO_SCOPE_CONTAINER, 2, lamp, 5, "another's");
    put(ATTO_SCOPE_CONTAINER, 1, blink, 6, "gone");
    put(ATTO_SCOPE_TENANT, 1, NULL, 5, "ours");
    put(ATTO_SCOPE_DEVICE, 0, NULL, 5, "all's");
    put(ATTO_SCOPE_CONTAINER, 1, blink, 5, "mine!");
    put(ATTO_SCOPE_CONTAINER, 1, blink, 6, "");
    EQUAL(deploy_order("other", ATTO_COMMAND_REMOVE, "other", "lamp", NULL, 0), ATTO_OK);
    for (uint32_t i = 0; i < 3u; i++) {
        reset();
        blink = deploy_container("acme", "blink");
        CHECK(has(ATTO_SCOPE_CONTAINER, 1, blink, 5, "mine!") && has(ATTO_SCOPE_CONTAINER, 1, blink, 6, NULL));
        CHECK(has(ATTO_SCOPE_TENANT, 1, NULL, 5, "ours") && has(ATTO_SCOPE_DEVICE, 0, NULL, 5, "all's"));
    }
    /* One that was removed and comes back finds nothing; an update finds what there was. */
    EQUAL(deploy_install("other", "lamp", 4, PROGRAM_GOOD), ATTO_OK);
    CHECK(has(ATTO_SCOPE_CONTAINER, 2, deploy_container("other", "lamp"), 5, NULL));
    put(ATTO_SCOPE_CONTAINER, 2, deploy_container("other", "lamp"), 5, "another's");
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_GOOD), ATTO_OK);
    CHECK(has(ATTO_SCOPE_CONTAINER, 1, deploy_container("acme", "blink"), 5, "mine!"));
    /* Whoever gets a tenant's number after it finds nothing; no other value is touched. */
    EQUAL(deploy_command("", &deploy_owner, REVOKE, sizeof REVOKE - 1u), ATTO_OK);
    for (uint32_t i = 0; i < 2u; i++) {
        CHECK(has(ATTO_SCOPE_TENANT, 1, NULL, 5, NULL) && has(ATTO_SCOPE_DEVICE, 0, NULL, 5, "all's"));
        CHECK(has(ATTO_SCOPE_CONTAINER, 2, deploy_container("other", "lamp"), 5, "another's"));
        reset();
    }
}

static void postmortems_stay(void)
{
    struct atto_postmortem postmortem;
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    CHECK(!atto_deploy_postmortem(&dw.deploy, 0, &postmortem));
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_BAD), ATTO_OK);
    deploy_run(10);
    for (uint32_t i = 0; i < 2u; i++) {
        CHECK(atto_deploy_postmortem(&dw.deploy, 0, &postmortem));
        EQUAL(postmortem.status, ATTO_FAULT_MEMORY);
        EQUAL(postmortem.pc, 3);
        reset();
    }
    /* Faults do not wear the flash: one in a minute is kept. */
    uint32_t end = dw.records.end;
    for (uint32_t i = 0; i < 9u; i++) {
        dw.world.engine.postmortems_written++;
        atto_deploy_tick(&dw.deploy);
    }
    CHECK(dw.records.end <= end + 256u);
}

/* Two new containers on their way at the same time: the second one does not get into the place of the first. */
static void two_at_once(void)
{
    static struct atto_installer other;
    begin();
    deploy_pack("acme", "blink", 7, PROGRAM_GOOD, &suit_acme);
    atto_install_begin(&other, &dw.deploy);
    EQUAL(atto_install_bytes(&other, dw.suit.bytes, dw.suit.len), ATTO_OK);
    EQUAL(deploy_install("acme", "lamp", 9, PROGRAM_GOOD), ATTO_OK);
    EQUAL(atto_install_finish(&other, NULL), ATTO_E_BUSY);
    EQUAL(dw.slots.open, 0);
    deploy_run(10);
    EQUAL(deploy_version("acme", "lamp"), 9);
    CHECK(deploy_container("acme", "blink") == NULL);
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_GOOD), ATTO_OK);
    runs(7);
    EQUAL(deploy_version("acme", "lamp"), 9);
}

/* A key is changed, or the tenant revoked, while an image is on its way that was signed before. */
static void keys_change_meanwhile(void)
{
    for (uint32_t i = 0; i < 2u; i++) {
        harness_case(i, 0);
        begin();
        deploy_pack("acme", "blink", 7, PROGRAM_GOOD, &suit_acme);
        atto_install_begin(&dw.installer, &dw.deploy);
        EQUAL(atto_install_bytes(&dw.installer, dw.suit.bytes, dw.suit.len), ATTO_OK);
        if (i == 0) {
            EQUAL(deploy_command("acme", &suit_acme, NEW_KEY, sizeof NEW_KEY - 1u), ATTO_OK);
        } else {
            EQUAL(deploy_command("", &deploy_owner, REVOKE, sizeof REVOKE - 1u), ATTO_OK);
            EQUAL(deploy_enrol_one(1), ATTO_OK);
        }
        EQUAL(atto_install_finish(&dw.installer, NULL), ATTO_E_BUSY);
        EQUAL(dw.slots.open, 0);
        CHECK(deploy_container("acme", "blink") == NULL);
    }
}

/* Names are never forgotten, so there can be only so many. */
static void no_room(void)
{
    begin();
    EQUAL(deploy_install("acme", "a", 1, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("acme", "b", 1, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("acme", "c", 1, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("acme", "d", 1, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("acme", "e", 1, PROGRAM_GOOD), ATTO_E_NO_SPACE);
    EQUAL(dw.slots.open, 0);
}

static const struct harness_test tests[] = {
    TEST(install_in_pieces, "An envelope in pieces of any length runs, reports healthy and survives resets."),
    TEST(updates_and_replays, "Only a higher sequence number is installed, however often, and no slot is lost."),
    TEST(a_bad_version_is_rolled_back, "A version that faults before it reports healthy gives way to the one before."),
    TEST(a_bad_first_version, "Without one before nothing runs, until there is a better one."),
    TEST(resets_end_a_trial, "A version that never reports healthy survives only so many resets."),
    TEST(a_version_that_does_not_run, "A version that is not to run is not on trial until it is started."),
    TEST(refused_envelopes, "An envelope that is refused changes nothing."),
    TEST(damaged_envelopes, "No envelope with a flipped bit, cut short or with more behind it is installed."),
    TEST(lives_by_command, "Commands start, stop, pause, resume and remove, and what is to run is kept."),
    TEST(commands_once, "A command is done once, before and after a reset."),
    TEST(rights_and_schedules_stay, "Changes of rights and schedule stay until there is a new version."),
    TEST(keys_and_tenants, "Keys are rotated, tenants revoked and enrolled again."),
    TEST(refusals_and_calls, "What is refused is audited; a read uses no counter up; a call is made once."),
    TEST(damaged_keys, "A damaged key that was rotated does not bring the old one back."),
    TEST(damaged_images, "No image with a flipped bit runs, and others are not held up."),
    TEST(two_at_once, "Two installers do not get into each other's way."),
    TEST(keys_change_meanwhile, "What was signed with a key that is gone is not installed, though it came before."),
    TEST(values_stay, "Values of all scopes stay over resets, updates and removals."),
    TEST(postmortems_stay, "What is left of a fault stays, and faults do not wear the flash."),
    TEST(no_room, "What there is no room for is refused."),
};
HARNESS_MAIN(tests)
