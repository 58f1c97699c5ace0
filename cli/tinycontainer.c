/* TinyContainer metadata for people and, as JSON, for programs; see tinycontainer.h. libsodium verifies.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tinycontainer.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "atto/tinycontainer.h"
#include "base/cbor.h"
#include "commands.h"
#include "report.h"
#include "rights.h"

static const char *type_name(uint32_t type)
{
#define NAME(name, number) \
    if (type == (number))  \
        return #name;
    ATTO_TINYCONTAINER_TYPES(NAME)
#undef NAME
    return "?";
}

static const char *peer_name(uint32_t peer)
{
    static const char *const names[] = {"container", "local", "remote"};

    return names[peer];
}

/* As the container sees it. */
static const char *direction_name(uint32_t direction)
{
    static const char *const names[] = {"write", "read", "read and write"};

    return names[direction];
}

/* A uid as text, or in hex if it is none. To be freed. */
static char *uid_text(struct atto_span uid)
{
    struct atto_buffer text = {0}, bytes = {0};
    char *copy;

    if (atto_cbor_is_plain_text(uid.ptr, uid.len))
        return atto_format("%.*s", (int)uid.len, (const char *)uid.ptr);
    atto_buffer_put(&bytes, uid.ptr, uid.len);
    atto_buffer_print(&text, "0x");
    atto_buffer_print_hex(&text, &bytes);
    copy = atto_format("%.*s", (int)text.len, (const char *)text.bytes);
    atto_buffer_free(&bytes);
    atto_buffer_free(&text);
    return copy;
}

/* The names of a mask's calls. To be freed. */
static char *syscall_names(uint32_t mask)
{
    struct atto_buffer text = {0};
    uint32_t unknown = mask;
    char *copy;

#define NAME(name, bit)                        \
    if ((mask & (bit)) != 0)                   \
        atto_buffer_print(&text, " %s", #name); \
    unknown &= ~(uint32_t)(bit);
    ATTO_TINYCONTAINER_SYSCALLS(NAME)
#undef NAME
    if (unknown != 0)
        atto_buffer_print(&text, " (0x%x without meaning)", unknown);
    copy = atto_format("%.*s", (int)text.len, text.len == 0 ? "" : (const char *)text.bytes);
    atto_buffer_free(&text);
    return copy;
}

/* --- verification */

static void sha256(void *context, const uint8_t *bytes, uint32_t len, uint8_t *hash)
{
    (void)context;
    crypto_hash_sha256(hash, bytes, len);
}

static bool verify(void *context, const uint8_t *message, uint32_t len, const uint8_t *signature)
{
    const struct atto_buffer *key = context;

    return crypto_sign_verify_detached(signature, message, len, key->bytes) == 0;
}

#define FORM_COUNT 2

/* What a signature may be made over, by enum atto_tinycontainer_signed. */
static const char *const form_names[FORM_COUNT] = {"payload", "structure"};
static const char *const form_texts[FORM_COUNT] = {"the payload alone", "the Sig_structure of COSE"};

struct judgement {
    enum atto_tinycontainer_verdict verdicts[FORM_COUNT][ATTO_TINYCONTAINER_TOKEN_COUNT];
    bool compared[ATTO_TINYCONTAINER_TOKEN_COUNT]; /* false: the file was not given, so only the signature counts */
    bool fine, complete; /* in one of the forms nothing fails; everything was compared */
};

static const char *token_name(uint32_t which)
{
#define NAME(capitals, number, name) \
    if (which == (number))           \
        return #name;
    ATTO_TINYCONTAINER_TOKENS(NAME)
#undef NAME
    return "?";
}

static const char *verdict_text(const struct judgement *judgement, uint32_t form, uint32_t which)
{
    switch (judgement->verdicts[form][which]) {
    case ATTO_TINYCONTAINER_HOLDS:
        return judgement->compared[which] ? "holds" : "signed; its file was not given";
    case ATTO_TINYCONTAINER_ABSENT:
        return "absent";
    case ATTO_TINYCONTAINER_MAC:
        return "a MAC, which no public key verifies";
    case ATTO_TINYCONTAINER_BAD_SIGNATURE:
        return "the signature does not hold";
    case ATTO_TINYCONTAINER_BAD_HASH:
        return "signed, but the hash is of other bytes";
    }
    return "?";
}

/* Reads the key and the files; false, and reported, if that fails. */
static bool read_inputs(const struct atto_tiny_question *question, struct atto_buffer *key, struct atto_buffer *data,
                        struct atto_buffer *code)
{
    if (!atto_buffer_put_hex(key, question->key) || key->len != ATTO_TINYCONTAINER_KEY_BYTES) {
        atto_report("--key: '%s' is not a public key: 64 hex digits", question->key);
        return false;
    }
    if (sodium_init() < 0) {
        atto_report("libsodium does not start");
        return false;
    }
    if ((question->data != NULL && !atto_buffer_read(data, question->data)) ||
        (question->code != NULL && !atto_buffer_read(code, question->code)))
        return false;
    if (data->len > UINT32_MAX || code->len > UINT32_MAX) {
        atto_report("a file is too large for a container");
        return false;
    }
    return true;
}

/* Does everything hold in this form? */
static bool judge_form(const struct atto_tinycontainer *tiny, struct judgement *judgement, uint32_t form,
                       const struct atto_span contents[ATTO_TINYCONTAINER_TOKEN_COUNT],
                       const struct atto_tinycontainer_crypto *crypto)
{
    bool fine = true;

    for (uint32_t i = 0; i < ATTO_TINYCONTAINER_TOKEN_COUNT; i++) {
        enum atto_tinycontainer_verdict verdict =
            atto_tinycontainer_verify_token(tiny, (enum atto_tinycontainer_which)i, contents[i],
                                            (enum atto_tinycontainer_signed)form, crypto);

        if (!judgement->compared[i] && verdict == ATTO_TINYCONTAINER_BAD_HASH)
            verdict = ATTO_TINYCONTAINER_HOLDS;
        judgement->verdicts[form][i] = verdict;
        fine = fine && verdict == ATTO_TINYCONTAINER_HOLDS;
    }
    return fine;
}

static void judge(const struct atto_tinycontainer *tiny, const struct atto_tiny_question *question,
                  struct judgement *judgement, struct atto_buffer *key, const struct atto_buffer *data,
                  const struct atto_buffer *code)
{
    const struct atto_tinycontainer_crypto crypto = {sha256, verify, key};
    const struct atto_span contents[ATTO_TINYCONTAINER_TOKEN_COUNT] = {
        [ATTO_TINYCONTAINER_DATA] = {data->bytes, (uint32_t)data->len},
        [ATTO_TINYCONTAINER_CODE] = {code->bytes, (uint32_t)code->len},
    };

    for (uint32_t i = 0; i < ATTO_TINYCONTAINER_TOKEN_COUNT; i++)
        judgement->compared[i] = true;
    judgement->compared[ATTO_TINYCONTAINER_DATA] = question->data != NULL;
    judgement->compared[ATTO_TINYCONTAINER_CODE] = question->code != NULL;
    judgement->complete = question->data != NULL && question->code != NULL;
    judgement->fine = false;
    for (uint32_t form = 0; form < FORM_COUNT; form++)
        judgement->fine = judge_form(tiny, judgement, form, contents, &crypto) || judgement->fine;
}

/* --- for people */

static void print_endpoints(const struct atto_tinycontainer *tiny)
{
    for (uint32_t i = 0; i < tiny->endpoint_count; i++) {
        struct atto_tinycontainer_endpoint endpoint;
        char *uid;

        if (atto_tinycontainer_endpoint(tiny, i, &endpoint) != ATTO_OK)
            continue;
        uid = endpoint.peer_uid.len == 0 ? atto_copy_string("") : uid_text(endpoint.peer_uid);
        printf("  endpoint %u: %s%s%s %u, %s\n", endpoint.id, peer_name(endpoint.peer), uid[0] == '\0' ? "" : " ", uid,
               endpoint.peer_endpoint, direction_name(endpoint.direction));
        free(uid);
    }
}

static void print_meaning(const struct atto_tinycontainer *tiny)
{
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_manifest manifest = ATTO_MANIFEST_INIT;
    struct atto_right_wish wish;

    puts("in Atto");
    if (atto_tinycontainer_manifest(tiny, &manifest, &refusal) != ATTO_OK) {
        printf("  refused  %s (byte %u)\n", atto_status_text(refusal.status), refusal.at);
    } else {
        printf("  name     %.*s\n", (int)manifest.name.len, (const char *)manifest.name.ptr);
        printf("  schedule start_max_us %u, period_us %u, loop_max_us %u, loop_count %u, stop_max_us %u\n",
               manifest.schedule.start_max_us, manifest.schedule.period_us, manifest.schedule.loop_max_us,
               manifest.schedule.loop_count, manifest.schedule.stop_max_us);
    }
    for (uint32_t i = 0; i < tiny->endpoint_count; i++) {
        char *text;

        if (atto_tinycontainer_wish(tiny, i, &wish, &refusal) != ATTO_OK) {
            printf("  right    %u refused: %s (byte %u)\n", i, atto_status_text(refusal.status), refusal.at);
            continue;
        }
        text = atto_right_text(&wish.right);
        printf("  right    %u endpoint %u: %s\n", i, wish.right.endpoint, text);
        free(text);
    }
}

static void print_tokens(const struct judgement *judgement)
{
    for (uint32_t form = 0; form < FORM_COUNT; form++) {
        printf("tokens, if signed over %s\n", form_texts[form]);
        for (uint32_t i = 0; i < ATTO_TINYCONTAINER_TOKEN_COUNT; i++)
            printf("  %-8s %s\n", token_name(i), verdict_text(judgement, form, i));
    }
}

static void print_all(const char *path, const struct atto_tinycontainer *tiny, const struct judgement *judgement)
{
    char *uid = uid_text(tiny->uid), *syscalls = syscall_names(tiny->syscalls);

    printf("%s: TinyContainer metadata, %u bytes\n", path, tiny->bytes.len);
    printf("  uid      %s\n  type     %s\n  syscalls 0x%x:%s\n", uid, type_name(tiny->type), tiny->syscalls, syscalls);
    print_endpoints(tiny);
    if (tiny->secured)
        printf("  schedule start %u ms, loop each %u ms, %u ms, %u times, stop %u ms\n", tiny->start_max_ms,
               tiny->loop_period_ms, tiny->loop_max_ms, tiny->loop_count, tiny->stop_max_ms);
    else
        puts("  no schedule and no tokens but that of the mask");
    print_meaning(tiny);
    if (judgement != NULL)
        print_tokens(judgement);
    else
        puts("tokens not verified; --key does");
    free(uid);
    free(syscalls);
}

/* --- for programs */

static json_t *json_text(char *text)
{
    json_t *json = json_string(text);

    free(text);
    return json;
}

static json_t *json_endpoints(const struct atto_tinycontainer *tiny)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < tiny->endpoint_count; i++) {
        struct atto_tinycontainer_endpoint endpoint;
        struct atto_right_wish wish;
        json_t *item;

        if (atto_tinycontainer_endpoint(tiny, i, &endpoint) != ATTO_OK)
            continue;
        item = json_pack("{s:I,s:s,s:I,s:s}", "id", (json_int_t)endpoint.id, "peer", peer_name(endpoint.peer),
                         "peer_endpoint", (json_int_t)endpoint.peer_endpoint, "direction",
                         direction_name(endpoint.direction));
        if (endpoint.peer_uid.len != 0)
            json_object_set_new(item, "peer_uid", json_text(uid_text(endpoint.peer_uid)));
        json_object_set_new(item, "right", atto_tinycontainer_wish(tiny, i, &wish, NULL) == ATTO_OK
                                               ? atto_right_to_json(&wish)
                                               : json_null());
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *json_tokens(const struct judgement *judgement, uint32_t form)
{
    json_t *tokens = json_object();

    for (uint32_t i = 0; i < ATTO_TINYCONTAINER_TOKEN_COUNT; i++)
        json_object_set_new(tokens, token_name(i), json_string(verdict_text(judgement, form, i)));
    return tokens;
}

static void print_json(const struct atto_tinycontainer *tiny, const struct judgement *judgement)
{
    struct atto_manifest manifest = ATTO_MANIFEST_INIT;
    enum atto_status status = atto_tinycontainer_manifest(tiny, &manifest, NULL);
    json_t *root = json_pack("{s:s,s:I,s:o,s:s,s:I,s:o,s:s}", "format", "tinycontainer", "bytes",
                             (json_int_t)tiny->bytes.len, "uid", json_text(uid_text(tiny->uid)), "type",
                             type_name(tiny->type), "syscalls", (json_int_t)tiny->syscalls, "endpoints",
                             json_endpoints(tiny), "meaning", atto_status_name(status));

    if (tiny->secured)
        json_object_set_new(root, "schedule",
                            json_pack("{s:I,s:I,s:I,s:I,s:I}", "start_max_ms", (json_int_t)tiny->start_max_ms,
                                      "loop_period_ms", (json_int_t)tiny->loop_period_ms, "loop_max_ms",
                                      (json_int_t)tiny->loop_max_ms, "loop_count", (json_int_t)tiny->loop_count,
                                      "stop_max_ms", (json_int_t)tiny->stop_max_ms));
    if (judgement != NULL) {
        json_t *tokens = json_object();

        for (uint32_t form = 0; form < FORM_COUNT; form++)
            json_object_set_new(tokens, form_names[form], json_tokens(judgement, form));
        json_object_set_new(root, "tokens", tokens);
        json_object_set_new(root, "holds", json_boolean(judgement->fine && judgement->complete));
    }
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

int atto_tiny_inspect(const char *path, const struct atto_buffer *bytes, const struct atto_tiny_question *question)
{
    struct atto_buffer key = {0}, data = {0}, code = {0};
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct judgement judgement = {.fine = true};
    struct atto_tinycontainer tiny;
    bool fine = true;

    if (atto_tinycontainer_parse((struct atto_span){bytes->bytes, (uint32_t)bytes->len}, &tiny, &refusal) != ATTO_OK) {
        atto_report_at(path, 0, "TinyContainer metadata: %s (byte %u)", atto_status_text(refusal.status), refusal.at);
        return ATTO_EXIT_REFUSED;
    }
    if (question->key != NULL) {
        fine = read_inputs(question, &key, &data, &code);
        if (fine)
            judge(&tiny, question, &judgement, &key, &data, &code);
    }
    if (fine && question->json)
        print_json(&tiny, question->key != NULL ? &judgement : NULL);
    else if (fine)
        print_all(path, &tiny, question->key != NULL ? &judgement : NULL);
    atto_buffer_free(&key);
    atto_buffer_free(&data);
    atto_buffer_free(&code);
    return fine && judgement.fine ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}
