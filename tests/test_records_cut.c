/* Power cuts and wrong bits in the record log. Each operation of a scenario is cut off in each way, and the recovery
 * from that is cut off again; what is found afterwards must be the state before or after the put that was cut. A model
 * of a few lines says what these states are.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atto/records.h"
#include "flash_world.h"
#include "harness.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define KEYS 8u
#define VALUE_MAX 80u
#define PUT_MAX 3u

static struct flash_world world;
static struct atto_records records;

static const struct geometry {
    uint32_t block_bytes, unit_bytes, area_blocks, area_count;
} geometries[] = {
    { 1024, 8, 1, 2 }, { 512, 1, 2, 3 }, { 1024, 4, 1, 3 }, { 1024, 16, 1, 2 }, { 512, 32, 3, 4 },
};

/* What should be in force: for each key the first byte of its value, which tells all others, and its length. */
struct model {
    uint8_t first[KEYS];
    uint32_t len[KEYS];
};

/* One put of the scenario: up to three keys. */
struct step {
    uint32_t count;
    struct {
        uint8_t key, first;
        uint32_t len;
    } put[PUT_MAX];
};

static uint32_t key_of(uint32_t number)
{
    /* Several kinds, not in the order of the numbers. */
    return ATTO_RECORD_KEY(ATTO_RECORD_FIRMWARE + number * 3u % KEYS, number);
}

static void random_step(struct rng *rng, struct step *step)
{
    step->count = rng_once_in(rng, 3) ? 1u + rng_below(rng, PUT_MAX) : 1u;
    uint32_t key = rng_below(rng, KEYS);
    for (uint32_t i = 0; i < step->count; i++) {
        step->put[i].key = (uint8_t)((key + i * 3u) % KEYS);
        step->put[i].first = (uint8_t)rng_next(rng);
        step->put[i].len = rng_once_in(rng, 6) ? 0u : rng_once_in(rng, 3) ? 1u + rng_below(rng, VALUE_MAX) : 4u;
    }
}

static void apply(struct model *model, const struct step *step)
{
    for (uint32_t i = 0; i < step->count; i++) {
        model->first[step->put[i].key] = step->put[i].first;
        model->len[step->put[i].key] = step->put[i].len;
    }
}

static uint8_t value_byte(uint8_t first, uint32_t at)
{
    return (uint8_t)(first + at * 37u);
}

static enum atto_status do_step(const struct step *step)
{
    static uint8_t bytes[PUT_MAX][VALUE_MAX];
    struct atto_record put[PUT_MAX];
    for (uint32_t i = 0; i < step->count; i++) {
        for (uint32_t at = 0; at < step->put[i].len; at++)
            bytes[i][at] = value_byte(step->put[i].first, at);
        put[i] = (struct atto_record){ key_of(step->put[i].key), { bytes[i], step->put[i].len } };
    }
    return atto_records_put(&records, put, step->count);
}

/* What is in force is the model; `damaged`: keys that may answer ATTO_E_DAMAGED in place of their value, by bit. */
static bool is_model(const struct model *model, uint32_t *damaged)
{
    for (uint32_t number = 0; number < KEYS; number++) {
        struct atto_span value;
        enum atto_status status = atto_records_get(&records, key_of(number), &value);
        if (damaged != NULL && status == ATTO_E_DAMAGED) {
            *damaged |= 1u << number;
            continue;
        }
        if (status != (model->len[number] != 0 ? ATTO_OK : ATTO_E_NOT_FOUND))
            return false;
        if (status != ATTO_OK)
            continue;
        if (value.len != model->len[number])
            return false;
        for (uint32_t at = 0; at < value.len; at++)
            if (value.ptr[at] != value_byte(model->first[number], at))
                return false;
    }
    /* And nothing else is. */
    struct atto_span value;
    for (uint32_t key = 0; atto_records_next(&records, &key, &value) != ATTO_E_NOT_FOUND; key++) {
        uint32_t number = ATTO_RECORD_NUMBER(key);
        if (number >= KEYS || key != key_of(number) || model->len[number] == 0)
            return false;
    }
    return true;
}

static void begin(const struct geometry *geometry, uint64_t seed)
{
    flash_world_begin(&world, FLASH_WORLD_BYTES, geometry->block_bytes, geometry->unit_bytes, 0);
    world.rng.state = seed;
    records = (struct atto_records){ .flash = &world.flash,
                                     .offset = geometry->block_bytes,
                                     .area_bytes = geometry->area_blocks * geometry->block_bytes,
                                     .area_count = geometry->area_count };
}

/* Power is back: mounts, and formats what is no log yet, as a firmware does that was never used. */
static enum atto_status boot(uint32_t cut_at, enum flash_tear tear)
{
    flash_world_power_up(&world, cut_at, tear);
    enum atto_status status = atto_records_mount(&records);
    if (status == ATTO_E_NOT_FOUND)
        status = atto_records_format(&records);
    return status;
}

/* What there is before a step, to go on from there again and again. */
static struct {
    struct flash_world world;
    struct atto_records records;
} kept;

static void keep(void)
{
    kept.world = world;
    kept.records = records;
}

/* Back to there; power will fail at operation `cut_at`, counted from the last power-up. */
static void go_back(uint32_t cut_at, enum flash_tear tear, uint64_t seed)
{
    world = kept.world;
    records = kept.records;
    world.cut_at = cut_at;
    world.tear = tear;
    world.rng.state = seed;
}

/* A scenario: a device on which a step after the other is done, each known by its number. */
#define SEED 3u
#define STEPS 60u
static struct step scenario[STEPS];
static struct model states[STEPS + 1u]; /* before each step, and at the end */

static void write_scenario(void)
{
    struct rng rng = { SEED };
    memset(&states[0], 0, sizeof states[0]);
    for (uint32_t i = 0; i < STEPS; i++) {
        random_step(&rng, &scenario[i]);
        states[i + 1u] = states[i];
        apply(&states[i + 1u], &scenario[i]);
    }
}

/* After a single cut in step i the state must be exactly old or new: looked at before anything is done again. */
static void cut_step(uint32_t i, uint32_t cut_at, enum flash_tear tear)
{
    go_back(cut_at, tear, SEED + cut_at);
    enum atto_status status = do_step(&scenario[i]);
    CHECK(world.dead); /* the cut was reached */
    EQUAL(boot(0, tear), ATTO_OK);
    CHECK(is_model(&states[i + 1u], NULL) || (status != ATTO_OK && is_model(&states[i], NULL)));
    EQUAL(records.damaged, 0);
}

/* The same before there is a log. */
static void cut_first_boot(const struct geometry *geometry, uint32_t cut_at, enum flash_tear tear)
{
    begin(geometry, SEED + cut_at);
    (void)boot(cut_at, tear); /* without its second header the log is good */
    CHECK(world.dead);
    EQUAL(boot(0, tear), ATTO_OK);
    CHECK(is_model(&states[0], NULL));
    EQUAL(records.damaged, 0);
}

/* Boards take each operation in one way, in turn, and so does the quick check; Linux takes each in all. */
static uint32_t tear_stride(void)
{
    return ON_LINUX_OR_BOARD(harness_stride(TEAR_COUNT), (uint32_t)TEAR_COUNT);
}

/* What is done with a cut at operation `cut_at`, in step i or, where that is STEPS, at the first boot. */
typedef void cut_fn(const struct geometry *geometry, uint32_t i, uint32_t cut_at, uint32_t *cuts);

/* Goes through the scenario and does so with each stride-th operation. */
static void each_operation(const struct geometry *geometry, uint32_t stride, cut_fn *cut, uint32_t *cuts)
{
    uint32_t cut_at = 1, operations;
    begin(geometry, SEED);
    EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
    operations = world.operations;
    for (; cut_at <= operations; cut_at += stride) {
        cut(geometry, STEPS, cut_at, cuts);
        GO_ON();
    }
    begin(geometry, SEED);
    EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
    for (uint32_t i = 0; i < STEPS; i++) {
        keep();
        EQUAL(do_step(&scenario[i]), ATTO_OK);
        operations = world.operations;
        for (; cut_at <= operations; cut_at += stride) {
            cut(geometry, i, cut_at, cuts);
            GO_ON();
        }
        go_back(0, TEAR_NOTHING, SEED);
        EQUAL(do_step(&scenario[i]), ATTO_OK);
    }
}

static void cut_in_each_way(const struct geometry *geometry, uint32_t i, uint32_t cut_at, uint32_t *cuts)
{
    for (uint32_t tear = cut_at % tear_stride(); tear < TEAR_COUNT; tear += tear_stride()) {
        harness_case(i, cut_at * 10u + tear);
        if (i == STEPS)
            cut_first_boot(geometry, cut_at, (enum flash_tear)tear);
        else
            cut_step(i, cut_at, (enum flash_tear)tear);
        GO_ON();
        ++*cuts;
    }
}

static void cut_at_every_operation(void)
{
    uint32_t cuts = 0;
    write_scenario();
    for (uint32_t g = 0; g < ON_LINUX_OR_BOARD(COUNT(geometries), 2u); g++) {
        each_operation(&geometries[g], 1, cut_in_each_way, &cuts);
        GO_ON();
        CHECK(records.generation >= 2u); /* it compacts, and more than once */
        CHECK(is_model(&states[STEPS], NULL));
    }
    harness_note("cuts", cuts);
}

/* Power is back after a cut in step i, and fails again at operation again_at of the recovery, if that is not 0. The step
 * is done again if it has not happened. Tells how many operations that took. */
static void recover(uint32_t i, uint32_t again_at, enum flash_tear tear, uint32_t *operations)
{
    enum atto_status status = boot(again_at, tear);
    if (status == ATTO_OK && !is_model(&states[i + 1u], NULL))
        status = do_step(&scenario[i]);
    *operations = world.operations;
    if (world.dead) {
        EQUAL(boot(0, tear), ATTO_OK);
        CHECK(is_model(&states[i], NULL) || is_model(&states[i + 1u], NULL));
        EQUAL(records.damaged, 0);
        if (!is_model(&states[i + 1u], NULL))
            EQUAL(do_step(&scenario[i]), ATTO_OK);
    } else {
        EQUAL(status, ATTO_OK);
    }
    EQUAL(atto_records_mount(&records), ATTO_OK);
    CHECK(is_model(&states[i + 1u], NULL));
}

/* The rest of the scenario, from step i on. */
static void go_on(uint32_t i)
{
    for (; i < STEPS; i++) {
        EQUAL(do_step(&scenario[i]), ATTO_OK);
        CHECK(is_model(&states[i + 1u], NULL));
    }
    EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
    CHECK(is_model(&states[STEPS], NULL));
    EQUAL(records.damaged, 0);
    EQUAL(world.violations, 0);
}

static void cut_twice(uint32_t i, uint32_t cut_at, uint32_t again_at, enum flash_tear tear, uint32_t *operations)
{
    harness_case(i * 100000u + cut_at, again_at * 10u + tear);
    go_back(cut_at, tear, SEED ^ cut_at);
    (void)do_step(&scenario[i]);
    CHECK(world.dead);
    recover(i, again_at, tear, operations);
    GO_ON();
    go_on(i + 1u);
}

/* Of the first boot: the second cut too is before there is a log. */
static void cut_first_boot_twice(const struct geometry *geometry, uint32_t cut_at, uint32_t again_at,
                                 enum flash_tear tear, uint32_t *operations)
{
    harness_case(cut_at, again_at * 10u + tear);
    begin(geometry, SEED ^ cut_at);
    (void)boot(cut_at, tear);
    CHECK(world.dead);
    enum atto_status status = boot(again_at, tear);
    CHECK(status == ATTO_OK || (world.dead && status == ATTO_E_FLASH));
    *operations = world.operations;
    EQUAL(boot(0, tear), ATTO_OK);
    CHECK(is_model(&states[0], NULL));
    go_on(0);
}

/* A cut in step i (STEPS: at the first boot), and then one in each way at some operations of the recovery. */
static void cut_recoveries(const struct geometry *geometry, uint32_t i, uint32_t cut_at, uint32_t *cuts)
{
    for (uint32_t tear = 1; tear < TEAR_COUNT; tear++) {
        uint32_t recovery = 0, unused;
        for (uint32_t again_at = 0; again_at <= recovery;
             again_at += again_at == 0 ? 1u : ON_LINUX_OR_BOARD(1u + recovery / 8u, 9u)) {
            uint32_t *operations = again_at == 0 ? &recovery : &unused;
            if (i == STEPS)
                cut_first_boot_twice(geometry, cut_at, again_at, (enum flash_tear)tear, operations);
            else
                cut_twice(i, cut_at, again_at, (enum flash_tear)tear, operations);
            GO_ON();
            *cuts += again_at != 0;
        }
    }
}

static void cut_again_while_recovering(void)
{
    const uint32_t stride = ON_LINUX_OR_BOARD(harness_stride(10u) * 7u, 11u);
    uint32_t cuts = 0;
    write_scenario();
    for (uint32_t g = 0; g < ON_LINUX_OR_BOARD(COUNT(geometries), 1u); g++) {
        each_operation(&geometries[g], stride, cut_recoveries, &cuts);
        GO_ON();
    }
    harness_note("pairs of cuts", cuts);
}

/* 10,000 puts, power cut at a random one of the next operations again and again. */
static void random_cuts(void)
{
    for (uint32_t i = 0; i < COUNT(geometries); i++) {
        static struct model before, after;
        struct rng rng = { harness_seed() + i };
        struct step step;
        uint32_t cuts = 0;
        memset(&before, 0, sizeof before);
        begin(&geometries[i], rng_next(&rng));
        EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
        for (uint32_t round = 0; round < harness_rounds(ON_LINUX_OR_BOARD(10000u, 500u)); round++) {
            harness_case(i, round);
            random_step(&rng, &step);
            after = before;
            apply(&after, &step);
            enum atto_status status = do_step(&step);
            while (world.dead) {
                cuts++;
                uint32_t again = rng_once_in(&rng, 2) ? 1u + rng_below(&rng, 3) : 0u;
                enum flash_tear tear = (enum flash_tear)rng_below(&rng, TEAR_COUNT);
                status = boot(again, tear);
                if (world.dead)
                    continue;
                EQUAL(status, ATTO_OK);
                CHECK(is_model(&before, NULL) || is_model(&after, NULL));
                EQUAL(records.damaged, 0);
                if (!is_model(&after, NULL))
                    status = do_step(&step);
            }
            EQUAL(status, ATTO_OK);
            CHECK(is_model(&after, NULL));
            before = after;
            if (world.cut_at < world.operations)
                flash_world_power_up(&world, 1u + rng_below(&rng, 40u), (enum flash_tear)rng_below(&rng, TEAR_COUNT));
        }
        EQUAL(world.violations, 0);
        CHECK(cuts > harness_rounds(ON_LINUX_OR_BOARD(1000u, 50u)));
        harness_note("cuts", cuts);
    }
}

/* Mounts and judges after one bit was turned. Never a value that was not put; a value that is not the newest only if it
 * is said that the end of the log is torn; and the log goes on, and keeps what it has. */
static void judge_flip(const struct model *model, const struct model *older, bool *reported)
{
    uint32_t damaged = 0;
    struct step step = { 1, { { 0, 77, 4 } } };
    enum atto_status status = atto_records_mount(&records);
    *reported = status != ATTO_OK || records.damaged != 0 || records.torn;
    if (status != ATTO_OK) {
        EQUAL(status, ATTO_E_DAMAGED);
        return;
    }
    CHECK(is_model(model, &damaged) || (records.torn && is_model(older, &damaged)));
    CHECK(damaged == 0 || *reported);
    /* The key stays damaged, through compaction too, until it is put again. */
    for (uint32_t round = 0; round < 30u; round++)
        EQUAL(do_step(&step), ATTO_OK);
    for (uint32_t number = 1; number < KEYS; number++) {
        struct atto_span value;
        bool is_damaged = atto_records_get(&records, key_of(number), &value) == ATTO_E_DAMAGED;
        EQUAL(is_damaged, (damaged >> number & 1u) != 0);
    }
    EQUAL(world.violations, 0);
}

static void one_wrong_bit_anywhere(void)
{
    for (uint32_t i = 0; i < ON_LINUX_OR_BOARD(COUNT(geometries), 1u); i++)
        for (uint32_t steps = 5; steps <= 45u; steps += 20u) {
            struct model model = { .len = { 0 } }, older = { .len = { 0 } };
            struct rng rng = { SEED };
            struct step step;
            uint32_t silent = 0, told = 0;
            begin(&geometries[i], SEED);
            EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
            for (uint32_t round = 0; round < steps; round++) {
                random_step(&rng, &step);
                older = model;
                apply(&model, &step);
                EQUAL(do_step(&step), ATTO_OK);
            }
            keep();
            uint32_t end = records.offset + records.area_count * records.area_bytes;
            /* The first geometry has each bit of each byte turned, others one bit of each, boards one of some. */
            uint32_t bit_stride = ON_LINUX_OR_BOARD(i == 0 ? harness_stride(8u) : 8u, 8u);
            for (uint32_t at = records.offset; at < end; at += ON_LINUX_OR_BOARD(harness_stride(3u), 7u))
                for (uint32_t bit = at % bit_stride; bit < 8u; bit += bit_stride) {
                    bool reported;
                    harness_case(i * 100u + steps, at * 8u + bit);
                    world = kept.world;
                    world.bytes[at] ^= (uint8_t)(1u << bit);
                    judge_flip(&model, &older, &reported);
                    GO_ON();
                    silent += !reported;
                    told += reported;
                }
            CHECK(told > 0);
            harness_note("wrong bits that were told", told);
            harness_note("wrong bits that made no difference", silent);
        }
}

/* A value that looks like records cannot become records, however its own record is torn. */
static void value_that_looks_like_records(void)
{
    static uint8_t forged[VALUE_MAX * 4u];
    const struct geometry *geometry = &geometries[0];
    for (uint32_t tear = 0; tear < TEAR_COUNT; tear++)
        for (uint32_t cut_at = 1; cut_at < 14u; cut_at++) {
            struct atto_span value;
            harness_case(tear, cut_at);
            /* The forger knows everything: it copies the very bytes that a good record has at that place. */
            begin(geometry, 1);
            EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
            const struct atto_record innocent = { key_of(0), { (const uint8_t *)"abcd", 4 } };
            const struct atto_record evil = { key_of(1), { (const uint8_t *)"evil", 4 } };
            EQUAL(atto_records_put(&records, &innocent, 1), ATTO_OK);
            uint32_t at = records.end;
            for (uint32_t i = 0; i < sizeof forged / 16u; i++)
                EQUAL(atto_records_put(&records, i == 0 ? &innocent : &evil, 1), ATTO_OK);
            memcpy(forged, world.bytes + records.offset + at + 8u, sizeof forged - 8u);

            begin(geometry, tear * 100u + cut_at);
            EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
            EQUAL(atto_records_put(&records, &innocent, 1), ATTO_OK);
            EQUAL(records.end, at);
            flash_world_power_up(&world, cut_at, (enum flash_tear)tear);
            const struct atto_record carrier = { key_of(2), { forged, sizeof forged - 8u } };
            CHECK(atto_records_put(&records, &carrier, 1) != ATTO_OK || !world.dead);
            for (uint32_t boots = 0; boots < 2u; boots++) {
                EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
                EQUAL(atto_records_get(&records, key_of(1), &value), ATTO_E_NOT_FOUND);
                EQUAL(atto_records_put(&records, &innocent, 1), ATTO_OK);
            }
            EQUAL(world.violations, 0);
        }
}

/* Nor if the head before it is ruined: a forger that does not know the place of its value cannot make a head. */
static void forged_records_behind_a_ruined_head(void)
{
    static const struct atto_record innocent = { ATTO_RECORD_KEY(100, 0), { (const uint8_t *)"abcd", 4 } };
    static const struct atto_record evil = { ATTO_RECORD_KEY(100, 1), { (const uint8_t *)"evil", 4 } };
    uint8_t forged[64];
    struct atto_span value;
    /* A good record from another place. */
    begin(&geometries[0], 1);
    EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
    flash_world_power_up(&world, 2, TEAR_PREFIX);
    CHECK(atto_records_put(&records, &innocent, 1) != ATTO_OK);
    EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
    CHECK(records.torn);
    const uint8_t *good = world.bytes + records.offset + records.end;
    EQUAL(atto_records_put(&records, &evil, 1), ATTO_OK);
    for (uint32_t at = 0; at < sizeof forged; at += 16u)
        memcpy(forged + at, good, 16);

    begin(&geometries[0], 1);
    EQUAL(boot(0, TEAR_NOTHING), ATTO_OK);
    const struct atto_record carrier = { ATTO_RECORD_KEY(100, 2), { forged, sizeof forged } };
    uint32_t place = records.end;
    EQUAL(atto_records_put(&records, &carrier, 1), ATTO_OK);
    world.bytes[records.offset + place] ^= 3u;
    EQUAL(atto_records_mount(&records), ATTO_E_DAMAGED); /* what is behind a head that is ruined is not known */
    EQUAL(atto_records_get(&records, evil.key, &value), ATTO_E_STATE);
}

static const struct harness_test tests[] = {
    TEST(cut_at_every_operation, "wherever power is cut, each put has happened wholly or not at all"),
    TEST(cut_again_while_recovering, "a second cut during recovery makes no difference"),
    TEST(random_cuts, "10,000 puts with random cuts, cut again at random while recovering: never another state"),
    TEST(one_wrong_bit_anywhere, "a wrong bit never makes a wrong value, nor an older one unless `torn` is told"),
    TEST(value_that_looks_like_records, "bytes of a value are never taken for records, even if it is cut off"),
    TEST(forged_records_behind_a_ruined_head, "nor are they if two bits of its head are wrong"),
};

int main(int argc, char **argv)
{
    return harness_run(argc, argv, tests, COUNT(tests));
}
