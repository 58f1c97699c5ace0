/* The CoAP server, one datagram at a time: what it answers, to what it keeps silent, what it does once though it is
 * asked twice (RFC 7252), and the blocks of what it answers (RFC 7959).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "coap_world.h"
#include "harness.h"
#include "hex.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define PEER 10u

_Static_assert(sizeof(void *) != 4u || sizeof(struct atto_coap_server) + sizeof(struct atto_coap_client) +
                                               4u * sizeof(struct atto_coap_exchange) +
                                               4u * sizeof(struct atto_coap_observer) +
                                               2u * sizeof(struct atto_coap_transfer) <= 900u,
               "what CoAP takes of RAM beside the memory for a datagram");

static void send_hex(const char *hex)
{
    uint8_t bytes[256];

    coap_send_bytes(PEER, bytes, hex_read(hex, bytes, sizeof bytes));
}

/* One answer was sent, with this code, type and id, and with the request's token. */
static bool is_answer(enum atto_coap_type type, uint32_t code, uint16_t id)
{
    return cw.heard == 1u && cw.last.to == PEER && cw.answer.type == type && cw.answer.code == code &&
           cw.answer.id == id;
}

static bool is_reset(uint16_t id)
{
    return is_answer(ATTO_COAP_RST, ATTO_COAP_EMPTY, id) && cw.last.len == 4u;
}

static void answers(void)
{
    coap_world_begin(1024);
    coap_get(PEER, 0x1234, "hello");
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_CONTENT, 0x1234));
    CHECK(cw.answer.token_len == 2u && memcmp(cw.answer.token, "\x12\x34", 2) == 0);
    CHECK(coap_answer_is("hello, world"));
    EQUAL(coap_answer_uint(ATTO_COAP_CONTENT_FORMAT), ATTO_COAP_FORMAT_TEXT);
    EQUAL(coap_answer_uint(ATTO_COAP_MAX_AGE), 5);
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK2), COAP_ABSENT);
    coap_get(PEER, 2, ".well-known/core");
    EQUAL(coap_answer_uint(ATTO_COAP_CONTENT_FORMAT), 40);
    EQUAL(coap_answer_uint(ATTO_COAP_MAX_AGE), COAP_ABSENT);
    coap_request(ATTO_COAP_NON, ATTO_COAP_GET, 3, "hello");
    coap_send(PEER);
    EQUAL(cw.answer.type, ATTO_COAP_NON);
    CHECK(cw.answer.id != 3u && coap_answer_is("hello, world"));
    CHECK(memcmp(cw.answer.token, "\0\3", 2) == 0);
}

static void paths(void)
{
    coap_world_begin(1024);
    coap_get(PEER, 1, "hell");
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_NOT_FOUND, 1));
    coap_get(PEER, 2, "hello2");
    EQUAL(cw.answer.code, ATTO_COAP_NOT_FOUND);
    coap_get(PEER, 3, "hello/more");
    EQUAL(cw.answer.code, ATTO_COAP_NOT_FOUND);
    coap_get(PEER, 4, "hello/"); /* coap://host/hello/ */
    EQUAL(cw.answer.code, ATTO_COAP_CONTENT);
    coap_get(PEER, 5, NULL);
    EQUAL(cw.answer.code, ATTO_COAP_NOT_FOUND);
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 6, "large");
    coap_option(ATTO_COAP_URI_QUERY, "siz=7", 5);
    coap_option(ATTO_COAP_URI_QUERY, "sizes=7", 7);
    coap_option(ATTO_COAP_URI_QUERY, "size=3", 6);
    coap_option(ATTO_COAP_URI_QUERY, "size=9", 6);
    coap_send(PEER);
    CHECK(coap_answer_is("abc"));
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 7, "large");
    coap_option(ATTO_COAP_URI_QUERY, "size", 4); /* without a value: of 0 bytes */
    coap_send(PEER);
    CHECK(cw.answer.code == ATTO_COAP_CONTENT && cw.answer.payload.len == 0u);
}

static void silence_and_resets(void)
{
    static const char *const silent[] = {
        "", "40", "400000", "00010001", "80010001 ff", /* no header, other versions */
        "50000001", "60000001", "70000001",            /* empty: NON, ACK, RST of nothing */
        "50010001 ff", "60010001 ff", "70010001 f0",   /* not confirmable, and not well-formed */
        "59010001", "50200001",
        "60010001", "70010001",                        /* a request in an acknowledgement or reset */
        "60450001", "70450001", "50450001",            /* responses to nothing */
    };
    static const char *const reset[] = {
        "40000001",                                    /* ping */
        "49010001", "40010001 ff", "40010001 f0", "40000001 00", "40200001", "40c00001",
        "40450001", "41840001 55",                     /* confirmable responses to nothing */
    };

    coap_world_begin(1024);
    for (uint32_t i = 0; i < COUNT(silent); i++) {
        harness_case(1, i);
        send_hex(silent[i]);
        EQUAL(cw.heard, 0);
    }
    for (uint32_t i = 0; i < COUNT(reset); i++) {
        harness_case(2, i);
        send_hex(reset[i]);
        CHECK(is_reset(1));
    }
    EQUAL(cw.resources.handled, 0);
}

/* GET /hello with an option behind its path, or with one in front of it. */
static void options(void)
{
    static const struct {
        const char *hex;
        uint32_t code;
    } cases[] = {
        { "40010001 b5 68656c6c6f", ATTO_COAP_CONTENT },
        { "40010001 31 78 85 68656c6c6f", ATTO_COAP_CONTENT },             /* Uri-Host x */
        { "40010001 72 1633 45 68656c6c6f", ATTO_COAP_CONTENT },           /* Uri-Port */
        { "40010001 b5 68656c6c6f d1 01 00", ATTO_COAP_BAD_OPTION },       /* 25, not known, critical */
        { "40010001 b5 68656c6c6f d1 02 00", ATTO_COAP_CONTENT },          /* 26, elective */
        { "40010001 10 a5 68656c6c6f", ATTO_COAP_BAD_OPTION },             /* If-Match */
        { "40010001 50 65 68656c6c6f", ATTO_COAP_BAD_OPTION },             /* If-None-Match */
        { "40010001 b5 68656c6c6f 60", ATTO_COAP_CONTENT },                /* Accept 0 */
        { "40010001 b5 68656c6c6f 61 3c", ATTO_COAP_NOT_ACCEPTABLE },
        { "40010001 b5 68656c6c6f 63 000000", ATTO_COAP_BAD_OPTION },      /* Accept of 3 bytes */
        { "40010001 b5 68656c6c6f 60 00", ATTO_COAP_BAD_OPTION },          /* Accept twice */
        { "40010001 b5 68656c6c6f c1 07", ATTO_COAP_BAD_REQUEST },         /* Block2 of size 7 */
        { "40010001 b5 68656c6c6f d1 03 07", ATTO_COAP_BAD_REQUEST },      /* Block1 of size 7 */
        { "40010001 b5 68656c6c6f c4 00000000", ATTO_COAP_BAD_OPTION },    /* Block2 of 4 bytes */
        { "40010001 b5 68656c6c6f d1 0b 78", ATTO_COAP_PROXYING_NOT_SUPPORTED }, /* Proxy-Uri */
        { "40010001 b5 68656c6c6f d4 0f 636f6170", ATTO_COAP_PROXYING_NOT_SUPPORTED },
        { "40010001 49 010203040506070809 75 68656c6c6f", ATTO_COAP_CONTENT }, /* ETag of 9 bytes: elective */
        { "40010001 60 00 55 68656c6c6f", ATTO_COAP_CONTENT },             /* Observe twice: elective */
        { "40080001 b5 68656c6c6f", ATTO_COAP_METHOD_NOT_ALLOWED },        /* methods that do not exist */
        { "401f0001 b5 68656c6c6f", ATTO_COAP_METHOD_NOT_ALLOWED },
    };

    for (uint32_t i = 0; i < COUNT(cases); i++) {
        coap_world_begin(1024);
        harness_case(i, 0);
        send_hex(cases[i].hex);
        CHECK(is_answer(ATTO_COAP_ACK, cases[i].code, 1));
        EQUAL(cw.resources.handled, cases[i].code == ATTO_COAP_CONTENT || cases[i].code == ATTO_COAP_NOT_ACCEPTABLE);
    }
}

static void post_count(uint32_t peer, uint16_t id, enum atto_coap_type type)
{
    coap_request(type, ATTO_COAP_POST, id, "count");
    coap_send(peer);
}

static void duplicates(void)
{
    uint8_t first[64];
    uint32_t first_len;

    coap_world_begin(1024);
    post_count(PEER, 77, ATTO_COAP_CON);
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_CHANGED, 77) && coap_answer_is("1"));
    first_len = cw.last.len;
    memcpy(first, cw.last.bytes, first_len);
    for (uint32_t i = 0; i < 5u; i++) {
        post_count(PEER, 77, ATTO_COAP_CON);
        EQUAL(cw.heard, 1);
        CHECK(cw.last.len == first_len && memcmp(first, cw.last.bytes, first_len) == 0);
    }
    EQUAL(cw.resources.count, 1);
    post_count(PEER + 1u, 77, ATTO_COAP_CON); /* somebody else's */
    EQUAL(cw.resources.count, 2);
    post_count(PEER, 78, ATTO_COAP_NON);
    EQUAL(cw.heard, 1);
    post_count(PEER, 78, ATTO_COAP_NON);
    EQUAL(cw.heard, 0); /* is done once, and answered once */
    EQUAL(cw.resources.count, 3);
    coap_run(246000000);
    post_count(PEER, 77, ATTO_COAP_CON);
    EQUAL(cw.resources.count, 3);
    coap_run(1100000); /* EXCHANGE_LIFETIME: the id may be used again */
    post_count(PEER, 77, ATTO_COAP_CON);
    EQUAL(cw.resources.count, 4);
}

/* A diagnostic text too long for an exchange: the duplicate gets the code. What is safe is simply asked again. */
static void duplicates_of_long_answers(void)
{
    coap_world_begin(1024);
    for (uint32_t i = 0; i < 2u; i++) {
        coap_request(ATTO_COAP_CON, ATTO_COAP_POST, 5, "a-path-that-is-not-there/and-its-answer-is-short");
        coap_send(PEER);
        CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_NOT_FOUND, 5));
    }
    EQUAL(cw.resources.handled, 1);
    for (uint32_t i = 0; i < 2u; i++)
        coap_get(PEER, 6, "large");
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_CONTENT, 6) && cw.answer.payload.len == 1024u);
}

static void etags(void)
{
    struct atto_coap_options walk;
    struct atto_coap_option etag;
    uint32_t tag_len;
    uint8_t tag[8];

    coap_world_begin(64);
    coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, 1, "store");
    coap_payload("one", 3);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_CHANGED);
    coap_get(PEER, 2, "store");
    walk = atto_coap_options_of(&cw.answer);
    CHECK(atto_coap_next(&walk, &etag) && etag.number == ATTO_COAP_ETAG && etag.value.len <= 4u);
    tag_len = etag.value.len;
    memcpy(tag, etag.value.ptr, tag_len);
    for (uint32_t i = 0; i < 2u; i++) {
        coap_request(ATTO_COAP_CON, ATTO_COAP_GET, (uint16_t)(3u + i), NULL);
        coap_option(ATTO_COAP_ETAG, "wrong", 5);
        coap_option(ATTO_COAP_ETAG, tag, tag_len);
        coap_option(ATTO_COAP_URI_PATH, "store", 5);
        coap_send(PEER);
        if (i == 0u) {
            CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_VALID, 3) && cw.answer.payload.len == 0u);
            EQUAL(coap_answer_uint(ATTO_COAP_CONTENT_FORMAT), COAP_ABSENT);
        } else {
            CHECK(cw.answer.code == ATTO_COAP_CONTENT && coap_answer_is("two"));
        }
        walk = atto_coap_options_of(&cw.answer);
        CHECK(atto_coap_next(&walk, &etag) && etag.number == ATTO_COAP_ETAG);
        EQUAL(etag.value.len == tag_len && memcmp(etag.value.ptr, tag, tag_len) == 0, i == 0u);
        coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, (uint16_t)(10u + i), "store");
        coap_payload("two", 3);
        coap_send(PEER);
    }
}

/* Every block of /large?size=N, of every size that is asked for, from servers of every size. */
static void block2(void)
{
    for (uint32_t server = 0; server <= 6u; server++)
        for (uint32_t asked = 0; asked <= 6u; asked++)
            for (uint32_t size = 1008; size <= 1025u; size += size == 1008u ? 15u : 1u) {
                uint32_t szx = asked < server ? asked : server, bytes = 16u << szx, at = 0, tag = 0;

                coap_world_begin(16u << server);
                for (uint16_t id = 1; at < size; id++) {
                    char query[] = "size=1000";

                    for (uint32_t digit = 0, rest = size; digit < 4u; digit++, rest /= 10u)
                        query[8u - digit] = (char)('0' + rest % 10u);
                    harness_case(server * 10u + asked, size);
                    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, id, "large");
                    coap_option(ATTO_COAP_URI_QUERY, query, 9);
                    /* A client begins with its own size, and goes on with the smaller one. */
                    coap_block(ATTO_COAP_BLOCK2, at / bytes, false, at == 0u ? asked : szx);
                    coap_send(PEER);
                    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_CONTENT, id));
                    bool more = size - at > bytes;
                    EQUAL(cw.answer.payload.len, more ? bytes : size - at);
                    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK2), at / bytes * 16u + (more ? 8u : 0u) + szx);
                    EQUAL(coap_answer_uint(ATTO_COAP_SIZE2), at == 0u && more ? size : COAP_ABSENT);
                    if (at == 0u)
                        tag = coap_answer_uint(ATTO_COAP_ETAG);
                    EQUAL(coap_answer_uint(ATTO_COAP_ETAG), tag);
                    for (uint32_t i = 0; i < cw.answer.payload.len; i++)
                        EQUAL(cw.answer.payload.ptr[i], coap_large_byte(at + i));
                    at += cw.answer.payload.len;
                }
            }
}

static void block2_corners(void)
{
    coap_world_begin(64);
    coap_get(PEER, 1, "large"); /* not asked for, and sent */
    EQUAL(coap_answer_uint(ATTO_COAP_BLOCK2), 8u + 2u);
    EQUAL(coap_answer_uint(ATTO_COAP_SIZE2), 3000);
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 2, "large");
    coap_block(ATTO_COAP_BLOCK2, 47, false, 2);
    coap_send(PEER);
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_BAD_REQUEST, 2)); /* 3000 bytes end in block 46 */
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 3, "nothing");
    coap_block(ATTO_COAP_BLOCK2, 3, false, 2);
    coap_send(PEER);
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_NOT_FOUND, 3) && cw.answer.payload.len == 0u);
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 4, "hello");
    coap_option_uint(ATTO_COAP_SIZE2, 0);
    coap_send(PEER);
    EQUAL(coap_answer_uint(ATTO_COAP_SIZE2), 12);
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 5, "large");
    coap_block(ATTO_COAP_BLOCK2, 0xfffff, false, 6); /* the last block that there is */
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_BAD_REQUEST);
    /* A later block of an answer to what is not safe would mean doing it again. */
    coap_request(ATTO_COAP_CON, ATTO_COAP_POST, 6, "count");
    coap_block(ATTO_COAP_BLOCK2, 1, false, 2);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_BAD_OPTION);
    EQUAL(cw.resources.count, 0);
}

static void fetch_and_ipatch(void)
{
    coap_world_begin(16);
    for (uint32_t block = 0; block < 2u; block++) {
        coap_request(ATTO_COAP_CON, ATTO_COAP_FETCH, (uint16_t)(1u + block), "fetch");
        coap_block(ATTO_COAP_BLOCK2, block, false, 0);
        coap_payload("what is asked", 13);
        coap_send(PEER);
        EQUAL(cw.answer.code, ATTO_COAP_CONTENT);
        CHECK(coap_answer_is(block == 0u ? "what is askedwha" : "t is asked"));
    }
    coap_request(ATTO_COAP_CON, ATTO_COAP_IPATCH, 5, "store");
    coap_option_uint(ATTO_COAP_CONTENT_FORMAT, ATTO_COAP_FORMAT_CBOR);
    coap_payload("\xa0", 1);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_CHANGED);
    coap_request(ATTO_COAP_CON, ATTO_COAP_IPATCH, 6, "store");
    coap_option_uint(ATTO_COAP_CONTENT_FORMAT, ATTO_COAP_FORMAT_TEXT);
    coap_payload("text", 4);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_UNSUPPORTED_CONTENT_FORMAT);
    coap_request(ATTO_COAP_CON, ATTO_COAP_DELETE, 7, "store");
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_METHOD_NOT_ALLOWED);
    EQUAL(cw.resources.writes, 1);
}

static void post_later(uint16_t id, enum atto_coap_type type)
{
    coap_request(type, ATTO_COAP_POST, id, "later");
    coap_send(PEER);
}

static void later(void)
{
    uint16_t ticket;

    coap_world_begin(1024);
    post_later(1, ATTO_COAP_CON);
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_EMPTY, 1) && cw.last.len == 4u);
    ticket = cw.resources.ticket;
    post_later(1, ATTO_COAP_CON); /* a duplicate in the meantime */
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_EMPTY, 1));
    EQUAL(cw.resources.writes, 1);
    cw.heard = 0;
    EQUAL(coap_resources_answer(&cw.resources), ATTO_OK);
    CHECK(is_answer(ATTO_COAP_CON, ATTO_COAP_CHANGED, ticket) && coap_answer_is("here it is"));
    CHECK(memcmp(cw.answer.token, "\0\1", 2) == 0);
    coap_run(3100000); /* at most 1.5 times ACK_TIMEOUT: once again */
    EQUAL(cw.heard, 2);
    post_later(1, ATTO_COAP_CON);
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_EMPTY, 1));
    coap_send_bytes(PEER, (const uint8_t[]){ 0x60, 0, (uint8_t)(ticket >> 8), (uint8_t)ticket }, 4);
    coap_run(100000000);
    EQUAL(cw.heard, 0);
    EQUAL(atto_coap_server_answer(&cw.devices[0].server, ticket, ATTO_COAP_CHANGED, 0, NULL, 0), ATTO_E_NOT_FOUND);
    post_later(1, ATTO_COAP_CON);
    CHECK(is_answer(ATTO_COAP_ACK, ATTO_COAP_EMPTY, 1));
    EQUAL(cw.resources.writes, 1);
}

static void later_is_given_up(void)
{
    static const uint8_t long_answer[ATTO_COAP_LATER_MAX + 1u];
    uint16_t ticket;

    coap_world_begin(1024);
    post_later(1, ATTO_COAP_NON); /* no empty ACK, and no retransmission */
    EQUAL(cw.heard, 0);
    EQUAL(coap_resources_answer(&cw.resources), ATTO_OK);
    EQUAL(cw.answer.type, ATTO_COAP_NON);
    coap_run(100000000);
    EQUAL(cw.heard, 1);
    post_later(2, ATTO_COAP_CON); /* nobody acknowledges: as often as RFC 7252 says, and then no more */
    ticket = cw.resources.ticket;
    EQUAL(atto_coap_server_answer(&cw.devices[0].server, ticket, ATTO_COAP_CHANGED, ATTO_COAP_FORMAT_NONE, long_answer,
                                  sizeof long_answer), ATTO_E_ARGUMENT);
    EQUAL(atto_coap_server_answer(&cw.devices[0].server, ticket, ATTO_COAP_CHANGED, 0xffff, long_answer,
                                  ATTO_COAP_LATER_MAX), ATTO_OK);
    EQUAL(cw.answer.payload.len, ATTO_COAP_LATER_MAX);
    coap_run(100000000);
    EQUAL(cw.heard, 2u + ATTO_COAP_MAX_RETRANSMIT); /* with the empty ACK */
    post_later(3, ATTO_COAP_CON); /* the firmware never answers */
    coap_run(ATTO_COAP_LATER_MS * 1000u + 1u);
    EQUAL(cw.answer.code, ATTO_COAP_GATEWAY_TIMEOUT);
    EQUAL(coap_resources_answer(&cw.resources), ATTO_E_NOT_FOUND);
    coap_world_begin(1024); /* half of the exchanges, and not one more */
    for (uint32_t i = 0; i < COAP_EXCHANGES; i++) {
        post_later((uint16_t)(1u + i), ATTO_COAP_CON);
        EQUAL(cw.answer.code, i < COAP_EXCHANGES / 2u ? ATTO_COAP_EMPTY : ATTO_COAP_SERVICE_UNAVAILABLE);
    }
    post_count(PEER, 99, ATTO_COAP_CON); /* others are served */
    EQUAL(cw.answer.code, ATTO_COAP_CHANGED);
    coap_send_bytes(PEER, (const uint8_t[]){ 0x70, 0, 0, 1 }, 4); /* a reset of something else changes nothing */
    EQUAL(coap_resources_answer(&cw.resources), ATTO_OK);
}

/* Times are kept in 32 bits, which last for 50 days; who ticks when asked to sees nothing of that. */
static void months_go_by(void)
{
    coap_world_begin(1024);
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 1, NULL);
    coap_option_uint(ATTO_COAP_OBSERVE, 0);
    coap_option(ATTO_COAP_URI_PATH, "count", 5);
    coap_send(PEER);
    for (uint32_t month = 1; month <= 5u; month++) {
        uint16_t id;

        harness_case(month, 0);
        coap_run(30u * 86400u * (uint64_t)1000000u);
        for (uint32_t i = 0; i < 3u; i++)
            post_count(PEER + 1u, 77, ATTO_COAP_CON);
        EQUAL(cw.resources.count, month); /* once, and not kept for a month */
        cw.heard = 0;
        coap_run(2000);
        CHECK(cw.heard == 1u && cw.last.to == PEER && cw.answer.type == ATTO_COAP_CON);
        id = cw.answer.id;
        coap_send_bytes(PEER, (const uint8_t[]){ 0x60, 0, (uint8_t)(id >> 8), (uint8_t)id }, 4);
        post_later((uint16_t)(100u + month), ATTO_COAP_CON);
        EQUAL(coap_resources_answer(&cw.resources), ATTO_OK);
        cw.heard = 0;
        coap_run(100000000);
        EQUAL(cw.heard, ATTO_COAP_MAX_RETRANSMIT);
    }
}

static void configurations(void)
{
    struct atto_coap_config config;
    struct atto_coap_server server;

    coap_world_begin(16);
    config = cw.devices[0].config;
    EQUAL(atto_coap_server_init(&server, &config), ATTO_OK);
    EQUAL(atto_coap_block_bytes(&server), 16);
    config.out_bytes--;
    EQUAL(atto_coap_server_init(&server, &config), ATTO_E_ARGUMENT);
    config.out_bytes = ATTO_COAP_OUT_BYTES(256) - 1u;
    EQUAL(atto_coap_server_init(&server, &config), ATTO_OK);
    EQUAL(atto_coap_block_bytes(&server), 128);
    config.exchange_count = 1;
    EQUAL(atto_coap_server_init(&server, &config), ATTO_E_ARGUMENT);
    config = cw.devices[0].config;
    config.observer_count = 0; /* such a server has neither */
    config.transfer_count = 0;
    config.observers = NULL;
    config.transfers = NULL;
    cw.devices[0].config = config;
    EQUAL(atto_coap_server_init(&cw.devices[0].server, &cw.devices[0].config), ATTO_OK);
    coap_request(ATTO_COAP_CON, ATTO_COAP_PUT, 1, "store");
    coap_block(ATTO_COAP_BLOCK1, 0, true, 0);
    coap_payload("0123456789abcdef", 16);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_SERVICE_UNAVAILABLE);
    coap_request(ATTO_COAP_CON, ATTO_COAP_GET, 2, NULL);
    coap_option_uint(ATTO_COAP_OBSERVE, 0);
    coap_option(ATTO_COAP_URI_PATH, "count", 5);
    coap_send(PEER);
    EQUAL(cw.answer.code, ATTO_COAP_CONTENT);
    EQUAL(coap_answer_uint(ATTO_COAP_OBSERVE), COAP_ABSENT);
    coap_run(1000000);
}

static const struct harness_test tests[] = {
    TEST(answers, "a request is answered with its token, in an acknowledgement or as it came"),
    TEST(paths, "paths and queries are compared whole; one slash at the end is allowed"),
    TEST(silence_and_resets, "what is not a request is ignored, or rejected, as RFC 7252 sections 4.2 and 4.3 say"),
    TEST(options, "what must be understood and is not refuses the request; what need not is ignored"),
    TEST(duplicates, "what changes something is done once for all its duplicates, which get the same answer"),
    TEST(duplicates_of_long_answers, "an answer that is not kept whole is kept as its code"),
    TEST(etags, "who has a representation gets 2.03 as long as it is what it was"),
    TEST(block2, "each representation comes whole in blocks of each size, the smaller one of server's and client's"),
    TEST(block2_corners, "blocks that do not exist are refused"),
    TEST(fetch_and_ipatch, "the methods of RFC 8132"),
    TEST(later, "an answer that comes later comes once, until it is acknowledged"),
    TEST(later_is_given_up, "later answers are bounded in number, size and time"),
    TEST(months_go_by, "a clock of any age"),
    TEST(configurations, "a server needs what it needs, and does without observers and transfers"),
};
HARNESS_MAIN(tests)
