/* The table of fields and the walk over them, see shape.h. The walk goes as far as it can and never judges; that is the
 * device's readers' affair.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "atto/command.h"
#include "base/cbor.h"
#include "report.h"
#include "uuid.h"

#define DEPTH_MAX 16
#define SHOWN_MAX 40u /* bytes of a string that are shown */

/* How the value of a field is made, which says how it is gone into and shown. */
enum kind {
    PLAIN, UUID, HEX, NAME, SECRET, /* NAME: bytes that are text; SECRET: bytes that are not shown */
    OPERATION, ALGORITHM, KEY_TYPE, CURVE, /* numbers that have names */
    ENVELOPE, WRAPPER, DIGEST, SIGN1, COMMAND, HEADER, MANIFEST, COMMON, COMPONENTS, COMPONENT, SEQUENCE, PARAMETERS,
    ALTERNATIVES, PAYLOAD, ARGUMENTS, RECORD, KEY, FRAGMENT, IMAGE
};

#define MINUS(n) ATTO_CBOR_MINUS(n)
#define EACH UINT32_MAX

/* In a value of kind `in`, what has this key (in a map) or place (in an array; EACH: every other one) is called `name`. */
static const struct field {
    enum kind in;
    uint32_t key;
    const char *name;
    enum kind kind;
} fields[] = {
    {ENVELOPE, 2, "authentication wrapper", WRAPPER},
    {ENVELOPE, 3, "manifest", MANIFEST},
    {ENVELOPE, EACH, "image", IMAGE},
    {WRAPPER, 0, "digest of the manifest", DIGEST},
    {WRAPPER, EACH, "signature", SIGN1},
    {DIGEST, 0, "algorithm", ALGORITHM},
    {DIGEST, 1, "digest", HEX},
    {SIGN1, 0, "protected header", HEADER},
    {SIGN1, 1, "unprotected header", HEADER},
    {SIGN1, 2, "payload", HEX},
    {SIGN1, 3, "signature", HEX},
    {COMMAND, 0, "protected header", HEADER},
    {COMMAND, 1, "unprotected header", HEADER},
    {COMMAND, 2, "command", PAYLOAD},
    {COMMAND, 3, "signature", HEX},
    {HEADER, 1, "algorithm", ALGORITHM},
    {HEADER, 2, "critical", PLAIN},
    {HEADER, 3, "content type", PLAIN},
    {HEADER, 4, "key id", HEX},
    {MANIFEST, 1, "version", PLAIN},
    {MANIFEST, 2, "sequence number", PLAIN},
    {MANIFEST, 3, "common", COMMON},
    {MANIFEST, 4, "reference URI", PLAIN},
    {MANIFEST, 5, "manifest component id", COMPONENT},
    {MANIFEST, 7, "validate", SEQUENCE},
    {MANIFEST, 8, "load", SEQUENCE},
    {MANIFEST, 9, "invoke", SEQUENCE},
    {MANIFEST, 16, "payload fetch", SEQUENCE},
    {MANIFEST, 20, "install", SEQUENCE},
    {MANIFEST, 23, "text", PLAIN},
    {COMMON, 2, "components", COMPONENTS},
    {COMMON, 4, "shared sequence", SEQUENCE},
    {COMPONENTS, EACH, "component", COMPONENT},
    {COMPONENT, EACH, "name", NAME},
    {SEQUENCE, 1, "condition vendor identifier", PLAIN},
    {SEQUENCE, 2, "condition class identifier", PLAIN},
    {SEQUENCE, 3, "condition image match", PLAIN},
    {SEQUENCE, 5, "condition component slot", PLAIN},
    {SEQUENCE, 6, "condition check content", PLAIN},
    {SEQUENCE, 12, "directive set component index", PLAIN},
    {SEQUENCE, 14, "condition abort", PLAIN},
    {SEQUENCE, 15, "directive try each", ALTERNATIVES},
    {SEQUENCE, 18, "directive write", PLAIN},
    {SEQUENCE, 20, "directive override parameters", PARAMETERS},
    {SEQUENCE, 21, "directive fetch", PLAIN},
    {SEQUENCE, 22, "directive copy", PLAIN},
    {SEQUENCE, 23, "directive invoke", PLAIN},
    {SEQUENCE, 24, "condition device identifier", PLAIN},
    {SEQUENCE, 31, "directive swap", PLAIN},
    {SEQUENCE, 32, "directive run sequence", SEQUENCE},
    {ALTERNATIVES, EACH, "alternative", SEQUENCE},
    {PARAMETERS, 1, "vendor identifier", UUID},
    {PARAMETERS, 2, "class identifier", UUID},
    {PARAMETERS, 3, "image digest", DIGEST},
    {PARAMETERS, 5, "component slot", PLAIN},
    {PARAMETERS, 12, "strict order", PLAIN},
    {PARAMETERS, 13, "soft failure", PLAIN},
    {PARAMETERS, 14, "image size", PLAIN},
    {PARAMETERS, 18, "content", HEX},
    {PARAMETERS, 21, "uri", PLAIN},
    {PARAMETERS, 22, "source component", PLAIN},
    {PARAMETERS, 23, "invoke arguments", NAME},
    {PARAMETERS, 24, "device identifier", UUID},
    {PAYLOAD, 1, "device", UUID},
    {PAYLOAD, 2, "tenant", PLAIN},
    {PAYLOAD, 3, "counter", PLAIN},
    {PAYLOAD, 4, "expiry", PLAIN},
    {PAYLOAD, 5, "operation", OPERATION},
    {PAYLOAD, 6, "arguments", ARGUMENTS},
    {ARGUMENTS, 0, "argument", COMPONENT},
    {ARGUMENTS, 1, "content", FRAGMENT},
    {RECORD, 1, "id", PLAIN},
    {RECORD, 2, "name", PLAIN},
    {RECORD, 3, "key", KEY},
    {RECORD, 4, "RAM, bytes", PLAIN},
    {RECORD, 5, "fuel a second", PLAIN},
    {RECORD, 6, "first priority", PLAIN},
    {RECORD, 7, "store, bytes", PLAIN},
    {RECORD, 8, "rights", FRAGMENT},
    {RECORD, 9, "containers", PLAIN},
    {KEY, 1, "type", KEY_TYPE},
    {KEY, 2, "key id", HEX},
    {KEY, 3, "algorithm", ALGORITHM},
    {KEY, MINUS(1), "curve", CURVE},
    {KEY, MINUS(2), "x", HEX},
    {KEY, MINUS(3), "y", HEX},
    {KEY, MINUS(4), "private key", SECRET},
    {FRAGMENT, 7, "schedule", PLAIN},
    {FRAGMENT, 8, "rights", PLAIN},
};

/* Numbers that have names, as they stand in CBOR: MINUS(n) for -n. */
static const struct number_name {
    enum kind kind;
    uint32_t number;
    const char *name;
} number_names[] = {
    {ALGORITHM, MINUS(7), "ES256"},   {ALGORITHM, MINUS(8), "EdDSA"},    {ALGORITHM, MINUS(9), "ESP256"},
    {ALGORITHM, MINUS(19), "Ed25519"}, {ALGORITHM, MINUS(16), "SHA-256"}, {KEY_TYPE, 1, "OKP"},
    {KEY_TYPE, 2, "EC2"},             {CURVE, 1, "P-256"},               {CURVE, 6, "Ed25519"},
#define OPERATION_NAME(value, capitals, name, tenants, arguments) {OPERATION, value, #name},
    ATTO_COMMANDS(OPERATION_NAME)
#undef OPERATION_NAME
};

/* The walk: the file, and what is wanted of it. */
struct walk {
    struct atto_cbor cbor;
    FILE *out;      /* NULL: nothing is printed */
    uint32_t at;    /* the byte that is looked for */
    struct atto_buffer *field; /* where it is; NULL: not wanted */
    bool json;      /* the values are wanted */
    json_t *value;  /* the last one */
    uint32_t operation; /* of the command that is walked through */
    uint32_t missing;   /* bytes, at least, behind the end of the file; 0: it does not end too early */
    int depth, strings; /* how many strings with CBOR in them it is in */
};

static const struct field *find(enum kind in, uint32_t key)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].in == in && (fields[i].key == key || fields[i].key == EACH))
            return &fields[i];
    }
    return NULL;
}

static const char *name_of(enum kind kind, uint32_t number)
{
    for (size_t i = 0; i < sizeof number_names / sizeof number_names[0]; i++) {
        if (number_names[i].kind == kind && number_names[i].number == number)
            return number_names[i].name;
    }
    return NULL;
}

/* What a value is made like; the first argument of a command depends on its operation. */
static enum kind kind_of_field(const struct walk *walk, enum kind in, uint32_t key, const struct field *field)
{
    if (in == ARGUMENTS && key == 0 && walk->operation == ATTO_COMMAND_ROTATE_KEY)
        return KEY;
    if (in == ARGUMENTS && key == 0 && walk->operation == ATTO_COMMAND_SET_TENANT)
        return RECORD;
    return field != NULL ? field->kind : PLAIN;
}

static void print(const struct walk *walk, const char *format, ...) ATTO_PRINTF(2, 3);
static void print(const struct walk *walk, const char *format, ...)
{
    va_list arguments;

    if (walk->out == NULL)
        return;
    va_start(arguments, format);
    vfprintf(walk->out, format, arguments);
    va_end(arguments);
}

/* Makes a value the walk's last one, if values are wanted. */
static void give(struct walk *walk, json_t *value)
{
    json_decref(walk->value);
    walk->value = value;
}

static json_t *json_string_of(struct atto_span string, enum kind kind)
{
    const struct atto_buffer content = {(uint8_t *)(size_t)string.ptr, string.len, string.len};
    struct atto_buffer hex = {0};
    json_t *value;
    char *uuid;

    if (kind == SECRET)
        return json_null();
    if (kind == NAME && atto_cbor_is_plain_text(string.ptr, string.len))
        return json_stringn((const char *)string.ptr, string.len);
    if (kind == UUID && string.len == ATTO_UUID_BYTES) {
        uuid = atto_uuid_text(string.ptr);
        value = json_string(uuid);
        free(uuid);
        return value;
    }
    if (string.len != 0)
        atto_buffer_print_hex(&hex, &content);
    value = json_stringn((const char *)hex.bytes, hex.len);
    atto_buffer_free(&hex);
    return value != NULL ? value : json_string("");
}

/* "RAM, bytes" is a member ram_bytes. */
static void add_member(json_t *into, enum kind in, const char *name, json_t *value)
{
    char *key = atto_copy_string(name), *end = key;

    for (const char *at = name; *at != '\0'; at++) {
        if (*at != ',')
            *end++ = *at == ' ' ? '_' : (char)tolower((unsigned char)*at);
    }
    *end = '\0';
    if (value == NULL)
        value = json_null();
    if (json_is_object(into))
        json_object_set_new(into, key, value);
    else if (in == SEQUENCE)
        json_array_append_new(into, json_pack("{s:o}", key, value));
    else
        json_array_append_new(into, value);
    free(key);
}

static void print_string(const struct walk *walk, struct atto_span string, enum kind kind)
{
    const bool text = kind == NAME && atto_cbor_is_plain_text(string.ptr, string.len);

    if (kind == UUID && string.len == ATTO_UUID_BYTES) {
        char *uuid = atto_uuid_text(string.ptr);

        print(walk, " %s\n", uuid);
        free(uuid);
        return;
    }
    if (kind == SECRET) {
        print(walk, " (not shown)\n");
        return;
    }
    print(walk, text ? " " : " h'");
    for (uint32_t i = 0; i < string.len && i < SHOWN_MAX; i++)
        print(walk, text ? "%c" : "%02x", string.ptr[i]);
    print(walk, text ? "\n" : string.len > SHOWN_MAX ? "'... (%u bytes)\n" : "'\n", string.len);
}

/* Any head, with arguments up to 64 bits. */
static bool any_head(struct atto_cbor *cbor, uint32_t *type, uint64_t *argument)
{
    uint32_t left = cbor->len - cbor->pos, count, info;

    if (left == 0)
        return false;
    info = cbor->bytes[cbor->pos] % 32u;
    *type = cbor->bytes[cbor->pos] / 32u;
    count = info < 24 ? 0 : info < 28 ? 1u << (info - 24u) : 9;
    if (count > 8 || left - 1u < count)
        return false;
    *argument = count == 0 ? info : 0;
    for (uint32_t i = 0; i < count; i++)
        *argument = *argument << 8 | cbor->bytes[cbor->pos + 1u + i];
    cbor->pos += 1u + count;
    return true;
}

/* There are fewer than `needed` bytes left. Always false. */
static bool ends_early(struct walk *walk, uint64_t needed)
{
    const uint32_t left = walk->cbor.len - walk->cbor.pos;

    if (walk->strings == 0 && needed > left)
        walk->missing = needed - left < UINT32_MAX ? (uint32_t)(needed - left) : UINT32_MAX;
    return false;
}

static bool walk_value(struct walk *walk, enum kind kind);

/* A value with its name, and into an object or a list; false: it could not be read to its end. */
static bool walk_field(struct walk *walk, enum kind in, uint32_t key, uint32_t start, json_t *into)
{
    const struct field *field = find(in, key);
    char *number = key < MINUS(1) ? atto_format("%u", key) : atto_format("-%u", key - MINUS(0));
    bool fine, here = walk->field != NULL && start <= walk->at;
    size_t before = walk->field != NULL ? walk->field->len : 0;

    print(walk, "%*s%s", 2 * walk->depth, "", field != NULL ? field->name : number);
    if (here)
        atto_buffer_print(walk->field, "%s%s", before != 0 ? ", " : "", field != NULL ? field->name : number);
    walk->depth++;
    fine = walk_value(walk, kind_of_field(walk, in, key, field));
    walk->depth--;
    if (into != NULL)
        add_member(into, in, field != NULL ? field->name : number, walk->value);
    walk->value = NULL;
    free(number);
    /* It is behind this one. */
    if (here && fine && walk->cbor.pos <= walk->at)
        walk->field->len = before;
    return fine;
}

/* Keys of maps that are not numbers are those of images. */
static bool walk_map(struct walk *walk, enum kind kind, uint64_t count)
{
    json_t *object = walk->json ? json_object() : NULL;
    bool fine = true;

    print(walk, "\n");
    for (uint64_t i = 0; i < count && fine; i++) {
        uint32_t any = 0, key, start = walk->cbor.pos;
        struct atto_span name;

        if (walk->cbor.pos == walk->cbor.len) {
            fine = ends_early(walk, 2); /* a key and a value */
            break;
        }
        if (!atto_cbor_key(&walk->cbor, &any, &key)) {
            fine = atto_cbor_text(&walk->cbor, 0, UINT32_MAX, &name);
            key = EACH;
        }
        fine = fine && walk_field(walk, kind, key, start, object);
    }
    give(walk, object);
    return fine;
}

/* Is it a list, or a row of members that have names? */
static bool is_list(enum kind kind)
{
    return kind == PLAIN || kind == COMPONENTS || kind == COMPONENT || kind == ALTERNATIVES || kind == SEQUENCE;
}

/* Sequences are lists of pairs: a command, and what it has. */
static bool walk_array(struct walk *walk, enum kind kind, uint64_t count)
{
    json_t *list = !walk->json ? NULL : is_list(kind) ? json_array() : json_object();
    bool fine = true;

    print(walk, "\n");
    for (uint64_t i = 0; i < count && fine; i += kind == SEQUENCE ? 2 : 1) {
        uint32_t any = 0, key = (uint32_t)i, start = walk->cbor.pos;

        fine = (kind != SEQUENCE || atto_cbor_key(&walk->cbor, &any, &key)) &&
               walk_field(walk, kind, key, start, list);
    }
    give(walk, list);
    return fine;
}

/* CBOR in a string, if the kind says that there is some. */
static bool walk_string(struct walk *walk, enum kind kind, uint64_t len)
{
    const struct atto_span string = {walk->cbor.bytes + walk->cbor.pos, (uint32_t)len};
    const uint32_t outer = walk->cbor.len;
    bool fine;

    if (len > walk->cbor.len - walk->cbor.pos)
        return ends_early(walk, len);
    if (kind == IMAGE) {
        print(walk, " (%u bytes)\n", string.len);
        if (walk->json)
            give(walk, json_pack("{s:I}", "bytes", (json_int_t)string.len));
    } else if (kind < ENVELOPE || kind == COMPONENT || len == 0) {
        print_string(walk, string, kind);
        if (walk->json)
            give(walk, json_string_of(string, kind));
    } else {
        walk->cbor.len = walk->cbor.pos + string.len;
        walk->strings++;
        fine = walk_value(walk, kind) && walk->cbor.pos == walk->cbor.len;
        walk->strings--;
        walk->cbor.len = outer;
        return fine;
    }
    walk->cbor.pos += string.len;
    return true;
}

static bool walk_text(struct walk *walk, uint64_t len)
{
    struct atto_span text = {walk->cbor.bytes + walk->cbor.pos, (uint32_t)len};

    if (len > walk->cbor.len - walk->cbor.pos)
        return ends_early(walk, len);
    if (atto_cbor_is_plain_text(text.ptr, text.len))
        print(walk, " \"%.*s\"\n", (int)text.len, (const char *)text.ptr);
    else
        print_string(walk, text, HEX);
    if (walk->json)
        give(walk, json_string_of(text, NAME));
    walk->cbor.pos += text.len;
    return true;
}

/* argument: of a number that is -1 - argument, if it is negative. Numbers beyond what JSON has are text there. */
static void walk_number(struct walk *walk, enum kind kind, bool negative, uint64_t argument)
{
    const uint32_t number = argument >= ATTO_CBOR_MINUS(0) ? UINT32_MAX
                            : negative                     ? ATTO_CBOR_MINUS((uint32_t)argument + 1u)
                                                           : (uint32_t)argument;
    const char *name = name_of(kind, number);
    char *text = negative ? atto_format("-%llu", (unsigned long long)argument + 1u)
                          : atto_format("%llu", (unsigned long long)argument);

    if (kind == OPERATION)
        walk->operation = number;
    print(walk, name != NULL ? " %s (%s)\n" : " %s\n", text, name);
    if (walk->json)
        give(walk, name != NULL                ? json_string(name)
                   : argument >= INT64_MAX     ? json_string(text)
                   : negative                  ? json_integer(-1 - (json_int_t)argument)
                                               : json_integer((json_int_t)argument));
    free(text);
}

static bool walk_value(struct walk *walk, enum kind kind)
{
    uint32_t type;
    uint64_t argument;

    if (walk->cbor.pos == walk->cbor.len)
        return ends_early(walk, 1);
    if (walk->depth > DEPTH_MAX || !any_head(&walk->cbor, &type, &argument))
        return false;
    switch (type) {
    case ATTO_CBOR_UINT:
    case ATTO_CBOR_NEGATIVE:
        walk_number(walk, kind, type == ATTO_CBOR_NEGATIVE, argument);
        return true;
    case ATTO_CBOR_BYTES:
        return walk_string(walk, kind, argument);
    case ATTO_CBOR_TEXT:
        return walk_text(walk, argument);
    case ATTO_CBOR_ARRAY:
        return walk_array(walk, kind, argument);
    case ATTO_CBOR_MAP:
        return walk_map(walk, kind, argument);
    case ATTO_CBOR_TAG:
        return walk_value(walk, kind);
    default:
        print(walk, argument == 22 ? " null\n" : " simple %llu\n", (unsigned long long)argument);
        if (walk->json)
            give(walk, argument == 22 ? json_null() : json_integer((json_int_t)(argument % INT64_MAX)));
        return true;
    }
}

enum atto_shape atto_shape_of(const struct atto_buffer *bytes)
{
    const uint8_t *at = bytes->bytes;

    if (bytes->len < 5)
        return ATTO_SHAPE_NONE;
    if (at[0] == 0xd8 && at[1] == 0x6b)
        return ATTO_SHAPE_ENVELOPE;
    if (at[0] == 0xd2 && at[1] == 0x84)
        return ATTO_SHAPE_COMMAND;
    if (at[0] / 32 != ATTO_CBOR_MAP || at[1] != 1)
        return ATTO_SHAPE_NONE;
    /* A record's second member is a name, a key's is none. */
    at += at[2] == 0x18 ? 4 : 3;
    return at[0] == 2 && at[1] / 32 == ATTO_CBOR_TEXT ? ATTO_SHAPE_TENANT : ATTO_SHAPE_KEY;
}

static enum kind kind_of(const struct atto_buffer *bytes)
{
    switch (atto_shape_of(bytes)) {
    case ATTO_SHAPE_ENVELOPE:
        return ENVELOPE;
    case ATTO_SHAPE_COMMAND:
        return COMMAND;
    case ATTO_SHAPE_TENANT:
        return RECORD;
    case ATTO_SHAPE_KEY:
        return KEY;
    default:
        return PLAIN;
    }
}

char *atto_shape_field(const struct atto_buffer *bytes, uint32_t at)
{
    struct atto_buffer field = {0};
    struct walk walk = {.cbor = {bytes->bytes, (uint32_t)bytes->len, 0}, .at = at, .field = &field};
    char *text;

    walk_value(&walk, kind_of(bytes));
    text = field.len != 0 ? atto_format("%.*s", (int)field.len, (const char *)field.bytes)
                          : atto_copy_string("the whole of it");
    atto_buffer_free(&field);
    return text;
}

bool atto_shape_refuse(const char *path, const struct atto_buffer *bytes, enum atto_status status, uint32_t at)
{
    char *field = atto_shape_field(bytes, at);

    atto_report_at(path, 0, "%s (byte %u: %s)", atto_status_text(status), at, field);
    free(field);
    return false;
}

uint32_t atto_shape_missing(const struct atto_buffer *bytes)
{
    struct walk walk = {.cbor = {bytes->bytes, (uint32_t)bytes->len, 0}};

    if (atto_shape_of(bytes) != ATTO_SHAPE_NONE)
        walk_value(&walk, kind_of(bytes));
    return walk.missing;
}

bool atto_shape_is_whole(const char *path, const struct atto_buffer *bytes)
{
    const uint32_t missing = atto_shape_missing(bytes);

    if (missing == 0)
        return true;
    atto_report_at(path, 0, "the file ends too early: at least %u byte%s missing", missing,
                   missing == 1 ? " is" : "s are");
    return false;
}

const char *atto_shape_operation(uint32_t number)
{
    const char *name = name_of(OPERATION, number);

    return name != NULL ? name : "unknown";
}

json_t *atto_shape_json(const struct atto_buffer *bytes)
{
    struct walk walk = {.cbor = {bytes->bytes, (uint32_t)bytes->len, 0}, .json = true};

    walk_value(&walk, kind_of(bytes));
    return walk.value != NULL ? walk.value : json_null();
}

void atto_shape_print(const struct atto_buffer *bytes, FILE *out)
{
    struct walk walk = {.cbor = {bytes->bytes, (uint32_t)bytes->len, 0}, .out = out, .depth = 1};

    if (!walk_value(&walk, kind_of(bytes)))
        fprintf(out, "\n  (cannot be read any further at byte %u)\n", walk.cbor.pos);
}
