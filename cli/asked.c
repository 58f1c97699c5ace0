/* Rights that an image asks for, see asked.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "commands.h"
#include "report.h"
#include "wishes.h"

/* Says something of a right, at its place in the JSON file beside the source if it is there. The file may have fewer
 * rights than the image, for the log needs none there. */
static void report_right(const char *path, uint32_t index, const char *text)
{
    const char *dot = strrchr(path, '.');
    char *beside = dot != NULL && strchr(dot, '/') == NULL ? atto_format("%.*s.json", (int)(dot - path), path)
                                                           : atto_format("%s.json", path);
    struct atto_wishes wishes = {.name = NULL};
    const bool there = access(beside, R_OK) == 0 && atto_wishes_read(&wishes, beside);

    if (there && index < wishes.rights.count)
        atto_wishes_report(&wishes, "rights", index, "%s", text);
    else
        atto_report_at(path, 0, "%s", text);
    atto_wishes_free(&wishes);
    free(beside);
}

static char *endpoint_of(const struct atto_right_wish *wish)
{
    return wish->name_bytes != 0 ? atto_format("'%.*s'", (int)wish->name_bytes, (const char *)wish->name)
                                 : atto_format("endpoint %u", wish->right.endpoint);
}

void atto_asked_refuse(const char *path, const struct atto_manifest *manifest, uint32_t index)
{
    struct atto_right_wish wish;
    char *endpoint, *text;

    if (index >= manifest->right_count || atto_manifest_right(manifest, index, &wish) != ATTO_OK)
        return;
    endpoint = endpoint_of(&wish);
    text = atto_format("right %u is to %s, which the device does not have: 'atto device info' lists its endpoints",
                       index, endpoint);
    report_right(path, index, text);
    free(endpoint);
    free(text);
}

/* Tells a right of which less is left than was asked for. */
static void compare(const char *path, uint32_t index, const struct atto_right_wish *asked,
                    const struct atto_right *left)
{
    struct atto_right wanted = asked->right;
    char *endpoint, *what, *text;

    wanted.endpoint = left->endpoint;
    if (memcmp(&wanted, left, sizeof wanted) == 0)
        return;
    endpoint = endpoint_of(asked);
    what = atto_right_text(left);
    text = atto_format("right %u, to %s: the tenant's ceiling leaves of it: %s", index, endpoint, what);
    report_right(path, index, text);
    free(endpoint);
    free(what);
    free(text);
}

/* Is it still this version? One that faults at once is rolled back. */
static bool is_version(struct atto_remote *remote, const struct atto_remote_name *name, uint32_t sequence)
{
    bool gone;
    json_t *container = atto_act_container(remote, name, &gone);
    const bool is = json_integer_value(json_object_get(container, "sequence")) == sequence;

    json_decref(container);
    return is;
}

void atto_asked_compare(struct atto_remote *remote, const struct atto_remote_name *name, uint32_t sequence,
                        const char *path, const struct atto_manifest *manifest)
{
    struct atto_right_wish left[ATTO_RIGHTS_MAX], asked;
    struct atto_buffer bytes = {0};
    const int status = remote->status;
    uint32_t count = 0;

    if (name->tenant != NULL && manifest->right_count != 0 && atto_policy_read(remote, name, &bytes, left, &count) &&
        count == manifest->right_count && is_version(remote, name, sequence)) {
        for (uint32_t i = 0; i < count; i++) {
            if (atto_manifest_right(manifest, i, &asked) == ATTO_OK)
                compare(path, i, &asked, &left[i].right);
        }
    }
    atto_buffer_free(&bytes);
    remote->status = status;
}
