/* Host calls of the reference firmware: log, clock, random bytes and one simulated sensor. Guest addresses become
 * memory through atto_run_span() only; an address that is not the guest's own ends its activation.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "host_calls.h"

#include <string.h>

#include "../../sdk/calls.h"
#include "atto/engine.h"

#define LOG_BYTES_MAX 255u
#define RANDOM_BYTES_MAX 256u

static const struct atto_port *port_of(const struct atto_run *run)
{
    return run->host->user;
}

static int32_t call_atto_log(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    const struct atto_port *port = port_of(run);
    uint32_t len = r[2] < LOG_BYTES_MAX ? (uint32_t)r[2] : LOG_BYTES_MAX;
    const uint8_t *text = atto_run_span(run, r[1], len, ATTO_READ);
    if (text == NULL)
        return ATTO_E_ARGUMENT;
    struct atto_container *container = atto_container_of(run);
    r[0] = 0;
    if (container != NULL)
        r[0] = (uint64_t)(int64_t)atto_engine_log(atto_engine_of(run), container, (const char *)text, len);
    else
        port->log(port->user, (const char *)text, len);
    return ATTO_OK;
}

static int32_t call_atto_now_us(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    const struct atto_port *port = port_of(run);
    r[0] = port->now_us(port->user);
    return ATTO_OK;
}

static int32_t call_atto_random(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    const struct atto_port *port = port_of(run);
    uint8_t *bytes = r[2] <= RANDOM_BYTES_MAX ? atto_run_span(run, r[1], (uint32_t)r[2], ATTO_WRITE) : NULL;
    if (bytes == NULL)
        return ATTO_E_ARGUMENT;
    port->random(port->user, bytes, (uint32_t)r[2]);
    r[0] = 0;
    return ATTO_OK;
}

/* Sensor 0 measures a temperature in hundredths of a degree that swings between 20 and 23 degrees; it is made up, and
 * the same in every run: one step a reading. */
static int32_t read_temperature(void)
{
    static uint32_t step;
    uint32_t phase = step++ % 60u;
    uint32_t rise = phase < 30u ? phase : 60u - phase;
    return (int32_t)(2000u + 10u * rise);
}

static int32_t call_atto_sensor_read(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    uint8_t *out = atto_run_span(run, r[2], sizeof(int32_t), ATTO_WRITE);
    if (out == NULL)
        return ATTO_E_ARGUMENT;
    if (r[1] != 0) {
        r[0] = (uint64_t)(int64_t)ATTO_E_NOT_FOUND;
        return ATTO_OK;
    }
    int32_t value = read_temperature();
    memcpy(out, &value, sizeof value);
    r[0] = 0;
    return ATTO_OK;
}

static int32_t call_atto_heartbeat(struct atto_call_frame *call)
{
    struct atto_run *run = call->run;
    uint64_t *r = call->r;
    struct atto_container *container = atto_container_of(run);
    if (container != NULL)
        atto_engine_heartbeat(atto_engine_of(run), container);
    r[0] = 0;
    return ATTO_OK;
}

/* Prices in instructions of a guest, roughly what the call costs the device. */
enum { atto_log_price = 50, atto_now_us_price = 5, atto_random_price = 50, atto_sensor_read_price = 20,
       atto_heartbeat_price = 10 };

#define BOARD_CALL(name, number) [number] = { call_##name, name##_price, 0 },
const struct atto_call board_calls[ATTO_CALL_PAGE] = { ATTO_SDK_CALLS(BOARD_CALL) };
const struct atto_call_table board_call_table = { { board_calls } };

void board_calls_grant(struct atto_callset *set)
{
    for (uint32_t number = 0; number < ATTO_CALL_PAGE; number++) {
        if (board_calls[number].fn != NULL)
            atto_callset_add(set, number);
    }
}
