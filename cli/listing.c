/* Listings of programs, see listing.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { MARK_LABEL = 1, MARK_FUNCTION = 2, MARK_HALF = 4 };

static void mark(struct atto_listing *listing, int64_t slot, uint8_t what)
{
    if (slot >= 0 && slot < (int64_t)listing->slot_count)
        listing->marks[slot] |= what;
}

static void mark_all(struct atto_listing *listing)
{
    const uint8_t *text = listing->image->text.ptr;

    mark(listing, 0, MARK_FUNCTION);
    for (uint32_t i = 0; i < atto_image_function_count(listing->image); i++)
        mark(listing, atto_image_function(listing->image, i).start, MARK_FUNCTION);
    for (uint32_t slot = 0; slot < listing->slot_count; slot++) {
        struct atto_slot insn = atto_slot_read(text, slot);
        int64_t target;

        if ((listing->marks[slot] & MARK_HALF) != 0)
            continue;
        if (atto_disasm_target(&insn, slot, &target))
            mark(listing, target, insn.opcode == 0x85 ? MARK_FUNCTION : MARK_LABEL);
        if (atto_slot_width(insn.opcode) == 2)
            mark(listing, (int64_t)slot + 1, MARK_HALF);
    }
}

void atto_listing_open(struct atto_listing *listing, const struct atto_image *image,
                       const struct atto_manifest *manifest, const char *path)
{
    *listing = (struct atto_listing){.image = image, .manifest = manifest, .slot_count = image->text.len / 8};
    listing->marks = atto_alloc(listing->slot_count, 1);
    if (image->executor == ATTO_EXECUTOR_BPF)
        mark_all(listing);
    if (!atto_lines_decode(&listing->lines, image->lines.ptr, image->lines.len)) {
        atto_report_at(path, 0, "the table of source lines is damaged");
        atto_lines_free(&listing->lines);
    }
}

void atto_listing_close(struct atto_listing *listing)
{
    free(listing->marks);
    atto_lines_free(&listing->lines);
}

bool atto_listing_name(const struct atto_listing *listing, uint32_t slot, char *name, size_t name_bytes)
{
    if (slot >= listing->slot_count)
        return false;
    for (uint32_t i = 0; i < listing->manifest->entry_count; i++) {
        struct atto_entry entry;

        if (atto_manifest_entry(listing->manifest, i, &entry) == ATTO_OK && entry.slot == slot) {
            snprintf(name, name_bytes, "%.*s", (int)entry.name.len, (const char *)entry.name.ptr);
            return true;
        }
    }
    if ((listing->marks[slot] & (MARK_FUNCTION | MARK_LABEL)) == 0)
        return false;
    snprintf(name, name_bytes, "%s%u", (listing->marks[slot] & MARK_FUNCTION) != 0 ? "function_" : "L", slot);
    return true;
}

void atto_listing_function(const struct atto_listing *listing, uint32_t slot, char *name, size_t name_bytes)
{
    snprintf(name, name_bytes, "?");
    for (uint32_t at = slot + 1; slot < listing->slot_count && at-- > 0;) {
        if ((listing->marks[at] & MARK_FUNCTION) != 0) {
            atto_listing_name(listing, at, name, name_bytes);
            return;
        }
    }
}

bool atto_listing_is_half(const struct atto_listing *listing, uint32_t slot)
{
    return slot < listing->slot_count && (listing->marks[slot] & MARK_HALF) != 0;
}

static bool name_for_disasm(void *user, uint32_t slot, char *name, size_t name_bytes)
{
    return atto_listing_name(user, slot, name, name_bytes);
}

void atto_listing_instruction(const struct atto_listing *listing, uint32_t slot, char text[ATTO_DISASM_BYTES])
{
    struct atto_slot insn = atto_slot_read(listing->image->text.ptr, slot);
    struct atto_disasm_place place = {slot, 0, name_for_disasm, (void *)(size_t)listing};

    if (slot + 1 < listing->slot_count)
        place.next_imm = atto_slot_read(listing->image->text.ptr, slot + 1).imm;
    atto_disasm(&insn, &place, text);
}

/* One source file, read when its first line is wanted. */
struct source {
    const char *name;
    char **lines;
    size_t line_count;
};

static void source_close(struct source *source)
{
    for (size_t i = 0; i < source->line_count; i++)
        free(source->lines[i]);
    free(source->lines);
    *source = (struct source){0};
}

static void source_open(struct source *source, const char *name)
{
    FILE *file = fopen(name, "r");
    char *line = NULL;
    size_t capacity = 0;

    source_close(source);
    source->name = name;
    if (file == NULL)
        return;
    while (getline(&line, &capacity, file) > 0) {
        size_t count = source->line_count;

        line[strcspn(line, "\r\n")] = '\0';
        source->lines = atto_grow(source->lines, count, count + 1, sizeof source->lines[0]);
        source->lines[source->line_count++] = atto_copy_string(line);
    }
    free(line);
    fclose(file);
}

static void print_source_line(struct source *source, const char *file, uint32_t line, FILE *out)
{
    if (source->name != file)
        source_open(source, file);
    fprintf(out, "; %s:%u", file, line);
    if (line <= source->line_count)
        fprintf(out, "  %s", source->lines[line - 1] + strspn(source->lines[line - 1], " \t"));
    fputc('\n', out);
}

static void print_slot(const struct atto_listing *listing, uint32_t slot, FILE *out)
{
    const uint8_t *bytes = listing->image->text.ptr + 8 * (size_t)slot;
    bool half = atto_listing_is_half(listing, slot);
    bool hidden = half && (bytes[0] | bytes[1] | bytes[2] | bytes[3]) != 0;
    char text[ATTO_DISASM_BYTES] = "";

    if (!half || hidden)
        atto_listing_instruction(listing, slot, text);
    fprintf(out, "%6u:  ", slot);
    for (size_t i = 0; i < 8; i++)
        fprintf(out, "%02x%s", bytes[i], i < 7 || !half || hidden ? " " : "");
    fprintf(out, "%s%s\n", hidden ? " hidden: " : half ? "" : " ", text);
}

void atto_listing_add_line(const struct atto_listing *listing, uint32_t slot, json_t *object)
{
    const char *file;
    uint32_t line;

    if (atto_lines_find(&listing->lines, slot, &file, &line)) {
        json_object_set_new(object, "file", json_string(file));
        json_object_set_new(object, "line", json_integer(line));
    }
}

void atto_listing_refuse(const struct atto_listing *listing, const char *path, const struct atto_refusal *refusal)
{
    char text[ATTO_DISASM_BYTES] = "", function[64];
    const char *file = path;
    uint32_t line = 0;

    if (refusal->at >= listing->slot_count) {
        atto_report_at(path, 0, "%s", atto_status_text(refusal->status));
        return;
    }
    atto_lines_find(&listing->lines, refusal->at, &file, &line);
    atto_listing_function(listing, refusal->at, function, sizeof function);
    atto_listing_instruction(listing, refusal->at, text);
    atto_report_at(file, line, "%s (slot %u in %s: %s)", atto_status_text(refusal->status), refusal->at, function,
                   text);
}

void atto_listing_print_place(const struct atto_listing *listing, uint32_t slot, int indent, FILE *out)
{
    struct source source = {0};
    char text[ATTO_DISASM_BYTES] = "?", function[64];
    const char *file;
    uint32_t line;

    if (atto_lines_find(&listing->lines, slot, &file, &line)) {
        source_open(&source, file);
        fprintf(out, "%s:%u", file, line);
        if (line <= source.line_count)
            fprintf(out, ": %s", source.lines[line - 1] + strspn(source.lines[line - 1], " \t"));
        fprintf(out, "\n%*s", indent, "");
    }
    if (slot < listing->slot_count)
        atto_listing_instruction(listing, slot, text);
    atto_listing_function(listing, slot, function, sizeof function);
    fprintf(out, "slot %u in %s: %s\n", slot, function, text);
    source_close(&source);
}

void atto_listing_print(const struct atto_listing *listing, FILE *out)
{
    struct source source = {0};
    const char *last_file = NULL;
    uint32_t last_line = 0;

    for (uint32_t slot = 0; slot < listing->slot_count; slot++) {
        const char *file;
        uint32_t line;
        char name[64];

        if (atto_listing_name(listing, slot, name, sizeof name))
            fprintf(out, "%s%s:\n", (listing->marks[slot] & MARK_FUNCTION) != 0 && slot != 0 ? "\n" : "", name);
        if (atto_lines_find(&listing->lines, slot, &file, &line) && (file != last_file || line != last_line)) {
            print_source_line(&source, file, line, out);
            last_file = file;
            last_line = line;
        }
        print_slot(listing, slot, out);
    }
    source_close(&source);
}
