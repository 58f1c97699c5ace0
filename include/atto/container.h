/* Containers as the engine runs them: the states of their lives, what is counted about them, and what the engine
 * answers when one is installed. atto/engine.h has the functions.
 *
 *     absent -> installed -> starting -> running <-> paused -> stopping -> stopped
 *                                   \__________\________\__________\____-> faulted
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CONTAINER_H
#define ATTO_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/exec.h"
#include "atto/schedule.h"
#include "atto/status.h"

enum atto_container_state {
    ATTO_STATE_INSTALLED = 0, /* never started */
    ATTO_STATE_STARTING = 1,  /* `start` runs */
    ATTO_STATE_RUNNING = 2,   /* activations come as scheduled */
    ATTO_STATE_PAUSED = 3,    /* frozen where it stood */
    ATTO_STATE_STOPPING = 4,  /* `stop` runs, within its time limit */
    ATTO_STATE_STOPPED = 5,
    ATTO_STATE_FAULTED = 6    /* waits for its restart, or is given up */
};

/* What an activation is for. */
enum atto_activation {
    ATTO_ACTIVATION_NONE = 0,
    ATTO_ACTIVATION_START = 1,
    ATTO_ACTIVATION_LOOP = 2,
    ATTO_ACTIVATION_EVENT = 3, /* a message, a request, a timer: atto_engine_post */
    ATTO_ACTIVATION_STOP = 4,
    ATTO_ACTIVATION_HOOK = 5   /* inline, while the firmware fires a hook */
};

/* Opaque; made by atto_engine_install, good until atto_engine_remove. */
struct atto_container;

/* Where an entry point is not given. */
#define ATTO_ENTRY_NONE 0xffffu

/* What is counted about a container, from its install on; an update goes on counting. Activations, host calls and heartbeats begin
 * again at 0; the others stop at their largest value. */
struct atto_counters {
    uint64_t fuel;     /* used by all activations */
    uint64_t time_us;  /* that its slices took */
    uint32_t activations;
    uint32_t host_calls;
    uint16_t faults;
    uint16_t misses;   /* deadlines missed (known when the activation ends) and releases lost */
    uint16_t denials;  /* what was refused: host calls, log lines, events */
    int8_t last_fault; /* enum atto_status; ATTO_OK: none */
    uint8_t heartbeats; /* begins again at 0 */
};

/* A container at one moment. */
struct atto_container_info {
    struct atto_counters counters;
    uint16_t id;       /* number that logs, traces and post-mortems name it by; never given twice in 65,535 installs */
    enum atto_container_state state;
    enum atto_activation activation; /* that is under way */
    bool waits;        /* that activation waits for the answer to a host call */
    bool throttled;    /* ... or for its next budget */
    bool restarts;     /* faulted or stopped, and will be restarted by itself */
    uint32_t ram_bytes;        /* taken from the pool, all included */
    uint32_t stack_used_bytes; /* high-water mark since its start; 0 while a slice is under way */
    uint32_t memory_bytes;     /* data and bss */
    uint32_t events;           /* pending */
    uint32_t rights;           /* rows of its table */
    uint8_t tenant;            /* whose it is */
    uint8_t attachments;       /* hooks that it is attached to */
    uint8_t last_calls[4];     /* numbers of the last host calls, the latest first */
};

/* Which promise could not be made. */
enum atto_constraint {
    ATTO_CONSTRAINT_NONE = 0,
    ATTO_CONSTRAINT_MEMORY = 1,    /* missing: bytes of the pool */
    ATTO_CONSTRAINT_DEADLINE = 2,  /* culprit would end late; missing: microseconds */
    ATTO_CONSTRAINT_BUDGET = 3,    /* culprit's budget is too small for its activations; missing: fuel */
    ATTO_CONSTRAINT_UNBOUNDED = 4, /* culprit may take all the time from one with a deadline: it needs a budget, or a
                                      priority behind that one's; missing: steps of priority. There may be others */
    ATTO_CONSTRAINT_TENANT_RAM = 5,      /* over the tenant's ceiling; missing: bytes */
    ATTO_CONSTRAINT_TENANT_TIME = 6,     /* missing: fuel in a second; UINT32_MAX: it has no bound */
    ATTO_CONSTRAINT_TENANT_PRIORITY = 7  /* missing: steps of priority */
};

/* The answer to an install, an update or a change of schedule. Response times and utilisation are 0 where the firmware
 * does not say how fast it is. */
struct atto_report {
    struct atto_refusal refusal;     /* as atto_instance_install has it */
    struct atto_receipt receipt;     /* of the pre-flight check */
    uint32_t ram_bytes;              /* of the pool, all included */
    uint32_t fuel_between_yields;    /* most that the container runs before another one can */
    uint32_t utilisation_permille;   /* of all containers with a bound, this one included */
    uint32_t response_us;            /* if admitted: bound from release to end of `loop`; 0: none, for a container without period and
                                        for one that takes events: they may use up its budget before its loop */
    enum atto_constraint constraint; /* of ATTO_E_ADMISSION and ATTO_E_NO_MEMORY */
    const struct atto_container *culprit; /* whose promise would break; NULL: that of one not installed yet */
    uint32_t missing;                /* of what the constraint names; at least so much */
};

#endif
