/* The average of the last ten readings of a sensor. Meant to be activated periodically: each activation takes one
 * reading and returns the average so far, in the sensor's unit.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

#define READINGS 10

static int32_t readings[READINGS];
static uint32_t next, filled;
static int64_t sum;

ATTO_ENTRY int64_t run(void)
{
    struct atto_reading reading;

    if (atto_sensor_read(HANDLE_TEMPERATURE, &reading) < 0) {
        ATTO_LOG("no sensor");
        return -1;
    }
    sum += reading.value[0] - readings[next];
    readings[next] = reading.value[0];
    next = (next + 1) % READINGS;
    if (filled < READINGS)
        filled++;
    return sum / filled;
}
