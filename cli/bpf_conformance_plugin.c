/* The plug-in convention of the public BPF conformance suite: a program as hex digits on standard input, its memory as
 * hex in the first argument, the result in r0 as hex on standard output. Anything that goes wrong ends in exit status
 * 1 with the reason on standard error. Host call 5 exists, because the suite calls it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atto/instance.h"
#include "buffer.h"
#include "report.h"

#define HOST_CALL_NUMBER 5
#define FUEL ATTO_FUEL_MAX

static int32_t host_call(struct atto_call_frame *call)
{
    uint64_t *r = call->r;
    r[0] = 0;
    return ATTO_OK;
}

static const struct atto_call calls[ATTO_CALL_PAGE] = {[HOST_CALL_NUMBER] = {host_call, 0, 0}};
static const struct atto_call_table call_table = {{calls}};
static const struct atto_executor *const executors[] = {&atto_executor_bpf, NULL};

static bool read_inputs(const char *memory_hex, struct atto_buffer *text, struct atto_buffer *memory)
{
    struct atto_buffer input = {0};
    bool fine = atto_buffer_read(&input, "-");

    atto_buffer_put(&input, "", 1);
    if (fine && !atto_buffer_put_hex(text, (const char *)input.bytes)) {
        atto_report("the program is not hex");
        fine = false;
    }
    atto_buffer_free(&input);
    if (fine && memory_hex != NULL && !atto_buffer_put_hex(memory, memory_hex)) {
        atto_report("the memory is not hex");
        fine = false;
    }
    return fine;
}

/* Installs into an arena of the size that the first attempt asks for. */
static enum atto_status install(struct atto_instance *container, const struct atto_firmware *firmware,
                                const struct atto_image *image, void **arena, struct atto_refusal *refusal)
{
    enum atto_status status = atto_instance_install_image(container, firmware, image, NULL, 0, refusal);
    uint32_t arena_bytes = container->receipt.arena_bytes;

    if (status != ATTO_E_NO_MEMORY)
        return status;
    *arena = atto_alloc(arena_bytes, 1);
    return atto_instance_install_image(container, firmware, image, *arena, arena_bytes, refusal);
}

static int run(const struct atto_buffer *text, const struct atto_buffer *memory)
{
    struct atto_firmware firmware = {.executors = executors, .host = {.calls = &call_table}, .fuel = FUEL};
    struct atto_context context = {memory->bytes, (uint32_t)memory->len, ATTO_WRITE};
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_instance container;
    struct atto_image image;
    enum atto_status status;
    uint64_t value = 0;
    void *arena = NULL;

    atto_callset_add(&firmware.granted, HOST_CALL_NUMBER);
    atto_image_bare(text->bytes, (uint32_t)text->len, &image);
    status = install(&container, &firmware, &image, &arena, &refusal);
    if (status != ATTO_OK) {
        atto_report("refused: %s (slot %u)", atto_status_text(status), refusal.at);
    } else {
        status = atto_instance_call(&container, 0, memory->len == 0 ? NULL : &context, 0, &value);
        if (status == ATTO_OK)
            printf("%" PRIx64 "\n", value);
        else
            atto_report("fault: %s (slot %u)", atto_status_text(status), container.run->pc);
    }
    free(arena);
    return status == ATTO_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct atto_buffer text = {0}, memory = {0};
    const char *memory_hex = NULL;
    int result = 1;

    /* The runner of the suite may put options of its own behind the memory. */
    if (argc > 1 && strncmp(argv[1], "--", 2) != 0)
        memory_hex = argv[1];
    if (read_inputs(memory_hex, &text, &memory))
        result = run(&text, &memory);
    atto_buffer_free(&text);
    atto_buffer_free(&memory);
    return result;
}
