/* Reader and writer of rights for people, see rights.h. Words come from the tables of atto/right.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "rights.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define NUMBER_MAX 0xffff
#define ENDPOINT_MAX 0xff

/* The word for an operation is at the place of its bit. */
#define OPERATION_COUNT 4
static const char *const operation_words[OPERATION_COUNT] = {"read", "write", "map", "control"};

_Static_assert(ATTO_OPERATION_READ == 1u << 0 && ATTO_OPERATION_WRITE == 1u << 1 && ATTO_OPERATION_MAP == 1u << 2 &&
               ATTO_OPERATION_CONTROL == 1u << 3 && ATTO_OPERATIONS == (1u << OPERATION_COUNT) - 1u, "a word for each");

/* Codes of periods begin at 1. */
#define PERIOD_WORD(code, microseconds, name) [code - 1] = name,
static const char *const period_words[] = {ATTO_PERIODS(PERIOD_WORD)};
#undef PERIOD_WORD
_Static_assert(sizeof period_words / sizeof *period_words == ATTO_PERIOD_MAX, "a word for each");

static bool take_endpoint(const struct atto_json_file *file, struct atto_json_at at, struct atto_right_json *right)
{
    json_int_t number = json_integer_value(at.value);

    if (json_is_string(at.value))
        return atto_json_name(file, at, "endpoint", &right->endpoint);
    if (!json_is_integer(at.value) || number < 0 || number > ENDPOINT_MAX)
        return atto_json_refuse(file, at.place, "'endpoint' must be a name, or a number from 0 to %d", ENDPOINT_MAX);
    right->right.endpoint = (uint8_t)number;
    return true;
}

static bool take_operations(const struct atto_json_file *file, struct atto_json_at at, enum atto_rights_author author,
                            struct atto_right *right)
{
    bool fine = true;

    if (!json_is_array(at.value) || (author == ATTO_RIGHTS_WISHED && json_array_size(at.value) == 0))
        return atto_json_refuse(file, at.place, "'operations' must be an array of \"read\", \"write\", \"map\" and "
                                "\"control\"%s", author == ATTO_RIGHTS_WISHED ? ", one of them at least" : "");
    for (size_t i = 0; i < json_array_size(at.value); i++) {
        uint32_t bit = 0;

        if (!atto_json_word(file, atto_json_at_element(at, i), "operations", operation_words, OPERATION_COUNT, &bit))
            fine = false;
        right->operations |= (uint8_t)(1u << bit);
    }
    return fine;
}

static bool take_range(const struct atto_json_file *file, struct atto_json_at at, struct atto_right *right)
{
    uint32_t first = 0, last = ATTO_RANGE_END;

    if (at.value == NULL)
        return true;
    if (json_array_size(at.value) != 2)
        return atto_json_refuse(file, at.place, "'range' must be an array of two numbers, the smallest argument and "
                                "the largest");
    if (!atto_json_number(file, atto_json_at_element(at, 0), "range", 0, NUMBER_MAX, &first) ||
        !atto_json_number(file, atto_json_at_element(at, 1), "range", 0, NUMBER_MAX, &last))
        return false;
    if (last < first)
        return atto_json_refuse(file, at.place, "'range' must not end before it begins");
    right->first = (uint16_t)first;
    right->last = (uint16_t)last;
    return true;
}

static bool take_rate(const struct atto_json_file *file, struct atto_json_at at, struct atto_right *right)
{
    struct atto_json_at period_at;
    uint32_t calls = 0, bytes = 0, period = 0;
    bool fine;

    if (at.value == NULL)
        return true;
    if (!json_is_object(at.value))
        return atto_json_refuse(file, at.place, "'rate' must be an object with period, and calls or bytes");
    period_at = atto_json_at_member(at, "period");
    fine = atto_json_known_keys(file, at, "a rate", "calls, bytes, period");
    fine = atto_json_number(file, atto_json_at_member(at, "calls"), "calls", 1, NUMBER_MAX, &calls) && fine;
    fine = atto_json_number(file, atto_json_at_member(at, "bytes"), "bytes", 1, NUMBER_MAX, &bytes) && fine;
    fine = atto_json_word(file, period_at, "period", period_words, ATTO_PERIOD_MAX, &period) && fine;
    if (fine && (period_at.value == NULL || (calls == 0 && bytes == 0)))
        return atto_json_refuse(file, at.place, "a rate needs 'period', and 'calls' or 'bytes'");
    right->calls = (uint16_t)calls;
    right->bytes = (uint16_t)bytes;
    right->operations |= (uint8_t)(16u * (period + 1u));
    return fine;
}

static bool is_identifier(const char *text)
{
    if (!isalpha((unsigned char)text[0]) && text[0] != '_')
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '_')
            return false;
    }
    return true;
}

static bool take_handle(const struct atto_json_file *file, struct atto_json_at at, char **handle)
{
    if (at.value == NULL)
        return true;
    if (!json_is_string(at.value) || !is_identifier(json_string_value(at.value)))
        return atto_json_refuse(file, at.place, "'handle' must be the name of a macro in C");
    *handle = atto_copy_string(json_string_value(at.value));
    return true;
}

bool atto_right_json_read(const struct atto_json_file *file, struct atto_json_at at, enum atto_rights_author author,
                          struct atto_right_json *right)
{
    struct atto_json_at endpoint = atto_json_at_member(at, "endpoint");
    struct atto_json_at operations = atto_json_at_member(at, "operations");
    uint32_t total = 0;
    bool fine;

    *right = (struct atto_right_json){.right.last = ATTO_RANGE_END};
    if (!json_is_object(at.value))
        return atto_json_refuse(file, at.place, "a right must be an object with endpoint and operations");
    fine = atto_json_known_keys(file, at, "a right", author == ATTO_RIGHTS_WISHED
                                    ? "endpoint, operations, range, rate, total, handle"
                                    : "endpoint, operations, range, rate, total");
    if (endpoint.value == NULL || operations.value == NULL)
        return atto_json_refuse(file, at.place, "a right needs 'endpoint' and 'operations'");
    fine = take_endpoint(file, endpoint, right) && fine;
    fine = take_operations(file, operations, author, &right->right) && fine;
    fine = take_range(file, atto_json_at_member(at, "range"), &right->right) && fine;
    fine = take_rate(file, atto_json_at_member(at, "rate"), &right->right) && fine;
    fine = atto_json_number(file, atto_json_at_member(at, "total"), "total", 1, NUMBER_MAX, &total) && fine;
    right->right.total = (uint16_t)total;
    return take_handle(file, atto_json_at_member(at, "handle"), &right->handle) && fine;
}

void atto_right_json_free(struct atto_right_json *right)
{
    free(right->endpoint);
    free(right->handle);
    *right = (struct atto_right_json){0};
}

static bool same_endpoint(const struct atto_right_json *a, const struct atto_right_json *b)
{
    if (a->endpoint == NULL || b->endpoint == NULL)
        return a->endpoint == b->endpoint && a->right.endpoint == b->right.endpoint;
    return strcmp(a->endpoint, b->endpoint) == 0;
}

/* HANDLE_ and the endpoint, in capitals; each character that an identifier cannot have is a '_'. */
static char *macro_of(const struct atto_right_json *right)
{
    struct atto_buffer macro = {0};
    char *text;

    for (const char *c = right->endpoint; c != NULL && *c != '\0'; c++) {
        bool plain = (unsigned char)*c < 0x80 && isalnum((unsigned char)*c);
        char capital = (char)(plain ? toupper((unsigned char)*c) : '_');

        if (((unsigned char)*c & 0xc0) != 0x80) /* the first byte of a character in UTF-8 */
            atto_buffer_put(&macro, &capital, 1);
    }
    text = right->endpoint == NULL ? atto_format("HANDLE_%u", right->right.endpoint)
                                   : atto_format("HANDLE_%.*s", (int)macro.len, (const char *)macro.bytes);
    atto_buffer_free(&macro);
    return text;
}

/* Names the rights that have no handle yet, by the endpoint and how often it has come before. */
static void name_handles(struct atto_rights_json *rights)
{
    for (size_t i = 0; i < rights->count; i++) {
        struct atto_right_json *right = &rights->list[i];
        char *macro = macro_of(right);
        size_t times = 1;

        for (size_t before = 0; before < i; before++)
            times += same_endpoint(&rights->list[before], right);
        if (right->handle == NULL)
            right->handle = times == 1 ? atto_copy_string(macro) : atto_format("%s_%zu", macro, times);
        free(macro);
    }
}

static bool check_handles(const struct atto_json_file *file, struct atto_json_at at,
                          const struct atto_rights_json *rights)
{
    bool fine = true;

    for (size_t i = 0; i < rights->count; i++) {
        for (size_t before = 0; before < i; before++) {
            if (strcmp(rights->list[before].handle, rights->list[i].handle) == 0)
                fine = atto_json_refuse(file, atto_json_at_element(at, i).place, "rights %zu and %zu would both be %s "
                                        "in the program; name one of them with 'handle'", before, i,
                                        rights->list[i].handle);
        }
    }
    return fine;
}

bool atto_rights_json_read(const struct atto_json_file *file, struct atto_json_at at, const char *key,
                           enum atto_rights_author author, struct atto_rights_json *rights)
{
    size_t count = json_array_size(at.value);
    bool fine = true;

    rights->count = 0;
    if (at.value == NULL)
        return true;
    if (!json_is_array(at.value) || count > ATTO_RIGHTS_MAX)
        return atto_json_refuse(file, at.place, "'%s' must be an array of at most %u objects", key, ATTO_RIGHTS_MAX);
    for (size_t i = 0; i < count; i++)
        fine = atto_right_json_read(file, atto_json_at_element(at, i), author, &rights->list[rights->count++]) && fine;
    if (!fine || author != ATTO_RIGHTS_WISHED)
        return fine;
    name_handles(rights);
    return check_handles(file, at, rights);
}

void atto_rights_json_free(struct atto_rights_json *rights)
{
    for (size_t i = 0; i < rights->count; i++)
        atto_right_json_free(&rights->list[i]);
    rights->count = 0;
}

char *atto_right_text(const struct atto_right *right)
{
    uint32_t period = atto_right_period(right);
    struct atto_buffer line = {0};
    char *text;

    for (uint32_t bit = 0; bit < OPERATION_COUNT; bit++) {
        if ((atto_right_operations(right) >> bit & 1u) != 0)
            atto_buffer_print(&line, "%s%s", line.len == 0 ? "" : ", ", operation_words[bit]);
    }
    if (line.len == 0)
        atto_buffer_print(&line, "nothing");
    if (right->last != ATTO_RANGE_END)
        atto_buffer_print(&line, "; arguments %u to %u", right->first, right->last);
    else if (right->first != 0)
        atto_buffer_print(&line, "; arguments from %u on", right->first);
    if (right->calls != 0)
        atto_buffer_print(&line, "; %u calls", right->calls);
    if (right->bytes != 0)
        atto_buffer_print(&line, "%s%u bytes", right->calls != 0 ? " and " : "; ", right->bytes);
    if (period != 0 && period <= ATTO_PERIOD_MAX)
        atto_buffer_print(&line, " in %s", period_words[period - 1]);
    if (right->total != 0)
        atto_buffer_print(&line, "; %u calls in all", right->total);
    text = atto_format("%.*s", (int)line.len, (const char *)line.bytes);
    atto_buffer_free(&line);
    return text;
}

static json_t *json_rate(const struct atto_right *right)
{
    json_t *rate = json_object();

    if (right->calls != 0)
        json_object_set_new(rate, "calls", json_integer(right->calls));
    if (right->bytes != 0)
        json_object_set_new(rate, "bytes", json_integer(right->bytes));
    json_object_set_new(rate, "period", json_string(period_words[atto_right_period(right) - 1]));
    return rate;
}

json_t *atto_right_to_json(const struct atto_right_wish *wish)
{
    const struct atto_right *right = &wish->right;
    uint32_t period = atto_right_period(right);
    json_t *object = json_object(), *operations = json_array();

    for (uint32_t bit = 0; bit < OPERATION_COUNT; bit++) {
        if ((atto_right_operations(right) >> bit & 1u) != 0)
            json_array_append_new(operations, json_string(operation_words[bit]));
    }
    json_object_set_new(object, "endpoint", wish->name_bytes == 0
                                                ? json_integer(right->endpoint)
                                                : json_stringn((const char *)wish->name, wish->name_bytes));
    json_object_set_new(object, "operations", operations);
    if (right->first != 0 || right->last != ATTO_RANGE_END)
        json_object_set_new(object, "range", json_pack("[i,i]", right->first, right->last));
    if (period != 0 && period <= ATTO_PERIOD_MAX)
        json_object_set_new(object, "rate", json_rate(right));
    if (right->total != 0)
        json_object_set_new(object, "total", json_integer(right->total));
    return object;
}
