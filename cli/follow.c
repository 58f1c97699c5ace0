/* `atto logs`, `atto trace` and `atto audit`: rings of a device, read from one number on. A device tells as much as
 * fits and from where to go on, so that nothing is remembered there; what gave way in the ring before it was read is
 * lost.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atto/audit.h"
#include "atto/call.h"
#include "atto/container.h"
#include "atto/tenant.h"
#include "atto/trace.h"
#include "calls.h"
#include "commands.h"
#include "remote.h"
#include "report.h"
#include "table.h"

static const char logs_usage[] =
    "usage: atto logs [options] [NAME]\n"
    "\n"
    "Prints the lines that a container has logged, or those of all containers, as far as the device still has them.\n"
    "NAME is a container of the signer's, or TENANT/NAME.\n"
    "\n"
    "  -f, --follow            go on with new lines as they come\n"
    "      --from NUMBER       begin with the line of this number; default 0, the oldest one there is\n"
    ATTO_REMOTE_HELP
    "With --json each line is an object in a line of its own.\n"
    "\n" ATTO_EXIT_HELP;

static const char trace_usage[] =
    "usage: atto trace [options]\n"
    "\n"
    "Prints what the engine of a device has done: activations, slices, host calls, ends, faults, missed deadlines.\n"
    "\n"
    "  -f, --follow            go on with new records as they come\n"
    "      --from NUMBER       begin with the record of this number; default 0, the oldest one there is\n"
    ATTO_REMOTE_HELP
    "With --json each record is an object in a line of its own.\n"
    "\n" ATTO_EXIT_HELP;

static const char audit_usage[] =
    "usage: atto audit [options]\n"
    "\n"
    "Prints what a device has refused, to containers and to senders, and how rights were changed; the newest first.\n"
    "\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

#define POLL_MS 5000u       /* how long a lost notification may delay what is new */
#define POLL_KEYED_MS 1000u /* where reading takes a key nobody is notified */
#define UNKNOWN_TENANT 255  /* in the audit trail: whoever an envelope or a command names */

/* A ring: where it is, and how what is in it is read and printed. */
struct stream {
    const char *const *path;
    enum atto_reply kind;
    const char *list;
    void (*print)(const struct stream *stream, const json_t *entry);
    json_t *names; /* of containers, by their ids; NULL: not wanted */
};

/* ---- names of containers ---- */

static char *id_key(const json_t *id)
{
    return atto_format("%lld", (long long)json_integer_value(id));
}

/* Names by ids, as they are at this moment. */
static json_t *read_names(struct atto_remote *remote)
{
    static const char *const path[] = {"containers", NULL};
    json_t *rows = atto_remote_read(remote, path, NULL, ATTO_REPLY_CONTAINERS), *row, *names;
    size_t i;

    if (rows == NULL)
        return NULL;
    names = json_object();
    json_array_foreach(rows, i, row) {
        const char *tenant = json_string_value(json_object_get(row, "tenant"));
        const char *name = json_string_value(json_object_get(row, "name"));
        char *key = id_key(json_object_get(row, "id")), *shown = atto_table_name(tenant, name);

        json_object_set_new(names, key, json_string(shown));
        free(key);
        free(shown);
    }
    json_decref(rows);
    return names;
}

/* Prints a container by its name, or by its id if it is gone. */
static void print_container(const json_t *names, const json_t *id)
{
    char *key = id_key(id);
    const char *name = json_string_value(json_object_get(names, key));

    if (name != NULL)
        fputs(name, stdout);
    else
        printf("#%s", key);
    free(key);
}

static void print_time(const json_t *time_us)
{
    const json_int_t us = json_integer_value(time_us);

    printf("%6lld.%06lld  ", (long long)(us / 1000000), (long long)(us % 1000000));
}

/* ---- what is in the rings ---- */

static void print_line(const struct stream *stream, const json_t *line)
{
    const char *text = json_string_value(json_object_get(line, "text"));

    print_time(json_object_get(line, "time_us"));
    if (json_object_get(line, "id") != NULL) {
        print_container(stream->names, json_object_get(line, "id"));
        fputs("  ", stdout);
    }
    atto_table_print_text(text != NULL ? text : "?");
    putchar('\n');
}

/* What a detail means depends on the kind of the record. */
static void print_detail(const char *kind, uint32_t detail)
{
    static const char *const activations[] = {"none", "start", "loop", "event", "stop", "hook"};
    static const char *const states[] = {"installed", "starting", "running", "paused",
                                         "stopping",  "stopped",  "faulted"};
    const char *word = NULL;

    if (strcmp(kind, "activate") == 0 || strcmp(kind, "end") == 0)
        word = detail < sizeof activations / sizeof *activations ? activations[detail] : NULL;
    else if (strcmp(kind, "state") == 0)
        word = detail < sizeof states / sizeof *states ? states[detail] : NULL;
    else if (strcmp(kind, "call") == 0)
        word = detail < ATTO_CALL_IDS ? atto_call_name(detail) : NULL;
    else if (strcmp(kind, "fault") == 0)
        word = atto_status_text((enum atto_status)-(int)detail);
    if (word != NULL)
        printf("%s", word);
    else
        printf("%u", detail);
}

static void print_record(const struct stream *stream, const json_t *record)
{
    const char *kind = json_string_value(json_object_get(record, "kind"));
    const json_int_t value = json_integer_value(json_object_get(record, "value"));

    print_time(json_object_get(record, "time_us"));
    print_container(stream->names, json_object_get(record, "container"));
    printf("  %-8s ", kind != NULL ? kind : "?");
    print_detail(kind != NULL ? kind : "?", (uint32_t)json_integer_value(json_object_get(record, "detail")));
    printf("  %lld\n", (long long)value);
}

/* ---- following ---- */

static void print_entries(const struct atto_remote *remote, const struct stream *stream, const json_t *entries)
{
    const json_t *entry;
    size_t i;

    json_array_foreach((json_t *)(size_t)entries, i, entry) {
        if (remote->options->json) {
            json_dumpf(entry, stdout, JSON_COMPACT);
            putchar('\n');
        } else {
            stream->print(stream, entry);
        }
    }
    fflush(stdout);
}

/* Reads and prints from *from on, as far as there is something, and moves it on. A device that has not got there has
 * begun anew since that number was known, if it ever was one. */
static bool drain(struct atto_remote *remote, const struct stream *stream, uint64_t *from)
{
    for (;;) {
        char *query = atto_format("from=%llu", (unsigned long long)*from);
        json_t *part = atto_remote_read(remote, stream->path, query, stream->kind);
        const json_t *entries = json_object_get(part, stream->list);
        const uint64_t next = (uint64_t)json_integer_value(json_object_get(part, "next"));
        const bool over = json_array_size(entries) == 0 || next == *from;

        free(query);
        if (part == NULL)
            return false;
        if (next < *from) {
            atto_report("%s: it has not got to number %llu, but to %llu: the oldest first", remote->context.uri,
                        (unsigned long long)*from, (unsigned long long)next);
            *from = 0;
            json_decref(part);
            continue;
        }
        print_entries(remote, stream, entries);
        *from = next;
        json_decref(part);
        if (over)
            return true;
    }
}

static void follow(struct atto_remote *remote, const struct stream *stream, uint64_t from, bool goes_on)
{
    struct atto_client_request request = {.method = ATTO_METHOD_GET, .format = ATTO_FORMAT_NONE};

    if (!drain(remote, stream, &from) || !goes_on)
        return;
    for (size_t i = 0; stream->path[i] != NULL; i++)
        request.path[i] = stream->path[i];
    if (!remote->keyed)
        atto_client_observe(remote->client, &request);
    do
        atto_client_wait(remote->client, remote->keyed ? POLL_KEYED_MS : POLL_MS);
    while (drain(remote, stream, &from));
}

int atto_command_logs(int argc, char **argv)
{
    static const char *const all[] = {"log", NULL};
    struct atto_remote_options options = ATTO_REMOTE_INIT;
    bool goes_on = false;
    uint32_t from = 0;
    const struct atto_option table[] = {ATTO_REMOTE_OPTIONS(options),
                                        {"follow", 'f', .flag = &goes_on},
                                        {"from", .number = &from, .min = 0, .max = UINT32_MAX},
                                        {0}};
    struct stream stream = {all, ATTO_REPLY_ALL_LOG, "lines", print_line, NULL};
    struct atto_remote_name name = {.tenant = NULL};
    struct atto_remote remote;
    size_t count;
    char **words;
    int status;
    bool fine;

    if (!atto_options_read(argc, argv, logs_usage, table, &status))
        return status;
    words = atto_files(argc, argv, &count);
    if (count > 1) {
        atto_report("one name at a time: '%s' is too many", words[1]);
        return atto_wrong_usage(argv[0]);
    }
    fine = atto_remote_open(&remote, &options);
    if (fine && count == 1)
        fine = atto_remote_name_read(&remote, words[0], &name) || atto_remote_fail(&remote, ATTO_EXIT_USAGE);
    else if (fine && !options.json)
        fine = (stream.names = read_names(&remote)) != NULL;
    if (fine && count == 1) {
        stream.path = ATTO_CONTAINER_PATH(&name, "log");
        stream.kind = ATTO_REPLY_LOG;
        follow(&remote, &stream, from, goes_on);
    } else if (fine) {
        follow(&remote, &stream, from, goes_on);
    }
    json_decref(stream.names);
    atto_remote_name_free(&name);
    atto_remote_close(&remote);
    return remote.status;
}

int atto_command_trace(int argc, char **argv)
{
    static const char *const path[] = {"trace", NULL};
    struct atto_remote_options options = ATTO_REMOTE_INIT;
    bool goes_on = false;
    uint32_t from = 0;
    const struct atto_option table[] = {ATTO_REMOTE_OPTIONS(options),
                                        {"follow", 'f', .flag = &goes_on},
                                        {"from", .number = &from, .min = 0, .max = UINT32_MAX},
                                        {0}};
    struct stream stream = {path, ATTO_REPLY_TRACE, "records", print_record, NULL};
    struct atto_remote remote;
    int status;

    if (!atto_options_read(argc, argv, trace_usage, table, &status))
        return status;
    if (!atto_take_nothing(argc, argv))
        return atto_wrong_usage(argv[0]);
    if (atto_remote_open(&remote, &options) && (options.json || (stream.names = read_names(&remote)) != NULL))
        follow(&remote, &stream, from, goes_on);
    json_decref(stream.names);
    atto_remote_close(&remote);
    return remote.status;
}

/* ---- audit ---- */

/* Names of tenants by their ids; the owner has none. */
static json_t *read_tenants(struct atto_remote *remote)
{
    static const char *const path[] = {"tenants", NULL};
    json_t *rows = atto_remote_read(remote, path, NULL, ATTO_REPLY_TENANTS), *row, *names;
    size_t i;

    if (rows == NULL)
        return NULL;
    names = json_object();
    json_array_foreach(rows, i, row) {
        char *key = id_key(json_object_get(row, "id"));
        char *shown = atto_table_name(NULL, json_string_value(json_object_get(row, "name")));

        json_object_set_new(names, key, json_string(shown));
        free(key);
        free(shown);
    }
    json_decref(rows);
    return names;
}

struct audit {
    json_t *records, *containers, *tenants; /* the latter two: names by ids */
    int width;                              /* of the longest name of a container */
};

static void print_tenant(const struct audit *audit, const json_t *id)
{
    char *key = id_key(id);
    const char *name = json_string_value(json_object_get(audit->tenants, key));

    if (json_integer_value(id) == ATTO_TENANT_OWNER)
        fputs("the owner", stdout);
    else if (name != NULL)
        fputs(name, stdout);
    else if (json_integer_value(id) == UNKNOWN_TENANT)
        fputs("somebody who is not known", stdout);
    else
        printf("tenant %s", key);
    free(key);
}

/* What code and handle mean depends on the kind of the record. */
static void print_subject(const struct audit *audit, const char *kind, const json_t *record)
{
    const json_t *code = json_object_get(record, "code");
    const json_int_t number = json_integer_value(code), handle = json_integer_value(json_object_get(record, "handle"));

    if (strcmp(kind, "denied") == 0 && number >= 0 && number < (json_int_t)ATTO_CALL_IDS &&
        atto_call_name((uint32_t)number) != NULL) {
        fputs(atto_call_name((uint32_t)number), stdout);
    } else if (strcmp(kind, "denied") == 0) {
        printf("call %lld", (long long)number);
    } else if (strcmp(kind, "right") == 0) {
        printf("generation %lld", (long long)number);
    } else {
        fputs(strcmp(kind, "refused") == 0 ? "in the name of " : "of ", stdout);
        print_tenant(audit, code);
        return;
    }
    if (handle != ATTO_AUDIT_NO_HANDLE)
        printf(", handle %lld", (long long)handle);
}

static void print_audit_record(const struct audit *audit, const json_t *record)
{
    const char *kind = json_string_value(json_object_get(record, "kind"));
    const char *status = json_string_value(json_object_get(record, "status"));
    char *key = id_key(json_object_get(record, "container"));
    const char *name = json_string_value(json_object_get(audit->containers, key));
    const int shown = strcmp(key, "0") == 0 ? 1 : name != NULL ? (int)strlen(name) : (int)strlen(key) + 1;

    kind = kind != NULL ? kind : "?";
    print_time(json_object_get(record, "time_us"));
    if (strcmp(key, "0") == 0)
        putchar('-');
    else
        print_container(audit->containers, json_object_get(record, "container"));
    printf("%*s  %-8s ", audit->width > shown ? audit->width - shown : 0, "", kind);
    print_subject(audit, kind, record);
    if (status != NULL && strcmp(status, "ATTO_OK") != 0)
        printf(", %s", status);
    if (strcmp(kind, "denied") != 0 && strcmp(kind, "refused") != 0) {
        fputs(", by ", stdout);
        print_tenant(audit, json_object_get(record, "actor"));
    }
    if (json_integer_value(json_object_get(record, "count")) > 1)
        printf(", %lld times", (long long)json_integer_value(json_object_get(record, "count")));
    putchar('\n');
    free(key);
}

static void print_audit(struct audit *audit)
{
    static const char *const parts[] = {"denials", "changes"};
    const json_t *record, *name;
    const char *id;
    size_t i;

    json_object_foreach(audit->containers, id, name) {
        if ((int)json_string_length(name) > audit->width)
            audit->width = (int)json_string_length(name);
    }
    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
        json_array_foreach(json_object_get(audit->records, parts[part]), i, record)
            print_audit_record(audit, record);
    }
}

int atto_command_audit(int argc, char **argv)
{
    static const char *const path[] = {"audit", NULL};
    struct atto_remote_options options = ATTO_REMOTE_INIT;
    const struct atto_option table[] = {ATTO_REMOTE_OPTIONS(options), {0}};
    struct atto_remote remote;
    struct audit audit = {.width = 1};
    int status;

    if (!atto_options_read(argc, argv, audit_usage, table, &status))
        return status;
    if (!atto_take_nothing(argc, argv))
        return atto_wrong_usage(argv[0]);
    if (atto_remote_open(&remote, &options) &&
        (audit.records = atto_remote_read(&remote, path, NULL, ATTO_REPLY_AUDIT)) != NULL) {
        if (options.json)
            atto_remote_print(json_incref(audit.records));
        else if ((audit.containers = read_names(&remote)) != NULL && (audit.tenants = read_tenants(&remote)) != NULL)
            print_audit(&audit);
    }
    json_decref(audit.records);
    json_decref(audit.containers);
    json_decref(audit.tenants);
    atto_remote_close(&remote);
    return remote.status;
}
