/* Messages of clang, see complaints.h. Those of the backend have one of four forms:
 *
 *     error: FILE:LINE:COLUMN: in function NAME TYPE: MESSAGE      or without function, or without place
 *     fatal error: error in backend: MESSAGE        and below it the function, and a stack dump
 *     <inline asm>:LINE:COLUMN: error: MESSAGE      and below it the text
 *     a stack dump alone
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "complaints.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hints.h"
#include "report.h"

#define DUMP_BEGINS "PLEASE submit a bug report"

struct place {
    char *file; /* NULL: not known */
    unsigned line, column;
};

/* Complaints so far, and the last of them, to which others may add nothing. */
struct listener {
    const char *module, *source;
    unsigned count;
    char *function, *message;
    struct place place;
};

static char *text_of(const struct atto_buffer *buffer)
{
    return atto_format("%.*s", (int)buffer->len, (const char *)buffer->bytes);
}

static char *line_of(const char *text)
{
    return atto_format("%.*s", (int)strcspn(text, "\n"), text);
}

/* The next line, or NULL. */
static const char *next_line(const char *text)
{
    const char *end = strchr(text, '\n');

    return end == NULL || end[1] == '\0' ? NULL : end + 1;
}

void atto_complaints_pass_on(const struct atto_buffer *said)
{
    const char *last_hint = NULL;
    char *text = text_of(said);

    for (const char *at = text; at != NULL && *at != '\0'; at = next_line(at)) {
        char *line = line_of(at);
        const char *hint = strstr(line, "error") == NULL ? NULL : atto_hint_compiler(line);
        bool dump = strncmp(line, DUMP_BEGINS, strlen(DUMP_BEGINS)) == 0;

        if (!dump)
            fprintf(stderr, "%s\n", line);
        if (hint != NULL && hint != last_hint)
            fprintf(stderr, "hint: %s\n", hint);
        if (hint != NULL)
            last_hint = hint;
        free(line);
        if (dump)
            break;
    }
    free(text);
}

/* The line that defines metadata N of a module: what stands behind "!N = ". NULL if there is none. */
static const char *find_metadata(const char *module, unsigned number)
{
    char *pattern = atto_format("\n!%u = ", number);
    const char *found = strstr(module, pattern);

    if (found != NULL)
        found += strlen(pattern);
    free(pattern);
    return found;
}

/* The number behind a field such as "line: " or "scope: !" in a line of metadata. */
static bool read_field(const char *metadata, const char *field, unsigned *number)
{
    const char *end = strchr(metadata, '\n');
    const char *found = strstr(metadata, field);

    return found != NULL && end != NULL && found < end && sscanf(found + strlen(field), "%u", number) == 1;
}

/* Place of a piece of debug information: a location, a function or a block. */
static struct place metadata_place(const char *module, unsigned number)
{
    const char *item = find_metadata(module, number);
    struct place place = {NULL, 0, 0};
    unsigned scope, file;
    const char *name;

    if (item == NULL || !read_field(item, "line: ", &place.line))
        return place;
    read_field(item, "column: ", &place.column);
    if (strstr(item, "!DILocation(") == item && read_field(item, "scope: !", &scope))
        item = find_metadata(module, scope);
    if (item == NULL || !read_field(item, "file: !", &file))
        return place;
    item = find_metadata(module, file);
    name = item == NULL ? NULL : strstr(item, "filename: \"");
    if (name != NULL) {
        name += strlen("filename: \"");
        place.file = atto_format("%.*s", (int)strcspn(name, "\""), name);
    }
    return place;
}

/* The number of a function's debug information; 0 if it has none. */
static unsigned find_function(const char *module, const char *function)
{
    char *pattern = atto_format(" @%s(", function);
    unsigned number = 0;

    for (const char *at = module; at != NULL && number == 0; at = next_line(at)) {
        char *line = strncmp(at, "define ", 7) == 0 ? line_of(at) : NULL;
        const char *debug = line == NULL || strstr(line, pattern) == NULL ? NULL : strstr(line, " !dbg !");

        if (debug != NULL)
            number = (unsigned)strtoul(debug + strlen(" !dbg !"), NULL, 10);
        free(line);
    }
    free(pattern);
    return number;
}

/* What a function is called in the source: C++ has other names in the module. */
static char *source_name(const char *module, unsigned number, const char *function)
{
    const char *item = number == 0 ? NULL : find_metadata(module, number);
    const char *name = item == NULL ? NULL : strstr(item, "name: \"");

    if (name == NULL || name > item + strcspn(item, "\n"))
        return atto_copy_string(function);
    name += strlen("name: \"");
    return atto_format("%.*s", (int)strcspn(name, "\""), name);
}

/* Where a piece of inline assembly stands. */
static struct place asm_place(const char *module, const char *statement)
{
    for (const char *at = module; at != NULL && statement[0] != '\0'; at = next_line(at)) {
        char *line = line_of(at);
        const char *text = strstr(line, " asm ");
        const char *debug = text == NULL || strstr(text, statement) == NULL ? NULL : strstr(text, "!dbg !");
        struct place place = {NULL, 0, 0};

        if (debug != NULL)
            place = metadata_place(module, (unsigned)strtoul(debug + strlen("!dbg !"), NULL, 10));
        free(line);
        if (place.file != NULL)
            return place;
    }
    return (struct place){NULL, 0, 0};
}

/* "FILE:LINE:COLUMN" that ends at `end`; no file if it is something else, or no place. */
static struct place read_place(const char *text, const char *end)
{
    struct place place = {NULL, 0, 0};
    const char *colon = end;
    unsigned numbers[2] = {0, 0};

    for (int i = 0; i < 2; i++) {
        const char *digits = colon;

        while (digits > text && isdigit((unsigned char)digits[-1]))
            digits--;
        if (digits == colon || digits == text || digits[-1] != ':')
            return place;
        numbers[i] = (unsigned)strtoul(digits, NULL, 10);
        colon = digits - 1;
    }
    if (numbers[1] != 0 && colon > text && text[0] != '<')
        place = (struct place){atto_format("%.*s", (int)(colon - text), text), numbers[1], numbers[0]};
    return place;
}

static bool same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Prints one complaint, unless it only says more about the last one. Takes function, which may be NULL, and message
 * and place over. */
static void complain(struct listener *listener, const char *kind, char *function, struct place place, char *message)
{
    const char *hint = atto_hint_compiler(message);
    bool repeated;

    if (function != NULL) {
        unsigned number = find_function(listener->module, function);
        char *name = source_name(listener->module, number, function);

        if (place.file == NULL)
            place = metadata_place(listener->module, number);
        free(function);
        function = name;
    }
    repeated = (same_text(place.file, listener->place.file) && place.line == listener->place.line &&
                place.column == listener->place.column && place.column != 0) ||
               (same_text(function, listener->function) && same_text(message, listener->message));
    if (!repeated) {
        if (place.file == NULL)
            fprintf(stderr, "%s: ", listener->source);
        else if (place.column == 0)
            fprintf(stderr, "%s:%u: ", place.file, place.line);
        else
            fprintf(stderr, "%s:%u:%u: ", place.file, place.line, place.column);
        if (function != NULL)
            fprintf(stderr, "%s: in function '%s': %s\n", kind, function, message);
        else
            fprintf(stderr, "%s: %s\n", kind, message);
        if (hint != NULL)
            fprintf(stderr, "hint: %s\n", hint);
        listener->count++;
    }
    free(listener->function);
    free(listener->message);
    free(listener->place.file);
    listener->function = function;
    listener->message = message;
    listener->place = place;
}

/* A message without the backend's own words for operands, " 0x55d1c0: i64 = GlobalAddress<i64 (i64)* @f> 0, ...", but
 * with the name in them. */
static char *without_operands(const char *message)
{
    const char *operands = strstr(message, " 0x");
    const char *name;

    if (operands == NULL || strstr(operands, " = ") == NULL)
        return atto_copy_string(message);
    name = strstr(operands, " @");
    if (name == NULL)
        return atto_format("%.*s", (int)(operands - message), message);
    return atto_format("%.*s '%.*s'", (int)(operands - message), message, (int)strcspn(name + 2, "> "), name + 2);
}

/* "FILE:LINE:COLUMN: in function NAME TYPE: MESSAGE", or just a message. */
static void take_diagnostic(struct listener *listener, const char *kind, const char *text)
{
    static const char marker[] = ": in function ";
    char *line = line_of(text);
    const char *found = strstr(line, marker);
    const char *name = found == NULL ? NULL : found + strlen(marker);
    const char *message = name == NULL ? NULL : strstr(name, "): ");

    if (message != NULL) {
        complain(listener, kind, atto_format("%.*s", (int)strcspn(name, " "), name), read_place(line, found),
                 without_operands(message + 3));
    } else {
        struct place place = {NULL, 0, 0};

        found = strstr(line, ": ");
        if (found != NULL)
            place = read_place(line, found);
        complain(listener, kind, NULL, place, atto_copy_string(place.file == NULL ? line : found + 2));
    }
    free(line);
}

/* The function that a stack dump names; NULL if it names none. */
static char *dumped_function(const char *dump)
{
    static const char *const markers[] = {"\nIn function: ", " on function '@"};

    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++) {
        const char *found = strstr(dump, markers[i]);

        if (found != NULL) {
            found += strlen(markers[i]);
            return atto_format("%.*s", (int)strcspn(found, "'\n"), found);
        }
    }
    return NULL;
}

/* "Cannot select: 0x5d1c0: i32,ch = AtomicLoad<...> 0x5d1b0, 0x5d1a0, FILE:LINE:COLUMN", or any other message. */
static void take_fatal(struct listener *listener, const char *text)
{
    char *line = line_of(text), *function = dumped_function(text);
    const char *end = line + strlen(line), *comma = strrchr(line, ',');
    const char *insn = strncmp(line, "Cannot select: ", 15) == 0 ? strstr(line, " = ") : NULL;
    struct place place = {NULL, 0, 0};
    char *message;

    if (comma != NULL && comma[1] == ' ')
        place = read_place(comma + 2, end);
    if (insn != NULL)
        message = atto_format("clang cannot express '%.*s' in eBPF", (int)strcspn(insn + 3, " <"), insn + 3);
    else
        message = atto_copy_string(line);
    complain(listener, "error", function, place, message);
    free(line);
}

/* "<inline asm>:LINE:COLUMN: error: MESSAGE" and, in the next line, the statement. */
static void take_asm(struct listener *listener, const char *text)
{
    const char *message = strstr(text, ": error: "), *below = next_line(text);
    char *statement = line_of(below == NULL ? "" : below + strspn(below, " \t"));

    if (message != NULL && message < text + strcspn(text, "\n")) {
        char *reason = line_of(message + strlen(": error: "));

        complain(listener, "error", NULL, asm_place(listener->module, statement),
                 atto_format("inline assembly '%s': %s", statement, reason));
        free(reason);
    }
    free(statement);
}

static bool begins(const char **text, const char *with)
{
    if (strncmp(*text, with, strlen(with)) != 0)
        return false;
    *text += strlen(with);
    return true;
}

void atto_complaints_explain(const struct atto_buffer *said, const struct atto_buffer *heard,
                             const struct atto_buffer *module, const char *source)
{
    char *text = text_of(said), *module_text = text_of(module);
    struct listener listener = {.module = module_text, .source = source};

    for (const char *line = text; line != NULL && *line != '\0'; line = next_line(line)) {
        const char *at = line;

        if (begins(&at, "fatal error: error in backend: ") || begins(&at, "fatal error: ")) {
            if (listener.count == 0) /* otherwise the consequence of what was said before */
                take_fatal(&listener, at);
        } else if (begins(&at, "error: cannot compile inline asm")) {
            continue; /* said above */
        } else if (begins(&at, "error: ")) {
            take_diagnostic(&listener, "error", at);
        } else if (heard->len != 0 && memmem(heard->bytes, heard->len, line, strcspn(line, "\n")) != NULL) {
            continue;
        } else if (begins(&at, "warning: ")) {
            take_diagnostic(&listener, "warning", at);
        } else if (begins(&at, "atto: ")) {
            fprintf(stderr, "%.*s\n", (int)strcspn(line, "\n"), line);
        } else if (strncmp(at, "<inline asm>", 12) == 0) {
            take_asm(&listener, at);
        } else if (strncmp(at, DUMP_BEGINS, strlen(DUMP_BEGINS)) == 0) {
            if (listener.count == 0)
                complain(&listener, "error", dumped_function(at), (struct place){NULL, 0, 0},
                         atto_copy_string("clang fails to compile this"));
            break;
        }
    }
    free(listener.function);
    free(listener.message);
    free(listener.place.file);
    free(text);
    free(module_text);
}
