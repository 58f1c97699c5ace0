/* When and for how long a container runs: the numbers of its schedule, each with its key in the manifest, its name in
 * the author's JSON, its unit and its largest value, once. The manifest's parser, the command and the engine are made
 * from this table.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_SCHEDULE_H
#define ATTO_SCHEDULE_H

#include <stdint.h>

#include "atto/callset.h"

#define ATTO_PRIORITIES 16u
#define ATTO_PRIORITY_DEFAULT 8u
#define ATTO_EVENTS_MAX 16u
#define ATTO_INTERVAL_MAX_US 0x7fffffffu /* 35 minutes */
#define ATTO_INTERVAL_MAX_MS 0x7fffffffu /* 24 days */

/* X(key, name, largest value). A number that is absent is 0, but for the priority; 0 stands for "none" or "no limit".
 *
 * priority          0 (most urgent) to 15; containers of the same priority take turns
 * period_us         from one activation of `loop` to the next; 0: `loop` is not activated by time
 * deadline_us       from the release of an activation to its end, at most; 0: the period. Not longer than the period
 * budget_fuel       for all activations within a window, at most; each slice costs the firmware's switch_fuel too
 * budget_window_us  length of the window; 0: the period, or one second if there is none
 * start_max_us      longest duration of `start`, of an activation of `loop` or for an event, and of `stop` from its
 * loop_max_us         release on; a fault when it is over (for `stop`: it is stopped without further delay)
 * stop_max_us         0: no limit, for `stop` that of the firmware
 * loop_count        activations of `loop` after which the container is stopped, dropped ones included
 * lifetime_ms       from its start (from the change of schedule, if it had no limits before) until it is stopped
 * heartbeat_us      longest time between two heartbeats (atto_heartbeat); a fault when it is over
 * restart           enum atto_restart
 * backoff_ms        from an end to the restart; doubles with each restart in a row, up to 128 times; 0 counts as 1
 * restarts_max      restarts after which it is given up; 0: never. Counting begins anew when it has been up for 256
 *                     times the back-off
 * on_miss           enum atto_on_miss
 * on_overrun        enum atto_on_overrun
 * log_bytes         that it may write to the log within a second; 0: no limit
 * events            that may be pending at a time */
#define ATTO_SCHEDULE_FIELDS(X)                   \
    X(1, priority, ATTO_PRIORITIES - 1u)          \
    X(2, period_us, ATTO_INTERVAL_MAX_US)         \
    X(3, deadline_us, ATTO_INTERVAL_MAX_US)       \
    X(4, budget_fuel, ATTO_FUEL_MAX)              \
    X(5, budget_window_us, ATTO_INTERVAL_MAX_US)  \
    X(6, start_max_us, ATTO_INTERVAL_MAX_US)      \
    X(7, loop_max_us, ATTO_INTERVAL_MAX_US)       \
    X(8, stop_max_us, ATTO_INTERVAL_MAX_US)       \
    X(9, loop_count, 0xffffffffu)                 \
    X(10, lifetime_ms, ATTO_INTERVAL_MAX_MS)      \
    X(11, heartbeat_us, ATTO_INTERVAL_MAX_US)     \
    X(12, restart, ATTO_RESTART_ALWAYS)           \
    X(13, backoff_ms, ATTO_INTERVAL_MAX_MS / 128) \
    X(14, restarts_max, 255u)                     \
    X(15, on_miss, ATTO_MISS_FAULT)               \
    X(16, on_overrun, ATTO_OVERRUN_FAULT)         \
    X(17, log_bytes, 0xffffu)                     \
    X(18, events, ATTO_EVENTS_MAX)
#define ATTO_SCHEDULE_KEY_MAX 18u

/* What becomes of a container that faulted, or (ALWAYS) that ended because its loops or its lifetime were over. */
enum atto_restart { ATTO_RESTART_NEVER = 0, ATTO_RESTART_ON_FAULT = 1, ATTO_RESTART_ALWAYS = 2 };

/* What becomes of an activation that has missed its deadline; each one is counted. */
enum atto_on_miss {
    ATTO_MISS_CONTINUE = 0, /* it goes on; releases that it covers are lost */
    ATTO_MISS_DROP = 1,     /* it is ended; the next one begins at its release */
    ATTO_MISS_FAULT = 2     /* the container faults */
};

/* What becomes of a container that has used up its budget. */
enum atto_on_overrun {
    ATTO_OVERRUN_THROTTLE = 0, /* it waits until the next window begins */
    ATTO_OVERRUN_FAULT = 1
};

struct atto_schedule {
#define ATTO_SCHEDULE_MEMBER(key, name, most) uint32_t name;
    ATTO_SCHEDULE_FIELDS(ATTO_SCHEDULE_MEMBER)
#undef ATTO_SCHEDULE_MEMBER
};

#define ATTO_SCHEDULE_INIT { .priority = ATTO_PRIORITY_DEFAULT }

#endif
