/* The resources of the tests behind a UDP socket of this machine's loopback: a tool of tests/coap.sh.
 *
 * usage: coap_device [BLOCK]        serves with blocks of at most BLOCK bytes; prints its port, ends with its input
 *        coap_device fetch URI      fetches and prints a payload; ends with the code of the last response, if it failed
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "atto/coap_client.h"
#include "coap_resources.h"

#define LATER_US 300000u /* after which /later is answered */

static int udp;
static bool fetches, is_done;
static int result;
static struct coap_resources resources;

static uint64_t now_us(void *user)
{
    struct timespec now;

    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void fill_random(void *user, uint8_t *bytes, uint32_t len)
{
    (void)user;
    if (getrandom(bytes, len, 0) != (ssize_t)len)
        exit(2);
}

static struct sockaddr_in address_of(const struct atto_coap_peer *peer)
{
    struct sockaddr_in address = { .sin_family = AF_INET };

    memcpy(&address.sin_addr, peer->bytes, 4);
    memcpy(&address.sin_port, peer->bytes + 4, 2);
    return address;
}

static void transmit(void *user, const struct atto_coap_peer *peer, const uint8_t *bytes, uint32_t len)
{
    struct sockaddr_in address = address_of(peer);

    (void)user;
    (void)sendto(udp, bytes, len, 0, (struct sockaddr *)&address, sizeof address);
}

static bool resolve(void *user, const struct atto_coap_uri *uri, struct atto_coap_peer *peer)
{
    char text[64] = "";
    uint16_t port = htons(uri->port);

    (void)user;
    memset(peer, 0, sizeof *peer);
    if (uri->host.len >= sizeof text)
        return false;
    memcpy(text, uri->host.ptr, uri->host.len);
    memcpy(peer->bytes + 4, &port, 2);
    return inet_pton(AF_INET, strcmp(text, "localhost") == 0 ? "127.0.0.1" : text, peer->bytes) == 1;
}

static enum atto_status take(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len, bool last)
{
    (void)user;
    (void)offset;
    (void)last;
    fwrite(bytes, 1, len, stdout);
    return ATTO_OK;
}

static void done(void *user, enum atto_status status, uint32_t code)
{
    (void)user;
    is_done = true;
    result = status != ATTO_OK;
    if (status != ATTO_OK)
        fprintf(stderr, "%s %u.%02u\n", atto_status_name(status), ATTO_COAP_CLASS(code), code % 32u);
}

static const struct atto_port port = { now_us, NULL, fill_random, NULL, NULL, NULL, NULL };
static uint8_t out[ATTO_COAP_OUT_BYTES(1024)];
static struct atto_coap_exchange exchanges[4];
static struct atto_coap_observer observers[4];
static struct atto_coap_transfer transfers[COAP_TRANSFERS];
static struct atto_coap_config config = {
    &port, transmit, coap_resources_handle, coap_resources_abandon, &resources, out, sizeof out,
    4, 4, COAP_TRANSFERS, exchanges, observers, transfers, 0, 0,
};
static const struct atto_coap_client_config client_config = { resolve, take, done, NULL };
static struct atto_coap_server server;
static struct atto_coap_client client;

static void receive(void)
{
    static uint8_t bytes[1500];
    struct sockaddr_in address;
    struct atto_coap_peer peer = { { 0 } };
    socklen_t address_len = sizeof address;
    ssize_t len = recvfrom(udp, bytes, sizeof bytes, 0, (struct sockaddr *)&address, &address_len);

    if (len < 0)
        return;
    memcpy(peer.bytes, &address.sin_addr, 4);
    memcpy(peer.bytes + 4, &address.sin_port, 2);
    atto_coap_server_input(&server, &peer, bytes, (uint32_t)len);
}

static void run(void)
{
    uint64_t answer_us = 0;

    while (!is_done) {
        uint64_t due_us = atto_coap_server_tick(&server), now = now_us(NULL);
        struct pollfd wait[2] = { { udp, POLLIN, 0 }, { fetches ? -1 : STDIN_FILENO, POLLIN, 0 } };

        if (resources.ticket != 0u && answer_us == 0u)
            answer_us = now + LATER_US;
        if (resources.ticket != 0u && answer_us < due_us)
            due_us = answer_us;
        if (poll(wait, 2, due_us <= now ? 0 : due_us - now > 1000000u ? 1000 : (int)((due_us - now) / 1000u) + 1) < 0)
            exit(2);
        if (wait[0].revents != 0)
            receive();
        if (wait[1].revents != 0)
            is_done = true;
        if (resources.ticket != 0u && answer_us != 0u && answer_us <= now_us(NULL)) {
            (void)coap_resources_answer(&resources);
            answer_us = 0;
        }
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t address_len = sizeof address;

    fetches = argc == 3 && strcmp(argv[1], "fetch") == 0;
    if (argc == 2)
        config.out_bytes = ATTO_COAP_OUT_BYTES((uint32_t)atoi(argv[1]));
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    if (udp < 0 || bind(udp, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(udp, (struct sockaddr *)&address, &address_len) != 0 || config.out_bytes > sizeof out ||
        atto_coap_server_init(&server, &config) != ATTO_OK) {
        fprintf(stderr, "coap_device: cannot begin\n");
        return 2;
    }
    resources.server = &server;
    if (fetches) {
        atto_coap_client_init(&client, &client_config, &server);
        enum atto_status status = atto_coap_fetch(&client, (struct atto_span){ (const uint8_t *)argv[2],
                                                                                (uint32_t)strlen(argv[2]) });
        if (status != ATTO_OK)
            done(NULL, status, 0);
    } else {
        printf("%u\n", ntohs(address.sin_port));
        fflush(stdout);
    }
    run();
    return result;
}
