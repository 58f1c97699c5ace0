/* Fifty hostile peers on 127.0.0.1, each a UDP socket, against one device: block storms, half-finished installs, option
 * bombs, noise, observers without end, forged and replayed commands. Whatever comes back is read and counted by its code;
 * an honest client asks for /device all the time and wants its answers. A tool of tests/storm.sh.
 *
 * usage: storm PORT ENVELOPE COMMAND [seconds=N] [rate=DATAGRAMS-A-SECOND] [seed=N]
 * ENVELOPE: a good one, of which heads, pieces and forgeries are sent; COMMAND: a good one that was carried out already.
 * Prints lines "WORD VALUE...", one a fact. Status 1: an answer was not CoAP, too large, or not to be expected.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "atto/coap.h"
#include "rng.h"

#define PEERS 50u
#define BURST 25u          /* datagrams between two looks at the clock */
#define FILE_MAX 4096u
#define BLOCK_MAX 1024u    /* the largest block that a device sends */
#define HONEST_US 20000u   /* from an answer to the honest client's next question */
#define AGAIN_US 500000u   /* until it asks again */

/* What a datagram is meant to do. X(name) */
#define KINDS(X) X(half_installs) X(block_storms) X(late_blocks) X(option_bombs) X(noise) X(bit_errors) X(observers) \
    X(forged_commands) X(replays) X(long_commands) X(duplicates) X(blocks_of_reads) X(app_requests) X(forged_installs)
enum kind {
#define KIND_ENUM(name) KIND_##name,
    KINDS(KIND_ENUM)
#undef KIND_ENUM
    KIND_COUNT
};

struct bytes {
    uint8_t bytes[FILE_MAX];
    uint32_t len;
};

static struct rng rng = { 1 };
static struct bytes envelope, command;
static int peers[PEERS], honest;
static uint32_t next_block[PEERS]; /* of a peer's half-finished install */
static unsigned long sent[KIND_COUNT], refused_by_socket, received[256], resets, acknowledgements;
static unsigned long bytes_sent, bytes_received, asked, answered, slowest_us;
static bool unfit;

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void complain(const char *what, uint32_t value)
{
    printf("unfit %s %u\n", what, value);
    unfit = true;
}

/* ---- what is sent ---- */

static uint8_t datagram[1400];
static struct atto_coap_writer writer;

static void begin(enum atto_coap_type type, uint32_t code, const char *path)
{
    uint8_t token[4];

    for (uint32_t i = 0; i < sizeof token; i++)
        token[i] = (uint8_t)rng_next(&rng);
    writer = (struct atto_coap_writer){ datagram, sizeof datagram, 0, 0 };
    atto_coap_begin(&writer, type, code, (uint16_t)rng_next(&rng), token, sizeof token);
    if (path != NULL)
        atto_coap_put(&writer, ATTO_COAP_URI_PATH, path, (uint32_t)strlen(path));
}

static void put_block1(uint32_t number, bool more, uint32_t szx)
{
    atto_coap_put_uint(&writer, ATTO_COAP_BLOCK1, number << 4 | (more ? 8u : 0u) | szx);
}

/* One block of 64 bytes of what is told to be a payload of many. */
static void post_block(const char *path, uint32_t number, const struct bytes *from)
{
    static const uint8_t zeros[64];
    const bool is_there = (number + 1u) * 64u <= from->len;

    begin(ATTO_COAP_CON, ATTO_COAP_POST, path);
    put_block1(number, true, 2);
    atto_coap_put_payload(&writer, is_there ? from->bytes + number * 64u : zeros, 64);
}

static void bomb(void)
{
    begin(rng_once_in(&rng, 2) ? ATTO_COAP_CON : ATTO_COAP_NON, ATTO_COAP_GET, NULL);
    if (rng_once_in(&rng, 2)) {
        while (writer.len < 1200u)
            atto_coap_put(&writer, ATTO_COAP_URI_PATH, "x", rng_below(&rng, 2));
    } else {
        atto_coap_put(&writer, ATTO_COAP_URI_PATH, "device", 6);
        while (writer.len < 1200u) /* critical ones that nobody knows, in a row */
            atto_coap_put(&writer, writer.number + 2u * rng_below(&rng, 20), "bomb", rng_below(&rng, 5));
        atto_coap_put(&writer, 65001, "", 0);
    }
}

static void noise(void)
{
    writer.len = 1u + rng_below(&rng, rng_once_in(&rng, 2) ? 40u : 1200u);
    for (uint32_t i = 0; i < writer.len; i++)
        datagram[i] = (uint8_t)rng_next(&rng);
    if (rng_once_in(&rng, 2))
        datagram[0] = (uint8_t)(0x40u | (datagram[0] & 0x3fu));
}

static void observe(void)
{
    static const char *const paths[] = { "containers", "log", "trace" };
    const char *path = paths[rng_below(&rng, 3)];

    begin(ATTO_COAP_CON, ATTO_COAP_GET, NULL);
    atto_coap_put_uint(&writer, ATTO_COAP_OBSERVE, 0);
    atto_coap_put(&writer, ATTO_COAP_URI_PATH, path, (uint32_t)strlen(path));
}

/* A request to read, with the first of several blocks. */
static void read_in_blocks(void)
{
    static const char *const paths[] = { "device", "containers", "log", "audit" };
    static const uint8_t zeros[64];

    begin(ATTO_COAP_CON, ATTO_COAP_GET, paths[rng_below(&rng, 4)]);
    put_block1(0, true, 2);
    atto_coap_put_payload(&writer, zeros, 64);
}

/* A container's resource, /app/-/busy, which computes for as long as it may. */
static void app(void)
{
    begin(rng_once_in(&rng, 2) ? ATTO_COAP_CON : ATTO_COAP_NON, ATTO_COAP_GET, "app");
    atto_coap_put(&writer, ATTO_COAP_URI_PATH, "-", 1);
    atto_coap_put(&writer, ATTO_COAP_URI_PATH, "busy", 4);
}

/* A payload in one piece, of which one bit is turned if `turned` says so. */
static void post(const char *path, const struct bytes *from, bool turned)
{
    const uint32_t len = from->len < 1100u ? from->len : 1100u;
    static uint8_t copy[1100];

    memcpy(copy, from->bytes, len);
    if (turned)
        copy[rng_below(&rng, len)] ^= (uint8_t)(1u << rng_below(&rng, 8));
    begin(ATTO_COAP_CON, ATTO_COAP_POST, path);
    atto_coap_put_payload(&writer, copy, len);
}

static void make(enum kind kind, uint32_t peer)
{
    switch (kind) {
    case KIND_half_installs:
        if (rng_once_in(&rng, 12))
            next_block[peer] = 0;
        post_block("install", next_block[peer]++, &envelope);
        break;
    case KIND_block_storms:
        post_block(rng_once_in(&rng, 2) ? "install" : "command", 0, &envelope);
        break;
    case KIND_late_blocks:
        post_block(rng_once_in(&rng, 2) ? "install" : "command", 1u + rng_below(&rng, 1u << 18), &envelope);
        break;
    case KIND_option_bombs:
        bomb();
        break;
    case KIND_noise:
        noise();
        break;
    case KIND_bit_errors:
        post_block("install", rng_below(&rng, 3), &envelope);
        datagram[rng_below(&rng, writer.len)] ^= (uint8_t)(1u << rng_below(&rng, 8));
        break;
    case KIND_observers:
        observe();
        break;
    case KIND_forged_commands:
        post("command", &command, true);
        break;
    case KIND_replays:
        post("command", &command, false);
        break;
    case KIND_long_commands:
        post("command", &envelope, false);
        break;
    case KIND_duplicates: /* the datagram before it once more, from another peer or the same one */
        if (writer.len == 0)
            noise();
        break;
    case KIND_blocks_of_reads:
        read_in_blocks();
        break;
    case KIND_app_requests:
        app();
        break;
    default:
        post("install", &envelope, true);
        break;
    }
}

static void attack(void)
{
    const enum kind kind = (enum kind)rng_below(&rng, KIND_COUNT);
    const uint32_t peer = rng_below(&rng, PEERS);

    make(kind, peer);
    if (send(peers[peer], datagram, writer.len, MSG_DONTWAIT) < 0) {
        refused_by_socket++;
        return;
    }
    sent[kind]++;
    bytes_sent += writer.len;
}

/* ---- what comes back ---- */

/* Is it an answer that such requests may have? */
static bool is_honest(uint32_t code)
{
    switch (code) {
    case ATTO_COAP_CONTENT:
    case ATTO_COAP_CONTINUE:
    case ATTO_COAP_BAD_REQUEST:
    case ATTO_COAP_UNAUTHORIZED:
    case ATTO_COAP_BAD_OPTION:
    case ATTO_COAP_FORBIDDEN:
    case ATTO_COAP_NOT_FOUND:
    case ATTO_COAP_METHOD_NOT_ALLOWED:
    case ATTO_COAP_NOT_ACCEPTABLE:
    case ATTO_COAP_REQUEST_ENTITY_INCOMPLETE:
    case ATTO_COAP_CONFLICT:
    case ATTO_COAP_REQUEST_ENTITY_TOO_LARGE:
    case ATTO_COAP_UNPROCESSABLE_ENTITY:
    case ATTO_COAP_SERVICE_UNAVAILABLE:
    case ATTO_COAP_PROXYING_NOT_SUPPORTED:
        return true;
    default:
        return false;
    }
}

static void take(int peer)
{
    static uint8_t bytes[2048];
    struct atto_coap_message message;
    ssize_t len;

    while ((len = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0) {
        bytes_received += (unsigned long)len;
        if ((size_t)len > BLOCK_MAX + 48u)
            complain("length", (uint32_t)len);
        if (atto_coap_read(bytes, (uint32_t)len, &message) != ATTO_OK) {
            complain("message", (uint32_t)len);
        } else if (message.code == ATTO_COAP_EMPTY) {
            resets += message.type == ATTO_COAP_RST;
            acknowledgements += message.type == ATTO_COAP_ACK;
        } else {
            received[message.code]++;
            if (!is_honest(message.code))
                complain("code", message.code);
        }
    }
}

/* ---- the honest client ---- */

static uint64_t asked_us, ask_us;
static uint16_t honest_id;
static bool waits;

static void ask(uint64_t now)
{
    static uint8_t bytes[32];
    struct atto_coap_writer question = { bytes, sizeof bytes, 0, 0 };

    if (!waits) {
        honest_id++;
        asked++;
        asked_us = now;
        waits = true;
    }
    atto_coap_begin(&question, ATTO_COAP_CON, ATTO_COAP_GET, honest_id, (const uint8_t *)&honest_id, sizeof honest_id);
    atto_coap_put(&question, ATTO_COAP_URI_PATH, "device", 6);
    send(honest, bytes, question.len, MSG_DONTWAIT);
    ask_us = now + AGAIN_US;
}

static void hear(uint64_t now)
{
    static uint8_t bytes[2048];
    struct atto_coap_message message;
    ssize_t len;

    while ((len = recv(honest, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0) {
        if (!waits || atto_coap_read(bytes, (uint32_t)len, &message) != ATTO_OK || message.id != honest_id)
            continue;
        if (message.code != ATTO_COAP_CONTENT)
            complain("answer to the honest client", message.code);
        answered++;
        waits = false;
        if (now - asked_us > slowest_us)
            slowest_us = now - asked_us;
        ask_us = now + HONEST_US;
    }
}

/* ---- begin and end ---- */

static int open_peer(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons(port);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("storm");
        exit(2);
    }
    return fd;
}

static bool read_file(const char *path, struct bytes *bytes)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return false;
    bytes->len = (uint32_t)fread(bytes->bytes, 1, sizeof bytes->bytes, file);
    fclose(file);
    return bytes->len > 700u || bytes == &command;
}

/* Storms until then, `rate` datagrams a second. */
static void run(uint64_t until, uint32_t rate)
{
    const uint64_t gap_us = (uint64_t)BURST * 1000000u / rate;
    uint64_t next = now_us(), now;

    while ((now = now_us()) < until) {
        if (now >= ask_us)
            ask(now);
        for (uint32_t i = 0; i < BURST; i++)
            attack();
        for (uint32_t i = 0; i < PEERS; i++)
            take(peers[i]);
        hear(now_us());
        next += gap_us;
        if (next < now) /* no faster later for what was missed */
            next = now;
        while ((now = now_us()) < next) {
            struct pollfd polled = { honest, POLLIN, 0 };
            const struct timespec left = { 0, (long)(next - now) * 1000 };

            if (ppoll(&polled, 1, &left, NULL) > 0)
                hear(now_us());
        }
    }
}

static void tell(void)
{
    static const char *const names[] = {
#define KIND_NAME(name) #name,
        KINDS(KIND_NAME)
#undef KIND_NAME
    };

    for (uint32_t i = 0; i < KIND_COUNT; i++)
        printf("sent %s %lu\n", names[i], sent[i]);
    for (uint32_t i = 0; i < 256; i++) {
        if (received[i] != 0)
            printf("code %u.%02u %lu\n", i / 32u, i % 32u, received[i]);
    }
    printf("empty %lu acknowledgements, %lu resets; %lu sends failed\n", acknowledgements, resets, refused_by_socket);
    printf("bytes %lu sent, %lu received\n", bytes_sent, bytes_received);
    printf("honest %lu asked, %lu answered, slowest after %lu us\n", asked, answered, slowest_us);
}

int main(int argc, char **argv)
{
    uint32_t seconds = 5, rate = 10000, seed = 1;

    for (int i = 4; i < argc; i++) {
        if (sscanf(argv[i], "seconds=%u", &seconds) != 1 && sscanf(argv[i], "rate=%u", &rate) != 1 &&
            sscanf(argv[i], "seed=%u", &seed) != 1)
            argc = 0;
    }
    if (argc < 4 || rate == 0 || !read_file(argv[2], &envelope) || !read_file(argv[3], &command)) {
        fputs("usage: storm PORT ENVELOPE COMMAND [seconds=N] [rate=DATAGRAMS-A-SECOND] [seed=N]\n", stderr);
        return 2;
    }
    rng.state = seed;
    for (uint32_t i = 0; i < PEERS; i++)
        peers[i] = open_peer((uint16_t)atoi(argv[1]));
    honest = open_peer((uint16_t)atoi(argv[1]));
    run(now_us() + seconds * 1000000u, rate);
    usleep(300000);
    for (uint32_t i = 0; i < PEERS; i++)
        take(peers[i]);
    hear(now_us());
    tell();
    return unfit;
}
