/* Rights among threads: one thread changes rights, ceilings and schedules, one fires a hook and attaches and detaches,
 * one installs and removes, while each band of priorities is polled by a thread of its own and the containers send, ask,
 * answer, store and map. Built a second time for ThreadSanitizer. Linux alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "../sdk/calls.h"
#include "atto/service.h"
#include "encode.h"
#include "engine_world.h"
#include "guest.h"
#include "harness.h"
#include "rng.h"

#define BANDS 3u
#define SENDERS 3u
#define SHARED (SENDERS + 2u) /* and one who serves, and one at a hook */
#define TENANTS 2u
#define DATA 0x20000000u
#define ROUND_NS 5000000
#define ROUNDS 2000 /* 10 s, in which enough has happened a hundred times over */

enum { MEMORY, STORE_OWN, MAILBOX, SERVER, CLOCK, ENDPOINTS };

static struct world world; /* its pool and its firmware; lock and clock are real */
static pthread_mutex_t mutex;
static atomic_uint lock_errors, wrong_status, hook_runs;
static atomic_bool over;
static struct atto_container *shared[SHARED];
static struct image_bytes sender, receiver, hooked;
static struct atto_right all[ENDPOINTS], less[ENDPOINTS];
static struct atto_tenant tenants[TENANTS];
static struct atto_audit_record denials[8], changes[8];

static uint64_t now_us(void *user)
{
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void take_lock(void *user)
{
    (void)user;
    lock_errors += pthread_mutex_lock(&mutex) != 0;
}

static void release_lock(void *user)
{
    (void)user;
    lock_errors += pthread_mutex_unlock(&mutex) != 0;
}

static void pause_ns(long ns)
{
    nanosleep(&(const struct timespec){ 0, ns }, NULL);
}

/* ---- endpoints ---- */

#define SLOT_BYTES 8u
#define QUEUE_BYTES (4u * (sizeof(struct atto_queue_slot) + SLOT_BYTES))
static uint8_t bytes[16]; /* nobody writes them */
static _Alignas(4) uint8_t mailbox_bytes[QUEUE_BYTES], server_bytes[QUEUE_BYTES], store_bytes[256];
static struct atto_queue_state mailbox_state, server_state;
static struct atto_store_state store_state;
static const struct atto_context memory = { bytes, sizeof bytes, ATTO_READ };
static const struct atto_store store = { store_bytes, sizeof store_bytes, &store_state, 0, 0, NULL, NULL };
static const struct atto_queue mailbox = { &mailbox_state, mailbox_bytes, 4, SLOT_BYTES };
static const struct atto_queue server = { &server_state, server_bytes, 4, SLOT_BYTES };
static const struct atto_endpoint endpoints[ENDPOINTS] = {
    { "memory", &memory, ATTO_KIND_MEMORY, 0, ATTO_OPERATIONS },
    { "own", &store, ATTO_KIND_STORE, ATTO_SCOPE_CONTAINER, ATTO_OPERATIONS },
    { "mailbox", &mailbox, ATTO_KIND_MAILBOX, 0, ATTO_OPERATIONS },
    { "server", &server, ATTO_KIND_SERVER, 0, ATTO_OPERATIONS },
    { "clock", NULL, ATTO_KIND_CLOCK, 0, ATTO_OPERATIONS },
};

/* ---- containers ---- */

static void make_programs(void)
{
    world_image(&sender, SLOTS(
        MOV(1, MAILBOX), WIDE(2, DATA), MOV(3, 8), CALL(atto_send_number),
        MOV(1, STORE_OWN), MOV(2, 1), WIDE(3, DATA), MOV(4, 8), CALL(atto_store_put_number),
        MOV(1, STORE_OWN), MOV(2, 1), WIDE(3, DATA), MOV(4, 8), CALL(atto_store_get_number),
        MOV(1, STORE_OWN), MOV(2, 1), CALL(atto_store_delete_number),
        MOV(1, MEMORY), MOV(2, 0), WIDE(3, DATA), MOV(4, 8), CALL(atto_read_number),
        MOV(1, MEMORY), CALL(atto_map_number), MOV(1, MEMORY), CALL(atto_unmap_number),
        MOV(1, SERVER), WIDE(2, DATA), MOV(3, 8), WIDE(4, DATA), MOV(5, 8), CALL(atto_request_number),
        EXIT), ENTRIES({ "loop", 0 }));
    world_image(&receiver, SLOTS(
        MOV(1, MAILBOX), MOV(2, 1), CALL(atto_listen_number), MOV(1, SERVER), MOV(2, 2), CALL(atto_serve_number), EXIT,
        LOAD(SIZE_B, 0, 1, 0), EXIT,
        MOV(1, SERVER), WIDE(2, DATA), MOV(3, 8), CALL(atto_take_number),
        MOV(1, SERVER), WIDE(2, DATA), MOV(3, 8), CALL(atto_answer_number), EXIT),
        ENTRIES({ "loop", 0 }, { "message", 7 }, { "request", 9 }));
    world_image(&hooked, SLOTS(CALL(atto_now_us_number), EXIT), ENTRIES({ "loop", 0 }));
}

static struct atto_schedule random_schedule(struct rng *rng)
{
    return (struct atto_schedule){ .priority = rng_below(rng, ATTO_PRIORITIES), .period_us = 500 + rng_below(rng, 3000),
                                   .events = 2u + rng_below(rng, 4), .loop_max_us = 20000, .backoff_ms = 1,
                                   .restart = ATTO_RESTART_ALWAYS };
}

static struct atto_container *install(const struct image_bytes *image, const struct atto_schedule *schedule,
                                      uint32_t tenant)
{
    const struct atto_install request = { .bytes = image->bytes, .len = image->len, .schedule = schedule, .fuel = 1000,
                                          .tenant = tenant, .rights = all, .right_count = ENDPOINTS };
    struct atto_container *container = NULL;
    return atto_engine_install(&world.engine, &request, &container, NULL) == ATTO_OK ? container : NULL;
}

/* ---- threads ---- */

static void expect(enum atto_status status, enum atto_status other)
{
    wrong_status += status != ATTO_OK && status != other;
}

static void *poll_band(void *band)
{
    static const uint32_t first[] = { 0, 5, 10, 16 };
    uint32_t number = (uint32_t)(uintptr_t)band;
    while (!over) {
        uint64_t wake_us = atto_engine_poll_band(&world.engine, first[number], first[number + 1u] - 1u);
        uint64_t now = now_us(NULL);
        if (wake_us > now)
            pause_ns((long)(wake_us - now < 200u ? wake_us - now : 200u) * 1000);
    }
    return NULL;
}

/* A right as it was, one that is less, or one that is counted, for which the table is made anew. */
static struct atto_right random_right(struct rng *rng)
{
    uint32_t which = rng_below(rng, ENDPOINTS);
    struct atto_right right = all[which];
    if (rng_once_in(rng, 3))
        right.operations = (uint8_t)rng_below(rng, 16);
    if (rng_once_in(rng, 4))
        right.total = (uint16_t)(1u + rng_below(rng, 100));
    return right;
}

static void *change(void *unused)
{
    struct rng rng = { harness_seed() + 7u };
    struct atto_right listed[ENDPOINTS];
    struct atto_audit_record record;
    while (!over) {
        struct atto_container *container = shared[rng_below(&rng, SHARED)];
        struct atto_right right = random_right(&rng);
        struct atto_schedule schedule = random_schedule(&rng);
        switch (rng_below(&rng, 8)) {
        case 0: case 1: case 2:
            expect(atto_engine_set_rights(&world.engine, container, right.endpoint, &right, 1, 1), ATTO_E_NO_MEMORY);
            break;
        case 3:
            expect(atto_engine_set_rights(&world.engine, container, 0, all, ENDPOINTS, 1), ATTO_E_NO_MEMORY);
            break;
        case 4:
            expect(atto_engine_set_ceiling(&world.engine, 1u + rng_below(&rng, TENANTS),
                                           rng_once_in(&rng, 3) ? less : all, ENDPOINTS, 0), ATTO_OK);
            break;
        case 5:
            expect(atto_engine_set_schedule(&world.engine, container, &schedule, NULL), ATTO_E_NO_MEMORY);
            break;
        case 6:
            wrong_status += atto_engine_rights(&world.engine, container, listed, ENDPOINTS) != ENDPOINTS;
            atto_engine_denial(&world.engine, 0, &record);
            break;
        default: expect(atto_engine_start(&world.engine, container), ATTO_E_STATE); break;
        }
        pause_ns(100000);
    }
    (void)unused;
    return NULL;
}

static void *fire(void *unused)
{
    struct atto_hook_type type = { .fuel = 100 };
    struct atto_hook hook = { .type = &type };
    struct atto_attachment attachment = { 0 };
    memset(&type.calls, 0xff, sizeof type.calls);
    while (!over) {
        expect(atto_engine_attach(&world.engine, shared[SENDERS + 1u], &hook, &attachment, 0, 0, ATTO_HOOK_CONTINUE),
               ATTO_OK);
        for (uint32_t i = 0; i < 10u; i++) {
            atto_hook_run(&hook, NULL, 0);
            pause_ns(50000);
        }
        hook_runs += attachment.runs;
        expect(atto_hook_detach(&hook, &attachment), ATTO_OK);
    }
    (void)unused;
    return NULL;
}

static void *come_and_go(void *unused)
{
    struct rng rng = { harness_seed() + 9u };
    while (!over) {
        struct atto_schedule schedule = random_schedule(&rng);
        struct atto_right counted = all[STORE_OWN];
        struct atto_container *own = install(rng_once_in(&rng, 4) ? &receiver : &sender, &schedule, 0);
        counted.total = 1000;
        if (own != NULL) {
            expect(atto_engine_start(&world.engine, own), ATTO_OK);
            pause_ns((long)rng_below(&rng, 2000000));
            expect(atto_engine_set_rights(&world.engine, own, STORE_OWN, &counted, 1, 0), ATTO_E_NO_MEMORY);
            pause_ns(500000);
            atto_engine_stop(&world.engine, own, true);
            while (!over && atto_engine_remove(&world.engine, own) != ATTO_OK) /* its slice ends first */
                pause_ns(10000);
        }
        pause_ns(100000);
    }
    (void)unused;
    return NULL;
}

/* ---- */

static void begin(void)
{
    static struct atto_call_table table;
    static const struct atto_executor *executors[] = { &atto_executor_bpf, &atto_executor_host, NULL };
    struct rng rng = { harness_seed() };
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &kind);
    world_begin(&world);
    table.page[ATTO_SERVICE_PAGE] = atto_service_calls;
    table.page[ATTO_SERVICE_PAGE + 1u] = atto_service_calls + ATTO_CALL_PAGE;
    for (uint32_t i = 0; i < ENDPOINTS; i++) {
        all[i] = (struct atto_right){ .endpoint = (uint8_t)i, .operations = ATTO_OPERATIONS, .last = ATTO_RANGE_END };
        less[i] = all[i];
        less[i].operations = ATTO_OPERATION_READ;
    }
    for (uint32_t i = 0; i < TENANTS; i++)
        tenants[i] = (struct atto_tenant){ .name = "t", .rights = all, .right_count = ENDPOINTS, .store_bytes = 64 };
    world.firmware.executors = executors;
    world.firmware.host.calls = &table;
    world.firmware.host.endpoints = endpoints;
    world.firmware.host.endpoint_count = ENDPOINTS;
    world.port = (struct atto_port){ .now_us = now_us, .lock = take_lock, .unlock = release_lock };
    world.config.fuel_per_ms = 0;
    world.config.tenants = tenants;
    world.config.tenant_count = TENANTS;
    world.config.denials = denials;
    world.config.denial_count = world.config.change_count = 8;
    world.config.changes = changes;
    atto_engine_init(&world.engine, &world.config, world.pool, WORLD_POOL_BYTES);
    make_programs();
    for (uint32_t i = 0; i < SHARED; i++) {
        struct atto_schedule schedule = random_schedule(&rng);
        shared[i] = install(i < SENDERS ? &sender : i == SENDERS ? &receiver : &hooked, &schedule, i % (TENANTS + 1u));
        CHECK(shared[i] != NULL);
        EQUAL(atto_engine_start(&world.engine, shared[i]), ATTO_OK);
    }
}

/* Has everything happened that this is about? */
static bool is_enough(void)
{
    uint32_t refused = 0;
    for (uint32_t i = 0; i < SHARED; i++) {
        struct atto_counters counters = world_info(&world, shared[i]).counters;
        refused += counters.denials;
        if (counters.host_calls < 200u)
            return false;
    }
    return refused > 100u && hook_runs > 100u && world_info(&world, shared[SENDERS]).counters.activations > 400u;
}

static void rights_change_while_others_run(void)
{
    static void *(*const others[])(void *) = { change, fire, come_and_go };
    pthread_t bands[BANDS], callers[3];
    begin();
    GO_ON();
    over = false;
    for (uintptr_t i = 0; i < BANDS; i++)
        CHECK(pthread_create(&bands[i], NULL, poll_band, (void *)i) == 0);
    for (uint32_t i = 0; i < 3u; i++)
        CHECK(pthread_create(&callers[i], NULL, others[i], NULL) == 0);
    for (uint32_t i = 0; i < ROUNDS && (i < 200u || !is_enough()); i++)
        pause_ns(ROUND_NS);
    bool enough = is_enough();
    over = true;
    for (uint32_t i = 0; i < BANDS; i++)
        pthread_join(bands[i], NULL);
    for (uint32_t i = 0; i < 3u; i++)
        pthread_join(callers[i], NULL);
    harness_note("firings", hook_runs);
    harness_note("activations of the server", world_info(&world, shared[SENDERS]).counters.activations);
    CHECK(enough);
    EQUAL(lock_errors, 0);
    EQUAL(wrong_status, 0);
    struct atto_container *container;
    while ((container = atto_engine_next(&world.engine, NULL)) != NULL) {
        atto_engine_stop(&world.engine, container, true);
        EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    }
    CHECK(world_pool_is_empty(&world));
}

static const struct harness_test tests[] = {
    TEST(rights_change_while_others_run, "Rights, ceilings, schedules and hooks change under containers that use them."),
};
HARNESS_MAIN(tests)
