/* The executor contract: how the engine runs a program without knowing what kind of program it is. An executor checks
 * an image once, opens an instance of it in memory that the caller gives, and runs the instance in slices of fuel. It
 * keeps nothing anywhere else: no globals, no heap, nothing on the C stack between two slices, so one C stack serves
 * any number of instances.
 *
 *     check(image) -> receipt     once, at install
 *     open(arena)  -> run         once per instance; the arena holds all of its state
 *     start(entry, context)       once per activation
 *     resume(fuel) -> DONE | YIELD | WAIT | FAULT      until DONE or FAULT
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_EXEC_H
#define ATTO_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "atto/call.h"
#include "atto/config.h"
#include "atto/gate.h"
#include "atto/image.h"
#include "atto/port.h"
#include "atto/span.h"
#include "atto/status.h"

#define ATTO_ARENA_ALIGN 8u

/* How a slice ended. */
enum atto_outcome {
    ATTO_DONE,  /* the activation is over; atto_run_result() has its value */
    ATTO_YIELD, /* fuel used up; resume continues */
    ATTO_WAIT,  /* a host call is pending; atto_run_answer(), then resume continues */
    ATTO_FAULT  /* the activation is over; run->fault, run->pc and run->fault_address say why and where */
};

/* What the owner allows at most, given to check. */
struct atto_limits {
    const struct atto_call_table *calls; /* the calls of this firmware; NULL: none */
    struct atto_callset granted;         /* those of them that the program may use */
    uint32_t stack_bytes;                /* largest stack; 0: no limit */
};

/* What check found out about a program. */
struct atto_receipt {
    uint32_t arena_bytes;      /* what open needs, all included */
    uint32_t instance_bytes;   /* of it: registers, regions, frames, accounting */
    uint32_t stack_bytes;      /* of it: the program's stack */
    uint32_t memory_bytes;     /* of it: data and bss */
    uint32_t instruction_count;
    uint32_t longest_run;      /* most fuel spent between two fuel checks, host call prices included */
    uint32_t call_depth;       /* functions active at a time, at most */
    struct atto_callset calls; /* host calls that the program can make */
};

struct atto_engine;

/* The firmware's side of an instance: constant, shared by any number of them. */
struct atto_host {
    const struct atto_call_table *calls; /* must be the table that check saw */
    void *user;                          /* for the firmware's calls; Atto does not look at it */
    const struct atto_endpoint *endpoints;
    uint32_t endpoint_count;             /* at most 255 */
    const struct atto_port *port;        /* for rights with a rate: now_us; NULL: such rights allow nothing */
    const struct atto_rights *rights;    /* of all instances that no engine runs; NULL: none */
    struct atto_engine *engine;          /* that runs the instances; it fills this in. NULL: none does */
    /* What each host call passes; NULL: atto_gate_pass. An engine puts its own here. */
    int32_t (*gate)(struct atto_run *run, const struct atto_call *call, uint32_t number, uint64_t *r);
};

/* What every instance has in front, whatever its executor. Read it at any time; write nothing. */
struct atto_run {
    const struct atto_executor *executor;
    const struct atto_host *host;
    uint64_t result;        /* of the last activation that was DONE */
    int32_t fuel;           /* balance: what resume was given and was not spent; negative after an overrun */
    uint32_t pc;            /* instruction where it stands, or where it faulted */
    uint32_t fault_address; /* guest address that could not be accessed, after ATTO_FAULT_MEMORY */
    int8_t fault;           /* enum atto_status, ATTO_OK while there was no fault */
    uint8_t outcome;        /* enum atto_outcome of the last slice; ATTO_DONE before the first start */
    uint16_t depth;         /* local calls that are active */
};

/* An activation's argument, or a window: memory of the firmware that the guest sees, as long as the activation lasts or
 * until the window is closed. */
struct atto_context {
    void *ptr;
    uint32_t len;            /* bytes; a guest can reach no more than the first 256 MB */
    enum atto_access access; /* what the guest may do with it */
};

/* The memory of an instance that its program writes. */
enum atto_memory { ATTO_MEMORY_STACK = 0, ATTO_MEMORY_DATA = 1 };

/* One kind of executor: a table of functions in flash. Use the atto_run_... functions below to call them. */
struct atto_executor {
    uint8_t number;         /* ATTO_EXECUTOR_... */
    uint8_t register_count; /* 64-bit registers that reports show; 0: there are none */
    uint16_t registers_at;  /* where in the instance they are, in bytes */
    const char *name;

    /* Judges an image; touches nothing but *receipt and *refusal (where it is refused, in instruction slots of the
     * text; may be NULL). Accepts only what can be run safely. */
    enum atto_status (*check)(const struct atto_image *image, const struct atto_limits *limits,
                              struct atto_receipt *receipt, struct atto_refusal *refusal);

    /* Makes an instance of a checked image in arena, which is aligned to ATTO_ARENA_ALIGN and has receipt->arena_bytes
     * bytes that are 0. The initial values of data are copied behind it. The image itself is not kept. */
    void (*open)(const struct atto_image *image, const struct atto_receipt *receipt, const struct atto_host *host,
                 void *arena);

    /* Is this an entry point of a checked image (a slot of the text for `bpf`, an index for `host`)? */
    bool (*is_entry)(const struct atto_image *image, uint32_t entry);

    /* Ends with atto_run_begin, or changes nothing. */
    enum atto_status (*start)(struct atto_run *run, uint32_t entry, const struct atto_context *context);
    enum atto_outcome (*resume)(struct atto_run *run);
    void (*answer)(struct atto_run *run, uint64_t result);
    enum atto_status (*window)(struct atto_run *run, uint32_t number, const struct atto_context *memory);
    uint8_t *(*span)(const struct atto_run *run, uint32_t address, uint32_t len, enum atto_access access);

    /* Fills in where that memory is and how long; nothing else of *found. */
    void (*memory)(const struct atto_run *run, enum atto_memory which, struct atto_context *found);
};

/* The executors of this library. A firmware lists those that it wants; the others are not linked. */
extern const struct atto_executor atto_executor_bpf;
extern const struct atto_executor atto_executor_host;

/* Opens an instance of a checked image. arena: receipt->arena_bytes or more, aligned to ATTO_ARENA_ALIGN, owned by the
 * instance until the caller stops using it; there is nothing to close. image, host and the image's bytes stay in use.
 * Returns ATTO_OK and *run (the start of the arena), ATTO_E_ALIGNMENT or ATTO_E_NO_MEMORY. */
enum atto_status atto_run_open(const struct atto_executor *executor, const struct atto_image *image,
                               const struct atto_receipt *receipt, const struct atto_host *host, void *arena,
                               uint32_t arena_bytes, struct atto_run **run);

/* Is this an entry point of an image that the executor has checked? */
bool atto_run_is_entry(const struct atto_executor *executor, const struct atto_image *image, uint32_t entry);

/* Begins an activation at an entry point (a slot of the text for `bpf`, an index of the functions for `host`). The fuel
 * balance becomes 0. What is left of an activation that had not ended is dropped. Data keeps its values from activation
 * to activation. context: NULL for none (the guest gets 0 for address and length); its memory must stay valid until the
 * activation ends.
 * An entry that comes from outside must have been judged by atto_run_is_entry: what is asked here is only what safety
 * needs, and a slot in the middle of a function would be taken.
 * Returns ATTO_OK or ATTO_E_ENTRY (the instance is unchanged). */
static inline enum atto_status atto_run_start(struct atto_run *run, uint32_t entry,
                                              const struct atto_context *context)
{
    return run->executor->start(run, entry, context);
}

/* For executors: what every activation begins with. */
static inline void atto_run_begin(struct atto_run *run, uint32_t pc)
{
    run->pc = pc;
    run->fuel = 0;
    run->fault = ATTO_OK;
    run->outcome = ATTO_YIELD;
    run->depth = 0;
}

/* Adds `fuel` (at most ATTO_FUEL_MAX; the balance must stay below twice that) to the balance and runs until the
 * activation ends, waits, or the balance is used up. In all slices together an activation spends at most what it was
 * given and receipt->longest_run. A run that is not in ATTO_YIELD or freshly started stays as it is and gives its last
 * outcome. */
static inline enum atto_outcome atto_run_resume(struct atto_run *run, uint32_t fuel)
{
    if (run->outcome != ATTO_YIELD)
        return (enum atto_outcome)run->outcome;
    /* Unsigned, so that even a sum that the rule above forbids is defined: it counts as used up. */
    run->fuel = (int32_t)((uint32_t)run->fuel + fuel);
    if (run->fuel <= 0)
        return ATTO_YIELD;
    return run->executor->resume(run);
}

/* Gives the result of the host call that the run waits for; allowed in ATTO_WAIT alone, else ATTO_E_STATE. */
enum atto_status atto_run_answer(struct atto_run *run, uint64_t result);

/* The value of an activation that is DONE. */
static inline uint64_t atto_run_result(const struct atto_run *run)
{
    return run->result;
}

/* Grants the guest a window (0 up to the executor's limit), or takes it away (memory NULL). Takes effect at its next
 * access. Returns ATTO_OK, or ATTO_E_ARGUMENT if there is no window of that number. */
enum atto_status atto_run_window(struct atto_run *run, uint32_t number, const struct atto_context *memory);

/* Clears the instance's memory and gives its data their initial values, those of the image it was opened with
 * (atto_image_data); windows are closed, and what is left of an activation is dropped. */
void atto_run_reset(struct atto_run *run, struct atto_span data);

/* A register as the last slice left it, for reports: r0 to r10 of `bpf`. false: the executor has none of that number. */
bool atto_run_register(const struct atto_run *run, uint32_t number, uint64_t *value);

/* The most bytes of its stack that a guest has used since it was opened or reset, found by looking for the first byte
 * that is not 0; takes a step a byte. 0 where the executor cannot tell. */
uint32_t atto_run_stack_used(const struct atto_run *run);

#define ATTO_SPAN_MAX 0x0fffffffu

/* The memory behind a guest address, of which the lower 32 bits count, for host calls: NULL unless all `len` bytes, at
 * most ATTO_SPAN_MAX, lie in one region that allows the access. The pointer is good until the host call returns. */
/*@ axiomatic Spans {
      // An executor has said that this is the memory of a guest at that address.
      predicate granted(struct atto_run *run, integer address, integer len, integer access, uint8_t *ptr);
    } */
/* Not proved but assumed, for it calls through the executor's table; src/bpf/bpf.c proves it of that executor's own. */
/*@ requires \valid_read(run) && (access == ATTO_READ || access == ATTO_WRITE);
    terminates \true; exits \false; assigns \nothing;
    ensures \result != \null ==> granted(run, address, len, access, \result) && len <= ATTO_SPAN_MAX;
    ensures \result != \null && len > 0 ==> \valid_read(\result + (0 .. len - 1)) &&
        (access == ATTO_WRITE ==> \valid(\result + (0 .. len - 1))); */
static inline uint8_t *atto_run_span(const struct atto_run *run, uint64_t address, uint32_t len,
                                     enum atto_access access)
{
    return run->executor->span(run, (uint32_t)address, len, access);
}

#endif
