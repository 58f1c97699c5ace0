/* An Ethernet controller, as its driver offers it to lwIP. One controller, polled: its interrupt does nothing but wake
 * the core. Frames are those on the wire without their check sequence. A frame goes out, and comes in, between a
 * `begin` and an `end`, in pieces of any length.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ETHERNET_H
#define ETHERNET_H

#include <stdbool.h>
#include <stdint.h>

#define ETHERNET_ADDRESS_BYTES 6u

/* Makes the controller ready to send and to receive, multicast included. false: it is not there. */
bool ethernet_start(uint8_t address[ETHERNET_ADDRESS_BYTES]);

/* A frame of so many bytes is to be sent. false: there is no room for it now. */
bool ethernet_send_begin(uint32_t len);
void ethernet_send_bytes(const uint8_t *bytes, uint32_t len);
void ethernet_send_end(void);

/* The next frame has so many bytes; 0: none has come, or only one that is damaged, which is gone then. */
uint32_t ethernet_receive_begin(void);
/* Reads its next bytes, no more than it has. */
void ethernet_receive_bytes(uint8_t *bytes, uint32_t len);
/* Drops what was not read. */
void ethernet_receive_end(void);

/* Has a frame come? If not, the next one will raise the interrupt. */
bool ethernet_waits(void);

#endif
