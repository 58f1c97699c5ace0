/* The door to the network: datagrams of UDP, over IPv4 and IPv6, for programs with one main loop. What is behind it is
 * the board's: lwIP and an Ethernet controller (ports/lwip). A peer is a few bytes that nobody needs to understand, so
 * whoever answers, or remembers whom to notify, knows nothing of addresses.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/port.h"

/* Datagrams that are longer are dropped, both ways. Over IPv6 one may have NET_DATAGRAM_MAX bytes, over IPv4 20 more: a
 * packet is at most what every link of IPv6 carries, and fragments are not put together. CoAP asks for 1,152. */
#define NET_DATAGRAM_MAX 1232u

/* Whoever sent a datagram, or is to get one. Equal peers have equal bytes. */
#define NET_PEER_BYTES 20u
struct net_peer {
    uint8_t bytes[NET_PEER_BYTES]; /* 4 or 6; 0; port, address, most significant byte first; the rest is 0 */
};

/* The address of the one network interface. IPv6 needs none: addresses are made from the controller's own and from what
 * routers announce (RFC 4862). */
struct net_ipv4 {
    uint8_t address[4], netmask[4], gateway[4];
};

/* A datagram has come; `bytes` are good until the function returns. It may call net_send. false: enough for now, what else
 * has come waits for the next net_poll. */
typedef bool net_received_fn(void *user, const struct net_peer *peer, const uint8_t *bytes, uint32_t len);

/* Starts the network. port: its clock and its random numbers; in use from now on. false: there is no network. */
bool net_start(const struct net_ipv4 *ipv4, const struct atto_port *port);

/* Hands datagrams to this port over to a function, from net_poll. false: NET_PORTS are open. */
#define NET_PORTS 2u
bool net_open(uint16_t port, net_received_fn *received, void *user);

/* Sends a datagram from a port that is open. Nothing of it is in use afterwards. false: it was dropped: too long, no
 * memory, no way to the peer. As ever with UDP, true does not mean that it arrives. */
bool net_send(uint16_t port, const struct net_peer *peer, const uint8_t *bytes, uint32_t len);

/* The peer at a numeric address such as "10.0.2.2" or "fec0::2", `host_len` characters. false: it is none, or of a
 * family that there is not. Names are not looked up. */
bool net_resolve(const char *host, uint32_t host_len, uint16_t port, struct net_peer *peer);

/* Takes what has come, at most NET_POLL_FRAMES frames of it or until one is enough, and does what is due. Returns when it wants to be called
 * next, in the port's microseconds, if net_sleep does not say so earlier. */
#define NET_POLL_FRAMES 8u
uint64_t net_poll(void);

/* Sleeps until then, but not while something has come that net_poll has not taken; may return earlier. */
void net_sleep(uint64_t until_us);

#endif
