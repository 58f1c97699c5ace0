/* Rates and totals: what a right lets through in a period and in all, at the edges of the period and of the counters.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "encode.h"
#include "guest.h"
#include "harness.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define DEVICE_READ ATTO_NEEDS_RIGHT(ATTO_KIND_DEVICE, 0, ATTO_OPERATION_READ)

static struct guest guest;
static uint64_t clock_us;

static uint64_t now_us(void *user)
{
    (void)user;
    return clock_us;
}
static const struct atto_port port = { .now_us = now_us };

static struct atto_meter meter;
static struct atto_right metered;
static const struct atto_rights one = { &metered, &meter, 1 };

/* Begins with one right to a device, at this time. */
static void begin_meter(struct atto_right limits, uint64_t at_us)
{
    static const uint64_t text[] = { EXIT };
    static const struct atto_endpoint device = { .kind = ATTO_KIND_DEVICE, .type = 1, .operations = 15 };
    guest_begin(&guest, text, 1);
    guest.host.port = &port;
    if (!guest_open(&guest))
        return;
    guest.host.endpoints = &device;
    guest.host.endpoint_count = 1;
    metered = limits;
    metered.operations |= ATTO_OPERATION_READ;
    metered.last = ATTO_RANGE_END;
    meter = (struct atto_meter){ 0, 0, 0, 0 };
    clock_us = at_us;
}

/* Calls with spans of so many bytes, read and written. */
static enum atto_status call_with(uint64_t in, uint64_t out)
{
    static const struct atto_call call = { NULL, 0, DEVICE_READ | ATTO_NEEDS_ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_IN,
                                                                                 ATTO_ARG_LENGTH, ATTO_ARG_OUT,
                                                                                 ATTO_ARG_LENGTH) };
    uint64_t r[6] = { 0, 0, ADDRESS(REGION_STACK, 0), in, ADDRESS(REGION_STACK, 0), out };
    struct atto_call_frame frame = { .run = guest.run, .r = r };
    return atto_gate_judge(&call, &one, &frame, NULL);
}

static const uint32_t periods_us[ATTO_PERIOD_MAX + 1u] = { 0,       1000,     10000,    100000,   1000000,
                                                           10000000, 60000000, 600000000, 3600000000u };

/* In units of 64 us, of which a period has as many as it begins. */
static void calls_in_a_period(void)
{
    static const uint64_t begins[] = { 0, 1, 63, 64, 12345678, ((uint64_t)1 << 38) - 3600000264u, (uint64_t)1 << 38,
                                       0xffffffffffffu }; /* the meters' clock begins again after 2^38 us */
    for (uint32_t period = 1; period <= ATTO_PERIOD_MAX; period++) {
        for (uint32_t i = 0; i < COUNT(begins); i++) {
            uint64_t units = (periods_us[period] + 63u) / 64u;
            harness_case(period, begins[i]);
            begin_meter((struct atto_right){ .operations = (uint8_t)(period << 4), .calls = 3 },
                        begins[i] + 3600000064u);
            GO_ON();
            uint64_t next_us = (clock_us / 64u + units) * 64u;
            for (uint32_t turn = 0; turn < 3u; turn++) {
                for (uint32_t k = 0; k < 3u; k++)
                    EQUAL(call_with(1, 1), ATTO_OK);
                EQUAL(call_with(0, 0), ATTO_E_QUOTA);
                CHECK(next_us + 64u - clock_us > periods_us[period]); /* no shorter than one but for a unit */
                CHECK(next_us - clock_us < periods_us[period] + 64u);
                clock_us = next_us - 1u;
                EQUAL(call_with(0, 0), ATTO_E_QUOTA); /* and this one counts for nothing */
                clock_us = next_us;
                next_us += units * 64u;
            }
            clock_us = next_us + 7u * units * 64u; /* what was not used is not saved up */
            for (uint32_t k = 0; k < 3u; k++)
                EQUAL(call_with(0, 0), ATTO_OK);
            EQUAL(call_with(0, 0), ATTO_E_QUOTA);
        }
    }
}

static void bytes_in_a_period(void)
{
    begin_meter((struct atto_right){ .operations = 4u << 4, .bytes = 100 }, 5000000);
    GO_ON();
    EQUAL(call_with(101, 0), ATTO_E_QUOTA);
    EQUAL(call_with(51, 50), ATTO_E_QUOTA);
    EQUAL(call_with(30, 30), ATTO_OK);
    EQUAL(call_with(41, 0), ATTO_E_QUOTA);
    EQUAL(call_with(0, 40), ATTO_OK);
    EQUAL(call_with(0, 0), ATTO_OK); /* no byte is no byte too many */
    EQUAL(call_with(1, 0), ATTO_E_QUOTA);
    clock_us += 1000000;
    EQUAL(call_with(50, 50), ATTO_OK);
    /* The largest numbers that there are. */
    metered.bytes = metered.calls = UINT16_MAX;
    meter.bytes = UINT16_MAX - 10u;
    EQUAL(call_with(6, 5), ATTO_E_QUOTA);
    EQUAL(call_with(5, 5), ATTO_OK);
    EQUAL(meter.bytes, UINT16_MAX);
    EQUAL(call_with(1, 0), ATTO_E_QUOTA);
    EQUAL(call_with(256, 256), ATTO_E_QUOTA);
    meter.calls = UINT16_MAX - 1u;
    EQUAL(call_with(0, 0), ATTO_OK);
    EQUAL(call_with(0, 0), ATTO_E_QUOTA);
    EQUAL(meter.calls, UINT16_MAX);
}

static void calls_in_all(void)
{
    begin_meter((struct atto_right){ .total = 2 }, 1000);
    GO_ON();
    EQUAL(call_with(512, 512), ATTO_OK);
    clock_us += (uint64_t)1 << 45;
    EQUAL(call_with(0, 0), ATTO_OK);
    EQUAL(call_with(0, 0), ATTO_E_QUOTA);
    clock_us += (uint64_t)1 << 45;
    EQUAL(call_with(0, 0), ATTO_E_QUOTA);
    metered.total = UINT16_MAX;
    for (uint32_t i = 2; i < UINT16_MAX; i++)
        EQUAL(call_with(0, 0), ATTO_OK);
    EQUAL(call_with(0, 0), ATTO_E_QUOTA);
    /* With a rate, each stops at what comes first, and a call that one of them refuses takes nothing of the others. */
    begin_meter((struct atto_right){ .operations = 1u << 4, .calls = 2, .bytes = 10, .total = 3 }, 5000);
    GO_ON();
    EQUAL(call_with(9, 2), ATTO_E_QUOTA);
    EQUAL(call_with(4, 2), ATTO_OK);
    EQUAL(call_with(4, 1), ATTO_E_QUOTA);
    EQUAL(call_with(4, 0), ATTO_OK);
    EQUAL(call_with(0, 0), ATTO_E_QUOTA);
    clock_us += 2000;
    EQUAL(call_with(0, 10), ATTO_OK);
    clock_us += 2000;
    EQUAL(call_with(0, 0), ATTO_E_QUOTA);
}

static void refusals_cost_nothing(void)
{
    static const struct atto_call ranged = {
        NULL, 0, DEVICE_READ | ATTO_NEEDS_ARGUMENTS(ATTO_ARG_HANDLE, ATTO_ARG_RANGED, 0, 0, 0)
    };
    uint64_t r[6] = { 0, 0, (uint64_t)UINT32_MAX + 1u };
    struct atto_call_frame frame = { .r = r };
    struct atto_meter before;
    begin_meter((struct atto_right){ .operations = 2u << 4, .calls = 1, .bytes = 600, .total = 1 }, 70000);
    GO_ON();
    before = meter;
    frame.run = guest.run;
    EQUAL(atto_gate_judge(&ranged, &one, &frame, NULL), ATTO_E_DENIED);
    EQUAL(call_with(513, 0), ATTO_E_ARGUMENT);
    EQUAL(call_with(0, UINT32_MAX), ATTO_E_ARGUMENT);
    EQUAL(call_with((uint64_t)UINT32_MAX + 2u, 0), ATTO_E_ARGUMENT);
    metered.operations &= 0xf0u;
    EQUAL(call_with(1, 1), ATTO_E_DENIED);
    CHECK(memcmp(&before, &meter, sizeof meter) == 0);
    metered.operations |= ATTO_OPERATION_READ;
    EQUAL(call_with(300, 300), ATTO_OK);
    EQUAL(call_with(0, 0), ATTO_E_QUOTA);
}

/* Who cannot count must not allow; who need not count needs neither meter nor clock. */
static void nothing_to_count_with(void)
{
    struct atto_rights without = { &metered, NULL, 1 };
    uint64_t r[6] = { 0, 0, ADDRESS(REGION_STACK, 0), 1, ADDRESS(REGION_STACK, 0), 1 };
    static const struct atto_call call = { NULL, 0, DEVICE_READ | ATTO_NEEDS_ARGUMENTS(ATTO_ARG_HANDLE, 0, 0, 0, 0) };
    struct atto_call_frame frame = { .r = r };
    begin_meter((struct atto_right){ .total = 5 }, 1000);
    GO_ON();
    frame.run = guest.run;
    EQUAL(atto_gate_judge(&call, &without, &frame, NULL), ATTO_E_QUOTA);
    metered.total = 0;
    EQUAL(atto_gate_judge(&call, &without, &frame, NULL), ATTO_OK);
    guest.host.port = NULL;
    EQUAL(atto_gate_judge(&call, &without, &frame, NULL), ATTO_OK);
    metered.total = 5;
    EQUAL(atto_gate_judge(&call, &one, &frame, NULL), ATTO_E_QUOTA);
}

static const struct harness_test tests[] = {
    TEST(calls_in_a_period, "A period has as many calls as the right says, and the next has them again."),
    TEST(bytes_in_a_period, "A period has as many bytes as the right says, in calls of any length."),
    TEST(calls_in_all, "A right with a total ends, whatever its rate."),
    TEST(refusals_cost_nothing, "What is refused is not counted."),
    TEST(nothing_to_count_with, "A rate that cannot be counted allows nothing."),
};
HARNESS_MAIN(tests)
