/* UDP sockets, see udp.h. A peer is its family (4 or 6), 0, the port and the address, as they are in the socket's own
 * structure, and zeros.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "udp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

static void to_peer(const union address *address, struct atto_coap_peer *peer)
{
    memset(peer, 0, sizeof *peer);
    if (address->any.sa_family == AF_INET) {
        peer->bytes[0] = 4;
        memcpy(peer->bytes + 2, &address->ipv4.sin_port, 2);
        memcpy(peer->bytes + 4, &address->ipv4.sin_addr, 4);
    } else {
        peer->bytes[0] = 6;
        memcpy(peer->bytes + 2, &address->ipv6.sin6_port, 2);
        memcpy(peer->bytes + 4, &address->ipv6.sin6_addr, 16);
    }
}

static socklen_t to_address(const struct atto_coap_peer *peer, union address *address)
{
    memset(address, 0, sizeof *address);
    if (peer->bytes[0] == 4) {
        address->ipv4.sin_family = AF_INET;
        memcpy(&address->ipv4.sin_port, peer->bytes + 2, 2);
        memcpy(&address->ipv4.sin_addr, peer->bytes + 4, 4);
        return sizeof address->ipv4;
    }
    address->ipv6.sin6_family = AF_INET6;
    memcpy(&address->ipv6.sin6_port, peer->bytes + 2, 2);
    memcpy(&address->ipv6.sin6_addr, peer->bytes + 4, 16);
    return sizeof address->ipv6;
}

/* An address in digits as a peer without a port. */
static bool parse(const char *text, struct atto_coap_peer *peer)
{
    memset(peer, 0, sizeof *peer);
    peer->bytes[0] = strchr(text, ':') != NULL ? 6 : 4;
    return inet_pton(peer->bytes[0] == 6 ? AF_INET6 : AF_INET, text, peer->bytes + 4) == 1;
}

static void set_port(struct atto_coap_peer *peer, uint16_t port)
{
    peer->bytes[2] = (uint8_t)(port >> 8);
    peer->bytes[3] = (uint8_t)port;
}

int udp_open(const char *text, uint16_t *port)
{
    struct atto_coap_peer peer;
    union address address;
    if (!parse(text, &peer))
        return -1;
    set_port(&peer, *port);
    socklen_t len = to_address(&peer, &address);
    int udp = socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp < 0)
        return -1;
    if (bind(udp, &address.any, len) != 0 || getsockname(udp, &address.any, &len) != 0) {
        close(udp);
        return -1;
    }
    to_peer(&address, &peer);
    *port = (uint16_t)(peer.bytes[2] << 8 | peer.bytes[3]);
    return udp;
}

int32_t udp_receive(int udp, struct atto_coap_peer *peer, uint8_t *bytes)
{
    union address address;
    socklen_t len = sizeof address;
    ssize_t got = recvfrom(udp, bytes, UDP_DATAGRAM_MAX, 0, &address.any, &len);
    if (got >= 0)
        to_peer(&address, peer);
    return (int32_t)got;
}

void udp_send(int udp, const struct atto_coap_peer *peer, const uint8_t *bytes, uint32_t len)
{
    union address address;
    socklen_t address_len = to_address(peer, &address);
    (void)sendto(udp, bytes, len, 0, &address.any, address_len); /* or it is lost, as datagrams are */
}

bool udp_resolve(const struct atto_coap_uri *uri, struct atto_coap_peer *peer)
{
    char text[INET6_ADDRSTRLEN + 1] = "";
    if (uri->host.len >= sizeof text)
        return false;
    memcpy(text, uri->host.ptr, uri->host.len);
    if (!parse(strcmp(text, "localhost") == 0 ? "127.0.0.1" : text, peer))
        return false;
    set_port(peer, uri->port);
    return true;
}
