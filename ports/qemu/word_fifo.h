/* Frames in controllers whose FIFOs take and give words of 32 bits, the first byte lowest: what both directions of such
 * a driver share. A driver includes this after it has defined SEND_FIFO and RECEIVE_FIFO, the two registers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTS_QEMU_WORD_FIFO_H
#define PORTS_QEMU_WORD_FIFO_H

#include "../lwip/ethernet.h"

/* Bytes of the frame under way that do not make up a word: how many, and the word. */
static uint32_t sent_bytes, sent_word;
/* Of the frame that is read: whole words that are still in the FIFO, and bytes left of the last word that was taken. */
static uint32_t words_left, read_bytes, read_word;

/* The address as the controllers keep it: its first four bytes in one register, the others in another. */
static void take_address(uint8_t address[ETHERNET_ADDRESS_BYTES], uint32_t low, uint32_t high)
{
    for (uint32_t i = 0; i < ETHERNET_ADDRESS_BYTES; i++)
        address[i] = (uint8_t)(i < 4u ? low >> 8u * i : high >> 8u * (i - 4u));
}

void ethernet_send_bytes(const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        sent_word |= (uint32_t)bytes[i] << 8u * sent_bytes;
        sent_bytes = (sent_bytes + 1u) % 4u;
        if (sent_bytes == 0) {
            SEND_FIFO = sent_word;
            sent_word = 0;
        }
    }
}

/* The last word of a frame, if it is not full. */
static void send_rest(void)
{
    if (sent_bytes != 0)
        SEND_FIFO = sent_word;
}

void ethernet_receive_bytes(uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        if (read_bytes == 0) {
            read_word = RECEIVE_FIFO;
            read_bytes = 4;
            words_left--;
        }
        bytes[i] = (uint8_t)read_word;
        read_word >>= 8;
        read_bytes--;
    }
}

void ethernet_receive_end(void)
{
    for (; words_left != 0; words_left--)
        (void)RECEIVE_FIFO;
}

#endif
