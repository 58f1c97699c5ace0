/* `atto policy` and `atto schedule`: a container's rights, and when and for how long it runs, as JSON that is the same
 * beside a source, in what is read from a device and in what is sent there.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "asked.h"
#include "atto/command.h"
#include "atto/manifest.h"
#include "cbor.h"
#include "commands.h"
#include "manifest_write.h"
#include "report.h"
#include "table.h"
#include "wishes.h"

static const char policy_usage[] =
    "usage: atto policy get [options] NAME         the rights of a container on a device\n"
    "       atto policy set [options] NAME FILE    change them, all of them, to \"rights\" in FILE\n"
    "\n"
    "FILE is JSON as it stands beside a source (docs/SPEC.md, section 11), and as 'get --json' prints it; - is stdin.\n"
    "A change is in force from the container's next host call on, and stays until there is a new version.\n"
    "NAME is a container of the signer's, or TENANT/NAME.\n"
    "\n" ATTO_REMOTE_HELP ATTO_CHANGE_HELP "\n" ATTO_EXIT_HELP;

static const char schedule_usage[] =
    "usage: atto schedule get [options] NAME         when and for how long a container on a device runs\n"
    "       atto schedule set [options] NAME FILE    change that, all of it, to \"schedule\" in FILE\n"
    "\n"
    "FILE is JSON as it stands beside a source (docs/SPEC.md, section 11), and as 'get --json' prints it; - is stdin.\n"
    "The device admits a change only if it can keep its promises to all containers.\n"
    "NAME is a container of the signer's, or TENANT/NAME.\n"
    "\n" ATTO_REMOTE_HELP ATTO_CHANGE_HELP "\n" ATTO_EXIT_HELP;

/* What a container has, as its device tells it, or is to have, as it is sent: rights or a schedule. */
struct terms {
    struct atto_right_wish rights[ATTO_RIGHTS_MAX]; /* names point into what was read */
    uint32_t right_count;
    struct atto_schedule schedule;
};

/* One of the two: which resource, which operation, how a manifest that has it alone is made of a file and read. */
struct part {
    const char *usage, *resource;
    uint32_t operation;
    void (*put)(const struct atto_wishes *wishes, struct atto_buffer *manifest);
    bool (*read)(const struct atto_buffer *manifest, struct terms *terms);
    json_t *(*to_json)(const struct atto_remote *remote, const struct terms *terms);
    void (*print)(const struct atto_remote *remote, const struct terms *terms);
    bool (*same)(const struct atto_remote *remote, const struct terms *a, const struct terms *b);
};

/* ---- rights ---- */

static void put_rights(const struct atto_wishes *wishes, struct atto_buffer *manifest)
{
    atto_manifest_write_rights(&wishes->rights, manifest);
}

/* A right as SPEC.md section 4 has it. One that was taken away has no operations, which no manifest may ask for, and so
 * this is not the manifest's reader. */
static bool read_right(struct atto_cbor *cbor, struct atto_right_wish *wish)
{
    enum { ENDPOINT, OPERATIONS, FIRST, LAST, CALLS, BYTES, PERIOD, TOTAL, COUNT };
    static const uint32_t most[COUNT] = {255, ATTO_OPERATIONS, 0xffff, 0xffff, 0xffff, 0xffff, ATTO_PERIOD_MAX, 0xffff};
    uint32_t numbers[COUNT] = {[LAST] = ATTO_RANGE_END}, count;
    struct atto_span name = {NULL, 0};

    if (!atto_cbor_head(cbor, ATTO_CBOR_ARRAY, &count) || count <= OPERATIONS || count > COUNT)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!(i == ENDPOINT && atto_cbor_text(cbor, 1, ATTO_NAME_MAX, &name)) &&
            !atto_cbor_uint(cbor, most[i], &numbers[i]))
            return false;
    }
    *wish = (struct atto_right_wish){
        .name = name.ptr,
        .name_bytes = name.len,
        .right = {.endpoint = (uint8_t)numbers[ENDPOINT],
                  .operations = (uint8_t)(numbers[OPERATIONS] + 16u * numbers[PERIOD]),
                  .first = (uint16_t)numbers[FIRST],
                  .last = (uint16_t)numbers[LAST],
                  .calls = (uint16_t)numbers[CALLS],
                  .bytes = (uint16_t)numbers[BYTES],
                  .total = (uint16_t)numbers[TOTAL]},
    };
    return true;
}

static bool read_rights(const struct atto_buffer *manifest, struct terms *terms)
{
    struct atto_cbor cbor = {manifest->bytes, (uint32_t)manifest->len, 0};
    uint32_t members, key;

    if (!atto_cbor_head(&cbor, ATTO_CBOR_MAP, &members) || members != 1 || !atto_cbor_uint(&cbor, 8, &key) ||
        key != 8 || !atto_cbor_head(&cbor, ATTO_CBOR_ARRAY, &terms->right_count) ||
        terms->right_count > ATTO_RIGHTS_MAX)
        return false;
    for (uint32_t i = 0; i < terms->right_count; i++) {
        if (!read_right(&cbor, &terms->rights[i]))
            return false;
    }
    return cbor.pos == cbor.len;
}

/* The right with its endpoint by name, where the device has one for its number. */
static struct atto_right_wish named(const struct atto_remote *remote, const struct atto_right_wish *wish)
{
    const json_t *endpoints = json_object_get(remote->about, "endpoints");
    const char *name = json_string_value(json_array_get(endpoints, wish->right.endpoint));
    struct atto_right_wish result = *wish;

    if (wish->name_bytes == 0 && name != NULL) {
        result.name = (const uint8_t *)name;
        result.name_bytes = (uint32_t)strlen(name);
        result.right.endpoint = 0;
    }
    return result;
}

static json_t *rights_to_json(const struct atto_remote *remote, const struct terms *terms)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < terms->right_count; i++) {
        const struct atto_right_wish wish = named(remote, &terms->rights[i]);

        json_array_append_new(list, atto_right_to_json(&wish));
    }
    return json_pack("{s:o}", "rights", list);
}

static void print_rights(const struct atto_remote *remote, const struct terms *terms)
{
    for (uint32_t i = 0; i < terms->right_count; i++) {
        const struct atto_right_wish wish = named(remote, &terms->rights[i]);
        char *text = atto_right_text(&wish.right);
        char *endpoint = wish.name_bytes != 0 ? atto_format("%.*s", (int)wish.name_bytes, (const char *)wish.name)
                                              : atto_format("endpoint %u", wish.right.endpoint);

        printf("%2u  ", i);
        atto_table_print_text(endpoint);
        printf(": %s\n", text);
        free(text);
        free(endpoint);
    }
    if (terms->right_count == 0)
        puts("no rights");
}

static bool same_rights(const struct atto_remote *remote, const struct terms *a, const struct terms *b)
{
    for (uint32_t i = 0; i < a->right_count && a->right_count == b->right_count; i++) {
        const struct atto_right_wish left = named(remote, &a->rights[i]), right = named(remote, &b->rights[i]);

        if (left.name_bytes != right.name_bytes ||
            (left.name_bytes != 0 && memcmp(left.name, right.name, left.name_bytes) != 0) ||
            memcmp(&left.right, &right.right, sizeof left.right) != 0)
            return false;
    }
    return a->right_count == b->right_count;
}

/* ---- schedules ---- */

static bool read_schedule(const struct atto_buffer *bytes, struct terms *terms)
{
    struct atto_manifest manifest;
    const bool fine = atto_manifest_parse((struct atto_span){bytes->bytes, (uint32_t)bytes->len}, &manifest, NULL) ==
                      ATTO_OK;

    terms->schedule = manifest.schedule;
    return fine;
}

static json_t *schedule_to_json(const struct atto_remote *remote, const struct terms *terms)
{
    (void)remote;
    return json_pack("{s:o}", "schedule", atto_schedule_to_json(&terms->schedule));
}

static void print_schedule(const struct atto_remote *remote, const struct terms *terms)
{
    json_t *schedule = atto_schedule_to_json(&terms->schedule), *value;
    const char *name;

    (void)remote;
    json_object_foreach(schedule, name, value) {
        if (json_is_string(value))
            printf("%-18s %s\n", name, json_string_value(value));
        else
            printf("%-18s %lld\n", name, (long long)json_integer_value(value));
    }
    if (json_object_size(schedule) == 0)
        puts("no schedule: it runs when it is called, or when there is an event for it");
    json_decref(schedule);
}

static bool same_schedule(const struct atto_remote *remote, const struct terms *a, const struct terms *b)
{
    (void)remote;
    return memcmp(&a->schedule, &b->schedule, sizeof a->schedule) == 0;
}

static const struct part rights_part = {policy_usage, "rights", ATTO_COMMAND_SET_RIGHTS, put_rights, read_rights,
                                        rights_to_json, print_rights, same_rights};
static const struct part schedule_part = {schedule_usage, "schedule", ATTO_COMMAND_SET_SCHEDULE,
                                          atto_manifest_write_schedule, read_schedule, schedule_to_json,
                                          print_schedule, same_schedule};

/* ---- getting and setting ---- */

/* Reads the part from the device. It points into `bytes`, which are to be freed either way. */
static bool read_part(struct atto_remote *remote, const struct part *part, const struct atto_remote_name *name,
                      struct atto_buffer *bytes, struct terms *terms)
{
    if (!atto_remote_read_bytes(remote, ATTO_CONTAINER_PATH(name, part->resource), NULL, false, bytes))
        return false;
    if (part->read(bytes, terms))
        return true;
    atto_report("%s: the %s that it tells cannot be read", remote->context.uri, part->resource);
    return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
}

bool atto_policy_read(struct atto_remote *remote, const struct atto_remote_name *name, struct atto_buffer *bytes,
                      struct atto_right_wish *rights, uint32_t *count)
{
    struct terms terms;

    if (!read_part(remote, &rights_part, name, bytes, &terms))
        return false;
    *count = terms.right_count;
    memcpy(rights, terms.rights, terms.right_count * sizeof *rights);
    return true;
}

static int get(const struct part *part, const struct atto_remote_options *options, const char *text)
{
    struct atto_remote remote;
    struct atto_remote_name name = {.tenant = NULL};
    struct atto_buffer bytes = {0};
    struct terms terms;

    if (atto_remote_open(&remote, options) &&
        (atto_remote_name_read(&remote, text, &name) || atto_remote_fail(&remote, ATTO_EXIT_USAGE)) &&
        atto_remote_meet(&remote) && read_part(&remote, part, &name, &bytes, &terms)) {
        if (options->json)
            atto_remote_print(part->to_json(&remote, &terms));
        else
            part->print(&remote, &terms);
    }
    atto_buffer_free(&bytes);
    atto_remote_name_free(&name);
    atto_remote_close(&remote);
    return remote.status;
}

struct set {
    const struct part *part;
    struct atto_buffer manifest; /* that is sent */
};

static bool add_manifest(struct atto_change *change)
{
    const struct set *set = change->user;

    atto_cbor_add_bytes(&change->arguments, set->manifest.bytes, set->manifest.len);
    return true;
}

static bool is_set(struct atto_remote *remote, const struct atto_change *change)
{
    const struct set *set = change->user;
    struct atto_buffer bytes = {0};
    struct terms wanted, found;
    bool is = set->part->read(&set->manifest, &wanted) &&
              read_part(remote, set->part, change->name, &bytes, &found) && set->part->same(remote, &wanted, &found);

    atto_buffer_free(&bytes);
    return is;
}

static void explain(struct atto_remote *remote, const struct atto_change *change, enum atto_status status)
{
    if (status == ATTO_E_NOT_FOUND)
        atto_act_explain(remote, change, "a right is to an endpoint that the device does not have: 'atto device info' "
                                         "lists them");
}

static int set(const struct part *part, const struct atto_remote_options *options, const char *text, const char *path)
{
    struct set set = {.part = part};
    struct atto_change change = {.operation = part->operation, .is_true = is_set, .explain = explain,
                                 .user = &set};
    struct atto_wishes wishes = {.name = NULL};
    int status = ATTO_EXIT_LOCAL;

    if (atto_wishes_read(&wishes, path)) {
        if (json_object_get(wishes.file.root, part->resource) == NULL) {
            atto_report_at(path, 0, "it has no \"%s\"", part->resource);
        } else {
            part->put(&wishes, &set.manifest);
            status = atto_act_on_container(options, text, &change, add_manifest, NULL);
        }
    }
    atto_wishes_free(&wishes);
    atto_buffer_free(&set.manifest);
    return status;
}

static int run(const struct part *part, int argc, char **argv)
{
    struct atto_remote_options remote = ATTO_REMOTE_INIT;
    const struct atto_option options[] = {ATTO_REMOTE_OPTIONS(remote), ATTO_CHANGE_OPTIONS(remote), {0}};
    size_t count;
    char **words;
    int status;

    if (!atto_options_read(argc, argv, part->usage, options, &status))
        return status;
    words = atto_files(argc, argv, &count);
    if (count == 2 && strcmp(words[0], "get") == 0)
        return get(part, &remote, words[1]);
    if (count == 3 && strcmp(words[0], "set") == 0)
        return set(part, &remote, words[1], words[2]);
    atto_report("get NAME, or set NAME FILE?");
    return atto_wrong_usage(argv[0]);
}

int atto_command_policy(int argc, char **argv)
{
    return run(&rights_part, argc, argv);
}

int atto_command_schedule(int argc, char **argv)
{
    return run(&schedule_part, argc, argv);
}
