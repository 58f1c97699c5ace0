/* Where Atto's own files are, see home.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "home.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static char *if_there(char *path)
{
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

char *atto_home_path(const char *relative)
{
    const char *home = getenv("ATTO_HOME");
    char directory[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", directory, sizeof directory - 1);
    char *slash;

    if (home != NULL && home[0] != '\0')
        return if_there(atto_format("%s/%s", home, relative));
    directory[len < 0 ? 0 : len] = '\0';
    while ((slash = strrchr(directory, '/')) != NULL) {
        char *found;

        *slash = '\0';
        found = if_there(atto_format("%s/%s", directory, relative));
        if (found == NULL)
            found = if_there(atto_format("%s/share/atto/%s", directory, relative));
        if (found != NULL)
            return found;
    }
    return NULL;
}
