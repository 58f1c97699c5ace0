/* Devices over the network, see remote.h: finding, reading, and telling what was refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "atto/command.h"
#include "cbor.h"
#include "commands.h"
#include "constraint.h"
#include "keyfile.h"
#include "numbers.h"
#include "report.h"
#include "signed_command.h"
#include "target.h"

#define KEYED_TRIES 4u /* of a reading whose counter others use up */
#define SEARCH_MAX (64u * ATTO_COUNTER_STEP_MAX) /* how far a counter is searched of which nothing is known here */

bool atto_remote_fail(struct atto_remote *remote, int status)
{
    remote->status = status;
    return false;
}

bool atto_remote_open(struct atto_remote *remote, const struct atto_remote_options *options)
{
    *remote = (struct atto_remote){.options = options, .status = ATTO_EXIT_FINE};
    if (!atto_context_find(&remote->context, options->config, options->to))
        return atto_remote_fail(remote, ATTO_EXIT_LOCAL);
    remote->key = options->key != NULL ? options->key : remote->context.key;
    remote->signer = options->signer != NULL ? options->signer : remote->context.signer;
    if (remote->signer != NULL && strcmp(remote->signer, "-") == 0)
        remote->signer = NULL;
    if (remote->signer != NULL && !atto_target_name("--signer", remote->signer))
        return atto_remote_fail(remote, ATTO_EXIT_USAGE);
    remote->client = atto_client_open(remote->context.uri, options->timeout_s,
                                      options->ack_ms != 0 ? options->ack_ms : remote->context.ack_ms);
    return remote->client != NULL || atto_remote_fail(remote, ATTO_EXIT_USAGE);
}

void atto_remote_close(struct atto_remote *remote)
{
    atto_client_close(remote->client);
    atto_context_free(&remote->context);
    json_decref(remote->about);
    remote->client = NULL;
    remote->about = NULL;
}

bool atto_remote_has_key(struct atto_remote *remote)
{
    struct atto_keyfile keyfile = {.secret = NULL};
    bool fine;

    if (remote->key == NULL) {
        atto_report("--key is missing: changes are signed");
        return atto_remote_fail(remote, ATTO_EXIT_USAGE);
    }
    fine = atto_keyfile_read(&keyfile, remote->key);
    if (fine && keyfile.secret == NULL) {
        atto_report_at(remote->key, 0, "a public key cannot sign");
        fine = false;
    }
    atto_keyfile_free(&keyfile);
    return fine || atto_remote_fail(remote, ATTO_EXIT_LOCAL);
}

bool atto_remote_name_read(const struct atto_remote *remote, const char *text, struct atto_remote_name *name)
{
    const char *slash = strchr(text, '/');

    *name = (struct atto_remote_name){.tenant = NULL};
    if (slash == NULL) {
        name->tenant = remote->signer != NULL ? atto_copy_string(remote->signer) : NULL;
        name->container = atto_copy_string(text);
    } else {
        if (slash != text) /* "/NAME" is the owner's */
            name->tenant = atto_format("%.*s", (int)(slash - text), text);
        name->container = atto_copy_string(slash + 1);
    }
    if ((name->tenant == NULL || atto_target_name("NAME", name->tenant)) && atto_target_name("NAME", name->container))
        return true;
    atto_remote_name_free(name);
    return false;
}

void atto_remote_name_free(struct atto_remote_name *name)
{
    free(name->tenant);
    free(name->container);
    *name = (struct atto_remote_name){.tenant = NULL};
}

/* ---- telling ---- */

void atto_remote_print(json_t *value)
{
    /* As many digits as a fraction is sure to have: 0.062574 stays what it is. */
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    putchar('\n');
    fflush(stdout);
    json_decref(value);
}

static bool silence(struct atto_remote *remote)
{
    atto_report("%s: %s", remote->context.uri, atto_client_silence(remote->client));
    if (remote->options->json)
        atto_remote_print(json_pack("{s:b,s:s}", "done", 0, "text", atto_client_silence(remote->client)));
    return atto_remote_fail(remote, ATTO_EXIT_SILENT);
}

void atto_remote_refusal_read(const struct atto_client_response *response, struct atto_remote_refusal *refusal)
{
    char text[64];
    const size_t len = response->payload.len < sizeof text - 1 ? response->payload.len : sizeof text - 1;
    int status, used = 0;

    *refusal = (struct atto_remote_refusal){.status = ATTO_OK};
    if (len != 0)
        memcpy(text, response->payload.bytes, len);
    text[len] = '\0';
    if (text[0] != '-' || sscanf(text, "%4d%n", &status, &used) != 1 || status < -128 || status >= 0)
        return;
    refusal->status = (enum atto_status)status;
    refusal->has_at = sscanf(text + used, " at %9u", &refusal->at) == 1;
    if (sscanf(text + used, " last %10u", &refusal->last) != 1)
        refusal->last = 0;
    refusal->has_constraint = sscanf(text + used, " constraint %3u missing %10u", &refusal->constraint,
                                     &refusal->missing) == 2;
}

/* What a code means where the device has not said more. */
static const char *code_text(uint8_t code)
{
    switch (code) {
    case ATTO_COAP_CODE(4, 0):
        return "it does not understand the request";
    case ATTO_COAP_CODE(4, 1):
        return "it takes a key to read this: --key";
    case ATTO_COAP_CODE(4, 3):
        return "the signer may not do that";
    case ATTO_COAP_CODE(4, 4):
        return "there is no such thing on the device";
    case ATTO_COAP_CODE(4, 5):
        return "this cannot be done with it";
    case ATTO_COAP_CODE(4, 8):
        return "the device loses the transfer again and again";
    case ATTO_COAP_CODE(4, 13):
        return "it is too large for the device";
    case ATTO_COAP_CODE(5, 3):
        return "the device is busy";
    case ATTO_COAP_CODE(5, 4):
        return "what was called has not answered in time";
    default:
        return "the device does not say why";
    }
}

/* The refusal in a sentence; to be freed. */
static char *refusal_text(const struct atto_client_response *response, const struct atto_remote_refusal *refusal)
{
    char *constraint = NULL, *text;

    if (refusal->has_constraint)
        constraint = atto_constraint_text((enum atto_constraint)refusal->constraint, NULL, refusal->missing, 0);
    if (refusal->status == ATTO_OK)
        text = atto_copy_string(code_text(response->code));
    else if (constraint != NULL)
        text = atto_format("%s; %s", atto_status_text(refusal->status), constraint);
    else if (refusal->last != 0)
        text = atto_format("%s; it was %u", atto_status_text(refusal->status), refusal->last);
    else if (refusal->has_at)
        text = atto_format("%s (at %u)", atto_status_text(refusal->status), refusal->at);
    else
        text = atto_copy_string(atto_status_text(refusal->status));
    free(constraint);
    return text;
}

/* Is the place of the refusal an instruction? Then those of the pre-flight check count slots. */
static bool is_slot(const struct atto_remote_refusal *refusal, const struct atto_listing *image)
{
    return image != NULL && refusal->has_at && refusal->status <= ATTO_E_TEXT_LENGTH &&
           refusal->status > ATTO_FAULT_MEMORY && refusal->at < image->slot_count;
}

static json_t *refusal_json(const struct atto_client_response *response, const struct atto_remote_refusal *refusal,
                            const char *text, const struct atto_listing *image)
{
    json_t *object = json_pack("{s:b,s:o,s:s}", "done", 0, "code",
                               json_sprintf("%u.%02u", response->code / 32u, response->code % 32u), "text", text);

    if (refusal->status != ATTO_OK)
        json_object_set_new(object, "status", json_string(atto_status_name(refusal->status)));
    if (refusal->has_at)
        json_object_set_new(object, "at", json_integer(refusal->at));
    if (refusal->last != 0)
        json_object_set_new(object, "last", json_integer(refusal->last));
    if (is_slot(refusal, image))
        atto_listing_add_line(image, refusal->at, object);
    if (refusal->has_constraint) {
        json_object_set_new(object, "constraint", json_integer(refusal->constraint));
        json_object_set_new(object, "missing", json_integer(refusal->missing));
    }
    return object;
}

/* reason: in place of what the code means, if the device has not said more; or NULL. */
static bool refuse(struct atto_remote *remote, const char *what, const struct atto_client_response *response,
                   const char *reason, const struct atto_listing *image, const char *path)
{
    struct atto_remote_refusal refusal;
    char *text;

    atto_remote_refusal_read(response, &refusal);
    text = reason != NULL && refusal.status == ATTO_OK ? atto_copy_string(reason) : refusal_text(response, &refusal);
    atto_report("%s: refused (%u.%02u): %s", what, response->code / 32u, response->code % 32u, text);
    if (is_slot(&refusal, image))
        atto_listing_refuse(image, path, &(struct atto_refusal){refusal.status, refusal.at});
    if (remote->options->json)
        atto_remote_print(refusal_json(response, &refusal, text, image));
    free(text);
    return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
}

bool atto_remote_refuse_image(struct atto_remote *remote, const char *what,
                              const struct atto_client_response *response, const struct atto_listing *image,
                              const char *path)
{
    return refuse(remote, what, response, NULL, image, path);
}

bool atto_remote_refuse(struct atto_remote *remote, const char *what, const struct atto_client_response *response)
{
    return refuse(remote, what, response, NULL, NULL, NULL);
}

/* A resource could not be read. Containers are called as people name them. */
static void refuse_reading(struct atto_remote *remote, const char *const *path,
                           const struct atto_client_response *response)
{
    const bool container = strcmp(path[0], "containers") == 0 && path[1] != NULL && path[2] != NULL;
    const bool none = container && response->code == ATTO_COAP_CODE(4, 4);
    char *what = !container                   ? atto_format("/%s", path[0])
                 : strcmp(path[1], "-") == 0  ? atto_copy_string(path[2])
                                              : atto_format("%s/%s", path[1], path[2]);

    refuse(remote, what, response, none ? "the device has no container of this name: 'atto ps' lists them" : NULL, NULL,
           NULL);
    free(what);
}

/* ---- reading ---- */

bool atto_remote_send(struct atto_remote *remote, const struct atto_client_request *request,
                      struct atto_client_response *response)
{
    return atto_client_request(remote->client, request, response) || silence(remote);
}

/* The payload of a FETCH: a command that says that the signer may read what has this name. */
static bool reading_order(struct atto_remote *remote, const char *name, uint32_t counter, struct atto_buffer *order)
{
    const struct atto_signing signing = {.key = remote->key, .device = remote->device, .signer = remote->signer,
                                         .counter = counter};
    struct atto_buffer arguments = {0};
    bool fine;

    atto_cbor_add_head(&arguments, ATTO_CBOR_ARRAY, 1);
    atto_cbor_add_text(&arguments, name);
    fine = atto_signed_command_make(&signing, ATTO_COMMAND_READ, &arguments, order);
    atto_buffer_free(&arguments);
    return fine || atto_remote_fail(remote, ATTO_EXIT_REFUSED);
}

static void set_path(struct atto_client_request *request, const char *const *path)
{
    for (size_t i = 0; i < ATTO_PATH_MAX && path[i] != NULL; i++)
        request->path[i] = path[i];
}

static bool fetch(struct atto_remote *remote, const char *const *path, const char *query, uint32_t counter,
                  struct atto_client_response *response)
{
    struct atto_buffer order = {0};
    struct atto_client_request request = {.method = ATTO_METHOD_FETCH, .query = query, .format = ATTO_FORMAT_COSE,
                                          .payload = &order};
    bool fine;

    set_path(&request, path);
    fine = reading_order(remote, path[0], counter, &order) && atto_remote_send(remote, &request, response);
    atto_buffer_free(&order);
    return fine;
}

/* ---- counters ---- */

/* Looked up once, so that a device that is asked again and again does not get further each time. */
static void know_counter(struct atto_remote *remote)
{
    if (remote->limit != 0)
        return;
    remote->known = atto_numbers_counter(remote->device, remote->signer);
    remote->limit = atto_numbers_limit(remote->known);
}

bool atto_remote_believes(struct atto_remote *remote, uint32_t last)
{
    char *what, *text;

    know_counter(remote);
    if (last <= remote->limit)
        return true;
    what = remote->signer != NULL ? atto_format("the last counter of tenant '%s'", remote->signer)
                                  : atto_copy_string("the last counter of its owner");
    text = atto_numbers_doubt(what, last, remote->known, "--counter");
    atto_report("%s: %s", remote->context.uri, text);
    if (remote->options->json)
        atto_remote_print(json_pack("{s:b,s:s}", "done", 0, "text", text));
    free(what);
    free(text);
    return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
}

/* Is this counter over the signer's last one, and not too far over it? A command to read changes nothing, so the device
 * can be asked. */
static bool is_good(struct atto_remote *remote, uint32_t counter, bool *good)
{
    static const char *const path[] = {"device", NULL};
    struct atto_client_response response;
    struct atto_remote_refusal refusal;
    bool fine = fetch(remote, path, NULL, counter, &response);

    if (fine) {
        atto_remote_refusal_read(&response, &refusal);
        *good = response.code == ATTO_COAP_CODE(2, 5);
        if (!*good && refusal.status != ATTO_E_SEQUENCE)
            fine = atto_remote_refuse(remote, "reading", &response);
        atto_buffer_free(&response.payload);
    }
    return fine;
}

/* Looks for the first good counter behind `below`, which is none, up to `end`: in steps that do not get too far over
 * the last one, and then between the last two. remote->next stays 0 if there is none. */
static bool search_between(struct atto_remote *remote, uint32_t below, uint32_t end)
{
    uint32_t found = below, step = 1;
    bool good = false;

    for (; !good && found < end; step = step < ATTO_COUNTER_STEP_MAX ? 2 * step : step) {
        below = found;
        found = end - below > step ? below + step : end;
        if (!is_good(remote, found, &good))
            return false;
    }
    if (!good)
        return true;
    while (found - below > 1) {
        const uint32_t middle = below + (found - below) / 2;

        if (!is_good(remote, middle, &good))
            return false;
        if (good)
            found = middle;
        else
            below = middle;
    }
    remote->next = found;
    return true;
}

/* Finds a counter for the next command, where reading takes one: the one behind what was signed here. If the device does
 * not take it, others have signed, or it has begun anew, with another flash. */
static bool search_counter(struct atto_remote *remote)
{
    uint32_t known, end;
    bool good = false;

    know_counter(remote);
    known = remote->known;
    end = known != 0 ? remote->limit : SEARCH_MAX;
    remote->next = 0;
    if (known != 0 && known != UINT32_MAX && !is_good(remote, known + 1, &good))
        return false;
    if (good)
        remote->next = known + 1;
    else if (!search_between(remote, known, end))
        return false;
    if (remote->next == 0 && known != 0) {
        if (!search_between(remote, 0, known))
            return false;
        if (remote->next != 0)
            remote->next = atto_numbers_next_counter(remote->next - 1, known);
    }
    if (remote->next != 0)
        return true;
    atto_report("%s: it takes no counter up to %u, and what it says is not signed, so none above is tried: "
                "'atto start NAME --counter NUMBER' with one over the signer's last one is remembered",
                remote->context.uri, end);
    return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
}

bool atto_remote_forget_counter(struct atto_remote *remote)
{
    remote->next = 0;
    return !remote->keyed || search_counter(remote);
}

/* Where reading is keyed, the device identifier must be known beforehand, from the context. */
static bool begin_keyed(struct atto_remote *remote)
{
    remote->keyed = true;
    if (remote->key == NULL) {
        atto_report("%s: the device takes a key to be read: --key", remote->context.uri);
        return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
    }
    if (!atto_remote_has_key(remote))
        return false;
    remote->device = remote->context.device;
    if (remote->device == NULL) {
        atto_report("%s: the device takes a key to be read, and that takes its device identifier: name both with "
                    "'atto context add NAME --uri %s --key FILE --device UUID'",
                    remote->context.uri, remote->context.uri);
        return atto_remote_fail(remote, ATTO_EXIT_USAGE);
    }
    remote->next = remote->options->counter; /* the one that was given is good for reading, too, until it is used */
    return remote->next != 0 || search_counter(remote);
}

/* Reads with a key. Another command of the signer's, or one of this process whose answer was lost, may have used up the
 * counter meanwhile; then the next one is looked for. */
static bool read_keyed(struct atto_remote *remote, const char *const *path, const char *query,
                       struct atto_client_response *response)
{
    struct atto_remote_refusal refusal;

    if (!remote->keyed && !begin_keyed(remote))
        return false;
    for (unsigned tries = 0; tries < KEYED_TRIES; tries++) {
        if (!fetch(remote, path, query, remote->next, response))
            return false;
        atto_remote_refusal_read(response, &refusal);
        if (response->code == ATTO_COAP_CODE(2, 5) || refusal.status != ATTO_E_SEQUENCE)
            return true;
        atto_buffer_free(&response->payload);
        if (!search_counter(remote))
            return false;
    }
    return true;
}

bool atto_remote_read_bytes(struct atto_remote *remote, const char *const *path, const char *query, bool optional,
                            struct atto_buffer *bytes)
{
    struct atto_client_request request = {.method = ATTO_METHOD_GET, .query = query, .format = ATTO_FORMAT_NONE};
    struct atto_client_response response = {.code = ATTO_COAP_CODE(4, 1)};
    bool fine = true;

    set_path(&request, path);
    if (!remote->keyed)
        fine = atto_remote_send(remote, &request, &response);
    if (fine && response.code == ATTO_COAP_CODE(4, 1)) {
        atto_buffer_free(&response.payload);
        fine = read_keyed(remote, path, query, &response);
    }
    if (!fine)
        return false;
    if (response.code == ATTO_COAP_CODE(2, 5)) {
        *bytes = response.payload;
        return true;
    }
    fine = optional && response.code == ATTO_COAP_CODE(4, 4);
    if (!fine)
        refuse_reading(remote, path, &response);
    atto_buffer_free(&response.payload);
    return fine;
}

json_t *atto_remote_read(struct atto_remote *remote, const char *const *path, const char *query,
                         enum atto_reply kind)
{
    struct atto_buffer bytes = {0};
    json_t *value;

    if (!atto_remote_read_bytes(remote, path, query, false, &bytes))
        return NULL;
    value = atto_reply_read(&bytes, kind);
    atto_buffer_free(&bytes);
    if (value == NULL) {
        atto_report("%s: what it says of /%s cannot be read", remote->context.uri, path[0]);
        atto_remote_fail(remote, ATTO_EXIT_REFUSED);
    }
    return value;
}

bool atto_remote_meet(struct atto_remote *remote)
{
    static const char *const path[] = {"device", NULL};

    if (remote->about == NULL)
        remote->about = atto_remote_read(remote, path, NULL, ATTO_REPLY_DEVICE);
    if (remote->about == NULL)
        return false;
    remote->device = json_string_value(json_object_get(remote->about, "device"));
    if (remote->device == NULL) {
        atto_report("%s: it does not say which device it is", remote->context.uri);
        return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
    }
    if (remote->context.device == NULL || strcasecmp(remote->context.device, remote->device) == 0)
        return true;
    atto_report("%s: this is device %s, and '%s' is %s", remote->context.uri, remote->device, remote->context.name,
                remote->context.device);
    return atto_remote_fail(remote, ATTO_EXIT_REFUSED);
}

json_t *atto_remote_tenant(struct atto_remote *remote, const char *name, bool *fine)
{
    static const char *const path[] = {"tenants", NULL};
    json_t *tenants = atto_remote_read(remote, path, NULL, ATTO_REPLY_TENANTS), *tenant, *found = NULL;
    size_t i;

    *fine = tenants != NULL;
    json_array_foreach(tenants, i, tenant) {
        const char *its = json_string_value(json_object_get(tenant, "name"));

        if (found == NULL && its != NULL && strcmp(its, name) == 0)
            found = json_incref(tenant);
    }
    json_decref(tenants);
    return found;
}

void atto_remote_explain_signer(struct atto_remote *remote)
{
    const char *signer = remote->signer != NULL ? remote->signer : "";
    struct atto_keyfile keyfile = {.secret = NULL};
    struct atto_buffer kid = {0};
    bool fine;
    json_t *tenant = atto_remote_tenant(remote, signer, &fine);
    const char *there = json_string_value(json_object_get(tenant, "key_id"));

    if (fine && tenant == NULL) {
        atto_report("the device has no tenant '%s': its owner enrols one with 'atto tenant add'", signer);
    } else if (there != NULL && remote->key != NULL && atto_keyfile_read(&keyfile, remote->key)) {
        atto_buffer_print_hex(&kid, &(struct atto_buffer){.bytes = (uint8_t *)(size_t)keyfile.key.kid.ptr,
                                                          .len = keyfile.key.kid.len});
        atto_report("the device has key %s for %s%s, and %s is key %.*s", there,
                    signer[0] != '\0' ? "tenant " : "its owner", signer, remote->key, (int)kid.len,
                    (const char *)kid.bytes);
    }
    atto_keyfile_free(&keyfile);
    atto_buffer_free(&kid);
    json_decref(tenant);
}
