/* The CoAP client: URIs; a payload fetched from a device on the other side of a network that loses, doubles, delays and
 * reorders; and servers that answer nonsense.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "coap_world.h"
#include "harness.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static struct {
    struct atto_coap_client client;
    uint8_t bytes[8000];
    uint32_t len, pieces, done, code;
    enum atto_status status, refuse;
    uint32_t host; /* number of the peer that every host is */
    bool last, resolves, again, cancels;
} fetched;

static struct atto_span span(const char *text)
{
    return (struct atto_span){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

static bool is_text(struct atto_span part, const char *text)
{
    return part.len == strlen(text) && memcmp(part.ptr, text, part.len) == 0;
}

static bool resolve(void *user, const struct atto_coap_uri *uri, struct atto_coap_peer *peer)
{
    (void)user;
    (void)uri;
    *peer = coap_peer(fetched.host);
    return fetched.resolves;
}

static enum atto_status take(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len, bool last)
{
    (void)user;
    if (offset != fetched.len || fetched.last || len > sizeof fetched.bytes - offset)
        harness_fail(__FILE__, __LINE__, "pieces come in order");
    else
        memcpy(fetched.bytes + offset, bytes, len);
    fetched.len = offset + len;
    fetched.pieces++;
    fetched.last = last;
    if (fetched.cancels)
        atto_coap_cancel(&fetched.client);
    return fetched.refuse;
}

static void done(void *user, enum atto_status status, uint32_t code)
{
    (void)user;
    fetched.done++;
    fetched.status = status;
    fetched.code = code;
    if (fetched.again) {
        fetched.again = false;
        fetched.len = 0;
        fetched.last = false;
        if (atto_coap_fetch(&fetched.client, span("coap://device/hello")) != ATTO_OK)
            harness_fail(__FILE__, __LINE__, "a fetch from done");
    }
}

static const struct atto_coap_client_config config = { resolve, take, done, NULL };

static void begin(uint32_t block, uint32_t host)
{
    coap_world_begin(block);
    memset(&fetched, 0, sizeof fetched);
    fetched.resolves = true;
    fetched.host = host;
    atto_coap_client_init(&fetched.client, &config,
                          &cw.devices[host == COAP_SERVER ? COAP_CLIENT : COAP_SERVER].server);
}

static bool is_large(uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        if (fetched.bytes[i] != coap_large_byte(i))
            return false;
    }
    return fetched.len == len && fetched.last;
}

static void uris(void)
{
    static const struct {
        const char *uri;
        enum atto_status status;
        const char *host;
        uint32_t port;
        const char *target;
    } cases[] = {
        { "coap://host", ATTO_OK, "host", 5683, "" },
        { "coap://host/", ATTO_OK, "host", 5683, "/" },
        { "CoAP://host:/a", ATTO_OK, "host", 5683, "/a" },
        { "coap://192.0.2.1:61616/a/b?c=d&e", ATTO_OK, "192.0.2.1", 61616, "/a/b?c=d&e" },
        { "coap://[2001:db8::1%25eth0]/a", ATTO_E_FORMAT, "", 0, "" },
        { "coap://[2001:db8::1]:1/a", ATTO_OK, "2001:db8::1", 1, "/a" },
        { "coap://[::1]?q", ATTO_OK, "::1", 5683, "?q" },
        { "coap://h?a?b/c", ATTO_OK, "h", 5683, "?a?b/c" },
        { "coap://h/%41%2f%e4", ATTO_OK, "h", 5683, "/%41%2f%e4" },
        { "coap://h/?", ATTO_OK, "h", 5683, "/?" },
        { "coaps://h/", ATTO_E_UNSUPPORTED, "", 0, "" },
        { "http://h/", ATTO_E_UNSUPPORTED, "", 0, "" },
        { "coap+tcp://h/", ATTO_E_UNSUPPORTED, "", 0, "" },
        { "coap://us%40er:x@h/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://%68/", ATTO_E_FORMAT, "", 0, "" },
        { "", ATTO_E_UNSUPPORTED, "", 0, "" },
        { "coap:/", ATTO_E_UNSUPPORTED, "", 0, "" },
        { "/a/b", ATTO_E_UNSUPPORTED, "", 0, "" },
        { "coap://", ATTO_E_FORMAT, "", 0, "" },
        { "coap:///a", ATTO_E_FORMAT, "", 0, "" },
        { "coap://:5683/a", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h:0/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h:65535/", ATTO_OK, "h", 65535, "/" },
        { "coap://h:65536/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h:4294967301/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h:5x/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h:5:6/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://[::1/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://[::1/]", ATTO_E_FORMAT, "", 0, "" },
        { "coap://[]/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://[::1]x/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://user@h/", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h/a#b", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h#b", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h/a?b#c", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h/a b", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h/\x7f", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h/\xc3\xa4", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h/%", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h/%4", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h/%4g", ATTO_E_FORMAT, "", 0, "" },
        { "coap://h/?%zz", ATTO_E_FORMAT, "", 0, "" },
    };
    char text[300] = "coap://h/";

    for (uint32_t i = 0; i < COUNT(cases); i++) {
        struct atto_coap_uri uri;

        harness_case(i, 0);
        EQUAL(atto_coap_uri_read(span(cases[i].uri), &uri), cases[i].status);
        if (cases[i].status != ATTO_OK)
            continue;
        CHECK(is_text(uri.host, cases[i].host));
        EQUAL(uri.port, cases[i].port);
        CHECK(is_text(uri.target, cases[i].target));
        EQUAL(uri.is_ipv6, strchr(cases[i].uri, '[') != NULL);
    }
    memset(text + 9, 'x', 256);
    for (uint32_t len = 254; len < 258u; len++) {
        struct atto_coap_uri uri;

        EQUAL(atto_coap_uri_read((struct atto_span){ (uint8_t *)text, len }, &uri),
              len <= ATTO_COAP_URI_MAX ? ATTO_OK : ATTO_E_FORMAT);
    }
}

/* The request that a URI becomes (RFC 7252 section 6.4), by hand but for id and token. */
static void requests(void)
{
    begin(64, 10);
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://node/%7Ea/b//?c=%26&d")), ATTO_OK);
    EQUAL(cw.heard, 1);
    CHECK(cw.last.bytes[0] == 0x44u && cw.last.bytes[1] == ATTO_COAP_GET);
    static const uint8_t wanted[] = {
        0x34, 'n', 'o', 'd', 'e', 0x82, '~', 'a', 0x01, 'b', 0x00, 0x00, 0x43, 'c', '=', '&', 0x01, 'd', 0x81, 0x02,
    };
    EQUAL(cw.last.len, 8u + sizeof wanted);
    EQUAL(memcmp(cw.last.bytes + 8, wanted, sizeof wanted), 0);
    atto_coap_cancel(&fetched.client);
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://192.0.2.1/")), ATTO_OK); /* no host, no path */
    CHECK(cw.last.len == 11u && memcmp(cw.last.bytes + 8, "\xd1\x0a\x02", 3) == 0);
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://192.0.2.1/")), ATTO_E_BUSY);
    atto_coap_cancel(&fetched.client);
    EQUAL(atto_coap_fetch(&fetched.client, span("http://192.0.2.1/")), ATTO_E_UNSUPPORTED);
    fetched.resolves = false;
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://nowhere/")), ATTO_E_NOT_FOUND);
    fetched.resolves = true;
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://192.0.2.1/0123456789/0123456789/0123456789/0123456789/"
                                                "0123456789/0123456789/0123456789/0123456789/0123456789/012")),
          ATTO_E_NO_MEMORY); /* over 64 + 48 bytes */
    coap_run(100000000);
    EQUAL(fetched.done, 0);
}

static void fetches(void)
{
    begin(1024, COAP_SERVER);
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/large")), ATTO_OK);
    coap_run(10000000);
    CHECK(fetched.done == 1u && fetched.status == ATTO_OK && fetched.code == ATTO_COAP_CONTENT);
    CHECK(is_large(3000));
    EQUAL(fetched.pieces, 47); /* of the client's 64 bytes */
    begin(16, COAP_SERVER);
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/large?size=160")), ATTO_OK);
    coap_run(10000000);
    CHECK(fetched.status == ATTO_OK && is_large(160));
    EQUAL(fetched.pieces, 10); /* of the server's 16 */
    begin(16, COAP_SERVER);
    fetched.again = true;
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/large?size=0")), ATTO_OK);
    coap_run(10000000);
    EQUAL(fetched.done, 2); /* an empty payload, and the one that `done` has begun */
    CHECK(fetched.status == ATTO_OK && fetched.len == 12u && memcmp(fetched.bytes, "hello, world", 12) == 0);
}

static void bad_networks(void)
{
    uint32_t whole = 0, lost = 0;

    for (uint32_t round = 0; round < harness_rounds(ON_LINUX_OR_BOARD(300u, 20u)); round++) {
        begin(1024, COAP_SERVER);
        cw.rng.state += round;
        cw.loses = 2u + round % 9u;
        cw.doubles = 3;
        cw.delays = 4;
        harness_case(round, 0);
        EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/large?size=700")), ATTO_OK);
        coap_run(2000000000);
        GO_ON();
        EQUAL(fetched.done, 1);
        if (fetched.status == ATTO_OK) {
            CHECK(is_large(700));
            whole++;
        } else {
            CHECK(fetched.status == ATTO_E_NOT_FOUND && fetched.code == 0u);
            lost++;
        }
    }
    CHECK(whole > lost); /* five losses in a row are too many; how often that happens is the seed's alone */
    CHECK(ON_LINUX_OR_BOARD(lost, 1u) > 0u);
}

static void failures(void)
{
    begin(1024, COAP_SERVER);
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/none")), ATTO_OK);
    coap_run(10000000);
    CHECK(fetched.done == 1u && fetched.status == ATTO_E_NOT_FOUND && fetched.code == ATTO_COAP_NOT_FOUND);
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/fetch")), ATTO_OK);
    coap_run(10000000);
    EQUAL(fetched.done, 2);
    fetched.refuse = ATTO_E_QUOTA;
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/large")), ATTO_OK);
    coap_run(10000000);
    CHECK(fetched.done == 3u && fetched.status == ATTO_E_QUOTA && fetched.pieces == 1u);
    begin(1024, COAP_SERVER);
    fetched.cancels = true;
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/large")), ATTO_OK);
    coap_run(100000000);
    CHECK(fetched.done == 0u && fetched.pieces == 1u);
    begin(1024, 10); /* nobody is there: as often as RFC 7252 says */
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/large")), ATTO_OK);
    coap_run(100000000);
    EQUAL(cw.heard, 1u + ATTO_COAP_MAX_RETRANSMIT);
    CHECK(fetched.done == 1u && fetched.status == ATTO_E_NOT_FOUND && fetched.code == 0u);
}

static void changes_on_its_way(void)
{
    begin(16, COAP_SERVER);
    memset(cw.resources.stored, 'a', 40);
    cw.resources.stored_len = 40;
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/store")), ATTO_OK);
    coap_run(12000); /* one block */
    EQUAL(fetched.pieces, 1);
    cw.resources.stored[39] = 'b';
    coap_run(10000000);
    CHECK(fetched.done == 1u && fetched.status == ATTO_E_DIGEST && fetched.pieces == 1u);
}

/* Answers to the client's request: its id and token, and what a test makes of it. */
static void reply(enum atto_coap_type type, uint32_t code, uint16_t id)
{
    cw.writer = (struct atto_coap_writer){ cw.request, sizeof cw.request, 0, 0 };
    atto_coap_begin(&cw.writer, type, code, id, fetched.client.token, sizeof fetched.client.token);
}

static void separate_answers(void)
{
    begin(64, 10);
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/x")), ATTO_OK);
    reply(ATTO_COAP_ACK, ATTO_COAP_EMPTY, fetched.client.requester.entry.id);
    cw.request[0] = 0x60;
    coap_send_bytes(10, cw.request, 4);
    coap_run(20000000);
    EQUAL(cw.heard, 0); /* not asked again: the answer is on its way */
    reply(ATTO_COAP_CON, ATTO_COAP_CONTENT, 4711);
    coap_payload("late", 4);
    coap_send(11); /* somebody else cannot answer */
    CHECK(cw.answer.type == ATTO_COAP_RST && fetched.done == 0u);
    coap_send(10);
    CHECK(cw.heard == 1u && cw.answer.type == ATTO_COAP_ACK && cw.answer.id == 4711u);
    CHECK(fetched.done == 1u && fetched.status == ATTO_OK && fetched.len == 4u);
    coap_send(10); /* again: there is no fetch any more */
    EQUAL(cw.answer.type, ATTO_COAP_RST);
    fetched.len = 0;
    fetched.last = false;
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/x")), ATTO_OK);
    reply(ATTO_COAP_ACK, ATTO_COAP_EMPTY, fetched.client.requester.entry.id);
    cw.request[0] = 0x60;
    coap_send_bytes(10, cw.request, 4);
    coap_run(ATTO_COAP_LATER_MS * 1000u + 1u); /* promised, and never sent */
    CHECK(fetched.done == 2u && fetched.status == ATTO_E_NOT_FOUND);
    EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/x")), ATTO_OK);
    reply(ATTO_COAP_RST, ATTO_COAP_EMPTY, fetched.client.requester.entry.id);
    cw.request[0] = 0x70;
    coap_send_bytes(10, cw.request, 4);
    CHECK(fetched.done == 3u && fetched.status == ATTO_E_NOT_FOUND && fetched.code == 0u);
}

static void nonsense(void)
{
    /* Options and payload length of a response to the request for the first block of 64 bytes. */
    static const struct {
        uint32_t code, number, value, len;
        enum atto_status status;
    } cases[] = {
        { ATTO_COAP_CONTENT, ATTO_COAP_BLOCK2, 0x12, 10, ATTO_E_FORMAT },    /* the second block */
        { ATTO_COAP_CONTENT, ATTO_COAP_BLOCK2, 0x0a, 63, ATTO_E_FORMAT },    /* more, and not full */
        { ATTO_COAP_CONTENT, ATTO_COAP_BLOCK2, 0x07, 10, ATTO_E_FORMAT },    /* of no size */
        { ATTO_COAP_CONTENT, 9, 1, 10, ATTO_E_FORMAT },                      /* must be understood, is not known */
        { ATTO_COAP_CONTENT, 10, 1, 10, ATTO_OK },
        { ATTO_COAP_CHANGED, 10, 1, 0, ATTO_E_FORMAT },
        { ATTO_COAP_VALID, 10, 1, 0, ATTO_E_FORMAT },
        { ATTO_COAP_UNAUTHORIZED, 10, 1, 0, ATTO_E_DENIED },
        { ATTO_COAP_SERVICE_UNAVAILABLE, 14, 1, 0, ATTO_E_DENIED },
    };
    static const uint8_t zeros[64];

    for (uint32_t i = 0; i < COUNT(cases); i++) {
        harness_case(i, 0);
        begin(64, 10);
        EQUAL(atto_coap_fetch(&fetched.client, span("coap://device/x")), ATTO_OK);
        reply(ATTO_COAP_ACK, cases[i].code, (uint16_t)(fetched.client.requester.entry.id + 1u)); /* of another request */
        coap_send(10);
        EQUAL(fetched.done, 0);
        reply(ATTO_COAP_NON, cases[i].code, 1);
        cw.request[4]++; /* another token */
        coap_send(10);
        EQUAL(fetched.done, 0);
        reply(ATTO_COAP_ACK, cases[i].code, fetched.client.requester.entry.id);
        coap_option_uint(cases[i].number, cases[i].value);
        coap_payload(zeros, cases[i].len);
        coap_send(10);
        CHECK(fetched.done == 1u && fetched.code == cases[i].code);
        EQUAL(fetched.status, cases[i].status);
        EQUAL(fetched.pieces, cases[i].status == ATTO_OK);
    }
}

static const struct harness_test tests[] = {
    TEST(uris, "URIs are taken apart as RFC 7252 section 6 says, or refused"),
    TEST(requests, "a URI becomes the request that it stands for"),
    TEST(fetches, "payloads come whole, in blocks of the smaller one of both sizes"),
    TEST(bad_networks, "where datagrams get lost, doubled and reordered, a payload comes whole or not at all"),
    TEST(failures, "a fetch that fails says why, once"),
    TEST(changes_on_its_way, "blocks of two representations are not mixed"),
    TEST(separate_answers, "an answer may come later, from the peer that was asked"),
    TEST(nonsense, "an answer that makes no sense ends the fetch, one to something else does not"),
};
HARNESS_MAIN(tests)
