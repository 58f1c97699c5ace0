/* The simulated engine with endpoints, tenants, audit rings, and host calls that need rights.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RIGHTS_WORLD_H
#define TESTS_RIGHTS_WORLD_H

#include "engine_world.h"

/* Host calls. */
#define CALL_TOUCH 2u /* (handle, number in the range): reads a device; gives 1 */
#define CALL_WRITE 5u /* (handle, bytes, length): writes to a device; gives 2 */
#define CALL_ACT 6u   /* needs no right; does rights_world.act; gives 3 */
#define CALL_LOG 7u   /* () needs a right to write a log, and names none; gives 4 */
#define CALL_MAP 8u   /* (handle): opens a window */

/* Endpoints. */
enum { DEVICE, MEMORY, LOG, ROM, OTHER_DEVICE, ENDPOINTS };
#define MEMORY_BYTES 64u
#define ROM_BYTES 32u

#define READ ATTO_OPERATION_READ
#define WRITE ATTO_OPERATION_WRITE
#define MAP ATTO_OPERATION_MAP
#define CONTROL ATTO_OPERATION_CONTROL
#define END ATTO_RANGE_END
#define PERIOD(code) ((code) << 4)
#define PERIOD_1MS 1
#define PERIOD_100MS 3
#define PERIOD_1S 4
#define PERIOD_10S 5

#define RIGHT(e, o, f, l) (struct atto_right){ .endpoint = (e), .operations = (o), .first = (f), .last = (l) }
#define RIGHTS(...) (const struct atto_right[]){ __VA_ARGS__ }, \
    (uint32_t)(sizeof((const struct atto_right[]){ __VA_ARGS__ }) / sizeof(struct atto_right))

#define TENANTS 3u
#define DENIALS 8u
#define CHANGES 16u

struct rights_world {
    struct world world;
    struct atto_endpoint endpoints[ENDPOINTS];
    struct atto_tenant tenants[TENANTS];
    struct atto_audit_record denials[DENIALS], changes[CHANGES];
    uint8_t memory[MEMORY_BYTES], rom[ROM_BYTES];
    void (*act)(struct atto_container *container);
    uint64_t last[6];  /* registers of the last call that came through */
    uint32_t came;     /* calls that came through */
    const struct atto_endpoint *endpoint; /* of the last */
};
extern struct rights_world rw;
#define ENGINE (&rw.world.engine)

/* Makes an engine with an empty pool and tenants without ceilings of memory, time and rights (so without rights). */
void rights_world_begin(void);
/* The same again with what was changed in rw.world.config and with so much memory. */
void rights_world_again(uint32_t pool_bytes);

/* Installs rw_image for a tenant; rw.world.report has the report. NULL after a refusal. */
struct atto_container *rights_install(uint32_t tenant, const struct atto_right *rights, uint32_t count);
enum atto_status rights_install_status(uint32_t tenant, const struct atto_right *rights, uint32_t count,
                                       const struct atto_schedule *schedule, struct atto_container **container);
extern struct image_bytes rw_image;

struct atto_run *rights_run(struct atto_container *container);
/* Makes a host call for the container, from outside of a slice. r[0] has the result. */
int32_t rights_call(struct atto_container *container, uint32_t number, uint64_t r[6]);
/* Touches a device; the result of the call. */
int64_t rights_touch(struct atto_container *container, uint64_t handle, uint64_t number);
/* Is row `handle` of the container's table this one? */
bool rights_is(const struct atto_container *container, uint32_t handle, struct atto_right right);
bool rights_same(const struct atto_right *left, const struct atto_right *right);
/* A word of the container's data. */
uint64_t rights_word(struct atto_container *container, uint32_t index);

/* Takes a picture of everything that the engine has; is everything still so? */
void rights_keep(void);
bool rights_kept(void);

/* Takes what is free of the pool but for so much; only where that is one piece. NULL: it is less. */
struct atto_container *rights_fill(uint32_t left_bytes);

#endif
