/* Power fails at each operation of flash in the life of a device, in each way: it boots into what was true before the step
 * that was under way, or into what it makes true, also if power fails again while it boots; and the rest of the story
 * comes to the same end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "deploy_world.h"
#include "harness.h"

/* ---- the story ---- */

#define KID_ACME { (const uint8_t *)"key-acme", 8 }
#define NEW_X "acme's next public key, 32 bytes"
static const struct atto_key next_key = { ATTO_EDDSA, { NULL, 0 }, (const uint8_t *)NEW_X, NULL };
static const struct atto_key third_key = { ATTO_EDDSA, KID_ACME, (const uint8_t *)"acme's third public key 32 bytes", NULL };
#define OWNER_X "the owner's next public key, 32 "
static const struct atto_key next_owner = { ATTO_EDDSA, { NULL, 0 }, (const uint8_t *)OWNER_X, NULL };

static enum atto_status run_a_while(void)
{
    deploy_run(10);
    return ATTO_OK;
}

static enum atto_status enrol_all(void)
{
    return deploy_enrol_one(1);
}

static enum atto_status enrol_other(void)
{
    return deploy_enrol_one(2);
}

static enum atto_status blink_7(void)
{
    return deploy_install("acme", "blink", 7, PROGRAM_GOOD);
}

static enum atto_status lamp_3(void)
{
    return deploy_install("other", "lamp", 3, PROGRAM_QUIET);
}

static enum atto_status blink_8(void)
{
    return deploy_install("acme", "blink", 8, PROGRAM_GOOD);
}

static enum atto_status blink_9_bad(void)
{
    return deploy_install("acme", "blink", 9, PROGRAM_BAD);
}

static enum atto_status fewer_rights(void)
{
    return deploy_order("acme", ATTO_COMMAND_SET_RIGHTS, "acme", "blink", "\x4c\xa1\x08\x81\x82\x66" "memory" "\x01", 13);
}

static enum atto_status less_urgent(void)
{
    return deploy_order("", ATTO_COMMAND_SET_SCHEDULE, "acme", "blink", "\x45\xa1\x07\xa1\x01\x09", 6);
}

static enum atto_status stop_blink(void)
{
    return deploy_order("acme", ATTO_COMMAND_STOP, "acme", "blink", NULL, 0);
}

static enum atto_status start_blink(void)
{
    return deploy_order("acme", ATTO_COMMAND_START, "acme", "blink", NULL, 0);
}

static enum atto_status rotate(void)
{
    static const char key[] = "\x05\x08\x06\x81\x58\x28\xa3\x01\x01\x20\x06\x21\x58\x20" NEW_X;
    return deploy_command("acme", &suit_acme, key, sizeof key - 1u);
}

static enum atto_status blink_10(void)
{
    deploy_pack("acme", "blink", 10, PROGRAM_GOOD, &next_key);
    return deploy_send(100);
}

static enum atto_status remove_lamp(void)
{
    return deploy_order("other", ATTO_COMMAND_REMOVE, "other", "lamp", NULL, 0);
}

/* An enrolled tenant's record, whose ceiling becomes lower; its key is the same. */
static enum atto_status lower_ceiling(void)
{
    return deploy_enrol_as(1, "acme", &suit_acme, ATTO_OPERATION_READ);
}

/* Another key in the record goes over the one that was rotated. */
static enum atto_status another_key(void)
{
    return deploy_enrol_as(1, "acme", &third_key, ATTO_OPERATION_READ);
}

static enum atto_status blink_11(void)
{
    deploy_pack("acme", "blink", 11, PROGRAM_GOOD, &third_key);
    return deploy_send(100);
}

static enum atto_status rotate_owner(void)
{
    static const char key[] = "\x05\x08\x06\x81\x58\x28\xa3\x01\x01\x20\x06\x21\x58\x20" OWNER_X;
    return deploy_command("", &deploy_owner, key, sizeof key - 1u);
}

static enum atto_status revoke_acme(void)
{
    static const char revoke[] = "\x05\x0a\x06\x81\x64" "acme";
    return deploy_command("", &next_owner, revoke, sizeof revoke - 1u);
}

static enum atto_status (*const steps[])(void) = {
    enrol_all,    enrol_other, blink_7,    run_a_while, lamp_3,        blink_8,     run_a_while, blink_9_bad,
    run_a_while,  fewer_rights, less_urgent, stop_blink, start_blink,   lower_ceiling, rotate,    blink_10,
    run_a_while,  another_key, blink_11,   run_a_while, rotate_owner,  remove_lamp, revoke_acme,
};
#define STEPS (sizeof steps / sizeof *steps)

/* ---- without a cut ---- */

static struct deploy_truth after[STEPS + 1u]; /* so many steps, and a reset */
static uint32_t operations[STEPS];

/* Each step as it is, and what a reset makes of it; the reset itself is undone. */
static void tell_the_story(void)
{
    static struct flash_world kept;
    deploy_begin();
    deploy_reset(0, TEAR_NOTHING);
    after[0] = deploy_truth_now();
    for (uint32_t i = 0; i < STEPS; i++) {
        harness_case(i, 0);
        /* The story without resets, up to here. */
        deploy_begin();
        for (uint32_t k = 0; k <= i; k++) {
            dw.flash.operations = 0;
            EQUAL(steps[k](), ATTO_OK);
        }
        operations[i] = dw.flash.operations;
        kept = dw.flash;
        EQUAL(deploy_reset(0, TEAR_NOTHING), ATTO_OK);
        after[i + 1u] = deploy_truth_now();
        dw.flash = kept;
    }
}

/* ---- with one ---- */

/* Has the device booted into one of the two? */
static bool is_old_or_new(uint32_t step)
{
    const struct deploy_truth truth = deploy_truth_now();
    return deploy_same_truth(&truth, &after[step]) || deploy_same_truth(&truth, &after[step + 1u]);
}

static uint32_t new_ones, old_ones;

static void cut(uint32_t step, uint32_t at, enum flash_tear tear, uint32_t again)
{
    deploy_begin();
    for (uint32_t i = 0; i < step; i++)
        EQUAL(steps[i](), ATTO_OK);
    flash_world_power_up(&dw.flash, at, tear);
    steps[step]();
    if (!dw.flash.dead)
        return;
    if (again != 0u)
        deploy_reset(again, tear);
    EQUAL(deploy_reset(0, TEAR_NOTHING), ATTO_OK);
    CHECK(is_old_or_new(step));
    EQUAL(dw.flash.violations, 0);
    const struct deploy_truth truth = deploy_truth_now();
    bool is_new = deploy_same_truth(&truth, &after[step + 1u]);
    new_ones += is_new;
    old_ones += !is_new;
    /* The rest of it; what is done already is refused the second time. */
    dw.counter = 1u;
    for (uint32_t i = 0; i <= DEPLOY_TENANTS; i++) {
        if (truth.counter[i] >= dw.counter)
            dw.counter = truth.counter[i] + 1u;
    }
    for (uint32_t i = is_new ? step + 1u : step; i < STEPS && !harness_failed(); i++) {
        enum atto_status status = steps[i]();
        harness_case(step, i);
        EQUAL(status, ATTO_OK);
    }
    GO_ON();
    EQUAL(deploy_reset(0, TEAR_NOTHING), ATTO_OK);
    struct deploy_truth end = deploy_truth_now();
    memcpy(end.counter, after[STEPS].counter, sizeof end.counter); /* they may have been used more often */
    CHECK(deploy_same_truth(&end, &after[STEPS]));
}

static void a_cut_at_each_operation(void)
{
    tell_the_story();
    GO_ON();
    for (uint32_t step = 0; step < STEPS; step++) {
        for (uint32_t at = 1; at <= operations[step] && !harness_failed(); at++) {
            for (uint32_t tear = 0; tear < TEAR_COUNT && !harness_failed(); tear++) {
#ifdef HARNESS_BOARD
                if (tear != (step + at) % TEAR_COUNT)
                    continue;
#endif
                harness_case(step * 1000u + at, tear);
                cut(step, at, (enum flash_tear)tear, (step + at + tear) % 3u);
            }
        }
    }
    GO_ON();
    CHECK(old_ones > 20u && new_ones > 0u);
}

/* ---- a long life ---- */

#define NAMES 3u
#ifdef HARNESS_BOARD
#define LONG_LIFE 400u
#else
#define LONG_LIFE 10000u
#endif

/* What a component must be. */
struct model {
    uint32_t highest; /* sequence number */
    uint32_t healthy; /* version that runs or would be rolled back to; 0: none */
    uint32_t trial;   /* version on trial; 0: none */
    bool good;        /* that one */
};
static struct model models[NAMES];
static struct rng life;
static uint32_t accepted, cuts, rollbacks;
static const char *const names[NAMES] = { "a", "b", "c" };

/* The version that the slots have of it, 0 for none, and whether it is on trial. */
static uint32_t version_of(uint32_t number, uint32_t *state)
{
    const struct atto_component component = { { (const uint8_t *)"acme", 4 }, { (const uint8_t *)names[number], 1 } };
    struct atto_versions versions;
    int32_t at = atto_deploy_find(&dw.deploy, &component);
    if (at < 0 || atto_slots_get(&dw.slots, (uint32_t)at, &versions) != ATTO_OK)
        return 0;
    *state = versions.state;
    return versions.state != ATTO_COMPONENT_FAILED ? versions.current.sequence : 0u;
}

/* Is the device what the model says of all but `but`, and are the slots in use those of versions? */
static void is_as(uint32_t but)
{
    uint32_t used = 0, state = 0;
    for (uint32_t i = 0; i < NAMES; i++) {
        const struct model *m = &models[i];
        uint32_t version = version_of(i, &state);
        if (i != but)
            EQUAL(version, m->trial != 0u ? m->trial : m->healthy);
        struct atto_container *container = deploy_container("acme", names[i]);
        if (version != 0u)
            CHECK(container != NULL);
    }
    for (uint32_t i = 0; i < DEPLOY_COMPONENTS; i++) {
        struct atto_versions versions;
        if (atto_slots_get(&dw.slots, i, &versions) == ATTO_OK)
            used += 1u + (versions.previous.image_bytes != 0u);
    }
    EQUAL(__builtin_popcount(atto_slots_free(&dw.slots)), DEPLOY_SLOTS - used);
    EQUAL(dw.slots.open, 0);
    EQUAL(dw.flash.violations, 0);
}

/* A version on trial has had its time: it is healthy, or it is rolled back. */
static void settle(void)
{
    deploy_run(10);
    if (dw.flash.dead)
        return;
    for (uint32_t i = 0; i < NAMES; i++) {
        struct model *m = &models[i];
        rollbacks += m->trial != 0u && !m->good;
        if (m->trial != 0u && m->good)
            m->healthy = m->trial;
        m->trial = 0;
    }
}

static enum atto_status step(uint32_t number, struct model *next)
{
    *next = models[number];
    if (rng_once_in(&life, 8)) {
        *next = (struct model){ .highest = next->highest };
        return deploy_order("acme", ATTO_COMMAND_REMOVE, "acme", names[number], NULL, 0);
    }
    next->good = !rng_once_in(&life, 4);
    next->trial = ++next->highest;
    return deploy_install("acme", names[number], next->highest, next->good ? PROGRAM_GOOD : PROGRAM_BAD);
}

static void reboot(uint32_t number, const struct model *next)
{
    uint32_t state = 0, cut_at = rng_once_in(&life, 3) ? 1u + rng_below(&life, 6) : 0u;
    if (cut_at != 0u)
        deploy_reset(cut_at, (enum flash_tear)rng_below(&life, TEAR_COUNT)); /* once more, while it boots */
    EQUAL(deploy_reset(0, TEAR_NOTHING), ATTO_OK);
    uint32_t version = version_of(number, &state);
    if (next != NULL && version == (next->trial != 0u ? next->trial : next->healthy))
        models[number] = *next;
    is_as(NAMES);
}

static void a_long_life(void)
{
    life = (struct rng){ 20261126 };
    memset(models, 0, sizeof models);
    deploy_begin();
    EQUAL(deploy_enrol(), ATTO_OK);
    for (uint32_t i = 0; i < LONG_LIFE && !harness_failed(); i++) {
        uint32_t number = rng_below(&life, NAMES);
        struct model next;
        harness_case(i, number);
        flash_world_power_up(&dw.flash, rng_once_in(&life, 3) ? 1u + rng_below(&life, 12) : 0u,
                             (enum flash_tear)rng_below(&life, TEAR_COUNT));
        enum atto_status status = step(number, &next);
        if (status == ATTO_OK)
            models[number] = next;
        accepted += status == ATTO_OK;
        if (status == ATTO_OK && !dw.flash.dead)
            settle();
        cuts += dw.flash.dead;
        if (dw.flash.dead) {
            reboot(number, status == ATTO_OK ? NULL : &next);
            flash_world_power_up(&dw.flash, 0, TEAR_NOTHING);
            settle();
        }
        is_as(NAMES);
    }
    GO_ON();
    CHECK(accepted > LONG_LIFE / 3u && cuts > LONG_LIFE / 20u && rollbacks > LONG_LIFE / 20u);
}

static const struct harness_test tests[] = {
    TEST(a_long_life, "Ten thousand installs, updates and removals with cuts at random leave a store without a fault."),
    TEST(a_cut_at_each_operation, "After a cut the device is as before the step, or as behind it, and goes on."),
};
HARNESS_MAIN(tests)
