/* `attod`: a device as a Linux process. It is a board with simulated endpoints (ports/qemu/endpoints.h), its flash is
 * a file, and it is reached over UDP; else it is what a firmware is, so that what works here works on a chip. One
 * loop does everything, and sleeps until something is due or comes.
 *
 * usage: attod [options]; see attod --help
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attod.h"
#include "udp.h"

static volatile sig_atomic_t ends;

static void end(int signal)
{
    (void)signal;
    ends = 1;
}

/* Signals come while the process sleeps, and not between a look at `ends` and the sleep. */
static void catch_signals(sigset_t *while_asleep)
{
    struct sigaction action = { .sa_handler = end };
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, while_asleep);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* Sleeps until then, or until a datagram is there. */
static void sleep_until(int udp, uint64_t until_us, const sigset_t *mask)
{
    struct pollfd file = { udp, POLLIN, 0 };
    struct timespec timeout = { 0, 0 };
    uint64_t now_us = board_port.now_us(board_port.user);
    if (until_us > now_us && until_us != ATTO_NEVER) {
        timeout.tv_sec = (time_t)((until_us - now_us) / 1000000u);
        timeout.tv_nsec = (long)((until_us - now_us) % 1000000u) * 1000;
    }
    if (ppoll(&file, 1, until_us == ATTO_NEVER ? NULL : &timeout, mask) < 0 && errno != EINTR)
        perror("attod: poll");
}

static void run(struct attod *device, int udp)
{
    uint8_t bytes[UDP_DATAGRAM_MAX];
    struct atto_coap_peer peer;
    sigset_t while_asleep;
    int32_t len;
    catch_signals(&while_asleep);
    while (!ends) {
        sleep_until(udp, attod_work(device), &while_asleep);
        /* So many before containers have their turn again. */
        for (uint32_t i = 0; i < 16u && !atto_manage_has_called(&device->manage) &&
                             (len = udp_receive(udp, &peer, bytes)) >= 0; i++)
            atto_coap_server_input(&device->server, &peer, bytes, (uint32_t)len);
    }
}

int main(int argc, char **argv)
{
    static struct attod device;
    struct attod_options options;
    uint64_t began_us = board_port.now_us(board_port.user);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int status = attod_options_read(&options, argc, argv);
    if (status >= 0)
        return status;
    int udp = udp_open(options.address, &options.port);
    if (udp < 0) {
        fprintf(stderr, "attod: no UDP port %u at %s: %s\n", options.port, options.address, strerror(errno));
        return 1;
    }
    if (!attod_begin(&device, &options, udp, began_us))
        return 1;
    const bool is_ipv6 = strchr(options.address, ':') != NULL;
    printf("device %s at coap://%s%s%s:%u, flash %s, reading %s\n", options.name, is_ipv6 ? "[" : "", options.address,
           is_ipv6 ? "]" : "", options.port, options.flash, options.reading_is_open ? "open" : "keyed");
    run(&device, udp);
    printf("ends\n");
    return 0;
}
