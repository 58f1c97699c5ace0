/* `atto inspect`: what is in an image, for people and, with --json, for programs. It shows what an image says of
 * itself; whether a device would take it is the business of `atto check`.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "atto/command.h"
#include "atto/tenant_record.h"
#include "atto/tinycontainer.h"
#include "calls.h"
#include "commands.h"
#include "keyfile.h"
#include "layout.h"
#include "listing.h"
#include "load.h"
#include "report.h"
#include "rights.h"
#include "schedule.h"
#include "shape.h"
#include "tinycontainer.h"
#include "uuid.h"
#include "wishes.h"

static const char usage[] =
    "usage: atto inspect [options] FILE\n"
    "\n"
    "Shows an image: header, manifest, sections, functions, and its instructions with their source lines.\n"
    "FILE is an image of Atto's or Femto-Container's format, an eBPF object (.o), a source file, or metadata of\n"
    "TinyContainer; of these it shows what they mean to Atto, and with --key whether their signatures hold. Of an\n"
    "envelope, a signed command, a tenant record or a key it shows every field.\n"
    "\n"
    "  -n, --no-text     leave the instructions out\n"
    "  -w, --where SLOT  show nothing but the source line and the instruction of this slot\n"
    "      --json        print one JSON object\n"
    "      --key HEX     verify metadata with this Ed25519 public key\n"
    "      --data FILE   with --key: compare the hash of the container's data\n"
    "      --code FILE   with --key: compare the hash of its code\n"
    "  -h, --help        print this\n"
    "\n"
    "Exit status: 0 shown, 1 no such file, or one that cannot be read to its end or does not verify, 2 wrong usage.\n";

static const char *format_name(enum atto_format format)
{
    return format == ATTO_FORMAT_ATTO ? "atto" : format == ATTO_FORMAT_FEMTO ? "femto" : "bare";
}

static const char *executor_name(uint8_t executor)
{
    return executor == ATTO_EXECUTOR_BPF ? "bpf" : executor == ATTO_EXECUTOR_WASM ? "wasm" : "unknown";
}

struct named_section {
    const char *name;
    const struct atto_span *span;
};

#define SECTION_COUNT 6

static void list_sections(const struct atto_image *image, struct named_section sections[SECTION_COUNT])
{
    const struct named_section list[SECTION_COUNT] = {
        {"text", &image->text}, {"functions", &image->functions}, {"rodata", &image->rodata},
        {"data", &image->data}, {"manifest", &image->manifest},   {"lines", &image->lines},
    };

    memcpy(sections, list, sizeof list);
}

/* Readers of one list each, for both forms of output. */
static char *entry_name(const struct atto_manifest *manifest, uint32_t index, uint32_t *slot)
{
    struct atto_entry entry;

    if (atto_manifest_entry(manifest, index, &entry) != ATTO_OK)
        return atto_copy_string("?");
    *slot = entry.slot;
    return atto_format("%.*s", (int)entry.name.len, (const char *)entry.name.ptr);
}

static void print_calls(const struct atto_callset *calls)
{
    const char *separator = "  calls    ";

    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++) {
        const char *name = atto_call_name(number);

        if (!atto_callset_has(calls, number))
            continue;
        printf("%s%u%s%s", separator, number, name == NULL ? "" : " ", name == NULL ? "" : name);
        separator = ", ";
    }
    if (separator[0] == ',')
        putchar('\n');
}

static void print_hooks(const struct atto_manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->hook_count; i++) {
        struct atto_hook_wish hook;
        uint32_t slot;
        char *uuid, *entry;

        if (atto_manifest_hook(manifest, i, &hook) != ATTO_OK)
            continue;
        uuid = atto_uuid_text(hook.uuid.ptr);
        entry = entry_name(manifest, hook.entry, &slot);
        printf("  hook     %s entry %s, priority %u, %s\n", uuid, entry, hook.priority, atto_policy_names[hook.policy]);
        free(uuid);
        free(entry);
    }
}

static void print_schedule(const struct atto_schedule *schedule)
{
    json_t *object = atto_schedule_to_json(schedule), *value;
    const char *name;

    json_object_foreach(object, name, value) {
        if (json_is_string(value))
            printf("  schedule %s %s\n", name, json_string_value(value));
        else
            printf("  schedule %s %lld\n", name, (long long)json_integer_value(value));
    }
    json_decref(object);
}

static void print_rights(const struct atto_manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->right_count; i++) {
        struct atto_right_wish wish;
        char *text;

        if (atto_manifest_right(manifest, i, &wish) != ATTO_OK)
            continue;
        text = atto_right_text(&wish.right);
        if (wish.name_bytes != 0)
            printf("  right    %u %.*s: %s\n", i, (int)wish.name_bytes, (const char *)wish.name, text);
        else
            printf("  right    %u endpoint %u: %s\n", i, wish.right.endpoint, text);
        free(text);
    }
}

static void print_manifest(const struct atto_manifest *manifest)
{
    puts("manifest");
    if (manifest->name.len != 0)
        printf("  name     %.*s\n", (int)manifest->name.len, (const char *)manifest->name.ptr);
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        uint32_t slot = 0;
        char *name = entry_name(manifest, i, &slot);

        printf("  entry    %s at slot %u\n", name, slot);
        free(name);
    }
    if (manifest->stack_bytes != 0)
        printf("  stack    %u bytes\n", manifest->stack_bytes);
    if (manifest->fuel != 0)
        printf("  fuel     %u\n", manifest->fuel);
    print_calls(&manifest->calls);
    print_hooks(manifest);
    print_schedule(&manifest->schedule);
    print_rights(manifest);
}

static void print_sections(const struct atto_buffer *bytes, const struct atto_image *image)
{
    struct named_section sections[SECTION_COUNT];

    list_sections(image, sections);
    puts("sections      offset    bytes");
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (sections[i].span->len != 0)
            printf("  %-10s %7td %8u\n", sections[i].name, sections[i].span->ptr - bytes->bytes, sections[i].span->len);
    }
    if (image->bss_bytes != 0)
        printf("  %-10s         %8u\n", "bss", image->bss_bytes);
}

static void print_functions(const struct atto_listing *listing)
{
    uint32_t count = atto_image_function_count(listing->image);

    if (count == 0)
        return;
    puts("functions      slot   frame   stack   depth");
    for (uint32_t i = 0; i < count; i++) {
        struct atto_function function = atto_image_function(listing->image, i);
        char name[64] = "?";

        atto_listing_name(listing, function.start, name, sizeof name);
        printf("  %-14s %4u %7u %7u %7u\n", name, function.start, function.frame_bytes, function.stack_bytes,
               function.depth);
    }
}

static void print_all(const char *path, const struct atto_buffer *bytes, const struct atto_listing *listing, bool text)
{
    const struct atto_image *image = listing->image;

    printf("%s: %s image, executor %s, %zu bytes\n", path, format_name(image->format), executor_name(image->executor),
           bytes->len);
    if (image->manifest.len != 0)
        print_manifest(listing->manifest);
    print_sections(bytes, image);
    print_functions(listing);
    if (text && image->executor == ATTO_EXECUTOR_BPF) {
        puts("text");
        atto_listing_print(listing, stdout);
    }
}

static json_t *json_span_text(const struct atto_span *span)
{
    return json_stringn((const char *)span->ptr, span->len);
}

static json_t *json_manifest(const struct atto_manifest *manifest)
{
    json_t *entries = json_array(), *calls = json_array(), *hooks = json_array(), *rights = json_array();

    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        struct atto_entry entry;

        if (atto_manifest_entry(manifest, i, &entry) == ATTO_OK)
            json_array_append_new(entries, json_pack("{s:o,s:i}", "name", json_span_text(&entry.name), "slot",
                                                     (int)entry.slot));
    }
    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++) {
        if (atto_callset_has(&manifest->calls, number))
            json_array_append_new(calls, json_integer(number));
    }
    for (uint32_t i = 0; i < manifest->hook_count; i++) {
        struct atto_hook_wish hook;
        char *uuid;

        if (atto_manifest_hook(manifest, i, &hook) != ATTO_OK)
            continue;
        uuid = atto_uuid_text(hook.uuid.ptr);
        json_array_append_new(hooks, json_pack("{s:s,s:i,s:i,s:s}", "uuid", uuid, "entry", (int)hook.entry, "priority",
                                               hook.priority, "policy", atto_policy_names[hook.policy]));
        free(uuid);
    }
    for (uint32_t i = 0; i < manifest->right_count; i++) {
        struct atto_right_wish wish;

        if (atto_manifest_right(manifest, i, &wish) == ATTO_OK)
            json_array_append_new(rights, atto_right_to_json(&wish));
    }
    return json_pack("{s:o,s:o,s:I,s:I,s:o,s:o,s:o,s:o}", "name", json_span_text(&manifest->name), "entries", entries,
                     "stack", (json_int_t)manifest->stack_bytes, "fuel", (json_int_t)manifest->fuel, "calls", calls,
                     "hooks", hooks, "schedule", atto_schedule_to_json(&manifest->schedule), "rights", rights);
}

static json_t *json_sections(const struct atto_buffer *bytes, const struct atto_image *image)
{
    struct named_section sections[SECTION_COUNT];
    json_t *list = json_array();

    list_sections(image, sections);
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (sections[i].span->len != 0)
            json_array_append_new(list, json_pack("{s:s,s:I,s:I}", "name", sections[i].name, "offset",
                                                  (json_int_t)(sections[i].span->ptr - bytes->bytes), "bytes",
                                                  (json_int_t)sections[i].span->len));
    }
    return list;
}

static json_t *json_functions(const struct atto_listing *listing)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < atto_image_function_count(listing->image); i++) {
        struct atto_function function = atto_image_function(listing->image, i);
        char name[64] = "?";

        atto_listing_name(listing, function.start, name, sizeof name);
        json_array_append_new(list, json_pack("{s:s,s:i,s:i,s:i,s:i}", "name", name, "slot", function.start, "frame",
                                              function.frame_bytes, "stack", function.stack_bytes, "depth",
                                              function.depth));
    }
    return list;
}

static json_t *json_text(const struct atto_listing *listing)
{
    json_t *list = json_array();

    for (uint32_t slot = 0; slot < listing->slot_count; slot++) {
        char text[ATTO_DISASM_BYTES];
        json_t *item;

        if (atto_listing_is_half(listing, slot))
            continue;
        atto_listing_instruction(listing, slot, text);
        item = json_pack("{s:i,s:s}", "slot", (int)slot, "text", text);
        atto_listing_add_line(listing, slot, item);
        json_array_append_new(list, item);
    }
    return list;
}

static void print_json(const struct atto_buffer *bytes, const struct atto_listing *listing, bool text)
{
    const struct atto_image *image = listing->image;
    json_t *root = json_pack("{s:s,s:s,s:I,s:I,s:o,s:o,s:o}", "format", format_name(image->format), "executor",
                             executor_name(image->executor), "bytes", (json_int_t)bytes->len, "bss_bytes",
                             (json_int_t)image->bss_bytes, "manifest", json_manifest(listing->manifest), "sections",
                             json_sections(bytes, image), "functions", json_functions(listing));

    if (text && image->executor == ATTO_EXECUTOR_BPF)
        json_object_set_new(root, "text", json_text(listing));
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

#define NOWHERE UINT32_MAX

struct arguments {
    uint32_t where; /* a slot, or NOWHERE */
    bool json, no_text;
    struct atto_tiny_question tiny; /* about metadata of TinyContainer */
};

static int show(const char *path, const struct atto_buffer *bytes, const struct atto_listing *listing,
                 const struct arguments *arguments)
{
    if (arguments->where != NOWHERE && arguments->where >= listing->slot_count) {
        atto_report_at(path, 0, "there is no slot %u; the text has %u slots", arguments->where,
                       listing->slot_count);
        return ATTO_EXIT_REFUSED;
    }
    if (arguments->where != NOWHERE)
        atto_listing_print_place(listing, arguments->where, 0, stdout);
    else if (arguments->json)
        print_json(bytes, listing, !arguments->no_text);
    else
        print_all(path, bytes, listing, !arguments->no_text);
    return ATTO_EXIT_FINE;
}

/* Metadata of TinyContainer have no instructions. */
static int inspect_tiny(const char *path, const struct atto_buffer *bytes, const struct arguments *arguments)
{
    struct atto_tiny_question question = arguments->tiny;

    if (arguments->where != NOWHERE) {
        atto_report_at(path, 0, "metadata of TinyContainer have no instructions to show");
        return ATTO_EXIT_REFUSED;
    }
    question.json = arguments->json;
    return atto_tiny_inspect(path, bytes, &question);
}

/* The formats of deployment. */
static const struct shape_name {
    const char *word, *title;
} shape_names[] = {
    [ATTO_SHAPE_ENVELOPE] = {"envelope", "envelope"},
    [ATTO_SHAPE_COMMAND] = {"command", "signed command"},
    [ATTO_SHAPE_TENANT] = {"tenant", "tenant record"},
    [ATTO_SHAPE_KEY] = {"key", "public key (COSE_Key)"},
};

/* What a device's reader says. A private key is none for a device, and a key all the same. */
static enum atto_status read_shape(const struct atto_buffer *bytes, struct atto_refusal *refusal)
{
    const struct atto_span span = {bytes->bytes, (uint32_t)bytes->len};
    struct atto_tenant_record record;
    struct atto_envelope envelope;
    struct atto_command command;
    struct atto_key key;

    switch (atto_shape_of(bytes)) {
    case ATTO_SHAPE_ENVELOPE:
        return atto_envelope_read(span.ptr, span.len, &envelope, refusal);
    case ATTO_SHAPE_COMMAND:
        return atto_command_read(span.ptr, span.len, &command, refusal);
    case ATTO_SHAPE_TENANT:
        return atto_tenant_record_read(span, &record, refusal);
    default:
        return atto_keyfile_is_private(bytes) ? ATTO_OK : atto_key_read(span, &key, refusal);
    }
}

static void print_shape_json(const struct atto_buffer *bytes, bool is_private, enum atto_status status, uint32_t at)
{
    const uint32_t missing = atto_shape_missing(bytes);
    json_t *root = json_pack("{s:s,s:I,s:b,s:o}", "format", shape_names[atto_shape_of(bytes)].word, "bytes",
                             (json_int_t)bytes->len, "readable", status == ATTO_OK && missing == 0, "fields",
                             atto_shape_json(bytes));
    char *field = atto_shape_field(bytes, at);

    if (atto_shape_of(bytes) == ATTO_SHAPE_KEY)
        json_object_set_new(root, "private", json_boolean(is_private));
    if (missing != 0)
        json_object_set_new(root, "missing_bytes", json_integer(missing));
    if (status != ATTO_OK)
        json_object_set_new(root, "refusal", json_pack("{s:s,s:s,s:I,s:s}", "status", atto_status_name(status), "text",
                                                       atto_status_text(status), "byte", (json_int_t)at, "field",
                                                       field));
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
    free(field);
}

/* What a file is to be shown as. */
struct shown {
    const char *title; /* NULL: by its shape */
    bool is_private, json;
};

/* Their fields, whether a device could read them or not; and if not, where it stops. */
static int inspect_shape(const char *path, const struct atto_buffer *bytes, const struct shown *shown)
{
    struct atto_refusal refusal = {ATTO_OK, 0};
    const enum atto_status status = read_shape(bytes, &refusal);

    if (shown->json) {
        print_shape_json(bytes, shown->is_private, status, refusal.at);
    } else {
        printf("%s: %s, %zu bytes", path, shown->title != NULL ? shown->title : shape_names[atto_shape_of(bytes)].title,
               bytes->len);
        atto_shape_print(bytes, stdout);
    }
    if (!atto_shape_is_whole(path, bytes))
        return ATTO_EXIT_REFUSED;
    if (status == ATTO_OK)
        return ATTO_EXIT_FINE;
    atto_shape_refuse(path, bytes, status, refusal.at);
    return ATTO_EXIT_REFUSED;
}

/* A key in PEM is shown as the COSE_Key that a device would have. */
static int inspect_pem(const char *path, bool json)
{
    struct atto_keyfile keyfile = {.secret = NULL};
    struct atto_buffer cose = {0};
    struct shown shown = {"public key (PEM), as a COSE_Key", false, json};
    int result = ATTO_EXIT_REFUSED;

    if (atto_keyfile_read(&keyfile, path)) {
        atto_keyfile_cose(&keyfile, &cose);
        if (keyfile.secret != NULL)
            shown = (struct shown){"private key (PEM), as the COSE_Key of its public part", true, json};
        result = inspect_shape(path, &cose, &shown);
    }
    atto_keyfile_free(&keyfile);
    atto_buffer_free(&cose);
    return result;
}

static int inspect(const char *path, const struct arguments *arguments)
{
    struct atto_buffer bytes = {0};
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_manifest manifest;
    struct atto_listing listing;
    struct atto_image image;
    struct atto_log_place log;
    int result = ATTO_EXIT_REFUSED;

    if (!atto_load(path, &bytes)) {
        atto_buffer_free(&bytes);
        return result;
    }
    const bool is_pem = atto_keyfile_is_pem(&bytes), is_shape = is_pem || atto_shape_of(&bytes) != ATTO_SHAPE_NONE;

    if (is_shape && arguments->tiny.key != NULL) {
        atto_report_at(path, 0, "'atto verify' verifies envelopes and commands; --key here is for TinyContainer's");
    } else if (is_shape && arguments->where != NOWHERE) {
        atto_report_at(path, 0, "--where is for images");
    } else if (is_pem) {
        result = inspect_pem(path, arguments->json);
    } else if (is_shape) {
        const bool is_private = atto_shape_of(&bytes) == ATTO_SHAPE_KEY && atto_keyfile_is_private(&bytes);
        const struct shown shown = {is_private ? "private key (COSE_Key)" : NULL, is_private, arguments->json};

        result = inspect_shape(path, &bytes, &shown);
    } else if (atto_tinycontainer_is(bytes.bytes, (uint32_t)bytes.len)) {
        result = inspect_tiny(path, &bytes, arguments);
    } else if (arguments->tiny.key != NULL) {
        atto_report_at(path, 0, "not metadata of TinyContainer, which are all that --key verifies");
    } else if (atto_image_parse(bytes.bytes, (uint32_t)bytes.len, &image, &refusal) != ATTO_OK) {
        atto_report_at(path, 0, "%s (byte %u)", atto_status_text(refusal.status), refusal.at);
        if (atto_layout_find_log(&bytes, &log))
            atto_report_at(path, 0, "it has the record log of a device's flash: 'atto fsck' explains it");
    } else {
        bool fine = atto_manifest_parse(image.manifest, &manifest, &refusal) == ATTO_OK;

        if (!fine) {
            atto_report_at(path, 0, "%s (byte %td)", atto_status_text(refusal.status),
                           image.manifest.ptr + refusal.at - bytes.bytes);
            manifest = (struct atto_manifest)ATTO_MANIFEST_INIT;
        }
        atto_listing_open(&listing, &image, &manifest, path);
        result = show(path, &bytes, &listing, arguments);
        if (!fine)
            result = ATTO_EXIT_REFUSED;
        atto_listing_close(&listing);
    }
    atto_buffer_free(&bytes);
    return result;
}

int atto_command_inspect(int argc, char **argv)
{
    struct arguments arguments = {.where = NOWHERE};
    const struct atto_option options[] = {
        {"json", .flag = &arguments.json},
        {"no-text", 'n', .flag = &arguments.no_text},
        {"key", .text = &arguments.tiny.key},
        {"data", .text = &arguments.tiny.data},
        {"code", .text = &arguments.tiny.code},
        {"where", 'w', .number = &arguments.where, .min = 0, .max = 0xffff},
        {0},
    };
    const char *path = NULL;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &path))
        return atto_wrong_usage(argv[0]);
    if (arguments.tiny.key == NULL && (arguments.tiny.data != NULL || arguments.tiny.code != NULL)) {
        atto_report("--data and --code need --key");
        return atto_wrong_usage(argv[0]);
    }
    return inspect(path, &arguments);
}
