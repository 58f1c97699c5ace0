/* A heater's control loop, PI: each activation takes one reading of the temperature and returns the power that the
 * heater is to have, in thousandths. Meant to be activated with a short period that must be kept.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <atto.h>

#define TARGET 2500 /* hundredths of a degree */
#define POWER_MAX 1000

static int32_t sum; /* of the errors */

ATTO_ENTRY int64_t run(void)
{
    struct atto_reading temperature;
    int32_t error, power;

    if (atto_sensor_read(HANDLE_TEMPERATURE, &temperature) < 0)
        return 0;
    error = TARGET - temperature.value[0];
    power = 2 * error + sum / 64;
    if (power < 0)
        return 0;
    if (power > POWER_MAX)
        return POWER_MAX;
    sum += error; /* only while the heater can follow */
    return power;
}
