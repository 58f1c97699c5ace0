/* The engine among threads: each band of priorities is polled by a thread of its own, while others call whatever they
 * like. Built a second time for ThreadSanitizer (test_threads_tsan). Linux alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "encode.h"
#include "engine_world.h"
#include "guest.h"
#include "harness.h"
#include "rng.h"

#define BANDS 3u
#define CALLERS 2u
#define SHARED 8u
#define SECONDS_US 3000000u

static struct world world; /* its pool and its firmware; lock and clock are real */
static pthread_mutex_t mutex;
static atomic_uint lock_errors, overlaps, wrong_status, backwards;
static atomic_bool over;
static struct atto_container *shared[SHARED];
static struct image_bytes image;
static const struct atto_executor *executors[3];

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

/* ---- containers ---- */

/* What a container keeps: is a thread in it now? */
struct state {
    atomic_uint inside;
    uint32_t turns;
};

static enum atto_outcome turn(struct atto_host_frame *frame)
{
    struct state *state = (struct state *)(void *)frame->state;
    overlaps += atomic_fetch_add(&state->inside, 1u) != 0u;
    state->turns++; /* not atomic: the engine keeps threads apart */
    uint32_t turns = state->turns;
    for (volatile uint32_t i = 0; i < 50u; i++) {
    }
    frame->run->fuel -= 40;
    frame->step++;
    if (turns % 64u == 0u)
        atto_engine_log(&world.engine, atto_container_of(frame->run), "turn", 4);
    if (turns % 16u == 0u)
        atto_engine_heartbeat(&world.engine, atto_container_of(frame->run));
    atomic_fetch_sub(&state->inside, 1u);
    if (turns % 1000u == 0u)
        return ATTO_FAULT;
    if (turns % 100u == 0u)
        return ATTO_WAIT;
    return frame->step % 4u == 0u ? ATTO_DONE : ATTO_YIELD;
}

static const char *const names[] = { "loop", "event", "start", "stop" };
static atto_host_fn *const entries[] = { turn, turn, turn, turn };
static const struct atto_host_program program = {
    .entries = entries, .entry_count = 4, .state_bytes = sizeof(struct state), .longest_run = 40, .entry_names = names
};

static struct atto_schedule random_schedule(struct rng *rng)
{
    struct atto_schedule s = { .priority = rng_below(rng, ATTO_PRIORITIES), .period_us = 200 + rng_below(rng, 3000) };
    if (rng_once_in(rng, 8)) /* without limits */
        return s;
    s.events = 1u + rng_below(rng, 4);
    s.budget_fuel = rng_once_in(rng, 2) ? 100 + rng_below(rng, 1000) : 0u;
    s.loop_max_us = rng_once_in(rng, 3) ? 1000 + rng_below(rng, 5000) : 0u;
    s.stop_max_us = rng_once_in(rng, 3) ? 500 : 0u;
    s.restart = rng_below(rng, 3);
    s.on_miss = rng_below(rng, 3);
    s.loop_count = rng_once_in(rng, 4) ? 1 + rng_below(rng, 50) : 0u;
    s.lifetime_ms = rng_once_in(rng, 4) ? 1 + rng_below(rng, 50) : 0u;
    s.log_bytes = rng_once_in(rng, 2) ? 1000 : 0u;
    return s;
}

static struct atto_container *install(const struct atto_schedule *schedule, bool host)
{
    struct atto_install request = { .schedule = schedule, .fuel = 1000 };
    struct atto_container *container = NULL;
    if (host) {
        request.program = &program;
    } else {
        request.bytes = image.bytes;
        request.len = image.len;
    }
    return atto_engine_install(&world.engine, &request, &container, NULL) == ATTO_OK ? container : NULL;
}

/* ---- threads ---- */

static void *poll_band(void *band)
{
    uint32_t number = (uint32_t)(uintptr_t)band;
    static const uint32_t first[] = { 0, 5, 10, 16 };
    while (!over) {
        uint64_t wake_us = atto_engine_poll_band(&world.engine, first[number], first[number + 1u] - 1u);
        uint64_t now = now_us(NULL);
        struct timespec pause = { 0, wake_us > now ? (long)(wake_us - now < 200u ? wake_us - now : 200u) * 1000 : 0 };
        if (pause.tv_nsec != 0)
            nanosleep(&pause, NULL);
    }
    return NULL;
}

static void expect(enum atto_status status, enum atto_status other)
{
    wrong_status += status != ATTO_OK && status != other;
}

static uint32_t images; /* so many of the shared containers are images */

static void look(struct atto_container *container, struct atto_container_info *last)
{
    struct atto_container_info info;
    struct atto_schedule schedule;
    atto_engine_info(&world.engine, container, &info);
    atto_engine_schedule(&world.engine, container, &schedule);
    const struct atto_counters *now = &info.counters, *before = &last->counters;
    backwards += now->activations < before->activations || now->time_us < before->time_us ||
                 now->host_calls < before->host_calls || now->faults < before->faults ||
                 now->misses < before->misses || now->denials < before->denials || info.id != last->id;
    *last = info;
}

static void random_call(struct rng *rng, struct atto_container *container, struct atto_container_info *last)
{
    struct atto_engine *engine = &world.engine;
    struct atto_trace_record record;
    struct atto_postmortem postmortem;
    struct atto_schedule schedule;
    char text[64];
    uint16_t id;
    switch (rng_below(rng, 14)) {
    case 0: case 1: case 2: expect(atto_engine_start(engine, container), ATTO_E_STATE); break;
    case 3: expect(atto_engine_stop(engine, container, rng_once_in(rng, 2)), ATTO_E_STATE); break;
    case 4: expect(atto_engine_pause(engine, container), ATTO_E_STATE); break;
    case 5: case 6: expect(atto_engine_resume(engine, container), ATTO_E_STATE); break;
    case 7: {
        enum atto_status status = atto_engine_post(engine, container, 0, rng_below(rng, 2000), "12345678", 8);
        wrong_status += status != ATTO_OK && status != ATTO_E_STATE && status != ATTO_E_QUOTA;
        break;
    }
    case 8:
        schedule = random_schedule(rng);
        expect(atto_engine_set_schedule(engine, container, &schedule, NULL), ATTO_E_NO_MEMORY);
        break;
    case 9: look(container, last); break;
    case 10:
        while (atto_engine_trace_read(engine, &record, NULL) && rng_below(rng, 10) != 0u) {
        }
        break;
    case 11:
        atto_engine_log_read(engine, &id, text, sizeof text);
        atto_engine_postmortem(engine, 0, &postmortem);
        break;
    case 12: {
        enum atto_status status = atto_engine_answer(engine, container, 1);
        wrong_status += status != ATTO_OK && status != ATTO_E_STATE && status != ATTO_E_BUSY;
        break;
    }
    default: atto_engine_log(engine, container, "from outside", 12); break;
    }
}

/* Has a container of its own, too, which it installs, updates and removes. */
static void *call(void *number)
{
    struct rng rng = { harness_seed() + (uint64_t)(uintptr_t)number };
    struct atto_container_info last[SHARED], of_own;
    struct atto_container *own = NULL;
    for (uint32_t i = 0; i < SHARED; i++)
        atto_engine_info(&world.engine, shared[i], &last[i]);
    while (!over) {
        uint32_t which = rng_below(&rng, SHARED + 1u);
        struct atto_schedule schedule = random_schedule(&rng);
        if (which < SHARED) {
            random_call(&rng, shared[which], &last[which]);
        } else if (own == NULL) {
            own = install(&schedule, true);
            if (own != NULL)
                atto_engine_info(&world.engine, own, &of_own);
        } else if (rng_once_in(&rng, 8)) {
            if (atto_engine_remove(&world.engine, own) == ATTO_OK)
                own = NULL;
        } else if (rng_once_in(&rng, 8)) {
            enum atto_status status = atto_engine_update(
                &world.engine, &own, &(struct atto_install){ .program = &program, .schedule = &schedule, .fuel = 500 },
                NULL);
            wrong_status += status != ATTO_OK && status != ATTO_E_BUSY && status != ATTO_E_STATE &&
                            status != ATTO_E_NO_MEMORY;
        } else {
            random_call(&rng, own, &of_own);
        }
        nanosleep(&(const struct timespec){ 0, 1000 }, NULL);
    }
    return NULL;
}

/* ---- */

static void begin(void)
{
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &kind);
    world_begin(&world);
    /* the executors themselves: those of the world move its clock */
    executors[0] = &atto_executor_bpf;
    executors[1] = &atto_executor_host;
    world.firmware.executors = executors;
    world.port = (struct atto_port){ .now_us = now_us, .lock = take_lock, .unlock = release_lock };
    world.config.fuel_per_ms = 0;
    world.config.stop_max_us = 2000;
    atto_engine_init(&world.engine, &world.config, world.pool, WORLD_POOL_BYTES);
    world_image(&image, SLOTS(MOV(6, 20), ADD(6, -1), JUMP_IMM(IF_NE, 6, 0, -2), STORE(SIZE_DW, 10, 6, -8),
                              CALL(WORLD_CALL_ZERO), EXIT), ENTRIES({ "loop", 0 }));
}

static void end(void)
{
    struct atto_container *container;
    struct atto_host_program huge = program;
    struct atto_report report;
    while ((container = atto_engine_next(&world.engine, NULL)) != NULL) {
        atto_engine_stop(&world.engine, container, true);
        EQUAL(world_info(&world, container).state == ATTO_STATE_STOPPED ||
              world_info(&world, container).state == ATTO_STATE_INSTALLED, true);
        EQUAL(atto_engine_remove(&world.engine, container), ATTO_OK);
    }
    EQUAL(atto_engine_poll(&world.engine), ATTO_NEVER);
    huge.state_bytes = 1000000;
    EQUAL(atto_engine_install(&world.engine, &(struct atto_install){ .program = &huge }, &container, &report),
          ATTO_E_NO_MEMORY);
    EQUAL(report.ram_bytes - report.missing, WORLD_POOL_BYTES);
}

static void run(uint32_t image_count)
{
    images = image_count;
    pthread_t bands[BANDS], callers[CALLERS];
    struct rng rng = { harness_seed() };
    begin();
    over = false;
    lock_errors = overlaps = wrong_status = backwards = 0;
    for (uint32_t i = 0; i < SHARED; i++) {
        struct atto_schedule schedule = random_schedule(&rng);
        shared[i] = install(&schedule, i >= images);
        CHECK(shared[i] != NULL);
    }
    for (uintptr_t i = 0; i < BANDS; i++)
        CHECK(pthread_create(&bands[i], NULL, poll_band, (void *)i) == 0);
    for (uintptr_t i = 0; i < CALLERS; i++)
        CHECK(pthread_create(&callers[i], NULL, call, (void *)i) == 0);
    nanosleep(&(const struct timespec){ SECONDS_US / 1000000u, 0 }, NULL);
    over = true;
    for (uint32_t i = 0; i < BANDS; i++)
        pthread_join(bands[i], NULL);
    for (uint32_t i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    uint64_t activations = 0;
    for (uint32_t i = 0; i < SHARED; i++)
        activations += world_info(&world, shared[i]).counters.activations;
    harness_note("seed", harness_seed());
    harness_note("activations", activations);
    EQUAL(lock_errors, 0);
    EQUAL(overlaps, 0);
    EQUAL(wrong_status, 0);
    EQUAL(backwards, 0);
    CHECK(activations > 1000u);
    end();
}

static void host_programs(void)
{
    run(0);
}

static void images_too(void)
{
    run(4);
}

static const struct harness_test tests[] = {
    TEST(host_programs, "Threads that poll and threads that call do not disturb each other; all memory comes back."),
    TEST(images_too, "The same with programs in eBPF, which make host calls."),
};
HARNESS_MAIN(tests)
