/* The engine: runs any number of containers in memory that the firmware gives it, each held to its schedule and its
 * quotas. It has no thread of its own. A main loop, or one thread for each band of priorities, calls atto_engine_poll,
 * which runs what is due and tells when it wants to be called next.
 *
 * Functions may be called from any thread, from interrupts (if the port's lock covers them) and from host calls, but for
 * atto_engine_poll, which must not be called from a host call. Each says in which states it is allowed; in any other it
 * returns ATTO_E_STATE and does nothing. What concerns a container in the middle of a slice happens at the slice's end,
 * unless that slice has ended its life. A hook (atto/hook.h) and all that is attached to it belong to one thread.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_ENGINE_H
#define ATTO_ENGINE_H

#include <stdint.h>

#include "atto/audit.h"
#include "atto/container.h"
#include "atto/hook.h"
#include "atto/host.h"
#include "atto/instance.h"
#include "atto/port.h"
#include "atto/schedule.h"
#include "atto/tenant.h"
#include "atto/trace.h"

/* What the firmware decides. Constant, and in use as long as the engine. */
struct atto_engine_config {
    const struct atto_firmware *firmware; /* executors, host calls, endpoints, grants, fuel of an activation */
    const struct atto_port *port;         /* now_us at least; log, lock, unlock and wake may be NULL */
    uint32_t slice_fuel;   /* fuel that a container gets before others of its priority have their turn; not 0 */
    uint32_t poll_slices;  /* slices after which atto_engine_poll returns; 0: when nothing is ready */
    uint32_t stop_max_us;  /* for `stop`, where the schedule has no limit; 0: none */
    uint32_t fuel_per_ms;  /* speed of this device for response times; 0: they are not judged */
    uint32_t switch_fuel;  /* what a slice costs the engine, in fuel; comes off budgets; at most ATTO_FUEL_MAX */
    struct atto_trace_record *trace; /* rings, each of as many as the next member says; 0: there is none */
    uint32_t trace_count;
    struct atto_postmortem *postmortems;
    uint32_t postmortem_count;
    struct atto_tenant *tenants; /* the first is tenant 1 */
    uint32_t tenant_count;
    struct atto_audit_record *denials, *changes; /* rings, as those above */
    uint32_t denial_count, change_count;
    uint8_t *log;          /* ring of log lines; 0 bytes: lines go to port->log at once */
    uint32_t log_ring_bytes; /* at least 266: a longer line than the ring is lost */
};

/* Owned by the firmware, written by the engine alone. */
struct atto_engine {
    struct atto_host host; /* of all its instances */
    const struct atto_engine_config *config;
    uint64_t now_us;
    uint64_t watch_us;                              /* first moment at which one that is ready may be overdue */
    uint8_t *pool;
    uint32_t pool_bytes;
    uint32_t log_written, trace_written;            /* lines of the log and records of the trace: all that there were */
    struct atto_container *timers;                  /* by time */
    struct atto_container *ready[ATTO_PRIORITIES];  /* the last of each priority's ring */
    uint32_t ready_priorities;                      /* bit n: ready[n] is not empty */
    uint32_t longest_run;                           /* of all containers, since there was none */
    uint32_t trace_at, trace_unread;
    uint32_t postmortems_written;
    uint32_t denials_written, changes_written;
    uint32_t removals; /* of containers from their place */
    uint32_t log_first, log_used;
    uint16_t last_id, last_life;
};

/* Makes an engine without containers. pool: memory for all of them, aligned to ATTO_ARENA_ALIGN; in use from now on. */
void atto_engine_init(struct atto_engine *engine, const struct atto_engine_config *config, void *pool,
                      uint32_t pool_bytes);

/* ---- install, update, remove ---- */

/* What is to be installed: an image, or functions of the firmware. It stays in use. */
struct atto_install {
    const uint8_t *bytes; /* aligned to ATTO_IMAGE_ALIGN; NULL: program */
    uint32_t len;
    const struct atto_host_program *program;
    const struct atto_schedule *schedule; /* NULL: that of the manifest, or ATTO_SCHEDULE_INIT */
    uint32_t fuel;                        /* of an activation, at most; 0: as the manifest and the firmware say */
    uint32_t tenant;                      /* whose it is */
    const struct atto_right *rights;      /* that it gets, as far as the ceiling allows; NULL: what the manifest asks for */
    uint32_t right_count;
};

/* Installs: parses, checks, judges the schedule beside those of the others, takes memory from the pool and opens the
 * instance, in this order; a refusal leaves everything as it was. The entry points `start`, `loop` and `stop` are found
 * by their names; a program without `loop` has its first entry point as loop, if that is neither of the others.
 * Afterwards the container is INSTALLED.
 * report: filled in either case; may be NULL.
 * Rights are those that were asked for, cut to what the endpoint has and the tenant's ceiling allows: see
 * atto_engine_set_rights; atto_engine_rights tells what is left.
 * Returns ATTO_OK; what atto_instance_install returns; ATTO_E_NO_MEMORY (constraint MEMORY); ATTO_E_ADMISSION (report
 * says why); ATTO_E_NOT_FOUND (the manifest asks for a right to an endpoint that there is not; refusal.at is its number);
 * ATTO_E_ARGUMENT (the schedule or a right is outside its ranges, there is no such tenant, or neither bytes nor program
 * is given). */
enum atto_status atto_engine_install(struct atto_engine *engine, const struct atto_install *request,
                                     struct atto_container **container, struct atto_report *report);

/* Puts another program in a container's place. Counters and id stay; *container is changed if the new program needs more
 * memory than the old one's block has, which it keeps else. If the old one was STARTING, RUNNING or PAUSED it is
 * ended at once, without its `stop` (stop it first where that matters), and the new one is started; else the new one is
 * INSTALLED. Allowed in all states but STOPPING. A refusal leaves the old program as it was.
 * Returns as atto_engine_install; ATTO_E_STATE; ATTO_E_BUSY (it is in the middle of a slice, or attached to a hook);
 * ATTO_E_DENIED (it is another tenant's). */
enum atto_status atto_engine_update(struct atto_engine *engine, struct atto_container **container,
                                    const struct atto_install *request, struct atto_report *report);

/* Gives the memory back. Allowed in INSTALLED, STOPPED and FAULTED. ATTO_E_BUSY: it is attached to a hook. */
enum atto_status atto_engine_remove(struct atto_engine *engine, struct atto_container *container);

/* ---- life ---- */

/* Begins a life with cleared memory: `start` runs if there is one, then loops and events are activated. Events that
 * were pending are dropped. Allowed in INSTALLED, STOPPED and FAULTED. */
enum atto_status atto_engine_start(struct atto_engine *engine, struct atto_container *container);

/* Freezes it where it stands. While it is paused, releases are skipped and no limit of its time is enforced; events
 * wait. Allowed in STARTING and RUNNING. */
enum atto_status atto_engine_pause(struct atto_engine *engine, struct atto_container *container);

/* Goes on after a pause. The activation that was interrupted has no deadline any more, and its longest duration counts
 * from now. Allowed in PAUSED. */
enum atto_status atto_engine_resume(struct atto_engine *engine, struct atto_container *container);

/* Ends a life: what is under way is dropped and `stop` runs, within stop_max_us and the container's budget. Without an
 * entry point `stop`, or with `force`, it is STOPPED at once. Allowed in STARTING, RUNNING, PAUSED and FAULTED (no
 * restart then), with `force` in STOPPING too, and in STOPPED while a restart is due. */
enum atto_status atto_engine_stop(struct atto_engine *engine, struct atto_container *container, bool force);

/* ---- events ---- */

#define ATTO_EVENT_BYTES 8u

/* Posts an event: a message, a request, a timer. After `delay_us` the container is activated at `entry`, with `len`
 * bytes of `data` (at most ATTO_EVENT_BYTES, copied) as its context. Events are served in the order of their times,
 * before loops. entry: as atto_engine_find_entry has found it. Allowed in STARTING, RUNNING, PAUSED and, while a restart
 * is due, in FAULTED.
 * Returns ATTO_OK, ATTO_E_STATE, ATTO_E_ARGUMENT, or ATTO_E_QUOTA (as many are pending as its schedule allows). */
enum atto_status atto_engine_post(struct atto_engine *engine, struct atto_container *container, uint32_t entry,
                                  uint32_t delay_us, const void *data, uint32_t len);

/* How a mailbox hands its messages over. Called with the port's lock held: takes no lock, and a bounded time. */
struct atto_feed {
    /* Where the first message is; it stays there until `done`. false: there is none. */
    bool (*first)(const struct atto_endpoint *endpoint, struct atto_span *message);
    /* Drops it. Returns how many wait. */
    uint32_t (*done)(const struct atto_endpoint *endpoint);
};

/* Who listens at an endpoint. Memory of the firmware, zero but for feed at first; then the engine writes it. Listening
 * ends with the container's life, and with its right to read of the endpoint. */
struct atto_listener {
    const struct atto_feed *feed; /* NULL: the container is told once, and looks by itself */
    struct atto_container *container;
    const struct atto_endpoint *endpoint;
    uint32_t removals; /* that the engine had seen when the container was there */
    uint16_t id, life, entry;
    uint8_t handle, number; /* of the right, of its endpoint */
    uint8_t told; /* an event is pending or under way. Without a feed whoever looks makes it 0, with the lock held */
};

/* The container listens at the endpoint from now on, by its right `handle`, with an entry point that atto_engine_entry
 * has found. Returns ATTO_OK, ATTO_E_BUSY (another one does), or ATTO_E_DENIED (it has no rights at all). */
enum atto_status atto_engine_listen(struct atto_engine *engine, struct atto_container *container,
                                    const struct atto_endpoint *endpoint, uint32_t handle, uint32_t entry,
                                    struct atto_listener *listener);

/* Who listens; NULL: nobody. */
struct atto_container *atto_engine_listener(struct atto_engine *engine, struct atto_listener *listener);

/* Something has come, and so many wait. With a feed there will be an activation for each message, with the message as its
 * context; without, one activation with two words of 32 bits: handle and number. Does nothing if the container has been
 * told and not looked yet. Returns ATTO_OK, ATTO_E_NOT_FOUND (nobody listens) or ATTO_E_QUOTA (as many events are pending
 * as its schedule allows). */
enum atto_status atto_engine_tell(struct atto_engine *engine, struct atto_listener *listener, uint32_t waiting);

/* Gives the answer that the container's host call waits for. ATTO_E_STATE: it waits for none; ATTO_E_BUSY: the slice
 * that made the call has not ended yet, so try again. */
enum atto_status atto_engine_answer(struct atto_engine *engine, struct atto_container *container, uint64_t result);

/* The same for one that waits for bytes: copies `len` of them to its memory at `address`, and answers with that number.
 * ATTO_FAULT_MEMORY: it may not write there (any more); it gets ATTO_E_ARGUMENT as its answer. Else as
 * atto_engine_answer. */
enum atto_status atto_engine_reply(struct atto_engine *engine, struct atto_container *container, uint32_t address,
                                   const uint8_t *bytes, uint32_t len);

/* Attaches a container to a hook, as atto_hook_attach does with an instance. It takes part while it is RUNNING and
 * between activations, else the firing passes over it (attachment->skipped). Fuel comes off its budget; a fault is a
 * fault of the container. Reads the whole program again for its host calls.
 * Returns as atto_hook_attach, and ATTO_E_BUSY: it has 31 attachments. Detach with atto_hook_detach. */
enum atto_status atto_engine_attach(struct atto_engine *engine, struct atto_container *container,
                                    struct atto_hook *hook, struct atto_attachment *attachment, uint32_t entry,
                                    uint8_t priority, enum atto_hook_policy policy);

/* Runs an entry point of a container that is RUNNING and between activations, and waits for its end: what a firing does
 * with an attached container, also without a hook. Of the attachment, target and entry count (entry as
 * atto_engine_find_entry has found it). All host calls of the program can be made, as its rights allow. Belongs to the
 * thread that polls the container.
 * context: what it sees. fuel: at most; the container's own bound and its budget count too
 * value: its result, if it ended well
 * Returns ATTO_OK; ATTO_FAULT_...: it faulted, with all that follows from that; ATTO_E_BUSY (not running, in the middle
 * of an activation, or its budget is used up); ATTO_E_ENTRY. */
atto_attachment_fn atto_engine_run;

/* ---- schedule ---- */

/* Changes a container's schedule, in any state, from its next activation on; a restart that is due stays due unless the
 * new one has none. Judged like an install: ATTO_E_ARGUMENT, ATTO_E_ADMISSION, ATTO_E_NO_MEMORY, and then nothing has
 * changed. report: may be NULL; only constraint, culprit,
 * missing, utilisation_permille and response_us are set. */
enum atto_status atto_engine_set_schedule(struct atto_engine *engine, struct atto_container *container,
                                          const struct atto_schedule *schedule, struct atto_report *report);

/* The schedule as it was last set. */
void atto_engine_schedule(struct atto_engine *engine, const struct atto_container *container,
                          struct atto_schedule *schedule);

/* ---- rights ---- */

/* Sets the rights with the handles from `first` on, in any state, from the container's next host call on; windows show
 * what their rights allow from then on too, or are closed, at the latest at the end of the slice that is under way. first
 * may be as many as there are: the table grows. A right that allows no operation is one that was taken away; its handle
 * stays. actor: who makes the change, for the audit trail.
 *
 * Each right is cut to what the endpoint has and to the tenant's ceiling: of the rows of the ceiling for that endpoint, the
 * first that has operations and arguments in common with it. Of two rates, the smaller numbers count in the longer
 * period; so the result keeps to both. Of totals, the smaller counts.
 *
 * All are checked before any is set: after an error nothing has changed. A table that grows may take the tenant over
 * its ceiling of memory; that is looked at by the next install and the next change of a schedule.
 * Returns ATTO_OK; ATTO_E_ARGUMENT (an endpoint that there is not, first above last, an unknown period, a period without
 * a number of calls or bytes or the other way round, a handle over the table's end or ATTO_RIGHTS_MAX);
 * ATTO_E_NO_MEMORY (the table had to be moved for a longer one). */
enum atto_status atto_engine_set_rights(struct atto_engine *engine, struct atto_container *container, uint32_t first,
                                        const struct atto_right *rights, uint32_t count, uint8_t actor);

/* Copies the rights that are in force, at most `capacity` of them. Returns how many there are. */
uint32_t atto_engine_rights(struct atto_engine *engine, const struct atto_container *container,
                            struct atto_right *rights, uint32_t capacity);

/* Sets a tenant's ceiling, and cuts the rights of all its containers to it at once. A ceiling that is raised gives nothing
 * back by itself: set the rights again. rights: stays in use.
 * Returns ATTO_OK or ATTO_E_ARGUMENT (as atto_engine_set_rights, or there is no such tenant). */
enum atto_status atto_engine_set_ceiling(struct atto_engine *engine, uint32_t tenant, const struct atto_right *rights,
                                         uint32_t count, uint8_t actor);

/* The right with this number that a manifest asks for, with its endpoint looked up by name, before any ceiling.
 * Returns ATTO_OK, ATTO_E_NOT_FOUND (no such right, or no such endpoint), ATTO_E_ARGUMENT (outside its ranges). */
enum atto_status atto_engine_wish(const struct atto_engine *engine, const struct atto_manifest *manifest,
                                  uint32_t number, struct atto_right *right);

/* The endpoint that the container's right `handle` is for, if that allows any operation; else NULL. */
const struct atto_endpoint *atto_engine_endpoint(struct atto_engine *engine, const struct atto_container *container,
                                                 uint32_t handle);

/* Counts something that the firmware does by a right of a container's, as its gate counts host calls: the first one of this
 * kind and operation.
 * needs: ATTO_NEEDS_RIGHT(kind, type, operation)
 * Returns ATTO_OK, ATTO_E_DENIED (there is no such right) or ATTO_E_QUOTA (its rate or total is used up). */
enum atto_status atto_engine_use(struct atto_engine *engine, struct atto_container *container, uint32_t needs);

/* Opens a window of the container's onto the memory of its right `handle`, which must be to an endpoint of
 * ATTO_KIND_MEMORY, or closes it. Opening one that is open gives its number again. Returns the window's number (0 to
 * 2), or ATTO_E_DENIED, ATTO_E_QUOTA (no window is left), ATTO_E_NOT_FOUND (none is open). */
int32_t atto_engine_map(struct atto_engine *engine, struct atto_container *container, uint32_t handle);
int32_t atto_engine_unmap(struct atto_engine *engine, struct atto_container *container, uint32_t handle);

/* Record number `age` of the refusals, or of the changes: 0 is the last one. false: there is none so old. */
bool atto_engine_denial(struct atto_engine *engine, uint32_t age, struct atto_audit_record *record);
bool atto_engine_change(struct atto_engine *engine, uint32_t age, struct atto_audit_record *record);

/* Notes for the audit trail that an envelope or a command was refused. tenant: that it names; actor: whose signature it
 * has. Any number that ends in 255 if there is none. */
void atto_engine_refused(struct atto_engine *engine, uint32_t tenant, uint32_t actor, enum atto_status status);

#define ATTO_NEVER UINT64_MAX

/* Runs what is due. Returns when it wants to be called next, in the port's microseconds: a time that has passed if more
 * is ready now, ATTO_NEVER if nothing but another call of the engine can make something due. */
uint64_t atto_engine_poll(struct atto_engine *engine);

/* The same for containers of the priorities from `first` to `last` alone. Bands of different threads must not overlap. */
uint64_t atto_engine_poll_band(struct atto_engine *engine, uint32_t first, uint32_t last);

/* ---- looking ---- */

/* All containers, in no particular order: NULL gives the first, NULL comes after the last. */
struct atto_container *atto_engine_next(struct atto_engine *engine, const struct atto_container *previous);

/* The container with this id; NULL: there is none any more. */
struct atto_container *atto_engine_find(struct atto_engine *engine, uint16_t id);
uint16_t atto_container_id(const struct atto_container *container);
/* Called with the lock of the port held. */
uint32_t atto_container_tenant(const struct atto_container *container);

/* Of an activation, at most. */
uint32_t atto_container_fuel(const struct atto_container *container);

void atto_engine_info(struct atto_engine *engine, const struct atto_container *container,
                      struct atto_container_info *info);

/* Its name, empty if it has none; lies in the image or the program. Reads the manifest: ask once and keep it. */
struct atto_span atto_engine_name(const struct atto_container *container);

/* The entry point of this name, for atto_engine_post and atto_engine_attach. Reads the manifest: ask once and keep it.
 * Returns ATTO_OK or ATTO_E_NOT_FOUND. */
enum atto_status atto_engine_find_entry(const struct atto_container *container, const char *name, uint32_t *entry);

/* The entry point with this place in the manifest, or in the host program's list. Reads the manifest. */
enum atto_status atto_engine_entry(const struct atto_container *container, uint32_t index, uint32_t *entry);

/* The container whose instance this is, for host calls; NULL if it is none of an engine's. */
struct atto_container *atto_container_of(const struct atto_run *run);
/* Its engine; only if atto_container_of is not NULL. */
struct atto_engine *atto_engine_of(const struct atto_run *run);

/* Takes the oldest record that was not taken. false: there is none. Records that were overwritten are lost; *lost, if
 * it is not NULL, takes their number. */
bool atto_engine_trace_read(struct atto_engine *engine, struct atto_trace_record *record, uint32_t *lost);

/* Post-mortem number `age`: 0 is the last one. false: there is none so old. */
bool atto_engine_postmortem(struct atto_engine *engine, uint32_t age, struct atto_postmortem *postmortem);

/* Takes the oldest line of the log into text (not terminated; cut at `capacity`). Returns its length, or -1 if there is
 * none; *id takes the container's. */
int32_t atto_engine_log_read(struct atto_engine *engine, uint16_t *id, char *text, uint32_t capacity);

/* ---- for host calls ---- */

/* Writes a line of the container's into the log, within its quota. ATTO_OK, or ATTO_E_QUOTA: the line is dropped and
 * counted. len: at most 255, the rest is cut off. */
enum atto_status atto_engine_log(struct atto_engine *engine, struct atto_container *container, const char *text,
                                 uint32_t len);

/* The container says that it is alive. */
void atto_engine_heartbeat(struct atto_engine *engine, struct atto_container *container);

#endif
