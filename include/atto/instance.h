/* An instance: an image that passed its check, ready to run in an arena of the caller, and what is counted about it.
 * The firmware calls it; containers with a schedule are the business of atto/engine.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_INSTANCE_H
#define ATTO_INSTANCE_H

#include <stdint.h>

#include "atto/exec.h"
#include "atto/image.h"
#include "atto/manifest.h"

/* What a firmware offers to containers. Constant. */
struct atto_firmware {
    const struct atto_executor *const *executors; /* ends with NULL */
    struct atto_host host;
    struct atto_callset granted; /* host calls that containers may have */
    uint32_t stack_bytes;        /* largest stack of an instance; 0: no limit */
    uint32_t fuel;               /* for one activation, at most (a manifest may ask for less); not over ATTO_FUEL_MAX */
};

/* Owned by the firmware. Read it at any time; write nothing. */
struct atto_instance {
    struct atto_image image;
    struct atto_manifest manifest; /* empty for formats that have none */
    struct atto_receipt receipt;
    const struct atto_executor *executor;
    struct atto_run *run;  /* NULL while nothing is installed */
    uint32_t fuel;         /* for one activation */
    uint32_t activations;  /* begun */
    uint32_t faults;
    uint64_t fuel_used;    /* by all activations */
    uint32_t last_fuel;    /* by the last one that ended */
    uint8_t busy;          /* an activation is under way */
};

/* Installs an image: parses it, checks it against what the firmware grants and what the manifest asks for (a host call
 * that the program makes must be in both), and opens an instance in the arena. Nothing runs yet.
 * bytes: the image, which stays in use. arena: aligned to ATTO_ARENA_ALIGN; stays in use. refusal: where, in bytes of
 * the image for ATTO_E_FORMAT to ATTO_E_COMPRESSED, in slots of the text otherwise; may be NULL.
 * instance: any memory; what it held before is forgotten, so an instance that is installed must be removed first
 * (atto_instance_remove tells if it is in the middle of an activation).
 * Returns ATTO_OK, what atto_image_parse, atto_manifest_parse, check and open return, ATTO_E_EXECUTOR or
 * ATTO_E_ENTRY; after a refusal the instance is empty, and only instance->receipt may be looked at (arena_bytes
 * tells what ATTO_E_NO_MEMORY lacked). */
enum atto_status atto_instance_install(struct atto_instance *instance, const struct atto_firmware *firmware,
                                        const uint8_t *bytes, uint32_t len, void *arena, uint32_t arena_bytes,
                                        struct atto_refusal *refusal);

/* Makes an instance of an image that is already parsed, such as a host function (atto/host.h); else the same, but that
 * refusal counts from the start of the manifest for ATTO_E_MANIFEST. */
enum atto_status atto_instance_install_image(struct atto_instance *instance, const struct atto_firmware *firmware,
                                              const struct atto_image *image, void *arena, uint32_t arena_bytes,
                                              struct atto_refusal *refusal);

/* What installing does before it opens the instance: for those who open it themselves. The instance is filled, but for
 * `run`. Returns as atto_instance_install does. */
enum atto_status atto_instance_check(struct atto_instance *instance, const struct atto_firmware *firmware,
                                     const uint8_t *bytes, uint32_t len, struct atto_refusal *refusal);
enum atto_status atto_instance_check_image(struct atto_instance *instance, const struct atto_firmware *firmware,
                                           const struct atto_image *image, struct atto_refusal *refusal);

/* Can an activation begin at this entry point (slot or index, as atto_run_start takes it)?
 * Returns ATTO_OK, ATTO_E_ENTRY, ATTO_E_STATE (nothing installed) or ATTO_E_BUSY. */
enum atto_status atto_instance_check_entry(struct atto_instance *instance, uint32_t entry);

/* Runs one activation to its end, now.
 * entry: slot or index, as atto_run_start takes it. context: NULL for none. fuel: 0 for the instance's own amount;
 * anything else is the firmware's own decision.
 * value: takes the result if the activation ends well; may be NULL.
 * Returns ATTO_OK, ATTO_E_STATE (nothing installed), ATTO_E_BUSY, ATTO_E_ENTRY, or the fault: ATTO_FAULT_...;
 * instance->run says where. */
enum atto_status atto_instance_call(struct atto_instance *instance, uint32_t entry,
                                     const struct atto_context *context, uint32_t fuel, uint64_t *value);

/* Removes what is installed: the arena and the image are the caller's again. ATTO_E_BUSY during an activation. */
enum atto_status atto_instance_remove(struct atto_instance *instance);

#endif
