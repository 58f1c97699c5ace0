/* Judges a trace in the Trace Event Format more strictly than its readers do: every event has the members of its phase,
 * of the right types, and no others; times never run backwards; slices of a thread do not overlap; each activation that
 * begins ends once; every thread and process has a name. Prints what is wrong, or how many events there are of each
 * phase.
 *
 * usage: trace_check FILE
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define THREADS_MAX 64
#define OPEN_MAX 256

struct thread {
    json_int_t pid, tid;
    bool named;
    json_int_t busy_until; /* end of the last slice */
};

struct open {
    const char *category, *id, *name;
    json_int_t ts;
};

static struct thread threads[THREADS_MAX];
static json_int_t processes[THREADS_MAX]; /* that have a name */
static struct open opened[OPEN_MAX];
static size_t thread_count, process_count, open_count, number;
static json_int_t last_ts;
static unsigned mistakes;

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void wrong(const char *format, ...)
{
    va_list arguments;

    if (++mistakes > 20)
        return;
    va_start(arguments, format);
    printf("event %zu: ", number);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

static bool has(const json_t *event, const char *key, json_type type)
{
    const json_t *value = json_object_get(event, key);

    if (value != NULL && json_typeof(value) == type)
        return true;
    wrong("'%s' is missing, or of the wrong type", key);
    return false;
}

static json_int_t integer(const json_t *event, const char *key)
{
    return has(event, key, JSON_INTEGER) ? json_integer_value(json_object_get(event, key)) : 0;
}

static const char *text(const json_t *event, const char *key)
{
    const char *value = has(event, key, JSON_STRING) ? json_string_value(json_object_get(event, key)) : "";

    if (value[0] == '\0')
        wrong("'%s' is empty", key);
    return value;
}

/* Has the event these members, all of them, and perhaps `args`? */
static void has_only(json_t *event, const char *const *keys)
{
    const char *key;
    json_t *value;

    for (size_t i = 0; keys[i] != NULL; i++) {
        if (json_object_get(event, keys[i]) == NULL)
            wrong("'%s' is missing", keys[i]);
    }
    json_object_foreach(event, key, value) {
        bool known = strcmp(key, "args") == 0 && json_is_object(value);

        for (size_t i = 0; keys[i] != NULL; i++)
            known = known || strcmp(keys[i], key) == 0;
        if (!known)
            wrong("'%s' does not belong here", key);
    }
}

static struct thread *thread_of(const json_t *event)
{
    json_int_t pid = integer(event, "pid"), tid = integer(event, "tid");

    for (size_t i = 0; i < thread_count; i++) {
        if (threads[i].pid == pid && threads[i].tid == tid)
            return &threads[i];
    }
    if (thread_count == THREADS_MAX) {
        wrong("there are too many threads");
        return &threads[0];
    }
    threads[thread_count] = (struct thread){pid, tid, false, 0};
    return &threads[thread_count++];
}

static bool process_named(json_int_t pid)
{
    for (size_t i = 0; i < process_count; i++) {
        if (processes[i] == pid)
            return true;
    }
    return false;
}

static void metadata(json_t *event)
{
    static const char *const keys[] = {"name", "ph", "pid", "tid", NULL};
    const json_t *args = json_object_get(event, "args");
    const char *name = text(event, "name");
    struct thread *thread = thread_of(event);

    has_only(event, keys);
    if (strcmp(name, "process_name") == 0) {
        text(args, "name");
        if (process_named(thread->pid) || process_count == THREADS_MAX)
            wrong("the process has two names");
        else
            processes[process_count++] = thread->pid;
    } else if (strcmp(name, "thread_name") == 0) {
        text(args, "name");
        if (thread->named)
            wrong("the thread has two names");
        thread->named = true;
    } else if (strcmp(name, "thread_sort_index") == 0) {
        integer(args, "sort_index");
    } else {
        wrong("metadata '%s' is not known", name);
    }
}

static void slice(json_t *event, json_int_t ts)
{
    static const char *const keys[] = {"name", "cat", "ph", "ts", "dur", "pid", "tid", NULL};
    struct thread *thread = thread_of(event);
    json_int_t duration = integer(event, "dur");

    has_only(event, keys);
    text(event, "cat");
    if (duration < 0)
        wrong("'dur' is negative");
    if (ts < thread->busy_until)
        wrong("the slice begins at %lld, before the last one's end at %lld", (long long)ts,
              (long long)thread->busy_until);
    thread->busy_until = ts + duration;
}

static void activation(json_t *event, json_int_t ts, bool begins)
{
    static const char *const keys[] = {"name", "cat", "ph", "ts", "id", "pid", "tid", NULL};
    struct open own = {text(event, "cat"), text(event, "id"), text(event, "name"), ts};
    size_t at = 0;

    has_only(event, keys);
    while (at < open_count && (strcmp(opened[at].category, own.category) != 0 || strcmp(opened[at].id, own.id) != 0))
        at++;
    if (begins && (at < open_count || open_count == OPEN_MAX)) {
        wrong("'%s' begins again, or too many are under way", own.id);
    } else if (begins) {
        opened[open_count++] = own;
    } else if (at == open_count) {
        wrong("'%s' ends and has not begun", own.id);
    } else {
        if (strcmp(opened[at].name, own.name) != 0)
            wrong("'%s' ends as '%s' and began as '%s'", own.id, own.name, opened[at].name);
        opened[at] = opened[--open_count];
    }
}

static void instant(json_t *event)
{
    static const char *const keys[] = {"name", "cat", "ph", "ts", "s", "pid", "tid", NULL};

    has_only(event, keys);
    text(event, "cat");
    if (strcmp(text(event, "s"), "t") != 0)
        wrong("the scope is not that of a thread");
}

static void take(json_t *event, unsigned counts[128])
{
    const char *phase = text(event, "ph");
    json_int_t ts = strcmp(phase, "M") == 0 ? last_ts : integer(event, "ts");

    text(event, "name");
    if (ts < last_ts)
        wrong("it comes before the event in front of it");
    last_ts = ts;
    counts[phase[0] & 127]++;
    if (strcmp(phase, "M") == 0) {
        metadata(event);
        return;
    }
    if (!thread_of(event)->named)
        wrong("its thread has no name");
    if (!process_named(integer(event, "pid")))
        wrong("its process has no name");
    if (strcmp(phase, "X") == 0)
        slice(event, ts);
    else if (strcmp(phase, "b") == 0 || strcmp(phase, "e") == 0)
        activation(event, ts, phase[0] == 'b');
    else if (strcmp(phase, "i") == 0)
        instant(event);
    else
        wrong("phase '%s' is not known", phase);
}

static void check(json_t *root)
{
    unsigned counts[128] = {0};
    json_t *events = json_object_get(root, "traceEvents"), *event;
    const char *unit = json_string_value(json_object_get(root, "displayTimeUnit"));

    if (!json_is_object(root) || !json_is_array(events) || unit == NULL || strcmp(unit, "ms") != 0 ||
        json_object_size(root) != 2)
        wrong("the file is not an object with traceEvents and displayTimeUnit \"ms\"");
    json_array_foreach(events, number, event) {
        if (json_is_object(event))
            take(event, counts);
        else
            wrong("it is not an object");
    }
    for (size_t i = 0; i < open_count; i++)
        wrong("'%s' of '%s' does not end", opened[i].id, opened[i].name);
    printf("M %u, X %u, b %u, e %u, i %u\n", counts['M'], counts['X'], counts['b'], counts['e'], counts['i']);
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *root;

    if (argc != 2) {
        fprintf(stderr, "usage: trace_check FILE\n");
        return 2;
    }
    root = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        printf("%s:%d:%d: %s\n", argv[1], error.line, error.column, error.text);
        return 1;
    }
    check(root);
    json_decref(root);
    return mistakes == 0 ? 0 : 1;
}
