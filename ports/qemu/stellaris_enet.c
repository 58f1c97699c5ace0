/* The driver of the Ethernet controller in Stellaris chips, here the LM3S6965: FIFOs of 32 bits, in which a frame has
 * its length in front, and the length counts differently in each direction. Names are those of the data sheet.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cortex_m.h"

#define MAC(offset) CORTEX_M_REGISTER(0x40048000u + (offset))
#define MACRIS MAC(0x00u) /* reading tells what happened, writing acknowledges it */
#define MACIM MAC(0x04u)
#define MACRCTL MAC(0x08u)
#define MACTCTL MAC(0x0cu)
#define MACDATA MAC(0x10u)
#define MACIA0 MAC(0x14u)
#define MACIA1 MAC(0x18u)
#define MACNP MAC(0x34u)
#define MACTR MAC(0x38u)

#define RECEIVED 1u
#define ALL_EVENTS 0x7fu
#define RCTL_ON (1u << 4 | 1u << 3 | 1u << 1 | 1u) /* reset of the FIFO, frames with errors dropped, multicast, on */
#define TCTL_ON (1u << 4 | 1u << 2 | 1u << 1 | 1u) /* duplex, check sequence, padding, on */
#define NEW_TRANSMISSION 1u

#define LENGTH_BYTES 2u
#define CHECK_BYTES 4u
#define HEADER_BYTES 14u
#define FRAME_MAX 2048u /* of the FIFO */

#define SEND_FIFO MACDATA
#define RECEIVE_FIFO MACDATA
#include "word_fifo.h"

bool ethernet_start(uint8_t address[ETHERNET_ADDRESS_BYTES])
{
    take_address(address, MACIA0, MACIA1);
    MACTCTL = TCTL_ON;
    MACRCTL = RCTL_ON;
    MACRIS = ALL_EVENTS;
    MACIM = RECEIVED;
    return true;
}

/* The length in front of what is sent is that of what follows the Ethernet header. */
bool ethernet_send_begin(uint32_t len)
{
    if ((MACTR & NEW_TRANSMISSION) != 0 || len < HEADER_BYTES || len > FRAME_MAX - LENGTH_BYTES)
        return false;
    sent_word = len - HEADER_BYTES;
    sent_bytes = LENGTH_BYTES;
    return true;
}

void ethernet_send_end(void)
{
    send_rest();
    MACTR = NEW_TRANSMISSION;
}

/* The length in front of what is received is that of all, itself and the check sequence included. */
uint32_t ethernet_receive_begin(void)
{
    if ((MACNP & 0x3fu) == 0)
        return 0;
    read_word = MACDATA;
    uint32_t len = read_word & 0xffffu;
    if (len <= LENGTH_BYTES + CHECK_BYTES || len > FRAME_MAX) {
        MACRCTL = RCTL_ON; /* nobody knows where the next frame begins */
        return 0;
    }
    words_left = (len + 3u) / 4u - 1u;
    read_word >>= 16;
    read_bytes = 2;
    return len - LENGTH_BYTES - CHECK_BYTES;
}

bool ethernet_waits(void)
{
    MACRIS = RECEIVED;
    return (MACNP & 0x3fu) != 0;
}
