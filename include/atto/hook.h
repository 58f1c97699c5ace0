/* Hooks: places in the firmware where containers may add code. The firmware declares a hook, fires it with one call,
 * and gets a value; which containers are attached, and in which order, changes while it runs. A hook without
 * attachments costs a load and a branch.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_HOOK_H
#define ATTO_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/instance.h"
#include "atto/manifest.h"

/* What a hook is: constant data in flash, and a contract with the authors of containers. */
struct atto_hook_type {
    uint8_t uuid[ATTO_UUID_BYTES];
    const char *name;
    const char *value_meaning;  /* what the value that a container returns means; a sentence for people */
    uint32_t context_bytes;     /* size of the context structure; 0: no context */
    enum atto_access access;    /* what containers may do with the context */
    uint32_t fuel;              /* for one attached container at one firing, at most; a container may have less */
    struct atto_callset calls;  /* host calls that an attached container may make at most */
};

/* What happens after an attached container returned a value (read as a signed number). */
enum atto_hook_policy {
    ATTO_HOOK_CONTINUE = 0,         /* the next one runs */
    ATTO_HOOK_STOP_ON_NEGATIVE = 1, /* the next one runs unless the value is below 0 */
    ATTO_HOOK_STOP_ON_POSITIVE = 2, /* the next one runs unless the value is above 0 */
    ATTO_HOOK_SINGLE = 3            /* no other one runs */
};

#define ATTO_HOOK_PRIORITY_MAX 15u

struct atto_attachment;

/* Runs an attached container with that fuel at most. Returns as atto_instance_call. */
typedef enum atto_status atto_attachment_fn(struct atto_attachment *attachment, const struct atto_context *context,
                                            uint32_t fuel, uint64_t *value);

/* One container at one hook. Owned by the caller, who must zero it before its first use and keep it until it is
 * detached. Read the counters at any time; the rest belongs to the hook. */
struct atto_attachment {
    struct atto_attachment *next;
    struct atto_hook *hook; /* where it is attached; NULL: nowhere */
    atto_attachment_fn *run;
    void *target;           /* what `run` runs: a struct atto_instance or struct atto_container */
    uint32_t entry;    /* slot or index, as atto_run_start takes it */
    uint32_t runs;     /* firings in which it was run to the end */
    uint32_t faults;   /* firings that it ended with a fault */
    uint32_t skipped;  /* firings that found its container busy */
    uint8_t priority;  /* 0 runs first, 15 last */
    uint8_t policy;    /* enum atto_hook_policy */
    uint8_t detached;  /* taken off while the hook was firing */
    void (*left)(struct atto_attachment *attachment); /* told when it is off the hook; NULL: nobody is */
};

struct atto_hook {
    const struct atto_hook_type *type;
    struct atto_attachment *first;
    uint8_t firing; /* nesting of firings that are under way */
};

#define ATTO_HOOK_INIT(hook_type) { .type = (hook_type) }

/* Attaches an instance (a container of the engine's: atto_engine_attach) behind all attachments of the same or a smaller
 * priority number. `attachment` is filled in by this call. Allowed at any time, also from a host call while the hook
 * fires: it takes part from the next firing on, or in this one if its place is still to come.
 * entry: of the container's program. priority: 0 to 15.
 * Returns ATTO_OK; ATTO_E_ARGUMENT (priority or policy out of range); ATTO_E_ENTRY (no such entry point);
 * ATTO_E_DENIED (the program can make host calls that the hook does not allow); ATTO_E_BUSY (the container is in the
 * middle of an activation); ATTO_E_STATE (the attachment is attached already, or the container is empty). */
enum atto_status atto_hook_attach(struct atto_hook *hook, struct atto_attachment *attachment,
                                  struct atto_instance *instance, uint32_t entry, uint8_t priority,
                                  enum atto_hook_policy policy);

/* Attaches what the caller has judged: that it is not attached yet, and its entry. The caller has filled in run, target,
 * left, entry, priority and policy; all else is 0. calls: host calls that it can make.
 * Returns ATTO_OK, ATTO_E_ARGUMENT or ATTO_E_DENIED. */
enum atto_status atto_hook_insert(struct atto_hook *hook, struct atto_attachment *attachment,
                                  const struct atto_callset *calls);

/* Detaches. Allowed at any time, also from a host call while the hook fires (it is not run again; the attachment may be
 * reused when the firing is over). Returns ATTO_OK, or ATTO_E_NOT_FOUND if it is not attached to this hook. */
enum atto_status atto_hook_detach(struct atto_hook *hook, struct atto_attachment *attachment);

/* Runs the attached containers, see atto_hook_fire. */
int64_t atto_hook_run(struct atto_hook *hook, void *context, int64_t value);

/* Fires a hook. Each attached container runs in the order of the priorities, with fuel of its own, and sees `context`
 * (of type->context_bytes bytes). The value of the last one that ended well is returned; `value` if there was none. A
 * container that faults, uses up its fuel or would wait counts as a fault: its value is lost, its policy is not
 * applied and the next one runs. A container that is busy (it is what made the firmware fire this hook) is skipped. */
static inline int64_t atto_hook_fire(struct atto_hook *hook, void *context, int64_t value)
{
    return hook->first ? atto_hook_run(hook, context, value) : value;
}

#endif
