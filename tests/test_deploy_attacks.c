/* What a tenant, a client or a worn flash may do to a device that is deployed to, beyond malformed bytes: each story ends
 * with what must not have happened.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "deploy_steps.h"

#define REVOKE_ACME "\x05\x0a\x06\x81\x64" "acme"
#define NEW_X "acme's next public key, 32 bytes"
#define NEW_KEY "\x05\x08\x06\x81\x58\x28\xa3\x01\x01\x20\x06\x21\x58\x20" NEW_X

static enum atto_status revoke_acme(void)
{
    return deploy_command("", &deploy_owner, REVOKE_ACME, sizeof REVOKE_ACME - 1u);
}

static enum atto_status order(const char *tenant, enum atto_command_operation operation)
{
    return deploy_order(tenant, operation, "acme", "blink", NULL, 0);
}

static struct atto_versions versions_of(uint32_t number)
{
    struct atto_versions versions = { 0 };
    (void)atto_slots_get(&dw.slots, number, &versions); /* no state is 0 */
    return versions;
}

static uint32_t number_of(const char *tenant, const char *container)
{
    const struct atto_component component = { { (const uint8_t *)tenant, (uint32_t)strlen(tenant) },
                                              { (const uint8_t *)container, (uint32_t)strlen(container) } };
    int32_t number = atto_deploy_find(&dw.deploy, &component);
    return number >= 0 ? (uint32_t)number : 0u;
}

/* ---- hooks ---- */

static struct atto_hook_type hook_type = { .name = "test", .fuel = 100 };
static struct atto_hook hook;
static struct atto_attachment attachment;

static void attach(const char *tenant, const char *container)
{
    memset(&hook_type.calls, 0xff, sizeof hook_type.calls);
    hook = (struct atto_hook)ATTO_HOOK_INIT(&hook_type);
    memset(&attachment, 0, sizeof attachment);
    EQUAL(atto_engine_attach(&dw.world.engine, deploy_container(tenant, container), &hook, &attachment, 0, 0,
                             ATTO_HOOK_CONTINUE), ATTO_OK);
}

/* A bad version that is attached to a hook cannot leave the engine; so its slot must not be free, or the next install
 * would put other code under the container's feet. */
static void a_hook_holds_a_bad_version(void)
{
    for (uint32_t helped = 0; helped < 2u; helped++) {
        harness_case(helped, 0);
        begin();
        install("acme", "blink", 7);
        EQUAL(deploy_install("acme", "blink", 8, PROGRAM_BAD), ATTO_OK);
        attach("acme", "blink");
        if (helped != 0u) {
            dw.hook = &hook;
            dw.attachment = &attachment;
        }
        deploy_run(10);
        CHECK(dw.told[ATTO_DEPLOY_ATTACHED] != 0u);
        if (helped == 0u) {
            const struct atto_versions versions = versions_of(number_of("acme", "blink"));
            EQUAL(versions.state, ATTO_COMPONENT_TRIAL);
            EQUAL(versions.current.sequence, 8);
            EQUAL(atto_slots_free(&dw.slots) >> versions.current.slot & 1u, 0);
            CHECK(deploy_container("acme", "blink") != NULL);
            atto_hook_detach(&hook, &attachment);
            deploy_run(10);
        }
        EQUAL(dw.told[ATTO_DEPLOY_ROLLED_BACK], 1);
        deploy_run(10);
        EQUAL(deploy_version("acme", "blink"), 7);
    }
}

/* What is attached is not stopped by a removal that then fails; after a revocation nobody can start it again, and it goes
 * as soon as it can. */
static void a_hook_holds_what_is_removed(void)
{
    begin();
    install("acme", "blink", 7);
    attach("acme", "blink");
    EQUAL(order("acme", ATTO_COMMAND_REMOVE), ATTO_E_BUSY);
    EQUAL(world_info(&dw.world, deploy_container("acme", "blink")).state, ATTO_STATE_RUNNING);
    EQUAL(revoke_acme(), ATTO_OK);
    EQUAL(order("", ATTO_COMMAND_STOP), ATTO_E_NOT_FOUND);
    EQUAL(order("", ATTO_COMMAND_START), ATTO_E_NOT_FOUND);
    atto_hook_detach(&hook, &attachment);
    deploy_run(10);
    CHECK(deploy_container("acme", "blink") == NULL);
    EQUAL(deploy_enrol_one(1), ATTO_OK);
    reset();
    CHECK(deploy_container("acme", "blink") == NULL);
}

/* While another tenant's record is damaged, nothing of that one's goes, whatever a hook holds; and an enrolment of another
 * one does not let the held container be forgotten, nor does its own name come back before it is gone. */
static void a_hook_and_a_damaged_tenant(void)
{
    struct atto_span value;
    begin();
    install("acme", "blink", 7);
    install("other", "lamp", 3);
    EQUAL(atto_records_get(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_TENANT, 2), &value), ATTO_OK);
    uint8_t *byte = dw.flash.bytes + (value.ptr + 9 - dw.flash.bytes);
    *byte ^= 4u;
    reset();
    attach("acme", "blink");
    EQUAL(revoke_acme(), ATTO_OK);
    deploy_run(10);
    EQUAL(deploy_enrol_one(1), ATTO_E_BUSY);
    EQUAL(deploy_enrol_one(2), ATTO_OK); /* the owner puts the record right */
    atto_hook_detach(&hook, &attachment);
    deploy_run(10);
    CHECK(deploy_container("acme", "blink") == NULL);
    EQUAL(deploy_enrol_one(1), ATTO_OK);
    reset();
    deploy_run(10);
    CHECK(deploy_container("acme", "blink") == NULL);
    EQUAL(deploy_version("other", "lamp"), 3);
}

/* A bit turns in the record of a container that runs: its slot is not given to the next image. */
static void a_running_slot_is_kept(void)
{
    struct atto_span value;
    begin();
    install("acme", "blink", 7);
    const uint32_t slot = versions_of(number_of("acme", "blink")).current.slot;
    EQUAL(atto_records_get(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_COMPONENT, number_of("acme", "blink")), &value), ATTO_OK);
    dw.flash.bytes[value.ptr + 5 - dw.flash.bytes] ^= 1u;
    for (uint32_t sequence = 1; sequence < 3u * DEPLOY_SLOTS; sequence++) {
        EQUAL(deploy_install("other", "lamp", sequence, PROGRAM_GOOD), ATTO_OK);
        CHECK(dw.installer.writer.slot != slot);
        deploy_run(10);
    }
}

/* ---- commands ---- */

/* A command that was refused is refused for good: whoever has seen it cannot send it when it would be accepted. */
static void refused_is_refused(void)
{
    begin();
    EQUAL(order("", ATTO_COMMAND_REMOVE), ATTO_E_NOT_FOUND);
    uint32_t counter = dw.counter;
    install("acme", "blink", 7);
    dw.counter = counter - 1u; /* the same bytes again */
    EQUAL(order("", ATTO_COMMAND_REMOVE), ATTO_E_SEQUENCE);
    CHECK(deploy_container("acme", "blink") != NULL);
    EQUAL(order("acme", ATTO_COMMAND_START), ATTO_E_STATE);
    EQUAL(order("acme", ATTO_COMMAND_STOP), ATTO_OK);
    dw.counter -= 2u;
    EQUAL(order("acme", ATTO_COMMAND_START), ATTO_E_SEQUENCE);
}

/* ---- what one tenant can do to others ---- */

/* A bit in another tenant's record, and one that is revoked: the other one's containers stay. */
static void revocation_hits_one_alone(void)
{
    struct atto_span value;
    begin();
    install("acme", "blink", 7);
    install("other", "lamp", 3);
    EQUAL(atto_records_get(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_TENANT, 2), &value), ATTO_OK);
    uint8_t *byte = dw.flash.bytes + (value.ptr + 9 - dw.flash.bytes);
    *byte ^= 4u;
    reset();
    EQUAL(dw.told[ATTO_DEPLOY_TENANT], 1);
    EQUAL(revoke_acme(), ATTO_OK);
    *byte ^= 4u;
    reset();
    CHECK(deploy_container("acme", "blink") == NULL);
    deploy_run(10);
    EQUAL(deploy_version("other", "lamp"), 3);
}

/* A tenant whose record is damaged costs its version no trial. */
static void trials_are_not_spent_on_others(void)
{
    struct atto_span value;
    begin();
    EQUAL(deploy_install("acme", "blink", 7, PROGRAM_QUIET), ATTO_OK);
    EQUAL(atto_records_get(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_TENANT, 1), &value), ATTO_OK);
    uint8_t *byte = dw.flash.bytes + (value.ptr + 9 - dw.flash.bytes);
    *byte ^= 4u;
    for (uint32_t i = 0; i < ATTO_SLOT_TRIALS + 2u; i++)
        reset();
    CHECK(deploy_container("acme", "blink") == NULL);
    *byte ^= 4u;
    reset();
    CHECK(deploy_container("acme", "blink") != NULL);
    EQUAL(versions_of(number_of("acme", "blink")).state, ATTO_COMPONENT_TRIAL);
}

/* With a ceiling of names, one tenant leaves room for others, whatever it installs and removes. */
static void names_have_a_ceiling(void)
{
    /* {1: 1, 2: "acme", 3: key, 9: 2} */
    static const char limited[] = "\x05\x09\x06\x81\x58\x36\xa4\x01\x01\x02\x64" "acme" "\x03\x58\x28"
                                  "\xa3\x01\x01\x20\x06\x21\x58\x20" "acme's public key of 32 bytes..\0" "\x09\x02";
    begin();
    EQUAL(deploy_command("", &deploy_owner, limited, sizeof limited - 1u), ATTO_OK);
    static const char *const names[] = { "a", "b", "c" };
    for (uint32_t i = 0; i < 3u; i++) {
        EQUAL(deploy_install("acme", names[i], 7, PROGRAM_GOOD), i < 2u ? ATTO_OK : ATTO_E_QUOTA);
        if (i < 2u)
            EQUAL(deploy_order("acme", ATTO_COMMAND_REMOVE, "acme", names[i], NULL, 0), ATTO_OK);
    }
    EQUAL(deploy_install("acme", "a", 8, PROGRAM_GOOD), ATTO_OK);
    install("other", "lamp", 3);
    EQUAL(deploy_install("", "mine", 1, PROGRAM_GOOD), ATTO_OK);
}

/* Whoever has seen an envelope can send its head with another image behind it: so often, and no more. */
static void tries_are_counted(void)
{
    begin();
    install("acme", "blink", 6);
    deploy_pack("acme", "blink", 7, PROGRAM_GOOD, &suit_acme);
    dw.suit.bytes[dw.suit.len - 1u] ^= 1u;
    for (uint32_t i = 0; i < 3u * ATTO_INSTALL_TRIES; i++)
        EQUAL(deploy_send(100), i < ATTO_INSTALL_TRIES ? ATTO_E_DIGEST : ATTO_E_QUOTA);
    deploy_pack("acme", "blink", 8, PROGRAM_GOOD, &suit_acme);
    dw.suit.bytes[dw.suit.len - 1u] ^= 1u;
    EQUAL(deploy_send(100), ATTO_E_DIGEST);
    install("acme", "blink", 8);
    EQUAL(dw.slots.open, 0);
}

/* And a tenant whose images of new names are bad holds up nobody but itself. */
static void tries_are_the_tenants_own(void)
{
    begin();
    deploy_pack("acme", "new", 4294967295u, PROGRAM_GOOD, &suit_acme);
    dw.suit.bytes[dw.suit.len - 1u] ^= 1u;
    for (uint32_t i = 0; i < 2u * ATTO_INSTALL_TRIES; i++)
        EQUAL(deploy_send(100), i < ATTO_INSTALL_TRIES ? ATTO_E_DIGEST : ATTO_E_QUOTA);
    EQUAL(deploy_install("", "mine", 1, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("other", "lamp", 1, PROGRAM_GOOD), ATTO_OK);
    EQUAL(deploy_install("acme", "new", 7, PROGRAM_GOOD), ATTO_E_QUOTA);
}

/* Good images do not count, and neither do those for which there is no slot. */
static void good_images_are_not_counted(void)
{
    static struct atto_installer other;
    begin();
    for (uint32_t i = 0; i < 2u * ATTO_INSTALL_TRIES; i++) {
        install("acme", "blink", 1u + i);
        EQUAL(deploy_order("acme", ATTO_COMMAND_REMOVE, "acme", "blink", NULL, 0), ATTO_OK);
        deploy_run(10);
    }
    dw.slots.slot_count = 1;
    deploy_pack("other", "lamp", 1, PROGRAM_GOOD, &suit_other);
    atto_install_begin(&other, &dw.deploy);
    EQUAL(atto_install_bytes(&other, dw.suit.bytes, dw.suit.len - 1u), ATTO_OK);
    for (uint32_t i = 0; i < 2u * ATTO_INSTALL_TRIES; i++)
        EQUAL(deploy_install("acme", "new", 1, PROGRAM_GOOD), ATTO_E_NO_SPACE);
    atto_install_abandon(&other);
    EQUAL(deploy_install("acme", "new", 1, PROGRAM_GOOD), ATTO_OK);
}

/* A head that is refused gives no slot free that another installer has. */
static void a_refused_head_beside_an_install(void)
{
    static struct atto_installer half;
    static uint8_t rest[1024];
    begin();
    deploy_pack("acme", "blink", 7, PROGRAM_GOOD, &suit_acme);
    const uint32_t split = dw.suit.len - 40u;
    memcpy(rest, dw.suit.bytes + split, 40);
    atto_install_begin(&half, &dw.deploy);
    EQUAL(atto_install_bytes(&half, dw.suit.bytes, split), ATTO_OK);
    const uint32_t open = dw.slots.open;
    deploy_pack("acme", "blink", 8, PROGRAM_GOOD, &suit_other);
    CHECK(deploy_send(1000) != ATTO_OK);
    EQUAL(dw.slots.open, open);
    EQUAL(atto_install_bytes(&half, rest, 40), ATTO_OK);
    EQUAL(atto_install_finish(&half, NULL), ATTO_OK);
    deploy_run(10);
    EQUAL(deploy_version("acme", "blink"), 7);
}

/* Nobody gets the values of a tenant whose record is damaged, for nobody knows whose they were. */
static void values_of_a_damaged_tenant(void)
{
    static const char *const names[] = { "newco", "acme" };
    for (uint32_t same = 0; same < 2u; same++) {
        struct atto_span value;
        uint32_t key = ATTO_RECORD_KEY(ATTO_RECORD_VALUE, 0);
        begin();
        install("acme", "blink", 7);
        atto_deploy_value(&dw.deploy, atto_store_owner(ATTO_SCOPE_TENANT, 1, 0), 7, (const uint8_t *)"secret", 6);
        EQUAL(atto_records_get(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_TENANT, 1), &value), ATTO_OK);
        dw.flash.bytes[value.ptr - dw.flash.bytes + 3] ^= 1u;
        EQUAL(deploy_reset(0, TEAR_NOTHING), ATTO_OK);
        EQUAL(deploy_enrol_as(1, names[same], &suit_acme, ATTO_OPERATION_READ), ATTO_OK);
        enum atto_status status = atto_records_next(&dw.records, &key, &value);
        CHECK(status != ATTO_OK || ATTO_RECORD_KIND(key) != ATTO_RECORD_VALUE);
        EQUAL(deploy_reset(0, TEAR_NOTHING), ATTO_OK);
        deploy_run(10);
        EQUAL(deploy_version("acme", "blink"), same == 1u ? 7u : 0u);
    }
}

/* ---- trials ---- */

/* A version that does not run is not healthy, however long it does not. */
static void what_does_not_run_is_not_healthy(void)
{
    begin();
    install("acme", "blink", 7);
    EQUAL(order("acme", ATTO_COMMAND_STOP), ATTO_OK);
    EQUAL(deploy_install("acme", "blink", 8, PROGRAM_QUIET), ATTO_OK);
    EQUAL(order("acme", ATTO_COMMAND_PAUSE), ATTO_OK);
    deploy_run(20000);
    EQUAL(versions_of(number_of("acme", "blink")).state, ATTO_COMPONENT_TRIAL);
    EQUAL(order("acme", ATTO_COMMAND_RESUME), ATTO_OK);
    deploy_run(10);
    EQUAL(versions_of(number_of("acme", "blink")).state, ATTO_COMPONENT_TRIAL);
    deploy_run(6000);
    EQUAL(versions_of(number_of("acme", "blink")).state, ATTO_COMPONENT_HEALTHY);
}

/* One that is overtaken while its image comes leaves the newer one as it runs. */
static void an_older_one_comes_late(void)
{
    static struct atto_installer late;
    struct atto_container_info info;
    begin();
    deploy_pack("acme", "blink", 7, PROGRAM_GOOD, &suit_acme);
    atto_install_begin(&late, &dw.deploy);
    EQUAL(atto_install_bytes(&late, dw.suit.bytes, dw.suit.len), ATTO_OK);
    install("acme", "blink", 9);
    EQUAL(order("acme", ATTO_COMMAND_PAUSE), ATTO_OK);
    EQUAL(atto_install_finish(&late, NULL), ATTO_E_BUSY);
    info = world_info(&dw.world, deploy_container("acme", "blink"));
    EQUAL(info.state, ATTO_STATE_PAUSED);
    EQUAL(deploy_version("acme", "blink"), 9);
}

/* ---- worn flash ---- */

/* Power fails in the head of a record, and later one bit turns in any record before it: what was true stays true. */
static void a_cut_and_then_a_bit(void)
{
    static struct flash_world kept;
    for (uint32_t round = 0; round < 6u; round++) {
        const uint32_t cut_at = 1u + round / 2u;
        begin();
        EQUAL(deploy_command("acme", &suit_acme, NEW_KEY, sizeof NEW_KEY - 1u), ATTO_OK);
        EQUAL(revoke_acme(), ATTO_OK);
        install("other", "lamp", 3);
        install("other", "lamp", 4);
        flash_world_power_up(&dw.flash, cut_at, TEAR_GARBAGE);
        (void)deploy_order("other", ATTO_COMMAND_PAUSE, "other", "lamp", NULL, 0);
        CHECK(dw.flash.dead || cut_at > 1u); /* it has so many operations, or fewer */
        reset();
        if (round % 2u != 0u) /* one more put behind the cut */
            EQUAL(deploy_order("other", ATTO_COMMAND_PAUSE, "other", "lamp", NULL, 0), ATTO_OK);
        kept = dw.flash;
        const uint32_t begins = dw.records.generation % 2u * dw.records.area_bytes, end = dw.records.readable;
        for (uint32_t bit = 0; bit < 8u * end && !harness_failed(); bit += ON_LINUX_OR_BOARD(1u, 61u)) {
            harness_case(round, bit);
            dw.flash = kept;
            dw.flash.bytes[begins + bit / 8u] ^= (uint8_t)(1u << bit % 8u);
            reset();
            CHECK(dw.tenants[0].name[0] == '\0'); /* acme does not come back */
            deploy_run(10);
            uint32_t version = deploy_version("other", "lamp");
            CHECK(deploy_container("other", "lamp") == NULL || version == 4u || version == 0u);
            CHECK(deploy_install("other", "lamp", 4, PROGRAM_GOOD) != ATTO_OK);
        }
    }
}

/* One wrong bit anywhere in the log: the device boots, and whatever is in force is what was there, or nothing. */
static void a_bit_anywhere_in_the_log(void)
{
    uint32_t silent = 0, bits = 0;
    begin();
    EQUAL(deploy_command("acme", &suit_acme, NEW_KEY, sizeof NEW_KEY - 1u), ATTO_OK);
    install("other", "lamp", 3);
    install("other", "lamp", 4);
    EQUAL(deploy_order("other", ATTO_COMMAND_STOP, "other", "lamp", NULL, 0), ATTO_OK);
    const uint32_t last = dw.records.end; /* in the last record of all a wrong bit looks like a cut: the older state */
    EQUAL(deploy_order("other", ATTO_COMMAND_START, "other", "lamp", NULL, 0), ATTO_OK);
    const uint32_t end = dw.records.end, counter = dw.counter;
    static struct flash_world kept;
    kept = dw.flash;
    for (uint32_t bit = 0; bit < 8u * end && !harness_failed(); bit += ON_LINUX_OR_BOARD(1u, 61u)) {
        harness_case(bit, 0);
        dw.flash = kept;
        dw.flash.bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        reset();
        bits++;
        silent += dw.records.damaged == 0u && !dw.records.torn;
        /* No old key. */
        const struct atto_deploy_tenant *acme = &dw.tenants[0];
        CHECK(acme->name[0] == '\0' || memcmp(acme->signer.key.x, NEW_X, 32) == 0);
        /* No old version, and none that begins anew; no command twice. */
        deploy_run(10);
        uint32_t version = deploy_version("other", "lamp");
        CHECK(deploy_container("other", "lamp") == NULL || version == 4u || (bit / 8u >= last && version == 0u));
        CHECK(deploy_install("other", "lamp", 3, PROGRAM_GOOD) != ATTO_OK);
        dw.counter = counter - 1u;
        if (bit / 8u < last)
            CHECK(deploy_order("other", ATTO_COMMAND_STOP, "other", "lamp", NULL, 0) != ATTO_OK);
    }
    harness_note("wrong bits", bits);
    harness_note("wrong bits that are put right or mean nothing", silent);
}

static const struct harness_test tests[] = {
    TEST(a_hook_holds_a_bad_version, "A bad version that cannot leave the engine keeps its slot."),
    TEST(a_hook_holds_what_is_removed, "What cannot leave the engine is not removed, and once revoked never starts."),
    TEST(a_hook_and_a_damaged_tenant, "What a hook holds goes later, and nothing else goes with it."),
    TEST(a_running_slot_is_kept, "No image is written where another one runs."),
    TEST(refused_is_refused, "A command that was refused is not accepted later."),
    TEST(revocation_hits_one_alone, "Who revokes one tenant removes nothing of another."),
    TEST(trials_are_not_spent_on_others, "What is not the image's fault costs no trial."),
    TEST(names_have_a_ceiling, "A tenant with a ceiling leaves names for others."),
    TEST(tries_are_the_tenants_own, "A tenant's bad images hold up no other one."),
    TEST(good_images_are_not_counted, "Nobody is held up by images that were good, or for which there was no room."),
    TEST(a_refused_head_beside_an_install, "A refused head leaves the slots of others alone."),
    TEST(values_of_a_damaged_tenant, "A tenant's values are for nobody else, whatever becomes of its record."),
    TEST(tries_are_counted, "Nobody wears the flash out without a key."),
    TEST(what_does_not_run_is_not_healthy, "A version is healthy by running, not by waiting."),
    TEST(an_older_one_comes_late, "An image that was overtaken disturbs nothing."),
    TEST(a_cut_and_then_a_bit, "A cut long ago and a wrong bit bring nothing old back."),
    TEST(a_bit_anywhere_in_the_log, "No wrong bit in the log brings back a key, a version or a command."),
};
HARNESS_MAIN(tests)
