/* The door of net.h over lwIP: one network interface on an Ethernet controller, and the clock of lwIP's timers. lwIP
 * wants to be called each second, and ten times a second while it has a report of multicast groups to send.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <string.h>

#include "board.h"
#include "ethernet.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/init.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "lwip/netif.h"
#include "netif/ethernet.h"
#include "lwip/udp.h"

#define MTU_BYTES 1280u
#define FRAME_MAX (MTU_BYTES + SIZEOF_ETH_HDR)
#define SECOND_US 1000000u
#define HOST_MAX 39u /* an IPv6 address in full */

_Static_assert(FRAME_MAX <= PBUF_POOL_BUFSIZE, "a frame is in one piece");
_Static_assert(NET_DATAGRAM_MAX + 48u == MTU_BYTES, "headers of IPv6 and UDP");

static const struct atto_port *clock;
static struct netif interface;
static uint64_t second_us; /* when lwIP's timers are due */
static struct {
    struct udp_pcb *pcb;
    net_received_fn *received;
    void *user;
} ports[NET_PORTS];

uint32_t net_random(void)
{
    uint32_t number;
    clock->random(clock->user, (uint8_t *)&number, sizeof number);
    return number;
}

/* ---- frames ---- */

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
    (void)netif;
    if (!ethernet_send_begin(frame->tot_len))
        return ERR_MEM;
    for (const struct pbuf *part = frame; part != NULL; part = part->next)
        ethernet_send_bytes(part->payload, part->len);
    ethernet_send_end();
    return ERR_OK;
}

static void take_frame(uint32_t len)
{
    struct pbuf *frame = len <= FRAME_MAX ? pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL) : NULL;
    if (frame != NULL)
        ethernet_receive_bytes(frame->payload, len);
    ethernet_receive_end();
    if (frame != NULL && interface.input(frame, &interface) != ERR_OK)
        pbuf_free(frame);
}

static err_t start_interface(struct netif *netif)
{
    if (!ethernet_start(netif->hwaddr))
        return ERR_IF;
    netif->hwaddr_len = ETHERNET_ADDRESS_BYTES;
    netif->mtu = MTU_BYTES;
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    netif->linkoutput = send_frame;
    netif->output = etharp_output;
#if LWIP_IPV6
    netif->flags |= NETIF_FLAG_MLD6;
    netif->output_ip6 = ethip6_output;
#endif
    return ERR_OK;
}

static ip4_addr_t ipv4_address(const uint8_t bytes[4])
{
    ip4_addr_t address;
    memcpy(&address, bytes, sizeof address);
    return address;
}

bool net_start(const struct net_ipv4 *ipv4, const struct atto_port *port)
{
    const ip4_addr_t address = ipv4_address(ipv4->address), netmask = ipv4_address(ipv4->netmask),
                     gateway = ipv4_address(ipv4->gateway);
    clock = port;
    lwip_init();
    struct netif *netif = netif_add(&interface, &address, &netmask, &gateway, NULL, start_interface, ethernet_input);
    if (netif == NULL)
        return false;
#if LWIP_IPV6
    netif_create_ip6_linklocal_address(netif, 1);
    netif_set_ip6_autoconfig_enabled(netif, 1);
#endif
    netif_set_default(netif);
    netif_set_up(netif);
    second_us = clock->now_us(clock->user) + SECOND_US;
    return true;
}

/* ---- datagrams ---- */

static void peer_of(const ip_addr_t *address, u16_t port, struct net_peer *peer)
{
    memset(peer, 0, sizeof *peer);
    peer->bytes[0] = IP_IS_V6(address) ? 6 : 4;
    peer->bytes[2] = (uint8_t)(port >> 8);
    peer->bytes[3] = (uint8_t)port;
#if LWIP_IPV6
    if (IP_IS_V6(address)) {
        memcpy(peer->bytes + 4, ip_2_ip6(address)->addr, 16);
        return;
    }
#endif
    memcpy(peer->bytes + 4, &ip_2_ip4(address)->addr, 4);
}

bool net_resolve(const char *host, uint32_t host_len, uint16_t port, struct net_peer *peer)
{
    char text[HOST_MAX + 1u];
    ip_addr_t address;
    if (host_len > HOST_MAX)
        return false;
    memcpy(text, host, host_len);
    text[host_len] = '\0';
    if (!ipaddr_aton(text, &address))
        return false;
    peer_of(&address, port, peer);
    return true;
}

static bool address_of(const struct net_peer *peer, ip_addr_t *address)
{
    memset(address, 0, sizeof *address);
    IP_SET_TYPE(address, peer->bytes[0] == 6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
#if LWIP_IPV6
    if (peer->bytes[0] == 6) {
        memcpy(ip_2_ip6(address)->addr, peer->bytes + 4, 16);
        return true;
    }
#endif
    memcpy(&ip_2_ip4(address)->addr, peer->bytes + 4, 4);
    return peer->bytes[0] == 4;
}

static bool is_enough; /* net_poll is to return */

static void take_datagram(void *user, struct udp_pcb *pcb, struct pbuf *datagram, const ip_addr_t *address, u16_t port)
{
    const uint32_t number = (uint32_t)(uintptr_t)user;
    struct net_peer peer;
    (void)pcb;
    peer_of(address, port, &peer);
    is_enough = !ports[number].received(ports[number].user, &peer, datagram->payload, datagram->len);
    pbuf_free(datagram);
}

bool net_open(uint16_t port, net_received_fn *received, void *user)
{
    uint32_t number = 0;
    while (number < NET_PORTS && ports[number].pcb != NULL)
        number++;
    struct udp_pcb *pcb = number < NET_PORTS ? udp_new_ip_type(IPADDR_TYPE_ANY) : NULL;
    if (pcb == NULL)
        return false;
    if (udp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK) {
        udp_remove(pcb);
        return false;
    }
    ports[number].pcb = pcb;
    ports[number].received = received;
    ports[number].user = user;
    udp_recv(pcb, take_datagram, (void *)(uintptr_t)number);
    return true;
}

bool net_send(uint16_t port, const struct net_peer *peer, const uint8_t *bytes, uint32_t len)
{
    ip_addr_t address;
    uint32_t number = 0;
    while (number < NET_PORTS && (ports[number].pcb == NULL || ports[number].pcb->local_port != port))
        number++;
    if (number == NET_PORTS || len > NET_DATAGRAM_MAX || !address_of(peer, &address))
        return false;
    struct pbuf *datagram = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_REF);
    if (datagram == NULL)
        return false;
    datagram->payload = (void *)(uintptr_t)bytes; /* lwIP reads it, and copies it if it has to wait */
    err_t error = udp_sendto(ports[number].pcb, datagram, &address, (u16_t)(peer->bytes[2] << 8 | peer->bytes[3]));
    pbuf_free(datagram);
    return error == ERR_OK;
}

/* ---- time ---- */

#if LWIP_IPV6
/* Does a group wait for its report? */
static bool report_is_due(void)
{
    const struct mld_group *group = netif_mld6_data(&interface);
    while (group != NULL && group->timer == 0)
        group = group->next;
    return group != NULL;
}

static uint64_t poll_reports(uint64_t now_us)
{
    static uint64_t report_us;
    if (!report_is_due()) {
        report_us = 0;
        return UINT64_MAX;
    }
    if (report_us != 0 && now_us >= report_us)
        mld6_tmr();
    if (now_us >= report_us)
        report_us = now_us + MLD6_TMR_INTERVAL * 1000u;
    return report_us;
}
#endif

uint64_t net_poll(void)
{
    is_enough = false;
    for (uint32_t i = 0; i < NET_POLL_FRAMES && !is_enough; i++) {
        uint32_t len = ethernet_receive_begin();
        if (len != 0)
            take_frame(len);
    }
    uint64_t now_us = clock->now_us(clock->user), next_us;
    if (now_us >= second_us) {
        etharp_tmr();
#if LWIP_IPV6
        nd6_tmr();
#endif
        second_us = now_us + SECOND_US;
    }
    next_us = second_us;
#if LWIP_IPV6
    uint64_t report_us = poll_reports(now_us);
    if (report_us < next_us)
        next_us = report_us;
#endif
    return next_us;
}

void net_sleep(uint64_t until_us)
{
    if (!ethernet_waits())
        board_sleep(until_us);
}
