/* An engine in simulated time, for tests: the clock stands still but for the fuel that containers use and for what the
 * test adds, so that every run is the same. Programs are eBPF text with entry points, or functions of the firmware.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENGINE_WORLD_H
#define TESTS_ENGINE_WORLD_H

#include "atto/bpf.h"
#include "atto/engine.h"
#include "image_bytes.h"

#define WORLD_POOL_BYTES 16384u
#define WORLD_TRACE_RECORDS 256u
#define WORLD_CALL_LATER 2u     /* waits for an answer */
#define WORLD_CALL_BEAT 5u      /* heartbeat */
#define WORLD_CALL_LOG 6u       /* r1: length of a line */
#define WORLD_CALL_ZERO 7u      /* returns 0 */
#define WORLD_CALL_POST 8u      /* posts an event to its caller, at entry 0 */
#define WORLD_SERVICES 28u      /* calls from 160 on, which images may make where there are services */
#define WORLD_NANOSECONDS 1000u /* that a unit of fuel takes, by default */

struct world {
    struct atto_engine engine;
    struct atto_engine_config config;
    struct atto_firmware firmware;
    struct atto_port port;
    uint64_t clock_ns;
    uint32_t fuel_ns;       /* that a unit of fuel takes */
    uint32_t fuel;          /* of an activation, for installs to come; 1000 at first */
    uint32_t locks;         /* how often the lock is held: 0 or 1 */
    uint32_t lock_errors;   /* a lock taken twice, or let go without having been taken */
    struct atto_report report;
    struct atto_trace_record trace[WORLD_TRACE_RECORDS];
    struct atto_postmortem postmortems[4];
    uint8_t log[512];
    _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[WORLD_POOL_BYTES];
};

/* An entry point of an image. */
struct world_entry {
    const char *name;
    uint32_t slot;
};

/* Makes an engine with an empty pool; the clock stands at 1 s. */
void world_begin(struct world *world);

/* Writes an image whose functions begin at the entry points. The first must be at slot 0. */
void world_image(struct image_bytes *image, const uint64_t *slots, uint32_t slot_count,
                 const struct world_entry *entries, uint32_t entry_count);

/* Installs an image or a program; world->report has the report. NULL after a refusal. */
struct atto_container *world_install(struct world *world, const struct image_bytes *image,
                                     const struct atto_schedule *schedule);
struct atto_container *world_install_host(struct world *world, const struct atto_host_program *program,
                                          const struct atto_schedule *schedule);

/* Polls until the clock has come to `until_us`, jumping to the times that the engine asks for. */
void world_run(struct world *world, uint64_t until_us);
uint64_t world_now(const struct world *world);

struct atto_container_info world_info(struct world *world, const struct atto_container *container);

/* Where in a container's block its instance begins. */
uint32_t world_run_at(void);

/* Makes a host call as a slice that begins now does. Returns as atto_call_fn. */
int32_t world_call(struct atto_run *run, const struct atto_call *call, uint32_t number, uint64_t *r);

/* Is all of the pool one free piece again? Only without containers. */
bool world_pool_is_empty(struct world *world);

#define ENTRIES(...) (const struct world_entry[]){ __VA_ARGS__ }, \
    (uint32_t)(sizeof((const struct world_entry[]){ __VA_ARGS__ }) / sizeof(struct world_entry))

#endif
