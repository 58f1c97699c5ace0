/* A gateway of UDP that is worse than any network: between a client and a device it loses, doubles, delays and so
 * reorders datagrams in both directions. What it does with each is drawn from a generator of random numbers with a
 * given seed. A tool of tests/network.sh.
 *
 * usage: gateway DEVICE_PORT [seed=N] [lose=PERCENT] [double=PERCENT] [delay=MS]
 * Listens on 127.0.0.1 and prints its port; talks to 127.0.0.1:DEVICE_PORT. On SIGTERM it prints what it has done.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rng.h"

#define CLIENTS_MAX 64  /* that are remembered; the oldest one gives way */
#define WAITING_MAX 512 /* datagrams that are held back */
#define DATAGRAM_MAX 2048

/* A client, and the socket that stands for it before the device. */
struct client {
    struct sockaddr_in address;
    int socket; /* -1: free */
};

struct waiting {
    uint64_t due_ms; /* 0: free */
    struct sockaddr_in to;
    int socket;
    uint32_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

static struct client clients[CLIENTS_MAX];
static struct waiting all_waiting[WAITING_MAX];
static unsigned next_client;
static uint32_t lose = 15, twice = 15, delay_ms = 40;
static unsigned long seen, lost, doubled;
static struct rng rng;
static volatile sig_atomic_t ended;

static void end(int signal_number)
{
    (void)signal_number;
    ended = 1;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static int open_socket(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        perror("gateway");
        exit(2);
    }
    if (port != NULL)
        *port = ntohs(address.sin_port);
    return fd;
}

static struct client *find_client(const struct sockaddr_in *address)
{
    struct client *client;

    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        if (clients[i].socket >= 0 && clients[i].address.sin_port == address->sin_port)
            return &clients[i];
    }
    client = &clients[next_client++ % CLIENTS_MAX];
    if (client->socket >= 0) {
        for (unsigned i = 0; i < WAITING_MAX; i++) {
            if (all_waiting[i].socket == client->socket)
                all_waiting[i].due_ms = 0;
        }
        close(client->socket);
    }
    *client = (struct client){*address, open_socket(NULL)};
    return client;
}

/* Holds a datagram back for a while. Without room it is lost. */
static void hold(int fd, const struct sockaddr_in *to, const uint8_t *bytes, uint32_t len)
{
    for (unsigned i = 0; i < WAITING_MAX; i++) {
        struct waiting *waiting = &all_waiting[i];

        if (waiting->due_ms != 0)
            continue;
        waiting->due_ms = now_ms() + (delay_ms != 0 ? rng_below(&rng, delay_ms) : 0);
        waiting->to = *to;
        waiting->socket = fd;
        waiting->len = len;
        memcpy(waiting->bytes, bytes, len);
        return;
    }
    lost++;
}

static void pass(int fd, const struct sockaddr_in *to, const uint8_t *bytes, uint32_t len)
{
    seen++;
    if (rng_below(&rng, 100) < lose) {
        lost++;
        return;
    }
    hold(fd, to, bytes, len);
    if (rng_below(&rng, 100) < twice) {
        doubled++;
        hold(fd, to, bytes, len);
    }
}

/* Takes all that has come on a socket. client NULL: it is from clients. */
static void take(int front, struct client *client, const struct sockaddr_in *device)
{
    uint8_t bytes[DATAGRAM_MAX];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    ssize_t len;

    while ((len = recvfrom(client != NULL ? client->socket : front, bytes, sizeof bytes, 0, (struct sockaddr *)&from,
                           &from_len)) >= 0) {
        if (client == NULL)
            pass(find_client(&from)->socket, device, bytes, (uint32_t)len);
        else
            pass(front, &client->address, bytes, (uint32_t)len);
        from_len = sizeof from;
    }
}

/* Sends what is due; returns how long nothing is, in milliseconds, or -1. */
static int release(void)
{
    const uint64_t now = now_ms();
    uint64_t next = UINT64_MAX;

    for (unsigned i = 0; i < WAITING_MAX; i++) {
        struct waiting *waiting = &all_waiting[i];

        if (waiting->due_ms == 0)
            continue;
        if (waiting->due_ms <= now) {
            sendto(waiting->socket, waiting->bytes, waiting->len, 0, (const struct sockaddr *)&waiting->to,
                   sizeof waiting->to);
            waiting->due_ms = 0;
        } else if (waiting->due_ms < next) {
            next = waiting->due_ms;
        }
    }
    return next == UINT64_MAX ? -1 : (int)(next - now);
}

static void run(int front, const struct sockaddr_in *device)
{
    struct pollfd polled[CLIENTS_MAX + 1] = {{front, POLLIN, 0}};

    while (!ended) {
        int timeout = release();

        for (unsigned i = 0; i < CLIENTS_MAX; i++)
            polled[i + 1] = (struct pollfd){clients[i].socket, POLLIN, 0};
        if (poll(polled, CLIENTS_MAX + 1, timeout) < 0 && errno != EINTR)
            break;
        take(front, NULL, device);
        for (unsigned i = 0; i < CLIENTS_MAX; i++) {
            if (clients[i].socket >= 0)
                take(front, &clients[i], device);
        }
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in device = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint32_t seed = 1;
    uint16_t port;
    int front;

    for (int i = 2; i < argc; i++) {
        if (sscanf(argv[i], "seed=%u", &seed) != 1 && sscanf(argv[i], "lose=%u", &lose) != 1 &&
            sscanf(argv[i], "double=%u", &twice) != 1 && sscanf(argv[i], "delay=%u", &delay_ms) != 1)
            argc = 0;
    }
    if (argc < 2) {
        fputs("usage: gateway DEVICE_PORT [seed=N] [lose=PERCENT] [double=PERCENT] [delay=MS]\n", stderr);
        return 2;
    }
    device.sin_port = htons((uint16_t)atoi(argv[1]));
    rng.state = seed;
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        clients[i].socket = -1;
    signal(SIGTERM, end);
    front = open_socket(&port);
    printf("%u\n", port);
    fflush(stdout);
    run(front, &device);
    printf("%lu datagrams: %lu lost, %lu doubled\n", seen, lost, doubled);
    return 0;
}
