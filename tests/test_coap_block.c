/* Payloads that come in blocks (RFC 7959): in order and whole or not at all, a few at a time, not for ever; and fifty
 * peers that do everything wrong, beside one who wants to be served.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "coap_world.h"
#include "harness.h"

#define PEER 10u
#define OTHER 11u
#define THIRD 12u

static uint8_t payload[COAP_STORE_MAX + 2000u];

static void begin(uint32_t block)
{
    coap_world_begin(block);
    for (uint32_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)rng_next(&cw.rng);
}

/* Sends a block of the payload of `len` bytes in all; answers the code. */
static uint32_t put_block(uint32_t peer, uint16_t id, const char *path, uint32_t number, uint32_t szx, uint32_t len)
{
    uint32_t bytes = 16u << szx, at = number * bytes, left = len - at;

    coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, id, path);
    coap_block(ATTO_COAP_BLOCK1, number, left > bytes, szx);
    coap_payload(payload + at, left > bytes ? bytes : left);
    coap_send(peer);
    if (cw.heard != 1u || cw.answer.type != ATTO_COAP_ACK || cw.answer.id != id)
        harness_fail(__FILE__, __LINE__, "one answer");
    return cw.answer.code;
}

static bool is_stored(uint32_t len)
{
    return cw.resources.stored_len == len && memcmp(cw.resources.stored, payload, len) == 0;
}

static void every_size(void)
{
    for (uint32_t szx = 0; szx <= 6u; szx++)
        for (uint32_t len = 1; len < 2060u; len = len < 1000u ? len * 3u : len + (len < 1022u ? 22u : 1u)) {
            uint32_t bytes = 16u << szx, last = (len - 1u) / bytes;

            begin(1024);
            for (uint32_t number = 0; number <= last; number++) {
                harness_case(szx, len);
                EQUAL(put_block(PEER, (uint16_t)(1u + number), "store", number, szx, len),
                      number < last ? ATTO_COAP_CONTINUE : ATTO_COAP_CHANGED);
                EQUAL(coap_answer_uint(ATTO_COAP_BLOCK1), number * 16u + (number < last ? 8u : 0u) + szx);
                EQUAL(cw.resources.writes, number == last);
            }
            CHECK(is_stored(len));
        }
}

/* RFC 7959 figures 9 and 10: an atomic PUT; and one where the server asks for smaller blocks. And figure 4, late
 * negotiation of Block2. */
static void rfc_section_3(void)
{
    begin(128);
    EQUAL(put_block(PEER, 1234, "store", 0, 3, 300), ATTO_COAP_CONTINUE);
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK1), 0x0b); /* 1:0/1/128 */
    EQUAL(put_block(PEER, 1235, "store", 1, 3, 300), ATTO_COAP_CONTINUE);
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK1), 0x1b); /* 1:1/1/128 */
    EQUAL(put_block(PEER, 1236, "store", 2, 3, 300), ATTO_COAP_CHANGED);
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK1), 0x23); /* 1:2/0/128 */
    CHECK(is_stored(300));
    begin(32);
    EQUAL(put_block(PEER, 1234, "store", 0, 3, 210), ATTO_COAP_CONTINUE);
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK1), 0x09); /* 1:0/1/32 */
    EQUAL(put_block(PEER, 1235, "store", 4, 1, 210), ATTO_COAP_CONTINUE);
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK1), 0x49);
    EQUAL(put_block(PEER, 1236, "store", 5, 1, 210), ATTO_COAP_CONTINUE);
    EQUAL(put_block(PEER, 1237, "store", 6, 1, 210), ATTO_COAP_CHANGED);
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK1), 0x61); /* 1:6/0/32 */
    CHECK(is_stored(210));
    begin(128);
    coap_get(PEER, 1234, "large");
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK2), 0x0b); /* 2:0/1/128 */
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 1235, "large");
    coap_block(ATTO_COAP_BLOCK2, 2, false, 2);
    coap_send(PEER);
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK2), 0x2a); /* 2:2/1/64 */
    EQUAL(cw.answer.payload.ptr[0], coap_large_byte(128));
}

static void order(void)
{
    begin(1024);
    EQUAL(put_block(PEER, 1, "store", 1, 0, 64), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE); /* without a beginning */
    EQUAL(put_block(PEER, 2, "store", 0, 0, 64), ATTO_COAP_CONTINUE);
    EQUAL(put_block(PEER, 3, "store", 2, 0, 64), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE); /* a gap */
    EQUAL(put_block(PEER, 4, "count", 1, 0, 64), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE); /* of something else */
    EQUAL(put_block(OTHER, 4, "store", 1, 0, 64), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE); /* of somebody else */
    EQUAL(put_block(PEER, 5, "store", 3, 0, 64), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
    EQUAL(cw.resources.handled, 1);
    EQUAL(put_block(PEER, 6, "store", 1, 0, 64), ATTO_COAP_CONTINUE); /* and still it goes on */
    EQUAL(put_block(PEER, 7, "store", 1, 0, 64), ATTO_COAP_CONTINUE); /* the same block in another message */
    EQUAL(cw.resources.handled, 2);
    EQUAL(put_block(PEER, 8, "store", 2, 0, 64), ATTO_COAP_CONTINUE);
    EQUAL(put_block(PEER, 9, "store", 3, 0, 64), ATTO_COAP_CHANGED);
    CHECK(is_stored(64));
    EQUAL(put_block(PEER, 9, "store", 3, 0, 64), ATTO_COAP_CHANGED); /* a duplicate of the last block */
    EQUAL(put_block(PEER, 10, "store", 3, 0, 64), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
    EQUAL(cw.resources.writes, 1);
    EQUAL(cw.resources.abandoned, 0);
}

static void again_from_the_start(void)
{
    begin(1024);
    EQUAL(put_block(PEER, 1, "store", 0, 0, 64), ATTO_COAP_CONTINUE);
    EQUAL(put_block(PEER, 2, "store", 0, 0, 48), ATTO_COAP_CONTINUE);
    EQUAL(cw.resources.abandoned, 1);
    EQUAL(put_block(PEER, 3, "store", 1, 0, 48), ATTO_COAP_CONTINUE);
    EQUAL(put_block(PEER, 4, "store", 0, 2, 10), ATTO_COAP_CHANGED); /* one block is all: nothing is under way then */
    EQUAL(cw.resources.abandoned, 2);
    CHECK(is_stored(10));
    EQUAL(put_block(PEER, 5, "store", 2, 0, 48), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
}

/* RFC 9175: blocks of different requests, told apart by their tag. */
static void request_tags(void)
{
    begin(1024);
    for (uint16_t i = 0; i < 3u; i++) {
        coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, (uint16_t)(1u + i), "store");
        coap_block(ATTO_COAP_BLOCK1, i == 0u ? 0u : 1u, i == 0u, 0);
        coap_option(ATTO_COAP_REQUEST_TAG, i == 1u ? "b" : "a", 1);
        coap_payload(payload + (i == 0u ? 0u : 16u), 16);
        coap_send(PEER);
        EQUAL(cw.answer.code, i == 0u   ? ATTO_COAP_CONTINUE
                              : i == 1u ? ATTO_COAP_REQUEST_ENTITY_INCOMPLETE
                                        : ATTO_COAP_CHANGED);
    }
    CHECK(is_stored(32));
}

static void sizes(void)
{
    begin(1024);
    coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, 1, "store"); /* more is to come, and the block is not full */
    coap_block(ATTO_COAP_BLOCK1, 0, true, 1);
    coap_payload(payload, 31);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_BAD_REQUEST);
    coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, 2, "store"); /* over its size */
    coap_block(ATTO_COAP_BLOCK1, 0, false, 0);
    coap_payload(payload, 17);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_BAD_REQUEST);
    EQUAL(cw.resources.handled, 0);
    coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, 3, "store"); /* too much, as the client says at once */
    coap_block(ATTO_COAP_BLOCK1, 0, true, 0);
    coap_option_uint(ATTO_COAP_SIZE1, COAP_STORE_MAX + 1u);
    coap_payload(payload, 16);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_REQUEST_ENTITY_TOO_LARGE);
    EQUAL(coap_answer_uint(ATTO_COAP_SIZE1), COAP_STORE_MAX);
    CHECK(coap_answer_is("too much"));
    for (uint16_t number = 0; number < 5u; number++) { /* too much, as it turns out */
        EQUAL(put_block(PEER, (uint16_t)(10u + number), "store", number, 6, 6000),
              number < 4u ? ATTO_COAP_CONTINUE : ATTO_COAP_REQUEST_ENTITY_TOO_LARGE);
    }
    EQUAL(put_block(PEER, 20, "store", 5, 6, 6000), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
    EQUAL(cw.resources.writes, 0);
    EQUAL(put_block(PEER, 21, "nothing", 0, 0, 64), ATTO_COAP_NOT_FOUND); /* the first block says what is wrong */
    EQUAL(cw.resources.abandoned, 0);
    for (uint32_t i = 0; i < COAP_TRANSFERS; i++)
        EQUAL(cw.devices[0].transfers[i].entry.state, 0);
}

static void no_room(void)
{
    begin(1024);
    EQUAL(put_block(PEER, 1, "store", 0, 0, 64), ATTO_COAP_CONTINUE);
    coap_run(4000000);
    EQUAL(put_block(OTHER, 1, "store", 0, 0, 64), ATTO_COAP_CONTINUE);
    EQUAL(put_block(THIRD, 1, "store", 0, 0, 64), ATTO_COAP_SERVICE_UNAVAILABLE);
    EQUAL(coap_answer_uint(ATTO_COAP_MAX_AGE), ATTO_COAP_TRANSFER_MS / 1000u - 4u + 1u);
    EQUAL(put_block(THIRD, 2, "store", 0, 2, 64), ATTO_COAP_CHANGED); /* one block needs no transfer */
    for (uint16_t i = 0; i < 2u; i++) { /* whoever goes on may go on for long */
        coap_run(5000000);
        EQUAL(put_block(OTHER, (uint16_t)(2u + i), "store", 1u + i, 0, 64), ATTO_COAP_CONTINUE);
    }
    EQUAL(cw.resources.abandoned, 1); /* the first one did not */
    EQUAL(put_block(THIRD, 3, "store", 0, 0, 64), ATTO_COAP_CONTINUE);
    EQUAL(put_block(PEER, 2, "store", 1, 0, 64), ATTO_COAP_REQUEST_ENTITY_INCOMPLETE);
    EQUAL(put_block(OTHER, 4, "store", 3, 0, 64), ATTO_COAP_CHANGED);
    coap_run(20000000);
    EQUAL(cw.resources.abandoned, 2);
    coap_run(250000000); /* until answers are forgotten */
    CHECK(atto_coap_server_tick(&cw.devices[0].server) > cw.now_us + 86400000000u); /* nothing is due */
}

static void two_at_once(void)
{
    begin(1024);
    for (uint16_t number = 0; number < 4u; number++) {
        bool last = number == 3u;

        EQUAL(put_block(PEER, (uint16_t)(1u + number), "store", number, 1, 128),
              last ? ATTO_COAP_CHANGED : ATTO_COAP_CONTINUE);
        EQUAL(put_block(OTHER, (uint16_t)(1u + number), "store", number, 0, 64),
              last ? ATTO_COAP_CHANGED : ATTO_COAP_CONTINUE);
    }
    EQUAL(cw.resources.writes, 2);
    CHECK(is_stored(64));
}

/* One datagram of a hostile peer's. */
static void attack(uint32_t peer)
{
    uint32_t kind = rng_below(&cw.rng, 6);
    uint16_t id = (uint16_t)rng_next(&cw.rng);

    switch (kind) {
    case 0: /* a transfer that never ends */
        coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, id, "store");
        coap_block(ATTO_COAP_BLOCK1, rng_once_in(&cw.rng, 2) ? 0u : rng_below(&cw.rng, 1u << 20), true, 0);
        coap_payload(payload, 16);
        break;
    case 1: /* options without end */
        coap_request(rng_once_in(&cw.rng, 2) ? ATTO_COAP_CON : ATTO_COAP_NON, ATTO_COAP_GET, id, "hello");
        while (cw.writer.len < 1100u)
            coap_option(ATTO_COAP_URI_PATH, "x", rng_below(&cw.rng, 2));
        break;
    case 2: /* calls that are answered later */
        coap_request(ATTO_COAP_CON, ATTO_COAP_POST, id, "later");
        break;
    case 3: /* observers */
        coap_request(ATTO_COAP_CON, ATTO_COAP_GET, id, NULL);
        coap_option_uint(ATTO_COAP_OBSERVE, 0);
        coap_option(ATTO_COAP_URI_PATH, "count", 5);
        break;
    case 4: /* changes, to push out what is kept for duplicates */
        coap_request(ATTO_COAP_CON, ATTO_COAP_POST, id, "count");
        break;
    default: /* noise, or a message with a bit turned */
        coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, id, "store");
        coap_block(ATTO_COAP_BLOCK1, 0, true, 0);
        coap_payload(payload, 16);
        cw.request[rng_below(&cw.rng, cw.writer.len)] ^= (uint8_t)(1u << rng_below(&cw.rng, 8));
        break;
    }
    coap_send(peer);
}

/* Is it an honest answer to such requests? */
static bool is_honest(uint32_t code)
{
    switch (code) {
    case ATTO_COAP_EMPTY:
    case ATTO_COAP_CONTENT:
    case ATTO_COAP_CHANGED:
    case ATTO_COAP_CONTINUE:
    case ATTO_COAP_BAD_REQUEST:
    case ATTO_COAP_BAD_OPTION:
    case ATTO_COAP_NOT_FOUND:
    case ATTO_COAP_METHOD_NOT_ALLOWED:
    case ATTO_COAP_NOT_ACCEPTABLE:
    case ATTO_COAP_REQUEST_ENTITY_INCOMPLETE:
    case ATTO_COAP_REQUEST_ENTITY_TOO_LARGE:
    case ATTO_COAP_UNSUPPORTED_CONTENT_FORMAT:
    case ATTO_COAP_SERVICE_UNAVAILABLE:
    case ATTO_COAP_PROXYING_NOT_SUPPORTED:
        return true;
    default:
        return false;
    }
}

static void fifty_hostile_peers(void)
{
    uint32_t storms = harness_rounds(ON_LINUX_OR_BOARD(20u, 3u)), refused = 0;
    uint16_t id = 1;

    begin(64);
    for (uint32_t storm = 0; storm < storms; storm++) {
        for (uint32_t i = 0; i < 500u; i++) {
            harness_case(storm, i);
            attack(100u + rng_below(&cw.rng, 50));
            CHECK(cw.heard <= 1u && (cw.heard == 0u || is_honest(cw.answer.code)));
            CHECK(cw.heard_bytes <= cw.writer.len + 4u + 64u + 48u); /* never more than a block for a datagram */
            refused += cw.answer.code == ATTO_COAP_SERVICE_UNAVAILABLE;
            if (i % 10u == 0u)
                coap_run(20000);
            coap_get(PEER, id++, "hello"); /* who asks for little is served even now */
            CHECK(cw.heard == 1u && cw.answer.code == ATTO_COAP_CONTENT);
        }
        /* And who wants more, a few seconds after the storm. */
        coap_run(ATTO_COAP_TRANSFER_MS * 1000u + 1u);
        for (uint16_t number = 0; number < 8u; number++)
            EQUAL(put_block(PEER, (uint16_t)(30000u + id++), "store", number, 2, 500),
                  number < 7u ? ATTO_COAP_CONTINUE : ATTO_COAP_CHANGED);
        CHECK(is_stored(500));
    }
    CHECK(refused > storms); /* there was a storm */
    coap_run(600000000); /* and nothing of it stays, but for observers that acknowledge nothing and hear of no change */
    for (uint32_t i = 0; i < COAP_EXCHANGES; i++)
        EQUAL(cw.devices[0].exchanges[i].entry.state, 0);
    for (uint32_t i = 0; i < COAP_TRANSFERS; i++)
        EQUAL(cw.devices[0].transfers[i].entry.state, 0);
}

static const struct harness_test tests[] = {
    TEST(every_size, "payloads of all lengths come whole in blocks of each size"),
    TEST(rfc_section_3, "the exchanges of RFC 7959 section 3, with smaller blocks asked for in the middle"),
    TEST(order, "a block out of order is refused and changes nothing; the last one counts once"),
    TEST(again_from_the_start, "a first block begins anew, and the handler is told"),
    TEST(request_tags, "blocks of two requests are not mixed if a tag tells them apart"),
    TEST(sizes, "what is too long is refused, if the client says so at once, and else when it turns out"),
    TEST(no_room, "more transfers than there is room for are put off; idle ones are given up"),
    TEST(two_at_once, "two peers send at the same time"),
    TEST(fifty_hostile_peers, "block storms, half transfers, option bombs: state is bounded, others are served"),
};
HARNESS_MAIN(tests)
