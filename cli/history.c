/* Images that were sent, see history.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "context.h"
#include "report.h"

static void put_part(struct atto_buffer *path, const char *name)
{
    atto_context_put_part(path, name);
    atto_buffer_put(path, "/", 1);
}

/* The directory of a container, ending with '/'; to be freed. */
static char *directory_of(const char *device, const struct atto_remote_name *name)
{
    struct atto_buffer part = {0};
    char *text, *path;

    put_part(&part, device);
    put_part(&part, name->tenant != NULL ? name->tenant : "-");
    put_part(&part, name->container);
    text = atto_format("images/%.*s", (int)part.len, (const char *)part.bytes);
    path = atto_context_path("XDG_DATA_HOME", ".local/share", text);
    atto_buffer_free(&part);
    free(text);
    return path;
}

static char *path_of(const char *device, const struct atto_remote_name *name, uint32_t sequence)
{
    char *directory = directory_of(device, name);
    char *path = atto_format("%s%u.atto", directory, sequence);

    free(directory);
    return path;
}

/* Goes through what is kept: the highest below `below`, the lowest of all, and how many there are. */
struct kept {
    uint32_t before, lowest, count;
};

static struct kept look(const char *directory, uint32_t below)
{
    struct kept kept = {0, UINT32_MAX, 0};
    DIR *stream = opendir(directory);
    const struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        uint32_t sequence;
        int end = 0;

        if (sscanf(entry->d_name, "%10u.atto%n", &sequence, &end) != 1 || end == 0 || entry->d_name[end] != '\0')
            continue;
        kept.count++;
        if (sequence < kept.lowest)
            kept.lowest = sequence;
        if (sequence < below && sequence > kept.before)
            kept.before = sequence;
    }
    if (stream != NULL)
        closedir(stream);
    return kept;
}

void atto_history_keep(const char *device, const struct atto_remote_name *name, uint32_t sequence,
                       const struct atto_buffer *image)
{
    char *directory = directory_of(device, name), *path = path_of(device, name, sequence);

    if (atto_context_make_directories(path) && atto_buffer_write(image, path)) {
        const struct kept kept = look(directory, 0);

        if (kept.count > ATTO_HISTORY_MAX) {
            char *oldest = path_of(device, name, kept.lowest);

            unlink(oldest);
            free(oldest);
        }
    }
    free(directory);
    free(path);
}

char *atto_history_find(const char *device, const struct atto_remote_name *name, uint32_t sequence)
{
    char *path = path_of(device, name, sequence);

    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

uint32_t atto_history_before(const char *device, const struct atto_remote_name *name, uint32_t below)
{
    char *directory = directory_of(device, name);
    const struct kept kept = look(directory, below);

    free(directory);
    return kept.before;
}
