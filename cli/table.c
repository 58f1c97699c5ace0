/* Tables for people, see table.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "report.h"

#define NAME_WIDTH 18 /* of what stands before a value */
#define LINE_WIDTH 100

/* The text with control characters, those of C1 in UTF-8 too, made visible; to be freed. */
static char *visible(const char *text)
{
    struct atto_buffer out = {0};
    char *result;

    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f)
            atto_buffer_print(&out, "\\x%02x", *c);
        else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
            atto_buffer_print(&out, "\\x%02x", *++c);
        else
            atto_buffer_put(&out, c, 1);
    }
    result = atto_format("%.*s", (int)out.len, out.len != 0 ? (const char *)out.bytes : "");
    atto_buffer_free(&out);
    return result;
}

void atto_table_print_text(const char *text)
{
    char *shown = visible(text);

    fputs(shown, stdout);
    free(shown);
}

static void put_name(struct atto_buffer *out, const char *name)
{
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        if (*c > 0x20 && *c < 0x7f && *c != '/' && *c != '\\')
            atto_buffer_put(out, c, 1);
        else
            atto_buffer_print(out, "\\x%02x", *c);
    }
}

char *atto_table_name(const char *tenant, const char *name)
{
    struct atto_buffer out = {0};
    char *result;

    if (tenant != NULL && tenant[0] != '\0') {
        put_name(&out, tenant);
        atto_buffer_put(&out, "/", 1);
    }
    if (name != NULL)
        put_name(&out, name);
    else
        atto_buffer_put(&out, "?", 1);
    result = atto_format("%.*s", (int)out.len, out.len != 0 ? (const char *)out.bytes : "");
    atto_buffer_free(&out);
    return result;
}

/* A value as it stands in a table; to be freed. */
static char *cell(const json_t *value)
{
    char *text, *shown;

    if (json_is_string(value))
        return visible(json_string_value(value)[0] != '\0' ? json_string_value(value) : "-");
    if (json_is_integer(value))
        return atto_format("%lld", (long long)json_integer_value(value));
    if (json_is_real(value))
        return atto_format("%.3f", json_real_value(value));
    if (json_is_boolean(value))
        return atto_copy_string(json_is_true(value) ? "yes" : "no");
    if (value == NULL || json_is_null(value))
        return atto_copy_string("-");
    text = json_dumps(value, JSON_COMPACT);
    shown = visible(text != NULL ? text : "?");
    free(text);
    return shown;
}

static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_padded(const char *text, size_t width, bool right, bool last)
{
    const size_t have = width_of(text), pad = width > have ? width - have : 0;

    if (right)
        printf("%*s%s", (int)pad, "", text);
    else
        printf("%s%*s", text, last ? 0 : (int)pad, "");
    fputs(last ? "\n" : "  ", stdout);
}

/* Are there numbers in this column, and nothing else? */
static bool is_number(const json_t *rows, const char *key)
{
    bool some = false;
    const json_t *row;
    size_t i;

    json_array_foreach((json_t *)(size_t)rows, i, row) {
        const json_t *value = json_object_get(row, key);

        if (!json_is_number(value) && !json_is_null(value))
            return false;
        some = some || json_is_number(value);
    }
    return some;
}

void atto_table_print(const json_t *rows, const struct atto_column *columns)
{
    size_t count = 0, *widths;

    while (columns[count].title != NULL)
        count++;
    widths = atto_alloc(count, sizeof *widths);
    for (size_t i = 0; i < count; i++) {
        widths[i] = width_of(columns[i].title);
        for (size_t row = 0; row < json_array_size(rows); row++) {
            char *text = cell(json_object_get(json_array_get(rows, row), columns[i].key));

            widths[i] = width_of(text) > widths[i] ? width_of(text) : widths[i];
            free(text);
        }
    }
    for (size_t i = 0; i < count; i++)
        print_padded(columns[i].title, widths[i], is_number(rows, columns[i].key), i + 1 == count);
    for (size_t row = 0; row < json_array_size(rows); row++) {
        for (size_t i = 0; i < count; i++) {
            char *text = cell(json_object_get(json_array_get(rows, row), columns[i].key));

            print_padded(text, widths[i], is_number(rows, columns[i].key), i + 1 == count);
            free(text);
        }
    }
    free(widths);
}

/* A list of words, in lines that are not long. */
static void print_words(const json_t *list)
{
    size_t i, column = NAME_WIDTH + 1;
    const json_t *word;

    json_array_foreach((json_t *)(size_t)list, i, word) {
        char *text = cell(word);

        if (i != 0 && column + 2 + width_of(text) > LINE_WIDTH)
            column = (size_t)printf(",\n%*s", NAME_WIDTH + 1, "") - 2;
        else if (i != 0)
            column += (size_t)printf(", ");
        fputs(text, stdout);
        column += width_of(text);
        free(text);
    }
    putchar('\n');
}

static void print_member(const char *prefix, const char *name, const json_t *value)
{
    char *key = atto_format("%s%s", prefix, name), *shown = visible(key), *text = cell(value);

    printf("%-*s ", NAME_WIDTH, shown);
    if (json_is_array(value))
        print_words(value);
    else
        puts(text);
    free(key);
    free(shown);
    free(text);
}

void atto_table_print_object(const json_t *object)
{
    const char *name, *inner_name;
    json_t *value, *inner;

    json_object_foreach((json_t *)(size_t)object, name, value) {
        if (!json_is_object(value)) {
            print_member("", name, value);
            continue;
        }
        json_object_foreach(value, inner_name, inner) {
            char *prefix = atto_format("%s.", name);

            print_member(prefix, inner_name, inner);
            free(prefix);
        }
    }
}
