/* What the other tests of storage rest on: memory that plays flash, in tests and in ports, keeps the rules; and the
 * writer makes whole units of any pieces, and notices what was not taken.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/crc32.h"
#include "flash_world.h"
#include "harness.h"
#include "memory_flash.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define BYTES 2048u
#define BLOCK 512u

static struct flash_world world;
static struct memory_flash memory;
static uint8_t memory_bytes[BYTES];

/* Both kinds of flash, zero at first. */
static const struct atto_flash *begin(uint32_t which, uint32_t unit)
{
    memset(memory_bytes, 0, sizeof memory_bytes);
    flash_world_begin(&world, BYTES, BLOCK, unit, 0);
    memory_flash_begin(&memory, memory_bytes, BYTES, BLOCK, unit);
    return which == 0 ? &world.flash : &memory.flash;
}

static void rules(void)
{
    static const uint8_t bytes[2u * ATTO_FLASH_BUFFER_BYTES] = { 1, 2, 3 };
    for (uint32_t which = 0; which < 2u; which++)
        for (uint32_t unit = 1; unit <= ATTO_FLASH_UNIT_MAX; unit *= 2u) {
            const struct atto_flash *flash = begin(which, unit);
            harness_case(which, unit);
            CHECK(atto_flash_is_sound(flash));
            EQUAL(flash->program(flash->user, 0, bytes, unit), ATTO_E_FLASH); /* not erased */
            EQUAL(flash->erase(flash->user, BLOCK), ATTO_OK);
            EQUAL(flash->mapped[BLOCK - 1u], 0);
            for (uint32_t at = 0; at < BLOCK; at++)
                EQUAL(flash->mapped[BLOCK + at], 0xff);
            EQUAL(flash->mapped[2u * BLOCK], 0);
            EQUAL(flash->program(flash->user, BLOCK + unit, bytes, unit), ATTO_OK);
            EQUAL(memcmp(flash->mapped + BLOCK + unit, bytes, unit), 0);
            EQUAL(flash->program(flash->user, BLOCK + unit, bytes, unit), ATTO_E_FLASH); /* a second time */
            EQUAL(flash->program(flash->user, BLOCK, bytes, 2u * unit), ATTO_E_FLASH);
            EQUAL(flash->mapped[BLOCK], 0xff);
            EQUAL(flash->program(flash->user, BLOCK, bytes, 0), ATTO_E_FLASH);
            EQUAL(flash->program(flash->user, BYTES, bytes, unit), ATTO_E_FLASH);
            EQUAL(flash->program(flash->user, BYTES - unit, bytes, 2u * unit), ATTO_E_FLASH);
            EQUAL(flash->program(flash->user, 0u - unit, bytes, unit), ATTO_E_FLASH);
            EQUAL(flash->erase(flash->user, BLOCK + 8u), ATTO_E_FLASH);
            EQUAL(flash->erase(flash->user, BYTES), ATTO_E_FLASH);
            if (unit > 1u) {
                EQUAL(flash->program(flash->user, BLOCK + 2u * unit + 1u, bytes, unit), ATTO_E_FLASH);
                EQUAL(flash->program(flash->user, BLOCK + 2u * unit, bytes, unit - 1u), ATTO_E_FLASH);
            }
            EQUAL(flash->erase(flash->user, BLOCK), ATTO_OK);
            EQUAL(flash->program(flash->user, BLOCK + unit, bytes, unit), ATTO_OK); /* erased again */
        }
}

static void cuts_leave_something(void)
{
    static const uint8_t bytes[ATTO_FLASH_BUFFER_BYTES];
    uint32_t torn = 0;
    for (uint32_t tear = 0; tear < TEAR_COUNT; tear++)
        for (uint32_t round = 0; round < 50u; round++) {
            const struct atto_flash *flash = begin(0, 8);
            world.rng.state = round;
            flash_world_power_up(&world, 2, (enum flash_tear)tear);
            EQUAL(flash->erase(flash->user, 0), ATTO_OK);
            EQUAL(flash->program(flash->user, 0, bytes, 32), ATTO_E_FLASH);
            CHECK(world.dead);
            EQUAL(flash->erase(flash->user, 0), ATTO_E_FLASH);
            EQUAL(flash->mapped[32], 0xff); /* nothing else */
            uint32_t zeros = 0;
            for (uint32_t at = 0; at < 32u; at++)
                zeros += flash->mapped[at] == 0;
            CHECK(tear != TEAR_ALL || zeros == 32u);
            CHECK((tear != TEAR_NOTHING && tear != TEAR_TOUCHED) || zeros == 0);
            torn += zeros != 0 && zeros != 32u;
            flash_world_power_up(&world, 0, TEAR_NOTHING);
            EQUAL(flash->program(flash->user, 0, bytes, 8), tear == TEAR_NOTHING ? ATTO_OK : ATTO_E_FLASH);
        }
    CHECK(torn > 50u);
}

static void writer_makes_whole_units(void)
{
    uint8_t bytes[200];
    const uint32_t len = sizeof bytes;
    for (uint32_t at = 0; at < len; at++)
        bytes[at] = (uint8_t)(at + 1u);
    for (uint32_t unit = 1; unit <= ATTO_FLASH_UNIT_MAX; unit *= 2u)
        for (uint32_t piece = 1; piece <= len; piece++) {
            const struct atto_flash *flash = begin(0, unit);
            struct atto_flash_writer writer;
            harness_case(unit, piece);
            EQUAL(atto_flash_erase(flash, 0, BLOCK + 1u), ATTO_OK);
            EQUAL(world.operations, 2);
            atto_flash_begin(&writer, flash, 64);
            for (uint32_t at = 0; at < len; at += piece)
                EQUAL(atto_flash_write(&writer, bytes + at, piece < len - at ? piece : len - at), ATTO_OK);
            EQUAL(atto_flash_flush(&writer), ATTO_OK);
            uint32_t operations = world.operations;
            EQUAL(atto_flash_flush(&writer), ATTO_OK);
            EQUAL(world.operations, operations); /* nothing is left */
            EQUAL(memcmp(flash->mapped + 64, bytes, len), 0);
            EQUAL(flash->mapped[63], 0xff);
            EQUAL(flash->mapped[64u + len], 0xff);
            EQUAL(atto_flash_write(&writer, bytes, 1), ATTO_OK);
            EQUAL(atto_flash_flush(&writer), ATTO_OK);
            EQUAL(flash->mapped[64u + (len + unit - 1u) / unit * unit], 1);
            EQUAL(world.violations, 0);
        }
}

/* A bit that stays as it was, whatever is programmed. */
static enum atto_status stuck_program(void *user, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
    (void)user;
    memcpy(memory_bytes + offset, bytes, len);
    memory_bytes[8] |= 1u;
    return ATTO_OK;
}

static void writer_reads_back(void)
{
    static const uint8_t zeros[8];
    struct atto_flash_writer writer;
    (void)begin(1, 8);
    struct atto_flash flash = memory.flash;
    flash.program = stuck_program;
    EQUAL(atto_flash_erase(&flash, 0, 1), ATTO_OK);
    atto_flash_begin(&writer, &flash, 0);
    EQUAL(atto_flash_write(&writer, zeros, 8), ATTO_OK);
    EQUAL(atto_flash_flush(&writer), ATTO_OK);
    EQUAL(atto_flash_write(&writer, zeros, 8), ATTO_OK);
    EQUAL(atto_flash_flush(&writer), ATTO_E_FLASH);
}

static void crc32_of_the_standard(void)
{
    /* The check value that catalogues of CRCs give for CRC-32/ISO-HDLC. */
    const uint8_t *digits = (const uint8_t *)"123456789";
    EQUAL(atto_crc32(0, digits, 9), 0xcbf43926u);
    EQUAL(atto_crc32(atto_crc32(0, digits, 4), digits + 4, 5), 0xcbf43926u);
    EQUAL(atto_crc32(0, digits, 0), 0);
}

static const struct harness_test tests[] = {
    TEST(rules, "what is not erased, not whole units or outside is refused, in tests and in ports"),
    TEST(cuts_leave_something, "a cut leaves parts, touches nothing else, and everything fails until power is back"),
    TEST(writer_makes_whole_units, "pieces of any size become whole units, filled up with 0xff, in order"),
    TEST(writer_reads_back, "a bit that does not take is noticed by the writer"),
    TEST(crc32_of_the_standard, "the CRC is that of zlib, and can be continued"),
};

int main(int argc, char **argv)
{
    return harness_run(argc, argv, tests, COUNT(tests));
}
