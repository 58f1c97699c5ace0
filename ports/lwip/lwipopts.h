/* lwIP as Atto uses it: no operating system, UDP alone, packets of at most 1,280 bytes, no fragments, no timers of its
 * own (net.c calls what is due). A packet is taken out of the controller, handled and given back before the next one,
 * so two buffers are enough. LWIP_IPV6 comes from the build.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_TIMERS 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0
#define LWIP_SINGLE_NETIF 1

#define LWIP_UDP 1
#define LWIP_TCP 0
#define LWIP_RAW 0
#define LWIP_DHCP 0
#define LWIP_DNS 0
#define LWIP_IGMP 0
#define LWIP_ICMP 1
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define ARP_TABLE_SIZE 4

#define LWIP_IPV6_FORWARD 0
#define LWIP_IPV6_REASS 0
#define LWIP_IPV6_FRAG 0
#define LWIP_IPV6_AUTOCONFIG LWIP_IPV6
#define LWIP_IPV6_MLD LWIP_IPV6
#define LWIP_IPV6_DHCP6 0
#define LWIP_ND6_QUEUEING LWIP_IPV6
#define MEMP_NUM_ND6_QUEUE 2
#define MEMP_NUM_MLD6_GROUP 4
#define LWIP_ND6_NUM_NEIGHBORS 4
#define LWIP_ND6_NUM_DESTINATIONS 4
#define LWIP_ND6_NUM_PREFIXES 2
#define LWIP_ND6_NUM_ROUTERS 1

/* A frame with a packet of 1,280 bytes fits into a buffer; the heap holds one while its peer's address is looked up. */
#define MEM_ALIGNMENT 4
#define PBUF_POOL_SIZE 2
#define PBUF_POOL_BUFSIZE 1296
#define MEM_SIZE 2048
#define MEMP_NUM_PBUF 2
#define MEMP_NUM_UDP_PCB 2

#endif
