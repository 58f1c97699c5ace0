/* TinyContainerNetwork's requests: code, data and metadata travel as options of one message, and become an image of
 * Atto's that is installed as any other. So what is loaded stays over a reset, is on trial, and is seen by all other
 * resources. The tokens of the metadata are its signature: their key says whose container it is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "atto/tinycontainer.h"
#include "atto/trusted.h"

#include "manage/resource.h"

/* Options, from ATTO_TINYCONTAINER_OPTION on, and actions. */
enum { ACTION = 0, METADATA = 1, DATA = 2, CODE = 3, UID = 4, STATUS = 5 };
enum { LOAD = 1, START = 2, IS_RUNNING = 3, STOP = 4, DELETE = 5 };

#define HEADER_BYTES 40u
#define FRAME_BYTES 512u
#define MANIFEST_BYTES 384u /* enough for 32 rights and the longest name */
#define CALLS_FIRST 0x91u
#define CALLS_COUNT 6u

/* What is loaded. */
struct load {
    struct atto_tinycontainer tiny;
    struct atto_manifest manifest;
    struct atto_span data, code;
    uint8_t header[HEADER_BYTES];
    uint8_t functions[8];
    uint8_t cbor[MANIFEST_BYTES];
    uint32_t cbor_len;
};

/* ---- tokens ---- */

struct verifier {
    const struct atto_crypto *crypto;
    const struct atto_key *key;
};

static void sha256(void *context, const uint8_t *bytes, uint32_t len, uint8_t *hash)
{
    const struct atto_crypto *crypto = ((const struct verifier *)context)->crypto;
    struct atto_sha256 state;
    crypto->sha256_begin(crypto->user, &state);
    crypto->sha256_add(crypto->user, &state, bytes, len);
    crypto->sha256_end(crypto->user, &state, hash);
}

static bool verify(void *context, const uint8_t *message, uint32_t len, const uint8_t *signature)
{
    const struct verifier *verifier = context;
    const struct atto_crypto *crypto = verifier->crypto;
    return crypto->verify(crypto->user, verifier->key, (struct atto_span){ message, len }, signature);
}

/* Do all tokens hold under a key of this deployment? Then whose it is: his name, empty for the owner. */
static bool find_signer(const struct atto_deploy *deploy, const struct load *load, struct atto_span *name)
{
    const struct atto_deploy_config *config = deploy->config;
    struct verifier verifier = { config->crypto, NULL };
    const struct atto_tinycontainer_crypto crypto = { sha256, verify, &verifier };
    for (uint32_t i = 0; i <= config->engine->config->tenant_count; i++) {
        const struct atto_deploy_tenant *tenant = i == 0u ? &deploy->owner : &config->tenants[i - 1u];
        verifier.key = &tenant->signer.key;
        if (tenant->signer.key.algorithm != ATTO_EDDSA ||
            atto_tinycontainer_verify(&load->tiny, load->data, load->code, ATTO_TINYCONTAINER_PAYLOAD, &crypto, NULL) !=
                ATTO_TINYCONTAINER_HOLDS)
            continue;
        *name = (struct atto_span){ (const uint8_t *)tenant->name, (uint32_t)strlen(tenant->name) };
        return true;
    }
    return false;
}

/* ---- the image ---- */

static uint32_t padded(uint32_t len)
{
    return (len + 7u) & ~7u;
}

/* {7: schedule}: the five numbers, where they are not 0. */
static void put_schedule(struct atto_cbor_writer *writer, const struct atto_schedule *schedule)
{
    const uint32_t keys[] = { 2, 6, 7, 8, 9 };
    const uint32_t values[] = { schedule->period_us, schedule->start_max_us, schedule->loop_max_us,
                                schedule->stop_max_us, schedule->loop_count };
    uint32_t count = 0;
    for (uint32_t i = 0; i < 5u; i++)
        count += values[i] != 0u;
    atto_cbor_put_head(writer, ATTO_CBOR_UINT, 7);
    atto_cbor_put_head(writer, ATTO_CBOR_MAP, count);
    for (uint32_t i = 0; i < 5u; i++) {
        if (values[i] == 0u)
            continue;
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, keys[i]);
        atto_cbor_put_head(writer, ATTO_CBOR_UINT, values[i]);
    }
}

/* {1: uid, 2: [["loop", 0]], 5: all calls of TinyContainer's, 7: schedule, 8: rights} */
static enum atto_status write_manifest(struct load *load)
{
    struct atto_cbor_writer writer = { load->cbor, sizeof load->cbor, 0 };
    struct atto_right_wish wish;
    atto_cbor_put_head(&writer, ATTO_CBOR_MAP, 5);
    atto_cbor_put_head(&writer, ATTO_CBOR_UINT, 1);
    atto_cbor_put_string(&writer, ATTO_CBOR_TEXT, load->manifest.name.ptr, load->manifest.name.len);
    atto_cbor_put_head(&writer, ATTO_CBOR_UINT, 2);
    atto_cbor_put_head(&writer, ATTO_CBOR_ARRAY, 1);
    atto_cbor_put_head(&writer, ATTO_CBOR_ARRAY, 2);
    atto_cbor_put_string(&writer, ATTO_CBOR_TEXT, "loop", 4);
    atto_cbor_put_head(&writer, ATTO_CBOR_UINT, 0);
    atto_cbor_put_head(&writer, ATTO_CBOR_UINT, 5);
    atto_cbor_put_head(&writer, ATTO_CBOR_ARRAY, CALLS_COUNT);
    for (uint32_t i = 0; i < CALLS_COUNT; i++)
        atto_cbor_put_head(&writer, ATTO_CBOR_UINT, CALLS_FIRST + i);
    put_schedule(&writer, &load->manifest.schedule);
    atto_cbor_put_head(&writer, ATTO_CBOR_UINT, 8);
    atto_cbor_put_head(&writer, ATTO_CBOR_ARRAY, load->tiny.endpoint_count);
    for (uint32_t i = 0; i < load->tiny.endpoint_count; i++) {
        enum atto_status status = atto_tinycontainer_wish(&load->tiny, i, &wish, NULL);
        if (status == ATTO_OK && atto_right_operations(&wish.right) == 0u)
            status = ATTO_E_DENIED; /* its mask allows nothing with it: a manifest cannot ask for that */
        if (status != ATTO_OK)
            return status;
        atto_cbor_put_head(&writer, ATTO_CBOR_ARRAY, 2);
        atto_cbor_put_head(&writer, ATTO_CBOR_UINT, wish.right.endpoint);
        atto_cbor_put_head(&writer, ATTO_CBOR_UINT, atto_right_operations(&wish.right));
    }
    load->cbor_len = writer.len;
    return writer.len <= writer.capacity ? ATTO_OK : ATTO_E_NO_MEMORY;
}

static void put_le32(uint8_t *at, uint32_t value)
{
    for (uint32_t i = 0; i < 4u; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

/* SPEC.md section 1: text, functions, data, manifest. Returns its length. */
static uint32_t write_header(struct load *load)
{
    uint32_t len = HEADER_BYTES + padded(load->code.len) + (uint32_t)sizeof load->functions + padded(load->data.len) +
                   padded(load->cbor_len);
    memcpy(load->header, "ATTO\x01\x01", 6);
    put_le32(load->header + 8, len);
    put_le32(load->header + 12, load->code.len);
    put_le32(load->header + 16, sizeof load->functions);
    put_le32(load->header + 24, load->data.len);
    put_le32(load->header + 32, load->cbor_len);
    load->functions[3] = load->functions[5] = (uint8_t)(FRAME_BYTES >> 8);
    load->functions[6] = 1; /* no local calls */
    return len;
}

/* Hands the image over piece by piece, to the hash or to the installer. */
static enum atto_status hand_over(const struct load *load, const struct atto_crypto *crypto, struct atto_sha256 *hash,
                                  struct atto_installer *installer)
{
    static const uint8_t zeros[8];
    const struct atto_span pieces[] = { { load->header, HEADER_BYTES },
                                        load->code,
                                        { load->functions, sizeof load->functions },
                                        load->data,
                                        { load->cbor, load->cbor_len } };
    enum atto_status status = ATTO_OK;
    for (uint32_t i = 0; i < 2u * sizeof pieces / sizeof *pieces && status == ATTO_OK; i++) {
        struct atto_span piece = pieces[i / 2u];
        if (i % 2u != 0u)
            piece = (struct atto_span){ zeros, padded(piece.len) - piece.len };
        if (piece.len == 0u)
            continue;
        if (installer != NULL)
            status = atto_install_bytes(installer, piece.ptr, piece.len);
        else
            crypto->sha256_add(crypto->user, hash, piece.ptr, piece.len);
    }
    return status;
}

static enum atto_status install(struct atto_manage *manage, struct load *load, struct atto_span tenant)
{
    const struct atto_deploy_config *config = manage->config->deploy->config;
    const struct atto_component component = { tenant, load->manifest.name };
    struct atto_installer *installer = &manage->work.installer;
    uint8_t digest[ATTO_SHA256_BYTES];
    struct atto_versions versions;
    struct atto_sha256 hash;
    int32_t number = atto_deploy_find(manage->config->deploy, &component);
    if (manage->task != ATTO_MANAGE_FREE)
        return ATTO_E_BUSY;
    /* Metadata have no version: what is there has to be deleted first, or an old set would come back in its place. */
    if (number >= 0 && atto_slots_get(config->slots, (uint32_t)number, &versions) != ATTO_E_NOT_FOUND)
        return ATTO_E_STATE;
    uint32_t len = write_header(load);
    config->crypto->sha256_begin(config->crypto->user, &hash);
    hand_over(load, config->crypto, &hash, NULL);
    config->crypto->sha256_end(config->crypto->user, &hash, digest);
    enum atto_status status = atto_install_trusted(installer, manage->config->deploy, &component, len, digest);
    if (status == ATTO_OK)
        status = hand_over(load, NULL, NULL, installer);
    if (status == ATTO_OK)
        status = atto_install_finish(installer, NULL);
    atto_install_abandon(installer);
    return status;
}

/* ---- requests ---- */

static enum atto_coap_code load(struct atto_manage *manage, const struct atto_span *options)
{
    struct load load;
    struct atto_span tenant = { NULL, 0 };
    memset(&load, 0, sizeof load);
    load.data = options[DATA];
    load.code = options[CODE];
    if (options[METADATA].ptr == NULL || options[DATA].ptr == NULL || options[CODE].len == 0u)
        return ATTO_COAP_BAD_OPTION;
    enum atto_status status = atto_tinycontainer_parse(options[METADATA], &load.tiny, NULL);
    if (status != ATTO_OK)
        return ATTO_COAP_INTERNAL_SERVER_ERROR;
    if (!find_signer(manage->config->deploy, &load, &tenant) && !manage->config->tinycontainer_unsigned)
        return ATTO_COAP_UNAUTHORIZED;
    status = atto_tinycontainer_manifest(&load.tiny, &load.manifest, NULL);
    if (status == ATTO_OK && atto_tinycontainer_executor(load.tiny.type) != ATTO_EXECUTOR_BPF)
        status = ATTO_E_EXECUTOR;
    if (status == ATTO_OK)
        status = write_manifest(&load);
    if (status == ATTO_OK)
        status = install(manage, &load, tenant);
    return status == ATTO_OK ? ATTO_COAP_CREATED : ATTO_COAP_INTERNAL_SERVER_ERROR;
}

/* The first component whose container is called like that; `owners`: of the owner's, to whom belongs what is not
 * signed. */
static bool find(const struct atto_deploy *deploy, struct atto_span uid, bool owners, struct atto_component *component,
                 struct atto_container **container)
{
    struct atto_versions versions;
    for (uint32_t i = 0; i < deploy->config->component_count; i++) {
        if (!atto_deploy_name(deploy, i, component) || !atto_same_bytes(&component->container, &uid) ||
            atto_slots_get(deploy->config->slots, i, &versions) == ATTO_E_NOT_FOUND ||
            (owners && component->tenant.len != 0u))
            continue;
        *container = deploy->config->components[i].container;
        return true;
    }
    return false;
}

static enum atto_coap_code act(struct atto_manage *manage, uint32_t action, struct atto_span uid,
                               struct atto_coap_reply *reply)
{
    static const uint8_t operations[] = { [START] = ATTO_COMMAND_START, [STOP] = ATTO_COMMAND_STOP,
                                          [DELETE] = ATTO_COMMAND_REMOVE };
    struct atto_deploy *deploy = manage->config->deploy;
    struct atto_container *container = NULL;
    struct atto_container_info info;
    struct atto_component component;
    if (action == IS_RUNNING ? !manage->config->reading_is_open : !manage->config->tinycontainer_unsigned)
        return ATTO_COAP_UNAUTHORIZED;
    bool found = uid.len != 0u && find(deploy, uid, action != IS_RUNNING, &component, &container);
    if (action == IS_RUNNING) {
        if (container != NULL)
            atto_engine_info(deploy->config->engine, container, &info);
        reply->own_option = ATTO_TINYCONTAINER_OPTION + STATUS;
        reply->own_value = container != NULL && info.state == ATTO_STATE_RUNNING;
        return ATTO_COAP_CONTENT;
    }
    if (!found ||
        atto_deploy_order(deploy, (enum atto_command_operation)operations[action], &component) != ATTO_OK)
        return ATTO_COAP_INTERNAL_SERVER_ERROR;
    return action == DELETE ? ATTO_COAP_DELETED : ATTO_COAP_CHANGED;
}

static void device_id(struct atto_manage *manage, const struct atto_coap_request *request,
                      struct atto_coap_reply *reply)
{
    const struct atto_identity *identity = manage->config->deploy->config->identity;
    if (request->code == ATTO_COAP_GET && manage->config->reading_is_open) {
        atto_coap_answer(reply, ATTO_COAP_CONTENT, ATTO_COAP_FORMAT_OCTETS);
        atto_coap_write(reply, identity->device_id, ATTO_IDENTITY_BYTES);
    } else {
        /* Theirs could be written by anybody; ours is part of what is signed. */
        atto_coap_refuse(reply, request->code == ATTO_COAP_GET ? ATTO_COAP_UNAUTHORIZED : ATTO_COAP_METHOD_NOT_ALLOWED,
                         NULL);
    }
}

bool atto_manage_tinycontainer(struct atto_manage *manage, struct atto_coap_request *request,
                               struct atto_coap_reply *reply)
{
    static const uint8_t methods[] = { [LOAD] = ATTO_COAP_POST, [START] = ATTO_COAP_PUT, [IS_RUNNING] = ATTO_COAP_GET,
                                       [STOP] = ATTO_COAP_PUT, [DELETE] = ATTO_COAP_DELETE };
    struct atto_span options[ATTO_TINYCONTAINER_OPTIONS] = { { NULL, 0 } };
    struct atto_coap_options walk = request->all;
    struct atto_coap_option option;
    if (atto_coap_path_is(request, "device-id")) {
        if (atto_coap_path_ends(request))
            device_id(manage, request, reply);
        return true;
    }
    if (!atto_coap_path_is(request, "container") || !atto_coap_path_ends(request))
        return false;
    while (atto_coap_next(&walk, &option)) {
        if (option.number - ATTO_TINYCONTAINER_OPTION < ATTO_TINYCONTAINER_OPTIONS)
            options[option.number - ATTO_TINYCONTAINER_OPTION] = option.value;
    }
    uint32_t action = atto_coap_uint(options[ACTION]);
    enum atto_coap_code code = ATTO_COAP_BAD_OPTION;
    if (action >= LOAD && action <= DELETE && request->code != methods[action])
        code = ATTO_COAP_METHOD_NOT_ALLOWED;
    else if (action == LOAD)
        code = load(manage, options);
    else if (action > LOAD && action <= DELETE)
        code = act(manage, action, options[UID], reply);
    atto_coap_answer(reply, code, ATTO_COAP_FORMAT_NONE);
    return true;
}
