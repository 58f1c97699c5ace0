/* Sensors and actuators as containers and firmware both see them. Included by containers (through <atto.h>) and by
 * firmware (through atto/service.h) alike, so it is plain data of fixed size, the same on every machine.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SDK_DEVICES_H
#define ATTO_SDK_DEVICES_H

#include <stdint.h>

enum atto_device_type {
    ATTO_DEVICE_OTHER = 0,
    ATTO_DEVICE_TEMPERATURE = 1,
    ATTO_DEVICE_HUMIDITY = 2,
    ATTO_DEVICE_LIGHT = 3,
    ATTO_DEVICE_ACCELERATION = 4,
    ATTO_DEVICE_BUTTON = 5,
    ATTO_DEVICE_SWITCH = 6, /* an actuator with two states */
    ATTO_DEVICE_MOTOR = 7
};

enum atto_unit {
    ATTO_UNIT_NONE = 0,
    ATTO_UNIT_CELSIUS = 1,
    ATTO_UNIT_PERCENT = 2,
    ATTO_UNIT_LUX = 3,
    ATTO_UNIT_G = 4,
    ATTO_UNIT_BOOL = 5,
    ATTO_UNIT_VOLT = 6
};

/* What a sensor measures and an actuator is told: up to three values of one unit, each times 10 to the power of
 * scale. */
struct atto_reading {
    int16_t value[3];
    uint8_t unit; /* enum atto_unit */
    int8_t scale;
};

#endif
