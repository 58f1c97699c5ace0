/* The runner: a firmware that installs and runs containers from a job list and reports on each, for the `atto` command
 * (`run --on`) and for tests that must hold on the target. The same source is a Linux program.
 *
 * usage: runner JOBS        JOBS is a file of the host, read through semihosting on an emulated board.
 *
 * One job a line; fields are separated by tabs, or by blanks in a line without a tab; empty lines and lines that
 * begin with # are passed over:
 *
 *     IMAGE CONTEXT FUEL ENTRY [OPTION...]
 *
 *     IMAGE    file, or hex:DIGITS
 *     CONTEXT  file, or hex:DIGITS, or - for none; the guest may write to it
 *     FUEL     for one activation; 0 for what the manifest or the runner (100,000,000) says
 *     ENTRY    name of an entry point, or its slot in the text, or - for the first one
 *
 * Containers may make the host calls of sdk/calls.h; Femto-Container images, to which these numbers mean other calls,
 * only those of `stub`. Options:
 *
 *     bare           the image is bare eBPF text
 *     stub ID=VALUE  (or stub=ID=VALUE) host call ID exists, is granted, and answers VALUE; at most 16
 *     times=N        N activations, data keeping its values; the report is on the last one
 *     show           report the context after the run
 *
 * One JSON object a line on standard output for each job, after one {"job":N,"log":TEXT} for each line that it logs:
 *
 *     job                   number of the job, from 1
 *     status, text          name and sentence of the enum atto_status
 *     installed             false: refused; `at` says where, in bytes of the image or slots of the text, and nothing
 *                           else follows
 *     result                r0 in hex, if status is ATTO_OK
 *     pc, fault_address     after a fault: slot; guest address in hex
 *     registers             after a fault: r0 to r10, each in hex
 *     fuel                  spent by the last activation: guest instructions and the prices of host calls
 *     machine_instructions  from the call to its return, of the last activation; null where the machine does not count
 *                           or the run was too long to be counted
 *     image_bytes           length of the image
 *     arena_bytes, instance_bytes, stack_bytes, memory_bytes, instruction_count, longest_run, call_depth, calls
 *                           the receipt of the pre-flight check
 *     context               with `show`, in hex
 *
 * or {"job":N,"error":TEXT} for a job that could not be understood or read. The exit status is 0 if there was none of
 * these, whatever became of the containers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atto/bpf.h"
#include "atto/instance.h"
#include "board.h"
#include "endpoints.h"
#include "job.h"
#include "json.h"

#ifdef BOARD_SMALL /* for a board with 64 KB of RAM */
#define JOBS_BYTES 2048u
#define IMAGE_BYTES (16u * 1024u)
#define CONTEXT_BYTES 4096u
#define ARENA_BYTES (12u * 1024u)
#else
#define JOBS_BYTES (512u * 1024u)
#define IMAGE_BYTES (640u * 1024u)
#define CONTEXT_BYTES (128u * 1024u)
#define ARENA_BYTES (1024u * 1024u)
#endif
#define FIELDS_MAX 24u
#define STUBS_MAX 16u
#define DEFAULT_FUEL 100000000u
#define COUNTABLE_FUEL 5000000u /* guest instructions whose machine instructions the board's counter can hold */
#define REGISTER_COUNT 11u

struct job {
    const char *image, *context, *entry;
    uint32_t fuel, times;
    bool bare, show;
};

static char jobs[JOBS_BYTES + 1u];
static _Alignas(ATTO_IMAGE_ALIGN) uint8_t image[IMAGE_BYTES];
static _Alignas(8) uint8_t context[CONTEXT_BYTES];
static _Alignas(ATTO_ARENA_ALIGN) uint8_t arena[ARENA_BYTES];
static bool counts;
static uint32_t job_number;

/* A host call is not told its number, so each stub of a job is a function of its own. */
static uint64_t stub_values[STUBS_MAX];
#define STUBS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define STUB_FUNCTION(i)                                       \
    static int32_t stub_##i(struct atto_call_frame *call)      \
    {                                                          \
        call->r[0] = stub_values[i];                           \
        return ATTO_OK;                                        \
    }
STUBS(STUB_FUNCTION)
#define STUB_ENTRY(i) stub_##i,
static atto_call_fn *const stub_functions[STUBS_MAX] = { STUBS(STUB_ENTRY) };

static struct atto_call calls[ATTO_CALL_IDS];
static struct atto_call_table call_table;
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
static struct atto_firmware firmware;
static uint32_t stub_count;
static struct board_rights rights;

static bool parse_number(const char *text, const char **end, uint64_t *value)
{
    char *rest;
    *value = strtoull(text, &rest, 0);
    *end = rest;
    return rest != text;
}

/* Fills a buffer from "hex:..." or a file; negative on failure. */
static int32_t fetch(const char *source, uint8_t *buffer, uint32_t capacity)
{
    return strncmp(source, "hex:", 4) == 0 ? job_parse_hex(source + 4, buffer, capacity)
                                           : board_file_read(source, buffer, capacity);
}

static bool add_stub(const char *text)
{
    uint64_t number, value;
    if (stub_count == STUBS_MAX || !parse_number(text, &text, &number) || number >= ATTO_CALL_IDS || *text != '=' ||
        !parse_number(text + 1, &text, &value) || *text != '\0')
        return false;
    stub_values[stub_count] = value;
    calls[number] = (struct atto_call){ .fn = stub_functions[stub_count++], .price = 0 };
    atto_callset_add(&firmware.granted, (uint32_t)number);
    return true;
}

static bool parse_option(const char *option, struct job *job)
{
    if (strcmp(option, "bare") == 0)
        job->bare = true;
    else if (strcmp(option, "show") == 0)
        job->show = true;
    else if (strncmp(option, "times=", 6) == 0)
        return job_parse_number(option + 6, UINT32_MAX, &job->times) && job->times > 0;
    else if (strncmp(option, "stub=", 5) == 0)
        return add_stub(option + 5);
    else
        return false;
    return true;
}

/* NULL, or what is wrong with the line. */
static const char *parse_job(char *line, struct job *job)
{
    char *fields[FIELDS_MAX];
    uint32_t count = job_split(line, strchr(line, '\t') != NULL ? "\t" : " ", fields, FIELDS_MAX);
    if (count < 4u || count > FIELDS_MAX)
        return "a job has the fields IMAGE CONTEXT FUEL ENTRY and at most 20 options";
    *job = (struct job){ .image = fields[0], .context = fields[1], .entry = fields[3], .times = 1 };
    if (!job_parse_number(fields[2], ATTO_FUEL_MAX, &job->fuel))
        return "fuel is not a number from 0 to 0x3fff0000";
    for (uint32_t i = 4; i < count; i++) {
        /* "stub ID=VALUE" comes as two fields in a line that is separated by blanks */
        if (strcmp(fields[i], "stub") == 0 && i + 1u < count) {
            if (!add_stub(fields[++i]))
                return "stub is not ID=VALUE, or there are too many";
        } else if (!parse_option(fields[i], job)) {
            return "unknown option";
        }
    }
    return NULL;
}

static void log_line(void *user, const char *text, uint32_t len)
{
    (void)user;
    printf("{\"job\":%" PRIu32 ",\"log\":", job_number);
    json_text(text, len);
    printf("}\n");
}

static void print_status(enum atto_status status, bool installed)
{
    printf("{\"job\":%" PRIu32, job_number);
    json_status(status);
    printf(",\"installed\":%s", installed ? "true" : "false");
}

static void print_receipt(const struct atto_receipt *receipt)
{
    printf(",\"arena_bytes\":%" PRIu32 ",\"instance_bytes\":%" PRIu32 ",\"stack_bytes\":%" PRIu32
           ",\"memory_bytes\":%" PRIu32 ",\"instruction_count\":%" PRIu32 ",\"longest_run\":%" PRIu32
           ",\"call_depth\":%" PRIu32 ",\"calls\":[",
           receipt->arena_bytes, receipt->instance_bytes, receipt->stack_bytes, receipt->memory_bytes,
           receipt->instruction_count, receipt->longest_run, receipt->call_depth);
    const char *comma = "";
    for (uint32_t i = 0; i < ATTO_CALL_IDS; i++) {
        if (atto_callset_has(&receipt->calls, i)) {
            printf("%s%" PRIu32, comma, i);
            comma = ",";
        }
    }
    printf("]");
}

static void print_fault(const struct atto_run *run)
{
    uint64_t registers[REGISTER_COUNT];
    for (uint32_t i = 0; i < REGISTER_COUNT; i++)
        registers[i] = atto_bpf_register(run, i);
    printf(",\"pc\":%" PRIu32 ",\"fault_address\":\"0x%08" PRIx32 "\",\"registers\":", run->pc, run->fault_address);
    json_registers(registers, REGISTER_COUNT);
}

static void print_context(uint32_t len)
{
    printf(",\"context\":\"");
    for (uint32_t i = 0; i < len; i++)
        printf("%02x", context[i]);
    printf("\"");
}

static enum atto_status install(struct atto_instance *container, const struct job *job, uint32_t image_len,
                                struct atto_refusal *refusal)
{
    struct atto_image parsed;
    enum atto_status status;
    if (!job->bare) {
        status = atto_instance_install(container, &firmware, image, image_len, arena, ARENA_BYTES, refusal);
    } else {
        atto_image_bare(image, image_len, &parsed);
        status = atto_instance_install_image(container, &firmware, &parsed, arena, ARENA_BYTES, refusal);
    }
    if (status == ATTO_OK)
        board_rights_make(&rights, &container->manifest);
    return status;
}

/* Adds the calls of the SDK, unless they are stubbed, to what the image may call. */
static void grant_sdk_calls(const struct job *job, uint32_t image_len)
{
    struct atto_image parsed;
    if (!job->bare && atto_image_parse(image, image_len, &parsed, NULL) == ATTO_OK &&
        parsed.format == ATTO_FORMAT_FEMTO)
        return;
    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++) {
        const struct atto_call *call = atto_call_find(&board_call_table, number);
        if (calls[number].fn == NULL && call != NULL)
            calls[number] = *call;
    }
    board_calls_grant(&firmware.granted);
}

/* The slot where a job enters; false if the container has no such entry point. */
static bool find_entry(const struct atto_instance *container, const char *entry, uint32_t *slot)
{
    struct atto_entry found;
    int32_t index = 0;
    *slot = 0;
    if (job_parse_number(entry, UINT32_MAX, slot))
        return true;
    if (strcmp(entry, "-") != 0)
        index = atto_manifest_find_entry(&container->manifest, entry);
    else if (container->manifest.entry_count == 0)
        return true;
    if (index < 0 || atto_manifest_entry(&container->manifest, (uint32_t)index, &found) != ATTO_OK)
        return false;
    *slot = found.slot;
    return true;
}

static const char *run_job(const struct job *job)
{
    static struct atto_instance container;
    struct atto_refusal refusal = { ATTO_OK, 0 };
    int32_t image_len = fetch(job->image, image, IMAGE_BYTES);
    bool has_context = strcmp(job->context, "-") != 0;
    int32_t context_len = has_context ? fetch(job->context, context, CONTEXT_BYTES) : 0;
    if (image_len < 0 || context_len < 0)
        return image_len < 0 ? "image cannot be read, or is too long" : "context cannot be read, or is too long";

    grant_sdk_calls(job, (uint32_t)image_len);
    memset(&container, 0, sizeof container);
    enum atto_status status = install(&container, job, (uint32_t)image_len, &refusal);
    if (status != ATTO_OK) {
        print_status(status, false);
        printf(",\"at\":%" PRIu32 "}\n", refusal.at);
        return NULL;
    }
    uint32_t slot;
    if (!find_entry(&container, job->entry, &slot))
        return "no such entry point";

    struct atto_context argument = { .ptr = context, .len = (uint32_t)context_len, .access = ATTO_WRITE };
    uint64_t value = 0;
    uint32_t instructions = 0;
    for (uint32_t i = 0; i < job->times && status == ATTO_OK; i++) {
        uint32_t begin = board_counter();
        status = atto_instance_call(&container, slot, has_context ? &argument : NULL, job->fuel, &value);
        instructions = board_instructions(begin, board_counter());
    }
    print_status(status, true);
    if (status == ATTO_OK)
        printf(",\"result\":\"0x%" PRIx64 "\"", value);
    else if (status <= ATTO_FAULT_MEMORY)
        print_fault(container.run);
    printf(",\"fuel\":%" PRIu32 ",\"machine_instructions\":", container.last_fuel);
    if (counts && container.last_fuel <= COUNTABLE_FUEL)
        printf("%" PRIu32, instructions);
    else
        printf("null");
    printf(",\"image_bytes\":%" PRId32, image_len);
    print_receipt(&container.receipt);
    if (job->show)
        print_context((uint32_t)context_len);
    printf("}\n");
    atto_instance_remove(&container);
    return NULL;
}

static bool run_line(char *line)
{
    static struct atto_port port;
    struct job job;
    port = board_port;
    port.log = log_line;
    memset(calls, 0, sizeof calls);
    for (uint32_t page = 0; page < ATTO_CALL_IDS / ATTO_CALL_PAGE; page++)
        call_table.page[page] = &calls[page * ATTO_CALL_PAGE];
    stub_count = 0;
    firmware = (struct atto_firmware){
        .executors = executors,
        .host = { .calls = &call_table, .endpoints = board_endpoints, .endpoint_count = BOARD_ENDPOINTS,
                  .port = &port, .rights = &rights.rights },
        .fuel = DEFAULT_FUEL,
    };
    const char *error = parse_job(line, &job);
    if (error == NULL)
        error = run_job(&job);
    if (error != NULL)
        printf("{\"job\":%" PRIu32 ",\"error\":\"%s\"}\n", job_number, error);
    return error == NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        printf("usage: runner JOBS\n");
        return 2;
    }
    int32_t len = board_file_read(argv[1], jobs, JOBS_BYTES);
    if (len < 0) {
        printf("runner: %s %s\n", argv[1], len == BOARD_E_SIZE ? "is too long" : "cannot be read");
        return 2;
    }
    jobs[len] = '\0';
    counts = board_counter_start();

    bool all_understood = true;
    uint32_t line_number = 0;
    char *rest = jobs;
    for (char *line = job_next_line(&rest, &line_number); line != NULL; line = job_next_line(&rest, &line_number)) {
        job_number++;
        all_understood = run_line(line) && all_understood;
    }
    return all_understood ? 0 : 1;
}
