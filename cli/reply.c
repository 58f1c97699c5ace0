/* Reading of answers, see reply.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "atto/audit.h"
#include "atto/container.h"
#include "atto/cose.h"
#include "atto/trace.h"
#include "calls.h"
#include "report.h"
#include "uuid.h"

#define DEPTH_MAX 8u
#define TAG_DECIMAL 4u
#define EACH INT32_MAX /* every element of an array, one kind */

/* In a value of kind `in`, what has this key (in a map) or place (in an array) is called `name`. A resource that is an
 * array and has names for its places becomes an object. */
static const struct field {
    enum atto_reply in;
    int32_t key;
    const char *name;
    enum atto_reply kind;
} fields[] = {
    {ATTO_REPLY_DEVICE, 1, "device", ATTO_REPLY_UUID},
    {ATTO_REPLY_DEVICE, 2, "vendor", ATTO_REPLY_UUID},
    {ATTO_REPLY_DEVICE, 3, "class", ATTO_REPLY_UUID},
    {ATTO_REPLY_DEVICE, 4, "name", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_DEVICE, 5, "version", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_DEVICE, 6, "uptime_s", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_DEVICE, 7, "time_s", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_DEVICE, 8, "pool", ATTO_REPLY_POOL},
    {ATTO_REPLY_DEVICE, 9, "slots", ATTO_REPLY_SLOTS},
    {ATTO_REPLY_DEVICE, 10, "log", ATTO_REPLY_LOG_AREA},
    {ATTO_REPLY_DEVICE, 11, "endpoints", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_DEVICE, 12, "reading_open", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_POOL, 0, "bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_POOL, 1, "used_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_SLOTS, 0, "bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_SLOTS, 1, "count", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_SLOTS, 2, "free", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LOG_AREA, 0, "area_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LOG_AREA, 1, "room_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LOG_AREA, 2, "damaged", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TENANTS, EACH, NULL, ATTO_REPLY_TENANT},
    {ATTO_REPLY_TENANT, 0, "id", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TENANT, 1, "name", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TENANT, 2, "key_id", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TENANT, 3, "algorithm", ATTO_REPLY_ALGORITHM},
    {ATTO_REPLY_TENANT, 4, "counter", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TENANT, 5, "ram_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TENANT, 6, "fuel_per_s", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TENANT, 7, "priority_first", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TENANT, 8, "store_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TENANT, 9, "ram_used_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINERS, EACH, NULL, ATTO_REPLY_CONTAINER},
    {ATTO_REPLY_CONTAINER, 0, "tenant", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 1, "name", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 2, "state", ATTO_REPLY_STATE},
    {ATTO_REPLY_CONTAINER, 3, "version", ATTO_REPLY_VERSION},
    {ATTO_REPLY_CONTAINER, 4, "sequence", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 5, "id", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 6, "ram_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 7, "activations", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 8, "faults", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 9, "last_fault", ATTO_REPLY_STATUS},
    {ATTO_REPLY_CONTAINER, 10, "misses", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 11, "fuel", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 12, "time_us", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 13, "period_us", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 14, "priority", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 15, "digest", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 16, "image_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 17, "previous_sequence", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 18, "rights", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 19, "denials", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 20, "heartbeats", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 21, "stack_used_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 22, "restarts", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 23, "throttled", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CONTAINER, 24, "waits", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LIMITS, 0, "ram_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LIMITS, 1, "fuel", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LIMITS, 2, "store_bytes", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_COUNTERS, EACH, NULL, ATTO_REPLY_RECORD},
    {ATTO_REPLY_RECORD, -1, "bver", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, -2, "bn", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, -3, "bt", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, -4, "bu", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, -5, "bv", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, -6, "bs", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, 0, "n", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, 1, "u", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, 2, "v", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, 3, "vs", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, 4, "vb", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, 5, "s", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, 6, "t", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, 7, "ut", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_RECORD, 8, "vd", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LOG, 0, "next", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LOG, 1, "lines", ATTO_REPLY_LINES},
    {ATTO_REPLY_LINES, EACH, NULL, ATTO_REPLY_LINE},
    {ATTO_REPLY_LINE, 0, "number", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LINE, 1, "time_us", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_LINE, 2, "text", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_ALL_LOG, 0, "next", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_ALL_LOG, 1, "lines", ATTO_REPLY_ALL_LINES},
    {ATTO_REPLY_ALL_LINES, EACH, NULL, ATTO_REPLY_ALL_LINE},
    {ATTO_REPLY_ALL_LINE, 0, "number", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_ALL_LINE, 1, "time_us", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_ALL_LINE, 2, "id", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_ALL_LINE, 3, "text", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_POSTMORTEM, 0, "status", ATTO_REPLY_STATUS},
    {ATTO_REPLY_POSTMORTEM, 1, "pc", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_POSTMORTEM, 2, "fault_address", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_POSTMORTEM, 3, "time_us", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_POSTMORTEM, 4, "activation", ATTO_REPLY_ACTIVATION},
    {ATTO_REPLY_POSTMORTEM, 5, "registers", ATTO_REPLY_REGISTERS},
    {ATTO_REPLY_POSTMORTEM, 6, "last_calls", ATTO_REPLY_CALLS},
    {ATTO_REPLY_AUDIT, 0, "denials", ATTO_REPLY_CHANGES},
    {ATTO_REPLY_AUDIT, 1, "changes", ATTO_REPLY_CHANGES},
    {ATTO_REPLY_CHANGES, EACH, NULL, ATTO_REPLY_CHANGE},
    {ATTO_REPLY_CHANGE, 0, "time_us", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CHANGE, 1, "kind", ATTO_REPLY_AUDIT_KIND},
    {ATTO_REPLY_CHANGE, 2, "container", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CHANGE, 3, "code", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CHANGE, 4, "handle", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CHANGE, 5, "status", ATTO_REPLY_STATUS},
    {ATTO_REPLY_CHANGE, 6, "actor", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CHANGE, 7, "count", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TRACE, 0, "next", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_TRACE, 1, "records", ATTO_REPLY_EVENTS},
    {ATTO_REPLY_EVENTS, EACH, NULL, ATTO_REPLY_EVENT},
    {ATTO_REPLY_EVENT, 0, "time_us", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_EVENT, 1, "kind", ATTO_REPLY_TRACE_KIND},
    {ATTO_REPLY_EVENT, 2, "container", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_EVENT, 3, "detail", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_EVENT, 4, "value", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_INVENTORY, EACH, NULL, ATTO_REPLY_ITEM},
    {ATTO_REPLY_ITEM, 0, "tenant", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_ITEM, 1, "name", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_ITEM, 2, "sequence", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_ITEM, 3, "image_digest", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_ITEM, 4, "rights_digest", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_INSTALLED, 0, "tenant", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_INSTALLED, 1, "name", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_INSTALLED, 2, "sequence", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_INSTALLED, 3, "state", ATTO_REPLY_STATE},
    {ATTO_REPLY_CALLED, 0, "status", ATTO_REPLY_STATUS},
    {ATTO_REPLY_CALLED, 1, "result", ATTO_REPLY_PLAIN},
    {ATTO_REPLY_CALLED, 2, "output", ATTO_REPLY_PLAIN},
};

/* Numbers that have names, from 0 on. */
static const struct words {
    enum atto_reply kind;
    const char *const *list;
    size_t count;
} all_words[] = {
#define WORDS(kind, ...) \
    {kind, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)}
    WORDS(ATTO_REPLY_ALGORITHM, "unknown", "EdDSA", "ES256"),
    WORDS(ATTO_REPLY_STATE, "installed", "starting", "running", "paused", "stopping", "stopped", "faulted"),
    WORDS(ATTO_REPLY_VERSION, "none", "trial", "healthy", "failed"),
    WORDS(ATTO_REPLY_ACTIVATION, "none", "start", "loop", "event", "stop", "hook"),
    WORDS(ATTO_REPLY_TRACE_KIND, "?", "activate", "slice", "call", "end", "fault", "miss", "throttle", "state"),
    WORDS(ATTO_REPLY_AUDIT_KIND, "denied", "right", "ceiling", "install", "refused"),
#undef WORDS
};
_Static_assert(ATTO_STATE_FAULTED == 6 && ATTO_ACTIVATION_HOOK == 5 && ATTO_TRACE_STATE == 8 && ATTO_AUDIT_REFUSED == 4,
               "the words are those of the library's numbers");
#define STATE_NOT_LOADED 255

/* ---- CBOR ---- */

struct reader {
    const uint8_t *bytes;
    size_t len, pos;
};

enum major { UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

struct head {
    enum major major;
    uint8_t info; /* the lower five bits */
    uint64_t argument;
};

/* Reads the head of an item, of definite length. */
static bool read_head(struct reader *reader, struct head *head)
{
    size_t more;

    if (reader->pos >= reader->len)
        return false;
    head->major = (enum major)(reader->bytes[reader->pos] >> 5);
    head->info = reader->bytes[reader->pos] & 31u;
    reader->pos++;
    head->argument = head->info;
    if (head->info < 24)
        return true;
    if (head->info > 27)
        return false;
    more = (size_t)1 << (head->info - 24);
    if (reader->len - reader->pos < more)
        return false;
    head->argument = 0;
    for (size_t i = 0; i < more; i++)
        head->argument = head->argument << 8 | reader->bytes[reader->pos++];
    return true;
}

static double half(uint32_t bits)
{
    const uint32_t exponent = bits >> 10 & 31u, fraction = bits & 1023u;
    const double value = exponent == 0    ? ldexp(fraction, -24)
                         : exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                                          : ldexp(fraction + 1024.0, (int)exponent - 25);

    return (bits & 0x8000u) != 0 ? -value : value;
}

/* null, true, false and fractions. JSON has no infinity and no NaN: null stands for them. */
static json_t *simple(const struct head *head)
{
    const uint32_t single = (uint32_t)head->argument;
    double value;
    float short_value;

    switch (head->info) {
    case 20:
    case 21:
        return json_boolean(head->info == 21);
    case 25:
        value = half((uint32_t)head->argument);
        break;
    case 26:
        memcpy(&short_value, &single, sizeof short_value);
        value = (double)short_value;
        break;
    case 27:
        memcpy(&value, &head->argument, sizeof value);
        break;
    default:
        return json_null();
    }
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *number(const struct head *head, enum atto_reply kind)
{
    const char *name;

    if (kind == ATTO_REPLY_REGISTERS)
        return json_sprintf("0x%llx", (unsigned long long)(head->major == UINT ? head->argument : ~head->argument));
    if (head->argument > INT64_MAX)
        return json_real(head->major == UINT ? (double)head->argument : -1.0 - (double)head->argument);
    const int64_t value = head->major == UINT ? (int64_t)head->argument : -1 - (int64_t)head->argument;

    if (kind == ATTO_REPLY_STATUS && value <= 0 && value >= -128)
        return json_string(atto_status_name((enum atto_status)value));
    if (kind == ATTO_REPLY_STATE && value == STATE_NOT_LOADED)
        return json_string("not loaded");
    if (kind == ATTO_REPLY_CALLS && value >= 0 && value < (int64_t)ATTO_CALL_IDS) {
        name = atto_call_name((uint32_t)value);
        return name != NULL ? json_string(name) : json_integer(value);
    }
    for (size_t i = 0; i < sizeof all_words / sizeof all_words[0]; i++) {
        if (all_words[i].kind == kind && value >= 0 && (uint64_t)value < all_words[i].count)
            return json_string(all_words[i].list[value]);
    }
    return json_integer(value);
}

/* A decimal fraction (tag 4): [exponent, mantissa]. */
static json_t *decimal(struct reader *reader)
{
    struct head array, parts[2];

    if (!read_head(reader, &array) || array.major != ARRAY || array.argument != 2)
        return NULL;
    for (unsigned i = 0; i < 2; i++) {
        if (!read_head(reader, &parts[i]) || parts[i].major > NEGATIVE)
            return NULL;
    }
    const double exponent = (double)parts[0].argument, mantissa = (double)parts[1].argument;
    /* Dividing keeps 6 * 10^-6 what it is, where multiplying by 0.000001 does not. */
    const double value = (parts[1].major == UINT ? mantissa : -1 - mantissa) *
                         (parts[0].major == UINT ? pow(10, exponent) : 1);
    const double result = parts[0].major == UINT ? value : value / pow(10, exponent + 1);

    return isfinite(result) ? json_real(result) : json_null();
}

/* A text, or bytes as hex digits; a text with a 0 in it is shown as bytes. */
static json_t *string(struct reader *reader, const struct head *head, enum atto_reply kind)
{
    const uint8_t *bytes = reader->bytes + reader->pos;
    struct atto_buffer hex = {0};
    json_t *value;

    if (head->argument > reader->len - reader->pos)
        return NULL;
    reader->pos += head->argument;
    if (head->major == TEXT && memchr(bytes, 0, head->argument) == NULL)
        return json_stringn((const char *)bytes, head->argument);
    if (kind == ATTO_REPLY_UUID && head->argument == ATTO_UUID_BYTES) {
        char *text = atto_uuid_text(bytes);

        value = json_string(text);
        free(text);
        return value;
    }
    for (uint64_t i = 0; i < head->argument; i++)
        atto_buffer_print(&hex, "%02x", bytes[i]);
    value = json_stringn((const char *)hex.bytes, hex.len);
    atto_buffer_free(&hex);
    return value != NULL ? value : json_string("");
}

/* ---- the walk ---- */

static const struct field *find_field(enum atto_reply in, int64_t key)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].in == in && (fields[i].key == key || fields[i].key == EACH))
            return &fields[i];
    }
    return NULL;
}

static json_t *item(struct reader *reader, enum atto_reply kind, unsigned depth);

static void put(json_t *object, const struct field *field, int64_t key, json_t *value)
{
    char number_name[24];

    snprintf(number_name, sizeof number_name, "%lld", (long long)key);
    json_object_set_new(object, field != NULL && field->name != NULL ? field->name : number_name, value);
}

/* An array: a list of one kind, or a row of places with names. Kinds of single values are those of each element. */
static json_t *array(struct reader *reader, const struct head *head, enum atto_reply kind, unsigned depth)
{
    const struct field *first = find_field(kind, 0);
    const bool named = first != NULL && first->name != NULL;
    json_t *result = named ? json_object() : json_array();

    for (uint64_t i = 0; i < head->argument; i++) {
        const struct field *field = find_field(kind, (int64_t)i);
        json_t *value = item(reader, field != NULL ? field->kind : kind, depth);

        if (value == NULL) {
            json_decref(result);
            return NULL;
        }
        if (named)
            put(result, field, (int64_t)i, value);
        else
            json_array_append_new(result, value);
    }
    return result;
}

static json_t *map(struct reader *reader, const struct head *head, enum atto_reply kind, unsigned depth)
{
    json_t *result = json_object();

    for (uint64_t i = 0; i < head->argument; i++) {
        struct head key;
        bool fine = read_head(reader, &key) && key.major <= NEGATIVE && key.argument < EACH;
        const int64_t name = !fine ? 0 : key.major == UINT ? (int64_t)key.argument : -1 - (int64_t)key.argument;
        const struct field *field = find_field(kind, name);
        json_t *value = fine ? item(reader, field != NULL ? field->kind : ATTO_REPLY_PLAIN, depth) : NULL;

        if (value == NULL) {
            json_decref(result);
            return NULL;
        }
        put(result, field, name, value);
    }
    return result;
}

/* Reads an item. It calls itself for what is in it, at most DEPTH_MAX deep. */
static json_t *item(struct reader *reader, enum atto_reply kind, unsigned depth)
{
    struct head head;

    if (depth == DEPTH_MAX || !read_head(reader, &head))
        return NULL;
    switch (head.major) {
    case UINT:
    case NEGATIVE:
        return number(&head, kind);
    case BYTES:
    case TEXT:
        return string(reader, &head, kind);
    case ARRAY:
        return array(reader, &head, kind, depth + 1);
    case MAP:
        return map(reader, &head, kind, depth + 1);
    case TAG:
        return head.argument == TAG_DECIMAL ? decimal(reader) : item(reader, kind, depth + 1);
    default:
        return simple(&head);
    }
}

/* What resources are: objects or arrays, and nothing else. */
static bool is_kind(const json_t *value, enum atto_reply kind)
{
    const bool list = kind == ATTO_REPLY_TENANTS || kind == ATTO_REPLY_CONTAINERS || kind == ATTO_REPLY_COUNTERS ||
                      kind == ATTO_REPLY_INVENTORY;

    return list ? json_is_array(value) : json_is_object(value);
}

json_t *atto_reply_read(const struct atto_buffer *bytes, enum atto_reply kind)
{
    struct reader reader = {bytes->bytes, bytes->len, 0};
    json_t *value = item(&reader, kind, 0);

    if (value != NULL && reader.pos == reader.len && is_kind(value, kind))
        return value;
    json_decref(value);
    return NULL;
}
