/* Vectors and images that this project did not make: the public BPF conformance suite, assembled to bytes, and an image
 * of Femto-Container's tools. They lie in a directory that the argument conformance= names; the tests are skipped where
 * it is absent.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atto/instance.h"
#include "board.h"
#include "guest.h"
#include "harness.h"
#include "pair.h"

#define FILE_BYTES_MAX (128u * 1024u)
#define CODE_BYTES_MAX 512u
#define VECTORS_EXPECTED 226u

static char reason[400];
static struct pair pair;

/* A file of the conformance directory in memory that the caller frees; NULL: the test is skipped. */
static uint8_t *read_file(const char *name, uint32_t *len)
{
    char path[256];
    const char *directory = harness_argument("conformance", "../shared/conformance");
    snprintf(path, sizeof path, "%s/%s", directory, name);
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    int32_t count = bytes != NULL ? board_file_read(path, bytes, FILE_BYTES_MAX - 1u) : BOARD_E_OPEN;
    if (count < 0) {
        snprintf(reason, sizeof reason, "no %s; set ATTO_CONFORMANCE, see tests/README.md", path);
        harness_skip(reason);
        free(bytes);
        return NULL;
    }
    bytes[count] = '\0';
    *len = (uint32_t)count;
    return bytes;
}

/* The string value of a key in one line of JSON, which has no escapes in these files. Answers its length. */
static uint32_t field(const char *line, const char *key, const char **value)
{
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
    const char *at = strstr(line, quoted), *end = strchr(line, '\n');
    if (at == NULL || (end != NULL && at > end))
        return 0;
    *value = at + strlen(quoted);
    return (uint32_t)strcspn(*value, "\"");
}

static uint32_t nibble(char digit)
{
    return digit <= '9' ? (uint32_t)(digit - '0') : (uint32_t)(digit - 'a' + 10);
}

static uint32_t from_hex(uint8_t *bytes, uint32_t capacity, const char *hex, uint32_t digits)
{
    uint32_t len = 0;
    for (; len < capacity && 2u * len + 1u < digits; len++)
        bytes[len] = (uint8_t)(16u * nibble(hex[2u * len]) + nibble(hex[2u * len + 1u]));
    return len;
}

/* Why a vector fails, or NULL. */
static const char *run_vector(const char *line)
{
    static uint64_t code[CODE_BYTES_MAX / 8u];
    const char *hex = "", *mem = "", *expect = "", *error = "";
    uint32_t code_digits = field(line, "code", &hex), mem_digits = field(line, "mem", &mem);
    uint32_t error_len = field(line, "error", &error);
    field(line, "expect", &expect);
    uint32_t code_bytes = from_hex((uint8_t *)code, CODE_BYTES_MAX, hex, code_digits);
    if (code_bytes == 0 || mem_digits > 2u * PAIR_CONTEXT_BYTES)
        return "the vector cannot be read";
    guest_begin(&pair.guest, code, code_bytes / 8u);
    if (guest_check(&pair.guest) != ATTO_OK)
        return error_len != 0 ? NULL : "refused by the check";
    if (!pair_open(&pair, code, code_bytes / 8u, mem_digits / 2u))
        return "not opened";
    from_hex(pair.guest_context, PAIR_CONTEXT_BYTES, mem, mem_digits);
    pair_start(&pair);
    struct rng rng = { code_bytes };
    enum atto_outcome outcome = pair_run(&pair, &rng, 20, 1000000);
    if (harness_failed())
        return "not as the reference model";
    if (error_len != 0)
        return outcome == ATTO_FAULT ? NULL : "no error where one is expected";
    if (outcome != ATTO_DONE)
        return "did not end well";
    return atto_run_result(pair.guest.run) == strtoull(expect, NULL, 16) ? NULL : "wrong result";
}

static void bpf_conformance(void)
{
    uint32_t len = 0, count = 0;
    uint8_t *bytes = read_file("bpf/rfc9669.jsonl", &len);
    if (bytes == NULL)
        return;
    for (const char *line = (const char *)bytes; line != NULL && *line != '\0'; count++) {
        const char *name = "?", *why = run_vector(line);
        int name_len = (int)field(line, "name", &name);
        if (why != NULL) {
            snprintf(reason, sizeof reason, "vector %.*s: %s", name_len, name, why);
            harness_fail(__FILE__, __LINE__, reason);
        }
        line = strchr(line, '\n');
        if (line != NULL)
            line++;
    }
    free(bytes);
    CHECK(count >= VECTORS_EXPECTED);
}

static int32_t sensor_zero(struct atto_call_frame *call)
{
    uint64_t *r = call->r;
    r[0] = 0;
    return ATTO_OK;
}

static void femto_temperature_sensor(void)
{
    static const struct atto_call calls[ATTO_CALL_PAGE] = { [1] = { sensor_zero, 0, 0 }, [2] = { sensor_zero, 0, 0 } };
    static const struct atto_call_table table = { { [3] = calls } };
    static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };
    struct atto_firmware firmware = { .executors = executors, .host = { .calls = &table }, .fuel = 1000 };
    static _Alignas(ATTO_ARENA_ALIGN) uint8_t arena[1024];
    static struct atto_instance container;
    struct atto_refusal refusal;
    uint64_t value = 0;
    uint32_t len = 0;
    uint8_t *bytes = read_file("femto/temp_sens.bin", &len);
    if (bytes == NULL)
        return;
    atto_callset_add(&firmware.granted, 0x31);
    atto_callset_add(&firmware.granted, 0x32);
    EQUAL(atto_instance_install(&container, &firmware, bytes, len, arena, sizeof arena, &refusal), ATTO_OK);
    EQUAL(atto_instance_call(&container, 0, NULL, 0, &value), ATTO_OK);
    EQUAL(value, 2716);
    /* Nobody has registered the calls. */
    firmware.host.calls = NULL;
    EQUAL(atto_instance_install(&container, &firmware, bytes, len, arena, sizeof arena, &refusal), ATTO_E_CALL);
    EQUAL(refusal.at, 1);
    /* They are there, and not granted. */
    firmware.host.calls = &table;
    memset(&firmware.granted, 0, sizeof firmware.granted);
    EQUAL(atto_instance_install(&container, &firmware, bytes, len, arena, sizeof arena, &refusal), ATTO_E_CALL_DENIED);
    free(bytes);
}

static const struct harness_test tests[] = {
    TEST(bpf_conformance, "All vectors of the public BPF conformance suite give what the suite says."),
    TEST(femto_temperature_sensor, "An image made by Femto-Container's tools runs, or is refused without its calls."),
};
HARNESS_MAIN(tests)
