/* Source lines in memory and in the `lines` section of an image, see lines.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

/* File names come from strangers and go to terminals: control characters become question marks. */
static char *made_plain(char *name)
{
    for (unsigned char *at = (unsigned char *)name; *at != '\0'; at++) {
        bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;

        if (*at < 0x20 || *at == 0x7f || is_c1)
            at[0] = '?';
        if (is_c1)
            at[1] = '?';
    }
    return name;
}

static uint32_t file_index(struct atto_lines *lines, const char *file)
{
    char *name = made_plain(atto_copy_string(file));
    size_t i = 0;

    while (i < lines->file_count && strcmp(lines->files[i], name) != 0)
        i++;
    if (i < lines->file_count) {
        free(name);
    } else {
        lines->files = atto_grow(lines->files, i, i + 1, sizeof lines->files[0]);
        lines->files[i] = name;
        lines->file_count++;
    }
    return (uint32_t)i;
}

static void add_row(struct atto_lines *lines, struct atto_line row)
{
    size_t count = lines->row_count;

    if ((count & (count - 1)) == 0) {
        size_t capacity = count == 0 ? 1 : 2 * count;

        lines->rows = atto_grow(lines->rows, count, capacity, sizeof lines->rows[0]);
    }
    lines->rows[lines->row_count++] = row;
}

void atto_lines_add(struct atto_lines *lines, uint32_t slot, const char *file, uint32_t line)
{
    struct atto_line row = {slot, 0, 0};

    if (file != NULL) {
        row.file = file_index(lines, file);
        row.line = line;
    }
    add_row(lines, row);
}

/* Insertion sort: rows come nearly sorted and it keeps the order of equal ones. A row that ends something goes before
 * the others of its slot. */
static bool goes_before(const struct atto_line *a, const struct atto_line *b)
{
    return a->slot < b->slot || (a->slot == b->slot && a->line == 0 && b->line != 0);
}

void atto_lines_sort(struct atto_lines *lines)
{
    size_t kept = 0;

    for (size_t i = 1; i < lines->row_count; i++) {
        struct atto_line row = lines->rows[i];
        size_t to = i;

        for (; to > 0 && goes_before(&row, &lines->rows[to - 1]); to--)
            lines->rows[to] = lines->rows[to - 1];
        lines->rows[to] = row;
    }
    for (size_t i = 0; i < lines->row_count; i++) {
        const struct atto_line *row = &lines->rows[i];

        if (i + 1 < lines->row_count && lines->rows[i + 1].slot == row->slot)
            continue;
        if (kept > 0 && lines->rows[kept - 1].line == row->line && lines->rows[kept - 1].file == row->file)
            continue;
        lines->rows[kept++] = *row;
    }
    lines->row_count = kept;
}

bool atto_lines_find(const struct atto_lines *lines, uint32_t slot, const char **file, uint32_t *line)
{
    size_t low = 0, high = lines->row_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (lines->rows[middle].slot <= slot)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || lines->rows[low - 1].line == 0)
        return false;
    *file = lines->files[lines->rows[low - 1].file];
    *line = lines->rows[low - 1].line;
    return true;
}

void atto_lines_encode(const struct atto_lines *lines, struct atto_buffer *section)
{
    struct atto_line last = {0, 0, 0};

    if (lines->row_count == 0)
        return;
    atto_buffer_put_uleb(section, lines->file_count);
    for (size_t i = 0; i < lines->file_count; i++) {
        atto_buffer_put_uleb(section, strlen(lines->files[i]));
        atto_buffer_put(section, lines->files[i], strlen(lines->files[i]));
    }
    for (size_t i = 0; i < lines->row_count; i++) {
        const struct atto_line *row = &lines->rows[i];

        atto_buffer_put_uleb(section, row->slot - last.slot);
        atto_buffer_put_uleb(section, row->file);
        atto_buffer_put_sleb(section, (int64_t)row->line - (int64_t)last.line);
        last = *row;
    }
}

/* A reader of LEB128 numbers; ok turns false for good at the first that is not complete or over 63 bits. */
struct leb {
    const uint8_t *at, *end;
    bool ok;
};

static uint64_t take_leb(struct leb *leb, bool is_signed)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        if (leb->at == leb->end || shift > 56) {
            leb->ok = false;
            return 0;
        }
        byte = *leb->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    if (is_signed && (byte & 0x40) != 0)
        value |= ~(uint64_t)0 << shift;
    return value;
}

static bool decode_files(struct atto_lines *lines, struct leb *leb)
{
    uint64_t file_count = take_leb(leb, false);

    for (uint64_t i = 0; i < file_count && leb->ok; i++) {
        uint64_t len = take_leb(leb, false);

        if (!leb->ok || len > (uint64_t)(leb->end - leb->at))
            return false;
        lines->files = atto_grow(lines->files, lines->file_count, lines->file_count + 1, sizeof lines->files[0]);
        lines->files[lines->file_count++] = made_plain(atto_format("%.*s", (int)len, (const char *)leb->at));
        leb->at += len;
    }
    return leb->ok;
}

bool atto_lines_decode(struct atto_lines *lines, const uint8_t *section, size_t len)
{
    struct atto_line row = {0, 0, 0};
    struct leb leb;

    if (len == 0)
        return true;
    leb = (struct leb){section, section + len, true};
    if (!decode_files(lines, &leb))
        return false;
    while (leb.at != leb.end) {
        uint64_t slot = row.slot + take_leb(&leb, false);
        uint64_t file = take_leb(&leb, false);
        uint64_t line = row.line + take_leb(&leb, true);

        if (!leb.ok || slot > UINT32_MAX || file >= lines->file_count || line > UINT32_MAX)
            return false;
        row = (struct atto_line){(uint32_t)slot, (uint32_t)file, (uint32_t)line};
        add_row(lines, row);
    }
    return true;
}

void atto_lines_free(struct atto_lines *lines)
{
    for (size_t i = 0; i < lines->file_count; i++)
        free(lines->files[i]);
    free(lines->files);
    free(lines->rows);
    *lines = (struct atto_lines){0};
}
