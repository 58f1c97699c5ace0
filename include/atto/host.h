/* Executor `host`: C functions of the firmware as a container. They are trusted code and run natively, under the same
 * contract as any other container: started, resumed with fuel, faulted, counted.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_HOST_H
#define ATTO_HOST_H

#include "atto/exec.h"

/* What a host function sees of its activation. */
struct atto_host_frame {
    struct atto_run *run;
    uint8_t *state;              /* the program's state_bytes, kept between activations */
    struct atto_context context; /* of this activation */
    uint32_t step;               /* 0 when an activation begins; the function's own after that */
    uint64_t result;             /* set it before returning ATTO_DONE; holds the answer after ATTO_WAIT */
};

/* Runs until it is done, wants to be resumed (ATTO_YIELD), waits (ATTO_WAIT) or gives up (ATTO_FAULT). It charges
 * itself by subtracting from frame->run->fuel, and should yield when that is 0 or less. It calls the firmware directly;
 * the host calls of guests are not made for it. */
typedef enum atto_outcome atto_host_fn(struct atto_host_frame *frame);

struct atto_host_program {
    atto_host_fn *const *entries;
    uint32_t entry_count;      /* not 0: ATTO_E_ENTRY */
    uint32_t state_bytes;      /* below 256 MB, or ATTO_E_NO_MEMORY */
    uint32_t longest_run; /* most fuel that one resume spends past its balance */
    struct atto_callset calls; /* host calls whose rights it needs, as a guest would; checked at install */
    const char *name;                  /* of the container; NULL: none */
    const char *const *entry_names;    /* entry_count of them; NULL: entry 0 is `loop` and there is no other name */
};

/* Describes a host program as an image. `program` must stay in use as long as the image. */
void atto_image_host(const struct atto_host_program *program, struct atto_image *image);

#endif
