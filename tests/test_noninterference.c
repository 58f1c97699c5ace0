/* What one tenant has makes no difference to another one. The same is asked twice, with a victim that has nothing and
 * with one that has things of a kind; the asker must get the same answers, pay the same fuel and end in the same state,
 * for what it may do as for what is refused. And nobody is told of a hook that somebody else is attached to.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "guest.h"
#include "harness.h"
#include "rng.h"
#include "services_world.h"

#define SECRET "SECRET12"
#define SECRET_BYTES 8u
#define ATTEMPTS ON_LINUX_OR_BOARD(4000u, 500u)
#define FIRST_CALL 160u
#define CALL_COUNT 28u
#define BEGIN_US 1100000u
#define ENGINE (&sw.world.engine)

static struct atto_container *victim;
static struct atto_hook hook;
static struct atto_attachment attachment;
static uint8_t hook_context[SECRET_BYTES];
static const struct atto_hook_type hook_type = {
    .fuel = 100, .calls = { { UINT32_MAX } }, .context_bytes = SECRET_BYTES, .access = ATTO_WRITE
};

/* ---- what the victim has ---- */

/* What is put into a store has 8 bytes. */
static void does(uint32_t number, uint64_t a, uint64_t b, uint64_t c)
{
    if (services_call(victim, number, a, b, c, SECRET_BYTES) < 0)
        harness_fail(__FILE__, __LINE__, "the victim may do what it does");
}

static void has_nothing(void)
{
}

static void has_values(void)
{
    memcpy(services_data(victim), SECRET, SECRET_BYTES);
    for (uint32_t key = 0; key < 2u; key++) {
        does(atto_store_put_number, OWN_STORE, key, DATA);
        does(atto_store_put_number, TENANT_STORE, key, DATA);
    }
}

/* Nobody listens, so that they stay. */
static void has_messages(void)
{
    does(atto_send_number, MAILBOX, DATA, 8);
    does(atto_send_number, MAILBOX, DATA, 8);
}

static void serves(void)
{
    does(atto_listen_number, MAILBOX, 1, 0);
    does(atto_serve_number, SERVER, 1, 0);
}

static void uses_the_board(void)
{
    memset(sw.bytes, 0x55, sizeof sw.bytes);
    does(atto_map_number, MEMORY, 0, 0);
    does(atto_pin_write_number, PINS, 1, 1);
    does(atto_pin_mode_number, PINS, 1, 1);
    sw.switched = 7;
}

static void is_gone(void)
{
    if (atto_engine_stop(ENGINE, victim, true) != ATTO_OK || atto_engine_remove(ENGINE, victim) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "the victim goes");
}

static void is_at_a_hook(void)
{
    memcpy(hook_context, SECRET, SECRET_BYTES);
    atto_engine_attach(ENGINE, victim, &hook, &attachment, 0, 0, ATTO_HOOK_CONTINUE);
    atto_hook_run(&hook, hook_context, 1);
}

static void (*const belongings[])(void) = {
    has_nothing, has_values, has_messages, serves, uses_the_board, is_gone, is_at_a_hook
};
#define BELONGINGS ((uint32_t)(sizeof belongings / sizeof *belongings))

/* The asker may use the log, the clock, the sensor and stores of its own, and nothing of the victim's. */
static void forbid(struct atto_container *asker)
{
    static const uint8_t forbidden[] = { MEMORY, SWITCH, PINS, DEVICE_STORE, MAILBOX, SERVER };
    for (uint32_t i = 0; i < sizeof forbidden; i++) {
        const struct atto_right none = { .endpoint = forbidden[i], .last = ATTO_RANGE_END };
        if (atto_engine_set_rights(ENGINE, asker, forbidden[i], &none, 1, 0) != ATTO_OK)
            harness_fail(__FILE__, __LINE__, "a right is taken away");
    }
}

static void begin(uint32_t belonging)
{
    memset(&attachment, 0, sizeof attachment);
    hook = (struct atto_hook){ .type = &hook_type };
    services_begin();
    victim = services_idle(1);
    world_run(&sw.world, world_now(&sw.world) + 1000);
    belongings[belonging]();
    world_run(&sw.world, BEGIN_US); /* what the victim did took time, which is no secret */
}

/* ---- answers ---- */

static uint64_t argument(struct rng *rng)
{
    static const uint64_t tempting[] = { 0, 1, 8, 31, 32, UINT32_MAX, (uint64_t)UINT32_MAX + 1u, UINT64_MAX };
    if (rng_once_in(rng, 4))
        return tempting[rng_below(rng, sizeof tempting / sizeof *tempting)];
    return rng_once_in(rng, 2) ? rng_below(rng, ENDPOINTS) : DATA + rng_below(rng, 12);
}

static uint64_t fold(uint64_t sum, const void *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        sum = (sum ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return sum;
}

/* Makes random calls as the asker. answers[i]: all that it can see after the i-th of them. Returns how many were
 * refused. */
static uint32_t ask(uint32_t belonging, uint64_t *answers)
{
    struct rng rng = { harness_seed() };
    begin(belonging);
    struct atto_container *asker = services_idle(2);
    forbid(asker);
    for (uint32_t i = 0; i < ATTEMPTS; i++) {
        uint32_t number = FIRST_CALL + rng_below(&rng, CALL_COUNT);
        uint64_t r[6] = { 0, argument(&rng), argument(&rng), argument(&rng), argument(&rng), argument(&rng) };
        int32_t status = world_call(services_run(asker), &atto_service_calls[number - FIRST_CALL], number, r);
        uint16_t denials = world_info(&sw.world, asker).counters.denials;
        uint64_t sum = fold((uint64_t)(int64_t)status, r, sizeof r);
        sum = fold(sum, services_data(asker), 16);
        answers[i] = fold(sum, &denials, sizeof denials);
    }
    return world_info(&sw.world, asker).counters.denials;
}

static void same_answers(void)
{
    static uint64_t expected[ATTEMPTS], answers[ATTEMPTS];
    uint32_t refused = ask(0, expected);
    CHECK(refused > ATTEMPTS / 4u && refused < ATTEMPTS);
    for (uint32_t belonging = 1; belonging < BELONGINGS; belonging++) {
        ask(belonging, answers);
        for (uint32_t i = 0; i < ATTEMPTS; i++) {
            harness_case(belonging, i);
            EQUAL(answers[i], expected[i]);
        }
    }
}

/* ---- fuel and fate ---- */

#define HANDLES 16

/* A program that makes a call with every handle and the same other arguments, and keeps a sum of what it
 * got beside what was written for it. */
static void run_guest(uint32_t belonging, uint32_t number, const uint64_t arguments[2],
                      struct atto_container_info *info, uint64_t *got, uint64_t *end_us)
{
    static struct image_bytes image;
    begin(belonging);
    sw.first_page[2] = atto_service_calls[number - FIRST_CALL];
    const uint64_t text[] = {
        MOV(6, 0), MOV(7, 0),
        MOV_REG(1, 6), WIDE(2, arguments[0]), WIDE(3, arguments[1]), MOV(4, 8), MOV(5, 4), CALL(2),
        ALU64_IMM(OP_MUL, 7, 31), ADD_REG(7, 0), ADD(6, 1), JUMP_IMM(IF_NE, 6, HANDLES, -12),
        WIDE(1, DATA + 8u), STORE(SIZE_DW, 1, 7, 0), MOV(0, 0), EXIT,
    };
    world_image(&image, text, sizeof text / sizeof *text, (const struct world_entry[]){ { "loop", 0 } }, 1);
    struct atto_container *asker = services_install(2, &image);
    forbid(asker);
    if (atto_engine_start(ENGINE, asker) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "the asker starts");
    world_run(&sw.world, world_now(&sw.world) + 10000);
    *info = world_info(&sw.world, asker);
    *got = fold(0, services_data(asker), 16);
    *end_us = info->counters.time_us;
}

static void same_fuel(void)
{
    static const uint64_t arguments[][2] = { { 1, DATA }, { DATA, 8 }, { 0, 0 } };
    uint32_t ends = 0, faults = 0, denials = 0;
    for (uint32_t number = FIRST_CALL; number < FIRST_CALL + CALL_COUNT; number++) {
        for (uint32_t i = 0; i < 3u; i++) {
            struct atto_container_info expected, info;
            uint64_t expected_got, got, expected_us, us;
            run_guest(0, number, arguments[i], &expected, &expected_got, &expected_us);
            CHECK(expected.counters.activations == 1u);
            ends += expected.counters.faults == 0u;
            faults += expected.counters.faults;
            denials += expected.counters.denials;
            for (uint32_t belonging = 1; belonging < BELONGINGS; belonging++) {
                harness_case(number * 10u + i, belonging);
                run_guest(belonging, number, arguments[i], &info, &got, &us);
                EQUAL(got, expected_got);
                EQUAL(us, expected_us);
                EQUAL(info.counters.fuel, expected.counters.fuel);
                EQUAL(info.counters.host_calls, expected.counters.host_calls);
                EQUAL(info.counters.denials, expected.counters.denials);
                EQUAL(info.counters.faults, expected.counters.faults);
                EQUAL(info.counters.last_fault, expected.counters.last_fault);
                EQUAL(info.state, expected.state);
                EQUAL(info.waits, expected.waits);
            }
        }
    }
    CHECK(ends > CALL_COUNT && faults > 0u && denials > 0u);
}

/* ---- hooks ---- */

/* Bytes of a secret anywhere in what a container can read. */
static bool sees_secret(struct atto_container *container)
{
    for (uint32_t region = 0; region < 16u; region++) {
        for (uint32_t at = 0; at < 64u; at++) {
            const uint8_t *seen = atto_run_span(services_run(container), (uint64_t)region << 28 | at, 4, ATTO_READ);
            if (seen != NULL && memcmp(seen, SECRET, 4) == 0)
                return true;
        }
    }
    return false;
}

static void hooks_of_others(void)
{
    static uint8_t own_context[SECRET_BYTES];
    struct rng rng = { harness_seed() };
    struct atto_attachment own = { 0 };
    begin(6);
    struct atto_container *asker = services_idle(2);
    forbid(asker);
    CHECK(attachment.runs == 1u && hook.first == &attachment);
    for (uint32_t i = 0; i < ATTEMPTS; i++) {
        uint32_t number = FIRST_CALL + rng_below(&rng, CALL_COUNT);
        services_call(asker, number, argument(&rng), argument(&rng), argument(&rng), argument(&rng));
        harness_case(number, i);
        CHECK(hook.first == &attachment && attachment.next == NULL);
        EQUAL(attachment.runs, 1);
        CHECK(!sees_secret(asker));
    }
    /* Who is attached is told while the hook runs it, and no more when it is off: not what came before, nor after. */
    EQUAL(atto_engine_attach(ENGINE, asker, &hook, &own, 0, 1, ATTO_HOOK_CONTINUE), ATTO_OK);
    CHECK(!sees_secret(asker));
    world_run(&sw.world, world_now(&sw.world) + 1000);
    memcpy(hook_context, "harmless", SECRET_BYTES);
    atto_hook_run(&hook, hook_context, 0);
    EQUAL(own.runs, 1);
    EQUAL(atto_hook_detach(&hook, &own), ATTO_OK);
    memcpy(hook_context, SECRET, SECRET_BYTES);
    atto_hook_run(&hook, hook_context, 0);
    EQUAL(own.runs, 1);
    EQUAL(attachment.runs, 3);
    struct atto_hook other = { .type = &hook_type };
    EQUAL(atto_engine_attach(ENGINE, asker, &other, &own, 0, 1, ATTO_HOOK_CONTINUE), ATTO_OK);
    atto_hook_run(&other, own_context, 0);
    EQUAL(own.runs, 1);
    CHECK(!sees_secret(asker));
}

static const struct harness_test tests[] = {
    TEST(same_answers, "No answer tells whether another tenant has something."),
    TEST(same_fuel, "Nor do fuel, time, faults and states of a program that asks."),
    TEST(hooks_of_others, "Nobody fires, joins or sees a hook that others are attached to."),
};
HARNESS_MAIN(tests)
