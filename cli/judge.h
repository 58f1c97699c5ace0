/* The verdict of a device on an image, with all of its reasons: what install says, and, where the text is at fault,
 * every slot that is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_JUDGE_H
#define ATTO_CLI_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "atto/instance.h"
#include "listing.h"
#include "local.h"

struct atto_judgement {
    enum atto_status status; /* of the install */
    uint32_t at;             /* bytes of the image or slots of the text */
    bool at_slot;            /* which of the two */
    struct atto_image image;
    struct atto_manifest manifest;
    struct atto_receipt receipt; /* if status is ATTO_OK */
    struct atto_listing listing; /* if the image could be parsed, which has_listing says */
    bool has_listing;
    struct atto_refusal *refusals; /* every bad slot, if at_slot */
    size_t refusal_count;
};

/* Judges an image on the device `local`; NULL: one where every host call exists. The image must stay in use. */
void atto_judge(const uint8_t *bytes, uint32_t len, const struct atto_local *local, struct atto_judgement *judgement);

/* Reports each reason of a refusal with slot, source line and sentence. */
void atto_judgement_report(const struct atto_judgement *judgement, const char *path);

void atto_judgement_free(struct atto_judgement *judgement);

#endif
