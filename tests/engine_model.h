/* A model of one container in an engine, written from the headers alone. It replays the trace: each record must be one
 * that may come now, and it says which activations, misses, restarts and events there are. What the firmware does is
 * told to the model before the records that it leads to. Time is that of tests/engine_world.h, where a unit of fuel
 * takes a microsecond.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENGINE_MODEL_H
#define TESTS_ENGINE_MODEL_H

#include "engine_world.h"

#define MODEL_LINE_BYTES 5u /* that images write to the log in a call */

/* What is known of a program. */
struct model_program {
    const struct atto_host_program *host; /* NULL: image */
    const struct image_bytes *image;
    bool start, stop, loop;               /* has this entry point */
    uint32_t longest_run;
    uint32_t entries[2];                  /* others, for events and hooks; the second one may be 0 */
};

/* What was asked of a container in the middle of a slice; the strongest wish counts. */
enum model_wish { WISH_NOTHING, WISH_PAUSE, WISH_STOP, WISH_FORCE };

struct model {
    struct atto_container *container; /* NULL: this place is free */
    const struct atto_engine_config *config;
    const struct model_program *program;
    uint32_t fuel;                   /* of an activation */
    uint16_t id;
    uint32_t attachments;
    /* The schedule in force, and the last one that was set. */
    struct atto_schedule held, last;
    bool changes;                    /* `last` comes into force when the activation is over */
    uint64_t changed_us;
    /* The life. */
    enum atto_container_state state;
    uint64_t started_us, beat_us, next_us; /* next_us: release of the next loop */
    uint64_t restart_us;             /* when it is restarted by itself; 0: not */
    uint32_t loops, restarts;
    bool again;                      /* it will be restarted when `stop` has ended */
    bool called, forced;             /* the firmware calls start, stop or update now */
    /* The activation under way. */
    enum atto_activation activation;
    uint64_t release_us, begun_us;
    uint32_t spent;
    bool excused;                    /* it was paused */
    bool dropped, fails;             /* it has missed its deadline: its end, or a fault, comes next */
    bool in_slice;
    enum model_wish asked, wish;     /* in the slice under way, and in the one that has ended last */
    /* The budget. */
    uint64_t window_us;              /* begin */
    int64_t left;
    bool vague;                      /* it depends on when the engine has looked */
    /* Pending events, by time and among equals as they were posted; one that is served is the first. */
    struct model_event {
        uint64_t due_us, number;
    } events[ATTO_EVENTS_MAX];
    uint32_t event_count;
    uint16_t log_second;
    uint32_t log_used;
    struct atto_counters counters;
    uint32_t misses_told;            /* by trace records */
};

/* Is it in one of these states? */
#define IN(state) (1u << ATTO_STATE_##state)
#define ALIVE (IN(STARTING) | IN(RUNNING) | IN(PAUSED))
#define OVER (IN(INSTALLED) | IN(STOPPED) | IN(FAULTED))
static inline bool model_in(const struct model *m, uint32_t states)
{
    return (states >> m->state & 1u) != 0u;
}

/* Another program and schedule: an install, or an update, which keeps id and counters. */
void model_program(struct model *m, const struct model_program *program, uint32_t fuel,
                   const struct atto_schedule *schedule, uint64_t now_us);

/* The schedule was changed, or an event posted. */
void model_change(struct model *m, const struct atto_schedule *schedule, uint64_t now_us);
void model_post(struct model *m, struct model_event event);

/* It writes a line of so many bytes. Returns what atto_engine_log must. */
enum atto_status model_log(struct model *m, uint32_t len, uint64_t now_us);

/* Adds to a counter, up to its largest value. */
void model_count(uint16_t *counter, uint64_t more);

/* The next record of its trace. The test fails if it must not come. */
void model_replay(struct model *m, const struct atto_trace_record *record, uint64_t now_us);

/* Fails unless the container is as it must be. */
void model_check(const struct model *m, const struct atto_container_info *info);

/* When something must happen to it that is not ready now; ATTO_NEVER: there is nothing. throttled: as info tells. */
uint64_t model_wake_us(struct model *m, bool throttled, uint64_t now_us);

/* What is left of its budget now; it has one. */
int64_t model_budget(struct model *m, uint64_t now_us);

#endif
