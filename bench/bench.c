/* The benchmark's firmware: runs each workload natively and in a container, on the same input, and prints what each run
 * cost in machine instructions, one JSON object a line; bench/report.c makes tables of them. Everything is run three
 * times; the last two, which are warm, must cost the same.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "atto/instance.h"
#include "atto/hook.h"
#include "board.h"
#include "workload.h"

#define COUNTABLE_FUEL 5000000u /* guest instructions whose machine instructions the board's counter can hold */
#define ARENA_BYTES (64u * 1024u)
#define RUNS 3

/* What a run works on. Not static: the compiler must not know what is in there. */
struct wl_ctx native_context, guest_context;
struct atto_instance container;
const struct workload *current;
struct atto_hook hook;
struct atto_attachment attachment;

static _Alignas(ATTO_ARENA_ALIGN) uint8_t arena[ARENA_BYTES];
static uint32_t entry;
static bool all_ok = true;

u32 host_tick(u32 x)
{
    return x + 7u;
}

static int32_t call_tick(struct atto_call_frame *call)
{
    uint64_t *r = call->r;
    r[0] = host_tick((u32)r[1]);
    return ATTO_OK;
}

static const struct atto_call calls[ATTO_CALL_PAGE] = { [1] = { call_tick, 1, 0 } };
static const struct atto_call_table call_table = { { calls } };
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static const struct atto_firmware firmware = {
    .executors = executors,
    .host = { .calls = &call_table, .user = NULL },
    .granted = { { 1u << 1 } },
    .fuel = ATTO_FUEL_MAX,
};

/* One run: readings of the counter around nothing but the calls that are measured, and what they led to. */
struct sample {
    uint32_t begin, end;
    uint64_t result;
};
/* false: the run failed. */
typedef bool run_fn(struct sample *sample);

static bool run_native(struct sample *sample)
{
    sample->begin = board_counter();
    uint64_t result = current->native(&native_context);
    sample->end = board_counter();
    sample->result = result;
    return true;
}

/* The public call path: start, resume until the end, result. */
static bool run_guest(struct sample *sample)
{
    struct atto_context context = { .ptr = &guest_context, .len = sizeof guest_context, .access = ATTO_WRITE };
    struct atto_run *run = container.run;
    enum atto_outcome outcome = ATTO_FAULT;
    sample->begin = board_counter();
    if (atto_run_start(run, entry, &context) == ATTO_OK)
        outcome = atto_run_resume(run, ATTO_FUEL_MAX);
    uint64_t result = atto_run_result(run);
    sample->end = board_counter();
    sample->result = result;
    /* More would not fit into the counter. */
    return outcome == ATTO_DONE && ATTO_FUEL_MAX - (uint32_t)run->fuel <= COUNTABLE_FUEL;
}

/* The same through the engine, which also counts. */
static bool run_container_call(struct sample *sample)
{
    struct atto_context context = { .ptr = &guest_context, .len = sizeof guest_context, .access = ATTO_WRITE };
    uint64_t result = 0;
    sample->begin = board_counter();
    enum atto_status status = atto_instance_call(&container, entry, &context, ATTO_FUEL_MAX, &result);
    sample->end = board_counter();
    sample->result = result;
    return status == ATTO_OK;
}

static bool run_check(struct sample *sample)
{
    static struct atto_receipt receipt;
    static const struct atto_limits limits = { .calls = &call_table, .granted = { { 1u << 1 } }, .stack_bytes = 0 };
    struct atto_refusal refusal;
    sample->begin = board_counter();
    enum atto_status status = atto_executor_bpf.check(&container.image, &limits, &receipt, &refusal);
    sample->end = board_counter();
    sample->result = 0;
    return status == ATTO_OK;
}

static bool run_hook(struct sample *sample)
{
    sample->begin = board_counter();
    int64_t value = atto_hook_fire(&hook, &guest_context, 0);
    sample->end = board_counter();
    sample->result = (uint64_t)value;
    return true;
}

/* What a measured run must lead to, beside going well; NULL stands for: no matter. */
struct expectation {
    const uint64_t *result;
    const struct wl_ctx *guest_context;
};

/* Runs three times and prints the last one. extra: more fields of the line. */
static uint64_t measure(const char *executor, const char *name, run_fn *run, struct expectation should,
                        const char *extra)
{
    struct sample sample = { 0, 0, 0 };
    uint32_t spent[RUNS];
    bool ok = true;
    for (int i = 0; i < RUNS; i++) {
        wl_prepare(current->name, &native_context);
        wl_prepare(current->name, &guest_context);
        ok = run(&sample) && ok;
        spent[i] = board_instructions(sample.begin, sample.end);
        ok = ok && (should.result == NULL || sample.result == *should.result);
    }
    ok = ok && spent[RUNS - 1] == spent[RUNS - 2];
    if (should.guest_context != NULL)
        ok = ok && memcmp(should.guest_context, &guest_context, sizeof guest_context) == 0;
    all_ok = all_ok && ok;
    printf("{\"executor\":\"%s\",\"name\":\"%s\",\"instructions\":%" PRIu32 ",\"result\":\"0x%" PRIx64
           "\",\"ok\":%s%s}\n",
           executor, name, spent[RUNS - 1], sample.result, ok ? "true" : "false", extra);
    return sample.result;
}

static enum atto_status find_entry(void)
{
    struct atto_entry found;
    int32_t index = atto_manifest_find_entry(&container.manifest, "wl_run");
    if (index < 0 || atto_manifest_entry(&container.manifest, (uint32_t)index, &found) != ATTO_OK)
        return ATTO_E_NOT_FOUND;
    entry = found.slot;
    return ATTO_OK;
}

static bool install(void)
{
    struct atto_image image;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    const uint8_t *bytes = (const uint8_t *)current->bytes;
    enum atto_status status;
    memset(&container, 0, sizeof container);
    entry = current->entry;
    if (current->is_image) {
        status = atto_instance_install(&container, &firmware, bytes, current->len, arena, ARENA_BYTES, &refusal);
        if (status == ATTO_OK)
            status = find_entry();
    } else {
        atto_image_bare(bytes, current->len, &image);
        status = atto_instance_install_image(&container, &firmware, &image, arena, ARENA_BYTES, &refusal);
    }
    if (status != ATTO_OK) {
        printf("{\"executor\":\"bpf\",\"name\":\"%s\",\"instructions\":0,\"ok\":false,\"error\":\"%s, at %" PRIu32
               "\"}\n",
               current->name, atto_status_text(status), refusal.at);
        all_ok = false;
    }
    return status == ATTO_OK;
}

static void measure_workload(void)
{
    static struct wl_ctx native_after;
    static const struct expectation none;
    char name[80], extra[48];
    uint64_t native_result = measure("native", current->name, run_native, none, "");
    native_after = native_context;
    if (!install())
        return;
    measure("bpf", current->name, run_guest, (struct expectation){ &native_result, &native_after }, "");
    snprintf(extra, sizeof extra, ",\"guest_instructions\":%" PRIu32, container.receipt.instruction_count);
    snprintf(name, sizeof name, "check_%s", current->name);
    measure("bpf", name, run_check, none, extra);
}

/* What it costs to get in and out, with the smallest program there is: r0 = 0; exit. */
static void measure_paths(void)
{
    static const uint64_t text[] = { 0x00000000000000b7u, 0x0000000000000095u };
    static const struct workload smallest = { .name = "empty", .bytes = text, .len = sizeof text };
    static const struct atto_hook_type type = {
        .name = "bench",
        .value_meaning = "not used",
        .context_bytes = sizeof(struct wl_ctx),
        .access = ATTO_WRITE,
        .fuel = 1000,
    };
    static const uint64_t zero;
    static const struct expectation answers_zero = { &zero, NULL };
    current = &smallest;
    if (!install())
        return;
    hook = (struct atto_hook)ATTO_HOOK_INIT(&type);
    measure("bpf", "activation_empty", run_guest, answers_zero, "");
    measure("bpf", "container_call_empty", run_container_call, answers_zero, "");
    measure("bpf", "hook_fire_nothing_attached", run_hook, answers_zero, "");
    if (atto_hook_attach(&hook, &attachment, &container, 0, 0, ATTO_HOOK_CONTINUE) == ATTO_OK)
        measure("bpf", "hook_fire_one_container", run_hook, answers_zero, "");
    else
        all_ok = false;
}

int main(void)
{
    if (!board_counter_start()) {
        printf("bench: this machine does not count instructions exactly\n");
        return 2;
    }
    for (current = workloads; current->name != NULL; current++)
        measure_workload();
    measure_paths();
    return all_ok ? 0 : 1;
}
