/* The test harness as fuzz targets have it: a failure is printed and ends the process, so that the fuzzer keeps the
 * input.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

void harness_fail(const char *file, int line, const char *reason)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, reason);
    abort();
}

void harness_fail_values(const char *file, int line, const char *reason, uint64_t is, uint64_t should)
{
    fprintf(stderr, "%s:%d: %s is 0x%" PRIx64 ", not 0x%" PRIx64 "\n", file, line, reason, is, should);
    abort();
}

bool harness_failed(void)
{
    return false;
}

void harness_case(uint64_t major, uint64_t minor)
{
    (void)major;
    (void)minor;
}
