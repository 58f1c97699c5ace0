/* Messages between containers: what is sent is an activation of whoever listens, in order, once, as long as it may.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../sdk/calls.h"
#include "encode.h"
#include "harness.h"
#include "services_world.h"

static struct atto_container *from, *to;

/* Its data: the last message, how many have come, and how long the last one was. A message that begins with 255 is
 * one too many for it. */
static struct atto_container *reader(uint32_t tenant)
{
    static struct image_bytes image;
    static const uint64_t text[] = {
        MOV(0, 0), EXIT,
        WIDE(3, DATA), LOAD(SIZE_B, 4, 3, 8), ADD(4, 1), STORE(SIZE_B, 3, 4, 8), STORE(SIZE_B, 3, 2, 9),
        JUMP_IMM(IF_EQ, 2, 0, 4), LOAD(SIZE_DW, 4, 1, 0), STORE(SIZE_DW, 3, 4, 0), LOAD(SIZE_B, 4, 1, 0),
        JUMP_IMM(IF_EQ, 4, 255, 2), MOV(0, 0), EXIT, STORE(SIZE_B, 1, 4, 0), EXIT,
    };
    world_image(&image, text, sizeof text / sizeof *text,
                (const struct world_entry[]){ { "loop", 0 }, { "on", 2 } }, 2);
    struct atto_container *container = services_install(tenant, &image);
    if (atto_engine_start(&sw.world.engine, container) != ATTO_OK)
        harness_fail(__FILE__, __LINE__, "the container starts");
    return container;
}

static void begin(void)
{
    services_begin();
    from = services_idle(1);
    to = reader(2);
    world_run(&sw.world, world_now(&sw.world) + 1000);
}

static int64_t send(const char *message)
{
    memcpy(services_data(from), message, 8);
    return services_call(from, atto_send_number, MAILBOX, DATA, 8, 0);
}

static int64_t listen(struct atto_container *container, uint32_t entry)
{
    return services_call(container, atto_listen_number, MAILBOX, entry, 0, 0);
}

static int64_t receive(struct atto_container *container, uint64_t capacity)
{
    return services_call(container, atto_receive_number, MAILBOX, DATA, capacity, 0);
}

static void let_run(void)
{
    world_run(&sw.world, world_now(&sw.world) + 1000);
}

/* The container has got so many messages, and the last one was this. */
static void has_got(struct atto_container *container, uint32_t count, const char *last)
{
    EQUAL(services_data(container)[8], count);
    CHECK(memcmp(services_data(container), last, 8) == 0);
}

static void taken_without_a_listener(void)
{
    begin();
    EQUAL(services_call(from, atto_send_number, MAILBOX, DATA, 9, 0), ATTO_E_ARGUMENT);
    EQUAL(receive(to, 16), ATTO_E_NOT_FOUND);
    EQUAL(send("12345678"), 0);
    EQUAL(services_call(from, atto_send_number, MAILBOX, DATA, 3, 0), 0);
    EQUAL(send("too many"), ATTO_E_QUOTA);
    EQUAL(receive(to, 16), 8);
    CHECK(memcmp(services_data(to), "12345678", 8) == 0);
    EQUAL(receive(to, 2), 3);
    EQUAL(receive(to, 16), ATTO_E_NOT_FOUND);
}

static void activations_in_order(void)
{
    begin();
    EQUAL(send("before.."), 0);
    EQUAL(listen(to, 2), ATTO_E_NOT_FOUND);
    EQUAL(listen(to, 1), 0);
    EQUAL(listen(to, 1), 0);
    EQUAL(receive(to, 16), ATTO_E_BUSY); /* its activation has begun */
    EQUAL(send("behind.."), 0);
    EQUAL(world_info(&sw.world, to).events, 1);
    EQUAL(send("too many"), ATTO_E_QUOTA);
    let_run();
    has_got(to, 2, "behind..");
    for (uint32_t i = 0; i < 5u; i++) { /* around the end of the slots */
        EQUAL(send("one....."), 0);
        EQUAL(send("another."), 0);
        let_run();
        has_got(to, 4u + 2u * i, "another.");
    }
    EQUAL(services_call(from, atto_send_number, MAILBOX, DATA, 0, 0), 0);
    let_run();
    EQUAL(services_data(to)[8], 13);
    EQUAL(services_data(to)[9], 0);
    EQUAL(world_info(&sw.world, to).events, 0);
    EQUAL(world_info(&sw.world, to).counters.denials, 0);
}

/* The message is read only, and one that ends its reader does not come again. */
static void none_twice(void)
{
    const struct atto_schedule schedule = { .priority = 8, .period_us = 1000000, .events = 4,
                                            .restart = ATTO_RESTART_ON_FAULT, .backoff_ms = 1 };
    begin();
    EQUAL(atto_engine_set_schedule(&sw.world.engine, to, &schedule, NULL), ATTO_OK);
    EQUAL(listen(to, 1), 0);
    EQUAL(send("\377poison"), 0);
    EQUAL(send("behind.."), 0);
    let_run();
    EQUAL(world_info(&sw.world, to).counters.last_fault, ATTO_FAULT_MEMORY);
    EQUAL(world_info(&sw.world, to).counters.faults, 1);
    world_run(&sw.world, world_now(&sw.world) + 3000000); /* the next life has not begun to listen */
    EQUAL(world_info(&sw.world, to).state, ATTO_STATE_RUNNING);
    EQUAL(services_data(to)[8], 0);
    EQUAL(world_info(&sw.world, to).events, 0);
    EQUAL(listen(to, 1), 0);
    let_run();
    has_got(to, 1, "behind..");
    EQUAL(world_info(&sw.world, to).counters.faults, 1);
}

/* Also one that has come already, and one that is being read is not read by two. */
static void no_right_no_message(void)
{
    begin();
    struct atto_container *third = reader(0);
    const struct atto_right none = { .endpoint = MAILBOX, .last = ATTO_RANGE_END };
    EQUAL(listen(to, 1), 0);
    EQUAL(listen(third, 1), ATTO_E_BUSY);
    EQUAL(send("read...."), 0); /* its activation has begun */
    EQUAL(send("waits..."), 0);
    EQUAL(atto_engine_set_rights(&sw.world.engine, to, MAILBOX, &none, 1, 0), ATTO_OK);
    EQUAL(receive(to, 16), ATTO_E_DENIED);
    EQUAL(listen(third, 1), 0);
    EQUAL(receive(third, 16), ATTO_E_BUSY);
    let_run();
    has_got(to, 1, "read....");
    has_got(third, 1, "waits...");
    EQUAL(send("third..."), 0);
    let_run();
    has_got(to, 1, "read....");
    has_got(third, 2, "third...");
    /* An event of a listener that loses its right before the activation begins is dropped, the message is not. */
    EQUAL(services_call(third, atto_timer_number, 1, 0, 0, 0), 0);
    EQUAL(send("kept...."), 0);
    EQUAL(atto_engine_set_rights(&sw.world.engine, third, MAILBOX, &none, 1, 0), ATTO_OK);
    let_run();
    EQUAL(world_info(&sw.world, third).events, 0);
    EQUAL(world_info(&sw.world, third).counters.denials, 0);
    EQUAL(sw.mailbox_state.used, 1);
}

/* Four events may be pending; whoever has no room for one more is told by the next sender, who need not have room. */
static void a_full_listener_is_told_later(void)
{
    begin();
    EQUAL(listen(to, 1), 0);
    for (uint32_t i = 0; i < 4u; i++)
        EQUAL(services_call(to, atto_timer_number, 1, 1, 0, 0), 0);
    EQUAL(send("1......."), 0);
    EQUAL(send("2......."), 0);
    EQUAL(world_info(&sw.world, to).events, 4);
    EQUAL(world_info(&sw.world, to).counters.denials, 0);
    let_run();
    EQUAL(world_info(&sw.world, to).events, 0);
    EQUAL(services_data(to)[8], 4);
    EQUAL(send("3......."), ATTO_E_QUOTA);
    let_run();
    has_got(to, 6, "2.......");
}

/* With three pending there is room for two: the event of the message goes, the message does not. */
static void fewer_events(void)
{
    const struct atto_schedule two = { .priority = 8, .period_us = 1000000, .events = 2 };
    begin();
    EQUAL(listen(to, 1), 0);
    EQUAL(atto_engine_pause(&sw.world.engine, to), ATTO_OK);
    EQUAL(services_call(to, atto_timer_number, 0, 0, 0, 0), 0);
    EQUAL(services_call(to, atto_timer_number, 0, 0, 0, 0), 0);
    EQUAL(send("kept...."), 0);
    EQUAL(world_info(&sw.world, to).events, 3);
    EQUAL(atto_engine_set_schedule(&sw.world.engine, to, &two, NULL), ATTO_OK);
    EQUAL(world_info(&sw.world, to).events, 2);
    EQUAL(atto_engine_resume(&sw.world.engine, to), ATTO_OK);
    let_run();
    EQUAL(services_data(to)[8], 0);
    EQUAL(send("more...."), 0);
    let_run();
    has_got(to, 2, "more....");
}

/* Listening ends with a life: the entry point may be none of the next program's. */
static void listening_ends_with_a_life(void)
{
    static struct image_bytes other_image;
    static const uint64_t text[] = { MOV(0, 0), MOV(0, 0), MOV(0, 0), EXIT };
    begin();
    EQUAL(listen(to, 1), 0);
    world_image(&other_image, text, 4, (const struct world_entry[]){ { "loop", 0 } }, 1);
    const struct atto_install request = { .bytes = other_image.bytes, .len = other_image.len, .tenant = 2, .fuel = 100,
                                          .rights = sw.all, .right_count = ENDPOINTS };
    EQUAL(atto_engine_update(&sw.world.engine, &to, &request, NULL), ATTO_OK);
    EQUAL(send("........"), 0);
    EQUAL(world_info(&sw.world, to).events, 0);
    EQUAL(world_info(&sw.world, to).counters.denials, 0);
    EQUAL(listen(from, 1), 0); /* nobody does any more */
    EQUAL(atto_engine_stop(&sw.world.engine, from, true), ATTO_OK);
    struct atto_container *third = reader(0);
    EQUAL(listen(third, 1), 0); /* who is stopped does not */
    EQUAL(atto_engine_stop(&sw.world.engine, third, true), ATTO_OK);
    EQUAL(atto_engine_remove(&sw.world.engine, third), ATTO_OK);
    EQUAL(atto_engine_start(&sw.world.engine, from), ATTO_OK);
    EQUAL(services_call(to, atto_send_number, MAILBOX, DATA, 3, 0), 0);
    EQUAL(world_info(&sw.world, from).events, 0);
}

/* The owner's containers have no table of rights if they ask for none. */
static void a_listener_without_rights(void)
{
    static struct image_bytes other_image;
    static const uint64_t text[] = { MOV(0, 0), EXIT };
    begin();
    struct atto_container *owners = reader(0);
    EQUAL(listen(owners, 1), 0);
    world_image(&other_image, text, 2, (const struct world_entry[]){ { "loop", 0 } }, 1);
    const struct atto_install request = { .bytes = other_image.bytes, .len = other_image.len, .fuel = 100 };
    EQUAL(atto_engine_update(&sw.world.engine, &owners, &request, NULL), ATTO_OK);
    EQUAL(send("........"), 0);
    EQUAL(world_info(&sw.world, owners).events, 0);
    /* Nor does the one after that, which has rights again. */
    const struct atto_install again = { .bytes = other_image.bytes, .len = other_image.len, .fuel = 100,
                                        .rights = sw.all, .right_count = ENDPOINTS };
    EQUAL(atto_engine_update(&sw.world.engine, &owners, &again, NULL), ATTO_OK);
    EQUAL(atto_engine_update(&sw.world.engine, &owners, &again, NULL), ATTO_OK);
    EQUAL(send("more...."), 0);
    EQUAL(world_info(&sw.world, owners).events, 0);
    EQUAL(listen(to, 1), 0);
    let_run();
    has_got(to, 2, "more....");
}

static const struct harness_test tests[] = {
    TEST(a_listener_without_rights, "A listener whose next program has no rights at all does not listen."),
    TEST(taken_without_a_listener, "A mailbox without a listener keeps messages until somebody takes them."),
    TEST(activations_in_order, "Each message is one activation of whoever listens, in order."),
    TEST(none_twice, "A message that ends its reader does not come again, nor do those behind it to a new life."),
    TEST(no_right_no_message, "Who may not read any more gets no message, and no message has two readers."),
    TEST(a_full_listener_is_told_later, "A listener that could not be told is told by the next one who sends."),
    TEST(fewer_events, "An event that a new schedule has no room for loses no message."),
    TEST(listening_ends_with_a_life, "No message starts a program that has not asked for it."),
};
HARNESS_MAIN(tests)
