/* A hostile container that reads and writes what is others': memory of the device, a sensor, the heater, a mailbox. Its
 * manifest asks for all of that, and it is installed, because asking is no crime; but it gets what the ceiling of its
 * tenant allows, and nothing else. Each of its calls is judged, refused, and noted in the audit trail.
 * examples/scenario.json opens the mailbox for a while, so that it can tell when it has access and when not.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

static bool was_open;

ATTO_ENTRY int64_t run(void)
{
    const struct atto_reading on = {.value = {1}, .unit = 5 /* switched */};
    struct atto_reading temperature;
    uint8_t loot[32];
    int64_t status = ATTO_NOT_FOUND;
    bool is_open;

    atto_read(HANDLE_MEMORY, 0, loot, sizeof loot);
    atto_sensor_read(HANDLE_TEMPERATURE, &temperature);
    atto_actuator_write(HANDLE_HEATER, &on);
    for (uint32_t i = 0; i < 4; i++) {
        status = atto_receive(HANDLE_MAILBOX, loot, sizeof loot);
        if (status < 0)
            break;
    }
    is_open = status != ATTO_DENIED;
    if (is_open && !was_open)
        ATTO_LOG("the mailbox is open");
    else if (!is_open && was_open)
        ATTO_LOG("the mailbox is closed");
    was_open = is_open;
    return status;
}
