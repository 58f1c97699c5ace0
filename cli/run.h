/* One run of an image, wherever it takes place: what is asked for and what became of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_RUN_H
#define ATTO_CLI_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "atto/instance.h"
#include "buffer.h"
#include "listing.h"
#include "local.h"

struct atto_run_request {
    const char *path; /* of the image, for messages */
    const struct atto_buffer *image;
    struct atto_image parsed;
    struct atto_manifest manifest;
    const struct atto_listing *listing;
    uint32_t entry_slot;
    const struct atto_buffer *context; /* NULL: none */
    uint32_t fuel;                     /* for an activation; 0: what the manifest says, or the default */
    uint32_t times;                    /* activations, one after the other */
    struct atto_answers answers;
    bool trace; /* print each block of instructions on stderr as it runs */
};

struct atto_run_report {
    enum atto_status status;
    bool installed;
    uint32_t at;          /* where it was refused: bytes of the image or slots of the text */
    uint64_t result;      /* if status is ATTO_OK */
    uint32_t pc;          /* after a fault: slot */
    uint32_t fault_address;
    uint32_t fuel;        /* spent by the last activation */
    int64_t instructions; /* of the guest, in the last activation; -1: not known */
    int64_t machine_instructions; /* of the board, for the last activation; -1: not known */
    struct atto_receipt receipt;
    bool has_registers;
    uint64_t registers[11]; /* after a fault */
    json_t *log;            /* lines of text, in order; owned */
    struct atto_buffer context;
};

/* Fuel of an activation for which nobody named an amount. */
#define ATTO_RUN_FUEL 100000000u

/* Runs in this process. */
void atto_run_local(const struct atto_run_request *request, struct atto_run_report *report);

/* The status with this name; ATTO_E_STATE if there is none. */
enum atto_status atto_run_status(const char *name);

/* Runs on an emulated board, with the firmware `runner`. Returns false, reported, if that could not be done at all. */
bool atto_run_board(const char *board, const struct atto_run_request *request, struct atto_run_report *report);

/* Says how a run ended, and if the image was refused, all that a check can say of it. show: the context as well. */
void atto_run_print(const struct atto_run_request *request, const struct atto_run_report *report, bool show);
void atto_run_print_json(const struct atto_run_request *request, const struct atto_run_report *report, bool show);

#endif
