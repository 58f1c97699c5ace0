/* The host calls that every firmware of this project offers: name and number, once. The guest header, the firmware's
 * tables and the command's listings are all made from it. Numbers are for ever; those below 144 are left to images of
 * Femto-Container and their relatives, and a firmware puts calls of its own at 208 and above.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SDK_CALLS_H
#define ATTO_SDK_CALLS_H

/* X(name, number). Arguments and results are described in sdk/atto.h. */
#define ATTO_SDK_CALLS(X)       \
    X(atto_log, 160)            \
    X(atto_now_us, 161)         \
    X(atto_random, 162)         \
    X(atto_heartbeat, 163)      \
    X(atto_format, 164)         \
    X(atto_find, 165)           \
    X(atto_find_type, 166)      \
    X(atto_timer, 167)          \
    X(atto_read, 168)           \
    X(atto_write, 169)          \
    X(atto_map, 170)            \
    X(atto_unmap, 171)          \
    X(atto_sensor_read, 172)    \
    X(atto_actuator_write, 173) \
    X(atto_pin_read, 174)       \
    X(atto_pin_write, 175)      \
    X(atto_pin_mode, 176)       \
    X(atto_store_get, 177)      \
    X(atto_store_put, 178)      \
    X(atto_store_delete, 179)   \
    X(atto_store_next, 180)     \
    X(atto_listen, 181)         \
    X(atto_send, 182)           \
    X(atto_receive, 183)        \
    X(atto_serve, 184)          \
    X(atto_request, 185)        \
    X(atto_take, 186)           \
    X(atto_answer, 187)

/* Their numbers: atto_log_number and so on. */
enum {
#define ATTO_SDK_CALL_NUMBER(name, number) name##_number = (number),
    ATTO_SDK_CALLS(ATTO_SDK_CALL_NUMBER)
#undef ATTO_SDK_CALL_NUMBER
};

#endif
