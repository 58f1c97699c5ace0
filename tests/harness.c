/* The harness's core: runs tests, prints their lines, counts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "board.h"

static struct {
    int argc;
    char **argv;
} arguments;

static struct {
    const struct harness_test *test;
    bool failed, skipped;
    uint64_t case_major, case_minor;
} current;

static void put(const char *text)
{
    board_write(text, (uint32_t)strlen(text));
}

static void put_number(uint64_t value, uint32_t base)
{
    char digits[21];
    uint32_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    board_write(digits + at, (uint32_t)sizeof digits - at);
}

static void put_line_start(const char *word)
{
    put(word);
    put(" ");
    put(current.test->name);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Begins the line of a failure; false if this test has one already. */
static bool begin_failure(const char *file, int line, const char *reason)
{
    if (current.failed)
        return false;
    current.failed = true;
    put_line_start("not ok");
    put(": ");
    put(file_name(file));
    put(":");
    put_number((uint64_t)line, 10);
    put(": ");
    put(reason);
    return true;
}

static void end_failure(void)
{
    if (current.case_major != 0 || current.case_minor != 0) {
        put(" (case ");
        put_number(current.case_major, 10);
        put(", ");
        put_number(current.case_minor, 10);
        put(")");
    }
    put("\n  it proves: ");
    put(current.test->proves);
    put("\n");
}

void harness_fail(const char *file, int line, const char *reason)
{
    if (begin_failure(file, line, reason))
        end_failure();
}

void harness_fail_values(const char *file, int line, const char *reason, uint64_t is, uint64_t should)
{
    if (!begin_failure(file, line, reason))
        return;
    put(" is 0x");
    put_number(is, 16);
    put(", not 0x");
    put_number(should, 16);
    end_failure();
}

void harness_skip(const char *reason)
{
    if (current.failed || current.skipped)
        return;
    current.skipped = true;
    put_line_start("skip");
    put(": ");
    put(reason);
    put("\n");
}

bool harness_failed(void)
{
    return current.failed;
}

void harness_case(uint64_t major, uint64_t minor)
{
    current.case_major = major;
    current.case_minor = minor;
}

void harness_note(const char *text, uint64_t value)
{
    put("  ");
    put(text);
    put(": ");
    put_number(value, 10);
    put("\n");
}

const char *harness_argument(const char *name, const char *otherwise)
{
    size_t len = strlen(name);
    for (int i = 1; i < arguments.argc; i++)
        if (strncmp(arguments.argv[i], name, len) == 0 && arguments.argv[i][len] == '=')
            return arguments.argv[i] + len + 1;
    return otherwise;
}

uint64_t harness_seed(void)
{
    return strtoull(harness_argument("seed", "20250917"), NULL, 0);
}

uint32_t harness_rounds(uint32_t rounds)
{
    return rounds * (uint32_t)strtoul(harness_argument("effort", "1"), NULL, 0);
}

uint32_t harness_stride(uint32_t quick)
{
    return harness_argument("quick", "")[0] != '\0' ? quick : 1u;
}

int harness_run(int argc, char **argv, const struct harness_test *tests, uint32_t count)
{
    int failures = 0;
    arguments.argc = argc;
    arguments.argv = argv;
    const char *wanted = harness_argument("test", "");
    for (uint32_t i = 0; i < count; i++) {
        if (strncmp(tests[i].name, wanted, strlen(wanted)) != 0)
            continue;
        memset(&current, 0, sizeof current);
        current.test = &tests[i];
        tests[i].body();
        if (!current.failed && !current.skipped) {
            put_line_start("ok");
            put("\n");
        }
        failures += current.failed;
    }
    return failures != 0;
}
