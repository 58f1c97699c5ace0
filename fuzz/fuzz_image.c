/* Fuzz target: bytes as an image, all the way from the parser to the end of an activation of each entry point. The
 * image and the arena are blocks of exactly their sizes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "atto/instance.h"
#include "atto/host.h"
#include "guest.h"
#include "harness.h"

#define ARENA_BYTES 8192u

static const struct atto_executor *const executors[] = { &atto_executor_bpf, &atto_executor_host, NULL };

static void require(bool condition, const char *what)
{
    if (!condition)
        harness_fail(__FILE__, __LINE__, what);
}

static void run_entries(struct atto_instance *container)
{
    static _Alignas(8) uint8_t bytes[64];
    const struct atto_context context = { bytes, sizeof bytes, ATTO_WRITE };
    struct atto_hook_wish hook;
    struct atto_entry entry;
    uint64_t value;
    for (uint32_t i = 0; i < container->manifest.entry_count; i++) {
        require(atto_manifest_entry(&container->manifest, i, &entry) == ATTO_OK, "entry");
        enum atto_status status = atto_instance_call(container, entry.slot, &context, 2000, &value);
        require(status == ATTO_OK || status <= ATTO_FAULT_MEMORY, "the end of an activation");
        require(container->last_fuel <= 2000u + container->receipt.longest_run, "fuel");
    }
    for (uint32_t i = 0; i < container->manifest.hook_count; i++)
        require(atto_manifest_hook(&container->manifest, i, &hook) == ATTO_OK, "hook");
    atto_instance_call(container, 0, NULL, 2000, &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct atto_firmware firmware = { .executors = executors, .host = { .calls = &guest_calls }, .fuel = 500 };
    static struct atto_instance container;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    if (len > 4096u)
        return 0;
    for (uint32_t i = 0; i < ATTO_CALL_IDS; i++)
        atto_callset_add(&firmware.granted, i);
    uint8_t *image = malloc(len != 0 ? len : 1u);
    if (image == NULL)
        return 0;
    memcpy(image, bytes, len);

    /* Once without an arena, to learn the size. */
    enum atto_status status =
        atto_instance_install(&container, &firmware, image, (uint32_t)len, NULL, 0, &refusal);
    require(status != ATTO_OK && refusal.status == status, "an install without memory");
    uint32_t arena_bytes = container.receipt.arena_bytes;
    if (status == ATTO_E_NO_MEMORY && arena_bytes <= ARENA_BYTES) {
        void *arena = malloc(arena_bytes);
        if (arena != NULL)
            status = atto_instance_install(&container, &firmware, image, (uint32_t)len, arena, arena_bytes, &refusal);
        require(refusal.status == status, "the refusal");
        if (status == ATTO_OK)
            run_entries(&container);
        free(arena);
    }
    free(image);
    return 0;
}
