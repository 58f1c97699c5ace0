/* A model of rights, ceilings, meters, windows and refusals: plain, slow, and written from the headers' words alone. It
 * knows an end of a range as a number and operations as answers to questions, and shares no line with the engine.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RIGHTS_MODEL_H
#define TESTS_RIGHTS_MODEL_H

#include "rights_world.h"

#define MODEL_ROWS ATTO_RIGHTS_MAX
#define MODEL_OPERATIONS 4u
#define MODEL_WINDOWS 3u
#define MODEL_NO_END UINT64_MAX

struct model_right {
    uint32_t endpoint;
    bool may[MODEL_OPERATIONS]; /* read, write, map, control */
    uint64_t first, last;
    uint32_t period;              /* its code */
    uint32_t calls, bytes, total; /* 0: no limit */
    /* what is used up */
    uint64_t period_began; /* in units of 64 us */
    uint32_t period_calls, period_bytes, calls_in_all;
};

struct model_window {
    bool open;
    uint32_t handle;
    const uint8_t *ptr; /* what is seen */
    uint32_t len;
    bool writes;
};

struct rights_model {
    struct atto_container *container; /* NULL: there is none */
    uint32_t id, tenant, count;
    uint32_t room;  /* rows that the table can have where it lies */
    bool meters;    /* and whether it has meters there */
    bool in_slice;  /* changes of windows wait for a call, or for its end */
    uint32_t denials;
    struct model_right right[MODEL_ROWS];
    struct model_window window[MODEL_WINDOWS];
};

struct model_ceiling {
    uint32_t count;
    struct model_right row[MODEL_ROWS];
};
extern struct model_ceiling model_ceilings[TENANTS + 1u];

/* The last refusals, the newest first. */
struct model_denial {
    uint32_t id, code, handle, count;
    int32_t status;
};
extern struct model_denial model_denials[DENIALS];

void rights_model_begin(void);

/* Is it a right that may be asked for? */
bool model_legal(const struct atto_right *right);
/* As a request, without what is used up. */
struct model_right model_of_row(const struct atto_right *right);
/* Cuts it to endpoint and ceiling. */
void model_cut(struct model_right *right, uint32_t tenant);
bool model_counts(const struct model_right *right);

/* Puts a right in a place of the table, or behind its end. */
void model_put(struct rights_model *m, uint32_t handle, const struct atto_right *right);
/* Cuts everything anew. */
void model_lower(struct rights_model *m);
/* Windows as they are once the engine has looked at them again. */
void model_look(struct rights_model *m);
void model_close(struct rights_model *m);
int32_t model_map(struct rights_model *m, uint32_t handle);
int32_t model_unmap(struct rights_model *m, uint32_t handle);

/* What a call gives: r[0], or ATTO_E_ARGUMENT as *end if it ends the activation. Counts and records. */
int64_t model_call(struct rights_model *m, uint32_t number, const uint64_t r[6], uint64_t now_us, bool *end);

/* Is the container as its model says, and are the refusals? */
void model_compare(struct rights_model *m);

#endif
