/* Fuzz target: text as the JSON file beside a source. A file that is refused is reported with a place in it; one that
 * is accepted makes a manifest, and the rights and the schedule of it one each that a device reads.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "manifest_write.h"
#include "report.h"
#include "require.h"

static char path[32];
static int file = -1;

/* The file lies in memory; what is reported goes nowhere, but is counted. */
static void begin(void)
{
    file = memfd_create("fuzz", 0);
    require(file >= 0, "a file in memory");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    stderr = fopen("/dev/null", "w");
    require(stderr != NULL, "a place for reports");
}

static void read_back(struct atto_buffer *bytes)
{
    const struct atto_span span = { bytes->bytes, (uint32_t)bytes->len };
    struct atto_refusal refusal = { ATTO_OK, 0 };
    struct atto_manifest manifest;
    require(atto_manifest_parse(span, &manifest, &refusal) == ATTO_OK, "what was written can be read");
    atto_buffer_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct atto_wishes wishes;
    struct atto_buffer manifest = { 0 };
    if (file < 0)
        begin();
    require(ftruncate(file, 0) == 0 && pwrite(file, bytes, len, 0) == (ssize_t)len, "the file is written");
    unsigned before = atto_report_count();
    if (atto_wishes_read(&wishes, path)) {
        require(atto_report_count() == before, "what is accepted is not reported");
        atto_manifest_write_rights(&wishes.rights, &manifest);
        read_back(&manifest);
        atto_manifest_write_schedule(&wishes, &manifest);
        read_back(&manifest);
    } else {
        require(atto_report_count() > before, "what is refused is reported");
    }
    atto_wishes_free(&wishes);
    return 0;
}
