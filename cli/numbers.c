/* Numbers that were signed here, see numbers.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "numbers.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "context.h"
#include "report.h"

/* The file of a signer's counter, or of a container's sequence number; to be freed. */
static char *path_of(const char *device, const char *tenant, const char *container)
{
    struct atto_buffer part = {0};
    char *text, *path;

    for (const char *c = device; *c != '\0'; c++) { /* people may write it in capitals */
        const char small[] = {(char)tolower((unsigned char)*c), '\0'};

        atto_context_put_part(&part, small);
    }
    atto_buffer_put(&part, "/", 1);
    atto_context_put_part(&part, tenant != NULL ? tenant : "-");
    if (container != NULL) {
        atto_buffer_put(&part, "/", 1);
        atto_context_put_part(&part, container);
    }
    text = atto_format("numbers/%.*s.%s", (int)part.len, (const char *)part.bytes,
                       container != NULL ? "sequence" : "counter");
    path = atto_context_path("XDG_DATA_HOME", ".local/share", text);
    atto_buffer_free(&part);
    free(text);
    return path;
}

static uint32_t read_number(const char *path)
{
    FILE *file = fopen(path, "r");
    uint32_t number = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%10u", &number) != 1)
        number = 0;
    fclose(file);
    return number;
}

static uint32_t look_up(char *path)
{
    const uint32_t number = read_number(path);

    free(path);
    return number;
}

/* Replaces the file, so that it is the old one or the new one whatever happens. */
static void keep(char *path, uint32_t number)
{
    struct atto_buffer text = {0};
    char *temporary = atto_format("%s.%ld", path, (long)getpid());

    atto_buffer_print(&text, "%u\n", number);
    if (read_number(path) < number && atto_context_make_directories(path) && atto_buffer_write(&text, temporary) &&
        rename(temporary, path) != 0) {
        atto_report("%s: it cannot be replaced", path);
        unlink(temporary);
    }
    atto_buffer_free(&text);
    free(temporary);
    free(path);
}

uint32_t atto_numbers_counter(const char *device, const char *signer)
{
    return look_up(path_of(device, signer, NULL));
}

uint32_t atto_numbers_sequence(const char *device, const struct atto_remote_name *name)
{
    return look_up(path_of(device, name->tenant, name->container));
}

void atto_numbers_keep_counter(const char *device, const char *signer, uint32_t counter)
{
    keep(path_of(device, signer, NULL), counter);
}

void atto_numbers_keep_sequence(const char *device, const struct atto_remote_name *name, uint32_t sequence)
{
    keep(path_of(device, name->tenant, name->container), sequence);
}

uint32_t atto_numbers_next_counter(uint32_t told, uint32_t known)
{
    if (known <= told)
        return told + 1u;
    if (known - told < ATTO_COUNTER_STEP_MAX)
        return known + 1u;
    return told + 1u; /* what was signed so far above is not taken before the counter comes near, and then it is overtaken */
}

uint32_t atto_numbers_limit(uint32_t known)
{
    if (known == 0)
        return ATTO_NUMBERS_FIRST;
    return known < UINT32_MAX - ATTO_NUMBERS_STEP ? known + ATTO_NUMBERS_STEP : UINT32_MAX;
}

char *atto_numbers_doubt(const char *what, uint32_t told, uint32_t known, const char *option)
{
    char *here = known != 0 ? atto_format("the last one that was signed on this machine is %u", known)
                            : atto_format("none was signed on this machine");
    char *text = atto_format("the device says that %s is %u, but %s: it is not believed above %u, for what a device "
                             "says is not signed. Look on a way that you trust, and give a number over the last one "
                             "with %s; it is remembered then",
                             what, told, here, atto_numbers_limit(known), option);

    free(here);
    return text;
}
