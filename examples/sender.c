/* Sends readings of a sensor through a mailbox to whoever may read that, maybe a container of another tenant. It goes on
 * when it may not read or send for a while, and says when it cannot read and when it can again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

static bool is_blind;

ATTO_ENTRY int64_t run(void)
{
    struct atto_reading reading;
    bool was_blind = is_blind;

    is_blind = atto_sensor_read(HANDLE_TEMPERATURE, &reading) < 0;
    if (is_blind && !was_blind)
        ATTO_LOG("no reading");
    if (is_blind)
        return 0;
    if (was_blind)
        ATTO_LOG("readings again");
    return atto_send(HANDLE_MAILBOX, &reading.value[0], sizeof reading.value[0]);
}
