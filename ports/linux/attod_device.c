/* From options to a running device, see attod.h. The numbers here are a firmware's decisions; the rest is the library.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "atto/bpf.h"
#include "attod.h"
#include "libraries.h"
#include "udp.h"

#define POOL_BYTES (256u * 1024u)
#define TRACE_RECORDS 256u
#define AUDIT_RECORDS 64u
#define POSTMORTEMS 16u
#define EXCHANGES 16u
#define OBSERVERS 16u
#define TRANSFERS 4u

static _Alignas(ATTO_ARENA_ALIGN) uint8_t pool[POOL_BYTES];
static struct atto_trace_record trace[TRACE_RECORDS];
static struct atto_audit_record denials[AUDIT_RECORDS], changes[AUDIT_RECORDS];
static struct atto_postmortem postmortems[POSTMORTEMS];
static uint8_t log_ring[16384];
static struct atto_tenant tenants[ATTOD_TENANTS];
static struct atto_deploy_tenant deploy_tenants[ATTOD_TENANTS];
static _Alignas(4) uint8_t store_bytes[8192];
static struct atto_store_state store_state;
static struct atto_coap_exchange exchanges[EXCHANGES];
static struct atto_coap_observer observers[OBSERVERS];
static struct atto_coap_transfer transfers[TRANSFERS];
static uint8_t out[ATTO_COAP_OUT_BYTES(1024)];
static uint32_t seen[ATTOD_COMPONENTS];

/* Services, and the calls of Femto-Container's and TinyContainer's programs. */
static const struct atto_call_table calls = {
    { [0] = atto_femto_calls,
      [1] = atto_femto_calls + ATTO_CALL_PAGE,
      [2] = atto_femto_calls + 2u * ATTO_CALL_PAGE,
      [3] = atto_femto_calls + 3u * ATTO_CALL_PAGE,
      [4] = atto_femto_calls + 4u * ATTO_CALL_PAGE,
      [5] = atto_femto_calls + 5u * ATTO_CALL_PAGE,
      [6] = atto_femto_calls + 6u * ATTO_CALL_PAGE,
      [ATTO_TINY_PAGE] = atto_tiny_calls,
      [ATTO_SERVICE_PAGE] = atto_service_calls,
      [ATTO_SERVICE_PAGE + 1u] = atto_service_calls + ATTO_CALL_PAGE }
};
static const struct atto_executor *const executors[] = { &atto_executor_bpf, NULL };

/* ---- what the device says ---- */

static void print_component(const struct atto_deploy *deploy, uint32_t number)
{
    struct atto_component component;
    if (atto_deploy_name(deploy, number, &component))
        printf("%.*s/%.*s: ", component.tenant.len != 0u ? (int)component.tenant.len : 1,
               component.tenant.len != 0u ? (const char *)component.tenant.ptr : "-", (int)component.container.len,
               (const char *)component.container.ptr);
}

static void told(void *user, enum atto_deploy_event event, uint32_t number, enum atto_status status)
{
    static const char *const texts[] = {
        [ATTO_DEPLOY_RUNS] = "runs",
        [ATTO_DEPLOY_NOT_RUN] = "does not run",
        [ATTO_DEPLOY_ROLLED_BACK] = "is rolled back",
        [ATTO_DEPLOY_HEALTHY] = "is healthy",
        [ATTO_DEPLOY_REMOVED] = "is removed",
        [ATTO_DEPLOY_TENANT] = "its record is not to be used",
        [ATTO_DEPLOY_VALUE_LOST] = "a value was not kept",
        [ATTO_DEPLOY_REFUSED] = "an envelope or a command is refused",
        [ATTO_DEPLOY_ATTACHED] = "is attached to a hook and has to leave",
        [ATTO_DEPLOY_LOG] = "the record log is not as it was left",
    };
    const struct attod *device = user;
    if (event < ATTO_DEPLOY_TENANT || event == ATTO_DEPLOY_ATTACHED)
        print_component(&device->deploy, number);
    else if ((event == ATTO_DEPLOY_TENANT || event == ATTO_DEPLOY_REFUSED) && number != ATTO_NO_TENANT)
        printf("tenant %" PRIu32 ": ", number);
    printf("%s%s%s\n", texts[event], status != ATTO_OK ? ": " : "", status != ATTO_OK ? atto_status_text(status) : "");
}

/* Lines of containers' logs that were not printed yet. */
static void print_lines(struct attod *device)
{
    struct atto_engine *engine = &device->engine;
    struct atto_log_line line;
    char text[ATTO_LOG_LINE_MAX];
    if (device->printed != engine->log_written && !atto_engine_log_line(engine, device->printed, &line, text))
        device->printed = atto_engine_log_first(engine); /* those between are gone */
    for (; atto_engine_log_line(engine, device->printed, &line, text); device->printed++) {
        for (uint32_t i = 0; i < ATTOD_COMPONENTS; i++) {
            const struct atto_container *container = device->components[i].container;
            if (container != NULL && atto_container_id(container) == line.id)
                print_component(&device->deploy, i);
        }
        board_write(text, line.len);
        board_write("\n", 1);
    }
}

/* How long it took from the begin of the process to the first instruction of a container. */
static void tell_first_instruction(struct attod *device)
{
    struct atto_trace_record record;
    for (uint32_t i = 0; !device->has_run && i < TRACE_RECORDS && atto_engine_trace(&device->engine, i, &record); i++) {
        if (record.kind != ATTO_TRACE_SLICE)
            continue;
        device->has_run = true;
        printf("first instruction of a container after %" PRIu32 " us\n",
               record.time_us - (uint32_t)device->began_us);
    }
}

/* ---- doors ---- */

static uint32_t now_s(void *user)
{
    (void)user;
    return (uint32_t)time(NULL);
}

static enum atto_status call(void *user, struct atto_container *container, struct atto_span bytes)
{
    struct attod *device = user;
    return atto_manage_call(&device->manage, container, bytes);
}

static void wake(void *user)
{
    struct attod *device = user;
    device->is_due = true;
}

static void send_datagram(void *user, const struct atto_coap_peer *peer, const uint8_t *bytes, uint32_t len)
{
    const struct attod *device = user;
    udp_send(device->udp, peer, bytes, len);
}

static void handle(void *user, struct atto_coap_request *request, struct atto_coap_reply *reply)
{
    struct attod *device = user;
    atto_manage_handle(&device->manage, request, reply);
}

static void abandon(void *user, uint32_t transfer)
{
    struct attod *device = user;
    atto_manage_abandon(&device->manage, transfer);
}

static bool resolve(void *user, const struct atto_coap_uri *uri, struct atto_coap_peer *peer)
{
    (void)user;
    return udp_resolve(uri, peer);
}

/* ---- begin ---- */

static void make_firmware(struct attod *device)
{
    device->store = (struct atto_store){
        .memory = store_bytes, .bytes = sizeof store_bytes, .state = &store_state, .container_bytes = 1024,
        .device_bytes = 1024, .changed = atto_deploy_value, .user = &device->deploy,
    };
    memcpy(device->endpoints, board_endpoints, sizeof board_endpoints);
    for (uint32_t i = 0; i < BOARD_ENDPOINTS; i++) {
        if (device->endpoints[i].kind == ATTO_KIND_STORE)
            device->endpoints[i].object = &device->store;
    }
    device->endpoints[ATTOD_ENDPOINT_COAP] =
        (struct atto_endpoint){ "coap", NULL, ATTO_KIND_NONE, 0, ATTO_OPERATION_READ };
    device->port = (struct atto_port){ .now_us = board_port.now_us, .log = board_port.log, .random = board_port.random,
                                       .wake = wake, .user = device };
    device->firmware = (struct atto_firmware){
        .executors = executors,
        .host = { .calls = &calls, .endpoints = device->endpoints, .endpoint_count = ATTOD_ENDPOINTS,
                  .port = &device->port },
        .stack_bytes = 4096,
        .fuel = 1000000,
    };
    for (uint32_t number = 0; number < ATTO_CALL_IDS; number++) {
        if (atto_call_find(&calls, number) != NULL)
            atto_callset_add(&device->firmware.granted, number);
    }
    device->engine_config = (struct atto_engine_config){
        .firmware = &device->firmware, .port = &device->port, .slice_fuel = 10000, .poll_slices = 64,
        .stop_max_us = 1000000, .trace = trace, .trace_count = TRACE_RECORDS, .postmortems = postmortems,
        .postmortem_count = POSTMORTEMS, .tenants = tenants, .tenant_count = ATTOD_TENANTS, .denials = denials,
        .denial_count = AUDIT_RECORDS, .changes = changes, .change_count = AUDIT_RECORDS, .log = log_ring,
        .log_ring_bytes = sizeof log_ring,
    };
    atto_engine_init(&device->engine, &device->engine_config, pool, sizeof pool);
}

static enum atto_status boot(struct attod *device, const struct atto_flash *flash)
{
    const struct attod_options *options = device->options;
    device->records = (struct atto_records){ .flash = flash, .area_bytes = ATTOD_AREA_BYTES, .area_count = 2 };
    device->slots = (struct atto_slots){ .records = &device->records, .offset = 2u * ATTOD_AREA_BYTES,
                                         .slot_bytes = ATTOD_SLOT_BYTES, .slot_count = ATTOD_SLOTS };
    device->deploy_config = (struct atto_deploy_config){
        .engine = &device->engine, .records = &device->records, .slots = &device->slots,
        .crypto = &atto_crypto_libraries, .identity = &options->identity,
        .owner_key = { options->owner_key, options->owner_key_len }, .now_s = now_s, .told = told, .call = call,
        .user = device, .tenants = deploy_tenants, .components = device->components,
        .component_count = ATTOD_COMPONENTS, .store = &device->store, .trial_ms = options->trial_ms,
    };
    return atto_deploy_boot(&device->deploy, &device->deploy_config);
}

static bool serve(struct attod *device)
{
    const struct attod_options *options = device->options;
    device->manage_config = (struct atto_manage_config){
        .deploy = &device->deploy, .server = &device->server, .fetch = atto_coap_fetch, .client = &device->client,
        .name = options->name, .version = ATTOD_VERSION, .reading_is_open = options->reading_is_open,
        .coap_endpoint = ATTOD_ENDPOINT_COAP, .call_fuel = 100000, .seen = seen,
        .more = options->tinycontainer ? atto_manage_tinycontainer : NULL,
        .tinycontainer_unsigned = options->tinycontainer_unsigned,
    };
    device->server_config = (struct atto_coap_config){
        .port = &board_port, .send = send_datagram, .handle = handle, .abandon = abandon, .user = device, .out = out,
        .out_bytes = ATTO_COAP_OUT_BYTES(options->block_bytes), .exchanges = exchanges, .observers = observers,
        .transfers = transfers, .exchange_count = EXCHANGES, .observer_count = OBSERVERS,
        .transfer_count = TRANSFERS, .own_option = ATTO_TINYCONTAINER_OPTION,
        .own_options = options->tinycontainer ? ATTO_TINYCONTAINER_OPTIONS : 0,
    };
    device->client_config = (struct atto_coap_client_config){ .resolve = resolve, .take = atto_manage_take,
                                                              .done = atto_manage_done, .user = &device->manage };
    if (atto_coap_server_init(&device->server, &device->server_config) != ATTO_OK)
        return false;
    atto_coap_client_init(&device->client, &device->client_config, &device->server);
    atto_manage_init(&device->manage, &device->manage_config);
    return true;
}

bool attod_begin(struct attod *device, const struct attod_options *options, int udp, uint64_t began_us)
{
    struct memory_flash *flash = board_flash(options->flash);
    device->options = options;
    device->udp = udp;
    device->began_us = began_us;
    if (flash == NULL) {
        fprintf(stderr, "attod: %s cannot be used as flash, or another device has it\n", options->flash);
        return false;
    }
    make_firmware(device);
    enum atto_status status = boot(device, &flash->flash);
    if (status != ATTO_OK) {
        fprintf(stderr, "attod: the device does not boot: %s\n", atto_status_text(status));
        return false;
    }
    return serve(device);
}

uint64_t attod_work(struct attod *device)
{
    device->is_due = false;
    uint64_t engine_us = atto_engine_poll(&device->engine);
    uint64_t manage_us = atto_manage_tick(&device->manage);
    print_lines(device);
    if (!device->has_run)
        tell_first_instruction(device);
    if (device->is_due)
        return 0;
    return engine_us < manage_us ? engine_us : manage_us;
}
