/* UDP sockets, see udp.h. A peer is the index of its interface where the address is a link's (2 bytes), the port (2) and
 * the IPv6 address (16), as they are in the socket's own structure; an IPv4 address is one of ::ffff:0:0/96.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "udp.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

/* Bytes of an IPv4 address in an IPv6 address, behind this. */
static const uint8_t ipv4_in_ipv6[12] = { [10] = 0xff, [11] = 0xff };

static void put_scope(struct atto_coap_peer *peer, uint32_t scope)
{
    peer->bytes[0] = (uint8_t)(scope >> 8);
    peer->bytes[1] = (uint8_t)scope;
}

static void to_peer(const union address *address, struct atto_coap_peer *peer)
{
    memset(peer, 0, sizeof *peer);
    if (address->any.sa_family == AF_INET) {
        memcpy(peer->bytes + 2, &address->ipv4.sin_port, 2);
        memcpy(peer->bytes + 4, ipv4_in_ipv6, sizeof ipv4_in_ipv6);
        memcpy(peer->bytes + 16, &address->ipv4.sin_addr, 4);
    } else {
        put_scope(peer, address->ipv6.sin6_scope_id);
        memcpy(peer->bytes + 2, &address->ipv6.sin6_port, 2);
        memcpy(peer->bytes + 4, &address->ipv6.sin6_addr, 16);
    }
}

static socklen_t to_address(const struct atto_coap_peer *peer, union address *address)
{
    memset(address, 0, sizeof *address);
    if (memcmp(peer->bytes + 4, ipv4_in_ipv6, sizeof ipv4_in_ipv6) == 0) {
        address->ipv4.sin_family = AF_INET;
        memcpy(&address->ipv4.sin_port, peer->bytes + 2, 2);
        memcpy(&address->ipv4.sin_addr, peer->bytes + 16, 4);
        return sizeof address->ipv4;
    }
    address->ipv6.sin6_family = AF_INET6;
    address->ipv6.sin6_scope_id = (uint32_t)peer->bytes[0] << 8 | peer->bytes[1];
    memcpy(&address->ipv6.sin6_port, peer->bytes + 2, 2);
    memcpy(&address->ipv6.sin6_addr, peer->bytes + 4, 16);
    return sizeof address->ipv6;
}

/* An address in digits, behind which % and an interface may stand, as a peer without a port. */
static bool parse(const char *text, struct atto_coap_peer *peer)
{
    char digits[INET6_ADDRSTRLEN + 1] = "";
    const size_t len = strcspn(text, "%");
    memset(peer, 0, sizeof *peer);
    if (len >= sizeof digits)
        return false;
    memcpy(digits, text, len);
    if (text[len] != '\0') {
        const uint32_t scope = if_nametoindex(text + len + 1);
        if (scope == 0)
            return false;
        put_scope(peer, scope);
    }
    if (strchr(digits, ':') != NULL)
        return inet_pton(AF_INET6, digits, peer->bytes + 4) == 1;
    memcpy(peer->bytes + 4, ipv4_in_ipv6, sizeof ipv4_in_ipv6);
    return inet_pton(AF_INET, digits, peer->bytes + 16) == 1;
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
