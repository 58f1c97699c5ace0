/* JSON files of people, see json_file.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "json_file.h"

#include <stdlib.h>
#include <string.h>

#include "atto/manifest.h"
#include "json_place.h"
#include "report.h"

static const char *text_of(const struct atto_json_file *file)
{
    return (const char *)file->text.bytes;
}

bool atto_json_file_read(struct atto_json_file *file, const char *path)
{
    json_error_t error;

    *file = (struct atto_json_file){.path = atto_copy_string(path)};
    if (!atto_buffer_read(&file->text, path))
        return false;
    atto_buffer_put(&file->text, "", 1);
    if (strlen(text_of(file)) != file->text.len - 1)
        return atto_json_refuse(file, text_of(file) + strlen(text_of(file)), "there is a byte of 0 in the file");
    file->root = json_loadb(text_of(file), file->text.len - 1, JSON_REJECT_DUPLICATES, &error);
    if (file->root == NULL) {
        atto_report_column(path, (unsigned)error.line, (unsigned)error.column, "%s", error.text);
        return false;
    }
    if (!json_is_object(file->root))
        return atto_json_refuse(file, atto_json_value(text_of(file)), "the file must hold an object");
    return true;
}

void atto_json_file_free(struct atto_json_file *file)
{
    json_decref(file->root);
    free(file->path);
    atto_buffer_free(&file->text);
    *file = (struct atto_json_file){0};
}

struct atto_json_at atto_json_file_root(const struct atto_json_file *file)
{
    return (struct atto_json_at){file->root, atto_json_value(text_of(file))};
}

/* Where the value of a member stands, and its name: jansson keeps members in the order of the text. */
static const char *member_place(struct atto_json_at object, const char *key, const char **name)
{
    const char *other;
    json_t *value;
    size_t index = 0;

    json_object_foreach((json_t *)(size_t)object.value, other, value) {
        if (strcmp(other, key) == 0)
            return atto_json_member(object.place, index, name);
        index++;
    }
    return NULL;
}

struct atto_json_at atto_json_at_member(struct atto_json_at object, const char *key)
{
    return (struct atto_json_at){json_object_get(object.value, key), member_place(object, key, NULL)};
}

struct atto_json_at atto_json_at_element(struct atto_json_at array, size_t index)
{
    return (struct atto_json_at){json_array_get(array.value, index), atto_json_element(array.place, index)};
}

static const char *name_place(struct atto_json_at object, const char *key)
{
    const char *name = NULL;

    member_place(object, key, &name);
    return name;
}

bool atto_json_refuse(const struct atto_json_file *file, const char *place, const char *format, ...)
{
    unsigned line, column;
    va_list arguments;
    char *message;

    va_start(arguments, format);
    message = atto_format_list(format, arguments);
    va_end(arguments);
    atto_json_line(text_of(file), place == NULL ? text_of(file) : place, &line, &column);
    atto_report_column(file->path, line, column, "%s", message);
    free(message);
    return false;
}

bool atto_json_number(const struct atto_json_file *file, struct atto_json_at at, const char *key, json_int_t min,
                      json_int_t max, uint32_t *number)
{
    if (at.value == NULL)
        return true;
    if (!json_is_integer(at.value) || json_integer_value(at.value) < min || json_integer_value(at.value) > max)
        return atto_json_refuse(file, at.place, "'%s' must be a whole number from %lld to %lld", key, (long long)min,
                                (long long)max);
    *number = (uint32_t)json_integer_value(at.value);
    return true;
}

bool atto_json_word(const struct atto_json_file *file, struct atto_json_at at, const char *key,
                    const char *const *words, uint32_t count, uint32_t *number)
{
    const char *text = json_string_value(at.value);
    struct atto_buffer list = {0};

    if (at.value == NULL)
        return true;
    for (uint32_t i = 0; i < count && text != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            *number = i;
            return true;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        atto_buffer_print(&list, "%s\"%s\"", i == 0 ? "" : i == count - 1 ? " or " : ", ", words[i]);
    atto_json_refuse(file, at.place, "'%s' must be %.*s", key, (int)list.len, (const char *)list.bytes);
    atto_buffer_free(&list);
    return false;
}

bool atto_json_name(const struct atto_json_file *file, struct atto_json_at at, const char *key, char **name)
{
    const char *text = json_string_value(at.value);

    if (at.value == NULL)
        return true;
    if (text == NULL)
        return atto_json_refuse(file, at.place, "'%s' must be a string", key);
    if (text[0] == '\0' || strlen(text) > ATTO_NAME_MAX)
        return atto_json_refuse(file, at.place, "'%s' must have 1 to %u bytes", key, ATTO_NAME_MAX);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0))
            return atto_json_refuse(file, at.place, "'%s' must not contain control characters", key);
    }
    *name = atto_copy_string(text);
    return true;
}

const char *atto_json_text(const struct atto_json_file *file, struct atto_json_at object, const char *key)
{
    struct atto_json_at at = atto_json_at_member(object, key);
    const char *text = json_string_value(at.value);

    if (at.value == NULL)
        atto_json_refuse(file, object.place, "'%s' is missing", key);
    else if (text == NULL || text[0] == '\0')
        atto_json_refuse(file, at.place, "'%s' must be a string that is not empty", key);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* Is a key one of the words of a list? */
static bool is_word(const char *list, const char *key)
{
    size_t len = strlen(key);

    for (const char *at = list; len > 0 && (at = strstr(at, key)) != NULL; at += len) {
        if ((at == list || at[-1] == ' ') && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

bool atto_json_known_keys(const struct atto_json_file *file, struct atto_json_at object, const char *what,
                          const char *known)
{
    bool fine = true;
    const char *key;
    json_t *member;

    json_object_foreach((json_t *)(size_t)object.value, key, member) {
        if (!is_word(known, key))
            fine = atto_json_refuse(file, name_place(object, key), "unknown key '%s' in %s; there are: %s",
                                    key, what, known);
    }
    return fine;
}
