/* A firmware with a network and nothing else, for tests/net.sh: answers each datagram to port 7 with the same bytes.
 * One that begins with "peer" is answered with the bytes of its peer, "status" with text about the machine, and "stop"
 * ends the program.
 *
 * arguments: [ADDRESS]     where "here I am" is sent each second, as the bytes of a peer in hex, so that a host that
 *                          the board can reach, but that cannot reach the board, has a way back
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "hex.h"
#include "net.h"

#define ECHO_PORT 7u

static struct {
    uint32_t datagrams, bytes, wakes;
    bool stop;
} seen;

static void answer(const struct net_peer *peer, const char *text)
{
    net_send(ECHO_PORT, peer, (const uint8_t *)text, (uint32_t)strlen(text));
}

static bool begins(const uint8_t *bytes, uint32_t len, const char *word)
{
    return len >= strlen(word) && memcmp(bytes, word, strlen(word)) == 0;
}

static bool received(void *user, const struct net_peer *peer, const uint8_t *bytes, uint32_t len)
{
    char text[100];
    (void)user;
    seen.datagrams++;
    seen.bytes += len;
    if (begins(bytes, len, "peer")) {
        net_send(ECHO_PORT, peer, peer->bytes, NET_PEER_BYTES);
    } else if (begins(bytes, len, "status")) {
        snprintf(text, sizeof text, "datagrams %" PRIu32 " bytes %" PRIu32 " wakes %" PRIu32 " ms %" PRIu32,
                 seen.datagrams, seen.bytes, seen.wakes, (uint32_t)(board_port.now_us(board_port.user) / 1000u));
        answer(peer, text);
    } else {
        net_send(ECHO_PORT, peer, bytes, len);
        seen.stop = begins(bytes, len, "stop");
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct net_ipv4 ipv4 = { { 10, 0, 2, 15 }, { 255, 255, 255, 0 }, { 10, 0, 2, 2 } };
    struct net_peer announced;
    uint64_t announce_us = argc > 1 ? 0u : UINT64_MAX;
    if (argc > 1 && hex_read(argv[1], announced.bytes, NET_PEER_BYTES) != NET_PEER_BYTES)
        return 2;
    if (!net_start(&ipv4, &board_port) || !net_open(ECHO_PORT, received, NULL)) {
        printf("no network\n");
        return 1;
    }
    printf("ready\n");
    while (!seen.stop) {
        uint64_t next_us = net_poll(), now_us = board_port.now_us(board_port.user);
        if (now_us >= announce_us) {
            answer(&announced, "here I am");
            announce_us = now_us + 1000000u;
        }
        net_sleep(next_us < announce_us ? next_us : announce_us);
        seen.wakes++;
    }
    printf("stopped after %" PRIu32 " datagrams\n", seen.datagrams);
    return 0;
}
