/* The host calls that every firmware of this project offers: name and number, once. The guest header, the firmware's
 * tables and the command's listings are all made from it. Numbers are for ever; a firmware puts calls of its own at 64
 * and above.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SDK_CALLS_H
#define ATTO_SDK_CALLS_H

/* X(name, number). Arguments and results are described in sdk/atto.h. */
#define ATTO_SDK_CALLS(X)  \
    X(atto_log, 1)         \
    X(atto_now_us, 2)      \
    X(atto_random, 3)      \
    X(atto_sensor_read, 4) \
    X(atto_heartbeat, 5)

#endif
