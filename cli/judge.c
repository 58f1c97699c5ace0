/* Judging images, see judge.h. The verdict is the library's own install; only the list of further refusals is made
 * here, with the check of single slots.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <stdlib.h>

#include "atto/bpf.h"
#include "report.h"

/* Installs twice: once without memory, which ends when everything but the entry points has been checked and says how
 * much memory it takes, and once with it. */
static void install(const uint8_t *bytes, uint32_t len, const struct atto_local *local,
                    struct atto_judgement *judgement)
{
    struct atto_instance container;
    struct atto_refusal refusal = {ATTO_OK, 0};
    void *arena;

    judgement->status = atto_instance_install(&container, &local->firmware, bytes, len, NULL, 0, &refusal);
    if (judgement->status == ATTO_E_NO_MEMORY) {
        arena = atto_alloc(container.receipt.arena_bytes, 1);
        judgement->status = atto_instance_install(&container, &local->firmware, bytes, len, arena,
                                                   container.receipt.arena_bytes, &refusal);
        free(arena);
    }
    judgement->at = refusal.at;
    judgement->at_slot = judgement->status <= ATTO_E_TEXT_LENGTH && judgement->status > ATTO_FAULT_MEMORY;
    judgement->receipt = container.receipt;
}

static void add_refusal(struct atto_judgement *judgement, enum atto_status status, uint32_t slot)
{
    size_t count = judgement->refusal_count;

    judgement->refusals = atto_grow(judgement->refusals, count, count + 1, sizeof judgement->refusals[0]);
    judgement->refusals[count] = (struct atto_refusal){status, slot};
    judgement->refusal_count++;
}

/* Refusals of single slots. If the function table itself is refused they all fail alike, and one is enough. */
static void judge_slots(const struct atto_local *local, struct atto_judgement *judgement)
{
    struct atto_limits limits = {.calls = local->firmware.host.calls, .granted = local->firmware.granted};
    bool several = false;

    for (uint32_t i = 0; i < ATTO_CALL_IDS / 32u && judgement->image.manifest.len != 0; i++)
        limits.granted.bits[i] &= judgement->manifest.calls.bits[i];
    for (uint32_t slot = 0; slot < judgement->listing.slot_count; slot++) {
        enum atto_status status = atto_bpf_check_slot(&judgement->image, &limits, slot);

        if (status == ATTO_E_TEXT_LENGTH || status == ATTO_E_FUNCTIONS || status == ATTO_E_ALIGNMENT)
            break;
        if (status != ATTO_OK)
            add_refusal(judgement, status, slot);
        several = several || (status != ATTO_OK && slot == judgement->at);
    }
    if (!several) {
        judgement->refusal_count = 0;
        add_refusal(judgement, judgement->status, judgement->at);
    }
}

void atto_judge(const uint8_t *bytes, uint32_t len, const struct atto_local *local, struct atto_judgement *judgement)
{
    struct atto_local *any = NULL;
    struct atto_refusal refusal;

    *judgement = (struct atto_judgement){0};
    if (local == NULL) {
        any = atto_alloc(1, sizeof *any);
        atto_local_init_any(any);
        local = any;
    }
    install(bytes, len, local, judgement);
    if (atto_image_parse(bytes, len, &judgement->image, NULL) == ATTO_OK) {
        if (atto_manifest_parse(judgement->image.manifest, &judgement->manifest, &refusal) != ATTO_OK) {
            judgement->manifest = (struct atto_manifest)ATTO_MANIFEST_INIT;
            judgement->at = (uint32_t)(judgement->image.manifest.ptr - bytes) + refusal.at;
        }
        atto_listing_open(&judgement->listing, &judgement->image, &judgement->manifest, "the image");
        judgement->has_listing = true;
        if (judgement->at_slot)
            judge_slots(local, judgement);
    }
    free(any);
}

static void report_slot(const struct atto_judgement *judgement, const char *path, const struct atto_refusal *refusal)
{
    if (refusal->status == ATTO_E_STACK_LIMIT)
        atto_report_at(path, 0, "%s: it needs %u bytes", atto_status_text(refusal->status),
                       judgement->receipt.stack_bytes);
    else
        atto_listing_refuse(&judgement->listing, path, refusal);
}

void atto_judgement_report(const struct atto_judgement *judgement, const char *path)
{
    if (!judgement->at_slot)
        atto_report_at(path, 0, "%s (byte %u)", atto_status_text(judgement->status), judgement->at);
    for (size_t i = 0; i < judgement->refusal_count; i++)
        report_slot(judgement, path, &judgement->refusals[i]);
}

void atto_judgement_free(struct atto_judgement *judgement)
{
    if (judgement->has_listing)
        atto_listing_close(&judgement->listing);
    free(judgement->refusals);
    *judgement = (struct atto_judgement){0};
}
