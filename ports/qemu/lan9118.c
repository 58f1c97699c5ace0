/* The driver of the LAN9118, an Ethernet controller with data, status and length words in FIFOs of 32 bits. Names of
 * registers and bits are those of its data sheet.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cortex_m.h"

#define LAN(offset) CORTEX_M_REGISTER(0x40200000u + (offset))
#define RX_DATA LAN(0x00u)
#define TX_DATA LAN(0x20u)
#define RX_STATUS LAN(0x40u)
#define TX_STATUS LAN(0x48u)
#define IRQ_CFG LAN(0x54u)
#define INT_STS LAN(0x58u)
#define INT_EN LAN(0x5cu)
#define BYTE_TEST LAN(0x64u)
#define FIFO_INT LAN(0x68u)
#define RX_CFG LAN(0x6cu)
#define TX_CFG LAN(0x70u)
#define HW_CFG LAN(0x74u)
#define RX_FIFO_INF LAN(0x7cu)
#define TX_FIFO_INF LAN(0x80u)
#define MAC_CSR_CMD LAN(0xa4u)
#define MAC_CSR_DATA LAN(0xa8u)

#define BYTE_TEST_VALUE 0x87654321u
#define IRQ_CFG_ENABLED (1u << 8 | 1u << 4 | 1u) /* push-pull, active high */
#define INT_RSFL (1u << 3)                       /* more frames than FIFO_INT's level wait */
#define TX_COMMAND_WHOLE (1u << 13 | 1u << 12)   /* first and last segment */
#define TX_CFG_ON (1u << 1)
#define HW_CFG_TX_FIFO_5K (5u << 16)
#define RX_STATUS_ERROR (1u << 15)
#define MAC_CSR_BUSY (1u << 31)
#define MAC_CSR_READ (1u << 30)
enum { MAC_CR = 1, MAC_ADDRH = 2, MAC_ADDRL = 3 };
#define MAC_CR_ON (1u << 19 | 1u << 3 | 1u << 2) /* all multicast, transmitter, receiver */

#define CHECK_BYTES 4u
#define SEND_SPARE_BYTES 16u /* command words, and those that are not full */

#define SEND_FIFO TX_DATA
#define RECEIVE_FIFO RX_DATA
#include "word_fifo.h"

static void mac_wait(void)
{
    while ((MAC_CSR_CMD & MAC_CSR_BUSY) != 0) {
    }
}

static void mac_write(uint32_t number, uint32_t value)
{
    mac_wait();
    MAC_CSR_DATA = value;
    MAC_CSR_CMD = MAC_CSR_BUSY | number;
    mac_wait();
}

static uint32_t mac_read(uint32_t number)
{
    mac_wait();
    MAC_CSR_CMD = MAC_CSR_BUSY | MAC_CSR_READ | number;
    mac_wait();
    return MAC_CSR_DATA;
}

bool ethernet_start(uint8_t address[ETHERNET_ADDRESS_BYTES])
{
    if (BYTE_TEST != BYTE_TEST_VALUE)
        return false;
    take_address(address, mac_read(MAC_ADDRL), mac_read(MAC_ADDRH));
    HW_CFG = HW_CFG_TX_FIFO_5K;
    TX_CFG = TX_CFG_ON;
    FIFO_INT = 0;
    RX_CFG = 0;
    IRQ_CFG = IRQ_CFG_ENABLED;
    mac_write(MAC_CR, MAC_CR_ON);
    INT_STS = 0xffffffffu;
    INT_EN = INT_RSFL;
    return true;
}

bool ethernet_send_begin(uint32_t len)
{
    while ((TX_FIFO_INF >> 16 & 0xffu) != 0)
        (void)TX_STATUS; /* of frames that were sent */
    if ((TX_FIFO_INF & 0xffffu) < len + SEND_SPARE_BYTES)
        return false;
    TX_DATA = TX_COMMAND_WHOLE | len;
    TX_DATA = len << 16 | len;
    sent_bytes = sent_word = 0;
    return true;
}

void ethernet_send_end(void)
{
    send_rest();
}

uint32_t ethernet_receive_begin(void)
{
    if ((RX_FIFO_INF >> 16 & 0xffu) == 0)
        return 0;
    uint32_t status = RX_STATUS, len = status >> 16 & 0x3fffu;
    words_left = (len + 3u) / 4u;
    read_bytes = 0;
    if ((status & RX_STATUS_ERROR) == 0 && len > CHECK_BYTES)
        return len - CHECK_BYTES;
    ethernet_receive_end();
    return 0;
}

bool ethernet_waits(void)
{
    INT_STS = INT_RSFL;
    return (RX_FIFO_INF >> 16 & 0xffu) != 0;
}
