/* Observation (RFC 7641): who observes hears of changes, in order, as long as he is there and wants to; also where
 * datagrams get lost.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "coap_world.h"
#include "harness.h"

#define PEER 10u
#define OTHER 11u

static void observe(uint32_t peer, uint16_t id, uint32_t value)
{
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, id, NULL);
    coap_option_uint(ATTO_COAP_OBSERVE, value);
    coap_option(ATTO_COAP_URI_PATH, "count", 5);
    coap_send(peer);
}

static void change(void)
{
    cw.heard = 0;
    cw.resources.count++;
    atto_coap_changed(&cw.devices[0].server, COAP_COUNT_RESOURCE);
}

static void reply_empty(uint32_t peer, enum atto_coap_type type, uint16_t id)
{
    coap_send_bytes(peer, (const uint8_t[]){ (uint8_t)(0x40u + type * 16u), 0, (uint8_t)(id >> 8), (uint8_t)id }, 4);
}

static uint32_t observers(void)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < COAP_OBSERVERS; i++)
        count += cw.devices[0].observers[i].entry.state != 0u;
    return count;
}

static void notified(void)
{
    uint32_t sequence;

    coap_world_begin(1024);
    observe(PEER, 1, 0);
    CHECK(cw.answer.type == ATTO_COAP_ACK && cw.answer.code == ATTO_COAP_CONTENT && coap_answer_is("0"));
    sequence = coap_answer_uint(ATTO_COAP_OBSERVE);
    CHECK(sequence != COAP_ABSENT);
    coap_run(5000000);
    EQUAL(cw.heard, 1); /* nothing has changed */
    for (uint32_t i = 1; i <= 5u; i++) {
        char text[2] = { (char)('0' + i), 0 };

        change();
        coap_run(ATTO_COAP_NOTIFY_MS * 1000u);
        EQUAL(cw.heard, 1);
        CHECK(cw.last.to == PEER && cw.answer.type == ATTO_COAP_NON && cw.answer.code == ATTO_COAP_CONTENT);
        CHECK(cw.answer.token_len == 2u && memcmp(cw.answer.token, "\0\1", 2) == 0);
        CHECK(coap_answer_is(text));
        CHECK(coap_answer_uint(ATTO_COAP_OBSERVE) > sequence);
        CHECK(coap_answer_uint(ATTO_COAP_ETAG) != COAP_ABSENT);
        sequence = coap_answer_uint(ATTO_COAP_OBSERVE);
    }
    change();
    atto_coap_changed(&cw.devices[0].server, COAP_COUNT_RESOURCE + 1u); /* not his */
    coap_run(10000000);
    EQUAL(cw.heard, 1);
    coap_get(PEER, 2, "count"); /* a GET like any other */
    EQUAL(coap_answer_uint(ATTO_COAP_OBSERVE), COAP_ABSENT);
    EQUAL(observers(), 1);
    coap_get(PEER, 3, "hello");
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 4, NULL); /* what cannot be observed */
    coap_option_uint(ATTO_COAP_OBSERVE, 0);
    coap_option(ATTO_COAP_URI_PATH, "hello", 5);
    coap_send(PEER);
    CHECK(cw.answer.code == ATTO_COAP_CONTENT && coap_answer_uint(ATTO_COAP_OBSERVE) == COAP_ABSENT);
    EQUAL(observers(), 1);
}

/* A thousand changes in ten seconds. */
static void told_as_one(void)
{
    uint32_t heard = 0;

    coap_world_begin(1024);
    observe(PEER, 1, 0);
    for (uint32_t i = 0; i < 1000u; i++) {
        change();
        coap_run(10000);
        heard += cw.heard;
    }
    CHECK(heard >= 9u && heard <= 11u);
    cw.heard = 0;
    coap_run(ATTO_COAP_NOTIFY_MS * 1000u);
    CHECK(cw.heard <= 1u && coap_answer_is("1000")); /* the last state is told in any case */
}

static void dropped(void)
{
    coap_world_begin(1024);
    observe(PEER, 1, 0);
    observe(OTHER, 1, 0);
    observe(OTHER, 1, 0); /* the same once more */
    EQUAL(observers(), 2);
    observe(PEER, 2, 1); /* of another token: nothing of his */
    EQUAL(coap_answer_uint(ATTO_COAP_OBSERVE), COAP_ABSENT);
    EQUAL(observers(), 2);
    observe(PEER, 1, 1);
    EQUAL(cw.answer.code, ATTO_COAP_CONTENT);
    EQUAL(coap_answer_uint(ATTO_COAP_OBSERVE), COAP_ABSENT);
    EQUAL(observers(), 1);
    change();
    coap_run(2000000);
    CHECK(cw.heard == 1u && cw.last.to == OTHER);
    reply_empty(PEER, ATTO_COAP_RST, cw.answer.id); /* not his to refuse */
    EQUAL(observers(), 1);
    change();
    coap_run(2000000);
    reply_empty(OTHER, ATTO_COAP_RST, cw.answer.id);
    EQUAL(observers(), 0);
    change();
    coap_run(2000000);
    EQUAL(cw.heard, 0);
}

static void gone(void)
{
    coap_world_begin(1024);
    observe(PEER, 1, 0);
    observe(OTHER, 9, 0);
    coap_request(ATTO_COAP_CON, ATTO_COAP_DELETE, 2, "count");
    coap_send(12);
    EQUAL(cw.answer.code, ATTO_COAP_DELETED);
    cw.heard = 0;
    coap_run(3000000);
    EQUAL(cw.heard, 2);
    EQUAL(cw.answer.code, ATTO_COAP_NOT_FOUND);
    EQUAL(coap_answer_uint(ATTO_COAP_OBSERVE), COAP_ABSENT);
    EQUAL(observers(), 0);
}

static void confirmed(void)
{
    uint16_t id;

    coap_world_begin(1024);
    observe(PEER, 1, 0);
    coap_run(ATTO_COAP_CONFIRM_MS * 1000u);
    change();
    coap_run(1000);
    CHECK(cw.heard == 1u && cw.answer.type == ATTO_COAP_CON && coap_answer_is("1"));
    id = cw.answer.id;
    change(); /* while it is on its way: told with the next try, at the latest */
    coap_run(3100000);
    CHECK(cw.heard == 1u && cw.answer.type == ATTO_COAP_CON && coap_answer_is("2"));
    CHECK(cw.answer.id != id); /* another content is another message */
    reply_empty(PEER, ATTO_COAP_ACK, cw.answer.id);
    coap_run(10000000);
    EQUAL(cw.heard, 0);
    change();
    coap_run(1000);
    CHECK(cw.heard == 1u && cw.answer.type == ATTO_COAP_NON);
    coap_run(ATTO_COAP_CONFIRM_MS * 1000u);
    change(); /* acknowledged, and changed before: told again at once */
    coap_run(1000);
    EQUAL(cw.answer.type, ATTO_COAP_CON);
    id = cw.answer.id;
    change();
    reply_empty(PEER, ATTO_COAP_ACK, id);
    coap_run(1000);
    CHECK(cw.heard == 1u && coap_answer_is("5"));
    EQUAL(observers(), 1);
}

static void one_who_is_gone_is_forgotten(void)
{
    coap_world_begin(1024);
    observe(PEER, 1, 0);
    coap_run(ATTO_COAP_CONFIRM_MS * 1000u);
    change();
    coap_run(100000000);
    EQUAL(cw.heard, 1u + ATTO_COAP_MAX_RETRANSMIT);
    EQUAL(observers(), 0);
    CHECK(atto_coap_server_tick(&cw.devices[0].server) > cw.now_us + 86400000000u); /* nothing is due */
}

/* More observers than there is room for: they get an answer all the same, and room is made by looking who is there. */
static void no_room(void)
{
    char path[ATTO_COAP_OBSERVED_BYTES + 2u];

    coap_world_begin(1024);
    for (uint32_t i = 0; i < COAP_OBSERVERS; i++) {
        observe(PEER + i, 1, 0);
        CHECK(coap_answer_uint(ATTO_COAP_OBSERVE) != COAP_ABSENT);
    }
    observe(99, 1, 0);
    CHECK(cw.answer.code == ATTO_COAP_CONTENT && coap_answer_is("0"));
    EQUAL(coap_answer_uint(ATTO_COAP_OBSERVE), COAP_ABSENT);
    cw.heard = 0;
    coap_run(100000);
    EQUAL(cw.heard, COAP_OBSERVERS);
    EQUAL(cw.answer.type, ATTO_COAP_CON);
    reply_empty(cw.last.to, ATTO_COAP_ACK, cw.answer.id); /* one is there */
    coap_run(100000000);
    EQUAL(observers(), 1);
    observe(99, 2, 0);
    CHECK(coap_answer_uint(ATTO_COAP_OBSERVE) != COAP_ABSENT);
    EQUAL(observers(), 2);
    /* Options that are too long to be kept. */
    memset(path, 'x', sizeof path);
    path[sizeof path - 1u] = 0;
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 3, NULL);
    coap_option_uint(ATTO_COAP_OBSERVE, 0);
    coap_option(ATTO_COAP_URI_PATH, "count", 5);
    coap_option(ATTO_COAP_URI_QUERY, path, sizeof path - 1u);
    coap_send(98);
    CHECK(cw.answer.code == ATTO_COAP_CONTENT && coap_answer_uint(ATTO_COAP_OBSERVE) == COAP_ABSENT);
    EQUAL(observers(), 2);
}

/* Registered again with other options, and for what is not there. */
static void registered_again(void)
{
    coap_world_begin(1024);
    observe(PEER, 1, 0);
    coap_run(300000000); /* the id may be used again */
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 1, NULL);
    coap_option_uint(ATTO_COAP_OBSERVE, 0);
    coap_option(ATTO_COAP_URI_PATH, "count", 5);
    coap_option_uint(ATTO_COAP_ACCEPT, ATTO_COAP_FORMAT_TEXT);
    coap_send(PEER);
    EQUAL(observers(), 1);
    change();
    coap_run(1000);
    CHECK(cw.heard == 1u && coap_answer_is("1"));
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 1, NULL);
    coap_option_uint(ATTO_COAP_OBSERVE, 0);
    coap_option(ATTO_COAP_URI_PATH, "nothing", 7);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_NOT_FOUND);
    EQUAL(observers(), 0);
}

static void blocks(void)
{
    coap_world_begin(16);
    cw.resources.count = 1234567890;
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 1, NULL);
    coap_option_uint(ATTO_COAP_OBSERVE, 0);
    coap_option(ATTO_COAP_URI_PATH, "count", 5);
    coap_block(ATTO_COAP_BLOCK2, 0, false, 6);
    coap_send(PEER);
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK2), 0);
    CHECK(coap_answer_is("1234567890"));
    change();
    coap_run(1000);
    CHECK(coap_answer_is("1234567891"));
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 2, NULL); /* a later block does not observe */
    coap_option_uint(ATTO_COAP_OBSERVE, 0);
    coap_option(ATTO_COAP_URI_PATH, "large", 5);
    coap_block(ATTO_COAP_BLOCK2, 1, false, 0);
    coap_send(PEER);
    EQUAL(coap_answer_uint(ATTO_COAP_OBSERVE), COAP_ABSENT);
    EQUAL(observers(), 1);
}

static const struct harness_test tests[] = {
    TEST(notified, "each change is told to who observes, under his token, with rising numbers, and to nobody else"),
    TEST(told_as_one, "changes in quick succession are told as one, and the last state always"),
    TEST(dropped, "a deregistration or a reset ends it, and only the observer's own"),
    TEST(gone, "the end of a resource ends it with an error"),
    TEST(confirmed, "now and then a notification is confirmable, and repeated with what is new by then"),
    TEST(one_who_is_gone_is_forgotten, "who does not acknowledge is forgotten"),
    TEST(no_room, "without room one is answered and not observed; who is gone makes room"),
    TEST(registered_again, "a second registration takes the place of the first"),
    TEST(blocks, "notifications have the first block, of the size that was asked for"),
};
HARNESS_MAIN(tests)
