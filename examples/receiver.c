/* Listens at a mailbox: each message is an activation of its own, with the message as its context, which lies where the
 * mailbox has it and is gone when the activation is over. examples/messages.json lets sender.c send to it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

ATTO_ENTRY int64_t start(void)
{
    return atto_listen(HANDLE_MAILBOX, 1); /* on_message, which is number 1 of the manifest's entries */
}

ATTO_ENTRY int64_t on_message(const uint8_t *message, uint64_t bytes)
{
    char text[24] = "value ";
    int64_t digits;

    if (bytes != 2)
        return -1;
    digits = atto_format(text + 6, sizeof text - 6, (int16_t)(message[0] | message[1] << 8), 0);
    if (digits < 0)
        return digits;
    atto_heartbeat(); /* a new version that has come to here is healthy */
    return atto_log(text, 6 + (uint32_t)digits);
}
