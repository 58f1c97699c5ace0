/* UDP sockets of Linux, IPv4 and IPv6, with peers as the CoAP server knows them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef UDP_H
#define UDP_H

#include "atto/coap_client.h"

#define UDP_DATAGRAM_MAX 1500u

/* Opens a port at an address in digits; *port 0: any, and it becomes the one that was taken. Negative: errno says
 * why. */
int udp_open(const char *address, uint16_t *port);

/* Takes a datagram: its length, or negative if none is there. One that is longer than UDP_DATAGRAM_MAX is cut. */
int32_t udp_receive(int udp, struct atto_coap_peer *peer, uint8_t *bytes);

void udp_send(int udp, const struct atto_coap_peer *peer, const uint8_t *bytes, uint32_t len);

/* The peer at the host and port of a URI. false: the host is not an address in digits, nor localhost. */
bool udp_resolve(const struct atto_coap_uri *uri, struct atto_coap_peer *peer);

#endif
