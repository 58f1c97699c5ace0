/* A device in a test, see deploy_world.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "deploy_world.h"

#include <string.h>

#include "encode.h"
#include "harness.h"

#define AREA_BYTES 2048u
#define DATA 0x20000000u

struct deploy_world dw;

#define OWNER_X "the owner's public key, 32 bytes"
const struct atto_key deploy_owner = { ATTO_EDDSA, { NULL, 0 }, (const uint8_t *)OWNER_X, NULL };
static const uint8_t owner_key[] = "\xa3\x01\x01\x20\x06\x21\x58\x20" OWNER_X;

static uint8_t memory_bytes[16];
static const struct atto_context memory = { memory_bytes, sizeof memory_bytes, ATTO_WRITE };
static const struct atto_endpoint endpoints[] = { { "memory", &memory, ATTO_KIND_MEMORY, 0, ATTO_OPERATIONS },
                                                  { "coap", NULL, ATTO_KIND_NONE, 0, ATTO_OPERATION_READ } };

/* ---- power ---- */

static enum atto_status call(void *user, struct atto_container *container, struct atto_span bytes)
{
    (void)user;
    dw.called += container != NULL && bytes.len == 2u && bytes.ptr[0] == 'h';
    return ATTO_OK;
}

static void told(void *user, enum atto_deploy_event event, uint32_t number, enum atto_status status)
{
    (void)user;
    dw.told[event]++;
    dw.last_number = number;
    dw.last_told = status;
    if (event == ATTO_DEPLOY_ATTACHED && dw.hook != NULL)
        atto_hook_detach(dw.hook, dw.attachment);
}

static uint32_t now_s(void *user)
{
    (void)user;
    return dw.now_s;
}

static void lay_out(void)
{
    dw.records = (struct atto_records){ .flash = &dw.flash.flash, .area_bytes = AREA_BYTES, .area_count = 2 };
    dw.slots = (struct atto_slots){ .records = &dw.records, .offset = 2u * AREA_BYTES, .slot_bytes = DEPLOY_SLOT_BYTES,
                                    .slot_count = DEPLOY_SLOTS };
}

enum atto_status deploy_boot(void)
{
    world_begin(&dw.world);
    dw.world.firmware.host.endpoints = endpoints;
    dw.world.firmware.host.endpoint_count = sizeof endpoints / sizeof *endpoints;
    dw.world.config.trace_count = 0;
    dw.world.config.denials = dw.denials;
    dw.world.config.denial_count = sizeof dw.denials / sizeof *dw.denials;
    dw.world.config.tenants = dw.engine_tenants;
    dw.world.config.tenant_count = DEPLOY_TENANTS;
    memset(dw.engine_tenants, 0, sizeof dw.engine_tenants);
    atto_engine_init(&dw.world.engine, &dw.world.config, dw.world.pool, WORLD_POOL_BYTES);
    dw.config = (struct atto_deploy_config){
        .engine = &dw.world.engine, .records = &dw.records, .slots = &dw.slots, .crypto = &suit_crypto,
        .identity = &suit_identity, .owner_key = { owner_key, sizeof owner_key - 1u }, .now_s = now_s, .told = told,
        .call = call,
        .tenants = dw.tenants, .components = dw.components, .component_count = DEPLOY_COMPONENTS, .store = &dw.store, .trial_ms = 5000,
    };
    memset(&dw.store_state, 0, sizeof dw.store_state);
    dw.store = (struct atto_store){ .memory = dw.store_bytes, .bytes = sizeof dw.store_bytes, .state = &dw.store_state,
                                    .changed = atto_deploy_value, .user = &dw.deploy };
    memset(dw.told, 0, sizeof dw.told);
    dw.last_told = ATTO_OK;
    return atto_deploy_boot(&dw.deploy, &dw.config);
}

void deploy_begin(void)
{
    memset(&dw, 0, sizeof dw);
    flash_world_begin(&dw.flash, 2u * AREA_BYTES + DEPLOY_SLOTS * DEPLOY_SLOT_BYTES, 256, 8, 0xff);
    dw.counter = 1;
    dw.called = 0;
    dw.now_s = 1000;
    lay_out();
    EQUAL(deploy_boot(), ATTO_OK);
}

enum atto_status deploy_reset(uint32_t cut_at, enum flash_tear tear)
{
    flash_world_power_up(&dw.flash, cut_at, tear);
    lay_out();
    return deploy_boot();
}

/* ---- envelopes ---- */

static uint32_t put(uint8_t *at, uint32_t len, const void *bytes, uint32_t more)
{
    memcpy(at + len, bytes, more);
    return len + more;
}

static uint32_t put_text(uint8_t *at, uint32_t len, const char *name)
{
    at[len] = (uint8_t)(0x40u + strlen(name));
    return put(at, len + 1u, name, (uint32_t)strlen(name));
}

/* [tenant, container], or [container] of the owner's. */
static uint32_t put_component(uint8_t *at, uint32_t len, const char *tenant, const char *container)
{
    at[len++] = tenant[0] != '\0' ? 0x82 : 0x81;
    if (tenant[0] != '\0')
        len = put_text(at, len, tenant);
    return put_text(at, len, container);
}

/* Entry points that are called: `add` adds 1 to the number in its context and returns it, `bad` faults, `say` logs 5
 * bytes, `coap` answers with the method and 2 bytes of the path. */
static void make_served(uint32_t version)
{
    static const struct world_entry entries[] = { { "start", 0 }, { "add", 6 }, { "bad", 10 }, { "say", 12 },
                                                  { "coap", 15 } };
    const uint64_t slots[] = {
        WIDE(1, DATA), STORE_IMM(SIZE_W, 1, 0, 100u + version), CALL(WORLD_CALL_BEAT), MOV(0, 0), EXIT,
        LOAD(SIZE_DW, 0, 1, 0), ADD(0, 1), STORE(SIZE_DW, 1, 0, 0), EXIT,
        LOAD(SIZE_W, 0, 0, 0), EXIT,
        MOV(1, 5), CALL(WORLD_CALL_LOG), EXIT,
        LOAD(SIZE_H, 2, 1, 8), STORE(SIZE_H, 1, 2, 41), LOAD(SIZE_B, 2, 1, 0), STORE(SIZE_B, 1, 2, 40),
        STORE_IMM(SIZE_W, 1, 4, 3), MOV(0, 69), EXIT,
    };
    world_image(&dw.image, slots, sizeof slots / sizeof *slots, entries, sizeof entries / sizeof *entries);
}

static void make_image(enum deploy_program program, uint32_t version)
{
    const uint64_t start[] = {
        WIDE(1, DATA), STORE_IMM(SIZE_W, 1, 0, 100u + version),
        program == PROGRAM_BAD ? LOAD(SIZE_W, 0, 0, 0) : MOV(0, 0),
        program == PROGRAM_GOOD ? CALL(WORLD_CALL_BEAT) : program == PROGRAM_ALIEN ? CALL(200) : MOV(0, 0),
        MOV(0, 0), EXIT,
    };
    world_image(&dw.image, start, sizeof start / sizeof *start, (const struct world_entry[]){ { "start", 0 } }, 1);
}

/* An unsigned integer in CBOR. */
static uint32_t put_uint(uint8_t *bytes, uint32_t at, uint32_t value)
{
    uint32_t more = value < 24u ? 0u : value < 0x100u ? 1u : value < 0x10000u ? 2u : 4u;
    bytes[at++] = (uint8_t)(more == 0u ? value : more == 4u ? 26u : 23u + more);
    for (uint32_t i = more; i-- != 0u;)
        bytes[at++] = (uint8_t)(value >> 8u * i);
    return at;
}

void deploy_pack(const char *tenant, const char *container, uint32_t sequence, enum deploy_program program,
                 const struct atto_key *key)
{
    static uint8_t shared[160], components[80], number[6], unprotected[48];
    struct atto_sha256 hash;
    uint32_t len;
    if (program == PROGRAM_SERVED)
        make_served(sequence);
    else
        make_image(program, sequence);
    suit_begin(&dw.suit);
    len = put(shared, 0, "\x86\x14\xa4\x01\x50", 5);
    len = put(shared, len, suit_identity.vendor_id, 16);
    len = put(shared, len, "\x02\x50", 2);
    len = put(shared, len, suit_identity.class_id, 16);
    len = put(shared, len, "\x03\x58\x24\x82\x2f\x58\x20", 7);
    suit_crypto.sha256_begin(NULL, &hash);
    suit_crypto.sha256_add(NULL, &hash, dw.image.bytes, dw.image.len);
    suit_crypto.sha256_end(NULL, &hash, shared + len);
    len = put(shared, len + 32u, dw.image.len < 256u ? "\x0e\x18" : "\x0e\x19", 2);
    if (dw.image.len >= 256u)
        shared[len++] = (uint8_t)(dw.image.len >> 8);
    shared[len++] = (uint8_t)dw.image.len;
    len = put(shared, len, "\x01\x0f\x02\x0f", 4);
    suit_set(&dw.suit, SUIT_SHARED, shared, len);
    len = put(components, 0, "\x02\x81", 2);
    suit_set(&dw.suit, SUIT_COMPONENTS, components, put_component(components, len, tenant, container));
    len = put_uint(number, put(number, 0, "\x02", 1), sequence);
    suit_set(&dw.suit, SUIT_NUMBER, number, len);
    len = put(unprotected, 0, key->kid.len != 0u ? "\xa1\x04" : "\xa0", key->kid.len != 0u ? 2u : 1u);
    if (key->kid.len != 0u) {
        unprotected[len++] = (uint8_t)(0x40u + key->kid.len);
        len = put(unprotected, len, key->kid.ptr, key->kid.len);
    }
    suit_set(&dw.suit, SUIT_UNPROTECTED, unprotected, len);
    suit_set(&dw.suit, SUIT_IMAGE, dw.image.bytes, dw.image.len);
    suit_build(&dw.suit, key);
}

enum atto_status deploy_send(uint32_t piece)
{
    enum atto_status status = ATTO_OK;
    atto_install_begin(&dw.installer, &dw.deploy);
    for (uint32_t at = 0; at < dw.suit.len && status == ATTO_OK; at += piece) {
        uint32_t len = piece < dw.suit.len - at ? piece : dw.suit.len - at;
        status = atto_install_bytes(&dw.installer, dw.suit.bytes + at, len);
    }
    return status == ATTO_OK ? atto_install_finish(&dw.installer, &dw.world.report) : status;
}

const struct atto_key *deploy_key(const char *tenant)
{
    return tenant[0] == '\0' ? &deploy_owner : strcmp(tenant, "acme") == 0 ? &suit_acme : &suit_other;
}

enum atto_status deploy_install(const char *tenant, const char *container, uint32_t sequence,
                                enum deploy_program program)
{
    deploy_pack(tenant, container, sequence, program, deploy_key(tenant));
    return deploy_send(100);
}

/* ---- commands ---- */

uint32_t deploy_sign(const char *tenant, const struct atto_key *key, const void *arguments, uint32_t len,
                     uint8_t *bytes)
{
    uint8_t payload[512];
    uint32_t at = put(payload, 0, tenant[0] != '\0' ? "\xa5\x01\x50" : "\xa4\x01\x50", 3);
    at = put(payload, at, suit_identity.device_id, 16);
    if (tenant[0] != '\0') {
        at = put(payload, at, "\x02", 1);
        payload[at++] = (uint8_t)(0x60u + strlen(tenant));
        at = put(payload, at, tenant, (uint32_t)strlen(tenant));
    }
    at = put_uint(payload, put(payload, at, "\x03", 1), dw.counter);
    at = put(payload, at, arguments, len);
    return suit_sign1(bytes, ATTO_COMMAND_MAX, "\xa1\x01\x27", 3, payload, at, key);
}

enum atto_status deploy_command(const char *tenant, const struct atto_key *key, const void *arguments, uint32_t len)
{
    uint8_t bytes[ATTO_COMMAND_MAX];
    uint32_t total = deploy_sign(tenant, key, arguments, len, bytes);
    if (total > sizeof bytes)
        return ATTO_E_LENGTH;
    dw.counter++;
    return atto_deploy_command(&dw.deploy, bytes, total, &dw.refusal);
}

uint32_t deploy_arguments(enum atto_command_operation operation, const char *owner, const char *container,
                          const void *more, uint32_t len, uint8_t *arguments)
{
    const uint8_t head[] = { 5, (uint8_t)operation, 6, (uint8_t)(len != 0u ? 0x82 : 0x81) };
    uint32_t at = put_component(arguments, put(arguments, 0, head, sizeof head), owner, container);
    return len != 0u ? put(arguments, at, more, len) : at;
}

enum atto_status deploy_order(const char *tenant, enum atto_command_operation operation, const char *owner,
                              const char *container, const void *more, uint32_t len)
{
    uint8_t arguments[256];
    uint32_t at = deploy_arguments(operation, owner, container, more, len, arguments);
    return deploy_command(tenant, deploy_key(tenant), arguments, at);
}

/* {1: id, 2: name, 3: key, 8: [["memory", operations]]} */
enum atto_status deploy_enrol_as(uint32_t id, const char *name, const struct atto_key *key, uint32_t operations)
{
    uint8_t record[200], arguments[256];
    uint32_t len = put(record, 0, "\xa4\x01", 2);
    record[len++] = (uint8_t)id;
    record[len++] = 2;
    record[len++] = (uint8_t)(0x60u + strlen(name));
    len = put(record, len, name, (uint32_t)strlen(name));
    len = put(record, len, "\x03\x58\x32\xa4\x01\x01\x02\x48", 8);
    len = put(record, len, key->kid.ptr, 8);
    len = put(record, len, "\x20\x06\x21\x58\x20", 5);
    len = put(record, len, key->x, 32);
    len = put(record, len, "\x08\x4c\xa1\x08\x81\x82\x66" "memory", 13);
    record[len++] = (uint8_t)operations;
    uint32_t at = put(arguments, 0, "\x05\x09\x06\x81\x58", 5);
    arguments[at++] = (uint8_t)len;
    at = put(arguments, at, record, len);
    return deploy_command("", &deploy_owner, arguments, at);
}

enum atto_status deploy_enrol_one(uint32_t id)
{
    return id == 1u ? deploy_enrol_as(1, "acme", &suit_acme, 3) : deploy_enrol_as(2, "other", &suit_other, 3);
}

enum atto_status deploy_enrol(void)
{
    enum atto_status status = deploy_enrol_one(1);
    return status == ATTO_OK ? deploy_enrol_one(2) : status;
}

/* ---- what is there ---- */

void deploy_run(uint32_t ms)
{
    world_run(&dw.world, world_now(&dw.world) + ms * (uint64_t)1000u);
    atto_deploy_tick(&dw.deploy);
}

struct atto_container *deploy_container(const char *tenant, const char *container)
{
    const struct atto_component component = { { (const uint8_t *)tenant, (uint32_t)strlen(tenant) },
                                              { (const uint8_t *)container, (uint32_t)strlen(container) } };
    int32_t number = atto_deploy_find(&dw.deploy, &component);
    return number >= 0 ? dw.components[number].container : NULL;
}

uint32_t deploy_version(const char *tenant, const char *container)
{
    struct atto_container *found = deploy_container(tenant, container);
    if (found == NULL)
        return 0;
    const uint8_t *word = atto_run_span((struct atto_run *)(void *)((uint8_t *)found + world_run_at()), DATA, 4,
                                        ATTO_READ);
    uint32_t version;
    memcpy(&version, word, 4);
    return version > 100u ? version - 100u : 0u;
}

/* ---- what is true ---- */

static void look_at(uint32_t number, struct deploy_truth *truth)
{
    struct atto_versions versions;
    struct atto_schedule schedule;
    struct atto_right right = { 0 };
    struct atto_container *container = dw.components[number].container;
    atto_slots_sequence(&dw.slots, number, &truth->sequence[number]);
    if (atto_slots_get(&dw.slots, number, &versions) != ATTO_OK)
        return;
    truth->version[number] = versions.current.sequence;
    truth->state[number] = versions.state;
    if (container == NULL)
        return;
    truth->engine[number] = 1u + (uint32_t)world_info(&dw.world, container).state;
    atto_engine_rights(&dw.world.engine, container, &right, 1);
    truth->operations[number] = right.operations;
    atto_engine_schedule(&dw.world.engine, container, &schedule);
    truth->priority[number] = schedule.priority;
}

struct deploy_truth deploy_truth_now(void)
{
    struct deploy_truth truth;
    memset(&truth, 0, sizeof truth);
    for (uint32_t i = 0; i < DEPLOY_COMPONENTS; i++)
        look_at(i, &truth);
    for (uint32_t i = 0; i <= DEPLOY_TENANTS; i++) {
        const struct atto_deploy_tenant *tenant = i == 0u ? &dw.deploy.owner : &dw.tenants[i - 1u];
        truth.key[i] = tenant->signer.key.x != NULL ? tenant->signer.key.x[8] + 256u * tenant->signer.key.x[12] : 0u;
        (void)atto_records_number(&dw.records, ATTO_RECORD_KEY(ATTO_RECORD_COUNTER, i), &truth.counter[i]);
    }
    for (uint32_t i = 0; i < DEPLOY_TENANTS; i++)
        truth.ceiling[i] = dw.engine_tenants[i].right_count != 0u ? dw.engine_tenants[i].rights[0].operations : 0u;
    truth.free_slots = (uint32_t)__builtin_popcount(atto_slots_free(&dw.slots));
    return truth;
}

bool deploy_same_truth(const struct deploy_truth *a, const struct deploy_truth *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}
