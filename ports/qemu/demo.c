/* The demo's firmware: three containers on one board. One is called once, one is attached to a hook that a scheduler
 * fires at each switch of threads, one is activated every 100 ms and reads a sensor. Prints a table of what came out
 * and what it cost.
 *
 * usage: demo CALLED HOOKED PERIODIC      images; files of the host, read through semihosting
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../sdk/hooks.h"
#include "atto/instance.h"
#include "atto/hook.h"
#include "board.h"
#include "endpoints.h"

#define IMAGE_BYTES 8192u
#define ARENA_BYTES 2048u
#define SWITCHES 300u
#define PERIODS 20u
#define PERIOD_US 100000u

/* A container with its memory, and what it did. */
struct tenant {
    struct atto_instance container;
    _Alignas(ATTO_ARENA_ALIGN) uint8_t arena[ARENA_BYTES];
    _Alignas(ATTO_IMAGE_ALIGN) uint8_t image[IMAGE_BYTES];
    uint32_t image_len;
    uint32_t entry;
    uint64_t machine_instructions; /* of all activations */
    uint64_t value;                /* of the last one */
};

static struct tenant called, hooked, periodic;
static bool counts;

static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static struct board_rights rights; /* of `periodic`, the one that makes host calls */
static struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &board_call_table, .endpoints = board_endpoints, .endpoint_count = BOARD_ENDPOINTS,
              .port = &board_port, .rights = &rights.rights },
    .stack_bytes = 1024,
    .fuel = 1000000,
};

/* The hook of a scheduler. Containers may look at the switch, and call nothing. */
static const struct atto_hook_type switch_type = {
    .uuid = ATTO_HOOK_SCHEDULER_SWITCH_UUID_BYTES,
    .name = "scheduler switch",
    .value_meaning = "not used",
    .context_bytes = sizeof(struct atto_scheduler_switch),
    .access = ATTO_READ,
    .fuel = 500,
};
static struct atto_hook switch_hook = ATTO_HOOK_INIT(&switch_type);
static struct atto_attachment attachment;

static bool install(struct tenant *tenant, const char *file)
{
    struct atto_refusal refusal = { ATTO_OK, 0 };
    struct atto_entry entry = { .slot = 0 };
    int32_t len = board_file_read(file, tenant->image, IMAGE_BYTES);
    if (len < 0) {
        printf("%s cannot be read\n", file);
        return false;
    }
    tenant->image_len = (uint32_t)len;
    enum atto_status status = atto_instance_install(&tenant->container, &firmware, tenant->image, tenant->image_len,
                                                     tenant->arena, ARENA_BYTES, &refusal);
    if (status != ATTO_OK) {
        printf("%s is refused: %s, at %" PRIu32 "\n", file, atto_status_text(status), refusal.at);
        return false;
    }
    if (tenant->container.manifest.entry_count > 0)
        atto_manifest_entry(&tenant->container.manifest, 0, &entry);
    tenant->entry = entry.slot;
    return true;
}

/* Attaches a container to the hook as its manifest wishes. */
static bool attach(struct tenant *tenant)
{
    const struct atto_manifest *manifest = &tenant->container.manifest;
    for (uint32_t i = 0; i < manifest->hook_count; i++) {
        struct atto_hook_wish wish;
        struct atto_entry entry;
        if (atto_manifest_hook(manifest, i, &wish) != ATTO_OK ||
            memcmp(wish.uuid.ptr, switch_type.uuid, ATTO_UUID_BYTES) != 0 ||
            atto_manifest_entry(manifest, wish.entry, &entry) != ATTO_OK)
            continue;
        return atto_hook_attach(&switch_hook, &attachment, &tenant->container, entry.slot, wish.priority,
                                (enum atto_hook_policy)wish.policy) == ATTO_OK;
    }
    return false;
}

static bool call(struct tenant *tenant, const struct atto_context *context)
{
    uint32_t begin = counts ? board_counter() : 0;
    enum atto_status status = atto_instance_call(&tenant->container, tenant->entry, context, 0, &tenant->value);
    if (counts)
        tenant->machine_instructions += board_instructions(begin, board_counter());
    if (status != ATTO_OK)
        printf("fault: %s, at slot %" PRIu32 "\n", atto_status_text(status), tenant->container.run->pc);
    return status == ATTO_OK;
}

/* A scheduler with three threads, of which thread 1 gets every second turn. */
static bool switch_threads(void)
{
    static const uint8_t turns[] = { 1, 2, 1, 3 };
    struct atto_scheduler_switch event = { 0, 0 };
    for (uint32_t i = 0; i < SWITCHES; i++) {
        event.previous = event.next;
        event.next = turns[i % sizeof turns];
        uint32_t begin = counts ? board_counter() : 0;
        hooked.value = (uint64_t)atto_hook_fire(&switch_hook, &event, 0);
        if (counts)
            hooked.machine_instructions += board_instructions(begin, board_counter());
    }
    return attachment.runs == SWITCHES;
}

static bool run_periods(void)
{
    bool fine = true;
    uint64_t due = board_port.now_us(board_port.user);
    for (uint32_t i = 0; i < PERIODS && fine; i++) {
        while (board_port.now_us(board_port.user) < due) {
        }
        due += PERIOD_US;
        fine = call(&periodic, NULL);
    }
    return fine;
}

/* Asks the thread counter, at another entry point of the same container, how often thread 1 got its turn. */
static bool ask_for_thread(struct tenant *tenant, uint64_t thread)
{
    struct atto_context context = { .ptr = &thread, .len = sizeof thread, .access = ATTO_READ };
    struct atto_entry entry;
    int32_t index = atto_manifest_find_entry(&tenant->container.manifest, "count");
    return index >= 0 && atto_manifest_entry(&tenant->container.manifest, (uint32_t)index, &entry) == ATTO_OK &&
           atto_instance_call(&tenant->container, entry.slot, &context, 0, &tenant->value) == ATTO_OK;
}

static void print_row(const struct tenant *tenant, const char *how, const char *result, uint32_t activations)
{
    const struct atto_instance *container = &tenant->container;
    printf("  %-15.*s %-23s %-26s %6" PRIu64 " %8" PRIu64 " %6" PRIu32 " %6" PRIu32 "\n",
           (int)container->manifest.name.len, (const char *)container->manifest.name.ptr, how, result,
           container->fuel_used / container->activations, tenant->machine_instructions / activations,
           container->receipt.arena_bytes, tenant->image_len);
}

static void print_table(void)
{
    char result[40];
    printf("  %-15s %-23s %-26s %15s %6s %6s\n", "", "", "", "instructions of", "RAM", "flash");
    printf("  %-15s %-23s %-26s %6s %8s %6s %6s\n", "container", "activated", "result", "guest", "machine", "bytes",
           "bytes");
    snprintf(result, sizeof result, "checksum 0x%08" PRIx32, (uint32_t)called.value);
    print_row(&called, "once", result, 1);
    snprintf(result, sizeof result, "thread 1 ran %" PRIu32 " times", (uint32_t)hooked.value);
    print_row(&hooked, "300 times, by a hook", result, SWITCHES);
    snprintf(result, sizeof result, "%" PRIu32 ".%02" PRIu32 " degrees on average", (uint32_t)periodic.value / 100u,
             (uint32_t)periodic.value % 100u);
    print_row(&periodic, "20 times, every 100 ms", result, PERIODS);
    printf("  Instructions are those of an average activation. RAM is an instance with its stack and data;\n"
           "  the firmware keeps %u more bytes for each container.\n",
           (unsigned)sizeof(struct atto_instance));
}

int main(int argc, char **argv)
{
    static const char text[] = "Containers of people who do not trust each other run on one microcontroller.";
    char buffer[sizeof text];
    if (argc != 4) {
        printf("usage: demo CALLED HOOKED PERIODIC\n");
        return 2;
    }
    counts = board_counter_start();
    board_calls_grant(&firmware.granted);
    if (!install(&called, argv[1]) || !install(&hooked, argv[2]) || !install(&periodic, argv[3]))
        return 1;
    board_rights_make(&rights, &periodic.container.manifest);
    if (!attach(&hooked)) {
        printf("%s cannot be attached to the hook\n", argv[2]);
        return 1;
    }

    memcpy(buffer, text, sizeof text);
    struct atto_context context = { .ptr = buffer, .len = sizeof text - 1u, .access = ATTO_READ };
    if (!call(&called, &context) || !switch_threads() || !ask_for_thread(&hooked, 1) || !run_periods())
        return 1;
    print_table();
    return 0;
}
